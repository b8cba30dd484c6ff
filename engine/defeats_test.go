package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kravverk/kravverk/engine/catalog"
)

// What defeats rule engines that look at one answer or one condition at a time.
// Every row is decided although the answers that its parts ask for are open, or
// is open although a careless reading would call it decided.
func TestWhatDefeatsOthers(t *testing.T) {
	for _, tt := range []struct {
		name, catalog, answers string
		want                   string
	}{
		{
			"every option has a row of its own, and nothing is answered",
			drift + req("AAA-01", `when = [ { drift = "egen" }, { drift = "sta" }, { drift = "moln" } ]`), "",
			"gäller: grundskydd, gäller alla system",
		},
		{
			"comparison with what levels are left of an exhausted domain",
			req("AAA-01", `when = [ { K = ">=3" }, { K = "=2" } ]`), information("K = 2") + information("R = 1"),
			"gäller: K minst 2 Betydande ≥ 2",
		},
		{
			"resolution across rows",
			boolFact("x") + boolFact("y") + req("AAA-01", `when = [ { x = true, y = true }, { x = false, y = true } ]`), "[facts]\ny = true",
			"gäller: y: ja",
		},
		{
			"the consensus of two rows decides before their common question is asked",
			boolFact("x") + boolFact("y") + boolFact("z") + req("AAA-01", `when = [ { x = true, y = true }, { x = false, z = true } ]`), "[facts]\ny = true\nz = true",
			"gäller: y: ja, och z: ja",
		},
		{
			"resolution across conditions, by a derived fact",
			boolFact("x") + boolFact("y") + derived("d", `[ { x = true }, { y = true } ]`) + req("AAA-01", `when = [ { d = true }, { x = false, y = false } ]`), "",
			"gäller: grundskydd, gäller alla system",
		},
		{
			"a parent that rules its child out",
			drift + boolFact("x", `ask_when = [ { drift = "moln" } ]`) + req("AAA-01", `when = [ { drift = "sta", x = true } ]`), "",
			"gäller inte: inga svar påverkar",
		},
		{
			"a child answered before its parent says nothing yet",
			drift + boolFact("x", `ask_when = [ { drift = "moln" } ]`) + req("AAA-01", `when = [ { x = true } ]`), "[facts]\nx = true",
			"osäkert: beror på drift",
		},
		{
			"neither value of a hidden question holds, so both together do not cover all",
			drift + boolFact("x", `ask_when = [ { drift = "moln" } ]`) + req("AAA-01", `when = [ { x = true }, { x = false } ]`), "",
			"osäkert: beror på drift",
		},
		{
			"a chain of hidden questions is closed at its top",
			drift + boolFact("x", `ask_when = [ { drift = "moln" } ]`) + boolFact("y", `ask_when = [ { x = true } ]`) + req("AAA-01", `unless = [ { y = true } ]`), "[facts]\ndrift = \"sta\"",
			"gäller: drift är sta",
		},
		{
			"a derived value beside its negation",
			boolFact("x") + derived("d", `[ { x = true } ]`) + req("AAA-01", `when = [ { d = true }, { x = false } ]`), "",
			"gäller: grundskydd, gäller alla system",
		},
		{
			"unless takes away the only row",
			boolFact("x") + req("AAA-01", `when = [ { x = true } ]`, `unless = [ { x = true } ]`), "",
			"gäller inte: inga svar påverkar",
		},
		{
			"not in unless is not no",
			req("AAA-01", `unless = [ { K = ">=3" } ]`), "",
			"osäkert: beror på konfidentialitet",
		},
		{
			"one fact in every row, answered so that all fall",
			boolFact("x") + boolFact("y") + boolFact("z") + req("AAA-01", `when = [ { x = true, y = true }, { x = true, z = true }, { x = true, K = ">=2" } ]`), "[facts]\nx = false",
			"gäller inte: x: nej",
		},
		{
			"one fact twice, in the row and in unless",
			drift + req("AAA-01", `when = [ { drift = ["egen", "sta"] } ]`, `unless = [ { drift = ["sta", "moln"] } ]`), "[facts]\ndrift = \"egen\"",
			"gäller: drift är egen",
		},
		{
			"a class label against its level",
			derived("hemlig", `[ { K = ">=2" } ]`) + req("AAA-01", `when = [ { hemlig = true, K = "<=1" } ]`), "",
			"gäller inte: inga svar påverkar",
		},
		{
			"a class label or its level, whichever it is",
			derived("hemlig", `[ { K = ">=2" } ]`) + req("AAA-01", `when = [ { hemlig = true }, { K = "<=1" } ]`), "",
			"gäller: grundskydd, gäller alla system",
		},
		{
			"a class label is decided by the lowest level possible",
			derived("hemlig", `[ { K = ">=2" } ]`) + req("AAA-01", `when = [ { hemlig = true } ]`), information("K = 2") + information("R = 1"),
			"gäller: K minst 2 Betydande ≥ 2",
		},
		{
			"vet ej on what turns out not to matter",
			boolFact("x") + boolFact("y") + req("AAA-01", `when = [ { x = true, y = true }, { x = false, y = true } ]`), "[facts]\nx = \"vet_ej\"\ny = false",
			"gäller inte: y: nej",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			expect(t, derive(t, load(t, tt.catalog), tt.answers), "AAA-01", tt.want)
		})
	}
	// A label where a level belongs is not compared, it is refused.
	contains(t, refused(t, req("AAA-01", `when = [ { K = "Betydande" } ]`)), "nivån för K ska skrivas med tecken")
}

