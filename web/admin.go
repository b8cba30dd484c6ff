package web

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
)

// unnamed is what the top unit is called until somebody gives it a name.
const unnamed = "Organisationen"

// adminPage is the frame of a page of the administration.
type adminPage struct {
	page
	Part     string // which part of its menu is current
	Operates bool   // the menu has what is about the whole installation
	Saved    string // what has just been done
	Missing  fieldErrors
}

func (s *server) adminPage(r *http.Request, title, part string, crumbs ...crumb) adminPage {
	v := visitOf(r.Context())
	if len(crumbs) > 0 { // else the menu says it
		crumbs = append(crumbs, crumb{Text: title})
	}
	p := adminPage{page: s.page(r, title, "administration", crumbs...), Part: part, Operates: v.in(top(v.org), operate)}
	if r.Method == http.MethodGet {
		p.Saved = adminSaved[r.URL.Query().Get("sparat")]
	}
	return p
}

// administered is the unit of the address. One that somebody else administers
// is not there.
func administered(r *http.Request) (engine.Unit, error) {
	v := visitOf(r.Context())
	u, ok := v.org.Unit(chi.URLParam(r, "unit"))
	if !ok || !v.in(u.ID, administer) {
		return engine.Unit{}, errNotHere
	}
	return u, nil
}

// acquainted is the person of the address. One that the visitor may not know
// of is not there.
func (s *server) acquainted(r *http.Request) (engine.Account, error) {
	a, err := s.Store.Account(r.Context(), chi.URLParam(r, "person"))
	if err == nil && !visitOf(r.Context()).knows(a) {
		err = engine.ErrNotFound
	}
	if err != nil {
		return a, notHere(err)
	}
	return a, nil
}

// governed is the person of the address, whose whole account is the visitor's
// to change.
func (s *server) governed(r *http.Request) (engine.Account, error) {
	a, err := s.acquainted(r)
	if err != nil {
		return a, err
	}
	if v := visitOf(r.Context()); !v.governs(a) {
		names, err := s.administrators(r.Context())
		if err != nil {
			return a, err
		}
		p := *errRefused
		p.Text, p.Link, p.Label = refusalText("sköter hela organisationen och kan göra det", names), "/administration/personer/"+a.ID, "Till personen"
		return a, &p
	}
	return a, nil
}

// knows tells whether an administrator may know of a person: of those with a
// role where she administers, and of those with none anywhere.
func (v *visit) knows(a engine.Account) bool {
	return v.in(top(v.org), administer) || len(a.Grants) == 0 || slices.ContainsFunc(a.Grants, func(g engine.Grant) bool { return v.in(g.Unit, administer) })
}

// governs tells whether a person's whole account is an administrator's to
// change: every role lies where she administers. Somebody without a role who
// can sign in may be asked to answer anywhere, and so is the whole
// organisation's.
func (v *visit) governs(a engine.Account) bool {
	if v.in(top(v.org), administer) {
		return true
	}
	if len(a.Grants) == 0 {
		return !entered(a)
	}
	return !slices.ContainsFunc(a.Grants, func(g engine.Grant) bool { return !v.in(g.Unit, administer) })
}

// entered tells whether a person has used an invitation or the city's own
// sign-in.
func entered(a engine.Account) bool { return a.Password || a.Subject != "" }

// enters tells whether a person can sign in as things are.
func (s *server) enters(a engine.Account) bool {
	return a.Disabled.IsZero() && (s.Demo != "" || a.Password && a.Login != "" || a.Subject != "" && s.oidc != nil)
}

// administrators names those who administer the whole organisation.
func (s *server) administrators(ctx context.Context) (names []string, err error) {
	accounts, err := s.Store.Accounts(ctx)
	org := visitOf(ctx).org
	for _, a := range accounts {
		if a.Disabled.IsZero() && a.Name != "" && (&visit{Account: a, org: org}).in(top(org), administer) {
			names = append(names, a.Name)
		}
	}
	return names, err
}

