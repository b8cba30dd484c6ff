package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kravverk/kravverk/engine"
)

const sharedSave = "shared.save"

// SaveShared saves what a unit keeps for its systems: all the changes or none.
// A change that started from another version than the stored one is a
// *engine.Conflict, unless the value is the stored one already. A key belongs
// to the unit that saved it first; from another it is engine.ErrNotFound, and
// so is a unit that is not there.
func (s *Store) SaveShared(ctx context.Context, by, unit string, changes []engine.Change) error {
	changes, err := tidy(changes)
	if err != nil {
		return err
	}
	return s.record(ctx, by, func(tx *sql.Tx, j *journal) error {
		if err := unitExists(ctx, tx, unit); err != nil {
			return fmt.Errorf("store: unit %q: %w", unit, err)
		}
		for _, c := range changes {
			if err := saveShared(ctx, tx, j, unit, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func saveShared(ctx context.Context, tx *sql.Tx, j *journal, unit string, c engine.Change) error {
	current := engine.Shared{Unit: unit, Answer: engine.Answer{Key: c.Key}}
	list, err := shared(ctx, tx, ` WHERE a.key = $1`, c.Key)
	if err != nil {
		return err
	}
	if len(list) > 0 {
		current = list[0]
	}
	if current.Unit != unit {
		return engine.ErrNotFound
	}
	if bytes.Equal(c.Value, current.Value) || current.Version == 0 && bytes.Equal(c.Value, null) {
		return nil
	}
	var version int
	if c.Version == 0 {
		err = tx.QueryRowContext(ctx, `INSERT INTO shared (key, unit_id, value, version, saved_at, saved_by) VALUES ($1, $2, $3, 1, $4, $5)
			ON CONFLICT (key) DO NOTHING RETURNING version`, c.Key, unit, string(c.Value), j.at, j.actor).Scan(&version)
	} else {
		err = tx.QueryRowContext(ctx, `UPDATE shared SET value = $1, version = version + 1, saved_at = $2, saved_by = $3 WHERE key = $4 AND version = $5 RETURNING version`,
			string(c.Value), j.at, j.actor, c.Key, c.Version).Scan(&version)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return &engine.Conflict{Mine: c, Theirs: current.Answer}
	}
	if err != nil {
		return err
	}
	return j.append(ctx, line{action: sharedSave, key: c.Key}, current.Value, c.Value)
}

// Shared gives what all units keep for their systems, by key.
func (s *Store) Shared(ctx context.Context) ([]engine.Shared, error) {
	var list []engine.Shared
	err := s.view(ctx, func(tx *sql.Tx) (err error) {
		list, err = shared(ctx, tx, "")
		return err
	})
	return list, err
}

func shared(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]engine.Shared, error) {
	var list []engine.Shared
	err := each(ctx, tx, func(scan func(...any) error) (err error) {
		var x engine.Shared
		x.Answer, err = scanAnswer(scan, &x.Unit)
		list = append(list, x)
		return err
	}, `SELECT `+answerColumns+`, a.unit_id FROM shared a JOIN person p ON p.id = a.saved_by`+where+` ORDER BY a.key`, args...)
	return list, err
}
