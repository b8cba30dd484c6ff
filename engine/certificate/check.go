package certificate

import (
	"fmt"
	"slices"
)

// How much a check may do. What takes more is reported as not checked, never as
// holding.
const (
	// MaxStates is how many states are tried for one requirement. The shipped
	// catalogues need a few thousand.
	MaxStates = 1_000_000
	// MaxSteps is how many steps are taken for a whole certificate: keys of rows
	// that are tested, laws, profiles, values that are looked at. It takes some
	// seconds.
	MaxSteps = 100_000_000
)

// Report is what a check found.
type Report struct {
	Checked   int       // verdicts that were checked, whether they hold or not
	States    int       // single states that were tried
	Failed    []Finding // claims that do not hold
	Unchecked []string  // requirements that would have taken more than the limits
}

// OK tells whether every claim was checked and holds.
func (r *Report) OK() bool { return len(r.Failed) == 0 && len(r.Unchecked) == 0 }

// Finding is a claim that does not hold. The codes:
//
//	outside       the state does not lie within the reason: see Variable
//	insufficient  the reason does not force the verdict: see State
//	idle          the reason would do with more values of Variable, or without it
//	completion    a completion does not lie within the state: see Variable
//	completes     a completion does not have its verdict: see State
//	hangs         the verdict hangs on Question, which is not among those listed
//	free          the verdict does not hang on Question, though listed
//	extra         there are proofs of another verdict
//	closed        Question can change a verdict, or is settled
type Finding struct {
	Code        string
	Requirement string // "" of what is closed
	Variable    Variable
	State       []Atom // that shows it; what is not there does not matter
	Question    string
}

// checker is the state of one check.
type checker struct {
	book   *book
	named  bool
	state  map[Variable][]string
	states int // left for the requirement
	work   int // left for the certificate
	report Report
	now    string // the requirement being checked
}

// Check tries every claim of a certificate. The error is a *Malformed: then
// nothing was checked.
func Check(c *Certificate) (*Report, error) { return check(c, MaxStates, MaxSteps) }

func check(c *Certificate, maxStates, maxSteps int) (*Report, error) {
	if c.Format != Format {
		return nil, &Malformed{Code: "format"}
	}
	if c.FormatVersion != Version {
		return nil, &Malformed{Code: "version", Detail: fmt.Sprint(c.FormatVersion)}
	}
	book, bad := read(&c.Catalog)
	if bad != nil {
		return nil, bad
	}
	k := &checker{book: book, named: c.State.ProfilesNamed, work: maxSteps}
	if bad := k.readState(&c.State); bad != nil {
		return nil, bad
	}
	for i, r := range book.requirements {
		if i >= len(c.Verdicts) {
			return nil, &Malformed{"missing", Where{Kind: "verdict", ID: r.id}, "verdict"}
		}
		if c.Verdicts[i].ID != r.id {
			return nil, &Malformed{"order", Where{Kind: "verdict", ID: r.id}, c.Verdicts[i].ID}
		}
	}
	if n := len(book.requirements); len(c.Verdicts) > n {
		return nil, &Malformed{"unknown", Where{Kind: "verdict"}, c.Verdicts[n].ID}
	}
	for i := range c.Verdicts {
		k.now, k.states = c.Verdicts[i].ID, maxStates
		if bad := k.verdict(book.requirements[i], &c.Verdicts[i]); bad != nil {
			return nil, bad
		}
		k.report.States += maxStates - k.states
		if k.gaveUp() {
			k.report.Unchecked = append(k.report.Unchecked, k.now)
		} else {
			k.report.Checked++
		}
	}
	if bad := k.closed(c); bad != nil {
		return nil, bad
	}
	return &k.report, nil
}

// gaveUp tells whether the requirement at hand takes more than the limits.
func (k *checker) gaveUp() bool { return k.states <= 0 || k.work <= 0 }

func (k *checker) fail(f Finding) {
	if !k.gaveUp() {
		f.Requirement = k.now
		k.report.Failed = append(k.report.Failed, f)
	}
}

// readState makes sure that the state tells of every variable, and no more.
func (k *checker) readState(s *State) (bad *Malformed) {
	at := Where{Kind: "state"}
	if k.state, bad = k.book.box(s.Possible, at); bad != nil {
		return bad
	}
	for _, v := range k.book.variables {
		values, told := k.state[v]
		switch {
		case v.Kind == KindProfile && told != k.named:
			return &Malformed{"missing", at, "profiles_named"}
		case v.Kind == KindProfile && len(values) > 1:
			return &Malformed{"value", at, v.name()}
		case v.Kind != KindProfile && !told:
			return &Malformed{"missing", at, v.name()}
		}
	}
	return k.questions(s.NotKnown, at)
}

// questions makes sure that ids are of questions, each once.
func (k *checker) questions(ids []string, at Where) *Malformed {
	seen := map[string]bool{}
	for _, id := range ids {
		if !k.book.questions[id] {
			return &Malformed{"unknown", at, id}
		}
		if seen[id] {
			return &Malformed{"duplicate", at, id}
		}
		seen[id] = true
	}
	return nil
}

