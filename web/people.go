package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/diag"
)

// peoplePage is a list of people, narrowed by what is in the address.
type peoplePage struct {
	adminPage
	Rows     []personRow
	All      int
	Query    string
	Units    []choice
	Roles    []choice
	Standing string
	Invite   bool // all of these can be invited anew
}

type personRow struct {
	ID, Name, Login, Link string
	Roles                 []string
	Elsewhere             bool // has roles that the visitor may not know of
	Standing              standing
}

func (s *server) peopleList(w http.ResponseWriter, r *http.Request) error {
	v := visitOf(r.Context())
	x, err := s.survey(r.Context())
	if err != nil {
		return err
	}
	q := r.URL.Query()
	unit, role := q.Get("enhet"), q.Get("roll")
	p := peoplePage{adminPage: s.adminPage(r, "Personer", "personer"), All: len(x.people), Query: strings.TrimSpace(q.Get("q")), Standing: q.Get("lage"), Roles: s.roleChoices(role)}
	for _, u := range x.units {
		p.Units = append(p.Units, choice{ID: u.ID, Title: indented(x.org, u), Chosen: u.ID == unit})
	}
	p.Roles = append([]choice{{ID: "ingen", Title: "Ingen roll", Chosen: role == "ingen"}}, p.Roles...)
	p.Invite = s.Demo == "" && p.Standing == "utgangen"
	for _, a := range x.people {
		row := s.personRow(v, a)
		with := func(g engine.Grant) bool {
			return (unit == "" || x.org.Within(g.Unit, unit)) && (role == "" || g.Role == role) && v.in(g.Unit, administer)
		}
		switch {
		case !strings.Contains(strings.ToLower(a.Name+" "+a.Login), strings.ToLower(p.Query)),
			p.Standing != "" && row.Standing.Key != p.Standing,
			role == "ingen" && len(a.Grants) > 0,
			role != "ingen" && (unit != "" || role != "") && !slices.ContainsFunc(a.Grants, with):
			continue
		}
		p.Invite = p.Invite && v.governs(a)
		p.Rows = append(p.Rows, row)
	}
	return s.render(w, http.StatusOK, "people", p)
}

func (s *server) personRow(v *visit, a engine.Account) personRow {
	row := personRow{ID: a.ID, Name: nameOf(a), Login: a.Login, Link: "/administration/personer/" + a.ID, Standing: s.standing(a)}
	for _, g := range a.Grants {
		if v.in(g.Unit, administer) {
			row.Roles = append(row.Roles, s.roleTitle(g.Role)+" i "+v.org.Title(g.Unit))
		} else {
			row.Elsewhere = true
		}
	}
	return row
}

// newPeoplePage adds one person, or several from a text with a line for each.
type newPeoplePage struct {
	adminPage
	Name, Login string
	Roles       []choice
	Units       []choice
	Text        string
	Rows        []newcomer // how the text was understood; nil until it has been asked for
	Count       int        // people among them
	Seen        string     // tells the understanding that has been shown
	Token       string     // becomes the people's ids: two posts of one form add them once
	MakesLogins bool       // a person without a login gets one of her name
	Several     bool       // only the text is shown
}

// newcomer is a person to add, as understood.
type newcomer struct {
	N           int // line of the text
	Name, Login string
	Role, Unit  string // ids; "" for no role
	RoleSay     string
	UnitSay     string
	Made        bool // the login is made of the name
	Again       bool // another role for the person of an earlier line
	Note        string
	Problems    fieldErrors
}

// makesLogins tells whether a person without a login gets one of her name:
// there is no other way in.
func (s *server) makesLogins() bool { return s.oidc == nil }

func (s *server) newPeopleForm(r *http.Request, unit, role string) newPeoplePage {
	v := visitOf(r.Context())
	return newPeoplePage{adminPage: s.adminPage(r, "Lägg till personer", "personer", crumb{"Personer", "/administration/personer"}),
		Roles: s.roleChoices(role), Units: unitChoices(v.org, v.units(administer), unit), Token: token(), MakesLogins: s.makesLogins()}
}

