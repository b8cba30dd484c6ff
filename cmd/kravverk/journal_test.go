package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/store"
)

// kept gives a database in use, with one answer by the person p1.
func kept(t *testing.T) (db *store.Store, file, classification string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "k.db")
	db, err := store.Open(file, time.Now)
	fine(t, err)
	t.Cleanup(func() { db.Close() })
	ctx := context.Background()
	fine(t, db.EnsurePerson(ctx, engine.Person{ID: "p1", Name: "Anna Ärlig"}))
	fine(t, db.PutCatalog(ctx, "sha256:abc", map[string][]byte{"a.toml": nil}))
	r, err := db.CreateSystem(ctx, "p1", engine.System{Title: "Tågläge", Unit: store.TopUnit}, "A", "sha256:abc")
	fine(t, err)
	_, err = db.SaveAnswers(ctx, "p1", r.Classification.ID, "", []engine.Change{{Key: "fact/x", Value: json.RawMessage(`"hemligt"`)}})
	fine(t, err)
	return db, file, r.Classification.ID
}

func fine(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// says runs a command and holds what it said against the words: on stdout when
// it is to go well, and otherwise on stderr, in one line.
func says(t *testing.T, code int, words string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	got := run(args, strings.NewReader(""), &out, &errs)
	text, silent := out.String(), errs.String()
	if code != 0 {
		text, silent = silent, text
	}
	if got != code || !strings.Contains(text, words) || silent != "" || code != 0 && strings.Count(text, "\n") != 1 {
		t.Errorf("kravverk %s: %d\n%s%s", strings.Join(args, " "), got, text, silent)
	}
	return text
}

func TestJournalPurge(t *testing.T) {
	_, file, id := kept(t)
	secret := func() bool {
		data, err := os.ReadFile(file)
		fine(t, err)
		log, err := os.ReadFile(file + "-wal")
		fine(t, err)
		export := filepath.Join(t.TempDir(), "j.jsonl")
		says(t, 0, "Kontrollvärde: ", "journal", "export", "--db", file, "--output", export)
		lines, err := os.ReadFile(export)
		fine(t, err)
		if !strings.Contains(string(append(data, log...)), "hemligt") {
			t.Error("the answer of today is gone")
		}
		return strings.Contains(string(lines), "hemligt")
	}
	says(t, 0, "3 rader i journalen skulle tömmas på värden", "journal", "purge", "--db", file, "--person", "p1")
	says(t, 0, "2 rader i journalen skulle tömmas på värden", "journal", "purge", "--db", file, "--classification", id)
	if !secret() {
		t.Error("erased without --yes")
	}
	says(t, 0, "2 rader är tömda på värden", "journal", "purge", "--db", file, "--classification", id, "--yes")
	if secret() {
		t.Error("not erased")
	}
	says(t, 0, "1 rad i journalen skulle tömmas på värden", "journal", "purge", "--db", file, "--person", "p1")
	says(t, 0, "1 rad är tömd på värden", "journal", "purge", "--db", file, "--person", "p1", "--yes")
	says(t, 0, "Journalen håller ihop: 5 rader.", "journal", "verify", "--db", file)
	says(t, 1, "personen p2 finns inte", "journal", "purge", "--db", file, "--person", "p2", "--yes")
	says(t, 1, "klassningen x finns inte", "journal", "purge", "--db", file, "--classification", "x")
}

// A head that was noted tells of lines that were cut off, in the database and
// in a file.
func TestJournalHead(t *testing.T) {
	db, file, id := kept(t)
	head, err := db.JournalHead(context.Background())
	fine(t, err)
	says(t, 0, "Journalen håller ihop: 3 rader.\nKontrollvärde: "+head.String()+"\n", "journal", "verify", "--db", file, "--head", head.String())
	export := filepath.Join(t.TempDir(), "j.jsonl")
	says(t, 0, "3 rader.\nKontrollvärde: "+head.String(), "journal", "export", "--db", file, "--output", export, "--without-values")
	info, err := os.Stat(export)
	fine(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the export: %v", info.Mode())
	}
	says(t, 0, "3 rader", "journal", "verify", "--file", export, "--head", head.String())
	_, err = db.SaveAnswers(context.Background(), "p1", id, "", []engine.Change{{Key: "fact/x", Value: json.RawMessage("null"), Version: 1}})
	fine(t, err)
	next, err := db.JournalHead(context.Background())
	fine(t, err)
	says(t, 0, "4 rader", "journal", "verify", "--db", file, "--head", head.String())
	says(t, 1, "slutar vid rad 3, men kontrollvärdet togs vid rad 4", "journal", "verify", "--file", export, "--head", next.String())
	says(t, 1, "rad 3 är inte den som", "journal", "verify", "--db", file, "--head", "3"+next.String()[1:])
}
