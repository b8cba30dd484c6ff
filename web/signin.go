package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
)

// signInPage is the way in: by the city's own sign-in, by a local account, or both.
type signInPage struct {
	page
	Missing  fieldErrors
	Login    string
	Next     string // where to go afterwards, as a path of ours
	Provider string // the text of its button; "" when there is none
	Began    string // the query that begins a sign-in at the provider
	Out      bool   // right after signing out
}

func (s *server) signInFor(r *http.Request, next string) signInPage {
	p := signInPage{page: s.page(r, "Logga in", ""), Next: localPath(next), Out: r.URL.Query().Get("ut") != ""}
	if s.oidc != nil {
		p.Provider = s.Provider.Name
		p.Began = "?" + url.Values{"vidare": {p.Next}}.Encode()
	}
	return p
}

func (s *server) signInPage(w http.ResponseWriter, r *http.Request) error {
	next := r.URL.Query().Get("vidare")
	if visitOf(r.Context()).ID != "" {
		return seeOther(w, r, localPath(next))
	}
	return s.render(w, http.StatusOK, "signin", s.signInFor(r, next))
}

// signInLocal takes a login and a password. Whatever is wrong with them the
// answer is the same, and takes as long.
func (s *server) signInLocal(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	p := s.signInFor(r, r.PostFormValue("vidare"))
	p.Login = strings.TrimSpace(r.PostFormValue("namn"))
	again := func(status int, text string) error {
		p.Failed, p.Missing = true, fieldErrors{{"namn", text}}
		return s.render(w, status, "signin", p)
	}
	account, stored, err := s.Store.TryPassword(r.Context(), p.Login)
	if err != nil {
		return err
	}
	right, stale, err := checkPassword(r.Context(), stored, r.PostFormValue("losenord"))
	if err != nil {
		return err
	}
	if !right {
		s.Log.Warn("sign-in refused", "request", visitOf(r.Context()).request, "person", account.ID, "from", s.from(r))
		return again(http.StatusUnprocessableEntity, "Användarnamnet eller lösenordet stämmer inte. Efter fem fel vilar kontot en stund")
	}
	if err := s.Store.RightPassword(r.Context(), account.ID); err != nil {
		return err
	}
	if stale {
		now, err := hashPassword(r.Context(), r.PostFormValue("losenord"))
		if err == nil {
			err = s.Store.StrengthenPassword(r.Context(), account.ID, stored, now)
		}
		if err != nil {
			return err
		}
	}
	if err := s.signIn(r, account.ID); err != nil {
		return err
	}
	return seeOther(w, r, p.Next)
}

// signInProvider sends the browser to the city's own sign-in.
func (s *server) signInProvider(w http.ResponseWriter, r *http.Request) error {
	return s.toProvider(w, r, localPath(r.URL.Query().Get("vidare")), "")
}

// toProvider begins a sign-in there, for an invitation when somebody is invited.
func (s *server) toProvider(w http.ResponseWriter, r *http.Request, next, invited string) error {
	if s.oidc == nil {
		return errNotFound
	}
	address, pending, err := s.oidc.begin(r.Context(), next)
	if err != nil {
		return err
	}
	pending.Invited = invited
	s.keep(r.Context(), inPending, pending)
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// keep puts a plain value in the session.
func (s *server) keep(ctx context.Context, key string, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // only plain values come here
	}
	s.sessions.Put(ctx, key, data)
}

// signInAnswer takes the browser back from the city's own sign-in. One that was
// for an invitation is asked about first.
func (s *server) signInAnswer(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var pending pendingSignIn
	if !decode(s.sessions.PopBytes(ctx, inPending), &pending) || s.oidc == nil {
		return errSignInGone
	}
	who, err := s.oidc.finish(ctx, pending, r.URL.Query())
	if err != nil {
		return err
	}
	if pending.Invited != "" {
		s.keep(ctx, inTie, tie{pending.Invited, who})
		return seeOther(w, r, "/logga-in/knyt")
	}
	return s.welcome(w, r, who, pending.Next)
}

// tie is an identity that waits for its person to say that it is hers.
type tie struct {
	Person string
	Who    identity
}

type tiePage struct {
	page
	Account engine.Account
	Who     identity
}

// tieForm asks whether the identity is the invited person's: whoever follows
// another's invitation would else lose her identity to it.
func (s *server) tieForm(w http.ResponseWriter, r *http.Request) error {
	var t tie
	if !decode(s.sessions.GetBytes(r.Context(), inTie), &t) {
		return errSignInGone
	}
	account, err := s.Store.Account(r.Context(), t.Person)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "tie", tiePage{s.page(r, "Är det du?", ""), account, t.Who})
}

func (s *server) tieIdentity(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := parseForm(r); err != nil {
		return err
	}
	var t tie
	if !decode(s.sessions.PopBytes(ctx, inTie), &t) {
		return errSignInGone
	}
	if r.PostFormValue("svar") != "ja" {
		return seeOther(w, r, "/logga-in")
	}
	if _, err := s.Store.TieIdentity(ctx, t.Person, t.Who.Issuer, t.Who.Subject); err != nil {
		return forPeople(err, "Inbjudan gick inte att använda")
	}
	return s.welcome(w, r, t.Who, "/")
}

