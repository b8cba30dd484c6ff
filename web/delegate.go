package web

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/rule"
)

// delegatePage asks others to answer parts of a classification.
type delegatePage struct {
	page
	Base     string
	Missing  fieldErrors
	Conflict *conflictView
	Groups   []partGroup
	To       []toGroup
	Due      string
	Least    string // the first day that can be chosen
	Text     string
	Token    string
	Rows     []delegationRow // what is delegated now
	Saved    string
	May      bool
}

// partGroup is parts that belong together, each to be ticked.
type partGroup struct {
	Title string
	Open  bool
	Parts []choice // the ID is the part and the version of its delegation
}

type toGroup struct {
	Title string
	To    []choice
}

// delegationRow is a delegation with where it stands.
type delegationRow struct {
	Title, Link        string
	System, SystemLink string
	To, By, Due, Text  string
	Status, Class      string
	Late, Done, Asked  bool
	ID                 string // the part and the version
	Action             string // where to say that it is done
	due                string
}

// parts is what can be delegated, in the order of the steps.
func (s *server) parts(o *open, chosen []string) []partGroup {
	item := func(part, title string) choice {
		version := o.Answers[engine.DelegateKey(part)].Version
		return choice{ID: part + "@" + itoa(version), Title: title, Chosen: slices.Contains(chosen, part)}
	}
	var out []partGroup
	steps := partGroup{Title: "Hela steg", Open: true}
	for i, x := range o.sections() {
		if slices.Contains([]string{"facts", "information", "laws", "requirements", "verify", "plan"}, x.ID) {
			steps.Parts = append(steps.Parts, item(engine.PartSection+x.ID, "Steg "+itoa(i+1)+": "+lowerFirst(x.Title)))
		}
	}
	out = append(out, steps)
	for _, f := range o.Catalog.Facts {
		if f.IsDerived() || o.Facts.Asked(f) == rule.No {
			continue
		}
		title := "Frågor: " + lowerFirst(f.Group)
		i := slices.IndexFunc(out, func(g partGroup) bool { return g.Title == title })
		if i < 0 {
			i, out = len(out), append(out, partGroup{Title: title})
		}
		out[i].Parts = append(out[i].Parts, item(engine.PartFact+f.ID, upperFirst(f.Title)))
	}
	areas := partGroup{Title: "Områden i kravlistan", Open: true}
	for _, a := range o.Catalog.Areas {
		if slices.ContainsFunc(o.Derivation.Findings, func(f engine.Finding) bool { return f.Requirement.Area == a && f.Applies != rule.No }) {
			areas.Parts = append(areas.Parts, item(engine.PartArea+a.ID, a.Title))
		}
	}
	out = append(out, areas)
	// Single rows are many: those asked for, and those delegated already.
	rows := partGroup{Title: "Enstaka krav", Open: true}
	for _, f := range o.Derivation.Findings {
		part := engine.PartRequirement + f.Requirement.ID
		if _, ok := o.Delegations()[part]; ok || slices.Contains(chosen, part) {
			rows.Parts = append(rows.Parts, item(part, f.Requirement.ID+" "+engine.Text(f.Title)))
		}
	}
	if len(rows.Parts) > 0 {
		out = append(out, rows)
	}
	for i := range out {
		out[i].Open = out[i].Open || slices.ContainsFunc(out[i].Parts, func(c choice) bool { return c.Chosen })
	}
	return out
}

// receivers is who can be asked: people, and roles with who has them where the
// system is. Suppliers are asked in another way.
func (s *server) receivers(r *http.Request, o *open, chosen string) ([]toGroup, error) {
	accounts, err := s.Store.Accounts(r.Context())
	if err != nil {
		return nil, err
	}
	people, roles := toGroup{Title: "Personer"}, toGroup{Title: "Roller"}
	for _, a := range accounts {
		if a.Disabled.IsZero() && a.Name != "" {
			people.To = append(people.To, choice{ID: "person:" + a.ID, Title: a.Name, Chosen: chosen == "person:"+a.ID})
		}
	}
	for _, role := range s.allRoles() {
		if role.ID == Administrator || role.ID == supplier {
			continue
		}
		var who []string
		for _, a := range accounts {
			other := &visit{Account: a, org: o.visit.org}
			if a.Disabled.IsZero() && other.asked(&o.Record, engine.Delegation{Role: role.ID}) {
				who = append(who, personName(a.Person))
			}
		}
		roles.To = append(roles.To, choice{ID: "roll:" + role.ID, Title: role.Title + ": " + cmp.Or(list(who, "och"), "ingen har rollen här än"), Chosen: chosen == "roll:"+role.ID})
	}
	swedish(people.To, func(c choice) string { return c.Title })
	swedish(roles.To, func(c choice) string { return c.Title })
	return []toGroup{people, roles}, nil
}

