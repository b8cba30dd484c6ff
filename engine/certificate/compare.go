package certificate

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Difference is something that two catalogues do not agree on. What only one of
// them has at all has Part "".
type Difference struct {
	Where
	Ours, Theirs string // as JSON; "" of what is not there
	File         string // where ours stands, when it is known
	Line         int
}

// Compare lists what differs between our rules and theirs: first who they are,
// then their parts, in our order and then in theirs. Where the rows stand in
// their files is no difference.
func Compare(ours, theirs *Catalog) []Difference {
	a, b := items(ours), items(theirs)
	type key struct{ kind, id string }
	there := map[key]item{}
	for _, x := range b {
		there[key{x.kind, x.id}] = x
	}
	var out []Difference
	seen := map[key]bool{}
	for _, x := range a {
		k := key{x.kind, x.id}
		y, ok := there[k]
		seen[k] = true
		if !ok {
			out = append(out, Difference{Where: Where{Kind: x.kind, ID: x.id}, Ours: x.id, File: x.file, Line: x.line})
			continue
		}
		out = append(out, x.differences(y)...)
	}
	for _, y := range b {
		if k := (key{y.kind, y.id}); !seen[k] {
			out = append(out, Difference{Where: Where{Kind: y.kind, ID: y.id}, Theirs: y.id})
		}
	}
	return out
}

// item is a thing with an id, taken apart for comparison.
type item struct {
	kind, id string
	file     string
	line     int
	parts    []part
}

type part struct {
	name, profile, text string
	file                string
	line                int
}

func (x item) differences(y item) []Difference {
	type key struct{ name, profile string }
	theirs := map[key]string{}
	for _, p := range y.parts {
		theirs[key{p.name, p.profile}] = p.text
	}
	var out []Difference
	add := func(p part, ours, their string) {
		file, line := p.file, p.line
		if file == "" {
			file, line = x.file, x.line
		}
		out = append(out, Difference{Where{x.kind, x.id, p.name, p.profile}, ours, their, file, line})
	}
	for _, p := range x.parts {
		k := key{p.name, p.profile}
		if theirs[k] != p.text {
			add(p, p.text, theirs[k])
		}
		delete(theirs, k)
	}
	for _, p := range y.parts {
		if _, left := theirs[key{p.name, p.profile}]; left && p.text != "" {
			add(part{name: p.name, profile: p.profile}, "", p.text)
		}
	}
	return out
}

// items lists a catalogue's parts. The order of facts, laws and requirements
// says nothing, and is not compared.
func items(c *Catalog) []item {
	out := []item{{kind: "", parts: []part{
		{name: "id", text: c.ID}, {name: "version", text: c.Version}, {name: "hash", text: c.Hash}, {name: "set_hash", text: c.SetHash},
	}}}
	for _, a := range c.Aspects {
		out = append(out, item{kind: "aspect", id: a.ID, parts: []part{{name: "rated", text: fmt.Sprint(a.Rated)}, {name: "levels", text: text(a.Levels)}}})
	}
	for _, f := range c.Facts {
		out = append(out, item{kind: "fact", id: f.ID, parts: []part{
			{name: "type", text: f.Type}, {name: "options", text: text(f.Options)},
			rowsPart("ask_when", "", f.AskWhen), rowsPart("derived", "", f.Derived), {name: "profile", text: f.Profile},
		}})
	}
	for _, l := range c.Laws {
		out = append(out, item{kind: "law", id: l.ID, parts: []part{
			{name: "ticked", text: fmt.Sprint(l.Ticked)}, rowsPart("applies_when", "", l.AppliesWhen), {name: "profile", text: l.Profile},
		}})
	}
	for _, p := range c.Profiles {
		out = append(out, item{kind: "profile", id: p.ID, parts: []part{
			{name: "version", text: p.Version}, {name: "hash", text: p.Hash}, {name: "precedence", text: fmt.Sprint(p.Precedence)},
			rowsPart("offered_when", "", p.OfferedWhen),
		}})
	}
	for _, r := range c.Requirements {
		x := item{kind: "requirement", id: r.ID, file: r.File, line: r.Line}
		x.parts = append(rulesParts("", r.Rules), part{name: "profile", text: r.Profile})
		for _, ch := range r.Changes {
			for _, p := range append(rulesParts(ch.Profile, ch.Rules),
				part{name: "exclude", profile: ch.Profile, text: flag(ch.Exclude)}, part{name: "include", profile: ch.Profile, text: flag(ch.Include)}) {
				if p.file == "" {
					p.file, p.line = ch.File, ch.Line
				}
				x.parts = append(x.parts, p)
			}
		}
		out = append(out, x)
	}
	return out
}

func rulesParts(profile string, r Rules) []part {
	levels := part{name: "levels", profile: profile}
	if len(r.Levels) > 0 {
		levels.text = text(r.Levels)
	}
	return []part{levels, rowsPart("when", profile, r.When), rowsPart("unless", profile, r.Unless)}
}

func rowsPart(name, profile string, rows []Row) part {
	p := part{name: name, profile: profile}
	var keys []map[string]any
	for _, r := range rows {
		keys = append(keys, r.Keys)
	}
	if len(rows) > 0 {
		p.text, p.file, p.line = text(keys), rows[0].File, rows[0].Line
	}
	return p
}

func flag(b bool) string {
	if b {
		return "true"
	}
	return ""
}

// text writes a part for comparison and for people.
func text(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return "" // plain JSON types always encode
	}
	return string(bytes.TrimSpace(b.Bytes()))
}
