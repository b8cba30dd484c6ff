package catalog

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/kravverk/kravverk/engine/diag"
)

// Proofread reads the texts of a catalogue as a careful colleague would: the ÄR
// is in the present tense, the SKA demands one thing, which can be measured and
// names no standard without an equivalent, and the Swedish is in order. All it
// finds are warnings, each at the very word where that can be told. The same
// catalogue gives the same list.
//
// It is made to be right rather than complete, since there is no way to silence
// it: a demand that hides in a subordinate clause goes unremarked.
func Proofread(c *Catalog) diag.List {
	p := &proofreader{}
	for _, s := range c.sources() {
		p.all(s, "", s.tree)
	}
	title, is, shall := p.twins(), p.twins(), p.twins()
	for _, r := range c.Requirements {
		p.wording(&r.place, &r.Content, r.Obligation, r.Basis)
		p.editions(r)
		title(r.passage("title", r.Title), r.ID)
		is(r.passage("is", r.Is), r.ID)
		shall(r.passage("shall", r.Shall), r.ID)
		obligation, points := r.Obligation, r.Points
		p.points(&r.place, obligation, points)
		for _, change := range r.Changes {
			a := change.Adjust
			if a == nil {
				continue
			}
			obligation, points = cmp.Or(a.Obligation, obligation), cmp.Or(a.Points, points)
			p.wording(&a.place, &a.Content, obligation, r.Basis)
			if a.Obligation != "" {
				p.points(&a.place, obligation, points)
			}
		}
		how := p.twins()
		for _, f := range r.Prefills {
			t := f.passage("how", f.How)
			p.tense(t)
			how(t, f.RequirementID)
		}
	}
	return p.list.Sorted()
}

type proofreader struct{ problems }

// passage is a text and where it stands.
type passage struct {
	*place
	key, text string
}

func (p *place) passage(key, text string) passage { return passage{p, key, text} }

// at is where a part of the passage stands, or the whole of it when the file
// writes it otherwise than it reads, with an escape.
func (t passage) at(from, to int) diag.Range {
	if v, ok := t.src.values[t.ptr+"/"+t.key]; ok {
		i := bytes.Index(t.src.data[v.offset:v.offset+v.length], []byte(t.text))
		if i >= 0 {
			return t.src.locate(span{v.offset + i + from, to - from})
		}
	}
	return t.At(t.key)
}

func (t passage) name() string {
	if n := textNames[t.key]; n != "" {
		return n
	}
	return t.key
}

// sources are the files with texts in them.
func (c *Catalog) sources() []*source {
	var out []*source
	add := func(s *source) {
		if s != nil && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for _, l := range c.Levels {
		add(l.src)
	}
	for _, p := range c.Profiles {
		add(p.src)
	}
	for _, r := range c.Requirements {
		add(r.src)
	}
	for _, f := range c.Frameworks {
		add(f.src)
	}
	return out
}

// manner is how the text of a key is written.
type manner int

const (
	unread    manner = iota // an id, a code, or what somebody else has written
	quoted                  // it may hold foreign words: a citation
	phrase                  // in running text
	heading                 // without a full stop
	statement               // whole sentences
	question
)

var manners = map[string]manner{
	"is": statement, "shall": statement, "points": statement, "help": statement, "effect": statement, "justification": statement,
	"reason": statement, "how": statement, "remains": statement, "text": statement, "referral": statement, "description": statement,
	"levels": statement, "gives": statement, "example": statement, "gap": statement,
	"title": heading, "question": question,
	"group": phrase, "yes": phrase, "no": phrase, "phrase": phrase, "refer_to": phrase, "parameters": phrase,
	"city": phrase, "office": phrase, "application": phrase, "order": phrase,
	"note": quoted, "source": quoted, "supplier": quoted, "annex": quoted,
}

// rowKeys hold conditions, whose keys are the catalogue's own ids.
var rowKeys = set("when unless shall_when ask_when derived applies_when suggested_when offered_when")

// all reads every text below a pointer for what is wrong in any text.
func (p *proofreader) all(s *source, ptr string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if !rowKeys[k] {
				p.all(s, ptr+"/"+escape(k), e)
			}
		}
	case []any:
		for i, e := range v {
			p.all(s, ptr+"/"+strconv.Itoa(i), e)
		}
	case string:
		steps := strings.Split(ptr, "/")
		last := len(steps) - 1
		t := passage{&place{s, strings.Join(steps[:last], "/")}, steps[last], v}
		key := steps[last]
		if key != "" && unicode.IsDigit(rune(key[0])) {
			// One of a list, or the text for a level: of a consequence or a parameter.
			if key = steps[last-1]; last >= 2 && steps[last-2] == "parameters" {
				key = "parameters"
			}
		}
		p.characters(t)
		m := manners[key]
		if strings.HasPrefix(ptr, "/item/") && m == heading {
			m = quoted // a point of a framework is called what its authors call it
		}
		if m != unread {
			p.typography(t)
			p.manner(t, m)
		}
	}
}

