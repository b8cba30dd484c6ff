package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kravverk/kravverk/engine"
)

// Problems that people are told of.
var (
	errNotFound          = &Problem{http.StatusNotFound, "Sidan finns inte", "Adressen kan vara felskriven, eller så har systemet bytt namn.", "/system", "Sök bland system"}
	errTooBig            = &Problem{http.StatusRequestEntityTooLarge, "Texten är för lång", "Inget har sparats. Gå tillbaka och korta texten, eller lägg den i ett dokument och hänvisa dit.", "/", "Till start"}
	errOtherSite         = &Problem{http.StatusForbidden, "Formuläret kom från en annan webbplats", "Inget har sparats. Öppna sidan i Kravverk och gör om det där.", "/", "Till start"}
	errStore             = &Problem{Title: "Det gick inte att spara eller läsa", Label: "Försök igen"}
	errForm              = &Problem{http.StatusBadRequest, "Formuläret gick inte att läsa", "Inget har sparats. Gå tillbaka och försök igen.", "/", "Till start"}
	errConflict          = &Problem{http.StatusConflict, "Någon annan hann före", "Inget har sparats. Gå tillbaka, ladda om sidan och titta på den nya lydelsen innan du sparar.", "/", "Till start"}
	errLocked            = &Problem{http.StatusLocked, "Klassningen är låst", "Inget har sparats. Klassningen är godkänd eller väntar på godkännande. Den som godkänner kan öppna den igen.", "/system", "Till systemen"}
	errSignedOut         = &Problem{http.StatusUnauthorized, "Du är inte inloggad längre", "Inget har sparats, men det du skrev står kvar: logga in i en ny flik, gå sedan tillbaka hit och spara igen.", "/logga-in", "Logga in"}
	errRefused           = &Problem{http.StatusForbidden, "Du får inte göra det", "", "/", "Till start"}
	errTooMany           = &Problem{http.StatusTooManyRequests, "För många försök på kort tid", "Vänta en minut och försök sedan igen.", "/", "Till start"}
	errSignInGone        = &Problem{http.StatusBadRequest, "Inloggningen tog för lång tid", "Den påbörjades i ett annat fönster eller för länge sedan. Börja om, så går det bra.", "/logga-in", "Logga in"}
	errSignInFailed      = &Problem{http.StatusForbidden, "Inloggningen gick inte igenom", "Kommunens inloggning gav ett svar som Kravverk inte kan godta. Försök igen, och säg till administratören om det händer igen.", "/logga-in", "Försök igen"}
	errSignInStopped     = &Problem{http.StatusForbidden, "Du avbröt inloggningen", "Ingenting har hänt. Logga in igen när du vill.", "/logga-in", "Logga in"}
	errProviderDown      = &Problem{http.StatusServiceUnavailable, "Kommunens inloggning svarar inte", "Försök igen om en stund, eller logga in med ett lokalt konto om du har ett.", "/logga-in", "Försök igen"}
	errDisabled          = &Problem{http.StatusForbidden, "Ditt konto är avstängt", "Be administratören i din kommun att öppna det igen.", "/logga-in", "Logga in med ett annat konto"}
	errInvitationGone    = &Problem{http.StatusNotFound, "Inbjudan gäller inte längre", "Den är använd eller för gammal. Be den som bjöd in dig om en ny.", "/logga-in", "Logga in"}
	errNotHere           = &Problem{http.StatusNotFound, "Det finns inte här", "Det kan vara borttaget, eller ligga i en del av organisationen som någon annan sköter.", "/administration", "Till administrationen"}
	errLastAdministrator = &Problem{http.StatusConflict, "Någon måste kunna sköta organisationen", "Inget har ändrats. Personen är den enda administratören för hela organisationen som kan logga in. Ge någon annan rollen först, och vänta tills hon har loggat in.", "/administration/personer?roll=administrator", "Se administratörerna"}
	errOwnAccount        = &Problem{http.StatusConflict, "Du kan inte stänga av dig själv", "Inget har ändrats. Be en annan administratör.", "/administration/personer", "Till personerna"}
	errNotInvited        = &Problem{http.StatusConflict, "Det gick inte att bjuda in", "Ett avstängt konto öppnas först. Ditt eget lösenord byter du under ditt namn.", "/administration/personer", "Till personerna"}
	errAwarded           = &Problem{http.StatusLocked, "Utvärderingen är avslutad", "Inget har sparats. Ett anbud är valt, och därefter kan inget i upphandlingen ändras.", "/system", "Till systemen"}
	errReading           = &Problem{http.StatusServiceUnavailable, "Kravverk läser andra filer just nu", "Ingen fil har tagits emot. Försök igen om en stund.", "/", "Till start"}
	errNotB              = &Problem{http.StatusNotFound, "Det här görs i en B-klassning", "En A-klassning tar fram kraven inför en upphandling. Börja en B-klassning från systemets sida för att verifiera systemet.", "/system", "Till systemet"}
	errNotInB            = &Problem{http.StatusNotFound, "Kravet gäller inte det här systemet", "Därför finns inget att svara på. Kravets sida visar varför det inte gäller.", "/system", "Till kravet"}
	errPaused            = &Problem{http.StatusLocked, "Klassningen avvaktar bedömning", "Inget har sparats. Klassningen går att fortsätta när bedömningen är klar.", "/system", "Till systemen"}
)

