package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/store"
	"github.com/kravverk/kravverk/web"
)

var (
	tableTest = regexp.MustCompile(`\b(Test|Fuzz)[A-Z]\w*`)
	tableFile = regexp.MustCompile("`([a-z][A-Za-z0-9_./-]*/[A-Za-z0-9_.-]+|go\\.mod|Makefile)`")
)

// The security table of README.md has every requirement of levels 1 and 2
// once, and what it points to is there.
func TestSecurityTable(t *testing.T) {
	tests := map[string]bool{}
	sources(t, func(path string, data []byte) {
		if strings.HasSuffix(path, "_test.go") {
			for _, m := range regexp.MustCompile(`(?m)^func ((Test|Fuzz)\w+)\(`).FindAllSubmatch(data, -1) {
				tests[string(m[1])] = true
			}
		}
	})
	list, err := os.ReadFile("testdata/asvs-5.0.0-ids.txt")
	check(t, err)
	level := map[string]string{}
	for line := range strings.Lines(string(list)) {
		if f := strings.Fields(line); len(f) == 2 {
			level[f[0]] = f[1]
		}
	}
	if len(level) != 253 {
		t.Fatalf("%d requirements, want 253: 70 of level 1 and 183 of level 2", len(level))
	}
	readme, err := os.ReadFile("README.md")
	check(t, err)
	seen := map[string]bool{}
	for line := range strings.Lines(string(readme)) {
		if !strings.HasPrefix(line, "| v") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 5 {
			t.Errorf("a row is requirement, level, what it asks, state and how: %s", line)
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		id, state, how := cells[0], cells[3], cells[4]
		switch {
		case level[id] == "":
			t.Errorf("%s is no requirement of levels 1 and 2", id)
		case seen[id]:
			t.Errorf("%s is there twice", id)
		case level[id] != cells[1]:
			t.Errorf("%s is of level %s, not %s", id, level[id], cells[1])
		case cells[2] == "" || how == "":
			t.Errorf("%s lacks what it asks, or how", id)
		}
		seen[id] = true
		held := 0
		for _, name := range tableTest.FindAllString(how, -1) {
			if held++; !tests[name] {
				t.Errorf("%s: there is no %s", id, name)
			}
		}
		for _, m := range tableFile.FindAllStringSubmatch(how, -1) {
			held++
			if _, err := os.Stat(filepath.Join("..", m[1])); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
		switch state {
		case "met":
			if held == 0 {
				t.Errorf("%s is met, and no test or file holds it", id)
			}
		case "partly", "not met", "not applicable":
		default:
			t.Errorf("%s: %q is no state", id, state)
		}
	}
	for id := range level {
		if !seen[id] {
			t.Errorf("%s is not in the table", id)
		}
	}
}

// sources hands over every Go file of the module.
func sources(t *testing.T, f func(path string, data []byte)) {
	t.Helper()
	check(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "bin" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".."):
			return fs.SkipDir
		case filepath.Ext(path) != ".go":
			return nil
		}
		data, err := os.ReadFile(path)
		if err == nil {
			f(filepath.ToSlash(path), data)
		}
		return err
	}))
}

// What is dangerous, or has a safe sibling, is not used; nor are weak hashes
// and guessable numbers.
func TestSourcesAvoid(t *testing.T) {
	never := []string{"os/exec", "unsafe", "plugin", "math/rand", "math/rand/v2", "net/smtp", "crypto/md5", "crypto/sha1", "crypto/des", "crypto/rc4", "crypto/dsa", "net/http/pprof", "expvar"}
	here := map[string][]string{"text/template": {"../cmd/kravverk/new.go"}} // writes TOML
	sources(t, func(path string, data []byte) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, data, parser.ImportsOnly)
		check(t, err)
		for _, x := range file.Imports {
			name, _ := strconv.Unquote(x.Path.Value)
			if at, ok := here[name]; slices.Contains(never, name) || ok && !slices.Contains(at, path) {
				t.Errorf("%s imports %s", path, name)
			}
		}
		for word, at := range map[string]string{"InsecureSkipVerify": "", "template.HTML(": "../web/markdown.go", "template.JS(": "", "template.URL(": "", "template.CSS(": "", "template.HTMLAttr(": ""} {
			if strings.Contains(string(data), word) && path != at {
				t.Errorf("%s has %s", path, word)
			}
		}
	})
}

