package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/diag"
	"github.com/kravverk/kravverk/engine/rule"
)

// Every rule of the design's "hole by hole", each as a test of its own. The
// catalogues are small and stand beside what is expected of them.

const base = `
[catalog]
id = "bas"
version = "2026.1"
title = "Bas"
status = "draft"
issued = 2026-11-23
license = "CC0-1.0"
scale = "skr-0-4"

[[aspect]]
id = "K"
title = "Konfidentialitet"
question = "?"
[[aspect]]
id = "R"
title = "Riktighet"
question = "?"
[[aspect]]
id = "T"
title = "Tillgänglighet"
question = "?"
[[aspect]]
id = "S"
title = "Spårbarhet"
question = "?"
rated = false

[[level]]
value = 0
title = "Ingen"
[[level]]
value = 1
title = "Måttlig"
[[level]]
value = 2
title = "Betydande"
[[level]]
value = 3
title = "Allvarlig"
[[level]]
value = 4
title = "Synnerligen allvarlig"
stop = true
refer_to = "säkerhetsskyddschefen"

[[area]]
id = "AAA"
title = "Området"
[[role]]
id = "it"
title = "It-ansvarig"
`

// drift is a question with three options, and moln a bool that hangs on it.
const drift = `
[[fact]]
id = "drift"
type = "choice"
title = "Drift"
group = "G"
question = "Var drivs systemet?"
options = [ { id = "egen", title = "Egen" }, { id = "sta", title = "STA" }, { id = "moln", title = "Moln" } ]
`

func boolFact(id string, more ...string) string {
	return fmt.Sprintf("\n[[fact]]\nid = %q\ntype = \"bool\"\ntitle = %q\ngroup = \"G\"\nquestion = \"%s?\"\n%s\n", id, id, id, strings.Join(more, "\n"))
}

// req is a requirement with the given rows and texts.
func req(id string, more ...string) string {
	r := fmt.Sprintf(`
[[requirement]]
id = %q
area = "AAA"
obligation = "shall"
kind = "technical"
category = "specification"
concern = "own"
role = "it"
verify = { contract = ["document"] }
references = []
`, id)
	text := strings.Join(more, "\n")
	if !strings.Contains("\n"+text, "\nbasis =") {
		r += "basis = \"proposal\"\n"
	}
	if !strings.Contains("\n"+text, "\ntitle =") {
		r += fmt.Sprintf("title = %q\n", "Kravet "+id)
	}
	if !strings.Contains("\n"+text, "\nis =") {
		r += "is = \"Så är det.\"\n"
	}
	return r + text + "\n"
}

func profile(id string, precedence int, more ...string) string {
	return fmt.Sprintf(`
[profile]
id = %q
version = "2026.1"
title = %q
status = "draft"
issued = 2026-11-23
license = "CC0-1.0"
extends = "bas@2026.1"
precedence = %d
`, id, strings.ToUpper(id), precedence) + strings.Join(more, "\n")
}

func files(bas string, profiles ...string) fstest.MapFS {
	fsys := fstest.MapFS{"bas/catalog.toml": {Data: []byte(base + bas)}}
	for i, p := range profiles {
		fsys[fmt.Sprintf("p%d/profile.toml", i)] = &fstest.MapFile{Data: []byte(p)}
	}
	return fsys
}

func load(t testing.TB, bas string, profiles ...string) *catalog.Catalog {
	t.Helper()
	c, list := catalog.Load(files(bas, profiles...), catalog.Options{})
	if c == nil {
		t.Fatal(text(list, files(bas, profiles...)))
	}
	return c
}

// refused gives what Load says, with its codes.
func refused(t testing.TB, bas string, profiles ...string) string {
	t.Helper()
	fsys := files(bas, profiles...)
	c, list := catalog.Load(fsys, catalog.Options{})
	if c != nil {
		t.Fatalf("taken without an error\n%s", text(list, fsys))
	}
	return text(list, fsys)
}

func text(list diag.List, fsys fstest.MapFS) string {
	var b strings.Builder
	list.WriteText(&b, func(name string) []byte {
		if f := fsys[name]; f != nil {
			return f.Data
		}
		return nil
	})
	return b.String()
}

// derive takes answers as a file would hold them; the head is filled in.
func derive(t testing.TB, c *catalog.Catalog, answers string) *Derivation {
	t.Helper()
	f, err := answer(t, c, answers)
	if err != nil {
		t.Fatal(err)
	}
	d := Derive(f)
	certifies(t, d) // every rule here is also one that the certificate knows
	return d
}

func answer(t testing.TB, c *catalog.Catalog, answers string) (*Facts, error) {
	t.Helper()
	if !strings.Contains(answers, "[classification]") {
		answers = "[classification]\n" + answers
	}
	answers = strings.Replace(answers, "[classification]", "[classification]\ntype = \"A\"\ntitle = \"Ett system\"\ncatalog = \"bas\"", 1)
	a, _, list := ParseAnswers("svar.toml", []byte(answers))
	if list.HasErrors() {
		t.Fatal(text(list, fstest.MapFS{"svar.toml": {Data: []byte(answers)}}))
	}
	return NewFacts(c, a)
}

