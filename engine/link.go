package engine

import "time"

// SupplierLink lets a supplier answer one round on a page of its own, without an
// account. Whoever has the link's word gets in; the store keeps only its hash.
type SupplierLink struct {
	Classification string
	Round          int    // the publication's number
	Contact        string // whom the supplier can ask
	MadeAt         time.Time
	By             Person // who made it
	Expires        time.Time
	Revoked        time.Time // zero until it is
	Opened         time.Time // last; zero until it is
	Draft          map[string]Claim
	Version        int       // of the draft; 0 until there is one
	Seen           int       // the version of the tender that the draft was written beside
	Saved          time.Time // the draft, last
	Handed         time.Time // zero until the draft is handed in as it is
}

// Open tells whether the link lets anybody in.
func (l SupplierLink) Open(now time.Time) bool { return l.Revoked.IsZero() && now.Before(l.Expires) }

// BySupplier is who the journal says does something by a supplier's link: which
// person it is nobody knows.
const BySupplier = "leverantorslank"