// served is the site behind a real server, with what that adds to the answers.
func (s *site) served() func(method, path, body string, headers ...string) answered {
	s.t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }))
	s.t.Cleanup(server.Close)
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return func(method, path, body string, headers ...string) answered {
		s.t.Helper()
		r, err := http.NewRequest(method, server.URL+path, strings.NewReader(body))
		check(s.t, err)
		r.Host = s.config.URL.Host
		if method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		for name, value := range s.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		for i := 0; i < len(headers); i += 2 {
			if r.Header.Set(headers[i], headers[i+1]); headers[i] == "Host" {
				r.Host = headers[i+1]
			}
		}
		w, err := client.Do(r)
		check(s.t, err)
		defer w.Body.Close()
		data, err := io.ReadAll(w.Body)
		check(s.t, err)
		return answered{s.t, w.StatusCode, w.Header, string(data)}
	}
}

// Whatever the answer is, its headers hold the browser to us.
func TestEveryStatusHasTheHeaders(t *testing.T) {
	s := locked(t)
	s.signIn("maria", goodPassword).wants(303)
	base := s.filled()
	ask := s.served()
	seen := map[int]bool{}
	try := func(want int, method, path, body string, headers ...string) {
		t.Helper()
		got := ask(method, path, body, headers...)
		name := fmt.Sprintf("%s %s (%d)", method, path, got.Code)
		if got.Code != want {
			t.Errorf("%s: want %d", name, want)
		}
		seen[got.Code] = true
		h := got.Header
		for header, value := range map[string]string{
			"Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
			"X-Content-Type-Options":  "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
		} {
			if h.Get(header) != value {
				t.Errorf("%s: %s is %q", name, header, h.Get(header))
			}
		}
		if cached := strings.HasPrefix(path, "/static/") && got.Code == 200; h.Get("Cache-Control") != "no-store" && !cached {
			t.Errorf("%s may be kept: %q", name, h.Get("Cache-Control"))
		}
		for header := range h {
			if header == "Server" || header == "X-Powered-By" || strings.HasPrefix(header, "Access-Control-") {
				t.Errorf("%s has %s: %s", name, header, h.Get(header))
			}
		}
		typ := h.Get("Content-Type")
		if typ == "" && got.Body != "" || strings.HasPrefix(typ, "text/") && !strings.HasSuffix(typ, "; charset=utf-8") {
			t.Errorf("%s has the type %q", name, typ)
		}
	}
	form := "svar=egen&version=1&nyckel=n"
	try(200, "GET", "/", "")
	try(200, "GET", base+"/krav", "")
	try(200, "GET", base+"/kravbilaga.xlsx", "")
	try(200, "GET", "/static/style.css", "")
	try(200, "GET", "/healthz", "")
	try(200, "GET", "/", "", "Origin", "https://ond.example")
	try(204, "GET", "/inloggad", "")
	try(303, "POST", base+"/fragor/drift", form)
	try(400, "POST", base+"/fragor/drift", "svar=%zz")
	try(403, "POST", base+"/fragor/drift", form, "Sec-Fetch-Site", "cross-site")
	try(404, "GET", "/finns-inte", "")
	try(404, "GET", "/static/finns-inte.js", "")
	try(404, "OPTIONS", "/system", "", "Origin", "https://ond.example", "Access-Control-Request-Method", "POST")
	try(413, "POST", base+"/fragor/drift", "svar="+strings.Repeat("a", 1<<20))
	try(421, "GET", "/", "", "Host", "ond.example")
	try(422, "POST", base+"/information/1", "version=1")
	s.store.fail(errors.New("the disk is gone"))
	try(500, "GET", base, "")
	s.store.fail(&store.Error{Sentence: "Disken är full.", Err: errors.New("full")})
	try(503, "GET", base, "")
	s.store.fail(nil)
	clear(s.cookies)
	try(303, "GET", "/", "")
	try(401, "POST", base+"/fragor/drift", form)
	for range 20 {
		ask("GET", "/inbjudan/finns-inte", "")
	}
	try(429, "GET", "/inbjudan/finns-inte", "")
	if len(seen) != 13 {
		t.Errorf("%d statuses", len(seen))
	}
}

// Reading is GET and writing is POST. There is nothing else.
func TestOnlyGetAndPost(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	routes, pages := s.routesOf(base), s.addresses(http.MethodGet, base)
	before := s.dump()
	for _, path := range routes {
		for _, method := range []string{"HEAD", "OPTIONS", "TRACE", "CONNECT", "PUT", "PATCH", "DELETE", "PROPFIND"} {
			r := request(http.MethodPost, path, strings.NewReader("svar=egen&version=1"))
			r.Method = method
			if got := s.do(r); got.Code != 404 && got.Code != 405 {
				t.Errorf("%s %s: %d", method, path, got.Code)
			}
		}
	}
	for _, path := range pages {
		s.get(path + "?svar=egen&version=1&sparat=1&gor=ta-bort&klart=ja")
	}
	if s.dump() != before {
		t.Error("something was saved")
	}
}

