package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
)

// approvalPage is where a classification is put forward, approved, returned
// and reopened.
type approvalPage struct {
	page
	Base     string
	Stops    []textLink // what has to be mended first
	Notes    []textLink // what goes into the protocol as it is
	Returned *said      // why the last proposal came back
	Form     *proposalForm
	Waits    *waitingApproval
	Stands   *approvedView
	Reopened *said // the latest revision has been opened again
	Who      string
	Missing  fieldErrors
	Lost     *proposalForm // what somebody typed when another had already put it forward
	Changed  *changedView
	Figures  *engine.FrozenResult
	Outcome  []figure     // of a B: what it comes to
	Since    *changesView // to the revision before
	Before   int          // which that is
	Reason   string       // typed, for a return or a reopening
}

// Next is the revision that a reopened classification becomes.
func (p approvalPage) Next() int { return p.Stands.Revision + 1 }

// said is what somebody did, and why.
type said struct{ Who, When, Reason string }

// proposalForm is the form that puts a classification forward.
type proposalForm struct {
	Diary, Text, Review string
	Rows                []participantRow
	Roles               []string
	People              []engine.Person
	State               int // the record's when the page was shown
	FourEyes            bool
	Final               bool // the same person approves at once
}

type participantRow struct {
	N            int
	Role, Person string
}

// waitingApproval is a revision that waits for somebody to approve it.
type waitingApproval struct {
	engine.Approval
	Participants []participantView
	Snapshot     *engine.Snapshot
	By, When     string
	May, Same    bool // the visitor may approve; is the one who put it forward
	Review       string
}

type participantView struct{ Role, Person string }

// approvedView is a revision that stands.
type approvedView struct {
	engine.Approval
	By, When, Review string
	Late, May        bool
}

// changedView is what others have saved while somebody filled in the form.
type changedView struct {
	Rows []changedRow
	More int
}

type changedRow struct{ Who, When, What, Was, Now string }

// How much the form takes.
const (
	maxDiary, maxDecision, maxReason = 100, 4000, 2000
	maxParticipants                  = 40
	emptyRows                        = 2
	reviewYears                      = 5
)

// freeze writes the present down, of a B-classification with what it comes to.
func (s *server) freeze(ctx context.Context, o *open, d engine.Decision) (*engine.Snapshot, error) {
	snapshot := engine.Freeze(o.Record, o.Derivation, unitName(o.visit.org, o.System.Unit), d)
	if o.Classification.Type == "B" {
		v, err := s.assess(ctx, o)
		if err != nil {
			return nil, err
		}
		sources, err := s.frozenSources(ctx, v)
		if err != nil {
			return nil, err
		}
		snapshot.Assessed(v.Assessment, sources)
	}
	return snapshot, nil
}

func (s *server) approval(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	p, err := s.approvalPage(r, o)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "approval", p)
}

