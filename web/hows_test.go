package web_test

import (
	"testing"

	"github.com/kravverk/kravverk/engine"
)

// What a unit answers once is offered in every system below it, and what was
// accepted of it is marked when it changes or goes.
func TestCommonAnswers(t *testing.T) {
	s := newSite(t)
	one := s.verified(s.filled())
	rec := s.record(one)
	unit := rec.System.Unit
	at := "/gemensamt/" + unit + "/STY-02"
	s.get("/gemensamt?enhet="+unit).wants(200, "STY-02", "Utan svar")
	s.submit(at, at, "hur", "").wants(422, "Skriv hur ni gör", "Välj om det uppfyller kravet")
	s.submit(at, at, "hur", "Enligt delegationsordningen.", "svar", "yes").wants(422, "Välj vilken roll som står för svaret")
	s.submit(at, at, "hur", "Enligt delegationsordningen.", "svar", "yes", "roll", "Systemägare", "till", "2020-01-01").wants(422, "Skriv en dag som inte har varit")
	s.submit(at, at, "hur", "Enligt delegationsordningen.", "svar", "yes", "roll", "Systemägare", "kvar", "Kontrollera namnen.").wants(303)
	s.get("/gemensamt?visa=svar&enhet="+unit).wants(200, "Enligt delegationsordningen.", "Ja, antaget")

	// Without evidence it counts as assumed, with it as met.
	row := one + "/verifiering/STY-02"
	s.get(row).wants(200, "Gemensamt svar", "Kontrollera namnen.")
	offer := func() engine.Offer {
		t.Helper()
		list, err := s.db.Shared(t.Context())
		check(t, err)
		org, err := s.db.Organisation(t.Context())
		check(t, err)
		return engine.HowOffers(list, &org, unit)["STY-02"]
	}
	s.submit(row, row, "gor", "godta:"+offer().Taken().Hash()).wants(303)
	s.get(row).wants(200, "Antaget")
	s.submit(at, at, "bevis", "Delegationsordning", "datum", "2026-10-01").wants(303)
	s.get(row).wants(200, "Se över", "Ändrat sedan")
	s.get(at).wants(200, "Svaret har ändrats sedan det godtogs", "bevis: Delegationsordning 2026-10-01")
	s.submit(row, row, "gor", "godta:"+offer().Taken().Hash()).wants(303)
	s.get(row).wants(200, "Uppfyllt")

	// Two at once, and taken away.
	stale := s.get(at)
	s.submit(at, at, "hur", "Enligt beslut.").wants(303)
	s.post(at, stale.form(at, "hur", "Något annat.")).wants(409, "Enligt beslut.", "Något annat.")
	s.submit(at, at, "gor", "ta-bort").wants(303)
	s.get(row).wants(200, "Finns inte längre")
	s.get(at).wants(200, "Svaret togs bort.")
	if r := s.record(one).Responses()["STY-02"]; r.Value != engine.AnswerYes {
		t.Errorf("the answer was taken: %+v", r)
	}

	// From one system's own answer to all of them.
	other := one + "/verifiering/STY-04"
	s.submit(other, other, "svar", "yes", "hur", "", "enhetens", unit).wants(422, "om det ska sparas för fler system")
	s.submit(other, other, "svar", "yes", "hur", "Avsteg beslutas av chefen.", "enhetens", unit).wants(303)
	s.get("/gemensamt/"+unit+"/STY-04").wants(200, "Avsteg beslutas av chefen.")
	s.get("/gemensamt/" + unit + "/XXX-99").wants(404)
	s.get("/gemensamt?enhet=finns-inte").wants(404)
}
