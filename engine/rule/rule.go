// Package rule is the condition language: finite variables, conditions over
// them, and exact three-valued evaluation with reasons.
//
// A condition is checked when it is made (see package catalog, which turns an
// author's rows into these nodes); after that nothing here can fail. A state is
// a Box: for each variable the set of values that are still possible. A
// condition is Yes when it holds on all of the box, No when it holds on none of
// it, else Unknown. That is exact, not Kleene's approximation: where Kleene's
// logic cannot tell, the box is split until it can.
package rule

import (
	"math/bits"
	"slices"
)

// Truth is what is known of a condition in a state. Unknown is the zero value
// and never means no.
type Truth int8

const (
	Unknown Truth = iota
	No
	Yes
)

func (t Truth) String() string { return [...]string{"unknown", "no", "yes"}[t] }

// MarshalText gives "yes", "no" or "unknown".
func (t Truth) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

func not(t Truth) Truth { return [...]Truth{Unknown, Yes, No}[t] }

// Var is the number of a variable in its Space.
type Var int

// Set is a set of values of one variable, bit i for value i.
type Set uint64

// Of makes a set of values.
func Of(values ...int) Set {
	var s Set
	for _, v := range values {
		s |= 1 << v
	}
	return s
}

// Len is how many values the set has.
func (s Set) Len() int { return bits.OnesCount64(uint64(s)) }

// Has tells whether value v is in the set.
func (s Set) Has(v int) bool { return s>>v&1 == 1 }

// Values lists the values in rising order.
func (s Set) Values() []int {
	out := make([]int, 0, s.Len())
	for r := uint64(s); r != 0; r &= r - 1 {
		out = append(out, bits.TrailingZeros64(r))
	}
	return out
}

// Space is the variables' sizes: variable i has the values 0 … Space[i]-1, at
// most 64 of them.
type Space []int

// Full is all values of v.
func (s Space) Full(v Var) Set { return Set(1)<<s[v] - 1 }

// Box is a state: for each variable the values still possible, never none.
type Box []Set

// Anything is the box in which nothing is known.
func (s Space) Anything() Box {
	b := make(Box, len(s))
	for i := range b {
		b[i] = s.Full(Var(i))
	}
	return b
}

// Expr is a condition. It is immutable and made by Is, And, Or, Not and Const.
type Expr struct {
	op      op
	v       Var
	set     Set
	kids    []*Expr
	support []Var // sorted, without repetition
}

type op int8

const (
	opFalse op = iota
	opTrue
	opIs
	opAnd
	opOr
	opNot
)

var (
	never  = &Expr{op: opFalse}
	always = &Expr{op: opTrue}
)

// Const is the condition that always or never holds.
func Const(b bool) *Expr {
	if b {
		return always
	}
	return never
}

// Is holds when the variable's value is in the set.
func Is(v Var, set Set) *Expr {
	if set == 0 {
		return never
	}
	return &Expr{op: opIs, v: v, set: set, support: []Var{v}}
}

// And holds when all do; of none, always.
func And(kids ...*Expr) *Expr { return join(opAnd, always, never, kids) }

// Or holds when any does; of none, never.
func Or(kids ...*Expr) *Expr { return join(opOr, never, always, kids) }

func join(o op, neutral, absorbing *Expr, kids []*Expr) *Expr {
	var flat []*Expr
	var support []Var
	for _, k := range kids {
		switch {
		case k == absorbing:
			return absorbing
		case k == neutral:
			continue
		case k.op == o:
			flat = append(flat, k.kids...)
		default:
			flat = append(flat, k)
		}
		support = append(support, k.support...)
	}
	switch len(flat) {
	case 0:
		return neutral
	case 1:
		return flat[0]
	}
	slices.Sort(support)
	return &Expr{op: o, kids: flat, support: slices.Compact(support)}
}

// Not holds when e does not.
func Not(e *Expr) *Expr {
	switch e.op {
	case opFalse:
		return always
	case opTrue:
		return never
	case opNot:
		return e.kids[0]
	}
	return &Expr{op: opNot, kids: []*Expr{e}, support: e.support}
}

