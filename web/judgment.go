package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/workbook"
)

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
