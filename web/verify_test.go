package web_test

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/kravverk/kravverk/engine"
)

// ofB is the routes that only a B-classification has.
var ofB = regexp.MustCompile(`^/klassning/{id}/(verifiering|godta|kallor|plan|forslag|avsteg)(/|$)`)

// verified begins a B-classification of the system, with an agreement, a gap, a
// deviation and a line in the plan. It gives its address, and the same each time.
func (s *site) verified(base string) string {
	s.t.Helper()
	ctx := context.Background()
	rec := s.record(base)
	id := "b-" + rec.Classification.ID
	value := func(v any) json.RawMessage {
		data, err := json.Marshal(v)
		check(s.t, err)
		return data
	}
	changes := []engine.Change{
		{Key: engine.ResponseKey("BEH-04"), Value: value(engine.Response{Value: engine.AnswerNo, Comment: "Bara lösenord i dag."})},
		{Key: engine.ResponseKey("BEH-01"), Value: value(engine.Response{Value: engine.AnswerPartly})},
		{Key: engine.DeviationKey(1), Value: value(engine.Deviation{Requirements: []string{"BEH-01"}, Reason: "Byts ut i vår.", Until: "2099-01-01", DecidedBy: "Systemägare", Date: "2026-11-01"})},
		{Key: engine.ActionKey(1), Value: value(engine.Action{Title: "Inför flerfaktor", Origin: engine.OfClassification, Role: "systemforvaltare", Status: engine.Planned, Requirements: []string{"BEH-04"}})},
	}
	for key, a := range rec.Answers {
		if kind, _, _ := strings.Cut(key, "/"); (kind == "fact" || kind == "information" || kind == engine.KeyStop) && a.Given() {
			changes = append(changes, engine.Change{Key: key, Value: a.Value})
		}
	}
	_, err := s.db.Begin(ctx, maria.ID, engine.Classification{ID: id, SystemID: rec.System.ID, Type: "B", CatalogHash: rec.Classification.CatalogHash}, changes)
	check(s.t, err)
	list, err := s.db.Shared(ctx)
	check(s.t, err)
	if len(list) == 0 {
		check(s.t, s.db.SaveShared(ctx, maria.ID, rec.System.Unit, []engine.Change{{Key: engine.AgreementKey("avtal1"), Value: value(engine.Agreement{
			Title: "Driftavtalet", Supplier: "Driftbolaget AB", Commitments: []engine.Commitment{{Requirement: "BEH-04", Answer: "yes", How: "Inloggning sköts av leverantören.", Clause: "4.1", Strength: "assumed"}}})}}))
	}
	return "/klassning/" + id
}
