package catalog

// What the tests outside need of the inside.
type (
	CatalogTable = catalogTable
	ReleaseEntry = release
)

// Fill is fill.
var Fill = fill
