package web_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-chi/chi/v5"
	"golang.org/x/net/html"

	"github.com/kravverk/kravverk/catalogs"
	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/store"
	"github.com/kravverk/kravverk/engine/workbook"
	"github.com/kravverk/kravverk/web"
)

// shippedCases are the examples beside the shipped catalogues.
var shippedCases = sync.OnceValue(func() []engine.Case {
	all, _ := engine.Cases(shipped(), catalogs.Files)
	return all
})

func noCases() []engine.Case { return nil }

var shipped = sync.OnceValue(func() *catalog.Catalog {
	c, list := catalog.Load(catalogs.Files, catalog.Options{Date: "2026-11-23"})
	if c == nil {
		panic(list.Err())
	}
	return c
})

var (
	maria = engine.Person{ID: "maria", Name: "Maria Lindqvist"} // who uses the tool
	johan = engine.Person{ID: "johan", Name: "Johan Berg"}      // who comes in between
)

// site is a server with a database of its own.
type site struct {
	t       testing.TB
	path    string
	db      *store.Store
	store   *brittle
	loaded  atomic.Pointer[web.Loaded]
	log     bytes.Buffer
	handler http.Handler
	ticks   atomic.Int64 // milliseconds that have gone by, one for each event
	later   atomic.Int64 // and how long more, in nanoseconds
	config  web.Config   // what the server is started with
	mu      sync.Mutex
	cookies map[string]string
}

// brittle fails when told to.
type brittle struct {
	web.Store
	err atomic.Pointer[error]
}

func (b *brittle) fail(err error) { b.err.Store(&err) }

func (b *brittle) now() error {
	if err := b.err.Load(); err != nil {
		return *err
	}
	return nil
}

func (b *brittle) Classification(ctx context.Context, id string) (engine.Record, error) {
	if err := b.now(); err != nil {
		return engine.Record{}, err
	}
	return b.Store.Classification(ctx, id)
}

func (b *brittle) Systems(ctx context.Context) ([]engine.Record, error) {
	if err := b.now(); err != nil {
		return nil, err
	}
	return b.Store.Systems(ctx)
}

func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{t: t, path: filepath.Join(t.TempDir(), "kravverk.db"), cookies: map[string]string{}}
	s.config = web.Config{
		Catalogs: func() web.Loaded { return *s.loaded.Load() }, Demo: maria.ID,
		Now: s.now, Location: time.FixedZone("svensk tid", 3600), Log: slog.New(slog.NewTextHandler(&s.log, nil)),
	}
	s.loaded.Store(&web.Loaded{Catalog: shipped(), At: start, Cases: shippedCases})
	s.open()
	t.Cleanup(func() { s.db.Close() })
	return s
}

var start = time.Date(2026, 11, 23, 9, 42, 0, 0, time.UTC)

// open opens the database and starts the server anew, as after a restart.
func (s *site) open() {
	s.t.Helper()
	ctx := context.Background()
	if s.db != nil {
		check(s.t, s.db.Close())
	}
	var err error
	s.db, err = store.Open(s.path, func() time.Time { s.ticks.Add(1); return s.now() })
	check(s.t, err)
	if _, err := s.db.Account(ctx, maria.ID); err != nil {
		for _, u := range []engine.Unit{{ID: store.TopUnit, Title: "Exempelstad", Kind: engine.City}, {ID: "trafik", Parent: store.TopUnit, Title: "Trafikkontoret", Kind: engine.Administration}} {
			_, err := s.db.SaveUnit(ctx, "", u)
			check(s.t, err)
		}
		check(s.t, s.people(maria, "systemagare", web.Administrator))
		check(s.t, s.people(johan, "systemforvaltare"))
	}
	check(s.t, s.db.PutCatalog(ctx, shipped().SetHash, shipped().Files))
	s.store = &brittle{Store: s.db}
	s.config.Store = s.store
	s.handler, err = web.New(s.config)
	check(s.t, err)
}

func (s *site) now() time.Time {
	return start.Add(time.Duration(s.ticks.Load())*time.Millisecond + time.Duration(s.later.Load()))
}

// as goes on as another of the demo's people.
func (s *site) as(p engine.Person) {
	s.t.Helper()
	s.post("/konto/person", url.Values{"person": {p.ID}}).wants(303)
}

