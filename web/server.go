// Package web is the face of Kravverk: pages and forms over the engine.
//
// Every page is one struct, one template and one file; templates render to a
// buffer, so that a page is whole or an error. Handlers return errors and one
// funnel answers. Every form works without JavaScript: a POST saves and
// redirects. Where JavaScript runs, htmx swaps the same fragments in place.
package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
)

// Config is what a server needs from outside.
type Config struct {
	Store    Store
	Catalogs func() Loaded
	Demo     string         // the person to be until another is chosen: no login; "" with login
	URL      *url.URL       // where people reach us; nil: on this machine alone
	Proxy    []netip.Prefix // those whose X-Forwarded-For is believed; others may then not ask at all
	Provider *Provider      // the city's own sign-in, which needs the URL; nil when there is none
	Backups  Backups        // nil when none are set up
	Database string         // where it is, for who runs the service
	Now      func() time.Time
	Location *time.Location // for times on screen
	Log      *slog.Logger
}

type server struct {
	Config
	library  library
	pages    pages
	assets   assets
	sums     sync.Map // classification id → summary, for the lists
	sessions *scs.SessionManager
	oidc     *oidcClient // nil without a provider
	permits  map[string]permit

	lastLeave sync.Mutex // while somebody's leave to administer is taken away
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
	s.sessions = s.newSessions()
	if c.Provider != nil {
		s.oidc = newOIDC(*c.Provider, s.address("/logga-in/svar"))
		s.oidc.log = s.Log
	}
	return s.routes(), nil
}

// address is a page's whole address, for those outside; the path alone where
// there are none.
func (s *server) address(path string) string {
	if s.URL == nil {
		return path
	}
	return s.URL.Scheme + "://" + s.URL.Host + path
}

