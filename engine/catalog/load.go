// Package catalog holds requirement catalogues: the types in the order an
// author meets them, and Load, the only door in.
//
// Load goes TOML → JSON Schema → meaning, and reports every mistake of all
// three at once, each in its place. A part that is broken is left out of what
// follows, so that one mistake gives one message. After Load every id is
// resolved and every condition compiled: nothing later can fail.
package catalog

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/kravverk/kravverk/engine/diag"
	"github.com/kravverk/kravverk/engine/rule"
)

// loader is the state of one Load.
type loader struct {
	problems
	opts    Options
	cat     *Catalog
	aspects map[string]*Aspect
	facts   map[string]*Fact
	laws    map[string]*Law
	roles   map[string]*Role
	areas   map[string]*Area
	// damaged holds the ids of things that failed the schema: to refer to them
	// is no mistake of its own.
	damaged map[string]bool
	broken  map[*Rows]bool
	owner   map[*source]*Profile // of each file; nil for the base's
	partial bool                 // a file could not be read: what it holds is not known
	path    []string
	rings   map[string]bool
	places  map[string]diag.Range // kind and id → where
	folders []*folder
	rels    *source
	diagram *rule.Diagram

	reading sync.WaitGroup // the files that are being parsed
	mu      sync.Mutex     // guards what they write: list, partial and crash
	crash   any
}

// folder is one catalogue or profile with its files.
type folder struct {
	name       string // "" for the root
	main       *source
	more       []*source // requirements/*.toml
	frameworks []*source // frameworks/*.toml
	practices  []string  // the names of practices/*.md
	profile    bool
	hash       string // of the canonical content
}

// Load reads the base catalogue and the profiles below fsys: a folder with
// catalog.toml is the base, a folder with profile.toml a profile; both may also
// stand at the root. The catalogue is nil when the list holds an error.
// Warnings come beside a catalogue that can be used.
func Load(fsys fs.FS, opts Options) (*Catalog, diag.List) {
	l := &loader{
		opts: opts, aspects: map[string]*Aspect{}, facts: map[string]*Fact{}, laws: map[string]*Law{},
		roles: map[string]*Role{}, areas: map[string]*Area{}, damaged: map[string]bool{}, broken: map[*Rows]bool{}, owner: map[*source]*Profile{},
		rings: map[string]bool{}, places: map[string]diag.Range{},
		cat: &Catalog{Files: map[string][]byte{}, byID: map[string]*Requirement{}},
	}
	l.read(fsys)
	if l.base() == nil {
		return nil, l.list.Sorted()
	}
	// The hashes need the trees alone, so they are worked out meanwhile.
	var hashing sync.WaitGroup
	hashing.Go(func() {
		for _, f := range l.folders {
			f.hash = f.contentHash()
		}
	})
	l.decode()
	l.compile()
	l.check()
	hashing.Wait()
	l.hash()
	list := l.list.Sorted()
	if list.HasErrors() {
		return nil, list
	}
	return l.cat, list
}

// read finds the folders and parses and validates every file.
func (l *loader) read(fsys fs.FS) {
	names := []string{"."}
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		l.unreadable("", err)
		return
	}
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	for _, name := range names {
		for _, main := range []string{"catalog.toml", "profile.toml"} {
			file := path.Join(name, main)
			if _, err := fs.Stat(fsys, file); err != nil {
				if !errors.Is(err, fs.ErrNotExist) {
					l.unreadable(file, err)
				}
				continue
			}
			f := &folder{name: name, profile: main == "profile.toml"}
			schema := strings.TrimSuffix(main, ".toml") + ".schema.json"
			f.main = l.file(fsys, file, schema)
			more := path.Join(name, "requirements")
			files, err := fs.ReadDir(fsys, more)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				l.unreadable(more, err)
			}
			for _, r := range files {
				if path.Ext(r.Name()) == ".toml" {
					f.more = append(f.more, l.file(fsys, path.Join(more, r.Name()), "requirements.schema.json"))
				}
			}
			l.guidance(fsys, f)
			l.folders = append(l.folders, f)
		}
	}
	if _, err := fs.Stat(fsys, "releases.toml"); err == nil {
		l.rels = l.file(fsys, "releases.toml", "releases.schema.json")
	}
	l.reading.Wait()
	if l.crash != nil {
		panic(l.crash)
	}
	var bases []string
	for _, f := range l.folders {
		if !f.profile {
			bases = append(bases, f.main.name)
		}
	}
	switch {
	case len(bases) == 0:
		l.add("no-base", diag.Range{})
	case len(bases) > 1:
		l.add("bases", diag.Range{File: bases[1]}, strings.Join(bases, ", "))
	}
}

