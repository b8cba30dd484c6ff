package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
)

// agreementPage is one agreement: what it covers, what is missing, what is about
// to expire, which systems depend on it, and what falls if a clause falls.
type agreementPage struct {
	page
	ID       string
	Form     engine.Agreement
	Unit     string
	Ends     string // the last day
	Figures  []figureLink
	Show     string // which commitments are shown: one of showCommitments
	Clauses  []clauseView
	Areas    []commitmentArea
	Shown    int
	Missing  []wantedView // what the systems ask of suppliers, and neither it nor an answer meets
	Rest     []wantedView // the same, folded
	Wanted   int          // how many they are
	Systems  []dependentView
	Unused   bool // no system that it reaches uses it
	Hidden   int  // more systems, that the visitor may not see
	Falls    *fallView
	May      bool
	Version  int
	Roles    []string
	Saved    string
	Bad      fieldErrors
	Conflict *conflictView
	Own      bool
	Today    string
	Used     int                // systems that use it
	Bulk     []commitmentRow    // those that can be confirmed together
	Many     manyFields         // that form, as it is filled in
	About    bool               // the form about the agreement itself is unfolded
	words    map[string]wording // of the requirements, as its systems word them
}

// figureLink is a key figure that narrows the list to what it counts.
type figureLink struct {
	figure
	Link    string
	Current bool
}

type commitmentArea struct {
	ID, Title string
	Rows      []commitmentRow
}

// commitmentFields is what a commitment is confirmed with, as it is filled in.
type commitmentFields struct{ Role, Clause, Until, Title, Date, Link string }

// manyFields is the same of many at once.
type manyFields struct {
	commitmentFields
	Open bool
}

// The ways to narrow the commitments, as they stand in the address.
const (
	showAll       = "alla"
	showUnsure    = "bekrafta"
	showConfirmed = "bekraftade"
	showExpiring  = "utgar"
	showFallen    = "bort"
)

type clauseView struct {
	Name, Link  string
	Commitments int
	Confirmed   int
}

type commitmentRow struct {
	engine.Commitment
	Answer, How, Status, Class string
	wording
	Duties     []catalog.Duty
	Remains    string
	Named      string // the clause, when its point is filled in
	Link, Fall string
	Form       commitmentFields
	Why        string // as filled in: why it no longer holds
	Open       bool   // it is unfolded
	Chosen     bool   // ticked, to be confirmed with others
	Systems    int
	Kinds      []string // the ways to narrow the list that keep it
	// The dates as people read them.
	ConfirmedOn, EvidenceOn, Ends string
}

// wantedView is a requirement that some systems lack an answer to.
type wantedView struct {
	ID, Link string
	wording
	Systems int
}

type dependentView struct {
	Title, Link, Status string
	Higher              string // the aspects in which it is rated higher than its platform
	Taken, Stale        int
	Beyond              bool // its unit is no longer reached
}

// agreementSaved says what has been done.
var agreementSaved = map[string]string{"avtal": "Avtalet är sparat.", "bekraftat": "Åtagandet är bekräftat. Systemen som använder avtalet ser det direkt.", "angrat": "Bekräftelsen är tillbakatagen. Åtagandet är antaget igen.",
	"bort": "Åtagandet är markerat: det gäller inte längre. Systemen som godtog det är märkta.", "igen": "Åtagandet gäller igen.", "nytt": "Avtalet är tillagt. Bekräfta åtagandena mot avtalstexten, ett i taget eller flera på en gång.", "nytteget": "Avtalet är tillagt. Lägg till det avtalet ger."}

// savedWords says what has been done, also to how many.
func savedWords(r *http.Request) string {
	n, _ := number(r.FormValue("antal"))
	switch {
	case n > 0 && r.FormValue("sparat") == "flera":
		return upperFirst(count(n, "åtagande är bekräftat", "åtaganden är bekräftade")) + ". Systemen som använder avtalet ser det direkt."
	case n > 0 && r.FormValue("sparat") == "tillagda":
		return upperFirst(count(n, "åtagande är tillagt", "åtaganden är tillagda")) + ". Bekräfta mot avtalstexten."
	}
	return agreementSaved[r.FormValue("sparat")]
}

