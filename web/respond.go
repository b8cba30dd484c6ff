package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/rule"
)

// respondPage is one requirement of a B-classification: what is offered, what
// is answered, and how the unit does it elsewhere.
type respondPage struct {
	page
	Row        verifyRow
	Form       respondFields
	Values     []choice
	Roles      []string
	Others     []offeredView // offers that say nothing that the answer needs
	Declined   []offeredView
	Stands     string // whose word the answer stands on, or would
	Saved      string
	Gone       bool     // the offer that the form was filled in from is no more
	Filtered   string   // what the way on is narrowed to
	How        string   // what is written for all the unit's systems
	HowFrom    string   // which unit's, and when
	HowLink    string   // to it
	KeepsHow   []choice // units that the visitor may save it for, the nearest first
	Missing    fieldErrors
	Conflict   *conflictView
	Token      string
	Why        string // link to the requirement's page
	Actions    []textLink
	Prev, Next *neighbor
	Thread     thread
}

// respondFields is the form as it is filled in.
type respondFields struct {
	Value, How, Comment, DecidedBy string
	Title, Link, Date              string // a new piece of evidence
	Keep                           string // a unit to save it for too
	Offer                          string // hash of the offer that it is filled in from
	Own                            bool   // we stand for it ourselves
	Evidence                       []engine.Evidence
	Dropped                        []string
}

const maxText = 4000

func (s *server) respondForm(w http.ResponseWriter, r *http.Request) error {
	v, x, err := s.responding(r)
	if err != nil {
		return err
	}
	p, err := s.respondPage(r, v, x, filterOf(r.URL.Query()))
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(x.Offers, func(o engine.Offer) bool { return o.Taken().Hash() == r.FormValue("forslag") }); i >= 0 {
		p.fill(x.Offers[i])
	}
	if r.FormValue("text") == "enhetens" && p.How != "" {
		p.Form.How = p.How
	}
	p.Saved = verifySaved[r.FormValue("sparat")]
	return s.render(w, http.StatusOK, "respond", p)
}

// fill fills the form in from an offer.
func (p *respondPage) fill(o engine.Offer) {
	t := o.Taken()
	p.Form.Value, p.Form.How, p.Form.Comment, p.Form.Offer = t.Answer, t.How, t.Remains, t.Hash()
	p.Stands = standsOn(&t)
	choose(p.Values, t.Answer)
}

// standsOn says whose word an answer stands on.
func standsOn(t *engine.Taken) string {
	return kindWords[t.Kind] + ": " + t.Source + ". " + strengthTexts[t.Strength]
}

// responding opens the row of the address.
func (s *server) responding(r *http.Request) (*verified, *engine.Assessed, error) {
	v, err := s.verifying(r)
	if err != nil {
		return nil, nil, err
	}
	id := chi.URLParam(r, "krav")
	x := v.Assessment.Row(id)
	if x == nil {
		if v.Derivation.Finding(id) == nil {
			return nil, nil, noRequirement(v.open, nearestRequirement(v.Catalog, id))
		}
		p := *errNotInB
		p.Link = v.Base() + "/krav/" + id
		return nil, nil, &p
	}
	return v, x, nil
}

