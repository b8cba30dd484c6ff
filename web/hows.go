package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
)

// howsPage is how a unit meets requirements, for all its systems: what is
// answered once, and what could be.
type howsPage struct {
	page
	Unit    string
	Units   []choice
	Figures []figure
	Areas   []howArea
	All     []choice // areas to narrow to
	Kinds   []choice
	Query   string
	Shown   int
	May     bool
}

type howArea struct {
	ID, Title string
	Rows      []howRow
}

type howRow struct {
	ID, Link string
	wording
	Text    string
	Sign    sign
	From    string // the unit above that it is inherited from
	Systems int    // that have accepted it
}

// howPage is one requirement as a unit meets it.
type howPage struct {
	page
	ID       string
	Unit     string
	Link     string // this page
	Words    wording
	Form     howFields
	Says     []string // what the text answers, for those who may not change it
	Version  int
	May      bool
	Answers  []choice
	Roles    []string
	Above    *howAbove // what a unit above has written
	Systems  []dependentView
	Hidden   int       // systems that the visitor may not see
	Falls    *fallView // what hangs on it, also through other systems
	Traces   []trace
	Missing  fieldErrors
	Conflict *conflictView
	Saved    string
	Next     *neighbor // the next one that is about the organisation and has no answer
}

type howAbove struct{ Unit, Text, Answer, Link string }

// howFields is the form as it is filled in.
type howFields struct{ Text, Answer, Remains, Role, Until, Title, Link, Date string }

var howKinds = []choice{{ID: "organisation", Title: "Handlar om organisationen"}, {ID: "svar", Title: "Med svar"}, {ID: "utan", Title: "Handlar om organisationen, utan svar"}, {ID: "alla", Title: "Alla krav"}}

// ofOrganisation tells whether a requirement is about how the organisation works
// rather than about one system: what is worth answering once.
func ofOrganisation(q *catalog.Requirement) bool {
	return q.Concern == "own" && (q.Kind == "organizational" || q.Kind == "people")
}

// keepsFor is a unit whose answers the visitor may see: it serves one where she
// may read.
func keepsFor(v *visit, unit string) bool {
	return slices.ContainsFunc(v.units(read), func(u engine.Unit) bool { return v.org.Within(u.ID, unit) }) || v.in(unit, begin)
}

