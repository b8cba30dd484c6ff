package catalog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kravverk/kravverk/engine/diag"
	"github.com/kravverk/kravverk/engine/rule"
)

// Kind is what a witness is of.
type Kind string

const (
	OfRequirement Kind = "requirement" // it applies
	OfPrefill     Kind = "prefill"     // it is offered
	OfQuestion    Kind = "question"    // it is put, and its answer can change the list
	OfAnswer      Kind = "answer"      // it changes the list
)

// Witness is the fewest answers that reach something, whatever else is answered
// or not. Each of them is to a question that is put.
type Witness struct {
	Kind Kind
	// ID is the requirement's, BEH-04; the prefill's requirement and profile,
	// BEH-04/moln, with a number when there are more than one: BEH-04/moln/2;
	// the question's, drift; or the answer's, drift=moln or ai=true.
	ID          string
	At          diag.Range // of what is reached
	Requirement *Requirement
	Prefill     *Prefill
	Fact        *Fact // of a question and an answer
	Option      int   // of an answer: the option's number, or 0 for false and 1 for true

	// Reached is false when no answers reach it; the rest is then empty.
	Reached bool
	Answered
	Expect Expect
	// catalog is the id to answer for.
	catalog string
}

// Answered is answers to some of a catalogue's questions.
type Answered struct {
	Named    bool       // the profiles are named; else their offers decide
	Profiles []*Profile // those named
	Levels   []LevelAnswer
	Facts    []FactAnswer
	Lagrum   bool   // it is answered which laws apply
	Laws     []*Law // those that do
}

// LevelAnswer is an aspect's level.
type LevelAnswer struct {
	Aspect *Aspect
	Level  int
}

// FactAnswer is the answer to a question: the numbers of the options, exactly
// one of a choice, and 0 for false and 1 for true of a bool.
type FactAnswer struct {
	Fact  *Fact
	Value []int
}

// Expect is what comes of a witness's answers, in the words of a case. It is
// empty for a question on which the list does not hang.
type Expect struct {
	Yes, No  *Requirement // applies, and does not
	Offer    *Prefill     // is offered first
	NoOffers *Requirement // nothing is offered for it
	Open     *Fact        // can still change the list
}

// Find gives the witnesses of an id: one, or, for the prefills of a requirement
// in a profile, as many as there are.
func (a *Analysis) Find(id string) []Witness {
	var out []Witness
	for _, w := range a.Witnesses {
		if w.ID == id || strings.Contains(id, "/") && strings.HasPrefix(w.ID, id+"/") {
			out = append(out, w)
		}
	}
	return out
}

// TOML writes a witness as a case, which comes out as expected as it stands.
// Without an expectation it is an answers file, and of what is not reached it is
// empty.
func (w Witness) TOML() string {
	if !w.Reached {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n[classification]\ntype = \"A\"\ntitle = %s\ncatalog = %s\n", w.sentence(), quote(witnessWords.title+w.ID), quote(w.catalog))
	if w.Named {
		ids := make([]string, len(w.Profiles))
		for i, p := range w.Profiles {
			ids[i] = p.ID
		}
		fmt.Fprintf(&b, "profiles = %s\n", quotes(ids))
	}
	if len(w.Facts) > 0 || w.Lagrum {
		b.WriteString("\n[facts]\n")
	}
	for _, f := range w.Facts {
		fmt.Fprintf(&b, "%s = %s\n", f.Fact.ID, f.toml())
	}
	if w.Lagrum {
		ids := make([]string, len(w.Laws))
		for i, law := range w.Laws {
			ids[i] = law.ID
		}
		fmt.Fprintf(&b, "%s = %s\n", lagrum, quotes(ids))
	}
	if len(w.Levels) > 0 {
		levels := make([]string, len(w.Levels))
		for i, l := range w.Levels {
			levels[i] = fmt.Sprintf("%s = %d", l.Aspect.ID, l.Level)
		}
		fmt.Fprintf(&b, "\n[[information]]\ntype = %s\nlevels = { %s }\n", quote(witnessWords.information), strings.Join(levels, ", "))
	}
	if text := w.Expect.toml(); text != "" {
		fmt.Fprintf(&b, "\n[expect]\n%s\n", text)
	}
	return b.String()
}

