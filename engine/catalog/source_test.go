package catalog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kravverk/kravverk/engine/diag"
)

// mark shows what a place marks: its line and column, and the text.
func mark(t *testing.T, data string, r diag.Range) string {
	t.Helper()
	lines := strings.Split(strings.TrimPrefix(data, diag.BOM), "\n")
	if r.Line < 1 || r.Line > len(lines) {
		t.Fatalf("line %d of %d", r.Line, len(lines))
	}
	line := []rune(lines[r.Line-1])
	if r.Col < 1 || r.Col-1+r.Len > len(line)+1 {
		t.Fatalf("column %d and %d on of %q", r.Col, r.Len, string(line))
	}
	return fmt.Sprintf("%d:%d %s", r.Line, r.Col, string(line[r.Col-1:min(len(line), r.Col-1+r.Len)]))
}

func TestPositions(t *testing.T) {
	for _, tt := range []struct {
		name, data, ptr string
		value, key      string
	}{
		{"key", "a = 12", "/a", "1:5 12", "1:1 a"},
		{"table", "\n[tabell]\na = \"b\"", "/tabell/a", "3:5 \"b\"", "3:1 a"},
		{"the table itself", "\n[tabell]\na = 1", "/tabell", "2:2 tabell", "2:2 tabell"},
		{"nested tables", "[a.b.c]\nd = true", "/a/b/c/d", "2:5 true", "2:1 d"},
		{"a table made by the way", "[a.b.c]\nd = true", "/a/b", "1:4 b", "1:4 b"},
		{"array of tables", "[[a]]\nx = 1\n[[a]]\nx = 2", "/a/1/x", "4:5 2", "4:1 x"},
		{"the element itself", "[[a]]\nx = 1\n[[a]]\nx = 2", "/a/1", "3:3 a", "3:3 a"},
		{"array of tables in one", "[[a]]\n[[a.b]]\nx = 1\n[[a]]\n[[a.b]]\n[[a.b]]\nx = 2", "/a/1/b/1/x", "7:5 2", "7:1 x"},
		{"table below an element", "[[a]]\n[a.b]\nx = 1\n[[a]]\n[a.b]\nx = 2", "/a/1/b/x", "6:5 2", "6:1 x"},
		{"dotted key", "a.b.c = 1.5", "/a/b/c", "1:9 1.5", "1:5 c"},
		{"dotted key twice", "a.b = 1\na.c = 2", "/a/c", "2:7 2", "2:3 c"},
		{"quoted key", "\"a b\" = 1", "/a b", "1:9 1", "1:1 \"a b\""},
		{"key with a slash", "\"a/b~\" = 1", "/a~1b~0", "1:10 1", "1:1 \"a/b~\""},
		{"inline table", "a = { b = \"x\", c = \"y\" }", "/a/c", "1:20 \"y\"", "1:16 c"},
		{"the inline table itself", "a = { b = 1 }", "/a", "1:5 {", "1:1 a"},
		{"inline in inline", "a = { b = { c = 1 } }", "/a/b/c", "1:17 1", "1:13 c"},
		{"array of inline tables", "a = [\n  { b = 1 }, # {\n  # [\n  { b = 2 },\n]", "/a/1/b", "4:9 2", "4:5 b"},
		{"element of a row", "a = [ { b = [\"x\", \"y\"] } ]", "/a/0/b/1", "1:19 \"y\"", "1:9 b"},
		{"an array stands at its key", "a = [1, 2]", "/a", "1:1 a", "1:1 a"},
		{"an empty array", "a = []", "/a", "1:1 a", "1:1 a"},
		{"an empty string", "a = \"\"", "/a", "1:5 \"\"", "1:1 a"},
		{"date", "a = 2026-11-23", "/a", "1:5 2026-11-23", "1:1 a"},
		{"missing in a table", "[a]\nb = 1", "/a/c", "1:2 a", "1:2 a"},
		{"missing altogether", "[a]\nb = 1", "/c", "1:1 [", "1:1 ["},
		{"after åäö", "å = 1", "/x", "", ""},
		{"value after åäö", "a = { b = \"åäö\", c = 1 }", "/a/c", "1:22 1", "1:18 c"},
		{"åäö itself", "a = \"åäö\"", "/a", "1:5 \"åäö\"", "1:1 a"},
		{"nfd counts its marks", "a = { b = \"a\u030a\", c = 1 }", "/a/c", "1:21 1", "1:17 c"},
		{"tabs", "\ta\t=\t1", "/a", "1:6 1", "1:2 a"},
		{"crlf", "[a]\r\nb = 1\r\nc = \"d\"\r\n", "/a/c", "3:5 \"d\"", "3:1 c"},
		{"bom", "\ufeffa = 1\nb = 2", "/a", "1:5 1", "1:1 a"},
		{"bom and later", "\ufeffa = 1\nb = 2", "/b", "2:5 2", "2:1 b"},
		{"multi-line string", "a = \"\"\"\nett\ntvå\"\"\"\nb = 1", "/a", "1:5 \"\"\"", "1:1 a"},
		{"multi-line string, crlf", "a = \"\"\"\r\nett\"\"\"\r\nb = 1", "/a", "1:5 \"\"\"", "1:1 a"},
		{"after a multi-line string", "a = '''\nx = 1\n'''\nb = 1", "/b", "4:5 1", "4:1 b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var list problems
			s := parse("f.toml", []byte(tt.data), &list)
			if tt.value == "" { // the file itself is wrong
				if !list.list.HasErrors() {
					t.Error("no error")
				}
				return
			}
			if len(list.list) > 0 {
				t.Fatal(list.list)
			}
			if got := mark(t, tt.data, s.at(tt.ptr)); got != tt.value {
				t.Errorf("value at %s, want %s", got, tt.value)
			}
			if got := mark(t, tt.data, s.keyAt(tt.ptr)); got != tt.key {
				t.Errorf("key at %s, want %s", got, tt.key)
			}
		})
	}
}

