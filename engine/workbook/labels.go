package workbook

import (
	"fmt"
	"strings"

	"github.com/kravverk/kravverk/engine"
)

// Kinds of workbook. The words stand in the files and are never changed.
const (
	Requirements   Kind = "kravbilaga"
	Justification  Kind = "motivering"
	CoverageKind   Kind = "tackning" // the code is in plain ASCII
	ComparisonKind Kind = "jamforelse"
	PlanKind       Kind = "handlingsplan"
)

// Names of sheets, and of the places where a file carries its identity.
const (
	sheetReadMe  = "Läs mig"
	sheetRows    = "Krav"
	sheetSummary = "Sammanfattning"
	sheetLists   = "Listor"
	sheetMeta    = "_meta"

	sheetOverview = "Översikt"
	sheetApplies  = "Krav som gäller"
	sheetOthers   = "Övriga krav"
	sheetAnswers  = "Svar"

	sheetChanges    = "Ändringar"
	sheetTailored   = "Anpassning"
	sheetContracted = "Ges av avtal"
	sheetComparison = "Jämförelse"
	sheetPlan       = "Handlingsplan"

	identityProperty = "Kravverk identitet"
	identityName     = "Kravverk_identitet"
)

// Lists to choose from, by the defined name that the drop-downs use.
const (
	listShall = "Svar_ska"
	listBor   = "Svar_bor"
	listTerms = "Svar_villkor"
	listBy    = "Ansvar_val"
	listState = "Lage_val"
)

const (
	answerYes, answerPartly, answerNo, answerAccept = "Ja", "Delvis", "Nej", "Accepteras"

	typeShall, typeShould, typeTerms, typeOpen = "Ska", "Bör", "Villkor", "Ej avgjort"
)

// choiceList is what a drop-down offers.
type choiceList struct {
	name, title string
	values      []string
}

// lists are a kravbilaga's, planLists a plan's.
var planLists = []choiceList{{listState, "Läge", []string{StatusWord(engine.Planned), StatusWord(engine.Ongoing), StatusWord(engine.Completed), StatusWord(engine.Dropped)}}}

var lists = []choiceList{
	{listShall, "Svar på ska-krav", []string{answerYes, answerNo}},
	{listBor, "Svar på bör-krav", []string{answerYes, answerPartly, answerNo}},
	{listTerms, "Svar på villkor", []string{answerAccept, answerNo}},
	{listBy, "Ansvar", []string{"Leverantör", "Kund", "Delat", "Underleverantör"}},
}

