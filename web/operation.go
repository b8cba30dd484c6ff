package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/kravverk/kravverk/engine"
)

// Backups makes copies of the whole database.
type Backups interface {
	// Latest gives the newest copy, zero when there is none; when the next is
	// due; and why the latest attempt failed, nil when it did not.
	Latest() (made engine.Copy, next time.Time, failed error)
	// RunNow makes a copy at once.
	RunNow(ctx context.Context) (engine.Copy, error)
}

// providerPage is how people sign in, and what their groups give.
type providerPage struct {
	adminPage
	Provider *Provider // its secret is never shown
	Answers  string    // how its discovery answered
	Class    string
	Address  string // where it sends people back
	Rules    []groupRule
	Group    string
	Roles    []choice
	Units    []choice
}

type groupRule struct{ Group, RoleID, UnitID, Role, Unit string }

func (s *server) providerPage(r *http.Request, group, role, unit string) (providerPage, error) {
	v := visitOf(r.Context())
	p := providerPage{adminPage: s.adminPage(r, "Inloggning", "inloggning"), Provider: s.Provider, Address: s.address("/logga-in/svar"),
		Group: group, Roles: s.roleChoices(role), Units: unitChoices(v.org, v.org.Units, unit)}
	rules, err := s.Store.ClaimGrants(r.Context())
	for _, x := range rules {
		p.Rules = append(p.Rules, groupRule{x.Group, x.Role, x.Unit, s.roleTitle(x.Role), v.org.Title(x.Unit)})
	}
	if s.oidc != nil {
		p.Answers, p.Class = s.oidc.answers(r.Context())
	}
	return p, err
}

// answers asks the provider for what a sign-in begins with, and tells how it
// went.
func (c *oidcClient) answers(ctx context.Context) (say, class string) {
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, c.http), 5*time.Second)
	defer cancel()
	_, err := oidc.NewProvider(ctx, c.Issuer)
	var unreached *url.Error
	switch {
	case err == nil:
		return "Svarar", "done"
	case errors.As(err, &unreached):
		return "Svarar inte. Kontrollera att servern som kör Kravverk når adressen.", "late"
	}
	return "Svarar, men inte som en inloggning med OpenID Connect. Kontrollera adressen tecken för tecken.", "late"
}

func (s *server) signInRules(w http.ResponseWriter, r *http.Request) error {
	p, err := s.providerPage(r, "", "", "")
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "provider", p)
}

// changeRules adds what a group gives, or takes it away.
func (s *server) changeRules(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	v := visitOf(r.Context())
	rule := engine.ClaimGrant{Group: strings.TrimSpace(r.PostFormValue("grupp")), Unit: r.PostFormValue("enhet"), Role: r.PostFormValue("roll")}
	if r.PostFormValue("gor") == "ta" {
		gone := func(_ engine.Account, g engine.Grant) bool {
			return g.Claim == rule.Group && g.Unit == rule.Unit && g.Role == rule.Role
		}
		if err := s.keeping(r.Context(), gone, func() error { return s.Store.SetClaimGrant(r.Context(), v.ID, rule, false) }); err != nil {
			return err
		}
		return seeOther(w, r, "/administration/inloggning?sparat=regel-borta")
	}
	p, err := s.providerPage(r, rule.Group, rule.Role, rule.Unit)
	if err != nil {
		return err
	}
	if problem := titleProblem(rule.Group, "Skriv gruppen som den heter hos leverantören"); problem != "" {
		p.Missing = append(p.Missing, fieldError{"grupp", problem})
	}
	if !slices.ContainsFunc(p.Roles, func(c choice) bool { return c.Chosen }) {
		p.Missing = append(p.Missing, fieldError{"roll", "Välj en roll"})
	}
	if _, ok := v.org.Unit(rule.Unit); !ok {
		p.Missing = append(p.Missing, fieldError{"enhet", "Välj en enhet"})
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "provider", p)
	}
	if err := s.Store.SetClaimGrant(r.Context(), v.ID, rule, true); err != nil {
		return err
	}
	return seeOther(w, r, "/administration/inloggning?sparat=regel")
}