func (s *server) newPeople(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, http.StatusOK, "newpeople", s.newPeopleForm(r, r.URL.Query().Get("enhet"), ""))
}

// addPerson adds one person and shows the invitation.
func (s *server) addPerson(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	accounts, err := s.Store.Accounts(r.Context())
	if err != nil {
		return err
	}
	role, unit := r.PostFormValue("roll"), r.PostFormValue("enhet")
	if role == "" {
		unit = ""
	}
	one := s.understand(visitOf(r.Context()), accounts, [][]string{{r.PostFormValue("namn"), r.PostFormValue("login"), role, unit}})
	p := s.newPeopleForm(r, r.PostFormValue("enhet"), role)
	if given := r.PostFormValue("nyckel"); tokenPattern.MatchString(given) {
		p.Token = given
	}
	if added(accounts, p.Token) {
		return seeOther(w, r, "/administration/personer?sparat=redan")
	}
	if p.Missing = one[0].Problems; len(p.Missing) > 0 {
		p.Name, p.Login, p.Failed = r.PostFormValue("namn"), r.PostFormValue("login"), true
		return s.render(w, http.StatusUnprocessableEntity, "newpeople", p)
	}
	return s.admitNew(w, r, one, p.Token)
}

// addPeople shows how a text is understood, and adds the people when that has
// been seen.
func (s *server) addPeople(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	accounts, err := s.Store.Accounts(r.Context())
	if err != nil {
		return err
	}
	p := s.newPeopleForm(r, "", "")
	p.Several, p.Text = true, r.PostFormValue("lista")
	if given := r.PostFormValue("nyckel"); tokenPattern.MatchString(given) {
		p.Token = given
	}
	if added(accounts, p.Token) {
		return seeOther(w, r, "/administration/personer?sparat=redan")
	}
	lines, numbers := cells(p.Text)
	p.Rows = s.understand(visitOf(r.Context()), accounts, lines)
	for i := range p.Rows {
		x := &p.Rows[i]
		x.N = numbers[i]
		for _, problem := range x.Problems {
			p.Missing = append(p.Missing, fieldError{"rad-" + itoa(x.N), "Rad " + itoa(x.N) + ": " + lowerFirst(problem.Text)})
		}
		if !x.Again {
			p.Count++
		}
	}
	const most = 500
	switch {
	case len(p.Rows) == 0:
		p.Missing = fieldErrors{{"lista", "Klistra in eller skriv minst en person"}}
	case len(p.Rows) > most:
		p.Rows, p.Missing = nil, fieldErrors{{"lista", "Dela listan: högst " + itoa(most) + " rader åt gången"}}
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "newpeople", p)
	}
	var seen []any
	for _, x := range p.Rows {
		seen = append(seen, x.Name, x.Login, x.Role, x.Unit)
	}
	p.Seen = stateOfForm(seen...)
	if r.PostFormValue("gor") != "spara" || r.PostFormValue("sedd") != p.Seen {
		return s.render(w, http.StatusOK, "newpeople", p)
	}
	return s.admitNew(w, r, p.Rows, p.Token)
}

// cells reads a text with a person to each line, its cells parted by tabs, as
// from a spreadsheet, or by semicolons. A first line of headings is left out.
// numbers are the lines'.
func cells(text string) (lines [][]string, numbers []int) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		if strings.TrimSpace(line) == "" {
			continue
		}
		by := ";"
		if strings.Contains(line, "\t") {
			by = "\t"
		}
		row := strings.Split(line, by)
		if len(lines) == 0 && slices.Contains([]string{"namn", "name"}, strings.ToLower(strings.TrimSpace(row[0]))) {
			continue
		}
		lines, numbers = append(lines, row), append(numbers, n)
	}
	return lines, numbers
}

