package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/kravverk/kravverk/engine"
)

// asksSupplier sends the next round, as the form does, and gives its file.
func (s *site) asksSupplier(base, supplier string, fields ...string) []byte {
	s.t.Helper()
	room := base + "/leverantor"
	s.submit(room, room, append([]string{"leverantor", supplier, "vilka", "alla"}, fields...)...).wants(303)
	list, err := s.db.Publications(context.Background(), s.record(base).Classification.ID)
	check(s.t, err)
	x, err := s.db.Publication(context.Background(), s.record(base).Classification.ID, len(list))
	check(s.t, err)
	return x.File
}

// roundRows is the rows of a round.
func (s *site) roundRows(base string, n int) []engine.Row {
	s.t.Helper()
	x, err := s.db.Publication(context.Background(), s.record(base).Classification.ID, n)
	check(s.t, err)
	return x.Rows
}

// takesIn uploads a supplier's file and reads it in, with the file's answer
// wherever there is a choice.
func (s *site) takesIn(base, supplier, name string, data []byte) (reading string) {
	s.t.Helper()
	got := s.upload(base+"/leverantor/fil", supplier, name, data)
	got.wants(303)
	reading = got.Header.Get("Location")
	shown := s.get(reading).wants(200)
	form := shown.form(reading)
	for _, m := range regexp.MustCompile(`name="(rad-[^"]+)" value="ta"`).FindAllStringSubmatch(shown.Body, -1) {
		form.Set(m[1], "ta")
	}
	s.post(reading, form).wants(303)
	return reading
}

// What is approved names the file that was read in, not one that came later, and
// the answers themselves.
func TestSnapshotNamesTheFileThatWasRead(t *testing.T) {
	s := newSite(t)
	base := s.began(s.complete("Arkivet"), shipped().SetHash)
	sent := s.asksSupplier(base, "Driftbolaget AB")
	read := replied(t, sent, nil)
	s.takesIn(base, "Driftbolaget AB", "svar.xlsx", read)
	later := replied(t, sent, map[string]string{s.roundRows(base, 1)[0].ID: "Nej"})
	s.upload(base+"/leverantor/fil", "Driftbolaget AB", "senare.xlsx", later).wants(303)
	tender := s.tender(base)
	if tender.File != 1 || len(tender.Files) != 2 {
		t.Fatalf("file %d of %d", tender.File, len(tender.Files))
	}

	page := s.get(base + "/godta").wants(200)
	form := page.form(base + "/godta")
	form["forslag"] = page.all("forslag")
	s.post(base+"/godta", form).wants(303)
	for _, r := range shipped().Requirements {
		if s.record(base).Responses()[r.ID].Value == "" {
			s.answer(base, maria, engine.ResponseKey(r.ID), engine.Response{Value: engine.AnswerYes, How: "Så gör vi."})
		}
	}
	for _, step := range []string{"facts", "information", "laws", "requirements", "verify", "plan"} {
		s.answer(base, maria, engine.DoneKey(step), true)
	}
	for _, a := range shipped().Areas {
		s.answer(base, maria, engine.ReviewedKey(a.ID), true)
	}
	s.submit(base+"/plan", base+"/forslag").wants(303)
	s.propose(base, "beslut", "Godkänns.").wants(303)
	all, err := s.db.Approvals(context.Background(), s.record(base).Classification.ID)
	check(t, err)
	var frozen engine.Snapshot
	check(t, json.Unmarshal(all[0].Snapshot, &frozen))
	e, err := s.db.Evaluation(context.Background(), s.record(base).Classification.ID)
	check(t, err)
	found := false
	for _, x := range frozen.Sources {
		if x.Kind != engine.FromSupplier {
			continue
		}
		found = true
		if x.Title != "Driftbolaget AB" || x.Revision != 1 || x.SHA256 != tender.Files[0].SHA256 || x.Answers != e.Hash(tender.ID) {
			t.Errorf("%+v", x)
		}
	}
	if !found {
		t.Errorf("no supplier among %+v", frozen.Sources)
	}
	s.get(base+"/revision/1").wants(200, "Driftbolaget AB, fil 1", tender.Files[0].SHA256, e.Hash(tender.ID)).lacks(tender.Files[1].SHA256)
}