// agreementFalls tells what would be lost if the clause or the commitment of the
// address no longer held; nil when it names none.
func agreementFalls(r *http.Request, a *engine.Agreement, records []engine.Record) *fallView {
	one, clause := r.FormValue("faller"), r.FormValue("punkt")
	if r.Method != http.MethodGet || one == "" && clause == "" {
		return nil
	}
	var requirements []string
	for _, c := range a.Commitments {
		if c.Requirement == one || clause != "" && c.Clause == clause && !c.Fallen {
			requirements = append(requirements, c.Requirement)
		}
	}
	return visitOf(r.Context()).shown(cmp.Or(one, clause), follow(records, engine.FromAgreement, a.ID, requirements))
}

func (s *server) agreement(w http.ResponseWriter, r *http.Request) error {
	p, _, err := s.agreementPage(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "agreement", p)
}

func (s *server) agreementPage(r *http.Request) (agreementPage, *engine.Agreement, error) {
	v := visitOf(r.Context())
	shared, err := s.Store.Shared(r.Context())
	if err != nil {
		return agreementPage{}, nil, err
	}
	id := chi.URLParam(r, "avtal")
	all := engine.Agreements(shared, v.org, "")
	i := slices.IndexFunc(all, func(a engine.Agreement) bool { return a.ID == id && (reaches(v, a) || v.in(a.Unit, begin)) })
	if i < 0 {
		return agreementPage{}, nil, engine.ErrNotFound
	}
	a := &all[i]
	c := s.Catalogs().Catalog
	p := agreementPage{page: s.page(r, a.Title, "avtal", crumb{"Avtal och plattformar", "/avtal"}, crumb{a.Title, ""}), ID: id, Form: *a, Unit: unitName(v.org, a.Unit), May: v.in(a.Unit, begin), Version: a.Version,
		Roles: s.roles(), Saved: savedWords(r), Ends: s.dayOf(a.Until), Own: a.Catalog == "", Today: s.today()}
	prefills := map[string]*catalog.Prefill{}
	for _, q := range c.Requirements {
		for _, f := range q.Prefills {
			if f.Agreement != nil && f.Agreement.ID == a.Catalog && prefills[q.ID] == nil {
				prefills[q.ID] = f
			}
		}
	}
	uses, records, err := s.dependents(r.Context(), shared, id)
	if err != nil {
		return p, nil, err
	}
	var reached []*engine.Record
	wanted := map[string]int{} // in how many systems
	taken := map[string]int{}  // how many systems have accepted it, by requirement
	for i := range uses[id] {
		rec := &uses[id][i]
		d := dependentView{Title: rec.System.Title, Link: "/klassning/" + rec.Classification.ID + "/verifiering", Status: dependentStatus(rec), Beyond: !v.org.Within(rec.System.Unit, a.Unit)}
		for q, t := range takenFrom(rec, engine.FromAgreement) {
			if t.From == id {
				d.Taken++
				taken[q]++
				if cm := a.Commitment(q); d.Beyond || cm == nil || cm.Fallen {
					d.Stale++
				}
			}
		}
		if v.on(rec, read, "") {
			p.Systems = append(p.Systems, d)
		} else {
			p.Hidden++
		}
		if d.Beyond {
			continue
		}
		reached = append(reached, rec)
		for _, q := range s.row(r.Context(), *rec).Wants {
			if cm := a.Commitment(q); cm == nil || cm.Fallen {
				wanted[q]++
			}
		}
	}
	p.Unused = len(reached) == 0
	words := s.wordings(r.Context(), reached)
	p.words = words
	for _, q := range c.Requirements {
		if n := wanted[q.ID]; n > 0 {
			p.Missing = append(p.Missing, wantedView{q.ID, "/krav/" + q.ID, words[q.ID], n})
		}
	}
	p.Wanted = len(p.Missing)
	if n := 10; len(p.Missing) > n+2 {
		p.Missing, p.Rest = p.Missing[:n], p.Missing[n:]
	}
	p.Falls = agreementFalls(r, a, records)
	swedish(p.Systems, func(x dependentView) string { return x.Title })
	p.Used = len(uses[id])
	counts := map[string]int{}
	var rows []commitmentRow
	for _, cm := range a.Commitments {
		row := s.commitmentRow(cm, prefills[cm.Requirement])
		row.wording, row.Systems = words[cm.Requirement], taken[cm.Requirement]
		for _, kind := range row.Kinds {
			counts[kind]++
		}
		rows = append(rows, row)
	}
	p.Show = r.FormValue("visa")
	if counts[p.Show] == 0 {
		if p.Show = showAll; counts[showUnsure] > 0 {
			p.Show = showUnsure
		}
	}
	for _, f := range []struct{ title, show string }{{"Åtaganden", showAll}, {"Att bekräfta", showUnsure}, {"Bekräftade", showConfirmed}, {"Går ut inom tre månader", showExpiring}, {"Gäller inte längre", showFallen}} {
		x := figureLink{figure: figure{f.title, counts[f.show]}, Current: f.show == p.Show}
		if x.N > 0 {
			x.Link = "/avtal/" + id + "?visa=" + f.show + "#ata"
		}
		p.Figures = append(p.Figures, x)
	}
	acts := chi.URLParam(r, "krav") // its row is shown whatever the filter
	at := map[string]int{}
	for _, area := range append(slices.Clone(c.Areas), &catalog.Area{ID: "ovrigt", Title: "Krav som kravkatalogen inte längre har"}) {
		at[area.ID] = len(p.Areas)
		p.Areas = append(p.Areas, commitmentArea{ID: "omr-" + area.ID, Title: area.Title})
	}
	for _, row := range rows {
		row.Open = row.Requirement == acts || row.Requirement == r.FormValue("rad")
		if !row.Open && !slices.Contains(row.Kinds, p.Show) && row.Requirement != r.FormValue("klar") {
			continue
		}
		area := "ovrigt"
		if q := c.Requirement(row.Requirement); q != nil {
			area = q.Area.ID
		}
		p.Areas[at[area]].Rows = append(p.Areas[at[area]].Rows, row)
		p.Shown++
		if p.May && !row.Fallen && slices.Contains(row.Kinds, p.Show) && (p.Show == showUnsure || p.Show == showExpiring) {
			p.Bulk = append(p.Bulk, row)
		}
	}
	p.Areas = slices.DeleteFunc(p.Areas, func(a commitmentArea) bool { return len(a.Rows) == 0 })
	for _, name := range a.Clauses() {
		x := clauseView{Name: name}
		for _, cm := range a.Commitments {
			if cm.Clause == name {
				x.Commitments++
				if cm.Confirmed() {
					x.Confirmed++
				}
			}
		}
		p.Clauses = append(p.Clauses, x)
	}
	return p, a, nil
}

