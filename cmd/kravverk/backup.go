package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/kravverk/kravverk/engine/store"
)

const backupHelp = `
Skriver en säkerhetskopia av hela databasen, läser den igen och kontrollerar den.
Kravverk får vara i gång, och ingen behöver vänta. I en mapp får kopian tiden i
sitt namn, som kravverk-20261124-031500.db. Bredvid läggs FIL.sha256, som kommandot
sha256sum -c läser. Går något fel lämnas ingen fil efter.

Kopian innehåller alla svar: förvara den lika skyddat som databasen, och på en
annan disk. Återställ med kravverk restore.`

func backup(e env, args []string) error {
	flags := newFlags("backup")
	db := flags.String("db", "kravverk.db", "databasens `FIL`")
	output := flags.String("output", "", "`FIL|MAPP` som kopian skrivs till")
	rest, err := parse(flags, args)
	if err != nil {
		return err
	}
	switch {
	case len(rest) > 0:
		return fmt.Errorf("vet inte vad %q betyder. Skriv filen efter --output.", rest[0])
	case *output == "":
		return errors.New("skriv vart kopian ska: --output FIL eller --output MAPP.")
	}
	// Who stops it half-way is to find nothing half-done.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := store.OpenAsIs(*db, time.Now)
	if err != nil {
		return err
	}
	defer s.Close()
	made, err := s.Backup(ctx, *output)
	if errors.Is(err, context.Canceled) {
		return errors.New("avbruten, ingen säkerhetskopia är skriven.")
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s är skriven och kontrollerad: %d kB, %s i journalen.\nSHA-256: %s\n",
		made.Path, (made.Size+1023)/1024, plural(int(made.Head.Seq), "rad", "rader"), made.SHA256)
	if made.Head.Seq > 0 {
		fmt.Fprintf(e.stdout, "Kontrollvärde: %s\n", made.Head)
	}
	return nil
}

const restoreHelp = `
Lägger tillbaka en säkerhetskopia som databas. Stoppa Kravverk först, och kör med
samma konto som Kravverk körs med. Kopian kontrolleras innan något ändras: mot
FIL.sha256 om den ligger bredvid, att den är hel, att den inte kommer från en nyare
version och att journalen håller ihop.

Finns databasen redan behövs --replace. Den gamla sparas då bredvid, med namnet
FIL.before-restore- och tiden. Alla inloggningar och inbjudningar i kopian avslutas.
Värden som har raderats sedan kopian gjordes kommer tillbaka: radera dem igen med
kravverk journal purge.`

func restore(e env, args []string) error {
	flags := newFlags("restore")
	db := flags.String("db", "", "databasens `FIL`")
	replace := flags.Bool("replace", false, "ersätter en databas som redan finns, och sparar den gamla bredvid")
	rest, err := parse(flags, args)
	if err != nil {
		return err
	}
	switch {
	case len(rest) != 1:
		return errors.New("skriv en säkerhetskopia, till exempel kravverk-20261124-031500.db.")
	case *db == "":
		return errors.New("skriv vilken databas som ska återställas: --db FIL.")
	}
	done, err := store.Restore(context.Background(), rest[0], *db, *replace, time.Now())
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s är återställd från %s, med %s i journalen.\n", *db, rest[0], plural(int(done.Head.Seq), "rad", "rader"))
	if !done.Summed {
		fmt.Fprintf(e.stdout, "Det finns ingen %s.sha256 att jämföra kopian med. Den är hel, och dess journal håller ihop.\n", rest[0])
	}
	if done.Kept != "" {
		fmt.Fprintf(e.stdout, "Den gamla databasen finns kvar som %s.\n", done.Kept)
	}
	return nil
}
