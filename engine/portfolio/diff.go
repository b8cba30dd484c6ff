package portfolio

import (
	"iter"
	"math/bits"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// Diff is what differs between two portfolios.
type Diff struct {
	Total   Moves
	Changes []Change // what moved: in the later catalogue's order, then what that does not have
	// Joined are the places of systems that only the later has, Left of those
	// that only the earlier has. Their verdicts are not among the changes. A
	// system that was taken out and added again has done both.
	Joined, Left Part

	before, after *Portfolio
	both          Part
}

// Moves counts verdicts that differ. One that went from unknown to yes is both
// gained and settled.
type Moves struct {
	Changed int
	Gained  int // yes, and was not
	Lost    int // no, and was yes
	Opened  int // unknown, and was not
	Settled int // was unknown, and is not
}

func (m *Moves) add(n Moves) {
	m.Changed += n.Changed
	m.Gained += n.Gained
	m.Lost += n.Lost
	m.Opened += n.Opened
	m.Settled += n.Settled
}

// Change is a requirement with a verdict that differs for some system, or that
// only one of the catalogues has. There is no verdict on a requirement that a
// catalogue does not have; it is compared as a no.
type Change struct {
	Before, After *catalog.Requirement // nil when the catalogue does not have it
	Moves         Moves

	diff    *Diff
	was, is int // the conditions, or absent
}

// Turn is the verdict of one system, before and after.
type Turn struct{ Before, After rule.Truth }

const absent = -1

// never is the verdicts on an absent requirement.
var never = func() *verdicts {
	v := &verdicts{}
	for w := range v.no {
		v.no[w] = ^uint64(0)
	}
	return v
}()

// Compare tells what differs. Requirements are the same when their ids are;
// systems, when their ids and places are, as they are in snapshots made from
// one another.
func Compare(before, after *Portfolio) *Diff {
	d := &Diff{before: before, after: after}
	d.pair()
	old := map[string]int{}
	for i, r := range before.Catalog.Requirements {
		old[r.ID] = i
	}
	known := map[[2]int]Moves{} // requirements that share their conditions move alike
	add := func(c Change) {
		moves, ok := known[[2]int{c.was, c.is}]
		if !ok {
			moves = d.moves(c.was, c.is)
			known[[2]int{c.was, c.is}] = moves
		}
		if moves.Changed == 0 && c.Before != nil && c.After != nil {
			return
		}
		c.Moves, c.diff = moves, d
		d.Changes = append(d.Changes, c)
		d.Total.add(moves)
	}
	for i, r := range after.Catalog.Requirements {
		c := Change{After: r, was: absent, is: after.kernel.of[i]}
		if j, ok := old[r.ID]; ok {
			c.Before, c.was = before.Catalog.Requirements[j], before.kernel.of[j]
			delete(old, r.ID)
		}
		add(c)
	}
	for i, r := range before.Catalog.Requirements {
		if _, gone := old[r.ID]; gone {
			add(Change{Before: r, was: before.kernel.of[i], is: absent})
		}
	}
	return d
}

// pair finds the systems that both have.
func (d *Diff) pair() {
	same := func(n, w int) uint64 {
		if n >= len(d.before.blocks) || n >= len(d.after.blocks) {
			return 0
		}
		a, b := d.before.blocks[n], d.after.blocks[n]
		both := a.live[w] & b.live[w]
		if a.seats == b.seats {
			return both
		}
		for left := both; left != 0; left &= left - 1 {
			if i := bits.TrailingZeros64(left); a.seats[64*w+i].id != b.seats[64*w+i].id {
				both &^= 1 << i
			}
		}
		return both
	}
	d.both = d.after.part(same)
	d.Joined = d.after.part(func(n, w int) uint64 { return ^d.both[n][w] })
	d.Left = d.before.part(func(n, w int) uint64 { return ^same(n, w) })
}

func (d *Diff) moves(was, is int) (m Moves) {
	for n := range min(len(d.before.blocks), len(d.both)) {
		x, y := d.verdicts(n, was, is)
		if x == y {
			continue // shared
		}
		for w, in := range &d.both[n] {
			changed := ((x.yes[w] ^ y.yes[w]) | (x.no[w] ^ y.no[w])) & in
			if changed == 0 {
				continue
			}
			m.Changed += bits.OnesCount64(changed)
			m.Gained += bits.OnesCount64(changed & y.yes[w])
			m.Lost += bits.OnesCount64(changed & x.yes[w] & y.no[w])
			m.Opened += bits.OnesCount64(changed &^ (y.yes[w] | y.no[w]))
			m.Settled += bits.OnesCount64(changed &^ (x.yes[w] | x.no[w]))
		}
	}
	return m
}

func (d *Diff) verdicts(block, was, is int) (before, after *verdicts) {
	before, after = never, never
	if was != absent {
		before = d.before.verdicts(block, was)
	}
	if is != absent {
		after = d.after.verdicts(block, is)
	}
	return before, after
}

// Systems goes through the systems with a verdict that differs, by place.
func (c Change) Systems() iter.Seq2[int, Turn] {
	return func(yield func(int, Turn) bool) {
		for n := range min(len(c.diff.before.blocks), len(c.diff.both)) {
			before, after := c.diff.verdicts(n, c.was, c.is)
			for i := range ones(&c.diff.both[n]) {
				turn := Turn{before.truth(i), after.truth(i)}
				if turn.Before != turn.After && !yield(n*rule.LaneSize+i, turn) {
					return
				}
			}
		}
	}
}
