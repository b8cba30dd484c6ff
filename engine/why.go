package engine

import (
	"maps"
	"slices"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/diag"
	"github.com/kravverk/kravverk/engine/rule"
)

// RowKind is which part of a requirement's condition a row belongs to.
type RowKind string

// A requirement applies when its levels are met, some row of When holds, and no
// row of Unless does. Excluded is a profile's word that it does not apply, and
// Added stands for the profile that adds it.
const (
	RowLevels   RowKind = "levels"
	RowWhen     RowKind = "when"
	RowUnless   RowKind = "unless"
	RowShall    RowKind = "shall_when" // has no say in whether it applies, but in what it says
	RowExcluded RowKind = "exclude"
	RowAdded    RowKind = "profile"
)

// RowFinding is one row that an author wrote, in one classification.
type RowFinding struct {
	Kind  RowKind
	At    diag.Range
	Holds rule.Truth
	// Decides marks the rows that the verdict rests on: with an unknown verdict
	// those that are still open.
	Decides bool
	Atoms   []AtomFinding
}

// AtomFinding is one key of a row.
type AtomFinding struct {
	At    diag.Range
	Text  string // what the author asks for: "K är minst 3 Allvarlig"
	Now   string // what is known of it: "K är 1 Måttlig"
	Holds rule.Truth
	About catalog.Atom // as the author wrote it; empty for a profile's word
}

// Rows gives the author's rows behind a finding, with what is known of each,
// after the profiles that count. A requirement without rows has none.
func (d *Derivation) Rows(x *Finding) []RowFinding {
	f, e := d.Facts, x.Effective
	var rows []RowFinding
	if p := x.Requirement.Profile; p != nil {
		rows = append(rows, RowFinding{Kind: RowAdded, At: x.Requirement.At("id"), Holds: f.counts(p), Atoms: []AtomFinding{{
			At: p.At("id"), Text: profileText(p), Now: f.profileNow(p), Holds: f.counts(p),
		}}})
	}
	if e.Excluded != nil {
		rows = append(rows, RowFinding{Kind: RowExcluded, At: e.Excluded.At("requirement"), Holds: rule.Yes, Atoms: []AtomFinding{{
			At: e.Excluded.At("reason"), Text: excluded(e.By, e.Excluded), Now: f.profileNow(e.By), Holds: rule.Yes,
		}}})
	}
	if len(e.Thresholds) > 0 {
		rows = append(rows, f.levelsRow(x))
	}
	for _, part := range []struct {
		kind RowKind
		rows catalog.Rows
	}{{RowWhen, e.When}, {RowUnless, e.Unless}, {RowShall, e.ShallWhen}} {
		for _, row := range part.rows.Rows {
			r := RowFinding{Kind: part.kind, At: row.At, Holds: row.Holds.Eval(f.Box)}
			for _, a := range row.Atoms {
				r.Atoms = append(r.Atoms, AtomFinding{At: a.At, Text: f.Catalog.AtomText(a), Now: f.now(a), Holds: a.Holds.Eval(f.Box), About: a})
			}
			rows = append(rows, r)
		}
	}
	decide(rows, x.Applies)
	return rows
}

// decide marks the rows that a verdict rests on.
func decide(rows []RowFinding, verdict rule.Truth) {
	mark := func(want rule.Truth, first bool, kinds ...RowKind) bool {
		found := false
		for i := range rows {
			if rows[i].Holds == want && slices.Contains(kinds, rows[i].Kind) && !(first && found) {
				rows[i].Decides, found = true, true
			}
		}
		return found
	}
	switch verdict {
	case rule.Unknown:
		mark(rule.Unknown, false, RowAdded, RowLevels, RowWhen, RowUnless)
	case rule.Yes:
		mark(rule.Yes, true, RowAdded)
		mark(rule.Yes, true, RowLevels)
		// Rows may cover all cases together, with none that holds alone.
		if !mark(rule.Yes, true, RowWhen) {
			mark(rule.Unknown, false, RowWhen)
		}
	default:
		_ = mark(rule.Yes, true, RowExcluded) || mark(rule.No, true, RowAdded) || mark(rule.No, true, RowLevels) ||
			mark(rule.Yes, true, RowUnless) || mark(rule.No, false, RowWhen)
	}
}

