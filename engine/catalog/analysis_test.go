package catalog_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/diag"
	"github.com/kravverk/kravverk/engine/rule"
)

// shippedCatalog is the catalogues that come with the program. What is published
// is held to releases.toml elsewhere.
func shippedCatalog(tb testing.TB) *catalog.Catalog {
	tb.Helper()
	files := map[string][]byte{}
	disk := os.DirFS("../../catalogs")
	err := fs.WalkDir(disk, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name == "releases.toml" {
			return err
		}
		files[name], err = fs.ReadFile(disk, name)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	c, list := catalog.Load(catalog.FilesFS(files), catalog.Options{})
	if c == nil {
		tb.Fatal(list.Err())
	}
	return c
}

// Every witness of the shipped catalogues comes out of the engine as it claims,
// and everything has one.
func TestShippedWitnesses(t *testing.T) {
	c := shippedCatalog(t)
	a := catalog.Analyze(c)
	for _, k := range []catalog.Kind{catalog.OfRequirement, catalog.OfPrefill, catalog.OfQuestion, catalog.OfAnswer} {
		if reached, all := a.Count(k); reached != all || all < 20 {
			t.Errorf("%d of %d of kind %s are reached", reached, all, k)
		}
	}
	checkWitnesses(t, c, a)
}

// checkWitnesses runs the witnesses as the cases that they are written as, and
// holds the answers to questions that are put.
func checkWitnesses(t *testing.T, c *catalog.Catalog, a *catalog.Analysis) {
	t.Helper()
	cases := fstest.MapFS{}
	for i, w := range a.Witnesses {
		if !w.Reached {
			if w.TOML() != "" {
				t.Errorf("%s is not reached, but has a case", w.ID)
			}
			continue
		}
		if found := a.Find(w.ID); len(found) != 1 {
			t.Errorf("%s is the id of %d witnesses", w.ID, len(found))
		}
		text := w.TOML()
		name := fmt.Sprintf("cases/%03d.toml", i)
		if w.Expect == (catalog.Expect{}) {
			answers, _, list := engine.ParseAnswers(name, []byte(text))
			if list.HasErrors() {
				t.Fatalf("%v in\n%s", list, text)
			}
			facts, err := engine.NewFacts(c, answers)
			if err != nil || facts.Asked(w.Fact) != rule.Yes {
				t.Errorf("%s is not put (%v):\n%s", w.ID, err, text)
			}
			continue
		}
		cases[name] = &fstest.MapFile{Data: []byte(text)}
		answers, _, _ := engine.ParseAnswers(name, []byte(text[:strings.LastIndex(text, "[expect]")]))
		facts, err := engine.NewFacts(c, answers)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		for _, f := range w.Facts {
			if facts.Asked(f.Fact) != rule.Yes {
				t.Errorf("%s answers %s, which may not be put:\n%s", w.ID, f.Fact.ID, text)
			}
		}
		if w.Kind == catalog.OfPrefill && !slices.ContainsFunc(engine.Derive(facts).Finding(w.Requirement.ID).Offers, func(o engine.Offer) bool {
			return o.Prefill == w.Prefill && o.Offered == rule.Yes
		}) {
			t.Errorf("%s is not offered:\n%s", w.ID, text)
		}
	}
	run, list := engine.Cases(c, cases)
	n := len(run)
	if n != len(cases) {
		t.Errorf("%d of %d cases were run", n, len(cases))
	}
	for _, d := range list {
		t.Errorf("%s %s\n%s", d.Summary, d.Detail, cases[d.Range.File].Data)
	}
}

// A witness answers no more questions than trying every set of answers shows to
// be needed, and what has none cannot be reached at all.
func TestWitnessesAgainstBruteForce(t *testing.T) {
	t.Parallel()
	n := 40
	if testing.Short() {
		n = 5
	}
	for seed := range n {
		g := generator{rand.New(rand.NewPCG(7, uint64(seed))), false}
		files := g.catalog(size{facts: 3, requirements: 6, profiles: 2, aspects: 1})
		c, list := catalog.Load(files, catalog.Options{})
		if c == nil {
			t.Fatal(lines(list))
		}
		a := catalog.Analyze(c)
		checkWitnesses(t, c, a)
		boxes := answerable(c)
		for _, w := range a.Witnesses {
			var cond *rule.Cond
			switch w.Kind {
			case catalog.OfRequirement:
				cond = w.Requirement.Applies
			case catalog.OfPrefill:
				cond = w.Prefill.Offered
			case catalog.OfQuestion:
				cond = w.Fact.Asked
			default:
				continue
			}
			found := -1 // the fewest answers in the combination that the witness is in
			for _, b := range boxes {
				if cond.Eval(b.box) != rule.Yes || w.Expect.Open != nil && !matters(c, b.box, w.Fact) {
					continue
				}
				if !w.Reached {
					t.Errorf("seed %d: %s is reached by %v", seed, w.ID, b.box)
					break
				}
				if b.named == w.Named && slices.Equal(b.profiles, w.Profiles) && (found < 0 || b.answers < found) {
					found = b.answers
				}
			}
			if got := len(w.Levels) + len(w.Facts) + truth(w.Lagrum); w.Reached && got != found {
				t.Errorf("seed %d: %s takes %d answers, not %d:\n%s", seed, w.ID, got, found, w.TOML())
			}
		}
	}
}

// It can be shorter to have a question put and to answer it than to see to it
// that it is not put.
func TestWitnessHasItsQuestionsPut(t *testing.T) {
	var b strings.Builder
	b.WriteString(soundBase(t))
	for _, id := range []string{"a", "b", "c"} {
		fmt.Fprintf(&b, "[[fact]]\nid = %q\ntype = \"bool\"\ntitle = \"T\"\ngroup = \"G\"\nquestion = \"?\"\n", id)
	}
	b.WriteString("[[fact]]\nid = \"f\"\ntype = \"bool\"\ntitle = \"T\"\ngroup = \"G\"\nquestion = \"?\"\nask_when = [ { a = true }, { b = true }, { c = true } ]\n")
	fmt.Fprintf(&b, requirement, "BEH-02", "unless = [ { f = true } ]")
	c, list := catalog.Load(fstest.MapFS{"catalog.toml": {Data: []byte(b.String())}}, catalog.Options{})
	if c == nil {
		t.Fatal(lines(list))
	}
	a := catalog.Analyze(c)
	checkWitnesses(t, c, a)
	if got := a.Find("BEH-02")[0].TOML(); !strings.Contains(got, "[facts]\na = true\nf = false\n\n") {
		t.Error(got)
	}
}

// What can never hold in some combination of profiles is told of it or of a
// smaller one, and what is told is so: trying the combinations one by one.
func TestCombinationsAgainstBruteForce(t *testing.T) {
	t.Parallel()
	n := 200
	if testing.Short() {
		n = 20
	}
	told := regexp.MustCompile(`^(?:kravet|det förifyllda svaret för) (\S+) kan aldrig (?:gälla|erbjudas)(?: med profil(?:en|erna) (.*)| utan .*)?$`)
	some := 0
	for seed := range n {
		g := generator{rand.New(rand.NewPCG(10, uint64(seed))), false}
		c, list := catalog.Load(g.catalog(size{facts: 3, requirements: 8, profiles: 3, aspects: 1}), catalog.Options{})
		if c == nil {
			t.Fatal(lines(list))
		}
		type thing struct {
			code, id string
			owner    *catalog.Profile
		}
		said := map[thing][][]string{}
		for _, d := range catalog.Analyze(c).Findings {
			if d.Code != "never" && d.Code != "prefill-never" {
				continue
			}
			m := told.FindStringSubmatch(d.Summary)
			if m == nil {
				t.Fatal(d.Summary)
			}
			x := thing{d.Code, m[1], nil}
			for _, p := range c.Profiles {
				if d.Code == "prefill-never" && d.Range.File == p.ID+"/profile.toml" {
					x.owner = p
				}
			}
			names := strings.FieldsFunc(m[2], func(r rune) bool { return r == ',' || r == ' ' })
			said[x] = append(said[x], slices.DeleteFunc(names, func(s string) bool { return s == "och" }))
		}
		named, in := c.Control()
		for choice := range 1 << len(c.Profiles) {
			box := c.Space.Anything()
			box[named] = rule.Of(1)
			counts := func(p *catalog.Profile) bool { return choice>>slices.Index(c.Profiles, p)&1 == 1 }
			var ids []string
			for _, p := range c.Profiles {
				box[in(p)] = rule.Of(truth(counts(p)))
				if counts(p) {
					ids = append(ids, p.ID)
				}
			}
			expect := func(x thing, never bool) {
				t.Helper()
				within, exactly := false, false
				for _, set := range said[x] {
					inside := !slices.ContainsFunc(set, func(id string) bool { return !slices.Contains(ids, id) })
					within, exactly = within || inside, exactly || inside && len(set) == len(ids)-truth(x.owner != nil)
				}
				if never && !within || exactly && !never {
					t.Errorf("seed %d: %+v with %v is %v, and told is %v", seed, x, ids, never, said[x])
				}
				some += truth(never)
			}
			for _, r := range c.Requirements {
				if r.Profile != nil && !counts(r.Profile) || r.Effective(counts).Excluded != nil {
					continue
				}
				never := r.Applies.Eval(box) == rule.No
				expect(thing{"never", r.ID, nil}, never)
				for _, f := range r.Prefills {
					if counts(f.Profile) && !never {
						expect(thing{"prefill-never", r.ID, f.Profile}, f.Offered.Eval(box) == rule.No)
					}
				}
			}
		}
	}
	if some < 50 {
		t.Errorf("only %d things can never hold", some)
	}
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// matters tells whether an answer can still change a requirement or an offer.
func matters(c *catalog.Catalog, b rule.Box, f *catalog.Fact) bool {
	hangs := func(cond *rule.Cond) bool {
		return slices.ContainsFunc(cond.Relevant(b, nil), func(v rule.Var) bool { return slices.Contains(f.Vars, v) })
	}
	for _, r := range c.Requirements {
		if hangs(r.Applies) || slices.ContainsFunc(r.Prefills, func(p *catalog.Prefill) bool { return hangs(p.Offered) }) {
			return true
		}
	}
	return false
}

// answered is answers that a respondent can give.
type answered struct {
	box      rule.Box
	named    bool
	profiles []*catalog.Profile
	answers  int
}

// answerable gives all of them, with every choice of profiles: each question is
// unanswered or has one of its answers, and only those that are put have.
func answerable(c *catalog.Catalog) []answered {
	var questions [][]rule.Var
	var put []*catalog.Fact
	for _, x := range c.Aspects {
		questions, put = append(questions, []rule.Var{x.Var}), append(put, nil)
	}
	for _, f := range c.Facts {
		if !f.IsDerived() {
			questions, put = append(questions, f.Vars), append(put, f)
		}
	}
	var laws []rule.Var
	for _, law := range c.Laws {
		if law.Ticked {
			laws = append(laws, law.Var)
		}
	}
	if len(laws) > 0 {
		questions, put = append(questions, laws), append(put, nil)
	}
	named, in := c.Control()
	var out []answered
	for choice := range 1<<len(c.Profiles) + 1 {
		x := answered{box: c.Space.Anything(), named: choice < 1<<len(c.Profiles)}
		x.box[named] = rule.Of(truth(x.named))
		for i, p := range c.Profiles {
			chosen := x.named && choice>>i&1 == 1
			x.box[in(p)] = rule.Of(truth(chosen))
			if chosen {
				x.profiles = append(x.profiles, p)
			}
		}
		var try func(i int)
		try = func(i int) {
			if i == len(questions) {
				for j, f := range put {
					if f != nil && x.box[questions[j][0]].Len() == 1 && f.Asked.Eval(x.box) != rule.Yes {
						return
					}
				}
				y := x
				y.box = slices.Clone(x.box)
				out = append(out, y)
				return
			}
			try(i + 1)
			vars := questions[i]
			states := 1
			for _, v := range vars {
				states *= c.Space[v]
			}
			x.answers++
			for state := range states {
				for _, v := range vars {
					x.box[v] = rule.Of(state % c.Space[v])
					state /= c.Space[v]
				}
				try(i + 1)
			}
			x.answers--
			for _, v := range vars {
				x.box[v] = c.Space.Full(v)
			}
		}
		try(0)
	}
	return out
}

// What the analysis says of requirements and questions is what trying every
// state shows; and what it says can be left out of rows can all be left out at
// once, after which nothing more can.
func TestFindingsAgainstBruteForce(t *testing.T) {
	t.Parallel()
	n := 60
	if testing.Short() {
		n = 6
	}
	codes := map[string]int{}
	for seed := range n {
		g := generator{rand.New(rand.NewPCG(8, uint64(seed))), false}
		c, list := catalog.Load(g.catalog(size{facts: 4, requirements: 8, aspects: 2}), catalog.Options{})
		if c == nil {
			t.Fatal(lines(list))
		}
		states := all(c)
		findings := catalog.Analyze(c).Findings
		found, gone := map[string]bool{}, map[part]bool{}
		for _, d := range findings {
			codes[d.Code]++
			found[d.Code+d.Range.String()] = true
			switch d.Code {
			case "row-never", "row-blocked", "row-equal", "row-idle", "rows-idle", "key-idle", "level-idle":
				gone[part{d.Range, ""}] = true
			case "value-idle":
				gone[part{d.Range, strings.Split(d.Summary, `"`)[1]}] = true
			}
		}
		expect := func(code string, at diag.Range, want bool) {
			t.Helper()
			if got := found[code+at.String()]; got != want {
				t.Errorf("seed %d: %s at %v is %v, want %v\n%s", seed, code, at, got, want, c.Source(at.File))
			}
		}
		full := reader{c: c}
		for _, r := range c.Requirements {
			some, every, falls := false, true, false
			for _, s := range states {
				holds := full.requirement(r, s)
				some, every = some || holds, every && holds
				for _, x := range c.Aspects {
					if holds && s[x.Var] < 3 {
						up := slices.Clone(s)
						up[x.Var]++
						falls = falls || !full.requirement(r, up)
					}
				}
			}
			rows := len(r.When.Rows)+len(r.Unless.Rows)+len(r.Thresholds) > 0
			expect("never", r.At("id"), !some)
			expect("always", r.At("id"), every && rows)
			expect("falls", r.At("id"), falls)
			if !some || every {
				continue
			}
			// Something is said when anything could go.
			spare := false
			for _, x := range parts(r) {
				less := reader{c, map[part]bool{x: true}}
				spare = spare || !slices.ContainsFunc(states, func(s []int) bool { return less.requirement(r, s) != full.requirement(r, s) })
			}
			if said := slices.ContainsFunc(parts(r), func(x part) bool { return gone[x] }); said != spare {
				t.Errorf("seed %d: something can be left out of %s: %v, want %v\n%s", seed, r.ID, said, spare, lines(findings))
			}
		}
		// All of it can go at once, also from what requirements lean on.
		less := reader{c, gone}
		if slices.ContainsFunc(states, func(s []int) bool { return less.everything(s) != full.everything(s) }) {
			t.Fatalf("seed %d: it is another catalogue with all that was found left out\n%s", seed, lines(findings))
		}
		for _, f := range c.Facts {
			if f.IsDerived() {
				continue
			}
			asked, matter := false, false
			for _, s := range states {
				asked = asked || full.asked(f, s)
				for _, v := range f.Vars {
					for value := range c.Space[v] {
						other := slices.Clone(s)
						other[v] = value
						matter = matter || full.everything(other) != full.everything(s)
					}
				}
			}
			expect("never-asked", f.At("id"), !asked)
			expect("fact-idle", f.At("id"), asked && !matter)
		}
	}
	for _, code := range []string{"never", "always", "falls", "never-asked", "fact-idle", "row-never", "row-blocked", "row-equal", "row-idle", "rows-idle", "key-idle", "value-idle", "level-idle"} {
		if codes[code] == 0 && !testing.Short() {
			t.Errorf("%s is not tried", code)
		}
	}
}

// all gives every state of a catalogue without profiles.
func all(c *catalog.Catalog) [][]int {
	named, _ := c.Control()
	var out [][]int
	state := make([]int, len(c.Space))
	var try func(v int)
	try = func(v int) {
		switch {
		case v == len(c.Space):
			out = append(out, slices.Clone(state))
		case rule.Var(v) == named:
			state[v] = 1
			try(v + 1)
		default:
			for value := range c.Space[v] {
				state[v] = value
				try(v + 1)
			}
		}
	}
	try(0)
	return out
}

// reader reads rows as catalogs/README.md says, with no help from package rule
// and without the parts that are gone.
type reader struct {
	c    *catalog.Catalog
	gone map[part]bool
}

// part is a row, a key or a level, or one value of a key.
type part struct {
	at    diag.Range
	value string
}

func (r reader) without(at diag.Range, value string) bool {
	return len(r.gone) > 0 && r.gone[part{at, value}]
}

// parts are the parts of a requirement that could go.
func parts(r *catalog.Requirement) []part {
	var out []part
	for _, x := range r.Thresholds {
		out = append(out, part{r.At("levels/" + x.Aspect.ID), ""})
	}
	if len(r.When.Rows) > 0 {
		out = append(out, part{r.At("when"), ""})
	}
	for _, row := range slices.Concat(r.When.Rows, r.Unless.Rows) {
		out = append(out, part{row.At, ""})
		for _, atom := range row.Atoms {
			if len(row.Atoms) > 1 {
				out = append(out, part{atom.At, ""})
			}
			if len(atom.Options)+len(atom.Laws) > 1 {
				for _, value := range values(atom) {
					out = append(out, part{atom.At, value})
				}
			}
		}
	}
	return out
}

func values(a catalog.Atom) []string {
	var out []string
	for _, o := range a.Options {
		out = append(out, a.Fact.Options[o].ID)
	}
	for _, law := range a.Laws {
		out = append(out, law.ID)
	}
	return out
}

func (r reader) requirement(q *catalog.Requirement, s []int) bool {
	some, none := false, true
	for _, x := range q.Thresholds {
		if !r.without(q.At("levels/"+x.Aspect.ID), "") {
			none = false
			some = some || s[x.Aspect.Var] >= x.Min
		}
	}
	when := len(q.When.Rows) == 0 || r.without(q.At("when"), "") || r.any(q.When.Rows, s)
	return (some || none) && when && !r.any(q.Unless.Rows, s)
}

func (r reader) any(rows []catalog.Row, s []int) bool {
	return slices.ContainsFunc(rows, func(row catalog.Row) bool {
		return !r.without(row.At, "") && !slices.ContainsFunc(row.Atoms, func(a catalog.Atom) bool {
			return !r.without(a.At, "") && !r.atom(a, s)
		})
	})
}

func (r reader) atom(a catalog.Atom, s []int) bool {
	switch {
	case a.Aspect != nil:
		return a.Levels.Has(s[a.Aspect.Var])
	case a.Fact == nil:
		return slices.ContainsFunc(a.Laws, func(law *catalog.Law) bool { return !r.without(a.At, law.ID) && r.law(law, s) })
	case a.Fact.IsDerived():
		return r.any(a.Fact.Derived.Rows, s) == a.Want
	case !r.asked(a.Fact, s):
		return false
	case a.Fact.Type == catalog.Bool:
		return s[a.Fact.Vars[0]] == truth(a.Want)
	}
	return slices.ContainsFunc(a.Options, func(o int) bool {
		if r.without(a.At, a.Fact.Options[o].ID) {
			return false
		}
		if a.Fact.Type == catalog.Choice {
			return s[a.Fact.Vars[0]] == o
		}
		return s[a.Fact.Vars[o]] == 1
	})
}

func (r reader) asked(f *catalog.Fact, s []int) bool {
	return len(f.AskWhen.Rows) == 0 || r.any(f.AskWhen.Rows, s)
}

func (r reader) law(law *catalog.Law, s []int) bool {
	if law.Ticked {
		return s[law.Var] == 1
	}
	return r.any(law.AppliesWhen.Rows, s)
}

// everything that a catalogue says of a state.
func (r reader) everything(s []int) string {
	var b strings.Builder
	for _, q := range r.c.Requirements {
		fmt.Fprint(&b, truth(r.requirement(q, s)))
	}
	for _, law := range r.c.Laws {
		fmt.Fprint(&b, truth(r.law(law, s)), truth(r.any(law.SuggestedWhen.Rows, s)))
	}
	return b.String()
}

func lines(list diag.List) string {
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "%v: %s [%s] %s\n", d.Range, d.Summary, d.Code, d.Detail)
	}
	return b.String()
}

