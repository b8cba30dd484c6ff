package web

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine"
)

// sourcesPage says what a classification takes offers from, and what it answers
// for systems that run on it.
type sourcesPage struct {
	page
	Base       string
	Automatic  []textLink // agreements of the catalogue's, used by themselves
	Common     textLink   // what the unit has answered once, offered by itself
	Commons    int        // how many requirements that is
	None       []string   // what there is nothing to choose among of
	Agreements []choice
	Platforms  []choice
	Siblings   []choice
	Areas      []declareArea
	Declared   int
	Rows       int  // requirements to choose among
	Declaring  bool // their list is unfolded
	Dependents int  // systems that run on this one
	May        bool
	Token      string
	Missing    fieldErrors
	Saved      bool
	Without    string // a platform that did not come along, since it would have made a ring
}

type declareArea struct {
	Title  string
	Open   bool
	Chosen int
	Rows   []choice
}

func (s *server) sourcesForm(w http.ResponseWriter, r *http.Request) error {
	v, err := s.verifying(r)
	if err != nil {
		return err
	}
	p, _, err := s.sourcesPage(r, v)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "sources", p)
}

// sourcesPage gives the page and, by id, the B-classifications that can be
// chosen.
func (s *server) sourcesPage(r *http.Request, v *verified) (sourcesPage, map[string]engine.Record, error) {
	p := sourcesPage{page: s.classificationPage(v.open, "Varifrån förslagen kommer"), Base: v.Base(), May: v.may(engine.PartSection + "verify"), Token: token(), Saved: r.FormValue("sparat") != ""}
	p.Crumbs = slices.Insert(p.Crumbs, len(p.Crumbs)-1, crumb{"Verifiering", v.Base() + "/verifiering"})
	names := v.Derivation.Uses()
	for _, a := range v.Agreements {
		if a.Catalog != "" {
			if slices.Contains(names, a.Catalog) {
				p.Automatic = append(p.Automatic, textLink{a.Title, "/avtal/" + a.ID})
			}
			continue
		}
		p.Agreements = append(p.Agreements, choice{ID: a.ID, Title: a.Title, Help: a.Supplier, Chosen: v.Has(engine.SourceKey(engine.FromAgreement, a.ID))})
	}
	records, err := s.Store.Systems(r.Context())
	if err != nil {
		return p, nil, err
	}
	at := map[string]engine.Record{}
	for _, rec := range records {
		if rec.Classification.Type == "B" {
			at[rec.Classification.ID] = rec
		}
		if rec.Classification.ID == r.FormValue("utan") && v.visit.on(&rec, read, "") {
			p.Without = rec.System.Title
		}
		if runsOn(&rec, v.Classification.ID) {
			p.Dependents++
		}
		if rec.Classification.Type != "B" || rec.System.ID == v.System.ID || rec.Approval == nil || rec.Approval.ApprovedAt.IsZero() {
			continue
		}
		id := rec.Classification.ID
		c := choice{ID: id, Title: rec.System.Title, Help: unitName(v.visit.org, rec.System.Unit)}
		if n := len(rec.Declares()); n > 0 {
			c.Help += ". Svarar för " + count(n, "krav", "krav") + "."
			c.Chosen = v.Has(engine.SourceKey(engine.FromPlatform, id))
			p.Platforms = append(p.Platforms, c)
		}
		if v.visit.on(&rec, read, "") {
			c.Chosen = v.Has(engine.SourceKey(engine.FromSibling, id))
			c.Help = unitName(v.visit.org, rec.System.Unit)
			p.Siblings = append(p.Siblings, c)
		}
	}
	for _, list := range [][]choice{p.Platforms, p.Siblings} {
		swedish(list, func(c choice) string { return c.Title })
	}
	declared := v.Declares()
	p.Declared = len(declared)
	for _, x := range v.Assessment.Rows {
		if n := len(p.Areas); n == 0 || p.Areas[n-1].Title != x.Requirement.Area.Title {
			p.Areas = append(p.Areas, declareArea{Title: x.Requirement.Area.Title})
		}
		a := &p.Areas[len(p.Areas)-1]
		chosen := slices.Contains(declared, x.Requirement.ID)
		if chosen {
			a.Open = true
			a.Chosen++
		}
		p.Rows++
		a.Rows = append(a.Rows, choice{ID: x.Requirement.ID, Title: x.Requirement.ID + " " + engine.Text(x.Title), Chosen: chosen})
	}
	unit := v.System.Unit
	p.Common = textLink{"Gemensamma svar från " + unitName(v.visit.org, unit) + " och enheterna ovanför", "/gemensamt?visa=svar&enhet=" + url.QueryEscape(unit)}
	p.Commons = len(engine.HowOffers(v.Shared, v.visit.org, unit))
	switch {
	case len(p.Agreements) > 0:
	case len(p.Automatic) > 0:
		p.None = append(p.None, "Enheten har inga andra avtal upplagda.")
	default:
		p.None = append(p.None, "Enheten har inga avtal upplagda.")
	}
	if len(p.Platforms) == 0 {
		p.None = append(p.None, "Inget godkänt system svarar för krav åt andra.")
	}
	if len(p.Siblings) == 0 {
		p.None = append(p.None, "Inget annat system har en godkänd B-klassning som du kan läsa.")
	}
	p.Declaring = r.FormValue("visa") == "svarar"
	return p, at, nil
}

