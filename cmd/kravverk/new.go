package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/kravverk/kravverk/catalogs"
	"github.com/kravverk/kravverk/engine/catalog"
)

const newHelp = `
Skriver en liten katalog eller profil som fungerar, att bygga vidare på:

    kravverk new catalog vara-krav
    kravverk new profile vara-kameror --extends vara-krav

En mapp med det namnet skapas där du står, eller i MAPP. Finns den redan ändras
inget. Bygger profilen på katalogen som följer med programmet, bas, och den inte
finns i mappen, läggs en kopia av den och dess profiler där. De du inte behöver
kan du ta bort.

Fortsätt sedan med kravverk lint. Hela vägen beskrivs i catalogs/README.md.`

//go:embed skeleton
var skeleton embed.FS

var newID = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// newOne writes the skeleton of a catalogue or a profile.
func newOne(e env, args []string) error {
	flags := newFlags("new")
	dir := flags.String("catalogs", ".", "`MAPP` där kataloger och profiler ligger bredvid varandra")
	extends := flags.String("extends", "", "den katalog som profilen bygger på: `ID`")
	rest, err := parse(flags, args)
	if err != nil {
		return err
	}
	if len(rest) != 2 || rest[0] != "catalog" && rest[0] != "profile" {
		return errors.New("skriv kravverk new catalog ID, eller kravverk new profile ID --extends ID.")
	}
	kind, id := rest[0], rest[1]
	if !newID.MatchString(id) {
		return fmt.Errorf("%q kan inte vara ett id. Skriv små bokstäver a–z, siffror och bindestreck, och börja med en bokstav.", id)
	}
	if kind == "catalog" && *extends != "" {
		return errors.New("en katalog bygger inte på någon annan. Ta bort --extends, eller skriv new profile.")
	}
	if kind == "profile" && *extends == "" {
		return errors.New("skriv vilken katalog profilen bygger på, till exempel --extends bas.")
	}
	target := filepath.Join(*dir, id)
	if _, err := os.Stat(target); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s finns redan. Välj ett annat id, eller ta bort det som ligger där.", target)
	}
	now := time.Now()
	about := skeletonData{ID: id, Title: title(id), Date: now.Format(time.DateOnly), Year: now.Year()}
	if kind == "catalog" {
		if base := onlyBase(os.DirFS(*dir)); base != "" {
			return fmt.Errorf("i %s finns redan baskatalogen %s, och det kan bara finnas en. Skriv new profile, eller välj en annan mapp med --catalogs.", *dir, base)
		}
	} else if err := about.extend(e, *dir, *extends); err != nil {
		return err
	}
	if err := about.write(e, "skeleton/"+kind, target); err != nil {
		return err
	}
	if err := schema(e, []string{target}); err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "\nKlart. Öppna %s i din textredigerare. Granska med: kravverk lint %s\n", filepath.Join(target, kind+".toml"), *dir)
	return nil
}

// skeletonData is what the files of a skeleton are filled with.
type skeletonData struct {
	ID, Title, Date   string
	Year              int
	Base, BaseVersion string // of a profile
	Precedence        int
	When              string // a row that the base can answer
	Requirement, Role string // some requirement of the base, and another role than its own
	RoleChanges       bool
}

// title is a first title of an id: "vara-krav" gives "Vara krav".
func title(id string) string {
	words := strings.FieldsFunc(id, func(r rune) bool { return r == '-' || r == '_' })
	return strings.ToUpper(id[:1]) + strings.Join(words, " ")[1:]
}

func onlyBase(files fs.FS) string {
	for _, name := range folders(files) {
		if has(files, name+"/catalog.toml") {
			return name
		}
	}
	return ""
}

// extend finds the base of a profile and what to take from it.
func (d *skeletonData) extend(e env, dir, base string) error {
	here := os.DirFS(dir)
	switch found := onlyBase(here); {
	case found == "" && has(catalogs.Files, base+"/catalog.toml"):
		// Its profiles come along: its cases and what it covers lean on them.
		if err := os.CopyFS(dir, catalogs.Files); err != nil {
			return fmt.Errorf("katalogerna gick inte att skriva i %s: %s.", dir, why(err))
		}
		fmt.Fprintf(e.stdout, "%s och profilerna %s är kopierade från programmet\n", base, strings.Join(slices.DeleteFunc(folders(here), func(name string) bool { return name == base }), ", "))
	case found == "":
		return fmt.Errorf("ingen katalog med id %s finns i %s. Börja med kravverk new catalog %s.", base, dir, base)
	}
	c, list := catalog.Load(here, catalog.Options{})
	if c == nil {
		return fmt.Errorf("katalogerna i %s har fel. Rätta dem först med kravverk lint %s. Först: %w.", dir, dir, list.Err())
	}
	if c.ID != base {
		return fmt.Errorf("katalogen i %s heter %s, inte %s. Skriv --extends %s.", dir, c.ID, base, c.ID)
	}
	d.Base, d.BaseVersion, d.Precedence = c.ID, c.Version, 10
	for _, p := range c.Profiles {
		d.Precedence = max(d.Precedence, p.Precedence+10)
	}
	i := slices.IndexFunc(c.Facts, func(f *catalog.Fact) bool {
		return f.Profile == nil && !f.IsDerived() && len(f.AskWhen.Rows) == 0 && f.Type == catalog.Bool
	})
	j := slices.IndexFunc(c.Requirements, func(r *catalog.Requirement) bool {
		return r.Profile == nil && r.Obligation == "shall" && len(r.Levels) > 0 && len(r.When.Rows) == 0
	})
	if i < 0 || j < 0 {
		return fmt.Errorf("katalogen %s är för liten att bygga på. Den behöver en ja- eller nejfråga som ställs alltid, och ett krav med levels.", base)
	}
	r := c.Requirements[j]
	d.When, d.Requirement, d.Role = "{ "+c.Facts[i].ID+" = true }", r.ID, r.RoleID
	for _, role := range c.Roles {
		if role.ID != r.RoleID {
			d.Role, d.RoleChanges = role.ID, true
			break
		}
	}
	return nil
}

// write fills in the files below from and writes them into a new folder.
func (d *skeletonData) write(e env, from, target string) error {
	return fs.WalkDir(skeleton, from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(skeleton, name)
		if err != nil {
			return err
		}
		t, err := template.New(path.Base(name)).Parse(string(data))
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := t.Execute(&b, d); err != nil {
			return err
		}
		file := filepath.Join(target, filepath.FromSlash(strings.TrimPrefix(name, from+"/")))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return fmt.Errorf("mappen %s gick inte att skapa: %s.", filepath.Dir(file), why(err))
		}
		if err := writeFile(file, func(w io.Writer) error { _, err := w.Write(b.Bytes()); return err }); err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "%s är skriven\n", file)
		return nil
	})
}
