package web

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/workbook"
)

func (s *server) awardWords(e *evaluated) string {
	t := e.Tender(e.Award.Tender)
	return t.Tenderer + " valdes " + s.day(e.Award.At) + " av " + personName(e.Award.By) + ". " + e.Award.Reason
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
