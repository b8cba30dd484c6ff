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

// lines is the list with what the buyer has changed.
func (s State) lines() []engine.Line { return s.Derivation.Lines(s.Date, s.Tailored) }

// Tally counts what becomes of each requirement.
func (s State) Tally() engine.Tally { return engine.TallyLines(s.lines()) }

// kinds is the types as a tenderer sees them.
var kinds = map[engine.RowType]string{engine.Shall: typeShall, engine.Should: typeShould, engine.Terms: typeTerms, engine.Undecided: typeOpen, engine.Verified: "Verifieras"}

// listOf is what each type is answered with.
var listOf = map[engine.RowType]string{engine.Shall: listShall, engine.Should: listBor, engine.Terms: listTerms, engine.Undecided: listShall, engine.Verified: listBor}

// rowText is what a requirement's cell says.
func rowText(r engine.Row) string {
	text := r.Title + "\n" + r.Text
	if r.Points != "" {
		text += "\n" + fill(label.points, r.Points)
	}
	return text
}

func weight(r engine.Row) string {
	if r.Type != engine.Should {
		return ""
	}
	return fill(label.weightCell, r.Weight, r.Partly)
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

// The places of a kravbilaga's columns.
const (
	colID, colArea, colText, colKind, colRefs, colTender, colContract, colWeight = 0, 1, 2, 3, 4, 5, 6, 7
	colAnswer, colBy, colDescription, colEvidence, colKey                        = 8, 9, 10, 11, 12
)

// requirementSheets builds the kravbilaga.
func requirementSheets(s State) []sheet {
	lines := s.lines()
	krav := sheet{name: sheetRows, table: true, key: colKey, paper: a4, columns: requirementColumns()}
	var areas []string
	for _, l := range lines {
		if l.Fate != engine.Sent {
			continue
		}
		refs := ""
		if l.Finding != nil {
			refs = citations(s.Derivation, l.Finding.Requirement, false)
		}
		text := rowText(l.Row)
		cells := texts(l.ID, l.Area, text, kinds[l.Type], refs, verify(l.Verify.Tender), verify(l.Verify.Contract), weight(l.Row), "", "", "", "", rowKey(l.ID, text))
		cells[colAnswer].list, cells[colBy].list = listOf[l.Type], listBy
		krav.rows = append(krav.rows, row{cells: cells})
		if !slices.Contains(areas, l.Area) {
			areas = append(areas, l.Area)
		}
	}
	sheets := []sheet{
		{name: sheetReadMe, columns: []column{{width: 92}}, key: -1, paper: a4, upright: true, rows: readMe(s, engine.TallyLines(lines))},
		krav,
		summary(areas, len(krav.rows)),
	}
	if s.Version > 1 {
		sheets = append(sheets, changeSheet(s.Since, engine.Rows(lines)))
	}
	return append(sheets, listSheet(lists))
}

// changeSheet tells what differs from an earlier version, row by row.
func changeSheet(before, now []engine.Row) sheet {
	out := sheet{name: sheetChanges, table: true, key: 0, paper: a4, columns: []column{
		{title: label.id, width: 9, bold: true},
		{title: label.change, width: 12},
		{title: label.what, width: 24},
		{title: label.before, width: 56},
		{title: label.now, width: 56},
	}}
	for _, p := range engine.RowsSince(before, now) {
		switch {
		case p.Before == nil:
			out.rows = append(out.rows, row{cells: texts(p.After.ID, label.added, "", "", rowSay(*p.After))})
		case p.After == nil:
			out.rows = append(out.rows, row{cells: texts(p.Before.ID, label.removed, "", rowSay(*p.Before), "")})
		default:
			out.rows = append(out.rows, row{cells: texts(p.After.ID, label.changed, rowDifference(*p.Before, *p.After), rowSay(*p.Before), rowSay(*p.After))})
		}
	}
	return out
}

// rowSay is a row in one cell: its type, what it gives and its text.
func rowSay(r engine.Row) string {
	say := kinds[r.Type]
	if r.Type == engine.Should {
		say += ", " + fill(label.gives, r.Weight, r.Partly)
	}
	return say + "\n" + rowText(r)
}

// rowDifference names what differs between two versions of a row.
func rowDifference(a, b engine.Row) string {
	var s []string
	for _, x := range []struct {
		differs bool
		word    string
	}{
		{a.Title != b.Title || a.Text != b.Text, label.text}, {a.Type != b.Type, label.kind},
		{a.Weight != b.Weight || a.Partly != b.Partly || a.Points != b.Points, label.weight},
		{!slices.Equal(a.Verify.Tender, b.Verify.Tender) || !slices.Equal(a.Verify.Contract, b.Verify.Contract), label.verification},
		{a.Area != b.Area, label.area},
	} {
		if x.differs {
			s = append(s, x.word)
		}
	}
	return sentence(lower(strings.Join(s, ", ")))
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
func listSheet(lists []choiceList) sheet {
	s := sheet{name: sheetLists, table: true, key: -1, paper: a4, visible: hidden}
	s.rows = make([]row, 4) // as many as the longest list has
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