// routes is every address there is.
func (s *server) routes() http.Handler {
	r := chi.NewRouter()
	r.Use(s.observe, s.guard, s.recoverer)
	pages := r.With(s.identify)
	s.permits = map[string]permit{}
	route := func(method, path string, need action, part string, h handler, more ...func(http.Handler) http.Handler) {
		x := permit{need, part}
		s.permits[method+" "+path] = x
		pages.With(more...).Method(method, path, s.handle(func(w http.ResponseWriter, r *http.Request) error {
			if err := s.admit(r, x); err != nil {
				return err
			}
			return h(w, r)
		}))
	}
	get := func(path string, need action, h handler) { route(http.MethodGet, path, need, "", h) }
	post := func(path string, need action, h handler) { route(http.MethodPost, path, need, "", h) }
	save := func(path, part string, h handler) { route(http.MethodPost, path, answer, part, h) }
	file := func(path string, need action, h handler) {
		route(http.MethodGet, path, need, "", h, s.limit(60, byPerson))
	}
	// Whoever tries to get in is held back by address, and by account in the store.
	gate := func(method, path string, h handler) {
		route(method, path, public, "", h, s.limit(20, s.byAddress))
	}

	get("/logga-in", public, s.signInPage)
	gate(http.MethodPost, "/logga-in", s.signInLocal)
	gate(http.MethodGet, "/logga-in/konto", s.signInProvider)
	gate(http.MethodGet, "/logga-in/svar", s.signInAnswer)
	get("/logga-in/knyt", public, s.tieForm)
	gate(http.MethodPost, "/logga-in/knyt", s.tieIdentity)
	gate(http.MethodGet, "/inbjudan/{token}", s.invitation)
	gate(http.MethodPost, "/inbjudan/{token}", s.acceptInvitation)
	gate(http.MethodGet, "/inbjudan/{token}/konto", s.tieInvitation)
	gate(http.MethodGet, "/svar/{token}", s.answering)
	gate(http.MethodPost, "/svar/{token}", s.saveAnswering)
	post("/logga-ut", public, s.signOut)
	get("/inloggad", enter, s.stillSignedIn)
	get("/konto", enter, s.account)
	get("/historik", enter, s.personHistory)
	route(http.MethodPost, "/konto/losenord", enter, "", s.changePassword, s.limit(20, byPerson))
	post("/konto/sessioner", enter, s.endOwnSessions)
	post("/konto/person", enter, s.changePerson)

	get("/", enter, s.start)
	get("/system", enter, s.systems)
	get("/system/nytt", begin, s.newSystem)
	post("/system/nytt", begin, s.newSystemStop)
	get("/system/nytt/uppgifter", begin, s.newSystemForm)
	post("/system", begin, s.createSystem)
	get("/system/{system}", read, s.system)

	get("/system/{system}/flytta", move, s.moveForm)
	post("/system/{system}/flytta", move, s.moveSystem)

	get("/system/{system}/bryt-ut", move, s.leaveForm)
	post("/system/{system}/bryt-ut", move, s.leave)
	get("/system/{system}/b-klassning", begin, s.beginForm)
	post("/system/{system}/b-klassning", begin, s.begin)

	get("/klassning/{id}", read, s.tasks)
	save("/klassning/{id}/klart/{section}", "section/{section}", s.saveDone)
	get("/klassning/{id}/stopp", read, s.stop)
	save("/klassning/{id}/stopp", "", s.saveStop)
	get("/klassning/{id}/fraga", read, s.ask)
	get("/klassning/{id}/fragor", read, s.questions)
	get("/klassning/{id}/fragor/alla", read, s.allQuestions)
	save("/klassning/{id}/fragor/{fact}", "fact/{fact}", s.saveFact)
	get("/klassning/{id}/information", read, s.information)
	get("/klassning/{id}/information/ny", read, s.newInformation)
	save("/klassning/{id}/information", "section/information", s.addInformation)
	get("/klassning/{id}/information/{n}", read, s.editInformation)
	save("/klassning/{id}/information/{n}", "section/information", s.saveInformation)
	get("/klassning/{id}/hojning", read, s.raise)
	save("/klassning/{id}/hojning", "section/information", s.saveRaise)
	get("/klassning/{id}/lagrum", read, s.laws)
	save("/klassning/{id}/lagrum", "section/laws", s.saveLaws)
	get("/klassning/{id}/krav", read, s.requirements)
	get("/klassning/{id}/krav/{krav}", read, s.requirement)
	save("/klassning/{id}/krav/{area}", "area/{area}", s.saveReviewed)
	get("/klassning/{id}/prova", read, s.whatif)
	get("/klassning/{id}/kravbilaga", read, s.export)
	file("/klassning/{id}/kravbilaga.xlsx", fetch, s.downloadRequirements)
	file("/klassning/{id}/motivering.xlsx", fetch, s.downloadJustification)
	get("/klassning/{id}/anpassa", read, s.tailoring)
	get("/klassning/{id}/anpassa/{rad}", read, s.tailorForm)
	post("/klassning/{id}/anpassa/{rad}", procure, s.of("A", s.saveTailoring))
	post("/klassning/{id}/upphandling", procure, s.of("A", s.saveProcurement))
	post("/klassning/{id}/kravbilaga", procure, s.of("A", s.publish))
	file("/klassning/{id}/kravbilaga/{version}.xlsx", fetch, s.downloadVersion)
	get("/klassning/{id}/anbud", evaluate, s.tenders)
	route(http.MethodPost, "/klassning/{id}/anbud", evaluate, "", s.receiveTender, s.limit(30, byPerson))
	get("/klassning/{id}/anbud/{anbud}", evaluate, s.tender)
	post("/klassning/{id}/anbud/{anbud}", evaluate, s.saveJudgments)
	get("/klassning/{id}/anbud/{anbud}/fil/{n}", evaluate, s.reading)
	post("/klassning/{id}/anbud/{anbud}/fil/{n}", evaluate, s.takeReading)
	file("/klassning/{id}/anbud/{anbud}/fil/{n}/original", evaluate, s.downloadTender)
	get("/klassning/{id}/jamforelse", evaluate, s.comparison)
	file("/klassning/{id}/jamforelse.xlsx", evaluate, s.downloadComparison)
	post("/klassning/{id}/tilldelning", evaluate, s.award)
	get("/klassning/{id}/verifiering", read, s.verify)
	get("/klassning/{id}/verifiering/{krav}", read, s.respondForm)
	save("/klassning/{id}/verifiering/{krav}", "requirement/{krav}", s.respond)
	get("/klassning/{id}/godta", read, s.acceptForm)
	save("/klassning/{id}/godta", "section/verify", s.acceptOffers)
	get("/klassning/{id}/kallor", read, s.sourcesForm)
	save("/klassning/{id}/kallor", "section/verify", s.saveSources)
	get("/klassning/{id}/plattform", read, s.platform)
	get("/klassning/{id}/leverantor", answer, s.suppliers)
	save("/klassning/{id}/leverantor", "section/verify", s.askSupplier)
	file("/klassning/{id}/leverantor/{version}.xlsx", answer, s.downloadRound)
	route(http.MethodPost, "/klassning/{id}/leverantor/fil", answer, "section/verify", s.receiveAnswers, s.limit(30, byPerson))
	save("/klassning/{id}/leverantor/{version}/lank", "section/verify", s.makeLink)
	save("/klassning/{id}/leverantor/{version}/lank/stang", "section/verify", s.closeLink)
	get("/klassning/{id}/leverantor/{anbud}/fil/{n}", answer, s.of("B", s.reading))
	save("/klassning/{id}/leverantor/{anbud}/fil/{n}", "section/verify", s.of("B", s.takeReading))
	file("/klassning/{id}/leverantor/{anbud}/fil/{n}/original", answer, s.of("B", s.downloadTender))
	get("/klassning/{id}/plan", read, s.plan)
	get("/klassning/{id}/plan/{n}", read, s.actionForm)
	post("/klassning/{id}/plan/{n}", carry, s.saveAction)
	file("/klassning/{id}/plan.xlsx", fetch, s.downloadPlan)
	file("/klassning/{id}/plan.csv", fetch, s.downloadPlan)
	route(http.MethodPost, "/klassning/{id}/planfil", carry, "", s.readPlan, s.limit(30, byPerson))
	post("/klassning/{id}/planfil/las", carry, s.takePlan)
	save("/klassning/{id}/forslag", "section/plan", s.takeProposals)
	get("/klassning/{id}/avsteg/{n}", read, s.deviationForm)
	save("/klassning/{id}/avsteg/{n}", "section/plan", s.saveDeviation)
	get("/avtal", enter, s.agreements)
	post("/avtal", begin, s.addAgreement)
	get("/avtal/{avtal}", enter, s.agreement)
	get("/avtal/{avtal}/historik", enter, s.agreementHistory)
	post("/avtal/{avtal}", begin, s.saveAgreement)
	get("/avtal/{avtal}/tillagg", begin, s.commitmentsForm)
	post("/avtal/{avtal}/tillagg", begin, s.addCommitments)
	post("/avtal/{avtal}/{krav}", begin, s.saveCommitment)
	get("/gemensamt", enter, s.hows)
	get("/gemensamt/{enhet}/{krav}", enter, s.howForm)
	post("/gemensamt/{enhet}/{krav}", begin, s.saveHow)
	get("/planposter", enter, s.myActions)
	file("/planposter.xlsx", enter, s.downloadActions)
	file("/planposter.csv", enter, s.downloadActions)
	route(http.MethodPost, "/planposterfil", enter, "", s.readActions, s.limit(30, byPerson))
	post("/planposterfil/las", enter, s.takeActions)
	get("/klassning/{id}/delegera", read, s.delegateForm)
	post("/klassning/{id}/delegera", delegate, s.saveDelegation)
	post("/klassning/{id}/delegera/tillbaka", delegate, s.endDelegation)
	route(http.MethodPost, "/klassning/{id}/delegera/{kind}/{part}/klar", asked, "{kind}/{part}", s.finishDelegation)
	get("/klassning/{id}/kommentarer", read, s.comments)
	post("/klassning/{id}/kommentarer", comment, s.saveComment)
	post("/klassning/{id}/kommentarer/ta-bort", comment, s.removeComment)
	get("/klassning/{id}/historik", read, s.history)
	get("/klassning/{id}/historik/{batch}/angra", answer, s.undoForm)
	save("/klassning/{id}/historik/{batch}/angra", "", s.undo)
	get("/klassning/{id}/godkannande", read, s.approval)
	post("/klassning/{id}/godkannande", propose, s.proposeApproval)
	post("/klassning/{id}/godkannande/beslut", approve, s.decideApproval)
	post("/klassning/{id}/godkannande/oppna", approve, s.reopenApproval)
	get("/klassning/{id}/revisioner", read, s.revisions)
	get("/klassning/{id}/revision/{revision}", read, s.protocol)
	file("/klassning/{id}/revision/{revision}.json", fetch, s.downloadSnapshot)
	file("/klassning/{id}/revision/{revision}/intyg.json", fetch, s.downloadCertificate)

	get("/kataloger", enter, s.catalogs)
	get("/kataloger/{catalog}", enter, s.catalog)
	get("/krav/{krav}", enter, s.rule)
	get("/lagrum", enter, s.lawShelf)
	get("/lagrum/{lag}", enter, s.law)
	get("/kartotek", enter, s.practices)
	get("/kartotek/{blad}", enter, s.practice)
	get("/tackning", enter, s.coverage)
	file("/tackning.xlsx", enter, s.downloadCoverage)
	get("/tackning/{regelverk}", enter, s.framework)
	get("/provfall", enter, s.cases)
	get("/provfall/{fall}", enter, s.oneCase)
	get("/sok", enter, s.search)
	get("/administration", administer, s.administration)
	post("/administration", administer, s.nameOrganisation)
	get("/administration/enheter", administer, s.units)
	post("/administration/enheter", administer, s.addUnits)
	get("/administration/enheter/{unit}", administer, s.unit)
	post("/administration/enheter/{unit}", administer, s.saveUnit)
	post("/administration/enheter/{unit}/ta-bort", administer, s.removeUnit)
	get("/administration/personer", administer, s.peopleList)
	get("/administration/personer/nya", administer, s.newPeople)
	post("/administration/personer/nya", administer, s.addPeople)
	post("/administration/personer", administer, s.addPerson)
	post("/administration/personer/inbjudningar", administer, s.inviteAnew)
	get("/administration/personer/{person}", administer, s.person)
	post("/administration/personer/{person}", administer, s.renamePerson)
	post("/administration/personer/{person}/roller", administer, s.changeRoles)
	post("/administration/personer/{person}/inbjudan", administer, s.invitePerson)
	post("/administration/personer/{person}/konto", administer, s.disablePerson)
	post("/administration/personer/{person}/sessioner", administer, s.endPersonsSessions)
	get("/administration/roller", administer, s.rolesTable)
	get("/administration/inloggning", operate, s.signInRules)
	post("/administration/inloggning", operate, s.changeRules)
	get("/administration/sessioner", operate, s.sessionList)
	post("/administration/sessioner", operate, s.endSessions)
	get("/administration/drift", operate, s.operation)
	post("/administration/drift", operate, s.backUpNow)

	get("/tillganglighet", public, s.accessibility)
	get("/uppgifter", public, s.privacy)

	r.Get("/healthz", s.health)
	r.Get("/static/{file}", s.assets.serve)
	nowhere := s.identify(s.handle(func(http.ResponseWriter, *http.Request) error { return errNotFound })).ServeHTTP
	r.NotFound(nowhere)
	r.MethodNotAllowed(nowhere)
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
type sentence interface {
	error
	ForPeople() string
}

// fail is the funnel: every error ends here.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var p *Problem
	var tooBig *http.MaxBytesError
	var told sentence
	var refused *refusal
	if errors.As(err, &refused) {
		s.Log.Warn("sign-in refused", "request", visitOf(r.Context()).request, "from", s.from(r), "err", refused.cause)
	}
	switch {
	case errors.Is(err, errSignedOut) && r.Method == http.MethodGet && !fromHTMX(r):
		http.Redirect(w, r, "/logga-in?vidare="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	case errors.As(err, &p):
	case errors.Is(err, engine.ErrLocked):
		p = errLocked
	case errors.Is(err, engine.ErrAwarded):
		p = errAwarded
	case errors.Is(err, engine.ErrNotFound):
		p = errNotFound
	case conflict(err) != nil:
		p = errConflict
	case errors.As(err, &tooBig):
		p = errTooBig
	case errors.Is(err, context.Canceled):
		return
	case errors.As(err, &told):
		text := told.ForPeople()
		if strings.ContainsRune(text, filepath.Separator) { // where the files are is for who runs the service
			text = storeFails
		}
		s.Log.Error("store", "request", visitOf(r.Context()).request, "route", routeOf(r), "err", err)
		p = &Problem{Status: http.StatusServiceUnavailable, Title: errStore.Title, Text: text, Link: r.URL.Path, Label: errStore.Label}
	default:
		v := visitOf(r.Context())
		s.Log.Error("failed", "request", v.request, "method", r.Method, "route", routeOf(r), "err", err)
		p = internal(v.request, r.URL.Path)
	}
	if fromHTMX(r) {
		// A page does not fit beside a field: the script says it there.
		http.Error(w, p.Title+". "+p.Text, p.Status)
		return
	}
	data := problemPage{page: s.page(r, p.Title, ""), Problem: *p}
	if e := s.render(w, p.Status, "problem", data); e != nil {
		s.Log.Error("problem page", "err", e)
		http.Error(w, p.Title+". "+p.Text, p.Status)
	}
}

type problemPage struct {
	page
	Problem Problem
}

// observe gives each request a number and writes a line about it. The address
// is told by its route alone: it may hold an invitation or a sign-in's code.
func (s *server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		number := make([]byte, 4)
		rand.Read(number)
		v := &visit{request: strings.ToUpper(hex.EncodeToString(number)), org: &engine.Organisation{}}
		w.Header().Set("X-Request-Id", v.request)
		seen := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
		next.ServeHTTP(seen, r)
		s.Log.Info("request", "request", v.request, "method", r.Method, "route", routeOf(r), "status", cmp.Or(seen.Status(), http.StatusOK),
			"bytes", seen.BytesWritten(), "ms", time.Since(begun).Milliseconds(), "person", v.ID)
	})
}

