package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// Keys of what a B-classification adds (see Answer).
const (
	KeyBaseline  = "baseline"
	KeyDeclares  = "declares"
	keyResponse  = "response/"
	keySource    = "source/"
	keyDeviation = "deviation/"
)

// The values of a response. The first three are also a claim's.
const (
	AnswerCompensated   = "compensated"    // another safeguard does the same; takes a text and who decided
	AnswerNotApplicable = "not_applicable" // takes a comment; never counts as met
	AnswerUnknown       = "unknown"        // nobody knows; never counts as no
)

// ResponseValues is all of them, in the order in which people choose.
var ResponseValues = []string{AnswerYes, AnswerPartly, AnswerNo, AnswerCompensated, AnswerNotApplicable, AnswerUnknown}

// Response is an answer to a requirement in a B-classification, with whose
// word it is.
type Response struct {
	Value     string     `json:"value,omitempty"`      // one of ResponseValues; "" when only offers are declined
	How       string     `json:"how,omitempty"`        // how it is met, in the unit's words
	Comment   string     `json:"comment,omitempty"`    // what else to know; the reason for what does not apply
	DecidedBy string     `json:"decided_by,omitempty"` // a role; of what is compensated
	Evidence  []Evidence `json:"evidence,omitempty"`
	Taken     *Taken     `json:"taken,omitempty"`    // the offer as it was when it was accepted; nil when the answer is one's own
	Declined  []string   `json:"declined,omitempty"` // hashes of offers that were said no to
}

// Evidence is a link to what shows that something is so, as of a date.
type Evidence struct {
	Title string `json:"title"`
	Link  string `json:"link,omitempty"`
	Date  string `json:"date"` // 2026-11-24
}

// OfferKind is where an offer comes from.
type OfferKind string

// The kinds of offers.
const (
	FromPrefill   OfferKind = "prefill"   // a catalogue author's
	FromAgreement OfferKind = "agreement" // confirmed in an agreement
	FromPlatform  OfferKind = "platform"  // the approved B of a system that this one runs on
	FromTender    OfferKind = "tender"    // the winning tender's
	FromEarlier   OfferKind = "earlier"   // an approved B of the same system
	FromSupplier  OfferKind = "supplier"  // what the supplier has answered about the system in operation
	FromSibling   OfferKind = "sibling"   // the approved B of a like system
	FromUnit      OfferKind = "unit"      // how the unit, or one above it, meets the requirement everywhere
)

// Taken is an offer as it stood when somebody accepted it.
type Taken struct {
	Kind       OfferKind `json:"kind"`
	From       string    `json:"from"` // as in Offer
	Answer     string    `json:"answer"`
	How        string    `json:"how,omitempty"`
	Source     string    `json:"source,omitempty"`
	Strength   string    `json:"strength"`
	Remains    string    `json:"remains,omitempty"`
	ValidUntil string    `json:"valid_until,omitempty"`
}

// Taken writes the offer down as it stands.
func (o Offer) Taken() Taken {
	p := o.Prefill
	return Taken{o.Kind, o.From, p.Answer, p.How, o.Source(), p.Strength, p.Remains, p.ValidUntil}
}

// Source is where the offer has its answer from, in words: the agreement with
// its clause, or what its author named.
func (o Offer) Source() string {
	if p := o.Prefill; p.Agreement != nil {
		return strings.TrimSuffix(p.Agreement.Title+", "+p.Clause, ", ")
	}
	return o.Prefill.Source
}

