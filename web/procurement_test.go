package web_test

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/workbook"
)

// procured sees to that a classification has a procurement whose time is over,
// with Maria to open its one tender, and gives the tender's id.
func (s *site) procured(base string) string {
	s.t.Helper()
	ctx, id := context.Background(), s.record(base).Classification.ID
	e, err := s.db.Evaluation(ctx, id)
	check(s.t, err)
	if len(e.Tenders) > 0 {
		return e.Tenders[0].ID
	}
	settled := engine.Procurement{Deadline: "2026-11-20T12:00", Buyers: []string{maria.ID}}
	s.answer(base, maria, engine.KeyProcurement, settled,
		engine.TailorKey("EGEN-1"), engine.Tailoring{Area: "BEH", Title: "Svenska", Text: "Support ska ges på svenska.", Obligation: "shall", Reason: "Användarna talar svenska."})
	file := []byte(s.get(base + "/kravbilaga.xlsx").Body)
	_, err = s.db.Publish(ctx, maria.ID, engine.Publication{Classification: id, Number: 1, Procurement: settled, File: file, Rows: []engine.Row{
		{ID: "BEH-01", Area: "Behörighet", Title: "En lydelse", Text: "Leverantören ska göra något.", Type: engine.Shall},
		{ID: "BEH-04", Area: "Behörighet", Title: "En annan", Text: "Leverantören bör göra något.", Type: engine.Should, Weight: 5, Partly: 2},
		{ID: "EGEN-9", Area: "Behörighet", Title: "En tredje", Text: "Finns inte i filen.", Type: engine.Terms},
	}})
	check(s.t, err)
	t, err := s.db.ReceiveTender(ctx, maria.ID, id, "Bolaget AB", engine.TenderFile{Name: "anbud å.xlsx", Content: file})
	check(s.t, err)
	return t.ID
}

// settledSystem is a system whose every question is answered, so that its list
// is no draft.
func (s *site) settledSystem() string {
	s.t.Helper()
	base := s.system("Felanmälan",
		engine.InformationKey(1), engine.Information{Type: "Ärenden", Levels: levels(2, 2, 2), Justification: "Vanliga ärenden."}, engine.FactKey("lagrum"), []string{"csl"}, engine.FactKey("drift"), "moln")
	for range 60 {
		got := s.get(base + "/fraga?hoppa=nivaer,lagrum")
		forms := s.offered(base + "/fraga?hoppa=nivaer,lagrum")
		action := ""
		for _, f := range forms {
			if strings.HasPrefix(f, base+"/fragor/") {
				action = f
			}
		}
		if action == "" {
			break
		}
		form := got.form(action)
		var picked string
		for _, n := range find(got.doc(), "input") {
			if v := attr(n, "value"); attr(n, "name") == "svar" && v != "vet_ej" && (picked == "" || v == "false" || v == "inget") {
				picked = v
			}
		}
		form["svar"] = []string{picked}
		s.post(action, form).wants(303)
	}
	s.get(base+"/kravbilaga").wants(200, "Kravlistan är komplett")
	return base
}

// upload posts a file as a browser does.
func (s *site) upload(action, tenderer, name string, data []byte) answered {
	s.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	check(s.t, m.WriteField("anbudsgivare", tenderer))
	if name != "" {
		w, err := m.CreateFormFile("fil", name)
		check(s.t, err)
		_, err = w.Write(data)
		check(s.t, err)
	}
	check(s.t, m.Close())
	r := request(http.MethodPost, action, &b)
	r.Header.Set("Content-Type", m.FormDataContentType())
	return s.do(r)
}

// replied fills in a kravbilaga: the answer to each row by its id, "Ja" or what
// its type takes where none is given.
func replied(t testing.TB, data []byte, answers map[string]string) []byte {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(data))
	check(t, err)
	rows, err := f.GetRows("Krav")
	check(t, err)
	for i, r := range rows[1:] {
		answer, given := answers[r[0]]
		if !given {
			answer = map[string]string{"Villkor": "Accepteras"}[r[3]]
			if answer == "" {
				answer = "Ja"
			}
		}
		for column, text := range map[int]string{9: answer, 10: "Leverantör", 11: "Så gör vi.", 12: "Bilaga " + r[0]} {
			at, _ := excelize.CoordinatesToCellName(column, i+2)
			check(t, f.SetCellStr("Krav", at, text))
		}
	}
	var b bytes.Buffer
	_, err = f.WriteTo(&b)
	check(t, err)
	return b.Bytes()
}

