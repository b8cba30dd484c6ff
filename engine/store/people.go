package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kravverk/kravverk/engine"
)

// TopUnit is the id of the unit that all others are part of.
const TopUnit = "top"

// The actions of the journal about units and people. The key of one about a
// person is the person's id.
const (
	unitSave       = "unit.save"
	unitRemove     = "unit.remove"
	systemMove     = "system.move"
	personAdd      = "person.add"
	personDisable  = "person.disable"
	personEnable   = "person.enable"
	personInvite   = "person.invite"
	passwordSet    = "password.set"
	identitySet    = "identity.set"
	sessionsEnd    = "sessions.end"
	grantAdd       = "grant.add"
	grantRemove    = "grant.remove"
	claimAdd       = "claim.add"
	claimRemove    = "claim.remove"
	commandLine    = "kommandorad" // the actor of what is done at the command line
	invitationText = 26            // characters in an invitation, five bits each
)

// record runs f in a write transaction with the journal open. An empty by is
// the command line.
func (s *Store) record(ctx context.Context, by string, f func(*sql.Tx, *journal) error) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		j, err := openJournal(ctx, tx, stamp(s.now()), cmp.Or(by, commandLine))
		if err != nil {
			return err
		}
		return f(tx, j)
	})
}

// about is a value as the journal keeps it.
func about(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // only plain values come here
	}
	return data
}

// Organisation gives all units, each after the one it is part of.
func (s *Store) Organisation(ctx context.Context) (engine.Organisation, error) {
	var o engine.Organisation
	err := s.view(ctx, func(tx *sql.Tx) (err error) {
		o, err = organisation(ctx, tx)
		return err
	})
	return o, err
}

func organisation(ctx context.Context, tx *sql.Tx) (engine.Organisation, error) {
	below := map[string][]engine.Unit{}
	err := each(ctx, tx, func(scan func(...any) error) error {
		var u engine.Unit
		err := scan(&u.ID, &u.Parent, &u.Title, &u.Kind, &u.FourEyes)
		below[u.Parent] = append(below[u.Parent], u)
		return err
	}, `SELECT id, parent, title, kind, four_eyes FROM unit ORDER BY title, id`)
	var o engine.Organisation
	var add func(parent string)
	add = func(parent string) {
		for _, u := range below[parent] {
			o.Units = append(o.Units, u)
			add(u.ID)
		}
	}
	add("")
	return o, err
}

