package workbook

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
)

// document is everything that one file is made of.
type document struct {
	title, date string
	draft       bool
	locked      bool // only the supplier's cells can be written in
	identity    Identity
	sheets      []sheet
}

// The product's colors.
const (
	spruce = "0E5350"
	paper  = "F7F5EF"
	ink    = "18211F"
	line   = "DFDACE"
	white  = "FFFFFF"
)

const fontName = "Arial"

// book keeps the first error, so that the drawing reads as drawing.
type book struct {
	*excelize.File
	looks [looks]int
	rich  int // the first rich text among the shared strings; 0 when there is none yet
	err   error
}

func (b *book) do(err error) {
	if b.err == nil {
		b.err = err
	}
}

// render draws a document with excelize.
func render(d document) ([]byte, error) {
	b := &book{File: excelize.NewFile()}
	defer b.Close()
	b.setUp()
	for i, s := range d.sheets {
		if i == 0 {
			b.do(b.SetSheetName("Sheet1", s.name))
		} else {
			_, err := b.NewSheet(s.name)
			b.do(err)
		}
		b.cells(s)
		b.layout(s, d)
	}
	b.names(d)
	b.properties(d)
	if b.err != nil {
		return nil, b.err
	}
	buf, err := b.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

func (b *book) setUp() {
	b.do(b.SetDefaultFont(fontName))
	if b.err == nil {
		*b.Styles.Fonts.Font[0].Sz.Val = 10 // column widths count its digits
	}
	yes, text := true, "@"
	var border []excelize.Border
	for _, side := range []string{"left", "top", "right", "bottom"} {
		border = append(border, excelize.Border{Type: side, Color: line, Style: 1})
	}
	fill := func(color string) excelize.Fill {
		return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{color}}
	}
	for l := range looks {
		f := fonts[l]
		style := excelize.Style{
			Font:         &excelize.Font{Family: fontName, Size: f.size, Bold: f.bold, Color: ink},
			Alignment:    &excelize.Alignment{WrapText: true, Vertical: "top"},
			CustomNumFmt: &text,
			Protection:   &excelize.Protection{Locked: true},
		}
		switch l {
		case lookCell, lookLabel:
			style.Border, style.Fill = border, fill(paper)
		case lookNumber, lookSum:
			style.Border, style.Fill, style.CustomNumFmt = border, fill(paper), nil
			style.Alignment.Horizontal = "right"
		case lookOpen:
			style.Border = border
			style.Protection.Locked = false
		case lookHead:
			style.Border, style.Fill, style.Font.Color = border, fill(spruce), white
			style.Alignment.Vertical = "center"
		case lookHeadOpen:
			style.Border, style.Fill, style.Font.Color = border, fill(white), spruce
			style.Border = append(slices.Clone(border[:3]), excelize.Border{Type: "bottom", Color: spruce, Style: 5})
			style.Alignment.Vertical = "center"
		case lookTitle:
			style.Font.Color = spruce
		case lookTitleOver:
			style.Font.Color, style.Alignment.WrapText = spruce, false
		case lookHeading:
			style.Font.Color, style.Alignment.Vertical = spruce, "bottom"
		case lookPlain:
			style.Alignment.WrapText = false
		}
		id, err := b.NewStyle(&style)
		b.do(err)
		b.looks[l] = id
	}
	b.do(b.SetCalcProps(&excelize.CalcPropsOptions{FullCalcOnLoad: &yes}))
}

// cells writes a sheet's text and formulas.
func (b *book) cells(s sheet) {
	for i, c := range s.columns {
		name := columnName(i)
		b.do(b.SetColWidth(s.name, name, name, c.width))
	}
	if s.table {
		head := row{cells: make([]cell, len(s.columns))}
		for i, c := range s.columns {
			head.cells[i].text = c.title
		}
		b.row(s, 1, head, func(i int) look {
			if s.columns[i].open {
				return lookHeadOpen
			}
			return lookHead
		})
	}
	for i, r := range s.rows {
		b.row(s, s.first()+i, r, func(c int) look { return s.lookOf(r, c) })
	}
	for i, c := range s.columns {
		if c.hidden {
			b.do(b.SetColVisible(s.name, columnName(i), false))
		}
	}
}

