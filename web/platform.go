package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kravverk/kravverk/engine"
)

// platformPage is what a system answers for those that run on it: what it
// covers, what is missing, which systems depend on it, and what falls where if
// it no longer meets a requirement.
type platformPage struct {
	page
	System  string
	Base    string
	Says    string // which revision the offers are from, or why there are none
	Figures []figure
	Rows    []platformRow
	More    []textLink // met here, and not answered for
	Systems []dependentView
	Hidden  int // systems that the visitor may not see
	Falls   *fallView
	May     bool
}

// platformRow is a requirement that the platform answers for.
type platformRow struct {
	ID, Title, Link, Status, Class, How, Until, Fall string
	Systems                                          int // that have accepted it
	Unfit                                            bool
}

func (s *server) platform(w http.ResponseWriter, r *http.Request) error {
	v, err := s.verifying(r)
	if err != nil {
		return err
	}
	id := v.Classification.ID
	p := platformPage{page: s.classificationPage(v.open, "Plattform"), System: v.System.Title, Base: v.Base(), May: v.may(engine.PartSection + "verify")}
	snapshot, approval, err := s.approvedOf(r.Context(), id)
	if err != nil {
		return err
	}
	p.Says = "Klassningen är inte godkänd än. Systemen som körs på den får inga förslag förrän den är det."
	if snapshot != nil {
		p.Says = "Systemen som körs på den får sina förslag från revision " + itoa(approval.Revision) + ", godkänd " + s.day(approval.ApprovedAt) + "."
		if !v.Locked() {
			p.Says += " Det som ändras nu gäller först när nästa revision är godkänd."
		}
	}
	records, err := s.Store.Systems(r.Context())
	if err != nil {
		return err
	}
	taken := map[string]int{}
	for i := range records {
		rec := &records[i]
		if !runsOn(rec, id) {
			continue
		}
		d, err := s.dependent(r.Context(), *rec, v.Record, snapshot, v.Shared, taken)
		if err != nil {
			return err
		}
		if v.visit.on(rec, read, "") {
			p.Systems = append(p.Systems, d)
		} else {
			p.Hidden++
		}
	}
	swedish(p.Systems, func(x dependentView) string { return x.Title })

	soon := s.Now().In(s.Location).AddDate(0, 3, 0).Format(time.DateOnly)
	declared := v.Declares()
	met, unfit, expiring := 0, 0, 0
	for _, x := range v.Assessment.Rows {
		q := x.Requirement.ID
		fit := slices.Contains([]engine.Outcome{engine.Met, engine.Compensated, engine.Assumed}, x.Outcome)
		if !slices.Contains(declared, q) {
			if x.Outcome == engine.Met {
				p.More = append(p.More, textLink{q + " " + engine.Text(x.Title), p.Base + "/verifiering/" + q})
			}
			continue
		}
		row := platformRow{ID: q, Title: engine.Text(x.Title), Link: p.Base + "/verifiering/" + q, Status: outcomeSigns[x.Outcome].Word, Class: outcomeSigns[x.Outcome].Class, How: responseSay(x.Response),
			Fall: "?faller=" + q + "#faller", Systems: taken[q], Unfit: !fit && x.Response.Value != engine.AnswerPartly}
		switch {
		case fit:
			met++
		case row.Unfit:
			unfit++
		}
		if t := x.Response.Taken; t != nil && t.ValidUntil != "" {
			if row.Until = s.dayOf(t.ValidUntil); t.ValidUntil <= soon {
				expiring++
			}
		}
		p.Rows = append(p.Rows, row)
	}
	p.Figures = []figure{{"Svarar för", len(p.Rows)}, {"Uppfyllda eller antagna", met}, {"Ger inget förslag", unfit}, {"Går ut inom tre månader", expiring}, {"System", len(p.Systems) + p.Hidden}}
	if q := r.FormValue("faller"); q != "" {
		p.Falls = v.visit.shown(q, follow(records, engine.FromPlatform, id, []string{q}))
	}
	return s.render(w, http.StatusOK, "platform", p)
}

