package web

import (
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
)

// searchPage is what is found across everything in the catalogues.
type searchPage struct {
	page
	Query  string
	Groups []hitGroup
	Count  int
	Short  bool // too little to search for
}

type hitGroup struct {
	Title string
	Count int
	Hits  []hit
}

type hit struct {
	ID          string // shown before the title; may be empty
	Title, Text []engine.Span
	Link        string
	rank        int
}

// most is how many hits of one kind are shown.
const most = 25

func (s *server) search(w http.ResponseWriter, r *http.Request) error {
	p := searchPage{page: s.shelf(r, "Sök i katalogerna", "sok"), Query: strings.TrimSpace(r.FormValue("q"))}
	p.page.Query = p.Query
	words := searchWords(p.Query)
	p.Short = p.Query != "" && len(words) == 0
	if len(words) > 0 {
		p.Groups = find(s.Catalogs().Catalog, words)
		for _, g := range p.Groups {
			p.Count += g.Count
		}
	}
	return s.render(w, http.StatusOK, "search", p)
}

// searchWords are the words of a query, in lower case; single letters say too
// little, but for the aspects.
func searchWords(q string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(strings.ToLower(q), func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' || r == '"' || r == '”' }) {
		if utf8.RuneCountInString(w) > 1 && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out[:min(len(out), 8)]
}

// find looks in everything that an author writes. All the words must be there.
func find(c *catalog.Catalog, words []string) []hitGroup {
	var out []hitGroup
	add := func(title string, hits []hit) {
		if len(hits) == 0 {
			return
		}
		slices.SortStableFunc(hits, func(a, b hit) int { return a.rank - b.rank })
		out = append(out, hitGroup{title, len(hits), hits[:min(len(hits), most)]})
	}
	var hits []hit
	look := func(id, title, link string, texts ...string) {
		if h, ok := match(words, id, title, texts...); ok {
			h.Link = link
			hits = append(hits, h)
		}
	}
	flush := func(title string) { add(title, hits); hits = nil }

	for _, q := range c.Requirements {
		var refs []string
		for _, r := range q.References {
			refs = append(refs, referenceText(r))
		}
		look(q.ID, q.Fill(q.Title, 0), "/krav/"+q.ID, q.Fill(q.Is, 0), q.Fill(q.Shall, 0), strings.Join(refs, ", "), q.Note)
	}
	flush("Krav")
	for _, x := range c.Practices {
		texts := []string{x.Lead}
		for _, part := range x.Sections {
			texts = append(texts, part.Text)
		}
		for i := range texts {
			texts[i] = unmarked(texts[i])
		}
		look("", x.Title, practiceLink(x), texts...)
	}
	flush("Kartotek")
	for _, x := range c.Laws {
		look("", x.Title, "/lagrum/"+x.ID, x.Source, x.Effect, x.Question, x.Note)
	}
	flush("Lagrum")
	for _, f := range c.Facts {
		if !f.IsDerived() {
			texts := []string{f.Help, f.Example}
			for _, o := range f.Options {
				texts = append(texts, o.Title+" "+o.Help)
			}
			look("", f.Text, catalogLink(c, f.Profile)+"#fraga-"+f.ID, texts...)
		}
	}
	flush("Frågor")
	for _, x := range c.InformationTypes {
		look("", x.Title, "/kataloger/"+c.ID+"#typ-"+x.ID, x.Text, x.Justification)
	}
	flush("Informationstyper")
	for _, f := range c.Frameworks {
		for _, i := range f.Items {
			look(i.ID, i.Title, "/tackning/"+f.ID+"#p-"+slug(i.ID), f.Title, i.Gap)
		}
	}
	flush("Punkter i regelverk")
	return out
}

func catalogLink(c *catalog.Catalog, p *catalog.Profile) string {
	if p == nil {
		return "/kataloger/" + c.ID
	}
	return "/kataloger/" + p.ID
}

// match holds a thing to the words, and ranks it: its id, then its title, then
// the rest. The text shown is the one with most of the words.
func match(words []string, id, title string, texts ...string) (hit, bool) {
	low := strings.ToLower(id + " " + title)
	all := low + " " + strings.ToLower(strings.Join(texts, " "))
	rank, inTitle := 2, true
	for _, w := range words {
		if !strings.Contains(all, w) {
			return hit{}, false
		}
		inTitle = inTitle && strings.Contains(low, w)
	}
	switch {
	case len(words) == 1 && strings.EqualFold(id, words[0]):
		rank = 0
	case inTitle:
		rank = 1
	}
	best, text := -1, ""
	for _, t := range texts {
		n := 0
		for _, w := range words {
			if strings.Contains(strings.ToLower(t), w) {
				n++
			}
		}
		if n > best && t != "" {
			best, text = n, t
		}
	}
	return hit{ID: id, Title: marked(title, words), Text: marked(snippet(text, words, 180), words), rank: rank}, true
}

// snippet cuts a text to about so many characters around the first word found.
func snippet(text string, words []string, room int) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) <= room {
		return string(runes)
	}
	low := []rune(strings.ToLower(string(runes)))
	at := 0
	if len(low) == len(runes) {
		for _, w := range words {
			if i := strings.Index(string(low), w); i >= 0 {
				at = utf8.RuneCountInString(string(low)[:i])
				break
			}
		}
	}
	from := max(0, min(at-room/3, len(runes)-room))
	to := min(len(runes), from+room)
	for from > 0 && runes[from-1] != ' ' {
		from++
	}
	for to < len(runes) && to > from && runes[to] != ' ' {
		to--
	}
	out := string(runes[from:to])
	if from > 0 {
		out = "… " + out
	}
	if to < len(runes) {
		out += " …"
	}
	return out
}

// marked cuts a text into spans, marking the words.
func marked(text string, words []string) []engine.Span {
	low := strings.ToLower(text)
	if len(low) != len(text) { // a letter whose small form is longer
		return []engine.Span{{Text: text}}
	}
	var out []engine.Span
	for at := 0; at < len(text); {
		next, length := len(text), 0
		for _, w := range words {
			if i := strings.Index(low[at:], w); i >= 0 && (at+i < next || at+i == next && len(w) > length) {
				next, length = at+i, len(w)
			}
		}
		if next > at {
			out = append(out, engine.Span{Text: text[at:next]})
		}
		if length > 0 {
			out = append(out, engine.Span{Text: text[next : next+length], Mark: true})
		}
		at = next + length
	}
	return out
}
