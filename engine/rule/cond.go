package rule

import (
	"math/bits"
	"slices"
)

// Cond is a condition ready to be asked. It is immutable and safe for use by
// many goroutines.
type Cond struct {
	ID   int   // among the conditions of its diagram
	Expr *Expr // one of the ways in which it was written

	space   Space
	support []Var
	nodes   []node // its part of the diagram, bottom up, numbered anew after the leaves; the root is last
	yes, no []Prime
	primed  bool // the primes are all there; else the nodes answer
}

// cond takes out the part of the diagram below a root.
func (d *Diagram) cond(root ref) *Cond {
	c := &Cond{space: d.space}
	if n := len(d.nodes) - len(d.number); n > 0 {
		d.number = append(d.number, make([]ref, n)...)
	}
	var taken []ref
	var take func(r ref) ref
	take = func(r ref) ref {
		if r <= refYes {
			return r
		}
		if is := d.number[r]; is != 0 {
			return is
		}
		n := d.nodes[r]
		var buf [64]ref
		kids := buf[:len(n.kids)]
		for i, k := range n.kids {
			kids[i] = take(k)
		}
		c.nodes = append(c.nodes, node{n.v, d.keep(kids)})
		c.support = append(c.support, n.v)
		taken = append(taken, r)
		d.number[r] = ref(len(c.nodes) + 1)
		return d.number[r]
	}
	take(root)
	for _, r := range taken {
		d.number[r] = 0
	}
	slices.Sort(c.support)
	c.support = slices.Compact(c.support)
	var few, some bool
	c.yes, few = d.primesOf(root, refYes)
	c.no, some = d.primesOf(root, refNo)
	c.primed = few && some && len(c.yes) <= maxPrimes && len(c.no) <= maxPrimes
	if !c.primed {
		c.yes, c.no = nil, nil
	}
	return c
}

// Support lists the variables that the verdict can hang on, in order: those
// that are written but make no difference are not among them. The caller must
// not change it.
func (c *Cond) Support() []Var { return c.support }

// Primes lists the prime implicants of a verdict, Yes or No; false when they
// are too many to keep. The caller must not change them.
func (c *Cond) Primes(t Truth) ([]Prime, bool) {
	if t == Yes {
		return c.yes, c.primed
	}
	return c.no, c.primed
}

// Eval is the exact truth of the condition in the box.
func (c *Cond) Eval(b Box) Truth {
	if !c.primed {
		return c.walk(b)
	}
	for _, p := range c.yes {
		if p.inside(b) {
			return Yes
		}
	}
	for _, p := range c.no {
		if p.inside(b) {
			return No
		}
	}
	return Unknown
}

// walk gives the truth by the nodes: which leaves can be reached from each.
func (c *Cond) walk(b Box) Truth {
	var buf [256]uint8
	can := buf[:]
	if len(c.nodes)+2 > len(can) {
		can = make([]uint8, len(c.nodes)+2)
	}
	can[refNo], can[refYes] = 1<<No, 1<<Yes
	last := refNo
	if len(c.nodes) == 0 && len(c.yes) > 0 {
		last = refYes
	}
	for i, n := range c.nodes {
		last = ref(i + 2)
		var r uint8
		for left := uint64(b[n.v]); left != 0; left &= left - 1 {
			r |= can[n.kids[bits.TrailingZeros64(left)]]
		}
		can[last] = r
	}
	switch can[last] {
	case 1 << No:
		return No
	case 1 << Yes:
		return Yes
	}
	return Unknown
}

// Relevant appends the variables of which more knowledge could change the
// verdict, each once and in order: there are two states of the box that differ
// only in that variable and have different verdicts. There are some exactly when
// the verdict is Unknown.
func (c *Cond) Relevant(b Box, vars []Var) []Var {
	if !c.primed {
		return c.relevantByNodes(b, vars)
	}
	// The longest primes of the condition within the box are those of the
	// condition that is left, and it hangs on the variables that they name.
	primes := c.yes
	if len(c.no) < len(c.yes) {
		primes = c.no
	}
	var buf [maxPrimes]Prime
	alive := buf[:0]
	for _, p := range primes {
		if p.meets(b) {
			alive = append(alive, p)
		}
	}
	start := len(vars)
	for i, p := range alive {
		covered := false
		for j, q := range alive {
			if j != i && p.withinIn(q, b) && (j < i || !q.withinIn(p, b)) {
				covered = true
				break
			}
		}
		if covered {
			continue
		}
		for _, a := range p {
			if b[a.Var]&^a.Set != 0 && !slices.Contains(vars[start:], a.Var) {
				vars = append(vars, a.Var)
			}
		}
	}
	slices.Sort(vars[start:])
	return vars
}

