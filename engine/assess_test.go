package engine

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

const staAgreement = "\n[[agreement]]\nid = \"avtal\"\ntitle = \"Avtalet\"\nsupplier = \"X\"\n"

// verified is a derivation with one requirement of each kind of offer.
func verified(t testing.TB) *Derivation {
	t.Helper()
	c := load(t, drift+req("AAA-01")+req("AAA-02")+req("AAA-03")+req("AAA-04")+req("AAA-05", `when = [ { drift = "egen" } ]`),
		offered("p", 1, "moln", staAgreement,
			prefill("AAA-01", "yes", "assumed", `agreement = "avtal"`, `clause = "4.1"`),
			prefill("AAA-02", "partly", "assumed", `agreement = "avtal"`, `clause = "4.2"`),
			prefill("AAA-03", "yes", "assumed", `valid_until = 2027-01-01`)))
	return derive(t, c, "[facts]\ndrift = \"moln\"")
}

func responded(t testing.TB, values map[string]any) Record {
	t.Helper()
	rec := Record{Answers: map[string]Answer{}}
	for key, v := range values {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		rec.Answers[key] = Answer{Key: key, Value: data, Version: 1}
	}
	return rec
}

func outcomes(a *Assessment) string {
	var out []string
	for _, x := range a.Rows {
		s := x.Requirement.ID + ":" + string(x.Outcome)
		if x.Staleness != "" {
			s += "(" + string(x.Staleness) + ")"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

const today = "2026-11-24"

// Only yes and compensated are met; an accepted assumption is counted apart,
// and what nobody has answered is neither met nor a gap.
func TestOutcomes(t *testing.T) {
	d := verified(t)
	offers := d.Inherit(today, nil, nil)
	took := func(id string) Response {
		a := d.Assess(Record{}, offers, today)
		return a.Row(id).Accept(a.Row(id).Offers[0])
	}
	expired := took("AAA-03")
	for _, x := range []struct {
		name   string
		values map[string]any
		date   string
		want   string
	}{
		{"nothing", nil, today, "AAA-01:unanswered AAA-02:unanswered AAA-03:unanswered AAA-04:unanswered"},
		{"one's own word", map[string]any{"response/AAA-01": Response{Value: "yes"}, "response/AAA-02": Response{Value: "no"}, "response/AAA-03": Response{Value: "partly"}, "response/AAA-04": Response{Value: "compensated"}},
			today, "AAA-01:met AAA-02:gap AAA-03:gap AAA-04:compensated"},
		{"not applicable and not known are neither", map[string]any{"response/AAA-01": Response{Value: "not_applicable"}, "response/AAA-02": Response{Value: "unknown"}},
			today, "AAA-01:not_applicable AAA-02:not_known AAA-03:unanswered AAA-04:unanswered"},
		{"an assumption is not met", map[string]any{"response/AAA-01": took("AAA-01"), "response/AAA-02": took("AAA-02"), "response/AAA-03": expired},
			today, "AAA-01:assumed AAA-02:gap AAA-03:assumed AAA-04:unanswered"},
		{"an offer that has expired", map[string]any{"response/AAA-03": expired}, "2027-01-02", "AAA-01:unanswered AAA-02:unanswered AAA-03:stale(expired) AAA-04:unanswered"},
		{"the last day still holds", map[string]any{"response/AAA-03": expired}, "2027-01-01", "AAA-01:unanswered AAA-02:unanswered AAA-03:assumed AAA-04:unanswered"},
		{"a deviation", map[string]any{"response/AAA-01": Response{Value: "no"}, "response/AAA-02": Response{Value: "yes"}, "deviation/1": Deviation{Requirements: []string{"AAA-01", "AAA-02"}, Until: today}},
			today, "AAA-01:excepted AAA-02:met AAA-03:unanswered AAA-04:unanswered"},
		{"a deviation that has ended", map[string]any{"response/AAA-01": Response{Value: "no"}, "deviation/1": Deviation{Requirements: []string{"AAA-01"}, Until: "2026-11-23"}},
			today, "AAA-01:gap AAA-02:unanswered AAA-03:unanswered AAA-04:unanswered"},
		{"a response to what does not apply", map[string]any{"response/AAA-05": Response{Value: "no"}}, today, "AAA-01:unanswered AAA-02:unanswered AAA-03:unanswered AAA-04:unanswered"},
	} {
		t.Run(x.name, func(t *testing.T) {
			a := d.Assess(responded(t, x.values), offers, x.date)
			if got := outcomes(a); got != x.want {
				t.Errorf("got  %s\nwant %s", got, x.want)
			}
			s := a.Sum
			if sum := s.Met + s.Compensated + s.Assumed + s.Stale + s.Gap + s.Excepted + s.NotApplicable + s.NotKnown + s.Unanswered; sum != s.All || s.All != 4 {
				t.Errorf("%+v adds up to %d", s, sum)
			}
		})
	}
	if a := d.Assess(responded(t, map[string]any{"response/AAA-05": Response{Value: "no"}}), offers, today); fmt.Sprint(a.Resting) != "[AAA-05]" {
		t.Errorf("resting %v", a.Resting)
	}
}

// What an agreement confirms goes before what the catalogue assumed of it; when
// a clause falls, everything that was accepted on its word is told, and the
// answer itself stays.
func TestAgreementConfirmsAndFalls(t *testing.T) {
	d := verified(t)
	p := d.Facts.Catalog.Profiles[0]
	a := NewAgreement(d.Facts.Catalog, p.Agreements[0])
	a.ID = "sta1"
	if len(a.Commitments) != 2 || fmt.Sprint(a.Clauses()) != "[4.1 4.2]" {
		t.Fatalf("%+v", a)
	}
	c := a.Commitment("AAA-01")
	c.Strength, c.Role, c.Date, c.Until = "contracted", "Avtalsansvarig", "2026-11-01", "2027-06-30"
	offers := d.Inherit(today, []Agreement{a}, nil)
	if o := offers["AAA-01"]; len(o) != 1 || o[0].Kind != FromAgreement || o[0].From != "sta1" || o[0].Prefill.ValidUntil != "2027-06-30" ||
		o[0].Source() != "Avtalet, 4.1, bekräftat av avtalsansvarig 2026-11-01" {
		t.Fatalf("%+v", o)
	}
	none := d.Assess(Record{}, offers, today)
	rec := responded(t, map[string]any{"response/AAA-01": none.Row("AAA-01").Accept(offers["AAA-01"][0]), "response/AAA-02": none.Row("AAA-02").Accept(offers["AAA-02"][0])})
	at := func(date string) string { return outcomes(d.Assess(rec, d.Inherit(date, []Agreement{a}, nil), date)) }
	if got := at(today); !strings.HasPrefix(got, "AAA-01:met AAA-02:gap ") {
		t.Error(got)
	}
	if got := at("2027-07-01"); !strings.HasPrefix(got, "AAA-01:stale(expired) AAA-02:gap ") {
		t.Error(got)
	}
	c.Date = "2026-11-20" // confirmed anew
	if got := at(today); !strings.HasPrefix(got, "AAA-01:stale(changed) ") {
		t.Error(got)
	}
	c.Fallen = true
	if got := at(today); !strings.HasPrefix(got, "AAA-01:stale(gone) ") {
		t.Error(got)
	}
	if r := d.Assess(rec, d.Inherit(today, []Agreement{a}, nil), today).Row("AAA-01"); r.Response.Value != "yes" || len(r.Offers) != 0 {
		t.Errorf("%+v", r.Response)
	}
	a.Until, c.Fallen = "2026-11-23", false
	if got := d.Inherit(today, []Agreement{a}, nil); len(got["AAA-01"])+len(got["AAA-02"]) != 0 {
		t.Errorf("an agreement that has ended offers %v", got)
	}

	// One of one's own offers only where it is used.
	own := Agreement{ID: "eget", Title: "Driftavtalet", Commitments: []Commitment{{Requirement: "AAA-04", Answer: "yes", How: "Så.", Strength: "contracted", Clause: "7"}}}
	if got := d.Inherit(today, []Agreement{own}, nil)["AAA-04"]; len(got) != 0 {
		t.Errorf("not used, and offers %v", got)
	}
	if got := d.Inherit(today, []Agreement{own}, []string{"eget"})["AAA-04"]; len(got) != 1 || got[0].Prefill.How != "Så." {
		t.Errorf("%v", got)
	}
}

// No to an offer stands until the offer says something else.
func TestDecline(t *testing.T) {
	d := verified(t)
	offers := d.Inherit(today, nil, nil)
	x := d.Assess(Record{}, offers, today).Row("AAA-01")
	r := x.Decline(x.Offers[0])
	x = d.Assess(responded(t, map[string]any{"response/AAA-01": r}), offers, today).Row("AAA-01")
	if len(x.Offers) != 0 || len(x.Declined) != 1 || x.Outcome != NoResponse {
		t.Fatalf("%+v", x)
	}
	if r := x.Accept(x.Declined[0]); r.Value != "yes" || len(r.Declined) != 0 {
		t.Errorf("%+v", r)
	}
	changed := *offers["AAA-01"][0].Prefill
	changed.How = "Numera så."
	offers["AAA-01"][0].Prefill = &changed
	if x := d.Assess(responded(t, map[string]any{"response/AAA-01": r}), offers, today).Row("AAA-01"); len(x.Offers) != 1 {
		t.Errorf("%+v", x)
	}
}

// An approved B offers its answers; to a system that is rated higher a platform
// offers no more than a part, and what it has not declared it does not offer.
func TestSnapshotOffers(t *testing.T) {
	d := verified(t)
	offers := d.Inherit(today, nil, nil)
	rec := responded(t, map[string]any{
		"response/AAA-01": Response{Value: "yes", How: "Plattformen gör det.", Evidence: []Evidence{{Title: "Test", Date: "2026-10-01"}}},
		"response/AAA-02": Response{Value: "no"}, "response/AAA-03": Response{Value: "unknown"}, "response/AAA-04": Response{Value: "yes"},
	})
	rec.System.Title, rec.Classification.Type = "Plattformen", "B"
	s := Freeze(rec, d, "", Decision{})
	s.Assessed(d.Assess(rec, offers, today), nil)
	back, err := ReadSnapshot(s.Encode())
	if err != nil {
		t.Fatal(err)
	}
	got := back.Offers(Relation{Kind: FromPlatform, From: "s1", Only: []string{"AAA-01", "AAA-02", "AAA-03"}})
	if o := got["AAA-01"]; len(got) != 1 || o.Prefill.Answer != "yes" || o.Prefill.Strength != "verified" || o.Source() != "plattformen Plattformen, Test 2026-10-01" || o.From != "s1" {
		t.Errorf("%+v", got)
	}
	if got := back.Offers(Relation{Kind: FromSibling, From: "s1"}); len(got) != 2 || got["AAA-01"].Prefill.Strength != "assumed" || got["AAA-04"].Prefill.Strength != "assumed" {
		t.Errorf("%+v", got)
	}
	higher := d.Facts.Levels
	back.Levels = []FrozenLevel{{Aspect: "K", Level: 0}, {Aspect: "R", Level: 3}, {Aspect: "T", Level: 3}}
	if o := back.Offers(Relation{Kind: FromPlatform, From: "s1", Only: []string{"AAA-01"}, Levels: higher})["AAA-01"]; o.Prefill.Answer != "partly" || !strings.HasPrefix(o.Prefill.Remains, "Plattformen är klassad lägre än det här systemet i K.") {
		t.Errorf("%+v", o.Prefill)
	}
	back.Classification.Type = "A"
	if got := back.Offers(Relation{Kind: FromSibling, From: "s1"}); len(got) != 0 {
		t.Errorf("an A offers %v", got)
	}
}

// Of deviations that have ended the one that held the longest tells since when
// the gap is back, in whatever order they were made.
func TestLapsed(t *testing.T) {
	d := verified(t)
	for _, order := range [][2]string{{"2026-03-01", "2026-09-01"}, {"2026-09-01", "2026-03-01"}} {
		a := d.Assess(responded(t, map[string]any{
			"response/AAA-01": Response{Value: "no"},
			"deviation/1":     Deviation{Requirements: []string{"AAA-01"}, Until: order[0]},
			"deviation/2":     Deviation{Requirements: []string{"AAA-01"}, Until: order[1]},
		}), nil, today)
		if x := a.Row("AAA-01").Lapsed; x == nil || x.Until != "2026-09-01" {
			t.Errorf("%v: %+v", order, x)
		}
	}
}

// One measure for the gaps of one role that have no open action and no deviation.
func TestProposals(t *testing.T) {
	d := verified(t)
	rec := responded(t, map[string]any{
		"response/AAA-01": Response{Value: "no", Comment: "Saknas."}, "response/AAA-02": Response{Value: "partly"}, "response/AAA-03": Response{Value: "no"}, "response/AAA-04": Response{Value: "yes"},
		"deviation/1": Deviation{Requirements: []string{"AAA-03"}, Until: "2027-01-01"},
		"action/1":    Action{Title: "x", Requirements: []string{"AAA-02"}, Status: Ongoing, Due: "2026-11-23"},
	})
	a := d.Assess(rec, nil, today)
	got := a.Proposals(rec.Actions())
	if len(got) != 1 || fmt.Sprint(got[0].Requirements) != "[AAA-01]" || got[0].Status != Planned || !strings.Contains(got[0].Text, "(Saknas.)") {
		t.Errorf("%+v", got)
	}
	if x := rec.Actions()[0]; x.N != 1 || !x.Value.LateAt(today) || x.Value.LateAt("2026-11-23") {
		t.Errorf("%+v", x)
	}
	done := rec.Actions()
	done[0].Value.Status = Completed
	if got := a.Proposals(done); len(got) != 2 {
		t.Errorf("a gap that is still there after the action: %+v", got)
	}
	// The titles say what to do: what is missing, what is half done, and many at once.
	if got := a.Proposals(done); !strings.HasPrefix(got[0].Title, "Inför: ") || !strings.HasPrefix(got[1].Title, "Gör klart: ") {
		t.Errorf("%q, %q", got[0].Title, got[1].Title)
	}
	practice := &catalog.Practice{ID: "logg", Title: "Loggning"}
	a.Row("AAA-01").Requirement.Practice, a.Row("AAA-02").Requirement.Practice = practice, practice
	if got := a.Proposals(done); len(got) != 1 || got[0].Title != "Täpp till 2 luckor i ”Loggning”" {
		t.Errorf("%+v", got)
	}
	if n := rec.NextAction(); n != 2 {
		t.Errorf("next %d", n)
	}
}

// What was accepted passes on as it was accepted, whatever evidence was there
// from before: an assumption does not become a proof on its way through a
// platform, its last day comes along, and what has fallen is not passed on.
func TestSnapshotPassesOnWhatItTook(t *testing.T) {
	d := verified(t)
	offers := d.Inherit(today, nil, nil)
	proof := map[string]any{"response/AAA-03": Response{Value: "yes", Evidence: []Evidence{{Title: "Test", Date: "2024-10-01"}}}}
	took := d.Assess(responded(t, proof), offers, today).Row("AAA-03").Accept(offers["AAA-03"][0])
	partly := d.Assess(Record{}, offers, today).Row("AAA-02").Accept(offers["AAA-02"][0])
	rec := responded(t, map[string]any{"response/AAA-03": took, "response/AAA-02": partly})
	rec.System.Title, rec.Classification.Type = "Plattformen", "B"
	frozen := func(offers map[string][]Offer) *Snapshot {
		s := Freeze(rec, d, "", Decision{})
		s.Assessed(d.Assess(rec, offers, today), nil)
		return s
	}
	rel := Relation{Kind: FromPlatform, From: "s1", Only: []string{"AAA-02", "AAA-03"}}
	got := frozen(offers).Offers(rel)
	if p := got["AAA-03"].Prefill; p == nil || p.Strength != "assumed" || p.ValidUntil != "2027-01-01" {
		t.Fatalf("%+v", got)
	}
	if p := got["AAA-02"].Prefill; p == nil || p.Answer != "partly" || p.Strength != "assumed" {
		t.Errorf("%+v", got)
	}
	rel.Stands = func(requirement string, taken Taken) bool {
		return requirement != "AAA-03" || taken.Kind != FromPrefill
	}
	if got := frozen(offers).Offers(rel); len(got) != 1 || got["AAA-03"].Prefill != nil {
		t.Errorf("what has fallen is passed on: %+v", got)
	}
	rel.Stands = nil
	if got := frozen(nil).Offers(rel); len(got) != 0 {
		t.Errorf("what was gone at the approval is passed on: %+v", got)
	}
	unheard := took
	word := *took.Taken
	word.Strength = "sworn"
	unheard.Taken = &word
	if a := d.Assess(responded(t, map[string]any{"response/AAA-03": unheard}), map[string][]Offer{"AAA-03": {{Prefill: &catalog.Prefill{Answer: word.Answer, How: word.How, Source: word.Source, Strength: word.Strength, Remains: word.Remains, ValidUntil: word.ValidUntil}, Kind: word.Kind, From: word.From}}}, today); a.Row("AAA-03").Outcome != Assumed {
		t.Errorf("a strength that nobody knows: %+v", a.Row("AAA-03"))
	}
}

// Many at once takes what has no answer, and what stands on a word that has
// changed or that has become stronger; never what stands on one's own.
func TestBest(t *testing.T) {
	d := verified(t)
	a := NewAgreement(d.Facts.Catalog, d.Facts.Catalog.Profiles[0].Agreements[0])
	a.ID = "sta1"
	offers := func() map[string][]Offer { return d.Inherit(today, []Agreement{a}, nil) }
	best := func(r any) *Offer {
		return d.Assess(responded(t, map[string]any{"response/AAA-01": r}), offers(), today).Row("AAA-01").Best(today)
	}
	took := d.Assess(Record{}, offers(), today).Row("AAA-01").Accept(offers()["AAA-01"][0])
	if o := best(nil); o == nil || o.Prefill.Strength != "assumed" {
		t.Fatalf("unanswered: %+v", o)
	}
	if o := best(took); o != nil {
		t.Errorf("accepted, and nothing has changed: %+v", o)
	}
	c := a.Commitment("AAA-01")
	c.Strength, c.Role, c.Date = "contracted", "Avtalsansvarig", today
	if o := best(took); o == nil || o.Prefill.Strength != "contracted" {
		t.Errorf("confirmed since: %+v", o)
	}
	for _, r := range []Response{{Value: "yes"}, {Value: "no"}, {Value: "unknown"}} {
		if o := best(r); o != nil {
			t.Errorf("one's own %s: %+v", r.Value, o)
		}
	}
	// The word that was taken stands; another one is stronger.
	kept := map[string][]Offer{"AAA-01": {
		{Prefill: &catalog.Prefill{Answer: "yes", Strength: "contracted"}, Offered: rule.Yes, Kind: FromTender, From: "t"},
		{Prefill: &catalog.Prefill{Answer: took.Taken.Answer, How: took.Taken.How, Source: took.Taken.Source, Strength: "assumed", Remains: took.Taken.Remains}, Offered: rule.Yes, Kind: took.Taken.Kind, From: took.Taken.From}}}
	x := d.Assess(responded(t, map[string]any{"response/AAA-01": took}), kept, today).Row("AAA-01")
	if o := x.Best(today); x.Outcome != Assumed || o == nil || o.Kind != FromTender {
		t.Errorf("%s %+v", x.Outcome, o)
	}
	kept["AAA-01"] = kept["AAA-01"][1:]
	if o := d.Assess(responded(t, map[string]any{"response/AAA-01": took}), kept, today).Row("AAA-01").Best(today); o != nil {
		t.Errorf("nothing stronger: %+v", o)
	}
}
