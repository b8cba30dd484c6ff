package engine

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// offered is a profile offered when the question drift is answered so.
func offered(id string, precedence int, option string, more ...string) string {
	return profile(id, precedence, append([]string{fmt.Sprintf(`offered_when = [ { drift = %q } ]`, option)}, more...)...)
}

func adjust(id string, more ...string) string {
	return fmt.Sprintf("\n[[adjust]]\nrequirement = %q\nreason = \"?\"\n%s\n", id, strings.Join(more, "\n"))
}

func exclude(id, reason string) string {
	return fmt.Sprintf("\n[[exclude]]\nrequirement = %q\nreason = %q\n", id, reason)
}

func include(id string) string {
	return fmt.Sprintf("\n[[include]]\nrequirement = %q\nreason = \"?\"\n", id)
}

func TestProfilesFoldFieldByField(t *testing.T) {
	c := load(t, drift+req("AAA-01", `levels = { K = 2, R = 2 }`, `title = "Basens"`, `is = "Basens {a}."`, `parameters.a = { 1 = "ett" }`),
		// Files come in any order; precedence decides.
		offered("sen", 20, "moln", adjust("AAA-01", `title = "Senare"`)),
		offered("tidig", 10, "moln", adjust("AAA-01", `title = "Tidigare"`, `is = "Tidigare {a} {b}."`, `parameters.b = { 1 = "två" }`, `levels = { T = 1 }`)))
	d := derive(t, c, "[facts]\ndrift = \"moln\"\n"+levels(0, 0, 1))
	f := d.Finding("AAA-01")
	if got := Text(f.Title) + "|" + Text(f.Is); got != "Senare|Tidigare ett två." {
		t.Error(got)
	}
	// levels replaces the whole: K and R no longer count.
	expect(t, d, "AAA-01", "gäller: T 1 Måttlig ≥ 1, och drift är moln")
	expect(t, derive(t, c, "[facts]\ndrift = \"moln\"\n"+levels(3, 3, 0)), "AAA-01", "gäller inte: T 0 Ingen ≤ 0, och drift är moln")

	d = derive(t, c, "[facts]\ndrift = \"egen\"\n"+levels(3, 0, 0))
	if got := Text(d.Finding("AAA-01").Title); got != "Basens" {
		t.Error(got)
	}
	expect(t, d, "AAA-01", "gäller: K 3 Allvarlig ≥ 2, och drift är egen")
}

func TestOfferedProfileIsACondition(t *testing.T) {
	// (offered and adjusted) or (not offered and as before).
	c := load(t, drift+req("AAA-01", `levels = { K = 3 }`), offered("p", 1, "moln", adjust("AAA-01", `levels = { K = 1 }`)))
	expect(t, derive(t, c, levels(3, 0, 0)), "AAA-01", "gäller: K 3 Allvarlig ≥ 3") // either way
	expect(t, derive(t, c, levels(0, 0, 0)), "AAA-01", "gäller inte: K 0 Ingen ≤ 0")
	d := derive(t, c, levels(2, 0, 0))
	expect(t, d, "AAA-01", "osäkert: beror på drift")
	if p := d.Profiles[0]; p.Active != rule.Unknown || p.Named || p.Because != "" {
		t.Errorf("%+v", p)
	}
	d = derive(t, c, "[facts]\ndrift = \"moln\"\n"+levels(2, 0, 0))
	if p := d.Profiles[0]; p.Active != rule.Yes || p.Because != "drift är moln" {
		t.Errorf("%+v", p)
	}
}

