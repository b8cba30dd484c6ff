package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/store"
	"github.com/kravverk/kravverk/web"
)

// realProvider builds and starts the provider of testdata/oidc, for a program
// at the address, and gives its issuer.
func realProvider(t *testing.T, address string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "oidc")
	build := exec.Command("go", "build", "-o", bin, ".")
	build.Dir = "../../testdata/oidc"
	if out, err := build.CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the provider does not build: %v\n%s", err, out)
		}
		t.Skipf("NOT TESTED against a real provider: it cannot be built here: %v\n%s", err, out)
	}
	settings, err := json.Marshal(map[string]any{
		"redirect": address + "/logga-in/svar",
		"clients":  []map[string]any{{"id": "kravverk", "secret": "klienthemlighet"}},
		"users": []map[string]any{
			{"login": "maria", "password": "m", "sub": "1001", "claims": map[string]any{"name": "Maria Lindqvist", "groups": []string{"krav-trafik"}}},
			{"login": "bo", "password": "b", "sub": "1002", "claims": map[string]any{"name": "Bo Ek"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	run := exec.Command(bin, string(settings))
	in, err := run.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); run.Wait() })
	issuer, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(issuer)
}

// surfer is a browser without JavaScript.
type surfer struct {
	t *testing.T
	http.Client
}

func newSurfer(t *testing.T) *surfer {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &surfer{t, http.Client{Jar: jar, Timeout: 20 * time.Second}}
}

func (s *surfer) read(r *http.Response, err error) (status int, address, body string) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.StatusCode, r.Request.URL.String(), string(data)
}

// signIn goes to an address of ours that leads to the provider's form, and
// fills that in.
func (s *surfer) signIn(from, login, password string) (status int, address, body string) {
	s.t.Helper()
	_, at, form := s.read(s.Get(from))
	return s.fill(at, form, login, password)
}

func (s *surfer) fill(at, form, login, password string) (status int, address, body string) {
	s.t.Helper()
	action := regexp.MustCompile(`action="([^"]*)"`).FindStringSubmatch(form)
	id := regexp.MustCompile(`name="id" value="([^"]*)"`).FindStringSubmatch(form)
	if action == nil || id == nil {
		s.t.Fatalf("no form of the provider at %s:\n%s", at, form)
	}
	base, err := url.Parse(at)
	if err != nil {
		s.t.Fatal(err)
	}
	to, err := base.Parse(action[1])
	if err != nil {
		s.t.Fatal(err)
	}
	return s.read(s.PostForm(to.String(), url.Values{"id": {id[1]}, "username": {login}, "password": {password}}))
}

