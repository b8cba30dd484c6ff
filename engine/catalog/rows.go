package catalog

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kravverk/kravverk/engine/diag"
	"github.com/kravverk/kravverk/engine/rule"
)

// Rows is a condition as its author wrote it: keys in a row are and, rows are
// or, a list is any of. No rows at all is no condition.
type Rows struct {
	Rows []Row
	raw  []map[string]any
}

// Row is one row of a condition.
type Row struct {
	Atoms []Atom
	At    diag.Range
	Holds *rule.Cond // all of its atoms do
}

// Atom is one key of a row with the values that it accepts. Exactly one of
// Aspect, Fact and Laws says what it is about.
type Atom struct {
	Aspect *Aspect
	Fact   *Fact
	Laws   []*Law // any of these

	Compare string   // of an aspect, as written: ">=2"
	Levels  rule.Set // of an aspect: the levels accepted
	Want    bool     // of a bool
	Options []int    // of choice and choices: any of these
	At      diag.Range
	Holds   *rule.Cond
}

// UnmarshalJSON takes the rows as they came from the file; they are resolved
// when all facts are known.
func (r *Rows) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &r.raw) }

// MarshalJSON gives them back, for the content hash.
func (r Rows) MarshalJSON() ([]byte, error) { return json.Marshal(r.raw) }

var comparison = regexp.MustCompile(`^\s*(>=|<=|>|<|=)\s*([0-3])\s*$`)

// lagrum is the set-fact whose options are the laws.
const lagrum = "lagrum"

// resolve finds what every key and value of the rows means. Mistakes are
// reported in place, and the atom is left out.
func (l *loader) resolve(r *Rows, p *place, key string) {
	for i, raw := range r.raw {
		ptr := fmt.Sprintf("%s/%s/%d", p.ptr, key, i)
		row := Row{At: p.src.at(ptr)}
		for _, name := range slices.Sorted(maps.Keys(raw)) {
			if a, ok := l.atom(name, raw[name], p.src, ptr+"/"+escape(name)); ok {
				row.Atoms = append(row.Atoms, a)
			} else {
				l.broken[r] = true
			}
		}
		// In the file's order, which is how its author reads it.
		slices.SortStableFunc(row.Atoms, func(a, b Atom) int {
			if a.At.Line != b.At.Line {
				return a.At.Line - b.At.Line
			}
			return a.At.Col - b.At.Col
		})
		r.Rows = append(r.Rows, row)
	}
}

func (l *loader) atom(name string, value any, in *source, ptr string) (Atom, bool) {
	at, keyAt := in.at(ptr), in.keyAt(ptr)
	if a := l.aspects[name]; a != nil {
		return l.levelAtom(a, value, at)
	}
	if name == lagrum {
		return l.lawAtom(value, in, ptr)
	}
	f := l.facts[name]
	if f == nil {
		if !l.damaged[name] {
			known := append(slices.Collect(maps.Keys(l.facts)), slices.Collect(maps.Keys(l.aspects))...)
			l.hint("row-key", keyAt, diag.Suggest(name, append(known, lagrum)), name)
		}
		return Atom{}, false
	}
	l.reach(f.Profile, in, keyAt, "uppgiften", name)
	atom := Atom{Fact: f, At: keyAt}
	if f.Type == Bool {
		b, ok := value.(bool)
		if !ok {
			l.add("row-bool", at, name, display(value))
		}
		atom.Want = b
		return atom, ok
	}
	list, ok := texts(value)
	if !ok {
		l.add("row-text", at, name, display(value))
		return atom, false
	}
	for n, id := range list {
		i := slices.IndexFunc(f.Options, func(o *Option) bool { return o.ID == id })
		if i < 0 {
			l.hint("row-option", in.at(ptr+"/"+itoa(n)), nearest(id, optionIDs(f)), id, name)
			ok = false
			continue
		}
		atom.Options = append(atom.Options, i)
	}
	if ok && f.Type == Choice && len(atom.Options) == len(f.Options) {
		l.add("row-all", at, name)
		return atom, false
	}
	return atom, ok
}