// levelsRow is the thresholds as a row: any of them will do.
func (f *Facts) levelsRow(x *Finding) RowFinding {
	at := x.Requirement.At("levels")
	for _, c := range x.Effective.Adjusted {
		if c.Adjust.Levels != nil {
			at = c.Adjust.At("levels")
		}
	}
	row := RowFinding{Kind: RowLevels, At: at, Holds: rule.No}
	for _, t := range x.Effective.Thresholds {
		a := catalog.Atom{Aspect: t.Aspect, Levels: catalog.AtLeast(t.Min)}
		met := rule.No
		if t.Aspect.IsRated() {
			switch left := f.Box[t.Aspect.Var] & a.Levels; left {
			case 0:
			case f.Box[t.Aspect.Var]:
				met = rule.Yes
			default:
				met = rule.Unknown
			}
		}
		switch {
		case met == rule.Yes:
			row.Holds = rule.Yes
		case met == rule.Unknown && row.Holds == rule.No:
			row.Holds = rule.Unknown
		}
		row.Atoms = append(row.Atoms, AtomFinding{At: at, Text: f.Catalog.AtomText(a), Now: f.now(a), Holds: met, About: a})
	}
	return row
}

// now tells what is known of the thing that an atom is about.
func (f *Facts) now(a catalog.Atom) string {
	switch {
	case a.Aspect != nil:
		return f.levelNow(a.Aspect)
	case a.Fact == nil:
		var applies, open []string
		for _, law := range a.Laws {
			switch law.Applies.Eval(f.Box) {
			case rule.Yes:
				applies = append(applies, law.Title)
			case rule.Unknown:
				open = append(open, law.Title)
			}
		}
		switch {
		case len(applies) > 0:
			return fmtNow(say.lawsApply, applies)
		case len(open) > 0:
			return fmtNow(say.lawsOpen, open)
		}
		if len(a.Laws) == 1 {
			return say.lawNot
		}
		return say.lawsNot
	case a.Fact.IsDerived():
		switch a.Fact.Holds.Eval(f.Box) {
		case rule.Yes:
			return a.Fact.BoolPhrase(true)
		case rule.No:
			return a.Fact.BoolPhrase(false)
		}
		return say.nowOpen
	}
	return f.AnswerText(a.Fact)
}

// AnswerText is the answer to a fact's question in words, or why there is none.
func (f *Facts) AnswerText(fact *catalog.Fact) string {
	switch asked := f.Asked(fact); {
	case asked == rule.No:
		return say.notAsked
	case f.handled[fact.ID] == NotKnown:
		return say.notKnown
	case f.handled[fact.ID] == Unanswered && asked == rule.Unknown:
		return say.notAskedYet
	case f.handled[fact.ID] == Unanswered:
		return say.notAnswered
	}
	var chosen []string
	for i, v := range fact.Vars {
		switch {
		case fact.Type == catalog.Bool:
			chosen = append(chosen, fact.BoolPhrase(f.Box[v].Has(1)))
		case fact.Type == catalog.Choice:
			chosen = append(chosen, fact.OptionPhrase(f.Box[v].Values()[0]))
		case f.Box[v].Has(1):
			chosen = append(chosen, fact.OptionPhrase(i))
		}
	}
	if len(chosen) == 0 {
		return say.noneOfThese
	}
	return both(chosen)
}

// Flip is one way to turn a verdict: these changes together, and nothing else.
type Flip []string

// Flips gives the smallest changes of answers that would turn a finding's
// verdict, at most three, in words.
func (d *Derivation) Flips(x *Finding) []Flip {
	var out []Flip
	for _, turns := range d.Turns(x) {
		var flip Flip
		for _, t := range turns {
			flip = append(flip, t.Words)
		}
		out = append(out, flip)
	}
	return out
}

// Turn is one change of a flip: what it is of, and what to do, in words.
type Turn struct {
	ReasonAtom
	To rule.Atom // the variable, and the values that would do
}

// Turns is the same changes as Flips, with what each is of.
func (d *Derivation) Turns(x *Finding) [][]Turn {
	f := d.Facts
	var out [][]Turn
	for _, atoms := range x.Requirement.Applies.Flips(f.Box, f.changeable, 3) {
		var turns []Turn
		for _, a := range atoms {
			t := Turn{To: a}
			t.ReasonAtom, _ = f.words(a)
			t.Words = f.changeWords(a)
			turns = append(turns, t)
		}
		out = append(out, turns)
	}
	return out
}