func levels(k, r, t int) string {
	return fmt.Sprintf("[[information]]\ntype = \"Uppgifter\"\nlevels = { K = %d, R = %d, T = %d }\n", k, r, t)
}

// verdict is what a person reads of a requirement: "gäller: skälet".
func verdict(t testing.TB, d *Derivation, id string) string {
	t.Helper()
	f := d.Finding(id)
	if f == nil {
		t.Fatalf("no requirement %s", id)
	}
	return appliesWord(f.Applies) + ": " + f.Because
}

func expect(t *testing.T, d *Derivation, id, want string) {
	t.Helper()
	if got := verdict(t, d, id); got != want {
		t.Errorf("%s\n got %s\nwant %s", id, got, want)
	}
}

func contains(t *testing.T, got string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%q is missing in:\n%s", w, got)
		}
	}
}

func TestLevelsAreOr(t *testing.T) {
	c := load(t, req("AAA-01", `levels = { K = 2, R = 3 }`))
	expect(t, derive(t, c, levels(2, 0, 0)), "AAA-01", "gäller: K 2 Betydande ≥ 2")
	expect(t, derive(t, c, levels(0, 3, 0)), "AAA-01", "gäller: R 3 Allvarlig ≥ 3")
	expect(t, derive(t, c, levels(1, 2, 3)), "AAA-01", "gäller inte: K 1 Måttlig ≤ 1, och R 2 Betydande ≤ 2")
	// The highest level is the reason that a person recognizes.
	expect(t, derive(t, c, levels(2, 3, 0)), "AAA-01", "gäller: R 3 Allvarlig ≥ 3")
}

func TestLevelsTogetherWithRows(t *testing.T) {
	c := load(t, drift+req("AAA-01", `levels = { K = 2 }`, `when = [ { drift = "moln" } ]`))
	expect(t, derive(t, c, "[facts]\ndrift = \"moln\"\n"+levels(3, 0, 0)), "AAA-01", "gäller: K 3 Allvarlig ≥ 2, och drift är moln")
	expect(t, derive(t, c, "[facts]\ndrift = \"egen\"\n"+levels(3, 0, 0)), "AAA-01", "gäller inte: drift är egen")
	expect(t, derive(t, c, "[facts]\ndrift = \"egen\"\n"), "AAA-01", "gäller inte: drift är egen")
	expect(t, derive(t, c, levels(1, 0, 0)), "AAA-01", "gäller inte: K 1 Måttlig ≤ 1")
	expect(t, derive(t, c, levels(3, 0, 0)), "AAA-01", "osäkert: beror på drift")
	expect(t, derive(t, c, ""), "AAA-01", "osäkert: beror på drift och konfidentialitet")
}

func TestUnlessRowsAreExceptions(t *testing.T) {
	c := load(t, drift+boolFact("x")+req("AAA-01", `when = [ { drift = ["sta", "moln"] } ]`, `unless = [ { x = true } ]`))
	expect(t, derive(t, c, "[facts]\ndrift = \"sta\"\nx = false"), "AAA-01", "gäller: drift är sta, och x: nej")
	expect(t, derive(t, c, "[facts]\ndrift = \"sta\"\nx = true"), "AAA-01", "gäller inte: x: ja")
	expect(t, derive(t, c, "[facts]\nx = true"), "AAA-01", "gäller inte: x: ja")
}

func TestShallIsPutOnlyWhenItsRowsHold(t *testing.T) {
	c := load(t, drift+req("AAA-01", `shall = "Leverantören ska."`, `shall_when = [ { drift = ["sta", "moln"] }, { K = "=3" } ]`),
		profile("p", 1, `offered_when = [ { drift = "moln" } ]`)+adjust("AAA-01", `shall_when = [ { drift = "egen" } ]`))
	for _, x := range []struct {
		answers, shall string
		unsettled      bool
	}{
		{"[facts]\ndrift = \"sta\"\n" + levels(0, 0, 0), "Leverantören ska.", false},
		{"[facts]\ndrift = \"egen\"\n" + levels(0, 0, 0), "", false},
		{"[facts]\ndrift = \"egen\"\n" + levels(3, 0, 0), "Leverantören ska.", false},
		{"[facts]\ndrift = \"moln\"\n" + levels(3, 0, 0), "", false}, // the profile aims it elsewhere
		{levels(0, 0, 0), "Leverantören ska.", true},
		{"[facts]\ndrift = \"egen\"\n", "Leverantören ska.", true},
	} {
		d := derive(t, c, x.answers)
		f := d.Finding("AAA-01")
		if f.Applies != Yes || Text(f.Is) != "Så är det." || Text(f.Shall) != x.shall || f.Unsettled != x.unsettled {
			t.Errorf("%s: applies %v, is %q, shall %q, unsettled %v", x.answers, f.Applies, Text(f.Is), Text(f.Shall), f.Unsettled)
		}
	}
	contains(t, refused(t, req("AAA-01", `shall_when = [ { K = "=3" } ]`)), "[shall-when]", "ingen SKA-text")
}

