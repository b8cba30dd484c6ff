package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kravverk/kravverk/engine"
)

// SaveAnswers saves all the changes or none, and gives the answers as they
// then are, in the same order.
//
// A change that started from another version than the stored one is a
// *engine.Conflict, unless the value is the stored one already: a change that
// changes nothing is no new version and no event, and never a conflict.
//
// The same idempotencyKey with the same person and changes gives the first
// outcome again; with others it is ErrKeyReused. An empty key stands for none.
// A key is remembered until ErasePayloads. A classification that is approved,
// or waits to be, is engine.ErrLocked; what is of its procurement is
// engine.ErrAwarded when the evaluation is closed.
func (s *Store) SaveAnswers(ctx context.Context, by, classificationID, idempotencyKey string, changes []engine.Change) ([]engine.Answer, error) {
	changes, err := tidy(changes)
	if err != nil {
		return nil, err
	}
	var answers []engine.Answer
	err = s.write(ctx, func(tx *sql.Tx) error {
		system, err := systemOf(ctx, tx, classificationID)
		if err != nil {
			return err
		}
		who, err := person(ctx, tx, by)
		if err != nil {
			return err
		}
		if err := writable(ctx, tx, classificationID, changes); err != nil {
			return err
		}
		b := batch{classificationID, idempotencyKey, by, changes}
		if answers, err = b.replay(ctx, tx); answers != nil || err != nil {
			return err
		}
		at := s.now().UTC().Round(0) // here, so that the times of the journal follow its order
		j, err := openJournal(ctx, tx, stamp(at), by)
		if err != nil {
			return err
		}
		answers = make([]engine.Answer, len(changes))
		for i, c := range changes {
			l := line{action: answerSave, system: system, classification: classificationID, key: c.Key}
			if answers[i], err = save(ctx, tx, j, l, c, at, who); err != nil {
				return err
			}
		}
		return b.remember(ctx, tx, answers)
	})
	if err != nil {
		return nil, err
	}
	return answers, nil
}

// writable refuses changes to a classification that is locked, and to a
// procurement that is closed. A procurement and a plan go on when the
// classification is approved.
func writable(ctx context.Context, tx *sql.Tx, classificationID string, changes []engine.Change) error {
	var procurement, locked bool
	for _, c := range changes {
		procurement = procurement || engine.OfProcurement(c.Key)
		locked = locked || !engine.Continues(c.Key)
	}
	if procurement {
		if _, err := openProcurement(ctx, tx, classificationID); err != nil {
			return err
		}
	}
	if !locked && len(changes) > 0 {
		return nil
	}
	return unlocked(ctx, tx, classificationID)
}

// tidy gives the changes with compact values, so that equal ones are equal
// bytes. What it refuses is the program's mistake.
func tidy(changes []engine.Change) ([]engine.Change, error) {
	list := make([]engine.Change, len(changes))
	seen := map[string]bool{}
	for i, c := range changes {
		if c.Key == "" || seen[c.Key] || c.Version < 0 {
			return nil, fmt.Errorf("store: change of %q: the key is empty or there twice, or the version (%d) is negative", c.Key, c.Version)
		}
		seen[c.Key] = true
		if c.Value == nil {
			c.Value = null
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, c.Value); err != nil {
			return nil, fmt.Errorf("store: value of %q: %w", c.Key, err)
		}
		if !utf8.Valid(compact.Bytes()) {
			return nil, fmt.Errorf("store: value of %q is not UTF-8", c.Key)
		}
		c.Value = compact.Bytes()
		list[i] = c
	}
	return list, nil
}

var null = json.RawMessage("null")

// save does one change. The version is compared by the UPDATE itself, and not
// by the read before it, so that it also holds where transactions overlap.
func save(ctx context.Context, tx *sql.Tx, j *journal, l line, c engine.Change, at time.Time, who engine.Person) (engine.Answer, error) {
	current, err := currentAnswer(ctx, tx, l.classification, c.Key)
	if err != nil {
		return engine.Answer{}, err
	}
	if bytes.Equal(c.Value, current.Value) || current.Version == 0 && bytes.Equal(c.Value, null) {
		return current, nil
	}
	saved := engine.Answer{Key: c.Key, Value: c.Value, At: at, By: who}
	if c.Version == 0 {
		err = tx.QueryRowContext(ctx, `INSERT INTO answer (classification_id, key, value, version, saved_at, saved_by) VALUES ($1, $2, $3, 1, $4, $5)
			ON CONFLICT (classification_id, key) DO NOTHING RETURNING version`,
			l.classification, c.Key, string(c.Value), stamp(at), who.ID).Scan(&saved.Version)
	} else {
		err = tx.QueryRowContext(ctx, `UPDATE answer SET value = $1, version = version + 1, saved_at = $2, saved_by = $3
			WHERE classification_id = $4 AND key = $5 AND version = $6 RETURNING version`,
			string(c.Value), stamp(at), who.ID, l.classification, c.Key, c.Version).Scan(&saved.Version)
	}
	if errors.Is(err, sql.ErrNoRows) {
		if current, err = currentAnswer(ctx, tx, l.classification, c.Key); err != nil {
			return engine.Answer{}, err
		}
		return engine.Answer{}, &engine.Conflict{Mine: c, Theirs: current}
	}
	if err != nil {
		return engine.Answer{}, err
	}
	return saved, j.append(ctx, l, current.Value, c.Value)
}

