// Command kravverk is the rules engine and its web tool in one program.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// commands are the subcommands in the order of the usage text.
var commands = []command{
	{"serve", "[--addr ADRESS] [--db FIL] [--url ADRESS] [--config FIL] [--catalogs MAPP] [--demo]", "startar webbverktyget", serveHelp, serve},
	{"user", "add NAMN | reset PERSON | disable PERSON | enable PERSON | list [--db FIL]", "lägger till och stänger av personer", userHelp, user},
	{"lint", "[MAPP…] [--format text|json] [--date DATUM] [--witness ID|alla]", "granskar kataloger och kör deras provfall", lintHelp, lint},
	{"schema", "MAPP", "skriver de scheman som din textredigerare använder", schemaHelp, schema},
	{"new", "catalog ID | profile ID --extends ID [--catalogs MAPP]", "börjar en ny katalog eller profil", newHelp, newOne},
	{"cases", "[MAPP] [--format text|json]", "visar provfallen och hur många krav de ger", casesHelp, cases},
	{"coverage", "[MAPP] [--format text|json] [--output FIL.xlsx]", "visar vilka punkter i lagar och standarder kraven täcker", coverageHelp, coverage},
	{"derive", "--answers FIL [--catalogs MAPP] [--format text|json] [--certify FIL.json]", "visar vilka krav som gäller för ett system", deriveHelp, derive},
	{"explain", "--answers FIL [--catalogs MAPP] KRAV", "förklarar varför ett krav gäller eller inte gäller", explainHelp, explain},
	{"export", "--answers FIL --output FIL.xlsx [--kind kravbilaga|motivering]", "skriver en kravbilaga eller en motivering i Excel", exportHelp, export},
	{"verify", "FIL.xlsx", "kontrollerar en Excelfil som Kravverk har skrivit", verifyHelp, verify},
	{"check-certificate", "FIL.json [--catalogs MAPP]", "kontrollerar ett intyg om vilka krav som gäller", checkCertificateHelp, checkCertificate},
	{"journal", "verify [--db FIL] [--head KONTROLLVÄRDE] | export --output FIL.jsonl | purge --db FIL --classification ID", "kontrollerar, skriver ut eller raderar ur journalen", journalHelp, journal},
	{"backup", "[--db FIL] --output FIL|MAPP", "skriver en säkerhetskopia av databasen", backupHelp, backup},
	{"restore", "FIL --db FIL [--replace]", "återställer databasen från en säkerhetskopia", restoreHelp, restore},
}

// command is one subcommand. Its run returns an error with a sentence for a
// person, or errSilent when it has already said what was wrong.
type command struct {
	name, args, about string
	help              string // what else --help tells
	run               func(env, []string) error
}

// env is what a command may touch of the world around it.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// errSilent ends with exit code 1 and says nothing more.
var errSilent = errors.New("")

// run is the whole program but for the process: it gives the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	out := &checkedWriter{w: stdout}
	e := env{stdin, out, stderr}
	if len(args) == 0 || args[0] == "help" && len(args) == 1 || args[0] == "--help" || args[0] == "-h" {
		usage(out)
		return end(e, "", nil, out)
	}
	if args[0] == "help" {
		args = []string{args[1], "--help"}
	}
	for _, c := range commands {
		if c.name != args[0] {
			continue
		}
		err := c.run(e, args[1:])
		var help *helpWanted
		if errors.As(err, &help) {
			c.usage(out, help.flags)
			err = nil
		}
		return end(e, " "+c.name, err, out)
	}
	fmt.Fprintln(stderr, "kravverk: "+noCommand(args[0]))
	return 1
}

// end tells what went wrong, if anything did, and gives the exit code.
func end(e env, name string, err error, out *checkedWriter) int {
	if out.err != nil {
		err = fmt.Errorf("utskriften gick inte att skriva: %s.", why(out.err))
	}
	if err == nil {
		return 0
	}
	if err != errSilent {
		fmt.Fprintln(e.stderr, "kravverk"+name+": "+err.Error())
	}
	return 1
}
