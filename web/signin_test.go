package web_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/store"
	"github.com/kravverk/kravverk/web"
)

const goodPassword = "tre gula cyklar i regn"

// locked is a site where one has to sign in, as maria with a password, behind
// an address of its own.
func locked(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.config.Demo = ""
	s.config.URL = &url.URL{Scheme: "https", Host: "klassa.exempelstad.se"}
	s.open()
	check(t, s.db.Rename(context.Background(), "", maria.ID, maria.Name, "maria"))
	s.invited(maria.ID, goodPassword)
	s.post("/logga-ut", nil).wants(303)
	return s
}

// invited follows an invitation and chooses a password.
func (s *site) invited(person, password string) {
	s.t.Helper()
	token, err := s.db.Invite(context.Background(), "", person, s.now().Add(time.Hour))
	check(s.t, err)
	s.get("/inbjudan/"+token).wants(200, "Välj ett lösenord")
	s.post("/inbjudan/"+token, url.Values{"losenord": {password}, "igen": {password}}).wants(303)
}

func (s *site) signIn(login, password string) answered {
	s.t.Helper()
	return s.post("/logga-in", url.Values{"namn": {login}, "losenord": {password}, "vidare": {"/system"}})
}

func (s *site) signedIn() bool {
	s.t.Helper()
	got := s.get("/inloggad")
	if got.Code != http.StatusNoContent && got.Code != http.StatusSeeOther {
		s.t.Fatalf("got %d", got.Code)
	}
	return got.Code == http.StatusNoContent
}

// browser is another one, with cookies of its own.
func (s *site) browser(f func()) {
	s.t.Helper()
	kept := maps.Clone(s.cookies)
	clear(s.cookies)
	f()
	clear(s.cookies)
	maps.Copy(s.cookies, kept)
}

func TestSignIn(t *testing.T) {
	s := locked(t)
	got := s.get("/system?q=x&lage=klar").wants(303)
	if to := got.Header.Get("Location"); to != "/logga-in?vidare=%2Fsystem%3Fq%3Dx%26lage%3Dklar" {
		t.Fatalf("sent to %s", to)
	}
	form := s.get(got.Header.Get("Location")).form("/logga-in", "namn", "maria", "losenord", goodPassword)
	got = s.post("/logga-in", form).wants(303)
	if to := got.Header.Get("Location"); to != "/system?q=x&lage=klar" {
		t.Errorf("after signing in sent to %s", to)
	}
	cookie := got.Header.Get("Set-Cookie")
	if !regexp.MustCompile(`^__Host-kravverk=[^;]{40,}; Path=/; HttpOnly; Secure; SameSite=Lax$`).MatchString(cookie) {
		t.Errorf("the cookie is %q", cookie)
	}
	if hsts := got.Header.Get("Strict-Transport-Security"); !strings.Contains(hsts, "max-age=63072000") {
		t.Errorf("HSTS %q", hsts)
	}
	s.get("/").wants(200, maria.Name, "Logga ut").lacks("Övning")
	s.get("/logga-in").wants(303)
	s.get("/konto").wants(200, "den här", "Systemägare", "Exempelstad")
	old := maps.Clone(s.cookies)
	s.post("/logga-ut", nil).wants(303)
	if s.signedIn() {
		t.Error("still signed in after signing out")
	}
	maps.Copy(s.cookies, old)
	if s.signedIn() {
		t.Error("the old cookie still opens")
	}
}

// What is wrong is never told, nor does it show from the answer.
func TestSignInRefused(t *testing.T) {
	s := locked(t)
	check(t, s.people(engine.Person{ID: "bo", Name: "Bo Ek"}))
	check(t, s.db.Rename(context.Background(), "", "bo", "Bo Ek", "bo")) // no password yet
	token := regexp.MustCompile(`name="namn"[^>]*value="[^"]*"`)
	var first string
	for _, x := range [][2]string{{"maria", "fel lösenord här"}, {"finns-inte", goodPassword}, {"bo", ""}, {"bo", goodPassword}, {"", ""}, {"maria'--", "' OR 1=1"}} {
		got := s.signIn(x[0], x[1]).wants(422, "stämmer inte")
		body := token.ReplaceAllString(got.Body, "")
		body = strings.ReplaceAll(body, `value="`+x[0]+`"`, "")
		if first == "" {
			first = body
		}
		if body != first {
			t.Errorf("%s is answered in another way than a wrong password", x[0])
		}
		if strings.Contains(got.Body, "fel lösenord") || got.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: the page holds the password, or gives a cookie", x[0])
		}
	}
	if s.signedIn() {
		t.Error("signed in")
	}
}

