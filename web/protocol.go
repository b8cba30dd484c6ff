package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/certificate"
)

// protocolPage is one revision for the records. All of it comes from the
// snapshot, but who proposed and approved it, and when.
type protocolPage struct {
	page
	Base         string
	Link         string // this page
	Approval     engine.Approval
	Snapshot     *engine.Snapshot
	Broken       string // what does not agree, when something does not
	Proposed     string
	ProposedBy   string
	Approved     string
	ApprovedBy   string
	Reopened     string
	ReopenedBy   string
	Review       string
	Participants []participantView
	Cleared      *engine.Cleared
	Answers      []changeRow // What and Now
	Undecided    []engine.FrozenFinding
	Words        []wordRow // contracted and verified
	Assumed      []wordRow
	Areas        []protocolArea
	Verified     []verifiedArea // of a B: the outcome of each requirement
	Figures      []figure
	Deviations   []deviationView
	Plan         []actionView
	Sources      []protocolSource
	Hash         string // of the snapshot as it is
	Fetch        bool   // the visitor may fetch files
}

func revisionWords(x engine.FrozenSource) string {
	switch {
	case x.Revision == 0:
		return ""
	case x.Kind == engine.FromAgreement:
		return ", version " + itoa(x.Revision)
	case x.Kind == engine.FromTender || x.Kind == engine.FromSupplier:
		return ", fil " + itoa(x.Revision)
	}
	return ", revision " + itoa(x.Revision)
}

// protocolSource is what accepted offers were taken from.
type protocolSource struct{ What, Title, Hash, Answers string }

// wordRow is whose word something was taken on, and for which requirements.
type wordRow struct {
	Strength, Source, Release string
	IDs                       []string
}

// Word is the strength on screen.
func (w wordRow) Word() string { return strengthTexts[w.Strength] }

type protocolArea struct {
	Title string
	Rows  []engine.FrozenFinding
}

// longDate writes a day for the records: 24 november 2026.
func (s *server) longDate(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(s.Location)
	return fmt.Sprintf("%d %s %d", t.Day(), longMonths[t.Month()-1], t.Year())
}

// revisionAt is the revision that the address names, and its classification.
func (s *server) revisionAt(r *http.Request) (*engine.Record, engine.Approval, error) {
	rec := visitOf(r.Context()).record
	all, err := s.Store.Approvals(r.Context(), rec.Classification.ID)
	if err != nil {
		return nil, engine.Approval{}, err
	}
	a, err := named(r, "revision", all, func(a engine.Approval) string { return itoa(a.Revision) })
	return rec, a, err
}

// brokenApproval says what of a revision does not agree with itself; "" when
// all does.
func brokenApproval(a engine.Approval, s *engine.Snapshot) string {
	switch {
	case sha256hex(a.Snapshot) != a.Hash:
		return "Underlaget har inte den kontrollsumma som det fick när klassningen lades fram."
	case s.Classification.ID != a.Classification:
		return "Underlaget hör till en annan klassning."
	case s.Decision.Diary != a.Decision.Diary || s.Decision.Text != a.Decision.Text || s.Decision.NextReview != a.Decision.NextReview ||
		s.Decision.FourEyes != a.Decision.FourEyes || !slices.Equal(s.Decision.Participants, a.Decision.Participants):
		return "Beslutet i databasen är inte det som står i underlaget."
	}
	return ""
}