// Fixed tells whether no answers at all would turn a finding's verdict. A
// finding that is not fixed may still lack flips: then more than three answers
// would have to change.
func (d *Derivation) Fixed(x *Finding) bool {
	f := d.Facts
	wide := slices.Clone(f.Box)
	for _, v := range x.Requirement.Applies.Support() {
		if f.changeable(v) {
			wide[v] = f.Catalog.Space.Full(v)
		}
	}
	return x.Requirement.Applies.Eval(wide) == x.Applies
}

// changeable tells whether a person can change what stands behind a variable.
func (f *Facts) changeable(v rule.Var) bool {
	_, ok := f.words(rule.Atom{Var: v, Set: f.Box[v]})
	return ok
}

// WhatIf gives the facts as they would be with other levels, by aspect, and
// other answers, by fact; a nil answer takes one back. A level that is given
// stands whatever the information says. The answers are held to the same checks
// as those that are saved, and what is wrong comes in one *AnswersError.
func (f *Facts) WhatIf(levels map[string]int, answers map[string]any) (*Facts, error) {
	a := f.Answers
	a.Facts = maps.Clone(a.Facts)
	if a.Facts == nil {
		a.Facts = map[string]any{}
	}
	for id, v := range answers {
		if v == nil {
			delete(a.Facts, id)
		} else {
			a.Facts[id] = v
		}
	}
	n, err := NewFacts(f.Catalog, a)
	if err != nil {
		return nil, err
	}
	var bad AnswersError
	for _, id := range slices.Sorted(maps.Keys(levels)) {
		i := slices.IndexFunc(n.Levels, func(l LevelFinding) bool { return l.Aspect.ID == id })
		switch level := levels[id]; {
		case i < 0:
			bad.add("/levels/"+id, "", say.noAspect, id)
		case level < 0 || level > 3:
			bad.add("/levels/"+id, say.tryLevelHint, say.noLevel, level)
		default:
			n.Levels[i] = LevelFinding{Aspect: n.Levels[i].Aspect, Possible: rule.Of(level)}
			n.Box[n.Levels[i].Aspect.Var] = rule.Of(level)
		}
	}
	if len(bad.Problems) > 0 {
		return nil, &bad
	}
	n.settle()
	return n, nil
}

// Step is what a system would be asked for at one level of one aspect, all else
// as it is.
type Step struct {
	Aspect *catalog.Aspect
	Level  int
	Now    bool // it is the level today
	Count
	// Added and Removed are the requirements' difference from today: what would
	// come to apply, and what would no longer.
	Added, Removed []*catalog.Requirement
}

// Count is how many requirements there are of each verdict.
type Count struct {
	Yes, No, Unknown int
	Supplier         int // of those that apply, how many are put to a supplier: all but the organization's own
}

// Count counts the requirements by verdict, without deriving their texts.
func (f *Facts) Count() Count {
	var n Count
	for _, r := range f.Catalog.Requirements {
		switch r.Applies.Eval(f.Box) {
		case rule.Yes:
			n.Yes++
			if r.Concern != "own" {
				n.Supplier++
			}
		case rule.No:
			n.No++
		default:
			n.Unknown++
		}
	}
	return n
}

// Steps gives the list at every level of every rated aspect, all else as it is:
// by aspect, then by rising level.
func (f *Facts) Steps() []Step {
	var out []Step
	now := make([]rule.Truth, len(f.Catalog.Requirements))
	for i, r := range f.Catalog.Requirements {
		now[i] = r.Applies.Eval(f.Box)
	}
	for _, l := range f.Levels {
		at := *f
		at.Box = slices.Clone(f.Box)
		for level := range 4 {
			s := Step{Aspect: l.Aspect, Level: level, Now: l.Possible == rule.Of(level)}
			at.Box[l.Aspect.Var] = rule.Of(level)
			s.Count = at.Count()
			for i, r := range f.Catalog.Requirements {
				switch then := r.Applies.Eval(at.Box); {
				case then == rule.Yes && now[i] != rule.Yes:
					s.Added = append(s.Added, r)
				case now[i] == rule.Yes && then != rule.Yes:
					s.Removed = append(s.Removed, r)
				}
			}
			out = append(out, s)
		}
	}
	return out
}