// Support lists the variables that e mentions, in order. The caller must not
// change it.
func (e *Expr) Support() []Var { return e.support }

// kleene is the quick look: right when it says Yes or No.
func (e *Expr) kleene(b Box) Truth {
	switch e.op {
	case opTrue:
		return Yes
	case opFalse:
		return No
	case opIs:
		switch left := b[e.v] & e.set; left {
		case 0:
			return No
		case b[e.v]:
			return Yes
		}
		return Unknown
	case opNot:
		return not(e.kids[0].kleene(b))
	}
	stop, all := No, Yes
	if e.op == opOr {
		stop, all = Yes, No
	}
	for _, k := range e.kids {
		switch k.kleene(b) {
		case stop:
			return stop
		case Unknown:
			all = Unknown
		}
	}
	return all
}

// Eval is the exact truth of e in the box.
func (e *Expr) Eval(b Box) Truth {
	if t := e.kleene(b); t != Unknown {
		return t
	}
	return e.split(slices.Clone(b), 0)
}

// split decides by cases over the support. It stops as soon as one case says
// Yes and another No, which is what Unknown means.
func (e *Expr) split(b Box, from int) Truth {
	if t := e.kleene(b); t != Unknown {
		return t
	}
	for i := from; i < len(e.support); i++ {
		v := e.support[i]
		if b[v].Len() == 1 {
			continue
		}
		all := b[v]
		defer func() { b[v] = all }()
		var sum Truth
		for _, value := range all.Values() {
			b[v] = Of(value)
			t := e.split(b, i+1)
			if t == Unknown || sum != Unknown && t != sum {
				return Unknown
			}
			sum = t
		}
		return sum
	}
	// Not reached: with every variable of the support settled Kleene's logic is exact.
	return e.kleene(b)
}

// Matters tells whether finding out more of variable v could change what e
// says: whether two states of the box that differ only in v give different
// verdicts.
func (e *Expr) Matters(b Box, v Var) bool {
	if b[v].Len() < 2 || !slices.Contains(e.support, v) || e.kleene(b) != Unknown {
		return false
	}
	x, y := slices.Clone(b), slices.Clone(b)
	values := b[v].Values()
	// Neighbours are enough: if any two values differ, then two neighbours do.
	for i := 1; i < len(values); i++ {
		x[v], y[v] = Of(values[i-1]), Of(values[i])
		if e.differ(x, y, v, 0) {
			return true
		}
	}
	return false
}

// differ tells whether the two boxes, alike in all but v, hold a pair of states
// alike in all but v with different verdicts.
func (e *Expr) differ(x, y Box, v Var, from int) bool {
	tx, ty := e.kleene(x), e.kleene(y)
	if tx != Unknown && ty != Unknown {
		return tx != ty
	}
	for i := from; i < len(e.support); i++ {
		w := e.support[i]
		if w == v || x[w].Len() == 1 {
			continue
		}
		all := x[w]
		defer func() { x[w], y[w] = all, all }()
		for _, value := range all.Values() {
			x[w], y[w] = Of(value), Of(value)
			if e.differ(x, y, v, i+1) {
				return true
			}
		}
		return false
	}
	return tx != ty
}

// Atom says that a variable's value is in a set.
type Atom struct {
	Var Var
	Set Set
}

