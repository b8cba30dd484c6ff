package portfolio

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// synthetic is n conditions of about 3.5 atoms over 60 facts, of which the
// first changed are other ones.
func synthetic(n, changed int) *catalog.Catalog {
	s := rule.Space{4, 4, 4}
	for i := range 57 {
		s = append(s, []int{2, 2, 3, 5}[i%4])
	}
	c := &catalog.Catalog{Space: s}
	for i := range 20 {
		c.Areas = append(c.Areas, &catalog.Area{Index: i})
	}
	d := rule.NewDiagram(s)
	for i := range n {
		seed := uint64(i)
		if i < changed {
			seed += 1 << 32
		}
		r := rand.New(rand.NewPCG(41, seed))
		var rows []*rule.Expr
		for range 1 + r.IntN(2) {
			var atoms []*rule.Expr
			for range 1 + r.IntN(3) {
				v := rule.Var(3 + r.IntN(len(s)-3))
				if r.IntN(3) == 0 {
					v = rule.Var(r.IntN(3))
				}
				if v < 3 {
					atoms = append(atoms, rule.Is(v, catalog.AtLeast(1+r.IntN(3))))
				} else {
					atoms = append(atoms, rule.Is(v, rule.Of(r.IntN(s[v]))))
				}
			}
			rows = append(rows, rule.And(atoms...))
		}
		e := rule.Or(rows...)
		if r.IntN(5) == 0 {
			e = rule.And(e, rule.Not(rule.Is(rule.Var(3+r.IntN(len(s)-3)), rule.Of(0))))
		}
		c.Requirements = append(c.Requirements, &catalog.Requirement{ID: fmt.Sprintf("r%05d", i), Area: c.Areas[i%20], Applies: d.Cond(e)})
	}
	return c
}

// many is n systems of 50 units, that come together or not.
func many(s rule.Space, n int, sorted bool) []System {
	r := rand.New(rand.NewPCG(42, 43))
	out := make([]System, n)
	for i := range out {
		unit := i * 50 / n
		if !sorted {
			unit = r.IntN(50)
		}
		out[i] = System{fmt.Sprintf("s%07d", i), fmt.Sprintf("u%02d", unit), randomBox(r, s)}
	}
	return out
}

var sizes = []struct {
	name string
	make func() *catalog.Catalog
}{
	{"shipped", shipped},
	{"500", func() *catalog.Catalog { return synthetic(500, 0) }},
}

// From nothing: states into columns, the program, all verdicts.
func BenchmarkBuild(b *testing.B) {
	for _, x := range sizes {
		c := x.make()
		systems := many(c.Space, 100_000, true)
		b.Run(x.name, func(b *testing.B) {
			for b.Loop() {
				build(c, systems)
			}
		})
	}
}

func BenchmarkSurvey(b *testing.B) {
	for _, x := range sizes {
		c := x.make()
		systems := many(c.Space, 100_000, true)
		b.Run(x.name, func(b *testing.B) {
			for b.Loop() {
				Survey(c, slices.Values(systems))
			}
		})
	}
}

// One question more is answered, in one system of 100,000.
func BenchmarkWith(b *testing.B) {
	for _, x := range sizes {
		p := build(x.make(), many(x.make().Space, 100_000, true))
		s, _ := p.System(77_777)
		changed := s
		s.Box, changed.Box = slices.Clone(s.Box), slices.Clone(s.Box)
		s.Box[4], changed.Box[4] = 0b11, 0b10
		b.Run(x.name+"/answer", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p = p.With([]System{changed, s}[i%2])
			}
		})
		b.Run(x.name+"/add-and-remove", func(b *testing.B) {
			for b.Loop() {
				p.With(System{"n", "u", s.Box}).Without("n")
			}
		})
	}
}

// A catalogue changes: what has to be evaluated, and what comes of it.
func BenchmarkUnder(b *testing.B) {
	before := synthetic(500, 0)
	p := build(before, many(before.Space, 100_000, true))
	for _, n := range []int{0, 1, 20, 500} {
		c := synthetic(500, n)
		b.Run(fmt.Sprintf("%d/under", n), func(b *testing.B) {
			for b.Loop() {
				p.Under(c)
			}
		})
		q := p.Under(c)
		b.Run(fmt.Sprintf("%d/compare", n), func(b *testing.B) {
			for b.Loop() {
				Compare(p, q)
			}
		})
	}
}

func BenchmarkCount(b *testing.B) {
	c := synthetic(500, 0)
	for name, sorted := range map[string]bool{"sorted": true, "mixed": false} {
		p := build(c, many(c.Space, 100_000, sorted))
		units := p.Units()
		if sorted {
			all := p.All()
			b.Run("all", func(b *testing.B) {
				for b.Loop() {
					p.Count(all)
				}
			})
		}
		b.Run("50-units-"+name, func(b *testing.B) {
			for b.Loop() {
				for _, u := range units {
					p.Count(u.Part)
				}
			}
		})
		b.Run("Units-"+name, func(b *testing.B) {
			for b.Loop() {
				p.Units()
			}
		})
	}
}

// What it takes to evaluate only, on one core.
func BenchmarkRun(b *testing.B) {
	for _, x := range sizes {
		p := build(x.make(), many(x.make().Space, 100_000, true))
		m := p.kernel.program().Machine()
		var lanes []*rule.Lane // always the same: in cache
		for range p.kernel.program().Outputs() {
			lanes = append(lanes, new(rule.Lane))
		}
		b.Run(x.name, func(b *testing.B) {
			for b.Loop() {
				for _, block := range p.blocks {
					m.Run(block.columns, lanes)
				}
			}
		})
	}
}
