package web_test

import (
	"testing"

	"github.com/kravverk/kravverk/engine"
)

// A supplier answers by a link, with scripts: what is written is saved and handed
// in, and each page on the way is accessible.
func TestAnsweringInTheBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	base := s.began(s.complete("Arkivet"), shipped().SetHash)
	room := base + "/leverantor"
	form := s.get(room).form(room, "leverantor", "Driftbolaget AB", "not", "Svara om driften.")
	form["rad"] = s.get(room).all("rad")[:4]
	s.post(room, form).wants(303)
	row := s.roundRows(base, 1)[0].ID
	b := newTab(t, s)
	b.excuses("status of 422", "status of 404")
	b.open(room)
	b.click("li details > summary")
	b.accessible("suppliers, with a link to make")
	b.fill("#kontakt-1", "It-avdelningen")
	b.follow("li details form button")
	b.says("h1", "Länk till Driftbolaget AB")
	b.accessible("the link")
	link := evaluate[string](b, "document.querySelector('#lank').value")

	b.open(link)
	b.says("h1", "Svara om Arkivet")
	b.accessible("the supplier's page")
	b.follow("button[value=skicka]")
	b.says(".note.err", "Svara på minst en rad")
	b.accessible("the supplier's page, refused")
	b.click("input[name=svar-" + row + "][value=no]")
	b.fill("#hur-"+row, "Det görs inte.")
	b.follow("button[value=spara]")
	b.says(".note.ok", "Utkastet är sparat")
	b.follow("button[value=skicka]")
	b.says(".note.ok", "Tack, svaren är inskickade")
	b.accessible("the supplier's page, handed in")
	b.open("/svar/gissning")
	b.says("h1", "Länken går inte att använda")
	b.accessible("a link that opens nothing")
	if c := s.tender(base).Claims[row]; c.Answer != engine.AnswerNo || c.Description != "Det görs inte." {
		t.Errorf("%+v", c)
	}
}
