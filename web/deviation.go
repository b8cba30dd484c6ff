package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
)

// deviationPage is an exception as a form.
type deviationPage struct {
	page
	Action   string
	Fresh    bool
	Form     engine.Deviation
	Until    string // as it reads
	Date     string
	Rows     []choice // the requirements that it is about
	More     []choice // gaps that it could be about
	Roles    []string
	Version  int
	Token    string
	May      bool
	Missing  fieldErrors
	Conflict *conflictView
	Back     string
	Least    string
}

func (s *server) deviationForm(w http.ResponseWriter, r *http.Request) error {
	p, _, err := s.deviationPage(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "deviation", p)
}

func (s *server) deviationPage(r *http.Request) (deviationPage, *verified, error) {
	v, err := s.verifying(r)
	if err != nil {
		return deviationPage{}, nil, err
	}
	n, ok := number(chi.URLParam(r, "n"))
	key := engine.DeviationKey(n)
	fresh := ok && n == v.NextDeviation()
	if !ok || !fresh && !v.Has(key) {
		return deviationPage{}, nil, errNotFound
	}
	p := deviationPage{page: s.classificationPage(v.open, "Avsteg"), Action: v.Base() + "/avsteg/" + itoa(n), Fresh: fresh, Token: token(), Version: v.Answers[key].Version,
		Back: v.Base() + "/plan", Roles: s.roles(), May: v.may(engine.PartSection + "plan"), Least: v.Today, Form: engine.Deviation{Date: v.Today}}
	p.Crumbs = slices.Insert(p.Crumbs, len(p.Crumbs)-1, crumb{"Avsteg och handlingsplan", v.Base() + "/plan"})
	decode(v.Answers[key].Value, &p.Form)
	if id := r.FormValue("krav"); fresh && v.Assessment.Row(id) != nil {
		p.Form.Requirements = []string{id}
	}
	p.Until, p.Date = s.dayOf(p.Form.Until), s.dayOf(p.Form.Date)
	p.fill(v)
	return p, v, nil
}

func (p *deviationPage) fill(v *verified) {
	p.Rows, p.More = picked(v, p.Form.Requirements, engine.Gap)
}

func (s *server) saveDeviation(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	p, v, err := s.deviationPage(r)
	if err != nil {
		return err
	}
	if err := v.writable(); err != nil {
		return err
	}
	version, ok := number(r.PostFormValue("version"))
	if !ok {
		return errForm
	}
	var value any
	saved := "borta"
	if r.PostFormValue("gor") != "ta-bort" {
		trim := func(field string) string { return strings.TrimSpace(r.PostFormValue(field)) }
		d := engine.Deviation{Requirements: r.PostForm["krav"], Reason: trim("skal"), Protection: trim("skydd"), Until: trim("till"), DecidedBy: r.PostFormValue("beslutat"), Date: trim("datum")}
		p.Form = d
		p.fill(v)
		var bad fieldErrors
		wrong := func(field, text string) { bad = append(bad, fieldError{field, text}) }
		if len(d.Requirements) == 0 || slices.ContainsFunc(d.Requirements, func(id string) bool { return v.Assessment.Row(id) == nil }) {
			wrong("krav", "Välj vilka krav avsteget gäller")
		}
		if d.Reason == "" {
			wrong("skal", "Skriv varför avsteget behövs")
		}
		if len([]rune(d.Reason)) > maxReason || len([]rune(d.Protection)) > maxReason {
			wrong("skal", "Korta texterna till högst "+itoa(maxReason)+" tecken")
		}
		if _, err := time.Parse(time.DateOnly, d.Until); err != nil || d.Until < v.Today {
			wrong("till", "Skriv avstegets sista dag. Ett avsteg ska ha ett slut")
		}
		if _, err := time.Parse(time.DateOnly, d.Date); err != nil || d.Date > v.Today {
			wrong("datum", "Skriv dagen för beslutet, till exempel "+v.Today)
		}
		if !slices.Contains(p.Roles, d.DecidedBy) {
			wrong("beslutat", "Välj vilken roll som har beslutat")
		}
		if len(bad) > 0 {
			p.Missing, p.Failed = bad, true
			return s.render(w, http.StatusUnprocessableEntity, "deviation", p)
		}
		value, saved = d, "avsteg"
	}
	n, _ := number(chi.URLParam(r, "n"))
	err = s.save(r, v.open, change(engine.DeviationKey(n), value, version))
	if c := conflict(err); c != nil {
		var theirs engine.Deviation
		decode(c.Theirs.Value, &theirs)
		p.Conflict = &conflictView{Mine: p.Form.Reason, Theirs: cmp.Or(theirs.Reason, "borttaget"), Who: c.Theirs.By.Name, When: s.day(c.Theirs.At)}
		p.Version, p.Failed = c.Theirs.Version, true
		return s.render(w, http.StatusConflict, "deviation", p)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, v.Base()+"/plan?sparat="+saved)
}
