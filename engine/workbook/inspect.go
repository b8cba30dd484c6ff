package workbook

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Report tells what a file is and what has become of it.
type Report struct {
	Identity Identity
	// Checked tells whether the sheet _meta was there to compare with. Without
	// it only the texts of the requirements could be.
	Checked  bool
	Changes  []Change // anything but what a supplier may write
	Rows     int      // rows with room for an answer, as written
	Answered int      // those where something is written
}

// Untouched tells whether nothing but the supplier's cells was changed, as far
// as the file itself can tell. Only the one who wrote it can prove it, by the
// export id.
func (r Report) Untouched() bool { return r.Checked && len(r.Changes) == 0 }

// Change is one difference from the file as it was written.
type Change struct {
	Sheet, Cell string // the cell as it stands now; empty when a row or a sheet is missing
	Row         string // Krav-ID, or the row's number
	Sentence    string
}

// Inspect tells what a file is, from which classification and catalogue, and
// whether anything but the supplier's cells was changed. The error is a
// Refusal: the file is not one of ours, not safe, or not readable.
func Inspect(data []byte) (report Report, err error) {
	defer func() {
		if recover() != nil { // excelize, on a file made to break it
			report, err = Report{}, RefusedDamaged
		}
	}()
	f, err := openSafe(data)
	if err != nil {
		return Report{}, err
	}
	defer f.Close()
	id, ok := identify(f)
	if !ok {
		return Report{}, RefusedForeign
	}
	sum := sha256.Sum256(data)
	id.SHA256 = hex.EncodeToString(sum[:])
	report.Identity = id

	marks := readMarks(f)
	if report.Checked = len(marks) > 0; !report.Checked {
		report.Changes = append(report.Changes, Change{Sentence: changeWords.noMeta})
		report.compareKeys(f)
		return report, nil
	}
	sound := exportID(id, marks) == id.ExportID
	seen := map[string]bool{}
	for len(marks) > 0 {
		name := marks[0].sheet
		if seen[name] {
			sound = false // never so from our hand; to go on could take all day
			break
		}
		seen[name] = true
		n := slices.IndexFunc(marks, func(m rowMark) bool { return m.sheet != name })
		if n < 0 {
			n = len(marks)
		}
		report.compare(f, name, marks[:n])
		marks = marks[n:]
	}
	if !sound {
		report.Changes = append(report.Changes, Change{Sheet: sheetMeta, Sentence: changeWords.metaChanged})
	}
	return report, nil
}

// openSafe opens a file that has been guarded. excelize may still panic on one
// that was made to break it: the caller recovers.
func openSafe(data []byte) (*excelize.File, error) {
	if err := guard(data); err != nil {
		return nil, err
	}
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxPart, RawCellValue: true,
	})
	if err != nil {
		return nil, RefusedDamaged
	}
	return f, nil
}

func (r *Report) add(sheet, cell, row, format string, args ...any) {
	r.Changes = append(r.Changes, Change{sheet, cell, row, fmt.Sprintf(format, args...)})
}

// identify reads the identity from the first of the three places that has it.
func identify(f *excelize.File) (Identity, bool) {
	var marks []string
	if props, err := f.GetCustomProps(); err == nil {
		for _, p := range props {
			if s, ok := p.Value.(string); ok && p.Name == identityProperty {
				marks = append(marks, s)
			}
		}
	}
	if v, err := f.GetCellValue(sheetMeta, "A1"); err == nil {
		marks = append(marks, v)
	}
	for _, n := range f.GetDefinedName() {
		if n.Name == identityName {
			marks = append(marks, n.RefersTo)
		}
	}
	for _, m := range marks {
		if id, ok := parseMark(m); ok {
			return id, true
		}
	}
	return Identity{}, false
}

func readMarks(f *excelize.File) []rowMark {
	rows, err := f.GetRows(sheetMeta)
	if err != nil || len(rows) < 2 {
		return nil
	}
	var out []rowMark
	for _, r := range rows[1:] {
		if len(r) == 4 {
			out = append(out, rowMark{r[0], r[1], r[2], strings.Split(r[3], " ")})
		}
	}
	return out
}

