package catalog

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine/diag"
	"github.com/kravverk/kravverk/schemas"
)

// EditorSchemas makes the JSON Schemas that an author's text editor reads: the
// fixed ones, completed with the facts, options and ids of the catalogue itself.
// They come by path: catalog.schema.json or profile.schema.json in each folder,
// and requirements.schema.json where there is a requirements folder.
//
// It asks less of the files than Load: an author needs the schema most while
// the rows are wrong. Only what is not TOML at all stops it, and the list says
// where. The same files give the same bytes.
func EditorSchemas(fsys fs.FS) (map[string][]byte, diag.List) {
	l := &loader{cat: &Catalog{Files: map[string][]byte{}}}
	l.read(fsys)
	base := l.base()
	whole := base != nil
	for _, f := range l.folders {
		for _, s := range f.sources() {
			whole = whole && s.tree != nil
		}
	}
	if !whole {
		var list diag.List
		for _, d := range l.list.Sorted() {
			// A file that can be read hides behind its neighbour's mistake; what
			// the schema thinks of it is for lint to tell.
			if slices.Contains([]string{"toml", "utf8", "read", "no-base", "bases"}, d.Code) {
				list = append(list, d)
			}
		}
		return nil, list
	}
	out := map[string][]byte{}
	for _, f := range l.folders {
		known := namesIn(base)
		known.practices = l.pages(base)
		kind := "catalog.schema.json"
		if f.profile {
			kind = "profile.schema.json"
			known.join(namesIn(f))
			known.practices = append(known.practices, l.pages(f)...)
		}
		out[path.Join(f.name, kind)] = known.complete(kind)
		if len(f.more) > 0 {
			out[path.Join(f.name, "requirements.schema.json")] = known.complete("requirements.schema.json")
		}
		if len(f.frameworks) > 0 {
			out[path.Join(f.name, "framework.schema.json")] = known.complete("framework.schema.json")
		}
		if info, err := fs.Stat(fsys, path.Join(f.name, "cases")); err == nil && info.IsDir() {
			out[path.Join(f.name, "case.schema.json")] = known.complete("case.schema.json")
		}
	}
	return out, nil
}

func (f *folder) sources() []*source { return append([]*source{f.main}, f.more...) }

// object is a piece of a JSON Schema.
type object = map[string]any

// names is what the files of a catalogue give names to, each with its title,
// in the files' order. Nothing is said of whether they are right.
type names struct {
	release                                                     []named // the base's, "bas@2026.1", if it says
	aspects, areas, roles, laws, agreements, demands, practices []named
	facts                                                       []namedFact
}

type named struct{ id, title string }

type namedFact struct {
	named
	kind    string
	options []named
}

func namesIn(f *folder) *names {
	tables := func(key string) []object {
		var out []object
		for _, s := range f.sources() {
			list, _ := s.tree[key].([]any)
			for _, e := range list {
				if t, ok := e.(object); ok {
					out = append(out, t)
				}
			}
		}
		return out
	}
	list := func(key string) []named { return namedIn(tables(key)) }
	n := &names{
		aspects: list("aspect"), areas: list("area"), roles: list("role"),
		laws: list("law"), agreements: list("agreement"), demands: list("requirement"),
	}
	head, _ := f.main.tree["catalog"].(object)
	if id, version := text(head["id"]), text(head["version"]); id != "" && version != "" {
		n.release = []named{{id: id + "@" + version}}
	}
	for _, t := range tables("fact") {
		fact := namedFact{kind: text(t["type"])}
		if id := namedIn([]object{t}); id != nil {
			fact.named = id[0]
			options, _ := t["options"].([]any)
			for _, o := range options {
				if o, ok := o.(object); ok {
					fact.options = append(fact.options, namedIn([]object{o})...)
				}
			}
			n.facts = append(n.facts, fact)
		}
	}
	return n
}

// namedIn gives what has an id, once each.
func namedIn(tables []object) []named {
	var out []named
	for _, t := range tables {
		id, title := text(t["id"]), text(t["question"])
		if title == "" || text(t["title"]) != "" {
			title = text(t["title"])
		}
		if id != "" && !slices.ContainsFunc(out, func(n named) bool { return n.id == id }) {
			out = append(out, named{id, title})
		}
	}
	return out
}