const answerColumns = `a.key, a.value, a.version, a.saved_at, p.id, p.name`

func scanAnswer(scan func(...any) error, more ...any) (a engine.Answer, err error) {
	var value, at string
	if err := scan(append([]any{&a.Key, &value, &a.Version, &at, &a.By.ID, &a.By.Name}, more...)...); err != nil {
		return a, err
	}
	a.Value = json.RawMessage(value)
	a.At, err = parseStamp(at)
	return a, err
}

// currentAnswer gives the stored answer, or one of version 0 without a value.
func currentAnswer(ctx context.Context, tx *sql.Tx, classification, key string) (engine.Answer, error) {
	row := tx.QueryRowContext(ctx, `SELECT `+answerColumns+` FROM answer a JOIN person p ON p.id = a.saved_by
		WHERE a.classification_id = $1 AND a.key = $2`, classification, key)
	a, err := scanAnswer(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return engine.Answer{Key: key}, nil
	}
	return a, err
}

// batch is one call of SaveAnswers, as remembered by its idempotency key.
type batch struct {
	classification, key, by string
	changes                 []engine.Change
}

// outcome is what the call gave for one answer. The value is not here: who
// repeats the call has it.
type outcome struct {
	Version int    `json:"version"`
	At      string `json:"at,omitempty"`
	By      string `json:"by,omitempty"`
}

// digest tells whether two calls are the same, whatever the order of changes.
func (b *batch) digest(salt string) string {
	sorted := slices.SortedFunc(slices.Values(b.changes), func(x, y engine.Change) int { return strings.Compare(x.Key, y.Key) })
	content, err := json.Marshal(struct {
		By      string
		Changes []engine.Change
	}{b.by, sorted})
	if err != nil {
		panic(err) // tidy has seen to the values
	}
	return digest(salt, "batch", string(content))
}

// replay gives the outcome of the first call with this key, nil if there was none.
func (b *batch) replay(ctx context.Context, tx *sql.Tx) ([]engine.Answer, error) {
	if b.key == "" {
		return nil, nil
	}
	var salt, sum, stored string
	err := tx.QueryRowContext(ctx, `SELECT salt, digest, outcome FROM batch WHERE classification_id = $1 AND idempotency_key = $2`,
		b.classification, b.key).Scan(&salt, &sum, &stored)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if b.digest(salt) != sum {
		return nil, &Error{keyReused, ErrKeyReused}
	}
	var outcomes map[string]outcome
	if err := json.Unmarshal([]byte(stored), &outcomes); err != nil {
		return nil, err
	}
	answers := make([]engine.Answer, len(b.changes))
	for i, c := range b.changes {
		a, o := &answers[i], outcomes[c.Key]
		a.Key, a.Version = c.Key, o.Version
		if o.Version == 0 { // an answer that was not there taken back
			continue
		}
		a.Value = c.Value
		if a.At, err = parseStamp(o.At); err != nil {
			return nil, err
		}
		if a.By, err = person(ctx, tx, o.By); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

func (b *batch) remember(ctx context.Context, tx *sql.Tx, answers []engine.Answer) error {
	if b.key == "" {
		return nil
	}
	outcomes := map[string]outcome{}
	for _, a := range answers {
		o := outcome{Version: a.Version}
		if a.Version > 0 {
			o.At, o.By = stamp(a.At), a.By.ID
		}
		outcomes[a.Key] = o
	}
	stored, err := json.Marshal(outcomes)
	if err != nil {
		return err
	}
	salt := rand.Text()
	_, err = tx.ExecContext(ctx, `INSERT INTO batch (classification_id, idempotency_key, salt, digest, outcome) VALUES ($1, $2, $3, $4, $5)`,
		b.classification, b.key, salt, b.digest(salt), string(stored))
	return err
}