// The whole way: a new person without a role, a role by her group, an
// invitation that ties an identity to an account, a person disabled.
func TestSignInAtTheProvider(t *testing.T) {
	// The provider must know the address before the server that needs the
	// provider has one, so what people visit is a proxy that is there first.
	var behind *url.URL
	front := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(behind)
		r.Out.Host = r.In.Host
	}})
	defer front.Close()
	home := front.URL
	issuer := realProvider(t, home)

	ctx := t.Context()
	file := filepath.Join(t.TempDir(), "k.db")
	secret := filepath.Join(t.TempDir(), "hemlighet")
	if err := os.WriteFile(secret, []byte("klienthemlighet\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(file, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	trafik, err := db.SaveUnit(ctx, "", engine.Unit{Parent: store.TopUnit, Title: "Trafikkontoret", Kind: engine.Administration})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.SetClaimGrant(ctx, "", engine.ClaimGrant{Group: "krav-trafik", Unit: trafik.ID, Role: "systemagare"}, true); err != nil {
		t.Fatal(err)
	}

	var log bytes.Buffer
	stopped, stop := context.WithCancel(ctx)
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- runServer(stopped, env{strings.NewReader(""), io.Discard, &log}, served{addr: "127.0.0.1:0", db: file, url: home, oidcSecretFile: secret,
			oidc: web.Provider{Issuer: issuer, ClientID: "kravverk", Claim: "groups", Name: "Logga in med stadens konto"}}, func(a string) { ready <- a })
	}()
	select {
	case at := <-ready:
		behind = &url.URL{Scheme: "http", Host: at}
	case err := <-done:
		t.Fatal(err)
	}

	maria := newSurfer(t)
	if _, _, body := maria.read(maria.Get(home + "/system?q=x")); !strings.Contains(body, "Logga in med stadens konto") {
		t.Fatalf("no way to the provider in\n%s", body)
	}
	status, at, body := maria.signIn(home+"/logga-in/konto?vidare=%2Fsystem%3Fq%3Dx", "maria", "m")
	if status != 200 || at != home+"/system?q=x" || !strings.Contains(body, "Maria Lindqvist") {
		t.Fatalf("after signing in: %d %s\n%s", status, at, body)
	}
	if _, _, body := maria.read(maria.Get(home + "/konto")); !strings.Contains(body, "Systemägare") || !strings.Contains(body, "Genom gruppen krav-trafik") || strings.Contains(body, "Byt lösenord") {
		t.Errorf("her account:\n%s", body)
	}
	if status, _, _ := maria.read(maria.Get(home + "/system/nytt")); status != 200 {
		t.Errorf("a system owner may not begin a classification: %d", status)
	}

	// The same answer again, and one to nobody's question, are refused.
	if status, _, body := maria.read(maria.Get(home + "/logga-in/svar?code=x&state=y")); status != 400 || !strings.Contains(body, "Börja om") {
		t.Errorf("an answer to nothing: %d", status)
	}

	// Bo has been invited before he has ever signed in.
	account, err := db.AddAccount(ctx, "", engine.Account{Person: engine.Person{Name: "Bo Ek"}, Grants: []engine.Grant{{Unit: store.TopUnit, Role: "granskare"}}})
	if err != nil {
		t.Fatal(err)
	}
	token, err := db.Invite(ctx, "", account.ID, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	bo := newSurfer(t)
	if _, _, body := bo.read(bo.Get(home + "/inbjudan/" + token)); !strings.Contains(body, "Logga in med stadens konto") || strings.Contains(body, "Välj ett lösenord") {
		t.Errorf("his invitation:\n%s", body)
	}
	if status, at, body := bo.signIn(home+"/inbjudan/"+token+"/konto", "bo", "b"); status != 200 || at != home+"/logga-in/knyt" || !strings.Contains(body, "Är det du?") {
		t.Fatalf("after the invitation: %d %s", status, at)
	}
	if got, err := db.Account(ctx, account.ID); err != nil || got.Subject != "" {
		t.Errorf("tied before he has said that it is he: %+v %v", got, err)
	}
	if status, at, _ := bo.read(bo.PostForm(home+"/logga-in/knyt", url.Values{"svar": {"ja"}})); status != 200 || at != home+"/" {
		t.Errorf("after saying yes: %d %s", status, at)
	}
	if status, _, _ := bo.read(bo.PostForm(home+"/logga-in/knyt", url.Values{"svar": {"ja"}})); status != 400 {
		t.Errorf("tied twice: %d", status)
	}
	if account, err = db.Account(ctx, account.ID); err != nil || account.Subject != "1002" || account.Issuer != issuer {
		t.Errorf("%+v %v", account, err)
	}
	if _, _, body := bo.read(bo.Get(home + "/konto")); !strings.Contains(body, "Granskare") {
		t.Errorf("his account:\n%s", body)
	}

	if err := db.SetDisabled(ctx, "", account.ID, true); err != nil {
		t.Fatal(err)
	}
	if _, at, _ := bo.read(bo.Get(home + "/")); !strings.HasPrefix(at, home+"/logga-in") {
		t.Errorf("disabled, and still at %s", at)
	}
	if status, _, body := newSurfer(t).signIn(home+"/logga-in/konto", "bo", "b"); status != 403 || !strings.Contains(body, "avstängt") {
		t.Errorf("disabled, and signs in again: %d", status)
	}

	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	for _, secret := range []string{"klienthemlighet", token, "code=", "state=", "Maria"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q is in the log:\n%s", secret, log.String())
		}
	}
}