// base is the only base folder whose own table can be read, or nil.
func (l *loader) base() *folder {
	var base *folder
	for _, f := range l.folders {
		if !f.profile {
			if base != nil {
				return nil
			}
			base = f
		}
	}
	if base == nil || base.main.tree == nil {
		return nil
	}
	return base
}

// file reads a file. It is parsed beside the others, and the source is filled
// when all are done; in which order does not show, for the list is sorted by file.
func (l *loader) file(fsys fs.FS, name, schema string) *source {
	s := &source{name: name, lines: []int{0}}
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		l.unreadable(name, err)
		return s
	}
	l.cat.Files[name] = data
	l.reading.Go(func() {
		var own problems
		defer func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.list = append(l.list, own.list...)
			l.partial = l.partial || s.tree == nil
			// Nobody could catch a panic in here; it is carried to Load's caller.
			if v := recover(); v != nil {
				l.crash = fmt.Sprintf("%s: %v\n%s", name, v, debug.Stack())
			}
		}()
		*s = *parse(name, data, &own)
		if s.tree != nil {
			validate(s, schema, &own)
		}
	})
	return s
}

func (l *loader) unreadable(name string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.partial = true
	why := err.Error()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		why = "den finns inte"
	case errors.Is(err, fs.ErrPermission):
		why = "du har inte rätt att läsa den"
	}
	l.add("read", diag.Range{File: name}, why)
}

// placed is a thing that knows where it stands.
type placed interface{ setPlace(*source, string) }

// items decodes an array of tables, leaving out the elements with a mistake.
func items[T any, P interface {
	*T
	placed
}](l *loader, s *source, key string) []*T {
	list, ok := s.tree[key].([]any)
	if !ok && s.tree[key] != nil {
		l.partial = true
	}
	var out []*T
	for i, raw := range list {
		ptr := "/" + key + "/" + strconv.Itoa(i)
		if l.wrong(s, ptr) {
			if m, ok := raw.(map[string]any); ok {
				if id, ok := m["id"].(string); ok {
					l.damaged[id] = true
				}
			}
			continue
		}
		t := new(T)
		if !l.into(s, ptr, raw, t) {
			continue
		}
		P(t).setPlace(s, ptr)
		out = append(out, t)
	}
	return out
}

// one decodes a table; false when it is missing or has a mistake.
func one[T any, P interface {
	*T
	placed
}](l *loader, s *source, key string, t *T) bool {
	raw, ok := s.tree[key]
	if !ok || l.wrong(s, "/"+key) || !l.into(s, "/"+key, raw, t) {
		return false
	}
	P(t).setPlace(s, "/"+key)
	return true
}

// into goes by way of JSON: the tree is plain JSON types already, and the
// schema has vouched for the shape.
func (l *loader) into(s *source, ptr string, raw, t any) bool {
	data, err := json.Marshal(raw)
	if err == nil {
		err = json.Unmarshal(data, t)
	}
	if err != nil {
		l.add("schema", s.at(ptr), err.Error())
		return false
	}
	return true
}

// wrong tells whether the schema found a mistake within what the pointer names.
func (l *loader) wrong(s *source, ptr string) bool { return s.bad[ptr] }

type catalogTable struct {
	Release
	Scale string `json:"scale"`
	place
}

