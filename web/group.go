package web

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
)

// leavePage is where one member that differs leaves its group.
type leavePage struct {
	page
	Group             string
	Members           int
	Action            string
	Name, Description string
	Plan, Suppliers   int // lines of the group's plans, and answers that it has taken from suppliers
	Token             string
	Missing           fieldErrors
}

func (s *server) leavePage(r *http.Request) (leavePage, error) {
	rec := visitOf(r.Context()).record
	if rec == nil {
		return leavePage{}, engine.ErrNotFound
	}
	x := rec.System
	p := leavePage{page: s.page(r, "Bryt ut ur gruppen, "+x.Title, "system", crumb{"System", "/system"}, crumb{x.Title, "/system/" + x.ID}, crumb{"Bryt ut", ""}),
		Group: x.Title, Members: x.Members, Action: "/system/" + x.ID + "/bryt-ut", Token: token()}
	all, err := s.Store.Systems(r.Context())
	newest := map[string]*engine.Record{} // by type: what a member goes on from
	for i := range all {
		if all[i].System.ID == x.ID {
			newest[all[i].Classification.Type] = &all[i]
		}
	}
	for _, of := range newest {
		p.Plan += len(of.Actions())
		for _, response := range of.Responses() {
			if response.Taken != nil && response.Taken.Kind == engine.FromSupplier {
				p.Suppliers++
			}
		}
	}
	return p, err
}

func (s *server) leaveForm(w http.ResponseWriter, r *http.Request) error {
	p, err := s.leavePage(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "leave", p)
}

func (s *server) leave(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	p, err := s.leavePage(r)
	if err != nil {
		return err
	}
	p.Name, p.Description = strings.TrimSpace(r.PostFormValue("namn")), strings.TrimSpace(r.PostFormValue("beskrivning"))
	id := r.PostFormValue("nyckel")
	switch {
	case p.Members < 2:
		p.Missing = fieldErrors{{"namn", "Systemet är ingen grupp. Bara en grupp med minst två likadana har något att bryta ut"}}
	case p.Name == "":
		p.Missing = fieldErrors{{"namn", "Skriv vad det som skiljer sig heter"}}
	case len([]rune(p.Name)) > 200:
		p.Missing = fieldErrors{{"namn", "Korta namnet till högst 200 tecken"}}
	case len([]rune(p.Description)) > maxReason:
		p.Missing = fieldErrors{{"beskrivning", "Korta texten till högst " + itoa(maxReason) + " tecken"}}
	case !tokenPattern.MatchString(id):
		return errForm
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "leave", p)
	}
	rec, err := s.Store.LeaveGroup(r.Context(), visitOf(r.Context()).ID, chi.URLParam(r, "system"), engine.System{ID: id, Title: p.Name, Description: p.Description})
	if err != nil {
		return err
	}
	return seeOther(w, r, "/system/"+rec.System.ID)
}
