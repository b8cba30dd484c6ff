package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/store"
)

// ofB is the routes that only a B-classification has.
var ofB = regexp.MustCompile(`^/klassning/{id}/(verifiering|godta|kallor|plattform|plan|planfil|forslag|avsteg|leverantor)(/|$|\.)`)

// verified begins a B-classification of the system, with an agreement, a gap, a
// deviation and a line in the plan. It gives its address, and the same each time.
func (s *site) verified(base string) string {
	s.t.Helper()
	ctx := context.Background()
	rec := s.record(base)
	id := "b-" + rec.Classification.ID
	value := func(v any) json.RawMessage {
		data, err := json.Marshal(v)
		check(s.t, err)
		return data
	}
	changes := []engine.Change{
		{Key: engine.ResponseKey("BEH-04"), Value: value(engine.Response{Value: engine.AnswerNo, Comment: "Bara lösenord i dag."})},
		{Key: engine.ResponseKey("BEH-01"), Value: value(engine.Response{Value: engine.AnswerPartly})},
		{Key: engine.DeviationKey(1), Value: value(engine.Deviation{Requirements: []string{"BEH-01"}, Reason: "Byts ut i vår.", Until: "2099-01-01", DecidedBy: "Systemägare", Date: "2026-11-01"})},
		{Key: engine.ActionKey(1), Value: value(engine.Action{Title: "Inför flerfaktor", Origin: engine.OfClassification, Role: "systemforvaltare", Status: engine.Planned, Requirements: []string{"BEH-04"}})},
	}
	for key, a := range rec.Answers {
		if kind, _, _ := strings.Cut(key, "/"); (kind == "fact" || kind == "information" || kind == engine.KeyStop) && a.Given() {
			changes = append(changes, engine.Change{Key: key, Value: a.Value})
		}
	}
	_, err := s.db.Begin(ctx, maria.ID, engine.Classification{ID: id, SystemID: rec.System.ID, Type: "B", CatalogHash: rec.Classification.CatalogHash}, changes)
	check(s.t, err)
	if e, err := s.db.Evaluation(ctx, id); err == nil && len(e.Tenders) == 0 {
		_, err = s.db.Publish(ctx, maria.ID, engine.Publication{Classification: id, Number: 1, Procurement: engine.Procurement{To: "Driftbolaget AB"}, File: []byte("x"), Rows: []engine.Row{{ID: "BEH-04", Area: "Behörighet", Title: "En rad", Text: "Så.", Type: engine.Verified}}})
		check(s.t, err)
		_, err = s.db.MakeLink(ctx, maria.ID, id, 1, "It-avdelningen", s.now().Add(24*time.Hour))
		check(s.t, err)
		_, err = s.db.ReceiveTender(ctx, maria.ID, id, "Driftbolaget AB", engine.TenderFile{Name: "svar.xlsx", Content: []byte("y")})
		check(s.t, err)
	}
	list, err := s.db.Shared(ctx)
	check(s.t, err)
	if len(list) == 0 {
		check(s.t, s.db.SaveShared(ctx, maria.ID, rec.System.Unit, []engine.Change{{Key: engine.AgreementKey("avtal1"), Value: value(engine.Agreement{
			Title: "Driftavtalet", Supplier: "Driftbolaget AB", Commitments: []engine.Commitment{{Requirement: "BEH-04", Answer: "yes", How: "Inloggning sköts av leverantören.", Clause: "4.1", Strength: "assumed"}}})}}))
	}
	return "/klassning/" + id
}

// verifying begins a B-classification from an approved A, through the pages.
func (s *site) verifying(title string) (base string) {
	s.t.Helper()
	a := s.complete(title)
	s.approved(a)
	system := "/system/" + s.record(a).System.ID
	s.get(system).wants(200, "Börja en B-klassning")
	page := s.get(system+"/b-klassning").wants(200, "A-klassningen, revision 1", "Inget")
	got := s.post(system+"/b-klassning", page.form(system+"/b-klassning", "fran", s.record(a).Classification.ID))
	got.wants(303)
	base = got.Header.Get("Location")
	// Pressed twice: the same one.
	if again := s.post(system+"/b-klassning", page.form(system+"/b-klassning", "fran", s.record(a).Classification.ID)); again.Header.Get("Location") != base {
		s.t.Fatalf("twice: %s and %s", base, again.Header.Get("Location"))
	}
	return base
}

// all is the values of the fields of a name on a page.
func (a answered) all(name string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`name="`+name+`" value="([^"]*)"`).FindAllStringSubmatch(a.Body, -1) {
		out = append(out, m[1])
	}
	return out
}

