package web

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/workbook"
)

// suppliersPage is where suppliers are asked about a system in operation, round
// by round, and their files come back.
type suppliersPage struct {
	page
	Base      string
	Suppliers []supplierRow
	Names     []string
	Name      string // filled in, of the form that asks
	Sender    string // filled in, of the form that takes a file in
	Note      string
	All, Open int // rows that can be asked about; of those, the ones whose word is wanted
	Which     string
	Areas     []pickArea
	Picked    bool // some areas or rows are ticked
	Next      int
	Missing   fieldErrors
	Saved     string
	May       bool
}

// supplierRow is one supplier with its rounds and files.
type supplierRow struct {
	Name, Status, Class, Link string
	Rounds                    []roundRow
	Files                     []tenderFileRow
	Asked, Answered, Left     int // rows, each once however often it was asked about
	Rows                      []askedRow
}

// pickArea is an area whose rows can be asked about, together or each for itself.
type pickArea struct {
	choice
	Rows []pickRow
	Told int  // how many of the rows somebody has been asked about
	Open bool // some of the rows is ticked
}

type pickRow struct {
	choice
	Asked string // who has been asked about it, in which round
}

// askedRow is a row that a supplier has been asked about, and what it says.
type askedRow struct{ ID, Title, Area, Answer string }

type roundRow struct {
	N, Rows, Answered int
	When, Who         string
	Link, Note        string
	Answer            *linkRow // nil when the round has had no link
	Contact, Until    string   // filled in, of the form that makes a link
	Ask               bool     // that form is open
}

// linkRow is how it goes with the link by which a supplier answers a round.
type linkRow struct {
	Open                                    bool
	Until, Contact, Opened, Saved, HandedIn string
	Count                                   string // of the draft's rows, how many have an answer
}

// supplierLinkPage shows a new link, once.
type supplierLinkPage struct {
	page
	Base, Supplier, Address, Until, Contact string
	Round                                   int
	Rows                                    int
}

var supplierSaved = map[string]string{"stangd": "Länken är stängd. Det leverantören har skickat in finns kvar.", "omgang": "Omgången är klar att skicka. Hämta filen och skicka den till leverantören, eller skapa en länk till en sida att svara på.", "inlast": "Svaren är inlästa och ligger som förslag i verifieringen. De räknas först när någon har godtagit dem."}

// of lets only classifications of one type through. The files of an A are
// tenders, which whoever may answer has no right to see, and a B has no
// procurement of its own.
func (s *server) of(typ string, h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		rec, err := s.subject(r)
		if err != nil {
			return err
		}
		if rec == nil || rec.Classification.Type != typ {
			return engine.ErrNotFound
		}
		return h(w, r)
	}
}

// roundsOf are the rounds that a supplier has been asked in.
func roundsOf(all []engine.Publication, supplier string) []engine.Publication {
	return slices.DeleteFunc(slices.Clone(all), func(p engine.Publication) bool { return p.Procurement.To != supplier })
}

func (s *server) suppliers(w http.ResponseWriter, r *http.Request) error {
	p, _, _, err := s.suppliersPage(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "suppliers", p)
}

