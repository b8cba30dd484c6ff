package catalog

import "github.com/kravverk/kravverk/engine/diag"

// What the tests outside need of the inside.
type (
	CatalogTable = catalogTable
	ReleaseEntry = release
)

// Fill is fill.
var Fill = fill

// Prove is the part of Analyze that makes the findings.
func Prove(c *Catalog) diag.List {
	a := newAnalyst(c)
	a.prove()
	return a.list
}