// A B from an approved A: what the agreement offers is accepted together after a
// preview, the rest is answered, gaps get measures and a deviation, and the
// approval freezes it all. A clause that falls marks what was accepted.
func TestVerification(t *testing.T) {
	s := newSite(t)
	base := s.verifying("Arkivet")
	rec := s.record(base)
	if rec.Classification.Type != "B" || rec.Baseline() == nil || len(rec.Baseline().Rows) == 0 || !rec.Has(engine.KeyStop) || rec.Has(engine.DoneKey("export")) {
		t.Fatalf("began with %+v", rec.Answers)
	}
	s.get(base).wants(200, "B-klassning, verifiering", "Verifiering", "Avsteg och handlingsplan")

	// An agreement of the catalogue's, confirmed at two points.
	made := s.submit("/avtal", "/avtal", "ur", "sta", "enhet", rec.System.Unit)
	made.wants(303)
	agreement, _, _ := strings.Cut(made.Header.Get("Location"), "?")
	s.submit(agreement, agreement+"/FYS-01", "roll", "Systemägare", "punkt", "Bilaga 10, 4.1").wants(303)
	s.submit(agreement, agreement+"/SAR-01", "roll", "Systemägare").wants(422, "Skriv vilken punkt i avtalet som säger det")
	s.get("/avtal").wants(200, "Systemtjänsteavtalet", "1 av ")
	// Several at once: those that are filled in, and no others.
	s.submit(agreement, agreement, "gor", "flera", "punkt-BEH-02", "Bilaga 10, 5").wants(422, "Välj i vilken roll du bekräftar")
	s.submit(agreement, agreement, "gor", "flera", "roll", "Systemägare").wants(422, "Kryssa i eller skriv punkten för minst ett åtagande")
	s.submit(agreement, agreement, "gor", "flera", "roll", "Systemägare", "punkt-BEH-02", "Bilaga 10, 5", "punkt-BEH-05", "Bilaga 10, 6").wants(303)
	s.submit(agreement, agreement, "namn", "STA med Driftbolaget", "leverantor", "Driftbolaget AB", "till", "2099-12-31").wants(303)
	s.get(agreement+"/historik").wants(200, "Namn: STA med Driftbolaget, i stället för Systemtjänsteavtalet", "BEH-02: Avtalat, Bilaga 10, 5, bekräftat av systemägare 2026-11-23. Förut: antaget", "Avtalet lades upp med")
	s.submit(agreement, agreement, "namn", "Systemtjänsteavtalet", "leverantor", "Driftbolaget AB").wants(303)
	s.get("/avtal").wants(200, "3 av ")

	// Preview, and all that is ticked in one go.
	page := s.get(base+"/godta").wants(200, "Avtal: Systemtjänsteavtalet", "Antaget", "Avtalat")
	chosen := page.all("forslag")
	if len(chosen) < 10 {
		t.Fatalf("%d offers to accept", len(chosen))
	}
	before := len(s.record(base).Responses())
	form := page.form(base + "/godta")
	form["forslag"] = append(chosen, "BEH-01:0:gammalt")
	s.post(base+"/godta", form).wants(409, "Inget är sparat")
	if now := len(s.record(base).Responses()); now != before {
		t.Fatalf("%d responses after a refusal, %d before", now, before)
	}
	// One group first, then the rest.
	form["forslag"] = chosen
	form.Set("bara", regexp.MustCompile(`name="bara" value="([^"]*)">Godta bara de ikryssade här<span class="vh">: Avtal: Systemtjänsteavtalet[^,]*, avtalat<`).FindStringSubmatch(page.Body)[1])
	s.post(base+"/godta", form).wants(303)
	for id, r := range s.record(base).Responses() {
		if r.Taken != nil && r.Taken.Strength != "contracted" {
			t.Errorf("%s came along: %+v", id, r.Taken)
		}
	}
	if now := len(s.record(base).Responses()); now != before+2 {
		t.Fatalf("%d responses of a group of two", now-before)
	}
	rest := s.get(base + "/godta")
	form = rest.form(base + "/godta")
	form["forslag"] = rest.all("forslag")
	s.post(base+"/godta", form).wants(303)
	rec = s.record(base)
	if now := len(rec.Responses()); now != before+len(chosen) {
		t.Fatalf("%d responses of %d", now, len(chosen))
	}
	if r := rec.Responses()["FYS-01"]; r.Value != "yes" || r.Taken == nil || r.Taken.Strength != "contracted" {
		t.Errorf("FYS-01 %+v", r)
	}
	s.get(base+"/verifiering?visa=antagna").wants(200, "Antaget")

	// A clause falls: told beforehand, marked afterwards, and the answer stays.
	s.get(agreement+"?faller=FYS-01").wants(200, "Om FYS-01 inte längre gäller", "Ett svar måste ses över", "Arkivet")
	s.submit(agreement+"?visa=alla", agreement+"/FYS-01", "varfor", "Nytt driftställe.", "gor", "fall").wants(303)
	s.get(base+"/verifiering?visa=seover").wants(200, "Finns inte längre", "FYS-01")
	s.get(base+"/verifiering/FYS-01").wants(200, "Se över")
	if r := s.record(base).Responses()["FYS-01"]; r.Value != "yes" {
		t.Errorf("the answer was taken: %+v", r)
	}

	// One by one: no to an offer, own answers and what they take.
	row := base + "/verifiering/FYS-01"
	s.submit(row, row, "svar", "compensated", "hur", "").wants(422, "Skriv vilket annat skydd", "Välj vilken roll som har beslutat")
	s.submit(row, row, "svar", "not_applicable", "kommentar", "").wants(422, "Skriv varför kravet inte är tillämpligt")
	s.submit(row, row, "svar", "yes", "bevis", "Protokoll", "datum", "2031-01-01", "lank", "javascript:alert(1)").wants(422, "Skriv dagen då beviset gällde", "Skriv hela adressen")
	s.submit(row, row, "svar", "yes", "hur", "Vi låser själva.", "bevis", "Protokoll", "datum", "2026-11-01", "lank", "https://diarium.example/1", "enhetens", rec.System.Unit).wants(303)
	s.get(row).wants(200, "Uppfyllt", "Vi låser själva.", "Protokoll", "Så gör enheten")
	// Changed where everybody who stands on it is seen, and not from one of them.
	s.submit(row, row, "svar", "yes", "hur", "Vi låser med larm.", "enhetens", rec.System.Unit).wants(422, "Enheten har redan ett gemensamt svar")
	common := "/gemensamt/" + rec.System.Unit + "/FYS-01"
	s.submit(common, common, "hur", "Vi låser med larm.", "roll", "Systemägare").wants(303)
	if h := s.get("/gemensamt/"+rec.System.Unit+"/FYS-01").wants(200, "Historik").text(); !regexp.MustCompile("(?s)Vi låser med larm.*Vi låser själva").MatchString(h) {
		t.Error("the unit's text has lost its history")
	}

	// Two at once: both answers are shown, and nothing is lost.
	stale := s.get(row)
	s.submit(row, row, "svar", "partly", "hur", "Den ena.").wants(303)
	s.post(row, stale.form(row, "svar", "no", "hur", "Den andra.")).wants(409, "Den ena.", "Den andra.")

	// Everything else: no to the first two, yes to the rest.
	rest = s.get(base + "/verifiering?visa=obesvarade")
	ids := regexp.MustCompile(`<article class="ans" id="([^"]+)"`).FindAllStringSubmatch(rest.Body, -1)
	if len(ids) < 20 {
		t.Fatalf("%d rows without an answer", len(ids))
	}
	for i, m := range ids {
		action, value := base+"/verifiering/"+m[1], "svara:yes"
		if i < 2 {
			value = "svara:no"
		}
		got := s.post(action, rest.form(action, "gor", value))
		got.wants(303)
		if want := base + "/verifiering?sparat=svar&visa=obesvarade#" + m[1]; got.Header.Get("Location") != want {
			t.Fatalf("back to %s, want %s", got.Header.Get("Location"), want)
		}
	}
	s.get(base+"/godkannande").wants(200, "saknar planpost eller avsteg")

	// Two deviations, and measures for the gaps that are left.
	for n, m := range ids[:2] {
		at := base + "/avsteg/" + string(rune('1'+n))
		s.submit(at+"?krav="+m[1], at, "skal", "").wants(422, "Skriv varför avsteget behövs", "Ett avsteg ska ha ett slut")
		s.submit(at+"?krav="+m[1], at, "skal", "Byts ut i vår.", "till", "2027-06-30", "beslutat", "Systemägare").wants(303)
	}
	s.submit(base+"/plan", base+"/forslag").wants(303)
	plan := s.record(base).Actions()
	if len(plan) < 8 {
		t.Fatalf("%d lines in the plan", len(plan))
	}
	line := base + "/plan/1"
	s.submit(line, line, "senast", "2027-03-01", "borjar", "2027-04-01").wants(422, "Sista dagen är före den första")
	s.submit(line, line, "senast", "2027-03-01", "kostnad", "40 000 kr", "insats", "9").wants(422, "Välj 1 till 5")
	s.submit(line, line, "senast", "2027-03-01", "kostnad", "40 000 kr", "insats", "4").wants(303)
	if a := s.record(base).Actions()[0].Value; a.Cost != 40000 || a.Effort != 4 || a.Due != "2027-03-01" {
		t.Errorf("%+v", a)
	}
	s.get(base+"/plan").wants(200, "4 av 5", "Behöver datum", "1 mars 2027")

	// Who approves sees what it comes to, each gap counted once.
	s.submit(base+"/verifiering", base+"/klart/verify").wants(303)
	s.submit(base+"/plan", base+"/klart/plan").wants(303)
	gaps := 0
	for _, a := range plan {
		gaps += len(a.Value.Requirements)
	}
	n := strconv.Itoa
	s.get(base+"/godkannande").wants(200, "Luckor"+n(gaps)+"– med öppen planpost"+n(gaps)+"– utan planpost0Avsteg2", "Se över0Utan svar0", "Öppna planposter"+n(len(plan))+"– utan datum"+n(len(plan)-1)).lacks("saknar planpost eller avsteg", "luckor har en planpost")
	undone := plan[1].Value
	undone.Status = engine.Dropped
	s.answer(base, maria, engine.ActionKey(2), undone)
	lost := len(undone.Requirements)
	s.get(base+"/godkannande").wants(200, "– med öppen planpost"+n(gaps-lost)+"– utan planpost"+n(lost), "saknar planpost eller avsteg")
	s.answer(base, maria, engine.ActionKey(2), plan[1].Value)

	// The approval holds it all, and the plan goes on.
	s.submit(base+"/godkannande", base+"/godkannande", "diarienummer", "TN 2026/2", "roll-1", "Systemägare").wants(303)
	s.get(base+"/revision/1").wants(200, "Verifiering", "Uppfyllda", "Avsteg", "till och med 30 juni 2027", "Handlingsplan", "Protokoll, 2026-11-01", "Systemtjänsteavtalet, version ")
	if snapshot, err := engine.ReadSnapshot(json.RawMessage(s.get(base + "/revision/1.json").wants(200).Body)); err != nil || len(snapshot.Sources) != 1 || snapshot.Sources[0].Kind != engine.FromAgreement || snapshot.Sources[0].Revision < 3 || len(snapshot.Sources[0].SHA256) != 64 {
		t.Errorf("%+v %v", snapshot.Sources, err)
	}
	s.submit(line, line, "status", "ongoing", "uppfoljning", "Upphandlat.", "senast", "2027-05-01").wants(303)
	s.get(base+"/revisioner?a=1&b=nu").wants(200, "Planpost 1, ", "klar senast 1 mars 2027", "klar senast 1 maj 2027")
	s.post(row, stale.form(row, "svar", "no")).wants(423)

	// What it started from is approved anew: told, and not taken over.
	s.get(base + "/verifiering").wants(200).lacks("godkänd på nytt")
	a := "/klassning/" + s.record(base).Baseline().Classification
	check(t, s.db.Reopen(context.Background(), maria.ID, s.record(a).Classification.ID, 1, "Mer information."))
	s.get("/system/"+s.record(a).System.ID+"/b-klassning").wants(200, "öppnad igen sedan dess")
	s.approved(a)
	s.get(base+"/verifiering").wants(200, "godkänd på nytt", "Revision 2")
}

// An offer is changed before it is taken: what still says the same stands on its
// word, what says something else is our own, and what has expired does not become
// met by a comment.
func TestChangeAnOffer(t *testing.T) {
	s := newSite(t)
	base := s.verified(s.filled())
	s.submit(base+"/kallor", base+"/kallor", "avtal", "avtal1").wants(303)
	row := base + "/verifiering/BEH-04"
	s.get(row).wants(200, "Inloggning sköts av leverantören.")
	s.submit(row, row, "gor", "ta-tillbaka").wants(303)
	page := s.get(row).wants(200, "Inloggning sköts av leverantören.")
	hash := regexp.MustCompile(`forslag=([0-9a-f]{64})`).FindStringSubmatch(page.Body)[1]
	filled := s.get(row+"?visa=forslag&forslag="+hash).wants(200, "Så länge svaret och texten under Hur är desamma")
	for _, want := range []string{`name="forslag" value="` + hash, `value="yes" checked`, `>Inloggning sköts av leverantören.</textarea>`} {
		if !strings.Contains(filled.Body, want) {
			t.Fatalf("the form lacks %s", want)
		}
	}
	got := s.post(row, filled.form(row, "svar", "yes", "hur", "Inloggning sköts av leverantören.", "forslag", hash, "kommentar", "Kontrolleras i vår."))
	got.wants(303)
	if x := s.record(base).Responses()["BEH-04"]; x.Taken == nil || x.Comment != "Kontrolleras i vår." {
		t.Errorf("%+v", x)
	}
	s.get(got.Header.Get("Location")).wants(200, "Svaret är sparat.", "Antaget")
	s.submit(row, row, "svar", "yes", "hur", "Inloggning sköts av leverantören.", "eget", "1").wants(303)
	if x := s.record(base).Responses()["BEH-04"]; x.Taken != nil {
		t.Errorf("we said that we stand for it: %+v", x)
	}
	s.get(row).wants(200, "Uppfyllt")

	// Accepted again, expired, and commented on.
	s.submit(row, row, "gor", "godta:"+hash).wants(303)
	x := s.record(base).Responses()["BEH-04"]
	x.Taken.ValidUntil = "2026-01-01"
	s.answer(base, maria, engine.ResponseKey("BEH-04"), x)
	s.submit(row, row, "svar", "yes", "hur", x.How, "kommentar", "Vi har frågat.").wants(303)
	s.get(row).wants(200, "Se över", "Vi har frågat.").lacks("Uppfyllt")
	s.submit(row, row, "svar", "yes", "hur", "Vi har provat själva.").wants(303)
	s.get(row).wants(200, "Uppfyllt")

	// A compensating safeguard elsewhere is taken with a decision of our own, and
	// still remembers what it was taken from.
	other := s.began(s.complete("Grannen"), shipped().SetHash)
	s.answer(other, maria, engine.ResponseKey("LOG-01"), engine.Response{Value: engine.AnswerCompensated, How: "Dörren är låst.", DecidedBy: "Systemägare"})
	s.approved(other)
	s.submit(base+"/kallor", base+"/kallor", "syskon", strings.TrimPrefix(other, "/klassning/")).wants(303)
	at := base + "/verifiering/LOG-01"
	page = s.get(at).wants(200, "Dörren är låst.")
	hash = regexp.MustCompile(`value="godta:([0-9a-f]{64})"[^>]*>Godta<span class="vh"> förslaget kompenserande`).FindStringSubmatch(page.Body)[1]
	page = s.post(at, page.form(at, "gor", "godta:"+hash))
	page.wants(422, "Välj vilken roll")
	s.post(at, page.form(at, "svar", "compensated", "hur", "Dörren är låst.", "forslag", hash, "beslutat", "Systemägare")).wants(303)
	if x := s.record(base).Responses()["LOG-01"]; x.Taken == nil || x.Taken.Kind != engine.FromSibling || x.DecidedBy != "Systemägare" {
		t.Errorf("%+v", x)
	}
	s.get(at).wants(200, "Antaget")

	// Saved, and on to the next within the filter.
	list := s.get(base + "/verifiering?visa=obesvarade")
	ids := regexp.MustCompile(`<article class="ans" id="([^"]+)"`).FindAllStringSubmatch(list.Body, 3)
	first := base + "/verifiering/" + ids[0][1]
	onward := s.post(first, s.get(first+"?visa=obesvarade").form(first, "svar", "yes", "gor", "vidare"))
	onward.wants(303)
	if want := base + "/verifiering/" + ids[1][1] + "?visa=obesvarade"; onward.Header.Get("Location") != want {
		t.Errorf("on to %s, want %s", onward.Header.Get("Location"), want)
	}
}

