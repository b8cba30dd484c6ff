package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/certificate"
	"github.com/kravverk/kravverk/engine/diag"
)

const checkCertificateHelp = `
Kontrollerar ett intyg som kravverk derive --certify har skrivit. Varje besked
prövas om på nytt ur de rader och svar som står i intyget, med ett program som
inte delar någon kod med regelmotorn. Raderna jämförs sedan med katalogen.

Svarskoden blir 1 om något besked inte håller eller inte gick att kontrollera,
eller om något skiljer sig från katalogen. Intyget visar att beskeden följer av
raderna och svaren. Att svaren stämmer visar det inte.`

func checkCertificate(e env, args []string) error {
	flags := newFlags("check-certificate")
	catalogs := flags.String("catalogs", "", "`MAPP` med katalogen att jämföra med; utan valet används de som följer med programmet")
	rest, err := parse(flags, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return errors.New("skriv en fil, till exempel intyg.json.")
	}
	data, err := readFile(e, rest[0], certificate.MaxSize)
	if err != nil {
		return err
	}
	cert, err := certificate.Parse(data)
	if err != nil {
		return malformed(rest[0], err)
	}
	report, err := certificate.Check(cert)
	if err != nil {
		return malformed(rest[0], err)
	}
	c, s, err := loadCatalog(e, *catalogs)
	if err != nil {
		return err
	}
	rules := engine.CertifyRules(c)
	differences := certificate.Compare(&rules, &cert.Catalog)
	writeCertificate(e.stdout, rest[0], cert, data)
	writeReport(e.stdout, cert, report)
	writeDifferences(e.stdout, c.ID+"@"+c.Version, s, differences)
	if !report.OK() || len(differences) > 0 {
		return errSilent
	}
	return nil
}

// writeCertificate tells what a certificate is, and what it takes for granted.
func writeCertificate(w io.Writer, name string, c *certificate.Certificate, data []byte) {
	fmt.Fprintf(w, "%s är ett intyg om vilka krav som gäller enligt %s@%s.\n", name, safe(c.Catalog.ID), safe(c.Catalog.Version))
	fmt.Fprintf(w, "  SHA-256: %x\n", sha256.Sum256(data))
	var levels, profiles []string
	for _, a := range c.State.Possible {
		switch a.Kind {
		case certificate.KindAspect:
			levels = append(levels, a.ID+" "+either(a.Values))
		case certificate.KindProfile:
			if a.Values[0] == "true" {
				profiles = append(profiles, a.ID)
			}
		}
	}
	fmt.Fprintf(w, "  Nivåer: %s\n", safe(strings.Join(levels, ", ")))
	switch {
	case !c.State.ProfilesNamed:
		fmt.Fprintln(w, "  Profiler: de som svaren ger")
	case len(profiles) == 0:
		fmt.Fprintln(w, "  Profiler: inga valda")
	default:
		fmt.Fprintf(w, "  Profiler: %s\n", safe(strings.Join(profiles, ", ")))
	}
}

func writeReport(w io.Writer, c *certificate.Certificate, r *certificate.Report) {
	fmt.Fprintf(w, "\nOmprövade besked: %d av %d, genom %s.\n", r.Checked, len(c.Verdicts), plural(r.States, "prövat läge", "prövade lägen"))
	verdicts := map[string]string{}
	for _, v := range c.Verdicts {
		verdicts[v.ID] = map[string]string{certificate.Yes: "gäller", certificate.No: "gäller inte", certificate.Unknown: "osäkert"}[v.Verdict]
	}
	if len(r.Failed) > 0 {
		fmt.Fprintln(w, "Håller inte:")
		for _, f := range r.Failed {
			words := failure(f)
			if f.Requirement != "" {
				words = fmt.Sprintf("%s (%s): %s", f.Requirement, verdicts[f.Requirement], words)
			}
			wrap(w, "  ", "- "+safe(words))
		}
	}
	if len(r.Unchecked) > 0 {
		fmt.Fprintln(w, "Inte kontrollerade, eftersom det skulle ta för lång tid:")
		wrap(w, "  ", safe(strings.Join(r.Unchecked, ", ")))
	}
	if !r.OK() {
		return
	}
	fmt.Fprintln(w, "Alla besked håller.")
	if len(c.Closed) > 0 {
		wrap(w, "", "Obesvarade frågor som inte kan ändra något besked: "+safe(strings.Join(c.Closed, ", "))+".")
	}
}