// compare holds a sheet against its marks. Columns are found by their titles
// and rows by their keys, so that moving them is no change.
func (r *Report) compare(f *excelize.File, name string, marks []rowMark) {
	rows, err := f.GetRows(name)
	if err != nil {
		r.add(name, "", "", changeWords.sheetMissing, name)
		return
	}
	g := grid{name, rows, nil}
	if marks[0].key == header {
		g.find(marks[0])
		r.cells(g, 0, "1", marks[0], false)
		marks = marks[1:]
	}
	if len(marks) == 0 {
		return
	}
	keyed := marks[0].id != ""
	if !keyed {
		for _, m := range marks {
			n, _ := strconv.Atoi(m.key)
			r.cells(g, n-1, m.key, m, true)
		}
		return
	}
	key := max(slices.Index(marks[0].slots, slotFree), 0) // the hidden column, or the first
	byKey, byID := g.index(key), g.index(0)
	used, known := make([]bool, len(rows)), map[string]bool{}
	for _, m := range marks {
		known[m.id] = true
		at := take(byKey[m.key], used)
		if at < 0 {
			at = take(byID[m.id], used)
		}
		if at < 0 {
			r.add(name, "", m.id, changeWords.rowMissing, m.id, name)
			continue
		}
		r.cells(g, at, m.id, m, true)
	}
	for i := 1; i < len(rows); i++ {
		if used[i] || strings.Join(rows[i], "") == "" {
			continue
		}
		if id := g.text(i, 0); known[id] {
			r.add(name, fmt.Sprint("A", i+1), id, changeWords.rowTwice, id, name)
		} else {
			r.add(name, fmt.Sprint("A", i+1), strconv.Itoa(i+1), changeWords.rowAdded, i+1, name)
		}
	}
}

// cells compares one row.
func (r *Report) cells(g grid, at int, row string, m rowMark, count bool) {
	open, answered := false, false
	for i, slot := range m.slots {
		text := g.text(at, i)
		switch slot {
		case slotFree:
		case slotOpen:
			open, answered = true, answered || text != ""
		default:
			if short(text) != slot {
				cell := fmt.Sprint(g.letter(i), at+1)
				r.add(g.name, cell, row, changeWords.cell, cell, g.name)
			}
		}
	}
	if count && open {
		r.Rows++
		if answered {
			r.Answered++
		}
	}
}

// compareKeys is what can be told without _meta: a row's key is a hash of its
// text.
func (r *Report) compareKeys(f *excelize.File) {
	rows, err := f.GetRows(sheetRows)
	if err != nil || r.Identity.Kind != Requirements {
		return
	}
	g := grid{sheetRows, rows, nil}
	columns := requirementColumns()
	m := rowMark{}
	for _, c := range columns {
		m.slots = append(m.slots, short(c.title))
	}
	g.find(m)
	for i := 1; i < len(rows); i++ {
		id, key := g.text(i, 0), g.text(i, len(columns)-1)
		if key == "" {
			continue
		}
		r.Rows++
		if slices.ContainsFunc([]int{8, 9, 10, 11}, func(c int) bool { return g.text(i, c) != "" }) {
			r.Answered++
		}
		if key != rowKey(id, g.text(i, 2)) {
			cell := fmt.Sprint(g.letter(2), i+1)
			r.add(sheetRows, cell, id, changeWords.rowText, cell, sheetRows)
		}
	}
}

// grid is a sheet's text, with the columns where they have been moved to.
type grid struct {
	name  string
	rows  [][]string
	moved []int
}

// find looks the columns up by their titles. One that is not found stays where
// it was.
func (g *grid) find(titles rowMark) {
	if len(g.rows) == 0 {
		return
	}
	g.moved = make([]int, len(titles.slots))
	for i, slot := range titles.slots {
		g.moved[i] = i
		if i < len(g.rows[0]) && short(g.rows[0][i]) == slot {
			continue
		}
		if at := slices.IndexFunc(g.rows[0], func(s string) bool { return short(s) == slot }); at >= 0 {
			g.moved[i] = at
		}
	}
}

func (g grid) column(i int) int {
	if i < len(g.moved) {
		return g.moved[i]
	}
	return i
}

func (g grid) text(row, column int) string {
	column = g.column(column)
	if row < 0 || row >= len(g.rows) || column >= len(g.rows[row]) {
		return ""
	}
	return settled(g.rows[row][column])
}

// letter names a column as it stands now.
func (g grid) letter(i int) string {
	name, _ := excelize.ColumnNumberToName(g.column(i) + 1)
	return name
}

// index gives the rows by the text of a column.
func (g grid) index(column int) map[string][]int {
	out := map[string][]int{}
	for i := 1; i < len(g.rows); i++ {
		text := g.text(i, column)
		out[text] = append(out[text], i)
	}
	return out
}

// take is the first row that no other has taken; it is taken then.
func take(rows []int, used []bool) int {
	for _, i := range rows {
		if !used[i] {
			used[i] = true
			return i
		}
	}
	return -1
}
