package main

import (
	"fmt"
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kravverk/kravverk/engine/rule"
)

// All that knows the engine's API is in this file.

func space(facts []fact) rule.Space {
	s := make(rule.Space, len(facts))
	for i, f := range facts {
		s[i] = f.size()
	}
	return s
}

// expressions puts the conditions as the catalogue loader does: levels, and any
// row, and no exception.
func expressions(conditions []condition) []*rule.Expr {
	all := func(r row) []*rule.Expr {
		var out []*rule.Expr
		for _, a := range r {
			out = append(out, rule.Is(rule.Var(a.fact), rule.Set(a.set)))
		}
		return out
	}
	out := make([]*rule.Expr, len(conditions))
	for i, c := range conditions {
		var parts []*rule.Expr
		if len(c.levels) > 0 {
			parts = append(parts, rule.Or(all(c.levels)...))
		}
		if len(c.when) > 0 {
			var rows []*rule.Expr
			for _, r := range c.when {
				rows = append(rows, rule.And(all(r)...))
			}
			parts = append(parts, rule.Or(rows...))
		}
		for _, r := range c.unless {
			parts = append(parts, rule.Not(rule.And(all(r)...)))
		}
		out[i] = rule.And(parts...)
	}
	return out
}

// compile builds the diagram and the prime implicants of all conditions.
func compile(s rule.Space, exprs []*rule.Expr) []*rule.Cond {
	d := rule.NewDiagram(s)
	out := make([]*rule.Cond, len(exprs))
	for i, e := range exprs {
		if out[i] = d.Cond(e); out[i] == nil {
			panic(fmt.Sprintf("condition %d is too large", i))
		}
	}
	return out
}

func box(s rule.Space, system []uint8) rule.Box {
	b := s.Anything()
	for i, v := range system {
		if v != unanswered {
			b[i] = rule.Of(int(v))
		}
	}
	return b
}

func boxes(s rule.Space, all systems) []rule.Box {
	out := make([]rule.Box, all.len())
	for i := range out {
		out[i] = box(s, all.at(i))
	}
	return out
}

// A portfolio is the systems as columns, in blocks of as many as a lane holds.
type portfolio [][]*rule.Lane

func lanes(n int) []*rule.Lane {
	flat := make([]rule.Lane, n)
	out := make([]*rule.Lane, n)
	for i := range out {
		out[i] = &flat[i]
	}
	return out
}

func blocks(n, lanesEach int) portfolio {
	p := make(portfolio, (n+rule.LaneSize-1)/rule.LaneSize)
	for i := range p {
		p[i] = lanes(lanesEach)
	}
	return p
}

func (p portfolio) has(system, lane int) bool {
	return p[system/rule.LaneSize][lane].Has(system % rule.LaneSize)
}

func encode(s rule.Space, all systems) portfolio {
	return encodeEach(s, all.len(), func(i int) rule.Box { return box(s, all.at(i)) })
}

func encodeEach(s rule.Space, n int, system func(i int) rule.Box) portfolio {
	p := blocks(n, s.Columns())
	inParts(len(p), 2, func(from, to int) {
		for first := from * rule.LaneSize; first < min(to*rule.LaneSize, n); first += 64 {
			var word [64]rule.Box
			for i := range min(64, n-first) {
				word[i] = system(first + i)
			}
			s.EncodeWord(p[first/rule.LaneSize], first%rule.LaneSize/64, &word)
		}
	})
	return p
}

// runProgram evaluates all blocks and leaves every verdict in out: nothing is
// counted instead of written.
func runProgram(machines []*rule.Machine, in, out portfolio) {
	var next atomic.Int64
	work := func(m *rule.Machine) {
		for i := int(next.Add(1)) - 1; i < len(in); i = int(next.Add(1)) - 1 {
			m.Run(in[i], out[i])
		}
	}
	var wg sync.WaitGroup
	for _, m := range machines[1:] {
		wg.Go(func() { work(m) })
	}
	work(machines[0])
	wg.Wait()
}

func machines(p *rule.Program, n int) []*rule.Machine {
	out := make([]*rule.Machine, n)
	for i := range out {
		out[i] = p.Machine()
	}
	return out
}

