package catalog

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/kravverk/kravverk/engine/diag"
)

// messages holds the sentence for each code, and what to do.
var messages = map[string]struct{ summary, detail string }{
	// The file
	"utf8":     {"filen är inte UTF-8", "Spara filen som UTF-8 i din textredigerare."},
	"toml":     {"filen går inte att läsa som TOML: %s", "Rätta raden. Är du osäker, jämför med en rad som fungerar."},
	"toml-1.1": {"raden är skriven i TOML 1.1, som många textredigerare inte förstår", "Skriv en tabell i klammer på en enda rad, utan komma sist."},
	"no-base":  {"ingen baskatalog hittades", "En mapp måste innehålla catalog.toml. Profiler hör ihop med en baskatalog."},
	"bases":    {"det finns mer än en baskatalog: %s", "Läs in en baskatalog i taget."},
	"read":     {"filen går inte att läsa: %s", "Kontrollera att filen finns och att du får läsa den."},

	// The schema
	"unknown-key": {"nyckeln %q finns inte", ""},
	"missing-key": {"nyckeln %q saknas", "Lägg till den."},
	"value":       {"%s kan inte vara %s", ""},
	"type":        {"%s ska vara %s, inte %s", ""},
	"pattern":     {"%s kan inte skrivas %s", ""},
	"empty":       {"%s är tom", "Skriv något, eller ta bort nyckeln."},
	"minimum":     {"%s måste vara minst %s", ""},
	"maximum":     {"%s får vara högst %s", ""},
	"repeated":    {"%s nämner samma sak två gånger", "Ta bort den ena."},
	"row-value":   {"%s har ett värde som inte går att använda i en rad", "Skriv true, false, ett alternativ eller en lista av alternativ. En nivå skrivs \">=2\"."},
	"reserved":    {"%s är upptaget: så skrivs svaret Vet ej", "Välj ett annat id."},
	"schema":      {"innehållet passar inte formatet: %s", "Jämför med beskrivningen i catalogs/README.md."},

	// Meaning
	"duplicate":       {"%s %q finns redan", "Ett id får bara användas en gång. Det andra står på %[3]s."},
	"foreign":         {"%s %q hör till profilen %s och kan inte användas här", "Den profilen gäller kanske inte. Använd det som finns i baskatalogen eller i profilen själv."},
	"lagrum":          {"id lagrum är upptaget: så heter uppgiften om vilka lagrum som gäller", "Välj ett annat id."},
	"retired":         {"kravet %q är utgånget och får inte användas igen", "Ge kravet ett nytt nummer."},
	"unknown-ref":     {"%s %q finns inte", ""},
	"level-gap":       {"skalan ska ha nivåerna 0, 1, 2, 3 och 4, en gång var", "Nivå 4 ska ha stop = true."},
	"no-options":      {"uppgiften %q är ett val men saknar alternativ", "Lägg till options med minst två alternativ."},
	"has-options":     {"uppgiften %q är ja eller nej och kan inte ha alternativ", "Ta bort options, eller byt type till choice."},
	"too-many":        {"uppgiften %q har fler än 60 alternativ", "Dela upp den i flera uppgifter."},
	"option-repeated": {"alternativet %q finns två gånger", "Ta bort det ena."},
	"derived-type":    {"den härledda uppgiften %q måste ha type = \"bool\"", "Skriv en härledd uppgift för varje värde."},
	"derived-ask":     {"uppgiften %q är härledd och kan inte samtidigt ställas som fråga", "Ta bort ask_when och question, eller ta bort derived."},
	"no-question":     {"uppgiften %q saknar question", "Skriv frågan som den ska läsas på skärmen."},
	"no-group":        {"uppgiften %q saknar group", "Skriv under vilken rubrik frågan ska stå."},
	"law-question":    {"lagrummet %q saknar både question och applies_when", "Skriv frågan som avgör om lagrummet gäller, eller rader som avgör det."},
	"law-both":        {"lagrummet %q har både applies_when och suggested_when", "Avgörs det av uppgifter behövs inget förslag. Ta bort den ena."},
	"law-date":        {"lagrummet %q gäller inte den %s", "Kontrollera datumen i in_force. Katalogen går att använda ändå."},
	"laws-date":       {"kravet %s vilar bara på lagrum som inte gäller den %s", "Ta bort kravet, låt det vila på det som gäller nu, eller rätta datumen i in_force."},
	"law-levels":      {"ett lagrum kan inte hänga på en nivå", "Lag gäller oavsett nivå. Använd uppgifter i raden."},
	"cycle":           {"uppgifterna går runt i en ring: %s", "Bryt ringen: en fråga får inte bero på sitt eget svar."},
	"row-key":         {"uppgiften %q finns inte", ""},
	"row-level":       {"nivån för %s ska skrivas med tecken, till exempel \">=2\"", "Tecknen är >=, <=, >, < och =. Nivåerna är 0 till 3."},
	"row-level-all":   {"%s %s är alltid sant, för nivåerna är 0 till 3", "Ta bort villkoret, eller rätta nivån."},
	"row-level-none":  {"%s %s kan aldrig vara sant, för nivåerna är 0 till 3", "Rätta nivån."},
	"row-bool":        {"uppgiften %q besvaras med true eller false, inte %s", ""},
	"row-option":      {"%q är inget alternativ för %s", ""},
	"row-text":        {"uppgiften %q är ett val, så värdet ska vara ett alternativ, inte %s", ""},
	"row-all":         {"raden räknar upp alla alternativ för %s", "Då är villkoret sant så snart frågan är besvarad. Ta bort det, eller ta bort något alternativ."},
	"levels-and-when": {"%s står både i levels och i en rad", "levels säger från vilken nivå kravet gäller. Ta bort nivån ur raden, eller ta bort levels."},
	"statute-levels":  {"kravet vilar på författning och kan inte ha levels", "Lag binder också på nivå 0. Låt kravet hänga på uppgifter eller lagrum med when."},
	"no-wording":      {"kravet har varken ÄR-text eller SKA-text", "Skriv is, shall eller båda."},
	"no-shall":        {"kravet riktas till en leverantör men saknar SKA-text", "Skriv shall, eller sätt concern = \"own\"."},
	"shall-when":      {"kravet har shall_when men ingen SKA-text", "Skriv shall, eller ta bort shall_when."},
	"should-weight":   {"ett bör-krav behöver weight och partly", "weight är poängen för Ja, partly för Delvis. Då kan anbuden jämföras."},
	"should-category": {"ett bör-krav är ett tilldelningskriterium", "Sätt category = \"award\"."},
	"should-word":     {"ett bör-krav ska skrivas med ordet bör", "Skriv \"bör\" i shall, inte \"ska\"."},
	"shall-weight":    {"ett ska-krav ger inga poäng", "Ta bort weight och partly, eller sätt obligation = \"should\"."},
	"shall-award":     {"ett ska-krav kan inte vara ett tilldelningskriterium", "Byt category, eller sätt obligation = \"should\"."},
	"partly-weight":   {"partly ska vara mindre än weight", "Ett delvis uppfyllt krav ger färre poäng än ett helt uppfyllt."},
	"parameter-no":    {"texten nämner {%s}, men det finns ingen sådan parameter", ""},
	"parameter-idle":  {"parametern %q används inte i någon text", "Skriv {%[1]s} där värdet ska stå, eller ta bort parametern."},
	"parameter-brace": {"en klammer i texten är inte stängd", "Skriv {namn} för en parameter."},
	"extends":         {"profilen bygger på %s, men baskatalogen är %s", "Ändra extends, eller läs in rätt version av baskatalogen."},
	"precedence":      {"profilerna %s och %s har samma precedence", "Ge dem olika tal. Den med högst tal gäller när båda säger något."},
	"prefill-twice":   {"två förifyllda svar för %s kan gälla samtidigt", "Gör raderna i when sådana att bara det ena gäller. Det andra står på %[2]s."},
	"contracted":      {"ett avtalat svar behöver agreement och clause", "Skriv vilket avtal och vilken punkt, eller sätt strength = \"assumed\"."},
	"verified":        {"ett verifierat svar behöver valid_until", "Skriv till vilken dag beviset gäller."},
	"bad-date":        {"%q är inget datum", "Skriv år-månad-dag, till exempel 2026-11-23."},
	"adjust-nothing":  {"anpassningen av %s ändrar ingenting", "Skriv vad som ska bli annorlunda, eller ta bort den."},
	"exclude-own":     {"profilen både tar bort och lägger till %s", "Ta bort det ena."},
	"include-idle":    {"inget har tagit bort %s, så det behöver inte tas tillbaka", "Ta bort include."},
	"released":        {"version %s av %s är utgiven, men innehållet har ändrats", "Höj version. Har ingen använt den än, skriv hash = %[3]q i releases.toml."},
	"unreleased":      {"version %s av %s har status published men står inte i releases.toml", "Lägg till den där med hash = %[3]q, eller sätt status = \"draft\"."},
	"too-large":       {"villkoret för %s är för stort att räkna på", "Det rymmer fler fall än som går att pröva. Dela upp det med en härledd uppgift, eller ta bort rader."},
	"too-large-row":   {"raden är för stor att räkna på", "Den rymmer fler fall än som går att pröva. Dela upp den med en härledd uppgift."},
	"changes":         {"kravet %s ändras av %s profiler, och högst %s får ändra samma krav", "Samla ändringarna i färre profiler."},
	"clause-repeated": {"punkten %q finns två gånger i avtalet", "Ta bort den ena."},
	"clause-empty":    {"punkten %q i avtalet är inte ifylld, så svaret kan inte vara avtalat", "Skriv point för punkten på %[2]s, eller sätt strength = \"assumed\"."},
	"reference-no":    {"%q finns inte i %s", "Kontrollera numret. Punkterna står i mappen frameworks."},
	"unrated":         {"villkoret på %s är aldrig uppfyllt, för aspekten nivåsätts inte", "Sätt rated = true för aspekten, eller ta bort villkoret."},

	// Practices and frameworks
	"practice-name":   {"bladet %q har ett namn som inte går att använda", "Döp filen med små bokstäver a–z, siffror och bindestreck, till exempel fjarratkomst.md."},
	"practice-title":  {"bladet börjar inte med en rubrik", "Skriv rubriken på första raden, till exempel # Fjärråtkomst."},
	"practice-titles": {"bladet har mer än en rubrik på första nivån", "Skriv avsnitt med två tecken, till exempel ## Teknik."},
	"practice-lead":   {"bladet saknar ingress", "Skriv en mening eller två under rubriken: vad bladet handlar om och vem det är till för."},
	"practice-part":   {"bladet saknar %s", "Skriv avsnittets rubrik på en egen rad, och texten under."},
	"practice-empty":  {"avsnittet %s är tomt", "Skriv något, eller skriv att inget behövs och varför."},
	"practice-order":  {"avsnittet %s står på fel plats", "Ordningen är Teknik, Process, Rutin, Uppföljning. Andra avsnitt kommer efter dem."},
	"practice-idle":   {"inget krav pekar på bladet %s", "Skriv practice = %[1]q i de krav som det hjälper till att uppfylla, eller ta bort bladet."},
	"uncovered":       {"inget krav svarar mot punkt %s i %s", "Lägg till hänvisningen i ett krav, eller skriv gap: vad som utelämnas och varför."},

	// Analysis
	"profiles":           {"det finns fler än %s profiler, så inget bevisas", "Läs in färre profiler åt gången."},
	"never":              {"kravet %s kan aldrig gälla%s", "%[3]s Rätta det, eller ta bort kravet."},
	"always":             {"kravet %s gäller alltid%s, så levels och rader gör ingen skillnad", "Ta bort dem och låt kravet vara grundskydd, eller rätta dem."},
	"shall-never":        {"SKA-texten i %s ställs aldrig till någon leverantör", "Raderna i shall_when stämmer aldrig när kravet gäller. Rätta dem, eller ta bort shall."},
	"shall-always":       {"SKA-texten i %s ställs alltid, så shall_when gör ingen skillnad", "Raderna stämmer alltid när kravet gäller. Rätta dem, eller ta bort shall_when."},
	"never-asked":        {"frågan %s kan aldrig ställas", "%[2]s Rätta ask_when, eller ta bort frågan."},
	"asked-always":       {"frågan %s ställs alltid, så ask_when gör ingen skillnad", "Ta bort ask_when, eller rätta raderna."},
	"derived-never":      {"uppgiften %s är aldrig sann", "%[2]s Rätta raderna, eller ta bort uppgiften."},
	"derived-always":     {"uppgiften %s är alltid sann", "Rätta raderna, eller ta bort uppgiften."},
	"derived-idle":       {"uppgiften %s används inte i någon rad", "Använd den, eller ta bort den."},
	"law-never":          {"lagrummet %s kan aldrig gälla", "%[2]s Rätta applies_when, eller ta bort lagrummet."},
	"law-always":         {"lagrummet %s gäller alltid", "Raderna i applies_when stämmer vid alla svar. Rätta dem."},
	"profile-never":      {"profilen %s kan aldrig passa", "%[2]s Rätta offered_when."},
	"prefill-never":      {"det förifyllda svaret för %s kan aldrig erbjudas%s", "%[3]s Rätta det, eller ta bort svaret."},
	"prefill-excluded":   {"det förifyllda svaret för %s kan aldrig erbjudas", "Profilen tar själv bort kravet på %[2]s. Ta bort det ena."},
	"prefills-differ":    {"för %s kan två profiler föreslå olika svar samtidigt: %q och %q", "Det händer med profilerna %[4]s och %[5]s när %[6]s. Båda har strength = %[7]q, så bara precedence avgör vilket som visas först. Ge dem samma answer, olika strength, eller rader som inte kan stämma samtidigt. Det andra står på %[8]s."},
	"rows-idle":          {"raderna i %s gör ingen skillnad", "Någon av dem stämmer alltid när resten av villkoret gör det. Ta bort dem, eller rätta dem."},
	"row-never":          {"raden kan aldrig stämma", "%s Rätta den, eller ta bort den."},
	"row-blocked":        {"raden kan aldrig stämma när resten av villkoret gör det", "%s Rätta den, eller ta bort den."},
	"row-equal":          {"raden säger detsamma som en annan rad", "Ta bort den ena. Den andra står på %s."},
	"row-idle":           {"raden gör ingen skillnad", "Allt som den släpper igenom släpps redan igenom på %s. Ta bort den, eller rätta den."},
	"key-idle":           {"%s gör ingen skillnad i raden", "%[2]s Ta bort det, eller rätta det."},
	"value-idle":         {"%s gör ingen skillnad i raden", "%[2]s Ta bort det alternativet, eller rätta det."},
	"level-idle":         {"nivån för %s i levels gör ingen skillnad", "Kravet gäller i samma fall utan den. Ta bort den, eller rätta den."},
	"falls":              {"%s %s → %s tar bort kravet %s%s", "Det händer när %[6]s.%[7]s Rätta det, eller skriv monotone = false om det ska vara så."},
	"facts-equal":        {"uppgifterna %s och %s betyder samma sak", "Använd den ena överallt och ta bort den andra. Den första står på %[3]s."},
	"requirements-equal": {"kraven %s och %s säger samma sak och gäller i samma fall%s", "Ta bort det ena, eller skriv vad som skiljer dem. Det första står på %[4]s."},
	"fact-idle":          {"svaret på frågan %s påverkar ingenting", "Inget krav, förslag, lagrum eller profil hänger på det. Använd uppgiften i en rad, eller ta bort frågan."},

	// Texts
	"prose-tense":        {"%s låter som ett krav: %q", "Skriv hur det är, i presens: \"loggas\" i stället för \"ska loggas\"."},
	"prose-verb":         {"SKA-texten har verbet %q där det ska stå %s", "Ett ska-krav skrivs med ska och ett bör-krav med bör. Skriv %[2]s, eller ändra obligation."},
	"prose-no-verb":      {"SKA-texten saknar ordet %s", "Ett ska-krav skrivs med ska och ett bör-krav med bör. Skriv %[1]s, eller ändra obligation."},
	"prose-vague":        {"%q går inte att mäta", "%[2]s."},
	"prose-equivalent":   {"%q nämns utan \"eller likvärdigt\"", "Lagen om offentlig upphandling (9 kap.) kräver de orden efter en standard, ett intyg eller ett märke. Skriv dem i samma mening, eller skriv kravet utan namnet."},
	"prose-two":          {"SKA-texten har mer än ett krav: ett andra %q", "Två saker i samma krav blir två krav. Dela upp det, eller låt den andra meningen berätta utan %[1]s."},
	"prose-and":          {"SKA-texten kräver två saker: %q", "Två saker i samma krav blir två krav. Dela upp det, eller stryk det ena."},
	"prose-semicolon":    {"%s har ett semikolon", "Semikolon döljer ofta ett krav till. Skriv två meningar, eller två krav."},
	"prose-points":       {"ett bör-krav behöver points", "Skriv vad som räknas som Delvis och vad som inte ger några poäng. Då bedöms anbuden lika."},
	"prose-edition":      {"hänvisningen till %s saknar utgåva", "Skriv edition, till exempel edition = \"2022\". Punkterna byter nummer mellan utgåvor."},
	"prose-same":         {"%s säger detsamma som för %s", "Skriv vad som skiljer, eller stryk på det ena stället. Det första är %[3]s."},
	"prose-empty":        {"%s saknar text", "Skriv något, eller ta bort nyckeln."},
	"prose-stop":         {"%s slutar inte med punkt", "Skriv hela meningar, med punkt sist."},
	"prose-question":     {"frågan slutar inte med ett frågetecken", "Skriv en fråga som går att svara på."},
	"prose-title-stop":   {"rubriken slutar med punkt", "Ta bort punkten."},
	"prose-title-demand": {"rubriken låter som ett krav: %q", "En rubrik säger vad kravet handlar om. Skriv \"Tillträde loggas\" i stället för \"Tillträde ska loggas\"."},
	"prose-long":         {"%s har %s tecken, och fler än %s är för långt", "Stryk det som inte behövs, eller dela upp texten."},
	"prose-sentence":     {"meningen har %s ord, och fler än %s är för många", "Dela meningen i två."},
	"prose-space":        {"%s har ett mellanslag för mycket", "Ta bort det."},
	"prose-space-before": {"det står ett mellanslag före %q", "Ta bort det."},
	"prose-quotes":       {"fel citattecken: %s", "Skriv ” både före och efter: ”så här”."},
	"prose-dots":         {"tre punkter står där det ska vara ett uteslutningstecken", "Skriv tecknet …, eller skriv ut det som saknas."},
	"prose-dash":         {"bindestreck mellan tal: %q", "Skriv ett tankstreck: %[2]q."},
	"prose-english":      {"%q är engelska", "Skriv på svenska."},
	"prose-invisible":    {"ett tecken som inte syns (%s) i %s", "Ta bort det och skriv ett vanligt mellanslag, om det behövs ett."},
	"prose-nfc":          {"en bokstav med prickar eller ring är skriven som två tecken i %s", "Skriv om bokstaven på tangentbordet. Då hittas ordet när någon söker."},
}