// understand reads rows of name, login, role and unit, with every mistake in
// its place. Roles and units are found by name or id; only units that the
// visitor administers are known.
func (s *server) understand(v *visit, accounts []engine.Account, rows [][]string) []newcomer {
	var out []newcomer
	roles, units := s.allRoles(), v.units(administer)
	taken := map[string]bool{}
	for _, a := range accounts {
		taken[a.Login] = a.Login != ""
	}
	for i, row := range rows {
		cell := func(n int) string {
			if n >= len(row) {
				return ""
			}
			return strings.Join(strings.Fields(strings.Trim(strings.TrimSpace(row[n]), `"`)), " ")
		}
		x := newcomer{N: i + 1, Name: cell(0), Login: strings.ToLower(cell(1)), RoleSay: cell(2), UnitSay: cell(3)}
		wrong := func(field, text string) { x.Problems = append(x.Problems, fieldError{field, text}) }
		if problem := titleProblem(x.Name, "Skriv ett namn"); problem != "" {
			wrong("namn", problem)
		}
		if len(row) == 1 && strings.Contains(x.Name, ",") {
			wrong("namn", "Skilj namn, användarnamn, roll och enhet åt med semikolon eller tabb")
		}
		if len(row) > 4 && strings.TrimSpace(strings.Join(row[4:], "")) != "" {
			wrong("enhet", "Raden har fler än fyra delar: namn, användarnamn, roll och enhet")
		}
		if x.Login == "" && s.makesLogins() {
			x.Login, x.Made = loginOf(x.Name), true
		}
		if problem := loginProblem(x.Login); problem != "" {
			wrong("login", problem)
		}
		for _, y := range out {
			switch same := strings.EqualFold(y.Name, x.Name); {
			case x.Login != "" && x.Login == y.Login && same:
				x.Again = true
			case x.Login != "" && x.Login == y.Login:
				wrong("login", "Användarnamnet "+x.Login+" står också på rad "+itoa(y.N)+", för "+y.Name+": ge dem var sitt")
			case same && x.Name != "" && x.Login == "" && y.Login == "":
				wrong("namn", "Namnet står också på rad "+itoa(y.N)+": skriv ett användarnamn om det är två personer, och ge annars den andra rollen efteråt")
			}
		}
		if taken[x.Login] {
			wrong("login", "Användarnamnet "+x.Login+" finns redan: skriv ett annat, eller ta bort raden om personen redan är tillagd")
		} else if slices.ContainsFunc(accounts, func(a engine.Account) bool { return v.knows(a) && strings.EqualFold(a.Name, x.Name) }) {
			x.Note = "Det finns redan en person med det namnet."
		}
		if x.Again && x.RoleSay == "" {
			wrong("namn", "Personen står två gånger: ta bort den ena raden, eller skriv den andra rollen")
		}
		x.place(roles, units, v.org, wrong)
		out = append(out, x)
	}
	return out
}

// place finds the role and the unit that are written.
func (x *newcomer) place(roles []Role, units []engine.Unit, org *engine.Organisation, wrong func(field, text string)) {
	if x.RoleSay != "" {
		i := slices.IndexFunc(roles, func(y Role) bool { return y.ID == x.RoleSay || strings.EqualFold(y.Title, x.RoleSay) })
		if i >= 0 {
			x.Role, x.RoleSay = roles[i].ID, roles[i].Title
		} else {
			var titles []string
			for _, y := range roles {
				titles = append(titles, y.Title)
			}
			wrong("roll", unknownWord("Rollen", x.RoleSay, diag.Suggest(x.RoleSay, titles), "se sidan Roller"))
		}
	}
	if x.UnitSay == "" {
		if x.RoleSay != "" {
			wrong("enhet", "Skriv i vilken enhet rollen gäller")
		}
		return
	}
	var found []engine.Unit
	var titles []string
	for _, u := range units {
		titles = append(titles, u.Title)
		if u.ID == x.UnitSay || strings.EqualFold(u.Title, x.UnitSay) || strings.EqualFold(org.Title(u.Parent)+"/"+u.Title, strings.ReplaceAll(x.UnitSay, " / ", "/")) {
			found = append(found, u)
		}
	}
	switch {
	case len(found) == 0:
		wrong("enhet", unknownWord("Enheten", x.UnitSay, diag.Suggest(x.UnitSay, titles), "se sidan Enheter"))
	case len(found) > 1:
		wrong("enhet", "Flera enheter heter "+x.UnitSay+": skriv enheten ovanför först, som "+org.Title(found[0].Parent)+" / "+found[0].Title)
	case x.RoleSay == "":
		wrong("roll", "Skriv vilken roll personen har i "+found[0].Title+", eller ta bort enheten")
	default:
		x.Unit, x.UnitSay = found[0].ID, found[0].Title
	}
}

