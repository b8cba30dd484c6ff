package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/kravverk/kravverk/engine"
)

// The actions of the journal about suppliers' links.
const (
	linkMake   = "link.make"
	linkRevoke = "link.revoke"
	linkOpen   = "link.open"
	linkSave   = "link.save"
	linkHandIn = "link.hand"
)

// openedAgain is how long it takes until a link that is opened again is a line of
// its own: a page that is loaded anew after each save is one visit.
const openedAgain = time.Minute

type linkPayload struct {
	Round    int    `json:"round"`
	Supplier string `json:"supplier"`
	Until    string `json:"until,omitempty"`
	Answered int    `json:"answered,omitempty"`
}

// MakeLink gives the word of a new link to a round, until the time. One that the
// round had before stops working; what has been written by it is kept. A round
// that is not there is engine.ErrNotFound.
func (s *Store) MakeLink(ctx context.Context, by, classification string, round int, contact string, until time.Time) (string, error) {
	token := strings.ToLower(rand.Text())
	err := s.record(ctx, by, func(tx *sql.Tx, j *journal) error {
		system, supplier, err := roundOf(ctx, tx, classification, round)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO supplier_link (classification_id, publication, hash, contact, made_at, made_by, expires_at, revoked_at, opened_at, draft, version, seen, saved_at, handed_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, '', '', '{}', 0, 0, '', '')
			ON CONFLICT (classification_id, publication) DO UPDATE SET hash = excluded.hash, contact = excluded.contact, made_at = excluded.made_at, made_by = excluded.made_by, expires_at = excluded.expires_at, revoked_at = '', opened_at = ''`,
			classification, round, linkHash(token), contact, j.at, by, stamp(until)); err != nil {
			return err
		}
		return j.append(ctx, line{action: linkMake, system: system, classification: classification}, nil, about(linkPayload{Round: round, Supplier: supplier, Until: stamp(until)}))
	})
	return token, err
}

// linkHash is what the store keeps of a link's word, of 128 random bits and more.
func linkHash(token string) string {
	sum := sha256.Sum256([]byte("kravverk supplier link:" + token))
	return hex.EncodeToString(sum[:])
}

// roundOf gives the system of a round's classification and whom it is to.
func roundOf(ctx context.Context, tx *sql.Tx, classification string, round int) (system, supplier string, err error) {
	if system, err = systemOf(ctx, tx, classification); err != nil {
		return "", "", err
	}
	var procurement string
	if err := tx.QueryRowContext(ctx, `SELECT procurement FROM publication WHERE classification_id = $1 AND number = $2`, classification, round).Scan(&procurement); err != nil {
		return "", "", orNotFound(err)
	}
	var p engine.Procurement
	if err := json.Unmarshal([]byte(procurement), &p); err != nil {
		return "", "", err
	}
	if p.To == "" { // a kravbilaga, which is nobody's to answer here
		return "", "", engine.ErrNotFound
	}
	return system, p.To, nil
}

// RevokeLink stops a round's link from working. One that has none is
// engine.ErrNotFound.
func (s *Store) RevokeLink(ctx context.Context, by, classification string, round int) error {
	return s.record(ctx, by, func(tx *sql.Tx, j *journal) error {
		system, supplier, err := roundOf(ctx, tx, classification, round)
		if err != nil {
			return err
		}
		var revoked string
		if err := tx.QueryRowContext(ctx, `SELECT revoked_at FROM supplier_link WHERE classification_id = $1 AND publication = $2`, classification, round).Scan(&revoked); err != nil || revoked != "" {
			return orNotFound(err)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE supplier_link SET revoked_at = $1 WHERE classification_id = $2 AND publication = $3`, j.at, classification, round); err != nil {
			return err
		}
		return j.append(ctx, line{action: linkRevoke, system: system, classification: classification}, nil, about(linkPayload{Round: round, Supplier: supplier}))
	})
}

