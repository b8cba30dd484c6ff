package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go-chi/chi/v5"
	"golang.org/x/text/unicode/norm"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/workbook"
)

// exportPage is the way to the two workbooks, and to what has been sent out.
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
	Missing   fieldErrors
	May       bool // the visitor can take the files
	Procure   bool // and tailor, settle and publish
	Form      procurementForm
	Conflict  *conflictView
	Settled   bool // there is a deadline and somebody to open the tenders
	Versions  []versionRow
	Next      int // the number of the next version
	Changed   int // rows that differ from the newest version
	Note      string
	Tenders   string // the way to the tenders, for the named buyers; else ""
	Opens     string // when and by whom they are opened
	Saved     string
}

type exportFile struct {
	Title, Text, Link, Name, SHA256 string
}

// procurementForm is what the buyer settles before anything is sent out.
type procurementForm struct {
	Diary, Date, Time string
	People            []choice
	Version           int
}

type versionRow struct {
	N                   int
	When, Who, Deadline string
	Note, Link, Name    string
	SHA256, Rows        string
	Changes             []rowChange // since the one before
}

func (s *server) export(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	p, err := s.exportPage(r, o)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "export", p)
}

func (s *server) exportPage(r *http.Request, o *open) (exportPage, error) {
	d := o.Derivation
	p := exportPage{page: s.classificationPage(o, "Kravbilaga"), Base: o.Base(), Draft: d.Draft(), Undecided: d.Undecided(), Done: doneFormOf(o, "export", "Kravbilagan är hämtad"), Token: token(), May: o.visit.on(&o.Record, fetch, ""),
		Procure: s.mayProcure(o),
		Saved:   map[string]string{"uppgifter": "Uppgifterna är sparade.", "version": "Versionen är fastställd. Hämta filen nedan och lägg den i upphandlingen."}[r.URL.Query().Get("sparat")]}
	for _, t := range s.taskList(o)[:5] {
		if t.Class != "done" {
			p.Waits = append(p.Waits, t)
		}
	}
	versions, err := s.Store.Publications(r.Context(), o.Classification.ID)
	if err != nil {
		return p, err
	}
	state := s.exported(o, versions)
	p.Tally = state.Tally()
	for _, kind := range []struct{ title, text, path string }{
		{"Kravbilaga", "Till anbudsgivarna. Innehåller kraven och rutor att fylla i, men inga nivåer, skäl eller andra uppgifter om systemet.", "kravbilaga"},
		{"Motivering", "För er egen akt. Visar för varje krav vilka nivåer, uppgifter och lagrum som gav det, och vad ni har ändrat. Kan omfattas av sekretess.", "motivering"},
	} {
		data, err := workbookOf(state, kind.path)
		if err != nil {
			return p, err
		}
		p.Files = append(p.Files, exportFile{kind.title, kind.text, o.Base() + "/" + kind.path + ".xlsx", fileName(o, kind.path), sha256hex(data)})
	}
	accounts, err := s.Store.Accounts(r.Context())
	if err != nil {
		return p, err
	}
	settled := o.Procurement()
	p.Form = s.procurementForm(o, accounts, settled)
	p.Settled = settled.Deadline != "" && len(settled.Buyers) > 0
	var before []engine.Row
	for _, v := range versions {
		row := versionRow{N: v.Number, When: s.day(v.At), Who: personName(v.By), Deadline: s.deadlineWords(v.Procurement.Deadline), Note: v.Note, SHA256: v.SHA256,
			Rows: count(len(v.Rows), "rad", "rader"), Link: o.Base() + "/kravbilaga/" + itoa(v.Number) + ".xlsx", Name: versionName(o, v.Number)}
		if before != nil {
			row.Changes = rowChanges(before, v.Rows)
		}
		before = v.Rows
		p.Versions = slices.Insert(p.Versions, 0, row)
	}
	p.Next = len(versions) + 1
	if len(versions) > 0 {
		p.Changed = len(engine.RowsSince(before, engine.Rows(s.lines(o))))
		var names []string
		for _, id := range settled.Buyers {
			names = append(names, participantName(accounts, id))
		}
		p.Opens = "Anbuden öppnas tidigast " + s.deadlineWords(versions[len(versions)-1].Procurement.Deadline) + ", av " + list(names, "och") + "."
		if o.visit.on(&o.Record, evaluate, "") {
			p.Tenders = o.Base() + "/anbud"
		}
	}
	return p, nil
}

