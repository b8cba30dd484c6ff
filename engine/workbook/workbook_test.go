package workbook

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/xuri/excelize/v2"
)

var update = flag.Bool("update", false, "write the golden parts of testdata anew")

const golden = "../../testdata/workbook/bilaga.txtar"

// archive is the test's catalogue, answers and golden parts.
func archive(t testing.TB) *txtar.Archive {
	t.Helper()
	a, err := txtar.ParseFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// state derives from the archive; settle answers what is left open.
func state(t testing.TB, settle bool) State {
	t.Helper()
	files := fstest.MapFS{}
	var answers []byte
	for _, f := range archive(t).Files {
		files[f.Name] = &fstest.MapFile{Data: f.Data}
		if f.Name == "answers.toml" {
			answers = f.Data
		}
	}
	return stateFrom(t, files, answers, settle)
}

func stateFrom(t testing.TB, files fs.FS, answers []byte, settle bool) State {
	t.Helper()
	c, list := catalog.Load(files, catalog.Options{})
	if c == nil {
		t.Fatal(list)
	}
	a, _, list := engine.ParseAnswers("answers.toml", answers)
	if list.HasErrors() {
		t.Fatal(list)
	}
	if settle {
		a.Facts["kamera"] = true
	}
	f, err := engine.NewFacts(c, a)
	if err != nil {
		t.Fatal(err)
	}
	return State{Derivation: engine.Derive(f), System: "Ärenden & fel", Unit: "Trafiknämnden", ClassificationID: "c/17",
		Date: "2026-11-23", Deadline: "15 januari 2027"}
}

type writer func(io.Writer, State) (Identity, error)

func written(t testing.TB, w writer, s State) ([]byte, Identity) {
	t.Helper()
	var b bytes.Buffer
	id, err := w(&b, s)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), id
}

// dump lists the cells of all sheets as a person reads them.
func dump(t testing.TB, data []byte) string {
	t.Helper()
	f := open(t, data)
	var b strings.Builder
	for _, s := range f.GetSheetList() {
		visible, _ := f.GetSheetVisible(s)
		fmt.Fprintf(&b, "== %s%s\n", s, map[bool]string{false: " (dolt)"}[visible])
		if s == sheetMeta {
			continue // hashes
		}
		rows, err := f.GetRows(s)
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows {
			for j := range max(len(rows[i]), 6) {
				at, _ := excelize.CoordinatesToCellName(j+1, i+1)
				text, _ := f.GetCellFormula(s, at)
				if text != "" {
					text = "=" + text
				} else if text, _ = f.GetCellValue(s, at); text == "" {
					continue
				}
				fmt.Fprintf(&b, "%s: %s\n", at, strings.ReplaceAll(text, "\n", " | "))
			}
		}
	}
	return b.String()
}

