package catalog

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine/diag"
	"github.com/kravverk/kravverk/engine/rule"
)

// compile resolves every id and compiles every condition.
func (l *loader) compile() {
	c := l.cat
	l.checkFacts() // before the variables are laid out: a fact without options has none
	l.variables()
	for _, f := range c.Facts {
		l.resolve(&f.AskWhen, &f.place, "ask_when")
		l.resolve(&f.Derived, &f.place, "derived")
	}
	for _, x := range c.Laws {
		l.resolve(&x.AppliesWhen, &x.place, "applies_when")
		l.resolve(&x.SuggestedWhen, &x.place, "suggested_when")
	}
	for _, p := range c.Profiles {
		l.resolve(&p.OfferedWhen, &p.place, "offered_when")
	}
	for _, f := range c.Facts {
		l.fact(f)
	}
	for _, x := range c.Laws {
		l.law(x)
	}
	for _, p := range c.Profiles {
		l.active(p)
	}
	for _, r := range c.Requirements {
		l.content(&r.Content, &r.place)
		r.Area = l.areas[r.AreaID]
		if r.Area == nil && !l.damaged[r.AreaID] {
			l.hint("unknown-ref", r.At("area"), nearest(r.AreaID, slices.Collect(maps.Keys(l.areas))), "området", r.AreaID)
		}
		for i, id := range r.LawIDs {
			if law := l.laws[id]; law != nil {
				r.Laws = append(r.Laws, law)
				l.reach(law.Profile, r.src, r.src.at(r.ptr+"/laws/"+itoa(i)), "lagrummet", id)
			} else if !l.damaged[id] {
				l.hint("unknown-ref", r.src.at(r.ptr+"/laws/"+itoa(i)), nearest(id, slices.Collect(maps.Keys(l.laws))), "lagrummet", id)
			}
		}
	}
	for _, p := range c.Profiles {
		l.changes(p)
	}
	for _, r := range c.Requirements {
		if len(r.Changes) > maxChanges {
			l.add("changes", r.At("id"), r.ID, itoa(len(r.Changes)), itoa(maxChanges))
			r.Changes = r.Changes[:maxChanges]
		}
		given := rule.Const(true)
		if r.Profile != nil {
			given = l.active(r.Profile)
		}
		r.expr = l.fold(r, Effective{Content: r.Content}, r.Changes, given)
	}
	l.publish()
	for _, p := range c.Profiles {
		l.prefills(p)
	}
	c.Conds = l.diagram.Conds()
	slices.SortStableFunc(c.Requirements, func(a, b *Requirement) int {
		if a.Area != nil && b.Area != nil && a.Area != b.Area {
			return cmp.Compare(a.Area.Index, b.Area.Index)
		}
		// The base's own before what profiles add, each by id.
		if (a.Profile == nil) != (b.Profile == nil) {
			return cmp.Compare(truth(a.Profile != nil), truth(b.Profile != nil))
		}
		return strings.Compare(a.ID, b.ID)
	})
	l.guide()
}

// maxChanges is how many profiles may change one requirement: each outcome of
// which of them count is a text and a condition of its own.
const maxChanges = 8

// publish makes every condition ready to be asked.
func (l *loader) publish() {
	c := l.cat
	l.diagram = rule.NewDiagram(c.Space)
	never := l.never()
	for _, f := range c.Facts {
		f.Asked, f.Holds = never, never
		if len(f.Derived.raw) > 0 {
			f.Holds = l.cond(f.expr, f.ID, f.At("id"))
		} else {
			f.Asked = l.cond(f.expr, f.ID, f.At("id"))
		}
		l.rows(&f.AskWhen)
		l.rows(&f.Derived)
	}
	for _, x := range c.Laws {
		x.Applies = l.cond(x.expr, x.ID, x.At("id"))
		x.Suggested = l.cond(l.expr(&x.SuggestedWhen, false), x.ID, x.At("id"))
		l.rows(&x.AppliesWhen)
		l.rows(&x.SuggestedWhen)
	}
	for _, p := range c.Profiles {
		p.Offered, p.Active = l.cond(p.offered, p.ID, p.At("id")), l.cond(p.active, p.ID, p.At("id"))
		l.rows(&p.OfferedWhen)
		for _, a := range p.Adjusts {
			l.rows(&a.When)
			l.rows(&a.Unless)
			l.rows(&a.ShallWhen)
		}
	}
	for _, r := range c.Requirements {
		r.Applies = l.cond(r.expr, r.ID, r.At("id"))
		for i := range r.Wordings {
			r.Wordings[i].Holds = l.cond(r.Wordings[i].expr, r.ID, r.At("id"))
		}
		l.rows(&r.When)
		l.rows(&r.Unless)
		l.rows(&r.ShallWhen)
	}
}

