package web

import (
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine/catalog"
)

// practicesPage is the card index: every practice, by area.
type practicesPage struct {
	page
	Areas []practiceArea
	Count int
}

type practiceArea struct {
	Title string
	Rows  []practiceRow
}

type practiceRow struct {
	Title, Link, Lead, Profile string
	Requirements               int
}

func (s *server) practices(w http.ResponseWriter, r *http.Request) error {
	c := s.Catalogs().Catalog
	p := practicesPage{page: s.shelf(r, "Kartotek", "kartotek"), Count: len(c.Practices)}
	for _, area := range c.Areas {
		var rows []practiceRow
		for _, x := range c.Practices {
			if mainArea(x) == area {
				rows = append(rows, practiceRow{x.Title, practiceLink(x), firstParagraph(x.Lead), profileTitle(x.Profile), len(x.Requirements)})
			}
		}
		if rows != nil {
			swedish(rows, func(r practiceRow) string { return r.Title })
			p.Areas = append(p.Areas, practiceArea{area.Title, rows})
		}
	}
	return s.render(w, http.StatusOK, "practices", p)
}

// mainArea is where most of a practice's requirements are; nil when it has none.
func mainArea(x *catalog.Practice) *catalog.Area {
	count := map[*catalog.Area]int{}
	var main *catalog.Area
	for _, r := range x.Requirements {
		if count[r.Area]++; main == nil || count[r.Area] > count[main] {
			main = r.Area
		}
	}
	return main
}

// practicePage is one practice.
type practicePage struct {
	page
	Profile      string
	Lead         template.HTML
	Sections     []practiceSection
	Requirements []requirementLink
	Roles        []string
	Near         []practiceRow // the others of the same area
	Place        string
}

type practiceSection struct {
	ID, Title string
	Text      template.HTML
}

// requirementLink is a requirement as other pages of the catalogue point at it.
type requirementLink struct{ ID, Title, Link, Profile string }

func (s *server) practice(w http.ResponseWriter, r *http.Request) error {
	c := s.Catalogs().Catalog
	x, err := named(r, "blad", c.Practices, func(x *catalog.Practice) string { return x.ID })
	if err != nil {
		return err
	}
	p := practicePage{page: s.shelf(r, x.Title, "kartotek", crumb{"Kartotek", "/kartotek"}), Profile: profileTitle(x.Profile), Requirements: requirementLinks(x.Requirements), Place: x.Range.File}
	if p.Lead, err = prose(c, x.Lead); err != nil {
		return err
	}
	for _, part := range x.Sections {
		html, err := prose(c, part.Text)
		if err != nil {
			return err
		}
		p.Sections = append(p.Sections, practiceSection{slug(part.Title), part.Title, html})
	}
	for _, q := range x.Requirements {
		if q.Role != nil && !slices.Contains(p.Roles, q.Role.Title) {
			p.Roles = append(p.Roles, q.Role.Title)
		}
	}
	for _, y := range c.Practices {
		if y != x && mainArea(y) == mainArea(x) {
			p.Near = append(p.Near, practiceRow{Title: y.Title, Link: practiceLink(y)})
		}
	}
	return s.render(w, http.StatusOK, "practice", p)
}

func practiceLink(x *catalog.Practice) string { return "/kartotek/" + x.ID }

func requirementLinks(list []*catalog.Requirement) []requirementLink {
	out := make([]requirementLink, 0, len(list))
	for _, r := range list {
		out = append(out, requirementLink{r.ID, r.Fill(r.Title, 0), "/krav/" + r.ID, profileTitle(r.Profile)})
	}
	return out
}

func profileTitle(p *catalog.Profile) string {
	if p == nil {
		return ""
	}
	return p.Title
}

// firstParagraph is the lead's first paragraph, for a list.
func firstParagraph(lead string) string {
	first, _, _ := strings.Cut(lead, "\n\n")
	return unmarked(first)
}
