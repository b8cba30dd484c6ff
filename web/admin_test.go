package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/store"
	"github.com/kravverk/kravverk/web"
)

const admin = "/administration"

// fresh is an installation as it is the first day: one administrator, and an
// organisation without a name.
func fresh(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	ctx := context.Background()
	check(t, s.db.RemoveUnit(ctx, "", "trafik"))
	_, err := s.db.SaveUnit(ctx, "", engine.Unit{ID: store.TopUnit, Title: "Organisationen", Kind: engine.City})
	check(t, err)
	check(t, s.db.Revoke(ctx, "", engine.Grant{Person: johan.ID, Unit: store.TopUnit, Role: "systemforvaltare"}))
	check(t, s.db.SetDisabled(ctx, "", johan.ID, true))
	check(t, s.db.Revoke(ctx, "", engine.Grant{Person: maria.ID, Unit: store.TopUnit, Role: "systemagare"}))
	return s
}

// tenPeople is a list as it is pasted.
const tenPeople = `Namn	Användarnamn	Roll	Enhet
Anna Holm		Systemägare	Trafikkontoret
Johan Åberg		systemförvaltare	Trafikkontoret
Sara Ek	sek	Anläggningsägare	trafikkontoret
Ali Rashid		Systemägare	Socialförvaltningen
Eva Öst		Informationssäkerhetssamordnare	Exempelstad
Erik Sund		Upphandlare	Exempelstad
Ulla Strand		Förvaltningschef	Socialförvaltningen
Leila Haddad		Dataskyddsombud	Exempelstad
Olof Nyman		Granskare	Exempelstad
Karin Ståhl		Systemägare	Utbildningsförvaltningen
`

// invitations are the tokens on a page.
func (a answered) invitations() (tokens []string) {
	for _, m := range regexp.MustCompile(`https?://[^<\s]+/inbjudan/([a-z0-9]{26})<`).FindAllStringSubmatch(a.Body, -1) {
		tokens = append(tokens, m[1])
	}
	return tokens
}

// account finds somebody by name.
func (s *site) account(name string) engine.Account {
	s.t.Helper()
	all, err := s.db.Accounts(context.Background())
	check(s.t, err)
	i := slices.IndexFunc(all, func(a engine.Account) bool { return a.Name == name })
	if i < 0 {
		s.t.Fatalf("nobody is called %s", name)
	}
	return all[i]
}

func (s *site) unit(title string) engine.Unit {
	s.t.Helper()
	o, err := s.db.Organisation(context.Background())
	check(s.t, err)
	i := slices.IndexFunc(o.Units, func(u engine.Unit) bool { return u.Title == title })
	if i < 0 {
		s.t.Fatalf("no unit is called %s", title)
	}
	return o.Units[i]
}

// The walk of a new administrator, from the first sign-in to ten people who
// have been invited.
func TestNewAdministrator(t *testing.T) {
	s := fresh(t)
	s.config.Demo = ""
	s.config.URL = &url.URL{Scheme: "https", Host: "klassa.exempelstad.se"}
	s.open()
	check(t, s.db.Rename(context.Background(), "", maria.ID, maria.Name, "maria"))
	s.invited(maria.ID, goodPassword)

	s.get(admin).wants(200, "Vad heter organisationen?", "Ge organisationen ett namn", "Inte gjort")
	got := s.submit(admin, admin, "namn", "Exempelstad").wants(303)
	units := got.Header.Get("Location")
	s.get(units).wants(200, "Namnet är sparat")
	s.submit(units, admin+"/enheter", "namn", "Trafikkontoret\r\nSocialförvaltningen\r\n\r\n Utbildningsförvaltningen ").wants(303)
	s.get(admin+"/enheter?sparat=enheter").wants(200, "Enheterna är tillagda", "Trafikkontoret", "Saknas")
	if u := s.unit("Utbildningsförvaltningen"); u.Parent != store.TopUnit || u.Kind != engine.Administration {
		t.Errorf("got %+v", u)
	}

	before := s.dump()
	seen := s.submit(admin+"/personer/nya", admin+"/personer/nya", "lista", tenPeople).wants(200, "Stämmer det?", "Inget är sparat än", "anna.holm av namnet", "johan.aberg", "eva.ost", "sek", "Systemförvaltare")
	if s.dump() != before {
		t.Fatal("something is saved before it has been seen")
	}
	form := seen.form(admin+"/personer/nya", "lista", tenPeople)
	form.Set("gor", "spara")
	made := s.post(admin+"/personer/nya", form).wants(200, "Tio inbjudningar", "Länkarna visas bara nu")
	tokens := made.invitations()
	if len(tokens) != 10 {
		t.Fatalf("%d invitations:\n%s", len(tokens), made.text())
	}
	if made.Header.Get("Cache-Control") != "no-store" {
		t.Error("the invitations may be cached")
	}
	// The same form again adds nobody, and shows no invitation.
	if again := s.post(admin+"/personer/nya", form).wants(303); again.Header.Get("Location") != admin+"/personer?sparat=redan" {
		t.Errorf("sent to %s", again.Header.Get("Location"))
	}
	for _, where := range []string{s.log.String(), s.dump(), s.get(admin + "/personer").Body, s.get(admin + "/personer/" + s.account("Anna Holm").ID).Body} {
		for _, token := range tokens {
			if strings.Contains(where, token) {
				t.Fatal("an invitation is kept in clear")
			}
		}
	}
	if a := s.account("Sara Ek"); a.Login != "sek" || len(a.Grants) != 1 || a.Grants[0].Role != "anlaggningsagare" || s.unit("Trafikkontoret").ID != a.Grants[0].Unit {
		t.Errorf("got %+v", a)
	}
	s.get(admin).wants(200, "Tolv personer", "Tio personer har inte använt sina inbjudningar").lacks("saknar systemägare", "Vad heter organisationen?")
	s.browser(func() {
		s.get("/inbjudan/"+tokens[0]).wants(200, "Anna Holm", "anna.holm")
		s.post("/inbjudan/"+tokens[0], url.Values{"losenord": {goodPassword}, "igen": {goodPassword}}).wants(303)
		s.get("/system/nytt").wants(200)
		s.get(admin).wants(403)
	})
}

