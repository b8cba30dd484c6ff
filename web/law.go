package web

import (
	"net/http"
	"slices"

	"github.com/kravverk/kravverk/engine/catalog"
)

// lawShelfPage is every law that the catalogue knows of.
type lawShelfPage struct {
	page
	Rows []lawLine
}

type lawLine struct {
	Title, Link, Source, Effect, Decides string
	Uncertain                            bool
	Requirements                         int
}

func (s *server) lawShelf(w http.ResponseWriter, r *http.Request) error {
	c := s.Catalogs().Catalog
	p := lawShelfPage{page: s.shelf(r, "Lagrum", "lagrum")}
	for _, x := range c.Laws {
		selects, supports := lawRequirements(c, x)
		p.Rows = append(p.Rows, lawLine{x.Title, "/lagrum/" + x.ID, x.Source, x.Effect, lawDecides(c, x), x.Uncertain, len(selects) + len(supports)})
	}
	return s.render(w, http.StatusOK, "lawshelf", p)
}

// lawDecides tells who or what decides that a law applies.
func lawDecides(c *catalog.Catalog, x *catalog.Law) string {
	if !x.Ticked {
		return "Gäller när " + rowsText(c, x.AppliesWhen)
	}
	return "Du avgör: " + lowerFirst(x.Question)
}

// lawRequirements are those that a law selects, and those that it only supports.
func lawRequirements(c *catalog.Catalog, x *catalog.Law) (selects, supports []*catalog.Requirement) {
	for _, r := range c.Requirements {
		drawn := slices.ContainsFunc(r.When.Rows, func(row catalog.Row) bool {
			return slices.ContainsFunc(row.Atoms, func(a catalog.Atom) bool { return slices.Contains(a.Laws, x) })
		})
		switch {
		case drawn:
			selects = append(selects, r)
		case slices.Contains(r.Laws, x):
			supports = append(supports, r)
		}
	}
	return selects, supports
}

// lawPage is one law.
type lawPage struct {
	page
	Law               *catalog.Law
	From, To          string
	Decides           string
	Suggested         string
	Guides            []string
	Selects, Supports []requirementLink
	Place             string
}

func (s *server) law(w http.ResponseWriter, r *http.Request) error {
	c := s.Catalogs().Catalog
	x, err := named(r, "lag", c.Laws, func(x *catalog.Law) string { return x.ID })
	if err != nil {
		return err
	}
	selects, supports := lawRequirements(c, x)
	p := lawPage{page: s.shelf(r, x.Title, "lagrum", crumb{"Lagrum", "/lagrum"}), Law: x, From: x.InForce.From, To: x.InForce.To, Decides: lawDecides(c, x),
		Suggested: rowsText(c, x.SuggestedWhen), Selects: requirementLinks(selects), Supports: requirementLinks(supports), Place: place(x.At("id"))}
	for _, a := range c.Aspects {
		if n, ok := x.Guides[a.ID]; ok {
			p.Guides = append(p.Guides, a.Title+" minst "+itoa(n)+" "+c.Level(n).Title)
		}
	}
	return s.render(w, http.StatusOK, "law", p)
}