func (s *server) protocol(w http.ResponseWriter, r *http.Request) error {
	rec, a, err := s.revisionAt(r)
	if err != nil {
		return err
	}
	snapshot, err := engine.ReadSnapshot(a.Snapshot)
	if err != nil {
		s.Log.Error("snapshot", "classification", rec.Classification.ID, "revision", a.Revision, "err", err)
		return unreadable(rec)
	}
	accounts, err := s.Store.Accounts(r.Context())
	if err != nil {
		return err
	}
	v := visitOf(r.Context())
	base := "/klassning/" + rec.Classification.ID
	title := "Revision " + itoa(a.Revision)
	p := protocolPage{
		page: s.pageOf(v, "Protokoll, "+snapshot.System.Title+", "+lowerFirst(title), "system",
			crumb{"System", "/system"}, crumb{rec.System.Title, base}, crumb{"Revisioner", base + "/revisioner"}, crumb{title, ""}),
		Base: base, Link: base + "/revision/" + itoa(a.Revision), Approval: a, Snapshot: snapshot, Broken: brokenApproval(a, snapshot), Hash: sha256hex(a.Snapshot),
		Proposed: s.longDate(a.ProposedAt), ProposedBy: personName(a.ProposedBy), Approved: s.longDate(a.ApprovedAt), ApprovedBy: personName(a.ApprovedBy),
		Reopened: s.longDate(a.ReopenedAt), ReopenedBy: personName(a.ReopenedBy), Participants: participants(accounts, snapshot.Decision), Fetch: v.on(rec, fetch, ""),
	}
	p.Subject, p.Catalog = snapshot.Classification.Type+"-klassning av "+snapshot.System.Title, snapshot.Catalog.Title+" "+snapshot.Catalog.Version
	if t, err := time.ParseInLocation(time.DateOnly, snapshot.Decision.NextReview, s.Location); err == nil {
		p.Review = s.longDate(t)
	}
	if p.Broken != "" {
		s.Log.Error("approval does not agree", "classification", rec.Classification.ID, "revision", a.Revision)
	}
	if stop := snapshot.Answer(engine.KeyStop); stop != nil {
		p.Cleared = &engine.Cleared{}
		decode(stop.Value, p.Cleared)
	}
	for i := range snapshot.Answers {
		x := &snapshot.Answers[i]
		if kind, _, _ := strings.Cut(x.Key, "/"); kind == "fact" || kind == "information" {
			p.Answers = append(p.Answers, changeRow{What: answerTitle(x), Now: answerSay(x)})
		}
	}
	if snapshot.Verified != nil {
		p.verification(s, snapshot)
	}
	for _, w := range wordsOf(snapshot) {
		if snapshot.Verified != nil {
			break // what was accepted stands at each requirement
		}
		if w.Strength == "assumed" {
			p.Assumed = append(p.Assumed, w)
		} else {
			p.Words = append(p.Words, w)
		}
	}
	for _, f := range snapshot.Findings {
		if f.Applies == "unknown" || f.Unsettled {
			p.Undecided = append(p.Undecided, f)
		}
		if f.Applies != "yes" {
			continue
		}
		if n := len(p.Areas); n == 0 || p.Areas[n-1].Title != f.Area {
			p.Areas = append(p.Areas, protocolArea{Title: f.Area})
		}
		last := &p.Areas[len(p.Areas)-1]
		last.Rows = append(last.Rows, f)
	}
	return s.render(w, http.StatusOK, "protocol", p)
}

// verifiedArea is the outcomes in one area.
type verifiedArea struct {
	Title string
	Rows  []verifiedLine
}

// verifiedLine is one requirement with what was answered, as it was frozen.
type verifiedLine struct {
	ID, Title string
	Sign      sign
	Response  *responseView
}

