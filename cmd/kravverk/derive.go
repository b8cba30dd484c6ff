package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

const deriveHelp = `
Läser svaren och visar kravbilden: vilka krav som gäller, varför, med vilken
text, och vilka förslag till svar som finns. Är något osäkert är listan ett
UTKAST, och frågorna som kan ändra den visas sist.

Med --certify skrivs också ett intyg: varje besked med bevis, så att vem som
helst kan kontrollera det med kravverk check-certificate. Samma svar och katalog
ger alltid samma fil. Finns ett intyg redan i filen ersätts det.`

func derive(e env, args []string) error {
	flags := newFlags("derive")
	from := newAnswersFlags(flags)
	format := flags.String("format", "text", "hur resultatet skrivs: `text|json`")
	output := flags.String("certify", "", "`FIL.json` som ett intyg skrivs till")
	rest, err := parse(flags, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return fmt.Errorf("vet inte vad %q betyder. Skriv svarsfilen efter --answers.", rest[0])
	}
	if err := oneOf("format", *format, "text", "json"); err != nil {
		return err
	}
	if *output != "" {
		if err := canCertify(*output); err != nil {
			return err
		}
	}
	d, shelf, err := from.derivation(e)
	if err != nil {
		return err
	}
	sum := ""
	if *output != "" {
		if sum, err = certify(*output, d); err != nil {
			return err
		}
	}
	if *format == "json" {
		return writeJSON(e.stdout, derivationJSON(d, shelf))
	}
	writeDerivation(e.stdout, d)
	if *output != "" {
		fmt.Fprintf(e.stdout, "\nIntyget %s är skrivet.\nSHA-256: %s\n", *output, sum)
	}
	return nil
}

// The JSON form of a derivation. It is an interface to other programs: add
// keys, never change one.
type (
	jsonDerivation struct {
		Title         string               `json:"title"`
		Type          string               `json:"type"`
		Catalog       jsonCatalog          `json:"catalog"`
		Draft         bool                 `json:"draft"`
		Levels        map[string]jsonLevel `json:"levels"`
		Profiles      []jsonProfile        `json:"profiles"`
		Laws          []jsonLaw            `json:"laws"`
		Requirements  []jsonRequirement    `json:"requirements"`
		OpenQuestions []jsonQuestion       `json:"open_questions"`
	}
	jsonCatalog struct {
		ID      string `json:"id"`
		Version string `json:"version"`
		Hash    string `json:"hash"`     // of the base
		SetHash string `json:"set_hash"` // of the base and the profiles together
	}
	jsonLevel struct {
		Level         *int   `json:"level"` // null while more than one is possible
		Possible      []int  `json:"possible"`
		Title         string `json:"title"` // of the level
		From          string `json:"from"`
		Raised        bool   `json:"raised"`
		Justification string `json:"justification"`
	}
	jsonProfile struct {
		ID      string     `json:"id"`
		Version string     `json:"version"`
		Hash    string     `json:"hash"`
		Active  rule.Truth `json:"active"`
		Named   bool       `json:"named"`
		Because string     `json:"because"`
	}
	jsonLaw struct {
		ID        string     `json:"id"`
		Applies   rule.Truth `json:"applies"`
		Because   string     `json:"because"`
		Suggested bool       `json:"suggested"`
		Low       []string   `json:"low"` // aspects whose level is below what the law guides to
	}
	jsonRequirement struct {
		ID         string            `json:"id"`
		Area       string            `json:"area"`
		Profile    string            `json:"profile"` // who adds it; empty for the base
		Applies    rule.Truth        `json:"applies"`
		Because    string            `json:"because"`
		Rows       []jsonRow         `json:"rows"` // what the author wrote, after the profiles that count
		DependsOn  []string          `json:"depends_on"`
		Title      string            `json:"title"`
		Text       string            `json:"text"` // the SHALL wording, or the IS wording of one that has no other
		Is         string            `json:"is"`
		Shall      string            `json:"shall"`
		Obligation string            `json:"obligation"`
		Parameters map[string]string `json:"parameters"`
		Offers     []jsonOffer       `json:"offers"`
	}
	jsonRow struct {
		Kind    engine.RowKind `json:"kind"` // levels, when, unless, exclude or profile
		File    string         `json:"file"`
		Line    int            `json:"line"`
		Holds   rule.Truth     `json:"holds"`
		Decides bool           `json:"decides"` // the verdict rests on it
	}
	jsonOffer struct {
		Answer     string        `json:"answer"`
		How        string        `json:"how"`
		Source     string        `json:"source"`
		Agreement  string        `json:"agreement"`
		Clause     string        `json:"clause"`
		Split      catalog.Split `json:"split"`
		Order      string        `json:"order"`
		Remains    string        `json:"remains"`
		Strength   string        `json:"strength"`
		ValidUntil string        `json:"valid_until"`
		Profile    string        `json:"profile"`
		Offered    rule.Truth    `json:"offered"`
	}
	jsonQuestion struct {
		ID      string `json:"id"`
		Title   string `json:"title"`
		Matters int    `json:"matters"`
	}
)