func (s *server) suppliersPage(r *http.Request) (suppliersPage, *verified, *evaluated, error) {
	v, err := s.verifying(r)
	if err != nil {
		return suppliersPage{}, nil, nil, err
	}
	if r.Method == http.MethodPost {
		if err := v.writable(); err != nil {
			return suppliersPage{}, nil, nil, err
		}
	}
	e, err := s.answeredBy(r.Context(), v.open)
	if err != nil {
		return suppliersPage{}, nil, nil, err
	}
	links, err := s.Store.Links(r.Context(), v.Classification.ID)
	if err != nil {
		return suppliersPage{}, nil, nil, err
	}
	p := suppliersPage{page: s.classificationPage(v.open, e.title), Base: v.Base(), Next: len(e.Versions) + 1, Which: "oppna", Saved: supplierSaved[r.FormValue("sparat")], May: v.writable() == nil}
	p.Crumbs = slices.Insert(p.Crumbs, len(p.Crumbs)-1, crumb{"Verifiering", v.Base() + "/verifiering"})
	lines := v.Derivation.Lines(v.Today, nil)
	all := v.Assessment.ToVerify(lines, false)
	p.All, p.Open = len(all), len(v.Assessment.ToVerify(lines, true))
	for _, x := range all {
		if n := len(p.Areas); n == 0 || p.Areas[n-1].ID != x.Area {
			p.Areas = append(p.Areas, pickArea{choice: choice{ID: x.Area, Title: x.Area}})
		}
		area := &p.Areas[len(p.Areas)-1]
		row := pickRow{choice: choice{ID: x.ID, Title: x.Title}, Asked: askedSay(e.Versions, x.ID)}
		if row.Asked != "" {
			area.Told++
		}
		area.Rows = append(area.Rows, row)
	}
	for _, x := range e.Versions {
		i := slices.Index(p.Names, x.Procurement.To)
		if i < 0 {
			i = len(p.Names)
			p.Names = append(p.Names, x.Procurement.To)
			p.Suppliers = append(p.Suppliers, supplierRow{Name: x.Procurement.To, Status: "Väntar på svar", Class: "wait"})
		}
		row := &p.Suppliers[i]
		round := roundRow{N: x.Number, Rows: len(x.Rows), When: s.day(x.At), Who: personName(x.By), Link: v.Base() + "/leverantor/" + itoa(x.Number) + ".xlsx", Note: x.Note,
			Contact: v.visit.Name, Until: s.Now().In(s.Location).AddDate(0, 0, linkDays).Format(time.DateOnly)}
		for _, l := range links {
			if l.Round == x.Number {
				round.Answer, round.Contact = s.linkRow(l, len(x.Rows)), l.Contact
			}
		}
		t := e.from(x.Procurement.To)
		for _, asked := range x.Rows {
			answer := ""
			if t != nil {
				answer = t.Claims[asked.ID].Answer
			}
			if answer != "" {
				round.Answered++
			}
			if slices.ContainsFunc(row.Rows, func(r askedRow) bool { return r.ID == asked.ID }) {
				continue
			}
			row.Rows = append(row.Rows, askedRow{asked.ID, asked.Title, asked.Area, workbook.AnswerWord(answer, asked.Type)})
			if row.Asked++; answer != "" {
				row.Answered++
			}
		}
		row.Left = row.Asked - row.Answered
		row.Rounds = append(row.Rounds, round)
	}
	for i := range e.Tenders {
		t := &e.Tenders[i]
		at := slices.Index(p.Names, t.Tenderer)
		if at < 0 {
			continue
		}
		row := &p.Suppliers[at]
		link := v.Base() + "/leverantor/" + t.ID
		for _, f := range t.Files {
			row.Files = append(row.Files, s.tenderFileRow(f, link))
			row.Link = link + "/fil/" + itoa(f.N)
		}
		unread := slices.ContainsFunc(t.Files, func(f engine.TenderFile) bool {
			return f.Refused == "" && (t.Version == 0 || t.File > 0 && f.N > t.File)
		})
		switch {
		case unread:
			row.Status = "Väntar på att läsas in"
		case row.Answered > 0:
			// What was said before a round was made is no answer to it.
			row.Status = answeredSay(row.Answered, row.Asked)
			switch newest := row.Rounds[len(row.Rounds)-1].N; {
			case t.Publication < newest:
				row.Status += ", och omgång " + itoa(newest) + " väntar på svar"
			case row.Left == 0:
				row.Class = "done"
			}
		}
		if t.ID == r.FormValue("fran") && p.Saved != "" {
			p.Saved = t.Tenderer + ": " + answeredSay(row.Answered, row.Asked) + ". " + p.Saved
		}
	}
	return p, v, e, nil
}

func (s *server) linkRow(l engine.SupplierLink, rows int) *linkRow {
	answered := 0
	for _, c := range l.Draft {
		if c.Answer != "" {
			answered++
		}
	}
	return &linkRow{l.Open(s.Now()), s.lastDay(l.Expires), l.Contact, s.day(l.Opened), s.day(l.Saved), s.day(l.Handed), answeredSay(answered, rows)}
}

// roundAt is the round of the address, on its page.
func (p *suppliersPage) roundAt(r *http.Request) (*supplierRow, *roundRow) {
	for i := range p.Suppliers {
		for j := range p.Suppliers[i].Rounds {
			if itoa(p.Suppliers[i].Rounds[j].N) == chi.URLParam(r, "version") {
				return &p.Suppliers[i], &p.Suppliers[i].Rounds[j]
			}
		}
	}
	return nil, nil
}

