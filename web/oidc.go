package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Provider is a sign-in of the city's own, by OpenID Connect.
type Provider struct {
	Name         string // on the button: "Logga in med Exempelstads konto"
	Issuer       string // to the letter as the provider writes it
	ClientID     string
	ClientSecret string
	Claim        string // the claim that holds groups; "" for none
}

// How long the provider has to answer: each call, and all those of one step.
const providerPatience = 10 * time.Second

// oidcClient signs people in at the provider. What it knows of the provider is
// asked for at the first sign-in, and again when that failed: the provider may
// be down when we start. It serves many goroutines.
type oidcClient struct {
	Provider
	redirect string
	http     *http.Client
	log      *slog.Logger
	found    atomic.Pointer[discovered]
}

// discovered is what the provider tells of itself.
type discovered struct {
	*oidc.Provider
	oauth  oauth2.Config
	signed bool // its answers name the issuer (RFC 9207)
}

func newOIDC(p Provider, redirectURL string) *oidcClient {
	return &oidcClient{Provider: p, redirect: redirectURL, log: slog.Default(), http: &http.Client{
		Transport:     careful{http.DefaultTransport.(*http.Transport).Clone()},
		Timeout:       providerPatience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a code goes where it was meant to, or nowhere
	}}
}

// careful keeps secrets from the open network, and what the provider says when
// it refuses from our log: it may repeat what it was sent.
type careful struct{ http.RoundTripper }

func (c careful) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && !localHost(r.URL.Host) {
		return nil, errors.New("not https")
	}
	got, err := c.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if r.Method == http.MethodGet && got.StatusCode != http.StatusOK {
		got.Body.Close()
		got.Body = http.NoBody
	}
	got.Body = http.MaxBytesReader(nil, got.Body, 1<<20)
	return got, nil
}

// pendingSignIn is what is kept, out of sight, between sending a browser away
// and its coming back. It is used once. Invited is the person whose invitation
// it is for; "" when it is for none.
type pendingSignIn struct{ State, Nonce, Verifier, Next, Invited string }

// identity is somebody that the provider has vouched for. Who it is, is the
// issuer and the subject; the name is for people, and empty when the provider
// has none to give.
type identity struct {
	Issuer, Subject, Name string
	Groups                []string
}

// refusal is a problem for people with its cause for the log.
type refusal struct {
	*Problem
	cause error
}

func (r *refusal) Unwrap() []error { return []error{r.Problem, r.cause} }

func (c *oidcClient) discover(ctx context.Context) (*discovered, error) {
	if d := c.found.Load(); d != nil {
		return d, nil
	}
	p, err := oidc.NewProvider(ctx, c.Issuer)
	if err != nil {
		return nil, &refusal{errProviderDown, fmt.Errorf("discovery: %w", err)}
	}
	var more struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
		Signed  bool     `json:"authorization_response_iss_parameter_supported"`
	}
	if err := p.Claims(&more); err != nil {
		return nil, &refusal{errProviderDown, fmt.Errorf("discovery: %w", err)}
	}
	endpoint := p.Endpoint()
	// Chosen, since the library finds out by trying, and a code is for one try.
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if c.ClientSecret == "" || len(more.Methods) > 0 && !slices.Contains(more.Methods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	d := &discovered{p, oauth2.Config{ClientID: c.ClientID, ClientSecret: c.ClientSecret, Endpoint: endpoint, RedirectURL: c.redirect, Scopes: []string{oidc.ScopeOpenID, "profile"}}, more.Signed}
	c.found.Store(d)
	return d, nil
}

// bounded gives the calls to the provider our client and an end.
func (c *oidcClient) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(oidc.ClientContext(ctx, c.http), providerPatience)
}

// begin gives the address to send a browser to, and what to keep until it
// comes back. next is where to go then.
func (c *oidcClient) begin(ctx context.Context, next string) (string, pendingSignIn, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	d, err := c.discover(ctx)
	if err != nil {
		return "", pendingSignIn{}, err
	}
	pending := pendingSignIn{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Next: localPath(next)}
	return d.oauth.AuthCodeURL(pending.State, oidc.Nonce(pending.Nonce), oauth2.S256ChallengeOption(pending.Verifier)), pending, nil
}