// people adds somebody with roles in the whole organisation.
func (s *site) people(p engine.Person, roles ...string) error {
	a := engine.Account{Person: p}
	for _, role := range roles {
		a.Grants = append(a.Grants, engine.Grant{Unit: store.TopUnit, Role: role})
	}
	_, err := s.db.AddAccount(context.Background(), "", a)
	return err
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// system adds a system where the stop question has been cleared, and gives the
// address of its classification.
func (s *site) system(title string, answers ...any) string {
	s.t.Helper()
	rec, err := s.db.CreateSystem(context.Background(), maria.ID, engine.System{Title: title, Unit: "trafik", Description: "Ett prov."}, "A", s.loaded.Load().Catalog.SetHash)
	check(s.t, err)
	base := "/klassning/" + rec.Classification.ID
	s.answer(base, maria, append([]any{engine.KeyStop, engine.Cleared{Role: "Systemägare", Date: "2026-11-23"}}, answers...)...)
	return base
}

// answer saves keys and values in pairs, straight into the database.
func (s *site) answer(base string, who engine.Person, pairs ...any) {
	s.t.Helper()
	rec := s.record(base)
	var changes []engine.Change
	for i := 0; i < len(pairs); i += 2 {
		key := pairs[i].(string)
		value, err := json.Marshal(pairs[i+1])
		check(s.t, err)
		changes = append(changes, engine.Change{Key: key, Value: value, Version: rec.Answers[key].Version})
	}
	_, err := s.db.SaveAnswers(context.Background(), who.ID, rec.Classification.ID, "", changes)
	check(s.t, err)
}

func (s *site) record(base string) engine.Record {
	s.t.Helper()
	rec, err := s.db.Classification(context.Background(), strings.TrimPrefix(base, "/klassning/"))
	check(s.t, err)
	return rec
}

// value is a stored answer, "" when there is none.
func (s *site) value(base, key string) string {
	s.t.Helper()
	return string(s.record(base).Answers[key].Value)
}

// dump is all that the database holds.
func (s *site) dump() string {
	s.t.Helper()
	systems, err := s.db.Systems(context.Background())
	check(s.t, err)
	events, err := s.db.Events(context.Background(), engine.EventFilter{}, 0)
	check(s.t, err)
	out, err := json.MarshalIndent(map[string]any{"systems": systems, "events": events}, "", " ")
	check(s.t, err)
	return string(out)
}

// answered is a page as it came.
type answered struct {
	t      testing.TB
	Code   int
	Header http.Header
	Body   string
}

func (s *site) do(r *http.Request) answered {
	s.t.Helper()
	s.mu.Lock()
	for name, value := range s.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	s.mu.Unlock()
	if s.config.URL != nil && r.Host == "127.0.0.1:8080" {
		r.Host = s.config.URL.Host
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range w.Result().Cookies() {
		if s.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(s.cookies, c.Name)
		}
	}
	return answered{s.t, w.Code, w.Header(), w.Body.String()}
}

func request(method, path string, body io.Reader) *http.Request {
	r := httptest.NewRequest(method, path, body)
	r.Host = "127.0.0.1:8080"
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return r
}

func (s *site) get(path string) answered {
	s.t.Helper()
	return s.do(request(http.MethodGet, path, nil))
}

func (s *site) post(path string, form url.Values) answered {
	s.t.Helper()
	return s.do(request(http.MethodPost, path, strings.NewReader(form.Encode())))
}

// submit fills in the form with that action on a page, and posts it.
func (s *site) submit(page, action string, fields ...string) answered {
	s.t.Helper()
	got := s.get(page)
	got.wants(200)
	return s.post(action, got.form(action, fields...))
}

// wants fails unless the answer has the status and holds every text.
func (a answered) wants(code int, texts ...string) answered {
	a.t.Helper()
	if a.Code != code {
		a.t.Fatalf("got %d %s, want %d:\n%s", a.Code, a.Header.Get("Location"), code, a.text())
	}
	text := a.text()
	for _, want := range texts {
		if !strings.Contains(text, want) {
			a.t.Errorf("no %q in:\n%s", want, text)
		}
	}
	return a
}

func (a answered) lacks(texts ...string) answered {
	a.t.Helper()
	text := a.text()
	for _, bad := range texts {
		if strings.Contains(text, bad) {
			a.t.Errorf("%q is there:\n%s", bad, text)
		}
	}
	return a
}

func (a answered) doc() *html.Node {
	n, err := html.Parse(strings.NewReader(a.Body))
	check(a.t, err)
	return n
}

// text is what a person reads, in one line.
func (a answered) text() string { return textOf(a.doc()) }

func (a answered) title() string { return textOf(find(a.doc(), "title")[0]) }

// form is the fields of the form with that action, as a browser would send
// them, with some filled in: name, value, name, value. An empty value takes
// the field away.
func (a answered) form(action string, fields ...string) url.Values {
	a.t.Helper()
	values := url.Values{}
	forms := find(a.doc(), "form")
	i := slices.IndexFunc(forms, func(n *html.Node) bool { return attr(n, "action") == action })
	if i < 0 {
		a.t.Fatalf("no form posts to %s", action)
	}
	for _, n := range find(forms[i], "input", "select", "textarea") {
		name := attr(n, "name")
		switch {
		case n.Data == "textarea":
			values.Add(name, textOf(n))
		case n.Data == "select":
			for _, o := range find(n, "option") {
				if has(o, "selected") {
					value := attr(o, "value")
					if !has(o, "value") {
						value = textOf(o)
					}
					values.Add(name, value)
				}
			}
		case attr(n, "type") == "radio" || attr(n, "type") == "checkbox":
			if has(n, "checked") {
				values.Add(name, attr(n, "value"))
			}
		default:
			values.Add(name, attr(n, "value"))
		}
	}
	set := map[string]bool{}
	for i := 0; i < len(fields); i += 2 {
		name, value := fields[i], fields[i+1]
		if !set[name] {
			values.Del(name)
		}
		set[name] = true
		if value != "" {
			values.Add(name, value)
		}
	}
	return values
}

func find(n *html.Node, names ...string) (out []*html.Node) {
	for x := range n.Descendants() {
		if x.Type == html.ElementNode && slices.Contains(names, x.Data) {
			out = append(out, x)
		}
	}
	return out
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for x := range n.Descendants() {
		if x.Type == html.TextNode {
			b.WriteString(x.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func levels(k, r, t int) map[string]int { return map[string]int{"K": k, "R": r, "T": t} }

// filled is a system with a bit of everything.
func (s *site) filled() string {
	return s.system("Parkeringstillstånd",
		engine.InformationKey(1), engine.Information{Type: "Läkarintyg", Levels: levels(3, 2, 1), Justification: "Hemlig motivering om intygen."},
		engine.InformationKey(2), engine.Information{Type: "arendehandlingar"},
		engine.FactKey("cyberfysiskt"), false, engine.FactKey("drift"), "moln", engine.FactKey("publik_tjanst"), true,
		engine.FactKey("lagrum"), []string{"csl"}, engine.ReviewedKey("BEH"), true, engine.DoneKey("information"), true)
}

// addresses is every address that there is but the gate's, which is tested
// apart, with a classification and others filled in.
func (s *site) addresses(method, base string) (out []string) {
	for route, path := range s.filledRoutes(method, base) {
		if gate := strings.HasPrefix(route, "/logga-") || strings.HasPrefix(route, "/inbjudan") || strings.HasPrefix(route, "/svar/") || route == "/inloggad" || strings.HasSuffix(route, "/klar"); !gate {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	if len(out) < 5 {
		s.t.Fatalf("only %d routes for %s", len(out), method)
	}
	return out
}

// lastSave is the batch of the latest answers in a classification.
func (s *site) lastSave(base string) string {
	s.t.Helper()
	events, err := s.db.Events(context.Background(), engine.EventFilter{Classification: strings.TrimPrefix(base, "/klassning/")}, 0)
	check(s.t, err)
	for _, e := range events {
		if e.Action == "answer.save" {
			return e.Batch
		}
	}
	return "ingen"
}

// filledRoutes is every route of a method with its address filled in.
func (s *site) filledRoutes(method, base string) map[string]string {
	out := map[string]string{}
	if method == http.MethodGet && s.record(base).Approval == nil {
		s.approvedOnce(base)
	}
	tender := s.procured(base)
	rec := s.record(base)
	verified := s.verified(base)
	round, err := s.db.Evaluation(context.Background(), s.record(verified).Classification.ID)
	check(s.t, err)
	fill := strings.NewReplacer("{avtal}", "avtal1", "{rad}", "EGEN-1", "{version}", "1", "{anbud}", tender, "/klassning/{id}", base, "{system}", rec.System.ID, "{n}", "1", "{catalog}", "bas", "{file}", "style.css",
		"{section}", "facts", "{fact}", "drift", "{area}", "BEH", "{krav}", "BEH-04",
		"{lag}", "csl", "{blad}", "behorighet", "{regelverk}", "iso27002", "{fall}", "bas-03-tunnelstyrning", "{unit}", rec.System.Unit, "{enhet}", rec.System.Unit, "{person}", johan.ID, "{revision}", "1", "{batch}", s.lastSave(base), "{kind}/{part}", "fact/ai")
	check(s.t, chi.Walk(s.handlerRoutes(), func(m, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if m == method {
			if out[route] = fill.Replace(route); ofB.MatchString(route) {
				out[route] = strings.Replace(strings.Replace(out[route], base, verified, 1), tender, round.Tenders[0].ID, 1)
			}
		}
		return nil
	}))
	return out
}

func (s *site) handlerRoutes() chi.Routes {
	routes, ok := s.handler.(chi.Routes)
	if !ok {
		s.t.Fatal("the handler no longer tells its routes")
	}
	return routes
}

func TestEveryAddress(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	paths := append(s.addresses(http.MethodGet, base), "/finns-inte", base+"/information/99", "/static/finns-inte.js", "/system/nytt/uppgifter?omfattas=nej", "/kataloger/sta", "/system?q=x&lage=klar")
	for _, path := range paths {
		got := s.get(path)
		want := 200
		switch {
		case strings.Contains(path, "finns-inte") || strings.HasSuffix(path, "99"):
			want = 404
		case path == "/system/nytt/uppgifter":
			want = 303
		}
		got.wants(want)
		for name, value := range map[string]string{
			"Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
			"X-Content-Type-Options":  "nosniff", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got.Header.Get(name) != value {
				t.Errorf("%s: %s is %q", path, name, got.Header.Get(name))
			}
		}
		if !strings.HasPrefix(path, "/static/") && got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be cached: %q", path, got.Header.Get("Cache-Control"))
		}
		if strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") && want != 303 {
			wellFormed(t, path, got)
		}
	}
}

// wellFormed checks what every page must have.
func wellFormed(t *testing.T, path string, got answered) {
	t.Helper()
	doc := got.doc()
	if n := len(find(doc, "h1")); n != 1 {
		t.Errorf("%s has %d h1", path, n)
	}
	if !strings.HasSuffix(got.title(), " – Kravverk") || strings.HasPrefix(got.title(), " ") {
		t.Errorf("%s has the title %q", path, got.title())
	}
	ids, labelled := map[string]bool{}, map[string]bool{}
	for n := range doc.Descendants() {
		if id := attr(n, "id"); id != "" {
			if ids[id] {
				t.Errorf("%s: the id %q is there twice", path, id)
			}
			ids[id] = true
		}
		if n.Data == "label" && attr(n, "for") != "" {
			labelled[attr(n, "for")] = true
		}
	}
	for n := range doc.Descendants() {
		for _, name := range []string{"for", "aria-labelledby", "aria-describedby", "list"} {
			for _, id := range strings.Fields(attr(n, name)) {
				if !ids[id] {
					t.Errorf("%s: %s=%q leads nowhere", path, name, id)
				}
			}
		}
		if link := attr(n, "href"); strings.HasPrefix(link, "#") && !ids[link[1:]] {
			t.Errorf("%s: %s leads nowhere", path, link)
		}
	}
	for _, n := range find(doc, "input", "select", "textarea") {
		if attr(n, "type") == "hidden" || labelled[attr(n, "id")] || attr(n, "aria-label") != "" {
			continue
		}
		if p := n.Parent; p.Data != "label" {
			t.Errorf("%s: the field %s has no label", path, attr(n, "name"))
		}
	}
	// The one stores nothing. The other makes a system, and the store has no key for that yet.
	withoutToken := []string{"/system/nytt", "/system"}
	for _, n := range find(doc, "form") {
		switch method, action := attr(n, "method"), attr(n, "action"); method {
		case "get":
		case "post":
			hasToken := slices.ContainsFunc(find(n, "input"), func(x *html.Node) bool { return attr(x, "name") == "nyckel" && attr(x, "value") != "" })
			again := strings.HasPrefix(action, "/konto/") || strings.HasPrefix(action, "/logga-") || strings.HasPrefix(action, "/administration") || strings.HasSuffix(action, "/flytta") || strings.Contains(action, "/anbud") || strings.HasSuffix(action, "fil") || strings.Contains(action, "/leverantor") || strings.HasSuffix(action, "/tilldelning") || strings.HasSuffix(action, "/kravbilaga") || strings.HasPrefix(action, "/avtal/") || strings.HasPrefix(action, "/gemensamt/") || strings.HasPrefix(action, "/svar/") // the same twice is the same
			if !hasToken && !again && !slices.Contains(withoutToken, action) {
				t.Errorf("%s: the form to %s has no token", path, action)
			}
		default:
			t.Errorf("%s: the form to %s has the method %q", path, action, method)
		}
	}
}

func TestOtherSitesMayNotPost(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	paths := s.addresses(http.MethodPost, base)
	before := s.dump()
	for _, path := range paths {
		for _, from := range []string{"cross-site", "same-site"} {
			r := request(http.MethodPost, path, strings.NewReader("svar=moln&version=1&klart=ja&omfattas=nej"))
			r.Header.Set("Sec-Fetch-Site", from)
			s.do(r).wants(403, "annan webbplats", "Inget har sparats")
		}
		r := request(http.MethodPost, path, strings.NewReader("svar=moln"))
		r.Header.Del("Sec-Fetch-Site")
		r.Header.Set("Origin", "http://ond.example")
		s.do(r).wants(403)
	}
	if s.dump() != before {
		t.Error("a post from another site saved something")
	}
}

func TestHost(t *testing.T) {
	s := newSite(t)
	for host, want := range map[string]int{
		"127.0.0.1:8080": 200, "localhost:8080": 200, "[::1]:8080": 200, "localhost": 200, "127.0.0.1": 200,
		"kravverk.example:8080": 421, "127.0.0.1.nip.io": 421, "10.0.0.1:8080": 421, "": 421,
	} {
		r := request(http.MethodGet, "/", nil)
		r.Host = host
		if got := s.do(r); got.Code != want {
			t.Errorf("%q: got %d, want %d", host, got.Code, want)
		}
	}
}

func TestBadBodies(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	paths := s.addresses(http.MethodPost, base)
	before := s.dump()
	for _, path := range paths {
		if strings.HasSuffix(path, "/anbud") || strings.HasSuffix(path, "fil") { // takes a file, and larger ones
			s.upload(path, "Bolaget AB", "anbud.xlsx", make([]byte, 22<<20)).wants(413, "Filen är större än 20 MB")
			s.do(request(http.MethodPost, path, strings.NewReader("svar=%zz"))).wants(400, "gick inte att läsa")
			continue
		}
		if got := s.do(request(http.MethodPost, path, strings.NewReader("motivering="+strings.Repeat("a", 1<<20)))); got.Code != 413 {
			t.Errorf("%s: %d", path, got.Code)
		} else {
			got.wants(413, "Texten är för lång", "Inget har sparats")
		}
		s.do(request(http.MethodPost, path, strings.NewReader("svar=%zz"))).wants(400, "gick inte att läsa")
	}
	if s.dump() != before {
		t.Error("something was saved")
	}
}

func TestStatic(t *testing.T) {
	s := newSite(t)
	page := s.get("/")
	n := 0
	for _, x := range find(page.doc(), "link", "script") {
		link := attr(x, "href") + attr(x, "src")
		got := s.get(link)
		got.wants(200)
		if got.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %s", link, got.Header.Get("Cache-Control"))
		}
		path, _, _ := strings.Cut(link, "?")
		want := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}[filepath.Ext(path)]
		if got.Header.Get("Content-Type") != want {
			t.Errorf("%s is %s", link, got.Header.Get("Content-Type"))
		}
		if got := s.get(path + "?v=gammal"); got.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("an old address of %s is cached", path)
		}
		n++
	}
	if n != 4 {
		t.Errorf("%d assets, want 4", n)
	}
}

// The answer yes or "vet ej" is never stored, nor that it was given.
func TestStopQuestionForNewSystem(t *testing.T) {
	s := newSite(t)
	before := s.dump()
	referral := shipped().Stops[0].Referral
	for answer, word := range map[string]string{"ja": "Ja", "vet_ej": "Vet ej"} {
		got := s.submit("/system/nytt", "/system/nytt", "svar", answer)
		got.wants(200, "Du svarade "+word, referral, "inget svar har sparats")
		if len(find(got.doc(), "form")) != 0 {
			t.Error("there is a way on from the referral")
		}
	}
	got := s.submit("/system/nytt", "/system/nytt")
	got.wants(422, "Välj ett svar på frågan")
	if !strings.HasPrefix(got.title(), "Fel: ") {
		t.Errorf("title %q", got.title())
	}
	// There is no way around the question.
	if got := s.post("/system", url.Values{"namn": {"X"}, "enhet": {"Y"}, "roll": {"Systemägare"}}); got.Code != 303 || got.Header.Get("Location") != "/system/nytt" {
		t.Errorf("got %d %s", got.Code, got.Header.Get("Location"))
	}
	if got := s.get("/system/nytt/uppgifter"); got.Header.Get("Location") != "/system/nytt" {
		t.Errorf("the form is open: %d", got.Code)
	}
	if s.dump() != before {
		t.Error("something was stored")
	}
	if log := s.log.String(); strings.Contains(log, "vet_ej") || strings.Contains(log, "svar") {
		t.Errorf("the log tells: %s", log)
	}
}

func TestNewSystem(t *testing.T) {
	s := newSite(t)
	got := s.submit("/system/nytt", "/system/nytt", "svar", "nej")
	form := got.wants(303).Header.Get("Location")
	got = s.submit(form, "/system", "namn", "", "beskrivning", "Så här <b>skrev</b> jag.", "antal", "många")
	got.wants(422, "Fem saker", "Skriv vad systemet heter", "Välj vilken enhet", "Skriv antalet med siffror", "Välj i vilken roll", "Så här <b>skrev</b> jag.")
	wellFormed(t, "/system", got)
	if !strings.HasPrefix(got.title(), "Fel: ") || !strings.Contains(got.Body, "data-focus") {
		t.Error("the error summary does not come first")
	}
	got = s.submit(form, "/system", "namn", "Trafikkameror", "enhet", "trafik", "antal", "214", "typ", "A", "roll", "Systemägare")
	base := got.wants(303).Header.Get("Location")
	rec := s.record(base)
	if rec.System.Members != 214 || rec.System.Title != "Trafikkameror" || rec.Classification.CatalogHash != shipped().SetHash {
		t.Errorf("%+v", rec)
	}
	if v := s.value(base, engine.KeyStop); v != `{"role":"Systemägare","date":"2026-11-23"}` {
		t.Errorf("stop is %s", v)
	}
	s.get(base).wants(200, "Trafikkameror", "Systemet omfattas inte av säkerhetsskydd", "Högst", "frågor kvar")
	s.get("/").wants(200, "Trafikkameror", "En klassning väntar på dig")

	// A system in operation begins with its verification.
	form = "/system/nytt/uppgifter?omfattas=nej"
	s.submit(form, "/system", "namn", "Bommar", "enhet", "trafik", "roll", "Systemägare").wants(422, "Välj om systemet ska upphandlas eller redan är i drift")
	got = s.submit(form, "/system", "namn", "Bommar", "enhet", "trafik", "typ", "B", "roll", "Systemägare")
	base = got.wants(303).Header.Get("Location")
	s.get(base).wants(200, "B-klassning, verifiering", "Verifiering0 av 2 krav har ett svar").lacks("Kravbilaga")
	if v := s.value(base, engine.KeyStop); v != `{"role":"Systemägare","date":"2026-11-23"}` {
		t.Errorf("stop is %s", v)
	}
}

func TestPaused(t *testing.T) {
	for _, answer := range []string{"ja", "vet_ej"} {
		t.Run(answer, func(t *testing.T) {
			s := newSite(t)
			base := s.filled()
			s.procured(base)
			s.verified(base)
			got := s.submit(base+"/stopp", base+"/stopp", "svar", answer)
			got.wants(200, "Här stannar klassningen", shipped().Stops[0].Referral, "avvaktar bedömning")
			if s.value(base, engine.KeyPaused) != "true" || s.value(base, engine.KeyStop) != "null" {
				t.Errorf("paused %s, stop %s", s.value(base, engine.KeyPaused), s.value(base, engine.KeyStop))
			}
			if all := s.dump(); strings.Contains(all, `"vet_ej"`) || strings.Contains(all, `"ja"`) {
				t.Error("which answer it was is stored")
			}
			s.get("/").wants(200, "Avvaktar bedömning")
			s.get("/system?lage=avvaktar").wants(200, "Parkeringstillstånd")
			s.get(base).wants(200, "Klassningen avvaktar bedömning", "Väntar på steg 1")
			before := s.dump()
			for _, path := range s.addresses(http.MethodPost, base) {
				if strings.HasPrefix(path, base) && !strings.HasSuffix(path, "/stopp") {
					s.post(path, url.Values{"svar": {"moln"}, "version": {"1"}, "klart": {"ja"}, "typ": {"kartdata"}}).wants(423, "Inget har sparats")
				}
			}
			s.get(base + "/kravbilaga.xlsx").wants(423)
			s.get(base + "/motivering.xlsx").wants(423)
			if s.dump() != before {
				t.Error("a paused classification was changed")
			}
			// Whoever has assessed it opens it again, and must say in which role.
			s.submit(base+"/stopp", base+"/stopp", "svar", "nej").wants(422, "Välj vilken roll")
			s.submit(base+"/stopp", base+"/stopp", "svar", "nej", "roll", "Systemägare").wants(303)
			s.get(base + "/kravbilaga.xlsx").wants(200)
		})
	}
}

func TestLevelFourIsNeverStored(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	edit := base + "/information/1"
	shown := s.submit(edit, edit, "niva-K", "4", "gor", "visa")
	shown.wants(200, "Nivå 4 går inte att spara")
	was := s.value(base, engine.InformationKey(1))
	if s.value(base, engine.KeyPaused) != "" {
		t.Error("to look is to pause")
	}
	got := s.submit(edit, edit, "niva-K", "4", "motivering", "Rör rikets säkerhet")
	got.wants(200, "Här stannar klassningen", "4 Synnerligen allvarlig")
	if now := s.value(base, engine.InformationKey(1)); now != was {
		t.Errorf("stored %s", now)
	}
	if s.value(base, engine.KeyPaused) != "true" {
		t.Error("not paused")
	}
	if strings.Contains(s.dump(), "Rör rikets") {
		t.Error("the words about it are stored")
	}
}

func (s *site) fact(base, id string, fields ...string) answered {
	s.t.Helper()
	return s.submit(base+"/fragor", base+"/fragor/"+id, fields...)
}

func TestOneAnswerOneSave(t *testing.T) {
	s := newSite(t)
	base := s.system("Kartan")
	events := func() int {
		list, err := s.db.Events(context.Background(), engine.EventFilter{Classification: strings.TrimPrefix(base, "/klassning/")}, 0)
		check(t, err)
		return len(list)
	}
	n := events()
	got := s.fact(base, "drift", "svar", "moln")
	if got.wants(303).Header.Get("Location") != base+"/fragor?sparat=drift#f-drift" {
		t.Errorf("goes to %s", got.Header.Get("Location"))
	}
	if a := s.record(base).Answers[engine.FactKey("drift")]; string(a.Value) != `"moln"` || a.Version != 1 || a.By != maria {
		t.Errorf("%+v", a)
	}
	if events() != n+1 {
		t.Errorf("%d events", events()-n)
	}
	s.get(base+"/fragor?sparat=drift").wants(200, "Sparat 10.42")
	s.fact(base, "drift", "svar", "vet_ej").wants(303)
	if v := s.value(base, engine.FactKey("drift")); v != `"vet_ej"` {
		t.Errorf("got %s", v)
	}
	s.fact(base, "drift", "svar", "moln").wants(303)
	s.fact(base, "leverantorsintyg", "svar", "iso27001", "svar", "soc2-typ2").wants(303)
	if v := s.value(base, engine.FactKey("leverantorsintyg")); v != `["iso27001","soc2-typ2"]` {
		t.Errorf("got %s", v)
	}
	s.post(base+"/fragor/finns-inte", url.Values{"svar": {"true"}, "version": {"0"}}).wants(404)
	s.post(base+"/fragor/drift", url.Values{"svar": {"moln"}, "version": {"två"}}).wants(400)
}

func TestInvalidAnswers(t *testing.T) {
	s := newSite(t)
	base := s.system("Kartan", engine.FactKey("drift"), "moln")
	before := s.dump()
	for id, fields := range map[string][]string{
		"cyberfysiskt":     {"svar", ""},
		"publik_tjanst":    {"svar", "kanske"},
		"drift":            {"svar", "rymden"},
		"leverantorsintyg": {"svar", "iso27001", "svar", "inget"},
	} {
		got := s.fact(base, id, fields...)
		got.wants(422, "En sak behöver rättas")
		wellFormed(t, id, got)
		if !strings.HasPrefix(got.title(), "Fel: ") {
			t.Errorf("%s: title %q", id, got.title())
		}
	}
	if s.dump() != before {
		t.Error("something was stored")
	}
}

func TestConflict(t *testing.T) {
	s := newSite(t)
	base := s.system("Kartan")
	action := base + "/fragor/drift"
	mine := s.get(base+"/fragor").form(action, "svar", "moln")
	s.answer(base, johan, engine.FactKey("drift"), "egen")
	for _, htmx := range []bool{false, true} {
		r := request(http.MethodPost, action, strings.NewReader(mine.Encode()))
		if htmx {
			r.Header.Set("HX-Request", "true")
		}
		got := s.do(r)
		got.wants(409, "Johan Berg ändrade i dag 10.42", "Egen drift", "Molntjänst", "Välj nedan och spara")
		for _, n := range find(got.doc(), "input") {
			if has(n, "checked") && strings.HasPrefix(attr(n, "id"), "drift-") {
				t.Errorf("%s is chosen beforehand", attr(n, "value"))
			}
		}
		if !htmx {
			wellFormed(t, "conflict", got)
			if !strings.HasPrefix(got.title(), "Fel: ") {
				t.Errorf("title %q", got.title())
			}
		} else if got.Header.Get("HX-Retarget") != "#f-drift" {
			t.Error("the question is not swapped whole")
		}
		if v := s.value(base, engine.FactKey("drift")); v != `"egen"` {
			t.Errorf("stored %s", v)
		}
		if htmx {
			// Saving from here goes on top, knowingly.
			s.post(action, got.form(action, "svar", "moln")).wants(303)
			if v := s.value(base, engine.FactKey("drift")); v != `"moln"` {
				t.Errorf("stored %s", v)
			}
		}
	}
}

func TestConflictInLongForms(t *testing.T) {
	s := newSite(t)
	base := s.filled()

	edit := base + "/information/1"
	form := s.get(edit).form(edit, "motivering", "Min lydelse.")
	s.answer(base, johan, engine.InformationKey(1), engine.Information{Type: "Läkarintyg", Levels: levels(3, 3, 1), Justification: "Johans lydelse."})
	got := s.post(edit, form)
	if got.Code == 200 { // the list changed under it, so the panel comes first
		got = s.post(edit, got.form(edit))
	}
	got.wants(409, "Johan Berg", "Johans lydelse.", "Min lydelse.")
	wellFormed(t, "information", got)
	got = s.post(edit, got.form(edit))
	if got.Code == 200 {
		got = s.post(edit, got.form(edit))
	}
	got.wants(303)
	if v := s.value(base, engine.InformationKey(1)); !strings.Contains(v, "Min lydelse.") {
		t.Errorf("stored %s", v)
	}

	laws := base + "/lagrum"
	form = s.get(laws).form(laws, "lagrum", "tunnelsakerhet")
	s.answer(base, johan, engine.FactKey("lagrum"), []string{})
	got = s.post(laws, form)
	got.wants(409, "Johan Berg", "Inget av dessa")
	wellFormed(t, "laws", got)
	s.post(laws, got.form(laws)).wants(303)
	if v := s.value(base, engine.FactKey("lagrum")); v != `["tunnelsakerhet"]` {
		t.Errorf("stored %s", v)
	}

	raise := base + "/hojning"
	form = s.get(raise).form(raise, "niva-T", "3", "motivering", "Mängden.", "roll", "Systemägare")
	s.answer(base, johan, engine.KeyRaise, map[string]any{"T": 2, "reason": "Johans skäl.", "decided_by": "Systemägare"})
	got = s.post(raise, form)
	if got.Code == 200 {
		got = s.post(raise, got.form(raise))
	}
	got.wants(409, "Johans skäl.", "Mängden.")
	got = s.post(raise, got.form(raise))
	if got.Code == 200 {
		got = s.post(raise, got.form(raise))
	}
	got.wants(303)
}

// Whoever clicks twice gets the same answer twice.
func TestDoublePost(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	for _, x := range []struct {
		page, action string
		fields       []string
	}{
		{"/fragor", "/fragor/drift", []string{"svar", "egen"}},
		{"/fragor", "/klart/facts", nil},
		{"/krav", "/krav/LOG", nil},
		{"/krav", "/krav/BEH", nil}, // takes the mark back
		{"/krav", "/klart/requirements", nil},
		{"/lagrum", "/lagrum", []string{"lagrum", "tunnelsakerhet"}},
		{"/lagrum", "/klart/laws", nil},
		{"/information/1", "/information/1", []string{"motivering", "Ny lydelse."}},
		{"/stopp", "/stopp", []string{"svar", "nej", "roll", "Systemägare"}},
		{"/stopp", "/stopp", []string{"svar", "vet_ej"}},
	} {
		form := s.get(base+x.page).form(base+x.action, x.fields...)
		first := s.post(base+x.action, form)
		state := s.dump()
		second := s.post(base+x.action, form)
		if first.Code >= 400 || second.Code != first.Code || second.Header.Get("Location") != first.Header.Get("Location") {
			t.Errorf("%s: first %d, then %d: %s", x.action, first.Code, second.Code, second.text())
		}
		if s.dump() != state {
			t.Errorf("%s: the second post changed something", x.action)
		}
	}
}

// Two posts of one form make one system, and both lead to it.
func TestDoublePostOfANewSystem(t *testing.T) {
	s := newSite(t)
	form := s.get("/system/nytt/uppgifter?omfattas=nej").form("/system", "namn", "Felanmälan", "enhet", "trafik", "typ", "A", "roll", "Systemägare")
	first, second := s.post("/system", form), s.post("/system", form)
	first.wants(303)
	second.wants(303)
	if a, b := first.Header.Get("Location"), second.Header.Get("Location"); a != b {
		t.Errorf("first to %s, then to %s", a, b)
	}
	if n := strings.Count(s.get("/system").Body, ">Felanmälan</a>"); n != 1 {
		t.Errorf("%d systems", n)
	}
	// The same key with other content is another form, and is refused.
	form.Set("namn", "Något annat")
	s.post("/system", form).wants(503, "redan skickats")
}

func TestHiddenQuestions(t *testing.T) {
	s := newSite(t)
	base := s.system("Signalerna")
	if strings.Contains(s.get(base+"/fragor").Body, `id="f-vagtunnel"`) {
		t.Error("a question that does not matter is put")
	}
	s.fact(base, "cyberfysiskt", "svar", "true").wants(303)
	s.fact(base, "vagtunnel", "svar", "true").wants(303)
	with := s.get(base + "/krav").text()
	s.fact(base, "cyberfysiskt", "svar", "false").wants(303)
	if strings.Contains(s.get(base+"/fragor").Body, `id="f-vagtunnel"`) {
		t.Error("the question is still put")
	}
	if v := s.value(base, engine.FactKey("vagtunnel")); v != "true" {
		t.Errorf("the dormant answer is %s", v)
	}
	if s.get(base+"/krav").text() == with {
		t.Error("a dormant answer still counts")
	}
	s.fact(base, "cyberfysiskt", "svar", "true").wants(303)
	if s.get(base+"/krav").text() != with {
		t.Error("the answer did not come back")
	}
	s.get(base+"/fragor/alla").wants(200, "Ställs bara när")
}

func TestInformation(t *testing.T) {
	s := newSite(t)
	base := s.system("Kartan")
	page, list := base+"/information/ny", base+"/information"
	got := s.submit(page, list)
	got.wants(422, "Välj en informationstyp")
	wellFormed(t, page, got)
	s.submit(page, list, "typ", "egen").wants(422, "Skriv vad informationen heter")
	if to := s.submit(page, list, "typ", "kartdata").wants(303).Header.Get("Location"); to != list+"/1" {
		t.Errorf("goes to %s", to)
	}
	if to := s.submit(page, list, "typ", "egen", "egen", "Felanmälningar").wants(303).Header.Get("Location"); to != list+"/2" {
		t.Errorf("goes to %s", to)
	}
	s.submit(page, list, "typ", "egen", "egen", "felanmälningar").wants(422, "redan information med det namnet")
	s.get(list).wants(200, "Kartdata", "Felanmälningar", "Saknar nivå")

	// An own kind: levels and words are asked for, and what was chosen stays.
	edit := list + "/2"
	got = s.submit(edit, edit, "niva-K", "2", "niva-R", "1")
	got.wants(422, "Välj nivå för tillgängligheten", "Skriv en motivering till nivån")
	wellFormed(t, edit, got)
	if !strings.HasPrefix(got.title(), "Fel: ") || got.form(edit).Get("niva-K") != "2" {
		t.Error("what was chosen is gone, or the title does not say")
	}
	got = s.submit(edit, edit, "niva-K", "3", "niva-R", "2", "niva-T", "1", "motivering", "Kan <skada> någon.", "kategori-K", "individ")
	// The effect is shown first, and nothing is saved.
	got.wants(200, "krav blir", "Läggs till")
	if v := s.value(base, engine.InformationKey(2)); strings.Contains(v, "skada") {
		t.Errorf("saved unseen: %s", v)
	}
	form := got.form(edit)
	if form.Get("motivering") != "Kan <skada> någon." || form.Get("niva-K") != "3" {
		t.Errorf("the form forgot: %v", form)
	}
	// A proof of another effect does not do.
	other := s.post(edit, with(form, "niva-T", "3"))
	other.wants(200)
	s.post(edit, form).wants(303)
	if v := s.value(base, engine.InformationKey(2)); !strings.Contains(v, `"K":3`) || !strings.Contains(v, `"individ":{"K":3}`) {
		t.Errorf("saved %s", v)
	}
	s.get(list+"?sparat=2").wants(200, "Sparat 10.42", "3 Allvarlig")

	// The panel tells the effect of levels before there are words for them.
	r := request(http.MethodPost, edit, strings.NewReader(with(s.get(edit).form(edit, "niva-T", "3", "motivering", ""), "gor", "visa").Encode()))
	r.Header.Set("HX-Request", "true")
	panel := s.do(r)
	panel.wants(200, "krav blir", "Läggs till")
	if strings.Contains(panel.Body, "<html") {
		t.Error("htmx gets a whole page")
	}

	// Removed, the requirements go with it.
	s.submit(edit, edit, "gor", "ta-bort").wants(303)
	s.get(edit).wants(404)
	if v := s.value(base, engine.InformationKey(2)); v != "null" {
		t.Errorf("got %s", v)
	}
}

func with(form url.Values, pairs ...string) url.Values {
	out := url.Values{}
	for k, v := range form {
		out[k] = slices.Clone(v)
	}
	for i := 0; i < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
	}
	return out
}

func TestPreclassified(t *testing.T) {
	s := newSite(t)
	base := s.system("Lönerna", engine.InformationKey(1), engine.Information{Type: "personaluppgifter"}, engine.InformationKey(2), engine.Information{Type: "arendehandlingar"})
	// personaluppgifter may not be lowered, only raised.
	fixed := base + "/information/1"
	s.submit(fixed, fixed, "niva-K", "1", "motivering", "Kanske.").wants(422, "får inte sänkas under 2 Betydande")
	s.submit(fixed, fixed, "niva-K", "3").wants(422, "Skriv en motivering")
	got := s.submit(fixed, fixed, "niva-K", "3", "motivering", "Skyddad identitet.")
	got.wants(200, "3 Allvarlig, var 2 Betydande")
	s.post(fixed, got.form(fixed)).wants(303)
	// arendehandlingar may, with a reason and a role.
	free := base + "/information/2"
	s.submit(free, free, "niva-K", "1", "motivering", "Inga enskilda.").wants(422, "Välj vilken roll som godkänner")
	got = s.submit(free, free, "niva-K", "1", "motivering", "Inga enskilda.", "godkand", "Informationsägare")
	if got.Code == 200 {
		got = s.post(free, got.form(free))
	}
	got.wants(303)
	if v := s.value(base, engine.InformationKey(2)); !strings.Contains(v, `"K":1`) || !strings.Contains(v, "Informationsägare") {
		t.Errorf("saved %s", v)
	}
}

func TestRaise(t *testing.T) {
	s := newSite(t)
	base := s.system("Kartan", engine.InformationKey(1), engine.Information{Type: "kartdata"})
	page := base + "/hojning"
	got := s.submit(page, page, "niva-T", "3")
	got.wants(422, "Skriv varför nivån höjs", "Välj vilken roll")
	wellFormed(t, page, got)
	s.submit(page, page, "niva-R", "1", "niva-T", "", "motivering", "x", "roll", "Systemägare").wants(303) // to where it is already: no harm
	got = s.submit(page, page, "niva-T", "3", "motivering", "Andra system hänger på den.", "roll", "Systemägare")
	got.wants(200, "krav blir", "Läggs till")
	s.post(page, got.form(page)).wants(303)
	s.get(base+"/information").wants(200, "höjd av systemägare", "Andra system hänger på den.")
	s.get(base+"/krav").wants(200, "3 Allvarlig")
}

func TestMarks(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	s.get(base+"/krav").wants(200, "Genomgånget av Maria Lindqvist i dag 10.42")
	to := s.submit(base+"/krav", base+"/krav/LOG").wants(303).Header.Get("Location")
	if to != base+"/krav#LOG" || s.value(base, engine.ReviewedKey("LOG")) != "true" {
		t.Errorf("%s %s", to, s.value(base, engine.ReviewedKey("LOG")))
	}
	s.submit(base+"/krav", base+"/krav/LOG").wants(303)
	if v := s.value(base, engine.ReviewedKey("LOG")); v != "null" {
		t.Errorf("got %s", v)
	}
	for _, x := range []string{"/fragor facts", "/lagrum laws", "/krav requirements"} {
		page, section, _ := strings.Cut(x, " ")
		s.submit(base+page, base+"/klart/"+section).wants(303)
		s.get(base+page).wants(200, "Steget är klart", "Öppna steget igen")
	}
	s.get(base).wants(200, "Klar att hämta")
	s.submit(base+"/kravbilaga", base+"/klart/export").wants(303)
	s.get(base).wants(200, "Fortsätt med steg 7")
	s.get("/").wants(200, "Steg 7: godkännande")
	s.post(base+"/klart/stop", url.Values{"klart": {"ja"}}).wants(404)
	s.post(base+"/krav/FINNSINTE", url.Values{"klart": {"ja"}}).wants(404)
}

func TestFilters(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	rows := func(query string) int {
		got := s.get(base + "/krav" + query)
		got.wants(200)
		n := 0
		for _, li := range find(got.doc(), "li") {
			if attr(li, "class") == "req" && attr(li, "id") != "" {
				n++
			}
		}
		return n
	}
	all := rows("")
	if all < 50 {
		t.Fatalf("only %d rows", all)
	}
	kinds := rows("?typ=ska") + rows("?typ=bor") + rows("?typ=osakert")
	if kinds != all {
		t.Errorf("the kinds are %d of %d", kinds, all)
	}
	if n := rows("?av=K") + rows("?av=R") + rows("?av=T") + rows("?av=lag") + rows("?av=alla"); n < all {
		t.Errorf("by is %d of %d", n, all)
	}
	if n := rows("?q=logg"); n == 0 || n >= all {
		t.Errorf("search gives %d of %d", n, all)
	}
	got := s.get(base + "/krav?q=finnsinte&typ=ska")
	got.wants(200, "Inga krav passar filtret", "Ta bort filtret ”finnsinte”", "Ta bort filtret Ska")
	if !strings.Contains(got.Body, base+"/krav?typ=ska") {
		t.Error("no way to drop one filter")
	}
	s.get("/system?q=parkering").wants(200, "Parkeringstillstånd")
	s.get("/system?q=saknas").wants(200, "Inga system passar filtret", "saknas")
}

func TestDownloads(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	page := s.get(base + "/kravbilaga")
	for _, kind := range []string{"kravbilaga", "motivering"} {
		path := base + "/" + kind + ".xlsx"
		got := s.get(path)
		got.Code = 200 // the body is no page
		if typ := got.Header.Get("Content-Type"); typ != "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" {
			t.Errorf("%s is %s", path, typ)
		}
		if d := got.Header.Get("Content-Disposition"); d != fmt.Sprintf(`attachment; filename="%s-parkeringstillstand-utkast.xlsx"`, kind) {
			t.Errorf("%s", d)
		}
		if again := s.get(path); again.Body != got.Body {
			t.Errorf("%s: the same state gives other bytes", path)
		}
		report, err := workbook.Inspect([]byte(got.Body))
		if err != nil || !report.Untouched() || string(report.Identity.Kind) == "" {
			t.Errorf("%s: %+v %v", path, report, err)
		}
		if !strings.Contains(page.Body, report.Identity.SHA256) {
			t.Errorf("the page does not tell the sum of %s", kind)
		}
		inside := strings.Contains(unzipped(t, got.Body), "Hemlig motivering")
		if inside != (kind == "motivering") {
			t.Errorf("%s holds the justification: %v", kind, inside)
		}
	}
	// A mark changes nothing in the files, an answer does.
	before := s.get(base + "/kravbilaga.xlsx").Body
	s.submit(base+"/krav", base+"/krav/LOG").wants(303)
	if s.get(base+"/kravbilaga.xlsx").Body != before {
		t.Error("a mark changed the file")
	}
	s.fact(base, "drift", "svar", "egen").wants(303)
	if s.get(base+"/kravbilaga.xlsx").Body == before {
		t.Error("an answer did not change the file")
	}
}

func TestSurvivesReopen(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	s.fact(base, "drift", "svar", "egen").wants(303)
	pages := []string{base, base + "/krav", base + "/information", base + "/lagrum", "/"}
	var before []string
	for _, p := range pages {
		before = append(before, s.get(p).text())
	}
	s.open()
	for i, p := range pages {
		if got := s.get(p).text(); got != before[i] {
			t.Errorf("%s is not as it was:\n%s\n%s", p, before[i], got)
		}
	}
}

func TestFailures(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	full := &store.Error{Sentence: "Disken är full och inget sparades.", Err: errors.New("SQLITE_FULL /hemlig/sokvag")}
	s.store.fail(full)
	for _, path := range []string{"/", base, base + "/krav"} {
		got := s.get(path)
		got.wants(503, "Disken är full och inget sparades.", "Försök igen").lacks("SQLITE", "/hemlig")
		wellFormed(t, path, got)
	}
	r := request(http.MethodPost, base+"/fragor/drift", strings.NewReader("svar=egen&version=1"))
	r.Header.Set("HX-Request", "true")
	if got := s.do(r); got.Code != 503 || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/plain") || !strings.Contains(got.Body, "Disken är full") {
		t.Errorf("htmx got %d %s", got.Code, got.Body)
	}
	s.store.fail(errors.New("nil map at /usr/src/kravverk.go:17"))
	got := s.get(base)
	got.wants(500, "Något gick fel hos oss", "Försök igen").lacks("nil map", "kravverk.go", "goroutine")
	number := regexp.MustCompile(`nummer ([0-9A-F]{8})`).FindStringSubmatch(got.text())
	if number == nil || !strings.Contains(s.log.String(), number[1]) || !strings.Contains(s.log.String(), "nil map") {
		t.Errorf("the log does not tell what %v was", number)
	}
}

