package web_test

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/store"
	"github.com/kravverk/kravverk/engine/workbook"
)

//go:embed testdata/axe.min.js
var axe string

// One browser serves all the tests, a tab each.
var chrome struct {
	once   sync.Once
	ctx    context.Context
	cancel func()
	err    error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if chrome.cancel != nil {
		chrome.cancel()
	}
	os.Exit(code)
}

func startChrome() {
	var path string
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); path == "" && err == nil {
			path = found
		}
	}
	if path == "" {
		chrome.err = errors.New("no Chromium here: install the package chromium (apt-get install chromium), or set CHROMIUM to its path")
		return
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.Headless, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck}
	for _, flag := range []string{"no-sandbox", "disable-gpu", "disable-background-networking", "disable-component-update", "disable-sync", "disable-extensions", "hide-scrollbars", "disable-dev-shm-usage", "disable-background-timer-throttling", "disable-renderer-backgrounding", "disable-backgrounding-occluded-windows"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...) // with a new, empty profile
	ctx, cancel := chromedp.NewContext(allocator)
	chrome.ctx = ctx
	chrome.cancel = func() {
		chromedp.Cancel(ctx) // waits for the process
		cancel()
		stop()
	}
	if chrome.err = chromedp.Run(ctx); chrome.err != nil {
		chrome.cancel = stop // there is no process to wait for
	}
}

// patience is how long something may take before it is thought to hang: no bound
// on speed, since a machine may be busy with other things.
const patience = 30 * time.Second

// tab is one page of the browser, on a server of its own.
type tab struct {
	*site
	t    testing.TB
	ctx  context.Context
	url  string
	down func() // takes the server away

	mu       sync.Mutex
	complain []string // what the console said
	excuse   []string // what it may say
	dialogs  []string
}

func newTab(t *testing.T, s *site) *tab {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes long")
	}
	chrome.once.Do(startChrome)
	if chrome.err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(chrome.err)
		}
		t.Logf("NOT TESTED IN A BROWSER: %v", chrome.err)
		t.Skip(chrome.err)
	}
	server := httptest.NewServer(s.handler)
	b := &tab{site: s, t: t, url: server.URL, excuse: []string{"htmx:afterRequest", "htmx:sendAbort"}, // a newer choice replaces what was asked
		down: func() { server.CloseClientConnections(); server.Listener.Close() }}
	ctx, cancel := chromedp.NewContext(chrome.ctx)
	ctx, stop := context.WithTimeout(ctx, 5*time.Minute) // against a hang, not a bound on speed
	b.ctx = ctx
	t.Cleanup(func() {
		stop()
		cancel()
		server.CloseClientConnections()
		server.Close()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, line := range b.complain {
			t.Errorf("the console says: %s", line)
		}
	})
	chromedp.ListenTarget(ctx, b.listen)
	b.run(log.Enable(), runtime.Enable(), page.Enable(), emulation.SetFocusEmulationEnabled(true), // several tabs at a time
		emulation.SetDeviceMetricsOverride(1280, 900, 1, false))
	return b
}

func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var line string
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		line = e.ExceptionDetails.Error()
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			line = e.Entry.Text + " " + e.Entry.URL
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			line = fmt.Sprint(e.Type)
			for _, a := range e.Args {
				line += " " + string(a.Value) + a.Description
			}
		}
	case *page.EventJavascriptDialogOpening:
		b.dialogs = append(b.dialogs, e.Type.String())
		go chromedp.Run(b.ctx, page.HandleJavaScriptDialog(false)) // stay
	}
	if line == "" {
		return
	}
	for _, x := range b.excuse {
		if strings.Contains(line, x) {
			return
		}
	}
	b.complain = append(b.complain, line)
}

// excuses lets the console say that a request was refused, where that is what
// the test is about.
func (b *tab) excuses(words ...string) { b.excuse = append(b.excuse, words...) }

func (b *tab) run(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatalf("%v\n%s", err, b.seen())
	}
}

// seen is what stands on the page, for a failure.
func (b *tab) seen() (text string) {
	chromedp.Run(b.ctx, chromedp.Evaluate(`location.href + "\n" + document.body.innerText.slice(0, 1500)`, &text))
	return text
}

func (b *tab) open(path string) {
	b.t.Helper()
	b.run(chromedp.Navigate(b.url + path))
}

// click clicks the first visible thing that the selector finds.
func (b *tab) click(selector string) {
	b.t.Helper()
	b.run(within(chromedp.Click(selector, chromedp.ByQuery, chromedp.NodeVisible), selector))
}

// go clicks what leads to another page, and waits for it.
func (b *tab) follow(selector string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(selector, chromedp.ByQuery, chromedp.NodeVisible)); err != nil {
		b.t.Fatalf("%s: %v\n%s", selector, err, b.seen())
	}
}

func within(a chromedp.Action, what string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if err := a.Do(ctx); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	})
}

