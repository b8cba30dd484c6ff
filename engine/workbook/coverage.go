package workbook

import (
	"strings"
	"unicode/utf8"

	"github.com/kravverk/kravverk/engine/catalog"
)

// coverageSheets builds an overview and a sheet for each framework.
func coverageSheets(c *catalog.Catalog) []sheet {
	over := sheet{name: sheetOverview, table: true, key: 0, paper: a4, columns: []column{
		{title: label.framework, width: 46, bold: true},
		{title: label.points2, width: 10},
		{title: catalog.Covered.Word(), width: 10},
		{title: catalog.Partly.Word(), width: 10},
		{title: catalog.LeftOut.Word(), width: 12},
		{title: catalog.Missing.Word(), width: 10},
		{title: label.note, width: 60},
	}}
	out := []sheet{{}}
	for _, f := range c.Frameworks {
		n := f.Count()
		over.rows = append(over.rows, row{cells: texts(f.Title, itoa(len(f.Items)),
			itoa(n[catalog.Covered]), itoa(n[catalog.Partly]), itoa(n[catalog.LeftOut]), itoa(n[catalog.Missing]), f.Note)})
		s := sheet{name: sheetName(f.Title), table: true, key: 0, paper: a4, columns: []column{
			{title: label.point, width: 12, bold: true},
			{title: label.about, width: 38},
			{title: label.outcome2, width: 12},
			{title: label.requirement, width: 60},
			{title: label.gap, width: 50},
		}}
		for _, i := range f.Items {
			var rows []string
			for _, r := range i.Requirements {
				rows = append(rows, r.ID+" "+r.Fill(r.Title, 0))
			}
			s.rows = append(s.rows, row{cells: texts(i.ID, i.Title, i.Coverage().Word(), strings.Join(rows, "\n"), i.Gap)})
		}
		out = append(out, s)
	}
	out[0] = over
	return out
}

// sheetName is a title as Excel takes it: 31 characters, and none of its signs.
func sheetName(title string) string {
	name := strings.NewReplacer("/", "-", ":", " ", "\\", "-", "?", "", "*", "", "[", "(", "]", ")").Replace(title)
	if utf8.RuneCountInString(name) > 31 {
		name = strings.TrimSpace(string([]rune(name)[:31]))
	}
	return name
}
