package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
)

// agreementsPage lists the agreements that reach the units where the visitor
// may read, and makes new ones.
type agreementsPage struct {
	page
	Rows      []agreementRow
	Platforms []agreementRow // systems that others run on; Total is what they answer for
	May       bool
	Units     []choice
	Kinds     []choice // the catalogue's agreements, and one's own
	Token     string
	Missing   fieldErrors
	Name      string
	Supplier  string
}

type agreementRow struct {
	Link, Title, Supplier, Unit, Until, Status, Class string
	Confirmed, Total, Systems                         int
}

// reaches tells whether the visitor may see an agreement: it serves a unit where
// she may read.
func reaches(v *visit, a engine.Agreement) bool {
	return slices.ContainsFunc(v.units(read), func(u engine.Unit) bool { return v.org.Within(u.ID, a.Unit) })
}

func (s *server) agreements(w http.ResponseWriter, r *http.Request) error {
	p, err := s.agreementsPage(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "agreements", p)
}

func (s *server) agreementsPage(r *http.Request) (agreementsPage, error) {
	v := visitOf(r.Context())
	p := agreementsPage{page: s.page(r, "Avtal och plattformar", "avtal"), May: v.anywhere(begin), Token: token(), Name: strings.TrimSpace(r.PostFormValue("namn")), Supplier: strings.TrimSpace(r.PostFormValue("leverantor"))}
	shared, err := s.Store.Shared(r.Context())
	if err != nil {
		return p, err
	}
	list := slices.DeleteFunc(engine.Agreements(shared, v.org, ""), func(a engine.Agreement) bool { return !reaches(v, a) })
	uses, records, err := s.dependents(r.Context(), shared, "")
	if err != nil {
		return p, err
	}
	for _, a := range list {
		row := agreementRow{Link: "/avtal/" + a.ID, Title: a.Title, Supplier: a.Supplier, Unit: unitName(v.org, a.Unit), Until: s.dayOf(a.Until), Total: len(a.Commitments), Systems: len(uses[a.ID])}
		for _, c := range a.Commitments {
			if c.Confirmed() {
				row.Confirmed++
			}
		}
		switch {
		case a.ExpiredAt(s.today()):
			row.Status, row.Class = "Har gått ut", "late"
		case row.Confirmed == row.Total && row.Total > 0:
			row.Status, row.Class = "Bekräftat", "done"
		default:
			row.Status, row.Class = "Att bekräfta", "now"
		}
		p.Rows = append(p.Rows, row)
	}
	swedish(p.Rows, func(x agreementRow) string { return x.Title })
	for i := range records {
		rec := &records[i]
		if n := len(rec.Declares()); n > 0 && rec.Classification.Type == "B" && v.on(rec, read, "") {
			row := agreementRow{Link: "/klassning/" + rec.Classification.ID + "/plattform", Title: rec.System.Title, Unit: unitName(v.org, rec.System.Unit), Total: n}
			row.Status, row.Class = s.approvalStatus(rec.Approval)
			row.Status = cmp.Or(row.Status, "Inte godkänd")
			for j := range records {
				if runsOn(&records[j], rec.Classification.ID) {
					row.Systems++
				}
			}
			p.Platforms = append(p.Platforms, row)
		}
	}
	swedish(p.Platforms, func(x agreementRow) string { return x.Title })
	for _, u := range v.units(begin) {
		p.Units = append(p.Units, choice{ID: u.ID, Title: indented(v.org, u), Chosen: u.ID == r.PostFormValue("enhet")})
	}
	for _, a := range s.catalogAgreements() {
		p.Kinds = append(p.Kinds, choice{ID: a.ID, Title: a.Title + ", ur kravkatalogen", Chosen: a.ID == r.PostFormValue("ur")})
	}
	p.Kinds = append(p.Kinds, choice{ID: "eget", Title: "Ett eget avtal", Chosen: r.PostFormValue("ur") == "eget"})
	return p, nil
}