func (s *server) hows(w http.ResponseWriter, r *http.Request) error {
	v := visitOf(r.Context())
	unit, units := r.FormValue("enhet"), slices.DeleteFunc(slices.Clone(v.org.Units), func(u engine.Unit) bool { return !keepsFor(v, u.ID) })
	if unit == "" && len(units) > 0 {
		unit = units[0].ID
	}
	if unit != "" && !keepsFor(v, unit) {
		return errNotFound
	}
	show, area := cmp.Or(r.FormValue("visa"), "organisation"), r.FormValue("omrade")
	p := howsPage{page: s.page(r, "Gemensamma svar", "avtal", crumb{"Avtal och plattformar", "/avtal"}, crumb{"Gemensamma svar", ""}), Unit: unitName(v.org, unit), Kinds: slices.Clone(howKinds),
		Query: strings.TrimSpace(r.FormValue("q")), May: v.in(unit, begin)}
	choose(p.Kinds, show)
	for _, u := range units {
		p.Units = append(p.Units, choice{ID: u.ID, Title: indented(v.org, u), Chosen: u.ID == unit})
	}
	shared, err := s.Store.Shared(r.Context())
	if err != nil {
		return err
	}
	records, err := s.Store.Systems(r.Context())
	if err != nil {
		return err
	}
	taken := map[string]int{}
	var reached []*engine.Record
	for i := range records {
		rec := &records[i]
		if rec.Classification.Type == "B" && v.org.Within(rec.System.Unit, unit) {
			reached = append(reached, rec)
		}
		for id, t := range takenFrom(rec, engine.FromUnit) {
			if t.From == unit {
				taken[id]++
			}
		}
	}
	words := s.wordings(r.Context(), reached)
	own, offers := engine.Hows(shared, unit), engine.HowOffers(shared, v.org, unit)
	soon := s.Now().In(s.Location).AddDate(0, 3, 0).Format(time.DateOnly)
	answered, assumed, expiring, about, left := 0, 0, 0, 0, 0
	for _, k := range own {
		if k.How.Answer != "" {
			answered++
			if k.How.Evidence == nil {
				assumed++
			}
			if k.How.Until != "" && k.How.Until <= soon {
				expiring++
			}
		}
	}
	at := map[*catalog.Area]int{}
	for _, q := range s.Catalogs().Catalog.Requirements {
		k, mine := own[q.ID]
		offer, offered := offers[q.ID]
		if ofOrganisation(q) {
			if about++; !offered {
				left++
			}
		}
		row := howRow{ID: q.ID, wording: words[q.ID], Link: howLink(unit, q.ID), Text: k.How.Text, Systems: taken[q.ID]}
		if _, ok := at[q.Area]; !ok {
			at[q.Area] = len(p.Areas)
			p.Areas = append(p.Areas, howArea{ID: q.Area.ID, Title: q.Area.Title})
			p.All = append(p.All, choice{ID: q.Area.ID, Title: q.Area.Title, Chosen: q.Area.ID == area})
		}
		keep := map[string]bool{"organisation": ofOrganisation(q) || mine, "svar": mine || offered, "utan": ofOrganisation(q) && !offered, "alla": true}[show]
		if !keep || area != "" && q.Area.ID != area || p.Query != "" && !strings.Contains(strings.ToLower(row.ID+" "+engine.Text(row.Title)+" "+engine.Text(row.Is)+" "+row.Text), strings.ToLower(p.Query)) {
			continue
		}
		switch {
		case mine && k.How.Answer != "":
			row.Sign = s.howSign(k.How)
		case offered:
			row.From = v.org.Title(offer.From)
			row.Sign = sign{"done", "Från " + row.From}
			if row.Text == "" {
				row.Text = offer.Prefill.How
			}
		case mine:
			row.Sign = sign{"", "Bara text"}
		default:
			row.Sign = sign{"", "Utan svar"}
		}
		p.Areas[at[q.Area]].Rows = append(p.Areas[at[q.Area]].Rows, row)
		p.Shown++
	}
	p.Areas = slices.DeleteFunc(p.Areas, func(a howArea) bool { return len(a.Rows) == 0 })
	p.Figures = []figure{{"Svar härifrån", answered}, {"Antagna, utan bevis", assumed}, {"Går ut inom tre månader", expiring}, {"Om organisationen, utan svar", left}, {"B-klassningar som nås", len(reached)}}
	return s.render(w, http.StatusOK, "hows", p)
}

// howSign is where an answer of a unit's stands.
func (s *server) howSign(h engine.How) sign {
	word := catalog.Name("answer", h.Answer)
	switch {
	case h.Until != "" && h.Until < s.today():
		return sign{"late", word + ", har gått ut"}
	case h.Evidence == nil:
		return sign{"now", word + ", antaget"}
	}
	return sign{"done", word + ", med bevis"}
}

func howLink(unit, requirement string) string { return "/gemensamt/" + unit + "/" + requirement }

func (s *server) howForm(w http.ResponseWriter, r *http.Request) error {
	p, _, err := s.howPage(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "how", p)
}

