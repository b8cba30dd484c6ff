package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// A fact has a finite domain. Levels are compared with >=, everything else by
// membership. A boolean has the values false and true, in that order.
type fact struct {
	name   string
	kind   kind
	values []string // of a choice only
}

type kind int8

const (
	level kind = iota
	boolean
	choice
)

func (f fact) size() int {
	switch f.kind {
	case level:
		return 4
	case boolean:
		return 2
	}
	return len(f.values)
}

// An atom says that a fact's value is in a set, bit i for value i. The set is
// neither empty nor everything, and for a level it is all from some value up.
type atom struct {
	fact int
	set  uint64
}

// A row holds when all its atoms do.
type row []atom

// A condition is what an author writes, and the form that every contestant's
// own is printed from: any of the levels (if there are any), and any of the
// when rows (if there are any), and none of the unless rows.
type condition struct {
	levels []atom
	when   []row
	unless []row
}

func (a atom) holds(value uint8) bool { return a.set>>value&1 == 1 }

func (r row) holds(system []uint8) bool {
	for _, a := range r {
		if !a.holds(system[a.fact]) {
			return false
		}
	}
	return true
}

// holds is the plain reading of the rules. It is what everybody's answers are
// held against, so it is written to be read and is not timed.
func (c condition) holds(system []uint8) bool {
	inSystem := func(r row) bool { return r.holds(system) }
	if len(c.levels) > 0 && !slices.ContainsFunc(c.levels, func(a atom) bool { return a.holds(system[a.fact]) }) {
		return false
	}
	if len(c.when) > 0 && !slices.ContainsFunc(c.when, inSystem) {
		return false
	}
	return !slices.ContainsFunc(c.unless, inSystem)
}

func (c condition) atoms() int {
	n := len(c.levels)
	for _, r := range c.when {
		n += len(r)
	}
	for _, r := range c.unless {
		n += len(r)
	}
	return n
}

