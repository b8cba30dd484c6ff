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

// planPage is a B-classification's gaps, deviations and measures.
type planPage struct {
	page
	Base       string
	Figures    []figure
	Proposals  []proposalView
	Deviations []deviationView
	Gaps       []gapView
	Actions    []actionView
	May        bool // propose measures and decide deviations
	Carry      bool // follow up actions
	All        bool // add and change them
	NewAction  string
	NewDevi    string
	Fetch      bool
	Batch      batchForm
	Missing    fieldErrors
	Done       doneForm
	Saved      string
	Token      string
}

type gapView struct {
	ID, Title, Link, Say, Deviate string
	Lapsed                        string
	Redo                          bool // a measure for it is done: the answer waits
}

// batchForm is what all the measures that are added at once get.
type batchForm struct {
	Start, Due string
	Roles      []choice
	Ask        bool // the roles are asked about the wording at the same time
}

// proposalView is a measure that the gaps call for.
type proposalView struct {
	Chosen                   bool
	Value, Title, Text, Role string
	Requirements             []textLink
	Priority, Effort         string
}

// actionView is a line of a plan.
type actionView struct {
	N                                        int
	Link, Title, Role, Due, Status, Class    string
	Origin, Priority, Cost, Agreed, Followed string
	Text, Start, Effort                      string
	Requirements                             []textLink
	System, SystemLink                       string
	Follow                                   *followForm // when the visitor may say how it goes, there in the list
	due                                      string
	open                                     bool
}

// followForm says how one line goes, or that its wording is agreed to, without
// opening it.
type followForm struct {
	ID, Show string // of the row; the list that it stands in
	Statuses []choice
	Version  int
	Token    string
}

// statusWords is each status with its sign.
var (
	statusWords = map[engine.Status]sign{engine.Planned: {"", workbook.StatusWord(engine.Planned)}, engine.Ongoing: {"now", workbook.StatusWord(engine.Ongoing)}, engine.Completed: {"done", workbook.StatusWord(engine.Completed)}, engine.Dropped: {"lock", workbook.StatusWord(engine.Dropped)}}
	planSaved   = map[string]string{"planpost": "Planposten är sparad.", "borta": "Den är borttagen.", "inlast": "Uppföljningen är inläst.", "forslag": "Planposterna är tillagda i planen.", "avsteg": "Avsteget är sparat.",
		"fragad": "Planposten är sparad, och rollen är tillfrågad om lydelsen.", "godta": "Lydelsen är godtagen.", "foresla": "Förslaget till lydelse är sparat."}
	priorities = []choice{{ID: "1", Title: "1, först"}, {ID: "2", Title: "2"}, {ID: "3", Title: "3, sist"}}
)

func (s *server) plan(w http.ResponseWriter, r *http.Request) error {
	v, err := s.verifying(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "plan", s.planPage(r, v))
}

func (s *server) planPage(r *http.Request, v *verified) planPage {
	p := planPage{page: s.classificationPage(v.open, "Avsteg och handlingsplan"), Base: v.Base(), May: v.may(engine.PartSection + "plan"), Carry: !v.paused() && v.visit.on(&v.Record, carry, ""), All: !v.paused() && v.visit.plans(&v.Record),
		NewAction: v.Base() + "/plan/" + itoa(v.NextAction()), NewDevi: v.Base() + "/avsteg/" + itoa(v.NextDeviation()), Done: doneFormOf(v.open, "plan", "Avsteg och plan är genomgångna"),
		Saved: planSaved[r.FormValue("sparat")], Token: token(), Fetch: v.visit.on(&v.Record, fetch, "")}
	p.Batch.Roles = rolesOf(v.Catalog, "")
	open, late := 0, 0
	for _, x := range v.Actions() {
		p.Actions = append(p.Actions, s.actionView(v.open, x))
		if x.Value.Open() {
			open++
		}
		if x.Value.LateAt(v.Today) {
			late++
		}
	}
	byDue(p.Actions)
	proposals := v.Assessment.Proposals(v.Actions())
	for _, a := range proposals {
		x := proposalView{Chosen: true, Value: strings.Join(a.Requirements, " "), Title: a.Title, Text: a.Text, Role: roleTitle(v.Catalog, a.Role), Priority: itoa(a.Priority)}
		if a.Effort > 0 {
			x.Effort = itoa(a.Effort) + " av 5"
		}
		for _, id := range a.Requirements {
			x.Requirements = append(x.Requirements, textLink{id, v.Base() + "/verifiering/" + id})
		}
		p.Proposals = append(p.Proposals, x)
	}
	for _, x := range v.Assessment.Rows {
		if x.Outcome == engine.Gap {
			g := gapView{ID: x.Requirement.ID, Title: engine.Text(x.Title), Link: v.Base() + "/verifiering/" + x.Requirement.ID, Say: responseSay(x.Response), Deviate: p.NewDevi + "?krav=" + x.Requirement.ID}
			g.Redo = slices.ContainsFunc(v.Actions(), func(a engine.Numbered[engine.Action]) bool {
				return a.Value.Status == engine.Completed && slices.Contains(a.Value.Requirements, g.ID)
			})
			if x.Lapsed != nil {
				g.Lapsed = s.dayOf(x.Lapsed.Until)
			}
			p.Gaps = append(p.Gaps, g)
		}
	}
	for _, d := range v.Deviations() {
		x := deviationView{N: d.N, Reason: d.Value.Reason, Until: s.dayOf(d.Value.Until), DecidedBy: lowerFirst(d.Value.DecidedBy), Protection: d.Value.Protection, Say: strings.Join(d.Value.Requirements, ", ")}
		if !d.Value.ActiveAt(v.Today) {
			x.Until += ", har gått ut"
		}
		p.Deviations = append(p.Deviations, x)
	}
	sum := v.Assessment.Sum
	p.Figures = []figure{{"Luckor", sum.Gap}, {"Avsteg", sum.Excepted}, {"Öppna planposter", open}, {"Försenade", late}}
	return p
}

