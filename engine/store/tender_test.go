package store

import (
	"errors"
	"strings"
	"testing"

	"github.com/kravverk/kravverk/engine"
)

func publish(t testing.TB, s *Store, id string, number int) engine.Publication {
	t.Helper()
	p, err := s.Publish(ctx, anna.ID, engine.Publication{Classification: id, Number: number, Note: "Svar på frågor.", ExportID: "e", File: []byte{0, 'x', byte(number)},
		Procurement: engine.Procurement{Deadline: "2027-01-31T23:59", Buyers: []string{bo.ID}}, Rows: []engine.Row{{ID: "BEH-01", Type: engine.Shall, Text: "Så."}}})
	check(t, err)
	return p
}

func receive(t testing.TB, s *Store, id, tenderer, content string) engine.Tender {
	t.Helper()
	x, err := s.ReceiveTender(ctx, bo.ID, id, tenderer, engine.TenderFile{Name: "anbud.xlsx", Content: []byte(content)})
	check(t, err)
	return x
}

// A procurement from the first version to the award, and nothing after it.
func TestProcurement(t *testing.T) {
	s, id := fresh(t)
	_, err := s.Publish(ctx, anna.ID, engine.Publication{Classification: "none", Number: 1, File: []byte("x")})
	wantErr(t, err, engine.ErrNotFound)
	p := publish(t, s, id, 1)
	if p.By != anna || p.At.IsZero() || len(p.SHA256) != 64 {
		t.Fatalf("published: %+v", p)
	}
	_, err = s.Publish(ctx, anna.ID, engine.Publication{Classification: id, Number: 1, File: []byte("y")})
	wantErr(t, err, engine.ErrChanged)
	publish(t, s, id, 2)
	list, err := s.Publications(ctx, id)
	check(t, err)
	if len(list) != 2 || list[1].Number != 2 || len(list[0].File) != 0 || list[0].Rows[0].Text != "Så." || list[0].Procurement.Buyers[0] != bo.ID || list[0].Note != "Svar på frågor." {
		t.Fatalf("versions: %+v", list)
	}
	one, err := s.Publication(ctx, id, 1)
	check(t, err)
	if string(one.File) != "\x00x\x01" || one.SHA256 != p.SHA256 {
		t.Errorf("file %q", one.File)
	}
	_, err = s.Publication(ctx, id, 3)
	wantErr(t, err, engine.ErrNotFound)

	a, b := receive(t, s, id, "Bolaget AB", "en fil"), receive(t, s, id, "Firman HB", "en annan")
	if a.ID == b.ID || a.Files[0].Size != 6 || len(a.Files[0].Content) > 0 || a.By != bo {
		t.Fatalf("received: %+v", a)
	}
	if again := receive(t, s, id, "Bolaget AB", "en fil"); again.ID != a.ID || len(again.Files) != 1 {
		t.Errorf("the same file is kept twice: %+v", again)
	}
	if more := receive(t, s, id, "Bolaget AB", "rättad"); more.ID != a.ID || len(more.Files) != 2 || more.Files[1].N != 2 {
		t.Errorf("a second file: %+v", more)
	}
	f, err := s.TenderFile(ctx, a.ID, 2)
	check(t, err)
	if string(f.Content) != "rättad" {
		t.Errorf("file %q", f.Content)
	}
	_, err = s.TenderFile(ctx, a.ID, 3)
	wantErr(t, err, engine.ErrNotFound)

	claims := map[string]engine.Claim{"BEH-01": {Answer: engine.AnswerYes, Written: "Ja", Notes: []string{"n"}}}
	check(t, s.ReadTender(ctx, bo.ID, a.ID, 0, 2, 2, claims))
	check(t, s.ReadTender(ctx, bo.ID, a.ID, 0, 2, 2, claims)) // the same again
	wantErr(t, s.ReadTender(ctx, bo.ID, a.ID, 0, 2, 2, nil), engine.ErrChanged)
	wantErr(t, s.ReadTender(ctx, bo.ID, a.ID, 1, 2, 3, claims), engine.ErrNotFound) // no such file of it
	wantErr(t, s.ReadTender(ctx, bo.ID, "none", 0, 2, 1, claims), engine.ErrNotFound)

	judge := func(version int, answer string) error {
		return s.SaveJudgments(ctx, bo.ID, a.ID, []engine.Judgment{{Row: "BEH-01", Answer: answer, Note: "Bilagan saknas.", Version: version}})
	}
	check(t, judge(0, engine.AnswerNo))
	check(t, judge(0, engine.AnswerNo)) // says the same
	wantErr(t, judge(0, engine.AnswerYes), engine.ErrChanged)
	check(t, judge(1, engine.AnswerYes))

	e, err := s.Evaluation(ctx, id)
	check(t, err)
	if len(e.Tenders) != 2 || e.Tenders[0].Publication != 2 || e.Tenders[0].File != 2 || e.Tenders[1].File != 0 || e.Tenders[0].Claims["BEH-01"].Written != "Ja" || len(e.Judgments) != 1 || e.Judgments[0].Version != 2 || e.Judgments[0].By != bo || e.Award != nil {
		t.Fatalf("evaluation: %+v", e)
	}
	wantErr(t, s.Award(ctx, bo.ID, a.ID, e.State()-1, "Högst poäng."), engine.ErrChanged)
	check(t, s.Award(ctx, bo.ID, a.ID, e.State(), "Högst poäng."))
	if e, err = s.Evaluation(ctx, id); err != nil || e.Award == nil || e.Award.Tender != a.ID || e.Award.By != bo || e.Award.Reason != "Högst poäng." {
		t.Fatalf("award: %+v, %v", e.Award, err)
	}
	wantErr(t, s.Award(ctx, bo.ID, b.ID, e.State(), "Ändrat mig."), engine.ErrAwarded)
	if rec, err := s.Classification(ctx, id); err != nil || !rec.Awarded {
		t.Errorf("the record does not tell: %v", err)
	}
	wantErr(t, judge(2, engine.AnswerNo), engine.ErrAwarded)
	wantErr(t, s.ReadTender(ctx, bo.ID, a.ID, 1, 2, 1, claims), engine.ErrAwarded)
	_, err = s.ReceiveTender(ctx, bo.ID, id, "Sent AB", engine.TenderFile{Name: "x", Content: []byte("x")})
	wantErr(t, err, engine.ErrAwarded)
	_, err = s.Publish(ctx, anna.ID, engine.Publication{Classification: id, Number: 3, File: []byte("z")})
	wantErr(t, err, engine.ErrAwarded)
	_, err = s.SaveAnswers(ctx, anna.ID, id, "", answers(engine.TailorKey("BEH-01"), `{"left_out":true}`))
	wantErr(t, err, engine.ErrAwarded)
	_, err = s.VerifyJournal(ctx)
	check(t, err)
}

