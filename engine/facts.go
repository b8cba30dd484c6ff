package engine

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/diag"
	"github.com/kravverk/kravverk/engine/rule"
)

// VetEj is the answer "I don't know": the question counts as handled, and
// every value stays possible.
const VetEj = "vet_ej"

// Answers is what a person has said of a system: the content of an answers
// file, and of a classification in the database.
type Answers struct {
	Classification struct {
		Type    string `json:"type"` // A or B
		Title   string `json:"title"`
		Catalog string `json:"catalog"` // id, or id@version
		// Profiles are named by id or id@version. Nil means those whose offer
		// applies; an empty list means none.
		Profiles []string `json:"profiles"`
	} `json:"classification"`
	Facts       map[string]any `json:"facts"` // bool, option id, list of option ids, or VetEj; left out means unanswered
	Information []Information  `json:"information"`
	Raise       *Raise         `json:"raise"`
}

// Information is one kind of information that the system holds.
type Information struct {
	Type          string                    `json:"type"`            // id of a pre-classified type, or a title of its own
	Levels        map[string]int            `json:"levels"`          // aspect → 0–4; left out means not rated
	Rated         map[string]map[string]int `json:"rated,omitempty"` // consequence category → aspect → 0–4; the worst decides
	Justification string                    `json:"justification"`
	DecidedBy     string                    `json:"decided_by,omitempty"` // role that approves a lowering below the pre-classified level
}

// Raise lifts the system's levels above those of its information, for
// accumulation, aggregation or integration.
type Raise struct {
	K         *int   `json:"K,omitempty"`
	R         *int   `json:"R,omitempty"`
	T         *int   `json:"T,omitempty"`
	S         *int   `json:"S,omitempty"`
	Reason    string `json:"reason"`
	DecidedBy string `json:"decided_by,omitempty"`
}

// Level gives what an aspect is raised to, if it is.
func (r *Raise) Level(aspect string) (int, bool) {
	if r == nil {
		return 0, false
	}
	p := map[string]*int{"K": r.K, "R": r.R, "T": r.T, "S": r.S}[aspect]
	if p == nil {
		return 0, false
	}
	return *p, true
}

// State of a question.
type Handled int

// A question is unanswered until somebody has answered it, or has said that
// they do not know.
const (
	Unanswered Handled = iota
	Answered
	NotKnown
)

// Facts is the answers checked against a catalogue: the state in which its
// conditions are evaluated.
type Facts struct {
	Catalog *catalog.Catalog
	Answers Answers
	Box     rule.Box
	Levels  []LevelFinding // by aspect, the rated ones
	handled map[string]Handled
	named   []*catalog.Profile // nil when none are named
	weight  map[rule.Var]int   // how gladly a variable is told in a reason
	active  []rule.Truth       // whether each profile counts, in the catalogue's order
}

// LevelFinding is a system's level in one aspect, and who decided it.
type LevelFinding struct {
	Aspect   *catalog.Aspect
	Possible rule.Set // the levels still possible
	Unrated  []string // the titles of the information types not rated yet; with none at all, empty

	// What decides the lowest possible level:
	From          string // the information type's title
	Category      string // the consequence category's title, when rated by category
	Raised        bool   // raised above the information, by a person
	Justification string // or the reason for raising
	DecidedBy     string
}

// Known gives the level when only one is possible.
func (l LevelFinding) Known() (int, bool) {
	if l.Possible.Len() != 1 {
		return 0, false
	}
	return l.Possible.Values()[0], true
}

// Lowest is the lowest level still possible.
func (l LevelFinding) Lowest() int { return l.Possible.Values()[0] }

// Problem is one answer that cannot be used. Pointer tells which, as a JSON
// pointer into the answers.
type Problem struct {
	Pointer  string
	Sentence string
	Hint     string
}

// AnswersError holds every answer that cannot be used.
type AnswersError struct{ Problems []Problem }

func (e *AnswersError) Error() string {
	var s []string
	for _, p := range e.Problems {
		s = append(s, strings.TrimSpace(p.Sentence+". "+p.Hint))
	}
	return strings.Join(s, " ")
}

// Diagnostics gives the problems their places in the file they came from.
func (e *AnswersError) Diagnostics(doc *catalog.Document) diag.List {
	var list diag.List
	for _, p := range e.Problems {
		list.Errorf("answer", doc.At(p.Pointer), p.Hint, "%s", p.Sentence)
	}
	return list
}

