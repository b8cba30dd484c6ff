package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/workbook"
)

// How large a request with a file may be: the workbook's own bound and the form
// around it.
const maxUpload = 21 << 20

// takesFile is the addresses that take a file.
var takesFile = regexp.MustCompile(`^/klassning/[^/]+/anbud$`)

// readers holds how many files are read at once, and for how long each.
var readers = make(chan struct{}, 2)

const readingTime = 30 * time.Second

// evaluated is a procurement whose tenders may be opened.
type evaluated struct {
	*open
	Versions []engine.Publication
	engine.Evaluation
}

func (e *evaluated) newest() engine.Publication { return e.Versions[len(e.Versions)-1] }

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
	e := &evaluated{open: o}
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
	return e, t, nil
}

func (s *server) evaluationPage(e *evaluated, title string) page {
	p := s.classificationPage(e.open, title)
	p.Lock = nil // what is approved is the classification
	if title != "Anbud" {
		p.Crumbs = slices.Insert(p.Crumbs, len(p.Crumbs)-1, crumb{"Anbud", e.Base() + "/anbud"})
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
	return tenderFileRow{Name: f.Name, Link: link, Original: link + "/original", When: s.day(f.At), Who: personName(f.By), SHA256: f.SHA256, Size: fileSize(f.Size), Refused: f.Refused}
}

func (s *server) awardWords(e *evaluated) string {
	t := e.Tender(e.Award.Tender)
	return t.Tenderer + " valdes " + s.day(e.Award.At) + " av " + personName(e.Award.By) + ". " + e.Award.Reason
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
	var tooBig *http.MaxBytesError
	err = r.ParseMultipartForm(maxUpload)
	switch {
	case errors.As(err, &tooBig):
		p.Missing = fieldErrors{{"fil", string(workbook.RefusedSize)}}
	case errors.Is(err, http.ErrNotMultipart):
		return errForm
	case err != nil:
		return errForm
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusRequestEntityTooLarge, "tenders", p)
	}
	defer r.MultipartForm.RemoveAll()
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
	file, head, err := r.FormFile("fil")
	if err != nil {
		p.Missing = append(p.Missing, fieldError{"fil", "Välj filen som anbudsgivaren har skickat"})
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "tenders", p)
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		return errForm
	}
	for _, t := range e.Tenders {
		for _, f := range t.Files {
			if t.Tenderer != p.Name && f.SHA256 == sha256hex(data) {
				p.Missing, p.Failed = fieldErrors{{"anbudsgivare", "Samma fil är redan mottagen från " + t.Tenderer + ". Kontrollera vems anbud det är"}}, true
				return s.render(w, http.StatusUnprocessableEntity, "tenders", p)
			}
		}
	}
	kept := engine.TenderFile{Name: baseName(head.Filename), Content: data}
	_, err = s.read(data, e.Versions)
	var refused workbook.Refusal
	switch {
	case errors.As(err, &refused):
		kept.Refused = string(refused)
	case err != nil:
		return err
	}
	t, err := s.Store.ReceiveTender(r.Context(), e.visit.ID, e.Classification.ID, p.Name, kept)
	if err != nil {
		return err
	}
	n := t.Files[slices.IndexFunc(t.Files, func(f engine.TenderFile) bool { return f.SHA256 == sha256hex(data) })].N
	return seeOther(w, r, e.Base()+"/anbud/"+t.ID+"/fil/"+itoa(n))
}

// baseName is a file's name without its folders, whichever slash they have.
func baseName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	if r := []rune(name); len(r) > 200 {
		name = string(r[len(r)-200:])
	}
	return name
}

// read reads a file, a few at a time and not for ever. A refusal comes back as
// a workbook.Refusal.
func (s *server) read(data []byte, versions []engine.Publication) (workbook.Reading, error) {
	select {
	case readers <- struct{}{}:
	case <-time.After(readingTime):
		return workbook.Reading{}, errReading
	}
	type outcome struct {
		workbook.Reading
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		defer func() { <-readers }()
		x, err := workbook.ReadTender(data, versions)
		done <- outcome{x, err}
	}()
	select {
	case x := <-done:
		return x.Reading, x.err
	case <-time.After(readingTime):
		return workbook.Reading{}, workbook.RefusedUnpacked
	}
}

