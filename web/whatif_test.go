package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/kravverk/kravverk/engine"
)

func TestWhatIf(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	before := s.dump()
	page := base + "/prova"
	got := s.get(page).wants(200, "Inget sparas", "Välj en annan nivå eller ett annat svar", "Vad varje nivå kostar i krav")
	wellFormed(t, page, got)

	got = s.get(page+"?K=0&svar-drift=egen").wants(200, "krav blir", "Tas bort", "var 3 Allvarlig", "I dag: driften är en molntjänst")
	wellFormed(t, "tried", got)
	form := got.form(page)
	if form.Get("K") != "0" || form.Get("R") != "2" || form.Get("svar-drift") != "egen" {
		t.Errorf("the form forgets: %v", form)
	}
	// What a form sends becomes the address of what is tried, and no more.
	if to := s.get(page + "?" + form.Encode()).wants(303).Header.Get("Location"); to != page+"?K=0&svar-drift=egen" {
		t.Errorf("goes to %s", to)
	}
	// The same as if it were saved.
	same := s.system("Parkeringstillstånd",
		engine.InformationKey(1), engine.Information{Type: "Läkarintyg", Levels: levels(0, 2, 1), Justification: "Prov."},
		engine.FactKey("cyberfysiskt"), false, engine.FactKey("drift"), "egen", engine.FactKey("publik_tjanst"), true, engine.FactKey("lagrum"), []string{"csl"})
	input, err := s.record(same).Input(shipped())
	check(t, err)
	facts, err := engine.NewFacts(shipped(), input)
	check(t, err)
	s.get(page+"?K=0&svar-drift=egen").wants(200, fmt.Sprintf("krav blir %d", engine.Derive(facts).Count(engine.Yes)))

	// A question more to try.
	got = s.get(page+"?K=0&mer=ai").wants(200, "I dag: inte besvarad")
	if !strings.Contains(got.Body, `name="svar-ai"`) {
		t.Error("the question did not come")
	}
	wellFormed(t, "more", got)
	if before == s.dump() {
		t.Error("the other system is not there") // made above
	}
	if v := s.value(base, engine.FactKey("drift")); v != `"moln"` {
		t.Errorf("stored %s", v)
	}
}

func TestWhatIfRefuses(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	page := base + "/prova"
	before := s.dump()
	for query, want := range map[string]string{
		"K=7": "”7” går inte att pröva för konfidentialiteten", "K=4": "”4” går inte", "T=många": "”många” går inte",
		"svar-drift=rymden": "”rymden” är inget svar", "svar-finnsinte=true": "ingen fråga som heter ”finnsinte”", "svar-leverantorsintyg=x": "”x” är inget svar", "svar-drift=ta-bort": "”ta-bort” är inget svar",
	} {
		got := s.get(page+"?"+strings.ReplaceAll(url.PathEscape(query), "=", "=")+"&R=0").wants(200, want, "En sak behöver rättas", "Riktighet")
		wellFormed(t, query, got)
		if !strings.HasPrefix(got.title(), "Fel: ") {
			t.Errorf("%s: title %q", query, got.title())
		}
		if !strings.HasPrefix(query, "R") && got.form(page).Get("R") != "0" {
			t.Errorf("%s: the rest is lost", query)
		}
	}
	if s.dump() != before {
		t.Error("something was saved")
	}
	s.answer(base, maria, engine.KeyPaused, true)
	s.get(page+"?K=0").wants(200, "krav blir")
}

func TestWhatIfByHTMX(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	ask := func(query string) answered {
		r := request(http.MethodGet, base+"/prova?"+query, nil)
		r.Header.Set("HX-Request", "true")
		return s.do(r)
	}
	got := ask("K=0&R=2&T=1&svar-drift=&mer=").wants(200, "krav blir", "var 3 Allvarlig")
	if strings.Contains(got.Body, "<html") || !strings.Contains(got.Body, `hx-swap-oob="innerHTML:#live"`) || !strings.Contains(got.Body, `/prova?K=0"`) || strings.Contains(got.Body, `id="svaren"`) {
		t.Error(got.Body)
	}
	if !strings.Contains(ask("K=0&mer=ai").Body, `name="svar-ai"`) {
		t.Error("the question did not come")
	}
}

// The table's figures are those of the list at each level.
func TestSteps(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	page := s.get(base + "/prova").doc()
	n := 0
	for _, tr := range find(page, "tr") {
		cells, links := find(tr, "td"), find(tr, "a")
		if len(cells) == 0 {
			continue
		}
		n++
		if len(links) == 0 {
			continue // today
		}
		want := "krav blir " + textOf(cells[0])
		if strings.TrimLeft(textOf(cells[3]), "+−0123456789 ") != "" {
			t.Errorf("difference %q", textOf(cells[3]))
		}
		if text := s.get(attr(links[0], "href")).wants(200).text(); !strings.Contains(text, want) && !strings.Contains(text, textOf(cells[0])+" krav gäller") {
			t.Errorf("%s does not say %q", attr(links[0], "href"), want)
		}
	}
	if n != 12 {
		t.Errorf("%d rows", n)
	}
	// With levels that are not known there is no today.
	s.get(s.system("Tomt")+"/prova").wants(200, "Inte bestämd i dag.", "Som i dag")
}

func BenchmarkWhatIf(b *testing.B) {
	s := newSite(b)
	base := s.filled()
	for b.Loop() {
		s.get(base + "/prova?K=0")
	}
}
