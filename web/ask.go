package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// askPage is the questions one at a time, the most decisive first, and the
// proof that no more are needed. Its card is one of a question, a way to a page
// of its own, what was left for later, and the proof.
type askPage struct {
	page
	Base     string
	Now      listNow
	Question *question
	Aside    *asideQuestion
	Waits    []waitingQuestion // what was left for later, when nothing else is left
	Later    int               // questions that other answers may call for
	Proof    *proof
	Before   *givenAnswer
	Onward   string // to the next question, from one that has been answered
	Saved    string // the clock, right after a save
	Missing  fieldErrors
	Done     doneForm
	Paused   bool
	Address  string // of the card as it stands
	Swap     bool   // the card takes the place of the one on the page
}

// walk is where somebody is among the questions. It lives in the address, so
// that nothing is lost and two may walk at once.
type walk struct {
	Skip []string // what was left for later
	Base string
	ID   string // the question that is put
}

// asideQuestion is one that is answered on a page of its own: the levels,
// which belong together, or the laws.
type asideQuestion struct {
	Title, Text, Why  string
	Link, Label, Skip string
}

type waitingQuestion struct{ Title, Text, Link string }

// givenAnswer is the answer before, to go back to.
type givenAnswer struct{ Title, Answer, Link string }

// proof is that nothing unanswered can change the list, and what hangs on
// answers "vet ej".
type proof struct {
	Idle      []waitingQuestion
	NotKnown  []waitingQuestion
	Undecided int
}

// levelsID stands for the questions of all levels, which have one page.
const levelsID = "nivaer"

// walkOf reads the walk from a form or an address; nil for a form that is not
// part of one.
func walkOf(form url.Values) *walk {
	if !form.Has("hoppa") {
		return nil
	}
	x := &walk{}
	for id := range strings.SplitSeq(form.Get("hoppa"), ",") {
		if id != "" && !slices.Contains(x.Skip, id) {
			x.Skip = append(x.Skip, id)
		}
	}
	return x
}

func (x *walk) at(o *open, id string) *walk { return &walk{Skip: x.Skip, Base: o.Base(), ID: id} }

// onward is the query of the walk with one more thing said.
func (x *walk) onward(key, value string) string { return x.query(x.Skip, key, value) }

func (x *walk) query(skip []string, key, value string) string {
	var out []string
	if len(skip) > 0 {
		escaped := make([]string, len(skip))
		for i, id := range skip {
			escaped[i] = url.QueryEscape(id)
		}
		out = append(out, "hoppa="+strings.Join(escaped, ","))
	}
	if value != "" {
		out = append(out, key+"="+url.QueryEscape(value))
	}
	if len(out) == 0 {
		return ""
	}
	return "?" + strings.Join(out, "&")
}

// Skipped is the form's field.
func (x *walk) Skipped() string { return strings.Join(x.Skip, ",") }

// Past is the address of the question after the one that is put, which is left
// for later.
func (x *walk) Past() string { return x.past(x.ID) }

func (x *walk) past(id string) string {
	skip := x.Skip
	if !slices.Contains(skip, id) {
		skip = append(slices.Clone(skip), id)
	}
	return x.Base + "/fraga" + x.query(skip, "", "")
}

// ask puts the most decisive question, or the one that is asked for.
func (s *server) ask(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	x := cmp.Or(walkOf(query), &walk{})
	p := s.askPage(o, x, query.Get("visa"))
	if a := o.Answers[engine.FactKey(query.Get("sparat"))]; query.Get("sparat") != "" && !a.At.IsZero() {
		p.Saved = s.clock(a.At)
	}
	if fromHTMX(r) {
		p.swap()
		return s.renderPart(w, http.StatusOK, "ask", "card", p)
	}
	return s.render(w, http.StatusOK, "ask", p)
}

// askAgain shows a question whose answer was not saved, with the reason.
func (s *server) askAgain(w http.ResponseWriter, r *http.Request, o *open, x *walk, q question, status int) error {
	p := s.askPage(o, x, q.Fact.ID)
	p.Failed = true
	if q.Problem != "" {
		p.Missing = fieldErrors{{q.Fact.ID + "-" + q.Choices[0].ID, q.Problem}}
	}
	q.Walk = x.at(o, q.Fact.ID)
	p.Question, p.Aside, p.Waits, p.Proof = &q, nil, nil, nil
	if fromHTMX(r) {
		p.swap()
		q.Focus = false // the problem takes it
		return s.renderPart(w, status, "ask", "card", p)
	}
	return s.render(w, status, "ask", p)
}

// swap makes the card a fragment.
func (p *askPage) swap() {
	p.Swap, p.Now.Swap = true, true
	if p.Question != nil {
		p.Question.Focus = true
	}
}