func open(t testing.TB, data []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func saved(t testing.TB, f *excelize.File) []byte {
	t.Helper()
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	a := archive(t)
	for _, x := range []struct {
		name   string
		write  writer
		settle bool
	}{
		{"want/kravbilaga", WriteRequirements, true},
		{"want/kravbilaga-utkast", WriteRequirements, false},
		{"want/motivering", WriteJustification, true},
		{"want/motivering-utkast", WriteJustification, false},
	} {
		data, _ := written(t, x.write, state(t, x.settle))
		got := dump(t, data)
		i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == x.name })
		switch {
		case *update && i < 0:
			a.Files = append(a.Files, txtar.File{Name: x.name, Data: []byte(got)})
		case *update:
			a.Files[i].Data = []byte(got)
		case i < 0 || string(a.Files[i].Data) != got:
			t.Errorf("%s differs; run with -update and read the diff:\n%s", x.name, got)
		}
	}
	if *update {
		if err := os.WriteFile(golden, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSameBytes writes the same state twice here, the other way around, and
// once more in a process of its own.
func TestSameBytes(t *testing.T) {
	sums := func(reverse bool) string {
		ws := []writer{WriteRequirements, WriteJustification}
		out := make([]string, 2)
		for i := range ws {
			if reverse {
				i = 1 - i
			}
			data, id := written(t, ws[i], state(t, true))
			sum := sha256.Sum256(data)
			if out[i] = hex.EncodeToString(sum[:]); out[i] != id.SHA256 {
				t.Errorf("SHA256 of identity is %s, of the file %s", id.SHA256, out[i])
			}
		}
		return "sums " + strings.Join(out, " ")
	}
	first := sums(false)
	if os.Getenv("WORKBOOK_CHILD") != "" {
		fmt.Println(first)
		return
	}
	if second := sums(true); second != first {
		t.Errorf("written again: %s, was %s", second, first)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestSameBytes$", "-test.v")
	cmd.Env = append(os.Environ(), "WORKBOOK_CHILD=1", "TZ=Asia/Tokyo")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), first) {
		t.Errorf("another process wrote other bytes (%v): %s", err, out)
	}
}

// TestNothingInternal unzips a kravbilaga and looks in every part for what
// must stay inside.
func TestNothingInternal(t *testing.T) {
	for _, settle := range []bool{true, false} {
		data, _ := written(t, WriteRequirements, state(t, settle))
		inside, _ := written(t, WriteJustification, state(t, settle))
		secrets := []string{
			"Måttlig", "Betydande", "Allvarlig", "Konfidentialitet", "Riktighet", "Tillgänglighet", "≥", "nivå", "K 3", "K från", "T 2",
			"Läkarintyg", "Hemliga brev", "molntjänst", "kamera finns", "Hallavtalet", "Hall AB", "Serverhallen", "hallen", "skalskydd",
			"punkt 3", "antaget", "Systemägare", "grundskydd", "Eget beslut", "Beslutet är", "LEV-03", "LEV-04", "LEV-06", "LEV-07", "sekretess",
			"profil", "Motivering", "agare", "csl", "303 645",
		}
		parts := unpack(t, data)
		if len(parts) < 10 {
			t.Fatalf("only %d parts", len(parts))
		}
		for name, text := range parts {
			if name == "xl/theme/theme1.xml" || name == "xl/styles.xml" {
				continue // no text of ours
			}
			for _, s := range secrets {
				if strings.Contains(text, s) {
					t.Errorf("%s holds %q", name, s)
				}
			}
			for _, s := range []string{"xuri", "xcelize", "2006-09-16"} {
				if strings.Contains(text, s) {
					t.Errorf("%s holds the library's %q", name, s)
				}
			}
			if strings.Contains(name, "comment") || strings.Contains(name, "vml") {
				t.Errorf("part %s", name)
			}
		}
		// The list bites: the motivering has most of it.
		found, all := 0, strings.Join(slices.Collect(func(yield func(string) bool) {
			for _, p := range unpack(t, inside) {
				if !yield(p) {
					return
				}
			}
		}), "\n")
		for _, s := range secrets {
			if strings.Contains(all, s) {
				found++
			}
		}
		if found < len(secrets)*2/3 {
			t.Errorf("the motivering holds only %d of the %d strings looked for", found, len(secrets))
		}
	}
}

// TestIdentityTellsNothing: two systems whose tenderers see the same may be
// classified differently; the identity must not tell them apart.
func TestIdentityTellsNothing(t *testing.T) {
	a := state(t, true)
	b := state(t, true)
	b.Derivation.Facts.Answers.Information[0].Justification = "Något annat."
	_, x := written(t, WriteRequirements, a)
	_, y := written(t, WriteRequirements, b)
	if x != y {
		t.Errorf("%+v and %+v differ by what is not in the file", x, y)
	}
}

func unpack(t testing.TB, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Modified.Year() > 1980 { // none at all reads as 1979
			t.Errorf("part %s has a time", f.Name)
		}
		out[f.Name] = string(b)
	}
	return out
}

func TestDraftIsMarked(t *testing.T) {
	for _, x := range []struct {
		settle bool
		want   bool
	}{{true, false}, {false, true}} {
		data, _ := written(t, WriteRequirements, state(t, x.settle))
		parts := unpack(t, data)
		f := open(t, data)
		first, _ := f.GetCellValue(sheetReadMe, "A1")
		header, _ := f.GetHeaderFooter(sheetRows)
		for where, text := range map[string]string{"Läs mig": first, "header": header.OddHeader, "properties": parts["docProps/core.xml"]} {
			if strings.Contains(text, "UTKAST") != x.want {
				t.Errorf("settled %v: %s is %q", x.settle, where, text)
			}
		}
	}
}

