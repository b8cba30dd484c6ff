// Command oidc is a small OpenID Connect provider to test sign-in against. It
// is a module of its own, so that the library is no dependency of Kravverk:
//
//	go run . '{"redirect": "http://127.0.0.1:8080/logga-in/svar",
//	    "clients": [{"id": "kravverk", "secret": "hemlig"}],
//	    "users": [{"login": "maria", "password": "x", "sub": "1", "claims": {"name": "Maria", "groups": ["klassning"]}}]}'
//
// The first line that it prints is its issuer, on a free port of the loopback.
// It ends when its standard input does.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"log"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// config is who may sign in, and where.
type config struct {
	Redirect string
	Clients  []client
	Users    []user
}

type client struct {
	ID, Secret string
	Audience   []string // of the ID token, besides the client
	Userinfo   []string // claims that are in userinfo and not in the ID token
	Expired    bool     // its ID tokens are too old when they are issued

	*storage.Client `json:"-"`
}

func (client) IDTokenUserinfoClaimsAssertion() bool { return true }

func (c client) IDTokenLifetime() time.Duration {
	if c.Expired {
		return -time.Hour
	}
	return time.Hour
}

type user struct {
	Login, Password, Sub string
	Claims               map[string]any
}

// provider is the library's example storage, with our clients and users.
type provider struct {
	*storage.Storage
	config
}

func (p provider) GetUserByID(sub string) *storage.User {
	return p.find(func(u user) bool { return u.Sub == sub })
}

func (p provider) GetUserByUsername(login string) *storage.User {
	return p.find(func(u user) bool { return u.Login == login })
}

func (provider) ExampleClientID() string { return "" }

func (p provider) find(match func(user) bool) *storage.User {
	i := slices.IndexFunc(p.Users, match)
	if i < 0 {
		return nil
	}
	return &storage.User{ID: p.Users[i].Sub, Username: p.Users[i].Login, Password: p.Users[i].Password}
}

func (p provider) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	i := slices.IndexFunc(p.Clients, func(c client) bool { return c.ID == id })
	if i < 0 {
		return nil, fmt.Errorf("no client %q", id)
	}
	c := p.Clients[i]
	c.Client = storage.WebClient(c.ID, c.Secret, p.Redirect)
	return c, nil
}

// request is one with the audience of its client.
type request struct {
	op.AuthRequest
	audience []string
}

func (r request) GetAudience() []string { return append(r.AuthRequest.GetAudience(), r.audience...) }

func (p provider) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	r, err := p.Storage.AuthRequestByCode(ctx, code)
	if err != nil {
		return nil, err
	}
	c, err := p.GetClientByClientID(ctx, r.GetClientID())
	if err != nil {
		return nil, err
	}
	return request{r, c.(client).Audience}, nil
}

func (p provider) SetUserinfoFromRequest(ctx context.Context, info *oidc.UserInfo, r op.IDTokenRequest, _ []string) error {
	c, err := p.GetClientByClientID(ctx, r.GetClientID())
	if err != nil {
		return err
	}
	p.describe(info, r.GetSubject())
	for _, claim := range c.(client).Userinfo {
		delete(info.Claims, claim)
	}
	return nil
}

func (p provider) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, tokenID, subject, origin string) error {
	if err := p.Storage.SetUserinfoFromToken(ctx, new(oidc.UserInfo), tokenID, subject, origin); err != nil {
		return err
	}
	p.describe(info, subject)
	return nil
}

func (p provider) describe(info *oidc.UserInfo, sub string) {
	info.Subject = sub
	i := slices.IndexFunc(p.Users, func(u user) bool { return u.Sub == sub })
	if i >= 0 {
		info.Claims = maps.Clone(p.Users[i].Claims)
	}
}

var form = template.Must(template.New("").Parse(`<!doctype html><title>Logga in</title>
<form method="post" action="/login/username"><input type="hidden" name="id" value="{{.}}">
<input name="username"> <input name="password" type="password">
<button>Logga in</button> <button name="cancel" value="1">Avbryt</button></form>`))

func main() {
	slog.SetLogLoggerLevel(slog.LevelError)
	slog.SetDefault(slog.New(slog.DiscardHandler))
	p := provider{}
	if len(os.Args) != 2 {
		log.Fatal("give one argument, the settings as JSON")
	}
	if err := json.Unmarshal([]byte(os.Args[1]), &p.config); err != nil {
		log.Fatal(err)
	}
	clients := map[string]*storage.Client{}
	for _, c := range p.Clients {
		clients[c.ID] = storage.WebClient(c.ID, c.Secret, p.Redirect)
	}
	p.Storage = storage.NewStorageWithClients(p, clients)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	issuer := "http://" + listener.Addr().String()
	server, err := op.NewProvider(&op.Config{CodeMethodS256: true, AuthMethodPost: true}, p, op.StaticIssuer(issuer), op.WithAllowInsecure())
	if err != nil {
		log.Fatal(err)
	}
	back := op.AuthCallbackURL(server)
	mux := http.NewServeMux()
	mux.Handle("/", server)
	mux.HandleFunc("GET /login/username", func(w http.ResponseWriter, r *http.Request) {
		form.Execute(w, r.FormValue("authRequestID"))
	})
	mux.Handle("POST /login/username", op.NewIssuerInterceptor(server.IssuerFromRequest).HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.FormValue("id")
		if r.FormValue("cancel") != "" {
			asked, err := p.AuthRequestByID(r.Context(), id)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			op.AuthRequestError(w, r, asked, oidc.ErrAccessDenied(), server)
			return
		}
		if err := p.CheckUsernamePassword(r.FormValue("username"), r.FormValue("password"), id); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		http.Redirect(w, r, back(r.Context(), id), http.StatusFound)
	}))
	go func() { log.Fatal(http.Serve(listener, mux)) }()
	fmt.Println(issuer)
	io.Copy(io.Discard, os.Stdin)
}
