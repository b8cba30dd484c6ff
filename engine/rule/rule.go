// Package rule is the condition language: finite variables, conditions over
// them, and exact three-valued evaluation with reasons.
//
// A state is a Box: for each variable the set of values that are still
// possible. A condition is Yes when it holds on all of the box, No when it holds
// on none of it, else Unknown. That is exact, not Kleene's approximation.
//
// An Expr is a condition as written (see package catalog, which makes them of
// an author's rows). A Diagram takes in expressions and gives a Cond for each
// function that they denote, with its prime implicants, or a Func to reckon with;
// a Program evaluates many conditions for many states at once. Making a Cond can fail, when the
// condition is too large; asking one cannot.
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
func And(kids ...*Expr) *Expr { return join(opAnd, kids) }

// Or holds when any does; of none, never.
func Or(kids ...*Expr) *Expr { return join(opOr, kids) }

func join(o op, kids []*Expr) *Expr {
	neutral, absorbing := always, never
	if o == opOr {
		neutral, absorbing = never, always
	}
	var flat []*Expr
	var support []Var
	add := func(k *Expr) {
		if !slices.Contains(flat, k) {
			flat = append(flat, k)
		}
	}
	for _, k := range kids {
		switch {
		case k == absorbing:
			return absorbing
		case k == neutral:
			continue
		case k.op == o:
			for _, kk := range k.kids {
				add(kk)
			}
		default:
			add(k)
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

// Atom says that a variable's value is in a set.
type Atom struct {
	Var Var
	Set Set
}