// welcome signs in whom the provider vouches for.
func (s *server) welcome(w http.ResponseWriter, r *http.Request, who identity, next string) error {
	account, err := s.Store.Admit(r.Context(), who.Issuer, who.Subject, who.Name, who.Groups)
	if err != nil {
		return err
	}
	if !account.Disabled.IsZero() {
		return errDisabled
	}
	if err := s.signIn(r, account.ID); err != nil {
		return err
	}
	return seeOther(w, r, next)
}

// forPeople shows what the store refuses as what it is. A failure of the store
// is none of that: it has a cause.
func forPeople(err error, title string) error {
	var told sentence
	if errors.As(err, &told) && errors.Unwrap(told) == nil {
		return &Problem{http.StatusConflict, title, told.ForPeople(), "/", "Till start"}
	}
	if errors.Is(err, engine.ErrNotFound) {
		return errInvitationGone
	}
	return err
}

func (s *server) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.sessions.Destroy(r.Context()); err != nil {
		return err
	}
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return seeOther(w, r, "/logga-in?ut=1")
}

// stillSignedIn answers a page that is about to send what somebody has written.
func (s *server) stillSignedIn(w http.ResponseWriter, _ *http.Request) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// invitationPage lets somebody in for the first time, or anew.
type invitationPage struct {
	page
	Account  engine.Account
	Missing  fieldErrors
	Action   string
	Provider string
}

func (s *server) invitationFor(r *http.Request) (invitationPage, error) {
	account, err := s.Store.Invited(r.Context(), chi.URLParam(r, "token"))
	if err != nil {
		return invitationPage{}, forPeople(err, "Inbjudan gick inte att använda")
	}
	p := invitationPage{page: s.page(r, "Välkommen till Kravverk", ""), Account: account, Action: "/inbjudan/" + chi.URLParam(r, "token")}
	if s.oidc != nil {
		p.Provider = s.Provider.Name
	}
	return p, nil
}

func (s *server) invitation(w http.ResponseWriter, r *http.Request) error {
	p, err := s.invitationFor(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "invitation", p)
}

// tieInvitation goes on to the provider for the invitation. It is a link and no
// form: the Content-Security-Policy lets no form lead there.
func (s *server) tieInvitation(w http.ResponseWriter, r *http.Request) error {
	p, err := s.invitationFor(r)
	if err != nil {
		return err
	}
	return s.toProvider(w, r, "/", p.Account.ID)
}

// acceptInvitation uses an invitation up to set a password.
func (s *server) acceptInvitation(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	p, err := s.invitationFor(r)
	if err != nil {
		return err
	}
	if p.Account.Login == "" {
		return errNotFound
	}
	hash, missing, err := newPassword(r, p.Account)
	if err != nil {
		return err
	}
	if p.Missing = missing; len(missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "invitation", p)
	}
	account, err := s.Store.ChoosePassword(r.Context(), chi.URLParam(r, "token"), hash)
	if err != nil {
		return forPeople(err, "Inbjudan gick inte att använda")
	}
	if err := s.signIn(r, account.ID); err != nil {
		return err
	}
	return seeOther(w, r, "/")
}

// newPassword reads a new password and its repetition from a form, and hashes it.
func newPassword(r *http.Request, of engine.Account) (hash string, missing fieldErrors, err error) {
	password := r.PostFormValue("losenord")
	if problem := passwordProblem(password, of.Login, of.Name); problem != "" {
		missing = append(missing, fieldError{"losenord", problem})
	} else if password != r.PostFormValue("igen") {
		missing = append(missing, fieldError{"igen", "Skriv samma lösenord i båda rutorna"})
	}
	if len(missing) > 0 {
		return "", missing, nil
	}
	hash, err = hashPassword(r.Context(), password)
	return hash, nil, err
}

// accountPage is what somebody can see and do about her own account.
type accountPage struct {
	page
	Account  engine.Account
	Roles    []roleLine
	Sessions []sessionLine
	Missing  fieldErrors
	Saved    string
	Others   bool     // there are more sessions than this one
	People   []choice // in the demo, whom one can be
}

type roleLine struct{ Role, Unit, From string }

type sessionLine struct {
	ID, Agent, Begun, Seen string
	Here                   bool // the one that asks
	Who, Link              string
}

func (s *server) accountFor(r *http.Request) (accountPage, error) {
	v := visitOf(r.Context())
	p := accountPage{page: s.page(r, "Ditt konto", "konto"), Account: v.Account, Roles: s.roleLines(v.Account, v.org)}
	if s.Demo != "" {
		accounts, err := s.Store.Accounts(r.Context())
		for _, x := range accounts {
			title := x.Name
			for i, role := range s.roleLines(x, v.org) {
				title += map[bool]string{true: ", ", false: " och "}[i == 0] + lowerFirst(role.Role) + " i " + role.Unit
			}
			p.People = append(p.People, choice{ID: x.ID, Title: title, Chosen: x.ID == v.ID})
		}
		return p, err
	}
	sessions, err := s.sessionsOf(r.Context(), v.ID)
	for _, x := range sessions {
		p.Sessions = append(p.Sessions, s.sessionLine(x, v))
		p.Others = p.Others || x.ID != v.session
	}
	return p, err
}

