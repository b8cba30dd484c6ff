package catalog_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/diag"
)

func soundBase(t testing.TB) string {
	t.Helper()
	data, err := os.ReadFile(lintCases + "/base.toml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func loadText(fsys fs.FS) string {
	_, list := catalog.Load(fsys, catalog.Options{})
	var b strings.Builder
	list.WriteText(&b, func(name string) []byte {
		data, _ := fs.ReadFile(fsys, name)
		return data
	})
	return b.String()
}

func codes(text string) string {
	var s []string
	for line := range strings.Lines(text) {
		if i := strings.LastIndex(line, " ["); i > 0 && line[0] != ' ' && strings.HasSuffix(line, "]\n") {
			s = append(s, line[i+2:len(line)-2])
		}
	}
	return strings.Join(s, " ")
}

const requirement = `
[[requirement]]
id = %q
area = "BEH"
title = "T"
is = "Ä."
obligation = "shall"
kind = "technical"
category = "specification"
concern = "own"
role = "systemagare"
verify = { contract = ["document"] }
references = []
basis = "proposal"
%s
`

// broken is a file system in which some paths cannot be read.
type broken struct {
	fstest.MapFS
	paths map[string]error
}

func (b broken) Open(name string) (fs.File, error) {
	if err := b.paths[name]; err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return b.MapFS.Open(name)
}

func (b broken) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := b.paths[name]; err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return b.MapFS.ReadDir(name)
}

func (b broken) ReadFile(name string) ([]byte, error) {
	if err := b.paths[name]; err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return b.MapFS.ReadFile(name)
}

func (b broken) Stat(name string) (fs.FileInfo, error) {
	// The directory is listed, but not what is in it.
	for path, err := range b.paths {
		if strings.HasPrefix(name, path+"/") {
			return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
		}
	}
	return b.MapFS.Stat(name)
}

