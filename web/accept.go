package web

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/kravverk/kravverk/engine"
)

// acceptPage is the preview of every change before offers are accepted in bulk.
type acceptPage struct {
	page
	Base    string
	Area    string // title of the one that it is narrowed to
	Query   string // the same in the address
	Groups  []acceptGroup
	New     int // rows that get an answer
	Renewed int // rows whose answer stood on a word that has changed
	Becomes engine.Sum
	Single  int // offers that have to be accepted one by one
	Token   string
	May     bool
	Problem string
}

// acceptGroup is the offers of one source and strength.
type acceptGroup struct {
	Key                    string // tells it from the others on the page
	Title, Strength, Class string
	Source                 string // when it is the same for all rows
	Rows                   []acceptRow
}

type acceptRow struct {
	ID, Title, Value, Answer, How, Remains, Source, Until string
	Was                                                   string // what is answered now, of one that is renewed
	Gap, Chosen                                           bool
}

func (s *server) acceptForm(w http.ResponseWriter, r *http.Request) error {
	v, err := s.verifying(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "accept", s.acceptPage(v, r.FormValue("omrade"), nil))
}

// acceptPage lists the best offer of every row that wants one. chosen is what
// was ticked; nil ticks what is worth it: not a like system's word, and not what
// would turn an answer into another or put it on a weaker word.
func (s *server) acceptPage(v *verified, area string, chosen []string) acceptPage {
	p := acceptPage{page: s.classificationPage(v.open, "Godta förslag"), Base: v.Base(), Token: token(), May: v.may(engine.PartSection + "verify")}
	p.Crumbs = slices.Insert(p.Crumbs, len(p.Crumbs)-1, crumb{"Verifiering", v.Base() + "/verifiering"})
	at := map[string]int{}
	for i := range v.Assessment.Rows {
		x := &v.Assessment.Rows[i]
		if area != "" && x.Requirement.Area.ID != area {
			continue
		}
		if area != "" {
			p.Area, p.Query = x.Requirement.Area.Title, "?omrade="+area
		}
		o := x.Best(v.Today)
		if o == nil {
			if x.Outcome == engine.NoResponse && len(x.Offers) > 0 {
				p.Single++
			}
			continue
		}
		view := s.offeredView(v, x.Requirement.ID, verifyFilter{}, *o)
		key := string(o.Kind) + "/" + o.From + "/" + acceptTitle(v, *o) + "/" + o.Prefill.Strength
		n, ok := at[key]
		if !ok {
			n = len(p.Groups)
			at[key] = n
			p.Groups = append(p.Groups, acceptGroup{Key: key, Title: acceptTitle(v, *o) + ", " + strengthWords[o.Prefill.Strength], Strength: view.Strength, Class: o.Prefill.Strength, Source: view.Source})
		}
		g := &p.Groups[n]
		if view.Source != g.Source {
			g.Source = ""
		}
		row := acceptRow{ID: x.Requirement.ID, Title: engine.Text(x.Title), Value: x.Requirement.ID + ":" + itoa(x.Answer.Version) + ":" + view.Hash, Answer: view.Answer, How: view.How,
			Remains: view.Remains, Source: view.Source, Until: view.Until, Gap: o.Prefill.Answer != engine.AnswerYes}
		row.Chosen = o.Kind != engine.FromSibling
		switch {
		case x.Outcome == engine.NoResponse:
			p.New++
		default:
			p.Renewed++
			row.Was = responseWord(x.Response.Value) + ", " + strengthWords[x.Response.Taken.Strength] + ". " + staleWords[x.Staleness]
			row.Chosen = row.Chosen && x.Response.Value == o.Prefill.Answer && engine.Weakness(o.Prefill.Strength) <= engine.Weakness(x.Response.Taken.Strength)
		}
		if chosen != nil {
			row.Chosen = slices.Contains(chosen, row.Value)
		}
		switch {
		case row.Gap:
			p.Becomes.Gap++
		case o.Prefill.Strength == "assumed":
			p.Becomes.Assumed++
		default:
			p.Becomes.Met++
		}
		g.Rows = append(g.Rows, row)
	}
	slices.SortStableFunc(p.Groups, func(a, b acceptGroup) int { return engine.Weakness(a.Class) - engine.Weakness(b.Class) })
	return p
}

// strengthWords is a strength in a word.
var strengthWords = map[string]string{"assumed": "antaget", "contracted": "avtalat", "verified": "verifierat"}

// acceptTitle is what a group of offers comes from.
func acceptTitle(v *verified, o engine.Offer) string {
	switch o.Kind {
	case engine.FromAgreement:
		for _, a := range v.Agreements {
			if a.ID == o.From {
				return "Avtal: " + a.Title
			}
		}
	case engine.FromUnit:
		return "Gemensamma svar från " + v.visit.org.Title(o.From)
	case engine.FromPrefill:
		if a := o.Prefill.Agreement; a != nil {
			return "Kravkatalogens antagande om " + a.Title
		}
		return "Kravkatalogen: " + o.Prefill.Profile.Title
	}
	return kindWords[o.Kind]
}

// acceptOffers accepts what was ticked, or says no to it, all or nothing. What
// has changed since the page was shown is told, and nothing is saved.
func (s *server) acceptOffers(w http.ResponseWriter, r *http.Request) error {
	v, err := s.amending(r)
	if err != nil {
		return err
	}
	chosen, area := append([]string{}, r.PostForm["forslag"]...), r.FormValue("omrade")
	slices.Sort(chosen)
	chosen = slices.Compact(chosen)
	only, declined := r.PostFormValue("bara"), r.PostFormValue("avboj") // one group, by its key
	if declined != "" {
		only = declined
	}
	now, group := map[string]*engine.Assessed{}, map[string]string{}
	for _, g := range s.acceptPage(v, area, chosen).Groups {
		for _, row := range g.Rows {
			now[row.Value], group[row.Value] = v.Assessment.Row(row.ID), g.Key
		}
	}
	var changes []engine.Change
	problem := ""
	for _, value := range chosen {
		x := now[value]
		if x == nil {
			problem = "Något har ändrats sedan sidan visades. Inget är sparat. Gå igenom listan och godta igen."
			break
		}
		if only != "" && group[value] != only {
			continue
		}
		next := x.Accept(*x.Best(v.Today))
		if declined != "" {
			next = x.Decline(*x.Best(v.Today))
		}
		changes = append(changes, change(engine.ResponseKey(x.Requirement.ID), next, x.Answer.Version))
	}
	if problem == "" && len(changes) == 0 {
		problem = "Kryssa i minst ett förslag."
	}
	if problem == "" {
		err = s.save(r, v.open, changes...)
		if conflict(err) != nil {
			problem = "Någon annan svarade samtidigt. Inget är sparat. Gå igenom listan och godta igen."
		} else if err != nil {
			return err
		}
	}
	if problem != "" {
		if v, err = s.verifying(r); err != nil {
			return err
		}
		p := s.acceptPage(v, area, chosen)
		p.Problem, p.Failed = problem, true
		return s.render(w, http.StatusConflict, "accept", p)
	}
	f, saved := verifyFilter{Area: area}, "godtagna"
	if declined != "" {
		saved = "avbojda"
	}
	q, _ := url.ParseQuery(f.encode())
	q.Set("sparat", saved)
	return seeOther(w, r, v.Base()+"/verifiering?"+q.Encode())
}
