package workbook

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
)

// fate is what becomes of a finding in the kravbilaga.
type fate int

const (
	sent       fate = iota
	sentOpen        // in it although the verdict is unknown
	contracted      // an agreement gives it already
	own             // does not concern the supplier
	noText          // has no SHALL wording
	notApplies
)

func (s State) fate(x *engine.Finding) fate {
	switch {
	case x.Applies == engine.No:
		return notApplies
	case x.Requirement.Concern == "own":
		return own
	case len(x.Shall) == 0:
		return noText
	case x.Applies == engine.Unknown:
		return sentOpen
	case slices.ContainsFunc(x.Offers, s.settles):
		return contracted
	}
	return sent
}

// settles tells whether an offer makes it needless to ask a supplier: an
// agreement that somebody has read gives all of it, now.
func (s State) settles(o engine.Offer) bool {
	p := o.Prefill
	return o.Offered == engine.Yes && p.Agreement != nil && p.Answer == "yes" && p.Strength != "assumed" && !s.expired(p)
}

// assumed tells whether an agreement may give it, on nobody's word.
func (s State) assumed(o engine.Offer) bool {
	return o.Prefill.Agreement != nil && o.Prefill.Strength == "assumed"
}

func (s State) expired(p *catalog.Prefill) bool { return p.ValidUntil != "" && p.ValidUntil < s.Date }

// kindOf is the type that a tenderer sees.
func kindOf(x *engine.Finding) string {
	switch {
	case x.Applies == engine.Unknown:
		return typeOpen
	case x.Effective.Category == "contract":
		return typeTerms
	case x.Effective.Obligation == "should":
		return typeShould
	}
	return typeShall
}

// Tally counts findings by what becomes of them in the kravbilaga.
type Tally struct {
	Shall, Should, Terms, Open int // its rows, by type

	Contracted int // left out: an agreement gives them already
	Assumed    int // among its rows: an agreement may give them, which nobody has checked
	Own        int // left out: they do not concern the supplier
	NoText     int // left out: their SHALL wording is not put to a supplier, or there is none
	Excluded   int // a profile takes them out
}

// Rows is how many rows the kravbilaga has.
func (t Tally) Rows() int { return t.Shall + t.Should + t.Terms + t.Open }

// Tally counts what becomes of each finding.
func (s State) Tally() Tally {
	var t Tally
	for i := range s.Derivation.Findings {
		x := &s.Derivation.Findings[i]
		switch f := s.fate(x); f {
		case sent, sentOpen:
			*map[string]*int{typeShall: &t.Shall, typeShould: &t.Should, typeTerms: &t.Terms, typeOpen: &t.Open}[kindOf(x)]++
			if f == sent && slices.ContainsFunc(x.Offers, s.assumed) {
				t.Assumed++
			}
		case contracted:
			t.Contracted++
		case own:
			if x.Applies == engine.Yes {
				t.Own++
			}
		case noText:
			if x.Applies == engine.Yes {
				t.NoText++
			}
		case notApplies:
			if x.Effective.Excluded != nil {
				t.Excluded++
			}
		}
	}
	return t
}

func requirementColumns() []column {
	return []column{
		{title: label.id, width: 9, bold: true},
		{title: label.area, width: 19},
		{title: label.requirement, width: 48, headed: true},
		{title: label.kind, width: 9},
		{title: label.references, width: 25},
		{title: label.verifyTender, width: 20},
		{title: label.verifyContract, width: 20},
		{title: label.weight, width: 9},
		{title: label.answer, width: 12, open: true},
		{title: label.responsible, width: 15, open: true},
		{title: label.description, width: 30, open: true},
		{title: label.evidence, width: 18, open: true},
		{title: label.rowKey, width: 20, hidden: true},
	}
}

// requirementSheets builds the kravbilaga.
func requirementSheets(s State) []sheet {
	t := s.Tally()
	krav := sheet{name: sheetRows, table: true, key: 12, paper: a4, columns: requirementColumns()}
	var areas []string
	for i := range s.Derivation.Findings {
		x := &s.Derivation.Findings[i]
		if f := s.fate(x); f != sent && f != sentOpen {
			continue
		}
		r := x.Requirement
		text := engine.Text(x.Title) + "\n" + engine.Text(x.Shall)
		kind := kindOf(x)
		weight := ""
		if kind == typeShould {
			weight = fill(label.weightCell, x.Effective.Weight, x.Effective.Partly)
			if x.Effective.Points != "" {
				text += "\n" + fill(label.points, x.Effective.Points)
			}
		}
		cells := texts(r.ID, r.Area.Title, text, kind, citations(s.Derivation, r, false), verify(x.Effective.Verify.Tender),
			verify(x.Effective.Verify.Contract), weight, "", "", "", "", rowKey(r.ID, text))
		cells[8].list = map[string]string{typeShould: listBor, typeTerms: listTerms}[kind]
		if cells[8].list == "" {
			cells[8].list = listShall
		}
		cells[9].list = listBy
		krav.rows = append(krav.rows, row{cells: cells})
		if !slices.Contains(areas, r.Area.Title) {
			areas = append(areas, r.Area.Title)
		}
	}
	return []sheet{
		{name: sheetReadMe, columns: []column{{width: 92}}, key: -1, paper: a4, upright: true, rows: readMe(s, t)},
		krav,
		summary(areas, len(krav.rows)),
		listSheet(),
	}
}

