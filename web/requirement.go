package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/diag"
	"github.com/kravverk/kravverk/engine/rule"
)

// requirementPage is all about one requirement in one classification, also
// one that does not apply: why, why not, and what would change it.
type requirementPage struct {
	page
	Row        requirementRow
	Area       string
	Applies    bool
	Verdict    string
	Class      string // the verdict's sign
	Rows       []authorRow
	Condition  string // how the rows hang together
	Flips      []flipView
	NoFlip     string // instead of flips
	Profiles   []profileLine
	Laws       []string
	References []string
	Concern    string
	Note       string
	Practice   *textLink
	Rule       string // link to the author's row
	Place      string // where that is
	Prev, Next *neighbor
	Among      string // what the neighbors are among
	Back       string
	Thread     thread
	Delegate   string // link; "" for who may not
}

// authorRow is one row that an author wrote, with what is known of each key.
type authorRow struct {
	Word   string // "gäller från", "när", "utom när"
	Place  string
	Link   string
	State  sign
	Marked bool // the verdict rests on it
	Atoms  []authorAtom
}

type authorAtom struct {
	And   string // what joins it to the one before
	Text  string
	Now   string
	Link  string // to what would settle it
	State sign
}

// sign is a truth as a shape with its word.
type sign struct{ Class, Word string }

var signs = map[rule.Truth]sign{rule.Yes: {"done", "Stämmer"}, rule.No: {"lock", "Stämmer inte"}, rule.Unknown: {"wait", "Inte avgjort"}}

// flipView is changes that together turn the verdict.
type flipView struct {
	Turns []openQuestion
	Try   string // the address where the change is tried
}

// profileLine is what a profile does to the requirement, whether it counts or
// not.
type profileLine struct {
	Title, What, Reason, Place, Link string
	State                            sign
}

type neighbor struct{ ID, Title, Link string }

func (s *server) requirement(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	id, err := url.PathUnescape(chi.URLParam(r, "krav"))
	if err != nil {
		return errNotFound
	}
	f := o.Derivation.Finding(id)
	if f == nil {
		near := nearestRequirement(o.Catalog, id)
		if strings.EqualFold(near, id) {
			return seeOther(w, r, o.Base()+"/krav/"+near)
		}
		return noRequirement(o, near)
	}
	p := s.requirementPage(o, f)
	if o.visit.on(&o.Record, answer, "") {
		if err := s.tenderOffer(r, &p, f.Requirement.ID); err != nil {
			return err
		}
	}
	return s.render(w, http.StatusOK, "requirement", p)
}

func noRequirement(o *open, near string) *Problem {
	p := &Problem{Status: http.StatusNotFound, Title: "Kravet finns inte", Text: "Inget krav i kravkatalogen har det id:t. Det kan vara felskrivet.", Link: o.Base() + "/krav", Label: "Till kravlistan"}
	if near != "" {
		p.Text += " Närmast är " + near + "."
		p.Link, p.Label = o.Base()+"/krav/"+near, "Visa "+near
	}
	return p
}

func (s *server) requirementPage(o *open, f *engine.Finding) requirementPage {
	q := f.Requirement
	p := requirementPage{
		page: s.classificationPage(o, q.ID), Row: requirementRowOf(o, f), Area: q.Area.Title, Applies: f.Applies == rule.Yes,
		Concern: catalog.Name("concern", q.Concern), Note: q.Note, Rule: ruleLink(q), Place: place(q.At("id")),
	}
	p.Title = q.ID + " " + engine.Text(f.Title) + ", " + o.System.Title
	p.Crumbs = slices.Insert(p.Crumbs, len(p.Crumbs)-1, crumb{"Kravlista", o.Base() + "/krav"})
	p.Thread = s.thread(o, engine.PartRequirement+q.ID)
	if o.visit.on(&o.Record, delegate, "") && f.Applies != rule.No {
		p.Delegate = delegateLink(o, engine.PartRequirement+q.ID)
	}
	switch f.Applies {
	case rule.Yes:
		p.Verdict, p.Class = "Kravet gäller", "done"
	case rule.No:
		p.Verdict, p.Class = "Kravet gäller inte", "lock"
	default:
		p.Verdict, p.Class = "Kravet kan tillkomma", "wait"
	}
	if q.Practice != nil {
		p.Practice = &textLink{q.Practice.Title, practiceLink(q.Practice)}
	}
	for _, x := range q.Laws {
		p.Laws = append(p.Laws, x.Source)
	}
	for _, x := range q.References {
		p.References = append(p.References, referenceText(x))
	}
	p.rows(o, f)
	p.flips(o, f)
	p.profiles(o, f)
	p.neighbors(o, f)
	return p
}

