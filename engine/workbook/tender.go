package workbook

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/kravverk/kravverk/engine"
)

// Reading is what has been understood of a kravbilaga that came back. Nothing
// in it has been decided: that is for whoever looks at it.
type Reading struct {
	SHA256      string    // of the file, in hex
	Publication int       // the version or round that it answers; the newest when the file does not tell
	Rows        []ReadRow // every row of the newest version, or of the round, in its order
	Strays      []Stray   // what stands in the file and is none of them
	Notes       []string  // about the file as a whole, for people
}

// ReadRow is one row of what was asked, and what the file has there.
type ReadRow struct {
	engine.Row
	At     int          // the row in the file's sheet; 0 when it is not there
	Claim  engine.Claim // as read; zero when it is not there
	Choose []Choice     // what has to be chosen before the claim is taken
	Others []Other      // the same row again, with other answers
}

// Other is a repeated row.
type Other struct {
	At    int
	Claim engine.Claim
}

// Choice is why somebody has to choose whether to take a claim.
type Choice struct {
	Why  string // a sentence
	Text string // what the tenderer saw, when it was another text; else ""
}

// Stray is something written in a row that is no requirement's of ours.
type Stray struct {
	At   int
	Why  string
	Text string // its cells
}

// Found counts the rows that are in the file.
func (r Reading) Found() int {
	n := 0
	for _, x := range r.Rows {
		if x.At > 0 {
			n++
		}
	}
	return n
}

// ReadTender reads the answers in a kravbilaga that has come back. published is
// the versions that have been sent out, the newest last; without any it panics.
// Rows are found by their hidden key, else by their Krav-ID, else by their
// text, never by where they stand. The error is a Refusal: the file is not
// safe, not readable, or another procurement's.
func ReadTender(data []byte, published []engine.Publication) (Reading, error) {
	return readAnswers(data, published, false)
}

// ReadRound reads a supplier's answers as ReadTender reads a tenderer's. rounds
// is those in which the supplier has been asked. Each asks for itself, and does
// not replace those before it: a file is read against the round that it answers,
// also when it comes back after a later one was made.
func ReadRound(data []byte, rounds []engine.Publication) (Reading, error) {
	r, err := readAnswers(data, rounds, true)
	switch err {
	case RefusedElsewhere:
		err = RefusedOtherSystem
	case RefusedKind:
		err = RefusedOtherFile
	case RefusedNoRows:
		err = RefusedNoneLeft
	}
	return r, err
}

func readAnswers(data []byte, published []engine.Publication, round bool) (r Reading, err error) {
	newest := published[len(published)-1]
	sum := sha256.Sum256(data)
	defer func() {
		if recover() != nil { // excelize, on a file made to break it
			r, err = Reading{}, RefusedDamaged
		}
	}()
	f, err := openSafe(data)
	if err != nil {
		return Reading{}, err
	}
	defer f.Close()
	r = Reading{SHA256: hex.EncodeToString(sum[:])}
	answered := newest
	id, marked := identify(f)
	known := false // the file tells which it answers
	switch {
	case marked && id.Kind != Requirements:
		return Reading{}, RefusedKind
	case marked && id.ClassificationID != newest.Classification:
		return Reading{}, RefusedElsewhere
	case marked:
		i := slices.IndexFunc(published, func(p engine.Publication) bool { return p.ExportID == id.ExportID })
		if known = i >= 0; known {
			answered = published[i]
		} else if !round {
			r.note(readWords.unpublished)
		}
	}
	expected := answered.Rows
	if round && !known { // any round's rows tell where the answers stand
		expected = nil
		for _, p := range published {
			expected = append(expected, p.Rows...)
		}
	}
	t := newTable(f, expected)
	if t == nil {
		if marked {
			return Reading{}, RefusedNoRows
		}
		return Reading{}, RefusedForeign
	}
	if !marked && t.keys == 0 { // Krav-IDs alone are the same in every procurement
		return Reading{}, RefusedForeign
	}
	if !marked || round && !known {
		answered = t.likeliest(published)
		t.expect(answered.Rows)
		switch {
		case !round:
			r.note(readWords.unmarked)
		case marked:
			r.note(fill(readWords.otherRound, answered.Number))
		default:
			r.note(fill(readWords.unmarkedRound, answered.Number))
		}
	}
	r.Publication = answered.Number
	r.Notes = append(r.Notes, t.notes...)
	if round {
		r.read(t, answered, answered)
		r.askedAgain(answered, published)
	} else {
		r.read(t, answered, newest)
	}
	return r, nil
}

