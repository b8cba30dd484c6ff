package catalog

import (
	"encoding/json"
	"testing"

	"github.com/kravverk/kravverk/schemas"
)

// Every code that the schemas allow has its word on screen, and no word stands
// for a code that they do not have.
func TestEveryCodeHasAName(t *testing.T) {
	found := map[string]map[string]bool{}
	var walk func(key string, v any)
	walk = func(key string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if enum, ok := v["enum"].([]any); ok {
				if key == "items" {
					key = "verify" // the only list of codes
				}
				for _, c := range enum {
					if code, ok := c.(string); ok && codeNames[key] != nil {
						if found[key] == nil {
							found[key] = map[string]bool{}
						}
						found[key][code] = true
					}
				}
			}
			for k, x := range v {
				if k == "properties" || k == "definitions" || k == "allOf" || k == "anyOf" {
					walk("", x)
				} else {
					walk(k, x)
				}
			}
		case []any:
			for _, x := range v {
				walk(key, x)
			}
		}
	}
	for _, name := range []string{"catalog.schema.json", "profile.schema.json"} {
		data, err := schemas.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var schema any
		if err := json.Unmarshal(data, &schema); err != nil {
			t.Fatal(err)
		}
		walk("", schema)
	}
	for key, words := range codeNames {
		if len(found[key]) == 0 {
			t.Errorf("the schemas have no codes for %q", key)
		}
		for code := range found[key] {
			if Name(key, code) == "" {
				t.Errorf("%s %q has no name", key, code)
			}
		}
		for code := range words {
			if !found[key][code] {
				t.Errorf("%s %q has a name but is no code", key, code)
			}
		}
	}
}
