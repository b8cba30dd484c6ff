package workbook

import (
	"io"
	"slices"

	"github.com/kravverk/kravverk/engine"
)

// Round is what a supplier is asked about a system in operation.
type Round struct {
	Supplier         string
	System, Unit     string
	ClassificationID string
	CatalogHash      string
	Date             string // of the file, 2026-11-24
	Number           int
	Note             string // to the supplier
	Rows             []engine.Row
}

// WriteRound writes the file that a supplier fills in about a system in
// operation. It has a kravbilaga's table, so ReadTender reads it.
func WriteRound(w io.Writer, r Round) (Identity, error) {
	krav := sheet{name: sheetRows, table: true, key: colKey, paper: a4, columns: requirementColumns()}
	krav.columns[colWeight].hidden, krav.columns[colTender].hidden, krav.columns[colRefs].hidden = true, true, true
	var areas []string
	for _, x := range r.Rows {
		text := rowText(x)
		cells := texts(x.ID, x.Area, text, kinds[x.Type], "", "", verify(x.Verify.Contract), "", "", "", "", "", rowKey(x.ID, text))
		cells[colAnswer].list, cells[colBy].list = listOf[x.Type], listBy
		krav.rows = append(krav.rows, row{cells: cells})
		if !slices.Contains(areas, x.Area) {
			areas = append(areas, x.Area)
		}
	}
	read := sheet{name: sheetReadMe, columns: []column{{width: 92}}, key: -1, paper: a4, upright: true}
	line := func(l look, text string) { read.rows = append(read.rows, row{look: l, cells: texts(text)}) }
	line(lookTitle, fill(roundWords.title, r.System))
	line(lookBody, fill(roundWords.from, r.Unit, r.Supplier, r.Number, r.Date))
	line(lookHeading, roundWords.how)
	for _, text := range roundWords.steps {
		line(lookBody, text)
	}
	if r.Note != "" {
		line(lookHeading, roundWords.note)
		line(lookBody, r.Note)
	}
	id := Identity{Kind: Requirements, CatalogHash: r.CatalogHash, ClassificationID: r.ClassificationID}
	return write(w, document{title: fill(roundWords.title, r.System), date: r.Date, locked: true, identity: id, sheets: []sheet{read, krav, summary(areas, len(krav.rows)), listSheet(lists)}})
}
