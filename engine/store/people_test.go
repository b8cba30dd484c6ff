package store

import (
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kravverk/kravverk/engine"
)

func unit(t *testing.T, s *Store, parent, title string) engine.Unit {
	t.Helper()
	u, err := s.SaveUnit(ctx, anna.ID, engine.Unit{Parent: parent, Title: title, Kind: engine.Administration})
	check(t, err)
	return u
}

func account(t *testing.T, s *Store, name, login string, grants ...engine.Grant) engine.Account {
	t.Helper()
	a, err := s.AddAccount(ctx, "", engine.Account{Person: engine.Person{Name: name}, Login: login, Grants: grants})
	check(t, err)
	return a
}

func TestUnits(t *testing.T) {
	s, _ := fresh(t)
	trafik := unit(t, s, TopUnit, "Trafikkontoret")
	signal := unit(t, s, trafik.ID, "Signaler")
	arkiv := unit(t, s, TopUnit, " Arkivet ")
	o, err := s.Organisation(ctx)
	check(t, err)
	var titles []string
	for _, u := range o.Units {
		titles = append(titles, u.Title)
	}
	if !slices.Equal(titles, []string{"Organisationen", "Arkivet", "Trafikkontoret", "Signaler"}) {
		t.Errorf("order %v", titles)
	}
	if !o.Within(signal.ID, TopUnit) || !o.Within(signal.ID, signal.ID) || o.Within(trafik.ID, signal.ID) || o.Within("", TopUnit) || o.Within("finns-inte", TopUnit) {
		t.Error("the tree is not a tree")
	}

	_, err = s.SaveUnit(ctx, anna.ID, engine.Unit{Parent: TopUnit, Title: "trafikkontoret", Kind: engine.Company})
	wantSentence(t, err, "finns redan")
	moved := trafik
	moved.Parent = signal.ID
	_, err = s.SaveUnit(ctx, anna.ID, moved)
	wantSentence(t, err, "under sig själv")
	moved.Parent = "finns-inte"
	if _, err = s.SaveUnit(ctx, anna.ID, moved); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("under nothing: %v", err)
	}
	for _, bad := range []engine.Unit{{Parent: TopUnit, Kind: engine.City}, {Title: "Två toppar", Kind: engine.City}, {ID: TopUnit, Parent: trafik.ID, Title: "X", Kind: engine.City}, {Parent: TopUnit, Title: "X", Kind: "byrå"}} {
		if _, err := s.SaveUnit(ctx, anna.ID, bad); err == nil {
			t.Errorf("%+v was saved", bad)
		}
	}

	o, err = s.Organisation(ctx)
	check(t, err)
	if o.FourEyes(signal.ID) {
		t.Error("four eyes before anybody has asked for them")
	}
	trafik.FourEyes = true
	_, err = s.SaveUnit(ctx, anna.ID, trafik)
	check(t, err)
	if o, err = s.Organisation(ctx); err != nil || !o.FourEyes(signal.ID) || o.FourEyes(arkiv.ID) {
		t.Error("four eyes are not inherited downwards")
	}

	wantSentence(t, s.RemoveUnit(ctx, anna.ID, trafik.ID), "går inte att ta bort")
	wantSentence(t, s.RemoveUnit(ctx, anna.ID, TopUnit), "går inte att ta bort")
	check(t, s.RemoveUnit(ctx, anna.ID, arkiv.ID))
	if err := s.RemoveUnit(ctx, anna.ID, arkiv.ID); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	if _, err := s.VerifyJournal(ctx); err != nil {
		t.Error(err)
	}
}

