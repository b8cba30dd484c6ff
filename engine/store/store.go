// Package store keeps what people have answered: in one SQLite file, with
// versions against lost updates and with a journal of who did what.
//
// Every exported method is one transaction. Writes go through one connection
// and never wait for readers; reads see one consistent moment. Nothing that
// can be derived is stored (see package engine).
//
// Three rules hold for every write:
//
//   - what it changes and its lines in the journal are in one transaction;
//   - a failed one leaves everything as it was;
//   - one that has been acknowledged survives a power cut.
//
// The journal is a chain of hashes over ids and hashes. Values and names are
// in tables of their own, which can be erased without breaking the chain.
//
// An *Error carries a sentence for people. Any other error is about the
// program, except engine.ErrNotFound and *engine.Conflict.
package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Store is an open database. Its methods may be called from many goroutines.
type Store struct {
	path   string
	now    func() time.Time
	writer *sql.DB // one connection: writers queue here, not in SQLite
	reader *sql.DB
}

// Open opens the database file at path, creates it when there is none, and
// brings it up to date; a copy named path.before-NNNN is left beside it before
// migration NNNN. A file that is damaged, foreign or from a newer version is
// refused untouched. now gives the time of every event.
func Open(path string, now func() time.Time) (*Store, error) {
	return open(path, now, defaults)
}

// settings is what the tests of this package need to vary.
type settings struct {
	steps []step        // the migrations
	busy  time.Duration // how long to wait for another process
}

var defaults = settings{steps: shipped, busy: 5 * time.Second}

func open(path string, now func() time.Time, set settings) (_ *Store, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	created, err := createFile(path)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, now: now}
	defer func() {
		if err == nil {
			return
		}
		s.Close()
		if info, e := os.Stat(path); created && e == nil && info.Size() == 0 {
			os.Remove(path)
		}
		err = explain(path, err)
	}()
	if !created {
		if err := inspect(path, set); err != nil {
			return nil, err
		}
	}
	if s.writer, err = sql.Open("sqlite", writerDSN(path, set.busy)); err != nil {
		return nil, err
	}
	s.writer.SetMaxOpenConns(1)
	if s.reader, err = sql.Open("sqlite", readerDSN(path, set.busy)); err != nil {
		return nil, err
	}
	readers := max(4, runtime.NumCPU())
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetMaxIdleConns(readers)
	return s, s.migrate(context.Background(), set.steps)
}

// Close waits for what is under way and closes the file.
func (s *Store) Close() error {
	var errs []error
	// The writer goes last: the last one out folds the log into the file,
	// and a reader may not.
	for _, db := range []*sql.DB{s.reader, s.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return explain(s.path, errors.Join(errs...))
}

// write runs f in the one write transaction.
func (s *Store) write(ctx context.Context, f func(*sql.Tx) error) error {
	return explain(s.path, transact(ctx, s.writer, nil, f))
}

// view runs f at one moment of the database.
func (s *Store) view(ctx context.Context, f func(*sql.Tx) error) error {
	return explain(s.path, transact(ctx, s.reader, &sql.TxOptions{ReadOnly: true}, f))
}

func transact(ctx context.Context, db *sql.DB, opts *sql.TxOptions, f func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, opts)
	if err != nil {
		return err
	}
	defer tx.Rollback() // nothing happens after a commit
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// each calls row for every row of a query, with the Scan of that row.
func each(ctx context.Context, tx *sql.Tx, row func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// newID gives a random id of 60 bits, fit for an address.
func newID() string { return strings.ToLower(rand.Text()[:12]) }

// stampLayout has a fixed width, so that stored times sort as text.
const stampLayout = "2006-01-02T15:04:05.000000000Z"

func stamp(t time.Time) string { return t.UTC().Format(stampLayout) }

func parseStamp(s string) (time.Time, error) { return time.Parse(stampLayout, s) }
