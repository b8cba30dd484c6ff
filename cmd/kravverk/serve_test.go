package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kravverk/kravverk/catalogs"
	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/diag"
	"github.com/kravverk/kravverk/engine/store"
	"github.com/kravverk/kravverk/web"
)

// serving starts the server on a port of its own and gives its address. It is
// stopped, and must stop cleanly, when the test ends.
func serving(t *testing.T, db, dir string, demo bool) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	var out bytes.Buffer
	go func() {
		done <- runServer(ctx, env{strings.NewReader(""), &out, io.Discard}, served{addr: "127.0.0.1:0", db: db, catalogs: dir, demo: demo}, func(a string) { ready <- a })
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	select {
	case a := <-ready:
		return "http://" + a
	case err := <-done:
		done <- nil
		t.Fatalf("the server did not start: %v", err)
	case <-time.After(20 * time.Second):
		t.Fatal("the server did not start in time")
	}
	return ""
}

func page(t *testing.T, url string) string {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// The four systems are there, each half-way, and a restart neither loses nor
// doubles them.
func TestDemoSurvivesRestart(t *testing.T) {
	db := filepath.Join(t.TempDir(), "exempel åäö.db")
	for range 2 {
		t.Run("", func(t *testing.T) {
			body := page(t, serving(t, db, "", true)+"/system")
			for _, x := range demoSystems {
				if n := strings.Count(body, ">"+x.Title+"</a>"); n != 1 {
					t.Errorf("%s stands %d times on the page", x.Title, n)
				}
			}
		})
	}
}

// The demo lets anybody in: it never opens a database that is somebody's own.
func TestDemoLeavesOthersAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "k.db")
	db, err := store.Open(file, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if _, err := db.AddAccount(ctx, "", engine.Account{Person: engine.Person{ID: "p", Name: "Per"}}); err != nil {
		t.Fatal(err)
	}
	if err := db.PutCatalog(ctx, "h", map[string][]byte{"a": {1}}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.CreateSystem(ctx, "p", engine.System{Title: "Riktigt", Unit: store.TopUnit}, "A", "h"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	err = runServer(ctx, env{strings.NewReader(""), io.Discard, io.Discard}, served{addr: "127.0.0.1:0", db: file, demo: true}, nil)
	if err == nil || !strings.Contains(err.Error(), "inte övningens personer") {
		t.Errorf("got %v", err)
	}
}

// Every demo system can be derived, and together they show what is finished
// and what is not.
func TestDemoSystemsAreSound(t *testing.T) {
	c, list := loadShelf(t)
	if c == nil {
		t.Fatal(list)
	}
	draft, complete := 0, 0
	for _, x := range demoSystems {
		var rec engine.Record
		rec.System = x.System
		rec.Classification.Type = "A"
		for _, s := range x.saves {
			for key, v := range s.answers {
				rec = rec.With(engine.Change{Key: key, Value: mustJSON(t, v)})
			}
		}
		in, err := rec.Input(c)
		if err != nil {
			t.Fatalf("%s: %v", x.Title, err)
		}
		facts, err := engine.NewFacts(c, in)
		if err != nil {
			t.Fatalf("%s: %v", x.Title, err)
		}
		if engine.Derive(facts).Draft() {
			draft++
		} else {
			complete++
		}
	}
	if draft == 0 || complete == 0 {
		t.Errorf("%d drafts and %d complete lists: the examples should show both", draft, complete)
	}
}

func TestServeRefusals(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	garbage := filepath.Join(t.TempDir(), "skräp.db")
	os.WriteFile(garbage, bytes.Repeat([]byte("inte en databas "), 500), 0o600)
	half := filepath.Join(t.TempDir(), "halv.db")
	writeHalf(t, half)
	fresh := func() string { return filepath.Join(t.TempDir(), "ny.db") }
	broken := t.TempDir()
	os.MkdirAll(filepath.Join(broken, "bas"), 0o755)
	os.WriteFile(filepath.Join(broken, "bas", "catalog.toml"), []byte("[catalog\n"), 0o600)
	for name, x := range map[string]struct {
		served
		want string
	}{
		"port in use":          {served{addr: taken.Addr().String(), db: fresh()}, "används redan"},
		"not loopback":         {served{addr: "0.0.0.0:0", db: fresh()}, "Ange också --url"},
		"demo for others":      {served{addr: "0.0.0.0:0", db: fresh(), demo: true}, "--demo släpper in vem som helst"},
		"demo with an address": {served{addr: "127.0.0.1:0", db: fresh(), demo: true, url: "https://x.se"}, "--demo släpper in vem som helst"},
		"no encryption":        {served{addr: "0.0.0.0:0", db: fresh(), url: "http://x.se"}, "Låt --url börja med https"},
		"no certificate":       {served{addr: "0.0.0.0:0", db: fresh(), url: "https://x.se"}, "behöver ett certifikat"},
		"half a certificate":   {served{addr: "0.0.0.0:0", db: fresh(), url: "https://x.se", cert: "c.pem"}, "hör ihop"},
		"an address with more": {served{addr: "127.0.0.1:0", db: fresh(), url: "https://x.se/kravverk", proxy: "127.0.0.1"}, "ska skrivas som"},
		"not a proxy":          {served{addr: "127.0.0.1:0", db: fresh(), url: "https://x.se", proxy: "ja"}, "proxyns adress"},
		"provider in the open": {served{addr: "127.0.0.1:0", db: fresh(), url: "http://127.0.0.1", oidc: web.Provider{Issuer: "http://id.x.se", ClientID: "k"}}, "börja med https"},
		"no client":            {served{addr: "127.0.0.1:0", db: fresh(), url: "http://127.0.0.1", oidc: web.Provider{Issuer: "https://id.x.se"}}, "--oidc-client"},
		"no secret":            {served{addr: "127.0.0.1:0", db: fresh(), url: "http://127.0.0.1", oidc: web.Provider{Issuer: "https://id.x.se", ClientID: "k"}, oidcSecretFile: "borta"}, "borta"},
		"not an address":       {served{addr: "8080", db: fresh()}, "ska skrivas"},
		"garbage database":     {served{addr: "127.0.0.1:0", db: garbage}, garbage},
		"half a database":      {served{addr: "127.0.0.1:0", db: half}, half},
		"no folder":            {served{addr: "127.0.0.1:0", db: filepath.Join(t.TempDir(), "finns", "inte.db")}, "finns inte"},
		"no catalogues":        {served{addr: "127.0.0.1:0", db: fresh(), catalogs: filepath.Join(t.TempDir(), "borta")}, "borta"},
		"broken catalogues":    {served{addr: "127.0.0.1:0", db: fresh(), catalogs: broken}, "kravverk lint"},
	} {
		t.Run(name, func(t *testing.T) {
			err := runServer(context.Background(), env{strings.NewReader(""), io.Discard, io.Discard}, x.served, nil)
			if err == nil {
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), x.want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "goroutine") {
				t.Errorf("the sentence is %q; it should say %q", err, x.want)
			}
		})
	}
}

// writeHalf leaves the first half of a database that was in use.
func writeHalf(t *testing.T, path string) {
	t.Helper()
	db, err := store.Open(path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data[:len(data)/2], 0o600); err != nil {
		t.Fatal(err)
	}
}

// A catalogue that breaks while the tool runs leaves the last good one in
// place, and says so; mended, it is taken.
func TestBrokenCatalogueLeavesTheLastGoodOne(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, catalogs.Files); err != nil {
		t.Fatal(err)
	}
	shop, err := newShop(os.DirFS(dir), slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	good := shop.current().Catalog
	file := filepath.Join(dir, "bas", "catalog.toml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write := func(data []byte) {
		t.Helper()
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		shop.refresh()
	}
	write(append(bytes.Clone(text), "\n[[fact]]\nid = \"halv"...))
	if now := shop.current(); now.Catalog != good || len(now.Problems) == 0 {
		t.Errorf("after a mistake: the same catalogue %v, %d problems", now.Catalog == good, len(now.Problems))
	}
	write(append(bytes.Clone(text), "\n# mended\n"...))
	if now := shop.current(); now.Catalog == good || len(now.Problems) != 0 || now.Catalog.SetHash != good.SetHash {
		t.Errorf("after mending: a new catalogue %v, %d problems", now.Catalog != good, len(now.Problems))
	}
}

func loadShelf(t *testing.T) (*catalog.Catalog, diag.List) {
	t.Helper()
	return catalog.Load(catalogs.Files, catalog.Options{})
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The demo's verification shows what there is to see: what an agreement gave,
// what has fallen since, gaps, an exception and a plan that is late.
func TestDemoVerification(t *testing.T) {
	file := filepath.Join(t.TempDir(), "d.db")
	at := serving(t, file, "", true)
	db, err := store.Open(file, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	records, err := db.Systems(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(records, func(r engine.Record) bool { return r.System.Title == demoPortal.Title })
	if i < 0 || records[i].Classification.Type != "B" {
		t.Fatal("no verification in the demo")
	}
	base := at + "/klassning/" + records[i].Classification.ID
	list := page(t, base+"/verifiering")
	for _, want := range []string{"Uppfyllda", "Luckor", "Se över", "Antagna", "Avsteg", "Vet ej"} {
		if !regexp.MustCompile(`>` + want + `(: |</a></dt><dd>)[1-9]`).MatchString(list) {
			t.Errorf("nothing is %q", want)
		}
	}
	if body := page(t, base+"/leverantor"); !strings.Contains(body, "omgång 2 väntar på svar") {
		t.Error("nobody is asked, or everything is answered")
	}
	if n := strings.Count(page(t, base+"/verifiering?visa=krockar"), `<article class="ans"`); n == 0 {
		t.Error("the supplier contradicts nothing")
	}
	if body := page(t, base+"/plan"); !strings.Contains(body, "En dag försenad") || !strings.Contains(body, "Klar") {
		t.Error("the plan has nothing late, or nothing done")
	}
	if body := page(t, at+"/avtal/"+demoAgreement); !strings.Contains(body, "Gäller inte längre") || !strings.Contains(body, demoPortal.Title) || !strings.Contains(body, "Antaget, att bekräfta") {
		t.Error("the agreement does not show what it should")
	}
}