func (s *server) approvalPage(r *http.Request, o *open) (approvalPage, error) {
	p := approvalPage{page: s.classificationPage(o, "Godkännande"), Base: o.Base()}
	p.Lock = nil // the page says the same
	revisions, err := s.Store.Approvals(r.Context(), o.Classification.ID)
	if err != nil {
		return p, err
	}
	accounts, err := s.Store.Accounts(r.Context())
	if err != nil {
		return p, err
	}
	v := o.visit
	mayApprove := v.on(&o.Record, approve, "")
	var latest engine.Approval
	if len(revisions) > 0 {
		latest = revisions[0]
	}
	var snapshot *engine.Snapshot
	switch {
	case latest.Stands():
		p.Stands = &approvedView{Approval: latest, By: personName(latest.ApprovedBy), When: s.day(latest.ApprovedAt), Review: s.dayOf(latest.Decision.NextReview),
			Late: latest.Decision.NextReview < s.today(), May: mayApprove}
		p.Who = whoMay(accounts, v, &o.Record, approve, "")
		return p, nil
	case len(revisions) > 0 && latest.Waits():
		if snapshot, err = engine.ReadSnapshot(latest.Snapshot); err != nil {
			return p, err
		}
		same := latest.ProposedBy.ID == v.ID && s.fourEyes(o, latest)
		p.Waits = &waitingApproval{Approval: latest, Snapshot: snapshot, By: personName(latest.ProposedBy), When: s.day(latest.ProposedAt),
			May: mayApprove && !same, Same: same, Review: s.dayOf(latest.Decision.NextReview), Participants: participants(accounts, snapshot.Decision)}
		except := ""
		if s.fourEyes(o, latest) {
			except = latest.ProposedBy.ID
		}
		p.Who = whoMay(accounts, v, &o.Record, approve, except)
		revisions = revisions[1:]
	default:
		if snapshot, err = s.freeze(r.Context(), o, engine.Decision{}); err != nil {
			return p, err
		}
		if len(revisions) > 0 {
			p.Reopened = &said{personName(latest.ReopenedBy), s.day(latest.ReopenedAt), latest.Reason}
		}
		if p.Returned, err = s.returned(r, o); err != nil {
			return p, err
		}
		p.Stops = approvalStops(o, s.today())
		if v.on(&o.Record, propose, "") {
			p.Form = s.proposalForm(o, accounts, mayApprove)
		} else {
			p.Who = whoMay(accounts, v, &o.Record, propose, "")
		}
	}
	p.Notes, p.Figures = approvalNotes(snapshot, o.Base()), &snapshot.Result
	if snapshot.Verified != nil {
		p.Outcome = outcomeFigures(snapshot)
	}
	if len(revisions) > 0 {
		before, err := engine.ReadSnapshot(revisions[0].Snapshot)
		if err != nil {
			return p, err
		}
		p.Since, p.Before = s.changesOf(before, snapshot), revisions[0].Revision
	}
	return p, nil
}

// fourEyes tells whether a proposal needs another than who made it: it was so
// then, or is so now.
func (s *server) fourEyes(o *open, a engine.Approval) bool {
	return a.Decision.FourEyes || o.visit.org.FourEyes(o.System.Unit)
}

// returned is the last return, when nothing has been put forward since.
func (s *server) returned(r *http.Request, o *open) (*said, error) {
	events, err := s.Store.Events(r.Context(), engine.EventFilter{Classification: o.Classification.ID}, 500)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		if !strings.HasPrefix(e.Action, "approval.") {
			continue
		}
		if e.Action != "approval.return" {
			return nil, nil
		}
		var about struct{ Reason string }
		decode(e.After, &about)
		return &said{personName(e.By), s.day(e.At), about.Reason}, nil
	}
	return nil, nil
}

// personName is what to call somebody whose name may have been erased.
func personName(p engine.Person) string { return cmp.Or(p.Name, "någon vars namn är raderat") }

// whoMay names those who may do something to a classification, but one.
func whoMay(accounts []engine.Account, v *visit, rec *engine.Record, a action, except string) string {
	var names []string
	for _, x := range accounts {
		other := visit{Account: x, org: v.org}
		if x.ID != except && x.Name != "" && x.Disabled.IsZero() && other.on(rec, a, "") {
			names = append(names, x.Name)
		}
	}
	swedish(names, func(s string) string { return s })
	return refusalText(refusalTexts[a], names)
}

func participants(accounts []engine.Account, d engine.Decision) []participantView {
	var out []participantView
	for _, x := range d.Participants {
		v := participantView{Role: x.Role}
		if x.Person != "" {
			v.Person = participantName(accounts, x.Person)
		}
		out = append(out, v)
	}
	return out
}

// participantName is the name of a person by id.
func participantName(accounts []engine.Account, id string) string {
	i := slices.IndexFunc(accounts, func(a engine.Account) bool { return a.ID == id })
	if i < 0 || accounts[i].Name == "" {
		return "namnet är raderat"
	}
	return accounts[i].Name
}