// makeLink lets a supplier answer a round on a page, and shows the link once.
func (s *server) makeLink(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	p, v, _, err := s.suppliersPage(r)
	if err != nil {
		return err
	}
	supplier, round := p.roundAt(r)
	if round == nil {
		return errNotFound
	}
	round.Contact, round.Until, round.Ask = strings.TrimSpace(r.PostFormValue("kontakt")), strings.TrimSpace(r.PostFormValue("till")), true
	today := s.Now().In(s.Location)
	until, err := time.ParseInLocation(time.DateOnly, round.Until, s.Location)
	at := "-" + itoa(round.N)
	if round.Contact == "" || len([]rune(round.Contact)) > 200 {
		p.Missing = append(p.Missing, fieldError{"kontakt" + at, "Skriv vem leverantören kan fråga, högst 200 tecken"})
	}
	if err != nil || round.Until < today.Format(time.DateOnly) || round.Until > today.AddDate(0, 0, linkDaysMost).Format(time.DateOnly) {
		p.Missing = append(p.Missing, fieldError{"till" + at, "Välj en sista dag från i dag till och med " + s.longDate(today.AddDate(0, 0, linkDaysMost))})
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "suppliers", p)
	}
	until = until.AddDate(0, 0, 1) // the last day is a whole one
	token, err := s.Store.MakeLink(r.Context(), v.visit.ID, v.Classification.ID, round.N, round.Contact, until)
	if err != nil {
		return err
	}
	shown := supplierLinkPage{page: s.classificationPage(v.open, "Länk till "+supplier.Name), Base: v.Base(), Supplier: supplier.Name, Address: s.address("/svar/" + token), Until: s.lastDay(until), Contact: round.Contact, Round: round.N, Rows: round.Rows}
	shown.Crumbs = slices.Insert(shown.Crumbs, len(shown.Crumbs)-1, crumb{"Verifiering", v.Base() + "/verifiering"}, crumb{"Leverantörernas svar", v.Base() + "/leverantor"})
	return s.render(w, http.StatusOK, "supplierlink", shown)
}

// closeLink stops a supplier's link from working.
func (s *server) closeLink(w http.ResponseWriter, r *http.Request) error {
	v, err := s.amending(r)
	if err != nil {
		return err
	}
	n, ok := number(chi.URLParam(r, "version"))
	if !ok {
		return errNotFound
	}
	// Where there is none, it is closed already.
	if err := s.Store.RevokeLink(r.Context(), v.visit.ID, v.Classification.ID, n); err != nil && !errors.Is(err, engine.ErrNotFound) {
		return err
	}
	return seeOther(w, r, v.Base()+"/leverantor?sparat=stangd")
}

// askedSay tells which suppliers have been asked about a row, each with its last
// round; "" when nobody has.
func askedSay(rounds []engine.Publication, id string) string {
	var names, last []string
	for _, x := range rounds {
		if !slices.ContainsFunc(x.Rows, func(r engine.Row) bool { return r.ID == id }) {
			continue
		}
		i := slices.Index(names, x.Procurement.To)
		if i < 0 {
			i = len(names)
			names, last = append(names, x.Procurement.To), append(last, "")
		}
		last[i] = x.Procurement.To + ", omgång " + itoa(x.Number)
	}
	return strings.Join(last, "; ")
}

// from is what a supplier has sent in; nil when it is nothing.
func (e *evaluated) from(supplier string) *engine.Tender {
	for i := range e.Tenders {
		if e.Tenders[i].Tenderer == supplier {
			return &e.Tenders[i]
		}
	}
	return nil
}

// answeredSay tells how many of the rows have an answer.
func answeredSay(n, of int) string {
	if of == 1 {
		return itoa(n) + " av 1 rad är besvarad"
	}
	return itoa(n) + " av " + itoa(of) + " rader är besvarade"
}

