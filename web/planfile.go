package web

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/workbook"
)

// planReadPage shows what a plan that has come back would change, before
// anything is saved.
type planReadPage struct {
	page
	Base    string
	Several bool
	Rows    []planReadRow
	Notes   []string
	Token   string
	Missing fieldErrors
	// Conflicts is how many of the rows have changed both in the file and here.
	Conflicts int
}

// planReadRow is one line of the plan, as it is and as the file has it.
type planReadRow struct {
	Key, System                             string
	Title, Was, Now, WasComment, NowComment string
	Status                                  string // of the file, as stored
	Version                                 int
	Chosen                                  bool
	Who, When                               string // who changed it here since the file went out; "" when nobody did
}

// plans is the lines of one classification's plan, or of many.
type plans struct {
	name  string // of the file
	title string
	base  string // the address of the plan: what is read back goes to base+"fil"
	id    string // the classification; "" for many
	lines []planned
}

type planned struct {
	*open
	engine.Numbered[engine.Action]
}

func (x planned) key() string { return x.Classification.ID + "/" + itoa(x.N) }

// plansOf is a classification's lines, all or those that the visitor follows.
func plansOf(v *verified, follows bool) plans {
	p := plans{"handlingsplan-" + slug(v.System.Title), v.System.Title, v.Base() + "/plan", v.Classification.ID, nil}
	for _, x := range v.Actions() {
		if !follows || v.visit.follows(&v.Record, x.Value) {
			p.lines = append(p.lines, planned{v.open, x})
		}
	}
	return p
}

// plansAcross is the lines, in all systems, that pass.
func (s *server) plansAcross(r *http.Request, pass func(v *visit, rec *engine.Record, a engine.Action) bool) (plans, error) {
	p := plans{name: "planposter", title: "Planposter", base: "/planposter"}
	records, err := s.Store.Systems(r.Context())
	if err != nil {
		return p, err
	}
	v := visitOf(r.Context())
	for i := range records {
		rec := &records[i]
		var o *open
		for _, x := range rec.Actions() {
			if !pass(v, rec, x.Value) {
				continue
			}
			if o == nil {
				c, err := s.library.byHash(r.Context(), rec.Classification.CatalogHash)
				if err != nil {
					return p, err
				}
				o = &open{Record: *rec, visit: v, Catalog: c}
			}
			p.lines = append(p.lines, planned{o, x})
		}
	}
	return p, nil
}

func (s *server) sendPlan(w http.ResponseWriter, p plans, csv bool) error {
	file := workbook.Plan{Title: p.title, Date: s.today(), CatalogHash: s.Catalogs().Catalog.SetHash, ClassificationID: p.id}
	for _, x := range p.lines {
		if p.id != "" {
			file.CatalogHash = x.Catalog.SetHash
		}
		file.Lines = append(file.Lines, workbook.PlanLine{Key: x.key(), System: x.System.Title, Role: roleTitle(x.Catalog, x.Value.Role), Action: x.Value})
	}
	var b bytes.Buffer
	if !csv {
		if _, err := workbook.WritePlan(&b, file); err != nil {
			return err
		}
		return sendWorkbook(w, p.name+".xlsx", b.Bytes())
	}
	if err := workbook.WritePlanCSV(&b, file); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+p.name+`.csv"`)
	_, err := w.Write(b.Bytes())
	return err
}

func (s *server) downloadPlan(w http.ResponseWriter, r *http.Request) error {
	v, err := s.verifying(r)
	if err != nil {
		return err
	}
	return s.sendPlan(w, plansOf(v, false), strings.HasSuffix(r.URL.Path, ".csv"))
}

// downloadActions sends the lines that the page with the same question shows.
func (s *server) downloadActions(w http.ResponseWriter, r *http.Request) error {
	p, err := s.plansAcross(r, shown(r, fetch))
	if err != nil {
		return err
	}
	return s.sendPlan(w, p, strings.HasSuffix(r.URL.Path, ".csv"))
}

// readPlan and readActions show what a filled-in plan would change. The file is
// not kept.
func (s *server) readPlan(w http.ResponseWriter, r *http.Request) error {
	v, err := s.verifying(r)
	if err != nil {
		return err
	}
	if v.paused() {
		return errPaused
	}
	p := planReadPage{page: s.classificationPage(v.open, "Läs in uppföljningen")}
	p.Crumbs = slices.Insert(p.Crumbs, len(p.Crumbs)-1, crumb{"Avsteg och handlingsplan", v.Base() + "/plan"})
	return s.showPlan(w, r, p, plansOf(v, true))
}

