package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/store"
)

var (
	petra = engine.Person{ID: "petra", Name: "Petra Lind"}   // in no role but the catalogue's
	olof  = engine.Person{ID: "olof", Name: "Olof Nyman"}    // may read
	bo    = engine.Person{ID: "bo", Name: "Bo Utanför Roll"} // in no role at all
)

// delegating is a site with somebody to ask, and one classification.
func delegating(t *testing.T) (*site, string) {
	t.Helper()
	s := newSite(t)
	check(t, s.people(petra, "arkivansvarig"))
	check(t, s.people(olof, "granskare"))
	check(t, s.people(bo))
	return s, s.filled()
}

func (s *site) delegates(base, to string, more ...string) answered {
	s.t.Helper()
	form := url.Values{"nyckel": {"n" + strings.Join(more, "")}, "till": {to}, "del": more}
	return s.post(base+"/delegera", form)
}

func (s *site) saves(base, fact, value string) int {
	s.t.Helper()
	return s.post(base+"/fragor/"+fact, url.Values{"svar": {value}, "version": {"0"}, "nyckel": {"x" + fact + value}}).Code
}

func TestDelegateAQuestion(t *testing.T) {
	s, base := delegating(t)
	s.as(petra)
	s.get(base).wants(404)
	s.as(maria)
	page := s.get(base+"/delegera?del=fact/ai").wants(200, "Petra Lind", "Arkivansvarig: Petra Lind", "Nätansvarig: ingen har rollen här än").lacks("Leverantör:", "Administratör:")
	form := page.form(base+"/delegera", "till", "roll:arkivansvarig", "senast", "2026-11-30", "text", "Fråga leverantören.")
	form["del"] = []string{"fact/ai@0", "fact/tradlost@0"}
	s.post(base+"/delegera", form).wants(303)
	s.get(base+"/delegera").wants(200, "Fråga leverantören.", "30 nov", "Väntar på svar", "Arkivansvarig")

	s.as(petra)
	s.get("/").wants(200, "Mina frågor", "Fråga leverantören", "Senast 30 nov", "Maria Lindqvist har bett om svar")
	s.get(base).wants(200)
	for fact, want := range map[string]int{"integrationer": 403, "tradlost": 303} {
		if code := s.saves(base, fact, "true"); code != want {
			t.Errorf("%s: %d, want %d", fact, code, want)
		}
	}
	for _, path := range []string{"/information", "/lagrum", "/hojning", "/krav/BEH", "/klart/facts", "/stopp", "/delegera"} {
		if code := s.post(base+path, url.Values{"version": {"0"}}).Code; code != 403 {
			t.Errorf("%s: %d, want 403", path, code)
		}
	}
	// One is answered, and she says that the other is done.
	s.get("/").wants(200).lacks("trådlös")
	s.post(base+"/delegera/fact/drift/klar", nil).wants(403)
	s.post(base+"/delegera/fact/ai/klar", nil).wants(303)
	s.get("/").wants(200).lacks("Mina frågor")
	if code := s.saves(base, "ai", "false"); code != 403 {
		t.Errorf("done, and still open: %d", code)
	}
	s.get(base).wants(200)

	s.as(maria)
	s.get(base+"/delegera").wants(200, "Klar").lacks("Väntar på svar")
	for _, part := range []string{"fact/ai@2", "fact/tradlost@1"} {
		s.post(base+"/delegera/tillbaka", url.Values{"del": {part}, "nyckel": {part}}).wants(303)
	}
	s.as(petra)
	s.get(base).wants(404)
}

// Whom a delegation reaches: by unit, by person, and what it covers.
func TestDelegationReaches(t *testing.T) {
	s, base := delegating(t)
	ctx := context.Background()
	_, err := s.db.SaveUnit(ctx, "", engine.Unit{ID: "social", Parent: store.TopUnit, Title: "Socialförvaltningen", Kind: engine.Administration})
	check(t, err)
	elsewhere := engine.Person{ID: "ali", Name: "Ali Rashid"}
	_, err = s.db.AddAccount(ctx, "", engine.Account{Person: elsewhere, Grants: []engine.Grant{{Unit: "social", Role: "arkivansvarig"}}})
	check(t, err)
	s.delegates(base, "roll:arkivansvarig", "section/facts@0", "area/LOG@0").wants(303)
	s.as(elsewhere) // the same role, in another part of the city
	s.get(base).wants(404)
	s.get("/").wants(200).lacks("Mina frågor")
	s.as(petra)
	if code := s.saves(base, "ai", "false"); code != 303 {
		t.Errorf("all questions, and one of them gives %d", code)
	}
	s.post(base+"/krav/LOG", url.Values{"klart": {"ja"}}).wants(303)
	s.post(base+"/krav/BEH", url.Values{"klart": {"ja"}}).wants(403)
	s.post(base+"/klart/facts", url.Values{"klart": {"ja"}}).wants(303)
	s.post(base+"/klart/information", url.Values{"klart": {"ja"}}).wants(403)

	s.as(maria)
	s.delegates(base, "person:bo", "requirement/LOG-01@0").wants(303)
	s.as(bo)
	s.get("/").wants(200, "Kravet LOG-01")
	s.get(base+"/krav/LOG-01").wants(200, "Skriv en kommentar").lacks("Delegera kravet")
	s.post(base+"/kommentarer", url.Values{"om": {"requirement/LOG-01"}, "n": {"1"}, "text": {"Klart hos oss."}, "nyckel": {"k"}}).wants(303)
	s.post(base+"/delegera/requirement/LOG-01/klar", nil).wants(303)
	s.get("/").wants(200).lacks("Kravet LOG-01")
}

