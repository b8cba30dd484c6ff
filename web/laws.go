package web

import (
	"net/http"
	"slices"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// lawsPage is which legal provisions apply: those that other answers decide,
// and those that a person ticks.
type lawsPage struct {
	page
	Base     string
	Decided  []lawRow
	Ticked   []lawRow
	None     bool
	NotKnown bool
	Answered bool
	Left     int // questions that can still change the list
	Version  int
	Token    string
	Who      string
	Saved    string
	Missing  fieldErrors
	Done     doneForm
	Conflict *conflictView
	May      bool
}

type lawRow struct {
	Law       *catalog.Law
	Applies   bool
	Unknown   bool
	Because   string
	Suggested bool
	Chosen    bool
	Low       []string
	Adds      int // requirements that cite it
}

func (s *server) lawsPage(o *open) lawsPage {
	a := o.Answers[engine.FactKey("lagrum")]
	chosen, notKnown := values(a.Value)
	p := lawsPage{page: s.classificationPage(o, "Lagrum"), Base: o.Base(), Version: a.Version, Token: token(), NotKnown: notKnown,
		Answered: a.Given(), Left: o.Pending.Bound(), None: a.Given() && !notKnown && len(chosen) == 0, Done: doneFormOf(o, "laws", "Steget är klart"), May: o.may(engine.PartSection + "laws")}
	if a.Given() && a.By.Name != "" {
		p.Who = a.By.Name + ", " + s.day(a.At)
	}
	for _, l := range o.Derivation.Laws {
		row := lawRow{Law: l.Law, Applies: l.Applies == rule.Yes, Unknown: l.Applies == rule.Unknown, Because: l.Because, Suggested: l.Suggested, Chosen: slices.Contains(chosen, l.Law.ID), Low: l.Low}
		for _, r := range o.Catalog.Requirements {
			if slices.Contains(r.Laws, l.Law) {
				row.Adds++
			}
		}
		if l.Law.Ticked {
			p.Ticked = append(p.Ticked, row)
		} else {
			p.Decided = append(p.Decided, row)
		}
	}
	return p
}

func (s *server) laws(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	p := s.lawsPage(o)
	if r.FormValue("sparat") != "" {
		p.Saved = s.clock(o.Answers[engine.FactKey("lagrum")].At)
	}
	return s.render(w, http.StatusOK, "laws", p)
}

func (s *server) saveLaws(w http.ResponseWriter, r *http.Request) error {
	o, version, err := s.editing(r)
	if err != nil {
		return err
	}
	given := r.PostForm["lagrum"]
	p := s.lawsPage(o)
	var value any
	switch {
	case len(given) == 0:
		p.Missing = fieldErrors{{"inget", "Kryssa i de lagrum som gäller, eller Inget av dessa"}}
	case len(given) > 1 && (slices.Contains(given, "inget") || slices.Contains(given, engine.VetEj)):
		p.Missing = fieldErrors{{"inget", "Du har kryssat både ett lagrum och Inget av dessa eller Vet ej. Ta bort det ena"}}
	case given[0] == engine.VetEj:
		value = engine.VetEj
	default:
		ids := []string{}
		for _, row := range p.Ticked {
			if slices.Contains(given, row.Law.ID) {
				ids = append(ids, row.Law.ID)
			}
		}
		value = ids
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		for i := range p.Ticked {
			p.Ticked[i].Chosen = slices.Contains(given, p.Ticked[i].Law.ID)
		}
		p.None, p.NotKnown = slices.Contains(given, "inget"), slices.Contains(given, engine.VetEj)
		return s.render(w, http.StatusUnprocessableEntity, "laws", p)
	}
	key := engine.FactKey("lagrum")
	err = s.save(r, o, change(key, value, version))
	if c := conflict(err); c != nil {
		say := func(raw []byte) string {
			ids, notKnown := values(raw)
			if notKnown {
				return "Vet ej"
			}
			var titles []string
			for _, row := range p.Ticked {
				if slices.Contains(ids, row.Law.ID) {
					titles = append(titles, row.Law.Title)
				}
			}
			if len(titles) == 0 {
				return "Inget av dessa"
			}
			return list(titles, "och")
		}
		p.Conflict = &conflictView{Mine: say(c.Mine.Value), Theirs: say(c.Theirs.Value), Who: c.Theirs.By.Name, When: s.day(c.Theirs.At)}
		for i := range p.Ticked {
			p.Ticked[i].Chosen = slices.Contains(given, p.Ticked[i].Law.ID)
		}
		p.None, p.NotKnown = slices.Contains(given, "inget"), slices.Contains(given, engine.VetEj)
		p.Version, p.Failed = c.Theirs.Version, true
		return s.render(w, http.StatusConflict, "laws", p)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, o.Base()+"/lagrum?sparat=1")
}