// sliced makes a contestant of a program: of the two-valued one, which has a
// lane for each condition, or of the exact one, which has two.
func sliced(name string, p *rule.Program, in portfolio, n, cores int, exact bool) *contestant {
	out := blocks(n, p.Outputs())
	m := machines(p, cores)
	return &contestant{
		name: name, systems: n, cores: cores,
		run: func() { runProgram(m, in, out) },
		says: func(system, condition int) verdict {
			if !exact {
				return verdictOf(out.has(system, condition))
			}
			switch isYes, isNo := out.has(system, 2*condition), out.has(system, 2*condition+1); {
			case isYes && isNo:
				return contradiction
			case isYes:
				return yes
			case isNo:
				return no
			}
			return unknown
		},
	}
}

// singles makes a contestant of the evaluator that the pages for one system
// use: exact, by prime implicants, one condition on one system at a time.
func singles(name string, conds []*rule.Cond, all []rule.Box) *contestant {
	verdicts := make([][]rule.Truth, len(conds))
	for k := range verdicts {
		verdicts[k] = make([]rule.Truth, len(all))
	}
	return &contestant{
		name: name, systems: len(all), cores: 1,
		run: func() {
			for from := 0; from < len(all); from += atOnce {
				to := min(from+atOnce, len(all))
				for k, c := range conds {
					for i := from; i < to; i++ {
						verdicts[k][i] = c.Eval(all[i])
					}
				}
			}
		},
		says: func(system, condition int) verdict {
			switch verdicts[condition][system] {
			case rule.Yes:
				return yes
			case rule.No:
				return no
			}
			return unknown
		},
	}
}

// ours lists the engine's own contestants on fully answered systems.
func ours(facts []fact, conditions []condition, all systems) []*contestant {
	s := space(facts)
	conds := compile(s, expressions(conditions))
	in := encode(s, all)
	two, exact := rule.TwoValued(s, conds), rule.Exact(s, conds)
	return []*contestant{
		singles("Kravverk, one by one, exact three-valued", conds, boxes(s, all.first(fewer(100_000, len(conditions))))),
		sliced("Kravverk, bit-sliced, exact three-valued", exact, in, all.len(), 1, true),
		sliced("Kravverk, bit-sliced, exact three-valued", exact, in, all.len(), 2, true),
		sliced("Kravverk, bit-sliced, two-valued", two, in, all.len(), 1, false),
		sliced("Kravverk, bit-sliced, two-valued", two, in, all.len(), 2, false),
	}
}

// oursUnanswered lists those that can do with unanswered facts.
func oursUnanswered(facts []fact, conditions []condition, all systems) []*contestant {
	s := space(facts)
	conds := compile(s, expressions(conditions))
	in := encode(s, all)
	exact := rule.Exact(s, conds)
	return []*contestant{
		singles("one by one", conds, boxes(s, all.first(fewer(100_000, len(conditions))))),
		sliced("bit-sliced", exact, in, all.len(), 1, true),
		sliced("bit-sliced", exact, in, all.len(), 2, true),
	}
}

// A job is something else that the engine does, timed as a whole.
type job struct {
	name string
	per  int // how many of it one run does
	run  func()
}

// A catalogueChange is a catalogue in use and what somebody made of it.
type catalogueChange struct {
	space  rule.Space
	in     portfolio
	n      int // systems
	before portfolio
	counts []int // per condition: systems whose verdict is another
}

func newChange(facts []fact, conditions []condition, all systems) *catalogueChange {
	s := space(facts)
	c := &catalogueChange{s, encode(s, all), all.len(), blocks(all.len(), len(conditions)), make([]int, len(conditions))}
	runProgram(machines(rule.TwoValued(s, compile(s, expressions(conditions))), 1), c.in, c.before)
	return c
}

// apply compiles the conditions anew, evaluates them on every system, and
// counts the verdicts that differ from those before. number tells which of the
// catalogue's conditions each is.
func (c *catalogueChange) apply(exprs []*rule.Expr, number []int, out portfolio) {
	runProgram(machines(rule.TwoValued(c.space, compile(c.space, exprs)), 1), c.in, out)
	for j, k := range number {
		count := 0
		for i := range out {
			was, is := c.before[i][k], out[i][j]
			left := min(rule.LaneSize, c.n-i*rule.LaneSize)
			for w := range left / 64 {
				count += bits.OnesCount64(was[w] ^ is[w])
			}
			// Past the last system the bits mean nothing.
			if w := left / 64; left%64 > 0 {
				count += bits.OnesCount64((was[w] ^ is[w]) & (1<<(left%64) - 1))
			}
		}
		c.counts[k] = count
	}
}