// verdict checks one claim.
func (k *checker) verdict(r *requirement, v *Verdict) (bad *Malformed) {
	at := Where{Kind: "verdict", ID: v.ID}
	var reason, yes, no map[Variable][]string
	for _, p := range []struct {
		atoms []Atom
		box   *map[Variable][]string
	}{{v.Reason, &reason}, {v.Yes, &yes}, {v.No, &no}} {
		if *p.box, bad = k.book.box(p.atoms, at); bad != nil {
			return bad
		}
	}
	if bad := k.questions(v.DependsOn, at); bad != nil {
		return bad
	}
	switch v.Verdict {
	case Yes, No:
		if v.Yes != nil || v.No != nil || v.DependsOn != nil {
			k.fail(Finding{Code: "extra"})
		}
		k.known(r, v.Verdict == Yes, v.Reason, reason)
	case Unknown:
		if v.Reason != nil {
			k.fail(Finding{Code: "extra"})
		}
		k.completes(r, true, v.Yes, yes)
		k.completes(r, false, v.No, no)
		k.hangs(r, v.DependsOn)
	default:
		return &Malformed{"value", at, v.Verdict}
	}
	return nil
}

// applies evaluates a requirement in one state.
func (k *checker) applies(r *requirement, value func(Variable) string) bool {
	s := single{value, k.named, &k.work}
	return s.applies(r)
}

// force looks for a state of the box in which the requirement does not have the
// verdict.
func (k *checker) force(r *requirement, verdict bool, box, rest map[Variable][]string) (all bool, counter []Atom) {
	return k.every(box, rest, func(value func(Variable) string) bool { return k.applies(r, value) == verdict })
}

// known checks the reason of a yes or a no: the state lies within it, it forces
// the verdict, and it no longer does with any value added to any atom, so that
// no atom can be left out either.
func (k *checker) known(r *requirement, verdict bool, atoms []Atom, reason map[Variable][]string) {
	for _, a := range atoms {
		if !within(k.state[a.Variable], a.Values) {
			k.fail(Finding{Code: "outside", Variable: a.Variable})
		}
	}
	if ok, counter := k.force(r, verdict, reason, k.book.domain); !ok {
		k.fail(Finding{Code: "insufficient", State: counter})
		return
	}
	for _, a := range atoms {
		needed := len(a.Values) < len(k.book.domain[a.Variable])
		for _, value := range k.book.domain[a.Variable] {
			if needed && !slices.Contains(a.Values, value) {
				reason[a.Variable] = []string{value}
				all, _ := k.force(r, verdict, reason, k.book.domain)
				needed = !all
			}
		}
		reason[a.Variable] = a.Values
		if !needed {
			k.fail(Finding{Code: "idle", Variable: a.Variable})
		}
	}
}

// within tells whether all of part is in whole. A part of nothing, as a profile
// has when none are named, is in no reason.
func within(part, whole []string) bool {
	return len(part) > 0 && !slices.ContainsFunc(part, func(v string) bool { return !slices.Contains(whole, v) })
}

// completes checks one completion of an unknown: it settles variables of the
// state, and then the verdict follows.
func (k *checker) completes(r *requirement, verdict bool, atoms []Atom, box map[Variable][]string) {
	for _, a := range atoms {
		if len(a.Values) != 1 || !within(a.Values, k.state[a.Variable]) {
			k.fail(Finding{Code: "completion", Variable: a.Variable})
			return
		}
	}
	if ok, counter := k.force(r, verdict, box, k.state); !ok {
		k.fail(Finding{Code: "completes", State: counter})
	}
}

// hangs checks that the questions listed are those that an unknown hangs on.
// What is not looked at in any state cannot be among them.
func (k *checker) hangs(r *requirement, listed []string) {
	var seen []Variable // in the order in which they were first looked at
	known := map[Variable]bool{}
	k.every(nil, k.state, func(value func(Variable) string) bool {
		k.applies(r, func(v Variable) string {
			if !known[v] {
				known[v] = true
				seen = append(seen, v)
			}
			return value(v)
		})
		return true
	})
	hangs := map[string]bool{}
	for _, v := range seen {
		if id := v.question(); len(k.state[v]) > 1 && !hangs[id] && k.matters(r, v) {
			hangs[id] = true
			if !slices.Contains(listed, id) {
				k.fail(Finding{Code: "hangs", Question: id})
			}
		}
	}
	for _, id := range listed {
		if !hangs[id] {
			k.fail(Finding{Code: "free", Question: id})
		}
	}
}

// matters tells whether there are two states alike in all but one variable with
// different verdicts.
func (k *checker) matters(r *requirement, v Variable) bool {
	all, _ := k.every(nil, k.state, func(value func(Variable) string) bool {
		var first bool
		for i, x := range k.state[v] {
			verdict := k.applies(r, func(w Variable) string {
				if w == v {
					return x
				}
				return value(w)
			})
			if i == 0 {
				first = verdict
			} else if verdict != first {
				return false
			}
		}
		return true
	})
	return !all
}

// closed checks the closing statement. What each verdict hangs on has been
// checked: a yes or a no on nothing, an unknown on the questions that it lists.
func (k *checker) closed(c *Certificate) *Malformed {
	at := Where{Kind: "closed"}
	if bad := k.questions(c.Closed, at); bad != nil {
		return bad
	}
	can := map[string]bool{}
	for _, v := range k.book.variables {
		id := v.question()
		can[id] = can[id] || len(k.state[v]) > 1
	}
	for _, id := range c.State.NotKnown {
		can[id] = false
	}
	for _, v := range c.Verdicts {
		for _, id := range v.DependsOn {
			can[id] = false
		}
	}
	for _, id := range c.Closed {
		if !can[id] {
			k.report.Failed = append(k.report.Failed, Finding{Code: "closed", Question: id})
		}
	}
	return nil
}
