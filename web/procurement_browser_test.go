package web_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/kravverk/kravverk/engine/workbook"
)

// saved gives a file as LibreOffice saves it, by way of each of the formats.
func saved(t *testing.T, data []byte, formats ...string) []byte {
	t.Helper()
	program, err := exec.LookPath("soffice")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("soffice is missing")
		}
		t.Log("NOT TESTED WITH LIBREOFFICE: soffice is missing, so nobody knows whether a supplier can use it")
		t.Skip()
	}
	dir := t.TempDir()
	at := filepath.Join(dir, "anbud.xlsx")
	check(t, os.WriteFile(at, data, 0o644))
	for i, format := range formats {
		out := filepath.Join(dir, string(rune('a'+i)))
		if said, err := exec.Command(program, "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--convert-to", format, "--outdir", out, at).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		at = filepath.Join(out, "anbud."+format)
	}
	back, err := os.ReadFile(at)
	check(t, err)
	return back
}

// hand gives the tab a file to send, under a name of its own.
func (b *tab) hand(name string, data []byte) {
	b.t.Helper()
	at := filepath.Join(b.t.TempDir(), name)
	check(b.t, os.WriteFile(at, data, 0o644))
	b.run(chromedp.SetUploadFiles("#fil", []string{at}))
}

// From a finished list to an awarded tender, with three tenderers who save in
// LibreOffice, in a real browser. Every page on the way is accessible.
func TestProcurementInTheBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	base := s.settledSystem()
	b := newTab(t, s)
	b.excuses("status of 422")
	b.open(base + "/kravbilaga")
	b.accessible("kravbilaga")
	b.follow("a[href$='/anpassa']")
	b.accessible("anpassa")
	row := evaluate[string](b, "document.querySelector('tbody tr[id] a').getAttribute('href')")
	must := row[strings.LastIndex(row, "/")+1:]
	b.follow("tbody tr[id] a")
	b.accessible("a row")
	b.choose("#typ", "should")
	b.fill("#poang", "6")
	b.fill("#delvis", "3")
	b.fill("#skal", "Få leverantörer klarar det.")
	b.follow("form[data-dirty] button.btn")
	b.says(".note.err", "Lydelsen säger inte bör")
	b.accessible("a row with something to mend")
	b.follow("form[data-dirty] button.btn")
	b.says(".note.ok", "sparad")
	b.says("#"+must, "Bör i stället för ska")
	b.follow("a.btn[href*='/anpassa/EGEN-']")
	b.choose("#omrade", "BEH")
	b.fill("#rubrik", "Support på svenska")
	b.fill("#text", "Support ska ges på svenska.")
	b.fill("#skal", "Handläggarna arbetar på svenska.")
	b.follow("form[data-dirty] button.btn")
	b.says("#EGEN-1", "Eget krav")

	b.open(base + "/kravbilaga")
	b.fill("#dag", "2026-11-23")
	evaluate[bool](b, "(document.querySelector('#tid').value = '12:00') !== ''")
	b.click("input[name=upphandlare][value='" + maria.ID + "']")
	b.follow("form[action$='/upphandling'] button")
	b.says(".note.ok", "sparade")
	b.follow("form[action$='/kravbilaga'] button")
	b.says(".note.ok", "fastställd")
	b.accessible("kravbilaga, sent out")
	sent := b.download("a[href$='/kravbilaga/1.xlsx']")
	if report, err := workbook.Inspect(sent); err != nil || !report.Untouched() {
		t.Fatal(err, report.Changes)
	}

	// The three, each in their own way. One does not meet a mandatory row.
	bids := map[string][]byte{
		"Nordarkiv AB":  saved(t, replied(t, sent, map[string]string{must: "Delvis"}), "xlsx"),
		"Kommunmoln HB": saved(t, replied(t, sent, map[string]string{"EGEN-1": "Nej", must: "Ja"}), "ods", "xlsx"),
		"Tryggdrift AB": saved(t, replied(t, sent, map[string]string{"EGEN-1": "Ja, från hösten", must: "Nej"}), "xlsx"),
	}
	s.later.Store(int64(3 * time.Hour))
	for _, name := range []string{"Nordarkiv AB", "Kommunmoln HB", "Tryggdrift AB"} {
		b.open(base + "/anbud")
		b.accessible("anbud")
		b.fill("#anbudsgivare", name)
		b.hand("anbud från "+name+".xlsx", bids[name])
		b.follow("form[enctype] button")
		b.says("h1", "Läs in "+name)
		if strings.HasPrefix(name, "Trygg") {
			b.says("main", "finns inte i listan")
		}
		b.accessible("a file as understood")
		b.follow("form[data-dirty] button.btn")
		b.says("h1", name)
		b.accessible("a tender")
	}
	b.open(base + "/jamforelse")
	b.says("main", "Ska-krav och villkor som inte alla uppfyller")
	b.says("table", "Alla uppfyllda")
	b.accessible("the comparison")
	b.click("input[name=anbud]:nth-of-type(1)")
	b.fill("#skal", "Lägst pris av dem som uppfyller alla ska-krav.")
	b.width(390)
	b.accessible("the comparison on a phone")
	b.width(1280)
	data := b.download("a[href$='/jamforelse.xlsx']")
	if text := sheets(t, string(data)); !strings.Contains(text, "Nordarkiv AB") || !strings.Contains(text, "Ja, från hösten") {
		t.Error("the comparison as a workbook lacks something")
	}
	b.follow("form[action$='/tilldelning'] button")
	b.says(".note.ok", "Nordarkiv AB valdes")
	b.accessible("the closed evaluation")
	b.open(base + "/krav/" + must)
	b.says("main", "anbudet från Nordarkiv AB")
}
