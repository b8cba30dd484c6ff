package catalog

import (
	"bytes"
	"errors"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/kravverk/kravverk/engine/diag"
)

// source is one TOML file: its values as plain JSON types, and where each key
// and value stands. BurntSushi/toml decodes and is the gate, but keeps no
// positions; one pass with go-toml's parser finds them (positions only).
type source struct {
	name   string
	data   []byte
	tree   map[string]any
	lines  []int // the offset at which each line begins
	values map[string]span
	keys   map[string]span
	bad    map[string]bool // pointers to the tables in which the schema found a mistake
}

type span struct{ offset, length int }

// parse reads one file. The source is never nil; its tree is nil when the file
// is not TOML.
func parse(name string, data []byte, list *problems) *source {
	data = bytes.TrimPrefix(data, []byte(diag.BOM))
	places := len(data) / 32 // about as many as there are
	s := &source{name: name, data: data, values: make(map[string]span, places), keys: make(map[string]span, places), bad: map[string]bool{}}
	s.lines = append(s.lines, 0)
	for i, c := range data {
		if c == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	if !utf8.Valid(data) {
		off := 0
		for off < len(data) {
			r, n := utf8.DecodeRune(data[off:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			off += n
		}
		list.add("utf8", s.locate(span{off, 1}))
		return s
	}
	var tree map[string]any
	if err := toml.Unmarshal(data, &tree); err != nil {
		var pe toml.ParseError
		if errors.As(err, &pe) {
			// Of a control character first in the file the parser points before it.
			at := span{min(max(pe.Position.Start, 0), len(data)), max(1, pe.Position.Len)}
			// At the very end of a line the parser points past it.
			if at.offset > 0 && at.offset < len(data) && data[at.offset] == '\n' && data[at.offset-1] != '\n' {
				at.offset--
			}
			list.add("toml", s.locate(at), tomlMessage(pe.Message))
		} else {
			list.add("toml", diag.Range{File: name}, err.Error())
		}
		return s
	}
	plain, _ := plainJSON(tree).(map[string]any)
	s.tree = plain
	if err := s.index(list); err != nil {
		// BurntSushi took it and the stricter parser did not: newer TOML than
		// editors know.
		list.add("toml-1.1", s.locate(s.parseError(err)))
	}
	return s
}

// plainJSON turns what the TOML decoder gives into what a JSON Schema validator
// takes: no typed slices, no dates, and null for what is not a number. Tables and
// lists are changed in place.
func plainJSON(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = plainJSON(e)
		}
	case []map[string]any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = plainJSON(e)
		}
		return out
	case []any:
		for i, e := range v {
			v[i] = plainJSON(e)
		}
	case float64:
		// JSON has no such numbers, and the validator cannot take them.
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
	case time.Time:
		// A bare date; BurntSushi tells local dates by their location.
		if v.Location().String() == "date-local" {
			return v.Format("2006-01-02")
		}
		return v.Format(time.RFC3339)
	}
	return v
}

// index finds where every key and value stands.
func (s *source) index(list *problems) error {
	var p unstable.Parser
	p.Reset(s.data)
	base := ""
	counts := map[string]int{}
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			base = ""
			it := e.Key()
			for it.Next() {
				base += "/" + escape(string(it.Node().Data))
				at := span{int(it.Node().Raw.Offset), int(it.Node().Raw.Length)}
				if e.Kind == unstable.ArrayTable && it.IsLast() {
					if _, seen := s.keys[base]; !seen {
						s.keys[base], s.values[base] = at, at // the array itself
					}
					base += "/" + strconv.Itoa(counts[base])
					counts[base[:strings.LastIndexByte(base, '/')]]++
					s.values[base], s.keys[base] = at, at
					continue
				}
				// A table below the newest element of an array of tables.
				if n := counts[base]; n > 0 {
					base += "/" + strconv.Itoa(n-1)
					continue
				}
				if _, seen := s.values[base]; !seen {
					s.values[base], s.keys[base] = at, at
				}
			}
		case unstable.KeyValue:
			s.keyValue(&p, base, e, list)
		}
	}
	return p.Error()
}

// parseError is where go-toml's parser stopped.
func (s *source) parseError(err error) span {
	var pe *unstable.ParserError
	if errors.As(err, &pe) && len(pe.Highlight) > 0 {
		// The highlight is a piece of the data: what is left of the capacity
		// tells where it begins.
		return span{cap(s.data) - cap(pe.Highlight), len(pe.Highlight)}
	}
	return span{0, 1}
}

