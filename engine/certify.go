package engine

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/certificate"
	"github.com/kravverk/kravverk/engine/rule"
)

// Certify writes a derivation down so that anybody can check it without the
// engine: see package certificate. The same answers to the same catalogue give
// the same certificate.
func Certify(d *Derivation) *certificate.Certificate {
	f := d.Facts
	c := &certificate.Certificate{
		Format: certificate.Format, FormatVersion: certificate.Version,
		Catalog: CertifyRules(f.Catalog), Verdicts: []certificate.Verdict{}, Closed: []string{},
	}
	vars := f.variables()
	c.State.ProfilesNamed = f.Answers.Classification.Profiles != nil
	c.State.Possible, c.State.NotKnown = []certificate.Atom{}, []string{}
	for v, x := range vars {
		if x.Kind != "" && (x.Kind != certificate.KindProfile || c.State.ProfilesNamed) {
			c.State.Possible = append(c.State.Possible, x.atom(f.Box[v]))
		}
	}
	waits := map[string]bool{}
	for _, finding := range d.Findings {
		v := f.certifyVerdict(finding, vars)
		for _, id := range v.DependsOn {
			waits[id] = true
		}
		c.Verdicts = append(c.Verdicts, v)
	}
	told := map[string]bool{}
	for v, x := range vars {
		if x.question == "" || told[x.question] || f.Box[v].Len() == 1 {
			continue
		}
		told[x.question] = true
		switch {
		case f.Handled(x.question) == NotKnown:
			c.State.NotKnown = append(c.State.NotKnown, x.question)
		case !waits[x.question] && (x.fact == nil || f.Asked(x.fact) != rule.No):
			c.Closed = append(c.Closed, x.question)
		}
	}
	return c
}

// certifyVerdict gives a finding's verdict with what proves it.
func (f *Facts) certifyVerdict(x Finding, vars []variable) certificate.Verdict {
	cond := x.Requirement.Applies
	v := certificate.Verdict{ID: x.Requirement.ID, Verdict: x.Applies.String()}
	if x.Applies != rule.Unknown {
		v.Reason = []certificate.Atom{}
		for _, a := range cond.Reason(f.Box, func(v rule.Var) int { return f.weight[v] }) {
			// Whether profiles are named is held as it is, for every reason.
			if vars[a.Var].Kind != "" {
				v.Reason = append(v.Reason, vars[a.Var].atom(a.Set))
			}
		}
		return v
	}
	// A value that does not rule the verdict out is taken, variable by variable.
	complete := func(without rule.Truth) []certificate.Atom {
		atoms := []certificate.Atom{}
		box := slices.Clone(f.Box)
		for _, v := range cond.Support() {
			for _, value := range box[v].Values() {
				if box[v] = rule.Of(value); cond.Eval(box) != without {
					break
				}
			}
			if f.Box[v].Len() > 1 {
				atoms = append(atoms, vars[v].atom(box[v]))
			}
		}
		return atoms
	}
	v.Yes, v.No = complete(rule.No), complete(rule.Yes)
	for _, y := range cond.Relevant(f.Box, nil) {
		if id := vars[y].question; !slices.Contains(v.DependsOn, id) {
			v.DependsOn = append(v.DependsOn, id)
		}
	}
	return v
}

// variable is one as a certificate writes it, with its values and the question
// that it belongs to.
type variable struct {
	certificate.Variable
	values   []string
	question string
	fact     *catalog.Fact
}

func (x variable) atom(set rule.Set) certificate.Atom {
	a := certificate.Atom{Variable: x.Variable, Values: []string{}}
	for _, v := range set.Values() {
		a.Values = append(a.Values, x.values[v])
	}
	return a
}

