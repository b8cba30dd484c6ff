package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine/catalog"
)

func sha256hex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// catalogsPage is what is loaded, and what is wrong with what could not be.
type catalogsPage struct {
	page
	Rows    []catalogRow
	Areas   []areaRow
	SetHash string
	At      string
	Stale   bool // the latest change could not be loaded
	TriedAt string
	Count   int
	List    string // the mistakes, as the author sees them at a terminal
}

// areaRow is an area over the base and the profiles.
type areaRow struct {
	Title, Text, Link string
	Count             int
}

type catalogRow struct {
	Release      catalog.Release
	Status       string
	Kind         string
	Requirements int
	Prefills     int
	Facts        int
	Offered      string
	Extends      string
}

func (s *server) catalogRows(c *catalog.Catalog) []catalogRow {
	base := catalogRow{Release: c.Release, Status: catalog.Name("status", c.Status), Kind: "Baskatalog"}
	for _, r := range c.Requirements {
		if r.Profile == nil {
			base.Requirements++
		}
	}
	for _, f := range c.Facts {
		if f.Profile == nil && !f.IsDerived() {
			base.Facts++
		}
	}
	out := []catalogRow{base}
	for _, p := range c.Profiles {
		out = append(out, catalogRow{Release: p.Release, Status: catalog.Name("status", p.Status), Kind: "Anpassad kravlista", Requirements: len(p.Requirements), Prefills: len(p.Prefills),
			Offered: rowsText(c, p.OfferedWhen), Extends: p.Extends})
	}
	return out
}

func (s *server) catalogs(w http.ResponseWriter, r *http.Request) error {
	l := s.Catalogs()
	p := catalogsPage{page: s.shelf(r, "Kravkataloger", "kataloger"), Rows: s.catalogRows(l.Catalog), SetHash: l.Catalog.SetHash, At: s.day(l.At)}
	for _, area := range l.Catalog.Areas {
		row := areaRow{area.Title, area.Text, "/kataloger/" + l.Catalog.ID + "#omr-" + area.ID, 0}
		for _, q := range l.Catalog.Requirements {
			if q.Area == area {
				row.Count++
			}
		}
		if row.Count > 0 {
			p.Areas = append(p.Areas, row)
		}
	}
	if len(l.Problems) > 0 {
		p.Stale, p.TriedAt, p.Count = true, s.day(l.TriedAt), len(l.Problems)
		var b bytes.Buffer
		l.Problems.WriteText(&b, l.Source)
		p.List = b.String()
	}
	return s.render(w, http.StatusOK, "catalogs", p)
}

// catalogPage is one catalogue or profile: its requirements with their rules
// in words.
type catalogPage struct {
	page
	Row      catalogRow
	Areas    []catalogArea
	Adjusts  []adjustRow
	Prefills []prefillRow
	Laws     []*catalog.Law
	Facts    []factRow
	Types    []*catalog.InformationType
	Scale    []levelText
	Matrix   []consequenceRow // of the base
	Profile  *catalog.Profile
	Source   string
}

type levelText struct {
	N           int
	Title, Text string
}

type catalogArea struct {
	Area *catalog.Area
	Rows []ruleRow
}

type ruleRow struct {
	ID, Title, Is, Shall string
	Type, Role, Kind     string
	Category, Concern    string
	Basis, Note          string
	Rule                 []string
	Parameters           []string
	Verify               []string
	References           []string
	Place                string
}

type adjustRow struct{ ID, Title, What, Reason, Place string }

type prefillRow struct {
	ID, Title, Answer, How, Source, Remains, Strength, When, Until string
	Duties                                                         []catalog.Duty
}

type factRow struct{ ID, Question, Options, When string }

func (s *server) catalog(w http.ResponseWriter, r *http.Request) error {
	c := s.Catalogs().Catalog
	id := chi.URLParam(r, "catalog")
	var profile *catalog.Profile
	rows := s.catalogRows(c)
	row := rows[0]
	if id != c.ID {
		for i, p := range c.Profiles {
			if p.ID == id {
				profile, row = p, rows[i+1]
			}
		}
		if profile == nil {
			return errNotFound
		}
	}
	p := catalogPage{page: s.shelf(r, row.Release.Title, "kataloger", crumb{"Kravkataloger", "/kataloger"}), Row: row, Profile: profile}
	for _, area := range c.Areas {
		a := catalogArea{Area: area}
		for _, q := range c.Requirements {
			if q.Area == area && q.Profile == profile {
				a.Rows = append(a.Rows, ruleRowOf(c, q))
			}
		}
		if len(a.Rows) > 0 {
			p.Areas = append(p.Areas, a)
		}
	}
	for _, f := range c.Facts {
		if f.Profile == profile && !f.IsDerived() {
			x := factRow{ID: f.ID, Question: f.Text, When: rowsText(c, f.AskWhen)}
			var titles []string
			for _, o := range f.Options {
				titles = append(titles, o.Title)
			}
			x.Options = strings.Join(titles, ", ")
			if f.Type == catalog.Bool {
				x.Options = "Ja, Nej"
			}
			p.Facts = append(p.Facts, x)
		}
	}
	for _, l := range c.Laws {
		if l.Profile == profile {
			p.Laws = append(p.Laws, l)
		}
	}
	if profile == nil {
		p.Types = c.InformationTypes
		for _, l := range c.Levels {
			p.Scale = append(p.Scale, levelText{l.Value, l.Title, l.Text})
		}
		for _, x := range c.Consequences {
			row := consequenceRow{Title: x.Title, Help: x.Help}
			for v := 0; v <= 3; v++ {
				row.Cells = append(row.Cells, consequenceCell{Level: itoa(v) + " " + c.Level(v).Title, Text: byAspect(c, x.Levels[itoa(v)])})
			}
			p.Matrix = append(p.Matrix, row)
		}
		return s.render(w, http.StatusOK, "catalog", p)
	}
	for _, q := range c.Requirements {
		for _, x := range q.Changes {
			if x.Profile != profile {
				continue
			}
			switch {
			case x.Adjust != nil:
				p.Adjusts = append(p.Adjusts, adjustRow{q.ID, q.Fill(q.Title, 0), adjustText(c, x.Adjust), x.Adjust.Reason, x.Adjust.At("").String()})
			case x.Exclude != nil:
				p.Adjusts = append(p.Adjusts, adjustRow{q.ID, q.Fill(q.Title, 0), "Tas bort", x.Exclude.Reason, x.Exclude.At("").String()})
			case x.Include != nil:
				p.Adjusts = append(p.Adjusts, adjustRow{q.ID, q.Fill(q.Title, 0), "Tas tillbaka", x.Include.Reason, x.Include.At("").String()})
			}
		}
	}
	for _, x := range profile.Prefills {
		source := x.Source
		if x.Agreement != nil {
			source = x.Agreement.Title + ", " + x.Clause
		}
		p.Prefills = append(p.Prefills, prefillRow{x.RequirementID, x.Requirement.Fill(x.Requirement.Title, 0), catalog.Name("answer", x.Answer), x.How, source, x.Remains, catalog.Name("strength", x.Strength), rowsText(c, x.When), x.ValidUntil, x.Duties()})
	}
	return s.render(w, http.StatusOK, "catalog", p)
}

