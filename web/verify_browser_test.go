package web_test

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/kravverk/kravverk/engine"
)

// awarded is a finished A under the system service agreement, sent out,
// answered by one tenderer and awarded.
func (s *site) awarded(title string) (base, row string) {
	s.t.Helper()
	ctx := context.Background()
	base = s.complete(title)
	s.approved(base)
	id := s.record(base).Classification.ID
	settled := engine.Procurement{Deadline: "2026-11-20T12:00", Buyers: []string{maria.ID}}
	s.answer(base, maria, engine.KeyProcurement, settled)
	input, err := s.record(base).Input(shipped())
	check(s.t, err)
	facts, err := engine.NewFacts(shipped(), input)
	check(s.t, err)
	rows := engine.Rows(engine.Derive(facts).Lines("2026-11-23", nil))
	_, err = s.db.Publish(ctx, maria.ID, engine.Publication{Classification: id, Number: 1, Procurement: settled, File: []byte("x"), Rows: rows})
	check(s.t, err)
	t, err := s.db.ReceiveTender(ctx, maria.ID, id, "Nordarkiv AB", engine.TenderFile{Name: "anbud.xlsx", Content: []byte("y")})
	check(s.t, err)
	claims := map[string]engine.Claim{}
	for _, r := range rows {
		claims[r.ID] = engine.Claim{Answer: engine.AnswerYes, Written: "Ja", Description: "Ingår i tjänsten.", Evidence: "Bilaga 3"}
	}
	check(s.t, s.db.ReadTender(ctx, maria.ID, t.ID, 0, 1, 1, claims))
	e, err := s.db.Evaluation(ctx, id)
	check(s.t, err)
	check(s.t, s.db.Award(ctx, maria.ID, t.ID, e.State(), "Bäst."))
	return base, rows[0].ID
}