func TestNamedProfilesOverrideOffers(t *testing.T) {
	c := load(t, drift+req("AAA-01", `levels = { K = 3 }`), offered("p", 1, "moln", adjust("AAA-01", `levels = { K = 1 }`)))
	named := func(profiles, option string) string {
		return "[classification]\nprofiles = " + profiles + "\n[facts]\ndrift = \"" + option + "\"\n" + levels(2, 0, 0)
	}
	expect(t, derive(t, c, named(`["p"]`, "egen")), "AAA-01", "gäller: K 2 Betydande ≥ 1, och profilen P är vald")
	expect(t, derive(t, c, named(`["p@2026.1"]`, "egen")), "AAA-01", "gäller: K 2 Betydande ≥ 1, och profilen P är vald")
	d := derive(t, c, named(`[]`, "moln"))
	expect(t, d, "AAA-01", "gäller inte: K 2 Betydande ≤ 2, och profilen P är inte vald")
	if p := d.Profiles[0]; p.Active != rule.No || !p.Named {
		t.Errorf("%+v", p)
	}
	_, err := answer(t, c, "[classification]\nprofiles = [\"q\"]")
	contains(t, fmt.Sprint(err), `profilen "q" finns inte`)
	_, err = answer(t, c, "[classification]\nprofiles = [\"p@2025.1\"]")
	contains(t, fmt.Sprint(err), `profilen "p@2025.1" finns inte`)
}

func TestExcludeStandsUnlessALaterIncludes(t *testing.T) {
	bas := drift + boolFact("x") + req("AAA-01")
	first := offered("a", 10, "moln", exclude("AAA-01", "leverantören gör det"))
	second := profile("b", 20, `offered_when = [ { x = true } ]`, adjust("AAA-01", `title = "Annan"`))
	c := load(t, bas, first, second)
	d := derive(t, c, "[facts]\ndrift = \"moln\"\nx = true")
	expect(t, d, "AAA-01", "gäller inte: borttaget av profilen A: leverantören gör det")
	if f := d.Finding("AAA-01"); f.Effective.By.ID != "a" || Text(f.Title) != "Annan" {
		t.Errorf("%+v", f.Effective)
	}
	expect(t, derive(t, c, "[facts]\ndrift = \"egen\""), "AAA-01", "gäller: drift är egen")
	expect(t, derive(t, c, ""), "AAA-01", "osäkert: beror på drift")

	c = load(t, bas, first, profile("b", 20, `offered_when = [ { x = true } ]`, include("AAA-01")))
	expect(t, derive(t, c, "[facts]\ndrift = \"moln\"\nx = true"), "AAA-01", "gäller: x: ja")
	expect(t, derive(t, c, "[facts]\ndrift = \"moln\"\nx = false"), "AAA-01", "gäller inte: borttaget av profilen A: leverantören gör det")
	expect(t, derive(t, c, "[facts]\ndrift = \"moln\""), "AAA-01", "osäkert: beror på x")

	contains(t, refused(t, bas, profile("b", 20, `offered_when = [ { x = true } ]`, include("AAA-01"))), "[include-idle]")
	contains(t, refused(t, bas, first, profile("b", 5, `offered_when = [ { x = true } ]`, include("AAA-01"))), "[include-idle]")
	contains(t, refused(t, bas, first, profile("b", 10, `offered_when = [ { x = true } ]`)), "[precedence]")
}

func TestProfileAddsFactsLawsAndRequirements(t *testing.T) {
	p := offered("p", 1, "moln") + boolFact("q") + `
[[law]]
id = "molnlag"
title = "Molnlagen"
source = "1 §"
effect = "-"
question = "?"
` + req("AAA-02", `when = [ { q = true }, { lagrum = "molnlag" } ]`) + req("AAA-03")
	c := load(t, drift+req("AAA-01"), p)
	d := derive(t, c, "")
	expect(t, d, "AAA-02", "osäkert: beror på drift, q och lagrum")
	expect(t, d, "AAA-03", "osäkert: beror på drift")

	d = derive(t, c, "[facts]\ndrift = \"egen\"\nq = true\nlagrum = [\"molnlag\"]")
	expect(t, d, "AAA-02", "gäller inte: drift är egen") // its facts are asked only when it counts
	expect(t, d, "AAA-03", "gäller inte: drift är egen")
	if d.Laws[0].Applies != rule.No || d.Facts.Asked(c.Facts[1]) != rule.No || len(d.Open) != 0 {
		t.Errorf("law %v, asked %v, open %v", d.Laws[0].Applies, d.Facts.Asked(c.Facts[1]), d.Open)
	}
	d = derive(t, c, "[facts]\ndrift = \"moln\"\nq = true")
	expect(t, d, "AAA-02", "gäller: drift är moln, och q: ja")
	expect(t, d, "AAA-03", "gäller: drift är moln")
	expect(t, derive(t, c, "[classification]\nprofiles = [\"p\"]\n[facts]\nq = true"), "AAA-02", "gäller: q: ja, och profilen P är vald")

	contains(t, refused(t, drift+req("AAA-01"), offered("p", 1, "moln", req("AAA-01"))), "[duplicate]", "bas/catalog.toml:")
	contains(t, refused(t, drift+req("AAA-01"), offered("p", 1, "moln", boolFact("drift"))), "[duplicate]")
}

