package rule

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// The variables of the tables: K of four values, and three facts.
var space = Space{4, 3, 2, 2}

const (
	K Var = iota
	drift
	x
	y
)

func TestEval(t *testing.T) {
	any := space.Anything()
	for _, tt := range []struct {
		name string
		e    *Expr
		box  Box
		want Truth
	}{
		{"nothing is always", And(), any, Yes},
		{"none of nothing", Or(), any, No},
		{"always", Const(true), any, Yes},
		{"never", Const(false), any, No},
		{"no value would do", Is(K, 0), any, No},
		{"unanswered", Is(K, Of(2, 3)), any, Unknown},
		{"answered in the set", Is(K, Of(2, 3)), with(K, Of(3)), Yes},
		{"answered outside", Is(K, Of(2, 3)), with(K, Of(1)), No},
		{"all that is left is in the set", Is(K, Of(1, 2, 3)), with(K, Of(2, 3)), Yes},
		{"not", Not(Is(K, Of(2, 3))), with(K, Of(1)), Yes},
		{"not of an unknown", Not(Is(K, Of(2, 3))), any, Unknown},
		{"not not", Not(Not(Is(K, Of(2)))), with(K, Of(2)), Yes},
		{"one no is enough", And(Is(K, Of(2)), Is(x, Of(1))), with(x, Of(0)), No},
		{"one yes is enough", Or(Is(K, Of(2)), Is(x, Of(1))), with(x, Of(1)), Yes},
		// What Kleene's logic calls unknown:
		{"a or not a", Or(Is(x, Of(1)), Not(Is(x, Of(1)))), any, Yes},
		{"a and not a", And(Is(x, Of(1)), Is(x, Of(0))), any, No},
		{"every option in a row of its own", Or(Is(drift, Of(0)), Is(drift, Of(1)), Is(drift, Of(2))), any, Yes},
		{"resolution", And(Or(Is(x, Of(1)), Is(y, Of(1))), Or(Is(x, Of(0)), Is(y, Of(1))), Is(y, Of(0))), any, No},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := slices.Clone(tt.box)
			if got := cond(space, tt.e).Eval(tt.box); got != tt.want {
				t.Errorf("Eval = %v, want %v", got, tt.want)
			}
			if !slices.Equal(before, tt.box) {
				t.Error("Eval changed the box")
			}
		})
	}
}

func TestTruth(t *testing.T) {
	var zero Truth
	if zero != Unknown {
		t.Error("the zero value is not unknown")
	}
	for truth, want := range map[Truth]string{Unknown: "unknown", Yes: "yes", No: "no"} {
		if text, err := truth.MarshalText(); err != nil || string(text) != want {
			t.Errorf("MarshalText = %s, %v", text, err)
		}
	}
}

func TestSet(t *testing.T) {
	s := Of(0, 2, 63)
	if s.Len() != 3 || !s.Has(63) || s.Has(1) || !slices.Equal(s.Values(), []int{0, 2, 63}) {
		t.Errorf("Of(0, 2, 63) = %v", s.Values())
	}
	if full := (Space{64}).Full(0); full.Len() != 64 {
		t.Errorf("a variable of 64 values has %d", full.Len())
	}
}

func TestRelevant(t *testing.T) {
	e := Or(Is(K, Of(2, 3)), And(Is(x, Of(1)), Is(y, Of(1))))
	for _, tt := range []struct {
		name string
		box  Box
		v    Var
		want bool
	}{
		{"nothing known", space.Anything(), x, true},
		{"not mentioned", space.Anything(), drift, false},
		{"the other part is no", with(y, Of(0)), x, false},
		{"already decided", with(K, Of(3)), x, false},
		{"already answered", with(x, Of(1)), x, false},
		{"a step that makes no difference", with(K, Of(2, 3)), K, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			vars := cond(space, e).Relevant(tt.box, nil)
			if got := slices.Contains(vars, tt.v); got != tt.want {
				t.Errorf("Relevant = %v, want %d among them: %v", vars, tt.v, tt.want)
			}
		})
	}
}