// askedAgain tells of the rows that a later round has asked about too. Where the
// later has another text, somebody has to choose whether the answer still holds.
func (r *Reading) askedAgain(answered engine.Publication, rounds []engine.Publication) {
	for _, later := range rounds {
		if later.Number <= answered.Number {
			continue
		}
		asks := map[string]engine.Row{}
		for _, x := range later.Rows {
			asks[x.ID] = x
		}
		for i := range r.Rows {
			row := &r.Rows[i]
			now, again := asks[row.ID]
			if !again || row.Claim.Empty() {
				continue
			}
			if rowText(now) != rowText(row.Row) {
				row.Choose = append(row.Choose, Choice{fill(readWords.olderText, answered.Number, later.Number), rowSay(row.Row)})
			} else {
				row.Claim.Notes = append(row.Claim.Notes, fill(readWords.askedAgain, later.Number))
			}
		}
	}
}

func (r *Reading) note(text string) { r.Notes = append(r.Notes, text) }

// read goes through the rows of the file, and then through those of the newest
// version.
func (r *Reading) read(t *table, answered, newest engine.Publication) {
	type found struct {
		at     int
		claim  engine.Claim
		choose []Choice
		others []Other
	}
	rows := map[string]*found{}
	for i := t.header + 1; i < len(t.rows); i++ {
		if strings.TrimSpace(strings.Join(t.rows[i], "")) == "" {
			continue
		}
		row, choose := t.match(i)
		if row == nil {
			if !t.isHeader(i) {
				r.Strays = append(r.Strays, Stray{At: i + 1, Why: readWords.unknownRow, Text: t.say(i)})
			}
			continue
		}
		claim := t.claim(i, *row)
		had := rows[row.ID]
		switch {
		case had == nil:
			rows[row.ID] = &found{at: i + 1, claim: claim, choose: choose}
		case engine.Replaces(&had.claim, &claim) == engine.ReplaceSame, claim.Empty():
			had.claim.Notes = append(had.claim.Notes, fill(readWords.twiceSame, i+1))
		case had.claim.Empty():
			claim.Notes = append(claim.Notes, fill(readWords.twiceSame, had.at))
			had.at, had.claim, had.choose = i+1, claim, choose
		default:
			had.others = append(had.others, Other{At: i + 1, Claim: claim})
			had.choose = append(had.choose, choose...)
		}
	}
	was := map[string]engine.Row{}
	for _, x := range answered.Rows {
		was[x.ID] = x
	}
	changed := map[string]bool{}
	if answered.Number != newest.Number {
		r.note(fill(readWords.older, answered.Number, newest.Number))
		for _, p := range engine.RowsSince(answered.Rows, newest.Rows) {
			if p.After != nil {
				changed[p.After.ID] = true
			}
		}
	}
	for _, x := range newest.Rows {
		row := ReadRow{Row: x}
		if f := rows[x.ID]; f != nil {
			row.At, row.Claim, row.Choose, row.Others = f.at, f.claim, f.choose, f.others
			if changed[x.ID] && !f.claim.Empty() {
				row.Choose = append(row.Choose, Choice{fill(readWords.olderRow, answered.Number), rowSay(was[x.ID])})
			}
			if len(f.others) > 0 {
				row.Choose = append(row.Choose, Choice{Why: fill(readWords.twice, len(f.others)+1)})
			}
		} else if _, asked := was[x.ID]; !asked {
			row.Claim.Notes = []string{fill(readWords.newer, newest.Number)}
		} else {
			row.Claim.Notes = []string{readWords.missing}
		}
		delete(rows, x.ID)
		r.Rows = append(r.Rows, row)
	}
	for _, x := range answered.Rows { // answered, and no longer asked for
		if f := rows[x.ID]; f != nil && !f.claim.Empty() {
			r.Strays = append(r.Strays, Stray{At: f.at, Why: fill(readWords.removed, x.ID, newest.Number), Text: f.claim.Written + " " + f.claim.Description})
		}
	}
}

