package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// questionsPage is what the system is and how it runs: one form for each
// question, and one save for each answer.
type questionsPage struct {
	page
	Open     *open
	Base     string
	Groups   []questionGroup
	Asked    int
	Answered int
	Now      listNow
	Done     doneForm
	Version  int
	Token    string
	Paused   bool
	Missing  fieldErrors
	All      bool // the printable list of every question
}

type questionGroup struct {
	ID, Title string
	Questions []question
}

// question is one fact's form.
type question struct {
	Base     string
	Fact     *catalog.Fact
	Choices  []choice
	Many     bool // several may be chosen
	Wide     bool // the choices have help, so each needs room
	None     bool // "inget av dessa" is the answer
	NotKnown bool
	Answered bool
	Why      string // how many undecided requirements and offers it can change
	Idle     bool   // unanswered, and no answer to it changes anything
	Version  int
	Token    string
	Who      string
	Saved    string // the clock, right after a save
	Problem  string
	Asked    bool
	When     string // of one that is not put: what would make it so
	Conflict *conflictView
	Now      *listNow // where the list stands, for the fragment
	Walk     *walk    // when it is put alone
	May      bool     // the visitor can answer it now
	Comments int
	Delegate string // link; "" for who may not
	Receiver string // whom the question is delegated to, in words
	Focus    bool   // it has just come, and takes focus
}

// listNow is where the list stands, told alike on every page: what applies,
// what may come, and how many questions can still change it.
type listNow struct {
	Yes, Unknown, Left int
	NotKnown           int    // answers "vet ej" that something hangs on
	Next               string // the question to answer first, on the page with all of them
	Swap               bool   // it takes the place of the one on the page
}

func nowOf(o *open) listNow {
	n := listNow{Yes: o.Derivation.Count(rule.Yes), Unknown: o.Derivation.Count(rule.Unknown), Left: o.Pending.Bound(), NotKnown: len(o.Pending.NotKnown)}
	for _, q := range o.Pending.Questions {
		if q.Fact != nil && n.Next == "" {
			n.Next = o.Base() + "/fragor#f-" + q.ID
		}
	}
	return n
}

type choice struct {
	ID, Title, Help string
	Chosen          bool
}

// conflictView is two answers to one question; nothing is chosen beforehand.
type conflictView struct {
	Mine, Theirs string
	Who, When    string
}

func (s *server) question(o *open, f *catalog.Fact) question {
	a := o.Answers[engine.FactKey(f.ID)]
	q := question{Base: o.Base(), Fact: f, Many: f.Type == catalog.Choices, Version: a.Version, Token: token(), Asked: o.Facts.Asked(f) == rule.Yes}
	if a.Given() {
		if a.By.Name != "" {
			q.Who = a.By.Name + ", " + s.day(a.At)
		}
		q.Answered = true
	}
	chosen, notKnown := values(a.Value)
	q.NotKnown = notKnown
	q.None = q.Many && a.Given() && !notKnown && len(chosen) == 0
	if f.Type == catalog.Bool {
		q.Choices = []choice{{ID: "true", Title: "Ja"}, {ID: "false", Title: "Nej"}}
	} else {
		for _, x := range f.Options {
			q.Choices = append(q.Choices, choice{ID: x.ID, Title: x.Title, Help: x.Help})
			q.Wide = q.Wide || q.Many || x.Help != ""
		}
	}
	for i := range q.Choices {
		q.Choices[i].Chosen = slices.Contains(chosen, q.Choices[i].ID)
	}
	part := engine.PartFact + f.ID
	q.May, q.Comments = o.may(part), len(o.Comments(part))
	if !q.Answered && o.visit.on(&o.Record, delegate, "") {
		q.Delegate = delegateLink(o, part)
	}
	if _, ok := o.Delegations()[part]; ok && !q.Answered {
		q.Receiver = "Delegerad till " + s.delegationSay(o.Answers[engine.DelegateKey(part)].Value)
	}
	for _, x := range slices.Concat(o.Pending.Questions, o.Pending.NotKnown) {
		if x.Fact == f {
			q.Why = matters(x)
		}
	}
	q.Idle = slices.ContainsFunc(o.Pending.Idle, func(x engine.Question) bool { return x.Fact == f })
	return q
}

