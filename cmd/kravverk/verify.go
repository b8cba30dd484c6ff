package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kravverk/kravverk/engine/store"
	"github.com/kravverk/kravverk/engine/workbook"
)

const verifyHelp = `
Talar om vad en Excelfil från Kravverk är, vilken klassning och katalog den kommer
från, och om något annat än leverantörens celler har ändrats sedan den skrevs.
Är något ändrat blir svarskoden 1.

Svaret bygger bara på det som står i filen. Med --db jämförs den med de versioner
som har fastställts i databasen, och då är svaret bevisat. Utan databas jämför den
som vill vara säker också SHA-256 med den som visades när filen skrevs.`

// maxWorkbook is more than any of our files, and what package workbook takes.
const maxWorkbook = 20 << 20

func verify(e env, args []string) error {
	flags := newFlags("verify")
	db := flags.String("db", "", "`DATABAS` med de versioner som har skickats ut")
	rest, err := parse(flags, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return errors.New("skriv en fil, till exempel kravbilaga.xlsx.")
	}
	data, err := readFile(e, rest[0], maxWorkbook)
	if err != nil {
		return err
	}
	r, err := workbook.Inspect(data)
	if err != nil {
		return fmt.Errorf("filen %s: %s.", rest[0], strings.TrimSuffix(err.Error(), "."))
	}
	id := r.Identity
	fmt.Fprintf(e.stdout, "%s är en %s.\n", rest[0], id.Kind.Word())
	for _, line := range []struct{ name, value string }{
		{"Klassning", id.ClassificationID}, {"Katalog", id.CatalogHash}, {"Export", id.ExportID}, {"SHA-256", id.SHA256},
	} {
		fmt.Fprintf(e.stdout, "  %-10s %s\n", line.name+":", printable([]byte(line.value)))
	}
	if r.Rows > 0 {
		fmt.Fprintf(e.stdout, "  %-10s %d av %d rader\n", "Besvarat:", r.Answered, r.Rows)
	}
	proved := true
	if *db != "" && id.Kind != workbook.Requirements {
		return fmt.Errorf("bara kravbilagor finns i databasen, och filen är en %s.", id.Kind.Word())
	}
	if *db != "" {
		if proved, err = proveVersion(e, *db, id); err != nil {
			return err
		}
	}
	if r.Untouched() && proved {
		if id.Kind == workbook.Requirements {
			fmt.Fprintln(e.stdout, "Inget annat än leverantörens celler har ändrats.")
		} else {
			fmt.Fprintln(e.stdout, "Inget har ändrats.")
		}
		return nil
	}
	if len(r.Changes) == 0 {
		return errSilent
	}
	fmt.Fprintln(e.stdout, "Filen har ändrats:")
	for _, c := range r.Changes {
		place := strings.Trim(c.Sheet+"!"+c.Cell, "!")
		if place != "" {
			place += ": "
		}
		fmt.Fprintf(e.stdout, "  - %s%s\n", printable([]byte(place)), printable([]byte(c.Sentence)))
	}
	return errSilent
}

// proveVersion tells which of the versions sent out a file is, by what the
// database holds and not by the file's own word; false when it is none of them.
func proveVersion(e env, path string, id workbook.Identity) (bool, error) {
	s, err := store.OpenAsIs(path, time.Now)
	if err != nil {
		return false, err
	}
	defer s.Close()
	versions, err := s.Publications(context.Background(), id.ClassificationID)
	if err != nil {
		return false, err
	}
	for _, v := range versions {
		if v.ExportID == id.ExportID {
			fmt.Fprintf(e.stdout, "  %-10s version %d, fastställd %s\n", "I databasen:", v.Number, v.At.Local().Format("2006-01-02 15.04"))
			return true, nil
		}
	}
	fmt.Fprintln(e.stdout, "Filen är ingen av de versioner som har fastställts i databasen.")
	return false, nil
}
