package diag

import (
	"strings"
	"testing"
)

func TestSuggest(t *testing.T) {
	known := []string{"drift", "moln", "K", "R", "personuppgifter", "sta"}
	for word, want := range map[string]string{
		"dirft":          `Menade du "drift"?`, // two that changed places
		"drft":           `Menade du "drift"?`,
		"Drift":          `Menade du "drift"?`,
		"k":              `Menade du "K"?`,
		"T":              "", // one letter away from every other
		"personupgifter": `Menade du "personuppgifter"?`,
		"personnummer":   "",
		"mån":            "",
		"stä":            `Menade du "sta"?`,
		"":               "",
	} {
		if got := Suggest(word, known); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
	// Of two as near, always the same.
	if a, b := Suggest("abcd", []string{"abce", "abcf"}), Suggest("abcd", []string{"abcf", "abce"}); a != b {
		t.Errorf("%s and %s", a, b)
	}
}

func TestWriteText(t *testing.T) {
	var l List
	l.Warnf("v", Range{File: "b.toml"}, "", "en varning")
	l.Errorf("f2", Range{File: "a.toml", Line: 2, Col: 9, Len: 4}, "Gör så.", "fel %d", 2)
	l.Errorf("f1", Range{File: "a.toml", Line: 1, Col: 1, Len: 1}, "", "fel ett")
	l.Errorf("f1", Range{File: "a.toml", Line: 1, Col: 1, Len: 1}, "", "fel ett") // again
	l.Errorf("f3", Range{File: "a.toml", Line: 99, Col: 1, Len: 1}, "", "utanför")
	l.Errorf("f4", Range{}, "", "ingenstans")
	var b strings.Builder
	source := "\ufeffé = 1\r\n\tåä = \"ab\"\r\n"
	if err := l.WriteText(&b, func(name string) []byte {
		if name == "a.toml" {
			return []byte(source)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want := "fel: ingenstans [f4]\n" +
		"a.toml:1:1: fel: fel ett [f1]\n    é = 1\n    ^\n" +
		"a.toml:2:9: fel: fel 2 [f2]\n    \tåä = \"ab\"\n    \t       ^^^^\n    Gör så.\n" +
		"a.toml:99:1: fel: utanför [f3]\n" +
		"b.toml: varning: en varning [v]\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestListIsCapped(t *testing.T) {
	var l List
	for i := range Max + 5 {
		l.Errorf("f", Range{File: "a", Line: i + 1, Col: 1}, "", "fel")
	}
	var b strings.Builder
	l.WriteText(&b, func(string) []byte { return nil })
	if !strings.HasSuffix(b.String(), "… och 5 till. Rätta de första och kör igen.\n") {
		t.Error("the rest is not told")
	}
}

func TestErr(t *testing.T) {
	var l List
	if l.Err() != nil {
		t.Error("an empty list is no error")
	}
	l.Warnf("v", Range{}, "", "varning")
	if l.Err() != nil || l.HasErrors() {
		t.Error("a warning is no error")
	}
	l.Errorf("f", Range{File: "a", Line: 3, Col: 7}, "", "första")
	l.Errorf("f", Range{File: "a", Line: 4, Col: 1}, "", "andra")
	if err := l.Err(); err == nil || err.Error() != "a:3:7: första (och 1 fel till)" {
		t.Error(err)
	}
	for s, want := range map[Severity]string{Error: "error", Warning: "warning"} {
		if text, err := s.MarshalText(); string(text) != want || err != nil {
			t.Errorf("%s, %v", text, err)
		}
	}
}
