// Package portfolio derives the requirements of many systems at once, exactly,
// with unknown as unknown.
//
// States are kept as columns, one bit for each system and value that is ruled
// out, and verdicts as two lanes for each different condition: where it is yes
// and where it is no (see rule.Exact). Requirements with the same condition
// share its lanes. A million systems under 500 conditions are 125 MB of
// verdicts; Survey counts without keeping any.
//
// A Portfolio is a snapshot that never changes. What differs from it (another
// answer, another catalogue) is a new snapshot that shares all lanes that came
// out the same, so an older one can be read, kept and compared while newer ones
// are made. Current holds the newest.
package portfolio

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
	"math/bits"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// System is what is classified, the unit that it belongs to, and its state:
// the Box of its engine.Facts. The box must not change once it is handed over.
type System struct {
	ID, Unit string
	Box      rule.Box
}

// Portfolio is many systems under one catalogue. It is immutable and safe for
// use by many goroutines.
//
// Each system has a place, a number that it keeps in all snapshots made from
// this one. The place of a system that has been taken out is not used again;
// Build(p.Catalog, p.Systems()) gives a portfolio without such places.
type Portfolio struct {
	Catalog *catalog.Catalog
	kernel  *kernel
	blocks  []*block
	places  int     // how many have been given out
	byID    []int32 // the places in use, by the ids of their systems
}

// block is LaneSize places. What it points to is shared between snapshots.
type block struct {
	seats   *[rule.LaneSize]seat
	live    *rule.Lane // the places in use; at others the verdicts may be anything
	columns []*rule.Lane
	out     []*verdicts // by condition
}

// verdicts is what is known of a condition in a block.
type verdicts struct{ yes, no rule.Lane }

type seat struct{ id, unit string }

// kernel is what a catalogue comes down to.
type kernel struct {
	space    rule.Space
	conds    []*rule.Cond         // each condition once, in the order of the requirements
	of       []int                // which of them a requirement has
	program  func() *rule.Program // compiled when asked for: a what-if may need only a part of it
	machines sync.Pool
}

func newKernel(c *catalog.Catalog) *kernel {
	k := &kernel{space: c.Space}
	at := map[*rule.Cond]int{}
	for _, r := range c.Requirements {
		n, ok := at[r.Applies]
		if !ok {
			n = len(k.conds)
			at[r.Applies] = n
			k.conds = append(k.conds, r.Applies)
		}
		k.of = append(k.of, n)
	}
	k.program = sync.OnceValue(func() *rule.Program { return rule.Exact(k.space, k.conds) })
	k.machines.New = func() any { return k.program().Machine() }
	return k
}

// Build derives the requirements of all systems, on all cores. They get their
// places in the order in which they come; counts by unit are the quickest when
// the systems of a unit come together. The systems are taken in as they are
// needed and their boxes are not kept. Two with the same id are a programmer's
// mistake, and so is a box of another catalogue.
func Build(c *catalog.Catalog, systems iter.Seq[System]) *Portfolio {
	p := &Portfolio{Catalog: c, kernel: newKernel(c)}
	p.fill(p.kernel.gather(systems))
	for i := range p.All().Places() {
		p.byID = append(p.byID, int32(i))
		p.places = i + 1
	}
	slices.SortFunc(p.byID, func(a, b int32) int { return cmp.Compare(p.id(a), p.id(b)) })
	for i := 1; i < len(p.byID); i++ {
		if p.id(p.byID[i-1]) == p.id(p.byID[i]) {
			panic("portfolio: two systems with the id " + p.id(p.byID[i]))
		}
	}
	return p
}

// Restated gives the same systems in the same places with new states, under a
// catalogue that need not be Alike. The function gives a system's state there,
// by the system's id.
func (p *Portfolio) Restated(c *catalog.Catalog, box func(id string) rule.Box) *Portfolio {
	q := &Portfolio{Catalog: c, kernel: newKernel(c), places: p.places, byID: p.byID}
	q.fill(func(yield func(load) bool) {
		for _, b := range p.blocks {
			l := vacant()
			l.seats, l.live = b.seats, b.live
			for i := range ones(b.live) {
				l.boxes[i] = q.kernel.fits(box(b.seats[i].id))
			}
			if !yield(l) {
				return
			}
		}
	})
	return q
}