// keeping does something that takes grants away from people, or people away
// from their grants. It is refused when nobody who can sign in would be left
// to administer the whole organisation.
func (s *server) keeping(ctx context.Context, gone func(engine.Account, engine.Grant) bool, act func() error) error {
	s.lastLeave.Lock()
	defer s.lastLeave.Unlock()
	accounts, err := s.Store.Accounts(ctx)
	if err != nil {
		return err
	}
	org := visitOf(ctx).org
	left := func(gone func(engine.Account, engine.Grant) bool) bool {
		return slices.ContainsFunc(accounts, func(a engine.Account) bool {
			return s.enters(a) && slices.ContainsFunc(a.Grants, func(g engine.Grant) bool {
				return g.Unit == top(org) && allows(g.Role, administer) && !gone(a, g)
			})
		})
	}
	none := func(engine.Account, engine.Grant) bool { return false }
	if left(none) && !left(gone) {
		return errLastAdministrator
	}
	return act()
}

// notHere tells of an administration's missing thing in its own words.
func notHere(err error) error {
	if err == engine.ErrNotFound {
		return errNotHere
	}
	return err
}

// stateOfForm tells one state of what a form changes from every other, so that
// nobody writes over what she has not seen.
func stateOfForm(values ...any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", values))
	return hex.EncodeToString(sum[:12])
}

// lastChange tells who changed what has the key in the journal, and when.
func (s *server) lastChange(ctx context.Context, key string) (who, when string, err error) {
	events, err := s.Store.Events(ctx, engine.EventFilter{Key: key}, 1)
	if err != nil || len(events) == 0 {
		return "", "nyss", err
	}
	return events[0].By.Name, s.day(events[0].At), nil
}

// survey is the part of the organisation that an administrator sees.
type survey struct {
	org      *engine.Organisation
	units    []engine.Unit
	people   []engine.Account // whom she may know of
	accounts []engine.Account // everybody
	systems  []engine.Record
}

func (s *server) survey(ctx context.Context) (survey, error) {
	v := visitOf(ctx)
	x := survey{org: v.org, units: v.units(administer)}
	var err error
	if x.accounts, err = s.Store.Accounts(ctx); err != nil {
		return x, err
	}
	for _, a := range x.accounts {
		if v.knows(a) {
			x.people = append(x.people, a)
		}
	}
	swedish(x.people, func(a engine.Account) string { return nameOf(a) })
	x.systems, err = s.Store.Systems(ctx)
	return x, err
}

// ownerless lists the units where systems have nobody to own them: no owner is
// there or above. A unit that only holds others is let be.
func (x survey) ownerless() (out []engine.Unit) {
	for _, u := range x.units {
		owned := slices.ContainsFunc(x.accounts, func(a engine.Account) bool {
			return a.Disabled.IsZero() && slices.ContainsFunc(a.Grants, func(g engine.Grant) bool {
				return allows(g.Role, begin) && allows(g.Role, approve) && x.org.Within(u.ID, g.Unit)
			})
		})
		holds := slices.ContainsFunc(x.org.Units, func(below engine.Unit) bool { return below.Parent == u.ID })
		systems := slices.ContainsFunc(x.systems, func(r engine.Record) bool { return r.System.Unit == u.ID })
		if !owned && u.Parent != "" && (systems || !holds) {
			out = append(out, u)
		}
	}
	return out
}

// nameOf is a person's name on screen.
func nameOf(a engine.Account) string { return cmp.Or(a.Name, a.Login, "Utan namn") }

// standing is whether a person can sign in, in words, with the sign and what
// the address calls it.
type standing struct{ Say, Class, Key string }

func (s *server) standing(a engine.Account) standing {
	switch {
	case !a.Disabled.IsZero():
		return standing{"Avstängd " + s.day(a.Disabled), "lock", "avstangd"}
	case s.enters(a):
		return standing{"Kan logga in", "done", "aktiv"}
	case a.Invited.After(s.Now()):
		return standing{"Inbjuden till " + s.day(a.Invited), "now", "inbjuden"}
	case !a.Invited.IsZero():
		return standing{"Inbjudan har gått ut", "late", "utgangen"}
	}
	return standing{"Inte inbjuden", "wait", "utgangen"}
}

// overviewPage is what there is to do, in the order a new administrator does it.
type overviewPage struct {
	adminPage
	Name  string // of the organisation; asked for while it has none
	Asks  bool
	Lacks bool // something is left to do
	Tasks []adminTask
}

type adminTask struct {
	N             int
	Title, Link   string
	Left          string
	More          []crumb
	Status, Class string
}

