package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/workbook"
)

// actionPage is one line of a plan, as a form as far as the visitor may change it.
type actionPage struct {
	page
	Action     string
	Fresh      bool
	Form       engine.Action
	View       actionView
	Cost       string
	Roles      []choice
	Origins    []choice
	Statuses   []choice
	Priorities []choice
	Efforts    []choice
	Rows       []choice // the requirements that it is about
	More       []choice // gaps and accepted ones that it could be about
	Wording    string   // whether the role has agreed to it
	Suggest    string   // typed: another wording
	Behalf     string   // typed: on whose word
	Version    int
	Token      string
	May, All   bool // follow up; change everything
	Holds      bool // the visitor has the role that shall do it
	Missing    fieldErrors
	Conflict   *conflictView
	Back       string
}

func (s *server) actionForm(w http.ResponseWriter, r *http.Request) error {
	p, v, err := s.actionPage(r)
	switch {
	case err != nil:
		return err
	case p.Fresh && v.paused():
		return errPaused
	case p.Fresh && !p.All:
		return s.refusal(r, carry, &v.Record)
	}
	return s.render(w, http.StatusOK, "action", p)
}

func (s *server) actionPage(r *http.Request) (actionPage, *verified, error) {
	v, err := s.verifying(r)
	if err != nil {
		return actionPage{}, nil, err
	}
	n, ok := number(chi.URLParam(r, "n"))
	key := engine.ActionKey(n)
	fresh := ok && n == v.NextAction()
	if !ok || !fresh && !v.Has(key) {
		return actionPage{}, nil, errNotFound
	}
	p := actionPage{page: s.classificationPage(v.open, map[bool]string{true: "Ny planpost", false: "Planpost"}[fresh]), Action: v.Base() + "/plan/" + itoa(n), Fresh: fresh, Token: token(),
		Version: v.Answers[key].Version, Back: v.Base() + "/plan", Form: engine.Action{Origin: engine.OfClassification, Status: engine.Planned}}
	p.Crumbs = slices.Insert(p.Crumbs, len(p.Crumbs)-1, crumb{"Avsteg och handlingsplan", v.Base() + "/plan"})
	decode(v.Answers[key].Value, &p.Form)
	if x := v.Assessment.Row(r.FormValue("krav")); fresh && x != nil && r.Method == http.MethodGet {
		p.begin(v, x)
	}
	p.All = !v.paused() && v.visit.plans(&v.Record)
	p.Holds = !fresh && v.visit.carries(&v.Record, p.Form)
	p.May = !v.paused() && (p.All || p.Holds)
	p.View = s.actionView(v.open, engine.Numbered[engine.Action]{N: n, Value: p.Form})
	p.Wording = s.wordingSay(r, v, p.Form)
	p.fill(v)
	return p, v, nil
}

// begin fills a new line in for a requirement, with what is proposed for it.
func (p *actionPage) begin(v *verified, x *engine.Assessed) {
	id := x.Requirement.ID
	p.Form.Requirements = []string{id}
	only := &engine.Assessment{Rows: []engine.Assessed{*x}}
	if list := only.Proposals(v.Actions()); len(list) == 1 {
		p.Form = list[0]
	}
}

// wordingSay tells whether the role has agreed to the wording, and who said so.
func (s *server) wordingSay(r *http.Request, v *verified, a engine.Action) string {
	role := cmp.Or(lowerFirst(roleTitle(v.Catalog, a.Role)), "den roll som ska göra det")
	switch {
	case a.Agreed != "":
		say := "Godtagen " + s.dayOf(a.Agreed)
		if a.AgreedBy != "" {
			name := "någon vars namn är raderat"
			if x, err := s.Store.Account(r.Context(), a.AgreedBy); err == nil {
				name = personName(x.Person)
			}
			say += " av " + name
		}
		if a.AgreedFor != "" {
			say += " på uppdrag av " + role + ": " + strings.TrimSuffix(a.AgreedFor, ".")
		}
		return say + "."
	case a.Suggested != "":
		return upperFirst(role) + " vill ha en annan lydelse."
	case a.Asked != "":
		say := "Väntar på besked. " + upperFirst(role) + " tillfrågades " + s.dayOf(a.Asked) + "."
		if accounts, err := s.Store.Accounts(r.Context()); err == nil && !slices.ContainsFunc(accounts, func(x engine.Account) bool {
			other := visit{Account: x, org: v.visit.org}
			return x.Disabled.IsZero() && other.carries(&v.Record, a)
		}) {
			say += " Ingen har den rollen i Kravverk, så frågan syns inte för någon. Fråga på annat sätt och anteckna beskedet här."
		}
		return say
	}
	return upperFirst(role) + " har inte godtagit lydelsen än."
}

