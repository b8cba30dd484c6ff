package web_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/certificate"
	"github.com/kravverk/kravverk/engine/store"
	"github.com/kravverk/kravverk/web"
)

var ulla = engine.Person{ID: "ulla", Name: "Ulla Strand"} // who approves

// complete is a classification where nothing is missing.
func (s *site) complete(title string, more ...any) string {
	s.t.Helper()
	pairs := []any{
		engine.InformationKey(1), engine.Information{Type: "arendehandlingar", Levels: map[string]int{"K": 1}, Justification: "Bara öppna ärenden.", DecidedBy: "Systemägare"},
		engine.KeyRaise, map[string]any{"T": 2, "reason": "Många är beroende av det.", "decided_by": "Systemägare"},
		engine.FactKey("lagrum"), []string{"csl"},
	}
	for _, f := range shipped().Facts {
		switch {
		case f.IsDerived():
		case f.ID == "kamerabevakning":
			pairs = append(pairs, engine.FactKey(f.ID), engine.VetEj)
		case f.ID == "drift":
			pairs = append(pairs, engine.FactKey(f.ID), "sta")
		case f.ID == "cyberfysiskt":
			pairs = append(pairs, engine.FactKey(f.ID), true)
		case f.Type == catalog.Bool:
			pairs = append(pairs, engine.FactKey(f.ID), false)
		case f.Type == catalog.Choice:
			pairs = append(pairs, engine.FactKey(f.ID), f.Options[0].ID)
		default:
			pairs = append(pairs, engine.FactKey(f.ID), []string{})
		}
	}
	for _, a := range shipped().Areas {
		pairs = append(pairs, engine.ReviewedKey(a.ID), true)
	}
	for _, step := range []string{"facts", "information", "laws", "requirements", "export"} {
		pairs = append(pairs, engine.DoneKey(step), true)
	}
	return s.system(title, append(pairs, more...)...)
}

// approvedOnce gives a classification a first revision, approved and reopened.
func (s *site) approvedOnce(base string) {
	s.t.Helper()
	s.approved(base)
	check(s.t, s.db.Reopen(context.Background(), maria.ID, s.record(base).Classification.ID, 1, "Nytt avtal."))
}

// approved gives a classification a first revision that stands.
func (s *site) approved(base string) {
	s.t.Helper()
	rec := s.record(base)
	input, err := rec.Input(shipped())
	check(s.t, err)
	facts, err := engine.NewFacts(shipped(), input)
	check(s.t, err)
	d := engine.Decision{Diary: "TN 2026/1", Text: "Godkänns.", NextReview: "2027-11-24", Participants: []engine.Participant{{Role: "Systemägare"}}}
	derived := engine.Derive(facts)
	snapshot := engine.Freeze(rec, derived, "Trafikkontoret", d)
	if rec.Classification.Type == "B" {
		offers := derived.Inherit("2026-11-23", nil, nil)
		for id, x := range rec.Responses() { // what was accepted stands
			if t := x.Taken; t != nil {
				offers[id] = append(offers[id], engine.Offer{Kind: t.Kind, From: t.From, Prefill: &catalog.Prefill{Answer: t.Answer, How: t.How, Source: t.Source, Strength: t.Strength, Remains: t.Remains, ValidUntil: t.ValidUntil}})
			}
		}
		snapshot.Assessed(derived.Assess(rec, offers, "2026-11-23"), nil)
	}
	_, err = s.db.Propose(context.Background(), maria.ID, rec.Classification.ID, rec.State(), d, snapshot.Encode(), true)
	check(s.t, err)
}

// fourEyes makes the unit ask for two, with ulla as the other.
func (s *site) fourEyes() {
	s.t.Helper()
	_, err := s.db.SaveUnit(context.Background(), "", engine.Unit{ID: "trafik", Parent: store.TopUnit, Title: "Trafikkontoret", Kind: engine.Administration, FourEyes: true})
	check(s.t, err)
	check(s.t, s.people(ulla, "forvaltningschef"))
}

