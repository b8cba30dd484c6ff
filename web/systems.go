package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/rule"
)

// systemRow is one system in a list.
type systemRow struct {
	System engine.System
	Type   string // A or B
	Kind   string // the same in words
	Unit   string // its name, with the city's
	May    bool   // the visitor can answer in it
	Base   string
	Levels []level
	Status string
	Class  string
	Next   string // what waits, in words
	Link   string // to what waits
	Yes    int
	Left   int    // questions that may still change the list, and in a B requirements without an answer
	Remain string // the same in words
	Saved  string
	Waits  bool           // for somebody to approve it
	Stands []stand        // of a B: what its answers were taken from
	Uses   []string       // the catalogue's agreements whose prefills are offered, by id
	Steps  map[string]int // of a B: the level that decides what a requirement says, by id, where one does
	Wants  []string       // of a B: what asks something of a supplier or a service, and is unanswered or a gap, by id
	Broken bool           // what was kept cannot be read with its catalogue
}

func (s *server) rows(r *http.Request) ([]systemRow, error) {
	records, err := s.Store.Systems(r.Context())
	return s.rowsOf(r.Context(), records), err
}

// rowsOf is what the visitor may see of the records, in the order of the alphabet.
func (s *server) rowsOf(ctx context.Context, records []engine.Record) []systemRow {
	v := visitOf(ctx)
	var out []systemRow
	for i := range records {
		if v.on(&records[i], read, "") {
			row := s.row(ctx, records[i])
			row.Unit, row.May = unitName(v.org, row.System.Unit), v.on(&records[i], answer, "")
			out = append(out, row)
		}
	}
	swedish(out, func(x systemRow) string { return x.System.Title })
	return out
}

// unitName is a unit's name, with the city's after it.
func unitName(org *engine.Organisation, id string) string {
	above := org.Above(id)
	if len(above) < 2 {
		return org.Title(id)
	}
	return above[0].Title + ", " + above[len(above)-1].Title
}

// row sums a classification up. What follows from its answers is worked out
// once for each state of them and kept.
func (s *server) row(ctx context.Context, rec engine.Record) systemRow {
	state := stateOf(rec)
	kept, ok := s.sums.Load(rec.Classification.ID)
	sum, _ := kept.(summary)
	if !ok || sum.state != state {
		sum = summary{state: state, row: s.sumUp(ctx, rec)}
		if !sum.row.Broken { // what cannot be read is tried again
			s.sums.Store(rec.Classification.ID, sum)
		}
	}
	row := sum.row
	row.System, row.Type, row.Kind = rec.System, rec.Classification.Type, typeWords[rec.Classification.Type]
	if a, ok := last(rec, ""); ok {
		row.Saved = s.day(a.At)
	}
	if status, class := s.approvalStatus(rec.Approval); status != "" && !row.Broken {
		row.Status, row.Class, row.Waits = status, class, rec.Approval.Waits()
	}
	return row
}

// summary is a row that holds as long as the state does.
type summary struct {
	state string
	row   systemRow
}

// stateOf tells one state of a classification from every other.
func stateOf(rec engine.Record) string {
	state := rec.Classification.CatalogHash + " " + itoa(rec.State())
	if rec.Approval != nil {
		state += " " + itoa(rec.Approval.Revision) + " " + fmt.Sprint(rec.Approval.Waits(), rec.Approval.Stands())
	}
	return state
}

