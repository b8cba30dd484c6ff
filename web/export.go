package web

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/rule"
	"github.com/kravverk/kravverk/engine/workbook"
)

// exportPage is the way to the two workbooks.
type exportPage struct {
	page
	Base      string
	Draft     bool
	Unknown   int
	Waits     []task
	Supplier  int // rows for the tenderers
	Shall     int
	Should    int
	Contract  int
	Own       int // rows that stay inside
	Done      doneForm
	Token     string
	Files     []exportFile
	OpenCount int
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
	p := exportPage{page: s.classificationPage(o, "Kravbilaga"), Base: o.Base(), Draft: d.Draft(), Unknown: d.Count(rule.Unknown), Done: doneFormOf(o, "export", "Kravbilagan är hämtad"), Token: token(), OpenCount: len(d.Open)}
	for _, t := range s.taskList(o)[:5] {
		if t.Class != "done" {
			p.Waits = append(p.Waits, t)
		}
	}
	for _, f := range d.Findings {
		if f.Applies != rule.Yes {
			continue
		}
		switch {
		case f.Requirement.Concern == "own" || len(f.Shall) == 0:
			p.Own++
			continue
		case f.Effective.Obligation == "should":
			p.Should++
		case f.Requirement.Category == "contract":
			p.Contract++
		default:
			p.Shall++
		}
		p.Supplier++
	}
	for _, kind := range []struct{ title, text, path string }{
		{"Kravbilaga", "Till anbudsgivarna. Innehåller kraven och rutor att fylla i, men inga nivåer, skäl eller andra uppgifter om systemet.", "kravbilaga"},
		{"Motivering", "För er egen akt. Visar för varje krav vilka nivåer, uppgifter och lagrum som gav det. Kan omfattas av sekretess.", "motivering"},
	} {
		data, err := s.workbook(o, kind.path)
		if err != nil {
			return err
		}
		p.Files = append(p.Files, exportFile{kind.title, kind.text, o.Base() + "/" + kind.path + ".xlsx", fileName(o, kind.path), sha256hex(data)})
	}
	return s.render(w, http.StatusOK, "export", p)
}

// workbook makes one of the two files. The same state gives the same bytes: its
// date is that of the last saved answer.
func (s *server) workbook(o *open, kind string) ([]byte, error) {
	date := o.Classification.CreatedAt
	if a, ok := last(o.Record, "fact/", "information/", engine.KeyRaise); ok {
		date = a.At
	}
	state := workbook.State{Derivation: o.Derivation, System: o.System.Title, Unit: o.System.Unit, ClassificationID: o.Classification.ID,
		Date: date.In(s.Location).Format(time.DateOnly)}
	var b bytes.Buffer
	write := func(w io.Writer, st workbook.State) error { _, err := workbook.WriteRequirements(w, st); return err }
	if kind == "motivering" {
		write = func(w io.Writer, st workbook.State) error { _, err := workbook.WriteJustification(w, st); return err }
	}
	if err := write(&b, state); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
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
	data, err := s.workbook(o, kind)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", fileName(o, kind)))
	w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	_, err = w.Write(data)
	return err
}

// fileName is in plain ASCII, which every mail program and archive takes.
func fileName(o *open, kind string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(o.System.Title)) {
		switch {
		case r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // the ring and dots of å ä ö
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	name := strings.Trim(b.String(), "-")
	if name == "" {
		name = o.Classification.ID
	}
	draft := ""
	if o.Derivation.Draft() {
		draft = "-utkast"
	}
	return kind + "-" + name + draft + ".xlsx"
}