func unknownWord(what, word, suggestion, where string) string {
	if suggestion != "" {
		where = lowerFirst(suggestion)
	}
	return what + " " + word + " finns inte: " + where
}

// loginProblem is what is wrong with a login, "" when nothing is.
func loginProblem(login string) string {
	switch {
	case len(login) > 100:
		return "Korta användarnamnet till högst 100 tecken"
	case strings.ContainsFunc(login, func(c rune) bool {
		return unicode.IsSpace(c) || unicode.IsControl(c) || strings.ContainsRune(`,;"<>/`, c)
	}):
		return "Skriv användarnamnet utan mellanslag och skiljetecken, som anna.holm"
	}
	return ""
}

// loginOf makes a login of a name: anna.holm.
func loginOf(name string) string {
	words := strings.Fields(strings.NewReplacer("å", "a", "ä", "a", "ö", "o", "é", "e", "ü", "u", "æ", "a", "ø", "o").Replace(strings.ToLower(name)))
	if len(words) > 2 {
		words = []string{words[0], words[len(words)-1]}
	}
	return strings.Map(func(c rune) rune {
		if c == '.' || c == '-' || unicode.IsLetter(c) || unicode.IsDigit(c) {
			return c
		}
		return -1
	}, strings.Join(words, "."))
}

// invitationsPage shows invitations, this once.
type invitationsPage struct {
	adminPage
	Rows  []invited
	Until string
	Text  string   // all of them, to copy
	Rest  []string // those who were not added
}

type invited struct{ Name, Login, Address string }

// newcomerID is the id of one of the people that a form adds.
func newcomerID(token string, i int) string { return fmt.Sprintf("%s%02d", token, i) }

// added tells whether a form has been taken care of already.
func added(accounts []engine.Account, token string) bool {
	return slices.ContainsFunc(accounts, func(a engine.Account) bool { return a.ID == newcomerID(token, 0) })
}

// admitNew adds the people, invites them and shows the invitations. Those that
// were added before something failed are shown, with the rest.
func (s *server) admitNew(w http.ResponseWriter, r *http.Request, all []newcomer, token string) error {
	var people []engine.Account
	for _, x := range all {
		if !x.Again {
			people = append(people, engine.Account{Person: engine.Person{Name: x.Name}, Login: x.Login})
		}
		i := len(people) - 1
		if x.Again {
			i = slices.IndexFunc(people, func(a engine.Account) bool { return a.Login == x.Login })
		}
		if x.Role != "" {
			people[i].Grants = append(people[i].Grants, engine.Grant{Unit: x.Unit, Role: x.Role})
		}
	}
	var rows []invited
	for i, a := range people {
		a.ID = newcomerID(token, i)
		a, err := s.Store.AddAccount(r.Context(), visitOf(r.Context()).ID, a)
		var address string
		if err == nil {
			address, err = s.inviteTo(r, a.ID)
		}
		if err != nil && len(rows) == 0 {
			return err
		}
		if err != nil {
			s.Log.Error("people not added", "request", visitOf(r.Context()).request, "added", len(rows), "err", err)
			var rest []string
			for _, x := range people[i:] {
				rest = append(rest, x.Name)
			}
			return s.showInvitations(w, r, rows, rest)
		}
		rows = append(rows, invited{a.Name, a.Login, address})
	}
	return s.showInvitations(w, r, rows, nil)
}

