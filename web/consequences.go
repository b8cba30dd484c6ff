package web

import (
	"regexp"
	"strings"

	"github.com/kravverk/kravverk/engine/catalog"
)

// consequenceRow is a category of harm, with what it looks like at each level.
type consequenceRow struct {
	Title, Help string
	Cells       []consequenceCell
}

type consequenceCell struct {
	Level string
	Text  []aspectText
	Hit   string // "Ditt val för K."
}

// aspectText is what a consequence looks like for one aspect, or, without a
// letter, for all.
type aspectText struct{ Letter, Text string }

// byAspect cuts a consequence's text where the author turns to an aspect: "K: en
// läcka … R: …".
func byAspect(c *catalog.Catalog, text string) []aspectText {
	var letters []string
	for _, a := range c.Aspects {
		letters = append(letters, a.ID)
	}
	cut := regexp.MustCompile(`(?:^|\s)(` + strings.Join(letters, "|") + `): `)
	var out []aspectText
	letter, from := "", 0
	add := func(part string) {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, aspectText{letter, upperFirst(part)})
		}
	}
	for _, m := range cut.FindAllStringSubmatchIndex(text, -1) {
		add(text[from:m[0]])
		letter, from = text[m[2]:m[3]], m[1]
	}
	add(text[from:])
	return out
}