func TestSignInThrottled(t *testing.T) {
	s := locked(t)
	for range 5 {
		s.signIn("maria", "fel lösenord här").wants(422)
	}
	s.signIn("maria", goodPassword).wants(422, "vilar")
	s.later.Add(int64(61 * time.Second))
	s.signIn("Maria ", goodPassword).wants(303)
}

func TestRateLimit(t *testing.T) {
	s := locked(t)
	from := func(address, forwarded string) int {
		r := request(http.MethodPost, "/logga-in", strings.NewReader("namn=x&losenord=y"))
		r.Host, r.RemoteAddr = s.config.URL.Host, address+":1234"
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		return s.do(r).Code
	}
	last := 0
	for range 25 {
		last = from("192.0.2.1", "198.51.100.7") // its own words are not believed
	}
	if last != http.StatusTooManyRequests || from("192.0.2.2", "") == http.StatusTooManyRequests {
		t.Errorf("the 25th try was answered with %d", last)
	}
	s.config.Proxy = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	s.open()
	for i := range 25 {
		last = from("192.0.2.1", fmt.Sprintf("10.9.8.%d, 203.0.113.5", i)) // all but the last are the sender's
	}
	if last != http.StatusTooManyRequests || from("192.0.2.1", "203.0.113.6") == http.StatusTooManyRequests {
		t.Errorf("behind a proxy the 25th try was answered with %d", last)
	}
	if code := from("203.0.113.5", "192.0.2.1"); code != http.StatusMisdirectedRequest {
		t.Errorf("around the proxy: %d", code)
	}

	open := newSite(t)
	for range 61 {
		last = open.get("/tackning.xlsx").Code
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the 61st file was answered with %d", last)
	}
}

// A token from before signing in, which somebody may have planted, is not the
// one afterwards, and one made up is never taken.
func TestSessionFixation(t *testing.T) {
	s := locked(t)
	s.cookies["__Host-kravverk"] = "hittepaa-hittepaa-hittepaa-hittepaa-hittepaa"
	s.signIn("maria", goodPassword).wants(303)
	first := s.cookies["__Host-kravverk"]
	if strings.HasPrefix(first, "hittepaa") {
		t.Fatal("a made-up token was taken")
	}
	s.signIn("maria", goodPassword).wants(303)
	second := s.cookies["__Host-kravverk"]
	if second == first || !s.signedIn() {
		t.Error("signing in again keeps the token")
	}
	s.cookies["__Host-kravverk"] = first
	if s.signedIn() {
		t.Error("the token from before still opens")
	}
	var kept int
	all, err := s.db.AllSessions(context.Background())
	check(t, err)
	for token := range all {
		kept++
		if token == second || token == first {
			t.Error("the token itself is in the database")
		}
	}
	if kept != 1 {
		t.Errorf("%d sessions are kept", kept)
	}
}

func TestSessionsRunOut(t *testing.T) {
	s := locked(t)
	s.signIn("maria", goodPassword).wants(303)
	for range 8 {
		s.later.Add(int64(100 * time.Minute))
		if !s.signedIn() {
			break
		}
	}
	if s.signedIn() || s.now().Sub(start) < 11*time.Hour {
		t.Errorf("in use all the time it lasted until %s", s.now())
	}
	s.signIn("maria", goodPassword).wants(303)
	s.later.Add(int64(2*time.Hour + time.Minute))
	if s.signedIn() {
		t.Error("unused for two hours, and still open")
	}
}

