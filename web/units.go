package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine"
)

func unitLink(id string) string { return "/administration/enheter/" + id }

// unitsPage is the tree of units, and the form that adds to it.
type unitsPage struct {
	adminPage
	Rows  []unitRow
	Names string // one to a line
	Under []choice
	Kinds []choice
}

type unitRow struct {
	Dashes, Title   string
	Link, Kind      string
	People, Systems int
	FourEyes        string
	Lacks           bool // somebody who owns systems there
}

func (s *server) units(w http.ResponseWriter, r *http.Request) error {
	p, err := s.unitsPage(r, r.URL.Query().Get("under"), string(engine.Administration))
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "units", p)
}

func (s *server) unitsPage(r *http.Request, under, kind string) (unitsPage, error) {
	p := unitsPage{adminPage: s.adminPage(r, "Enheter", "enheter"), Kinds: kindChoices(kind)}
	x, err := s.survey(r.Context())
	if err != nil {
		return p, err
	}
	lacking := x.ownerless()
	for _, u := range x.units {
		row := unitRow{Dashes: strings.TrimSuffix(indented(x.org, u), u.Title), Title: u.Title, Link: unitLink(u.ID), Kind: kindTitles[u.Kind], FourEyes: fourEyesSay(x.org, u),
			Lacks: slices.ContainsFunc(lacking, func(y engine.Unit) bool { return y.ID == u.ID })}
		for _, a := range x.people {
			if slices.ContainsFunc(a.Grants, func(g engine.Grant) bool { return g.Unit == u.ID }) {
				row.People++
			}
		}
		for _, rec := range x.systems {
			if rec.System.Unit == u.ID {
				row.Systems++
			}
		}
		p.Rows = append(p.Rows, row)
	}
	if under == "" && len(x.units) > 0 {
		under = x.units[0].ID
	}
	p.Under = unitChoices(x.org, x.units, under)
	return p, nil
}

// fourEyesSay tells whether two people are to approve in a unit, and by which
// unit's word.
func fourEyesSay(org *engine.Organisation, u engine.Unit) string {
	for _, above := range org.Above(u.ID) {
		if above.FourEyes && above.ID == u.ID {
			return "Två personer"
		}
		if above.FourEyes {
			return "Två personer, genom " + above.Title
		}
	}
	return "En person"
}

func kindChoices(chosen string) (out []choice) {
	for _, k := range engine.UnitKinds {
		out = append(out, choice{ID: string(k), Title: kindTitles[k], Chosen: string(k) == chosen})
	}
	return out
}

// addUnits adds a unit for each line.
func (s *server) addUnits(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	v := visitOf(r.Context())
	under, kind := r.PostFormValue("under"), r.PostFormValue("slag")
	p, err := s.unitsPage(r, under, kind)
	if err != nil {
		return err
	}
	p.Names = r.PostFormValue("namn")
	var titles []string
	var wrong []string
	for line := range strings.Lines(p.Names) {
		title := strings.Join(strings.Fields(line), " ")
		same := func(other string) bool { return strings.EqualFold(other, title) }
		switch {
		case title == "":
		case titleProblem(title, "") != "":
			wrong = append(wrong, "Korta namnet som börjar "+string([]rune(title)[:30])+" till högst 200 tecken")
		case slices.ContainsFunc(titles, same):
			wrong = append(wrong, title+" står två gånger")
		case slices.ContainsFunc(v.org.Units, func(u engine.Unit) bool { return u.Parent == under && same(u.Title) }):
			wrong = append(wrong, title+" finns redan där")
		default:
			titles = append(titles, title)
		}
	}
	for _, text := range wrong {
		p.Missing = append(p.Missing, fieldError{"namn", text})
	}
	if len(titles)+len(wrong) == 0 {
		p.Missing = append(p.Missing, fieldError{"namn", "Skriv minst en enhet"})
	}
	if !v.in(under, administer) {
		p.Missing = append(p.Missing, fieldError{"under", "Välj var enheterna ska ligga"})
	}
	if !slices.Contains(engine.UnitKinds, engine.UnitKind(kind)) {
		p.Missing = append(p.Missing, fieldError{"slag-" + string(engine.UnitKinds[0]), "Välj vad enheterna är"})
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "units", p)
	}
	for _, title := range titles {
		if _, err := s.Store.SaveUnit(r.Context(), v.ID, engine.Unit{Parent: under, Title: title, Kind: engine.UnitKind(kind)}); err != nil {
			return err
		}
	}
	return seeOther(w, r, "/administration/enheter?sparat=enheter")
}

