package workbook

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// mark writes an identity as it stands in a custom property, in the sheet
// _meta and in a defined name.
func (id Identity) mark() string {
	return strings.Join([]string{"kravverk", "1", string(id.Kind), id.ExportID, id.CatalogHash, url.PathEscape(id.ClassificationID)}, "/")
}

func parseMark(s string) (Identity, bool) {
	p := strings.Split(strings.Trim(strings.TrimPrefix(s, "="), `"`), "/")
	if len(p) != 6 || p[0] != "kravverk" || p[1] != "1" || !slices.Contains([]Kind{Requirements, Justification, CoverageKind, ComparisonKind, PlanKind}, Kind(p[2])) {
		return Identity{}, false
	}
	classification, err := url.PathUnescape(p[5])
	return Identity{Kind: Kind(p[2]), ExportID: p[3], CatalogHash: p[4], ClassificationID: classification}, err == nil
}

// rowMark is what _meta holds of one row: how to find it again, and a hash of
// each of its cells.
type rowMark struct {
	sheet string
	key   string   // header, the text of the key column, or the row's number
	id    string   // the first cell of a row with a key: where to look when the key is lost
	slots []string // by column: a hash, slotOpen or slotFree
}

const (
	header   = "rubrik"
	slotOpen = "+" // the supplier's
	slotFree = "-" // computed, or the key itself
)

// marksOf takes the marks of all sheets' cells.
func marksOf(sheets []sheet) []rowMark {
	var out []rowMark
	for _, s := range sheets {
		if s.table {
			m := rowMark{sheet: s.name, key: header}
			for _, c := range s.columns {
				m.slots = append(m.slots, short(c.title))
			}
			out = append(out, m)
		}
		for i, r := range s.rows {
			m := rowMark{sheet: s.name, key: strconv.Itoa(s.first() + i)}
			if s.key >= 0 {
				m.key, m.id = r.cells[s.key].text, r.cells[0].text
			}
			for j, c := range r.cells {
				switch {
				case s.columns[j].open:
					m.slots = append(m.slots, slotOpen)
				case c.formula != "" || s.columns[j].hidden:
					m.slots = append(m.slots, slotFree)
				default:
					m.slots = append(m.slots, short(c.text))
				}
			}
			out = append(out, m)
		}
	}
	return out
}

// exportID is a hash of everything that a file holds when it is written. It
// takes nothing that cannot be read in the file.
func exportID(id Identity, marks []rowMark) string {
	h := sha256.New()
	id.ExportID = ""
	h.Write([]byte(id.mark()))
	for _, m := range marks {
		h.Write([]byte("\n" + strings.Join(m.cells(), "\t")))
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}

func (m rowMark) cells() []string {
	return []string{m.sheet, m.key, m.id, strings.Join(m.slots, " ")}
}

// metaSheet is the very hidden sheet with identity and marks.
func metaSheet(id Identity, marks []rowMark) sheet {
	s := sheet{name: sheetMeta, columns: make([]column, 4), key: -1, visible: veryHidden}
	for i := range s.columns {
		s.columns[i].width = 20
	}
	s.rows = append(s.rows, row{look: lookPlain, cells: texts(id.mark(), "", "", "")})
	for _, m := range marks {
		s.rows = append(s.rows, row{look: lookPlain, cells: texts(m.cells()...)})
	}
	return s
}

// rowKey is the hidden key of a requirement's row: the same for as long as its
// text is.
func rowKey(id, text string) string { return short(id + "\n" + text) }

// short is a hash of a cell's text that saving in another program does not
// change.
func short(text string) string {
	sum := sha256.Sum256([]byte(settled(text)))
	return hex.EncodeToString(sum[:8])
}

// settled evens out what programs do to text: line ends and space at the ends.
func settled(s string) string {
	s = strings.ReplaceAll(s, "_x000D_", "")
	return strings.TrimSpace(strings.ReplaceAll(s, "\r", ""))
}