func (s *server) showInvitations(w http.ResponseWriter, r *http.Request, rows []invited, rest []string) error {
	p := invitationsPage{adminPage: s.adminPage(r, "Inbjudningar", "personer", crumb{"Personer", "/administration/personer"}), Rows: rows, Until: s.day(s.Now().Add(invitationLength)), Rest: rest}
	status := http.StatusOK
	if len(rest) > 0 {
		p.Failed, status = true, http.StatusServiceUnavailable
	}
	for _, x := range rows {
		p.Text += x.Name + "\t" + x.Login + "\t" + x.Address + "\n"
	}
	return s.render(w, status, "invitations", p)
}

// inviteAnew invites those who have no invitation that holds, several at once.
func (s *server) inviteAnew(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	v := visitOf(r.Context())
	var people []engine.Account
	for _, id := range r.PostForm["vem"] {
		a, err := s.Store.Account(r.Context(), id)
		if err != nil {
			return notHere(err)
		}
		if !v.governs(a) {
			return errNotHere
		}
		if a.Disabled.IsZero() && !entered(a) {
			people = append(people, a)
		}
	}
	if len(people) == 0 {
		return seeOther(w, r, "/administration/personer?lage=utgangen")
	}
	var rows []invited
	for _, a := range people {
		address, err := s.inviteTo(r, a.ID)
		if err != nil {
			return err
		}
		rows = append(rows, invited{nameOf(a), a.Login, address})
	}
	return s.showInvitations(w, r, rows, nil)
}

// personPage is one person, and what an administrator can do about her.
type personPage struct {
	adminPage
	Account        engine.Account
	Name           string
	Login          string
	Link           string
	State          string
	Conflict       *conflictView
	Standing       standing
	Governs        bool // her whole account is the visitor's to change
	Self           bool
	Entered        bool // she has been in
	Provider       string
	Subject        string // the end of it
	Grants         []grantRow
	Elsewhere      bool
	Roles          []choice
	Units          []choice
	Sessions       []sessionLine
	Events         []deed
	Administrators string
}

type grantRow struct {
	RoleID, UnitID, Role, Unit string
	Group                      string // of the provider; then it cannot be taken back here
}

// deed is something that a person has done, as often as she did it in a row.
type deed struct{ When, Text string }

func (s *server) person(w http.ResponseWriter, r *http.Request) error {
	a, err := s.acquainted(r)
	if err != nil {
		return err
	}
	p, err := s.personPage(r, a)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "person", p)
}

func (s *server) personPage(r *http.Request, a engine.Account) (personPage, error) {
	ctx := r.Context()
	v := visitOf(ctx)
	p := personPage{adminPage: s.adminPage(r, nameOf(a), "personer", crumb{"Personer", "/administration/personer"}), Account: a, Name: a.Name, Login: a.Login,
		Link: "/administration/personer/" + a.ID, State: stateOfForm(a.Name, a.Login), Standing: s.standing(a), Governs: v.governs(a), Self: a.ID == v.ID, Entered: entered(a),
		Roles: s.roleChoices(""), Units: unitChoices(v.org, v.units(administer), "")}
	if a.Subject != "" {
		p.Provider, p.Subject = a.Issuer, a.Subject
		if n := len(a.Subject); n > 8 {
			p.Subject = "…" + a.Subject[n-6:]
		}
	}
	for _, g := range a.Grants {
		if !v.in(g.Unit, administer) {
			p.Elsewhere = true
			continue
		}
		p.Grants = append(p.Grants, grantRow{g.Role, g.Unit, s.roleTitle(g.Role), v.org.Title(g.Unit), g.Claim})
	}
	if !p.Governs {
		names, err := s.administrators(ctx)
		p.Administrators = list(names, "eller")
		return p, err
	}
	sessions, err := s.sessionsOf(ctx, a.ID)
	if err != nil {
		return p, err
	}
	for _, x := range sessions {
		p.Sessions = append(p.Sessions, s.sessionLine(x, v))
	}
	events, err := s.Store.Events(ctx, engine.EventFilter{Person: a.ID}, 100)
	if err != nil {
		return p, err
	}
	records, err := s.Store.Systems(ctx)
	types := map[string]string{}
	for _, rec := range records {
		types[rec.Classification.ID] = rec.Classification.Type
	}
	p.Events = s.deeds(events, types, 8)
	return p, err
}