// Reason gives a minimal sufficient reason for a verdict: atoms that hold on
// the box and that together force the verdict whatever else is true. No atom
// can be left out, and none can be widened by a value. It is nil when the
// verdict is Unknown, and empty when nothing is needed.
//
// keep tells which variables to keep as long as possible: those with a higher
// figure are dropped last, and a negative one holds the variable as it is, as
// something that goes without saying. A nil keep drops the last of the support
// first.
func (e *Expr) Reason(s Space, b Box, keep func(Var) int) []Atom {
	verdict := e.Eval(b)
	if verdict == Unknown {
		return nil
	}
	order := slices.Clone(e.support)
	slices.Reverse(order)
	if keep != nil {
		order = slices.DeleteFunc(order, func(v Var) bool { return keep(v) < 0 })
		slices.SortStableFunc(order, func(x, y Var) int { return keep(x) - keep(y) })
	}
	wide := slices.Clone(b)
	for _, v := range order {
		narrow := wide[v]
		wide[v] = s.Full(v)
		if e.Eval(wide) != verdict {
			wide[v] = narrow
		}
	}
	// What is kept the longest is widened the most: its bound is then the one
	// that holds where the rest stays as it is.
	for _, v := range slices.Backward(order) {
		for _, value := range (s.Full(v) &^ wide[v]).Values() {
			narrow := wide[v]
			wide[v] |= Of(value)
			if e.Eval(wide) != verdict {
				wide[v] = narrow
			}
		}
	}
	atoms := []Atom{}
	for _, v := range e.support {
		if wide[v] != s.Full(v) {
			atoms = append(atoms, Atom{v, wide[v]})
		}
	}
	return atoms
}

// Flips lists the smallest changes that would turn the verdict: each is a set
// of variables given other values, none of them part of another, at most limit
// of them and of at most three variables each. may tells which variables a
// person can change. The atoms give all values that do.
func (e *Expr) Flips(s Space, b Box, may func(Var) bool, limit int) [][]Atom {
	verdict := e.Eval(b)
	if verdict == Unknown {
		return nil
	}
	var vars []Var
	for _, v := range e.support {
		if may(v) {
			vars = append(vars, v)
		}
	}
	var found [][]Atom
	subset := func(pick []Var) bool {
		for _, f := range found {
			if !slices.ContainsFunc(f, func(a Atom) bool { return !slices.Contains(pick, a.Var) }) {
				return true
			}
		}
		return false
	}
	try := func(pick []Var) {
		if len(found) >= limit || subset(pick) {
			return
		}
		if atoms := e.turn(s, b, pick, not(verdict)); atoms != nil {
			found = append(found, atoms)
		}
	}
	for _, x := range vars {
		try([]Var{x})
	}
	for i, x := range vars {
		for _, y := range vars[i+1:] {
			try([]Var{x, y})
		}
	}
	for i, x := range vars {
		for j, y := range vars[i+1:] {
			for _, z := range vars[i+1+j+1:] {
				try([]Var{x, y, z})
			}
		}
	}
	return found
}

// other is what a variable could be changed to: any other value, or any at all
// when it is not settled.
func (s Space) other(b Box, v Var) Set {
	if b[v].Len() > 1 {
		return s.Full(v)
	}
	return s.Full(v) &^ b[v]
}

// turn gives each picked variable one other value, then widens while the
// wanted verdict holds.
func (e *Expr) turn(s Space, b Box, pick []Var, want Truth) []Atom {
	at := slices.Clone(b)
	var try func(i int) bool
	try = func(i int) bool {
		if i == len(pick) {
			return e.Eval(at) == want
		}
		v := pick[i]
		values := s.other(b, v).Values()
		// The nearest value first: lowering a level by one step is a smaller
		// change than lowering it by two.
		now := bits.TrailingZeros64(uint64(b[v]))
		slices.SortStableFunc(values, func(x, y int) int { return abs(x-now) - abs(y-now) })
		for _, value := range values {
			at[v] = Of(value)
			if try(i + 1) {
				return true
			}
		}
		at[v] = b[v]
		return false
	}
	if !try(0) {
		return nil
	}
	atoms := make([]Atom, len(pick))
	for i, v := range pick {
		for _, value := range (s.other(b, v) &^ at[v]).Values() {
			narrow := at[v]
			at[v] |= Of(value)
			if e.Eval(at) != want {
				at[v] = narrow
			}
		}
		atoms[i] = Atom{v, at[v]}
	}
	return atoms
}

func abs(x int) int { return max(x, -x) }