func TestUnicodeIsLeftAlone(t *testing.T) {
	var list problems
	s := parse("f.toml", []byte("nfc = \"\u00e5\"\nnfd = \"a\u030a\""), &list)
	if s.tree["nfc"] != "\u00e5" || s.tree["nfd"] != "a\u030a" {
		t.Errorf("%q", s.tree)
	}
}

func TestMistakesInTOML(t *testing.T) {
	for _, tt := range []struct{ name, data, want string }{
		{"not utf-8", "a = 1\nb = \"\xe5\"", "2:6 \ufffd| utf8"},
		{"twice", "a = 1\na = 2", "2:1 a| nyckeln eller tabellen finns redan i filen"},
		{"table twice", "[a]\n[a]", "2:2 a| nyckeln eller tabellen finns redan i filen"},
		{"no value", "a = \nb = 1", "1:4  | ett värde saknas efter likhetstecknet, eller text saknar citattecken"},
		{"no quotes", "a = text", "1:5 text| ett värde saknas efter likhetstecknet, eller text saknar citattecken"},
		{"no end quote", "a = \"text\nb = 1", "| texten saknar avslutande citattecken"},
		{"no bracket", "a = [1, 2\nb = 1", "| ett komma eller en hakparentes saknas i listan"},
		{"no equals sign", "a 1", "1:3 1| efter nyckeln ska det stå ett likhetstecken"},
		{"swedish key", "å = 1", "1:1 å| en nyckel får bara innehålla a–z, 0–9, - och _"},
		{"control character", "\x10", "1:1 \x10| "},
		{"end of file", "a = [", "| filen tar slut mitt i ett värde"},
		{"escape", `a = "c:\mapp"`, "| ett omvänt snedstreck i texten måste skrivas två gånger"},
		{"something after", "a = 1 2", "| raden har något efter värdet, eller citattecken saknas"},
		{"value and table", "a = 1\n[a.b]", "| nyckeln eller tabellen finns redan i filen"},
		{"1.1: over several lines", "a = {\n b = 1 }", "1:5 {| TOML 1.1"},
		{"1.1: comma last", "a = { b = 1, }", "1:14 }| TOML 1.1"},
		{"1.1: comment", "a = { b = 1 # }\n}", "1:5 {| TOML 1.1"},
		{"crlf at the end", "a = \"x\r\nb = 1", "| "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var list problems
			parse("f.toml", []byte(tt.data), &list)
			if len(list.list) == 0 {
				t.Fatal("taken")
			}
			d := list.list[0]
			where, what, _ := strings.Cut(tt.want, "| ")
			if got := mark(t, strings.ToValidUTF8(tt.data, "\ufffd"), d.Range); where != "" && got != where {
				t.Errorf("at %q, want %q (%s)", got, where, d.Summary)
			}
			if !strings.Contains(d.Code+" "+d.Summary, what) {
				t.Errorf("%s: %s", d.Code, d.Summary)
			}
		})
	}
}

func TestStrictInlineTakesWhatIsSound(t *testing.T) {
	for _, data := range []string{
		"a = { b = \"}\", c = ',}' }",
		"a = { b = \"\\\"}\" }",
		"a = { b = [\n 1, # ]\n 2,\n] }",
		"a = { b = '''x}\n'''}",
		"a = { b = \"\"\"x\\\"}\n\"\"\"\"\" }",
		"a = {}",
		"a = { b = { c = {} }, d = [{}, {}] }",
	} {
		var list problems
		if parse("f.toml", []byte(data), &list); len(list.list) > 0 {
			t.Errorf("%s\n%v", data, list.list)
		}
	}
}