func (s *server) delegatePage(r *http.Request, o *open, chosen []string, to string) (delegatePage, error) {
	p := delegatePage{page: s.classificationPage(o, "Delegera"), Base: o.Base(), Groups: s.parts(o, chosen), Token: token(), Least: s.today(),
		May: o.visit.on(&o.Record, delegate, "") && !o.Locked() && !o.paused()}
	var err error
	if p.To, err = s.receivers(r, o, to); err != nil {
		return p, err
	}
	p.Rows, err = s.delegations(r, o)
	return p, err
}

// delegations lists those of a classification, the first due first.
func (s *server) delegations(r *http.Request, o *open) ([]delegationRow, error) {
	var out []delegationRow
	for _, part := range slices.Sorted(maps.Keys(o.Delegations())) {
		d := o.Delegations()[part]
		a := o.Answers[engine.DelegateKey(part)]
		row := delegationRow{By: personName(a.By), Text: d.Text, ID: part + "@" + itoa(a.Version), due: cmp.Or(d.Due, "9999"),
			Asked: o.visit.asked(&o.Record, d), Action: o.Base() + "/delegera/" + part + "/klar", System: o.System.Title, SystemLink: o.Base()}
		row.Title, row.Link = partOf(o, part)
		row.Title = upperFirst(row.Title)
		row.To = lowerFirst(s.roleTitle(d.Role))
		if d.Person != "" {
			account, err := s.Store.Account(r.Context(), d.Person)
			if err != nil {
				return nil, err
			}
			row.To = personName(account.Person)
		}
		if d.Due != "" {
			row.Due = s.dayOf(d.Due)
		}
		row.Done = d.Done || partDone(o, part)
		row.Late = !row.Done && d.Due != "" && d.Due < s.today()
		switch {
		case row.Done:
			row.Status, row.Class = "Klar", "done"
		case row.Late:
			row.Status, row.Class = "Försenad", "late"
		default:
			row.Status, row.Class = "Väntar på svar", "wait"
		}
		out = append(out, row)
	}
	slices.SortStableFunc(out, func(a, b delegationRow) int { return cmp.Compare(a.due, b.due) })
	return out, nil
}

// partDone tells whether a part has been answered, whoever did it.
func partDone(o *open, part string) bool {
	kind, id, _ := strings.Cut(part, "/")
	switch kind + "/" {
	case engine.PartFact:
		return o.Has(engine.FactKey(id))
	case engine.PartSection:
		return o.Has(engine.DoneKey(id))
	case engine.PartArea:
		return o.Has(engine.ReviewedKey(id))
	}
	return false
}

// knownPart tells whether a classification has the part.
func knownPart(o *open, part string) bool {
	title, _ := partOf(o, part)
	if id, ok := strings.CutPrefix(part, engine.PartRequirement); ok {
		return o.Derivation.Finding(id) != nil
	}
	return title != part
}

func (s *server) delegateForm(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	p, err := s.delegatePage(r, o, r.URL.Query()["del"], "")
	if err != nil {
		return err
	}
	p.Saved = map[string]string{"delegerat": "Delegeringen är sparad.", "tillbaka": "Delegeringen är tillbakatagen."}[r.URL.Query().Get("sparat")]
	return s.render(w, http.StatusOK, "delegate", p)
}

// partVersion reads a ticked part with the version of its delegation.
func partVersion(o *open, given string) (part string, version int, ok bool) {
	part, v, _ := strings.Cut(given, "@")
	version, ok = number(v)
	return part, version, ok && v != "" && knownPart(o, part)
}

