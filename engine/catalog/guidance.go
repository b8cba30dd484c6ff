package catalog

import (
	"bytes"
	"cmp"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kravverk/kravverk/engine/diag"
)

// What stands beside the rules and says how and what for: practices and
// frameworks. They select nothing, so they are no part of the content hash.

// practiceParts are the sections that every practice has, in this order.
var practiceParts = []string{"Teknik", "Process", "Rutin", "Uppföljning"}

// guidance reads the practices and the frameworks of a folder. The frameworks
// are TOML and are parsed beside the other files; the practices wait.
func (l *loader) guidance(fsys fs.FS, f *folder) {
	for _, more := range []struct{ dir, ext string }{{"practices", ".md"}, {"frameworks", ".toml"}} {
		dir := path.Join(f.name, more.dir)
		entries, _ := fs.ReadDir(fsys, dir) // most folders have none
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			switch {
			case path.Ext(name) != more.ext:
			case more.ext == ".toml":
				f.frameworks = append(f.frameworks, l.file(fsys, name, "framework.schema.json"))
			default:
				data, err := fs.ReadFile(fsys, name)
				if err != nil {
					l.unreadable(name, err)
					continue
				}
				l.cat.Files[name] = data
				f.practices = append(f.practices, name)
			}
		}
	}
}

// practices turns the pages into types, the base's before the profiles'.
func (l *loader) practices(f *folder, p *Profile) {
	c := l.cat
	for _, name := range f.practices {
		if x := l.practice(name, c.Files[name]); x != nil {
			x.Profile = p
			if i := slices.IndexFunc(c.Practices, func(y *Practice) bool { return y.ID == x.ID }); i >= 0 {
				l.add("duplicate", x.Range, "bladet", x.ID, c.Practices[i].Range.String())
				continue
			}
			c.Practices = append(c.Practices, x)
		}
	}
}

var (
	practiceName = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)
	pageHeading  = regexp.MustCompile(`^(#{1,2})\s+(.*?)\s*#*$`)
	pageLink     = regexp.MustCompile(`\]\(([^)\s]+\.md)(?:#[^)\s]*)?\)`)
	mention      = regexp.MustCompile(`\b([A-Z]{2,4})-[0-9]{2}\b`)
)

// practice reads one page: a title, a lead and sections.
func (l *loader) practice(name string, data []byte) *Practice {
	id := strings.TrimSuffix(path.Base(name), ".md")
	if !utf8.Valid(data) {
		l.add("utf8", diag.Range{File: name})
		return nil
	}
	if !practiceName.MatchString(id) {
		l.add("practice-name", diag.Range{File: name}, id)
		return nil
	}
	x := &Practice{ID: id, Range: diag.Range{File: name, Line: 1, Col: 1, Len: 1}}
	data = bytes.TrimPrefix(data, []byte(diag.BOM))
	var text []string
	part := &x.Lead
	end := func() {
		*part, text = strings.TrimSpace(strings.Join(text, "\n")), nil
	}
	lines := map[string]int{}
	fenced := false
	for i, line := range strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		m := pageHeading.FindStringSubmatch(line)
		switch {
		case m == nil || fenced:
			if x.Title == "" && strings.TrimSpace(line) != "" {
				l.add("practice-title", diag.Range{File: name, Line: i + 1, Col: 1, Len: utf8.RuneCountInString(line)})
				return nil
			}
			text = append(text, line)
		case m[1] == "#" && x.Title == "":
			x.Title = m[2]
			x.Range = diag.Range{File: name, Line: i + 1, Col: 3, Len: utf8.RuneCountInString(m[2])}
		case m[1] == "#":
			l.add("practice-titles", diag.Range{File: name, Line: i + 1, Col: 1, Len: utf8.RuneCountInString(line)})
		default:
			end()
			x.Sections = append(x.Sections, Section{Title: m[2]})
			part = &x.Sections[len(x.Sections)-1].Text
			lines[m[2]] = i + 1
		}
	}
	end()
	if x.Title == "" {
		l.add("practice-title", x.Range)
		return nil
	}
	if x.Lead == "" {
		l.warn("practice-lead", x.Range)
	}
	last := -1
	var missing []string
	for _, want := range practiceParts {
		i := slices.IndexFunc(x.Sections, func(s Section) bool { return s.Title == want })
		at := x.Range
		if i >= 0 {
			at = diag.Range{File: name, Line: lines[want], Col: 1, Len: len("## ") + utf8.RuneCountInString(want)}
		}
		switch {
		case i < 0:
			missing = append(missing, "## "+want)
		case x.Sections[i].Text == "":
			l.warn("practice-empty", at, want)
		case i < last:
			l.warn("practice-order", at, want)
		}
		last = max(last, i)
	}
	if missing != nil {
		l.warn("practice-part", x.Range, strings.Join(missing, ", "))
	}
	return x
}

// pages names the practices of a folder for the editor.
func (l *loader) pages(f *folder) []named {
	var out []named
	for _, name := range f.practices {
		first, _, _ := strings.Cut(string(l.cat.Files[name]), "\n")
		out = append(out, named{strings.TrimSuffix(path.Base(name), ".md"), strings.TrimSpace(strings.TrimLeft(first, "# "))})
	}
	return out
}

// frameworks turns the files into types.
func (l *loader) frameworks(f *folder) {
	for _, s := range f.frameworks {
		if s.tree == nil {
			continue
		}
		x := &Framework{}
		if !one(l, s, "framework", x) {
			continue
		}
		x.Items = items[Item](l, s, "item")
		for _, item := range x.Items {
			item.Reference = cmp.Or(item.Reference, item.ID)
		}
		unique(l, "punkten i "+x.ID, x.Items, nil, func(i *Item) string { return i.ID })
		l.cat.Frameworks = append(l.cat.Frameworks, x)
	}
	unique(l, "regelverket", l.cat.Frameworks, nil, func(x *Framework) string { return x.ID })
}