// procurementForm is the form with what is settled.
func (s *server) procurementForm(o *open, accounts []engine.Account, settled engine.Procurement) procurementForm {
	f := procurementForm{Diary: settled.Diary, Version: o.Answers[engine.KeyProcurement].Version}
	f.Date, f.Time, _ = strings.Cut(settled.Deadline, "T")
	f.Time = cmp.Or(f.Time, "23:59")
	for _, x := range accounts {
		other := visit{Account: x, org: o.visit.org}
		named := slices.Contains(settled.Buyers, x.ID)
		if x.Name != "" && (named || x.Disabled.IsZero() && other.on(&o.Record, read, "")) {
			f.People = append(f.People, choice{ID: x.ID, Title: x.Name, Chosen: named})
		}
	}
	swedish(f.People, func(c choice) string { return c.Title })
	return f
}

// deadlineAt is when a deadline is; false when there is none.
func (s *server) deadlineAt(d string) (time.Time, bool) {
	t, err := time.ParseInLocation(engine.DeadlineLayout, d, s.Location)
	return t, err == nil
}

// deadlineWords writes a deadline for people: 31 januari 2027 klockan 23.59.
func (s *server) deadlineWords(d string) string {
	t, ok := s.deadlineAt(d)
	if !ok {
		return ""
	}
	return s.longDate(t) + " klockan " + t.Format("15.04")
}

// procurementSay is what is stored about a procurement, in a sentence.
func (s *server) procurementSay(v json.RawMessage) string {
	var p engine.Procurement
	if !decode(v, &p) {
		return "inget"
	}
	return strings.TrimPrefix(p.Diary+", anbud senast "+cmp.Or(s.deadlineWords(p.Deadline), "inte bestämt")+", "+count(len(p.Buyers), "utsedd", "utsedda"), ", ")
}

// saveProcurement keeps the deadline and who is to open the tenders.
func (s *server) saveProcurement(w http.ResponseWriter, r *http.Request) error {
	o, err := s.posted(r)
	if err != nil {
		return err
	}
	p, err := s.exportPage(r, o)
	if err != nil {
		return err
	}
	version, ok := number(r.PostFormValue("version"))
	if !ok {
		return errForm
	}
	f := &p.Form
	f.Diary, f.Date, f.Time = strings.TrimSpace(r.PostFormValue("diarienummer")), strings.TrimSpace(r.PostFormValue("dag")), strings.TrimSpace(r.PostFormValue("tid"))
	want := engine.Procurement{Diary: f.Diary}
	for i := range f.People {
		f.People[i].Chosen = slices.Contains(r.PostForm["upphandlare"], f.People[i].ID)
		if f.People[i].Chosen {
			want.Buyers = append(want.Buyers, f.People[i].ID)
		}
	}
	if len([]rune(f.Diary)) > maxDiary {
		p.Missing = append(p.Missing, fieldError{"diarienummer", "Korta diarienumret till högst " + itoa(maxDiary) + " tecken"})
	}
	if f.Date != "" {
		if _, err := time.Parse(time.DateOnly, f.Date); err != nil {
			p.Missing = append(p.Missing, fieldError{"dag", "Skriv dagen som år-månad-dag, till exempel 2027-01-31"})
		} else if at, ok := s.deadlineAt(f.Date + "T" + f.Time); !ok {
			p.Missing = append(p.Missing, fieldError{"tid", "Skriv klockslaget som timme:minut, till exempel 23:59"})
		} else if want.Deadline = at.Format(engine.DeadlineLayout); want.Deadline != o.Procurement().Deadline && !at.After(s.Now()) {
			p.Missing = append(p.Missing, fieldError{"dag", "Tiden måste ligga efter nu"})
		}
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "export", p)
	}
	err = s.save(r, o, change(engine.KeyProcurement, want, version))
	if c := conflict(err); c != nil {
		p.Conflict = &conflictView{Mine: s.procurementSay(c.Mine.Value), Theirs: s.procurementSay(c.Theirs.Value), Who: c.Theirs.By.Name, When: s.day(c.Theirs.At)}
		p.Form.Version, p.Failed = c.Theirs.Version, true
		return s.render(w, http.StatusConflict, "export", p)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, o.Base()+"/kravbilaga?sparat=uppgifter#upphandling")
}

