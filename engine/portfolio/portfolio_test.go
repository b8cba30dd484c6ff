package portfolio

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// shippedFiles is the catalogues that come with the program.
var shippedFiles = sync.OnceValue(func() map[string][]byte {
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
		panic(err)
	}
	return files
})

// edited loads the shipped catalogues with changes: file, old text, new text.
func edited(tb testing.TB, changes ...[3]string) *catalog.Catalog {
	tb.Helper()
	files := maps.Clone(shippedFiles())
	for _, c := range changes {
		if !bytes.Contains(files[c[0]], []byte(c[1])) {
			tb.Fatalf("%s has no %q", c[0], c[1])
		}
		files[c[0]] = bytes.Replace(files[c[0]], []byte(c[1]), []byte(c[2]), 1)
	}
	c, list := catalog.Load(catalog.FilesFS(files), catalog.Options{})
	if c == nil {
		tb.Fatal(list.Err())
	}
	return c
}

var shipped = sync.OnceValue(func() *catalog.Catalog {
	c, list := catalog.Load(catalog.FilesFS(shippedFiles()), catalog.Options{})
	if c == nil {
		panic(list.Err())
	}
	return c
})

var thresholds = regexp.MustCompile(`(?m)^levels = \{ K = (\d)`)

// sharper is the shipped catalogues with other thresholds in every nth
// requirement file, from the first on.
func sharper(tb testing.TB, nth int) *catalog.Catalog {
	tb.Helper()
	files := maps.Clone(shippedFiles())
	for i, name := range slices.Sorted(maps.Keys(files)) {
		if path.Dir(name) == "bas/requirements" && i%nth == 0 {
			files[name] = thresholds.ReplaceAllFunc(files[name], func(b []byte) []byte {
				return append(b[:len(b)-1:len(b)-1], "2331"[b[len(b)-1]-'0'])
			})
		}
	}
	c, list := catalog.Load(catalog.FilesFS(files), catalog.Options{})
	if c == nil {
		tb.Fatal(list.Err())
	}
	return c
}

// one threshold, in one requirement only
var oneThreshold = [3]string{"bas/requirements/log.toml", "levels = { K = 2 }", "levels = { K = 3 }"}

const extraRequirement = `
[[requirement]]
id = "LOG-99"
area = "LOG"
title = "Ett till"
is = "Det finns ett till."
shall = "Tjänsten ska ha ett till."
obligation = "shall"
levels = { R = 3 }
kind = "organizational"
category = "specification"
concern = "service"
role = "informationsagare"
verify = { tender = ["document"], contract = ["document"] }
references = [{ standard = "ISO/IEC 27002", edition = "2022", id = "8.15" }]
effort = 2
basis = "proposal"

[[requirement]]
id = "LOG-06"
`

// one more requirement, and another fact
var (
	oneMore     = [3]string{"bas/requirements/log.toml", "\n[[requirement]]\nid = \"LOG-06\"\n", extraRequirement}
	anotherFact = [3]string{"bas/catalog.toml", "[[fact]]\n", "[[fact]]\nid = \"ny\"\ntype = \"bool\"\ngroup = \"Vad systemet är\"\ntitle = \"ny\"\nquestion = \"Är det nytt?\"\nyes = \"det är nytt\"\nno = \"det är inte nytt\"\n\n[[fact]]\n"}
)

// randomBox settles a share of the variables and rules some values out of
// others.
func randomBox(r *rand.Rand, s rule.Space) rule.Box {
	b := s.Anything()
	settled := r.IntN(11)
	for v, size := range s {
		switch {
		case r.IntN(10) < settled:
			b[v] = rule.Of(r.IntN(size))
		case r.IntN(3) == 0:
			b[v] = 1 + rule.Set(r.Uint64N(uint64(s.Full(rule.Var(v)))))
		}
	}
	return b
}

