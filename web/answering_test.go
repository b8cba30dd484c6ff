package web_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kravverk/kravverk/engine"
)

// links makes a link to a round, as the page does, and gives its path.
func (s *site) links(base, round string, fields ...string) string {
	s.t.Helper()
	room := base + "/leverantor"
	got := s.submit(room, room+"/"+round+"/lank", append([]string{"kontakt", "It-avdelningen, 040-10 00 00"}, fields...)...)
	got.wants(200, "Länken visas bara nu", "Gäller till och med")
	link := regexp.MustCompile(`/svar/[a-z2-7]{26,}`).FindString(got.Body)
	if link == "" {
		s.t.Fatalf("no link in\n%s", got.text())
	}
	s.open() // the limit begins anew
	return link
}

// answers fills in the page of a link and presses one of its buttons.
func (s *site) answers(link, press string, fields ...string) answered {
	s.t.Helper()
	return s.post(link, s.get(link).wants(200).form(link, append([]string{"gor", press}, fields...)...))
}

// A supplier answers a round on a page: a draft is nobody's but its own, what is
// handed in is an offer, and a contradiction, as if a file had been read.
func TestAnsweringByLink(t *testing.T) {
	s := newSite(t)
	base := s.began(s.complete("Arkivet"), shipped().SetHash)
	room := base + "/leverantor"
	s.asksSupplier(base, "Driftbolaget AB", "not", "Svara om driften.")
	rows := s.roundRows(base, 1)
	one, two, three := rows[0].ID, rows[1].ID, rows[2].ID
	s.answer(base, maria, engine.ResponseKey(one), engine.Response{Value: engine.AnswerYes, How: "Så tror vi."})
	at := room + "/1/lank"
	s.submit(room, at, "kontakt", "").wants(422, "Skriv vem leverantören kan fråga")
	s.submit(room, at, "till", "2026-11-22").wants(422, "Välj en sista dag")
	s.submit(room, at, "till", "2027-02-22").wants(422, "till och med 21 februari 2027")
	link := s.links(base, "1")
	if s.get(room).wants(200, "Länken gäller till och med 23 december 2026. Inte öppnad än."); strings.Contains(s.get(room).Body, strings.TrimPrefix(link, "/svar/")) {
		t.Error("the link is shown again")
	}

	page := s.get(link).wants(200, "Svara om Arkivet", "Driftbolaget AB, omgång 1", "Svara om driften.", "23 december 2026", "It-avdelningen, 040-10 00 00", rows[0].Text, "Visas genom:")
	wellFormed(t, link, page)
	s.answers(link, "skicka").wants(422, "Svara på minst en rad")
	s.answers(link, "spara", "svar-"+one, "kanske").wants(422, "Välj ett av svaren")
	s.answers(link, "spara", "hur-"+one, strings.Repeat("å", 2001)).wants(422, "högst 2000 tecken")
	s.answers(link, "spara", "svar-"+one, "no", "hur-"+one, "Det görs inte.", "svar-"+two, "partly", "bevis-"+two, "Saknas").wants(303)
	s.get(link).wants(200, "2 av", "inte inskickat", "Det görs inte.")
	if e, err := s.db.Evaluation(context.Background(), s.record(base).Classification.ID); err != nil || len(e.Tenders) != 0 {
		t.Fatalf("a draft is an answer: %+v, %v", e, err)
	}
	s.get(room).wants(200, "Utkast sparat", "Väntar på svar").lacks("Det görs inte.")

	s.open()
	sent := s.answers(link, "skicka", "svar-"+three, "yes", "bevis-"+three, "SOC 2, 2026-03-01", "ansvar-"+three, "Underleverantör", "svar-HITTEPA", "yes")
	sent.wants(303)
	s.get(sent.Header.Get("Location")).wants(200, "Tack, svaren är inskickade")
	x := s.tender(base)
	if x.Tenderer != "Driftbolaget AB" || x.Publication != 1 || len(x.Claims) != 3 || x.Claims[one].Written != "Nej" || x.Claims[three].By != "Underleverantör" {
		t.Fatalf("%+v", x)
	}
	s.get(room).wants(200, "3 av", "Inskickat i dag", "3 med svar")
	s.get(base+"/verifiering?visa=krockar").wants(200, "Leverantören svarar annat", one)
	s.get(base+"/verifiering/"+two).wants(200, "Driftbolaget AB", "Leverantörens ord, utan underlag")
	s.get(base+"/verifiering/"+three).wants(200, "Driftbolaget AB", "SOC 2, 2026-03-01", "Leverantörens ord, med angivet underlag")

	// Each use is told, and by whom, without a person.
	told := s.get(base+"/historik").wants(200, "Leverantören", "Öppnade sin länk: Driftbolaget AB, omgång 1", "Sparade ett utkast: Driftbolaget AB, omgång 1", "Skickade in svar: Driftbolaget AB, omgång 1", "Skapade en länk för en leverantör att svara med: Driftbolaget AB, omgång 1")
	if strings.Contains(told.Body, strings.TrimPrefix(link, "/svar/")) {
		t.Error("the link is in the history")
	}
	s.get("/").wants(200, "Leverantören skickade in svar om")

	// An approved classification is closed: what was answered is shown, and no more taken.
	s.open()
	form := s.get(link).form(link, "gor", "skicka", "svar-"+one, "yes")
	s.approved(base)
	s.get(link).wants(200, "Det går inte att ändra svaren just nu").lacks("Skicka in")
	s.post(link, form).wants(423, "Det går inte att ändra svaren just nu")
	if now := s.tender(base); now.Version != x.Version {
		t.Errorf("%+v", now)
	}
}

