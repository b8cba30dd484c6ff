package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
)

// tracesPage is how something that a unit keeps for its systems has come to be
// what it is, the newest first.
type tracesPage struct {
	page
	Head, Lead string
	Back, Home string // the address that it belongs to, and what that is called
	Traces     []trace
}

// trace is one save. Erased tells that what it held is gone.
type trace struct {
	When, Who string
	Text      string   // as it became, where the text is all there is
	Lines     []string // what changed
	Erased    bool
}

// howHistory shows what a unit has written about how it meets a requirement.
func (s *server) howHistory(w http.ResponseWriter, r *http.Request) error {
	v, err := s.verifying(r)
	if err != nil {
		return err
	}
	id := chi.URLParam(r, "krav")
	x := v.Assessment.Row(id)
	if x == nil {
		return errNotFound
	}
	from, _ := engine.HowOf(v.Shared, v.visit.org, v.System.Unit, id)
	p := tracesPage{Head: "Så har enheten gjort", page: s.classificationPage(v.open, "Så har enheten gjort"), Back: v.Base() + "/verifiering/" + id, Home: id + " " + engine.Text(x.Title)}
	p.Crumbs = slices.Insert(p.Crumbs, len(p.Crumbs)-1, crumb{"Verifiering", v.Base() + "/verifiering"}, crumb{id, p.Back})
	if from.Key == "" {
		p.Lead = "Enheten har inte skrivit hur den gör."
		return s.render(w, http.StatusOK, "traces", p)
	}
	p.Lead = v.visit.org.Title(from.Unit) + " om " + p.Home + ". Den översta texten gäller."
	err = s.traces(r, &p, from.Key, func(_, after json.RawMessage) (string, []string) {
		var h engine.How
		decode(after, &h)
		return cmp.Or(h.Text, "Texten togs bort."), nil
	})
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "traces", p)
}

// agreementHistory shows what has been confirmed in an agreement, taken back or
// fallen, when and by whom.
func (s *server) agreementHistory(w http.ResponseWriter, r *http.Request) error {
	page, a, err := s.agreementPage(r)
	if err != nil {
		return err
	}
	p := tracesPage{Head: "Historik", page: s.page(r, "Historik, "+a.Title, "avtal", crumb{"Avtal och plattformar", "/avtal"}, crumb{a.Title, "/avtal/" + a.ID}, crumb{"Historik", ""}), Back: "/avtal/" + page.ID, Home: a.Title,
		Lead: a.Title + ". Vem som har bekräftat vad, och när."}
	err = s.traces(r, &p, engine.AgreementKey(a.ID), func(before, after json.RawMessage) (string, []string) {
		var was, now engine.Agreement
		decode(before, &was)
		decode(after, &now)
		return "", agreementChanges(was, now, len(before) == 0)
	})
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "traces", p)
}

func (s *server) traces(r *http.Request, p *tracesPage, key string, say func(before, after json.RawMessage) (string, []string)) error {
	events, err := s.Store.Events(r.Context(), engine.EventFilter{Key: key}, 500)
	if err != nil {
		return err
	}
	for _, e := range events {
		t := trace{When: upperFirst(s.day(e.At)), Who: upperFirst(actor(e.By)), Erased: e.After == nil}
		if !t.Erased {
			t.Text, t.Lines = say(e.Before, e.After)
		}
		p.Traces = append(p.Traces, t)
	}
	return nil
}

// agreementChanges tells in words what differs between two versions.
func agreementChanges(was, now engine.Agreement, first bool) []string {
	if first {
		return []string{"Avtalet lades upp med " + count(len(now.Commitments), "åtagande", "åtaganden") + "."}
	}
	var out []string
	for _, f := range []struct{ name, was, now string }{
		{"Namn", was.Title, now.Title}, {"Leverantör", was.Supplier, now.Supplier}, {"Diarienummer", was.Diary, now.Diary},
		{"Gäller från", was.From, now.From}, {"Gäller till och med", was.Until, now.Until}, {"Anmärkning", was.Note, now.Note},
	} {
		if f.was != f.now {
			out = append(out, f.name+": "+cmp.Or(f.now, "tomt")+", i stället för "+cmp.Or(f.was, "tomt"))
		}
	}
	for _, c := range now.Commitments {
		old := was.Commitment(c.Requirement)
		switch {
		case old == nil:
			out = append(out, c.Requirement+": nytt åtagande. "+commitmentSay(c))
		case commitmentSay(*old) != commitmentSay(c):
			out = append(out, c.Requirement+": "+commitmentSay(c)+" Förut: "+lowerFirst(commitmentSay(*old)))
		}
	}
	return out
}

// commitmentSay tells where a commitment stands: confirmed by which role on what,
// assumed, or fallen.
func commitmentSay(c engine.Commitment) string {
	say := catalog.Name("strength", c.Strength)
	if !catalog.Unfilled(c.Clause) && c.Clause != "" {
		say += ", " + c.Clause
	}
	if c.Role != "" {
		say += ", bekräftat av " + lowerFirst(c.Role) + " " + c.Date
	}
	if e := c.Evidence; e != nil {
		say += ", bevis: " + strings.TrimSpace(e.Title+" "+e.Date)
	}
	if c.Until != "" {
		say += ", till " + c.Until
	}
	if c.How != "" {
		say += ". " + strings.TrimSuffix(c.How, ".")
	}
	if c.Fallen {
		say = "Har fallit: " + strings.TrimSuffix(c.FallenWhy, ".")
	}
	return say + "."
}