// table is the sheet with the answers.
type table struct {
	file    *excelize.File
	sheet   string
	rows    [][]string
	header  int
	columns []int // where each column of ours stands; -1 when it is not there
	keys    int   // how many rows have a key of ours
	notes   []string

	byKey, byText map[string]*engine.Row
	byID          map[string]*engine.Row
}

// newTable finds the sheet that has the most of the rows, and its columns; nil
// when no sheet has any.
func newTable(f *excelize.File, expected []engine.Row) *table {
	var best *table
	most := 0
	for _, name := range f.GetSheetList() {
		if visible, err := f.GetSheetVisible(name); err != nil || name == sheetMeta || name == sheetLists || name == sheetChanges || !visible && name != sheetRows {
			continue
		}
		rows, err := f.GetRows(name)
		if err != nil {
			continue
		}
		t := &table{file: f, sheet: name, rows: rows}
		t.expect(expected)
		if n := t.locate(); n > most {
			best, most = t, n
		}
	}
	if best != nil {
		best.find()
	}
	return best
}

// expect sets which rows to look for.
func (t *table) expect(rows []engine.Row) {
	t.byKey, t.byText, t.byID = map[string]*engine.Row{}, map[string]*engine.Row{}, map[string]*engine.Row{}
	for i := range rows {
		x := &rows[i]
		text := rowText(*x)
		t.byKey[rowKey(x.ID, text)] = x
		t.byText[short(text)] = x
		t.byID[strings.ToUpper(x.ID)] = x
	}
}

// locate finds the columns of keys, ids and texts by what stands in them, and
// tells how many rows have any of the three.
func (t *table) locate() int {
	t.columns = slices.Repeat([]int{-1}, colKey+1)
	hits := map[int]map[int]int{colKey: {}, colID: {}, colText: {}}
	n, first := 0, len(t.rows)
	for i, cells := range t.rows {
		any := false
		for j, cell := range cells {
			cell = settled(cell)
			for column, known := range map[int]bool{colKey: t.byKey[cell] != nil, colID: t.byID[strings.ToUpper(cell)] != nil, colText: len(cell) > 20 && t.byText[short(cell)] != nil} {
				if known {
					hits[column][j]++
					any = true
				}
			}
		}
		if any {
			n++
			first = min(first, i)
		}
	}
	for column, by := range hits {
		for j, count := range by {
			if at := t.columns[column]; at < 0 || count > by[at] || count == by[at] && j < at {
				t.columns[column] = j
			}
		}
	}
	if at := t.columns[colKey]; at >= 0 {
		t.keys = hits[colKey][at]
	}
	t.header = max(first-1, 0)
	return n
}