// commitmentRow is where a commitment stands. of is what the catalogue's author
// assumed of it, nil when nothing.
func (s *server) commitmentRow(cm engine.Commitment, of *catalog.Prefill) commitmentRow {
	id := cm.Requirement
	row := commitmentRow{Commitment: cm, Link: "/krav/" + id, Fall: "?faller=" + id + "#faller", Kinds: []string{showAll}, ConfirmedOn: s.dayOf(cm.Date), Ends: s.dayOf(cm.Until)}
	row.Form = commitmentFields{Role: cm.Role, Until: cm.Until}
	if e := cm.Evidence; e != nil {
		row.EvidenceOn = s.dayOf(e.Date)
		row.Form.Title, row.Form.Date, row.Form.Link = e.Title, e.Date, e.Link
	}
	if !catalog.Unfilled(cm.Clause) {
		row.Named, row.Form.Clause = cm.Clause, cm.Clause
	}
	view := catalog.Prefill{Answer: cm.Answer, How: cm.How, Remains: cm.Remains, Split: cm.Split}
	if of != nil && cm.Answer == "" {
		view = *of
	}
	row.Answer, row.How, row.Remains, row.Duties = catalog.Name("answer", view.Answer), view.How, view.Remains, view.Duties()
	expires := cm.Until != "" && cm.Until <= s.Now().In(s.Location).AddDate(0, 3, 0).Format(time.DateOnly)
	switch {
	case cm.Fallen:
		row.Status, row.Class, expires = "Gäller inte längre", "late", false
		row.Kinds = append(row.Kinds, showFallen)
	case cm.Until != "" && cm.Until < s.today():
		row.Status, row.Class = "Har gått ut", "late"
	case cm.Confirmed():
		row.Status, row.Class = map[string]string{"contracted": "Bekräftat i avtalet", "verified": "Verifierat"}[cm.Strength], "done"
		row.Kinds = append(row.Kinds, showConfirmed)
		if expires {
			row.Status, row.Class = "Går ut "+row.Ends, "wait"
		}
	default:
		row.Status = "Antaget, att bekräfta"
		row.Kinds = append(row.Kinds, showUnsure)
	}
	if expires {
		row.Kinds = append(row.Kinds, showExpiring)
	}
	return row
}