// What a browser does to line ends, an offer that goes while somebody writes, and
// a text for more systems: none of them makes another's word one's own.
func TestWhoseWordItStays(t *testing.T) {
	s := newSite(t)
	base := s.verified(s.filled())
	unit := s.record(base).System.Unit
	common := "/gemensamt/" + unit + "/STY-02"
	keep := func(fields ...string) {
		t.Helper()
		s.submit(common, common, append([]string{"hur", "Så gör vi.\nAlltid.", "svar", "yes", "roll", "Systemägare"}, fields...)...).wants(303)
	}
	keep()
	row := base + "/verifiering/STY-02"
	hash := func() string {
		t.Helper()
		return regexp.MustCompile(`forslag=([0-9a-f]{64})`).FindStringSubmatch(s.get(row).Body)[1]
	}
	s.submit(row, row, "gor", "godta:"+hash()).wants(303)
	s.submit(row, row, "svar", "yes", "hur", "Så gör vi.\r\nAlltid.", "kommentar", "Kollat namnen.").wants(303)
	if x := s.record(base).Responses()["STY-02"]; x.Taken == nil || x.Comment == "" {
		t.Errorf("the ends of lines made it our own: %+v", x)
	}
	s.submit(row, row, "svar", "yes", "hur", "Så gör vi.\nAlltid.", "bevis", "Bild", "datum", "2026-11-01", "enhetens", store.TopUnit).wants(422, "står på någon annans ord")
	s.submit(row, row, "gor", "ta-tillbaka").wants(303)

	// Gone while the form was open.
	filled := s.get(row + "?forslag=" + hash())
	form := filled.form(row, "svar", "yes", "hur", "Så gör vi.\nAlltid.", "forslag", hash())
	s.submit(common, common, "gor", "ta-bort").wants(303)
	s.post(row, form).wants(409, "har ändrats eller gått ut")
	if x := s.record(base).Responses()["STY-02"]; x.Value != "" {
		t.Errorf("saved: %+v", x)
	}
	form.Set("eget", "1")
	s.post(row, form).wants(303)
	s.get(row).wants(200, "Uppfyllt")

	// A source that grows weaker is told at second hand too, and where one begins.
	keep("bevis", "Beslut", "datum", "2026-11-01")
	s.submit(row, row, "gor", "ta-tillbaka").wants(303)
	s.submit(row, row, "gor", "godta:"+hash()).wants(303)
	s.submit(base+"/kallor", base+"/kallor", "svarar", "STY-02").wants(303)
	s.approved(base)
	high := s.began(s.complete("Appen"), shipped().SetHash)
	s.submit(high+"/kallor", high+"/kallor", "plattform", strings.TrimPrefix(base, "/klassning/")).wants(303)
	at := high + "/verifiering/STY-02"
	page := s.get(at)
	taken := regexp.MustCompile(`value="(godta:[0-9a-f]{64})"[^>]*>Godta<span class="vh"> förslaget [a-zåäö]+ från Plattform`).FindStringSubmatch(page.Body)
	s.post(at, page.form(at, "gor", taken[1])).wants(303)
	s.get("/").wants(200).lacks("Svar att se över")
	s.get(at).wants(200).lacks("Finns inte längre")
	keep("bevis", "", "datum", "")
	s.get(at).wants(200, "Finns inte längre")
	s.get("/").wants(200, "Svar att se över")
}

// What is offered together can be said no to together, and what has changed is
// renewed together, shown with what it was.
func TestRenewTogether(t *testing.T) {
	s := newSite(t)
	base := s.verifying("Arkivet")
	made := s.submit("/avtal", "/avtal", "ur", "sta", "enhet", s.record(base).System.Unit)
	agreement, _, _ := strings.Cut(made.Header.Get("Location"), "?")
	page := s.get(base + "/godta")
	form := page.form(base + "/godta")
	form["forslag"] = page.all("forslag")
	s.post(base+"/godta", form).wants(303)
	s.get(base + "/godta").lacks("FYS-01")
	before := s.record(base).Responses()
	declined, renewed := "", "FYS-01"
	for id, x := range before {
		if x.Taken.Kind == engine.FromAgreement && id < renewed && id > declined {
			declined = id
		}
	}
	s.submit(agreement, agreement, "gor", "flera", "roll", "Systemägare", "punkt-"+renewed, "Bilaga 10, 4", "punkt-"+declined, "Bilaga 10, 5").wants(303)
	s.get(base+"/verifiering?visa=forslag").wants(200, renewed, declined)
	page = s.get(base+"/godta").wants(200, "ersätts två svar", "antaget. Ändrat sedan det godtogs.")
	chosen := page.all("forslag")
	if len(chosen) != 2 || strings.Count(page.Body, " checked") != 2 {
		t.Fatalf("%v", chosen)
	}
	// No to the one, yes to the other.
	key := regexp.MustCompile(`name="avboj" value="([^"]*)"`).FindStringSubmatch(page.Body)[1]
	form = page.form(base+"/godta", "avboj", key)
	form["forslag"] = []string{chosen[0], chosen[0]} // twice in one form is once
	s.post(base+"/godta", form).wants(303)
	page = s.get(base + "/godta")
	form = page.form(base + "/godta")
	form["forslag"] = page.all("forslag")
	s.post(base+"/godta", form).wants(303)
	now := s.record(base).Responses()
	if len(now[declined].Declined) != 1 || now[declined].Value != before[declined].Value || now[declined].Taken.Strength != "assumed" {
		t.Errorf("%+v", now[declined])
	}
	if now[renewed].Taken.Strength != "contracted" || len(now) != len(before) {
		t.Errorf("%+v", now[renewed])
	}
}

// A plan goes out to Excel, is filled in, and comes back: shown first, and then
// saved by key. Lines that have changed meanwhile are a conflict, and nothing
// is lost by an emptied cell.
func TestPlanFile(t *testing.T) {
	s := newSite(t)
	base := s.verified(s.filled())
	s.answer(base, maria, engine.ActionKey(2), engine.Action{Title: "Öva", Origin: engine.OfAudit, Role: "systemagare", Status: engine.Ongoing, Comment: "Datum satt."})
	s.get(base+"/plan.csv").wants(200, "Planpost;System", "Inför flerfaktor")
	data := []byte(s.get(base + "/plan.xlsx").wants(200).Body)
	f, err := excelize.OpenReader(bytes.NewReader(data))
	check(t, err)
	check(t, f.UnprotectSheet("Handlingsplan"))
	check(t, f.SetCellStr("Handlingsplan", "L2", "Klar"))
	check(t, f.SetCellStr("Handlingsplan", "M2", "Infört i går."))
	check(t, f.SetCellStr("Handlingsplan", "L3", "Snart"))
	check(t, f.SetCellStr("Handlingsplan", "M3", ""))
	var filled bytes.Buffer
	check(t, f.Write(&filled))

	got := s.upload(base+"/planfil", "", "plan.xlsx", filled.Bytes())
	got.wants(200, "En planpost ändras", "Inför flerfaktor", "Klar", "var Planerad", "”Snart”", "Texten om ”Öva” är tom i filen")
	if a := s.record(base).Actions()[0].Value; a.Status != engine.Planned {
		t.Fatal("saved before anybody said so")
	}
	form := got.form(base + "/planfil/las")
	s.post(base+"/planfil/las", form).wants(303)
	plan := s.record(base).Actions()
	if a := plan[0].Value; a.Status != engine.Completed || a.Comment != "Infört i går." || a.Title != "Inför flerfaktor" {
		t.Errorf("%+v", a)
	}
	if a := plan[1].Value; a.Status != engine.Ongoing || a.Comment != "Datum satt." {
		t.Errorf("%+v", a)
	}
	// The same once more changes nothing; from an old look it is refused.
	s.upload(base+"/planfil", "", "plan.xlsx", filled.Bytes()).wants(200, "Inget i filen skiljer sig")
	form.Set("nyckel", "annan")
	form.Set("text-"+s.record(base).Classification.ID+"/1", "För sent.")
	s.post(base+"/planfil/las", form).wants(409)

	s.upload(base+"/planfil", "", "", nil).wants(422, "Välj den ifyllda planen")
	s.upload(base+"/planfil", "", "plan.xlsx", []byte(s.get(base+"/kravbilaga.xlsx").Body)).wants(422)
	other := s.verified(s.filled())
	s.upload(other+"/planfil", "", "plan.xlsx", data).wants(422, "en annan klassning")
}

// A file that was left alone takes nothing back of what has been done here since;
// what has changed in both places is shown, and nothing chosen.
func TestPlanFileFromBefore(t *testing.T) {
	s := newSite(t)
	base := s.verified(s.filled())
	line := func(n int, title, comment string) engine.Action {
		return engine.Action{Title: title, Origin: engine.OfAudit, Role: "systemagare", Status: engine.Planned, Comment: comment}
	}
	for n, title := range []string{"Öva", "Märk", "Byt"} {
		s.answer(base, maria, engine.ActionKey(n+2), line(n+2, title, ""))
	}
	went := s.get(base + "/plan.xlsx").wants(200).Body
	text := s.get(base + "/plan.csv").wants(200).Body
	done := line(1, "Inför flerfaktor", "Infört i går.")
	done.Status = engine.Completed
	s.answer(base, maria, engine.ActionKey(1), done)
	for name, data := range map[string]string{"plan.xlsx": went, "plan.csv": text, "commas.csv": strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), ";", ",")} {
		got := s.upload(base+"/planfil", "", name, []byte(data))
		got.wants(200, "Inget i filen skiljer sig", "En planpost är ändrad här sedan filen hämtades").lacks("var Klar")
	}

	f, err := excelize.OpenReader(strings.NewReader(went))
	check(t, err)
	check(t, f.UnprotectSheet("Handlingsplan"))
	for cell, text := range map[string]string{"L2": "Avbruten", "M2": "Behövs inte.", "M3": strings.Repeat("x", 2001), "L3": "Pågår", "L4": "Klar"} {
		check(t, f.SetCellStr("Handlingsplan", cell, text))
	}
	check(t, f.DuplicateRowTo("Handlingsplan", 4, 6))
	check(t, f.SetCellStr("Handlingsplan", "L4", "Planerad"))
	var filled bytes.Buffer
	check(t, f.Write(&filled))
	got := s.upload(base+"/planfil", "", "plan.xlsx", filled.Bytes())
	got.wants(200, "Tre planposter skiljer sig", "En planpost är ändrad både i filen och här", "Avbruten i filen", "Klar här, av Maria", "Infört i går. här", "på rad 3 är 2 001 tecken, och 2 000 får plats", "”Märk” står på två rader. Rad 6 läses in, som är den enda som är ändrad")
	wellFormed(t, base+"/planfil", got)
	form := got.form(base + "/planfil/las")
	if ticked := form["rad"]; len(ticked) != 2 || strings.HasSuffix(ticked[0], "/1") {
		t.Fatalf("ticked beforehand: %v", ticked)
	}
	s.post(base+"/planfil/las", form).wants(303)
	for n, want := range []engine.Status{engine.Completed, engine.Ongoing, engine.Completed, engine.Planned} {
		if a := s.record(base).Actions()[n].Value; a.Status != want || a.Comment != map[int]string{0: "Infört i går."}[n] {
			t.Errorf("%d: %+v", n+1, a)
		}
	}
}

