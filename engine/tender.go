package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// Procurement is what the buyer has settled about a procurement before it is
// sent out.
type Procurement struct {
	Diary    string   `json:"diary,omitempty"`    // diary number
	Deadline string   `json:"deadline,omitempty"` // for tenders: 2027-01-31T23:59, in the installation's own time
	To       string   `json:"to,omitempty"`       // of a B-classification: the supplier that is asked
	Buyers   []string `json:"buyers,omitempty"`   // ids of those, and only those, who may open the tenders and assess them
}

// DeadlineLayout is how a deadline is written.
const DeadlineLayout = "2006-01-02T15:04"

// Publication is one version of a kravbilaga as it was sent out. It is never
// changed.
type Publication struct {
	Classification string
	Number         int // 1 for the first
	At             time.Time
	By             Person
	Procurement    Procurement // as it was then
	Note           string      // to tenderers: what the version makes clear
	Rows           []Row
	ExportID       string // of the file, see workbook.Identity
	SHA256         string // of the file, in hex
	File           []byte // nil in lists
}

// Tender is what one tenderer has sent in, and what has been read from it.
type Tender struct {
	ID             string // given by the store
	Classification string
	Tenderer       string
	At             time.Time
	By             Person // who took it in
	Files          []TenderFile
	Version        int              // 0 until answers have been read in; one more for each time
	Publication    int              // the version of the kravbilaga that the answers are to; 0 until then
	File           int              // the file that was read last; 0 when it was none, or is not known
	Claims         map[string]Claim // by row; a row that is not there has not been answered
}

// TenderFile is a file as it was received.
type TenderFile struct {
	N       int // 1 for a tender's first
	Name    string
	SHA256  string // in hex
	Size    int    // bytes
	At      time.Time
	By      Person
	Refused string // why nothing could be read from it; "" when something could
	Content []byte // nil in lists
}

// Claim is a tenderer's answer to one row, as written.
type Claim struct {
	Answer      string   `json:"answer"`  // yes, partly or no; "" when it is not answered or not understood
	Written     string   `json:"written"` // what stands in the cell
	By          string   `json:"by"`      // who sees to it, as written
	Description string   `json:"description"`
	Evidence    string   `json:"evidence"`
	Notes       []string `json:"notes,omitempty"` // what to know of how it was read, for people
}

// The answers that a claim, and an assessor, can give.
const (
	AnswerYes    = "yes"
	AnswerPartly = "partly"
	AnswerNo     = "no"
)

// Judgment is what the buyer's assessor finds of one claim, beside the claim.
type Judgment struct {
	Tender  string
	Row     string
	Answer  string // yes, partly or no; "" when only a note is made
	Note    string
	Version int // 1 for the first save, then one more for each
	At      time.Time
	By      Person
}

// Award closes an evaluation.
type Award struct {
	Classification string
	Tender         string
	Reason         string
	At             time.Time
	By             Person
}

// Evaluation is a procurement's tenders and what is found of them.
type Evaluation struct {
	Tenders   []Tender
	Judgments []Judgment
	Award     *Award // nil until it is closed
}

// State is the sum of all versions. Each save makes it higher, so it never
// comes back.
func (e Evaluation) State() int {
	sum := 0
	for _, t := range e.Tenders {
		sum += t.Version + len(t.Files)
	}
	for _, j := range e.Judgments {
		sum += j.Version
	}
	return sum
}

// Hash is a hash of what stands of a tender, in hex: its answers as they were
// read, and what an assessor has found beside them. It is the same for as long as
// none of them changes.
func (e Evaluation) Hash(tender string) string {
	type finding struct {
		Row, Answer, Note string
	}
	stands := struct {
		Claims    map[string]Claim
		Judgments []finding
	}{}
	if t := e.Tender(tender); t != nil {
		stands.Claims = t.Claims
	}
	for _, j := range e.Judgments {
		if j.Tender == tender {
			stands.Judgments = append(stands.Judgments, finding{j.Row, j.Answer, j.Note})
		}
	}
	slices.SortFunc(stands.Judgments, func(a, b finding) int { return strings.Compare(a.Row, b.Row) })
	data, err := json.Marshal(stands)
	if err != nil {
		panic(err) // texts only
	}
	sum := sha256.Sum256(canonical(data))
	return hex.EncodeToString(sum[:])
}