// randomFacts answers some of the questions.
func randomFacts(tb testing.TB, r *rand.Rand, c *catalog.Catalog) *engine.Facts {
	tb.Helper()
	pick := func(ids []string) []string {
		return slices.DeleteFunc(ids, func(string) bool { return r.IntN(3) > 0 })
	}
	answered := r.IntN(11)
	a := engine.Answers{Facts: map[string]any{}}
	a.Classification.Catalog = c.ID
	for _, f := range c.Facts {
		var ids []string
		for _, o := range f.Options {
			ids = append(ids, o.ID)
		}
		switch {
		case f.IsDerived() || r.IntN(10) >= answered:
		case r.IntN(10) == 0:
			a.Facts[f.ID] = engine.VetEj
		case f.Type == catalog.Bool:
			a.Facts[f.ID] = r.IntN(2) == 0
		case f.Type == catalog.Choice:
			a.Facts[f.ID] = ids[r.IntN(len(ids))]
		default:
			a.Facts[f.ID] = pick(ids)
		}
	}
	if r.IntN(10) < answered {
		var laws []string
		for _, l := range c.Laws {
			laws = append(laws, l.ID)
		}
		a.Facts["lagrum"] = pick(laws)
	}
	for range r.IntN(3) {
		levels := map[string]int{}
		for _, id := range pick([]string{"K", "R", "T", "K", "R", "T"}) {
			levels[id] = r.IntN(4)
		}
		a.Information = append(a.Information, engine.Information{Type: "Uppgifter", Levels: levels})
	}
	if r.IntN(3) == 0 {
		var ids []string
		for _, p := range c.Profiles {
			ids = append(ids, p.ID)
		}
		a.Classification.Profiles = append([]string{}, pick(ids)...)
	}
	f, err := engine.NewFacts(c, a)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func randomSystems(r *rand.Rand, s rule.Space, n, units int) []System {
	out := make([]System, n)
	for i := range out {
		out[i] = System{fmt.Sprintf("s%06d", i), fmt.Sprintf("u%d", r.IntN(units)), randomBox(r, s)}
	}
	return out
}

func build(c *catalog.Catalog, systems []System) *Portfolio { return Build(c, slices.Values(systems)) }

// check holds a portfolio to the single evaluator, for the systems that it
// ought to have, and to what is said of it as a whole.
func check(t *testing.T, p *Portfolio, c *catalog.Catalog, want map[string]System) {
	t.Helper()
	if p.Catalog != c || p.Len() != len(want) || p.All().Len() != len(want) {
		t.Fatalf("there are %d systems, and %d places in use, of %d", p.Len(), p.All().Len(), len(want))
	}
	last := -1
	for s := range p.Systems() {
		place, ok := p.Place(s.ID)
		w := want[s.ID]
		if !ok || place <= last || s.ID != w.ID || s.Unit != w.Unit || !slices.Equal(s.Box, w.Box) {
			t.Fatalf("in place %d after %d is %v, want %v", place, last, s, w)
		}
		last = place
		known := map[*rule.Cond]rule.Truth{}
		for i, r := range c.Requirements {
			v, ok := known[r.Applies]
			if !ok {
				v = r.Applies.Eval(s.Box)
				known[r.Applies] = v
			}
			if got := p.Verdict(place, i); got != v {
				t.Fatalf("%s is %v for %s, want %v", r.ID, got, s.ID, v)
			}
		}
	}
}

func byID(systems []System) map[string]System {
	out := map[string]System{}
	for _, s := range systems {
		out[s.ID] = s
	}
	return out
}

func TestAgreesWithDerive(t *testing.T) {
	c, r := shipped(), rand.New(rand.NewPCG(1, 2))
	var systems []System
	var derived []*engine.Derivation
	for i := range 300 {
		f := randomFacts(t, r, c)
		systems = append(systems, System{fmt.Sprint(i), "", f.Box})
		derived = append(derived, engine.Derive(f))
	}
	p := build(c, systems)
	var seen [3]int
	for i, d := range derived {
		for j, f := range d.Findings {
			if got := p.Verdict(i, j); got != f.Applies {
				t.Fatalf("%s is %v, Derive says %v", f.Requirement.ID, got, f.Applies)
			}
			seen[f.Applies]++
		}
	}
	if slices.Min(seen[:]) < 1000 {
		t.Errorf("the answers are too much alike: %v", seen)
	}
}

func TestAgreesWithSingle(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, rule.LaneSize, rule.LaneSize + 700} {
		systems := randomSystems(r, shipped().Space, n, 7)
		check(t, build(shipped(), systems), shipped(), byID(systems))
	}
}

