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
		Why           string            `json:"why"`
		AtMost        *int              `json:"at_most"` // rows that a supplier answers
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

// Case is an example beside the catalogue, and what came out of it.
type Case struct {
	File  string
	Title string
	Type  string // A or B
	Why   string // why the list should be as it is, in the domain's words
	// Derivation is what the answers give; nil when they are not taken.
	Derivation *Derivation
}

// Cases runs every case in the cases folders below fsys, at the root or in a
// folder directly under it, by file name. The list reports what did not come
// out as expected, in its place; a case that cannot be read is only in the list.
func Cases(c *catalog.Catalog, fsys fs.FS) ([]Case, diag.List) {
	var all []Case
	var list diag.List
	files, _ := fs.Glob(fsys, "cases/*.toml")
	more, _ := fs.Glob(fsys, "*/cases/*.toml")
	for _, name := range append(files, more...) {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			list.Errorf("read", diag.Range{File: name}, "", "%s", err)
			continue
		}
		var k caseFile
		doc, problems := catalog.Decode(path.Clean(name), data, "case.schema.json", &k)
		list = append(list, problems...)
		if problems.HasErrors() {
			continue
		}
		one := Case{File: name, Title: k.Classification.Title, Type: k.Classification.Type, Why: k.Expect.Why}
		list = append(list, one.check(c, doc, &k)...)
		all = append(all, one)
	}
	return all, list
}

// Size is how long a list of requirements is.
type Size struct {
	Rows     int // requirements that apply
	Supplier int // of them those that a supplier answers
	Offered  int // of them those that some prefill answers
}

// Size counts the requirements that apply for certain.
func (d *Derivation) Size() Size {
	var n Size
	for i := range d.Findings {
		f := &d.Findings[i]
		if f.Applies != rule.Yes {
			continue
		}
		n.Rows++
		if f.Requirement.Concern != "own" && len(f.Shall) > 0 {
			n.Supplier++
		}
		if f.Offered() != nil {
			n.Offered++
		}
	}
	return n
}

// Offered is the prefill that is offered for certain, the strongest profile's
// first; nil when there is none.
func (f *Finding) Offered() *catalog.Prefill {
	for _, o := range f.Offers {
		if o.Offered == rule.Yes {
			return o.Prefill
		}
	}
	return nil
}

// check derives the case and holds it to what is expected.
func (one *Case) check(c *catalog.Catalog, doc *catalog.Document, k *caseFile) (list diag.List) {
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
	one.Derivation = d
	if n := d.Size().Supplier; x.AtMost != nil && n > *x.AtMost {
		list.Errorf("case", doc.At("/expect/at_most"), "", caseSay.tooMany, n, *x.AtMost)
	}
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
		if p := f.Offered(); p != nil {
			return p.Answer
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