// An outsourced archive under the agreement, from an awarded A: what the
// agreement and the tender offer is accepted together after a preview, gaps get
// measures and two deviations, the plan goes out and comes back by way of
// LibreOffice, and the approval ends in a protocol. Every page on the way is
// accessible.
func TestVerificationInTheBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a, row := s.awarded("Arkivet")
	b := newTab(t, s)
	b.excuses("status of 422", "status of 409")
	b.open("/avtal")
	b.accessible("avtal, none")
	b.click("input[name=ur][value=sta]")
	b.choose("#enhet", s.record(a).System.Unit)
	b.follow("form[data-dirty] button.btn")
	b.says(".note.ok", "tillagt")
	agreement := b.path()
	b.accessible("an agreement")
	b.click("#FYS-01 summary")
	b.fill("#punkt-FYS-01", "Bilaga 10, 4.1")
	b.choose("#roll-FYS-01", "Systemägare")
	b.follow("#FYS-01 form button.btn")
	b.says("#FYS-01", "Bekräftat i avtalet")

	b.open("/system/" + s.record(a).System.ID)
	b.follow("a[href$='/b-klassning']")
	b.accessible("where a B begins")
	b.follow("form button.btn")
	base := b.path()
	b.says("h1", "Arkivet")
	b.accessible("a B's steps")
	b.open(base + "/verifiering")
	b.accessible("verifiering")
	b.open(base + "/verifiering?omrade=alla")
	b.says("#"+row, "Vinnande anbud")
	b.follow("a[href$='/godta']")
	b.says("main", "Anbudet från Nordarkiv AB")
	b.accessible("the preview")
	b.follow(".bulk button")
	b.says(".note.ok", "godtagna")
	taken := len(s.record(base).Responses())
	if taken < 50 {
		t.Fatalf("%d accepted together", taken)
	}
	t.Logf("%d of %d requirements accepted together, after the preview", taken, taken+strings.Count(string(s.get(base+"/verifiering?visa=obesvarade").Body), `<article class="ans"`))

	// The supplier answers in a file of its own, by way of LibreOffice, and
	// contradicts three of the answers.
	b.open(base + "/leverantor")
	b.accessible("suppliers, none")
	b.fill("#leverantor", "Nordarkiv AB")
	b.click("input[name=vilka][value=alla]")
	b.follow("form[data-dirty] button.btn")
	b.says(".note.ok", "Omgången är klar")
	b.accessible("suppliers")
	asked := b.download("a[href$='/leverantor/1.xlsx']")
	rounds, err := s.db.Publications(context.Background(), s.record(base).Classification.ID)
	check(t, err)
	says, against := map[string]string{}, 0
	for _, r := range rounds[0].Rows {
		says[r.ID] = map[string]string{engine.AnswerYes: "Ja", engine.AnswerPartly: "Delvis", engine.AnswerNo: "Nej"}[s.record(base).Responses()[r.ID].Value]
		if says[r.ID] == "Ja" && against < 3 {
			says[r.ID], against = "Nej", against+1
		}
	}
	b.hand("svar från Nordarkiv.xlsx", saved(t, replied(t, asked, says), "ods", "xlsx"))
	b.follow("form[enctype] button")
	b.says("h1", "Nordarkiv AB")
	b.accessible("a supplier's file as understood")
	b.follow("form[data-dirty] button.btn")
	b.says(".note.ok", "inlästa")
	b.open(base + "/verifiering?visa=krockar")
	if n := evaluate[int](b, "document.querySelectorAll('article.ans').length"); n != 3 {
		t.Errorf("%d contradictions, want 3", n)
	}
	b.says("main", "Leverantören svarar annat")
	b.accessible("what the supplier contradicts")
	b.click("article.ans .offer button.link") // no to one of them, in its place
	b.waits("document.getElementById('live').textContent.includes('avböjt')")
	b.accessible("a contradiction settled in its place")
	b.open(base + "/verifiering?visa=krockar")
	if n := evaluate[int](b, "document.querySelectorAll('article.ans').length"); n != 2 {
		t.Errorf("%d contradictions, want 2", n)
	}

	// What is left, one press each, and one of them with all that can be said.
	rest := s.get(base + "/verifiering?visa=obesvarade")
	for i, m := range regexp.MustCompile(`<article class="ans" id="([^"]+)"`).FindAllStringSubmatch(rest.Body, -1) {
		value := "svara:yes"
		if i < 2 {
			value = "svara:no"
		}
		s.post(base+"/verifiering/"+m[1], rest.form(base+"/verifiering/"+m[1], "gor", value)).wants(303)
	}
	b.open(base + "/verifiering/FYS-01")
	b.accessible("one requirement")
	b.click("input[name=svar][value=compensated]")
	evaluate[bool](b, "(document.querySelector('#hur').value = '') === ''")
	b.follow("form[data-dirty] button.btn")
	b.says(".note.err", "Skriv vilket annat skydd")
	b.accessible("one requirement with something to mend")
	b.open(base + "/kallor")
	b.accessible("where offers come from")

	b.open(base + "/plan")
	b.says("main", "Föreslagna säkerhetsåtgärder")
	b.accessible("a plan, proposed")
	for range 2 {
		b.open(base + "/plan")
		b.follow("#luckor ~ ul a[href*='/avsteg/']")
		b.accessible("a deviation")
		b.fill("#skal", "Byts ut i vår.")
		evaluate[bool](b, "(document.querySelector('#till').value = '2027-06-30') !== ''")
		b.choose("#beslutat", "Systemägare")
		b.follow("form[data-dirty] button.btn")
		b.says(".note.ok", "Avsteget är sparat")
	}
	b.follow("form[action$='/forslag'] button")
	b.says(".note.ok", "tillagda i planen")
	if n := len(s.record(base).Actions()); n < 8 {
		t.Fatalf("%d measures", n)
	}
	b.accessible("a plan")
	b.follow("a[href$='/plan/1']")
	b.accessible("a line of a plan")
	b.open(base + "/plan")
	f, err := excelize.OpenReader(bytes.NewReader(b.download("a[href$='/plan.xlsx']")))
	check(t, err)
	check(t, f.SetCellStr("Handlingsplan", "L2", "Klar"))
	check(t, f.SetCellStr("Handlingsplan", "M2", "Gjort."))
	var filled bytes.Buffer
	check(t, f.Write(&filled))
	back := saved(t, filled.Bytes(), "ods", "xlsx")
	b.click("form[enctype] , details:has(form[enctype]) summary")
	b.hand("plan.xlsx", back)
	b.follow("form[enctype] button")
	b.says("main", "En planpost ändras")
	b.accessible("a plan that came back")
	b.follow("form[action$='/las'] button")
	b.says(".note.ok", "inläst")
	// What is done is not met until somebody has answered anew.
	b.open(base + "/plan")
	b.says("#luckor ~ ul", "Säkerhetsåtgärden är klar")
	for _, id := range s.record(base).Actions()[0].Value.Requirements {
		at := base + "/verifiering/" + id
		s.submit(at, at, "svar", "yes", "hur", "Infört.").wants(303)
	}
	b.open("/planposter")
	b.accessible("my lines")

	for _, step := range []string{"/verifiering", "/plan"} {
		b.open(base + step)
		b.follow("form[action*='/klart/'] button")
	}
	b.open(base + "/godkannande")
	b.accessible("before the approval")
	b.fill("#diarienummer", "TN 2026/2")
	b.follow("form[data-dirty] button.btn:not(.alt)")
	b.open(base + "/revision/1")
	b.says("main", "Verifiering")
	b.says("main", "anbudet från Nordarkiv AB")
	b.says("#underlag ~ dl", "Nordarkiv AB, fil 1")
	b.accessible("the protocol")
	b.open(agreement + "?faller=FYS-01")
	b.says("#faller", "Arkivet")
	b.accessible("what falls")
	b.open(agreement + "/historik")
	b.says("main", "FYS-01: Avtalat, Bilaga 10, 4.1")
	b.accessible("an agreement's history")
	b.open(agreement + "?visa=bekrafta")
	b.click("details.box summary")
	b.follow("button[value=flera]")
	b.says(".note.err", "Välj i vilken roll du bekräftar")
	b.accessible("many commitments, refused")

	// An agreement of one's own: requirements are ticked, and answered together.
	b.open("/avtal")
	b.click("input[name=ur][value=eget]")
	b.choose("#enhet", s.record(a).System.Unit)
	b.fill("#namn", "Driftavtalet")
	b.fill("#leverantor", "Driftbolaget AB")
	b.follow("form[data-dirty] button.btn")
	b.follow("a[href$='/tillagg']")
	b.accessible("requirements to add")
	b.fill("#q", "flerfaktor")
	b.follow(".filters button")
	b.click("input[name=krav][value='BEH-04']")
	b.follow("button[name=steg]")
	b.accessible("requirements to answer")
	b.follow(".bulk button")
	b.says(".note.err", "BEH-04: skriv vad avtalet ger")
	b.accessible("requirements to answer, refused")
	b.click("input[name='svar-BEH-04'][value=yes]")
	b.fill("#hur-BEH-04", "Ingår.")
	b.follow(".bulk button")
	b.says(".note.ok", "Ett åtagande är tillagt")
}

