package engine

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kravverk/kravverk/engine/catalog"
)

// recordOf is a record with the answers, as a store would hold them.
func recordOf(t testing.TB, c *catalog.Catalog, a Answers) Record {
	t.Helper()
	rec := Record{
		System:         System{ID: "s1", Title: "Kartan", Unit: "trafik"},
		Classification: Classification{ID: "k1", SystemID: "s1", Type: "A", CatalogHash: c.SetHash, CreatedBy: Person{"p1", "Maria Lindqvist"}},
		Answers:        map[string]Answer{},
	}
	put := func(key string, value any) {
		data, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		rec.Answers[key] = Answer{Key: key, Value: data, Version: 2, At: time.Date(2026, 11, 23, 10, 0, 0, 0, time.FixedZone("", 3600)), By: Person{"p1", "Maria Lindqvist"}}
	}
	for id, v := range a.Facts {
		put(FactKey(id), v)
	}
	for i, info := range a.Information {
		put(InformationKey(i+1), info)
	}
	if a.Raise != nil {
		put(KeyRaise, a.Raise)
	}
	put(KeyStop, Cleared{"Systemägare", "2026-11-23"})
	put(DoneKey("facts"), true)
	put(DelegateKey("fact/drift"), Delegation{Person: "p2", Text: "Hemlig fråga"})
	put(CommentKey("fact/drift", 1), Comment{"Hemlig kommentar"})
	rec.Answers[FactKey("taken-back")] = Answer{Key: FactKey("taken-back"), Value: json.RawMessage("null"), Version: 2}
	return rec
}

func freeze(t testing.TB, c *catalog.Catalog, rec Record) *Snapshot {
	t.Helper()
	input, err := rec.Input(c)
	if err != nil {
		t.Fatal(err)
	}
	f, err := NewFacts(c, input)
	if err != nil {
		t.Fatal(err)
	}
	return Freeze(rec, Derive(f), "Trafikkontoret", Decision{Diary: "TN 2026/412", Text: "Godkänns <så>.", NextReview: "2027-11-24", Participants: []Participant{{"Systemägare", "p1"}}})
}

// What is frozen can be read back and frozen again from its own answers: the
// same bytes, whatever was answered.
func TestSnapshotGivesItselfBack(t *testing.T) {
	c := shipped(t)
	rnd := rand.New(rand.NewPCG(3, 4))
	for i := range 30 {
		rec := recordOf(t, c, randomAnswers(rnd, c, float64(i%11)/10))
		data := freeze(t, c, rec).Encode()
		if again := freeze(t, c, rec).Encode(); !bytes.Equal(data, again) {
			t.Fatal("the same record gives other bytes")
		}
		s, err := ReadSnapshot(data)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(s.Encode(), data) {
			t.Fatal("read and written again it is another")
		}
		if again := freeze(t, c, s.Record()).Encode(); !bytes.Equal(data, again) {
			t.Fatal("its own answers give another")
		}
		for _, bad := range []string{"Maria", "Hemlig", "taken-back", "delegate", `\u003c`} {
			if strings.Contains(string(data), bad) {
				t.Fatalf("%q is in it", bad)
			}
		}
		if diff := s.Since(s); !diff.Empty() {
			t.Fatalf("it differs from itself: %+v", diff)
		}
	}
}

// The keys are a contract with whoever reads an old one.
func TestSnapshotKeys(t *testing.T) {
	var keys []string
	var walk func(prefix string, typ reflect.Type)
	walk = func(prefix string, typ reflect.Type) {
		for typ.Kind() == reflect.Slice && typ.Elem().Kind() != reflect.Uint8 {
			typ, prefix = typ.Elem(), prefix+"[]"
		}
		if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[time.Time]() {
			keys = append(keys, prefix)
			return
		}
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous {
				walk(prefix, f.Type)
				continue
			}
			walk(strings.TrimPrefix(prefix+"."+name, "."), f.Type)
		}
	}
	walk("", reflect.TypeFor[Snapshot]())
	want := `format format_version system.id system.title system.description system.unit system.unit_title system.members
		classification.id classification.type classification.created_at classification.created_by
		catalog.id catalog.version catalog.title catalog.hash catalog.set_hash
		catalog.profiles[].id catalog.profiles[].version catalog.profiles[].title catalog.profiles[].hash
		answers[].key answers[].value answers[].version answers[].at answers[].by answers[].about answers[].chosen[]
		levels[].aspect levels[].title levels[].level levels[].name levels[].known levels[].from levels[].category levels[].raised levels[].justification levels[].decided_by
		lowered[].information lowered[].aspect lowered[].from lowered[].to lowered[].justification lowered[].decided_by
		laws[].id laws[].title laws[].source laws[].applies laws[].ticked laws[].because laws[].uncertain
		findings[].id findings[].area findings[].applies findings[].obligation findings[].title findings[].is findings[].shall
		findings[].parameters[].name findings[].parameters[].value findings[].parameters[].step findings[].unsettled findings[].because
		findings[].offers[].applies findings[].offers[].answer findings[].offers[].how findings[].offers[].source findings[].offers[].strength
		findings[].offers[].remains findings[].offers[].valid_until
		findings[].offers[].from.id findings[].offers[].from.version findings[].offers[].from.title findings[].offers[].from.hash
		findings[].outcome findings[].stale result.applies result.shall result.should result.not result.unknown result.unsettled result.not_known[].id result.not_known[].title verified
		sources[].kind sources[].id sources[].title sources[].revision sources[].sha256 sources[].answers
		decision.diary decision.text decision.next_review decision.participants[].role decision.participants[].person decision.four_eyes`
	if got, want := strings.Join(keys, " "), strings.Join(strings.Fields(want), " "); got != want {
		t.Errorf("the keys are now\n%s\nwant\n%s\nA key that goes away or changes its meaning needs another SnapshotVersion; a new one does not.", got, want)
	}
}

