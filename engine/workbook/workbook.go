// Package workbook writes, inspects and reads Excel files: the kravbilaga that
// goes to tenderers and comes back, and the motivering that stays inside.
//
// What is written is first built as plain sheets of text (requirements.go,
// justification.go), then rendered (render.go) and packed so that the same
// state gives the same bytes (pack.go). A kravbilaga is built from what a
// tenderer may see and nothing else: its identity, too, is a hash of its own
// cells, so that nobody can guess at levels and compare hashes.
package workbook

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
)

// State is what is exported: a derivation and what stands around it. Nothing
// else decides the bytes.
type State struct {
	Derivation       *engine.Derivation
	System           string // the system's title
	Unit             string // the owning unit's name
	ClassificationID string
	Date             string // of the last saved answer, 2026-11-23
	Deadline         string // for tenders, as it is to be shown; may be empty

	Tailored map[string]engine.Tailoring // what the buyer changes, by row
	Version  int                         // of what is sent to tenderers, 1 for the first; 0 when it is not sent yet
	Note     string                      // to tenderers, about what the version changes
	Since    []engine.Row                // the rows of the version before; nil when there is none
}

// Kind is which of the workbooks a file is.
type Kind string

// Identity is who a file is. All but SHA256 is carried inside it.
type Identity struct {
	Kind             Kind
	ExportID         string // hash of the cells as written
	CatalogHash      string // of the catalogue and its profiles together
	ClassificationID string
	SHA256           string // of the whole file
}

// WriteRequirements writes the kravbilaga, for tenderers.
func WriteRequirements(w io.Writer, s State) (Identity, error) {
	return s.write(w, Requirements, label.requirements, requirementSheets(s))
}

// WriteJustification writes the motivering, which stays inside.
func WriteJustification(w io.Writer, s State) (Identity, error) {
	return s.write(w, Justification, label.justification, justificationSheets(s))
}

// WriteCoverage writes which requirements answer to which point of the laws and
// standards that the catalogue is compared with, and what is left out on
// purpose. The date is that of the file, 2026-11-23.
func WriteCoverage(w io.Writer, c *catalog.Catalog, date string) (Identity, error) {
	id := Identity{Kind: CoverageKind, CatalogHash: c.SetHash}
	return write(w, document{title: label.coverage + c.Title, date: date, identity: id, sheets: coverageSheets(c)})
}

func (s State) write(w io.Writer, kind Kind, title string, sheets []sheet) (Identity, error) {
	id := Identity{Kind: kind, CatalogHash: s.Derivation.Facts.Catalog.SetHash, ClassificationID: s.ClassificationID}
	if len(id.mark())+32 > 255 {
		return Identity{}, fmt.Errorf("workbook: classification id of %d characters is too long", len(s.ClassificationID))
	}
	return write(w, document{title: title + s.System, date: s.Date, draft: s.Derivation.Draft(), locked: kind == Requirements, identity: id, sheets: sheets})
}

func write(w io.Writer, d document) (Identity, error) {
	if _, err := time.Parse(time.DateOnly, d.date); err != nil {
		return Identity{}, fmt.Errorf("workbook: date of state: %w", err)
	}
	marks := marksOf(d.sheets)
	d.identity.ExportID = exportID(d.identity, marks)
	d.sheets = append(d.sheets, metaSheet(d.identity, marks))
	raw, err := render(d)
	if err != nil {
		return Identity{}, fmt.Errorf("workbook: %w", err)
	}
	data, err := pack(raw)
	if err != nil {
		return Identity{}, fmt.Errorf("workbook: %w", err)
	}
	sum := sha256.Sum256(data)
	d.identity.SHA256 = hex.EncodeToString(sum[:])
	_, err = w.Write(data)
	return d.identity, err
}
