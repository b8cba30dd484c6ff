package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Provider is a sign-in of the city's own, by OpenID Connect.
type Provider struct {
	Name         string // the text of the button
	Issuer       string
	ClientID     string
	ClientSecret string
	Claim        string // the claim that holds groups; "" for none
}

// How long the provider has to answer.
const providerPatience = 10 * time.Second

// oidcClient signs people in at the provider. What it knows of the provider is
// asked for at the first sign-in, and again when that failed: the provider may
// be down when we start.
type oidcClient struct {
	Provider
	redirect string
	http     *http.Client

	mu    sync.Mutex
	found *oidc.Provider
}

func newOIDC(p Provider, redirectURL string) *oidcClient {
	return &oidcClient{Provider: p, redirect: redirectURL, http: &http.Client{Timeout: providerPatience}}
}

// pendingSignIn is what is kept between sending a browser away and its coming
// back. It is used once.
type pendingSignIn struct{ State, Nonce, Verifier, Next string }

// identity is somebody that the provider has vouched for. Who it is, is the
// issuer and the subject; the name is for people.
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

func (c *oidcClient) provider(ctx context.Context) (*oidc.Provider, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.found != nil {
		return c.found, nil
	}
	// The keys are fetched later with this context, so it outlives the request.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), c.http), c.Issuer)
	if err != nil {
		return nil, &refusal{errProviderDown, fmt.Errorf("discovery: %w", err)}
	}
	c.found = found
	return found, nil
}

func (c *oidcClient) config(p *oidc.Provider) oauth2.Config {
	return oauth2.Config{ClientID: c.ClientID, ClientSecret: c.ClientSecret, Endpoint: p.Endpoint(), RedirectURL: c.redirect, Scopes: []string{oidc.ScopeOpenID, "profile", "email"}}
}

// begin gives the address to send a browser to, and what to keep until it
// comes back. next is where to go then, a path of ours.
func (c *oidcClient) begin(ctx context.Context, next string) (string, pendingSignIn, error) {
	p, err := c.provider(ctx)
	if err != nil {
		return "", pendingSignIn{}, err
	}
	pending := pendingSignIn{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Next: next}
	config := c.config(p)
	return config.AuthCodeURL(pending.State, oidc.Nonce(pending.Nonce), oauth2.S256ChallengeOption(pending.Verifier)), pending, nil
}

// finish takes what the browser came back with, and gives whom the provider
// vouches for. Every error is a *Problem, and holds no secret.
func (c *oidcClient) finish(ctx context.Context, pending pendingSignIn, query url.Values) (identity, error) {
	refuse := func(p *Problem, format string, args ...any) (identity, error) {
		return identity{}, &refusal{p, fmt.Errorf(format, args...)}
	}
	if pending.State == "" || subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(pending.State)) != 1 {
		return refuse(errSignInGone, "the state is another")
	}
	if issuer := query.Get("iss"); issuer != "" && issuer != c.Issuer { // RFC 9207
		return refuse(errSignInFailed, "the answer is from another issuer")
	}
	switch problem := query.Get("error"); problem {
	case "":
	case "access_denied":
		return refuse(errSignInStopped, "the person said no")
	default:
		return refuse(errSignInFailed, "the provider answered %.60q", problem)
	}
	p, err := c.provider(ctx)
	if err != nil {
		return identity{}, err
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, c.http), providerPatience)
	defer cancel()
	config := c.config(p)
	token, err := config.Exchange(ctx, query.Get("code"), oauth2.VerifierOption(pending.Verifier))
	if err != nil {
		var told *oauth2.RetrieveError
		if errors.As(err, &told) {
			return refuse(errSignInFailed, "the provider refused the code with %.60q", told.ErrorCode)
		}
		return refuse(errSignInFailed, "the code could not be exchanged (%T)", err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return refuse(errSignInFailed, "no ID token")
	}
	id, err := p.Verifier(&oidc.Config{ClientID: c.ClientID}).Verify(ctx, raw)
	if err != nil {
		return refuse(errSignInFailed, "the ID token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(pending.Nonce)) != 1 {
		return refuse(errSignInFailed, "the nonce is another")
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return refuse(errSignInFailed, "the claims: %w", err)
	}
	text := func(name string) string { s, _ := claims[name].(string); return strings.TrimSpace(s) }
	if party := text("azp"); party != "" && party != c.ClientID || party == "" && len(id.Audience) > 1 {
		return refuse(errSignInFailed, "the ID token is for another party")
	}
	groups, told := claims[c.Claim]
	if told = told && c.Claim != ""; (!told && c.Claim != "" || text("name") == "") && p.UserInfoEndpoint() != "" {
		info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return refuse(errSignInFailed, "userinfo: %T", err)
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
		groups = claims[c.Claim]
	}
	name := cmp.Or(text("name"), strings.TrimSpace(text("given_name")+" "+text("family_name")), text("preferred_username"))
	return identity{id.Issuer, id.Subject, name, groupsOf(groups)}, nil
}

// groupsOf reads a claim that is a text or a list of texts. Anything else is
// no group.
func groupsOf(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, x := range v {
			if s, ok := x.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// localPath is where to go after signing in: a page of ours, or the start when
// what is asked for is anything else.
func localPath(next string) string {
	const start = "/"
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\") || strings.ContainsFunc(next, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return start
	}
	u, err := url.Parse(next)
	if err != nil || u.Host != "" || u.Scheme != "" || strings.HasPrefix(u.Path, "//") {
		return start
	}
	if slices.ContainsFunc([]string{"/logga-", "/inbjudan", "/inloggad"}, func(p string) bool { return strings.HasPrefix(u.Path, p) }) {
		return start
	}
	return next
}
