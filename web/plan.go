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
	Done       doneForm
	Saved      string
	Token      string
}

type gapView struct {
	ID, Title, Link, Say, Deviate string
	Lapsed                        string
	Redo                          bool // a measure for it is done: the answer waits
}

// proposalView is a measure that the gaps call for.
type proposalView struct {
	Value, Title, Text, Role string
	Requirements             []textLink
	Priority, Effort         string
}

// actionView is a line of a plan.
type actionView struct {
	N                                        int
	Link, Title, Role, Due, Status, Class    string
	Origin, Priority, Cost, Agreed, Followed string
	Requirements                             []textLink
	System, SystemLink                       string
	due                                      string
	open                                     bool
}

// statusWords is each status with its sign.
var (
	statusWords = map[engine.Status]sign{engine.Planned: {"", workbook.StatusWord(engine.Planned)}, engine.Ongoing: {"now", workbook.StatusWord(engine.Ongoing)}, engine.Completed: {"done", workbook.StatusWord(engine.Completed)}, engine.Dropped: {"lock", workbook.StatusWord(engine.Dropped)}}
	planSaved   = map[string]string{"planpost": "Planposten är sparad.", "borta": "Den är borttagen.", "inlast": "Uppföljningen är inläst.", "forslag": "Åtgärderna är tillagda i planen. Kom överens med rollen om lydelsen och sätt datum.", "avsteg": "Avsteget är sparat."}
	priorities  = []choice{{ID: "1", Title: "1, först"}, {ID: "2", Title: "2"}, {ID: "3", Title: "3, sist"}}
)

