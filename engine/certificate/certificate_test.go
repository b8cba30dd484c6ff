package certificate

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// rows writes rows as JSON, as an author would as TOML.
func rows(t testing.TB, text string) []Row {
	t.Helper()
	var keys []map[string]any
	if err := json.Unmarshal([]byte("["+text+"]"), &keys); err != nil {
		t.Fatal(text, err)
	}
	var out []Row
	for i, k := range keys {
		out = append(out, Row{"prov.toml", i + 1, k})
	}
	return out
}

// small is a catalogue with one of each kind, and no requirements.
func small(t testing.TB) *Catalog {
	levels := []int{0, 1, 2, 3}
	return &Catalog{
		ID: "prov", Version: "2026.1", Hash: "h", SetHash: "s",
		Aspects: []Aspect{{"K", true, levels}, {"R", true, levels}, {"S", false, levels}},
		Facts: []Fact{
			{ID: "x", Type: Bool},
			{ID: "drift", Type: Choice, Options: []string{"egen", "sta", "moln"}},
			{ID: "dold", Type: Bool, AskWhen: rows(t, `{"drift":"moln"}, {"x":true,"K":">=2"}`)},
			{ID: "intyg", Type: Choices, Options: []string{"iso", "soc"}, AskWhen: rows(t, `{"drift":["moln","sta"]}`)},
			{ID: "foljer", Type: Bool, Derived: rows(t, `{"dold":true}, {"intyg":"soc"}`)},
			{ID: "egen_fraga", Type: Bool, Profile: "p"},
		},
		Laws: []Law{
			{ID: "gdpr", AppliesWhen: rows(t, `{"x":true}`)},
			{ID: "kamera", Ticked: true},
			{ID: "molnlag", Ticked: true, Profile: "p"},
		},
		Profiles: []Profile{
			{ID: "p", Version: "1", Hash: "p", Precedence: 10, OfferedWhen: rows(t, `{"drift":"moln"}`)},
			{ID: "q", Version: "1", Hash: "q", Precedence: 20, OfferedWhen: rows(t, `{"lagrum":["gdpr"]}`)},
		},
		Requirements: []Requirement{},
	}
}

func mustRead(t testing.TB, c *Catalog) *book {
	t.Helper()
	b, bad := read(c)
	if bad != nil {
		t.Fatal(bad)
	}
	return b
}

