package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// Agreement is a contract that answers requirements for many systems: those of
// its unit and of all below it. What is confirmed here once is offered in every
// classification that uses it.
type Agreement struct {
	ID          string       `json:"-"` // given by the store
	Unit        string       `json:"unit"`
	Title       string       `json:"title"`
	Supplier    string       `json:"supplier"`
	Diary       string       `json:"diary,omitempty"`
	From        string       `json:"from,omitempty"`    // 2026-01-01
	Until       string       `json:"until,omitempty"`   // the last day; "" until further notice
	Catalog     string       `json:"catalog,omitempty"` // id of the catalogue's agreement that it is; "" for one of one's own
	Note        string       `json:"note,omitempty"`
	Commitments []Commitment `json:"commitments"`

	Version int       `json:"-"` // 1 for the first save, then one more for each
	At      time.Time `json:"-"`
	By      Person    `json:"-"`
}

// Commitment is what an agreement says of one requirement.
type Commitment struct {
	Requirement string `json:"requirement"` // an id
	Clause      string `json:"clause,omitempty"`
	// Answer is yes or partly; "" when the catalogue's prefill for the agreement
	// says the answer and the split, and only the confirmation is here.
	Answer  string        `json:"answer,omitempty"`
	How     string        `json:"how,omitempty"`
	Remains string        `json:"remains,omitempty"`
	Split   catalog.Split `json:"split,omitzero"`
	// Strength is assumed until somebody has read the clause (contracted) or has
	// seen evidence (verified).
	Strength  string    `json:"strength"`
	Role      string    `json:"role,omitempty"` // who confirmed it, by role
	Date      string    `json:"date,omitempty"` // when
	Evidence  *Evidence `json:"evidence,omitempty"`
	Until     string    `json:"until,omitempty"` // the last day of the confirmation
	Fallen    bool      `json:"fallen,omitempty"`
	FallenWhy string    `json:"fallen_why,omitempty"`
}

// Confirmed tells whether somebody stands for the commitment.
func (c Commitment) Confirmed() bool { return c.Strength != "assumed" && !c.Fallen }

// Commitment finds what the agreement says of a requirement, nil when nothing.
func (a *Agreement) Commitment(requirement string) *Commitment {
	for i := range a.Commitments {
		if a.Commitments[i].Requirement == requirement {
			return &a.Commitments[i]
		}
	}
	return nil
}

// Clauses lists the clauses that any commitment names, in their order.
func (a *Agreement) Clauses() []string {
	var out []string
	for _, c := range a.Commitments {
		if c.Clause != "" && !slices.Contains(out, c.Clause) {
			out = append(out, c.Clause)
		}
	}
	slices.Sort(out)
	return out
}

// ExpiredAt tells whether the agreement has ended on a date.
func (a *Agreement) ExpiredAt(date string) bool { return a.Until != "" && a.Until < date }

// NewAgreement makes an agreement of a catalogue's, with a commitment for each
// requirement that its prefills answer, none of them confirmed.
func NewAgreement(c *catalog.Catalog, from *catalog.Agreement) Agreement {
	a := Agreement{Title: from.Title, Supplier: from.Supplier, Catalog: from.ID, Commitments: []Commitment{}}
	for _, r := range c.Requirements {
		for _, p := range r.Prefills {
			if p.Agreement == from && a.Commitment(r.ID) == nil {
				a.Commitments = append(a.Commitments, Commitment{Requirement: r.ID, Clause: p.Clause, Strength: "assumed"})
			}
		}
	}
	return a
}

// offer is what a commitment offers; false when it offers nothing: it has
// fallen, or the agreement has ended. An agreement that ends sooner than the
// commitment's confirmation sets the offer's date.
func (a *Agreement) offer(c *Commitment, p catalog.Prefill, date string) (Offer, bool) {
	if c.Fallen || a.ExpiredAt(date) || a.From != "" && a.From > date {
		return Offer{}, false
	}
	p.RequirementID, p.Strength, p.Agreement = c.Requirement, c.Strength, nil
	if c.Answer != "" {
		p.Answer, p.How, p.Remains, p.Split = c.Answer, c.How, c.Remains, c.Split
	}
	p.Source = strings.TrimSuffix(a.Title+", "+c.Clause, ", ")
	if e := c.Evidence; e != nil {
		p.Source += ", " + strings.TrimSpace(e.Title+" "+e.Date)
	}
	if c.Role != "" {
		p.Source += fmt.Sprintf(say.confirmedBy, lowerRole(c.Role), c.Date)
	}
	p.ValidUntil = earlier(c.Until, a.Until)
	return Offer{Prefill: &p, Offered: rule.Yes, Kind: FromAgreement, From: a.ID}, true
}

// earlier is the one that comes first of two dates that may be empty.
func earlier(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "" || a < b:
		return a
	}
	return b
}

// Inherit puts the agreements' offers among a derivation's own, by requirement:
// those of the classification's prefills, those that agreements confirm, and
// more, best-founded first. What an agreement kept here says of a requirement
// goes before what the catalogue's author assumed of the same agreement, also
// when it has fallen. uses lists the agreements, by id, that the classification
// has been tied to; one that is the catalogue's is used wherever its prefills
// are offered.
func (d *Derivation) Inherit(date string, agreements []Agreement, uses []string, more ...map[string]Offer) map[string][]Offer {
	out := map[string][]Offer{}
	for i := range d.Findings {
		x := &d.Findings[i]
		if x.Applies != rule.Yes {
			continue
		}
		var offers []Offer
		for _, o := range x.Offers {
			kept := true
			for j := range agreements {
				a := &agreements[j]
				if o.Prefill.Agreement == nil || o.Prefill.Agreement.ID != a.Catalog {
					continue
				}
				if c := a.Commitment(x.Requirement.ID); c != nil {
					kept = false
					if y, ok := a.offer(c, *o.Prefill, date); ok {
						y.Offered = o.Offered
						offers = append(offers, y)
					}
				}
			}
			if kept {
				offers = append(offers, o)
			}
		}
		for j := range agreements {
			a := &agreements[j]
			if !slices.Contains(uses, a.ID) {
				continue
			}
			if c := a.Commitment(x.Requirement.ID); c != nil && c.Answer != "" {
				if y, ok := a.offer(c, catalog.Prefill{}, date); ok {
					offers = append(offers, y)
				}
			}
		}
		for _, m := range more {
			if o, ok := m[x.Requirement.ID]; ok {
				offers = append(offers, o)
			}
		}
		if len(offers) > 0 {
			slices.SortStableFunc(offers, func(a, b Offer) int { return Weakness(a.Prefill.Strength) - Weakness(b.Prefill.Strength) })
			out[x.Requirement.ID] = offers
		}
	}
	return out
}

// Weakness orders strengths, the best-founded first: 0 is verified, 1 contracted
// and 2 assumed. One that is not known is no stronger than an assumption.
func Weakness(strength string) int {
	switch strength {
	case "verified":
		return 0
	case "contracted":
		return 1
	}
	return 2
}

// Uses lists the catalogue's agreements, by id, whose prefills are offered.
func (d *Derivation) Uses() []string {
	var out []string
	for _, x := range d.Findings {
		for _, o := range x.Offers {
			if p := o.Prefill; p.Agreement != nil && o.Offered == rule.Yes && !slices.Contains(out, p.Agreement.ID) {
				out = append(out, p.Agreement.ID)
			}
		}
	}
	slices.Sort(out)
	return out
}