// Links gives the links of a classification's rounds, also those that no longer
// work.
func (s *Store) Links(ctx context.Context, classification string) (list []engine.SupplierLink, err error) {
	err = s.view(ctx, func(tx *sql.Tx) (err error) {
		list, err = links(ctx, tx, ` WHERE l.classification_id = $1`, classification)
		return err
	})
	return list, err
}

func links(ctx context.Context, tx *sql.Tx, where string, args ...any) (list []engine.SupplierLink, err error) {
	err = each(ctx, tx, func(scan func(...any) error) error {
		l := engine.SupplierLink{Draft: map[string]engine.Claim{}}
		var made, expires, revoked, opened, draft, saved, handed string
		if err := scan(&l.Classification, &l.Round, &l.Contact, &made, &l.By.ID, &l.By.Name, &expires, &revoked, &opened, &draft, &l.Version, &l.Seen, &saved, &handed); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(draft), &l.Draft); err != nil {
			return err
		}
		for _, x := range []struct {
			text string
			to   *time.Time
		}{{made, &l.MadeAt}, {expires, &l.Expires}, {revoked, &l.Revoked}, {opened, &l.Opened}, {saved, &l.Saved}, {handed, &l.Handed}} {
			if x.text == "" {
				continue
			}
			var err error
			if *x.to, err = parseStamp(x.text); err != nil {
				return err
			}
		}
		list = append(list, l)
		return nil
	}, `SELECT l.classification_id, l.publication, l.contact, l.made_at, p.id, p.name, l.expires_at, l.revoked_at, l.opened_at, l.draft, l.version, l.seen, l.saved_at, l.handed_at
		FROM supplier_link l JOIN person p ON p.id = l.made_by`+where+` ORDER BY l.publication`, args...)
	return list, err
}

// linkAt is the link that a word opens. One that is unknown, has been revoked or
// is too old is engine.ErrNotFound, each as the others.
func (s *Store) linkAt(ctx context.Context, tx *sql.Tx, token string) (engine.SupplierLink, error) {
	list, err := links(ctx, tx, ` WHERE l.hash = $1`, linkHash(token))
	if err == nil && (len(list) == 0 || !list[0].Open(s.now())) {
		err = engine.ErrNotFound
	}
	if err != nil {
		return engine.SupplierLink{}, err
	}
	return list[0], nil
}

