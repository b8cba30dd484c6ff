package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// whatifPage tries other levels and answers. What is tried lives in the
// address, and nothing is saved.
type whatifPage struct {
	page
	Base    string
	Aspects []tryAspect
	Facts   []tryFact
	More    []choice // the other questions that can be tried
	Effect  *effect
	Tried   bool
	Steps   []stepRow
	Missing fieldErrors
	Address string // of what is tried, and nothing else
	Swap    bool   // the answer is a fragment
	Added   bool   // and there is a question more
	Open    bool   // the answers are unfolded
	Paused  bool
}

type tryAspect struct {
	ID, Title string
	Levels    []levelChoice
	Now       int // the level today, when it is known
	Known     bool
	Tried     bool
}

type tryFact struct {
	ID, Text, Now string
	Choices       []choice
	Asked         bool
}

// stepRow is one level of one aspect: what would apply there.
type stepRow struct {
	Level          level
	Now, First     bool
	Yes, Supplier  int
	Unknown        int
	Added, Removed int
	Link           string
}

// answerPrefix begins the name of a field with an answer that is tried.
const answerPrefix = "svar-"

// trial is what the address asks to try.
type trial struct {
	levels  map[string]int
	answers map[string]any
	chosen  map[string]string // the answers as the fields have them
	missing fieldErrors
}

func (s *server) whatif(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	x := trialOf(o, query)
	facts, err := o.Facts.WhatIf(x.levels, x.answers)
	if err != nil {
		return err // every value has been checked
	}
	after := &open{Record: o.Record, Catalog: o.Catalog, Facts: facts, Derivation: engine.Derive(facts)}
	more := query.Get("mer")
	p := whatifPage{page: s.classificationPage(o, "Pröva andra nivåer och svar"), Base: o.Base(), Effect: effectBetween(o, after), Missing: x.missing,
		Tried: len(x.levels)+len(x.answers) > 0, Paused: o.paused(), Added: more != "" && !query.Has(answerPrefix+more)}
	p.Failed = len(x.missing) > 0
	p.Effect.link(o)
	address := x.address()
	p.Address = o.Base() + "/prova" + address
	p.Open = len(x.chosen) > 0 || more != "" || len(x.missing) > 0
	p.fields(o, after, x, more)
	if fromHTMX(r) {
		p.Swap = true
		p.Effect.tell()
		return s.renderPart(w, http.StatusOK, "whatif", "tried", p)
	}
	// A form sends every field. The address that is shared has what is tried.
	if plain := strings.TrimPrefix(address, "?"); len(x.missing) == 0 && more == "" && r.URL.RawQuery != plain {
		return seeOther(w, r, p.Address)
	}
	for _, step := range o.Facts.Steps() {
		p.Steps = append(p.Steps, stepRowOf(o, step))
	}
	return s.render(w, http.StatusOK, "whatif", p)
}

// trialOf reads the address. What is wrong in it is told, and the rest tried.
func trialOf(o *open, query url.Values) trial {
	x := trial{levels: map[string]int{}, answers: map[string]any{}, chosen: map[string]string{}}
	for _, l := range o.Facts.Levels {
		given := query.Get(l.Aspect.ID)
		n, err := strconv.Atoi(given)
		switch now, known := l.Known(); {
		case given == "" || err == nil && known && n == now:
		case err != nil || n < 0 || n > 3:
			x.missing = append(x.missing, fieldError{"niva-" + l.Aspect.ID + "-0", "”" + given + "” går inte att pröva för " + definite(l.Aspect.Title) + ". Välj en nivå från 0 till 3"})
		default:
			x.levels[l.Aspect.ID] = n
		}
	}
	for _, key := range sortedKeys(query) {
		id, ok := strings.CutPrefix(key, answerPrefix)
		given := query.Get(key)
		if !ok || given == "" {
			continue
		}
		i := slices.IndexFunc(o.Catalog.Facts, func(f *catalog.Fact) bool { return f.ID == id && !f.IsDerived() })
		if i < 0 {
			x.missing = append(x.missing, fieldError{"mer", "Det finns ingen fråga som heter ”" + id + "”. Välj en fråga i listan"})
			continue
		}
		f := o.Catalog.Facts[i]
		value, problem := factValue(f, []string{given})
		if problem != "" || value == nil || !slices.ContainsFunc(tryChoices(f), func(c choice) bool { return c.ID == given }) {
			x.missing = append(x.missing, fieldError{"prov-" + id, "”" + given + "” är inget svar på frågan " + f.Text + " Välj ett annat"})
			x.chosen[id] = ""
			continue
		}
		x.answers[id], x.chosen[id] = value, given
	}
	return x
}

