package workbook

import (
	"bytes"
	"encoding/csv"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kravverk/kravverk/engine"
)

// Plan is what an action plan is written from.
type Plan struct {
	Title       string // of what it is the plan
	Date        string // of the file, 2026-11-24
	CatalogHash string
	// ClassificationID is the classification's, or "" for a plan across several.
	ClassificationID string
	Lines            []PlanLine
}

// PlanLine is one action as it stands in a file.
type PlanLine struct {
	Key    string // tells it from all others, and finds it when the file comes back
	System string
	Role   string // its title
	engine.Action
}

// StatusWord is what a status is called.
func StatusWord(s engine.Status) string {
	return map[engine.Status]string{engine.Planned: "Planerad", engine.Ongoing: "Pågår", engine.Completed: "Klar", engine.Dropped: "Avbruten"}[s]
}

// OriginWord is what an origin is called.
func OriginWord(o engine.Origin) string {
	return map[engine.Origin]string{engine.OfClassification: "Klassning", engine.OfRisk: "Risk", engine.OfAudit: "Revision", engine.OfSupervision: "Tillsyn", engine.OfIncident: "Incident"}[o]
}

// planColumns are the columns of a plan, in order. State and Follow are what
// comes back.
var planColumns = []column{
	{title: "Planpost", width: 34, bold: true}, {title: "System", width: 22}, {title: "Beskrivning", width: 46}, {title: "Krav", width: 14}, {title: "Kommer av", width: 11}, {title: "Roll", width: 20},
	{title: "Prioritet", width: 9}, {title: "Insats (1–5)", width: 9}, {title: "Kostnad (kr)", width: 11}, {title: "Börjar", width: 11}, {title: "Klar senast", width: 11},
	{title: planState, width: 12, open: true}, {title: planFollow, width: 40, open: true}, {title: planSent, width: 10, hidden: true}, {title: planKey, width: 10, hidden: true},
}

const planState, planFollow, planSent, planKey = "Läge", "Så går det", "Utlämnat", "Nyckel"

// sent is what a line carries of what it said when it went out. Without it
// nobody could tell a cell that was filled in from one that was left alone while
// the plan went on.
func (l PlanLine) sent() string { return string(l.Status) + " " + short(l.Comment) }

func (l PlanLine) cells() []cell {
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return itoa(n)
	}
	out := texts(l.Title, l.System, l.Text, strings.Join(l.Requirements, "\n"), OriginWord(l.Origin), l.Role, number(l.Priority), number(l.Effort), number(l.Cost), l.Start, l.Due,
		StatusWord(l.Status), l.Comment, l.sent(), l.Key)
	out[11].list = listState
	return out
}

// WritePlan writes an action plan as an Excel file. The state and how it goes
// can be filled in and read back with ReadPlan; the rest is locked.
func WritePlan(w io.Writer, p Plan) (Identity, error) {
	s := sheet{name: sheetPlan, table: true, key: len(planColumns) - 1, paper: a3, columns: planColumns}
	for _, l := range p.Lines {
		s.rows = append(s.rows, row{cells: l.cells()})
	}
	id := Identity{Kind: PlanKind, CatalogHash: p.CatalogHash, ClassificationID: p.ClassificationID}
	return write(w, document{title: sheetPlan + ", " + p.Title, date: p.Date, locked: true, identity: id, sheets: []sheet{s, listSheet(planLists)}})
}

