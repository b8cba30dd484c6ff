package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kravverk/kravverk/catalogs"
	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/web"
)

// padded is the shipped catalogue with so many more requirements that apply to
// every system.
func padded(t testing.TB, more int) *catalog.Catalog {
	t.Helper()
	files := fstest.MapFS{}
	check(t, fs.WalkDir(catalogs.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name == "releases.toml" {
			return err
		}
		data, err := fs.ReadFile(catalogs.Files, name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	}))
	var extra strings.Builder
	for i := range more {
		fmt.Fprintf(&extra, "\n[[requirement]]\nid = \"STY-%d\"\narea = \"STY\"\ntitle = \"Krav nummer %d\"\nis = \"Det här görs, nummer %d.\"\nobligation = \"shall\"\nkind = \"organizational\"\ncategory = \"specification\"\nconcern = \"own\"\nrole = \"systemagare\"\nbasis = \"proposal\"\neffort = 2\nreferences = [ { standard = \"ISO/IEC 27002\", edition = \"2022\", id = \"5.15\" } ]\nverify = { tender = [\"document\"], contract = [\"document\"] }\n", 100+i, i, i)
	}
	files["bas/requirements/extra.toml"] = &fstest.MapFile{Data: []byte(extra.String())}
	c, list := catalog.Load(files, catalog.Options{})
	if c == nil {
		t.Fatal(list.Err())
	}
	return c
}

// A page of 300 rows, with offers and answers.
func BenchmarkVerification300(b *testing.B) {
	s := newSite(b)
	c := padded(b, 210)
	s.loaded.Store(&web.Loaded{Catalog: c, At: start, Cases: shippedCases})
	check(b, s.db.PutCatalog(context.Background(), c.SetHash, c.Files))
	base := s.began(s.complete("Arkivet"), c.SetHash)
	for i := range 100 {
		s.answer(base, maria, engine.ResponseKey(fmt.Sprintf("STY-%d", 100+i)), engine.Response{Value: engine.AnswerYes, How: "Så gör vi."})
	}
	got := s.get(base + "/verifiering?omrade=alla").wants(200)
	if n := strings.Count(got.Body, `<article class="ans"`); n < 300 {
		b.Fatalf("%d rows", n)
	}
	for b.Loop() {
		s.get(base + "/verifiering?omrade=alla")
	}
}

// began is a B-classification with the answers of another, and a catalogue.
func (s *site) began(from, catalog string, more ...engine.Change) string {
	s.t.Helper()
	rec := s.record(from)
	changes := more
	for key, a := range rec.Answers {
		if kind, _, _ := strings.Cut(key, "/"); (kind == "fact" || kind == "information" || kind == engine.KeyStop || kind == engine.KeyRaise) && a.Given() {
			changes = append(changes, engine.Change{Key: key, Value: a.Value})
		}
	}
	id := "b-" + rec.Classification.ID
	_, err := s.db.Begin(context.Background(), maria.ID, engine.Classification{ID: id, SystemID: rec.System.ID, Type: "B", CatalogHash: catalog}, changes)
	check(s.t, err)
	return "/klassning/" + id
}

// What falls where when a clause of an agreement falls that 2,000 systems inherit from.
func BenchmarkFallingClause(b *testing.B) {
	s := newSite(b)
	ctx := context.Background()
	first := s.complete("Arkivet 0")
	unit := s.record(first).System.Unit
	taken, err := json.Marshal(engine.Response{Value: engine.AnswerYes, Taken: &engine.Taken{Kind: engine.FromAgreement, From: "sta1", Answer: engine.AnswerYes, Strength: "contracted"}})
	check(b, err)
	agreement, err := json.Marshal(engine.Agreement{Title: "Driftavtalet", Supplier: "Driftbolaget AB", Catalog: "sta", Commitments: []engine.Commitment{{Requirement: "FYS-01", Clause: "4.1", Strength: "contracted"}}})
	check(b, err)
	check(b, s.db.SaveShared(ctx, maria.ID, unit, []engine.Change{{Key: engine.AgreementKey("sta1"), Value: agreement}}))
	rec := s.record(first)
	for i := range 2000 {
		sys, err := s.db.CreateSystem(ctx, maria.ID, engine.System{Title: fmt.Sprintf("System %04d", i), Unit: unit}, "A", rec.Classification.CatalogHash)
		check(b, err)
		var changes []engine.Change
		for key, a := range rec.Answers {
			if kind, _, _ := strings.Cut(key, "/"); (kind == "fact" || kind == "information" || kind == engine.KeyStop) && a.Given() {
				changes = append(changes, engine.Change{Key: key, Value: a.Value})
			}
		}
		_, err = s.db.Begin(ctx, maria.ID, engine.Classification{ID: fmt.Sprintf("b%d", i), SystemID: sys.System.ID, Type: "B", CatalogHash: rec.Classification.CatalogHash},
			append(changes, engine.Change{Key: engine.ResponseKey("FYS-01"), Value: taken}))
		check(b, err)
	}
	s.get("/avtal/sta1?faller=FYS-01").wants(200, "2000 svar måste ses över")
	for b.Loop() {
		s.get("/avtal/sta1?faller=FYS-01")
	}
}