func TestReasonKeepsWhatIsPreferred(t *testing.T) {
	// Any of the three would do alone.
	e := Or(Is(K, Of(2, 3)), Is(x, Of(1)), Is(y, Of(1)))
	box := Box{Of(3), space.Full(drift), Of(1), Of(1)}
	for v, want := range map[Var]Prime{
		K: {{K, Of(2, 3)}},
		x: {{x, Of(1)}},
		y: {{y, Of(1)}},
	} {
		got := cond(space, e).Reason(box, func(w Var) int {
			if w == v {
				return 1
			}
			return 0
		})
		if !slices.Equal(got, want) {
			t.Errorf("keeping %d gives %v, want %v", v, got, want)
		}
	}
	if got := cond(space, e).Reason(space.Anything(), nil); got != nil {
		t.Errorf("a reason for an unknown: %v", got)
	}
	if got := cond(space, Const(true)).Reason(box, nil); got == nil || len(got) != 0 {
		t.Errorf("always needs no reason, got %v", got)
	}
}

func TestFlipsTakesTheNearestLevel(t *testing.T) {
	e := Is(K, Of(0, 3))
	got := cond(space, e).Flips(with(K, Of(3)), func(Var) bool { return true }, 5)
	if len(got) != 1 || len(got[0]) != 1 || got[0][0] != (Atom{K, Of(1, 2)}) {
		t.Errorf("Flips = %v", got)
	}
	if got := cond(space, e).Flips(with(K, Of(3)), func(Var) bool { return false }, 5); got != nil {
		t.Errorf("nothing may change, got %v", got)
	}
	if got := cond(space, e).Flips(space.Anything(), func(Var) bool { return true }, 5); got != nil {
		t.Errorf("an unknown has no flips, got %v", got)
	}
}

func cond(s Space, e *Expr) *Cond { return NewDiagram(s).Cond(e) }

func with(v Var, set Set) Box {
	b := space.Anything()
	b[v] = set
	return b
}

// The rest holds the evaluator to a naive one: every completion of the box,
// each evaluated with two values only.

// holds evaluates in a single state.
func (e *Expr) holds(state []int) bool {
	switch e.op {
	case opTrue:
		return true
	case opFalse:
		return false
	case opIs:
		return e.set&(1<<state[e.v]) != 0
	case opNot:
		return !e.kids[0].holds(state)
	case opAnd:
		for _, k := range e.kids {
			if !k.holds(state) {
				return false
			}
		}
		return true
	}
	for _, k := range e.kids {
		if k.holds(state) {
			return true
		}
	}
	return false
}

// states calls f with every completion of the box until it says stop.
func states(b Box, f func(state []int) (more bool)) {
	state := make([]int, len(b))
	var fill func(v int) bool
	fill = func(v int) bool {
		if v == len(b) {
			return f(state)
		}
		for value := range 64 {
			if b[v]&(1<<value) != 0 {
				if state[v] = value; !fill(v + 1) {
					return false
				}
			}
		}
		return true
	}
	fill(0)
}

func bruteEval(e *Expr, b Box) Truth {
	yes, no := false, false
	states(b, func(s []int) bool {
		if e.holds(s) {
			yes = true
		} else {
			no = true
		}
		return !yes || !no
	})
	switch {
	case yes && no:
		return Unknown
	case yes:
		return Yes
	}
	return No
}

func bruteMatters(e *Expr, b Box, v Var) bool {
	found := false
	states(b, func(s []int) bool {
		now := e.holds(s)
		other := slices.Clone(s)
		for value := range 64 {
			if b[v]&(1<<value) != 0 {
				other[v] = value
				found = found || e.holds(other) != now
			}
		}
		return !found
	})
	return found
}