func (s *server) sumUp(ctx context.Context, rec engine.Record) systemRow {
	row := systemRow{Base: "/klassning/" + rec.Classification.ID}
	o, err := s.derive(ctx, rec)
	if err != nil {
		// One system that cannot be read must not hide the others.
		s.Log.Error("derive", "classification", rec.Classification.ID, "err", err)
		row.Broken, row.Status, row.Class = true, "Går inte att läsa", "late"
		return row
	}
	row.Levels, row.Yes, row.Left, row.Uses = levels(o.Facts), o.Derivation.Count(rule.Yes), o.Pending.Bound(), o.Derivation.Uses()
	var remain []string
	if row.Left > 0 {
		remain = append(remain, count(row.Left, "fråga kvar", "frågor kvar"))
	}
	if rec.Classification.Type == "B" {
		if n := o.Derivation.Assess(rec, nil, s.today()).Sum.Unanswered; n > 0 {
			row.Left += n
			remain = append(remain, count(n, "krav utan svar", "krav utan svar"))
		}
	}
	row.Remain = upperFirst(cmp.Or(list(remain, "och"), "inget kvar att svara på"))
	if rec.Classification.Type == "B" {
		row.Stands = standsOf(&rec)
		row.Steps = map[string]int{}
		responses := rec.Responses()
		for _, f := range o.Derivation.Findings {
			q := f.Requirement
			if f.Applies != rule.Yes {
				continue
			}
			if len(f.Parameters) > 0 {
				row.Steps[q.ID] = f.Parameters[0].Step
			}
			value := responses[q.ID].Value
			if (q.Concern == "supplier" || q.Concern == "service") && (value == "" || value == engine.AnswerNo || value == engine.AnswerPartly) {
				row.Wants = append(row.Wants, q.ID)
			}
		}
	}
	for _, t := range s.taskList(o) {
		if t.Class != "done" && row.Link == "" && t.Link != "" {
			row.Link, row.Next = t.Link, "Steg "+itoa(t.N)+": "+lowerFirst(t.Title)+". "+t.Left
		}
	}
	row.Status, row.Class = rec.Classification.Type+"-klassning pågår", "now"
	if o.paused() {
		row.Status, row.Class = "Avvaktar bedömning", "wait"
	}
	return row
}

type startPage struct {
	page
	Answer, Paused []systemRow
	Approve        []approvalRow
	Bids           []bidRow        // procurements whose tenders can be opened
	Begins         bool            // the visitor can begin a classification
	Actions        int             // lines of plans that my roles shall do
	LateActions    int             // those of them that are late
	Wordings       int             // those of them whose wording waits for my word
	Review         []reviewRow     // verifications of mine with answers that have lost what they stood on
	Low            []lowPlatform   // platforms of mine that are rated lower than what runs on them
	Help           string          // for who has no role: whom to ask
	Mine, Late     []delegationRow // what I am asked for, and what I have asked for that is late
	Rows           []systemRow
	Events         []eventRow
	Lead           string
}

type eventRow struct{ When, Text, System, Link string }

func (s *server) start(w http.ResponseWriter, r *http.Request) error {
	records, err := s.Store.Systems(r.Context())
	if err != nil {
		return err
	}
	v, rows := visitOf(r.Context()), s.rowsOf(r.Context(), records)
	p := startPage{page: s.page(r, "Start", "start"), Rows: rows, Begins: v.anywhere(begin)}
	for _, row := range rows {
		switch row.Class {
		case "now":
			if !row.Waits && row.May {
				p.Answer = append(p.Answer, row)
			}
		case "wait":
			p.Paused = append(p.Paused, row)
		}
	}
	switch n := len(p.Answer); {
	case len(rows) == 0:
		p.Lead = "Börja med ett system du känner väl."
	case n == 0:
		p.Lead = "Inget väntar på dig just nu."
	default:
		p.Lead = upperFirst(count(n, "klassning", "klassningar")) + " väntar på dig. Fortsätt där du slutade. Allt du har svarat är sparat."
	}
	if p.Mine, p.Late, err = s.mine(r, records); err != nil {
		return err
	}
	for i := range records {
		for _, x := range records[i].Actions() {
			if x.Value.Open() && v.carries(&records[i], x.Value) {
				p.Actions++
				if x.Value.LateAt(s.today()) {
					p.LateActions++
				}
				if x.Value.Waits() && v.follows(&records[i], x.Value) {
					p.Wordings++
				}
			}
		}
	}
	if p.Review, err = s.toReview(r.Context(), v, rows); err != nil {
		return err
	}
	p.Approve, p.Bids, p.Low = s.toApprove(v, records), s.toOpen(v, records), s.lowPlatforms(r.Context(), v, records)
	if len(rows) == 0 && !p.Begins {
		names, err := s.administrators(r.Context())
		if err != nil {
			return err
		}
		p.Help = "Du har ingen roll än, och inget är delegerat till dig. " + refusalText(refusalTexts[administer], names)
	}
	events, err := s.Store.Events(r.Context(), engine.EventFilter{}, 200)
	if err != nil {
		return err
	}
	titles := map[string]string{}
	for _, row := range rows {
		titles[row.System.ID] = row.System.Title
	}
	p.Events = s.eventRows(events, titles, verifications(rows), 6)
	return s.render(w, http.StatusOK, "start", p)
}