// One file with the measures of many systems goes out and comes back: each line
// finds its own plan, and nobody follows up what she may not.
func TestPlansAcross(t *testing.T) {
	s := newSite(t)
	one, two := s.verified(s.filled()), s.verified(s.filled())
	s.answer(two, maria, engine.ActionKey(2), engine.Action{Title: "Öva återläsning", Origin: engine.OfAudit, Role: "systemagare", Status: engine.Planned, Cost: 12000, Requirements: []string{}})
	s.get("/planposter").wants(200, "Öva återläsning", "12 000 kr").lacks("Inför flerfaktor")
	all := s.get("/planposter?visa=enheten").wants(200, "Öva återläsning", "Inför flerfaktor", "Öppna3")
	wellFormed(t, "/planposter?visa=enheten", all)
	s.get("/planposter.csv").wants(200, "Öva återläsning").lacks("Inför flerfaktor")
	if n := strings.Count(s.get("/planposter.csv?visa=enheten").wants(200).Body, "Inför flerfaktor"); n != 2 {
		t.Fatalf("%d lines", n)
	}
	data := []byte(s.get("/planposter.xlsx?visa=enheten").wants(200).Body)
	f, err := excelize.OpenReader(bytes.NewReader(data))
	check(t, err)
	check(t, f.UnprotectSheet("Handlingsplan"))
	for _, row := range []string{"2", "3", "4"} {
		check(t, f.SetCellStr("Handlingsplan", "L"+row, "Pågår"))
		check(t, f.SetCellStr("Handlingsplan", "M"+row, "Följs upp på rad "+row+"."))
	}
	var filled bytes.Buffer
	check(t, f.Write(&filled))
	got := s.upload("/planposterfil", "", "plan.xlsx", filled.Bytes())
	got.wants(200, "Tre planposter ändras", "Öva återläsning")
	wellFormed(t, "/planposterfil", got)
	form := got.form("/planposterfil/las")

	// Somebody was first: nothing of the rest is saved.
	first := s.record(two).Actions()[0]
	stale := maps.Clone(form)
	stale.Set("version-"+s.record(two).Classification.ID+"/1", strconv.Itoa(first.Version+1))
	s.post("/planposterfil/las", stale).wants(409)
	if s.record(one).Actions()[0].Value.Status != engine.Planned {
		t.Error("half of the file was saved")
	}

	s.post("/planposterfil/las", form).wants(303)
	s.post("/planposterfil/las", form).wants(303) // twice is once
	for _, base := range []string{one, two} {
		for _, x := range s.record(base).Actions() {
			if x.Value.Status != engine.Ongoing || !strings.HasPrefix(x.Value.Comment, "Följs upp på rad ") {
				t.Errorf("%s: %+v", base, x.Value)
			}
		}
	}
	// A single plan takes its own lines of the same file, and tells of the rest.
	s.upload(one+"/planfil", "", "plan.xlsx", filled.Bytes()).wants(200, "En planpost är oförändrad", "Två planposter hör till andra system")

	// Who only carries a line out follows up that one and no other.
	bo := engine.Person{ID: "bo", Name: "Bo Ek"}
	_, err = s.db.AddAccount(context.Background(), "", engine.Account{Person: bo, Grants: []engine.Grant{{Unit: "trafik", Role: "atgardsansvarig"}}})
	check(t, err)
	s.answer(one, maria, engine.ActionKey(7), engine.Action{Title: "Märk kablarna", Origin: engine.OfAudit, Role: "atgardsansvarig", Status: engine.Planned})
	s.as(bo)
	s.get("/planposter").wants(200, "Märk kablarna").lacks("Öva återläsning")
	s.get("/planposter?visa=enheten").wants(200).lacks("Öva återläsning")
	s.get("/planposter.csv?visa=enheten").wants(200).lacks("Öva återläsning")
	check(t, f.SetCellStr("Handlingsplan", "L2", "Klar"))
	filled.Reset()
	check(t, f.Write(&filled))
	s.upload("/planposterfil", "", "plan.xlsx", filled.Bytes()).wants(200, "Inget i filen skiljer sig", "som du inte får följa upp")
	s.upload(one+"/planfil", "", "plan.xlsx", filled.Bytes()).wants(200, "Inget i filen skiljer sig")
	key := s.record(one).Classification.ID + "/1"
	for _, to := range []string{"/planposterfil/las", one + "/planfil/las"} {
		mine := url.Values{"nyckel": {strings.Repeat("cd", 12)}, "rad": {key}, "version-" + key: {strconv.Itoa(s.record(one).Actions()[0].Version)}, "lage-" + key: {"completed"}, "text-" + key: {"Nej."}}
		s.post(to, mine).wants(303)
	}
	if got := s.record(one).Actions()[0].Value; got.Status != engine.Ongoing {
		t.Errorf("somebody else's line: %+v", got)
	}
}

// What is filled in above the proposals is for all that are added, and a day
// that will not do costs no ticks.
func TestPlanBatch(t *testing.T) {
	s := newSite(t)
	base := s.verified(s.filled())
	s.answer(base, maria, engine.ResponseKey("BEH-05"), engine.Response{Value: engine.AnswerNo}, engine.ResponseKey("LOG-01"), engine.Response{Value: engine.AnswerPartly}, engine.ResponseKey("NET-01"), engine.Response{Value: engine.AnswerNo})
	page := s.get(base+"/plan").wants(200, "Inför: ", "Gör klart: ", "Luckor som löses på samma sätt av samma roll blir en planpost", "av 5")
	wellFormed(t, base+"/plan", page)
	form := page.form(base+"/forslag", "borjar", "2027-02-01", "senast", "2027-01-01", "roll", "systemagare", "fraga", "1")
	chosen := form["forslag"]
	if len(chosen) < 2 {
		t.Fatalf("%v", form)
	}
	form["forslag"] = chosen[1:]
	again := s.post(base+"/forslag", form).wants(422, "Sista dagen är före den första")
	if got := again.form(base + "/forslag"); !slices.Equal(got["forslag"], chosen[1:]) || got.Get("senast") != "2027-01-01" || got.Get("roll") != "systemagare" || got.Get("fraga") != "1" {
		t.Errorf("what was chosen is gone: %v", got)
	}
	form.Set("roll", "ingen")
	s.post(base+"/forslag", form).wants(422, "Välj en roll i listan")
	form.Set("roll", "systemagare")
	form.Set("senast", "2027-06-30")
	s.post(base+"/forslag", form).wants(303)
	plan := s.record(base).Actions()[1:]
	if len(plan) != len(chosen)-1 {
		t.Fatalf("%d lines of %d", len(plan), len(chosen)-1)
	}
	for _, x := range plan {
		if a := x.Value; a.Start != "2027-02-01" || a.Due != "2027-06-30" || a.Role != "systemagare" || a.Asked != "2026-11-23" || a.Agreed != "" {
			t.Errorf("%+v", a)
		}
	}
	// Without anything filled in, each keeps the role that it was proposed for.
	s.submit(base+"/plan", base+"/forslag").wants(303)
	if a := s.record(base).Actions()[len(plan)+1].Value; a.Due != "" || a.Asked != "" || a.Role == "" || a.Role == "systemagare" {
		t.Errorf("%+v", a)
	}
}

// Who writes a line asks the role that shall do it; who has the role agrees or
// wants another wording, and another may note it on that role's word.
func TestWordingAgreed(t *testing.T) {
	s := newSite(t)
	base := s.verified(s.filled())
	bo, line := engine.Person{ID: "bo", Name: "Bo Ek"}, base+"/plan/1"
	check(t, s.people(bo, "atgardsansvarig"))
	now := func() engine.Action { return s.record(base).Actions()[0].Value }
	a := now()
	a.Role = "atgardsansvarig"
	s.answer(base, maria, engine.ActionKey(1), a)
	s.get(line).wants(200, "har inte godtagit lydelsen än").lacks("Godta lydelsen")
	s.submit(line, line, "gor", "fraga").wants(303)
	if now().Asked != "2026-11-23" {
		t.Fatalf("%+v", now())
	}
	s.get(line).wants(200, "tillfrågades 23 nov").lacks("syns inte för någon")
	s.answer(base, maria, engine.ActionKey(2), engine.Action{Title: "Öva", Origin: engine.OfRisk, Role: "arkivansvarig", Status: engine.Planned, Asked: "2026-11-23"})
	s.get(base+"/plan/2").wants(200, "Ingen har den rollen i Kravverk")
	// Who does not have the role cannot agree as if she had.
	s.submit(line, line, "gor", "godta").wants(422, "Skriv vem som har sagt det")
	s.submit(line, line, "gor", "foresla", "andring", "Annat").wants(422)

	s.as(bo)
	s.get("/").wants(200, "En väntar på att du godtar lydelsen")
	mine := s.get("/planposter").wants(200, "En planpost väntar på ditt besked", "Godta lydelsen")
	wellFormed(t, "/planposter", mine)
	if waits, rows := strings.Index(mine.Body, `id="vantar"`), strings.Index(mine.Body, `id="poster"`); waits < 0 || waits > rows {
		t.Error("what waits is not first")
	}
	s.submit(line, line, "gor", "foresla").wants(422, "Skriv hur du vill att det ska stå")
	s.submit(line, line, "gor", "foresla", "andring", "Byt till nycklar.").wants(303)
	s.get("/planposter").lacks("väntar på ditt besked")
	s.as(maria)
	s.get(line).wants(200, "Byt till nycklar.", "vill ha en annan lydelse")
	s.submit(line, line, "rubrik", "Byt till nycklar", "gor", "fraga").wants(303)
	if a := now(); a.Suggested != "" || a.Asked == "" {
		t.Errorf("%+v", a)
	}
	s.as(bo)
	s.submit(line, line, "gor", "godta", "andring", "Nej").wants(422, "Du har skrivit ett förslag")
	mine = s.get("/planposter")
	s.post(line, mine.form(line, "gor", "godta")).wants(303)
	if a := now(); a.Agreed != "2026-11-23" || a.AgreedBy != "bo" || a.AgreedFor != "" || a.Asked != "" || a.Title != "Byt till nycklar" {
		t.Errorf("%+v", a)
	}
	s.get(line).wants(200, "av Bo Ek").lacks("Godta lydelsen")
	s.as(maria)
	s.submit(line, line, "senast", "2027-03-01").wants(303)
	if now().Agreed == "" {
		t.Error("a day is no wording")
	}
	s.submit(line, line, "text", "Nu gäller det alla.").wants(303)
	if a := now(); a.Agreed != "" || a.AgreedBy != "" {
		t.Errorf("another wording is still agreed to: %+v", a)
	}
	s.submit(line, line, "gor", "godta", "uppdrag", "muntligt enligt driftchefen").wants(303)
	if a := now(); a.AgreedBy != maria.ID || a.AgreedFor != "muntligt enligt driftchefen" {
		t.Errorf("%+v", a)
	}
	s.get(line).wants(200, "av Maria Lindqvist på uppdrag av", "muntligt enligt driftchefen")
}