// load is a block that waits for its lanes, with the states of its systems.
type load struct {
	*block
	boxes *[rule.LaneSize]rule.Box
}

func vacant() load {
	return load{&block{seats: new([rule.LaneSize]seat), live: new(rule.Lane)}, new([rule.LaneSize]rule.Box)}
}

// gather seats systems in blocks.
func (k *kernel) gather(systems iter.Seq[System]) iter.Seq[load] {
	return func(yield func(load) bool) {
		l, i := vacant(), 0
		for s := range systems {
			if i == rule.LaneSize {
				if !yield(l) {
					return
				}
				l, i = vacant(), 0
			}
			l.seats[i], l.boxes[i] = seat{s.ID, s.Unit}, k.fits(s.Box)
			l.live.Set(i, true)
			i++
		}
		if i > 0 {
			yield(l)
		}
	}
}

// fits refuses a box of another space before any work is handed out: a panic
// is then the caller's to meet.
func (k *kernel) fits(b rule.Box) rule.Box {
	if len(b) != len(k.space) {
		panic(fmt.Sprintf("portfolio: a state of %d variables in a space of %d", len(b), len(k.space)))
	}
	return b
}

func (p *Portfolio) fill(loads iter.Seq[load]) {
	spread(func(yield func(load) bool) {
		for l := range loads {
			p.blocks = append(p.blocks, l.block)
			if !yield(l) {
				return
			}
		}
	}, p.kernel.program(), func(l load, m *rule.Machine) { p.kernel.run(l, m) })
}

// run fills a block's lanes in.
func (k *kernel) run(l load, m *rule.Machine) {
	columns := make([]rule.Lane, k.space.Columns())
	l.columns = make([]*rule.Lane, len(columns))
	for i := range columns {
		l.columns[i] = &columns[i]
	}
	for w, live := range l.live {
		var boxes [64]rule.Box
		for left := live; left != 0; left &= left - 1 {
			i := bits.TrailingZeros64(left)
			boxes[i] = l.boxes[64*w+i]
		}
		k.space.EncodeWord(l.columns, w, &boxes)
	}
	l.out = evaluate(m, l.columns, len(k.conds))
}

// evaluate gives the verdicts of a program for some conditions. They lie
// together in memory.
func evaluate(m *rule.Machine, columns []*rule.Lane, conds int) []*verdicts {
	all, out, lanes := make([]verdicts, conds), make([]*verdicts, conds), make([]*rule.Lane, 0, 2*conds)
	for i := range all {
		out[i] = &all[i]
		lanes = append(lanes, &all[i].yes, &all[i].no)
	}
	m.Run(columns, lanes)
	return out
}

// spread does jobs on all cores, with a machine for each.
func spread[T any](jobs iter.Seq[T], p *rule.Program, do func(T, *rule.Machine)) {
	var all sync.WaitGroup
	todo := make(chan T)
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			m := p.Machine()
			for job := range todo {
				do(job, m)
			}
		})
	}
	defer all.Wait()
	defer close(todo)
	for job := range jobs {
		todo <- job
	}
}

// With gives the portfolio with a system added, or with the unit and state of
// the one that has its id. Only the system's word is evaluated, and only lanes
// in which its bit differs are copied: a new state takes microseconds. One more
// system takes longer, since the index of ids is copied.
func (p *Portfolio) With(s System) *Portfolio {
	k := p.kernel
	k.fits(s.Box)
	m := k.machines.Get().(*rule.Machine)
	defer k.machines.Put(m)
	at, found := p.find(s.ID)
	place := p.places
	if found {
		place = int(p.byID[at])
	}
	q, b := p.edit(place, m)
	i := place % rule.LaneSize
	if !found {
		q.places++
		q.byID = slices.Insert(slices.Clone(p.byID), at, int32(place))
		b.live = with(b.live, i, true)
	}
	if sits := (seat{s.ID, s.Unit}); b.seats[i] != sits {
		seats := *b.seats
		seats[i] = sits
		b.seats = &seats
	}
	b.columns, b.out = slices.Clone(b.columns), slices.Clone(b.out)
	c := 0
	for v, size := range k.space {
		for value := range size {
			b.columns[c] = with(b.columns[c], i, !s.Box[v].Has(value))
			c++
		}
	}
	words := m.RunWord(b.columns, i/64)
	for c, v := range b.out {
		yes, no := words[2*c]>>(i%64)&1 == 1, words[2*c+1]>>(i%64)&1 == 1
		if v.yes.Has(i) != yes || v.no.Has(i) != no {
			copied := *v
			copied.yes.Set(i, yes)
			copied.no.Set(i, no)
			b.out[c] = &copied
		}
	}
	return q
}