func TestMoveSystem(t *testing.T) {
	s, id := fresh(t)
	trafik := unit(t, s, TopUnit, "Trafikkontoret")
	rec, err := s.Classification(ctx, id)
	check(t, err)
	check(t, s.MoveSystem(ctx, anna.ID, rec.System.ID, trafik.ID, TopUnit))
	if rec, err = s.Classification(ctx, id); err != nil || rec.System.Unit != trafik.ID || rec.System.ManagedBy != TopUnit {
		t.Errorf("%+v %v", rec.System, err)
	}
	check(t, s.MoveSystem(ctx, anna.ID, rec.System.ID, trafik.ID, trafik.ID)) // its own unit is no other unit
	if rec, err = s.Classification(ctx, id); err != nil || rec.System.ManagedBy != "" {
		t.Errorf("%+v %v", rec.System, err)
	}
	for _, x := range [][3]string{{"finns-inte", trafik.ID, ""}, {rec.System.ID, "finns-inte", ""}, {rec.System.ID, "", ""}, {rec.System.ID, trafik.ID, "finns-inte"}} {
		if err := s.MoveSystem(ctx, anna.ID, x[0], x[1], x[2]); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("%v: %v", x, err)
		}
	}
	wantSentence(t, s.RemoveUnit(ctx, anna.ID, trafik.ID), "går inte att ta bort")
}

// A unit that was a name becomes a unit, and nothing is lost.
func TestUnitsFromNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "k.db")
	openClose(t, path, settings{steps: shipped[:1], busy: fast.busy})
	db := raw(t, path)
	for _, q := range []string{
		`INSERT INTO person VALUES ('p1', 'Anna')`, `INSERT INTO catalog VALUES ('h', 'x')`,
		`INSERT INTO system VALUES ('a', 'A', '', 'Trafik', 0, '2026-03-04T05:06:07.000000000Z', 'p1'), ('b', 'B', '', 'Trafik', 0, '2026-03-04T05:06:07.000000000Z', 'p1'), ('c', 'C', '', '', 0, '2026-03-04T05:06:07.000000000Z', 'p1')`,
		`INSERT INTO classification SELECT 'k' || id, id, 'A', 'h', created_at, created_by FROM system`,
	} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	check(t, db.Close())
	s := reopen(t, path)
	o, err := s.Organisation(ctx)
	check(t, err)
	list, err := s.Systems(ctx)
	check(t, err)
	want := map[string]string{"a": "Trafik", "b": "Trafik", "c": "Namnlös enhet"}
	for _, r := range list {
		if o.Title(r.System.Unit) != want[r.System.ID] || !o.Within(r.System.Unit, TopUnit) {
			t.Errorf("%s lies in %q", r.System.ID, o.Title(r.System.Unit))
		}
	}
	if len(list) != 3 || len(o.Units) != 3 {
		t.Errorf("%d systems, %d units", len(list), len(o.Units))
	}
}

func TestAccounts(t *testing.T) {
	s, _ := fresh(t)
	a := account(t, s, " Maria Lindqvist ", " Maria ", engine.Grant{Unit: TopUnit, Role: "systemagare"})
	if a.Name != "Maria Lindqvist" || a.Login != "maria" || len(a.Grants) != 1 || a.Grants[0].Person != a.ID || a.Password {
		t.Errorf("%+v", a)
	}
	b := account(t, s, "Bo", "")
	account(t, s, "Cecilia", "") // two without a login are no clash
	_, err := s.AddAccount(ctx, "", engine.Account{Person: engine.Person{Name: "En annan"}, Login: "MARIA"})
	wantSentence(t, err, "användarnamnet maria")
	if !errors.Is(err, ErrLoginTaken) {
		t.Error(err)
	}
	wantSentence(t, s.Rename(ctx, "", b.ID, "Bo", "maria"), "användarnamnet maria")
	check(t, s.Rename(ctx, "", b.ID, "Bo Ek", "bo"))
	if b, err = s.Account(ctx, b.ID); err != nil || b.Name != "Bo Ek" || b.Login != "bo" {
		t.Errorf("%+v %v", b, err)
	}
	_, err = s.AddAccount(ctx, "", engine.Account{Person: engine.Person{Name: "Fel"}, Grants: []engine.Grant{{Unit: "finns-inte", Role: "systemagare"}}})
	if !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("a role nowhere: %v", err)
	}
	list, err := s.Accounts(ctx)
	check(t, err)
	if len(list) != 3 {
		t.Errorf("%d accounts: one with a mistake has been made", len(list))
	}

	g := engine.Grant{Person: b.ID, Unit: TopUnit, Role: "granskare"}
	lines, err := s.VerifyJournal(ctx)
	check(t, err)
	for range 2 {
		check(t, s.Grant(ctx, anna.ID, g))
	}
	if b, err = s.Account(ctx, b.ID); err != nil || !slices.Equal(b.Grants, []engine.Grant{g}) {
		t.Errorf("%+v %v", b.Grants, err)
	}
	for range 2 {
		check(t, s.Revoke(ctx, anna.ID, g))
	}
	if b, err = s.Account(ctx, b.ID); err != nil || len(b.Grants) != 0 {
		t.Errorf("%+v %v", b.Grants, err)
	}
	if now, err := s.VerifyJournal(ctx); err != nil || now != lines+2 {
		t.Errorf("%d lines for one grant and one revocation, %v", now-lines, err)
	}
	if err := s.Grant(ctx, anna.ID, engine.Grant{Person: "finns-inte", Unit: TopUnit, Role: "x"}); !errors.Is(err, engine.ErrNotFound) {
		t.Error(err)
	}
}

