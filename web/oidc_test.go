package web

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const callback = "https://klassa.exempelstad.se/logga-in/svar"

// realProvider is testdata/oidc, running.
type realProvider struct {
	issuer  string
	mu      sync.Mutex
	secrets []string // all that has been sent and must not be told
}

func startProvider(t *testing.T) *realProvider {
	t.Helper()
	program := filepath.Join(t.TempDir(), "oidc")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = "../testdata/oidc"
	build.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false")
	if out, err := build.CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("no provider to test against: %v\n%s", err, out)
		}
		t.Skipf("NOT TESTED AGAINST A REAL PROVIDER: %v\n%s", err, out)
	}
	type object = map[string]any
	settings, err := json.Marshal(object{
		"redirect": callback,
		"clients": []object{
			{"id": "kravverk", "secret": "hemlig-kravverk"},
			{"id": "annan", "secret": "hemlig-annan"},
			{"id": "delad", "secret": "hemlig-delad", "audience": []string{"kravverk"}},
			{"id": "sen", "secret": "hemlig-sen", "expired": true},
			{"id": "userinfo", "secret": "hemlig-userinfo", "userinfo": []string{"groups"}},
			{"id": "sparsam", "secret": "hemlig-sparsam", "userinfo": []string{"name", "given_name", "family_name", "preferred_username", "groups"}},
		},
		"users": []object{
			{"login": "maria", "password": "x", "sub": "1", "claims": object{"name": "Maria Lind", "preferred_username": "mali", "groups": []string{"klassning", "trafik"}}},
			{"login": "johan", "password": "x", "sub": "2", "claims": object{"given_name": "Johan", "family_name": "Berg", "groups": "trafik"}},
			{"login": "siv", "password": "x", "sub": "3", "claims": object{"name": " ", "preferred_username": "siv1", "groups": 7}},
			{"login": "bo", "password": "x", "sub": "4", "claims": object{"name": 7, "groups": []any{"trafik", 7}}},
			{"login": "alva", "password": "x", "sub": "5", "claims": object{"name": "Alva Ek", "_claim_names": object{"groups": "a"}, "_claim_sources": object{"a": object{"endpoint": "https://x.se"}}}},
			{"login": "ingen", "password": "x", "claims": object{"name": "Ingen", "groups": "trafik"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	run := exec.Command(program, string(settings))
	run.Stderr = os.Stderr
	stdin, err := run.StdinPipe() // it ends when we do, whatever happens
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		if err := run.Wait(); err != nil {
			t.Error(err)
		}
	})
	issuer, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return &realProvider{issuer: strings.TrimSpace(issuer)}
}

func (p *realProvider) secret(values ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range values {
		if x != "" {
			p.secrets = append(p.secrets, x)
		}
	}
}

func (p *realProvider) silentIn(t *testing.T, text string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.secrets {
		if strings.Contains(text, x) || strings.Contains(text, url.QueryEscape(x)) {
			t.Errorf("%q tells the secret %q", text, x)
		}
	}
}

// between is the network from a client to the provider.
type between struct {
	provider *realProvider
	down     bool
	change   func(path string, answer map[string]any) // what the provider answers
	sent     []string                                 // how the client authenticated, with what it sent
}

func (b *between) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.down {
		return nil, errors.New("connection refused")
	}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		b.provider.secret(form.Get("code"), form.Get("code_verifier"), form.Get("client_secret"))
		_, _, basic := r.BasicAuth()
		b.sent = append(b.sent, fmt.Sprintf("basic %t, post %t, verifier %t", basic, form.Has("client_secret"), form.Has("code_verifier")))
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	got, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || b.change == nil && r.Method == http.MethodGet {
		return got, err
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		return nil, err
	}
	answer := map[string]any{}
	if json.Unmarshal(body, &answer) == nil {
		if b.change != nil {
			b.change(r.URL.Path, answer)
		}
		for _, claim := range []string{"access_token", "id_token"} {
			s, _ := answer[claim].(string)
			b.provider.secret(s)
		}
		if body, err = json.Marshal(answer); err != nil {
			return nil, err
		}
	}
	got.Body, got.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return got, nil
}

// client is Kravverk as the provider's client id, with groups in their claim.
func (p *realProvider) client(id string) (*oidcClient, *between) {
	c := newOIDC(Provider{Issuer: p.issuer, ClientID: id, ClientSecret: "hemlig-" + id, Claim: "groups"}, callback)
	network := &between{provider: p}
	c.http.Transport = careful{network}
	c.log = slog.New(slog.DiscardHandler)
	p.secret(c.ClientSecret)
	return c, network
}

var hidden = regexp.MustCompile(`name="id" value="([^"]+)"`)

// walk goes to the provider as a browser, fills in its form, and catches what
// it sends the browser back with. Without a login it presses cancel.
func (p *realProvider) walk(t *testing.T, c *oidcClient, login string) (pendingSignIn, url.Values) {
	t.Helper()
	address, pending, err := c.begin(t.Context(), "/klassning/x?y=z")
	if err != nil {
		t.Fatal(err)
	}
	p.secret(pending.State, pending.Nonce, pending.Verifier)
	form := url.Values{"username": {login}, "password": {"x"}}
	if login == "" {
		form = url.Values{"cancel": {"1"}}
	}
	return pending, p.browse(t, address, form)
}

func (p *realProvider) browse(t *testing.T, address string, form url.Values) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), callback+"?") {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	back := func(got *http.Response, err error) (url.Values, string) {
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		body, err := io.ReadAll(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got.StatusCode != http.StatusFound {
			return nil, string(body)
		}
		to, err := got.Location()
		if err != nil {
			t.Fatal(err)
		}
		p.secret(to.Query().Get("code"))
		return to.Query(), ""
	}
	query, page := back(browser.Get(address))
	if query != nil {
		return query // nobody was asked
	}
	id := hidden.FindStringSubmatch(page)
	if id == nil {
		t.Fatalf("no form at the provider: %s", page)
	}
	form.Set("id", id[1])
	if query, page = back(browser.PostForm(p.issuer+"/login/username", form)); query == nil {
		t.Fatalf("the provider did not send us back: %s", page)
	}
	return query
}

func TestSignInAtProvider(t *testing.T) {
	p := startProvider(t)

	t.Run("request", func(t *testing.T) {
		c, _ := p.client("kravverk")
		address, pending, err := c.begin(t.Context(), "//evil.se")
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		for name, want := range map[string]string{"response_type": "code", "client_id": "kravverk", "redirect_uri": callback, "scope": "openid profile",
			"code_challenge_method": "S256", "state": pending.State, "nonce": pending.Nonce} {
			if q.Get(name) != want {
				t.Errorf("%s is %q, want %q", name, q.Get(name), want)
			}
		}
		if strings.Contains(address, pending.Verifier) || len(q.Get("code_challenge")) != 43 || strings.Contains(address, c.ClientSecret) {
			t.Errorf("asks with %s", address)
		}
		if pending.Next != "/" {
			t.Errorf("goes on to %s", pending.Next)
		}
		_, other, err := c.begin(t.Context(), "/")
		if err != nil || other.State == pending.State || other.Nonce == pending.Nonce || other.Verifier == pending.Verifier || len(other.State) < 22 || len(other.Nonce) < 22 {
			t.Errorf("two sign-ins are alike, or easy to guess: %v", err)
		}
	})

	for _, x := range []struct {
		name, client, login string
		change              func(c *oidcClient, q url.Values, n *between) // before finish
		want                identity
		log                 string
	}{
		{"groups as a list", "kravverk", "maria", nil, identity{p.issuer, "1", "Maria Lind", []string{"klassning", "trafik"}}, ""},
		{"groups as a text, name in two", "kravverk", "johan", nil, identity{p.issuer, "2", "Johan Berg", []string{"trafik"}}, ""},
		{"groups as a number, name blank", "kravverk", "siv", nil, identity{p.issuer, "3", "siv1", nil}, "type=float64"},
		{"a number among the groups, and for a name", "kravverk", "bo", nil, identity{p.issuer, "4", "", nil}, `type="[]interface {}"`},
		{"all in userinfo", "sparsam", "maria", nil, identity{p.issuer, "1", "Maria Lind", []string{"klassning", "trafik"}}, ""},
		{"groups in userinfo", "userinfo", "johan", nil, identity{p.issuer, "2", "Johan Berg", []string{"trafik"}}, ""},
		{"claim nowhere", "userinfo", "maria", func(c *oidcClient, _ url.Values, _ *between) { c.Claim = "roller" }, identity{p.issuer, "1", "Maria Lind", nil}, "type=<nil>"},
		{"name in userinfo, no claim asked for", "sparsam", "johan", func(c *oidcClient, _ url.Values, _ *between) { c.Claim = "" }, identity{p.issuer, "2", "Johan Berg", nil}, ""},
		{"no claim asked for", "kravverk", "maria", func(c *oidcClient, _ url.Values, _ *between) { c.Claim = "" }, identity{p.issuer, "1", "Maria Lind", nil}, ""},
		{"several audiences, ours the party", "delad", "johan", nil, identity{p.issuer, "2", "Johan Berg", []string{"trafik"}}, ""},
		{"issuer told", "kravverk", "johan", func(_ *oidcClient, q url.Values, _ *between) { q.Set("iss", p.issuer) }, identity{p.issuer, "2", "Johan Berg", []string{"trafik"}}, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			c, network := p.client(x.client)
			var log bytes.Buffer
			c.log = slog.New(slog.NewTextHandler(&log, nil))
			pending, query := p.walk(t, c, x.login)
			if x.change != nil {
				x.change(c, query, network)
			}
			got, err := c.finish(t.Context(), pending, query)
			if err != nil {
				t.Fatal(because(err))
			}
			if got.Issuer != x.want.Issuer || got.Subject != x.want.Subject || got.Name != x.want.Name || !slices.Equal(got.Groups, x.want.Groups) {
				t.Errorf("got %+v, want %+v", got, x.want)
			}
			if pending.Next != "/klassning/x?y=z" {
				t.Errorf("goes on to %s", pending.Next)
			}
			if (log.Len() > 0) != (x.log != "") || !strings.Contains(log.String(), x.log) {
				t.Errorf("the log says %q, want %q", log.String(), x.log)
			}
			p.silentIn(t, log.String())
			if want := "basic true, post false, verifier true"; !slices.Equal(network.sent, []string{want}) {
				t.Errorf("the client sent %q", network.sent)
			}
		})
	}

	t.Run("secret by post", func(t *testing.T) {
		c, network := p.client("kravverk")
		network.change = func(path string, answer map[string]any) {
			if strings.HasSuffix(path, "/openid-configuration") {
				answer["token_endpoint_auth_methods_supported"] = []string{"client_secret_post"}
			}
		}
		pending, query := p.walk(t, c, "maria")
		if _, err := c.finish(t.Context(), pending, query); err != nil {
			t.Fatal(because(err))
		}
		if want := "basic false, post true, verifier true"; !slices.Equal(network.sent, []string{want}) {
			t.Errorf("the client sent %q", network.sent)
		}
	})

	t.Run("down at first", func(t *testing.T) {
		c, network := p.client("kravverk")
		network.down = true
		for range 2 {
			_, _, err := c.begin(t.Context(), "/")
			p.refused(t, err, errProviderDown, "connection refused")
		}
		network.down = false
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if _, _, err := c.begin(t.Context(), "/"); err != nil {
					t.Error(because(err))
				}
			})
		}
		all.Wait()
		pending, query := p.walk(t, c, "maria")
		if who, err := c.finish(t.Context(), pending, query); err != nil || who.Subject != "1" {
			t.Errorf("%+v, %v", who, err)
		}
	})

	for _, x := range []struct {
		name, issuer string
		cause        string
	}{
		{"issuer by another name", strings.Replace(p.issuer, "127.0.0.1", "localhost", 1), "did not match"},
		{"no provider there", p.issuer + "/fel", "404"},
		{"in the open", "http://klassa.exempelstad.se", "not https"},
		{"silent", silent(t), "discovery: Get"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := newOIDC(Provider{Issuer: x.issuer, ClientID: "kravverk", ClientSecret: "hemlig-kravverk"}, callback)
			c.http.Timeout = 200 * time.Millisecond
			address, _, err := c.begin(t.Context(), "/")
			p.refused(t, err, errProviderDown, x.cause)
			if address != "" {
				t.Errorf("sent to %s", address)
			}
		})
	}
}

