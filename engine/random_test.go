package engine

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// author writes catalogues at random, with everything that a condition can
// hang on: levels, rows, exceptions, hidden questions, derived facts, laws and
// profiles that adjust, exclude, include and add.
type author struct {
	*rand.Rand
	atoms []string // those that may be written so far
}

func (a *author) chance(n int) bool { return a.IntN(n) == 0 }

func (a *author) fact(id, values string) {
	for _, v := range strings.Split(values, " ") {
		a.atoms = append(a.atoms, id+" = "+v)
	}
}

// rows gives one to three rows of one to three keys each, no key twice in one.
func (a *author) rows(levels bool) string {
	pool := slices.Clone(a.atoms)
	if levels {
		pool = append(pool, `K = ">=2"`, `K = "<=1"`, `R = "=3"`, `R = ">0"`, `T = "<3"`, `T = ">=1"`)
	}
	var rows []string
	for range 1 + a.IntN(3) {
		keys := map[string]string{}
		for range 1 + a.IntN(3) {
			atom := pool[a.IntN(len(pool))]
			key, _, _ := strings.Cut(atom, " = ")
			keys[key] = atom
		}
		rows = append(rows, "{ "+strings.Join(slices.Sorted(maps.Values(keys)), ", ")+" }")
	}
	return "[ " + strings.Join(rows, ", ") + " ]"
}

func (a *author) ask() string {
	if len(a.atoms) == 0 || a.chance(3) {
		return ""
	}
	return "ask_when = " + a.rows(true)
}

func (a *author) requirement(id string) string {
	var more []string
	levels := a.chance(2)
	if levels {
		more = append(more, fmt.Sprintf("levels = { K = %d, R = %d }", 1+a.IntN(3), 1+a.IntN(3)))
		if a.chance(2) {
			more = append(more, `title = "Spara {tid}"`, `parameters = { tid = { 1 = "kort", 2 = "länge" } }`)
		}
	}
	if !a.chance(4) {
		more = append(more, "when = "+a.rows(!levels))
	}
	if a.chance(3) {
		more = append(more, "unless = "+a.rows(true))
	}
	if a.chance(3) {
		more = append(more, `shall = "Leverantören ska göra så."`, "shall_when = "+a.rows(true))
	}
	return req(id, more...)
}

func (a *author) catalog() (bas string, profiles []string) {
	for _, id := range []string{"x", "y", "z"} {
		bas += boolFact(id, a.ask())
		a.fact(id, "true false")
	}
	bas += drift
	a.fact("drift", `"egen" "sta" ["sta","moln"]`)
	bas += "\n[[fact]]\nid = \"data\"\ntype = \"choices\"\ntitle = \"Data\"\ngroup = \"G\"\nquestion = \"?\"\noptions = [ { id = \"a\", title = \"A\" }, { id = \"b\", title = \"B\" } ]\n" + a.ask() + "\n"
	a.fact("data", `"a" "b" ["a","b"]`)
	bas += smallLaws
	a.fact("lagrum", `"lag"`)
	bas += "\n[[law]]\nid = \"foljd\"\ntitle = \"Följden\"\nsource = \"2025:2\"\neffect = \"?\"\napplies_when = " + a.rows(false) + "\n"
	a.fact("lagrum", `"foljd" ["lag","foljd"]`)
	for _, id := range []string{"d", "e"} {
		bas += derived(id, a.rows(true))
		a.fact(id, "true false")
	}
	for i := range 6 {
		bas += a.requirement(fmt.Sprintf("AAA-%02d", i+1))
	}
	for i := range a.IntN(3) {
		p := profile(fmt.Sprintf("p%d", i), i+1, "offered_when = "+a.rows(true))
		own := fmt.Sprintf("q%d", i)
		p += boolFact(own, a.ask())
		base := slices.Clone(a.atoms)
		a.fact(own, "true false")
		p += a.requirement(fmt.Sprintf("AAA-1%d", i)) + adjust("AAA-01", "levels = { T = 2 }", fmt.Sprintf("title = \"Rubrik %d\"", i)) +
			prefill("AAA-02", []string{"yes", "no"}[a.IntN(2)], "assumed", "when = "+a.rows(true))
		if i == 0 || a.chance(2) {
			p += exclude("AAA-03", "?")
		} else {
			p += include("AAA-03")
		}
		profiles = append(profiles, p)
		a.atoms = base
	}
	return bas, profiles
}

