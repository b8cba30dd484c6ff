package web

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/workbook"
)

// readers holds how many files are read at once, and for how long each.
var readers = make(chan struct{}, 2)

const readingTime = 30 * time.Second

// errNoFile says that a form brought no file.
var errNoFile = errors.New("no file was chosen")

// uploaded reads the form and the file in its field "fil": the file's name
// without folders, and what is in it. The error is workbook.RefusedSize,
// errNoFile, after which the rest of the form can be read, or errForm.
func uploaded(r *http.Request) (string, []byte, error) {
	var tooBig *http.MaxBytesError
	if err := r.ParseMultipartForm(maxUpload); errors.As(err, &tooBig) {
		return "", nil, workbook.RefusedSize
	} else if err != nil {
		return "", nil, errForm
	}
	defer r.MultipartForm.RemoveAll()
	file, head, err := r.FormFile("fil")
	if err != nil {
		return "", nil, errNoFile
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		return "", nil, errForm
	}
	return baseName(head.Filename), data, nil
}

// keepFile keeps a file from a tenderer or a supplier as it came, with why when it
// cannot be read, and leads to what can.
func (s *server) keepFile(w http.ResponseWriter, r *http.Request, e *evaluated, from, name string, data []byte, asked []engine.Publication) error {
	kept := engine.TenderFile{Name: name, Content: data}
	_, err := readFile(func() (workbook.Reading, error) { return e.reads()(data, asked) })
	var refused workbook.Refusal
	switch {
	case errors.As(err, &refused):
		kept.Refused = string(refused)
	case err != nil:
		return err
	}
	t, err := s.Store.ReceiveTender(r.Context(), e.visit.ID, e.Classification.ID, from, kept)
	if err != nil {
		return err
	}
	n := t.Files[slices.IndexFunc(t.Files, func(f engine.TenderFile) bool { return f.SHA256 == sha256hex(data) })].N
	return seeOther(w, r, e.Base()+e.room+"/"+t.ID+"/fil/"+itoa(n))
}

// readFile runs a reading of a file, a few at a time and not for ever. A refusal
// comes back as a workbook.Refusal.
func readFile[T any](read func() (T, error)) (T, error) {
	var none T
	select {
	case readers <- struct{}{}:
	case <-time.After(readingTime):
		return none, errReading
	}
	type outcome struct {
		read T
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		defer func() { <-readers }()
		x, err := read()
		done <- outcome{x, err}
	}()
	select {
	case x := <-done:
		return x.read, x.err
	case <-time.After(readingTime):
		return none, workbook.RefusedUnpacked
	}
}

// readingPage is what has been understood of a file, before any of it is taken.
type readingPage struct {
	page
	Base, Action, Link string
	Back, Sender       string // the page before; what who has sent the file is
	Tenderer           string
	File               tenderFileRow
	Refused            string
	Publication        int
	Answers            string // what it answers: version 2, or round 2
	Notes              []string
	Choose             []readRow // somebody has to choose
	Told               []readRow // taken as they are, with something to know
	Plain              []readRow // taken as they are
	Empty              []readRow // in the file, and nothing is written there
	Answered           string    // how many of the rows have an answer in the file
	Blank              bool      // a supplier's file in which nothing is written: there is nothing to take in
	Lost               []readRow // not in the file
	Strays             []workbook.Stray
	Missing            fieldErrors
	Version            int
	Taken              bool // answers have been read in from this tender before
	Closed             bool
	Changed            bool // by somebody else, meanwhile
}

type readRow struct {
	ID, Title, Type string
	At              int
	Answer, Written string
	Text            []string // what else the tenderer has written
	Notes           []string
	Why             []workbook.Choice
	Options         []choice
}

func (s *server) reading(w http.ResponseWriter, r *http.Request) error {
	e, t, err := s.tenderAt(r)
	if err != nil {
		return err
	}
	p, _, err := s.readingPage(r, e, t, nil)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "reading", p)
}

// takes is what a row's claim becomes with each choice; nil leaves the row
// without an answer.
type takes map[string]map[string]*engine.Claim

