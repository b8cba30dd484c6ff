package engine

import (
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine/rule"
)

// Outcome is what a requirement comes to in a B-classification.
type Outcome string

// The outcomes. Only Met and Compensated count as met.
const (
	NoResponse    Outcome = "unanswered"
	Met           Outcome = "met"            // yes, on one's own word or on an agreement's, a tender's or evidence's
	Compensated   Outcome = "compensated"    // another safeguard does the same
	Assumed       Outcome = "assumed"        // accepted on the word of a template alone
	Stale         Outcome = "stale"          // what was accepted has changed, expired or gone since
	Gap           Outcome = "gap"            // no or partly
	Excepted      Outcome = "excepted"       // a gap with an active deviation
	NotApplicable Outcome = "not_applicable" // left out of the counts of what is to be met
	Unsure        Outcome = "not_known"      // answered "vet ej"
)

// Staleness is what has become of an offer since it was accepted.
type Staleness string

// The kinds of staleness; "" when the offer is as it was.
const (
	OfferChanged Staleness = "changed"
	OfferExpired Staleness = "expired"
	OfferGone    Staleness = "gone"
)

// Assessed is one requirement that applies, with what is answered.
type Assessed struct {
	*Finding
	Response  Response
	Answer    Answer // the stored one; its version is 0 when there is none
	Outcome   Outcome
	Staleness Staleness
	Deviation *Deviation // the active one of a gap
	Lapsed    *Deviation // the one that held the longest of those that have ended, when none is active
	Offers    []Offer    // those that nobody has said no to, the best-founded first
	Declined  []Offer
	// Now is the accepted offer as it stands; nil when nothing was accepted or
	// it is gone.
	Now *Offer
}

// Assessment is what is met of what applies.
type Assessment struct {
	Rows []Assessed // in the catalogue's order
	// Resting are responses to requirements that do not apply now, by id: kept,
	// and counted nowhere.
	Resting []string
	Sum     Sum
}

// Sum counts outcomes. Its parts add up to All.
type Sum struct {
	All           int `json:"all"`
	Met           int `json:"met"`
	Compensated   int `json:"compensated"`
	Assumed       int `json:"assumed"`
	Stale         int `json:"stale"`
	Gap           int `json:"gap"`
	Excepted      int `json:"excepted"`
	NotApplicable int `json:"not_applicable"`
	NotKnown      int `json:"not_known"`
	Unanswered    int `json:"unanswered"`

	Offered int `json:"offered"`           // of those unanswered: there is an offer to take a stand on
	Changed int `json:"changed,omitempty"` // answers of every outcome that stand on something that has changed, expired or gone
}

// Counted is how many rows there are to meet: all but those not applicable.
func (s Sum) Counted() int { return s.All - s.NotApplicable }

// Answered is how many rows somebody has taken a stand on.
func (s Sum) Answered() int { return s.All - s.Unanswered }

// Assess tells what is met on a date, 2026-11-24, of what applies. offers are
// all that can be had now, by requirement (see Inherit). It is total.
func (d *Derivation) Assess(rec Record, offers map[string][]Offer, date string) *Assessment {
	a := &Assessment{}
	responses, deviations := rec.Responses(), rec.Deviations()
	for i := range d.Findings {
		f := &d.Findings[i]
		id := f.Requirement.ID
		r, ok := responses[id]
		if f.Applies != rule.Yes {
			if ok && r.Value != "" {
				a.Resting = append(a.Resting, id)
			}
			continue
		}
		x := Assessed{Finding: f, Response: r, Answer: rec.Answers[ResponseKey(id)]}
		for _, o := range offers[id] {
			if slices.Contains(r.Declined, o.Taken().Hash()) {
				x.Declined = append(x.Declined, o)
			} else {
				x.Offers = append(x.Offers, o)
			}
			if t := r.Taken; t != nil && t.Kind == o.Kind && t.From == o.From && (x.Now == nil || o.Taken() == *t) {
				x.Now = &o
			}
		}
		for _, n := range deviations {
			if !slices.Contains(n.Value.Requirements, id) {
				continue
			}
			if n.Value.ActiveAt(date) {
				x.Deviation, x.Lapsed = &n.Value, nil
			} else if x.Deviation == nil && (x.Lapsed == nil || n.Value.Until > x.Lapsed.Until) {
				x.Lapsed = &n.Value
			}
		}
		x.settle(date)
		a.Sum.add(x)
		a.Rows = append(a.Rows, x)
	}
	return a
}

