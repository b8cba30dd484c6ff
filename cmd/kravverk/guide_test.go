package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/BurntSushi/toml"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/schemas"
)

// block is an example in the author's guide. One with a file name is part of
// that file, in the guide's order.
var block = regexp.MustCompile("(?ms)^ *```(?:toml|markdown) ?([^\n]*)\n(.*?)^ *```$")

func guide(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(root + "/catalogs/README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// The examples of the author's guide are together a catalogue without remark.
func TestGuideExamplesWork(t *testing.T) {
	files := fstest.MapFS{}
	for _, m := range block.FindAllStringSubmatch(guide(t), -1) {
		if err := toml.Unmarshal([]byte(m[2]), new(map[string]any)); err != nil && !strings.HasSuffix(m[1], ".md") {
			t.Errorf("%v in\n%s", err, m[2])
		}
		name := m[1]
		switch {
		case name == "":
			continue
		case name == "catalog.toml":
			name = "bas/catalog.toml"
		}
		if files[name] == nil {
			files[name] = &fstest.MapFile{}
		}
		files[name].Data = append(files[name].Data, m[2]+"\n"...)
	}
	c, list := catalog.Load(files, catalog.Options{Date: "2026-11-23"})
	n := 0
	if c != nil {
		cases, more := engine.Cases(c, files)
		k := len(cases)
		list, n = append(append(list, more...), catalog.Analyze(c).Findings...), k
	}
	for _, d := range list {
		t.Errorf("%s: %s [%s]", d.Range, d.Summary, d.Code)
	}
	if n == 0 {
		t.Error("no case was run")
	}
}

// Every key that the schemas know is explained.
func TestGuideNamesEveryKey(t *testing.T) {
	text := guide(t)
	entries, err := schemas.Files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				if properties, ok := e.(map[string]any); ok && k == "properties" {
					for key := range properties {
						seen[key] = true
					}
				}
				walk(e)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	for _, e := range entries {
		data, err := schemas.Files.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		var schema any
		if err := json.Unmarshal(data, &schema); err != nil {
			t.Fatal(err)
		}
		walk(schema)
	}
	for key := range seen {
		if len(key) == 1 && key >= "0" && key <= "9" {
			continue // levels
		}
		named := []string{"`" + key + "`", "`[" + key + "]`", "`[[" + key + "]]`", "[[" + key + "]]"}
		if !slices.ContainsFunc(named, func(n string) bool { return strings.Contains(text, n) }) {
			t.Errorf("catalogs/README.md does not explain %q", key)
		}
	}
}

// Every code that lint can give is explained, and none that it cannot.
func TestGuideNamesEveryCode(t *testing.T) {
	text := guide(t)
	_, reference, ok := strings.Cut(text, "\n## Felkoder\n")
	if !ok {
		t.Fatal("the guide has no chapter on codes")
	}
	codes := map[string]bool{"case": true, "read": true} // given outside package catalog's table
	fset := gotoken.NewFileSet()
	file, err := parser.ParseFile(fset, root+"/engine/catalog/messages.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != "messages" {
			return true
		}
		for _, e := range spec.Values[0].(*ast.CompositeLit).Elts {
			code, err := strconv.Unquote(e.(*ast.KeyValueExpr).Key.(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			codes[code] = true
		}
		return false
	})
	if len(codes) < 100 {
		t.Fatalf("only %d codes found", len(codes))
	}
	named := map[string]bool{}
	for row := range strings.Lines(reference) {
		first, _, _ := strings.Cut(strings.TrimPrefix(row, "|"), "|")
		for _, m := range regexp.MustCompile("`([a-z][a-z0-9.-]*)`").FindAllStringSubmatch(first, -1) {
			if strings.HasPrefix(row, "|") {
				named[m[1]] = true
			}
		}
	}
	for code := range codes {
		if !named[code] {
			t.Errorf("the guide does not explain %q", code)
		}
	}
	for code := range named {
		if !codes[code] {
			t.Errorf("the guide explains %q, which lint never gives", code)
		}
	}
}
