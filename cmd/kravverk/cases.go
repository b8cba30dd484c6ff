package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
)

const casesHelp = `
Provfallen är tänkta system bredvid katalogerna. För varje visas nivåerna, hur
många krav som gäller, hur många av dem en leverantör svarar på, och hur många
som har ett förifyllt svar. Vad de ska ge prövas av kravverk lint.`

func cases(e env, args []string) error {
	flags := newFlags("cases")
	format := flags.String("format", "text", "hur resultatet skrivs: `text|json`")
	c, s, err := catalogOf(e, flags, args)
	if err != nil {
		return err
	}
	if err := oneOf("format", *format, "text", "json"); err != nil {
		return err
	}
	all, list := engine.Cases(c, s.files)
	if len(all) == 0 {
		return errors.New("det finns inga provfall. Lägg dem i mappen cases (se catalogs/README.md).")
	}
	type entry struct {
		File     string         `json:"file"`
		Title    string         `json:"title"`
		Type     string         `json:"type"`
		Why      string         `json:"why"`
		Levels   map[string]int `json:"levels,omitempty"` // the lowest that each may be
		Refused  bool           `json:"refused"`          // the answers are not taken
		Draft    bool           `json:"draft"`
		Rows     int            `json:"rows"`
		Supplier int            `json:"supplier"`
		Offered  int            `json:"offered"`
	}
	out := []entry{}
	wide := 0
	for _, k := range all {
		x := entry{File: s.show(k.File), Title: k.Title, Type: k.Type, Why: k.Why, Refused: k.Derivation == nil}
		if d := k.Derivation; d != nil {
			n := d.Size()
			x.Draft, x.Rows, x.Supplier, x.Offered, x.Levels = d.Draft(), n.Rows, n.Supplier, n.Offered, map[string]int{}
			for _, l := range d.Facts.Levels {
				x.Levels[l.Aspect.ID] = l.Lowest()
			}
		}
		wide = max(wide, utf8.RuneCountInString(x.Title))
		out = append(out, x)
	}
	if *format == "json" {
		return writeJSON(e.stdout, out)
	}
	pad := func(s string, n int) string { return s + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s))) }
	fmt.Fprintf(e.stdout, "%s  Nivåer    Krav  Leverantör  Förifyllda\n", pad("System", wide))
	for _, x := range out {
		if x.Refused {
			fmt.Fprintf(e.stdout, "%s  stannar: svaren godtas inte\n", pad(x.Title, wide))
			continue
		}
		var levels []string
		for _, a := range c.Aspects {
			if a.IsRated() {
				levels = append(levels, fmt.Sprint(a.ID, x.Levels[a.ID]))
			}
		}
		fmt.Fprintf(e.stdout, "%s  %-8s  %4d  %10d  %4d (%d %%)%s\n", pad(x.Title, wide), strings.Join(levels, " "), x.Rows, x.Supplier, x.Offered,
			100*x.Offered/max(x.Rows, 1), map[bool]string{true: "  utkast"}[x.Draft])
	}
	if list.HasErrors() {
		fmt.Fprintf(e.stdout, "\n%s stämmer inte. Kör kravverk lint för att se vad.\n", plural(len(list), "sak", "saker"))
	}
	return nil
}

// catalogOf reads the flags and the catalogue in the one folder that may be
// pointed out.
func catalogOf(e env, flags *flag.FlagSet, args []string) (*catalog.Catalog, shelf, error) {
	dirs, err := parse(flags, args)
	if err != nil {
		return nil, shelf{}, err
	}
	if len(dirs) > 1 {
		return nil, shelf{}, errors.New("peka ut högst en mapp.")
	}
	return loadCatalog(e, strings.Join(dirs, ""))
}