// accountSaved says what has been done on the own account's page.
var accountSaved = map[string]string{
	"losenord":  "Lösenordet är bytt, och du är utloggad överallt utom här.",
	"session":   "Inloggningen är avslutad.",
	"sessioner": "Alla andra inloggningar är avslutade.",
}

const storeFails = "Databasen går inte att läsa eller skriva. Den som sköter Kravverk ser orsaken i loggen."

// refusalTexts says what one may who may do what was refused.
var refusalTexts = map[action]string{
	answer: "kan svara eller delegera frågan till dig", comment: "kan bjuda in dig", delegate: "kan delegera", asked: "kan delegera det till dig", fetch: "kan hämta filerna",
	begin: "kan börja en klassning", move: "kan ändra det", propose: "kan lägga fram klassningen", procure: "kan anpassa kravbilagan och utse upphandlare", evaluate: "öppnar anbuden", approve: "kan godkänna",
	administer: "sköter personer och roller", operate: "sköter driften",
}

func refusalText(what string, names []string) string {
	const most = 5
	if len(names) == 0 {
		return "Ingen har rollen för det än. Be den som sköter Kravverk."
	}
	who := list(names, "och")
	if len(names) > most {
		who = strings.Join(names[:most], ", ") + " med flera"
	}
	return who + " " + what + ". Be om hjälp där."
}

// wrongHost tells where to go instead.
func (s *server) wrongHost() *Problem {
	where := "Kravverk svarar bara på den egna datorn: öppna http://127.0.0.1 eller http://localhost med samma port."
	if s.URL != nil {
		where = "Kravverk svarar på " + s.address("/") + "."
	}
	return &Problem{http.StatusMisdirectedRequest, "Fel adress", where, "/", "Till start"}
}

func internal(number, path string) *Problem {
	return &Problem{http.StatusInternalServerError, "Något gick fel hos oss",
		"Det som var sparat är kvar. Försök igen om en stund. Händer det igen, ange nummer " + number + " till den som sköter Kravverk.", path, "Försök igen"}
}

// section is a step of a classification; Path is its page, after the
// classification's own address. The questions of a step leave out those that
// have steps of their own.
type section struct{ ID, Title, Path string }

// The steps that both types of classification begin with. The ids are stored.
var commonSections = []section{
	{"stop", "Stoppfråga", "/stopp"},
	{"facts", "Vad systemet är och hur det drivs", "/fraga?hoppa=nivaer,lagrum"},
	{"information", "Information och nivåer", "/information"},
	{"laws", "Lagrum", "/lagrum"},
	{"requirements", "Kravlista", "/krav"},
}

// The steps of an A-classification and of a B-classification, in order.
var (
	sectionsA = append(slices.Clone(commonSections), section{"export", "Kravbilaga till upphandlingen", "/kravbilaga"}, approvalSection)
	sectionsB = append(slices.Clone(commonSections), section{"verify", "Verifiering", "/verifiering"}, section{"plan", "Avsteg och handlingsplan", "/plan"}, approvalSection)

	approvalSection = section{"approval", "Godkännande", "/godkannande"}
)