func TestSessionsEndWithTheirPerson(t *testing.T) {
	s, _ := fresh(t)
	a := account(t, s, "Maria", "maria")
	signedIn := func(begun time.Time) bool {
		t.Helper()
		_, err := s.SignedIn(ctx, a.ID, begun)
		if err != nil && !errors.Is(err, engine.ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil
	}
	begun := s.now()
	if !signedIn(begun) || signedIn(begun.Add(-time.Hour)) {
		t.Error("a session from before the account, or none at all")
	}
	check(t, s.EndSessions(ctx, a.ID, a.ID))
	if signedIn(begun) {
		t.Error("ended, and still signed in")
	}
	begun = s.now()
	check(t, s.SetPassword(ctx, a.ID, a.ID, "x"))
	if signedIn(begun) {
		t.Error("the password is another, and the session goes on")
	}
	begun = s.now()
	check(t, s.SetDisabled(ctx, anna.ID, a.ID, true))
	if signedIn(begun) || signedIn(s.now()) {
		t.Error("disabled, and still signed in")
	}
	if who, password, err := s.TryPassword(ctx, "maria"); who.ID != "" || password != "" || err != nil {
		t.Errorf("disabled, and has a password to try: %v %v", who, err)
	}
	check(t, s.SetDisabled(ctx, anna.ID, a.ID, false))
	if signedIn(begun) || !signedIn(s.now()) {
		t.Error("enabled: the old sessions stay ended, new ones can begin")
	}
}

func TestErasedPersonCannotSignIn(t *testing.T) {
	s, _ := fresh(t)
	a, err := s.Admit(ctx, "https://idp", "1", "Maria", nil)
	check(t, err)
	check(t, s.Rename(ctx, "", a.ID, "Maria", "maria"))
	token, err := s.Invite(ctx, "", a.ID, s.now().Add(time.Hour))
	check(t, err)
	begun := s.now()
	check(t, s.ErasePerson(ctx, "", a.ID))
	got, err := s.Account(ctx, a.ID)
	if err != nil || got.Name != "" || got.Login != "" || got.Subject != "" || got.Disabled.IsZero() {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := s.SignedIn(ctx, a.ID, begun); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("still signed in: %v", err)
	}
	if _, err := s.Invited(ctx, token); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("still invited: %v", err)
	}
	if again, err := s.Admit(ctx, "https://idp", "1", "Maria", nil); err != nil || again.ID == a.ID {
		t.Errorf("the same person again: %+v %v", again, err)
	}
}

func TestThrottledTries(t *testing.T) {
	now := t0
	s, err := open(filepath.Join(t.TempDir(), "k.db"), func() time.Time { return now }, fast)
	check(t, err)
	defer s.Close()
	a := account(t, s, "Maria", "maria")
	check(t, s.SetPassword(ctx, "", a.ID, "phc"))
	try := func(login string) bool {
		t.Helper()
		_, password, err := s.TryPassword(ctx, login)
		check(t, err)
		return password == "phc"
	}
	// Each rest is over to the second, and a try within it makes it no longer.
	for _, rest := range []time.Duration{0, 0, 0, 0, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute, 15 * time.Minute} {
		if !try("Maria ") {
			t.Fatalf("no try where one is due, before a rest of %s", rest)
		}
		if rest == 0 {
			continue
		}
		now = now.Add(rest - time.Nanosecond)
		if try("maria") {
			t.Errorf("a try within a rest of %s", rest)
		}
		now = now.Add(time.Nanosecond)
	}
	check(t, s.RightPassword(ctx, a.ID))
	for range 5 {
		if !try("maria") {
			t.Error("rests though the last was right")
		}
	}
	if try("maria") || try("finns-inte") || try("") {
		t.Error("a password to check against where there is none")
	}

	// Many at once: no more than the free ones come through.
	check(t, s.RightPassword(ctx, a.ID))
	var through atomic.Int64
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			if _, password, err := s.TryPassword(ctx, "maria"); err == nil && password != "" {
				through.Add(1)
			}
		})
	}
	all.Wait()
	if through.Load() != 5 {
		t.Errorf("%d of 30 at once came through", through.Load())
	}
}