// sheets is a workbook's text, without the hidden sheets.
func sheets(t testing.TB, data string) string {
	t.Helper()
	f, err := excelize.OpenReader(strings.NewReader(data))
	check(t, err)
	var b strings.Builder
	for _, name := range f.GetSheetList() {
		if visible, _ := f.GetSheetVisible(name); !visible {
			continue
		}
		rows, err := f.GetRows(name)
		check(t, err)
		b.WriteString("== " + name + "\n")
		for _, r := range rows {
			b.WriteString(strings.Join(r, "\t") + "\n")
		}
	}
	return b.String()
}

// firstRows is the ids of the first two mandatory rows of a kravbilaga.
func firstRows(t testing.TB, data string) (one, two string) {
	t.Helper()
	f, err := excelize.OpenReader(strings.NewReader(data))
	check(t, err)
	rows, err := f.GetRows("Krav")
	check(t, err)
	var out []string
	for _, r := range rows {
		if r[3] == "Ska" {
			out = append(out, r[0])
		}
	}
	if len(out) < 2 {
		t.Fatalf("the list has only the mandatory rows %q", out)
	}
	return out[0], out[1]
}

// A row is changed, the reason stays inside, and what the engine found is kept.
func TestTailor(t *testing.T) {
	s := newSite(t)
	base := s.settledSystem()
	list := base + "/anpassa"
	s.get(list).wants(200, "Är kraven proportionerliga?", "Lägg till ett eget krav", "ISO/IEC 27001")
	shall, should := firstRows(t, s.get(base+"/kravbilaga.xlsx").wants(200).Body)
	row := list + "/" + shall
	for name, x := range map[string]struct {
		fields []string
		says   string
	}{
		"no reason":        {[]string{"utelamna", "ja"}, "Skriv varför"},
		"nothing":          {[]string{"skal", "Därför."}, "Inget skiljer sig"},
		"no points":        {[]string{"typ", "should", "skal", "Därför."}, "hur många poäng Ja ger"},
		"too many":         {[]string{"typ", "should", "poang", "101", "skal", "Därför."}, "1 till 100"},
		"partly is more":   {[]string{"typ", "should", "poang", "5", "delvis", "6", "skal", "Därför."}, "0 till 5"},
		"no text":          {[]string{"text", "", "skal", "Därför."}, "kryssa i Utelämna"},
		"no such place":    {[]string{"skal", "Därför.", "efter", "XXX-99"}, "Välj en rad"},
		"a type of no own": {[]string{"typ", "kanske", "skal", "Därför."}, "Välj en typ"},
	} {
		got := s.submit(row, row, x.fields...)
		if got.Code != 422 || !strings.Contains(got.text(), x.says) {
			t.Errorf("%s: %d, %s", name, got.Code, got.text())
		}
		wellFormed(t, name, got)
	}
	// The word follows the type: the page suggests it, and the person decides.
	got := s.submit(row, row, "typ", "should", "poang", "5", "delvis", "2", "skal", "Marknaden är liten.")
	got.wants(422, "Lydelsen säger inte bör")
	form := got.form(row)
	if text := form.Get("text"); !strings.Contains(text, " bör ") || strings.Contains(text, " ska ") {
		t.Errorf("suggests %q", text)
	}
	s.post(row, form).wants(303)
	s.post(row, form).wants(303) // twice is once
	s.get(list).wants(200, "Bör i stället för ska", "Marknaden är liten.")
	s.get(row).wants(200, "Så här ger kravlistan raden", "Marknaden är liten.")
	own := list + "/EGEN-1"
	s.submit(own, own, "omrade", "BEH", "typ", "shall", "rubrik", "Svenska", "text", "Support ska ges på svenska.", "skal", "Handläggarna.").wants(303)
	other := list + "/" + should
	s.submit(other, other, "utelamna", "ja", "skal", "Ger för lite.").wants(303)

	requirements, justification := sheets(t, s.get(base+"/kravbilaga.xlsx").Body), sheets(t, s.get(base+"/motivering.xlsx").Body)
	for _, want := range []string{"EGEN-1\t", "Support ska ges på svenska."} {
		if !strings.Contains(requirements, want) {
			t.Errorf("the kravbilaga lacks %q", want)
		}
	}
	if strings.Contains(requirements, "Marknaden är liten") || strings.Contains(requirements, "\n"+should+"\t") {
		t.Error("the kravbilaga tells the reason, or has the row that is left out")
	}
	for _, want := range []string{"Marknaden är liten.", "Bör i stället för ska", "Utelämnat", "Ger för lite."} {
		if !strings.Contains(justification, want) {
			t.Errorf("the motivering lacks %q", want)
		}
	}

	// Somebody else was first: both are shown, and saving again decides.
	form = s.get(row).form(row, "poang", "7", "skal", "Min tanke.")
	s.answer(base, johan, engine.TailorKey(shall), engine.Tailoring{LeftOut: true, Reason: "Johans tanke."})
	got = s.post(row, form)
	got.wants(409, "Johan Berg", "Johans tanke.", "Min tanke.")
	wellFormed(t, "conflict", got)
	s.post(row, got.form(row)).wants(303)
	if v := s.value(base, engine.TailorKey(shall)); !strings.Contains(v, "Min tanke.") {
		t.Errorf("stored %s", v)
	}
	// The classification changes before anything is sent out: what it does is told.
	s.get(list).wants(200).lacks("Ändrat sedan")
	s.answer(base, maria, engine.InformationKey(1), engine.Information{Type: "Ärenden", Levels: levels(0, 0, 0), Justification: "Inget särskilt."})
	s.get(list).wants(200, "Ändrat sedan ni senast anpassade", "Borttaget", "Vilar: kravet är inte med i listan längre")
	s.answer(base, maria, engine.InformationKey(1), engine.Information{Type: "Ärenden", Levels: levels(2, 2, 2), Justification: "Vanliga ärenden."})
	s.get(list).wants(200).lacks("Ändrat sedan", "Vilar:")
	s.get(base+"/historik").wants(200, "npassning av "+shall, "Min tanke.")
	s.submit(row, row, "gor", "tillbaka").wants(303)
	if got := sheets(t, s.get(base+"/kravbilaga.xlsx").Body); strings.Contains(got, shall+"\t") != true {
		t.Error("the row did not come back")
	}
}

