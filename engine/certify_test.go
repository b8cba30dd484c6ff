package engine

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/certificate"
)

// certifies holds a derivation to its certificate, read back from its bytes:
// every claim was checked and holds. It gives the bytes.
func certifies(t testing.TB, d *Derivation) []byte {
	t.Helper()
	data, err := certificate.Encode(Certify(d))
	if err != nil {
		t.Fatal(err)
	}
	c, err := certificate.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	r, err := certificate.Check(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Failed {
		t.Errorf("%+v", f)
	}
	if len(r.Unchecked) > 0 || r.Checked != len(d.Findings) {
		t.Errorf("%d of %d checked; not %v", r.Checked, len(d.Findings), r.Unchecked)
	}
	rules := CertifyRules(d.Facts.Catalog)
	if list := certificate.Compare(&rules, &c.Catalog); len(list) > 0 {
		t.Errorf("%+v", list)
	}
	return data
}

// shippedDerivations are all cases that stand beside the shipped catalogues,
// and random answers of every fullness.
func shippedDerivations(t testing.TB, random int) map[string]*Derivation {
	t.Helper()
	fsys, c := shippedFS(t), shipped(t)
	out := map[string]*Derivation{}
	files, err := fs.Glob(fsys, "*/cases/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, name := range files {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			t.Fatal(err)
		}
		var k caseFile
		if _, list := catalog.Decode(name, data, "case.schema.json", &k); list.HasErrors() {
			t.Fatal(list.Err())
		}
		f, err := NewFacts(c, k.Answers)
		if err != nil {
			continue // a case of answers that are refused
		}
		out[name] = Derive(f)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		f, err := NewFacts(c, randomAnswers(rnd, c, float64(i%11)/10))
		if err != nil {
			t.Fatal(err)
		}
		out[fmt.Sprintf("random %d", i)] = Derive(f)
	}
	return out
}

// randomAnswers answers about a share of the questions.
func randomAnswers(rnd *rand.Rand, c *catalog.Catalog, share float64) Answers {
	var a Answers
	a.Classification.Catalog = c.ID
	a.Facts = map[string]any{}
	some := func(ids []string) []string {
		return slices.DeleteFunc(slices.Clone(ids), func(string) bool { return rnd.IntN(3) > 0 })
	}
	for _, f := range c.Facts {
		switch {
		case f.IsDerived() || rnd.Float64() > share:
		case rnd.IntN(10) == 0:
			a.Facts[f.ID] = VetEj
		case f.Type == catalog.Bool:
			a.Facts[f.ID] = rnd.IntN(2) == 0
		case f.Type == catalog.Choice:
			a.Facts[f.ID] = f.Options[rnd.IntN(len(f.Options))].ID
		default:
			a.Facts[f.ID] = some(options(f))
		}
	}
	if rnd.Float64() < share {
		var ids []string
		for _, l := range c.Laws {
			ids = append(ids, l.ID)
		}
		a.Facts["lagrum"] = some(ids)
	}
	for range rnd.IntN(3) {
		info := Information{Type: "Uppgifter", Levels: map[string]int{}}
		for _, x := range c.Aspects {
			if rnd.Float64() < share {
				info.Levels[x.ID] = rnd.IntN(4)
			}
		}
		a.Information = append(a.Information, info)
	}
	if rnd.IntN(3) == 0 {
		a.Classification.Profiles = []string{}
		for _, p := range c.Profiles {
			if rnd.IntN(2) == 0 {
				a.Classification.Profiles = append(a.Classification.Profiles, p.ID)
			}
		}
	}
	return a
}

