package certificate

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// book is the rules with every id resolved, and the variables with their
// values.
type book struct {
	aspects      map[string]*Aspect
	facts        map[string]*fact
	laws         map[string]*law
	profiles     map[string]*profile
	requirements []*requirement
	domain       map[Variable][]string
	variables    []Variable      // of domain, in the document's order
	questions    map[string]bool // the ids of those that a variable belongs to
}

type fact struct {
	Fact
	profile          *profile
	askWhen, derived []row
}

type law struct {
	Law
	profile     *profile
	appliesWhen []row
}

type profile struct {
	Profile
	index       int
	offeredWhen []row
}

type requirement struct {
	id      string
	profile *profile
	rules
	changes []change
}

type change struct {
	profile *profile
	rules
	exclude, include bool
}

type rules struct {
	levels       []test // any of them
	when, unless []row
}

// row is tests that must all hold.
type row []test

// test holds when what it is about has a value that it accepts. One of aspect,
// fact and laws is set; of laws any will do.
type test struct {
	aspect *Aspect
	fact   *fact
	laws   []*law
	accept []string
}

// maxNames is how many aspects, facts, laws and profiles a certificate may
// have: they may all hang on one another in a chain, and evaluation goes down
// it. maxOptions is how many options a fact may have.
const (
	maxNames   = 10_000
	maxOptions = 64
)

// reader gathers the book and remembers the first thing that is wrong.
type reader struct {
	book
	at  Where
	err *Malformed
}

func (r *reader) bad(code, detail string) {
	if r.err == nil {
		r.err = &Malformed{code, r.at, detail}
	}
}

// read resolves the rules. After it nothing in them can fail.
func read(c *Catalog) (*book, *Malformed) {
	r := &reader{book: book{
		aspects: map[string]*Aspect{}, facts: map[string]*fact{}, laws: map[string]*law{},
		profiles: map[string]*profile{}, domain: map[Variable][]string{}, questions: map[string]bool{},
	}}
	if n := len(c.Aspects) + len(c.Facts) + len(c.Laws) + len(c.Profiles); n > maxNames {
		r.bad("many", strconv.Itoa(maxNames))
	}
	if r.err == nil {
		r.names(c)
	}
	if r.err == nil {
		r.rows(c)
	}
	if r.err == nil {
		r.rings(c)
	}
	return &r.book, r.err
}

// names finds everything that has an id, and the variables.
func (r *reader) names(c *Catalog) {
	for i := range c.Aspects {
		a := &c.Aspects[i]
		r.at = Where{Kind: "aspect", ID: a.ID}
		r.name(r.aspects[a.ID] != nil || a.ID == Lagrum, a.ID)
		r.aspects[a.ID] = a
		var values []string
		for n, level := range a.Levels {
			if level < 0 || level > 9 || n > 0 && level <= a.Levels[n-1] {
				r.bad("value", strconv.Itoa(level))
			}
			values = append(values, strconv.Itoa(level))
		}
		if len(values) == 0 {
			r.bad("missing", "levels")
		}
		if a.Rated {
			r.variable(Variable{KindAspect, a.ID, ""}, values)
		}
	}
	for i, p := range c.Profiles {
		r.at = Where{Kind: "profile", ID: p.ID}
		r.name(r.profiles[p.ID] != nil, p.ID)
		if i > 0 && p.Precedence <= c.Profiles[i-1].Precedence {
			r.bad("order", "precedence")
		}
		r.profiles[p.ID] = &profile{Profile: p, index: i}
	}
	truth := []string{"false", "true"}
	for _, f := range c.Facts {
		r.at = Where{Kind: "fact", ID: f.ID}
		r.name(r.facts[f.ID] != nil || r.aspects[f.ID] != nil || f.ID == Lagrum, f.ID)
		r.facts[f.ID] = &fact{Fact: f, profile: r.owner(f.Profile)}
		if len(f.Options) > maxOptions {
			r.bad("many", strconv.Itoa(maxOptions))
		}
		seen := map[string]bool{}
		for _, o := range f.Options {
			r.name(seen[o], o)
			seen[o] = true
		}
		if (f.Type == Bool) != (len(f.Options) == 0) || len(f.Derived) > 0 && (f.Type != Bool || len(f.AskWhen) > 0) {
			r.bad("value", f.Type)
		}
		switch f.Type {
		case Bool:
			if len(f.Derived) == 0 {
				r.variable(Variable{KindFact, f.ID, ""}, truth)
			}
		case Choice:
			r.variable(Variable{KindFact, f.ID, ""}, f.Options)
		case Choices:
			for _, o := range f.Options {
				r.variable(Variable{KindFact, f.ID, o}, truth)
			}
		default:
			r.bad("value", f.Type)
		}
	}
	for _, l := range c.Laws {
		r.at = Where{Kind: "law", ID: l.ID}
		r.name(r.laws[l.ID] != nil, l.ID)
		r.laws[l.ID] = &law{Law: l, profile: r.owner(l.Profile)}
		if l.Ticked != (len(l.AppliesWhen) == 0) {
			r.bad("missing", "applies_when")
		}
		if l.Ticked {
			r.variable(Variable{KindLaw, l.ID, ""}, truth)
		}
	}
	for _, p := range c.Profiles {
		r.variable(Variable{KindProfile, p.ID, ""}, truth)
	}
}

