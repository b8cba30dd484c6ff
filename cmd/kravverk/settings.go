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
			if strings.Contains(at.Message, "already been defined") {
				return fmt.Errorf("%s:%d: %s står redan tidigare i filen. Ta bort en av raderna.", path, at.Position.Line, at.LastKey)
			}
			return fmt.Errorf("%s:%d: raden är inte giltig TOML (%s). Skriv ett namn, ett likhetstecken och ett värde, och sätt text inom citattecken.", path, at.Position.Line, at.Message)
		}
		return fmt.Errorf("%s: filen är inte giltig TOML.", path)
	}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		where := fmt.Sprintf("%s:%d: ", path, lineOf(string(text), name))
		if strings.HasSuffix(name, "-secret") {
			return fmt.Errorf("%shemligheter ska inte stå här. Lägg hemligheten i en egen fil, och ange filen med %s-file.", where, name)
		}
		f := flags.Lookup(name)
		if f == nil || name == "config" {
			hint := diag.Suggest(name, slices.DeleteFunc(flagNames(flags), func(x string) bool { return x == "config" }))
			if hint == "" {
				hint = "Kör kravverk " + flags.Name() + " --help för att se vilka som finns."
			}
			return fmt.Errorf("%sinställningen %s finns inte. %s", where, name, hint)
		}
		value := settings[name]
		if want, ok := fits(f, value); !ok {
			return fmt.Errorf("%s%s ska vara %s.", where, name, want)
		}
		if given[name] {
			continue
		}
		if err := flags.Set(name, fmt.Sprint(value)); err != nil {
			return fmt.Errorf("%s%s kan inte ha värdet %q.", where, name, value)
		}
	}
	return nil
}

// fits tells whether a value is of the kind that a flag holds, and which that is.
func fits(f *flag.Flag, value any) (want string, ok bool) {
	switch f.Value.(flag.Getter).Get().(type) {
	case bool:
		_, ok = value.(bool)
		return "true eller false, utan citattecken", ok
	case int:
		_, ok = value.(int64)
		return "ett heltal, utan citattecken", ok
	default: // a duration too, as "24h"
		_, ok = value.(string)
		return "en text inom citattecken", ok
	}
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
