package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// What a store keeps: answers, who gave them and with which catalogue. What
// follows from them is never stored, only derived again (see doc.go).

// ErrNotFound says that no record has the id asked for.
var ErrNotFound = errors.New("finns inte")

// System is what is classified: an application, a service, an installation,
// or a group of like things.
type System struct {
	ID          string // given by the store, or by a form so that a double post makes one system
	Title       string
	Description string
	Unit        string // the owning unit's name
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
	Action           string // "system.create", "classification.create", "answer.save"
	SystemID         string
	ClassificationID string
	Key              string          // of the answer, when the event is about one
	Before, After    json.RawMessage // nil when erased or not there
}
