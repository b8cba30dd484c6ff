package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sort"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// open is a classification with all that follows from it.
type open struct {
	engine.Record
	visit      *visit
	Catalog    *catalog.Catalog
	Facts      *engine.Facts
	Derivation *engine.Derivation
	Pending    engine.Pending
}

func (s *server) open(r *http.Request) (*open, error) {
	v := visitOf(r.Context())
	rec := v.record
	v.record = nil // a second look is at what has been saved since
	if rec == nil || rec.Classification.ID != chi.URLParam(r, "id") {
		found, err := s.Store.Classification(r.Context(), chi.URLParam(r, "id"))
		if err != nil {
			return nil, err
		}
		rec = &found
	}
	return s.derive(r.Context(), *rec)
}

func (s *server) derive(ctx context.Context, rec engine.Record) (*open, error) {
	c, err := s.library.byHash(ctx, rec.Classification.CatalogHash)
	if err != nil {
		return nil, err
	}
	input, err := rec.Input(c)
	if err != nil {
		return nil, err
	}
	facts, err := engine.NewFacts(c, input)
	if err != nil {
		return nil, err
	}
	return &open{rec, visitOf(ctx), c, facts, engine.Derive(facts), facts.Pending()}, nil
}

// Base is the address of the classification.
func (o *open) Base() string { return "/klassning/" + o.Classification.ID }

// UnitName is the owning unit's name, with the city's.
func (o *open) UnitName() string { return unitName(o.visit.org, o.System.Unit) }

// may tells whether the visitor can change a part now, so that pages show no
// form that would be refused.
func (o *open) may(part string) bool {
	return !o.paused() && !o.Locked() && o.visit.on(&o.Record, answer, part, within(o.Catalog, part)...)
}

func (o *open) paused() bool { return o.Has(engine.KeyPaused) }

// writable refuses to save while an assessment outside the tool is awaited.
func (s *server) writable(r *http.Request) (*open, error) {
	o, err := s.open(r)
	if err != nil {
		return nil, err
	}
	if o.paused() {
		return nil, errPaused
	}
	if o.Locked() {
		return nil, engine.ErrLocked
	}
	return o, parseForm(r)
}

// posted opens the classification that a form is about, also when it is
// approved and locked.
func (s *server) posted(r *http.Request) (*open, error) {
	if err := parseForm(r); err != nil {
		return nil, err
	}
	o, err := s.open(r)
	if err == nil && o.paused() {
		err = errPaused
	}
	return o, err
}

// editing is writable with the version of the answer that the form was filled
// in from.
func (s *server) editing(r *http.Request) (*open, int, error) {
	o, err := s.writable(r)
	if err != nil {
		return nil, 0, err
	}
	version, ok := number(r.PostFormValue("version"))
	if !ok {
		return nil, 0, errForm
	}
	return o, version, nil
}

// save stores changes as the person. A conflict comes back as *engine.Conflict.
func (s *server) save(r *http.Request, o *open, changes ...engine.Change) error {
	_, err := s.Store.SaveAnswers(r.Context(), visitOf(r.Context()).ID, o.Classification.ID, r.PostFormValue("nyckel"), changes)
	return err
}

// mark stores marks, which are a yes or a no: the last writer wins, and a
// double post changes nothing the second time.
func (s *server) mark(r *http.Request, o *open, marks map[string]any) error {
	var changes []engine.Change
	for key, value := range marks {
		changes = append(changes, change(key, value, o.Answers[key].Version))
	}
	_, err := s.Store.SaveAnswers(r.Context(), visitOf(r.Context()).ID, o.Classification.ID, "", changes)
	return err
}

func conflict(err error) *engine.Conflict {
	var c *engine.Conflict
	errors.As(err, &c)
	return c
}

// change makes a change of any value; nil takes the answer back.
func change(key string, value any, version int) engine.Change {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err) // only plain values come here
	}
	return engine.Change{Key: key, Value: data, Version: version}
}

