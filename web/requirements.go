package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// requirementsPage is the requirement list with the reason for every row.
type requirementsPage struct {
	page
	Base      string
	Levels    []level
	Yes       int
	Unknown   int
	Unsettled int // apply, with a text that is still open
	Open      []openQuestion
	OpenAll   int
	Filter    filter
	Areas     []areaView
	Outside   []requirementRow // what a search finds among what does not apply
	Near      string           // an id like what was searched for, when nothing is found
	Shown     int              // rows that the filter lets through
	Reviewed  int              // rows in areas gone through
	Total     int              // rows that apply or can come to
	Rows      int              // of all areas, for the navigation
	Done      doneForm
	Full      bool
	Draft     bool
	NoLevels  bool
	Paused    bool
	Roles     []*catalog.Role
	Token     string
}

type openQuestion struct{ Title, Link string }

// filter is what the address says to show.
type filter struct {
	Query, Type, By, Role, Show string
}

// Active names what narrows the list, each with the address without it.
type activeFilter struct{ Text, Without string }

func (f filter) active(base string) []activeFilter {
	all := url.Values{}
	for k, v := range map[string]string{"q": f.Query, "typ": f.Type, "av": f.By, "roll": f.Role, "visa": f.Show} {
		if v != "" {
			all.Set(k, v)
		}
	}
	var out []activeFilter
	add := func(key, text string) {
		if all.Get(key) == "" {
			return
		}
		rest := url.Values{}
		for k, v := range all {
			if k != key {
				rest[k] = v
			}
		}
		link := base + "/krav"
		if len(rest) > 0 {
			link += "?" + rest.Encode()
		}
		out = append(out, activeFilter{text, link})
	}
	add("q", "”"+f.Query+"”")
	add("typ", map[string]string{"ska": "Ska", "bor": "Bör", "osakert": "Kan tillkomma"}[f.Type])
	add("av", byNames[f.By])
	add("roll", f.Role)
	return out
}

var byNames = map[string]string{"K": "Konfidentialitet", "R": "Riktighet", "T": "Tillgänglighet", "lag": "Lagrum eller svar", "alla": "Alla system"}

// ActiveFilters is for the template.
func (p requirementsPage) ActiveFilters() []activeFilter { return p.Filter.active(p.Base) }

type areaView struct {
	Area       *catalog.Area
	Rows       []requirementRow
	Not        []requirementRow // those that do not apply
	NotTitles  string
	Yes        int
	Unknown    int
	Total      int
	Reviewed   bool
	ReviewedBy string
	Base       string
	Token      string
	Percent    int
	Paused     bool
	May        bool
	Delegate   string // link; "" for who may not
	Receiver   string // whom the area is delegated to, in words
}

// requirementRow is one requirement as a row.
type requirementRow struct {
	Base      string
	ID        string
	Title     []engine.Span
	Role      string
	Reference string
	calledFor
	Type      string
	Should    bool
	Own       bool   // it concerns the own organization alone
	Points    string // how a should-requirement is scored
	Shall, Is []engine.Span
	Why       []sentencePart
	Unknown   bool
	Unsettled bool // applies, with a text that is still open
	Depends   []openQuestion
	Flips     []string
	FlipLead  string
	Values    []string
	Offers    []offerView
	Open      bool // its reason is unfolded, since the address asks for the row
	Comments  int
}

// calledFor is what calls for a requirement: levels, or something else.
type calledFor struct {
	From     []fromLevel // the three places; nil when no level calls for it
	Same     int         // the threshold, when all are alike
	SameName string
	FromText string // instead of levels
}

type fromLevel struct {
	Letter, Class string
	On            bool
	N             int
}

// sentencePart is a piece of a reason; Bold is what the system's answers say.
type sentencePart struct {
	Text string
	Bold bool
}

type offerView struct {
	Answer, How, Source, Remains, Strength, Until, Profile string
	Duties                                                 []catalog.Duty
	Maybe                                                  bool
}