// readingPage reads the address's file anew, and tells what each choice means.
func (s *server) readingPage(r *http.Request, e *evaluated, t *engine.Tender, chosen url.Values) (readingPage, takes, error) {
	n, ok := number(chi.URLParam(r, "n"))
	if !ok {
		return readingPage{}, nil, errNotFound
	}
	file, err := s.Store.TenderFile(r.Context(), t.ID, n)
	if err != nil {
		return readingPage{}, nil, err
	}
	link := e.Base() + e.room + "/" + t.ID
	sender := "anbudsgivare"
	if e.Classification.Type == "B" {
		sender = "leverantör"
	}
	p := readingPage{Back: e.Base() + e.room, Sender: sender, page: s.evaluationPage(e, t.Tenderer+", inläsning"), Base: e.Base(), Link: link, Action: link + "/fil/" + itoa(n), Tenderer: t.Tenderer, Version: t.Version, Taken: t.Version > 0, Closed: e.Award != nil,
		File: s.tenderFileRow(file, link)}
	x, err := readFile(func() (workbook.Reading, error) { return e.reads()(file.Content, e.Versions) })
	var refused workbook.Refusal
	if errors.As(err, &refused) {
		p.Refused = string(refused)
		return p, nil, nil
	}
	if err != nil {
		return p, nil, err
	}
	p.Publication, p.Notes, p.Strays = x.Publication, x.Notes, x.Strays
	if p.Answers = "version " + itoa(x.Publication); e.Classification.Type == "B" {
		p.Answers = "omgång " + itoa(x.Publication)
	}
	means := takes{}
	p.Blank = e.Classification.Type == "B"
	answered := 0
	for _, f := range x.Rows {
		if p.Blank = p.Blank && f.Claim.Empty(); f.Claim.Answer != "" {
			answered++
		}
	}
	p.Answered = answeredSay(answered, len(x.Rows))
	for _, f := range x.Rows {
		row := readRow{ID: f.ID, Title: f.Title, Type: workbook.KindWord(f.Type), At: f.At, Answer: workbook.AnswerWord(f.Claim.Answer, f.Type), Written: f.Claim.Written, Notes: f.Claim.Notes, Why: f.Choose, Text: claimText(f.Claim)}
		var had *engine.Claim
		if c, ok := t.Claims[f.ID]; ok && !c.Empty() {
			had = &c
		}
		claim := &f.Claim
		if f.At == 0 {
			claim = nil
		}
		does := engine.Replaces(had, claim)
		// Nothing to choose between.
		if len(f.Choose) == 0 && (does == engine.ReplaceNew || does == engine.ReplaceSame) {
			means[f.ID] = map[string]*engine.Claim{"": claim}
			switch {
			case f.At == 0:
				p.Lost = append(p.Lost, row)
			case f.Claim.Empty():
				p.Empty = append(p.Empty, row)
			case len(row.Notes) > 0:
				p.Told = append(p.Told, row)
			default:
				p.Plain = append(p.Plain, row)
			}
			continue
		}
		options := map[string]*engine.Claim{}
		offer := func(id, title string, c *engine.Claim) {
			options[id] = c
			row.Options = append(row.Options, choice{ID: id, Title: title, Chosen: chosen.Get("rad-"+f.ID) == id})
		}
		if f.At > 0 {
			offer("ta", "Ta med svaret på rad "+itoa(f.At)+": "+claimSay(f.Claim), claim)
		}
		for _, other := range f.Others {
			c := other.Claim
			offer("rad"+itoa(other.At), "Ta med svaret på rad "+itoa(other.At)+": "+claimSay(c), &c)
		}
		if had != nil {
			offer("behall", "Behåll det som lästes in tidigare: "+claimSay(*had), had)
			if does == engine.ReplaceChanged || does == engine.ReplaceGone {
				row.Why = append(row.Why, workbook.Choice{Why: "Ett tidigare inläst svar skiljer sig från filens."})
			}
		}
		offer("lamna", "Lämna raden obesvarad", nil)
		means[f.ID] = options
		p.Choose = append(p.Choose, row)
	}
	return p, means, nil
}

func claimSay(c engine.Claim) string {
	say := c.Written
	if say == "" {
		say = "inget svar"
	}
	return strings.Join(append([]string{say}, claimText(c)...), ". ")
}

// claimText is what a tenderer has written beside the answer.
func claimText(c engine.Claim) []string {
	var out []string
	for _, x := range []struct{ title, text string }{{"Ansvar", c.By}, {"Beskrivning", c.Description}, {"Bevis", c.Evidence}} {
		if x.text != "" {
			out = append(out, x.title+": "+x.text)
		}
	}
	return out
}

// takeReading writes the answers of a file, with what has been chosen.
func (s *server) takeReading(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	e, t, err := s.tenderAt(r)
	if err != nil {
		return err
	}
	p, means, err := s.readingPage(r, e, t, r.PostForm)
	if err != nil {
		return err
	}
	version, ok := number(r.PostFormValue("version"))
	if !ok || p.Refused != "" {
		return errForm
	}
	if p.Blank { // the page has no such button: the round waits still
		return s.render(w, http.StatusUnprocessableEntity, "reading", p)
	}
	claims := map[string]engine.Claim{}
	for id, options := range means {
		picked := r.PostFormValue("rad-" + id)
		if _, only := options[""]; only {
			picked = ""
		}
		c, ok := options[picked]
		if !ok {
			p.Missing = append(p.Missing, fieldError{"rad-" + id, "Välj vad som ska gälla för " + id})
		} else if c != nil {
			claims[id] = *c
		}
	}
	if e.Classification.Type == "B" { // a round asks about some of the rows: what was said of the others stands
		for id, c := range t.Claims {
			if _, asked := means[id]; !asked {
				claims[id] = c
			}
		}
	}
	slices.SortFunc(p.Missing, func(a, b fieldError) int { return strings.Compare(a.Field, b.Field) })
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "reading", p)
	}
	err = s.Store.ReadTender(r.Context(), e.visit.ID, t.ID, version, p.Publication, p.File.N, claims)
	if errors.Is(err, engine.ErrChanged) {
		p.Changed, p.Failed = true, true
		return s.render(w, http.StatusConflict, "reading", p)
	}
	if err != nil {
		return err
	}
	if e.Classification.Type == "B" {
		return seeOther(w, r, e.Base()+"/leverantor?sparat=inlast&fran="+t.ID)
	}
	return seeOther(w, r, p.Link)
}
