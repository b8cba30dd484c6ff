package engine

import (
	"slices"
	"strings"
	"testing"
)

// What an assessor finds goes before the claim, not answered never counts as
// met, and rows that somebody fails come first.
func TestCompared(t *testing.T) {
	rows := []Row{
		{ID: "A", Type: Should, Weight: 6, Partly: 2},
		{ID: "B", Type: Shall},
		{ID: "C", Type: Terms},
		{ID: "D", Type: Shall},
		{ID: "E", Type: Undecided},
		{ID: "F", Type: Should, Weight: 3},
	}
	claims := func(s string) map[string]Claim { // "A:yes B:no"
		out := map[string]Claim{}
		for _, x := range strings.Fields(s) {
			id, answer, _ := strings.Cut(x, ":")
			out[id] = Claim{Answer: answer, Written: answer}
		}
		return out
	}
	for _, x := range []struct {
		name                         string
		claims                       string
		judged                       []Judgment
		points, unanswered, unjudged int
		unmet                        string
	}{
		{"all that is asked", "A:yes B:yes C:yes D:yes E:yes F:yes", nil, 9, 0, 6, ""},
		{"partly, and no", "A:partly B:yes C:yes D:yes E:yes F:no", nil, 2, 0, 6, ""},
		{"partly where it gives nothing", "A:no B:yes C:yes D:yes E:yes F:partly", nil, 0, 0, 6, ""},
		{"nothing at all", "", nil, 0, 6, 6, "B C D"},
		{"written, and not understood", "A:yes B: C:yes D:yes E:yes F:yes", nil, 9, 1, 6, "B"},
		{"a mandatory row met in part is not met", "A:yes B:partly C:yes D:yes E:yes F:yes", nil, 9, 0, 6, "B"},
		{"terms that are not accepted", "A:yes B:yes C:no D:yes E:yes F:yes", nil, 9, 0, 6, "C"},
		{"what is not decided is not failed", "A:yes B:yes C:yes D:yes E:no F:yes", nil, 9, 0, 6, ""},
		{"the assessor finds less", "A:yes B:yes C:yes D:yes E:yes F:yes", []Judgment{{Tender: "t", Row: "A", Answer: AnswerPartly}, {Tender: "t", Row: "D", Answer: AnswerNo}}, 5, 0, 4, "D"},
		{"the assessor finds more", "", []Judgment{{Tender: "t", Row: "B", Answer: AnswerYes}, {Tender: "t", Row: "F", Answer: AnswerYes}}, 3, 4, 4, "C D"},
		{"a note is no finding", "A:yes B:no C:yes D:yes E:yes F:yes", []Judgment{{Tender: "t", Row: "B", Note: "Fråga dem."}}, 9, 0, 6, "B"},
		{"what is found of another", "A:yes B:no C:yes D:yes E:yes F:yes", []Judgment{{Tender: "u", Row: "B", Answer: AnswerYes}}, 9, 0, 6, "B"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := Compared(rows, []Tender{{ID: "t", Claims: claims(x.claims)}, {ID: "v", Claims: claims("A:yes B:yes C:yes D:yes E:yes F:yes")}}, x.judged)
			s := c.Standings[0]
			if s.Points != x.points || s.MaxPoints != 9 || s.Unanswered != x.unanswered || s.Unassessed != x.unjudged || strings.Join(s.Unmet, " ") != x.unmet {
				t.Errorf("%d of %d points, %d unanswered, %d unassessed, unmet %v", s.Points, s.MaxPoints, s.Unanswered, s.Unassessed, s.Unmet)
			}
			var order []string
			for _, r := range c.Rows {
				order = append(order, r.ID)
				if len(r.Verdicts) != 2 || r.Verdicts[1].Assessed {
					t.Errorf("%s: %+v", r.ID, r.Verdicts)
				}
			}
			want := strings.Fields(x.unmet)
			for _, r := range rows {
				if !slices.Contains(want, r.ID) {
					want = append(want, r.ID)
				}
			}
			if !slices.Equal(order, want) {
				t.Errorf("in the order %v, want %v", order, want)
			}
		})
	}
}

// The winner offers what it was found to give; what it never answered, and the
// buyer's own rows, offer nothing, and without a winner nobody does.
func TestOffersOfATender(t *testing.T) {
	rows := []Row{{ID: "A", Type: Shall}, {ID: "B", Type: Should, Weight: 4, Partly: 1}, {ID: "C", Type: Shall}, {ID: "EGEN-1", Type: Shall}}
	e := Evaluation{
		Tenders: []Tender{{ID: "t", Tenderer: "Bolaget AB", Claims: map[string]Claim{
			"A": {Answer: AnswerYes, Description: "Så gör vi.", Evidence: "Bilaga 2"}, "B": {Answer: AnswerYes}, "EGEN-1": {Answer: AnswerYes},
		}}, {ID: "u", Tenderer: "Firman HB", Claims: map[string]Claim{"C": {Answer: AnswerYes}}}},
		Judgments: []Judgment{{Tender: "t", Row: "B", Answer: AnswerPartly, Note: "Bara i webben."}},
	}
	if got := e.Offers(rows); len(got) != 0 {
		t.Errorf("without an award: %v", got)
	}
	e.Award = &Award{Tender: "t"}
	got := e.Offers(rows)
	if len(got) != 2 {
		t.Fatalf("offers %v", got)
	}
	if p := got["A"].Prefill; p.Answer != AnswerYes || p.Strength != "contracted" || p.How != "Så gör vi." || p.Source != "anbudet från Bolaget AB, Bilaga 2" || p.Remains != "" {
		t.Errorf("A: %+v", p)
	}
	if p := got["B"].Prefill; p.Answer != AnswerPartly || p.Remains != "Bara i webben." || got["B"].Settles("2026-11-24") {
		t.Errorf("B: %+v", p)
	}
}