// characters finds what does not show, or shows alike but is not.
func (p *proofreader) characters(t passage) {
	if n := norm.NFC.QuickSpanString(t.text); n < len(t.text) && !norm.NFC.IsNormalString(t.text) {
		p.warn("prose-nfc", t.at(n, n+norm.NFC.NextBoundaryInString(t.text[n:], true)), t.name())
	}
	for i, r := range t.text {
		if r == '\n' || r == '\r' {
			continue
		}
		_, n := utf8.DecodeRuneInString(t.text[i:])
		switch {
		case unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Cc, unicode.Co), r == utf8.RuneError:
			p.warn("prose-invisible", t.at(i, i+n), codePoint(r), t.name())
		case r != ' ' && unicode.Is(unicode.Zs, r):
			before, _ := utf8.DecodeLastRuneInString(t.text[:i])
			after, _ := utf8.DecodeRuneInString(t.text[i+n:])
			// It has its place between a number and what is counted.
			if !strings.ContainsRune("§%", before) && !strings.ContainsRune("§%", after) && !unicode.IsDigit(before) && !unicode.IsDigit(after) {
				p.warn("prose-invisible", t.at(i, i+n), codePoint(r), t.name())
			}
		}
	}
}

func codePoint(r rune) string { return fmt.Sprintf("U+%04X", r) }

var (
	doubleSpace = regexp.MustCompile(`[^\s]([ \t]{2,})[^\s]`)
	spaceBefore = regexp.MustCompile(`[^\s]( +[,.;:!?])(?:\s|$)`)
	numberRange = regexp.MustCompile(`(?:^|[\s(,])(\d+(?:[.,]\d+)?)(-)(\d+(?:[.,]\d+)?)(?:$|[\s),.;:!?])`)
	designation = regexp.MustCompile(`[A-ZÅÄÖ]{2,}\S*\s*$`)
)

func (p *proofreader) typography(t passage) {
	if strings.TrimSpace(t.text) == "" {
		p.warn("prose-empty", t.At(t.key), t.name())
		return
	}
	if strings.TrimSpace(t.text) != t.text && !strings.Contains(t.text, "\n") {
		p.warn("prose-space", t.At(t.key), t.name())
	}
	for _, m := range doubleSpace.FindAllStringSubmatchIndex(t.text, -1) {
		p.warn("prose-space", t.at(m[2], m[3]), t.name())
	}
	for _, m := range spaceBefore.FindAllStringSubmatchIndex(t.text, -1) {
		p.warn("prose-space-before", t.at(m[2], m[3]), strings.TrimSpace(t.text[m[2]:m[3]]))
	}
	if i := strings.IndexAny(t.text, "\"“„"); i >= 0 {
		_, n := utf8.DecodeRuneInString(t.text[i:])
		p.warn("prose-quotes", t.at(i, i+n), t.text[i:i+n])
	}
	if i := strings.Index(t.text, "..."); i >= 0 {
		p.warn("prose-dots", t.at(i, i+3))
	}
	for _, m := range numberRange.FindAllStringSubmatchIndex(t.text, -1) {
		a, b := t.text[m[2]:m[3]], t.text[m[6]:m[7]]
		// Years with years, steps with steps; "SP 800-53" is a name, and "08-508" a telephone.
		alike := strings.ContainsAny(a, ".,") == strings.ContainsAny(b, ".,") && (len(a) == 4) == (len(b) == 4) && len(a) < 5 && a[0] != '0'
		if alike && !designation.MatchString(t.text[:m[2]]) {
			p.warn("prose-dash", t.at(m[2], m[7]), a+"-"+b, a+"–"+b)
		}
	}
}