// Each rule of how rows are read, hole by hole.
func TestOneState(t *testing.T) {
	for _, k := range []struct {
		about string
		Requirement
		state string // "K=2 x=true"; else 0, false and the first option
		named bool
		want  bool
	}{
		{about: "no condition: always", want: true},
		{about: "levels are or", Requirement: Requirement{Rules: Rules{Levels: map[string]int{"K": 2, "R": 3}}}, state: "K=2", want: true},
		{about: "levels are or", Requirement: Requirement{Rules: Rules{Levels: map[string]int{"K": 2, "R": 3}}}, state: "R=3", want: true},
		{about: "levels below", Requirement: Requirement{Rules: Rules{Levels: map[string]int{"K": 2, "R": 3}}}, state: "K=1 R=2"},
		{about: "levels and rows", Requirement: Requirement{Rules: Rules{Levels: map[string]int{"K": 2}, When: rows(t, `{"x":true}`)}}, state: "K=2"},
		{about: "levels and rows", Requirement: Requirement{Rules: Rules{Levels: map[string]int{"K": 2}, When: rows(t, `{"x":true}`)}}, state: "K=2 x=true", want: true},
		{about: "an aspect that is not rated", Requirement: Requirement{Rules: Rules{Levels: map[string]int{"S": 1}}}},
		{about: "an aspect that is not rated, in a row", Requirement: Requirement{Rules: Rules{When: rows(t, `{"S":"<=3"}`)}}},
		{about: "nor does it make an exception", Requirement: Requirement{Rules: Rules{Unless: rows(t, `{"S":"<=3"}`)}}, want: true},
		{about: "rows are or", Requirement: Requirement{Rules: Rules{When: rows(t, `{"K":">2"}, {"R":"=1"}`)}}, state: "R=1", want: true},
		{about: "keys are and", Requirement: Requirement{Rules: Rules{When: rows(t, `{"K":">2","R":"<1"}`)}}, state: "K=3 R=1"},
		{about: "a list is any of", Requirement: Requirement{Rules: Rules{When: rows(t, `{"drift":["sta","moln"]}`)}}, state: "drift=moln", want: true},
		{about: "an exception", Requirement: Requirement{Rules: Rules{Unless: rows(t, `{"K":"<1"}`)}}},
		{about: "an exception that is not met", Requirement: Requirement{Rules: Rules{Unless: rows(t, `{"K":"<1"}`)}}, state: "K=1", want: true},
		{about: "a hidden question is not true", Requirement: Requirement{Rules: Rules{When: rows(t, `{"dold":true}`)}}, state: "dold=true"},
		{about: "a hidden question is not false", Requirement: Requirement{Rules: Rules{When: rows(t, `{"dold":false}`)}}},
		{about: "a question that is put", Requirement: Requirement{Rules: Rules{When: rows(t, `{"dold":false}`)}}, state: "drift=moln", want: true},
		{about: "put by another row", Requirement: Requirement{Rules: Rules{When: rows(t, `{"dold":true}`)}}, state: "x=true K=2 dold=true", want: true},
		{about: "options that are hidden", Requirement: Requirement{Rules: Rules{When: rows(t, `{"intyg":["iso","soc"]}`)}}, state: "intyg.iso=true"},
		{about: "any of the options", Requirement: Requirement{Rules: Rules{When: rows(t, `{"intyg":["iso","soc"]}`)}}, state: "intyg.soc=true drift=sta", want: true},
		{about: "none of the options", Requirement: Requirement{Rules: Rules{When: rows(t, `{"intyg":["iso","soc"]}`)}}, state: "drift=sta"},
		{about: "derived", Requirement: Requirement{Rules: Rules{When: rows(t, `{"foljer":true}`)}}, state: "intyg.soc=true drift=sta", want: true},
		{about: "derived from what is hidden is false, not hidden", Requirement: Requirement{Rules: Rules{When: rows(t, `{"foljer":false}`)}}, state: "dold=true", want: true},
		{about: "a law by facts", Requirement: Requirement{Rules: Rules{When: rows(t, `{"lagrum":"gdpr"}`)}}, state: "x=true", want: true},
		{about: "a law by a tick", Requirement: Requirement{Rules: Rules{When: rows(t, `{"lagrum":["gdpr","kamera"]}`)}}, state: "kamera=true", want: true},
		{about: "a profile's law", Requirement: Requirement{Rules: Rules{When: rows(t, `{"lagrum":"molnlag"}`)}}, state: "molnlag=true"},
		{about: "a profile's law", Requirement: Requirement{Rules: Rules{When: rows(t, `{"lagrum":"molnlag"}`)}}, state: "molnlag=true drift=moln", want: true},
		{about: "a profile's question", Requirement: Requirement{Rules: Rules{When: rows(t, `{"egen_fraga":true}`)}}, state: "egen_fraga=true drift=sta"},
		{about: "a profile's question", Requirement: Requirement{Rules: Rules{When: rows(t, `{"egen_fraga":true}`)}}, state: "egen_fraga=true p=true", named: true, want: true},
		{about: "a profile's requirement", Requirement: Requirement{Profile: "p"}},
		{about: "a profile's requirement, offered", Requirement: Requirement{Profile: "p"}, state: "drift=moln", want: true},
		{about: "named beats offered", Requirement: Requirement{Profile: "p"}, state: "drift=moln", named: true},
		{about: "named without an offer", Requirement: Requirement{Profile: "p"}, state: "p=true", named: true, want: true},
		{about: "an adjustment's levels replace the whole",
			Requirement: Requirement{Rules: Rules{Levels: map[string]int{"K": 2}, When: rows(t, `{"x":true}`)}, Changes: []Change{{Profile: "p", Rules: Rules{Levels: map[string]int{"R": 1}}}}},
			state:       "K=3 x=true drift=moln"},
		{about: "and leave the rows",
			Requirement: Requirement{Rules: Rules{Levels: map[string]int{"K": 2}, When: rows(t, `{"x":true}`)}, Changes: []Change{{Profile: "p", Rules: Rules{Levels: map[string]int{"R": 1}}}}},
			state:       "R=1 x=true drift=moln", want: true},
		{about: "rows replace rows, and the last profile decides",
			Requirement: Requirement{Changes: []Change{{Profile: "p", Rules: Rules{When: rows(t, `{"R":"=3"}`)}}, {Profile: "q", Rules: Rules{When: rows(t, `{"R":"=2"}`), Unless: rows(t, `{"K":"=0"}`)}}}},
			state:       "p=true q=true R=2 K=1", named: true, want: true},
		{about: "a profile that does not count changes nothing",
			Requirement: Requirement{Changes: []Change{{Profile: "p", Exclude: true}}}, state: "drift=sta", want: true},
		{about: "excluded", Requirement: Requirement{Changes: []Change{{Profile: "p", Exclude: true}}}, state: "drift=moln"},
		{about: "excluded stands", Requirement: Requirement{Changes: []Change{{Profile: "p", Exclude: true}, {Profile: "q", Rules: Rules{Levels: map[string]int{"K": 1}}}}}, state: "p=true q=true K=3", named: true},
		{about: "until a later one includes", Requirement: Requirement{Changes: []Change{{Profile: "p", Exclude: true}, {Profile: "q", Include: true}}}, state: "p=true q=true", named: true, want: true},
		{about: "an include before an exclude", Requirement: Requirement{Changes: []Change{{Profile: "p", Include: true}, {Profile: "q", Exclude: true}}}, state: "p=true q=true", named: true},
	} {
		c := small(t)
		k.ID = "AAA-01"
		c.Requirements = append(c.Requirements, k.Requirement)
		b := mustRead(t, c)
		given := map[string]string{}
		for _, s := range strings.Fields(k.state) {
			name, value, _ := strings.Cut(s, "=")
			given[name] = value
		}
		work := 1000
		s := single{named: k.named, work: &work, value: func(v Variable) string {
			name := v.ID
			if v.Option != "" {
				name += "." + v.Option
			}
			value, ok := given[name]
			if !ok {
				return b.domain[v][0]
			}
			if !slices.Contains(b.domain[v], value) {
				t.Fatalf("%s has no value %s", name, value)
			}
			return value
		}}
		if got := s.applies(b.requirements[0]); got != k.want {
			t.Errorf("%s, %s: got %v", k.about, k.state, got)
		}
	}
}

// randomRules makes rows out of what the small catalogue has.
func randomRules(rnd *rand.Rand) Rules {
	some := func() []Row {
		var out []Row
		for range rnd.IntN(3) {
			row := Row{Keys: map[string]any{}}
			for range 1 + rnd.IntN(2) {
				switch rnd.IntN(6) {
				case 0:
					row.Keys[[]string{"K", "R"}[rnd.IntN(2)]] = []string{">=2", "<2", "=1", ">0"}[rnd.IntN(4)]
				case 1:
					row.Keys["drift"] = []any{"sta", "moln", "egen"}[rnd.IntN(3)]
				case 2:
					row.Keys[[]string{"x", "dold", "foljer", "egen_fraga"}[rnd.IntN(4)]] = rnd.IntN(2) == 0
				case 3:
					row.Keys["intyg"] = []any{"iso", "soc"}[:1+rnd.IntN(2)]
				default:
					row.Keys[Lagrum] = []any{"gdpr", "kamera", "molnlag"}[rnd.IntN(3):]
				}
			}
			out = append(out, row)
		}
		return out
	}
	r := Rules{When: some(), Unless: some()}
	if rnd.IntN(2) == 0 {
		r.Levels = map[string]int{"K": 1 + rnd.IntN(3)}
	}
	return r
}

