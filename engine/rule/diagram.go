package rule

import "slices"

// Diagram is one shared, reduced multi-valued decision diagram over a space:
// the canonical truth of every condition put into it. The variables are tested
// in the space's order, and a node stands for one function only, so two
// conditions mean the same exactly when they get the same *Cond.
//
// It is built by one goroutine. The conditions that come out of it are
// immutable and need it no more.
type Diagram struct {
	space  Space
	nodes  []node // 0 and 1 are the leaves No and Yes
	table  []ref  // hash → node, open addressing
	built  map[polarized]ref
	done   []applied // what apply has worked out, in a table that forgets
	kids   []ref     // room for the kids of nodes to come
	primes [2][]primes
	atoms  []Atom // room for primes to come
	number []ref  // of each node in the condition being taken out
	conds  map[ref]*Cond
	steps  int // work done for the condition at hand
}

type ref int32

const (
	refNo ref = iota
	refYes
	refTooLarge ref = -1
)

// node tests v and goes on with one of the kids, which have lower numbers.
type node struct {
	v    Var
	kids []ref
}

type polarized struct {
	e   *Expr
	pos bool
}

type applied struct {
	a, b ref
	op   op
	is   ref
}

// How much one condition may take, in steps of about 100 ns, and how large one
// diagram may grow, about 100 MB, before a condition is refused.
const (
	maxSteps = 1 << 19
	maxNodes = 1 << 20
)

// NewDiagram starts an empty diagram.
func NewDiagram(s Space) *Diagram {
	return &Diagram{
		space: s, nodes: make([]node, 2, 1024), table: make([]ref, 1<<11), built: map[polarized]ref{},
		done: make([]applied, 1<<13), conds: map[ref]*Cond{},
	}
}

// Cond puts a condition into the diagram. It is nil when the condition is too
// large to reckon with.
func (d *Diagram) Cond(e *Expr) *Cond {
	d.steps = 0
	root := d.build(e, true)
	if root == refTooLarge {
		return nil
	}
	c := d.conds[root]
	if c == nil {
		d.steps = 0
		c = d.cond(root)
		c.ID = len(d.conds)
		c.Expr = e
		d.conds[root] = c
	}
	return c
}

// Conds is how many different conditions have been put in: their IDs are 0 up
// to this.
func (d *Diagram) Conds() int { return len(d.conds) }

// Nodes is how many nodes the conditions share, leaves included.
func (d *Diagram) Nodes() int { return len(d.nodes) }

// build goes down to the atoms with the negations, so that and and or are all
// that need applying.
func (d *Diagram) build(e *Expr, pos bool) ref {
	switch e.op {
	case opTrue, opFalse:
		return leaf((e.op == opTrue) == pos)
	case opNot:
		return d.build(e.kids[0], !pos)
	case opIs:
		kids := make([]ref, d.space[e.v])
		for i := range kids {
			kids[i] = leaf(e.set.Has(i) == pos)
		}
		return d.node(e.v, kids)
	}
	key := polarized{e, pos}
	if r, ok := d.built[key]; ok {
		return r
	}
	o, sum := opAnd, refYes
	if (e.op == opOr) == pos {
		o, sum = opOr, refNo
	}
	// From the last, so that what comes first, the levels, meets what is built.
	for _, k := range slices.Backward(e.kids) {
		if sum = d.apply(o, d.build(k, pos), sum); sum == refTooLarge {
			return sum // of this condition, with the work left for it: not to be remembered
		}
	}
	d.built[key] = sum
	return sum
}

func leaf(yes bool) ref {
	if yes {
		return refYes
	}
	return refNo
}

// node finds or makes the node with these kids; they are copied.
func (d *Diagram) node(v Var, kids []ref) ref {
	same := true
	for _, k := range kids {
		if k == refTooLarge {
			return refTooLarge
		}
		same = same && k == kids[0]
	}
	if same {
		return kids[0]
	}
	at := d.place(v, kids)
	if *at != 0 {
		return *at
	}
	if len(d.nodes) >= maxNodes {
		return refTooLarge
	}
	r := ref(len(d.nodes))
	d.nodes = append(d.nodes, node{v, d.keep(kids)})
	*at = r
	if 2*len(d.nodes) > len(d.table) {
		d.table = make([]ref, 2*len(d.table))
		for i, n := range d.nodes[2:] {
			*d.place(n.v, n.kids) = ref(i + 2)
		}
	}
	return r
}

// keep copies kids to where they can stay.
func (d *Diagram) keep(kids []ref) []ref {
	if cap(d.kids)-len(d.kids) < len(kids) {
		d.kids = make([]ref, 0, 1024)
	}
	from := len(d.kids)
	d.kids = append(d.kids, kids...)
	return d.kids[from:len(d.kids):len(d.kids)]
}

// place is where in the table a node stands, or is to stand.
func (d *Diagram) place(v Var, kids []ref) *ref {
	hash := uint32(v) * 0x9e3779b1
	for _, k := range kids {
		hash = (hash ^ uint32(k)) * 0x85ebca6b
		hash ^= hash >> 15
	}
	mask := uint32(len(d.table) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		at := &d.table[i]
		if *at == 0 {
			return at
		}
		if n := d.nodes[*at]; n.v == v && slices.Equal(n.kids, kids) {
			return at
		}
	}
}

// apply joins two functions with and or or.
func (d *Diagram) apply(o op, a, b ref) ref {
	stop, neutral := refNo, refYes
	if o == opOr {
		stop, neutral = refYes, refNo
	}
	switch {
	case a == refTooLarge || b == refTooLarge:
		return refTooLarge
	case a == stop || b == stop:
		return stop
	case a == neutral || a == b:
		return b
	case b == neutral:
		return a
	}
	if a > b {
		a, b = b, a
	}
	known := &d.done[(uint32(a)*0x9e3779b1^uint32(b)*0x85ebca6b^uint32(o))>>7&uint32(len(d.done)-1)]
	if known.a == a && known.b == b && known.op == o {
		return known.is
	}
	if d.steps++; d.steps > maxSteps {
		return refTooLarge
	}
	x, y := d.nodes[a], d.nodes[b]
	v := min(x.v, y.v)
	var buf [64]ref
	kids := buf[:d.space[v]]
	for i := range kids {
		p, q := a, b
		if x.v == v {
			p = x.kids[i]
		}
		if y.v == v {
			q = y.kids[i]
		}
		if kids[i] = d.apply(o, p, q); kids[i] == refTooLarge {
			return refTooLarge
		}
	}
	r := d.node(v, kids)
	if r != refTooLarge {
		*known = applied{a, b, o, r}
	}
	return r
}