// classificationPage is the frame of a page below a classification, or, with
// no title, of the classification itself.
func (s *server) classificationPage(o *open, title string) page {
	kind := o.Classification.Type + "-klassning"
	crumbs := []crumb{{"System", "/system"}}
	full := o.System.Title + ", " + kind
	if title == "" {
		crumbs = append(crumbs, crumb{o.System.Title, ""})
	} else {
		crumbs = append(crumbs, crumb{o.System.Title, o.Base()}, crumb{title, ""})
		full = title + ", " + o.System.Title
	}
	p := s.pageOf(o.visit, full, "system", crumbs...)
	p.Catalog, p.Subject = catalogLine(o), kind+" av "+o.System.Title
	p.Lock = s.lockLine(o)
	return p
}

func catalogLine(o *open) string {
	line := o.Catalog.Title + " " + o.Catalog.Version
	var active []string
	for _, p := range o.Derivation.Profiles {
		if p.Active == rule.Yes {
			active = append(active, p.Profile.Title+" "+p.Profile.Version)
		}
	}
	if len(active) > 0 {
		line += ", profil " + list(active, "och")
	}
	return line
}

// level is a level as it is shown: the aspect's shape with number and name.
type level struct {
	Letter string // K
	Class  string // k: the shape
	Title  string // Konfidentialitet
	N      int    // 0–3; the lowest still possible when it is not known
	Name   string
	Known  bool
	From   string // what decides it
	Why    string
	By     string
	Raised bool
}

// Fill is the class of the shape: n0–n3, and n0 for what is not known.
func (l level) Fill() string {
	if !l.Known {
		return "n0"
	}
	return fmt.Sprintf("n%d", l.N)
}

// Say is the number and name, or that it is not known.
func (l level) Say() string {
	switch {
	case l.Known:
		return l.Name
	case l.N > 0:
		return "minst " + fmt.Sprint(l.N) + " " + l.Name
	}
	return "inte bestämd"
}

func levels(f *engine.Facts) []level {
	var out []level
	for _, l := range f.Levels {
		n, known := l.Known()
		if !known {
			n = l.Lowest()
		}
		out = append(out, level{
			Letter: l.Aspect.ID, Class: strings.ToLower(l.Aspect.ID), Title: l.Aspect.Title, N: n, Name: f.Catalog.Level(n).Title, Known: known,
			From: l.From, Why: l.Justification, By: l.DecidedBy, Raised: l.Raised,
		})
	}
	return out
}

var months = [...]string{"jan", "feb", "mars", "april", "maj", "juni", "juli", "aug", "sep", "okt", "nov", "dec"}

// day writes a date: "27 nov", with the year when it is not this one, and "i
// dag" with the time today.
func (s *server) day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t, now := t.In(s.Location), s.Now().In(s.Location)
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return "i dag " + t.Format("15.04")
	}
	d := fmt.Sprintf("%d %s", t.Day(), months[t.Month()-1])
	if t.Year() != now.Year() {
		d += fmt.Sprintf(" %d", t.Year())
	}
	return d
}

func (s *server) clock(t time.Time) string { return t.In(s.Location).Format("15.04") }

func (s *server) today() string { return s.Now().In(s.Location).Format(time.DateOnly) }

// swedish sorts as people read: å ä ö last.
func swedish[T any](list []T, key func(T) string) {
	c := collate.New(language.Swedish)
	sort.SliceStable(list, func(i, j int) bool { return c.CompareString(key(list[i]), key(list[j])) < 0 })
}

// last is the latest of the answers under the keys that begin so.
func last(rec engine.Record, prefixes ...string) (engine.Answer, bool) {
	var found engine.Answer
	ok := false
	for key, a := range rec.Answers {
		for _, p := range prefixes {
			if strings.HasPrefix(key, p) && (!ok || a.At.After(found.At)) {
				found, ok = a, true
			}
		}
	}
	return found, ok
}

// decode reads a stored value; false when there is none.
func decode(value json.RawMessage, into any) bool {
	return len(value) > 0 && json.Unmarshal(value, into) == nil
}