// decode turns the trees into the types and gathers what has an id.
func (l *loader) decode() {
	c := l.cat
	base := l.base()
	s := base.main
	var head catalogTable
	one(l, s, "catalog", &head)
	c.Release, c.Scale = head.Release, head.Scale
	c.Aspects = items[Aspect](l, s, "aspect")
	c.Levels = items[Level](l, s, "level")
	c.Areas = items[Area](l, s, "area")
	c.Roles = items[Role](l, s, "role")
	c.Consequences = items[Consequence](l, s, "consequence")
	c.Stops = items[Stop](l, s, "stop")
	c.InformationTypes = items[InformationType](l, s, "information_type")
	slices.SortStableFunc(c.Levels, func(a, b *Level) int { return cmp.Compare(a.Value, b.Value) })
	l.requirements(base, nil)
	l.factsAndLaws(s, nil)
	l.practices(base, nil)
	l.frameworks(base)

	for _, f := range l.folders {
		if !f.profile || f.main.tree == nil {
			continue
		}
		p := &Profile{}
		if !one(l, f.main, "profile", p) {
			p.setPlace(f.main, "/profile") // what it does can be checked all the same
		}
		p.Adjusts = items[Adjust](l, f.main, "adjust")
		p.Excludes = items[Exclude](l, f.main, "exclude")
		p.Includes = items[Exclude](l, f.main, "include")
		p.Prefills = items[Prefill](l, f.main, "prefill")
		p.Agreements = items[Agreement](l, f.main, "agreement")
		c.Profiles = append(c.Profiles, p)
		l.requirements(f, p)
		l.practices(f, p)
	}
	slices.SortStableFunc(c.Profiles, func(a, b *Profile) int { return cmp.Compare(a.Precedence, b.Precedence) })
	for _, p := range c.Profiles {
		l.factsAndLaws(p.src, p)
	}

	unique(l, "aspekten", c.Aspects, l.aspects, func(a *Aspect) string { return a.ID })
	unique(l, "området", c.Areas, l.areas, func(a *Area) string { return a.ID })
	unique(l, "rollen", c.Roles, l.roles, func(r *Role) string { return r.ID })
	unique(l, "uppgiften", c.Facts, l.facts, func(f *Fact) string { return f.ID })
	unique(l, "uppgiften", c.Stops, nil, func(x *Stop) string { return x.ID })
	unique(l, "lagrummet", c.Laws, l.laws, func(x *Law) string { return x.ID })
	unique(l, "kravet", c.Requirements, c.byID, func(r *Requirement) string { return r.ID })
	unique(l, "konsekvenskategorin", c.Consequences, nil, func(x *Consequence) string { return x.ID })
	unique(l, "informationstypen", c.InformationTypes, nil, func(x *InformationType) string { return x.ID })
	unique(l, "profilen", c.Profiles, nil, func(x *Profile) string { return x.ID })
	for i, a := range c.Areas {
		a.Index = i
	}
	for i, a := range c.Aspects {
		a.Index = i
	}
	if f := l.facts[lagrum]; f != nil {
		l.add("lagrum", f.At("id"))
		delete(l.facts, lagrum)
	}
}

func (l *loader) requirements(f *folder, p *Profile) {
	for _, s := range append([]*source{f.main}, f.more...) {
		l.owner[s] = p
		if s.tree == nil {
			continue
		}
		for _, r := range items[Requirement](l, s, "requirement") {
			r.Profile = p
			l.cat.Requirements = append(l.cat.Requirements, r)
			if p != nil {
				p.Requirements = append(p.Requirements, r)
			}
		}
	}
}

func (l *loader) factsAndLaws(s *source, p *Profile) {
	for _, f := range items[Fact](l, s, "fact") {
		f.Profile = p
		l.cat.Facts = append(l.cat.Facts, f)
	}
	for _, x := range items[Law](l, s, "law") {
		x.Profile = p
		l.cat.Laws = append(l.cat.Laws, x)
	}
}

// unique reports an id that is used twice and fills the index with the first.
func unique[T interface{ At(string) diag.Range }](l *loader, kind string, list []T, index map[string]T, id func(T) string) {
	for _, t := range list {
		key := kind + "\x00" + id(t)
		if id(t) == "" {
			continue // damaged, and already reported
		}
		if first, taken := l.places[key]; taken {
			l.add("duplicate", t.At("id"), kind, id(t), first.String())
			continue
		}
		l.places[key] = t.At("id")
		if index != nil {
			index[id(t)] = t
		}
	}
}