// From a list to a winner, with two tenderers, by the named buyers and after the
// deadline only.
func TestProcurement(t *testing.T) {
	s := newSite(t)
	base := s.settledSystem()
	export := base + "/kravbilaga"
	upphandlare := engine.Person{ID: "ulla", Name: "Ulla Ek"}
	check(t, s.people(upphandlare, "upphandlare"))

	shall, should := firstRows(t, s.get(base+"/kravbilaga.xlsx").wants(200).Body)
	points := base + "/anpassa/" + should
	s.submit(points, points, "typ", "should", "poang", "5", "delvis", "2", "text", "Leverantören bör göra det här.", "skal", "Få på marknaden klarar det.").wants(303)

	// Nothing can be sent out before it is settled, and no deadline that is past.
	s.submit(export, export).wants(422, "Bestäm sista dag", "")
	s.submit(export, base+"/upphandling", "dag", "2026-11-01").wants(422, "efter nu")
	s.submit(export, base+"/upphandling", "dag", "snart").wants(422, "år-månad-dag")
	s.submit(export, base+"/upphandling", "dag", "2026-11-23", "tid", "kvart").wants(422, "timme:minut")
	s.submit(export, base+"/upphandling", "dag", "2026-11-23", "tid", "12:00").wants(303)
	s.submit(export, export).wants(422, "Utse den som ska öppna")
	s.submit(export, base+"/upphandling", "diarienummer", "KS 2026/7", "upphandlare", "ulla").wants(303)
	form := s.get(export).form(export)
	s.post(export, form).wants(303)
	s.post(export, form).wants(409, "redan fastställd")
	first := []byte(s.get(export + "/1.xlsx").wants(200).Body)
	if report, err := workbook.Inspect(first); err != nil || !report.Untouched() {
		t.Fatal(err, report.Changes)
	}
	if text := sheets(t, string(first)); !strings.Contains(text, "23 november 2026 klockan 12.00") || !strings.Contains(text, "version 1") {
		t.Error("the file does not tell the deadline and the version")
	}
	s.submit(export, export).wants(422, "Inget krav är ändrat")

	// A clarification makes a second version, whose changes tenderers see.
	row := base + "/anpassa/" + shall
	s.submit(row, row, "text", "Leverantören ska göra på ett tydligare sätt.", "skal", "Fråga 3.").wants(303)
	s.get(base+"/anpassa").wants(200, "Ändrat sedan version 1", "En rad är ny, ändrad eller borttagen", "på ett tydligare sätt")
	s.submit(export, export, "not", "Efter fråga 3.").wants(303)
	second := []byte(s.get(export + "/2.xlsx").wants(200).Body)
	if text := sheets(t, string(second)); !strings.Contains(text, "== Ändringar") || !strings.Contains(text, "Efter fråga 3.") || strings.Contains(text, "Fråga 3.\t") {
		t.Error("the second version does not tell what it changes")
	}
	s.get(export).wants(200, "Version 2", "Version 1", "Anbuden öppnas tidigast 23 november 2026 klockan 12.00, av Ulla Ek")

	// Nobody before the deadline; only the named after it.
	bids := base + "/anbud"
	s.get(bids).wants(403, "Ulla Ek")
	s.as(upphandlare)
	s.get(bids).wants(409, "får inte öppnas än")
	s.upload(bids, "Bolaget AB", "anbud.xlsx", second).wants(409)
	s.later.Store(int64(3 * time.Hour))
	s.as(maria)
	s.get(bids).wants(403)
	s.as(upphandlare)

	s.upload(bids, "", "a.xlsx", second).wants(422, "Skriv anbudsgivarens namn")
	s.upload(bids, "Bolaget AB", "", nil).wants(422, "Välj filen")
	theirs := replied(t, second, map[string]string{should: "Delvis"})
	got := s.upload(bids, "Bolaget AB", `C:\anbud\bolaget å.xlsx`, theirs)
	got.wants(303)
	good := got.Header.Get("Location")
	s.get(good).wants(200, "Läs in Bolaget AB", "Inget är inläst än", "bolaget å.xlsx")
	if e, err := s.db.Evaluation(context.Background(), s.record(base).Classification.ID); err != nil || e.Tenders[0].Version != 0 || len(e.Tenders[0].Claims) != 0 {
		t.Fatalf("something was written before it had been seen: %+v, %v", e, err)
	}
	s.submit(good, good).wants(303)
	s.upload(bids, "Någon Annan AB", "a.xlsx", theirs).wants(422, "redan mottagen från Bolaget AB")

	s.get("/").wants(200, "Anbud att öppna och bedöma", "Felanmälan")

	// The other has answered the first version, and not one mandatory row.
	got = s.upload(bids, "Firman HB", "firman.xlsx", replied(t, first, map[string]string{should: "Ja, kanske"}))
	got.wants(303)
	bad := got.Header.Get("Location")
	s.get(base+"/jamforelse").wants(200, "Firman HB", "är inte inläst")
	s.submit(base+"/jamforelse", base+"/tilldelning", "skal", "Snabbt.").wants(422, "Läs först in Firman HB")
	s.get(bad).wants(200, "Version 1", "Svaret gäller lydelsen i version 1", "finns inte i listan")
	got = s.submit(bad, bad)
	got.wants(422, "Välj vad som ska gälla för "+shall)
	wellFormed(t, bad, got)
	s.submit(bad, bad, "rad-"+shall, "lamna").wants(303)
	// A later file from the same: what differs has to be chosen.
	got = s.upload(bids, "firman hb", "firman-ny.xlsx", replied(t, second, map[string]string{shall: "Nej", should: "Nej"}))
	got.wants(303)
	again := got.Header.Get("Location")
	s.get(again).wants(200, "Ett tidigare inläst svar skiljer sig", "Behåll det som lästes in tidigare")
	s.submit(again, again).wants(422, "Välj vad som ska gälla för "+should)
	s.submit(again, again, "rad-"+should, "ta").wants(303)

	// What cannot be read is kept and told.
	got = s.upload(bids, "Tredje AB", "anbud \"å\".xlsx", []byte("Krav-ID;Svar\nA;Ja\n"))
	got.wants(303)
	s.get(got.Header.Get("Location")).wants(200, "Filen går inte att läsa", "Filen är text")
	original := s.get(got.Header.Get("Location") + "/original")
	if original.Body != "Krav-ID;Svar\nA;Ja\n" || original.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("the file is not as it came: %q", original.Body)
	}
	if d, params, err := mime.ParseMediaType(original.Header.Get("Content-Disposition")); err != nil || d != "attachment" || params["filename"] != `anbud "å".xlsx` {
		t.Errorf("the name is %s, %q, %v", d, params, err)
	}

	// The history tells the named that tenders have come in, and nobody else.
	s.get(base+"/historik").wants(200, "Tog emot ett anbud")
	s.as(maria)
	s.get(base+"/historik").wants(200).lacks("Tog emot", "Läste in", "Bolaget")
	s.as(upphandlare)

	compare := base + "/jamforelse"
	s.get(compare).wants(200, "Firman HB", "Bolaget AB", "Ska-krav och villkor som inte alla uppfyller", "Tredje AB har lämnat en fil som inte går att läsa")
	e, err := s.db.Evaluation(context.Background(), s.record(base).Classification.ID)
	check(t, err)
	var winner, loser engine.Tender
	for _, x := range e.Tenders {
		switch x.Tenderer {
		case "Bolaget AB":
			winner = x
		case "Firman HB":
			loser = x
		}
	}
	award := base + "/tilldelning"
	s.submit(compare, award).wants(422, "Välj ett anbud", "Skriv varför")
	s.submit(compare, award, "anbud", loser.ID, "skal", "Billigast.").wants(422, "Firman HB uppfyller inte "+shall)

	// The assessor's word goes before the claim.
	page := bids + "/" + winner.ID
	form = s.get(page).form(page, "svar-"+shall, "no", "not-"+shall, "Bilagan visar något annat.")
	s.post(page, form).wants(303)
	s.get(compare).wants(200, "Inte uppfyllt", "Bilagan visar något annat.")
	stale := form
	stale.Set("svar-"+shall, "yes")
	s.as(maria)
	s.answer(base, maria, engine.KeyProcurement, engine.Procurement{Deadline: "2026-11-23T12:00", Buyers: []string{"ulla", maria.ID}})
	got = s.post(page, stale)
	got.wants(409, "Ulla Ek", "Bilagan visar något annat.", "Inget är sparat")
	wellFormed(t, page, got)
	s.as(upphandlare)
	s.submit(page, page, "svar-"+shall, "yes", "not-"+shall, "Rättat.").wants(303)

	form = s.get(compare).form(award, "anbud", winner.ID, "skal", "Lägst pris av dem som uppfyller alla ska-krav.")
	s.submit(page, page, "not-"+shall, "Rättat igen.").wants(303)
	s.post(award, form).wants(409, "Något har ändrats")
	form = s.get(compare).form(award, "anbud", winner.ID, "skal", "Lägst pris av dem som uppfyller alla ska-krav.")
	s.post(award, form).wants(303)
	s.post(award, form).wants(303)
	s.get(compare).wants(200, "Utvärderingen är avslutad", "Bolaget AB valdes", "Lägst pris")
	// The winner's answers are offered when the system is verified.
	s.get(base + "/krav/" + shall).wants(200).lacks("anbudet från")
	s.as(maria)
	s.get(base+"/krav/"+shall).wants(200, "nbudet från Bolaget AB, Bilaga "+shall, "Så gör vi.", "Avtalat")
	s.as(upphandlare)
	s.post(page, url.Values{"svar-" + shall: {"no"}, "version-" + shall: {"3"}}).wants(423, "Utvärderingen är avslutad")
	if text := sheets(t, s.get(compare+".xlsx").wants(200).Body); !strings.Contains(text, "Bolaget AB") || !strings.Contains(text, "Rättat igen.") || !strings.Contains(text, "19 kap. 3 §") {
		t.Error("the comparison as a workbook lacks something")
	}
	_, err = s.db.VerifyJournal(context.Background())
	check(t, err)
}