func (b *book) row(s sheet, n int, r row, looks func(int) look) {
	for i, c := range r.cells {
		at := fmt.Sprint(columnName(i), n)
		switch {
		case c.formula != "":
			// Without a value: LibreOffice would show it and not compute.
			b.do(b.SetCellFormula(s.name, at, c.formula))
		case looks(i) == lookCell && s.columns[i].headed:
			b.headed(s.name, at, c.text)
		case c.text != "":
			// Never SetCellValue: what looks like a formula or a number is text.
			b.do(b.SetCellStr(s.name, at, c.text))
		}
		b.do(b.SetCellStyle(s.name, at, at, b.looks[looks(i)]))
	}
	b.do(b.SetRowHeight(s.name, n, s.height(r.cells, looks)))
}

// headed writes a text whose first line is bold. excelize compares every rich
// text with all strings there are, which takes seconds for a long list, so only
// the first is written that way. The others are written as plain text and then
// given the first one's runs.
func (b *book) headed(sheet, at, text string) {
	first, rest, _ := strings.Cut(text, "\n")
	rest = "\n" + rest
	if b.rich == 0 {
		font := excelize.Font{Family: fontName, Size: fonts[lookCell].size, Color: ink}
		bold := font
		bold.Bold = true
		b.do(b.SetCellRichText(sheet, at, []excelize.RichTextRun{{Text: first, Font: &bold}, {Text: rest, Font: &font}}))
		b.rich = len(b.SharedStrings.SI) - 1
		return
	}
	before := len(b.SharedStrings.SI)
	b.do(b.SetCellStr(sheet, at, text))
	if len(b.SharedStrings.SI) == before {
		return // the same text as another's
	}
	si := &b.SharedStrings.SI[before]
	si.T, si.R = nil, slices.Clone(b.SharedStrings.SI[b.rich].R)
	for i, run := range []string{first, rest} {
		t := *si.R[i].T
		t.Val = run
		si.R[i].T = &t
	}
}

