package workbook

import (
	"encoding/csv"
	"io"
	"slices"
	"strings"

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
	{title: planState, width: 12, open: true}, {title: planFollow, width: 40, open: true}, {title: planKey, width: 10, hidden: true},
}

const planState, planFollow, planKey = "Läge", "Så går det", "Nyckel"

func (l PlanLine) cells() []cell {
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return itoa(n)
	}
	out := texts(l.Title, l.System, l.Text, strings.Join(l.Requirements, "\n"), OriginWord(l.Origin), l.Role, number(l.Priority), number(l.Effort), number(l.Cost), l.Start, l.Due,
		StatusWord(l.Status), l.Comment, l.Key)
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

// harmless keeps a spreadsheet from running a text.
func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// PlanReading is what stands in a plan that has come back.
type PlanReading struct {
	ClassificationID string
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
}

// ReadPlan reads what WritePlan wrote, after somebody has filled it in. Columns
// are found by their titles and rows by their keys, wherever they stand. The
// error is a Refusal.
func ReadPlan(data []byte) (r PlanReading, err error) {
	defer func() {
		if recover() != nil { // excelize, on a file made to break it
			r, err = PlanReading{}, RefusedDamaged
		}
	}()
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
		return r, RefusedKind
	}
	r.ClassificationID = id.ClassificationID
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name)
		if err != nil {
			return PlanReading{}, RefusedDamaged
		}
		at := map[string]int{}
		for n, cells := range rows {
			if len(at) == 0 {
				for i, c := range cells {
					if t := strings.TrimSpace(c); slices.Contains([]string{planState, planFollow, planKey}, t) {
						at[t] = i
					}
				}
				if len(at) < 3 {
					clear(at)
				}
				continue
			}
			get := func(title string) string {
				if i := at[title]; i < len(cells) {
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
			for _, s := range engine.Statuses {
				if strings.EqualFold(x.Written, StatusWord(s)) {
					x.Status = s
				}
			}
			r.Rows = append(r.Rows, x)
		}
		if len(at) > 0 {
			return r, nil
		}
	}
	return PlanReading{}, RefusedNoRows
}
