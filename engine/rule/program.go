package rule

import (
	"slices"
)

// LaneSize is how many states a lane holds.
const LaneSize = 64 * 64

// Lane is one bit for each of LaneSize states: bit i%64 of word i/64.
type Lane [64]uint64

// Set sets the bit of a state.
func (l *Lane) Set(i int, on bool) {
	bit := uint64(1) << (i % 64)
	l[i/64] &^= bit
	if on {
		l[i/64] |= bit
	}
}

// Has gives the bit of a state.
func (l *Lane) Has(i int) bool { return l[i/64]>>(i%64)&1 == 1 }

// Columns is how many lanes it takes to hold states of the space: one for each
// value of each variable, set where the value is ruled out.
func (s Space) Columns() int {
	n := 0
	for _, size := range s {
		n += size
	}
	return n
}

// Encode puts a state in place i of the columns.
func (s Space) Encode(columns []*Lane, i int, b Box) {
	c := 0
	for v, size := range s {
		for value := range size {
			columns[c].Set(i, !b[v].Has(value))
			c++
		}
	}
}

// EncodeWord puts 64 states in the places of one word of the columns; where
// there is no box the place says that anything is possible. It is three times as
// fast as one state after another.
func (s Space) EncodeWord(columns []*Lane, word int, boxes *[64]Box) {
	c := 0
	for v, size := range s {
		var out [64]Set
		for i, b := range boxes {
			if b != nil {
				out[i] = s.Full(Var(v)) &^ b[v]
			}
		}
		for value := range size {
			var w uint64
			for i, o := range out {
				w |= uint64(o) >> value & 1 << i
			}
			columns[c][word] = w
			c++
		}
	}
}

// Decode takes the state in place i out of the columns.
func (s Space) Decode(columns []*Lane, i int) Box {
	b := s.Anything()
	c := 0
	for v, size := range s {
		for value := range size {
			if columns[c].Has(i) {
				b[v] &^= Of(value)
			}
			c++
		}
	}
	return b
}

// Program evaluates many conditions for 64 states in each operation on a word:
// one graph of and, or and not over the columns, in which what conditions have
// in common is worked out once. It is immutable; see Machine.
type Program struct {
	columns int
	outputs int
	scratch int // lanes in between
	code    []instr
}

// instr makes the lane dst of a and b. Lanes are numbered: the columns, the
// outputs, then those in between.
type instr struct {
	op        op // opAnd, opOr, opNot, opTrue or opFalse
	dst, a, b int32
}

// Outputs is how many lanes come out.
func (p *Program) Outputs() int { return p.outputs }

// Operations is how many operations the program takes for a word of 64 states.
func (p *Program) Operations() int { return len(p.code) }

// TwoValued compiles conditions for states in which every variable is settled:
// output i is set where condition i holds.
func TwoValued(s Space, conds []*Cond) *Program {
	g := newGraph(s)
	for _, c := range conds {
		g.outputs = append(g.outputs, g.settled(c.Expr, true))
	}
	return g.program()
}

// Exact compiles conditions for any states: output 2i is set where condition i
// is Yes, and 2i+1 where it is No.
//
// Where the parts of an and or an or have no variable in common, the verdict of
// the whole follows from theirs. Parts that share variables are answered by
// their diagram: a node is forced to a verdict when each of its values is ruled
// out or leads to a node that is.
func Exact(s Space, conds []*Cond) *Program {
	g := newGraph(s)
	for _, c := range conds {
		yes, no := g.exact(c.Expr)
		if yes == tooLarge {
			yes, no = g.forced(c)
		}
		g.outputs = append(g.outputs, yes, no)
	}
	return g.program()
}

// graph is a program while it is being made: hash-consed operations.
type graph struct {
	space   Space
	diagram *Diagram // of parts that share variables, made when there is one
	first   []int32  // column of each variable's first value
	ops     []instr  // a and b are numbers of columns or, from there on, of ops
	known   map[instr]int32
	outputs []int32
	columns int32
}

const tooLarge int32 = -1

func newGraph(s Space) *graph {
	g := &graph{space: s, known: map[instr]int32{}}
	for _, size := range s {
		g.first = append(g.first, g.columns)
		g.columns += int32(size)
	}
	return g
}

func (g *graph) emit(i instr) int32 {
	if n, ok := g.known[i]; ok {
		return n
	}
	g.ops = append(g.ops, i)
	n := g.columns + int32(len(g.ops)) - 1
	g.known[i] = n
	return n
}

func (g *graph) constant(yes bool) int32 {
	if yes {
		return g.emit(instr{op: opTrue})
	}
	return g.emit(instr{op: opFalse})
}

// join folds operands with and or or. Their order is made the same everywhere,
// so that conditions share as much as they can.
func (g *graph) join(o op, operands ...int32) int32 {
	absorbing, neutral := g.constant(o == opOr), g.constant(o == opAnd)
	slices.Sort(operands)
	operands = slices.Compact(operands)
	sum := neutral
	for _, x := range operands {
		switch {
		case x == tooLarge || x == absorbing:
			return x // tooLarge sorts first
		case x == neutral:
		case sum == neutral:
			sum = x
		default:
			sum = g.emit(instr{o, 0, sum, x})
		}
	}
	return sum
}