// confirmForm is the fields that a commitment is confirmed in. ID tells one form
// of the page from every other.
type confirmForm struct {
	ID string
	commitmentFields
	Roles []string
	Bad   fieldErrors
}

// Confirming is the form of a commitment's row, or that of many.
func (p agreementPage) Confirming(id string) confirmForm {
	f := confirmForm{id, p.Many.commitmentFields, p.Roles, p.Bad}
	if row := p.row(id); row != nil {
		f.commitmentFields = row.Form
	}
	return f
}

// row finds a commitment's row among those shown, nil when there is none.
func (p *agreementPage) row(requirement string) *commitmentRow {
	for i := range p.Areas {
		for j := range p.Areas[i].Rows {
			if x := &p.Areas[i].Rows[j]; x.Requirement == requirement {
				return x
			}
		}
	}
	return nil
}

// mayKeep refuses whoever may not change the agreement.
func (s *server) mayKeep(r *http.Request, a *engine.Agreement) error {
	if visitOf(r.Context()).in(a.Unit, begin) {
		return nil
	}
	return s.refusal(r, begin, nil)
}

// keepAgreement saves an agreement, or shows the page with what went wrong.
func (s *server) keepAgreement(w http.ResponseWriter, r *http.Request, p agreementPage, a engine.Agreement, saved, anchor string) error {
	version, ok := number(r.PostFormValue("version"))
	if !ok {
		return errForm
	}
	if len(p.Bad) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "agreement", p)
	}
	err := s.Store.SaveShared(r.Context(), visitOf(r.Context()).ID, a.Unit, []engine.Change{change(engine.AgreementKey(a.ID), a, version)})
	if c := conflict(err); c != nil {
		now, _, err := s.agreementPage(r)
		if err != nil {
			return err
		}
		now.Conflict = &conflictView{Mine: "Din ändring är inte sparad. Gör om den mot det som gäller nu.", Theirs: "Avtalet har en nyare version.", Who: c.Theirs.By.Name, When: s.day(c.Theirs.At)}
		now.Failed = true
		// What was typed stays, to be saved again against what holds now.
		now.Many, now.Bulk, now.About = p.Many, p.Bulk, p.About
		if p.About {
			now.Form = p.Form
		}
		if id := chi.URLParam(r, "krav"); now.row(id) != nil && p.row(id) != nil {
			now.row(id).Form, now.row(id).Why = p.row(id).Form, p.row(id).Why
		}
		return s.render(w, http.StatusConflict, "agreement", now)
	}
	if err != nil {
		return err
	}
	if show := r.PostFormValue("visa"); show != "" {
		saved += "&visa=" + url.QueryEscape(show)
	}
	return seeOther(w, r, "/avtal/"+a.ID+"?sparat="+saved+anchor)
}

