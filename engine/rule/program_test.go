package rule

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestProgramsAgreeWithSingle holds both programs to the single evaluator, by
// lanes and by words.
func TestProgramsAgreeWithSingle(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	next := source(r.IntN)
	s := Space{4, 4, 3, 2, 2, 2, 5}
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	for range rounds {
		d := NewDiagram(s)
		conds := []*Cond{d.Cond(Const(true)), d.Cond(Const(false))}
		for range 40 {
			conds = append(conds, d.Cond(next.expr(s, 4)))
		}
		for _, settled := range []bool{false, true} {
			p := Exact(s, conds)
			if settled {
				p = TwoValued(s, conds)
			}
			in, out := lanes(s.Columns()), lanes(p.Outputs())
			boxes := make([]Box, 300)
			for i := range boxes {
				boxes[i] = next.box(s)
				if settled {
					for v := range boxes[i] {
						boxes[i][v] = Of(r.IntN(s[v]))
					}
				}
				s.Encode(in, i*13, boxes[i])
				if got := s.Decode(in, i*13); !slices.Equal(got, boxes[i]) {
					t.Fatalf("Decode gives %v, encoded was %v", got, boxes[i])
				}
			}
			m := p.Machine()
			m.Run(in, out)
			checkEncodeWord(t, s, in[:s.Columns()], boxes[:40])
			for i, b := range boxes {
				at := i * 13
				words := m.RunWord(in, at/64)
				for j, c := range conds {
					want := c.Eval(b)
					var got, byWord Truth
					if settled {
						got, byWord = truthOf(out[j].Has(at), !out[j].Has(at)), truthOf(words[j]>>(at%64)&1 == 1, words[j]>>(at%64)&1 == 0)
					} else {
						got = truthOf(out[2*j].Has(at), out[2*j+1].Has(at))
						byWord = truthOf(words[2*j]>>(at%64)&1 == 1, words[2*j+1]>>(at%64)&1 == 1)
					}
					if got != want || byWord != want {
						t.Fatalf("program says %v, by words %v, single %v: %+v in %v", got, byWord, want, c.Expr, b)
					}
				}
			}
		}
	}
}

// checkEncodeWord holds the encoding of 64 states at once to that of one.
func checkEncodeWord(t *testing.T, s Space, want []*Lane, boxes []Box) {
	t.Helper()
	got := lanes(s.Columns())
	for w := range 9 {
		var word [64]Box
		for i, b := range boxes {
			if at := i * 13; at/64 == w {
				word[at%64] = b
			}
		}
		s.EncodeWord(got, w, &word)
		for c := range got {
			for i := range 64 {
				if word[i] != nil && got[c].Has(64*w+i) != want[c].Has(64*w+i) {
					t.Fatalf("column %d of state %d differs", c, 64*w+i)
				}
			}
		}
	}
}

func truthOf(yes, no bool) Truth {
	switch {
	case yes && no:
		panic("both yes and no")
	case yes:
		return Yes
	case no:
		return No
	}
	return Unknown
}

func lanes(n int) []*Lane {
	out := make([]*Lane, n)
	for i := range out {
		out[i] = new(Lane)
	}
	return out
}

// bench500 is 500 conditions of about 3.5 atoms over 60 facts.
func bench500(tb testing.TB, n int) (Space, []*Expr) {
	r := rand.New(rand.NewPCG(5, 6))
	s := Space{4, 4, 4}
	for i := range 57 {
		s = append(s, []int{2, 2, 3, 5}[i%4])
	}
	var out []*Expr
	for range n {
		var rows []*Expr
		for range 1 + r.IntN(2) {
			var atoms []*Expr
			for range 1 + r.IntN(3) {
				v := Var(r.IntN(len(s)))
				if r.IntN(3) == 0 {
					v = Var(r.IntN(3))
				}
				if v < 3 {
					atoms = append(atoms, Is(v, Set(0b1111)&^(Of(1+r.IntN(3))-1)))
				} else {
					atoms = append(atoms, Is(v, Of(r.IntN(s[v]))))
				}
			}
			rows = append(rows, And(atoms...))
		}
		e := Or(rows...)
		if r.IntN(5) == 0 {
			v := Var(3 + r.IntN(len(s)-3))
			e = And(e, Not(Is(v, Of(0))))
		}
		out = append(out, e)
	}
	return s, out
}

func BenchmarkDiagram(b *testing.B) {
	s, exprs := bench500(b, 500)
	for b.Loop() {
		d := NewDiagram(s)
		for _, e := range exprs {
			d.Cond(e)
		}
	}
}

func BenchmarkProgram(b *testing.B) {
	s, exprs := bench500(b, 500)
	d := NewDiagram(s)
	var conds []*Cond
	for _, e := range exprs {
		conds = append(conds, d.Cond(e))
	}
	r := rand.New(rand.NewPCG(7, 8))
	const blocks = 25 // 102,400 states
	for name, make := range map[string]func(Space, []*Cond) *Program{"two-valued": TwoValued, "exact": Exact} {
		p := make(s, conds)
		var in, out [blocks][]*Lane
		for k := range blocks {
			in[k], out[k] = lanes(s.Columns()), lanes(p.Outputs())
			for i := range LaneSize {
				box := s.Anything()
				for v := range box {
					if name == "two-valued" || r.IntN(5) == 0 {
						box[v] = Of(r.IntN(s[v]))
					}
				}
				s.Encode(in[k], i, box)
			}
		}
		b.Run(name, func(b *testing.B) {
			m := p.Machine()
			for b.Loop() {
				for k := range blocks {
					m.Run(in[k], out[k])
				}
			}
			b.ReportMetric(float64(p.Operations()), "operations")
			b.ReportMetric(float64(p.scratch), "scratch")
		})
		b.Run(name+"/compile", func(b *testing.B) {
			for b.Loop() {
				make(s, conds)
			}
		})
	}
	b.Run("single", func(b *testing.B) {
		box := s.Anything()
		for v := range box {
			box[v] = Of(r.IntN(s[v]))
		}
		for b.Loop() {
			for _, c := range conds {
				c.Eval(box)
			}
		}
	})
	b.Run("one-word", func(b *testing.B) {
		p := Exact(s, conds)
		m := p.Machine()
		in := lanes(s.Columns())
		for b.Loop() {
			m.RunWord(in, 0)
		}
	})
}
