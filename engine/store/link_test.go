package store

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kravverk/kravverk/engine"
)

// round asks a supplier about rows in the next round.
func round(t testing.TB, s *Store, id string, number int, supplier string, rows ...string) {
	t.Helper()
	p := engine.Publication{Classification: id, Number: number, Procurement: engine.Procurement{To: supplier}, ExportID: "e", File: []byte{byte(number)}}
	for _, row := range rows {
		p.Rows = append(p.Rows, engine.Row{ID: row, Type: engine.Verified})
	}
	_, err := s.Publish(ctx, anna.ID, p)
	check(t, err)
}

func says(answer string) engine.Claim { return engine.Claim{Answer: answer, Written: answer} }

// deeds counts the journal's lines of each kind by the suppliers' links.
func deeds(t testing.TB, s *Store) map[string]int {
	t.Helper()
	list, err := s.Events(ctx, engine.EventFilter{Person: engine.BySupplier}, 0)
	check(t, err)
	n := map[string]int{}
	for _, e := range list {
		n[e.Action]++
	}
	return n
}

// A link from being made to being handed in: drafts have versions and change
// nothing, and only what the round asks for becomes answers.
func TestSupplierLink(t *testing.T) {
	s, id := fresh(t)
	round(t, s, id, 1, "Driftbolaget AB", "A", "B")
	round(t, s, id, 2, "Driftbolaget AB", "C")
	_, err := s.MakeLink(ctx, anna.ID, id, 3, "Anna", s.now().Add(time.Hour))
	wantErr(t, err, engine.ErrNotFound)
	token, err := s.MakeLink(ctx, anna.ID, id, 1, "Anna, 040-1", s.now().Add(time.Hour))
	check(t, err)
	if len(token) < 26 {
		t.Fatalf("%d characters are not 128 bits", len(token))
	}
	var kept string
	check(t, s.reader.QueryRow(`SELECT group_concat(hash || contact) FROM supplier_link`).Scan(&kept))
	if strings.Contains(kept, token) {
		t.Error("the word itself is kept")
	}
	l, err := s.OpenLink(ctx, token)
	check(t, err)
	if l.Classification != id || l.Round != 1 || l.Contact != "Anna, 040-1" || l.Version != 0 || l.By != anna {
		t.Errorf("%+v", l)
	}
	for _, word := range []string{"", token + "x", token[1:], strings.ToUpper(token)} {
		_, err := s.OpenLink(ctx, word)
		wantErr(t, err, engine.ErrNotFound)
		wantErr(t, s.SaveLink(ctx, word, 0, 0, nil, true), engine.ErrNotFound)
	}

	first := map[string]engine.Claim{"A": says(engine.AnswerYes)}
	check(t, s.SaveLink(ctx, token, 0, 0, first, false))
	check(t, s.SaveLink(ctx, token, 0, 0, first, false)) // the same again
	wantErr(t, s.SaveLink(ctx, token, 0, 0, map[string]engine.Claim{"A": says(engine.AnswerNo)}, false), engine.ErrChanged)
	if e, err := s.Evaluation(ctx, id); err != nil || len(e.Tenders) != 0 {
		t.Fatalf("a draft is an answer: %+v, %v", e, err)
	}
	all := map[string]engine.Claim{"A": says(engine.AnswerYes), "B": says(engine.AnswerPartly), "C": says(engine.AnswerYes), "Z": says(engine.AnswerYes)}
	check(t, s.SaveLink(ctx, token, 1, 0, all, true))
	check(t, s.SaveLink(ctx, token, 1, 0, all, true)) // pressed twice
	e, err := s.Evaluation(ctx, id)
	check(t, err)
	x := e.Tenders[0]
	if len(e.Tenders) != 1 || x.Tenderer != "Driftbolaget AB" || x.Version != 1 || x.Publication != 1 || x.File != 0 || len(x.Claims) != 2 || x.Claims["B"].Answer != engine.AnswerPartly {
		t.Fatalf("handed in: %+v", x)
	}
	if got := deeds(t, s); got[linkOpen] != 1 || got[linkSave] != 2 || got[linkHandIn] != 1 || got[tenderRead] != 1 {
		t.Errorf("the journal has %v", got)
	}

	// A file is read meanwhile: neither takes the place of the other unseen.
	receive(t, s, id, "Driftbolaget AB", "en fil")
	check(t, s.ReadTender(ctx, bo.ID, x.ID, 1, 2, 1, map[string]engine.Claim{"A": says(engine.AnswerNo), "C": says(engine.AnswerYes)}))
	again := map[string]engine.Claim{"A": says(engine.AnswerPartly)}
	wantErr(t, s.SaveLink(ctx, token, 2, 1, again, true), engine.ErrChanged)
	if l, err = s.OpenLink(ctx, token); err != nil || l.Version != 2 {
		t.Errorf("half of it was saved: %+v, %v", l, err)
	}
	check(t, s.SaveLink(ctx, token, 2, 2, again, true))
	e, err = s.Evaluation(ctx, id)
	check(t, err)
	if x = e.Tenders[0]; x.Claims["A"].Answer != engine.AnswerPartly || x.Claims["C"].Answer != engine.AnswerYes || len(x.Claims) != 2 {
		t.Errorf("%+v", x.Claims)
	}

	// What is approved is closed.
	_, err = s.Propose(ctx, anna.ID, id, 0, decision, frozen, true)
	check(t, err)
	wantErr(t, s.SaveLink(ctx, token, 3, 3, first, false), engine.ErrLocked)
	_, err = s.VerifyJournal(ctx)
	check(t, err)
}