func TestNothingReachesIntoAnotherProfile(t *testing.T) {
	p := offered("p", 1, "moln") + boolFact("q") + req("AAA-02")
	got := refused(t, drift+req("AAA-01", `when = [ { q = true } ]`), p, offered("r", 2, "sta", exclude("AAA-02", "?"), req("AAA-03", `when = [ { q = true } ]`)))
	if n := strings.Count(got, "[foreign]"); n != 3 {
		t.Errorf("%d of 3 are reported:\n%s", n, got)
	}
}

func TestAdjustmentsAreCheckedTogether(t *testing.T) {
	bas := drift + boolFact("x") + req("AAA-01")
	got := refused(t, bas, offered("a", 1, "moln", adjust("AAA-01", `levels = { K = 1 }`)),
		profile("b", 2, `offered_when = [ { x = true } ]`, adjust("AAA-01", `when = [ { R = ">=2" } ]`)))
	contains(t, got, "[levels-and-when]")
	contains(t, refused(t, bas, offered("a", 1, "moln", adjust("AAA-01"))), "[adjust-nothing]")
	contains(t, refused(t, bas, offered("a", 1, "moln", adjust("AAA-01", `title = "Ett"`), adjust("AAA-01", `title = "Två"`))), "[duplicate]")
	contains(t, refused(t, bas, offered("a", 1, "moln", adjust("AAA-02", `title = "Ett"`))), `kravet "AAA-02" finns inte`)

	// Only some points may be given anew, and the text need not use a parameter.
	c := load(t, drift+strings.NewReplacer(`"shall"`, `"should"`, `"specification"`, `"award"`).Replace(
		req("AAA-01", `shall = "Det bör göras {hur}."`, `parameters.hur = { 1 = "ofta" }`, "weight = 10\npartly = 5")),
		offered("a", 1, "moln", adjust("AAA-01", `partly = 3`, `shall = "Det bör göras."`)),
		offered("b", 2, "moln", adjust("AAA-01", `weight = 20`)))
	e := derive(t, c, "[facts]\ndrift = \"moln\"").Finding("AAA-01").Effective
	if e.Weight != 20 || e.Partly != 3 {
		t.Errorf("weight %d, partly %d", e.Weight, e.Partly)
	}
}

func TestTextOfAnOpenProfileIsUnsettled(t *testing.T) {
	c := load(t, drift+req("AAA-01", `is = "Det görs {hur}."`, `parameters.hur = { 1 = "ibland" }`)+req("AAA-02"),
		offered("p", 1, "moln", adjust("AAA-01", `parameters.hur = { 1 = "ofta" }`)))
	d := derive(t, c, "")
	expect(t, d, "AAA-01", "gäller: grundskydd, gäller alla system")
	f := d.Finding("AAA-01")
	if got := Text(f.Is); got != "Det görs ibland eller ofta." || !f.Unsettled || !d.Draft() {
		t.Errorf("%q, unsettled %v, draft %v", got, f.Unsettled, d.Draft())
	}
	if len(d.Open) != 1 || d.Open[0].ID != "drift" || d.Open[0].Matters != 1 {
		t.Errorf("open: %+v", d.Open)
	}
	if d.Finding("AAA-02").Unsettled {
		t.Error("AAA-02 is the same either way")
	}
	for option, want := range map[string]string{"egen": "Det görs ibland.", "moln": "Det görs ofta."} {
		d := derive(t, c, "[facts]\ndrift = \""+option+"\"")
		if got := Text(d.Finding("AAA-01").Is); got != want || d.Draft() {
			t.Errorf("%s: %q, draft %v", option, got, d.Draft())
		}
	}
}