// Without gives the portfolio with a system taken out, or as it is when it has
// none with that id.
func (p *Portfolio) Without(id string) *Portfolio {
	at, found := p.find(id)
	if !found {
		return p
	}
	place := int(p.byID[at])
	q, b := p.edit(place, nil)
	q.byID = slices.Delete(slices.Clone(p.byID), at, at+1)
	b.live = with(b.live, place%rule.LaneSize, false)
	return q
}

// edit copies the portfolio, and the block of a place for the caller to change:
// the block itself, not what it points to. The first place after the last block
// gets a new one, which takes a machine.
func (p *Portfolio) edit(place int, m *rule.Machine) (*Portfolio, *block) {
	q, n := *p, place/rule.LaneSize
	q.blocks = slices.Clone(p.blocks)
	if n == len(q.blocks) {
		l := vacant()
		p.kernel.run(l, m)
		q.blocks = append(q.blocks, l.block)
		return &q, l.block
	}
	b := *p.blocks[n]
	q.blocks[n] = &b
	return &q, &b
}

// with is the lane itself when the bit is as it should be, else a copy.
func with(l *rule.Lane, i int, on bool) *rule.Lane {
	if l.Has(i) == on {
		return l
	}
	copied := *l
	copied.Set(i, on)
	return &copied
}

// Alike tells whether a state means the same under both catalogues: they have
// the same variables with the same values, in the same order, and the same
// levels for pre-classified information. What they ask of whom may differ. It
// does not look at the versions to which a classification is pinned.
func Alike(a, b *catalog.Catalog) bool {
	return slices.Equal(a.Space, b.Space) && slices.Equal(meanings(a), meanings(b))
}

// meanings tells what each variable stands for, and what else engine.NewFacts
// makes a state of.
func meanings(c *catalog.Catalog) []string {
	out := make([]string, len(c.Space))
	for _, a := range c.Aspects {
		if a.IsRated() {
			out[a.Var] = "aspect " + a.ID
		}
	}
	for _, f := range c.Facts {
		var options []string
		for _, o := range f.Options {
			options = append(options, o.ID)
		}
		for i, v := range f.Vars {
			out[v] = fmt.Sprintf("%s %s %s %d", f.Type, f.ID, strings.Join(options, ","), i)
		}
	}
	for _, law := range c.Laws {
		if law.Ticked {
			out[law.Var] = "law " + law.ID
		}
	}
	named, in := c.Control()
	out[named] = "named"
	for _, p := range c.Profiles {
		out[in(p)] = "profile " + p.ID
	}
	for _, t := range c.InformationTypes {
		out = append(out, fmt.Sprint(t.ID, t.Levels))
	}
	return out
}

// Under gives the same systems under another catalogue, which must be Alike:
// else their states mean something else there, and Restated takes new ones.
// Only conditions that the portfolio does not have yet are evaluated.
func (p *Portfolio) Under(c *catalog.Catalog) *Portfolio {
	if !Alike(p.Catalog, c) {
		panic("portfolio: the catalogue is not alike; use Restated, with states made under it")
	}
	q := *p
	q.Catalog, q.kernel, q.blocks = c, newKernel(c), nil
	for _, b := range p.blocks {
		b := *b
		q.blocks = append(q.blocks, &b)
	}
	var fresh []*rule.Cond
	from := p.kernel.same(q.kernel)
	for i, cond := range q.kernel.conds {
		if from[i] < 0 {
			fresh = append(fresh, cond)
		}
	}
	spread(slices.Values(q.blocks), rule.Exact(c.Space, fresh), func(b *block, m *rule.Machine) {
		old, made := b.out, evaluate(m, b.columns, len(fresh))
		b.out = make([]*verdicts, len(from))
		for i, f := range from {
			if f >= 0 {
				b.out[i] = old[f]
			} else {
				b.out[i], made = made[0], made[1:]
			}
		}
	})
	return &q
}

