package workbook

import (
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
)

// justificationSheets builds the motivering.
func justificationSheets(s State) []sheet {
	lines := s.lines()
	sheets := []sheet{
		{name: sheetOverview, columns: []column{{width: 34, bold: true}, {width: 100}}, key: -1, paper: a4, rows: overview(s, engine.TallyLines(lines))},
		appliesSheet(s, lines), othersSheet(s), answersSheet(s),
	}
	if slices.ContainsFunc(lines, func(l engine.Line) bool { return l.Tailoring != nil }) {
		sheets = append(sheets, tailoringSheet(lines))
	}
	if slices.ContainsFunc(lines, func(l engine.Line) bool { return l.Fate == engine.Contracted }) {
		sheets = append(sheets, contractedSheet(s, lines))
	}
	if s.Since != nil {
		sheets = append(sheets, changeSheet(s.Since, engine.Rows(lines)))
	}
	return sheets
}

// tailoringSheet tells what the buyer has changed beside what was found, and why.
func tailoringSheet(lines []engine.Line) sheet {
	out := sheet{name: sheetTailored, table: true, key: 0, paper: a4, columns: []column{
		{title: label.id, width: 9, bold: true},
		{title: label.change, width: 22},
		{title: label.note, width: 46},
		{title: label.found, width: 46},
		{title: label.now, width: 46},
	}}
	for _, l := range lines {
		if l.Tailoring == nil {
			continue
		}
		found, now := "", ""
		if l.Finding != nil {
			found = rowSay(l.Found)
		}
		if l.Fate == engine.Sent {
			now = rowSay(l.Row)
		}
		out.rows = append(out.rows, row{cells: texts(l.ID, TailoringWords(l), l.Tailoring.Reason, found, now)})
	}
	return out
}

// TailoringWords says what the buyer has changed in a line, such as "Bör i
// stället för ska, ny lydelse"; empty when nothing is.
func TailoringWords(l engine.Line) string {
	t := l.Tailoring
	if t == nil {
		return ""
	}
	var s []string
	switch {
	case l.Fit == engine.Resting:
		return tailorWords.resting
	case t.LeftOut:
		return tailorWords.leftOut
	case l.Finding == nil:
		s = append(s, tailorWords.own)
	case l.Fit == engine.Needless:
		s = append(s, tailorWords.needless)
	case l.Type != l.Found.Type:
		s = append(s, fill(tailorWords.kind, lower(kinds[l.Type]), lower(kinds[l.Found.Type])))
	}
	if l.Finding != nil && l.Type == engine.Should && l.Found.Type == engine.Should && (l.Weight != l.Found.Weight || l.Partly != l.Found.Partly) {
		s = append(s, tailorWords.weight)
	}
	if l.Finding != nil && (l.Title != l.Found.Title || l.Text != l.Found.Text) {
		s = append(s, tailorWords.text)
	}
	if t.Category != "" && l.Finding != nil && t.Category != l.Finding.Effective.Category {
		s = append(s, fill(tailorWords.category, lower(catalog.Name("category", t.Category))))
	}
	if t.After != "" {
		s = append(s, tailorWords.moved)
	}
	if l.Fit == engine.Reworded {
		s = append(s, tailorWords.reworded)
	}
	return sentence(strings.Join(s, ", "))
}

// contractedSheet lists what agreements give already, apart from the rows, with
// what is left to order for the system.
func contractedSheet(s State, lines []engine.Line) sheet {
	out := sheet{name: sheetContracted, table: true, key: 0, paper: a4, columns: []column{
		{title: label.id, width: 9, bold: true},
		{title: label.title, width: 30},
		{title: label.offer, width: 46},
		{title: label.whose, width: 36},
		{title: label.remains, width: 46},
	}}
	for _, l := range lines {
		if l.Fate == engine.Contracted {
			offer, whose, remains := s.offers(l.Finding)
			out.rows = append(out.rows, row{cells: texts(l.ID, l.Title, offer, whose, remains)})
		}
	}
	return out
}

