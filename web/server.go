// Package web is the face of Kravverk: pages and forms over the engine.
//
// Every page is one struct, one template and one file; templates render to a
// buffer, so that a page is whole or an error. Handlers return errors and one
// funnel answers. Every form works without JavaScript: a POST saves and
// redirects. Where JavaScript runs, htmx swaps the same fragments in place.
package web

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
)

// Config is what a server needs from outside.
type Config struct {
	Store    Store
	Catalogs func() Loaded
	Person   engine.Person // who uses the tool; there is no login yet
	Demo     bool
	Now      func() time.Time
	Location *time.Location // for times on screen
	Log      *slog.Logger
}

type server struct {
	Config
	library library
	pages   pages
	assets  assets
	sums    sync.Map // classification id → summary, for the lists
}

//go:embed templates static
var files embed.FS

// New makes the handler. It fails only when a template or an asset is broken.
func New(c Config) (http.Handler, error) {
	s := &server{Config: c}
	s.library = library{current: c.Catalogs, store: c.Store, old: map[string]*catalog.Catalog{}}
	var err error
	if s.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if s.pages, err = loadPages(s.assets); err != nil {
		return nil, err
	}
	return s.routes(), nil
}

// routes is every address there is.
func (s *server) routes() http.Handler {
	r := chi.NewRouter()
	r.Use(s.guard, s.recoverer)
	get := func(path string, h handler) { r.Get(path, s.handle(h)) }
	post := func(path string, h handler) { r.Post(path, s.handle(h)) }

	get("/", s.start)
	get("/system", s.systems)
	get("/system/nytt", s.newSystem)
	post("/system/nytt", s.newSystemStop)
	get("/system/nytt/uppgifter", s.newSystemForm)
	post("/system", s.createSystem)
	get("/system/{system}", s.system)

	get("/klassning/{id}", s.tasks)
	post("/klassning/{id}/klart/{section}", s.saveDone)
	get("/klassning/{id}/stopp", s.stop)
	post("/klassning/{id}/stopp", s.saveStop)
	get("/klassning/{id}/fraga", s.ask)
	get("/klassning/{id}/fragor", s.questions)
	get("/klassning/{id}/fragor/alla", s.allQuestions)
	post("/klassning/{id}/fragor/{fact}", s.saveFact)
	get("/klassning/{id}/information", s.information)
	get("/klassning/{id}/information/ny", s.newInformation)
	post("/klassning/{id}/information", s.addInformation)
	get("/klassning/{id}/information/{n}", s.editInformation)
	post("/klassning/{id}/information/{n}", s.saveInformation)
	get("/klassning/{id}/hojning", s.raise)
	post("/klassning/{id}/hojning", s.saveRaise)
	get("/klassning/{id}/lagrum", s.laws)
	post("/klassning/{id}/lagrum", s.saveLaws)
	get("/klassning/{id}/krav", s.requirements)
	get("/klassning/{id}/krav/{krav}", s.requirement)
	post("/klassning/{id}/krav/{area}", s.saveReviewed)
	get("/klassning/{id}/prova", s.whatif)
	get("/klassning/{id}/kravbilaga", s.export)
	get("/klassning/{id}/kravbilaga.xlsx", s.downloadRequirements)
	get("/klassning/{id}/motivering.xlsx", s.downloadJustification)

	get("/kataloger", s.catalogs)
	get("/kataloger/{catalog}", s.catalog)
	get("/krav/{krav}", s.rule)
	get("/lagrum", s.lawShelf)
	get("/lagrum/{lag}", s.law)
	get("/kartotek", s.practices)
	get("/kartotek/{blad}", s.practice)
	get("/tackning", s.coverage)
	get("/tackning.xlsx", s.downloadCoverage)
	get("/tackning/{regelverk}", s.framework)
	get("/provfall", s.cases)
	get("/provfall/{fall}", s.oneCase)
	get("/sok", s.search)
	get("/tillganglighet", s.accessibility)
	get("/uppgifter", s.privacy)

	r.Get("/halsa", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	r.Get("/static/{file}", s.assets.serve)
	r.NotFound(s.handle(func(http.ResponseWriter, *http.Request) error { return errNotFound }))
	r.MethodNotAllowed(s.handle(func(http.ResponseWriter, *http.Request) error { return errNotFound }))
	return r
}

// handler answers one request, or returns an error for the funnel.
type handler func(http.ResponseWriter, *http.Request) error

// Problem is an error with text for people; only such text reaches them.
type Problem struct {
	Status int
	Title  string
	Text   string
	Link   string // where to go, with LinkText
	Label  string
}

func (p *Problem) Error() string { return p.Title }

func (s *server) handle(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	}
}

