package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/kravverk/kravverk/engine"
)

// later is the shipped migrations and more.
func later(t *testing.T, more ...string) settings {
	t.Helper()
	fsys := fstest.MapFS{}
	for _, m := range shipped {
		fsys[m.name] = &fstest.MapFile{Data: []byte(m.sql)}
	}
	for i, sql := range more {
		fsys["migrations/000"+itoa(len(shipped)+i+1)+"_more.sql"] = &fstest.MapFile{Data: []byte(sql)}
	}
	return settings{steps: steps(fsys), busy: fast.busy}
}

func openClose(t *testing.T, path string, set settings) {
	t.Helper()
	s, err := open(path, clock(), set)
	check(t, err)
	check(t, s.Close())
}

func names(t *testing.T, folder string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	check(t, err)
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestMigrate(t *testing.T) {
	s, id := fresh(t)
	mustSave(t, s, id, change("fact/x", "1", 0))
	check(t, s.Close())
	openClose(t, s.path, fast) // nothing to do: no copy
	if got := names(t, filepath.Dir(s.path)); len(got) != 1 {
		t.Fatalf("files %v", got)
	}
	two := later(t, `CREATE TABLE extra (n INTEGER);`, `INSERT INTO extra VALUES (1); INSERT INTO extra VALUES (2);`)
	openClose(t, s.path, two)
	openClose(t, s.path, two) // once is enough
	db := raw(t, s.path)
	var n, steps int
	check(t, db.QueryRow(`SELECT count(*) FROM extra`).Scan(&n))
	check(t, db.QueryRow(`SELECT count(*) FROM migration`).Scan(&steps))
	check(t, db.Close())
	if n != 2 || steps != len(shipped)+2 {
		t.Errorf("%d rows, %d steps", n, steps)
	}
	// The copy is a whole database of the version before.
	copied := s.path + ".before-0006"
	info, err := os.Stat(copied)
	check(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the copy: %v", info.Mode())
	}
	if got := names(t, filepath.Dir(s.path)); len(got) != 2 {
		t.Errorf("files %v", got)
	}
	r, err := reopen(t, copied).Classification(ctx, id)
	check(t, err)
	if string(r.Answers["fact/x"].Value) != "1" {
		t.Errorf("copy %+v", r)
	}
	_, err = Open(s.path, clock())
	wantSentence(t, err, "Databasen kommer från en nyare version av Kravverk")
	if !errors.Is(err, ErrNewer) {
		t.Error(err)
	}
}

func TestFailedMigrationChangesNothing(t *testing.T) {
	s, id := fresh(t)
	check(t, s.Close())
	for range 2 { // the copy of the first try is no hindrance
		if _, err := open(s.path, clock(), later(t, `CREATE TABLE extra (n INTEGER);`, `DROP TABLE answer; INSERT INTO nowhere VALUES (1);`)); err == nil {
			t.Fatal("opened")
		}
	}
	s = reopen(t, s.path)
	mustSave(t, s, id, change("fact/x", "1", 0))
	var n int
	check(t, s.reader.QueryRow(`SELECT count(*) FROM sqlite_master WHERE name = 'extra'`).Scan(&n))
	if n != 0 {
		t.Error("half of the migration is there")
	}
}

func TestChangedMigrationIsRefused(t *testing.T) {
	s, _ := fresh(t)
	check(t, s.Close())
	openClose(t, s.path, later(t, `CREATE TABLE extra (n INTEGER);`))
	_, err := open(s.path, clock(), later(t, `CREATE TABLE extra (m INTEGER);`))
	wantSentence(t, err, s.path, "steg 0006")
	openClose(t, s.path, later(t, "CREATE TABLE extra (n INTEGER);")) // still whole
}

func TestLineEndsAreNoChange(t *testing.T) {
	s, _ := fresh(t)
	check(t, s.Close())
	openClose(t, s.path, later(t, "CREATE TABLE extra (\n n INTEGER);"))
	openClose(t, s.path, later(t, "CREATE TABLE extra (\r\n n INTEGER);"))
}

func TestBadMigrationNames(t *testing.T) {
	for _, name := range []string{"0002_gap.sql", "first.sql", "0001.sql"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s was taken", name)
				}
			}()
			steps(fstest.MapFS{"migrations/" + name: {Data: []byte("SELECT 1")}})
		}()
	}
}

func TestTwoOpenAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "k.db")
	a, b := reopen(t, path), reopen(t, path)
	check(t, a.EnsurePerson(ctx, anna))
	check(t, b.EnsurePerson(ctx, engine.Person{ID: "p9", Name: "Nio"}))
}

// Which file an old tender's answers were read from is written down where it
// cannot have been another, and nowhere else.
func TestFilesThatWereRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "k.db")
	old := settings{steps: shipped[:4], busy: fast.busy}
	openClose(t, path, old)
	db := raw(t, path)
	_, err := db.Exec(`INSERT INTO person VALUES ('p1', 'Anna'); INSERT INTO catalog VALUES ('h', '');
		INSERT INTO system (id, title, description, unit, members, created_at, created_by) VALUES ('s1', 'S', '', 'u', 0, '', 'p1');
		INSERT INTO classification (id, system_id, type, catalog_hash, created_at, created_by) VALUES ('c1', 's1', 'B', 'h', '', 'p1');`)
	check(t, err)
	for id, x := range map[string]struct {
		version int
		refused []string
	}{"one": {1, []string{""}}, "two": {1, []string{"", ""}}, "unread": {0, []string{""}}, "second": {3, []string{"trasig", ""}}} {
		_, err := db.Exec(`INSERT INTO tender (id, classification_id, tenderer, received_at, received_by, version, publication, claims) VALUES ($1, 'c1', $1, '', 'p1', $2, 1, '{}')`, id, x.version)
		check(t, err)
		for i, refused := range x.refused {
			_, err := db.Exec(`INSERT INTO tender_file VALUES ($1, $2, 'f', 's', '', 'p1', $3, x'00')`, id, i+1, refused)
			check(t, err)
		}
	}
	check(t, db.Close())
	check(t, reopen(t, path).Close())
	db = raw(t, path)
	defer db.Close()
	for id, want := range map[string]int{"one": 1, "two": 0, "unread": 0, "second": 2} {
		var got int
		check(t, db.QueryRow(`SELECT file FROM tender WHERE id = $1`, id).Scan(&got))
		if got != want {
			t.Errorf("%s: %d, want %d", id, got, want)
		}
	}
}