func (s *server) administration(w http.ResponseWriter, r *http.Request) error {
	p, err := s.overview(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "administration", p)
}

func (s *server) overview(r *http.Request) (overviewPage, error) {
	v := visitOf(r.Context())
	p := overviewPage{adminPage: s.adminPage(r, "Administration", "")}
	x, err := s.survey(r.Context())
	if err != nil {
		return p, err
	}
	whole := v.in(top(v.org), administer)
	named := v.org.Title(top(v.org)) != unnamed
	p.Asks = whole && !named
	add := func(t adminTask) {
		t.N = len(p.Tasks) + 1
		p.Lacks = p.Lacks || t.Class != "done"
		p.Tasks = append(p.Tasks, t)
	}
	if whole {
		t := adminTask{Title: "Ge organisationen ett namn", Link: "#organisation", Left: "Namnet på kommunen. Det står överst i trädet av enheter.", Status: "Inte gjort"}
		if named {
			t.Link, t.Left, t.Status, t.Class = unitLink(top(v.org)), v.org.Title(top(v.org))+".", "Klart", "done"
		}
		add(t)
	}
	add(unitsTask(x, whole))
	add(s.peopleTask(x, v))
	if p.Operates {
		add(s.signInTask())
		add(s.backupTask())
	}
	return p, nil
}

func unitsTask(x survey, whole bool) adminTask {
	t := adminTask{Title: "Lägg till enheter", Link: "/administration/enheter", Left: "Förvaltningar, bolag och förvaltningsobjekt: de som äger systemen. Flera på en gång går bra.", Status: "Inte gjort"}
	n := len(x.units)
	if whole {
		n-- // the top is there from the start
	}
	if n == 0 {
		return t
	}
	t.Left, t.Status, t.Class = upperFirst(count(n, "enhet", "enheter"))+".", "Klart", "done"
	if lacking := x.ownerless(); len(lacking) > 0 {
		t.Left += " " + upperFirst(count(len(lacking), "enhet", "enheter")) + " saknar systemägare:"
		for _, u := range lacking[:min(5, len(lacking))] {
			t.More = append(t.More, crumb{u.Title, unitLink(u.ID)})
		}
		t.Status, t.Class = "Något saknas", "wait"
	}
	return t
}

func (s *server) peopleTask(x survey, v *visit) adminTask {
	t := adminTask{Title: "Lägg till personer", Link: "/administration/personer/nya", Left: "Klistra in dem från Excel eller skriv dem en och en. Var och en får en inbjudan.", Status: "Inte gjort"}
	var roleless, waiting, expired int
	others := 0
	for _, a := range x.people {
		if a.ID != v.ID {
			others++
		}
		if !a.Disabled.IsZero() {
			continue
		}
		if len(a.Grants) == 0 {
			roleless++
		}
		switch s.standing(a).Key {
		case "inbjuden":
			waiting++
		case "utgangen":
			expired++
		}
	}
	if others == 0 {
		return t
	}
	t.Left, t.Status, t.Class = upperFirst(count(len(x.people), "person", "personer"))+".", "Klart", "done"
	for _, m := range []struct {
		n         int
		one, many string
		link      string
	}{
		{roleless, "saknar roll", "saknar roll", "roll=ingen"},
		{expired, "har ingen inbjudan som gäller", "har ingen inbjudan som gäller", "lage=utgangen"},
		{waiting, "har inte använt sin inbjudan", "har inte använt sina inbjudningar", "lage=inbjuden"},
	} {
		if m.n > 0 {
			t.More = append(t.More, crumb{upperFirst(count(m.n, "person", "personer")) + " " + map[bool]string{true: m.one, false: m.many}[m.n == 1], "/administration/personer?" + m.link})
			if m.n != waiting || m.link != "lage=inbjuden" {
				t.Status, t.Class = "Något saknas", "wait"
			}
		}
	}
	if t.Class == "done" {
		t.Link = "/administration/personer"
	}
	return t
}