// because is what the log is told of an error.
func because(err error) error {
	if r := (*refusal)(nil); errors.As(err, &r) {
		return r.cause
	}
	return err
}

// silent is an address where nobody answers.
func silent(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return "http://" + listener.Addr().String()
}

// refused holds that err says this to a person and that to the log, and no
// secret to anybody.
func (p *realProvider) refused(t *testing.T, err error, problem *Problem, why string) {
	t.Helper()
	var told *Problem
	if !errors.As(err, &told) || told != problem {
		t.Fatalf("a person is told %v, want %v", err, problem)
	}
	if got := because(err).Error(); got == err.Error() || !strings.Contains(got, why) {
		t.Errorf("the log is told %q, want %q", got, why)
	}
	p.silentIn(t, fmt.Sprintf("%v %+v %#v %v", err, err, told, because(err)))
}

func TestSignInRefusedAtProvider(t *testing.T) {
	p := startProvider(t)
	// stolen is what the provider gave at a whole sign-in of another kind.
	stolen := func(t *testing.T, client, login string) (answer map[string]any, pending pendingSignIn) {
		c, network := p.client(client)
		network.change = func(path string, got map[string]any) {
			if got["id_token"] != nil {
				answer = maps.Clone(got)
			}
		}
		pending, query := p.walk(t, c, login)
		if _, err := c.finish(t.Context(), pending, query); err != nil {
			t.Fatal(because(err))
		}
		return answer, pending
	}
	// instead puts a value in the place of one in an answer of the provider.
	instead := func(n *between, name string, with func(was any) any) {
		n.change = func(_ string, answer map[string]any) {
			if was, ok := answer[name]; ok {
				answer[name] = with(was)
			}
		}
	}
	type attempt struct {
		*testing.T
		client  *oidcClient
		network *between
		pending pendingSignIn
		query   url.Values
	}
	for _, x := range []struct {
		name, client, login string
		change              func(a *attempt) // between the two steps
		problem             *Problem
		cause               string
	}{
		{"state of another", "kravverk", "maria", func(a *attempt) { a.query.Set("state", "A"+a.pending.State[1:]) }, errSignInGone, "state"},
		{"no state", "kravverk", "maria", func(a *attempt) { a.query.Del("state") }, errSignInGone, "state"},
		{"nothing pending", "kravverk", "maria", func(a *attempt) { a.pending = pendingSignIn{}; a.query.Del("state") }, errSignInGone, "state"},
		{"code used twice", "kravverk", "maria", func(a *attempt) {
			if _, err := a.client.finish(a.Context(), a.pending, a.query); err != nil {
				a.Fatal(because(err))
			}
		}, errSignInGone, "invalid_grant"},
		{"no code", "kravverk", "maria", func(a *attempt) { a.query.Del("code") }, errSignInFailed, "invalid_request"},
		{"nonce of another", "kravverk", "maria", func(a *attempt) { _, other, _ := a.client.begin(a.Context(), "/"); a.pending.Nonce = other.Nonce }, errSignInFailed, "nonce"},
		{"no nonce", "kravverk", "maria", func(a *attempt) { a.pending.Nonce = "" }, errSignInFailed, "nonce"},
		{"verifier of another", "kravverk", "maria", func(a *attempt) {
			_, other, _ := a.client.begin(a.Context(), "/")
			a.pending.Verifier = other.Verifier
			p.secret(other.Verifier)
		}, errSignInGone, "invalid_grant"},
		{"no verifier", "kravverk", "maria", func(a *attempt) { a.pending.Verifier = "" }, errSignInFailed, "invalid_request"},
		{"wrong client secret", "kravverk", "maria", func(a *attempt) { a.client.found.Load().oauth.ClientSecret = "gissad"; p.secret("gissad") }, errSignInFailed, "invalid_client"},
		{"token for another client", "kravverk", "maria", func(a *attempt) {
			other, pending := stolen(a.T, "annan", "maria")
			a.pending.Nonce = pending.Nonce
			instead(a.network, "id_token", func(any) any { return other["id_token"] })
		}, errSignInFailed, "audience"},
		{"token for another party", "kravverk", "maria", func(a *attempt) {
			other, pending := stolen(a.T, "delad", "maria")
			a.pending.Nonce = pending.Nonce
			instead(a.network, "id_token", func(any) any { return other["id_token"] })
		}, errSignInFailed, "another party"},
		{"token too old", "sen", "maria", nil, errSignInFailed, "expired"},
		{"token forged", "kravverk", "maria", func(a *attempt) {
			other, _ := stolen(a.T, "kravverk", "johan")
			instead(a.network, "id_token", func(was any) any { // his claims under her signature
				his, hers := strings.Split(other["id_token"].(string), "."), strings.Split(was.(string), ".")
				return his[0] + "." + his[1] + "." + hers[2]
			})
		}, errSignInFailed, "signature"},
		{"token unsigned", "kravverk", "maria", func(a *attempt) {
			instead(a.network, "id_token", func(was any) any { return "eyJhbGciOiJub25lIn0." + strings.Split(was.(string), ".")[1] + "." })
		}, errSignInFailed, "unexpected signature algorithm"},
		{"groups kept elsewhere", "kravverk", "alva", nil, errSignInFailed, "kept elsewhere"},
		{"token about nobody", "kravverk", "ingen", nil, errSignInFailed, "about nobody"},
		{"no token", "kravverk", "maria", func(a *attempt) { instead(a.network, "id_token", func(any) any { return nil }) }, errSignInFailed, "ID token"},
		{"another issuer's answer", "kravverk", "maria", func(a *attempt) { a.query.Set("iss", "https://evil.se") }, errSignInFailed, "another issuer"},
		{"an empty issuer", "kravverk", "maria", func(a *attempt) { a.query.Set("iss", "") }, errSignInFailed, "another issuer"},
		{"issuer promised and not told", "kravverk", "maria", func(a *attempt) {
			a.client.found.Store(nil)
			a.network.change = func(_ string, answer map[string]any) {
				answer["authorization_response_iss_parameter_supported"] = true
			}
		}, errSignInFailed, "another issuer"},
		{"changed her mind", "kravverk", "", nil, errSignInStopped, "access_denied"},
		{"not signed in there", "kravverk", "maria", func(a *attempt) {
			address, pending, err := a.client.begin(a.Context(), "/")
			if err != nil {
				a.Fatal(err)
			}
			a.pending, a.query = pending, p.browse(a.T, address+"&prompt=none", nil)
		}, errSignInFailed, "login_required"},
		{"an error that is not a code", "kravverk", "", func(a *attempt) { a.query.Set("error", "x\nlevel=INFO "+a.pending.Nonce) }, errSignInFailed, "something else"},
		{"busy", "kravverk", "", func(a *attempt) { a.query.Set("error", "temporarily_unavailable") }, errProviderDown, "temporarily_unavailable"},
		{"sent on to another place", "kravverk", "maria", func(a *attempt) {
			endpoint := &a.client.found.Load().oauth.Endpoint
			server := httptest.NewServer(http.RedirectHandler(endpoint.TokenURL, http.StatusTemporaryRedirect))
			a.Cleanup(server.Close)
			endpoint.TokenURL = server.URL
		}, errProviderDown, "server_error"},
		{"down at the second step", "kravverk", "maria", func(a *attempt) { a.network.down = true }, errProviderDown, "connection refused"},
		{"no keys", "kravverk", "maria", func(a *attempt) { instead(a.network, "keys", func(any) any { return []any{} }) }, errSignInFailed, "signature"},
		{"userinfo about another", "userinfo", "maria", func(a *attempt) {
			other, _ := stolen(a.T, "userinfo", "johan")
			instead(a.network, "access_token", func(any) any { return other["access_token"] })
		}, errSignInFailed, "another subject"},
		{"userinfo refused", "userinfo", "maria", func(a *attempt) { instead(a.network, "access_token", func(any) any { return "okänt-märke" }) }, errProviderDown, "401"},
	} {
		t.Run(x.name, func(t *testing.T) {
			a := &attempt{T: t}
			a.client, a.network = p.client(x.client)
			a.pending, a.query = p.walk(t, a.client, x.login)
			if x.change != nil {
				x.change(a)
			}
			before := len(a.network.sent)
			who, err := a.client.finish(t.Context(), a.pending, a.query)
			if n := len(a.network.sent) - before; n > 1 {
				t.Errorf("the code was sent %d times", n)
			}
			p.refused(t, err, x.problem, x.cause)
			if who.Subject != "" || who.Groups != nil {
				t.Errorf("and yet vouches for %+v", who)
			}
		})
	}
}

