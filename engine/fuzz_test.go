package engine

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kravverk/kravverk/engine/rule"
)

const everything = drift + certificates + laws + `
[[stop]]
id = "sakerhetsskydd"
question = "?"
help = "?"
refer_to = "?"
referral = "Ring."
[[consequence]]
id = "individ"
title = "Individ"
levels = { 0 = "-", 1 = "-", 2 = "-", 3 = "-" }
[[information_type]]
id = "bilder"
title = "Bilder"
levels = { K = 2, R = 1, T = 2 }
justification = "-"
`

// FuzzAnswers: whatever an answers file holds, it is told what is wrong or
// derived, with every place in the file; the same goes for answers that come
// as JSON from a database.
func FuzzAnswers(f *testing.F) {
	c := load(f, everything+boolFact("x", `ask_when = [ { drift = "moln" } ]`)+
		req("AAA-01", `levels = { K = 2, T = 1 }`, `when = [ { x = true }, { intyg = "iso" } ]`, `is = "Det görs {hur}."`, `parameters.hur = { 1 = "ibland", 3 = "ofta" }`)+
		req("AAA-02", `when = [ { lagrum = ["gdpr", "kamera"], R = ">=2" } ]`, `unless = [ { drift = "sta" } ]`),
		offered("p", 1, "moln", adjust("AAA-01", `levels = { R = 1 }`), exclude("AAA-02", "?"), prefill("AAA-01", "yes", "assumed")))
	const head = "[classification]\ntype = \"A\"\ntitle = \"x\"\ncatalog = \"bas\"\n"
	f.Add(head + "[facts]\ndrift = \"moln\"\nx = true\nintyg = [\"iso\"]\nlagrum = [\"kamera\"]\n" + levels(3, 2, 1))
	f.Add(head + "profiles = [\"p\", \"p\"]\n[facts]\nsakerhetsskydd = true\ndrift = \"vet_ej\"\nlagrum = \"vet_ej\"")
	f.Add(head + "[[information]]\ntype = \"bilder\"\nrated = { individ = { K = 0 }, \"a/b~\" = { T = 3 } }\n[raise]\nK = 0\nreason = \"x\"")
	f.Add(`{"classification":{"catalog":"bas@2026.1","profiles":null},"facts":{"drift":null,"intyg":{"a":1},"lagrum":[1]},"information":[{"levels":{"K":-9}}],"raise":{"T":99}}`)
	f.Fuzz(func(t *testing.T, data string) {
		var a Answers
		if strings.HasPrefix(data, "{") {
			if json.Unmarshal([]byte(data), &a) != nil {
				return
			}
		} else {
			parsed, doc, list := ParseAnswers("svar.toml", []byte(data))
			text(list, fstest.MapFS{"svar.toml": {Data: []byte(data)}})
			if list.HasErrors() {
				return
			}
			a = parsed
			if _, err := NewFacts(c, a); err != nil {
				text(err.(*AnswersError).Diagnostics(doc), fstest.MapFS{"svar.toml": {Data: []byte(data)}})
			}
		}
		facts, err := NewFacts(c, a)
		if err != nil {
			if s := err.Error(); s == "" || strings.Contains(s, "%!") {
				t.Errorf("%q", s)
			}
			return
		}
		d := Derive(facts)
		dump(d)
		for _, x := range d.Findings {
			if x.Applies == rule.Unknown && (len(x.DependsOn) == 0 || x.Because == "" || x.Reasons != nil) {
				t.Errorf("%s is unknown, and nothing says why: %+v", x.Requirement.ID, x)
			}
			if x.Applies != rule.Unknown && x.Because == "" {
				t.Errorf("%s has no reason", x.Requirement.ID)
			}
		}
		if !d.Draft() && len(d.Open) > 0 {
			// An open question that changes neither a requirement nor its text
			// can only decide an offer.
			for _, x := range d.Findings {
				for _, o := range x.Offers {
					if o.Offered == rule.Unknown {
						return
					}
				}
			}
			t.Errorf("nothing is unknown, but %v is open", d.Open)
		}
	})
}
