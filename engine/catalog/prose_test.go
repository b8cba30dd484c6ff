package catalog_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/diag"
)

// The texts of the catalogues that come with the program have nothing to remark on.
func TestShippedTexts(t *testing.T) {
	fsys := os.DirFS("../../catalogs")
	c, list := catalog.Load(fsys, catalog.Options{})
	if c == nil {
		t.Fatal(list.Err())
	}
	var b bytes.Buffer
	catalog.Proofread(c).WriteText(&b, c.Source)
	if b.Len() > 0 {
		t.Errorf("%s", &b)
	}
}

// marked is what a place marks in a file.
func marked(data []byte, at diag.Range) string {
	lines := strings.Split(string(data), "\n")
	if at.Line < 1 || at.Line > len(lines) {
		return ""
	}
	line := []rune(lines[at.Line-1])
	return string(line[at.Col-1 : min(at.Col-1+at.Len, len(line))])
}

// remarks proofreads a requirement beside the base, and gives the code of each
// remark with what it marks.
func remarks(t *testing.T, keys map[string]string) []string {
	t.Helper()
	all := map[string]string{
		"title": "Rubriken", "shall": "Leverantören ska göra så.", "obligation": "shall", "category": "contract", "basis": "proposal", "references": "[]",
	}
	maps.Copy(all, keys)
	if all["obligation"] == "should" {
		all["category"] = "award"
		all["weight"], all["partly"] = "10", "4"
	}
	var b strings.Builder
	b.WriteString("[[requirement]]\nid = \"BEH-50\"\narea = \"BEH\"\nkind = \"technical\"\nconcern = \"supplier\"\nrole = \"systemagare\"\nverify = { contract = [\"sample\"] }\n")
	for _, k := range slices.Sorted(maps.Keys(all)) {
		v := all[k]
		if v != "" && !strings.ContainsAny(v[:1], "[{'0123456789") || strings.HasPrefix(v, "{intervall}") {
			v = `"` + strings.ReplaceAll(v, `"`, `\"`) + `"`
		}
		fmt.Fprintf(&b, "%s = %s\n", k, v)
	}
	base, err := os.ReadFile(lintCases + "/base.toml")
	if err != nil {
		t.Fatal(err)
	}
	data := []byte(b.String())
	c, list := catalog.Load(fstest.MapFS{"catalog.toml": {Data: base}, "requirements/x.toml": {Data: data}}, catalog.Options{})
	if c == nil {
		t.Fatalf("%s\n%v", data, list)
	}
	var out []string
	for _, d := range catalog.Proofread(c) {
		if d.Severity != diag.Warning {
			t.Errorf("%s stops", d.Code)
		}
		if strings.Contains(d.Summary+d.Detail, "%!") {
			t.Errorf("%s: %s %s", d.Code, d.Summary, d.Detail)
		}
		out = append(out, strings.TrimPrefix(d.Code, "prose-")+" "+marked(data, d.Range))
	}
	return out
}

