// Package workbook writes and inspects Excel files: the kravbilaga that goes
// to tenderers, and the motivering that stays inside.
//
// Both are first built as plain sheets of text (requirements.go,
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
	return write(w, s, Requirements, label.requirements, requirementSheets(s))
}

// WriteJustification writes the motivering, which stays inside.
func WriteJustification(w io.Writer, s State) (Identity, error) {
	return write(w, s, Justification, label.justification, justificationSheets(s))
}

func write(w io.Writer, s State, kind Kind, title string, sheets []sheet) (Identity, error) {
	if _, err := time.Parse(time.DateOnly, s.Date); err != nil {
		return Identity{}, fmt.Errorf("workbook: date of state: %w", err)
	}
	id := Identity{Kind: kind, CatalogHash: s.Derivation.Facts.Catalog.SetHash, ClassificationID: s.ClassificationID}
	marks := marksOf(sheets)
	id.ExportID = exportID(id, marks)
	if len(id.mark()) > 255 {
		return Identity{}, fmt.Errorf("workbook: classification id of %d characters is too long", len(s.ClassificationID))
	}
	raw, err := render(document{
		title: title + s.System, date: s.Date, draft: s.Derivation.Draft(),
		locked: kind == Requirements, identity: id, sheets: append(sheets, metaSheet(id, marks)),
	})
	if err != nil {
		return Identity{}, fmt.Errorf("workbook: %w", err)
	}
	data, err := pack(raw)
	if err != nil {
		return Identity{}, fmt.Errorf("workbook: %w", err)
	}
	sum := sha256.Sum256(data)
	id.SHA256 = hex.EncodeToString(sum[:])
	_, err = w.Write(data)
	return id, err
}