// verifications is the ids of the B-classifications among rows.
func verifications(rows []systemRow) map[string]bool {
	out := map[string]bool{}
	for _, x := range rows {
		if x.Type == "B" {
			out[strings.TrimPrefix(x.Base, "/klassning/")] = true
		}
	}
	return out
}

// eventRows puts the journal in words; saves in a row on the same system by
// the same person are one line. verified is the ids of B-classifications.
func (s *server) eventRows(events []engine.Event, titles map[string]string, verified map[string]bool, limit int) []eventRow {
	var out []eventRow
	for i := 0; i < len(events) && len(out) < limit; {
		e := events[i]
		n := 1
		for i+n < len(events) && deedKind(events[i+n]) == deedKind(e) && events[i+n].SystemID == e.SystemID && events[i+n].By.ID == e.By.ID {
			n++
		}
		i += n
		who := upperFirst(actor(e.By))
		row := eventRow{When: upperFirst(s.day(e.At)), System: titles[e.SystemID], Link: "/system/" + e.SystemID}
		switch deedKind(e) {
		case "comment":
			row.Text = who + " kommenterade i"
		case "delegate":
			row.Text = who + " delegerade i"
		case "tailor":
			row.Text = who + " anpassade kravbilagan till"
		case "tender.publish":
			if row.Text = who + " fastställde kravbilagan till"; verified[e.ClassificationID] {
				row.Text = who + " frågade en leverantör om"
			}
		case "link.hand":
			row.Text = who + " skickade in svar om"
		case "answer.save":
			row.Text = who + " sparade " + count(n, "svar", "svar") + " i"
		case "system.create":
			row.Text = who + " lade till"
		case "approval.propose":
			row.Text = who + " lade fram klassningen av"
		case "approval.approve":
			row.Text = who + " godkände klassningen av"
		case "approval.return":
			row.Text = who + " lämnade tillbaka klassningen av"
		case "approval.reopen":
			row.Text = who + " öppnade igen klassningen av"
		default:
			continue // the system's own line says it
		}
		if row.System != "" {
			out = append(out, row)
		}
	}
	return out
}

// deedKind is an event's action, with what is said,
// delegated and tailored apart from answers.
func deedKind(e engine.Event) string {
	switch kind, _, _ := strings.Cut(e.Key, "/"); {
	case kind == "comment", kind == "delegate":
		return kind
	case engine.OfProcurement(e.Key):
		return "tailor"
	}
	return e.Action
}

type systemsPage struct {
	page
	Begins bool
	Rows   []systemRow
	Query  string
	State  string
	All    int
}

// The states a list of systems can be narrowed to, by the class of the row.
var systemStates = map[string]string{"pagar": "now", "klar": "done", "avvaktar": "wait"}

func (s *server) systems(w http.ResponseWriter, r *http.Request) error {
	rows, err := s.rows(r)
	if err != nil {
		return err
	}
	p := systemsPage{page: s.page(r, "System", "system"), Begins: visitOf(r.Context()).anywhere(begin), All: len(rows), Query: strings.TrimSpace(r.FormValue("q")), State: r.FormValue("lage")}
	q := strings.ToLower(p.Query)
	for _, row := range rows {
		text := strings.ToLower(row.System.Title + " " + row.System.Description + " " + row.Unit)
		if strings.Contains(text, q) && (systemStates[p.State] == "" || row.Class == systemStates[p.State]) {
			p.Rows = append(p.Rows, row)
		}
	}
	return s.render(w, http.StatusOK, "systems", p)
}

