package main

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/diag"
)

const lintHelp = `
Utan MAPP granskas de kataloger som följer med programmet. MAPP är en mapp med
en baskatalog och dess profiler, eller bara en av dem. En ensam profil läses
tillsammans med sin baskatalog i mappen bredvid.

Varje fel visas med fil, rad och kolumn, och med vad du kan göra åt det. Finns
det något fel blir svarskoden 1. Bara varningar ger svarskoden 0.`

// lintReport is what lint found, in all the folders together.
type lintReport struct {
	Diagnostics  diag.List
	Catalogs     []linted
	Requirements int
	Cases        int
	Skipped      bool // the cases of a catalogue with errors are not run
}

type linted struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Hash    string `json:"hash"`
}

func lint(e env, args []string) error {
	flags := newFlags("lint")
	format := flags.String("format", "text", "hur resultatet skrivs: `text|json`")
	date := flags.String("date", time.Now().Format(time.DateOnly), "den `DATUM` då lagrummen ska gälla, till exempel 2026-11-23")
	flags.Lookup("date").DefValue = "dagens datum"
	dirs, err := parse(flags, args)
	if err != nil {
		return err
	}
	if err := oneOf("format", *format, "text", "json"); err != nil {
		return err
	}
	if _, err := time.Parse(time.DateOnly, *date); err != nil {
		return fmt.Errorf("valet --date kan inte vara %q. Skriv år-månad-dag, till exempel 2026-11-23.", *date)
	}
	if len(dirs) == 0 {
		dirs = []string{""}
	}
	var report lintReport
	var shelves []shelf
	for _, dir := range dirs {
		s, err := open(dir)
		if err != nil {
			return err
		}
		if s.base != "" && *format == "text" {
			fmt.Fprintf(e.stdout, "%s är en profil och granskas tillsammans med sin baskatalog i %s.\n", dir, s.show(s.base))
		}
		shelves = append(shelves, s)
		report.add(s, *date)
	}
	if *format == "json" {
		err = report.writeJSON(e.stdout)
	} else {
		err = report.Diagnostics.WriteText(e.stdout, func(file string) []byte {
			for _, s := range shelves {
				if data := s.source(file); data != nil {
					return data
				}
			}
			return nil
		})
		fmt.Fprintln(e.stdout, report.summary())
	}
	if err == nil && report.Diagnostics.HasErrors() {
		err = errSilent
	}
	return err
}

// add lints one place: loads it, and runs its cases when it could be loaded.
func (r *lintReport) add(s shelf, date string) {
	c, list := catalog.Load(s.files, catalog.Options{Date: date})
	r.Diagnostics = append(r.Diagnostics, s.place(list)...)
	if c == nil {
		r.Skipped = true
		return
	}
	r.Catalogs = append(r.Catalogs, linted{c.ID, c.Version, c.Hash})
	for _, p := range c.Profiles {
		r.Catalogs = append(r.Catalogs, linted{p.ID, p.Version, p.Hash})
	}
	r.Requirements += len(c.Requirements)
	var cases fs.FS = s.files
	if s.family != nil {
		cases = only{s.family, []string{s.name}}
		if whole, _ := catalog.Load(s.family, catalog.Options{}); whole != nil {
			c = whole
		}
	}
	list, n := engine.CheckCases(c, cases)
	r.Diagnostics = append(r.Diagnostics, s.place(list)...)
	r.Cases += n
}

func (r *lintReport) count(severity diag.Severity) int {
	n := 0
	for _, d := range r.Diagnostics.Sorted() {
		if d.Severity == severity {
			n++
		}
	}
	return n
}

// summary is one line: "4 kataloger, 128 krav, 24 provfall. Inga fel."
func (r *lintReport) summary() string {
	var b strings.Builder
	if len(r.Catalogs) > 0 {
		fmt.Fprintf(&b, "%s, %d krav, %d provfall. ", plural(len(r.Catalogs), "katalog", "kataloger"), r.Requirements, r.Cases)
	}
	errors, warnings := r.count(diag.Error), r.count(diag.Warning)
	if errors == 0 {
		b.WriteString("Inga fel")
	} else {
		fmt.Fprintf(&b, "%d fel", errors)
	}
	if warnings > 0 {
		b.WriteString(", " + plural(warnings, "varning", "varningar"))
	}
	b.WriteString(".")
	if r.Skipped {
		b.WriteString(" Provfallen körs när katalogen är utan fel.")
	}
	return b.String()
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (r *lintReport) writeJSON(w io.Writer) error {
	type entry struct {
		Code     string        `json:"code"`
		Severity diag.Severity `json:"severity"`
		Summary  string        `json:"summary"`
		Detail   string        `json:"detail"`
		File     string        `json:"file"`
		Line     int           `json:"line"`
		Col      int           `json:"col"`
		Length   int           `json:"length"`
	}
	type counts struct {
		Catalogs     int `json:"catalogs"`
		Requirements int `json:"requirements"`
		Cases        int `json:"cases"`
		Errors       int `json:"errors"`
		Warnings     int `json:"warnings"`
	}
	out := struct {
		Diagnostics []entry  `json:"diagnostics"`
		Catalogs    []linted `json:"catalogs"`
		Counts      counts   `json:"counts"`
	}{[]entry{}, append([]linted{}, r.Catalogs...), counts{len(r.Catalogs), r.Requirements, r.Cases, r.count(diag.Error), r.count(diag.Warning)}}
	for _, d := range r.Diagnostics.Sorted() {
		out.Diagnostics = append(out.Diagnostics, entry{d.Code, d.Severity, d.Summary, d.Detail, d.Range.File, d.Range.Line, d.Range.Col, d.Range.Len})
	}
	return writeJSON(w, out)
}

// writeJSON writes for programs, but so that a person can read it too.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