// In the list of lines the state and how it goes are saved row by row, and who
// may change nothing reads instead of meeting a form.
func TestFollowUpInTheList(t *testing.T) {
	s := newSite(t)
	base := s.verified(s.filled())
	line, deviation := base+"/plan/1", base+"/avsteg/1"
	page := s.get("/planposter?visa=enheten").wants(200, "Alla planposter i dina enheter")
	form := page.form(line, "status", "ongoing", "uppfoljning", "Beställt.")
	got := s.post(line, form)
	got.wants(303)
	if to := got.Header.Get("Location"); to != "/planposter?sparat=planpost&visa=enheten#p-"+s.record(base).Classification.ID+"-1" || !strings.Contains(page.Body, `id="`+to[strings.Index(to, "#")+1:]+`"`) {
		t.Errorf("back to %s", to)
	}
	if a := s.record(base).Actions()[0].Value; a.Status != engine.Ongoing || a.Comment != "Beställt." || a.Title != "Inför flerfaktor" || len(a.Requirements) != 1 {
		t.Errorf("%+v", a)
	}
	form.Set("uppfoljning", "För sent.")
	form.Set("nyckel", strings.Repeat("ab", 12))
	s.post(line, form).wants(409, "Beställt.", "För sent.")
	s.post(line, page.form(line, "uppfoljning", strings.Repeat("x", 2001))).wants(422, "Korta texten")

	// The requirements that could be chosen are folded away, the chosen are not.
	many := s.get(deviation).wants(200, "BEH-01", "Lägg till fler krav: 1 att välja bland")
	if chosen, folded := strings.Index(many.Body, `value="BEH-01"`), strings.Index(many.Body, "<details"); chosen < 0 || chosen > folded || strings.Index(many.Body, `value="BEH-04"`) < folded {
		t.Error("chosen and not chosen are mixed")
	}

	for due, want := range map[string]string{"2026-11-22": "En dag försenad", "2026-10-24": "30 dagar försenad"} {
		s.answer(base, maria, engine.ActionKey(2), engine.Action{Title: "Öva", Origin: engine.OfRisk, Role: "systemagare", Status: engine.Planned, Due: due})
		s.get("/planposter").wants(200, want)
	}

	olof := engine.Person{ID: "olof", Name: "Olof Ek"}
	check(t, s.people(olof, "granskare"))
	s.as(olof)
	s.get(line).wants(200, "Inför flerfaktor", "Beställt.", "Pågår, behöver datum", "BEH-04")
	s.get(deviation).wants(200, "Byts ut i vår.", "BEH-01", "1 jan 2099", "Beslutsdag")
	s.get("/planposter?visa=enheten").wants(200, "Inför flerfaktor", "Beställt.")
	for _, path := range []string{line, deviation, "/planposter?visa=enheten"} {
		body := s.get(path).Body
		for _, field := range []string{`name="rubrik"`, `name="krav"`, `name="status"`, `name="skal"`, `name="uppfoljning"`, "disabled"} {
			if strings.Contains(body, field) {
				t.Errorf("%s offers %s to who may only read", path, field)
			}
		}
	}
	s.get(base + "/plan/3").wants(403)
}

// The history of a line tells what changed, and what was saved unchanged is no
// event. A gap in the list leads to a form that is filled in for it.
func TestPlanLineTold(t *testing.T) {
	s := newSite(t)
	base := s.verified(s.filled())
	line := base + "/plan/1"
	s.submit(line, line, "senast", "2027-03-01", "kostnad", "40000").wants(303)
	history := func() string { return s.get(base + "/historik?svar=action/1").wants(200).text() }
	for _, want := range []string{"Planpost 1, Inför flerfaktor", "klar senast 1 mars 2027, kostnad 40 000 kr", "i stället för klar senast –, kostnad –"} {
		if !strings.Contains(history(), want) {
			t.Errorf("no %q in %s", want, history())
		}
	}
	before, version := history(), s.record(base).Actions()[0].Version
	s.submit(line, line).wants(303)
	if now := s.record(base).Actions()[0].Version; now != version || history() != before {
		t.Errorf("saved without a change: version %d after %d", now, version)
	}

	s.answer(base, maria, engine.ResponseKey("LOG-01"), engine.Response{Value: engine.AnswerNo})
	link := base + "/plan/2?krav=LOG-01"
	list := s.get(base+"/verifiering?omrade=alla").wants(200, "Planera säkerhetsåtgärd").lacks("Planera åtgärd")
	if !strings.Contains(list.Body, `href="`+link+`"`) || strings.Contains(list.Body, "?krav=BEH-04") {
		t.Error("no link to plan the gap, or one to plan again")
	}
	form := s.get(link).wants(200, "Ny planpost").form(base + "/plan/2")
	if form.Get("krav") != "LOG-01" || !strings.HasPrefix(form.Get("rubrik"), "Inför: ") || form.Get("roll") == "" {
		t.Errorf("%v", form)
	}
	s.post(base+"/plan/2", form).wants(303)
	if a := s.record(base).Actions()[1].Value; !slices.Equal(a.Requirements, []string{"LOG-01"}) {
		t.Errorf("%+v", a)
	}
}

// The history and what differs between revisions speak of responses in words.
func TestVerificationInWords(t *testing.T) {
	s := newSite(t)
	base := s.verified(s.filled())
	s.answer(base, maria, engine.ResponseKey("BEH-04"), engine.Response{Value: engine.AnswerYes, How: "Infört."}, engine.SourceKey(engine.FromSibling, "x"), true)
	s.get(base+"/historik").wants(200, "Svaret på BEH-04", "Nej. Bara lösenord i dag.", "Ja. Infört.", "Avsteg 1", "BEH-01 till och med 2099-01-01", "Planpost 1", "Inför flerfaktor. Planerad.", "liknande system")
	s.get("/").wants(200)
	s.config.Demo = johan.ID
	s.open()
	s.get("/").wants(200, "En planpost är öppen")
	s.get("/planposter").wants(200, "Inför flerfaktor", "Systemförvaltare")
}

// A supplier is asked about its rows, answers in a file that was sorted, and
// contradicts three of our answers: both stand side by side until somebody
// chooses. A second round about fewer rows loses nothing of the first.
func TestSupplierRounds(t *testing.T) {
	s := newSite(t)
	base := s.began(s.complete("Arkivet"), shipped().SetHash)
	room := base + "/leverantor"
	s.submit(room, room, "leverantor", "").wants(422, "Skriv leverantörens namn")
	s.submit(room, room, "leverantor", "Driftbolaget AB", "vilka", "alla", "not", "Svara senast den 1 december.").wants(303)
	s.get(room).wants(200, "Omgång 1", "Väntar på svar")
	sent := []byte(s.get(room + "/1.xlsx").wants(200).Body)
	if text := sheets(t, string(sent)); !strings.Contains(text, "Svara senast den 1 december.") || !strings.Contains(text, "Verifieras") || strings.Contains(text, "Ni som lämnar anbud") {
		t.Error("the file says something else")
	}
	rounds, err := s.db.Publications(context.Background(), s.record(base).Classification.ID)
	check(t, err)
	rows := rounds[0].Rows
	for _, r := range rows[:3] { // our own word, which the supplier contradicts
		s.answer(base, maria, engine.ResponseKey(r.ID), engine.Response{Value: engine.AnswerYes, How: "Så tror vi."})
	}
	answers := map[string]string{rows[0].ID: "Nej", rows[1].ID: "Delvis", rows[2].ID: "nej, inte än"}
	back := replied(t, sent, answers)
	s.upload(room+"/fil", "Någon annan AB", "svar.xlsx", back).wants(422, "Välj vilken leverantör som svarar")
	s.upload(room+"/fil", "Driftbolaget AB", "", nil).wants(422, "Välj filen som leverantören har skickat")
	got := s.upload(room+"/fil", "Driftbolaget AB", "svar.xlsx", back)
	got.wants(303)
	reading := got.Header.Get("Location")
	if n := len(s.record(base).Responses()); n != 3 {
		t.Fatalf("%d responses before anything was taken in", n)
	}
	shown := s.get(reading).wants(200, "Driftbolaget AB")
	s.post(reading, shown.form(reading)).wants(303)
	if n := len(s.record(base).Responses()); n != 3 {
		t.Fatalf("%d responses: a supplier's word was taken as an answer", n)
	}
	list := s.get(base+"/verifiering?visa=krockar").wants(200, "Leverantören svarar annat", rows[0].ID, rows[1].ID)
	if n := strings.Count(list.Body, `<article class="ans"`); n != 2 && n != 3 {
		t.Errorf("%d contradictions", n)
	}
	// Choosing the supplier's word makes a gap of it, with whose word it is.
	at := base + "/verifiering/" + rows[0].ID
	hash := regexp.MustCompile(`value="(godta:[0-9a-f]+)"`).FindStringSubmatch(list.Body)
	s.post(at, list.form(at, "gor", hash[1])).wants(303)
	if r := s.record(base).Responses()[rows[0].ID]; r.Value != engine.AnswerNo || r.Taken == nil || r.Taken.Kind != engine.FromSupplier {
		t.Errorf("%+v", r)
	}

	before := s.tender(base)
	s.submit(room, room, "leverantor", "Driftbolaget AB", "vilka", "alla", "omrade", rows[0].Area).wants(303)
	second := []byte(s.get(room + "/2.xlsx").wants(200).Body)
	got = s.upload(room+"/fil", "Driftbolaget AB", "svar2.xlsx", replied(t, second, map[string]string{rows[0].ID: "Ja"}))
	got.wants(303)
	reading = got.Header.Get("Location")
	shown = s.get(reading).wants(200)
	form := shown.form(reading)
	for _, m := range regexp.MustCompile(`name="(rad-[^"]+)" value="ta"`).FindAllStringSubmatch(shown.Body, -1) {
		form.Set(m[1], "ta")
	}
	s.post(reading, form).wants(303)
	after := s.tender(base)
	if len(after.Claims) < len(before.Claims) || after.Claims[rows[0].ID].Answer != engine.AnswerYes {
		t.Errorf("%d claims, %d before; %+v", len(after.Claims), len(before.Claims), after.Claims[rows[0].ID])
	}
	// What was accepted of the first round has changed.
	s.get(base+"/verifiering?visa=seover").wants(200, rows[0].ID, "Ändrat sedan det godtogs", "Se över1")
}

