package web

import (
	"context"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/rule"
)

// wording is what a requirement says in the systems that something is for.
type wording struct {
	Title, Is []engine.Span
	Note      string // when the systems ask for different things
}

// wordings gives requirements as the strictest of some systems words them: what
// is promised for all of them has to be enough for that one. Where they do not
// ask for a requirement, or there are none, it is the catalogue's lowest.
func (s *server) wordings(ctx context.Context, records []*engine.Record) map[string]wording {
	strictest, of, in := map[string]int{}, map[string]int{}, map[string]int{}
	steps := make([]map[string]int, len(records))
	for i, rec := range records {
		steps[i] = s.row(ctx, *rec).Steps
		for id, step := range steps[i] {
			of[id]++
			switch {
			case in[id] == 0 || step > strictest[id]:
				strictest[id], in[id] = step, 1
			case step == strictest[id]:
				in[id]++
			}
		}
	}
	out := map[string]wording{}
	// A few systems are the strictest in something: only they are worked out.
	told := map[string]bool{}
	for i, rec := range records {
		tells := i == 0
		for id, step := range steps[i] {
			tells = tells || step == strictest[id] && !told[id]
		}
		if !tells {
			continue
		}
		o, err := s.derive(ctx, *rec)
		if err != nil {
			continue // told of in the list of systems, and no reason to hide the rest
		}
		for j := range o.Derivation.Findings {
			f := &o.Derivation.Findings[j]
			id := f.Requirement.ID
			step, follows := steps[i][id]
			if f.Applies != rule.Yes || told[id] || follows && step != strictest[id] {
				continue
			}
			told[id] = true
			w := wording{Title: f.Title, Is: f.Is}
			if len(w.Is) == 0 {
				w.Is = f.Shall
			}
			if in[id] < of[id] {
				w.Note = "Kravet skiljer sig mellan systemen. Det strängaste visas, det gäller i " + itoa(in[id]) + " av " + itoa(of[id]) + " system."
			}
			out[id] = w
		}
	}
	for _, q := range s.Catalogs().Catalog.Requirements {
		if _, ok := out[q.ID]; !ok {
			w := wording{Title: []engine.Span{{Text: q.Fill(q.Title, 0)}}, Is: []engine.Span{{Text: q.Fill(q.Is, 0)}}}
			if q.Is == "" {
				w.Is[0].Text = q.Fill(q.Shall, 0)
			}
			out[q.ID] = w
		}
	}
	return out
}