// generator writes catalogues that nobody thought about.
type generator struct {
	*rand.Rand
	sane bool // as somebody who thought would write: there is little to remark on
}

type size struct{ facts, requirements, profiles, aspects int }

const generated = `
[catalog]
id = "prov"
version = "2026.1"
title = "Provkatalog"
status = "draft"
issued = 2026-11-23
license = "CC0-1.0"
scale = "skr-0-4"
`

func (g generator) catalog(n size) fs.FS {
	base, _ := os.ReadFile(lintCases + "/base.toml")
	text := string(base)
	var b strings.Builder
	b.WriteString(generated)
	for _, id := range []string{"K", "R", "T"}[:n.aspects] {
		fmt.Fprintf(&b, "[[aspect]]\nid = %q\ntitle = %q\nquestion = \"?\"\n", id, id)
	}
	from, to := strings.Index(text, "[[level]]"), strings.Index(text, "[[fact]]")
	b.WriteString(text[from:to])
	// What rows may mention, each with its values.
	keys := slices.Clone([]string{"K", "R", "T"}[:n.aspects])
	for i := range n.facts {
		id := fmt.Sprintf("f%d", i)
		// Brute force bears one choices among few.
		kind := []string{"bool", "choice", "derived", "choices", "bool"}[(i+g.IntN(2))%5]
		g.fact(&b, id, kind, keys)
		keys = append(keys, id+":"+kind)
	}
	fmt.Fprintf(&b, "[[law]]\nid = \"l1\"\ntitle = \"L1\"\nsource = \"S\"\neffect = \"E.\"\nquestion = \"?\"\nsuggested_when = %s\n", g.rows(keys, 2, false))
	fmt.Fprintf(&b, "[[law]]\nid = \"l2\"\ntitle = \"L2\"\nsource = \"S\"\neffect = \"E.\"\napplies_when = %s\n", g.rows(keys, 2, false))
	keys = append(keys, "lagrum")
	files := fstest.MapFS{}
	for i := range n.requirements {
		b.WriteString(g.requirement(fmt.Sprintf("BEH-%02d", i+10), keys, n))
	}
	files["bas/catalog.toml"] = &fstest.MapFile{Data: []byte(b.String())}
	for i := range n.profiles {
		id := string(rune('p' + i))
		var p strings.Builder
		fmt.Fprintf(&p, "[profile]\nid = %q\nversion = \"2026.1\"\ntitle = %q\nstatus = \"draft\"\nissued = 2026-11-23\nlicense = \"CC0-1.0\"\nextends = \"prov@2026.1\"\nprecedence = %d\noffered_when = %s\n", id, id, i+1, g.rows(keys, 1, false))
		g.fact(&p, id+"f", "bool", keys)
		p.WriteString(g.requirement(fmt.Sprintf("PRO-%02d", i+1), append(keys, id+"f:bool"), n))
		for j := range n.requirements {
			of := fmt.Sprintf("BEH-%02d", j+10)
			what := g.IntN(6)
			if g.sane {
				what = g.IntN(60)
			}
			switch what {
			case 0:
				fmt.Fprintf(&p, "[[adjust]]\nrequirement = %q\nreason = \"?\"\nunless = %s\n", of, g.rows(keys, 1, true))
			case 1:
				fmt.Fprintf(&p, "[[exclude]]\nrequirement = %q\nreason = \"?\"\n", of)
			case 2, 3:
				fmt.Fprintf(&p, "[[prefill]]\nrequirement = %q\nwhen = %s\nanswer = %q\nhow = \"?\"\nsource = \"?\"\nstrength = \"assumed\"\n",
					of, g.rows(keys, 1, true), []string{"yes", "no"}[g.IntN(2)])
			}
		}
		files[id+"/profile.toml"] = &fstest.MapFile{Data: []byte(p.String())}
	}
	return files
}