func (s *server) signInTask() adminTask {
	t := adminTask{Title: "Inloggning", Link: "/administration/inloggning", Status: "Klart", Class: "done"}
	switch {
	case s.Demo != "":
		t.Left = "I övningen behövs ingen inloggning."
	case s.oidc == nil:
		t.Left = "Alla loggar in med användarnamn och lösenord. Kommunens egen inloggning går att koppla."
	default:
		t.Left = "Kommunens inloggning är kopplad: " + s.Provider.Issuer + "."
	}
	return t
}

func (s *server) backupTask() adminTask {
	t := adminTask{Title: "Säkerhetskopior", Link: "/administration/drift", Left: "Inga görs. Sidan säger hur de slås på.", Status: "Inte gjort"}
	if s.Backups == nil {
		return t
	}
	made, next, failed := s.Backups.Latest()
	switch {
	case failed != nil:
		t.Left, t.Status, t.Class = "Det senaste försöket misslyckades.", "Misslyckades", "late"
	case made.At.IsZero():
		t.Left, t.Status, t.Class = "Den första görs "+s.day(next)+".", "Väntar", "now"
	default:
		t.Left, t.Status, t.Class = "Den senaste gjordes "+s.day(made.At)+".", "Klart", "done"
	}
	return t
}

// nameOrganisation gives the top unit its name, the first time.
func (s *server) nameOrganisation(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	v := visitOf(r.Context())
	u, _ := v.org.Unit(top(v.org))
	if !v.in(u.ID, administer) {
		return s.refusal(r, operate, nil)
	}
	u.Title = strings.TrimSpace(r.PostFormValue("namn"))
	if problem := titleProblem(u.Title, "Skriv vad organisationen heter"); problem != "" {
		p, err := s.overview(r)
		if err != nil {
			return err
		}
		p.Asks, p.Name, p.Failed, p.Missing = true, u.Title, true, fieldErrors{{"organisation", problem}}
		return s.render(w, http.StatusUnprocessableEntity, "administration", p)
	}
	if _, err := s.Store.SaveUnit(r.Context(), v.ID, u); err != nil {
		return err
	}
	return seeOther(w, r, "/administration/enheter?sparat=namn")
}

// titleProblem is what is wrong with a name, "" when nothing is.
func titleProblem(title, missing string) string {
	switch {
	case title == "":
		return missing
	case len([]rune(title)) > 200:
		return "Korta namnet till högst 200 tecken"
	}
	return ""
}

// rolesPage is the authorization table as people read it.
type rolesPage struct {
	adminPage
	Actions []actionWord
	Rows    []roleRow
}

type actionWord struct{ Title, About string }

type roleRow struct {
	Role Role
	May  []bool // as Actions
}

func (s *server) rolesTable(w http.ResponseWriter, r *http.Request) error {
	p := rolesPage{adminPage: s.adminPage(r, "Roller", "roller")}
	for _, a := range actionWords {
		p.Actions = append(p.Actions, a.actionWord)
	}
	for _, role := range s.allRoles() {
		row := roleRow{Role: role}
		for _, a := range actionWords {
			row.May = append(row.May, slices.Contains(role.may, a.action))
		}
		p.Rows = append(p.Rows, row)
	}
	return s.render(w, http.StatusOK, "roles", p)
}

// roleChoices is the roles to choose among.
func (s *server) roleChoices(chosen string) (out []choice) {
	for _, x := range s.allRoles() {
		out = append(out, choice{ID: x.ID, Title: x.Title, Help: x.About, Chosen: x.ID == chosen})
	}
	return out
}

// unitChoices is the units to choose among, each with a dash for each above it.
func unitChoices(org *engine.Organisation, units []engine.Unit, chosen string) (out []choice) {
	for _, u := range units {
		out = append(out, choice{ID: u.ID, Title: indented(org, u), Chosen: u.ID == chosen || len(units) == 1})
	}
	return out
}

// invitationLength is how long an invitation can be used.
const invitationLength = 7 * 24 * time.Hour

// inviteTo makes an invitation and gives the whole address that it is used at.
func (s *server) inviteTo(r *http.Request, person string) (string, error) {
	token, err := s.Store.Invite(r.Context(), visitOf(r.Context()).ID, person, s.Now().Add(invitationLength))
	if err != nil {
		return "", err
	}
	if s.URL == nil { // on this machine, by whatever name and port it is reached
		return "http://" + r.Host + "/inbjudan/" + token, nil
	}
	return s.address("/inbjudan/" + token), nil
}
