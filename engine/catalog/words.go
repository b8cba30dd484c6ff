package catalog

import (
	"fmt"
	"strings"

	"github.com/kravverk/kravverk/engine/rule"
)

// AtomText puts one key of a row in words, as it stands in the file rather
// than in any state: "K minst 2 Betydande", "drift är moln eller drift är sta".
func (c *Catalog) AtomText(a Atom) string {
	switch {
	case a.Aspect != nil:
		v := a.Levels.Values()
		switch {
		case a.Levels == AtLeast(v[0]):
			return fmt.Sprintf("%s %s %d %s", a.Aspect.ID, words.atLeast, v[0], c.Level(v[0]).Title)
		case a.Levels == rule.Of(v[0]):
			return fmt.Sprintf("%s %s %d %s", a.Aspect.ID, words.is, v[0], c.Level(v[0]).Title)
		}
		top := v[len(v)-1]
		return fmt.Sprintf("%s %s %d %s", a.Aspect.ID, words.atMost, top, c.Level(top).Title)
	case a.Fact == nil:
		var out []string
		for _, law := range a.Laws {
			out = append(out, law.Title+" "+words.applies)
		}
		return strings.Join(out, " "+words.or+" ")
	case a.Fact.Type == Bool:
		return a.Fact.BoolPhrase(a.Want)
	}
	var out []string
	for _, i := range a.Options {
		out = append(out, a.Fact.OptionPhrase(i))
	}
	return strings.Join(out, " "+words.or+" ")
}

// BoolPhrase is a bool's value in running text.
func (f *Fact) BoolPhrase(yes bool) string {
	phrase, fallback := f.No, words.no
	if yes {
		phrase, fallback = f.Yes, words.yes
	}
	if phrase == "" {
		return strings.ToLower(f.Title) + ": " + fallback
	}
	return phrase
}

// OptionPhrase is an option in running text.
func (f *Fact) OptionPhrase(i int) string {
	if p := f.Options[i].Phrase; p != "" {
		return p
	}
	return strings.ToLower(f.Title) + " " + words.is + " " + strings.ToLower(f.Options[i].Title)
}