// Tender finds a tender by its id, nil when there is none.
func (e Evaluation) Tender(id string) *Tender {
	for i := range e.Tenders {
		if e.Tenders[i].ID == id {
			return &e.Tenders[i]
		}
	}
	return nil
}

// Offers gives what the winner's tender offers when the system is verified, by
// requirement: its answers, contracted, with what the assessor found going
// before the claim. Rows that have no answer, and the buyer's own, offer
// nothing. Without an award there are none.
func (e Evaluation) Offers(rows []Row) map[string]Offer {
	out := map[string]Offer{}
	if e.Award == nil {
		return out
	}
	t := e.Tender(e.Award.Tender)
	if t == nil {
		return out
	}
	for _, x := range Compared(rows, []Tender{*t}, e.Judgments).Rows {
		v := x.Verdicts[0]
		if v.Answer == "" || OwnRow(x.ID) {
			continue
		}
		p := &catalog.Prefill{RequirementID: x.ID, Answer: v.Answer, Source: fmt.Sprintf(say.tender, t.Tenderer), Strength: "contracted"}
		if v.Claim != nil {
			p.How = v.Claim.Description
			if v.Claim.Shows() {
				p.Source += ", " + v.Claim.Evidence
			}
		}
		if v.Judgment != nil && v.Answer != AnswerYes {
			p.Remains = v.Judgment.Note
		}
		out[x.ID] = Offer{Prefill: p, Offered: rule.Yes, Kind: FromTender, From: t.Classification}
	}
	return out
}

// Answers gives what suppliers have said of a system in operation, by
// requirement, each supplier for itself. With evidence named, a supplier's word
// is contracted; without, it is assumed. A claim that was not understood offers
// nothing.
func (e Evaluation) Answers() []map[string]Offer {
	var out []map[string]Offer
	for _, t := range e.Tenders {
		offers := map[string]Offer{}
		for id, c := range t.Claims {
			if c.Answer == "" {
				continue
			}
			p := &catalog.Prefill{RequirementID: id, Answer: c.Answer, How: c.Description, Source: fmt.Sprintf(say.supplier, t.Tenderer), Strength: "assumed"}
			if c.Shows() {
				p.Source, p.Strength = p.Source+", "+c.Evidence, "contracted"
			}
			offers[id] = Offer{Prefill: p, Offered: rule.Yes, Kind: FromSupplier, From: t.ID}
		}
		if len(offers) > 0 {
			out = append(out, offers)
		}
	}
	return out
}

// ToVerify gives the rows that suppliers can be asked about in a
// B-classification: those of the list for a supplier, and those that an
// agreement gives already. open narrows to those whose word is wanted: without a
// response, assumed, or stale.
func (a *Assessment) ToVerify(lines []Line, open bool) []Row {
	out := []Row{}
	for _, l := range lines {
		if l.Finding == nil || l.Fate != Sent && l.Fate != Contracted {
			continue
		}
		x := a.Row(l.ID)
		if x == nil || open && x.Outcome != NoResponse && x.Outcome != Assumed && x.Outcome != Stale {
			continue
		}
		r := l.Found
		r.Type, r.Weight, r.Partly, r.Points = Verified, 0, 0, ""
		out = append(out, r)
	}
	return out
}

// Verdict is what a row comes to for one tender.
type Verdict struct {
	Claim    *Claim    // nil when the row has not been answered
	Judgment *Judgment // nil when nobody has assessed it
	Answer   string    // the assessor's answer, else the claim's; "" when there is none
	Assessed bool      // the answer is the assessor's
	Met      bool      // the answer is yes: not answered never counts as met
	Points   int       // by the row's rule: weight for yes, partly for partly, else none; should-rows only
}

// ComparedRow is one row with each tender's verdict, in the tenders' order.
type ComparedRow struct {
	Row
	Verdicts []Verdict
	Unmet    int  // how many tenders do not meet it; shall-rows and terms only
	Open     bool // some tender's verdict has no answer from the assessor
}

// Standing is what a tender comes to.
type Standing struct {
	Tender     *Tender
	Points     int
	MaxPoints  int      // what the list could give
	Unmet      []string // shall-rows and terms that are not met, by id
	Unanswered int      // rows without an answer
	Unassessed int      // rows that nobody has assessed
}

// Comparison is tenders side by side.
type Comparison struct {
	Rows      []ComparedRow
	Standings []Standing // in the tenders' order
}