func (l *loader) levelAtom(a *Aspect, value any, at diag.Range) (Atom, bool) {
	text, _ := value.(string)
	m := comparison.FindStringSubmatch(text)
	if m == nil {
		l.add("row-level", at, a.ID)
		return Atom{}, false
	}
	n, _ := strconv.Atoi(m[2])
	var set rule.Set
	for v := range 4 {
		if m[1] == ">=" && v >= n || m[1] == "<=" && v <= n || m[1] == ">" && v > n || m[1] == "<" && v < n || m[1] == "=" && v == n {
			set |= rule.Of(v)
		}
	}
	switch set {
	case 0:
		l.add("row-level-none", at, a.ID, m[1]+m[2])
		return Atom{}, false
	case rule.Of(0, 1, 2, 3):
		l.add("row-level-all", at, a.ID, m[1]+m[2])
		return Atom{}, false
	}
	if !a.IsRated() {
		l.warn("unrated", at, a.ID)
	}
	return Atom{Aspect: a, Compare: m[1] + m[2], Levels: set, At: at}, true
}

func (l *loader) lawAtom(value any, in *source, ptr string) (Atom, bool) {
	at := in.at(ptr)
	list, ok := texts(value)
	if !ok {
		l.add("row-text", at, lagrum, display(value))
	}
	atom := Atom{At: at}
	for n, id := range list {
		at := in.at(ptr + "/" + itoa(n))
		law := l.laws[id]
		if law == nil {
			if !l.damaged[id] {
				l.hint("row-option", at, nearest(id, slices.Collect(maps.Keys(l.laws))), id, lagrum)
			}
			ok = false
			continue
		}
		l.reach(law.Profile, in, at, "lagrummet", id)
		atom.Laws = append(atom.Laws, law)
	}
	return atom, ok
}

// reach holds a file to what it can count on: the base, and what its own
// profile adds. Other profiles may not be there.
func (l *loader) reach(owner *Profile, from *source, at diag.Range, kind, id string) {
	if owner != nil && l.owner[from] != owner {
		l.add("foreign", at, kind, id, owner.ID)
	}
}

// nearest suggests a known word, or lists them all when they are few.
func nearest(word string, known []string) string {
	slices.Sort(known)
	if hint := diag.Suggest(word, known); hint != "" {
		return hint
	}
	if len(known) == 0 || len(known) > 12 {
		return ""
	}
	return words.choose + strings.Join(known, ", ") + "."
}

func optionIDs(f *Fact) []string {
	out := make([]string, len(f.Options))
	for i, o := range f.Options {
		out[i] = o.ID
	}
	return out
}

// texts takes a text or a list of texts.
func texts(v any) ([]string, bool) {
	switch v := v.(type) {
	case string:
		return []string{v}, true
	case []any:
		out := make([]string, 0, len(v))
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, false
			}
			out = append(out, s)
		}
		return out, len(out) > 0
	}
	return nil, false
}

// expr compiles rows: derived facts are substituted and visibility is folded
// in, so that only independent variables remain. No rows give otherwise.
func (l *loader) expr(r *Rows, otherwise bool) *rule.Expr {
	if len(r.raw) == 0 {
		return rule.Const(otherwise)
	}
	rows := make([]*rule.Expr, len(r.Rows))
	for i, row := range r.Rows {
		rows[i] = l.rowExpr(row)
	}
	return rule.Or(rows...)
}

func (l *loader) rowExpr(row Row) *rule.Expr {
	atoms := make([]*rule.Expr, len(row.Atoms))
	for i, a := range row.Atoms {
		atoms[i] = l.atomExpr(a)
	}
	return rule.And(atoms...)
}

func (l *loader) atomExpr(a Atom) *rule.Expr {
	switch {
	case a.Aspect != nil:
		if !a.Aspect.IsRated() {
			return rule.Const(false)
		}
		return rule.Is(a.Aspect.Var, a.Levels)
	case a.Fact == nil:
		laws := make([]*rule.Expr, len(a.Laws))
		for i, law := range a.Laws {
			laws[i] = l.law(law)
		}
		return rule.Or(laws...)
	case a.Fact.Type == Bool && len(a.Fact.Derived.raw) > 0:
		e := l.fact(a.Fact)
		if !a.Want {
			e = rule.Not(e)
		}
		return e
	}
	if len(a.Fact.Vars) == 0 {
		return rule.Const(false) // a damaged fact; already reported
	}
	// A question that is not put has a value of its own, which matches nothing:
	// neither true nor false holds of it.
	asked := l.fact(a.Fact)
	return rule.And(asked, a.answered())
}