func (s *source) keyValue(p *unstable.Parser, base string, e *unstable.Node, list *problems) {
	it := e.Key()
	var key span
	for it.Next() {
		base += "/" + escape(string(it.Node().Data))
		key = span{int(it.Node().Raw.Offset), int(it.Node().Raw.Length)}
		if _, seen := s.keys[base]; !seen {
			s.keys[base], s.values[base] = key, key
		}
	}
	s.value(p, base, e.Value(), key, list)
}

func (s *source) value(p *unstable.Parser, ptr string, v *unstable.Node, fallback span, list *problems) {
	at := fallback // an array has no place of its own
	if v.Raw.Length > 0 {
		at = span{int(v.Raw.Offset), int(v.Raw.Length)}
	}
	s.values[ptr] = at
	switch v.Kind {
	case unstable.InlineTable:
		s.strictInline(at.offset, list)
		it := v.Children()
		for it.Next() {
			s.keyValue(p, ptr, it.Node(), list)
		}
	case unstable.Array:
		it, i := v.Children(), 0
		for it.Next() {
			if it.Node().Kind == unstable.Comment {
				continue
			}
			s.value(p, ptr+"/"+strconv.Itoa(i), it.Node(), fallback, list)
			i++
		}
	}
}

// strictInline holds an inline table to TOML 1.0: on one line, no comma last.
// The decoder takes more, but editors do not.
func (s *source) strictInline(from int, list *problems) {
	var open []byte // the brackets around
	last := byte(0)
	for i := from; i < len(s.data); i++ {
		c := s.data[i]
		switch c {
		case '"', '\'':
			i, last = s.stringEnd(i), c
			continue
		case '#':
			for i+1 < len(s.data) && s.data[i+1] != '\n' {
				i++
			}
			continue
		case ' ', '\t', '\r':
			continue
		case '\n':
			if open[len(open)-1] == '{' {
				list.add("toml-1.1", s.locate(span{from, 1}))
				return
			}
			continue
		case '{', '[':
			open = append(open, c)
		case '}', ']':
			if c == '}' && last == ',' {
				list.add("toml-1.1", s.locate(span{i, 1}))
				return
			}
			if open = open[:len(open)-1]; len(open) == 0 {
				return
			}
		}
		last = c
	}
}

// stringEnd is the last quote of the string that begins at from.
func (s *source) stringEnd(from int) int {
	quote := s.data[from : from+1]
	if long := bytes.Repeat(quote, 3); bytes.HasPrefix(s.data[from:], long) {
		quote = long
	}
	i := from + len(quote)
	for i < len(s.data) && !bytes.HasPrefix(s.data[i:], quote) {
		if quote[0] == '"' && s.data[i] == '\\' {
			i++
		}
		i++
	}
	i += len(quote)
	// A long string may end in quotes of its own.
	for len(quote) == 3 && i < len(s.data) && s.data[i] == quote[0] {
		i++
	}
	return i - 1
}

// at is where the value behind a JSON pointer stands, or the nearest thing
// around it.
func (s *source) at(ptr string) diag.Range { return s.nearest(s.values, ptr) }

// keyAt is where the key stands.
func (s *source) keyAt(ptr string) diag.Range { return s.nearest(s.keys, ptr) }

func (s *source) nearest(m map[string]span, ptr string) diag.Range {
	for {
		if at, ok := m[ptr]; ok {
			return s.locate(at)
		}
		i := strings.LastIndexByte(ptr, '/')
		if i < 0 {
			return diag.Range{File: s.name, Line: 1, Col: 1, Len: 1}
		}
		ptr = ptr[:i]
	}
}

func (s *source) locate(at span) diag.Range {
	line := sort.SearchInts(s.lines, at.offset+1) - 1
	start := s.lines[line]
	end := min(at.offset+at.length, len(s.data))
	if i := bytes.IndexByte(s.data[at.offset:end], '\n'); i >= 0 {
		end = at.offset + i // a value over several lines: mark its first
		end -= len(s.data[at.offset:end]) - len(bytes.TrimSuffix(s.data[at.offset:end], []byte("\r")))
	}
	return diag.Range{
		File: s.name, Line: line + 1,
		Col: utf8.RuneCount(s.data[start:at.offset]) + 1,
		Len: max(1, utf8.RuneCount(s.data[at.offset:end])),
	}
}

// escape makes a key safe in a JSON pointer (RFC 6901).
func escape(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}

func unescape(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~1", "/"), "~0", "~")
}

// lookup finds the value behind a JSON pointer.
func (s *source) lookup(ptr string) any {
	var v any = s.tree
	for _, step := range strings.Split(strings.TrimPrefix(ptr, "/"), "/") {
		if ptr == "" {
			return v
		}
		switch t := v.(type) {
		case map[string]any:
			v = t[unescape(step)]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(t) {
				return nil
			}
			v = t[i]
		default:
			return nil
		}
	}
	return v
}