func (e *AnswersError) add(pointer, hint, format string, args ...any) {
	e.Problems = append(e.Problems, Problem{pointer, fmt.Sprintf(format, args...), hint})
}

// expects tells a case from mere answers.
var expects = regexp.MustCompile(`(?m)^\[expect[.\]]`)

// ParseAnswers reads an answers file, or a case, and checks its shape; what the
// answers mean is for NewFacts, and what a case expects is for Cases.
func ParseAnswers(name string, data []byte) (Answers, *catalog.Document, diag.List) {
	var a Answers
	schema := "answers.schema.json"
	if expects.Match(data) {
		schema = "case.schema.json"
	}
	doc, list := catalog.Decode(name, data, schema, &a)
	return a, doc, list
}

// NewFacts checks answers against a catalogue and rolls the levels up. All
// that is wrong is in one *AnswersError. Answers to questions that are not put
// stay dormant: they are checked, but have no effect.
func NewFacts(c *catalog.Catalog, a Answers) (*Facts, error) {
	f := &Facts{Catalog: c, Answers: a, Box: c.Space.Anything(), handled: map[string]Handled{}}
	var bad AnswersError
	if id, version, ok := strings.Cut(a.Classification.Catalog, "@"); id != c.ID || ok && version != c.Version {
		bad.add("/classification/catalog", say.otherCatalog(c), say.noCatalog, a.Classification.Catalog)
	}
	f.setProfiles(&bad)
	for _, id := range slices.Sorted(maps.Keys(a.Facts)) {
		f.setFact(id, a.Facts[id], &bad)
	}
	f.rollUp(&bad)
	if len(bad.Problems) > 0 {
		return nil, &bad
	}
	f.settle()
	return f, nil
}

// settle works out what much else is asked of, once the box is complete.
func (f *Facts) settle() {
	f.active = make([]rule.Truth, len(f.Catalog.Profiles))
	for i, p := range f.Catalog.Profiles {
		f.active[i] = p.Active.Eval(f.Box)
	}
	f.weigh()
}

// weigh ranks what a reason tells: of several reasons that would do, it keeps
// the highest level, then what has been answered; what is dormant goes first.
// Whether profiles were named is held: the thresholds that a person sees follow
// from it.
func (f *Facts) weigh() {
	f.weight = map[rule.Var]int{}
	for _, fact := range f.Catalog.Facts {
		if f.Asked(fact) == rule.No {
			continue
		}
		for _, v := range fact.Vars {
			f.weight[v] = 1
		}
	}
	for _, law := range f.Catalog.Laws {
		if law.Ticked && (law.Applies.Eval(f.Box) != rule.No || f.Box[law.Var] == rule.Of(0)) {
			f.weight[law.Var] = 1
		}
	}
	for _, l := range f.Levels {
		f.weight[l.Aspect.Var] = 2 + l.Lowest()
	}
	named, in := f.Catalog.Control()
	f.weight[named] = -1
	for _, p := range f.Catalog.Profiles {
		f.weight[in(p)] = 1
	}
}

func (f *Facts) setProfiles(bad *AnswersError) {
	named, in := f.Catalog.Control()
	f.Box[named] = rule.Of(0)
	for _, p := range f.Catalog.Profiles {
		f.Box[in(p)] = rule.Of(0)
	}
	if f.Answers.Classification.Profiles == nil {
		return
	}
	f.Box[named] = rule.Of(1)
	for i, name := range f.Answers.Classification.Profiles {
		id, version, ok := strings.Cut(name, "@")
		at := slices.IndexFunc(f.Catalog.Profiles, func(p *catalog.Profile) bool {
			return p.ID == id && (!ok || p.Version == version)
		})
		if at < 0 {
			var known []string
			for _, p := range f.Catalog.Profiles {
				known = append(known, p.ID)
			}
			bad.add(fmt.Sprintf("/classification/profiles/%d", i), diag.Suggest(id, known), say.noProfile, name)
			continue
		}
		p := f.Catalog.Profiles[at]
		f.named = append(f.named, p)
		f.Box[in(p)] = rule.Of(1)
	}
}