// On catalogues and answers drawn at random, the engine's verdicts hold when
// every state is tried by the certificate's own evaluator, the bit-sliced
// program agrees with the single one, the adaptive path gives the same list as
// the full questionnaire, and one more answer never makes a known verdict
// unknown.
func TestRandomCatalogs(t *testing.T) {
	n, loaded := 100, 0
	if testing.Short() {
		n = 15
	}
	for seed := range n {
		a := &author{Rand: rand.New(rand.NewPCG(41, uint64(seed)))}
		bas, profiles := a.catalog()
		fsys := files(bas, profiles...)
		c, found := catalog.Load(fsys, catalog.Options{})
		if c == nil {
			// A ring, or a row that the checks refuse: no catalogue to use.
			if !strings.Contains(text(found, fsys), "[") {
				t.Fatal(text(found, fsys))
			}
			continue
		}
		loaded++
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			var facts []*Facts
			for range 4 {
				x := random(a.Rand, c, 4)
				before, _ := x.ask(t, c, full)
				after, _ := x.ask(t, c, adaptive(t))
				if got, want := list(after), list(before); got != want {
					t.Fatalf("the lists differ for %v:\n%s\nfull:\n%s\n%s", x, got, want, bas)
				}
				facts = append(facts, after, before)
			}
			for range 10 {
				facts = append(facts, some(t, a.Rand, c))
			}
			var conds []*rule.Cond
			for _, r := range c.Requirements {
				conds = append(conds, r.Applies)
			}
			p := rule.Exact(c.Space, conds)
			in, out := make([]*rule.Lane, c.Space.Columns()), make([]*rule.Lane, p.Outputs())
			for _, l := range [][]*rule.Lane{in, out} {
				for i := range l {
					l[i] = new(rule.Lane)
				}
			}
			for i, f := range facts {
				c.Space.Encode(in, i, f.Box)
			}
			p.Machine().Run(in, out)
			for i, f := range facts {
				d := Derive(f)
				certifies(t, d)
				for j, x := range d.Findings {
					if yes, no := out[2*j].Has(i), out[2*j+1].Has(i); yes != (x.Applies == Yes) || no != (x.Applies == No) {
						t.Fatalf("%s: single %v, bit-sliced yes %v, no %v", x.Requirement.ID, x.Applies, yes, no)
					}
				}
			}
			if t.Failed() {
				t.Log(bas, profiles)
			}
		})
	}
	if loaded < n/2 {
		t.Errorf("only %d of %d catalogues load", loaded, n)
	}
	t.Logf("%d of %d catalogues load", loaded, n)
}

// some answers some of the questions, and then one more.
func some(t *testing.T, r *rand.Rand, c *catalog.Catalog) *Facts {
	x := random(r, c, 5)
	a := Answers{Facts: map[string]any{}}
	a.Classification.Catalog = c.ID
	if r.IntN(3) == 0 {
		a.Classification.Profiles = []string{}
		for _, p := range c.Profiles {
			if r.IntN(2) == 0 {
				a.Classification.Profiles = append(a.Classification.Profiles, p.ID)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(x.facts)) {
		if r.IntN(2) == 0 {
			a.Facts[id] = x.facts[id]
		}
	}
	levels := map[string]int{}
	for _, id := range slices.Sorted(maps.Keys(x.levels)) {
		if r.IntN(2) == 0 {
			levels[id] = x.levels[id]
		}
	}
	if len(levels) > 0 {
		a.Information = []Information{{Type: "Uppgifter", Levels: levels}}
	}
	f, err := NewFacts(c, a)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range slices.Sorted(maps.Keys(x.facts)) {
		if a.Facts[id] == nil {
			more, err := f.WhatIf(nil, map[string]any{id: x.facts[id]})
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range c.Requirements {
				if was, is := q.Applies.Eval(f.Box), q.Applies.Eval(more.Box); was != Unknown && is != was {
					t.Fatalf("%s went from %v to %v by an answer to %s", q.ID, was, is, id)
				}
			}
		}
	}
	return f
}