// propose fills in the form on the page and posts it.
func (s *site) propose(base string, fields ...string) answered {
	s.t.Helper()
	form := s.get(base+"/godkannande").form(base+"/godkannande", "fler", "", "diarienummer", "TN 2026/412")
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return s.post(base+"/godkannande", form)
}

func TestApproveAtOnce(t *testing.T) {
	s := newSite(t)
	base := s.complete("Kartan")
	s.get(base).wants(200, "Sju steg", "Klar att lägga fram")
	s.get(base+"/godkannande").wants(200, "Godkänn klassningen", "Svaret är Vet ej: kamerabevakning", "är sänkt från 2 till 1, beslutat av systemägare", "Tillgänglighet är höjd till 2",
		"krav har antagna förslag till svar").lacks("saknas")
	s.propose(base, "beslut", "Godkänns med villkor.").wants(303)
	s.get(base+"/godkannande").wants(200, "Revision 1 är godkänd", "TN 2026/412", "Godkänns med villkor.", "23 nov 2027", "Öppna klassningen igen", "blir revision 2")
	s.get(base).wants(200, "Godkänd 23 nov av Maria Lindqvist. Omprövas senast 23 nov 2027.", "Se protokollet")
	for _, path := range []string{"/fragor", "/information", "/lagrum", "/krav", "/kravbilaga", "/stopp"} {
		s.get(base+path).wants(200, "Godkänd 23 nov av Maria Lindqvist")
	}
	s.get("/system").wants(200, "Godkänd 23 nov, omprövas 23 nov 2027")
	s.post(base+"/fragor/drift", url.Values{"svar": {"egen"}, "version": {"1"}, "nyckel": {"n"}}).wants(423)
	s.later.Store(int64(366 * 24 * time.Hour))
	s.get("/system").wants(200, "Godkänd 23 nov 2026, skulle ha omprövats 23 nov")
	s.get(base+"/godkannande").wants(200, "tiden har gått ut")
}

// All that stands in the way is told, with where to mend it, and refused.
func TestApprovalStops(t *testing.T) {
	s := newSite(t)
	bare := s.system("Tomt")
	got := s.get(bare+"/godkannande").wants(200, "kan ändra kravlistan", "Ingen information är beskriven", "Lagrummen är inte genomgångna", "Steg 6, kravbilaga till upphandlingen, är inte markerat som klart")
	got.lacks("Diarienummer")
	for _, to := range []string{"/information", "/lagrum", "/kravbilaga", "/krav#BEH"} {
		if !strings.Contains(got.Body, `href="`+bare+to+`"`) {
			t.Errorf("no way to %s", to)
		}
	}
	for name, x := range map[string]struct {
		pairs []any
		text  string
	}{
		"a question":  {[]any{engine.FactKey("drift"), nil}, "kan ändra kravlistan"},
		"a level":     {[]any{engine.InformationKey(2), engine.Information{Type: "Driftlarm"}}, "Driftlarm saknar nivå"},
		"the laws":    {[]any{engine.FactKey("lagrum"), nil}, "Lagrummen är inte genomgångna"},
		"an area":     {[]any{engine.ReviewedKey("BEH"), nil}, "är inte genomgånget"},
		"a step":      {[]any{engine.DoneKey("laws"), nil}, "Steg 4, lagrum, är inte markerat som klart"},
		"a delegated": {[]any{engine.DelegateKey("requirement/BEH-04"), engine.Delegation{Person: "johan"}}, "Delegeringen av kravet BEH-04 är inte klar"},
		"to whom":     {[]any{engine.DelegateKey("fact/drift"), engine.Delegation{Role: "systemforvaltare"}}, "Delegeringen av frågan"},
		"the stop":    {[]any{engine.KeyStop, nil}, "Stoppfrågan är inte besvarad"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			base := s.complete("Kartan")
			form := s.get(base+"/godkannande").wants(200).form(base+"/godkannande", "fler", "", "diarienummer", "TN 2026/412", "beslut", "Min text.")
			s.answer(base, johan, x.pairs...)
			s.get(base+"/godkannande").wants(200, x.text)
			s.post(base+"/godkannande", form).wants(422, x.text, "Rätta det som saknas", "Min text.")
			if s.record(base).Approval != nil {
				t.Error("put forward all the same")
			}
		})
	}
	s.answer(bare, maria, engine.KeyPaused, true)
	s.post(bare+"/godkannande", url.Values{"lage": {"1"}}).wants(423)
	s.answer(bare, maria, engine.KeyPaused, nil)
	done := s.complete("Färdigt", engine.DelegateKey("fact/drift"), engine.Delegation{Person: "johan", Done: true})
	s.get(done+"/godkannande").wants(200, "Godkänn klassningen").lacks("Delegeringen")
}