// ruledOut holds where no value of the set is possible.
func (g *graph) ruledOut(v Var, set Set) int32 {
	var out []int32
	for _, value := range set.Values() {
		out = append(out, g.first[v]+int32(value))
	}
	return g.join(opAnd, out...)
}

// settled compiles a condition, or its negation, for settled states.
func (g *graph) settled(e *Expr, pos bool) int32 {
	switch e.op {
	case opTrue, opFalse:
		return g.constant((e.op == opTrue) == pos)
	case opNot:
		return g.settled(e.kids[0], !pos)
	case opIs:
		set := e.set & g.space.Full(e.v)
		if !pos {
			set = g.space.Full(e.v) &^ set
		}
		rest := g.space.Full(e.v) &^ set
		if rest.Len() <= set.Len() {
			return g.ruledOut(e.v, rest)
		}
		return g.emit(instr{op: opNot, a: g.ruledOut(e.v, set)})
	}
	o := opAnd
	if (e.op == opOr) == pos {
		o = opOr
	}
	kids := make([]int32, len(e.kids))
	for i, k := range e.kids {
		kids[i] = g.settled(k, pos)
	}
	return g.join(o, kids...)
}

// exact compiles a condition for states of any kind.
func (g *graph) exact(e *Expr) (yes, no int32) {
	switch e.op {
	case opTrue, opFalse:
		return g.constant(e.op == opTrue), g.constant(e.op == opFalse)
	case opNot:
		no, yes = g.exact(e.kids[0])
		return yes, no
	case opIs:
		set := e.set & g.space.Full(e.v)
		return g.ruledOut(e.v, g.space.Full(e.v)&^set), g.ruledOut(e.v, set)
	}
	all, any := opAnd, opOr
	if e.op == opOr {
		all, any = opOr, opAnd
	}
	var yeses, noes []int32
	for _, part := range clusters(e.kids) {
		var y, n int32
		if len(part) == 1 {
			y, n = g.exact(part[0])
		} else {
			if g.diagram == nil {
				g.diagram = NewDiagram(g.space)
			}
			c := g.diagram.Cond(join(e.op, part))
			if c == nil {
				return tooLarge, tooLarge
			}
			y, n = g.forced(c)
		}
		yeses, noes = append(yeses, y), append(noes, n)
	}
	return g.join(all, yeses...), g.join(any, noes...)
}

// clusters parts expressions so that no variable is in two parts.
func clusters(kids []*Expr) [][]*Expr {
	var parts [][]*Expr
	var supports [][]Var
	for _, k := range kids {
		part, support := []*Expr{k}, slices.Clone(k.support)
		for i := 0; i < len(parts); {
			if slices.ContainsFunc(supports[i], func(v Var) bool { return slices.Contains(support, v) }) {
				part, support = append(parts[i], part...), append(support, supports[i]...)
				parts, supports = slices.Delete(parts, i, i+1), slices.Delete(supports, i, i+1)
			} else {
				i++
			}
		}
		parts, supports = append(parts, part), append(supports, support)
	}
	return parts
}

// forced compiles a condition by its nodes.
func (g *graph) forced(c *Cond) (yes, no int32) {
	memo := map[[2]ref]int32{}
	var force func(r, want ref) int32
	force = func(r, want ref) int32 {
		if r <= refYes {
			return g.constant(r == want)
		}
		key := [2]ref{r, want}
		if n, ok := memo[key]; ok {
			return n
		}
		n := c.nodes[r-2]
		var each []int32
		for i, kid := range n.kids {
			if slices.Contains(n.kids[:i], kid) {
				continue
			}
			var set Set
			for j, other := range n.kids {
				if other == kid {
					set |= Of(j)
				}
			}
			each = append(each, g.join(opOr, g.ruledOut(n.v, set), force(kid, want)))
		}
		memo[key] = g.join(opAnd, each...)
		return memo[key]
	}
	root := ref(len(c.nodes) + 1)
	if len(c.nodes) == 0 {
		root = leaf(len(c.yes) > 0)
	}
	return force(root, refYes), force(root, refNo)
}

