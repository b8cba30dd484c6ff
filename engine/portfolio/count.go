package portfolio

import (
	"iter"
	"maps"
	"math/bits"
	"slices"
	"sync"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// Part is some places of a portfolio, a lane for each LaneSize of them. The
// zero value has none. It belongs to the one who asked for it.
type Part []rule.Lane

// Add takes a place in.
func (s *Part) Add(place int) {
	n := place / rule.LaneSize
	if n >= len(*s) {
		*s = append(*s, make(Part, n+1-len(*s))...)
	}
	(*s)[n].Set(place%rule.LaneSize, true)
}

// Has tells whether a place is in the part.
func (s Part) Has(place int) bool {
	n := place / rule.LaneSize
	return n < len(s) && s[n].Has(place%rule.LaneSize)
}

// Len is how many places are in the part.
func (s Part) Len() int {
	n := 0
	for i := range s {
		for _, w := range &s[i] {
			n += bits.OnesCount64(w)
		}
	}
	return n
}

// Places goes through the places in rising order.
func (s Part) Places() iter.Seq[int] {
	return func(yield func(int) bool) {
		for n := range s {
			for i := range ones(&s[n]) {
				if !yield(n*rule.LaneSize + i) {
					return
				}
			}
		}
	}
}

// ones goes through the bits that are set.
func ones(l *rule.Lane) iter.Seq[int] {
	return func(yield func(int) bool) {
		for w, left := range l {
			for ; left != 0; left &= left - 1 {
				if !yield(64*w + bits.TrailingZeros64(left)) {
					return
				}
			}
		}
	}
}

// part makes a part of the places in use, a word at a time.
func (p *Portfolio) part(word func(block, word int) uint64) Part {
	s := make(Part, len(p.blocks))
	for n, b := range p.blocks {
		for w, live := range b.live {
			if live != 0 {
				s[n][w] = live & word(n, w)
			}
		}
	}
	return s
}

// All is the places of all systems.
func (p *Portfolio) All() Part {
	return p.part(func(int, int) uint64 { return ^uint64(0) })
}

// Where is the places of the systems for which a requirement has a verdict.
func (p *Portfolio) Where(requirement int, verdict rule.Truth) Part {
	return p.part(func(n, w int) uint64 {
		v := p.verdicts(n, p.kernel.of[requirement])
		switch verdict {
		case rule.Yes:
			return v.yes[w]
		case rule.No:
			return v.no[w]
		}
		return ^(v.yes[w] | v.no[w])
	})
}

// Unit is the systems that belong together.
type Unit struct {
	ID   string
	Part Part
}

// Units parts the portfolio by unit, in the order of their ids.
func (p *Portfolio) Units() []Unit {
	all := map[string]*Unit{}
	var u *Unit
	for i := range p.All().Places() {
		// Neighbors often belong together.
		if id := p.seat(i).unit; u == nil || u.ID != id {
			if u = all[id]; u == nil {
				u = &Unit{ID: id}
				all[id] = u
			}
		}
		u.Part.Add(i)
	}
	var out []Unit
	for _, id := range slices.Sorted(maps.Keys(all)) {
		out = append(out, *all[id])
	}
	return out
}

// Tally is how many verdicts there are of each kind.
type Tally struct{ Yes, No, Unknown int }

func (t *Tally) add(u Tally) {
	t.Yes += u.Yes
	t.No += u.No
	t.Unknown += u.Unknown
}

// Counts is the verdicts of some systems, counted.
type Counts struct {
	Systems      int
	Total        Tally   // of all pairs of a system and a requirement
	Requirements []Tally // as Catalog.Requirements: of systems
	Areas        []Tally // as Catalog.Areas: of pairs
}

// Add takes in what was counted of other systems under the same catalogue.
func (c *Counts) Add(d Counts) {
	c.Systems += d.Systems
	c.Total.add(d.Total)
	add := func(to *[]Tally, from []Tally) {
		if *to == nil {
			*to = make([]Tally, len(from))
		}
		for i, t := range from {
			(*to)[i].add(t)
		}
	}
	add(&c.Requirements, d.Requirements)
	add(&c.Areas, d.Areas)
}

// Count counts the verdicts of the systems in a part.
func (p *Portfolio) Count(in Part) Counts {
	c := Counts{
		Requirements: make([]Tally, len(p.kernel.of)),
		Areas:        make([]Tally, len(p.Catalog.Areas)),
	}
	each := make([]Tally, len(p.kernel.conds))
	for n, b := range p.blocks {
		if n == len(in) {
			break
		}
		// The words with anybody in them: a unit has few.
		var mask rule.Lane
		words := make([]uint8, 0, len(mask))
		for w, live := range b.live {
			if mask[w] = live & in[n][w]; mask[w] != 0 {
				words = append(words, uint8(w))
				c.Systems += bits.OnesCount64(mask[w])
			}
		}
		for i := range each {
			v := b.out[i]
			yes, no := 0, 0
			for _, w := range words {
				w %= 64
				yes += bits.OnesCount64(v.yes[w] & mask[w])
				no += bits.OnesCount64(v.no[w] & mask[w])
			}
			each[i].Yes += yes
			each[i].No += no
		}
	}
	for i := range each {
		each[i].Unknown = c.Systems - each[i].Yes - each[i].No
	}
	for r, cond := range p.kernel.of {
		t := each[cond]
		c.Requirements[r] = t
		c.Total.add(t)
		if area := p.Catalog.Requirements[r].Area; area != nil {
			c.Areas[area.Index].add(t)
		}
	}
	return c
}

// Survey counts as Build and Count would, by unit, and keeps no verdicts: for
// more systems than there is room for.
func Survey(c *catalog.Catalog, systems iter.Seq[System]) map[string]*Counts {
	k := newKernel(c)
	out := map[string]*Counts{}
	var mu sync.Mutex
	spread(k.gather(systems), k.program(), func(l load, m *rule.Machine) {
		k.run(l, m)
		some := &Portfolio{Catalog: c, kernel: k, blocks: []*block{l.block}}
		for _, u := range some.Units() {
			counts := some.Count(u.Part)
			mu.Lock()
			if out[u.ID] == nil {
				out[u.ID] = &Counts{}
			}
			out[u.ID].Add(counts)
			mu.Unlock()
		}
	})
	return out
}