// failure tells why a claim does not hold.
func failure(f certificate.Finding) string {
	name := strings.TrimSpace(f.Variable.ID + " " + f.Variable.Option)
	example := ""
	if len(f.State) > 0 {
		var words []string
		for _, a := range f.State {
			words = append(words, strings.TrimSpace(a.ID+" "+a.Option)+" = "+certValue(a.Values[0]))
		}
		example = ", till exempel med " + strings.Join(words, ", ")
	}
	switch f.Code {
	case "outside":
		return fmt.Sprintf("läget ryms inte i skälet: %s är eller kan vara något annat.", name)
	case "insufficient":
		return fmt.Sprintf("skälet räcker inte. Beskedet blir ett annat%s.", example)
	case "idle":
		return fmt.Sprintf("skälet är inte så kort som det ska vara: %s behövs inte, eller kan vara mer än det som står.", name)
	case "completion":
		return fmt.Sprintf("ett exempel ryms inte i läget: %s kan inte vara så.", name)
	case "completes":
		return fmt.Sprintf("ett exempel visar inte det som det ska visa%s.", example)
	case "hangs":
		return fmt.Sprintf("beskedet hänger också på %s, som inte står med.", f.Question)
	case "free":
		return fmt.Sprintf("beskedet hänger inte på %s.", f.Question)
	case "extra":
		return "beviset hör till ett annat besked."
	case "closed":
		return fmt.Sprintf("%s står bland de obesvarade frågor som inte kan ändra något besked, men är besvarad eller kan ändra ett.", f.Question)
	}
	return f.Code
}

func certValue(v string) string {
	if word, ok := map[string]string{"true": "ja", "false": "nej"}[v]; ok {
		return word
	}
	return v
}

// certKinds are the parts of a certificate as they are called on screen.
var certKinds = map[string]string{
	"": "katalogen", "aspect": "aspekten", "fact": "uppgiften", "law": "lagrummet", "profile": "profilen",
	"requirement": "kravet", "verdict": "beskedet om", "state": "läget", "closed": "de frågor som saknar betydelse",
}

func malformed(name string, err error) error {
	var m *certificate.Malformed
	if !errors.As(err, &m) {
		return err
	}
	words := map[string]string{
		"size":      "filen är större än %s MB. Kontrollera att det är rätt fil.",
		"json":      "filen är ingen JSON av rätt form. Felet är på rad %s.",
		"format":    "filen är inget intyg från Kravverk.",
		"version":   "intyget har formatversion %s, som den här versionen av Kravverk inte kan läsa.",
		"canonical": "filen är inte skriven så som Kravverk skriver intyg. Någon nyckel är okänd eller står två gånger eller på fel plats.",
		"duplicate": "%s står två gånger.",
		"unknown":   "%s finns inte i intyget.",
		"value":     "%s kan inte stå här.",
		"missing":   "%s saknas.",
		"order":     "%s står inte i rätt ordning.",
		"many":      "fler än %s är mer än någon katalog har.",
		"cycle":     "villkoren går i ring: %s.",
	}[m.Code]
	if strings.Contains(words, "%s") {
		words = fmt.Sprintf(words, m.Detail)
	}
	at := ""
	if m.Where.Kind != "" {
		at = certWhere(m.Where) + ": "
	}
	return fmt.Errorf("%s går inte att kontrollera: %s%s", name, safe(at), safe(words))
}

