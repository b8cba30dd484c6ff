package portfolio

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// compareNaively looks at one system and one requirement at a time.
func compareNaively(a, b *Portfolio) (total Moves, lines []string, joined, left []int) {
	column := func(p *Portfolio, id string) func(place int) rule.Truth {
		j := slices.IndexFunc(p.Catalog.Requirements, func(r *catalog.Requirement) bool { return r.ID == id })
		if j < 0 {
			return func(int) rule.Truth { return rule.No }
		}
		return func(place int) rule.Truth { return p.Verdict(place, j) }
	}
	var both []int
	for i := range max(a.places, b.places) {
		x, inA := a.System(i)
		y, inB := b.System(i)
		switch same := x.ID == y.ID; {
		case inA && inB && same:
			both = append(both, i)
		default:
			if inA {
				left = append(left, i)
			}
			if inB {
				joined = append(joined, i)
			}
		}
	}
	line := func(id string, only bool) {
		var m Moves
		var turns []string
		was, is := column(a, id), column(b, id)
		for _, i := range both {
			x, y := was(i), is(i)
			if x == y {
				continue
			}
			m.Changed++
			switch y {
			case rule.Yes:
				m.Gained++
			case rule.Unknown:
				m.Opened++
			}
			if x == rule.Yes && y == rule.No {
				m.Lost++
			}
			if x == rule.Unknown {
				m.Settled++
			}
			turns = append(turns, fmt.Sprint(i, Turn{x, y}))
		}
		total.add(m)
		if m.Changed > 0 || only {
			lines = append(lines, fmt.Sprint(id, only, m, turns))
		}
	}
	for _, r := range b.Catalog.Requirements {
		line(r.ID, !slices.ContainsFunc(a.Catalog.Requirements, func(x *catalog.Requirement) bool { return x.ID == r.ID }))
	}
	for _, r := range a.Catalog.Requirements {
		if !slices.ContainsFunc(b.Catalog.Requirements, func(x *catalog.Requirement) bool { return x.ID == r.ID }) {
			line(r.ID, true)
		}
	}
	return total, lines, joined, left
}

func TestCompare(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	p := build(shipped(), randomSystems(r, shipped().Space, rule.LaneSize-5, 4))
	edit := func(p *Portfolio) *Portfolio {
		for n := range 40 {
			id := fmt.Sprintf("s%06d", r.IntN(rule.LaneSize-5))
			switch n % 4 {
			case 0:
				p = p.Without(id)
			case 1:
				p = p.With(System{fmt.Sprintf("n%d", r.IntN(1000)), "u", randomBox(r, p.Catalog.Space)})
			default:
				p = p.With(System{id, "u", randomBox(r, p.Catalog.Space)})
			}
		}
		return p
	}
	unlike := edited(t, anotherFact, oneMore)
	snapshots := []*Portfolio{
		p, edit(p), edit(p), edit(edit(p)).Under(edited(t, oneMore)), p.Under(sharper(t, 2)), edit(p.Under(edited(t, oneThreshold))),
		edit(p.Restated(unlike, func(id string) rule.Box { return randomBox(r, unlike.Space) })),
		build(shipped(), randomSystems(r, shipped().Space, 100, 2)),
	}
	var seen Moves
	for i, a := range snapshots {
		for j, b := range snapshots {
			if r.IntN(3) > 0 {
				continue
			}
			d := Compare(a, b)
			total, lines, joined, left := compareNaively(a, b)
			var got []string
			for _, c := range d.Changes {
				req := c.After
				if req == nil {
					req = c.Before
				}
				var turns []string
				for place, turn := range c.Systems() {
					turns = append(turns, fmt.Sprint(place, turn))
				}
				got = append(got, fmt.Sprint(req.ID, c.Before == nil || c.After == nil, c.Moves, turns))
			}
			if !slices.Equal(got, lines) {
				t.Fatalf("from %d to %d: %.300s, want %.300s", i, j, fmt.Sprint(got), fmt.Sprint(lines))
			}
			if d.Total != total || !slices.Equal(slices.Collect(d.Joined.Places()), joined) || !slices.Equal(slices.Collect(d.Left.Places()), left) {
				t.Fatalf("from %d to %d: %v, want %v; %d joined and %d left, want %d and %d", i, j, d.Total, total, d.Joined.Len(), d.Left.Len(), len(joined), len(left))
			}
			seen.add(total)
		}
	}
	if v := reflect.ValueOf(seen); slices.ContainsFunc([]int{0, 1, 2, 3, 4}, func(i int) bool { return v.Field(i).Int() == 0 }) {
		t.Errorf("something never happened: %v", seen)
	}
}

// For one system the words are engine.Compare's.
func TestCompareAsEngine(t *testing.T) {
	r := rand.New(rand.NewPCG(33, 34))
	c, other := shipped(), edited(t, oneThreshold, oneMore)
	for range 30 {
		f := randomFacts(t, r, c)
		g, err := engine.NewFacts(other, f.Answers)
		if err != nil {
			t.Fatal(err)
		}
		p := build(c, []System{{"a", "", f.Box}})
		if r.IntN(2) == 0 {
			h := randomFacts(t, r, other)
			g = h
		}
		q := p.Under(other).With(System{"a", "", g.Box})
		want := engine.Compare(engine.Derive(f), engine.Derive(g))
		got := Compare(p, q).Total
		if got.Gained != len(want.Added) || got.Lost != len(want.Removed) || got.Opened != len(want.Undecided) {
			t.Errorf("%+v, but engine.Compare has %d added, %d removed, %d undecided", got, len(want.Added), len(want.Removed), len(want.Undecided))
		}
	}
}