// A supplier's round is told of as what it is, on every page that tells what has
// been done, and no kravbilaga is said to have been settled.
func TestRoundsInWords(t *testing.T) {
	s := newSite(t)
	base := s.began(s.complete("Arkivet"), shipped().SetHash)
	room := base + "/leverantor"
	s.get(room).wants(200, "Skapa filen")
	sent := s.asksSupplier(base, "Driftbolaget AB")
	reading := s.takesIn(base, "Driftbolaget AB", "svar.xlsx", replied(t, sent, nil))
	s.get(reading).wants(200, "Omgång 1").lacks("Version 1")
	for path, says := range map[string]string{
		"/": "Maria Lindqvist frågade en leverantör om", "/system/" + s.record(base).System.ID: "Maria Lindqvist frågade en leverantör om",
		base + "/historik": "Frågade en leverantör, omgång 1", "/historik": "Läste in en leverantörs svar", "/administration/personer/" + maria.ID: "Tog emot en fil med en leverantörs svar",
	} {
		s.get(path).wants(200, says).lacks("kravbilagan till Arkivet", "astställde", "anbud")
	}
}

// A file that is not filled in answers nothing, and one that is filled in in part
// says how much of it is.
func TestUnansweredRows(t *testing.T) {
	s := newSite(t)
	base := s.began(s.complete("Arkivet"), shipped().SetHash)
	room := base + "/leverantor"
	sent := s.asksSupplier(base, "Driftbolaget AB")
	rows := s.roundRows(base, 1)
	all := strconv.Itoa(len(rows))
	got := s.upload(room+"/fil", "Driftbolaget AB", "tom.xlsx", sent)
	got.wants(303)
	reading := got.Header.Get("Location")
	s.get(reading).wants(200, "0 av "+all+" rader är besvarade", "Filen är inte ifylld").lacks("tas in som de är", "Läs in svaren")
	s.post(reading, url.Values{"version": {"0"}}).wants(422, "Filen är inte ifylld")
	if x := s.tender(base); x.Version != 0 || len(x.Claims) != 0 {
		t.Fatalf("an empty file was read in: %+v", x)
	}
	s.get(room).wants(200, all+" kvar").lacks("inläst", "besvarade")

	reading = s.takesIn(base, "Driftbolaget AB", "delvis.xlsx", onlyAnswers(t, sent, map[string]string{rows[0].ID: "Ja", rows[1].ID: "Delvis"}))
	s.get(reading).wants(200, "2 av "+all+" rader är besvarade", "är obesvarade")
	s.get(room+"?sparat=inlast&fran="+s.tender(base).ID).wants(200, "Driftbolaget AB: 2 av "+all+" rader är besvarade. Svaren är inlästa och ligger som förslag", "2 med svar, "+strconv.Itoa(len(rows)-2)+" kvar")
}

// onlyAnswers fills in the answers that are given, and nothing else.
func onlyAnswers(t testing.TB, data []byte, answers map[string]string) []byte {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(data))
	check(t, err)
	rows, err := f.GetRows("Krav")
	check(t, err)
	for i, r := range rows[1:] {
		at, _ := excelize.CoordinatesToCellName(9, i+2)
		check(t, f.SetCellStr("Krav", at, answers[r[0]]))
	}
	var b bytes.Buffer
	_, err = f.WriteTo(&b)
	check(t, err)
	return b.Bytes()
}

// Whoever takes one out of a group is told what stays: the plan, and the files
// that suppliers' answers were taken from.
func TestLeavingTellsWhatStays(t *testing.T) {
	s := newSite(t)
	unit := s.record(s.filled()).System.Unit
	rec, err := s.db.CreateSystem(context.Background(), maria.ID, engine.System{Title: "Kameror", Unit: unit, Members: 3}, "B", shipped().SetHash)
	check(t, err)
	base, at := "/klassning/"+rec.Classification.ID, "/system/"+rec.System.ID+"/bryt-ut"
	s.answer(base, maria, engine.ActionKey(1), engine.Action{Title: "Öva", Origin: engine.OfAudit, Role: "systemagare", Status: engine.Planned, Cost: 40000},
		engine.ResponseKey("BEH-01"), engine.Response{Value: engine.AnswerYes, Taken: &engine.Taken{Kind: engine.FromSupplier, From: "t"}}, engine.DoneKey("verify"), true)
	s.get(at).wants(200, "handlingsplanen med en planpost", "Gruppen har godtagit ett svar från leverantörer")
	got := s.submit(at, at, "namn", "Kamera 7")
	got.wants(303)
	all, err := s.db.Systems(context.Background())
	check(t, err)
	last := all[len(all)-1]
	if last.System.Title != "Kamera 7" || len(last.Actions()) != 0 || last.Has(engine.DoneKey("verify")) || last.Responses()["BEH-01"].Value != engine.AnswerYes {
		t.Errorf("%+v", last.Answers)
	}
}