func (b *tab) fill(selector, text string) {
	b.t.Helper()
	b.run(within(chromedp.SendKeys(selector, text, chromedp.ByQuery), selector))
}

func (b *tab) choose(selector, value string) {
	b.t.Helper()
	b.run(within(chromedp.SetValue(selector, value, chromedp.ByQuery), selector))
}

// waits until the expression is true.
func (b *tab) waits(expression string) {
	b.t.Helper()
	var done bool
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		// An error is mostly that the page is on its way to another.
		err := chromedp.Run(b.ctx, chromedp.Evaluate("!!("+expression+")", &done))
		if err == nil && done {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("never true: %s (%v)\n%s", expression, err, b.seen())
		}
	}
}

func (b *tab) says(selector, text string) {
	b.t.Helper()
	b.waits(fmt.Sprintf("(document.querySelector(%q)?.innerText ?? '').replace(/\\s+/g, ' ').includes(%q)", selector, text))
}

func evaluate[T any](b *tab, expression string) (out T) {
	b.t.Helper()
	b.run(chromedp.Evaluate(expression, &out, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return out
}

func (b *tab) path() string { return evaluate[string](b, "location.pathname") }

func (b *tab) base() string {
	id, _, _ := strings.Cut(strings.TrimPrefix(b.path(), "/klassning/"), "/")
	return "/klassning/" + id
}

// width sets how wide the window is.
func (b *tab) width(n int64) {
	b.t.Helper()
	b.run(emulation.SetDeviceMetricsOverride(n, 900, 1, false))
}

func (b *tab) dark(on bool) {
	b.t.Helper()
	scheme := map[bool]string{true: "dark", false: "light"}[on]
	b.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
}

// accessible runs axe on the page as it stands: wide, narrow and dark. No page
// may scroll sideways.
func (b *tab) accessible(name string) {
	b.t.Helper()
	b.run(chromedp.Evaluate(axe+";0", nil)) // over the debugging protocol, which the page's policy does not hold
	b.axe(name, "")
	for _, n := range []int64{1280, 768, 320, 360} {
		b.width(n)
		if wide := evaluate[int](b, "document.documentElement.scrollWidth"); wide > int(n) {
			b.t.Errorf("%s scrolls sideways at %d px: %d px, by %s", name, n, wide, evaluate[string](b, widest))
		}
	}
	b.axe(name+" at 360 px", "")
	b.width(1280)
	b.dark(true)
	b.axe(name+", dark", "color-contrast")
	b.dark(false)
}

const widest = `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !e.closest(".areas ul, .list"))
	.slice(0, 4).map(e => e.tagName + "." + e.className + " " + (e.innerText || "").slice(0, 30)).join("; ")`

func (b *tab) axe(name, rule string) {
	b.t.Helper()
	only := `{type: "tag", values: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}`
	if rule != "" {
		only = fmt.Sprintf(`{type: "rule", values: [%q]}`, rule)
	}
	found := evaluate[[]string](b, `axe.run(document, {resultTypes: ["violations"], runOnly: `+only+`}).then(r =>
		r.violations.map(v => v.id + ": " + v.help + "\n" + v.nodes.slice(0, 3).map(n => "    " + n.target.join(" ") + " " + n.html.slice(0, 160) + "\n      " + n.failureSummary.replace(/\n/g, " ")).join("\n")))`)
	for _, v := range found {
		b.t.Errorf("%s: %s", name, v)
	}
}

// The whole way from the stop question to the two files, by clicking.
func TestWalk(t *testing.T) {
	t.Parallel()
	for _, script := range []bool{true, false} {
		t.Run(map[bool]string{true: "with script", false: "without"}[script], func(t *testing.T) {
			b := newTab(t, newSite(t))
			b.run(emulation.SetScriptExecutionDisabled(!script))
			b.walk(script)
		})
	}
}

func (b *tab) walk(script bool) {
	t := b.t
	b.open("/")
	b.follow("a[href='/system/nytt']")
	b.click("#svar-nej")
	b.follow("main form button")
	b.fill("#namn", "Tunneln på öst")
	b.fill("#beskrivning", "Styr fläktar & bommar.")
	b.choose("#enhet", "trafik")
	b.click(`input[name=typ][value=A]`)
	b.choose("#roll", "Systemägare")
	b.follow("main form button")
	base := b.base()
	b.says("h1", "Tunneln på öst")

	// Questions: one answer, one save.
	b.follow("a[href$='/fragor']")
	bound := evaluate[string](b, "document.querySelector('#nu').innerText")
	answer := func(id, value string) {
		t.Helper()
		b.click("#" + id + "-" + value)
		if !script {
			b.follow("#f-" + id + " button")
		}
		b.says("#s-"+id, "Sparat 10.42")
		if script {
			if at := evaluate[string](b, "document.activeElement.id"); at != id+"-"+value {
				t.Errorf("after %s focus is on %q", id, at)
			}
		}
	}
	if evaluate[bool](b, "!!document.querySelector('#f-vagtunnel')") {
		t.Error("a dependent question is there from the start")
	}
	answer("cyberfysiskt", "true")
	b.waits("!!document.querySelector('#f-vagtunnel')")
	answer("vagtunnel", "true")
	answer("publik_tjanst", "false")
	answer("publik_tjanst", "true") // a second save of the same starts from the first
	answer("drift", "moln")
	b.waits("!!document.querySelector('#f-leverantorsintyg')")
	b.click("#leverantorsintyg-iso27001")
	if script {
		b.says("#s-leverantorsintyg", "Sparat")
		b.click("#leverantorsintyg-soc2-typ2")
		b.waits(`document.querySelector("#v-leverantorsintyg").value == "2"`)
		b.click("#leverantorsintyg-inget") // takes the other ticks away
		b.waits(`document.querySelector("#v-leverantorsintyg").value == "3"`)
		if n := evaluate[int](b, "document.querySelectorAll('#f-leverantorsintyg :checked').length"); n != 1 {
			t.Errorf("%d ticks beside Inget av dessa", n)
		}
	} else {
		b.follow("#f-leverantorsintyg button")
	}
	if now := evaluate[string](b, "document.querySelector('#nu').innerText"); now == bound {
		t.Errorf("the bound still says %q", now)
	}
	want := map[bool]string{true: "[]", false: `["iso27001"]`}[script]
	if v := b.value(base, engine.FactKey("leverantorsintyg")); v != want {
		t.Errorf("stored %s", v)
	}
	if v := b.value(base, engine.FactKey("publik_tjanst")); v != "true" {
		t.Errorf("stored %s", v)
	}
	b.follow("form[action$='/klart/facts'] button")

	// Information: a pre-classified kind and one of its own.
	b.follow("a[href$='/information']")
	b.follow("a[href$='/information/ny']")
	b.click("input[value=styrkommandon]")
	b.follow("form.box button")
	b.says("h2", "Styrkommandon")
	b.save(script)
	b.follow("a[href$='/information/ny']")
	b.click("input[value=egen]")
	b.fill("#egen", "Felanmälningar")
	b.follow("form.box button")
	b.click("#niva-K-2")
	b.click("#niva-R-1")
	b.click("#niva-T-3")
	b.choose("#kategori-T", "individ")
	if script { // the effect comes by itself, before there are any words
		b.says("#verkan", "3 Allvarlig")
		b.says("#verkan", "krav blir")
	}
	b.fill("#motivering", "Utan den märks inte bränder.")
	b.save(script)
	b.says("aside", "Sparat 10.42")
	b.follow("form[action$='/klart/information'] button")

	b.follow("a[href$='/lagrum']")
	b.click("#l-csl")
	b.follow("form[action$='/lagrum'] button")
	b.says(".saved", "Sparat")
	b.follow("form[action$='/klart/laws'] button")

	b.follow("a[href$='/krav']")
	b.click(".req details summary")
	b.says(".req details[open] .why", "Varför kravet finns här")
	rows := "document.querySelectorAll('.req[id]').length"
	all := evaluate[int](b, rows)
	b.choose("#f-typ", "bor")
	b.follow(".filters button")
	if n := evaluate[int](b, rows); n == 0 || n >= all || !strings.Contains(evaluate[string](b, "location.search"), "typ=bor") {
		t.Errorf("the filter shows %d of %d", n, all)
	}
	b.follow("p.row a[href$='/krav']")
	b.follow("form[action$='/krav/BEH'] button")
	b.says("#BEH", "Genomgånget")
	b.follow("form[action$='/klart/requirements'] button")

	b.follow("a[href$='/kravbilaga']")
	for _, kind := range []string{"kravbilaga", "motivering"} {
		data := b.download("a[href$='/" + kind + ".xlsx']")
		report, err := workbook.Inspect(data)
		if err != nil || !report.Untouched() || report.Rows == 0 && kind == "kravbilaga" {
			t.Errorf("%s: %+v %v", kind, report, err)
		}
		b.says("main", report.Identity.SHA256)
	}
}

// save saves the levels. Without script the panel is a page before it.
func (b *tab) save(script bool) {
	b.t.Helper()
	const button = "form[data-dirty] aside button:not([name])"
	if script {
		b.waits("!document.querySelector('.htmx-request')")
	}
	b.follow(button)
	if !script && strings.HasSuffix(b.path(), "/information") == false {
		b.says("main", "Ändrad, inte sparad")
		b.follow(button)
	}
	if p := b.path(); !strings.HasSuffix(p, "/information") {
		b.t.Fatalf("not saved, at %s\n%s", p, b.seen())
	}
}

func (b *tab) download(selector string) []byte {
	b.t.Helper()
	dir := b.t.TempDir()
	done := make(chan string, 1)
	ctx, cancel := context.WithCancel(b.ctx)
	defer cancel()
	chromedp.ListenTarget(ctx, func(event any) {
		if e, ok := event.(*browser.EventDownloadProgress); ok && e.State == browser.DownloadProgressStateCompleted {
			done <- e.GUID
		}
	})
	b.run(browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllowAndName).WithDownloadPath(dir).WithEventsEnabled(true))
	b.click(selector)
	select {
	case id := <-done:
		data, err := os.ReadFile(filepath.Join(dir, id))
		check(b.t, err)
		return data
	case <-time.After(10 * time.Second):
		b.t.Fatalf("%s was not downloaded", selector)
		return nil
	}
}

// axe-core finds nothing on any page, in any state.
func TestAccessible(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	base := s.filled()
	s.answer(base, maria, engine.InformationKey(3), engine.Information{Type: "Felanmälningar"})
	s.answer(base, johan, engine.KeyRaise, map[string]any{"T": 3, "reason": "Mängden.", "decided_by": "Systemägare"})
	decided := map[string]string{"ready": s.complete("Klart att godkänna"), "approved": s.complete("Godkänt"), "waiting": s.complete("Väntande")}
	s.propose(decided["approved"]).wants(303)
	s.as(johan)
	s.propose(decided["waiting"]).wants(303)
	s.as(maria)
	s.approvedOnce(base)
	paused := s.system(strings.Repeat("Trafiksignalstyrnings", 3), engine.KeyPaused, true)
	done := s.answered("Färdigt")
	system := "/system/" + s.record(base).System.ID
	empty := newSite(t)

	t.Run("pages", func(t *testing.T) { // in two tabs, each with every second
		paths := []string{
			"/", "/system", "/system?q=finnsinte", system, "/system/nytt", "/system/nytt/uppgifter?omfattas=nej",
			base, base + "/stopp", base + "/fragor", base + "/fragor/alla", base + "/information", base + "/information/ny",
			base + "/information/1", base + "/information/2", base + "/information/3", base + "/hojning", base + "/lagrum",
			base + "/krav", base + "/krav?typ=osakert", base + "/krav?q=finnsinte", base + "/krav?q=OT-02", base + "/kravbilaga",
			base + "/krav/BEH-04", base + "/krav/OT-02", base + "/krav/LEV-05", base + "/krav/FYS-01", base + "/krav/BEH-044",
			base + "/godkannande", base + "/revisioner", base + "/revisioner?a=1&b=nu", base + "/revision/1", decided["ready"] + "/godkannande",
			decided["approved"], decided["approved"] + "/godkannande", decided["approved"] + "/revision/1", decided["waiting"] + "/godkannande", decided["waiting"] + "/krav",
			base + "/fraga", base + "/fraga?hoppa=nivaer", base + "/fraga?visa=drift", done + "/fraga",
			base + "/prova", base + "/prova?K=0&svar-drift=egen", base + "/prova?K=7&mer=ai", done + "/prova?T=3",
			paused, paused + "/stopp", paused + "/fragor", paused + "/fraga", paused + "/krav", paused + "/krav/BEH-04", paused + "/prova",
			"/kataloger", "/kataloger/sta", "/krav/BEH-03", "/krav/FYS-01", "/krav/finnsinte", "/kartotek", "/kartotek/behorighet", "/kartotek/incident",
			"/lagrum", "/lagrum/csl", "/tackning", "/tackning/nis2", "/tackning/iso27002?visa=utelamnade", "/provfall", "/provfall/bas-03-tunnelstyrning",
			"/sok", "/sok?q=loggar", "/sok?q=xyzzy", "/tillganglighet", "/uppgifter", "/finns-inte",
		}
		for first := range 2 {
			t.Run(fmt.Sprint(first), func(t *testing.T) {
				t.Parallel()
				b := newTab(t, s)
				b.excuses("status of 404")
				for i := first; i < len(paths); i += 2 {
					b.open(paths[i])
					b.accessible(paths[i])
				}
			})
		}
	})
	t.Run("whole lists", func(t *testing.T) {
		b := newTab(t, s)
		b.open(base + "/krav?visa=hela&typ=ska&av=K")
		evaluate[int](b, "document.querySelectorAll('details').forEach(d => d.open = true), 0")
		b.accessible("/krav with all open")
		b.open("/kataloger/bas")
		b.accessible("/kataloger/bas")
	})
	t.Run("first time", func(t *testing.T) {
		b := newTab(t, empty)
		for _, path := range []string{"/", "/system"} {
			b.open(path)
			b.accessible(path + " of an empty database")
		}
	})
	t.Run("errors", func(t *testing.T) {
		b := newTab(t, s)
		b.excuses("status of 4", "status of 5")
		send := func(name, path, prepare, selector string) {
			t.Helper()
			b.open(path)
			evaluate[int](b, "document.querySelectorAll('[required]').forEach(e => e.required = false), document.querySelectorAll('[data-dirty]').forEach(e => e.removeAttribute('data-dirty')), "+prepare+", 0")
			evaluate[int](b, fmt.Sprintf("HTMLFormElement.prototype.submit.call(document.querySelector(%q)), 0", selector))
			b.waits("document.readyState == 'complete' && !!document.querySelector('[data-focus], .note.att, main .box p') && !window.same")
			if name != "referral" && name != "403" && name != "413" {
				b.waits("document.activeElement.matches('[data-focus]')")
				if !evaluate[bool](b, "document.title.startsWith('Fel: ')") {
					t.Errorf("%s: the title does not begin with Fel", name)
				}
			}
			b.accessible(name)
		}
		send("no answer to the stop question", "/system/nytt", "0", "main form")
		send("an empty new system", "/system/nytt/uppgifter?omfattas=nej", "0", "main form")
		send("referral", "/system/nytt", "document.querySelector('[value=ja]').checked = true", "main form")
		send("no answer", base+"/fragor", "0", "#f-ai")
		send("no type chosen", base+"/information/ny", "0", "form.box")
		send("no levels", base+"/information/3", "0", "form.right")
		send("no reason", base+"/hojning", "document.querySelector('#motivering').value = ''", "form.right")
		send("no diary number", decided["ready"]+"/godkannande", "0", "form.box")
		send("no reason to reopen", decided["approved"]+"/godkannande", "0", "form.box")
		send("no law", base+"/lagrum", "document.querySelectorAll(':checked').forEach(e => e.checked = false)", "form.stack")
		send("a conflict", base+"/fragor", "document.querySelector('#v-drift').value = 0, document.querySelector('#drift-egen').checked = true", "#f-drift")
		send("413", base+"/hojning", "document.querySelector('#motivering').value = 'a'.repeat(1 << 20)", "form.right")

		// A form on another site.
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, `<!doctype html><link rel="icon" href="data:,"><form method="post" action="%s%s/fragor/drift"><input name="svar" value="egen"><input name="version" value="1"></form>`, b.url, base)
		}))
		defer other.Close()
		b.run(chromedp.Navigate(other.URL))
		evaluate[int](b, "document.forms[0].submit(), 0")
		b.says("h1", "annan webbplats")
		b.accessible("403")
		if v := s.value(base, engine.FactKey("drift")); v != `"moln"` {
			t.Errorf("another site saved %s", v)
		}
		s.store.fail(&store.Error{Sentence: "Disken är full och inget sparades."})
		b.open("/")
		b.accessible("503")
		s.store.fail(errors.New("oväntat"))
		b.open(base)
		b.says("h1", "Något gick fel hos oss")
		b.accessible("500")
	})
}

