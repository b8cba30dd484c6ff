package web_test

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/store"
)

func TestHistoryInWords(t *testing.T) {
	s := newSite(t)
	base := s.system("Kartan")
	id := strings.TrimPrefix(base, "/klassning/")
	for _, x := range []struct {
		key     string
		was, is any
		reads   string
		inPlace string // what the second save says that it replaced

	}{
		{"fact/drift", "egen", "moln", "Drift: ", "i stället för"},
		{"fact/ai", true, engine.VetEj, "Vet ej", "i stället för Ja"},
		{"fact/leverantorsintyg", []string{"iso27001"}, []string{}, "Inget av dessa", "i stället för"},
		{"fact/lagrum", []string{"csl"}, []string{"lou"}, "Lagrum: ", "i stället för Cybersäkerhetslagen"},
		{"information/1", engine.Information{Type: "Kartor", Levels: levels(1, 2, 3), Justification: "Därför."}, nil, "Information: Kartor: finns inte", "i stället för K 1, R 2, T 3: Därför."},
		{"raise", map[string]any{"T": 3, "reason": "Mängden.", "decided_by": "Systemägare"}, nil, "ingen höjning", "i stället för T 3: Mängden."},
		{"stop", engine.Cleared{Role: "Systemägare", Date: "2026-11-20"}, nil, "Stoppfrågan: inte besvarad", "i stället för omfattas inte, enligt systemägare"},
		{"done/facts", true, nil, "inte klart", "i stället för klart"},
		{"reviewed/LOG", true, nil, "inte genomgånget", "i stället för genomgånget"},
		{"delegate/area/LOG", engine.Delegation{Role: "arkivansvarig", Due: "2026-12-01"}, engine.Delegation{Person: johan.ID, Done: true}, "Johan Berg, klar", "i stället för arkivansvarig, senast 1 dec"},
		{"comment/area/LOG/1", engine.Comment{Text: "Först <b>så</b>."}, nil, "Kommentar om området", "i stället för Först <b>så</b>."},
	} {
		s.answer(base, johan, x.key, x.was)
		first := s.get(base+"/historik?svar="+url.QueryEscape(x.key)).wants(200, "Johan Berg")
		if x.key != "stop" && strings.Contains(first.text(), "i stället för") { // that was answered to begin with
			t.Errorf("%s: the first save replaced something:\n%s", x.key, first.text())
		}
		s.answer(base, maria, x.key, x.is)
		got := s.get(base+"/historik?svar="+url.QueryEscape(x.key)).wants(200, x.reads, x.inPlace, "Maria Lindqvist", "Visa all historik")
		if n := strings.Count(got.Body, `href="`+base+`/historik?svar=`); n != 2 && x.key != "stop" {
			t.Errorf("%s: %d lines, want its own two", x.key, n)
		}
	}
	s.get(base+"/historik?vem=johan").wants(200, "Johan Berg har gjort").lacks("Maria Lindqvist:")
	s.get(base+"/historik?vem=finns-inte").wants(200, "Inget i historiken passar urvalet")

	// What is erased is told to be, and cannot be undone; so are names.
	check(t, s.db.ErasePayloads(context.Background(), "", id))
	check(t, s.db.ErasePerson(context.Background(), "", johan.ID))
	got := s.get(base+"/historik").wants(200, "Innehållet är raderat.", "Någon vars namn är raderat", "Raderade").lacks("Därför.", "Mängden.", "Johan")
	if strings.Contains(got.Body, "/angra") {
		t.Error("what is erased can be undone")
	}
}

func TestHistoryOfApproval(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	s.approvedOnce(base)
	s.get(base+"/historik").wants(200, "Lade fram en klassning, revision 1", "Godkände en klassning, revision 1", "Nytt avtal.")
}

// Page by page every line comes once, and a save is never cut in two.
func TestHistoryInPages(t *testing.T) {
	s := newSite(t)
	base := s.system("Kartan")
	for n := range 45 {
		s.answer(base, maria, "done/facts", n%2 == 0, "done/laws", n%2 == 0, "done/information", n%2 == 0)
	}
	line := regexp.MustCompile(`/historik\?svar=`)
	batch := regexp.MustCompile(`/historik/([a-z0-9]+)/angra`)
	lines, seen := 0, map[string]bool{}
	pages := 0
	for path := base + "/historik"; path != ""; pages++ {
		got := s.get(path).wants(200)
		lines += len(line.FindAllString(got.Body, -1))
		for _, m := range batch.FindAllStringSubmatch(got.Body, -1) {
			if seen[m[1]] {
				t.Errorf("the save %s stands on two pages", m[1])
			}
			seen[m[1]] = true
		}
		path = ""
		if m := regexp.MustCompile(`href="([^"]*fore=[^"]*)"`).FindStringSubmatch(got.Body); m != nil {
			path = strings.ReplaceAll(m[1], "&amp;", "&")
		}
	}
	if lines != 45*3+1 || len(seen) != 45 || pages < 3 {
		t.Errorf("%d lines of %d saves on %d pages, want 136 of 45", lines, len(seen), pages)
	}
}

