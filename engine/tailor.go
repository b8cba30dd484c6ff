package engine

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// Row is one requirement as those who are asked for tenders see it.
type Row struct {
	ID     string         `json:"id"`
	Area   string         `json:"area"` // its title
	Title  string         `json:"title"`
	Text   string         `json:"text"` // the SHALL wording
	Type   RowType        `json:"type"`
	Points string         `json:"points,omitempty"` // what counts as partly; should-rows only
	Weight int            `json:"weight,omitempty"` // points for a yes; should-rows only
	Partly int            `json:"partly,omitempty"` // points for partly; 0 ≤ Partly ≤ Weight
	Verify catalog.Verify `json:"verify"`           // how a claim can be checked
}

// RowType is what is asked of a tenderer.
type RowType string

// The types of rows.
const (
	Shall     RowType = "shall"  // mandatory
	Should    RowType = "should" // gives points
	Terms     RowType = "terms"  // a term of the contract
	Undecided RowType = "open"   // whether it applies is not settled
	Verified  RowType = "verify" // in operation: the supplier says how it is
)

// Fate is what becomes of a requirement in the list for a supplier.
type Fate int

// The fates.
const (
	Sent       Fate = iota // a row of the list
	LeftOut                // the buyer has left it out
	Contracted             // an agreement gives it already
	OwnConcern             // it is about the own organisation
	NoText                 // its SHALL wording is not put to a supplier, or there is none
	NotApplies
)

// Tailoring is what the buyer changes in one row, with the reason. It never
// touches what the engine has found. The zero value of a field changes nothing.
type Tailoring struct {
	LeftOut    bool   `json:"left_out,omitempty"`
	Obligation string `json:"obligation,omitempty"` // shall or should
	Category   string `json:"category,omitempty"`   // qualification, specification, award or contract
	Weight     int    `json:"weight,omitempty"`     // points for a yes
	Partly     *int   `json:"partly,omitempty"`     // points for partly
	Title      string `json:"title,omitempty"`
	Text       string `json:"text,omitempty"`
	After      string `json:"after,omitempty"` // the row to stand after; First for before all others
	Area       string `json:"area,omitempty"`  // the area's id, of a row of one's own
	Reason     string `json:"reason"`
	// Base is the row as the engine had found it then, nil for one's own. With
	// it one can tell later whether the change still fits.
	Base *Row `json:"base,omitempty"`
}

// First is what a row that is to stand before all others stands after.
const First = "-"

// MaxWeight is the most points that a row may give.
const MaxWeight = 100

const (
	keyTailor = "tailor/"
	ownPrefix = "EGEN-"
)

// KeyProcurement is the key of the Procurement (see Answer).
const KeyProcurement = "procurement"

// TailorKey is the key of a row's tailoring.
func TailorKey(row string) string { return keyTailor + row }

// OfProcurement tells whether an answer's key belongs to the procurement, which
// goes on when the classification is approved and locked.
func OfProcurement(key string) bool {
	return key == KeyProcurement || strings.HasPrefix(key, keyTailor)
}

// OwnRow tells whether an id is that of a row of the buyer's own.
func OwnRow(id string) bool { return strings.HasPrefix(id, ownPrefix) }

// NextOwnRow is an id that no row of one's own has had.
func (r Record) NextOwnRow() string {
	next := 1
	for key := range r.Answers {
		if n, err := strconv.Atoi(strings.TrimPrefix(key, keyTailor+ownPrefix)); err == nil {
			next = max(next, n+1)
		}
	}
	return ownPrefix + strconv.Itoa(next)
}

// Tailorings gives those that have not been taken back, by row.
func (r Record) Tailorings() map[string]Tailoring {
	out := map[string]Tailoring{}
	for key, a := range r.Answers {
		row, ok := strings.CutPrefix(key, keyTailor)
		var t Tailoring
		if ok && a.Given() && json.Unmarshal(a.Value, &t) == nil {
			out[row] = t
		}
	}
	return out
}

// Fit is whether a tailoring still says what it said.
type Fit int

// The fits.
const (
	Fits     Fit = iota
	Resting      // the requirement is not in the list any more: kept, in case it comes back
	Reworded     // the requirement has got another wording than the one that was reworded
	Needless     // the engine now finds what the tailoring wanted
)

