package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/workbook"
)

// How long a link for a supplier lasts unless somebody says otherwise, and at most.
const linkDays, linkDaysMost = 30, 90

// answeringPage is what a supplier sees by a link: one round's rows and its own
// answers. It has no account, so nothing else of the city's is here.
type answeringPage struct {
	page
	Action                 string
	Supplier, System, Unit string
	Round                  int
	Note, Contact, Until   string
	Areas                  []answeringArea
	Version, Seen          int
	Answered               string
	Saved, Handed          string // when, last
	Told                   string // after a save
	Closed                 bool   // the verification is approved or waits: nothing can be changed
	Missing                fieldErrors
	Others                 []answeringDiff // somebody at the supplier has saved something else meanwhile
	File                   []answeringDiff // a file that has been read says something else
	Pressed                bool            // it was pressed, and nothing was handed in
}

type answeringArea struct {
	Title string
	Rows  []answeringRow
}

type answeringRow struct {
	engine.Row
	Verify                    string
	Options, By               []choice
	Description, Evidence, At string
}

// answeringDiff is a row where what is written and what stands differ.
type answeringDiff struct{ ID, Title, Mine, Theirs string }

// gonePage is all that a link which opens nothing tells, whatever the reason.
type gonePage struct{ page }

var answeringSaved = map[string]string{"utkast": "Utkastet är sparat. Det är inte inskickat än.", "inskickat": "Tack, svaren är inskickade. Ni kan ändra och skicka in igen så länge länken gäller."}

// outside is the page's frame for somebody without an account. What visitors that
// happen to be signed in see is no different.
func (s *server) outside(title string) page { return page{Title: title} }

func (s *server) linkGone(w http.ResponseWriter, err error) error {
	if errors.Is(err, engine.ErrNotFound) {
		return s.render(w, http.StatusNotFound, "linkgone", gonePage{s.outside("Länken går inte att använda")})
	}
	return err
}

// asking is what a link leads to.
type asking struct {
	link  engine.SupplierLink
	rec   engine.Record
	round engine.Publication
	had   *engine.Tender // the supplier's own; nil when there is none
}

func (s *server) asking(r *http.Request) (*asking, error) {
	ctx := r.Context()
	l, err := s.Store.OpenLink(ctx, chi.URLParam(r, "token"))
	if err != nil {
		return nil, err
	}
	a := &asking{link: l}
	if a.rec, err = s.Store.Classification(ctx, l.Classification); err != nil {
		return nil, err
	}
	if a.round, err = s.Store.Publication(ctx, l.Classification, l.Round); err != nil {
		return nil, err
	}
	e, err := s.Store.Evaluation(ctx, l.Classification)
	if err != nil {
		return nil, err
	}
	a.had = (&evaluated{Evaluation: e}).from(a.round.Procurement.To)
	return a, nil
}

// closed tells that nothing more can be answered.
func (a *asking) closed() bool { return a.rec.Locked() || a.rec.Has(engine.KeyPaused) }

// seen is the version of the supplier's answers that stand.
func (a *asking) seen() int {
	if a.had == nil {
		return 0
	}
	return a.had.Version
}

// stands is the supplier's answer to a row, as it was handed in or read.
func (a *asking) stands(row string) engine.Claim {
	if a.had == nil {
		return engine.Claim{}
	}
	return a.had.Claims[row]
}

// written is what the page begins with: the draft, else what stands.
func (a *asking) written() map[string]engine.Claim {
	if a.link.Version > 0 {
		return a.link.Draft
	}
	out := map[string]engine.Claim{}
	for _, x := range a.round.Rows {
		if c := a.stands(x.ID); !c.Empty() {
			out[x.ID] = c
		}
	}
	return out
}