// answered is a system where no answer can change the list any more, some are
// not needed, and one is "vet ej".
func (s *site) answered(title string) string {
	s.t.Helper()
	pairs := []any{engine.InformationKey(1), engine.Information{Type: "kartdata"}, engine.FactKey("lagrum"), []string{}}
	for _, f := range shipped().Facts {
		switch {
		case f.IsDerived() || f.ID == "ai":
		case f.ID == "personuppgifter":
			pairs = append(pairs, engine.FactKey(f.ID), engine.VetEj)
		case f.Type == catalog.Bool:
			pairs = append(pairs, engine.FactKey(f.ID), false)
		case f.Type == catalog.Choice:
			pairs = append(pairs, engine.FactKey(f.ID), f.Options[0].ID)
		default:
			pairs = append(pairs, engine.FactKey(f.ID), []string{})
		}
	}
	return s.system(title, append(pairs, engine.FactKey("ai"), false)...)
}

// One question at a time, to the proof at the end: with script in place, and
// without.
func TestAdaptiveWalk(t *testing.T) {
	t.Parallel()
	for _, script := range []bool{true, false} {
		t.Run(map[bool]string{true: "with script", false: "without"}[script], func(t *testing.T) {
			s := newSite(t)
			base := s.system("Kartan", engine.InformationKey(1), engine.Information{Type: "kartdata"}, engine.FactKey("lagrum"), []string{})
			b := newTab(t, s)
			b.run(emulation.SetScriptExecutionDisabled(!script))
			b.open(base)
			b.follow("a[href$='/fraga?hoppa=nivaer,lagrum']")
			evaluate[bool](b, "window.same = true")
			card := func() string { return evaluate[string](b, "document.querySelector('#kort form')?.id ?? ''") }
			first := card()
			b.follow("#kort a[href*='hoppa=']") // to skip is to go on
			if card() == first {
				t.Errorf("%s is still put", first)
			}
			b.open(base + "/fraga")
			evaluate[bool](b, "window.same = true")
			if card() != first {
				t.Errorf("%s is not put again", first)
			}
			n := 0
			for ; card() != ""; n++ {
				id := strings.TrimPrefix(card(), "f-")
				pick := "#kort input[value='false'], #kort input[value='inget'], #kort input[value='egen']"
				if id == "personuppgifter" {
					pick = "#kort input[value='vet_ej']"
				}
				if !evaluate[bool](b, fmt.Sprintf("!!document.querySelector(%q)", pick)) {
					pick = "#kort input"
				}
				b.click(pick)
				if !script {
					b.follow("#kort form button")
				} else {
					b.click("#kort form button")
					b.waits(fmt.Sprintf("document.querySelector('#kort form')?.id != %q", "f-"+id))
					b.waits("document.activeElement.matches('#kort legend, #kort h2')")
					b.waits("document.querySelector('#live').innerText.startsWith('Sparat 10.42.')")
					if at := evaluate[string](b, "location.pathname + location.search"); at != base+"/fraga" {
						t.Errorf("the address is %s", at)
					}
				}
				if n == 2 && script {
					b.accessible("after " + id)
				}
				if n > 40 {
					t.Fatal("no end")
				}
			}
			b.says("#kort h2", "Klart. Inga fler svar kan ändra kravlistan.")
			b.says("#kort", "Det här hänger på Vet ej")
			if script && !evaluate[bool](b, "window.same === true") {
				t.Error("a page was loaded on the way")
			}
			b.follow("#kort a[href*='visa=personuppgifter']")
			b.says("#kort legend", "personuppgifter")
			b.follow("#kort a[href$='/fraga']")
			b.follow("#kort a[href$='/krav']")
			b.says("h1", "Kravlista")
		})
	}
}