func appliesSheet(s State, lines []engine.Line) sheet {
	out := sheet{name: sheetApplies, table: true, key: 0, paper: a3, columns: []column{
		{title: label.id, width: 9, bold: true},
		{title: label.area, width: 19},
		{title: label.title, width: 20},
		{title: label.text, width: 40},
		{title: label.kind, width: 9},
		{title: label.from, width: 11},
		{title: label.because, width: 28},
		{title: label.parameters, width: 22},
		{title: label.laws, width: 22},
		{title: label.references, width: 25},
		{title: label.basis, width: 12},
		{title: label.offer, width: 34},
		{title: label.whose, width: 28},
		{title: label.remains, width: 34},
		{title: label.role, width: 18},
		{title: label.effort, width: 8},
		{title: label.sent, width: 16},
	}}
	of := map[string]engine.Line{}
	for _, l := range lines {
		of[l.ID] = l
	}
	for i := range s.Derivation.Findings {
		x := &s.Derivation.Findings[i]
		if x.Applies != engine.Yes {
			continue
		}
		r := x.Requirement
		offer, whose, remains := s.offers(x)
		var laws []string
		for _, l := range appliedLaws(s.Derivation, r) {
			laws = append(laws, l.Title)
		}
		out.rows = append(out.rows, row{cells: texts(
			r.ID, r.Area.Title, engine.Text(x.Title), wording(x), kinds[of[r.ID].Found.Type], thresholds(x.Effective.Thresholds), because(x),
			parameters(x.Parameters), strings.Join(laws, "\n"), citations(s.Derivation, r, true), catalog.Name("basis", r.Basis),
			offer, whose, remains, role(x), effort(r.Effort), sentWords(of[r.ID]),
		)})
	}
	return out
}

// othersSheet lists what does not apply, and what is not settled.
func othersSheet(s State) sheet {
	out := sheet{name: sheetOthers, table: true, key: 0, paper: a4, columns: []column{
		{title: label.id, width: 9, bold: true},
		{title: label.area, width: 19},
		{title: label.title, width: 32},
		{title: label.text, width: 60},
		{title: label.outcome, width: 14},
		{title: label.note, width: 46},
	}}
	for i := range s.Derivation.Findings {
		x := &s.Derivation.Findings[i]
		outcome := label.notApplies
		switch {
		case x.Applies == engine.Yes:
			continue
		case x.Applies == engine.Unknown:
			outcome = typeOpen
		case x.Effective.Excluded != nil:
			outcome = label.excluded
		}
		r := x.Requirement
		out.rows = append(out.rows, row{cells: texts(r.ID, r.Area.Title, engine.Text(x.Title), wording(x), outcome, sentence(x.Because))})
	}
	return out
}

// answersSheet lists what a person has said.
func answersSheet(s State) sheet {
	out := sheet{name: sheetAnswers, table: true, key: -1, paper: a4, columns: []column{
		{title: label.group, width: 24},
		{title: label.question, width: 56},
		{title: label.answer, width: 44},
		{title: label.note, width: 44},
	}}
	add := func(cells ...string) { out.rows = append(out.rows, row{cells: texts(cells...)}) }
	f := s.Derivation.Facts
	for _, info := range f.Answers.Information {
		note := info.Justification
		if info.DecidedBy != "" {
			note = strings.TrimSpace(note + " " + fill(label.decidedBy, info.DecidedBy))
		}
		var levels []string
		for _, a := range f.Catalog.Aspects {
			n, rated := info.Level(a.ID)
			if t := f.InformationType(info.Type); !rated && t != nil {
				n, rated = t.Levels[a.ID]
			}
			if rated {
				levels = append(levels, level(f.Catalog, a, n))
			}
		}
		add(label.information, f.InformationTitle(info), strings.Join(levels, "\n"), note)
		for _, c := range f.Catalog.Consequences {
			if by := info.Rated[c.ID]; len(by) > 0 {
				var s []string
				for _, a := range f.Catalog.Aspects {
					if n, ok := by[a.ID]; ok {
						s = append(s, level(f.Catalog, a, n))
					}
				}
				add(label.information, f.InformationTitle(info)+": "+lower(c.Title), strings.Join(s, "\n"), "")
			}
		}
	}
	if r := f.Answers.Raise; r != nil {
		var s []string
		for _, a := range f.Catalog.Aspects {
			if n, ok := r.Level(a.ID); ok {
				s = append(s, level(f.Catalog, a, n))
			}
		}
		note := r.Reason
		if r.DecidedBy != "" {
			note = strings.TrimSpace(note + " " + fill(label.decidedBy, r.DecidedBy))
		}
		add(label.levels, label.raise, strings.Join(s, "\n"), note)
	}
	for _, fact := range f.Catalog.Facts {
		if fact.IsDerived() {
			continue
		}
		answer, given := answerWords(f, fact)
		asked := f.Asked(fact) != engine.No
		switch {
		case asked:
			add(fact.Group, fact.Text, answer, "")
		case given:
			add(fact.Group, fact.Text, answer, label.dormant)
		}
	}
	if slices.ContainsFunc(f.Catalog.Laws, func(l *catalog.Law) bool { return l.Ticked }) {
		add(label.laws, label.lawful, lawWords(f), "")
	}
	return out
}

