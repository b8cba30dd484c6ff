package web

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/workbook"
)

// How large a request with a file may be: the workbook's own bound and the form
// around it.
const maxUpload = 21 << 20

// takesFile is the addresses that take a file.
var takesFile = regexp.MustCompile(`^/klassning/[^/]+/(anbud|planfil|leverantor/fil)$`)

// evaluated is a procurement whose tenders may be opened, or a B-classification
// whose suppliers' answers are read in.
type evaluated struct {
	*open
	room     string // where the files are, below the classification's address
	title    string // what that page is called
	Versions []engine.Publication
	engine.Evaluation
}

func (e *evaluated) newest() engine.Publication { return e.Versions[len(e.Versions)-1] }

// reads is how the files are read: tenders answer the newest version, and a
// supplier the round that the file is of.
func (e *evaluated) reads() func([]byte, []engine.Publication) (workbook.Reading, error) {
	if e.Classification.Type == "B" {
		return workbook.ReadRound
	}
	return workbook.ReadTender
}

// evaluation opens the procurement of the address: something has been sent out,
// and the time for tenders is over.
func (s *server) evaluation(r *http.Request) (*evaluated, error) {
	o, err := s.open(r)
	if err != nil {
		return nil, err
	}
	if o.paused() && r.Method == http.MethodPost {
		return nil, errPaused
	}
	if o.Classification.Type == "B" {
		if r.Method == http.MethodPost {
			if err := o.writable(); err != nil {
				return nil, err
			}
		}
		return s.answeredBy(r.Context(), o)
	}
	e := &evaluated{open: o, room: "/anbud", title: "Anbud"}
	if e.Versions, err = s.Store.Publications(r.Context(), o.Classification.ID); err != nil {
		return nil, err
	}
	if len(e.Versions) == 0 {
		return nil, &Problem{http.StatusConflict, "Kravbilagan är inte utskickad", "Anbud kan tas emot när en version av kravbilagan är fastställd och tiden för anbud har gått ut.", o.Base() + "/kravbilaga", "Till kravbilagan"}
	}
	deadline := e.newest().Procurement.Deadline
	if at, ok := s.deadlineAt(deadline); !ok || s.Now().Before(at) {
		return nil, &Problem{http.StatusConflict, "Anbuden får inte öppnas än", "Tiden för anbud går ut " + s.deadlineWords(deadline) + ". Till dess får ingen öppna dem.", o.Base() + "/kravbilaga", "Till kravbilagan"}
	}
	e.Evaluation, err = s.Store.Evaluation(r.Context(), o.Classification.ID)
	return e, err
}

// answeredBy is a B-classification's rounds and what suppliers have answered.
func (s *server) answeredBy(ctx context.Context, o *open) (*evaluated, error) {
	e := &evaluated{open: o, room: "/leverantor", title: "Leverantörernas svar"}
	var err error
	if e.Versions, err = s.Store.Publications(ctx, o.Classification.ID); err != nil {
		return nil, err
	}
	e.Evaluation, err = s.Store.Evaluation(ctx, o.Classification.ID)
	return e, err
}

// tenderAt is the tender of the address.
func (s *server) tenderAt(r *http.Request) (*evaluated, *engine.Tender, error) {
	e, err := s.evaluation(r)
	if err != nil {
		return nil, nil, err
	}
	t := e.Tender(chi.URLParam(r, "anbud"))
	if t == nil {
		return nil, nil, errNotFound
	}
	if o := e.open; o.Classification.Type == "B" {
		e.Versions = roundsOf(e.Versions, t.Tenderer)
	}
	return e, t, nil
}

func (s *server) evaluationPage(e *evaluated, title string) page {
	p := s.classificationPage(e.open, title)
	p.Lock = nil // what is approved is the classification
	if title != e.title {
		p.Crumbs = slices.Insert(p.Crumbs, len(p.Crumbs)-1, crumb{e.title, e.Base() + e.room})
	}
	return p
}

// tendersPage lists the tenders and takes in files.
type tendersPage struct {
	page
	Base     string
	Tenders  []tenderRow
	Names    []string
	Name     string
	Missing  fieldErrors
	Closed   string // who was chosen, when one is
	Compare  bool
	Rows     int
	Deadline string
}

type tenderRow struct {
	Tenderer, Link, Status, Class string
	Files                         []tenderFileRow
}

type tenderFileRow struct {
	N                                                      int
	Name, Link, Original, When, Who, SHA256, Size, Refused string
}

func (s *server) tenders(w http.ResponseWriter, r *http.Request) error {
	e, err := s.evaluation(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "tenders", s.tendersPage(e))
}