func TestOwnSessions(t *testing.T) {
	s := locked(t)
	s.signIn("maria", goodPassword).wants(303)
	var elsewhere map[string]string
	s.browser(func() {
		s.signIn("maria", goodPassword).wants(303)
		elsewhere = maps.Clone(s.cookies)
	})
	there := func() (in bool) {
		s.browser(func() { maps.Copy(s.cookies, elsewhere); in = s.signedIn() })
		return in
	}
	page := s.get("/konto").wants(200, "Avsluta alla utom den här")
	ids := regexp.MustCompile(`name="session" value="([a-z0-9]+)"`).FindAllStringSubmatch(page.Body, -1)
	if len(ids) != 2 || !there() {
		t.Fatalf("%d sessions listed", len(ids))
	}
	s.post("/konto/sessioner", nil).wants(303)
	if there() || !s.signedIn() {
		t.Error("all but this one: the other goes on, or this one ended")
	}
	s.browser(func() { s.signIn("maria", goodPassword).wants(303); elsewhere = maps.Clone(s.cookies) })
	s.post("/konto/losenord", url.Values{"nuvarande": {"fel"}, "losenord": {"fyra blå båtar i vik"}, "igen": {"fyra blå båtar i vik"}}).wants(422, "nuvarande lösenordet stämmer inte")
	s.post("/konto/losenord", url.Values{"nuvarande": {goodPassword}, "losenord": {"kort"}, "igen": {"kort"}}).wants(422, "12 tecken")
	s.post("/konto/losenord", url.Values{"nuvarande": {goodPassword}, "losenord": {"fyra blå båtar i vik"}, "igen": {"fyra blå båtar"}}).wants(422, "samma lösenord")
	s.post("/konto/losenord", url.Values{"nuvarande": {goodPassword}, "losenord": {"fyra blå båtar i vik"}, "igen": {"fyra blå båtar i vik"}}).wants(303)
	if there() || !s.signedIn() {
		t.Error("after another password: the other session goes on, or this one ended")
	}
	s.browser(func() {
		s.signIn("maria", goodPassword).wants(422)
		s.signIn("maria", "fyra blå båtar i vik").wants(303)
	})

	// Another's session cannot be ended from here, nor seen.
	check(t, s.people(engine.Person{ID: "bo", Name: "Bo Ek"}, "systemagare"))
	check(t, s.db.Rename(context.Background(), "", "bo", "Bo Ek", "bo"))
	var his map[string]string
	s.browser(func() { s.invited("bo", "sju svarta katter sover"); his = maps.Clone(s.cookies) })
	s.browser(func() {
		maps.Copy(s.cookies, his)
		mine := regexp.MustCompile(`name="session" value="([a-z0-9]+)"`).FindStringSubmatch(s.get("/konto").Body)
		s.browser(func() {
			s.signIn("maria", "fyra blå båtar i vik").wants(303)
			s.post("/konto/sessioner", url.Values{"session": {mine[1]}}).wants(404)
		})
		if !s.signedIn() {
			t.Error("somebody else ended his session")
		}
		check(t, s.db.SetDisabled(context.Background(), "", "bo", true))
		if s.signedIn() {
			t.Error("disabled, and still signed in")
		}
	})
}

func TestInvitationPage(t *testing.T) {
	s := locked(t)
	s.get("/inbjudan/finns-inte").wants(404, "gäller inte längre")
	token, err := s.db.Invite(context.Background(), "", maria.ID, s.now().Add(time.Hour))
	check(t, err)
	for _, x := range [][3]string{{"kort", "kort", "12 tecken"}, {"maria lindqvist", "maria lindqvist", ""}, {goodPassword, "något annat helt", "samma lösenord"}} {
		s.post("/inbjudan/"+token, url.Values{"losenord": {x[0]}, "igen": {x[1]}}).wants(422, x[2])
	}
	s.post("/inbjudan/"+token, url.Values{"losenord": {"åtta gröna ärtor i gryta"}, "igen": {"åtta gröna ärtor i gryta"}}).wants(303)
	if !s.signedIn() {
		t.Error("chose a password, and is not signed in")
	}
	s.get("/inbjudan/"+token).wants(404, "gäller inte längre")
	s.post("/inbjudan/"+token, url.Values{"losenord": {goodPassword}, "igen": {goodPassword}}).wants(404)
}

func TestOpenRedirect(t *testing.T) {
	s := locked(t)
	for _, evil := range []string{"https://ond.example", "//ond.example", `/\ond.example`, "/\t/ond.example", "javascript:alert(1)", "ond.example", "", "/logga-ut", "http:///x"} {
		got := s.post("/logga-in", url.Values{"namn": {"maria"}, "losenord": {goodPassword}, "vidare": {evil}}).wants(303)
		if to := got.Header.Get("Location"); to != "/" {
			t.Errorf("%q leads to %q", evil, to)
		}
		got = s.get("/logga-in?vidare=" + url.QueryEscape(evil)).wants(303)
		if to := got.Header.Get("Location"); to != "/" {
			t.Errorf("signed in already, %q leads to %q", evil, to)
		}
	}
}