// One system that cannot be read does not hide the others.
func TestBrokenSystem(t *testing.T) {
	s := newSite(t)
	bad := s.system("Trasigt", engine.FactKey("drift"), "rymden")
	s.system("Helt")
	s.get("/").wants(200, "Helt", "Trasigt", "Går inte att läsa")
	s.get("/system").wants(200, "Helt", "Trasigt", "Går inte att läsa")
	s.get("/system/" + s.record(bad).System.ID).wants(200)
	s.get(bad).wants(500).lacks("rymden")
}

func TestBrokenCatalogOnDisk(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	before := s.get(base + "/krav?visa=hela").doc()
	files := fstest.MapFS{}
	for name, data := range shipped().Files {
		files[name] = &fstest.MapFile{Data: data}
	}
	files["bas/catalog.toml"] = &fstest.MapFile{Data: []byte("[catalog]\nid = \"bas\"\nversionn = \"2\"\n")}
	_, list := catalog.Load(files, catalog.Options{})
	s.loaded.Store(&web.Loaded{Catalog: shipped(), At: start, Problems: list, TriedAt: start, Source: func(name string) []byte { return files[name].Data }, Cases: noCases})
	got := s.get("/kataloger")
	got.wants(200, "Den senaste ändringen på disken är inte inläst", "versionn", "används fortfarande")
	wellFormed(t, "/kataloger", got)
	got = s.get(base + "/krav?visa=hela")
	got.wants(200, "har fel och är inte inlästa", "Se vad som är fel")
	if textOf(find(got.doc(), "ol")[1]) != textOf(find(before, "ol")[1]) {
		t.Error("the list is another")
	}
}