// problems collects diagnostics by their codes.
type problems struct{ list diag.List }

func (p *problems) add(code string, at diag.Range, args ...any) { p.hint(code, at, "", args...) }

// hint adds an error whose detail is worked out on the spot.
func (p *problems) hint(code string, at diag.Range, hint string, args ...any) {
	m := messages[code]
	if hint == "" {
		hint = fill(m.detail, args)
	}
	p.list.Errorf(code, at, hint, "%s", fill(m.summary, args))
}

func (p *problems) warn(code string, at diag.Range, args ...any) {
	m := messages[code]
	p.list.Warnf(code, at, fill(m.detail, args), "%s", fill(m.summary, args))
}

// tomlMessage puts the decoder's commonest complaints in Swedish; the others
// stay as they are.
func tomlMessage(english string) string {
	const badKey = "en nyckel får bara innehålla a–z, 0–9, - och _"
	if _, got, ok := strings.Cut(english, "expected '.' or '=', but got '"); ok && got[0] >= utf8.RuneSelf {
		return badKey // a key with å, ä or ö
	}
	for _, m := range []struct{ has, say string }{
		{"has already been defined", "nyckeln eller tabellen finns redan i filen"},
		{"was already created", "nyckeln eller tabellen finns redan i filen"},
		{"is not a table", "nyckeln har redan ett värde och kan inte samtidigt vara en tabell"},
		{"expected a top-level item to end", "raden har något efter värdet, eller citattecken saknas"},
		{"expected value but found", "ett värde saknas efter likhetstecknet, eller text saknar citattecken"},
		{"strings cannot contain newlines", "texten saknar avslutande citattecken"},
		{"unexpected EOF", "filen tar slut mitt i ett värde"},
		{"expected '.' or '='", "efter nyckeln ska det stå ett likhetstecken"},
		{"expected a comma", "ett komma eller en hakparentes saknas i listan"},
		{"expected end of table", "rubriken ska sluta med ] efter [namn] och ]] efter [[namn]]"},
		{"table names cannot be empty", "rubriken saknar namn mellan hakparenteserna"},
		{"cannot contain control characters", "raden innehåller ett osynligt styrtecken: ta bort det"},
		{"invalid escape", "ett omvänt snedstreck i texten måste skrivas två gånger"},
		{"bare keys cannot contain", badKey},
		{"invalid bare key", badKey},
	} {
		if strings.Contains(english, m.has) {
			return m.say
		}
	}
	return english
}