// Each mistake stands at its row, with a next step, and nothing is saved.
func TestPastedMistakes(t *testing.T) {
	s := newSite(t)
	check(t, s.db.Rename(context.Background(), "", johan.ID, johan.Name, "johan"))
	before := s.dump()
	for line, want := range map[string][]string{
		"Anna Holm;;Systemägaren;Trafikkontoret":                      {"Rad 1: rollen Systemägaren finns inte: menade du", "Systemägare"},
		"Anna Holm;;Kejsare;Trafikkontoret":                           {"Rollen Kejsare finns inte: se sidan Roller"},
		"Anna Holm;;Systemägare;Trafikontoret":                        {"Enheten Trafikontoret finns inte: menade du", "Trafikkontoret"},
		"Anna Holm;;Systemägare":                                      {"Skriv i vilken enhet rollen gäller"},
		"Anna Holm;;;Trafikkontoret":                                  {"Skriv vilken roll personen har i Trafikkontoret"},
		";anna;Systemägare;Trafikkontoret":                            {"Skriv ett namn"},
		"Anna Holm;anna holm":                                         {"Skriv användarnamnet utan mellanslag"},
		"Anna Holm;johan":                                             {"Användarnamnet johan finns redan"},
		"Anna, anna, Systemägare, Trafikkontoret":                     {"Skilj namn, användarnamn, roll och enhet åt med semikolon"},
		"Anna;anna;Systemägare;Trafikkontoret;Hon är chef":            {"fler än fyra delar"},
		"Anna;a;Granskare;Trafikkontoret\nBo;a;Granskare;Exempelstad": {"Rad 2: användarnamnet a står också på rad 1, för Anna"},
		"Anna;a\nAnna;a":                                              {"Personen står två gånger"},
		strings.Repeat("x", 201):                                      {"Korta namnet"},
		" \n":                                                         {"Klistra in eller skriv minst en person"},
		strings.Repeat("A\n", 501):                                    {"högst 500 rader"},
	} {
		got := s.submit(admin+"/personer/nya", admin+"/personer/nya", "lista", line, "gor", "spara").wants(422, append(want, "behöver rättas")...)
		if !strings.HasPrefix(got.title(), "Fel: ") {
			t.Errorf("%q: the title is %s", line, got.title())
		}
		wellFormed(t, line, got)
	}
	if s.dump() != before {
		t.Error("something was saved")
	}
	// What is sent as seen without having been is shown first.
	s.submit(admin+"/personer/nya", admin+"/personer/nya", "lista", "Anna Holm", "gor", "spara").wants(200, "Stämmer det?", "Läggs till utan roll")
	seen := s.submit(admin+"/personer/nya", admin+"/personer/nya", "lista", "Anna Holm")
	s.post(admin+"/personer/nya", func() url.Values {
		f := seen.form(admin + "/personer/nya")
		f.Set("lista", "Anna Holm;;Administratör;Exempelstad")
		f.Set("gor", "spara")
		return f
	}()).wants(200, "Stämmer det?")
	if s.dump() != before {
		t.Error("something was saved unseen")
	}
}

// Two rows with one login are one person with two roles.
func TestPastedTwice(t *testing.T) {
	s := newSite(t)
	text := "Anna Holm;anna;Systemägare;Trafikkontoret\nAnna Holm;anna;Granskare;Exempelstad / Trafikkontoret\n"
	got := s.submit(admin+"/personer/nya", admin+"/personer/nya", "lista", text).wants(200, "Lägg till en person", "Får rollen också")
	form := got.form(admin+"/personer/nya", "lista", text)
	form.Set("gor", "spara")
	if n := len(s.post(admin+"/personer/nya", form).wants(200).invitations()); n != 1 {
		t.Errorf("%d invitations", n)
	}
	if a := s.account("Anna Holm"); len(a.Grants) != 2 {
		t.Errorf("got %+v", a.Grants)
	}
}

// stumbling is a store that stops adding people after a while.
type stumbling struct {
	web.Store
	left int
}

func (x *stumbling) AddAccount(ctx context.Context, by string, a engine.Account) (engine.Account, error) {
	if x.left--; x.left < 0 {
		return a, &store.Error{Sentence: "Disken är full."}
	}
	return x.Store.AddAccount(ctx, by, a)
}

// Those who were added before something failed are told, with the rest.
func TestPastedHalfway(t *testing.T) {
	s := newSite(t)
	text := "Anna;anna\nBo;bo\nCia;cia\n"
	form := s.submit(admin+"/personer/nya", admin+"/personer/nya", "lista", text).form(admin+"/personer/nya", "lista", text)
	form.Set("gor", "spara")
	x := &stumbling{s.config.Store, 1}
	s.config.Store = x
	var err error
	s.handler, err = web.New(s.config)
	check(t, err)
	got := s.post(admin+"/personer/nya", form).wants(503, "Alla blev inte tillagda", "lägg till dem på nytt.BoCia", "En inbjudan")
	if len(got.invitations()) != 1 {
		t.Error("the invitation that was made is lost")
	}
	x.left = 0
	s.submit(admin+"/personer/nya", admin+"/personer", "namn", "Dan").wants(503, "Disken är full")
}

func TestAddOnePerson(t *testing.T) {
	s := newSite(t)
	page := admin + "/personer/nya?enhet=trafik"
	s.submit(page, admin+"/personer", "namn", "", "roll", "systemagare").wants(422, "Skriv ett namn")
	s.submit(page, admin+"/personer", "namn", "Anna Holm", "roll", "systemagare", "enhet", "").wants(422, "Skriv i vilken enhet")
	s.submit(page, admin+"/personer", "namn", "Anna Holm", "roll", "systemagare", "enhet", "hittepa").wants(422, "finns inte")
	s.submit(page, admin+"/personer", "namn", "Anna Holm", "roll", "hittepa").wants(422, "finns inte")
	form := s.get(page).form(admin+"/personer", "namn", "Anna Holm", "roll", "systemagare")
	if len(s.post(admin+"/personer", form).wants(200, "En inbjudan", "anna.holm").invitations()) != 1 {
		t.Error("no invitation")
	}
	s.post(admin+"/personer", form).wants(303)
	if a := s.account("Anna Holm"); len(a.Grants) != 1 || a.Grants[0].Unit != "trafik" {
		t.Errorf("got %+v", a)
	}
	s.submit(page, admin+"/personer", "namn", "Anna Holm").wants(422, "anna.holm finns redan")
}