func randomRequirement(rnd *rand.Rand) Requirement {
	r := Requirement{ID: "AAA-01", Rules: randomRules(rnd), Profile: []string{"", "", "p"}[rnd.IntN(3)]}
	for _, p := range []string{"p", "q"} {
		if rnd.IntN(3) == 0 {
			r.Changes = append(r.Changes, Change{Profile: p, Rules: randomRules(rnd), Exclude: rnd.IntN(4) == 0, Include: rnd.IntN(4) == 0})
		}
	}
	return r
}

// every says the same as one who tries the whole product of all variables,
// and so does what a verdict hangs on.
func TestSearchAgainstTheWholeProduct(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	tried := 0
	for range 1000 {
		c := small(t)
		c.Requirements = append(c.Requirements, randomRequirement(rnd))
		b := mustRead(t, c)
		r := b.requirements[0]
		k := &checker{book: b, named: rnd.IntN(2) == 0, states: 1 << 30, work: 1 << 60, state: map[Variable][]string{}}
		for _, v := range b.variables {
			k.state[v] = slices.DeleteFunc(slices.Clone(b.domain[v]), func(string) bool { return rnd.IntN(2) == 0 })
			if len(k.state[v]) == 0 || v.Kind == KindProfile {
				k.state[v] = b.domain[v][:1]
			}
		}
		// verdicts finds which there are when a variable is left to value.
		at := map[Variable]string{}
		var product func(i int, visit func())
		product = func(i int, visit func()) {
			if i == len(b.variables) {
				visit()
				return
			}
			for _, at[b.variables[i]] = range k.state[b.variables[i]] {
				product(i+1, visit)
			}
		}
		seen := map[bool]bool{}
		matters := map[Variable]bool{}
		product(0, func() {
			tried++
			here := k.applies(r, func(v Variable) string { return at[v] })
			seen[here] = true
			for _, v := range b.variables {
				for _, other := range k.state[v] {
					if k.applies(r, func(w Variable) string {
						if w == v {
							return other
						}
						return at[w]
					}) != here {
						matters[v] = true
					}
				}
			}
		})
		for _, verdict := range []bool{true, false} {
			if all, _ := k.force(r, verdict, nil, k.state); all != !seen[!verdict] {
				t.Fatalf("%+v: all are %v: %v", c.Requirements[0], verdict, all)
			}
		}
		for _, v := range b.variables {
			if got := k.matters(r, v); got != matters[v] {
				t.Fatalf("%+v hangs on %v: %v", c.Requirements[0], v, got)
			}
		}
	}
	if tried < 10_000 {
		t.Error("only", tried)
	}
}

// example is a certificate that holds: a yes, a no and an unknown.
func example(t testing.TB) *Certificate {
	c := &Certificate{Format: Format, FormatVersion: Version, Catalog: *small(t)}
	c.Catalog.Requirements = []Requirement{
		{ID: "AAA-01", File: "prov.toml", Line: 1, Rules: Rules{Levels: map[string]int{"K": 2}, When: rows(t, `{"drift":["sta","moln"]}`)}},
		{ID: "AAA-02", File: "prov.toml", Line: 2, Rules: Rules{When: rows(t, `{"x":true}, {"drift":"egen","R":">=1"}`)}, Changes: []Change{{Profile: "q", Exclude: true}}},
		{ID: "AAA-03", File: "prov.toml", Line: 3, Rules: Rules{When: rows(t, `{"intyg":"iso","K":"<=3"}`), Unless: rows(t, `{"dold":true}`)}},
		{ID: "AAA-04", File: "prov.toml", Line: 4},
	}
	atom := func(kind, id, option string, values ...string) Atom { return Atom{Variable{kind, id, option}, values} }
	c.State = State{NotKnown: []string{"dold"}, Possible: []Atom{
		atom(KindAspect, "K", "", "2", "3"), atom(KindAspect, "R", "", "0", "1", "2", "3"),
		atom(KindFact, "x", "", "false"), atom(KindFact, "drift", "", "moln"),
		atom(KindFact, "dold", "", "false", "true"), atom(KindFact, "intyg", "iso", "true"), atom(KindFact, "intyg", "soc", "false"),
		atom(KindFact, "egen_fraga", "", "false", "true"),
		atom(KindLaw, "kamera", "", "false", "true"), atom(KindLaw, "molnlag", "", "false", "true"),
	}}
	c.Verdicts = []Verdict{
		{ID: "AAA-01", Verdict: Yes, Reason: []Atom{atom(KindAspect, "K", "", "2", "3"), atom(KindFact, "drift", "", "sta", "moln")}},
		{ID: "AAA-02", Verdict: No, Reason: []Atom{atom(KindFact, "drift", "", "sta", "moln")}},
		{ID: "AAA-03", Verdict: Unknown, Yes: []Atom{atom(KindFact, "dold", "", "false")}, No: []Atom{atom(KindFact, "dold", "", "true")}, DependsOn: []string{"dold"}},
		{ID: "AAA-04", Verdict: Yes, Reason: []Atom{}},
	}
	c.Closed = []string{"R", "egen_fraga", "lagrum"}
	return c
}

func TestExampleHolds(t *testing.T) {
	data, err := Encode(example(t))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Check(c)
	// AAA-02 is no with x too: then gdpr holds, so q counts and excludes it.
	if err != nil || !r.OK() || r.Checked != 4 || r.States < 10 || r.States > 100 {
		t.Errorf("%+v %v", r, err)
	}
}

