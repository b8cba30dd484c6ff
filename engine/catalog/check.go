package catalog

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kravverk/kravverk/engine/diag"
)

func itoa(n int) string { return strconv.Itoa(n) }

// checkFacts holds what the schema cannot say of a fact alone.
func (l *loader) checkFacts() {
	for _, f := range l.cat.Facts {
		derived := len(f.Derived.raw) > 0
		switch {
		case derived && f.Type != Bool:
			l.add("derived-type", f.At("type"), f.ID)
		case derived && (len(f.AskWhen.raw) > 0 || f.Text != ""):
			l.add("derived-ask", f.At("id"), f.ID)
		case !derived && f.Text == "":
			l.add("no-question", f.At("id"), f.ID)
		case !derived && f.Group == "":
			l.add("no-group", f.At("id"), f.ID)
		}
		switch {
		case f.Type == Bool && len(f.Options) > 0:
			l.add("has-options", f.At("options"), f.ID)
		case f.Type != Bool && len(f.Options) == 0:
			l.add("no-options", f.At("id"), f.ID)
		case len(f.Options) > 60:
			l.add("too-many", f.At("options"), f.ID)
		}
		seen := map[string]bool{}
		for i, o := range f.Options {
			if seen[o.ID] {
				l.add("option-repeated", f.At("options/"+itoa(i)+"/id"), o.ID)
			}
			seen[o.ID] = true
		}
	}
}

// check holds what is left when ids are resolved and rows compiled.
func (l *loader) check() {
	c := l.cat
	l.checkLevels()
	l.checkLaws()
	l.checkProfiles()
	for _, r := range c.Requirements {
		l.checkRequirement(r)
		l.checkGrounds(r)
	}
}

func (l *loader) checkLevels() {
	var values []int
	stops := 0
	for _, v := range l.cat.Levels {
		values = append(values, v.Value)
		if v.Stop {
			stops++
		}
	}
	if l.base().main.bad["/level"] {
		return
	}
	if !slices.Equal(values, []int{0, 1, 2, 3, 4}) || stops != 1 || !l.cat.Levels[4].Stop {
		l.add("level-gap", l.base().main.at("/level/0"))
	}
}

func (l *loader) checkLaws() {
	for _, x := range l.cat.Laws {
		if x.Ticked && x.Question == "" {
			l.add("law-question", x.At("id"), x.ID)
		}
		if !x.Ticked && len(x.SuggestedWhen.raw) > 0 {
			l.add("law-both", x.At("suggested_when"), x.ID)
		}
		for _, row := range x.AppliesWhen.Rows {
			for _, a := range row.Atoms {
				if a.Aspect != nil {
					l.add("law-levels", a.At)
				}
			}
		}
		for _, d := range []struct{ key, date string }{{"from", x.InForce.From}, {"to", x.InForce.To}} {
			l.date(x.At("in_force/"+d.key), d.date)
		}
		if !l.inForce(x) {
			l.warn("law-date", x.At("in_force"), x.ID, l.opts.Date)
		}
	}
}

// inForce tells whether a law is in force on the day of the options, if they
// name any.
func (l *loader) inForce(x *Law) bool {
	today := l.opts.Date
	return today == "" || x.InForce.From <= today && (x.InForce.To == "" || x.InForce.To >= today)
}

// checkGrounds finds a requirement that has no law in force to rest on, when it
// rests on any: those it names, or those that its rows ask for.
func (l *loader) checkGrounds(r *Requirement) {
	idle := func(laws []*Law) bool { return len(laws) > 0 && !slices.ContainsFunc(laws, l.inForce) }
	if len(r.Laws) == len(r.LawIDs) && idle(r.Laws) {
		l.warn("laws-date", r.At("laws"), r.ID, l.opts.Date)
	}
	rows := r.When.Rows
	if len(rows) == 0 {
		return
	}
	for _, row := range rows {
		if !slices.ContainsFunc(row.Atoms, func(a Atom) bool { return idle(a.Laws) }) {
			return
		}
	}
	l.warn("laws-date", r.At("when"), r.ID, l.opts.Date)
}

func (l *loader) date(at diag.Range, date string) {
	if date == "" {
		return
	}
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		l.add("bad-date", at, date)
	}
}