func prefill(id, answer, strength string, more ...string) string {
	return fmt.Sprintf("\n[[prefill]]\nrequirement = %q\nanswer = %q\nstrength = %q\nhow = \"?\"\nsource = \"?\"\n%s\n", id, answer, strength, strings.Join(more, "\n"))
}

func TestTwoOffersInOneProfileAreAnError(t *testing.T) {
	bas := drift + boolFact("x") + req("AAA-01")
	got := refused(t, bas, offered("p", 1, "moln", prefill("AAA-01", "yes", "assumed"), prefill("AAA-01", "no", "assumed", `when = [ { x = true } ]`)))
	contains(t, got, "[prefill-twice]", "två förifyllda svar för AAA-01 kan gälla samtidigt")
	// Never at once is no error.
	load(t, bas, offered("p", 1, "moln", prefill("AAA-01", "yes", "assumed", `when = [ { x = false } ]`), prefill("AAA-01", "no", "assumed", `when = [ { x = true } ]`)))
	contains(t, refused(t, bas, offered("p", 1, "moln", prefill("AAA-01", "yes", "contracted"))), "[contracted]")
	contains(t, refused(t, bas, offered("p", 1, "moln", prefill("AAA-01", "yes", "verified"))), "[verified]")
}

func TestTwoOffersAreBothShownTheBestFoundedFirst(t *testing.T) {
	agreement := "\n[[agreement]]\nid = \"avtal\"\ntitle = \"Avtal\"\nsupplier = \"X\"\n"
	c := load(t, drift+req("AAA-01")+req("AAA-02", `when = [ { drift = "egen" } ]`),
		offered("p1", 1, "moln", prefill("AAA-01", "yes", "verified", `valid_until = 2027-01-01`)),
		offered("p2", 2, "moln", prefill("AAA-01", "partly", "assumed")),
		offered("p3", 3, "moln", agreement, prefill("AAA-01", "no", "contracted", `agreement = "avtal"`, `clause = "1"`)),
		offered("p4", 4, "moln", prefill("AAA-01", "compensated", "assumed"), prefill("AAA-02", "yes", "assumed")))
	offers := func(answers, id string) string {
		var s []string
		for _, o := range derive(t, c, answers).Finding(id).Offers {
			s = append(s, o.Prefill.Profile.ID+" "+o.Prefill.Answer+" "+o.Offered.String())
		}
		return strings.Join(s, ", ")
	}
	if got := offers("[facts]\ndrift = \"moln\"", "AAA-01"); got != "p1 yes yes, p3 no yes, p4 compensated yes, p2 partly yes" {
		t.Error(got)
	}
	if got := offers("", "AAA-01"); got != "p1 yes unknown, p3 no unknown, p4 compensated unknown, p2 partly unknown" {
		t.Error(got)
	}
	if got := offers("[facts]\ndrift = \"egen\"", "AAA-01"); got != "" {
		t.Error(got)
	}
	// No offer for what does not apply.
	if got := offers("[facts]\ndrift = \"moln\"", "AAA-02"); got != "" {
		t.Error(got)
	}
	// An offer answers nothing, so what decides only an offer is still open.
	if d := derive(t, c, ""); len(d.Open) != 1 || d.Open[0].Matters != 5 {
		t.Errorf("open: %+v", d.Open)
	}
}

