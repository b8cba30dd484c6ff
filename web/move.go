package web

import (
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
)

// movePage changes which unit owns a system, and which other looks after it.
type movePage struct {
	page
	Missing  fieldErrors
	Conflict *conflictView
	System   engine.System
	Owner    string   // the unit that owns it
	Units    []choice // that may own it; none when that is another's to say
	Managers []choice
	State    string
}

func (s *server) movePage(r *http.Request, unit, managedBy string) (movePage, error) {
	v := visitOf(r.Context())
	records, err := s.Store.Systems(r.Context())
	if err != nil {
		return movePage{}, err
	}
	i := slices.IndexFunc(records, func(x engine.Record) bool { return x.System.ID == chi.URLParam(r, "system") })
	if i < 0 {
		return movePage{}, errNotFound
	}
	sys := records[i].System
	if r.Method == http.MethodGet {
		unit, managedBy = sys.Unit, sys.ManagedBy
	}
	p := movePage{page: s.page(r, "Flytta "+sys.Title, "system", crumb{"System", "/system"}, crumb{sys.Title, "/system/" + sys.ID}, crumb{"Flytta", ""}),
		System: sys, Owner: v.org.Title(sys.Unit), State: stateOfForm(sys.Unit, sys.ManagedBy)}
	// Who only looks after a system does not give it away, least of all to herself.
	owns := v.in(sys.Unit, move)
	for _, u := range v.org.Units {
		mine := v.in(u.ID, move)
		if owns && (mine || u.ID == sys.Unit) {
			p.Units = append(p.Units, choice{ID: u.ID, Title: indented(v.org, u), Chosen: u.ID == unit})
		}
		if mine || u.ID == sys.ManagedBy {
			p.Managers = append(p.Managers, choice{ID: u.ID, Title: indented(v.org, u), Chosen: u.ID == managedBy})
		}
	}
	return p, nil
}

func (s *server) moveForm(w http.ResponseWriter, r *http.Request) error {
	p, err := s.movePage(r, "", "")
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "movesystem", p)
}

func (s *server) moveSystem(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	unit, managedBy := r.PostFormValue("enhet"), r.PostFormValue("skots")
	p, err := s.movePage(r, unit, managedBy)
	if err != nil {
		return err
	}
	if p.Units == nil {
		unit = p.System.Unit
	} else if !slices.ContainsFunc(p.Units, func(c choice) bool { return c.Chosen }) {
		p.Missing = append(p.Missing, fieldError{"enhet", "Välj en enhet där du får flytta system"})
	}
	if managedBy != "" && !slices.ContainsFunc(p.Managers, func(c choice) bool { return c.Chosen }) {
		p.Missing = append(p.Missing, fieldError{"skots", "Välj en enhet där du får flytta system, eller ingen"})
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "movesystem", p)
	}
	v := visitOf(r.Context())
	if r.PostFormValue("sedd") != p.State {
		say := func(unit, managedBy string) string {
			text := unitName(v.org, unit)
			if managedBy != "" {
				text += ", sköts av " + unitName(v.org, managedBy)
			}
			return text
		}
		p.Failed, p.Conflict = true, &conflictView{Mine: say(unit, managedBy), Theirs: say(p.System.Unit, p.System.ManagedBy), When: "nyss"}
		return s.render(w, http.StatusConflict, "movesystem", p)
	}
	if err := s.Store.MoveSystem(r.Context(), v.ID, p.System.ID, unit, managedBy); err != nil {
		return err
	}
	if now := (engine.Record{System: engine.System{Unit: unit, ManagedBy: managedBy}}); !v.on(&now, read, "") {
		return seeOther(w, r, "/system")
	}
	return seeOther(w, r, "/system/"+p.System.ID)
}