// find finds the other columns: by their titles, by words that mean the same,
// by what stands in them, and last by their places.
func (t *table) find() {
	titles := requirementColumns()
	for i := range min(t.header+1, len(t.rows)) { // the titles may be above what somebody has put in
		if slices.ContainsFunc(t.rows[i], func(s string) bool { return same(s, label.answer) || same(s, label.requirement) }) {
			t.header = i
		}
	}
	if t.header >= len(t.rows) {
		return
	}
	head := t.rows[t.header]
	taken := func(j int) bool { return slices.Contains(t.columns, j) }
	for column := range titles {
		if t.columns[column] < 0 {
			t.columns[column] = slices.IndexFunc(head, func(s string) bool { return same(s, titles[column].title) })
		}
	}
	var renamed []int
	for column, words := range map[int][]string{colAnswer: columnWords.answer, colBy: columnWords.by, colDescription: columnWords.description, colEvidence: columnWords.evidence} {
		if t.columns[column] < 0 {
			for j, s := range head {
				if !taken(j) && slices.ContainsFunc(words, func(w string) bool { return same(s, w) }) {
					t.columns[column] = j
					renamed = append(renamed, column)
					break
				}
			}
		}
	}
	for _, column := range []int{colAnswer, colBy, colDescription, colEvidence} {
		if slices.Contains(renamed, column) {
			t.notes = append(t.notes, fill(readWords.columnRenamed, titles[column].title, settled(head[t.columns[column]])))
		}
		if t.columns[column] >= 0 {
			if at := t.columns[column]; at != column {
				t.notes = append(t.notes, fill(readWords.columnMoved, titles[column].title, columnName(at)))
			}
			continue
		}
		at := -1
		if column == colAnswer || column == colBy {
			at = t.fullest(column, taken)
		}
		if at < 0 && !taken(column) && column < t.width() {
			at = column
		}
		if at < 0 {
			t.notes = append(t.notes, fill(readWords.columnMissing, titles[column].title))
			continue
		}
		t.columns[column] = at
		t.notes = append(t.notes, fill(readWords.columnGuessed, titles[column].title, columnName(at)))
	}
}

func (t *table) width() int {
	n := 0
	for _, cells := range t.rows {
		n = max(n, len(cells))
	}
	return n
}

// fullest is the column with the most words of the column's list; -1 when none
// has any.
func (t *table) fullest(column int, taken func(int) bool) int {
	best, most := -1, 0
	for j := range t.width() {
		if taken(j) {
			continue
		}
		n := 0
		for i := t.header + 1; i < len(t.rows); i++ {
			word := t.at(i, j)
			if column == colAnswer && answerOf(word, engine.Should) != "" || column == colBy && slices.ContainsFunc(lists[3].values, func(v string) bool { return same(v, word) }) {
				n++
			}
		}
		if n > most {
			best, most = j, n
		}
	}
	return best
}

// likeliest is the version that has the most of the keys, the newest of equals.
func (t *table) likeliest(published []engine.Publication) engine.Publication {
	best, most := published[len(published)-1], -1
	for i := len(published) - 1; i >= 0; i-- {
		n := 0
		t.expect(published[i].Rows)
		for j := range t.rows {
			if t.byKey[t.cell(j, colKey)] != nil {
				n++
			}
		}
		if n > most {
			best, most = published[i], n
		}
	}
	return best
}

func (t *table) at(i, j int) string {
	if i < 0 || i >= len(t.rows) || j < 0 || j >= len(t.rows[i]) {
		return ""
	}
	return settled(t.rows[i][j])
}

func (t *table) cell(i, column int) string { return t.at(i, t.columns[column]) }

// match finds the requirement of a row. What the tenderer has read, the id and
// the text, goes before a hidden key that says otherwise: somebody has sorted
// some of the columns.
func (t *table) match(i int) (*engine.Row, []Choice) {
	key, id, text := t.byKey[t.cell(i, colKey)], t.byID[strings.ToUpper(t.cell(i, colID))], t.byText[short(t.cell(i, colText))]
	row := key
	var choose []Choice
	switch {
	case id != nil && key != nil && id != key:
		row = id
		choose = append(choose, Choice{Why: fill(readWords.mixed, id.ID, key.ID)})
	case row == nil && id != nil:
		row = id
	case row == nil:
		row = text
	}
	if row == nil {
		return nil, nil
	}
	if got := t.cell(i, colText); t.columns[colText] >= 0 && short(got) != short(rowText(*row)) {
		choose = append(choose, Choice{readWords.altered, got})
	}
	if t.columns[colKind] >= 0 && !same(t.cell(i, colKind), kinds[row.Type]) {
		choose = append(choose, Choice{fill(readWords.alteredKind, t.cell(i, colKind), kinds[row.Type]), ""})
	}
	return row, choose
}