func (s *server) readActions(w http.ResponseWriter, r *http.Request) error {
	all, err := s.plansAcross(r, (*visit).follows)
	if err != nil {
		return err
	}
	return s.showPlan(w, r, planReadPage{page: s.page(r, "Läs in uppföljningen", "start", crumb{"Planposter", "/planposter"}, crumb{"Läs in uppföljningen", ""})}, all)
}

func (s *server) showPlan(w http.ResponseWriter, r *http.Request, p planReadPage, all plans) error {
	p.Base, p.Several, p.Token = all.base, all.id == "", token()
	refuse := func(status int, text string) error {
		p.Missing, p.Failed = fieldErrors{{"fil", text}}, true
		return s.render(w, status, "planread", p)
	}
	_, data, err := uploaded(r)
	switch {
	case errors.Is(err, workbook.RefusedSize):
		return refuse(http.StatusRequestEntityTooLarge, string(workbook.RefusedSize))
	case errors.Is(err, errNoFile):
		return refuse(http.StatusUnprocessableEntity, "Välj den ifyllda planen")
	case err != nil:
		return err
	}
	read, err := readFile(func() (workbook.PlanReading, error) { return workbook.ReadPlan(data) })
	var refused workbook.Refusal
	switch {
	case errors.As(err, &refused):
		return refuse(http.StatusUnprocessableEntity, string(refused))
	case err != nil:
		return err
	case all.id != "" && read.ClassificationID != "" && read.ClassificationID != all.id:
		return refuse(http.StatusUnprocessableEntity, "Filen är en handlingsplan för en annan klassning")
	}
	s.compare(&p, all, read)
	return s.render(w, http.StatusOK, "planread", p)
}

// compare puts what differs on the page. What nobody has filled in since the
// file went out is left alone, however the plan has gone on meanwhile; what has
// changed in both places is for a person to settle.
func (s *server) compare(p *planReadPage, all plans, read workbook.PlanReading) {
	note := func(text string) { p.Notes = append(p.Notes, text) }
	seen := map[string]bool{}
	same, elsewhere, moved := 0, 0, 0
	for _, x := range read.Rows {
		i := slices.IndexFunc(all.lines, func(a planned) bool { return a.key() == x.Key })
		if i < 0 {
			if id, _, _ := strings.Cut(x.Key, "/"); all.id != "" && id != all.id {
				elsewhere++
			} else {
				note("Rad " + itoa(x.At) + " hör till en planpost som inte finns längre, eller som du inte får följa upp. Den läses inte in.")
			}
			continue
		}
		a := all.lines[i]
		if seen[x.Key] {
			continue
		}
		seen[x.Key] = true
		title := "”" + a.Value.Title + "”"
		x, twice := filledOf(read.Rows, x.Key, a.Value)
		if twice != "" {
			note(title + twice)
		}
		status, comment := x.FilledStatus(), x.FilledComment()
		if status && x.Status == "" {
			note("Läget ”" + x.Written + "” för " + title + " på rad " + itoa(x.At) + " är inget av de fyra. Läget behålls.")
			status = false
		}
		switch n := len([]rune(x.Comment)); {
		case comment && x.Comment == "" && a.Value.Comment != "": // an emptied cell loses nothing
			note("Texten om " + title + " är tom i filen. Den som finns behålls.")
			comment = false
		case comment && n > maxReason:
			note("Texten om " + title + " på rad " + itoa(x.At) + " är " + thousands(n) + " tecken, och " + thousands(maxReason) + " får plats. Texten läses inte in. Korta den och läs in filen igen.")
			comment = false
		}
		next := a.Value
		if status {
			next.Status = x.Status
		}
		if comment {
			next.Comment = x.Comment
		}
		if next.Status == a.Value.Status && next.Comment == a.Value.Comment {
			if !status && !comment && (x.MovedStatus(a.Value.Status) || x.MovedComment(a.Value.Comment)) {
				moved++
			} else {
				same++
			}
			continue
		}
		row := planReadRow{Key: x.Key, Title: a.Value.Title, Was: statusWords[a.Value.Status].Word, Now: statusWords[next.Status].Word, WasComment: a.Value.Comment, NowComment: next.Comment,
			Status: string(next.Status), Version: a.Version, Chosen: true}
		if next.Status != a.Value.Status && x.MovedStatus(a.Value.Status) || next.Comment != a.Value.Comment && x.MovedComment(a.Value.Comment) {
			row.Chosen, row.Who, row.When = false, personName(a.At.By), s.day(a.At.At)
			p.Conflicts++
		}
		if all.id == "" {
			row.System = a.System.Title
		}
		p.Rows = append(p.Rows, row)
	}
	if same > 0 {
		p.Notes = append(p.Notes, upperFirst(count(same, "planpost är oförändrad", "planposter är oförändrade"))+".")
	}
	if moved > 0 {
		p.Notes = append(p.Notes, upperFirst(count(moved, "planpost är ändrad", "planposter är ändrade"))+" här sedan filen hämtades, men inte i filen. Det som står här behålls.")
	}
	if elsewhere > 0 {
		p.Notes = append(p.Notes, upperFirst(count(elsewhere, "planpost hör", "planposter hör"))+" till andra system och läses inte in här.")
	}
	for _, a := range all.lines {
		if all.id != "" && !seen[a.key()] {
			p.Notes = append(p.Notes, "”"+a.Value.Title+"” finns inte i filen. Den lämnas som den är.")
		}
	}
	if read.Strays > 0 {
		p.Notes = append(p.Notes, upperFirst(count(read.Strays, "rad saknar nyckel", "rader saknar nyckel"))+" och läses inte in. Nya planposter läggs till här i Kravverk.")
	}
}

