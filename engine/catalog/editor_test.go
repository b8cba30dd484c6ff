package catalog

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

const shippedFolder = "../../catalogs"

func shippedSchemas(t *testing.T) (fs.FS, map[string][]byte) {
	t.Helper()
	fsys := os.DirFS(shippedFolder)
	files, list := EditorSchemas(fsys)
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no schemas")
	}
	return fsys, files
}

func TestShippedEditorSchemasAreFresh(t *testing.T) {
	fsys, files := shippedSchemas(t)
	for name, want := range files {
		got, err := fs.ReadFile(fsys, name)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("catalogs/%s is out of date: run `go run ./cmd/kravverk schema catalogs`", name)
		}
	}
}

// The shipped files keep to their schemas, and each says on its first line
// which one that is.
func TestShippedFilesKeepToEditorSchemas(t *testing.T) {
	fsys, files := shippedSchemas(t)
	compiled := compileAll(t, files)
	pointer := regexp.MustCompile(`^#:schema (\S+)\r?\n`)
	for _, pattern := range []string{"*/catalog.toml", "*/profile.toml", "*/requirements/*.toml"} {
		names, err := fs.Glob(fsys, pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v, %v", pattern, names, err)
		}
		for _, name := range names {
			data, err := fs.ReadFile(fsys, name)
			if err != nil {
				t.Fatal(err)
			}
			m := pointer.FindSubmatch(data)
			if m == nil {
				t.Errorf("%s: the first line is no #:schema", name)
				continue
			}
			schema := path.Join(path.Dir(name), string(m[1]))
			if compiled[schema] == nil {
				t.Errorf("%s: there is no schema %s", name, schema)
				continue
			}
			if err := compiled[schema].Validate(tree(t, name, data)); err != nil {
				t.Errorf("%s: %#v", name, err)
			}
		}
	}
}

// Editors read draft-07 and leave out what they do not know.
func TestEditorSchemasUseWhatEditorsKnow(t *testing.T) {
	_, files := shippedSchemas(t)
	for name, data := range files {
		for _, word := range []string{"unevaluatedProperties", "prefixItems", "dependentSchemas", `"$id"`, ".schema.json#"} {
			if bytes.Contains(data, []byte(word)) {
				t.Errorf("%s uses %s", name, word)
			}
		}
		var schema object
		if err := json.Unmarshal(data, &schema); err != nil {
			t.Fatal(err)
		}
		if schema["$schema"] != "http://json-schema.org/draft-07/schema#" {
			t.Errorf("%s: %v", name, schema["$schema"])
		}
	}
}

func TestEditorSchemasAreDeterministic(t *testing.T) {
	_, first := shippedSchemas(t)
	for range 5 {
		_, again := shippedSchemas(t)
		for name := range first {
			if !bytes.Equal(first[name], again[name]) {
				t.Fatalf("%s differs between runs", name)
			}
		}
	}
}