// The walk by keyboard alone, with an answer that is not given.
func TestAdaptiveWalkByKeyboard(t *testing.T) {
	s := newSite(t)
	base := s.system("Kartan", engine.InformationKey(1), engine.Information{Type: "kartdata"}, engine.FactKey("lagrum"), []string{})
	b := newTab(t, s)
	b.excuses("status of 422")
	b.open(base + "/fraga")
	id := evaluate[string](b, "document.querySelector('#kort form').id")
	b.reach("#kort button")
	b.press(kb.Enter)
	b.waits("document.activeElement.matches('[data-focus][role=alert]')")
	b.says("#kort", "Välj ett svar")
	b.accessible("no answer in the walk")
	b.reach("#kort input")
	b.press(" ")
	b.press(kb.ArrowRight) // only chooses: the walk goes on when it is told to
	time.Sleep(100 * time.Millisecond)
	if now := evaluate[string](b, "document.querySelector('#kort form').id"); now != id || s.value(base, engine.FactKey(strings.TrimPrefix(id, "f-"))) != "" {
		t.Error("an arrow key saved")
	}
	b.press(kb.Enter) // in a radio, Enter sends the form
	b.waits(fmt.Sprintf("document.querySelector('#kort form').id != %q && document.activeElement.matches('#kort legend')", id))
	b.reach("#kort input")
	// Somebody else answers meanwhile: both answers, and none chosen.
	id = strings.TrimPrefix(evaluate[string](b, "document.querySelector('#kort form').id"), "f-")
	b.excuses("status of 409")
	b.press(" ")
	s.answer(base, johan, engine.FactKey(id), engine.VetEj)
	b.reach("#kort button")
	b.press(kb.Enter)
	b.says("#kort [role=alert]", "Johan Berg")
	b.waits("document.activeElement.matches('[role=alert]') && document.querySelectorAll('#kort :checked').length == 0")
	b.accessible("a conflict in the walk")
}