func routeOf(r *http.Request) string {
	if c := chi.RouteContext(r.Context()); c != nil {
		return c.RoutePattern()
	}
	return ""
}

// health tells whoever watches the service that it and its database answer.
func (s *server) health(w http.ResponseWriter, r *http.Request) {
	if _, err := s.Store.Organisation(r.Context()); err != nil {
		s.Log.Error("health", "err", err)
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// limit holds a route to so many requests in a minute from each.
func (s *server) limit(n int, by httprate.KeyFunc) func(http.Handler) http.Handler {
	return httprate.LimitBy(n, time.Minute, by, httprate.WithLimitHandler(s.handle(func(http.ResponseWriter, *http.Request) error { return errTooMany })))
}

func byPerson(r *http.Request) (string, error) { return visitOf(r.Context()).ID, nil }

// byAddress is where a request comes from. Behind a proxy that is the last
// address it tells: those before it are the sender's own words.
func (s *server) byAddress(r *http.Request) (string, error) {
	return httprate.CanonicalizeIP(s.from(r)), nil
}

func (s *server) from(r *http.Request) string {
	if told := r.Header.Values("X-Forwarded-For"); s.Proxy != nil && len(told) > 0 {
		all := strings.Split(told[len(told)-1], ",")
		return strings.TrimSpace(all[len(all)-1])
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// proxied tells whether a request comes by the proxy that it has to come by.
func (s *server) proxied(r *http.Request) bool {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	return s.Proxy == nil || err == nil && slices.ContainsFunc(s.Proxy, func(p netip.Prefix) bool { return p.Contains(at.Addr().Unmap()) })
}

// guard sets the security headers, holds requests to the names that are ours
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
		if strings.HasPrefix(r.URL.Path, "/svar/") { // the address is all that it takes to get in: nobody else's site is told it either way
			h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
		}
		if s.secure() {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		// A name that merely resolves to us is another site's (DNS rebinding).
		// Whoever watches the service may ask by any.
		if (!s.ourHost(r.Host) || !s.proxied(r)) && r.URL.Path != "/healthz" {
			s.fail(w, r, s.wrongHost())
			return
		}
		room := int64(1 << 20)
		if takesFile.MatchString(r.URL.Path) {
			room = maxUpload
		}
		r.Body = http.MaxBytesReader(w, r.Body, room)
		inner.ServeHTTP(w, r)
	})
}

func (s *server) ourHost(host string) bool {
	if s.URL == nil {
		return localHost(host)
	}
	return strings.EqualFold(host, s.URL.Host)
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
// Browsers end the lines of a text with CR LF, whatever they were given: what
// comes back unchanged has to be what was sent.
func parseForm(r *http.Request) error {
	err := r.ParseForm()
	var tooBig *http.MaxBytesError
	if err != nil && !errors.As(err, &tooBig) {
		return errForm
	}
	for _, values := range r.PostForm {
		for i, v := range values {
			values[i] = strings.ReplaceAll(v, "\r\n", "\n")
		}
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