// proposalForm is the form as it is first shown: a year to the next review,
// and those who have answered.
func (s *server) proposalForm(o *open, accounts []engine.Account, mayApprove bool) *proposalForm {
	f := &proposalForm{Text: map[string]string{"A": "Klassningen och kravlistan godkänns.", "B": "Verifieringen, avstegen och handlingsplanen godkänns."}[o.Classification.Type], State: o.State(), FourEyes: o.visit.org.FourEyes(o.System.Unit)}
	f.Final = mayApprove && !f.FourEyes
	f.Review = s.Now().In(s.Location).AddDate(1, 0, 0).Format(time.DateOnly)
	for _, x := range o.Catalog.Roles {
		f.Roles = append(f.Roles, x.Title)
	}
	answered := map[string]bool{}
	for _, a := range o.Answers {
		answered[a.By.ID] = answered[a.By.ID] || a.Given()
	}
	var taking []engine.Account
	for _, x := range accounts {
		other := visit{Account: x, org: o.visit.org}
		if x.Name != "" && (answered[x.ID] || x.Disabled.IsZero() && other.on(&o.Record, read, "")) {
			taking = append(taking, x)
		}
	}
	swedish(taking, func(a engine.Account) string { return a.Name })
	var rows []participantRow
	for _, x := range taking {
		f.People = append(f.People, x.Person)
		if answered[x.ID] {
			rows = append(rows, participantRow{Role: roleIn(o, x), Person: x.ID})
		}
	}
	f.rows(rows, emptyRows)
	return f
}

// roleIn is the catalogue's title of the role that somebody has in a system's
// unit, "" when the catalogue has none of them.
func roleIn(o *open, a engine.Account) string {
	for _, g := range a.Grants {
		if !o.visit.org.Within(o.System.Unit, g.Unit) && !o.visit.org.Within(o.System.ManagedBy, g.Unit) {
			continue
		}
		i := slices.IndexFunc(o.Catalog.Roles, func(x *catalog.Role) bool { return x.ID == g.Role })
		if i >= 0 {
			return o.Catalog.Roles[i].Title
		}
	}
	return ""
}

// rows numbers the rows and adds empty ones.
func (f *proposalForm) rows(rows []participantRow, empty int) {
	f.Rows = append(rows, make([]participantRow, empty)...)
	f.Rows = f.Rows[:min(len(f.Rows), maxParticipants)]
	for i := range f.Rows {
		f.Rows[i].N = i + 1
	}
}

// fill takes over what was typed.
func (f *proposalForm) fill(r *http.Request) {
	f.Diary, f.Text, f.Review = strings.TrimSpace(r.PostFormValue("diarienummer")), strings.TrimSpace(r.PostFormValue("beslut")), strings.TrimSpace(r.PostFormValue("omprovning"))
	var rows []participantRow
	for n := 1; n <= maxParticipants && r.PostForm.Has("roll-"+itoa(n)); n++ {
		rows = append(rows, participantRow{Role: r.PostFormValue("roll-" + itoa(n)), Person: r.PostFormValue("person-" + itoa(n))})
	}
	f.rows(rows, 0)
}

// decision checks what was typed. The field errors are empty when it will do.
func (s *server) decision(f *proposalForm) (engine.Decision, fieldErrors) {
	d := engine.Decision{Diary: f.Diary, Text: f.Text, NextReview: f.Review, FourEyes: f.FourEyes, Participants: []engine.Participant{}}
	var bad fieldErrors
	wrong := func(field, text string) { bad = append(bad, fieldError{field, text}) }
	switch {
	case f.Diary == "":
		wrong("diarienummer", "Skriv ärendets diarienummer")
	case len([]rune(f.Diary)) > maxDiary:
		wrong("diarienummer", "Korta diarienumret till högst "+itoa(maxDiary)+" tecken")
	}
	switch {
	case f.Text == "":
		wrong("beslut", "Skriv vad som beslutas")
	case len([]rune(f.Text)) > maxDecision:
		wrong("beslut", "Korta beslutet till högst "+itoa(maxDecision)+" tecken")
	}
	if problem := s.reviewProblem(f.Review); problem != "" {
		wrong("omprovning", problem)
	}
	for _, row := range f.Rows {
		at := itoa(row.N)
		known := slices.ContainsFunc(f.People, func(p engine.Person) bool { return p.ID == row.Person })
		x := engine.Participant{Role: row.Role, Person: row.Person}
		switch {
		case row.Role == "" && row.Person == "":
		case !slices.Contains(f.Roles, row.Role):
			wrong("roll-"+at, "Välj vilken roll deltagaren på rad "+at+" hade")
		case row.Person != "" && !known:
			wrong("person-"+at, "Välj en person i listan på rad "+at+", eller lämna namnet öppet")
		case !slices.Contains(d.Participants, x):
			d.Participants = append(d.Participants, x)
		}
	}
	if len(d.Participants) == 0 && bad.For("roll-1") == "" {
		wrong("roll-1", "Välj minst en roll som har deltagit")
	}
	return d, bad
}