func TestFilesThatCannotBeRead(t *testing.T) {
	sound := func() fstest.MapFS {
		return fstest.MapFS{
			"bas/catalog.toml":         {Data: []byte(soundBase(t))},
			"bas/requirements/01.toml": {Data: fmt.Appendf(nil, requirement, "BEH-90", "")},
		}
	}
	if got := loadText(sound()); strings.Contains(got, "fel:") {
		t.Fatal(got)
	}
	for path, want := range map[string]string{
		".":                        "fel: filen går inte att läsa: du har inte rätt att läsa den [read]",
		"bas":                      "bas/catalog.toml: fel: filen går inte att läsa: du har inte rätt att läsa den [read]",
		"bas/catalog.toml":         "bas/catalog.toml: fel: filen går inte att läsa: du har inte rätt att läsa den [read]",
		"bas/requirements":         "bas/requirements: fel: filen går inte att läsa: du har inte rätt att läsa den [read]",
		"bas/requirements/01.toml": "bas/requirements/01.toml: fel: filen går inte att läsa: du har inte rätt att läsa den [read]",
	} {
		if got := loadText(broken{sound(), map[string]error{path: fs.ErrPermission}}); !strings.Contains(got, want) {
			t.Errorf("%s: %s", path, got)
		}
	}
	if got := loadText(os.DirFS("finns-inte")); !strings.Contains(got, "den finns inte") {
		t.Error(got)
	}
	if got := loadText(fstest.MapFS{}); codes(got) != "no-base" {
		t.Error(got)
	}
	if got := loadText(fstest.MapFS{"a/catalog.toml": {Data: []byte(soundBase(t))}, "b/catalog.toml": {Data: []byte(soundBase(t))}}); codes(got) != "bases" {
		t.Error(got)
	}
	fsys := sound()
	fsys["bas/requirements/02.toml"] = &fstest.MapFile{Mode: fs.ModeDir}
	if got := loadText(fsys); !strings.Contains(got, "02.toml: fel: filen går inte att läsa") {
		t.Error(got)
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	fsys := fstest.MapFS{
		"catalog.toml": {Data: []byte(soundBase(t))},
		"requirements/01.toml": {Data: []byte(
			fmt.Sprintf(requirement, "BEH-90", "okand = 1") + // the schema
				fmt.Sprintf(requirement, "BEH-91", `when = [ { finns_inte = true } ]`) + // the meaning
				fmt.Sprintf(requirement, "BEH-92", `laws = ["finns-inte"]`))},
		"requirements/02.toml": {Data: []byte("a = ")}, // the file
		"p/profile.toml": {Data: []byte(`
[profile]
id = "p"
[[exclude]]
requirement = "BEH-90" # damaged: no mistake of its own
reason = "?"
[[exclude]]
requirement = "BEH-99" # may be in 02.toml
reason = "?"
[[prefill]]
requirement = "BEH-91"
answer = "yes"
how = "?"
source = "?"
strength = "contracted"
`)},
	}
	got := loadText(fsys)
	for code, n := range map[string]int{"unknown-key": 1, "row-key": 1, "unknown-ref": 1, "toml": 1, "contracted": 1, "missing-key": 8} {
		if c := strings.Count(got, "["+code+"]"); c != n {
			t.Errorf("%s is reported %d times, want %d", code, c, n)
		}
	}
	if n := len(strings.Fields(codes(got))); n != 13 {
		t.Errorf("%d mistakes are reported, want 13:\n%s", n, got)
	}
}

func TestABrokenItemGivesNoCascade(t *testing.T) {
	base := soundBase(t)
	for name, change := range map[string][2]string{
		"area":   {`id = "BEH"`, "id = \"BEH\"\nokand = 1"},
		"aspect": {`id = "K"`, "id = \"K\"\nokand = 1"},
		"level":  {`value = 2`, "value = 2\nokand = 1"},
		"role":   {`id = "systemagare"`, "id = \"systemagare\"\nokand = 1"},
	} {
		if !strings.Contains(base, change[0]) {
			t.Fatalf("base.toml has no %s", change[0])
		}
		text := strings.Replace(base, change[0], change[1], 1) + fmt.Sprintf(requirement, "BEH-90", "levels = { K = 2 }")
		if got := loadText(fstest.MapFS{"catalog.toml": {Data: []byte(text)}}); codes(got) != "unknown-key" {
			t.Errorf("%s:\n%s", name, got)
		}
	}
	fact := "\n[[fact]]\nid = \"x\"\ntype = \"bool\"\ntitle = \"x\"\nquestion = \"?\"\ngroup = \"G\"\n"
	for name, text := range map[string]string{
		"fact":    fact + "okand = 1\n" + strings.Replace(fact, `"x"`, `"y"`, 1) + "ask_when = [ { x = true } ]\n" + fmt.Sprintf(requirement, "BEH-90", "when = [ { x = true } ]"),
		"one row": fact + "ask_when = [ { okand = true } ]\n" + fmt.Sprintf(requirement, "BEH-90", "when = [ { x = true } ]"),
		"law":     fact + "\n[[law]]\nid = \"l\"\ntitle = \"l\"\nsource = \"?\"\neffect = \"?\"\nokand = 1\n" + fmt.Sprintf(requirement, "BEH-90", "when = [ { lagrum = \"l\" } ]\nlaws = [\"l\"]"),
	} {
		if got := loadText(fstest.MapFS{"catalog.toml": {Data: []byte(base + text)}}); codes(got) != "unknown-key" && codes(got) != "row-key" {
			t.Errorf("%s:\n%s", name, got)
		}
	}
}

func TestReservedIds(t *testing.T) {
	base := soundBase(t)
	fact := func(id string) string {
		return fmt.Sprintf("\n[[fact]]\nid = %q\ntype = \"bool\"\ntitle = \"x\"\nquestion = \"?\"\ngroup = \"G\"\n", id)
	}
	if got := loadText(fstest.MapFS{"catalog.toml": {Data: []byte(base + fact("lagrum"))}}); codes(got) != "lagrum" {
		t.Error(got)
	}
	stop := "\n[[stop]]\nid = \"stopp\"\nquestion = \"?\"\nhelp = \"?\"\nrefer_to = \"?\"\nreferral = \"?\"\n"
	if got := loadText(fstest.MapFS{"catalog.toml": {Data: []byte(base + stop + fact("stopp"))}}); codes(got) != "duplicate" {
		t.Error(got)
	}
}

// Editors and the web load in parallel.
func TestLoadInParallel(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			loadText(fstest.MapFS{"catalog.toml": {Data: []byte(soundBase(t) + fmt.Sprintf(requirement, "BEH-90", "okand = 1\neffort = 9"))}})
		})
	}
	wg.Wait()
}

