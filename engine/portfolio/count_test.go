package portfolio

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/kravverk/kravverk/engine/rule"
)

// holey is a portfolio with a second block and with places not in use.
func holey(r *rand.Rand, n int) *Portfolio {
	p := build(shipped(), randomSystems(r, shipped().Space, n, 4))
	for i := 0; i < n; i += 1 + r.IntN(80) {
		p = p.Without(fmt.Sprintf("s%06d", i))
	}
	for i := range 20 {
		p = p.With(System{fmt.Sprintf("n%d", i), "u5", randomBox(r, shipped().Space)})
	}
	return p
}

// naive counts one by one.
func naive(p *Portfolio, in func(place int) bool) Counts {
	c := Counts{Requirements: make([]Tally, len(p.Catalog.Requirements)), Areas: make([]Tally, len(p.Catalog.Areas))}
	for s := range p.Systems() {
		i, _ := p.Place(s.ID)
		if !in(i) {
			continue
		}
		c.Systems++
		for j, r := range p.Catalog.Requirements {
			for _, t := range []*Tally{&c.Total, &c.Requirements[j], &c.Areas[r.Area.Index]} {
				switch p.Verdict(i, j) {
				case rule.Yes:
					t.Yes++
				case rule.No:
					t.No++
				default:
					t.Unknown++
				}
			}
		}
	}
	return c
}

func TestCount(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	p := holey(r, rule.LaneSize+500)
	if got, want := p.Count(p.All()), naive(p, func(int) bool { return true }); !reflect.DeepEqual(got, want) {
		t.Errorf("of all: %v, want %v", got.Total, want.Total)
	}
	if got := p.Count(nil); got.Systems != 0 || got.Total != (Tally{}) {
		t.Errorf("of none: %v", got.Total)
	}
	var some Part
	for range 300 {
		some.Add(r.IntN(p.places)) // places that are not in use too
	}
	if got, want := p.Count(some), naive(p, some.Has); !reflect.DeepEqual(got, want) {
		t.Errorf("of some: %v, want %v", got.Total, want.Total)
	}
	survey := Survey(p.Catalog, p.Systems())
	units := p.Units()
	var sum Counts
	for i, u := range units {
		if i > 0 && units[i-1].ID >= u.ID {
			t.Errorf("%s comes after %s", u.ID, units[i-1].ID)
		}
		for place := range u.Part.Places() {
			if s, ok := p.System(place); !ok || s.Unit != u.ID {
				t.Fatalf("%s is in %s", s.ID, u.ID)
			}
		}
		got := p.Count(u.Part)
		if want := naive(p, u.Part.Has); !reflect.DeepEqual(got, want) {
			t.Errorf("of %s: %v, want %v", u.ID, got.Total, want.Total)
		}
		if !reflect.DeepEqual(got, *survey[u.ID]) {
			t.Errorf("of %s the survey says %v, the portfolio %v", u.ID, survey[u.ID].Total, got.Total)
		}
		sum.Add(got)
	}
	if len(survey) != len(units) || !reflect.DeepEqual(sum, p.Count(p.All())) {
		t.Error("the units do not make up the whole")
	}
}

func TestWhere(t *testing.T) {
	p := holey(rand.New(rand.NewPCG(23, 24)), 400)
	for j := range p.Catalog.Requirements {
		for _, v := range []rule.Truth{rule.Unknown, rule.No, rule.Yes} {
			var want []int
			for i := range p.places {
				if _, ok := p.System(i); ok && p.Verdict(i, j) == v {
					want = append(want, i)
				}
			}
			got := p.Where(j, v)
			if !slices.Equal(slices.Collect(got.Places()), want) || got.Len() != len(want) {
				t.Fatalf("where requirement %d is %v: %d places, want %d", j, v, got.Len(), len(want))
			}
		}
	}
}

func TestPart(t *testing.T) {
	var s Part
	want := []int{0, 63, 64, rule.LaneSize - 1, rule.LaneSize, 5*rule.LaneSize + 7}
	for _, i := range []int{5, 3, 0, 4, 2, 1, 1} {
		s.Add(want[i])
	}
	if got := slices.Collect(s.Places()); !slices.Equal(got, want) || s.Len() != len(want) {
		t.Errorf("the places are %v", got)
	}
	for i := range s.Places() {
		if i == 64 {
			break
		}
	}
	if !s.Has(64) || s.Has(65) || s.Has(9*rule.LaneSize) {
		t.Error("Has says otherwise")
	}
}