// checkAll holds everything that can be asked of a condition to brute force,
// by its primes and by its nodes.
func checkAll(t *testing.T, s Space, e *Expr, b Box) {
	t.Helper()
	verdict := bruteEval(e, b)
	var matter []Var
	for v := range s {
		if bruteMatters(e, b, Var(v)) {
			matter = append(matter, Var(v))
		}
	}
	d := NewDiagram(s)
	byPrimes := d.Cond(e)
	byNodes := *byPrimes
	byNodes.primed = false
	for how, c := range map[string]*Cond{"primes": byPrimes, "nodes": &byNodes} {
		if got := c.Eval(b); got != verdict {
			t.Fatalf("Eval by %s = %v, brute force says %v: %+v in %v", how, got, verdict, e, b)
		}
		if got := c.Relevant(b, nil); !slices.Equal(got, matter) {
			t.Fatalf("Relevant by %s = %v, brute force says %v: %+v in %v", how, got, matter, e, b)
		}
	}
	if got := d.Cond(Not(e)).Eval(b); got != not(verdict) {
		t.Fatalf("Not(e).Eval = %v, want %v", got, not(verdict))
	}
	checkReason(t, s, byPrimes, b, verdict)
	checkFlips(t, s, byPrimes, b, verdict)
	checkMoreAnswers(t, byPrimes, b, verdict)
}

func checkReason(t *testing.T, s Space, c *Cond, b Box, verdict Truth) {
	t.Helper()
	atoms := c.Reason(b, nil)
	if verdict == Unknown {
		if atoms != nil {
			t.Fatalf("a reason for an unknown: %v", atoms)
		}
		return
	}
	if atoms == nil {
		t.Fatal("no reason for a verdict")
	}
	forced := func(atoms []Atom) bool {
		box := s.Anything()
		for _, a := range atoms {
			box[a.Var] = a.Set
		}
		return bruteEval(c.Expr, box) == verdict
	}
	if !forced(atoms) {
		t.Fatalf("the reason %v does not force %v", atoms, verdict)
	}
	for i, a := range atoms {
		if b[a.Var]&^a.Set != 0 {
			t.Fatalf("%v does not hold on the box %v", a, b)
		}
		if forced(slices.Delete(slices.Clone(atoms), i, i+1)) {
			t.Fatalf("%v can be left out of %v", a, atoms)
		}
		for value := range s[a.Var] {
			if a.Set.Has(value) {
				continue
			}
			wider := slices.Clone(atoms)
			wider[i].Set |= Of(value)
			if forced(wider) {
				t.Fatalf("%v of %v can have %d too", a, atoms, value)
			}
		}
	}
}

func checkFlips(t *testing.T, s Space, c *Cond, b Box, verdict Truth) {
	t.Helper()
	flips := c.Flips(b, func(Var) bool { return true }, 1000)
	if verdict == Unknown {
		if flips != nil {
			t.Fatalf("flips of an unknown: %v", flips)
		}
		return
	}
	var picks [][]Var
	for _, f := range flips {
		box, pick := slices.Clone(b), []Var{}
		for _, a := range f {
			if a.Set == 0 || a.Set&^s.other(b, a.Var) != 0 {
				t.Fatalf("%v is no change of %v", a, b)
			}
			box[a.Var] = a.Set
			pick = append(pick, a.Var)
		}
		if bruteEval(c.Expr, box) != not(verdict) {
			t.Fatalf("%v does not turn %v", f, verdict)
		}
		for _, other := range picks {
			if within(other, pick) || within(pick, other) {
				t.Fatalf("%v and %v: one is part of the other", other, pick)
			}
		}
		picks = append(picks, pick)
	}
	// None of one or two changes is missed.
	turns := func(pick ...Var) bool {
		values := make([][]int, len(pick))
		for i, v := range pick {
			values[i] = s.other(b, v).Values()
		}
		box := slices.Clone(b)
		var try func(i int) bool
		try = func(i int) bool {
			if i == len(pick) {
				return bruteEval(c.Expr, box) == not(verdict)
			}
			for _, value := range values[i] {
				box[pick[i]] = Of(value)
				if try(i + 1) {
					return true
				}
			}
			box[pick[i]] = b[pick[i]]
			return false
		}
		return try(0)
	}
	has := func(pick ...Var) bool {
		return slices.ContainsFunc(picks, func(p []Var) bool { return within(p, pick) })
	}
	for v := range s {
		if turns(Var(v)) && !has(Var(v)) {
			t.Fatalf("changing %d alone turns %v and is missed: %v", v, verdict, flips)
		}
		for w := range v {
			if turns(Var(w), Var(v)) && !has(Var(w), Var(v)) {
				t.Fatalf("changing %d and %d turns %v and is missed: %v", w, v, verdict, flips)
			}
		}
	}
}