// tender is the one tender, or supplier's answer, of a classification.
func (s *site) tender(base string) engine.Tender {
	s.t.Helper()
	e, err := s.db.Evaluation(context.Background(), s.record(base).Classification.ID)
	check(s.t, err)
	if len(e.Tenders) != 1 {
		s.t.Fatalf("%d tenders", len(e.Tenders))
	}
	return e.Tenders[0]
}

// One camera that differs leaves its group, and goes on from the group's answers.
func TestLeavesTheGroup(t *testing.T) {
	s := newSite(t)
	rec, err := s.db.CreateSystem(context.Background(), maria.ID, engine.System{Title: "Kameror", Unit: s.record(s.filled()).System.Unit, Members: 3}, "A", shipped().SetHash)
	check(t, err)
	base, system := "/klassning/"+rec.Classification.ID, "/system/"+rec.System.ID
	s.answer(base, maria, engine.FactKey("drift"), "egen")
	s.get(system).wants(200, "En av dem skiljer sig")
	at := system + "/bryt-ut"
	s.get(at).wants(200, "Det här stannar i gruppen", "handlingsplanen, så att inget").lacks("från leverantörer")
	s.submit(at, at, "namn", "").wants(422, "Skriv vad det som skiljer sig heter")
	got := s.submit(at, at, "namn", "Kamera 7", "beskrivning", "Har mikrofon.")
	got.wants(303)
	s.get(got.Header.Get("Location")).wants(200, "Kamera 7", "Har mikrofon.")
	if n := s.record(base).System.Members; n != 2 {
		t.Errorf("%d members are left", n)
	}
	all, err := s.db.Systems(context.Background())
	check(t, err)
	if last := all[len(all)-1]; last.System.Title != "Kamera 7" || string(last.Answers[engine.FactKey("drift")].Value) != `"egen"` {
		t.Errorf("%+v", last)
	}
}

// onPlatform makes a platform that answers for one requirement, and a system
// that runs on it and is rated higher.
func (s *site) onPlatform() (low, high string) {
	s.t.Helper()
	low = s.began(s.complete("Plattformen"), shipped().SetHash)
	high = s.began(s.system("Appen", engine.InformationKey(1), engine.Information{Type: "Journaler", Levels: levels(3, 3, 3), Justification: "Skadar."}, engine.FactKey("drift"), "egen", engine.FactKey("lagrum"), []string{"csl"}), shipped().SetHash)
	s.get(high+"/kallor").wants(200, "Inget godkänt system svarar för krav")
	s.answer(low, maria, engine.ResponseKey("BEH-01"), engine.Response{Value: engine.AnswerYes, How: "Plattformen sköter det.", Evidence: []engine.Evidence{{Title: "Test", Date: "2026-11-01"}}})
	s.submit(low+"/kallor", low+"/kallor", "svarar", "BEH-01").wants(303)
	s.approved(low)
	s.submit(high+"/kallor", high+"/kallor", "plattform", strings.TrimPrefix(low, "/klassning/")).wants(303)
	return low, high
}

// A platform offers what it declares, when it is approved, no more than a part
// where it is rated lower, and never in a ring; its owner sees who depends on it.
func TestPlatform(t *testing.T) {
	s := newSite(t)
	low, high := s.onPlatform()
	s.get(high+"/verifiering/BEH-01").wants(200, "Plattformen sköter det.", "Plattform", "är klassad lägre än det här systemet", "Delvis")
	s.get(low+"/kallor").wants(200, "Se vad som hänger på det", "i ett system", "1 av ", "Följer av svaren", "Gemensamma svar från Trafikkontoret", "inga än", "Enheten har inga avtal upplagda")
	if got := s.get(low + "/kallor?visa=svarar"); !strings.Contains(got.Body, `<details class="box" open>`) || strings.Contains(s.get(low+"/kallor").Body, `<details class="box" open>`) {
		t.Error("the list of what it answers for is not unfolded by its link alone")
	}
	at := low + "/plattform"
	s.get(at).wants(200, "Plattformen Plattformen", "revision 1", "Svarar för1", "Appen", "Har godtagit inga svar", "Klassat högre i konfidentialiteten").lacks("är ändrat")
	s.get("/avtal").wants(200, "System som andra körs på", "Plattformen", "ett krav")
	s.get("/").wants(200, "Plattformar som är klassade för lågt", "Appen i konfidentialiteten")

	// What is accepted hangs on it, also through a system that passes it on.
	takes := func(base, platform string) {
		t.Helper()
		s.submit(base+"/kallor", base+"/kallor", "plattform", strings.TrimPrefix(platform, "/klassning/")).wants(303)
		page := s.get(base + "/verifiering/BEH-01")
		hashes := regexp.MustCompile(`value="(godta:[0-9a-f]+)"`).FindAllStringSubmatch(page.Body, -1)
		for _, hash := range hashes {
			s.post(base+"/verifiering/BEH-01", page.form(base+"/verifiering/BEH-01", "gor", hash[1]))
			if x := s.record(base).Responses()["BEH-01"].Taken; x != nil && x.Kind == engine.FromPlatform {
				return
			}
			page = s.get(base + "/verifiering/BEH-01")
		}
		t.Fatalf("%s has %d offers and takes none from the platform", base, len(hashes))
	}
	takes(high, low)
	s.submit(high+"/kallor", high+"/kallor", "plattform", strings.TrimPrefix(low, "/klassning/"), "svarar", "BEH-01").wants(303)
	s.approved(high)
	third := s.began(s.complete("Appens app"), shipped().SetHash)
	takes(third, high)
	s.get(at+"?faller=BEH-01").wants(200, "Två svar måste ses över i två system", "Appen", "Appens app")
	s.get(high+"/plattform?faller=BEH-01").wants(200, "Ett svar måste ses över i ett system", "Appens app")
	wellFormed(t, at, s.get(at+"?faller=BEH-01"))

	// Who may not read a system is told that there is one, not which.
	_, err := s.db.SaveUnit(context.Background(), "", engine.Unit{ID: "social", Parent: store.TopUnit, Title: "Socialförvaltningen", Kind: engine.Administration})
	check(t, err)
	check(t, s.db.MoveSystem(context.Background(), maria.ID, s.record(high).System.ID, "social", ""))
	_, err = s.db.AddAccount(context.Background(), "", engine.Account{Person: engine.Person{ID: "bo", Name: "Bo Ek"}, Grants: []engine.Grant{{Unit: "trafik", Role: "systemagare"}}})
	check(t, err)
	s.as(engine.Person{ID: "bo", Name: "Bo Ek"})
	s.get("/").wants(200, "ett system som du inte kan läsa").lacks("Appen i konfidentialiteten")
	s.get(at+"?faller=BEH-01").wants(200, "i ett system och ett system till som du inte kan läsa", "Appens app")
	s.as(maria)

	// What is reopened and no longer met is offered as it was approved, until the
	// next approval: then what was accepted is marked.
	check(t, s.db.Reopen(context.Background(), maria.ID, s.record(low).Classification.ID, 1, "Ny version."))
	s.answer(low, maria, engine.ResponseKey("BEH-01"), engine.Response{Value: engine.AnswerNo, How: "Tjänsten har lagts ned."})
	s.get(at).wants(200, "Det som ändras nu gäller först när nästa revision är godkänd", "Ger inget förslag").lacks("sedan dess")
	s.approved(low)
	s.get(at).wants(200, "revision 2", "Ett svar är ändrat eller borta sedan dess")

	// A ring is refused, with the way round.
	check(t, s.db.Reopen(context.Background(), maria.ID, s.record(low).Classification.ID, 2, "Ny version."))
	s.submit(low+"/kallor", low+"/kallor", "plattform", strings.TrimPrefix(high, "/klassning/")).wants(422, "i en ring: Plattformen, Appen, Plattformen")
}

// A clause that falls reaches those too that have it at second hand, without
// anybody having looked at the platform in between.
func TestFallenAtSecondHand(t *testing.T) {
	s := newSite(t)
	low := s.began(s.complete("Plattformen"), shipped().SetHash)
	unit := s.record(low).System.Unit
	agreement := engine.Agreement{Title: "Driftavtalet", Supplier: "Driftbolaget AB", Commitments: []engine.Commitment{{Requirement: "BEH-01", Answer: "yes", How: "Sköts.", Clause: "4.1", Strength: "contracted", Role: "Systemägare", Date: "2026-11-01"}}}
	keep := func(version int) {
		t.Helper()
		value, err := json.Marshal(agreement)
		check(t, err)
		check(t, s.db.SaveShared(t.Context(), maria.ID, unit, []engine.Change{{Key: engine.AgreementKey("avtal1"), Value: value, Version: version}}))
	}
	take := func(base string) {
		t.Helper()
		at := base + "/verifiering/BEH-01"
		page := s.get(at)
		s.post(at, page.form(at, "gor", regexp.MustCompile(`value="(godta:[0-9a-f]+)"`).FindStringSubmatch(page.Body)[1])).wants(303)
	}
	keep(0)
	s.submit(low+"/kallor", low+"/kallor", "avtal", "avtal1", "svarar", "BEH-01").wants(303)
	take(low)
	s.approved(low)
	high := s.began(s.complete("Appen"), shipped().SetHash)
	s.submit(high+"/kallor", high+"/kallor", "plattform", strings.TrimPrefix(low, "/klassning/")).wants(303)
	take(high)
	s.get(high+"/verifiering/BEH-01").wants(200, "Uppfyllt", "Avtalat")
	agreement.Commitments[0].Fallen, agreement.Commitments[0].FallenWhy = true, "Uppsagt."
	keep(1)
	s.get(high+"/verifiering/BEH-01").wants(200, "Se över", "Finns inte längre").lacks("Uppfyllt")
	// Told where one begins, also of the one that is approved.
	start := s.get("/").wants(200, "Svar att se över", "Ett svar vilar på något som har gått ut")
	for _, base := range []string{low, high} {
		if !strings.Contains(start.Body, `href="`+base+`/verifiering?visa=seover"`) {
			t.Errorf("%s is not told of", base)
		}
	}
	agreement.Commitments[0].Fallen = false
	keep(2)
	s.get(high+"/verifiering/BEH-01").wants(200, "Uppfyllt")
	s.get("/").wants(200).lacks("Svar att se över")
	agreement.Until = "2026-11-01"
	keep(3)
	s.get(high+"/verifiering/BEH-01").wants(200, "Se över")
}