func answerWords(f *engine.Facts, fact *catalog.Fact) (words string, given bool) {
	switch f.Handled(fact.ID) {
	case engine.Unanswered:
		return label.notAnswered, false
	case engine.NotKnown:
		return label.notKnown, true
	}
	var s []string
	switch fact.Type {
	case catalog.Bool:
		if f.Box[fact.Vars[0]].Has(1) {
			return answerYes, true
		}
		return answerNo, true
	case catalog.Choice:
		for _, v := range f.Box[fact.Vars[0]].Values() {
			s = append(s, fact.Options[v].Title)
		}
	default:
		for i, v := range fact.Vars {
			if f.Box[v].Has(1) {
				s = append(s, fact.Options[i].Title)
			}
		}
	}
	if len(s) == 0 {
		return label.none, true
	}
	return strings.Join(s, "\n"), true
}

func lawWords(f *engine.Facts) string {
	switch f.Handled("lagrum") {
	case engine.Unanswered:
		return label.notAnswered
	case engine.NotKnown:
		return label.notKnown
	}
	var s []string
	for _, l := range f.Catalog.Laws {
		if l.Ticked && f.Box[l.Var].Has(1) {
			s = append(s, l.Title)
		}
	}
	if len(s) == 0 {
		return label.none
	}
	return strings.Join(s, "\n")
}

// offers tells what prefills give, in three columns: what, on whose word, and
// what is left to do.
func (s State) offers(x *engine.Finding) (offer, whose, remains string) {
	var a, b, c []string
	for _, o := range x.Offers {
		p := o.Prefill
		a = append(a, catalog.Name("answer", p.Answer)+". "+p.How)
		var word []string
		if p.Agreement != nil {
			w := p.Agreement.Title
			if p.Clause != "" {
				w = fill(label.clause, w, p.Clause)
			}
			word = append(word, w)
		}
		word = append(word, strings.TrimSuffix(p.Source, "."), catalog.Name("strength", p.Strength))
		switch {
		case p.ExpiredAt(s.Date):
			word = append(word, fill(label.expired, p.ValidUntil))
		case p.ValidUntil != "":
			word = append(word, fill(label.validUntil, p.ValidUntil))
		}
		if o.Offered == engine.Unknown {
			word = append(word, label.maybe)
		}
		b = append(b, sentence(strings.Join(word, ". ")))
		if o.Offered == engine.Unknown {
			continue // who does what is told when it is settled
		}
		for _, d := range p.Duties() {
			c = append(c, d.Who+": "+d.What)
		}
		if p.Remains != "" {
			c = append(c, p.Remains)
		}
	}
	return strings.Join(a, "\n"), strings.Join(b, "\n"), strings.Join(c, "\n")
}

// sentWords tells whether a line is in the kravbilaga.
func sentWords(l engine.Line) string {
	say := map[engine.Fate]string{engine.Contracted: label.sentContracted, engine.OwnConcern: label.sentOwn, engine.NoText: label.sentNoText, engine.LeftOut: label.sentLeftOut}[l.Fate]
	switch {
	case say != "":
		return say
	case l.Tailoring != nil:
		return fill(label.sentTailored, lower(TailoringWords(l)))
	case l.Assumed:
		return label.sentAssumed
	}
	return label.sentYes
}

// wording is the SHALL wording, or the IS wording of what has no other.
func wording(x *engine.Finding) string {
	if len(x.Shall) == 0 || x.Requirement.Concern == "own" && len(x.Is) > 0 {
		return engine.Text(x.Is)
	}
	return engine.Text(x.Shall)
}

func because(x *engine.Finding) string {
	s := []string{sentence(x.Because)}
	for _, c := range x.Effective.Adjusted {
		s = append(s, fill(label.adjusted, c.Profile.Title, c.Adjust.Reason))
	}
	return strings.Join(s, "\n")
}

func thresholds(t []catalog.Threshold) string {
	if len(t) == 0 {
		return sentence(label.anyLevel)
	}
	var s []string
	for _, t := range t {
		if t.Aspect.IsRated() {
			s = append(s, fill(label.levelFrom, t.Aspect.ID, t.Min))
		}
	}
	return strings.Join(s, "\n")
}

func parameters(p []engine.Parameter) string {
	var s []string
	for _, p := range p {
		if p.Step == 0 {
			s = append(s, p.Value)
		} else {
			s = append(s, fill(label.parameterStep, p.Value, p.Step))
		}
	}
	return strings.Join(s, "\n")
}

func role(x *engine.Finding) string {
	if x.Effective.Role != nil {
		return x.Effective.Role.Title
	}
	if x.Requirement.Role != nil {
		return x.Requirement.Role.Title
	}
	return ""
}

func effort(n int) string {
	if n == 0 {
		return ""
	}
	return fill(label.effortOf, n)
}

func level(c *catalog.Catalog, a *catalog.Aspect, n int) string {
	if l := c.Level(n); l != nil {
		return fill("%s %d %s", a.ID, n, l.Title)
	}
	return ""
}