func TestHistoryOfAPerson(t *testing.T) {
	s := newSite(t)
	ctx := context.Background()
	_, err := s.db.SaveUnit(ctx, maria.ID, engine.Unit{ID: "social", Parent: store.TopUnit, Title: "Socialförvaltningen", Kind: engine.Administration})
	check(t, err)
	base, hidden := s.system("Kartan"), s.system("Hemliga registret")
	check(t, s.db.MoveSystem(ctx, maria.ID, s.record(hidden).System.ID, "social", ""))
	s.answer(base, maria, "fact/ai", true)
	s.answer(hidden, maria, "fact/ai", true)
	check(t, s.db.Grant(ctx, maria.ID, engine.Grant{Person: johan.ID, Unit: "trafik", Role: "upphandlare"}))
	s.get("/historik").wants(200, "Kartan", "Hemliga registret", "Gav en roll: upphandlare i Trafikkontoret, Johan Berg", "Socialförvaltningen")

	chief := engine.Person{ID: "karin", Name: "Karin Ståhl"}
	_, err = s.db.AddAccount(ctx, "", engine.Account{Person: chief, Grants: []engine.Grant{{Unit: store.TopUnit, Role: "administrator"}, {Unit: "trafik", Role: "granskare"}}})
	check(t, err)
	s.as(chief)
	s.get("/historik?person=maria").wants(200, "Kartan", "Gav en roll").lacks("Hemliga registret")
	s.get("/historik?person=finns-inte").wants(404)
	s.as(johan)
	s.get("/historik?person=maria").wants(404)
	s.get("/historik").wants(200).lacks("Gav en roll")
}

func TestUndo(t *testing.T) {
	s := newSite(t)
	base := s.system("Kartan", "fact/drift", "egen")
	s.answer(base, johan, "fact/drift", "moln", "fact/ai", true, "done/facts", true)
	batch := s.lastSave(base)
	at := base + "/historik/" + batch + "/angra"
	s.get(base+"/historik").wants(200, "Ångra")
	page := s.get(at).wants(200, "Johan Berg sparade", "Tre svar ändras", "Molntjänst", "Egen")
	form := page.form(at)
	for range 2 { // a double click
		s.post(at, form).wants(303)
	}
	if a, b, c := s.value(base, "fact/drift"), s.value(base, "fact/ai"), s.value(base, "done/facts"); a != `"egen"` || b != "null" || c != "null" {
		t.Errorf("after undoing: %s %s %s", a, b, c)
	}
	again := s.lastSave(base)
	if again == batch {
		t.Fatal("undoing is no save of its own")
	}
	// And back again.
	at = base + "/historik/" + again + "/angra"
	s.submit(at, at).wants(303)
	if a, b := s.value(base, "fact/drift"), s.value(base, "fact/ai"); a != `"moln"` || b != "true" {
		t.Errorf("after undoing that: %s %s", a, b)
	}
}

// What somebody has changed since stays, and what changes while one looks is
// shown before anything is done.
func TestUndoAmongOthers(t *testing.T) {
	s := newSite(t)
	base := s.system("Kartan")
	s.answer(base, johan, "fact/ai", true, "fact/tradlost", true)
	at := base + "/historik/" + s.lastSave(base) + "/angra"
	s.answer(base, johan, "fact/tradlost", false)
	page := s.get(at).wants(200, "Ett svar ändras", "Ändras inte", "Johan Berg har ändrat det sedan dess")
	s.answer(base, johan, "fact/ai", false)
	s.post(at, page.form(at)).wants(409, "Någon har sparat", "inget kvar att ångra")
	if a, b := s.value(base, "fact/ai"), s.value(base, "fact/tradlost"); a != "false" || b != "false" {
		t.Errorf("undone all the same: %s %s", a, b)
	}
}

func TestUndoRefused(t *testing.T) {
	s := newSite(t)
	base, other := s.system("Kartan"), s.system("En annan")
	s.answer(base, maria, engine.KeyStop, engine.Cleared{Role: "Systemägare", Date: "2026-11-20"}, "comment/area/LOG/1", engine.Comment{Text: "x"}, "fact/ai", true)
	batch := s.lastSave(base)
	at := base + "/historik/" + batch + "/angra"
	form := s.get(at).wants(200, "Ett svar ändras", "Det går inte att ångra härifrån").form(at)
	s.get(other + "/historik/" + batch + "/angra").wants(404)
	s.get(base + "/historik/finns-inte/angra").wants(404)
	s.post(at, url.Values{"nyckel": {"n"}, "sedd": {"något annat"}}).wants(409)

	check(t, s.people(engine.Person{ID: "olof", Name: "Olof Nyman"}, "granskare"))
	s.as(engine.Person{ID: "olof"})
	s.get(base + "/historik").wants(200).lacks("Ångra")
	s.post(at, form).wants(403)
	s.as(maria)
	s.answer(base, maria, engine.KeyPaused, true)
	s.post(at, form).wants(423)
	s.get(base + "/historik").wants(200).lacks("Ångra")
	s.answer(base, maria, engine.KeyPaused, nil)
	s.approved(base)
	s.post(at, form).wants(423)
	s.get(base + "/historik").wants(200).lacks("Ångra")
	if v := s.value(base, "fact/ai"); v != "true" {
		t.Errorf("undone all the same: %s", v)
	}
}