// unitPage is one unit.
type unitPage struct {
	adminPage
	Unit      engine.Unit
	Link      string
	Kinds     []choice
	Under     []choice // where it may be moved; none when it stays
	Place     string   // what it is part of
	Inherited string   // the unit above that has asked for two people
	State     string
	Conflict  *conflictView
	People    []unitPerson
	Systems   []unitSystem
	Hidden    int // systems that the visitor may not see
	Hinders   []string
	Top       bool
}

type unitPerson struct{ Name, Link, Role, Through, From string }

type unitSystem struct{ Title, Link, How string }

func (s *server) unit(w http.ResponseWriter, r *http.Request) error {
	u, err := administered(r)
	if err != nil {
		return err
	}
	p, err := s.unitPage(r, u)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "unit", p)
}

func (s *server) unitPage(r *http.Request, u engine.Unit) (unitPage, error) {
	v := visitOf(r.Context())
	now, _ := v.org.Unit(u.ID)
	p := unitPage{adminPage: s.adminPage(r, now.Title, "enheter", crumb{"Enheter", "/administration/enheter"}), Unit: u, Link: unitLink(u.ID),
		Kinds: kindChoices(string(u.Kind)), State: stateOfUnit(now), Top: u.ID == top(v.org), Place: v.org.Title(now.Parent)}
	if v.in(now.Parent, administer) {
		for _, x := range v.units(administer) {
			if !v.org.Within(x.ID, u.ID) {
				p.Under = append(p.Under, choice{ID: x.ID, Title: indented(v.org, x), Chosen: x.ID == u.Parent})
			}
		}
	}
	for _, above := range v.org.Above(now.Parent) {
		if above.FourEyes {
			p.Inherited = above.Title
			break
		}
	}
	x, err := s.survey(r.Context())
	if err != nil {
		return p, err
	}
	holders := 0
	for _, a := range x.accounts {
		held := false
		for _, g := range a.Grants {
			if !v.org.Within(u.ID, g.Unit) {
				continue
			}
			row := unitPerson{Name: nameOf(a), Role: s.roleTitle(g.Role), Through: "Här"}
			if v.knows(a) {
				row.Link = "/administration/personer/" + a.ID
			}
			if g.Claim != "" {
				row.From = "gruppen " + g.Claim
			}
			if g.Unit != u.ID {
				row.Through = "Genom " + v.org.Title(g.Unit)
			} else {
				held = true
			}
			p.People = append(p.People, row)
		}
		if held {
			holders++
		}
	}
	swedish(p.People, func(x unitPerson) string { return x.Name })
	owned := 0
	for i := range x.systems {
		sys, how := x.systems[i].System, ""
		switch u.ID {
		case sys.Unit:
			how = "Äger"
		case sys.ManagedBy:
			how = "Sköter"
		default:
			continue
		}
		owned++
		if v.on(&x.systems[i], read, "") {
			p.Systems = append(p.Systems, unitSystem{sys.Title, "/system/" + sys.ID, how})
		} else {
			p.Hidden++
		}
	}
	swedish(p.Systems, func(x unitSystem) string { return x.Title })
	below := 0
	for _, y := range v.org.Units {
		if y.Parent == u.ID {
			below++
		}
	}
	rules, err := s.Store.ClaimGrants(r.Context())
	for _, rule := range rules {
		if rule.Unit == u.ID {
			p.Hinders = append(p.Hinders, "Gruppen "+rule.Group+" ger en roll här: ta bort regeln under Inloggning")
		}
	}
	for _, h := range []struct {
		n         int
		one, many string
		then      string
	}{
		{below, "enhet ligger under", "enheter ligger under", ": flytta dem först"},
		{owned, "system hör hit", "system hör hit", ": flytta dem först från systemets sida"},
		{holders, "person har en roll här", "personer har en roll här", ": ta tillbaka rollerna först"},
	} {
		if h.n > 0 {
			p.Hinders = append(p.Hinders, upperFirst(count(h.n, h.one, h.many))+h.then)
		}
	}
	return p, err
}