func TestFlipsInWords(t *testing.T) {
	c := load(t, drift+boolFact("x", `yes = "det finns x"`, `no = "det saknas x"`)+
		req("AAA-01", `levels = { K = 2 }`, `when = [ { drift = ["sta", "moln"] } ]`, `unless = [ { x = true } ]`)+
		req("AAA-02", `when = [ { K = "<1" }, { K = ">2" } ]`))
	d := derive(t, c, "[facts]\ndrift = \"egen\"\nx = false\n"+levels(1, 0, 0))
	if got := fmt.Sprint(d.Flips(d.Finding("AAA-01"))); got != "[[höj konfidentialitet till 2 Betydande svara att drift är sta eller drift är moln]]" {
		t.Error(got)
	}
	if got := fmt.Sprint(d.Flips(d.Finding("AAA-02"))); got != "[[sänk konfidentialitet till 0 Ingen]]" {
		t.Error(got)
	}
	d = derive(t, c, "[facts]\ndrift = \"moln\"\nx = false\n"+levels(3, 0, 0))
	if got := fmt.Sprint(d.Flips(d.Finding("AAA-01"))); got != "[[sänk konfidentialitet till 1 Måttlig] [svara att drift är egen] [svara att det finns x]]" {
		t.Error(got)
	}
	if got := fmt.Sprint(d.Flips(d.Finding("AAA-02"))); got != "[[sänk konfidentialitet till 2 Betydande]]" {
		t.Error(got)
	}
}

func TestReasonWords(t *testing.T) {
	c := load(t, strings.Replace(drift, `title = "Moln"`, `title = "Moln", phrase = "systemet drivs i molnet"`, 1)+
		boolFact("x", `yes = "det finns x"`, `no = "det saknas x"`)+laws+
		req("AAA-01", `levels = { K = 2 }`, `when = [ { drift = "moln", x = true } ]`)+
		req("AAA-02", `when = [ { K = "<=1", x = false } ]`)+
		req("AAA-03", `when = [ { K = "=2" } ]`)+
		req("AAA-04", `when = [ { lagrum = ["gdpr", "kamera"], drift = ["sta", "moln"] } ]`))
	d := derive(t, c, "[facts]\ndrift = \"moln\"\nx = true\nlagrum = []\n"+levels(3, 0, 0))
	expect(t, d, "AAA-01", "gäller: K 3 Allvarlig ≥ 2, systemet drivs i molnet, och det finns x")
	expect(t, d, "AAA-02", "gäller inte: K 3 Allvarlig ≥ 2")
	expect(t, d, "AAA-03", "gäller inte: K 3 Allvarlig är 0, 1 eller 3")
	expect(t, d, "AAA-04", "gäller: systemet drivs i molnet, och det finns x")
	d = derive(t, c, "[facts]\nx = false\nlagrum = [\"kamera\"]\ndrift = \"sta\"\n"+levels(1, 0, 0))
	expect(t, d, "AAA-02", "gäller: K 1 Måttlig ≤ 1, och det saknas x")
	expect(t, d, "AAA-04", "gäller: drift är sta, och Kameralagen gäller")
	a := d.Finding("AAA-04").Reasons
	if len(a) != 2 || a[0].Fact == nil || a[1].Law == nil {
		t.Errorf("%+v", a)
	}
}