// What is tried shows at once, is in the address, and is not saved.
func TestWhatIfLive(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	before := s.dump()
	b := newTab(t, s)
	b.open(base + "/prova")
	b.click("#niva-K-0")
	b.says("#verkan", "var 3 Allvarlig")
	b.says("#verkan", "krav blir")
	b.waits("document.querySelector('#live').innerText.includes('krav blir')")
	b.waits("location.search == '?K=0'")
	b.reach("[name=T]")
	b.press(kb.ArrowRight)
	b.waits("location.search == '?K=0&T=2'")
	if at := evaluate[string](b, "document.activeElement.id"); at != "niva-T-2" {
		t.Errorf("focus is on %q", at)
	}
	b.click("#svaren summary")
	b.run(chromedp.Evaluate("const m = document.querySelector('#mer'); m.value = 'integrationer'; m.dispatchEvent(new Event('change', {bubbles: true}))", nil))
	b.waits("!!document.querySelector('#prov-integrationer')")
	b.run(chromedp.Evaluate("const d = document.querySelector('#prov-integrationer'); d.value = 'true'; d.dispatchEvent(new Event('change', {bubbles: true}))", nil))
	b.waits("location.search == '?K=0&T=2&svar-integrationer=true'")
	b.accessible("what-if, live")
	text := evaluate[string](b, "document.querySelector('#verkan').innerText.replace(/\\s+/g, ' ')")
	b.open(base + evaluate[string](b, "'/prova' + location.search"))
	if again := evaluate[string](b, "document.querySelector('#verkan').innerText.replace(/\\s+/g, ' ')"); again != text {
		t.Errorf("the address gives another: %s\n%s", text, again)
	}
	if s.dump() != before {
		t.Error("something was saved")
	}
	// Without script a button does the same.
	b.run(emulation.SetScriptExecutionDisabled(true))
	b.open(base + "/prova")
	b.click("#niva-K-0")
	b.follow("main form button")
	b.says("#verkan", "var 3 Allvarlig")
	if at := evaluate[string](b, "location.search"); at != "?K=0" {
		t.Errorf("the address is %s", at)
	}
}