// summary counts the answers with formulas. SUMPRODUCT compares the whole
// text, where COUNTIFS would read * and ? in a title as wildcards.
func summary(areas []string, rows int) sheet {
	s := sheet{name: sheetSummary, table: true, key: -1, paper: a4, columns: []column{
		{title: label.area, width: 40},
		{title: label.count, width: 14},
		{title: label.answered, width: 14},
		{title: label.yes, width: 22},
		{title: label.partly, width: 14},
		{title: label.no, width: 14},
	}}
	column := func(c string) string { return fmt.Sprintf("%s!$%s$2:$%s$%d", sheetRows, c, c, max(rows, 1)+1) }
	area, answer := column("B"), column("I")
	for i, title := range areas {
		at := fmt.Sprintf("$A%d", i+2)
		count := func(what string) cell {
			return cell{formula: fmt.Sprintf("SUMPRODUCT((%s=%s)*%s)", area, at, what)}
		}
		is := func(v string) string { return fmt.Sprintf("(%s=%q)", answer, v) }
		s.rows = append(s.rows, row{cells: []cell{
			{text: title}, count("1"), count("(LEN(" + answer + ")>0)"),
			count("(" + is(answerYes) + "+" + is(answerAccept) + ")"), count(is(answerPartly)), count(is(answerNo)),
		}})
	}
	total := row{look: lookLabel, cells: texts(label.total)}
	for _, c := range "BCDEF" {
		total.cells = append(total.cells, cell{formula: fmt.Sprintf("SUM(%c2:%c%d)", c, c, max(len(areas), 1)+1)})
	}
	s.rows = append(s.rows, total)
	return s
}

// listSheet holds what the drop-downs offer.
func listSheet() sheet {
	s := sheet{name: sheetLists, table: true, key: -1, paper: a4, visible: hidden}
	s.rows = make([]row, 4)
	for _, l := range lists {
		s.columns = append(s.columns, column{title: l.title, width: 24})
		for i := range s.rows {
			c := cell{}
			if i < len(l.values) {
				c.text = l.values[i]
			}
			s.rows[i].cells = append(s.rows[i].cells, c)
		}
	}
	return s
}

// lawNumber is what tells a law: 2025:1506, 2016/679.
var lawNumber = regexp.MustCompile(`\d{4}[:/]\d+`)

// citations lists a requirement's references, and the laws that apply and that
// no reference cites already. A reference that its author is not sure of is
// for the motivering alone.
func citations(d *engine.Derivation, r *catalog.Requirement, uncertain bool) string {
	var out []string
	cited := map[string]bool{}
	for _, ref := range r.References {
		if ref.Uncertain && !uncertain {
			continue
		}
		s := ref.Standard
		switch {
		case len(ref.Edition) == 4:
			s = fill(label.reference, s, ref.Edition)
		case ref.Edition != "":
			s += " " + ref.Edition
		}
		if ref.ID != "" {
			s += " " + ref.ID
		}
		if ref.Uncertain {
			s += label.uncertain
		}
		out = append(out, s)
		cited[lawNumber.FindString(ref.Standard)] = true
	}
	if !uncertain {
		for _, law := range appliedLaws(d, r) {
			if !cited[lawNumber.FindString(law.Source)] {
				out = append(out, law.Source)
			}
		}
	}
	return strings.Join(out, "\n")
}

// appliedLaws gives the requirement's laws that apply to the system.
func appliedLaws(d *engine.Derivation, r *catalog.Requirement) []*catalog.Law {
	var out []*catalog.Law
	for _, l := range d.Laws {
		if l.Applies == engine.Yes && slices.Contains(r.Laws, l.Law) {
			out = append(out, l.Law)
		}
	}
	return out
}

func verify(codes []string) string {
	var s []string
	for _, c := range codes {
		s = append(s, strings.ToLower(catalog.Name("verify", c)))
	}
	return sentence(strings.Join(s, ", "))
}

func itoa(n int) string { return strconv.Itoa(n) }