// What an address names is looked up, never opened as a file.
func TestPathsStayInside(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	tender := s.procured(base)
	check(t, chi.Walk(s.handlerRoutes(), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if method != http.MethodGet || !strings.Contains(route, "{") {
			return nil
		}
		if strings.Contains(route, "{n}") {
			route = strings.Replace(route, "{anbud}", tender, 1)
		}
		for _, evil := range []string{"..%2f..%2fgo.mod", "%2e%2e%2f%2e%2e%2fgo.mod", "..%5c..%5cgo.mod", "%2fetc%2fpasswd", "go.mod%00", "style.css%2f..%2fMANIFEST", ".", ".."} {
			path := regexp.MustCompile(`\{(n|rad|version|anbud|krav|catalog|lag|blad|regelverk|fall|file|system|token|revision)\}`).ReplaceAllString(strings.Replace(route, "/klassning/{id}", base, 1), evil)
			if path == strings.Replace(route, "/klassning/{id}", base, 1) {
				continue
			}
			r := request(http.MethodGet, "/", nil)
			r.URL = &url.URL{Path: path, RawPath: path}
			if u, err := url.PathUnescape(path); err == nil {
				r.URL.Path = u
			}
			if got := s.do(r); got.Code != 404 || strings.Contains(got.Body, "module github.com") || strings.Contains(got.Body, "root:") {
				t.Errorf("%s: %d", path, got.Code)
			}
		}
		return nil
	}))
	for _, path := range []string{"/static", "/static/", "/.git/config", "/kravverk.db", "/debug/pprof/", "/debug/vars", "/metrics", "/go.mod", "/web/server.go", "/templates/frame.html", "/swagger", "/openapi.json"} {
		s.get(path).wants(404)
	}
}

// A system may be called anything: its files get a plain name, and what looks
// like a formula is text in them.
func TestDownloadsOfEvilNames(t *testing.T) {
	s := newSite(t)
	name := regexp.MustCompile(`^attachment; filename="(kravbilaga|motivering)-[a-z0-9-]+\.xlsx"$`)
	for _, title := range []string{`=HYPERLINK("http://ond.example")`, "x\"; filename=\"ond.exe", "a\r\nX-Evil: 1", `..\..\..\ond`, "../../ond", "@SUM(1)", "+46", "-1", "\u202excod.exe", "?*", strings.Repeat("å", 200)} {
		base := s.system(title, engine.InformationKey(1), engine.Information{Type: title, Levels: levels(1, 1, 1), Justification: title})
		for _, kind := range []string{"kravbilaga", "motivering"} {
			got := s.get(base + "/" + kind + ".xlsx")
			if d := got.Header.Get("Content-Disposition"); got.Code != 200 || !name.MatchString(d) || len(d) > 300 || got.Header.Get("X-Evil") != "" {
				t.Errorf("%q: %d %q", title, got.Code, d)
			}
			text := unzipped(t, got.Body)
			if kind == "motivering" && strings.HasPrefix(title, "=") && !strings.Contains(text, "HYPERLINK(") {
				t.Errorf("%q is not in the file", title)
			}
			if formula := regexp.MustCompile(`<f[ >][^<]*(HYPERLINK|SUM\(1\)|\+46)`).FindString(text); formula != "" {
				t.Errorf("%q became the formula %s", title, formula)
			}
		}
	}
}

// A form changes what it is about. What else is sent with it, or sent in the
// address instead, changes nothing.
func TestUnknownFieldsChangeNothing(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	was := s.record(base)
	s.post(base+"/fragor/drift?svar=egen&version=1", nil)
	if now := s.record(base); !reflect.DeepEqual(now, was) {
		t.Error("the address alone saved something")
	}
	s.post(base+"/fragor/drift?svar=avtal", url.Values{"svar": {"egen"}, "version": {"1"}, "nyckel": {"n"}, "id": {"x"}, "system": {"x"}, "enhet": {"top"}, "managed_by": {"top"},
		"typ": {"B"}, "catalog_hash": {"x"}, "by": {johan.ID}, "person": {johan.ID}, "saved_by": {johan.ID}, "key": {"fact/publik_tjanst"}, "fact/publik_tjanst": {"false"}, "information": {"1"},
		"paused": {"true"}, "stop": {""}, "approved_by": {maria.ID}, "revision": {"1"}, "state": {"0"}, "roll": {web.Administrator}}).wants(303)
	now := s.record(base)
	if got := now.Answers["fact/drift"]; string(got.Value) != `"egen"` || got.By.ID != maria.ID {
		t.Errorf("saved %s by %s", got.Value, got.By.ID)
	}
	delete(was.Answers, "fact/drift")
	delete(now.Answers, "fact/drift")
	if !reflect.DeepEqual(now, was) {
		t.Errorf("more than the answer changed:\n%+v\n%+v", was, now)
	}
}