// differs lists the rows where what is written is not what others have.
func (a *asking) differs(mine map[string]engine.Claim, theirs func(string) engine.Claim) (out []answeringDiff) {
	for _, x := range a.round.Rows {
		m, t := mine[x.ID], theirs(x.ID)
		if m.Empty() && t.Empty() || engine.Replaces(&t, &m) == engine.ReplaceSame {
			continue
		}
		out = append(out, answeringDiff{x.ID, x.Title, claimSay(m), claimSay(t)})
	}
	return out
}

// readMeanwhile lists the rows where a file that was read after the draft was
// written says something else.
func (a *asking) readMeanwhile(mine map[string]engine.Claim, seen int) []answeringDiff {
	if a.had == nil || a.had.Version == seen {
		return nil
	}
	out := a.differs(mine, a.stands)
	return slices.DeleteFunc(out, func(d answeringDiff) bool { return a.stands(d.ID).Empty() })
}

func (s *server) answeringPage(r *http.Request, a *asking, written map[string]engine.Claim) answeringPage {
	p := answeringPage{page: s.outside("Svara om " + a.rec.System.Title), Action: "/svar/" + chi.URLParam(r, "token"), Supplier: a.round.Procurement.To, System: a.rec.System.Title, Unit: unitName(visitOf(r.Context()).org, a.rec.System.Unit),
		Round: a.round.Number, Note: a.round.Note, Contact: a.link.Contact, Until: s.lastDay(a.link.Expires), Version: a.link.Version, Seen: a.link.Seen,
		Saved: s.day(a.link.Saved), Handed: s.day(a.link.Handed), Closed: a.closed()}
	if a.link.Version == 0 {
		p.Seen = a.seen()
	}
	answered := 0
	for _, x := range a.round.Rows {
		if n := len(p.Areas); n == 0 || p.Areas[n-1].Title != x.Area {
			p.Areas = append(p.Areas, answeringArea{Title: x.Area})
		}
		c := written[x.ID]
		if c.Answer != "" {
			answered++
		}
		row := answeringRow{Row: x, Verify: workbook.VerifySay(x.Verify.Contract), Description: c.Description, Evidence: c.Evidence}
		for _, answer := range []string{engine.AnswerYes, engine.AnswerPartly, engine.AnswerNo} {
			row.Options = append(row.Options, choice{ID: answer, Title: workbook.AnswerWord(answer, x.Type), Chosen: c.Answer == answer})
		}
		row.Options = append(row.Options, choice{Title: "Inget svar än", Chosen: c.Answer == ""})
		row.By = append(row.By, choice{Title: "Inte angivet", Chosen: c.By == ""})
		listed := slices.Contains(workbook.Responsible(), c.By)
		for _, by := range workbook.Responsible() {
			row.By = append(row.By, choice{ID: by, Title: by, Chosen: c.By == by})
		}
		if c.By != "" && !listed { // from a file, in words of its own
			row.By = append(row.By, choice{ID: c.By, Title: c.By, Chosen: true})
		}
		area := &p.Areas[len(p.Areas)-1]
		area.Rows = append(area.Rows, row)
	}
	p.Answered = answeredSay(answered, len(a.round.Rows))
	return p
}

// lastDay is the last whole day before a time.
func (s *server) lastDay(t time.Time) string { return s.longDate(t.Add(-time.Second)) }

func (s *server) answering(w http.ResponseWriter, r *http.Request) error {
	a, err := s.asking(r)
	if err != nil {
		return s.linkGone(w, err)
	}
	written := a.written()
	p := s.answeringPage(r, a, written)
	p.Told = answeringSaved[r.URL.Query().Get("sparat")]
	p.File = a.readMeanwhile(written, p.Seen)
	return s.render(w, http.StatusOK, "answering", p)
}