func BenchmarkComparison(b *testing.B) {
	s := newSite(b)
	base := s.system("Felanmälan")
	ctx, id := context.Background(), s.record(base).Classification.ID
	settled := engine.Procurement{Deadline: "2026-11-20T12:00", Buyers: []string{maria.ID}}
	s.answer(base, maria, engine.KeyProcurement, settled)
	var rows []engine.Row
	claims := map[string]engine.Claim{}
	for i := range 300 {
		row := engine.Row{ID: fmt.Sprintf("BEH-%d", i), Area: "Behörighet", Title: "Ett krav", Text: "Leverantören ska göra det här.", Type: engine.Shall}
		rows = append(rows, row)
		claims[row.ID] = engine.Claim{Answer: engine.AnswerYes, Written: "Ja", Description: "Så gör vi."}
	}
	_, err := s.db.Publish(ctx, maria.ID, engine.Publication{Classification: id, Number: 1, Procurement: settled, File: []byte("x"), Rows: rows})
	check(b, err)
	for i := range 5 {
		t, err := s.db.ReceiveTender(ctx, maria.ID, id, fmt.Sprintf("Bolaget %d AB", i), engine.TenderFile{Name: "a.xlsx", Content: []byte{byte(i)}})
		check(b, err)
		check(b, s.db.ReadTender(ctx, maria.ID, t.ID, 0, 1, 1, claims))
	}
	b.ReportAllocs()
	for b.Loop() {
		s.get(base+"/jamforelse").wants(200, "Bolaget 4 AB")
	}
}
