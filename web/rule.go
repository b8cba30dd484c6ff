package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/diag"
)

// rulePage is one requirement as its author wrote it, for whoever reads the
// catalogue and has no system in mind.
type rulePage struct {
	page
	Row        ruleRow
	Area       areaLink
	Profile    string
	ProfileAt  string
	Steps      []ruleStep // what the parameters are at each level
	Names      []string   // of the parameters
	Effort     int
	References []referenceLink
	Laws       []textLink
	Practice   *textLink
	Adjusts    []ruleAdjust
	Prefills   []rulePrefill
	Cases      []ruleCase
	In, Of     int // in how many of the cases it applies
	Should     bool
	Points     string
	Place      string
	Prev, Next *neighbor
}

type areaLink struct{ Title, Text, Link string }

type textLink struct{ Text, Link string }

type referenceLink struct {
	Text, Link string
	Title      string // of the point, where the framework is known
	Uncertain  bool
}

type ruleStep struct {
	N      int
	Name   string
	Values []string
}

type ruleAdjust struct{ Profile, Link, What, Reason string }

type rulePrefill struct {
	Profile, Link, When string
	Offer               offerView
}

type ruleCase struct{ Title, Link, Because string }

func (s *server) rule(w http.ResponseWriter, r *http.Request) error {
	loaded := s.Catalogs()
	c := loaded.Catalog
	id, err := url.PathUnescape(chi.URLParam(r, "krav"))
	if err != nil {
		return errNotFound
	}
	i := slices.IndexFunc(c.Requirements, func(q *catalog.Requirement) bool { return q.ID == id })
	if i < 0 {
		near := nearestRequirement(c, id)
		if strings.EqualFold(near, id) {
			return seeOther(w, r, "/krav/"+near)
		}
		p := &Problem{Status: http.StatusNotFound, Title: "Kravet finns inte", Text: "Inget krav i kravkatalogen har det id:t. Det kan vara felskrivet.", Link: "/sok?q=" + url.QueryEscape(id), Label: "Sök i katalogerna"}
		if near != "" {
			p.Text += " Närmast är " + near + "."
			p.Link, p.Label = "/krav/"+near, "Visa "+near
		}
		return p
	}
	q := c.Requirements[i]
	home := textLink{c.Title, "/kataloger/" + c.ID}
	if q.Profile != nil {
		home = textLink{q.Profile.Title, "/kataloger/" + q.Profile.ID}
	}
	p := rulePage{page: s.shelf(r, q.ID, "kataloger", crumb(home)), Row: ruleRowOf(c, q), Profile: home.Text, ProfileAt: home.Link,
		Area: areaLink{q.Area.Title, q.Area.Text, home.Link + "#omr-" + q.Area.ID}, Effort: q.Effort, Should: q.Obligation == "should", Points: pointsText(&q.Content), Place: place(q.At("id"))}
	p.Title = q.ID + " " + p.Row.Title
	p.Names = sortedKeys(q.Parameters)
	if len(p.Names) > 0 {
		for step := lowestStep(q); step <= 3; step++ {
			row := ruleStep{N: step, Name: c.Level(step).Title}
			for _, name := range p.Names {
				row.Values = append(row.Values, q.Value(name, step))
			}
			p.Steps = append(p.Steps, row)
		}
	}
	for _, x := range q.References {
		p.References = append(p.References, referenceLinkOf(c, x))
	}
	for _, x := range q.Laws {
		p.Laws = append(p.Laws, textLink{x.Title, "/lagrum/" + x.ID})
	}
	if q.Practice != nil {
		p.Practice = &textLink{q.Practice.Title, practiceLink(q.Practice)}
	}
	for _, x := range q.Changes {
		for _, change := range changeTexts(c, x) {
			p.Adjusts = append(p.Adjusts, ruleAdjust{x.Profile.Title, "/kataloger/" + x.Profile.ID + "#anp-" + q.ID, change[0], change[1]})
		}
	}
	for _, x := range q.Prefills {
		p.Prefills = append(p.Prefills, rulePrefill{x.Profile.Title, "/kataloger/" + x.Profile.ID + "#forifyllda", rowsText(c, x.When), offerOf(engine.Offer{Prefill: x, Offered: engine.Yes})})
	}
	for _, k := range loaded.Cases() {
		if k.Derivation == nil {
			continue
		}
		p.Of++
		if f := k.Derivation.Finding(q.ID); f != nil && f.Applies == engine.Yes {
			p.In++
			p.Cases = append(p.Cases, ruleCase{k.Title, caseLink(k), f.Because})
		}
	}
	if i > 0 {
		p.Prev = ruleNeighbor(c.Requirements[i-1])
	}
	if i+1 < len(c.Requirements) {
		p.Next = ruleNeighbor(c.Requirements[i+1])
	}
	return s.render(w, http.StatusOK, "rule", p)
}

func ruleNeighbor(q *catalog.Requirement) *neighbor {
	return &neighbor{q.ID, q.Fill(q.Title, 0), "/krav/" + q.ID}
}

// lowestStep is the lowest level that can decide the parameters.
func lowestStep(q *catalog.Requirement) int {
	low := 3
	for _, t := range q.Thresholds {
		low = min(low, t.Min)
	}
	if len(q.Thresholds) == 0 {
		return 1
	}
	return low
}

// referenceLinkOf finds the point of a framework that a reference cites.
func referenceLinkOf(c *catalog.Catalog, r catalog.Reference) referenceLink {
	out := referenceLink{Text: referenceText(r), Uncertain: r.Uncertain}
	for _, f := range c.Frameworks {
		for _, i := range f.Items {
			if f.Standard == r.Standard && f.Edition == r.Edition && i.Reference == r.ID {
				out.Link, out.Title = "/tackning/"+f.ID+"#p-"+slug(i.ID), i.Title
				return out
			}
		}
	}
	return out
}

// changeTexts tells what a profile does to a requirement, and why, once for
// each of the things that it does.
func changeTexts(c *catalog.Catalog, x catalog.Change) [][2]string {
	var out [][2]string
	if x.Adjust != nil {
		out = append(out, [2]string{adjustText(c, x.Adjust), x.Adjust.Reason})
	}
	if x.Exclude != nil {
		out = append(out, [2]string{"Tas bort", x.Exclude.Reason})
	}
	if x.Include != nil {
		out = append(out, [2]string{"Tas tillbaka", x.Include.Reason})
	}
	return out
}

// nearestRequirement is the requirement whose id is most like what was written,
// "" when none is.
func nearestRequirement(c *catalog.Catalog, id string) string {
	var known []string
	for _, r := range c.Requirements {
		if strings.EqualFold(r.ID, id) {
			return r.ID
		}
		known = append(known, r.ID)
	}
	hint := diag.Suggest(id, known)
	i := slices.IndexFunc(known, func(k string) bool { return strings.Contains(hint, `"`+k+`"`) })
	if i < 0 {
		return ""
	}
	return known[i]
}