func TestSize(t *testing.T) {
	supplier := func(id string, more ...string) string {
		return strings.Replace(req(id, append(more, `shall = "Leverantören ska."`)...), `concern = "own"`, `concern = "supplier"`, 1)
	}
	c := load(t, drift+supplier("AAA-01")+req("AAA-02")+supplier("AAA-03", `shall_when = [ { drift = "moln" } ]`)+supplier("AAA-04", `when = [ { drift = "moln" } ]`),
		profile("p", 1, `offered_when = [ { drift = "moln" } ]`)+prefill("AAA-01", "yes", "assumed"))
	for answers, want := range map[string]Size{
		"[facts]\ndrift = \"egen\"": {Rows: 3, Supplier: 1},
		"[facts]\ndrift = \"moln\"": {Rows: 4, Supplier: 3, Offered: 1},
	} {
		if got := derive(t, c, answers).Size(); got != want {
			t.Errorf("%s: %+v, want %+v", answers, got, want)
		}
	}
}

func TestAspectInWhenBesideLevelsIsAnError(t *testing.T) {
	got := refused(t, req("AAA-01", `levels = { K = 2 }`, `when = [ { R = ">=2" } ]`))
	contains(t, got, "[levels-and-when]", "R står både i levels och i en rad")
}

func TestEmptyWhenAndEmptyRowAreErrors(t *testing.T) {
	contains(t, refused(t, req("AAA-01", `when = []`)), "when är tom", "[empty]")
	contains(t, refused(t, req("AAA-01", `when = [ {} ]`)), "when är tom", "[empty]")
}

func TestNeitherLevelsNorWhenIsBaseProtection(t *testing.T) {
	d := derive(t, load(t, req("AAA-01")), "")
	expect(t, d, "AAA-01", "gäller: grundskydd, gäller alla system")
	if d.Draft() || len(d.Open) > 0 {
		t.Error("nothing is open")
	}
}

func TestStatuteHasNoLevels(t *testing.T) {
	contains(t, refused(t, req("AAA-01", `basis = "statute"`, `levels = { K = 1 }`)), "[statute-levels]")
	p := profile("p", 1, `offered_when = [ { x = true } ]`, `[[adjust]]`, `requirement = "AAA-01"`, `reason = "?"`, `levels = { K = 1 }`)
	contains(t, refused(t, boolFact("x")+req("AAA-01", `basis = "statute"`), p), "[statute-levels]")

	c := load(t, boolFact("x")+req("AAA-01", `basis = "statute"`, `when = [ { x = true } ]`))
	expect(t, derive(t, c, "[facts]\nx = true\n"+levels(0, 0, 0)), "AAA-01", "gäller: x: ja")
}

func TestLevelFourNeverReaches(t *testing.T) {
	c := load(t, req("AAA-01", `levels = { K = 3 }`)+`
[[consequence]]
id = "individ"
title = "Individ"
levels = { 0 = "-", 1 = "-", 2 = "-", 3 = "-" }
`)
	for _, answers := range []string{
		levels(4, 0, 0),
		"[[information]]\ntype = \"x\"\nrated = { individ = { K = 4 } }",
		"[raise]\nK = 4\nreason = \"x\"",
	} {
		_, err := answer(t, c, answers)
		if err == nil {
			t.Fatalf("taken: %s", answers)
		}
		contains(t, err.Error(), "nivå 4 Synnerligen allvarlig hanteras inte i kravkatalogen", "Vänd dig till säkerhetsskyddschefen")
	}
	contains(t, refused(t, req("AAA-01", `when = [ { K = ">=4" } ]`)), "[row-level]", "Nivåerna är 0 till 3")
}

func TestLevelsOffTheScale(t *testing.T) {
	c := load(t, req("AAA-01"))
	for _, level := range []int{-1, 5, 1 << 40} {
		var a Answers
		a.Classification.Catalog = "bas"
		a.Information = []Information{{Type: "x", Levels: map[string]int{"K": level}}}
		if _, err := NewFacts(c, a); err == nil {
			t.Errorf("level %d is taken", level)
		}
		a.Information = nil
		a.Raise = &Raise{R: &level, Reason: "x"}
		if _, err := NewFacts(c, a); err == nil {
			t.Errorf("a raise to %d is taken", level)
		}
	}
}

const certificates = `
[[fact]]
id = "intyg"
type = "choices"
title = "Intyg"
group = "G"
question = "Vilka intyg?"
options = [ { id = "iso", title = "ISO" }, { id = "c5", title = "C5" }, { id = "soc", title = "SOC" } ]
`

