package engine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// say holds the sentences that people read.
var say = struct {
	noCatalog, noProfile, noFact, noOption, noLaw, noCategory           string
	wrongType, boolHint, choiceHint, choicesHint, chooseAmong           string
	derivedFact, derivedHint, stopped, levelStop                        string
	notLowered, notLoweredHint, lowered, loweredHint                    string
	noRequirement, always, excluded, noReason, depends                  string
	noLevel, noLevelHint, noRaiseReason, noReasonHint                   string
	noAspect, tryLevelHint, otherArea, tender                           string
	introduce, finish, closeGaps                                        string
	compensatedThere, platformLower, nobodyNamed, confirmedBy, supplier string
	fromSystem                                                          map[OfferKind]string
	lawsApply, lawsOpen, lawsNot, lawNot                                string
	nowOpen, notAsked, notKnown                                         string
	notAskedYet, notAnswered, noneOfThese                               string
	otherCatalog                                                        func(*catalog.Catalog) string
	levelStopHint                                                       func(*catalog.Level) string
}{
	noCatalog: "katalogen %q är inte inläst", noProfile: "profilen %q finns inte", noFact: "uppgiften %q finns inte",
	noOption: "%q är inget alternativ för %s", noLaw: "lagrummet %q finns inte", noCategory: "konsekvenskategorin %q finns inte",
	wrongType: "svaret på %s har fel form", boolHint: `Skriv true, false eller "vet_ej".`, choiceHint: `Skriv ett alternativ i citattecken, eller "vet_ej".`,
	choicesHint: `Skriv en lista, till exempel ["gdpr-32"]. En tom lista betyder inget av dessa.`, chooseAmong: "Välj bland: ",
	derivedFact: "uppgiften %q följer av andra svar", derivedHint: "Ta bort den ur svaren.",
	stopped:    "klassningen stannar här: systemet kan röra Sveriges säkerhet",
	levelStop:  "klassningen stannar här: nivå %d %s hanteras inte i kravkatalogen",
	notLowered: "%s är förklassad och %s får inte sänkas under %d %s", notLoweredHint: "Välj den förklassade nivån eller en högre.",
	lowered: "%s är förklassad, och en sänkning av %s måste motiveras och godkännas", loweredHint: "Skriv justification och decided_by (rollen som godkänner).",
	noRequirement: "kravet %q finns inte",
	always:        "grundskydd, gäller alla system", excluded: "borttaget av profilen %s: %s",
	noReason: "inga svar påverkar", depends: "beror på %s",
	noLevel: "nivå %d finns inte på skalan", noLevelHint: "Nivåerna är 0 till 4.",
	introduce: "Inför: %s", finish: "Gör klart: %s", closeGaps: "Täpp till %d luckor i ”%s”",
	otherArea: "Övrigt", tender: "anbudet från %s", noAspect: "aspekten %q nivåsätts inte", tryLevelHint: "Pröva en nivå från 0 till 3.",
	supplier: "svaret från %s", compensatedThere: "Där är skyddet kompenserande, beslutat av %s. Pröva om det räcker här.", nobodyNamed: "ingen namngiven roll",
	platformLower: "%s är klassad lägre än det här systemet i %s. Det som krävs därutöver är kvar att lösa.", confirmedBy: ", bekräftat av %s %s",
	fromSystem: map[OfferKind]string{FromPlatform: "plattformen %s", FromEarlier: "den tidigare B-klassningen av %s", FromSibling: "syskonsystemet %s"},
	lawsApply:  "%s gäller", lawsOpen: "inte avgjort om %s gäller", lawsNot: "inget av dem gäller", lawNot: "gäller inte", nowOpen: "inte avgjort än",
	notAsked: "frågan ställs inte", notKnown: "svaret är Vet ej", notAskedYet: "frågan kan komma att ställas", notAnswered: "inte besvarad",
	noneOfThese:   "inget av alternativen",
	noRaiseReason: "höjningen av %s saknar skäl", noReasonHint: "Skriv reason: varför nivån är högre än informationens.",
	otherCatalog: func(c *catalog.Catalog) string {
		return fmt.Sprintf("Den inlästa katalogen heter %s@%s.", c.ID, c.Version)
	},
	levelStopHint: func(l *catalog.Level) string {
		return fmt.Sprintf("Vänd dig till %s. Skriv inget om saken här.", l.ReferTo)
	},
}

