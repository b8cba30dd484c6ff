package engine

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

var update = flag.Bool("update", false, "write the golden parts of the txtar files anew")

// TestCases derives every testdata/derive/*.txtar: the catalogue's files, the
// answers (svar.toml), and what comes out (kravbild.txt). Read the difference
// before keeping what -update writes.
func TestCases(t *testing.T) {
	names, err := filepath.Glob("../testdata/derive/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no cases", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			fsys := fstest.MapFS{}
			var answers []byte
			golden := -1
			for i, f := range ar.Files {
				switch f.Name {
				case "svar.toml":
					answers = f.Data
				case "kravbild.txt":
					golden = i
				case "bas/catalog.toml":
					fsys[f.Name] = &fstest.MapFile{Data: []byte(base + string(f.Data))}
				default:
					fsys[f.Name] = &fstest.MapFile{Data: f.Data}
				}
			}
			got := func() string {
				c, list := catalog.Load(fsys, catalog.Options{})
				if c == nil {
					t.Fatal(text(list, fsys))
				}
				a, doc, list := ParseAnswers("svar.toml", answers)
				source := fstest.MapFS{"svar.toml": {Data: answers}}
				if list.HasErrors() {
					return text(list, source)
				}
				f, err := NewFacts(c, a)
				if bad, ok := err.(*AnswersError); ok {
					return text(bad.Diagnostics(doc), source)
				}
				return dump(Derive(f))
			}()
			if *update {
				if golden < 0 {
					golden = len(ar.Files)
					ar.Files = append(ar.Files, txtar.File{Name: "kravbild.txt"})
				}
				ar.Files[golden].Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if golden < 0 || got != string(ar.Files[golden].Data) {
				t.Errorf("got\n%s", got)
			}
		})
	}
}

// dump writes a derivation for a person to read.
func dump(d *Derivation) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	for _, l := range d.Facts.Levels {
		s := fmt.Sprintf("nivå %s: %s", l.Aspect.ID, levelDigits(l.Possible))
		if l.From != "" {
			s += ", från " + l.From
		}
		if l.Category != "" {
			s += " (" + l.Category + ")"
		}
		if l.Raised {
			s += ", höjd"
		}
		if l.Justification != "" {
			s += ": " + l.Justification
		}
		if len(l.Unrated) > 0 {
			s += ", saknas för " + strings.Join(l.Unrated, ", ")
		}
		line("%s", s)
	}
	for _, x := range d.Laws {
		s := fmt.Sprintf("lag %s: %s", x.Law.ID, appliesWord(x.Applies))
		if x.Because != "" {
			s += ", " + x.Because
		}
		if x.Suggested {
			s += ", föreslås"
		}
		if len(x.Low) > 0 {
			s += ", nivån är låg för " + strings.Join(x.Low, " ")
		}
		line("%s", s)
	}
	for _, p := range d.Profiles {
		s := fmt.Sprintf("profil %s: %s", p.Profile.ID, appliesWord(p.Active))
		if p.Because != "" {
			s += ", " + p.Because
		}
		line("%s", s)
	}
	for i := range d.Findings {
		f := &d.Findings[i]
		line("")
		line("%s %s", f.Requirement.ID, Text(f.Title))
		line("  %s: %s", appliesWord(f.Applies), f.Because)
		if f.Unsettled {
			line("  texten är inte avgjord")
		}
		if f.Applies != rule.No && len(f.Is) > 0 {
			line("  är: %s", Text(f.Is))
		}
		if f.Applies != rule.No && len(f.Shall) > 0 {
			line("  ska: %s", Text(f.Shall))
		}
		for _, o := range f.Offers {
			line("  förslag: %s %s enligt %s (%s)", o.Prefill.Answer, o.Prefill.Strength, o.Prefill.Profile.ID, appliesWord(o.Offered))
		}
		for _, flip := range d.Flips(f) {
			line("  ändras om man: %s", strings.Join(flip, " och "))
		}
	}
	if len(d.Open) > 0 {
		line("")
	}
	for _, q := range d.Open {
		line("öppen fråga: %s (%d)", q.Title, q.Matters)
	}
	if d.Draft() {
		line("UTKAST")
	}
	return b.String()
}