func ruleRowOf(c *catalog.Catalog, q *catalog.Requirement) ruleRow {
	x := ruleRow{ID: q.ID, Title: q.Fill(q.Title, 0), Is: q.Fill(q.Is, 0), Shall: q.Fill(q.Shall, 0), Type: catalog.Name("obligation", q.Obligation), Kind: catalog.Name("kind", q.Kind), Category: catalog.Name("category", q.Category),
		Concern: catalog.Name("concern", q.Concern), Basis: catalog.Name("basis", q.Basis), Note: q.Note, Rule: ruleText(c, &q.Content), Place: q.At("").String()}
	if q.Role != nil {
		x.Role = q.Role.Title
	}
	for _, name := range sortedKeys(q.Parameters) {
		var steps []string
		for _, level := range sortedKeys(q.Parameters[name]) {
			steps = append(steps, level+": "+q.Parameters[name][level])
		}
		x.Parameters = append(x.Parameters, name+": "+strings.Join(steps, ", "))
	}
	for _, v := range []struct {
		when  string
		codes []string
	}{{"vid anbud", q.Verify.Tender}, {"under avtalstid", q.Verify.Contract}} {
		var names []string
		for _, code := range v.codes {
			names = append(names, strings.ToLower(catalog.Name("verify", code)))
		}
		if len(names) > 0 {
			x.Verify = append(x.Verify, upperFirst(list(names, "och"))+" "+v.when)
		}
	}
	for _, r := range q.References {
		x.References = append(x.References, referenceText(r))
	}
	return x
}

// ruleText puts levels, when and unless in words, a line each.
func ruleText(c *catalog.Catalog, q *catalog.Content) []string {
	var out []string
	var from []string
	for _, t := range q.Thresholds {
		from = append(from, t.Aspect.ID+" är minst "+itoa(t.Min)+" "+c.Level(t.Min).Title)
	}
	if len(from) > 0 {
		out = append(out, upperFirst(list(from, "eller")))
	}
	if when := rowsText(c, q.When); when != "" {
		if len(out) > 0 {
			when = "och " + when
		}
		out = append(out, when)
	}
	if unless := rowsText(c, q.Unless); unless != "" {
		out = append(out, "men inte om "+unless)
	}
	if len(out) == 0 {
		out = []string{"Gäller alla system"}
	} else {
		out[0] = "Gäller när " + out[0]
	}
	if asked := rowsText(c, q.ShallWhen); asked != "" {
		out[len(out)-1] += ". Ställs till leverantören när " + asked
	}
	return out
}

func adjustText(c *catalog.Catalog, a *catalog.Adjust) string {
	var out []string
	if a.Title != "" {
		out = append(out, "ny rubrik: "+a.Title)
	}
	if a.Is != "" {
		out = append(out, "ny ÄR-text: "+a.Is)
	}
	if a.Shall != "" {
		out = append(out, "ny SKA-text: "+a.Shall)
	}
	if len(a.Thresholds) > 0 || len(a.When.Rows) > 0 || len(a.Unless.Rows) > 0 || len(a.ShallWhen.Rows) > 0 {
		out = append(out, "ny regel: "+strings.Join(ruleText(c, &a.Content), ", "))
	}
	if a.Obligation != "" {
		out = append(out, "typ: "+catalog.Name("obligation", a.Obligation))
	}
	for _, name := range sortedKeys(a.Parameters) {
		out = append(out, "nytt värde: "+name)
	}
	if a.Role != nil {
		out = append(out, "roll: "+a.Role.Title)
	}
	for i, x := range out {
		out[i] = upperFirst(strings.TrimSuffix(x, "."))
	}
	return strings.Join(out, ". ")
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	swedish(out, func(s string) string { return s })
	return out
}
