package catalog

// Name is the word on screen for a code of the format, such as the answer
// "not_applicable". The key is the schema's. It is empty for a code that the
// schema does not have.
func Name(key, code string) string { return codeNames[key][code] }

// codeNames holds one word for each code of the format, the same everywhere.
var codeNames = map[string]map[string]string{
	"status":     {"draft": "Utkast", "published": "Utgiven", "withdrawn": "Indragen"},
	"obligation": {"shall": "Ska", "should": "Bör"},
	"kind":       {"organizational": "Organisatoriskt", "people": "Personrelaterat", "physical": "Fysiskt", "technical": "Tekniskt"},
	"category":   {"qualification": "Kvalificeringskrav", "specification": "Teknisk specifikation", "award": "Tilldelningskriterium", "contract": "Kontraktsvillkor"},
	"concern":    {"supplier": "Leverantören", "service": "Det som levereras", "own": "Den egna organisationen"},
	"basis":      {"statute": "Författning", "enhanced": "Föreskrift om utökat skydd", "standard": "Standard", "proposal": "Katalogens förslag"},
	"answer":     {"yes": "Ja", "partly": "Delvis", "no": "Nej", "not_applicable": "Ej tillämpligt", "compensated": "Kompenserande skydd"},
	"strength":   {"assumed": "Antaget", "contracted": "Avtalat", "verified": "Verifierat"},
	"verify": {
		"document": "Dokumentgranskning", "interview": "Intervju", "sample": "Stickprov", "configuration": "Konfigurationsbevis", "test": "Tekniskt test",
		"exercise": "Övning eller återläsningsprov", "certificate": "Certifikat eller intyg", "contract": "Avtalsgranskning", "audit": "Revision på plats",
		"acceptance": "Fabriks- eller platsprov",
	},
}

// duties are the parties to an agreement, in the order of Prefill.Duties, and
// last what has to be ordered.
var duties = [...]string{"Leverantören", "Kommunen centralt", "Förvaltningen", "Applikationsleverantören", "Behöver beställas"}

var coverageWords = [...]string{Missing: "Saknas", LeftOut: "Utelämnas", Partly: "Delvis", Covered: "Täcks"}