// values reads a stored answer as the values of the form's fields.
func values(raw json.RawMessage) (chosen []string, notKnown bool) {
	var v any
	if !decode(raw, &v) {
		return nil, false
	}
	switch v := v.(type) {
	case bool:
		return []string{map[bool]string{true: "true", false: "false"}[v]}, false
	case string:
		if v == engine.VetEj {
			return nil, true
		}
		return []string{v}, false
	case []any:
		for _, x := range v {
			if t, ok := x.(string); ok {
				chosen = append(chosen, t)
			}
		}
	}
	return chosen, false
}

// say puts an answer in words.
func (q question) say(raw json.RawMessage) string {
	chosen, notKnown := values(raw)
	if notKnown {
		return "Vet ej"
	}
	var titles []string
	for _, c := range q.Choices {
		if slices.Contains(chosen, c.ID) {
			titles = append(titles, c.Title)
		}
	}
	switch {
	case len(titles) > 0:
		return list(titles, "och")
	case q.Many && len(raw) > 0 && string(raw) != "null":
		return "Inget av dessa"
	}
	return "Inget svar"
}

func (s *server) questionsPage(o *open) questionsPage {
	p := questionsPage{
		page: s.classificationPage(o, "Vad systemet är och hur det drivs"), Open: o, Base: o.Base(),
		Done: doneFormOf(o, "facts", "Steget är klart"), Token: token(), Paused: o.paused(),
		Now: nowOf(o),
	}
	f := factProgress(o)
	p.Asked, p.Answered = f.Asked, f.Answered
	return p
}

// add puts a question in its group: a profile's beside the base's of the same
// heading.
func (p *questionsPage) add(q question) {
	i := slices.IndexFunc(p.Groups, func(g questionGroup) bool { return g.Title == q.Fact.Group })
	if i < 0 {
		i = len(p.Groups)
		p.Groups = append(p.Groups, questionGroup{ID: "g" + itoa(i+1), Title: q.Fact.Group})
	}
	p.Groups[i].Questions = append(p.Groups[i].Questions, q)
}

func (s *server) questions(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "questions", s.questionsOf(o, r.FormValue("sparat")))
}

// questionsOf is the page with every question that is put; saved is the one
// just answered.
func (s *server) questionsOf(o *open, saved string) questionsPage {
	p := s.questionsPage(o)
	for _, f := range o.Catalog.Facts {
		if f.IsDerived() || o.Facts.Asked(f) != rule.Yes {
			continue
		}
		q := s.question(o, f)
		if f.ID == saved {
			q.Saved = s.clock(o.Answers[engine.FactKey(f.ID)].At)
		}
		p.add(q)
	}
	return p
}

// allQuestions is every question, also those not put now, to print and
// prepare from.
func (s *server) allQuestions(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	p := s.questionsPage(o)
	p.All = true
	p.Title = "Alla frågor, " + o.System.Title
	for _, f := range o.Catalog.Facts {
		if f.IsDerived() {
			continue
		}
		q := s.question(o, f)
		if len(f.AskWhen.Rows) > 0 {
			q.When = rowsText(o.Catalog, f.AskWhen)
		}
		p.add(q)
	}
	return s.render(w, http.StatusOK, "questions", p)
}

// saveFact saves one answer, for the page with all questions and for the walk
// through them. With htmx the question comes back as it now is; where questions
// have come or gone, all of them do. The walk goes on to the next.
func (s *server) saveFact(w http.ResponseWriter, r *http.Request) error {
	o, version, err := s.editing(r)
	if err != nil {
		return err
	}
	id := chi.URLParam(r, "fact")
	i := slices.IndexFunc(o.Catalog.Facts, func(f *catalog.Fact) bool { return f.ID == id && !f.IsDerived() })
	if i < 0 {
		return errNotFound
	}
	f := o.Catalog.Facts[i]
	key := engine.FactKey(id)
	value, problem := factValue(f, r.PostForm["svar"])
	if problem == "" {
		err := s.save(r, o, change(key, value, version))
		if c := conflict(err); c != nil {
			return s.factConflict(w, r, o, f, c)
		}
		if err != nil {
			return err
		}
		if x := walkOf(r.PostForm); x != nil {
			return seeOther(w, r, o.Base()+"/fraga"+x.onward("sparat", id))
		}
		before := askedNow(o)
		if o, err = s.open(r); err != nil {
			return err
		}
		if !fromHTMX(r) {
			return seeOther(w, r, o.Base()+"/fragor?sparat="+id+"#f-"+id)
		}
		if !slices.Equal(before, askedNow(o)) {
			// Questions have come or gone: all of them are swapped. Focus stays,
			// since every field has an id.
			w.Header().Set("HX-Retarget", "#grupper")
			w.Header().Set("HX-Reswap", "outerHTML")
			p := s.questionsOf(o, id)
			p.Now.Swap = true
			return s.renderPart(w, http.StatusOK, "questions", "swapped", p)
		}
	}
	q := s.question(o, f)
	q.Problem = problem
	if problem == "" {
		q.Saved = s.clock(o.Answers[key].At)
	}
	if x := walkOf(r.PostForm); x != nil {
		return s.askAgain(w, r, o, x, q, http.StatusUnprocessableEntity)
	}
	if fromHTMX(r) {
		now := nowOf(o)
		now.Swap = true
		q.Now = &now
		return s.renderPart(w, http.StatusOK, "questions", "saved", q)
	}
	p := s.questionsPage(o)
	p.Failed = true
	p.Missing = fieldErrors{{id + "-" + q.Choices[0].ID, problem}}
	for _, x := range o.Catalog.Facts {
		if x == f {
			p.add(q)
		} else if !x.IsDerived() && o.Facts.Asked(x) == rule.Yes {
			p.add(s.question(o, x))
		}
	}
	return s.render(w, http.StatusUnprocessableEntity, "questions", p)
}

