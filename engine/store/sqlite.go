package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Everything that is SQLite's own is in this file, in the triggers and in the
// DDL of the migrations.

// appID marks a database file as Kravverk's ("Krvk"); 0001_first.sql sets it.
const appID = 0x4b72766b

// dsn names the file and what every connection to it starts with. The pragmas
// are here since an Exec reaches one connection of a pool only, and
// busy_timeout is first since the others may have to wait.
func dsn(path, mode string, busy time.Duration, options ...string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/… on Windows
	}
	file := url.URL{Scheme: "file", Path: path}
	return fmt.Sprintf("%s?mode=%s&_pragma=busy_timeout(%d)&%s", file.String(), mode, busy.Milliseconds(), strings.Join(options, "&"))
}

func writerDSN(path string, busy time.Duration) string {
	return dsn(path, "rw", busy,
		"_pragma=journal_mode(WAL)",
		"_pragma=synchronous(FULL)", // an acknowledged answer survives a power cut
		"_pragma=foreign_keys(1)",
		"_pragma=recursive_triggers(1)",
		"_pragma=secure_delete(1)", // erased means overwritten
		"_txlock=immediate",        // a reader that turns writer could only fail
	)
}

func readerDSN(path string, busy time.Duration) string {
	return dsn(path, "ro", busy, "_pragma=query_only(1)")
}

// createFile makes an empty file, for the owner's eyes only, when there is
// none. An empty file that is already there is refused: it may be what is left
// of a database, and starting afresh in it would hide that.
func createFile(path string) (created bool, err error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return false, &Error{Sentence: isFolder(path)}
	case err == nil && info.Size() == 0:
		return false, &Error{Sentence: emptyFile(path)}
	case err == nil:
		return false, nil
	case !errors.Is(err, fs.ErrNotExist):
		return false, &Error{noAccess(path), err}
	}
	if _, err := os.Stat(filepath.Dir(path)); errors.Is(err, fs.ErrNotExist) {
		return false, &Error{noFolder(filepath.Dir(path)), err}
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return false, &Error{diskFull, err}
	case err != nil:
		return false, &Error{noAccess(path), err}
	}
	return true, f.Close()
}

// inspect looks at an existing file without changing it: whole, ours, and not
// from a newer version.
func inspect(path string, set settings) error {
	db, err := sql.Open("sqlite", dsn(path, "rw", set.busy))
	if err != nil {
		return err
	}
	defer db.Close()
	return transact(context.Background(), db, nil, func(tx *sql.Tx) error {
		var verdict string
		if err := tx.QueryRow(`PRAGMA quick_check(1)`).Scan(&verdict); err != nil {
			return err
		}
		if verdict != "ok" {
			return &Error{damaged(path), errors.New(verdict)}
		}
		var id, tables int
		if err := tx.QueryRow(`PRAGMA application_id`).Scan(&id); err != nil {
			return err
		}
		if err := tx.QueryRow(`SELECT count(*) FROM sqlite_master`).Scan(&tables); err != nil {
			return err
		}
		if id != appID && (id != 0 || tables > 0) {
			return &Error{Sentence: notOurs(path)}
		}
		_, err := pending(tx, path, set.steps)
		return err
	})
}

func hasTable(tx *sql.Tx, name string) (bool, error) {
	var n int
	err := tx.QueryRow(`SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $1`, name).Scan(&n)
	return n > 0, err
}

// copyTo writes the whole database to a new file, readable by its owner, and
// takes the name only when every byte is on the disk.
func (s *Store) copyTo(ctx context.Context, name string) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once it has got its name
	defer f.Close()
	if _, err := s.writer.ExecContext(ctx, `VACUUM INTO $1`, f.Name()); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// emptyLog folds the write-ahead log into the file and cuts it to nothing, so
// that what has been erased is not left in it.
func (s *Store) emptyLog(ctx context.Context) error {
	var busy, frames, moved int
	err := s.writer.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved)
	if err == nil && busy != 0 {
		err = &Error{Sentence: logInUse}
	}
	return explain(s.path, err)
}

// explain gives an error of the database or the file system its sentence; any
// other error it leaves alone.
func explain(path string, err error) error {
	if e := (*Error)(nil); err == nil || errors.As(err, &e) {
		return err
	}
	if errors.Is(err, fs.ErrPermission) {
		return &Error{noAccess(path), err}
	}
	if errors.Is(err, syscall.ENOSPC) {
		return &Error{diskFull, err}
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff { // the rest is a closer description
	case sqlite3.SQLITE_NOTADB:
		return &Error{notOurs(path), err}
	case sqlite3.SQLITE_CORRUPT:
		return &Error{damaged(path), err}
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return &Error{noAccess(path), err}
	case sqlite3.SQLITE_FULL:
		return &Error{diskFull, err}
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return &Error{locked, err}
	case sqlite3.SQLITE_IOERR:
		return &Error{diskFails, err}
	}
	return err
}