func TestSetValuedFacts(t *testing.T) {
	c := load(t, certificates+req("AAA-01", `when = [ { intyg = ["iso", "c5"] } ]`))
	expect(t, derive(t, c, "[facts]\nintyg = [\"c5\", \"soc\"]"), "AAA-01", "gäller: intyg är c5")
	expect(t, derive(t, c, "[facts]\nintyg = [\"soc\"]"), "AAA-01", "gäller inte: inte intyg är iso, och inte intyg är c5")
	expect(t, derive(t, c, "[facts]\nintyg = []"), "AAA-01", "gäller inte: inte intyg är iso, och inte intyg är c5")
	expect(t, derive(t, c, ""), "AAA-01", "osäkert: beror på intyg")
	expect(t, derive(t, c, "[facts]\nintyg = \"vet_ej\""), "AAA-01", "osäkert: beror på intyg")
}

const laws = `
[[law]]
id = "gdpr"
title = "GDPR"
source = "art. 32"
effect = "Krav."
applies_when = [ { x = true } ]
guides = { K = 2 }
[[law]]
id = "kamera"
title = "Kameralagen"
source = "2 §"
effect = "Krav."
question = "Filmas det?"
suggested_when = [ { x = true } ]
guides = { R = 1 }
`

func TestLawDecidedByFactsIsNotTicked(t *testing.T) {
	c := load(t, boolFact("x")+laws+req("AAA-01", `when = [ { lagrum = "gdpr" } ]`))
	expect(t, derive(t, c, "[facts]\nx = true\nlagrum = []"), "AAA-01", "gäller: x: ja")
	expect(t, derive(t, c, "[facts]\nx = false\nlagrum = [\"gdpr\"]"), "AAA-01", "gäller inte: x: nej")
	expect(t, derive(t, c, "[facts]\nlagrum = [\"gdpr\"]"), "AAA-01", "osäkert: beror på x")
	if c.Laws[0].Ticked || !c.Laws[1].Ticked {
		t.Error("which laws are ticked is wrong")
	}
	contains(t, refused(t, boolFact("x")+strings.Replace(laws, "applies_when = [ { x = true } ]", "applies_when = [ { K = \">=2\" } ]", 1)+req("AAA-01")), "[law-levels]")
	contains(t, refused(t, boolFact("x")+strings.Replace(laws, "suggested_when", "applies_when = [ { x = false } ]\nsuggested_when", 1)+req("AAA-01")), "[law-both]")
}

func TestSuggestedLawAnswersNothing(t *testing.T) {
	c := load(t, boolFact("x")+laws+req("AAA-01", `when = [ { lagrum = "kamera" } ]`))
	d := derive(t, c, "[facts]\nx = true")
	expect(t, d, "AAA-01", "osäkert: beror på lagrum")
	if !d.Laws[1].Suggested {
		t.Error("the law is not suggested")
	}
	d = derive(t, c, "[facts]\nx = true\nlagrum = []")
	expect(t, d, "AAA-01", "gäller inte: Kameralagen gäller inte")
	if d.Laws[1].Suggested {
		t.Error("suggested although a person has answered")
	}
	expect(t, derive(t, c, "[facts]\nlagrum = [\"kamera\"]"), "AAA-01", "gäller: Kameralagen gäller")
	if derive(t, c, "").Laws[1].Suggested {
		t.Error("suggested although the question behind it is open")
	}
}

func TestLawGuidesAndNeverSets(t *testing.T) {
	c := load(t, boolFact("x")+laws+req("AAA-01", `levels = { K = 2 }`))
	low := func(answers string) string { return fmt.Sprint(derive(t, c, answers).Laws[0].Low) }
	d := derive(t, c, "[facts]\nx = true\n"+levels(1, 0, 0))
	expect(t, d, "AAA-01", "gäller inte: K 1 Måttlig ≤ 1")
	if got := low("[facts]\nx = true\n" + levels(1, 0, 0)); got != "[K]" {
		t.Errorf("Low = %s", got)
	}
	for name, answers := range map[string]string{
		"level high enough": "[facts]\nx = true\n" + levels(2, 0, 0),
		"law does not hold": "[facts]\nx = false\n" + levels(1, 0, 0),
		"level still open":  "[facts]\nx = true",
	} {
		if got := low(answers); got != "[]" {
			t.Errorf("%s: Low = %s", name, got)
		}
	}
}

func TestLawInARequirementIsOnlyACitation(t *testing.T) {
	c := load(t, boolFact("x")+laws+req("AAA-01", `laws = ["gdpr"]`))
	expect(t, derive(t, c, "[facts]\nx = false"), "AAA-01", "gäller: grundskydd, gäller alla system")
}

