package workbook

import (
	"archive/zip"
	"bytes"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/kravverk/kravverk/engine"
)

// published writes versions of the fixture's kravbilaga: the first, and with
// more than one a second in which two rows are changed.
func published(t testing.TB, n int) (versions []engine.Publication, files [][]byte) {
	t.Helper()
	s := state(t, true)
	for v := 1; v <= n; v++ {
		s.Version = v
		if v == 2 {
			s.Since = versions[0].Rows
			s.Tailored = map[string]engine.Tailoring{
				"BEH-01": {Text: "Leverantören ska göra på ett annat sätt.", Reason: "Fråga 1."}, "LEV-01": {LeftOut: true, Reason: "Fråga 2."},
				"EGEN-1": {Area: "LEV", Title: "Språk", Text: "Support ska ges på svenska.", Obligation: "shall", Reason: "Fråga 3."},
			}
		}
		data, id := written(t, WriteRequirements, s)
		versions = append(versions, engine.Publication{Classification: s.ClassificationID, Number: v, ExportID: id.ExportID, Rows: engine.Rows(s.lines())})
		files = append(files, data)
	}
	return versions, files
}

// cells is a sheet as rows of text, squared up.
func cells(t testing.TB, f *excelize.File, sheet string) [][]string {
	t.Helper()
	rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	width := 0
	for _, r := range rows {
		width = max(width, len(r))
	}
	for i := range rows {
		rows[i] = append(rows[i], make([]string, width-len(rows[i]))...)
	}
	return rows
}