func (s *server) tendersPage(e *evaluated) tendersPage {
	p := tendersPage{page: s.evaluationPage(e, "Anbud"), Base: e.Base(), Rows: len(e.newest().Rows), Deadline: s.deadlineWords(e.newest().Procurement.Deadline)}
	for i := range e.Tenders {
		t := &e.Tenders[i]
		p.Names = append(p.Names, t.Tenderer)
		row := tenderRow{Tenderer: t.Tenderer, Link: e.Base() + "/anbud/" + t.ID}
		link := row.Link
		answered := 0
		for _, c := range t.Claims {
			if c.Answer != "" {
				answered++
			}
		}
		switch {
		case t.Version > 0:
			row.Status, row.Class = itoa(answered)+" av "+itoa(p.Rows)+" rader besvarade", "done"
			p.Compare = true
		case slices.ContainsFunc(t.Files, func(f engine.TenderFile) bool { return f.Refused == "" }):
			row.Status, row.Class = "Väntar på att läsas in", "wait"
			for _, f := range t.Files {
				if f.Refused == "" {
					row.Link = link + "/fil/" + itoa(f.N) // the newest that can be read
				}
			}
		default:
			row.Status, row.Class = "Filen går inte att läsa", "late"
		}
		for _, f := range t.Files {
			row.Files = append(row.Files, s.tenderFileRow(f, link))
		}
		p.Tenders = append(p.Tenders, row)
	}
	if e.Award != nil {
		p.Closed = s.awardWords(e)
	}
	return p
}

// tenderFileRow is a file below its tender's address.
func (s *server) tenderFileRow(f engine.TenderFile, tender string) tenderFileRow {
	link := tender + "/fil/" + itoa(f.N)
	return tenderFileRow{N: f.N, Name: f.Name, Link: link, Original: link + "/original", When: s.day(f.At), Who: personName(f.By), SHA256: f.SHA256, Size: fileSize(f.Size), Refused: f.Refused}
}

func fileSize(n int) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d kB", (n+1023)/1024)
	}
	return strings.Replace(fmt.Sprintf("%.1f MB", float64(n)/(1<<20)), ".", ",", 1)
}

// receiveTender keeps a file as it came, and shows what can be read from it.
// Nothing of that is written before somebody has seen it.
func (s *server) receiveTender(w http.ResponseWriter, r *http.Request) error {
	e, err := s.evaluation(r)
	if err != nil {
		return err
	}
	p := s.tendersPage(e)
	name, data, err := uploaded(r)
	if errors.Is(err, workbook.RefusedSize) {
		p.Missing, p.Failed = fieldErrors{{"fil", string(workbook.RefusedSize)}}, true
		return s.render(w, http.StatusRequestEntityTooLarge, "tenders", p)
	}
	if err != nil && !errors.Is(err, errNoFile) {
		return err
	}
	p.Name = strings.Join(strings.Fields(r.FormValue("anbudsgivare")), " ")
	for _, known := range p.Names {
		if strings.EqualFold(known, p.Name) {
			p.Name = known
		}
	}
	switch {
	case p.Name == "":
		p.Missing = append(p.Missing, fieldError{"anbudsgivare", "Skriv anbudsgivarens namn"})
	case len([]rune(p.Name)) > 200:
		p.Missing = append(p.Missing, fieldError{"anbudsgivare", "Korta namnet till högst 200 tecken"})
	}
	if err != nil {
		p.Missing = append(p.Missing, fieldError{"fil", "Välj filen som anbudsgivaren har skickat"})
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "tenders", p)
	}
	for _, t := range e.Tenders {
		for _, f := range t.Files {
			if t.Tenderer != p.Name && f.SHA256 == sha256hex(data) {
				p.Missing, p.Failed = fieldErrors{{"anbudsgivare", "Samma fil är redan mottagen från " + t.Tenderer + ". Kontrollera vems anbud det är"}}, true
				return s.render(w, http.StatusUnprocessableEntity, "tenders", p)
			}
		}
	}
	return s.keepFile(w, r, e, p.Name, name, data, e.Versions)
}

// baseName is a file's name without its folders, whichever slash they have.
func baseName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	if r := []rune(name); len(r) > 200 {
		name = string(r[len(r)-200:])
	}
	return name
}

// downloadTender gives a file byte for byte as it was received. It is somebody
// else's: the browser is told to save it and nothing more.
func (s *server) downloadTender(w http.ResponseWriter, r *http.Request) error {
	_, t, err := s.tenderAt(r)
	if err != nil {
		return err
	}
	n, ok := number(chi.URLParam(r, "n"))
	if !ok {
		return errNotFound
	}
	f, err := s.Store.TenderFile(r.Context(), t.ID, n)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	h.Set("Content-Length", itoa(len(f.Content)))
	_, err = w.Write(f.Content)
	return err
}

// bidRow is one line of the start page: a procurement whose time is over.
type bidRow struct{ Title, Link, When string }

// toOpen is the procurements whose tenders wait for the visitor, the longest
// waiting first.
func (s *server) toOpen(v *visit, records []engine.Record) []bidRow {
	var out []bidRow
	for i := range records {
		rec := &records[i]
		deadline := rec.Procurement().Deadline
		at, ok := s.deadlineAt(deadline)
		if ok && !rec.Awarded && !s.Now().Before(at) && v.on(rec, evaluate, "") {
			out = append(out, bidRow{rec.System.Title, "/klassning/" + rec.Classification.ID + "/anbud", deadline})
		}
	}
	slices.SortStableFunc(out, func(a, b bidRow) int { return strings.Compare(a.When, b.When) })
	for i := range out {
		out[i].When = s.deadlineWords(out[i].When)
	}
	return out
}