// sentence tells what a witness shows.
func (w Witness) sentence() string {
	e := w.Expect
	switch {
	case w.Kind == OfRequirement:
		return fmt.Sprintf(witnessWords.applies, w.ID)
	case w.Kind == OfPrefill:
		return fmt.Sprintf(witnessWords.offered, w.Requirement.ID, w.Prefill.Profile.ID)
	case e.Open != nil:
		return fmt.Sprintf(witnessWords.open, w.ID)
	case w.Kind == OfQuestion:
		return fmt.Sprintf(witnessWords.put, w.ID)
	case e.Yes != nil:
		return fmt.Sprintf(witnessWords.answerYes, w.ID, e.Yes.ID)
	case e.No != nil:
		return fmt.Sprintf(witnessWords.answerNo, w.ID, e.No.ID)
	case e.Offer != nil:
		return fmt.Sprintf(witnessWords.answerOffer, w.ID, e.Offer.Requirement.ID)
	case e.NoOffers != nil:
		return fmt.Sprintf(witnessWords.answerNoOffer, w.ID, e.NoOffers.ID)
	}
	return fmt.Sprintf(witnessWords.answerIdle, w.ID)
}

func (e Expect) toml() string {
	switch {
	case e.Yes != nil:
		return "yes = " + quotes([]string{e.Yes.ID})
	case e.No != nil:
		return "no = " + quotes([]string{e.No.ID})
	case e.Offer != nil:
		return fmt.Sprintf("offers = { %s = %s }", e.Offer.Requirement.ID, quote(e.Offer.Answer))
	case e.NoOffers != nil:
		return "no_offers = " + quotes([]string{e.NoOffers.ID})
	case e.Open != nil:
		return "open_questions = " + quotes([]string{e.Open.ID})
	}
	return ""
}

func (f FactAnswer) toml() string {
	if f.Fact.Type == Bool {
		return strconv.FormatBool(f.Value[0] == 1)
	}
	ids := make([]string, len(f.Value))
	for i, o := range f.Value {
		ids[i] = f.Fact.Options[o].ID
	}
	if f.Fact.Type == Choice {
		return quote(ids[0])
	}
	return quotes(ids)
}

// Ids and our own words have nothing in them that TOML writes otherwise.
func quote(s string) string { return strconv.Quote(s) }

