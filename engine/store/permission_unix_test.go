//go:build unix

package store

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// TestMain lets the test binary also be the program that may not write: root
// may write anywhere, so the test below runs it as nobody.
func TestMain(m *testing.M) {
	if path := os.Getenv("KRAVVERK_TEST_OPEN"); path != "" {
		_, err := Open(path, clock())
		fmt.Print(err)
		return
	}
	os.Exit(m.Run())
}

func TestNoPermission(t *testing.T) {
	for name, c := range map[string]struct {
		exists       bool
		file, folder os.FileMode
	}{
		"new file":            {false, 0, 0o555},
		"read-only file":      {true, 0o444, 0o777},
		"unreadable file":     {true, 0, 0o777},
		"read-only folder":    {true, 0o666, 0o555},
		"everything readonly": {true, 0o444, 0o555},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			check(t, os.Chmod(filepath.Dir(folder), 0o755))
			path := filepath.Join(folder, "k.db")
			if c.exists {
				s, err := Open(path, clock())
				check(t, err)
				check(t, s.Close())
				check(t, os.Chmod(path, c.file))
			}
			check(t, os.Chmod(folder, c.folder))
			t.Cleanup(func() { os.Chmod(folder, 0o700) })
			wantSentence(t, openAsNobody(t, path), path, "får inte läsa och skriva", "skrivrätt")
		})
	}
}

func openAsNobody(t *testing.T, path string) error {
	if os.Geteuid() != 0 {
		_, err := Open(path, clock())
		return err
	}
	if runtime.GOOS != "linux" {
		t.Skip("root may write anywhere")
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "KRAVVERK_TEST_OPEN="+path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.Output() // a coverage run complains on stderr
	check(t, err)
	return &Error{Sentence: string(out)}
}