// Any number of cores gives the same.
func TestCores(t *testing.T) {
	systems := randomSystems(rand.New(rand.NewPCG(5, 6)), shipped().Space, 3*rule.LaneSize+5, 7)
	one := runtime.GOMAXPROCS(1)
	a := build(shipped(), systems)
	runtime.GOMAXPROCS(max(one, 4))
	b := build(shipped(), systems)
	runtime.GOMAXPROCS(one)
	sameLanes(t, a, b)
}

// sameLanes holds two portfolios to the same bits in the same places, where
// there are systems.
func sameLanes(t *testing.T, a, b *Portfolio) {
	t.Helper()
	if len(a.blocks) != len(b.blocks) {
		t.Fatalf("%d blocks and %d", len(a.blocks), len(b.blocks))
	}
	for n, x := range a.blocks {
		y := b.blocks[n]
		if *x.live != *y.live || len(x.columns) != len(y.columns) || len(x.out) != len(y.out) {
			t.Fatal("the blocks have not the same lanes")
		}
		for i := range x.live {
			for j := range x.columns {
				if (x.columns[j][i]^y.columns[j][i])&x.live[i] != 0 {
					t.Fatalf("block %d, column %d, word %d differs", n, j, i)
				}
			}
			for j := range x.out {
				if ((x.out[j].yes[i]^y.out[j].yes[i])|(x.out[j].no[i]^y.out[j].no[i]))&x.live[i] != 0 {
					t.Fatalf("block %d, verdicts %d, word %d differs", n, j, i)
				}
			}
		}
	}
}

// A random walk of changes ends where building from nothing does, and leaves
// all that it passed as it was.
func TestRandomWalk(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	catalogs := []*catalog.Catalog{shipped(), edited(t, oneThreshold), edited(t, oneMore), sharper(t, 2), sharper(t, 1)}
	unlike := edited(t, anotherFact)
	c := shipped()
	systems := randomSystems(r, c.Space, rule.LaneSize-20, 5) // so that there will be a second block
	now := byID(systems)
	p := build(c, systems)
	type past struct {
		p    *Portfolio
		c    *catalog.Catalog
		want map[string]System
	}
	var all []past
	steps := 200
	if testing.Short() {
		steps = 60
	}
	for step := range steps {
		all = append(all, past{p, c, maps.Clone(now)})
		ids := slices.Sorted(maps.Keys(now))
		s := now[ids[r.IntN(len(ids))]]
		switch r.IntN(12) {
		case 0:
			c = catalogs[r.IntN(len(catalogs))]
			if Alike(p.Catalog, c) {
				p = p.Under(c)
				break
			}
			fallthrough // from the one that is unlike
		case 1:
			if r.IntN(4) == 0 {
				c = unlike
			}
			for id, s := range now {
				s.Box = randomBox(rand.New(rand.NewPCG(uint64(step), uint64(len(id)+int(id[len(id)-1])))), c.Space)
				now[id] = s
			}
			p = p.Restated(c, func(id string) rule.Box { return now[id].Box })
		case 2, 3, 4:
			s = System{fmt.Sprintf("n%03d", step), "u9", randomBox(r, c.Space)}
			now[s.ID] = s
			p = p.With(s)
		case 5, 6:
			delete(now, s.ID)
			p = p.Without(s.ID)
		case 7:
			s.Unit = "u8"
			now[s.ID] = s
			p = p.With(s)
		case 8: // the same again
			p = p.With(s)
		default:
			s.Box = randomBox(r, c.Space)
			now[s.ID] = s
			p = p.With(s)
		}
		if step%40 == 0 {
			check(t, p, c, now)
			fresh := Build(c, p.Systems())
			check(t, fresh, c, now)
			if a, b := p.Count(p.All()), fresh.Count(fresh.All()); fmt.Sprint(a) != fmt.Sprint(b) {
				t.Fatal("the counts are not those of a new one")
			}
		}
	}
	if len(p.blocks) < 2 && !testing.Short() {
		t.Error("there is no second block")
	}
	for i := 0; i < len(all); i += 25 {
		check(t, all[i].p, all[i].c, all[i].want)
	}
}

