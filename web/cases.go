package web

import (
	"net/http"
	"strings"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
)

// casesPage is the examples beside the catalogues: what a system like mine
// would get.
type casesPage struct {
	page
	Rows []caseRow
}

type caseRow struct {
	Title, Link, Why string
	Kind             string // A-klassning, B-klassning
	Levels           []level
	Refused          bool // the answers are not taken: level 4
	Draft            bool
	Size             engine.Size
	Share            int // of the rows that are offered an answer, in hundredths
}

func (s *server) cases(w http.ResponseWriter, r *http.Request) error {
	p := casesPage{page: s.shelf(r, "Provfall", "provfall")}
	for _, k := range s.Catalogs().Cases() {
		p.Rows = append(p.Rows, caseRowOf(k))
	}
	swedish(p.Rows, func(r caseRow) string { return r.Title })
	return s.render(w, http.StatusOK, "cases", p)
}

func caseRowOf(k engine.Case) caseRow {
	row := caseRow{Title: k.Title, Link: caseLink(k), Why: k.Why, Kind: k.Type + "-klassning", Refused: k.Derivation == nil}
	if d := k.Derivation; d != nil {
		row.Levels, row.Draft, row.Size = levels(d.Facts), d.Draft(), d.Size()
		row.Share = 100 * row.Size.Offered / max(row.Size.Rows, 1)
	}
	return row
}

// caseLink names a case by its folder and file: /provfall/bas-03-tunnel.
func caseLink(k engine.Case) string {
	name := strings.TrimSuffix(k.File, ".toml")
	return "/provfall/" + strings.Trim(strings.ReplaceAll(strings.Replace(name, "cases/", "", 1), "/", "-"), "-")
}

// casePage is one example: its answers and the list that they give.
type casePage struct {
	page
	Row     caseRow
	Answers []caseAnswer
	Areas   []caseArea
	File    string
}

type caseAnswer struct{ Question, Answer string }

type caseArea struct {
	Title string
	Rows  []caseRequirement
}

type caseRequirement struct {
	ID, Title, Link, Because, Type, Offer string
	Own                                   bool
}

func (s *server) oneCase(w http.ResponseWriter, r *http.Request) error {
	k, err := named(r, "fall", s.Catalogs().Cases(), func(k engine.Case) string { return strings.TrimPrefix(caseLink(k), "/provfall/") })
	if err != nil {
		return err
	}
	p := casePage{page: s.shelf(r, k.Title, "provfall", crumb{"Provfall", "/provfall"}), Row: caseRowOf(k), File: k.File}
	d := k.Derivation
	if d == nil {
		return s.render(w, http.StatusOK, "case", p)
	}
	for _, f := range d.Facts.Catalog.Facts {
		if !f.IsDerived() && d.Facts.Handled(f.ID) != engine.Unanswered && d.Facts.Asked(f) != engine.No {
			p.Answers = append(p.Answers, caseAnswer{f.Text, upperFirst(d.Facts.AnswerText(f))})
		}
	}
	for i := range d.Findings {
		f := &d.Findings[i]
		if f.Applies != engine.Yes {
			continue
		}
		q := f.Requirement
		if n := len(p.Areas); n == 0 || p.Areas[n-1].Title != q.Area.Title {
			p.Areas = append(p.Areas, caseArea{Title: q.Area.Title})
		}
		row := caseRequirement{ID: q.ID, Title: engine.Text(f.Title), Link: "/krav/" + q.ID, Because: f.Because, Type: catalog.Name("obligation", f.Effective.Obligation), Own: q.Concern == "own" || len(f.Shall) == 0}
		if x := f.Offered(); x != nil {
			row.Offer = catalog.Name("answer", x.Answer)
		}
		a := &p.Areas[len(p.Areas)-1]
		a.Rows = append(a.Rows, row)
	}
	return s.render(w, http.StatusOK, "case", p)
}