func TestHiddenQuestionMatchesNothingButItself(t *testing.T) {
	c := load(t, drift+boolFact("x", `ask_when = [ { drift = "moln" } ]`)+
		req("AAA-01", `when = [ { x = true } ]`)+
		req("AAA-02", `when = [ { x = false } ]`)+
		req("AAA-03", `unless = [ { x = true } ]`)+
		req("AAA-04", `unless = [ { x = false } ]`))
	hidden := derive(t, c, "[facts]\ndrift = \"egen\"")
	expect(t, hidden, "AAA-01", "gäller inte: drift är egen")
	expect(t, hidden, "AAA-02", "gäller inte: drift är egen") // not false either
	expect(t, hidden, "AAA-03", "gäller: drift är egen")
	expect(t, hidden, "AAA-04", "gäller: drift är egen")
	if len(hidden.Open) != 0 {
		t.Errorf("a hidden question is open: %v", hidden.Open)
	}
	expect(t, derive(t, c, "[facts]\ndrift = \"moln\"\nx = false"), "AAA-02", "gäller: drift är moln, och x: nej")
}

func TestDormantAnswerHasNoEffect(t *testing.T) {
	// The dormant question comes first, so that a careless reason would name it.
	c := load(t, boolFact("x", `ask_when = [ { drift = "moln" } ]`)+drift+
		req("AAA-01", `when = [ { x = true } ]`)+req("AAA-02", `when = [ { x = false } ]`))
	for _, x := range []string{"true", "false", `"vet_ej"`} {
		d := derive(t, c, "[facts]\ndrift = \"egen\"\nx = "+x)
		expect(t, d, "AAA-01", "gäller inte: drift är egen")
		expect(t, d, "AAA-02", "gäller inte: drift är egen")
		if d.Draft() {
			t.Error("a dormant answer leaves the list a draft")
		}
	}
	// It wakes up as it was.
	expect(t, derive(t, c, "[facts]\ndrift = \"moln\"\nx = true"), "AAA-01", "gäller: x: ja, och drift är moln")
	// It is checked even when it lies dormant.
	if _, err := answer(t, c, "[facts]\ndrift = \"egen\"\nx = \"ja\""); err == nil {
		t.Error("a dormant answer of the wrong kind is taken")
	}
}

func TestHiddenChainsAndDerivedFacts(t *testing.T) {
	c := load(t, drift+boolFact("x", `ask_when = [ { drift = "moln" } ]`)+boolFact("y", `ask_when = [ { x = true } ]`)+`
[[fact]]
id = "z"
type = "bool"
title = "Z"
derived = [ { y = true }, { drift = "sta" } ]
`+req("AAA-01", `when = [ { y = true } ]`)+req("AAA-02", `when = [ { z = false } ]`))
	d := derive(t, c, "[facts]\ndrift = \"egen\"\nx = true\ny = true")
	expect(t, d, "AAA-01", "gäller inte: drift är egen")
	expect(t, d, "AAA-02", "gäller: drift är egen")
	if _, err := answer(t, c, "[facts]\nz = true"); err == nil {
		t.Error("an answer to a derived fact is taken")
	}
}

func TestCycleThroughAskWhenIsReportedWithItsPath(t *testing.T) {
	got := refused(t, boolFact("x", `ask_when = [ { y = true } ]`)+boolFact("y", `ask_when = [ { z = true } ]`)+`
[[fact]]
id = "z"
type = "bool"
title = "Z"
derived = [ { x = true } ]
`+req("AAA-01"))
	contains(t, got, "uppgifterna går runt i en ring: x → y → z → x")
	if n := strings.Count(got, "[cycle]"); n != 1 {
		t.Errorf("the ring is reported %d times", n)
	}
	contains(t, refused(t, boolFact("x", `ask_when = [ { x = true } ]`)+req("AAA-01")), "x → x")
	contains(t, refused(t, boolFact("x", `ask_when = [ { lagrum = "gdpr" } ]`)+laws+req("AAA-01")), "x → lagrum gdpr → x")
	p := profile("p", 1, `offered_when = [ { q = true } ]`) + boolFact("q")
	contains(t, refused(t, req("AAA-01"), p), "q → profilen p → q")
}

func TestVetEj(t *testing.T) {
	c := load(t, drift+boolFact("x")+req("AAA-01", `when = [ { drift = "moln" } ]`)+
		req("AAA-02", `when = [ { drift = ["egen", "sta"] }, { drift = "moln" } ]`))
	d := derive(t, c, "[facts]\ndrift = \"vet_ej\"")
	expect(t, d, "AAA-01", "osäkert: beror på drift")
	expect(t, d, "AAA-02", "gäller: grundskydd, gäller alla system")
	if len(d.Open) != 0 {
		t.Errorf("the question counts as handled, but is open: %v", d.Open)
	}
	if d.Facts.Handled("drift") != NotKnown || d.Facts.Handled("x") != Unanswered {
		t.Error("Handled is wrong")
	}
	if !d.Draft() {
		t.Error("a list with an unknown is a draft")
	}
	c = load(t, boolFact("x")+laws+req("AAA-01", `when = [ { lagrum = "kamera" } ]`))
	d = derive(t, c, "[facts]\nx = true\nlagrum = \"vet_ej\"")
	expect(t, d, "AAA-01", "osäkert: beror på lagrum")
	if len(d.Open) != 0 || d.Facts.Handled("lagrum") != NotKnown {
		t.Error("vet ej on the laws is not handled")
	}
}

