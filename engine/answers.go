package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/kravverk/kravverk/engine/catalog"
)

// Keys of stored answers (see Answer).
const (
	KeyRaise       = "raise"
	KeyStop        = "stop"
	KeyPaused      = "paused"
	keyFact        = "fact/"
	keyInformation = "information/"
	keyDone        = "done/"
	keyReviewed    = "reviewed/"
	keyDelegate    = "delegate/"
	keyComment     = "comment/"
)

// FactKey is the key of a fact's answer, or of the laws' under "lagrum".
func FactKey(id string) string { return keyFact + id }

// InformationKey is the key of the n:th kind of information.
func InformationKey(n int) string { return keyInformation + strconv.Itoa(n) }

// DoneKey is the key of a section's mark.
func DoneKey(section string) string { return keyDone + section }

// ReviewedKey is the key of an area's mark.
func ReviewedKey(area string) string { return keyReviewed + area }

// A part of a classification is what can be delegated and talked about: one
// question, a step, an area of the requirements, or one of them. Its id is the
// kind and the id of what it is.
const (
	PartFact        = "fact/"
	PartSection     = "section/"
	PartArea        = "area/"
	PartRequirement = "requirement/"
)

// DelegateKey is the key of a part's delegation.
func DelegateKey(part string) string { return keyDelegate + part }

// CommentKey is the key of the n:th comment on a part.
func CommentKey(part string, n int) string { return keyComment + part + "/" + strconv.Itoa(n) }

// Delegation asks a person, or whoever has a role in the system's unit or
// above it, to answer a part.
type Delegation struct {
	Person string `json:"person,omitempty"` // an id; one of the two is given
	Role   string `json:"role,omitempty"`
	Due    string `json:"due,omitempty"` // 2026-12-01
	Text   string `json:"text,omitempty"`
	Done   bool   `json:"done,omitempty"` // the one asked has said so
}

// Comment is what somebody has said of a part.
type Comment struct {
	Text string `json:"text"`
}

// Delegations gives those that have not been taken back, by part.
func (r Record) Delegations() map[string]Delegation {
	out := map[string]Delegation{}
	for key, a := range r.Answers {
		part, ok := strings.CutPrefix(key, keyDelegate)
		var d Delegation
		if ok && a.Given() && json.Unmarshal(a.Value, &d) == nil {
			out[part] = d
		}
	}
	return out
}

// Comments gives the answers that are comments on a part, in the order in
// which they were made.
func (r Record) Comments(part string) []Answer {
	var out []Answer
	for n := 1; ; n++ {
		a, ok := r.Answers[CommentKey(part, n)]
		if !ok {
			return out
		}
		if a.Given() {
			out = append(out, a)
		}
	}
}

// Cleared is the recorded decision that the stop question does not hold. Only
// that decision is ever stored, never the question's answer.
type Cleared struct {
	Role string `json:"role"`
	Date string `json:"date"` // 2026-11-23
}

// Given tells whether an answer is there and not taken back.
func (a Answer) Given() bool { return len(a.Value) > 0 && !bytes.Equal(a.Value, []byte("null")) }

// Has tells whether the record holds an answer under the key.
func (r Record) Has(key string) bool { return r.Answers[key].Given() }

// Information lists the numbers of the record's information, in order.
func (r Record) Information() []int {
	var out []int
	for key, a := range r.Answers {
		if n, err := strconv.Atoi(strings.TrimPrefix(key, keyInformation)); err == nil && strings.HasPrefix(key, keyInformation) && a.Given() {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// NextInformation is a number that no information has had.
func (r Record) NextInformation() int {
	next := 1
	for key := range r.Answers {
		if n, err := strconv.Atoi(strings.TrimPrefix(key, keyInformation)); err == nil && strings.HasPrefix(key, keyInformation) {
			next = max(next, n+1)
		}
	}
	return next
}

// Input turns a record into the answers that NewFacts takes. The catalogue is
// the one that the classification is pinned to.
func (r Record) Input(c *catalog.Catalog) (Answers, error) {
	var a Answers
	a.Classification.Type = r.Classification.Type
	a.Classification.Title = r.System.Title
	a.Classification.Catalog = c.ID
	a.Facts = map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(r.Answers)) {
		answer := r.Answers[key]
		id, isFact := strings.CutPrefix(key, keyFact)
		if !isFact || !answer.Given() {
			continue
		}
		var v any
		if err := json.Unmarshal(answer.Value, &v); err != nil {
			return a, fmt.Errorf("%s: %w", key, err)
		}
		a.Facts[id] = v
	}
	for _, n := range r.Information() {
		var i Information
		if err := json.Unmarshal(r.Answers[InformationKey(n)].Value, &i); err != nil {
			return a, fmt.Errorf("%s: %w", InformationKey(n), err)
		}
		a.Information = append(a.Information, i)
	}
	if x := r.Answers[KeyRaise]; x.Given() {
		a.Raise = &Raise{}
		if err := json.Unmarshal(x.Value, a.Raise); err != nil {
			return a, fmt.Errorf("%s: %w", KeyRaise, err)
		}
	}
	return a, nil
}

// With gives the record as it would be after the changes, for what-if. The
// record itself stays as it is.
func (r Record) With(changes ...Change) Record {
	r.Answers = maps.Clone(r.Answers)
	if r.Answers == nil {
		r.Answers = map[string]Answer{}
	}
	for _, c := range changes {
		a := r.Answers[c.Key]
		a.Key, a.Value = c.Key, c.Value
		r.Answers[c.Key] = a
	}
	return r
}
