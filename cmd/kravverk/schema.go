package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/kravverk/kravverk/engine/catalog"
)

const schemaHelp = `
MAPP är en katalog eller en profil, eller mappen ovanför flera. Bredvid
catalog.toml, profile.toml och mappen requirements skrivs ett schema som känner
katalogens egna uppgifter, alternativ och id. Med det kan en textredigerare
(Tombi eller Taplo) föreslå och kontrollera det du skriver. Kör kommandot igen
när du har lagt till en uppgift, ett lagrum, en roll eller ett krav.

Filerna skrivs även när katalogen har fel i sina rader.`

func schema(e env, args []string) error {
	flags := newFlags("schema")
	dirs, err := parse(flags, args)
	if err != nil {
		return err
	}
	if len(dirs) != 1 {
		return errors.New("peka ut en mapp, till exempel kravverk schema catalogs.")
	}
	s, err := open(dirs[0])
	if err != nil {
		return err
	}
	files, list := catalog.EditorSchemas(s.files)
	if files == nil {
		s.place(list).WriteText(e.stderr, s.source)
		return errors.New("schemat kan inte skrivas förrän filerna går att läsa. Rätta felen ovan först.")
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if s.name != "" && path.Dir(name) != s.name {
			continue // a lone profile's base is only read
		}
		target := filepath.Join(s.root, filepath.FromSlash(name))
		// An unchanged file keeps its time stamp.
		if old, err := os.ReadFile(target); err == nil && bytes.Equal(old, files[name]) {
			fmt.Fprintf(e.stdout, "%s är redan rätt\n", s.show(name))
			continue
		}
		if err := writeFile(target, func(w io.Writer) error { _, err := w.Write(files[name]); return err }); err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "%s är skriven\n", s.show(name))
	}
	return nil
}
