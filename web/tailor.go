package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/workbook"
)

// tailoringPage is the list for a supplier, with what the buyer has changed.
type tailoringPage struct {
	page
	Base       string
	Tally      engine.Tally
	Figures    []figure
	Shown      int      // rows that a certificate can verify at the tender
	Market     []figure // the usual certificates, with how many rows they answer
	Steps      []costRow
	Look       []lineRow // tailorings that may not fit any more
	Areas      []lineArea
	Contracted []contractedRow
	Since      string // what the changes are told from; "" when there is nothing to tell from
	Changes    []rowChange
	Own        string // where a row of one's own is written
	May        bool
	Saved      string
}

// figure is a number with its name.
type figure struct {
	Title string
	N     int
}

// costRow is what one step of a level costs in rows.
type costRow struct {
	Level        string // Konfidentialitet
	From, To     string
	Rows, Milder int
	IDs          string
}

type lineArea struct {
	Title string
	Rows  []lineRow
}

// lineRow is one line of the list.
type lineRow struct {
	ID, Title, Link  string
	Type, What, Note string
	Should, Out      bool
}

type contractedRow struct {
	ID, Title, Link string
	Source, How     string
	Remains         []string
}

// rowChange is what differs in one row from an earlier version.
type rowChange struct{ ID, What, Was, Now string }

func (s *server) tailoring(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	versions, err := s.Store.Publications(r.Context(), o.Classification.ID)
	if err != nil {
		return err
	}
	lines := s.lines(o)
	p := tailoringPage{page: s.classificationPage(o, "Anpassa"), Base: o.Base(), Tally: engine.TallyLines(lines), Own: o.Base() + "/anpassa/" + o.NextOwnRow(), May: s.mayProcure(o),
		Saved: map[string]string{"rad": "Ändringen är sparad.", "borta": "Ändringen är borttagen. Raden är som kravlistan ger den."}[r.URL.Query().Get("sparat")]}
	prop := o.Derivation.Proportion(s.today(), lines)
	p.Shown = len(prop.Shown)
	for _, x := range prop.Market {
		p.Market = append(p.Market, figure{x.Certificate, len(x.Rows)})
	}
	p.Figures = []figure{{"Alla system har dem", prop.Always}}
	for n := 1; n <= 3; n++ {
		p.Figures = append(p.Figures, figure{"Från nivå " + itoa(n) + " " + o.Catalog.Level(n).Title, prop.Levels[n]})
	}
	p.Figures = append(p.Figures, figure{"Lagrum eller svar", prop.Other}, figure{"Egna", prop.Own})
	for _, x := range prop.Steps {
		p.Steps = append(p.Steps, costRow{x.Aspect.Title, itoa(x.From) + " " + o.Catalog.Level(x.From).Title, itoa(x.To) + " " + o.Catalog.Level(x.To).Title, len(x.Rows), len(x.Milder), strings.Join(x.Rows, ", ")})
	}
	for _, l := range lines {
		if l.Fate == engine.Contracted {
			p.Contracted = append(p.Contracted, contractedRowOf(o, l, s.today()))
		}
		if l.Fate != engine.Sent && l.Tailoring == nil {
			continue
		}
		row := lineRow{ID: l.ID, Title: l.Title, Link: o.Base() + "/anpassa/" + l.ID, Type: workbook.KindWord(l.Type), Should: l.Type == engine.Should, What: workbook.TailoringWords(l), Out: l.Fate != engine.Sent}
		if l.Tailoring != nil {
			row.Note = l.Tailoring.Reason
		}
		if l.Fit != engine.Fits {
			p.Look = append(p.Look, row)
		}
		i := slices.IndexFunc(p.Areas, func(a lineArea) bool { return a.Title == l.Area })
		if i < 0 {
			i, p.Areas = len(p.Areas), append(p.Areas, lineArea{Title: l.Area})
		}
		p.Areas[i].Rows = append(p.Areas[i].Rows, row)
	}
	if len(versions) > 0 {
		newest := versions[len(versions)-1]
		p.Since, p.Changes = "version "+itoa(newest.Number), rowChanges(newest.Rows, engine.Rows(lines))
	} else if a, ok := last(o.Record, engine.TailorKey("")); ok {
		then, err := s.asOf(r, o, a.At)
		if err != nil {
			return err
		}
		if p.Changes = rowChanges(engine.Rows(s.lines(then)), engine.Rows(lines)); len(p.Changes) > 0 {
			p.Since = "ni senast anpassade, " + s.day(a.At)
		}
	}
	return s.render(w, http.StatusOK, "tailoring", p)
}

