package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/kravverk/kravverk/engine"
)

// OpenAsIs opens an existing database without bringing it up to date, so that
// it can be copied, checked and erased in by a version of Kravverk that is not
// the one that serves it. Of what this version has that the database has not,
// the methods fail.
func OpenAsIs(path string, now func() time.Time) (_ *Store, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &Error{noDatabase(path), err}
	case err == nil && info.IsDir():
		return nil, &Error{Sentence: isFolder(path)}
	}
	if err := inspect(path, defaults); err != nil {
		return nil, explain(path, err)
	}
	s := &Store{path: path, now: now}
	// The journal mode is left alone: a backup that is looked at keeps its checksum.
	if s.writer, err = sql.Open("sqlite", dsn(path, "rw", defaults.busy, "_pragma=synchronous(FULL)", "_pragma=secure_delete(1)", "_txlock=immediate")); err != nil {
		return nil, err
	}
	s.writer.SetMaxOpenConns(1)
	if s.reader, err = sql.Open("sqlite", readerDSN(path, defaults.busy)); err != nil {
		s.Close()
		return nil, err
	}
	// The writer has to have seen the log to fold it into the file on its way out.
	if err := s.writer.QueryRow(`SELECT count(*) FROM event`).Scan(new(int)); err != nil {
		s.Close()
		return nil, explain(path, err)
	}
	return s, nil
}

// backupName is what a copy in a folder is called.
const backupName = "kravverk-20060102-150405.db"

// Backup writes a copy of the database as it is now to a new file, or to one
// with the time in its name when path is a folder or ends with a separator. The database may be in use,
// and saves do not wait. The copy is read back and checked, journal and all;
// its checksum is in a file beside it, .sha256, that sha256sum reads. Both are
// for the owner's eyes only. A failed backup leaves no file.
func (s *Store) Backup(ctx context.Context, path string) (_ engine.Copy, err error) {
	at := s.now().UTC()
	folder := path != "" && os.IsPathSeparator(path[len(path)-1])
	if path, err = filepath.Abs(path); err != nil {
		return engine.Copy{}, err
	}
	if info, err := os.Stat(path); folder || err == nil && info.IsDir() {
		path = filepath.Join(path, at.Format(backupName))
	}
	if _, err := os.Lstat(path); err == nil {
		return engine.Copy{}, &Error{Sentence: fileTaken(path)}
	}
	made := engine.Copy{Path: path, At: at}
	err = writeNew(path, func(f *os.File) error {
		if err := s.copyInto(ctx, f.Name()); err != nil {
			return explain(s.path, err)
		}
		if made.Head, err = checkCopy(ctx, f.Name(), path); err != nil {
			return err
		}
		h := sha256.New()
		if made.Size, err = io.Copy(h, f); err != nil {
			return err
		}
		made.SHA256 = hex.EncodeToString(h.Sum(nil))
		// The checksum goes first: a copy that has one is a whole copy.
		return writeNew(path+".sha256", func(f *os.File) error {
			_, err := fmt.Fprintf(f, "%s  %s\n", made.SHA256, filepath.Base(path))
			return err
		})
	})
	if err != nil {
		os.Remove(path + ".sha256")
		return engine.Copy{}, err
	}
	return made, nil
}

// copyInto is done by a connection of its own: the writer would keep everybody
// else from saving meanwhile, and the readers may not write anywhere.
func (s *Store) copyInto(ctx context.Context, name string) error {
	db, err := sql.Open("sqlite", dsn(s.path, "ro", defaults.busy))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, `VACUUM INTO $1`, name)
	return err
}

// writeNew writes a file, for the owner's eyes only, that takes its name only
// when every byte is on the disk.
func writeNew(name string, write func(*os.File) error) error {
	folder := filepath.Dir(name)
	f, err := os.CreateTemp(folder, ".kravverk-*")
	if errors.Is(err, fs.ErrNotExist) {
		return &Error{noFolder(folder), err}
	}
	if err != nil {
		return explain(name, err)
	}
	defer os.Remove(f.Name()) // fails once it has got its name
	defer f.Close()
	if err := write(f); err != nil {
		return explain(name, err)
	}
	if err := f.Sync(); err != nil {
		return explain(name, err)
	}
	if err := f.Close(); err != nil {
		return explain(name, err)
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return explain(name, err)
	}
	if d, err := os.Open(folder); err == nil {
		d.Sync() // not every system can, and the file itself is safe
		d.Close()
	}
	return nil
}

// checkCopy goes through a whole copy that nobody else has open, and changes
// nothing in it or beside it. shown is the name that people know it by.
func checkCopy(ctx context.Context, file, shown string) (h engine.Head, err error) {
	db, err := sql.Open("sqlite", dsn(file, "ro", 0, "immutable=1"))
	if err != nil {
		return h, err
	}
	defer db.Close()
	err = transact(ctx, db, &sql.TxOptions{ReadOnly: true}, func(tx *sql.Tx) error {
		var id int
		if err := tx.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&id); err != nil {
			return err
		}
		if id != appID {
			return &Error{Sentence: notOurs(shown)}
		}
		var verdict string
		if err := tx.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&verdict); err != nil {
			return err
		}
		if verdict != "ok" {
			return &Error{damagedCopy(shown), errors.New(verdict)}
		}
		if _, err := pending(tx, shown, shipped); err != nil {
			return err
		}
		if _, err := verify(ctx, tx, nil); err != nil {
			return err
		}
		h, err = headOf(ctx, tx)
		return err
	})
	if e := (*sqlite.Error)(nil); errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_CORRUPT {
		err = &Error{damagedCopy(shown), err}
	}
	return h, explain(shown, err)
}

