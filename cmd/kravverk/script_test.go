package main

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the stories expect")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kravverk": main})
}

// The stories are run with the small catalogue of testdata/lint in kat/bas,
// unless they bring one of their own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(env *testscript.Env) error {
			target := filepath.Join(env.WorkDir, "kat", "bas", "catalog.toml")
			if _, err := os.Stat(target); !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			data, err := os.ReadFile("../../testdata/lint/base.toml")
			if err != nil {
				return err
			}
			if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
				return err
			}
			return os.WriteFile(target, data, 0o644)
		},
	})
}