// asOf is the classification with the answers that it had then, as far as the
// journal has not been erased, and the tailoring of today.
func (s *server) asOf(r *http.Request, o *open, at time.Time) (*open, error) {
	events, err := s.Store.Events(r.Context(), engine.EventFilter{Classification: o.Classification.ID}, 5000)
	if err != nil {
		return nil, err
	}
	was := map[string]json.RawMessage{}
	for _, e := range events { // the newest first: what stood before the oldest is what stood then
		if !e.At.After(at) {
			break
		}
		if e.Action == "answer.save" && !engine.OfProcurement(e.Key) && (e.Before != nil || e.After != nil) {
			was[e.Key] = e.Before
		}
	}
	var changes []engine.Change
	for key, value := range was {
		changes = append(changes, engine.Change{Key: key, Value: value})
	}
	return s.derive(r.Context(), o.Record.With(changes...))
}

// lines is the list for a supplier as it is today.
func (s *server) lines(o *open) []engine.Line {
	return o.Derivation.Lines(s.today(), o.Tailorings())
}

// mayProcure tells whether the visitor can change the procurement now.
func (s *server) mayProcure(o *open) bool {
	return !o.paused() && !o.Awarded && o.visit.on(&o.Record, procure, "")
}

// rowChanges puts in words what differs between two lists.
func rowChanges(before, now []engine.Row) []rowChange {
	var out []rowChange
	for _, p := range engine.RowsSince(before, now) {
		switch {
		case p.Before == nil:
			out = append(out, rowChange{p.After.ID, "Nytt", "", rowText(*p.After)})
		case p.After == nil:
			out = append(out, rowChange{p.Before.ID, "Borttaget", rowText(*p.Before), ""})
		default:
			out = append(out, rowChange{p.After.ID, "Ändrat", rowText(*p.Before), rowText(*p.After)})
		}
	}
	return out
}

// rowText is a row in one sentence or two.
func rowText(r engine.Row) string {
	text := workbook.KindWord(r.Type)
	if r.Type == engine.Should {
		text += " (Ja ger " + itoa(r.Weight) + " poäng, Delvis " + itoa(r.Partly) + ")"
	}
	return text + ". " + r.Title + ". " + r.Text
}

func contractedRowOf(o *open, l engine.Line, date string) contractedRow {
	row := contractedRow{ID: l.ID, Title: l.Title, Link: o.Base() + "/krav/" + l.ID}
	for _, x := range l.Finding.Offers {
		if !x.Settles(date) {
			continue
		}
		v := offerOf(x)
		row.Source, row.How = v.Source, v.How
		for _, d := range v.Duties {
			row.Remains = append(row.Remains, d.Who+": "+d.What)
		}
		for _, text := range []string{x.Prefill.Order, v.Remains} {
			if text != "" {
				row.Remains = append(row.Remains, text)
			}
		}
		break // the best-founded
	}
	return row
}

// tailorPage is the form for one row.
type tailorPage struct {
	page
	Base, Action string
	ID           string
	Own, Fresh   bool   // a row of one's own; one that is not there yet
	Found        string // as the list gives it
	Why          []sentencePart
	Laws         []string // that call for it: not to be left out lightly
	Warn         string   // why the change may not fit any more
	Form         tailorFields
	Areas        []choice
	Rows         []choice // to stand after
	Missing      fieldErrors
	Conflict     *conflictView
	Version      int
	Token        string
	May          bool
	Closed       bool // a tender has been chosen
}

// tailorFields is the form as it is filled in.
type tailorFields struct {
	Out                           bool
	Type, Category, Points, Partl string
	Title, Text, After, Area      string
	Reason                        string
}

func (s *server) tailorForm(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	p, _, err := s.tailorPage(r, o)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "tailor", p)
}