// fill formats with as many of the arguments as the text asks for: a summary
// and its detail share one list.
func fill(format string, args []any) string {
	if strings.Contains(format, "%[") {
		return fmt.Sprintf(format, args...)
	}
	n := strings.Count(format, "%s") + strings.Count(format, "%q") + strings.Count(format, "%d")
	return fmt.Sprintf(format, args[:min(n, len(args))]...)
}

// proofWords are those that proofs are put in.
var proofWords = struct {
	clash, nothing, at, unrated, follows, keyCovered, valueCovered, culprit, more, alone string
	asked, derived, law, unless, manyRows, and, or                                       string
	profile, profiles                                                                    string
}{
	clash: "Det här går inte ihop: ", nothing: "Inga svar räcker.", at: " på ", unrated: "%s (%s nivåsätts inte)", follows: "Det följer redan av ",
	keyCovered: "Det som den stänger ute släpper andra rader igenom.", valueCovered: "Det som det släpper igenom släpper andra rader också igenom.",
	culprit: " Det beror på %s på %s.", more: "Det finns %d rader till.", alone: " utan en profil som ändrar det",
	asked: "frågan %s ställs bara när %s", derived: "%s betyder att %s", law: "lagrummet %s gäller bara när %s",
	unless: "unless tar bort kravet när %s", manyRows: "någon av de %d raderna stämmer", and: " och ", or: " eller ",
	profile: " med profilen ", profiles: " med profilerna ",
}