// isHeader tells whether a row repeats the titles.
func (t *table) isHeader(i int) bool {
	return same(t.cell(i, colID), label.id) || same(t.cell(i, colAnswer), label.answer)
}

// say is what stands in a row, for whoever has to look at it.
func (t *table) say(i int) string {
	var s []string
	for _, cell := range t.rows[i] {
		if cell = settled(cell); cell != "" {
			s = append(s, cell)
		}
	}
	text := []rune(strings.Join(s, " · "))
	if len(text) > 500 {
		return string(text[:499]) + "…"
	}
	return string(text)
}

// claim reads what the tenderer has written in a row.
func (t *table) claim(i int, row engine.Row) engine.Claim {
	c := engine.Claim{Written: t.cell(i, colAnswer), By: t.cell(i, colBy), Description: t.cell(i, colDescription), Evidence: t.cell(i, colEvidence)}
	for _, column := range []int{colAnswer, colBy, colDescription, colEvidence} {
		j := t.columns[column]
		if j < 0 || t.cell(i, column) == "" {
			continue
		}
		at, _ := excelize.CoordinatesToCellName(j+1, i+1)
		if formula, err := t.file.GetCellFormula(t.sheet, at); err == nil && formula != "" {
			c.Notes = append(c.Notes, fill(readWords.formula, at, t.cell(i, column)))
		}
	}
	c.Answer = answerOf(c.Written, row.Type)
	values := lists[slices.IndexFunc(lists, func(l choiceList) bool {
		return l.name == listOf[row.Type]
	})].values
	switch {
	case c.Written == "" && !c.Empty():
		c.Notes = append(c.Notes, readWords.noAnswer)
	case c.Written == "" || slices.Contains(values, c.Written):
	case c.Answer != "":
		c.Notes = append(c.Notes, fill(readWords.readAs, c.Written, AnswerWord(c.Answer, row.Type)))
	default:
		c.Notes = append(c.Notes, fill(readWords.outside, c.Written, strings.Join(values, ", ")))
	}
	return c
}

// answerOf reads an answer, also one written in another way than the list has
// it; "" when it cannot be one. A mandatory requirement is not met in part.
func answerOf(written string, t engine.RowType) string {
	word := strings.ToLower(strings.Trim(written, " .!\u00a0"))
	for answer, words := range answerWordsOf {
		if slices.Contains(words, word) && (answer != engine.AnswerPartly || t == engine.Should || t == engine.Verified) {
			return answer
		}
	}
	return ""
}

// AnswerWord is an answer as the list of its type has it; "" for none.
func AnswerWord(answer string, t engine.RowType) string {
	switch {
	case answer == engine.AnswerYes && t == engine.Terms:
		return answerAccept
	case answer == engine.AnswerYes:
		return answerYes
	case answer == engine.AnswerPartly:
		return answerPartly
	case answer == engine.AnswerNo:
		return answerNo
	}
	return ""
}

// Responsible is who may see to a requirement, as the file's own list has it.
func Responsible() []string {
	return lists[slices.IndexFunc(lists, func(l choiceList) bool { return l.name == listBy })].values
}

// VerifySay is how a requirement is verified, in a sentence; "" when it is not said.
func VerifySay(codes []string) string { return verify(codes) }

// KindWord is what a type is called.
func KindWord(t engine.RowType) string { return cmp.Or(kinds[t], string(t)) }

// same compares words as people do.
func same(a, b string) bool {
	return strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
}