// A mistake in the form is told at its field, and nothing that was typed is lost.
func TestProposalFormErrors(t *testing.T) {
	s := newSite(t)
	base := s.complete("Kartan")
	for name, x := range map[string]struct {
		fields []string
		text   string
	}{
		"no diary number":     {[]string{"diarienummer", ""}, "Skriv ärendets diarienummer"},
		"a long one":          {[]string{"diarienummer", strings.Repeat("å", 101)}, "Korta diarienumret"},
		"no decision":         {[]string{"beslut", ""}, "Skriv vad som beslutas"},
		"a long decision":     {[]string{"beslut", strings.Repeat("å", 4001)}, "Korta beslutet"},
		"no review":           {[]string{"omprovning", ""}, "Skriv när klassningen ska omprövas"},
		"no date":             {[]string{"omprovning", "nästa år"}, "Skriv datumet som år-månad-dag"},
		"today":               {[]string{"omprovning", "2026-11-23"}, "måste ligga efter i dag"},
		"in six years":        {[]string{"omprovning", "2032-11-23"}, "inom fem år"},
		"nobody":              {[]string{"roll-1", "", "person-1", ""}, "Välj minst en roll"},
		"a person alone":      {[]string{"roll-2", "", "person-2", "johan"}, "rad 2 hade"},
		"a role of one's own": {[]string{"roll-2", "Påhittad"}, "rad 2 hade"},
		"a stranger":          {[]string{"roll-2", "Systemägare", "person-2", "nobody"}, "Välj en person i listan på rad 2"},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.propose(base, append([]string{"beslut", "Min långa text."}, x.fields...)...).wants(422, x.text)
			if !strings.HasPrefix(got.title(), "Fel: ") {
				t.Error("the title does not say so")
			}
			form := got.form(base+"/godkannande", "fler", "")
			for i := 0; i < len(x.fields); i += 2 {
				if x.fields[i] == "beslut" && form.Get("beslut") != x.fields[i+1] {
					t.Error("the decision is lost")
				}
			}
			if !slices.Contains(x.fields, "beslut") && form.Get("beslut") != "Min långa text." {
				t.Errorf("the decision is now %q", form.Get("beslut"))
			}
		})
	}
	if s.record(base).Approval != nil {
		t.Fatal("put forward")
	}
	more := s.submit(base+"/godkannande", base+"/godkannande", "beslut", "Kvar.", "fler", "1").wants(200, "rad 4").form(base+"/godkannande", "fler", "")
	if more.Get("beslut") != "Kvar." {
		t.Error("asking for more rows loses the text")
	}
	s.post(base+"/godkannande", url.Values{"lage": {"x"}}).wants(400)
	s.propose(base, "roll-2", "Systemförvaltare", "person-2", "johan", "omprovning", "2031-11-23").wants(303)
	if d := s.record(base).Approval.Decision; !slices.Contains(d.Participants, engine.Participant{Role: "Systemförvaltare", Person: "johan"}) || !slices.Contains(d.Participants, engine.Participant{Role: "Systemägare", Person: "maria"}) {
		t.Errorf("%+v", d.Participants)
	}
}