type systemPage struct {
	page
	Row    systemRow
	All    []systemRow // its classifications, the newest first
	Begins bool        // the visitor may begin a B-classification
	Events []eventRow
	Since  string
	By     string

	ManagedBy string // the other unit that looks after it
	Moves     bool   // the visitor may move it
}

func (s *server) system(w http.ResponseWriter, r *http.Request) error {
	rows, err := s.rows(r)
	if err != nil {
		return err
	}
	id := chi.URLParam(r, "system")
	i := slices.IndexFunc(rows, func(x systemRow) bool { return x.System.ID == id })
	if i < 0 {
		return errNotFound
	}
	row := rows[i]
	p := systemPage{
		page: s.page(r, row.System.Title, "system", crumb{"System", "/system"}, crumb{row.System.Title, ""}),
		Row:  row, Since: s.day(row.System.CreatedAt), By: row.System.CreatedBy.Name,
	}
	for _, x := range rows {
		if x.System.ID == id {
			p.All = append([]systemRow{x}, p.All...)
		}
	}
	v := visitOf(r.Context())
	p.Begins = v.on(&engine.Record{System: row.System}, begin, "") && !slices.ContainsFunc(p.All, func(x systemRow) bool { return x.Type == "B" && x.Class != "done" && x.Class != "late" })
	p.ManagedBy, p.Moves = unitName(v.org, row.System.ManagedBy), v.on(&engine.Record{System: row.System}, move, "")
	var events []engine.Event
	for _, x := range p.All {
		list, err := s.Store.Events(r.Context(), engine.EventFilter{Classification: strings.TrimPrefix(x.Base, "/klassning/")}, 200)
		if err != nil {
			return err
		}
		events = append(events, list...)
	}
	slices.SortStableFunc(events, func(a, b engine.Event) int { return cmp.Compare(b.Seq, a.Seq) })
	p.Events = s.eventRows(events, map[string]string{id: row.System.Title}, verifications(rows), 12)
	return s.render(w, http.StatusOK, "system", p)
}

// stopPage is the question that comes before everything else.
type stopPage struct {
	page
	Question, Help string
	Action         string
	New            bool // no system yet, and nothing is stored
	May            bool
	Refer          string // the referral; then the question has been answered
	ReferTo        string
	Answer         string // in words, for the referral
	Cleared        *engine.Cleared
	Paused         bool
	By, When       string
	Missing        fieldErrors
	Role           string
	Version        int
	Token          string
	Roles          []string
}

// fieldError is one thing to mend, linked to its field.
type fieldError struct{ Field, Text string }

type fieldErrors []fieldError

// For is what is wrong with a field, empty when nothing is.
func (e fieldErrors) For(field string) string {
	for _, x := range e {
		if x.Field == field {
			return x.Text
		}
	}
	return ""
}

func (s *server) stopQuestion() (question, help, refer, referTo string) {
	stops := s.Catalogs().Catalog.Stops
	if len(stops) == 0 {
		return "", "", "", ""
	}
	x := stops[0]
	return x.Question, x.Help, x.Referral, x.ReferTo
}

func (s *server) newStopPage(r *http.Request) stopPage {
	p := stopPage{page: s.page(r, "Ny klassning", "system", crumb{"System", "/system"}, crumb{"Ny klassning", ""}), New: true, May: true, Action: "/system/nytt"}
	p.Question, p.Help, _, p.ReferTo = s.stopQuestion()
	return p
}

func (s *server) newSystem(w http.ResponseWriter, r *http.Request) error {
	p := s.newStopPage(r)
	if p.Question == "" {
		return seeOther(w, r, "/system/nytt/uppgifter?omfattas=nej")
	}
	return s.render(w, http.StatusOK, "stop", p)
}