func TestUnits(t *testing.T) {
	s := newSite(t)
	ctx := context.Background()
	list := admin + "/enheter"
	s.submit(list, list, "namn", " \n").wants(422, "Skriv minst en enhet")
	s.submit(list, list, "namn", "Arkivet\nArkivet").wants(422, "Arkivet står två gånger", "Arkivet")
	s.submit(list, list, "namn", "Parken\ntrafikkontoret").wants(422, "trafikkontoret finns redan där")
	s.submit(list, list, "namn", "Parken", "slag", "by").wants(422, "Välj vad enheterna är")
	s.submit(list, list, "namn", "Parken", "under", "hittepa").wants(422, "Välj var enheterna ska ligga")
	s.submit(list+"?under=trafik", list, "namn", "Signaler\nParkering", "slag", "object").wants(303)
	signal := s.unit("Signaler")
	if signal.Parent != "trafik" || signal.Kind != engine.MaintainedUnit {
		t.Fatalf("got %+v", signal)
	}
	at := list + "/" + signal.ID
	s.submit(list+"/trafik", list+"/trafik", "fyra", "ja").wants(303)
	s.get(at).wants(200, "Gäller redan här, genom Trafikkontoret", "Maria Lindqvist", "Genom Exempelstad")
	s.get(list).wants(200, "Två personer, genom Trafikkontoret")
	s.submit(at, at, "namn", "").wants(422, "Skriv vad enheten heter")
	s.submit(at, at, "namn", "Parkering").wants(422, "Det finns redan en enhet med det namnet")
	s.submit(at, at, "under", "hittepa").wants(422, "Välj en plats")
	s.submit(list+"/trafik", list+"/trafik", "under", signal.ID).wants(422, "Välj en plats")
	form := s.get(at).form(at)
	s.submit(at, at, "namn", "Trafiksignaler", "under", store.TopUnit).wants(303)
	if u := s.unit("Trafiksignaler"); u.Parent != store.TopUnit {
		t.Errorf("got %+v", u)
	}
	form.Set("namn", "Ljus")
	s.post(at, form).wants(409, "Maria Lindqvist", "Trafiksignaler, förvaltningsobjekt, under Exempelstad", "Ljus, förvaltningsobjekt")
	if s.unit("Trafiksignaler").ID != signal.ID {
		t.Error("written over")
	}

	// What hinders a removal is told, one by one.
	base := s.system("Kartan")
	check(t, s.db.Grant(ctx, "", engine.Grant{Person: johan.ID, Unit: "trafik", Role: "granskare"}))
	check(t, s.db.SetClaimGrant(ctx, "", engine.ClaimGrant{Group: "alla", Unit: "trafik", Role: "granskare"}, true))
	s.get(list+"/trafik").wants(200, "En enhet ligger under: flytta dem först", "Ett system hör hit", "En person har en roll här", "Gruppen alla ger en roll här", "Kartan")
	s.post(list+"/trafik/ta-bort", nil).wants(422, "går inte att ta bort än")
	s.post(list+"/top/ta-bort", nil).wants(422)
	s.get(at).lacks("Det går inte än")
	s.post(at+"/ta-bort", nil).wants(303)
	s.get(at).wants(404)
	if s.record(base).System.Unit != "trafik" {
		t.Error("the system is lost")
	}
}

