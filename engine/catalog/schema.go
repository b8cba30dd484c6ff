package catalog

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/kravverk/kravverk/engine/diag"
	"github.com/kravverk/kravverk/schemas"
)

// compiled holds the embedded schemas, compiled once.
var compiled = sync.OnceValues(func() (*jsonschema.Compiler, map[string]*jsonschema.Schema) {
	c := jsonschema.NewCompiler()
	c.Draft = jsonschema.Draft7
	c.ExtractAnnotations = true // the descriptions are shown as hints
	entries, err := schemas.Files.ReadDir(".")
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		f, err := schemas.Files.Open(e.Name())
		if err != nil {
			panic(err)
		}
		if err := c.AddResource(schemaURL(e.Name()), f); err != nil {
			panic(err)
		}
		f.Close()
	}
	all := map[string]*jsonschema.Schema{}
	for _, e := range entries {
		all[e.Name()] = c.MustCompile(schemaURL(e.Name()))
	}
	return c, all
})

var compiling sync.Mutex

// schemaURL gives the schemas a common address, so that their references to one
// another resolve without touching the file system.
func schemaURL(name string) string { return "https://kravverk.invalid/" + name }

// validate holds a source to the schema of its kind. Every mistake becomes one
// problem in its place.
func validate(s *source, schema string, list *problems) {
	_, all := compiled()
	err := all[schema].Validate(s.tree)
	if err == nil {
		return
	}
	ve, ok := err.(*jsonschema.ValidationError)
	if !ok {
		list.add("schema", diag.Range{File: s.name}, err.Error())
		return
	}
	for _, leaf := range leaves(ve) {
		explain(s, leaf, list)
		// Everything around the mistake is damaged: its row, its requirement.
		for ptr := leaf.InstanceLocation; ptr != ""; ptr, _, _ = cutLast(ptr, "/") {
			s.bad[ptr] = true
		}
	}
}

// leaves gives the errors that say something. Of an anyOf only the whole is
// told: which of the ways was meant cannot be known.
func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 || strings.HasSuffix(e.KeywordLocation, "/anyOf") {
		// The library writes a pointer as in an address: %C3%A5 for å.
		if ptr, err := url.PathUnescape(e.InstanceLocation); err == nil {
			e.InstanceLocation = ptr
		}
		return []*jsonschema.ValidationError{e}
	}
	var out []*jsonschema.ValidationError
	for _, c := range e.Causes {
		out = append(out, leaves(c)...)
	}
	return out
}

// explain turns one schema error into a sentence. The validator names keys only
// in its English text, so they are worked out from the schema instead.
func explain(s *source, e *jsonschema.ValidationError, list *problems) {
	compiler, _ := compiled()
	ptr := e.InstanceLocation
	at := s.at(ptr)
	where, keyword, _ := cutLast(e.AbsoluteKeywordLocation, "/")
	compiling.Lock() // a compiler is not for several goroutines
	schema, err := compiler.Compile(where)
	compiling.Unlock()
	if err != nil {
		list.add("schema", at, e.Message)
		return
	}
	value := s.lookup(ptr)
	name := keyName(ptr)
	switch keyword {
	case "additionalProperties":
		known := slices.Sorted(maps.Keys(schema.Properties))
		object, _ := value.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(object)) {
			if _, ok := schema.Properties[key]; ok {
				continue
			}
			hint := diag.Suggest(key, known)
			if hint == "" {
				hint = words.allowed + strings.Join(known, ", ") + "."
			}
			list.hint("unknown-key", s.keyAt(ptr+"/"+escape(key)), hint, key)
		}
	case "required":
		object, _ := value.(map[string]any)
		for _, key := range schema.Required {
			if _, ok := object[key]; !ok {
				list.add("missing-key", at, key)
			}
		}
	case "enum":
		var known []string
		for _, v := range schema.Enum {
			known = append(known, fmt.Sprint(v))
		}
		hint := diag.Suggest(fmt.Sprint(value), known)
		if hint == "" {
			hint = words.choose + strings.Join(known, ", ") + "."
		}
		list.hint("value", at, hint, name, display(value))
	case "type":
		list.add("type", at, name, typeNames(schema.Types), display(value))
	case "pattern":
		list.hint("pattern", at, schema.Description, name, display(value))
	case "minLength", "minItems", "minProperties":
		list.add("empty", at, name)
	case "minimum":
		list.add("minimum", at, name, ratText(schema.Minimum))
	case "maximum":
		list.add("maximum", at, name, ratText(schema.Maximum))
	case "uniqueItems":
		list.add("repeated", at, name)
	case "anyOf":
		list.add("row-value", at, name)
	case "not":
		list.add("reserved", at, display(value))
	default:
		list.add("schema", at, e.Message)
	}
}

func ratText(r interface{ RatString() string }) string { return r.RatString() }

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// keyName is the last named step of a pointer: the key an author knows.
func keyName(ptr string) string {
	steps := strings.Split(ptr, "/")
	for i := len(steps) - 1; i > 0; i-- {
		if steps[i] != "" && strings.Trim(steps[i], "0123456789") != "" {
			return unescape(steps[i])
		}
	}
	return "filen"
}

func display(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case []any:
		return "en lista"
	case map[string]any:
		return "en tabell"
	case bool:
		return map[bool]string{true: "true", false: "false"}[v]
	case nil:
		return "nan eller inf" // see plainJSON
	}
	return fmt.Sprint(v)
}

func typeNames(types []string) string {
	names := map[string]string{"string": "en text i citattecken", "integer": "ett heltal", "boolean": "true eller false", "array": "en lista i hakparenteser", "object": "en tabell", "number": "ett tal"}
	out := make([]string, len(types))
	for i, t := range types {
		out[i] = names[t]
	}
	sort.Strings(out)
	return strings.Join(out, " eller ")
}