// readingPage is what has been understood of a file, before any of it is taken.
type readingPage struct {
	page
	Base, Action, Link string
	Tenderer           string
	File               tenderFileRow
	Refused            string
	Publication        int
	Notes              []string
	Choose             []readRow // somebody has to choose
	Told               []readRow // taken as they are, with something to know
	Plain              []readRow // taken as they are
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
	link := e.Base() + "/anbud/" + t.ID
	p := readingPage{page: s.evaluationPage(e, t.Tenderer+", inläsning"), Base: e.Base(), Link: link, Action: link + "/fil/" + itoa(n), Tenderer: t.Tenderer, Version: t.Version, Taken: t.Version > 0, Closed: e.Award != nil,
		File: s.tenderFileRow(file, link)}
	x, err := s.read(file.Content, e.Versions)
	var refused workbook.Refusal
	if errors.As(err, &refused) {
		p.Refused = string(refused)
		return p, nil, nil
	}
	if err != nil {
		return p, nil, err
	}
	p.Publication, p.Notes, p.Strays = x.Publication, x.Notes, x.Strays
	means := takes{}
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
	slices.SortFunc(p.Missing, func(a, b fieldError) int { return strings.Compare(a.Field, b.Field) })
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "reading", p)
	}
	err = s.Store.ReadTender(r.Context(), e.visit.ID, t.ID, version, p.Publication, claims)
	if errors.Is(err, engine.ErrChanged) {
		p.Changed, p.Failed = true, true
		return s.render(w, http.StatusConflict, "reading", p)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, p.Link)
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

// tenderPage is one tender, with the assessor's own word beside each claim.
type tenderPage struct {
	page
	Base, Action string
	Tenderer     string
	Standing     engine.Standing
	Areas        []judgeArea
	Files        []tenderFileRow
	Read         bool // answers have been read in
	Closed       string
	Missing      fieldErrors
	Changed      []string // rows that somebody else has assessed meanwhile
	Saved        bool
	Token        string
}

type judgeArea struct {
	ID, Title string
	Rows      []judgeRow
}

type judgeRow struct {
	engine.Row
	Word     string // its type
	Verdict  engine.Verdict
	Claimed  string
	Text     []string
	Notes    []string
	Options  []choice
	Note     string
	Version  int
	By, When string
	Verify   string
}

func (s *server) tender(w http.ResponseWriter, r *http.Request) error {
	e, t, err := s.tenderAt(r)
	if err != nil {
		return err
	}
	p := s.tenderPage(e, t)
	p.Saved = r.URL.Query().Get("sparat") != ""
	return s.render(w, http.StatusOK, "tender", p)
}

func (s *server) tenderPage(e *evaluated, t *engine.Tender) tenderPage {
	p := tenderPage{page: s.evaluationPage(e, t.Tenderer), Base: e.Base(), Action: e.Base() + "/anbud/" + t.ID, Tenderer: t.Tenderer, Read: t.Version > 0, Token: token()}
	if e.Award != nil {
		p.Closed = s.awardWords(e)
	}
	for _, f := range t.Files {
		p.Files = append(p.Files, s.tenderFileRow(f, p.Action))
	}
	rows := e.newest().Rows
	c := engine.Compared(rows, []engine.Tender{*t}, e.Judgments)
	p.Standing = c.Standings[0]
	verdicts := map[string]engine.Verdict{}
	for _, x := range c.Rows {
		verdicts[x.ID] = x.Verdicts[0]
	}
	for _, x := range rows { // in the list's order, as the file has it
		if n := len(p.Areas); n == 0 || p.Areas[n-1].Title != x.Area {
			p.Areas = append(p.Areas, judgeArea{ID: "omrade-" + itoa(n+1), Title: x.Area})
		}
		v := verdicts[x.ID]
		row := judgeRow{Row: x, Word: workbook.KindWord(x.Type), Verdict: v}
		if v.Claim != nil {
			row.Claimed, row.Text, row.Notes = v.Claim.Written, claimText(*v.Claim), v.Claim.Notes
		}
		answer := ""
		if j := v.Judgment; j != nil {
			answer, row.Note, row.Version, row.By, row.When = j.Answer, j.Note, j.Version, personName(j.By), s.day(j.At)
		}
		row.Options = judgmentOptions(x.Type, answer)
		last := &p.Areas[len(p.Areas)-1]
		last.Rows = append(last.Rows, row)
	}
	return p
}

// judgmentOptions is what an assessor may find of a type of row: a mandatory
// requirement is not met in part.
func judgmentOptions(t engine.RowType, answer string) []choice {
	out := []choice{{ID: "", Title: "Inte bedömt", Chosen: answer == ""}}
	for _, a := range []string{engine.AnswerYes, engine.AnswerPartly, engine.AnswerNo} {
		if a != engine.AnswerPartly || t == engine.Should {
			out = append(out, choice{ID: a, Title: workbook.JudgmentWord(a), Chosen: a == answer})
		}
	}
	return out
}

