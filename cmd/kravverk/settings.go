package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/kravverk/kravverk/engine/diag"
)

// readSettings sets the flags that the command line did not, from a TOML file
// whose keys are the flags' names.
func readSettings(flags *flag.FlagSet, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("inställningarna i %s går inte att läsa: %s.", path, why(err))
	}
	settings := map[string]any{}
	if _, err := toml.Decode(string(text), &settings); err != nil {
		var at toml.ParseError
		if errors.As(err, &at) {
			return fmt.Errorf("%s:%d: raden är inte giltig TOML (%s).", path, at.Position.Line, at.Message)
		}
		return fmt.Errorf("%s: filen är inte giltig TOML.", path)
	}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		where := fmt.Sprintf("%s:%d: ", path, lineOf(string(text), name))
		if flags.Lookup(name) == nil || name == "config" {
			hint := diag.Suggest(name, slices.DeleteFunc(flagNames(flags), func(x string) bool { return x == "config" }))
			if hint == "" {
				hint = "Kör kravverk " + flags.Name() + " --help för att se vilka som finns."
			}
			return fmt.Errorf("%sinställningen %s finns inte. %s", where, name, hint)
		}
		var value string
		switch v := settings[name].(type) {
		case string, bool, int64:
			value = fmt.Sprint(v)
		default:
			return fmt.Errorf("%s%s ska vara en text, ett heltal, true eller false.", where, name)
		}
		if given[name] {
			continue
		}
		if err := flags.Set(name, value); err != nil {
			return fmt.Errorf("%s%s kan inte ha värdet %q.", where, name, value)
		}
	}
	return nil
}

// lineOf is the line where a key is set.
func lineOf(text, key string) int {
	for i, line := range strings.Split(text, "\n") {
		name, _, ok := strings.Cut(line, "=")
		if ok && strings.Trim(strings.TrimSpace(name), `"'`) == key {
			return i + 1
		}
	}
	return 1
}
