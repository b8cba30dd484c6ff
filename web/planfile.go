package web

import (
	"bytes"
	"errors"
	"io"
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
	Rows    []planReadRow
	Notes   []string
	Token   string
	Missing fieldErrors
}

// planReadRow is one line of the plan, as it is and as the file has it.
type planReadRow struct {
	N                                       int
	Title, Was, Now, WasComment, NowComment string
	Status                                  string // of the file, as stored
	Version                                 int
	Chosen                                  bool
}

// planFile is a classification's plan as it is written to a file.
func (s *server) planFile(v *verified) workbook.Plan {
	p := workbook.Plan{Title: v.System.Title, Date: v.Today, CatalogHash: v.Catalog.SetHash, ClassificationID: v.Classification.ID}
	for _, x := range v.Actions() {
		p.Lines = append(p.Lines, workbook.PlanLine{Key: planKey(v.open, x.N), System: v.System.Title, Role: roleTitle(v.Catalog, x.Value.Role), Action: x.Value})
	}
	return p
}

func planKey(o *open, n int) string { return o.Classification.ID + "/" + itoa(n) }

func (s *server) downloadPlan(w http.ResponseWriter, r *http.Request) error {
	v, err := s.verifying(r)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if _, err := workbook.WritePlan(&b, s.planFile(v)); err != nil {
		return err
	}
	return sendWorkbook(w, "handlingsplan-"+slug(v.System.Title)+".xlsx", b.Bytes())
}

func (s *server) downloadPlanCSV(w http.ResponseWriter, r *http.Request) error {
	v, err := s.verifying(r)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := workbook.WritePlanCSV(&b, s.planFile(v)); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="handlingsplan-`+slug(v.System.Title)+`.csv"`)
	_, err = w.Write(b.Bytes())
	return err
}

// readPlan shows what a filled-in plan would change. The file is not kept.
func (s *server) readPlan(w http.ResponseWriter, r *http.Request) error {
	v, err := s.verifying(r)
	if err != nil {
		return err
	}
	if v.paused() {
		return errPaused
	}
	p := planReadPage{page: s.classificationPage(v.open, "Läs in uppföljningen"), Base: v.Base(), Token: token()}
	p.Crumbs = slices.Insert(p.Crumbs, len(p.Crumbs)-1, crumb{"Avsteg och handlingsplan", v.Base() + "/plan"})
	refuse := func(status int, text string) error {
		p.Missing, p.Failed = fieldErrors{{"fil", text}}, true
		return s.render(w, status, "planread", p)
	}
	var tooBig *http.MaxBytesError
	if err := r.ParseMultipartForm(maxUpload); errors.As(err, &tooBig) {
		return refuse(http.StatusRequestEntityTooLarge, string(workbook.RefusedSize))
	} else if err != nil {
		return errForm
	}
	defer r.MultipartForm.RemoveAll()
	file, _, err := r.FormFile("fil")
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, "Välj den ifyllda planen")
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		return errForm
	}
	read, err := readFile(func() (workbook.PlanReading, error) { return workbook.ReadPlan(data) })
	var refused workbook.Refusal
	switch {
	case errors.As(err, &refused):
		return refuse(http.StatusUnprocessableEntity, string(refused))
	case err != nil:
		return err
	case read.ClassificationID != v.Classification.ID:
		return refuse(http.StatusUnprocessableEntity, "Filen är en handlingsplan för en annan klassning")
	}
	p.read(v, read)
	return s.render(w, http.StatusOK, "planread", p)
}

// read puts what differs on the page.
func (p *planReadPage) read(v *verified, read workbook.PlanReading) {
	seen := map[string]bool{}
	same := 0
	for _, x := range read.Rows {
		id, n, _ := strings.Cut(x.Key, "/")
		no, ok := number(n)
		i := slices.IndexFunc(v.Actions(), func(a engine.Numbered[engine.Action]) bool { return a.N == no })
		if !ok || id != v.Classification.ID || i < 0 {
			p.Notes = append(p.Notes, "Rad "+itoa(x.At)+" hör till en planpost som inte finns längre. Den läses inte in.")
			continue
		}
		a := v.Actions()[i]
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
		p.Rows = append(p.Rows, planReadRow{N: a.N, Title: a.Value.Title, Was: statusWords[a.Value.Status].Word, Now: statusWords[x.Status].Word, WasComment: a.Value.Comment, NowComment: x.Comment,
			Status: string(x.Status), Version: a.Version, Chosen: true})
	}
	if same > 0 {
		p.Notes = append(p.Notes, upperFirst(count(same, "planpost är oförändrad", "planposter är oförändrade"))+".")
	}
	for _, a := range v.Actions() {
		if !seen[planKey(v.open, a.N)] {
			p.Notes = append(p.Notes, "”"+a.Value.Title+"” finns inte i filen. Den lämnas som den är.")
		}
	}
	if read.Strays > 0 {
		p.Notes = append(p.Notes, upperFirst(count(read.Strays, "rad saknar nyckel", "rader saknar nyckel"))+" och läses inte in. Nya planposter läggs till här i Kravverk.")
	}
}

// takePlan saves what was ticked, all or nothing.
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
	var changes []engine.Change
	for _, a := range v.Actions() {
		n := itoa(a.N)
		if !slices.Contains(r.PostForm["rad"], n) {
			continue
		}
		version, ok := number(r.PostFormValue("version-" + n))
		status := engine.Status(r.PostFormValue("lage-" + n))
		comment := strings.TrimSpace(r.PostFormValue("text-" + n))
		if !ok || !slices.Contains(engine.Statuses, status) || len([]rune(comment)) > maxReason {
			return errForm
		}
		next := a.Value
		next.Status, next.Comment = status, comment
		changes = append(changes, change(engine.ActionKey(a.N), next, version))
	}
	if len(changes) > 0 {
		if err := s.save(r, v.open, changes...); err != nil {
			return err
		}
	}
	return seeOther(w, r, v.Base()+"/plan?sparat=inlast")
}