// SaveUnit adds a unit, or changes the one of that id. A unit cannot be part
// of itself, and two in the same place cannot have the same name.
func (s *Store) SaveUnit(ctx context.Context, by string, u engine.Unit) (engine.Unit, error) {
	u.Title = strings.TrimSpace(u.Title)
	if u.ID == "" {
		u.ID = newID()
	}
	err := s.record(ctx, by, func(tx *sql.Tx, j *journal) error {
		o, err := organisation(ctx, tx)
		if err != nil {
			return err
		}
		was, changes := o.Unit(u.ID)
		if u.Title == "" || !slices.Contains(engine.UnitKinds, u.Kind) || (u.Parent == "") != (u.ID == TopUnit) {
			return fmt.Errorf("store: unit %+v lacks a name, a kind or its place", u)
		}
		if _, ok := o.Unit(u.Parent); !ok && u.Parent != "" {
			return engine.ErrNotFound
		}
		if changes && was == u {
			return nil
		}
		if changes && o.Within(u.Parent, u.ID) {
			return &Error{Sentence: unitInItself(was.Title)}
		}
		for _, x := range o.Units {
			if x.Parent == u.Parent && x.ID != u.ID && strings.EqualFold(x.Title, u.Title) {
				return &Error{Sentence: unitTwice(u.Title)}
			}
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO unit (id, parent, title, kind, four_eyes) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO UPDATE SET parent = excluded.parent, title = excluded.title, kind = excluded.kind, four_eyes = excluded.four_eyes`,
			u.ID, u.Parent, u.Title, string(u.Kind), u.FourEyes); err != nil {
			return err
		}
		var before json.RawMessage
		if changes {
			before = about(unitPayload(was))
		}
		return j.append(ctx, line{action: unitSave, key: u.ID}, before, about(unitPayload(u)))
	})
	return u, err
}

func unitPayload(u engine.Unit) any {
	return struct {
		Title    string `json:"title"`
		Kind     string `json:"kind"`
		Parent   string `json:"parent"`
		FourEyes bool   `json:"four_eyes"`
	}{u.Title, string(u.Kind), u.Parent, u.FourEyes}
}

// RemoveUnit removes a unit that nothing is left in.
func (s *Store) RemoveUnit(ctx context.Context, by, id string) error {
	return s.record(ctx, by, func(tx *sql.Tx, j *journal) error {
		o, err := organisation(ctx, tx)
		if err != nil {
			return err
		}
		u, ok := o.Unit(id)
		if !ok {
			return engine.ErrNotFound
		}
		var used int
		if err := tx.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM unit WHERE parent = $1) + (SELECT count(*) FROM system WHERE unit = $1 OR managed_by = $1)
			+ (SELECT count(*) FROM role_grant WHERE unit_id = $1) + (SELECT count(*) FROM claim_grant WHERE unit_id = $1) + (SELECT count(*) FROM shared WHERE unit_id = $1)`, id).Scan(&used); err != nil {
			return err
		}
		if used > 0 || id == TopUnit {
			return &Error{Sentence: unitInUse(u.Title)}
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM unit WHERE id = $1`, id); err != nil {
			return err
		}
		return j.append(ctx, line{action: unitRemove, key: id}, about(unitPayload(u)), nil)
	})
}

// MoveSystem says which unit owns a system and which other unit looks after
// it ("" when none does). Its history stays.
func (s *Store) MoveSystem(ctx context.Context, by, system, unit, managedBy string) error {
	type place struct {
		Unit      string `json:"unit"`
		ManagedBy string `json:"managed_by"`
	}
	return s.record(ctx, by, func(tx *sql.Tx, j *journal) error {
		var was place
		if err := tx.QueryRowContext(ctx, `SELECT unit, managed_by FROM system WHERE id = $1`, system).Scan(&was.Unit, &was.ManagedBy); err != nil {
			return orNotFound(err)
		}
		now := place{unit, managedBy}
		if now.ManagedBy == unit {
			now.ManagedBy = ""
		}
		if now == was {
			return nil
		}
		for _, id := range []string{now.Unit, cmp.Or(now.ManagedBy, now.Unit)} {
			if err := unitExists(ctx, tx, id); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE system SET unit = $1, managed_by = $2 WHERE id = $3`, now.Unit, now.ManagedBy, system); err != nil {
			return err
		}
		return j.append(ctx, line{action: systemMove, system: system}, about(was), about(now))
	})
}

func unitExists(ctx context.Context, tx *sql.Tx, id string) error {
	var found string
	return orNotFound(tx.QueryRowContext(ctx, `SELECT id FROM unit WHERE id = $1`, id).Scan(&found))
}

// Accounts gives everybody who may sign in, or might once, with their grants.
func (s *Store) Accounts(ctx context.Context) ([]engine.Account, error) {
	var list []engine.Account
	err := s.view(ctx, func(tx *sql.Tx) (err error) {
		list, err = accounts(ctx, tx, "")
		return err
	})
	return list, err
}

// Account gives one of them, or engine.ErrNotFound.
func (s *Store) Account(ctx context.Context, person string) (engine.Account, error) {
	var a engine.Account
	err := s.view(ctx, func(tx *sql.Tx) (err error) {
		a, err = accountOf(ctx, tx, person)
		return err
	})
	return a, err
}

func accountOf(ctx context.Context, tx *sql.Tx, person string) (engine.Account, error) {
	if person == "" {
		return engine.Account{}, engine.ErrNotFound
	}
	list, err := accounts(ctx, tx, person)
	if err == nil && len(list) == 0 {
		err = engine.ErrNotFound
	}
	if err != nil {
		return engine.Account{}, err
	}
	return list[0], nil
}