// Every code that is used has its sentence, with as many blanks as it is given
// arguments, and every sentence is used.
func TestMessages(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	type call struct{ args int }
	calls := map[string][]call{}
	kept := map[string][2]string{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		text := func(e ast.Expr) string {
			lit, ok := e.(*ast.BasicLit)
			if !ok {
				return ""
			}
			s, err := strconv.Unquote(lit.Value)
			if err != nil {
				return ""
			}
			return s
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				f, ok := n.Fun.(*ast.SelectorExpr)
				if !ok || len(n.Args) < 2 {
					return true
				}
				before, ok := map[string]int{"add": 2, "warn": 2, "hint": 3}[f.Sel.Name]
				if code := text(n.Args[0]); ok && code != "" {
					calls[code] = append(calls[code], call{len(n.Args) - before})
				}
			case *ast.KeyValueExpr:
				if v, ok := n.Value.(*ast.CompositeLit); ok && len(v.Elts) == 2 && name == "messages.go" {
					kept[text(n.Key)] = [2]string{text(v.Elts[0]), text(v.Elts[1])}
				}
			}
			return true
		})
	}
	if len(kept) < 40 {
		t.Fatalf("found only %d messages", len(kept))
	}
	for code, m := range kept {
		if len(calls[code]) == 0 {
			t.Errorf("%s is never used", code)
		}
		if strings.HasSuffix(m[0], ".") || m[1] != "" && !strings.HasSuffix(m[1], ".") {
			t.Errorf("%s: a summary has no full stop, a detail has one: %q", code, m)
		}
	}
	for code, list := range calls {
		m, ok := kept[code]
		if !ok {
			t.Errorf("%s has no sentence", code)
		}
		for _, c := range list {
			args := make([]any, c.args)
			for i := range args {
				args[i] = "x"
			}
			for _, s := range m {
				if got := catalog.Fill(s, args); strings.Contains(got, "%!") {
					t.Errorf("%s with %d arguments: %s", code, c.args, got)
				}
			}
		}
	}
}

func FuzzLoad(f *testing.F) {
	base := soundBase(f)
	f.Add([]byte(base))
	f.Add([]byte("[catalog]\nid = 1\n[[aspect]]\n[[aspect]]\nid = \"K\""))
	f.Add(fmt.Appendf(nil, requirement, "BEH-90", "levels = { K = 2 }"))
	f.Add([]byte("requirement = [ { id = \"BEH-01\", when = [ {} ] } ]"))
	f.Add([]byte("a = nan\nb = [inf, 1e400]\n[c]\n'd/~' = 2026-11-23T00:00:00Z"))
	f.Fuzz(func(t *testing.T, data []byte) {
		check(t, fstest.MapFS{"catalog.toml": {Data: data}})
		check(t, fstest.MapFS{"catalog.toml": {Data: []byte(base)}, "requirements/x.toml": {Data: data}})
		check(t, fstest.MapFS{"catalog.toml": {Data: []byte(base)}, "p/profile.toml": {Data: data}})
		check(t, fstest.MapFS{"catalog.toml": {Data: []byte(base)}, "releases.toml": {Data: data}})
	})
}

func FuzzRows(f *testing.F) {
	base := soundBase(f)
	f.Add("K", `">=2"`)
	f.Add("drift", `["moln", "egen"]`)
	f.Add("lagrum", `"gdpr-32"`)
	f.Add(`"å/~"`, `1.5`)
	f.Add("x", "{ y = [ { z = nan } ] }")
	f.Fuzz(func(t *testing.T, key, value string) {
		row := fmt.Sprintf("[ { %s = %s } ]", key, value)
		check(t, fstest.MapFS{"catalog.toml": {Data: []byte(base + fmt.Sprintf(requirement, "BEH-90", "when = "+row+"\nunless = "+row) +
			"\n[[fact]]\nid = \"ny\"\ntype = \"bool\"\ntitle = \"x\"\nquestion = \"?\"\ngroup = \"G\"\nask_when = " + row + "\n")}})
	})
}

// check holds what is true of every load and what is proven of it: no panic, a
// catalogue or an error, and every place within its file.
func check(t *testing.T, fsys fstest.MapFS) {
	t.Helper()
	c, list := catalog.Load(fsys, catalog.Options{Date: "2026-11-23"})
	if (c == nil) != list.HasErrors() {
		t.Errorf("catalogue %v beside errors %v", c != nil, list.HasErrors())
	}
	if c != nil {
		list = append(list, catalog.Analyze(c).Findings...)
	}
	for _, d := range list {
		if d.Summary == "" || strings.Contains(d.Summary+d.Detail, "%!") {
			t.Errorf("%+v", d)
		}
		f := fsys[d.Range.File]
		if f == nil {
			continue
		}
		lines := strings.Split(strings.TrimPrefix(string(f.Data), diag.BOM), "\n")
		if d.Range.Line > len(lines) || d.Range.Line > 0 && d.Range.Col > len([]rune(lines[d.Range.Line-1]))+1 {
			t.Errorf("outside the file: %+v", d)
		}
	}
	if err := list.WriteText(errWriter{}, func(name string) []byte { return fsys[name].Data }); len(list) > 0 && !errors.Is(err, errWrite) {
		t.Error("a write error is lost")
	}
}

var errWrite = errors.New("full")

type errWriter struct{}

func (errWriter) Write([]byte) (int, error) { return 0, errWrite }