// How long texts may be, in characters, and a sentence in words.
const (
	longTitle    = 70
	longWording  = 320
	longHelp     = 600
	longSentence = 40
)

func (p *proofreader) manner(t passage, m manner) {
	text := strings.TrimSpace(t.text)
	if text == "" {
		return
	}
	if m != quoted {
		for _, at := range find(english, t.text) {
			p.warn("prose-english", t.at(at[0], at[1]), t.text[at[0]:at[1]])
		}
	}
	switch m {
	case heading:
		if strings.HasSuffix(text, ".") {
			i := strings.LastIndexByte(t.text, '.')
			p.warn("prose-title-stop", t.at(i, i+1))
		}
	case question:
		if !strings.HasSuffix(text, "?") {
			p.warn("prose-question", t.At(t.key))
		}
	case statement:
		if end := strings.TrimRight(text, "”\")"); end == "" || !strings.ContainsAny(end[len(end)-1:], ".!?") && !strings.HasSuffix(end, "…") {
			p.warn("prose-stop", t.At(t.key), t.name())
		}
		for _, at := range sentences(t.text) {
			if n := len(strings.Fields(t.text[at[0]:at[1]])); n > longSentence {
				p.warn("prose-sentence", t.at(at[0], at[1]), itoa(n), itoa(longSentence))
			}
		}
	}
	if t.key == "help" {
		p.long(t, longHelp)
	}
}

func (p *proofreader) long(t passage, limit int) {
	if n := utf8.RuneCountInString(t.text); n > limit {
		p.warn("prose-long", t.At(t.key), t.name(), itoa(n), itoa(limit))
	}
}

// wording reads what a requirement says, or what an adjustment makes it say.
func (p *proofreader) wording(at *place, w *Content, obligation, basis string) {
	title, is, shall := at.passage("title", w.Title), at.passage("is", w.Is), at.passage("shall", w.Shall)
	words := tokens(w.Title)
	for i, t := range words {
		if demands[t.text] && mainClause(words, i) {
			p.warn("prose-title-demand", title.at(t.from, t.to), t.text)
		}
	}
	p.long(title, longTitle)
	p.long(is, longWording)
	p.long(shall, longWording)
	p.tense(is)
	p.verb(shall, obligation)
	p.labels(shall)
	for _, t := range []passage{is, shall, at.passage("points", w.Points)} {
		p.vague(t, basis)
	}
	for name, values := range w.Parameters {
		for level, v := range values {
			p.vague(passage{&place{at.src, at.ptr + "/parameters/" + name}, level, v}, basis)
		}
	}
	if i := strings.IndexByte(w.Is, ';'); i >= 0 {
		p.warn("prose-semicolon", is.at(i, i+1), is.name())
	}
	if i := strings.IndexByte(w.Shall, ';'); i >= 0 {
		p.warn("prose-semicolon", shall.at(i, i+1), shall.name())
	}
	p.one(shall, obligation)
}

// tense holds a text to tell how it is: in the present, and as no demand. "Kan"
// is no demand: "Systemet kan återställas" tells what is possible.
func (p *proofreader) tense(t passage) {
	for _, s := range sentences(t.text) {
		ts := tokens(t.text[s[0]:s[1]])
		for i, w := range ts {
			to := w.to
			switch {
			case demands[w.text]:
			case w.text == "kommer" && i+1 < len(ts) && ts[i+1].text == "att":
				to = ts[i+1].to
			case w.text == "får" && i+2 < len(ts) && (ts[i+1].text == "inte" || ts[i+1].text == "bara" || ts[i+1].text == "endast") && strings.HasSuffix(ts[i+2].text, "as"):
				to = ts[i+2].to
			default:
				continue
			}
			if mainClause(ts, i) {
				p.warn("prose-tense", t.at(s[0]+w.from, s[0]+to), t.name(), t.text[s[0]+w.from:s[0]+to])
			}
		}
	}
}