// publish fixes what is sent out as the next version.
func (s *server) publish(w http.ResponseWriter, r *http.Request) error {
	o, err := s.posted(r)
	if err != nil {
		return err
	}
	p, err := s.exportPage(r, o)
	if err != nil {
		return err
	}
	given, ok := number(r.PostFormValue("version"))
	if !ok {
		return errForm
	}
	if given != p.Next {
		return errPublished(o)
	}
	p.Note = strings.TrimSpace(r.PostFormValue("not"))
	wrong := func(field, text string) { p.Missing = append(p.Missing, fieldError{field, text}) }
	settled := o.Procurement()
	at, dated := s.deadlineAt(settled.Deadline)
	switch {
	case p.Draft:
		wrong("versioner", "Kravlistan är ett utkast. Svara på det som är öppet innan kravbilagan skickas ut")
	case p.Tally.Rows() == 0:
		wrong("versioner", "Kravbilagan har inga rader")
	case !dated:
		wrong("dag", "Bestäm sista dag för anbud innan kravbilagan skickas ut")
	case !at.After(s.Now()):
		wrong("dag", "Tiden för anbud har gått ut. En ny version kräver en ny tid")
	case len(settled.Buyers) == 0:
		wrong("upphandlare", "Utse den som ska öppna anbuden innan kravbilagan skickas ut")
	}
	if len([]rune(p.Note)) > maxReason {
		wrong("not", "Korta texten till högst "+itoa(maxReason)+" tecken")
	}
	if p.Next > 1 && p.Changed == 0 && p.Note == "" {
		wrong("not", "Inget krav är ändrat sedan version "+itoa(p.Next-1)+". Skriv vad versionen gör tydligt, eller använd den som finns")
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "export", p)
	}
	versions, err := s.Store.Publications(r.Context(), o.Classification.ID)
	if err != nil {
		return err
	}
	state := s.exported(o, versions)
	state.Version, state.Note, state.Date = p.Next, p.Note, s.today() // the day it is sent out decides which agreements count
	var file bytes.Buffer
	id, err := workbook.WriteRequirements(&file, state)
	if err != nil {
		return err
	}
	_, err = s.Store.Publish(r.Context(), o.visit.ID, engine.Publication{Classification: o.Classification.ID, Number: p.Next, Procurement: settled, Note: p.Note,
		Rows: engine.Rows(s.lines(o)), ExportID: id.ExportID, File: file.Bytes()})
	if errors.Is(err, engine.ErrChanged) {
		return errPublished(o)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, o.Base()+"/kravbilaga?sparat=version#versioner")
}

// errPublished says that the version is there already, as after a double post.
func errPublished(o *open) error {
	p := *errConflict
	p.Text = "Versionen är redan fastställd, av dig eller någon annan. Se om den är som den ska."
	p.Link, p.Label = o.Base()+"/kravbilaga#versioner", "Till versionerna"
	return &p
}

func versionName(o *open, n int) string {
	return strings.TrimSuffix(strings.TrimSuffix(fileName(o, "kravbilaga"), ".xlsx"), "-utkast") + "-version-" + itoa(n) + ".xlsx"
}

// downloadVersion gives a version byte for byte as it was sent out.
func (s *server) downloadVersion(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	n, ok := number(chi.URLParam(r, "version"))
	if !ok {
		return errNotFound
	}
	v, err := s.Store.Publication(r.Context(), o.Classification.ID, n)
	if err != nil {
		return err
	}
	return sendWorkbook(w, versionName(o, n), v.File)
}

// exported is the state that both files show. Its date is that of the last
// saved answer, so that the same state gives the same bytes; a version that has
// been sent out is what changes are told from.
func (s *server) exported(o *open, versions []engine.Publication) workbook.State {
	date := o.Classification.CreatedAt
	if a, ok := last(o.Record, "fact/", "information/", engine.KeyRaise, engine.TailorKey(""), engine.KeyProcurement); ok {
		date = a.At
	}
	state := workbook.State{Derivation: o.Derivation, System: o.System.Title, Unit: unitName(o.visit.org, o.System.Unit), ClassificationID: o.Classification.ID,
		Date: date.In(s.Location).Format(time.DateOnly), Deadline: s.deadlineWords(o.Procurement().Deadline), Tailored: o.Tailorings()}
	if len(versions) > 0 {
		state.Since = versions[len(versions)-1].Rows
	}
	return state
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
	versions, err := s.Store.Publications(r.Context(), o.Classification.ID)
	if err != nil {
		return err
	}
	data, err := workbookOf(s.exported(o, versions), kind)
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
