package catalog

import (
	"strings"

	"github.com/kravverk/kravverk/engine/diag"
	"github.com/kravverk/kravverk/engine/rule"
)

// Catalog is a base catalogue with its profiles, loaded and checked: every id
// is resolved, every condition compiled. It is immutable and safe for use by
// many goroutines.
type Catalog struct {
	Release
	Scale            string
	Aspects          []*Aspect // the rated and the unrated
	Levels           []*Level  // by rising value
	Areas            []*Area
	Roles            []*Role
	Consequences     []*Consequence
	Stops            []*Stop
	Facts            []*Fact // the base's, then the profiles' by precedence
	Laws             []*Law
	InformationTypes []*InformationType
	Requirements     []*Requirement // by area, then by id
	Profiles         []*Profile     // by rising precedence
	Practices        []*Practice    // by id
	Frameworks       []*Framework   // by file
	SetHash          string         // of the base and the profiles together: what a classification is pinned to
	Space            rule.Space     // the variables of all conditions
	Conds            int            // how many different conditions there are
	Files            map[string][]byte

	named rule.Var // whether the classification names its profiles itself
	byID  map[string]*Requirement
}

// Release is what a catalogue and a profile have in common: who it is.
type Release struct {
	ID          string `json:"id"`
	Version     string `json:"version"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Status      string `json:"status"` // draft, published or withdrawn
	Issued      string `json:"issued"` // a date, 2026-11-23
	License     string `json:"license"`
	Hash        string `json:"-"` // SHA-256 of the canonical content, in hexadecimal
}

// Aspect is what is judged: K, R, T, and S where an organization rates it.
type Aspect struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Question string `json:"question"`
	Rated    *bool  `json:"rated"`

	Index int      `json:"-"` // among the aspects
	Var   rule.Var `json:"-"` // values 0–3; meaningless when not rated
	place
}

// IsRated tells whether the organization rates the aspect. A condition on an
// unrated aspect never holds.
func (a *Aspect) IsRated() bool { return a.Rated == nil || *a.Rated }

// Level is a step on the scale.
type Level struct {
	Value   int    `json:"value"`
	Title   string `json:"title"`
	Text    string `json:"text"`
	Stop    bool   `json:"stop"` // no requirements, a referral instead
	ReferTo string `json:"refer_to"`
	place
}

// Area is a topical part of the catalogue.
type Area struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Text  string `json:"text"`
	Index int    `json:"-"`
	place
}

// Role is who does something; never a person's name.
type Role struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Text  string `json:"text"`
	place
}

// Consequence is a category of harm with one text for each level 0–3.
type Consequence struct {
	ID     string            `json:"id"`
	Title  string            `json:"title"`
	Help   string            `json:"help"`
	Levels map[string]string `json:"levels"`
	place
}

// Stop is a question that is put before anything else and whose answer is
// never stored.
type Stop struct {
	ID       string `json:"id"`
	Question string `json:"question"`
	Help     string `json:"help"`
	ReferTo  string `json:"refer_to"`
	Referral string `json:"referral"`
	place
}

// Fact types.
const (
	Bool    = "bool"
	Choice  = "choice"
	Choices = "choices"
)

// Fact is a named value of a finite domain, known from answers or derived.
type Fact struct {
	ID      string    `json:"id"`
	Type    string    `json:"type"`
	Title   string    `json:"title"`
	Group   string    `json:"group"`
	Text    string    `json:"question"`
	Help    string    `json:"help"`
	Example string    `json:"example"`
	Options []*Option `json:"options"`
	Yes     string    `json:"yes"` // a bool's value in running text
	No      string    `json:"no"`
	AskWhen Rows      `json:"ask_when"`
	Derived Rows      `json:"derived"`

	Profile *Profile `json:"-"` // who adds it; nil for the base
	// Vars are the variables behind the answer: one for bool (0 no, 1 yes) and
	// choice (the option's index), one for each option of choices (0 no, 1
	// yes), none when derived.
	Vars []rule.Var `json:"-"`
	// Asked holds when the question is put, Holds when a derived fact does.
	Asked *rule.Cond `json:"-"`
	Holds *rule.Cond `json:"-"`
	expr  *rule.Expr // Asked, or Holds of a derived one
	place
}

// IsDerived tells whether the fact follows from others and is never asked.
func (f *Fact) IsDerived() bool { return len(f.Derived.Rows) > 0 }

// Option is one value of a choice or of choices.
type Option struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Help   string `json:"help"`
	Phrase string `json:"phrase"` // in running text, "drift är moln"
}

// Law is a legal provision that selects requirements or guides a level.
type Law struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Source   string `json:"source"`
	Question string `json:"question"`
	Effect   string `json:"effect"`
	InForce  struct {
		From string `json:"from"`
		To   string `json:"to"`
	} `json:"in_force"`
	AppliesWhen   Rows           `json:"applies_when"`   // decided by facts alone, cannot be unticked
	SuggestedWhen Rows           `json:"suggested_when"` // shown as a suggestion, answers nothing
	Guides        map[string]int `json:"guides"`         // warns when a level is lower
	Uncertain     bool           `json:"uncertain"`
	Note          string         `json:"note"`

	Profile   *Profile   `json:"-"`
	Applies   *rule.Cond `json:"-"`
	Suggested *rule.Cond `json:"-"`
	Ticked    bool       `json:"-"` // a person answers, by a tick in the fact lagrum
	Var       rule.Var   `json:"-"` // when ticked
	expr      *rule.Expr // Applies
	place
}

// InformationType is a kind of information that is pre-classified for the
// whole organization.
type InformationType struct {
	ID            string         `json:"id"`
	Title         string         `json:"title"`
	Text          string         `json:"text"`
	Levels        map[string]int `json:"levels"`
	MayBeLowered  bool           `json:"may_be_lowered"`
	Justification string         `json:"justification"`
	place
}

// Threshold is a level from which something applies.
type Threshold struct {
	Aspect *Aspect
	Min    int // 1–3
}

// Reference is a citation.
type Reference struct {
	Standard  string `json:"standard"`
	Edition   string `json:"edition"`
	ID        string `json:"id"`
	Uncertain bool   `json:"uncertain"`
}

// Verify tells how a requirement is verified, at the tender and during the
// contract, as codes: document, interview, sample, configuration, test,
// exercise, certificate, contract, audit, acceptance.
type Verify struct {
	Tender   []string `json:"tender"`
	Contract []string `json:"contract"`
}

// Content is the part of a requirement that a profile may adjust. A zero field
// in an adjustment leaves what was there.
type Content struct {
	Title      string                       `json:"title"`
	Is         string                       `json:"is"`
	Shall      string                       `json:"shall"`
	Obligation string                       `json:"obligation"` // shall or should
	Category   string                       `json:"category"`   // qualification, specification, award, contract: where LOU puts it
	Weight     int                          `json:"weight"`     // points for yes; award criteria only
	Partly     int                          `json:"partly"`     // points for partly
	Points     string                       `json:"points"`     // what counts as partly, and what gives nothing
	Levels     map[string]int               `json:"levels"`
	When       Rows                         `json:"when"`
	Unless     Rows                         `json:"unless"`
	ShallWhen  Rows                         `json:"shall_when"` // when the SHALL wording is put to a supplier; always without rows
	Parameters map[string]map[string]string `json:"parameters"` // name → level "1"–"3" → text
	RoleID     string                       `json:"role"`
	Verify     Verify                       `json:"verify"`

	Thresholds []Threshold `json:"-"` // Levels, in the aspects' order
	Role       *Role       `json:"-"`
}

// Requirement is a normative statement with an IS and a SHALL wording.
type Requirement struct {
	ID string `json:"id"`
	Content
	AreaID     string      `json:"area"`
	Kind       string      `json:"kind"`    // organizational, people, physical, technical
	Concern    string      `json:"concern"` // supplier, service, own
	References []Reference `json:"references"`
	LawIDs     []string    `json:"laws"`
	Effort     int         `json:"effort"` // 1–5; 0 not estimated
	Basis      string      `json:"basis"`  // statute, enhanced, standard, proposal
	Monotone   *bool       `json:"monotone"`
	Note       string      `json:"note"`
	PracticeID string      `json:"practice"`

	Area     *Area     `json:"-"`
	Laws     []*Law    `json:"-"`
	Practice *Practice `json:"-"` // tells how; nil when there is none
	Profile  *Profile  `json:"-"` // who adds it; nil for the base
	// Applies is the whole condition, with profiles, derived facts and
	// visibility folded in.
	Applies *rule.Cond `json:"-"`
	expr    *rule.Expr
	// Wordings are all that it can say when it applies: exactly one holds then.
	Wordings []Wording `json:"-"`
	// Changes are what profiles do to it, by rising precedence.
	Changes  []Change   `json:"-"`
	Prefills []*Prefill `json:"-"` // by precedence of their profiles
	place
}

// Wording is what a requirement says with some profiles counting and the levels
// at some step.
type Wording struct {
	Effective
	Step  int        // the level that decides the parameters; 0 when none does
	Holds *rule.Cond // the requirement applies, and says this
	expr  *rule.Expr
}

// Value gives the value of a parameter at the wording's step.
func (w *Wording) Value(parameter string) string { return w.Content.Value(parameter, w.Step) }

// Value gives the value of a parameter at a step 1–3: the step's own, or the
// nearest lower one that has any; the lowest when there is none, and for step 0.
func (c *Content) Value(parameter string, step int) string {
	values := c.Parameters[parameter]
	for s := step; s > 0; s-- {
		if v, ok := values[itoa(s)]; ok {
			return v
		}
	}
	for s := 1; s <= 3; s++ {
		if v, ok := values[itoa(s)]; ok {
			return v
		}
	}
	return ""
}

// Fill writes a text with its parameters at a step; step 0 is the lowest.
func (c *Content) Fill(text string, step int) string {
	return placeholder.ReplaceAllStringFunc(text, func(name string) string {
		return c.Value(strings.Trim(name, "{}"), step)
	})
}

// Same tells whether two wordings read alike.
func (w *Wording) Same(o *Wording) bool {
	if w.Title != o.Title || w.Is != o.Is || w.Shall != o.Shall || w.Obligation != o.Obligation {
		return false
	}
	for name := range w.Parameters {
		if w.Value(name) != o.Value(name) {
			return false
		}
	}
	return true
}

// Change is what one profile does to one requirement.
type Change struct {
	Profile *Profile
	Adjust  *Adjust  // nil when it only excludes or includes
	Exclude *Exclude // set when the profile excludes it
	Include *Exclude // set when the profile takes it back
}

// Profile selects, tailors and prefills a catalogue.
type Profile struct {
	Release
	Extends     string `json:"extends"` // the base's id@version
	Precedence  int    `json:"precedence"`
	OfferedWhen Rows   `json:"offered_when"`

	Adjusts      []*Adjust      `json:"-"`
	Excludes     []*Exclude     `json:"-"`
	Includes     []*Exclude     `json:"-"`
	Prefills     []*Prefill     `json:"-"`
	Agreements   []*Agreement   `json:"-"`
	Requirements []*Requirement `json:"-"` // those it adds
	// Offered holds when the profile suits; Active when it counts: it is named,
	// or none is named and it is offered.
	Offered, Active *rule.Cond `json:"-"`
	offered, active *rule.Expr
	in              rule.Var
	place
}

// Adjust tightens, loosens or rewords a requirement.
type Adjust struct {
	RequirementID string `json:"requirement"`
	Reason        string `json:"reason"`
	Content
	place
}

// Exclude takes a requirement out, or back in, with a reason.
type Exclude struct {
	RequirementID string `json:"requirement"`
	Reason        string `json:"reason"`
	place
}

// Prefill is an offer that a catalogue author wrote. It is never an answer: it
// counts only when a person has accepted it.
type Prefill struct {
	RequirementID string `json:"requirement"`
	When          Rows   `json:"when"`
	Answer        string `json:"answer"` // yes, partly, no, not_applicable, compensated
	How           string `json:"how"`
	Source        string `json:"source"`
	AgreementID   string `json:"agreement"`
	Clause        string `json:"clause"`
	Split         Split  `json:"split"`
	Order         string `json:"order"` // what the agreement leaves out and must be ordered for the system
	Remains       string `json:"remains"`
	Strength      string `json:"strength"` // assumed, contracted, verified
	ValidUntil    string `json:"valid_until"`

	Profile     *Profile     `json:"-"`
	Requirement *Requirement `json:"-"`
	Agreement   *Agreement   `json:"-"`
	// Offered holds when the requirement applies, the profile counts and a row holds.
	Offered *rule.Cond `json:"-"`
	expr    *rule.Expr
	place
}

// ExpiredAt tells whether the prefill no longer holds on a date, 2026-11-24.
func (p *Prefill) ExpiredAt(date string) bool { return p.ValidUntil != "" && p.ValidUntil < date }

// Split tells who does what of a requirement that an agreement answers in part.
// An empty text means that the party has nothing to do.
type Split struct {
	Supplier    string `json:"supplier"`
	City        string `json:"city"` // the municipality as a whole
	Office      string `json:"office"`
	Application string `json:"application"` // who delivers the application, when another
}

// Duty is what one party does, or what has to be ordered, under its word on
// screen.
type Duty struct{ Who, What string }

// Duties tells who does what and what is left to order, the supplier first.
// Empty when the author has split nothing.
func (p *Prefill) Duties() []Duty {
	var out []Duty
	for i, what := range []string{p.Split.Supplier, p.Split.City, p.Split.Office, p.Split.Application, p.Order} {
		if what != "" {
			out = append(out, Duty{duties[i], what})
		}
	}
	return out
}

// Agreement is a contract that answers requirements for many systems.
type Agreement struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	Supplier string    `json:"supplier"`
	Clauses  []*Clause `json:"clause"`
	Note     string    `json:"note"`

	Profile *Profile `json:"-"`
	place
}

// Text is where the clause stands, in words: annex and point.
func (c *Clause) Text() string {
	if c.Point == "" {
		return c.Annex + ", " + words.noPoint
	}
	return c.Annex + ", " + words.point + " " + c.Point
}

// Unfilled tells whether a clause in words is one that the customer has not
// filled in the point of.
func Unfilled(clause string) bool { return strings.HasSuffix(clause, words.noPoint) }

// Clause is a named point of an agreement. Prefills name it, so that a customer
// writes its number in one place.
type Clause struct {
	ID    string `json:"id"`
	Annex string `json:"annex"`
	Point string `json:"point"` // empty until the customer has filled it in
	Gives string `json:"gives"`
}

// Practice is a page that tells how a requirement is met here: the technique,
// the process, the routine and how it is followed up. It is advice, so it is no
// part of the content hash: it is read as it now stands.
type Practice struct {
	ID           string
	Title        string
	Lead         string // the Markdown between the title and the first section
	Sections     []Section
	Profile      *Profile       // whose folder it is in; nil for the base's
	Requirements []*Requirement // those that name it, in the catalogue's order
	Range        diag.Range
}

// Section is one part of a practice.
type Section struct {
	Title string
	Text  string // Markdown
}

// Framework is a law, directive or standard, point by point, that the
// requirements are compared with. It is no part of the content hash.
type Framework struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Standard string `json:"standard"` // as in Reference
	Edition  string `json:"edition"`  // as in Reference
	// Complete tells that every point is listed, so that a reference to another
	// is a mistake.
	Complete bool   `json:"complete"`
	Note     string `json:"note"`

	Items []*Item `json:"-"`
	place
}

// Item is a point of a framework.
type Item struct {
	ID        string `json:"id"`
	Title     string `json:"title"`
	Reference string `json:"reference"` // as Reference.ID; the item's own id when the file leaves it out
	Gap       string `json:"gap"`       // what is left out on purpose, and why

	Requirements []*Requirement `json:"-"` // those that refer to it, in the catalogue's order
	place
}

// place is where a thing stands in its file, for messages.
type place struct {
	src *source
	ptr string
}

func (p *place) setPlace(src *source, ptr string) { p.src, p.ptr = src, ptr }

// At is where a key of the thing stands, or the thing itself for "".
func (p *place) At(key string) diag.Range {
	if p.src == nil {
		return diag.Range{}
	}
	if key == "" {
		return p.src.at(p.ptr)
	}
	return p.src.at(p.ptr + "/" + key)
}

// Requirement finds a requirement by its id, nil when there is none.
func (c *Catalog) Requirement(id string) *Requirement { return c.byID[id] }

// Level gives the step of a value, nil when the scale has none.
func (c *Catalog) Level(value int) *Level {
	for _, l := range c.Levels {
		if l.Value == value {
			return l
		}
	}
	return nil
}

// Source gives the text of a file the catalogue was loaded from, nil when it
// has none of that name.
func (c *Catalog) Source(name string) []byte { return c.Files[name] }

// Options tell Load what to look at.
type Options struct {
	// Date is today, 2026-11-23: laws not in force then are warned about. Empty
	// leaves that out.
	Date string
}
