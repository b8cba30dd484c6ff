package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/diag"
	"github.com/kravverk/kravverk/engine/rule"
)

const explainHelp = `
Visar ett krav i ett system: om det gäller, skälet, författarens rader med fil
och rad, vad profilerna har ändrat, vilka förslag som finns och vad som skulle
krävas för att svaret skulle bli ett annat.`

func explain(e env, args []string) error {
	flags := newFlags("explain")
	from := newAnswersFlags(flags)
	rest, err := parse(flags, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return errors.New("skriv ett krav, till exempel BEH-04.")
	}
	d, s, err := from.derivation(e)
	if err != nil {
		return err
	}
	f := d.Finding(rest[0])
	if f == nil {
		var known []string
		for _, r := range d.Facts.Catalog.Requirements {
			known = append(known, r.ID)
		}
		hint := diag.Suggest(rest[0], known)
		if hint == "" {
			hint = "Kör kravverk derive för att se alla krav."
		}
		return fmt.Errorf("kravet %q finns inte. %s", rest[0], hint)
	}
	explanation{e.stdout, d, f, s}.write()
	return nil
}

// explanation tells all about one finding.
type explanation struct {
	w io.Writer
	d *engine.Derivation
	*engine.Finding
	shelf shelf
}

func (x explanation) write() {
	verdict := map[rule.Truth]string{rule.Yes: "Ja, kravet gäller", rule.No: "Nej, kravet gäller inte", rule.Unknown: "Det är osäkert om kravet gäller"}[x.Applies]
	if x.Because != "" {
		verdict += ": " + x.Because
	}
	fmt.Fprintf(x.w, "%s %s\n\n", x.Requirement.ID, engine.Text(x.Title))
	wrap(x.w, "", verdict+".")
	x.texts()
	x.conditions()
	x.parameters()
	x.changes()
	x.offers()
	x.depends()
	x.flips()
}

func (x explanation) section(title string) { fmt.Fprintf(x.w, "\n%s\n", title) }

func (x explanation) texts() {
	x.section("Text")
	if x.Is != nil {
		wrap(x.w, "  ", "ÄR: "+engine.Text(x.Is))
	}
	if x.Shall != nil {
		label := "SKA"
		if x.Effective.Obligation == "should" {
			label = "BÖR"
		}
		wrap(x.w, "  ", label+": "+engine.Text(x.Shall))
	}
}

// conditions shows what the author wrote, where, and what is known of it. An
// arrow marks the rows that the verdict rests on.
func (x explanation) conditions() {
	x.section("Så har författaren skrivit (→ avgör)")
	rows := x.d.Rows(x.Finding)
	if len(rows) == 0 {
		fmt.Fprintf(x.w, "    %s  utan villkor: gäller alla system\n", x.at(x.Requirement.At("id")))
	}
	for i, row := range rows {
		mark, word := " ", map[engine.RowKind]string{
			engine.RowLevels: "från nivå", engine.RowWhen: "när", engine.RowUnless: "utom när", engine.RowShall: "SKA ställs när",
			engine.RowExcluded: "borttaget", engine.RowAdded: "tillagt",
		}[row.Kind]
		if row.Kind == engine.RowLevels && len(row.Atoms) > 1 {
			word = "från någon av nivåerna"
		}
		if row.Decides {
			mark = "→"
		}
		if i > 0 && rows[i-1].Kind == row.Kind {
			word = "eller " + word
		}
		fmt.Fprintf(x.w, "  %s %s  %s\n", mark, x.at(row.At), word)
		for _, a := range row.Atoms {
			line := fmt.Sprintf("%-6s %s", holdsWord(a.Holds), a.Text)
			if a.Now != a.Text {
				line += " (" + a.Now + ")"
			}
			fmt.Fprintf(x.w, "      %s\n", line)
		}
	}
}

// holdsWord tells whether what an author asks for is so.
func holdsWord(t rule.Truth) string {
	return [...]string{rule.Unknown: "oklart", rule.No: "nej", rule.Yes: "ja"}[t]
}

func (x explanation) at(r diag.Range) string {
	r.File = x.shelf.show(r.File)
	return r.String()
}

func (x explanation) parameters() {
	if len(x.Parameters) == 0 {
		return
	}
	x.section("Värden som följer nivån")
	for _, p := range x.Parameters {
		var all []string
		for step := 1; step <= 3; step++ {
			if v, ok := p.Values[fmt.Sprint(step)]; ok {
				all = append(all, fmt.Sprintf("nivå %d %s", step, v))
			}
		}
		step := "ingen nivå avgör, så det lägsta används"
		switch {
		case p.Step > 0:
			step = fmt.Sprintf("nivå %d %s avgör", p.Step, x.d.Facts.Catalog.Level(p.Step).Title)
		case x.Applies == rule.Unknown:
			step = "nivån är inte avgjord"
		}
		wrap(x.w, "  ", fmt.Sprintf("%s: %s (%s). Katalogen har: %s.", p.Name, p.Value, step, strings.Join(all, ", ")))
	}
}

// changes tells what each profile does, also those that do not count here.
func (x explanation) changes() {
	if p := x.Requirement.Profile; p != nil {
		x.section("Profiler")
		wrap(x.w, "  ", fmt.Sprintf("%s lägger till kravet (%s).", p.Title, x.counts(p)))
	} else if len(x.Requirement.Changes) > 0 {
		x.section("Profiler")
	}
	for _, c := range x.Requirement.Changes {
		say := func(what, reason string, at diag.Range) {
			wrap(x.w, "  ", fmt.Sprintf("%s %s (%s): %s [%s]", c.Profile.Title, what, x.counts(c.Profile), reason, x.at(at)))
		}
		if a := c.Adjust; a != nil {
			say("anpassar kravet", a.Reason, a.At("requirement"))
		}
		if e := c.Exclude; e != nil {
			say("tar bort kravet", e.Reason, e.At("requirement"))
		}
		if i := c.Include; i != nil {
			say("tar tillbaka kravet", i.Reason, i.At("requirement"))
		}
	}
}

func (x explanation) counts(p *catalog.Profile) string {
	for _, f := range x.d.Profiles {
		if f.Profile == p {
			return map[rule.Truth]string{rule.Yes: "profilen används", rule.No: "profilen används inte här", rule.Unknown: "osäkert om profilen används"}[f.Active]
		}
	}
	return ""
}

func (x explanation) offers() {
	if len(x.Offers) == 0 {
		return
	}
	x.section("Förslag till svar, som räknas först när någon har godtagit dem")
	for _, o := range x.Offers {
		wrap(x.w, "  ", offerLine(o))
	}
}

func (x explanation) depends() {
	if len(x.DependsOn) == 0 {
		return
	}
	x.section("Beror på")
	for _, q := range x.DependsOn {
		fmt.Fprintf(x.w, "  %s (%s)\n", q.Title, q.ID)
	}
}

func (x explanation) flips() {
	flips := x.d.Flips(x.Finding)
	if len(flips) == 0 {
		return
	}
	title := "Vad skulle ta bort det"
	if x.Applies == rule.No {
		title = "Vad skulle lägga till det"
	}
	x.section(title)
	for _, f := range flips {
		wrap(x.w, "  ", "- "+strings.Join(f, " och "))
	}
}
