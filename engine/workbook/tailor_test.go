package workbook

import (
	"slices"
	"strings"
	"testing"

	"github.com/kravverk/kravverk/engine"
)

func lineOf(t *testing.T, s State, id string) engine.Line {
	t.Helper()
	for _, l := range s.lines() {
		if l.ID == id {
			return l
		}
	}
	t.Fatalf("no line %s", id)
	return engine.Line{}
}

func ids(lines []engine.Line) []string {
	var out []string
	for _, r := range engine.Rows(lines) {
		out = append(out, r.ID)
	}
	return out
}

// What the buyer changes stands beside what was found, and never in its place.
func TestTailoring(t *testing.T) {
	plain := state(t, true)
	before := ids(plain.lines())
	var shall, should engine.Line
	for _, l := range plain.lines() {
		switch {
		case l.Fate != engine.Sent:
		case l.Type == engine.Shall && shall.ID == "":
			shall = l
		case l.Type == engine.Should && should.ID == "":
			should = l
		}
	}
	if shall.ID == "" || should.ID == "" {
		t.Fatal("the fixture has no shall-row and should-row to tailor")
	}
	s := plain
	two := 2
	for _, x := range []struct {
		name string
		id   string
		t    engine.Tailoring
		ok   func(engine.Line) bool
		say  string
	}{
		{"left out", shall.ID, engine.Tailoring{LeftOut: true}, func(l engine.Line) bool { return l.Fate == engine.LeftOut }, "Utelämnat"},
		{"made a should-row", shall.ID, engine.Tailoring{Obligation: "should", Weight: 5, Partly: &two}, func(l engine.Line) bool {
			return l.Type == engine.Should && l.Weight == 5 && l.Partly == 2 && l.Found.Type == engine.Shall && l.Found.Weight == 0
		}, "Bör i stället för ska"},
		{"made a shall-row", should.ID, engine.Tailoring{Obligation: "shall"}, func(l engine.Line) bool {
			return l.Type == engine.Shall && l.Weight == 0 && l.Points == "" && l.Found.Weight > 0
		}, "Ska i stället för bör"},
		{"made a term", shall.ID, engine.Tailoring{Category: "contract"}, func(l engine.Line) bool { return l.Type == engine.Terms }, "Villkor i stället för ska, ställs som kontraktsvillkor"},
		{"fewer points than partly", should.ID, engine.Tailoring{Weight: 1}, func(l engine.Line) bool { return l.Weight == 1 && l.Partly <= 1 }, "Andra poäng"},
		{"reworded", shall.ID, engine.Tailoring{Text: "Leverantören ska göra annat.", Base: &shall.Found}, func(l engine.Line) bool {
			return l.Text == "Leverantören ska göra annat." && l.Title == l.Found.Title && l.Found.Text == shall.Text
		}, "Ny lydelse"},
		{"reworded from another wording", shall.ID, engine.Tailoring{Text: "Nytt.", Base: &engine.Row{Title: shall.Title, Text: "Så stod det."}}, func(l engine.Line) bool {
			return l.Fit == engine.Reworded && l.Text == "Nytt."
		}, "Ny lydelse, kravets egen lydelse har ändrats sedan dess"},
		{"nothing that differs any more", shall.ID, engine.Tailoring{Obligation: "shall"}, func(l engine.Line) bool { return l.Fit == engine.Needless && l.Fate == engine.Sent }, "Behövs inte längre: kravlistan ger det redan"},
		{"asked of the tenderer, and not of what is delivered", shall.ID, engine.Tailoring{Category: "qualification"}, func(l engine.Line) bool { return l.Fit == engine.Fits && l.Type == engine.Shall }, "Ställs som kvalificeringskrav"},
		{"of what does not apply", "LEV-07", engine.Tailoring{Text: "Nytt."}, func(l engine.Line) bool { return l.Fit == engine.Resting && l.Fate == engine.NotApplies }, "Vilar: kravet är inte med i listan längre"},
		{"of one's own", "EGEN-1", engine.Tailoring{Area: "BEH", Title: "Språk", Text: "Support ska ges på svenska.", Obligation: "shall"}, func(l engine.Line) bool {
			return l.Finding == nil && l.Area == "Behörighet" && l.Type == engine.Shall
		}, "Eget krav"},
		{"of one's own, in an area that is gone", "EGEN-2", engine.Tailoring{Area: "XXX", Title: "Språk", Text: "Svenska.", Obligation: "should", Weight: 3}, func(l engine.Line) bool {
			return l.Area == "Övrigt" && l.Type == engine.Should && l.Weight == 3
		}, "Eget krav"},
	} {
		t.Run(x.name, func(t *testing.T) {
			x.t.Reason = "Skälet."
			s.Tailored = map[string]engine.Tailoring{x.id: x.t}
			l := lineOf(t, s, x.id)
			if !x.ok(l) {
				t.Errorf("%+v (fate %d, fit %d), found %+v", l.Row, l.Fate, l.Fit, l.Found)
			}
			if got := TailoringWords(l); got != x.say {
				t.Errorf("says %q, want %q", got, x.say)
			}
			requirements, _ := written(t, WriteRequirements, s)
			if strings.Contains(dump(t, requirements), "Skälet") {
				t.Error("the reason is in the kravbilaga")
			}
			report, err := Inspect(requirements)
			if err != nil || !report.Untouched() {
				t.Errorf("%v, %v", err, report.Changes)
			}
			justification, _ := written(t, WriteJustification, s)
			if out := dump(t, justification); !strings.Contains(out, "== Anpassning") || !strings.Contains(out, "Skälet.") || !strings.Contains(out, x.say) {
				t.Errorf("the motivering does not tell of it")
			}
		})
	}
	if got := ids(plain.lines()); !slices.Equal(got, before) {
		t.Error("tailoring changed what was found")
	}
}