// sentence is an error that carries a sentence for people, as the store's do.
type sentence interface{ ForPeople() string }

// fail is the funnel: every error ends here.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var p *Problem
	var tooBig *http.MaxBytesError
	var told sentence
	switch {
	case errors.As(err, &p):
	case errors.Is(err, engine.ErrNotFound):
		p = errNotFound
	case conflict(err) != nil:
		p = errConflict
	case errors.As(err, &tooBig):
		p = errTooBig
	case errors.Is(err, context.Canceled):
		return
	case errors.As(err, &told):
		s.Log.Error("store", "path", r.URL.Path, "err", err)
		p = &Problem{Status: http.StatusServiceUnavailable, Title: errStore.Title, Text: told.ForPeople(), Link: r.URL.Path, Label: errStore.Label}
	default:
		number := make([]byte, 3)
		rand.Read(number)
		id := strings.ToUpper(hex.EncodeToString(number))
		s.Log.Error("failed", "number", id, "method", r.Method, "path", r.URL.Path, "err", err)
		p = internal(id, r.URL.Path)
	}
	if fromHTMX(r) {
		// A page does not fit beside a field: the script says it there.
		http.Error(w, p.Title+". "+p.Text, p.Status)
		return
	}
	data := problemPage{page: s.page(p.Title, ""), Problem: *p}
	if e := s.render(w, p.Status, "problem", data); e != nil {
		s.Log.Error("problem page", "err", e)
		http.Error(w, p.Title+". "+p.Text, p.Status)
	}
}

type problemPage struct {
	page
	Problem Problem
}

// guard sets the security headers, holds requests to this machine's own names
// and refuses posts from other sites.
func (s *server) guard(next http.Handler) http.Handler {
	csrf := http.NewCrossOriginProtection()
	csrf.SetDenyHandler(s.handle(func(http.ResponseWriter, *http.Request) error { return errOtherSite }))
	inner := csrf.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		// Without a login the tool answers this machine alone; a name that
		// merely resolves to it is another site's (DNS rebinding).
		if !localHost(r.Host) {
			s.fail(w, r, errHost)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		inner.ServeHTTP(w, r)
	})
}

func localHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	host = strings.Trim(host, "[]")
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (s *server) recoverer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil {
				if v == http.ErrAbortHandler {
					panic(v)
				}
				s.fail(w, r, fmt.Errorf("panic: %v", v))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// parseForm reads the form; one that cannot be read is the sender's mistake.
func parseForm(r *http.Request) error {
	err := r.ParseForm()
	var tooBig *http.MaxBytesError
	if err != nil && !errors.As(err, &tooBig) {
		return errForm
	}
	return err
}

// named finds the thing that a part of the address names.
func named[T any](r *http.Request, part string, all []T, id func(T) string) (T, error) {
	for _, x := range all {
		if id(x) == chi.URLParam(r, part) {
			return x, nil
		}
	}
	var none T
	return none, errNotFound
}

// seeOther redirects after a POST.
func seeOther(w http.ResponseWriter, r *http.Request, url string) error {
	http.Redirect(w, r, url, http.StatusSeeOther)
	return nil
}

// fromHTMX tells whether htmx asks, and so wants a fragment.
func fromHTMX(r *http.Request) bool { return r.Header.Get("HX-Request") == "true" }

// token is a key for one rendering of a form, so that a double post is no
// conflict.
func token() string {
	b := make([]byte, 12)
	rand.Read(b)
	return hex.EncodeToString(b)
}