func text(v any) string { s, _ := v.(string); return s }

// join adds what a profile has of its own.
func (n *names) join(own *names) {
	n.laws = append(n.laws, own.laws...)
	n.agreements = append(n.agreements, own.agreements...)
	n.demands = append(n.demands, own.demands...)
	n.facts = append(n.facts, own.facts...)
}

// complete puts the names into one of the fixed schemas. Everything that it
// refers to is taken in, so that the file stands alone.
func (n *names) complete(kind string) []byte {
	schema := fixed(kind)
	definitions, _ := schema["definitions"].(object)
	if definitions == nil {
		definitions = object{}
	}
	maps.Copy(definitions, fixed("catalog.schema.json")["definitions"].(object))
	if kind == "case.schema.json" {
		// What answers and catalogues call the same is kept apart.
		for name, d := range renamed(fixed("answers.schema.json")["definitions"], "#", "answers.schema.json#").(object) {
			definitions["answers_"+name] = d
		}
		schema = renamed(schema, "", "").(object)
	}
	schema["definitions"] = definitions
	schema = local(schema).(object)
	definitions = schema["definitions"].(object)
	if facts, ok := definitions["answers_facts"].(object); ok {
		facts["properties"] = n.answers()
	}
	delete(schema, "$id") // it would name the fixed one
	schema["$comment"] = "Skriven av kravverk schema. Ändra inte här: ändra katalogen och kör kommandot igen."

	n.row(definitions["row"].(object))
	for _, key := range []string{"levels", "rating"} {
		properties := definitions[key].(object)["properties"].(object)
		for aspect := range properties {
			if i := slices.IndexFunc(n.aspects, func(a named) bool { return a.id == aspect }); i >= 0 {
				properties[aspect] = object{"allOf": []any{properties[aspect]}, "description": n.aspects[i].title}
			} else {
				delete(properties, aspect)
			}
		}
	}
	for _, place := range []struct {
		in, key string
		among   []named
	}{
		{"requirement", "area", n.areas},
		{"requirement", "role", n.roles},
		{"requirement", "laws", n.laws},
		{"requirement", "practice", n.practices},
		{"adjust", "requirement", n.demands},
		{"adjust", "role", n.roles},
		{"exclude", "requirement", n.demands},
		{"prefill", "requirement", n.demands},
		{"prefill", "agreement", n.agreements},
		{"profile", "extends", n.release},
	} {
		table, ok := definitions[place.in].(object)
		if !ok || len(place.among) == 0 {
			continue
		}
		value := object{"$ref": "#/definitions/" + place.key + "_id"}
		definitions[place.key+"_id"] = oneOf(place.among)
		if place.key == "laws" {
			value = object{"type": "array", "uniqueItems": true, "items": value}
		}
		table["properties"].(object)[place.key] = value
	}
	prune(schema, definitions)

	var b strings.Builder
	enc := json.NewEncoder(&b) // maps are written in order of their keys
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(schema); err != nil {
		panic(err) // it came from JSON
	}
	return []byte(b.String())
}

// comparisons are the ones worth offering; others may be written, if they say
// anything at all.
var comparisons = []any{">=1", ">=2", ">=3", "<=0", "<=1", "<=2", "=0", "=1", "=2", "=3"}

const comparisonPattern = `^\s*(>=\s*[1-3]|<=\s*[0-2]|>\s*[0-2]|<\s*[1-3]|=\s*[0-3])\s*$`