// The key that makes two posts of one form one system opens no other's.
func TestFormKeyOpensNothing(t *testing.T) {
	s := newSite(t)
	ctx := context.Background()
	_, err := s.db.SaveUnit(ctx, "", engine.Unit{ID: "social", Parent: store.TopUnit, Title: "Socialförvaltningen", Kind: engine.Administration})
	check(t, err)
	bo := engine.Person{ID: "bo", Name: "Bo Ek"}
	_, err = s.db.AddAccount(ctx, "", engine.Account{Person: bo, Grants: []engine.Grant{{Unit: "social", Role: "systemagare"}}})
	check(t, err)
	form := url.Values{"omfattas": {"nej"}, "namn": {"Kartan"}, "enhet": {"trafik"}, "typ": {"A"}, "roll": {"Systemägare"}, "nyckel": {strings.Repeat("ab", 12)}}
	base := s.post("/system", form).wants(303).Header.Get("Location")
	s.as(bo)
	s.post("/system", form).wants(422, "Välj vilken enhet")
	form.Set("enhet", "social")
	if got := s.post("/system", form); got.Code < 400 {
		t.Errorf("got %d %s", got.Code, got.Header.Get("Location"))
	}
	s.get(base).wants(404).lacks("Kartan")
}

// Quotes and wildcards are text to the database too.
func TestQuotesAreText(t *testing.T) {
	s := newSite(t)
	evil := `'; DROP TABLE system; -- " \ % _ $1 ?`
	base := s.system(evil)
	s.post(base+"/information", url.Values{"typ": {evil}, "version": {"0"}, "nyckel": {evil}})
	s.get("/system?q="+url.QueryEscape("'; drop")).wants(200, "DROP TABLE system; --")
	s.get("/system/" + url.PathEscape(evil)).wants(404)
	s.post("/konto/person", url.Values{"person": {`' OR '1'='1`}}).wants(404)
	if got := s.record(base).System.Title; got != evil {
		t.Errorf("kept as %s", got)
	}
}

type panicking struct{ web.Store }

func (panicking) Systems(context.Context) ([]engine.Record, error) {
	panic("nil map at /usr/src/kravverk.go:17")
}

// A panic is an error page for one, and the program goes on.
func TestPanicIsAnErrorPage(t *testing.T) {
	s := newSite(t)
	s.config.Store = panicking{s.store}
	var err error
	s.handler, err = web.New(s.config)
	check(t, err)
	s.get("/").wants(500, "Något gick fel hos oss").lacks("nil map", "kravverk.go", "goroutine")
	s.get("/kataloger").wants(200)
	if !strings.Contains(s.log.String(), "nil map") {
		t.Error("the log does not tell why")
	}
}

// The session's token is in its cookie and nowhere else, and no address that
// we send somebody to opens anything.
func TestNoSecretsInAnswers(t *testing.T) {
	s := locked(t)
	ctx := context.Background()
	invitation, err := s.db.Invite(ctx, "", maria.ID, s.now().Add(time.Hour))
	check(t, err)
	const second = "fyra blå båtar i vik"
	secrets := []string{invitation, url.QueryEscape(second), url.QueryEscape(goodPassword), second, goodPassword}
	var cookies []string
	look := func(got answered) {
		t.Helper()
		if c := got.Header.Get("Set-Cookie"); c != "" {
			cookies = append(cookies, c)
		}
		if token := s.cookies["__Host-kravverk"]; token != "" {
			secrets = append(secrets, token)
		}
		for _, secret := range secrets {
			if strings.Contains(got.Header.Get("Location"), secret) || secret != invitation && strings.Contains(got.Body, secret) {
				t.Errorf("a secret is in the answer %d %s", got.Code, got.Header.Get("Location"))
			}
		}
	}
	look(s.post("/inbjudan/"+invitation, url.Values{"losenord": {second}, "igen": {"annat"}}).wants(422))
	look(s.post("/inbjudan/"+invitation, url.Values{"losenord": {second}, "igen": {second}}).wants(303))
	look(s.signIn("maria", goodPassword).wants(422))
	look(s.signIn("maria", second).wants(303))
	base := s.filled()
	for _, path := range s.addresses(http.MethodGet, base) {
		look(s.get(path))
	}
	look(s.get("/konto"))
	look(s.post("/konto/losenord", url.Values{"nuvarande": {second}, "losenord": {goodPassword}, "igen": {goodPassword}}).wants(303))
	look(s.post("/konto/sessioner", nil).wants(303))
	look(s.post("/logga-ut", nil).wants(303))
	if len(cookies) < 5 {
		t.Errorf("only %d cookies", len(cookies))
	}
	for _, c := range cookies {
		if !regexp.MustCompile(`^__Host-kravverk=[^;]*; Path=/; (Expires=[^;]*; )?(Max-Age=0; )?HttpOnly; Secure; SameSite=Lax$`).MatchString(c) {
			t.Errorf("a cookie is %q", c)
		}
	}
}