// verb holds a SKA to the verb of its obligation.
func (p *proofreader) verb(t passage, obligation string) {
	if t.text == "" {
		return
	}
	want := verbs[obligation]
	found := false
	for _, s := range sentences(t.text) {
		ts := tokens(t.text[s[0]:s[1]])
		for i, w := range ts {
			switch {
			case w.text == want:
				found = true
			case demands[w.text] && mainClause(ts, i):
				found = true // it is another, and that says enough
				p.warn("prose-verb", t.at(s[0]+w.from, s[0]+w.to), w.text, want)
			}
		}
	}
	if !found {
		p.warn("prose-no-verb", t.At(t.key), want)
	}
}

var verbs = map[string]string{"shall": "ska", "should": "bör"}

// one holds a SKA to one demand: what is answered with one yes or no.
func (p *proofreader) one(t passage, obligation string) {
	n := 0
	for _, s := range sentences(t.text) {
		ts := tokens(t.text[s[0]:s[1]])
		for i, w := range ts {
			if w.text != verbs[obligation] || !mainClause(ts, i) {
				continue
			}
			if n++; n == 2 {
				p.warn("prose-two", t.at(s[0]+w.from, s[0]+w.to), w.text)
			}
			if j, ok := secondAct(ts, i); ok {
				k := j + 1
				for !infinitives[ts[k].text] {
					k++
				}
				p.warn("prose-and", t.at(s[0]+ts[j].from, s[0]+ts[k].to), t.text[s[0]+ts[j].from:s[0]+ts[k].to])
			}
		}
	}
}

func (p *proofreader) vague(t passage, basis string) {
	var found [][2]int
	for _, v := range vague() {
		for _, at := range find(v.pattern, t.text) {
			overlaps := slices.ContainsFunc(found, func(o [2]int) bool { return at[0] < o[1] && o[0] < at[1] })
			if overlaps || v.statute && basis == "statute" || measured(t.text, at) {
				continue
			}
			found = append(found, at)
			p.warn("prose-vague", t.at(at[0], at[1]), t.text[at[0]:at[1]], v.hint)
		}
	}
}

// labels holds each sentence that names a standard to let its equal in.
func (p *proofreader) labels(t passage) {
	for _, s := range sentences(t.text) {
		sentence := t.text[s[0]:s[1]]
		if found := find(label(), sentence); len(found) > 0 && !equivalent.MatchString(sentence) {
			at := found[0]
			p.warn("prose-equivalent", t.at(s[0]+at[0], s[0]+at[1]), sentence[at[0]:at[1]])
		}
	}
}

func (p *proofreader) points(at *place, obligation, points string) {
	if obligation == "should" && points == "" {
		p.warn("prose-points", at.At("obligation"))
	}
}

func (p *proofreader) editions(r *Requirement) {
	for i, ref := range r.References {
		if ref.Edition == "" && edited.MatchString(ref.Standard) {
			p.warn("prose-edition", r.At("references/"+itoa(i)+"/standard"), ref.Standard)
		}
	}
}

// twins tells of a text that says the same as an earlier one.
func (p *proofreader) twins() func(t passage, id string) {
	type first struct {
		id string
		at diag.Range
	}
	seen := map[string]first{}
	return func(t passage, id string) {
		same := strings.ToLower(strings.Join(strings.Fields(t.text), " "))
		if same == "" {
			return
		}
		if f, ok := seen[same]; ok {
			p.warn("prose-same", t.At(t.key), t.name(), f.id, f.at.String())
			return
		}
		seen[same] = first{id, t.At(t.key)}
	}
}