// Where the unit wants four eyes, the proposer is refused, also when she has
// the role, and told who may.
func TestFourEyes(t *testing.T) {
	s := newSite(t)
	s.fourEyes()
	base := s.complete("Kartan")
	s.get(base+"/godkannande").wants(200, "en annan än den som lägger fram", "Lägg fram för godkännande")
	s.propose(base).wants(303)
	a := s.record(base).Approval
	if !a.Waits() {
		t.Fatal("approved by one")
	}
	s.get(base+"/godkannande").wants(200, "Du har själv lagt fram klassningen", "Ulla Strand").lacks("Godkänn revision")
	s.get(base+"/fragor").wants(200, "Väntar på godkännande. Maria Lindqvist lade fram")
	s.get("/system").wants(200, "Väntar på godkännande")
	post := url.Values{"revision": {"1"}, "underlag": {a.Hash}, "gor": {"godkann"}}
	s.post(base+"/godkannande/beslut", post).wants(403, "Du har själv lagt fram klassningen", "Ulla Strand kan godkänna")
	s.as(johan)
	s.post(base+"/godkannande/beslut", post).wants(403, "Maria Lindqvist", "Ulla Strand")
	s.as(ulla)
	s.post(base+"/godkannande", url.Values{"lage": {"1"}}).wants(403, "kan lägga fram")
	s.get(base+"/godkannande").wants(200, "Framlagd", "Maria Lindqvist", "Godkänn revision 1")
	s.post(base+"/godkannande/beslut", url.Values{"revision": {"1"}, "underlag": {"another"}}).wants(409, "lagts fram på nytt")
	s.post(base+"/godkannande/beslut", url.Values{"revision": {"2"}, "underlag": {a.Hash}}).wants(409)
	s.post(base+"/godkannande/beslut", url.Values{"revision": {"x"}}).wants(400)
	s.submit(base+"/godkannande", base+"/godkannande/beslut").wants(303)
	if a = s.record(base).Approval; !a.Stands() || a.ApprovedBy != ulla {
		t.Errorf("%+v", a)
	}
	s.post(base+"/godkannande/beslut", post).wants(409)
}

// Who may not approve puts it forward for those who may, and a rule of two that
// comes in between holds.
func TestProposeForAnother(t *testing.T) {
	s := newSite(t)
	base := s.complete("Kartan")
	s.as(johan)
	s.propose(base).wants(303)
	s.get(base+"/godkannande").wants(200, "väntar på godkännande", "Maria Lindqvist kan godkänna").lacks("Godkänn revision")
	s.as(maria)
	s.fourEyes()
	s.get(base+"/godkannande").wants(200, "Godkänn revision 1")
	rec := s.record(base)
	check(t, s.db.Return(context.Background(), maria.ID, rec.Classification.ID, 1, "Om igen."))
	_, err := s.db.SaveUnit(context.Background(), "", engine.Unit{ID: "trafik", Parent: store.TopUnit, Title: "Trafikkontoret", Kind: engine.Administration})
	check(t, err)
	s.as(johan)
	s.propose(base).wants(303)
	check(t, s.db.Grant(context.Background(), "", engine.Grant{Person: johan.ID, Unit: "trafik", Role: "systemagare"}))
	s.get(base+"/godkannande").wants(200, "Godkänn revision 1")
	_, err = s.db.SaveUnit(context.Background(), "", engine.Unit{ID: "trafik", Parent: store.TopUnit, Title: "Trafikkontoret", Kind: engine.Administration, FourEyes: true})
	check(t, err)
	s.post(base+"/godkannande/beslut", url.Values{"revision": {"1"}, "underlag": {s.record(base).Approval.Hash}}).wants(403)
}

