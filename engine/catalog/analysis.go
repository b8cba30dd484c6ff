package catalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine/diag"
	"github.com/kravverk/kravverk/engine/rule"
)

// Analysis is what can be proven of a catalogue. It is complete, since every
// fact is finite: what is not remarked on does not occur, with the base alone,
// each profile, each pair of them and all.
type Analysis struct {
	// Findings are warnings, each in its place.
	Findings diag.List
	// Witnesses show that things can be reached: the requirements, prefills,
	// questions and answers, each in the catalogue's order. Of what cannot be
	// reached a finding says why.
	Witnesses []Witness
	// Groups are the requirements with equal conditions, two or more in each.
	Groups [][]*Requirement
	// Alike are the options that nothing in the catalogue tells apart. A
	// respondent may need them all the same.
	Alike []Alike
}

// Alike is options of one choice that nothing tells apart, or one of choices
// that makes no difference.
type Alike struct {
	Fact    *Fact
	Options []*Option
}

// Count tells how many things of a kind there are, and how many of them can be
// reached.
func (a *Analysis) Count(k Kind) (reached, all int) {
	for _, w := range a.Witnesses {
		if w.Kind == k {
			all++
			reached += truth(w.Reached)
		}
	}
	return reached, all
}

// Within is the part of an analysis that stands in some of the files.
func (a *Analysis) Within(file func(name string) bool) *Analysis {
	return &Analysis{
		Findings:  kept(a.Findings, func(d diag.Diagnostic) bool { return file(d.Range.File) }),
		Witnesses: kept(a.Witnesses, func(w Witness) bool { return file(w.At.File) }),
		Groups:    a.Groups,
		Alike:     kept(a.Alike, func(x Alike) bool { return file(x.Fact.At("id").File) }),
	}
}

func kept[S ~[]T, T any](list S, keep func(T) bool) S {
	return slices.DeleteFunc(slices.Clone(list), func(t T) bool { return !keep(t) })
}

// Analyze works out what can be proven of a catalogue. The same catalogue gives
// the same analysis.
//
// A profile counts or it does not, so a combination of profiles is a box in
// which the choice of them is settled: they are named, and no others. Nothing
// is lost by that, for a classification that names none is like one that names
// those whose offers hold.
func Analyze(c *Catalog) *Analysis {
	if len(c.Profiles) > maxProfiles {
		var p problems
		p.warn("profiles", c.Profiles[maxProfiles].At("id"), itoa(maxProfiles))
		return &Analysis{Findings: p.list}
	}
	a := newAnalyst(c)
	a.prove()
	a.witness()
	a.Findings = a.list.Sorted()
	return a.Analysis
}

// maxProfiles is how many profiles a combination can be of.
const maxProfiles = 64

// analyst is the state of one Analyze.
type analyst struct {
	*Analysis
	problems
	c     *Catalog
	d     *rule.Diagram
	sets  []rule.Set // the combinations of profiles to look at: a set of their numbers each
	known map[rule.Set]*combination
	// offers is the classification that names no profiles.
	offers *combination
	// levels gives what is left of a function at each level of an aspect.
	levels map[*Aspect][]func(rule.Func) rule.Func
	tariff rule.Tariff
	answer []*Fact // behind each variable; nil for a level, a law and a profile
	fixes  map[[2]int]func(rule.Func) rule.Func
	proof  *proof // nil until one is needed
}

// combination is the profiles that count.
type combination struct {
	profiles []*Profile // those named
	fix      func(rule.Func) rule.Func
	effects  []effect // nil until they are asked for
}