func derivationJSON(d *engine.Derivation, s shelf) jsonDerivation {
	c, head := d.Facts.Catalog, d.Facts.Answers.Classification
	out := jsonDerivation{
		Title: head.Title, Type: head.Type,
		Catalog:  jsonCatalog{c.ID, c.Version, c.Hash, c.SetHash},
		Draft:    d.Draft(),
		Levels:   map[string]jsonLevel{},
		Profiles: []jsonProfile{}, Laws: []jsonLaw{}, Requirements: []jsonRequirement{}, OpenQuestions: []jsonQuestion{},
	}
	for _, l := range d.Facts.Levels {
		level := jsonLevel{Possible: l.Possible.Values(), From: l.From, Raised: l.Raised, Justification: l.Justification}
		if n, ok := l.Known(); ok {
			level.Level, level.Title = &n, c.Level(n).Title
		}
		out.Levels[l.Aspect.ID] = level
	}
	for _, p := range d.Profiles {
		out.Profiles = append(out.Profiles, jsonProfile{p.Profile.ID, p.Profile.Version, p.Profile.Hash, p.Active, p.Named, p.Because})
	}
	for _, l := range d.Laws {
		out.Laws = append(out.Laws, jsonLaw{l.Law.ID, l.Applies, l.Because, l.Suggested, append([]string{}, l.Low...)})
	}
	for i := range d.Findings {
		out.Requirements = append(out.Requirements, requirementJSON(d, &d.Findings[i], s))
	}
	for _, q := range d.Open {
		out.OpenQuestions = append(out.OpenQuestions, jsonQuestion{q.ID, q.Title, q.Matters})
	}
	return out
}

func requirementJSON(d *engine.Derivation, f *engine.Finding, s shelf) jsonRequirement {
	r := jsonRequirement{
		ID: f.Requirement.ID, Area: f.Requirement.AreaID, Profile: profileID(f.Requirement.Profile),
		Applies: f.Applies, Because: f.Because, Rows: []jsonRow{}, DependsOn: []string{},
		Title: engine.Text(f.Title), Is: engine.Text(f.Is), Shall: engine.Text(f.Shall), Obligation: f.Effective.Obligation,
		Parameters: map[string]string{}, Offers: []jsonOffer{},
	}
	if r.Text = r.Shall; r.Text == "" {
		r.Text = r.Is
	}
	for _, row := range d.Rows(f) {
		r.Rows = append(r.Rows, jsonRow{row.Kind, s.show(row.At.File), row.At.Line, row.Holds, row.Decides})
	}
	for _, q := range f.DependsOn {
		r.DependsOn = append(r.DependsOn, q.ID)
	}
	for _, p := range f.Parameters {
		r.Parameters[p.Name] = p.Value
	}
	for _, o := range f.Offers {
		p := o.Prefill
		r.Offers = append(r.Offers, jsonOffer{
			p.Answer, p.How, p.Source, p.AgreementID, p.Clause, p.Split, p.Order, p.Remains, p.Strength, p.ValidUntil, profileID(p.Profile), o.Offered,
		})
	}
	return r
}

func profileID(p *catalog.Profile) string {
	if p == nil {
		return ""
	}
	return p.ID
}

// writeDerivation writes a derivation for a terminal: by area, what applies
// and what is unsettled with its text and reason, then what does not, by id.
func writeDerivation(w io.Writer, d *engine.Derivation) {
	head := d.Facts.Answers.Classification
	if d.Draft() {
		fmt.Fprintf(w, "UTKAST: %s\n\n", plural(d.Undecided(), "krav är inte avgjort", "krav är inte avgjorda"))
	}
	fmt.Fprintf(w, "%s (%s-klassning)\n%s\n%s\n", head.Title, head.Type, catalogLine(d), levelsLine(d))
	fmt.Fprintf(w, "Gäller: %d. Gäller inte: %d. Osäkert: %d.\n", d.Count(rule.Yes), d.Count(rule.No), d.Count(rule.Unknown))
	var area *catalog.Area
	var not []string
	for i := range d.Findings {
		f := &d.Findings[i]
		if f.Applies == rule.No {
			not = append(not, f.Requirement.ID)
			continue
		}
		if f.Requirement.Area != area {
			area = f.Requirement.Area
			fmt.Fprintf(w, "\n%s %s\n", area.ID, strings.ToUpper(area.Title))
		}
		writeFinding(w, f, head.Type)
	}
	if len(not) > 0 {
		fmt.Fprintln(w, "\nGÄLLER INTE")
		wrap(w, "  ", strings.Join(not, ", "))
	}
	writeOpen(w, d.Open)
}

