package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/diag"
)

func brokenList(t *testing.T) diag.List {
	_, list := catalog.Load(fstest.MapFS{"catalog.toml": {Data: []byte("[catalog]\n")}}, catalog.Options{})
	if len(list) == 0 {
		t.Fatal("nothing is wrong")
	}
	return list
}

// put is the question that a page puts, "" when it puts none.
func (a answered) put() string {
	for _, n := range find(a.doc(), "form") {
		if _, id, ok := strings.Cut(attr(n, "action"), "/fragor/"); ok {
			return id
		}
	}
	return ""
}

var bound = regexp.MustCompile(`Högst (\S+) fråg(a|or) kvar`)

func (a answered) bound() int {
	m := bound.FindStringSubmatch(a.text())
	if m == nil {
		return 0
	}
	if n := slices.Index([]string{"noll", "en", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio", "elva", "tolv"}, m[1]); n > 0 {
		return n
	}
	n, err := strconv.Atoi(m[1])
	check(a.t, err)
	return n
}

// fixed is an answer to each question, another for each seed.
func fixed(f *catalog.Fact, seed int) []string {
	n := seed
	for _, r := range f.ID {
		n = n*31 + int(r)
	}
	if n < 0 {
		n = -n
	}
	if seed > 0 && n%7 == 0 {
		return []string{engine.VetEj}
	}
	switch f.Type {
	case catalog.Bool:
		return []string{fmt.Sprint(n%2 == 0)}
	case catalog.Choice:
		return []string{f.Options[n%len(f.Options)].ID}
	}
	if n%3 == 0 {
		return []string{"inget"}
	}
	return []string{f.Options[n%len(f.Options)].ID}
}

func fields(values []string) (out []string) {
	for _, v := range values {
		out = append(out, "svar", v)
	}
	return out
}

// One question at a time to the end gives the list that every answer gives.
func TestWalkGivesTheWholeList(t *testing.T) {
	s := newSite(t)
	facts := map[string]*catalog.Fact{}
	for _, f := range shipped().Facts {
		facts[f.ID] = f
	}
	for seed := range 8 {
		known := []any{engine.InformationKey(1), engine.Information{Type: "Prov", Levels: levels(seed%4, (seed+1)%4, 3-seed%4), Justification: "Ett prov."}, engine.FactKey("lagrum"), []string{"csl"}}
		walked, whole := s.system("Prov", known...), s.system("Prov", known...)
		at, put, left := walked+"/fraga", 0, 1000
		for {
			got := s.get(at).wants(200)
			id := got.put()
			if id == "" {
				got.wants(200, "Klart. Inga fler svar kan ändra kravlistan.")
				break
			}
			if n := got.bound(); n == 0 || n > left {
				t.Errorf("seed %d: the bound goes from %d to %d", seed, left, n)
			} else {
				left = n - 1
			}
			at = s.post(walked+"/fragor/"+id, got.form(walked+"/fragor/"+id, fields(fixed(facts[id], seed))...)).wants(303).Header.Get("Location")
			put++
		}
		all := 0
		for more := true; more; {
			more = false
			got := s.get(whole + "/fragor").wants(200)
			for _, n := range find(got.doc(), "form") {
				_, id, ok := strings.Cut(attr(n, "action"), "/fragor/")
				if ok && !s.record(whole).Has(engine.FactKey(id)) {
					s.post(attr(n, "action"), got.form(attr(n, "action"), fields(fixed(facts[id], seed))...)).wants(303)
					more = true
					all++
				}
			}
		}
		if put > all {
			t.Errorf("seed %d: the walk put %d questions of %d", seed, put, all)
		}
		if a, b := s.verdicts(walked), s.verdicts(whole); a != b {
			t.Errorf("seed %d: %d questions gave another list than %d:\n%s\n%s", seed, put, all, a, b)
		}
		t.Logf("seed %d: %d questions of %d", seed, put, all)
	}
}

// verdicts is the list: what applies, with what text and what offers.
func (s *site) verdicts(base string) string {
	input, err := s.record(base).Input(shipped())
	check(s.t, err)
	facts, err := engine.NewFacts(shipped(), input)
	check(s.t, err)
	var b strings.Builder
	for _, f := range engine.Derive(facts).Findings {
		fmt.Fprintln(&b, f.Requirement.ID, f.Applies)
		if f.Applies != engine.No {
			fmt.Fprintln(&b, engine.Text(f.Title), engine.Text(f.Is), engine.Text(f.Shall))
		}
		for _, o := range f.Offers {
			fmt.Fprintln(&b, o.Offered, o.Prefill.How)
		}
	}
	return b.String()
}

// The most decisive comes first, levels and laws as ways to their pages, and
// what is skipped is remembered in the address alone.
func TestAskInOrder(t *testing.T) {
	s := newSite(t)
	base := s.system("Kartan")
	before := s.dump()
	got := s.get(base+"/fraga").wants(200, "Påverkar ", " krav och förslag")
	skip := func(got answered) answered {
		t.Helper()
		for _, a := range find(got.doc(), "a") {
			if strings.HasPrefix(textOf(a), "Hoppa över") {
				return s.get(attr(a, "href")).wants(200)
			}
		}
		t.Fatalf("nothing to skip by:\n%s", got.text())
		return got
	}
	// Which of the two decides most is the catalogue's to say.
	var first []string
	for range 2 {
		put := got.put()
		if put == "" {
			got.wants(200, "Vilka nivåer har informationen?", "Påverkar minst ", "Konfidentialiteten, riktigheten och tillgängligheten är inte bestämda.")
		}
		wellFormed(t, "first", got)
		first = append(first, put)
		got = skip(got)
	}
	if slices.Sort(first); !slices.Equal(first, []string{"", "drift"}) {
		t.Errorf("first come %q", first)
	}
	steps := 0
	for ; !strings.Contains(got.text(), "Det här är kvar"); steps++ {
		got = skip(got)
		if steps > 40 {
			t.Fatal("no end")
		}
	}
	got.wants(200, "Nivåer", "Lagrum", "Drift", "Påverkar minst")
	wellFormed(t, "skipped", got)
	if s.dump() != before {
		t.Error("to skip saves something")
	}
	// The step's own way leaves the levels and the laws to their steps.
	got = s.get(base + "/fraga?hoppa=nivaer,lagrum")
	to := s.post(base+"/fragor/drift", got.form(base+"/fragor/drift", "svar", "moln")).wants(303).Header.Get("Location")
	if to != base+"/fraga?hoppa=nivaer,lagrum&sparat=drift" {
		t.Errorf("goes to %s", to)
	}
	got = s.get(to).wants(200, "Sparat 10.42", "Senaste svaret: Drift: Molntjänst", "Ändra svaret på Drift")
	if got.put() == "drift" || got.put() == "" {
		t.Errorf("puts %q", got.put())
	}
	// Back, and on again.
	got = s.get(base+"/fraga?hoppa=nivaer,lagrum&visa=drift").wants(200, "Gå vidare utan att ändra")
	if got.put() != "drift" || got.form(base+"/fragor/drift").Get("svar") != "moln" {
		t.Errorf("puts %q", got.put())
	}
	wellFormed(t, "back", got)
	s.post(base+"/fragor/drift", got.form(base+"/fragor/drift", "svar", "egen")).wants(303)
	if v := s.value(base, engine.FactKey("drift")); v != `"egen"` {
		t.Errorf("stored %s", v)
	}
	// Nonsense in the address harms nothing.
	s.get(base+"/fraga?hoppa=%3Cimg%3E,,finnsinte&visa=finnsinte&sparat=finnsinte").wants(200).lacks("finnsinte", "<img>")
}

func TestAskRefuses(t *testing.T) {
	s := newSite(t)
	base := s.system("Kartan")
	page, action := base+"/fraga?hoppa=nivaer,lagrum", base+"/fragor/drift"
	before := s.dump()
	for _, htmx := range []bool{false, true} {
		send := func(form url.Values) answered {
			r := request(http.MethodPost, action, strings.NewReader(form.Encode()))
			if htmx {
				r.Header.Set("HX-Request", "true")
			}
			return s.do(r)
		}
		got := send(s.get(page).form(action)).wants(422, "Välj ett svar", "Spara och gå vidare")
		if got.put() != "drift" || got.form(action).Get("hoppa") != "nivaer,lagrum" {
			t.Errorf("puts %q and forgets the walk", got.put())
		}
		if htmx == strings.Contains(got.Body, "<html") {
			t.Error("a page for htmx, or a fragment for a browser")
		}
		if !htmx {
			wellFormed(t, "422", got)
			if !strings.HasPrefix(got.title(), "Fel: ") {
				t.Errorf("title %q", got.title())
			}
		}
	}
	if s.dump() != before {
		t.Error("something was saved")
	}
	// Somebody else was first: both answers are there, and none is chosen.
	for _, htmx := range []bool{false, true} {
		mine := s.get(base+"/fraga?hoppa=nivaer,lagrum&visa=drift").form(action, "svar", "moln")
		s.answer(base, johan, engine.FactKey("drift"), "egen")
		r := request(http.MethodPost, action, strings.NewReader(mine.Encode()))
		if htmx {
			r.Header.Set("HX-Request", "true")
		}
		got := s.do(r).wants(409, "Johan Berg ändrade i dag 10.42", "Egen drift", "Molntjänst", "Välj nedan och spara")
		for _, n := range find(got.doc(), "input") {
			if has(n, "checked") {
				t.Errorf("%s is chosen beforehand", attr(n, "value"))
			}
		}
		if !htmx {
			wellFormed(t, "409", got)
		}
		// From here it goes on top, knowingly, and on.
		to := s.post(action, got.form(action, "svar", "moln")).wants(303).Header.Get("Location")
		if !strings.HasPrefix(to, base+"/fraga?hoppa=nivaer,lagrum") {
			t.Errorf("goes to %s", to)
		}
		s.post(action, got.form(action, "svar", "moln")).wants(303) // twice is once
	}
	s.answer(base, maria, engine.KeyPaused, true)
	wellFormed(t, "paused", s.get(page).wants(200, "Klassningen avvaktar bedömning").lacks("Spara och gå vidare"))
	s.post(action, url.Values{"svar": {"sta"}, "version": {"3"}, "hoppa": {""}}).wants(423, "Inget har sparats")
}

// With htmx the next card comes at once, with the bound for the live region.
func TestAskByHTMX(t *testing.T) {
	s := newSite(t)
	base := s.system("Kartan")
	s.post(base+"/fragor/drift", s.get(base+"/fraga?hoppa=nivaer").form(base+"/fragor/drift", "svar", "moln")).wants(303)
	r := request(http.MethodGet, base+"/fraga?hoppa=nivaer&sparat=drift", nil)
	r.Header.Set("HX-Request", "true")
	got := s.do(r).wants(200, "Sparat 10.42. Högst")
	if strings.Contains(got.Body, "<html") || !strings.Contains(got.Body, `hx-swap-oob="innerHTML:#live"`) || !strings.Contains(got.Body, "data-focus") || !strings.Contains(got.Body, `data-address="`+base+`/fraga?hoppa=nivaer"`) {
		t.Error(got.Body)
	}
}

// The end is a proof, and tells what "vet ej" still holds open.
func TestAskEnds(t *testing.T) {
	s := newSite(t)
	base := s.system("Kartan", engine.InformationKey(1), engine.Information{Type: "kartdata"}, engine.FactKey("lagrum"), []string{})
	facts := map[string]*catalog.Fact{}
	for _, f := range shipped().Facts {
		facts[f.ID] = f
	}
	at := base + "/fraga"
	for got := s.get(at); got.put() != ""; got = s.get(at) {
		value := "false"
		switch f := facts[got.put()]; {
		case f.ID == "personuppgifter":
			value = engine.VetEj
		case f.Type == catalog.Choice:
			value = "egen"
		case f.Type == catalog.Choices:
			value = "inget"
		}
		at = s.post(base+"/fragor/"+got.put(), got.form(base+"/fragor/"+got.put(), "svar", value)).wants(303).Header.Get("Location")
	}
	got := s.get(base+"/fraga").wants(200, "Klart. Inga fler svar kan ändra kravlistan.", "Det här hänger på Vet ej", "Personuppgifter", "Till kravlistan")
	wellFormed(t, "proof", got)
	input, err := s.record(base).Input(shipped())
	check(t, err)
	f, err := engine.NewFacts(shipped(), input)
	check(t, err)
	p := f.Pending()
	if len(p.Idle) > 1 {
		got.wants(200, fmt.Sprintf("De här %d frågorna behöver du inte svara på", len(p.Idle)), "Vad du än svarar blir listan densamma")
	}
	for _, q := range p.Idle {
		got.wants(200, q.Title[1:])
	}
	// The same bound and words everywhere.
	for _, path := range []string{base, base + "/fragor"} {
		s.get(path).wants(200, "Inga frågor kvar", "eftersom ett svar är Vet ej")
	}
	s.answer(base, maria, engine.FactKey("personuppgifter"), false)
	s.get(base+"/fraga").wants(200, "Klart.").lacks("hänger på Vet ej")
	s.get(base).wants(200, "Inget obesvarat kan ändra kravlistan")
}

func BenchmarkAsk(b *testing.B) {
	s := newSite(b)
	base := s.filled()
	for b.Loop() {
		s.get(base + "/fraga")
	}
}