func stateOfUnit(u engine.Unit) string { return stateOfForm(u.Title, u.Kind, u.Parent, u.FourEyes) }

func (s *server) saveUnit(w http.ResponseWriter, r *http.Request) error {
	was, err := administered(r)
	if err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	v := visitOf(r.Context())
	u := was
	u.Title = strings.Join(strings.Fields(r.PostFormValue("namn")), " ")
	u.Kind = engine.UnitKind(r.PostFormValue("slag"))
	u.FourEyes = r.PostFormValue("fyra") != ""
	if under := r.PostFormValue("under"); under != "" {
		u.Parent = under
	}
	p, err := s.unitPage(r, u)
	if err != nil {
		return err
	}
	if problem := titleProblem(u.Title, "Skriv vad enheten heter"); problem != "" {
		p.Missing = append(p.Missing, fieldError{"namn", problem})
	}
	if slices.ContainsFunc(v.org.Units, func(x engine.Unit) bool {
		return x.ID != u.ID && x.Parent == u.Parent && strings.EqualFold(x.Title, u.Title)
	}) {
		p.Missing = append(p.Missing, fieldError{"namn", "Det finns redan en enhet med det namnet där: välj ett annat"})
	}
	if !slices.Contains(engine.UnitKinds, u.Kind) {
		p.Missing = append(p.Missing, fieldError{"slag-" + string(engine.UnitKinds[0]), "Välj vad enheten är"})
	}
	if u.Parent != was.Parent && !slices.ContainsFunc(p.Under, func(c choice) bool { return c.ID == u.Parent }) {
		p.Missing = append(p.Missing, fieldError{"under", "Välj en plats som du sköter, och som inte ligger under enheten själv"})
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "unit", p)
	}
	if r.PostFormValue("sedd") != stateOfUnit(was) {
		who, when, err := s.lastChange(r.Context(), u.ID)
		if err != nil {
			return err
		}
		p.Failed, p.Conflict = true, &conflictView{Mine: unitSay(v.org, u), Theirs: unitSay(v.org, was), Who: who, When: when}
		return s.render(w, http.StatusConflict, "unit", p)
	}
	if _, err := s.Store.SaveUnit(r.Context(), v.ID, u); err != nil {
		return err
	}
	return seeOther(w, r, unitLink(u.ID)+"?sparat=enhet")
}

// unitSay puts what can be changed of a unit in one line.
func unitSay(org *engine.Organisation, u engine.Unit) string {
	say := u.Title + ", " + lowerFirst(kindTitles[u.Kind])
	if u.Parent != "" {
		say += ", under " + org.Title(u.Parent)
	}
	if u.FourEyes {
		say += ", två personer godkänner"
	}
	return say
}

func (s *server) removeUnit(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	u, err := administered(r)
	if err != nil {
		return err
	}
	p, err := s.unitPage(r, u)
	if err != nil {
		return err
	}
	if len(p.Hinders) > 0 || p.Top {
		p.Failed = true
		p.Missing = fieldErrors{{"ta-bort", u.Title + " går inte att ta bort än"}}
		return s.render(w, http.StatusUnprocessableEntity, "unit", p)
	}
	if err := s.Store.RemoveUnit(r.Context(), visitOf(r.Context()).ID, u.ID); err != nil {
		return err
	}
	return seeOther(w, r, "/administration/enheter?sparat=borttagen")
}
