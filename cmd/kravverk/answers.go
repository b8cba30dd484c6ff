package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/diag"
)

// answersFlags are the options of the commands that start from an answers file.
type answersFlags struct{ answers, catalogs *string }

func newAnswersFlags(flags *flag.FlagSet) answersFlags {
	return answersFlags{
		flags.String("answers", "", "`FIL` med svaren på klassningens frågor; - läser det som skickas in"),
		flags.String("catalogs", "", "`MAPP` med kataloger; utan valet används de som följer med programmet"),
	}
}

// derivation reads the catalogue and the answers, and derives. What is wrong
// with the answers is told in place.
func (a answersFlags) derivation(e env) (*engine.Derivation, shelf, error) {
	if *a.answers == "" {
		return nil, shelf{}, errors.New("skriv vilken svarsfil som ska läsas: --answers FIL.")
	}
	c, s, err := loadCatalog(e, *a.catalogs)
	if err != nil {
		return nil, s, err
	}
	data, err := readFile(e, *a.answers, maxFile)
	if err != nil {
		return nil, s, err
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, s, fmt.Errorf("filen %s är ingen textfil. En svarsfil är en TOML-fil, sparad som UTF-8.", *a.answers)
	}
	answers, doc, list := engine.ParseAnswers(*a.answers, data)
	var facts *engine.Facts
	if !list.HasErrors() {
		facts, err = engine.NewFacts(c, answers)
		var bad *engine.AnswersError
		if errors.As(err, &bad) {
			list = append(list, bad.Diagnostics(doc)...)
		} else if err != nil {
			return nil, s, err
		}
	}
	list.WriteText(e.stderr, func(string) []byte { return printable(data) })
	if facts == nil {
		errors := 0
		for _, d := range list {
			if d.Severity == diag.Error {
				errors++
			}
		}
		return nil, s, fmt.Errorf("svarsfilen går inte att använda: %d fel.", errors)
	}
	return engine.Derive(facts), s, nil
}
