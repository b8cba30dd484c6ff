package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kravverk/kravverk/engine"
)

var (
	ctx  = context.Background()
	anna = engine.Person{ID: "p1", Name: "Anna Ärlig"}
	bo   = engine.Person{ID: "p2", Name: "Bo Östman"}
	t0   = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
)

const hash = "sha256:abc"

// clock gives a new nanosecond each time.
func clock() func() time.Time {
	var n atomic.Int64
	return func() time.Time { return t0.Add(time.Duration(n.Add(1))) }
}

// fast waits shortly for locks, so that tests of them are quick.
var fast = settings{steps: shipped, busy: 50 * time.Millisecond}

func reopen(t testing.TB, path string) *Store {
	t.Helper()
	s, err := open(path, clock(), fast)
	if err != nil {
		t.Fatalf("open %s: %v (%v)", path, err, errors.Unwrap(err))
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// fresh gives a store with two people, a catalogue and one classification.
func fresh(t testing.TB) (*Store, string) {
	t.Helper()
	s := reopen(t, filepath.Join(t.TempDir(), "k.db"))
	for _, p := range []engine.Person{anna, bo} {
		check(t, s.EnsurePerson(ctx, p))
	}
	check(t, s.PutCatalog(ctx, hash, map[string][]byte{"a.toml": []byte("x = 1\n")}))
	return s, create(t, s).Classification.ID
}

func create(t testing.TB, s *Store) engine.Record {
	t.Helper()
	r, err := s.CreateSystem(ctx, anna.ID, engine.System{Title: "Tågläge", Description: "Visar tåg", Unit: TopUnit, Members: 3}, "A", hash)
	check(t, err)
	return r
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v (%v)", err, errors.Unwrap(err))
	}
}

func change(key, value string, version int) engine.Change {
	return engine.Change{Key: key, Value: json.RawMessage(value), Version: version}
}

func mustSave(t testing.TB, s *Store, id string, changes ...engine.Change) []engine.Answer {
	t.Helper()
	a, err := s.SaveAnswers(ctx, anna.ID, id, "", changes)
	check(t, err)
	return a
}

// raw opens the file as any other program could.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path, "rw", time.Second))
	check(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func run(t testing.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// wantSentence checks that err is one plain sentence with the words in it.
func wantSentence(t testing.TB, err error, words ...string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("no sentence for people: %v", err)
	}
	if !strings.HasSuffix(e.Error(), ".") || strings.ContainsAny(e.Error(), "\n\t") || strings.Contains(e.Error(), "SQLITE") {
		t.Errorf("not a plain sentence: %q", e.Error())
	}
	for _, w := range words {
		if !strings.Contains(e.Error(), w) {
			t.Errorf("%q lacks %q", e.Error(), w)
		}
	}
}

func TestSurvivesReopen(t *testing.T) {
	for _, name := range []string{"k.db", "med mellanslag.db", "fråga?mode=memory&x.db", "100%25 åäö #1.db"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			s := reopen(t, path)
			check(t, s.EnsurePerson(ctx, anna))
			check(t, s.PutCatalog(ctx, hash, map[string][]byte{"a": []byte("b")}))
			made := create(t, s)
			id := made.Classification.ID
			if made.System.CreatedBy != anna || made.System.Title != "Tågläge" || made.System.Members != 3 || made.Classification.SystemID != made.System.ID {
				t.Errorf("created %+v", made)
			}
			made.Answers["fact/x"] = mustSave(t, s, id, change("fact/x", `{ "b": [1, 2] }`, 0))[0]
			if v := string(made.Answers["fact/x"].Value); v != `{"b":[1,2]}` {
				t.Errorf("value %s", v)
			}
			check(t, s.Close())
			if _, err := os.Stat(path); err != nil {
				t.Fatal(err)
			}
			s = reopen(t, path)
			got, err := s.Classification(ctx, id)
			check(t, err)
			if !reflect.DeepEqual(got, made) {
				t.Errorf("got  %+v\nwant %+v", got, made)
			}
			all, err := s.Systems(ctx)
			check(t, err)
			if !reflect.DeepEqual(all, []engine.Record{made}) {
				t.Errorf("all %+v", all)
			}
			info, err := os.Stat(path)
			check(t, err)
			if info.Mode().Perm() != 0o600 {
				t.Errorf("others may read the file: %v", info.Mode())
			}
		})
	}
}

func TestPragmas(t *testing.T) {
	s, _ := fresh(t)
	for pragma, want := range map[string]string{
		"busy_timeout": "50", "journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "recursive_triggers": "1", "secure_delete": "1",
	} {
		var got string
		check(t, s.writer.QueryRow("PRAGMA "+pragma).Scan(&got))
		if got != want {
			t.Errorf("%s = %s, want %s", pragma, got, want)
		}
	}
	if _, err := s.reader.Exec(`DELETE FROM payload`); err == nil {
		t.Error("a reader wrote")
	}
	// $2 before $1 binds by number, as in PostgreSQL.
	var got string
	check(t, s.reader.QueryRow(`SELECT $2 || $1 || $2`, "a", "b").Scan(&got))
	if got != "bab" {
		t.Errorf("placeholders bind as %q", got)
	}
}