// Hash tells one content of an offer from every other: SHA-256, in hex.
func (t Taken) Hash() string {
	data, err := json.Marshal(t)
	if err != nil {
		panic(err) // texts only
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// ExpiredAt tells whether what was accepted no longer holds on a date.
func (t Taken) ExpiredAt(date string) bool { return t.ValidUntil != "" && t.ValidUntil < date }

// Baseline is what a B-classification started from.
type Baseline struct {
	Classification string `json:"classification"` // the A or the earlier B, an id
	Revision       int    `json:"revision"`       // its approved revision
	Rows           []Row  `json:"rows,omitempty"` // of an A: the list as it was tailored, or as it was sent out last
	Publication    int    `json:"publication,omitempty"`
}

// Declares is what a system that others run on answers for them, by
// requirement id. It offers nothing until its B-classification is approved.
type Declares struct {
	Requirements []string `json:"requirements"`
}

// Deviation is an approved exception from requirements, with reason and end
// date. When the date has passed the gap is back.
type Deviation struct {
	Requirements []string `json:"requirements"` // ids
	Reason       string   `json:"reason"`
	Protection   string   `json:"protection,omitempty"` // what is done meanwhile
	Until        string   `json:"until"`                // 2027-06-30, the last day
	DecidedBy    string   `json:"decided_by"`           // a role
	Date         string   `json:"date"`                 // of the decision
}

// ActiveAt tells whether the deviation holds on a date.
func (d Deviation) ActiveAt(date string) bool { return d.Until >= date }

// ResponseKey is the key of a requirement's response.
func ResponseKey(requirement string) string { return keyResponse + requirement }

// SourceKey is the key that says that a classification takes offers from
// something: an agreement, or a system as platform or sibling.
func SourceKey(kind OfferKind, id string) string { return keySource + string(kind) + "/" + id }

// DeviationKey is the key of the n:th deviation.
func DeviationKey(n int) string { return keyDeviation + strconv.Itoa(n) }

// Responses gives those that have not been taken back, by requirement.
func (r Record) Responses() map[string]Response { return answersOf[Response](r, keyResponse) }

// answersOf reads the given answers under a prefix, by what follows it.
func answersOf[T any](r Record, prefix string) map[string]T {
	out := map[string]T{}
	for key, a := range r.Answers {
		id, ok := strings.CutPrefix(key, prefix)
		var x T
		if ok && a.Given() && json.Unmarshal(a.Value, &x) == nil {
			out[id] = x
		}
	}
	return out
}

// Sources lists the ids of one kind that the classification takes offers from.
func (r Record) Sources(kind OfferKind) []string {
	var out []string
	for key, a := range r.Answers {
		if id, ok := strings.CutPrefix(key, keySource+string(kind)+"/"); ok && a.Given() {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// Numbered is one of the things that a classification has several of.
type Numbered[T any] struct {
	N       int
	Value   T
	Version int
	At      Answer
}

func numberedOf[T any](r Record, prefix string) []Numbered[T] {
	var out []Numbered[T]
	for id, x := range answersOf[T](r, prefix) {
		if n, err := strconv.Atoi(id); err == nil {
			a := r.Answers[prefix+id]
			out = append(out, Numbered[T]{n, x, a.Version, a})
		}
	}
	slices.SortFunc(out, func(a, b Numbered[T]) int { return a.N - b.N })
	return out
}

// nextOf is a number that nothing under the prefix has had.
func (r Record) nextOf(prefix string) int {
	next := 1
	for key := range r.Answers {
		if id, ok := strings.CutPrefix(key, prefix); ok {
			if n, err := strconv.Atoi(id); err == nil {
				next = max(next, n+1)
			}
		}
	}
	return next
}

// Deviations gives those that have not been taken back, in order.
func (r Record) Deviations() []Numbered[Deviation] { return numberedOf[Deviation](r, keyDeviation) }

// NextDeviation is a number that no deviation has had.
func (r Record) NextDeviation() int { return r.nextOf(keyDeviation) }

// Baseline gives what the classification started from; nil when from nothing.
func (r Record) Baseline() *Baseline {
	var b Baseline
	if a := r.Answers[KeyBaseline]; !a.Given() || json.Unmarshal(a.Value, &b) != nil {
		return nil
	}
	return &b
}

// Declares gives the requirements that the system answers for others.
func (r Record) Declares() []string {
	var d Declares
	if a := r.Answers[KeyDeclares]; a.Given() && json.Unmarshal(a.Value, &d) != nil {
		return nil
	}
	return d.Requirements
}

// Relation is how a system that is offered answers stands to the one that has
// them.
type Relation struct {
	Kind   OfferKind
	From   string         // names the offers: the classification's id
	Only   []string       // of a platform: the requirements that it answers for
	Levels []LevelFinding // of the system that is offered: a platform that is rated lower gives a part
	// Stands tells whether what an answer was taken from says so still: a clause
	// that has fallen reaches those too that took it at second hand. nil when
	// everything does.
	Stands func(requirement string, t Taken) bool
}

// Offers gives what an approved B-classification offers another system, by
// requirement: its answers that count as met, or as met in part, on the word
// that they stand on themselves. An answer that was accepted passes on with the
// strength and the last day of what was accepted, and not at all when that has
// changed or gone; one's own is verified by its evidence, else assumed. A like
// system's word is never more than assumed: what shows something there shows
// nothing here.
func (s *Snapshot) Offers(rel Relation) map[string]Offer {
	out := map[string]Offer{}
	if s.Classification.Type != "B" {
		return out
	}
	below := s.below(rel.Levels)
	for _, f := range s.Findings {
		if rel.Kind == FromPlatform && !slices.Contains(rel.Only, f.ID) || f.Applies != rule.Yes.String() || f.Stale != "" {
			continue
		}
		var r Response
		if a := s.Answer(ResponseKey(f.ID)); a == nil || json.Unmarshal(a.Value, &r) != nil {
			continue
		}
		switch Outcome(f.Outcome) {
		case Met, Compensated, Assumed:
		case Gap, Excepted:
			if r.Value != AnswerPartly {
				continue
			}
		default:
			continue
		}
		if r.Taken != nil && rel.Stands != nil && !rel.Stands(f.ID, *r.Taken) {
			continue
		}
		p := &catalog.Prefill{RequirementID: f.ID, Answer: r.Value, How: r.How, Strength: "assumed", Remains: r.Comment,
			Source: fmt.Sprintf(say.fromSystem[rel.Kind], s.System.Title)}
		switch {
		case r.Taken != nil:
			p.Strength, p.ValidUntil = r.Taken.Strength, r.Taken.ValidUntil
			p.Source += ", " + r.Taken.Source
		case len(r.Evidence) > 0:
			e := r.Evidence[len(r.Evidence)-1]
			p.Strength = "verified"
			p.Source += ", " + strings.TrimSpace(e.Title+" "+e.Date)
		}
		if rel.Kind == FromSibling {
			p.Strength = "assumed"
		}
		if r.Value == AnswerCompensated {
			p.Remains = strings.TrimSpace(fmt.Sprintf(say.compensatedThere, lowerRole(r.DecidedBy)) + " " + p.Remains)
		}
		if rel.Kind == FromPlatform && len(below) > 0 && p.Answer != AnswerPartly {
			p.Answer = AnswerPartly
			p.Remains = strings.TrimSpace(fmt.Sprintf(say.platformLower, s.System.Title, both(below)) + " " + p.Remains)
		}
		out[f.ID] = Offer{Prefill: p, Offered: rule.Yes, Kind: rel.Kind, From: rel.From}
	}
	return out
}

// below lists the aspects in which the snapshot's system is rated lower, or is
// not known to be rated as high.
func (s *Snapshot) below(levels []LevelFinding) []string {
	var out []string
	for _, l := range levels {
		if !l.Aspect.IsRated() {
			continue
		}
		i := slices.IndexFunc(s.Levels, func(x FrozenLevel) bool { return x.Aspect == l.Aspect.ID })
		if highest := l.Possible.Values(); i < 0 || len(highest) > 0 && s.Levels[i].Level < highest[len(highest)-1] {
			out = append(out, l.Aspect.ID)
		}
	}
	return out
}

func lowerRole(role string) string {
	if role == "" {
		return say.nobodyNamed
	}
	return lowerFirst(role)
}