func within(part, whole []Var) bool {
	return !slices.ContainsFunc(part, func(v Var) bool { return !slices.Contains(whole, v) })
}

// checkMoreAnswers: one more answer never makes a known conclusion unknown, nor
// turns it.
func checkMoreAnswers(t *testing.T, c *Cond, b Box, verdict Truth) {
	t.Helper()
	if verdict == Unknown {
		return
	}
	for v := range b {
		for _, value := range b[v].Values() {
			box := slices.Clone(b)
			box[v] = Of(value)
			if got := c.Eval(box); got != verdict {
				t.Fatalf("%v became %v by answering %d with %d", verdict, got, v, value)
			}
		}
	}
}

// source makes expressions and boxes of whatever numbers it is fed.
type source func(n int) int

func (next source) expr(s Space, depth int) *Expr {
	kind := next(8)
	if depth == 0 || kind < 4 {
		v := Var(next(len(s)))
		return Is(v, Set(next(1<<s[v])))
	}
	if kind == 4 {
		return Not(next.expr(s, depth-1))
	}
	kids := make([]*Expr, next(4))
	for i := range kids {
		kids[i] = next.expr(s, depth-1)
	}
	if kind == 5 {
		return And(kids...)
	}
	return Or(kids...)
}

func (next source) box(s Space) Box {
	b := s.Anything()
	for v := range b {
		switch set := Set(next(1 << s[v])); next(3) {
		case 0:
			b[v] = Of(next(s[v]))
		case 1:
			if set != 0 {
				b[v] = set
			}
		}
	}
	return b
}

func TestAgainstBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	next := source(r.IntN)
	s := Space{4, 4, 3, 2, 2, 2}
	n := 10000
	if testing.Short() {
		n = 1000
	}
	for range n {
		checkAll(t, s, next.expr(s, 3), next.box(s))
	}
}

// A million pairs of a condition and a partly known state: brute force, the
// nodes, the primes and the bit-sliced program give one answer.
func TestAMillionPairs(t *testing.T) {
	s := Space{4, 4, 4, 3, 2, 2, 2}
	const batch, conditions = 500, 100 // pairs in a round: 50,000
	rounds := 20
	if testing.Short() {
		rounds = 1
	}
	var table [][]int // every state
	states(s.Anything(), func(state []int) bool {
		table = append(table, slices.Clone(state))
		return true
	})
	for round := range rounds {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(21, uint64(round)))
			next := source(r.IntN)
			d := NewDiagram(s)
			var conds []*Cond
			var holds [][]bool
			for range conditions {
				e := next.expr(s, 4)
				conds = append(conds, d.Cond(e))
				truth := make([]bool, len(table))
				for i, state := range table {
					truth[i] = e.holds(state)
				}
				holds = append(holds, truth)
			}
			p := Exact(s, conds)
			in, out := lanes(s.Columns()), lanes(p.Outputs())
			boxes := make([]Box, batch)
			for i := range boxes {
				boxes[i] = next.box(s)
				s.Encode(in, i, boxes[i])
			}
			p.Machine().Run(in, out)
			for i, b := range boxes {
				var inside []int
				for j, state := range table {
					if !slices.ContainsFunc(s.vars(), func(v Var) bool { return !b[v].Has(state[v]) }) {
						inside = append(inside, j)
					}
				}
				for j, c := range conds {
					yes, no := false, false
					for _, k := range inside {
						yes, no = yes || holds[j][k], no || !holds[j][k]
					}
					want := truthOf(!no, !yes)
					if primes, nodes, sliced := c.Eval(b), c.walk(b), truthOf(out[2*j].Has(i), out[2*j+1].Has(i)); primes != want || nodes != want || sliced != want {
						t.Fatalf("brute force %v, primes %v, nodes %v, bit-sliced %v: %+v in %v", want, primes, nodes, sliced, c.Expr, b)
					}
				}
			}
		})
	}
}