// saveDelegation delegates what is ticked, in one save.
func (s *server) saveDelegation(w http.ResponseWriter, r *http.Request) error {
	o, err := s.writable(r)
	if err != nil {
		return err
	}
	form := r.PostForm
	d := engine.Delegation{Due: strings.TrimSpace(form.Get("senast")), Text: strings.TrimSpace(form.Get("text"))}
	var chosen []string
	var changes []engine.Change
	for _, given := range form["del"] {
		part, version, ok := partVersion(o, given)
		if !ok || slices.Contains(chosen, part) {
			return errForm
		}
		chosen = append(chosen, part)
		changes = append(changes, engine.Change{Key: engine.DelegateKey(part), Version: version})
	}
	p, err := s.delegatePage(r, o, chosen, form.Get("till"))
	if err != nil {
		return err
	}
	p.Due, p.Text = d.Due, d.Text
	if len(chosen) == 0 {
		p.Missing = append(p.Missing, fieldError{"delar", "Kryssa i vad du vill delegera"})
	}
	if kind, id, _ := strings.Cut(form.Get("till"), ":"); !slices.ContainsFunc(p.To, func(g toGroup) bool {
		return slices.ContainsFunc(g.To, func(c choice) bool { return c.ID == form.Get("till") })
	}) {
		p.Missing = append(p.Missing, fieldError{"till", "Välj vem som ska svara"})
	} else if kind == "person" {
		d.Person = id
	} else {
		d.Role = id
	}
	if problem := s.dueProblem(d.Due); problem != "" {
		p.Missing = append(p.Missing, fieldError{"senast", problem})
	}
	if len([]rune(d.Text)) > 500 {
		p.Missing = append(p.Missing, fieldError{"text", "Korta texten till högst 500 tecken"})
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "delegate", p)
	}
	for i := range changes {
		changes[i].Value = change("", d, 0).Value
	}
	err = s.save(r, o, changes...)
	if c := conflict(err); c != nil {
		if o, err = s.open(r); err != nil {
			return err
		}
		again, err := s.delegatePage(r, o, chosen, form.Get("till"))
		if err != nil {
			return err
		}
		again.Due, again.Text, again.Failed = p.Due, p.Text, true
		what, _ := partOf(o, strings.TrimPrefix(c.Mine.Key, "delegate/"))
		again.Conflict = &conflictView{Mine: what + ": " + s.delegationSay(c.Mine.Value), Theirs: what + ": " + s.delegationSay(c.Theirs.Value), Who: c.Theirs.By.Name, When: s.day(c.Theirs.At)}
		return s.render(w, http.StatusConflict, "delegate", again)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, o.Base()+"/delegera?sparat=delegerat")
}

// dueProblem says what is wrong with a due date; none at all is fine.
func (s *server) dueProblem(date string) string {
	if date == "" {
		return ""
	}
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return "Skriv datumet som 2027-01-31, eller lämna rutan tom"
	}
	if date < s.today() {
		return "Välj ett datum som inte har passerat"
	}
	return ""
}

// endDelegation takes one back.
func (s *server) endDelegation(w http.ResponseWriter, r *http.Request) error {
	o, err := s.writable(r)
	if err != nil {
		return err
	}
	part, version, ok := partVersion(o, r.PostFormValue("del"))
	if !ok {
		return errForm
	}
	if err := s.save(r, o, change(engine.DelegateKey(part), nil, version)); err != nil {
		return err
	}
	return seeOther(w, r, o.Base()+"/delegera?sparat=tillbaka")
}

// finishDelegation is the one asked saying that it is done.
func (s *server) finishDelegation(w http.ResponseWriter, r *http.Request) error {
	o, err := s.writable(r)
	if err != nil {
		return err
	}
	part := chi.URLParam(r, "kind") + "/" + chi.URLParam(r, "part")
	d, ok := o.Delegations()[part]
	if !ok {
		return errNotFound
	}
	d.Done = true
	if err := s.mark(r, o, map[string]any{engine.DelegateKey(part): d}); err != nil {
		return err
	}
	return seeOther(w, r, "/")
}

// mine lists what is delegated to the visitor and not done, over all systems,
// the first due first, and what she has delegated that is late.
func (s *server) mine(r *http.Request, records []engine.Record) (asked, late []delegationRow, err error) {
	v := visitOf(r.Context())
	for i := range records {
		rec := &records[i]
		concerns := false
		for part, d := range rec.Delegations() {
			concerns = concerns || v.asked(rec, d) || rec.Answers[engine.DelegateKey(part)].By.ID == v.ID
		}
		if !concerns || rec.Locked() || rec.Has(engine.KeyPaused) || !v.on(rec, read, "") {
			continue
		}
		o, err := s.derive(r.Context(), *rec)
		if err != nil {
			s.Log.Error("derive", "classification", rec.Classification.ID, "err", err)
			continue
		}
		rows, err := s.delegations(r, o)
		if err != nil {
			return nil, nil, err
		}
		for _, row := range rows {
			part, _, _ := strings.Cut(row.ID, "@")
			switch {
			case row.Done:
			case row.Asked:
				asked = append(asked, row)
			case row.Late && o.Answers[engine.DelegateKey(part)].By.ID == v.ID:
				late = append(late, row)
			}
		}
	}
	byDue := func(a, b delegationRow) int { return cmp.Compare(a.due, b.due) }
	slices.SortStableFunc(asked, byDue)
	slices.SortStableFunc(late, byDue)
	return asked, late, nil
}

// delegateLink is the page with a part ticked.
func delegateLink(o *open, part string) string {
	return o.Base() + "/delegera?del=" + url.QueryEscape(part)
}

// thread is what has been said of a part, and the form to say more.
type thread struct {
	Base, Part string
	Title      string // what it is about; "" where the page says so
	Link       string
	Items      []commentView
	Missing    fieldErrors
	Text       string
	N          int // the number that a new one gets
	Token      string
	May        bool
}

type commentView struct {
	N, Version     int
	Who, When      string
	Text           string
	Own            bool
	About, AllLink string // on the page of all: what it is about
}