func TestLocalPath(t *testing.T) {
	for next, want := range map[string]string{
		"/":                          "/",
		"/system":                    "/system",
		"/system/":                   "/system/",
		"/klassning/x?y=z":           "/klassning/x?y=z",
		"/system?q=å ä&lage=klar":    "/system?q=å ä&lage=klar",
		"/fraga?hoppa=nivaer,lagrum": "/fraga?hoppa=nivaer,lagrum",
		"/sok?q=https://x.se//y":     "/sok?q=https://x.se//y",
		`/sok?q=a\b`:                 `/sok?q=a\b`,
		"/enhet/v%C3%A4g#rad-2":      "/enhet/v%C3%A4g#rad-2",
		"/enhet/väg":                 "/enhet/v%C3%A4g",
		"/a:b/@c":                    "/a:b/@c",
		"/sok?q=%0d%0aSet-Cookie:x":  "/sok?q=%0d%0aSet-Cookie:x",

		"":                           "/",
		"system":                     "/",
		"?q=x":                       "/",
		"#x":                         "/",
		"./system":                   "/",
		"//evil":                     "/",
		"///evil":                    "/",
		"////evil":                   "/",
		"//":                         "/",
		"//evil@klassa.se/":          "/",
		"https://evil":               "/",
		"https:evil":                 "/",
		"https:/evil":                "/",
		"HTTPS://klassa.se/system":   "/",
		"javascript:alert(1)":        "/",
		"data:text/html,x":           "/",
		`/\evil`:                     "/",
		`\/evil`:                     "/",
		`\\evil`:                     "/",
		`/x\..\\evil`:                "/",
		"/%5Cevil":                   "/",
		"/%2Fevil":                   "/",
		"/%2F":                       "/",
		"/.//evil":                   "/",
		"/..//evil":                  "/",
		"/x/..//evil":                "/",
		"/x//y":                      "/",
		"/x/../y":                    "/",
		"/%2e%2e/y":                  "/",
		"\t//evil":                   "/",
		"/\t/evil":                   "/",
		"/\n/evil":                   "/",
		" //evil":                    "/",
		" /system":                   "/",
		"/system\r\nSet-Cookie: x=y": "/",
		"/system\x00":                "/",
		"/system\x7f":                "/",
		"/system%7F":                 "/",
		"/%09/evil":                  "/",
		"/x%0d%0ay":                  "/",
		"/%zz":                       "/",
		"/logga-in":                  "/",
		"/logga-in?vidare=/logga-in": "/",
		"/logga-in/konto":            "/",
		"/logga%2Din":                "/",
		"/logga-ut":                  "/",
		"/inloggad":                  "/",
		"/inbjudan/abc":              "/",
	} {
		if got := localPath(next); got != want {
			t.Errorf("%q gives %q, want %q", next, got, want)
		}
	}
}
