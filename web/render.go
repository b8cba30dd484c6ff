package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
)

// page is what every page has.
type page struct {
	Title    string // without the product's name
	Subject  string // which classification, also on paper
	Nav      string // which part of the menu is current
	Crumbs   []crumb
	Lock     *lockLine // why nothing in the classification can be changed
	Person   string    // who is signed in; "" when nobody is
	Manages  bool      // the menu has administration
	Demo     bool
	Failed   bool // the title begins with "Fel: "
	Catalog  string
	Shelf    string // which part of the catalogues is current; "" outside them
	Query    string // what is searched for there
	Problems int    // mistakes in a catalogue that could not be loaded
}

type crumb struct{ Text, Link string }

func (s *server) page(r *http.Request, title, nav string, crumbs ...crumb) page {
	return s.pageOf(visitOf(r.Context()), title, nav, crumbs...)
}

func (s *server) pageOf(v *visit, title, nav string, crumbs ...crumb) page {
	loaded := s.Catalogs()
	line := loaded.Catalog.Title + " " + loaded.Catalog.Version
	return page{Title: title, Nav: nav, Crumbs: crumbs, Person: v.Name, Manages: v.anywhere(administer), Demo: s.Demo != "",
		Catalog: line, Problems: len(loaded.Problems)}
}

// shelf is a page among the catalogues, which can be searched.
func (s *server) shelf(r *http.Request, title, part string, crumbs ...crumb) page {
	p := s.page(r, title, "kataloger", append(crumbs, crumb{Text: title})...)
	p.Shelf = part
	if len(crumbs) == 0 {
		p.Crumbs = nil
	}
	return p
}

// pages is the templates: for each page its own file with the frame and the
// shared parts.
type pages map[string]*template.Template

func templateFuncs(a assets) template.FuncMap {
	return template.FuncMap{
		"asset":  a.url,
		"lower":  strings.ToLower,
		"count":  count,
		"upper":  upperFirst,
		"lower1": lowerFirst,
		"slug":   slug,
	}
}

func loadPages(a assets) (pages, error) {
	shared, err := template.New("").Funcs(templateFuncs(a)).ParseFS(files, "templates/frame.html", "templates/parts.html")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, err
	}
	out := pages{}
	for _, name := range names {
		base := strings.TrimSuffix(path.Base(name), ".html")
		if base == "frame" || base == "parts" {
			continue
		}
		t, err := shared.Clone()
		if err != nil {
			return nil, err
		}
		if out[base], err = t.ParseFS(files, name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// render writes a whole page, or nothing and an error.
func (s *server) render(w http.ResponseWriter, status int, name string, data any) error {
	return s.renderPart(w, status, name, "frame", data)
}

// renderPart writes one named part of a page's template.
func (s *server) renderPart(w http.ResponseWriter, status int, name, part string, data any) error {
	t, ok := s.pages[name]
	if !ok {
		return fmt.Errorf("no template %q", name)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, part, data); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	return err
}

// assets is the static files with the hashes that their addresses carry.
type assets map[string]asset

type asset struct {
	data []byte
	hash string
}

func loadAssets() (assets, error) {
	names, err := fs.Glob(files, "static/*")
	if err != nil {
		return nil, err
	}
	out := assets{}
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(data)
		out[path.Base(name)] = asset{data, hex.EncodeToString(sum[:6])}
	}
	return out, nil
}

func (a assets) url(name string) (string, error) {
	x, ok := a[name]
	if !ok {
		return "", fmt.Errorf("no asset %q", name)
	}
	return "/static/" + name + "?v=" + x.hash, nil
}

// The types are ours: what the machine has in its own table differs.
var assetTypes = map[string]string{"": "text/plain; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

func (a assets) serve(w http.ResponseWriter, r *http.Request) {
	name := chi.URLParam(r, "file")
	x, ok := a[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", assetTypes[path.Ext(name)])
	if r.URL.Query().Get("v") == x.hash {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		w.Header().Set("Cache-Control", "no-cache")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(x.data))
}