// answered holds when the answer to an atom's question is among its own,
// whether the question is put or not.
func (a Atom) answered() *rule.Expr {
	switch a.Fact.Type {
	case Bool:
		return rule.Is(a.Fact.Vars[0], rule.Of(truth(a.Want)))
	case Choice:
		return rule.Is(a.Fact.Vars[0], rule.Of(a.Options...))
	}
	any := make([]*rule.Expr, len(a.Options))
	for i, o := range a.Options {
		any[i] = rule.Is(a.Fact.Vars[o], rule.Of(1))
	}
	return rule.Or(any...)
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// fact compiles a fact's own rows, once: when it is asked, or, of a derived
// one, when it holds. A ring among facts and laws is reported with its path.
func (l *loader) fact(f *Fact) *rule.Expr {
	if f.expr != nil {
		return f.expr
	}
	if !l.enter(f.ID, f.At("")) {
		return rule.Const(false)
	}
	defer l.leave()
	if len(f.Derived.raw) > 0 {
		f.expr = l.expr(&f.Derived, false)
		return f.expr
	}
	asked := l.expr(&f.AskWhen, true)
	if f.Profile != nil {
		asked = rule.And(l.active(f.Profile), asked)
	}
	f.expr = asked
	return asked
}

func (l *loader) law(law *Law) *rule.Expr {
	if law.expr != nil {
		return law.expr
	}
	if !l.enter("lagrum "+law.ID, law.At("")) {
		return rule.Const(false)
	}
	defer l.leave()
	var e *rule.Expr
	if law.Ticked {
		e = rule.Is(law.Var, rule.Of(1))
	} else {
		e = l.expr(&law.AppliesWhen, false)
	}
	if law.Profile != nil {
		e = rule.And(l.active(law.Profile), e)
	}
	law.expr = e
	return e
}

// active holds when a profile counts: it is named, or none is and its offer
// holds.
func (l *loader) active(p *Profile) *rule.Expr {
	if p.active != nil {
		return p.active
	}
	if !l.enter("profilen "+p.ID, p.At("")) {
		return rule.Const(false)
	}
	defer l.leave()
	p.offered = l.expr(&p.OfferedWhen, true)
	named := rule.Is(l.cat.named, rule.Of(1))
	p.active = rule.Or(rule.And(named, rule.Is(p.in, rule.Of(1))), rule.And(rule.Not(named), p.offered))
	return p.active
}

// enter steps into a thing whose rows depend on others; leave steps out.
func (l *loader) enter(name string, at diag.Range) bool {
	if i := slices.Index(l.path, name); i >= 0 {
		ring := append(slices.Clone(l.path[i:]), name)
		// The same ring is met from each of its members: report it once, where
		// it is met first.
		members := slices.Clone(l.path[i:])
		slices.Sort(members)
		id := fmt.Sprint(members)
		if !l.rings[id] {
			l.rings[id] = true
			l.add("cycle", at, strings.Join(ring, " → "))
		}
		return false
	}
	l.path = append(l.path, name)
	return true
}

func (l *loader) leave() { l.path = l.path[:len(l.path)-1] }

// expr is the atom as a condition; one that split has made has none yet.
func (a Atom) expr() *rule.Expr {
	switch {
	case a.Holds != nil:
		return a.Holds.Expr
	case a.Fact != nil:
		return rule.And(a.Fact.Asked.Expr, a.answered())
	}
	laws := make([]*rule.Expr, len(a.Laws))
	for i, law := range a.Laws {
		laws[i] = law.Applies.Expr
	}
	return rule.Or(laws...)
}

// values is how many values a list has.
func (a Atom) values() int { return len(a.Options) + len(a.Laws) }

// split takes the nth value of a list apart from the rest.
func (a Atom) split(n int) (rest, value Atom) {
	rest, value = a, a
	rest.Holds, value.Holds = nil, nil
	if a.Fact != nil {
		rest.Options, value.Options = slices.Delete(slices.Clone(a.Options), n, n+1), a.Options[n:n+1]
	} else {
		rest.Laws, value.Laws = slices.Delete(slices.Clone(a.Laws), n, n+1), a.Laws[n:n+1]
	}
	return rest, value
}
