package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unicode"

	"github.com/BurntSushi/toml"

	"github.com/kravverk/kravverk/catalogs"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/diag"
)

// shelf is a place with catalogue files.
type shelf struct {
	files fs.FS  // what Load reads
	root  string // where files stands, so that a file can be shown as a person would click it
	name  string // the one folder of files that was pointed out; "" for all of them
	base  string // the folder with the base of a lone profile
	// family is the folder around a lone one: its cases are run with the base
	// and all profiles that stand beside it.
	family fs.FS
}

// open finds the catalogue files in a folder; "" is those that come with the
// program.
func open(dir string) (shelf, error) {
	if dir == "" {
		return shelf{files: catalogs.Files, root: "catalogs"}, nil
	}
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return shelf{}, fmt.Errorf("mappen %s: %s.", dir, why(err))
	case !info.IsDir():
		return shelf{}, fmt.Errorf("%s är en fil. Peka ut mappen som den ligger i.", dir)
	}
	files := os.DirFS(dir)
	if len(folders(files)) > 0 || !has(files, "catalog.toml") && !has(files, "profile.toml") {
		return shelf{files: files, root: dir}, nil
	}
	// A lone catalogue or profile is read from the folder above, where its base
	// and releases.toml are.
	full, err := filepath.Abs(dir)
	if err != nil {
		return shelf{}, fmt.Errorf("mappen %s: %s.", dir, why(err))
	}
	s := shelf{root: filepath.Join(dir, ".."), name: filepath.Base(full)}
	s.family = os.DirFS(s.root)
	seen := []string{s.name, "releases.toml"}
	if !has(files, "catalog.toml") {
		if s.base = baseOf(s.family, files); s.base == "" {
			return shelf{}, fmt.Errorf("%s är en profil, och dess baskatalog finns inte i någon mapp bredvid. Lägg den där, eller peka ut mappen ovanför dem.", dir)
		}
		seen = append(seen, s.base)
	}
	s.files = only{s.family, seen}
	return s, nil
}

// show is the path of a file as a person would click it.
func (s shelf) show(name string) string {
	if name == "" {
		return s.root
	}
	return filepath.ToSlash(filepath.Join(s.root, filepath.FromSlash(name)))
}

// place makes the places in a list, and those that its details mention, ones
// that can be clicked.
func (s shelf) place(list diag.List) diag.List {
	var pairs []string
	fs.WalkDir(s.files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return fs.SkipDir
		}
		if strings.HasSuffix(name, ".toml") {
			pairs = append(pairs, " "+name+":", " "+s.show(name)+":")
		}
		return nil
	})
	shown := strings.NewReplacer(pairs...)
	list = slices.Clone(list)
	for i := range list {
		d := &list[i]
		d.Detail = shown.Replace(d.Detail)
		d.Range.File = s.show(d.Range.File)
	}
	return list
}

// source gives the text of a shown file.
func (s shelf) source(shown string) []byte {
	rel, err := filepath.Rel(s.root, shown)
	if err != nil {
		return nil
	}
	data, err := fs.ReadFile(s.files, filepath.ToSlash(rel))
	if err != nil {
		return nil
	}
	return printable(data)
}

// loadCatalog reads a catalogue for use. What is wrong with it is for lint to
// tell in full.
func loadCatalog(e env, dir string) (*catalog.Catalog, shelf, error) {
	s, err := open(dir)
	if err != nil {
		return nil, s, err
	}
	c, list := catalog.Load(s.files, catalog.Options{})
	if c == nil {
		list = s.place(list)
		list.WriteText(e.stderr, s.source)
		return nil, s, fmt.Errorf("katalogen i %s har fel och går inte att använda. Rätta den med kravverk lint.", s.root)
	}
	return c, s, nil
}

func has(files fs.FS, name string) bool {
	info, err := fs.Stat(files, name)
	return err == nil && !info.IsDir()
}

// folders lists the catalogues and profiles directly below.
func folders(files fs.FS) []string {
	var out []string
	entries, _ := fs.ReadDir(files, ".")
	for _, e := range entries {
		if has(files, e.Name()+"/catalog.toml") || has(files, e.Name()+"/profile.toml") {
			out = append(out, e.Name())
		}
	}
	return out
}

