package catalog

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// What Proofread knows of Swedish: words, sentences, and enough grammar to tell
// "systemet ska" from "handlingar som ska". It is made so that what it remarks on
// is wrong, at the price of what it misses, for a remark cannot be silenced.

// token is a word of a text, or a parameter in braces, in lower case.
type token struct {
	text     string
	from, to int
	fresh    bool // a punctuation mark stands before it, or nothing does
}

var tokenPattern = regexp.MustCompile(`\{[a-z][a-z0-9_]*\}|[\pL\pN]+(?:[-/:.’'][\pL\pN]+)*`)

func tokens(text string) []token {
	var out []token
	last := 0
	for _, m := range tokenPattern.FindAllStringIndex(text, -1) {
		fresh := len(out) == 0 || strings.ContainsAny(text[last:m[0]], ",.;:!?()–—”\"")
		out = append(out, token{strings.ToLower(text[m[0]:m[1]]), m[0], m[1], fresh})
		last = m[1]
	}
	return out
}

// sentenceEnd may be one: what follows tells.
var sentenceEnd = regexp.MustCompile(`[.!?…][”")]*\s+`)

// sentences gives where each sentence begins and ends. A full stop after an
// abbreviation or before a small letter ends none.
func sentences(text string) [][2]int {
	var out [][2]int
	from := 0
	for _, m := range sentenceEnd.FindAllStringIndex(text, -1) {
		next, _ := utf8.DecodeRuneInString(text[m[1]:])
		word := text[from:m[0]]
		word = word[strings.LastIndexAny(word, " (”")+1:]
		if unicode.IsLower(next) || unicode.IsDigit(next) || abbreviations[strings.ToLower(word)] {
			continue
		}
		out = append(out, [2]int{from, m[1]})
		from = m[1]
	}
	if strings.TrimSpace(text[from:]) != "" {
		out = append(out, [2]int{from, len(text)})
	}
	return out
}

// find gives every match of the first group of a pattern made by whole, also of
// neighbors, which share the space between them.
func find(pattern *regexp.Regexp, text string) [][2]int {
	var out [][2]int
	for at := 0; ; {
		m := pattern.FindStringSubmatchIndex(text[at:])
		if m == nil {
			return out
		}
		out = append(out, [2]int{at + m[2], at + m[3]})
		at += m[3]
	}
}

