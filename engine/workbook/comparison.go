package workbook

import (
	"io"
	"strings"

	"github.com/kravverk/kravverk/engine"
)

// Evaluation is what a comparison is written from.
type Evaluation struct {
	engine.Comparison
	System           string
	ClassificationID string
	CatalogHash      string
	Date             string // of the file, 2026-11-23
	Rule             string // how points are given, in words
	Winner           string // the winner's name and the reason; "" until one is chosen
}

// WriteComparison writes tenders side by side, which stays inside.
func WriteComparison(w io.Writer, e Evaluation) (Identity, error) {
	id := Identity{Kind: ComparisonKind, CatalogHash: e.CatalogHash, ClassificationID: e.ClassificationID}
	return write(w, document{title: label.comparison + e.System, date: e.Date, identity: id, sheets: comparisonSheets(e)})
}

func comparisonSheets(e Evaluation) []sheet {
	over := sheet{name: sheetOverview, columns: []column{{width: 34, bold: true}, {width: 100}}, key: -1, paper: a4}
	line := func(name, text string) {
		over.rows = append(over.rows, row{cells: texts(name, text)})
	}
	over.rows = append(over.rows, row{look: lookTitleOver, cells: texts(label.comparison+e.System, "")})
	line(label.secret, label.secretText)
	line(label.pointsRule, e.Rule)
	for _, s := range e.Standings {
		text := fill(label.standing, s.Points, s.MaxPoints, len(s.Unmet), s.Unanswered, s.Unassessed)
		if len(s.Unmet) > 0 {
			text += "\n" + fill(label.unmet, strings.Join(s.Unmet, ", "))
		}
		line(s.Tender.Tenderer, text)
	}
	if e.Winner != "" {
		line(label.winner, e.Winner)
	}
	out := sheet{name: sheetComparison, table: true, key: 0, paper: a3, columns: []column{
		{title: label.id, width: 9, bold: true}, {title: label.area, width: 19}, {title: label.requirement, width: 40, headed: true}, {title: label.kind, width: 9}, {title: label.weight, width: 9},
	}}
	for _, s := range e.Standings {
		name := s.Tender.Tenderer
		out.columns = append(out.columns, column{title: fill(label.of, name, label.claimed), width: 26}, column{title: fill(label.of, name, label.judged), width: 26}, column{title: fill(label.of, name, label.scored), width: 9})
	}
	for _, x := range e.Rows {
		cells := texts(x.ID, x.Area, rowText(x.Row), kinds[x.Type], weight(x.Row))
		for _, v := range x.Verdicts {
			claim, judged, points := label.notAnswered, label.notJudged, ""
			if c := v.Claim; c != nil && !c.Empty() {
				claim = strings.TrimSpace(strings.Join([]string{c.Written, c.Description, c.Evidence}, "\n"))
			}
			if j := v.Judgment; j != nil {
				judged = strings.TrimSpace(JudgmentWord(j.Answer) + "\n" + j.Note)
			}
			if x.Type == engine.Should {
				points = itoa(v.Points)
			}
			cells = append(cells, texts(claim, judged, points)...)
		}
		out.rows = append(out.rows, row{cells: cells})
	}
	return []sheet{over, out}
}

// JudgmentWord is what an assessor finds, in words; "" for a note alone.
func JudgmentWord(answer string) string {
	return map[string]string{engine.AnswerYes: "Uppfyllt", engine.AnswerPartly: "Delvis uppfyllt", engine.AnswerNo: "Inte uppfyllt"}[answer]
}