// A classification keeps the catalogue that it was made with.
func TestPinnedCatalog(t *testing.T) {
	s := newSite(t)
	old := s.filled()
	was := s.get(old + "/krav").text()
	files := fstest.MapFS{}
	for name, data := range shipped().Files {
		if name == "bas/catalog.toml" {
			data = bytes.Replace(data, []byte(`title = "Baskatalog för informationssäkerhet"`), []byte(`title = "En annan baskatalog"`), 1)
		}
		files[name] = &fstest.MapFile{Data: data}
	}
	delete(files, "releases.toml")
	next, list := catalog.Load(files, catalog.Options{})
	if next == nil {
		t.Fatal(list.Err())
	}
	if next.SetHash == shipped().SetHash {
		t.Fatal("the change did not take")
	}
	s.loaded.Store(&web.Loaded{Catalog: next, At: start, Cases: noCases})
	if now := s.get(old + "/krav").text(); now != was {
		t.Errorf("the old one changed:\n%s\n%s", was, now)
	}
	s.open() // also when it is not in memory
	s.get(old+"/krav").wants(200, "Baskatalog för informationssäkerhet")
	check(t, s.db.PutCatalog(context.Background(), next.SetHash, next.Files))
	s.get(s.system("Nytt")+"/krav").wants(200, "En annan baskatalog")
	s.get("/").wants(200, "Parkeringstillstånd", "Nytt").lacks("Går inte att läsa")
}