func (g generator) fact(b *strings.Builder, id, kind string, keys []string) {
	derived := kind == "derived"
	if derived {
		kind = "bool"
	}
	fmt.Fprintf(b, "[[fact]]\nid = %q\ntype = %q\ntitle = %q\n", id, kind, id)
	if kind != "bool" {
		b.WriteString(`options = [ { id = "a", title = "A" }, { id = "b", title = "B" }, { id = "c", title = "C" } ]` + "\n")
	}
	switch {
	case derived:
		fmt.Fprintf(b, "derived = %s\n", g.rows(keys, 2, false))
		return
	case g.sane && len(keys) > 6 && g.IntN(6) == 0:
		fmt.Fprintf(b, "ask_when = [ { %s } ]\n", g.atom(keys[3+g.IntN(3)]))
	case !g.sane && g.IntN(3) == 0 && len(keys) > 0:
		fmt.Fprintf(b, "ask_when = %s\n", g.rows(keys, 2, true))
	}
	b.WriteString("group = \"G\"\nquestion = \"?\"\n")
}

func (g generator) requirement(id string, keys []string, n size) string {
	head := fmt.Sprintf(requirement, id, "")
	if g.sane {
		head = strings.Replace(head, `title = "T"`, "title = "+strconv.Quote(id), 1)
	}
	aspects := slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return len(k) > 1 })
	if g.IntN(2) == 0 {
		k := aspects[g.IntN(len(aspects))]
		head += fmt.Sprintf("levels = { %s = %d }\n", k, 1+g.IntN(3))
		keys = keys[n.aspects:]
	}
	if g.IntN(4) > 0 {
		head += "when = " + g.rows(keys, 3, true) + "\n"
	}
	if g.IntN(4) == 0 {
		head += "unless = " + g.rows(keys, 2, !g.sane) + "\n"
	}
	return head
}

