package catalog

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"slices"

	"github.com/kravverk/kravverk/engine/diag"
	"github.com/kravverk/kravverk/engine/rule"
)

// Document is a TOML file of another kind, read through the same door as a
// catalogue: answers and cases.
type Document struct{ src *source }

// Decode reads a file of the kind that the schema (its file name in package
// schemas) describes into a struct with json tags. Every mistake is reported;
// with an error in the list, into is not to be used.
func Decode(name string, data []byte, schema string, into any) (*Document, diag.List) {
	var list problems
	s := parse(name, data, &list)
	if s.tree != nil {
		validate(s, schema, &list)
	}
	if !list.list.HasErrors() {
		data, err := json.Marshal(s.tree)
		if err == nil {
			err = json.Unmarshal(data, into)
		}
		if err != nil {
			list.add("schema", diag.Range{File: name}, err.Error())
		}
	}
	return &Document{s}, list.list.Sorted()
}

// At is where the value behind a JSON pointer stands, or the nearest thing
// around it.
func (d *Document) At(ptr string) diag.Range { return d.src.at(ptr) }

// Control gives the variables behind the choice of profiles: named is 1 when
// the classification names its profiles, and in(p) is 1 for each it names.
func (c *Catalog) Control() (named rule.Var, in func(*Profile) rule.Var) {
	return c.named, func(p *Profile) rule.Var { return p.in }
}

// Placeholders cuts a text at its parameters: text and name alternate, and
// the first is text.
func Placeholders(text string) []string {
	var out []string
	last := 0
	for _, m := range placeholder.FindAllStringSubmatchIndex(text, -1) {
		out = append(out, text[last:m[0]], text[m[2]:m[3]])
		last = m[1]
	}
	return append(out, text[last:])
}

// FilesFS gives files kept elsewhere, by name, as the file system that Load
// reads.
func FilesFS(files map[string][]byte) fs.FS {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name}) // stored, not compressed
		if err == nil {
			_, err = f.Write(files[name])
		}
		if err != nil {
			panic(err) // a buffer in memory takes everything
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		panic(err)
	}
	return r
}
