package main

import (
	"bytes"
	"testing"
)

// The catalogues that come with the program have nothing to remark on, and all
// their cases come out as expected: by the function that lint itself calls.
func TestShippedCatalogs(t *testing.T) {
	s, err := open("")
	if err != nil {
		t.Fatal(err)
	}
	var report lintReport
	report.add(s, "2026-11-23") // the day they were issued
	if len(report.Diagnostics) > 0 {
		var b bytes.Buffer
		report.Diagnostics.WriteText(&b, s.source)
		t.Errorf("%s", &b)
	}
	if len(report.Catalogs) != 4 || report.Cases == 0 {
		t.Errorf("%d catalogues, %d cases", len(report.Catalogs), report.Cases)
	}
}