// A procurement goes on when the classification is approved and locked; the
// classification does not.
func TestTailoringOfTheApproved(t *testing.T) {
	s, id := fresh(t)
	_, err := s.Propose(ctx, anna.ID, id, 0, decision, frozen, true)
	check(t, err)
	_, err = s.SaveAnswers(ctx, anna.ID, id, "", answers(engine.TailorKey("BEH-01"), `{"left_out":true}`))
	check(t, err)
	_, err = s.SaveAnswers(ctx, anna.ID, id, "", append(answers(engine.TailorKey("BEH-02"), `{}`), answers("fact/a", "true")...))
	wantErr(t, err, engine.ErrLocked)
	_, err = s.SaveAnswers(ctx, anna.ID, id, "", nil)
	wantErr(t, err, engine.ErrLocked)
}

// What has been sent out or received cannot be changed, and not added or
// removed either without the journal telling.
func TestFilesStay(t *testing.T) {
	for name, sql := range map[string]string{
		"a version's file":     `UPDATE publication SET file = x'00'`,
		"a version":            `DELETE FROM publication`,
		"a received file":      `UPDATE tender_file SET content = x'00'`,
		"a received file gone": `DELETE FROM tender_file`,
		"one of one's own":     `INSERT INTO tender_file SELECT tender_id, 2, name, sha256, received_at, received_by, refused, content FROM tender_file`,
		"another and its hash": `UPDATE tender_file SET content = x'', sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'`,
	} {
		t.Run(name, func(t *testing.T) {
			s, id := fresh(t)
			publish(t, s, id, 1)
			receive(t, s, id, "Bolaget AB", "en fil")
			_, err := s.VerifyJournal(ctx)
			check(t, err)
			_, refused := s.writer.ExecContext(ctx, sql)
			if refused != nil && !strings.Contains(refused.Error(), "never") && !strings.Contains(refused.Error(), "as it was received") {
				t.Fatal(refused)
			}
			if refused != nil { // a way around the triggers is known, too
				_, err = s.writer.ExecContext(ctx, `DROP TRIGGER publication_stays; DROP TRIGGER publication_frozen; DROP TRIGGER tender_file_frozen;`+sql)
				check(t, err)
			}
			if _, err = s.VerifyJournal(ctx); !errors.Is(err, ErrJournal) || !strings.Contains(err.Error(), "Fil ") {
				t.Errorf("verified: %v", err)
			}
		})
	}
	s, id := fresh(t)
	publish(t, s, id, 1)
	receive(t, s, id, "Bolaget AB", "en fil")
	check(t, s.ErasePayloads(ctx, anna.ID, id))
	_, err := s.VerifyJournal(ctx)
	check(t, err)
}
