package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/rule"
)

// tasksPage is a classification as a task list.
type tasksPage struct {
	page
	Open     *open
	Levels   []level
	Rated    bool // any level is known
	Tasks    []task
	Next     *task
	Done     int // sections done
	Now      listNow
	No       int
	Profiles []string
	Paused   bool
	Kind     string // the type of classification, in words
}

type task struct {
	section
	N      int
	Link   string // none when the step is locked
	Left   string // one line of what is left
	More   *crumb // another way to do it
	Status string // the words
	Class  string // the sign: done, now, lock, wait, or none
	Who    string
}

// progress is the state of the questions about facts.
type progress struct {
	Asked, Answered int
}

func factProgress(o *open) progress {
	var p progress
	for _, f := range o.Catalog.Facts {
		if f.IsDerived() || o.Facts.Asked(f) != rule.Yes {
			continue
		}
		p.Asked++
		if o.Facts.Handled(f.ID) != engine.Unanswered {
			p.Answered++
		}
	}
	return p
}

// laws that a person has to take a stand on.
func tickedLaws(o *open) (ticked int, suggested int, applies int) {
	for _, l := range o.Derivation.Laws {
		if l.Law.Ticked {
			ticked++
		}
		if l.Suggested {
			suggested++
		}
		if l.Applies == rule.Yes {
			applies++
		}
	}
	return
}

func (s *server) tasks(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	d := o.Derivation
	p := tasksPage{
		page: s.classificationPage(o, ""), Open: o, Levels: levels(o.Facts), Tasks: s.taskList(o),
		Now: nowOf(o), No: d.Count(rule.No), Paused: o.paused(), Kind: typeWords[o.Classification.Type],
	}
	for _, l := range p.Levels {
		p.Rated = p.Rated || l.Known
	}
	for i := range p.Tasks {
		if p.Tasks[i].Class == "done" {
			p.Done++
		} else if p.Next == nil && p.Tasks[i].Link != "" {
			p.Next = &p.Tasks[i]
		}
	}
	for _, x := range d.Profiles {
		if x.Active == rule.Yes {
			p.Profiles = append(p.Profiles, x.Profile.Title)
		}
	}
	return s.render(w, http.StatusOK, "tasks", p)
}

// taskList works out where each step stands. A step is done when somebody has
// said so; the last waits for the others.
func (s *server) taskList(o *open) []task {
	base := o.Base()
	began := o.Answers[engine.KeyBaseline]
	who := func(prefixes ...string) string {
		a, ok := last(o.Record, prefixes...)
		if b := o.Baseline(); ok && b != nil && a.Version == 1 && a.At.Equal(began.At) { // came along, and nobody has been here since
			return "Från den godkända revision " + itoa(b.Revision)
		}
		if ok && a.By.Name != "" {
			return a.By.Name + ", " + s.day(a.At)
		}
		return ""
	}
	status := func(t *task, begun bool) {
		switch {
		case o.Has(engine.DoneKey(t.ID)):
			t.Status, t.Class = "Klart", "done"
		case begun:
			t.Status, t.Class = "Pågår", "now"
		default:
			t.Status = "Inte påbörjat"
		}
	}
	steps := o.sections()
	out := make([]task, len(steps))
	for i, x := range steps {
		out[i] = task{section: x, N: i + 1, Link: base + x.Path}
	}

	stop := &out[0]
	stop.Who = who(engine.KeyStop, engine.KeyPaused)
	switch {
	case o.paused():
		stop.Status, stop.Class, stop.Left = "Avvaktar bedömning", "wait", "Bedömningen görs utanför Kravverk."
	case o.Has(engine.KeyStop):
		stop.Status, stop.Class, stop.Left = "Klart", "done", "Systemet omfattas inte av säkerhetsskydd."
	default:
		stop.Status, stop.Class, stop.Left = "Väntar på svar", "wait", "Frågan om säkerhetsskydd ställs först."
	}

	facts := &out[1]
	f := factProgress(o)
	facts.Who = who("fact/", engine.DoneKey("facts"))
	facts.Left = itoa(f.Answered) + " av " + itoa(f.Asked) + " frågor besvarade."
	facts.More = &crumb{"Alla frågor på en sida", base + "/fragor"}
	var titles []string
	for _, q := range o.Pending.Questions {
		if q.Fact != nil {
			titles = append(titles, lowerFirst(q.Title))
		}
	}
	switch n := len(titles); {
	case n > 0 && n <= 3:
		facts.Left += " Kvar: " + list(titles, "och") + "."
	case n == 0 && f.Answered < f.Asked:
		facts.Left += " Resten behöver du inte svara på."
	}
	status(facts, f.Answered > 0)

	info := &out[2]
	numbers := o.Information()
	info.Who = who("information/", engine.KeyRaise, engine.DoneKey("information"))
	info.Left = "Ingen information är beskriven än."
	if n := len(numbers); n > 0 {
		info.Left = upperFirst(count(n, "informationstyp", "informationstyper")) + "."
		if unrated := unrated(o); unrated > 0 {
			info.Left += " " + upperFirst(count(unrated, "saknar", "saknar")) + " nivå."
		}
	}
	status(info, len(numbers) > 0)

	laws := &out[3]
	ticked, suggested, applies := tickedLaws(o)
	laws.Who = who("fact/lagrum", engine.DoneKey("laws"))
	laws.Left = upperFirst(count(applies, "lagrum gäller", "lagrum gäller")) + "."
	if o.Facts.Handled("lagrum") == engine.Unanswered {
		laws.Left += " " + upperFirst(count(ticked, "väntar", "väntar")) + " på ditt svar."
		if suggested > 0 {
			laws.Left += " " + upperFirst(count(suggested, "är föreslaget", "är föreslagna")) + "."
		}
	}
	status(laws, o.Facts.Handled("lagrum") != engine.Unanswered)

	reqs := &out[4]
	reqs.Who = who("reviewed/", engine.DoneKey("requirements"))
	areas, reviewed := reviewedAreas(o)
	d := o.Derivation
	reqs.Left = upperFirst(count(d.Count(rule.Yes), "krav gäller", "krav gäller")) + "."
	if n := d.Count(rule.Unknown); n > 0 {
		reqs.Left += " " + upperFirst(count(n, "kan tillkomma", "kan tillkomma")) + "."
	}
	if o.Classification.Type == "A" {
		reqs.Left += " " + itoa(reviewed) + " av " + itoa(areas) + " områden genomgångna."
	} else {
		reqs.Left += " Varje krav får sitt svar i verifieringen."
	}
	status(reqs, reviewed > 0)

	if o.Classification.Type == "B" {
		s.verifyTasks(o, &out[5], &out[6])
	} else {
		exportTask(o, out)
	}
	s.approvalTask(o, &out[len(out)-1])
	if o.paused() {
		for i := range out[1:] {
			t := &out[i+1]
			t.Link, t.More, t.Status, t.Class = "", nil, "Väntar på steg 1", "lock"
		}
	}
	return out
}