func TestInvitations(t *testing.T) {
	now := t0
	s, err := open(filepath.Join(t.TempDir(), "k.db"), func() time.Time { now = now.Add(time.Millisecond); return now }, fast)
	check(t, err)
	defer s.Close()
	a, b := account(t, s, "Maria", "maria"), account(t, s, "Bo", "")
	gone := func(token string) {
		t.Helper()
		if _, err := s.Invited(ctx, token); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("still invited: %v", err)
		}
		if _, err := s.ChoosePassword(ctx, token, "x"); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("used again: %v", err)
		}
	}
	invite := func(p string) string {
		t.Helper()
		token, err := s.Invite(ctx, "", p, now.Add(time.Hour))
		check(t, err)
		return token
	}
	first := invite(a.ID)
	second := invite(a.ID)
	gone(first)
	gone("")
	if who, err := s.Invited(ctx, second); err != nil || who.ID != a.ID || !who.Invited.After(now) {
		t.Errorf("%+v %v", who, err)
	}
	if got, err := s.ChoosePassword(ctx, second, "phc"); err != nil || got.ID != a.ID || !got.Password {
		t.Errorf("%+v %v", got, err)
	}
	gone(second)

	old := invite(a.ID)
	now = now.Add(2 * time.Hour)
	gone(old)

	check(t, s.SetDisabled(ctx, "", a.ID, true))
	_, err = s.Invite(ctx, "", a.ID, now.Add(time.Hour))
	wantSentence(t, err, "avstängd")
	check(t, s.SetDisabled(ctx, "", a.ID, false))
	barred := invite(a.ID)
	check(t, s.SetDisabled(ctx, "", a.ID, true))
	gone(barred)
	check(t, s.SetDisabled(ctx, "", a.ID, false))

	if _, err := s.TieIdentity(ctx, a.ID, "https://idp", "maria-1"); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("tied without an invitation: %v", err)
	}
	invite(a.ID)
	if got, err := s.TieIdentity(ctx, a.ID, "https://idp", "maria-1"); err != nil || got.Subject != "maria-1" || !got.Password {
		t.Errorf("%+v %v", got, err)
	}
	taken := invite(b.ID)
	_, err = s.TieIdentity(ctx, b.ID, "https://idp", "maria-1")
	wantSentence(t, err, "en annan person")
	if _, err := s.Invited(ctx, taken); err != nil {
		t.Errorf("the invitation is used up by a failure: %v", err)
	}
}

