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
	payloadErase         = "payload.erase"
	personErase          = "person.erase"
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

// Events gives the newest lines of the journal that agree with the filter,
// newest first, and all of them when limit is not positive.
func (s *Store) Events(ctx context.Context, of engine.EventFilter, limit int) ([]engine.Event, error) {
	if limit <= 0 {
		limit = math.MaxInt32
	}
	args, where := []any{limit}, "WHERE 1 = 1"
	for _, c := range []struct{ column, value string }{
		{"classification_id", of.Classification}, {"actor", of.Person}, {"key", of.Key}, {"batch", of.Batch},
	} {
		if c.value != "" {
			args = append(args, c.value)
			where += fmt.Sprintf(" AND e.%s = $%d", c.column, len(args))
		}
	}
	if of.Before > 0 {
		args = append(args, of.Before)
		where += fmt.Sprintf(" AND e.seq < $%d", len(args))
	}
	var list []engine.Event
	err := s.view(ctx, func(tx *sql.Tx) error {
		return each(ctx, tx, func(scan func(...any) error) (err error) {
			var e engine.Event
			var at string
			var before, after sql.NullString
			if err := scan(&e.Seq, &at, &e.By.ID, &e.By.Name, &e.Action, &e.SystemID, &e.ClassificationID, &e.Key, &e.Batch, &before, &after); err != nil {
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
		}, `SELECT e.seq, e.at, e.actor, COALESCE(p.name, ''), e.action, e.system_id, e.classification_id, e.key, e.batch, v.value_before, v.value_after
			FROM event e LEFT JOIN person p ON p.id = e.actor LEFT JOIN payload v ON v.seq = e.seq
			`+where+` ORDER BY e.seq DESC LIMIT $1`, args...)
	})
	return list, err
}

// JournalHead gives the last line of the journal, to be noted elsewhere and
// given to VerifyJournal later.
func (s *Store) JournalHead(ctx context.Context) (h engine.Head, err error) {
	err = s.view(ctx, func(tx *sql.Tx) (err error) {
		h, err = headOf(ctx, tx)
		return err
	})
	return h, err
}

func headOf(ctx context.Context, tx *sql.Tx) (h engine.Head, err error) {
	err = tx.QueryRowContext(ctx, `SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1`).Scan(&h.Seq, &h.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return h, err
}

// VerifyJournal recomputes the chain from the first line, and compares the
// answers and approvals of today and the anchors, heads that were noted
// earlier, with it. n is the number of lines that hold together; the error
// names what does not, and is ErrJournal beneath. Lines cut from the end show
// if they were about answers or approvals, and in any case if an anchor was
// among them or after.
func (s *Store) VerifyJournal(ctx context.Context, anchors ...engine.Head) (n int, err error) {
	err = s.view(ctx, func(tx *sql.Tx) (err error) {
		n, err = verify(ctx, tx, anchors)
		return err
	})
	return n, err
}

func verify(ctx context.Context, tx *sql.Tx, anchors []engine.Head) (n int, err error) {
	c := chain{anchors: anchors}
	last := map[answerRef]state{}
	err = eachLine(ctx, tx, func(l line, p payload) error {
		if err := c.add(l, p); err != nil {
			return err
		}
		if l.action == answerSave || l.action == sharedSave {
			ref := answerRef{l.classification, l.key}
			last[ref] = state{last[ref].version + 1, p.salt.String, l.after}
		}
		return nil
	})
	if err == nil {
		err = c.end()
	}
	if err == nil {
		err = verifyAnswers(ctx, tx, last)
	}
	if err == nil {
		err = verifyApprovals(ctx, tx)
	}
	if err == nil {
		err = verifyFiles(ctx, tx)
	}
	return int(c.head.Seq), err
}

// payload is what a line was about. The salt is null when it has been erased.
type payload struct{ salt, before, after sql.NullString }

// eachLine goes through the journal from the first line.
func eachLine(ctx context.Context, tx *sql.Tx, f func(line, payload) error) error {
	return each(ctx, tx, func(scan func(...any) error) error {
		var l line
		var p payload
		if err := scan(&l.seq, &l.at, &l.actor, &l.action, &l.system, &l.classification, &l.key,
			&l.before, &l.after, &l.batch, &l.previous, &l.hash, &p.salt, &p.before, &p.after); err != nil {
			return err
		}
		return f(l, p)
	}, `SELECT e.seq, e.at, e.actor, e.action, e.system_id, e.classification_id, e.key,
			e.before_hash, e.after_hash, e.batch, e.previous, e.hash, v.salt, v.value_before, v.value_after
		FROM event e LEFT JOIN payload v ON v.seq = e.seq ORDER BY e.seq`)
}

// chain is what holds together so far, and what to hold it against.
type chain struct {
	head    engine.Head
	anchors []engine.Head
}

// add takes the next line, or says why it is not the next.
func (c *chain) add(l line, p payload) error {
	matches := func(hash, role string, value sql.NullString) bool {
		if !value.Valid {
			return hash == ""
		}
		return hash == digest(p.salt.String, role, value.String)
	}
	seq := c.head.Seq + 1
	switch {
	case l.seq != seq:
		return &Error{brokenLine(seq, lineMissing), ErrJournal}
	case l.previous != c.head.Hash:
		return &Error{brokenLine(seq, lineLoose), ErrJournal}
	case l.hash != l.sum():
		return &Error{brokenLine(seq, lineChanged), ErrJournal}
	case p.salt.Valid && !(matches(l.before, "before", p.before) && matches(l.after, "after", p.after)):
		return &Error{brokenLine(seq, valueChanged), ErrJournal}
	}
	for _, a := range c.anchors {
		if a.Seq == seq && a.Hash != l.hash {
			return &Error{otherHead(seq), ErrJournal}
		}
	}
	c.head = engine.Head{Seq: l.seq, Hash: l.hash}
	return nil
}

// end says which line is missing when there are no more.
func (c *chain) end() error {
	for _, a := range c.anchors {
		if a.Seq > c.head.Seq {
			return &Error{cutLines(a.Seq, c.head.Seq), ErrJournal}
		}
	}
	return nil
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

// verifyAnswers finds answers that were changed, added or removed behind the
// journal's back, or whose last lines have been cut off.
func verifyAnswers(ctx context.Context, tx *sql.Tx, last map[answerRef]state) error {
	query := `SELECT classification_id, key, value, version FROM answer`
	if ok, err := hasTable(tx, "shared"); err != nil {
		return err
	} else if ok { // not in a copy from before there was any
		query += ` UNION ALL SELECT '', key, value, version FROM shared`
	}
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
	}, query)
	if err != nil {
		return err
	}
	for ref := range last {
		return &Error{strayAnswer(ref.classification, ref.key), ErrJournal}
	}
	return nil
}

// ErasePayloads erases for good what a classification's history says about
// values; who did what and when remains, the chain still verifies, and a line
// tells that somebody erased. by is "" at the command line. The answers of
// today stay: take them back first (a change to null) when they have to go
// too. Backups, exports and copies from before a migration are not reached.
func (s *Store) ErasePayloads(ctx context.Context, by, classificationID string) error {
	return s.erase(ctx, by, func(tx *sql.Tx) (line, error) {
		system, err := systemOf(ctx, tx, classificationID)
		if err != nil {
			return line{}, err
		}
		if err = erasePayloads(ctx, tx, ofClassification, classificationID); err == nil {
			// What a supplier has written by a link and not handed in is nobody's answer.
			_, err = tx.ExecContext(ctx, `UPDATE supplier_link SET draft = '{}', contact = '', version = version + 1 WHERE classification_id = $1`, classificationID)
		}
		return line{action: payloadErase, system: system, classification: classificationID}, err
	})
}

// ErasePayloadsOf does as ErasePayloads for all that a person did, and for
// what was done about her.
func (s *Store) ErasePayloadsOf(ctx context.Context, by, id string) error {
	return s.erase(ctx, by, func(tx *sql.Tx) (line, error) {
		if err := knownPerson(ctx, tx, id); err != nil {
			return line{}, err
		}
		err := erasePayloads(ctx, tx, ofPerson, id)
		return line{action: payloadErase, key: id}, err
	})
}

// ErasePerson erases a name and every way to sign in; the id stays where it
// was used. Somebody who signs in at the provider again is a new person. by is
// as for ErasePayloads.
func (s *Store) ErasePerson(ctx context.Context, by, id string) error {
	return s.erase(ctx, by, func(tx *sql.Tx) (line, error) {
		l := line{action: personErase, key: id}
		if err := tx.QueryRowContext(ctx, `UPDATE person SET name = '' WHERE id = $1 RETURNING id`, id).Scan(new(string)); err != nil {
			return l, orNotFound(err)
		}
		now := stamp(s.now())
		if _, err := tx.ExecContext(ctx, `UPDATE account SET login = NULL, password = '', issuer = NULL, subject = NULL, sessions_from = $1,
			disabled_at = CASE disabled_at WHEN '' THEN $1 ELSE disabled_at END WHERE person_id = $2`, now, id); err != nil {
			return l, err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM invitation WHERE person_id = $1`, id); err != nil {
			return l, err
		}
		// The form for a link begins with the name of whoever makes it.
		_, err := tx.ExecContext(ctx, `UPDATE supplier_link SET contact = '' WHERE made_by = $1`, id)
		return l, err
	})
}

// Erasable counts the lines with values that ErasePayloads would empty, or
// ErasePayloadsOf when it is the person that is given.
func (s *Store) Erasable(ctx context.Context, classificationID, personID string) (n int, err error) {
	err = s.view(ctx, func(tx *sql.Tx) (err error) {
		id, where := classificationID, ofClassification
		if personID != "" {
			id, where = personID, ofPerson
			err = knownPerson(ctx, tx, id)
		} else {
			_, err = systemOf(ctx, tx, id)
		}
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT count(*) FROM payload WHERE COALESCE(value_before, value_after) IS NOT NULL
			AND seq IN (SELECT seq FROM event WHERE `+where+`)`, id).Scan(&n)
	})
	return n, err
}

// Which lines of the journal are meant by an id.
const (
	ofClassification = `classification_id = $1`
	ofPerson         = `(actor = $1 OR key = $1)`
)

func knownPerson(ctx context.Context, tx *sql.Tx, id string) error {
	return orNotFound(tx.QueryRowContext(ctx, `SELECT id FROM person WHERE id = $1`, id).Scan(new(string)))
}

func erasePayloads(ctx context.Context, tx *sql.Tx, where, id string) error {
	// The digests of what was sent are salted, but the salt is beside them.
	// A batch does not tell whose it is: all go that could be the person's.
	if _, err := tx.ExecContext(ctx, `DELETE FROM batch WHERE classification_id IN (SELECT classification_id FROM event WHERE `+where+`)`, id); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM payload WHERE seq IN (SELECT seq FROM event WHERE `+where+`)`, id)
	return err
}

// erase runs f and notes that it was done, in one transaction, and then sees
// to that nothing of it is left in the log.
func (s *Store) erase(ctx context.Context, by string, f func(*sql.Tx) (line, error)) error {
	err := s.record(ctx, by, func(tx *sql.Tx, j *journal) error {
		l, err := f(tx)
		if err != nil {
			return err
		}
		return j.append(ctx, l, nil, nil)
	})
	if err != nil {
		return err
	}
	return s.emptyLog(ctx)
}

// exported is a line of the journal in a file for somebody else to check.
type exported struct {
	Seq            int64   `json:"seq"`
	At             string  `json:"at"`
	Actor          string  `json:"actor"`
	Action         string  `json:"action"`
	System         string  `json:"system"`
	Classification string  `json:"classification"`
	Key            string  `json:"key"`
	BeforeHash     string  `json:"before_hash"`
	AfterHash      string  `json:"after_hash"`
	Batch          string  `json:"batch"`
	Previous       string  `json:"previous"`
	Hash           string  `json:"hash"`
	Salt           *string `json:"salt,omitempty"`
	Before         *string `json:"before,omitempty"` // JSON as a text, since every byte counts
	After          *string `json:"after,omitempty"`
}

// ExportJournal writes the journal as one JSON object to a line, from the
// first, and gives the last. The names are those of the type exported.
//
// The hash of a line is the SHA-256 of the fields "kravverk journal 1", seq,
// at, actor, action, system, classification, key, before_hash, after_hash,
// batch and previous, each written as its length in bytes, a colon, itself and
// a comma, in hex. previous is the hash of the line before, empty in the first.
// before_hash is the HMAC-SHA-256 of "before:" and before, with the salt as it
// stands for its key, in hex; after_hash likewise with "after:". Both are
// empty when there is no value. Salt, before and after are left out of lines
// that have been erased, and of all lines when values is false.
func (s *Store) ExportJournal(ctx context.Context, w io.Writer, values bool) (h engine.Head, err error) {
	to := json.NewEncoder(w)
	to.SetEscapeHTML(false)
	err = s.view(ctx, func(tx *sql.Tx) error {
		return eachLine(ctx, tx, func(l line, p payload) error {
			h = engine.Head{Seq: l.seq, Hash: l.hash}
			x := exported{l.seq, l.at, l.actor, l.action, l.system, l.classification, l.key,
				l.before, l.after, l.batch, l.previous, l.hash, nil, nil, nil}
			if values {
				x.Salt, x.Before, x.After = pointer(p.salt), pointer(p.before), pointer(p.after)
			}
			return to.Encode(x)
		})
	})
	return h, err
}

// VerifyExport does as VerifyJournal with a file from ExportJournal, which
// says nothing of the answers of today, and gives the last line that holds.
func VerifyExport(r io.Reader, anchors ...engine.Head) (engine.Head, error) {
	c := chain{anchors: anchors}
	from := json.NewDecoder(r)
	from.DisallowUnknownFields()
	for {
		var x exported
		if err := from.Decode(&x); err == io.EOF {
			return c.head, c.end()
		} else if err != nil {
			return c.head, &Error{badExport(c.head.Seq + 1), errors.Join(ErrJournal, err)}
		}
		l := line{x.Seq, x.At, x.Actor, x.Action, x.System, x.Classification, x.Key,
			x.BeforeHash, x.AfterHash, x.Batch, x.Previous, x.Hash}
		if err := c.add(l, payload{nullText(x.Salt), nullText(x.Before), nullText(x.After)}); err != nil {
			return c.head, err
		}
	}
}

func pointer(s sql.NullString) *string {
	if !s.Valid {
		return nil
	}
	return &s.String
}

func nullText(s *string) sql.NullString {
	if s == nil {
		return sql.NullString{}
	}
	return sql.NullString{String: *s, Valid: true}
}