func newAnalyst(c *Catalog) *analyst {
	a := &analyst{
		Analysis: &Analysis{}, c: c, d: rule.NewDiagram(c.Space),
		known: map[rule.Set]*combination{}, levels: map[*Aspect][]func(rule.Func) rule.Func{},
		fixes: map[[2]int]func(rule.Func) rule.Func{},
	}
	n := len(c.Profiles)
	a.sets = append(a.sets, 0)
	for i := range n {
		a.sets = append(a.sets, rule.Of(i))
	}
	for i := range n {
		for j := range i {
			a.sets = append(a.sets, rule.Of(j, i))
		}
	}
	if n > 2 {
		a.sets = append(a.sets, rule.Set(1)<<n-1)
	}
	off := map[rule.Var]int{c.named: 0}
	for _, p := range c.Profiles {
		off[p.in] = 0
	}
	a.offers = &combination{fix: a.d.Fix(off)}
	for _, aspect := range c.Aspects {
		for v := range 4 {
			if aspect.IsRated() {
				a.levels[aspect] = append(a.levels[aspect], a.fixed(aspect.Var, v))
			}
		}
	}
	a.price()
	return a
}

// with gives a combination by its set.
func (a *analyst) with(s rule.Set) *combination {
	x := a.known[s]
	if x == nil {
		x = &combination{}
		values := map[rule.Var]int{a.c.named: 1}
		for i, p := range a.c.Profiles {
			values[p.in] = truth(s.Has(i))
			if s.Has(i) {
				x.profiles = append(x.profiles, p)
			}
		}
		x.fix = a.d.Fix(values)
		a.known[s] = x
	}
	return x
}

// only is the combination of one profile, or of none for nil.
func (a *analyst) only(profiles ...*Profile) rule.Set {
	var s rule.Set
	for i, p := range a.c.Profiles {
		if slices.Contains(profiles, p) {
			s |= rule.Of(i)
		}
	}
	return s
}

// in is what is left of a condition in a combination.
func (a *analyst) in(s rule.Set, c *rule.Cond) rule.Func { return a.with(s).fix(a.d.Func(c.Expr)) }