func (f *Facts) setFact(id string, value any, bad *AnswersError) {
	ptr := "/facts/" + id
	if id == "lagrum" {
		f.setLaws(value, ptr, bad)
		return
	}
	i := slices.IndexFunc(f.Catalog.Facts, func(x *catalog.Fact) bool { return x.ID == id })
	if i < 0 {
		for _, s := range f.Catalog.Stops {
			if s.ID == id {
				// The answer is never kept. No is what everything else rests on.
				if value != false {
					bad.add(ptr, s.Referral, "%s", say.stopped)
				}
				return
			}
		}
		var known []string
		for _, x := range f.Catalog.Facts {
			known = append(known, x.ID)
		}
		bad.add(ptr, diag.Suggest(id, known), say.noFact, id)
		return
	}
	fact := f.Catalog.Facts[i]
	if fact.IsDerived() {
		bad.add(ptr, say.derivedHint, say.derivedFact, id)
		return
	}
	if value == VetEj {
		f.handled[id] = NotKnown
		return
	}
	switch fact.Type {
	case catalog.Bool:
		b, ok := value.(bool)
		if !ok {
			bad.add(ptr, say.boolHint, say.wrongType, id)
			return
		}
		f.Box[fact.Vars[0]] = rule.Of(0)
		if b {
			f.Box[fact.Vars[0]] = rule.Of(1)
		}
	case catalog.Choice:
		s, ok := value.(string)
		if !ok {
			bad.add(ptr, say.choiceHint, say.wrongType, id)
			return
		}
		o := option(fact, s, ptr, bad)
		if o < 0 {
			return
		}
		f.Box[fact.Vars[0]] = rule.Of(o)
	default:
		list, ok := stringList(value)
		if !ok {
			bad.add(ptr, say.choicesHint, say.wrongType, id)
			return
		}
		for _, v := range fact.Vars {
			f.Box[v] = rule.Of(0)
		}
		for n, s := range list {
			if o := option(fact, s, ptr+"/"+itoa(n), bad); o >= 0 {
				f.Box[fact.Vars[o]] = rule.Of(1)
			}
		}
	}
	f.handled[id] = Answered
}

func option(fact *catalog.Fact, id, ptr string, bad *AnswersError) int {
	i := slices.IndexFunc(fact.Options, func(o *catalog.Option) bool { return o.ID == id })
	if i < 0 {
		var known []string
		for _, o := range fact.Options {
			known = append(known, o.ID)
		}
		hint := diag.Suggest(id, known)
		if hint == "" {
			hint = say.chooseAmong + strings.Join(known, ", ") + "."
		}
		bad.add(ptr, hint, say.noOption, id, fact.ID)
	}
	return i
}

func (f *Facts) setLaws(value any, ptr string, bad *AnswersError) {
	if value == VetEj {
		f.handled["lagrum"] = NotKnown
		return
	}
	list, ok := stringList(value)
	if !ok {
		bad.add(ptr, say.choicesHint, say.wrongType, "lagrum")
		return
	}
	var known []string
	for _, law := range f.Catalog.Laws {
		known = append(known, law.ID)
		if law.Ticked {
			f.Box[law.Var] = rule.Of(0)
		}
	}
	for n, id := range list {
		i := slices.Index(known, id)
		if i < 0 {
			bad.add(ptr+"/"+itoa(n), diag.Suggest(id, known), say.noLaw, id)
			continue
		}
		// A law that facts decide may be named too; its tick has no effect.
		if law := f.Catalog.Laws[i]; law.Ticked {
			f.Box[law.Var] = rule.Of(1)
		}
	}
	f.handled["lagrum"] = Answered
}

func stringList(v any) ([]string, bool) {
	switch v := v.(type) {
	case []string:
		return v, true
	case []any:
		out := make([]string, len(v))
		for i, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, false
			}
			out[i] = s
		}
		return out, true
	}
	return nil, false
}

// Handled tells how far a question has come; id is a fact's, or "lagrum".
func (f *Facts) Handled(id string) Handled { return f.handled[id] }

// Level gives the finding for an aspect.
func (f *Facts) Level(a *catalog.Aspect) LevelFinding {
	for _, l := range f.Levels {
		if l.Aspect == a {
			return l
		}
	}
	return LevelFinding{Aspect: a}
}