// rolesOf is the catalogue's roles to choose among, and the one that is chosen
// already.
func rolesOf(c *catalog.Catalog, chosen string) []choice {
	var out []choice
	for _, x := range c.Roles {
		out = append(out, choice{ID: x.ID, Title: x.Title, Chosen: x.ID == chosen})
	}
	if chosen != "" && !slices.ContainsFunc(out, func(x choice) bool { return x.Chosen }) {
		out = append(out, choice{ID: chosen, Title: roleTitle(c, chosen), Chosen: true})
	}
	return out
}

// byDue puts what is late or due first, what has no date after that, and what
// is done last.
func byDue(list []actionView) {
	slices.SortStableFunc(list, func(a, b actionView) int {
		if a.open != b.open {
			return map[bool]int{true: -1, false: 1}[a.open]
		}
		return cmp.Compare(cmp.Or(a.due, "9999"), cmp.Or(b.due, "9999"))
	})
}

func (s *server) actionView(o *open, x engine.Numbered[engine.Action]) actionView {
	a := x.Value
	v := actionView{N: x.N, Link: o.Base() + "/plan/" + itoa(x.N), Title: a.Title, Role: roleTitle(o.Catalog, a.Role), Due: s.dayOf(a.Due), Status: statusWords[a.Status].Word, Class: statusWords[a.Status].Class,
		Origin: workbook.OriginWord(a.Origin), System: o.System.Title, SystemLink: o.Base() + "/plan", Followed: a.Comment, due: a.Due, open: a.Open()}
	switch {
	case a.LateAt(s.today()):
		v.Status, v.Class = upperFirst(count(daysBetween(a.Due, s.today()), "dag försenad", "dagar försenad")), "late"
	case a.Open() && a.Due == "" && a.Status == engine.Planned:
		v.Status, v.Class = "Behöver datum", "wait"
	case a.Open() && a.Due == "":
		v.Status, v.Class = v.Status+", behöver datum", "wait"
	}
	v.Text, v.Start = a.Text, s.dayOf(a.Start)
	if a.Effort > 0 {
		v.Effort = itoa(a.Effort) + " av 5"
	}
	if a.Priority > 0 {
		v.Priority = itoa(a.Priority)
	}
	if a.Cost > 0 {
		v.Cost = thousands(a.Cost) + " kr"
	}
	switch {
	case a.Agreed != "" || !a.Open():
	case a.Suggested != "":
		v.Agreed = "Rollen föreslår en annan lydelse"
	case a.Asked != "":
		v.Agreed = "Rollen är tillfrågad om lydelsen"
	default:
		v.Agreed = "Rollen har inte godtagit lydelsen"
	}
	for _, id := range a.Requirements {
		v.Requirements = append(v.Requirements, textLink{id, o.Base() + "/verifiering/" + id})
	}
	return v
}

// daysBetween counts the days from one date, 2026-11-24, to a later one.
func daysBetween(from, to string) int {
	a, _ := time.Parse(time.DateOnly, from)
	b, _ := time.Parse(time.DateOnly, to)
	return int(b.Sub(a).Hours() / 24)
}

// thousands writes a number with a no-break space between thousands.
func thousands(n int) string {
	s := itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u00a0" + s[i:]
	}
	return s
}

func roleTitle(c *catalog.Catalog, id string) string {
	for _, x := range c.Roles {
		if x.ID == id {
			return x.Title
		}
	}
	for _, x := range Roles {
		if x.ID == id {
			return x.Title
		}
	}
	return id
}