func certWhere(x certificate.Where) string {
	words := strings.TrimSpace(certKinds[x.Kind] + " " + x.ID)
	if x.Profile != "" {
		words += ", ändringen i profilen " + x.Profile
	}
	if x.Part != "" {
		// The keys of the files keep their names; the rest is no key.
		part := map[string]string{
			"hash": "innehållet", "set_hash": "innehållet med profiler", "profile": "profilen som lägger till", "ticked": "om en person svarar",
		}[x.Part]
		words += ", " + cmp.Or(part, x.Part)
	}
	return words
}

func writeDifferences(w io.Writer, name string, s shelf, list []certificate.Difference) {
	if len(list) == 0 {
		fmt.Fprintf(w, "Raderna är desamma som i katalogen %s.\n", name)
		return
	}
	if first := list[0]; first.Kind == "" && first.Part == "id" {
		// All of it differs, and to list that would help nobody.
		wrap(w, "", fmt.Sprintf("Intyget gäller en annan katalog, %s, och inte %s. Peka ut rätt katalog med --catalogs.", safe(first.Theirs), name))
		return
	}
	fmt.Fprintf(w, "\nSkiljer sig från katalogen %s:\n", name)
	for _, d := range list {
		at := ""
		if d.File != "" {
			at = " [" + diag.Range{File: s.show(d.File), Line: d.Line}.File + fmt.Sprintf(":%d]", d.Line)
		}
		words := certWhere(d.Where)
		switch {
		case d.Part == "" && d.Theirs == "":
			words += " finns inte i intyget"
		case d.Part == "":
			words += " finns inte i katalogen"
		default:
			words += fmt.Sprintf(": i intyget %s, i katalogen %s", partWords(d.Part, d.Theirs), partWords(d.Part, d.Ours))
		}
		wrap(w, "  ", "- "+safe(words)+at)
	}
}

func partWords(part, text string) string {
	switch {
	case text == "":
		return "inget"
	case strings.HasSuffix(part, "hash") && len(text) > 12:
		return text[:12] + "…"
	}
	return certValue(text)
}

func either(words []string) string {
	if n := len(words) - 1; n > 0 {
		return strings.Join(words[:n], ", ") + " eller " + words[n]
	}
	return strings.Join(words, "")
}

func safe(s string) string { return string(printable([]byte(s))) }

// canCertify tells whether a certificate may be written to a file: one that is
// there is only replaced by another of its kind.
func canCertify(name string) error {
	if !strings.EqualFold(filepath.Ext(name), ".json") {
		return fmt.Errorf("filen %s måste sluta med .json.", name)
	}
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
		return nil // not there, or for the writing to tell of
	}
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("filen %s: %s.", name, why(err))
	}
	defer f.Close()
	head := make([]byte, 200)
	n, err := io.ReadFull(f, head)
	if err != io.EOF && !bytes.Contains(head[:n], []byte(certificate.Format)) {
		return fmt.Errorf("filen %s finns redan och är inget intyg. Välj ett annat namn.", name)
	}
	return nil
}

// certify writes a certificate, once it has been checked that it holds.
func certify(name string, d *engine.Derivation) (sum string, err error) {
	cert := engine.Certify(d)
	report, err := certificate.Check(cert)
	if err != nil {
		return "", fmt.Errorf("intyget skrevs inte, eftersom det inte går att kontrollera. Det är ett fel i Kravverk: %w.", err)
	}
	if len(report.Failed) > 0 {
		return "", fmt.Errorf("intyget skrevs inte, eftersom det inte håller. Det är ett fel i Kravverk: %s: %s", report.Failed[0].Requirement, failure(report.Failed[0]))
	}
	data, err := certificate.Encode(cert)
	if err != nil {
		return "", err
	}
	err = writeFile(name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	return fmt.Sprintf("%x", sha256.Sum256(data)), err
}