func (s *server) askPage(o *open, x *walk, show string) askPage {
	p := askPage{page: s.classificationPage(o, "En fråga i taget"), Base: o.Base(), Now: nowOf(o), Done: doneFormOf(o, "facts", "Steget är klart"), Paused: o.paused()}
	// What is settled need not be remembered as left for later.
	left := remaining(o)
	x = x.at(o, "")
	x.Skip = slices.DeleteFunc(slices.Clone(x.Skip), func(id string) bool {
		return !slices.ContainsFunc(left, func(q engine.Question) bool { return q.ID == id })
	})
	p.Address = o.Base() + "/fraga" + x.onward("", "")
	put := func(f *catalog.Fact) {
		q := s.question(o, f)
		q.Walk = x.at(o, f.ID)
		p.Question = &q
	}
	if i := slices.IndexFunc(o.Catalog.Facts, func(f *catalog.Fact) bool { return f.ID == show && !f.IsDerived() }); i >= 0 && o.Facts.Asked(o.Catalog.Facts[i]) == rule.Yes {
		put(o.Catalog.Facts[i])
		p.Onward, p.Address = p.Address, o.Base()+"/fraga"+x.onward("visa", show)
		p.Before = s.answerBefore(o, x, o.Catalog.Facts[i])
		return p
	}
	p.Before = s.answerBefore(o, x, nil)
	for _, q := range left {
		switch {
		case slices.Contains(x.Skip, q.ID):
			p.Waits = append(p.Waits, waiting(o, x, q))
			continue
		case q.Fact != nil:
			put(q.Fact)
		default:
			p.Aside = asideOf(o, q)
			p.Aside.Skip = x.past(q.ID)
		}
		p.Waits = nil
		return p
	}
	p.Later = len(o.Pending.Later)
	if p.Now.Left == 0 {
		p.Proof = &proof{Undecided: o.Derivation.Undecided()}
		for _, q := range o.Pending.Idle {
			p.Proof.Idle = append(p.Proof.Idle, waiting(o, x, q))
		}
		for _, q := range o.Pending.NotKnown {
			p.Proof.NotKnown = append(p.Proof.NotKnown, waiting(o, x, q))
		}
	}
	return p
}

// remaining is the questions that are put and can change the list, the most
// decisive first, with the levels as one.
func remaining(o *open) []engine.Question {
	var out []engine.Question
	for _, q := range o.Pending.Questions {
		if q.Aspect != nil {
			if slices.ContainsFunc(out, func(x engine.Question) bool { return x.ID == levelsID }) {
				continue
			}
			q.ID = levelsID
		}
		out = append(out, q)
	}
	return out
}

// openLevels names the aspects whose level is still to be chosen.
func openLevels(o *open) (names []string) {
	for _, l := range o.Facts.Levels {
		if slices.ContainsFunc(o.Pending.Questions, func(q engine.Question) bool { return q.Aspect == l.Aspect }) {
			names = append(names, definite(l.Aspect.Title))
		}
	}
	return names
}

func asideOf(o *open, q engine.Question) *asideQuestion {
	if q.Aspect != nil {
		names := openLevels(o)
		return &asideQuestion{Title: "Vilka nivåer har informationen?", Why: matters(q), Link: o.Base() + "/information", Label: "Välj nivåer",
			Text: upperFirst(list(names, "och")) + " är inte bestämd" + map[bool]string{true: "a"}[len(names) > 1] + ". Nivåerna väljs för varje informationstyp, och den högsta gäller för systemet."}
	}
	return &asideQuestion{Title: "Vilka lagrum gäller för systemet?", Why: matters(q), Link: o.Base() + "/lagrum", Label: "Gå igenom lagrummen",
		Text: "En del lagrum följer av dina svar. Resten kryssar du i på en egen sida."}
}

// waiting is a question as a line, with what hangs on it.
func waiting(o *open, x *walk, q engine.Question) waitingQuestion {
	out := waitingQuestion{Title: upperFirst(q.Title), Link: questionLink(o, q)}
	if q.Matters > 0 {
		out.Text = matters(q)
	}
	switch {
	case q.ID == levelsID:
		out.Title, out.Text = "Nivåer", "Steg 3. "+out.Text
	case q.Fact == nil:
		out.Text = "Steg 4. " + out.Text
	case q.Fact != nil && o.Facts.Asked(q.Fact) == rule.Yes:
		out.Link = o.Base() + "/fraga" + x.onward("visa", q.ID)
	case q.Fact != nil:
		out.Link = "" // it is not put
	}
	return out
}

// matters tells why a question is put. The levels are three questions, of which
// this is the most decisive.
func matters(q engine.Question) string {
	least := map[bool]string{true: "minst "}[q.ID == levelsID]
	if q.Matters == 1 {
		return "Påverkar " + least + "ett krav eller förslag."
	}
	return "Påverkar " + least + count(q.Matters, "", "krav och förslag") + "."
}

// answerBefore is the answer that was saved last, or the one before a
// question's own.
func (s *server) answerBefore(o *open, x *walk, of *catalog.Fact) *givenAnswer {
	var best *catalog.Fact
	earlier := func(a, b *catalog.Fact) bool {
		p, q := o.Answers[engine.FactKey(a.ID)].At, o.Answers[engine.FactKey(b.ID)].At
		return p.Before(q) || p.Equal(q) && slices.Index(o.Catalog.Facts, a) < slices.Index(o.Catalog.Facts, b)
	}
	limited := of != nil && o.Has(engine.FactKey(of.ID))
	for _, f := range o.Catalog.Facts {
		if f == of || f.IsDerived() || !o.Has(engine.FactKey(f.ID)) || o.Facts.Asked(f) != rule.Yes {
			continue
		}
		if (!limited || earlier(f, of)) && (best == nil || earlier(best, f)) {
			best = f
		}
	}
	if best == nil {
		return nil
	}
	return &givenAnswer{upperFirst(best.Title), s.question(o, best).say(o.Answers[engine.FactKey(best.ID)].Value), o.Base() + "/fraga" + x.onward("visa", best.ID)}
}
