package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/kravverk/kravverk/engine/rule"
	"github.com/kravverk/kravverk/engine/workbook"
)

const exportHelp = `
Skriver en Excelfil av kravbilden. En kravbilaga går till alla som lämnar anbud
och säger inget om nivåer eller skäl. En motivering stannar i kommunen och visar
varför varje krav ställs.

Samma svar, katalog och datum ger alltid samma fil. Finns filen redan ersätts
den. Går något fel finns den gamla filen kvar.`

func export(e env, args []string) error {
	flags := newFlags("export")
	from := newAnswersFlags(flags)
	output := flags.String("output", "", "`FIL.xlsx` som ska skrivas")
	kind := flags.String("kind", string(workbook.Requirements), "vad som skrivs: `kravbilaga|motivering`")
	date := flags.String("date", time.Now().Format(time.DateOnly), "`DATUM` som står i filen, till exempel 2026-11-23")
	flags.Lookup("date").DefValue = "dagens datum"
	unit := flags.String("unit", "", "`ENHET` som äger systemet")
	deadline := flags.String("deadline", "", "`TID` då anbuden ska vara inne, som den ska läsas")
	id := flags.String("id", "", "`ID` på klassningen (utan valet: klassningens titel)")
	rest, err := parse(flags, args)
	if err != nil {
		return err
	}
	if err := oneOf("kind", *kind, string(workbook.Requirements), string(workbook.Justification)); err != nil {
		return err
	}
	switch {
	case len(rest) > 0:
		return fmt.Errorf("vet inte vad %q betyder. Skriv filen efter --output.", rest[0])
	case *output == "":
		return errors.New("skriv vilken fil som ska skrivas: --output FIL.xlsx.")
	case !strings.EqualFold(filepath.Ext(*output), ".xlsx"):
		return fmt.Errorf("filen %s måste sluta med .xlsx.", *output)
	}
	if _, err := time.Parse(time.DateOnly, *date); err != nil {
		return fmt.Errorf("valet --date kan inte vara %q. Skriv år-månad-dag, till exempel 2026-11-23.", *date)
	}
	d, _, err := from.derivation(e)
	if err != nil {
		return err
	}
	state := workbook.State{
		Derivation: d, System: d.Facts.Answers.Classification.Title, Unit: *unit,
		ClassificationID: *id, Date: *date, Deadline: *deadline,
	}
	if state.ClassificationID == "" {
		state.ClassificationID = state.System
	}
	write := workbook.WriteRequirements
	if workbook.Kind(*kind) == workbook.Justification {
		write = workbook.WriteJustification
	}
	var written workbook.Identity
	err = writeFile(*output, func(w io.Writer) (err error) {
		written, err = write(w, state)
		return err
	})
	if err != nil {
		return err
	}
	if d.Draft() {
		fmt.Fprintf(e.stdout, "UTKAST: %s.\n", plural(d.Undecided(), "krav är inte avgjort", "krav är inte avgjorda"))
	}
	fmt.Fprintf(e.stdout, "%s är skriven, en %s. %d krav gäller.\nSHA-256: %s\n", *output, *kind, d.Count(rule.Yes), written.SHA256)
	return nil
}