func accounts(ctx context.Context, tx *sql.Tx, one string) ([]engine.Account, error) {
	var args []any
	var only, onlyGrants string
	if one != "" {
		args, only, onlyGrants = []any{one}, ` WHERE a.person_id = $1`, ` WHERE person_id = $1`
	}
	var list []engine.Account
	place := map[string]int{}
	err := each(ctx, tx, func(scan func(...any) error) (err error) {
		var a engine.Account
		var created, disabled, invited string
		if err := scan(&a.ID, &a.Name, &a.Login, &a.Password, &a.Issuer, &a.Subject, &created, &disabled, &invited); err != nil {
			return err
		}
		for _, x := range []struct {
			from string
			to   *time.Time
		}{{created, &a.CreatedAt}, {disabled, &a.Disabled}, {invited, &a.Invited}} {
			if *x.to, err = optionalStamp(x.from); err != nil {
				return err
			}
		}
		place[a.ID] = len(list)
		list = append(list, a)
		return nil
	}, `SELECT p.id, p.name, COALESCE(a.login, ''), a.password <> '', COALESCE(a.issuer, ''), COALESCE(a.subject, ''), a.created_at, a.disabled_at, COALESCE(i.expires_at, '')
		FROM account a JOIN person p ON p.id = a.person_id LEFT JOIN invitation i ON i.person_id = a.person_id`+only+` ORDER BY p.name, p.id`, args...)
	if err != nil {
		return nil, err
	}
	return list, each(ctx, tx, func(scan func(...any) error) error {
		var g engine.Grant
		err := scan(&g.Person, &g.Unit, &g.Role, &g.Claim)
		if i, ok := place[g.Person]; ok {
			list[i].Grants = append(list[i].Grants, g)
		}
		return err
	}, `SELECT person_id, unit_id, role, claim FROM role_grant`+onlyGrants+` ORDER BY unit_id, role, claim`, args...)
}

// optionalStamp reads a time that may be missing.
func optionalStamp(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return parseStamp(s)
}

// AddAccount makes a person who may sign in, once invited or known to the
// provider, and gives the grants that come with it. A login that somebody has
// is an *Error.
func (s *Store) AddAccount(ctx context.Context, by string, a engine.Account) (engine.Account, error) {
	if a.ID == "" {
		a.ID = newID()
	}
	a.Name, a.Login = strings.TrimSpace(a.Name), foldLogin(a.Login)
	err := s.record(ctx, by, func(tx *sql.Tx, j *journal) (err error) {
		if err := addAccount(ctx, tx, j, a); err != nil {
			return err
		}
		for _, g := range a.Grants {
			g.Person = a.ID
			if err := grant(ctx, tx, j, g); err != nil {
				return err
			}
		}
		a, err = accountOf(ctx, tx, a.ID)
		return err
	})
	return a, err
}

func addAccount(ctx context.Context, tx *sql.Tx, j *journal, a engine.Account) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO person (id, name) VALUES ($1, $2)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name`, a.ID, a.Name); err != nil {
		return err
	}
	if err := loginIsFree(ctx, tx, a.ID, a.Login); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO account (person_id, login, password, issuer, subject, created_at, disabled_at, sessions_from, failures, blocked_until)
		VALUES ($1, $2, '', $3, $4, $5, '', $5, 0, '')`, a.ID, optional(a.Login), optional(a.Issuer), optional(a.Subject), j.at); err != nil {
		return err
	}
	return j.append(ctx, line{action: personAdd, key: a.ID}, nil, nil)
}