// Line is one requirement of the list for a supplier: as found, as tailored,
// and what becomes of it.
type Line struct {
	Row                  // as it is sent
	Found     Row        // as the engine found it; zero for a row of one's own
	Finding   *Finding   // nil for a row of one's own
	Tailoring *Tailoring // nil when nothing is changed
	Fit       Fit        // of the tailoring
	Fate      Fate
	Assumed   bool // an agreement may give it, on nobody's word
}

// Settles tells whether an offer makes it needless to ask a supplier on a date,
// 2026-11-24: an agreement that somebody has read gives all of it, then.
func (o Offer) Settles(date string) bool {
	p := o.Prefill
	return o.Offered == rule.Yes && p.Agreement != nil && p.Answer == "yes" && p.Strength != "assumed" && !p.ExpiredAt(date)
}

// Lines makes the list for a supplier: every requirement in the catalogue's
// order, with the rows of one's own at the end of their areas, and then moved
// as the tailoring says. The date, 2026-11-24, decides which agreements count.
// A tailoring of something that is not there changes nothing.
func (d *Derivation) Lines(date string, tailored map[string]Tailoring) []Line {
	var out []Line
	own := slices.DeleteFunc(slices.SortedFunc(maps.Keys(tailored), byOwnNumber), func(id string) bool { return !OwnRow(id) })
	for i := range d.Findings {
		x := &d.Findings[i]
		l := d.line(x, date)
		if t, ok := tailored[l.ID]; ok {
			l.tailor(t)
		}
		out = append(out, l)
		area := x.Requirement.Area
		if i+1 < len(d.Findings) && d.Findings[i+1].Requirement.Area == area {
			continue
		}
		for _, id := range own {
			if t := tailored[id]; t.Area == area.ID {
				out = append(out, ownLine(id, area.Title, t))
			}
		}
	}
	// One's own rows must never be lost, even if their area is gone.
	for _, id := range own {
		if !slices.ContainsFunc(out, func(l Line) bool { return l.ID == id }) {
			out = append(out, ownLine(id, say.otherArea, tailored[id]))
		}
	}
	return moved(out)
}

func byOwnNumber(a, b string) int {
	x, _ := strconv.Atoi(strings.TrimPrefix(a, ownPrefix))
	y, _ := strconv.Atoi(strings.TrimPrefix(b, ownPrefix))
	return x - y
}

func (d *Derivation) line(x *Finding, date string) Line {
	r, e := x.Requirement, &x.Effective
	row := Row{ID: r.ID, Area: r.Area.Title, Title: Text(x.Title), Text: Text(x.Shall), Type: rowType(e.Obligation, e.Category),
		Verify: e.Verify}
	if row.Type == Should {
		row.Weight, row.Partly, row.Points = e.Weight, e.Partly, e.Points
	}
	if x.Applies == rule.Unknown {
		row.Type = Undecided
	}
	l := Line{Row: row, Found: row, Finding: x}
	l.Assumed = slices.ContainsFunc(x.Offers, func(o Offer) bool { return o.Prefill.Agreement != nil && o.Prefill.Strength == "assumed" })
	switch {
	case x.Applies == rule.No:
		l.Fate = NotApplies
	case r.Concern == "own":
		l.Fate = OwnConcern
	case len(x.Shall) == 0:
		l.Fate = NoText
	case x.Applies == rule.Yes && slices.ContainsFunc(x.Offers, func(o Offer) bool { return o.Settles(date) }):
		l.Fate = Contracted
	}
	return l
}

func rowType(obligation, category string) RowType {
	switch {
	case category == "contract":
		return Terms
	case obligation == "should":
		return Should
	}
	return Shall
}

func ownLine(id, area string, t Tailoring) Line {
	l := Line{Row: Row{ID: id, Area: area, Title: t.Title, Text: t.Text}, Tailoring: &t}
	l.Type = t.Type(nil)
	l.score(t)
	if t.LeftOut {
		l.Fate = LeftOut
	}
	return l
}

// tailor changes the row as the buyer wants.
func (l *Line) tailor(t Tailoring) {
	l.Tailoring = &t
	if l.Fate != Sent {
		l.Fit = Resting
		return
	}
	if t.LeftOut {
		l.Fate = LeftOut
	}
	if l.Type != Undecided {
		l.Type = t.Type(l.Finding)
	}
	l.score(t)
	if t.Title != "" {
		l.Title = t.Title
	}
	if t.Text != "" {
		l.Text = t.Text
	}
	switch {
	case (t.Title != "" || t.Text != "") && t.Base != nil && (t.Base.Title != l.Found.Title || t.Base.Text != l.Found.Text):
		l.Fit = Reworded
	case !t.LeftOut && t.After == "" && (t.Category == "" || t.Category == l.Finding.Effective.Category) && l.Row.same(&l.Found):
		l.Fit = Needless
	}
}