// fill makes the choices from the form.
func (p *actionPage) fill(v *verified) {
	a := p.Form
	p.Roles, p.Origins, p.Statuses, p.Rows, p.More, p.Efforts = rolesOf(v.Catalog, a.Role), nil, statusChoices(a.Status), nil, nil, nil
	for _, x := range engine.Origins {
		p.Origins = append(p.Origins, choice{ID: string(x), Title: workbook.OriginWord(x), Chosen: x == a.Origin})
	}
	p.Priorities = slices.Clone(priorities)
	choose(p.Priorities, itoa(a.Priority))
	for n, title := range []string{"1, liten", "2", "3", "4", "5, stor"} {
		p.Efforts = append(p.Efforts, choice{ID: itoa(n + 1), Title: title, Chosen: n+1 == a.Effort})
	}
	if p.Cost == "" && a.Cost > 0 {
		p.Cost = itoa(a.Cost)
	}
	p.Rows, p.More = picked(v, a.Requirements, engine.Gap, engine.Excepted)
}

func statusChoices(now engine.Status) []choice {
	var out []choice
	for _, x := range engine.Statuses {
		out = append(out, choice{ID: string(x), Title: statusWords[x].Word, Chosen: x == now})
	}
	return out
}

// picked is the requirements that are chosen, and those with the outcomes that
// could be.
func picked(v *verified, chosen []string, outcomes ...engine.Outcome) (rows, more []choice) {
	for _, x := range v.Assessment.Rows {
		id := x.Requirement.ID
		c := choice{ID: id, Title: id + " " + engine.Text(x.Title), Chosen: slices.Contains(chosen, id)}
		switch {
		case c.Chosen:
			rows = append(rows, c)
		case slices.Contains(outcomes, x.Outcome):
			more = append(more, c)
		}
	}
	return rows, more
}

func (s *server) saveAction(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	p, v, err := s.actionPage(r)
	if err != nil {
		return err
	}
	if v.paused() {
		return errPaused
	}
	version, ok := number(r.PostFormValue("version"))
	if !ok {
		return errForm
	}
	if !p.May {
		return s.refusal(r, carry, &v.Record)
	}
	before, deed, saved := p.Form, r.PostFormValue("gor"), "planpost"
	var value any
	if deed == "ta-bort" && p.All {
		saved = "borta"
	} else {
		var a engine.Action
		var bad fieldErrors
		switch {
		case !p.Fresh && (deed == "godta" || deed == "foresla"):
			a, bad = s.wordingOf(r, &p, v)
			saved = deed
		default:
			a, bad = s.actionOf(r, before, p.All && deed != "folj-upp", v)
			p.Cost = strings.TrimSpace(r.PostFormValue("kostnad"))
		}
		if deed == "fraga" && p.All && len(bad) == 0 {
			a.Asked, a.Suggested, a.Agreed, a.AgreedBy, a.AgreedFor = s.today(), "", "", "", ""
			saved = "fragad"
		}
		p.Form = a
		p.fill(v)
		if len(bad) > 0 {
			p.Missing, p.Failed = bad, true
			return s.render(w, http.StatusUnprocessableEntity, "action", p)
		}
		value = a
	}
	n, _ := number(chi.URLParam(r, "n"))
	save := change(engine.ActionKey(n), value, version)
	if p.Fresh || string(save.Value) != string(change(engine.ActionKey(n), before, 0).Value) { // saving what is there already is no event
		err = s.save(r, v.open, save)
	}
	if c := conflict(err); c != nil {
		p.Conflict = &conflictView{Mine: actionSay(p.Form), Who: c.Theirs.By.Name, When: s.day(c.Theirs.At)}
		var theirs engine.Action
		decode(c.Theirs.Value, &theirs)
		p.Conflict.Theirs, p.Version, p.Failed = actionSay(theirs), c.Theirs.Version, true
		return s.render(w, http.StatusConflict, "action", p)
	}
	if err != nil {
		return err
	}
	if r.PostFormValue("till") == "mina" {
		to := "/planposter?sparat=" + saved
		if show := r.PostFormValue("visa"); show == "alla" || show == "enheten" {
			to += "&visa=" + show
		}
		return seeOther(w, r, to+"#"+rowID(v.open, n))
	}
	return seeOther(w, r, v.Base()+"/plan?sparat="+saved)
}