func writeFinding(w io.Writer, f *engine.Finding, kind string) {
	mark := ""
	if f.Applies == rule.Unknown {
		mark = " [osäkert]"
	}
	fmt.Fprintf(w, "\n  %s %s%s\n", f.Requirement.ID, engine.Text(f.Title), mark)
	// Before a procurement the reader wants what to ask for, after it what is.
	label, words := "SKA", f.Shall
	if f.Effective.Obligation == "should" {
		label = "BÖR"
	}
	if words == nil || kind == "B" && f.Is != nil {
		label, words = "ÄR", f.Is
	}
	wrap(w, "    ", label+": "+engine.Text(words))
	if f.Because != "" {
		wrap(w, "    ", "Skäl: "+f.Because)
	}
	for _, o := range f.Offers {
		wrap(w, "    ", offerLine(o))
	}
}

// writeOpen lists the questions that can still change the list, in the order
// of the screen, each with how many requirements and offers hang on it.
func writeOpen(w io.Writer, open []engine.Question) {
	if len(open) == 0 {
		return
	}
	fmt.Fprintln(w, "\nFRÅGOR SOM KAN ÄNDRA LISTAN")
	for _, q := range open {
		wrap(w, "  ", fmt.Sprintf("%s (%s): påverkar %d", q.Title, q.ID, q.Matters))
	}
}

func catalogLine(d *engine.Derivation) string {
	c := d.Facts.Catalog
	s := "Katalog: " + c.ID + "@" + c.Version
	for _, p := range d.Profiles {
		switch p.Active {
		case rule.Yes:
			s += ", " + p.Profile.ID + "@" + p.Profile.Version
		case rule.Unknown:
			s += ", kanske " + p.Profile.ID + "@" + p.Profile.Version
		}
	}
	return s
}

func levelsLine(d *engine.Derivation) string {
	var s []string
	for _, l := range d.Facts.Levels {
		s = append(s, l.Aspect.ID+" "+levelWords(d.Facts.Catalog, l))
	}
	return "Nivåer: " + strings.Join(s, ", ")
}

func levelWords(c *catalog.Catalog, l engine.LevelFinding) string {
	n := l.Lowest()
	words := fmt.Sprintf("%d %s", n, c.Level(n).Title)
	if _, ok := l.Known(); ok {
		return words
	}
	if n == 0 {
		return "är inte satt"
	}
	return "minst " + words
}

// offerLine tells an offer and whose word it is.
func offerLine(o engine.Offer) string {
	p := o.Prefill
	var b strings.Builder
	fmt.Fprintf(&b, "Förslag: %s. %s (%s)", catalog.Name("answer", p.Answer), p.How, offerSource(p))
	for _, d := range p.Duties() {
		b.WriteString(" " + d.Who + ": " + d.What)
	}
	if p.Remains != "" {
		b.WriteString(" Kvar: " + p.Remains)
	}
	if o.Offered == rule.Unknown {
		b.WriteString(" Om förslaget gäller är osäkert.")
	}
	return b.String()
}

func offerSource(p *catalog.Prefill) string {
	words := strings.ToLower(catalog.Name("strength", p.Strength))
	if p.Agreement != nil {
		words += " i " + p.Agreement.Title
		if p.Clause != "" {
			words += ", " + p.Clause
		}
	}
	words += ", källa: " + p.Source
	if p.ValidUntil != "" {
		words += ", till och med " + p.ValidUntil
	}
	return words + ", profilen " + p.Profile.Title
}

// width is where text breaks: a terminal of the usual width.
const width = 80

// wrap writes words broken at the width, each line indented. What follows the
// first line of an item in a list stands under its words.
func wrap(w io.Writer, indent, words string) {
	used := 0
	for _, word := range strings.Fields(words) {
		n := utf8.RuneCountInString(word)
		switch {
		case used == 0:
			fmt.Fprint(w, indent)
			used = utf8.RuneCountInString(indent)
			if word == "-" {
				indent += "  "
			}
		case used+1+n > width:
			fmt.Fprint(w, "\n", indent)
			used = utf8.RuneCountInString(indent)
		default:
			fmt.Fprint(w, " ")
			used++
		}
		fmt.Fprint(w, word)
		used += n
	}
	fmt.Fprintln(w)
}