// plainFile writes sheets as a program does that keeps nothing but the text: no
// styles, no names, no properties, and every string where it stands.
func plainFile(t testing.TB, names []string, sheets ...[][]string) []byte {
	t.Helper()
	var types, book, rels strings.Builder
	parts := []string{}
	for i, rows := range sheets {
		var b strings.Builder
		b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
		for y, r := range rows {
			fmt.Fprintf(&b, `<row r="%d">`, y+1)
			for x, text := range r {
				at, _ := excelize.CoordinatesToCellName(x+1, y+1)
				if formula, ok := strings.CutPrefix(text, "\x00="); ok {
					formula, value, _ := strings.Cut(formula, "\x00")
					fmt.Fprintf(&b, `<c r="%s" t="str"><f>%s</f><v>%s</v></c>`, at, html.EscapeString(formula), html.EscapeString(value))
				} else if text != "" {
					fmt.Fprintf(&b, `<c r="%s" t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>`, at, html.EscapeString(text))
				}
			}
			b.WriteString(`</row>`)
		}
		b.WriteString(`</sheetData></worksheet>`)
		n := i + 1
		parts = append(parts, fmt.Sprintf("xl/worksheets/sheet%d.xml", n), b.String())
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>`, n)
		fmt.Fprintf(&book, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, html.EscapeString(names[i]), n, n)
		fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet%d.xml"/>`, n, n)
	}
	parts = append(parts,
		"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>`+types.String()+`</Types>`,
		"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>`+book.String()+`</sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`+rels.String()+`</Relationships>`,
	)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := 0; i < len(parts); i += 2 {
		p, err := w.Create(parts[i])
		if err == nil {
			_, err = p.Write([]byte(parts[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// converted saves a file with LibreOffice, by way of each of the formats.
func converted(t *testing.T, data []byte, formats ...string) []byte {
	t.Helper()
	program := soffice(t)
	dir := t.TempDir()
	at := filepath.Join(dir, "in.xlsx")
	if err := os.WriteFile(at, data, 0o644); err != nil {
		t.Fatal(err)
	}
	for i, format := range formats {
		out := filepath.Join(dir, fmt.Sprint(i))
		cmd := exec.Command(program, "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--convert-to", format, "--outdir", out, at)
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		at = filepath.Join(out, "in."+format)
	}
	back, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// filled answers every row: a yes to all but the should-row, which is partly
// met, and LEV-05, which is not. What is written would be a formula elsewhere.
func filled(t testing.TB, data []byte) []byte {
	t.Helper()
	f := open(t, data)
	for i, r := range cells(t, f, sheetRows)[1:] {
		answer := map[string]string{typeShould: "Delvis", typeTerms: "Accepteras", typeShall: "Ja"}[r[colKind]]
		if r[colID] == "LEV-05" {
			answer = "Nej"
		}
		for column, text := range map[int]string{colAnswer: answer, colBy: "Leverantör", colDescription: "=så här " + r[colID], colEvidence: "Bilaga å, sidan " + fmt.Sprint(i+1)} {
			at, _ := excelize.CoordinatesToCellName(column+1, i+2)
			if err := f.SetCellStr(sheetRows, at, text); err != nil {
				t.Fatal(err)
			}
		}
	}
	return saved(t, f)
}

// say is what was understood of a file, in a few lines.
func say(r Reading) string {
	var b strings.Builder
	for _, n := range r.Notes {
		fmt.Fprintln(&b, "*", n)
	}
	for _, x := range r.Rows {
		fmt.Fprintf(&b, "%s@%d %s", x.ID, x.At, x.Claim.Answer)
		for _, n := range x.Claim.Notes {
			fmt.Fprintf(&b, " [%s]", n)
		}
		for _, c := range x.Choose {
			fmt.Fprintf(&b, " {%s}", c.Why)
		}
		for _, o := range x.Others {
			fmt.Fprintf(&b, " or %s@%d", o.Claim.Answer, o.At)
		}
		b.WriteString("\n")
	}
	for _, x := range r.Strays {
		fmt.Fprintf(&b, "?@%d %s %s\n", x.At, x.Why, x.Text)
	}
	return b.String()
}

// asFilled is what filled wrote, understood without a remark.
func asFilled(t *testing.T, r Reading) {
	t.Helper()
	for _, x := range r.Rows {
		want := map[engine.RowType]string{engine.Shall: "yes", engine.Should: "partly", engine.Terms: "yes"}[x.Type]
		if x.ID == "LEV-05" {
			want = "no"
		}
		if x.Claim.Answer != want || x.Claim.By != "Leverantör" || x.Claim.Description != "=så här "+x.ID || !strings.HasPrefix(x.Claim.Evidence, "Bilaga å") {
			t.Errorf("%s is %+v, want %s", x.ID, x.Claim, want)
		}
	}
}

func TestReadTender(t *testing.T) {
	versions, files := published(t, 1)
	sent := filled(t, files[0])
	rows := func() [][]string { return cells(t, open(t, sent), sheetRows) }
	meta := cells(t, open(t, sent), sheetMeta)
	mark := func(r [][]string) []byte { return plainFile(t, []string{sheetRows, sheetMeta}, r, meta) }
	set := func(f func(r [][]string) [][]string) func(t *testing.T) []byte {
		return func(*testing.T) []byte { return mark(f(rows())) }
	}

	for _, x := range []struct {
		name   string
		make   func(t *testing.T) []byte
		whole  bool     // every answer is understood as it was filled in
		says   []string // what the reader is told
		silent bool     // nothing is told
	}{
		{name: "as it was sent", make: func(*testing.T) []byte { return sent }, whole: true, silent: true},
		{name: "saved by LibreOffice", make: func(t *testing.T) []byte { return converted(t, sent, "xlsx") }, whole: true, silent: true},
		{name: "by way of ods", make: func(t *testing.T) []byte { return converted(t, sent, "ods", "xlsx") }, whole: true, silent: true},
		{name: "without styles, with inline strings", make: set(func(r [][]string) [][]string { return r }), whole: true, silent: true},
		{name: "and without its marks", make: func(t *testing.T) []byte { return plainFile(t, []string{sheetRows}, rows()) }, whole: true, says: []string{"* Filens märkning är borttagen."}},
		{name: "rows sorted", make: set(func(r [][]string) [][]string { slices.Reverse(r[1:]); return r }), whole: true, silent: true},
		{name: "rows filtered", make: func(t *testing.T) []byte {
			f := open(t, sent)
			for i := 2; i < 5; i++ {
				if err := f.SetRowVisible(sheetRows, i, false); err != nil {
					t.Fatal(err)
				}
			}
			return saved(t, f)
		}, whole: true, silent: true},
		{name: "columns moved", make: set(func(r [][]string) [][]string {
			for i := range r {
				slices.Reverse(r[i])
			}
			return r
		}), whole: true, says: []string{"* Kolumnen Svar är flyttad till E."}},
		{name: "extra rows and columns", make: set(func(r [][]string) [][]string {
			for i := range r {
				r[i] = slices.Insert(r[i], 3, map[bool]string{true: "Vår anteckning"}[i == 0])
			}
			title := make([]string, len(r[0]))
			title[0] = "Anbud från Bolaget AB"
			more := make([]string, len(r[0]))
			more[0], more[2] = "VI-01", "Vi erbjuder också utbildning."
			return append(slices.Insert(r, 0, title), more)
		}), whole: true, says: []string{"* Kolumnen Svar är flyttad till J.", "?@8 Raden hör inte till något krav som filen frågar om. VI-01 · Vi erbjuder också utbildning."}},
		{name: "a translated header", make: set(func(r [][]string) [][]string {
			copy(r[0], []string{"ID", "Area", "Requirement", "Type", "Reference", "Verification", "Follow-up", "Weight", "Answer", "Responsible", "Description", "Evidence", "Key"})
			return r
		}), whole: true, says: []string{`* Kolumnen Svar heter "Answer" i filen.`, `* Kolumnen Bevis heter "Evidence" i filen.`}},
		{name: "a header in a language that nobody knows, columns moved", make: set(func(r [][]string) [][]string {
			for i := range r {
				r[i][colAnswer], r[i][colArea] = r[i][colArea], r[i][colAnswer]
			}
			for j := range r[0] {
				r[0][j] = fmt.Sprint("⟨", j, "⟩")
			}
			return r
		}), whole: true, says: []string{"* Rubriken för kolumnen Svar finns inte. Svaren är lästa ur kolumn B.", "* Rubriken för kolumnen Beskrivning finns inte."}},
		{name: "the sheet renamed", make: func(t *testing.T) []byte { return plainFile(t, []string{"Requirements", sheetMeta}, rows(), meta) }, whole: true, silent: true},
		{name: "duplicate rows that agree", make: set(func(r [][]string) [][]string { return append(r, slices.Clone(r[1])) }), whole: true, says: []string{"BEH-01@2 yes [Kravet står också på rad 7, tomt eller med samma svar.]"}},
		{name: "duplicate rows that do not", make: set(func(r [][]string) [][]string {
			again := slices.Clone(r[1])
			again[colAnswer] = "Nej"
			return append(r, again)
		}), says: []string{"BEH-01@2 yes {Kravet står 2 gånger i filen, med olika svar.} or no@7"}},
		{name: "an empty duplicate first", make: set(func(r [][]string) [][]string {
			again := slices.Clone(r[1])
			for _, c := range []int{colAnswer, colBy, colDescription, colEvidence} {
				again[c] = ""
			}
			return slices.Insert(r, 1, again)
		}), whole: true, says: []string{"BEH-01@3 yes [Kravet står också på rad 2"}},
		{name: "altered text", make: set(func(r [][]string) [][]string { r[1][colText] += " om det går"; return r }), says: []string{"BEH-01@2 yes {Kravets text är ändrad i filen.}"}},
		{name: "altered type", make: set(func(r [][]string) [][]string { r[1][colKind] = "Bör"; return r }), says: []string{`BEH-01@2 yes {Kravets typ är ändrad i filen, till "Bör". Den ska vara Ska.}`}},
		{name: "some columns sorted", make: set(func(r [][]string) [][]string { r[1][colKey], r[2][colKey] = r[2][colKey], r[1][colKey]; return r }),
			says: []string{"BEH-01@2 yes {Raden är märkt BEH-01 men har nyckeln för BEH-02.", "BEH-02@3 partly {Raden är märkt BEH-02"}},
		{name: "keys lost", make: set(func(r [][]string) [][]string {
			for i := range r {
				r[i][colKey] = ""
			}
			return r
		}), whole: true, silent: true},
		{name: "keys and ids lost", make: set(func(r [][]string) [][]string {
			for i := range r {
				r[i][colKey], r[i][colID] = "", ""
			}
			return r
		}), whole: true, silent: true},
		{name: "rows missing", make: set(func(r [][]string) [][]string { return slices.Delete(r, 1, 3) }), says: []string{"BEH-01@0  [Raden finns inte i filen.]", "LEV-01@2 yes"}},
		{name: "answers outside the list", make: set(func(r [][]string) [][]string {
			r[1][colAnswer], r[2][colAnswer], r[3][colAnswer], r[4][colAnswer], r[5][colAnswer] = "Ja, mot tillägg", "YES", " nej. ", "Delvis", ""
			return r
		}), says: []string{`BEH-01@2  [Svaret "Ja, mot tillägg" finns inte i listan (Ja, Nej). Det räknas som obesvarat`, `BEH-02@3 yes [Skrivet "YES", läst som Ja.]`, `LEV-01@4 no [Skrivet "nej.", läst som Nej.]`,
			`[Svaret "Delvis" finns inte i listan`, "[Något är skrivet, men inget svar är valt.]"}},
		{name: "formulas in answers", make: set(func(r [][]string) [][]string {
			r[1][colAnswer], r[2][colDescription] = "\x00=IF(1=1,\"Ja\",\"Nej\")\x00Ja", "\x00=Blad2!A1\x00#REF!"
			return r
		}), says: []string{`BEH-01@2 yes [Cell I2 är en formel. Det visade värdet "Ja" är läst.]`, `BEH-02@3 partly [Cell K3 är en formel. Det visade värdet "#REF!" är läst.]`}},
		{name: "a file nobody has sent", make: func(t *testing.T) []byte {
			s := state(t, true)
			s.Deadline = "1 maj 2027"
			data, _ := written(t, WriteRequirements, s)
			return filled(t, data)
		}, whole: true, says: []string{"* Filen är märkt med den här upphandlingen men är ingen av de versioner som har skickats ut"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			r, err := ReadTender(x.make(t), versions)
			if err != nil {
				t.Fatal(err)
			}
			got := say(r)
			if x.whole {
				asFilled(t, r)
			}
			for _, want := range x.says {
				if !strings.Contains(got, want) {
					t.Errorf("does not say %q:\n%s", want, got)
				}
			}
			if told := strings.ContainsAny(got, "*[{?"); told == x.silent {
				t.Errorf("silent is %v:\n%s", x.silent, got)
			}
			if len(r.Rows) != len(versions[0].Rows) || r.Publication != 1 || len(r.SHA256) != 64 {
				t.Errorf("%d rows of version %d, %s", len(r.Rows), r.Publication, r.SHA256)
			}
		})
	}
}

// An answer to an older wording is not an answer to the new one until somebody
// says so; one to a row that has not changed is.
func TestReadOlderVersion(t *testing.T) {
	versions, files := published(t, 2)
	r, err := ReadTender(filled(t, files[0]), versions)
	if err != nil {
		t.Fatal(err)
	}
	got := say(r)
	for _, want := range []string{
		"* Filen är version 1 av kravbilagan. Den senaste är version 2.",
		"BEH-01@2 yes {Svaret gäller lydelsen i version 1. Kravet är ändrat sedan dess.}",
		"BEH-02@3 partly\n",
		"EGEN-1@0  [Kravet kom till i version 2 och finns inte i filen.]",
		"Kravet LEV-01 är borttaget i version 2.",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("does not say %q:\n%s", want, got)
		}
	}
	if r.Publication != 1 {
		t.Errorf("version %d", r.Publication)
	}
	for _, x := range r.Rows {
		if x.ID == "BEH-01" && !strings.Contains(x.Choose[0].Text, versions[0].Rows[0].Text) {
			t.Errorf("the older wording is not shown: %q", x.Choose[0].Text)
		}
	}
	// The newest as it should be, also when only its keys tell.
	f := open(t, filled(t, files[1]))
	r, err = ReadTender(plainFile(t, []string{sheetRows}, cells(t, f, sheetRows)), versions)
	if err != nil || r.Publication != 2 || strings.ContainsAny(say(r), "[{?") {
		t.Errorf("%v, version %d:\n%s", err, r.Publication, say(r))
	}
}

func TestTenderRefused(t *testing.T) {
	versions, files := published(t, 1)
	ours := files[0]
	elsewhere := slices.Clone(versions)
	elsewhere[0].Classification = "c/18"
	justification, _ := written(t, WriteJustification, state(t, true))
	locked, err := excelize.Encrypt(ours, &excelize.Options{Password: "x"})
	if err != nil {
		t.Fatal(err)
	}
	var far, long strings.Builder
	far.WriteString("<worksheet><sheetData>")
	for i := range 20_000 {
		fmt.Fprintf(&far, `<row r="%d"><c r="XFD%d"><v>1</v></c></row>`, i+1, i+1)
	}
	far.WriteString("</sheetData></worksheet>")
	long.WriteString("<worksheet><sheetData>")
	for i := range 1_000_000 {
		fmt.Fprintf(&long, `<row r="%d"/>`, i+1)
	}
	long.WriteString("</sheetData></worksheet>")
	const sheet = "xl/worksheets/sheet1.xml"
	rows := cells(t, open(t, ours), sheetRows)
	for _, r := range rows {
		r[colKey] = ""
	}
	for _, x := range []struct {
		name string
		data []byte
		to   []engine.Publication
		want Refusal
	}{
		{"another procurement's", ours, elsewhere, RefusedElsewhere},
		{"the motivering", justification, versions, RefusedKind},
		{"without marks and keys", plainFile(t, []string{sheetRows}, rows), versions, RefusedForeign},
		{"without rows", plainFile(t, []string{sheetRows, sheetMeta}, rows[:1], cells(t, open(t, ours), sheetMeta)), versions, RefusedNoRows},
		{"password", locked, versions, RefusedPassword},
		{"macros", zipped(t, "xl/vbaProject.bin", "x"), versions, RefusedMacros},
		{"csv named xlsx", []byte("Krav-ID;Svar\nBEH-01;Ja\n"), versions, RefusedText},
		{"a zip bomb", zipped(t, "xl/media/a.png", strings.Repeat("\x00", 30<<20)), versions, RefusedUnpacked},
		{"20,000 cells in column XFD", zipped(t, sheet, far.String()), versions, RefusedBounds},
		{"a million empty rows", zipped(t, sheet, long.String()), versions, RefusedBounds},
	} {
		t.Run(x.name, func(t *testing.T) {
			if r, err := ReadTender(x.data, x.to); err != x.want {
				t.Errorf("got %v, want %q\n%s", err, x.want, say(r))
			}
			if s := string(x.want); !strings.HasSuffix(s, ".") || strings.Count(s, ".") < 2 {
				t.Errorf("%q does not tell what to do", s)
			}
		})
	}
}

// Whatever somebody does to the cells, every row is accounted for.
func FuzzReadTender(f *testing.F) {
	versions, files := published(f, 2)
	for _, data := range files {
		var lines []string
		for _, r := range cells(f, open(f, filled(f, data)), sheetRows) {
			lines = append(lines, strings.ReplaceAll(strings.Join(r, "\t"), "\n", "\v"))
		}
		f.Add(strings.Join(lines, "\n"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		var rows [][]string
		for line := range strings.SplitSeq(text, "\n") {
			rows = append(rows, strings.Split(strings.ReplaceAll(line, "\v", "\n"), "\t"))
		}
		r, err := ReadTender(plainFile(t, []string{sheetRows}, rows), versions)
		if err == nil && len(r.Rows) != len(versions[1].Rows) {
			t.Errorf("%d rows", len(r.Rows))
		}
	})
}

func BenchmarkReadTender(b *testing.B) {
	for _, n := range []int{300, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := big(b, n)
			data, id := written(b, WriteRequirements, s)
			versions := []engine.Publication{{Classification: s.ClassificationID, Number: 1, ExportID: id.ExportID, Rows: engine.Rows(s.lines())}}
			f := open(b, data)
			for i := range n {
				for column, text := range map[int]string{colAnswer: "Ja", colBy: "Leverantör", colDescription: "Så här gör vi det.", colEvidence: "Bilaga 1"} {
					at, _ := excelize.CoordinatesToCellName(column+1, i+2)
					if err := f.SetCellStr(sheetRows, at, text); err != nil {
						b.Fatal(err)
					}
				}
			}
			data = saved(b, f)
			b.ReportAllocs()
			for b.Loop() {
				r, err := ReadTender(data, versions)
				if err != nil || r.Found() != n {
					b.Fatal(err, r.Found())
				}
			}
		})
	}
}

// What is not let in must not cost anything to speak of either.
func BenchmarkRefuse(b *testing.B) {
	const sheet = "xl/worksheets/sheet1.xml"
	rows := func(n int, row string) string {
		var s strings.Builder
		s.WriteString("<worksheet><sheetData>")
		for i := range n {
			s.WriteString(strings.ReplaceAll(row, "#", fmt.Sprint(i+1)))
		}
		return s.String() + "</sheetData></worksheet>"
	}
	versions, files := published(b, 1)
	locked, err := excelize.Encrypt(files[0], &excelize.Options{Password: "x"})
	if err != nil {
		b.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"column XFD":         zipped(b, sheet, rows(20_000, `<row r="#"><c r="XFD#"><v>1</v></c></row>`)),
		"million rows":       zipped(b, sheet, rows(1_000_000, `<row r="#"/>`)),
		"bomb":               zipped(b, "xl/media/a.png", strings.Repeat("\x00", 30<<20)),
		"password":           locked,
		"as many as allowed": zipped(b, sheet, rows(maxRow, `<row r="#"><c r="T#"><v>1</v></c></row>`)),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ReadTender(data, versions); err == nil {
					b.Fatal("let in")
				}
			}
		})
	}
}