func optional(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

// foldLogin writes a login as it is kept: logins differ by more than case.
func foldLogin(login string) string { return strings.ToLower(strings.TrimSpace(login)) }

func loginIsFree(ctx context.Context, tx *sql.Tx, person, login string) error {
	if login == "" {
		return nil
	}
	var n int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM account WHERE login = $1 AND person_id <> $2`, login, person).Scan(&n)
	if err == nil && n > 0 {
		err = &Error{loginTaken(login), ErrLoginTaken}
	}
	return err
}

// Rename gives a person another name and login ("" for no local account).
func (s *Store) Rename(ctx context.Context, by, person, name, login string) error {
	return s.record(ctx, by, func(tx *sql.Tx, j *journal) error {
		a, err := accountOf(ctx, tx, person)
		if err != nil {
			return err
		}
		name, login := strings.TrimSpace(name), foldLogin(login)
		if a.Name == name && a.Login == login {
			return nil
		}
		if err := loginIsFree(ctx, tx, person, login); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE person SET name = $1 WHERE id = $2`, name, person); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE account SET login = $1 WHERE person_id = $2`, optional(login), person); err != nil {
			return err
		}
		return j.append(ctx, line{action: "person.rename", key: person}, nil, nil)
	})
}

// SetDisabled bars a person from signing in and ends her sessions and her
// invitation, or lets her in again. Her grants stay, for the way back.
func (s *Store) SetDisabled(ctx context.Context, by, person string, disabled bool) error {
	return s.record(ctx, by, func(tx *sql.Tx, j *journal) error {
		a, err := accountOf(ctx, tx, person)
		if err != nil || disabled == !a.Disabled.IsZero() {
			return err
		}
		action, at := personEnable, ""
		if disabled {
			action, at = personDisable, j.at
			if err := endSessions(ctx, tx, j, person); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `DELETE FROM invitation WHERE person_id = $1`, person); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE account SET disabled_at = $1 WHERE person_id = $2`, at, person); err != nil {
			return err
		}
		return j.append(ctx, line{action: action, key: person}, nil, nil)
	})
}

// EndSessions ends every session of a person that has begun by now.
func (s *Store) EndSessions(ctx context.Context, by, person string) error {
	return s.record(ctx, by, func(tx *sql.Tx, j *journal) error {
		if _, err := accountOf(ctx, tx, person); err != nil {
			return err
		}
		if err := endSessions(ctx, tx, j, person); err != nil {
			return err
		}
		return j.append(ctx, line{action: sessionsEnd, key: person}, nil, nil)
	})
}

func endSessions(ctx context.Context, tx *sql.Tx, j *journal, person string) error {
	_, err := tx.ExecContext(ctx, `UPDATE account SET sessions_from = $1 WHERE person_id = $2`, j.at, person)
	return err
}

// SignedIn gives the account of a session that began at the time, or
// engine.ErrNotFound when the session is over: ended, or its person disabled.
func (s *Store) SignedIn(ctx context.Context, person string, begun time.Time) (engine.Account, error) {
	var a engine.Account
	err := s.view(ctx, func(tx *sql.Tx) (err error) {
		var from string
		err = tx.QueryRowContext(ctx, `SELECT sessions_from FROM account WHERE person_id = $1 AND disabled_at = ''`, person).Scan(&from)
		if err == nil && stamp(begun) < from {
			return engine.ErrNotFound
		}
		if err != nil {
			return orNotFound(err)
		}
		a, err = accountOf(ctx, tx, person)
		return err
	})
	return a, err
}

// Grant gives a person a role in a unit. Doing it again is nothing.
func (s *Store) Grant(ctx context.Context, by string, g engine.Grant) error {
	return s.record(ctx, by, func(tx *sql.Tx, j *journal) error {
		if _, err := accountOf(ctx, tx, g.Person); err != nil {
			return err
		}
		return grant(ctx, tx, j, g)
	})
}

func grant(ctx context.Context, tx *sql.Tx, j *journal, g engine.Grant) error {
	if g.Role == "" {
		return errors.New("store: a grant needs a role")
	}
	if err := unitExists(ctx, tx, g.Unit); err != nil {
		return err
	}
	var role string
	err := tx.QueryRowContext(ctx, `INSERT INTO role_grant (person_id, unit_id, role, claim) VALUES ($1, $2, $3, $4)
		ON CONFLICT (person_id, unit_id, role, claim) DO NOTHING RETURNING role`, g.Person, g.Unit, g.Role, g.Claim).Scan(&role)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return j.append(ctx, line{action: grantAdd, key: g.Person}, nil, about(grantPayload(g)))
}

