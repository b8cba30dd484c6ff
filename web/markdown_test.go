package web

import (
	"strings"
	"testing"

	"github.com/kravverk/kravverk/engine/catalog"
)

// What an author writes is shown, and nothing that the page would not allow.
func TestProse(t *testing.T) {
	for _, x := range []struct{ source, want string }{
		{"En [länk](loggning.md) och [en till](loggning.md#rutin).", `<p>En <a href="/kartotek/loggning">länk</a> och <a href="/kartotek/loggning">en till</a>.</p>`},
		{"<b>x</b>", "<p><!-- raw HTML omitted -->x<!-- raw HTML omitted --></p>"},
		{"[x](javascript:alert(1))", `<p><a href="">x</a></p>`},
		{"- a", "<ul class=\"bul\">\n<li>a</li>\n</ul>"},
		{"1. a", "<ol class=\"nums\">\n<li>a</li>\n</ol>"},
		{"| A | *B* |\n|---|--:|\n| c | d |", `<td data-l="A">c</td>`},
		{"| A | *B* |\n|---|--:|\n| c | d |", `<td data-l="B">d</td>`},
		{"Se XYZ-01.", "<p>Se XYZ-01.</p>"}, // no such requirement
	} {
		got, err := prose(&catalog.Catalog{}, x.source)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(got), x.want) || strings.Contains(string(got), "style=") || strings.Contains(string(got), "align=") {
			t.Errorf("%q gives\n%s\nwant\n%s", x.source, got, x.want)
		}
	}
}

func TestSnippet(t *testing.T) {
	long := strings.Repeat("ord ", 60) + "nålen " + strings.Repeat("ord ", 60)
	got := snippet(long, []string{"nålen"}, 60)
	if !strings.HasPrefix(got, "… ") || !strings.HasSuffix(got, " …") || !strings.Contains(got, "nålen") || len([]rune(got)) > 66 {
		t.Errorf("%q", got)
	}
	if got := snippet("Kort text.", []string{"text"}, 60); got != "Kort text." {
		t.Errorf("%q", got)
	}
}

func TestMarked(t *testing.T) {
	for text, want := range map[string]string{
		"Loggar och LOGGAR":  "[Loggar] och [LOGGAR]",
		"Återläsning åter":   "[Åter]läsning [åter]",
		"inget":              "inget",
		"loggning, loggarna": "loggning, [loggar]na",
	} {
		var b strings.Builder
		for _, s := range marked(text, []string{"loggar", "åter", "logga"}) {
			if s.Mark {
				b.WriteString("[" + s.Text + "]")
			} else {
				b.WriteString(s.Text)
			}
		}
		if b.String() != want {
			t.Errorf("%q gives %q, want %q", text, b.String(), want)
		}
	}
}

// A consequence's text is cut where its author turns to an aspect.
func TestByAspect(t *testing.T) {
	c := &catalog.Catalog{Aspects: []*catalog.Aspect{{ID: "K"}, {ID: "R"}, {ID: "T"}}}
	for text, want := range map[string]string{
		"Bara en text. OK: det här är ingen aspekt.":       "[Bara en text. OK: det här är ingen aspekt.]",
		"För alla. K: en läcka. R: ett fel. T: ett stopp.": "[För alla.] K[En läcka.] R[Ett fel.] T[Ett stopp.]",
		"K: en läcka.": "K[En läcka.]",
		"":             "",
	} {
		var got []string
		for _, x := range byAspect(c, text) {
			got = append(got, x.Letter+"["+x.Text+"]")
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q gives %v, want %s", text, got, want)
		}
	}
}