// howPage gives the page, and what is kept now.
func (s *server) howPage(r *http.Request) (howPage, engine.Kept, error) {
	v := visitOf(r.Context())
	unit, id := chi.URLParam(r, "enhet"), chi.URLParam(r, "krav")
	c := s.Catalogs().Catalog
	q := c.Requirement(id)
	if _, there := v.org.Unit(unit); !there || q == nil || !keepsFor(v, unit) {
		return howPage{}, engine.Kept{}, errNotFound
	}
	shared, err := s.Store.Shared(r.Context())
	if err != nil {
		return howPage{}, engine.Kept{}, err
	}
	k := engine.Hows(shared, unit)[id]
	for _, x := range shared {
		if x.Key == engine.HowKey(unit, id) {
			k.Version = x.Version // also of one that was taken back
		}
	}
	records, err := s.Store.Systems(r.Context())
	if err != nil {
		return howPage{}, k, err
	}
	var reached []*engine.Record
	for i := range records {
		if rec := &records[i]; rec.Classification.Type == "B" && v.org.Within(rec.System.Unit, unit) {
			reached = append(reached, rec)
		}
	}
	words := s.wordings(r.Context(), reached)
	title := engine.Text(words[id].Title)
	p := howPage{page: s.page(r, id+" "+title+", gemensamt svar", "avtal", crumb{"Avtal och plattformar", "/avtal"}, crumb{"Gemensamma svar", "/gemensamt?enhet=" + url.QueryEscape(unit)}, crumb{id, ""}),
		ID: id, Unit: unitName(v.org, unit), Link: howLink(unit, id), Words: words[id], Version: k.Version, May: v.in(unit, begin), Roles: s.roles(),
		Form: howFields{Text: k.How.Text, Answer: k.How.Answer, Remains: k.How.Remains, Role: k.How.Role, Until: k.How.Until}, Saved: howSaved[r.FormValue("sparat")], Says: howSay(k.How)}
	if e := k.How.Evidence; e != nil {
		p.Form.Title, p.Form.Link, p.Form.Date = e.Title, e.Link, e.Date
	}
	if k.How.Text == "" {
		p.Form.Answer = "-" // nothing is chosen beforehand
	}
	p.Answers = howAnswers(p.Form.Answer)
	if above := v.org.Above(unit); len(above) > 1 {
		if a := engine.HowOf(shared, v.org, above[1].ID, id); a.How.Text != "" {
			p.Above = &howAbove{v.org.Title(a.Unit), a.How.Text, catalog.Name("answer", a.How.Answer), howLink(a.Unit, id)}
		}
	}
	offers := engine.HowOffers(shared, v.org, unit)
	now := offers[id]
	for i := range records {
		rec := &records[i]
		t := takenFrom(rec, engine.FromUnit)[id]
		switch {
		case t == nil || t.From != unit:
		case v.on(rec, read, ""):
			d := dependentView{Title: rec.System.Title, Link: "/klassning/" + rec.Classification.ID + "/verifiering/" + id, Status: dependentStatus(rec)}
			if now.Prefill == nil || now.Taken() != *t {
				d.Stale = 1
			}
			p.Systems = append(p.Systems, d)
		default:
			p.Hidden++
		}
	}
	swedish(p.Systems, func(x dependentView) string { return x.Title })
	if r.FormValue("faller") != "" {
		p.Falls = v.shown(id, follow(records, engine.FromUnit, unit, []string{id}))
	}
	passed := false
	for _, x := range c.Requirements {
		if _, answered := offers[x.ID]; passed && ofOrganisation(x) && !answered {
			p.Next = &neighbor{x.ID, engine.Text(words[x.ID].Title), howLink(unit, x.ID)}
			break
		}
		passed = passed || x == q
	}
	p.Traces, err = s.traces(r, engine.HowKey(unit, id), func(_, after json.RawMessage) (string, []string) {
		var h engine.How
		decode(after, &h)
		return cmp.Or(h.Text, "Svaret togs bort."), howSay(h)
	})
	return p, k, err
}

var howSaved = map[string]string{"svar": "Sparat. Systemen i enheten ser det direkt.", "borta": "Svaret är borttaget. Systemen som godtog det är märkta."}

func howAnswers(chosen string) []choice {
	out := []choice{{ID: engine.AnswerYes, Title: "Ja, hela kravet"}, {ID: engine.AnswerPartly, Title: "Delvis"}, {ID: "", Title: "Inget svar, bara text"}}
	choose(out, chosen)
	return out
}

// howSay tells what a text answers, and on what.
func howSay(h engine.How) []string {
	if h.Text == "" || h.Answer == "" {
		return nil
	}
	say := "Svar: " + lowerFirst(catalog.Name("answer", h.Answer)) + confirmedSay(h.Role, h.Date, h.Evidence, h.Until)
	out := []string{say + "."}
	if h.Remains != "" {
		out = append(out, "Kvar för varje system: "+h.Remains)
	}
	return out
}

