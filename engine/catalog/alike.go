package catalog

import (
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine/rule"
)

// idle finds questions that nothing depends on, and options that nothing tells
// apart. Everything is taken with all that decides whether a profile counts.
func (a *analyst) idle() {
	c := a.c
	var all []*rule.Cond
	for _, r := range c.Requirements {
		all = append(all, r.Applies)
		if len(r.ShallWhen.Rows) > 0 {
			for _, w := range r.Wordings {
				all = append(all, w.Holds)
			}
		}
		for _, p := range r.Prefills {
			all = append(all, p.Offered)
		}
	}
	for _, law := range c.Laws {
		all = append(all, law.Applies, law.Suggested)
	}
	for _, p := range c.Profiles {
		all = append(all, p.Offered)
	}
	on := make([][]rule.Func, len(c.Space)) // what depends on each variable
	seen := make([]bool, c.Conds)
	for _, cond := range all {
		if seen[cond.ID] {
			continue
		}
		seen[cond.ID] = true
		for _, v := range cond.Support() {
			on[v] = append(on[v], a.d.Func(cond.Expr))
		}
	}
	used := a.mentioned()
	for _, f := range c.Facts {
		switch {
		case f.IsDerived() && !used[f]:
			a.warn("derived-idle", f.At("id"), f.ID)
		case f.IsDerived() || a.in(a.only(f.Profile), f.Asked) == rule.Never:
		case !slices.ContainsFunc(f.Vars, func(v rule.Var) bool { return len(on[v]) > 0 }):
			a.warn("fact-idle", f.At("id"), f.ID)
		case f.Type == Choice:
			a.alike(f, on[f.Vars[0]])
		case f.Type == Choices:
			for i, v := range f.Vars {
				if len(on[v]) == 0 {
					a.Alike = append(a.Alike, Alike{f, f.Options[i : i+1]})
				}
			}
		}
	}
}

// alike finds the options of a choice that leave the same of every function.
func (a *analyst) alike(f *Fact, functions []rule.Func) {
	group := make([]int, len(f.Options)) // the first option that each is like
	for i := range group {
		group[i] = i
	first:
		for j := range i {
			if group[j] != j {
				continue
			}
			for _, g := range functions {
				if !same(a.fixed(f.Vars[0], i)(g), a.fixed(f.Vars[0], j)(g)) {
					continue first
				}
			}
			group[i] = j
			break
		}
	}
	for i := range group {
		var like []*Option
		for j, o := range f.Options {
			if group[j] == i {
				like = append(like, o)
			}
		}
		if len(like) > 1 {
			a.Alike = append(a.Alike, Alike{f, like})
		}
	}
}

// mentioned tells which facts stand in some row.
func (a *analyst) mentioned() map[*Fact]bool {
	out := map[*Fact]bool{}
	look := func(all ...Rows) {
		for _, rows := range all {
			for _, row := range rows.Rows {
				for _, atom := range row.Atoms {
					out[atom.Fact] = true
				}
			}
		}
	}
	for _, f := range a.c.Facts {
		look(f.AskWhen, f.Derived)
	}
	for _, law := range a.c.Laws {
		look(law.AppliesWhen, law.SuggestedWhen)
	}
	for _, p := range a.c.Profiles {
		look(p.OfferedWhen)
		for _, x := range p.Adjusts {
			look(x.When, x.Unless, x.ShallWhen)
		}
		for _, x := range p.Prefills {
			look(x.When)
		}
	}
	for _, r := range a.c.Requirements {
		look(r.When, r.Unless, r.ShallWhen)
	}
	return out
}

// equal finds derived facts that mean the same, requirements that say the same
// in the same cases, and those that apply together.
func (a *analyst) equal() {
	for _, owner := range append([]*Profile{nil}, a.c.Profiles...) {
		s := a.only(owner)
		first := map[rule.Func]*Fact{}
		for _, f := range a.c.Facts {
			if !f.IsDerived() || f.Profile != nil && f.Profile != owner {
				continue
			}
			means := a.in(s, f.Holds)
			if means == rule.Never || means == rule.Always || means == rule.TooLarge {
				continue
			}
			if g := first[means]; g == nil {
				first[means] = f
			} else if f.Profile == owner {
				a.warn("facts-equal", f.At("id"), f.ID, g.ID, g.At("id").String())
			}
		}
	}

	a.repeated()

	groups := map[rule.Func]int{}
	for _, r := range a.c.Requirements {
		f := a.d.Func(r.Applies.Expr)
		if f == rule.TooLarge {
			continue
		}
		i, ok := groups[f]
		if !ok {
			i = len(a.Groups)
			groups[f] = i
			a.Groups = append(a.Groups, nil)
		}
		a.Groups[i] = append(a.Groups[i], r)
	}
	a.Groups = slices.DeleteFunc(a.Groups, func(g []*Requirement) bool { return len(g) < 2 })
}

// repeated finds requirements that say the same in the same cases. Few say the
// same at all, so that is looked at first.
func (a *analyst) repeated() {
	say := map[string][]*Requirement{}
	for _, r := range a.c.Requirements {
		contents := []*Content{&r.Content}
		for _, c := range r.Changes {
			if c.Adjust != nil {
				contents = append(contents, &c.Adjust.Content)
			}
		}
		for _, c := range contents {
			for _, text := range []string{c.Title, c.Shall} {
				if text = plain(text); text != "" && !slices.Contains(say[text], r) {
					say[text] = append(say[text], r)
				}
			}
		}
	}
	pairs := map[[2]*Requirement]bool{}
	for _, list := range say {
		for i, r := range list {
			for _, q := range list[:i] {
				pairs[[2]*Requirement{q, r}] = true
			}
		}
	}
	if len(pairs) == 0 {
		return
	}
	for i, r := range a.c.Requirements {
		for _, q := range a.c.Requirements[:i] {
			if !pairs[[2]*Requirement{q, r}] {
				continue
			}
			var told once
			for _, s := range a.sets {
				if a.only(q.Profile, r.Profile)&^s != 0 {
					continue
				}
				v, w := a.written(q, s), a.written(r, s)
				alike := plain(v.Title) == plain(w.Title) || v.Shall != "" && plain(v.Shall) == plain(w.Shall)
				if told.news(s, alike && v.Excluded == nil && w.Excluded == nil && can(w.applies) && same(v.applies, w.applies)) {
					a.warn("requirements-equal", r.At("id"), q.ID, r.ID, a.named(s&^a.only(q.Profile, r.Profile)), q.At("id").String())
				}
			}
		}
	}
}

// plain is a text without what makes no difference to a reader.
func plain(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }

// contradictions finds prefills of two profiles that say different things and
// can be offered at once, and of which neither is better founded. Only profiles
// that both suit are looked at: who names one that does not suit has chosen.
func (a *analyst) contradictions() {
	for _, r := range a.c.Requirements {
		for i, f := range r.Prefills {
			for _, g := range r.Prefills[:i] {
				if f.Profile == g.Profile || f.Answer == g.Answer || f.Strength != g.Strength {
					continue
				}
				pair := a.only(f.Profile, g.Profile)
				for _, s := range a.sets {
					if s&pair != pair {
						continue
					}
					both := a.d.And(a.in(s, f.Offered), a.in(s, g.Offered), a.in(s, f.Profile.Offered), a.in(s, g.Profile.Offered))
					if can(both) {
						a.warn("prefills-differ", f.At("answer"), r.ID, g.Answer, f.Answer, g.Profile.ID, f.Profile.ID, a.told(both), f.Strength, g.At("answer").String())
						break
					}
				}
			}
		}
	}
}
