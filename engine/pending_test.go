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