// Levels show what they would do while they are chosen, by mouse and by arrow
// keys, where information is rated and where the system is raised.
func TestLevelsLive(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	before := s.dump()
	for _, path := range []string{"/information/1", "/hojning"} {
		b := newTab(t, s) // what is not saved holds the other
		b.open(base + path)
		was := evaluate[string](b, "document.querySelector('#verkan').innerText")
		b.click("[name=niva-T][value='3']")
		b.says("#verkan", "3 Allvarlig, var 1 Måttlig")
		b.says("#live", "krav blir")
		b.press(kb.ArrowLeft)
		b.says("#verkan", "2 Betydande, var 1 Måttlig")
		if at := evaluate[string](b, "document.activeElement.value"); at != "2" {
			t.Errorf("%s: focus is on %q", path, at)
		}
		b.press(kb.ArrowLeft)
		b.waits(fmt.Sprintf("document.querySelector('#verkan').innerText == %q", was))
		if path == "/hojning" {
			b.click("[name=niva-K][value='1']")
			b.says("#verkan", "Informationen är redan på 3 Allvarlig")
		}
	}
	if s.dump() != before {
		t.Error("something was saved")
	}
}

func (b *tab) press(keys string) {
	b.t.Helper()
	b.run(chromedp.KeyEvent(keys))
}

