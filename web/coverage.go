package web

import (
	"bytes"
	"fmt"
	"net/http"
	"time"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/workbook"
)

// coveragePage is how far the requirements answer to each framework.
type coveragePage struct {
	page
	Rows []frameworkRow
	File string
}

type frameworkRow struct {
	Title, Link, Note                       string
	Points, Covered, Partly, Left, Missing  int
	WideCovered, WidePartly, AtPartly, Wide int // the bar, in hundredths
}

var coverageSigns = map[catalog.Coverage]sign{
	catalog.Covered: {"done", catalog.Covered.Word()}, catalog.Partly: {"now", catalog.Partly.Word()},
	catalog.LeftOut: {"lock", catalog.LeftOut.Word()}, catalog.Missing: {"late", catalog.Missing.Word()},
}

func (s *server) coverage(w http.ResponseWriter, r *http.Request) error {
	p := coveragePage{page: s.shelf(r, "Täckning", "tackning"), File: "/tackning.xlsx"}
	for _, f := range s.Catalogs().Catalog.Frameworks {
		p.Rows = append(p.Rows, frameworkRowOf(f))
	}
	return s.render(w, http.StatusOK, "coverage", p)
}

func frameworkRowOf(f *catalog.Framework) frameworkRow {
	n := f.Count()
	all := max(len(f.Items), 1)
	row := frameworkRow{Title: f.Title, Link: "/tackning/" + f.ID, Note: f.Note, Points: len(f.Items), Covered: n[catalog.Covered], Partly: n[catalog.Partly], Left: n[catalog.LeftOut], Missing: n[catalog.Missing], Wide: 100}
	row.WideCovered = 100 * row.Covered / all
	row.AtPartly, row.WidePartly = row.WideCovered, 100*row.Partly/all
	return row
}

// frameworkPage is one framework, point by point.
type frameworkPage struct {
	page
	Row     frameworkRow
	Items   []itemRow
	Filters []filterLink
	Shown   string
}

type itemRow struct {
	ID, Title, Gap string
	State          sign
	Requirements   []requirementLink
}

type filterLink struct {
	Text, Link string
	Count      int
	Current    bool
}

func (s *server) framework(w http.ResponseWriter, r *http.Request) error {
	c := s.Catalogs().Catalog
	f, err := named(r, "regelverk", c.Frameworks, func(f *catalog.Framework) string { return f.ID })
	if err != nil {
		return err
	}
	p := frameworkPage{page: s.shelf(r, f.Title, "tackning", crumb{"Täckning", "/tackning"}), Row: frameworkRowOf(f)}
	show := r.FormValue("visa")
	counts := f.Count()
	p.Filters = []filterLink{{"Alla", p.Row.Link, len(f.Items), show == ""}}
	for _, k := range []struct {
		code string
		is   catalog.Coverage
	}{{"tackta", catalog.Covered}, {"delvis", catalog.Partly}, {"utelamnade", catalog.LeftOut}, {"saknade", catalog.Missing}} {
		if counts[k.is] > 0 || show == k.code {
			p.Filters = append(p.Filters, filterLink{k.is.Word(), p.Row.Link + "?visa=" + k.code, counts[k.is], show == k.code})
		}
		if show == k.code {
			p.Shown = k.is.Word()
		}
	}
	for _, item := range f.Items {
		if state := coverageSigns[item.Coverage()]; p.Shown == "" || state.Word == p.Shown {
			p.Items = append(p.Items, itemRow{item.ID, item.Title, item.Gap, state, requirementLinks(item.Requirements)})
		}
	}
	return s.render(w, http.StatusOK, "framework", p)
}

// downloadCoverage is the same as a workbook. Its date is that of the newest
// release, so that the same catalogues give the same bytes.
func (s *server) downloadCoverage(w http.ResponseWriter, _ *http.Request) error {
	c := s.Catalogs().Catalog
	date := c.Issued
	for _, p := range c.Profiles {
		date = max(date, p.Issued)
	}
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		date = s.today()
	}
	var b bytes.Buffer
	if _, err := workbook.WriteCoverage(&b, c, date); err != nil {
		return err
	}
	return sendWorkbook(w, "tackning-"+c.ID+"-"+c.Version+".xlsx", b.Bytes())
}

// sendWorkbook answers with an Excel file to save.
func sendWorkbook(w http.ResponseWriter, name string, data []byte) error {
	w.Header().Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	_, err := w.Write(data)
	return err
}
