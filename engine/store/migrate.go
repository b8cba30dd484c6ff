package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed migrations/*.sql
var embedded embed.FS

// shipped is what this version of Kravverk knows, in order.
var shipped = steps(embedded)

// step is one migration. They run forward only, in order, and never twice.
type step struct {
	number         int
	name, sql, sum string
}

// steps reads migrations/0001_first.sql, 0002_….sql and so on. A gap or a bad
// name is the programmer's mistake.
func steps(fsys fs.FS) []step {
	names, err := fs.Glob(fsys, "migrations/*.sql")
	if err != nil {
		panic(err)
	}
	list := make([]step, len(names))
	for i, name := range names { // sorted by Glob
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			panic(err)
		}
		if !strings.HasPrefix(name, fmt.Sprintf("migrations/%04d_", i+1)) {
			panic(fmt.Sprintf("store: %s should be migration number %04d", name, i+1))
		}
		// A checkout with other line ends is the same migration.
		body := strings.ReplaceAll(string(text), "\r\n", "\n")
		sum := sha256.Sum256([]byte(body))
		list[i] = step{number: i + 1, name: name, sql: body, sum: hex.EncodeToString(sum[:])}
	}
	return list
}

// pending gives the steps that the database lacks, or says why this version
// must not touch it.
func pending(tx *sql.Tx, path string, known []step) ([]step, error) {
	if ok, err := hasTable(tx, "migration"); !ok || err != nil {
		return known, err
	}
	done := 0
	err := each(context.Background(), tx, func(scan func(...any) error) error {
		var number int
		var sum string
		if err := scan(&number, &sum); err != nil {
			return err
		}
		if done == len(known) {
			return &Error{newer(path), ErrNewer}
		}
		if k := known[done]; number != k.number || sum != k.sum {
			return &Error{Sentence: otherStep(path, k.number)}
		}
		done++
		return nil
	}, `SELECT number, checksum FROM migration ORDER BY number`)
	return known[done:], err
}

// migrate brings the database up to date in one transaction, after a copy when
// there is something to lose.
func (s *Store) migrate(ctx context.Context, known []step) error {
	var left []step
	look := func(tx *sql.Tx) (err error) {
		left, err = pending(tx, s.path, known)
		return err
	}
	if err := transact(ctx, s.writer, nil, look); err != nil {
		return err
	}
	if len(left) == 0 {
		// A file that cannot be written is better found now than at the
		// first save. SQLite opens it as read-only without a word.
		_, err := s.writer.ExecContext(ctx, `DELETE FROM migration WHERE number < 0`)
		return err
	}
	if len(left) < len(known) {
		if err := s.copyTo(ctx, fmt.Sprintf("%s.before-%04d", s.path, left[0].number)); err != nil {
			return err
		}
	}
	return transact(ctx, s.writer, nil, func(tx *sql.Tx) error {
		if err := look(tx); err != nil { // another process may have been first
			return err
		}
		for _, m := range left {
			if _, err := tx.ExecContext(ctx, m.sql); err != nil {
				return fmt.Errorf("store: %s: %w", m.name, err)
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO migration (number, name, checksum, applied_at) VALUES ($1, $2, $3, $4)`,
				m.number, m.name, m.sum, stamp(s.now())); err != nil {
				return err
			}
		}
		return nil
	})
}