// rows tells what the author wrote and what is known of it.
func (p *requirementPage) rows(o *open, f *engine.Finding) {
	before := engine.RowKind("")
	for _, x := range o.Derivation.Rows(f) {
		row := authorRow{Word: rowWords[x.Kind], Place: place(x.At), Link: placeLink(o, f, x.At), State: signs[x.Holds], Marked: x.Decides}
		if x.Kind == before {
			row.Word = "eller " + row.Word
		}
		before = x.Kind
		for i, a := range x.Atoms {
			atom := authorAtom{Text: strings.TrimSuffix(a.Text, "."), Now: a.Now, State: signs[a.Holds]}
			if i > 0 {
				atom.And = map[bool]string{true: "eller", false: "och"}[x.Kind == engine.RowLevels]
			}
			if a.Holds == rule.Unknown {
				atom.Link = aboutLink(o, a.About.Aspect, a.About.Fact, len(a.About.Laws) > 0)
			}
			row.Atoms = append(row.Atoms, atom)
		}
		p.Rows = append(p.Rows, row)
	}
	e := f.Effective
	var parts []string
	if len(e.Thresholds) > 0 {
		parts = append(parts, "någon av nivåerna är nådd")
	}
	if len(e.When.Rows) > 0 {
		parts = append(parts, "någon rad ”när” stämmer")
	}
	if len(e.Unless.Rows) > 0 {
		parts = append(parts, "ingen rad ”utom när” stämmer")
	}
	p.Condition = "Kravet har inga villkor. Det gäller alla system."
	if len(parts) > 0 {
		p.Condition = "Kravet gäller när " + list(parts, "och") + "."
	}
}

var rowWords = map[engine.RowKind]string{engine.RowLevels: "gäller från nivå", engine.RowWhen: "när", engine.RowUnless: "utom när", engine.RowShall: "ställs till leverantören när", engine.RowExcluded: "borttaget", engine.RowAdded: "tillagt"}

// flips tells what would turn the verdict, with the way to each change.
func (p *requirementPage) flips(o *open, f *engine.Finding) {
	if f.Applies == rule.Unknown {
		return
	}
	for _, turns := range o.Derivation.Turns(f) {
		v := flipView{Try: tryAddress(o, turns)}
		for _, t := range turns {
			v.Turns = append(v.Turns, openQuestion{t.Words, aboutLink(o, t.Aspect, t.Fact, t.Law != nil)})
		}
		v.Turns[0].Title = upperFirst(v.Turns[0].Title)
		p.Flips = append(p.Flips, v)
	}
	if len(p.Flips) == 0 {
		p.NoFlip = noFlip(o, f)
	}
}

// aboutLink is where an answer is changed: a level, a fact or the laws. It is
// empty for what nobody answers here.
func aboutLink(o *open, aspect *catalog.Aspect, fact *catalog.Fact, laws bool) string {
	switch {
	case aspect != nil && aspect.IsRated():
		return levelLink(o, aspect)
	case fact != nil && !fact.IsDerived():
		return questionLink(o, engine.Question{ID: fact.ID, Fact: fact})
	case laws:
		return o.Base() + "/lagrum"
	}
	return ""
}