// What people write is text, wherever it comes out.
func TestMarkupIsText(t *testing.T) {
	s := newSite(t)
	evil := `<img src=x onerror=alert(1)>"'&`
	base := s.system(evil, engine.InformationKey(1), engine.Information{Type: evil, Levels: levels(1, 1, 1), Justification: evil})
	for _, path := range append(s.addresses(http.MethodGet, base), "/system?q="+url.QueryEscape(evil), base+"/krav?q="+url.QueryEscape(evil)+"&roll="+url.QueryEscape(evil)) {
		if got := s.get(path); strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") && len(find(got.doc(), "img")) > 0 {
			t.Errorf("%s lets markup through", path)
		}
	}
}

func BenchmarkRequirements(b *testing.B) {
	s := newSite(b)
	base := s.filled()
	for b.Loop() {
		s.get(base + "/krav")
	}
}

func BenchmarkStart200(b *testing.B) {
	s := newSite(b)
	for i := range 200 {
		s.system(fmt.Sprintf("System %03d", i),
			engine.InformationKey(1), engine.Information{Type: "arendehandlingar"}, engine.FactKey("drift"), "moln", engine.FactKey("cyberfysiskt"), i%2 == 0)
	}
	for b.Loop() {
		s.get("/")
	}
}

// unzipped is all the text of a workbook.
func unzipped(t *testing.T, data string) string {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(data), int64(len(data)))
	check(t, err)
	var b strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		check(t, err)
		io.Copy(&b, r)
		r.Close()
	}
	return b.String()
}