// verification fills in what a B-classification came to, from the snapshot alone.
func (p *protocolPage) verification(s *server, snapshot *engine.Snapshot) {
	p.Figures = sumFigures(*snapshot.Verified)
	for _, x := range snapshot.Sources {
		p.Sources = append(p.Sources, protocolSource{kindWords[x.Kind], strings.TrimSpace(x.Title + revisionWords(x)), x.SHA256, x.Answers})
	}
	for _, f := range snapshot.Findings {
		if f.Outcome == "" {
			continue
		}
		if n := len(p.Verified); n == 0 || p.Verified[n-1].Title != f.Area {
			p.Verified = append(p.Verified, verifiedArea{Title: f.Area})
		}
		line := verifiedLine{ID: f.ID, Title: f.Title, Sign: outcomeSigns[engine.Outcome(f.Outcome)]}
		var r engine.Response
		if a := snapshot.Answer(engine.ResponseKey(f.ID)); a != nil && decode(a.Value, &r) && r.Value != "" {
			line.Response = s.responseView(&engine.Assessed{Response: r, Answer: engine.Answer{At: a.At}})
		}
		last := &p.Verified[len(p.Verified)-1]
		last.Rows = append(last.Rows, line)
	}
	for _, a := range snapshot.Answers {
		var d engine.Deviation
		var x engine.Action
		switch kind, _, _ := strings.Cut(a.Key, "/"); {
		case kind == "deviation" && decode(a.Value, &d):
			p.Deviations = append(p.Deviations, deviationView{Reason: d.Reason, Until: s.dayOf(d.Until), DecidedBy: lowerFirst(d.DecidedBy), Protection: d.Protection, Say: strings.Join(d.Requirements, ", ")})
		case kind == "action" && decode(a.Value, &x):
			p.Plan = append(p.Plan, actionView{Title: x.Title, Role: roleTitle(s.Catalogs().Catalog, x.Role), Due: s.dayOf(x.Due), Status: statusWords[x.Status].Word, Class: statusWords[x.Status].Class, Origin: strings.Join(x.Requirements, ", ")})
		}
	}
}

// wordsOf lists whose word the requirements that apply have been offered on, by
// strength, the best-founded first, and then by source.
func wordsOf(s *engine.Snapshot) []wordRow {
	var out []wordRow
	for _, f := range s.Findings {
		for _, x := range f.Offers {
			if f.Applies != "yes" || x.Applies != "yes" {
				continue
			}
			release := x.From.Title + " " + x.From.Version
			i := slices.IndexFunc(out, func(w wordRow) bool { return w.Strength == x.Strength && w.Source == x.Source && w.Release == release })
			if i < 0 {
				i, out = len(out), append(out, wordRow{Strength: x.Strength, Source: x.Source, Release: release})
			}
			if !slices.Contains(out[i].IDs, f.ID) {
				out[i].IDs = append(out[i].IDs, f.ID)
			}
		}
	}
	rank := []string{"verified", "contracted", "assumed"}
	swedish(out, func(w wordRow) string { return w.Source })
	slices.SortStableFunc(out, func(a, b wordRow) int {
		return cmp.Compare(slices.Index(rank, a.Strength), slices.Index(rank, b.Strength))
	})
	return out
}

func unreadable(rec *engine.Record) *Problem {
	return &Problem{http.StatusInternalServerError, "Underlaget går inte att läsa",
		"Det är ändrat i efterhand eller skrivet av en annan version av Kravverk. Be den som sköter Kravverk att jämföra databasen med en säkerhetskopia.",
		"/klassning/" + rec.Classification.ID + "/revisioner", "Till revisionerna"}
}

// downloadSnapshot gives the snapshot byte for byte as it was frozen.
func (s *server) downloadSnapshot(w http.ResponseWriter, r *http.Request) error {
	rec, a, err := s.revisionAt(r)
	if err != nil {
		return err
	}
	return sendJSON(w, fmt.Sprintf("klassning-%s-revision-%d.json", cmp.Or(slug(rec.System.Title), rec.Classification.ID), a.Revision), a.Snapshot)
}

// downloadCertificate derives the frozen answers again, with the catalogue that
// they were given to, and gives the proof of every verdict.
func (s *server) downloadCertificate(w http.ResponseWriter, r *http.Request) error {
	rec, a, err := s.revisionAt(r)
	if err != nil {
		return err
	}
	snapshot, err := engine.ReadSnapshot(a.Snapshot)
	if err != nil {
		return unreadable(rec)
	}
	o, err := s.derive(r.Context(), snapshot.Record())
	if err != nil {
		return err
	}
	data, err := certificate.Encode(engine.Certify(o.Derivation))
	if err != nil {
		return err
	}
	return sendJSON(w, fmt.Sprintf("intyg-%s-revision-%d.json", cmp.Or(slug(rec.System.Title), rec.Classification.ID), a.Revision), data)
}

func sendJSON(w http.ResponseWriter, name string, data []byte) error {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	h.Set("Content-Length", fmt.Sprint(len(data)))
	_, err := w.Write(data)
	return err
}