// saveJudgments keeps what the assessor finds of the rows in the form.
func (s *server) saveJudgments(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	e, t, err := s.tenderAt(r)
	if err != nil {
		return err
	}
	p := s.tenderPage(e, t)
	var list []engine.Judgment
	area := ""
	for i := range p.Areas {
		for j := range p.Areas[i].Rows {
			row := &p.Areas[i].Rows[j]
			if !r.PostForm.Has("svar-" + row.ID) {
				continue
			}
			area = p.Areas[i].ID
			version, ok := number(r.PostFormValue("version-" + row.ID))
			answer, note := r.PostFormValue("svar-"+row.ID), strings.TrimSpace(r.PostFormValue("not-"+row.ID))
			if !ok || !slices.ContainsFunc(row.Options, func(c choice) bool { return c.ID == answer }) {
				return errForm
			}
			if row.Version > 0 && row.Version != version {
				was := engine.AnswerNo
				if row.Verdict.Judgment != nil {
					was = row.Verdict.Judgment.Answer
				}
				if was != answer || row.Note != note {
					p.Changed = append(p.Changed, row.ID+": "+row.By+" har skrivit "+strings.TrimSpace(lowerFirst(workbook.JudgmentWord(was))+" "+row.Note)+" "+row.When)
				}
			}
			if len([]rune(note)) > maxReason {
				p.Missing = append(p.Missing, fieldError{"not-" + row.ID, row.ID + ": korta anteckningen till högst " + itoa(maxReason) + " tecken"})
			}
			row.Options, row.Note = judgmentOptions(row.Type, answer), note
			if answer != "" || note != "" || version > 0 {
				list = append(list, engine.Judgment{Row: row.ID, Answer: answer, Note: note, Version: version})
			}
		}
	}
	switch {
	case len(p.Missing) > 0:
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "tender", p)
	case len(p.Changed) > 0:
		p.Failed = true
		return s.render(w, http.StatusConflict, "tender", p)
	}
	if err := s.Store.SaveJudgments(r.Context(), e.visit.ID, t.ID, list); errors.Is(err, engine.ErrChanged) {
		return errConflict
	} else if err != nil {
		return err
	}
	return seeOther(w, r, p.Action+"?sparat=ja#"+area)
}

// comparisonPage is the tenders side by side.
type comparisonPage struct {
	page
	Base      string
	Rule      string
	Standings []standingRow
	Unmet     comparedTable // rows that somebody has to meet and does not
	Rest      comparedTable
	State     int
	Missing   fieldErrors
	Chosen    string
	Reason    string
	Closed    string
	Link      string
	Left      []string // tenderers whose files nobody has read in
	Broken    []string // and those whose files cannot be read
}

type standingRow struct {
	engine.Standing
	Link, Unmet string
	Class       string
}

// comparedTable is rows with a column for each tender.
type comparedTable struct {
	Names []string
	Rows  []comparedRow
}

type comparedRow struct {
	engine.Row
	Word  string
	Cells []comparedCell
}

type comparedCell struct {
	Tenderer, Answer, Judged, Note string
	Points                         string
	Class                          string // done, late or wait
	Assessed                       bool
}

// pointsRule is how points are given, in words.
const pointsRule = "Bör-krav ger poäng: Ja ger hela vikten, Delvis det som står i kolumnen Vikt, Nej och obesvarat inga. Bedömningen går före anbudets eget svar. Poängen läggs ihop. Ska-krav och villkor ger inga poäng, men ska vara uppfyllda. Obesvarat räknas aldrig som uppfyllt."

func (s *server) comparison(w http.ResponseWriter, r *http.Request) error {
	e, err := s.evaluation(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "comparison", s.comparisonPage(e))
}

// compared is the tenders that have answers.
func (e *evaluated) compared() engine.Comparison {
	var read []engine.Tender
	for _, t := range e.Tenders {
		if t.Version > 0 {
			read = append(read, t)
		}
	}
	return engine.Compared(e.newest().Rows, read, e.Judgments)
}

