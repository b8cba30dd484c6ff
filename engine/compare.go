package engine

import (
	"maps"
	"slices"

	"github.com/kravverk/kravverk/engine/rule"
)

// Changes is what differs between two derivations, in the catalogue's order.
type Changes struct {
	Added     []*Finding  // apply now and did not, or it was not known
	Removed   []*Finding  // applied and no longer do; as they are now, with the reason
	Sharpened []Sharpened // apply in both, with another text
	Undecided []*Finding  // were known and are not any more
}

// Sharpened is a requirement that applies in both derivations and asks for
// something else in the second.
type Sharpened struct {
	Before, After *Finding
	Parameters    []ParameterChange // those that differ; none when a profile rewords
}

// ParameterChange is one parameter's two values; empty where it is not used.
type ParameterChange struct{ Name, Before, After string }

// Empty tells whether nothing differs.
func (c Changes) Empty() bool {
	return len(c.Added)+len(c.Removed)+len(c.Sharpened)+len(c.Undecided) == 0
}

// Compare tells what differs from one derivation to another, for the same
// answers at other levels as well as for two versions of a catalogue.
// Requirements are the same when their ids are.
func Compare(before, after *Derivation) Changes {
	var c Changes
	old := map[string]*Finding{}
	for i := range before.Findings {
		old[before.Findings[i].Requirement.ID] = &before.Findings[i]
	}
	for i := range after.Findings {
		now := &after.Findings[i]
		was := old[now.Requirement.ID]
		delete(old, now.Requirement.ID)
		switch {
		case was == nil:
			// Not in the first catalogue at all: as good as no.
			was = &Finding{Applies: rule.No}
		case was.Applies == rule.Yes && now.Applies == rule.Yes:
			if s := sharpened(was, now); s != nil {
				c.Sharpened = append(c.Sharpened, *s)
			}
			continue
		}
		switch {
		case now.Applies == was.Applies:
		case now.Applies == rule.Yes:
			c.Added = append(c.Added, now)
		case now.Applies == rule.Unknown:
			c.Undecided = append(c.Undecided, now)
		case was.Applies == rule.Yes:
			c.Removed = append(c.Removed, now)
		}
	}
	for i := range before.Findings {
		if gone := &before.Findings[i]; old[gone.Requirement.ID] != nil && gone.Applies == rule.Yes {
			c.Removed = append(c.Removed, gone)
		}
	}
	return c
}

// sharpened is nil when the two ask for the same.
func sharpened(was, now *Finding) *Sharpened {
	s := &Sharpened{Before: was, After: now}
	values := func(f *Finding) map[string]string {
		m := map[string]string{}
		for _, p := range f.Parameters {
			m[p.Name] = p.Value
		}
		return m
	}
	a, b := values(was), values(now)
	names := maps.Clone(a)
	maps.Copy(names, b)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if a[name] != b[name] {
			s.Parameters = append(s.Parameters, ParameterChange{name, a[name], b[name]})
		}
	}
	if len(s.Parameters) == 0 && Text(was.Title) == Text(now.Title) && Text(was.Is) == Text(now.Is) && Text(was.Shall) == Text(now.Shall) {
		return nil
	}
	return s
}