// askSupplier writes the next round to a supplier.
func (s *server) askSupplier(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	p, v, _, err := s.suppliersPage(r)
	if err != nil {
		return err
	}
	next, ok := number(r.PostFormValue("omgang"))
	if !ok {
		return errForm
	}
	p.Name, p.Note, p.Which = strings.Join(strings.Fields(r.PostFormValue("leverantor")), " "), strings.TrimSpace(r.PostFormValue("not")), r.PostFormValue("vilka")
	wrong := func(field, text string) { p.Missing = append(p.Missing, fieldError{field, text}) }
	if p.Name == "" || len([]rune(p.Name)) > 200 {
		wrong("leverantor", "Skriv leverantörens namn, högst 200 tecken")
	}
	if len([]rune(p.Note)) > maxReason {
		wrong("not", "Korta texten till högst "+itoa(maxReason)+" tecken")
	}
	lines := v.Derivation.Lines(v.Today, nil)
	rows := v.Assessment.ToVerify(lines, p.Which != "alla")
	areas, picked := r.PostForm["omrade"], r.PostForm["rad"]
	for i := range p.Areas {
		area := &p.Areas[i]
		area.Chosen = slices.Contains(areas, area.ID)
		for j := range area.Rows {
			area.Rows[j].Chosen = slices.Contains(picked, area.Rows[j].ID)
			area.Open = area.Open || area.Rows[j].Chosen
		}
		p.Picked = p.Picked || area.Chosen || area.Open
	}
	if len(areas)+len(picked) > 0 {
		// A row that is ticked is asked about whatever stands of it already.
		wanted := rows
		rows = slices.DeleteFunc(v.Assessment.ToVerify(lines, false), func(x engine.Row) bool {
			return !slices.Contains(picked, x.ID) && (!slices.Contains(areas, x.Area) || !slices.ContainsFunc(wanted, func(y engine.Row) bool { return y.ID == x.ID }))
		})
	}
	if len(rows) == 0 {
		wrong("vilka", "Inga rader blir kvar att fråga om. Välj fler")
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "suppliers", p)
	}
	var file bytes.Buffer
	id, err := workbook.WriteRound(&file, workbook.Round{Supplier: p.Name, System: v.System.Title, Unit: unitName(v.visit.org, v.System.Unit), ClassificationID: v.Classification.ID,
		CatalogHash: v.Catalog.SetHash, Date: v.Today, Number: next, Note: p.Note, Rows: rows})
	if err != nil {
		return err
	}
	_, err = s.Store.Publish(r.Context(), v.visit.ID, engine.Publication{Classification: v.Classification.ID, Number: next, Procurement: engine.Procurement{To: p.Name}, Note: p.Note,
		Rows: rows, ExportID: id.ExportID, File: file.Bytes()})
	if errors.Is(err, engine.ErrChanged) { // pressed twice, or somebody else was first: the page shows which
		return seeOther(w, r, v.Base()+"/leverantor")
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, v.Base()+"/leverantor?sparat=omgang")
}

// downloadRound gives a round byte for byte as it was made.
func (s *server) downloadRound(w http.ResponseWriter, r *http.Request) error {
	v, err := s.verifying(r)
	if err != nil {
		return err
	}
	n, ok := number(chi.URLParam(r, "version"))
	if !ok {
		return errNotFound
	}
	x, err := s.Store.Publication(r.Context(), v.Classification.ID, n)
	if err != nil {
		return err
	}
	return sendWorkbook(w, "verifiering-"+slug(v.System.Title)+"-omgang-"+itoa(n)+".xlsx", x.File)
}

// receiveAnswers keeps a supplier's file as it came, and shows what can be read
// from it before any of it is taken.
func (s *server) receiveAnswers(w http.ResponseWriter, r *http.Request) error {
	p, _, e, err := s.suppliersPage(r)
	if err != nil {
		return err
	}
	refuse := func(status int, field, text string) error {
		p.Missing, p.Failed = fieldErrors{{field, text}}, true
		return s.render(w, status, "suppliers", p)
	}
	name, data, err := uploaded(r)
	if errors.Is(err, workbook.RefusedSize) {
		return refuse(http.StatusRequestEntityTooLarge, "fil", string(workbook.RefusedSize))
	}
	if err != nil && !errors.Is(err, errNoFile) {
		return err
	}
	p.Sender = strings.TrimSpace(r.FormValue("anbudsgivare"))
	if !slices.Contains(p.Names, p.Sender) {
		return refuse(http.StatusUnprocessableEntity, "anbudsgivare", "Välj vilken leverantör som svarar")
	}
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, "fil", "Välj filen som leverantören har skickat")
	}
	return s.keepFile(w, r, e, p.Sender, name, data, roundsOf(e.Versions, p.Sender))
}