// In a verification an area, a requirement or the whole step is answered by
// whoever is asked for it, and nothing beside it.
func TestDelegatedVerification(t *testing.T) {
	s, _ := delegating(t)
	base := s.began(s.complete("Arkivet"), shipped().SetHash)
	s.get(base+"/delegera").wants(200, "verifiering", "Områden i kravlistan")
	s.delegates(base, "roll:arkivansvarig", "area/BEH@0").wants(303)
	s.delegates(base, "person:bo", "requirement/LOG-01@0").wants(303)
	yes := func(id string) int {
		return s.post(base+"/verifiering/"+id, url.Values{"svar": {"yes"}, "hur": {"Så här."}, "version": {"0"}, "nyckel": {id}}).Code
	}
	s.as(petra)
	s.get("/").wants(200, "Området behörighet")
	page := s.get(base+"/verifiering").wants(200, "BEH-01")
	if !strings.Contains(page.Body, base+"/verifiering/BEH-01\" hx-post") || strings.Contains(page.Body, base+"/verifiering/LOG-01\" hx-post") {
		t.Error("the forms are not those of the area")
	}
	if in, out := yes("BEH-01"), yes("LOG-01"); in != 303 || out != 403 {
		t.Errorf("in the area %d, outside it %d", in, out)
	}
	s.post(base+"/godta", url.Values{}).wants(403)
	s.as(bo)
	if in, out := yes("LOG-01"), yes("BKP-01"); in != 303 || out != 403 {
		t.Errorf("the requirement %d, another %d", in, out)
	}
	s.as(maria)
	s.delegates(base, "person:bo", "section/verify@0").wants(303)
	s.as(bo)
	if in := yes("BKP-01"); in != 303 {
		t.Errorf("the step: %d", in)
	}
	s.post(base+"/delegera/section/verify/klar", nil).wants(303)
	if after := yes("KON-01"); after != 403 {
		t.Errorf("after saying that it is done: %d", after)
	}
}

func TestLateDelegations(t *testing.T) {
	s, base := delegating(t)
	s.answer(base, maria, engine.DelegateKey("fact/ai"), engine.Delegation{Person: petra.ID, Due: "2026-11-20"},
		engine.DelegateKey("fact/tradlost"), engine.Delegation{Person: petra.ID, Due: "2026-11-25"}, engine.DelegateKey("area/LOG"), engine.Delegation{Person: petra.ID})
	s.get("/").wants(200, "Försenat hos andra", "Delegerat till Petra Lind", "Skulle varit klar 20 nov")
	s.as(petra)
	text := s.get("/").wants(200, "Försenad, 20 nov", "Senast 25 nov", "Ingen tid satt").text()
	if late, soon, whenever := strings.Index(text, "20 nov"), strings.Index(text, "25 nov"), strings.Index(text, "Ingen tid satt"); late > soon || soon > whenever {
		t.Error("the first due does not come first")
	}
	// A pause elsewhere: nothing to do for the moment.
	s.answer(base, maria, engine.KeyPaused, true)
	s.get("/").wants(200).lacks("Mina frågor")
	s.post(base+"/delegera/fact/ai/klar", nil).wants(423)
}

func TestDelegateRefuses(t *testing.T) {
	s, base := delegating(t)
	before := s.dump()
	for name, x := range map[string]struct {
		change []string
		want   string
	}{
		"nothing ticked": {nil, "Kryssa i vad"}, "nobody": {[]string{"till", ""}, "Välj vem"}, "somebody made up": {[]string{"till", "person:finns-inte"}, "Välj vem"},
		"a supplier": {[]string{"till", "roll:leverantor"}, "Välj vem"}, "yesterday": {[]string{"senast", "2026-11-22"}, "inte har passerat"}, "no date": {[]string{"senast", "snart"}, "2027-01-31"},
		"too long": {[]string{"text", strings.Repeat("å", 501)}, "500 tecken"},
	} {
		form := url.Values{"nyckel": {"n"}, "till": {"person:petra"}, "text": {"Behåll mig."}, "del": {"area/LOG@0"}}
		if x.change == nil {
			form.Del("del")
		} else {
			form.Set(x.change[0], x.change[1])
		}
		got := s.post(base+"/delegera", form).wants(422, x.want)
		if x.change == nil || x.change[0] != "text" {
			if !strings.Contains(got.Body, "Behåll mig.") {
				t.Errorf("%s: the text is gone", name)
			}
		}
		if x.change != nil && !strings.Contains(got.Body, `value="area/LOG@0" checked`) {
			t.Errorf("%s: the tick is gone", name)
		}
	}
	for _, part := range []string{"area/FINNSINTE@0", "fact/finns-inte@0", "requirement/X-1@0", "fact/ai", "fact/ai@-1", "stop@0", "fact/ai@0;fact/ai@0"} {
		form := url.Values{"nyckel": {"n"}, "till": {"person:petra"}, "del": strings.Split(part, ";")}
		s.post(base+"/delegera", form).wants(400)
	}
	if s.dump() != before {
		t.Error("something was saved")
	}
}