// deeds puts what somebody has done in words, without telling to what. types is
// the classifications' types by id.
func (s *server) deeds(events []engine.Event, types map[string]string, most int) (out []deed) {
	say := func(e engine.Event) string { return deedSay(e.Action, types[e.ClassificationID]) }
	for i := 0; i < len(events) && len(out) < most; {
		n, day := 1, func(e engine.Event) string { return e.At.In(s.Location).Format(time.DateOnly) }
		for i+n < len(events) && say(events[i+n]) == say(events[i]) && day(events[i+n]) == day(events[i]) {
			n++
		}
		text := say(events[i])
		if n > 1 {
			text += ", " + itoa(n) + " gånger"
		}
		out = append(out, deed{upperFirst(s.day(events[i].At)), text})
		i += n
	}
	return out
}

// renamePerson gives a person another name or login.
func (s *server) renamePerson(w http.ResponseWriter, r *http.Request) error {
	a, err := s.governed(r)
	if err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	p, err := s.personPage(r, a)
	if err != nil {
		return err
	}
	p.Name, p.Login = strings.Join(strings.Fields(r.PostFormValue("namn")), " "), strings.ToLower(strings.TrimSpace(r.PostFormValue("login")))
	if problem := titleProblem(p.Name, "Skriv vad personen heter"); problem != "" {
		p.Missing = append(p.Missing, fieldError{"namn", problem})
	}
	if problem := loginProblem(p.Login); problem != "" {
		p.Missing = append(p.Missing, fieldError{"login", problem})
	}
	accounts, err := s.Store.Accounts(r.Context())
	if err != nil {
		return err
	}
	if p.Login != "" && slices.ContainsFunc(accounts, func(x engine.Account) bool { return x.ID != a.ID && x.Login == p.Login }) {
		p.Missing = append(p.Missing, fieldError{"login", "Någon annan har redan användarnamnet: skriv ett annat"})
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "person", p)
	}
	if r.PostFormValue("sedd") != p.State {
		who, when, err := s.lastChange(r.Context(), a.ID)
		if err != nil {
			return err
		}
		say := func(name, login string) string { return name + ", " + cmp.Or(login, "inget användarnamn") }
		p.Failed, p.Conflict = true, &conflictView{Mine: say(p.Name, p.Login), Theirs: say(a.Name, a.Login), Who: who, When: when}
		return s.render(w, http.StatusConflict, "person", p)
	}
	// Without a login nobody signs in with a password.
	shut := func(x engine.Account, _ engine.Grant) bool {
		return x.ID == a.ID && p.Login == "" && (a.Subject == "" || s.oidc == nil)
	}
	if err := s.keeping(r.Context(), shut, func() error {
		return s.Store.Rename(r.Context(), visitOf(r.Context()).ID, a.ID, p.Name, p.Login)
	}); err != nil {
		return err
	}
	return seeOther(w, r, p.Link+"?sparat=person")
}