func TestNotFound(t *testing.T) {
	s, _ := fresh(t)
	for name, call := range map[string]func() error{
		"Classification":       func() error { _, err := s.Classification(ctx, "none"); return err },
		"Classification empty": func() error { _, err := s.Classification(ctx, ""); return err },
		"SaveAnswers": func() error {
			_, err := s.SaveAnswers(ctx, anna.ID, "none", "", []engine.Change{change("a", "1", 0)})
			return err
		},
		"Catalog":       func() error { _, err := s.Catalog(ctx, "none"); return err },
		"ErasePayloads": func() error { return s.ErasePayloads(ctx, "", "none") },
		"ErasePerson":   func() error { return s.ErasePerson(ctx, "", "none") },
	} {
		if err := call(); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An id that the caller made creates its system once.
func TestCreateSystemTwice(t *testing.T) {
	s, _ := fresh(t)
	sys := engine.System{ID: "formular1", Title: "Felanmälan", Unit: TopUnit}
	first, err := s.CreateSystem(ctx, anna.ID, sys, "A", hash)
	check(t, err)
	second, err := s.CreateSystem(ctx, anna.ID, sys, "A", hash)
	check(t, err)
	if first.System.ID != "formular1" || second.Classification.ID != first.Classification.ID {
		t.Errorf("first %v, then %v", first.Classification, second.Classification)
	}
	sys.Title = "Något annat"
	if _, err := s.CreateSystem(ctx, anna.ID, sys, "A", hash); !errors.Is(err, ErrKeyReused) {
		t.Errorf("other content under the same id: %v", err)
	}
}

func TestCreateSystemIsAllOrNothing(t *testing.T) {
	s, _ := fresh(t)
	for name, c := range map[string]struct{ by, typ, hash string }{
		"person":    {"nobody", "A", hash},
		"type":      {anna.ID, "C", hash},
		"catalogue": {anna.ID, "A", "none"},
	} {
		if _, err := s.CreateSystem(ctx, c.by, engine.System{Title: "x"}, c.typ, c.hash); err == nil {
			t.Errorf("unknown %s was taken", name)
		}
	}
	all, err := s.Systems(ctx)
	check(t, err)
	n, err := s.VerifyJournal(ctx)
	check(t, err)
	var systems int
	check(t, s.reader.QueryRow(`SELECT count(*) FROM system`).Scan(&systems))
	if len(all) != 1 || systems != 1 || n != 2 {
		t.Errorf("%d records, %d systems, %d lines", len(all), systems, n)
	}
}

func TestPerson(t *testing.T) {
	s, id := fresh(t)
	name := func() string {
		r, err := s.Classification(ctx, id)
		check(t, err)
		return r.Classification.CreatedBy.Name
	}
	for _, c := range []struct{ set, want string }{{"Anna Ny", "Anna Ny"}, {"Anna Ny", "Anna Ny"}, {"", "Anna Ny"}} {
		check(t, s.EnsurePerson(ctx, engine.Person{ID: anna.ID, Name: c.set}))
		if name() != c.want {
			t.Errorf("set %q: %q", c.set, name())
		}
	}
	check(t, s.ErasePerson(ctx, "", anna.ID))
	if name() != "" {
		t.Errorf("erased: %q", name())
	}
	if s.EnsurePerson(ctx, engine.Person{Name: "x"}) == nil {
		t.Error("a person without an id was taken")
	}
}

func TestCatalog(t *testing.T) {
	s, _ := fresh(t)
	files := map[string][]byte{"catalog.toml": []byte("å = 1"), "empty": nil, "bytes": {0, 255}}
	check(t, s.PutCatalog(ctx, "h", files))
	check(t, s.PutCatalog(ctx, "h", files))
	got, err := s.Catalog(ctx, "h")
	check(t, err)
	if len(got) != 3 || string(got["catalog.toml"]) != "å = 1" || len(got["empty"]) != 0 || string(got["bytes"]) != "\x00\xff" {
		t.Errorf("got %q", got)
	}
	for name, other := range map[string]map[string][]byte{
		"content": {"catalog.toml": []byte("å = 2"), "empty": nil, "bytes": {0, 255}},
		"fewer":   {"catalog.toml": []byte("å = 1")},
		"none":    {},
	} {
		if s.PutCatalog(ctx, "h", other) == nil {
			t.Errorf("%s: other files under the same hash were taken", name)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	whole := func(t *testing.T) []byte { // a real database of some pages
		s, id := fresh(t)
		for range 20 {
			create(t, s)
		}
		mustSave(t, s, id, change("fact/x", `"`+strings.Repeat("x", 20000)+`"`, 0))
		check(t, s.Close())
		b, err := os.ReadFile(s.path)
		check(t, err)
		return b
	}
	for name, c := range map[string]struct {
		content func(t *testing.T) []byte
		words   string
	}{
		"text":        {func(*testing.T) []byte { return []byte(strings.Repeat("inte en databas ", 500)) }, "är inte en databas från Kravverk"},
		"short text":  {func(*testing.T) []byte { return []byte("hej") }, "är inte en databas från Kravverk"},
		"empty":       {func(*testing.T) []byte { return nil }, "är tom"},
		"header only": {func(t *testing.T) []byte { return whole(t)[:100] }, "är "},
		"half":        {func(t *testing.T) []byte { b := whole(t); return b[:len(b)/2] }, "är skadad"},
		"odd length":  {func(t *testing.T) []byte { b := whole(t); return b[:len(b)-1000] }, "är skadad"},
		"garbage inside": {func(t *testing.T) []byte {
			b := whole(t)
			for i := 4096; i < len(b); i++ {
				b[i] = byte(i * 7)
			}
			return b
		}, "är skadad"},
		"zeroes inside": {func(t *testing.T) []byte { b := whole(t); clear(b[8192:]); return b }, "är skadad"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "k.db")
			before := c.content(t)
			check(t, os.WriteFile(path, before, 0o600))
			s, err := Open(path, clock())
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			wantSentence(t, err, path, c.words)
			after, err := os.ReadFile(path)
			check(t, err)
			if string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
	t.Run("another program's database", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "k.db")
		check(t, os.WriteFile(path, nil, 0o600))
		db := raw(t, path)
		run(t, db, `CREATE TABLE migration (id INTEGER)`)
		check(t, db.Close())
		_, err := Open(path, clock())
		wantSentence(t, err, path, "är inte en databas från Kravverk")
	})
	t.Run("folder", func(t *testing.T) {
		_, err := Open(t.TempDir(), clock())
		wantSentence(t, err, "är en mapp")
	})
	t.Run("no folder", func(t *testing.T) {
		folder := filepath.Join(t.TempDir(), "saknas")
		_, err := Open(filepath.Join(folder, "k.db"), clock())
		wantSentence(t, err, folder, "finns inte")
	})
}

// TestOpenAfterCrash kills nothing, but leaves what a kill leaves: the file
// with its log, copied while in use.
func TestOpenAfterCrash(t *testing.T) {
	s, id := fresh(t)
	mustSave(t, s, id, change("fact/x", "true", 0))
	path := filepath.Join(t.TempDir(), "copy.db")
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(s.path + suffix)
		check(t, err)
		check(t, os.WriteFile(path+suffix, b, 0o600))
	}
	r, err := reopen(t, path).Classification(ctx, id)
	check(t, err)
	if string(r.Answers["fact/x"].Value) != "true" {
		t.Errorf("got %+v", r)
	}
}

func TestLocked(t *testing.T) {
	s, id := fresh(t)
	mustSave(t, s, id, change("fact/x", "1", 0))
	other := raw(t, s.path)
	run(t, other, `BEGIN IMMEDIATE`)
	_, err := s.SaveAnswers(ctx, anna.ID, id, "k", []engine.Change{change("fact/x", "2", 1)})
	wantSentence(t, err, "upptagen av ett annat program", "inget sparades")
	if _, err := s.Classification(ctx, id); err != nil {
		t.Errorf("reading while locked: %v", err)
	}
	_, err = open(s.path, clock(), fast)
	wantSentence(t, err, "upptagen av ett annat program")
	run(t, other, `ROLLBACK`)
	if a, err := s.SaveAnswers(ctx, anna.ID, id, "k", []engine.Change{change("fact/x", "2", 1)}); err != nil || a[0].Version != 2 {
		t.Errorf("after the lock: %+v %v", a, err)
	}
}

func TestDiskFull(t *testing.T) {
	s, id := fresh(t)
	mustSave(t, s, id, change("fact/x", "1", 0), change("fact/y", "1", 0))
	before, err := s.Classification(ctx, id)
	check(t, err)
	lines, err := s.VerifyJournal(ctx)
	check(t, err)
	limit := func(n int) {
		t.Helper()
		var got int
		check(t, s.writer.QueryRow(`PRAGMA page_count`).Scan(&got))
		if n == 0 {
			n = got
		}
		check(t, s.writer.QueryRow(`PRAGMA max_page_count = `+itoa(n)).Scan(&got))
	}
	limit(0)
	big := `"` + strings.Repeat("x", 200_000) + `"`
	_, err = s.SaveAnswers(ctx, anna.ID, id, "k", []engine.Change{change("fact/x", "2", 1), change("fact/y", big, 1)})
	wantSentence(t, err, "Disken är full", "inget sparades")
	after, err := s.Classification(ctx, id)
	check(t, err)
	n, err := s.VerifyJournal(ctx)
	check(t, err)
	if !reflect.DeepEqual(after, before) || n != lines {
		t.Errorf("after %+v, %d lines", after, n)
	}
	limit(1_000_000)
	if a, err := s.SaveAnswers(ctx, anna.ID, id, "k", []engine.Change{change("fact/x", "2", 1), change("fact/y", big, 1)}); err != nil || a[1].Version != 2 {
		t.Errorf("with room again: %v", err)
	}
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

func TestCanceled(t *testing.T) {
	s, id := fresh(t)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.SaveAnswers(gone, anna.ID, id, "", []engine.Change{change("a", "1", 0)}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	mustSave(t, s, id, change("a", "1", 0))
}