// Only what differs is copied.
func TestShares(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	systems := randomSystems(r, shipped().Space, 3*rule.LaneSize, 7)
	p := build(shipped(), systems)
	s := systems[5000]
	s.Box = slices.Clone(s.Box)
	v := slices.IndexFunc(s.Box, func(x rule.Set) bool { return x.Len() > 1 })
	s.Box[v] &= -s.Box[v]
	q := p.With(s)
	if q.blocks[0] != p.blocks[0] || q.blocks[2] != p.blocks[2] || q.blocks[1].seats != p.blocks[1].seats || q.blocks[1].live != p.blocks[1].live {
		t.Error("what did not change is not shared")
	}
	for i, l := range p.blocks[1].columns {
		if m := q.blocks[1].columns[i]; (l == m) != (*l == *m) {
			t.Error("columns are not shared just when they are the same")
		}
	}
	for i, l := range p.blocks[1].out {
		if m := q.blocks[1].out[i]; (l == m) != (*l == *m) {
			t.Error("verdicts are not shared just when they are the same")
		}
	}
	q = p.Under(edited(t, oneThreshold))
	fresh := 0
	for i := range q.kernel.conds {
		if !slices.Contains(p.blocks[0].out, q.blocks[0].out[i]) {
			fresh++
		}
	}
	if fresh != 1 {
		t.Errorf("%d conditions were evaluated", fresh)
	}
	if q := p.Under(edited(t)); &q.blocks[0].out[0] == &p.blocks[0].out[0] || !slices.Equal(q.blocks[0].out, p.blocks[0].out) {
		t.Error("the same catalogue, loaded again, does not share all lanes")
	}
}

// A condition with too many primes is known again too.
func TestSharesLargeConditions(t *testing.T) {
	s := slices.Repeat(rule.Space{2}, 40)
	made := func(extra rule.Var) *catalog.Catalog {
		d := rule.NewDiagram(s)
		var pairs []*rule.Expr
		for v := rule.Var(0); v < 20; v += 2 {
			pairs = append(pairs, rule.And(rule.Is(v, 2), rule.Is(v+1, 2)))
		}
		large := d.Cond(rule.Or(pairs...))
		if _, ok := large.Primes(rule.Yes); ok {
			t.Fatal("the condition is not large")
		}
		c := &catalog.Catalog{Space: s}
		for i, cond := range []*rule.Cond{d.Cond(rule.Is(extra, 1)), large, large} {
			c.Requirements = append(c.Requirements, &catalog.Requirement{ID: fmt.Sprint(i), Applies: cond})
		}
		return c
	}
	r := rand.New(rand.NewPCG(11, 12))
	systems := randomSystems(r, s, 500, 2)
	p := build(made(30), systems)
	c := made(31)
	q := p.Under(c)
	check(t, q, c, byID(systems))
	if a, b := p.blocks[0].out, q.blocks[0].out; a[0] == b[0] || a[1] != b[1] {
		t.Error("the large condition was not shared, or the other was")
	}
	if d := Compare(p, q); len(d.Changes) != 1 || d.Changes[0].After.ID != "0" {
		t.Errorf("the changes are %v", d.Changes)
	}
}