func TestReplaces(t *testing.T) {
	yes, no, none := &Claim{Answer: AnswerYes, Written: "Ja"}, &Claim{Answer: AnswerNo, Written: "Nej"}, &Claim{Notes: []string{"x"}}
	for _, x := range []struct {
		had, claim *Claim
		want       Replacement
	}{
		{nil, yes, ReplaceNew}, {nil, nil, ReplaceNew}, {yes, yes, ReplaceSame}, {yes, &Claim{Answer: AnswerYes, Written: "Ja", Notes: []string{"x"}}, ReplaceSame},
		{yes, no, ReplaceChanged}, {yes, &Claim{Answer: AnswerYes, Written: "Ja", Evidence: "Bilaga"}, ReplaceChanged}, {yes, none, ReplaceGone}, {yes, nil, ReplaceGone}, {none, none, ReplaceSame},
	} {
		if got := Replaces(x.had, x.claim); got != x.want {
			t.Errorf("%+v by %+v is %s, want %s", x.had, x.claim, got, x.want)
		}
	}
}

// Only what can be looked up makes a supplier's word more than its word.
func TestEvidence(t *testing.T) {
	for evidence, shows := range map[string]bool{
		"": false, "-": false, "–": false, "Saknas": false, "Saknas.": false, "Ej": false, "nej": false, "NEJ!": false, "n/a": false, "N/A": false, "finns ej": false, "Finns  ej ": false, "finns inte": false, "inget": false, "(inget)": false, "...": false, "Bevis saknas": false, "?": false, "se ovan": false,
		"Bilaga 4, punkt 2": true, "ISO 27001-intyg, 2026-03-01": true, "SOC 2": true, "Nej, men se rapport R-17": true, "Avtalet 4.1": true, "R1": true, "Saknas i bilagan men finns i avtalet 3.2": true,
	} {
		e := Evaluation{Tenders: []Tender{{ID: "t", Tenderer: "Driftbolaget AB", Claims: map[string]Claim{"A": {Answer: AnswerYes, Evidence: evidence}}}}}
		p := e.Answers()[0]["A"].Prefill
		want, source := "assumed", "Driftbolaget AB"
		if shows {
			want, source = "contracted", evidence
		}
		if p.Strength != want || !strings.HasSuffix(p.Source, source) {
			t.Errorf("%q: %s, %q", evidence, p.Strength, p.Source)
		}
	}
}

// The hash of what stands of a tender follows its answers and what is found of
// them, and nothing else.
func TestEvaluationHash(t *testing.T) {
	made := func() Evaluation {
		return Evaluation{
			Tenders:   []Tender{{ID: "t", Version: 1, Claims: map[string]Claim{"A": {Answer: AnswerYes, Written: "Ja"}, "B": {Answer: AnswerNo}}}, {ID: "u", Claims: map[string]Claim{}}},
			Judgments: []Judgment{{Tender: "t", Row: "B", Answer: AnswerPartly, Version: 1}, {Tender: "t", Row: "A", Note: "Bilagan saknas."}},
		}
	}
	was := made().Hash("t")
	for name, x := range map[string]struct {
		change func(*Evaluation)
		same   bool
	}{
		"an answer":         {func(e *Evaluation) { e.Tenders[0].Claims["B"] = Claim{Answer: AnswerYes} }, false},
		"an evidence":       {func(e *Evaluation) { e.Tenders[0].Claims["A"] = Claim{Answer: AnswerYes, Written: "Ja", Evidence: "B"} }, false},
		"an answer less":    {func(e *Evaluation) { delete(e.Tenders[0].Claims, "A") }, false},
		"a judgment":        {func(e *Evaluation) { e.Judgments[0].Answer = AnswerNo }, false},
		"a judgment's note": {func(e *Evaluation) { e.Judgments[1].Note = "" }, false},
		"a judgment less":   {func(e *Evaluation) { e.Judgments = e.Judgments[:1] }, false},
		"a file":            {func(e *Evaluation) { e.Tenders[0].Files = []TenderFile{{N: 1}} }, true},
		"another's answer":  {func(e *Evaluation) { e.Tenders[1].Claims["A"] = Claim{Answer: AnswerNo} }, true},
		"another's judgment": {func(e *Evaluation) {
			e.Judgments = append(e.Judgments, Judgment{Tender: "u", Row: "A", Answer: AnswerNo})
		}, true},
		"the order": {func(e *Evaluation) { slices.Reverse(e.Judgments) }, true},
	} {
		e := made()
		x.change(&e)
		if same := e.Hash("t") == was; same != x.same {
			t.Errorf("%s changes the hash: %v", name, !same)
		}
	}
	if len(was) != 64 || was == made().Hash("u") {
		t.Error(was)
	}
}
