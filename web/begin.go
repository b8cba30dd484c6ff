package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
)

// beginPage is where a B-classification is begun: from an approved
// classification of the same system, or from nothing.
type beginPage struct {
	page
	System  string
	Action  string
	From    []choice
	Token   string
	Missing fieldErrors
	Ongoing string // link to a B that is not approved yet
}

func (s *server) beginForm(w http.ResponseWriter, r *http.Request) error {
	p, _, err := s.beginPage(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "begin", p)
}

// beginPage gives the page and the system's classifications.
func (s *server) beginPage(r *http.Request) (beginPage, []engine.Record, error) {
	id := chi.URLParam(r, "system")
	all, err := s.Store.Systems(r.Context())
	if err != nil {
		return beginPage{}, nil, err
	}
	all = slices.DeleteFunc(all, func(rec engine.Record) bool { return rec.System.ID != id })
	if len(all) == 0 {
		return beginPage{}, nil, engine.ErrNotFound
	}
	sys := all[0].System
	p := beginPage{page: s.page(r, "Börja en B-klassning, "+sys.Title, "system", crumb{"System", "/system"}, crumb{sys.Title, "/system/" + id}, crumb{"Börja en B-klassning", ""}),
		System: sys.Title, Action: "/system/" + id + "/b-klassning", Token: token()}
	for i := len(all) - 1; i >= 0; i-- {
		rec := all[i]
		if rec.Classification.Type == "B" && !rec.Locked() {
			p.Ongoing = "/klassning/" + rec.Classification.ID
		}
		snapshot, approval, err := s.approvedOf(r.Context(), rec.Classification.ID)
		if err != nil {
			return p, nil, err
		}
		if snapshot == nil {
			continue
		}
		help := "Svaren, informationen och nivåerna följer med som de godkändes."
		if rec.Classification.Type == "A" {
			help += " Kravbilagan blir utgångspunkt, och det vinnande anbudets svar kommer som förslag."
		} else {
			help += " Svaren på kraven kommer som förslag."
		}
		if !rec.Locked() {
			help += " Den är öppnad igen sedan dess. Det som har ändrats efteråt kommer inte med."
		}
		p.From = append(p.From, choice{ID: rec.Classification.ID, Title: rec.Classification.Type + "-klassningen, revision " + itoa(approval.Revision) + ", godkänd " + s.day(approval.ApprovedAt), Help: help, Chosen: len(p.From) == 0})
	}
	p.From = append(p.From, choice{ID: "inget", Title: "Inget", Help: "För ett system i drift som inte är klassat. Frågorna ställs från början.", Chosen: len(p.From) == 0})
	return p, all, nil
}

// approvedOf is a classification's newest approved revision with its snapshot;
// nil when none has been approved.
func (s *server) approvedOf(ctx context.Context, classification string) (*engine.Snapshot, engine.Approval, error) {
	list, err := s.Store.Approvals(ctx, classification)
	if err != nil {
		return nil, engine.Approval{}, err
	}
	for _, a := range list {
		if !a.ApprovedAt.IsZero() {
			snapshot, err := engine.ReadSnapshot(a.Snapshot)
			return snapshot, a, err
		}
	}
	return nil, engine.Approval{}, nil
}