// settle works the outcome out.
func (x *Assessed) settle(date string) {
	r := x.Response
	if t := r.Taken; t != nil && r.Value != "" {
		switch {
		case t.ExpiredAt(date):
			x.Staleness = OfferExpired
		case x.Now == nil:
			x.Staleness = OfferGone
		case x.Now.Taken() != *t:
			x.Staleness = OfferChanged
		}
	}
	met := func(o Outcome) Outcome {
		switch {
		case x.Staleness != "":
			return Stale
		case r.Taken != nil && r.Taken.Strength != "contracted" && r.Taken.Strength != "verified":
			return Assumed
		}
		return o
	}
	switch r.Value {
	case AnswerYes:
		x.Outcome = met(Met)
	case AnswerCompensated:
		x.Outcome = met(Compensated)
	case AnswerNotApplicable:
		x.Outcome = NotApplicable
	case AnswerUnknown:
		x.Outcome = Unsure
	case AnswerNo, AnswerPartly:
		if x.Outcome = Gap; x.Deviation != nil {
			x.Outcome = Excepted
		}
	default:
		x.Outcome = NoResponse
	}
	if x.Outcome != Excepted {
		x.Deviation = nil
	}
	if x.Outcome != Gap {
		x.Lapsed = nil
	}
}

func (s *Sum) add(x Assessed) {
	s.All++
	*map[Outcome]*int{NoResponse: &s.Unanswered, Met: &s.Met, Compensated: &s.Compensated, Assumed: &s.Assumed, Stale: &s.Stale, Gap: &s.Gap,
		Excepted: &s.Excepted, NotApplicable: &s.NotApplicable, Unsure: &s.NotKnown}[x.Outcome]++
	if x.Outcome == NoResponse && len(x.Offers) > 0 {
		s.Offered++
	}
	if x.Staleness != "" {
		s.Changed++
	}
}

// Row finds a requirement's row, nil when it does not apply.
func (a *Assessment) Row(id string) *Assessed {
	for i := range a.Rows {
		if a.Rows[i].Requirement.ID == id {
			return &a.Rows[i]
		}
	}
	return nil
}

// Accept is the response that accepting an offer gives. What was declined and
// attached before stays; evidence of one's own does not make the offer stronger,
// since it was attached to another answer.
func (x *Assessed) Accept(o Offer) Response {
	t := o.Taken()
	r := Response{Value: t.Answer, How: t.How, Comment: t.Remains, Taken: &t, Evidence: x.Response.Evidence}
	r.Declined = slices.DeleteFunc(slices.Clone(x.Response.Declined), func(h string) bool { return h == t.Hash() })
	return r
}

// Decline is the response that saying no to an offer gives: the answer stays,
// unless it was that offer.
func (x *Assessed) Decline(o Offer) Response {
	r, h := x.Response, o.Taken().Hash()
	r.Declined = append(slices.Clone(r.Declined), h)
	if r.Taken != nil && r.Taken.Hash() == h {
		r = Response{Evidence: r.Evidence, Declined: r.Declined}
	}
	return r
}

// Best is the offer to accept when somebody accepts many at once: the
// best-founded one that is settled, has not expired and says what there is to
// say without a decision of somebody's own: not applicable and compensated are
// always decided one by one. nil when there is none, and when the response is
// not in want of one: it stands on one's own word, or on a word that still
// stands and is no weaker.
func (x *Assessed) Best(date string) *Offer {
	t := x.Response.Taken
	if x.Outcome != NoResponse && t == nil {
		return nil
	}
	for i := range x.Offers {
		o := &x.Offers[i]
		if o.Offered != rule.Yes || o.Prefill.ExpiredAt(date) || o.Prefill.Answer != AnswerYes && o.Prefill.Answer != AnswerPartly {
			continue
		}
		if x.Outcome != NoResponse && x.Staleness == "" && (x.Outcome != Assumed || Weakness(o.Prefill.Strength) == Weakness(t.Strength)) {
			return nil // the first is the best-founded: the rest are no better
		}
		return o
	}
	return nil
}

// Lacks tells what a response lacks to be saved: a comment for what does not
// apply, a text and a role for what is compensated. Empty when nothing.
func (r Response) Lacks() []string {
	var out []string
	switch r.Value {
	case AnswerNotApplicable:
		if strings.TrimSpace(r.Comment) == "" {
			out = append(out, "comment")
		}
	case AnswerCompensated:
		if strings.TrimSpace(r.How) == "" {
			out = append(out, "how")
		}
		if strings.TrimSpace(r.DecidedBy) == "" {
			out = append(out, "decided_by")
		}
	}
	return out
}
