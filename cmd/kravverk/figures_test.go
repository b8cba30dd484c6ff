package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kravverk/kravverk/catalogs"
	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
)

// figures is how much of a B-classification is left to answer by hand in one
// demo system.
type figures struct {
	rows    int // requirements that apply
	alone   int // answered by hand with the base catalogue alone
	profile int // with the profiles that apply
	agreed  int // and with the agreement confirmed at every point
	assumed int // of what is offered then, what stands on nobody's word
}

// figuresOf counts. Presses are one for each answer by hand, and two for the
// preview and its one button.
func figuresOf(t *testing.T, c *catalog.Catalog, x demoSystem) figures {
	t.Helper()
	rec := engine.Record{System: x.System, Classification: engine.Classification{Type: "B"}, Answers: map[string]engine.Answer{}}
	for _, s := range x.saves {
		for key, v := range s.answers {
			data, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			rec.Answers[key] = engine.Answer{Key: key, Value: data, Version: 1}
		}
	}
	today := time.Now().Format(time.DateOnly)
	derive := func(profiles []string) *engine.Derivation {
		input, err := rec.Input(c)
		if err != nil {
			t.Fatal(err)
		}
		input.Classification.Profiles = profiles
		facts, err := engine.NewFacts(c, input)
		if err != nil {
			t.Fatal(err)
		}
		return engine.Derive(facts)
	}
	// byHand counts the rows that no offer can be accepted for together with others.
	byHand := func(d *engine.Derivation, agreements []engine.Agreement) (n, assumed, rows int) {
		a := d.Assess(rec, d.Inherit(today, agreements, nil), today)
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
	for _, p := range c.Profiles {
		for _, a := range p.Agreements {
			made := engine.NewAgreement(c, a)
			made.ID = a.ID
			for i := range made.Commitments {
				made.Commitments[i].Strength, made.Commitments[i].Role, made.Commitments[i].Date = "contracted", "Avtalsansvarig", today
			}
			agreements = append(agreements, made)
		}
	}
	f.agreed, f.assumed, _ = byHand(with, agreements)
	return f
}

// The README tells these figures; they are counted here, on the shipped
// catalogues, and a change of them has to be told there.
func TestFiguresOfMerit(t *testing.T) {
	c, list := catalog.Load(catalogs.Files, catalog.Options{})
	if c == nil {
		t.Fatal(list.Err())
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range demoSystems {
		f := figuresOf(t, c, x)
		presses := f.agreed
		if f.agreed < f.rows {
			presses += 2
		}
		line := fmt.Sprintf("| %s | %d | %d | %d | %d | %d → %d |", x.Title, f.rows, f.alone, f.profile, f.assumed, f.rows, presses)
		if !strings.Contains(string(readme), line) {
			t.Errorf("README.md lacks\n%s", line)
		}
		if f.agreed != f.profile {
			t.Errorf("%s: the agreement changes what is answered by hand from %d to %d", x.Title, f.profile, f.agreed)
		}
	}
}
