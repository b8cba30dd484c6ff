package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestWriteFileKeepsTheOldOneWhenItFails(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "ut.xlsx")
	if err := os.WriteFile(name, []byte("förra"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := writeFile(name, func(w io.Writer) error {
		io.WriteString(w, "halv")
		return &os.PathError{Op: "write", Path: name, Err: syscall.ENOSPC}
	})
	if err == nil || !strings.Contains(err.Error(), "disken är full") {
		t.Errorf("got %v", err)
	}
	holds(t, dir, "ut.xlsx", "förra")

	err = writeFile(name, func(w io.Writer) error { _, err := io.WriteString(w, "ny"); return err })
	if err != nil {
		t.Error(err)
	}
	holds(t, dir, "ut.xlsx", "ny")
	if info, _ := os.Stat(name); info.Mode().Perm() != 0o600 {
		t.Errorf("the mode became %v", info.Mode())
	}
}

// holds tells whether the folder has this one file and nothing left over.
func holds(t *testing.T, dir, name, content string) {
	t.Helper()
	entries, _ := os.ReadDir(dir)
	if len(entries) != 1 || entries[0].Name() != name {
		t.Errorf("the folder holds %v", entries)
	}
	if data, _ := os.ReadFile(filepath.Join(dir, name)); string(data) != content {
		t.Errorf("the file holds %q", data)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// A list that could not be written is no list, whatever command made it.
func TestFullDiskIsNoSuccess(t *testing.T) {
	for _, args := range [][]string{{"lint"}, {"lint", "--format", "json"}, {"help"}, {"derive", "--help"}} {
		var said strings.Builder
		if code := run(args, strings.NewReader(""), fullDisk{}, &said); code != 1 || !strings.Contains(said.String(), "disken är full") {
			t.Errorf("%v: exit %d, said %q", args, code, &said)
		}
	}
}

func TestFilesThatAreTooLarge(t *testing.T) {
	_, err := readFile(env{stdin: endless{}}, "-", maxFile)
	if err == nil || !strings.Contains(err.Error(), "5 MB") {
		t.Errorf("got %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