// The pages around a verification: platforms, plans across systems, a unit's own
// texts, and one that leaves its group.
func TestAroundAVerificationInTheBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	low, high := s.onPlatform()
	check(t, s.db.Reopen(context.Background(), maria.ID, s.record(low).Classification.ID, 1, "Ny version."))
	s.submit(high+"/verifiering/BEH-02", high+"/verifiering/BEH-02", "svar", "no", "hur", "Vi delar konton.", "enhetens", s.record(high).System.Unit).wants(303)
	s.answer(high, maria, engine.ActionKey(1), engine.Action{Title: "Ge var och en ett konto", Origin: engine.OfClassification, Requirements: []string{"BEH-02"}, Role: "systemagare", Due: "2026-11-01", Status: engine.Planned, Cost: 9000})
	group, err := s.db.CreateSystem(context.Background(), maria.ID, engine.System{Title: "Kamerorna", Unit: s.record(high).System.Unit, Members: 12}, "A", shipped().SetHash)
	check(t, err)
	b := newTab(t, s)

	// An answer in the list is saved in place: the row and the counts change, focus
	// stays, and a conflict shows both answers.
	b.open(low + "/verifiering?omrade=LOG")
	b.run(chromedp.Evaluate("window.same = true", nil))
	b.click("#LOG-01 button[value='svara:no']")
	b.waits("document.querySelector('#LOG-01 .st').textContent.includes('Lucka')")
	b.waits("document.getElementById('LOG-n').textContent.startsWith('1 av')")
	if !evaluate[bool](b, "window.same === true && document.activeElement === document.querySelector('#LOG-01 h3 a')") {
		t.Error("the page was loaded again, or focus went away")
	}
	b.accessible("the list after an answer")
	if r := s.record(low).Responses()["LOG-01"]; r.Value != engine.AnswerNo {
		t.Errorf("%+v", r)
	}
	b.run(chromedp.KeyEvent(kb.ArrowDown))
	if at := evaluate[string](b, "document.activeElement.value + ' ' + document.activeElement.closest('.ans').id"); at != "svara:no LOG-03" {
		t.Errorf("arrow down goes to %q", at)
	}
	b.run(chromedp.KeyEvent(kb.ArrowUp)) // no unanswered row above: stays
	if at := evaluate[string](b, "document.activeElement.closest('.ans').id"); at != "LOG-03" {
		t.Errorf("arrow up goes to %q", at)
	}
	s.answer(low, johan, engine.ResponseKey("LOG-03"), engine.Response{Value: engine.AnswerYes, How: "Ett år."})
	b.excuses("status of 409")
	b.click("#LOG-03 button[value='svara:no']")
	b.waits("document.querySelector('main h1').textContent.includes('LOG-03')")
	b.says("main", "Ett år.")
	b.accessible("a conflict in the list")

	for path, says := range map[string]string{
		"/": "Plattformar som är klassade för lågt", low + "/plattform?faller=BEH-01": "Om BEH-01 inte längre gäller", low + "/kallor": "Se vad som hänger på det",
		"/avtal": "System som andra körs på", high + "/verifiering/BEH-02": "Det gemensamma svaret", "/gemensamt/" + s.record(high).System.Unit + "/BEH-02": "Vi delar konton.", "/gemensamt": "Utan svar",
		"/planposter?visa=enheten": "9 000 kr", "/system/" + group.System.ID + "/bryt-ut": "skiljer sig", "/system/nytt/uppgifter?omfattas=nej": "Hur långt har systemet kommit?",
	} {
		b.open(path)
		b.says("main", says)
		b.accessible(path)
	}
}