func TestAlike(t *testing.T) {
	const file = "bas/catalog.toml"
	for name, x := range map[string]struct {
		change [3]string
		want   bool
	}{
		"threshold":   {oneThreshold, true},
		"requirement": {oneMore, true},
		"ask_when":    {[3]string{file, "ask_when = [{ cyberfysiskt = true }]\n", ""}, true},
		"fact":        {anotherFact, false},
		"information": {[3]string{file, "levels = { K = 2, R = 2, T = 1 }\nmay", "levels = { K = 2, R = 2, T = 2 }\nmay"}, false},
	} {
		if got := Alike(shipped(), edited(t, x.change)); got != x.want {
			t.Errorf("%s: alike is %v", name, got)
		}
	}
	// The same sizes, but other names.
	a, b := *shipped(), *shipped()
	b.Facts = slices.Clone(b.Facts)
	i := slices.IndexFunc(b.Facts, func(f *catalog.Fact) bool { return len(f.Options) > 1 })
	f := *b.Facts[i]
	f.Options = slices.Clone(f.Options)
	slices.Reverse(f.Options)
	b.Facts[i] = &f
	if Alike(&a, &b) {
		t.Error("options in another order are alike")
	}
}

func TestMistakesPanic(t *testing.T) {
	c := shipped()
	s := System{"a", "u", c.Space.Anything()}
	p := build(c, []System{s})
	for name, f := range map[string]func(){
		"same id":      func() { build(c, []System{s, s}) },
		"box":          func() { build(c, []System{{"a", "u", s.Box[1:]}}) },
		"box with":     func() { p.With(System{"a", "u", s.Box[1:]}) },
		"box restated": func() { p.Restated(c, func(string) rule.Box { return nil }) },
		"unlike":       func() { p.Under(edited(t, anotherFact)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s does not panic", name)
				}
			}()
			f()
		}()
	}
	if p.Without("b") != p {
		t.Error("a system that is not there was taken out")
	}
	if _, ok := p.System(1); ok || p.Verdict(-1, 0) != rule.Unknown || p.Verdict(1, 0) != rule.Unknown {
		t.Error("there is somebody where nobody is")
	}
}

// Readers of a snapshot see it as it was, and the newest one is whole.
func TestReadersAndWriter(t *testing.T) {
	c := shipped()
	r := rand.New(rand.NewPCG(13, 14))
	systems := randomSystems(r, c.Space, 300, 3)
	var current Current
	current.Change(func(*Portfolio) *Portfolio { return build(c, systems) })
	first := current.Load()
	want := fmt.Sprint(first.Count(first.All()))
	done := make(chan bool)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if fmt.Sprint(first.Count(first.All())) != want {
					t.Error("the first snapshot changed")
					return
				}
				p := current.Load()
				n := p.Count(p.All())
				if n.Systems != p.Len() || n.Total.Yes+n.Total.No+n.Total.Unknown != p.Len()*len(c.Requirements) {
					t.Error("the newest snapshot is not whole")
					return
				}
			}
		})
	}
	var writers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() {
			r := rand.New(rand.NewPCG(15, uint64(w)))
			for i := range 60 {
				current.Change(func(p *Portfolio) *Portfolio {
					if i%20 == 19 {
						return p.Without(fmt.Sprintf("n%d-%d", w, i-1))
					}
					return p.With(System{fmt.Sprintf("n%d-%d", w, i), "u", randomBox(r, c.Space)})
				})
			}
		})
	}
	writers.Wait()
	close(done)
	all.Wait()
	if n := current.Load().Len(); n != 300+2*(57-3) {
		t.Errorf("there are %d systems", n)
	}
	sameLanes(t, first, build(c, systems))
}