// levelLink is where what decides a level is changed.
func levelLink(o *open, aspect *catalog.Aspect) string {
	l := o.Facts.Level(aspect)
	if l.Raised {
		return o.Base() + "/hojning"
	}
	for _, n := range o.Information() {
		var info engine.Information
		if decode(o.Answers[engine.InformationKey(n)].Value, &info) && l.From != "" && o.Facts.InformationTitle(info) == l.From {
			return o.Base() + "/information/" + itoa(n)
		}
	}
	return o.Base() + "/information"
}

// profiles tells what each profile does, also those that do not count here.
func (p *requirementPage) profiles(o *open, f *engine.Finding) {
	add := func(by *catalog.Profile, what, reason string, at diag.Range, anchor string) {
		x := profileLine{Title: by.Title, What: what, Reason: reason, Place: place(at), Link: "/kataloger/" + by.ID + "#" + anchor}
		for _, y := range o.Derivation.Profiles {
			if y.Profile == by {
				x.State = profileSigns[y.Active]
			}
		}
		p.Profiles = append(p.Profiles, x)
	}
	q := f.Requirement
	if q.Profile != nil {
		add(q.Profile, "Lägger till kravet", "", q.At("id"), q.ID)
	}
	for _, c := range q.Changes {
		if a := c.Adjust; a != nil {
			add(c.Profile, adjustText(o.Catalog, a), a.Reason, a.At("requirement"), "anp-"+q.ID)
		}
		if e := c.Exclude; e != nil {
			add(c.Profile, "Tar bort kravet", e.Reason, e.At("requirement"), "anp-"+q.ID)
		}
		if i := c.Include; i != nil {
			add(c.Profile, "Tar tillbaka kravet", i.Reason, i.At("requirement"), "anp-"+q.ID)
		}
	}
}

var profileSigns = map[rule.Truth]sign{rule.Yes: {"done", "Används"}, rule.No: {"lock", "Används inte"}, rule.Unknown: {"wait", "Inte avgjort"}}

// neighbors are the requirements before and after, among those in the list or
// among those that are not.
func (p *requirementPage) neighbors(o *open, f *engine.Finding) {
	p.Among = "i listan"
	p.Back = o.Base() + "/krav?rad=" + f.Requirement.ID + "#" + f.Requirement.ID
	if f.Applies == rule.No {
		p.Among = "som inte gäller"
		p.Back = o.Base() + "/krav#" + f.Requirement.Area.ID
	}
	passed := false
	for i := range o.Derivation.Findings {
		x := &o.Derivation.Findings[i]
		if x == f {
			passed = true
			continue
		}
		if (x.Applies == rule.No) != (f.Applies == rule.No) {
			continue
		}
		n := &neighbor{x.Requirement.ID, engine.Text(x.Title), o.Base() + "/krav/" + x.Requirement.ID}
		if passed {
			p.Next = n
			return
		}
		p.Prev = n
	}
}

// place is a file and line as people write them.
func place(r diag.Range) string {
	if r.Line == 0 {
		return r.File
	}
	return r.File + ", rad " + itoa(r.Line)
}

// placeLink is the row on the catalogue's page that a place belongs to.
func placeLink(o *open, f *engine.Finding, r diag.Range) string {
	for _, c := range f.Requirement.Changes {
		for _, at := range changePlaces(c) {
			if at.File == r.File {
				return "/kataloger/" + c.Profile.ID + "#anp-" + f.Requirement.ID
			}
		}
	}
	return ruleLink(f.Requirement)
}

func changePlaces(c catalog.Change) (out []diag.Range) {
	if c.Adjust != nil {
		out = append(out, c.Adjust.At(""))
	}
	for _, e := range []*catalog.Exclude{c.Exclude, c.Include} {
		if e != nil {
			out = append(out, e.At(""))
		}
	}
	return out
}

// ruleLink is where the requirement is shown as its author wrote it.
func ruleLink(r *catalog.Requirement) string {
	return "/krav/" + r.ID
}