func (g generator) rows(keys []string, most int, levels bool) string {
	if !levels {
		keys = slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return len(k) == 1 })
	}
	rows := make([]string, 1+g.IntN(most))
	for i := range rows {
		picked := g.Perm(len(keys))[:min(len(keys), 1+g.IntN(2))]
		atoms := make([]string, len(picked))
		for j, k := range picked {
			atoms[j] = g.atom(keys[k])
		}
		rows[i] = "{ " + strings.Join(atoms, ", ") + " }"
	}
	return "[\n  " + strings.Join(rows, ",\n  ") + ",\n]"
}

func (g generator) atom(key string) string {
	id, kind, _ := strings.Cut(key, ":")
	some := func(of ...string) string {
		n := 1 + g.IntN(len(of)-1)
		var out []string
		for _, i := range g.Perm(len(of))[:n] {
			out = append(out, fmt.Sprintf("%q", of[i]))
		}
		return "[" + strings.Join(out, ", ") + "]"
	}
	switch {
	case id == "lagrum":
		return "lagrum = " + []string{`["l1"]`, `["l2"]`, `["l1", "l2"]`}[g.IntN(3)]
	case len(id) == 1:
		if g.sane {
			return fmt.Sprintf(`%s = ">=%d"`, id, 1+g.IntN(3))
		}
		return id + " = " + []string{`">=1"`, `">=2"`, `"<=1"`, `"=2"`, `">=3"`}[g.IntN(5)]
	case kind == "choice" || kind == "choices":
		return id + " = " + some("a", "b", "c")
	}
	return fmt.Sprintf("%s = %t", id, g.IntN(3) > 0)
}

// What the rule level decides of 500 requirements is to take less than 20 ms.
func BenchmarkAnalyze(b *testing.B) {
	g := generator{rand.New(rand.NewPCG(9, 1)), true}
	large, list := catalog.Load(g.catalog(size{facts: 60, requirements: 500, profiles: 3, aspects: 3}), catalog.Options{})
	if large == nil {
		b.Fatal(lines(list))
	}
	for name, c := range map[string]*catalog.Catalog{"500": large, "shipped": shippedCatalog(b)} {
		b.Run("proofs/"+name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				n = len(catalog.Prove(c))
			}
			b.ReportMetric(float64(n), "findings")
		})
		b.Run("all/"+name, func(b *testing.B) {
			for b.Loop() {
				catalog.Analyze(c)
			}
		})
	}
}