// OpenLink gives the link that a word opens, or engine.ErrNotFound, and writes
// down that it was opened. A word that opens nothing writes nothing.
func (s *Store) OpenLink(ctx context.Context, token string) (engine.SupplierLink, error) {
	var l engine.SupplierLink
	err := s.view(ctx, func(tx *sql.Tx) (err error) {
		l, err = s.linkAt(ctx, tx, token)
		return err
	})
	if err != nil || s.now().Sub(l.Opened) < openedAgain {
		return l, err
	}
	err = s.record(ctx, engine.BySupplier, func(tx *sql.Tx, j *journal) (err error) {
		if l, err = s.linkAt(ctx, tx, token); err != nil {
			return err
		}
		system, supplier, err := roundOf(ctx, tx, l.Classification, l.Round)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE supplier_link SET opened_at = $1 WHERE classification_id = $2 AND publication = $3`, j.at, l.Classification, l.Round); err != nil {
			return err
		}
		return j.append(ctx, line{action: linkOpen, system: system, classification: l.Classification}, nil, about(linkPayload{Round: l.Round, Supplier: supplier}))
	})
	return l, err
}

// SaveLink keeps what a supplier has written by a link, by row. version is the
// draft's that was seen: another is engine.ErrChanged, unless it says the same.
// seen is the version of the tender that stood beside it, 0 for none. To hand in
// makes the draft the supplier's answers to the round's rows, as reading a file
// does, and leaves what it has said of other rows; when the tender has another
// version than seen that is engine.ErrChanged, since a file has been read
// meanwhile. A classification that is approved or waits to be is
// engine.ErrLocked, a word that opens nothing engine.ErrNotFound.
func (s *Store) SaveLink(ctx context.Context, token string, version, seen int, claims map[string]engine.Claim, handIn bool) error {
	return s.record(ctx, engine.BySupplier, func(tx *sql.Tx, j *journal) error {
		l, err := s.linkAt(ctx, tx, token)
		if err != nil {
			return err
		}
		system, supplier, err := roundOf(ctx, tx, l.Classification, l.Round)
		if err == nil {
			err = unlocked(ctx, tx, l.Classification)
		}
		if err != nil {
			return err
		}
		answered := 0
		for _, c := range claims {
			if c.Answer != "" {
				answered++
			}
		}
		at := line{system: system, classification: l.Classification}
		told := about(linkPayload{Round: l.Round, Supplier: supplier, Answered: answered})
		draft := about(claims)
		same := l.Version > 0 && string(about(l.Draft)) == string(draft)
		if !same {
			if l.Version != version {
				return engine.ErrChanged
			}
			if _, err := tx.ExecContext(ctx, `UPDATE supplier_link SET draft = $1, version = version + 1, seen = $2, saved_at = $3, handed_at = '' WHERE classification_id = $4 AND publication = $5`,
				string(draft), seen, j.at, l.Classification, l.Round); err != nil {
				return err
			}
			at.action = linkSave
			if err := j.append(ctx, at, nil, told); err != nil {
				return err
			}
		}
		if !handIn || same && !l.Handed.IsZero() && l.Seen >= seen {
			return nil
		}
		if seen, err = handedIn(ctx, tx, j, l, system, supplier, seen, claims); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE supplier_link SET handed_at = $1, seen = $2 WHERE classification_id = $3 AND publication = $4`, j.at, seen, l.Classification, l.Round); err != nil {
			return err
		}
		at.action = linkHandIn
		return j.append(ctx, at, nil, told)
	})
}

// handedIn makes claims the supplier's answers to a round's rows, and gives the
// version that the tender has then.
func handedIn(ctx context.Context, tx *sql.Tx, j *journal, l engine.SupplierLink, system, supplier string, seen int, claims map[string]engine.Claim) (int, error) {
	list, err := tenders(ctx, tx, ` WHERE t.classification_id = $1 AND t.tenderer = $2`, l.Classification, supplier)
	if err != nil {
		return 0, err
	}
	var t engine.Tender
	if len(list) > 0 {
		t = list[0]
	} else {
		t = engine.Tender{ID: newID()}
		if _, err := tx.ExecContext(ctx, `INSERT INTO tender (id, classification_id, tenderer, received_at, received_by, version, publication, claims) VALUES ($1, $2, $3, $4, $5, 0, 0, '{}')`,
			t.ID, l.Classification, supplier, j.at, l.By.ID); err != nil {
			return 0, err
		}
	}
	if t.Version != seen {
		return 0, engine.ErrChanged
	}
	var content string
	if err := tx.QueryRowContext(ctx, `SELECT content FROM publication WHERE classification_id = $1 AND number = $2`, l.Classification, l.Round).Scan(&content); err != nil {
		return 0, err
	}
	var rows []engine.Row
	if err := json.Unmarshal([]byte(content), &rows); err != nil {
		return 0, err
	}
	now := map[string]engine.Claim{}
	maps.Copy(now, t.Claims)
	for _, row := range rows { // only the round's own rows, whatever came
		delete(now, row.ID)
		if c, ok := claims[row.ID]; ok && !c.Empty() {
			now[row.ID] = c
		}
	}
	if err := setClaims(ctx, tx, j, line{action: tenderRead, system: system, classification: l.Classification, key: t.ID}, t.Version, l.Round, 0, now); err != nil {
		return 0, err
	}
	var version int
	err = tx.QueryRowContext(ctx, `SELECT version FROM tender WHERE id = $1`, t.ID).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		err = engine.ErrNotFound
	}
	return version, err
}