func (s *server) comparisonPage(e *evaluated) comparisonPage {
	c := e.compared()
	p := comparisonPage{page: s.evaluationPage(e, "Jämförelse"), Base: e.Base(), Rule: pointsRule, State: e.State(), Link: e.Base() + "/jamforelse"}
	if e.Award != nil {
		p.Closed = s.awardWords(e)
	}
	for _, row := range s.tendersPage(e).Tenders {
		switch row.Class {
		case "wait":
			p.Left = append(p.Left, row.Tenderer)
		case "late":
			p.Broken = append(p.Broken, row.Tenderer)
		}
	}
	for _, x := range c.Standings {
		class := "done"
		if len(x.Unmet) > 0 {
			class = "late"
		}
		p.Unmet.Names = append(p.Unmet.Names, x.Tender.Tenderer)
		p.Rest.Names = p.Unmet.Names
		p.Standings = append(p.Standings, standingRow{x, e.Base() + "/anbud/" + x.Tender.ID, strings.Join(x.Unmet, ", "), class})
	}
	for _, x := range c.Rows {
		row := comparedRow{Row: x.Row, Word: workbook.KindWord(x.Type)}
		for i, v := range x.Verdicts {
			cell := comparedCell{Tenderer: c.Standings[i].Tender.Tenderer, Answer: "Inget svar", Assessed: v.Assessed, Class: "wait"}
			if v.Claim != nil && v.Claim.Written != "" {
				cell.Answer = v.Claim.Written
			}
			if v.Judgment != nil {
				cell.Judged, cell.Note = workbook.JudgmentWord(v.Judgment.Answer), v.Judgment.Note
			}
			switch {
			case v.Met:
				cell.Class = "done"
			case x.Type != engine.Should || v.Answer == engine.AnswerNo:
				cell.Class = "late"
			}
			if x.Type == engine.Should {
				cell.Points = itoa(v.Points) + " av " + itoa(x.Weight)
			}
			row.Cells = append(row.Cells, cell)
		}
		if x.Unmet > 0 {
			p.Unmet.Rows = append(p.Unmet.Rows, row)
		} else {
			p.Rest.Rows = append(p.Rest.Rows, row)
		}
	}
	return p
}

func (s *server) downloadComparison(w http.ResponseWriter, r *http.Request) error {
	e, err := s.evaluation(r)
	if err != nil {
		return err
	}
	x := workbook.Evaluation{Comparison: e.compared(), System: e.System.Title, ClassificationID: e.Classification.ID, CatalogHash: e.Catalog.SetHash, Date: s.today(), Rule: pointsRule}
	if e.Award != nil {
		x.Winner = s.awardWords(e)
	}
	var b bytes.Buffer
	if _, err := workbook.WriteComparison(&b, x); err != nil {
		return err
	}
	return sendWorkbook(w, fileName(e.open, "jamforelse"), b.Bytes())
}

// award chooses a tender and closes the evaluation.
func (s *server) award(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	e, err := s.evaluation(r)
	if err != nil {
		return err
	}
	if e.Award != nil {
		if e.Award.Tender == r.PostFormValue("anbud") && e.Award.By.ID == e.visit.ID { // the same once more
			return seeOther(w, r, e.Base()+"/jamforelse")
		}
		return engine.ErrAwarded
	}
	p := s.comparisonPage(e)
	p.Chosen = r.PostFormValue("anbud")
	state, ok := number(r.PostFormValue("lage"))
	if !ok {
		return errForm
	}
	p.Reason, p.Missing = reasonOf(r, "Skriv varför anbudet väljs")
	i := slices.IndexFunc(p.Standings, func(x standingRow) bool { return x.Tender.ID == p.Chosen })
	switch {
	case i < 0:
		p.Missing = append(p.Missing, fieldError{"anbud", "Välj ett anbud"})
	case len(p.Standings[i].Standing.Unmet) > 0:
		p.Missing = append(p.Missing, fieldError{"anbud", p.Standings[i].Tender.Tenderer + " uppfyller inte " + p.Standings[i].Unmet + ". Ett anbud som inte uppfyller alla ska-krav och villkor kan inte väljas. Bedöm raderna om de ändå är uppfyllda"})
	}
	if len(p.Left) > 0 {
		p.Missing = append(p.Missing, fieldError{"anbud", "Läs först in " + list(p.Left, "och") + ". Alla anbud som går att läsa ska vara med i jämförelsen"})
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "comparison", p)
	}
	err = s.Store.Award(r.Context(), e.visit.ID, p.Chosen, state, p.Reason)
	if errors.Is(err, engine.ErrChanged) {
		p.Missing, p.Failed = fieldErrors{{"tilldela", "Något har ändrats sedan du öppnade sidan. Läs jämförelsen igen innan du väljer"}}, true
		return s.render(w, http.StatusConflict, "comparison", p)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, e.Base()+"/jamforelse")
}

// tenderOffer adds what the winner's tender offers for a requirement.
func (s *server) tenderOffer(r *http.Request, p *requirementPage, id string) error {
	classification := chi.URLParam(r, "id")
	e, err := s.Store.Evaluation(r.Context(), classification)
	if err != nil || e.Award == nil {
		return err
	}
	versions, err := s.Store.Publications(r.Context(), classification)
	if err != nil || len(versions) == 0 {
		return err
	}
	if x, ok := e.Offers(versions[len(versions)-1].Rows)[id]; ok {
		p.Row.Offers = append(p.Row.Offers, offerOf(x))
	}
	return nil
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
