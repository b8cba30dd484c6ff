package catalog_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/schemas"
)

// Every key that a schema allows has a field behind it, and every field can be
// written: otherwise an author's key is silently lost.
func TestSchemaKeysAreStructTags(t *testing.T) {
	for _, x := range []struct {
		schema, at string // at is a path to an object with properties
		behind     any
	}{
		{"catalog", "definitions/catalog", catalog.CatalogTable{}},
		{"catalog", "definitions/aspect", catalog.Aspect{}},
		{"catalog", "definitions/level", catalog.Level{}},
		{"catalog", "definitions/area", catalog.Area{}},
		{"catalog", "definitions/role", catalog.Role{}},
		{"catalog", "definitions/consequence", catalog.Consequence{}},
		{"catalog", "definitions/stop", catalog.Stop{}},
		{"catalog", "definitions/option", catalog.Option{}},
		{"catalog", "definitions/fact", catalog.Fact{}},
		{"catalog", "definitions/law", catalog.Law{}},
		{"catalog", "definitions/law/properties/in_force", catalog.Law{}.InForce},
		{"catalog", "definitions/information_type", catalog.InformationType{}},
		{"catalog", "definitions/reference", catalog.Reference{}},
		{"catalog", "definitions/verify", catalog.Verify{}},
		{"catalog", "definitions/requirement", catalog.Requirement{}},
		{"profile", "definitions/profile", catalog.Profile{}},
		{"profile", "definitions/adjust", catalog.Adjust{}},
		{"profile", "definitions/exclude", catalog.Exclude{}},
		{"profile", "definitions/prefill", catalog.Prefill{}},
		{"profile", "definitions/agreement", catalog.Agreement{}},
		{"profile", "definitions/clause", catalog.Clause{}},
		{"profile", "definitions/split", catalog.Split{}},
		{"framework", "definitions/framework", catalog.Framework{}},
		{"framework", "definitions/item", catalog.Item{}},
		{"releases", "properties/release/items", catalog.ReleaseEntry{}},
		{"answers", "", engine.Answers{}},
		{"answers", "definitions/classification", engine.Answers{}.Classification},
		{"answers", "definitions/information", engine.Information{}},
		{"answers", "definitions/raise", engine.Raise{}},
	} {
		properties := properties(t, x.schema+".schema.json", x.at)
		tags := tags(reflect.TypeOf(x.behind))
		for _, key := range properties {
			if !slices.Contains(tags, key) {
				t.Errorf("%s %s: key %q has no field in %T", x.schema, x.at, key, x.behind)
			}
		}
		for _, tag := range tags {
			if !slices.Contains(properties, tag) {
				t.Errorf("%s %s: field %q of %T is not in the schema", x.schema, x.at, tag, x.behind)
			}
		}
	}
}

func properties(t *testing.T, name, at string) []string {
	t.Helper()
	data, err := schemas.Files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var node map[string]any
	if err := json.Unmarshal(data, &node); err != nil {
		t.Fatal(err)
	}
	for step := range strings.SplitSeq(at, "/") {
		if step != "" {
			next, ok := node[step].(map[string]any)
			if !ok {
				t.Fatalf("%s has no %s", name, at)
			}
			node = next
		}
	}
	var out []string
	for key := range node["properties"].(map[string]any) {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}

// tags lists the json names of a struct's fields, those of embedded structs
// included.
func tags(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			out = append(out, tags(f.Type)...)
		case name != "" && name != "-":
			out = append(out, name)
		}
	}
	return out
}
