package store

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/kravverk/kravverk/engine"
)

var decision = engine.Decision{Diary: "TN 2026/412", Text: "Godkänns.", NextReview: "2027-03-04", Participants: []engine.Participant{{Role: "Systemägare", Person: anna.ID}}}

var fourEyes = engine.Decision{Diary: "TN 2026/412", Text: "Godkänns.", NextReview: "2027-03-04", FourEyes: true}

var frozen = json.RawMessage(`{"answers":[]}`)

func newest(t testing.TB, s *Store, id string) engine.Approval {
	t.Helper()
	list, err := s.Approvals(ctx, id)
	check(t, err)
	if len(list) == 0 {
		t.Fatal("no revision")
	}
	return list[0]
}

func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func answers(key, value string) []engine.Change {
	return []engine.Change{{Key: key, Value: json.RawMessage(value)}}
}

// A revision from proposal to reopening, and the next.
func TestApproval(t *testing.T) {
	s, id := fresh(t)
	_, err := s.SaveAnswers(ctx, anna.ID, id, "", answers("fact/a", "true"))
	check(t, err)
	a, err := s.Propose(ctx, anna.ID, id, 1, decision, frozen, false)
	check(t, err)
	if a.Revision != 1 || !a.Waits() || a.Stands() || string(a.Snapshot) != string(frozen) || len(a.Hash) != 64 || a.ProposedBy != anna {
		t.Fatalf("proposed: %+v", a)
	}
	_, err = s.SaveAnswers(ctx, anna.ID, id, "", answers("fact/b", "true"))
	wantErr(t, err, engine.ErrLocked)
	_, err = s.Propose(ctx, bo.ID, id, 1, decision, frozen, false)
	wantErr(t, err, engine.ErrLocked)
	wantErr(t, s.Reopen(ctx, bo.ID, id, 1, "För tidigt."), engine.ErrNotFound)
	wantErr(t, s.Approve(ctx, bo.ID, id, 2, a.Hash), engine.ErrNotFound)
	wantErr(t, s.Approve(ctx, bo.ID, "none", 1, a.Hash), engine.ErrNotFound)
	wantErr(t, s.Approve(ctx, bo.ID, id, 1, "another"), engine.ErrChanged)
	check(t, s.Approve(ctx, bo.ID, id, 1, a.Hash))
	if a = newest(t, s, id); !a.Stands() || a.ApprovedBy != bo || a.Decision.Diary != "TN 2026/412" || a.Decision.Participants[0].Person != anna.ID {
		t.Fatalf("approved: %+v", a)
	}
	wantErr(t, s.Approve(ctx, bo.ID, id, 1, a.Hash), engine.ErrNotFound)
	wantErr(t, s.Return(ctx, bo.ID, id, 1, "Ändrade mig."), engine.ErrNotFound)
	_, err = s.SaveAnswers(ctx, anna.ID, id, "", answers("fact/b", "true"))
	wantErr(t, err, engine.ErrLocked)
	check(t, s.Reopen(ctx, bo.ID, id, 1, "Nytt avtal."))
	if a = newest(t, s, id); a.Stands() || a.Waits() || a.Reason != "Nytt avtal." || a.ReopenedBy != bo {
		t.Fatalf("reopened: %+v", a)
	}
	_, err = s.SaveAnswers(ctx, anna.ID, id, "", answers("fact/b", "true"))
	check(t, err)
	_, err = s.Propose(ctx, anna.ID, id, 1, decision, frozen, true)
	wantErr(t, err, engine.ErrChanged)
	a, err = s.Propose(ctx, anna.ID, id, 2, decision, json.RawMessage(`{"answers":[1]}`), true)
	check(t, err)
	if a.Revision != 2 || !a.Stands() || a.ApprovedBy != anna {
		t.Fatalf("the second: %+v", a)
	}
	list, err := s.Approvals(ctx, id)
	check(t, err)
	if len(list) != 2 || list[0].Revision != 2 || string(list[1].Snapshot) != string(frozen) {
		t.Errorf("the first has changed: %+v", list)
	}
	_, err = s.VerifyJournal(ctx)
	check(t, err)
	if _, err := s.Approvals(ctx, "none"); !errors.Is(err, engine.ErrNotFound) {
		t.Error(err)
	}
}

func TestApprovalByTwo(t *testing.T) {
	s, id := fresh(t)
	if _, err := s.Propose(ctx, anna.ID, id, 0, fourEyes, frozen, true); err == nil {
		t.Error("approved at once by one")
	}
	a, err := s.Propose(ctx, anna.ID, id, 0, fourEyes, frozen, false)
	check(t, err)
	wantErr(t, s.Approve(ctx, anna.ID, id, 1, a.Hash), engine.ErrSamePerson)
	check(t, s.Approve(ctx, bo.ID, id, 1, a.Hash))
}

// What is returned leaves its number free, and its reason in the journal.
func TestReturn(t *testing.T) {
	s, id := fresh(t)
	_, err := s.Propose(ctx, anna.ID, id, 0, decision, frozen, false)
	check(t, err)
	check(t, s.Return(ctx, bo.ID, id, 1, "Nivåerna är för låga."))
	_, err = s.SaveAnswers(ctx, anna.ID, id, "", answers("fact/a", "true"))
	check(t, err)
	a, err := s.Propose(ctx, anna.ID, id, 1, decision, json.RawMessage(`{"answers":[2]}`), false)
	check(t, err)
	if a.Revision != 1 {
		t.Errorf("revision %d", a.Revision)
	}
	events, err := s.Events(ctx, engine.EventFilter{Classification: id}, 0)
	check(t, err)
	if !strings.Contains(string(events[2].After), "Nivåerna är för låga.") || events[2].Action != "approval.return" || events[2].By != bo {
		t.Errorf("%+v", events[2])
	}
	_, err = s.VerifyJournal(ctx)
	check(t, err)
}