// A catalogue whose rows Kleene's logic cannot decide.
func TestDecidedExactly(t *testing.T) {
	c := load(t, drift+boolFact("x")+boolFact("y")+
		req("AAA-01", `when = [ { drift = "egen" }, { drift = ["sta", "moln"] } ]`)+
		req("AAA-02", `when = [ { x = true, y = true }, { x = false, y = true }, { y = false } ]`)+
		req("AAA-03", `when = [ { x = true, y = true }, { x = false, y = true } ]`)+
		req("AAA-04", `when = [ { K = ">=2" }, { K = "<2" } ]`)+
		req("AAA-05", `when = [ { drift = "egen" } ]`, `unless = [ { x = true }, { x = false } ]`))
	d := derive(t, c, "")
	for _, id := range []string{"AAA-01", "AAA-02", "AAA-04"} {
		expect(t, d, id, "gäller: grundskydd, gäller alla system")
	}
	expect(t, d, "AAA-03", "osäkert: beror på y") // x makes no difference
	expect(t, d, "AAA-05", "gäller inte: inga svar påverkar")
	if len(d.Open) != 1 || d.Open[0].ID != "y" {
		t.Errorf("open: %v", d.Open)
	}
	contains(t, refused(t, drift+req("AAA-01", `when = [ { drift = ["egen", "sta", "moln"] } ]`)), "[row-all]")
}

func TestRowOverAllOptionsOfAQuestionThatMayBeHidden(t *testing.T) {
	// All options in two rows: answered in any way, but put.
	c := load(t, boolFact("x")+strings.Replace(drift, "options", "ask_when = [ { x = true } ]\noptions", 1)+
		req("AAA-01", `when = [ { drift = "egen" }, { drift = ["sta", "moln"] } ]`))
	expect(t, derive(t, c, "[facts]\nx = true"), "AAA-01", "gäller: x: ja")
	expect(t, derive(t, c, "[facts]\nx = false"), "AAA-01", "gäller inte: x: nej")
	expect(t, derive(t, c, ""), "AAA-01", "osäkert: beror på x")
}

func TestOneMoreAnswerNeverMakesAKnownUnknown(t *testing.T) {
	c := load(t, drift+boolFact("x", `ask_when = [ { drift = ["sta", "moln"] } ]`)+boolFact("y")+certificates+
		req("AAA-01", `when = [ { drift = "moln", x = false }, { K = ">=2", y = true } ]`, `unless = [ { intyg = "iso" } ]`)+
		req("AAA-02", `levels = { K = 2 }`, `when = [ { x = true }, { y = true } ]`)+
		req("AAA-03", `unless = [ { x = true, y = false } ]`),
		profile("p", 1, `offered_when = [ { drift = "moln" } ]`, `[[adjust]]`, `requirement = "AAA-02"`, `reason = "?"`, `levels = { R = 1 }`))
	choices := map[string][]string{
		"drift": {`"egen"`, `"sta"`, `"moln"`}, "x": {"true", "false"}, "y": {"true", "false"}, "intyg": {"[]", `["iso"]`},
	}
	order := []string{"drift", "x", "y", "intyg"}
	var walk func(i int, answers string, before *Derivation)
	walk = func(i int, answers string, before *Derivation) {
		d := derive(t, c, "[facts]\n"+answers)
		for j := range d.Findings {
			if before != nil && before.Findings[j].Applies != rule.Unknown && d.Findings[j].Applies != before.Findings[j].Applies {
				t.Fatalf("%s turned by one more answer:\n%s", d.Findings[j].Requirement.ID, answers)
			}
		}
		for k := i; k < len(order); k++ {
			for _, v := range choices[order[k]] {
				walk(k+1, answers+order[k]+" = "+v+"\n", d)
			}
		}
	}
	walk(0, "", nil)
}

