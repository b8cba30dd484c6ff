package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

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
	v, err := s.amending(r)
	if err != nil {
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