// tailorPage is the page of the address's row, and the row.
func (s *server) tailorPage(r *http.Request, o *open) (tailorPage, engine.Line, error) {
	id := chi.URLParam(r, "rad")
	lines := s.lines(o)
	i := slices.IndexFunc(lines, func(l engine.Line) bool { return l.ID == id })
	var l engine.Line
	switch {
	case i >= 0:
		l = lines[i]
	case id == o.NextOwnRow():
		l = engine.Line{Row: engine.Row{ID: id, Type: engine.Shall}}
	default:
		return tailorPage{}, l, errNotFound
	}
	if i >= 0 && l.Fate != engine.Sent && l.Tailoring == nil { // never asked of a supplier
		return tailorPage{}, l, errNotFound
	}
	title := id
	if i < 0 {
		title = "Eget krav"
	}
	p := tailorPage{page: s.classificationPage(o, title), Base: o.Base(), Action: o.Base() + "/anpassa/" + id, ID: id, Own: l.Finding == nil, Fresh: i < 0, Token: token(),
		Version: o.Answers[engine.TailorKey(id)].Version, May: s.mayProcure(o), Closed: o.Awarded, Areas: []choice{}}
	p.Crumbs = slices.Insert(p.Crumbs, len(p.Crumbs)-1, crumb{"Anpassa", o.Base() + "/anpassa"})
	var t engine.Tailoring
	if l.Tailoring != nil {
		t = *l.Tailoring
	}
	p.Form = tailorFields{Out: t.LeftOut, Type: t.Obligation, Category: t.Category, Title: l.Title, Text: l.Text, After: t.After, Area: t.Area, Reason: t.Reason}
	if l.Type == engine.Should {
		p.Form.Points, p.Form.Partl = itoa(l.Weight), itoa(l.Partly)
	}
	for _, a := range o.Catalog.Areas {
		p.Areas = append(p.Areas, choice{ID: a.ID, Title: a.Title, Chosen: a.ID == t.Area})
	}
	for _, x := range lines {
		if x.Fate == engine.Sent && x.ID != id {
			p.Rows = append(p.Rows, choice{ID: x.ID, Title: x.ID + " " + x.Title, Chosen: x.ID == t.After})
		}
	}
	if l.Finding != nil {
		p.Found, p.Why = rowText(l.Found), why(o, l.Finding)
		for _, x := range o.Derivation.Laws {
			if x.Applies == engine.Yes && slices.Contains(l.Finding.Requirement.Laws, x.Law) {
				p.Laws = append(p.Laws, x.Law.Title)
			}
		}
	}
	switch l.Fit {
	case engine.Resting:
		p.Warn = "Kravet är inte med i listan längre. Ändringen är sparad och gäller igen om kravet kommer tillbaka."
	case engine.Reworded:
		p.Warn = "Kravets egen lydelse har ändrats sedan du skrev om det. Då stod det: " + t.Base.Title + ". " + t.Base.Text
	case engine.Needless:
		p.Warn = "Kravlistan ger numera det som ändringen ville. Den kan tas bort."
	}
	return p, l, nil
}

// saveTailoring keeps what the buyer wants of a row, or takes it back.
func (s *server) saveTailoring(w http.ResponseWriter, r *http.Request) error {
	o, err := s.posted(r)
	if err != nil {
		return err
	}
	p, l, err := s.tailorPage(r, o)
	if err != nil {
		return err
	}
	version, ok := number(r.PostFormValue("version"))
	if !ok {
		return errForm
	}
	key := engine.TailorKey(p.ID)
	var value any
	saved := "borta"
	if r.PostFormValue("gor") != "tillbaka" {
		f := tailorFields{Out: r.PostFormValue("utelamna") != "", Type: r.PostFormValue("typ"), Category: r.PostFormValue("kategori"), Points: strings.TrimSpace(r.PostFormValue("poang")),
			Partl: strings.TrimSpace(r.PostFormValue("delvis")), Title: strings.TrimSpace(r.PostFormValue("rubrik")), Text: strings.TrimSpace(r.PostFormValue("text")),
			After: r.PostFormValue("efter"), Area: r.PostFormValue("omrade"), Reason: strings.TrimSpace(r.PostFormValue("skal"))}
		p.Form = f
		t, bad := s.tailoringOf(f, l, &p)
		choose(p.Rows, f.After)
		choose(p.Areas, f.Area)
		if len(bad) > 0 {
			p.Missing, p.Failed = bad, true
			return s.render(w, http.StatusUnprocessableEntity, "tailor", p)
		}
		value, saved = t, "rad"
	}
	err = s.save(r, o, change(key, value, version))
	if c := conflict(err); c != nil {
		p.Conflict = &conflictView{Mine: tailoringSay(c.Mine.Value), Theirs: tailoringSay(c.Theirs.Value), Who: c.Theirs.By.Name, When: s.day(c.Theirs.At)}
		p.Version, p.Failed = c.Theirs.Version, true
		return s.render(w, http.StatusConflict, "tailor", p)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, o.Base()+"/anpassa?sparat="+saved+"#"+p.ID)
}

func choose(all []choice, id string) {
	for i := range all {
		all[i].Chosen = all[i].ID == id
	}
}

// The words that tell what is mandatory and what gives points.
var shallWord, shouldWord = regexp.MustCompile(`(^|\s)ska(\s)`), regexp.MustCompile(`(^|\s)bör(\s)`)