// saveAnswering keeps what a supplier has written, and hands it in when that is
// what was pressed.
func (s *server) saveAnswering(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	a, err := s.asking(r)
	if err != nil {
		return s.linkGone(w, err)
	}
	version, ok := number(r.PostFormValue("version"))
	seen, known := number(r.PostFormValue("last"))
	if !ok || !known {
		return errForm
	}
	claims, missing := a.posted(r)
	handIn := r.PostFormValue("gor") == "skicka"
	answered := 0
	for _, c := range claims {
		if c.Answer != "" {
			answered++
		}
	}
	if handIn && answered == 0 {
		missing = append(missing, fieldError{"svaren", "Svara på minst en rad innan ni skickar in"})
	}
	again := func(status int, change func(*answeringPage)) error {
		p := s.answeringPage(r, a, claims)
		p.Failed, p.Version, p.Seen = true, version, seen
		change(&p)
		return s.render(w, status, "answering", p)
	}
	if a.closed() {
		return again(http.StatusLocked, func(*answeringPage) {})
	}
	if len(missing) > 0 {
		return again(http.StatusUnprocessableEntity, func(p *answeringPage) { p.Missing = missing })
	}
	file := a.readMeanwhile(claims, seen)
	if handIn && len(file) == 0 {
		seen = a.seen() // nothing differs from what was read: there is nothing to choose
	}
	if !handIn || len(file) == 0 {
		err = s.Store.SaveLink(r.Context(), chi.URLParam(r, "token"), version, seen, claims, handIn)
		if err == nil {
			told := map[bool]string{true: "inskickat", false: "utkast"}[handIn]
			return seeOther(w, r, "/svar/"+chi.URLParam(r, "token")+"?sparat="+told)
		}
		switch {
		case errors.Is(err, engine.ErrNotFound):
			return s.linkGone(w, err)
		case errors.Is(err, engine.ErrLocked):
			return again(http.StatusLocked, func(p *answeringPage) { p.Closed = true })
		case !errors.Is(err, engine.ErrChanged):
			return err
		}
		if a, err = s.asking(r); err != nil { // as it is now
			return s.linkGone(w, err)
		}
		file = a.readMeanwhile(claims, seen)
	}
	// What was written is shown again beside what stands, and can be sent once more.
	return again(http.StatusConflict, func(p *answeringPage) {
		if p.Pressed = handIn; a.link.Version != version {
			p.Others = a.differs(claims, func(id string) engine.Claim { return a.link.Draft[id] })
		}
		p.Version, p.File = a.link.Version, file
		if handIn {
			p.Seen = a.seen()
		}
	})
}

// posted reads the form: the round's rows and no others.
func (a *asking) posted(r *http.Request) (map[string]engine.Claim, fieldErrors) {
	claims, missing := map[string]engine.Claim{}, fieldErrors(nil)
	for _, x := range a.round.Rows {
		text := func(field string) string {
			return strings.TrimSpace(strings.ReplaceAll(r.PostFormValue(field+"-"+x.ID), "\r\n", "\n"))
		}
		c := engine.Claim{Answer: text("svar"), Description: text("hur"), Evidence: text("bevis"), By: text("ansvar")}
		if !slices.Contains([]string{"", engine.AnswerYes, engine.AnswerPartly, engine.AnswerNo}, c.Answer) {
			missing = append(missing, fieldError{"svar-" + x.ID, "Välj ett av svaren för " + x.ID})
			c.Answer = ""
		}
		if len([]rune(c.Description)) > maxReason {
			missing = append(missing, fieldError{"hur-" + x.ID, "Korta beskrivningen av " + x.ID + " till högst " + itoa(maxReason) + " tecken"})
		}
		if len([]rune(c.Evidence)) > maxReason {
			missing = append(missing, fieldError{"bevis-" + x.ID, "Korta beviset för " + x.ID + " till högst " + itoa(maxReason) + " tecken"})
		}
		if c.By != "" && !slices.Contains(workbook.Responsible(), c.By) && c.By != a.written()[x.ID].By && c.By != a.stands(x.ID).By {
			missing = append(missing, fieldError{"ansvar-" + x.ID, "Välj vem som sköter " + x.ID + " i listan"})
			c.By = ""
		}
		if c.Written = workbook.AnswerWord(c.Answer, x.Type); !c.Empty() {
			claims[x.ID] = c
		}
	}
	return claims, missing
}