// A requirement that applies, with a text that hangs on an open level, says so:
// then the list is a draft though no verdict is open.
func TestUnsettledText(t *testing.T) {
	s := newSite(t)
	base := s.system("Skyltarna",
		engine.InformationKey(1), engine.Information{Type: "Skyltar", Levels: levels(1, 1, 1), Justification: "Ett prov."},
		engine.InformationKey(2), engine.Information{Type: "Loggar"})
	s.get(base+"/krav").wants(200, "Texten är inte bestämd.", "har en text som inte är bestämd än", ", utkast")
}

// The lists keep what they have worked out, and show every save all the same.
func TestListsFollowSaves(t *testing.T) {
	s := newSite(t)
	base := s.system("Bommarna")
	s.get("/").wants(200, "0 av 13 frågor besvarade")
	s.fact(base, "ai", "svar", "true").wants(303)
	s.get("/").wants(200, "1 av 13 frågor besvarade")
	s.fact(base, "ai", "svar", "false").wants(303)
	s.fact(base, "drift", "svar", "egen").wants(303)
	s.get("/system").wants(200)
	s.get("/").wants(200, "2 av 13 frågor besvarade")
	// The same again, from what was kept.
	s.get("/").wants(200, "2 av 13 frågor besvarade")
}

// What a raise would do is shown before its reason and role are written.
func TestRaiseShownBeforeItsReason(t *testing.T) {
	s := newSite(t)
	base := s.system("Bommarna")
	s.post(base+"/hojning", url.Values{"version": {"0"}, "niva-T": {"3"}, "gor": {"visa"}}).wants(200, "Läggs till")
	s.post(base+"/hojning", url.Values{"version": {"0"}, "niva-T": {"3"}}).wants(422, "Läggs till", "Skriv varför nivån höjs")
}