// tailoringOf checks the form. Only what differs from the row as found is kept.
func (s *server) tailoringOf(f tailorFields, l engine.Line, p *tailorPage) (engine.Tailoring, fieldErrors) {
	own := l.Finding == nil
	t := engine.Tailoring{LeftOut: f.Out, After: f.After, Reason: f.Reason}
	var bad fieldErrors
	wrong := func(field, text string) { bad = append(bad, fieldError{field, text}) }
	if f.Reason == "" {
		wrong("skal", "Skriv varför raden ändras")
	}
	if len([]rune(f.Reason)) > maxReason {
		wrong("skal", "Korta skälet till högst "+itoa(maxReason)+" tecken")
	}
	if !slices.Contains([]string{"", "shall", "should"}, f.Type) || f.Category != "" && catalog.Name("category", f.Category) == "" {
		wrong("typ", "Välj en typ i listan")
	}
	if f.After != "" && f.After != engine.First && !slices.ContainsFunc(p.Rows, func(c choice) bool { return c.ID == f.After }) {
		wrong("efter", "Välj en rad i listan")
	}
	t.Obligation, t.Category = f.Type, f.Category
	if own {
		t.Obligation, t.Area = cmp.Or(f.Type, "shall"), f.Area
		if !slices.ContainsFunc(p.Areas, func(c choice) bool { return c.ID == f.Area }) {
			wrong("omrade", "Välj område")
		}
	} else {
		found := l.Found
		t.Base = &found
		if l.Fit == engine.Resting && l.Tailoring != nil && l.Tailoring.Base != nil {
			t.Base = l.Tailoring.Base
		}
	}
	if own || f.Title != l.Found.Title {
		t.Title = f.Title
	}
	if own || f.Text != l.Found.Text {
		t.Text = f.Text
	}
	switch {
	case f.Title == "":
		wrong("rubrik", "Skriv en rubrik")
	case len([]rune(f.Title)) > 200:
		wrong("rubrik", "Korta rubriken till högst 200 tecken")
	}
	switch {
	case f.Text == "":
		wrong("text", "Skriv kravet. Ska raden bort, kryssa i Utelämna i stället")
	case len([]rune(f.Text)) > maxDecision:
		wrong("text", "Korta kravet till högst "+itoa(maxDecision)+" tecken")
	}
	if typ := t.Type(l.Finding); typ == engine.Should && !t.LeftOut {
		points, err := strconv.Atoi(f.Points)
		partly, err2 := strconv.Atoi(cmp.Or(f.Partl, "0"))
		switch {
		case err != nil || points < 1 || points > engine.MaxWeight:
			wrong("poang", "Skriv hur många poäng Ja ger, 1 till "+itoa(engine.MaxWeight))
		case err2 != nil || partly < 0 || partly > points:
			wrong("delvis", "Skriv hur många poäng Delvis ger, 0 till "+itoa(points))
		case own || points != l.Found.Weight || partly != l.Found.Partly:
			t.Weight, t.Partly = points, &partly
		}
	}
	if typ := t.Type(l.Finding); len(bad) == 0 && !t.LeftOut && typ != l.Found.Type {
		// The word goes with the type, or a tenderer would be told two things.
		from, to := shallWord, "bör"
		if typ != engine.Should {
			from, to = shouldWord, "ska"
		}
		if from.MatchString(f.Text) && (typ == engine.Should || !shallWord.MatchString(f.Text)) {
			p.Form.Text = from.ReplaceAllString(f.Text, "${1}"+to+"${2}")
			wrong("text", "Lydelsen säger inte "+to+". Den är ändrad här nedanför: läs den och spara igen")
		}
	}
	same := !own && !t.LeftOut && t.After == "" && t.Title == "" && t.Text == "" && t.Weight == 0 && t.Type(l.Finding) == l.Found.Type && (t.Category == "" || t.Category == l.Finding.Effective.Category)
	if len(bad) == 0 && same {
		wrong("typ", "Inget skiljer sig från kravlistan. Ändra något, eller gå tillbaka")
	}
	return t, bad
}

// tailoringSay is a stored tailoring in a sentence.
func tailoringSay(v json.RawMessage) string {
	var t engine.Tailoring
	if !decode(v, &t) || t.Reason == "" {
		return "ingen ändring"
	}
	var s []string
	for _, x := range []struct {
		is   bool
		text string
	}{
		{t.LeftOut, "utelämnat"}, {t.Obligation == "should", "bör"}, {t.Obligation == "shall", "ska"}, {t.Category != "", lowerFirst(catalog.Name("category", t.Category))},
		{t.Weight > 0, itoa(t.Weight) + " poäng"}, {t.Title != "", "”" + t.Title + "”"}, {t.Text != "", "”" + t.Text + "”"}, {t.After != "", "flyttat"},
	} {
		if x.is {
			s = append(s, x.text)
		}
	}
	return strings.Join(s, ", ") + ". Skäl: " + t.Reason
}
