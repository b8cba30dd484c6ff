package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kravverk/kravverk/catalogs"
	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/store"
)

// figures is how much of a B-classification is left to answer by hand in one
// demo system.
type figures struct {
	rows    int // requirements that apply
	alone   int // answered by hand with the base catalogue alone
	profile int // with the profiles that apply
	agreed  int // and with the agreement confirmed at every point
	shared  int // and with the city's common answers, the platform and the tender, where there are any
	assumed int // of what is offered then, what stands on nobody's word
}

// exampleCity is the demo's database, as `make run` fills it.
type exampleCity struct {
	c        *catalog.Catalog
	records  []engine.Record
	shared   []engine.Shared
	org      engine.Organisation
	platform *engine.Snapshot
	on       string                             // the platform's classification
	tenders  map[string]map[string]engine.Offer // what a procured system's first tender would offer, by classification
}

func newExampleCity(t *testing.T) exampleCity {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	x := exampleCity{tenders: map[string]map[string]engine.Offer{}}
	c, list := catalog.Load(catalogs.Files, catalog.Options{})
	if c == nil {
		t.Fatal(list.Err())
	}
	x.c = c
	var back time.Duration
	db, err := store.Open(filepath.Join(t.TempDir(), "demo.db"), func() time.Time { return time.Now().Add(-back) })
	must(err)
	defer db.Close()
	must(fillDemo(ctx, db, c, &back))
	x.records, err = db.Systems(ctx)
	must(err)
	x.shared, err = db.Shared(ctx)
	must(err)
	x.org, err = db.Organisation(ctx)
	must(err)
	for _, rec := range x.records {
		e, err := db.Evaluation(ctx, rec.Classification.ID)
		must(err)
		if published, err := db.Publications(ctx, rec.Classification.ID); err == nil && len(published) > 0 && len(e.Tenders) > 0 {
			e.Award = &engine.Award{Tender: e.Tenders[0].ID}
			x.tenders[rec.Classification.ID] = e.Offers(published[len(published)-1].Rows)
		}
		if rec.System.Title == demoNetwork.Title {
			x.on = rec.Classification.ID
			approvals, err := db.Approvals(ctx, x.on)
			must(err)
			x.platform, err = engine.ReadSnapshot(approvals[0].Snapshot)
			must(err)
		}
	}
	return x
}

// figuresOf counts. A system that controls something and that the city runs
// itself runs on the city's network.
func (x exampleCity) figuresOf(t *testing.T, title string) figures {
	t.Helper()
	i := slices.IndexFunc(x.records, func(r engine.Record) bool { return r.System.Title == title })
	rec := x.records[i]
	rec.Classification.Type = "B"
	today := time.Now().Format(time.DateOnly)
	derive := func(profiles []string) *engine.Derivation {
		input, err := rec.Input(x.c)
		if err != nil {
			t.Fatal(err)
		}
		input.Classification.Profiles = profiles
		facts, err := engine.NewFacts(x.c, input)
		if err != nil {
			t.Fatal(err)
		}
		return engine.Derive(facts)
	}
	// byHand counts the rows that no offer can be accepted for together with others.
	byHand := func(d *engine.Derivation, agreements []engine.Agreement, more ...map[string]engine.Offer) (n, assumed, rows int) {
		a := d.Assess(engine.Record{}, d.Inherit(today, agreements, nil, more...), today)
		for i := range a.Rows {
			if o := a.Rows[i].Best(today); o == nil {
				n++
			} else if o.Prefill.Strength == "assumed" {
				assumed++
			}
		}
		return n, assumed, len(a.Rows)
	}
	var f figures
	f.alone, _, _ = byHand(derive([]string{}), nil)
	with := derive(nil)
	f.profile, _, f.rows = byHand(with, nil)
	var agreements []engine.Agreement
	for _, p := range x.c.Profiles {
		for _, a := range p.Agreements {
			made := engine.NewAgreement(x.c, a)
			made.ID = a.ID
			for i := range made.Commitments {
				made.Commitments[i].Strength, made.Commitments[i].Role, made.Commitments[i].Date = "contracted", "Avtalsansvarig", today
			}
			agreements = append(agreements, made)
		}
	}
	f.agreed, _, _ = byHand(with, agreements)
	more := []map[string]engine.Offer{engine.HowOffers(x.shared, &x.org, rec.System.Unit), x.tenders[rec.Classification.ID]}
	if own := rec.Answers[engine.FactKey("drift")]; string(own.Value) == `"egen"` && string(rec.Answers[engine.FactKey("cyberfysiskt")].Value) == "true" {
		more = append(more, x.platform.Offers(engine.Relation{Kind: engine.FromPlatform, From: x.on, Only: demoDeclared(), Levels: with.Facts.Levels}))
	}
	f.shared, f.assumed, _ = byHand(with, agreements, more...)
	return f
}

func demoDeclared() []string {
	var out []string
	for id := range demoNetworkAnswers {
		out = append(out, id)
	}
	return out
}

// The README tells these figures; they are counted here, on the shipped
// catalogues and the demo's own agreements, platform and common answers, and a
// change of them has to be told there. Presses are one for each answer by hand,
// and two for the preview and its one button.
func TestFiguresOfMerit(t *testing.T) {
	x := newExampleCity(t)
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	tells := func(line string) {
		t.Helper()
		if !strings.Contains(string(readme), line) {
			t.Errorf("README.md lacks\n%s", line)
		}
	}
	var all figures
	for _, s := range demoSystems {
		f := x.figuresOf(t, s.Title)
		tells(fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d → %d |", s.Title, f.rows, f.alone, f.profile, f.shared, f.assumed, f.rows, f.shared+2))
		if f.agreed != f.profile {
			t.Errorf("%s: the agreement changes what is answered by hand from %d to %d", s.Title, f.profile, f.agreed)
		}
		all.rows, all.profile, all.shared = all.rows+f.rows, all.profile+f.profile, all.shared+f.shared
	}
	common, network := len(demoHows()), len(demoNetworkAnswers)
	tells(fmt.Sprintf("%d answers that are given once", common+network))
	tells(fmt.Sprintf("%d common ones and %d by", common, network))
	tells(fmt.Sprintf("from %d of %d to %d", all.profile, all.rows, all.shared))
}
