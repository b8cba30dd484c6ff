package workbook

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/kravverk/kravverk/engine"
)

// rounds writes a supplier's rounds, each with rows of its own.
func rounds(t testing.TB, asked ...[]engine.Row) (list []engine.Publication, files [][]byte) {
	t.Helper()
	for i, rows := range asked {
		var b bytes.Buffer
		id, err := WriteRound(&b, Round{Supplier: "Driftbolaget AB", System: "Arkivet", Unit: "Kultur", ClassificationID: "b1", CatalogHash: "h", Date: "2026-11-24", Number: i + 1, Rows: rows})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, engine.Publication{Classification: "b1", Number: i + 1, ExportID: id.ExportID, Rows: rows, Procurement: engine.Procurement{To: "Driftbolaget AB"}})
		files = append(files, b.Bytes())
	}
	return list, files
}

func asks(id, text string) engine.Row {
	return engine.Row{ID: id, Area: "Område", Title: id, Text: text, Type: engine.Verified}
}

// answering fills in some of a round's rows.
func answering(t testing.TB, data []byte, answers map[string]string) []byte {
	t.Helper()
	f := open(t, data)
	for i, r := range cells(t, f, sheetRows)[1:] {
		at, _ := excelize.CoordinatesToCellName(colAnswer+1, i+2)
		if err := f.SetCellStr(sheetRows, at, answers[r[colID]]); err != nil {
			t.Fatal(err)
		}
	}
	return saved(t, f)
}

// What was asked in an earlier round is read also when a later round has been
// made with other rows, and the other way around.
func TestRoundsOutOfOrder(t *testing.T) {
	list, files := rounds(t,
		[]engine.Row{asks("BEH-01", "Så."), asks("BEH-02", "Och så.")},
		[]engine.Row{asks("LOG-01", "Logga.")},
		[]engine.Row{asks("BEH-01", "Så."), asks("BEH-02", "På ett annat sätt.")})
	late := answering(t, files[0], map[string]string{"BEH-01": "Ja", "BEH-02": "Delvis"})
	bare := open(t, late) // without anything that says which round it is
	plain := plainFile(t, []string{sheetRows}, cells(t, bare, sheetRows))
	for _, x := range []struct {
		name  string
		data  []byte
		asked []engine.Publication
		round int
		rows  string
		says  string // what it has to tell; "" for nothing at all
	}{
		{"the first after the second", late, list[:2], 1, "BEH-01 yes, BEH-02 partly", ""},
		{"the second before the first", answering(t, files[1], map[string]string{"LOG-01": "Nej"}), list[:2], 2, "LOG-01 no", ""},
		{"the first after the third, which asks again", late, list, 1, "BEH-01 yes, BEH-02 partly", "BEH-01: Omgång 3 frågar också om kravet.; BEH-02? Svaret gäller lydelsen i omgång 1. Omgång 3 frågar om samma krav med en annan lydelse."},
		{"an empty one after the third", files[0], list, 1, "BEH-01 , BEH-02 ", ""},
		{"without marks", plain, list[:2], 1, "BEH-01 yes, BEH-02 partly", "* Filens märkning är borttagen. Svaren är lästa mot omgång 1, som raderna stämmer bäst med."},
		{"of a round that is not the supplier's", late, list[1:], 3, "BEH-01 yes, BEH-02 partly", "* Filen är märkt med den här verifieringen men är ingen av leverantörens omgångar, till exempel en annan leverantörs fil. Svaren är lästa mot omgång 3, som liknar den mest. Kontrollera vems filen är.; BEH-02? Kravets text är ändrad i filen."},
	} {
		t.Run(x.name, func(t *testing.T) {
			r, err := ReadRound(x.data, x.asked)
			if err != nil {
				t.Fatal(err)
			}
			var rows, says []string
			for _, n := range r.Notes {
				says = append(says, "* "+n)
			}
			for _, row := range r.Rows {
				rows = append(rows, row.ID+" "+row.Claim.Answer)
				for _, n := range row.Claim.Notes {
					says = append(says, row.ID+": "+n)
				}
				for _, c := range row.Choose {
					says = append(says, row.ID+"? "+c.Why)
				}
			}
			if r.Publication != x.round || strings.Join(rows, ", ") != x.rows || strings.Join(says, "; ") != x.says || len(r.Strays) > 0 {
				t.Errorf("round %d: %v\n%s\n%+v", r.Publication, rows, strings.Join(says, "; "), r.Strays)
			}
		})
	}
	// A kravbilaga's versions replace each other, and are read as before.
	r, err := ReadTender(late, list[:2])
	if err != nil || len(r.Rows) != 1 || len(r.Strays) != 2 {
		t.Errorf("read as a tender: %v, %+v", err, r)
	}
	other := slices.Clone(list)
	other[2].Classification = "b2"
	if _, err := ReadRound(late, other); err != RefusedOtherSystem {
		t.Errorf("another classification's: %v", err)
	}
}