// Each way of tampering is found, and told as what it is.
func TestTampered(t *testing.T) {
	for _, k := range []struct {
		about  string
		change func(c *Certificate)
		want   string // of the first finding: code, requirement, and what it is about
	}{
		{"a verdict flipped to no", func(c *Certificate) { c.Verdicts[0].Verdict = No }, "insufficient AAA-01"},
		{"a verdict flipped to yes", func(c *Certificate) { c.Verdicts[1].Verdict = Yes }, "insufficient AAA-02"},
		{"a verdict made unknown", func(c *Certificate) { c.Verdicts[0].Verdict = Unknown }, "extra AAA-01"},
		{"a verdict made unknown, without a proof", func(c *Certificate) { c.Verdicts[0].Verdict, c.Verdicts[0].Reason = Unknown, nil }, "completes AAA-01"},
		{"an unknown made yes", func(c *Certificate) { c.Verdicts[2].Verdict = Yes }, "extra AAA-03"},
		{"an unknown made yes, without its proofs", func(c *Certificate) { c.Verdicts[2] = Verdict{ID: "AAA-03", Verdict: Yes} }, "insufficient AAA-03"},
		{"an atom removed", func(c *Certificate) { c.Verdicts[0].Reason = c.Verdicts[0].Reason[:1] }, "insufficient AAA-01"},
		{"an atom widened", func(c *Certificate) { c.Verdicts[0].Reason[0].Values = []string{"1", "2", "3"} }, "insufficient AAA-01"},
		{"an atom narrowed", func(c *Certificate) { c.Verdicts[0].Reason[1].Values = []string{"moln"} }, "idle AAA-01 drift"},
		{"an atom narrowed past the state", func(c *Certificate) { c.Verdicts[0].Reason[0].Values = []string{"3"} }, "outside AAA-01 K"},
		{"an atom added", func(c *Certificate) { c.Verdicts[3].Reason = c.Verdicts[0].Reason[:1] }, "idle AAA-04 K"},
		{"an atom of all values added", func(c *Certificate) {
			c.Verdicts[3].Reason = []Atom{{Variable{KindAspect, "R", ""}, []string{"0", "1", "2", "3"}}}
		}, "idle AAA-04 R"},
		{"an atom of a profile when none are named", func(c *Certificate) {
			c.Verdicts[3].Reason = []Atom{{Variable{KindProfile, "p", ""}, []string{"true"}}}
		}, "outside AAA-04 p"},
		{"a completion swapped", func(c *Certificate) {
			c.Verdicts[2].Yes, c.Verdicts[2].No = c.Verdicts[2].No, c.Verdicts[2].Yes
		}, "completes AAA-03"},
		{"a completion outside the state", func(c *Certificate) {
			c.Verdicts[2].No = []Atom{{Variable{KindFact, "intyg", "iso"}, []string{"false"}}}
		}, "completion AAA-03 intyg"},
		{"a completion of two values", func(c *Certificate) {
			c.Verdicts[2].No = []Atom{{Variable{KindAspect, "K", ""}, []string{"2", "3"}}}
		}, "completion AAA-03 K"},
		{"a completion emptied", func(c *Certificate) { c.Verdicts[2].No = nil }, "completes AAA-03"},
		{"a question left out", func(c *Certificate) { c.Verdicts[2].DependsOn = nil }, "hangs AAA-03 dold"},
		{"a question added", func(c *Certificate) { c.Verdicts[2].DependsOn = []string{"dold", "K"} }, "free AAA-03 K"},
		{"a level's row changed", func(c *Certificate) { c.Catalog.Requirements[0].Levels["K"] = 3 }, "insufficient AAA-01"},
		{"a row removed", func(c *Certificate) { c.Catalog.Requirements[0].When = nil }, "idle AAA-01 drift"},
		{"a row changed", func(c *Certificate) { c.Catalog.Requirements[1].When[1].Keys["drift"] = "moln" }, "insufficient AAA-02"},
		{"an exception removed", func(c *Certificate) { c.Catalog.Requirements[2].Unless = nil }, "completes AAA-03"},
		{"a change removed", func(c *Certificate) { c.Catalog.Requirements[1].Changes = nil }, "insufficient AAA-02"},
		{"a fact's question changed", func(c *Certificate) { c.Catalog.Facts[3].AskWhen = rows(t, `{"drift":"sta"}`) }, "completes AAA-03"},
		{"a law changed", func(c *Certificate) { c.Catalog.Laws[0].AppliesWhen = rows(t, `{"x":false}`) }, "insufficient AAA-02"},
		{"a profile's offer changed", func(c *Certificate) { c.Catalog.Profiles[1].OfferedWhen = rows(t, `{"drift":"moln"}`) }, "insufficient AAA-02"},
		{"the state changed", func(c *Certificate) { c.State.Possible[3].Values = []string{"egen"} }, "outside AAA-01 drift"},
		{"the state widened", func(c *Certificate) { c.State.Possible[0].Values = []string{"1", "2", "3"} }, "outside AAA-01 K"},
		{"the state narrowed", func(c *Certificate) { c.State.Possible[4].Values = []string{"true"} }, "completion AAA-03 dold"},
		{"a closed question that a verdict hangs on", func(c *Certificate) { c.Closed, c.State.NotKnown = []string{"dold"}, nil }, "closed  dold"},
		{"a closed question answered vet ej", func(c *Certificate) { c.State.NotKnown = append(c.State.NotKnown, "R") }, "closed  R"},
		{"a closed question that is answered", func(c *Certificate) { c.Closed = append(c.Closed, "x") }, "closed  x"},
	} {
		c := example(t)
		k.change(c)
		r, err := Check(c)
		if err != nil {
			t.Errorf("%s: %v", k.about, err)
			continue
		}
		if r.OK() {
			t.Errorf("%s: not found", k.about)
			continue
		}
		f := r.Failed[0]
		if got := strings.TrimSpace(f.Code + " " + f.Requirement + " " + f.Variable.ID + f.Question); got != k.want {
			t.Errorf("%s: got %s, want %s", k.about, got, k.want)
		}
	}
}

// The state that shows that a reason is not enough is told with it.
func TestCounterexample(t *testing.T) {
	c := example(t)
	c.Verdicts[0].Reason = c.Verdicts[0].Reason[1:]
	r, err := Check(c)
	if err != nil || len(r.Failed) != 1 {
		t.Fatalf("%+v %v", r, err)
	}
	if got := fmt.Sprint(r.Failed[0].State); got != "[{{aspect K } [0]}]" {
		t.Error(got)
	}
}