func (s *server) thread(o *open, part string) thread {
	t := thread{Base: o.Base(), Part: part, Token: token(), May: o.visit.on(&o.Record, comment, part) && !o.Locked() && !o.paused()}
	for t.N = 1; ; t.N++ {
		a, ok := o.Answers[engine.CommentKey(part, t.N)]
		if !ok {
			return t
		}
		var c engine.Comment
		if decode(a.Value, &c) && c.Text != "" {
			t.Items = append(t.Items, commentView{N: t.N, Version: a.Version, Who: upperFirst(personName(a.By)), When: s.day(a.At), Text: c.Text, Own: t.May && a.By.ID == o.visit.ID})
		}
	}
}

// commentsPage is one thread, or all that has been said in a classification.
type commentsPage struct {
	page
	Base   string
	Thread *thread
	Items  []commentView // of all, the latest first
}

func (s *server) comments(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	part := r.URL.Query().Get("om")
	if part != "" && !knownPart(o, part) {
		return errNotFound
	}
	return s.render(w, http.StatusOK, "comments", s.commentsPage(o, part))
}

func (s *server) commentsPage(o *open, part string) commentsPage {
	p := commentsPage{page: s.classificationPage(o, "Kommentarer"), Base: o.Base()}
	if part != "" {
		t := s.thread(o, part)
		t.Title, t.Link = partOf(o, part)
		t.Title = upperFirst(t.Title)
		p.Thread = &t
		return p
	}
	type said struct {
		at   time.Time
		view commentView
	}
	var all []said
	for key, a := range o.Answers {
		rest, ok := strings.CutPrefix(key, "comment/")
		var c engine.Comment
		if !ok || !decode(a.Value, &c) || c.Text == "" {
			continue
		}
		part := rest[:strings.LastIndex(rest, "/")]
		about, _ := partOf(o, part)
		all = append(all, said{a.At, commentView{Who: upperFirst(personName(a.By)), When: s.day(a.At), Text: c.Text, About: upperFirst(about), AllLink: o.Base() + "/kommentarer?om=" + url.QueryEscape(part)}})
	}
	slices.SortFunc(all, func(a, b said) int { return b.at.Compare(a.at) })
	for _, x := range all {
		p.Items = append(p.Items, x.view)
	}
	return p
}

// longestComment is in characters.
const longestComment = 2000

// saveComment keeps a comment under the next number. Where somebody else was
// first to that, the one after is taken: both are kept. The same form posted
// twice is one comment.
func (s *server) saveComment(w http.ResponseWriter, r *http.Request) error {
	o, err := s.writable(r)
	if err != nil {
		return err
	}
	part, text := r.PostFormValue("om"), strings.TrimSpace(strings.ReplaceAll(r.PostFormValue("text"), "\r\n", "\n"))
	n, ok := number(r.PostFormValue("n"))
	if !knownPart(o, part) || !ok || n < 1 || n > s.thread(o, part).N {
		return errForm
	}
	problem := ""
	switch {
	case text == "":
		problem = "Skriv en kommentar"
	case len([]rune(text)) > longestComment:
		problem = "Korta kommentaren till högst 2 000 tecken"
	}
	if problem != "" {
		p := s.commentsPage(o, part)
		p.Failed, p.Thread.Text = true, text
		p.Thread.Missing = fieldErrors{{"text", problem}}
		return s.render(w, http.StatusUnprocessableEntity, "comments", p)
	}
	key := r.PostFormValue("nyckel")
	for try := 0; ; try++ {
		_, err := s.Store.SaveAnswers(r.Context(), o.visit.ID, o.Classification.ID, key+strconv.Itoa(try), []engine.Change{change(engine.CommentKey(part, n+try), engine.Comment{Text: text}, 0)})
		if conflict(err) != nil && try < 100 {
			continue
		}
		if err != nil {
			return err
		}
		break
	}
	to := o.Base() + "/kommentarer?om=" + url.QueryEscape(part) + "#kommentarer"
	if id, ok := strings.CutPrefix(part, engine.PartRequirement); ok {
		to = o.Base() + "/krav/" + id + "#kommentarer"
	}
	return seeOther(w, r, to)
}

// removeComment takes one's own back.
func (s *server) removeComment(w http.ResponseWriter, r *http.Request) error {
	o, version, err := s.editing(r)
	if err != nil {
		return err
	}
	part := r.PostFormValue("om")
	n, ok := number(r.PostFormValue("n"))
	key := engine.CommentKey(part, n)
	if !ok || !o.Has(key) || o.Answers[key].By.ID != o.visit.ID {
		return errNotFound
	}
	if err := s.save(r, o, change(key, nil, version)); err != nil {
		return err
	}
	return seeOther(w, r, o.Base()+"/kommentarer?om="+url.QueryEscape(part))
}
