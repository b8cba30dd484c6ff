package main

import (
	"encoding/json"
	"errors"
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
det något fel blir svarskoden 1. Bara varningar ger svarskoden 0.

Alla svar prövas, med baskatalogen ensam, med varje profil, med varje par av
profiler och med alla. Därför är det bevisat, och inte bara provat, att det som
inte anmärks på kan nås: varje krav, fråga, svarsalternativ och förifyllt svar.

Texterna läses också: att ÄR står i presens, att SKA är ett enda krav som går att
mäta, och att svenskan är i ordning.

Med --witness visas de kortaste svaren som når något, skrivna som ett provfall:
    --witness BEH-04          svar som gör att kravet gäller
    --witness BEH-04/moln     svar som ger profilens förifyllda svar
    --witness drift           svar som gör att frågan ställs och spelar roll
    --witness drift=moln      svar där just det svaret avgör något
    --witness alla            allt
Med --format json följer de alltid med.`

// lintReport is what lint found, in all the folders together.
type lintReport struct {
	Diagnostics  diag.List
	Catalogs     []linted
	Requirements int
	Cases        int
	Skipped      bool // the cases of a catalogue with errors are not run
	Analyses     []*catalog.Analysis
	Unproven     bool // nothing is proven of a catalogue whose neighbors have errors
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
	witness := flags.String("witness", "", "visa i stället de kortaste svaren som når detta: `ID|alla`")
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
	if *witness != "" && *format == "json" {
		return errors.New("välj --witness eller --format json. I json följer alla med.")
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
		if s.base != "" && *format == "text" && *witness == "" {
			fmt.Fprintf(e.stdout, "%s är en profil och granskas tillsammans med sin baskatalog i %s.\n", dir, s.show(s.base))
		}
		shelves = append(shelves, s)
		report.add(s, *date)
	}
	source := func(file string) []byte {
		for _, s := range shelves {
			if data := s.source(file); data != nil {
				return data
			}
		}
		return nil
	}
	switch {
	case *witness != "":
		return report.writeWitnesses(e, *witness, source)
	case *format == "json":
		err = report.writeJSON(e.stdout)
	default:
		err = report.Diagnostics.WriteText(e.stdout, source)
		fmt.Fprint(e.stdout, report.summary()+"\n"+report.proven())
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
	r.Diagnostics = append(r.Diagnostics, s.place(catalog.Proofread(c))...)
	var cases fs.FS = s.files
	whole := c
	if s.family != nil {
		cases = only{s.family, []string{s.name}}
		if whole, _ = catalog.Load(s.family, catalog.Options{}); whole != nil {
			c = whole
		}
	}
	run, list := engine.Cases(c, cases)
	r.Diagnostics = append(r.Diagnostics, s.place(list)...)
	r.Cases += len(run)
	// What a lone profile does hangs on those beside it, and whether anything
	// asks for an answer in the base does so too.
	if whole == nil {
		r.Unproven = true
		return
	}
	a := catalog.Analyze(whole).Within(func(name string) bool { return has(s.files, name) })
	if s.family != nil {
		a.Findings = shelf{files: s.family, root: s.root}.place(a.Findings)
	} else {
		a.Findings = s.place(a.Findings)
	}
	for i := range a.Witnesses {
		a.Witnesses[i].At.File = s.show(a.Witnesses[i].At.File)
	}
	r.Diagnostics = append(r.Diagnostics, a.Findings...)
	r.Analyses = append(r.Analyses, a)
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

// kinds are what is proven of, in the order that it is told.
var kinds = []struct {
	kind      catalog.Kind
	one, many string
}{
	{catalog.OfRequirement, "krav", "krav"},
	{catalog.OfPrefill, "förifyllt svar", "förifyllda svar"},
	{catalog.OfQuestion, "fråga", "frågor"},
	{catalog.OfAnswer, "svarsalternativ", "svarsalternativ"},
}

// reach counts, over all the folders, how many things of a kind there are and
// how many of them can be reached.
func (r *lintReport) reach(kind catalog.Kind) (reached, all int) {
	for _, a := range r.Analyses {
		m, n := a.Count(kind)
		reached, all = reached+m, all+n
	}
	return reached, all
}

// proven tells what is proven: "Bevisat: 160 krav, 50 förifyllda svar, 27 frågor
// och 60 svarsalternativ kan alla nås."
func (r *lintReport) proven() string {
	var b strings.Builder
	if len(r.Analyses) > 0 {
		var parts []string
		whole := true
		for _, k := range kinds {
			switch m, n := r.reach(k.kind); {
			case n == 0:
			case m == n:
				parts = append(parts, plural(n, k.one, k.many))
			default:
				whole = false
				parts = append(parts, fmt.Sprintf("%d av %s", m, plural(n, k.one, k.many)))
			}
		}
		var text string
		if last := len(parts) - 1; last > 0 {
			text = strings.Join(parts[:last], ", ") + " och " + parts[last]
		} else {
			text = strings.Join(parts, "")
		}
		switch {
		case text == "": // there is nothing in it
		case whole:
			fmt.Fprintf(&b, "Bevisat: %s kan nås.\n", text)
		default:
			fmt.Fprintf(&b, "Bevisat: %s kan nås, och resten kan det aldrig.\n", text)
		}
	}
	for _, a := range r.Analyses {
		for _, x := range a.Alike {
			if len(x.Options) > 1 {
				fmt.Fprintf(&b, "Att veta: inget i katalogen skiljer mellan %s i frågan %s.\n", strings.Join(optionIDs(x), " och "), x.Fact.ID)
			} else {
				fmt.Fprintf(&b, "Att veta: alternativet %s i frågan %s påverkar ingenting.\n", x.Options[0].ID, x.Fact.ID)
			}
		}
	}
	if r.Unproven {
		b.WriteString("Vad som kan nås går att bevisa när katalogerna bredvid är utan fel.\n")
	}
	return b.String()
}

func optionIDs(x catalog.Alike) []string {
	ids := make([]string, len(x.Options))
	for i, o := range x.Options {
		ids[i] = o.ID
	}
	return ids
}

// writeWitnesses writes the cases that reach something, and nothing else: what
// comes out can be put in a file. All of them are told apart by a comment.
func (r *lintReport) writeWitnesses(e env, id string, source func(string) []byte) error {
	if r.Diagnostics.HasErrors() {
		r.Diagnostics.WriteText(e.stderr, source)
		return errors.New("katalogen har fel. Rätta dem först.")
	}
	var found []catalog.Witness
	var known []string
	for _, a := range r.Analyses {
		if id == "alla" {
			found = append(found, a.Witnesses...)
		} else {
			found = append(found, a.Find(id)...)
		}
		for _, w := range a.Witnesses {
			known = append(known, w.ID)
		}
	}
	if len(found) == 0 && r.Unproven {
		return errors.New("en katalog bredvid har fel. Rätta dem först.")
	}
	if len(found) == 0 {
		hint := diag.Suggest(id, known)
		if hint == "" {
			hint = "Skriv ett krav (BEH-04), ett förifyllt svar (BEH-04/moln), en fråga (drift), ett svar (drift=moln) eller alla."
		}
		return fmt.Errorf("%s finns inte i katalogen. %s", id, hint)
	}
	shown := 0
	for _, w := range found {
		if !w.Reached {
			continue
		}
		if shown++; shown > 1 {
			fmt.Fprintln(e.stdout)
		}
		if len(found) > 1 {
			fmt.Fprintf(e.stdout, "# ── %s ──\n", w.ID)
		}
		fmt.Fprint(e.stdout, w.TOML())
	}
	if shown == 0 {
		return fmt.Errorf("inga svar når %s. Kör kravverk lint för att se varför.", id)
	}
	return nil
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
	type proof struct {
		Reached int `json:"reached"`
		All     int `json:"all"`
	}
	type alike struct {
		Fact    string   `json:"fact"`
		Options []string `json:"options"`
	}
	type witness struct {
		Kind    catalog.Kind `json:"kind"`
		ID      string       `json:"id"`
		File    string       `json:"file"`
		Line    int          `json:"line"`
		Reached bool         `json:"reached"`
		Case    string       `json:"case"`
	}
	out := struct {
		Diagnostics []entry                `json:"diagnostics"`
		Catalogs    []linted               `json:"catalogs"`
		Counts      counts                 `json:"counts"`
		Proven      map[catalog.Kind]proof `json:"proven,omitempty"`
		Alike       []alike                `json:"alike,omitempty"`
		Together    [][]string             `json:"together,omitempty"`
		Witnesses   []witness              `json:"witnesses,omitempty"`
	}{
		Diagnostics: []entry{}, Catalogs: append([]linted{}, r.Catalogs...),
		Counts: counts{len(r.Catalogs), r.Requirements, r.Cases, r.count(diag.Error), r.count(diag.Warning)},
	}
	for _, a := range r.Analyses {
		out.Proven = map[catalog.Kind]proof{}
		for _, x := range a.Alike {
			out.Alike = append(out.Alike, alike{x.Fact.ID, optionIDs(x)})
		}
		for _, group := range a.Groups {
			ids := make([]string, len(group))
			for i, q := range group {
				ids[i] = q.ID
			}
			out.Together = append(out.Together, ids)
		}
		for _, w := range a.Witnesses {
			out.Witnesses = append(out.Witnesses, witness{w.Kind, w.ID, w.At.File, w.At.Line, w.Reached, w.TOML()})
		}
	}
	for _, k := range kinds {
		if m, n := r.reach(k.kind); out.Proven != nil {
			out.Proven[k.kind] = proof{m, n}
		}
	}
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