func TestProofread(t *testing.T) {
	// Each text, and the remarks on it: none when it is as it should be.
	for key, texts := range map[string][]struct{ text, want string }{
		"is": {
			{"Behörigheter ska granskas.", "tense ska"},
			{"Leverantören ska logga.", "tense ska"},
			{"Systemet bör ha reservkraft.", "tense bör"},
			{"Varje enhet måste autentisera sig innan den släpps in.", "tense måste"},
			{"Loggarna kommer att sparas i ett år.", "tense kommer att"},
			{"Skarpa uppgifter får inte användas i test.", "tense får inte användas"},
			{"Systemet ligger i ett nät som är skilt från andra och ska granskas.", "tense ska"},
			{"Den som administrerar systemet ska logga in.", "tense ska"},
			{"Allt loggas. När någon slutar ska kontot tas bort.", "tense ska"},
			{"Uppgifter om personer ska raderas.", "tense ska"},

			{"Handlingar som ska bevaras kan exporteras till arkivet.", ""},
			{"På platser som måste vara ständigt inloggade framgår vem som arbetar.", ""},
			{"Det är bestämt vilka handlingar som ska bevaras och när de lämnas över.", ""},
			{"Den personal som kan nå uppgifterna har en känd tystnadsplikt.", ""},
			{"Systemet kan återställas inom 24 timmar.", ""},
			{"Det är dokumenterat vad beställaren måste göra.", ""},
			{"Ledningen får en gång om året en redovisning.", ""},
			{"Konsolen kräver bara ett kort, för den ska fungera utan nät.", ""},
			{"De krav systemet ska uppfylla är dokumenterade.", ""},
			{"Handlingar som ska årligen granskas är märkta.", ""},
			{"Avtalet säger att leverantören ska underrätta kommunen.", ""},
			{"Det nya systemet ska loggas.", "tense ska"},
			{"Det finns en skanner, ett skåp och en börda.", ""},

			{"Behörigheter granskas regelbundet.", "vague regelbundet"},
			{"Larm tas om hand löpande och vid behov.", "vague löpande, vague vid behov"},
			{"Det märks i god tid.", "vague i god tid"},
			{"Ledningen får lämpliga rapporter.", "vague lämpliga"},
			{"Den som får tillträde har bedömts som lämplig.", ""},
			{"Godkända ändringar loggas i högsta driftklassen.", ""},
			{"Allmänna handlingar lämnas ut skyndsamt.", "vague skyndsamt"},
			{"Tillgängligheten är minst så hög som den har avtalats.", ""},
			{"Tillgängligheten är så hög som möjligt.", "vague så hög som möjligt"},
			{"Incidenten leder till hög risk för de registrerade.", ""},
			{"Allt loggas; allt sparas.", "semicolon ;"},

			{"Varje person har ett eget konto", "stop \"Varje person har ett eget konto\""},
			{"Varje användare har  ett eget konto.", "space   "},
			{"Varje person har ett konto .", "space-before  ."},
			{"Varje person har ett konto, och så vidare....", "dots ..."},
			{"Loggar sparas 2-4 år.", "dash 2-4"},
			{"Loggar sparas 2–4 år.", ""},
			{"Numret är 08-508 00 000, enligt NIST SP 800-53.", ""},
			{"Programmet kommer over-the-air.", ""},
			{"Enheterna följer 62443-4-1 sedan 2026-11-23 och kom 2026-11.", ""},
			{"Kontot följer the policy.", "english the"},
			{"Varje person har ett so\u00adft konto.", "invisible \u00ad"},
			{"Lagen har 2\u00a0§ och 10\u00a0000 ord.", ""},
			{"Varje\u00a0person har ett konto.", "invisible \u00a0"},
			{"Va\u030ar tja\u0308nst loggas\u200b.", "nfc a\u030a, invisible \u200b"},
			{"Var tjänst är ny" + strings.Repeat(" och ny", 20) + ".", "sentence Var tjänst är ny" + strings.Repeat(" och ny", 20) + "."},
			{"Varje person har ett eget konto.", "same \"Varje person har ett eget konto.\""},
			{"Ett konto är personligt, t.ex. Annas. Det är allt (se art. 32).", ""},
		},
		"shall": {
			{"Leverantören måste logga.", "verb måste"},
			{"Leverantören skall logga.", "verb skall"},
			{"Leverantören bör logga.", "verb bör"},
			{"Leverantören loggar.", "no-verb \"Leverantören loggar.\""},
			{"Leverantören ska ange vad beställaren måste göra.", ""},

			{"Leverantören ska ha lämpliga skydd.", "vague lämpliga"},
			{"Leverantören ska ha adekvat kompetens och god kvalitet.", "vague adekvat, vague god"},
			{"Leverantören ska rätta fel snarast.", "vague snarast"},
			{"Leverantören ska ha ett skydd enligt branschstandard, eller likvärdigt.", "vague branschstandard"},
			{"Leverantören ska radera på ett säkert sätt.", "vague på ett säkert sätt"},
			{"Leverantören ska logga namn, tid m.m.", "vague m.m."},
			{"Leverantören ska lagra loggar, kopior och liknande.", "vague och liknande"},
			{"Leverantören ska svara så snart som möjligt.", "vague så snart som möjligt"},
			{"Tjänsten ska ha hög säkerhet.", "vague hög"},
			{"Tjänsten ska vara i driftklassen Ordinarie eller högre.", ""},
			{"Leverantören ska rätta sårbarheter med mer än 9,0 poäng eller högre nivå än 3 inom 24 timmar.", ""},
			{"Leverantören ska visa godkända intyg på begäran.", ""},
			{"Leverantören ska bedöma lämpligheten hos personalen.", ""},
			{"Leverantören ska släppa in en god man.", ""},
			{"Leverantören ska lämna motsvarande uppgifter för varje brand.", ""},
			{"Leverantören ska svara inom 24 timmar.", ""},
			{"Skåpet ska ha ett 2 meter högt staket med 20 mm tråd.", ""},

			{"Tjänsten ska följa ISO/IEC 27001.", "equivalent ISO/IEC 27001"},
			{"Tjänsten ska ha ett certifikat enligt SOC 2 typ 2. Ett annat är inte likvärdigt.", "equivalent SOC 2"},
			{"Skåpet ska ha skyddsgrad IK10 enligt SS-EN 62262.", "equivalent IK10"},
			{"Tjänsten ska kryptera med TLS 1.2 eller senare.", "equivalent TLS"},
			{"Tjänsten ska uppfylla tillgänglighetskraven i EN 301 549.", "equivalent EN 301"},
			{"Tjänsten ska stödja SAML 2.0. Den får ha annat, eller likvärdigt.", "equivalent SAML"},
			{"Servern ska ha Windows.", "equivalent Windows"},
			{"Tjänsten ska följa Diggs tillitsramverk.", "equivalent tillitsramverk"},
			{"Tjänsten ska följa ISO/IEC 27001, eller likvärdigt.", ""},
			{"Tjänsten ska kryptera med TLS 1.2 eller senare, eller likvärdigt.", ""},
			{"Tjänsten ska ha C5 typ 2 eller ett annat likvärdigt intyg.", ""},
			{"Tjänsten ska visa att klockan är spårbar till UTC.", ""},
			{"Tjänsten ska följa artikel 28 i dataskyddsförordningen.", ""},
			{"Tjänsten ska ge EN läsbar kopia på en USB-sticka.", ""},
			{"Tjänsten ska stänga av porten på {intervall}.", ""},

			{"Leverantören ska logga. Leverantören ska larma.", "two ska"},
			{"Leverantören ska logga, och tjänsten ska larma.", "two ska"},
			{"Leverantören ska skydda tjänsten. För utrustning som inte klarar det ska leverantören byta den.", "two ska"},
			{"Leverantören ska logga trafiken och larma driften.", "and och larma"},
			{"Leverantören ska logga trafiken samt larma driften.", "and samt larma"},
			{"Leverantören ska logga all trafik som kan nås, och {intervall} prova larmet.", "and och {intervall} prova"},
			{"Leverantören ska ha ett skydd, och på begäran låta beställaren granska det.", "and och på begäran låta"},
			{"Leverantören ska riskbedöma varje ändring, och kunna backa den.", "and och kunna"},
			{"Leverantören ska logga; den larmar.", "semicolon ;"},
			{"Leverantören ska lämna handlingar som ska bevaras.", ""},
			{"Leverantören ska säga vad beställaren ska göra.", ""},
			{"Leverantören ska riskbedöma, prova och godkänna varje ändring i tjänsten.", ""},
			{"Tjänsten ska samla in och visa de uppgifter som behövs.", ""},
			{"Tjänsten ska låta beställaren söka fram och ta ut en kopia.", ""},
			{"Leverantören ska granska behörigheterna och på begäran visa resultatet.", ""},
			{"Tjänsten ska göra det möjligt att läsa loggar och radera dem.", ""},
			{"Leverantören ska lämna säkerhetskopior och öppna incidenter.", ""},
			{"Leverantören ska använda krypterade nät och säkra förbindelser.", ""},
			{"Leverantören ska arbeta i ett system där beställaren kan spela in allt och spara inspelningen.", ""},
			{"Tjänsten ska kunna exportera handlingar och radera kopior.", "and och radera"},
			{"Tjänsten ska ha en roll som kan läsa loggar och radera dem.", ""},
			{"Leverantören ska lämna lås, nycklar och koder. Styrapparater omfattas inte.", ""},

			{"Leverantören ska " + strings.Repeat("göra så, ", 34) + "så.", "long whole, sentence sentence"},
			{" Leverantören ska göra så.", "space \" Leverantören ska göra så.\""},
		},
		"title": {
			{"Tillträde loggas.", "title-stop ."},
			{"Tillträde ska loggas", "title-demand ska"},
			{"Behörigheter bör granskas", "title-demand bör"},
			{"Personliga konton", "same \"Personliga konton\""},
			{"Säkerhetskopiering av all information i alla system som kommunen har i drift", "long \"Säkerhetskopiering av all information i alla system som kommunen har i drift\""},
			{"Ett ”skal” för skanning", ""},
			{"Handlingar som ska bevaras", ""},
		},
	} {
		for _, x := range texts {
			keys := map[string]string{key: x.text}
			if strings.Contains(x.text, "{intervall}") {
				keys["parameters"] = `{ intervall = { 1 = "varje år" } }`
			}
			if key == "is" {
				keys["title"] = "Rubriken"
			}
			got := strings.Join(remarks(t, keys), ", ")
			if strings.HasPrefix(x.want, "long whole") {
				got = strings.NewReplacer(strconv.Quote(x.text), "whole", x.text, "sentence").Replace(got)
			}
			if got != x.want {
				t.Errorf("%s = %q: got %q, want %q", key, x.text, got, x.want)
			}
		}
	}
}