func TestSnapshotHoldsWhatWasDecided(t *testing.T) {
	c := shipped(t)
	two := 2
	var a Answers
	a.Facts = map[string]any{"cyberfysiskt": false, "drift": "moln", "personuppgifter": VetEj, "lagrum": []string{"csl"}}
	a.Information = []Information{
		{Type: "arendehandlingar", Levels: map[string]int{"K": 1}, Justification: "Bara öppna ärenden.", DecidedBy: "Systemägare"},
		{Type: "Läkarintyg", Levels: map[string]int{"K": 1, "R": 1, "T": 1}, Justification: "Lite."},
	}
	a.Raise = &Raise{T: &two, Reason: "Många tillsammans.", DecidedBy: "Systemägare"}
	s := freeze(t, c, recordOf(t, c, a))
	if len(s.Lowered) != 1 || s.Lowered[0] != (FrozenLowering{"Ärendehandlingar", "K", 2, 1, "Bara öppna ärenden.", "Systemägare"}) {
		t.Errorf("lowered: %+v", s.Lowered)
	}
	raised := map[string]bool{}
	for _, l := range s.Levels {
		raised[l.Aspect] = l.Raised
	}
	if !raised["T"] || raised["K"] {
		t.Errorf("raised: %v", raised)
	}
	drift := s.Answer(FactKey("drift"))
	if drift == nil || len(drift.Chosen) != 1 || !strings.HasSuffix(drift.About, "?") || drift.By != "p1" || drift.Version != 2 {
		t.Errorf("drift: %+v", drift)
	}
	if s.Answer("fact/none") != nil {
		t.Error("an answer that is not there")
	}
	if len(s.Result.NotKnown) != 1 || s.Result.NotKnown[0].ID != "personuppgifter" {
		t.Errorf("not known: %+v", s.Result.NotKnown)
	}
	if s.Result.Applies+s.Result.Not+s.Result.Unknown != len(c.Requirements) || s.Result.Shall+s.Result.Should != s.Result.Applies {
		t.Errorf("the figures do not add up: %+v", s.Result)
	}
	offered := 0
	for _, f := range s.Findings {
		for _, o := range f.Offers {
			offered++
			if o.Source == "" || o.Strength == "" || len(o.From.Hash) < 64 {
				t.Errorf("%s: whose word is %+v?", f.ID, o)
			}
		}
	}
	if offered == 0 {
		t.Error("no offers")
	}
}

func TestReadSnapshotRefuses(t *testing.T) {
	for _, bad := range []string{"", "{}", `{"format":"other","format_version":1}`, `{"format":"kravverk-snapshot","format_version":2}`, "[]"} {
		if _, err := ReadSnapshot([]byte(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

func TestSnapshotSince(t *testing.T) {
	c := shipped(t)
	answers := func(drift string, k int) Answers {
		var a Answers
		a.Facts = map[string]any{"cyberfysiskt": false, "drift": drift, "lagrum": []string{"csl"}}
		a.Information = []Information{{Type: "Läkarintyg", Levels: map[string]int{"K": k, "R": 1, "T": 1}}}
		return a
	}
	before, after := freeze(t, c, recordOf(t, c, answers("moln", 1))), freeze(t, c, recordOf(t, c, answers("egen", 3)))
	diff := after.Since(before)
	if len(diff.Answers) != 2 || diff.Answers[0].Before.Key != FactKey("drift") || diff.Answers[0].Before.Chosen[0] == diff.Answers[0].After.Chosen[0] {
		t.Errorf("answers: %+v", diff.Answers)
	}
	if len(diff.Levels) != 1 || diff.Levels[0].Before.Level != 1 || diff.Levels[0].After.Level != 3 {
		t.Errorf("levels: %+v", diff.Levels)
	}
	// The same as the engine says of the two derivations.
	derived := func(s *Snapshot) *Derivation {
		input, err := s.Record().Input(c)
		if err != nil {
			t.Fatal(err)
		}
		f, err := NewFacts(c, input)
		if err != nil {
			t.Fatal(err)
		}
		return Derive(f)
	}
	want := Compare(derived(before), derived(after))
	if len(diff.Added) != len(want.Added) || len(diff.Removed) != len(want.Removed) || len(diff.Undecided) != len(want.Undecided) || len(diff.Reworded) < len(want.Sharpened) || len(diff.Added) == 0 {
		t.Errorf("%d added, %d removed, %d reworded, %d undecided; want %d, %d, at least %d, %d", len(diff.Added), len(diff.Removed), len(diff.Reworded), len(diff.Undecided),
			len(want.Added), len(want.Removed), len(want.Sharpened), len(want.Undecided))
	}
	other := *after
	other.Catalog.Version, other.Catalog.Hash = "99", "x"
	other.Laws = nil
	diff = other.Since(after)
	if len(diff.Releases) != 1 || diff.Releases[0].After.Version != "99" || len(diff.Laws) != len(after.Laws) || diff.Laws[0].After != nil {
		t.Errorf("releases %+v, laws %+v", diff.Releases, diff.Laws)
	}
}
