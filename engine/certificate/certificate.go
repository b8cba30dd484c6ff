// Package certificate holds a derivation as a document that anybody can check
// again, and the program that does.
//
// The document is a JSON file. It holds everything that its claims rest on: the
// rules of the catalogue as their authors wrote them, the state (which values
// the answers leave possible), and for every requirement a verdict with its
// proof:
//
//   - for a yes or a no, a minimal sufficient reason: values of a few variables
//     that the state lies within and that alone force the verdict;
//   - for an unknown, two completions of the state, one in which the requirement
//     applies and one in which it does not, and the questions that it hangs on.
//
// Nothing here is shared with the engine that wrote the document. The rules are
// read anew (read.go), evaluated in one single state at a time (eval.go), and
// every state that a claim speaks of is tried (search.go, check.go). So the
// checker needs none of the engine's cleverness with sets and unknowns, and a
// mistake would have to be made twice, in two ways, to go unseen. Only the
// standard library is used.
//
// A certificate proves that the verdicts follow from the rules and the state
// that it states. That the rules are those of a catalogue is for Compare; that
// the state is what somebody answered, the certificate cannot prove.
package certificate

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// What a certificate calls itself. A reader that does not know the version can
// make nothing of the rest.
const (
	Format  = "kravverk-certificate"
	Version = 1
)

// MaxSize is the largest file that Parse takes: many times any real one.
const MaxSize = 16 << 20

// Certificate is the document.
type Certificate struct {
	Format        string    `json:"format"`
	FormatVersion int       `json:"format_version"`
	Catalog       Catalog   `json:"catalog"`
	State         State     `json:"state"`
	Verdicts      []Verdict `json:"verdicts"` // one for each requirement, in the same order
	// Closed lists questions that are neither answered nor answered "vet ej" and
	// that cannot change any verdict, whatever their answers: ids as in
	// DependsOn.
	Closed []string `json:"closed"`
}

// Catalog is the rules: what a catalogue with its profiles says of which
// requirements apply, and nothing else of it.
type Catalog struct {
	ID           string        `json:"id"`
	Version      string        `json:"version"`
	Hash         string        `json:"hash"`     // of the base
	SetHash      string        `json:"set_hash"` // of the base and the profiles together
	Aspects      []Aspect      `json:"aspects"`
	Facts        []Fact        `json:"facts"`
	Laws         []Law         `json:"laws"`
	Profiles     []Profile     `json:"profiles"` // by rising precedence
	Requirements []Requirement `json:"requirements"`
}

// Aspect is what is rated on a scale. A condition on one that is not rated
// never holds.
type Aspect struct {
	ID     string `json:"id"`
	Rated  bool   `json:"rated"`
	Levels []int  `json:"levels"` // rising
}

// Types of facts.
const (
	Bool    = "bool"
	Choice  = "choice"
	Choices = "choices"
)

// Fact is a question with its answers, or a bool that follows from others.
type Fact struct {
	ID      string   `json:"id"`
	Type    string   `json:"type"`
	Options []string `json:"options,omitempty"`
	AskWhen []Row    `json:"ask_when,omitempty"` // none: always asked
	Derived []Row    `json:"derived,omitempty"`  // when there are any, it is never asked
	Profile string   `json:"profile,omitempty"`  // who adds it; asked only when that counts
}

// Law is a legal provision. It is ticked by a person or follows from facts.
type Law struct {
	ID          string `json:"id"`
	Ticked      bool   `json:"ticked,omitempty"`
	AppliesWhen []Row  `json:"applies_when,omitempty"`
	Profile     string `json:"profile,omitempty"` // who adds it; applies only when that counts
}

// Profile changes the rules when it counts: when it is named, or when none are
// named and it is offered.
type Profile struct {
	ID          string `json:"id"`
	Version     string `json:"version"`
	Hash        string `json:"hash"`
	Precedence  int    `json:"precedence"`
	OfferedWhen []Row  `json:"offered_when,omitempty"` // none: always offered
}

// Requirement is the rows that say when it applies: its own, and what each
// profile does to them, by rising precedence.
type Requirement struct {
	ID      string `json:"id"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Profile string `json:"profile,omitempty"` // who adds it; applies only when that counts
	Rules
	Changes []Change `json:"changes,omitempty"`
}

// Rules hold when any of the levels is reached and any row of When holds, but
// no row of Unless. Without Levels, and without When, that part holds.
type Rules struct {
	Levels map[string]int `json:"levels,omitempty"` // aspect → lowest level
	When   []Row          `json:"when,omitempty"`
	Unless []Row          `json:"unless,omitempty"`
}

// Change is what a profile does to a requirement when it counts: what is
// written in Rules replaces what was there; what is excluded stays so until a
// later profile includes it.
type Change struct {
	Profile string `json:"profile"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Rules
	Exclude bool `json:"exclude,omitempty"`
	Include bool `json:"include,omitempty"`
}

// Row is a row as its author wrote it, and where. The keys are aspects, facts
// and "lagrum", all of which must hold. An aspect takes a comparison, ">=2", a
// bool true or false, and the others an id or a list of ids, any of which will
// do.
type Row struct {
	File string         `json:"file"`
	Line int            `json:"line"`
	Keys map[string]any `json:"row"`
}