// vars lists the variables.
func (s Space) vars() []Var {
	out := make([]Var, len(s))
	for i := range out {
		out[i] = Var(i)
	}
	return out
}

// Two ways to write one condition give one *Cond, and that is how equality is
// seen.
func TestEqualConditionsAreOne(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	next := source(r.IntN)
	s := Space{4, 3, 2, 2}
	d := NewDiagram(s)
	byTruth := map[string]*Cond{}
	for range 3000 {
		e := next.expr(s, 3)
		var truth []byte
		states(s.Anything(), func(state []int) bool {
			truth = append(truth, map[bool]byte{true: '1', false: '0'}[e.holds(state)])
			return true
		})
		c := d.Cond(e)
		if was := byTruth[string(truth)]; was != nil && was != c {
			t.Fatalf("%+v and %+v mean the same and are two", was.Expr, e)
		}
		byTruth[string(truth)] = c
	}
	if len(byTruth) != d.Conds() {
		t.Errorf("%d meanings, %d conditions", len(byTruth), d.Conds())
	}
}

// What explodes as primes is answered by the nodes; what explodes as nodes is
// refused, in bounded time and memory.
func TestExplosion(t *testing.T) {
	// Parity has a prime for every state with the right parity, and two nodes
	// for every variable.
	var s Space
	for range 24 {
		s = append(s, 2)
	}
	parity := Const(false)
	for v := range s {
		on := Is(Var(v), Of(1))
		parity = Or(And(parity, Not(on)), And(Not(parity), on))
	}
	d := NewDiagram(s)
	c := d.Cond(parity)
	if c == nil {
		t.Fatal("parity of 24 is refused")
	}
	if _, ok := c.Primes(Yes); ok {
		t.Error("parity keeps its primes")
	}
	b := s.Anything()
	if got := c.Eval(b); got != Unknown {
		t.Errorf("Eval = %v of nothing known", got)
	}
	if got := c.Relevant(b, nil); len(got) != len(s) {
		t.Errorf("%d variables matter, want all", len(got))
	}
	for v := range s {
		b[v] = Of(v % 2)
	}
	if got, want := c.Eval(b), No; got != want {
		t.Errorf("Eval = %v, want %v", got, want)
	}
	if got := c.Reason(b, nil); len(got) != len(s) {
		t.Errorf("the reason has %d atoms, want all", len(got))
	}
	p := Exact(s, []*Cond{c})
	in, out := lanes(s.Columns()), lanes(2)
	s.Encode(in, 7, b)
	p.Machine().Run(in, out)
	if out[0].Has(7) || !out[1].Has(7) {
		t.Error("the program does not say No")
	}

	// x1 = y1 and x2 = y2 and …, with all x before all y, has 2^n nodes.
	s = nil
	const n = 40
	for range 2 * n {
		s = append(s, 2)
	}
	var pairs []*Expr
	for i := range n {
		x, y := Is(Var(i), Of(1)), Is(Var(n+i), Of(1))
		pairs = append(pairs, Or(And(x, y), And(Not(x), Not(y))))
	}
	d = NewDiagram(s)
	if c := d.Cond(And(pairs...)); c != nil {
		t.Fatalf("a condition of 2^%d nodes got through", n)
	}
	if d.Nodes() > maxSteps+1000 {
		t.Errorf("%d nodes made before it was refused", d.Nodes())
	}
	// The next one is none the worse for it.
	if c := d.Cond(pairs[0]); c == nil || c.Eval(s.Anything()) != Unknown {
		t.Error("a small condition after a refused one")
	}
}