// changeRoles gives a person a role in a unit, or takes one back.
func (s *server) changeRoles(w http.ResponseWriter, r *http.Request) error {
	a, err := s.acquainted(r)
	if err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	v := visitOf(r.Context())
	g := engine.Grant{Person: a.ID, Unit: r.PostFormValue("enhet"), Role: r.PostFormValue("roll")}
	if r.PostFormValue("gor") == "ta" {
		if !v.in(g.Unit, administer) || !slices.Contains(a.Grants, g) {
			return errNotHere
		}
		gone := func(x engine.Account, y engine.Grant) bool { return x.ID == a.ID && y == g }
		if err := s.keeping(r.Context(), gone, func() error { return s.Store.Revoke(r.Context(), v.ID, g) }); err != nil {
			return err
		}
		if a.Grants = slices.DeleteFunc(a.Grants, func(y engine.Grant) bool { return y == g }); !v.knows(a) || a.ID == v.ID && !v.anywhere(administer) {
			return seeOther(w, r, "/administration/personer?sparat=tagen")
		}
		return seeOther(w, r, "/administration/personer/"+a.ID+"?sparat=tagen")
	}
	p, err := s.personPage(r, a)
	if err != nil {
		return err
	}
	p.Roles, p.Units = s.roleChoices(g.Role), unitChoices(v.org, v.units(administer), g.Unit)
	if !slices.ContainsFunc(p.Roles, func(c choice) bool { return c.Chosen }) {
		p.Missing = append(p.Missing, fieldError{"roll", "Välj en roll"})
	}
	if !v.in(g.Unit, administer) {
		p.Missing = append(p.Missing, fieldError{"enhet", "Välj en enhet"})
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "person", p)
	}
	if err := s.Store.Grant(r.Context(), v.ID, g); err != nil {
		return err
	}
	return seeOther(w, r, p.Link+"?sparat=given")
}

// invitePerson gives a person a new invitation. A password that she had stops
// holding, and she is signed out.
func (s *server) invitePerson(w http.ResponseWriter, r *http.Request) error {
	a, err := s.governed(r)
	if err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	v := visitOf(r.Context())
	if !a.Disabled.IsZero() || a.ID == v.ID {
		return errNotInvited
	}
	if entered(a) {
		shut := func(x engine.Account, _ engine.Grant) bool { return x.ID == a.ID && a.Subject == "" }
		if err := s.keeping(r.Context(), shut, func() error { return s.Store.SetPassword(r.Context(), v.ID, a.ID, "") }); err != nil {
			return err
		}
	}
	address, err := s.inviteTo(r, a.ID)
	if err != nil {
		return err
	}
	return s.showInvitations(w, r, []invited{{nameOf(a), a.Login, address}}, nil)
}

// disablePerson bars a person from signing in, or lets her in again.
func (s *server) disablePerson(w http.ResponseWriter, r *http.Request) error {
	a, err := s.governed(r)
	if err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	v := visitOf(r.Context())
	off := r.PostFormValue("gor") != "oppna"
	if off && a.ID == v.ID {
		return errOwnAccount
	}
	gone := func(x engine.Account, _ engine.Grant) bool { return off && x.ID == a.ID }
	if err := s.keeping(r.Context(), gone, func() error { return s.Store.SetDisabled(r.Context(), v.ID, a.ID, off) }); err != nil {
		return err
	}
	return seeOther(w, r, "/administration/personer/"+a.ID+"?sparat="+map[bool]string{true: "avstangd", false: "oppnad"}[off])
}

// endPersonsSessions ends one of a person's sessions, or all of them.
func (s *server) endPersonsSessions(w http.ResponseWriter, r *http.Request) error {
	a, err := s.governed(r)
	if err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	if err := s.endOne(r, a.ID, r.PostFormValue("session")); err != nil {
		return err
	}
	return seeOther(w, r, "/administration/personer/"+url.PathEscape(a.ID)+"?sparat=session")
}

// endOne ends a session of a person, or all of them without one.
func (s *server) endOne(r *http.Request, person, session string) error {
	if session != "" {
		return notHere(s.endSession(r.Context(), person, session))
	}
	return notHere(s.Store.EndSessions(r.Context(), visitOf(r.Context()).ID, person))
}