func (s *server) saveAgreement(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	p, a, err := s.agreementPage(r)
	if err != nil {
		return err
	}
	if err := s.mayKeep(r, a); err != nil {
		return err
	}
	trim := func(field string) string { return strings.TrimSpace(r.PostFormValue(field)) }
	wrong := func(field, text string) { p.Bad = append(p.Bad, fieldError{field, text}) }
	if r.PostFormValue("gor") == "flera" {
		n := s.confirmMany(r, &p, a)
		return s.keepAgreement(w, r, p, *a, "flera&antal="+itoa(n), "")
	}
	a.Title, a.Supplier, a.Diary, a.From, a.Until, a.Note = trim("namn"), trim("leverantor"), trim("diarienummer"), trim("fran"), trim("till"), trim("not")
	p.Form, p.About = *a, true
	if a.Title == "" || len([]rune(a.Title)) > 200 {
		wrong("namn", "Skriv vad avtalet heter, i högst 200 tecken")
	}
	if a.Supplier == "" || len([]rune(a.Supplier)) > 200 {
		wrong("leverantor", "Skriv vem som är leverantör, i högst 200 tecken")
	}
	if len([]rune(a.Diary)) > maxDiary {
		wrong("diarienummer", "Korta diarienumret till högst "+itoa(maxDiary)+" tecken")
	}
	for _, x := range []struct{ field, date string }{{"fran", a.From}, {"till", a.Until}} {
		if _, err := time.Parse(time.DateOnly, x.date); x.date != "" && err != nil {
			wrong(x.field, "Skriv dagen så här: "+p.Today)
		}
	}
	if len([]rune(a.Note)) > maxReason {
		wrong("not", "Korta texten till högst "+itoa(maxReason)+" tecken")
	}
	if a.From != "" && a.Until != "" && a.Until < a.From {
		wrong("till", "Avtalet slutar innan det börjar")
	}
	return s.keepAgreement(w, r, p, *a, "avtal", "")
}

// confirmMany confirms the commitments that are ticked or have got another
// clause, all by the same role and on the same evidence; the others are left as
// they are. It tells how many.
func (s *server) confirmMany(r *http.Request, p *agreementPage, a *engine.Agreement) int {
	trim := func(field string) string { return strings.TrimSpace(r.PostFormValue(field)) }
	wrong := func(field, text string) { p.Bad = append(p.Bad, fieldError{field + "-flera", text}) }
	f := commitmentFields{r.PostFormValue("roll"), trim("punkt"), trim("till"), trim("bevis"), trim("datum"), trim("lank")}
	if !slices.Contains(p.Roles, f.Role) {
		wrong("roll", "Välj i vilken roll du bekräftar")
	}
	if len([]rune(f.Clause)) > maxClause || catalog.Unfilled(f.Clause) {
		wrong("punkt", "Skriv punkten i avtalet, i högst "+itoa(maxClause)+" tecken")
	}
	evidence, strength := s.confirmation(f.Until, f.Title, f.Link, f.Date, wrong)
	chosen := map[string]bool{}
	for _, id := range r.PostForm["vald"] {
		chosen[id] = true
	}
	n := 0
	for i := range a.Commitments {
		cm := &a.Commitments[i]
		id := cm.Requirement
		typed := trim("punkt-" + id)
		is := chosen[id] || typed != "" && typed != cm.Clause && !cm.Confirmed()
		if at := slices.IndexFunc(p.Bulk, func(x commitmentRow) bool { return x.Requirement == id }); at >= 0 {
			p.Bulk[at].Named, p.Bulk[at].Chosen = typed, is
		}
		if !is || cm.Fallen {
			continue
		}
		clause := cmp.Or(typed, f.Clause)
		if clause == "" || catalog.Unfilled(clause) || len([]rune(clause)) > maxClause {
			p.Bad = append(p.Bad, fieldError{"flera-" + id, id + ": skriv vilken punkt i avtalet som säger det, i högst " + itoa(maxClause) + " tecken"})
			continue
		}
		cm.Clause, cm.Strength, cm.Role, cm.Date, cm.Until, cm.Evidence = clause, strength, f.Role, p.Today, f.Until, evidence
		n++
	}
	if n == 0 && len(p.Bad) == 0 {
		wrong("roll", "Kryssa i eller skriv punkten för minst ett åtagande")
	}
	p.Many = manyFields{f, true}
	return n
}

