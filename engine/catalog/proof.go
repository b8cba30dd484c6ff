package catalog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kravverk/kravverk/engine/diag"
	"github.com/kravverk/kravverk/engine/rule"
)

// piece is something that an author wrote and that a proof can rest on.
type piece struct {
	words string
	at    diag.Range
	holds func(*proof) *rule.Expr
	tacit bool // the proof is of it: it is never left out, and not told
}

// proof searches for pieces that cannot hold together. What they lean on
// (when a question is put, what a derived fact means, when a law applies) are
// pieces too, the definitions: one that is left out becomes a variable of its
// own, which is to know nothing of it.
type proof struct {
	diagram *rule.Diagram
	open    map[any]rule.Var // of each definition: a *Fact or a *Law

	// Of the search at hand:
	met  []any        // the definitions leaned on so far
	out  map[any]bool // the definitions left out
	made map[any]*rule.Expr
}

func newProof(c *Catalog) *proof {
	p := &proof{open: map[any]rule.Var{}}
	space := slices.Clone(c.Space)
	define := func(d any) {
		p.open[d] = rule.Var(len(space))
		space = append(space, 2)
	}
	for _, f := range c.Facts {
		define(f)
	}
	for _, law := range c.Laws {
		define(law)
	}
	p.diagram = rule.NewDiagram(space)
	return p
}

// clash finds pieces and definitions that cannot hold together and of which
// none can be left out. It is nil when all can hold. The profiles that the
// pieces belong to are taken to count.
func (a *analyst) clash(pieces []piece) []piece {
	if a.proof == nil {
		a.proof = newProof(a.c)
	}
	p := a.proof
	p.met, p.out = nil, map[any]bool{}
	if !p.impossible(pieces) {
		return nil
	}
	// The definitions go first: a proof that needs fewer of them is easier to
	// follow.
	for _, d := range slices.Backward(slices.Clone(p.met)) {
		p.out[d] = true
		if !p.impossible(pieces) {
			delete(p.out, d)
		}
	}
	var definitions []piece
	for _, d := range p.met {
		if !p.out[d] {
			definitions = append(definitions, definition(d))
		}
	}
	for i := len(pieces) - 1; i >= 0; i-- {
		if less := slices.Delete(slices.Clone(pieces), i, i+1); !pieces[i].tacit && p.impossible(less) {
			pieces = less
		}
	}
	told := slices.DeleteFunc(slices.Clone(pieces), func(x piece) bool { return x.tacit })
	return append(told, definitions...)
}

func (p *proof) impossible(pieces []piece) bool {
	p.made = map[any]*rule.Expr{}
	all := make([]*rule.Expr, len(pieces))
	for i, x := range pieces {
		all[i] = x.holds(p)
	}
	return p.diagram.Func(rule.And(all...)) == rule.Never
}

func (p *proof) rows(rows []Row) *rule.Expr {
	out := make([]*rule.Expr, len(rows))
	for i, row := range rows {
		atoms := make([]*rule.Expr, len(row.Atoms))
		for j, a := range row.Atoms {
			atoms[j] = p.atom(a)
		}
		out[i] = rule.And(atoms...)
	}
	return rule.Or(out...)
}

// atom is what loader.atomExpr says, with the definitions left open.
func (p *proof) atom(a Atom) *rule.Expr {
	switch {
	case a.Aspect != nil && a.Aspect.IsRated():
		return rule.Is(a.Aspect.Var, a.Levels)
	case a.Aspect != nil:
		return rule.Const(false)
	case a.Fact == nil:
		laws := make([]*rule.Expr, len(a.Laws))
		for i, law := range a.Laws {
			if law.Ticked {
				laws[i] = rule.Is(law.Var, rule.Of(1))
			} else {
				laws[i] = p.defined(law, law.AppliesWhen.Rows)
			}
		}
		return rule.Or(laws...)
	case a.Fact.IsDerived():
		if e := p.defined(a.Fact, a.Fact.Derived.Rows); a.Want {
			return e
		} else {
			return rule.Not(e)
		}
	}
	asked := rule.Const(true)
	if len(a.Fact.AskWhen.Rows) > 0 {
		asked = p.defined(a.Fact, a.Fact.AskWhen.Rows)
	}
	return rule.And(asked, a.answered())
}