// Type is what a requirement is asked as with the tailoring, when it applies. A
// changed obligation leaves the category behind: a should-row is an award
// criterion and a shall-row is not. Without a finding it is a row of one's own.
func (t Tailoring) Type(x *Finding) RowType {
	obligation, category := t.Obligation, t.Category
	if x != nil {
		e := x.Effective
		if category == "" && (obligation == "" || obligation == e.Obligation) {
			category = e.Category
		}
		if obligation == "" {
			obligation = e.Obligation
		}
	}
	return rowType(obligation, category)
}

// score sets what a row gives, of the types that give anything.
func (l *Line) score(t Tailoring) {
	if l.Type != Should {
		l.Weight, l.Partly, l.Points = 0, 0, ""
		return
	}
	if t.Weight > 0 {
		l.Weight = t.Weight
		l.Partly = min(l.Partly, l.Weight)
	}
	if t.Partly != nil {
		l.Partly = min(*t.Partly, l.Weight)
	}
}

func (r *Row) same(x *Row) bool {
	return r.ID == x.ID && r.Area == x.Area && r.Title == x.Title && r.Text == x.Text && r.Type == x.Type && r.Points == x.Points &&
		r.Weight == x.Weight && r.Partly == x.Partly && slices.Equal(r.Verify.Tender, x.Verify.Tender) && slices.Equal(r.Verify.Contract, x.Verify.Contract)
}

// moved puts the lines where their tailoring says, one after another in the
// order that they had. A line whose neighbour is gone stays where it was.
func moved(lines []Line) []Line {
	var ids []string
	for _, l := range lines {
		if l.Tailoring != nil && l.Tailoring.After != "" {
			ids = append(ids, l.ID)
		}
	}
	for _, id := range ids {
		from := slices.IndexFunc(lines, func(l Line) bool { return l.ID == id })
		l := lines[from]
		to := slices.IndexFunc(lines, func(x Line) bool { return x.ID == l.Tailoring.After })
		if l.Tailoring.After == id || to < 0 && l.Tailoring.After != First {
			continue
		}
		lines = slices.Delete(lines, from, from+1)
		if to >= from {
			to--
		}
		lines = slices.Insert(lines, to+1, l)
	}
	return lines
}

// Rows gives what is sent.
func Rows(lines []Line) []Row {
	out := []Row{}
	for _, l := range lines {
		if l.Fate == Sent {
			out = append(out, l.Row)
		}
	}
	return out
}

// RowsSince pairs the rows that differ between an earlier list and a later: in
// the order of the later, then those that it lacks. A row that has only moved
// does not differ.
func RowsSince(before, after []Row) []Pair[Row] {
	return differ(before, after, func(r Row) string { return r.ID }, func(a, b *Row) bool { return a.same(b) })
}

// Tally counts lines by what becomes of them.
type Tally struct {
	Shall, Should, Terms, Open int // rows, by type

	Contracted int // left out: an agreement gives them already
	Assumed    int // among the rows: an agreement may give them, which nobody has checked
	Own        int // left out: they do not concern the supplier
	NoText     int // left out: their SHALL wording is not put to a supplier, or there is none
	Excluded   int // a profile takes them out
	LeftOut    int // the buyer has left them out
	Tailored   int // among the rows: changed or added by the buyer
}

// Rows is how many rows the list has.
func (t Tally) Rows() int { return t.Shall + t.Should + t.Terms + t.Open }

// TallyLines counts lines by what becomes of them. What does not concern a supplier
// is counted only when it applies.
func TallyLines(lines []Line) Tally {
	var t Tally
	for _, l := range lines {
		applies := l.Finding == nil || l.Finding.Applies == rule.Yes
		switch {
		case l.Fate == Sent:
			*map[RowType]*int{Shall: &t.Shall, Should: &t.Should, Terms: &t.Terms, Undecided: &t.Open}[l.Type]++
			if applies && l.Assumed {
				t.Assumed++
			}
			if l.Tailoring != nil {
				t.Tailored++
			}
		case l.Fate == LeftOut:
			t.LeftOut++
		case l.Fate == Contracted:
			t.Contracted++
		case l.Fate == OwnConcern && applies:
			t.Own++
		case l.Fate == NoText && applies:
			t.NoText++
		case l.Fate == NotApplies && l.Finding.Effective.Excluded != nil:
			t.Excluded++
		}
	}
	return t
}