func TestPeopleList(t *testing.T) {
	s := locked(t)
	ctx := context.Background()
	s.signIn("maria", goodPassword).wants(303)
	add := func(name string, grants ...engine.Grant) engine.Account {
		a, err := s.db.AddAccount(ctx, "", engine.Account{Person: engine.Person{Name: name}, Login: strings.ToLower(name), Grants: grants})
		check(t, err)
		return a
	}
	add("Anna", engine.Grant{Unit: "trafik", Role: "systemagare"})
	bo := add("Bo")
	cia := add("Cia", engine.Grant{Unit: store.TopUnit, Role: "granskare"})
	check(t, s.db.SetDisabled(ctx, "", cia.ID, true))
	_, err := s.db.Invite(ctx, "", bo.ID, s.now().Add(time.Hour))
	check(t, err)
	for query, want := range map[string]string{
		"": "Anna Bo Cia Johan Berg Maria Lindqvist", "?q=MARI": "Maria Lindqvist", "?roll=ingen": "Bo", "?roll=granskare": "Cia",
		"?enhet=trafik": "Anna", "?enhet=top&roll=systemagare": "Anna Maria Lindqvist", "?lage=avstangd": "Cia", "?lage=inbjuden": "Bo",
		"?lage=utgangen": "Anna Johan Berg", "?lage=aktiv": "Maria Lindqvist", "?q=finnsinte": "",
	} {
		var names []string
		for _, n := range find(s.get(admin+"/personer"+query).wants(200).doc(), "th") {
			if attr(n, "scope") == "row" {
				names = append(names, textOf(n))
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
	s.get(admin).wants(200, "En person saknar roll", "Två personer har ingen inbjudan som gäller", "En person har inte använt sin inbjudan")
	s.later.Add(int64(90 * time.Minute))
	s.get(admin+"/personer?lage=utgangen").wants(200, "Inbjudan har gått ut", "Bjud in tre personer på nytt")
	if n := len(s.submit(admin+"/personer?lage=utgangen", admin+"/personer/inbjudningar").wants(200, "Tre inbjudningar").invitations()); n != 3 {
		t.Errorf("%d invitations", n)
	}
	// Those who have been in, or are shut out, are passed by.
	s.post(admin+"/personer/inbjudningar", url.Values{"vem": {maria.ID, cia.ID}}).wants(303)
	s.post(admin+"/personer/inbjudningar", url.Values{"vem": {"finns-inte"}}).wants(404)
}

func TestPerson(t *testing.T) {
	s := locked(t)
	ctx := context.Background()
	s.signIn("maria", goodPassword).wants(303)
	anna, err := s.db.AddAccount(ctx, "", engine.Account{Person: engine.Person{ID: "anna", Name: "Anna Holm"}, Login: "anna", Grants: []engine.Grant{{Unit: "trafik", Role: "granskare", Claim: "grupp-7"}}})
	check(t, err)
	at := admin + "/personer/" + anna.ID
	s.get(admin+"/personer/finns-inte").wants(404, "någon annan sköter")

	s.submit(at, at, "namn", "Anna Holm Ek", "login", " Anna.Ek ").wants(303)
	if a := s.account("Anna Holm Ek"); a.Login != "anna.ek" {
		t.Errorf("got %+v", a)
	}
	s.submit(at, at, "namn", "").wants(422, "Skriv vad personen heter")
	s.submit(at, at, "login", "maria").wants(422, "Någon annan har redan")
	s.submit(at, at, "login", "a b").wants(422, "utan mellanslag")
	stale := s.get(at).form(at, "namn", "Anna X")
	s.submit(at, at, "namn", "Anna Holm").wants(303)
	s.post(at, stale).wants(409, "Anna X, anna.ek", "Anna Holm, anna.ek", maria.Name)

	// Roles: those of a group are not taken back here.
	s.get(at).wants(200, "Kommer från gruppen grupp-7")
	roles := at + "/roller"
	s.submit(at, roles, "roll", "systemagare", "enhet", "").wants(422, "Välj en enhet")
	s.submit(at, roles, "roll", "", "enhet", "trafik").wants(422, "Välj en roll")
	s.submit(at, roles, "roll", "kejsare", "enhet", "trafik").wants(422, "Välj en roll")
	give := s.post(roles, url.Values{"roll": {"systemagare"}, "enhet": {"trafik"}}).wants(303)
	s.get(give.Header.Get("Location")).wants(200, "Rollen är given", "Ta tillbaka rollen Systemägare i Trafikkontoret")
	s.post(roles, url.Values{"gor": {"ta"}, "roll": {"granskare"}, "enhet": {"trafik"}}).wants(404)
	s.post(roles, url.Values{"gor": {"ta"}, "roll": {"systemagare"}, "enhet": {"trafik"}}).wants(303)
	if g := s.account("Anna Holm").Grants; len(g) != 1 || g[0].Claim != "grupp-7" {
		t.Errorf("got %+v", g)
	}

	// She is invited, comes in, and is reset: her session ends and the old
	// password does not hold.
	first := s.post(at+"/inbjudan", nil).wants(200).invitations()[0]
	token := s.post(at+"/inbjudan", nil).wants(200).invitations()[0]
	var hers map[string]string
	s.browser(func() {
		s.get("/inbjudan/" + first).wants(404)
		s.post("/inbjudan/"+token, url.Values{"losenord": {goodPassword}, "igen": {goodPassword}}).wants(303)
		if !s.signedIn() {
			t.Fatal("not in")
		}
		hers = map[string]string{}
		for k, v := range s.cookies {
			hers[k] = v
		}
	})
	in := func() (yes bool) {
		s.browser(func() {
			for k, v := range hers {
				s.cookies[k] = v
			}
			yes = s.signedIn()
		})
		return yes
	}
	s.get(at).wants(200, "Kan logga in", "Återställ lösenordet", "Logga ut överallt", "Ändrade ett lösenord")
	s.ticks.Add(10)
	s.post(at+"/inbjudan", nil).wants(200)
	if in() {
		t.Error("a reset leaves her signed in")
	}
	s.browser(func() { s.signIn("anna.ek", goodPassword).wants(422) })

	s.browser(func() {
		s.invited(anna.ID, goodPassword)
		hers = map[string]string{}
		for k, v := range s.cookies {
			hers[k] = v
		}
	})
	form := s.get(at).form(at + "/sessioner")
	if form.Get("session") == "" {
		t.Fatal("her session is not told")
	}
	s.post(at+"/sessioner", form).wants(303)
	if in() {
		t.Error("the session goes on")
	}
	s.post(at+"/sessioner", url.Values{"session": {"finns-inte"}}).wants(404)
	s.post(at+"/sessioner", nil).wants(303)

	s.browser(func() {
		s.signIn("anna.ek", goodPassword).wants(303)
		hers = map[string]string{}
		for k, v := range s.cookies {
			hers[k] = v
		}
	})
	s.ticks.Add(10)
	s.post(at+"/konto", url.Values{"gor": {"stang"}}).wants(303)
	if in() {
		t.Error("she is disabled and signed in")
	}
	s.get(at).wants(200, "Kontot är avstängt")
	s.post(at+"/inbjudan", nil).wants(409)
	s.post(at+"/konto", url.Values{"gor": {"oppna"}}).wants(303)
	s.browser(func() { s.signIn("anna.ek", goodPassword).wants(303) })
	s.post(admin+"/personer/maria/inbjudan", nil).wants(409)
	s.post(admin+"/personer/maria/konto", url.Values{"gor": {"stang"}}).wants(409)
}

// Somebody who can sign in is left to administer the whole organisation.
func TestLastAdministrator(t *testing.T) {
	s := locked(t)
	ctx := context.Background()
	s.signIn("maria", goodPassword).wants(303)
	me := admin + "/personer/maria"
	take := url.Values{"gor": {"ta"}, "roll": {web.Administrator}, "enhet": {store.TopUnit}}
	refused := func() {
		t.Helper()
		s.post(me+"/roller", take).wants(409, "Någon måste kunna sköta organisationen")
		s.submit(me, me, "login", "").wants(409, "Någon måste kunna sköta organisationen")
	}
	refused()
	// One who has not come in yet is nobody to rely on, nor is one of a part.
	eva, err := s.db.AddAccount(ctx, "", engine.Account{Person: engine.Person{ID: "eva", Name: "Eva"}, Login: "eva", Grants: []engine.Grant{{Unit: store.TopUnit, Role: web.Administrator}}})
	check(t, err)
	_, err = s.db.AddAccount(ctx, "", engine.Account{Person: engine.Person{ID: "bo", Name: "Bo"}, Login: "bo", Grants: []engine.Grant{{Unit: "trafik", Role: web.Administrator}}})
	check(t, err)
	s.browser(func() { s.invited("bo", goodPassword) })
	refused()
	s.browser(func() { s.invited(eva.ID, goodPassword) })
	s.post(admin+"/personer/eva/konto", url.Values{"gor": {"stang"}}).wants(303)
	refused()
	s.post(admin+"/personer/eva/konto", url.Values{"gor": {"oppna"}}).wants(303)
	s.post(me+"/roller", take).wants(303)
	s.get(admin).wants(403, "Eva")
	// Now she is the last, whoever asks.
	s.browser(func() {
		s.signIn("eva", goodPassword).wants(303)
		s.post(admin+"/personer/eva/roller", take).wants(409)
	})
}

// An administrator of a part sees and changes only that part.
func TestPartialAdministrator(t *testing.T) {
	s := newSite(t)
	ctx := context.Background()
	for _, u := range []engine.Unit{{ID: "signal", Parent: "trafik", Title: "Signaler", Kind: engine.MaintainedUnit}, {ID: "social", Parent: store.TopUnit, Title: "Socialförvaltningen", Kind: engine.Administration}} {
		_, err := s.db.SaveUnit(ctx, "", u)
		check(t, err)
	}
	people := map[string][]engine.Grant{
		"petra": {{Unit: "trafik", Role: web.Administrator}}, "inne": {{Unit: "signal", Role: "systemagare"}}, "ute": {{Unit: "social", Role: "systemagare"}},
		"bada": {{Unit: "signal", Role: "granskare"}, {Unit: "social", Role: "upphandlare"}}, "ingen": nil, "kommen": nil,
	}
	for id, grants := range people {
		_, err := s.db.AddAccount(ctx, "", engine.Account{Person: engine.Person{ID: id, Name: "Namn " + id}, Login: id, Grants: grants})
		check(t, err)
	}
	check(t, s.db.SetPassword(ctx, "", "kommen", "x")) // she has been in
	check(t, s.db.SetClaimGrant(ctx, "", engine.ClaimGrant{Group: "g", Unit: "trafik", Role: "granskare"}, true))
	s.config.Demo = "petra"
	s.open()
	before := s.dump()
	person := func(id string) string { return admin + "/personer/" + id }
	unit := func(id string) string { return admin + "/enheter/" + id }

	s.get(admin).wants(200, "Lägg till enheter").lacks("Inloggning", "Säkerhetskopior", "Ge organisationen", "Socialförvaltningen")
	s.get(admin+"/enheter").wants(200, "Trafikkontoret", "Signaler").lacks("Socialförvaltningen")
	s.get(admin+"/personer").wants(200, "Namn inne", "Namn bada", "Namn ingen", "Namn kommen", "Roller som någon annan sköter").lacks("Namn ute", "Maria Lindqvist ", "Upphandlare i Socialförvaltningen")
	s.get(admin+"/personer/nya").wants(200, "Signaler").lacks("Socialförvaltningen")
	s.get(person("bada")).wants(200, "Granskare", "roller i delar av organisationen", "Be Maria Lindqvist").lacks("Upphandlare Social", "Stäng av")
	s.get(person("inne")).wants(200, "Stäng av Namn inne")
	for _, path := range []string{"/inloggning", "/sessioner", "/drift"} {
		s.get(admin + path).wants(403)
		s.post(admin+path, url.Values{"session": {"x"}, "grupp": {"g"}, "roll": {web.Administrator}, "enhet": {"trafik"}}).wants(403)
	}
	s.post(admin, url.Values{"namn": {"Mitt"}}).wants(403)

	// Other units and people are not there.
	for _, path := range []string{unit("social"), unit(store.TopUnit), person("ute"), person("maria"), unit("finns-inte"), person("finns-inte")} {
		got := s.get(path).wants(404).lacks("Socialförvaltningen", "Namn ute")
		if got.text() != s.get(unit("hittepa")).text() {
			t.Errorf("%s is answered in another way than what is not there", path)
		}
	}
	for path, form := range map[string]url.Values{
		unit("social"): {"namn": {"Min"}, "slag": {"administration"}, "under": {"trafik"}}, unit("social") + "/ta-bort": nil, unit(store.TopUnit): {"namn": {"Min"}},
		person("ute"): {"namn": {"X"}}, person("ute") + "/roller": {"roll": {"granskare"}, "enhet": {"trafik"}}, person("ute") + "/inbjudan": nil, person("ute") + "/konto": {"gor": {"stang"}},
		person("ute") + "/sessioner": nil, person("maria") + "/konto": {"gor": {"stang"}}, person("maria") + "/inbjudan": nil,
		person("bada") + "/roller":             {"gor": {"ta"}, "roll": {"upphandlare"}, "enhet": {"social"}},
		admin + "/personer/inbjudningar":       {"vem": {"inne", "ute"}},
		admin + "/personer/inbjudningar?x=bad": {"vem": {"bada"}},
	} {
		s.post(path, form).wants(404)
	}
	// Those who are partly others' are not hers to rename, reset or disable; nor
	// is one without a role who has been in: she may be asked to answer anywhere.
	for _, id := range []string{"bada", "kommen"} {
		for path, form := range map[string]url.Values{
			person(id): {"namn": {"X"}, "login": {"x"}}, person(id) + "/inbjudan": nil, person(id) + "/konto": {"gor": {"stang"}}, person(id) + "/sessioner": nil,
		} {
			s.post(path, form).wants(403, maria.Name)
		}
	}
	// Roles are given only where she administers, units moved and added only there.
	for _, id := range []string{"social", store.TopUnit, "hittepa"} {
		s.post(person("inne")+"/roller", url.Values{"roll": {"systemagare"}, "enhet": {id}}).wants(422)
		s.post(admin+"/enheter", url.Values{"namn": {"Ny"}, "slag": {"object"}, "under": {id}}).wants(422).lacks("Socialförvaltningen")
		s.submit(unit("signal"), unit("signal"), "under", id).wants(422)
		s.submit(admin+"/personer/nya", admin+"/personer", "namn", "Ny Person", "roll", "granskare", "enhet", id).wants(422)
		if id != store.TopUnit { // where it is
			s.submit(unit("trafik"), unit("trafik"), "under", id).wants(422)
		}
	}
	s.submit(unit("trafik"), unit("trafik"), "under", "signal").wants(422)
	s.submit(admin+"/personer/nya", admin+"/personer/nya", "lista", "Ny;ny;Granskare;Socialförvaltningen").wants(422, "Enheten Socialförvaltningen finns inte")
	if s.dump() != before {
		t.Error("something was changed")
	}

	s.post(person("ingen")+"/roller", url.Values{"roll": {"granskare"}, "enhet": {"signal"}}).wants(303)
	s.post(person("inne")+"/konto", url.Values{"gor": {"stang"}}).wants(303)
	s.post(person("inne")+"/konto", url.Values{"gor": {"oppna"}}).wants(303)
	if len(s.post(person("inne")+"/inbjudan", nil).wants(200).invitations()) != 1 {
		t.Error("no invitation")
	}
	s.post(person("bada")+"/roller", url.Values{"gor": {"ta"}, "roll": {"granskare"}, "enhet": {"signal"}}).wants(303)
	s.get(person("bada")).wants(404)
	s.submit(admin+"/enheter", admin+"/enheter", "namn", "Vägar", "under", "trafik").wants(303)
	s.submit(unit("signal"), unit("signal"), "namn", "Trafiksignaler", "under", s.unit("Vägar").ID).wants(303)
	s.get(unit("signal")).wants(200, "Under Vägar")
}

func TestRolesPage(t *testing.T) {
	s := newSite(t)
	got := s.get(admin+"/roller").wants(200, "Arkivansvarig", "Se systemen och deras klassningar")
	rows := 0
	for _, role := range web.Roles {
		for _, row := range find(got.doc(), "tr") {
			th := find(row, "th")
			if len(th) != 1 || !strings.HasPrefix(textOf(th[0]), role.Title+role.About) {
				continue
			}
			rows++
			if n := strings.Count(textOf(row), "Ja"); n != len(strings.Fields(mayDo[role.ID])) {
				t.Errorf("%s: %d of %s", role.ID, n, mayDo[role.ID])
			}
		}
	}
	if rows != len(web.Roles) {
		t.Errorf("%d rows for %d roles", rows, len(web.Roles))
	}
}

func TestSignInRules(t *testing.T) {
	s := newSite(t)
	at := admin + "/inloggning"
	s.get(at).wants(200, "Inte kopplad", "--oidc-issuer", "/logga-in/svar")
	s.submit(at, at, "grupp", "", "roll", "granskare", "enhet", "trafik").wants(422, "Skriv gruppen")
	s.submit(at, at, "grupp", "g", "roll", "", "enhet", "").wants(422, "Välj en roll", "Välj en enhet")
	s.submit(at, at, "grupp", "grupp-7", "roll", "granskare", "enhet", "trafik").wants(303)
	s.get(at+"?sparat=regel").wants(200, "Regeln är sparad", "grupp-7", "Granskare")
	form := s.get(at).form(at)
	if form.Get("gor") != "ta" || form.Get("grupp") != "grupp-7" {
		t.Fatalf("got %v", form)
	}
	s.post(at, form).wants(303)
	s.get(at).wants(200, "Inga regler än")
	if rules, _ := s.db.ClaimGrants(context.Background()); len(rules) != 0 {
		t.Errorf("got %v", rules)
	}

	// The provider is asked anew each time, and its secret is never shown.
	dead := "http://127.0.0.1:1"
	s.config.Provider = &web.Provider{Name: "Logga in", Issuer: dead, ClientID: "kravverk", ClientSecret: "hemligheten", Claim: "groups"}
	s.open()
	s.get(at).wants(200, dead, "kravverk", "groups", "Svarar inte").lacks("hemligheten")
	var issuer string
	live := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"issuer": %q, "authorization_endpoint": "x", "token_endpoint": "x", "jwks_uri": "x", "id_token_signing_alg_values_supported": ["RS256"]}`, issuer)
	}))
	defer live.Close()
	s.config.Provider.Issuer = live.URL
	s.open()
	s.get(at).wants(200, "Svarar, men inte som en inloggning med OpenID Connect")
	issuer = live.URL
	s.get(at).wants(200, "Just nuSvarar").lacks("men inte", "Svarar inte")
	// With one, a person without a login is one who uses it.
	s.submit(admin+"/personer/nya", admin+"/personer/nya", "lista", "Anna Holm;;Granskare;Trafikkontoret").wants(200, "Läggs till").lacks("anna.holm")
	s.submit(admin+"/personer/nya", admin+"/personer/nya", "lista", "Anna Holm\nAnna Holm").wants(422, "Namnet står också på rad 1")
}

// The last administrator may have the role from a group.
func TestLastAdministratorOfAGroup(t *testing.T) {
	s := newSite(t)
	ctx := context.Background()
	check(t, s.db.SetClaimGrant(ctx, "", engine.ClaimGrant{Group: "adm", Unit: store.TopUnit, Role: web.Administrator}, true))
	eva, err := s.db.Admit(ctx, "https://id.example", "e", "Eva", []string{"adm"})
	check(t, err)
	s.as(eva.Person)
	check(t, s.db.Revoke(ctx, "", engine.Grant{Person: maria.ID, Unit: store.TopUnit, Role: web.Administrator}))
	s.submit(admin+"/inloggning", admin+"/inloggning").wants(409, "Någon måste kunna sköta organisationen")
	check(t, s.db.Grant(ctx, "", engine.Grant{Person: maria.ID, Unit: store.TopUnit, Role: web.Administrator}))
	s.submit(admin+"/inloggning", admin+"/inloggning").wants(303)
}

func TestSessionList(t *testing.T) {
	s := locked(t)
	check(t, s.db.Rename(context.Background(), "", johan.ID, johan.Name, "johan"))
	s.browser(func() { s.invited(johan.ID, goodPassword) })
	var hers map[string]string
	s.browser(func() {
		s.signIn("johan", goodPassword).wants(303)
		hers = map[string]string{}
		for k, v := range s.cookies {
			hers[k] = v
		}
	})
	s.signIn("maria", goodPassword).wants(303)
	s.get(admin+"/sessioner").wants(200, "Johan Berg", "Maria Lindqvist du, här", "Avsluta alla för Johan Berg")
	s.ticks.Add(10)
	s.post(admin+"/sessioner", url.Values{"person": {johan.ID}}).wants(303)
	s.get(admin+"/sessioner?sparat=session").wants(200, "avslutad", "Maria").lacks("Johan")
	s.browser(func() {
		for k, v := range hers {
			s.cookies[k] = v
		}
		if s.signedIn() {
			t.Error("still in")
		}
	})
	s.post(admin+"/sessioner", nil).wants(404)
	form := s.get(admin + "/sessioner").form(admin + "/sessioner")
	s.post(admin+"/sessioner", form).wants(303)
	if s.signedIn() {
		t.Error("her own session goes on")
	}
}

// copies is backups that are made or not, as told.
type copies struct {
	made   engine.Copy
	failed error
	fails  bool
	at     time.Time
}

func (c *copies) Latest() (engine.Copy, time.Time, error) {
	return c.made, c.at.Add(24 * time.Hour), c.failed
}

func (c *copies) RunNow(context.Context) (engine.Copy, error) {
	if c.failed = nil; c.fails {
		c.failed = &store.Error{Sentence: "Disken är full."}
		return engine.Copy{}, c.failed
	}
	c.made = engine.Copy{Path: "/kopior/kravverk-20261123.db", SHA256: strings.Repeat("ab", 32), Size: 4097, At: c.at}
	return c.made, nil
}

func TestOperation(t *testing.T) {
	s := newSite(t)
	at := admin + "/drift"
	head, err := s.db.JournalHead(context.Background())
	check(t, err)
	s.get(at).wants(200, "Inga säkerhetskopior görs", "--backup-dir", head.String(), "go1.").lacks("Säkerhetskopiera nu")
	s.post(at, nil).wants(404)
	c := &copies{at: start}
	s.config.Backups, s.config.Database = c, "/srv/kravverk.db"
	s.open()
	s.get(at).wants(200, "Ingen än", "Säkerhetskopiera nu", "/srv/kravverk.db")
	s.get(admin).wants(200, "Den första görs")
	s.submit(at, at).wants(303)
	s.get(at+"?sparat=kopia").wants(200, "Säkerhetskopian är skriven", "i dag 10.42, 5 kB", "/kopior/kravverk-20261123.db", "24 nov")
	s.get(admin).wants(200, "Den senaste gjordes i dag 10.42")
	c.fails = true
	s.submit(at, at).wants(503, "Ingen säkerhetskopia gjordes. Disken är full.", "/kopior/kravverk-20261123.db")
	s.get(admin).wants(200, "Det senaste försöket misslyckades")
	c.failed = errors.New("sqlite: hemlig detalj")
	s.get(at).wants(200, "Orsaken står i Kravverks logg").lacks("hemlig detalj")
}

func TestMoveSystem(t *testing.T) {
	s := newSite(t)
	ctx := context.Background()
	for _, u := range []engine.Unit{{ID: "it", Parent: store.TopUnit, Title: "It-avdelningen", Kind: engine.Administration}, {ID: "social", Parent: store.TopUnit, Title: "Socialförvaltningen", Kind: engine.Administration}} {
		_, err := s.db.SaveUnit(ctx, "", u)
		check(t, err)
	}
	base := s.system("Kartan")
	sys := "/system/" + s.record(base).System.ID
	at := sys + "/flytta"
	add := func(id string, grants ...engine.Grant) {
		_, err := s.db.AddAccount(ctx, "", engine.Account{Person: engine.Person{ID: id, Name: "Namn " + id}, Grants: grants})
		check(t, err)
	}
	add("sara", engine.Grant{Unit: "trafik", Role: "systemagare"}, engine.Grant{Unit: "it", Role: "systemagare"}, engine.Grant{Unit: "social", Role: "systemforvaltare"})
	add("ivar", engine.Grant{Unit: "it", Role: "systemagare"})
	add("frida", engine.Grant{Unit: "trafik", Role: "systemforvaltare"})
	place := func() string {
		x := s.record(base).System
		return x.Unit + "/" + x.ManagedBy
	}
	s.as(engine.Person{ID: "frida"})
	s.get(sys).wants(200).lacks("Flytta systemet")
	s.get(at).wants(403)
	s.as(engine.Person{ID: "ivar"})
	s.get(at).wants(404)
	s.post(at, url.Values{"enhet": {"it"}}).wants(404)

	s.as(engine.Person{ID: "sara"})
	s.get(sys).wants(200, "Flytta systemet").lacks("Sköts av")
	s.get(at).wants(200, "historik följer med", "It-avdelningen").lacks("Socialförvaltningen")
	for _, x := range [][2]string{{"social", ""}, {"trafik", "social"}, {"hittepa", ""}, {"", ""}, {"trafik", "hittepa"}, {store.TopUnit, ""}} {
		s.submit(at, at, "enhet", x[0], "skots", x[1]).wants(422, "Välj en enhet där du får flytta system")
	}
	if place() != "trafik/" {
		t.Fatalf("moved to %s", place())
	}
	stale := s.get(at).form(at, "enhet", "it")
	s.submit(at, at, "skots", "it").wants(303)
	s.get(sys).wants(200, "Sköts av", "It-avdelningen")
	s.post(at, stale).wants(409, "Trafikkontoret, Exempelstad, sköts av It-avdelningen")
	if place() != "trafik/it" {
		t.Fatalf("moved to %s", place())
	}

	// Who looks after it can stop doing so, and not take it over.
	s.as(engine.Person{ID: "ivar"})
	s.get(at).wants(200, "Systemet ägs av Trafikkontoret")
	form := s.get(at).form(at)
	form.Set("enhet", "it")
	s.post(at, form).wants(303)
	if place() != "trafik/it" {
		t.Fatalf("moved to %s", place())
	}
	if got := s.submit(at, at, "skots", "").wants(303); got.Header.Get("Location") != "/system" {
		t.Errorf("sent to %s", got.Header.Get("Location"))
	}
	if place() != "trafik/" {
		t.Errorf("moved to %s", place())
	}
	s.get(at).wants(404)
	s.as(engine.Person{ID: "sara"})
	s.submit(at, at, "enhet", "it").wants(303)
	if place() != "it/" {
		t.Errorf("moved to %s", place())
	}
	events, err := s.db.Events(ctx, engine.EventFilter{Person: "sara"}, 0)
	check(t, err)
	if !slices.ContainsFunc(events, func(e engine.Event) bool { return e.Action == "system.move" }) {
		t.Error("the move is not in the journal")
	}
}

// The walk of a new administrator by clicking, counted: three offices and ten
// people.
func TestNewAdministratorByClicking(t *testing.T) {
	t.Parallel()
	for _, script := range []bool{true, false} {
		t.Run(map[bool]string{true: "with script", false: "without"}[script], func(t *testing.T) {
			s := fresh(t)
			b := newTab(t, s)
			b.run(emulation.SetScriptExecutionDisabled(!script))
			clicks, fields := 0, 0
			follow := func(selector string) {
				t.Helper()
				clicks++
				b.follow(selector)
			}
			write := func(selector, text string) {
				t.Helper()
				fields++
				b.run(within(chromedp.SetValue(selector, text, chromedp.ByQuery), selector)) // as pasted
			}
			b.open("/")
			follow("nav a[href='/administration']")
			write("#organisation", "Exempelstad")
			follow("main form button")
			write("#namn", "Trafikkontoret\nSocialförvaltningen\nUtbildningsförvaltningen")
			follow("main form button")
			follow(".note a[href='/administration/personer/nya']")
			write("#lista", tenPeople)
			follow("main form button")
			b.says("h1", "Stämmer det?")
			if script {
				b.accessible("the preview")
			}
			follow("button[value=spara]")
			b.says("h1", "Tio inbjudningar")
			if script {
				b.accessible("the invitations")
			}
			if n := evaluate[int](b, "document.querySelectorAll('tbody tr').length"); n != 10 {
				t.Errorf("%d invitations", n)
			}
			if clicks > 6 || fields > 3 {
				t.Errorf("it takes %d clicks and %d fields", clicks, fields)
			}
			if all, err := s.db.Accounts(context.Background()); err != nil || len(all) != 12 {
				t.Errorf("%d people, %v", len(all), err)
			}
		})
	}
}

func TestAdministrationAccessible(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := context.Background()
	base := s.filled()
	_, err := s.db.AddAccount(ctx, "", engine.Account{Person: engine.Person{ID: "anna", Name: "Anna Holm"}, Login: "anna", Grants: []engine.Grant{{Unit: "trafik", Role: "granskare", Claim: "grupp-7"}}})
	check(t, err)
	check(t, s.people(engine.Person{ID: "bo", Name: "Bo Ek"}))
	check(t, s.db.SetDisabled(ctx, "", "bo", true))
	check(t, s.db.SetClaimGrant(ctx, "", engine.ClaimGrant{Group: strings.Repeat("0123456789abcdef-", 3), Unit: "trafik", Role: "granskare"}, true))
	s.config.Backups, s.config.Database = &copies{at: start, failed: errors.New("x")}, "/srv/kravverk/"+strings.Repeat("mapp/", 20)+"kravverk.db"
	s.config.Provider = &web.Provider{Name: "Logga in", Issuer: "http://127.0.0.1:1", ClientID: "kravverk"}
	s.open()
	b := newTab(t, s)
	for _, path := range []string{"", "/enheter", "/enheter/trafik", "/enheter/top", "/personer", "/personer?q=finnsinte", "/personer/nya", "/personer/anna", "/personer/bo", "/personer/maria",
		"/roller", "/inloggning", "/sessioner", "/drift"} {
		b.open(admin + path)
		b.accessible(admin + path)
	}
	b.open("/system/" + s.record(base).System.ID + "/flytta")
	b.accessible("flytta")
	b.excuses("status of 422")
	send := func(path, prepare, form string) {
		t.Helper()
		b.open(admin + path)
		evaluate[int](b, "document.querySelectorAll('[required]').forEach(e => e.required = false), document.querySelectorAll('[data-dirty]').forEach(e => e.removeAttribute('data-dirty')), "+prepare+", 0")
		evaluate[int](b, fmt.Sprintf("HTMLFormElement.prototype.submit.call(document.querySelector(%q)), 0", form))
		b.waits("document.title.startsWith('Fel: ') && document.activeElement.matches('[data-focus]')")
		b.accessible(path + " with a mistake")
	}
	send("/enheter", "0", "main form")
	send("/personer/nya", "document.querySelector('#lista').value = 'Anna;anna;Kejsare;Rom'", "main form")
	send("/personer/nya", "0", "form[action='/administration/personer']")
	send("/personer/anna", "document.querySelector('#namn').value = ''", "form[data-dirty], form[action='/administration/personer/anna']")
	send("/inloggning", "0", "#ny")
	if s.get(admin).Code != http.StatusOK {
		t.Error("the server is gone")
	}
}