// Revoke takes a role back. What is not there is nothing.
func (s *Store) Revoke(ctx context.Context, by string, g engine.Grant) error {
	return s.record(ctx, by, func(tx *sql.Tx, j *journal) error { return revoke(ctx, tx, j, g) })
}

func revoke(ctx context.Context, tx *sql.Tx, j *journal, g engine.Grant) error {
	res, err := tx.ExecContext(ctx, `DELETE FROM role_grant WHERE person_id = $1 AND unit_id = $2 AND role = $3 AND claim = $4`, g.Person, g.Unit, g.Role, g.Claim)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); n == 0 || err != nil {
		return err
	}
	return j.append(ctx, line{action: grantRemove, key: g.Person}, about(grantPayload(g)), nil)
}

func grantPayload(g engine.Grant) any {
	return struct {
		Unit  string `json:"unit"`
		Role  string `json:"role"`
		Claim string `json:"claim,omitempty"`
	}{g.Unit, g.Role, g.Claim}
}

// ClaimGrants gives the roles that follow from the provider's groups.
func (s *Store) ClaimGrants(ctx context.Context) ([]engine.ClaimGrant, error) {
	var list []engine.ClaimGrant
	err := s.view(ctx, func(tx *sql.Tx) (err error) {
		list, err = claimGrants(ctx, tx)
		return err
	})
	return list, err
}

func claimGrants(ctx context.Context, tx *sql.Tx) (list []engine.ClaimGrant, err error) {
	err = each(ctx, tx, func(scan func(...any) error) error {
		var c engine.ClaimGrant
		err := scan(&c.Group, &c.Unit, &c.Role)
		list = append(list, c)
		return err
	}, `SELECT claim, unit_id, role FROM claim_grant ORDER BY claim, unit_id, role`)
	return list, err
}

// SetClaimGrant adds a rule for a group, or takes it away. It takes hold the
// next time that each person signs in.
func (s *Store) SetClaimGrant(ctx context.Context, by string, c engine.ClaimGrant, on bool) error {
	return s.record(ctx, by, func(tx *sql.Tx, j *journal) error {
		query, action := `DELETE FROM claim_grant WHERE claim = $1 AND unit_id = $2 AND role = $3`, claimRemove
		if on {
			if err := unitExists(ctx, tx, c.Unit); err != nil {
				return err
			}
			query, action = `INSERT INTO claim_grant (claim, unit_id, role) VALUES ($1, $2, $3) ON CONFLICT (claim, unit_id, role) DO NOTHING`, claimAdd
		}
		res, err := tx.ExecContext(ctx, query, c.Group, c.Unit, c.Role)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); n == 0 || err != nil {
			return err
		}
		return j.append(ctx, line{action: action}, nil, about(grantPayload(engine.Grant{Unit: c.Unit, Role: c.Role, Claim: c.Group})))
	})
}