// What an editor is to stop, row by row.
func TestEditorSchemaRows(t *testing.T) {
	fsys := fstest.MapFS{
		"bas/catalog.toml": {Data: []byte(`
catalog = { id = "bas", version = "2026.1" }
aspect = [ { id = "K", title = "Konfidentialitet" } ]
area = [ { id = "BEH", title = "Behörighet" } ]
role = [ { id = "agare", title = "Ägare" } ]
fact = [
  { id = "moln", type = "bool", title = "molntjänst" },
  { id = "drift", type = "choice", title = "drift", options = [ { id = "egen", title = "Egen" }, { id = "hyrd", title = "Hyrd" } ] },
  { id = "halvskriven", type = "val" },
]
law = [ { id = "gdpr", title = "Dataskydd" } ]
`)},
		// A row with a mistake is no hindrance.
		"bas/requirements/beh.toml": {Data: []byte("[[requirement]]\nid = \"BEH-01\"\nwhen = [ { finns_inte = true } ]\n")},
		"p/profile.toml":            {Data: []byte("[[fact]]\nid = \"egen_uppgift\"\ntype = \"bool\"\ntitle = \"egen\"\n[[agreement]]\nid = \"avtal\"\ntitle = \"Avtal\"\n")},
	}
	files, list := EditorSchemas(fsys)
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	schemas := compileAll(t, files)
	head := `[profile]
id = "p"
version = "2026.1"
title = "P"
status = "draft"
issued = 2026-11-23
license = "CC0-1.0"
extends = "bas@2026.1"
precedence = 1
`
	for _, x := range []struct {
		toml string
		ok   bool
	}{
		{`offered_when = [ { moln = true } ]`, true},
		{`offered_when = [ { moln = "ja" } ]`, false},
		{`offered_when = [ { drift = "hyrd" } ]`, true},
		{`offered_when = [ { drift = ["hyrd", "egen"] } ]`, true},
		{`offered_when = [ { drift = "hyr" } ]`, false},
		{`offered_when = [ { drift = [] } ]`, false},
		{`offered_when = [ { dirft = "hyrd" } ]`, false},
		{`offered_when = [ { K = ">=2" } ]`, true},
		{`offered_when = [ { K = "> 1" } ]`, true},
		{`offered_when = [ { K = ">=0" } ]`, false},
		{`offered_when = [ { K = 2 } ]`, false},
		{`offered_when = [ { R = ">=2" } ]`, false},
		{`offered_when = [ { lagrum = "gdpr" } ]`, true},
		{`offered_when = [ { lagrum = ["gdrp"] } ]`, false},
		{`offered_when = [ { egen_uppgift = false } ]`, true},
		{`offered_when = [ { halvskriven = "vad som helst" } ]`, true},
		{`offered_when = [ {} ]`, false},
		{"offered_when = [ { moln = true } ]\n[[exclude]]\nrequirement = \"BEH-01\"\nreason = \"x\"", true},
		{"offered_when = [ { moln = true } ]\n[[exclude]]\nrequirement = \"BEH-02\"\nreason = \"x\"", false},
		{"offered_when = [ { moln = true } ]\n[[adjust]]\nrequirement = \"BEH-01\"\nrole = \"äger\"\nreason = \"x\"", false},
		{"offered_when = [ { moln = true } ]\n[[adjust]]\nrequirement = \"BEH-01\"\nlevels = { R = 1 }\nreason = \"x\"", false},
	} {
		err := schemas["p/profile.schema.json"].Validate(tree(t, "p/profile.toml", []byte(head+x.toml)))
		if (err == nil) != x.ok {
			t.Errorf("%s\ngot %v, want ok %v", x.toml, err, x.ok)
		}
	}
	if bytes.Contains(files["bas/catalog.schema.json"], []byte("egen_uppgift")) {
		t.Error("the base knows a fact of the profile's")
	}
	if _, ok := files["p/requirements.schema.json"]; ok {
		t.Error("a profile without requirements got a schema for them")
	}
}

func TestEditorSchemasNeedTOML(t *testing.T) {
	files, list := EditorSchemas(fstest.MapFS{"catalog.toml": {Data: []byte("[catalog\n")}})
	if files != nil || !list.HasErrors() || list[0].Code != "toml" {
		t.Errorf("%v, %v", files, list)
	}
	files, list = EditorSchemas(fstest.MapFS{})
	if files != nil || !list.HasErrors() {
		t.Errorf("%v, %v", files, list)
	}
}

func compileAll(t *testing.T, files map[string][]byte) map[string]*jsonschema.Schema {
	t.Helper()
	out := map[string]*jsonschema.Schema{}
	for name, data := range files {
		c := jsonschema.NewCompiler()
		c.Draft = jsonschema.Draft7
		if err := c.AddResource("https://kravverk.invalid/own/"+name, bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
		schema, err := c.Compile("https://kravverk.invalid/own/" + name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = schema
	}
	return out
}

func tree(t *testing.T, name string, data []byte) any {
	t.Helper()
	var list problems
	s := parse(name, data, &list)
	if s.tree == nil || strings.TrimSpace(string(data)) == "" {
		t.Fatalf("%s: %v", name, list.list)
	}
	return s.tree
}