// newSystemStop takes the answer, acts on it and forgets it.
func (s *server) newSystemStop(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	p := s.newStopPage(r)
	switch r.PostFormValue("svar") {
	case "nej":
		return seeOther(w, r, "/system/nytt/uppgifter?omfattas=nej")
	case "ja", "vet_ej":
		_, _, p.Refer, _ = s.stopQuestion()
		p.Answer = map[string]string{"ja": "Ja", "vet_ej": "Vet ej"}[r.PostFormValue("svar")]
		p.Title = "Här stannar klassningen"
		return s.render(w, http.StatusOK, "stop", p)
	}
	p.Failed = true
	p.Missing = fieldErrors{{"svar-nej", "Välj ett svar på frågan"}}
	return s.render(w, http.StatusUnprocessableEntity, "stop", p)
}

type newSystemPage struct {
	page
	Missing                 fieldErrors
	Name, Description, Unit string
	Members                 string
	Role                    string
	Roles                   []string
	Units                   []choice
	Types                   []choice
	Token                   string // becomes the system's id: two posts of one form make one system
}

func (s *server) newSystemForm(w http.ResponseWriter, r *http.Request) error {
	if r.FormValue("omfattas") != "nej" {
		return seeOther(w, r, "/system/nytt")
	}
	return s.render(w, http.StatusOK, "newsystem", s.systemForm(r))
}

func (s *server) systemForm(r *http.Request) newSystemPage {
	p := newSystemPage{page: s.page(r, "Ny klassning", "system", crumb{"System", "/system"}, crumb{"Ny klassning", ""}), Roles: s.roles(), Token: token()}
	v := visitOf(r.Context())
	p.Unit = r.PostFormValue("enhet")
	for _, u := range v.units(begin) {
		p.Units = append(p.Units, choice{ID: u.ID, Title: indented(v.org, u), Chosen: u.ID == p.Unit})
	}
	if len(p.Units) == 1 {
		p.Units[0].Chosen = true
	}
	p.Types = []choice{{ID: "A", Title: "Det ska upphandlas", Help: "En A-klassning ger kravlistan till upphandlingen."}, {ID: "B", Title: "Det är i drift, eller avtalet är tecknat", Help: "En B-klassning visar vad systemet uppfyller och vad som behöver åtgärdas."}}
	choose(p.Types, r.PostFormValue("typ"))
	return p
}

// indented is a unit's name with a dash for each unit above it, for a list of
// choices.
func indented(org *engine.Organisation, u engine.Unit) string {
	return strings.Repeat("– ", len(org.Above(u.ID))-1) + u.Title
}

func (s *server) roles() []string {
	var out []string
	for _, x := range s.Catalogs().Catalog.Roles {
		out = append(out, x.Title)
	}
	return out
}

