package workbook

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/kravverk/kravverk/engine"
)

var examplePlan = Plan{Title: "Arkivet", Date: "2026-11-24", CatalogHash: strings.Repeat("a", 64), ClassificationID: "k1", Lines: []PlanLine{
	{Key: "k1/1", System: "Arkivet", Role: "Systemförvaltare", Action: engine.Action{Title: "Inför flerfaktor", Text: "För alla.\nFörst admin.", Origin: engine.OfClassification, Requirements: []string{"BEH-04", "BEH-05"}, Status: engine.Planned, Priority: 1, Cost: 40000, Due: "2027-03-01"}},
	{Key: "k1/2", System: "Arkivet", Role: "Systemägare", Action: engine.Action{Title: "=1+1", Origin: engine.OfAudit, Status: engine.Ongoing, Comment: "Upphandlat."}},
	{Key: "k1/3", System: "Arkivet", Role: "Systemägare", Action: engine.Action{Title: "Öva", Origin: engine.OfRisk, Status: engine.Completed}},
}}

// A plan goes out, is filled in, sorted and gets a column more, and comes back
// by its keys.
func TestPlan(t *testing.T) {
	var b bytes.Buffer
	if _, err := WritePlan(&b, examplePlan); err != nil {
		t.Fatal(err)
	}
	same, err := ReadPlan(b.Bytes())
	if err != nil || len(same.Rows) != 3 || same.ClassificationID != "k1" || same.Strays != 0 {
		t.Fatalf("%+v, %v", same, err)
	}
	for i, r := range same.Rows {
		if l := examplePlan.Lines[i]; r.Key != l.Key || r.Status != l.Status || r.Comment != l.Comment {
			t.Errorf("%+v", r)
		}
	}
	f, err := excelize.OpenReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	for _, do := range []error{f.UnprotectSheet(sheetPlan), f.SetCellStr(sheetPlan, "L2", "klar"), f.SetCellStr(sheetPlan, "M2", "Gjort i går."), f.SetCellStr(sheetPlan, "L3", "Nästan"),
		f.InsertCols(sheetPlan, "A", 1), f.DuplicateRowTo(sheetPlan, 2, 5), f.RemoveRow(sheetPlan, 2), f.SetCellStr(sheetPlan, "C9", "En rad till")} {
		if do != nil {
			t.Fatal(do)
		}
	}
	var changed bytes.Buffer
	if err := f.Write(&changed); err != nil {
		t.Fatal(err)
	}
	got, err := ReadPlan(changed.Bytes())
	if err != nil || len(got.Rows) != 3 || got.Strays != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	by := map[string]PlanRead{}
	for _, r := range got.Rows {
		by[r.Key] = r
	}
	if r := by["k1/1"]; r.Status != engine.Completed || r.Comment != "Gjort i går." {
		t.Errorf("%+v", r)
	}
	if r := by["k1/2"]; r.Status != "" || r.Written != "Nästan" {
		t.Errorf("%+v", r)
	}
	for name, data := range map[string][]byte{"nothing": nil, "text": []byte("Läge;Nyckel"), "a zip bomb's beginning": []byte("PK\x03\x04xx")} {
		if _, err := ReadPlan(data); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func TestPlanCSV(t *testing.T) {
	var b bytes.Buffer
	if err := WritePlanCSV(&b, examplePlan); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	if !strings.HasPrefix(got, "\ufeffPlanpost;System;") || !strings.Contains(got, "\r\n'=1+1;Arkivet;") || !strings.Contains(got, "\"För alla.\r\nFörst admin.\"") {
		t.Errorf("%q", got)
	}
}