// variables gives each variable of the space its name; the one behind whether
// profiles are named has none.
func (f *Facts) variables() []variable {
	c, truth := f.Catalog, []string{"false", "true"}
	out := make([]variable, len(c.Space))
	for _, a := range c.Aspects {
		if a.IsRated() {
			out[a.Var] = variable{certificate.Variable{Kind: certificate.KindAspect, ID: a.ID}, []string{"0", "1", "2", "3"}, a.ID, nil}
		}
	}
	for _, x := range c.Facts {
		for i, v := range x.Vars {
			out[v] = variable{certificate.Variable{Kind: certificate.KindFact, ID: x.ID}, truth, x.ID, x}
			switch x.Type {
			case catalog.Choice:
				out[v].values = options(x)
			case catalog.Choices:
				out[v].Option = x.Options[i].ID
			}
		}
	}
	for _, l := range c.Laws {
		if l.Ticked {
			out[l.Var] = variable{certificate.Variable{Kind: certificate.KindLaw, ID: l.ID}, truth, "lagrum", nil}
		}
	}
	_, in := c.Control()
	for _, p := range c.Profiles {
		out[in(p)] = variable{certificate.Variable{Kind: certificate.KindProfile, ID: p.ID}, truth, "", nil}
	}
	return out
}

func options(f *catalog.Fact) []string {
	var out []string
	for _, o := range f.Options {
		out = append(out, o.ID)
	}
	return out
}

// CertifyRules writes down what a catalogue with its profiles says of which
// requirements apply, as its authors wrote it.
func CertifyRules(c *catalog.Catalog) certificate.Catalog {
	out := certificate.Catalog{
		ID: c.ID, Version: c.Version, Hash: c.Hash, SetHash: c.SetHash,
		Aspects: []certificate.Aspect{}, Facts: []certificate.Fact{}, Laws: []certificate.Law{},
		Profiles: []certificate.Profile{}, Requirements: []certificate.Requirement{},
	}
	for _, a := range c.Aspects {
		out.Aspects = append(out.Aspects, certificate.Aspect{ID: a.ID, Rated: a.IsRated(), Levels: []int{0, 1, 2, 3}})
	}
	for _, f := range c.Facts {
		out.Facts = append(out.Facts, certificate.Fact{
			ID: f.ID, Type: f.Type, Options: options(f), AskWhen: rows(f.AskWhen), Derived: rows(f.Derived), Profile: ownerID(f.Profile),
		})
	}
	for _, l := range c.Laws {
		out.Laws = append(out.Laws, certificate.Law{ID: l.ID, Ticked: l.Ticked, AppliesWhen: rows(l.AppliesWhen), Profile: ownerID(l.Profile)})
	}
	for _, p := range c.Profiles {
		out.Profiles = append(out.Profiles, certificate.Profile{
			ID: p.ID, Version: p.Version, Hash: p.Hash, Precedence: p.Precedence, OfferedWhen: rows(p.OfferedWhen),
		})
	}
	for _, r := range c.Requirements {
		at := r.At("id")
		x := certificate.Requirement{ID: r.ID, File: at.File, Line: at.Line, Profile: ownerID(r.Profile), Rules: rules(&r.Content)}
		for _, ch := range r.Changes {
			y := certificate.Change{Profile: ch.Profile.ID, Exclude: ch.Exclude != nil, Include: ch.Include != nil}
			switch {
			case ch.Adjust != nil:
				y.Rules, at = rules(&ch.Adjust.Content), ch.Adjust.At("requirement")
			case ch.Exclude != nil:
				at = ch.Exclude.At("requirement")
			default:
				at = ch.Include.At("requirement")
			}
			y.File, y.Line = at.File, at.Line
			// One that only rewords does not decide what applies.
			if y.Levels != nil || y.When != nil || y.Unless != nil || y.Exclude || y.Include {
				x.Changes = append(x.Changes, y)
			}
		}
		out.Requirements = append(out.Requirements, x)
	}
	return out
}

func ownerID(p *catalog.Profile) string {
	if p == nil {
		return ""
	}
	return p.ID
}

func rules(c *catalog.Content) certificate.Rules {
	return certificate.Rules{Levels: maps.Clone(c.Levels), When: rows(c.When), Unless: rows(c.Unless)}
}

// rows takes what was read from the file, not what the engine made of it: a
// mistake made there is to be found by the one who checks.
func rows(r catalog.Rows) []certificate.Row {
	data, err := json.Marshal(r)
	var keys []map[string]any
	if err == nil {
		err = json.Unmarshal(data, &keys)
	}
	if err != nil {
		panic("rows that came from JSON: " + strconv.Quote(err.Error()))
	}
	var out []certificate.Row
	for i, row := range r.Rows {
		out = append(out, certificate.Row{File: row.At.File, Line: row.At.Line, Keys: keys[i]})
	}
	return out
}
