package engine

import (
	"encoding/json"
	"slices"
	"time"
)

// Unit is a part of the organisation. Units are a tree: a city at the top,
// administrations and companies below it, and below them the objects that they
// maintain. A system belongs to one of them, at any depth.
type Unit struct {
	ID       string // given by the store when empty
	Parent   string // "" for the top
	Title    string
	Kind     UnitKind
	FourEyes bool // here and below, nobody approves what she proposed herself
}

// UnitKind says what a unit is. It is a word for people: what may be done
// there follows from the grants alone.
type UnitKind string

// The kinds of units.
const (
	City           UnitKind = "city"
	Administration UnitKind = "administration"
	Company        UnitKind = "company"
	MaintainedUnit UnitKind = "object" // förvaltningsobjekt
)

// UnitKinds is all of them, from the top down.
var UnitKinds = []UnitKind{City, Administration, Company, MaintainedUnit}

// Organisation is all units, each after the one it is part of.
type Organisation struct {
	Units []Unit
}

// Unit finds a unit; false when there is none.
func (o *Organisation) Unit(id string) (Unit, bool) {
	i := slices.IndexFunc(o.Units, func(u Unit) bool { return u.ID == id })
	if i < 0 {
		return Unit{}, false
	}
	return o.Units[i], true
}

// Title is a unit's name; empty when there is no such unit.
func (o *Organisation) Title(id string) string {
	u, _ := o.Unit(id)
	return u.Title
}

// Above lists a unit and those that it is part of, the nearest first. It is
// empty for a unit that is not there.
func (o *Organisation) Above(id string) []Unit {
	var chain []Unit
	for u, ok := o.Unit(id); ok && len(chain) < len(o.Units); u, ok = o.Unit(u.Parent) {
		chain = append(chain, u)
	}
	return chain
}

// Within tells whether a unit is the other or part of it.
func (o *Organisation) Within(id, above string) bool {
	return slices.ContainsFunc(o.Above(id), func(u Unit) bool { return u.ID == above })
}

// FourEyes tells whether an approval in the unit needs two people: the unit or
// one above has said so.
func (o *Organisation) FourEyes(id string) bool {
	return slices.ContainsFunc(o.Above(id), func(u Unit) bool { return u.FourEyes })
}

// Grant is a role that somebody has in a unit and all below it.
type Grant struct {
	Person string
	Unit   string
	Role   string
	Claim  string // the identity provider's group that gave it; "" when assigned here
}

// ClaimGrant is a role for everybody whom the identity provider counts to a group.
type ClaimGrant struct {
	Group string
	Unit  string
	Role  string
}

// Account is a person who may sign in, and how.
type Account struct {
	Person
	Login     string    // of a local account; "" when there is none
	Password  bool      // a password has been chosen
	Issuer    string    // of the identity, with Subject; never an address
	Subject   string    // "" when there is no such identity
	Invited   time.Time // until when an invitation can be used; zero when there is none
	Disabled  time.Time // zero when the person may sign in
	CreatedAt time.Time
	Grants    []Grant
}

// Session is one signed-in browser.
type Session struct {
	ID      string // names it in lists; tells nothing about the cookie
	Person  string
	Agent   string // what the browser said that it was
	Begun   time.Time
	Seen    time.Time
	Expires time.Time
}

// Approval is one revision of a classification, put forward and then approved.
// While it stands, nothing in the classification can be changed.
type Approval struct {
	Classification string
	Revision       int // 1 for the first
	Decision       Decision
	ProposedAt     time.Time
	ProposedBy     Person
	ApprovedAt     time.Time // zero while it waits for a second person
	ApprovedBy     Person
	ReopenedAt     time.Time // zero while it stands
	ReopenedBy     Person
	Reason         string // why it was reopened
	Snapshot       json.RawMessage
	Hash           string // SHA-256 of the snapshot, in hex
}

// Waits tells that a second person is to approve it.
func (a Approval) Waits() bool { return a.ApprovedAt.IsZero() }

// Stands tells that it has been approved and not reopened.
func (a Approval) Stands() bool { return !a.ApprovedAt.IsZero() && a.ReopenedAt.IsZero() }

// Decision is what is decided beside the answers.
type Decision struct {
	Diary        string        `json:"diary"` // diary number
	Text         string        `json:"text"`
	NextReview   string        `json:"next_review"` // 2027-11-24
	Participants []Participant `json:"participants"`
	FourEyes     bool          `json:"four_eyes"`
}

// Participant is who took part, by role; the person may be unnamed.
type Participant struct {
	Role   string `json:"role"`
	Person string `json:"person,omitempty"` // an id
}