func TestSheetsAsAgreed(t *testing.T) {
	data, _ := written(t, WriteRequirements, state(t, true))
	f := open(t, data)
	if got, want := f.GetSheetList(), []string{"Läs mig", "Krav", "Sammanfattning", "Listor", "_meta"}; !slices.Equal(got, want) {
		t.Errorf("sheets are %v", got)
	}
	rows, _ := f.GetRows("Krav")
	want := []string{"Krav-ID", "Område", "Krav", "Typ", "Hänvisning", "Verifiering vid anbud", "Verifiering under avtalstid", "Vikt", "Svar", "Ansvar", "Beskrivning", "Bevis"}
	if !slices.Equal(rows[0][:12], want) {
		t.Errorf("columns are %q", rows[0])
	}
	for i := range 13 {
		at := fmt.Sprint(columnName(i), 2)
		id, _ := f.GetCellStyle("Krav", at)
		style, _ := f.GetStyle(id)
		if open := i >= 8 && i <= 11; style.Protection.Locked == open || *style.CustomNumFmt != "@" {
			t.Errorf("%s: locked %v, format %v", at, style.Protection.Locked, style.CustomNumFmt)
		}
	}
	if v, _ := f.GetColVisible("Krav", "M"); v {
		t.Error("the key column shows")
	}
	if p, _ := f.GetSheetProtection("Krav"); p.Password != "" || !p.AutoFilter || p.Sort || !p.FormatRows {
		t.Errorf("protection is %+v", p)
	}
	lists, _ := f.GetDataValidations("Krav")
	got := map[string]string{}
	for _, v := range lists {
		for r := range strings.FieldsSeq(v.Sqref) {
			got[r] = v.Formula1
		}
	}
	// BEH-01 ska, BEH-02 bör, LEV-01 villkor, LEV-02 and LEV-05 ska.
	for r, list := range map[string]string{"I2:I2": "Svar_ska", "I3:I3": "Svar_bor", "I4:I4": "Svar_villkor", "I5:I6": "Svar_ska", "J2:J6": "Ansvar_val"} {
		if got[r] != list && got[strings.Split(r, ":")[0]] != list {
			t.Errorf("%s takes %q, want %s: %v", r, got[r], list, got)
		}
	}
	if formula, _ := f.GetCellFormula("Krav", "C3"); formula != "" {
		t.Errorf("text became the formula %s", formula)
	}
	parts := unpack(t, data)
	for _, sheet := range parts {
		if strings.Contains(sheet, "<mergeCell") || strings.Contains(sheet, "customHeight") {
			t.Error("merged cells or fixed heights")
		}
	}
	for _, s := range []string{"<dc:creator>Kravverk<", "<dc:language>sv-SE<", "2026-11-23T00:00:00Z", "Kravbilaga: Ärenden &amp; fel"} {
		if !strings.Contains(parts["docProps/core.xml"], s) {
			t.Errorf("core.xml lacks %s: %s", s, parts["docProps/core.xml"])
		}
	}
}

// TestEmptyList: a kravbilaga without rows is odd, but no reason to fall over.
func TestEmptyList(t *testing.T) {
	s := state(t, true)
	d := *s.Derivation
	d.Findings = nil
	s.Derivation = &d
	for _, w := range []writer{WriteRequirements, WriteJustification} {
		data, _ := written(t, w, s)
		if r, err := Inspect(data); err != nil || !r.Untouched() {
			t.Errorf("%+v %v", r, err)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, x := range []struct {
		text string
		room float64
		want int
	}{
		{"", 10, 1}, {"ett", 10, 1}, {"ett\ntvå", 10, 2}, {"ett två tre fyra", 4, 2}, {"dokumentgranskning", 5, 2}, {"ett\n\ntvå", 10, 3},
	} {
		if got := wrap(x.text, x.room, false); got != x.want {
			t.Errorf("%q in %v takes %d lines, want %d", x.text, x.room, got, x.want)
		}
	}
}

func TestBadState(t *testing.T) {
	s := state(t, true)
	s.Date = "i går"
	if _, err := WriteRequirements(io.Discard, s); err == nil {
		t.Error("a date that is none was taken")
	}
	s = state(t, true)
	s.ClassificationID = strings.Repeat("x", 300)
	if _, err := WriteRequirements(io.Discard, s); err == nil {
		t.Error("an id too long for a defined name was taken")
	}
}

// TestShippedRowsFit derives from the shipped catalogues and looks for rows
// that Excel cannot make tall enough.
func TestShippedRowsFit(t *testing.T) {
	dir := os.DirFS("../../catalogs")
	cases, _ := fs.Glob(dir, "*/cases/*.toml")
	c, list := catalog.Load(dir, catalog.Options{})
	if c == nil || len(cases) == 0 {
		t.Fatalf("%d cases, %v", len(cases), list.Err())
	}
	for _, name := range cases {
		data, _ := fs.ReadFile(dir, name)
		data, _, _ = bytes.Cut(data, []byte("[expect"))
		a, _, list := engine.ParseAnswers(name, data)
		if list.HasErrors() {
			continue
		}
		f, err := engine.NewFacts(c, a)
		if err != nil {
			continue
		}
		s := State{Derivation: engine.Derive(f), System: a.Classification.Title, Date: "2026-11-23"}
		for _, sheet := range append(requirementSheets(s), justificationSheets(s)...) {
			for i, r := range sheet.rows {
				if sheet.height(r.cells, func(c int) look { return sheet.lookOf(r, c) }) >= 409 {
					t.Errorf("%s: row %d of %s does not fit", name, sheet.first()+i, sheet.name)
				}
			}
		}
	}
}

func soffice(t *testing.T) string {
	path, err := exec.LookPath("soffice")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("soffice is missing")
		}
		t.Log("NOT TESTED: soffice is missing, so nobody knows whether LibreOffice still reads our files")
		t.Skip()
	}
	return path
}