func (s *server) sessionLine(x engine.Session, v *visit) sessionLine {
	return sessionLine{ID: x.ID, Agent: browser(x.Agent), Begun: s.day(x.Begun), Seen: s.day(x.Seen), Here: x.ID == v.session}
}

// roleLines tells a person's roles, each with its unit.
func (s *server) roleLines(a engine.Account, org *engine.Organisation) []roleLine {
	var out []roleLine
	for _, g := range a.Grants {
		x := roleLine{Role: s.roleTitle(g.Role), Unit: org.Title(g.Unit)}
		if g.Claim != "" {
			x.From = "Genom gruppen " + g.Claim
		}
		out = append(out, x)
	}
	return out
}

// roleTitle is a role's name on screen.
func (s *server) roleTitle(id string) string {
	for _, x := range s.allRoles() {
		if x.ID == id {
			return x.Title
		}
	}
	return id
}

// allRoles is the authorization table's roles and then those that only the
// catalogue has, which open nothing by themselves.
func (s *server) allRoles() []Role {
	out := append([]Role(nil), Roles...)
	for _, x := range s.Catalogs().Catalog.Roles {
		known := false
		for _, y := range Roles {
			known = known || y.ID == x.ID
		}
		if !known {
			out = append(out, Role{ID: x.ID, Title: x.Title, About: "Ser det som delegeras dit."})
		}
	}
	return out
}

func (s *server) account(w http.ResponseWriter, r *http.Request) error {
	p, err := s.accountFor(r)
	if err != nil {
		return err
	}
	p.Saved = accountSaved[r.URL.Query().Get("sparat")]
	return s.render(w, http.StatusOK, "account", p)
}

// changePassword asks for the old one: whoever finds an open screen should not
// be able to keep it.
func (s *server) changePassword(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	p, err := s.accountFor(r)
	if err != nil {
		return err
	}
	v := visitOf(r.Context())
	if v.Login == "" || !v.Password || s.Demo != "" {
		return errNotFound
	}
	_, stored, err := s.Store.TryPassword(r.Context(), v.Login)
	if err != nil {
		return err
	}
	right, _, err := checkPassword(r.Context(), stored, r.PostFormValue("nuvarande"))
	if err != nil {
		return err
	}
	if right {
		if err := s.Store.RightPassword(r.Context(), v.ID); err != nil {
			return err
		}
	}
	hash, missing, err := newPassword(r, v.Account)
	if err != nil {
		return err
	}
	if !right {
		missing = append(fieldErrors{{"nuvarande", "Det nuvarande lösenordet stämmer inte. Efter fem fel vilar kontot en stund"}}, missing...)
	}
	if p.Missing = missing; len(missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "account", p)
	}
	if err := s.Store.SetPassword(r.Context(), v.ID, v.ID, hash); err != nil {
		return err
	}
	// All sessions are over now, this one too: begin it anew.
	if err := s.signIn(r, v.ID); err != nil {
		return err
	}
	return seeOther(w, r, "/konto?sparat=losenord")
}

// endOwnSessions ends one of the visitor's sessions, or all but this one.
func (s *server) endOwnSessions(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	v := visitOf(r.Context())
	if id := r.PostFormValue("session"); id != "" {
		if err := s.endSession(r.Context(), v.ID, id); err != nil {
			return err
		}
		if id == v.session {
			return seeOther(w, r, "/logga-in?ut=1")
		}
		return seeOther(w, r, "/konto?sparat=session")
	}
	if err := s.Store.EndSessions(r.Context(), v.ID, v.ID); err != nil {
		return err
	}
	if err := s.signIn(r, v.ID); err != nil {
		return err
	}
	return seeOther(w, r, "/konto?sparat=sessioner")
}

// changePerson lets the demo's visitor be somebody else, to try every role.
func (s *server) changePerson(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	if s.Demo == "" {
		return errNotFound
	}
	account, err := s.Store.Account(r.Context(), r.PostFormValue("person"))
	if err != nil {
		return err
	}
	if err := s.signIn(r, account.ID); err != nil {
		return err
	}
	return seeOther(w, r, localPath(r.PostFormValue("vidare")))
}

// browser puts what a browser says that it is in a word or two; what it says
// proves nothing.
func browser(agent string) string {
	name := "Okänd webbläsare"
	for _, x := range [][2]string{{"Firefox/", "Firefox"}, {"Edg/", "Edge"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}} {
		if strings.Contains(agent, x[0]) {
			name = x[1]
			break
		}
	}
	for _, x := range [][2]string{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS", "Mac"}, {"Linux", "Linux"}} {
		if strings.Contains(agent, x[0]) {
			return name + " på " + x[1]
		}
	}
	return name
}
