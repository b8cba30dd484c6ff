package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// respondent knows the truth about a system, or, of what is left out, says
// "vet ej".
type respondent struct {
	facts  map[string]any
	levels map[string]int
}

// random makes somebody who does not know one answer in dunno; 0 is somebody
// who knows all.
func random(r *rand.Rand, c *catalog.Catalog, dunno int) respondent {
	x := respondent{map[string]any{}, map[string]int{}}
	for _, a := range c.Aspects {
		if a.IsRated() {
			x.levels[a.ID] = r.IntN(4)
		}
	}
	pick := func(ids []string) []string {
		return slices.DeleteFunc(slices.Clone(ids), func(string) bool { return r.IntN(3) > 0 })
	}
	for _, f := range c.Facts {
		var ids []string
		for _, o := range f.Options {
			ids = append(ids, o.ID)
		}
		switch {
		case f.IsDerived():
		case dunno > 0 && r.IntN(dunno) == 0:
			x.facts[f.ID] = VetEj
		case f.Type == catalog.Bool:
			x.facts[f.ID] = r.IntN(2) == 0
		case f.Type == catalog.Choice:
			x.facts[f.ID] = ids[r.IntN(len(ids))]
		default:
			x.facts[f.ID] = pick(ids)
		}
	}
	var laws []string
	for _, l := range c.Laws {
		if l.Ticked {
			laws = append(laws, l.ID)
		}
	}
	x.facts["lagrum"] = pick(laws)
	return x
}

// with adds the respondent's answer to a question.
func (x respondent) with(a Answers, q Question) Answers {
	if q.Aspect != nil {
		levels := map[string]int{q.Aspect.ID: x.levels[q.Aspect.ID]}
		for _, i := range a.Information {
			for k, v := range i.Levels {
				levels[k] = v
			}
		}
		a.Information = []Information{{Type: "Uppgifter", Levels: levels}}
		return a
	}
	a.Facts[q.ID] = x.facts[q.ID]
	return a
}

// ask goes on until next has no more questions, and tells how many it took.
func (x respondent) ask(t *testing.T, c *catalog.Catalog, next func(*Facts) (Question, bool)) (*Facts, int) {
	a := Answers{Facts: map[string]any{}}
	a.Classification.Catalog = c.ID
	for n := 0; ; n++ {
		f, err := NewFacts(c, a)
		if err != nil {
			t.Fatal(err)
		}
		q, more := next(f)
		if !more {
			return f, n
		}
		a = x.with(a, q)
	}
}

// full asks everything that is put, in the order of the screen.
func full(f *Facts) (Question, bool) {
	for _, q := range f.questions().all {
		if q.put && !q.notKnown {
			return q.Question, true
		}
	}
	return Question{}, false
}

// adaptive asks what is most decisive, and holds Pending to its word.
func adaptive(t *testing.T) func(*Facts) (Question, bool) {
	bound := -1
	return func(f *Facts) (Question, bool) {
		p := f.Pending()
		if bound >= 0 && p.Bound() >= bound {
			t.Fatalf("the bound was %d and is %d after one more answer", bound, p.Bound())
		}
		bound = p.Bound()
		if len(p.Questions) == 0 {
			if bound > 0 {
				t.Fatalf("nothing to ask, yet %d may be left: %v", bound, p.Later)
			}
			return Question{}, false
		}
		return p.Questions[0], true
	}
}