// layout sets what is around the cells: panes, filter, drop-downs, print and
// protection.
func (b *book) layout(s sheet, d document) {
	last := columnName(len(s.columns) - 1)
	for i := len(s.columns) - 1; i >= 0 && s.columns[i].hidden; i-- {
		last = columnName(i - 1)
	}
	end := s.first() + len(s.rows) - 1
	if s.table {
		b.do(b.SetPanes(s.name, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft",
			Selection: []excelize.Selection{{SQRef: "A2", ActiveCell: "A2", Pane: "bottomLeft"}}}))
		b.do(b.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", Scope: s.name, RefersTo: fmt.Sprintf("'%s'!$1:$1", s.name)}))
		if s.visible == shown && s.name != sheetSummary {
			b.do(b.AutoFilter(s.name, fmt.Sprintf("A1:%s%d", last, end), nil))
		}
	}
	b.dropDowns(s)
	b.do(b.SetSheetDimension(s.name, fmt.Sprint("A1:", columnName(len(s.columns)-1), end)))

	no, yes, orientation, one, zero := false, true, "landscape", 1, 0
	if s.upright {
		orientation = "portrait"
	}
	if s.visible == shown {
		b.do(b.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Area", Scope: s.name, RefersTo: fmt.Sprintf("'%s'!$A$1:$%s$%d", s.name, last, end)}))
		b.do(b.SetPageLayout(s.name, &excelize.PageLayoutOptions{Size: &s.paper, Orientation: &orientation, FitToWidth: &one, FitToHeight: &zero}))
		b.do(b.SetSheetProps(s.name, &excelize.SheetPropsOptions{FitToPage: &yes}))
		side, top, rim := 0.4, 0.7, 0.3
		b.do(b.SetPageMargins(s.name, &excelize.PageLayoutMarginsOptions{Left: &side, Right: &side, Top: &top, Bottom: &top, Header: &rim, Footer: &rim}))
		b.do(b.SetHeaderFooter(s.name, d.headerFooter(s)))
		b.do(b.SetSheetView(s.name, 0, &excelize.ViewOptions{ShowGridLines: &no}))
	}
	if d.locked {
		// Row heights and column widths are the reader's own business, and with
		// them a row grows when its answer does.
		b.do(b.ProtectSheet(s.name, &excelize.SheetProtectionOptions{
			AutoFilter: true, FormatColumns: true, FormatRows: true, SelectLockedCells: true, SelectUnlockedCells: true,
		}))
	}
	if s.visible != shown {
		b.do(b.SetSheetVisible(s.name, false, s.visible == veryHidden))
	}
}

// headerFooter has the title on every page. Its codes begin with &, and the
// whole may be no longer than 255 units.
func (d document) headerFooter(s sheet) *excelize.HeaderFooterOptions {
	title := utf16.Encode([]rune(d.title))
	if len(title) > 100 {
		title = append(title[:99], '…')
	}
	h := "&L" + strings.ReplaceAll(string(utf16.Decode(title)), "&", "&&")
	switch {
	case d.identity.Kind == CoverageKind:
	case !d.locked && d.draft:
		h += "&R" + label.internalDraft
	case !d.locked:
		h += "&R" + label.internal
	case d.draft:
		h += "&R" + label.draft
	}
	return &excelize.HeaderFooterOptions{OddHeader: h, OddFooter: "&L" + s.name + "&C" + d.identity.ExportID[:12] + "&R" + label.page}
}

// dropDowns gives the cells their lists, one rule for each list and column.
func (b *book) dropDowns(s sheet) {
	for c := range s.columns {
		ranges := map[string][]string{}
		for i := 0; i < len(s.rows); {
			name, from := s.rows[i].cells[c].list, i
			for i < len(s.rows) && s.rows[i].cells[c].list == name {
				i++
			}
			at := columnName(c)
			ranges[name] = append(ranges[name], fmt.Sprintf("%s%d:%s%d", at, s.first()+from, at, s.first()+i-1))
		}
		for _, l := range slices.Concat(lists, planLists) {
			if ranges[l.name] == nil {
				continue
			}
			v := excelize.NewDataValidation(true)
			v.Sqref = strings.Join(ranges[l.name], " ")
			v.SetSqrefDropList(l.name)
			v.SetError(excelize.DataValidationErrorStyleStop, label.chooseTitle, strings.Join(l.values, ", "))
			b.do(b.AddDataValidation(s.name, v))
		}
	}
}

// names defines the lists and the identity.
func (b *book) names(d document) {
	for i, l := range map[Kind][]choiceList{Requirements: lists, PlanKind: planLists}[d.identity.Kind] {
		at := columnName(i)
		b.do(b.SetDefinedName(&excelize.DefinedName{Name: l.name, RefersTo: fmt.Sprintf("%s!$%s$2:$%s$%d", sheetLists, at, at, len(l.values)+1)}))
	}
	b.do(b.SetDefinedName(&excelize.DefinedName{Name: identityName, RefersTo: `"` + d.identity.mark() + `"`}))
	b.do(b.SetCustomProps(excelize.CustomProperty{Name: identityProperty, Value: d.identity.mark()}))
	if d.locked {
		b.do(b.ProtectWorkbook(&excelize.WorkbookProtectionOptions{LockStructure: true}))
	}
}

func (b *book) properties(d document) {
	title, status, at := d.title, "", d.date+"T00:00:00Z"
	if d.draft {
		title, status = label.draftTitle+title, label.draft
	}
	b.do(b.SetDocProps(&excelize.DocProperties{
		Title: title, Subject: label.subject, Creator: product, LastModifiedBy: product, Language: "sv-SE",
		Created: at, Modified: at, ContentStatus: status, Identifier: d.identity.ExportID,
	}))
	b.do(b.SetAppProps(&excelize.AppProperties{Application: product}))
}

const product = "Kravverk"

// columnName is A for 0.
func columnName(i int) string {
	name, err := excelize.ColumnNumberToName(i + 1)
	if err != nil {
		panic(err) // no sheet of ours has so many
	}
	return name
}
