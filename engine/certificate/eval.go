package certificate

import (
	"slices"
	"strconv"
)

// single is one state: every variable has one value. Here stands what the rows
// mean; the rest of the package only tries states.
type single struct {
	value func(Variable) string
	named bool // whether somebody chose the profiles
	work  *int // how many steps may still be taken; when none, answers mean nothing
}

// look gives a variable's value.
func (s *single) look(kind, id, option string) string {
	*s.work--
	return s.value(Variable{kind, id, option})
}

// applies tells whether a requirement applies.
func (s *single) applies(r *requirement) bool {
	if !s.active(r.profile) {
		return false
	}
	now, excluded := r.rules, false
	for _, c := range r.changes {
		if !s.active(c.profile) {
			continue
		}
		if len(c.levels) > 0 {
			now.levels = c.levels
		}
		if len(c.when) > 0 {
			now.when = c.when
		}
		if len(c.unless) > 0 {
			now.unless = c.unless
		}
		excluded = (excluded || c.exclude) && !c.include
	}
	return !excluded &&
		(len(now.levels) == 0 || slices.ContainsFunc(now.levels, s.holds)) &&
		(len(now.when) == 0 || s.any(now.when)) &&
		!s.any(now.unless)
}

// active tells whether a profile counts; the base always does.
func (s *single) active(p *profile) bool {
	*s.work--
	switch {
	case p == nil:
		return true
	case s.named:
		return s.look(KindProfile, p.ID, "") == "true"
	}
	return len(p.offeredWhen) == 0 || s.any(p.offeredWhen)
}

// asked tells whether a question is put.
func (s *single) asked(f *fact) bool {
	return s.active(f.profile) && (len(f.askWhen) == 0 || s.any(f.askWhen))
}

// binds tells whether a law applies.
func (s *single) binds(l *law) bool {
	if !s.active(l.profile) {
		return false
	}
	if l.Ticked {
		return s.look(KindLaw, l.ID, "") == "true"
	}
	return s.any(l.appliesWhen)
}

func (s *single) any(rows []row) bool { return slices.ContainsFunc(rows, s.all) }

func (s *single) all(r row) bool {
	return !slices.ContainsFunc(r, func(t test) bool { return !s.holds(t) })
}

// holds tells whether a test holds. A question that is not put has no value,
// which matches nothing: neither true nor false.
func (s *single) holds(t test) bool {
	if *s.work--; *s.work < 0 {
		return false
	}
	switch f := t.fact; {
	case t.aspect != nil:
		return t.aspect.Rated && slices.Contains(t.accept, s.look(KindAspect, t.aspect.ID, ""))
	case f == nil:
		return slices.ContainsFunc(t.laws, s.binds)
	case len(f.derived) > 0:
		return slices.Contains(t.accept, strconv.FormatBool(s.any(f.derived)))
	case !s.asked(f):
		return false
	case f.Type == Choices:
		return slices.ContainsFunc(t.accept, func(option string) bool {
			return s.look(KindFact, f.ID, option) == "true"
		})
	default:
		return slices.Contains(t.accept, s.look(KindFact, f.ID, ""))
	}
}
