// Package diag holds what an author needs to mend a mistake: what is wrong, on
// which line and column, and what to do. The texts are in Swedish, since the
// author is a security coordinator; the codes are stable and in English.
package diag

import (
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// Severity tells an error, which stops, from a warning, which does not.
type Severity int

// The zero value is Error: a diagnostic that says nothing of its weight stops.
const (
	Error Severity = iota
	Warning
)

func (s Severity) String() string {
	if s == Warning {
		return say.warning
	}
	return say.error
}

// MarshalText gives the severity's stable name, "error" or "warning".
func (s Severity) MarshalText() ([]byte, error) {
	if s == Warning {
		return []byte("warning"), nil
	}
	return []byte("error"), nil
}

// Range is a stretch of one line in a file. Line and Col count from 1; Col and
// Len count characters, not bytes, so that they are right after å ä ö. The
// zero Range is "nowhere in particular".
type Range struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Col  int    `json:"col"`
	Len  int    `json:"len"`
}

func (r Range) String() string {
	if r.Line == 0 {
		return r.File
	}
	return fmt.Sprintf("%s:%d:%d", r.File, r.Line, r.Col)
}

// Diagnostic is one mistake. Summary is one sentence without a full stop; Detail
// tells what to do and may be empty.
type Diagnostic struct {
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	Summary  string   `json:"summary"`
	Detail   string   `json:"detail,omitempty"`
	Range    Range    `json:"range"`
}

// BOM is the mark that some programs put first in a file. It is no character
// of the first line.
const BOM = "\ufeff"

// Max is how many diagnostics a list shows. A file of another kind altogether
// would otherwise give thousands.
const Max = 200

// List collects diagnostics. It is not itself an error: see Err.
type List []Diagnostic

// Errorf adds an error; detail may be empty.
func (l *List) Errorf(code string, at Range, detail, format string, args ...any) {
	*l = append(*l, Diagnostic{Code: code, Summary: fmt.Sprintf(format, args...), Detail: detail, Range: at})
}

// Warnf adds a warning; detail may be empty.
func (l *List) Warnf(code string, at Range, detail, format string, args ...any) {
	*l = append(*l, Diagnostic{Code: code, Severity: Warning, Summary: fmt.Sprintf(format, args...), Detail: detail, Range: at})
}

// HasErrors tells whether anything in the list stops.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// Err is nil when nothing stops, else an error whose text is the first error
// with its place and how many there are.
func (l List) Err() error {
	if !l.HasErrors() {
		return nil
	}
	return &listError{l}
}

type listError struct{ list List }

func (e *listError) Error() string {
	var first Diagnostic
	n := 0
	for _, d := range e.list {
		if d.Severity == Error {
			if n == 0 {
				first = d
			}
			n++
		}
	}
	s := first.Summary
	if first.Range.File != "" {
		s = first.Range.String() + ": " + s
	}
	if n > 1 {
		s += fmt.Sprintf(say.moreErrors, n-1)
	}
	return s
}

// Sorted gives a copy in order of file, line, column and code, without exact
// repetitions.
func (l List) Sorted() List {
	out := slices.Clone(l)
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i], out[j]
		switch {
		case a.Range.File != b.Range.File:
			return a.Range.File < b.Range.File
		case a.Range.Line != b.Range.Line:
			return a.Range.Line < b.Range.Line
		case a.Range.Col != b.Range.Col:
			return a.Range.Col < b.Range.Col
		case a.Code != b.Code:
			return a.Code < b.Code
		}
		return a.Summary < b.Summary
	})
	return slices.Compact(out)
}

// WriteText writes the list for a person at a terminal: place, sentence, the
// source line with a caret, and what to do. source gives a file's bytes and
// may return nil when they are not at hand.
func (l List) WriteText(w io.Writer, source func(file string) []byte) error {
	sorted := l.Sorted()
	shown := sorted[:min(len(sorted), Max)]
	for _, d := range shown {
		place := d.Range.String()
		if place != "" {
			place += ": "
		}
		if _, err := fmt.Fprintf(w, "%s%s: %s [%s]\n", place, d.Severity, d.Summary, d.Code); err != nil {
			return err
		}
		if line, ok := sourceLine(source(d.Range.File), d.Range.Line); ok {
			col := min(max(d.Range.Col, 1), utf8.RuneCountInString(line)+1)
			// The caret line repeats the tabs of the source line, so that the
			// two stay aligned whatever a tab is worth.
			pad := strings.Map(func(r rune) rune {
				if r == '\t' {
					return r
				}
				return ' '
			}, string([]rune(line)[:col-1]))
			if _, err := fmt.Fprintf(w, "    %s\n    %s%s\n", line, pad, strings.Repeat("^", max(1, d.Range.Len))); err != nil {
				return err
			}
		}
		if d.Detail != "" {
			if _, err := fmt.Fprintf(w, "    %s\n", d.Detail); err != nil {
				return err
			}
		}
	}
	if n := len(sorted) - len(shown); n > 0 {
		_, err := fmt.Fprintf(w, say.more, n)
		return err
	}
	return nil
}

func sourceLine(src []byte, line int) (string, bool) {
	if src == nil || line < 1 {
		return "", false
	}
	lines := strings.Split(string(src), "\n")
	if line > len(lines) {
		return "", false
	}
	return strings.TrimSuffix(strings.TrimPrefix(lines[line-1], BOM), "\r"), true
}

// Suggest gives `Menade du "x"?` for the known word nearest to a misspelt one,
// or the empty string when none is near. Distance is Damerau–Levenshtein
// (optimal string alignment), at most a third of the word's length and never
// more than 3.
func Suggest(word string, known []string) string {
	best, bestDist := "", 4
	limit := min(3, utf8.RuneCountInString(word)/3)
	for _, k := range known {
		if d := distance(word, k); d <= limit && (d < bestDist || d == bestDist && k < best) {
			best, bestDist = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(say.suggest, best)
}

func distance(a, b string) int {
	x, y := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	if d := len(x) - len(y); d > 3 || d < -3 {
		return 4
	}
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
