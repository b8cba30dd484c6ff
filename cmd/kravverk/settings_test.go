package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSettings(t *testing.T) {
	for name, x := range map[string]struct {
		text, args, addr string
		keep             int
		every            time.Duration
		err              string
	}{
		"all kinds":             {"# min stad\naddr = \"127.0.0.1:9\"\nbackup-keep = 3\nbackup-every = \"6h\"\n", "", "127.0.0.1:9", 3, 6 * time.Hour, ""},
		"the command line wins": {"addr = \"127.0.0.1:9\"\nbackup-keep = 3", "--addr x", "x", 3, time.Hour, ""},
		"empty":                 {"", "", "standard", 14, time.Hour, ""},
		"unknown":               {"\nadr = \"x\"", "", "", 0, 0, "i.toml:2: inställningen adr finns inte. Menade du \"addr\"?"},
		"nothing like it":       {"utsikt = 1", "", "", 0, 0, "Kör kravverk serve --help"},
		"a file in a file":      {"config = \"x\"", "", "", 0, 0, "inställningen config finns inte"},
		"wrong kind":            {"addr = \"a\"\nbackup-keep = \"många\"", "", "", 0, 0, `i.toml:2: backup-keep kan inte ha värdet "många"`},
		"a list":                {"addr = [\"a\"]", "", "", 0, 0, "ska vara en text"},
		"twice":                 {"addr = \"a\"\naddr = \"b\"", "", "", 0, 0, "i.toml:2: raden är inte giltig TOML"},
		"not TOML":              {"addr: a", "", "", 0, 0, "i.toml:1: raden är inte giltig TOML"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.WriteFile("i.toml", []byte(x.text), 0o600); err != nil {
				t.Fatal(err)
			}
			flags := newFlags("serve")
			addr := flags.String("addr", "standard", "")
			keep := flags.Int("backup-keep", 14, "")
			every := flags.Duration("backup-every", time.Hour, "")
			flags.String("config", "", "")
			if _, err := parse(flags, strings.Fields(x.args)); err != nil {
				t.Fatal(err)
			}
			err := readSettings(flags, "i.toml")
			if x.err != "" {
				if err == nil || !strings.Contains(err.Error(), x.err) {
					t.Errorf("%v, want %s", err, x.err)
				}
				return
			}
			if err != nil || *addr != x.addr || *keep != x.keep || *every != x.every {
				t.Errorf("%v: %s %d %s", err, *addr, *keep, *every)
			}
		})
	}
	if err := readSettings(newFlags("serve"), filepath.Join(t.TempDir(), "borta.toml")); err == nil || !strings.Contains(err.Error(), "borta.toml") {
		t.Error(err)
	}
}
