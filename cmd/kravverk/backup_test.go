package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kravverk/kravverk/engine"
)

// A day when it is needed: the backup is taken while the tool is in use, and
// is restored only once it is not.
func TestBackupAndRestore(t *testing.T) {
	db, file, id := kept(t)
	folder := t.TempDir()
	says(t, 0, "3 rader i journalen.\nSHA-256: ", "backup", "--db", file, "--output", folder)
	copies, err := filepath.Glob(filepath.Join(folder, "kravverk-*.db"))
	fine(t, err)
	if len(copies) != 1 {
		t.Fatalf("copies %v", copies)
	}
	_, err = db.SaveAnswers(context.Background(), "p1", id, "", []engine.Change{{Key: "fact/x", Value: json.RawMessage("null"), Version: 1}})
	fine(t, err)
	says(t, 1, "--replace", "restore", copies[0], "--db", file)
	says(t, 1, "används: stoppa Kravverk", "restore", copies[0], "--db", file, "--replace")
	says(t, 0, "4 rader", "journal", "verify", "--db", file)
	fine(t, db.Close())
	if text := says(t, 0, "med 3 rader i journalen.\nDen gamla databasen finns kvar som ", "restore", copies[0], "--db", file, "--replace"); strings.Contains(text, "sha256") {
		t.Errorf("the checksum was not used: %s", text)
	}
	says(t, 0, "3 rader", "journal", "verify", "--db", file)
	aside, err := filepath.Glob(file + ".before-restore-*")
	fine(t, err)
	if len(aside) != 1 {
		t.Fatalf("kept %v", aside)
	}
	says(t, 0, "4 rader", "journal", "verify", "--db", aside[0])

	fine(t, os.Remove(copies[0]+".sha256"))
	says(t, 0, "Det finns ingen "+copies[0]+".sha256 att jämföra kopian med", "restore", copies[0], "--db", filepath.Join(t.TempDir(), "ny.db"))
}