// Kinds of variables.
const (
	KindAspect  = "aspect"  // values "0", "1" …
	KindFact    = "fact"    // of a bool "false" and "true", of a choice its options
	KindLaw     = "law"     // one that is ticked: "false" and "true"
	KindProfile = "profile" // whether it is among the named: "false" and "true"
)

// Variable is something of which the state tells the possible values. For
// choices each option is a variable of its own, with "false" and "true".
type Variable struct {
	Kind   string `json:"kind"`
	ID     string `json:"id"`
	Option string `json:"option,omitempty"`
}

// Atom says that a variable has one of the values.
type Atom struct {
	Variable
	Values []string `json:"values"`
}

// State is what the answers leave possible.
type State struct {
	// ProfilesNamed tells whether somebody chose the profiles; then Possible
	// tells which. It is part of every reason.
	ProfilesNamed bool     `json:"profiles_named"`
	Possible      []Atom   `json:"possible"`  // one for each variable
	NotKnown      []string `json:"not_known"` // the questions answered "vet ej"; ids as in DependsOn
}

// Verdicts.
const (
	Yes     = "yes"
	No      = "no"
	Unknown = "unknown"
)

// Verdict is the claim of one requirement, with its proof.
type Verdict struct {
	ID      string `json:"id"`
	Verdict string `json:"verdict"`
	// Of a yes or a no: the state lies within the reason, every state within it
	// has the verdict, and no atom would do with one value more.
	Reason []Atom `json:"reason,omitzero"`
	// Of an unknown: what to settle for the one and for the other verdict, one
	// value each, and the questions that the verdict hangs on: a fact's id, an
	// aspect's, or "lagrum".
	Yes       []Atom   `json:"yes,omitzero"`
	No        []Atom   `json:"no,omitzero"`
	DependsOn []string `json:"depends_on,omitzero"`
}

// Lagrum is the question of which laws apply.
const Lagrum = "lagrum"

// Encode writes a certificate. The same certificate always gives the same
// bytes.
func Encode(c *Certificate) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // >=2 is to be read as such
	e.SetIndent("", " ")
	err := e.Encode(c)
	return b.Bytes(), err
}

// Parse reads a certificate. The error is a *Malformed. Whether the parts fit
// together, and whether the claims hold, is for Check.
func Parse(data []byte) (*Certificate, error) {
	if len(data) > MaxSize {
		return nil, &Malformed{Code: "size", Detail: fmt.Sprint(MaxSize >> 20)}
	}
	var head struct {
		Format        string `json:"format"`
		FormatVersion int    `json:"format_version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, badJSON(data, err)
	}
	if head.Format != Format {
		return nil, &Malformed{Code: "format"}
	}
	if head.FormatVersion != Version {
		return nil, &Malformed{Code: "version", Detail: fmt.Sprint(head.FormatVersion)}
	}
	var c Certificate
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, badJSON(data, err)
	}
	// Go takes the last of two keys alike, overlooks keys that it does not know
	// and is generous with capitals. Another reader may not, and so see another
	// certificate. But for white space, only what Encode writes will do.
	again, err := Encode(&c)
	if err != nil {
		return nil, &Malformed{Code: "json"}
	}
	var was, is bytes.Buffer
	if json.Compact(&was, data) != nil || json.Compact(&is, again) != nil || !bytes.Equal(was.Bytes(), is.Bytes()) {
		return nil, &Malformed{Code: "canonical"}
	}
	return &c, nil
}

func badJSON(data []byte, err error) error {
	at := int64(0)
	switch err := err.(type) {
	case *json.SyntaxError:
		at = err.Offset
	case *json.UnmarshalTypeError:
		at = err.Offset
	}
	line := 1 + bytes.Count(data[:min(max(at, 0), int64(len(data)))], []byte("\n"))
	return &Malformed{Code: "json", Detail: fmt.Sprint(line)}
}

// Where is a place in a certificate.
type Where struct {
	Kind    string // aspect, fact, law, profile, requirement, verdict, state, closed; "" for the whole
	ID      string
	Part    string // the key: when, unless, levels, ask_when …
	Profile string // of a requirement: whose change
}

// Malformed is a document that cannot be checked, since it does not hang
// together. The codes:
//
//	size       larger than Detail MB
//	json       no JSON, or of another shape, at line Detail
//	format     no certificate
//	version    of a format version, Detail, that is not known
//	canonical  not written as Encode does
//	duplicate  Detail stands twice
//	unknown    Detail is not in the certificate
//	value      Detail is no value that may stand there
//	missing    Detail is missing
//	order      not in the order that it must have
//	many       more than Detail of them: aspects, facts, laws and profiles, or options
//	cycle      depends on itself; Detail is the way round
type Malformed struct {
	Code   string
	Where  Where
	Detail string
}

func (m *Malformed) Error() string {
	return fmt.Sprintf("malformed certificate: %s %v %q", m.Code, m.Where, m.Detail)
}