func (r *reader) name(taken bool, id string) {
	if id == "" {
		r.bad("missing", "id")
	}
	if taken {
		r.bad("duplicate", id)
	}
}

func (r *reader) variable(v Variable, values []string) {
	r.domain[v] = values
	r.variables = append(r.variables, v)
	if v.Kind != KindProfile {
		r.questions[v.question()] = true
	}
}

// owner finds the profile that adds something; "" is the base, nil.
func (r *reader) owner(id string) *profile {
	p := r.profiles[id]
	if id != "" && p == nil {
		r.bad("unknown", id)
	}
	return p
}

// rows resolves all rows.
func (r *reader) rows(c *Catalog) {
	for _, f := range c.Facts {
		r.at = Where{Kind: "fact", ID: f.ID}
		r.facts[f.ID].askWhen = r.resolve("ask_when", f.AskWhen)
		r.facts[f.ID].derived = r.resolve("derived", f.Derived)
	}
	for _, l := range c.Laws {
		r.at = Where{Kind: "law", ID: l.ID}
		r.laws[l.ID].appliesWhen = r.resolve("applies_when", l.AppliesWhen)
	}
	for _, p := range c.Profiles {
		r.at = Where{Kind: "profile", ID: p.ID}
		r.profiles[p.ID].offeredWhen = r.resolve("offered_when", p.OfferedWhen)
	}
	seen := map[string]bool{}
	for _, q := range c.Requirements {
		r.at = Where{Kind: "requirement", ID: q.ID}
		r.name(seen[q.ID], q.ID)
		seen[q.ID] = true
		x := &requirement{id: q.ID, profile: r.owner(q.Profile), rules: r.rules(q.Rules)}
		last := -1
		for _, ch := range q.Changes {
			r.at.Profile = ch.Profile
			p := r.profiles[ch.Profile]
			if p == nil {
				r.bad("unknown", ch.Profile)
				continue
			}
			// Each profile once, and in their order: that is how they fold.
			if p.index <= last {
				r.bad("order", ch.Profile)
			}
			last = p.index
			x.changes = append(x.changes, change{p, r.rules(ch.Rules), ch.Exclude, ch.Include})
		}
		r.requirements = append(r.requirements, x)
	}
}

func (r *reader) rules(in Rules) rules {
	out := rules{when: r.resolve("when", in.When), unless: r.resolve("unless", in.Unless)}
	r.at.Part = "levels"
	for _, id := range slices.Sorted(maps.Keys(in.Levels)) {
		if r.aspects[id] == nil {
			r.bad("unknown", id)
			continue
		}
		out.levels = append(out.levels, r.levels(r.aspects[id], fmt.Sprintf(">=%d", in.Levels[id])))
	}
	r.at.Part = ""
	return out
}

func (r *reader) resolve(part string, in []Row) []row {
	r.at.Part = part
	defer func() { r.at.Part = "" }()
	var out []row
	for _, raw := range in {
		var x row
		// Go walks through a map in a new order each time, and the number of
		// states tried follows from the order.
		for _, key := range slices.Sorted(maps.Keys(raw.Keys)) {
			x = append(x, r.test(key, raw.Keys[key]))
		}
		if len(x) == 0 {
			r.bad("missing", "row")
		}
		out = append(out, x)
	}
	return out
}

