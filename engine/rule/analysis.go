package rule

import "math"

// Func is a function of the variables as one diagram has it: two of the same
// diagram mean the same exactly when they are equal. A Cond is for asking; a
// Func is for reckoning with what follows from what.
type Func ref

const (
	Never  = Func(refNo)
	Always = Func(refYes)
	// TooLarge stands for a function that was refused, and so does all that is
	// made of it. Nothing is known of it, not even that it equals itself.
	TooLarge = Func(refTooLarge)
)

// Func puts a condition into the diagram, to reckon with.
func (d *Diagram) Func(e *Expr) Func {
	d.steps = 0
	return Func(d.build(e, true))
}

// And holds when all do; of none, always.
func (d *Diagram) And(all ...Func) Func { return d.joined(opAnd, refYes, all) }

// Or holds when any does; of none, never.
func (d *Diagram) Or(all ...Func) Func { return d.joined(opOr, refNo, all) }

func (d *Diagram) joined(o op, sum ref, all []Func) Func {
	d.steps = 0
	for _, f := range all {
		sum = d.apply(o, ref(f), sum)
	}
	return Func(sum)
}

// Not holds when f does not.
func (d *Diagram) Not(f Func) Func {
	known := map[ref]ref{}
	var not func(r ref) ref
	not = func(r ref) ref {
		switch {
		case r == refTooLarge:
			return r
		case r <= refYes:
			return refYes - r
		}
		if is, ok := known[r]; ok {
			return is
		}
		n := d.nodes[r]
		var buf [64]ref
		kids := buf[:len(n.kids)]
		for i, k := range n.kids {
			kids[i] = not(k)
		}
		known[r] = d.node(n.v, kids)
		return known[r]
	}
	return Func(not(ref(f)))
}

// Fix gives the way from a function to what is left of it when these variables
// have these values. It remembers what it has worked out.
func (d *Diagram) Fix(values map[Var]int) func(Func) Func {
	last := Var(-1)
	for v := range values {
		last = max(last, v)
	}
	known := map[ref]ref{}
	var fix func(r ref) ref
	fix = func(r ref) ref {
		if r <= refYes || d.nodes[r].v > last {
			return r // TooLarge too, and where nothing is left to fix
		}
		if is, ok := known[r]; ok {
			return is
		}
		n := d.nodes[r]
		var is ref
		if i, fixed := values[n.v]; fixed {
			is = fix(n.kids[i])
		} else {
			var buf [64]ref
			kids := buf[:len(n.kids)]
			for i, k := range n.kids {
				kids[i] = fix(k)
			}
			is = d.node(n.v, kids)
		}
		known[r] = is
		return is
	}
	return func(f Func) Func { return Func(fix(ref(f))) }
}

// Eval is the exact truth of f in the box; of what is too large, Unknown.
func (d *Diagram) Eval(f Func, b Box) Truth {
	known := map[ref]uint8{refNo: 1 << No, refYes: 1 << Yes, refTooLarge: 0}
	var can func(r ref) uint8 // which leaves can be reached
	can = func(r ref) uint8 {
		if is, ok := known[r]; ok {
			return is
		}
		var is uint8
		for _, i := range b[d.nodes[r].v].Values() {
			is |= can(d.nodes[r].kids[i])
		}
		known[r] = is
		return is
	}
	switch can(ref(f)) {
	case 1 << No:
		return No
	case 1 << Yes:
		return Yes
	}
	return Unknown
}

// Tariff says what it costs to answer questions.
type Tariff struct {
	// Group is the question behind each variable: variables of the same one
	// stand next to each other, and are answered together or not at all.
	Group []int
	// Ask is the price of answering each question; one with a negative price
	// may not be answered. To this comes, for each of its variables, the value.
	Ask []int
}

// maxSearch is how many pairs of functions one search may look into before it
// only follows the nodes: about 50 ms.
const maxSearch = 1 << 16

// Cheapest finds the cheapest answers after which must holds whatever else is
// answered and may still can. It gives the box in which they are all that is
// known, and their price. Of answers at the same price it takes those to the
// first variables. ok is false when there are no such answers; a search that
// grows out of hand can end in answers that are not the cheapest.
func (d *Diagram) Cheapest(must, may Func, t Tariff) (answers Box, price int, ok bool) {
	if must == TooLarge || may == TooLarge {
		return nil, 0, false
	}
	s := search{d: d, t: t, known: map[searched]choice{}}
	at := searched{ref(must), ref(may), -1, false}
	first := s.best(at)
	if first.price == math.MaxInt {
		return nil, 0, false
	}
	answers = d.space.Anything()
	for c := first; c.v >= 0; c = s.best(at) {
		if c.value >= 0 {
			// Of a question that is answered, what is not chosen is not so.
			for w := range d.space {
				if t.Group[w] == t.Group[c.v] && answers[w] == d.space.Full(Var(w)) {
					answers[w] = Of(0)
				}
			}
			answers[c.v] = Of(c.value)
		}
		at = c.next
	}
	return answers, first.price, true
}

// search is one search of Cheapest. What remains to be found out is the same
// whatever was answered on the way there, but for the question in the middle of
// which it stands.
type search struct {
	d     *Diagram
	t     Tariff
	known map[searched]choice
}

type searched struct {
	must, may ref
	group     int  // of the variable last looked at, when more of it may come; else -1
	open      bool // it is being answered
}

// choice is the best thing to do with a variable: to give it a value, or -1 to
// leave it unanswered.
type choice struct {
	price int // of this and all that follows; math.MaxInt when there is no way
	v     Var // -1 when all is done
	value int
	next  searched
}

func (s *search) best(at searched) choice {
	none, done := choice{math.MaxInt, -1, -1, searched{}}, choice{0, -1, -1, searched{}}
	if at.must == refNo || at.may == refNo {
		return none
	}
	v := min(s.top(at.must), s.top(at.may))
	if at.must == refYes && (at.may == refYes || !at.open || s.t.Group[v] != at.group) {
		return done
	}
	group := s.t.Group[v]
	if group != at.group {
		at.group, at.open = -1, false
	}
	if c, ok := s.known[at]; ok {
		return c
	}
	best := none
	try := func(price, value int, must, may ref, open bool) {
		if must == refTooLarge || may == refTooLarge {
			return
		}
		next := searched{must, may, group, open}
		if rest := s.best(next).price; rest < math.MaxInt && price+rest < best.price {
			best = choice{price + rest, v, value, next}
		}
	}
	answer := at.open || at.group < 0 && s.t.Ask[group] >= 0
	if answer {
		price := s.t.Ask[group]
		if at.open {
			price = 0
		}
		for value := range s.d.space[v] {
			try(price+value, value, s.kid(at.must, v, value), s.kid(at.may, v, value), true)
		}
	}
	if !at.open && (len(s.known) < maxSearch || !answer) {
		// Left unanswered: it must hold whatever the value is.
		must, may := refYes, refNo
		s.d.steps = 0
		for value := range s.d.space[v] {
			must = s.d.apply(opAnd, s.kid(at.must, v, value), must)
			may = s.d.apply(opOr, s.kid(at.may, v, value), may)
		}
		try(0, -1, must, may, false)
	}
	s.known[at] = best
	return best
}

// top is the variable that a function tests first; a leaf's comes after all.
func (s *search) top(r ref) Var {
	if r <= refYes {
		return Var(len(s.d.space))
	}
	return s.d.nodes[r].v
}

func (s *search) kid(r ref, v Var, value int) ref {
	if s.top(r) == v {
		return s.d.nodes[r].kids[value]
	}
	return r
}