// StepCost is what one step of a level costs in rows: those that would be
// different if the system's level in an aspect were one lower, all else the same.
type StepCost struct {
	Aspect   *catalog.Aspect
	From, To int
	Rows     []string // ids of rows that are sent now and would not be
	Milder   []string // ids of rows that would be sent with another text or type
}

// Covers is how much of a list one of the market's usual certificates answers:
// the rows that cite a standard which it examines. It shows that there is an
// answer to be had, never that a row is met.
type Covers struct {
	Certificate string
	Rows        []string // ids
}

// market is the usual certificates by the standards that they examine, as the
// catalogue writes them: the text is the beginning of the standard's name.
var market = []struct {
	certificate string
	examines    []string
}{
	{"ISO/IEC 27001", []string{"ISO/IEC 27001", "ISO/IEC 27002"}},
	{"ISO/IEC 27017", []string{"ISO/IEC 27017"}},
	{"BSI C5", []string{"BSI C5"}},
	{"CSA STAR", []string{"CSA CCM"}},
	{"IEC 62443", []string{"IEC 62443"}},
	{"ETSI EN 303 645", []string{"ETSI EN 303 645"}},
}

func coveredBy(lines []Line) []Covers {
	var out []Covers
	for _, m := range market {
		c := Covers{Certificate: m.certificate}
		for _, l := range lines {
			if l.Fate == Sent && l.Finding != nil && slices.ContainsFunc(l.Finding.Requirement.References, func(r catalog.Reference) bool {
				return slices.ContainsFunc(m.examines, func(s string) bool { return strings.HasPrefix(r.Standard, s) })
			}) {
				c.Rows = append(c.Rows, l.ID)
			}
		}
		if len(c.Rows) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// Proportion is how the list can be defended: what gave its rows.
type Proportion struct {
	Always int      // shall-rows that every system has
	Levels [4]int   // shall-rows by the level that calls for them, 1 to 3; the highest where there are several
	Other  int      // shall-rows that a law or an answer calls for, without a level
	Own    int      // shall-rows of the buyer's own
	Shown  []string // ids of rows that a certificate can verify at the tender
	Market []Covers // of the market's usual certificates, those that answer any rows
	Steps  []StepCost
}

// Proportion tells what gave the rows of a list.
func (d *Derivation) Proportion(date string, lines []Line) Proportion {
	p := Proportion{Market: coveredBy(lines)}
	for _, l := range lines {
		if l.Fate != Sent {
			continue
		}
		if slices.Contains(l.Verify.Tender, "certificate") {
			p.Shown = append(p.Shown, l.ID)
		}
		if l.Type != Shall {
			continue
		}
		switch e := l.Finding; {
		case e == nil:
			p.Own++
		case len(e.Effective.Thresholds) > 0:
			highest := 0
			for _, t := range e.Effective.Thresholds {
				if known := d.Facts.Level(t.Aspect).Lowest(); known >= t.Min {
					highest = max(highest, t.Min)
				}
			}
			p.Levels[highest]++
		case len(e.Effective.When.Rows) > 0 || len(e.Requirement.LawIDs) > 0:
			p.Other++
		default:
			p.Always++
		}
	}
	for _, l := range d.Facts.Levels {
		from, known := l.Known()
		if !known || from == 0 {
			continue
		}
		facts, err := d.Facts.WhatIf(map[string]int{l.Aspect.ID: from - 1}, nil)
		if err != nil {
			continue // not a level that can be tried
		}
		s := StepCost{Aspect: l.Aspect, From: from, To: from - 1}
		now := map[string]Line{}
		for _, x := range Derive(facts).Lines(date, nil) {
			now[x.ID] = x
		}
		for _, x := range lines {
			if x.Fate != Sent || x.Finding == nil {
				continue
			}
			switch y := now[x.ID]; {
			case y.Fate != Sent:
				s.Rows = append(s.Rows, x.ID)
			case !y.Found.same(&x.Found):
				s.Milder = append(s.Milder, x.ID)
			}
		}
		p.Steps = append(p.Steps, s)
	}
	return p
}

// Procurement gives what the buyer has settled; zero when nothing is.
func (r Record) Procurement() Procurement {
	var p Procurement
	if a := r.Answers[KeyProcurement]; a.Given() && json.Unmarshal(a.Value, &p) != nil {
		return Procurement{}
	}
	return p
}