// reach goes there by the Tab key.
func (b *tab) reach(match string) {
	b.t.Helper()
	for range 60 {
		b.press(kb.Tab)
		if evaluate[bool](b, "document.activeElement.matches("+fmt.Sprintf("%q", match)+")") {
			if evaluate[string](b, "getComputedStyle(document.activeElement).outlineStyle") == "none" {
				b.t.Errorf("%s has no visible focus", match)
			}
			return
		}
	}
	b.t.Fatalf("%s cannot be reached\n%s", match, b.seen())
}

// The keyboard alone does it, and the first stop is the way past the menu.
func TestKeyboard(t *testing.T) {
	s := newSite(t)
	base := s.system("Kartan", engine.InformationKey(1), engine.Information{Type: "kartdata"})
	b := newTab(t, s)
	b.open(base + "/fragor")
	press := b.press
	press(kb.Tab)
	if at := evaluate[string](b, "document.activeElement.className"); at != "skip" {
		t.Fatalf("first is %q", at)
	}
	if !evaluate[bool](b, "document.activeElement.getBoundingClientRect().left >= 0") {
		t.Error("the skip link does not show when it has focus")
	}
	press(kb.Enter)
	b.waits("document.activeElement.id == 'innehall'")
	reach := b.reach
	reach("#f-cyberfysiskt input")
	press(" ")
	b.says("#s-cyberfysiskt", "Sparat")
	press(kb.ArrowRight)
	b.waits(`document.activeElement.id == "cyberfysiskt-false"`)
	b.waits(`document.querySelector("#v-cyberfysiskt").value == "2"`)
	if v := s.value(base, engine.FactKey("cyberfysiskt")); v != "false" {
		t.Errorf("stored %s", v)
	}
	reach("#f-publik_tjanst input") // from where focus was
	press(" ")
	b.says("#s-publik_tjanst", "Sparat")

	b.open(base + "/information/1")
	reach("[name=niva-T]")
	press(kb.ArrowRight)
	reach("#motivering")
	b.run(chromedp.KeyEvent("Kartan behövs i utryckning."))
	reach("aside button")
	b.waits("!document.querySelector('.htmx-request') && document.querySelector('#verkan').innerText.replace(/\\s+/g, ' ').includes('2 Betydande')")
	press(kb.Enter)
	b.waits("location.pathname.endsWith('/information')")
	if v := s.value(base, engine.InformationKey(1)); !strings.Contains(v, `"T":2`) || !strings.Contains(v, "utryckning") {
		t.Errorf("stored %s", v)
	}
}

