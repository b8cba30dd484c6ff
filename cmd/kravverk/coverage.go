package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/workbook"
)

const coverageHelp = `
För varje lag och standard i mappen frameworks: vilka punkter som något krav
hänvisar till, vilka som utelämnas med avsikt, och vilka som saknas.

Att en punkt täcks säger att något krav handlar om den. Det säger inte att kravet
räcker. Med --output skrivs allt i en Excelfil.`

func coverage(e env, args []string) error {
	flags := newFlags("coverage")
	format := flags.String("format", "text", "hur resultatet skrivs: `text|json`")
	output := flags.String("output", "", "`FIL.xlsx` som ska skrivas")
	date := flags.String("date", time.Now().Format(time.DateOnly), "`DATUM` som står i filen, till exempel 2026-11-23")
	flags.Lookup("date").DefValue = "dagens datum"
	c, _, err := catalogOf(e, flags, args)
	if err != nil {
		return err
	}
	if err := oneOf("format", *format, "text", "json"); err != nil {
		return err
	}
	if len(c.Frameworks) == 0 {
		return errors.New("katalogen jämförs inte med något regelverk. Lägg dem i mappen frameworks (se catalogs/README.md).")
	}
	switch {
	case *output != "" && !strings.EqualFold(filepath.Ext(*output), ".xlsx"):
		return fmt.Errorf("filen %s måste sluta med .xlsx.", *output)
	case *output != "":
		var id workbook.Identity
		err := writeFile(*output, func(w io.Writer) (err error) {
			id, err = workbook.WriteCoverage(w, c, *date)
			return err
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "%s är skriven.\nSHA-256: %s\n", *output, id.SHA256)
		return nil
	case *format == "json":
		return writeJSON(e.stdout, coverageJSON(c))
	}
	for i, f := range c.Frameworks {
		if i > 0 {
			fmt.Fprintln(e.stdout)
		}
		n := f.Count()
		fmt.Fprintf(e.stdout, "%s: %s. %d täcks, %d delvis, %d utelämnas, %d saknas.\n", f.Title, plural(len(f.Items), "punkt", "punkter"),
			n[catalog.Covered], n[catalog.Partly], n[catalog.LeftOut], n[catalog.Missing])
		for _, item := range f.Items {
			var ids []string
			for _, r := range item.Requirements {
				ids = append(ids, r.ID)
			}
			line := fmt.Sprintf("%s %s: %s. %s", item.ID, item.Title, strings.ToLower(item.Coverage().Word()), strings.Join(ids, ", "))
			switch item.Coverage() {
			case catalog.Partly:
				line += ". Utelämnas: " + item.Gap
			case catalog.LeftOut:
				line += item.Gap
			}
			wrap(e.stdout, "  ", line)
		}
	}
	return nil
}

type (
	coverageFramework struct {
		ID       string         `json:"id"`
		Title    string         `json:"title"`
		Standard string         `json:"standard"`
		Edition  string         `json:"edition,omitempty"`
		Items    []coverageItem `json:"items"`
	}
	coverageItem struct {
		ID           string   `json:"id"`
		Title        string   `json:"title"`
		Coverage     string   `json:"coverage"` // covered, partly, left_out, missing
		Requirements []string `json:"requirements"`
		Gap          string   `json:"gap,omitempty"`
	}
)

var coverageCodes = map[catalog.Coverage]string{catalog.Covered: "covered", catalog.Partly: "partly", catalog.LeftOut: "left_out", catalog.Missing: "missing"}

func coverageJSON(c *catalog.Catalog) []coverageFramework {
	out := []coverageFramework{}
	for _, f := range c.Frameworks {
		x := coverageFramework{f.ID, f.Title, f.Standard, f.Edition, nil}
		for _, i := range f.Items {
			item := coverageItem{i.ID, i.Title, coverageCodes[i.Coverage()], []string{}, i.Gap}
			for _, r := range i.Requirements {
				item.Requirements = append(item.Requirements, r.ID)
			}
			x.Items = append(x.Items, item)
		}
		out = append(out, x)
	}
	return out
}