func (s *server) catalogAgreements() []*catalog.Agreement {
	var out []*catalog.Agreement
	for _, p := range s.Catalogs().Catalog.Profiles {
		out = append(out, p.Agreements...)
	}
	return out
}

// dependents finds the classifications that use each agreement: those that are
// tied to it, or that have accepted something of it, or whose catalogue's
// prefills it answers. One that has accepted something is there also when its
// unit is no longer reached: what it accepted is offered no more. only narrows to
// one agreement; "" is all. Beside them come all records, which take long to read
// twice.
func (s *server) dependents(ctx context.Context, shared []engine.Shared, only string) (uses map[string][]engine.Record, records []engine.Record, err error) {
	if records, err = s.Store.Systems(ctx); err != nil {
		return nil, nil, err
	}
	org := visitOf(ctx).org
	agreements := engine.Agreements(shared, org, "")
	uses = map[string][]engine.Record{}
	for i := range records {
		rec := &records[i]
		if rec.Classification.Type != "B" {
			continue
		}
		taken := map[string]bool{}
		for _, t := range takenFrom(rec, engine.FromAgreement) {
			taken[t.From] = true
		}
		sources := rec.Sources(engine.FromAgreement)
		for _, a := range agreements {
			if only != "" && a.ID != only {
				continue
			}
			reached := org.Within(rec.System.Unit, a.Unit)
			if taken[a.ID] || reached && (slices.Contains(sources, a.ID) || a.Catalog != "" && slices.Contains(s.row(ctx, *rec).Uses, a.Catalog)) {
				uses[a.ID] = append(uses[a.ID], *rec)
			}
		}
	}
	return uses, records, nil
}

func (s *server) addAgreement(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	p, err := s.agreementsPage(r)
	if err != nil {
		return err
	}
	v := visitOf(r.Context())
	unit, from, id := r.PostFormValue("enhet"), r.PostFormValue("ur"), r.PostFormValue("nyckel")
	var bad fieldErrors
	wrong := func(field, text string) { bad = append(bad, fieldError{field, text}) }
	if !v.in(unit, begin) {
		wrong("enhet", "Välj vilken enhet avtalet ligger hos")
	}
	a := engine.Agreement{Title: p.Name, Supplier: p.Supplier, Commitments: []engine.Commitment{}}
	for _, x := range s.catalogAgreements() {
		if x.ID == from {
			a = engine.NewAgreement(s.Catalogs().Catalog, x)
			a.Title, a.Supplier = cmp.Or(p.Name, a.Title), cmp.Or(p.Supplier, a.Supplier)
		}
	}
	if a.Catalog == "" && from != "eget" {
		wrong("ur", "Välj vad avtalet utgår från")
	}
	if a.Title == "" && from == "eget" {
		wrong("namn", "Skriv vad avtalet heter")
	}
	if a.Supplier == "" && from == "eget" {
		wrong("leverantor", "Skriv vem som är leverantör")
	}
	if len([]rune(a.Title)) > 200 {
		wrong("namn", "Korta namnet till högst 200 tecken")
	}
	if len([]rune(a.Supplier)) > 200 {
		wrong("leverantor", "Korta leverantörens namn till högst 200 tecken")
	}
	if len(bad) > 0 || !tokenPattern.MatchString(id) {
		p.Missing, p.Failed = bad, true
		return s.render(w, http.StatusUnprocessableEntity, "agreements", p)
	}
	if err := s.Store.SaveShared(r.Context(), v.ID, unit, []engine.Change{change(engine.AgreementKey(id), a, 0)}); err != nil {
		if conflict(err) == nil {
			return err
		} // pressed twice: it is there
	}
	if a.Catalog == "" {
		return seeOther(w, r, "/avtal/"+id+"?sparat=nytteget")
	}
	return seeOther(w, r, "/avtal/"+id+"?sparat=nytt")
}
