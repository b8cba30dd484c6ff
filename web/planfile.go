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
}

// planReadRow is one line of the plan, as it is and as the file has it.
type planReadRow struct {
	Key, System                             string
	Title, Was, Now, WasComment, NowComment string
	Status                                  string // of the file, as stored
	Version                                 int
	Chosen                                  bool
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
	p.read(all, read)
	return s.render(w, http.StatusOK, "planread", p)
}

// read puts what differs on the page.
func (p *planReadPage) read(all plans, read workbook.PlanReading) {
	seen := map[string]bool{}
	same, elsewhere := 0, 0
	for _, x := range read.Rows {
		i := slices.IndexFunc(all.lines, func(a planned) bool { return a.key() == x.Key })
		if i < 0 {
			if id, _, _ := strings.Cut(x.Key, "/"); all.id != "" && id != all.id {
				elsewhere++
			} else {
				p.Notes = append(p.Notes, "Rad "+itoa(x.At)+" hör till en planpost som inte finns längre, eller som du inte får följa upp. Den läses inte in.")
			}
			continue
		}
		a := all.lines[i]
		if seen[x.Key] {
			p.Notes = append(p.Notes, "”"+a.Value.Title+"” står flera gånger. Bara den första läses in.")
			continue
		}
		seen[x.Key] = true
		if x.Status == "" {
			p.Notes = append(p.Notes, "Läget ”"+x.Written+"” för ”"+a.Value.Title+"” är inget av de fyra. Läget behålls.")
			x.Status = a.Value.Status
		}
		if x.Comment == "" && a.Value.Comment != "" { // an emptied cell loses nothing
			p.Notes = append(p.Notes, "Texten om ”"+a.Value.Title+"” är tom i filen. Den som finns behålls.")
			x.Comment = a.Value.Comment
		}
		if x.Status == a.Value.Status && x.Comment == a.Value.Comment {
			same++
			continue
		}
		row := planReadRow{Key: x.Key, Title: a.Value.Title, Was: statusWords[a.Value.Status].Word, Now: statusWords[x.Status].Word, WasComment: a.Value.Comment, NowComment: x.Comment,
			Status: string(x.Status), Version: a.Version, Chosen: true}
		if all.id == "" {
			row.System = a.System.Title
		}
		p.Rows = append(p.Rows, row)
	}
	if same > 0 {
		p.Notes = append(p.Notes, upperFirst(count(same, "planpost är oförändrad", "planposter är oförändrade"))+".")
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