// program lays the operations out: what an output needs just before it, and
// lanes in between used again as soon as nothing more needs them.
func (g *graph) program() *Program {
	p := &Program{columns: int(g.columns), outputs: len(g.outputs)}
	uses := make([]int, len(g.ops))
	use := func(x int32) {
		if x >= g.columns {
			uses[x-g.columns]++
		}
	}
	needed := make([]bool, len(g.ops))
	home := make([]int32, len(g.ops)) // the first output that it is, as a lane plus one
	var mark func(x int32)
	mark = func(x int32) {
		if x < g.columns || needed[x-g.columns] {
			return
		}
		i := g.ops[x-g.columns]
		needed[x-g.columns] = true
		for _, y := range i.operands() {
			use(y)
			mark(y)
		}
	}
	for i, x := range g.outputs {
		use(x)
		mark(x)
		if x >= g.columns && home[x-g.columns] == 0 {
			home[x-g.columns] = int32(p.columns+i) + 1
		}
	}
	lane := make([]int32, len(g.ops)) // where an operation's result is, plus one
	var free []int32
	at := func(x int32) int32 {
		if x < g.columns {
			return x
		}
		return lane[x-g.columns] - 1
	}
	done := func(x int32) {
		if x < g.columns {
			return
		}
		n := x - g.columns
		if uses[n]--; uses[n] == 0 && int(lane[n]-1) >= p.columns+p.outputs {
			free = append(free, lane[n]-1)
		}
	}
	var compute func(x int32)
	compute = func(x int32) {
		i := g.ops[x-g.columns]
		for _, y := range i.operands() {
			if y >= g.columns && lane[y-g.columns] == 0 {
				compute(y)
			}
		}
		operands := i.operands()
		i.a, i.b = 0, 0
		if len(operands) > 0 {
			i.a, i.b = at(operands[0]), at(operands[len(operands)-1])
		}
		for _, y := range operands {
			done(y)
		}
		to := home[x-g.columns] - 1
		if to < 0 {
			if len(free) == 0 {
				free = append(free, int32(p.columns+p.outputs+p.scratch))
				p.scratch++
			}
			to = free[len(free)-1]
			free = free[:len(free)-1]
		}
		i.dst = to
		lane[x-g.columns] = to + 1
		p.code = append(p.code, i)
	}
	for i, x := range g.outputs {
		to := int32(p.columns + i)
		if x >= g.columns && lane[x-g.columns] == 0 {
			compute(x)
		}
		if at(x) != to {
			p.code = append(p.code, instr{opOr, to, at(x), at(x)}) // a copy
		}
	}
	return p
}

func (i instr) operands() []int32 {
	switch i.op {
	case opAnd, opOr:
		return []int32{i.a, i.b}
	case opNot:
		return []int32{i.a}
	}
	return nil
}

// Machine runs a program. Each goroutine needs its own.
type Machine struct {
	p     *Program
	lanes []*Lane
	words []uint64
}

// Machine makes a machine for the program.
func (p *Program) Machine() *Machine {
	m := &Machine{p: p, lanes: make([]*Lane, p.columns+p.outputs+p.scratch)}
	between := make([]Lane, p.scratch)
	for i := range between {
		m.lanes[p.columns+p.outputs+i] = &between[i]
	}
	return m
}

// Run evaluates LaneSize states: in are the columns (see Encode), and out gets
// the outputs. Places that no state is encoded in give any bits.
func (m *Machine) Run(in, out []*Lane) {
	l := m.lanes
	copy(l, in[:m.p.columns])
	copy(l[m.p.columns:], out[:m.p.outputs])
	for _, i := range m.p.code {
		dst, a, b := l[i.dst], l[i.a], l[i.b]
		switch i.op {
		case opAnd:
			for w := 0; w < len(dst); w += 8 {
				d, x, y := (*[8]uint64)(dst[w:]), (*[8]uint64)(a[w:]), (*[8]uint64)(b[w:])
				d[0], d[1], d[2], d[3] = x[0]&y[0], x[1]&y[1], x[2]&y[2], x[3]&y[3]
				d[4], d[5], d[6], d[7] = x[4]&y[4], x[5]&y[5], x[6]&y[6], x[7]&y[7]
			}
		case opOr:
			for w := 0; w < len(dst); w += 8 {
				d, x, y := (*[8]uint64)(dst[w:]), (*[8]uint64)(a[w:]), (*[8]uint64)(b[w:])
				d[0], d[1], d[2], d[3] = x[0]|y[0], x[1]|y[1], x[2]|y[2], x[3]|y[3]
				d[4], d[5], d[6], d[7] = x[4]|y[4], x[5]|y[5], x[6]|y[6], x[7]|y[7]
			}
		case opNot:
			for w := range dst {
				dst[w] = ^a[w]
			}
		case opTrue:
			for w := range dst {
				dst[w] = ^uint64(0)
			}
		default:
			*dst = Lane{}
		}
	}
}

// RunWord evaluates the 64 states of one word of the columns, and gives a word
// for each output. It is good until the next call.
func (m *Machine) RunWord(in []*Lane, word int) []uint64 {
	p := m.p
	if m.words == nil {
		m.words = make([]uint64, len(m.lanes))
	}
	l := m.words
	for i, c := range in[:p.columns] {
		l[i] = c[word]
	}
	for _, i := range p.code {
		switch i.op {
		case opAnd:
			l[i.dst] = l[i.a] & l[i.b]
		case opOr:
			l[i.dst] = l[i.a] | l[i.b]
		case opNot:
			l[i.dst] = ^l[i.a]
		case opTrue:
			l[i.dst] = ^uint64(0)
		default:
			l[i.dst] = 0
		}
	}
	return l[p.columns : p.columns+p.outputs]
}