// What defeats evaluators that look at one part at a time: each is decided
// although its parts are not.
func TestWhatDefeatsOthers(t *testing.T) {
	s := Space{4, 3, 2, 2, 2} // K, drift, x, y, z
	const z Var = 4
	yes := func(v Var) *Expr { return Is(v, Of(1)) }
	for _, tt := range []struct {
		name string
		e    *Expr
		box  func(Box)
		want Truth
	}{
		{"comparison against an exhausted domain", Or(Is(K, Of(0, 1)), Is(K, Of(2)), Is(K, Of(3))), func(Box) {}, Yes},
		{"comparison with what is left of a domain", Is(K, Of(2, 3)), func(b Box) { b[K] = Of(2, 3) }, Yes},
		{"comparison with what is ruled out", Is(drift, Of(2)), func(b Box) { b[drift] = Of(0, 1) }, No},
		{"resolution across rows", Or(And(yes(x), yes(y)), And(Not(yes(x)), yes(y))), func(b Box) { b[y] = Of(1) }, Yes},
		{"resolution across conditions", And(Or(yes(x), yes(y)), Or(Not(yes(x)), yes(y)), Not(yes(y))), func(Box) {}, No},
		{"a parent that cannot be and its child", And(Is(drift, Of(2)), yes(x)), func(b Box) { b[drift] = Of(0, 1); b[x] = Of(1) }, No},
		{"parent and child conflict", And(And(Is(drift, Of(2)), yes(x)), Is(drift, Of(0))), func(Box) {}, No},
		{"a derived value and its negation", Or(And(yes(x), yes(y)), Not(And(yes(x), yes(y)))), func(Box) {}, Yes},
		{"unless what the row itself asks for", And(yes(x), Not(yes(x))), func(Box) {}, No},
		{"unless only where the row does not hold", And(Or(yes(x), yes(y)), Not(And(Not(yes(x)), Not(yes(y))))), func(b Box) { b[x] = Of(1) }, Yes},
		{"one fact in every row", Or(And(yes(z), Is(K, Of(0, 1))), And(yes(z), Is(K, Of(2, 3)))), func(b Box) { b[z] = Of(1) }, Yes},
		{"one fact twice in a row", And(Is(K, Of(1, 2, 3)), Is(K, Of(0, 1, 2)), Is(K, Of(0, 3))), func(Box) {}, No},
		{"not greater is not unanswered", Not(Is(K, Of(3))), func(Box) {}, Unknown},
		{"truly open", Or(And(yes(x), yes(y)), And(Not(yes(x)), yes(z))), func(b Box) { b[y] = Of(1) }, Unknown},
		{"the consensus of two rows", Or(And(yes(x), yes(y)), And(Not(yes(x)), yes(z))), func(b Box) { b[y], b[z] = Of(1), Of(1) }, Yes},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := s.Anything()
			tt.box(b)
			if want := bruteEval(tt.e, b); want != tt.want {
				t.Fatalf("the table says %v, brute force %v", tt.want, want)
			}
			checkAll(t, s, tt.e, b)
		})
	}
}

func FuzzEval(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{6, 3, 0, 0, 12, 5, 2, 1, 2, 3, 1, 1, 1, 0, 0, 2})
	f.Add([]byte("en lång räcka av byte som blir ett stort villkor med många rader"))
	s := Space{4, 3, 2, 2, 2}
	f.Fuzz(func(t *testing.T, data []byte) {
		i := 0
		next := source(func(n int) int {
			if i == len(data) {
				return 0
			}
			i++
			return int(data[i-1]) % n
		})
		e := next.expr(s, 4)
		checkAll(t, s, e, next.box(s))
	})
}