// rowID is what a line is called in a page with lines of many plans.
func rowID(o *open, n int) string { return "p-" + o.Classification.ID + "-" + itoa(n) }

// wordingOf is a line when somebody has said yes to its wording, or wants
// another. Who has the role speaks for it; who does not says on whose word.
func (s *server) wordingOf(r *http.Request, p *actionPage, v *verified) (a engine.Action, bad fieldErrors) {
	a = p.Form
	p.Suggest, p.Behalf = strings.TrimSpace(r.PostFormValue("andring")), strings.TrimSpace(r.PostFormValue("uppdrag"))
	suggest := r.PostFormValue("gor") == "foresla"
	wrong := func(field, text string) { bad = append(bad, fieldError{field, text}) }
	switch {
	case suggest && p.Suggest == "":
		wrong("andring", "Skriv hur du vill att det ska stå")
	case len([]rune(p.Suggest)) > maxReason:
		wrong("andring", "Korta texten till högst "+itoa(maxReason)+" tecken")
	case !suggest && p.Suggest != "":
		wrong("andring", "Du har skrivit ett förslag. Skicka det, eller töm rutan om du godtar lydelsen som den är")
	case !p.Holds && p.Behalf == "":
		wrong("uppdrag", "Skriv vem som har sagt det, till exempel: muntligt enligt driftchefen")
	case len([]rune(p.Behalf)) > 200:
		wrong("uppdrag", "Korta texten till högst 200 tecken")
	}
	a.Asked, a.Agreed, a.AgreedBy, a.AgreedFor, a.Suggested = "", "", "", "", p.Suggest
	if !suggest {
		a.Agreed, a.AgreedBy = s.today(), v.visit.ID
		if !p.Holds {
			a.AgreedFor = p.Behalf
		}
	}
	if len(bad) > 0 {
		a = p.Form
	}
	return a, bad
}

func actionSay(a engine.Action) string {
	if a.Title == "" {
		return "borttagen"
	}
	return strings.TrimSpace(a.Title + ". " + statusWords[a.Status].Word + ". " + a.Comment)
}

// actionChange tells what of a line has changed, and what it was; nothing when
// nothing has.
func (s *server) actionChange(c *catalog.Catalog, before, after engine.Action) (was, now string) {
	kronor := func(n int) string {
		if n == 0 {
			return ""
		}
		return thousands(n) + " kr"
	}
	digit := func(n int) string { return strings.TrimPrefix(itoa(n), "0") }
	quoted := func(s string) string {
		if s == "" {
			return ""
		}
		return "”" + s + "”"
	}
	fields := func(a engine.Action) [][2]string {
		agreed := ""
		if a.Agreed != "" {
			agreed = "godtagen " + s.dayOf(a.Agreed)
		}
		return [][2]string{{"säkerhetsåtgärd", quoted(a.Title)}, {"beskrivning", quoted(a.Text)}, {"roll", lowerFirst(roleTitle(c, a.Role))}, {"läge", lowerFirst(statusWords[a.Status].Word)},
			{"så går det", quoted(a.Comment)}, {"börjar", s.dayOf(a.Start)}, {"klar senast", s.dayOf(a.Due)}, {"prioritet", digit(a.Priority)}, {"insats", digit(a.Effort)}, {"kostnad", kronor(a.Cost)},
			{"krav", strings.Join(a.Requirements, ", ")}, {"kommer av", lowerFirst(workbook.OriginWord(a.Origin))}, {"lydelsen", agreed}, {"på uppdrag", quoted(a.AgreedFor)}, {"rollen tillfrågad", s.dayOf(a.Asked)}, {"annan lydelse föreslagen", quoted(a.Suggested)}}
	}
	var olds, news []string
	b := fields(after)
	for i, x := range fields(before) {
		if x != b[i] {
			olds, news = append(olds, x[0]+" "+cmp.Or(x[1], "–")), append(news, x[0]+" "+cmp.Or(b[i][1], "–"))
		}
	}
	return strings.Join(olds, ", "), strings.Join(news, ", ")
}

