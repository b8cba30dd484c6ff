package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/store"
)

const journalHelp = `
Journalen är en kedja av rader om vem som gjorde vad och när. Databasen får vara i
bruk. Läs mer om varje del med kravverk journal verify --help och så vidare.

    kravverk journal verify    kontrollerar att ingen rad är ändrad eller borttagen
    kravverk journal export    skriver journalen så att någon annan kan kontrollera den
    kravverk journal purge     raderar värden ur journalen för gott

Verify visar ett kontrollvärde, som 12:9f86… Anteckna det någon annanstans än på
datorn med databasen, och ange det med --head nästa gång. Då märks också om rader
har tagits bort i slutet eller om hela journalen har skrivits om.

Export skriver ett JSON-objekt per rad. Så räknas kedjan om:

    hash         SHA-256 av fälten nedan i tur och ordning, vart och ett som
                 längd i byte, kolon, fältet, komma:
                 "kravverk journal 1", seq, at, actor, action, system,
                 classification, key, before_hash, after_hash, batch, previous
    previous     hash på raden före, tom på den första
    before_hash  HMAC-SHA-256 av "before:" följt av before, med salt som nyckel
    after_hash   på samma sätt, av "after:" följt av after

Allt är UTF-8, och hash skrivs hexadecimalt med små bokstäver. Utan värde är
before_hash och after_hash tomma. Salt, before och after saknas på rader vars
värden är raderade, och på alla rader med --without-values.`

func journal(e env, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "verify":
			return journalVerify(e, args[1:])
		case "export":
			return journalExport(e, args[1:])
		case "purge":
			return journalPurge(e, args[1:])
		}
	}
	if _, err := parse(newFlags("journal"), args); err != nil {
		return err
	}
	return errors.New("skriv kravverk journal verify, kravverk journal export eller kravverk journal purge.")
}

func journalVerify(e env, args []string) error {
	flags := newFlags("journal verify")
	db := flags.String("db", "kravverk.db", "databasens `FIL`")
	file := flags.String("file", "", "en `FIL.jsonl` från journal export, i stället för en databas")
	noted := flags.String("head", "", "`KONTROLLVÄRDE` som antecknades tidigare")
	rest, err := parse(flags, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return fmt.Errorf("vet inte vad %q betyder. Skriv filen efter --db eller --file.", rest[0])
	}
	var anchors []engine.Head
	if *noted != "" {
		h, ok := engine.ParseHead(*noted)
		if !ok {
			return fmt.Errorf("valet --head kan inte vara %q. Skriv kontrollvärdet som det visades: radens nummer, kolon och 64 tecken.", *noted)
		}
		anchors = append(anchors, h)
	}
	head, err := verifiedHead(*db, *file, anchors)
	if err != nil {
		return err
	}
	if head.Seq == 0 {
		fmt.Fprintln(e.stdout, "Journalen är tom.")
		return nil
	}
	fmt.Fprintf(e.stdout, "Journalen håller ihop: %s.\nKontrollvärde: %s\n", plural(int(head.Seq), "rad", "rader"), head)
	if len(anchors) == 0 {
		fmt.Fprintln(e.stdout, "Anteckna kontrollvärdet någon annanstans, och ange det med --head nästa gång: då märks också om rader har tagits bort i slutet.")
	}
	return nil
}

func verifiedHead(db, file string, anchors []engine.Head) (engine.Head, error) {
	if file != "" {
		f, err := os.Open(file)
		if err != nil {
			return engine.Head{}, fmt.Errorf("filen %s: %s.", file, why(err))
		}
		defer f.Close()
		return store.VerifyExport(f, anchors...)
	}
	s, err := store.OpenAsIs(db, time.Now)
	if err != nil {
		return engine.Head{}, err
	}
	defer s.Close()
	// The head is an anchor too: what is shown has been verified, also when
	// the database is in use.
	head, err := s.JournalHead(context.Background())
	if err == nil {
		_, err = s.VerifyJournal(context.Background(), append(anchors, head)...)
	}
	return head, err
}