// With profiles named the choice is part of every reason.
func TestNamedProfiles(t *testing.T) {
	c := example(t)
	c.State.ProfilesNamed = true
	c.State.Possible = append(c.State.Possible, Atom{Variable{KindProfile, "p", ""}, []string{"true"}}, Atom{Variable{KindProfile, "q", ""}, []string{"false"}})
	r, err := Check(c)
	// Now nothing excludes AAA-02 when x holds, and its reason must say so.
	if err != nil || len(r.Failed) != 1 || r.Failed[0].Requirement != "AAA-02" {
		t.Fatalf("%+v %v", r, err)
	}
	c.Verdicts[1].Reason = append(c.Verdicts[1].Reason, Atom{Variable{KindFact, "x", ""}, []string{"false"}})
	if r, err := Check(c); err != nil || !r.OK() {
		t.Errorf("%+v %v", r, err)
	}
	c.Catalog.Requirements[3].Profile = "q"
	c.Verdicts[3] = Verdict{ID: "AAA-04", Verdict: No, Reason: []Atom{{Variable{KindProfile, "q", ""}, []string{"false"}}}}
	if r, err := Check(c); err != nil || !r.OK() {
		t.Errorf("%+v %v", r, err)
	}
}

func TestMalformed(t *testing.T) {
	x := func(values ...string) []Atom { return []Atom{{Variable{KindFact, "x", ""}, values}} }
	for _, k := range []struct {
		change func(c *Certificate)
		want   string // code, kind, id, part, detail
	}{
		{func(c *Certificate) { c.Format = "annat" }, "format    "},
		{func(c *Certificate) { c.FormatVersion = 2 }, "version    2"},
		{func(c *Certificate) { c.Catalog.Aspects[1].ID = "K" }, "duplicate aspect K  K"},
		{func(c *Certificate) { c.Catalog.Aspects[0].Levels = nil }, "missing aspect K  levels"},
		{func(c *Certificate) { c.Catalog.Aspects[0].Levels = []int{1, 0} }, "value aspect K  0"},
		{func(c *Certificate) { c.Catalog.Aspects[0].Levels = []int{-1} }, "value aspect K  -1"},
		{func(c *Certificate) { c.Catalog.Facts[0].ID = "" }, "missing fact   id"},
		{func(c *Certificate) { c.Catalog.Facts[0].ID = "lagrum" }, "duplicate fact lagrum  lagrum"},
		{func(c *Certificate) { c.Catalog.Facts[0].ID = "K" }, "duplicate fact K  K"},
		{func(c *Certificate) { c.Catalog.Facts[0].Type = "tal" }, "value fact x  tal"},
		{func(c *Certificate) { c.Catalog.Facts[0].Profile = "finns-inte" }, "unknown fact x  finns-inte"},
		{func(c *Certificate) { c.Catalog.Facts[1].Options[1] = "egen" }, "duplicate fact drift  egen"},
		{func(c *Certificate) { c.Catalog.Facts[1].Options = make([]string, 65) }, "many fact drift  64"},
		{func(c *Certificate) { c.Catalog.Facts[2].AskWhen = rows(t, `{"drift":["moln","sta","egen","moln"]}`) }, "value fact dold ask_when drift = moln"},
		{func(c *Certificate) { c.Catalog.Facts[1].Options = nil }, "value fact drift  choice"},
		{func(c *Certificate) { c.Catalog.Facts[4].AskWhen = rows(t, `{"x":true}`) }, "value fact foljer  bool"},
		{func(c *Certificate) { c.Catalog.Facts[2].AskWhen = rows(t, `{"finns_inte":true}`) }, "value fact dold ask_when finns_inte = true"},
		{func(c *Certificate) { c.Catalog.Facts[2].AskWhen = rows(t, `{"finns_inte":"ja"}`) }, "unknown fact dold ask_when finns_inte"},
		{func(c *Certificate) { c.Catalog.Facts[2].AskWhen = rows(t, `{"x":"true"}`) }, "value fact dold ask_when x = true"},
		{func(c *Certificate) { c.Catalog.Facts[2].AskWhen = rows(t, `{"K":2}`) }, "value fact dold ask_when K = 2"},
		{func(c *Certificate) { c.Catalog.Facts[2].AskWhen = rows(t, `{"K":"=>2"}`) }, "value fact dold ask_when K = =>2"},
		{func(c *Certificate) { c.Catalog.Facts[2].AskWhen = rows(t, `{"K":">3"}`) }, "value fact dold ask_when K = >3"},
		{func(c *Certificate) { c.Catalog.Facts[2].AskWhen = rows(t, `{"K":[">=2",">=3"]}`) }, "unknown fact dold ask_when K"},
		{func(c *Certificate) { c.Catalog.Facts[2].AskWhen = rows(t, `{"drift":[]}`) }, "value fact dold ask_when drift = []"},
		{func(c *Certificate) { c.Catalog.Facts[2].AskWhen = rows(t, `{"drift":["moln",1]}`) }, "value fact dold ask_when drift = [moln 1]"},
		{func(c *Certificate) { c.Catalog.Facts[2].AskWhen = rows(t, `{"drift":"mars"}`) }, "value fact dold ask_when drift = mars"},
		{func(c *Certificate) { c.Catalog.Facts[2].AskWhen = rows(t, `{"drift":null}`) }, "value fact dold ask_when drift = <nil>"},
		{func(c *Certificate) { c.Catalog.Facts[2].AskWhen = rows(t, `{}`) }, "missing fact dold ask_when row"},
		{func(c *Certificate) { c.Catalog.Facts[2].AskWhen = rows(t, `{"lagrum":"finns-inte"}`) }, "unknown fact dold ask_when finns-inte"},
		{func(c *Certificate) { c.Catalog.Facts[0].AskWhen = rows(t, `{"dold":true}`) }, "cycle    x → dold → x"},
		{func(c *Certificate) { c.Catalog.Facts[0].AskWhen = rows(t, `{"x":true}`) }, "cycle    x → x"},
		{func(c *Certificate) { c.Catalog.Facts[4].Derived = rows(t, `{"foljer":false}`) }, "cycle    foljer → foljer"},
		{func(c *Certificate) { c.Catalog.Facts[0].AskWhen = rows(t, `{"lagrum":"gdpr"}`) }, "cycle    x → gdpr → x"},
		{func(c *Certificate) { c.Catalog.Profiles[0].OfferedWhen = rows(t, `{"egen_fraga":true}`) }, "cycle    egen_fraga → p → egen_fraga"},
		{func(c *Certificate) { c.Catalog.Laws[0].Ticked = true }, "missing law gdpr  applies_when"},
		{func(c *Certificate) { c.Catalog.Laws[1].Ticked = false }, "missing law kamera  applies_when"},
		{func(c *Certificate) { c.Catalog.Laws[1].ID = "gdpr" }, "duplicate law gdpr  gdpr"},
		{func(c *Certificate) { c.Catalog.Profiles[1].Precedence = 10 }, "order profile q  precedence"},
		{func(c *Certificate) { c.Catalog.Requirements[1].ID = "AAA-01" }, "duplicate requirement AAA-01  AAA-01"},
		{func(c *Certificate) { c.Catalog.Requirements[0].Levels["X"] = 1 }, "unknown requirement AAA-01 levels X"},
		{func(c *Certificate) { c.Catalog.Requirements[0].Levels["K"] = 9 }, "value requirement AAA-01 levels K = >=9"},
		{func(c *Certificate) { c.Catalog.Requirements[0].Profile = "r" }, "unknown requirement AAA-01  r"},
		{func(c *Certificate) { c.Catalog.Requirements[1].Changes[0].Profile = "" }, "unknown requirement AAA-02  "},
		{func(c *Certificate) {
			c.Catalog.Requirements[1].Changes = append(c.Catalog.Requirements[1].Changes, Change{Profile: "p", Include: true})
		}, "order requirement AAA-02  p"},
		{func(c *Certificate) { c.State.Possible = c.State.Possible[1:] }, "missing state   K"},
		{func(c *Certificate) { c.State.Possible[1] = c.State.Possible[0] }, "duplicate state   K"},
		{func(c *Certificate) { c.State.Possible[0].Values = nil }, "missing state   K"},
		{func(c *Certificate) { c.State.Possible[0].Values = []string{"4"} }, "value state   K = 4"},
		{func(c *Certificate) { c.State.Possible[0].Values = []string{"2", "2"} }, "value state   K = 2"},
		{func(c *Certificate) { c.State.Possible[0].Option = "x" }, "unknown state   K x"},
		{func(c *Certificate) { c.State.ProfilesNamed = true }, "missing state   profiles_named"},
		{func(c *Certificate) {
			c.State.Possible = append(c.State.Possible, Atom{Variable{KindProfile, "p", ""}, []string{"true"}})
		}, "missing state   profiles_named"},
		{func(c *Certificate) { c.State.NotKnown = []string{"finns_inte"} }, "unknown state   finns_inte"},
		{func(c *Certificate) { c.State.NotKnown = []string{"foljer"} }, "unknown state   foljer"},
		{func(c *Certificate) { c.State.NotKnown = []string{"x", "x"} }, "duplicate state   x"},
		{func(c *Certificate) { c.Verdicts = c.Verdicts[:3] }, "missing verdict AAA-04  verdict"},
		{func(c *Certificate) { c.Verdicts = append(c.Verdicts, Verdict{ID: "BBB-01"}) }, "unknown verdict   BBB-01"},
		{func(c *Certificate) { c.Verdicts[0].ID = "BBB-01" }, "order verdict AAA-01  BBB-01"},
		{func(c *Certificate) { c.Verdicts[0].Verdict = "" }, "value verdict AAA-01  "},
		{func(c *Certificate) { c.Verdicts[3].Reason = x("kanske") }, "value verdict AAA-04  x = kanske"},
		{func(c *Certificate) { c.Verdicts[3].Reason = append(x("true"), x("false")...) }, "duplicate verdict AAA-04  x"},
		{func(c *Certificate) { c.Verdicts[3].Reason = x() }, "missing verdict AAA-04  x"},
		{func(c *Certificate) { c.Verdicts[2].DependsOn = []string{"p"} }, "unknown verdict AAA-03  p"},
		{func(c *Certificate) { c.Verdicts[2].DependsOn = []string{""} }, "unknown verdict AAA-03  "},
		{func(c *Certificate) { c.Closed = []string{"finns_inte"} }, "unknown closed   finns_inte"},
		{func(c *Certificate) { c.Closed = []string{"R", "R"} }, "duplicate closed   R"},
	} {
		c := example(t)
		k.change(c)
		_, err := Check(c)
		var m *Malformed
		if !errors.As(err, &m) {
			t.Errorf("%s: got %v", k.want, err)
			continue
		}
		if got := strings.Join([]string{m.Code, m.Where.Kind, m.Where.ID, m.Where.Part, m.Detail}, " "); got != k.want {
			t.Errorf("got %q, want %q", got, k.want)
		}
	}
}