// One that is ended on the account's page opens nothing more, and the others go on.
func TestEndOneSession(t *testing.T) {
	s := locked(t)
	s.signIn("maria", goodPassword).wants(303)
	var elsewhere map[string]string
	s.browser(func() { s.signIn("maria", goodPassword).wants(303); elsewhere = maps.Clone(s.cookies) })
	here := func() string { // the id of the session that asks
		for _, row := range find(s.get("/konto").doc(), "tr") {
			if strings.Contains(textOf(row), "den här") {
				return attr(find(row, "input")[0], "value")
			}
		}
		t.Fatal("this session is not listed")
		return ""
	}
	var id string
	s.browser(func() { maps.Copy(s.cookies, elsewhere); id = here() })
	s.post("/konto/sessioner", url.Values{"session": {id}}).wants(303)
	s.browser(func() {
		if maps.Copy(s.cookies, elsewhere); s.signedIn() {
			t.Error("ended, and still open")
		}
	})
	if !s.signedIn() {
		t.Fatal("the other one ended too")
	}
	mine := maps.Clone(s.cookies)
	s.post("/konto/sessioner", url.Values{"session": {here()}}).wants(303)
	if maps.Copy(s.cookies, mine); s.signedIn() {
		t.Error("this one is ended, and still open")
	}
}

// The script keeps nothing in the browser, makes no markup of text and talks
// to no other window; pages load our files alone.
func TestScript(t *testing.T) {
	script, err := os.ReadFile("static/kravverk.js")
	check(t, err)
	for _, word := range []string{"localStorage", "sessionStorage", "indexedDB", "document.cookie", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "postMessage", "window.open", "http:", "https:"} {
		if bytes.Contains(script, []byte(word)) {
			t.Errorf("kravverk.js has %s", word)
		}
	}
	s := newSite(t)
	base := s.filled()
	for _, path := range s.addresses(http.MethodGet, base) {
		got := s.get(path)
		if got.Code != 200 || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
			continue
		}
		if !strings.Contains(got.Body, `"allowEval":false`) || !strings.Contains(got.Body, `"allowScriptTags":false`) || !strings.Contains(got.Body, `"historyEnabled":false`) {
			t.Errorf("%s: htmx may do more than it needs", path)
		}
		for n := range got.doc().Descendants() {
			from := attr(n, "src")
			if n.Data == "link" {
				from = attr(n, "href")
			}
			if from != "" && !strings.HasPrefix(from, "/static/") {
				t.Errorf("%s loads %s", path, from)
			}
		}
	}
}

// Passwords are hidden as they are typed, and can be pasted and kept by a
// password manager.
func TestPasswordFields(t *testing.T) {
	s := locked(t)
	token, err := s.db.Invite(context.Background(), "", maria.ID, s.now().Add(time.Hour))
	check(t, err)
	pages := map[string]answered{"/logga-in": s.get("/logga-in"), "/inbjudan": s.get("/inbjudan/" + token)}
	s.signIn("maria", goodPassword).wants(303)
	pages["/konto"] = s.get("/konto")
	for path, page := range pages {
		n := 0
		for _, x := range find(page.doc(), "input") {
			if name := attr(x, "name"); name != "losenord" && name != "igen" && name != "nuvarande" {
				continue
			}
			n++
			if attr(x, "type") != "password" || !strings.HasSuffix(attr(x, "autocomplete"), "-password") || has(x, "onpaste") || has(x, "pattern") || attr(x, "value") != "" {
				t.Errorf("%s: %+v", path, x.Attr)
			}
			if most, err := strconv.Atoi(attr(x, "maxlength")); has(x, "maxlength") && (err != nil || most < 64) {
				t.Errorf("%s: at most %s characters", path, attr(x, "maxlength"))
			}
		}
		if n == 0 {
			t.Errorf("%s has no password field", path)
		}
	}
}
