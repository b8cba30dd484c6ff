package store

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/kravverk/kravverk/engine"
)

// What a unit keeps has versions, a history that verifies, and one owner.
func TestShared(t *testing.T) {
	s, _ := fresh(t)
	save := func(unit, key, value string, version int) error {
		return s.SaveShared(ctx, anna.ID, unit, []engine.Change{{Key: key, Value: json.RawMessage(value), Version: version}})
	}
	check(t, save(TopUnit, "agreement/a", `{"title": "Avtalet"}`, 0))
	check(t, save(TopUnit, "agreement/a", `{"title":"Avtalet"}`, 0)) // a double post
	check(t, save(TopUnit, "agreement/a", `{"title":"Avtalet 2"}`, 1))
	var conflict *engine.Conflict
	if err := save(TopUnit, "agreement/a", `{"title":"Mitt"}`, 1); !errors.As(err, &conflict) || conflict.Theirs.Version != 2 {
		t.Errorf("got %v", err)
	}
	wantErr(t, save("nowhere", "how/x/A", `{"text":"?"}`, 0), engine.ErrNotFound)
	u, err := s.SaveUnit(ctx, "", engine.Unit{Parent: TopUnit, Title: "Nere", Kind: engine.Administration})
	check(t, err)
	wantErr(t, save(u.ID, "agreement/a", `{"title":"Tagen"}`, 2), engine.ErrNotFound)
	check(t, save(u.ID, engine.HowKey(u.ID, "BEH-01"), `{"text":"Så gör vi."}`, 0))
	list, err := s.Shared(ctx)
	check(t, err)
	if len(list) != 2 || list[0].Unit != TopUnit || list[0].Version != 2 || list[0].By != anna {
		t.Fatalf("%+v", list)
	}
	org, err := s.Organisation(ctx)
	check(t, err)
	if a := engine.Agreements(list, &org, u.ID); len(a) != 1 || a[0].Title != "Avtalet 2" || a[0].ID != "a" || a[0].Unit != TopUnit {
		t.Errorf("%+v", a)
	}
	if h := engine.HowOf(list, &org, u.ID, "BEH-01").How; h.Text != "Så gör vi." {
		t.Errorf("%+v", h)
	}
	if h := engine.HowOf(list, &org, TopUnit, "BEH-01").How; h.Text != "" {
		t.Errorf("a unit's text reached the one above: %+v", h)
	}
	if err := s.RemoveUnit(ctx, anna.ID, u.ID); err == nil {
		t.Error("a unit that keeps something was removed")
	}
	_, err = s.VerifyJournal(ctx)
	check(t, err)
	_, err = s.writer.ExecContext(ctx, `UPDATE shared SET value = '{"title":"Smygändrat"}' WHERE key = 'agreement/a'`)
	check(t, err)
	if _, err := s.VerifyJournal(ctx); !errors.Is(err, ErrJournal) {
		t.Errorf("a change behind the journal's back: %v", err)
	}
}

// A system gets one more classification, once, with what it starts from; a plan
// goes on when it is approved.
func TestBegin(t *testing.T) {
	s, id := fresh(t)
	first, err := s.Classification(ctx, id)
	check(t, err)
	b := engine.Classification{ID: "b1", SystemID: first.System.ID, Type: "B", CatalogHash: first.Classification.CatalogHash}
	start := []engine.Change{{Key: engine.FactKey("drift"), Value: json.RawMessage(`"sta"`)}, {Key: engine.KeyBaseline, Value: json.RawMessage(`{"classification":"` + id + `","revision":1}`)}}
	for range 2 {
		rec, err := s.Begin(ctx, bo.ID, b, start)
		check(t, err)
		if rec.Classification.Type != "B" || rec.System.ID != first.System.ID || len(rec.Answers) != 2 || rec.Baseline().Classification != id {
			t.Fatalf("%+v", rec)
		}
	}
	b.SystemID = "another"
	_, err = s.Begin(ctx, bo.ID, b, nil)
	wantErr(t, err, ErrKeyReused)
	b.ID = "b2"
	_, err = s.Begin(ctx, bo.ID, b, nil)
	wantErr(t, err, engine.ErrNotFound)
	list, err := s.Systems(ctx)
	check(t, err)
	if len(list) != 2 {
		t.Errorf("%d classifications", len(list))
	}
	rec, err := s.Classification(ctx, "b1")
	check(t, err)
	_, err = s.Propose(ctx, anna.ID, "b1", rec.State(), engine.Decision{}, json.RawMessage(`{}`), true)
	check(t, err)
	_, err = s.SaveAnswers(ctx, anna.ID, "b1", "", []engine.Change{{Key: engine.ActionKey(1), Value: json.RawMessage(`{"title":"x"}`)}})
	check(t, err)
	_, err = s.SaveAnswers(ctx, anna.ID, "b1", "", []engine.Change{{Key: engine.ActionKey(2), Value: json.RawMessage(`{"title":"x"}`)}, {Key: engine.ResponseKey("A"), Value: json.RawMessage(`{}`)}})
	wantErr(t, err, engine.ErrLocked)
	_, err = s.VerifyJournal(ctx)
	check(t, err)
}

// One that differs leaves its group once, with the group's answers and without
// what is the group's own.
func TestLeaveGroup(t *testing.T) {
	s, id := fresh(t)
	first, err := s.Classification(ctx, id)
	check(t, err)
	alone, err := s.CreateSystem(ctx, anna.ID, engine.System{Title: "En enda", Unit: TopUnit}, "A", first.Classification.CatalogHash)
	check(t, err)
	_, err = s.LeaveGroup(ctx, anna.ID, alone.System.ID, engine.System{ID: "m1", Title: "Kamera 7"})
	wantErr(t, err, engine.ErrNotFound) // no group
	group, err := s.CreateSystem(ctx, anna.ID, engine.System{Title: "Kameror", Unit: TopUnit, Members: 3}, "A", first.Classification.CatalogHash)
	check(t, err)
	mustSave(t, s, group.Classification.ID, change("fact/drift", `"egen"`, 0), change("delegate/fact/drift", `{"person":"x"}`, 0), change("procurement", `{}`, 0),
		change(engine.DoneKey("facts"), `true`, 0), change(engine.ReviewedKey("BEH"), `true`, 0), change(engine.ActionKey(1), `{"title":"x","cost":40000}`, 0), change(engine.DeviationKey(1), `{}`, 0))
	for range 2 {
		rec, err := s.LeaveGroup(ctx, bo.ID, group.System.ID, engine.System{ID: "m1", Title: "Kamera 7"})
		check(t, err)
		if rec.System.Members != 0 || rec.System.Unit != TopUnit || len(rec.Answers) != 2 || string(rec.Answers["fact/drift"].Value) != `"egen"` || !rec.Answers[engine.DeviationKey(1)].Given() {
			t.Fatalf("%+v", rec)
		}
	}
	left, err := s.Classification(ctx, group.Classification.ID)
	check(t, err)
	if left.System.Members != 2 || len(left.Answers) != 7 {
		t.Errorf("%d members, %d answers", left.System.Members, len(left.Answers))
	}
	_, err = s.LeaveGroup(ctx, bo.ID, group.System.ID, engine.System{ID: "m1", Title: "Något annat"})
	wantErr(t, err, ErrKeyReused)
	_, err = s.VerifyJournal(ctx)
	check(t, err)
}