func (s *server) requirements(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	d := o.Derivation
	p := requirementsPage{
		page: s.classificationPage(o, "Kravlista"), Base: o.Base(), Levels: levels(o.Facts), Yes: d.Count(rule.Yes), Unknown: d.Count(rule.Unknown), Unsettled: d.Undecided() - d.Count(rule.Unknown),
		Draft: d.Draft(), Done: doneFormOf(o, "requirements", "Kravlistan är genomgången"), Paused: o.paused(), Roles: o.Catalog.Roles, Token: token(),
		Filter: filter{strings.TrimSpace(r.FormValue("q")), r.FormValue("typ"), r.FormValue("av"), r.FormValue("roll"), r.FormValue("visa")},
	}
	p.Full = p.Filter.Show == "hela"
	p.OpenAll = o.Pending.Bound()
	for _, q := range slices.Concat(o.Pending.Questions, o.Pending.Later) {
		p.Open = append(p.Open, openQuestion{lowerFirst(q.Title), questionLink(o, q)})
	}
	p.NoLevels = !slices.ContainsFunc(p.Levels, func(l level) bool { return l.Known })
	for _, area := range o.Catalog.Areas {
		a := areaView{Area: area, Base: o.Base(), Token: p.Token, Reviewed: o.Has(engine.ReviewedKey(area.ID)), Paused: p.Paused}
		part := engine.PartArea + area.ID
		a.May = o.may(part)
		if o.visit.on(&o.Record, delegate, "") && !a.Reviewed && !o.Locked() {
			a.Delegate = delegateLink(o, part)
		}
		if _, ok := o.Delegations()[part]; ok && !a.Reviewed {
			a.Receiver = "Delegerat till " + s.delegationSay(o.Answers[engine.DelegateKey(part)].Value)
		}
		if a.Reviewed {
			x := o.Answers[engine.ReviewedKey(area.ID)]
			a.ReviewedBy = strings.TrimSpace(x.By.Name + " " + s.day(x.At))
		}
		for i := range d.Findings {
			f := &d.Findings[i]
			if f.Requirement.Area != area {
				continue
			}
			switch f.Applies {
			case rule.Yes:
				a.Yes++
			case rule.Unknown:
				a.Unknown++
			}
			switch {
			case f.Applies == rule.No && p.Filter.Query != "":
				// Who searches asks for the row, whatever else the filter says.
				if p.Filter.finds(f) {
					p.Outside = append(p.Outside, outsideRow(o, f))
				}
			case !p.Filter.lets(f):
			case f.Applies == rule.No:
				a.Not = append(a.Not, outsideRow(o, f))
			default:
				row := requirementRowOf(o, f)
				row.FlipLead, row.Flips = flips(o, f)
				row.Open = row.ID == r.FormValue("rad")
				a.Rows = append(a.Rows, row)
			}
		}
		a.Total = a.Yes + a.Unknown
		p.Total += a.Total
		if a.Reviewed {
			p.Reviewed += a.Total
			a.Percent = 100
		}
		p.Shown += len(a.Rows)
		var titles []string
		for _, x := range a.Not {
			titles = append(titles, x.ID+" "+engine.Text(x.Title)+".")
		}
		a.NotTitles = strings.Join(titles, " ")
		if len(a.Rows) > 0 || len(a.Not) > 0 {
			p.Areas = append(p.Areas, a)
		}
	}
	if len(p.Areas) == 0 && len(p.Outside) == 0 && p.Filter.Query != "" {
		p.Near = nearestRequirement(o.Catalog, p.Filter.Query)
	}
	return s.render(w, http.StatusOK, "requirements", p)
}

// outsideRow is a requirement that does not apply: what it is, and why not.
func outsideRow(o *open, f *engine.Finding) requirementRow {
	return requirementRow{Base: o.Base(), ID: f.Requirement.ID, Title: f.Title, Why: why(o, f)}
}

// lets tells whether the filter lets a finding through. What does not apply is
// shown beside the rest only when nothing asks for a kind of row.
func (f filter) lets(x *engine.Finding) bool {
	switch f.Type {
	case "ska":
		if x.Applies != rule.Yes || x.Effective.Obligation != "shall" {
			return false
		}
	case "bor":
		if x.Applies != rule.Yes || x.Effective.Obligation != "should" {
			return false
		}
	case "osakert":
		if x.Applies != rule.Unknown {
			return false
		}
	}
	if f.Role != "" && (x.Effective.Role == nil || x.Effective.Role.Title != f.Role) {
		return false
	}
	if f.By != "" {
		var hit bool
		switch f.By {
		case "lag":
			hit = len(x.Effective.Thresholds) == 0 && len(x.Effective.When.Rows) > 0
		case "alla":
			hit = len(x.Effective.Thresholds) == 0 && len(x.Effective.When.Rows) == 0
		default:
			hit = slices.ContainsFunc(x.Effective.Thresholds, func(t catalog.Threshold) bool { return t.Aspect.ID == f.By })
		}
		if !hit {
			return false
		}
	}
	return f.finds(x)
}

