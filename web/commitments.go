package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine"
)

// commitmentsPage is where requirements are added to an agreement of one's own:
// first they are ticked, then each is answered, and all are saved in one go.
type commitmentsPage struct {
	page
	ID, Title string
	Query     string
	All       []choice // areas to narrow to
	Areas     []declareArea
	Found     int
	Rows      []newCommitment // those that are ticked, to be answered
	Answering bool
	Version   int
	Missing   fieldErrors
	Conflict  *conflictView
	Back      string // to the ticks, with what is ticked
}

// newCommitment is a requirement to be added, as it is filled in.
type newCommitment struct {
	ID string
	wording
	Answer, How, Clause, Remains string
}

func (s *server) commitmentsForm(w http.ResponseWriter, r *http.Request) error {
	p, _, err := s.commitmentsPage(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "commitments", p)
}

// commitmentsPage gives the page, and the agreement as it stands.
func (s *server) commitmentsPage(r *http.Request) (commitmentsPage, *engine.Agreement, error) {
	of, a, err := s.agreementPage(r)
	if err != nil {
		return commitmentsPage{}, nil, err
	}
	if err := s.mayKeep(r, a); err != nil {
		return commitmentsPage{}, nil, err
	}
	if !of.Own {
		return commitmentsPage{}, nil, errNotFound // what a catalogue's agreement gives, its author says
	}
	p := commitmentsPage{page: s.page(r, "Lägg till det avtalet ger, "+a.Title, "avtal", crumb{"Avtal och plattformar", "/avtal"}, crumb{a.Title, "/avtal/" + a.ID}, crumb{"Lägg till", ""}),
		ID: a.ID, Title: a.Title, Query: strings.TrimSpace(r.FormValue("q")), Version: a.Version, Answering: r.Method == http.MethodPost || r.FormValue("steg") == "svar"}
	area, ticked := r.FormValue("omrade"), r.Form["krav"]
	back := url.Values{}
	for _, q := range s.Catalogs().Catalog.Requirements {
		if n := len(p.All); n == 0 || p.All[n-1].ID != q.Area.ID {
			if !slices.ContainsFunc(p.All, func(c choice) bool { return c.ID == q.Area.ID }) {
				p.All = append(p.All, choice{ID: q.Area.ID, Title: q.Area.Title, Chosen: q.Area.ID == area})
			}
		}
		if a.Commitment(q.ID) != nil {
			continue
		}
		words, chosen := of.words[q.ID], slices.Contains(ticked, q.ID)
		title, is := engine.Text(words.Title), engine.Text(words.Is)
		if chosen {
			back.Add("krav", q.ID)
			field := func(name string) string { return strings.TrimSpace(r.PostFormValue(name + "-" + q.ID)) }
			p.Rows = append(p.Rows, newCommitment{q.ID, words, field("svar"), field("hur"), field("punkt"), field("kvar")})
		}
		// What is ticked stays in sight, whatever is searched for.
		if !chosen && (area != "" && q.Area.ID != area || p.Query != "" && !strings.Contains(strings.ToLower(q.ID+" "+title+" "+is), strings.ToLower(p.Query))) {
			continue
		}
		i := slices.IndexFunc(p.Areas, func(x declareArea) bool { return x.Title == q.Area.Title })
		if i < 0 {
			i = len(p.Areas)
			p.Areas = append(p.Areas, declareArea{Title: q.Area.Title})
		}
		p.Areas[i].Open = p.Areas[i].Open || chosen || p.Query != "" || area != ""
		p.Areas[i].Rows = append(p.Areas[i].Rows, choice{ID: q.ID, Title: q.ID + " " + title, Help: is, Chosen: chosen})
		p.Found++
	}
	p.Back = "/avtal/" + a.ID + "/tillagg?" + back.Encode()
	if p.Answering && len(p.Rows) == 0 {
		p.Answering = false
		p.Missing, p.Failed = fieldErrors{{"kraven", "Kryssa i minst ett krav"}}, true
	}
	return p, a, nil
}

// addCommitments adds what was ticked, all or nothing.
func (s *server) addCommitments(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	p, a, err := s.commitmentsPage(r)
	if err != nil {
		return err
	}
	version, ok := number(r.PostFormValue("version"))
	if !ok {
		return errForm
	}
	wrong := func(field, id, text string) {
		p.Missing = append(p.Missing, fieldError{field + "-" + id, id + ": " + text})
	}
	for _, row := range p.Rows {
		if row.Answer != engine.AnswerYes && row.Answer != engine.AnswerPartly {
			wrong("svar", row.ID, "välj om avtalet ger hela kravet eller en del")
		}
		if row.How == "" || len([]rune(row.How)) > maxText {
			wrong("hur", row.ID, "skriv vad avtalet ger, i högst "+itoa(maxText)+" tecken")
		}
		if len([]rune(row.Clause)) > maxClause {
			wrong("punkt", row.ID, "korta punkten till högst "+itoa(maxClause)+" tecken")
		}
		if len([]rune(row.Remains)) > maxRemains {
			wrong("kvar", row.ID, "korta texten till högst "+itoa(maxRemains)+" tecken")
		}
		a.Commitments = append(a.Commitments, engine.Commitment{Requirement: row.ID, Strength: "assumed", Answer: row.Answer, How: row.How, Clause: row.Clause, Remains: row.Remains})
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "commitments", p)
	}
	err = s.Store.SaveShared(r.Context(), visitOf(r.Context()).ID, a.Unit, []engine.Change{change(engine.AgreementKey(a.ID), a, version)})
	if c := conflict(err); c != nil {
		p, _, err := s.commitmentsPage(r)
		if err != nil {
			return err
		}
		p.Conflict, p.Failed = &conflictView{Mine: count(len(p.Rows), "nytt åtagande", "nya åtaganden"), Theirs: "Avtalet har en nyare version.", Who: c.Theirs.By.Name, When: s.day(c.Theirs.At)}, true
		return s.render(w, http.StatusConflict, "commitments", p)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, "/avtal/"+a.ID+"?sparat=tillagda&antal="+itoa(len(p.Rows)))
}

// maxRemains is how long a text about what is left to do may be in an agreement.
const maxRemains = 1000