func quotes(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = quote(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// words tells answers in running text.
func (x Answered) words(c *Catalog) string {
	var out []string
	for _, l := range x.Levels {
		out = append(out, fmt.Sprintf("%s %s %d %s", l.Aspect.ID, words.is, l.Level, c.Level(l.Level).Title))
	}
	for _, f := range x.Facts {
		switch {
		case f.Fact.Type == Bool:
			out = append(out, f.Fact.BoolPhrase(f.Value[0] == 1))
		case len(f.Value) == 0:
			out = append(out, fmt.Sprintf(witnessWords.none, f.Fact.ID))
		}
		for _, o := range f.Value {
			if f.Fact.Type != Bool {
				out = append(out, f.Fact.OptionPhrase(o))
			}
		}
	}
	for _, law := range x.Laws {
		out = append(out, law.Title+" "+words.applies)
	}
	if x.Lagrum && len(x.Laws) == 0 {
		out = append(out, witnessWords.noLaws)
	}
	return and(out)
}

// asking is the price of answering a question: more than any values together.
const asking = 1 << 20

// price says what answers cost: the fewest questions first, then the lowest
// levels and the first options.
func (a *analyst) price() {
	n := len(a.c.Space)
	a.tariff.Group = make([]int, n)
	a.answer = make([]*Fact, n)
	for v := range a.tariff.Group {
		a.tariff.Group[v] = v
		a.tariff.Ask = append(a.tariff.Ask, asking)
	}
	for _, f := range a.c.Facts {
		for _, v := range f.Vars {
			a.tariff.Group[v] = int(f.Vars[0])
			a.answer[v] = f
		}
	}
	first := -1
	for _, law := range a.c.Laws {
		if law.Ticked {
			if first < 0 {
				first = int(law.Var)
			}
			a.tariff.Group[law.Var] = first
		}
	}
}

// reach finds the cheapest answers after which must holds and may still can,
// all of them to questions that are put.
func (a *analyst) reach(s *combination, must, may rule.Func, t rule.Tariff) (box rule.Box, price int, ok bool) {
	box, price, ok = a.d.Cheapest(must, may, t)
	if !ok {
		return nil, 0, false
	}
	for v, f := range a.answer {
		if f == nil || rule.Var(v) != f.Vars[0] || box[v].Len() != 1 {
			continue
		}
		put := s.fix(a.d.Func(f.Asked.Expr))
		if a.d.Eval(put, box) == rule.Yes {
			continue
		}
		// Then either it is not answered, or what puts it is answered too.
		without := rule.Tariff{Group: t.Group, Ask: slices.Clone(t.Ask)}
		without.Ask[t.Group[v]] = -1
		box, price, ok = a.reach(s, must, may, without)
		if with, more, can := a.reach(s, a.d.And(must, put), may, t); can && (!ok || more < price) {
			return with, more, true
		}
		return box, price, ok
	}
	return box, price, true
}

// answered reads a box back as answers.
func (a *analyst) answered(box rule.Box) Answered {
	var x Answered
	settled := func(v rule.Var) bool { return box[v].Len() == 1 }
	for _, aspect := range a.c.Aspects {
		if aspect.IsRated() && settled(aspect.Var) {
			x.Levels = append(x.Levels, LevelAnswer{aspect, box[aspect.Var].Values()[0]})
		}
	}
	for _, f := range a.c.Facts {
		if len(f.Vars) == 0 || !settled(f.Vars[0]) {
			continue
		}
		answer := FactAnswer{Fact: f}
		if f.Type == Choices {
			for i, v := range f.Vars {
				if box[v].Has(1) {
					answer.Value = append(answer.Value, i)
				}
			}
		} else {
			answer.Value = box[f.Vars[0]].Values()
		}
		x.Facts = append(x.Facts, answer)
	}
	for _, law := range a.c.Laws {
		if law.Ticked && settled(law.Var) {
			x.Lagrum = true
			if box[law.Var].Has(1) {
				x.Laws = append(x.Laws, law)
			}
		}
	}
	return x
}

// told tells a case in which a function of the answers holds.
func (a *analyst) told(f rule.Func) string {
	box, _, ok := a.d.Cheapest(f, rule.Always, a.tariff)
	if !ok {
		return ""
	}
	return a.answered(box).words(a.c)
}

// effect is something of the list that answers can bring about.
type effect struct {
	Expect
	holds rule.Func
	hangs []rule.Var // it depends on these at most
}

// brings lists what a combination can bring about, what applies first, then
// what is offered, then what goes away.
func (a *analyst) brings(s *combination) []effect {
	if s.effects != nil {
		return s.effects
	}
	var away []effect
	add := func(to *[]effect, x Expect, f rule.Func, hangs []rule.Var) {
		if f != rule.Never && f != rule.Always && f != rule.TooLarge {
			*to = append(*to, effect{x, f, hangs})
		}
	}
	for _, r := range a.c.Requirements {
		f := s.fix(a.d.Func(r.Applies.Expr))
		add(&s.effects, Expect{Yes: r}, f, r.Applies.Support())
		add(&away, Expect{No: r}, a.d.Not(f), r.Applies.Support())
	}
	for _, r := range a.c.Requirements {
		any := rule.Never
		var hangs []rule.Var
		for _, p := range r.Prefills {
			f := s.fix(a.d.Func(p.Offered.Expr))
			add(&s.effects, Expect{Offer: p}, f, p.Offered.Support())
			any = a.d.Or(any, f)
			hangs = append(hangs, p.Offered.Support()...)
		}
		add(&away, Expect{NoOffers: r}, a.d.Not(any), hangs)
	}
	s.effects = append(s.effects, away...)
	return s.effects
}

// combinations are those to look for a witness in: the owner's own first, and
// last the one that names no profiles.
func (a *analyst) combinations(owner *Profile) []*combination {
	var out []*combination
	home := a.only(owner)
	for _, s := range a.sets {
		if s&home == home {
			out = append(out, a.with(s))
		}
	}
	return append(out, a.offers)
}

// witness makes the witnesses.
func (a *analyst) witness() {
	for _, r := range a.c.Requirements {
		w := Witness{Kind: OfRequirement, ID: r.ID, At: r.At("id"), Requirement: r, Expect: Expect{Yes: r}}
		a.show(w, a.combinations(r.Profile), func(s *combination) rule.Func { return s.fix(a.d.Func(r.Applies.Expr)) })
	}
	for _, p := range a.c.Profiles {
		of := map[*Requirement]int{}
		for _, f := range p.Prefills {
			of[f.Requirement]++
		}
		nth := map[*Requirement]int{}
		for _, f := range p.Prefills {
			w := Witness{
				Kind: OfPrefill, ID: f.Requirement.ID + "/" + p.ID, At: f.At("requirement"),
				Requirement: f.Requirement, Prefill: f, Expect: Expect{Offer: f},
			}
			if nth[f.Requirement]++; of[f.Requirement] > 1 {
				w.ID += "/" + itoa(nth[f.Requirement])
			}
			a.show(w, a.combinations(p), func(s *combination) rule.Func { return s.fix(a.d.Func(f.Offered.Expr)) })
		}
	}
	for _, f := range a.c.Facts {
		if !f.IsDerived() {
			a.question(f)
		}
	}
	for _, f := range a.c.Facts {
		if !f.IsDerived() {
			a.answers(f)
		}
	}
}

// show adds a witness in the first combination that has one for what must hold.
func (a *analyst) show(w Witness, where []*combination, must func(*combination) rule.Func) {
	for _, s := range where {
		if box, _, ok := a.reach(s, must(s), rule.Always, a.tariff); ok {
			a.add(w, s, box)
			return
		}
	}
	w.Expect = Expect{}
	a.Witnesses = append(a.Witnesses, w)
}

// add adds a witness with the answers of a box.
func (a *analyst) add(w Witness, s *combination, box rule.Box) {
	w.Reached, w.catalog, w.Answered = true, a.c.ID, a.answered(box)
	w.Named, w.Profiles = s != a.offers, s.profiles
	if f := w.Expect.Offer; f != nil {
		// Another profile's may be offered before it.
		for _, g := range f.Requirement.Prefills {
			if a.d.Eval(s.fix(a.d.Func(g.Offered.Expr)), box) == rule.Yes && g.Answer != f.Answer && g.before(f) {
				w.Expect = Expect{Yes: f.Requirement}
			}
		}
	}
	a.Witnesses = append(a.Witnesses, w)
}

// question shows that a question can be put, if possible when its answer can
// change the list.
func (a *analyst) question(f *Fact) {
	w := Witness{Kind: OfQuestion, ID: f.ID, At: f.At("id"), Fact: f, Expect: Expect{Open: f}}
	where := a.combinations(f.Profile)
	for _, s := range where {
		put := s.fix(a.d.Func(f.Asked.Expr))
		var best rule.Box
		cheapest := 0
		for _, e := range a.brings(s) {
			if e.Yes == nil && e.Offer == nil || !slices.ContainsFunc(f.Vars, e.hangsOn) {
				continue
			}
			box, price, ok := a.reach(s, put, a.turns(e.holds, f), a.tariff)
			if ok && (best == nil || price < cheapest) {
				best, cheapest = box, price
			}
		}
		if best != nil {
			a.add(w, s, best)
			return
		}
	}
	w.Expect = Expect{}
	a.show(w, where, func(s *combination) rule.Func { return s.fix(a.d.Func(f.Asked.Expr)) })
}

// turns holds where another answer to a question would turn a function.
func (a *analyst) turns(f rule.Func, fact *Fact) rule.Func {
	some, all := f, f
	for _, v := range fact.Vars {
		anyValue, everyValue := rule.Never, rule.Always
		for value := range a.c.Space[v] {
			fix := a.fixed(v, value)
			anyValue, everyValue = a.d.Or(fix(some), anyValue), a.d.And(fix(all), everyValue)
		}
		some, all = anyValue, everyValue
	}
	return a.d.And(some, a.d.Not(all))
}

// answers shows what each answer to a question can change: best of all what it
// makes apply, or is offered with it, else what it takes away.
func (a *analyst) answers(f *Fact) {
	if f.Type == Choices {
		for i, v := range f.Vars {
			a.oneAnswer(f, i, v, 1)
		}
		return
	}
	for value := range a.c.Space[f.Vars[0]] {
		a.oneAnswer(f, value, f.Vars[0], value)
	}
}

func (a *analyst) oneAnswer(f *Fact, option int, v rule.Var, value int) {
	w := Witness{Kind: OfAnswer, ID: f.ID + "=" + strconv.FormatBool(value == 1), At: f.At("id"), Fact: f, Option: option}
	if f.Type != Bool {
		w.ID, w.At = f.ID+"="+f.Options[option].ID, f.At("options/"+itoa(option)+"/id")
	}
	is := a.d.Func(rule.Is(v, rule.Of(value)))
	where := a.combinations(f.Profile)
	for _, away := range []bool{false, true} {
		for _, s := range where {
			given := a.d.And(s.fix(a.d.Func(f.Asked.Expr)), is)
			var best rule.Box
			cheapest := 0
			for _, e := range a.brings(s) {
				if away != (e.Yes == nil && e.Offer == nil) || !e.hangsOn(v) {
					continue
				}
				not := rule.Never // another answer can do without
				for other := range a.c.Space[v] {
					if other != value {
						not = a.d.Or(a.d.Not(a.fixed(v, other)(e.holds)), not)
					}
				}
				box, price, ok := a.reach(s, a.d.And(given, e.holds), not, a.tariff)
				if ok && (best == nil || price < cheapest) {
					best, cheapest, w.Expect = box, price, e.Expect
				}
			}
			if best != nil {
				a.add(w, s, best)
				return
			}
		}
	}
	a.show(w, where, func(s *combination) rule.Func { return a.d.And(s.fix(a.d.Func(f.Asked.Expr)), is) })
}

func (e effect) hangsOn(v rule.Var) bool { return slices.Contains(e.hangs, v) }

// fixed is Fix of one variable, remembered.
func (a *analyst) fixed(v rule.Var, value int) func(rule.Func) rule.Func {
	key := [2]int{int(v), value}
	if a.fixes[key] == nil {
		a.fixes[key] = a.d.Fix(map[rule.Var]int{v: value})
	}
	return a.fixes[key]
}

// before tells whether of two prefills that are offered this one comes first:
// the best-founded does, then the later profile's.
func (f *Prefill) before(g *Prefill) bool {
	order := []string{"verified", "contracted", "assumed"}
	if x, y := slices.Index(order, f.Strength), slices.Index(order, g.Strength); x != y {
		return x < y
	}
	return f.Profile.Precedence > g.Profile.Precedence
}
