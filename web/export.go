package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/workbook"
)

// exportPage is the way to the two workbooks.
type exportPage struct {
	page
	Base      string
	Draft     bool
	Undecided int // requirements of which the verdict or the text is open
	Waits     []task
	Tally     engine.Tally
	Done      doneForm
	Token     string
	Files     []exportFile
	Deadline  string // for tenders, as it was written
	Missing   fieldErrors
	May       bool // the visitor can take the files
}

type exportFile struct {
	Title, Text, Link, Name, SHA256 string
}

func (s *server) export(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	d := o.Derivation
	p := exportPage{page: s.classificationPage(o, "Kravbilaga"), Base: o.Base(), Draft: d.Draft(), Undecided: d.Undecided(), Done: doneFormOf(o, "export", "Kravbilagan är hämtad"), Token: token(), May: o.visit.on(&o.Record, fetch, "")}
	p.Deadline = strings.TrimSpace(r.FormValue("senast"))
	deadline, problem := s.deadline(p.Deadline)
	query := ""
	switch {
	case problem != "":
		p.Failed, p.Missing = true, fieldErrors{{"senast", problem}}
	case deadline != "":
		query = "?senast=" + p.Deadline
	}
	for _, t := range s.taskList(o)[:5] {
		if t.Class != "done" {
			p.Waits = append(p.Waits, t)
		}
	}
	state := s.exported(o, deadline)
	p.Tally = state.Tally()
	for _, kind := range []struct{ title, text, path string }{
		{"Kravbilaga", "Till anbudsgivarna. Innehåller kraven och rutor att fylla i, men inga nivåer, skäl eller andra uppgifter om systemet.", "kravbilaga"},
		{"Motivering", "För er egen akt. Visar för varje krav vilka nivåer, uppgifter och lagrum som gav det. Kan omfattas av sekretess.", "motivering"},
	} {
		data, err := workbookOf(state, kind.path)
		if err != nil {
			return err
		}
		p.Files = append(p.Files, exportFile{kind.title, kind.text, o.Base() + "/" + kind.path + ".xlsx" + query, fileName(o, kind.path), sha256hex(data)})
	}
	return s.render(w, http.StatusOK, "export", p)
}

// exported is the state that both files show. Its date is that of the last
// saved answer, so that the same state gives the same bytes.
func (s *server) exported(o *open, deadline string) workbook.State {
	date := o.Classification.CreatedAt
	if a, ok := last(o.Record, "fact/", "information/", engine.KeyRaise); ok {
		date = a.At
	}
	return workbook.State{Derivation: o.Derivation, System: o.System.Title, Unit: unitName(o.visit.org, o.System.Unit), ClassificationID: o.Classification.ID,
		Date: date.In(s.Location).Format(time.DateOnly), Deadline: deadline}
}

// workbookOf makes one of the two files.
func workbookOf(state workbook.State, kind string) ([]byte, error) {
	write := workbook.WriteRequirements
	if kind == "motivering" {
		write = workbook.WriteJustification
	}
	var b bytes.Buffer
	_, err := write(&b, state)
	return b.Bytes(), err
}

func (s *server) downloadRequirements(w http.ResponseWriter, r *http.Request) error {
	return s.download(w, r, "kravbilaga")
}

func (s *server) downloadJustification(w http.ResponseWriter, r *http.Request) error {
	return s.download(w, r, "motivering")
}

func (s *server) download(w http.ResponseWriter, r *http.Request, kind string) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	if o.paused() {
		return errPaused
	}
	deadline, problem := s.deadline(r.FormValue("senast"))
	if problem != "" {
		return &Problem{http.StatusBadRequest, problem, "Ingen fil har skapats.", o.Base() + "/kravbilaga", "Till kravbilagan"}
	}
	data, err := workbookOf(s.exported(o, deadline), kind)
	if err != nil {
		return err
	}
	return sendWorkbook(w, fileName(o, kind), data)
}

// fileName is in plain ASCII, which every mail program and archive takes.
func fileName(o *open, kind string) string {
	name := slug(o.System.Title)
	if name == "" {
		name = o.Classification.ID
	}
	draft := ""
	if o.Derivation.Draft() {
		draft = "-utkast"
	}
	return kind + "-" + name + draft + ".xlsx"
}

// slug is a title in plain ASCII with hyphens.
func slug(title string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(title)) {
		switch {
		case r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // the ring and dots of å ä ö
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}

var longMonths = [...]string{"januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"}

// deadline reads the last day for tenders, 2027-01-31, and writes it as the
// file shows it. Empty in, empty out. problem is what to tell the person.
func (s *server) deadline(date string) (shown, problem string) {
	if date = strings.TrimSpace(date); date == "" {
		return "", ""
	}
	d, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return "", "Skriv datumet som år-månad-dag, till exempel 2027-01-31"
	}
	if date <= s.today() {
		return "", "Datumet måste ligga efter i dag, " + s.today()
	}
	return fmt.Sprintf("%d %s %d", d.Day(), longMonths[d.Month()-1], d.Year()), ""
}
