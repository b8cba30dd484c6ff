// Package schemas embeds the JSON Schemas, one for each kind of TOML file.
package schemas

import "embed"

// Files holds the schemas under their file names.
//
//go:embed *.schema.json
var Files embed.FS