func TestCompare(t *testing.T) {
	c := load(t, drift+req("AAA-01", `levels = { K = 2 }`)+req("AAA-02", `when = [ { K = "<=1" } ]`)+
		req("AAA-03", `levels = { K = 1 }`, `is = "Det görs {hur}, {alltid}."`, `parameters.hur = { 1 = "ibland", 2 = "ofta" }`, `parameters.alltid = { 1 = "minst" }`)+
		req("AAA-04", `when = [ { drift = "moln" } ]`)+req("AAA-05"),
		offered("p", 1, "moln", adjust("AAA-05", `title = "Annan"`)))
	names := func(list []*Finding) string {
		var s []string
		for _, f := range list {
			s = append(s, f.Requirement.ID)
		}
		return strings.Join(s, " ")
	}
	sum := func(x Changes) string {
		s := "+" + names(x.Added) + " -" + names(x.Removed) + " ?" + names(x.Undecided) + " ~"
		for _, y := range x.Sharpened {
			s += fmt.Sprint(y.After.Requirement.ID, y.Parameters)
		}
		return s
	}
	low := derive(t, c, "[facts]\ndrift = \"egen\"\n"+levels(1, 0, 0))
	high := derive(t, c, "[facts]\ndrift = \"moln\"\n"+levels(2, 0, 0))
	open := derive(t, c, "")
	for _, tt := range []struct {
		name          string
		before, after *Derivation
		want          string
	}{
		{"the same", low, low, "+ - ? ~"},
		{"raised", low, high, "+AAA-01 AAA-04 -AAA-02 ? ~AAA-03[{hur ibland ofta}]AAA-05[]"},
		{"lowered", high, low, "+AAA-02 -AAA-01 AAA-04 ? ~AAA-03[{hur ofta ibland}]AAA-05[]"},
		{"opened", low, open, "+ - ?AAA-01 AAA-02 AAA-03 AAA-04 ~"},
		{"answered", open, low, "+AAA-02 AAA-03 - ? ~"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := Compare(tt.before, tt.after)
			if got := sum(x); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if x.Empty() != (tt.before == tt.after) {
				t.Error("Empty is wrong")
			}
		})
	}
	other := derive(t, load(t, drift+req("AAA-02", `when = [ { K = "<=1" } ]`)+req("AAA-06")), "[facts]\ndrift = \"egen\"\n"+levels(1, 0, 0))
	if got := sum(Compare(low, other)); got != "+AAA-06 -AAA-03 AAA-05 ? ~" {
		t.Error(got)
	}
}

func TestDeterminism(t *testing.T) {
	bas := drift + boolFact("x") + boolFact("y") + certificates + laws +
		req("AAA-02", `levels = { K = 2, R = 1 }`, `is = "{a} {b}"`, `parameters = { a = { 1 = "1" }, b = { 1 = "2", 2 = "3" } }`) +
		req("AAA-01", `when = [ { x = true }, { y = true }, { intyg = "iso" }, { lagrum = ["gdpr", "kamera"] } ]`)
	p := offered("p", 1, "moln", prefill("AAA-01", "yes", "assumed"), adjust("AAA-02", `title = "Annan"`))
	answers := "[facts]\nx = true\ny = true\nintyg = [\"iso\"]\nlagrum = [\"kamera\"]\n[[information]]\ntype = \"a\"\nlevels = { K = 2 }"
	var first string
	for range 50 {
		c := load(t, bas, p)
		got := c.SetHash + dump(derive(t, c, answers))
		if first == "" {
			first = got
		}
		if got != first {
			t.Fatalf("two derivations differ:\n%s\n%s", first, got)
		}
	}
}

func TestDeriveLeavesTheFactsAlone(t *testing.T) {
	c := load(t, drift+boolFact("x")+req("AAA-01", `when = [ { drift = "egen" }, { drift = ["sta", "moln"], x = true } ]`))
	f, err := answer(t, c, "")
	if err != nil {
		t.Fatal(err)
	}
	before := fmt.Sprint(f.Box)
	Derive(f).Flips(&Derive(f).Findings[0])
	if fmt.Sprint(f.Box) != before {
		t.Error("the state has changed")
	}
}