// factConflict shows both answers, who gave the other and when. Saving again
// from here goes on top of theirs, knowingly.
func (s *server) factConflict(w http.ResponseWriter, r *http.Request, o *open, f *catalog.Fact, c *engine.Conflict) error {
	rec := o.Record.With()
	rec.Answers[c.Theirs.Key] = c.Theirs
	now, err := s.derive(r.Context(), rec)
	if err != nil {
		return err
	}
	q := s.question(now, f)
	q.Conflict = &conflictView{Mine: q.say(c.Mine.Value), Theirs: q.say(c.Theirs.Value), Who: c.Theirs.By.Name, When: s.day(c.Theirs.At)}
	if x := walkOf(r.PostForm); x != nil {
		return s.askAgain(w, r, now, x, q, http.StatusConflict)
	}
	if fromHTMX(r) {
		w.Header().Set("HX-Retarget", "#f-"+f.ID)
		w.Header().Set("HX-Reswap", "outerHTML")
		return s.renderPart(w, http.StatusConflict, "questions", "question", q)
	}
	p := s.questionsPage(now)
	p.Failed = true
	p.add(q)
	return s.render(w, http.StatusConflict, "questions", p)
}

// askedNow lists the questions that are put.
func askedNow(o *open) []string {
	var out []string
	for _, f := range o.Catalog.Facts {
		if !f.IsDerived() && o.Facts.Asked(f) == rule.Yes {
			out = append(out, f.ID)
		}
	}
	return out
}

// factValue reads a form's answer. No tick at all is no answer, and says so.
func factValue(f *catalog.Fact, given []string) (any, string) {
	if len(given) == 0 {
		if f.Type == catalog.Choices {
			return nil, "Kryssa i det som stämmer, eller Inget av dessa"
		}
		return nil, "Välj ett svar"
	}
	switch {
	case slices.Equal(given, []string{"ta-bort"}):
		return nil, ""
	case slices.Equal(given, []string{engine.VetEj}):
		return engine.VetEj, ""
	}
	switch f.Type {
	case catalog.Bool:
		switch given[0] {
		case "true":
			return true, ""
		case "false":
			return false, ""
		}
	case catalog.Choice:
		if slices.ContainsFunc(f.Options, func(o *catalog.Option) bool { return o.ID == given[0] }) {
			return given[0], ""
		}
	default:
		out := []string{}
		for _, g := range given {
			switch {
			case g == "inget" || g == engine.VetEj:
				if len(given) > 1 {
					return nil, "Du har kryssat både ett alternativ och " + map[bool]string{true: "Inget av dessa", false: "Vet ej"}[g == "inget"] + ". Ta bort det ena"
				}
			case slices.ContainsFunc(f.Options, func(o *catalog.Option) bool { return o.ID == g }):
				out = append(out, g)
			}
		}
		return out, ""
	}
	return nil, "Välj ett av alternativen"
}

// rowsText puts an author's rows in words: "cyberfysiskt: ja, och drift är
// moln; eller …".
func rowsText(c *catalog.Catalog, rows catalog.Rows) string {
	var any []string
	for _, row := range rows.Rows {
		var all []string
		for _, a := range row.Atoms {
			all = append(all, c.AtomText(a))
		}
		any = append(any, strings.Join(all, " och "))
	}
	return strings.Join(any, ", eller ")
}
