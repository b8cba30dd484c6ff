package engine

import (
	"io/fs"
	"os"
	"testing"

	"github.com/kravverk/kravverk/engine/catalog"
)

// shippedFS is the catalogues that come with the program, read once. What is
// published is held to releases.toml elsewhere.
func shippedFS(tb testing.TB) fs.FS {
	tb.Helper()
	files := map[string][]byte{}
	disk := os.DirFS("../catalogs")
	err := fs.WalkDir(disk, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name == "releases.toml" {
			return err
		}
		files[name], err = fs.ReadFile(disk, name)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return catalog.FilesFS(files)
}

func shipped(tb testing.TB) *catalog.Catalog {
	tb.Helper()
	c, list := catalog.Load(shippedFS(tb), catalog.Options{})
	if c == nil {
		tb.Fatal(list.Err())
	}
	return c
}

// answered answers every nth question with what comes first, and the levels
// unless n is over 1.
func answered(tb testing.TB, c *catalog.Catalog, every int) *Facts {
	tb.Helper()
	var a Answers
	a.Classification.Catalog = c.ID
	a.Facts = map[string]any{}
	for i, f := range c.Facts {
		if every == 0 || i%every != 0 || f.IsDerived() {
			continue
		}
		switch f.Type {
		case catalog.Bool:
			a.Facts[f.ID] = true
		case catalog.Choice:
			a.Facts[f.ID] = f.Options[len(f.Options)-1].ID
		default:
			a.Facts[f.ID] = []string{f.Options[0].ID}
		}
	}
	if every > 0 {
		a.Information = []Information{{Type: "Uppgifter", Levels: map[string]int{"K": 2, "R": 1, "T": 3}}}
	}
	if every == 1 {
		a.Facts["lagrum"] = []string{}
	}
	if every == 2 {
		a.Information = append(a.Information, Information{Type: "Annat"})
	}
	f, err := NewFacts(c, a)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func BenchmarkLoad(b *testing.B) {
	fsys := shippedFS(b)
	for b.Loop() {
		catalog.Load(fsys, catalog.Options{})
	}
}

func BenchmarkDerive(b *testing.B) {
	c := shipped(b)
	for name, every := range map[string]int{"full": 1, "half": 2, "none": 0} {
		f := answered(b, c, every)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Derive(f)
			}
		})
	}
}

func BenchmarkCompareUnanswered(b *testing.B) {
	c := shipped(b)
	before, after := answered(b, c, 0), answered(b, c, 2)
	for b.Loop() {
		Compare(Derive(before), Derive(after))
	}
}

func BenchmarkFlips(b *testing.B) {
	d := Derive(answered(b, shipped(b), 1))
	for b.Loop() {
		for i := range d.Findings {
			d.Flips(&d.Findings[i])
		}
	}
}

// The shipped catalogues are tested as code: every case that stands beside
// them comes out as written.
func TestShippedCases(t *testing.T) {
	fsys := shippedFS(t)
	cases, list := Cases(shipped(t), fsys)
	n := len(cases)
	if n == 0 {
		t.Error("no cases")
	}
	for _, d := range list {
		t.Errorf("%s: %s %s", d.Range, d.Summary, d.Detail)
	}
}

// BenchmarkPending is one step of the adaptive questionnaire: what is left to
// ask, with exact relevance.
func BenchmarkPending(b *testing.B) {
	c := shipped(b)
	for name, every := range map[string]int{"full": 1, "half": 2, "none": 0} {
		f := answered(b, c, every)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f.Pending()
			}
		})
	}
	b.Run("facts", func(b *testing.B) { // checking the answers, which a step does too
		a := answered(b, c, 2).Answers
		for b.Loop() {
			NewFacts(c, a)
		}
	})
}