// Tenders are for the named buyers alone: the way to suppliers' answers does not
// lead to them, whoever may answer.
func TestSuppliersRoomHoldsNoTenders(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	tender := s.procured(base) // maria is the only buyer
	check(t, s.people(ulla, "systemagare"))
	for _, who := range []engine.Person{maria, ulla} {
		s.config.Demo = who.ID
		s.open()
		for _, path := range []string{"/leverantor", "/leverantor/1.xlsx", "/leverantor/" + tender + "/fil/1", "/leverantor/" + tender + "/fil/1/original"} {
			s.get(base + path).wants(404)
		}
		s.post(base+"/leverantor/"+tender+"/fil/1", url.Values{"version": {"0"}}).wants(404)
	}
}

// A clause of an agreement falls through the platforms and siblings that stand
// on it, and reaches systems that have taken nothing from the agreement itself.
func TestFallsThroughPlatforms(t *testing.T) {
	s := newSite(t)
	low, high := s.onPlatform() // high runs on low, which answers for BEH-01
	unit := s.record(low).System.Unit
	check(t, s.db.SaveShared(t.Context(), maria.ID, unit, []engine.Change{{Key: engine.AgreementKey("avtal1"), Value: marshal(t, engine.Agreement{Title: "Driftavtalet", Supplier: "Driftbolaget AB", Commitments: []engine.Commitment{
		{Requirement: "BEH-01", Answer: "yes", How: "De sköter det.", Clause: "4.1", Strength: "contracted"}, {Requirement: "BEH-04", Answer: "yes", How: "Också det.", Clause: "4.1", Strength: "contracted"}}})}}))
	from := func(kind engine.OfferKind, id string) engine.Response {
		return engine.Response{Value: engine.AnswerYes, Taken: &engine.Taken{Kind: kind, From: id, Answer: engine.AnswerYes, Strength: "contracted"}}
	}
	id := func(base string) string { return strings.TrimPrefix(base, "/klassning/") }
	check(t, s.db.Reopen(t.Context(), maria.ID, id(low), 1, "Ny version."))
	s.answer(low, maria, engine.ResponseKey("BEH-01"), from(engine.FromAgreement, "avtal1"), engine.ResponseKey("BEH-04"), from(engine.FromAgreement, "avtal1"))
	s.answer(high, maria, engine.ResponseKey("BEH-01"), from(engine.FromPlatform, id(low)))
	like := s.began(s.complete("Tvillingen"), shipped().SetHash)
	s.answer(like, maria, engine.ResponseKey("BEH-01"), from(engine.FromSibling, id(high)))
	// A ring among what was taken ends; another requirement, and one's own word, do not hang on it.
	s.answer(low, maria, engine.ResponseKey("BEH-05"), from(engine.FromSibling, id(like)))
	s.answer(high, maria, engine.ResponseKey("BEH-04"), engine.Response{Value: engine.AnswerYes, How: "Själva."})

	got := s.get("/avtal/avtal1?punkt=4.1").wants(200, "Om 4.1 inte längre gäller", "Fyra svar måste ses över i tre system")
	for _, link := range []string{`href="` + like + `/verifiering/BEH-01"`, `href="` + low + `/verifiering/BEH-04"`} {
		if !strings.Contains(got.Body, link) {
			t.Errorf("no %s", link)
		}
	}
	fates := got.text()
	for _, want := range []string{"Plattformen: BEH-01 BEH-04 blir att se över", "Appen: BEH-01 blir att se över", "Tvillingen: BEH-01 blir att se över"} {
		if !strings.Contains(strings.Join(strings.Fields(fates), " "), want) {
			t.Errorf("%q is not told", want)
		}
	}
	got.lacks("godkänts på nytt") // a clause falls for all at once
	s.get("/avtal/avtal1?faller=BEH-04").wants(200, "Ett svar måste ses över i ett system")
	// A platform's own answer is offered as it was approved, until the next approval.
	s.get(low+"/plattform?faller=BEH-01").wants(200, "Två svar måste ses över i två system", "blir att se över när Appen har godkänts på nytt")
	// A common answer is followed the same way.
	s.answer(low, maria, engine.ResponseKey("BEH-01"), from(engine.FromUnit, unit))
	s.get("/gemensamt/"+unit+"/BEH-01?faller=1").wants(200, "Tre svar måste ses över i tre system", "Tvillingen")
}

// marshal is a value as it is stored.
func marshal(t testing.TB, v any) json.RawMessage {
	t.Helper()
	data, err := json.Marshal(v)
	check(t, err)
	return data
}

// A system that has accepted something, and has moved out of the agreement's
// reach, is still told of: its answers are to be gone through.
func TestBeyondTheAgreement(t *testing.T) {
	s := newSite(t)
	base := s.verified(s.filled())
	s.answer(base, maria, engine.ResponseKey("BEH-04"), engine.Response{Value: engine.AnswerYes, Taken: &engine.Taken{Kind: engine.FromAgreement, From: "avtal1", Answer: engine.AnswerYes, Strength: "contracted"}})
	title := s.record(base).System.Title
	s.get("/avtal/avtal1").wants(200, title, "Har godtagit ett svar").lacks("når inte längre")
	_, err := s.db.SaveUnit(context.Background(), "", engine.Unit{ID: "social", Parent: store.TopUnit, Title: "Socialförvaltningen", Kind: engine.Administration})
	check(t, err)
	check(t, s.db.MoveSystem(context.Background(), maria.ID, s.record(base).System.ID, "social", ""))
	s.get("/avtal/avtal1").wants(200, title, "Avtalet når inte längre systemets enhet.")
	s.get("/avtal/avtal1?faller=BEH-04").wants(200, "Ett svar måste ses över i ett system")
	// Who may not read it is told that there is one.
	_, err = s.db.AddAccount(context.Background(), "", engine.Account{Person: engine.Person{ID: "bo", Name: "Bo Ek"}, Grants: []engine.Grant{{Unit: "trafik", Role: "systemagare"}}})
	check(t, err)
	s.as(engine.Person{ID: "bo", Name: "Bo Ek"})
	s.get("/avtal/avtal1").wants(200, "Ett system som du inte kan läsa använder det").lacks(title)
}

// What was approved counts, whatever has been unticked since: a ring is not made
// by way of a reopened approval, nor by what a new classification starts from.
func TestNoRingAcrossApprovals(t *testing.T) {
	s := newSite(t)
	low, high := s.onPlatform()
	id := func(base string) string { return strings.TrimPrefix(base, "/klassning/") }
	reopen := func(base string, revision int) {
		t.Helper()
		check(t, s.db.Reopen(t.Context(), maria.ID, id(base), revision, "Ny version."))
	}
	s.submit(high+"/kallor", high+"/kallor", "plattform", id(low), "svarar", "BEH-01").wants(303)
	s.answer(high, maria, engine.ResponseKey("BEH-01"), engine.Response{Value: engine.AnswerYes, How: "Så."})
	s.approved(high)
	reopen(high, 1)
	form := s.get(high + "/kallor").form(high + "/kallor")
	form.Del("plattform")
	s.post(high+"/kallor", form).wants(303)
	reopen(low, 1)
	if s.record(high).Has(engine.SourceKey(engine.FromPlatform, id(low))) {
		t.Fatal("the platform is still ticked")
	}
	s.submit(low+"/kallor", low+"/kallor", "plattform", id(high)).wants(422, "i en ring: Plattformen, Appen, Plattformen")
	// Approved anew without the platform there is no ring any more.
	s.approved(high)
	s.submit(low+"/kallor", low+"/kallor", "plattform", id(high)).wants(303)
	s.approved(low)

	// An older classification ran on what now runs on the system: a new one does not.
	old := s.record(high)
	_, err := s.db.Begin(t.Context(), maria.ID, engine.Classification{ID: "aldre", SystemID: old.System.ID, Type: "B", CatalogHash: old.Classification.CatalogHash}, []engine.Change{{Key: engine.SourceKey(engine.FromPlatform, id(low)), Value: json.RawMessage("true")}})
	check(t, err)
	older := "/klassning/aldre"
	for key, a := range old.Answers {
		if kind, _, _ := strings.Cut(key, "/"); (kind == "fact" || kind == "information" || kind == engine.KeyStop) && a.Given() {
			_, err := s.db.SaveAnswers(t.Context(), maria.ID, "aldre", "", []engine.Change{{Key: key, Value: a.Value}})
			check(t, err)
		}
	}
	s.approved(older)
	at := "/system/" + old.System.ID + "/b-klassning"
	got := s.submit(at, at, "fran", "aldre")
	got.wants(303)
	s.get(got.Header.Get("Location")).wants(200, "Plattformen följde inte med som plattform")
	base, _, _ := strings.Cut(got.Header.Get("Location"), "/kallor")
	if rec := s.record(base); rec.Has(engine.SourceKey(engine.FromPlatform, id(low))) || len(rec.Answers) < 5 {
		t.Errorf("a ring was begun: %v of %d answers", rec.Sources(engine.FromPlatform), len(rec.Answers))
	}
}