func (s *server) reviewProblem(date string) string {
	_, err := time.Parse(time.DateOnly, date)
	switch latest := s.Now().In(s.Location).AddDate(reviewYears, 0, 0).Format(time.DateOnly); {
	case date == "":
		return "Skriv när klassningen ska omprövas"
	case err != nil:
		return "Skriv datumet som år-månad-dag, till exempel 2027-01-31"
	case date <= s.today():
		return "Omprövningen måste ligga efter i dag, " + s.today()
	case date > latest:
		return "Omprövningen måste ligga inom fem år, senast " + latest
	}
	return ""
}

func (s *server) proposeApproval(w http.ResponseWriter, r *http.Request) error {
	o, err := s.posted(r)
	if err != nil {
		return err
	}
	seen, ok := number(r.PostFormValue("lage"))
	if !ok {
		return errForm
	}
	p, err := s.approvalPage(r, o)
	if err != nil {
		return err
	}
	if p.Form == nil {
		return s.lateProposal(w, r, o, p)
	}
	p.Form.fill(r)
	if r.PostForm.Has("fler") {
		p.Form.State = seen
		p.Form.rows(p.Form.Rows, 3)
		return s.render(w, http.StatusOK, "approval", p)
	}
	d, bad := s.decision(p.Form)
	if len(p.Stops) > 0 {
		bad = append(fieldErrors{{"saknas", "Rätta det som saknas innan klassningen läggs fram"}}, bad...)
	}
	if p.Missing = bad; len(bad) > 0 {
		p.Failed, p.Form.State = true, seen
		return s.render(w, http.StatusUnprocessableEntity, "approval", p)
	}
	if seen == o.State() {
		snapshot, err := s.freeze(r.Context(), o, d)
		if err != nil {
			return err
		}
		_, err = s.Store.Propose(r.Context(), o.visit.ID, o.Classification.ID, seen, d, snapshot.Encode(), p.Form.Final)
		switch {
		case err == nil:
			return seeOther(w, r, o.Base()+"/godkannande")
		case !errors.Is(err, engine.ErrChanged) && !errors.Is(err, engine.ErrLocked):
			return err
		}
		// Somebody came in between: show what there is now.
		if o, err = s.open(r); err != nil {
			return err
		}
		form := p.Form
		if p, err = s.approvalPage(r, o); err != nil {
			return err
		}
		if p.Form == nil {
			return s.lateProposal(w, r, o, p)
		}
		p.Form.Diary, p.Form.Text, p.Form.Review, p.Form.Rows = form.Diary, form.Text, form.Review, form.Rows
	}
	if p.Changed, err = s.changedSince(r, o, seen); err != nil {
		return err
	}
	p.Failed = true
	return s.render(w, http.StatusConflict, "approval", p)
}

// lateProposal answers a proposal of what is locked already: a double post is
// none, and what another typed is shown again.
func (s *server) lateProposal(w http.ResponseWriter, r *http.Request, o *open, p approvalPage) error {
	lost := &proposalForm{}
	lost.fill(r)
	var a engine.Approval
	if p.Waits != nil {
		a = p.Waits.Approval
	} else {
		a = p.Stands.Approval
	}
	if a.ProposedBy.ID == o.visit.ID && a.Decision.Diary == lost.Diary && a.Decision.Text == lost.Text {
		return seeOther(w, r, o.Base()+"/godkannande")
	}
	p.Lost, p.Failed = lost, true
	return s.render(w, http.StatusConflict, "approval", p)
}

