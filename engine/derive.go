package engine

import (
	"maps"
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// The verdicts, for those who read a derivation and need no more of package rule.
const (
	Unknown = rule.Unknown
	No      = rule.No
	Yes     = rule.Yes
)

// Derivation is which requirements apply to a system, why, and with what text.
type Derivation struct {
	Facts    *Facts
	Findings []Finding // every requirement of the catalogue and its profiles, in the catalogue's order
	Laws     []LawFinding
	Profiles []ProfileFinding
	Open     []Question
}

// Finding is one requirement in one classification.
type Finding struct {
	Requirement *catalog.Requirement
	// Effective is the content after the profiles that count.
	Effective catalog.Effective
	Applies   rule.Truth
	// Reasons is a minimal sufficient reason for a yes or a no: together the
	// atoms force the verdict whatever else is answered. Empty for base
	// protection, nil when the verdict is unknown.
	Reasons []ReasonAtom
	Because string // the reason in words, or what an unknown depends on
	// Unsettled says that it applies or may, with a text that an open level or
	// profile decides. What is shown is then without the profile, and with
	// every value that a parameter may get.
	Unsettled        bool
	DependsOn        []Question // what could settle an unknown verdict, or the text of a yes
	Title, Is, Shall []Span     // with parameters filled in
	Parameters       []Parameter
	Offers           []Offer
}

// ReasonAtom is one part of a reason. One of Aspect, Fact, Law and Profile is
// set.
type ReasonAtom struct {
	Aspect  *catalog.Aspect
	Levels  rule.Set // of an aspect: the levels that would do
	Fact    *catalog.Fact
	Law     *catalog.Law
	Profile *catalog.Profile
	Words   string
}

// Span is a piece of text; Mark is set on what follows the level.
type Span struct {
	Text string
	Mark bool
}

// Text joins spans.
func Text(spans []Span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.Text)
	}
	return b.String()
}

// Parameter is a value that the level sharpens.
type Parameter struct {
	Name  string
	Value string // the values that are possible, when the level is not settled
	// Step is the level that decided, 0 when no level did or none is settled.
	Step   int
	Values map[string]string // all of the author's, by level
}

// Offer is a possible response to a requirement. It counts only when a person
// has accepted it.
type Offer struct {
	Prefill *catalog.Prefill
	// Offered is yes, or unknown when an open question decides.
	Offered rule.Truth
	Kind    OfferKind // where it comes from; the prefill's own fields tell what it says
	From    string    // names the source among its kind: a profile, an agreement, a system or a classification, by id
}

// LawFinding is whether a law applies, and what it says of the levels.
type LawFinding struct {
	Law       *catalog.Law
	Applies   rule.Truth
	Because   string
	Suggested bool     // a suggestion that nobody has taken a stand on
	Low       []string // the aspects whose level is lower than the law guides to
}

// ProfileFinding is whether a profile counts, and why.
type ProfileFinding struct {
	Profile *catalog.Profile
	Active  rule.Truth
	Named   bool // somebody chose it, or chose against it
	Because string
}

// Draft tells whether anything is undecided: then a list is a draft and must
// say so.
func (d *Derivation) Draft() bool { return d.Undecided() > 0 }

// Undecided counts the findings of which the verdict or the text is still open.
func (d *Derivation) Undecided() int {
	n := 0
	for _, f := range d.Findings {
		if f.Applies == rule.Unknown || f.Unsettled {
			n++
		}
	}
	return n
}

// Count gives how many findings have a verdict.
func (d *Derivation) Count(t rule.Truth) int {
	n := 0
	for _, f := range d.Findings {
		if f.Applies == t {
			n++
		}
	}
	return n
}

// Finding gives the finding of a requirement by its id, nil when there is none.
func (d *Derivation) Finding(id string) *Finding {
	for i := range d.Findings {
		if d.Findings[i].Requirement.ID == id {
			return &d.Findings[i]
		}
	}
	return nil
}

// Derive works out which requirements apply. It is total: nothing can go wrong
// once the facts are checked. The same facts give the same derivation.
func Derive(f *Facts) *Derivation {
	d := &Derivation{Facts: f}
	for i, p := range f.Catalog.Profiles {
		t := f.active[i]
		d.Profiles = append(d.Profiles, ProfileFinding{
			Profile: p, Active: t, Named: f.Answers.Classification.Profiles != nil,
			Because: because(f.reasons(p.Active), t),
		})
	}
	q := f.questions()
	for _, r := range f.Catalog.Requirements {
		d.Findings = append(d.Findings, f.finding(r, q))
	}
	for _, law := range f.Catalog.Laws {
		d.Laws = append(d.Laws, f.lawFinding(law))
	}
	d.Open = q.open()
	return d
}