func (p *proof) defined(d any, rows []Row) *rule.Expr {
	if !slices.Contains(p.met, d) {
		p.met = append(p.met, d)
	}
	if p.out[d] {
		return rule.Is(p.open[d], rule.Of(1))
	}
	if p.made[d] == nil {
		p.made[d] = p.rows(rows)
	}
	return p.made[d]
}

// definition is a definition as a piece to tell of.
func definition(d any) piece {
	if law, ok := d.(*Law); ok {
		return piece{words: fmt.Sprintf(proofWords.law, law.ID, rowsText(law.AppliesWhen.Rows)), at: law.At("applies_when")}
	}
	f := d.(*Fact)
	if f.IsDerived() {
		return piece{words: fmt.Sprintf(proofWords.derived, f.ID, rowsText(f.Derived.Rows)), at: f.At("derived")}
	}
	return piece{words: fmt.Sprintf(proofWords.asked, f.ID, rowsText(f.AskWhen.Rows)), at: f.At("ask_when")}
}

// atomPieces are a row's keys, each a piece.
func atomPieces(atoms []Atom) []piece {
	out := make([]piece, len(atoms))
	for i, a := range atoms {
		words := a.text()
		if a.Aspect != nil && !a.Aspect.IsRated() {
			words = fmt.Sprintf(proofWords.unrated, words, a.Aspect.ID)
		}
		out[i] = piece{words: words, at: a.At, holds: func(p *proof) *rule.Expr { return p.atom(a) }}
	}
	return out
}

func whenPiece(rows []Row) piece {
	return piece{words: rowsText(rows), at: rows[0].At, holds: func(p *proof) *rule.Expr { return p.rows(rows) }}
}

func unlessPieces(rows []Row) []piece {
	out := make([]piece, len(rows))
	for i, row := range rows {
		out[i] = piece{
			words: fmt.Sprintf(proofWords.unless, rowsText([]Row{row})), at: row.At,
			holds: func(p *proof) *rule.Expr { return rule.Not(p.rows([]Row{row})) },
		}
	}
	return out
}

func levelsPiece(thresholds []Threshold, at diag.Range) piece {
	text := make([]string, len(thresholds))
	rated := false
	for i, t := range thresholds {
		text[i] = fmt.Sprintf("%s = %d", t.Aspect.ID, t.Min)
		rated = rated || t.Aspect.IsRated()
	}
	words := "levels = { " + strings.Join(text, ", ") + " }"
	if !rated {
		words = fmt.Sprintf(proofWords.unrated, words, thresholds[0].Aspect.ID)
	}
	return piece{words: words, at: at, holds: func(*proof) *rule.Expr { return met(thresholds) }}
}

// told puts a clash in a sentence.
func told(pieces []piece) string {
	if len(pieces) == 0 {
		return proofWords.nothing
	}
	return proofWords.clash + places(pieces) + "."
}

func places(pieces []piece) string {
	out := make([]string, len(pieces))
	for i, x := range pieces {
		out[i] = x.words + proofWords.at + x.at.String()
	}
	return strings.Join(out, "; ")
}

// text is a key with its value as it is written in a file.
func (a Atom) text() string {
	switch {
	case a.Aspect != nil:
		return fmt.Sprintf("%s = %q", a.Aspect.ID, a.Compare)
	case a.Fact == nil:
		ids := make([]string, len(a.Laws))
		for i, law := range a.Laws {
			ids[i] = law.ID
		}
		return lagrum + " = " + listText(ids)
	case a.Fact.Type == Bool:
		return fmt.Sprintf("%s = %t", a.Fact.ID, a.Want)
	}
	ids := make([]string, len(a.Options))
	for i, o := range a.Options {
		ids[i] = a.Fact.Options[o].ID
	}
	return a.Fact.ID + " = " + listText(ids)
}

func listText(ids []string) string {
	quoted := make([]string, len(ids))
	for i, id := range ids {
		quoted[i] = strconv.Quote(id)
	}
	if len(ids) == 1 {
		return quoted[0]
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// maxRowsTold is how many rows are told one by one in a sentence.
const maxRowsTold = 4

func rowsText(rows []Row) string {
	if len(rows) > maxRowsTold {
		return fmt.Sprintf(proofWords.manyRows, len(rows))
	}
	out := make([]string, len(rows))
	for i, row := range rows {
		atoms := make([]string, len(row.Atoms))
		for j, a := range row.Atoms {
			atoms[j] = a.text()
		}
		out[i] = strings.Join(atoms, proofWords.and)
	}
	return strings.Join(out, proofWords.or)
}