func (s *server) respondPage(r *http.Request, v *verified, x *engine.Assessed, f verifyFilter) (respondPage, error) {
	id := x.Requirement.ID
	p := respondPage{page: s.classificationPage(v.open, id), Row: s.verifyRow(v, x, f), Token: token(), Roles: s.roles(), Why: v.Base() + "/krav/" + id,
		Form: respondFields{Value: x.Response.Value, How: x.Response.How, Comment: x.Response.Comment, DecidedBy: x.Response.DecidedBy, Evidence: x.Response.Evidence}, Thread: s.thread(v.open, engine.PartRequirement+id)}
	p.Row.Token = p.Token + "-f"
	p.Title = id + " " + engine.Text(x.Title) + ", " + v.System.Title
	back := v.Base() + "/verifiering"
	if q := f.encode(); q != "" {
		back += "?" + q
	}
	p.Crumbs = slices.Insert(p.Crumbs, len(p.Crumbs)-1, crumb{"Verifiering", back})
	if t := x.Response.Taken; t != nil {
		p.Stands = standsOn(t)
	}
	for _, o := range x.Offers {
		view := s.offeredView(v, id, f, o)
		switch {
		case slices.ContainsFunc(p.Row.Offers, func(y offeredView) bool { return y.Hash == view.Hash }):
		case x.Response.Taken != nil && x.Staleness == "" && o.Taken() == *x.Response.Taken: // accepted already
		case o.Kind == engine.FromUnit && x.Response.Taken == nil && o.Prefill.Answer == x.Response.Value && o.Prefill.How == x.Response.How: // what the unit has taken up from here
		default:
			p.Others = append(p.Others, view)
		}
	}
	for _, o := range x.Declined {
		p.Declined = append(p.Declined, s.offeredView(v, id, f, o))
	}
	for _, value := range engine.ResponseValues {
		p.Values = append(p.Values, choice{ID: value, Title: responseWord(value), Chosen: value == x.Response.Value})
	}
	if k := engine.HowOf(v.Shared, v.visit.org, v.System.Unit, id); k.Version > 0 {
		p.How, p.HowFrom, p.HowLink = k.How.Text, v.visit.org.Title(k.Unit)+", "+s.day(k.At), howLink(k.Unit, id)
	}
	// Where a unit has a common answer already it is changed there, in sight of all
	// who stand on it.
	for _, u := range v.visit.org.Above(v.System.Unit) {
		if v.visit.in(u.ID, begin) && engine.Hows(v.Shared, u.ID)[id].How.Answer == "" {
			p.KeepsHow = append(p.KeepsHow, choice{ID: u.ID, Title: u.Title})
		}
	}
	for _, a := range v.Actions() {
		if slices.Contains(a.Value.Requirements, id) {
			p.Actions = append(p.Actions, textLink{a.Value.Title, v.Base() + "/plan/" + itoa(a.N)})
		}
	}
	keep, err := s.verifyKeeps(r.Context(), v, f)
	if err != nil {
		return p, err
	}
	if i := slices.IndexFunc(showWords, func(c choice) bool { return c.ID == f.Show }); i >= 0 {
		p.Filtered = lowerFirst(showWords[i].Title)
	}
	passed := false
	for i := range v.Assessment.Rows {
		y := &v.Assessment.Rows[i]
		switch {
		case y.Finding == x.Finding:
			passed = true
		case !keep(y):
		case !passed:
			p.Prev = &neighbor{y.Requirement.ID, engine.Text(y.Title), rowLink(v, y.Requirement.ID, f)}
		case p.Next == nil:
			p.Next = &neighbor{y.Requirement.ID, engine.Text(y.Title), rowLink(v, y.Requirement.ID, f)}
		}
	}
	return p, nil
}