// witnessWords are those that witnesses are put in.
var witnessWords = struct {
	title, information, none, noLaws, applies, offered, open, put string
	answerYes, answerNo, answerOffer, answerNoOffer, answerIdle   string
}{
	title: "Kortaste svaren för ", information: "Exempel", none: "inget alternativ för %s", noLaws: "inget lagrum gäller",
	applies:   "De kortaste svaren som gör att kravet %s gäller.",
	offered:   "De kortaste svaren som gör att det förifyllda svaret för %s i profilen %s erbjuds.",
	open:      "De kortaste svaren som gör att frågan %s ställs och kan ändra listan.",
	put:       "De kortaste svaren som gör att frågan %s ställs. Svaret ändrar inget krav, så det finns inget att vänta sig.",
	answerYes: "De kortaste svaren där %s avgör att kravet %s gäller.", answerNo: "De kortaste svaren där %s avgör att kravet %s inte gäller.",
	answerOffer:   "De kortaste svaren där %s avgör att ett förifyllt svar för %s erbjuds.",
	answerNoOffer: "De kortaste svaren där %s avgör att inget förifyllt svar för %s erbjuds.",
	answerIdle:    "De kortaste svaren där %s går att svara. Svaret ändrar inget krav, så det finns inget att vänta sig.",
}

