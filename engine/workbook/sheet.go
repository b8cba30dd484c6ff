package workbook

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A sheet is text in rows, before it is a part of an Excel file.
type sheet struct {
	name    string
	columns []column
	rows    []row
	table   bool // the columns' titles are the first row
	key     int  // the column that tells the rows apart; -1 when their numbers do
	paper   int
	upright bool
	visible visibility
}

type column struct {
	title  string
	width  float64 // in characters, as Excel counts
	open   bool    // the supplier's: unlocked
	hidden bool
	bold   bool
	headed bool // the first line of its cells is a heading
}

type row struct {
	look  look
	cells []cell
}

// cell is a text, or a formula that gives a number.
type cell struct {
	text    string
	formula string
	list    string // the defined name to choose from
}

type visibility int

const (
	shown visibility = iota
	hidden
	veryHidden
)

const (
	a3 = 8
	a4 = 9
)

// look is how a cell looks.
type look int

const (
	lookCell look = iota // in a table
	lookLabel
	lookOpen
	lookHead
	lookHeadOpen
	lookTitle
	lookTitleOver // runs out over the cells to the right
	lookHeading
	lookBody
	lookPlain
	lookNumber
	lookSum
	looks
)

// first is the number of the first row that is not the header.
func (s sheet) first() int {
	if s.table {
		return 2
	}
	return 1
}

// lookOf is how a cell of a row looks.
func (s sheet) lookOf(r row, c int) look {
	switch {
	case r.cells[c].formula != "" && r.look == lookLabel:
		return lookSum
	case r.cells[c].formula != "":
		return lookNumber
	case r.look != lookCell:
		return r.look
	case s.columns[c].open:
		return lookOpen
	case s.columns[c].bold:
		return lookLabel
	}
	return lookCell
}

// height is how tall a row must be for all of its text to show, in points. The
// programs compute it anew when text is added, but not all of them when a file
// is opened.
func (s sheet) height(cells []cell, looks func(int) look) float64 {
	h := 0.0
	for i, c := range cells {
		if s.columns[i].hidden {
			continue
		}
		l := looks(i)
		f := fonts[l]
		lines := 1
		if l != lookTitleOver {
			lines = wrap(c.text, (s.columns[i].width*7-4)/(f.size*96/72), f.bold)
		}
		h = max(h, float64(lines)*f.size*1.29+f.above)
	}
	return min(math.Ceil(h), 409) // Excel has no taller rows
}

// font is what a look's text takes of room; above is the air around it.
type font struct {
	size, above float64
	bold        bool
}

var fonts = [looks]font{
	lookCell: {10, 5, false}, lookLabel: {10, 5, true}, lookOpen: {10, 5, false}, lookHead: {10, 8, true}, lookHeadOpen: {10, 8, true},
	lookTitle: {18, 10, true}, lookTitleOver: {18, 10, true}, lookHeading: {12, 16, true}, lookBody: {11, 6, false}, lookPlain: {10, 3, false}, lookNumber: {10, 5, false}, lookSum: {10, 5, true},
}

// advance is the widths of Arial's characters from space to tilde, in
// thousandths of the size; Liberation Sans has the same.
var advance = [95]int{
	278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
	556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
	1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
	667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
	333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
	556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
}

// width of a text at size 1.
func width(s string, bold bool) float64 {
	n := 0
	for _, r := range s {
		switch {
		case r >= ' ' && r <= '~':
			n += advance[r-' ']
		case unicode.IsUpper(r):
			n += 722
		default:
			n += 556
		}
	}
	if bold {
		return float64(n) / 1000 * 1.07
	}
	return float64(n) / 1000
}

// wrap counts the lines of a text in a column; room is its width at size 1.
func wrap(text string, room float64, bold bool) int {
	lines := 0
	space := width(" ", bold)
	for paragraph := range strings.SplitSeq(text, "\n") {
		lines++
		used := 0.0
		for i, word := range strings.Fields(paragraph) {
			w := width(word, bold)
			if i > 0 {
				if used+space+w <= room {
					used += space + w
					continue
				}
				lines++
			}
			// A word longer than the line is broken.
			more := math.Ceil(w/room) - 1
			lines += int(max(more, 0))
			used = w - max(more, 0)*room
		}
	}
	return lines
}

// texts makes cells of strings.
func texts(s ...string) []cell {
	out := make([]cell, len(s))
	for i, t := range s {
		out[i].text = t
	}
	return out
}

// sentence gives a text a capital first letter.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// lower gives it a small one.
func lower(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToLower(r)) + s[n:]
}

// join lists with "och" before the last.
func join(s []string) string {
	if len(s) < 2 {
		return strings.Join(s, "")
	}
	return strings.Join(s[:len(s)-1], ", ") + " och " + s[len(s)-1]
}

func plural(n int, one, many string) string {
	switch {
	case n == 1:
		return one
	case strings.Contains(many, "%d"):
		return fmt.Sprintf(many, n)
	}
	return many
}