// chain makes n facts, each derived from the one before, mentioned so many
// times.
func chain(t testing.TB, n, times int) *Certificate {
	c := example(t)
	c.Catalog.Facts = append(c.Catalog.Facts, Fact{ID: "f0", Type: Bool})
	c.State.Possible = append(c.State.Possible, Atom{Variable{KindFact, "f0", ""}, []string{"false"}})
	for i := 1; i <= n; i++ {
		text := strings.TrimSuffix(strings.Repeat(fmt.Sprintf(`{"f%d":true},`, i-1), times), ",")
		c.Catalog.Facts = append(c.Catalog.Facts, Fact{ID: fmt.Sprintf("f%d", i), Type: Bool, Derived: rows(t, text)})
	}
	c.Catalog.Requirements[3].When = rows(t, fmt.Sprintf(`{"f%d":true}`, n))
	c.Verdicts[3] = Verdict{ID: "AAA-04", Verdict: No, Reason: []Atom{{Variable{KindFact, "f0", ""}, []string{"false"}}}}
	c.Closed = []string{}
	return c
}

// What takes too much is reported as not checked, soon enough.
func TestLimits(t *testing.T) {
	start := time.Now()
	c := chain(t, 60, 2) // 2^60 looks, were it not for the limit
	r, err := check(c, MaxStates, 1_000_000)
	if err != nil || r.OK() || len(r.Failed) > 0 || !slices.Equal(r.Unchecked, []string{"AAA-04"}) || r.Checked != 3 {
		t.Errorf("%+v %v", r, err)
	}

	// Thirty questions, all of which are looked at before the one that decides.
	c = example(t)
	c.Closed = []string{}
	for i := range 31 {
		id, possible := fmt.Sprintf("f%02d", i), []string{"false", "true"}
		if i == 30 {
			possible = possible[:1]
		}
		c.Catalog.Facts = append(c.Catalog.Facts, Fact{ID: id, Type: Bool})
		c.State.Possible = append(c.State.Possible, Atom{Variable{KindFact, id, ""}, possible})
		c.Catalog.Requirements[3].When = append(c.Catalog.Requirements[3].When, rows(t, fmt.Sprintf(`{"f%02d":true,"f30":true}`, i))...)
	}
	c.Verdicts[3] = Verdict{ID: "AAA-04", Verdict: No, Reason: []Atom{{Variable{KindFact, "f30", ""}, []string{"false"}}}}
	r, err = check(c, 10_000, MaxSteps)
	if err != nil || r.OK() || !slices.Equal(r.Unchecked, []string{"AAA-04"}) || len(r.Failed) > 0 || r.Checked != 3 {
		t.Errorf("%+v %v", r, err)
	}

	// A long chain is no matter; a ring of it is told.
	c = chain(t, 9_000, 1)
	if r, err := Check(c); err != nil || !r.OK() {
		t.Errorf("%+v %v", r, err)
	}
	c.Catalog.Facts[len(c.Catalog.Facts)-9_000].Derived = rows(t, `{"f9000":true}`)
	if _, err := Check(c); err == nil || !strings.Contains(err.Error(), "cycle") {
		t.Error("no ring")
	}
	if _, err := Check(chain(t, maxNames, 1)); err == nil || !strings.Contains(err.Error(), "many") {
		t.Error(err)
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Error(d)
	}
}