func TestRollUp(t *testing.T) {
	c := load(t, req("AAA-01", `levels = { K = 2 }`)+`
[[information_type]]
id = "bilder"
title = "Bilder"
levels = { K = 2, R = 1, T = 0 }
justification = "Alltid så."
[[information_type]]
id = "loggar"
title = "Loggar"
levels = { K = 3, R = 1, T = 0 }
may_be_lowered = true
justification = "Oftast så."
[[consequence]]
id = "individ"
title = "Individ"
levels = { 0 = "-", 1 = "-", 2 = "-", 3 = "-" }
[[consequence]]
id = "ekonomi"
title = "Ekonomi"
levels = { 0 = "-", 1 = "-", 2 = "-", 3 = "-" }
`)
	level := func(answers string) LevelFinding {
		t.Helper()
		f, err := answer(t, c, answers)
		if err != nil {
			t.Fatal(err)
		}
		return f.Level(c.Aspects[0])
	}
	set := func(answers string, want rule.Set) LevelFinding {
		t.Helper()
		l := level(answers)
		if l.Possible != want {
			t.Errorf("K is %v, want %v\n%s", l.Possible.Values(), want.Values(), answers)
		}
		return l
	}
	t.Run("none is unknown", func(t *testing.T) { set("", rule.Of(0, 1, 2, 3)) })
	t.Run("the highest decides", func(t *testing.T) {
		l := set("[[information]]\ntype = \"a\"\nlevels = { K = 1 }\n[[information]]\ntype = \"bilder\"\n[[information]]\ntype = \"b\"\nlevels = { K = 0 }", rule.Of(2))
		if l.From != "Bilder" || l.Justification != "Alltid så." {
			t.Errorf("decided by %q: %q", l.From, l.Justification)
		}
	})
	t.Run("unrated leaves the highest so far and up", func(t *testing.T) {
		l := set("[[information]]\ntype = \"bilder\"\n[[information]]\ntype = \"Annat\"", rule.Of(2, 3))
		if fmt.Sprint(l.Unrated) != "[Annat]" {
			t.Errorf("unrated: %v", l.Unrated)
		}
		set("[[information]]\ntype = \"Annat\"", rule.Of(0, 1, 2, 3))
	})
	t.Run("what is undecided can still be decided", func(t *testing.T) {
		expect(t, derive(t, c, "[[information]]\ntype = \"bilder\"\n[[information]]\ntype = \"Annat\""), "AAA-01", "gäller: K minst 2 Betydande ≥ 2")
		expect(t, derive(t, c, "[[information]]\ntype = \"Annat\"\nlevels = { K = 1, R = 1, T = 1 }\n[[information]]\ntype = \"Mer\""), "AAA-01", "osäkert: beror på konfidentialitet")
	})
	t.Run("the worst category decides", func(t *testing.T) {
		l := set("[[information]]\ntype = \"a\"\nrated = { individ = { K = 3 }, ekonomi = { K = 1 } }", rule.Of(3))
		if l.Category != "Individ" {
			t.Errorf("decided by the category %q", l.Category)
		}
		_, err := answer(t, c, "[[information]]\ntype = \"a\"\nrated = { indvid = { K = 3 } }")
		contains(t, fmt.Sprint(err), `Menade du "individ"?`)
	})
	t.Run("raise", func(t *testing.T) {
		l := set("[[information]]\ntype = \"bilder\"\n[raise]\nK = 3\nreason = \"Ansamling\"", rule.Of(3))
		if !l.Raised || l.Justification != "Ansamling" {
			t.Errorf("%+v", l)
		}
		set("[raise]\nK = 2\nreason = \"Ansamling\"", rule.Of(2, 3))
		// The information may have been judged anew since: then the raise has no effect.
		l = set("[[information]]\ntype = \"bilder\"\n[raise]\nK = 1\nreason = \"x\"", rule.Of(2))
		if l.Raised {
			t.Errorf("%+v", l)
		}
		three := 3
		var a Answers
		a.Classification.Catalog, a.Raise = "bas", &Raise{K: &three}
		_, err := NewFacts(c, a)
		contains(t, fmt.Sprint(err), "höjningen av K saknar skäl")
	})
	t.Run("lowering", func(t *testing.T) {
		_, err := answer(t, c, "[[information]]\ntype = \"bilder\"\nlevels = { K = 1 }\njustification = \"x\"\ndecided_by = \"chef\"")
		contains(t, fmt.Sprint(err), "Bilder är förklassad och K får inte sänkas under 2 Betydande")
		_, err = answer(t, c, "[[information]]\ntype = \"loggar\"\nlevels = { K = 1 }")
		contains(t, fmt.Sprint(err), "måste motiveras och godkännas")
		_, err = answer(t, c, "[[information]]\ntype = \"loggar\"\nlevels = { K = 1 }\njustification = \"x\"")
		contains(t, fmt.Sprint(err), "måste motiveras och godkännas")
		l := set("[[information]]\ntype = \"loggar\"\nlevels = { K = 1 }\njustification = \"Få\"\ndecided_by = \"chef\"", rule.Of(1))
		if l.DecidedBy != "chef" || l.Justification != "Få" {
			t.Errorf("%+v", l)
		}
		set("[[information]]\ntype = \"bilder\"\nlevels = { K = 3 }", rule.Of(3))
	})
	t.Run("every mistake at once", func(t *testing.T) {
		_, err := answer(t, c, "[facts]\nfinns_inte = true\n[[information]]\ntype = \"bilder\"\nlevels = { K = 0, R = 0 }")
		var bad *AnswersError
		if !errors.As(err, &bad) || len(bad.Problems) != 3 {
			t.Errorf("%v", err)
		}
	})
}