func (s *server) begin(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	p, all, err := s.beginPage(r)
	if err != nil {
		return err
	}
	key, from := r.PostFormValue("nyckel"), r.PostFormValue("fran")
	choose(p.From, from)
	if !slices.ContainsFunc(p.From, func(c choice) bool { return c.Chosen }) || !tokenPattern.MatchString(key) {
		p.Missing, p.Failed = fieldErrors{{"fran", "Välj vad klassningen ska utgå från"}}, true
		return s.render(w, http.StatusUnprocessableEntity, "begin", p)
	}
	// A second press gives the first one's classification, not a second.
	if p.Ongoing != "" && p.Ongoing != "/klassning/"+key {
		return seeOther(w, r, p.Ongoing)
	}
	c := engine.Classification{ID: key, SystemID: all[0].System.ID, Type: "B"}
	var changes []engine.Change
	without := ""
	if from == "inget" {
		loaded := s.Catalogs().Catalog
		if err := s.Store.PutCatalog(r.Context(), loaded.SetHash, loaded.Files); err != nil {
			return err
		}
		c.CatalogHash = loaded.SetHash
	} else {
		i := slices.IndexFunc(all, func(rec engine.Record) bool { return rec.Classification.ID == from })
		c.CatalogHash = all[i].Classification.CatalogHash
		if changes, err = s.startFrom(r, all[i]); err != nil {
			return err
		}
		if changes, without, err = s.withoutRings(r.Context(), changes, c.SystemID); err != nil {
			return err
		}
	}
	rec, err := s.Store.Begin(r.Context(), visitOf(r.Context()).ID, c, changes)
	if err != nil {
		return err
	}
	if without != "" {
		return seeOther(w, r, "/klassning/"+rec.Classification.ID+"/kallor?utan="+without)
	}
	return seeOther(w, r, "/klassning/"+rec.Classification.ID)
}

// withoutRings leaves out the platforms that have come to run on the system
// themselves since the classification that the answers are from, and names one
// of them.
func (s *server) withoutRings(ctx context.Context, changes []engine.Change, system string) ([]engine.Change, string, error) {
	records, err := s.Store.Systems(ctx)
	if err != nil {
		return nil, "", err
	}
	at := map[string]engine.Record{}
	for _, rec := range records {
		if rec.Classification.Type == "B" {
			at[rec.Classification.ID] = rec
		}
	}
	var out []engine.Change
	without := ""
	for _, c := range changes {
		if id, ok := strings.CutPrefix(c.Key, engine.SourceKey(engine.FromPlatform, "")); ok {
			round, err := s.circle(ctx, at, id, system, nil)
			if err != nil {
				return nil, "", err
			}
			if round != nil {
				without = id
				continue
			}
		}
		out = append(out, c)
	}
	return out, without, nil
}

// startFrom is the answers that a B-classification takes over from an approved
// one: what decides the requirements, with the marks of what has been gone
// through, and where it all came from.
func (s *server) startFrom(r *http.Request, from engine.Record) ([]engine.Change, error) {
	snapshot, approval, err := s.approvedOf(r.Context(), from.Classification.ID)
	if err != nil {
		return nil, err
	}
	if snapshot == nil {
		return nil, engine.ErrNotFound
	}
	var changes []engine.Change
	for _, a := range snapshot.Answers {
		kind, _, _ := strings.Cut(a.Key, "/")
		if slices.Contains([]string{"fact", "information", engine.KeyRaise, engine.KeyStop, "reviewed", "source", engine.KeyDeclares}, kind) ||
			slices.Contains([]string{engine.DoneKey("facts"), engine.DoneKey("information"), engine.DoneKey("laws"), engine.DoneKey("requirements")}, a.Key) {
			changes = append(changes, engine.Change{Key: a.Key, Value: a.Value})
		}
	}
	b := engine.Baseline{Classification: from.Classification.ID, Revision: approval.Revision}
	if from.Classification.Type == "A" {
		published, err := s.Store.Publications(r.Context(), from.Classification.ID)
		if err != nil {
			return nil, err
		}
		if n := len(published); n > 0 {
			b.Rows, b.Publication = published[n-1].Rows, published[n-1].Number
		} else {
			o, err := s.derive(r.Context(), snapshotRecord(snapshot, from))
			if err != nil {
				return nil, err
			}
			b.Rows = engine.Rows(s.lines(o))
		}
	}
	return append(changes, change(engine.KeyBaseline, b, 0)), nil
}

// snapshotRecord is the record as it was approved, with the tailoring that goes on.
func snapshotRecord(snapshot *engine.Snapshot, now engine.Record) engine.Record {
	rec := snapshot.Record()
	rec.System = now.System
	for key, a := range now.Answers {
		if engine.OfProcurement(key) {
			rec.Answers[key] = a
		}
	}
	return rec
}
