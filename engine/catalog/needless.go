package catalog

import (
	"slices"

	"github.com/kravverk/kravverk/engine/diag"
	"github.com/kravverk/kravverk/engine/rule"
)

// site is rows and what they stand among.
type site struct {
	rows    []Row
	set     rule.Set       // the profiles that count at least
	in      rule.Func      // what else must hold for them to matter
	context func() []piece // the same, as it is written; nil when it is not one thing
	seen    bool           // some combination has been taken in
	spent   bool           // in the first of them, too much is wrong for more to be said
}

func (x site) around() []piece {
	if x.context == nil {
		return nil
	}
	return x.context()
}

// widen takes in one more combination in which something is in force; spent
// tells that it makes nothing of it there, which is remarked on already.
func (a *analyst) widen(x *site, s rule.Set, in rule.Func, context func() []piece, spent bool) {
	switch {
	case !x.seen:
		*x = site{set: s, in: in, context: context, seen: true, spent: spent}
	case in != x.in:
		x.in, x.context = a.d.Or(x.in, in), nil
	}
}

// any holds when some row does.
func (a *analyst) any(s rule.Set, rows []Row) rule.Func {
	f := rule.Never
	for _, row := range rows {
		f = a.d.Or(f, a.in(s, row.Holds))
	}
	return f
}

// needed looks at rows that could be left out altogether. It gives what is left
// of them.
func (a *analyst) needed(x site, at diag.Range) rule.Func {
	if !x.spent && same(a.d.And(x.in, a.any(x.set, x.rows)), x.in) {
		a.warn("rows-idle", at, "when")
		return rule.Always
	}
	return a.rows(x)
}

// rows finds what could be left out of rows without a difference: whole rows,
// keys, and values. What has been found is left out of what is looked at next,
// so that all of it can go at once. It gives what is left of the rows.
func (a *analyst) rows(x site) rule.Func {
	if x.spent {
		return a.any(x.set, x.rows)
	}
	d := a.d
	each := make([]rule.Func, len(x.rows))
	order := make([]int, len(x.rows)) // the longest first, as the one to do without
	for i, row := range x.rows {
		each[i], order[i] = a.in(x.set, row.Holds), len(x.rows)-1-i
	}
	slices.SortStableFunc(order, func(i, j int) int { return len(x.rows[j].Atoms) - len(x.rows[i].Atoms) })
	total := d.And(x.in, d.Or(each...))
	for _, i := range order {
		row, own := x.rows[i], each[i]
		each[i] = rule.Never
		rest := d.Or(each...)
		switch {
		case own == rule.Never && slices.ContainsFunc(row.Atoms, func(x Atom) bool { return x.Aspect != nil && !x.Aspect.IsRated() }):
			// Load has remarked on it.
		case own == rule.Never:
			a.warn("row-never", row.At, told(a.clash(atomPieces(row.Atoms))))
		case d.And(x.in, own) == rule.Never:
			a.warn("row-blocked", row.At, told(a.clash(append(atomPieces(row.Atoms), x.around()...))))
		case !same(d.And(x.in, rest), total):
			each[i] = a.keys(x, row, func(f rule.Func) bool { return same(d.And(x.in, d.Or(rest, f)), total) })
		case slices.Contains(each, own):
			a.warn("row-equal", row.At, x.rows[slices.Index(each, own)].At.String())
		default:
			a.warn("row-idle", row.At, a.cover(x, own, each))
		}
	}
	return d.Or(each...)
}

// keys finds the keys and the values that a row can do without, one after the
// other; as tells whether a function would do in its place. It gives what is
// left of the row.
func (a *analyst) keys(x site, row Row, as func(rule.Func) bool) rule.Func {
	all := func(atoms []Atom) rule.Func {
		f := rule.Always
		for _, atom := range atoms {
			f = a.d.And(a.with(x.set).fix(a.d.Func(atom.expr())), f)
		}
		return f
	}
	atoms := slices.Clone(row.Atoms)
	for j := len(atoms) - 1; j >= 0 && len(atoms) > 1; j-- {
		key, fewer := atoms[j], slices.Delete(slices.Clone(atoms), j, j+1)
		if as(all(fewer)) {
			atoms = fewer
			a.warn("key-idle", key.At, key.text(), a.because(fewer, x, proofWords.keyCovered, func(p *proof) *rule.Expr {
				return rule.Not(p.atom(key))
			}))
		}
	}
	for j := range atoms {
		for n := atoms[j].values() - 1; n >= 0 && atoms[j].values() > 1; n-- {
			whole := atoms[j]
			less, value := whole.split(n)
			if atoms[j] = less; !as(all(atoms)) {
				atoms[j] = whole
				continue
			}
			others := slices.Delete(slices.Clone(atoms), j, j+1)
			a.warn("value-idle", whole.At, value.text(), a.because(others, x, proofWords.valueCovered, func(p *proof) *rule.Expr {
				return rule.And(p.atom(value), rule.Not(p.atom(less)))
			}))
		}
	}
	return all(atoms)
}

// cover tells which of the other rows take a row's place.
func (a *analyst) cover(x site, own rule.Func, others []rule.Func) string {
	own = a.d.And(x.in, own)
	kept := slices.Clone(others)
	for i := range kept {
		f := kept[i]
		kept[i] = rule.Never
		if !same(a.d.And(own, a.d.Or(kept...)), own) {
			kept[i] = f
		}
	}
	var at []string
	for i, f := range kept {
		if f != rule.Never {
			at = append(at, x.rows[i].At.String())
		}
	}
	return and(at)
}

// because tells what of a row, and of what stands around it, leaves no room for
// what could be left out; or else what to say.
func (a *analyst) because(row []Atom, x site, otherwise string, room func(*proof) *rule.Expr) string {
	pieces := append(atomPieces(row), x.around()...)
	if core := a.clash(append(pieces, piece{holds: room, tacit: true})); len(core) > 0 {
		return proofWords.follows + places(core) + "."
	}
	return otherwise
}
