package workbook

import (
	"bytes"
	"encoding/csv"
	"slices"
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

// What went out as text comes back, however a program has saved it, and what
// was not filled in is known by that.
func TestPlanCSVComesBack(t *testing.T) {
	plan := examplePlan
	plan.Lines = slices.Clone(plan.Lines)
	plan.Lines[1].Comment = "=HYPERLINK(1); \"citat\", och\nny rad"
	plan.Lines[2].Comment = "'-1"
	var b bytes.Buffer
	if err := WritePlanCSV(&b, plan); err != nil {
		t.Fatal(err)
	}
	commas := func(s string) string {
		in := csv.NewReader(strings.NewReader(strings.TrimPrefix(s, "\ufeff")))
		in.Comma = ';'
		rows, err := in.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := csv.NewWriter(&out).WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	for name, data := range map[string]string{"as it is": b.String(), "no mark": strings.TrimPrefix(b.String(), "\ufeff"), "commas": commas(b.String()), "line ends": strings.ReplaceAll(b.String(), "\r\n", "\n")} {
		r, err := ReadPlan([]byte(data))
		if err != nil || len(r.Rows) != 3 || r.Strays != 0 {
			t.Fatalf("%s: %+v, %v", name, r, err)
		}
		for i, x := range r.Rows {
			if l := plan.Lines[i]; x.Key != l.Key || x.Status != l.Status || settled(x.Comment) != l.Comment || x.FilledStatus() || x.FilledComment() || x.MovedComment(l.Comment) {
				t.Errorf("%s: %+v", name, x)
			}
		}
	}
	filled := strings.Replace(b.String(), ";Planerad;", ";klar;", 1)
	if r, err := ReadPlan([]byte(filled)); err != nil || !r.Rows[0].FilledStatus() || r.Rows[0].Status != engine.Completed || r.Rows[0].FilledComment() || !r.Rows[0].MovedStatus(engine.Ongoing) {
		t.Errorf("%+v, %v", r, err)
	}
	// A file from before the column was there is taken at its word.
	old := strings.ReplaceAll(b.String(), planSent, "Annat")
	if r, err := ReadPlan([]byte(old)); err != nil || !r.Rows[0].FilledStatus() || !r.Rows[0].FilledComment() || r.Rows[0].MovedStatus(engine.Completed) {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := ReadPlan([]byte("L\xe4ge;S\xe5 g\xe5r det;Nyckel\nKlar;;k1/1\n")); err != RefusedEncoding {
		t.Error(err)
	}
}

func TestHarmless(t *testing.T) {
	for _, s := range []string{"=1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "\n=1", "\u00a0=1", "\u200b=1", "＝1", "＋1", "－1", "＠x", "'=1", "''+1"} {
		if got := harmless(s); got != "'"+s || harmed(got) != s {
			t.Errorf("%q became %q, and back %q", s, got, harmed(got))
		}
	}
	for _, s := range []string{"", "x", "'", "'90-tal", "1-2", " x", "x=1"} {
		if got := harmless(s); got != s || harmed(s) != s {
			t.Errorf("%q became %q, and back %q", s, got, harmed(s))
		}
	}
}