// Compared puts tenders side by side, with judgments by tender and row. What an
// assessor finds goes before what the tenderer claims. Rows that some tender
// does not meet and has to come first, then the rest, each in the list's order.
func Compared(rows []Row, tenders []Tender, judgments []Judgment) Comparison {
	type at struct{ tender, row string }
	judged := map[at]*Judgment{}
	for i, j := range judgments {
		judged[at{j.Tender, j.Row}] = &judgments[i]
	}
	c := Comparison{Standings: make([]Standing, len(tenders))}
	for i := range tenders {
		c.Standings[i].Tender = &tenders[i]
	}
	for _, r := range rows {
		x := ComparedRow{Row: r}
		for i, t := range tenders {
			s := &c.Standings[i]
			var v Verdict
			if claim, ok := t.Claims[r.ID]; ok {
				v.Claim, v.Answer = &claim, claim.Answer
			}
			if j := judged[at{t.ID, r.ID}]; j != nil {
				v.Judgment = j
				if j.Answer != "" {
					v.Answer, v.Assessed = j.Answer, true
				}
			}
			v.Met = v.Answer == AnswerYes
			if v.Answer == "" {
				s.Unanswered++
			}
			if !v.Assessed {
				s.Unassessed++
				x.Open = true
			}
			switch {
			case r.Type == Should:
				v.Points = r.points(v.Answer)
				s.Points += v.Points
				s.MaxPoints += r.Weight
			case r.Type != Undecided && !v.Met:
				x.Unmet++
				s.Unmet = append(s.Unmet, r.ID)
			}
			x.Verdicts = append(x.Verdicts, v)
		}
		c.Rows = append(c.Rows, x)
	}
	slices.SortStableFunc(c.Rows, func(a, b ComparedRow) int { return min(b.Unmet, 1) - min(a.Unmet, 1) })
	return c
}

// points is what an answer gives.
func (r Row) points(answer string) int {
	switch answer {
	case AnswerYes:
		return r.Weight
	case AnswerPartly:
		return r.Partly
	}
	return 0
}

// Replacement is what a newly read file would do to one answer of a tender.
type Replacement string

// The replacements.
const (
	ReplaceNew     Replacement = "new"     // there was no answer
	ReplaceSame    Replacement = "same"    // nothing differs
	ReplaceChanged Replacement = "changed" // an answer was there, and differs
	ReplaceGone    Replacement = "gone"    // an answer was there, and the file has none
)

// Replaces tells what a claim would do to the answer that a tender has; either
// may be nil.
func Replaces(had, claim *Claim) Replacement {
	switch {
	case had == nil:
		return ReplaceNew
	case claim == nil || claim.Empty() && !had.Empty():
		return ReplaceGone
	case had.Answer == claim.Answer && had.Written == claim.Written && had.By == claim.By && had.Description == claim.Description && had.Evidence == claim.Evidence:
		return ReplaceSame
	}
	return ReplaceChanged
}

// Empty tells that nothing is written.
func (c Claim) Empty() bool {
	return c.Written == "" && c.By == "" && c.Description == "" && c.Evidence == ""
}

// noEvidence is what people write in the column for evidence when they have
// none, in small letters and without the signs around it.
var noEvidence = []string{
	"", "saknas", "ej", "nej", "inget", "inga", "ingen", "inte", "n/a", "na", "i/t", "ej tillämpligt", "ej aktuellt", "ej relevant", "inte tillämpligt", "inte aktuellt",
	"finns ej", "finns inte", "finns inget", "finns inga", "finns ingen", "ingenting", "inget bevis", "inga bevis", "inget underlag", "bevis saknas", "underlag saknas", "dokumentation saknas",
	"se ovan", "se beskrivning", "vet ej", "vet inte", "okänt", "oklart", "kommer", "kommer senare", "tbd", "todo", "no", "none", "nothing", "not applicable", "ja", "yes", "x", "ok",
}

// Shows tells whether the claim names something that shows it. A cell that says
// that there is nothing, or nothing that can be looked up, names none.
func (c Claim) Shows() bool {
	words := strings.Fields(strings.ToLower(c.Evidence))
	text := strings.Trim(strings.Join(words, " "), " .,;:!?-–—_*()[]\"'”/\\")
	return !slices.Contains(noEvidence, text)
}