func (f *Facts) finding(r *catalog.Requirement, q *questions) Finding {
	x := Finding{Requirement: r, Applies: r.Applies.Eval(f.Box)}
	may := f.wordings(r)
	if len(may) == 0 {
		may = []*catalog.Wording{{Effective: r.Effective(func(p *catalog.Profile) bool { return f.counts(p) == rule.Yes })}}
	}
	x.Effective = may[0].Effective
	x.Reasons = f.reasons(r.Applies)
	x.Because = because(x.Reasons, x.Applies)
	if e := x.Effective.Excluded; e != nil && x.Applies == rule.No {
		x.Because = excluded(x.Effective.By, e)
	}
	x.Parameters = parameters(may)
	x.Title, x.Is, x.Shall = spans(x.Effective.Title, x.Parameters), spans(x.Effective.Is, x.Parameters), spans(x.Effective.Shall, x.Parameters)
	var text []rule.Var
	x.Unsettled, text = f.unsettled(may)
	verdict, all := q.count(r, text)
	if x.Applies == rule.Unknown {
		x.DependsOn = q.named(verdict)
		x.Because = depends(x.DependsOn)
	} else {
		x.DependsOn = q.named(all)
	}
	for _, p := range r.Prefills {
		if t := p.Offered.Eval(f.Box); t != rule.No {
			x.Offers = append(x.Offers, Offer{p, t, FromPrefill, p.Profile.ID})
		}
	}
	// The best-founded first: verified, contracted, assumed; then the later
	// profile.
	slices.SortStableFunc(x.Offers, func(a, b Offer) int {
		if s := Weakness(a.Prefill.Strength) - Weakness(b.Prefill.Strength); s != 0 {
			return s
		}
		return b.Prefill.Profile.Precedence - a.Prefill.Profile.Precedence
	})
	return x
}

// counts tells whether a profile counts.
func (f *Facts) counts(p *catalog.Profile) rule.Truth {
	return f.active[slices.Index(f.Catalog.Profiles, p)]
}

// wordings gives what a requirement may say, those with the fewest profiles and
// the lowest step first; nothing when it does not apply.
func (f *Facts) wordings(r *catalog.Requirement) []*catalog.Wording {
	var may []*catalog.Wording
	for i := range r.Wordings {
		w := &r.Wordings[i]
		if w.Holds.Eval(f.Box) != rule.No {
			may = append(may, w)
		}
	}
	return may
}

// unsettled tells whether a text is still open, and which variables decide it.
func (f *Facts) unsettled(may []*catalog.Wording) (bool, []rule.Var) {
	if !slices.ContainsFunc(may, func(w *catalog.Wording) bool { return !w.Same(may[0]) }) {
		return false, nil
	}
	var vars []rule.Var
	for _, w := range may {
		vars = w.Holds.Relevant(f.Box, vars)
	}
	return true, vars
}

// reasons puts a minimal reason in words. Of several that would do it keeps
// what a person recognizes: the highest level first, then facts, then which
// profiles were chosen, and last answers that lie dormant.
func (f *Facts) reasons(c *rule.Cond) []ReasonAtom {
	atoms := c.Reason(f.Box, func(v rule.Var) int { return f.weight[v] })
	if atoms == nil {
		return nil
	}
	out := []ReasonAtom{}
	for _, a := range atoms {
		if w, ok := f.words(a); ok {
			out = append(out, w)
		}
	}
	return out
}

func because(reasons []ReasonAtom, t rule.Truth) string {
	switch {
	case t == rule.Unknown:
		return ""
	case len(reasons) == 0 && t == rule.Yes:
		return say.always
	case len(reasons) == 0:
		return say.noReason
	}
	words := make([]string, len(reasons))
	for i, r := range reasons {
		words[i] = r.Words
	}
	return both(words)
}

// parameters fills in what the level decides. Of a requirement that does not
// apply the lowest value is shown.
func parameters(may []*catalog.Wording) []Parameter {
	var out []Parameter
	for _, name := range slices.Sorted(maps.Keys(may[0].Parameters)) {
		p := Parameter{Name: name, Values: may[0].Parameters[name], Step: may[0].Step}
		var possible []string
		for _, w := range may {
			if v := w.Value(name); !slices.Contains(possible, v) {
				possible = append(possible, v)
			}
			if w.Step != p.Step {
				p.Step = 0
			}
		}
		p.Value = either(possible)
		out = append(out, p)
	}
	return out
}

// spans fills a text's parameters in and marks them.
func spans(text string, parameters []Parameter) []Span {
	if text == "" {
		return nil
	}
	var out []Span
	for i, piece := range catalog.Placeholders(text) {
		if i%2 == 0 {
			if piece != "" {
				out = append(out, Span{Text: piece})
			}
			continue
		}
		for _, p := range parameters {
			if p.Name == piece {
				out = append(out, Span{p.Value, true})
			}
		}
	}
	return out
}

func (f *Facts) lawFinding(law *catalog.Law) LawFinding {
	x := LawFinding{Law: law, Applies: law.Applies.Eval(f.Box)}
	if !law.Ticked {
		x.Because = because(f.reasons(law.Applies), x.Applies)
	}
	x.Suggested = law.Ticked && x.Applies == rule.Unknown && law.Suggested.Eval(f.Box) == rule.Yes
	if x.Applies == rule.Yes {
		for _, l := range f.Levels {
			if min, ok := law.Guides[l.Aspect.ID]; ok {
				if highest := l.Possible.Values()[l.Possible.Len()-1]; highest < min {
					x.Low = append(x.Low, l.Aspect.ID)
				}
			}
		}
	}
	return x
}
