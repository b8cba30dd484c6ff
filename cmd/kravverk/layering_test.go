package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "github.com/kravverk/kravverk"
)

// mayImport is which of our packages each may import: a set, not a chain. "*"
// is everything. A package that is not here may not exist.
var mayImport = map[string][]string{
	"catalogs":           {},
	"schemas":            {},
	"engine/diag":        {},
	"engine/certificate": {},
	"engine/rule":        {"engine/diag"},
	"engine/catalog":     {"engine/diag", "engine/rule", "schemas"},
	"engine":             {"engine/catalog", "engine/rule", "engine/diag", "engine/certificate"},
	"engine/portfolio":   {"engine", "engine/catalog", "engine/rule"},
	"engine/workbook":    {"engine", "engine/catalog", "engine/diag", "engine/portfolio"},
	"engine/exchange":    {"engine", "engine/catalog", "engine/diag", "engine/portfolio"},
	"engine/store":       {"engine", "engine/catalog"},
	"web": {
		"engine", "engine/catalog", "engine/certificate", "engine/diag", "engine/exchange",
		"engine/portfolio", "engine/rule", "engine/workbook",
	},
	"cmd/kravverk": {"*"},
}

// pure are the packages without a world around them: files come as fs.FS and
// today's date as an argument.
var pure = []string{"engine/diag", "engine/rule", "engine/catalog", "engine/certificate", "engine", "engine/portfolio"}

// impure is what they may not import, with everything below it.
var impure = []string{"os", "net/http", "database/sql", "log"}

// topLevel is all that may stand at the root, dot-files aside.
var topLevel = []string{
	"cmd", "catalogs", "engine", "web", "schemas", "testdata", "go.mod", "go.sum", "Makefile", "README.md", "LICENSE",
}

// The sources are read here, not by `go list`: a test that runs a command is
// cached and passes stale.
func TestLayering(t *testing.T) {
	for folder, files := range sources(t) {
		allowed, known := mayImport[folder]
		if !known {
			t.Errorf("%s is not in the table of architecture.md; add it there and here, or move it", folder)
			continue
		}
		for _, f := range files {
			for _, spec := range f.ast.Imports {
				target, _ := strconv.Unquote(spec.Path.Value)
				if own, ok := strings.CutPrefix(target, module+"/"); ok && !slices.Contains(allowed, own) && !slices.Contains(allowed, "*") {
					t.Errorf("%s: %s may not import %s", f.at(spec), folder, own)
				}
				if slices.Contains(pure, folder) && slices.ContainsFunc(impure, func(p string) bool { return target == p || strings.HasPrefix(target, p+"/") }) {
					t.Errorf("%s: %s is pure and may not import %s", f.at(spec), folder, target)
				}
			}
			if folder == "engine/certificate" {
				for _, spec := range f.ast.Imports {
					if target, _ := strconv.Unquote(spec.Path.Value); strings.Contains(strings.Split(target, "/")[0], ".") {
						t.Errorf("%s: engine/certificate holds to the standard library, not %s", f.at(spec), target)
					}
				}
			}
		}
	}
}

func TestNoClockInPurePackages(t *testing.T) {
	all := sources(t)
	for _, folder := range pure {
		for _, f := range all[folder] {
			ast.Inspect(f.ast, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == f.name("time") && slices.Contains([]string{"Now", "Since", "Until", "After", "Tick", "NewTimer", "NewTicker", "Sleep"}, sel.Sel.Name) {
					t.Errorf("%s: %s is pure and may not ask the clock (time.%s)", f.at(n), folder, sel.Sel.Name)
				}
				return true
			})
		}
	}
}

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(topLevel, e.Name()) {
			t.Errorf("%s does not belong at the top; see architecture.md", e.Name())
		}
	}
}

type source struct {
	fset *token.FileSet
	ast  *ast.File
}

func (s source) at(n ast.Node) string { return s.fset.Position(n.Pos()).String() }

// name is what the file calls an imported package.
func (s source) name(importPath string) string {
	for _, spec := range s.ast.Imports {
		if p, _ := strconv.Unquote(spec.Path.Value); p == importPath {
			if spec.Name != nil {
				return spec.Name.Name
			}
			return path.Base(importPath)
		}
	}
	return ""
}

// sources parses all Go files but tests, by folder, whatever their build tags.
func sources(t *testing.T) map[string][]source {
	t.Helper()
	out := map[string][]source{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(name))
		folder := filepath.ToSlash(rel)
		out[folder] = append(out[folder], source{fset, file})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