// confirmation is what a commitment is confirmed on: until when, and on which
// evidence. Without evidence it is the contract's word.
func (s *server) confirmation(until, title, link, date string, wrong func(field, text string)) (*engine.Evidence, string) {
	if _, err := time.Parse(time.DateOnly, until); until != "" && (err != nil || until < s.today()) {
		wrong("till", "Skriv en dag som inte har varit, eller lämna rutan tom")
	}
	if title+link+date == "" {
		return nil, "contracted"
	}
	e, bad := s.evidenceOf(title, link, date)
	for _, b := range bad {
		wrong(b.Field, b.Text)
	}
	if len([]rune(title)) > 200 {
		wrong("bevis", "Korta namnet på beviset till högst 200 tecken")
	}
	if len([]rune(link)) > 500 {
		wrong("lank", "Korta länken till högst 500 tecken")
	}
	return &e, "verified"
}

// maxClause is how long a clause may be.
const maxClause = 200

// saveCommitment confirms a commitment, takes the confirmation back, or notes
// that it no longer holds.
func (s *server) saveCommitment(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	p, a, err := s.agreementPage(r)
	if err != nil {
		return err
	}
	if err := s.mayKeep(r, a); err != nil {
		return err
	}
	id := chi.URLParam(r, "krav")
	cm, row := a.Commitment(id), p.row(id)
	if cm == nil || row == nil {
		return errNotFound
	}
	trim := func(field string) string { return strings.TrimSpace(r.PostFormValue(field)) }
	wrong := func(field, text string) { p.Bad = append(p.Bad, fieldError{field + "-" + id, text}) }
	saved := "bekraftat"
	switch r.PostFormValue("gor") {
	case "fall":
		row.Why = trim("varfor")
		if row.Why == "" || len([]rune(row.Why)) > 500 {
			wrong("varfor", "Skriv varför åtagandet inte längre gäller, i högst 500 tecken")
		}
		cm.Fallen, cm.FallenWhy, saved = true, row.Why, "bort"
	case "res":
		cm.Fallen, cm.FallenWhy, saved = false, "", "igen"
	case "angra":
		cm.Strength, cm.Role, cm.Date, cm.Evidence, cm.Until, saved = "assumed", "", "", nil, "", "angrat"
	default:
		cm.Role, cm.Date, cm.Until = r.PostFormValue("roll"), p.Today, trim("till")
		if clause := trim("punkt"); clause != "" {
			cm.Clause = clause
		}
		if cm.Clause == "" || catalog.Unfilled(cm.Clause) || len([]rune(cm.Clause)) > maxClause {
			wrong("punkt", "Skriv vilken punkt i avtalet som säger det, i högst "+itoa(maxClause)+" tecken")
		}
		if !slices.Contains(p.Roles, cm.Role) {
			wrong("roll", "Välj i vilken roll du bekräftar")
		}
		cm.Evidence, cm.Strength = s.confirmation(cm.Until, trim("bevis"), trim("lank"), trim("datum"), wrong)
		row.Form = commitmentFields{cm.Role, trim("punkt"), cm.Until, trim("bevis"), trim("datum"), trim("lank")}
	}
	return s.keepAgreement(w, r, p, *a, saved, "&klar="+id+"#"+id)
}