// respond saves a response: an offer accepted or said no to, a short answer
// from the list, or the whole form.
func (s *server) respond(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	v, x, err := s.responding(r)
	if err != nil {
		return err
	}
	if err := v.writable(); err != nil {
		return err
	}
	version, ok := number(r.PostFormValue("version"))
	if !ok {
		return errForm
	}
	id := x.Requirement.ID
	q, _ := url.ParseQuery(r.PostFormValue("filter"))
	f := filterOf(q)
	p, err := s.respondPage(r, v, x, f)
	if err != nil {
		return err
	}
	next, saved := x.Response, "svar"
	does, what, _ := strings.Cut(r.PostFormValue("gor"), ":")
	switch does {
	case "godta", "nej-tack":
		all := slices.Concat(x.Offers, x.Declined)
		i := slices.IndexFunc(all, func(o engine.Offer) bool { return o.Taken().Hash() == what })
		if i < 0 || does == "godta" && (all[i].Offered != rule.Yes || all[i].Prefill.ExpiredAt(v.Today)) {
			p.Missing, p.Failed = fieldErrors{{"forslag", "Förslaget har ändrats sedan sidan visades. Läs det på nytt och ta ställning igen"}}, true
			return s.showRespond(w, r, http.StatusConflict, p)
		}
		if next = x.Accept(all[i]); does == "nej-tack" {
			next, saved = x.Decline(all[i]), "nej"
		} else if lacks := next.Lacks(); len(lacks) > 0 { // filled in, and what is missing is the person's to write
			p.fill(all[i])
			p.Missing, p.Failed = lackErrors(lacks), true
			return s.showRespond(w, r, http.StatusUnprocessableEntity, p)
		}
	case "svara":
		if !slices.Contains([]string{engine.AnswerYes, engine.AnswerPartly, engine.AnswerNo, engine.AnswerUnknown}, what) {
			return errForm
		}
		next.Value, next.Taken, next.DecidedBy = what, nil, ""
	case "ta-tillbaka":
		next, saved = engine.Response{Declined: next.Declined}, "tillbaka"
	default:
		var bad fieldErrors
		next, bad = s.responseOf(r, &p, x)
		if len(bad) > 0 {
			p.Missing, p.Failed = bad, true
			if p.Gone {
				p.Form.Offer = ""
				return s.showRespond(w, r, http.StatusConflict, p)
			}
			return s.showRespond(w, r, http.StatusUnprocessableEntity, p)
		}
	}
	err = s.save(r, v.open, change(engine.ResponseKey(id), next, version))
	if c := conflict(err); c != nil {
		p.Conflict = &conflictView{Mine: responseSay(next), Theirs: storedResponseSay(c.Theirs), Who: c.Theirs.By.Name, When: s.day(c.Theirs.At)}
		p.Row.Version, p.Failed = c.Theirs.Version, true
		return s.showRespond(w, r, http.StatusConflict, p)
	}
	if err != nil {
		return err
	}
	if p.Form.Keep != "" && (does == "" || does == "vidare") {
		switch err := s.keepHow(r, v, p.Form.Keep, id, next); {
		case conflict(err) != nil: // somebody wrote one meanwhile: hers stands
			saved = "barahar"
		case err != nil:
			return err
		}
	}
	if r.PostFormValue("till") == "lista" {
		if fromHTMX(r) {
			return s.showSaved(w, r, verifySaved[saved])
		}
		q.Set("sparat", saved)
		return seeOther(w, r, v.Base()+"/verifiering?"+q.Encode()+"#"+id)
	}
	if does == "vidare" && p.Next != nil {
		return seeOther(w, r, p.Next.Link)
	}
	q.Set("sparat", saved)
	return seeOther(w, r, v.Base()+"/verifiering/"+id+"?"+q.Encode())
}

// showRespond shows a requirement's page with what went wrong. From the list it
// takes the list's place: there is no room in a row for two answers.
func (s *server) showRespond(w http.ResponseWriter, r *http.Request, status int, p respondPage) error {
	if fromHTMX(r) {
		w.Header().Set("HX-Retarget", "#innehall")
		w.Header().Set("HX-Reselect", "#innehall")
		w.Header().Set("HX-Reswap", "outerHTML")
	}
	return s.render(w, status, "respond", p)
}

// keepHow saves a response of one's own for all of a unit's systems: the text, and
// what it answers.
func (s *server) keepHow(r *http.Request, v *verified, unit, id string, from engine.Response) error {
	key := engine.HowKey(unit, id)
	version := 0
	for _, x := range v.Shared {
		if x.Key == key {
			version = x.Version
		}
	}
	h := engine.How{Text: from.How}
	if from.Value == engine.AnswerYes || from.Value == engine.AnswerPartly {
		h.Answer, h.Remains = from.Value, from.Comment
		if n := len(from.Evidence); n > 0 {
			h.Evidence = &from.Evidence[n-1]
		}
	}
	return s.Store.SaveShared(r.Context(), v.visit.ID, unit, []engine.Change{change(key, h, version)})
}

