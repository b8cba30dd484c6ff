package engine

import (
	"cmp"
	"slices"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// Question is something not settled: a fact, the laws, or an aspect's level.
type Question struct {
	ID     string // the fact's id, "lagrum", or the aspect's id
	Title  string
	Fact   *catalog.Fact
	Aspect *catalog.Aspect
	// Matters counts the requirements and offers that it can still change.
	Matters int
}

// Pending is what is left to ask, and what need not be asked.
type Pending struct {
	// Questions are put now and can change the list, the most decisive first.
	// Last are those that only decide whether one that can is put.
	Questions []Question
	// Later can change the list too, but are put only if another answer calls
	// for them.
	Later []Question
	// Idle are unanswered and cannot change anything, whatever is answered to
	// them: no verdict, no text and no offer hangs on them.
	Idle []Question
	// NotKnown are answered "vet ej" and keep something open.
	NotKnown []Question
}

// Bound is how many questions remain at most: each answer can only make it
// smaller.
func (p Pending) Bound() int { return len(p.Questions) + len(p.Later) }

// Pending works out what is left to ask. When its bound is 0 the list is
// complete: what is unanswered cannot change it, and what is undecided in it
// hangs on answers "vet ej" alone.
func (f *Facts) Pending() Pending {
	q := f.questions()
	for _, r := range f.Catalog.Requirements {
		_, text := f.unsettled(f.wordings(r))
		q.count(r, text)
	}
	within := q.withinReach()
	leads := q.leads(within)
	var p Pending
	for n, x := range q.all {
		switch {
		case x.notKnown && x.Matters > 0:
			p.NotKnown = append(p.NotKnown, x.Question)
		case x.notKnown:
		case x.Matters == 0 && !leads[n]:
			p.Idle = append(p.Idle, x.Question)
		case x.put:
			p.Questions = append(p.Questions, x.Question)
		case within[n]:
			p.Later = append(p.Later, x.Question)
		}
	}
	if len(p.Questions) == 0 {
		p.Later = nil // nothing is left that could put them
	}
	slices.SortStableFunc(p.Questions, func(a, b Question) int { return cmp.Compare(b.Matters, a.Matters) })
	return p
}

// leads marks the questions that change nothing by themselves but decide
// whether one that does is put. They come last: as a rule the others have then
// settled it, and it is after an answer "vet ej" that they are needed.
func (q *questions) leads(within []bool) []bool {
	leads := make([]bool, len(q.all))
	var to []int
	for n, x := range q.all {
		if x.Matters > 0 {
			to = append(to, n)
		}
	}
	for len(to) > 0 {
		n := to[0]
		to = to[1:]
		x := q.all[n]
		if x.put || !within[n] {
			continue
		}
		for _, n := range q.hang(x.Fact.Asked) {
			if !leads[n] && q.all[n].Matters == 0 {
				leads[n] = true
				to = append(to, n)
			}
		}
	}
	return leads
}

// withinReach marks the questions that are put, or can be by answers to others
// within reach, with every answer "vet ej" left as it is.
func (q *questions) withinReach() []bool {
	within := make([]bool, len(q.all))
	for n, x := range q.all {
		within[n] = x.put && !x.notKnown
	}
	for more := true; more; {
		more = false
		for n, x := range q.all {
			if !x.put && !x.notKnown && !within[n] && q.canBePut(x.Fact, within) {
				within[n], more = true, true
			}
		}
	}
	return within
}

// canBePut tells whether answers to questions within reach could put another.
// Where the primes are too many to tell, it says that they could.
func (q *questions) canBePut(fact *catalog.Fact, within []bool) bool {
	box := q.facts.Box
	primes, ok := fact.Asked.Primes(rule.Yes)
	return !ok || slices.ContainsFunc(primes, func(p rule.Prime) bool {
		return !slices.ContainsFunc(p, func(a rule.Atom) bool {
			if n := q.of[a.Var] - 1; n >= 0 && within[n] {
				return box[a.Var]&a.Set == 0
			}
			return box[a.Var]&^a.Set != 0
		})
	})
}

// questions is every question that is not settled, and what hangs on it.
type questions struct {
	facts *Facts
	all   []asked
	of    []int32 // the number of the question behind each variable, plus one
	known [][]int // the questions that each condition hangs on, by its ID
}

type asked struct {
	Question
	put      bool // on the screen now
	notKnown bool // answered "vet ej": handled, but not settled
}

// questions lists them in the order of the screen.
func (f *Facts) questions() *questions {
	q := &questions{facts: f, of: make([]int32, len(f.Box)), known: make([][]int, f.Catalog.Conds)}
	add := func(a asked, vars ...rule.Var) {
		q.all = append(q.all, a)
		for _, v := range vars {
			q.of[v] = int32(len(q.all))
		}
	}
	for _, fact := range f.Catalog.Facts {
		if fact.IsDerived() || f.handled[fact.ID] == Answered {
			continue
		}
		if put := f.Asked(fact); put != rule.No {
			add(asked{Question{ID: fact.ID, Title: fact.Title, Fact: fact}, put == rule.Yes, f.handled[fact.ID] == NotKnown}, fact.Vars...)
		}
	}
	for _, l := range f.Levels {
		if l.Possible.Len() > 1 {
			add(asked{Question{ID: l.Aspect.ID, Title: l.Aspect.Title, Aspect: l.Aspect}, true, false}, l.Aspect.Var)
		}
	}
	if f.handled["lagrum"] != Answered {
		var vars []rule.Var
		for _, law := range f.Catalog.Laws {
			if law.Ticked {
				vars = append(vars, law.Var)
			}
		}
		add(asked{Question{ID: "lagrum", Title: "Lagrum"}, true, f.handled["lagrum"] == NotKnown}, vars...)
	}
	return q
}

// hang gives the questions that a condition hangs on, by number and in order.
func (q *questions) hang(c *rule.Cond) []int {
	if q.known[c.ID] == nil {
		q.known[c.ID] = q.among([]int{}, c.Relevant(q.facts.Box, nil))
	}
	return q.known[c.ID]
}

// among adds the questions behind variables, each once and in order.
func (q *questions) among(out []int, vars []rule.Var) []int {
	for _, v := range vars {
		if n := int(q.of[v]) - 1; n >= 0 && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// count adds to each question what of a requirement hangs on it: its verdict
// or its text, and its offers. It gives the questions behind the verdict, and
// those behind the verdict or the text.
func (q *questions) count(r *catalog.Requirement, text []rule.Var) (verdict, all []int) {
	verdict = q.hang(r.Applies)
	all = verdict
	if len(text) > 0 {
		all = q.among(slices.Clone(verdict), text)
	}
	for _, n := range all {
		q.all[n].Matters++
	}
	for _, p := range r.Prefills {
		for _, n := range q.hang(p.Offered) {
			q.all[n].Matters++
		}
	}
	return verdict, all
}

// named gives the questions without the count, which is not complete until all
// requirements have been counted.
func (q *questions) named(numbers []int) []Question {
	var out []Question
	for _, n := range numbers {
		x := q.all[n].Question
		x.Matters = 0
		out = append(out, x)
	}
	return out
}

// open lists the questions that can still change the list, handled ones apart.
func (q *questions) open() []Question {
	var out []Question
	for _, x := range q.all {
		if x.Matters > 0 && !x.notKnown {
			out = append(out, x.Question)
		}
	}
	return out
}