// Restored tells how a restore went.
type Restored struct {
	Head   engine.Head
	Summed bool   // there was a checksum beside the copy, and it agreed
	Kept   string // what the replaced database is called now; "" when there was none
}

// Restore puts a copy from Backup in place as the database to. The copy is
// checked first, against its checksum too if there is one beside it, and one
// that is damaged, foreign or from a newer version is refused. A database that
// is already there is refused without replace and kept under another name with
// it; one that is in use is refused in any case. Sessions and invitations in
// the copy are over: they may have been ended since it was made.
func Restore(ctx context.Context, from, to string, replace bool, now time.Time) (done Restored, err error) {
	if to, err = filepath.Abs(to); err != nil {
		return done, err
	}
	// What the link points at is replaced, not the link.
	if real, err := filepath.EvalSymlinks(to); err == nil {
		to = real
	}
	there, err := leftovers(to)
	if err != nil {
		return done, explain(to, err)
	}
	if len(there) > 0 && !replace {
		return done, &Error{Sentence: targetTaken(to)}
	}
	err = writeNew(to, func(f *os.File) error {
		if done.Summed, err = fetch(from, f); err != nil {
			return err
		}
		done.Head, err = checkCopy(ctx, f.Name(), from)
		if errors.Is(err, ErrJournal) {
			return &Error{brokenCopy(from, err.Error()), err}
		}
		if err != nil {
			return err
		}
		if err := forgetSessions(ctx, f.Name()); err != nil {
			return err
		}
		if len(there) == 0 {
			return nil
		}
		if err := foldAlone(ctx, to); err != nil {
			return err
		}
		kept := to + ".before-restore-" + now.UTC().Format("20060102-150405")
		if err := setAside(to, kept); err != nil {
			return err
		}
		done.Kept = kept
		return nil
	})
	if err != nil && done.Kept != "" {
		err = errors.Join(err, setAside(done.Kept, to))
	}
	return done, err
}

// sidecars is what a database may have beside it that belongs to it.
var sidecars = []string{"", "-wal", "-shm", "-journal"}

// leftovers lists the files of a database. A log without its database counts:
// SQLite would read it into the next one.
func leftovers(path string) (list []string, err error) {
	for _, suffix := range sidecars {
		switch info, err := os.Stat(path + suffix); {
		case err == nil && info.IsDir():
			return nil, &Error{Sentence: isFolder(path + suffix)}
		case err == nil:
			list = append(list, suffix)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	return list, nil
}

// setAside gives the files of a database another name.
func setAside(path, name string) error {
	if taken, err := leftovers(name); err != nil {
		return err
	} else if len(taken) > 0 {
		return &Error{Sentence: fileTaken(name)}
	}
	list, err := leftovers(path)
	if err != nil {
		return err
	}
	for _, suffix := range list {
		if err := os.Rename(path+suffix, name+suffix); err != nil {
			return err
		}
	}
	return nil
}

// fetch copies a backup to f and tells whether it was held against a checksum.
func fetch(from string, f *os.File) (summed bool, err error) {
	switch info, err := os.Stat(from); {
	case errors.Is(err, fs.ErrNotExist):
		return false, &Error{noCopy(from), err}
	case err != nil:
		return false, explain(from, err)
	case info.IsDir():
		return false, &Error{Sentence: isFolder(from)}
	}
	if info, err := os.Stat(from + "-wal"); err == nil && info.Size() > 0 {
		return false, &Error{Sentence: liveCopy(from)}
	}
	in, err := os.Open(from)
	if err != nil {
		return false, explain(from, err)
	}
	defer in.Close()
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(f, h), in); err != nil {
		return false, explain(from, err)
	}
	want, err := readSum(from)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, &Error{badSumFile(from + ".sha256"), err}
	case want != hex.EncodeToString(h.Sum(nil)):
		return false, &Error{Sentence: otherSum(from)}
	}
	return true, nil
}

var sumLine = regexp.MustCompile(`^[0-9a-fA-F]{64}(?: [ *].*)?\r?\n?$`)

// readSum reads the checksum beside a backup, whatever the file was called
// when it was made.
func readSum(path string) (string, error) {
	text, err := os.ReadFile(path + ".sha256")
	if err != nil {
		return "", err
	}
	if !sumLine.Match(text) {
		return "", errors.New("store: not a line of sha256sum")
	}
	return strings.ToLower(string(text[:64])), nil
}