// words tells an atom of a reason as it stands in the state: "K 3 Allvarlig ≥
// 2", "drift är moln". It is empty for atoms that say nothing to a person.
func (f *Facts) words(a rule.Atom) (ReasonAtom, bool) {
	c := f.Catalog
	for _, aspect := range c.Aspects {
		if aspect.IsRated() && aspect.Var == a.Var {
			return ReasonAtom{Aspect: aspect, Levels: a.Set, Words: f.levelWords(aspect, a.Set)}, true
		}
	}
	for _, fact := range c.Facts {
		for i, v := range fact.Vars {
			if v == a.Var {
				return ReasonAtom{Fact: fact, Words: f.factWords(fact, i, a.Set)}, true
			}
		}
	}
	for _, law := range c.Laws {
		if law.Ticked && law.Var == a.Var {
			w := law.Title + " gäller"
			if !a.Set.Has(1) {
				w = law.Title + " gäller inte"
			}
			return ReasonAtom{Law: law, Words: w}, true
		}
	}
	_, in := c.Control()
	for _, p := range c.Profiles {
		if in(p) == a.Var {
			w := "profilen " + p.Title + " är vald"
			if !a.Set.Has(1) {
				w = "profilen " + p.Title + " är inte vald"
			}
			return ReasonAtom{Profile: p, Words: w}, true
		}
	}
	return ReasonAtom{}, false // whether profiles are named says nothing alone
}

func (f *Facts) levelWords(aspect *catalog.Aspect, set rule.Set) string {
	now := f.Box[aspect.Var]
	level := f.Catalog.Level(now.Values()[0])
	name := fmt.Sprintf("%s %d %s", aspect.ID, level.Value, level.Title)
	if now.Len() > 1 {
		name = fmt.Sprintf("%s minst %d %s", aspect.ID, level.Value, level.Title)
	}
	return name + " " + compare(set)
}

// levelNow tells a system's level: "K är 1 Måttlig", "K är inte bestämd".
func (f *Facts) levelNow(aspect *catalog.Aspect) string {
	if !aspect.IsRated() {
		return aspect.ID + " nivåsätts inte"
	}
	now := f.Box[aspect.Var]
	low := f.Catalog.Level(now.Values()[0])
	switch {
	case now.Len() == 1:
		return fmt.Sprintf("%s är %d %s", aspect.ID, low.Value, low.Title)
	case low.Value > 0:
		return fmt.Sprintf("%s är minst %d %s", aspect.ID, low.Value, low.Title)
	}
	return aspect.ID + " är inte bestämd"
}

func fmtNow(format string, titles []string) string { return fmt.Sprintf(format, both(titles)) }

func profileText(p *catalog.Profile) string { return "profilen " + p.Title + " lägger till kravet" }

// profileNow tells whether a profile counts, and on whose word.
func (f *Facts) profileNow(p *catalog.Profile) string {
	named := f.Answers.Classification.Profiles != nil
	switch t := f.counts(p); {
	case t == rule.Unknown:
		return "inte avgjort om profilen används"
	case named && t == rule.Yes:
		return "profilen är vald"
	case named:
		return "profilen är inte vald"
	case t == rule.Yes:
		return "profilen används, för att " + because(f.reasons(p.Active), t)
	default:
		return "profilen används inte, för att " + because(f.reasons(p.Active), t)
	}
}

// compare writes a set of levels as a comparison.
func compare(set rule.Set) string {
	v := set.Values()
	switch {
	case set == catalog.AtLeast(v[0]):
		return fmt.Sprintf("≥ %d", v[0])
	case v[0] == 0 && len(v) == v[len(v)-1]+1:
		return fmt.Sprintf("≤ %d", v[len(v)-1])
	case len(v) == 1:
		return fmt.Sprintf("= %d", v[0])
	}
	var s []string
	for _, n := range v {
		s = append(s, fmt.Sprint(n))
	}
	return "är " + either(s)
}