// A link stops at its time, when it is revoked and when there is another; what
// was written by it stays.
func TestLinkEnds(t *testing.T) {
	s, id := fresh(t)
	at := s.now()
	s.now = func() time.Time { return at }
	round(t, s, id, 1, "Driftbolaget AB", "A")
	make := func() string {
		token, err := s.MakeLink(ctx, anna.ID, id, 1, "Anna", at.Add(time.Hour))
		check(t, err)
		return token
	}
	works := func(token string, want bool) {
		t.Helper()
		_, err := s.OpenLink(ctx, token)
		saved := s.SaveLink(ctx, token, 1, 0, map[string]engine.Claim{"A": says(engine.AnswerYes)}, false)
		if want {
			check(t, err)
			check(t, saved)
		} else {
			wantErr(t, err, engine.ErrNotFound)
			wantErr(t, saved, engine.ErrNotFound)
		}
	}
	wantErr(t, s.RevokeLink(ctx, anna.ID, id, 1), engine.ErrNotFound)
	one := make()
	check(t, s.SaveLink(ctx, one, 0, 0, map[string]engine.Claim{"A": says(engine.AnswerYes)}, false))
	two := make()
	works(one, false)
	works(two, true)
	check(t, s.RevokeLink(ctx, bo.ID, id, 1))
	check(t, s.RevokeLink(ctx, bo.ID, id, 1))
	works(two, false)
	three := make()
	works(three, true)
	at = at.Add(59 * time.Minute)
	works(three, true)
	at = at.Add(time.Minute)
	works(three, false)
	list, err := s.Links(ctx, id)
	check(t, err)
	if len(list) != 1 || list[0].Draft["A"].Answer != engine.AnswerYes || list[0].Open(at) {
		t.Errorf("%+v", list)
	}
	// Opened twice within a minute is one visit; the refused are none.
	if got := deeds(t, s); got[linkOpen] != 3 {
		t.Errorf("the journal has %v", got)
	}
	_, err = s.VerifyJournal(ctx)
	check(t, err)
}

// Neither a restore nor an erasure leaves a way in, or what should be gone: a link
// that was closed after the copy was made is not open again, and drafts and names
// go with the rest.
func TestLinksRestoredAndErased(t *testing.T) {
	s, id := fresh(t)
	round(t, s, id, 1, "Driftbolaget AB", "A")
	token, err := s.MakeLink(ctx, anna.ID, id, 1, "Anna, 040-1", s.now().Add(time.Hour))
	check(t, err)
	check(t, s.SaveLink(ctx, token, 0, 0, map[string]engine.Claim{"A": says("yes")}, false))
	made := backup(t, s)
	to := filepath.Join(t.TempDir(), "ny.db")
	_, err = restore(made.Path, to, false)
	check(t, err)
	n := reopen(t, to)
	_, err = n.OpenLink(ctx, token)
	wantErr(t, err, engine.ErrNotFound)
	links, err := n.Links(ctx, id)
	check(t, err)
	if len(links) != 1 || len(links[0].Draft) != 1 {
		t.Errorf("what the supplier wrote is lost: %+v", links)
	}

	check(t, s.ErasePayloads(ctx, "", id))
	l, err := s.OpenLink(ctx, token)
	check(t, err)
	if len(l.Draft) != 0 || l.Contact != "" {
		t.Errorf("after the erasure: %+v", l)
	}
	wantErr(t, s.SaveLink(ctx, token, 1, 0, map[string]engine.Claim{"A": says("no")}, false), engine.ErrChanged)
	_, err = s.MakeLink(ctx, anna.ID, id, 1, "Anna, 040-1", s.now().Add(time.Hour))
	check(t, err)
	check(t, s.ErasePerson(ctx, "", anna.ID))
	if links, err := s.Links(ctx, id); err != nil || links[0].Contact != "" {
		t.Errorf("%+v %v", links, err)
	}
}