// support lists the facts that the condition mentions, in order.
func (c condition) support() []int {
	var out []int
	add := func(r row) {
		for _, a := range r {
			out = append(out, a.fact)
		}
	}
	add(c.levels)
	for _, r := range slices.Concat(c.when, c.unless) {
		add(r)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

const (
	seed   = 2026
	nFacts = 60
)

// makeFacts gives the levels K, R and T, then two booleans for every choice:
// most questions in a catalogue are yes or no.
func makeFacts() []fact {
	facts := []fact{{name: "K", kind: level}, {name: "R", kind: level}, {name: "T", kind: level}}
	r := rand.New(rand.NewPCG(seed, 1))
	for i := len(facts); i < nFacts; i++ {
		if i%3 != 0 {
			facts = append(facts, fact{name: fmt.Sprintf("f%d", i), kind: boolean})
			continue
		}
		f := fact{name: fmt.Sprintf("f%d", i), kind: choice}
		for v := range 3 + r.IntN(4) {
			f.values = append(f.values, fmt.Sprintf("option_%d", v))
		}
		facts = append(facts, f)
	}
	return facts
}

// pick draws an index with the given weights.
func pick(r *rand.Rand, weights ...float64) int {
	var sum float64
	for _, w := range weights {
		sum += w
	}
	x := r.Float64() * sum
	for i, w := range weights {
		if x -= w; x < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// makeConditions draws n conditions in the shape of a catalogue's. Levels stand
// in most of them and then in no row; a few facts stand in many rows and most
// in few (Zipf's law); a boolean is mostly asked to be true. The same condition
// can come twice, as it does in a catalogue.
func makeConditions(facts []fact, n int) []condition {
	r := rand.New(rand.NewPCG(seed, 2))
	use := make([]float64, len(facts))
	for i := 3; i < len(facts); i++ {
		use[i] = 1 / float64(i-1)
	}
	// The most used fact is not always the lowest: shuffle who is popular, but
	// leave the levels their own rule.
	r.Shuffle(len(use)-3, func(i, j int) { use[3+i], use[3+j] = use[3+j], use[3+i] })

	plain := func() atom {
		v := pick(r, use...)
		if facts[v].kind == boolean {
			return atom{v, 1 << pick(r, 15, 85)}
		}
		values := r.Perm(facts[v].size())
		var set uint64
		for _, value := range values[:min(1+pick(r, 60, 30, 10), len(values)-1)] {
			set |= 1 << value
		}
		return atom{v, set}
	}
	atLeast := func(aspect int) atom {
		return atom{aspect, 0b1111 &^ (1<<(1+pick(r, 35, 45, 20)) - 1)}
	}
	makeRow := func(length int, withLevel bool) row {
		var out row
		for len(out) < length {
			a := plain()
			if withLevel && len(out) == 0 && r.IntN(4) == 0 {
				a = atLeast(r.IntN(3))
			}
			if !slices.ContainsFunc(out, func(b atom) bool { return a.fact == b.fact }) {
				out = append(out, a)
			}
		}
		return out
	}

	out := make([]condition, n)
	for i := range out {
		var c condition
		if r.IntN(100) < 65 {
			aspects := r.Perm(3)[:1+pick(r, 30, 30, 40)]
			slices.Sort(aspects)
			// One threshold for all aspects is the rule, as in "K >= 2 or R >= 2".
			same := atLeast(0).set
			for _, aspect := range aspects {
				a := atom{aspect, same}
				if r.IntN(5) == 0 {
					a = atLeast(aspect)
				}
				c.levels = append(c.levels, a)
			}
		}
		rows := pick(r, 30, 38, 20, 8, 4)
		if len(c.levels) == 0 {
			rows = max(rows, 1)
		}
		for range rows {
			c.when = append(c.when, makeRow(1+pick(r, 55, 33, 12), len(c.levels) == 0))
		}
		if r.IntN(100) < 10 {
			c.unless = append(c.unless, makeRow(1+pick(r, 60, 40), false))
		}
		out[i] = c
	}
	return out
}

// changeEvery is how far between the conditions that somebody changed.
const changeEvery = 25

// changed is the catalogue after somebody's work on it: every 25th condition is
// another.
func changed(facts []fact, conditions []condition) []condition {
	others := makeConditions(facts, 2*len(conditions))[len(conditions):]
	out := slices.Clone(conditions)
	for i := 0; i < len(out); i += changeEvery {
		out[i] = others[i]
	}
	return out
}

// A verdict is what is known of a condition. On a fully answered system it is
// never unknown.
type verdict int8

const (
	unknown verdict = iota
	no
	yes
	contradiction // both yes and no, which is never right
)

func (v verdict) String() string { return [...]string{"unknown", "no", "yes", "both yes and no"}[v] }

func verdictOf(holds bool) verdict {
	if holds {
		return yes
	}
	return no
}

// plainly is the verdict on a fully answered system.
func plainly(c condition, system []uint8) verdict { return verdictOf(c.holds(system)) }

// exactly is the verdict on a system with facts unanswered, by trying every
// answer to those that the condition mentions.
func (c condition) exactly(facts []fact, system []uint8) verdict {
	var open []int
	for _, f := range c.support() {
		if system[f] == unanswered {
			open = append(open, f)
		}
	}
	at := slices.Clone(system)
	for _, f := range open {
		at[f] = 0
	}
	first := c.holds(at)
	for {
		i := 0
		for ; i < len(open); i++ {
			if at[open[i]]++; int(at[open[i]]) < facts[open[i]].size() {
				break
			}
			at[open[i]] = 0
		}
		if i == len(open) {
			return verdictOf(first)
		}
		if c.holds(at) != first {
			return unknown
		}
	}
}

// unanswered stands in a system for a fact whose value is not known.
const unanswered = 255

// systems holds the answers of n systems, one after the other.
type systems struct {
	facts  int
	values []uint8
}

func (s systems) len() int         { return len(s.values) / s.facts }
func (s systems) at(i int) []uint8 { return s.values[i*s.facts : (i+1)*s.facts] }
func (s systems) part(from, to int) systems {
	return systems{s.facts, s.values[from*s.facts : to*s.facts]}
}
func (s systems) first(n int) systems { return s.part(0, min(n, s.len())) }

// makeSystems draws n systems, fully answered. Each fact has its own lean, so
// that some options are common and some are rare.
func makeSystems(facts []fact, n int) systems {
	r := rand.New(rand.NewPCG(seed, 3))
	// A table of 256 values a fact makes a draw one look-up: a million systems
	// are 60 million draws.
	tables := make([][256]uint8, len(facts))
	for i, f := range facts {
		weights := make([]float64, f.size())
		for v := range weights {
			weights[v] = 0.2 + r.Float64()
		}
		if f.kind == level {
			weights = []float64{20, 40, 30, 10}
		}
		for j := range tables[i] {
			tables[i][j] = uint8(pick(r, weights...))
		}
	}
	s := systems{len(facts), make([]uint8, n*len(facts))}
	var bits uint64
	for i := range s.values {
		if i%8 == 0 {
			bits = r.Uint64()
		}
		s.values[i] = tables[i%len(facts)][uint8(bits)]
		bits >>= 8
	}
	return s
}

// forget gives the same systems with four answers of five taken away.
func forget(s systems) systems {
	r := rand.New(rand.NewPCG(seed, 4))
	out := systems{s.facts, slices.Clone(s.values)}
	for i := range out.values {
		if r.IntN(5) != 0 {
			out.values[i] = unanswered
		}
	}
	return out
}