// label holds the short texts.
var label = struct {
	draft, draftTitle, requirements, justification, page, subject                                  string
	id, area, requirement, kind, references, verifyTender, verifyContract, weight                  string
	answer, responsible, description, evidence, rowKey                                             string
	count, answered, yes, partly, no, total                                                        string
	title, text, from, because, parameters, laws, basis, offer, whose, remains, role, effort, sent string
	outcome, applies, notApplies, excluded, group, question, note                                  string
	levels, laws2, catalog, counts, open, chooseTitle                                              string
	coverage, framework, points2, point, about, outcome2, gap, remark                              string
	points, weightCell, reference, uncertain, parameterStep, levelFrom, anyLevel, adjusted         string
	effortOf, validUntil, expired, clause, notAnswered, notKnown, dormant, raise, information      string
	lawful, none, unrated, decidedBy, suggested                                                    string
	internal, internalDraft, maybe                                                                 string
	sentYes, sentAssumed, sentContracted, sentOwn, sentNoText, sentLeftOut, sentTailored           string
	comparison, secret, secretText, pointsRule, standing, unmet, winner, of, claimed, judged       string
	scored, notJudged                                                                              string
	change, what, before, now, found, added, removed, changed, gives, verification                 string
}{
	draft: "UTKAST", draftTitle: "UTKAST. ", requirements: "Kravbilaga: ", justification: "Motivering till kravbilaga: ",
	page: "Sida &P av &N", subject: "Krav på informationssäkerhet",

	id: "Krav-ID", area: "Område", requirement: "Krav", kind: "Typ", references: "Hänvisning", verifyTender: "Verifiering vid anbud",
	verifyContract: "Verifiering under avtalstid", weight: "Vikt", answer: "Svar", responsible: "Ansvar", description: "Beskrivning",
	evidence: "Bevis", rowKey: "Radnyckel (ändra inte)",

	count: "Antal krav", answered: "Besvarade", yes: "Ja eller Accepteras", partly: "Delvis", no: "Nej", total: "Alla områden",

	title: "Rubrik", text: "Kravtext", from: "Gäller från nivå", because: "Därför gäller kravet", parameters: "Värden i texten", laws: "Lagrum",
	basis: "Grund", offer: "Avtal och intyg kan ge", whose: "Vems ord", remains: "Kvar att ordna", role: "Roll", effort: "Insats", sent: "I kravbilagan",

	outcome: "Utfall", applies: "Gäller", notApplies: "Gäller inte", excluded: "Borttaget av profil", group: "Grupp", question: "Fråga", note: "Skäl",
	levels: "Nivåer", laws2: "Lagrum", catalog: "Kravkatalog och profiler", counts: "Antal", open: "Frågor som inte är avgjorda",
	chooseTitle: "Välj i listan",

	coverage: "Täckning: ", framework: "Regelverk", points2: "Punkter", point: "Punkt", about: "Handlar om", outcome2: "Läge", gap: "Utelämnas med avsikt", remark: "Anmärkning",
	points: "Poängregel: %s", weightCell: "Ja %d\nDelvis %d", reference: "%s:%s", uncertain: " (osäker, kontrollera)", parameterStep: "%s (nivå %d)",
	levelFrom: "%s från %d", anyLevel: "styrs inte av nivån", adjusted: "Anpassat av profilen %s: %s",
	effortOf: "%d av 5", validUntil: "gäller till %s", expired: "gick ut %s", clause: "%s, %s",
	notAnswered: "Inte besvarad", notKnown: "Vet ej", dormant: "Frågan ställs inte längre, så svaret används inte.",
	raise: "Höjning för hela klassningsobjektet", information: "Informationstyp", lawful: "Vilka lagrum gäller?", none: "Inget av dessa",
	unrated: "inte nivåsatt: %s", decidedBy: "Beslutat av %s.", suggested: "Lagrummet är ett förslag som ingen har tagit ställning till.",

	internal: "Internt", internalDraft: "UTKAST, internt", maybe: "Inte avgjort om det gäller",

	sentYes: "Ja", sentAssumed: "Ja. Avtalet kan ge detta: antaget, kontrollera.", sentContracted: "Nej, avtalet ger det.",
	sentOwn: "Nej, eget ansvar.", sentNoText: "Nej, ställs inte till leverantören här.",
	sentLeftOut: "Nej, utelämnat av beställaren. Se bladet Anpassning.", sentTailored: "Ja, anpassat: %s. Se bladet Anpassning.",

	comparison: "Jämförelse av anbud: ", secret: "Sekretess", secretText: "Uppgifter i anbud omfattas av sekretess tills leverantör är vald, enligt 19 kap. 3 § offentlighets- och sekretesslagen (2009:400). Bedöm därefter innan handlingen lämnas ut.",
	pointsRule: "Poäng", standing: "%d av %d poäng. %d ska-krav och villkor inte uppfyllda. %d obesvarade rader. %d rader inte bedömda.", unmet: "Inte uppfyllda: %s", winner: "Valt anbud",
	of: "%s: %s", claimed: "svar", judged: "bedömning", scored: "poäng", notJudged: "Inte bedömd",
	change: "Ändring", what: "Vad som skiljer", before: "Lydelse före", now: "Lydelse nu", found: "Som kravlistan ger det",
	added: "Nytt", removed: "Borttaget", changed: "Ändrat", gives: "Ja ger %d poäng, Delvis %d", verification: "Verifiering",
}

// tailorWords says what the buyer has changed.
var tailorWords = struct{ leftOut, own, kind, weight, text, category, moved, resting, needless, reworded string }{
	leftOut: "Utelämnat", own: "eget krav", kind: "%s i stället för %s", weight: "andra poäng", text: "ny lydelse", category: "ställs som %s", moved: "flyttat",
	resting: "Vilar: kravet är inte med i listan längre", needless: "behövs inte längre: kravlistan ger det redan",
	reworded: "kravets egen lydelse har ändrats sedan dess",
}