// What an agreement promises is shown as the strictest of its systems words it,
// and what none of it meets is told with in how many systems.
func TestAgreementSpeaksOfItsSystems(t *testing.T) {
	s := newSite(t)
	low := s.began(s.complete("Arkivet"), shipped().SetHash)
	unit := s.record(low).System.Unit
	check(t, s.db.SaveShared(t.Context(), maria.ID, unit, []engine.Change{{Key: engine.AgreementKey("avtal1"), Value: marshal(t, engine.Agreement{Title: "Driftavtalet", Supplier: "Driftbolaget AB", Commitments: []engine.Commitment{
		{Requirement: "BKP-01", Answer: "yes", How: "De kopierar.", Clause: "4.1", Strength: "contracted"}}})}}))
	ask := func() string { return strings.Join(strings.Fields(s.get("/avtal/avtal1").wants(200).text()), " ") }
	lowest := shipped().Requirement("BKP-01")
	if got := ask(); !strings.Contains(got, lowest.Fill(lowest.Title, 0)) || !strings.Contains(got, "Inget system använder avtalet än") {
		t.Errorf("without systems: %s", got[:min(len(got), 800)])
	}
	high := s.began(s.system("Appen", engine.InformationKey(1), engine.Information{Type: "Journaler", Levels: levels(3, 3, 3), Justification: "Skadar."}, engine.FactKey("drift"), "egen", engine.FactKey("lagrum"), []string{"csl"}), shipped().SetHash)
	for _, base := range []string{low, high} {
		s.answer(base, maria, engine.SourceKey(engine.FromAgreement, "avtal1"), true)
	}
	strict := lowest.Fill(lowest.Title, 3)
	if strict == lowest.Fill(lowest.Title, 0) {
		t.Fatal("the level decides nothing")
	}
	got := ask()
	if !strings.Contains(got, strict) || !strings.Contains(got, "Det strängaste visas, det gäller i 1 av 2 system") || strings.Contains(got, "Inget system använder") {
		t.Errorf("with systems: %s", got[:min(len(got), 900)])
	}
	s.get("/gemensamt?visa=alla&omrade=BKP&enhet="+unit).wants(200, strict, "Det strängaste visas")
	s.get("/gemensamt/"+unit+"/BKP-01").wants(200, strict)

	// BKP-02 asks something of the supplier of both, until one of them answers.
	if !strings.Contains(got, "Säger inget om") {
		t.Fatal("nothing is missing")
	}
	asks := func(want string) {
		t.Helper()
		if list := s.get("/avtal/avtal1").Body; !regexp.MustCompile(`BEH-02</span> [^<]*(<mark>[^<]*</mark>[^<]*)*</a>, i ` + want + `</li>`).MatchString(list) {
			t.Errorf("BEH-02 is not missing in %s", want)
		}
	}
	asks("två system")
	s.answer(high, maria, engine.ResponseKey("BEH-02"), engine.Response{Value: engine.AnswerYes, How: "Så."})
	asks("ett system")
	s.answer(low, maria, engine.ResponseKey("BEH-02"), engine.Response{Value: engine.AnswerNo})
	asks("ett system")
	s.answer(high, maria, engine.ResponseKey("BEH-02"), engine.Response{Value: engine.AnswerPartly})
	asks("två system")
}

// An agreement's list is narrowed by its figures, one certificate confirms many,
// and what was typed is there after an error and after a conflict.
func TestAgreementList(t *testing.T) {
	s := newSite(t)
	unit := s.record(s.filled()).System.Unit
	made := s.submit("/avtal", "/avtal", "ur", "sta", "enhet", unit)
	made.wants(303)
	at, _, _ := strings.Cut(made.Header.Get("Location"), "?")
	rows := func(query string) []string {
		t.Helper()
		var out []string
		for _, m := range regexp.MustCompile(`<article class="ans" id="([^"]+)"`).FindAllStringSubmatch(s.get(at+query).wants(200).Body, -1) {
			out = append(out, m[1])
		}
		return out
	}
	all := rows("")
	if len(all) < 40 {
		t.Fatalf("%d to confirm", len(all))
	}
	stale := s.get(at)
	tick := func(fields url.Values, more ...string) answered {
		for i := 0; i < len(more); i += 2 {
			fields.Set(more[i], more[i+1])
		}
		return s.post(at, fields)
	}
	form := stale.form(at, "gor", "flera", "roll", "Systemägare")
	form["vald"] = []string{"FYS-01", "BEH-02"}
	bad := tick(form, "punkt-FYS-01", "Bilaga 4", "punkt-BEH-02", "", "bevis", strings.Repeat("x", 201), "datum", "2099-01-01", "till", "2020-01-01", "lank", "javascript:x")
	bad.wants(422, "BEH-02: skriv vilken punkt", "Korta namnet på beviset", "Skriv dagen då beviset gällde", "Skriv en dag som inte har varit", "Skriv hela adressen")
	for _, kept := range []string{`value="Bilaga 4"`, `value="FYS-01" checked`, `value="2020-01-01" aria-invalid="true" aria-describedby="till-flera-fel"`, `value="javascript:x"`} {
		if !strings.Contains(bad.Body, kept) {
			t.Errorf("%s is not kept", kept)
		}
	}
	wellFormed(t, at, bad)
	got := tick(form, "punkt", "Bilaga 10", "bevis", "Intyg", "datum", "2026-11-01", "till", "2026-12-31", "lank", "https://diarium.example/1")
	got.wants(303)
	s.get(got.Header.Get("Location")).wants(200, "Två åtaganden är bekräftade")
	if now := rows(""); len(now) != len(all)-2 {
		t.Errorf("%d are left to confirm of %d", len(now), len(all))
	}
	if now := rows("?visa=utgar"); len(now) != 2 || now[0] != "BEH-02" || now[1] != "FYS-01" {
		t.Errorf("expiring: %v", now)
	}
	s.get(at+"?visa=utgar").wants(200, "Går ut 31 dec", "Bevis: Intyg, 1 nov.", "Inte godtaget i något system", "Bekräftat av systemägare 23 nov").lacks("2026-11-23")
	// A renewal of one of them, from an old look: a conflict that keeps what was typed.
	one := at + "/FYS-01"
	old := s.get(at + "?visa=alla")
	s.post(one, old.form(one, "roll", "Systemägare", "punkt", "Bilaga 5")).wants(303)
	again := s.post(one, old.form(one, "roll", "Systemförvaltare", "punkt", "Bilaga 6", "bevis", "Protokoll", "datum", "2026-11-02"))
	again.wants(409, "efter att du öppnade sidan")
	if !strings.Contains(again.Body, `value="Bilaga 6"`) || !strings.Contains(again.Body, `value="Protokoll"`) {
		t.Error("what was typed is lost in the conflict")
	}
	s.post(one, again.form(one)).wants(303)
	s.get(at+"?visa=alla").wants(200, "Bilaga 6", "Bevis: Protokoll, 2 nov.")
	// It no longer holds, and does again.
	fall := s.post(one, s.get(at+"?visa=alla").form(one, "gor", "fall", "varfor", strings.Repeat("x", 501)))
	fall.wants(422, "i högst 500 tecken")
	got = s.post(one, s.get(at+"?visa=alla").form(one, "gor", "fall", "varfor", "Uppsagt."))
	s.get(got.Header.Get("Location")).wants(200, "Åtagandet är markerat: det gäller inte längre", "Uppsagt.")
	if now := rows("?visa=bort"); len(now) != 1 || now[0] != "FYS-01" {
		t.Errorf("no longer in force: %v", now)
	}
	s.submit(at, at, "namn", "x", "leverantor", strings.Repeat("x", 201), "diarienummer", strings.Repeat("x", 101), "not", strings.Repeat("x", 2001)).wants(422, "leverantör, i högst 200", "Korta diarienumret", "högst 2000 tecken")
}

// Many requirements are added to an agreement of one's own in one save, all or
// nothing, and what was typed is there after an error and a conflict.
func TestAgreementsAdditions(t *testing.T) {
	s := newSite(t)
	unit := s.record(s.filled()).System.Unit
	s.submit("/avtal", "/avtal", "ur", "eget", "namn", strings.Repeat("x", 201), "leverantor", strings.Repeat("y", 201), "enhet", unit).wants(422, "Korta namnet till högst 200", "Korta leverantörens namn")
	made := s.submit("/avtal", "/avtal", "ur", "eget", "namn", "Driftavtalet", "leverantor", "Driftbolaget AB", "enhet", unit)
	made.wants(303)
	s.get(made.Header.Get("Location")).wants(200, "Lägg till det avtalet ger", "Inga åtaganden än").lacks("ett i taget")
	at, _, _ := strings.Cut(made.Header.Get("Location"), "?")
	to := at + "/tillagg"
	s.get(to+"?q=flerfaktor&krav=FYS-01").wants(200, "BEH-04", "FYS-01").lacks("BKP-02")
	if list := s.get(to + "?q=flerfaktor&krav=FYS-01").Body; !strings.Contains(list, `value="FYS-01" checked`) {
		t.Error("what was ticked is lost in the search")
	}
	s.get(to+"?steg=svar").wants(200, "Kryssa i minst ett krav")
	page := s.get(to+"?steg=svar&krav=FYS-01&krav=BEH-04").wants(200, "Lägg till två åtaganden")
	bad := s.post(to, page.form(to, "svar-FYS-01", "yes", "hur-FYS-01", "De låser.", "punkt-FYS-01", strings.Repeat("x", 201), "kvar-BEH-04", strings.Repeat("x", 1001)))
	bad.wants(422, "BEH-04: välj om avtalet ger", "BEH-04: skriv vad avtalet ger", "FYS-01: korta punkten", "BEH-04: korta texten", "De låser.")
	if !strings.Contains(bad.Body, `name="svar-FYS-01" value="yes" checked`) || !strings.Contains(bad.Body, `aria-describedby="hur-BEH-04-fel"`) {
		t.Error("what was typed is lost, or the error is not by its field")
	}
	wellFormed(t, to, bad)
	s.get(at).wants(200, "Inga åtaganden än")
	form := bad.form(to, "punkt-FYS-01", "4.1", "svar-BEH-04", "partly", "hur-BEH-04", "Ja.", "kvar-BEH-04", "Slå på.")
	got := s.post(to, form)
	got.wants(303)
	s.get(got.Header.Get("Location")).wants(200, "Två åtaganden är tillagda", "De låser.", "Kvar att göra: Slå på.", "4.1")

	// Somebody else has saved meanwhile: told, and all is still there.
	page = s.get(to + "?steg=svar&krav=BEH-02").wants(200)
	s.submit(at, at, "namn", "Driftavtalet 2", "leverantor", "Driftbolaget AB").wants(303)
	late := s.post(to, page.form(to, "svar-BEH-02", "yes", "hur-BEH-02", "Egna konton."))
	late.wants(409, "efter att du öppnade sidan", "Egna konton.")
	s.post(to, late.form(to)).wants(303)
	s.get(at).wants(200, "BEH-02")
	// A catalogue's agreement says itself what it gives.
	sta := s.submit("/avtal", "/avtal", "ur", "sta", "enhet", unit)
	other, _, _ := strings.Cut(sta.Header.Get("Location"), "?")
	s.get(other + "/tillagg").wants(404)
}