// jobs lists what the engine does around evaluation. The peers have no
// counterpart to most of it.
func jobs(facts []fact, conditions []condition, all, open systems) []job {
	s := space(facts)
	exprs := expressions(conditions)
	conds := compile(s, exprs)

	next := expressions(changed(facts, conditions))
	var everything, some []int
	var someNext []*rule.Expr
	for k, e := range next {
		everything = append(everything, k)
		if k%changeEvery == 0 {
			some, someNext = append(some, k), append(someNext, e)
		}
	}
	change := newChange(facts, conditions, all)
	everywhere, somewhere := blocks(all.len(), len(everything)), blocks(all.len(), len(some))

	loaded := boxes(s, all.first(100_000))
	settled, unsettled := boxes(s, all.first(200)), boxes(s, open.first(200))
	verdicts := make([]rule.Truth, len(conds))
	var sink []rule.Var
	return []job{
		{"diagram and prime implicants of all conditions, from the tree", 1, func() { compile(s, exprs) }},
		{"two-valued program of all conditions, from the diagram", 1, func() { rule.TwoValued(s, conds) }},
		{"exact program of all conditions, from the diagram", 1, func() { rule.Exact(s, conds) }},
		{fmt.Sprintf("encode %s systems as columns, two cores", thousands(len(loaded))), 1, func() { encodeEach(s, len(loaded), func(i int) rule.Box { return loaded[i] }) }},
		{"catalogue change: compile, evaluate every system, compare with before", 1, func() { change.apply(next, everything, everywhere) }},
		{fmt.Sprintf("the same, only the %d conditions that changed", len(some)), 1, func() { change.apply(someNext, some, somewhere) }},
		{"one system, every condition, exact", len(settled), func() {
			for _, b := range settled {
				for k, c := range conds {
					verdicts[k] = c.Eval(b)
				}
			}
		}},
		{"what still matters in one system with 80 % unanswered, every condition", len(unsettled), func() {
			for _, b := range unsettled {
				for _, c := range conds {
					sink = c.Relevant(b, sink[:0])
				}
			}
		}},
	}
}

// A size is a catalogue and a portfolio of some size, and what became of it.
type size struct {
	conditions, systems int
	compile             time.Duration // diagram, primes and both programs
	two, exact          struct {
		operations int
		took       [2]time.Duration // on one core and on two
		heap       uint64           // systems, both programs and every verdict of this one
	}
}

// measure times both programs at a size.
func measure(facts []fact, conditions []condition, all systems, runs int) size {
	s := space(facts)
	out := size{conditions: len(conditions), systems: all.len()}
	exprs := expressions(conditions)
	start := heapInUse()
	in := encode(s, all)
	var two, exact *rule.Program
	out.compile = steady(func() {
		conds := compile(s, exprs)
		two, exact = rule.TwoValued(s, conds), rule.Exact(s, conds)
	}, runs)
	shared := heapInUse()
	twoVerdicts := blocks(all.len(), two.Outputs())
	withTwo := heapInUse()
	exactVerdicts := blocks(all.len(), exact.Outputs())
	withBoth := heapInUse()
	out.two.heap = withTwo - start
	out.exact.heap = withBoth - withTwo + shared - start

	var contest []*contestant
	for cores := 1; cores <= 2; cores++ {
		for _, c := range []struct {
			p        *rule.Program
			verdicts portfolio
		}{{two, twoVerdicts}, {exact, exactVerdicts}} {
			m := machines(c.p, cores)
			contest = append(contest, &contestant{systems: all.len(), cores: cores, run: func() { runProgram(m, in, c.verdicts) }})
		}
	}
	race(contest, len(conditions), runs)
	for i := range 2 {
		took := func(c *contestant) time.Duration {
			return time.Duration(medianOf(c.took) * float64(all.len()) * float64(len(conditions)))
		}
		out.two.took[i], out.exact.took[i] = took(contest[2*i]), took(contest[2*i+1])
	}
	out.two.operations, out.exact.operations = two.Operations(), exact.Operations()
	// Otherwise the rows that the columns were made of are let go halfway, and
	// that looks like a saving.
	runtime.KeepAlive(all)
	runtime.KeepAlive(exprs)
	return out
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}