// responseOf reads the form.
func (s *server) responseOf(r *http.Request, p *respondPage, x *engine.Assessed) (engine.Response, fieldErrors) {
	trim := func(field string) string { return strings.TrimSpace(r.PostFormValue(field)) }
	f := respondFields{Value: r.PostFormValue("svar"), How: trim("hur"), Comment: trim("kommentar"), DecidedBy: r.PostFormValue("beslutat"), Title: trim("bevis"), Link: trim("lank"), Date: trim("datum"),
		Keep: r.PostFormValue("enhetens"), Offer: r.PostFormValue("forslag"), Own: r.PostFormValue("eget") != "", Evidence: x.Response.Evidence, Dropped: r.PostForm["bort"]}
	p.Form = f
	choose(p.Values, f.Value)
	var bad fieldErrors
	wrong := func(field, text string) { bad = append(bad, fieldError{field, text}) }
	out := engine.Response{Value: f.Value, How: f.How, Comment: f.Comment, Declined: x.Response.Declined}
	if !slices.Contains(engine.ResponseValues, f.Value) {
		wrong("svar", "Välj ett svar")
	}
	for field, text := range map[string]string{"hur": f.How, "kommentar": f.Comment} {
		if len([]rune(text)) > maxText {
			wrong(field, "Korta texten till högst "+itoa(maxText)+" tecken")
		}
	}
	if f.Value == engine.AnswerCompensated {
		out.DecidedBy = f.DecidedBy
	}
	choose(p.KeepsHow, f.Keep)
	bad = append(bad, lackErrors(out.Lacks())...)
	if out.DecidedBy != "" && !slices.Contains(p.Roles, out.DecidedBy) {
		wrong("beslutat", "Välj en roll i listan")
	}
	for i, e := range x.Response.Evidence {
		if !slices.Contains(f.Dropped, itoa(i)) {
			out.Evidence = append(out.Evidence, e)
		}
	}
	if f.Title+f.Link+f.Date != "" {
		e, wrongs := s.evidenceOf(f.Title, f.Link, f.Date)
		bad = append(bad, wrongs...)
		out.Evidence = append(out.Evidence, e)
	}
	// An answer that is still what was accepted is still on its word, also when
	// that has changed since, unless the person says that we stand for it ourselves.
	t := x.Response.Taken
	if f.Offer != "" && (t == nil || t.Hash() != f.Offer) {
		t = nil
		for _, o := range slices.Concat(x.Offers, x.Declined) {
			if now := o.Taken(); now.Hash() == f.Offer && o.Offered == rule.Yes && !now.ExpiredAt(s.today()) {
				t = &now
			}
		}
		if t == nil && !f.Own {
			p.Gone = true
			wrong("forslag", "Förslaget som svaret fylldes i från har ändrats eller gått ut. Läs förslagen på nytt, eller kryssa för att ni svarar själva")
			return out, bad
		}
	}
	if t != nil && !f.Own && out.Value == t.Answer && strings.TrimSpace(out.How) == strings.TrimSpace(strings.ReplaceAll(t.How, "\r\n", "\n")) {
		out.Taken = t
		out.Declined = slices.DeleteFunc(slices.Clone(out.Declined), func(h string) bool { return h == t.Hash() })
	}
	if t != nil {
		p.Stands = standsOn(t)
	}
	switch {
	case f.Keep == "":
	case !slices.ContainsFunc(p.KeepsHow, func(c choice) bool { return c.ID == f.Keep }):
		wrong("enhetens", "Enheten har redan ett gemensamt svar. Ändra det där")
	case f.How == "":
		wrong("enhetens", "Skriv hur ni gör, om det ska sparas för fler system")
	case out.Taken != nil:
		wrong("enhetens", "Svaret står på någon annans ord, så det kan inte gälla fler system. Kryssa för att ni svarar själva, om ni gör det")
	}
	return out, bad
}

// evidenceOf checks a piece of evidence.
func (s *server) evidenceOf(title, link, date string) (engine.Evidence, fieldErrors) {
	var bad fieldErrors
	if title == "" {
		bad = append(bad, fieldError{"bevis", "Skriv vad beviset är"})
	}
	if u, err := url.Parse(link); link != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "") {
		bad = append(bad, fieldError{"lank", "Skriv hela adressen, till exempel https://diarium.exempelstad.se/2026-1184"})
	}
	if _, err := time.Parse(time.DateOnly, date); err != nil || date > s.today() {
		bad = append(bad, fieldError{"datum", "Skriv dagen då beviset gällde, till exempel " + s.today()})
	}
	return engine.Evidence{Title: title, Link: link, Date: date}, bad
}

func lackErrors(lacks []string) (bad fieldErrors) {
	for _, x := range lacks {
		bad = append(bad, map[string]fieldError{
			"comment":    {"kommentar", "Skriv varför kravet inte är tillämpligt"},
			"how":        {"hur", "Skriv vilket annat skydd som ersätter kravet"},
			"decided_by": {"beslutat", "Välj vilken roll som har beslutat om det kompenserande skyddet"},
		}[x])
	}
	return bad
}

// responseSay is a response in a sentence.
func responseSay(r engine.Response) string {
	if r.Value == "" {
		return "inget svar"
	}
	return strings.TrimSpace(responseWord(r.Value) + ". " + r.How + " " + r.Comment)
}

func storedResponseSay(a engine.Answer) string {
	var r engine.Response
	decode(a.Value, &r)
	return responseSay(r)
}