func TestTailoringMoves(t *testing.T) {
	s := state(t, true)
	was := ids(s.lines())
	first, last := was[0], was[len(was)-1]
	for _, x := range []struct {
		tailored map[string]engine.Tailoring
		want     []string
	}{
		{map[string]engine.Tailoring{last: {After: engine.First}}, append([]string{last}, was[:len(was)-1]...)},
		{map[string]engine.Tailoring{first: {After: last}}, append(slices.Clone(was[1:]), first)},
		{map[string]engine.Tailoring{first: {After: first}}, was},
		{map[string]engine.Tailoring{first: {After: "FINNS-INTE"}}, was},
		{map[string]engine.Tailoring{first: {After: last}, last: {After: first}}, append(slices.Clone(was[1:len(was)-1]), first, last)},
	} {
		s.Tailored = x.tailored
		if got := ids(s.lines()); !slices.Equal(got, x.want) {
			t.Errorf("%v: %v, want %v", x.tailored, got, x.want)
		}
	}
}

// A new version tells what differs from the one before, and nothing of why.
func TestVersionTellsChanges(t *testing.T) {
	s := state(t, true)
	before := engine.Rows(s.lines())
	a, b := before[0].ID, before[1].ID
	s.Version, s.Since, s.Note = 2, before, "Frågor och svar 3 och 7."
	s.Tailored = map[string]engine.Tailoring{
		a:        {Text: "Leverantören ska göra det här.", Reason: "Hemligt skäl."},
		b:        {LeftOut: true, Reason: "Hemligt skäl."},
		"EGEN-1": {Area: "BEH", Title: "Nytt", Text: "Något nytt ska finnas.", Obligation: "shall", Reason: "Hemligt skäl."},
	}
	data, _ := written(t, WriteRequirements, s)
	out := dump(t, data)
	_, changes, ok := strings.Cut(out, "== Ändringar")
	if !ok {
		t.Fatal("no sheet of changes")
	}
	changes, _, _ = strings.Cut(changes, "\n==")
	for _, want := range []string{a, b, "EGEN-1", "Borttaget", "Nytt", "Ändrat", "Leverantören ska göra det här.", before[0].Text, "Kravtext"} {
		if !strings.Contains(changes, want) {
			t.Errorf("the changes do not tell %q:\n%s", want, changes)
		}
	}
	if !strings.Contains(out, "version 2") || !strings.Contains(out, "Frågor och svar 3 och 7.") || strings.Contains(out, "Hemligt") {
		t.Error("Läs mig does not tell the version and the note, or the file tells why")
	}
	rows := engine.Rows(s.lines())
	if n := len(engine.RowsSince(rows, rows)); n != 0 {
		t.Errorf("%d changes since itself", n)
	}
	slices.Reverse(rows)
	if n := len(engine.RowsSince(engine.Rows(s.lines()), rows)); n != 0 {
		t.Errorf("%d changes when rows have only moved", n)
	}
}

// The proportion agrees with what deriving at the lower level gives.
func TestProportion(t *testing.T) {
	s := state(t, true)
	lines := s.lines()
	p := s.Derivation.Proportion(s.Date, lines)
	tally := engine.TallyLines(lines)
	if n := p.Always + p.Levels[1] + p.Levels[2] + p.Levels[3] + p.Other + p.Own; n != tally.Shall || p.Levels[0] != 0 {
		t.Errorf("%d shall-rows explained of %d: %+v", n, tally.Shall, p)
	}
	if len(p.Market) == 0 || p.Market[0].Certificate != "ISO/IEC 27001" || !slices.Contains(p.Market[0].Rows, "BEH-01") {
		t.Errorf("the usual certificates answer %+v", p.Market)
	}
	if len(p.Steps) == 0 {
		t.Fatal("no steps")
	}
	for _, step := range p.Steps {
		facts, err := s.Derivation.Facts.WhatIf(map[string]int{step.Aspect.ID: step.To}, nil)
		if err != nil {
			t.Fatal(err)
		}
		lower := s
		lower.Derivation = engine.Derive(facts)
		if gone := len(ids(lines)) - len(ids(lower.lines())); len(step.Rows) < gone {
			t.Errorf("%s %d→%d: %d rows, at least %d go", step.Aspect.ID, step.From, step.To, len(step.Rows), gone)
		}
	}
}