// forgetSessions removes what would let somebody in.
func forgetSessions(ctx context.Context, path string) error {
	// With the log in a file of its own something could be left in it.
	db, err := sql.Open("sqlite", dsn(path, "rw", 0, "_pragma=journal_mode(DELETE)", "_pragma=secure_delete(1)"))
	if err != nil {
		return err
	}
	defer db.Close()
	return transact(ctx, db, nil, func(tx *sql.Tx) error {
		for table, forget := range map[string]string{
			"session": `DELETE FROM session`, "invitation": `DELETE FROM invitation`,
			// What a supplier has written stays; one that was closed since is not opened again.
			"supplier_link": `UPDATE supplier_link SET revoked_at = made_at WHERE revoked_at = ''`,
		} {
			ok, err := hasTable(tx, table)
			if err == nil && ok {
				_, err = tx.ExecContext(ctx, forget)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// foldAlone folds the log of a database into its file. SQLite leaves its log
// only when nobody else has the file open, however idle, so this also tells
// whether somebody has. A file too broken for it is what restores are for.
func foldAlone(ctx context.Context, path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	db, err := sql.Open("sqlite", dsn(path, "rw", 0))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, `PRAGMA journal_mode = DELETE`)
	if e := (*sqlite.Error)(nil); errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return &Error{targetInUse(path), err}
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return nil
		}
	}
	return explain(path, err)
}

// Backups makes a copy now and then in a folder, and removes old ones. Its
// methods may be called from many goroutines.
type Backups struct {
	store *Store
	dir   string
	every time.Duration
	keep  int
	now   func() time.Time
	log   *slog.Logger

	making sync.Mutex // one at a time

	mu     sync.Mutex // for the rest
	latest engine.Copy
	failed error
	next   time.Time
}

// retryAfter is how soon a failed backup is tried again, if not sooner.
const retryAfter = time.Hour

// NewBackups prepares copies of s in the folder dir, which has to be there: a
// disk that is not mounted is better told than written beside. The newest keep
// copies, at least one, are kept. Run does the work.
func NewBackups(s *Store, dir string, every time.Duration, keep int, now func() time.Time, log *slog.Logger) *Backups {
	b := &Backups{store: s, dir: dir, every: every, keep: max(keep, 1), now: now, log: log}
	at := now()
	b.next = at
	if list, err := b.list(); err == nil && len(list) > 0 {
		b.latest = list[0]
		// One from the future, by a clock that was wrong, says nothing.
		if !b.latest.At.After(at) {
			b.next = b.latest.At.Add(every)
		}
	}
	return b
}

// Latest gives the newest copy that there is, zero when there is none; when the
// next is due; and why the latest attempt failed, nil when it did not.
func (b *Backups) Latest() (made engine.Copy, next time.Time, failed error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.latest, b.next, b.failed
}

// Run makes the copies when they are due, until the context ends: at once when
// the newest is too old.
func (b *Backups) Run(ctx context.Context) {
	for {
		_, next, _ := b.Latest()
		if wait := next.Sub(b.now()); wait > 0 {
			// In short steps: the clock may be set, and the machine may sleep.
			select {
			case <-ctx.Done():
				return
			case <-time.After(min(wait, time.Minute)):
			}
			continue
		}
		if ctx.Err() != nil {
			return
		}
		b.RunNow(ctx) // keeps its outcome
	}
}

// RunNow makes a copy at once, and the next on time counted from it.
func (b *Backups) RunNow(ctx context.Context) (engine.Copy, error) {
	b.making.Lock()
	defer b.making.Unlock()
	made, err := b.store.Backup(ctx, b.dir+string(filepath.Separator))
	if ctx.Err() != nil && err != nil {
		return made, err // nothing failed but that somebody stopped waiting
	}
	if err == nil {
		b.log.Info("backup made", "file", made.Path, "bytes", made.Size, "head", made.Head)
		if e := b.prune(); e != nil {
			b.log.Error("old backups not removed", "folder", b.dir, "err", e)
		}
	} else {
		b.log.Error("backup failed", "folder", b.dir, "err", err, "cause", errors.Unwrap(err))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = err
	if err != nil {
		b.next = b.now().Add(min(b.every, retryAfter))
		return made, err
	}
	b.latest, b.next = made, made.At.Add(b.every)
	return made, nil
}

// list gives the copies in the folder, the newest first. Only what has our
// name and a checksum, which is written after the checks, is one.
func (b *Backups) list() ([]engine.Copy, error) {
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		return nil, err
	}
	var list []engine.Copy
	for _, e := range slices.Backward(entries) { // the names sort by time
		path := filepath.Join(b.dir, e.Name())
		at, err := time.Parse(backupName, e.Name())
		if err != nil || at.Format(backupName) != e.Name() || !e.Type().IsRegular() {
			continue
		}
		sum, err := readSum(path)
		if err != nil {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue
		}
		list = append(list, engine.Copy{Path: path, SHA256: sum, Size: info.Size(), At: at})
	}
	return list, nil
}

func (b *Backups) prune() error {
	list, err := b.list()
	if err != nil {
		return err
	}
	var errs []error
	for _, c := range list[min(b.keep, len(list)):] {
		errs = append(errs, os.Remove(c.Path), os.Remove(c.Path+".sha256"))
	}
	return errors.Join(errs...)
}