// fill fills a label in.
func fill(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// readMe is the first sheet of a kravbilaga, which a tenderer reads before
// anything else.
func readMe(s State, t engine.Tally) []row {
	var out []row
	add := func(l look, text string) { out = append(out, row{look: l, cells: texts(text)}) }
	heading := func(text string) { add(lookHeading, text) }
	say := func(text string) { add(lookBody, text) }

	title := label.requirements + s.System
	draft := s.Derivation.Draft()
	if draft {
		title = label.draftTitle + title
	}
	add(lookTitle, title)
	say("Här är kraven på informationssäkerhet. Ni som lämnar anbud svarar på varje rad i bladet Krav och lämnar in den ifyllda filen tillsammans med anbudet.")
	facts := "Underlaget är från " + s.Date + "."
	if s.Unit != "" {
		facts = "Beställare: " + s.Unit + ". " + facts
	}
	say(facts)
	if s.Deadline != "" {
		say("Lämna in filen senast " + s.Deadline + ".")
	}
	if s.Version > 0 {
		say(fill("Det här är version %d av kravbilagan.", s.Version))
	}
	if s.Version > 1 {
		say(fill("Den ersätter version %d. Bladet Ändringar visar vad som skiljer. Har ni redan börjat svara i en äldre version kan ni föra över svaren hit, men svara på de rader som är ändrade igen.", s.Version-1))
	}
	if s.Note != "" {
		say("Från beställaren: " + s.Note)
	}
	if draft {
		heading("Det här är ett utkast")
		if t.Open > 0 {
			say(plural(t.Open, "En rad har typen Ej avgjort. Den kan bli ett krav eller falla bort när underlaget är klart.",
				"%d rader har typen Ej avgjort. De kan bli krav eller falla bort när underlaget är klart."))
		}
		say("Underlaget är inte klart. Använd inte filen i en upphandling förrän allt är avgjort.")
	}

	heading("Så svarar ni")
	say("1. Öppna bladet Krav. Kolumnerna Svar, Ansvar, Beskrivning och Bevis är era. Allt annat är låst.")
	say("2. Välj Svar i listan på varje rad. " + sentence(answersOf(t)))
	say("3. Välj Ansvar: vem som ser till att kravet är uppfyllt under avtalstiden. Leverantör är ni, Kund är beställaren, Delat är båda och Underleverantör är någon som ni anlitar.")
	say("4. Beskriv kort hur kravet uppfylls i kolumnen Beskrivning. Svarar ni " + reservation(t) + " skriver ni vad som saknas.")
	say("5. Skriv i kolumnen Bevis vad som visar det, till exempel namnet på en bilaga och en sida. Bifoga bilagan till anbudet.")
	say("Bladet Sammanfattning räknar hur många rader ni har besvarat i varje område. Se till att inget saknas innan ni lämnar in.")

	heading("Vad orden betyder")
	if t.Shall > 0 {
		say("Ska: ett obligatoriskt krav. Ett anbud som inte uppfyller alla ska-krav kan komma att förkastas.")
	}
	if t.Should > 0 {
		say("Bör: ett krav som ger poäng i utvärderingen. Kolumnen Vikt visar hur många poäng Ja och Delvis ger. Nej ger inga poäng, men gör inte att anbudet förkastas.")
	}
	if t.Terms > 0 {
		say("Villkor: ett kontraktsvillkor. Ni accepterar det i anbudet och uppfyller det när avtalet gäller.")
	}
	if t.Open > 0 {
		say("Ej avgjort: det är ännu inte klart om kravet gäller.")
	}
	say("Hänvisning: lag, föreskrift eller standard som kravet bygger på. Det är texten i kolumnen Krav som ni ska uppfylla.")
	say("Verifiering vid anbud: hur beställaren kan kontrollera svaret innan avtal tecknas.")
	say("Verifiering under avtalstid: hur beställaren kan kontrollera att kravet är uppfyllt när avtalet gäller.")

	heading("Eller likvärdigt")
	say("När ett krav nämner en standard, en märkning eller ett certifikat godtar beställaren också det som är likvärdigt. Visa då i Beskrivning och Bevis att det ni erbjuder ger samma skydd. Det gäller inte lagar och föreskrifter: de ska följas som de är.")

	heading("Ändra inte i filen")
	say("Ändra inte kravtexter, kolumner, rader eller blad. Filen är låst för att inget ska ändras av misstag. När den kommer tillbaka kontrollerar beställaren att allt utom era fyra kolumner är oförändrat.")
	say("Är ett krav otydligt eller fel? Ställ en fråga i upphandlingen i stället för att ändra i texten.")
	say("Ni kan filtrera raderna med pilarna i rubrikraden, men inte sortera dem. Radhöjd och kolumnbredd går att ändra.")
	say("Spara filen i formatet .xlsx. Den går att fylla i med Excel, LibreOffice och Google Kalkylark.")
	return out
}

// answers tells which answers each type takes, of the types that there are.
func answersOf(t engine.Tally) string {
	var s []string
	if t.Shall > 0 {
		s = append(s, "ska-krav besvaras med Ja eller Nej")
	}
	if t.Should > 0 {
		s = append(s, "bör-krav med Ja, Delvis eller Nej")
	}
	if t.Terms > 0 {
		s = append(s, "villkor med Accepteras eller Nej")
	}
	if len(s) == 0 {
		return "svaret är Ja eller Nej."
	}
	if t.Shall == 0 {
		s[0] = strings.Replace(s[0], " med ", " besvaras med ", 1)
	}
	return join(s) + "."
}

func reservation(t engine.Tally) string {
	if t.Should > 0 {
		return "Delvis eller Nej"
	}
	return "Nej"
}

// overview is the first sheet of a motivering.
func overview(s State, t engine.Tally) []row {
	d := s.Derivation
	c := d.Facts.Catalog
	var out []row
	heading := func(text string) { out = append(out, row{look: lookHeading, cells: texts(text, "")}) }
	line := func(name, text string) { out = append(out, row{cells: texts(name, text)}) }

	title := label.justification + s.System
	if d.Draft() {
		title = label.draftTitle + title
	}
	out = append(out, row{look: lookTitleOver, cells: texts(title, "")})
	line("Internt", "Handlingen visar hur systemet är klassat och skyddat. Den kan omfattas av sekretess enligt 18 kap. 8 § offentlighets- och sekretesslagen (2009:400). Bedöm det innan den lämnas ut, och skicka den inte till anbudsgivare.")
	if d.Draft() {
		line(label.draft, plural(d.Undecided(), "Ett krav är inte avgjort", "%d krav är inte avgjorda")+" än. Listan kan ändras när de öppna frågorna är besvarade.")
	}
	line("Klassningsobjekt", s.System)
	if s.Unit != "" {
		line("Enhet", s.Unit)
	}
	line("Klassning", s.ClassificationID)
	line("Senast sparade svar", s.Date)

	heading(label.levels)
	for _, l := range d.Facts.Levels {
		line(l.Aspect.Title+" ("+l.Aspect.ID+")", levelStory(d.Facts, l))
	}
	heading(label.catalog)
	line(c.Title, c.ID+"@"+c.Version+", hash "+c.Hash)
	for _, p := range d.Profiles {
		if p.Active == engine.No {
			continue
		}
		text := p.Profile.ID + "@" + p.Profile.Version + ", hash " + p.Profile.Hash + ". "
		switch {
		case p.Active == engine.Unknown:
			text += "Det är inte avgjort om profilen gäller."
		case p.Because != "":
			text += "Gäller därför att " + p.Because + "."
		}
		line("Profil: "+p.Profile.Title, text)
	}
	line("Katalog och profiler tillsammans", "hash "+c.SetHash)

	heading(label.counts)
	line("Krav som gäller", itoa(d.Count(engine.Yes)))
	line("I kravbilagan", fill("%d: %d ska, %d bör, %d villkor och %d ej avgjorda", t.Rows(), t.Shall, t.Should, t.Terms, t.Open))
	line("Avtal ger redan", itoa(t.Contracted)+". De är inte med i kravbilagan.")
	line("Antaget i avtal", itoa(t.Assumed)+". De är med i kravbilagan tills avtalet är kontrollerat.")
	line("Eget ansvar", itoa(t.Own)+". De riktar sig inte till leverantören.")
	line("Ställs inte till leverantören", itoa(t.NoText))
	if t.Tailored+t.LeftOut > 0 {
		line("Anpassat av beställaren", fill("%d rader ändrade eller tillagda, %d utelämnade. Bladet Anpassning visar vad och varför.", t.Tailored, t.LeftOut))
	}
	line("Gäller inte", itoa(d.Count(engine.No)-t.Excluded))
	line("Borttagna av profil", itoa(t.Excluded))
	line("Ej avgjorda", itoa(d.Count(engine.Unknown)))

	heading(label.laws2)
	for _, l := range d.Laws {
		if l.Applies == engine.No {
			continue
		}
		text := strings.TrimSuffix(l.Law.Source, ".") + "."
		switch {
		case l.Applies == engine.Unknown && l.Suggested:
			text += " " + label.suggested
		case l.Applies == engine.Unknown:
			text += " Inte avgjort om det gäller."
		case l.Because != "":
			text += " Gäller därför att " + l.Because + "."
		default:
			text += " Gäller enligt svaren."
		}
		if len(l.Low) > 0 {
			text += " Lagrummet talar för en högre nivå i " + join(l.Low) + "."
		}
		line(l.Law.Title, text)
	}
	if len(d.Open) > 0 {
		heading(label.open)
		for _, q := range d.Open {
			line(sentence(q.Title), plural(q.Matters, "Avgör ett krav eller förslag.", "Avgör %d krav eller förslag."))
		}
	}
	return out
}

// levelStory tells a level, where it comes from and who decided it.
func levelStory(f *engine.Facts, l engine.LevelFinding) string {
	level := f.Catalog.Level(l.Lowest())
	s := []string{fill("%d %s.", level.Value, level.Title)}
	if _, known := l.Known(); !known {
		s[0] = fill("Minst %d %s. Inte avgjort än.", level.Value, level.Title)
	}
	switch {
	case l.Raised:
		s = append(s, "Höjd över informationens nivå.")
	case l.From != "" && l.Category != "":
		s = append(s, fill("Följer av %s, %s.", l.From, lower(l.Category)))
	case l.From != "":
		s = append(s, fill("Följer av %s.", l.From))
	}
	if l.Justification != "" {
		s = append(s, "Skäl: "+l.Justification)
	}
	if l.DecidedBy != "" {
		s = append(s, fill(label.decidedBy, l.DecidedBy))
	}
	if len(l.Unrated) > 0 {
		s = append(s, sentence(fill(label.unrated, join(l.Unrated)))+".")
	}
	return strings.Join(s, " ")
}

// Refusal is why a file is not taken, as a sentence for the person who sent it.
type Refusal string

func (r Refusal) Error() string { return string(r) }

// Reasons to refuse a file.
const (
	RefusedEmpty       Refusal = "Filen är tom. Kontrollera att den sparades och skicka den igen."
	RefusedSize        Refusal = "Filen är större än 20 MB. Ta bort bilder och annat som lagts till, och spara den igen som .xlsx."
	RefusedPassword    Refusal = "Filen är skyddad med lösenord. Öppna den, ta bort lösenordet och spara den igen."
	RefusedOldFormat   Refusal = "Filen är i det äldre Excel-formatet (.xls). Öppna den och spara den som .xlsx."
	RefusedText        Refusal = "Filen är text, till exempel CSV, fast den heter något annat. Öppna den ursprungliga filen och spara den som .xlsx."
	RefusedOther       Refusal = "Filen är inte en arbetsbok i formatet .xlsx. Öppna den i det program som den skapades med och spara den som .xlsx."
	RefusedDamaged     Refusal = "Filen är skadad och går inte att läsa. Öppna den, spara den på nytt som .xlsx och skicka den igen."
	RefusedParts       Refusal = "Filen innehåller fler delar, eller delar med andra namn, än en arbetsbok ska ha. Spara den på nytt som .xlsx i Excel eller LibreOffice."
	RefusedUnpacked    Refusal = "Filen blir orimligt stor när den packas upp och öppnas därför inte. Ta bort det som lagts till och spara den igen."
	RefusedMacros      Refusal = "Filen innehåller makron och öppnas därför inte. Spara den som .xlsx utan makron."
	RefusedLinks       Refusal = "Filen hämtar uppgifter från andra filer eller från nätet och öppnas därför inte. Ta bort länkarna till andra arbetsböcker och spara den igen."
	RefusedEmbedded    Refusal = "Filen innehåller inbäddade dokument eller kontroller och öppnas därför inte. Skicka dem som egna filer och ta bort dem ur arbetsboken."
	RefusedXML         Refusal = "Filen innehåller XML som en arbetsbok inte ska ha och öppnas därför inte. Spara den på nytt som .xlsx i Excel eller LibreOffice."
	RefusedBounds      Refusal = "Filen har innehåll alldeles för långt ut till höger eller nedåt i ett blad. Ta bort det som ligger utanför tabellen och spara den igen."
	RefusedElsewhere   Refusal = "Filen är kravbilagan till en annan upphandling. Kontrollera vilken upphandling anbudet gäller, och be anbudsgivaren om rätt fil."
	RefusedKind        Refusal = "Filen är inte en kravbilaga, utan en annan fil från Kravverk. Be anbudsgivaren om den ifyllda kravbilagan."
	RefusedNoRows      Refusal = "Filen är kravbilagan till den här upphandlingen, men inget av kraven finns kvar i den. Be anbudsgivaren att fylla i den fil som skickades ut."
	RefusedNoPlan      Refusal = "Filen är ingen handlingsplan från Kravverk, eller så är rubrikerna Läge, Så går det och Nyckel borta. Hämta planen på nytt och fyll i den."
	RefusedEncoding    Refusal = "Tecknen i filen går inte att läsa säkert. Spara den som ”CSV UTF-8” eller som .xlsx och skicka den igen."
	RefusedForeign     Refusal = "Filen kommer inte från Kravverk, eller så har dess märkning tagits bort. Använd den fil som ni fick och fyll i den."
	RefusedOtherSystem Refusal = "Filen hör till en annan klassning. Kontrollera vilket system leverantören svarar om, och be om rätt fil."
	RefusedOtherFile   Refusal = "Filen är en annan fil från Kravverk än den som leverantören ska fylla i. Be om den ifyllda filen."
	RefusedNoneLeft    Refusal = "Filen hör till klassningen, men inget av kraven finns kvar i den. Be leverantören fylla i den fil som skickades."
)

// changeWords are the sentences about what differs from the file as written.
var changeWords = struct {
	cell, rowMissing, rowAdded, rowTwice, sheetMissing, noMeta, metaChanged, rowText string
}{
	cell:         "Cellen %s i bladet %s är ändrad.",
	rowMissing:   "Raden %s saknas i bladet %s.",
	rowAdded:     "Rad %d i bladet %s har lagts till.",
	rowTwice:     "Raden %s finns flera gånger i bladet %s.",
	sheetMissing: "Bladet %s saknas.",
	noMeta:       "Kontrollbladet saknas, så det går bara att se om kravtexterna är ändrade.",
	metaChanged:  "Kontrollbladet är ändrat, så det går inte att lita på jämförelsen.",
	rowText:      "Kravtexten i cell %s i bladet %s är ändrad.",
}

// Word is what a file of the kind is called on screen.
func (k Kind) Word() string {
	switch k {
	case CoverageKind:
		return "täckningslista"
	case ComparisonKind:
		return "jämförelse"
	}
	return string(k)
}

// readWords is what is told of a file that has come back.
var readWords = struct {
	unpublished, unmarked, older, columnRenamed, columnMoved, columnGuessed, columnMissing       string
	unknownRow, removed, twice, twiceSame, missing, newer, olderRow, mixed, altered, alteredKind string
	formula, noAnswer, readAs, outside                                                           string
	otherRound, unmarkedRound, olderText, askedAgain                                             string
}{
	unpublished:   "Filen är märkt med den här upphandlingen men är ingen av de versioner som har skickats ut, till exempel ett utkast. Svaren är lästa mot den senaste versionen.",
	unmarked:      "Filens märkning är borttagen. Raderna är igenkända på sina dolda nycklar.",
	older:         "Filen är version %d av kravbilagan. Den senaste är version %d.",
	columnRenamed: "Kolumnen %s heter %q i filen.",
	columnMoved:   "Kolumnen %s är flyttad till %s.",
	columnGuessed: "Rubriken för kolumnen %s finns inte. Svaren är lästa ur kolumn %s. Kontrollera att det stämmer.",
	columnMissing: "Kolumnen %s finns inte i filen.",
	otherRound:    "Filen är märkt med den här verifieringen men är ingen av leverantörens omgångar, till exempel en annan leverantörs fil. Svaren är lästa mot omgång %d, som liknar den mest. Kontrollera vems filen är.",
	unmarkedRound: "Filens märkning är borttagen. Svaren är lästa mot omgång %d, som raderna stämmer bäst med.",
	olderText:     "Svaret gäller lydelsen i omgång %d. Omgång %d frågar om samma krav med en annan lydelse.",
	askedAgain:    "Omgång %d frågar också om kravet.",
	unknownRow:    "Raden hör inte till något krav som filen frågar om.",
	removed:       "Kravet %s är borttaget i version %d.",
	twice:         "Kravet står %d gånger i filen, med olika svar.",
	twiceSame:     "Kravet står också på rad %d, tomt eller med samma svar.",
	missing:       "Raden finns inte i filen.",
	newer:         "Kravet kom till i version %d och finns inte i filen.",
	olderRow:      "Svaret gäller lydelsen i version %d. Kravet är ändrat sedan dess.",
	mixed:         "Raden är märkt %s men har nyckeln för %s. Någon kan ha sorterat en del av kolumnerna, så att svaret har hamnat vid fel krav.",
	altered:       "Kravets text är ändrad i filen.",
	alteredKind:   "Kravets typ är ändrad i filen, till %q. Den ska vara %s.",
	formula:       "Cell %s är en formel. Det visade värdet %q är läst.",
	noAnswer:      "Något är skrivet, men inget svar är valt.",
	readAs:        "Skrivet %q, läst som %s.",
	outside:       "Svaret %q finns inte i listan (%s). Det räknas som obesvarat tills någon har bedömt det.",
}

// columnWords is what the tenderer's columns may be called in a translated file.
var columnWords = struct{ answer, by, description, evidence []string }{
	[]string{"Answer", "Response", "Reply", "Svar (answer)", "Antwort", "Vastaus", "Réponse"},
	[]string{"Responsible", "Responsibility", "Responsible party", "Ansvarig", "Verantwortung", "Vastuu", "Responsabilité"},
	[]string{"Description", "Comment", "Comments", "Kommentar", "Beskrivelse", "Beschreibung", "Kuvaus"},
	[]string{"Evidence", "Proof", "Dokumentasjon", "Dokumentation", "Nachweis", "Näyttö", "Preuve"},
}

// answerWordsOf is how answers are written by those who do not use the list.
var answerWordsOf = map[string][]string{
	engine.AnswerYes:    {"ja", "accepteras", "accepterar", "accepterat", "yes", "accepted", "accept", "oui", "kyllä"},
	engine.AnswerPartly: {"delvis", "partly", "partially", "partial", "delvist", "teilweise", "osittain"},
	engine.AnswerNo:     {"nej", "accepteras inte", "accepterar inte", "accepteras ej", "no", "nei", "nein", "not accepted", "non", "ei"},
}

// roundWords is what a supplier reads about a round.
var roundWords = struct {
	title, from, how, note string
	steps                  []string
}{
	title: "Verifiering av %s", from: "Från %s till %s. Omgång %d, %s.", how: "Så svarar ni", note: "Från beställaren",
	steps: []string{
		"Svara för hur det är i dag, rad för rad i bladet Krav. Ja betyder att hela kravet är uppfyllt, Delvis att en del är det, Nej att det inte är det. Lämna raden tom om ni inte vet.",
		"Skriv i Beskrivning hur det görs, och vid Delvis eller Nej vad som saknas. Skriv i Bevis vad som visar det: en rapport, ett intyg eller en punkt i avtalet, med datum.",
		"Skriv roller i stället för namn på personer, och inget som behöver skyddas. Rader kan sorteras om, men låt den dolda kolumnen Nyckel följa med. Skicka tillbaka filen som .xlsx.",
	},
}