// Two at the supplier, and a page and a file: nothing takes the place of anything
// before somebody has seen both.
func TestAnsweringConflicts(t *testing.T) {
	s := newSite(t)
	base := s.began(s.complete("Arkivet"), shipped().SetHash)
	sent := s.asksSupplier(base, "Driftbolaget AB")
	rows := s.roundRows(base, 1)
	one, two := rows[0].ID, rows[1].ID
	link := s.links(base, "1")

	old := s.get(link)
	s.answers(link, "spara", "svar-"+one, "yes", "hur-"+one, "Den ena.").wants(303)
	mine := old.form(link, "gor", "spara", "svar-"+one, "no", "hur-"+one, "Den andra.")
	clash := s.post(link, mine).wants(409, "Någon annan hos er har sparat", "Den ena.", "Den andra.")
	if s.get(link).wants(200, "Den ena."); !strings.Contains(clash.Body, "Den andra.</textarea>") {
		t.Error("what was written is lost")
	}
	same := s.get(link).form(link, "gor", "spara")
	s.post(link, same).wants(303) // the same twice is no conflict
	s.post(link, same).wants(303)
	s.post(link, clash.form(link, "gor", "spara")).wants(303)
	s.get(link).wants(200, "Den andra.")

	// A file that is read in between, and says something else.
	s.open()
	before := s.get(link).form(link, "gor", "skicka", "svar-"+two, "yes", "hur-"+two, "På sidan.")
	s.takesIn(base, "Driftbolaget AB", "svar.xlsx", onlyAnswers(t, sent, map[string]string{two: "Nej", rows[2].ID: "Ja"}))
	refused := s.post(link, before).wants(409, "En fil från er har lästs in", "Inget är inskickat", "Står nu: Nej", "På sidan.")
	if c := s.tender(base).Claims; c[two].Answer != engine.AnswerNo || c[rows[2].ID].Answer != engine.AnswerYes {
		t.Fatalf("the page took the file's place: %+v", c)
	}
	s.post(link, refused.form(link, "gor", "skicka")).wants(303)
	c := s.tender(base).Claims
	if c[two].Answer != engine.AnswerYes || c[one].Answer != engine.AnswerNo {
		t.Errorf("%+v", c)
	}
	// And the other way around: whoever reads the file in is asked.
	got := s.upload(base+"/leverantor/fil", "Driftbolaget AB", "senare.xlsx", onlyAnswers(t, sent, map[string]string{two: "Delvis"}))
	got.wants(303)
	s.get(got.Header.Get("Location")).wants(200, "Ett tidigare inläst svar skiljer sig från filens", "Behåll det som lästes in tidigare: Ja. Beskrivning: På sidan.")
	// A draft that is older than what was read says so when it is opened.
	reading := s.takesIn(base, "Driftbolaget AB", "senare.xlsx", onlyAnswers(t, sent, map[string]string{two: "Delvis"}))
	s.get(reading).wants(200)
	s.get(link).wants(200, "En fil från er har lästs in", "Står nu: Delvis")
}