func TestParse(t *testing.T) {
	data, err := Encode(example(t))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, k := range []struct{ data, want string }{
		{text, ""},
		{strings.ReplaceAll(text, "\n", "\r\n\t"), ""}, // white space says nothing
		{"", "json 1"},
		{"[]", "json 1"},
		{"{\n\n1", "json 3"},
		{"{}", "format "},
		{`{"format":"kravverk-certificate","format_version":2,"annat":1}`, "version 2"},
		{text + "{}", "json "},
		{strings.Replace(text, `"verdict": "yes"`, `"verdict": 1`, 1), "json "},
		{strings.Replace(text, `"verdict": "yes"`, `"verdict": "no", "verdict": "yes"`, 1), "canonical "},
		{strings.Replace(text, `"verdict": "yes"`, `"Verdict": "yes"`, 1), "canonical "},
		{strings.Replace(text, `"verdict": "yes"`, `"verdict": "yes", "note": "x"`, 1), "canonical "},
		{strings.Replace(text, `"x": true`, `"x": true, "x": true`, 1), "canonical "},
		{strings.Replace(text, `"x": true`, "\"x\xff\": true", 1), "canonical "},
		{strings.Replace(text, `"line": 1`, `"line": 1.0`, 1), "json "},
		{strings.Repeat("[", 100_000), "json "},
		{strings.Repeat(" ", MaxSize+1), "size 16"},
	} {
		_, err := Parse([]byte(k.data))
		got := ""
		var m *Malformed
		if errors.As(err, &m) {
			got = m.Code + " " + m.Detail
		} else if err != nil {
			t.Error(err)
		}
		if k.want == "" && got != "" || !strings.HasPrefix(got, k.want) {
			t.Errorf("%.40q: got %q, want %q", k.data, got, k.want)
		}
	}
}