func TestProofreadTogether(t *testing.T) {
	for _, x := range []struct {
		keys map[string]string
		want string
	}{
		// What statutes say may be said of what rests on one.
		{map[string]string{"is": "Handlingar lämnas ut skyndsamt.", "basis": "statute", "when": "[{ personuppgifter = true }]"}, ""},
		{map[string]string{"is": "Handlingar lämnas ut lämpligt.", "basis": "statute", "when": "[{ personuppgifter = true }]"}, "vague lämpligt"},
		{map[string]string{"shall": "Leverantören bör logga.", "obligation": "should"}, `points "should"`},
		{map[string]string{"shall": "Leverantören bör logga.", "obligation": "should", "points": "Delvis är ett halvt svar."}, ""},
		{map[string]string{"shall": "Leverantören bör logga.", "obligation": "should", "points": "Delvis är ett lämpligt svar."}, "vague lämpligt"},
		{map[string]string{"shall": "Leverantören ska börja logga.", "obligation": "should", "points": "Delvis är ett halvt svar."}, "verb ska"},
		{map[string]string{"shall": "Tjänsten ska logga {tid}.", "parameters": `{ tid = { 1 = "inom ett dygn", 2 = "löpande" } }`}, "vague löpande"},
		{map[string]string{"references": `[{ standard = "ISO/IEC 27002", id = "5.1" }, { standard = "MSBFS 2020:7", id = "4 kap. 3 §" }]`}, `edition "ISO/IEC 27002"`},
		{map[string]string{"references": `[{ standard = "BSI C5", edition = "2020", id = "IDM-01" }]`}, ""},
		// A text with escapes is marked as a whole.
		{map[string]string{"is": "Kontot är \"eget\"."}, `quotes "Kontot är \"eget\"."`},
		{map[string]string{"is": `'Kontot är "eget".'`}, `quotes "`},
		{map[string]string{"is": "'''\nVarje behörighet\n  granskas löpande.'''"}, "vague löpande"},
		{map[string]string{"note": "Se CSA, the Cloud Controls Matrix"}, ""},
		{map[string]string{"note": "   "}, `empty "   "`},
	} {
		if got := strings.Join(remarks(t, x.keys), ", "); got != x.want {
			t.Errorf("%v: got %q, want %q", x.keys, got, x.want)
		}
	}
}

// No text stops it, however it is written in its file.
func FuzzProofread(f *testing.F) {
	base := soundBase(f)
	f.Add("Leverantören ska {x} och")
	f.Add("\u0301. Ska. ... 1-2 \" samt")
	f.Fuzz(func(t *testing.T, text string) {
		for _, quoted := range []string{strconv.Quote(text), "'" + text + "'", "\"\"\"\n" + text + "\"\"\""} {
			data := fmt.Sprintf(requirement, "BEH-90", "shall = "+quoted+"\nnote = "+quoted)
			c, _ := catalog.Load(fstest.MapFS{"catalog.toml": {Data: []byte(base)}, "requirements/x.toml": {Data: []byte(data)}}, catalog.Options{})
			if c != nil {
				catalog.Proofread(c)
			}
		}
	})
}

func BenchmarkProofread(b *testing.B) {
	c, list := catalog.Load(os.DirFS("../../catalogs"), catalog.Options{})
	if c == nil {
		b.Skip(list.Err())
	}
	for b.Loop() {
		catalog.Proofread(c)
	}
}