// Admit gives the person of an identity, who is new when the identity is, with
// the name and the grants that her groups give today. The caller must have
// made sure of the identity. Somebody disabled is given, with Disabled set.
func (s *Store) Admit(ctx context.Context, issuer, subject, name string, groups []string) (engine.Account, error) {
	if issuer == "" || subject == "" {
		return engine.Account{}, errors.New("store: an identity is an issuer and a subject")
	}
	var a engine.Account
	err := s.write(ctx, func(tx *sql.Tx) error {
		var id string
		err := tx.QueryRowContext(ctx, `SELECT person_id FROM account WHERE issuer = $1 AND subject = $2`, issuer, subject).Scan(&id)
		known := err == nil
		if errors.Is(err, sql.ErrNoRows) {
			id, err = newID(), nil
		}
		if err != nil {
			return err
		}
		j, err := openJournal(ctx, tx, stamp(s.now()), id)
		if err != nil {
			return err
		}
		if !known {
			if err := addAccount(ctx, tx, j, engine.Account{Person: engine.Person{ID: id, Name: name}, Issuer: issuer, Subject: subject}); err != nil {
				return err
			}
		}
		if a, err = accountOf(ctx, tx, id); err != nil || !a.Disabled.IsZero() {
			return err
		}
		if name != "" && name != a.Name {
			if _, err := tx.ExecContext(ctx, `UPDATE person SET name = $1 WHERE id = $2`, name, id); err != nil {
				return err
			}
		}
		rules, err := claimGrants(ctx, tx)
		if err != nil {
			return err
		}
		want := map[engine.Grant]bool{}
		for _, c := range rules {
			if slices.Contains(groups, c.Group) {
				want[engine.Grant{Person: id, Unit: c.Unit, Role: c.Role, Claim: c.Group}] = true
			}
		}
		for _, g := range a.Grants {
			if g.Claim != "" && !want[g] {
				if err := revoke(ctx, tx, j, g); err != nil {
					return err
				}
			}
		}
		for _, c := range rules { // in their order, not the map's
			if g := (engine.Grant{Person: id, Unit: c.Unit, Role: c.Role, Claim: c.Group}); want[g] {
				if err := grant(ctx, tx, j, g); err != nil {
					return err
				}
			}
		}
		a, err = accountOf(ctx, tx, id)
		return err
	})
	return a, err
}

// How long a local account rests after wrong passwords: none for the first
// four, then a minute, doubled for each until a quarter of an hour. A right one
// starts afresh.
const (
	freeTries = 4
	firstRest = time.Minute
	longRest  = 15 * time.Minute
)

// TryPassword gives what a local account's password is checked against, and
// counts the try as a wrong one until RightPassword says otherwise: many at
// once cannot all come first. The password is empty when there is nothing to
// check against: no such login, nobody who may sign in, no password chosen, or
// an account that rests.
func (s *Store) TryPassword(ctx context.Context, login string) (a engine.Account, password string, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		var id, until string
		var failures int
		err := tx.QueryRowContext(ctx, `SELECT person_id, password, blocked_until, failures FROM account WHERE login = $1 AND disabled_at = ''`, foldLogin(login)).
			Scan(&id, &password, &until, &failures)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if a, err = accountOf(ctx, tx, id); err != nil {
			return err
		}
		now := s.now()
		if stamp(now) < until {
			password = ""
			return nil
		}
		until = ""
		if failures++; failures > freeTries {
			rest := firstRest
			for i := freeTries + 1; i < failures && rest < longRest; i++ {
				rest *= 2
			}
			until = stamp(now.Add(min(rest, longRest)))
		}
		_, err = tx.ExecContext(ctx, `UPDATE account SET failures = $1, blocked_until = $2 WHERE person_id = $3`, failures, until, id)
		return err
	})
	return a, password, err
}

// RightPassword says that the password that was tried is the right one.
func (s *Store) RightPassword(ctx context.Context, person string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE account SET failures = 0, blocked_until = '' WHERE person_id = $1`, person)
		return err
	})
}

// SetPassword gives a person another password, as a PHC string, and ends all
// her sessions. An empty one closes the way in until she has been invited.
func (s *Store) SetPassword(ctx context.Context, by, person, password string) error {
	return s.record(ctx, by, func(tx *sql.Tx, j *journal) error { return setPassword(ctx, tx, j, person, password) })
}

func setPassword(ctx context.Context, tx *sql.Tx, j *journal, person, password string) error {
	var id string
	if err := tx.QueryRowContext(ctx, `UPDATE account SET password = $1, failures = 0, blocked_until = '' WHERE person_id = $2 RETURNING person_id`, password, person).Scan(&id); err != nil {
		return orNotFound(err)
	}
	if err := endSessions(ctx, tx, j, person); err != nil {
		return err
	}
	return j.append(ctx, line{action: passwordSet, key: person}, nil, nil)
}

// StrengthenPassword keeps the same password under a newer hash. It is no
// event: nothing has been decided.
func (s *Store) StrengthenPassword(ctx context.Context, person, was, now string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE account SET password = $1 WHERE person_id = $2 AND password = $3`, now, person, was)
		return err
	})
}