// Two who delegate the same at once: the second sees both.
func TestDelegationConflict(t *testing.T) {
	s, base := delegating(t)
	s.delegates(base, "person:petra", "area/LOG@0").wants(303)
	got := s.post(base+"/delegera", url.Values{"nyckel": {"m"}, "till": {"person:bo"}, "text": {"Min text."}, "del": {"area/LOG@0"}}).
		wants(409, "Maria Lindqvist ändrade", "Petra Lind", "Bo Utanför Roll")
	if !strings.Contains(got.Body, `value="Min text."`) || !strings.Contains(got.Body, `value="area/LOG@1" checked`) {
		t.Error("what was written is gone, or the new version is not there to save on top of")
	}
	s.delegates(base, "person:petra", "area/LOG@0").wants(303) // the same form again is the same
}

func TestComments(t *testing.T) {
	s, base := delegating(t)
	part := "requirement/LOG-01"
	form := s.get(base+"/krav/LOG-01").wants(200, "Ingen har kommenterat").form(base+"/kommentarer", "text", "Rad ett\r\nrad <b>två</b> & tre")
	for range 2 { // a double click
		s.post(base+"/kommentarer", form).wants(303)
	}
	got := s.get(base+"/krav/LOG-01").wants(200, "Maria Lindqvist", "rad <b>två</b> & tre")
	if strings.Count(got.text(), "Rad ett") != 1 || strings.Contains(got.Body, "<b>två") {
		t.Error("twice, or as markup")
	}
	// Another with the same page open comes second: both are kept.
	s.as(johan)
	other := url.Values{"om": {part}, "n": {"1"}, "text": {"Från Johan"}, "nyckel": {"johan"}}
	for range 2 {
		s.post(base+"/kommentarer", other).wants(303)
	}
	text := s.get(base+"/kommentarer?om="+part).wants(200, "Rad ett", "Från Johan", "Johan Berg").text()
	if strings.Count(text, "Från Johan") != 1 {
		t.Error("a repeated post after a conflict is two comments")
	}
	// Only one's own can be taken back.
	s.post(base+"/kommentarer/ta-bort", url.Values{"om": {part}, "n": {"1"}, "version": {"1"}, "nyckel": {"a"}}).wants(404)
	s.post(base+"/kommentarer/ta-bort", url.Values{"om": {part}, "n": {"2"}, "version": {"1"}, "nyckel": {"b"}}).wants(303)
	s.get(base+"/kommentarer").wants(200, "Rad ett", "kravet LOG-01").lacks("Från Johan")

	s.post(base+"/kommentarer", url.Values{"om": {"fact/drift"}, "n": {"1"}, "text": {"  "}, "nyckel": {"c"}}).wants(422, "Skriv en kommentar")
	long := strings.Repeat("ö", 2001)
	if got := s.post(base+"/kommentarer", url.Values{"om": {"fact/drift"}, "n": {"1"}, "text": {long}, "nyckel": {"d"}}).wants(422, "2 000 tecken"); !strings.Contains(got.Body, long) {
		t.Error("the text is gone")
	}
	for _, x := range []url.Values{{"om": {"fact/finns-inte"}, "n": {"1"}}, {"om": {part}, "n": {"99"}}, {"om": {part}, "n": {"0"}}, {"om": {""}, "n": {"1"}}} {
		x.Set("text", "x")
		s.post(base+"/kommentarer", x).wants(400)
	}
	s.get(base + "/kommentarer?om=fact/finns-inte").wants(404)

	s.as(olof) // reads, and says nothing
	s.get(base+"/krav/LOG-01").wants(200, "Rad ett").lacks("Skriv en kommentar")
	s.post(base+"/kommentarer", other).wants(403)
}

// Many at once: every comment is there afterwards.
func TestCommentsAtOnce(t *testing.T) {
	s, base := delegating(t)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			r := request(http.MethodPost, base+"/kommentarer", strings.NewReader(url.Values{"om": {"area/LOG"}, "n": {"1"}, "text": {"nummer " + string(rune('a'+i))}, "nyckel": {"n" + string(rune('a'+i))}}.Encode()))
			if got := s.do(r); got.Code != 303 {
				t.Errorf("%d", got.Code)
			}
		})
	}
	all.Wait()
	if n := len(s.record(base).Comments("area/LOG")); n != 20 {
		t.Errorf("%d of 20 comments", n)
	}
}