func (s *server) saveSources(w http.ResponseWriter, r *http.Request) error {
	v, err := s.amending(r)
	if err != nil {
		return err
	}
	p, at, err := s.sourcesPage(r, v)
	if err != nil {
		return err
	}
	marks := map[string]any{}
	set := func(kind engine.OfferKind, field string, list []choice) {
		chosen := r.PostForm[field]
		for _, c := range list {
			key := engine.SourceKey(kind, c.ID)
			if is := slices.Contains(chosen, c.ID); is != v.Has(key) {
				marks[key] = nil
				if is {
					marks[key] = true
				}
			}
		}
	}
	set(engine.FromAgreement, "avtal", p.Agreements)
	set(engine.FromPlatform, "plattform", p.Platforms)
	set(engine.FromSibling, "syskon", p.Siblings)
	for _, id := range r.PostForm["plattform"] {
		round, err := s.circle(r.Context(), at, id, v.System.ID, nil)
		if err != nil {
			return err
		}
		if round != nil {
			p.Missing, p.Failed = fieldErrors{{"plattform", "System kan inte vara plattform för varandra i en ring: " + strings.Join(append([]string{v.System.Title}, round...), ", ") + ", " + v.System.Title}}, true
			return s.render(w, http.StatusUnprocessableEntity, "sources", p)
		}
	}
	declares := engine.Declares{Requirements: []string{}}
	for _, x := range v.Assessment.Rows {
		if slices.Contains(r.PostForm["svarar"], x.Requirement.ID) {
			declares.Requirements = append(declares.Requirements, x.Requirement.ID)
		}
	}
	if !slices.Equal(declares.Requirements, v.Declares()) {
		marks[engine.KeyDeclares] = declares
	}
	if len(marks) > 0 {
		if err := s.mark(r, v.open, marks); err != nil {
			return err
		}
	}
	return seeOther(w, r, v.Base()+"/kallor?sparat=1")
}

// circle finds the way from a platform, through those that it runs on itself,
// back to a system: the titles on the way, nil when there is none.
func (s *server) circle(ctx context.Context, at map[string]engine.Record, id, system string, seen []string) ([]string, error) {
	rec, ok := at[id]
	if !ok || slices.Contains(seen, id) {
		return nil, nil
	}
	next, err := s.platformsOf(ctx, rec)
	if err != nil {
		return nil, err
	}
	for _, x := range next {
		if at[x].System.ID == system {
			return []string{rec.System.Title}, nil
		}
		way, err := s.circle(ctx, at, x, system, append(seen, id))
		if way != nil || err != nil {
			return append([]string{rec.System.Title}, way...), err
		}
	}
	return nil, nil
}

// platformsOf is the platforms that a classification runs on, now or as it was
// approved last: its offers come from what was approved, whatever has been
// unticked since.
func (s *server) platformsOf(ctx context.Context, rec engine.Record) ([]string, error) {
	out := rec.Sources(engine.FromPlatform)
	snapshot, err := s.lastApproved(ctx, rec.Classification.ID)
	if err != nil || snapshot == nil {
		return out, err
	}
	for _, id := range snapshot.Record().Sources(engine.FromPlatform) {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out, nil
}

// frozenSources is what the accepted offers were taken from, beside the
// catalogue, which the snapshot names already.
func (s *server) frozenSources(ctx context.Context, v *verified) ([]engine.FrozenSource, error) {
	from, hows := map[engine.OfferKind][]string{}, map[string][]string{}
	for id, x := range v.Responses() {
		t := x.Taken
		if t == nil || t.Kind == engine.FromPrefill {
			continue
		}
		if t.Kind == engine.FromUnit {
			hows[t.From] = append(hows[t.From], id)
		}
		if !slices.Contains(from[t.Kind], t.From) {
			from[t.Kind] = append(from[t.Kind], t.From)
		}
	}
	var out []engine.FrozenSource
	for _, kind := range slices.Sorted(maps.Keys(from)) {
		slices.Sort(from[kind])
		for _, id := range from[kind] {
			source := engine.FrozenSource{Kind: kind, ID: id}
			var err error
			switch kind {
			case engine.FromAgreement:
				if i := slices.IndexFunc(v.Agreements, func(a engine.Agreement) bool { return a.ID == id }); i >= 0 {
					source = v.Agreements[i].Frozen()
				}
			case engine.FromUnit:
				source = engine.FrozenHows(v.Shared, v.visit.org, id, hows[id])
			case engine.FromTender, engine.FromSupplier:
				err = s.frozenTender(ctx, v, &source)
			default:
				var snapshot *engine.Snapshot
				var approval engine.Approval
				if snapshot, approval, err = s.approvedOf(ctx, id); snapshot != nil {
					source.Title, source.Revision, source.SHA256 = snapshot.System.Title, approval.Revision, approval.Hash
				}
			}
			if err != nil && !errors.Is(err, engine.ErrNotFound) {
				return nil, err
			}
			out = append(out, source)
		}
	}
	return out, nil
}

// frozenTender finds the file that a tender's or a supplier's answers were read
// from last, and the hash of the answers with what was found of them: a file that
// came later, or an assessment, is no part of the file's own hash.
func (s *server) frozenTender(ctx context.Context, v *verified, source *engine.FrozenSource) error {
	room := v.Classification.ID
	if source.Kind == engine.FromTender {
		room = source.ID
	}
	e, err := s.Store.Evaluation(ctx, room)
	if err != nil {
		return err
	}
	for _, t := range e.Tenders {
		if source.Kind == engine.FromTender && (e.Award == nil || e.Award.Tender != t.ID) || source.Kind == engine.FromSupplier && t.ID != source.ID {
			continue
		}
		source.Title, source.Answers = t.Tenderer, e.Hash(t.ID)
		for _, f := range t.Files {
			if f.N == t.File {
				source.Revision, source.SHA256 = f.N, f.SHA256
			}
		}
	}
	return nil
}