// test reads one key of a row.
func (r *reader) test(key string, value any) test {
	if b, ok := value.(bool); ok {
		f := r.facts[key]
		if f == nil || f.Type != Bool {
			r.bad("value", fmt.Sprintf("%s = %v", key, value))
		}
		return test{fact: f, accept: []string{strconv.FormatBool(b)}}
	}
	ids, ok := texts(value)
	if !ok {
		r.bad("value", fmt.Sprintf("%s = %v", key, value))
		return test{}
	}
	if a := r.aspects[key]; a != nil && len(ids) == 1 {
		return r.levels(a, ids[0])
	}
	if key == Lagrum {
		var t test
		for _, id := range ids {
			if r.laws[id] == nil {
				r.bad("unknown", id)
			}
			t.laws = append(t.laws, r.laws[id])
		}
		return t
	}
	f := r.facts[key]
	if f == nil {
		r.bad("unknown", key)
		return test{}
	}
	for i, id := range ids {
		if i >= len(f.Options) || !slices.Contains(f.Options, id) {
			r.bad("value", fmt.Sprintf("%s = %v", key, id))
			break
		}
	}
	return test{fact: f, accept: ids}
}

// texts takes a text or a list of texts.
func texts(value any) ([]string, bool) {
	switch value := value.(type) {
	case string:
		return []string{value}, true
	case []any:
		var out []string
		for _, v := range value {
			s, ok := v.(string)
			if !ok {
				return nil, false
			}
			out = append(out, s)
		}
		return out, len(out) > 0
	}
	return nil, false
}

// levels reads a comparison with a level.
func (r *reader) levels(a *Aspect, text string) test {
	t := test{aspect: a}
	number := strings.TrimLeft(text, "<>= ")
	op := strings.TrimSpace(strings.TrimSuffix(text, number))
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || !slices.Contains([]string{">=", "<=", ">", "<", "="}, op) {
		r.bad("value", a.ID+" = "+text)
		return t
	}
	for _, level := range a.Levels {
		if level == n && strings.Contains(op, "=") || level > n && strings.Contains(op, ">") || level < n && strings.Contains(op, "<") {
			t.accept = append(t.accept, strconv.Itoa(level))
		}
	}
	if len(t.accept) == 0 {
		r.bad("value", a.ID+" = "+text)
	}
	return t
}

// rings makes sure that no fact, law or profile depends on itself: else its
// value is not defined, and to work it out would never end.
func (r *reader) rings(c *Catalog) {
	const busy, done = 1, 2
	mark := map[any]int{}
	var way []string
	// visit walks what a thing hangs on: who adds it, and its rows.
	var visit func(thing any, name string, owner *profile, rows ...[]row)
	visit = func(thing any, name string, owner *profile, rows ...[]row) {
		if r.err != nil || mark[thing] == done {
			return
		}
		way = append(way, name)
		if mark[thing] == busy {
			r.bad("cycle", strings.Join(way[slices.Index(way, name):], " → "))
			return
		}
		mark[thing] = busy
		if owner != nil {
			visit(owner, owner.ID, nil, owner.offeredWhen)
		}
		for _, t := range slices.Concat(slices.Concat(rows...)...) {
			if f := t.fact; f != nil {
				visit(f, f.ID, f.profile, f.askWhen, f.derived)
			}
			for _, l := range t.laws {
				visit(l, l.ID, l.profile, l.appliesWhen)
			}
		}
		mark[thing] = done
		way = way[:len(way)-1]
	}
	r.at = Where{}
	for _, x := range c.Facts {
		f := r.facts[x.ID]
		visit(f, f.ID, f.profile, f.askWhen, f.derived)
	}
	for _, x := range c.Laws {
		l := r.laws[x.ID]
		visit(l, l.ID, l.profile, l.appliesWhen)
	}
	for _, x := range c.Profiles {
		p := r.profiles[x.ID]
		visit(p, p.ID, nil, p.offeredWhen)
	}
}

// box reads atoms: for each variable that they name, its values.
func (b *book) box(atoms []Atom, at Where) (map[Variable][]string, *Malformed) {
	out := map[Variable][]string{}
	for _, a := range atoms {
		name := a.name()
		domain, ok := b.domain[a.Variable]
		switch {
		case !ok:
			return nil, &Malformed{"unknown", at, name}
		case out[a.Variable] != nil:
			return nil, &Malformed{"duplicate", at, name}
		case len(a.Values) == 0:
			return nil, &Malformed{"missing", at, name}
		}
		seen := map[string]bool{}
		for _, v := range a.Values {
			if seen[v] || !slices.Contains(domain, v) {
				return nil, &Malformed{"value", at, name + " = " + v}
			}
			seen[v] = true
		}
		out[a.Variable] = a.Values
	}
	return out, nil
}

func (v Variable) name() string { return strings.Trim(v.ID+" "+v.Option, " ") }

// question is the id of the question that a variable belongs to; "" of a
// profile.
func (v Variable) question() string {
	switch v.Kind {
	case KindLaw:
		return Lagrum
	case KindProfile:
		return ""
	}
	return v.ID
}