// same tells for each condition of another kernel which of k's it is, or -1.
// The primes are a function's own, whatever diagram they come from; conditions
// with too many of them meet in a diagram of their own.
func (k *kernel) same(other *kernel) []int {
	diagram := sync.OnceValue(func() *rule.Diagram { return rule.NewDiagram(k.space) })
	var buf []byte
	key := func(c *rule.Cond) any {
		primes, ok := c.Primes(rule.Yes)
		if !ok {
			return diagram().Cond(c.Expr)
		}
		buf = buf[:0]
		for _, p := range primes {
			buf = binary.AppendUvarint(buf, uint64(len(p)))
			for _, a := range p {
				buf = binary.AppendUvarint(binary.AppendUvarint(buf, uint64(a.Var)), uint64(a.Set))
			}
		}
		return string(buf)
	}
	at := make(map[any]int, len(k.conds))
	for i, c := range k.conds {
		at[key(c)] = i
	}
	delete(at, (*rule.Cond)(nil)) // too large together: not known to be the same as anything
	from := make([]int, len(other.conds))
	for i, c := range other.conds {
		n, ok := at[key(c)]
		if !ok {
			n = -1
		}
		from[i] = n
	}
	return from
}

// Len is how many systems there are.
func (p *Portfolio) Len() int { return len(p.byID) }

// Place finds a system by its id.
func (p *Portfolio) Place(id string) (place int, ok bool) {
	at, ok := p.find(id)
	if !ok {
		return 0, false
	}
	return int(p.byID[at]), true
}

func (p *Portfolio) find(id string) (int, bool) {
	return slices.BinarySearchFunc(p.byID, id, func(i int32, id string) int { return cmp.Compare(p.id(i), id) })
}

func (p *Portfolio) id(i int32) string { return p.seat(int(i)).id }

func (p *Portfolio) seat(i int) seat {
	return p.blocks[i/rule.LaneSize].seats[i%rule.LaneSize]
}

// has tells whether a place is in use.
func (p *Portfolio) has(i int) bool {
	return i >= 0 && i < p.places && p.blocks[i/rule.LaneSize].live.Has(i%rule.LaneSize)
}

// System gives the system in a place; false when there is none.
func (p *Portfolio) System(place int) (System, bool) {
	if !p.has(place) {
		return System{}, false
	}
	s := p.seat(place)
	b := p.blocks[place/rule.LaneSize]
	return System{s.id, s.unit, p.kernel.space.Decode(b.columns, place%rule.LaneSize)}, true
}

// Systems goes through the systems in the order of their places.
func (p *Portfolio) Systems() iter.Seq[System] {
	return func(yield func(System) bool) {
		for i := range p.All().Places() {
			if s, _ := p.System(i); !yield(s) {
				return
			}
		}
	}
}

// Verdict tells whether a requirement applies to the system in a place:
// Catalog.Requirements[requirement]. Where there is no system it is Unknown.
func (p *Portfolio) Verdict(place, requirement int) rule.Truth {
	if !p.has(place) {
		return rule.Unknown
	}
	return p.verdicts(place/rule.LaneSize, p.kernel.of[requirement]).truth(place % rule.LaneSize)
}

func (p *Portfolio) verdicts(block, cond int) *verdicts { return p.blocks[block].out[cond] }

func (v *verdicts) truth(i int) rule.Truth {
	switch {
	case v.yes.Has(i):
		return rule.Yes
	case v.no.Has(i):
		return rule.No
	}
	return rule.Unknown
}

// Current holds the newest snapshot of a portfolio that changes. The zero
// value is ready to use and holds nil.
type Current struct {
	newest atomic.Pointer[Portfolio]
	writer sync.Mutex
}

// Load gives the newest snapshot. It never waits.
func (c *Current) Load() *Portfolio { return c.newest.Load() }

// Change puts what the function makes of the newest snapshot in its place, and
// gives both. Changes are made one at a time: a function that reads a system's
// answers from where they are stored cannot bring back older ones than another
// has brought.
func (c *Current) Change(f func(*Portfolio) *Portfolio) (before, after *Portfolio) {
	c.writer.Lock()
	defer c.writer.Unlock()
	before = c.newest.Load()
	after = f(before)
	c.newest.Store(after)
	return before, after
}
