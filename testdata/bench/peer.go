package main

import (
	"cmp"
	"fmt"
	"math/bits"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// A peer is a way to evaluate one condition, or all of them, on one system.
type peer struct {
	name    string
	systems int // how many systems one run takes with 500 conditions: the slow ones get fewer
	cores   int

	// load turns systems into what the peer reads, which is not timed.
	load func(systems) evaluate
}

// evaluate writes the verdicts on some of the systems: verdicts[k][i] is that
// of condition k on system i. It is used by one goroutine.
type evaluate func(from, to int, verdicts [][]bool) error

// atOnce is how many systems a peer is asked about at a time. Those that have a
// program for each condition take them condition by condition, so that a
// program is run on 128 systems while it is in the cache. That made cel-go a
// fifth faster with 500 conditions and several times as fast with 7,500.
const atOnce = 128

// A contestant is anything that is timed against the others: a peer, or the
// engine's program over all systems at once.
type contestant struct {
	name    string
	systems int // that one run goes through
	cores   int
	run     func()
	says    func(system, condition int) verdict // what the last run found
	took    []float64                           // of each run, ns per system and condition
}

func (p peer) contestant(s systems, nConditions int) *contestant {
	s = s.first(fewer(p.systems, nConditions))
	verdicts := make([][]bool, nConditions)
	for k := range verdicts {
		verdicts[k] = make([]bool, s.len())
	}
	// One for each core, by where its part begins.
	evaluators := map[int]evaluate{}
	for i := range p.cores {
		evaluators[i*s.len()/p.cores] = p.load(s)
	}
	return &contestant{
		name: p.name, systems: s.len(), cores: p.cores,
		run: func() {
			inParts(s.len(), p.cores, func(from, to int) {
				evaluate := evaluators[from]
				for ; from < to; from += atOnce {
					must(evaluate(from, min(from+atOnce, to), verdicts))
				}
			})
		},
		says: func(system, condition int) verdict { return verdictOf(verdicts[condition][system]) },
	}
}

// fewer scales a number of systems that is right for 500 conditions, so that a
// run takes no longer with more of them.
func fewer(systems, nConditions int) int {
	return min(systems, max(256, systems*500/nConditions))
}

// check holds what a contestant's last run found against what was to be
// expected, verdict by verdict, and tells how many verdicts there were.
func (c *contestant) check(facts []fact, conditions []condition, s systems, expected []verdict) (int, error) {
	n := min(c.systems, len(expected)/len(conditions))
	if n < min(200, s.len()) {
		return 0, fmt.Errorf("%s ran on %d systems only, too few to be believed", c.name, n)
	}
	for i := range n {
		for k := range conditions {
			if got, want := c.says(i, k), expected[i*len(conditions)+k]; got != want {
				return 0, fmt.Errorf("%s says %v where %v is right, on condition %d and system %d:\n\t%s\n\t%s",
					c.name, got, want, k, i, celSource(facts, conditions[k]), describe(facts, conditions[k], s.at(i)))
			}
		}
	}
	return n * len(conditions), nil
}

// describe shows the answers that a condition asks for.
func describe(facts []fact, c condition, system []uint8) string {
	var out []string
	for _, f := range c.support() {
		switch v := system[f]; {
		case v == unanswered:
			out = append(out, facts[f].name+" is unanswered")
		case facts[f].kind == choice:
			out = append(out, facts[f].name+" = "+facts[f].values[v])
		default:
			out = append(out, fmt.Sprintf("%s = %d", facts[f].name, v))
		}
	}
	return strings.Join(out, ", ")
}

// expect gives every verdict by the plain reading of the rules.
func expect(conditions []condition, s systems, read func(condition, []uint8) verdict) []verdict {
	out := make([]verdict, s.len()*len(conditions))
	inParts(s.len(), runtime.NumCPU(), func(from, to int) {
		for i := from; i < to; i++ {
			for k, c := range conditions {
				out[i*len(conditions)+k] = read(c, s.at(i))
			}
		}
	})
	return out
}

// inParts does n things in as many parts at once as there are cores to use.
func inParts(n, cores int, do func(from, to int)) {
	var wg sync.WaitGroup
	for i := range cores {
		wg.Go(func() { do(i*n/cores, (i+1)*n/cores) })
	}
	wg.Wait()
}

// clock times a run: how long each of so many in a row takes. The collector is
// let through first, so that nobody pays for another's garbage.
func clock(run func(), times int) time.Duration {
	runtime.GC()
	start := time.Now()
	for range times {
		run()
	}
	return time.Since(start) / time.Duration(times)
}

// enough tells how many times in a row a run is to be done so that it fills a
// tenth of a second. When something else wants the processor, a run of less
// than a time slice often gets away while a longer one never does, which would
// favor the quick.
func enough(run func()) int {
	took := clock(run, 1)
	if took < 5*time.Millisecond {
		took = clock(run, 5)
	}
	return max(1, int(100*time.Millisecond/max(took, 1)))
}

// medianOf gives the middle one, and does not reorder the list.
func medianOf[T cmp.Ordered](list []T) T {
	return slices.Sorted(slices.Values(list))[len(list)/2]
}

// must is for what cannot fail unless the benchmark itself is wrong.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func lowest(set uint64) int { return bits.TrailingZeros64(set) }

func members(set uint64) []int {
	var out []int
	for ; set != 0; set &= set - 1 {
		out = append(out, bits.TrailingZeros64(set))
	}
	return out
}

// infix prints a condition for CEL and expr, which are alike but for how an
// atom is best put.
func infix(c condition, atom func(atom) string) string {
	printRow := func(r row) string {
		var parts []string
		for _, a := range r {
			parts = append(parts, atom(a))
		}
		return joined(parts, " && ")
	}
	printRows := func(rows []row) string {
		var parts []string
		for _, r := range rows {
			parts = append(parts, printRow(r))
		}
		return joined(parts, " || ")
	}
	var parts []string
	if len(c.levels) > 0 {
		var levels []string
		for _, a := range c.levels {
			levels = append(levels, atom(a))
		}
		parts = append(parts, joined(levels, " || "))
	}
	if len(c.when) > 0 {
		parts = append(parts, printRows(c.when))
	}
	for _, r := range c.unless {
		parts = append(parts, "!("+printRow(r)+")")
	}
	return strings.Join(parts, " && ")
}

// joined puts parentheses around what needs them.
func joined(parts []string, by string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, by) + ")"
}