// actionOf reads the form. Who only carries it out changes the status and the
// follow-up.
func (s *server) actionOf(r *http.Request, before engine.Action, all bool, v *verified) (engine.Action, fieldErrors) {
	trim := func(field string) string { return strings.TrimSpace(r.PostFormValue(field)) }
	var bad fieldErrors
	wrong := func(field, text string) { bad = append(bad, fieldError{field, text}) }
	a := before
	a.Status, a.Comment = engine.Status(r.PostFormValue("status")), trim("uppfoljning")
	if !slices.Contains(engine.Statuses, a.Status) {
		wrong("status", "Välj läge")
	}
	if len([]rune(a.Comment)) > maxReason {
		wrong("uppfoljning", "Korta texten till högst "+itoa(maxReason)+" tecken")
	}
	if !all {
		return a, bad
	}
	a.Title, a.Text, a.Role, a.Start, a.Due = trim("rubrik"), trim("text"), r.PostFormValue("roll"), trim("borjar"), trim("senast")
	a.Origin, a.Requirements = engine.Origin(r.PostFormValue("ursprung")), r.PostForm["krav"]
	a.Priority, a.Effort, a.Cost = 0, 0, 0
	if a.Title == "" {
		wrong("rubrik", "Skriv vad som ska göras")
	}
	if len([]rune(a.Title)) > 200 {
		wrong("rubrik", "Korta rubriken till högst 200 tecken")
	}
	if len([]rune(a.Text)) > maxText {
		wrong("text", "Korta texten till högst "+itoa(maxText)+" tecken")
	}
	if a.Role == "" || a.Role != before.Role && !slices.ContainsFunc(v.Catalog.Roles, func(x *catalog.Role) bool { return x.ID == a.Role }) {
		wrong("roll", "Välj vilken roll som ska göra det")
	}
	if !slices.Contains(engine.Origins, a.Origin) {
		wrong("ursprung", "Välj vad det kommer av")
	}
	for _, id := range a.Requirements {
		if v.Derivation.Finding(id) == nil {
			wrong("krav", "Välj krav i listan")
		}
	}
	bad = append(bad, s.dateProblems(a.Start, a.Due)...)
	if x := r.PostFormValue("prioritet"); x != "" {
		n, err := strconv.Atoi(x)
		if a.Priority = n; err != nil || n < 1 || n > 3 {
			wrong("prioritet", "Välj 1, 2 eller 3")
		}
	}
	if x := r.PostFormValue("insats"); x != "" {
		n, err := strconv.Atoi(x)
		if a.Effort = n; err != nil || n < 1 || n > 5 {
			wrong("insats", "Välj 1 till 5")
		}
	}
	if x := strings.NewReplacer(" ", "", "\u00a0", "", "kr", "").Replace(trim("kostnad")); x != "" {
		n, err := strconv.Atoi(x)
		if a.Cost = n; err != nil || n < 0 || n > 1_000_000_000 {
			wrong("kostnad", "Skriv kronor med siffror, till exempel 40000")
			a.Cost = before.Cost
		}
	}
	// Another wording is not what was agreed to.
	if a.Title != before.Title || a.Text != before.Text || a.Role != before.Role {
		a.Asked, a.Suggested, a.Agreed, a.AgreedBy, a.AgreedFor = "", "", "", "", ""
	}
	return a, bad
}

// dateProblems checks the days that work begins and is to be done, both of which
// may be left open.
func (s *server) dateProblems(start, due string) (bad fieldErrors) {
	for _, x := range [][2]string{{"borjar", start}, {"senast", due}} {
		if _, err := time.Parse(time.DateOnly, x[1]); x[1] != "" && err != nil {
			bad = append(bad, fieldError{x[0], "Skriv dagen så här: " + s.today()})
		}
	}
	if len(bad) == 0 && start != "" && due != "" && due < start {
		bad = append(bad, fieldError{"senast", "Sista dagen är före den första"})
	}
	return bad
}
