package catalog_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
)

var update = flag.Bool("update", false, "rewrite the golden parts")

const lintCases = "../../testdata/lint"

// A case is a catalogue with mistakes and, last, under "golden", what its author
// is told. One without a catalog.toml gets that of base.toml. The texts are
// proofread in those whose names begin with "text-": the others say as little as
// they can. Read the diff before committing what -update wrote.
func TestLint(t *testing.T) {
	base, err := os.ReadFile(lintCases + "/base.toml")
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(lintCases + "/*.txtar")
	if err != nil || len(names) < 12 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			fsys := fstest.MapFS{"catalog.toml": {Data: base}}
			var golden *txtar.File
			for i := range archive.Files {
				f := &archive.Files[i]
				switch {
				case f.Name == "golden":
					golden = f
				case strings.HasSuffix(f.Name, "/catalog.toml"):
					delete(fsys, "catalog.toml")
					fallthrough
				default:
					fsys[f.Name] = &fstest.MapFile{Data: f.Data}
				}
			}
			got := lintText(t, fsys, strings.HasPrefix(filepath.Base(name), "text-"))
			if golden == nil {
				archive.Files = append(archive.Files, txtar.File{Name: "golden"})
				golden = &archive.Files[len(archive.Files)-1]
			}
			if bytes.Equal(got, golden.Data) {
				return
			}
			if !*update {
				t.Fatalf("got\n%s\nwant\n%s", got, golden.Data)
			}
			golden.Data = got
			if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func lintText(t *testing.T, fsys fs.FS, proofread bool) []byte {
	t.Helper()
	c, list := catalog.Load(fsys, catalog.Options{Date: "2026-11-23"})
	if (c == nil) != list.HasErrors() {
		t.Errorf("catalogue %v beside errors %v", c != nil, list.HasErrors())
	}
	if c != nil {
		_, cases := engine.Cases(c, fsys)
		list = append(list, cases...)
		list = append(list, catalog.Analyze(c).Findings...)
		if proofread {
			list = append(list, catalog.Proofread(c)...)
		}
	}
	var b bytes.Buffer
	if err := list.WriteText(&b, func(name string) []byte { data, _ := fs.ReadFile(fsys, name); return data }); err != nil {
		t.Fatal(err)
	}
	if b.Len() == 0 {
		fmt.Fprintln(&b, "inga fel")
	}
	return b.Bytes()
}