// sessionsPage is who is signed in, and where.
type sessionsPage struct {
	adminPage
	Rows []sessionRow
}

type sessionRow struct {
	sessionLine
	PersonID string
	More     bool // the person has others, and this is the first of them
}

func (s *server) sessionList(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	v := visitOf(ctx)
	p := sessionsPage{adminPage: s.adminPage(r, "Sessioner", "sessioner")}
	sessions, err := s.sessionsOf(ctx, "")
	if err != nil {
		return err
	}
	accounts, err := s.Store.Accounts(ctx)
	if err != nil {
		return err
	}
	of := map[string]int{}
	for _, x := range sessions {
		of[x.Person]++
	}
	for _, x := range sessions {
		row := sessionRow{sessionLine: s.sessionLine(x, v), PersonID: x.Person, More: of[x.Person] > 1}
		of[x.Person] = 0
		for _, a := range accounts {
			if a.ID == x.Person {
				row.Who, row.Link = nameOf(a), "/administration/personer/"+a.ID
			}
		}
		p.Rows = append(p.Rows, row)
	}
	return s.render(w, http.StatusOK, "sessions", p)
}

// endSessions ends one session, or all of one person.
func (s *server) endSessions(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	if err := s.endOne(r, r.PostFormValue("person"), r.PostFormValue("session")); err != nil {
		return err
	}
	return seeOther(w, r, "/administration/sessioner?sparat=session")
}

// operationPage is how the installation fares.
type operationPage struct {
	adminPage
	Version, Go, Database string
	Built                 string
	Head                  engine.Head
	HasBackups            bool
	Copy                  engine.Copy
	Size, Made, Next      string
	Failure               string
}

func (s *server) operationPage(r *http.Request) (operationPage, error) {
	p := operationPage{adminPage: s.adminPage(r, "Drift", "drift"), Database: s.Database, HasBackups: s.Backups != nil, Version: "okänd"}
	if info, ok := debug.ReadBuildInfo(); ok {
		p.Go = info.GoVersion
		setting := func(key string) string {
			for _, x := range info.Settings {
				if x.Key == key {
					return x.Value
				}
			}
			return ""
		}
		if v := info.Main.Version; v != "" && v != "(devel)" {
			p.Version = v
		} else if revision := setting("vcs.revision"); revision != "" {
			p.Version = revision[:min(12, len(revision))]
		}
		if at, err := time.Parse(time.RFC3339, setting("vcs.time")); err == nil {
			p.Built = s.day(at)
		}
	}
	head, err := s.Store.JournalHead(r.Context())
	if err != nil {
		return p, err
	}
	p.Head = head
	if s.Backups == nil {
		return p, nil
	}
	made, next, failed := s.Backups.Latest()
	p.Copy, p.Made, p.Next, p.Size = made, s.day(made.At), s.day(next), itoa(int((made.Size+1023)/1024))+" kB"
	if !next.After(s.Now()) {
		p.Next = "nu"
	}
	if failed != nil {
		p.Failure = backupFailure(failed)
	}
	return p, nil
}

// backupFailure is why a copy was not made, in words.
func backupFailure(err error) string {
	var told sentence
	if errors.As(err, &told) {
		return told.ForPeople()
	}
	return "Orsaken står i Kravverks logg."
}

func (s *server) operation(w http.ResponseWriter, r *http.Request) error {
	p, err := s.operationPage(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "operation", p)
}

func (s *server) backUpNow(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	if s.Backups == nil {
		return errNotFound
	}
	// The copy is finished even if whoever asked goes away.
	if _, err := s.Backups.RunNow(context.WithoutCancel(r.Context())); err != nil {
		p, err := s.operationPage(r)
		if err != nil {
			return err
		}
		p.Failed = true
		p.Missing = fieldErrors{{"kopior", "Ingen säkerhetskopia gjordes. " + p.Failure}}
		return s.render(w, http.StatusServiceUnavailable, "operation", p)
	}
	return seeOther(w, r, "/administration/drift?sparat=kopia")
}