// finds tells whether the search finds a requirement, by its id or its words.
func (f filter) finds(x *engine.Finding) bool {
	if f.Query == "" {
		return true
	}
	text := x.Requirement.ID + " " + engine.Text(x.Title) + " " + engine.Text(x.Is) + " " + engine.Text(x.Shall)
	for _, r := range x.Requirement.References {
		text += " " + referenceText(r)
	}
	return strings.Contains(strings.ToLower(text), strings.ToLower(f.Query))
}

// questionLink is where a question is answered.
func questionLink(o *open, q engine.Question) string {
	switch {
	case q.Aspect != nil:
		return o.Base() + "/information"
	case q.Fact == nil:
		return o.Base() + "/lagrum"
	case o.Facts.Asked(q.Fact) != rule.Yes:
		return o.Base() + "/fragor"
	}
	return o.Base() + "/fragor#f-" + q.ID
}

func referenceText(r catalog.Reference) string {
	text := r.Standard
	if r.Edition != "" {
		text += ":" + r.Edition
	}
	text += " " + r.ID
	if r.Uncertain {
		text += " (obekräftad)"
	}
	return text
}

func requirementRowOf(o *open, f *engine.Finding) requirementRow {
	q, e := f.Requirement, f.Effective
	row := requirementRow{
		Base: o.Base(), ID: q.ID, Title: f.Title, Is: f.Is, Shall: f.Shall, Type: catalog.Name("obligation", e.Obligation), Should: e.Obligation == "should",
		Unknown: f.Applies == rule.Unknown, Unsettled: f.Unsettled && f.Applies == rule.Yes,
		Comments: len(o.Comments(engine.PartRequirement + q.ID)),
	}
	if e.Role != nil {
		row.Role = e.Role.Title
	}
	row.Points, row.Own = pointsText(&e.Content), q.Concern == "own"
	if len(q.References) > 0 {
		row.Reference = referenceText(q.References[0])
	}
	row.calledFor = thresholds(o, e)
	row.Why = why(o, f)
	for _, x := range f.DependsOn {
		row.Depends = append(row.Depends, openQuestion{lowerFirst(x.Title), questionLink(o, x)})
	}
	for _, p := range f.Parameters {
		row.Values = append(row.Values, parameterText(o, p))
	}
	for _, x := range f.Offers {
		row.Offers = append(row.Offers, offerOf(x))
	}
	return row
}

// pointsText is how a should-requirement is scored, "" for others.
func pointsText(c *catalog.Content) string {
	if c.Obligation != "should" {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("Ja ger %d poäng, Delvis %d. %s", c.Weight, c.Partly, c.Points))
}

func offerOf(x engine.Offer) offerView {
	p := x.Prefill
	v := offerView{Answer: catalog.Name("answer", p.Answer), How: p.How, Source: p.Source, Remains: p.Remains, Duties: p.Duties(),
		Strength: strengthTexts[p.Strength], Until: p.ValidUntil, Maybe: x.Offered == rule.Unknown}
	if p.Profile != nil { // a tender's offer has none
		v.Profile = p.Profile.Title
	}
	if p.Agreement != nil {
		v.Source = p.Agreement.Title
		if p.Clause != "" {
			v.Source += ", " + p.Clause
		}
	}
	return v
}

