package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
)

// agreementsPage lists the agreements that reach the units where the visitor
// may read, and makes new ones.
type agreementsPage struct {
	page
	Rows      []agreementRow
	Platforms []agreementRow // systems that others run on; Total is what they answer for
	May       bool
	Units     []choice
	Kinds     []choice // the catalogue's agreements, and one's own
	Token     string
	Missing   fieldErrors
	Name      string
	Supplier  string
}

type agreementRow struct {
	Link, Title, Supplier, Unit, Until, Status, Class string
	Confirmed, Total, Systems                         int
}

// agreementPage is one agreement: what it covers, what is missing, what is about
// to expire, which systems depend on it, and what falls if a clause falls.
type agreementPage struct {
	page
	ID       string
	Form     engine.Agreement
	Unit     string
	Figures  []figure
	Clauses  []clauseView
	Rows     []commitmentRow
	Missing  []wantedView // what the systems ask of suppliers, and neither it nor an answer meets
	Rest     []wantedView // the same, folded
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
	Choices  []choice // requirements to add, of one's own agreement
	Own      bool
	Today    string
	Expiring int
	Unsure   int    // commitments that nobody has confirmed
	Role     string // as filled in, of the form for many
	Many     bool   // that form is unfolded
}

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
	Open       bool // its form is unfolded
	Systems    int
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

var agreementSaved = map[string]string{"avtal": "Avtalet är sparat.", "atagande": "Åtagandet är sparat. Systemen som använder avtalet ser ändringen direkt.", "fallit": "Åtagandet är markerat som fallet. Systemen som godtog det är märkta.", "nytt": "Avtalet är tillagt. Bekräfta åtagandena ett i taget, mot avtalstexten."}

// reaches tells whether the visitor may see an agreement: it serves a unit where
// she may read.
func reaches(v *visit, a engine.Agreement) bool {
	return slices.ContainsFunc(v.units(read), func(u engine.Unit) bool { return v.org.Within(u.ID, a.Unit) })
}

func (s *server) agreements(w http.ResponseWriter, r *http.Request) error {
	p, err := s.agreementsPage(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "agreements", p)
}

func (s *server) agreementsPage(r *http.Request) (agreementsPage, error) {
	v := visitOf(r.Context())
	p := agreementsPage{page: s.page(r, "Avtal och plattformar", "avtal"), May: v.anywhere(begin), Token: token(), Name: strings.TrimSpace(r.PostFormValue("namn")), Supplier: strings.TrimSpace(r.PostFormValue("leverantor"))}
	shared, err := s.Store.Shared(r.Context())
	if err != nil {
		return p, err
	}
	list := slices.DeleteFunc(engine.Agreements(shared, v.org, ""), func(a engine.Agreement) bool { return !reaches(v, a) })
	uses, records, err := s.dependents(r.Context(), shared, "")
	if err != nil {
		return p, err
	}
	for _, a := range list {
		row := agreementRow{Link: "/avtal/" + a.ID, Title: a.Title, Supplier: a.Supplier, Unit: unitName(v.org, a.Unit), Until: s.dayOf(a.Until), Total: len(a.Commitments), Systems: len(uses[a.ID])}
		for _, c := range a.Commitments {
			if c.Confirmed() {
				row.Confirmed++
			}
		}
		switch {
		case a.ExpiredAt(s.today()):
			row.Status, row.Class = "Har gått ut", "late"
		case row.Confirmed == row.Total && row.Total > 0:
			row.Status, row.Class = "Bekräftat", "done"
		default:
			row.Status, row.Class = "Att bekräfta", "now"
		}
		p.Rows = append(p.Rows, row)
	}
	swedish(p.Rows, func(x agreementRow) string { return x.Title })
	for i := range records {
		rec := &records[i]
		if n := len(rec.Declares()); n > 0 && rec.Classification.Type == "B" && v.on(rec, read, "") {
			row := agreementRow{Link: "/klassning/" + rec.Classification.ID + "/plattform", Title: rec.System.Title, Unit: unitName(v.org, rec.System.Unit), Total: n}
			row.Status, row.Class = s.approvalStatus(rec.Approval)
			row.Status = cmp.Or(row.Status, "Inte godkänd")
			for j := range records {
				if runsOn(&records[j], rec.Classification.ID) {
					row.Systems++
				}
			}
			p.Platforms = append(p.Platforms, row)
		}
	}
	swedish(p.Platforms, func(x agreementRow) string { return x.Title })
	for _, u := range v.units(begin) {
		p.Units = append(p.Units, choice{ID: u.ID, Title: indented(v.org, u), Chosen: u.ID == r.PostFormValue("enhet")})
	}
	for _, a := range s.catalogAgreements() {
		p.Kinds = append(p.Kinds, choice{ID: a.ID, Title: a.Title + ", ur kravkatalogen", Chosen: a.ID == r.PostFormValue("ur")})
	}
	p.Kinds = append(p.Kinds, choice{ID: "eget", Title: "Ett eget avtal", Chosen: r.PostFormValue("ur") == "eget"})
	return p, nil
}