func journalExport(e env, args []string) error {
	flags := newFlags("journal export")
	db := flags.String("db", "kravverk.db", "databasens `FIL`")
	output := flags.String("output", "", "`FIL.jsonl` som ska skrivas")
	without := flags.Bool("without-values", false, "skriver inte vad som svarades, bara vem som gjorde vad och när")
	rest, err := parse(flags, args)
	if err != nil {
		return err
	}
	switch {
	case len(rest) > 0:
		return fmt.Errorf("vet inte vad %q betyder. Skriv filen efter --output.", rest[0])
	case *output == "":
		return errors.New("skriv vilken fil som ska skrivas: --output FIL.jsonl.")
	case !strings.EqualFold(filepath.Ext(*output), ".jsonl"):
		return fmt.Errorf("filen %s måste sluta med .jsonl.", *output)
	}
	s, err := store.OpenAsIs(*db, time.Now)
	if err != nil {
		return err
	}
	defer s.Close()
	var head engine.Head
	err = writePrivate(*output, func(w io.Writer) (err error) {
		buffered := bufio.NewWriter(w)
		if head, err = s.ExportJournal(context.Background(), buffered, !*without); err != nil {
			return err
		}
		return buffered.Flush()
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s är skriven: %s.\nKontrollvärde: %s\n", *output, plural(int(head.Seq), "rad", "rader"), head)
	return nil
}

// writePrivate is writeFile with a new file for the owner's eyes only.
func writePrivate(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return writeFile(name, write) // it is there already, or writeFile tells what is wrong
	}
	f.Close()
	if err := writeFile(name, write); err != nil {
		os.Remove(name)
		return err
	}
	return nil
}

func journalPurge(e env, args []string) error {
	flags := newFlags("journal purge")
	db := flags.String("db", "", "databasens `FIL`")
	classification := flags.String("classification", "", "`ID` på klassningen vars värden ska raderas")
	person := flags.String("person", "", "`ID` på personen: raderar värden i det hon gjorde och i det som gjordes om henne")
	yes := flags.Bool("yes", false, "raderar; utan valet visas bara hur många rader det gäller")
	rest, err := parse(flags, args)
	if err != nil {
		return err
	}
	switch {
	case len(rest) > 0:
		return fmt.Errorf("vet inte vad %q betyder. Skriv id efter --classification eller --person.", rest[0])
	case *db == "":
		return errors.New("skriv vilken databas det gäller: --db FIL.")
	case (*classification == "") == (*person == ""):
		return errors.New("skriv antingen --classification ID eller --person ID.")
	}
	s, err := store.OpenAsIs(*db, time.Now)
	if err != nil {
		return err
	}
	defer s.Close()
	ctx := context.Background()
	n, err := s.Erasable(ctx, *classification, *person)
	switch {
	case errors.Is(err, engine.ErrNotFound) && *person != "":
		return fmt.Errorf("personen %s finns inte i databasen. Kontrollera id.", *person)
	case errors.Is(err, engine.ErrNotFound):
		return fmt.Errorf("klassningen %s finns inte i databasen. Kontrollera id: det står i adressen till klassningen.", *classification)
	case err != nil:
		return err
	}
	if !*yes {
		fmt.Fprintf(e.stdout, "%s skulle tömmas på värden. Vem som gjorde vad och när blir kvar, liksom svaren som gäller i dag.\nLägg till --yes för att radera. Det går inte att ångra.\n", plural(n, "rad i journalen", "rader i journalen"))
		return nil
	}
	if *person != "" {
		err = s.ErasePayloadsOf(ctx, "", *person)
	} else {
		err = s.ErasePayloads(ctx, "", *classification)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s. Att det gjordes står nu i journalen.\nSäkerhetskopior och exporter som gjordes tidigare har värdena kvar: ta bort dem också när de inte behövs.\n", plural(n, "rad är tömd på värden", "rader är tömda på värden"))
	return nil
}