// thresholds gives the three fixed places, or says what calls for the row when
// no level does.
func thresholds(o *open, e catalog.Effective) (row calledFor) {
	if len(e.Thresholds) == 0 {
		row.FromText = "Alla system"
		if len(e.When.Rows) > 0 {
			row.FromText = "Svar på fråga"
			for _, r := range e.When.Rows {
				for _, a := range r.Atoms {
					if len(a.Laws) > 0 {
						row.FromText = "Lagrum"
					}
				}
			}
		}
		return row
	}
	row.Same = e.Thresholds[0].Min
	for _, t := range e.Thresholds {
		if t.Min != row.Same {
			row.Same = 0
		}
	}
	for _, a := range o.Catalog.Aspects {
		if !a.IsRated() {
			continue
		}
		x := fromLevel{Letter: a.ID, Class: strings.ToLower(a.ID)}
		for _, t := range e.Thresholds {
			if t.Aspect == a {
				x.On, x.N = true, t.Min
			}
		}
		row.From = append(row.From, x)
	}
	if row.Same > 0 {
		row.SameName = o.Catalog.Level(row.Same).Title
	}
	return row
}

// why puts the reason in a sentence, with what the answers say in bold.
func why(o *open, f *engine.Finding) []sentencePart {
	if f.Applies == rule.Unknown {
		return nil
	}
	if len(f.Reasons) == 0 || f.Effective.Excluded != nil && f.Applies == rule.No {
		return []sentencePart{{upperFirst(strings.TrimSuffix(f.Because, ".")) + ".", false}}
	}
	out := []sentencePart{{map[bool]string{true: "Kravet gäller för att ", false: "Kravet gäller inte för att "}[f.Applies == rule.Yes], false}}
	for i, r := range f.Reasons {
		switch {
		case i > 0 && i == len(f.Reasons)-1:
			out = append(out, sentencePart{" och ", false})
		case i > 0:
			out = append(out, sentencePart{", ", false})
		}
		if r.Aspect == nil {
			out = append(out, sentencePart{r.Words, true})
			continue
		}
		l := o.Facts.Level(r.Aspect)
		say := fmt.Sprintf("%d %s", l.Lowest(), o.Catalog.Level(l.Lowest()).Title)
		if _, known := l.Known(); !known {
			say = "minst " + say
		}
		out = append(out, sentencePart{definite(r.Aspect.Title) + " är ", false}, sentencePart{say, true})
		if v := r.Levels.Values(); f.Applies == rule.Yes && r.Levels == catalog.AtLeast(v[0]) {
			out = append(out, sentencePart{fmt.Sprintf(" (gränsen är %d %s)", v[0], o.Catalog.Level(v[0]).Title), false})
		}
	}
	return append(out, sentencePart{".", false})
}

func parameterText(o *open, p engine.Parameter) string {
	text := upperFirst(p.Value)
	if p.Step > 0 {
		text += fmt.Sprintf(", för att nivån är %d %s", p.Step, o.Catalog.Level(p.Step).Title)
	}
	text += "."
	var others []string
	for v := 3; v >= 1; v-- {
		if t, ok := p.Values[itoa(v)]; ok && t != p.Value {
			others = append(others, fmt.Sprintf("%s vid %d %s", t, v, o.Catalog.Level(v).Title))
		}
	}
	if len(others) > 0 {
		text += " " + upperFirst(list(others, "och")) + "."
	}
	return text
}

// flips tells what would take a requirement away.
func flips(o *open, f *engine.Finding) (string, []string) {
	if f.Applies == rule.Unknown {
		return "", nil
	}
	var out []string
	for _, x := range o.Derivation.Flips(f) {
		out = append(out, upperFirst(list(x, "och"))+".")
	}
	if len(out) == 0 {
		out = []string{noFlip(o, f)}
	}
	return "Vad skulle ta bort det?", out
}

// noFlip says why no small change turns a verdict.
func noFlip(o *open, f *engine.Finding) string {
	switch {
	case !o.Derivation.Fixed(f):
		return "Det krävs att fler än tre svar ändras."
	case f.Applies == rule.Yes:
		return "Inget svar tar bort kravet."
	}
	return "Inget svar lägger till kravet."
}

// saveReviewed marks an area as gone through, or takes the mark back.
func (s *server) saveReviewed(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	id := chi.URLParam(r, "area")
	if !slices.ContainsFunc(o.Catalog.Areas, func(a *catalog.Area) bool { return a.ID == id }) {
		return errNotFound
	}
	return s.saveMark(w, r, engine.ReviewedKey(id), "/krav#"+id)
}