// Invite gives a text that lets the person in once, until the time: to choose
// a password or to tie her identity to the account. An earlier one is void.
func (s *Store) Invite(ctx context.Context, by, person string, until time.Time) (string, error) {
	token := strings.ToLower(rand.Text())[:invitationText]
	err := s.record(ctx, by, func(tx *sql.Tx, j *journal) error {
		a, err := accountOf(ctx, tx, person)
		if err != nil {
			return err
		}
		if !a.Disabled.IsZero() {
			return &Error{Sentence: inviteDisabled}
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO invitation (hash, person_id, expires_at) VALUES ($1, $2, $3)
			ON CONFLICT (person_id) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at`, invitationHash(token), person, stamp(until)); err != nil {
			return err
		}
		return j.append(ctx, line{action: personInvite, key: person}, nil, nil)
	})
	return token, err
}

func invitationHash(token string) string {
	sum := sha256.Sum256([]byte("kravverk invitation:" + token))
	return hex.EncodeToString(sum[:])
}

// Invited gives the account that an invitation is for, or engine.ErrNotFound
// when it is used, void or too old.
func (s *Store) Invited(ctx context.Context, token string) (engine.Account, error) {
	var a engine.Account
	err := s.view(ctx, func(tx *sql.Tx) (err error) {
		a, err = s.invited(ctx, tx, invitationHash(token), "")
		return err
	})
	return a, err
}

func (s *Store) invited(ctx context.Context, tx *sql.Tx, hash, person string) (engine.Account, error) {
	var id string
	if err := tx.QueryRowContext(ctx, `SELECT person_id FROM invitation WHERE (hash = $1 OR person_id = $2) AND expires_at > $3`, hash, person, stamp(s.now())).Scan(&id); err != nil {
		return engine.Account{}, orNotFound(err)
	}
	return accountOf(ctx, tx, id)
}

// ChoosePassword uses an invitation up to set a password.
func (s *Store) ChoosePassword(ctx context.Context, token, password string) (engine.Account, error) {
	return s.redeem(ctx, invitationHash(token), "", func(tx *sql.Tx, j *journal, a engine.Account) error {
		return setPassword(ctx, tx, j, a.ID, password)
	})
}

// TieIdentity uses a person's invitation up to let an identity be hers; the
// caller has seen the invitation (Invited). One that is somebody else's already
// is an *Error.
func (s *Store) TieIdentity(ctx context.Context, person, issuer, subject string) (engine.Account, error) {
	return s.redeem(ctx, "", person, func(tx *sql.Tx, j *journal, a engine.Account) error {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM account WHERE issuer = $1 AND subject = $2 AND person_id <> $3`, issuer, subject, a.ID).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return &Error{Sentence: identityTaken}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE account SET issuer = $1, subject = $2 WHERE person_id = $3`, issuer, subject, a.ID); err != nil {
			return err
		}
		return j.append(ctx, line{action: identitySet, key: a.ID}, nil, nil)
	})
}

// redeem uses up the invitation of a hash, or of a person.
func (s *Store) redeem(ctx context.Context, hash, person string, use func(*sql.Tx, *journal, engine.Account) error) (engine.Account, error) {
	var a engine.Account
	err := s.write(ctx, func(tx *sql.Tx) (err error) {
		if a, err = s.invited(ctx, tx, hash, person); err != nil {
			return err
		}
		j, err := openJournal(ctx, tx, stamp(s.now()), a.ID)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM invitation WHERE person_id = $1`, a.ID); err != nil {
			return err
		}
		if err := use(tx, j, a); err != nil {
			return err
		}
		a, err = accountOf(ctx, tx, a.ID)
		return err
	})
	return a, err
}
