package rule

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// What is reckoned with functions is what the expressions say.
func TestFuncs(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	next := source(r.IntN)
	s := Space{4, 3, 2, 2, 2}
	for range 2000 {
		d := NewDiagram(s)
		e, g := next.expr(s, 3), next.expr(s, 3)
		f, h := d.Func(e), d.Func(g)
		for name, pair := range map[string][2]Func{
			"and":  {d.And(f, h), d.Func(And(e, g))},
			"or":   {d.Or(f, h), d.Func(Or(e, g))},
			"not":  {d.Not(f), d.Func(Not(e))},
			"none": {d.And(), Always},
		} {
			if pair[0] != pair[1] {
				t.Fatalf("%s of %+v and %+v", name, e, g)
			}
		}
		values := map[Var]int{Var(next(len(s))): 0, Var(next(len(s))): 1}
		box := s.Anything()
		for v, value := range values {
			box[v] = Of(value)
		}
		fixed := d.Fix(values)(f)
		for v := range values {
			if other := d.Fix(map[Var]int{v: 0})(fixed); other != fixed {
				t.Fatalf("%v of %+v is left", v, e)
			}
		}
		states(box, func(state []int) bool {
			at := make(Box, len(s))
			for v, value := range state {
				at[v] = Of(value)
			}
			if got, want := d.Eval(fixed, at), truthOf(e.holds(state), !e.holds(state)); got != want {
				t.Fatalf("%+v with %v is %v at %v, want %v", e, values, got, state, want)
			}
			return true
		})
		if b := next.box(s); d.Eval(f, b) != bruteEval(e, b) {
			t.Fatalf("%+v in %v", e, b)
		}
	}
}

func TestTooLargeStaysTooLarge(t *testing.T) {
	d := NewDiagram(space)
	f := d.Func(Is(x, Of(1)))
	for name, got := range map[string]Func{
		"and": d.And(f, TooLarge), "or": d.Or(TooLarge, f), "not": d.Not(TooLarge), "fix": d.Fix(map[Var]int{x: 1})(TooLarge),
	} {
		if got != TooLarge {
			t.Errorf("%s is %v", name, got)
		}
	}
	if d.Eval(TooLarge, space.Anything()) != Unknown {
		t.Error("it is known")
	}
	if _, _, ok := d.Cheapest(TooLarge, Always, Tariff{Group: []int{0, 1, 2, 3}, Ask: make([]int, 4)}); ok {
		t.Error("answers to it")
	}
}

// The cheapest answers are those that trying all of them finds.
func TestCheapestAgainstBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	next := source(r.IntN)
	s := Space{4, 3, 2, 2, 2, 2}
	group := []int{0, 1, 2, 2, 2, 3} // three variables are one question
	n := 4000
	if testing.Short() {
		n = 300
	}
	for range n {
		e, g := next.expr(s, 4), Const(true)
		if next(2) == 0 {
			g = next.expr(s, 3)
		}
		tariff := Tariff{group, []int{100, 100, 100 + next(50), 100}}
		if next(4) == 0 {
			tariff.Ask[next(4)] = -1
		}
		d := NewDiagram(s)
		box, price, ok := d.Cheapest(d.Func(e), d.Func(g), tariff)
		want, found := bruteCheapest(s, e, g, tariff)
		if ok != found || ok && price != want {
			t.Fatalf("%+v and perhaps %+v at %+v: %d, %v, want %d, %v", e, g, tariff, price, ok, want, found)
		}
		if !ok {
			continue
		}
		if got, answered := tariff.price(s, box); got != price || !answered {
			t.Fatalf("%v costs %d, not %d", box, got, price)
		}
		if bruteEval(e, box) != Yes || bruteEval(g, box) == No {
			t.Fatalf("%+v and perhaps %+v do not follow from %v", e, g, box)
		}
	}
}

// price tells what the answers cost; false when a question is half answered, or
// one that may not be is.
func (t Tariff) price(s Space, b Box) (sum int, ok bool) {
	for g, ask := range t.Ask {
		open, known := 0, 0
		for v := range s {
			switch {
			case t.Group[v] != g:
			case b[v].Len() == 1:
				known++
				sum += b[v].Values()[0]
			default:
				open++
			}
		}
		if known > 0 {
			sum += ask
			if open > 0 || ask < 0 {
				return 0, false
			}
		}
	}
	return sum, true
}

func bruteCheapest(s Space, e, g *Expr, t Tariff) (price int, ok bool) {
	price = math.MaxInt
	for mask := range 1 << len(t.Ask) {
		half := s.Anything()
		for v := range s {
			if mask>>t.Group[v]&1 == 0 {
				half[v] = Of(0) // a stand-in: it is not looked at
			}
		}
		states(half, func(state []int) bool {
			b := s.Anything()
			for v := range s {
				if mask>>t.Group[v]&1 == 1 {
					b[v] = Of(state[v])
				}
			}
			if sum, may := t.price(s, b); may && sum < price && bruteEval(e, b) == Yes && bruteEval(g, b) != No {
				price = sum
			}
			return true
		})
	}
	return price, price < math.MaxInt
}

// A search that grows out of hand still finds answers, and in good time.
func TestCheapestOfManyParts(t *testing.T) {
	const n = 30
	var s Space
	tariff := Tariff{}
	for i := range 2 * n {
		s = append(s, 2)
		tariff.Group, tariff.Ask = append(tariff.Group, i), append(tariff.Ask, 1000)
	}
	var parts, pairs []*Expr
	for i := range n {
		parts = append(parts, Or(Is(Var(2*i), Of(1)), Is(Var(2*i+1), Of(1))))
		pairs = append(pairs, And(Is(Var(2*i), Of(1)), Is(Var(2*i+1), Of(1))))
	}
	d := NewDiagram(s)
	for _, tt := range []struct {
		e     *Expr
		price int
	}{{And(parts...), n * 1001}, {Or(pairs...), 2 * 1001}} {
		box, price, ok := d.Cheapest(d.Func(tt.e), Always, tariff)
		if !ok || price != tt.price || d.Eval(d.Func(tt.e), box) != Yes {
			t.Errorf("%d, %v, want %d", price, ok, tt.price)
		}
	}
	if !slices.Equal(d.space, s) {
		t.Error("the space is changed")
	}
}

func BenchmarkCheapest(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 1))
	next := source(r.IntN)
	s := Space{4, 4, 4, 3, 3, 2, 2, 2, 2, 2}
	tariff := Tariff{Group: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, Ask: slices.Repeat([]int{100}, 10)}
	d := NewDiagram(s)
	var all []Func
	for range 100 {
		all = append(all, d.Func(next.expr(s, 4)))
	}
	for b.Loop() {
		for _, f := range all {
			d.Cheapest(f, Always, tariff)
		}
	}
}