// finish takes what the browser came back with, and gives whom the provider
// vouches for. Every error is a *Problem, and holds no secret.
func (c *oidcClient) finish(ctx context.Context, pending pendingSignIn, query url.Values) (identity, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	refuse := func(p *Problem, format string, args ...any) (identity, error) {
		return identity{}, &refusal{p, fmt.Errorf(format, args...)}
	}
	if !same(pending.State, query.Get("state")) {
		return refuse(errSignInGone, "the state is another")
	}
	d, err := c.discover(ctx)
	if err != nil {
		return identity{}, err
	}
	if (d.signed || query.Has("iss")) && query.Get("iss") != c.Issuer { // RFC 9207
		return refuse(errSignInFailed, "the answer is from another issuer")
	}
	if query.Has("error") {
		return identity{}, toldRefusal(query.Get("error"))
	}
	token, err := d.oauth.Exchange(ctx, query.Get("code"), oauth2.VerifierOption(pending.Verifier))
	if told := (*oauth2.RetrieveError)(nil); errors.As(err, &told) {
		return identity{}, toldRefusal(cmp.Or(told.ErrorCode, "server_error"))
	} else if err != nil {
		return refuse(errProviderDown, "the code could not be exchanged: %w", err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := d.Verifier(&oidc.Config{ClientID: c.ClientID}).Verify(ctx, raw)
	if err != nil {
		return refuse(errSignInFailed, "the ID token: %w", err)
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return refuse(errSignInFailed, "the claims: %w", err)
	}
	text := func(name string) string { s, _ := claims[name].(string); return strings.TrimSpace(s) }
	name := func() string {
		return cmp.Or(text("name"), strings.TrimSpace(text("given_name")+" "+text("family_name")), text("preferred_username"))
	}
	switch party, ok := claims["azp"]; {
	case !same(pending.Nonce, id.Nonce):
		return refuse(errSignInFailed, "the nonce is another")
	case (ok || len(id.Audience) > 1) && party != c.ClientID:
		return refuse(errSignInFailed, "the ID token is for another party")
	case id.Subject == "":
		return refuse(errSignInFailed, "the ID token is about nobody")
	}
	if _, ok := claims[c.Claim]; (c.Claim != "" && !ok || name() == "") && d.UserInfoEndpoint() != "" {
		info, err := d.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return refuse(errProviderDown, "userinfo: %w", err)
		}
		if info.Subject != id.Subject {
			return refuse(errSignInFailed, "userinfo is about another subject")
		}
		more := map[string]any{}
		if err := info.Claims(&more); err != nil {
			return refuse(errSignInFailed, "userinfo: %w", err)
		}
		for name, v := range more {
			if _, ok := claims[name]; !ok {
				claims[name] = v
			}
		}
	}
	if elsewhere, ok := claims["_claim_names"].(map[string]any); ok && c.Claim != "" && elsewhere[c.Claim] != nil {
		// Somebody in too many groups to list. Which they are is not known, and that is not none.
		return refuse(errSignInFailed, "the groups are kept elsewhere: let the provider send only those that Kravverk uses")
	}
	who := identity{Issuer: c.Issuer, Subject: id.Subject, Name: name()}
	if c.Claim != "" {
		var ok bool
		if who.Groups, ok = groupsOf(claims[c.Claim]); !ok {
			c.log.Error("no groups to read: no roles by groups", "claim", c.Claim, "type", fmt.Sprintf("%T", claims[c.Claim]))
		}
	}
	return who, nil
}

// same compares in a time that tells nothing. Nothing is like what is empty.
func same(kept, got string) bool {
	return kept != "" && subtle.ConstantTimeCompare([]byte(kept), []byte(got)) == 1
}

var errorCode = regexp.MustCompile(`^[a-z_]{1,40}$`)

// toldRefusal is what the provider's error code means. Whatever else it says
// is kept out of the log: it may hold anything.
func toldRefusal(code string) error {
	p := errSignInFailed
	switch code {
	case "access_denied":
		p = errSignInStopped
	case "invalid_grant": // the code is used, or too old
		p = errSignInGone
	case "server_error", "temporarily_unavailable":
		p = errProviderDown
	}
	if !errorCode.MatchString(code) {
		code = "something else than a code"
	}
	return &refusal{p, errors.New("the provider answered " + code)}
}

// groupsOf reads a claim that is a text or a list of texts.
func groupsOf(v any) (groups []string, ok bool) {
	switch v := v.(type) {
	case string:
		return []string{v}, true
	case []any:
		for _, x := range v {
			s, ok := x.(string)
			if !ok {
				return nil, false
			}
			groups = append(groups, s)
		}
		return groups, true
	}
	return nil, false
}

// localPath is where to go after signing in: a page of ours, or the start when
// what is asked for is anything else.
func localPath(next string) string {
	const start = "/"
	u, err := url.Parse(next)
	if err != nil || u.Host != "" || !strings.HasPrefix(next, "/") {
		return start
	}
	if clean := path.Clean(u.Path); u.Path != clean && u.Path != clean+"/" || strings.Contains(u.Path, "//") || strings.ContainsFunc(u.Path, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
		return start // browsers read dots, doubled slashes and backslashes in ways of their own
	}
	if slices.ContainsFunc([]string{"/logga-", "/inbjudan", "/inloggad"}, func(p string) bool { return strings.HasPrefix(u.Path, p) }) {
		return start
	}
	return u.String()
}