// exportTask tells where the list for the tenderers stands, among the other steps.
func exportTask(o *open, out []task) {
	export := &out[5]
	var waits []string
	for _, t := range out[:5] {
		if t.Class != "done" {
			waits = append(waits, itoa(t.N))
		}
	}
	if len(waits) > 0 {
		export.Left = "Skapas när steg 1–5 är klara. Du kan hämta ett utkast redan nu."
		export.Status, export.Class = "Väntar på steg "+strings.Join(waits, ", "), "lock"
	} else {
		export.Left = "Kravbilaga till anbudsgivarna och motivering för er egen akt."
		export.Status, export.Class = "Klar att hämta", "wait"
		if o.Has(engine.DoneKey("export")) {
			export.Status, export.Class = "Klart", "done"
		}
	}
}

// verifyTasks tells where the verification and the plan stand. What is offered
// from elsewhere is left to the pages: here only what is stored counts.
func (s *server) verifyTasks(o *open, verify, plan *task) {
	a := o.Derivation.Assess(o.Record, nil, s.today())
	sum := a.Sum
	verify.Left = itoa(sum.Answered()) + " av " + itoa(sum.All) + " krav har ett svar."
	verify.Status = "Inte påbörjat"
	switch {
	case o.Has(engine.DoneKey("verify")):
		verify.Status, verify.Class = "Klart", "done"
	case sum.Answered() > 0:
		verify.Status, verify.Class = "Pågår", "now"
	}
	open := 0
	for _, x := range o.Actions() {
		if x.Value.Open() {
			open++
		}
	}
	missing := 0
	for _, x := range a.Proposals(o.Actions()) {
		missing += len(x.Requirements)
	}
	plan.Left = upperFirst(count(missing, "lucka utan planpost", "luckor utan planpost")) + ", " + count(open, "planpost öppen", "planposter öppna") + "."
	plan.Status = "Inte påbörjat"
	switch {
	case o.Has(engine.DoneKey("plan")):
		plan.Status, plan.Class = "Klart", "done"
	case len(o.Actions())+len(o.Deviations()) > 0:
		plan.Status, plan.Class = "Pågår", "now"
	}
}

// unrated counts the information types that lack a level.
func unrated(o *open) int {
	titles := map[string]bool{}
	for _, l := range o.Facts.Levels {
		for _, t := range l.Unrated {
			titles[t] = true
		}
	}
	return len(titles)
}

// reviewedAreas counts the areas with anything in them, and those gone through.
func reviewedAreas(o *open) (all, reviewed int) {
	for _, a := range o.Catalog.Areas {
		any := slices.ContainsFunc(o.Derivation.Findings, func(f engine.Finding) bool {
			return f.Requirement.Area == a && f.Applies != rule.No
		})
		if any {
			all++
			if o.Has(engine.ReviewedKey(a.ID)) {
				reviewed++
			}
		}
	}
	return
}

// doneForm says that a section is done, or opens it again.
type doneForm struct {
	Base, Section, Token string
	Done                 bool
	May                  bool
	Text                 string // of the button
	Next                 *task  // the step after this one
}

func doneFormOf(o *open, section, text string) doneForm {
	f := doneForm{Base: o.Base(), Section: section, Token: token(), Done: o.Has(engine.DoneKey(section)), May: o.may(engine.PartSection + section), Text: text}
	for i, x := range o.sections()[1:] {
		if o.sections()[i].ID == section {
			f.Next = &task{section: x, N: i + 2, Link: o.Base() + x.Path}
		}
	}
	return f
}

// saveDone marks a section as done, or takes the mark back.
func (s *server) saveDone(w http.ResponseWriter, r *http.Request) error {
	id := chi.URLParam(r, "section")
	if !slices.ContainsFunc(slices.Concat(sectionsA, sectionsB), func(x section) bool { return x.ID == id && x.ID != "stop" && x.ID != "approval" }) {
		return errNotFound
	}
	return s.saveMark(w, r, engine.DoneKey(id), "")
}

// saveMark sets a mark, or takes it back, and goes to a page of the
// classification. The last one wins: a mark is a yes or a no, and the journal
// has both.
func (s *server) saveMark(w http.ResponseWriter, r *http.Request, key, page string) error {
	o, err := s.writable(r)
	if err != nil {
		return err
	}
	var value any
	if r.PostFormValue("klart") == "ja" {
		value = true
	}
	if err := s.mark(r, o, map[string]any{key: value}); err != nil {
		return err
	}
	return seeOther(w, r, o.Base()+page)
}