// address is the query of what is tried.
func (x trial) address() string {
	out := url.Values{}
	for id, n := range x.levels {
		out.Set(id, itoa(n))
	}
	for id := range x.answers {
		out.Set(answerPrefix+id, x.chosen[id])
	}
	if len(out) == 0 {
		return ""
	}
	return "?" + out.Encode()
}

// tryChoices is the answers to a question that can be tried. Of a question
// with several answers, each is tried alone.
func tryChoices(f *catalog.Fact) []choice {
	var out []choice
	if f.Type == catalog.Bool {
		out = []choice{{ID: "true", Title: "Ja"}, {ID: "false", Title: "Nej"}}
	}
	for _, x := range f.Options {
		title := x.Title
		if f.Type == catalog.Choices {
			title = "Bara " + lowerFirst(title)
		}
		out = append(out, choice{ID: x.ID, Title: title})
	}
	if f.Type == catalog.Choices {
		out = append(out, choice{ID: "inget", Title: "Inget av dessa"})
	}
	return append(out, choice{ID: engine.VetEj, Title: "Vet ej"})
}

// fields fills the form: the levels, the questions that are tried and those
// that decide the most, and the rest to choose from.
func (p *whatifPage) fields(o, after *open, x trial, more string) {
	for _, l := range o.Facts.Levels {
		a := tryAspect{ID: l.Aspect.ID, Title: l.Aspect.Title}
		a.Now, a.Known = l.Known()
		to, tried := x.levels[a.ID]
		a.Tried = tried
		for v := range 4 {
			a.Levels = append(a.Levels, levelChoice{v, o.Catalog.Level(v).Title, tried && v == to || !tried && a.Known && v == a.Now, false})
		}
		p.Aspects = append(p.Aspects, a)
	}
	shown := map[string]bool{more: true}
	for id := range x.chosen {
		shown[id] = true
	}
	decisive := 0
	for _, q := range o.Pending.Questions {
		if q.Fact != nil && after.Facts.Asked(q.Fact) != rule.No && decisive < 3 {
			decisive++
			shown[q.ID] = true
		}
	}
	for _, f := range o.Catalog.Facts {
		asked := after.Facts.Asked(f) != rule.No
		switch {
		case f.IsDerived():
		case shown[f.ID]:
			t := tryFact{ID: f.ID, Text: f.Text, Now: o.Facts.AnswerText(f), Choices: tryChoices(f), Asked: asked}
			for i := range t.Choices {
				t.Choices[i].Chosen = t.Choices[i].ID == x.chosen[f.ID]
			}
			p.Facts = append(p.Facts, t)
		case asked:
			p.More = append(p.More, choice{ID: f.ID, Title: f.Text})
		}
	}
}

func stepRowOf(o *open, x engine.Step) stepRow {
	row := stepRow{Now: x.Now, First: x.Level == 0, Yes: x.Yes, Supplier: x.Supplier, Unknown: x.Unknown, Added: len(x.Added), Removed: len(x.Removed),
		Link: o.Base() + "/prova?" + x.Aspect.ID + "=" + itoa(x.Level)}
	row.Level = level{Letter: x.Aspect.ID, Class: strings.ToLower(x.Aspect.ID), Title: x.Aspect.Title, N: x.Level, Name: o.Catalog.Level(x.Level).Title, Known: true}
	return row
}

// tryAddress is where changes are tried, "" when some of them cannot be.
func tryAddress(o *open, turns []engine.Turn) string {
	x := trial{levels: map[string]int{}, answers: map[string]any{}, chosen: map[string]string{}}
	for _, t := range turns {
		switch f := t.Fact; {
		case t.Aspect != nil:
			now := o.Facts.Level(t.Aspect).Lowest()
			// The nearest level that does, as the words have it.
			x.levels[t.Aspect.ID] = slices.MinFunc(t.To.Set.Values(), func(a, b int) int { return max(a-now, now-a) - max(b-now, now-b) })
		case f != nil && f.Type == catalog.Bool:
			x.chosen[f.ID] = map[bool]string{true: "true", false: "false"}[t.To.Set.Has(1)]
			x.answers[f.ID] = nil
		case f != nil && f.Type == catalog.Choice:
			x.chosen[f.ID] = f.Options[t.To.Set.Values()[0]].ID
			x.answers[f.ID] = nil
		default:
			return ""
		}
	}
	return o.Base() + "/prova" + x.address()
}