// words are those that rows are put in.
var words = struct{ atLeast, atMost, is, or, yes, no, applies, choose, allowed, point, noPoint string }{
	atLeast: "är minst", atMost: "är högst", is: "är", or: "eller", yes: "ja", no: "nej", applies: "gäller",
	choose: "Välj bland: ", allowed: "Här får stå: ", point: "punkt", noPoint: "punkten är inte ifylld",
}

// textNames are what the texts are called in a sentence; others go by their keys.
var textNames = map[string]string{
	"is": "ÄR-texten", "shall": "SKA-texten", "title": "rubriken", "help": "hjälptexten", "question": "frågan", "how": "svaret",
	"effect": "effekten", "justification": "motiveringen", "reason": "skälet", "description": "beskrivningen", "note": "anteckningen",
}

// vagueHints tell what to write instead of a word that cannot be measured. The
// message adds the full stop.
var vagueHints = struct{ time, often, much, norm, way, list, when string }{
	time:  "Skriv en tid: \"inom 24 timmar\", eller en parameter som följer nivån",
	often: "Skriv hur ofta: \"minst en gång om året\", eller en parameter som följer nivån",
	much:  "Skriv hur mycket, eller vad som räcker",
	norm:  "Skriv vilken standard eller metod, och \"eller likvärdigt\", eller vad som ska uppnås",
	way:   "Skriv vad som ska uppnås, så att det går att prova",
	list:  "Räkna upp allt som ingår",
	when:  "Skriv när det gäller",
}