// Signed out in the middle of something: nothing is saved, and what has been
// written can be.
func TestSignedOutMeanwhile(t *testing.T) {
	s := locked(t)
	s.signIn("maria", goodPassword).wants(303)
	base := s.system("Kartan")
	page := s.get(base + "/fragor")
	form := page.form(base+"/fragor/drift", "svar", "egen")
	kept := maps.Clone(s.cookies)
	s.post("/logga-ut", nil)
	s.post(base+"/fragor/drift", form).wants(401, "inte inloggad längre", "ny flik")
	r := request(http.MethodPost, base+"/fragor/drift", strings.NewReader(form.Encode()))
	r.Header.Set("HX-Request", "true")
	if got := s.do(r); got.Code != 401 || strings.Contains(got.Body, "<html") {
		t.Errorf("htmx got %d %s", got.Code, got.Body)
	}
	r = request(http.MethodGet, base+"/fraga", nil)
	r.Header.Set("HX-Request", "true")
	if got := s.do(r); got.Code != 401 {
		t.Errorf("htmx got %d: a sign-in page does not fit beside a field", got.Code)
	}
	clear(s.cookies)
	maps.Copy(s.cookies, kept)
	s.signIn("maria", goodPassword).wants(303)
	s.post(base+"/fragor/drift", form).wants(303)
	if v := s.value(base, "fact/drift"); v != `"egen"` {
		t.Errorf("saved %s", v)
	}
}

// Nothing that opens anything is ever in the log.
func TestNoSecretsInTheLog(t *testing.T) {
	s := locked(t)
	token, err := s.db.Invite(context.Background(), "", maria.ID, s.now().Add(time.Hour))
	check(t, err)
	s.get("/inbjudan/" + token)
	s.signIn("maria", "ett felaktigt lösenord")
	s.signIn("maria", goodPassword).wants(303)
	s.get("/logga-in/svar?code=hemlig-kod&state=hemligt-lage")
	s.get("/system?q=hemlig-sokning")
	cookie := s.cookies["__Host-kravverk"]
	s.store.fail(fmt.Errorf("the disk is gone"))
	s.get("/system")
	log := s.log.String()
	for _, secret := range []string{token, "felaktigt", goodPassword, cookie, "hemlig", maria.Name} {
		if strings.Contains(log, secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
	for _, want := range []string{"route=/inbjudan/{token}", "status=422", "sign-in refused", "person=maria", "the disk is gone"} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in the log", want)
		}
	}
}

func TestRequestNumbers(t *testing.T) {
	s := newSite(t)
	seen := map[string]bool{}
	for range 20 {
		id := s.get("/").Header.Get("X-Request-Id")
		if len(id) != 8 || seen[id] || !strings.Contains(s.log.String(), "request="+id) {
			t.Errorf("request %q", id)
		}
		seen[id] = true
	}
}

func TestHealth(t *testing.T) {
	s := locked(t)
	r := request(http.MethodGet, "/healthz", nil)
	r.Host = "10.0.0.1:8080" // whoever watches asks by any name
	if got := s.do(r); got.Code != 200 || strings.TrimSpace(got.Body) != "ok" {
		t.Errorf("got %d %s", got.Code, got.Body)
	}
	check(t, s.db.Close())
	if got := s.do(request(http.MethodGet, "/healthz", nil)); got.Code != http.StatusServiceUnavailable {
		t.Errorf("without a database: %d", got.Code)
	}
	var err error
	s.db, err = store.Open(s.path, time.Now)
	check(t, err)
}

func TestPublicAddress(t *testing.T) {
	s := locked(t)
	for host, want := range map[string]int{"klassa.exempelstad.se": 200, "KLASSA.exempelstad.se": 200, "127.0.0.1:9": 421, "localhost": 421, "klassa.exempelstad.se.ond.example": 421, "klassa.exempelstad.se:444": 421} {
		r := request(http.MethodGet, "/logga-in", nil)
		r.Host = host
		if got := s.do(r); got.Code != want {
			t.Errorf("%s: got %d, want %d", host, got.Code, want)
		}
	}
}

func TestDemoPeople(t *testing.T) {
	s := newSite(t)
	check(t, s.people(engine.Person{ID: "olof", Name: "Olof Nyman"}, "granskare"))
	s.get("/konto").wants(200, "Prova en annan roll", "Olof Nyman, granskare i Exempelstad")
	s.as(engine.Person{ID: "olof"})
	s.get("/").wants(200, "Olof Nyman")
	s.post("/konto/person", url.Values{"person": {"finns-inte"}}).wants(404)
	if !slices.ContainsFunc(web.Roles, func(r web.Role) bool { return r.ID == web.Administrator }) {
		t.Error("there is no administrator to begin with")
	}
	closed := locked(t)
	closed.signIn("maria", goodPassword).wants(303)
	closed.post("/konto/person", url.Values{"person": {johan.ID}}).wants(404)
}
