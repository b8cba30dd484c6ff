package engine

import (
	"encoding/json"
	"testing"
)

// A common answer reaches the units below, the nearest first; a text without an
// answer hides none, evidence is what makes it more than assumed, and its hash
// follows what was accepted and nothing else.
func TestHows(t *testing.T) {
	org := &Organisation{Units: []Unit{{ID: "top", Title: "Staden"}, {ID: "office", Parent: "top", Title: "Kontoret"}, {ID: "other", Parent: "top", Title: "Andra"}}}
	kept := func(unit, id string, h How) Shared {
		value, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		return Shared{Unit: unit, Answer: Answer{Key: HowKey(unit, id), Value: value, Version: 1}}
	}
	proof := &Evidence{Title: "Rutin", Date: "2026-10-01"}
	list := []Shared{
		kept("top", "AAA-01", How{Text: "Staden gör så.", Answer: AnswerYes, Role: "Chef", Date: "2026-11-01", Evidence: proof}),
		kept("top", "AAA-02", How{Text: "Staden gör också så.", Answer: AnswerPartly, Remains: "Kontrollera.", Until: "2027-01-01"}),
		kept("office", "AAA-01", How{Text: "Bara en text."}),
		kept("office", "AAA-02", How{Text: "Kontoret gör så.", Answer: AnswerYes}),
		kept("office", "AAA-03", How{}), // taken back
		kept("other", "AAA-04", How{Text: "Inte här.", Answer: AnswerYes}),
	}
	got := HowOffers(list, org, "office")
	if len(got) != 2 {
		t.Fatalf("%d offers: %+v", len(got), got)
	}
	if o := got["AAA-01"]; o.Kind != FromUnit || o.From != "top" || o.Prefill.Strength != "verified" || o.Source() != "Staden, Rutin 2026-10-01, bekräftat av chef 2026-11-01" {
		t.Errorf("%+v %s", o, o.Source())
	}
	if o := got["AAA-02"]; o.From != "office" || o.Prefill.Answer != AnswerYes || o.Prefill.Strength != "assumed" {
		t.Errorf("%+v", o.Prefill)
	}
	if o := HowOffers(list, org, "top")["AAA-02"]; o.Prefill.Answer != AnswerPartly || o.Prefill.Remains != "Kontrollera." || o.Prefill.ValidUntil != "2027-01-01" {
		t.Errorf("%+v", o.Prefill)
	}
	if k := HowOf(list, org, "office", "AAA-01"); k.Unit != "office" || k.How.Text != "Bara en text." {
		t.Errorf("%+v", k)
	}
	if k := HowOf(list, org, "office", "AAA-03"); k.Version != 0 {
		t.Errorf("taken back, and there: %+v", k)
	}

	frozen := FrozenHows(list, org, "top", []string{"AAA-02", "AAA-01"})
	if frozen.Kind != FromUnit || frozen.Title != "Staden" || len(frozen.SHA256) != 64 {
		t.Errorf("%+v", frozen)
	}
	if again := FrozenHows(list, org, "top", []string{"AAA-01", "AAA-02"}); again.SHA256 != frozen.SHA256 {
		t.Error("the order of the requirements changes the hash")
	}
	if less := FrozenHows(list, org, "top", []string{"AAA-01"}); less.SHA256 == frozen.SHA256 {
		t.Error("another requirement does not change the hash")
	}
	list[0] = kept("top", "AAA-01", How{Text: "Staden gör annorlunda.", Answer: AnswerYes})
	if changed := FrozenHows(list, org, "top", []string{"AAA-01", "AAA-02"}); changed.SHA256 == frozen.SHA256 {
		t.Error("another text does not change the hash")
	}
}