func (s *server) createSystem(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	if r.PostFormValue("omfattas") != "nej" {
		return seeOther(w, r, "/system/nytt")
	}
	p := s.systemForm(r)
	p.Name, p.Description = strings.TrimSpace(r.PostFormValue("namn")), strings.TrimSpace(r.PostFormValue("beskrivning"))
	p.Members, p.Role = strings.TrimSpace(r.PostFormValue("antal")), r.PostFormValue("roll")
	if given := r.PostFormValue("nyckel"); tokenPattern.MatchString(given) {
		p.Token = given
	}
	if p.Name == "" {
		p.Missing = append(p.Missing, fieldError{"namn", "Skriv vad systemet heter"})
	}
	if len(p.Name) > 200 {
		p.Missing = append(p.Missing, fieldError{"namn", "Korta namnet till högst 200 tecken"})
	}
	if !visitOf(r.Context()).in(p.Unit, begin) {
		p.Missing = append(p.Missing, fieldError{"enhet", "Välj vilken enhet som äger systemet"})
	}
	members, ok := number(p.Members)
	if !ok {
		p.Missing = append(p.Missing, fieldError{"antal", "Skriv antalet med siffror, till exempel 214, eller lämna rutan tom"})
	}
	typ := r.PostFormValue("typ")
	if !slices.ContainsFunc(p.Types, func(c choice) bool { return c.ID == typ }) {
		p.Missing = append(p.Missing, fieldError{"typ", "Välj om systemet ska upphandlas eller redan är i drift"})
	}
	if !slices.Contains(p.Roles, p.Role) {
		p.Missing = append(p.Missing, fieldError{"roll", "Välj i vilken roll du svarar"})
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "newsystem", p)
	}
	c := s.Catalogs().Catalog
	if err := s.Store.PutCatalog(r.Context(), c.SetHash, c.Files); err != nil {
		return err
	}
	rec, err := s.Store.CreateSystem(r.Context(), visitOf(r.Context()).ID,
		engine.System{ID: p.Token, Title: p.Name, Description: p.Description, Unit: p.Unit, Members: members}, typ, c.SetHash)
	if err != nil {
		return err
	}
	cleared := engine.Cleared{Role: p.Role, Date: s.today()}
	if _, err := s.Store.SaveAnswers(r.Context(), visitOf(r.Context()).ID, rec.Classification.ID, p.Token, []engine.Change{change(engine.KeyStop, cleared, 0)}); err != nil {
		return err
	}
	return seeOther(w, r, "/klassning/"+url.PathEscape(rec.Classification.ID))
}

var tokenPattern = regexp.MustCompile(`^[0-9a-f]{24}$`)

func number(s string) (int, bool) {
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' || n > 1_000_000 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

func (s *server) stopFor(o *open) stopPage {
	p := stopPage{page: s.classificationPage(o, "Stoppfråga"), Action: o.Base() + "/stopp", May: o.visit.on(&o.Record, answer, "") && !o.Locked(), Paused: o.paused(), Token: token(), Roles: s.roles()}
	p.Question, p.Help, _, p.ReferTo = s.stopQuestion()
	if a := o.Answers[engine.KeyStop]; a.Given() {
		var c engine.Cleared
		if decode(a.Value, &c) {
			p.Cleared = &c
		}
		p.By, p.When = a.By.Name, s.day(a.At)
	}
	return p
}

func (s *server) stop(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "stop", s.stopFor(o))
}

// saveStop records that the system is not covered, or pauses the
// classification. Which of yes and "vet ej" it was is never stored.
func (s *server) saveStop(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	p := s.stopFor(o)
	switch answer := r.PostFormValue("svar"); answer {
	case "nej":
		p.Role = r.PostFormValue("roll")
		if !slices.Contains(p.Roles, p.Role) {
			p.Failed = true
			p.Missing = fieldErrors{{"roll", "Välj vilken roll som gör bedömningen"}}
			return s.render(w, http.StatusUnprocessableEntity, "stop", p)
		}
		cleared := engine.Cleared{Role: p.Role, Date: s.today()}
		if err := s.mark(r, o, map[string]any{engine.KeyStop: cleared, engine.KeyPaused: nil}); err != nil {
			return err
		}
		return seeOther(w, r, o.Base())
	case "ja", "vet_ej":
		if err := s.pause(r, o); err != nil {
			return err
		}
		_, _, p.Refer, _ = s.stopQuestion()
		p.Answer = map[string]string{"ja": "Ja", "vet_ej": "Vet ej"}[answer]
		p.Title = "Här stannar klassningen"
		return s.render(w, http.StatusOK, "stop", p)
	}
	p.Failed = true
	p.Missing = fieldErrors{{"svar-nej", "Välj ett svar på frågan"}}
	return s.render(w, http.StatusUnprocessableEntity, "stop", p)
}

// pause sets the neutral status and takes back what was recorded.
func (s *server) pause(r *http.Request, o *open) error {
	return s.mark(r, o, map[string]any{engine.KeyPaused: true, engine.KeyStop: nil})
}