func TestCompare(t *testing.T) {
	for _, k := range []struct {
		about  string
		change func(c *Catalog) // theirs
		want   string
	}{
		{"nothing", func(c *Catalog) {}, ""},
		{"only where it stands", func(c *Catalog) {
			c.Requirements[0].Line, c.Requirements[0].When[0].File = 9, "annan.toml"
		}, ""},
		{"the order", func(c *Catalog) { slices.Reverse(c.Requirements); slices.Reverse(c.Facts) }, ""},
		{"a version", func(c *Catalog) { c.Version = "2025.1" }, "||version|: 2026.1 / 2025.1"},
		{"a hash", func(c *Catalog) { c.Hash = "g" }, "||hash|: h / g"},
		{"a profile's hash", func(c *Catalog) { c.Profiles[0].Hash = "g" }, "profile|p|hash|: p / g"},
		{"a requirement that is gone", func(c *Catalog) { c.Requirements = c.Requirements[1:] }, "requirement|AAA-01||: AAA-01 / "},
		{"a requirement more", func(c *Catalog) { c.Requirements = append(c.Requirements, Requirement{ID: "AAA-09"}) }, "requirement|AAA-09||:  / AAA-09"},
		{"a level", func(c *Catalog) { c.Requirements[0].Levels = map[string]int{"K": 1} }, `requirement|AAA-01|levels|: {"K":2} / {"K":1}`},
		{"a row", func(c *Catalog) { c.Requirements[1].When[0].Keys = map[string]any{"x": false} },
			`requirement|AAA-02|when|: [{"x":true},{"R":">=1","drift":"egen"}] / [{"x":false},{"R":">=1","drift":"egen"}]`},
		{"a change that is gone", func(c *Catalog) { c.Requirements[1].Changes = nil }, "requirement|AAA-02|exclude|q: true / "},
		{"a change more", func(c *Catalog) { c.Requirements[0].Changes = []Change{{Profile: "p", Include: true}} }, "requirement|AAA-01|include|p:  / true"},
		{"who adds it", func(c *Catalog) { c.Requirements[0].Profile = "p" }, "requirement|AAA-01|profile|:  / p"},
		{"an option", func(c *Catalog) { c.Facts[1].Options = []string{"egen", "sta"} }, `fact|drift|options|: ["egen","sta","moln"] / ["egen","sta"]`},
		{"when a question is put", func(c *Catalog) { c.Facts[2].AskWhen = nil }, `fact|dold|ask_when|: [{"drift":"moln"},{"K":">=2","x":true}] / `},
		{"an aspect", func(c *Catalog) { c.Aspects[2].Rated = true }, "aspect|S|rated|: false / true"},
		{"a law", func(c *Catalog) { c.Laws[0].AppliesWhen = rows(t, `{"x":false}`) }, `law|gdpr|applies_when|: [{"x":true}] / [{"x":false}]`},
		{"an offer", func(c *Catalog) { c.Profiles[1].OfferedWhen = nil }, `profile|q|offered_when|: [{"lagrum":["gdpr"]}] / `},
	} {
		ours, theirs := example(t).Catalog, example(t).Catalog
		k.change(&theirs)
		var got []string
		for _, d := range Compare(&ours, &theirs) {
			got = append(got, fmt.Sprintf("%s|%s|%s|%s: %s / %s", d.Kind, d.ID, d.Part, d.Profile, d.Ours, d.Theirs))
		}
		if strings.Join(got, "\n") != k.want {
			t.Errorf("%s: got %q, want %q", k.about, got, k.want)
		}
	}
}

// FuzzCertificate: whatever the file, it is read and checked within the limits,
// or told what is wrong with it; and what is found does not hang on chance.
func FuzzCertificate(f *testing.F) {
	for _, c := range []*Certificate{example(f), chain(f, 5, 2)} {
		data, err := Encode(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		for _, swap := range [][2]string{
			{`"x": true`, `"dold": true`}, {`"moln"`, `"egen"`}, {`">=2"`, `"<2"`}, {`"yes"`, `"no"`}, {`"unknown"`, `"yes"`},
			{`"K"`, `"S"`}, {`"profiles_named": false`, `"profiles_named": true`}, {`"x"`, `"lagrum"`}, {`"aspect"`, `"law"`},
		} {
			f.Add([]byte(strings.ReplaceAll(string(data), swap[0], swap[1])))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := Parse(data); err != nil {
			if m := new(Malformed); !errors.As(err, &m) || m.Code == "" {
				t.Error(err)
			}
		}
		// Parse takes only what is written to the letter; Check must stand more.
		var c Certificate
		if json.Unmarshal(data, &c) == nil {
			stands(t, &c)
		}
	})
}

// stands checks a certificate that may hold anything.
func stands(t *testing.T, c *Certificate) (malformed bool) {
	t.Helper()
	r, err := check(c, 500, 20_000)
	if err != nil {
		if m := new(Malformed); !errors.As(err, &m) || m.Code == "" {
			t.Error(err)
		}
		return true
	}
	again, err := check(c, 500, 20_000)
	if err != nil || fmt.Sprint(r) != fmt.Sprint(again) {
		t.Errorf("%+v, then %+v %v", r, again, err)
	}
	if r.Checked+len(r.Unchecked) != len(c.Verdicts) {
		t.Errorf("%+v", r)
	}
	if len(Compare(&c.Catalog, &c.Catalog)) > 0 {
		t.Error("a catalogue differs from itself")
	}
	return false
}

// Parts of a certificate that change places, vanish or are doubled are no
// matter either.
func TestShuffled(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	data, err := Encode(example(t))
	if err != nil {
		t.Fatal(err)
	}
	malformed, whole := 0, 0
	for range 5000 {
		var doc any
		if err := json.Unmarshal(data, &doc); err != nil {
			t.Fatal(err)
		}
		var parts []any // to take from
		var put []func(any)
		var walk func(v any)
		walk = func(v any) {
			switch v := v.(type) {
			case map[string]any:
				for _, key := range slices.Sorted(maps.Keys(v)) {
					parts, put = append(parts, v[key]), append(put, func(x any) { v[key] = x })
					walk(v[key])
				}
			case []any:
				for i := range v {
					parts, put = append(parts, v[i]), append(put, func(x any) { v[i] = x })
					walk(v[i])
				}
			}
		}
		walk(doc)
		for range 1 + rnd.IntN(3) {
			to, x := rnd.IntN(len(put)), parts[rnd.IntN(len(parts))]
			if was := parts[to]; fmt.Sprintf("%T", was) != fmt.Sprintf("%T", x) && rnd.IntN(10) > 0 {
				continue // most of these are no certificate at all
			}
			if list, ok := x.([]any); ok && len(list) > 0 && rnd.IntN(2) == 0 {
				x = append(slices.Clone(list), list[rnd.IntN(len(list))])
			}
			copied, err := json.Marshal(x)
			if err != nil {
				continue // it has come to hold itself
			}
			var fresh any
			if err := json.Unmarshal(copied, &fresh); err != nil {
				t.Fatal(err)
			}
			put[to](fresh)
		}
		shuffled, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		var c Certificate
		if json.Unmarshal(shuffled, &c) != nil {
			continue
		}
		if stands(t, &c) {
			malformed++
		} else {
			whole++
		}
	}
	if malformed < 300 || whole < 300 {
		t.Error(malformed, whole)
	}
}

// What two readers see of a document is the same.
func TestEncodeIsStable(t *testing.T) {
	a, _ := Encode(example(t))
	c, err := Parse(a)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := Encode(c)
	if string(a) != string(b) || !maps.Equal(c.Catalog.Requirements[0].Levels, map[string]int{"K": 2}) {
		t.Error("not the same")
	}
}