// A save that fails keeps what was written.
func TestFailedSave(t *testing.T) {
	s := newSite(t)
	base := s.filled()

	t.Run("server fails", func(t *testing.T) {
		b := newTab(t, s)
		b.excuses("status of 503", "Response Status Error Code 503")
		b.open(base + "/fragor")
		s.store.fail(&store.Error{Sentence: "Disken är full och inget sparades."})
		b.click("#ai-true")
		b.says("#s-ai", "Inte sparat. ")
		b.says("#s-ai", "Disken är full")
		s.store.err.Store(nil)
		b.click("#ai-false")
		b.says("#s-ai", "Sparat 10.42")
	})
	t.Run("other person pauses", func(t *testing.T) {
		b := newTab(t, s)
		b.excuses("status of 423", "Response Status Error Code 423")
		b.open(base + "/fragor")
		s.answer(base, johan, engine.KeyPaused, true)
		b.click("#ai-true")
		b.says("#s-ai", "Klassningen avvaktar bedömning")
		s.answer(base, johan, engine.KeyPaused, nil)
	})
	t.Run("conflict", func(t *testing.T) {
		b := newTab(t, s)
		b.excuses("status of 409")
		b.open(base + "/fragor")
		s.answer(base, johan, engine.FactKey("drift"), "leverantor")
		b.click("#drift-egen")
		b.says("#f-drift [role=alert]", "Johan Berg")
		b.waits("document.activeElement.matches('[role=alert]') && document.querySelectorAll('#f-drift :checked').length == 0 && document.querySelectorAll('#f-drift').length == 1")
		b.accessible("a conflict in place")
		b.click("#drift-egen")
		b.says("#s-drift", "Sparat 10.42")
		if v := s.value(base, engine.FactKey("drift")); v != `"egen"` {
			t.Errorf("stored %s", v)
		}
	})
	t.Run("no server", func(t *testing.T) {
		b := newTab(t, s)
		b.excuses("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "htmx:sendError", "Send Error", "Failed to fetch")
		b.open(base + "/information/1")
		b.fill("#motivering", " Och så skrev jag det här.")
		b.down()
		b.click("form[data-dirty] aside button:not([name])")
		b.says(".saved", "Inte sparat. Servern svarade inte.")
		if text := evaluate[string](b, "document.querySelector('#motivering').value"); !strings.Contains(text, "Och så skrev jag det här.") {
			t.Errorf("the text is now %q", text)
		}
	})
}

// Leaving with something unsaved asks first.
func TestLeaveWarning(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	b := newTab(t, s)
	b.open(base + "/information/1")
	b.fill("#motivering", "Ett ord till.")
	b.click("a[href='/kataloger']")
	deadline := time.Now().Add(5 * time.Second)
	for {
		b.mu.Lock()
		asked := len(b.dialogs)
		b.mu.Unlock()
		if asked > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("left without a word")
		}
		time.Sleep(20 * time.Millisecond)
	}
	if !strings.HasSuffix(b.path(), "/information/1") || !strings.Contains(evaluate[string](b, "document.querySelector('#motivering').value"), "Ett ord till.") {
		t.Error("the text is gone")
	}
	// A save is no leaving.
	b.waits("!document.querySelector('.htmx-request')")
	b.follow("form[data-dirty] aside button:not([name])")
	if b.dialogs[0] != "beforeunload" || len(b.dialogs) > 1 {
		t.Errorf("asked: %v", b.dialogs)
	}
}

// Two clicks make one system.
func TestDoubleClick(t *testing.T) {
	s := newSite(t)
	b := newTab(t, s)
	b.open("/system/nytt/uppgifter?omfattas=nej")
	b.fill("#namn", "Kartan")
	b.choose("#enhet", "trafik")
	b.click(`input[name=typ][value=A]`)
	b.choose("#roll", "Systemägare")
	b.run(chromedp.DoubleClick("main form button", chromedp.ByQuery))
	b.waits("location.pathname.startsWith('/klassning/')")
	if systems, err := s.db.Systems(context.Background()); err != nil || len(systems) != 1 {
		t.Errorf("%d systems, %v", len(systems), err)
	}
}

// A click on save right after writing must not be lost to the panel's renewal.
func TestSaveRightAfterWriting(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	b := newTab(t, s)
	b.open(base + "/information/1")
	b.fill("#motivering", " Mer.")
	at := evaluate[map[string]float64](b, `(() => { const e = document.querySelector("form[data-dirty] aside button:not([name])"); e.scrollIntoView({block: "center"}); const r = e.getBoundingClientRect(); return {x: r.x + 5, y: r.y + 5} })()`)
	slow := chromedp.ActionFunc(func(ctx context.Context) error {
		if err := chromedp.MouseEvent("mousePressed", at["x"], at["y"], chromedp.ButtonLeft, chromedp.ClickCount(1)).Do(ctx); err != nil {
			return err
		}
		time.Sleep(300 * time.Millisecond) // as a hand does
		return chromedp.MouseEvent("mouseReleased", at["x"], at["y"], chromedp.ButtonLeft, chromedp.ClickCount(1)).Do(ctx)
	})
	b.run(slow)
	b.waits("location.pathname.endsWith('/information')")
	if v := s.value(base, engine.InformationKey(1)); !strings.Contains(v, "Mer.") {
		t.Errorf("stored %s", v)
	}
}