// rows makes each row and each of its atoms a condition of its own, which is
// how a reason points at what the author wrote.
func (l *loader) rows(r *Rows) {
	for i := range r.Rows {
		row := &r.Rows[i]
		row.Holds = l.cond(l.rowExpr(*row), "", row.At)
		for j := range row.Atoms {
			a := &row.Atoms[j]
			a.Holds = l.cond(l.atomExpr(*a), "", a.At)
		}
	}
}

// cond puts a condition into the diagram. One that is too large is refused, and
// then never holds.
func (l *loader) cond(e *rule.Expr, id string, at diag.Range) *rule.Cond {
	if e == nil {
		e = rule.Const(false) // damaged, and already reported
	}
	if c := l.diagram.Cond(e); c != nil {
		return c
	}
	if id == "" {
		l.add("too-large-row", at)
	} else {
		l.add("too-large", at, id)
	}
	return l.never()
}

// never is the condition that no answers fulfil.
func (l *loader) never() *rule.Cond { return l.diagram.Cond(rule.Const(false)) }

// content resolves what a requirement and an adjustment have in common.
func (l *loader) content(c *Content, p *place) {
	l.resolve(&c.When, p, "when")
	l.resolve(&c.Unless, p, "unless")
	l.resolve(&c.ShallWhen, p, "shall_when")
	for _, a := range l.cat.Aspects {
		if n, ok := c.Levels[a.ID]; ok {
			c.Thresholds = append(c.Thresholds, Threshold{a, n})
			if !a.IsRated() {
				l.warn("unrated", p.At("levels/"+a.ID), a.ID)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.Levels)) {
		if l.aspects[id] == nil && !l.damaged[id] {
			l.hint("unknown-ref", p.At("levels/"+id), "", "aspekten", id)
		}
	}
	if c.RoleID != "" {
		c.Role = l.roles[c.RoleID]
		if c.Role == nil && !l.damaged[c.RoleID] {
			l.hint("unknown-ref", p.At("role"), nearest(c.RoleID, slices.Collect(maps.Keys(l.roles))), "rollen", c.RoleID)
		}
	}
}

// requirement finds the requirement that a profile's table names.
func (l *loader) requirement(p *place, id string) *Requirement {
	r := l.cat.byID[id]
	switch {
	case r != nil:
		l.reach(r.Profile, p.src, p.At("requirement"), "kravet", id)
	case !l.damaged[id] && !l.partial:
		l.hint("unknown-ref", p.At("requirement"), nearest(id, slices.Collect(maps.Keys(l.cat.byID))), "kravet", id)
	}
	return r
}

// changes gathers what a profile does to each requirement.
func (l *loader) changes(p *Profile) {
	at := map[*Requirement]int{}
	change := func(r *Requirement) *Change {
		i, ok := at[r]
		if !ok {
			i = len(r.Changes)
			at[r] = i
			r.Changes = append(r.Changes, Change{Profile: p})
		}
		return &r.Changes[i]
	}
	for _, a := range p.Adjusts {
		l.content(&a.Content, &a.place)
		r := l.requirement(&a.place, a.RequirementID)
		if r == nil {
			continue
		}
		c := change(r)
		if c.Adjust != nil {
			l.add("duplicate", a.At("requirement"), "anpassningen av", r.ID, c.Adjust.At("requirement").String())
			continue
		}
		c.Adjust = a
		if changesNothing(a, r) {
			l.add("adjust-nothing", a.At("requirement"), r.ID)
		}
	}
	for _, x := range p.Excludes {
		if r := l.requirement(&x.place, x.RequirementID); r != nil {
			if r.Profile == p {
				l.add("exclude-own", x.At("requirement"), r.ID)
			}
			change(r).Exclude = x
		}
	}
	for _, x := range p.Includes {
		if r := l.requirement(&x.place, x.RequirementID); r != nil {
			if !slices.ContainsFunc(r.Changes, func(c Change) bool { return c.Exclude != nil }) {
				l.add("include-idle", x.At("requirement"), r.ID)
			}
			change(r).Include = x
		}
	}
}

func changesNothing(a *Adjust, r *Requirement) bool {
	before := Effective{Content: r.Content}
	after := before.with(Change{Adjust: a})
	b, c := &before.Content, &after.Content
	return b.Title == c.Title && b.Is == c.Is && b.Shall == c.Shall && b.Obligation == c.Obligation && b.Category == c.Category &&
		b.Weight == c.Weight && b.Partly == c.Partly && b.Points == c.Points && b.RoleID == c.RoleID &&
		maps.Equal(b.Levels, c.Levels) && len(a.When.raw) == 0 && len(a.Unless.raw) == 0 && len(a.ShallWhen.raw) == 0 &&
		len(a.Parameters) == 0 && len(a.Verify.Tender) == 0 && len(a.Verify.Contract) == 0
}

// Effective is a requirement's content as the profiles that count leave it.
type Effective struct {
	Content
	Excluded *Exclude
	By       *Profile // who excluded it
	Adjusted []Change // the adjustments that count
}

// with folds one profile's change in, field by field; `levels` replaces the
// whole, and so do rows. What is excluded stays so until a later profile
// includes it.
func (f Effective) with(c Change) Effective {
	if a := c.Adjust; a != nil {
		f.Adjusted = append(slices.Clone(f.Adjusted), c)
		set := func(to *string, from string) {
			if from != "" {
				*to = from
			}
		}
		set(&f.Title, a.Title)
		set(&f.Is, a.Is)
		set(&f.Shall, a.Shall)
		set(&f.Obligation, a.Obligation)
		set(&f.Category, a.Category)
		if a.Obligation == "shall" {
			f.Weight, f.Partly, f.Points = 0, 0, "" // points belong to what is weighed
		}
		set(&f.Points, a.Points)
		if a.Weight != 0 {
			f.Weight = a.Weight
		}
		if a.Partly != 0 {
			f.Partly = a.Partly
		}
		if a.Levels != nil {
			f.Levels, f.Thresholds = a.Levels, a.Thresholds
		}
		if len(a.When.raw) > 0 {
			f.When = a.When
		}
		if len(a.Unless.raw) > 0 {
			f.Unless = a.Unless
		}
		if len(a.ShallWhen.raw) > 0 {
			f.ShallWhen = a.ShallWhen
		}
		if a.Parameters != nil {
			f.Parameters = maps.Clone(f.Parameters)
			if f.Parameters == nil {
				f.Parameters = map[string]map[string]string{}
			}
			maps.Copy(f.Parameters, a.Parameters)
		}
		if a.Role != nil {
			f.RoleID, f.Role = a.RoleID, a.Role
		}
		if a.Verify.Tender != nil {
			f.Verify.Tender = a.Verify.Tender
		}
		if a.Verify.Contract != nil {
			f.Verify.Contract = a.Verify.Contract
		}
	}
	if c.Exclude != nil {
		f.Excluded, f.By = c.Exclude, c.Profile
	}
	if c.Include != nil {
		f.Excluded, f.By = nil, nil
	}
	return f
}

// Effective folds in the changes of the profiles that count.
func (r *Requirement) Effective(counts func(*Profile) bool) Effective {
	f := Effective{Content: r.Content}
	for _, c := range r.Changes {
		if counts(c.Profile) {
			f = f.with(c)
		}
	}
	return f
}

// fold makes the whole condition: for each profile that changes the
// requirement it counts and has changed it, or it does not and has not. On the
// way it gathers what the requirement says in each case, the fewest profiles
// first.
func (l *loader) fold(r *Requirement, f Effective, rest []Change, given *rule.Expr) *rule.Expr {
	if len(rest) > 0 {
		active := l.active(rest[0].Profile)
		return rule.Or(
			l.fold(r, f, rest[1:], rule.And(given, rule.Not(active))),
			l.fold(r, f.with(rest[0]), rest[1:], rule.And(given, active)))
	}
	if f.Excluded != nil {
		return rule.Const(false)
	}
	applies := rule.And(given, l.condition(&f.Content))
	if f.Shall == "" || len(f.ShallWhen.raw) == 0 {
		r.say(f, applies)
		return applies
	}
	// What is not put to a supplier reads as if there were no SHALL wording.
	asked := l.expr(&f.ShallWhen, true)
	r.say(f, rule.And(applies, asked))
	f.Shall = ""
	r.say(f, rule.And(applies, rule.Not(asked)))
	return applies
}

// say adds what a requirement says when a condition holds: a wording for each
// step, if its parameters follow the level.
func (r *Requirement) say(f Effective, holds *rule.Expr) {
	if len(f.Parameters) == 0 || len(f.Thresholds) == 0 {
		r.Wordings = append(r.Wordings, Wording{Effective: f, expr: holds})
		return
	}
	for step := 1; step <= 3; step++ {
		r.Wordings = append(r.Wordings, Wording{Effective: f, Step: step, expr: rule.And(holds, highest(f.Thresholds, step))})
	}
}

// highest holds when a level is the highest among the aspects whose own
// threshold is met.
func highest(thresholds []Threshold, level int) *rule.Expr {
	var reached []*rule.Expr
	var passed []*rule.Expr
	for _, t := range thresholds {
		if !t.Aspect.IsRated() {
			continue
		}
		if level >= t.Min {
			reached = append(reached, rule.Is(t.Aspect.Var, rule.Of(level)))
		}
		passed = append(passed, rule.Is(t.Aspect.Var, AtLeast(max(t.Min, level+1))))
	}
	return rule.And(rule.Or(reached...), rule.Not(rule.Or(passed...)))
}

// condition is levels and any row of when, but no row of unless.
func (l *loader) condition(c *Content) *rule.Expr {
	return rule.And(met(c.Thresholds), l.expr(&c.When, true), rule.Not(l.expr(&c.Unless, false)))
}

// met holds when any threshold is met, or when there are none.
func met(thresholds []Threshold) *rule.Expr {
	if len(thresholds) == 0 {
		return rule.Const(true)
	}
	any := make([]*rule.Expr, 0, len(thresholds))
	for _, t := range thresholds {
		if t.Aspect.IsRated() {
			any = append(any, rule.Is(t.Aspect.Var, AtLeast(t.Min)))
		}
	}
	return rule.Or(any...)
}

// AtLeast is the levels from min up to 3.
func AtLeast(min int) rule.Set { return rule.Set(0b1111) &^ (rule.Of(min) - 1) }

// clauseRef is a point's id where a prefill names it: as any other id it may
// hold hyphens, which a parameter in a wording may not.
var clauseRef = regexp.MustCompile(`\{([a-z][a-z0-9-]*)\}`)

// clause fills in the point that a prefill names, {tilltrade}, from its agreement.
func (l *loader) clause(f *Prefill) {
	if f.Agreement == nil {
		return
	}
	f.Clause = clauseRef.ReplaceAllStringFunc(f.Clause, func(name string) string {
		id := strings.Trim(name, "{}")
		var known []string
		for _, c := range f.Agreement.Clauses {
			if c.ID == id {
				if c.Point == "" && f.Strength != "assumed" {
					l.add("clause-empty", f.At("clause"), id, f.Agreement.At("").String())
				}
				return c.Text()
			}
			known = append(known, c.ID)
		}
		l.hint("unknown-ref", f.At("clause"), nearest(id, known), "punkten", id)
		return name
	})
}

func (l *loader) prefills(p *Profile) {
	byReq := map[*Requirement][]*Prefill{}
	for _, f := range p.Prefills {
		f.Profile = p
		l.resolve(&f.When, &f.place, "when")
		if f.AgreementID != "" {
			i := slices.IndexFunc(p.Agreements, func(a *Agreement) bool { return a.ID == f.AgreementID })
			if i >= 0 {
				f.Agreement = p.Agreements[i]
			} else if !l.damaged[f.AgreementID] {
				var known []string
				for _, a := range p.Agreements {
					known = append(known, a.ID)
				}
				l.hint("unknown-ref", f.At("agreement"), nearest(f.AgreementID, known), "avtalet", f.AgreementID)
			}
		}
		l.clause(f)
		r := l.requirement(&f.place, f.RequirementID)
		if r == nil {
			continue
		}
		f.Requirement = r
		l.rows(&f.When)
		f.expr = rule.And(l.active(p), r.expr, l.expr(&f.When, true))
		f.Offered = l.cond(f.expr, r.ID, f.At("requirement"))
		r.Prefills = append(r.Prefills, f)
		for _, other := range byReq[r] {
			if l.broken[&f.When] || l.broken[&other.When] {
				continue
			}
			if l.cond(rule.And(f.expr, other.expr), r.ID, f.At("requirement")) != l.never() {
				l.add("prefill-twice", f.At("requirement"), r.ID, other.At("requirement").String())
			}
		}
		byReq[r] = append(byReq[r], f)
	}
}