func TestUnratedAspect(t *testing.T) {
	c, list := catalog.Load(files(req("AAA-01", `levels = { S = 1 }`)+req("AAA-02", `levels = { S = 1, K = 1 }`)+
		req("AAA-03", `when = [ { S = ">=1" } ]`)+req("AAA-04", `unless = [ { S = ">=1" } ]`)), catalog.Options{})
	if c == nil {
		t.Fatal(list)
	}
	n := 0
	for _, w := range list {
		if w.Code == "unrated" {
			n++
		}
	}
	if n != 4 {
		t.Errorf("lint warns %d times: %v", n, list)
	}
	d := derive(t, c, "[[information]]\ntype = \"x\"\nlevels = { K = 1, R = 0, T = 0, S = 3 }")
	expect(t, d, "AAA-01", "gäller inte: inga svar påverkar")
	expect(t, d, "AAA-02", "gäller: K 1 Måttlig ≥ 1")
	expect(t, d, "AAA-03", "gäller inte: inga svar påverkar")
	expect(t, d, "AAA-04", "gäller: grundskydd, gäller alla system")
}

func TestParameters(t *testing.T) {
	c := load(t, boolFact("x")+
		req("AAA-01", `levels = { K = 1, T = 3 }`, `is = "Det görs {hur}."`, `parameters.hur = { 1 = "årligen", 2 = "halvårsvis", 3 = "kvartalsvis" }`)+
		req("AAA-02", `when = [ { x = true } ]`, `is = "Det görs {hur}."`, `parameters.hur = { 2 = "sällan", 3 = "ofta" }`)+
		req("AAA-03", `levels = { K = 1 }`, `is = "Det görs {hur}."`, `parameters.hur = { 1 = "sällan", 3 = "ofta" }`))
	is := func(answers, id, want string, step int) *Derivation {
		t.Helper()
		d := derive(t, c, answers)
		f := d.Finding(id)
		if got := Text(f.Is); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
		if got := f.Parameters[0].Step; got != step {
			t.Errorf("%s: step %d, want %d", id, got, step)
		}
		return d
	}
	is(levels(2, 0, 0), "AAA-01", "Det görs halvårsvis.", 2)
	is(levels(1, 0, 3), "AAA-01", "Det görs kvartalsvis.", 3) // T's own threshold is met
	is(levels(1, 0, 2), "AAA-01", "Det görs årligen.", 1)     // T's is not
	is(levels(1, 3, 0), "AAA-01", "Det görs årligen.", 1)     // R has none
	is("[facts]\nx = true\n"+levels(3, 3, 3), "AAA-02", "Det görs sällan.", 0)
	is(levels(2, 0, 0), "AAA-03", "Det görs sällan.", 2)
	is(levels(3, 0, 0), "AAA-03", "Det görs ofta.", 3)

	// Undecided shows what is possible, and the list is not finished.
	d := is("[[information]]\ntype = \"a\"\nlevels = { K = 2, R = 0, T = 0 }\n[[information]]\ntype = \"b\"\nlevels = { R = 0, T = 0 }", "AAA-01", "Det görs halvårsvis eller kvartalsvis.", 0)
	f := d.Finding("AAA-01")
	if f.Applies != rule.Yes || !f.Unsettled || !d.Draft() || len(f.DependsOn) != 1 || f.DependsOn[0].ID != "K" {
		t.Errorf("applies %v, unsettled %v, draft %v, depends on %v", f.Applies, f.Unsettled, d.Draft(), f.DependsOn)
	}
	if len(d.Open) == 0 || d.Open[len(d.Open)-1].ID != "K" {
		t.Errorf("the level can change the text and is not open: %v", d.Open)
	}
	is("", "AAA-01", "Det görs årligen, halvårsvis eller kvartalsvis.", 0)

	spans := derive(t, c, levels(2, 0, 0)).Finding("AAA-01").Is
	if len(spans) != 3 || spans[0].Mark || !spans[1].Mark || spans[1].Text != "halvårsvis" {
		t.Errorf("%+v", spans)
	}
}

func TestNumbersThatAreNoneAndKeysInSwedish(t *testing.T) {
	contains(t, refused(t, req("AAA-01", "weight = nan")), "weight ska vara ett heltal, inte nan eller inf")
	contains(t, refused(t, req("AAA-01", "weight = -inf")), "weight ska vara ett heltal, inte nan eller inf")
	contains(t, refused(t, req("AAA-01", "title = nan")), "title ska vara en text i citattecken, inte nan eller inf")
	contains(t, refused(t, req("AAA-01", `parameters."å" = { 1 = "x" }`)), "å kan inte skrivas en tabell", "\n    parameters.\"å\" = ")
}