// sections are the steps of the classification.
func (o *open) sections() []section {
	if o.Classification.Type == "B" {
		return sectionsB
	}
	return sectionsA
}

// strengthTexts says what an offer's strength means for the reader.
var strengthTexts = map[string]string{
	"assumed":    "Antaget. Ingen har kontrollerat det här systemet.",
	"contracted": "Avtalat. Punkten är angiven.",
	"verified":   "Verifierat. Det finns bevis.",
}

var small = [...]string{"noll", "ett", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio", "elva", "tolv"}

// count writes a number with its noun: "ett krav", "tre krav", "14 krav". The
// gender of the number one follows the noun: en for common, ett for neuter.
func count(n int, one, many string) string {
	word := fmt.Sprint(n)
	if n < len(small) {
		word = small[n]
	}
	if n == 1 {
		if common[one] {
			word = "en"
		}
		return word + " " + one
	}
	if n == 0 {
		word = "inga"
		if common[one] && one == many {
			word = "ingen"
		}
	}
	return word + " " + many
}

// common is the nouns that take "en".
var common = map[string]bool{"kommentar": true, "fråga": true, "planpost": true, "planpost öppen": true, "planpost är öppen": true, "är försenad": true, "planpost är oförändrad": true, "rad saknar nyckel": true, "rad inläst": true, "lucka utan planpost": true, "lucka saknar planpost eller avsteg": true, "lucka har ett avsteg": true, "lucka": true, "informationstyp": true, "profil": true, "rad": true, "klassning": true, "uppgift": true, "saknar": true, "fråga kvar": true, "sak behöver rättas": true, "rad är obesvarad": true, "lucka har en planpost": true,
	"av raderna": true, "ändring": true, "rad är ny, ändrad eller borttagen": true, "rad ändrad sedan versionen före": true, "rad skiljer": true, "rad tas in som den är": true, "utsedd": true,
	"väntar": true, "dag försenad": true, "planpost är ändrad": true, "planpost hör": true, "planpost väntar på ditt besked": true, "öppen planpost saknar datum": true, "öppen planpost har en lydelse som rollen inte har godtagit": true, "lucka har en öppen planpost": true, "sak saknas": true, "sak återstår": true,
	"enhet": true, "person": true, "inbjudan": true, "enhet ligger under": true, "person har en roll här": true}

func upperFirst(s string) string {
	if s == "" {
		return ""
	}
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// list joins with commas and "och".
func list(s []string, and string) string {
	if len(s) < 2 {
		return strings.Join(s, "")
	}
	return strings.Join(s[:len(s)-1], ", ") + " " + and + " " + s[len(s)-1]
}

// definite gives an aspect's name in running text: konfidentialiteten.
func definite(title string) string { return strings.ToLower(title) + "en" }

func itoa(n int) string { return fmt.Sprint(n) }

// lowerFirst is for a title within a sentence; an abbreviation keeps its
// capitals.
func lowerFirst(s string) string {
	if s == "" {
		return ""
	}
	r, n := utf8.DecodeRuneInString(s)
	if next, _ := utf8.DecodeRuneInString(s[n:]); unicode.IsUpper(next) {
		return s
	}
	return string(unicode.ToLower(r)) + s[n:]
}

// kindTitles is what the kinds of units are called.
var kindTitles = map[engine.UnitKind]string{
	engine.City: "Stad eller kommun", engine.Administration: "Förvaltning", engine.Company: "Bolag", engine.MaintainedUnit: "Förvaltningsobjekt",
}

// adminSaved says what has been done on a page of the administration.
var adminSaved = map[string]string{
	"namn":        "Namnet är sparat. Lägg nu till enheterna.",
	"enheter":     "Enheterna är tillagda.",
	"enhet":       "Enheten är sparad.",
	"borttagen":   "Enheten är borttagen.",
	"person":      "Ändringen är sparad.",
	"given":       "Rollen är given. Den gäller genast.",
	"tagen":       "Rollen är tillbakatagen. Det gäller genast.",
	"avstangd":    "Kontot är avstängt och personen utloggad överallt.",
	"oppnad":      "Kontot är öppet igen.",
	"session":     "Inloggningen är avslutad.",
	"redan":       "Listan var redan sparad. Behöver någon en ny inbjudan: öppna personen och bjud in på nytt.",
	"regel":       "Regeln är sparad. Den gäller från nästa gång var och en loggar in.",
	"regel-borta": "Regeln är borttagen. Rollerna försvinner nästa gång var och en loggar in.",
	"kopia":       "Säkerhetskopian är skriven och kontrollerad.",
}

// actionWords is the columns of the authorization table, in its words.
var actionWords = []struct {
	action
	actionWord
}{
	{read, actionWord{"Läsa", "Se systemen och deras klassningar i enheten."}},
	{comment, actionWord{"Kommentera", "Skriva en kommentar till en fråga eller ett krav."}},
	{answer, actionWord{"Svara", "Svara på frågor, beskriva informationen och sätta nivåer."}},
	{delegate, actionWord{"Delegera", "Be någon annan att svara på en del."}},
	{fetch, actionWord{"Hämta", "Hämta kravbilagan och andra filer."}},
	{begin, actionWord{"Börja", "Lägga till ett system och börja klassa det."}},
	{procure, actionWord{"Upphandla", "Anpassa kravbilagan, skicka ut den och utse dem som öppnar anbuden."}},
	{carry, actionWord{"Följa upp", "Lägga till och ändra planposter. Den vars roll en planpost gäller får alltid följa upp den."}},
	{propose, actionWord{"Lägga fram", "Lägga fram en klassning för godkännande."}},
	{approve, actionWord{"Godkänna", "Godkänna en klassning och öppna den igen."}},
	{move, actionWord{"Flytta", "Flytta ett system till en annan enhet."}},
	{administer, actionWord{"Administrera", "Sköta enheter, personer och roller."}},
	{operate, actionWord{"Driva", "Sköta inloggning, sessioner och säkerhetskopior. Gäller bara den som har rollen i hela organisationen."}},
}

// deedWords says what somebody has done, by the journal's action.
var deedWords = map[string]string{
	"answer.save": "Sparade svar", "system.create": "Lade till ett system", "classification.create": "Började en klassning", "system.move": "Flyttade ett system", "group.leave": "Bröt ut ett system ur en grupp",
	"approval.propose": "Lade fram en klassning", "approval.approve": "Godkände en klassning", "approval.return": "Skickade tillbaka en klassning", "approval.reopen": "Öppnade en klassning igen",
	"tender.publish": "Fastställde en version av kravbilagan", "tender.receive": "Tog emot ett anbud", "tender.read": "Läste in svar ur ett anbud", "tender.judge": "Bedömde en rad i ett anbud", "tender.award": "Valde anbud och avslutade utvärderingen",
	"unit.save": "Ändrade en enhet", "unit.remove": "Tog bort en enhet",
	"person.add": "Lade till en person", "person.rename": "Ändrade ett namn", "person.disable": "Stängde av ett konto", "person.enable": "Öppnade ett konto", "person.invite": "Bjöd in någon",
	"password.set": "Ändrade ett lösenord", "identity.set": "Kopplade ett konto till kommunens inloggning", "sessions.end": "Avslutade inloggningar",
	"grant.add": "Gav en roll", "grant.remove": "Tog tillbaka en roll", "claim.add": "Lade till en regel för inloggningen", "claim.remove": "Tog bort en regel för inloggningen",
	"payload.erase": "Raderade uppgifter",
}

// roundWords is deedWords for a B-classification, where it is suppliers that are
// asked and answer.
var roundWords = map[string]string{
	"tender.publish": "Frågade en leverantör", "tender.receive": "Tog emot en fil med en leverantörs svar", "tender.read": "Läste in en leverantörs svar",
	"link.make": "Skapade en länk för en leverantör att svara med", "link.revoke": "Stängde en leverantörs länk", "link.open": "Öppnade sin länk", "link.save": "Sparade ett utkast", "link.hand": "Skickade in svar",
}

// typeWords is what the two types of classification are called.
var typeWords = map[string]string{"A": "A-klassning inför upphandling", "B": "B-klassning, verifiering"}