func TestLibreOfficeRoundTrip(t *testing.T) {
	path := soffice(t)
	data, id := written(t, WriteRequirements, state(t, true))
	f := open(t, data)
	answers := map[string]string{"I2": "Ja", "J2": "Delat", "K2": "=1+1", "L2": "Bilaga å\nsidan 2", "I3": "Delvis", "I4": "Accepteras", "I5": "Nej"}
	for at, v := range answers {
		if err := f.SetCellStr(sheetRows, at, v); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in.xlsx")
	if err := os.WriteFile(in, saved(t, f), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--convert-to", "xlsx", "--outdir", filepath.Join(dir, "out"), in)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	back, err := os.ReadFile(filepath.Join(dir, "out", "in.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Inspect(back)
	if err != nil {
		t.Fatal(err)
	}
	id.SHA256 = r.Identity.SHA256
	if r.Identity != id || !r.Untouched() || r.Rows != 5 || r.Answered != 4 {
		t.Errorf("report is %+v", r)
	}
	g := open(t, back)
	for at, want := range answers {
		if got, _ := g.GetCellValue(sheetRows, at); got != want {
			t.Errorf("%s is %q, want %q", at, got, want)
		}
	}
	rows, _ := g.GetRows(sheetSummary)
	want := [][]string{
		{"Behörighet", "2", "2", "1", "1", "0"},
		{"Leverantör och * avtal?", "3", "2", "1", "0", "1"},
		{"Alla områden", "5", "4", "2", "1", "1"},
	}
	for i, w := range want {
		if !slices.Equal(rows[i+1], w) {
			t.Errorf("summary row is %q, want %q", rows[i+1], w)
		}
	}
	for _, name := range []string{identityName, "Svar_ska", "Svar_bor", "Svar_villkor", "Ansvar_val"} {
		if !slices.ContainsFunc(g.GetDefinedName(), func(n excelize.DefinedName) bool { return n.Name == name }) {
			t.Errorf("the name %s is lost", name)
		}
	}
}

// big makes a derivation of n requirements out of the small one.
func big(b *testing.B, n int) State {
	s := state(b, true)
	d := *s.Derivation
	d.Findings = nil
	for i := range n {
		x := *s.Derivation.Finding([]string{"BEH-01", "BEH-02", "LEV-01", "LEV-05"}[i%4])
		r := *x.Requirement
		r.ID = fmt.Sprintf("BEH-%04d", i)
		x.Requirement = &r
		x.Title = []engine.Span{{Text: fmt.Sprintf("Krav nummer %d", i)}}
		d.Findings = append(d.Findings, x)
	}
	s.Derivation = &d
	return s
}

func BenchmarkWrite(b *testing.B) {
	for _, n := range []int{100, 1500} {
		for name, w := range map[string]writer{"kravbilaga": WriteRequirements, "motivering": WriteJustification} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				s := big(b, n)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := w(io.Discard, s); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkInspect(b *testing.B) {
	for _, n := range []int{100, 1500} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			data, _ := written(b, WriteRequirements, big(b, n))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Inspect(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