// baseOf finds the folder with the base of a profile: the one with the id that
// it extends, else the only one there is.
func baseOf(family, profile fs.FS) string {
	var p struct{ Profile struct{ Extends string } }
	decodeTOML(profile, "profile.toml", &p) // a broken file is for Load to tell of
	want, _, _ := strings.Cut(p.Profile.Extends, "@")
	var all []string
	for _, name := range folders(family) {
		if !has(family, name+"/catalog.toml") {
			continue
		}
		var c struct{ Catalog struct{ ID string } }
		decodeTOML(family, name+"/catalog.toml", &c)
		if c.Catalog.ID == want {
			return name
		}
		all = append(all, name)
	}
	if len(all) == 1 {
		return all[0]
	}
	return ""
}

func decodeTOML(files fs.FS, name string, into any) {
	if data, err := fs.ReadFile(files, name); err == nil {
		toml.Unmarshal(data, into)
	}
}

// only is a file system of which just some of the top is seen.
type only struct {
	fs.FS
	names []string
}

func (o only) Open(name string) (fs.File, error) {
	top, _, _ := strings.Cut(name, "/")
	if name != "." && !slices.Contains(o.names, top) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return o.FS.Open(name)
}

func (o only) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		if _, err := fs.Stat(o, name); err != nil {
			return nil, err
		}
		return fs.ReadDir(o.FS, name)
	}
	var out []fs.DirEntry
	for _, n := range o.names {
		if info, err := fs.Stat(o.FS, n); err == nil {
			out = append(out, fs.FileInfoToDirEntry(info))
		}
	}
	return out, nil
}

// maxFile is the largest file read from a person: an answers file is a few
// kilobytes.
const maxFile = 5 << 20

// readFile reads a file that a person pointed out; "-" is standard input.
func readFile(e env, name string, limit int64) ([]byte, error) {
	in := e.stdin
	if name != "-" {
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			return nil, fmt.Errorf("%s är en mapp. Peka ut en fil.", name)
		}
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("filen %s: %s.", name, why(err))
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("filen %s: %s.", name, why(err))
	case int64(len(data)) > limit:
		return nil, fmt.Errorf("filen %s är större än %d MB. Kontrollera att det är rätt fil.", name, limit>>20)
	}
	return data, nil
}

// writeFile replaces a file in one step: a failed write leaves the old one.
func writeFile(name string, write func(io.Writer) error) (err error) {
	mode := fs.FileMode(0o644)
	switch info, err := os.Stat(name); {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s är en mapp. Skriv ett filnamn.", name)
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%s är ingen vanlig fil. Skriv ett annat filnamn.", name)
	case err == nil:
		mode = info.Mode().Perm()
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("filen %s gick inte att skriva: %s.", name, why(err))
		}
	}()
	f, err := os.CreateTemp(filepath.Dir(name), ".kravverk-*")
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("mappen %s finns inte", filepath.Dir(name))
	}
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // of no effect when all went well
	for _, step := range []func() error{
		func() error { return write(f) },
		func() error { return f.Chmod(mode) },
		f.Sync,
	} {
		if err := step(); err != nil {
			f.Close()
			return err
		}
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// why puts the system's commonest complaints in Swedish.
func why(err error) string {
	for _, m := range []struct {
		is  error
		say string
	}{
		{fs.ErrNotExist, "finns inte"},
		{fs.ErrPermission, "du saknar behörighet"},
		{syscall.ENOSPC, "disken är full"},
		{syscall.EROFS, "disken är skrivskyddad"},
		{syscall.ENOTDIR, "sökvägen går genom något som inte är en mapp"},
		{syscall.EISDIR, "är en mapp"},
		{syscall.ENAMETOOLONG, "namnet är för långt"},
		{syscall.EIO, "disken svarar inte som den ska"},
	} {
		if errors.Is(err, m.is) {
			return m.say
		}
	}
	return err.Error()
}

// printable makes a file's text safe to show at a terminal.
func printable(data []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, data)
}

// checkedWriter remembers the first failed write, so that a full disk behind
// `> fil` is not taken for success.
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	if c.err == nil {
		c.err = err
	}
	return n, err
}
