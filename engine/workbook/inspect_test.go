package workbook

import (
	"archive/zip"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

func TestInspect(t *testing.T) {
	set := func(sheet, cell, text string) func(*excelize.File) error {
		return func(f *excelize.File) error { return f.SetCellStr(sheet, cell, text) }
	}
	for _, x := range []struct {
		name   string
		write  writer
		change func(*excelize.File) error
		want   []string // cells, or the sentence where there is none
	}{
		{"as written", WriteRequirements, nil, nil},
		{"motivering as written", WriteJustification, nil, nil},
		{"an answer", WriteRequirements, set(sheetRows, "I2", "Ja"), nil},
		{"a description", WriteRequirements, set(sheetRows, "K3", "Så här."), nil},
		{"a requirement's text", WriteRequirements, set(sheetRows, "C2", "Granskning\nVi granskar inte."), []string{"C2"}},
		{"a column's title", WriteRequirements, set(sheetRows, "C1", "Önskemål"), []string{"C1"}},
		{"the type", WriteRequirements, set(sheetRows, "D2", "Bör"), []string{"D2"}},
		{"a weight that was not there", WriteRequirements, set(sheetRows, "H2", "Ja 100"), []string{"H2"}},
		{"what is to be read first", WriteRequirements, set(sheetReadMe, "A1", "Bilaga"), []string{"A1"}},
		{"the lists", WriteRequirements, set(sheetLists, "A2", "Kanske"), []string{"A2"}},
		{"a lost key", WriteRequirements, set(sheetRows, "M2", ""), nil},
		{"a row taken out", WriteRequirements, func(f *excelize.File) error { return f.RemoveRow(sheetRows, 3) }, []string{"Raden BEH-02 saknas i bladet Krav."}},
		{"a row added", WriteRequirements, set(sheetRows, "A9", "NY-01"), []string{"A9"}},
		{"a row twice", WriteRequirements, func(f *excelize.File) error { return f.DuplicateRowTo(sheetRows, 2, 9) }, []string{"A9"}},
		{"rows sorted", WriteRequirements, func(f *excelize.File) error {
			rows, err := f.GetRows(sheetRows)
			for i, j := 1, len(rows)-1; i < j; i, j = i+1, j-1 {
				for c := range 13 {
					for at, r := range map[int][]string{i: rows[j], j: rows[i]} {
						if err == nil {
							err = f.SetCellStr(sheetRows, fmt.Sprint(columnName(c), at+1), append(r, make([]string, 13)...)[c])
						}
					}
				}
			}
			return err
		}, nil},
		{"a column put in", WriteRequirements, func(f *excelize.File) error { return f.InsertCols(sheetRows, "C", 1) }, nil},
		{"a sheet taken out", WriteRequirements, func(f *excelize.File) error { return f.DeleteSheet(sheetReadMe) }, []string{"Bladet Läs mig saknas."}},
		{"_meta mended to fit", WriteRequirements, func(f *excelize.File) error {
			rows, err := f.GetRows(sheetMeta)
			for i, r := range rows {
				if strings.Contains(strings.Join(r, ""), "BEH-01") && err == nil {
					err = f.SetCellStr(sheetMeta, fmt.Sprint("D", i+1), strings.Replace(r[3], short("Ska"), short("Bör"), 1))
				}
			}
			if err == nil {
				err = f.SetCellStr(sheetRows, "D2", "Bör")
			}
			return err
		}, []string{changeWords.metaChanged}},
		{"without _meta", WriteRequirements, func(f *excelize.File) error { return f.DeleteSheet(sheetMeta) }, []string{changeWords.noMeta}},
		{"without _meta, another text", WriteRequirements, func(f *excelize.File) error {
			if err := f.SetCellStr(sheetRows, "C2", "Nej."); err != nil {
				return err
			}
			return f.DeleteSheet(sheetMeta)
		}, []string{changeWords.noMeta, "C2"}},
		{"the reason in a motivering", WriteJustification, set(sheetApplies, "G2", "För att."), []string{"G2"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			data, id := written(t, x.write, state(t, true))
			if x.change != nil {
				f := open(t, data)
				if err := x.change(f); err != nil {
					t.Fatal(err)
				}
				data = saved(t, f)
			}
			r, err := Inspect(data)
			if err != nil {
				t.Fatal(err)
			}
			if x.change == nil && r.Identity != id {
				t.Errorf("identity is %+v, want %+v", r.Identity, id)
			}
			if r.Identity.ExportID != id.ExportID || r.Identity.ClassificationID != "c/17" || r.Identity.Kind != id.Kind {
				t.Errorf("identity is %+v", r.Identity)
			}
			var got []string
			for _, c := range r.Changes {
				if c.Cell != "" {
					got = append(got, c.Cell)
				} else {
					got = append(got, c.Sentence)
				}
			}
			if !slices.Equal(got, x.want) || r.Untouched() != (x.want == nil) {
				t.Errorf("changes are %q, want %q", got, x.want)
			}
		})
	}
}

// TestAnyIdentityIsEnough leaves one of the three places at a time.
func TestAnyIdentityIsEnough(t *testing.T) {
	data, id := written(t, WriteRequirements, state(t, true))
	drop := map[string]func(*excelize.File) error{
		"property": func(f *excelize.File) error {
			return f.SetCustomProps(excelize.CustomProperty{Name: identityProperty, Value: "?"})
		},
		"meta": func(f *excelize.File) error { return f.DeleteSheet(sheetMeta) },
		"name": func(f *excelize.File) error { return f.DeleteDefinedName(&excelize.DefinedName{Name: identityName}) },
	}
	for _, keep := range []string{"property", "meta", "name", ""} {
		f := open(t, data)
		for name, fn := range drop {
			if name != keep {
				if err := fn(f); err != nil {
					t.Fatal(err)
				}
			}
		}
		r, err := Inspect(saved(t, f))
		if keep == "" {
			if err != RefusedForeign {
				t.Errorf("without any identity: %v", err)
			}
			continue
		}
		if err != nil || r.Identity.ExportID != id.ExportID || r.Identity.CatalogHash != id.CatalogHash {
			t.Errorf("with the %s alone: %+v, %v", keep, r.Identity, err)
		}
	}
}

// zipped makes a file of parts, the required ones included.
func zipped(t testing.TB, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	all := append([]string{"[Content_Types].xml", "<Types/>", "xl/workbook.xml", "<workbook/>"}, parts...)
	for i := 0; i < len(all); i += 2 {
		p, err := w.Create(all[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Write([]byte(all[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRefused(t *testing.T) {
	ours, _ := written(t, WriteRequirements, state(t, true))
	plain := excelize.NewFile()
	foreign := saved(t, plain)
	locked, err := excelize.Encrypt(ours, &excelize.Options{Password: "x"})
	if err != nil {
		t.Fatal(err)
	}
	// 20 000 cells in column XFD: small here, 22 GB in excelize.
	var far strings.Builder
	far.WriteString("<worksheet><sheetData>")
	for i := range 20_000 {
		fmt.Fprintf(&far, `<row r="%d"><c r="XFD%d"/></row>`, i+1, i+1)
	}
	far.WriteString("</sheetData></worksheet>")
	var wide strings.Builder
	wide.WriteString("<worksheet><sheetData>")
	for i := range 5_000 {
		fmt.Fprintf(&wide, `<row r="%d"><c r="CV%d"/></row>`, i+1, i+1)
	}
	wide.WriteString("</sheetData></worksheet>")
	many := make([]string, 0, 2*maxParts)
	for i := range maxParts {
		many = append(many, fmt.Sprintf("xl/media/%d.png", i), "")
	}
	rel := func(kind, mode string) string {
		return `<Relationships><Relationship Id="a" Type="http://x/` + kind + `" Target="http://example.com/" TargetMode="` + mode + `"/></Relationships>`
	}
	zeros := strings.Repeat("\x00", 10<<20)
	const sheet = "xl/worksheets/sheet1.xml"

	for _, x := range []struct {
		name string
		data []byte
		want Refusal
	}{
		{"empty", nil, RefusedEmpty},
		{"too large", make([]byte, maxFile+1), RefusedSize},
		{"password", locked, RefusedPassword},
		{"xls", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 600)), RefusedOldFormat},
		{"csv", []byte("Krav-ID;Svar\nBEH-01;Ja\n"), RefusedText},
		{"csv in latin 1", []byte("Krav-ID;Omr\xe5de\nBEH-01;Beh\xf6righet\n"), RefusedText},
		{"csv in utf-16", []byte("\xff\xfeK\x00r\x00a\x00v\x00"), RefusedText},
		{"html", []byte("<html><table></table></html>"), RefusedText},
		{"pdf", []byte("%PDF-1.7 ..."), RefusedOther},
		{"a picture", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), RefusedOther},
		{"half a file", ours[:len(ours)/2], RefusedDamaged},
		{"another zip", func() []byte {
			var b bytes.Buffer
			w := zip.NewWriter(&b)
			p, _ := w.Create("mimetype")
			p.Write([]byte("application/vnd.oasis.opendocument.spreadsheet"))
			w.Close()
			return b.Bytes()
		}(), RefusedOther},
		{"many parts", zipped(t, many...), RefusedParts},
		{"a part twice", zipped(t, sheet, "<a/>", "XL/Worksheets/Sheet1.xml", "<a/>"), RefusedParts},
		{"a part outside", zipped(t, "../x.xml", "<a/>"), RefusedParts},
		{"a bomb", zipped(t, "xl/media/a.png", zeros), RefusedUnpacked},
		{"a part that lies of its size", lying(t), RefusedDamaged},
		{"macros", zipped(t, "xl/vbaProject.bin", "x"), RefusedMacros},
		{"macro sheet", zipped(t, "xl/macrosheets/sheet1.xml", "<a/>"), RefusedMacros},
		{"external links", zipped(t, "xl/externalLinks/externalLink1.xml", "<a/>"), RefusedLinks},
		{"connections", zipped(t, "xl/connections.xml", "<a/>"), RefusedLinks},
		{"external template", zipped(t, "xl/_rels/workbook.xml.rels", rel("attachedTemplate", "External")), RefusedLinks},
		{"embeddings", zipped(t, "xl/embeddings/oleObject1.bin", "x"), RefusedEmbedded},
		{"activex", zipped(t, "xl/activeX/activeX1.xml", "<a/>"), RefusedEmbedded},
		{"dtd", zipped(t, sheet, `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`), RefusedXML},
		{"another encoding", zipped(t, sheet, `<?xml version="1.0" encoding="UTF-16"?><a/>`), RefusedXML},
		{"not xml", zipped(t, sheet, `<a`), RefusedXML},
		{"far to the right", zipped(t, sheet, far.String()), RefusedBounds},
		{"wide and long", zipped(t, sheet, wide.String()), RefusedBounds},
		{"far down", zipped(t, sheet, `<worksheet><sheetData><row r="1048576"/></sheetData></worksheet>`), RefusedBounds},
		{"far down by cell", zipped(t, sheet, `<x:worksheet xmlns:x="y"><x:sheetData><x:row><x:c r="A1048576"/></x:row></x:sheetData></x:worksheet>`), RefusedBounds},
		{"many merged", zipped(t, sheet, "<worksheet>"+strings.Repeat(`<mergeCell ref="A1:B1"/>`, maxMerged+1)+"</worksheet>"), RefusedBounds},
		{"a workbook of somebody else's", foreign, RefusedForeign},
	} {
		t.Run(x.name, func(t *testing.T) {
			from := time.Now()
			_, err := Inspect(x.data)
			if err != x.want {
				t.Errorf("got %v, want %v", err, x.want)
			}
			if d := time.Since(from); d > 5*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

// lying is a zip whose directory says that a part is smaller than it is.
func lying(t *testing.T) []byte {
	data := zipped(t, "xl/a.xml", strings.Repeat("<a>ett två tre</a>", 1000))
	name := []byte("xl/a.xml")
	at := bytes.LastIndex(data, name) // in the directory, 46 bytes into the entry
	copy(data[at-46+24:], []byte{10, 0, 0, 0})
	return data
}

// TestHyperlinksAreFine: Excel makes one of any address that is typed.
func TestHyperlinksAreFine(t *testing.T) {
	data, _ := written(t, WriteRequirements, state(t, true))
	f := open(t, data)
	if err := f.SetCellHyperLink(sheetRows, "L2", "https://example.com/bevis", "External"); err != nil {
		t.Fatal(err)
	}
	if _, err := Inspect(saved(t, f)); err != nil {
		t.Error(err)
	}
}

// TestMacroType: a file with macros that does not show it by its parts.
func TestMacroType(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range map[string]string{"[Content_Types].xml": `<Types a="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/>`, "xl/workbook.xml": "<a/>"} {
		p, _ := w.Create(name)
		p.Write([]byte(text))
	}
	w.Close()
	if _, err := Inspect(b.Bytes()); err != RefusedMacros {
		t.Error(err)
	}
}

func FuzzInspect(f *testing.F) {
	data, _ := written(f, WriteRequirements, state(f, true))
	f.Add(data)
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := Inspect(data); err != nil {
			if _, ok := err.(Refusal); !ok {
				t.Errorf("%T %v", err, err)
			}
		}
	})
}