func (s *server) plan(w http.ResponseWriter, r *http.Request) error {
	v, err := s.verifying(r)
	if err != nil {
		return err
	}
	p := planPage{page: s.classificationPage(v.open, "Avsteg och handlingsplan"), Base: v.Base(), May: v.may(engine.PartSection + "plan"), Carry: !v.paused() && v.visit.on(&v.Record, carry, ""), All: !v.paused() && v.visit.plans(&v.Record),
		NewAction: v.Base() + "/plan/" + itoa(v.NextAction()), NewDevi: v.Base() + "/avsteg/" + itoa(v.NextDeviation()), Done: doneFormOf(v.open, "plan", "Avsteg och plan är genomgångna"),
		Saved: planSaved[r.FormValue("sparat")], Token: token(), Fetch: v.visit.on(&v.Record, fetch, "")}
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
		x := proposalView{Value: strings.Join(a.Requirements, " "), Title: a.Title, Text: a.Text, Role: roleTitle(v.Catalog, a.Role), Priority: itoa(a.Priority)}
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
	return s.render(w, http.StatusOK, "plan", p)
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
	if a.LateAt(s.today()) {
		v.Status, v.Class = "Försenad", "late"
	}
	if a.Priority > 0 {
		v.Priority = itoa(a.Priority)
	}
	if a.Cost > 0 {
		v.Cost = thousands(a.Cost) + " kr"
	}
	if a.Agreed == "" {
		v.Agreed = "Lydelsen är inte överenskommen"
	}
	for _, id := range a.Requirements {
		v.Requirements = append(v.Requirements, textLink{id, o.Base() + "/verifiering/" + id})
	}
	return v
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
	var changes []engine.Change
	n := v.NextAction()
	for _, a := range v.Assessment.Proposals(v.Actions()) {
		if slices.Contains(r.PostForm["forslag"], strings.Join(a.Requirements, " ")) {
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

// actionPage is one line of a plan as a form.
type actionPage struct {
	page
	Action     string
	Fresh      bool
	Form       engine.Action
	Cost       string
	AgreedNow  bool
	Roles      []choice
	Origins    []choice
	Statuses   []choice
	Priorities []choice
	Rows       []choice // requirements, the gaps first
	Events     []eventRow
	Version    int
	Token      string
	May, All   bool // follow up; change everything
	Missing    fieldErrors
	Conflict   *conflictView
	Back       string
}

func (s *server) actionForm(w http.ResponseWriter, r *http.Request) error {
	p, _, err := s.actionPage(r)
	if err != nil {
		return err
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
		Version: v.Answers[key].Version, Back: v.Base() + "/plan", Form: engine.Action{Origin: engine.OfClassification, Status: engine.Planned}, Priorities: slices.Clone(priorities)}
	p.Crumbs = slices.Insert(p.Crumbs, len(p.Crumbs)-1, crumb{"Avsteg och handlingsplan", v.Base() + "/plan"})
	decode(v.Answers[key].Value, &p.Form)
	if id := r.FormValue("krav"); fresh && v.Assessment.Row(id) != nil {
		p.Form.Requirements = []string{id}
	}
	p.May = !v.paused() && v.visit.on(&v.Record, carry, "")
	p.All = p.May && v.visit.plans(&v.Record)
	p.fill(v)
	return p, v, nil
}

// fill makes the choices from the form.
func (p *actionPage) fill(v *verified) {
	a := p.Form
	p.Roles, p.Origins, p.Statuses, p.Rows = nil, nil, nil, nil
	for _, x := range v.Catalog.Roles {
		p.Roles = append(p.Roles, choice{ID: x.ID, Title: x.Title, Chosen: x.ID == a.Role})
	}
	for _, x := range engine.Origins {
		p.Origins = append(p.Origins, choice{ID: string(x), Title: workbook.OriginWord(x), Chosen: x == a.Origin})
	}
	for _, x := range engine.Statuses {
		p.Statuses = append(p.Statuses, choice{ID: string(x), Title: statusWords[x].Word, Chosen: x == a.Status})
	}
	p.Priorities = slices.Clone(priorities)
	choose(p.Priorities, itoa(a.Priority))
	if p.Cost == "" && a.Cost > 0 {
		p.Cost = itoa(a.Cost)
	}
	for _, x := range v.Assessment.Rows {
		id := x.Requirement.ID
		if x.Outcome == engine.Gap || x.Outcome == engine.Excepted || slices.Contains(a.Requirements, id) {
			p.Rows = append(p.Rows, choice{ID: id, Title: id + " " + engine.Text(x.Title), Chosen: slices.Contains(a.Requirements, id)})
		}
	}
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
	before := p.Form
	if !p.All && (p.Fresh || !v.visit.carries(&v.Record, before)) {
		return s.refusal(r, carry, &v.Record)
	}
	var value any
	saved := "borta"
	if r.PostFormValue("gor") != "ta-bort" || !p.All {
		a, bad := s.actionOf(r, before, p.All, v)
		p.Form, p.Cost = a, strings.TrimSpace(r.PostFormValue("kostnad"))
		p.fill(v)
		if len(bad) > 0 {
			p.Missing, p.Failed = bad, true
			return s.render(w, http.StatusUnprocessableEntity, "action", p)
		}
		value, saved = a, "planpost"
	}
	n, _ := number(chi.URLParam(r, "n"))
	err = s.save(r, v.open, change(engine.ActionKey(n), value, version))
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
		return seeOther(w, r, "/planposter?sparat="+saved)
	}
	return seeOther(w, r, v.Base()+"/plan?sparat="+saved)
}

func actionSay(a engine.Action) string {
	if a.Title == "" {
		return "borttagen"
	}
	return strings.TrimSpace(a.Title + ". " + statusWords[a.Status].Word + ". " + a.Comment)
}

// actionOf reads the form. Who only carries it out changes the status, the
// follow-up and that the wording is agreed.
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
	switch agreed := r.PostFormValue("overens") != ""; {
	case !agreed:
		a.Agreed = ""
	case a.Agreed == "":
		a.Agreed = s.today()
	}
	if !all {
		return a, bad
	}
	a.Title, a.Text, a.Role, a.Start, a.Due = trim("rubrik"), trim("text"), r.PostFormValue("roll"), trim("borjar"), trim("senast")
	a.Origin, a.Requirements = engine.Origin(r.PostFormValue("ursprung")), r.PostForm["krav"]
	a.Priority, a.Cost = 0, 0
	if a.Title == "" {
		wrong("rubrik", "Skriv vad som ska göras")
	}
	if len([]rune(a.Title)) > 200 {
		wrong("rubrik", "Korta rubriken till högst 200 tecken")
	}
	if len([]rune(a.Text)) > maxText {
		wrong("text", "Korta texten till högst "+itoa(maxText)+" tecken")
	}
	if !slices.ContainsFunc(v.Catalog.Roles, func(x *catalog.Role) bool { return x.ID == a.Role }) {
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
	for field, date := range map[string]string{"borjar": a.Start, "senast": a.Due} {
		if _, err := time.Parse(time.DateOnly, date); date != "" && err != nil {
			wrong(field, "Skriv dagen så här: "+s.today())
		}
	}
	if a.Start != "" && a.Due != "" && a.Due < a.Start {
		wrong("senast", "Sista dagen är före den första")
	}
	if x := r.PostFormValue("prioritet"); x != "" {
		n, err := strconv.Atoi(x)
		if a.Priority = n; err != nil || n < 1 || n > 3 {
			wrong("prioritet", "Välj 1, 2 eller 3")
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
	if a.Agreed == before.Agreed && a.Agreed != "" && (a.Title != before.Title || a.Text != before.Text || a.Role != before.Role) {
		a.Agreed = ""
	}
	return a, bad
}

// deviationPage is an exception as a form.
type deviationPage struct {
	page
	Action   string
	Fresh    bool
	Form     engine.Deviation
	Rows     []choice
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
	p.fill(v)
	return p, v, nil
}

func (p *deviationPage) fill(v *verified) {
	p.Rows = nil
	for _, x := range v.Assessment.Rows {
		id := x.Requirement.ID
		if x.Outcome == engine.Gap || slices.Contains(p.Form.Requirements, id) {
			p.Rows = append(p.Rows, choice{ID: id, Title: id + " " + engine.Text(x.Title), Chosen: slices.Contains(p.Form.Requirements, id)})
		}
	}
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
		p.Rows = append(p.Rows, s.actionView(x.open, x.Numbered))
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
