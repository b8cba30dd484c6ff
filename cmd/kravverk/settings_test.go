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
		"text for a number":     {"addr = \"a\"\nbackup-keep = \"3\"", "", "", 0, 0, "i.toml:2: backup-keep ska vara ett heltal, utan citattecken."},
		"a part of a number":    {"backup-keep = 3.5", "", "", 0, 0, "i.toml:1: backup-keep ska vara ett heltal"},
		"a number for text":     {"addr = 8080", "", "", 0, 0, "i.toml:1: addr ska vara en text inom citattecken."},
		"text for yes":          {"\n\nbehind-proxy = \"true\"", "", "", 0, 0, "i.toml:3: behind-proxy ska vara true eller false"},
		"a number for time":     {"backup-every = 6", "", "", 0, 0, "i.toml:1: backup-every ska vara en text"},
		"no time":               {"backup-every = \"ofta\"", "", "", 0, 0, `i.toml:1: backup-every kan inte ha värdet "ofta".`},
		"wrong though unused":   {"backup-keep = \"3\"", "--backup-keep 4", "", 0, 0, "i.toml:1: backup-keep ska vara ett heltal"},
		"a list":                {"addr = [\"a\"]", "", "", 0, 0, "ska vara en text"},
		"a table":               {"[addr]\na = 1", "", "", 0, 0, "ska vara en text"},
		"a secret":              {"oidc-secret = \"hysch\"", "", "", 0, 0, "i.toml:1: hemligheter ska inte stå här. Lägg hemligheten i en egen fil, och ange filen med oidc-secret-file."},
		"twice":                 {"addr = \"a\"\naddr = \"b\"", "", "", 0, 0, "i.toml:2: addr står redan tidigare i filen."},
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
			flags.Bool("behind-proxy", false, "")
			flags.String("oidc-secret-file", "", "")
			flags.String("config", "", "")
			if _, err := parse(flags, strings.Fields(x.args)); err != nil {
				t.Fatal(err)
			}
			err := readSettings(flags, "i.toml")
			if x.err != "" {
				if err == nil || !strings.Contains(err.Error(), x.err) {
					t.Errorf("%v, want %s", err, x.err)
				}
				if err != nil && strings.Contains(err.Error(), "hysch") {
					t.Error("the secret is told")
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