// WritePlanCSV writes the same as a CSV file as Swedish Excel reads it: UTF-8
// with a mark, semicolons, CRLF. A cell that a program could take for a formula
// begins with an apostrophe.
func WritePlanCSV(w io.Writer, p Plan) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.Comma, out.UseCRLF = ';', true
	var head []string
	for _, c := range planColumns {
		head = append(head, c.title)
	}
	if err := out.Write(head); err != nil {
		return err
	}
	for _, l := range p.Lines {
		var fields []string
		for _, c := range l.cells() {
			fields = append(fields, harmless(c.text))
		}
		if err := out.Write(fields); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// harmless keeps a spreadsheet from running a text. A text that already begins
// with apostrophes before something to run gets one more, so that harmed can
// take away exactly the one that was put there.
func harmless(s string) string {
	if runs(s) {
		return "'" + s
	}
	return s
}

// harmed takes away the apostrophe that harmless put there.
func harmed(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && runs(rest) {
		return rest
	}
	return s
}

// runs tells whether a spreadsheet could take a text for a formula: programs
// skip space and line ends before it, and read wide signs as the narrow ones.
func runs(s string) bool {
	s = strings.TrimLeft(s, "'")
	if s != "" && strings.ContainsRune("\t\r\n", rune(s[0])) {
		return true
	}
	s = strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	r, _ := utf8.DecodeRuneInString(s)
	return s != "" && strings.ContainsRune("=+-@＝＋－＠", r)
}

// PlanReading is what stands in a plan that has come back.
type PlanReading struct {
	ClassificationID string // "" when the file does not say
	Rows             []PlanRead
	Strays           int // rows with something in them, and no key
}

// PlanRead is one row: its key, the state and how it goes.
type PlanRead struct {
	At      int // the row in the sheet
	Key     string
	Status  engine.Status // "" when the text is none of the states
	Written string
	Comment string
	sent    string // what it said when it went out; "" in a file that does not tell
}

// FilledStatus and FilledComment tell whether somebody has changed the state, or
// how it goes, since the file went out. In a file that does not tell, all is
// taken as filled in.
func (x PlanRead) FilledStatus() bool {
	return x.sent == "" || !strings.EqualFold(x.Written, StatusWord(engine.Status(x.was(0))))
}

func (x PlanRead) FilledComment() bool { return x.sent == "" || short(x.Comment) != x.was(1) }

// MovedStatus and MovedComment tell whether what stands in the plan now is
// another than what went out in the file. In a file that does not tell, nothing
// is known to have moved.
func (x PlanRead) MovedStatus(now engine.Status) bool {
	return x.sent != "" && string(now) != x.was(0)
}

func (x PlanRead) MovedComment(now string) bool { return x.sent != "" && short(now) != x.was(1) }

func (x PlanRead) was(i int) string { return strings.Fields(x.sent)[i] }

// ReadPlan reads what WritePlan or WritePlanCSV wrote, after somebody has filled
// it in. Columns are found by their titles and rows by their keys, wherever they
// stand. The error is a Refusal.
func ReadPlan(data []byte) (r PlanReading, err error) {
	defer func() {
		if recover() != nil { // excelize, on a file made to break it
			r, err = PlanReading{}, RefusedDamaged
		}
	}()
	if guardFormat(data) == RefusedText {
		return readPlanCSV(data)
	}
	f, err := openSafe(data)
	if err != nil {
		return r, err
	}
	defer f.Close()
	id, marked := identify(f)
	if !marked {
		return r, RefusedForeign
	}
	if id.Kind != PlanKind {
		return r, RefusedNoPlan
	}
	r.ClassificationID = id.ClassificationID
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name)
		if err != nil {
			return PlanReading{}, RefusedDamaged
		}
		if r.read(rows) {
			return r, nil
		}
	}
	return PlanReading{}, RefusedNoPlan
}

// readPlanCSV reads the same from text, with what Excel may have made of the
// separators.
func readPlanCSV(data []byte) (PlanReading, error) {
	if !utf8.Valid(data) {
		return PlanReading{}, RefusedEncoding
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	for _, comma := range ";,\t" {
		in := csv.NewReader(bytes.NewReader(data))
		in.Comma, in.FieldsPerRecord, in.LazyQuotes = comma, -1, true
		rows, err := in.ReadAll()
		if err != nil || len(rows) > maxRow {
			continue
		}
		for _, cells := range rows {
			for i, c := range cells {
				cells[i] = harmed(strings.TrimSpace(c))
			}
		}
		var r PlanReading
		if r.read(rows) {
			return r, nil
		}
	}
	return PlanReading{}, RefusedNoPlan
}

// read takes the rows of a sheet, and tells whether it is one with a plan.
func (r *PlanReading) read(rows [][]string) bool {
	at := map[string]int{}
	for n, cells := range rows {
		if len(at) == 0 {
			for i, c := range cells {
				if t := strings.TrimSpace(c); slices.Contains([]string{planState, planFollow, planSent, planKey}, t) {
					at[t] = i
				}
			}
			for _, t := range []string{planState, planFollow, planKey} {
				if _, ok := at[t]; !ok {
					clear(at)
				}
			}
			continue
		}
		get := func(title string) string {
			if i, ok := at[title]; ok && i < len(cells) {
				return strings.TrimSpace(cells[i])
			}
			return ""
		}
		x := PlanRead{At: n + 1, Key: get(planKey), Written: get(planState), Comment: get(planFollow)}
		if x.Key == "" {
			if strings.TrimSpace(strings.Join(cells, "")) != "" {
				r.Strays++
			}
			continue
		}
		if sent := get(planSent); len(strings.Fields(sent)) == 2 {
			x.sent = sent
		}
		for _, s := range engine.Statuses {
			if strings.EqualFold(x.Written, StatusWord(s)) {
				x.Status = s
			}
		}
		r.Rows = append(r.Rows, x)
	}
	return len(at) > 0
}