// A link shows its round and nothing else of what the city has.
func TestLinkScope(t *testing.T) {
	s := newSite(t)
	base := s.began(s.complete("Arkivet"), shipped().SetHash)
	other := s.began(s.complete("Hemliga registret"), shipped().SetHash)
	pick := s.get(base + "/leverantor").all("rad")
	ask := func(base, supplier string, ids ...string) {
		form := s.get(base+"/leverantor").form(base+"/leverantor", "leverantor", supplier)
		form["rad"] = ids
		s.post(base+"/leverantor", form).wants(303)
	}
	ask(base, "Driftbolaget AB", pick[0], pick[1])
	ask(base, "Molnet AB", pick[2])
	ask(base, "Driftbolaget AB", pick[3])
	ask(other, "Driftbolaget AB", pick[4])
	s.answer(base, maria, engine.ResponseKey(pick[0]), engine.Response{Value: engine.AnswerNo, How: "Vårt eget hemliga svar.", Comment: "Egen kommentar."})
	molnet := s.links(base, "2")
	s.answers(molnet, "skicka", "svar-"+pick[2], "yes", "hur-"+pick[2], "Molnets svar.").wants(303)
	link := s.links(base, "1")

	for _, signedIn := range []bool{true, false} {
		if !signedIn {
			s.config.Demo = ""
			s.open()
			clear(s.cookies)
		}
		page := s.get(link).wants(200, pick[0], pick[1], "Arkivet")
		page.lacks(pick[2], pick[3], pick[4], "Molnet", "Hemliga registret", "hemliga svar", "Egen kommentar", "Maria", "Konfidentialitet", "Baskatalog", "Historik")
		for _, a := range find(page.doc(), "a") {
			if href := attr(a, "href"); !strings.HasPrefix(href, "#") && href != "/" && href != "/tillganglighet" && href != "/uppgifter" {
				t.Errorf("the page leads to %s", href)
			}
		}
		for header, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex, nofollow, noarchive"} {
			if got := page.Header.Get(header); got != want {
				t.Errorf("%s: %q", header, got)
			}
		}
	}
	// It opens nothing else, and what is posted about other rows is not taken.
	id := s.record(base).Classification.ID
	for _, path := range []string{base + "/leverantor", base + "/leverantor/1.xlsx", base, "/system", link + "/1.xlsx", link + "/..%2f" + id} {
		if got := s.get(path); got.Code == 200 {
			t.Errorf("%s: %d", path, got.Code)
		}
	}
	form := s.get(link).form(link, "gor", "skicka", "svar-"+pick[0], "yes")
	form.Set("svar-"+pick[2], "no")
	form.Set("svar-"+pick[4], "no")
	s.post(link, form).wants(303)
	e, err := s.db.Evaluation(context.Background(), id)
	check(t, err)
	for _, x := range e.Tenders {
		if x.Tenderer == "Driftbolaget AB" && (len(x.Claims) != 1 || x.Claims[pick[0]].Answer != engine.AnswerYes) || x.Tenderer == "Molnet AB" && x.Claims[pick[2]].Answer != engine.AnswerYes {
			t.Errorf("%s: %+v", x.Tenderer, x.Claims)
		}
	}
	if e, err := s.db.Evaluation(context.Background(), s.record(other).Classification.ID); err != nil || len(e.Tenders) != 0 {
		t.Errorf("%+v, %v", e, err)
	}
	if strings.Contains(s.log.String(), strings.TrimPrefix(link, "/svar/")) {
		t.Error("the link is in the log")
	}
}

// Whatever is wrong with a link, the answer is the same; and those who guess are
// held back.
func TestLinksThatOpenNothing(t *testing.T) {
	s := newSite(t)
	base := s.began(s.complete("Arkivet"), shipped().SetHash)
	s.asksSupplier(base, "Driftbolaget AB")
	s.asksSupplier(base, "Molnet AB")
	room := base + "/leverantor"
	replaced := s.links(base, "1")
	revoked := s.links(base, "1")
	s.submit(room, room+"/1/lank/stang").wants(303)
	expired := s.links(base, "2", "till", "2026-11-23")
	s.get(expired).wants(200)
	form := s.get(expired).form(expired, "gor", "skicka", "svar-"+s.roundRows(base, 2)[0].ID, "yes")
	s.get(room).wants(200, "Länken gäller inte längre", "Länken gäller till och med 23 november 2026")
	s.later.Store(int64(24 * time.Hour))
	s.open()

	unknown := s.get("/svar/"+strings.Repeat("a", 26)).wants(404, "Länken går inte att använda", "hör av dig till den i kommunen")
	for name, link := range map[string]string{"replaced": replaced, "revoked": revoked, "expired": expired, "cut": revoked[:len(revoked)-1]} {
		if got := s.get(link); got.Code != unknown.Code || got.Body != unknown.Body || got.Header.Get("Referrer-Policy") != "same-origin" || got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("X-Robots-Tag") == "" {
			t.Errorf("%s: %d\n%s\n%v", name, got.Code, got.text(), got.Header)
		}
		if got := s.post(link, form); got.Code != unknown.Code || got.Body != unknown.Body {
			t.Errorf("%s, posted: %d\n%s", name, got.Code, got.text())
		}
	}
	e, err := s.db.Evaluation(context.Background(), s.record(base).Classification.ID)
	check(t, err)
	if len(e.Tenders) != 0 {
		t.Errorf("%+v", e.Tenders)
	}

	for _, method := range []string{http.MethodGet, http.MethodPost} {
		s.open()
		last := 0
		for range 25 {
			r := request(method, "/svar/gissning", strings.NewReader(""))
			last = s.do(r).Code
		}
		if last != http.StatusTooManyRequests {
			t.Errorf("the 25th %s was answered with %d", method, last)
		}
	}
	s.open()
	post := request(http.MethodPost, "/svar/gissning", strings.NewReader(url.Values{}.Encode()))
	post.Header.Set("Sec-Fetch-Site", "cross-site")
	if got := s.do(post); got.Code != 403 {
		t.Errorf("from another site: %d", got.Code)
	}
}