// Who looks after a system puts it forward, but does not approve.
func TestManagingUnitDoesNotApprove(t *testing.T) {
	s := newSite(t)
	ctx := context.Background()
	_, err := s.db.SaveUnit(ctx, "", engine.Unit{ID: "it", Parent: store.TopUnit, Title: "It-avdelningen", Kind: engine.Administration})
	check(t, err)
	base := s.complete("Kartan")
	check(t, s.db.MoveSystem(ctx, "", s.record(base).System.ID, "trafik", "it"))
	bo := engine.Person{ID: "bo", Name: "Bo Ek"}
	_, err = s.db.AddAccount(ctx, "", engine.Account{Person: bo, Grants: []engine.Grant{{Unit: "it", Role: "systemagare"}}})
	check(t, err)
	s.as(bo)
	s.propose(base).wants(303)
	a := s.record(base).Approval
	if !a.Waits() {
		t.Fatal("approved by who looks after it")
	}
	s.post(base+"/godkannande/beslut", url.Values{"revision": {"1"}, "underlag": {a.Hash}}).wants(403, "Maria Lindqvist")
	s.as(maria)
	s.submit(base+"/godkannande", base+"/godkannande/beslut").wants(303)
	s.as(bo)
	s.post(base+"/godkannande/oppna", url.Values{"revision": {"1"}, "skal": {"x"}}).wants(403)
}

// Somebody saves between the page and the button: nothing is put forward, who
// and what is told, and the form is kept.
func TestProposeAfterAChange(t *testing.T) {
	s := newSite(t)
	base := s.complete("Kartan")
	form := s.get(base+"/godkannande").wants(200).form(base+"/godkannande", "fler", "", "diarienummer", "TN 2026/412", "beslut", "Min text.")
	s.answer(base, johan, engine.FactKey("drift"), "egen")
	got := s.post(base+"/godkannande", form).wants(409, "har ändrats sedan du öppnade sidan", "Johan Berg", "Min text.", "till Egen")
	if s.record(base).Approval != nil {
		t.Fatal("put forward")
	}
	if !strings.HasPrefix(got.title(), "Fel: ") {
		t.Error(got.title())
	}
	again := got.form(base+"/godkannande", "fler", "")
	if again.Get("diarienummer") != "TN 2026/412" || again.Get("lage") == form.Get("lage") {
		t.Errorf("%v", again)
	}
	s.post(base+"/godkannande", again).wants(303)
	s.post(base+"/godkannande", again).wants(303) // twice is once
	if a := s.record(base).Approval; a.Revision != 1 || !a.Stands() {
		t.Errorf("%+v", a)
	}
	// Another's form, typed before it was locked.
	s.as(johan)
	s.post(base+"/godkannande", form).wants(409, "Någon annan hann lägga fram", "Min text.")
}