func TestShippedCertificates(t *testing.T) {
	random := 110
	if testing.Short() {
		random = 11
	}
	for name, d := range shippedDerivations(t, random) {
		data := certifies(t, d)
		if again, _ := certificate.Encode(Certify(Derive(d.Facts))); !bytes.Equal(data, again) {
			t.Errorf("%s: the same answers give other bytes", name)
		}
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

// A question is closed when it is put or may be, is unanswered, and no verdict
// waits for it.
func TestClosedQuestions(t *testing.T) {
	c := load(t, drift+boolFact("x")+boolFact("y")+boolFact("dold", `ask_when = [ { x = true } ]`)+boolFact("oanvand")+
		req("AAA-01", `levels = { K = 2 }`, `when = [ { x = true }, { y = true } ]`)+
		req("AAA-02", `when = [ { x = true, dold = true } ]`))
	for _, k := range []struct {
		answers string
		want    []string
	}{
		{"", []string{"R", "T", "drift", "oanvand"}},
		{"[facts]\nx = true\ny = \"vet_ej\"\noanvand = \"vet_ej\"", []string{"R", "T", "drift"}},
		{"[facts]\nx = false\n" + levels(1, 1, 1), []string{"drift", "y", "oanvand"}},
		{"[facts]\nx = true\ndold = false\n" + levels(2, 0, 0), []string{"drift", "y", "oanvand"}},
	} {
		d := derive(t, c, k.answers)
		if got := Certify(d).Closed; !slices.Equal(got, k.want) {
			t.Errorf("%q: got %v, want %v", k.answers, got, k.want)
		}
	}
}

// Whatever is changed in a certificate of the shipped catalogues, so that it
// says something else, is found: in the verdicts, or beside the catalogue.
func TestShippedCertificatesTampered(t *testing.T) {
	all := shippedDerivations(t, 0)
	d := all["bas/cases/12-halvfardig-nivasattning.toml"]
	if d == nil {
		t.Fatal("the case is gone")
	}
	rules := CertifyRules(d.Facts.Catalog)
	found := func(change func(c *certificate.Certificate)) bool {
		c := Certify(d)
		change(c)
		r, err := certificate.Check(c)
		return err != nil || !r.OK() || len(certificate.Compare(&rules, &c.Catalog)) > 0
	}
	if found(func(*certificate.Certificate) {}) {
		t.Error("the certificate does not hold as it is")
	}
	must := func(what string, change func(c *certificate.Certificate)) {
		t.Helper()
		if !found(change) {
			t.Errorf("not found: %s", what)
		}
	}
	c := Certify(d)
	for i, v := range c.Verdicts {
		if i%3 > 0 {
			continue // one in three shows it as well, sooner
		}
		for _, other := range []string{certificate.Yes, certificate.No, certificate.Unknown} {
			if other != v.Verdict {
				must(v.ID+" is "+other, func(c *certificate.Certificate) { c.Verdicts[i].Verdict = other })
			}
		}
		for j := range v.Reason {
			must(fmt.Sprintf("%s without atom %d", v.ID, j), func(c *certificate.Certificate) {
				c.Verdicts[i].Reason = slices.Delete(c.Verdicts[i].Reason, j, j+1)
			})
		}
		for j := range v.DependsOn {
			must(fmt.Sprintf("%s without question %d", v.ID, j), func(c *certificate.Certificate) {
				c.Verdicts[i].DependsOn = slices.Delete(c.Verdicts[i].DependsOn, j, j+1)
			})
		}
		must(v.ID+" gone", func(c *certificate.Certificate) { c.Verdicts = slices.Delete(c.Verdicts, i, i+1) })
		must(v.ID+" gone with its rows", func(c *certificate.Certificate) {
			c.Verdicts = slices.Delete(c.Verdicts, i, i+1)
			c.Catalog.Requirements = slices.Delete(c.Catalog.Requirements, i, i+1)
		})
	}
	for i, r := range c.Catalog.Requirements {
		for j := range r.When {
			must(fmt.Sprintf("%s without row %d", r.ID, j), func(c *certificate.Certificate) {
				c.Catalog.Requirements[i].When = slices.Delete(c.Catalog.Requirements[i].When, j, j+1)
			})
		}
		must(r.ID+" at another level", func(c *certificate.Certificate) {
			c.Catalog.Requirements[i].Levels = map[string]int{"T": 3, "K": 3}
		})
	}
	// A state that is changed is found when a reason speaks of it.
	for i, a := range c.State.Possible {
		for _, v := range c.Verdicts {
			for _, b := range v.Reason {
				for _, value := range domainOf(c, a.Variable) {
					if b.Variable == a.Variable && !slices.Contains(b.Values, value) {
						must(fmt.Sprintf("%v is %s", a, value), func(c *certificate.Certificate) { c.State.Possible[i].Values = []string{value} })
					}
				}
			}
		}
	}
	must("another hash", func(c *certificate.Certificate) { c.Catalog.Hash = "0" })
	must("another version", func(c *certificate.Certificate) { c.Catalog.Profiles[0].Version = "2027.1" })
	must("a closed question that is open", func(c *certificate.Certificate) { c.Closed = append(c.Closed, "T") })
}

func domainOf(c *certificate.Certificate, v certificate.Variable) []string {
	switch {
	case v.Kind == certificate.KindAspect:
		return []string{"0", "1", "2", "3"}
	case v.Option == "":
		for _, f := range c.Catalog.Facts {
			if f.ID == v.ID && f.Type == certificate.Choice {
				return f.Options
			}
		}
	}
	return []string{"false", "true"}
}

func BenchmarkCertify(b *testing.B) {
	c := shipped(b)
	for _, k := range []struct {
		name  string
		every int
	}{{"full", 1}, {"half", 2}, {"none", 0}} {
		d := Derive(answered(b, c, k.every))
		b.Run(k.name, func(b *testing.B) {
			for b.Loop() {
				Certify(d)
			}
		})
		cert := Certify(d)
		data, _ := certificate.Encode(cert)
		b.Run(k.name+"/check", func(b *testing.B) {
			var r *certificate.Report
			for b.Loop() {
				r, _ = certificate.Check(cert)
			}
			b.ReportMetric(float64(r.States), "states")
			b.ReportMetric(float64(len(data)), "bytes")
		})
	}
}
