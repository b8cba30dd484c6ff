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
	copied := s.path + ".before-0005"
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
	wantSentence(t, err, s.path, "steg 0005")
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