// takeProposals adds the ticked measures to the plan.
func (s *server) takeProposals(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	v, err := s.verifying(r)
	if err != nil {
		return err
	}
	if err := v.writable(); err != nil {
		return err
	}
	b := batchForm{Start: strings.TrimSpace(r.PostFormValue("borjar")), Due: strings.TrimSpace(r.PostFormValue("senast")), Roles: rolesOf(v.Catalog, r.PostFormValue("roll")), Ask: r.PostFormValue("fraga") != ""}
	role := r.PostFormValue("roll")
	bad := s.dateProblems(b.Start, b.Due)
	if role != "" && !slices.ContainsFunc(v.Catalog.Roles, func(x *catalog.Role) bool { return x.ID == role }) {
		b.Roles = rolesOf(v.Catalog, "")
		bad = append(bad, fieldError{"roll", "Välj en roll i listan"})
	}
	if len(bad) > 0 {
		p := s.planPage(r, v)
		p.Batch, p.Missing, p.Failed = b, bad, true
		for i := range p.Proposals {
			p.Proposals[i].Chosen = slices.Contains(r.PostForm["forslag"], p.Proposals[i].Value)
		}
		return s.render(w, http.StatusUnprocessableEntity, "plan", p)
	}
	var changes []engine.Change
	n := v.NextAction()
	for _, a := range v.Assessment.Proposals(v.Actions()) {
		if slices.Contains(r.PostForm["forslag"], strings.Join(a.Requirements, " ")) {
			a.Start, a.Due, a.Role = b.Start, b.Due, cmp.Or(role, a.Role)
			if b.Ask && a.Role != "" {
				a.Asked = v.Today
			}
			changes = append(changes, change(engine.ActionKey(n), a, 0))
			n++
		}
	}
	if len(changes) == 0 {
		return seeOther(w, r, v.Base()+"/plan#forslag")
	}
	if err := s.save(r, v.open, changes...); err != nil {
		return err
	}
	return seeOther(w, r, v.Base()+"/plan?sparat=forslag")
}

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

// deviationPage is an exception as a form.
type deviationPage struct {
	page
	Action   string
	Fresh    bool
	Form     engine.Deviation
	Until    string // as it reads
	Date     string
	Rows     []choice // the requirements that it is about
	More     []choice // gaps that it could be about
	Roles    []string
	Version  int
	Token    string
	May      bool
	Missing  fieldErrors
	Conflict *conflictView
	Back     string
	Least    string
}

func (s *server) deviationForm(w http.ResponseWriter, r *http.Request) error {
	p, _, err := s.deviationPage(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "deviation", p)
}

func (s *server) deviationPage(r *http.Request) (deviationPage, *verified, error) {
	v, err := s.verifying(r)
	if err != nil {
		return deviationPage{}, nil, err
	}
	n, ok := number(chi.URLParam(r, "n"))
	key := engine.DeviationKey(n)
	fresh := ok && n == v.NextDeviation()
	if !ok || !fresh && !v.Has(key) {
		return deviationPage{}, nil, errNotFound
	}
	p := deviationPage{page: s.classificationPage(v.open, "Avsteg"), Action: v.Base() + "/avsteg/" + itoa(n), Fresh: fresh, Token: token(), Version: v.Answers[key].Version,
		Back: v.Base() + "/plan", Roles: s.roles(), May: v.may(engine.PartSection + "plan"), Least: v.Today, Form: engine.Deviation{Date: v.Today}}
	p.Crumbs = slices.Insert(p.Crumbs, len(p.Crumbs)-1, crumb{"Avsteg och handlingsplan", v.Base() + "/plan"})
	decode(v.Answers[key].Value, &p.Form)
	if id := r.FormValue("krav"); fresh && v.Assessment.Row(id) != nil {
		p.Form.Requirements = []string{id}
	}
	p.Until, p.Date = s.dayOf(p.Form.Until), s.dayOf(p.Form.Date)
	p.fill(v)
	return p, v, nil
}

func (p *deviationPage) fill(v *verified) {
	p.Rows, p.More = picked(v, p.Form.Requirements, engine.Gap)
}