// row gives a row its keys: aspects, facts and laws.
func (n *names) row(row object) {
	properties := object{}
	for _, a := range n.aspects {
		properties[a.id] = object{
			"description": a.title + ". Nivån skrivs med tecken, till exempel \">=2\".",
			"type":        "string",
			"anyOf":       []any{object{"enum": comparisons}, object{"pattern": comparisonPattern}},
		}
	}
	for _, f := range n.facts {
		var value object
		switch {
		case f.kind == Bool:
			value = object{"type": "boolean"}
		case len(f.options) > 0:
			value = anyOf(f.options)
		default: // not yet written; the row is not to blame
			value = object{"$ref": "#/definitions/row_value"}
		}
		if d, ok := value["description"]; ok {
			value["description"] = fmt.Sprintf("%s\n\n%s", f.title, d)
		} else if f.title != "" {
			value = object{"allOf": []any{value}, "description": f.title}
			if f.kind == Bool {
				value = object{"type": "boolean", "description": f.title}
			}
		}
		properties[f.id] = value
	}
	if len(n.laws) > 0 {
		value := anyOf(n.laws)
		value["description"] = fmt.Sprintf("Lagrum som gäller\n\n%s", value["description"])
		properties[lagrum] = value
	}
	row["properties"] = properties
	row["additionalProperties"] = false
}

// oneOf is one of the ids. The titles go into the description, and, for
// editors that can show them beside each, under Taplo's own key.
func oneOf(among []named) object {
	ids, titles, lines := []any{}, []any{}, []string{}
	for _, n := range among {
		ids, titles, lines = append(ids, n.id), append(titles, n.title), append(lines, n.id+": "+n.title)
	}
	if len(among) == 1 && among[0].title == "" {
		return object{"type": "string", "enum": ids}
	}
	return object{
		"type": "string", "enum": ids, "description": strings.Join(lines, "\n"),
		"x-taplo": object{"docs": object{"enumValues": titles}},
	}
}

// anyOf is one of the ids, or a list of them.
func anyOf(among []named) object {
	one := oneOf(among)
	d := one["description"]
	delete(one, "description") // once is enough
	many := object{"type": "array", "minItems": 1, "uniqueItems": true, "items": object{"type": "string", "enum": one["enum"]}}
	return object{"description": d, "anyOf": []any{one, many}}
}

// fixed reads one of the embedded schemas.
func fixed(name string) object {
	data, err := schemas.Files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	var schema object
	if err := json.Unmarshal(data, &schema); err != nil {
		panic(err)
	}
	return schema
}

// answers is what each question of a case may be answered with.
func (n *names) answers() object {
	const unknown = "vet_ej"
	out := object{}
	for _, f := range n.facts {
		switch {
		case f.kind == Bool:
			out[f.id] = object{"description": f.title, "enum": []any{true, false, unknown}}
		case f.kind == Choice && len(f.options) > 0:
			one := oneOf(append(slices.Clone(f.options), named{unknown, "Vet ej"}))
			one["description"] = fmt.Sprintf("%s\n\n%s", f.title, one["description"])
			out[f.id] = one
		}
	}
	return out
}

// renamed makes references into the answers' schema lead to definitions with a
// name of their own; from is what such references begin with.
func renamed(v any, from, to string) any {
	switch v := v.(type) {
	case object:
		for k, e := range v {
			if ref, ok := e.(string); ok && k == "$ref" {
				if rest, ok := strings.CutPrefix(ref, from+"/definitions/"); ok && from != "" {
					ref = to + "/definitions/" + rest
				}
				if rest, ok := strings.CutPrefix(ref, "answers.schema.json#/definitions/"); ok {
					ref = "#/definitions/answers_" + rest
				}
				v[k] = ref
			} else {
				v[k] = renamed(e, from, to)
			}
		}
	case []any:
		for i, e := range v {
			v[i] = renamed(e, from, to)
		}
	}
	return v
}

// local turns references to another file into references within this one.
func local(v any) any {
	switch v := v.(type) {
	case object:
		for k, e := range v {
			if k == "$ref" {
				_, definition, _ := strings.Cut(e.(string), "#")
				v[k] = "#" + definition
			} else {
				v[k] = local(e)
			}
		}
	case []any:
		for i, e := range v {
			v[i] = local(e)
		}
	}
	return v
}

// prune leaves out the definitions that nothing refers to.
func prune(schema, definitions object) {
	used := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case object:
			for k, e := range v {
				name, ok := strings.CutPrefix(text(e), "#/definitions/")
				if k == "$ref" && ok && !used[name] {
					used[name] = true
					walk(definitions[name])
				}
				walk(e)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	for k, v := range schema {
		if k != "definitions" {
			walk(v)
		}
	}
	maps.DeleteFunc(definitions, func(name string, _ any) bool { return !used[name] })
}
