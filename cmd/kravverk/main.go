// Command kravverk is the rules engine and its web tool in one program.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// command is one subcommand. It returns an error with a sentence for a person,
// or exit code 1 by errSilent when it has already said what was wrong.
type command struct {
	name, args, about string
	run               func(env, []string) error
}

type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

var commands = []command{
	{"lint", "[MAPP…] [--format text|json]", "granskar kataloger och kör deras provfall", lint},
}

// errSilent ends with exit code 1 and says nothing more.
var errSilent = fmt.Errorf("")

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	e := env{stdin, stdout, stderr}
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		usage(stdout)
		return 0
	}
	for _, c := range commands {
		if c.name != args[0] {
			continue
		}
		err := c.run(e, args[1:])
		switch err {
		case nil:
			return 0
		case errSilent, flag.ErrHelp:
		default:
			fmt.Fprintln(stderr, "kravverk "+c.name+": "+err.Error())
		}
		return 1
	}
	fmt.Fprintf(stderr, "kravverk: kommandot %q finns inte. Kör kravverk help.\n", args[0])
	return 1
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "Kravverk: kravkataloger, klassning och kravbilagor.\n\nKommandon:")
	for _, c := range commands {
		fmt.Fprintf(w, "  kravverk %s\n      %s\n", strings.TrimSpace(c.name+" "+c.args), c.about)
	}
}

// parse reads flags that may stand before, between and after the arguments.
func parse(fs *flag.FlagSet, args []string) ([]string, error) {
	var rest []string
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		if fs.NArg() == 0 {
			return rest, nil
		}
		rest, args = append(rest, fs.Arg(0)), fs.Args()[1:]
	}
}