// changedSince tells what has been saved since a state.
func (s *server) changedSince(r *http.Request, o *open, seen int) (*changedView, error) {
	const most = 8
	n := max(o.State()-seen, 0)
	view := &changedView{More: max(n-most, 0)}
	events, err := s.Store.Events(r.Context(), engine.EventFilter{Classification: o.Classification.ID}, n+50)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		if e.Action != "answer.save" || len(view.Rows) == min(n, most) {
			continue
		}
		row := changedRow{Who: personName(e.By), When: s.day(e.At)}
		row.What, row.Was, row.Now = s.eventWords(o, e)
		view.Rows = append(view.Rows, row)
	}
	return view, nil
}

// decideApproval approves what waits, or returns it.
func (s *server) decideApproval(w http.ResponseWriter, r *http.Request) error {
	o, p, revision, err := s.judging(r)
	if err != nil {
		return err
	}
	if p.Waits == nil || p.Waits.Revision != revision || p.Waits.Hash != r.PostFormValue("underlag") {
		return s.judgedBefore(o)
	}
	if r.PostFormValue("gor") != "aterlamna" {
		if p.Waits.Same {
			refused := *errRefused
			refused.Title, refused.Text = "Du har själv lagt fram klassningen", "Här godkänner en annan än den som lade fram. "+p.Who
			refused.Link, refused.Label = o.Base()+"/godkannande", "Till godkännandet"
			return &refused
		}
		err = s.Store.Approve(r.Context(), o.visit.ID, o.Classification.ID, revision, p.Waits.Hash)
	} else {
		if p.Reason, p.Missing = reasonOf(r, "Skriv varför klassningen återlämnas"); len(p.Missing) > 0 {
			p.Failed = true
			return s.render(w, http.StatusUnprocessableEntity, "approval", p)
		}
		err = s.Store.Return(r.Context(), o.visit.ID, o.Classification.ID, revision, p.Reason)
	}
	if errors.Is(err, engine.ErrNotFound) || errors.Is(err, engine.ErrChanged) {
		return s.judgedBefore(o)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, o.Base()+"/godkannande")
}

// reopenApproval lets an approved classification be changed again.
func (s *server) reopenApproval(w http.ResponseWriter, r *http.Request) error {
	o, p, revision, err := s.judging(r)
	if err != nil {
		return err
	}
	if p.Stands == nil || p.Stands.Revision != revision {
		return s.judgedBefore(o)
	}
	if p.Reason, p.Missing = reasonOf(r, "Skriv varför klassningen öppnas igen"); len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "approval", p)
	}
	if err := s.Store.Reopen(r.Context(), o.visit.ID, o.Classification.ID, revision, p.Reason); errors.Is(err, engine.ErrNotFound) {
		return s.judgedBefore(o)
	} else if err != nil {
		return err
	}
	return seeOther(w, r, o.Base()+"/godkannande")
}

// judging is what both begin with.
func (s *server) judging(r *http.Request) (*open, approvalPage, int, error) {
	o, err := s.posted(r)
	if err != nil {
		return nil, approvalPage{}, 0, err
	}
	p, err := s.approvalPage(r, o)
	revision, e := strconv.Atoi(r.PostFormValue("revision"))
	if err == nil && e != nil {
		err = errForm
	}
	return o, p, revision, err
}

func reasonOf(r *http.Request, ask string) (string, fieldErrors) {
	reason := strings.TrimSpace(r.PostFormValue("skal"))
	switch {
	case reason == "":
		return reason, fieldErrors{{"skal", ask}}
	case len([]rune(reason)) > maxReason:
		return reason, fieldErrors{{"skal", "Korta texten till högst " + itoa(maxReason) + " tecken"}}
	}
	return reason, nil
}

// judgedBefore says that the revision no longer is as it was on the page.
func (s *server) judgedBefore(o *open) error {
	p := *errConflict
	p.Text = "Inget har sparats. Klassningen har godkänts, återlämnats eller lagts fram på nytt sedan du öppnade sidan."
	p.Link, p.Label = o.Base()+"/godkannande", "Se hur det ligger till nu"
	return &p
}