// Each supplier can be asked about rows of its own, and the page tells whose the
// others are.
func TestRowsForEachSupplier(t *testing.T) {
	s := newSite(t)
	base := s.began(s.complete("Arkivet"), shipped().SetHash)
	room := base + "/leverantor"
	ids := s.get(room).wants(200).all("rad")
	if len(ids) < 10 {
		t.Fatalf("%d rows to choose among", len(ids))
	}
	post := func(supplier string, rows ...string) answered {
		form := s.get(room).form(room, "leverantor", supplier)
		form["rad"] = rows
		return s.post(room, form)
	}
	post("Driftbolaget AB", ids[3], ids[1]).wants(303)
	post("Molnet AB", ids[5]).wants(303)
	post("Molnet AB", "HITTEPA-1").wants(422, "Inga rader blir kvar")
	got := ""
	for n := 1; n <= 2; n++ {
		for _, r := range s.roundRows(base, n) {
			got += strconv.Itoa(n) + r.ID + " "
		}
	}
	if want := "1" + ids[1] + " 1" + ids[3] + " 2" + ids[5] + " "; got != want {
		t.Errorf("asked about %s, want %s", got, want)
	}
	page := s.get(room)
	page.wants(200, "2 rader i frågan: 0 med svar, 2 kvar", "1 rad i frågan: 0 med svar, 1 kvar")
	for _, tag := range []struct {
		says string
		n    int
	}{{`<span class="tag">Driftbolaget AB, omgång 1</span>`, 2}, {`<span class="tag">Molnet AB, omgång 2</span>`, 1}} {
		if n := strings.Count(page.Body, tag.says); n != tag.n {
			t.Errorf("%s stands %d times, want %d", tag.says, n, tag.n)
		}
	}
	// One that is answered already can be asked about, when it is ticked; an area
	// and a row together give both.
	s.answer(base, maria, engine.ResponseKey(ids[1]), engine.Response{Value: engine.AnswerYes, How: "Så gör vi."})
	post("Molnet AB", ids[1]).wants(303)
	if rows := s.roundRows(base, 3); len(rows) != 1 || rows[0].ID != ids[1] {
		t.Errorf("%+v", rows)
	}
	s.get(room).wants(200, "Driftbolaget AB, omgång 1; Molnet AB, omgång 3")
	// Refused for its name, with the ticks where they were.
	if left := post("", ids[2]).wants(422, "Skriv leverantörens namn"); strings.Count(left.Body, ` value="`+ids[2]+`" checked`) != 1 {
		t.Error("the tick is lost")
	}
}

// The file of an earlier round comes back when a later has been made and read:
// its answers are taken in, and those of the later stand.
func TestEarlierRoundComesBackLate(t *testing.T) {
	s := newSite(t)
	base := s.began(s.complete("Arkivet"), shipped().SetHash)
	room := base + "/leverantor"
	ids := s.get(room).all("rad")
	ask := func(rows ...string) []byte {
		form := s.get(room).form(room, "leverantor", "Driftbolaget AB")
		form["rad"] = rows
		s.post(room, form).wants(303)
		list, err := s.db.Publications(context.Background(), s.record(base).Classification.ID)
		check(t, err)
		return []byte(s.get(room + "/" + strconv.Itoa(len(list)) + ".xlsx").wants(200).Body)
	}
	first, second := ask(ids[0], ids[1]), ask(ids[2])
	s.takesIn(base, "Driftbolaget AB", "andra.xlsx", onlyAnswers(t, second, map[string]string{ids[2]: "Ja"}))
	late := s.takesIn(base, "Driftbolaget AB", "forsta.xlsx", onlyAnswers(t, first, map[string]string{ids[0]: "Nej", ids[1]: "Delvis"}))
	s.get(late).wants(200, "Svarar påOmgång 1", "2 av 2 rader är besvarade").lacks("borttaget", "Rader som inte är våra")
	x := s.tender(base)
	if x.File != 2 || x.Publication != 1 || len(x.Claims) != 3 || x.Claims[ids[0]].Answer != engine.AnswerNo || x.Claims[ids[2]].Answer != engine.AnswerYes {
		t.Errorf("%+v", x)
	}
	s.get(room).wants(200, "3 rader i frågan: 3 med svar, 0 kvar", "3 av 3 rader är besvarade")
}
