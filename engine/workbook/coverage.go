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
		{title: label.remark, width: 60},
	}}
	out := []sheet{{}}
	for _, f := range c.Frameworks {
		n := f.Count()
		over.rows = append(over.rows, row{cells: texts(f.Title, itoa(len(f.Items)),
			itoa(n[catalog.Covered]), itoa(n[catalog.Partly]), itoa(n[catalog.LeftOut]), itoa(n[catalog.Missing]), f.Note)})
		// A row for each requirement, so that it can be filtered and no row is
		// taller than Excel shows.
		s := sheet{name: sheetName(f.Title), table: true, key: -1, paper: a4, columns: []column{
			{title: label.point, width: 10, bold: true},
			{title: label.about, width: 36},
			{title: label.outcome2, width: 12},
			{title: label.id, width: 10},
			{title: label.title, width: 50},
			{title: label.area, width: 22},
			{title: label.gap, width: 44},
		}}
		for _, i := range f.Items {
			add := func(id, title, area string) {
				s.rows = append(s.rows, row{cells: texts(i.ID, i.Title, i.Coverage().Word(), id, title, area, i.Gap)})
			}
			for _, r := range i.Requirements {
				add(r.ID, r.Fill(r.Title, 0), r.Area.Title)
			}
			if len(i.Requirements) == 0 {
				add("", "", "")
			}
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