func (l *loader) checkProfiles() {
	c := l.cat
	base := c.ID + "@" + c.Version
	for i, p := range c.Profiles {
		if c.ID != "" && p.Extends != "" && p.Extends != base {
			l.add("extends", p.At("extends"), p.Extends, base)
		}
		if i > 0 && p.Precedence != 0 && c.Profiles[i-1].Precedence == p.Precedence {
			l.add("precedence", p.At("precedence"), c.Profiles[i-1].ID, p.ID)
		}
		for _, f := range p.Prefills {
			switch {
			case f.Strength == "contracted" && (f.AgreementID == "" || f.Clause == ""):
				l.add("contracted", f.At("strength"))
			case f.Strength == "verified" && f.ValidUntil == "":
				l.add("verified", f.At("strength"))
			}
			l.date(f.At("valid_until"), f.ValidUntil)
		}
		for _, a := range p.Agreements {
			seen := map[string]bool{}
			for i, x := range a.Clauses {
				if seen[x.ID] {
					l.add("clause-repeated", a.At("clause/"+itoa(i)+"/id"), x.ID)
				}
				seen[x.ID] = true
			}
		}
		l.date(p.At("issued"), p.Issued)
	}
	l.date(l.base().main.at("/catalog/issued"), c.Issued)
}

func (l *loader) checkRequirement(r *Requirement) {
	if r.Is == "" && r.Shall == "" {
		l.add("no-wording", r.At("id"))
	} else if r.Shall == "" && r.Concern != "own" {
		l.add("no-shall", r.At("id"))
	}
	if r.Basis == "statute" && len(r.Levels) > 0 {
		l.add("statute-levels", r.At("levels"))
	}
	before := len(l.list)
	l.checkContent(Effective{Content: r.Content}, r, &r.Content, &r.place)
	if len(l.list) > before {
		return // an adjustment of it would only repeat the mistakes
	}
	// Each adjustment is held to the rules alone, and on top of every other
	// that may count with it.
	var checked []Effective
	for _, c := range r.Changes {
		if c.Adjust == nil {
			continue
		}
		if r.Basis == "statute" && c.Adjust.Levels != nil {
			l.add("statute-levels", c.Adjust.At("levels"))
		}
		for _, under := range append([]Effective{{Content: r.Content}}, checked...) {
			f := under.with(c)
			l.checkContent(f, r, &c.Adjust.Content, &c.Adjust.place)
			checked = append(checked, f)
		}
	}
}

// checkContent holds the content f of r to the rules; own is what was last
// folded in, at p.
func (l *loader) checkContent(f Effective, r *Requirement, own *Content, p *place) {
	if len(f.Levels) > 0 {
		for _, row := range f.When.Rows {
			for _, a := range row.Atoms {
				if a.Aspect != nil {
					l.add("levels-and-when", a.At, a.Aspect.ID)
				}
			}
		}
	}
	switch f.Obligation {
	case "should":
		if f.Weight == 0 {
			l.add("should-weight", p.At("obligation"))
		} else if f.Partly >= f.Weight {
			l.add("partly-weight", p.At("partly"))
		}
		if f.Category != "award" {
			l.add("should-category", p.At("category"))
		}
		if f.Shall != "" && !strings.Contains(strings.ToLower(f.Shall), "bör") {
			l.add("should-word", p.At("shall"))
		}
	case "shall":
		if f.Weight != 0 {
			l.add("shall-weight", p.At("weight"))
		}
		if f.Category == "award" {
			l.add("shall-award", p.At("category"))
		}
	}
	if len(f.ShallWhen.Rows) > 0 && f.Shall == "" {
		l.add("shall-when", p.At("shall_when"))
	}
	used := map[string]bool{}
	for _, text := range []struct{ key, text string }{{"title", f.Title}, {"is", f.Is}, {"shall", f.Shall}} {
		for _, m := range placeholder.FindAllStringSubmatch(text.text, -1) {
			used[m[1]] = true
			if f.Parameters[m[1]] == nil {
				l.hint("parameter-no", p.At(text.key), nearest(m[1], slices.Collect(maps.Keys(f.Parameters))), m[1])
			}
		}
		if strings.ContainsAny(placeholder.ReplaceAllString(text.text, ""), "{}") {
			l.add("parameter-brace", p.At(text.key))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(own.Parameters)) {
		if !used[name] {
			l.add("parameter-idle", p.At("parameters/"+name), name)
		}
	}
}

var placeholder = regexp.MustCompile(`\{([a-z][a-z0-9_]*)\}`)