// variables lays out the space: the levels first, then the facts as asked,
// then the laws that are ticked, then which profiles are named.
func (l *loader) variables() {
	c := l.cat
	add := func(size int) rule.Var {
		c.Space = append(c.Space, size)
		return rule.Var(len(c.Space) - 1)
	}
	for _, a := range c.Aspects {
		if a.IsRated() {
			a.Var = add(4)
		}
	}
	for _, f := range c.Facts {
		switch {
		case len(f.Derived.raw) > 0:
		case f.Type == Bool:
			f.Vars = []rule.Var{add(2)}
		case f.Type == Choice && len(f.Options) > 0:
			f.Vars = []rule.Var{add(min(len(f.Options), 64))}
		case f.Type == Choices:
			for range f.Options {
				f.Vars = append(f.Vars, add(2))
			}
		}
	}
	for _, x := range c.Laws {
		if x.Ticked = len(x.AppliesWhen.raw) == 0; x.Ticked {
			x.Var = add(2)
		}
	}
	c.named = add(2)
	for _, p := range c.Profiles {
		p.in = add(2)
	}
}

// contentHash is over the canonical parsed content, not the bytes, so that a
// comment or a blank line is no new version.
func (f *folder) contentHash() string {
	content := map[string]any{}
	var reqs []any
	for _, s := range f.sources() {
		for k, v := range s.tree {
			if k == "requirement" {
				list, _ := v.([]any)
				reqs = append(reqs, list...)
			} else {
				content[k] = v
			}
		}
	}
	slices.SortStableFunc(reqs, func(a, b any) int { return cmp.Compare(idOf(a), idOf(b)) })
	content["requirement"] = reqs
	// The status says where the content stands, not what it is.
	for _, head := range []string{"catalog", "profile"} {
		if m, ok := content[head].(map[string]any); ok {
			m = maps.Clone(m)
			delete(m, "status")
			content[head] = m
		}
	}
	data, err := json.Marshal(content)
	if err != nil {
		return "" // plain JSON types always marshal
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// hash gives the releases their content hashes, and the set its own.
func (l *loader) hash() {
	c := l.cat
	var set []string
	for _, f := range l.folders {
		if !f.profile {
			c.Hash = f.hash
			set = append(set, "0 "+c.ID+"@"+c.Version+" "+f.hash)
		}
		for _, p := range c.Profiles {
			if p.src == f.main {
				p.Hash = f.hash
				set = append(set, fmt.Sprintf("%d %s@%s %s", p.Precedence, p.ID, p.Version, f.hash))
			}
		}
	}
	slices.Sort(set)
	sum := sha256.Sum256([]byte(strings.Join(set, "\n")))
	c.SetHash = hex.EncodeToString(sum[:])
	l.releases()
}

func idOf(v any) string {
	m, _ := v.(map[string]any)
	id, _ := m["id"].(string)
	return id
}

type release struct {
	ID      string   `json:"id"`
	Version string   `json:"version"`
	Hash    string   `json:"hash"`
	Retired []string `json:"retired"`
	place
}

// releases holds published versions to what was published.
func (l *loader) releases() {
	// With other mistakes the content is not what it is going to be.
	if l.rels == nil || l.rels.tree == nil || l.list.HasErrors() {
		return
	}
	list := items[release](l, l.rels, "release")
	held := func(r Release, at diag.Range, own []*Requirement) {
		found := false
		for _, rel := range list {
			if rel.ID != r.ID {
				continue
			}
			for _, q := range own {
				if slices.Contains(rel.Retired, q.ID) {
					l.add("retired", q.At("id"), q.ID)
				}
			}
			if rel.Version == r.Version {
				found = true
				if r.Status == "published" && rel.Hash != r.Hash {
					l.add("released", at, r.Version, r.ID, r.Hash)
				}
			}
		}
		if !found && r.Status == "published" {
			l.add("unreleased", at, r.Version, r.ID, r.Hash)
		}
	}
	base := l.base()
	var own []*Requirement
	for _, r := range l.cat.Requirements {
		if r.Profile == nil {
			own = append(own, r)
		}
	}
	held(l.cat.Release, base.main.at("/catalog/version"), own)
	for _, p := range l.cat.Profiles {
		held(p.Release, p.At("version"), p.Requirements)
	}
}