// filledOf is the row of a key that somebody has filled in, of many the first,
// and what to tell when the key stands more than once.
func filledOf(rows []workbook.PlanRead, key string, now engine.Action) (row workbook.PlanRead, twice string) {
	var all, filled []workbook.PlanRead
	for _, x := range rows {
		if x.Key != key {
			continue
		}
		all = append(all, x)
		if (x.FilledStatus() || x.FilledComment()) && (x.Status != now.Status || x.Comment != now.Comment) {
			filled = append(filled, x)
		}
	}
	row = all[0]
	if len(filled) > 0 {
		row = filled[0]
	}
	if len(all) > 1 {
		twice = " står på " + count(len(all), "rad", "rader") + ". Rad " + itoa(row.At) + " läses in"
		switch len(filled) {
		case 0:
			twice += ", och ingen av dem är ändrad."
		case 1:
			twice += ", som är den enda som är ändrad."
		default:
			twice += ", som är den första som är ändrad. Flytta över det som ska med från de andra och läs in filen igen."
		}
	}
	return row, twice
}

// takePlan and takeActions save what was ticked.
func (s *server) takePlan(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	v, err := s.verifying(r)
	if err != nil {
		return err
	}
	if v.paused() {
		return errPaused
	}
	return s.followUp(w, r, plansOf(v, true))
}

func (s *server) takeActions(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	all, err := s.plansAcross(r, (*visit).follows)
	if err != nil {
		return err
	}
	return s.followUp(w, r, all)
}

// followUp saves what was ticked. Each classification's lines are saved together
// or not at all, and nothing is when any line has changed since the file was read.
func (s *server) followUp(w http.ResponseWriter, r *http.Request, all plans) error {
	changes := map[string][]engine.Change{}
	var order []string
	for _, a := range all.lines {
		key := a.key()
		if !slices.Contains(r.PostForm["rad"], key) {
			continue
		}
		version, ok := number(r.PostFormValue("version-" + key))
		status := engine.Status(r.PostFormValue("lage-" + key))
		comment := strings.TrimSpace(r.PostFormValue("text-" + key))
		if !ok || !slices.Contains(engine.Statuses, status) || len([]rune(comment)) > maxReason {
			return errForm
		}
		next := a.Value
		next.Status, next.Comment = status, comment
		if status == a.Value.Status && comment == a.Value.Comment {
			continue // pressed twice
		}
		c := change(engine.ActionKey(a.N), next, version)
		if version != a.Version {
			return &engine.Conflict{Mine: c, Theirs: a.At}
		}
		id := a.Classification.ID
		if changes[id] == nil {
			order = append(order, id)
		}
		changes[id] = append(changes[id], change(engine.ActionKey(a.N), next, version))
	}
	by, token := visitOf(r.Context()).ID, r.PostFormValue("nyckel")
	if !tokenPattern.MatchString(token) {
		return errForm
	}
	for _, id := range order {
		if _, err := s.Store.SaveAnswers(r.Context(), by, id, token+"/"+id, changes[id]); err != nil {
			return err
		}
	}
	return seeOther(w, r, all.base+"?sparat=inlast")
}
