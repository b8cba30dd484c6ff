package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/kravverk/kravverk/engine"
)

// The actions of the journal.
const (
	systemCreate         = "system.create"
	classificationCreate = "classification.create"
	answerSave           = "answer.save"
)

// line is one row of the journal: ids and hashes, nothing that has to be erased.
type line struct {
	seq                                            int64
	at, actor, action, system, classification, key string
	before, after, batch, previous, hash           string
}

// sum is the hash of everything in the line but hash. Every field is written
// with its length, so that no two lines look the same.
func (l *line) sum() string {
	h := sha256.New()
	for _, field := range []string{
		"kravverk journal 1", strconv.FormatInt(l.seq, 10), l.at, l.actor, l.action, l.system,
		l.classification, l.key, l.before, l.after, l.batch, l.previous,
	} {
		fmt.Fprintf(h, "%d:%s,", len(field), field)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// digest is the hash of a value that the journal keeps. Without the salt an
// answer of yes or no could be found by trying both.
func digest(salt, role, value string) string {
	h := hmac.New(sha256.New, []byte(salt))
	io.WriteString(h, role+":"+value)
	return hex.EncodeToString(h.Sum(nil))
}

// journal appends the lines of one transaction.
type journal struct {
	tx               *sql.Tx
	at, actor, batch string
	seq              int64
	head             string
}

func openJournal(ctx context.Context, tx *sql.Tx, at, actor string) (*journal, error) {
	j := &journal{tx: tx, at: at, actor: actor, batch: newID()}
	err := tx.QueryRowContext(ctx, `SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1`).Scan(&j.seq, &j.head)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return j, err
}

// append writes l, of which the caller has said what it is about, and the
// values before and after; nil is nothing.
func (j *journal) append(ctx context.Context, l line, before, after json.RawMessage) error {
	salt := rand.Text()
	if before != nil {
		l.before = digest(salt, "before", string(before))
	}
	if after != nil {
		l.after = digest(salt, "after", string(after))
	}
	l.seq, l.at, l.actor, l.batch, l.previous = j.seq+1, j.at, j.actor, j.batch, j.head
	l.hash = l.sum()
	if _, err := j.tx.ExecContext(ctx, `INSERT INTO event
		(seq, at, actor, action, system_id, classification_id, key, before_hash, after_hash, batch, previous, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		l.seq, l.at, l.actor, l.action, l.system, l.classification, l.key, l.before, l.after, l.batch, l.previous, l.hash,
	); err != nil {
		return err
	}
	if _, err := j.tx.ExecContext(ctx, `INSERT INTO payload (seq, salt, value_before, value_after) VALUES ($1, $2, $3, $4)`,
		l.seq, salt, nullable(before), nullable(after)); err != nil {
		return err
	}
	j.seq, j.head = l.seq, l.hash
	return nil
}

func nullable(v json.RawMessage) sql.NullString {
	return sql.NullString{String: string(v), Valid: v != nil}
}

// Events gives the newest lines of a classification's history, newest first;
// of everything's when classificationID is empty, and all of them when limit
// is not positive.
func (s *Store) Events(ctx context.Context, classificationID string, limit int) ([]engine.Event, error) {
	if limit <= 0 {
		limit = math.MaxInt32
	}
	args, where := []any{limit}, ""
	if classificationID != "" {
		args, where = append(args, classificationID), `WHERE e.classification_id = $2`
	}
	var list []engine.Event
	err := s.view(ctx, func(tx *sql.Tx) error {
		return each(ctx, tx, func(scan func(...any) error) (err error) {
			var e engine.Event
			var at string
			var before, after sql.NullString
			if err := scan(&e.Seq, &at, &e.By.ID, &e.By.Name, &e.Action, &e.SystemID, &e.ClassificationID, &e.Key, &before, &after); err != nil {
				return err
			}
			if before.Valid {
				e.Before = json.RawMessage(before.String)
			}
			if after.Valid {
				e.After = json.RawMessage(after.String)
			}
			e.At, err = parseStamp(at)
			list = append(list, e)
			return err
		}, `SELECT e.seq, e.at, e.actor, COALESCE(p.name, ''), e.action, e.system_id, e.classification_id, e.key, v.value_before, v.value_after
			FROM event e LEFT JOIN person p ON p.id = e.actor LEFT JOIN payload v ON v.seq = e.seq
			`+where+` ORDER BY e.seq DESC LIMIT $1`, args...)
	})
	return list, err
}

// VerifyJournal recomputes the chain from the first line and compares the
// answers of today with it. n is the number of lines that hold together; the
// error names what does not, and is ErrJournal beneath. Lines cut from the end
// show only if they were about answers: anchor the head elsewhere for the rest.
func (s *Store) VerifyJournal(ctx context.Context) (n int, err error) {
	err = s.view(ctx, func(tx *sql.Tx) (err error) {
		var last map[answerRef]state
		if n, last, err = verifyLines(ctx, tx); err != nil {
			return err
		}
		return verifyAnswers(ctx, tx, last)
	})
	return n, err
}

type answerRef struct{ classification, key string }

// state is what the journal says about an answer.
type state struct {
	version     int
	salt, after string // salt is empty when the value has been erased
}

func (st state) holds(version int, value string) bool {
	return st.version == version && (st.salt == "" || st.after == digest(st.salt, "after", value))
}

func verifyLines(ctx context.Context, tx *sql.Tx) (n int, last map[answerRef]state, err error) {
	last = map[answerRef]state{}
	head := ""
	err = each(ctx, tx, func(scan func(...any) error) error {
		var l line
		var salt, before, after sql.NullString
		if err := scan(&l.seq, &l.at, &l.actor, &l.action, &l.system, &l.classification, &l.key,
			&l.before, &l.after, &l.batch, &l.previous, &l.hash, &salt, &before, &after); err != nil {
			return err
		}
		matches := func(hash, role string, value sql.NullString) bool {
			if !value.Valid {
				return hash == ""
			}
			return hash == digest(salt.String, role, value.String)
		}
		switch seq := int64(n + 1); {
		case l.seq != seq:
			return &Error{brokenLine(seq, lineMissing), ErrJournal}
		case l.previous != head:
			return &Error{brokenLine(seq, lineLoose), ErrJournal}
		case l.hash != l.sum():
			return &Error{brokenLine(seq, lineChanged), ErrJournal}
		case salt.Valid && !(matches(l.before, "before", before) && matches(l.after, "after", after)):
			return &Error{brokenLine(seq, valueChanged), ErrJournal}
		}
		if l.action == answerSave {
			ref := answerRef{l.classification, l.key}
			last[ref] = state{last[ref].version + 1, salt.String, l.after}
		}
		n, head = n+1, l.hash
		return nil
	}, `SELECT e.seq, e.at, e.actor, e.action, e.system_id, e.classification_id, e.key,
			e.before_hash, e.after_hash, e.batch, e.previous, e.hash, v.salt, v.value_before, v.value_after
		FROM event e LEFT JOIN payload v ON v.seq = e.seq ORDER BY e.seq`)
	return n, last, err
}

// verifyAnswers finds answers that were changed, added or removed behind the
// journal's back, or whose last lines have been cut off.
func verifyAnswers(ctx context.Context, tx *sql.Tx, last map[answerRef]state) error {
	err := each(ctx, tx, func(scan func(...any) error) error {
		var ref answerRef
		var value string
		var version int
		if err := scan(&ref.classification, &ref.key, &value, &version); err != nil {
			return err
		}
		if !last[ref].holds(version, value) {
			return &Error{strayAnswer(ref.classification, ref.key), ErrJournal}
		}
		delete(last, ref)
		return nil
	}, `SELECT classification_id, key, value, version FROM answer`)
	if err != nil {
		return err
	}
	for ref := range last {
		return &Error{strayAnswer(ref.classification, ref.key), ErrJournal}
	}
	return nil
}

// ErasePayloads erases for good what a classification's history says about
// values; who did what and when remains, and the chain still verifies. The
// answers of today stay: take them back first (a change to null) when they
// have to go too. Copies that were made before a migration are not reached.
func (s *Store) ErasePayloads(ctx context.Context, classificationID string) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		if _, err := systemOf(ctx, tx, classificationID); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM payload WHERE seq IN (SELECT seq FROM event WHERE classification_id = $1)`, classificationID); err != nil {
			return err
		}
		// The digests of what was sent are salted, but the salt is beside them.
		_, err := tx.ExecContext(ctx, `DELETE FROM batch WHERE classification_id = $1`, classificationID)
		return err
	})
	if err != nil {
		return err
	}
	return s.emptyLog(ctx)
}

// ErasePerson erases a name; the id stays where it was used. EnsurePerson with
// a name brings it back, as when the person logs in again.
func (s *Store) ErasePerson(ctx context.Context, id string) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		var found string
		err := tx.QueryRowContext(ctx, `UPDATE person SET name = '' WHERE id = $1 RETURNING id`, id).Scan(&found)
		return orNotFound(err)
	})
	if err != nil {
		return err
	}
	return s.emptyLog(ctx)
}
