package engine

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/diag"
	"github.com/kravverk/kravverk/engine/rule"
)

// A case is a file beside the catalogue that it tests: answers, and what is
// expected of them, in the domain's words.
type caseFile struct {
	Answers
	Expect struct {
		Levels        map[string]int    `json:"levels"`
		Yes           []string          `json:"yes"`
		No            []string          `json:"no"`
		Unknown       []string          `json:"unknown"`
		Because       map[string]string `json:"because"` // requirement → part of its reason
		Text          map[string]string `json:"text"`    // requirement → part of its title or wording
		Offers        map[string]string `json:"offers"`  // requirement → answer offered
		NoOffers      []string          `json:"no_offers"`
		OpenQuestions []string          `json:"open_questions"` // among those open
		Refused       string            `json:"refused"`        // part of the message when the answers are not taken
	} `json:"expect"`
}

// CheckCases runs every case in the cases folders below fsys, at the root or
// in a folder directly under it, and reports what did not come out as
// expected, in its place. n is how many cases there were.
func CheckCases(c *catalog.Catalog, fsys fs.FS) (list diag.List, n int) {
	files, _ := fs.Glob(fsys, "cases/*.toml")
	more, _ := fs.Glob(fsys, "*/cases/*.toml")
	for _, name := range append(files, more...) {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			list.Errorf("read", diag.Range{File: name}, "", "%s", err)
			continue
		}
		n++
		list = append(list, checkCase(c, path.Clean(name), data)...)
	}
	return list, n
}

func checkCase(c *catalog.Catalog, name string, data []byte) diag.List {
	var k caseFile
	doc, list := catalog.Decode(name, data, "case.schema.json", &k)
	if list.HasErrors() {
		return list
	}
	x := k.Expect
	facts, err := NewFacts(c, k.Answers)
	var bad *AnswersError
	switch {
	case errors.As(err, &bad) && x.Refused == "":
		return bad.Diagnostics(doc)
	case err != nil && !strings.Contains(err.Error(), x.Refused):
		list.Errorf("case", doc.At("/expect/refused"), err.Error(), caseSay.refusedOther, x.Refused)
		return list
	case err != nil:
		return nil
	case x.Refused != "":
		list.Errorf("case", doc.At("/expect/refused"), "", "%s", caseSay.notRefused)
		return list
	}
	d := Derive(facts)
	for _, aspect := range slices.Sorted(maps.Keys(x.Levels)) {
		i := slices.IndexFunc(facts.Levels, func(l LevelFinding) bool { return l.Aspect.ID == aspect })
		if i < 0 {
			list.Errorf("case", doc.At("/expect/levels/"+aspect), "", caseSay.level, aspect, "inte satt", x.Levels[aspect])
		} else if possible := facts.Levels[i].Possible; possible != rule.Of(x.Levels[aspect]) {
			list.Errorf("case", doc.At("/expect/levels/"+aspect), "", caseSay.level, aspect, levelDigits(possible), x.Levels[aspect])
		}
	}
	find := func(ptr, id string) *Finding {
		f := d.Finding(id)
		if f == nil {
			list.Errorf("case", doc.At(ptr), "", say.noRequirement, id)
		}
		return f
	}
	for _, v := range []struct {
		key  string
		want rule.Truth
		ids  []string
	}{{"yes", rule.Yes, x.Yes}, {"no", rule.No, x.No}, {"unknown", rule.Unknown, x.Unknown}} {
		for i, id := range v.ids {
			ptr := "/expect/" + v.key + "/" + itoa(i)
			if f := find(ptr, id); f != nil && f.Applies != v.want {
				list.Errorf("case", doc.At(ptr), f.Because, caseSay.applies, id, appliesWord(f.Applies), appliesWord(v.want))
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(x.Because)) {
		ptr := "/expect/because/" + id
		if f := find(ptr, id); f != nil && !strings.Contains(f.Because, x.Because[id]) {
			list.Errorf("case", doc.At(ptr), "", caseSay.because, id, f.Because)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(x.Text)) {
		ptr := "/expect/text/" + id
		if f := find(ptr, id); f != nil {
			if text := Text(f.Title) + "\n" + Text(f.Is) + "\n" + Text(f.Shall); !strings.Contains(text, x.Text[id]) {
				list.Errorf("case", doc.At(ptr), text, caseSay.text, id)
			}
		}
	}
	offered := func(f *Finding) string {
		for _, o := range f.Offers {
			if o.Offered == rule.Yes {
				return o.Prefill.Answer
			}
		}
		return ""
	}
	for _, id := range slices.Sorted(maps.Keys(x.Offers)) {
		ptr := "/expect/offers/" + id
		if f := find(ptr, id); f != nil && offered(f) != x.Offers[id] {
			list.Errorf("case", doc.At(ptr), "", caseSay.offer, id, offered(f), x.Offers[id])
		}
	}
	for i, id := range x.NoOffers {
		ptr := "/expect/no_offers/" + itoa(i)
		if f := find(ptr, id); f != nil && offered(f) != "" {
			list.Errorf("case", doc.At(ptr), "", caseSay.noOffer, id, offered(f))
		}
	}
	for i, id := range x.OpenQuestions {
		if !slices.ContainsFunc(d.Open, func(q Question) bool { return q.ID == id }) {
			list.Errorf("case", doc.At("/expect/open_questions/"+itoa(i)), "", caseSay.open, id)
		}
	}
	return list
}

// levelDigits writes levels that are possible: "1, 2 eller 3".
func levelDigits(s rule.Set) string {
	var out []string
	for _, n := range s.Values() {
		out = append(out, itoa(n))
	}
	return either(out)
}