// guide joins practices and frameworks with the requirements.
func (l *loader) guide() {
	c := l.cat
	byID := map[string]*Practice{}
	for _, x := range c.Practices {
		byID[x.ID] = x
	}
	for _, r := range c.Requirements {
		if r.PracticeID == "" {
			continue
		}
		x := byID[r.PracticeID]
		if x == nil && l.partial {
			continue // it may be in what could not be read
		}
		if x == nil {
			var known []string
			for id := range byID {
				known = append(known, id)
			}
			l.hint("unknown-ref", r.At("practice"), nearest(r.PracticeID, known), "bladet", r.PracticeID)
			continue
		}
		l.reach(x.Profile, r.src, r.At("practice"), "bladet", x.ID)
		r.Practice = x
		x.Requirements = append(x.Requirements, r)
	}
	prefixes := map[string]bool{}
	for _, r := range c.Requirements {
		before, _, _ := strings.Cut(r.ID, "-")
		prefixes[before] = true
	}
	for _, x := range c.Practices {
		if len(x.Requirements) == 0 {
			l.warn("practice-idle", x.Range, x.ID)
		}
		l.mentions(x, byID, prefixes)
	}
	slices.SortStableFunc(c.Practices, func(a, b *Practice) int { return strings.Compare(a.ID, b.ID) })

	type key struct{ standard, edition, id string }
	items := map[key][]*Item{}
	whole := map[key]bool{}
	for _, f := range c.Frameworks {
		if f.Complete {
			whole[key{f.Standard, f.Edition, ""}] = true
		}
		for _, i := range f.Items {
			k := key{f.Standard, f.Edition, i.Reference}
			items[k] = append(items[k], i)
		}
	}
	for _, r := range c.Requirements {
		for n, ref := range r.References {
			found := items[key{ref.Standard, ref.Edition, ref.ID}]
			if found == nil && whole[key{ref.Standard, ref.Edition, ""}] {
				l.add("reference-no", r.At("references/"+itoa(n)+"/id"), ref.ID, strings.TrimSuffix(ref.Standard+":"+ref.Edition, ":"))
			}
			for _, i := range found {
				if !slices.Contains(i.Requirements, r) {
					i.Requirements = append(i.Requirements, r)
				}
			}
		}
	}
	for _, f := range c.Frameworks {
		for _, i := range f.Items {
			if len(i.Requirements) == 0 && i.Gap == "" {
				l.warn("uncovered", i.At("id"), i.ID, f.Title)
			}
		}
	}
}

// mentions holds a page to the pages and requirements that it speaks of. A page
// of the base may not lean on a profile, for the profile may be left out.
func (l *loader) mentions(x *Practice, pages map[string]*Practice, prefixes map[string]bool) {
	for i, line := range strings.Split(string(l.cat.Files[x.Range.File]), "\n") {
		at := func(m []int) diag.Range {
			return diag.Range{File: x.Range.File, Line: i + 1, Col: utf8.RuneCountInString(line[:m[2]]) + 1, Len: utf8.RuneCountInString(line[m[2]:m[3]])}
		}
		if !strings.Contains(line, ".md") && !strings.ContainsAny(line, "0123456789") {
			continue // most lines: neither link nor id
		}
		for _, m := range pageLink.FindAllStringSubmatchIndex(line, -1) {
			id := strings.TrimSuffix(line[m[2]:m[3]], ".md")
			to := pages[id]
			switch {
			case to == nil:
				l.add("unknown-ref", at(m), "bladet", id)
			case to.Profile != nil && to.Profile != x.Profile:
				l.add("foreign", at(m), "bladet", id, to.Profile.ID)
			}
		}
		for _, m := range mention.FindAllStringSubmatchIndex(line, -1) {
			if id := line[m[0]:m[1]]; prefixes[line[m[2]:m[3]]] && l.cat.byID[id] == nil && !l.damaged[id] {
				m[2], m[3] = m[0], m[1]
				l.add("unknown-ref", at(m), "kravet", id)
			}
		}
	}
}

// Page is where a page of the card index that a practice links to is found: the
// practice's id of "loggning.md" or "loggning.md#rutin", "" when the address is
// no such page.
func Page(address string) string {
	file, _, _ := strings.Cut(address, "#")
	id, ok := strings.CutSuffix(file, ".md")
	if !ok || !practiceName.MatchString(id) {
		return ""
	}
	return id
}

// Coverage is how far the requirements answer to a point of a framework.
type Coverage int

const (
	Missing Coverage = iota // no requirement, and nobody has said why
	LeftOut                 // on purpose
	Partly                  // some of it on purpose left out
	Covered
)

// Word is the coverage on screen.
func (c Coverage) Word() string { return coverageWords[c] }

// Coverage tells how far the requirements of the catalogue and its profiles
// answer to the point. A citation counts, however the requirement is selected.
func (i *Item) Coverage() Coverage {
	switch {
	case len(i.Requirements) > 0 && i.Gap == "":
		return Covered
	case len(i.Requirements) > 0:
		return Partly
	case i.Gap != "":
		return LeftOut
	}
	return Missing
}

// Count counts the points of each coverage.
func (f *Framework) Count() map[Coverage]int {
	out := map[Coverage]int{}
	for _, i := range f.Items {
		out[i.Coverage()]++
	}
	return out
}