func (f *Facts) factWords(fact *catalog.Fact, i int, set rule.Set) string {
	switch fact.Type {
	case catalog.Bool:
		return fact.BoolPhrase(set.Has(1))
	case catalog.Choice:
		if now := f.Box[fact.Vars[0]]; now.Len() == 1 {
			set = now // the answer itself says more than all that would do
		}
		var s []string
		for _, v := range set.Values() {
			s = append(s, fact.OptionPhrase(v))
		}
		return either(s)
	}
	w := fact.OptionPhrase(i)
	if !set.Has(1) {
		return "inte " + w
	}
	return w
}

// both joins with "och": "a, b, och c".
func both(s []string) string {
	if len(s) < 2 {
		return strings.Join(s, "")
	}
	return strings.Join(s[:len(s)-1], ", ") + ", och " + s[len(s)-1]
}

func either(s []string) string {
	if len(s) < 2 {
		return strings.Join(s, "")
	}
	return strings.Join(s[:len(s)-1], ", ") + " eller " + s[len(s)-1]
}

func excluded(by *catalog.Profile, e *catalog.Exclude) string {
	return fmt.Sprintf(say.excluded, by.Title, e.Reason)
}

// depends tells what an unknown verdict waits for.
func depends(on []Question) string {
	if len(on) == 0 {
		return ""
	}
	titles := make([]string, len(on))
	for i, q := range on {
		titles[i] = lowerFirst(q.Title)
	}
	return fmt.Sprintf(say.depends, strings.Join(titles[:len(titles)-1], ", ")+map[bool]string{true: " och "}[len(titles) > 1]+titles[len(titles)-1])
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	// An abbreviation keeps its capitals.
	if next, _ := utf8.DecodeRuneInString(s[n:]); unicode.IsUpper(next) {
		return s
	}
	return string(unicode.ToLower(r)) + s[n:]
}

// changeWords tells what a change would be: "sänk konfidentialitet till 1
// Måttlig".
func (f *Facts) changeWords(a rule.Atom) string {
	c := f.Catalog
	w, _ := f.words(a)
	switch {
	case w.Aspect != nil:
		now := f.Box[a.Var].Values()[0]
		if f.Box[a.Var].Len() > 1 {
			to := c.Level(a.Set.Values()[len(a.Set.Values())-1])
			if a.Set.Has(3) {
				to = c.Level(a.Set.Values()[0])
			}
			return fmt.Sprintf("välj %d %s för %s", to.Value, to.Title, strings.ToLower(w.Aspect.Title))
		}
		nearest := slices.MinFunc(a.Set.Values(), func(x, y int) int { return max(x-now, now-x) - max(y-now, now-y) })
		to, verb := c.Level(nearest), "höj"
		if nearest < now {
			verb = "sänk"
		}
		return fmt.Sprintf("%s %s till %d %s", verb, strings.ToLower(w.Aspect.Title), to.Value, to.Title)
	case w.Fact != nil && w.Fact.Type == catalog.Choice:
		var s []string
		for _, v := range a.Set.Values() {
			s = append(s, w.Fact.OptionPhrase(v))
		}
		return "svara att " + either(s)
	case w.Fact != nil:
		return "svara att " + w.Words
	}
	return "ändra till att " + w.Words
}

// caseSay holds what a case that did not come out as expected is told.
var caseSay = struct {
	refusedOther, notRefused, level, applies, because, text, offer, noOffer, open, tooMany string
}{
	refusedOther: "svaren avvisas, men inte med %q",
	notRefused:   "svaren skulle avvisas men godtogs",
	level:        "nivån för %s blev %v, inte %d",
	applies:      "%s blev %s, väntat var %s",
	because:      "skälet för %s blev: %s",
	text:         "texten i %s innehåller inte det väntade",
	offer:        "förslaget för %s blev %q, väntat var %q",
	noOffer:      "%s fick förslaget %q, väntat var inget",
	open:         "frågan %q är inte öppen",
	tooMany:      "leverantören får %d krav att svara på, väntat var högst %d",
}

// appliesWord is a verdict as people read it.
func appliesWord(t rule.Truth) string {
	return [...]string{rule.Unknown: "osäkert", rule.No: "gäller inte", rule.Yes: "gäller"}[t]
}

func itoa(n int) string { return strconv.Itoa(n) }
