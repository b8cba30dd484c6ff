package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"

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

// agreementHistory shows what has been confirmed in an agreement, taken back or
// no longer in force, when and by whom.
func (s *server) agreementHistory(w http.ResponseWriter, r *http.Request) error {
	page, a, err := s.agreementPage(r)
	if err != nil {
		return err
	}
	p := tracesPage{Head: "Historik", page: s.page(r, "Historik, "+a.Title, "avtal", crumb{"Avtal och plattformar", "/avtal"}, crumb{a.Title, "/avtal/" + a.ID}, crumb{"Historik", ""}), Back: "/avtal/" + page.ID, Home: a.Title,
		Lead: a.Title + ". Vem som har bekräftat vad, och när."}
	p.Traces, err = s.traces(r, engine.AgreementKey(a.ID), func(before, after json.RawMessage) (string, []string) {
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

// traces is how something came to be what it is, in the words of say.
func (s *server) traces(r *http.Request, key string, say func(before, after json.RawMessage) (string, []string)) ([]trace, error) {
	events, err := s.Store.Events(r.Context(), engine.EventFilter{Key: key}, 500)
	if err != nil {
		return nil, err
	}
	var out []trace
	for _, e := range events {
		t := trace{When: upperFirst(s.day(e.At)), Who: upperFirst(actor(e.By)), Erased: e.After == nil}
		if !t.Erased {
			t.Text, t.Lines = say(e.Before, e.After)
		}
		out = append(out, t)
	}
	return out, nil
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
// assumed, or no longer in force.
func commitmentSay(c engine.Commitment) string {
	say := catalog.Name("strength", c.Strength)
	if !catalog.Unfilled(c.Clause) && c.Clause != "" {
		say += ", " + c.Clause
	}
	say += confirmedSay(c.Role, c.Date, c.Evidence, c.Until)
	if c.How != "" {
		say += ". " + strings.TrimSuffix(c.How, ".")
	}
	if c.Fallen {
		say = "Gäller inte längre: " + strings.TrimSuffix(c.FallenWhy, ".")
	}
	return say + "."
}

// confirmedSay goes on with who has confirmed something and when, on what, and
// until when.
func confirmedSay(role, date string, e *engine.Evidence, until string) (say string) {
	if role != "" {
		say += ", bekräftat av " + lowerFirst(role) + " " + date
	}
	if e != nil {
		say += ", bevis: " + strings.TrimSpace(e.Title+" "+e.Date)
	}
	if until != "" {
		say += ", till " + until
	}
	return say
}