// approvalTask fills in the step of the task list.
func (s *server) approvalTask(o *open, t *task) {
	a := o.Approval
	switch {
	case a != nil && a.Waits():
		t.Status, t.Class, t.Left = "Väntar på beslut", "wait", "Framlagd för godkännande. Inget kan ändras så länge."
		t.Who = personName(a.ProposedBy) + ", " + s.day(a.ProposedAt)
	case a != nil && a.Stands():
		t.Status, t.Class, t.Left = "Godkänd", "done", "Omprövas senast "+s.dayOf(a.Decision.NextReview)+"."
		t.Who = personName(a.ApprovedBy) + ", " + s.day(a.ApprovedAt)
	default:
		if n := len(approvalStops(o, s.today())); n > 0 {
			t.Status, t.Class, t.Left = "Något saknas", "lock", upperFirst(count(n, "sak återstår", "saker återstår"))+"."
		} else {
			t.Status, t.Class, t.Left = "Klar att lägga fram", "wait", "Allt är besvarat och genomgånget."
		}
		if a != nil {
			t.Left += " Revision " + itoa(a.Revision) + " är öppnad igen."
		}
	}
}

// lockLine says on every page of a classification why nothing can be changed.
type lockLine struct {
	Text, Link, Label string
	Waits             bool
}

func (s *server) lockLine(o *open) *lockLine {
	a := o.Approval
	switch {
	case !o.Locked():
		return nil
	case a.Waits():
		return &lockLine{"Väntar på godkännande. " + personName(a.ProposedBy) + " lade fram klassningen " + s.day(a.ProposedAt) + ", och inget kan ändras så länge.",
			o.Base() + "/godkannande", "Till godkännandet", true}
	}
	return &lockLine{"Godkänd " + s.date(a.ApprovedAt) + " av " + personName(a.ApprovedBy) + ". Omprövas senast " + s.dayOf(a.Decision.NextReview) + ".",
		o.Base() + "/revision/" + itoa(a.Revision), "Se protokollet", false}
}

// approvalStatus is what lists say of a locked classification, with its sign;
// empty of one that is not.
func (s *server) approvalStatus(a *engine.Approval) (status, class string) {
	switch {
	case a == nil || !a.Waits() && !a.Stands():
		return "", ""
	case a.Waits():
		return "Väntar på godkännande", "now"
	case a.Decision.NextReview < s.today():
		return "Godkänd " + s.date(a.ApprovedAt) + ", skulle ha omprövats " + s.dayOf(a.Decision.NextReview), "late"
	}
	return "Godkänd " + s.date(a.ApprovedAt) + ", omprövas " + s.dayOf(a.Decision.NextReview), "done"
}

// toApprove is what waits for the visitor's approval, the longest waiting
// first: one line for each on the start page.
func (s *server) toApprove(v *visit, records []engine.Record) []approvalRow {
	var out []approvalRow
	for i := range records {
		rec := &records[i]
		a := rec.Approval
		if a == nil || !a.Waits() || !v.on(rec, approve, "") || a.ProposedBy.ID == v.ID && (a.Decision.FourEyes || v.org.FourEyes(rec.System.Unit)) {
			continue
		}
		out = append(out, approvalRow{rec.System.Title, "/klassning/" + rec.Classification.ID + "/godkannande", personName(a.ProposedBy), s.day(a.ProposedAt), a.ProposedAt})
	}
	slices.SortStableFunc(out, func(a, b approvalRow) int { return a.at.Compare(b.at) })
	return out
}

type approvalRow struct {
	Title, Link, Who, When string
	at                     time.Time
}

// date writes a day, with the year when it is not this one.
func (s *server) date(t time.Time) string {
	t = t.In(s.Location)
	d := itoa(t.Day()) + " " + months[t.Month()-1]
	if t.Year() != s.Now().In(s.Location).Year() {
		d += " " + itoa(t.Year())
	}
	return d
}

// dayOf writes a stored date, 2027-11-24, as date does.
func (s *server) dayOf(date string) string {
	t, err := time.ParseInLocation(time.DateOnly, date, s.Location)
	if err != nil {
		return date
	}
	return s.date(t)
}