// withinIn is within, as far as the states of a box go.
func (p Prime) withinIn(q Prime, b Box) bool {
	i := 0
	for _, a := range q {
		if b[a.Var]&^a.Set == 0 {
			continue
		}
		for i < len(p) && p[i].Var < a.Var {
			i++
		}
		if i == len(p) || p[i].Var != a.Var || b[a.Var]&p[i].Set&^a.Set != 0 {
			return false
		}
	}
	return true
}

// relevantByNodes reduces the diagram to the box: what it then tests is what
// matters.
func (c *Cond) relevantByNodes(b Box, vars []Var) []Var {
	is := make([]ref, len(c.nodes)+2) // what each node is in the box
	is[refYes] = refYes
	type left struct {
		v    Var
		kids []ref
	}
	nodes := make([]left, 2)
	known := map[string]ref{}
	var key []byte
	for i, n := range c.nodes {
		var kids []ref
		same := true
		key = append(key[:0], byte(n.v), byte(n.v>>8))
		for r := uint64(b[n.v]); r != 0; r &= r - 1 {
			k := is[n.kids[bits.TrailingZeros64(r)]]
			kids = append(kids, k)
			same = same && k == kids[0]
			key = append(key, byte(k), byte(k>>8), byte(k>>16))
		}
		switch r, ok := known[string(key)]; {
		case same:
			is[i+2] = kids[0]
		case ok:
			is[i+2] = r
		default:
			is[i+2] = ref(len(nodes))
			known[string(key)] = is[i+2]
			nodes = append(nodes, left{n.v, kids})
		}
	}
	start := len(vars)
	reached := make([]bool, len(nodes))
	reached[is[len(is)-1]] = true
	for i := len(nodes) - 1; i > 1; i-- {
		if !reached[i] {
			continue
		}
		vars = append(vars, nodes[i].v)
		for _, k := range nodes[i].kids {
			reached[k] = true
		}
	}
	slices.Sort(vars[start:])
	return vars[:start+len(slices.Compact(vars[start:]))]
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
func (c *Cond) Reason(b Box, keep func(Var) int) Prime {
	verdict := c.Eval(b)
	if verdict == Unknown {
		return nil
	}
	s := c.space
	order := slices.Clone(c.support)
	slices.Reverse(order)
	if keep != nil {
		order = slices.DeleteFunc(order, func(v Var) bool { return keep(v) < 0 })
		slices.SortStableFunc(order, func(x, y Var) int { return keep(x) - keep(y) })
	}
	wide := slices.Clone(b)
	for _, v := range order {
		narrow := wide[v]
		wide[v] = s.Full(v)
		if c.Eval(wide) != verdict {
			wide[v] = narrow
		}
	}
	// What is kept the longest is widened the most: its bound is then the one
	// that holds where the rest stays as it is.
	for _, v := range slices.Backward(order) {
		for _, value := range (s.Full(v) &^ wide[v]).Values() {
			narrow := wide[v]
			wide[v] |= Of(value)
			if c.Eval(wide) != verdict {
				wide[v] = narrow
			}
		}
	}
	atoms := Prime{}
	for _, v := range c.support {
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
func (c *Cond) Flips(b Box, may func(Var) bool, limit int) []Prime {
	verdict := c.Eval(b)
	if verdict == Unknown {
		return nil
	}
	var vars []Var
	for _, v := range c.support {
		if may(v) {
			vars = append(vars, v)
		}
	}
	var found []Prime
	subset := func(pick []Var) bool {
		return slices.ContainsFunc(found, func(f Prime) bool {
			return !slices.ContainsFunc(f, func(a Atom) bool { return !slices.Contains(pick, a.Var) })
		})
	}
	// By rising number of variables, each pick in order.
	var try func(pick, rest []Var, size int)
	try = func(pick, rest []Var, size int) {
		if size == 0 {
			if len(found) < limit && !subset(pick) {
				if atoms := c.turn(b, pick, not(verdict)); atoms != nil {
					found = append(found, atoms)
				}
			}
			return
		}
		for i, v := range rest {
			try(append(pick[:len(pick):len(pick)], v), rest[i+1:], size-1)
		}
	}
	for size := 1; size <= 3 && len(found) < limit; size++ {
		try(nil, vars, size)
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
func (c *Cond) turn(b Box, pick []Var, want Truth) Prime {
	at := slices.Clone(b)
	var try func(i int) bool
	try = func(i int) bool {
		if i == len(pick) {
			return c.Eval(at) == want
		}
		v := pick[i]
		values := c.space.other(b, v).Values()
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
	atoms := make(Prime, len(pick))
	for i, v := range pick {
		for _, value := range (c.space.other(b, v) &^ at[v]).Values() {
			narrow := at[v]
			at[v] |= Of(value)
			if c.Eval(at) != want {
				at[v] = narrow
			}
		}
		atoms[i] = Atom{v, at[v]}
	}
	return atoms
}

func abs(x int) int { return max(x, -x) }