func TestAdmit(t *testing.T) {
	s, _ := fresh(t)
	trafik := unit(t, s, TopUnit, "Trafikkontoret")
	for _, c := range []engine.ClaimGrant{{Group: "krav-trafik", Unit: trafik.ID, Role: "systemagare"}, {Group: "krav-alla", Unit: TopUnit, Role: "granskare"}} {
		check(t, s.SetClaimGrant(ctx, anna.ID, c, true))
		check(t, s.SetClaimGrant(ctx, anna.ID, c, true))
	}
	roles := func(a engine.Account) (list []string) {
		for _, g := range a.Grants {
			list = append(list, g.Role+"<"+g.Claim)
		}
		slices.Sort(list)
		return list
	}
	a, err := s.Admit(ctx, "https://idp", "1", "Maria", []string{"krav-trafik", "annat"})
	check(t, err)
	if a.Name != "Maria" || !slices.Equal(roles(a), []string{"systemagare<krav-trafik"}) {
		t.Errorf("%+v", a)
	}
	check(t, s.Grant(ctx, anna.ID, engine.Grant{Person: a.ID, Unit: TopUnit, Role: "upphandlare"}))
	lines, err := s.VerifyJournal(ctx)
	check(t, err)
	again, err := s.Admit(ctx, "https://idp", "1", "Maria", []string{"krav-trafik"})
	check(t, err)
	if now, err := s.VerifyJournal(ctx); again.ID != a.ID || now != lines || err != nil {
		t.Errorf("signing in the same way wrote %d lines; %v", now-lines, err)
	}
	if a, err = s.Admit(ctx, "https://idp", "1", "Maria Ek", []string{"krav-alla"}); err != nil || a.Name != "Maria Ek" || !slices.Equal(roles(a), []string{"granskare<krav-alla", "upphandlare<"}) {
		t.Errorf("%+v %v", a, err)
	}
	for _, other := range [][2]string{{"https://annan", "1"}, {"https://idp", "2"}} {
		b, err := s.Admit(ctx, other[0], other[1], "Maria Ek", nil)
		if err != nil || b.ID == a.ID || len(b.Grants) != 0 {
			t.Errorf("%v is %+v, %v", other, b, err)
		}
	}
	check(t, s.SetDisabled(ctx, anna.ID, a.ID, true))
	if b, err := s.Admit(ctx, "https://idp", "1", "Nytt namn", []string{"krav-trafik"}); err != nil || b.Disabled.IsZero() || b.Name != "Maria Ek" || len(roles(b)) != 2 {
		t.Errorf("disabled: %+v %v", b, err)
	}
	if _, err := s.Admit(ctx, "https://idp", "", "X", nil); err == nil {
		t.Error("nobody was admitted")
	}
	check(t, s.SetClaimGrant(ctx, anna.ID, engine.ClaimGrant{Group: "krav-alla", Unit: TopUnit, Role: "granskare"}, false))
	if rules, err := s.ClaimGrants(ctx); err != nil || len(rules) != 1 {
		t.Errorf("%v %v", rules, err)
	}
}

func TestSessionStore(t *testing.T) {
	now := t0
	s, err := open(filepath.Join(t.TempDir(), "k.db"), func() time.Time { return now }, fast)
	check(t, err)
	defer s.Close()
	check(t, s.CommitSession(ctx, "a", []byte("1"), t0.Add(time.Hour)))
	check(t, s.CommitSession(ctx, "a", []byte("2"), t0.Add(2*time.Hour)))
	check(t, s.CommitSession(ctx, "b", []byte("3"), t0.Add(time.Hour)))
	now = t0.Add(time.Hour)
	if data, ok, err := s.FindSession(ctx, "a"); !ok || string(data) != "2" || err != nil {
		t.Errorf("%q %v %v", data, ok, err)
	}
	if _, ok, err := s.FindSession(ctx, "b"); ok || err != nil {
		t.Errorf("past its time: %v %v", ok, err)
	}
	if all, err := s.AllSessions(ctx); len(all) != 1 || err != nil {
		t.Errorf("%v %v", all, err)
	}
	check(t, s.CommitSession(ctx, "c", []byte("4"), now.Add(time.Hour)))
	var n int
	check(t, s.reader.QueryRow(`SELECT count(*) FROM session`).Scan(&n))
	if n != 2 {
		t.Errorf("%d rows: those past their time are to go", n)
	}
	check(t, s.DeleteSession(ctx, "a"))
	check(t, s.DeleteSession(ctx, "a"))
	check(t, s.CommitSession(ctx, "a", []byte("5"), now.Add(time.Hour))) // a request that was under way
	if _, ok, err := s.FindSession(ctx, "a"); ok || err != nil {
		t.Errorf("ended, and back: %v %v", ok, err)
	}
	if all, err := s.AllSessions(ctx); len(all) != 1 || err != nil {
		t.Errorf("%v %v", all, err)
	}
	now = now.Add(2 * time.Hour)
	check(t, s.CommitSession(ctx, "d", []byte("6"), now.Add(time.Hour)))
	check(t, s.reader.QueryRow(`SELECT count(*) FROM session`).Scan(&n))
	if n != 1 {
		t.Errorf("%d rows: an ended one is kept for ever", n)
	}
}
