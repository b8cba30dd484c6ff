package web_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/net/html"

	"github.com/kravverk/kravverk/engine/workbook"
)

// Every page about the catalogues is reached from the first one, is well formed,
// and every link on it leads to a page, and to a place on that page.
func TestShelfHoldsTogether(t *testing.T) {
	s := newSite(t)
	type link struct{ from, path, anchor string }
	ids := map[string]map[string]bool{}
	var links []link
	queue := []string{"/kataloger"}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		if ids[path] != nil {
			continue
		}
		got := s.get(path)
		if got.Code != 200 {
			t.Fatalf("%s: %d", path, got.Code)
		}
		ids[path] = map[string]bool{}
		if !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
			continue
		}
		if len(ids)%5 == 0 { // to check every page so takes long
			wellFormed(t, path, got)
		}
		doc := got.doc()
		for n := range doc.Descendants() {
			ids[path][attr(n, "id")] = true
			if to := attr(n, "href"); n.Data == "a" && strings.HasPrefix(to, "/") {
				page, anchor, _ := strings.Cut(to, "#")
				links = append(links, link{path, page, anchor})
				if ids[page] == nil {
					queue = append(queue, page)
				}
			}
			for _, name := range []string{"style", "onclick"} {
				if attr(n, name) != "" {
					t.Errorf("%s: %s= would be stopped by the content security policy", path, name)
				}
			}
		}
	}
	for _, l := range links {
		if l.anchor != "" && !ids[l.path][l.anchor] {
			t.Errorf("%s: %s#%s leads nowhere", l.from, l.path, l.anchor)
		}
	}
	c := shipped()
	want := []string{"/kartotek", "/lagrum", "/tackning", "/provfall", "/tackning.xlsx"}
	for _, r := range c.Requirements {
		want = append(want, "/krav/"+r.ID)
	}
	for _, x := range c.Practices {
		want = append(want, "/kartotek/"+x.ID)
	}
	for _, x := range c.Laws {
		want = append(want, "/lagrum/"+x.ID)
	}
	for _, x := range c.Frameworks {
		want = append(want, "/tackning/"+x.ID)
	}
	for _, path := range want {
		if ids[path] == nil {
			t.Errorf("nothing leads to %s", path)
		}
	}
}

func TestShelfKnowsWhatItHasNot(t *testing.T) {
	s := newSite(t)
	for path, say := range map[string]string{
		"/krav/BEH-044":       "Närmast är BEH-04",
		"/krav/finnsinte":     "Kravet finns inte",
		"/lagrum/finnsinte":   "Sidan finns inte",
		"/kartotek/finnsinte": "Sidan finns inte",
		"/tackning/finnsinte": "Sidan finns inte",
		"/provfall/finnsinte": "Sidan finns inte",
	} {
		if got := s.get(path).wants(http.StatusNotFound); !strings.Contains(textOf(got.doc()), say) {
			t.Errorf("%s does not say %q", path, say)
		}
	}
	if got := s.get("/krav/beh-04"); got.Code != http.StatusSeeOther || got.Header.Get("Location") != "/krav/BEH-04" {
		t.Errorf("an id in small letters gives %d to %s", got.Code, got.Header.Get("Location"))
	}
}

func TestRulePage(t *testing.T) {
	s := newSite(t)
	text := textOf(s.get("/krav/BEH-03").wants(200).doc())
	for _, want := range []string{
		"Gäller när K är minst 1 Måttlig", "minst en gång om året", "3 Allvarlig", "minst en gång i kvartalet", // each step
		"Systemägare", "ISO/IEC 27002:2022 5.18", "MSBFS 2020:7", "provfall",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "{intervall}") {
		t.Error("a parameter is shown as its author wrote it")
	}
}

func TestSearchAcrossCatalogs(t *testing.T) {
	s := newSite(t)
	first := func(q string) string {
		doc := s.get("/sok?q=" + q).wants(200).doc()
		for _, n := range find(doc, "h3") {
			return attr(find(n, "a")[0], "href")
		}
		return textOf(find(doc, "main")[0])
	}
	for q, want := range map[string]string{
		"beh-04":             "/krav/BEH-04", // the id before those that mention it
		"incidenter+rutin":   "/krav/INC-01", // in the title, in any order
		"cybers%C3%A4kerhet": "",
	} {
		if got := first(q); want != "" && got != want || want == "" && !strings.HasPrefix(got, "/") {
			t.Errorf("%s: first comes %s, not %s", q, got, want)
		}
	}
	for q, want := range map[string]string{"a": "Skriv minst två tecken.", "xyzzy": "Inget finns om ”xyzzy”", "": "Sök bland krav"} {
		if got := textOf(s.get("/sok?q=" + q).wants(200).doc()); !strings.Contains(got, want) {
			t.Errorf("%q: no %q", q, want)
		}
	}
	// What was searched for is marked, whatever its case.
	doc := s.get("/sok?q=LOGGAR").wants(200).doc()
	marks := find(doc, "mark")
	if len(marks) == 0 {
		t.Fatal("nothing is marked")
	}
	for _, m := range marks {
		if !strings.EqualFold(textOf(m), "loggar") {
			t.Errorf("%q is marked", textOf(m))
		}
	}
	if got := attr(find(doc, "input")[0], "value"); got != "LOGGAR" {
		t.Errorf("the field has lost its text: %q", got)
	}
	s.get("/sok?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E").wants(200)
}

// The workbook tells the same as the pages.
func TestCoverageAsWorkbook(t *testing.T) {
	s := newSite(t)
	got := s.get("/tackning.xlsx").wants(200)
	report, err := workbook.Inspect([]byte(got.Body))
	if err != nil || !report.Untouched() {
		t.Fatalf("%v %+v", err, report)
	}
	f, err := excelize.OpenReader(bytes.NewReader([]byte(got.Body)))
	if err != nil {
		t.Fatal(err)
	}
	over, err := f.GetRows("Översikt")
	if err != nil || len(over) != 1+len(shipped().Frameworks) {
		t.Fatalf("%v %v", err, over)
	}
	for i, x := range shipped().Frameworks {
		sheet, err := f.GetRows(f.GetSheetList()[i+1])
		if err != nil {
			t.Fatal(err)
		}
		var rows [][]string // one for each point, with the requirements of all its rows
		for n, row := range sheet {
			if n > 0 && row[0] == rows[len(rows)-1][0] {
				rows[len(rows)-1] = append(rows[len(rows)-1], row[3])
			} else {
				rows = append(rows, []string{row[0], row[2], row[3]})
			}
		}
		if len(rows) != 1+len(x.Items) {
			t.Fatalf("%s: %d points, not %d", x.ID, len(rows)-1, len(x.Items))
		}
		page := s.get("/tackning/" + x.ID).wants(200)
		lines := find(page.doc(), "tbody")[0]
		n := 0
		for tr := range lines.Descendants() {
			if tr.Type != html.ElementNode || tr.Data != "tr" {
				continue
			}
			n++
			for _, cell := range rows[n] {
				if !strings.Contains(textOf(tr), cell) {
					t.Errorf("%s %s: the page does not say %q: %s", x.ID, rows[n][0], cell, textOf(tr))
				}
			}
		}
		if n != len(x.Items) {
			t.Errorf("%s: the page has %d rows", x.ID, n)
		}
	}
	if again := s.get("/tackning.xlsx"); !bytes.Equal([]byte(again.Body), []byte(got.Body)) {
		t.Error("the same catalogues give another file")
	}
}
