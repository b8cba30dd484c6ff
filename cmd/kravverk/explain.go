package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
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

// conditions shows what the author wrote, and where.
func (x explanation) conditions() {
	x.section("Så har författaren skrivit")
	c := x.Effective
	if len(c.Thresholds) == 0 && len(c.When.Rows) == 0 && len(c.Unless.Rows) == 0 {
		fmt.Fprintf(x.w, "  %s  utan villkor: gäller alla system\n", x.at(x.Requirement.At("id")))
	}
	if len(c.Thresholds) > 0 {
		var at diag.Range
		if a := x.adjusted(func(a *catalog.Adjust) bool { return a.Levels != nil }); a != nil {
			at = a.At("levels")
		} else {
			at = x.Requirement.At("levels")
		}
		var from, now []string
		for _, t := range c.Thresholds {
			from = append(from, fmt.Sprintf("%s ≥ %d %s", t.Aspect.ID, t.Min, x.d.Facts.Catalog.Level(t.Min).Title))
			if t.Aspect.IsRated() {
				now = append(now, t.Aspect.ID+" "+levelWords(x.d.Facts.Catalog, x.d.Facts.Level(t.Aspect)))
			}
		}
		fmt.Fprintf(x.w, "  %s  från nivå %s\n", x.at(at), strings.Join(from, " eller "))
		if len(now) > 0 {
			fmt.Fprintf(x.w, "    Systemet: %s\n", strings.Join(now, ", "))
		}
	}
	for _, rows := range []struct {
		word string
		catalog.Rows
	}{{"när", c.When}, {"utom när", c.Unless}} {
		for i, row := range rows.Rows.Rows {
			word := rows.word
			if i > 0 {
				word = "eller " + word
			}
			fmt.Fprintf(x.w, "  %s  %s %s\n", x.at(row.At), word, rowWords(row))
		}
	}
}

func (x explanation) at(r diag.Range) string {
	r.File = x.shelf.show(r.File)
	return r.String()
}

// adjusted is the last adjustment that counts and has a say.
func (x explanation) adjusted(has func(*catalog.Adjust) bool) *catalog.Adjust {
	for _, c := range slices.Backward(x.Effective.Adjusted) {
		if has(c.Adjust) {
			return c.Adjust
		}
	}
	return nil
}

// rowWords writes a row as its author did.
func rowWords(row catalog.Row) string {
	var atoms []string
	for _, a := range row.Atoms {
		var ids []string
		switch {
		case a.Aspect != nil:
			atoms = append(atoms, fmt.Sprintf("%s %s", a.Aspect.ID, a.Compare))
			continue
		case a.Fact == nil:
			for _, l := range a.Laws {
				ids = append(ids, l.ID)
			}
			atoms = append(atoms, "lagrum = "+strings.Join(ids, " eller "))
			continue
		case a.Fact.Type == catalog.Bool:
			ids = []string{fmt.Sprint(a.Want)}
		default:
			for _, o := range a.Options {
				ids = append(ids, a.Fact.Options[o].ID)
			}
		}
		atoms = append(atoms, a.Fact.ID+" = "+strings.Join(ids, " eller "))
	}
	return strings.Join(atoms, " och ")
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