func (s *server) catalogAgreements() []*catalog.Agreement {
	var out []*catalog.Agreement
	for _, p := range s.Catalogs().Catalog.Profiles {
		out = append(out, p.Agreements...)
	}
	return out
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

// dependents finds the classifications that use each agreement: those that are
// tied to it, or that have accepted something of it, or whose catalogue's
// prefills it answers. One that has accepted something is there also when its
// unit is no longer reached: what it accepted is offered no more. only narrows to
// one agreement; "" is all. Beside them come all records, which take long to read
// twice.
func (s *server) dependents(ctx context.Context, shared []engine.Shared, only string) (uses map[string][]engine.Record, records []engine.Record, err error) {
	if records, err = s.Store.Systems(ctx); err != nil {
		return nil, nil, err
	}
	org := visitOf(ctx).org
	agreements := engine.Agreements(shared, org, "")
	uses = map[string][]engine.Record{}
	for i := range records {
		rec := &records[i]
		if rec.Classification.Type != "B" {
			continue
		}
		taken := map[string]bool{}
		for _, t := range takenFrom(rec, engine.FromAgreement) {
			taken[t.From] = true
		}
		sources := rec.Sources(engine.FromAgreement)
		for _, a := range agreements {
			if only != "" && a.ID != only {
				continue
			}
			reached := org.Within(rec.System.Unit, a.Unit)
			if taken[a.ID] || reached && (slices.Contains(sources, a.ID) || a.Catalog != "" && slices.Contains(s.row(ctx, *rec).Uses, a.Catalog)) {
				uses[a.ID] = append(uses[a.ID], *rec)
			}
		}
	}
	return uses, records, nil
}

func (s *server) addAgreement(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	p, err := s.agreementsPage(r)
	if err != nil {
		return err
	}
	v := visitOf(r.Context())
	unit, from, id := r.PostFormValue("enhet"), r.PostFormValue("ur"), r.PostFormValue("nyckel")
	var bad fieldErrors
	wrong := func(field, text string) { bad = append(bad, fieldError{field, text}) }
	if !v.in(unit, begin) {
		wrong("enhet", "Välj vilken enhet avtalet ligger hos")
	}
	a := engine.Agreement{Title: p.Name, Supplier: p.Supplier, Commitments: []engine.Commitment{}}
	for _, x := range s.catalogAgreements() {
		if x.ID == from {
			a = engine.NewAgreement(s.Catalogs().Catalog, x)
			a.Title, a.Supplier = cmp.Or(p.Name, a.Title), cmp.Or(p.Supplier, a.Supplier)
		}
	}
	if a.Catalog == "" && from != "eget" {
		wrong("ur", "Välj vad avtalet utgår från")
	}
	if a.Title == "" && from == "eget" {
		wrong("namn", "Skriv vad avtalet heter")
	}
	if a.Supplier == "" && from == "eget" {
		wrong("leverantor", "Skriv vem som är leverantör")
	}
	if len(bad) > 0 || !tokenPattern.MatchString(id) {
		p.Missing, p.Failed = bad, true
		return s.render(w, http.StatusUnprocessableEntity, "agreements", p)
	}
	if err := s.Store.SaveShared(r.Context(), v.ID, unit, []engine.Change{change(engine.AgreementKey(id), a, 0)}); err != nil {
		if conflict(err) == nil {
			return err
		} // pressed twice: it is there
	}
	return seeOther(w, r, "/avtal/"+id+"?sparat=nytt")
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
		Roles: s.roles(), Saved: agreementSaved[r.FormValue("sparat")], Own: a.Catalog == "", Today: s.today()}
	prefills := map[string]*catalog.Prefill{}
	for _, q := range c.Requirements {
		for _, f := range q.Prefills {
			if f.Agreement != nil && f.Agreement.ID == a.Catalog && prefills[q.ID] == nil {
				prefills[q.ID] = f
			}
		}
		if p.Own && a.Commitment(q.ID) == nil {
			p.Choices = append(p.Choices, choice{ID: q.ID, Title: q.ID + " " + q.Fill(q.Title, 0)})
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
	for _, q := range c.Requirements {
		if n := wanted[q.ID]; n > 0 {
			p.Missing = append(p.Missing, wantedView{q.ID, "/krav/" + q.ID, words[q.ID], n})
		}
	}
	if n := 10; len(p.Missing) > n+2 {
		p.Missing, p.Rest = p.Missing[:n], p.Missing[n:]
	}
	p.Falls = agreementFalls(r, a, records)
	swedish(p.Systems, func(x dependentView) string { return x.Title })
	soon := s.Now().In(s.Location).AddDate(0, 3, 0).Format(time.DateOnly)
	confirmed, fallen := 0, 0
	for _, cm := range a.Commitments {
		row := commitmentRow{Commitment: cm, wording: words[cm.Requirement], Link: "/krav/" + cm.Requirement, Systems: taken[cm.Requirement], Open: r.FormValue("rad") == cm.Requirement, Fall: "?faller=" + cm.Requirement + "#faller"}
		if !catalog.Unfilled(cm.Clause) {
			row.Named = cm.Clause
		}
		view := catalog.Prefill{Answer: cm.Answer, How: cm.How, Remains: cm.Remains, Split: cm.Split}
		if f := prefills[cm.Requirement]; f != nil && cm.Answer == "" {
			view = *f
		}
		row.Answer, row.How, row.Remains, row.Duties = catalog.Name("answer", view.Answer), view.How, view.Remains, view.Duties()
		switch {
		case cm.Fallen:
			row.Status, row.Class = "Har fallit", "late"
			fallen++
		case cm.Until != "" && cm.Until < p.Today:
			row.Status, row.Class = "Har gått ut", "late"
			p.Expiring++
		case cm.Confirmed():
			row.Status, row.Class = map[string]string{"contracted": "Bekräftat i avtalet", "verified": "Verifierat"}[cm.Strength], "done"
			confirmed++
			if cm.Until != "" && cm.Until <= soon {
				row.Status, row.Class = "Går ut "+s.dayOf(cm.Until), "wait"
				p.Expiring++
			}
		default:
			row.Status = "Antaget, att bekräfta"
			p.Unsure++
		}
		p.Rows = append(p.Rows, row)
	}
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
	p.Figures = []figure{{"Åtaganden", len(a.Commitments)}, {"Bekräftade", confirmed}, {"Går ut inom tre månader", p.Expiring}, {"Har fallit", fallen}, {"System som använder det", len(uses[id])}}
	return p, a, nil
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
		return s.render(w, http.StatusConflict, "agreement", now)
	}
	if err != nil {
		return err
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
		s.confirmMany(r, &p, a)
		return s.keepAgreement(w, r, p, *a, "atagande", "")
	}
	if id := r.PostFormValue("krav"); id != "" { // one more commitment of one's own agreement
		if !slices.ContainsFunc(p.Choices, func(c choice) bool { return c.ID == id }) {
			wrong("krav", "Välj ett krav i listan")
		}
		cm := engine.Commitment{Requirement: id, Strength: "assumed", Answer: r.PostFormValue("svar"), How: trim("hur"), Clause: trim("punkt"), Remains: trim("kvar")}
		if cm.Answer != engine.AnswerYes && cm.Answer != engine.AnswerPartly {
			wrong("svar", "Välj om avtalet ger hela kravet eller en del")
		}
		if cm.How == "" || len([]rune(cm.How)) > maxText {
			wrong("hur", "Skriv vad avtalet ger, i högst "+itoa(maxText)+" tecken")
		}
		a.Commitments = append(a.Commitments, cm)
		return s.keepAgreement(w, r, p, *a, "atagande", "#"+id)
	}
	a.Title, a.Supplier, a.Diary, a.From, a.Until, a.Note = trim("namn"), trim("leverantor"), trim("diarienummer"), trim("fran"), trim("till"), trim("not")
	p.Form = *a
	if a.Title == "" || len([]rune(a.Title)) > 200 {
		wrong("namn", "Skriv vad avtalet heter, i högst 200 tecken")
	}
	if a.Supplier == "" {
		wrong("leverantor", "Skriv vem som är leverantör")
	}
	for field, date := range map[string]string{"fran": a.From, "till": a.Until} {
		if _, err := time.Parse(time.DateOnly, date); date != "" && err != nil {
			wrong(field, "Skriv dagen så här: "+p.Today)
		}
	}
	if a.From != "" && a.Until != "" && a.Until < a.From {
		wrong("till", "Avtalet slutar innan det börjar")
	}
	return s.keepAgreement(w, r, p, *a, "avtal", "")
}

// confirmMany confirms the commitments whose clauses are filled in, all by the
// same role; the others are left as they are.
func (s *server) confirmMany(r *http.Request, p *agreementPage, a *engine.Agreement) {
	p.Role = r.PostFormValue("roll")
	if !slices.Contains(p.Roles, p.Role) {
		p.Bad = append(p.Bad, fieldError{"roll-flera", "Välj i vilken roll du bekräftar"})
	}
	n := 0
	for i := range p.Rows {
		row := &p.Rows[i]
		if row.Confirmed() || row.Fallen {
			continue
		}
		row.Named = strings.TrimSpace(r.PostFormValue("punkt-" + row.Requirement))
		switch cm := a.Commitment(row.Requirement); {
		case row.Named == "":
		case catalog.Unfilled(row.Named):
			p.Bad = append(p.Bad, fieldError{"flera-" + row.Requirement, "Skriv vilken punkt i avtalet som säger det"})
		default:
			cm.Clause, cm.Strength, cm.Role, cm.Date = row.Named, "contracted", p.Role, p.Today
			n++
		}
	}
	if n == 0 && len(p.Bad) == 0 {
		p.Bad = append(p.Bad, fieldError{"roll-flera", "Skriv punkten för minst ett åtagande"})
	}
	p.Many = len(p.Bad) > 0
}

// saveCommitment confirms a commitment, takes the confirmation back, or notes
// that it has fallen.
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
	cm := a.Commitment(id)
	if cm == nil {
		return errNotFound
	}
	trim := func(field string) string { return strings.TrimSpace(r.PostFormValue(field)) }
	wrong := func(field, text string) { p.Bad = append(p.Bad, fieldError{field + "-" + id, text}) }
	saved := "atagande"
	switch r.PostFormValue("gor") {
	case "fall":
		if cm.Fallen, cm.FallenWhy = true, trim("varfor"); cm.FallenWhy == "" {
			wrong("varfor", "Skriv varför åtagandet har fallit")
		}
		saved = "fallit"
	case "res":
		cm.Fallen, cm.FallenWhy = false, ""
	case "angra":
		cm.Strength, cm.Role, cm.Date, cm.Evidence, cm.Until = "assumed", "", "", nil, ""
	default:
		cm.Role, cm.Date, cm.Until, cm.Evidence, cm.Strength = r.PostFormValue("roll"), p.Today, trim("till"), nil, "contracted"
		if clause := trim("punkt"); clause != "" {
			cm.Clause = clause
		}
		if cm.Clause == "" || catalog.Unfilled(cm.Clause) {
			wrong("punkt", "Skriv vilken punkt i avtalet som säger det")
		}
		if !slices.Contains(p.Roles, cm.Role) {
			wrong("roll", "Välj i vilken roll du bekräftar")
		}
		if _, err := time.Parse(time.DateOnly, cm.Until); cm.Until != "" && (err != nil || cm.Until < p.Today) {
			wrong("till", "Skriv en dag som inte har varit, eller lämna rutan tom")
		}
		if title, link, date := trim("bevis"), trim("lank"), trim("datum"); title+link+date != "" {
			e, bad := s.evidenceOf(title, link, date)
			for _, b := range bad {
				wrong(b.Field, b.Text)
			}
			cm.Evidence, cm.Strength = &e, "verified"
		}
	}
	for i := range p.Rows {
		if p.Rows[i].Requirement == id {
			p.Rows[i].Commitment, p.Rows[i].Open = *cm, true
		}
	}
	return s.keepAgreement(w, r, p, *a, saved, "#"+id)
}