// cases are the combinations that differ for what an owner adds and these
// others have a say in, the smaller first.
func (a *analyst) cases(owner *Profile, others []*Profile) []rule.Set {
	home := a.only(owner)
	matter := home | a.only(others...)
	var out []rule.Set
	for _, s := range a.sets {
		if s &= matter; s&home == home && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// once holds a finding to the combinations that bring it about.
type once []looked

// looked is a combination that has been looked at, and whether it is so there.
type looked struct {
	set rule.Set
	so  bool
}

// news tells whether something is so in a combination and in none of those that
// lack the least of it. The smaller are to be looked at first.
func (o *once) news(s rule.Set, so bool) bool {
	inside := func(small, large rule.Set) bool { return small != large && small&^large == 0 }
	is := so
	for _, x := range *o {
		if x.so && inside(x.set, s) && !slices.ContainsFunc(*o, func(y looked) bool { return inside(x.set, y.set) && inside(y.set, s) }) {
			is = false
		}
	}
	*o = append(*o, looked{s, so})
	return is
}

// same tells whether two functions are known to be one.
func same(f, g rule.Func) bool { return f == g && f != rule.TooLarge }

// can tells whether a function is known to hold somewhere.
func can(f rule.Func) bool { return f != rule.Never && f != rule.TooLarge }

// prove makes the findings.
func (a *analyst) prove() {
	for _, f := range a.c.Facts {
		a.fact(f)
	}
	for _, law := range a.c.Laws {
		a.law(law)
	}
	for _, p := range a.c.Profiles {
		if len(p.OfferedWhen.Rows) == 0 {
			continue
		}
		if a.in(0, p.Offered) == rule.Never {
			a.warn("profile-never", p.At("id"), p.ID, a.why(p.OfferedWhen.Rows, nil))
		} else {
			a.rows(site{rows: p.OfferedWhen.Rows, in: rule.Always})
		}
	}
	for _, r := range a.c.Requirements {
		a.requirement(r)
	}
	for _, p := range a.c.Profiles {
		for _, f := range p.Prefills {
			a.prefill(f)
		}
	}
	a.idle()
	a.equal()
	a.contradictions()
}

func (a *analyst) fact(f *Fact) {
	s := a.only(f.Profile)
	if f.IsDerived() {
		switch a.in(s, f.Holds) {
		case rule.Never:
			a.warn("derived-never", f.At("id"), f.ID, a.why(f.Derived.Rows, nil))
		case rule.Always:
			a.warn("derived-always", f.At("id"), f.ID)
		default:
			a.rows(site{rows: f.Derived.Rows, set: s, in: rule.Always})
		}
		return
	}
	if len(f.AskWhen.Rows) == 0 {
		return
	}
	switch a.in(s, f.Asked) {
	case rule.Never:
		a.warn("never-asked", f.At("id"), f.ID, a.why(f.AskWhen.Rows, nil))
	case rule.Always:
		a.warn("asked-always", f.At("ask_when"), f.ID)
	default:
		a.rows(site{rows: f.AskWhen.Rows, set: s, in: rule.Always})
	}
}

func (a *analyst) law(law *Law) {
	s := a.only(law.Profile)
	a.rows(site{rows: law.SuggestedWhen.Rows, set: s, in: rule.Always})
	if law.Ticked {
		return
	}
	switch a.in(s, law.Applies) {
	case rule.Never:
		a.warn("law-never", law.At("id"), law.ID, a.why(law.AppliesWhen.Rows, nil))
	case rule.Always:
		a.warn("law-always", law.At("applies_when"), law.ID)
	default:
		a.rows(site{rows: law.AppliesWhen.Rows, set: s, in: rule.Always})
	}
}

// requirement looks at a requirement in every combination that it differs in.
func (a *analyst) requirement(r *Requirement) {
	home := a.only(r.Profile)
	var others []*Profile
	for _, c := range r.Changes {
		others = append(others, c.Profile)
	}
	var never, always once
	lost := make([]once, len(a.c.Aspects))
	var all []*written
	for _, s := range a.cases(r.Profile, others) {
		w := a.written(r, s)
		if w.Excluded != nil {
			continue
		}
		all = append(all, w)
		if never.news(s, w.applies == rule.Never) {
			where := a.beyond(r, s)
			if s == home && a.d.Func(r.Applies.Expr) != rule.Never {
				where = proofWords.alone
			}
			a.warn("never", w.at, r.ID, where, a.why(w.When.Rows, w.aroundWhen()))
		}
		stated := len(w.Thresholds)+len(w.When.Rows)+len(w.Unless.Rows) > 0
		if always.news(s, stated && w.applies == rule.Always) {
			a.warn("always", w.at, r.ID, a.beyond(r, s))
		}
		if r.Monotone == nil || *r.Monotone {
			a.monotone(r, w, lost)
		}
	}
	a.asked(r)
	a.content(all, &r.Content, &r.place)
	for _, c := range r.Changes {
		if c.Adjust != nil {
			a.content(all, &c.Adjust.Content, &c.Adjust.place)
		}
	}
}

// asked tells of a SHALL wording that is never put to a supplier, or always in
// spite of its rows.
func (a *analyst) asked(r *Requirement) {
	if len(r.ShallWhen.Rows) == 0 {
		return
	}
	var put, silent bool
	for _, w := range r.Wordings {
		if a.d.Func(w.Holds.Expr) != rule.Never {
			put, silent = put || w.Shall != "", silent || w.Shall == ""
		}
	}
	switch {
	case !put && silent:
		a.warn("shall-never", r.At("shall_when"), r.ID)
	case put && !silent:
		a.warn("shall-always", r.At("shall_when"), r.ID)
	}
}

// written is a requirement's content as the profiles of a combination leave it,
// and where it stands.
type written struct {
	Effective
	set      rule.Set
	applies  rule.Func
	at       diag.Range // of the requirement, or of the last adjustment of it
	levelsAt diag.Range

	reached, stated, barred rule.Func // levels, when and unless
}

func (a *analyst) written(r *Requirement, s rule.Set) *written {
	w := &written{Effective: Effective{Content: r.Content}, set: s, applies: a.in(s, r.Applies), at: r.At("id"), levelsAt: r.At("levels")}
	for _, c := range r.Changes {
		if a.only(c.Profile)&s == 0 {
			continue
		}
		w.Effective = w.with(c)
		if c.Adjust != nil {
			w.at = c.Adjust.At("requirement")
			if c.Adjust.Levels != nil {
				w.levelsAt = c.Adjust.At("levels")
			}
		}
	}
	return w
}

// constant tells that the requirement always or never applies.
func (w *written) constant() bool { return w.applies == rule.Never || w.applies == rule.Always }

func (w *written) levels() []piece {
	if len(w.Thresholds) == 0 {
		return nil
	}
	return []piece{levelsPiece(w.Thresholds, w.levelsAt)}
}

func (w *written) aroundWhen() []piece { return append(w.levels(), unlessPieces(w.Unless.Rows)...) }

func (w *written) aroundUnless() []piece {
	if len(w.When.Rows) == 0 {
		return w.levels()
	}
	return append(w.levels(), whenPiece(w.When.Rows))
}

func (w *written) pieces() []piece { return append(w.aroundUnless(), unlessPieces(w.Unless.Rows)...) }

// content looks at the levels and the rows that own, which stands at p, gives a
// requirement, and finds what makes no difference in any of the combinations
// where they are in force. Rows without what has been found take their place in
// what is looked at next.
func (a *analyst) content(all []*written, own *Content, p *place) {
	var levels, when, unless site
	for _, w := range all {
		w.reached, w.barred, w.stated = a.d.Func(met(w.Thresholds)), a.any(w.set, w.Unless.Rows), rule.Always
		if len(w.When.Rows) > 0 {
			w.stated = a.any(w.set, w.When.Rows)
		}
		if ours(w.When.Rows, own.When.Rows) {
			a.widen(&when, w.set, a.d.And(w.reached, a.d.Not(w.barred)), w.aroundWhen, w.constant())
		}
	}
	if when.seen {
		when.rows = own.When.Rows
		left := a.needed(when, p.At("when"))
		for _, w := range all {
			if ours(w.When.Rows, own.When.Rows) {
				w.stated = left
			}
		}
	}
	for _, w := range all {
		if ours(w.Unless.Rows, own.Unless.Rows) {
			a.widen(&unless, w.set, a.d.And(w.reached, w.stated), w.aroundUnless, w.constant())
		}
	}
	if unless.seen {
		unless.rows = own.Unless.Rows
		left := a.rows(unless)
		for _, w := range all {
			if ours(w.Unless.Rows, own.Unless.Rows) {
				w.barred = left
			}
		}
	}
	for _, w := range all {
		if w.levelsAt == p.At("levels") {
			a.widen(&levels, w.set, a.d.And(w.stated, a.d.Not(w.barred)), nil, w.constant())
		}
	}
	if !levels.seen || levels.spent {
		return
	}
	left := own.Thresholds
	total := a.d.And(a.d.Func(met(left)), levels.in)
	for i := len(left) - 1; i >= 0; i-- {
		if !left[i].Aspect.IsRated() {
			continue // Load has remarked on it
		}
		fewer := slices.Delete(slices.Clone(left), i, i+1)
		if same(a.d.And(a.d.Func(met(fewer)), levels.in), total) {
			a.warn("level-idle", p.At("levels/"+left[i].Aspect.ID), left[i].Aspect.ID)
			left = fewer
		}
	}
}

// ours tells whether rows in force are those that were written in one place.
func ours(rows, own []Row) bool { return len(rows) > 0 && len(own) > 0 && &rows[0] == &own[0] }

// prefill looks at a prefill in every combination that it differs in. One whose
// requirement another profile takes out, or that never applies, is as it should
// be, or has been remarked on.
func (a *analyst) prefill(f *Prefill) {
	r, home := f.Requirement, a.only(f.Profile)
	others := []*Profile{r.Profile}
	for _, c := range r.Changes {
		others = append(others, c.Profile)
	}
	var never once
	var when site
	for _, s := range a.cases(f.Profile, others) {
		w, offered := a.written(r, s), a.in(s, f.Offered)
		switch {
		case w.Excluded != nil && s == home:
			a.warn("prefill-excluded", f.At("requirement"), r.ID, w.Excluded.At("requirement").String())
			never.news(s, true)
		case w.Excluded == nil && w.applies != rule.Never:
			if never.news(s, offered == rule.Never) {
				a.warn("prefill-never", f.At("requirement"), r.ID, a.named(s&^home), a.why(f.When.Rows, w.pieces()))
			}
			a.widen(&when, s, w.applies, w.pieces, offered == rule.Never)
		}
	}
	if when.seen && len(f.When.Rows) > 0 {
		when.rows = f.When.Rows
		a.needed(when, f.At("when"))
	}
}

// monotone finds a level that takes the requirement away when it is raised.
func (a *analyst) monotone(r *Requirement, w *written, lost []once) {
	for i, aspect := range a.c.Aspects {
		falls, from := rule.Never, 0
		for v := range max(0, len(a.levels[aspect])-1) {
			low, high := a.levels[aspect][v](w.applies), a.levels[aspect][v+1](w.applies)
			if low != rule.TooLarge && high != rule.TooLarge && a.d.Or(low, high) != high {
				falls, from = a.d.And(low, a.d.Not(high)), v
				break
			}
		}
		if lost[i].news(w.set, can(falls)) {
			a.warn("falls", w.at, aspect.ID, itoa(from), itoa(from+1), r.ID, a.beyond(r, w.set), a.told(falls), w.culprit(aspect))
		}
	}
}

// culprit tells which row makes a level take the requirement away; empty when
// no row does so on its own.
func (w *written) culprit(aspect *Aspect) string {
	for _, x := range []struct {
		rows []Row
		end  int // the level that a row must take in to be harmless
	}{{w.When.Rows, 3}, {w.Unless.Rows, 0}} {
		for _, row := range x.rows {
			for _, atom := range row.Atoms {
				if atom.Aspect == aspect && !atom.Levels.Has(x.end) {
					return fmt.Sprintf(proofWords.culprit, atom.text(), atom.At)
				}
			}
		}
	}
	return ""
}

// maxWhy is how many rows a proof goes into.
const maxWhy = 3

// why proves that no row can hold together with its context, or the context
// with itself.
func (a *analyst) why(rows []Row, context []piece) string {
	if len(rows) == 0 {
		rows = []Row{{}}
	}
	var out []string
	for _, row := range rows[:min(len(rows), maxWhy)] {
		core := a.clash(append(atomPieces(row.Atoms), context...))
		sentence := told(core)
		if !slices.ContainsFunc(row.Atoms, func(atom Atom) bool {
			return slices.ContainsFunc(core, func(x piece) bool { return x.at == atom.At })
		}) {
			return sentence // whatever the row says
		}
		if !slices.Contains(out, sentence) {
			out = append(out, sentence)
		}
	}
	if n := len(rows) - maxWhy; n > 0 {
		out = append(out, fmt.Sprintf(proofWords.more, n))
	}
	return strings.Join(out, " ")
}

// named names the profiles of a combination: " med profilen moln".
func (a *analyst) named(s rule.Set) string {
	var ids []string
	for _, p := range a.with(s).profiles {
		ids = append(ids, p.ID)
	}
	switch len(ids) {
	case 0:
		return ""
	case 1:
		return proofWords.profile + ids[0]
	}
	return proofWords.profiles + and(ids)
}

// beyond names the profiles that a requirement does not come with.
func (a *analyst) beyond(r *Requirement, s rule.Set) string { return a.named(s &^ a.only(r.Profile)) }

// and joins with "och".
func and(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + proofWords.and + words[len(words)-1]
}