// A condition with too many primes is answered by its diagram, and one with too
// large a diagram is refused with a sentence that names it.
func TestWhatExplodes(t *testing.T) {
	// d holds when an odd number of 20 answers are yes: half a million primes.
	parity := derived("d0", `[ { x0 = true } ]`)
	answers := "[facts]\n"
	for i := range 20 {
		parity += boolFact(fmt.Sprintf("x%d", i))
		if i > 0 {
			parity += derived(fmt.Sprintf("d%d", i), fmt.Sprintf(`[ { d%d = true, x%d = false }, { d%[1]d = false, x%[2]d = true } ]`, i-1, i))
			answers += fmt.Sprintf("x%d = %v\n", i, i%2 == 0)
		}
	}
	c := load(t, parity+req("AAA-01", `when = [ { d19 = true } ]`))
	if d := derive(t, c, answers); d.Finding("AAA-01").Applies != Unknown || len(d.Open) != 1 || d.Open[0].ID != "x0" {
		t.Errorf("with 19 of 20 answers: %s, open %v", verdict(t, d, "AAA-01"), d.Open)
	}
	if d := derive(t, c, answers+"x0 = true"); d.Finding("AAA-01").Applies != No || len(d.Finding("AAA-01").Reasons) != 20 {
		t.Errorf("with all answers: %s", verdict(t, d, "AAA-01"))
	}

	// x0 = y0 and x1 = y1 and …, with all x asked before all y: 2^40 nodes.
	var xs, ys, ds, all string
	for i := range 40 {
		xs += boolFact(fmt.Sprintf("x%d", i))
		ys += boolFact(fmt.Sprintf("y%d", i))
		ds += derived(fmt.Sprintf("d%d", i), fmt.Sprintf(`[ { x%d = true, y%[1]d = true }, { x%[1]d = false, y%[1]d = false } ]`, i))
		all += fmt.Sprintf("d%d = true, ", i)
	}
	got := refused(t, xs+ys+ds+req("AAA-01", `when = [ { `+strings.TrimSuffix(all, ", ")+` } ]`))
	contains(t, got, "villkoret för AAA-01 är för stort att räkna på", "Dela upp det")

	// Nine profiles that change one requirement make 512 texts of it.
	var profiles []string
	for i := range 9 {
		profiles = append(profiles, profile(fmt.Sprintf("p%d", i), i+1, `offered_when = [ { drift = "moln" } ]`)+adjust("AAA-01", fmt.Sprintf("title = \"Rubrik %d\"", i)))
	}
	contains(t, refused(t, drift+req("AAA-01"), profiles...), "kravet AAA-01 ändras av 9 profiler, och högst 8")
}

func derived(id, rows string) string {
	return "\n[[fact]]\nid = \"" + id + "\"\ntype = \"bool\"\ntitle = \"" + id + "\"\nderived = " + rows + "\n"
}

// information is a kind of information with some of its levels.
func information(levels string) string {
	return "[[information]]\ntype = \"Om " + levels + "\"\nlevels = { " + levels + " }\n"
}

// small is a catalogue with something of everything, small enough to answer in
// every possible way.
const smallLaws = `
[[law]]
id = "lag"
title = "Lagen"
source = "2025:1"
effect = "?"
question = "Gäller lagen?"
`

func small(t testing.TB) *catalog.Catalog {
	return load(t, drift+smallLaws+
		boolFact("x", `ask_when = [ { drift = "moln" } ]`)+
		boolFact("y", `ask_when = [ { x = true }, { K = ">=2" } ]`)+
		boolFact("aldrig", `ask_when = [ { drift = "sta", x = true } ]`)+
		derived("d", `[ { y = true, drift = "moln" }, { lagrum = "lag" } ]`)+
		req("AAA-01", `levels = { K = 2, R = 3 }`, `title = "Spara {tid}"`, `parameters = { tid = { 1 = "ett år", 2 = "två år", 3 = "tre år" } }`)+
		req("AAA-02", `when = [ { d = true } ]`, `unless = [ { x = false } ]`)+
		req("AAA-03", `when = [ { drift = ["moln", "sta"], R = ">=1" }, { y = false } ]`)+
		req("AAA-04", `when = [ { aldrig = false } ]`)+
		req("AAA-05"),
		profile("p", 1, `offered_when = [ { drift = "sta" } ]`)+
			adjust("AAA-05", `title = "Annan rubrik"`)+
			exclude("AAA-03", "Det ordnar leverantören.")+
			prefill("AAA-01", "yes", "assumed", `when = [ { lagrum = "lag" } ]`))
}