// saveHow saves how a unit meets a requirement, or takes it away.
func (s *server) saveHow(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	p, k, err := s.howPage(r)
	if err != nil {
		return err
	}
	v := visitOf(r.Context())
	unit, id := chi.URLParam(r, "enhet"), chi.URLParam(r, "krav")
	if !v.in(unit, begin) {
		return s.refusal(r, begin, nil)
	}
	version, ok := number(r.PostFormValue("version"))
	if !ok {
		return errForm
	}
	var next engine.How
	saved := "borta"
	if r.PostFormValue("gor") != "ta-bort" {
		next, saved = s.howOf(r, &p), "svar"
		// The date is that of the statement: correcting a word does not renew it.
		if now := k.How; next.Answer == now.Answer && next.Role == now.Role && next.Until == now.Until && sameEvidence(next.Evidence, now.Evidence) {
			next.Date = now.Date
		}
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "how", p)
	}
	err = s.Store.SaveShared(r.Context(), v.ID, unit, []engine.Change{change(engine.HowKey(unit, id), next, version)})
	if c := conflict(err); c != nil {
		var theirs engine.How
		decode(c.Theirs.Value, &theirs)
		p.Conflict = &conflictView{Mine: strings.Join(append([]string{next.Text}, howSay(next)...), " "), Theirs: strings.Join(append([]string{theirs.Text}, howSay(theirs)...), " "), Who: c.Theirs.By.Name, When: s.day(c.Theirs.At)}
		p.Version, p.Failed = c.Theirs.Version, true
		return s.render(w, http.StatusConflict, "how", p)
	}
	if err != nil {
		return err
	}
	if p.Next != nil && r.PostFormValue("gor") == "vidare" {
		return seeOther(w, r, p.Next.Link)
	}
	return seeOther(w, r, p.Link+"?sparat="+saved)
}

func sameEvidence(a, b *engine.Evidence) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// howOf reads the form.
func (s *server) howOf(r *http.Request, p *howPage) engine.How {
	trim := func(field string) string { return strings.TrimSpace(r.PostFormValue(field)) }
	f := howFields{Text: trim("hur"), Answer: r.PostFormValue("svar"), Remains: trim("kvar"), Role: r.PostFormValue("roll"), Until: trim("till"), Title: trim("bevis"), Link: trim("lank"), Date: trim("datum")}
	p.Form = f
	wrong := func(field, text string) { p.Missing = append(p.Missing, fieldError{field, text}) }
	chosen := r.PostForm.Has("svar")
	if !chosen {
		p.Form.Answer = "-"
	}
	p.Answers = howAnswers(p.Form.Answer)
	if f.Text == "" || len([]rune(f.Text)) > maxText {
		wrong("hur", "Skriv hur ni gör, i högst "+itoa(maxText)+" tecken")
	}
	if !chosen || f.Answer != "" && f.Answer != engine.AnswerYes && f.Answer != engine.AnswerPartly {
		wrong("svar", "Välj om det uppfyller kravet, en del av det, eller bara är en text att läsa")
	}
	if len([]rune(f.Remains)) > maxReason {
		wrong("kvar", "Korta texten till högst "+itoa(maxReason)+" tecken")
	}
	h := engine.How{Text: f.Text, Answer: f.Answer, Remains: f.Remains, Role: f.Role, Until: f.Until}
	if f.Role != "" {
		h.Date = s.today()
	}
	if !slices.Contains(p.Roles, f.Role) && (f.Answer != "" || f.Role != "") {
		wrong("roll", "Välj vilken roll som står för svaret")
	}
	if _, err := time.Parse(time.DateOnly, f.Until); f.Until != "" && (err != nil || f.Until < s.today()) {
		wrong("till", "Skriv en dag som inte har varit, eller lämna rutan tom")
	}
	if f.Title+f.Link+f.Date != "" {
		e, bad := s.evidenceOf(f.Title, f.Link, f.Date)
		p.Missing = append(p.Missing, bad...)
		h.Evidence = &e
	}
	return h
}

// dependentStatus is how far a classification that depends on something has come.
func dependentStatus(rec *engine.Record) string {
	if rec.Locked() {
		return "Godkänd"
	}
	return "Pågår"
}