func TestReturnAndReopen(t *testing.T) {
	s := newSite(t)
	s.fourEyes()
	base := s.complete("Kartan")
	s.propose(base).wants(303)
	s.as(ulla)
	s.post(base+"/godkannande/beslut", s.get(base+"/godkannande").form(base+"/godkannande/beslut", "gor", "aterlamna")).wants(422, "Skriv varför klassningen återlämnas")
	hash := s.record(base).Approval.Hash
	s.post(base+"/godkannande/beslut", url.Values{"revision": {"1"}, "underlag": {hash}, "gor": {"aterlamna"}, "skal": {strings.Repeat("x", 2001)}}).wants(422, "Korta texten", "xxxx")
	s.post(base+"/godkannande/beslut", url.Values{"revision": {"1"}, "underlag": {hash}, "gor": {"aterlamna"}, "skal": {"Nivåerna är för låga."}}).wants(303)
	s.as(maria)
	s.get(base+"/godkannande").wants(200, "Återlämnad", "Ulla Strand", "Nivåerna är för låga.", "Lägg fram för godkännande")
	s.post(base+"/fragor/drift", url.Values{"svar": {"egen"}, "version": {strconv.Itoa(s.record(base).Answers["fact/drift"].Version)}, "nyckel": {"n"}}).wants(303)
	s.propose(base).wants(303)
	s.as(ulla)
	s.get(base+"/godkannande").wants(200, "Godkänn revision 1").lacks("Återlämnad")
	s.submit(base+"/godkannande", base+"/godkannande/beslut").wants(303)
	s.submit(base+"/godkannande", base+"/godkannande/oppna", "skal", "").wants(422, "Skriv varför klassningen öppnas igen")
	s.post(base+"/godkannande/oppna", url.Values{"revision": {"7"}, "skal": {"x"}}).wants(409)
	s.submit(base+"/godkannande", base+"/godkannande/oppna", "skal", "Nytt avtal om driften.").wants(303)
	s.as(maria)
	s.get("/system/"+s.record(base).System.ID).wants(200, "Maria Lindqvist lade fram klassningen av Kartan", "Ulla Strand lämnade tillbaka", "Ulla Strand godkände", "Ulla Strand öppnade igen")
	s.get(base+"/godkannande").wants(200, "Öppnad igen", "Nytt avtal om driften.", "Inget skiljer")
	s.get(base).wants(200, "Revision 1 är öppnad igen").lacks("Se protokollet")
	s.answer(base, maria, engine.FactKey("drift"), "moln")
	s.get(base+"/godkannande").wants(200, "Ändrat sedan revision 1", "Moln")
	s.get(base+"/revision/1").wants(200, "Gäller inte längre", "Nytt avtal om driften.")
}

// What was approved reads the same whatever becomes of the catalogue, the unit,
// the system and the people.
func TestProtocolIsFrozen(t *testing.T) {
	s := newSite(t)
	ctx := context.Background()
	base := s.complete("Kartan")
	s.propose(base, "roll-2", "Systemförvaltare", "person-2", "johan").wants(303)
	page := s.get(base+"/revision/1").wants(200, "Protokoll över informationsklassning", "TN 2026/412", "Trafikkontoret, Exempelstad", "23 november 2026 av Maria Lindqvist", "23 november 2027",
		"Systemägare, Maria Lindqvist", "Systemförvaltare, Johan Berg", "Registrerat av systemägare, 2026-11-23", "K för Ärendehandlingar: från 2 till 1. Bara öppna ärenden.",
		"Många är beroende av det.", "Antaget, inte kontrollerat", "Kan tillkomma", "BEH-01", shipped().Hash, shipped().SetHash, "densamma som när klassningen lades fram").lacks("går inte att lita på")
	file := s.get(base + "/revision/1.json").wants(200)
	sum := sha256.Sum256([]byte(file.Body))
	if hash := hex.EncodeToString(sum[:]); !strings.Contains(page.Body, hash) || s.record(base).Approval.Hash != hash {
		t.Error("the file has another hash than the page tells")
	}
	if got := file.Header.Get("Content-Disposition"); got != `attachment; filename="klassning-kartan-revision-1.json"` {
		t.Error(got)
	}
	if strings.Contains(file.Body, "Lindqvist") {
		t.Error("a name is frozen")
	}

	changed := fstest.MapFS{}
	for name, data := range shipped().Files {
		changed[name] = &fstest.MapFile{Data: bytes.ReplaceAll(data, []byte(`Behörighet`), []byte(`Tillträde`))}
	}
	delete(changed, "releases.toml")
	c, diags := catalog.Load(changed, catalog.Options{Date: "2026-11-23"})
	if c == nil || c.SetHash == shipped().SetHash {
		t.Fatal("no other catalogue", diags.Err())
	}
	s.loaded.Store(&web.Loaded{Catalog: c, At: start, Cases: noCases})
	s.open()
	_, err := s.db.SaveUnit(ctx, "", engine.Unit{ID: "trafik", Parent: store.TopUnit, Title: "Nya kontoret", Kind: engine.Administration})
	check(t, err)
	check(t, s.db.ErasePerson(ctx, "", johan.ID))
	again := s.get(base+"/revision/1").wants(200, "Trafikkontoret, Exempelstad", "Systemförvaltare, namnet är raderat").lacks("Johan Berg", "Nya kontoret")
	main := regexp.MustCompile(`(?s)<main.*</main>`)
	if was, is := strings.ReplaceAll(main.FindString(page.Body), "Johan Berg", "namnet är raderat"), main.FindString(again.Body); was != is {
		t.Error("the protocol reads otherwise with another catalogue in use")
	}
	if s.get(base+"/revision/1.json").Body != file.Body {
		t.Error("the file has changed")
	}
	data := s.get(base + "/revision/1/intyg.json").wants(200)
	cert, err := certificate.Parse([]byte(data.Body))
	check(t, err)
	report, err := certificate.Check(cert)
	check(t, err)
	rules := engine.CertifyRules(shipped())
	if !report.OK() || report.Checked != len(shipped().Requirements) || len(certificate.Compare(&rules, &cert.Catalog)) > 0 {
		t.Errorf("the certificate does not hold: %+v", report)
	}
}