// list is everything a requirement list says.
func list(f *Facts) string {
	var b strings.Builder
	for _, x := range Derive(f).Findings {
		fmt.Fprintf(&b, "%s %v", x.Requirement.ID, x.Applies)
		if x.Applies != rule.No {
			fmt.Fprintf(&b, " %v %s | %s | %s", x.Unsettled, Text(x.Title), Text(x.Is), Text(x.Shall))
		}
		for _, o := range x.Offers {
			fmt.Fprintf(&b, " [%s %s %v]", o.Prefill.Profile.ID, o.Prefill.Answer, o.Offered)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// The adaptive path gives the same list as the full questionnaire, also to
// those who do not know everything.
func TestAdaptivePathGivesTheSameList(t *testing.T) {
	c := shipped(t)
	r := rand.New(rand.NewPCG(11, 12))
	n := 300
	if testing.Short() {
		n = 30
	}
	asked, all := 0, 0
	for i := range n {
		x := random(r, c, []int{0, 0, 5}[i%3])
		before, n := x.ask(t, c, full)
		after, m := x.ask(t, c, adaptive(t))
		if want, got := list(before), list(after); got != want {
			t.Fatalf("the lists differ for %v:\n%s\nfull:\n%s", x, got, want)
		}
		if m > n {
			t.Errorf("asked %d questions, the full questionnaire has %d", m, n)
		}
		asked, all = asked+m, all+n
	}
	t.Logf("the adaptive path puts %.1f questions, the full questionnaire %.1f", float64(asked)/float64(n), float64(all)/float64(n))
}

// The same, in every possible way, for a catalogue that is small enough; and
// what is said not to matter does not, whatever is answered to it.
func TestAdaptivePathInEveryWay(t *testing.T) {
	c := small(t)
	three := []any{true, false, VetEj}
	n := 0
	for _, drift := range []any{"egen", "sta", "moln", VetEj} {
		for _, x := range three {
			for _, y := range three {
				for _, never := range []any{true, VetEj} {
					for _, laws := range []any{[]string{}, []string{"lag"}, VetEj} {
						for _, k := range []int{1, 2} { // one on each side of every threshold
							for _, r := range []int{0, 1, 3} {
								who := respondent{map[string]any{"drift": drift, "x": x, "y": y, "aldrig": never, "lagrum": laws}, map[string]int{"K": k, "R": r, "T": 0}}
								before, _ := who.ask(t, c, full)
								after, _ := who.ask(t, c, adaptive(t))
								if want, got := list(before), list(after); got != want {
									t.Fatalf("the lists differ for %v:\n%s\nfull:\n%s", who, got, want)
								}
								if n++; n%7 == 0 {
									checkIdle(t, after)
								}
							}
						}
					}
				}
			}
		}
	}
}

// checkIdle answers what is said not to matter in every way, one at a time.
func checkIdle(t *testing.T, f *Facts) {
	t.Helper()
	want := list(f)
	for _, q := range f.Pending().Idle {
		if q.Aspect != nil {
			for level := range 4 {
				g, err := f.WhatIf(map[string]int{q.ID: level}, nil)
				if err != nil {
					t.Fatal(err)
				}
				if got := list(g); got != want {
					t.Fatalf("%s is said not to matter, yet level %d gives\n%s\nnot\n%s", q.ID, level, got, want)
				}
			}
			continue
		}
		answers := []any{[]string{}, []string{"lag"}}
		if q.Fact != nil {
			answers = []any{true, false}
			if q.Fact.Type == catalog.Choice {
				answers = []any{"egen", "sta", "moln"}
			}
		}
		for _, a := range answers {
			g, err := f.WhatIf(nil, map[string]any{q.ID: a})
			if err != nil {
				t.Fatal(err)
			}
			if got := list(g); got != want {
				t.Fatalf("%s is said not to matter, yet %v gives\n%s\nnot\n%s", q.ID, a, got, want)
			}
		}
	}
}

func TestPending(t *testing.T) {
	c := small(t)
	ids := func(list []Question) string {
		var out []string
		for _, q := range list {
			out = append(out, q.ID)
		}
		return strings.Join(out, " ")
	}
	check := func(name string, p Pending, questions, later, idle, notKnown string) {
		t.Helper()
		if got := ids(p.Questions); got != questions {
			t.Errorf("%s: questions %q, want %q", name, got, questions)
		}
		if got := ids(p.Later); got != later {
			t.Errorf("%s: later %q, want %q", name, got, later)
		}
		if got := ids(p.Idle); got != idle {
			t.Errorf("%s: idle %q, want %q", name, got, idle)
		}
		if got := ids(p.NotKnown); got != notKnown {
			t.Errorf("%s: not known %q, want %q", name, got, notKnown)
		}
	}
	// T is in no condition; "aldrig" can never be put, and is no question.
	check("nothing answered", derive(t, c, "").Facts.Pending(), "drift K R lagrum", "x y", "T", "")
	check("vet ej closes what only it could put", derive(t, c, "[facts]\ndrift = \"vet_ej\"\n"+information("K = 0, R = 0, T = 0")).Facts.Pending(),
		"lagrum", "", "", "drift")
	p := derive(t, c, "[facts]\ndrift = \"egen\"\nlagrum = []\n"+information("K = 0, R = 0, T = 0")).Facts.Pending()
	check("all that matters answered", p, "", "", "", "")
	if p.Bound() != 0 {
		t.Errorf("the bound is %d", p.Bound())
	}
}

func TestWhatIf(t *testing.T) {
	c := small(t)
	f := derive(t, c, "[facts]\ndrift = \"egen\"\nlagrum = []\n"+information("K = 1, R = 0, T = 0")).Facts
	before := list(f)
	g, err := f.WhatIf(map[string]int{"K": 3}, map[string]any{"y": false})
	if err != nil {
		t.Fatal(err)
	}
	d := Derive(g)
	expect(t, d, "AAA-01", "gäller: K 3 Allvarlig ≥ 2")
	expect(t, d, "AAA-03", "gäller: K 3 Allvarlig ≥ 2, drift är egen, och y: nej")
	changes := Compare(Derive(f), d)
	if len(changes.Added) != 2 || len(changes.Removed) != 0 {
		t.Errorf("added %d, removed %d", len(changes.Added), len(changes.Removed))
	}
	if list(f) != before {
		t.Error("what if changed the facts it was asked of")
	}
	if g, err := f.WhatIf(nil, map[string]any{"drift": nil}); err != nil || g.Handled("drift") != Unanswered {
		t.Errorf("an answer taken back is still there: %v", err)
	}
	for name, err := range map[string]error{
		"nivå 4 finns inte":             second(f.WhatIf(map[string]int{"K": 4}, nil)),
		`aspekten "S" nivåsätts inte`:   second(f.WhatIf(map[string]int{"S": 1}, nil)),
		`"mars" är inget alternativ`:    second(f.WhatIf(nil, map[string]any{"drift": "mars"})),
		`uppgiften "nix" finns inte`:    second(f.WhatIf(nil, map[string]any{"nix": true})),
		"svaret på y har fel form":      second(f.WhatIf(nil, map[string]any{"y": "ja"})),
		`uppgiften "d" följer av andra`: second(f.WhatIf(nil, map[string]any{"d": true})),
	} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want %s", err, name)
		}
	}
}

func second(_ *Facts, err error) error { return err }

func TestSteps(t *testing.T) {
	f := derive(t, small(t), "[facts]\ndrift = \"egen\"\nlagrum = []\n"+information("K = 1, R = 0, T = 0")).Facts
	var got []string
	for _, s := range f.Steps() {
		line := fmt.Sprintf("%s%d %d", s.Aspect.ID, s.Level, s.Yes)
		if s.Now {
			line += " nu"
		}
		for _, r := range s.Added {
			line += " +" + r.ID
		}
		for _, r := range s.Removed {
			line += " -" + r.ID
		}
		got = append(got, line)
	}
	want := []string{
		"K0 1", "K1 1 nu", "K2 2 +AAA-01", "K3 2 +AAA-01",
		"R0 1 nu", "R1 1", "R2 1", "R3 2 +AAA-01",
		"T0 1 nu", "T1 1", "T2 1", "T3 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("steps\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestRows: the author's rows with their places, what is known, and which of
// them decide.
func TestRows(t *testing.T) {
	c := small(t)
	for _, tt := range []struct{ name, id, answers, want string }{
		{"levels met", "AAA-01", information("K = 2, R = 0, T = 0"),
			"*levels yes [K är minst 2 Betydande: K är 2 Betydande yes] [R är minst 3 Allvarlig: R är 0 Ingen no]"},
		{"levels not met", "AAA-01", information("K = 1, R = 0, T = 0"),
			"*levels no [K är minst 2 Betydande: K är 1 Måttlig no] [R är minst 3 Allvarlig: R är 0 Ingen no]"},
		{"no rows", "AAA-05", "", ""},
		{"the row that holds", "AAA-03", "[facts]\ndrift = \"moln\"\nx = true\ny = true\n" + information("K = 0, R = 1, T = 0"),
			"*when yes [drift är moln eller drift är sta: drift är moln yes] [R är minst 1 Måttlig: R är 1 Måttlig yes]\nwhen no [y: nej: y: ja no]"},
		{"unless decides", "AAA-02", "[facts]\ndrift = \"moln\"\nx = false\n",
			"when unknown [d: ja: inte avgjort än unknown]\n*unless yes [x: nej: x: nej yes]"},
		{"open rows", "AAA-03", "[facts]\ndrift = \"egen\"\n",
			"when no [drift är moln eller drift är sta: drift är egen no] [R är minst 1 Måttlig: R är inte bestämd unknown]\n*when unknown [y: nej: frågan kan komma att ställas unknown]"},
		{"a profile takes it out", "AAA-03", "[facts]\ndrift = \"sta\"\n" + information("K = 0, R = 1, T = 0"),
			"*exclude yes [borttaget av profilen P: Det ordnar leverantören.: profilen används, för att drift är sta yes]\n" +
				"when yes [drift är moln eller drift är sta: drift är sta yes] [R är minst 1 Måttlig: R är 1 Måttlig yes]\nwhen no [y: nej: frågan ställs inte no]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := derive(t, c, tt.answers)
			var lines []string
			for _, r := range d.Rows(d.Finding(tt.id)) {
				line := fmt.Sprintf("%s %v", r.Kind, r.Holds)
				if r.Decides {
					line = "*" + line
				}
				for _, a := range r.Atoms {
					line += fmt.Sprintf(" [%s: %s %v]", a.Text, a.Now, a.Holds)
					if a.At.Line == 0 {
						t.Errorf("%s has no place", a.Text)
					}
				}
				if r.At.File == "" || r.At.Line == 0 {
					t.Errorf("%v has no place: %v", r.Kind, r.At)
				}
				lines = append(lines, line)
			}
			if got := strings.Join(lines, "\n"); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}
