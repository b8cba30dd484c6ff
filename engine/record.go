package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// What a store keeps: answers, who gave them and with which catalogue. What
// follows from them is never stored, only derived again (see doc.go).

// ErrNotFound says that no record has the id asked for.
var ErrNotFound = errors.New("finns inte")

// What hinders a change to a classification or its approval.
var (
	ErrLocked     = errors.New("klassningen är godkänd eller väntar på godkännande")
	ErrChanged    = errors.New("någon har ändrat klassningen sedan underlaget togs fram")
	ErrAwarded    = errors.New("utvärderingen är avslutad")
	ErrSamePerson = errors.New("den som har lagt fram klassningen kan inte godkänna den själv")
)

// System is what is classified: an application, a service, an installation,
// or a group of like things.
type System struct {
	ID          string // given by the store, or by a form so that a double post makes one system
	Title       string
	Description string
	Unit        string // the owning unit's id
	ManagedBy   string // the id of another unit that looks after it; "" when none does
	Members     int    // how many like things a group stands for; 0 when it is not a group
	CreatedAt   time.Time
	CreatedBy   Person
}

// Person is who did something. Names live apart from the journal, so that
// they can be erased.
type Person struct {
	ID   string
	Name string // empty when erased
}

// Classification is one classification of one system, without its answers.
type Classification struct {
	ID          string // given by the store
	SystemID    string
	Type        string // "A" or "B"
	CatalogHash string // content hash of the catalogue set that it is pinned to
	CreatedAt   time.Time
	CreatedBy   Person
}

// Answer is one stored answer in a classification. The keys are
//
//	fact/<id>          a bool, an option id, a list of option ids, or "vet_ej"
//	information/<n>    an Information
//	raise              a Raise
//	stop               who recorded that the stop question does not hold
//	paused             true while an assessment outside the tool is awaited
//	done/<section>     true when the section's owner says that it is done
//	reviewed/<area>    true when somebody has gone through the area's rows
//	delegate/<part>    a Delegation
//	comment/<part>/<n> a Comment
//	tailor/<row>       a Tailoring
//	procurement        a Procurement
//
// and of a B-classification also
//
//	baseline           a Baseline
//	response/<id>      a Response to a requirement
//	source/<kind>/<id> true when offers are taken from that agreement or system
//	declares           a Declares
//	deviation/<n>      a Deviation
//	action/<n>         an Action
//
// A value of null is an answer taken back: the row and its version stay.
type Answer struct {
	Key     string
	Value   json.RawMessage
	Version int // 1 for the first save, then one more for each
	At      time.Time
	By      Person
}

// Change is one wish to save: the version is the one that the person saw,
// 0 when there was no answer yet.
type Change struct {
	Key     string
	Value   json.RawMessage
	Version int
}

// Record is a classification with its system and answers.
type Record struct {
	System         System
	Classification Classification
	Answers        map[string]Answer
	Approval       *Approval // the newest revision, without its snapshot; nil when there is none
	Awarded        bool      // a tender has been chosen: the procurement is closed
}

// Locked tells that nothing can be changed: the classification is approved, or
// waits to be.
func (r Record) Locked() bool {
	return r.Approval != nil && (r.Approval.Waits() || r.Approval.Stands())
}

// State is the sum of the answers' versions. Each save makes it higher, so it
// never comes back.
func (r Record) State() int {
	sum := 0
	for _, a := range r.Answers {
		sum += a.Version
	}
	return sum
}

// Conflict says that somebody else saved first. Both values are there, so
// that the person can choose; nothing of the batch was saved.
type Conflict struct {
	Mine   Change
	Theirs Answer
}

func (c *Conflict) Error() string {
	return fmt.Sprintf("%s har ändrats av någon annan (version %d, din utgick från %d)", c.Mine.Key, c.Theirs.Version, c.Mine.Version)
}

// Event is one line of the journal as people see it.
type Event struct {
	Seq              int64
	At               time.Time
	By               Person
	Action           string // such as "system.create", "answer.save" or "payload.erase"
	SystemID         string
	ClassificationID string
	Key              string          // of the answer, or the id of the person, when the event is about one
	Before, After    json.RawMessage // nil when erased or not there
	Batch            string          // the same for everything done at once
}

// EventFilter narrows the journal: an event has to agree with every field
// that is not empty.
type EventFilter struct {
	Classification string
	Person         string // who did it, an id
	Key            string
	Batch          string
	Before         int64 // only lines before that one
}

// Head is the journal's last line at some time. Who has noted it elsewhere
// can tell later whether lines have been changed or cut off since. The zero
// value is the head of an empty journal.
type Head struct {
	Seq  int64
	Hash string // SHA-256, in hex
}

// String gives "12:" and the hash, which ParseHead reads.
func (h Head) String() string { return fmt.Sprintf("%d:%s", h.Seq, h.Hash) }

// ParseHead reads what String gave for the head of a journal with lines; false
// when it is something else.
func ParseHead(s string) (Head, bool) {
	seq, hash, _ := strings.Cut(s, ":")
	n, err := strconv.ParseInt(seq, 10, 64)
	raw, bad := hex.DecodeString(hash)
	h := Head{n, strings.ToLower(hash)}
	return h, err == nil && n > 0 && bad == nil && len(raw) == sha256.Size
}

// Copy is a copy of the whole database, checked and with its checksum beside it.
type Copy struct {
	Path   string
	SHA256 string // of the file, in hex
	Size   int64  // bytes
	At     time.Time
	Head   Head // of the copy's journal; zero when it is empty or the copy was found in a folder
}