// Of two who do the same at once, one does it.
func TestApprovalRace(t *testing.T) {
	s, id := fresh(t)
	once := func(name string, want error, do func() error) {
		t.Helper()
		var done, refused int
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				err := do()
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					done++
				case errors.Is(err, want):
					refused++
				default:
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		wg.Wait()
		if done != 1 || refused != 5 {
			t.Errorf("%s: %d did it, %d were refused", name, done, refused)
		}
	}
	once("propose", engine.ErrLocked, func() error {
		_, err := s.Propose(ctx, anna.ID, id, 0, decision, frozen, false)
		return err
	})
	hash := newest(t, s, id).Hash
	once("approve", engine.ErrNotFound, func() error { return s.Approve(ctx, bo.ID, id, 1, hash) })
	once("reopen", engine.ErrNotFound, func() error { return s.Reopen(ctx, bo.ID, id, 1, "Åter.") })
	_, err := s.VerifyJournal(ctx)
	check(t, err)
}

// Nobody changes what has been approved, and who goes past the program is found.
func TestApprovalIsFrozen(t *testing.T) {
	for name, x := range map[string]struct {
		sql    string
		frozen bool // refused by the database itself
	}{
		"the snapshot":       {`UPDATE approval SET snapshot = '{}'`, true},
		"the decision":       {`UPDATE approval SET decision = '{}'`, true},
		"who proposed":       {`UPDATE approval SET proposed_by = 'p2'`, true},
		"removed":            {`DELETE FROM approval`, true},
		"who approved":       {`UPDATE approval SET approved_by = 'p1'`, false},
		"when":               {`UPDATE approval SET approved_at = '2020-01-01T00:00:00.000000000Z'`, false},
		"reopened":           {`UPDATE approval SET reopened_at = approved_at, reopened_by = 'p2', reason = 'x'`, false},
		"a reason":           {`UPDATE approval SET reason = 'x'`, false},
		"one of one's own":   {`INSERT INTO approval SELECT classification_id, 2, decision, proposed_at, proposed_by, approved_at, approved_by, '', '', '', snapshot, hash FROM approval`, false},
		"snapshot and hash":  {`UPDATE approval SET snapshot = '{}', hash = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'`, true},
		"without a snapshot": {`UPDATE approval SET hash = ''`, true},
	} {
		t.Run(name, func(t *testing.T) {
			s, id := fresh(t)
			a, err := s.Propose(ctx, anna.ID, id, 0, decision, frozen, false)
			check(t, err)
			check(t, s.Approve(ctx, bo.ID, id, 1, a.Hash))
			_, err = s.VerifyJournal(ctx)
			check(t, err)
			if _, err := s.writer.ExecContext(ctx, x.sql); (err != nil) != x.frozen {
				t.Fatalf("the database says %v", err)
			}
			if x.frozen { // as with another program, and the triggers gone
				_, err := s.writer.ExecContext(ctx, `DROP TRIGGER approval_frozen; DROP TRIGGER approval_stays;`+x.sql)
				check(t, err)
			}
			_, err = s.VerifyJournal(context.Background())
			wantErr(t, err, ErrJournal)
			if err != nil && !strings.Contains(err.Error(), "Godkännandet av revision") {
				t.Error(err)
			}
		})
	}
}

// What has been erased is not held against a revision; the rest of it is.
func TestApprovalAfterErasure(t *testing.T) {
	s, id := fresh(t)
	_, err := s.Propose(ctx, anna.ID, id, 0, decision, frozen, true)
	check(t, err)
	check(t, s.Reopen(ctx, bo.ID, id, 1, "Nytt avtal."))
	check(t, s.ErasePayloads(ctx, anna.ID, id))
	_, err = s.VerifyJournal(ctx)
	check(t, err)
	_, err = s.writer.ExecContext(ctx, `UPDATE approval SET approved_by = 'p2'`)
	check(t, err)
	_, err = s.VerifyJournal(ctx)
	wantErr(t, err, ErrJournal)
	check(t, s.ErasePerson(ctx, "", bo.ID))
	if a := newest(t, s, id); a.ReopenedBy.Name != "" || a.ReopenedBy.ID != bo.ID {
		t.Errorf("%+v", a.ReopenedBy)
	}
}

// That a unit wants two is the store's to see to, whatever the caller has looked up.
func TestUnitThatWantsTwo(t *testing.T) {
	s, id := fresh(t)
	one := engine.Decision{Diary: "TN 2026/413", NextReview: "2027-03-04"}
	a, err := s.Propose(ctx, anna.ID, id, 0, one, frozen, false)
	check(t, err)
	o, err := s.Organisation(ctx)
	check(t, err)
	top := o.Units[0]
	top.FourEyes = true
	_, err = s.SaveUnit(ctx, "", top)
	check(t, err)
	if err := s.Approve(ctx, anna.ID, id, a.Revision, a.Hash); !errors.Is(err, engine.ErrSamePerson) {
		t.Errorf("approved alone: %v", err)
	}
	check(t, s.Return(ctx, bo.ID, id, a.Revision, "Två ska godkänna."))
	if _, err := s.Propose(ctx, anna.ID, id, 0, one, frozen, true); !errors.Is(err, engine.ErrChanged) {
		t.Errorf("approved at once: %v", err)
	}
}
