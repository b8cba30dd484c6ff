package store

import (
	"errors"
	"fmt"
)

// Error is a failure that a person can do something about.
type Error struct {
	Sentence string // Swedish: what is wrong and what to do
	Err      error  // the cause, for the log; may be nil
}

func (e *Error) Error() string { return e.Sentence }
func (e *Error) Unwrap() error { return e.Err }

// ForPeople tells that the sentence is written for people to read.
func (e *Error) ForPeople() string { return e.Sentence }

var (
	// ErrKeyReused says that the idempotency key came before with other content.
	ErrKeyReused = errors.New("store: idempotency key reused with other content")
	// ErrJournal says that the journal is not as it was written.
	ErrJournal = errors.New("store: journal broken")
	// ErrLoginTaken says that somebody else has the login.
	ErrLoginTaken = errors.New("store: login taken")
	// ErrNewer says that the database is from a newer version of Kravverk.
	ErrNewer = errors.New("store: newer database")
)

const (
	diskFull  = "Disken är full och inget sparades: be den som sköter Kravverk att frigöra plats och försök sedan igen."
	locked    = "Databasen är upptagen av ett annat program och inget sparades: försök igen, och be den som sköter Kravverk att stänga det andra programmet om felet kvarstår."
	diskFails = "Disken svarade inte som den ska och inget sparades: be den som sköter Kravverk att kontrollera disken innan du försöker igen."
	logInUse  = "Uppgifterna är raderade, men databasens logg gick inte att tömma medan någon läste: gör om raderingen."
	keyReused = "Formuläret har redan skickats med ett annat innehåll: ladda om sidan och spara igen."
)

const (
	inviteDisabled = "Personen är avstängd: öppna kontot igen innan du bjuder in."
	identityTaken  = "Den identiteten hör redan till en annan person i Kravverk: be administratören att rätta det."
)

func loginTaken(login string) string {
	return fmt.Sprintf("Någon annan har redan användarnamnet %s: välj ett annat.", login)
}

func unitTwice(title string) string {
	return fmt.Sprintf("Det finns redan en enhet som heter %s på samma plats: välj ett annat namn.", title)
}

func unitInItself(title string) string {
	return fmt.Sprintf("%s kan inte ligga under sig själv: välj en annan plats.", title)
}

func unitInUse(title string) string {
	return fmt.Sprintf("%s går inte att ta bort: flytta först det som ligger där, och ta bort rollerna i enheten.", title)
}

func isFolder(path string) string {
	return fmt.Sprintf("%s är en mapp: ange en databasfil.", path)
}

func noFolder(folder string) string {
	return fmt.Sprintf("Mappen %s finns inte: skapa den eller ange en annan sökväg.", folder)
}

func emptyFile(path string) string {
	return fmt.Sprintf("Databasfilen %s är tom: återställ en säkerhetskopia, eller ta bort filen för att börja om från början.", path)
}

func notOurs(path string) string {
	return fmt.Sprintf("Filen %s är inte en databas från Kravverk: kontrollera sökvägen eller återställ en säkerhetskopia.", path)
}

func damaged(path string) string {
	return fmt.Sprintf("Databasfilen %s är skadad: stoppa Kravverk och återställ en säkerhetskopia.", path)
}

func noAccess(path string) string {
	return fmt.Sprintf("Kravverk får inte läsa och skriva %s: ge kontot som kör Kravverk skrivrätt till filen och mappen.", path)
}

func newer(path string) string {
	return fmt.Sprintf("Databasen kommer från en nyare version av Kravverk (%s): starta den versionen, eller återställ säkerhetskopian från före uppgraderingen.", path)
}

func otherStep(path string, number int) string {
	return fmt.Sprintf("Databasen %s har byggts med en annan utgåva av steg %04d än den här versionen av Kravverk har: starta den version som skapade den, eller återställ en säkerhetskopia.", path, number)
}

func brokenLine(seq int64, why string) string {
	return fmt.Sprintf("Journalen är bruten vid rad %d, %s: spara en kopia av databasfilen och jämför med en säkerhetskopia.", seq, why)
}

const (
	lineMissing  = "som saknas"
	lineLoose    = "som inte hänger ihop med raden före"
	lineChanged  = "som är ändrad i efterhand"
	valueChanged = "vars innehåll är ändrat i efterhand"
)

func strayAnswer(classification, key string) string {
	return fmt.Sprintf("Svaret %s i klassningen %s stämmer inte med journalen: spara en kopia av databasfilen och jämför med en säkerhetskopia.", key, classification)
}

func strayApproval(classification string, revision int) string {
	return fmt.Sprintf("Godkännandet av revision %d i klassningen %s stämmer inte med journalen: spara en kopia av databasfilen och jämför med en säkerhetskopia.", revision, classification)
}

func strayFile(of string, number int) string {
	return fmt.Sprintf("Fil %d i %s, en utskickad kravbilaga eller ett mottaget anbud, stämmer inte med journalen: spara en kopia av databasfilen och jämför med en säkerhetskopia.", number, of)
}

func otherHead(seq int64) string {
	return fmt.Sprintf("Journalens rad %d är inte den som kontrollvärdet togs från: journalen har skrivits om sedan dess. Spara en kopia av databasfilen och jämför med en säkerhetskopia.", seq)
}

func cutLines(wanted, last int64) string {
	return fmt.Sprintf("Journalen slutar vid rad %d, men kontrollvärdet togs vid rad %d: rader är borttagna, eller en äldre säkerhetskopia är återställd.", last, wanted)
}

func badExport(seq int64) string {
	return fmt.Sprintf("Filens rad %d är inte en rad ur Kravverks journal: exportera journalen på nytt.", seq)
}

func noDatabase(path string) string {
	return fmt.Sprintf("Databasen %s finns inte: kontrollera sökvägen.", path)
}

func fileTaken(path string) string {
	return fmt.Sprintf("Filen %s finns redan: ange ett annat namn, eller en mapp så får kopian ett eget namn.", path)
}

func noCopy(path string) string {
	return fmt.Sprintf("Säkerhetskopian %s finns inte: kontrollera sökvägen.", path)
}

func damagedCopy(path string) string {
	return fmt.Sprintf("Säkerhetskopian %s är skadad: använd en annan säkerhetskopia.", path)
}

func brokenCopy(path, why string) string {
	return fmt.Sprintf("Säkerhetskopian %s är inte som den skrevs, och inget är återställt. %s", path, why)
}

func badSumFile(path string) string {
	return fmt.Sprintf("Filen %s går inte att läsa som en kontrollsumma: hämta den på nytt från samma plats som säkerhetskopian, eller ta bort den för att återställa utan den.", path)
}

func otherSum(path string) string {
	return fmt.Sprintf("Säkerhetskopian %s har inte den kontrollsumma som står i filen bredvid: den är ändrad eller ofullständig, använd en annan säkerhetskopia.", path)
}

func liveCopy(path string) string {
	return fmt.Sprintf("%s är en databas i bruk och ingen säkerhetskopia: gör en med kravverk backup och återställ den.", path)
}

func targetTaken(path string) string {
	return fmt.Sprintf("Det finns redan en databas i %s: lägg till --replace för att ersätta den. Den gamla sparas bredvid.", path)
}

func targetInUse(path string) string {
	return fmt.Sprintf("Databasen %s används: stoppa Kravverk och försök sedan igen.", path)
}