func (s *server) saveDeviation(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	p, v, err := s.deviationPage(r)
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
	var value any
	saved := "borta"
	if r.PostFormValue("gor") != "ta-bort" {
		trim := func(field string) string { return strings.TrimSpace(r.PostFormValue(field)) }
		d := engine.Deviation{Requirements: r.PostForm["krav"], Reason: trim("skal"), Protection: trim("skydd"), Until: trim("till"), DecidedBy: r.PostFormValue("beslutat"), Date: trim("datum")}
		p.Form = d
		p.fill(v)
		var bad fieldErrors
		wrong := func(field, text string) { bad = append(bad, fieldError{field, text}) }
		if len(d.Requirements) == 0 || slices.ContainsFunc(d.Requirements, func(id string) bool { return v.Assessment.Row(id) == nil }) {
			wrong("krav", "Välj vilka krav avsteget gäller")
		}
		if d.Reason == "" {
			wrong("skal", "Skriv varför avsteget behövs")
		}
		if len([]rune(d.Reason)) > maxReason || len([]rune(d.Protection)) > maxReason {
			wrong("skal", "Korta texterna till högst "+itoa(maxReason)+" tecken")
		}
		if _, err := time.Parse(time.DateOnly, d.Until); err != nil || d.Until < v.Today {
			wrong("till", "Skriv avstegets sista dag. Ett avsteg ska ha ett slut")
		}
		if _, err := time.Parse(time.DateOnly, d.Date); err != nil || d.Date > v.Today {
			wrong("datum", "Skriv dagen för beslutet, till exempel "+v.Today)
		}
		if !slices.Contains(p.Roles, d.DecidedBy) {
			wrong("beslutat", "Välj vilken roll som har beslutat")
		}
		if len(bad) > 0 {
			p.Missing, p.Failed = bad, true
			return s.render(w, http.StatusUnprocessableEntity, "deviation", p)
		}
		value, saved = d, "avsteg"
	}
	n, _ := number(chi.URLParam(r, "n"))
	err = s.save(r, v.open, change(engine.DeviationKey(n), value, version))
	if c := conflict(err); c != nil {
		var theirs engine.Deviation
		decode(c.Theirs.Value, &theirs)
		p.Conflict = &conflictView{Mine: p.Form.Reason, Theirs: cmp.Or(theirs.Reason, "borttaget"), Who: c.Theirs.By.Name, When: s.day(c.Theirs.At)}
		p.Version, p.Failed = c.Theirs.Version, true
		return s.render(w, http.StatusConflict, "deviation", p)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, v.Base()+"/plan?sparat="+saved)
}

// myActionsPage is what the visitor's roles shall do, across systems.
type myActionsPage struct {
	page
	Waiting []actionView // whose wording waits for the visitor's word
	Rows    []actionView
	Shows   []choice
	Query   string // of the address, to fetch the same lines
	Figures []figure
	Cost    string // of what is open; "" when nobody has said
	Saved   string
}

func (s *server) myActions(w http.ResponseWriter, r *http.Request) error {
	p := myActionsPage{page: s.page(r, "Planposter", "start"), Saved: planSaved[r.FormValue("sparat")]}
	for _, x := range []choice{{ID: "", Title: "Mina öppna"}, {ID: "alla", Title: "Alla mina"}, {ID: "enheten", Title: "Alla i mina enheter"}} {
		x.Chosen = x.ID == r.FormValue("visa")
		if x.Chosen && x.ID != "" {
			p.Query = "?visa=" + x.ID
		}
		p.Shows = append(p.Shows, x)
	}
	all, err := s.plansAcross(r, shown(r, read))
	if err != nil {
		return err
	}
	open, late, undated, cost := 0, 0, 0, 0
	for _, x := range all.lines {
		row := s.actionView(x.open, x.Numbered)
		if v := x.visit; v.follows(&x.Record, x.Value) {
			row.Follow = &followForm{ID: rowID(x.open, x.N), Show: r.FormValue("visa"), Statuses: statusChoices(x.Value.Status), Version: x.Version, Token: token()}
			if x.Value.Waits() && v.carries(&x.Record, x.Value) {
				p.Waiting = append(p.Waiting, row)
			}
		}
		p.Rows = append(p.Rows, row)
		if x.Value.Open() {
			open++
			cost += x.Value.Cost
			if x.Value.Due == "" {
				undated++
			}
		}
		if x.Value.LateAt(s.today()) {
			late++
		}
	}
	byDue(p.Rows)
	p.Figures = []figure{{"Öppna", open}, {"Försenade", late}, {"Öppna utan datum", undated}}
	if cost > 0 {
		p.Cost = thousands(cost) + " kr"
	}
	return s.render(w, http.StatusOK, "actions", p)
}

// shown passes the lines that an address asks for: those that the visitor's
// roles shall carry out, or all in the systems where she may do something.
func shown(r *http.Request, to action) func(v *visit, rec *engine.Record, a engine.Action) bool {
	show := r.FormValue("visa")
	return func(v *visit, rec *engine.Record, a engine.Action) bool {
		if show == "enheten" {
			return v.on(rec, to, "")
		}
		return v.carries(rec, a) && (show == "alla" || a.Open())
	}
}