// runsOn tells whether a B-classification takes offers from another as its
// platform.
func runsOn(rec *engine.Record, platform string) bool {
	return rec.Classification.Type == "B" && rec.Has(engine.SourceKey(engine.FromPlatform, platform))
}

// dependent is a system that runs on a platform: what it has accepted, counted
// in taken too, and how much of that the platform no longer offers as it was.
func (s *server) dependent(ctx context.Context, rec, platform engine.Record, snapshot *engine.Snapshot, shared []engine.Shared, taken map[string]int) (dependentView, error) {
	d := dependentView{Title: rec.System.Title, Link: "/klassning/" + rec.Classification.ID + "/verifiering", Status: "Pågår", Higher: s.higher(ctx, rec, platform)}
	if rec.Locked() {
		d.Status = "Godkänd"
	}
	o, err := s.derive(ctx, rec)
	if err != nil {
		return d, err
	}
	var offers map[string]engine.Offer
	if snapshot != nil {
		word := s.hearsay(ctx, shared, visitOf(ctx).org, rec.Classification.ID)
		offers = snapshot.Offers(engine.Relation{Kind: engine.FromPlatform, From: platform.Classification.ID, Only: declaredIn(snapshot), Levels: o.Facts.Levels, Stands: word.stands})
		if word.err != nil {
			return d, word.err
		}
	}
	for q, t := range takenFrom(&rec, engine.FromPlatform) {
		if t.From == platform.Classification.ID {
			d.Taken++
			taken[q]++
			if now, ok := offers[q]; !ok || now.Taken().Hash() != t.Hash() {
				d.Stale++
			}
		}
	}
	return d, nil
}

// declaredIn is what an approved platform answers for.
func declaredIn(snapshot *engine.Snapshot) []string {
	var d engine.Declares
	if a := snapshot.Answer(engine.KeyDeclares); a != nil {
		decode(a.Value, &d)
	}
	return d.Requirements
}

// higher names the aspects in which a system is rated higher than the platform
// that it runs on.
func (s *server) higher(ctx context.Context, rec, platform engine.Record) string {
	var out []string
	below := s.row(ctx, platform).Levels
	for _, l := range s.row(ctx, rec).Levels {
		for _, own := range below {
			if own.Letter == l.Letter && l.N > own.N {
				out = append(out, definite(l.Title))
			}
		}
	}
	return list(out, "och")
}

// lowPlatforms are the platforms that the visitor answers for, and that systems
// run on which are rated higher: her own answers are too weak for them.
func (s *server) lowPlatforms(ctx context.Context, v *visit, records []engine.Record) []lowPlatform {
	dependents := map[string][]*engine.Record{}
	for i := range records {
		if rec := &records[i]; rec.Classification.Type == "B" {
			for _, id := range rec.Sources(engine.FromPlatform) {
				dependents[id] = append(dependents[id], rec)
			}
		}
	}
	var out []lowPlatform
	for i := range records {
		p := &records[i]
		on := dependents[p.Classification.ID]
		if len(on) == 0 || p.Classification.Type != "B" || !v.on(p, answer, "") {
			continue
		}
		var names []string
		hidden := 0
		for _, rec := range on {
			switch higher := s.higher(ctx, *rec, *p); {
			case higher == "":
			case v.on(rec, read, ""):
				names = append(names, rec.System.Title+" i "+higher)
			default:
				hidden++
			}
		}
		if hidden > 0 {
			names = append(names, count(hidden, "system", "system")+" som du inte kan läsa")
		}
		if len(names) > 0 {
			out = append(out, lowPlatform{p.System.Title, "/klassning/" + p.Classification.ID + "/plattform", strings.Join(names, ", ")})
		}
	}
	return out
}

// lowPlatform is a platform, with the systems that are rated higher.
type lowPlatform struct{ Title, Link, Higher string }