// Whatever does not agree is told loudly.
func TestProtocolTellsOfTampering(t *testing.T) {
	for name, x := range map[string]struct{ sql, text string }{
		"the snapshot": {`UPDATE approval SET snapshot = replace(snapshot, 'Bara öppna ärenden.', 'Ingen fara.')`, "inte den kontrollsumma"},
		"the hash":     {`UPDATE approval SET hash = 'abc'`, "inte den kontrollsumma"},
		"the decision": {`UPDATE approval SET decision = replace(decision, 'TN 2026/412', 'TN 2026/413')`, "Beslutet i databasen"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			base := s.complete("Kartan")
			s.propose(base).wants(303)
			s.get(base + "/revision/1").wants(200).lacks("går inte att lita på")
			s.tamper(x.sql)
			s.get(base+"/revision/1").wants(200, "Protokollet går inte att lita på", x.text).lacks("densamma som när")
		})
	}
	s := newSite(t)
	base := s.complete("Kartan")
	s.propose(base).wants(303)
	s.tamper(`UPDATE approval SET snapshot = '{}'`)
	s.get(base+"/revision/1").wants(500, "Underlaget går inte att läsa")
	s.get(base+"/revision/1/intyg.json").wants(500, "Underlaget går inte att läsa")
	s.get(base+"/revisioner?a=1&b=nu").wants(422, "Välj vilken revision")
}

// tamper changes the database behind the program's back.
func (s *site) tamper(statement string) {
	s.t.Helper()
	db, err := sql.Open("sqlite", s.path)
	check(s.t, err)
	defer db.Close()
	_, err = db.Exec(`DROP TRIGGER IF EXISTS approval_frozen; ` + statement)
	check(s.t, err)
}

func TestRevisionsCompared(t *testing.T) {
	s := newSite(t)
	base := s.complete("Kartan")
	s.get(base+"/revisioner").wants(200, "Inget är framlagt eller godkänt än")
	s.propose(base).wants(303)
	s.submit(base+"/godkannande", base+"/godkannande/oppna", "skal", "Ny drift.").wants(303)
	s.answer(base, maria, engine.FactKey("drift"), "moln", engine.FactKey("lagrum"), []string{}, engine.KeyRaise, nil,
		engine.InformationKey(2), engine.Information{Type: "Läkarintyg", Levels: levels(3, 2, 1), Justification: "Känsligt."})
	s.get(base+"/revisioner?a=1&b=nu").wants(200, "Från revision 1 till nuläget", "Information: Läkarintyg", "Inget svar", "K 3, R 2, T 1. Känsligt.", "Moln", "Lagrum som kryssas i",
		"Konfidentialitet", "3 Allvarlig", "2 Betydande, höjd", "Krav som har kommit till", "Krav som har fallit bort", "Krav med ny lydelse")
	s.get(base+"/revisioner").wants(200, "Öppnad igen", "Ny drift.", "TN 2026/412")
	s.answer(base, maria, engine.FactKey("molnmodell"), "saas")
	for _, f := range shipped().Facts { // what the cloud asks for
		if !f.IsDerived() && s.value(base, engine.FactKey(f.ID)) == "" {
			t.Fatalf("%s is not answered", f.ID)
		}
	}
	s.propose(base, "diarienummer", "TN 2026/500").wants(303)
	s.get(base+"/revisioner").wants(200, "Revision 2", "Ersatt", "Gäller", "TN 2026/500")
	s.get(base+"/revisioner?a=1&b=2").wants(200, "Från revision 1 till revision 2", "Moln")
	s.get(base+"/revisioner?a=2&b=nu").wants(200, "Inget skiljer")
	s.get(base+"/revisioner?a=9&b=").wants(422, "Välj vilken revision", "Välj vad du vill jämföra med")
	s.get(base+"/revision/1").wants(200, "TN 2026/412", "Gäller inte längre")
	s.get(base+"/revision/2").wants(200, "TN 2026/500").lacks("Gäller inte längre")
}

