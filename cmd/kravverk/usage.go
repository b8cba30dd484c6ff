package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/kravverk/kravverk/engine/diag"
)

// usage lists the commands.
func usage(w io.Writer) {
	fmt.Fprintln(w, "Kravverk: kravkataloger, klassning och kravbilagor.\n\nKommandon:")
	for _, c := range commands {
		fmt.Fprintf(w, "  kravverk %s\n      %s\n", strings.TrimSpace(c.name+" "+c.args), c.about)
	}
	fmt.Fprintln(w, "\nKör kravverk KOMMANDO --help för att läsa mer om ett kommando.")
}

// usage tells all about one command.
func (c command) usage(w io.Writer, flags *flag.FlagSet) {
	fmt.Fprintf(w, "kravverk %s\n\nKommandot %s.\n", strings.TrimSpace(c.name+" "+c.args), c.about)
	if c.help != "" {
		fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(c.help))
	}
	any := false
	flags.VisitAll(func(f *flag.Flag) {
		if !any {
			fmt.Fprintln(w, "\nVal:")
			any = true
		}
		value, text := flag.UnquoteUsage(f)
		if value != "" {
			value = " " + value
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" {
			text += fmt.Sprintf(" (utan valet: %s)", f.DefValue)
		}
		fmt.Fprintf(w, "  --%s%s\n      %s\n", f.Name, value, text)
	})
}

// newFlags makes the flags of a command, for parse to read.
func newFlags(command string) *flag.FlagSet { return flag.NewFlagSet(command, flag.ContinueOnError) }

// helpWanted is the error of somebody who asked for help.
type helpWanted struct{ flags *flag.FlagSet }

func (*helpWanted) Error() string { return "hjälp" }

// parse reads flags that may stand before, between and after the arguments;
// after "--" all are arguments. Its errors are in Swedish.
func parse(fs *flag.FlagSet, args []string) ([]string, error) {
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	var rest []string
	for {
		err := fs.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			return nil, &helpWanted{fs}
		}
		if err != nil {
			return nil, flagError(fs, err)
		}
		used := len(args) - fs.NArg()
		if fs.NArg() == 0 || used > 0 && args[used-1] == "--" {
			return append(rest, fs.Args()...), nil
		}
		rest, args = append(rest, fs.Arg(0)), fs.Args()[1:]
	}
}

// flagMessages puts the flag package's sentences in Swedish. It gives no other
// handle on them than the text. The first is for a flag that does not exist.
var flagMessages = []struct {
	english *regexp.Regexp
	swedish string
}{
	{regexp.MustCompile(`^flag provided but not defined: -+(.*)$`), "valet --$1 finns inte."},
	{regexp.MustCompile(`^flag needs an argument: -+(.*)$`), "valet --$1 behöver ett värde efter sig."},
	{regexp.MustCompile(`^bad flag syntax: (.*)$`), "valet $1 är felskrivet."},
	{regexp.MustCompile(`^invalid (?:boolean )?value ("(?s:.*)") for (?:flag )?-+([^:]*): .*$`), "valet --$2 kan inte ha värdet $1."},
}

func flagError(fs *flag.FlagSet, err error) error {
	text := err.Error()
	for i, m := range flagMessages {
		if hit := m.english.FindStringSubmatch(text); hit != nil {
			hint := "Kör kravverk " + fs.Name() + " --help."
			if s := diag.Suggest(hit[1], flagNames(fs)); i == 0 && s != "" {
				hint = s
			}
			return errors.New(m.english.ReplaceAllString(text, m.swedish) + " " + hint)
		}
	}
	return err
}

func flagNames(fs *flag.FlagSet) []string {
	var names []string
	fs.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	return names
}

func noCommand(name string) string {
	var known []string
	for _, c := range commands {
		known = append(known, c.name)
	}
	hint := diag.Suggest(name, known)
	if hint == "" {
		hint = "Kör kravverk help."
	}
	return fmt.Sprintf("kommandot %q finns inte. %s", name, hint)
}

// oneOf holds a flag to its choices.
func oneOf(name, value string, choices ...string) error {
	for _, c := range choices {
		if value == c {
			return nil
		}
	}
	return fmt.Errorf("valet --%s kan inte vara %q. Välj bland: %s.", name, value, strings.Join(choices, ", "))
}
