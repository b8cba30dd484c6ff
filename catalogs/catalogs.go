// Package catalogs embeds the catalogues that come with the program. They are
// data: people who never write Go work in the folders below (see README.md).
package catalogs

import "embed"

// Files holds the base catalogue, its profiles and releases.toml, laid out as
// catalog.Load takes them.
//
//go:embed bas sta cyberfysiskt moln releases.toml
var Files embed.FS