// A revision is nobody's who may not see its classification, under whatever
// address.
func TestRevisionsOfOthers(t *testing.T) {
	s := newSite(t)
	ctx := context.Background()
	_, err := s.db.SaveUnit(ctx, "", engine.Unit{ID: "social", Parent: store.TopUnit, Title: "Socialförvaltningen", Kind: engine.Administration})
	check(t, err)
	secret, own := s.complete("Hemliga registret"), s.complete("Eget")
	s.propose(secret).wants(303)
	check(t, s.db.MoveSystem(ctx, "", s.record(own).System.ID, "social", ""))
	ali := engine.Person{ID: "ali", Name: "Ali Rashid"}
	_, err = s.db.AddAccount(ctx, "", engine.Account{Person: ali, Grants: []engine.Grant{{Unit: "social", Role: "systemagare"}}})
	check(t, err)
	s.as(ali)
	for _, path := range []string{"/godkannande", "/revisioner", "/revision/1", "/revision/1.json", "/revision/1/intyg.json"} {
		s.get(secret+path).wants(404).lacks("Hemliga registret", "TN 2026/412")
	}
	for _, path := range []string{"/godkannande", "/godkannande/beslut", "/godkannande/oppna"} {
		s.post(secret+path, url.Values{"revision": {"1"}, "lage": {"1"}, "skal": {"x"}}).wants(404).lacks("Hemliga registret")
	}
	for _, path := range []string{"/revision/1", "/revision/1.json", "/revision/1/intyg.json", "/revision/0", "/revision/x", "/revision/01"} {
		s.get(own + path).wants(404) // the number is another's
	}
	s.get(own + "/revisioner?a=1&b=nu").wants(422).lacks("TN 2026/412")
	olof := engine.Person{ID: "olof", Name: "Olof Nyman"}
	check(t, s.people(olof, "dataskyddsombud"))
	s.as(olof)
	s.get(secret+"/revision/1").wants(200, "TN 2026/412").lacks("Hämta underlaget")
	s.get(secret + "/revision/1.json").wants(403)
	s.get(secret+"/godkannande").wants(200, "Maria Lindqvist kan godkänna").lacks("Öppna klassningen igen Gör")
}

// Axe on the pages in all their states is in TestAccessible; here is the paper.
func TestApprovalAddresses(t *testing.T) {
	s := newSite(t)
	base := s.complete("Kartan")
	s.approvedOnce(base)
	links := map[string]bool{}
	for _, path := range []string{"/godkannande", "/revisioner", "/revision/1", "/revisioner?a=1&b=nu"} {
		for _, m := range regexp.MustCompile(`href="(/klassning/[^"#]*)"`).FindAllStringSubmatch(s.get(base+path).wants(200).Body, -1) {
			links[strings.ReplaceAll(m[1], "&amp;", "&")] = true
		}
	}
	for _, link := range slices.Sorted(maps.Keys(links)) {
		s.get(link).wants(200)
	}
}