func TestHashIsOfTheContent(t *testing.T) {
	bas := base + drift + req("AAA-01", `levels = { K = 2 }`) + req("AAA-02")
	hash := func(text string) [2]string {
		t.Helper()
		fsys := files("")
		fsys["bas/catalog.toml"].Data = []byte(text)
		c, list := catalog.Load(fsys, catalog.Options{})
		if c == nil {
			t.Fatal(list)
		}
		return [2]string{c.Hash, c.SetHash}
	}
	want := hash(bas)
	for name, text := range map[string]string{
		"again":       bas,
		"comment":     "# En kommentar\n" + bas,
		"blank lines": strings.ReplaceAll(bas, "\n", "\n\n"),
		"crlf":        strings.ReplaceAll(bas, "\n", "\r\n"),
		"bom":         "\ufeff" + bas,
		"other quote": strings.Replace(bas, `title = "Bas"`, `title = 'Bas'`, 1),
		"status":      strings.Replace(bas, `status = "draft"`, `status = "published"`, 1),
		"file order":  base + drift + req("AAA-02") + req("AAA-01", `levels = { K = 2 }`),
	} {
		if got := hash(text); got != want {
			t.Errorf("%s changes the hash", name)
		}
	}
	for name, text := range map[string]string{
		"level":        strings.Replace(bas, "{ K = 2 }", "{ K = 3 }", 1),
		"wording":      strings.Replace(bas, "Så är det.", "Så var det.", 1),
		"version":      strings.Replace(bas, "2026.1", "2026.2", 1),
		"option order": strings.Replace(bas, `{ id = "egen", title = "Egen" }, { id = "sta", title = "STA" }`, `{ id = "sta", title = "STA" }, { id = "egen", title = "Egen" }`, 1),
		"nfd":          strings.Replace(bas, "Så", "Sa\u030a", 1),
	} {
		if got := hash(text); got == want {
			t.Errorf("%s leaves the hash", name)
		}
	}
}

// The threshold in a reason is the one that the list shows, also where the
// base alone would have called for the requirement at a higher level.
func TestReasonUsesTheThresholdInForce(t *testing.T) {
	c, list := catalog.Load(os.DirFS("../catalogs"), catalog.Options{})
	if c == nil {
		t.Fatal(list)
	}
	var a Answers
	a.Classification.Catalog = c.ID
	a.Facts = map[string]any{"drift": "moln", "cyberfysiskt": false, "atkomst_utifran": true}
	a.Information = []Information{{Type: "x", Levels: map[string]int{"K": 3, "R": 2, "T": 1}, Justification: "x"}}
	f, err := NewFacts(c, a)
	if err != nil {
		t.Fatal(err)
	}
	x := Derive(f).Finding("BEH-04")
	if x.Effective.Thresholds[0].Min != 1 || !strings.Contains(x.Because, "K 3 Allvarlig ≥ 1") {
		t.Errorf("the list shows from %d, the reason says %q", x.Effective.Thresholds[0].Min, x.Because)
	}
}

// A profile may turn what must be into what is weighed, and back; the place in
// the procurement follows, and the points with it.
func TestProfileChangesObligation(t *testing.T) {
	must := drift + req("AAA-01", `shall = "Det ska finnas."`)
	weighed := adjust("AAA-01", `obligation = "should"`, `category = "award"`, `weight = 5`, `partly = 2`, `shall = "Det bör finnas."`)
	e := derive(t, load(t, must, offered("p", 1, "moln", weighed)), "[facts]\ndrift = \"moln\"").Finding("AAA-01").Effective
	if e.Obligation != "should" || e.Category != "award" || e.Weight != 5 {
		t.Errorf("%+v", e.Content)
	}
	contains(t, refused(t, must, offered("p", 1, "moln", strings.Replace(weighed, "category = \"award\"", "", 1))), "[should-category]")

	back := strings.NewReplacer(`"shall"`, `"should"`, `"specification"`, `"award"`).Replace(req("AAA-01", `shall = "Det bör finnas."`, "weight = 5\npartly = 2"))
	e = derive(t, load(t, drift+back, offered("p", 1, "moln", adjust("AAA-01", `obligation = "shall"`, `category = "specification"`, `shall = "Det ska finnas."`))),
		"[facts]\ndrift = \"moln\"").Finding("AAA-01").Effective
	if e.Obligation != "shall" || e.Category != "specification" || e.Weight != 0 || e.Partly != 0 {
		t.Errorf("%+v", e.Content)
	}
}

// Every point that a shipped prefill names is filled in from its agreement.
func TestClausesAreFilledIn(t *testing.T) {
	c := shipped(t)
	n := 0
	for _, p := range c.Profiles {
		for _, f := range p.Prefills {
			if f.Clause != "" {
				n++
			}
			if strings.ContainsAny(f.Clause, "{}") {
				t.Errorf("%s: the point reads %q", p.ID, f.Clause)
			}
		}
	}
	if n == 0 {
		t.Error("no prefill names a point")
	}
}