// whole makes a pattern match whole words only; \b knows no å, ä and ö.
func whole(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[^\pL\pN])(` + pattern + `)(?:$|[^\pL\pN])`)
}

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

var (
	abbreviations = set("t.ex bl.a s.k dvs art kap jfr ca nr resp tel max min inkl exkl")

	// demands are the verbs of a demand.
	demands = set("ska skall bör måste skulle")

	// subordinators begin a clause that tells rather than demands. Those of
	// openers do so only first in a clause: else they are prepositions or adverbs.
	subordinators = set("som där att vad vilka vilken vilket hur när innan medan eftersom tills vem vems varför vart förrän ifall dit")
	openers       = set("om då sedan för")
	adverbs       = set("inte bara också även redan själv själva alltid aldrig endast särskilt då sedan först ännu")

	// subjects follow the verb when something else stands first in a main clause.
	subjects = set("leverantören tjänsten systemet kommunen beställaren den det de en ett varje alla")

	// determiners may stand before a noun whose clause has no "som".
	determiners = set("de den det dem alla all allt")

	// infinitives are what requirements ask for. A closed list, since the ending
	// does not tell a verb from "egna" and "kända".
	infinitives = set(`administrera analysera anmäla ange anlita anpassa ansluta ansvara använda arkivera autentisera avbryta avgöra
		avisera avsluta avveckla backa bedöma begära begränsa behandla bekräfta beskriva bestrida bestämma bevara bevilja blockera bryta
		byta dela delta dokumentera driva dölja erbjuda ersätta exportera fastställa filtrera flytta fortsätta följa föra förbättra fördela
		förhindra förse förstöra förvara gallra ge genomföra genomsöka godkänna granska göra ha hantera hjälpa hålla höja identifiera
		informera ingå inhämta inrätta installera integrera intyga införa isolera jämföra klassa kontrollera koppla kryptera kräva
		kunna lagra larma leverera logga lägga lämna läsa låsa låta maskera mäta märka meddela medverka minska nå omfatta ordna placera
		planera prova publicera pröva radera rapportera redovisa registrera rensa riskbedöma rätta samla samordna se separera signera
		skapa skicka skilja skriva skydda spara spela spärra specificera stoppa starta stödja ställa stänga svara säkerhetskopiera
		släppa sätta söka ta testa tillhandahålla tilldela tillåta underhålla underrätta undersöka uppdatera uppfylla upprätta
		upprätthålla upptäcka utbilda utesluta utföra utforma utreda utse utveckla utvärdera varna verifiera visa vänta välja värdera
		återkalla återlämna återställa återta åtgärda ändra överföra överlämna övervaka öva`)

	// particles belong to the verb before them: "söka fram".
	particles = set("av bort fram in med ned ner på till tillbaka upp ut över")

	// between may stand between "och" and the verb.
	between = set("inte bara på begäran skriftligt då därefter sedan automatiskt även också dessutom minst inom en gång om året varje")

	// To show that a demand is met is no demand of its own.
	showing  = set("visa redovisa lämna överlämna rapportera dokumentera intyga")
	evidence = regexp.MustCompile(`^(?:resultat|utfall|intyg|rapport|protokoll|prov|bevis|underlag|dokumentation)`)

	// modals make an infinitive that is not the demand's.
	modals = set("kan får låta låter vill ska bör måste")
)

// definite is a noun in the definite form, mostly.
var definite = regexp.MustCompile(`\pL{3}(?:en|et|ot|erna|orna|arna)$`)

// subject tells whether a word beside a verb is most likely its subject.
func subject(w string) bool {
	return subjects[w] || definite.MatchString(w) && !infinitives[w] && !strings.HasSuffix(w, "ligen") && !strings.HasSuffix(w, "het")
}

// noun tells whether a word after "de" is a noun rather than an adjective.
func noun(w string) bool { return !strings.HasSuffix(w, "a") && !strings.HasSuffix(w, "e") }

// mainClause tells whether the verb at i is its sentence's own, and not that of
// a clause within it.
func mainClause(ts []token, i int) bool {
	switch {
	case i+1 < len(ts) && !ts[i+1].fresh && subject(ts[i+1].text):
		return true // something else stands first: "vid avbrott ska leverantören"
	case i > 2 && subject(ts[i-1].text) && !ts[i-1].fresh && noun(ts[i-2].text) && !ts[i-2].fresh && determiners[ts[i-3].text]:
		return false // "som" is left out: "de krav systemet ska uppfylla"
	}
	for j := i - 1; j >= 0; j-- {
		if ts[j+1].fresh {
			return true
		}
		if !subordinators[ts[j].text] && !(openers[ts[j].text] && ts[j].fresh) {
			continue
		}
		k := j + 1
		for k < i && adverbs[ts[k].text] {
			k++
		}
		if k == i || !present(ts[k].text) {
			return false
		}
		// "den som administrerar systemet ska": the clause has its verb already.
	}
	return true
}

// present tells whether a word right after "som" is a verb in the present tense.
func present(w string) bool {
	for _, noun := range []string{"örer", "heter", "ioner", "are", "ster"} {
		if strings.HasSuffix(w, noun) {
			return false
		}
	}
	return strings.HasSuffix(w, "r") || len(w) > 4 && strings.HasSuffix(w, "s")
}

// secondAct finds the "och" by which the demand with its verb at i asks for one
// more thing: "ska logga trafiken och larma driften". It is none when the verbs
// share what they are about ("prova och godkänna varje ändring"), when the second
// shows the first, or when it may belong to a clause between them.
func secondAct(ts []token, i int) (int, bool) {
	first, within, modal := -1, false, false
	for j := i + 1; j < len(ts); j++ {
		w := ts[j].text
		modal = modal || modals[w]
		switch {
		case first < 0:
			if infinitives[w] {
				first = j
			}
		case w == "att":
			within = true
		case w == "och" || w == "samt":
			k := j + 1
			for k < len(ts) && k-j < 6 && (between[ts[k].text] || ts[k].text[0] == '{') {
				k++
			}
			switch {
			case k+1 >= len(ts) || !infinitives[ts[k].text] || ts[k+1].fresh || verbEnds(ts, j):
			case within || modal && !ts[j].fresh:
			case showing[ts[k].text] && shows(ts[k+1:min(k+6, len(ts))]):
			default:
				return j, true
			}
		}
	}
	return 0, false
}

// verbEnds tells whether a verb ends right before j, with its particle if it has one.
func verbEnds(ts []token, j int) bool {
	return infinitives[ts[j-1].text] || j > 1 && particles[ts[j-1].text] && infinitives[ts[j-2].text]
}

func shows(ts []token) bool {
	for _, t := range ts {
		if evidence.MatchString(t.text) {
			return true
		}
	}
	return false
}

// vagueWord is an expression that nobody can measure.
type vagueWord struct {
	pattern *regexp.Regexp
	statute bool // statutes set times by it, so a requirement that rests on one may
	hint    string
}

var vague = sync.OnceValue(func() []vagueWord {
	list := []struct {
		pattern string
		statute bool
		hint    string
	}{
		{`skyndsam(?:t|ma)?|snarast(?: möjligt)?|omgående|omedelbart|utan (?:onödigt )?dröjsmål|så (?:snart|fort|snabbt|tidigt) (?:som möjligt|som det går|det går|det kan ske)`, true, vagueHints.time},
		{`i god tid|(?:i|inom) (?:rimlig|skälig) tid|snabbt`, false, vagueHints.time},
		{`regelbund(?:en|et|na)|(?:fort)?löpande|kontinuerlig[ta]?|periodisk[ta]?|med jämna mellanrum`, false, vagueHints.often},
		{`lämplig(?:t|a|en|ast|are)?|tillräcklig(?:t|a|en)?|adekvata?|ändamålsenlig[ta]?|rimlig(?:t|a|en|tvis)?|skälig(?:t|a|en)?|god|gott|goda|bra|hög|högt|höga|högre|stark[ta]?|starkare|robusta?|effektiv[ta]?|modern[ta]?|betryggande|relevanta?|användarvänlig[ta]?|minimal[ta]?`, false, vagueHints.much},
		{`så \pL+(?: \pL+)? som möjligt|så långt (?:det (?:är|går)|som) möjligt|så långt det går|i möjligaste mån|i (?:största )?möjliga?(?:ste)? (?:mån|utsträckning)|om (?:det är )?möjligt|[dn]är (?:det|så) är möjligt`, false, vagueHints.much},
		{`branschstandard(?:en|er)?|branschpraxis|best practices?|bästa praxis|vedertag(?:en|et|na)|state of the art`, false, vagueHints.norm},
		{`(?:på )?(?:ett )?(?:säkert|tryggt|effektivt|strukturerat|kontrollerat|korrekt|tillförlitligt|tillfredsställande|ordnat|tydligt) sätt`, false, vagueHints.way},
		{`etc\.?|m\.? ?m\.|m\.? ?fl\.|o\.? ?s\.? ?v\.|osv\.?|(?:och|eller|o\.?) (?:liknande|dylikt|dyl\.)|med mera|bland annat|bl\.? ?a\.`, false, vagueHints.list},
		{`(?:vid|efter) behov|om (?:så |det )?behövs|i förekommande fall|i tillämpliga delar|normalt(?: sett)?|i regel|som regel|i huvudsak|i princip`, false, vagueHints.when},
	}
	out := make([]vagueWord, len(list))
	for i, e := range list {
		out[i] = vagueWord{whole("(?i:" + e.pattern + ")"), e.statute, e.hint}
	}
	return out
})

// measured tells whether what stands around a vague word settles it.
func measured(text string, at [2]int) bool {
	before, after := strings.ToLower(text[:at[0]]), strings.ToLower(text[at[1]:])
	switch w := strings.ToLower(text[at[0]:at[1]]); {
	case strings.HasPrefix(after, " som ") && (strings.HasSuffix(before, "så ") || strings.HasSuffix(before, "lika ")):
		return true // "minst så hög som"; with "möjligt" it is an expression of its own
	case w == "högre": // "9,0 eller högre", "högre än 3"
		return strings.HasSuffix(before, "eller ") || strings.HasPrefix(after, " än ")
	case strings.HasPrefix(w, "hög"): // "2 meter högt", and "hög risk", as the data protection and AI regulations call it
		return strings.HasPrefix(after, " risk") || height.MatchString(before)
	case w == "god": // the guardian
		return strings.HasPrefix(after, " man")
	case strings.HasPrefix(w, "lämplig"): // what is judged: "har bedömts som lämplig"
		return strings.HasSuffix(before, "som ")
	}
	return false
}

var height = regexp.MustCompile(`\d \pL+ $`)

// label is a named standard, certificate, product or published specification.
//
// LOU 9 kap. lets a technical specification refer to a standard, an approval, a
// label or a make only with "eller likvärdigt". A protocol or a format is
// mostly there for systems to understand each other, but what names it is a
// published specification all the same, and it costs nothing to leave the door
// open to another that does the same: it is held to the same rule. Laws, units
// and time scales (UTC) are none of these.
var label = sync.OnceValue(func() *regexp.Regexp {
	return whole(`ISO(?:/IEC)?(?: \d+)?|IEC(?: \d+)?|IEEE|EN \d+|SS-[A-Z\d]+|ETSI|BSI|C5|SOC [123]|CIS|OWASP|WCAG|FIPS|NIST|PCI|CSA|CVSS|EUCC|ITIL|COBIT|TISAX|I[PK]\d\d|` +
		`TLS|HTTPS|SSH|IPsec|WPA[23]|SAML|OAuth|OpenID Connect|OIDC|FIDO2?|AES|X\.509|RFC \d+|SPDX|CycloneDX|FGS|DATEX|[Cc]ommon [Cc]riteria|` +
		`\pL*[Tt]illitsramverk\pL*|Microsoft|Windows|Azure|Entra|Active Directory|AWS|Amazon|Google|Oracle|VMware|Citrix|Cisco|Android|iOS`)
})

var (
	equivalent = regexp.MustCompile(`(?i)eller (?:\pL+ ){0,3}likvärdig`)
	// edited is a standard that comes out in editions.
	edited  = whole(`ISO|IEC|EN|SS|ETSI|BSI|C5|CSA|CIS|OWASP|WCAG|NIST|FIPS|PCI`)
	english = regexp.MustCompile(`(?i)(?:^|[^\pL\pN-])(should|shall|the|with|which|when|this|these|supplier)(?:$|[^\pL\pN-])`)
)