// rollUp takes the highest level per aspect over information types and
// consequence categories, then what a person has raised.
func (f *Facts) rollUp(bad *AnswersError) {
	c, a := f.Catalog, &f.Answers
	stop := c.Levels[len(c.Levels)-1]
	refused := func(ptr string, level int) bool {
		if level < 0 || level > stop.Value {
			bad.add(ptr, say.noLevelHint, say.noLevel, level)
			return true
		}
		if level >= stop.Value {
			bad.add(ptr, say.levelStopHint(stop), say.levelStop, stop.Value, stop.Title)
			return true
		}
		return false
	}
	for _, aspect := range c.Aspects {
		if !aspect.IsRated() {
			continue
		}
		l := LevelFinding{Aspect: aspect, Possible: rule.Of(0, 1, 2, 3)}
		highest, complete := -1, len(a.Information) > 0
		for i, info := range a.Information {
			ptr := fmt.Sprintf("/information/%d", i)
			known := f.InformationType(info.Type)
			level, category, rated := info.level(aspect.ID)
			if !rated && known != nil {
				level, rated = known.Levels[aspect.ID]
			}
			if !rated {
				complete = false
				l.Unrated = append(l.Unrated, f.InformationTitle(info))
				continue
			}
			at := ptr + "/levels/" + aspect.ID
			if category != "" {
				at = ptr + "/rated/" + category + "/" + aspect.ID
			}
			if refused(at, level) {
				continue
			}
			justification := info.Justification
			if known != nil && level < known.Levels[aspect.ID] {
				switch {
				case !known.MayBeLowered:
					bad.add(ptr, say.notLoweredHint, say.notLowered, known.Title, aspect.ID, known.Levels[aspect.ID], c.Level(known.Levels[aspect.ID]).Title)
				case info.DecidedBy == "" || info.Justification == "":
					bad.add(ptr, say.loweredHint, say.lowered, known.Title, aspect.ID)
				}
			}
			if known != nil && justification == "" {
				justification = known.Justification
			}
			if level > highest {
				highest = level
				l.From, l.Category, l.Justification, l.DecidedBy = f.InformationTitle(info), f.categoryTitle(category), justification, info.DecidedBy
			}
		}
		// Information may have been rated higher since: then the raise has
		// nothing left to lift.
		if to, ok := a.Raise.Level(aspect.ID); ok && !refused("/raise/"+aspect.ID, to) && to > highest {
			if a.Raise.Reason == "" {
				bad.add("/raise/reason", say.noReasonHint, say.noRaiseReason, aspect.ID)
			}
			highest = to
			l.From, l.Category, l.Raised = "", "", true
			l.Justification, l.DecidedBy = a.Raise.Reason, a.Raise.DecidedBy
		}
		if highest >= 0 {
			l.Possible = catalog.AtLeast(highest)
			if complete {
				l.Possible = rule.Of(highest)
			}
		}
		f.Box[aspect.Var] = l.Possible
		f.Levels = append(f.Levels, l)
	}
	for i, info := range a.Information {
		for category := range info.Rated {
			if !slices.ContainsFunc(c.Consequences, func(x *catalog.Consequence) bool { return x.ID == category }) {
				var known []string
				for _, x := range c.Consequences {
					known = append(known, x.ID)
				}
				bad.add(fmt.Sprintf("/information/%d/rated/%s", i, category), diag.Suggest(category, known), say.noCategory, category)
			}
		}
	}
}

// level is the worst of what was said of the information in an aspect.
func (i Information) level(aspect string) (level int, category string, rated bool) {
	level, rated = i.Levels[aspect]
	for _, c := range slices.Sorted(maps.Keys(i.Rated)) {
		if n, ok := i.Rated[c][aspect]; ok && (!rated || n > level || n == level && category == "") {
			level, category, rated = n, c, true
		}
	}
	return level, category, rated
}

// Level is the worst of what was said of the information in an aspect, over
// categories; rated tells whether anything was said.
func (i Information) Level(aspect string) (level int, rated bool) {
	level, _, rated = i.level(aspect)
	return level, rated
}

// InformationType finds a pre-classified type by its id, nil when it is one of
// the system's own.
func (f *Facts) InformationType(id string) *catalog.InformationType {
	for _, t := range f.Catalog.InformationTypes {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// InformationTitle is what to call the information on screen.
func (f *Facts) InformationTitle(i Information) string {
	if t := f.InformationType(i.Type); t != nil {
		return t.Title
	}
	return i.Type
}

func (f *Facts) categoryTitle(id string) string {
	for _, c := range f.Catalog.Consequences {
		if c.ID == id {
			return c.Title
		}
	}
	return ""
}

// Asked tells whether a fact's question is put.
func (f *Facts) Asked(fact *catalog.Fact) rule.Truth { return fact.Asked.Eval(f.Box) }
