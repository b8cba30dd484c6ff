package web

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// verified is a B-classification with what is offered and what is met.
type verified struct {
	*open
	Assessment *engine.Assessment
	Agreements []engine.Agreement // those that reach the system's unit
	Shared     []engine.Shared
	Today      string
}

// verifying opens the B-classification of the address.
func (s *server) verifying(r *http.Request) (*verified, error) {
	o, err := s.open(r)
	if err != nil {
		return nil, err
	}
	if o.Classification.Type != "B" {
		p := *errNotB
		p.Link = "/system/" + o.System.ID
		return nil, &p
	}
	return s.assess(r.Context(), o)
}

// verifyPage is the requirements of a B-classification, area by area, with
// offers and responses apart.
type verifyPage struct {
	page
	Base    string
	Figures []figure
	Sum     engine.Sum
	Areas   []verifyArea
	All     []verifyArea // for the navigation, whatever the filter
	Filter  verifyFilter
	Shown   int
	Bulk    int // offers that can be accepted together
	May     bool
	Done    doneForm
	Saved   string
	Kinds   []choice
	Since   *baselineView
	Token   string
}

type verifyFilter struct{ Show, Area, Query string }

// Query is the filter as it stands in an address.
func (f verifyFilter) encode() string {
	q := url.Values{}
	for k, v := range map[string]string{"visa": f.Show, "omrade": f.Area, "q": f.Query} {
		if v != "" {
			q.Set(k, v)
		}
	}
	return q.Encode()
}

type verifyArea struct {
	ID, Title string
	Rows      []verifyRow
	Answered  int
	Total     int
}

// verifyRow is one requirement with its response and what is offered.
type verifyRow struct {
	Base, ID   string
	Title, Is  []engine.Span
	Sign       sign
	Link       string
	Response   *responseView
	Offers     []offeredView
	Deviation  *deviationView
	Lapsed     string // until when a deviation held that holds no more
	Version    int
	May        bool
	Filter     string
	Level      []fromLevel
	Same       int
	SameName   string
	FromText   string
	Gap        bool
	HasAction  bool
	Stale      string
	Other      bool // the supplier answers otherwise
	Role       string
	Unanswered bool
	Token      string
	Quick      []choice // the answers that take no more than a press
	Focus      bool     // it has just been answered in the list
}

// rowSaved is what changes in the list when one of its rows is answered there.
type rowSaved struct {
	Row     verifyRow
	Figures []figure
	Sum     engine.Sum
	Area    verifyArea // with its counts only
	Told    string
}

// showSaved swaps the row that was answered, and what is counted.
func (s *server) showSaved(w http.ResponseWriter, r *http.Request, told string) error {
	v, x, err := s.responding(r)
	if err != nil {
		return err
	}
	p := rowSaved{Row: s.verifyRow(v, x), Figures: sumFigures(v.Assessment.Sum), Sum: v.Assessment.Sum, Area: verifyArea{ID: x.Requirement.Area.ID}, Told: told}
	p.Row.Filter, p.Row.Token, p.Row.Focus = r.PostFormValue("filter"), token(), true
	for i := range v.Assessment.Rows {
		if y := &v.Assessment.Rows[i]; y.Requirement.Area == x.Requirement.Area {
			p.Area.Total++
			if y.Outcome != engine.NoResponse {
				p.Area.Answered++
			}
		}
	}
	return s.renderPart(w, http.StatusOK, "verify", "rowsaved", p)
}

// responseView is what somebody has answered.
type responseView struct {
	Value, How, Comment, By, DecidedBy, Whose string
	Evidence                                  []engine.Evidence
	Gap                                       bool
}

// offeredView is an offer to take a stand on.
type offeredView struct {
	offerView
	Hash, Kind string
	May        bool // it can be accepted as it is
}

type deviationView struct {
	N                                         int
	Reason, Until, DecidedBy, Protection, Say string
}

// baselineView tells what has come and gone since what the B started from.
type baselineView struct {
	Title, Link string
	Added, Lost []textLink
}

// outcomeSigns is each outcome's sign and word.
var outcomeSigns = map[engine.Outcome]sign{
	engine.NoResponse: {"", "Utan svar"}, engine.Met: {"done", "Uppfyllt"}, engine.Compensated: {"done", "Kompenserat"}, engine.Assumed: {"now", "Antaget"},
	engine.Stale: {"wait", "Se över"}, engine.Gap: {"late", "Lucka"}, engine.Excepted: {"lock", "Avsteg"}, engine.NotApplicable: {"lock", "Ej tillämpligt"}, engine.Unsure: {"wait", "Vet ej"},
}

// staleWords tells what has become of what was accepted.
var staleWords = map[engine.Staleness]string{
	engine.OfferChanged: "Ändrat sedan du godtog det.", engine.OfferExpired: "Har gått ut sedan du godtog det.", engine.OfferGone: "Finns inte längre. Källan har tagit tillbaka det.",
}

// kindWords is where an offer comes from.
var kindWords = map[engine.OfferKind]string{
	engine.FromPrefill: "Kravkatalogen", engine.FromAgreement: "Avtal", engine.FromPlatform: "Plattform", engine.FromTender: "Vinnande anbud", engine.FromEarlier: "Tidigare klassning", engine.FromSibling: "Syskonsystem", engine.FromSupplier: "Leverantören", engine.FromUnit: "Gemensamt svar",
}

// showWords is what the list can be narrowed to.
var showWords = []choice{{ID: "obesvarade", Title: "Utan svar"}, {ID: "forslag", Title: "Förslag att ta ställning till"}, {ID: "luckor", Title: "Luckor"}, {ID: "seover", Title: "Ändrat sedan du godtog det"},
	{ID: "krockar", Title: "Leverantören svarar annat"}, {ID: "antagna", Title: "Antagna"}, {ID: "mina", Title: "Mina"}, {ID: "andrade", Title: "Ändrat sedan godkännandet"}}

func (s *server) verify(w http.ResponseWriter, r *http.Request) error {
	v, err := s.verifying(r)
	if err != nil {
		return err
	}
	f := verifyFilter{r.FormValue("visa"), r.FormValue("omrade"), strings.TrimSpace(r.FormValue("q"))}
	p := verifyPage{Token: token(), page: s.classificationPage(v.open, "Verifiering"), Base: v.Base(), Sum: v.Assessment.Sum, Filter: f, Kinds: slices.Clone(showWords),
		May: v.may(engine.PartSection + "verify"), Done: doneFormOf(v.open, "verify", "Verifieringen är genomgången"), Saved: verifySaved[r.FormValue("sparat")]}
	choose(p.Kinds, f.Show)
	p.Figures = sumFigures(p.Sum)
	keep, err := s.verifyKeeps(r.Context(), v, f)
	if err != nil {
		return err
	}
	at := map[*catalog.Area]int{}
	for i := range v.Assessment.Rows {
		x := &v.Assessment.Rows[i]
		area := x.Requirement.Area
		n, ok := at[area]
		if !ok {
			n = len(p.All)
			at[area] = n
			p.All = append(p.All, verifyArea{ID: area.ID, Title: area.Title})
		}
		a := &p.All[n]
		a.Total++
		if x.Outcome != engine.NoResponse {
			a.Answered++
		} else if x.Best(v.Today) != nil {
			p.Bulk++
		}
		if keep(x) {
			row := s.verifyRow(v, x)
			row.Filter, row.Token = f.encode(), p.Token+"-"+row.ID
			a.Rows = append(a.Rows, row)
			p.Shown++
		}
	}
	for _, a := range p.All {
		if len(a.Rows) > 0 {
			p.Areas = append(p.Areas, a)
		}
	}
	p.Since = s.since(v)
	return s.render(w, http.StatusOK, "verify", p)
}

// verifySaved says what has been done.
var verifySaved = map[string]string{"svar": "Svaret är sparat.", "godtagna": "Förslagen du valde är godtagna.", "nej": "Förslaget är avböjt. Det kommer tillbaka om källan ändrar det."}

func sumFigures(x engine.Sum) []figure {
	out := []figure{{"Uppfyllda", x.Met + x.Compensated}, {"Luckor", x.Gap}, {"Utan svar", x.Unanswered}}
	for _, f := range []figure{{"Antagna", x.Assumed}, {"Se över", x.Stale}, {"Avsteg", x.Excepted}, {"Vet ej", x.NotKnown}, {"Ej tillämpliga", x.NotApplicable}} {
		if f.N > 0 {
			out = append(out, f)
		}
	}
	return out
}

// verifyKeeps is the filter of the list.
func (s *server) verifyKeeps(ctx context.Context, v *verified, f verifyFilter) (func(*engine.Assessed) bool, error) {
	var before *engine.Snapshot
	if f.Show == "andrade" {
		var err error
		if before, err = s.lastApproved(ctx, v.Classification.ID); err != nil {
			return nil, err
		}
	}
	mine := map[string]bool{} // what is asked of me
	for part, d := range v.Delegations() {
		if v.visit.asked(&v.Record, d) {
			mine[part] = true
		}
	}
	query := strings.ToLower(f.Query)
	return func(x *engine.Assessed) bool {
		id := x.Requirement.ID
		if f.Area != "" && x.Requirement.Area.ID != f.Area {
			return false
		}
		if query != "" && !strings.Contains(strings.ToLower(id+" "+engine.Text(x.Title)+" "+engine.Text(x.Is)), query) {
			return false
		}
		switch f.Show {
		case "obesvarade":
			return x.Outcome == engine.NoResponse
		case "forslag":
			return x.Outcome == engine.NoResponse && len(x.Offers) > 0
		case "luckor":
			return x.Outcome == engine.Gap
		case "seover":
			return x.Staleness != ""
		case "krockar":
			return contradicted(x)
		case "antagna":
			return x.Outcome == engine.Assumed
		case "mina":
			role := x.Effective.Role
			return mine[engine.PartRequirement+id] || mine[engine.PartArea+x.Requirement.Area.ID] || mine[engine.PartSection+"verify"] ||
				role != nil && slices.ContainsFunc(v.visit.Grants, func(g engine.Grant) bool { return g.Role == role.ID && v.visit.org.Within(v.System.Unit, g.Unit) })
		case "andrade":
			if before == nil {
				return x.Answer.Version > 0
			}
			was := before.Answer(engine.ResponseKey(id))
			return was == nil && x.Answer.Given() || was != nil && was.Version != x.Answer.Version
		}
		return true
	}, nil
}

func (s *server) verifyRow(v *verified, x *engine.Assessed) verifyRow {
	id := x.Requirement.ID
	row := verifyRow{Base: v.Base(), ID: id, Title: x.Title, Is: x.Is, Sign: outcomeSigns[x.Outcome], Link: v.Base() + "/verifiering/" + id, Version: x.Answer.Version,
		May: v.may(engine.PartRequirement + id), Gap: x.Outcome == engine.Gap, Stale: staleWords[x.Staleness], Unanswered: x.Outcome == engine.NoResponse, Other: contradicted(x)}
	for _, value := range []string{engine.AnswerYes, engine.AnswerPartly, engine.AnswerNo} {
		row.Quick = append(row.Quick, choice{ID: value, Title: responseWord(value)})
	}
	if len(row.Is) == 0 {
		row.Is = x.Shall
	}
	if x.Effective.Role != nil {
		row.Role = x.Effective.Role.Title
	}
	if x.Response.Value != "" {
		row.Response = s.responseView(x)
	}
	for i := range x.Offers {
		if t := x.Response.Taken; t != nil && x.Staleness == "" && x.Offers[i].Taken() == *t {
			continue // accepted already
		}
		if row.Unanswered || x.Staleness != "" || differs(x, x.Offers[i]) {
			row.Offers = append(row.Offers, s.offeredView(x.Offers[i]))
		}
	}
	if d := x.Deviation; d != nil {
		row.Deviation = &deviationView{Reason: d.Reason, Until: s.dayOf(d.Until), DecidedBy: lowerFirst(d.DecidedBy), Protection: d.Protection}
	}
	if x.Lapsed != nil {
		row.Lapsed = s.dayOf(x.Lapsed.Until)
	}
	for _, a := range v.Actions() {
		row.HasAction = row.HasAction || a.Value.Open() && slices.Contains(a.Value.Requirements, id)
	}
	return row
}

// differs tells whether the supplier answers otherwise than the response says.
func differs(x *engine.Assessed, o engine.Offer) bool {
	return o.Kind == engine.FromSupplier && x.Response.Value != "" && o.Prefill.Answer != x.Response.Value
}

func contradicted(x *engine.Assessed) bool {
	return slices.ContainsFunc(x.Offers, func(o engine.Offer) bool { return differs(x, o) })
}

func (s *server) responseView(x *engine.Assessed) *responseView {
	r := x.Response
	out := &responseView{Value: responseWord(r.Value), How: r.How, Comment: r.Comment, DecidedBy: lowerFirst(r.DecidedBy), Evidence: r.Evidence, Gap: r.Value == engine.AnswerNo || r.Value == engine.AnswerPartly}
	out.By = strings.TrimSpace(x.Answer.By.Name + " " + s.day(x.Answer.At))
	if t := r.Taken; t != nil {
		out.Whose = kindWords[t.Kind] + ": " + t.Source + ". " + strengthTexts[t.Strength]
	}
	return out
}

// responseWord is a response's value on screen.
func responseWord(value string) string {
	if value == engine.AnswerUnknown {
		return "Vet ej"
	}
	return catalog.Name("answer", value)
}

func (s *server) offeredView(o engine.Offer) offeredView {
	v := offeredView{offerView: offerOf(o), Hash: o.Taken().Hash(), Kind: kindWords[o.Kind], May: o.Offered == rule.Yes && !o.Prefill.ExpiredAt(s.today())}
	v.Until = s.dayOf(v.Until)
	if o.Kind == engine.FromSupplier {
		v.Strength = map[string]string{"contracted": "Leverantörens ord, med angivet underlag.", "assumed": "Leverantörens ord, utan underlag. Räknas som antaget."}[o.Prefill.Strength]
	}
	if v.Source = upperFirst(v.Source); o.Prefill.ExpiredAt(s.today()) {
		v.Strength += " Har gått ut."
	}
	return v
}

// since tells what the list has that the baseline did not, and the other way.
func (s *server) since(v *verified) *baselineView {
	b := v.Baseline()
	if b == nil || len(b.Rows) == 0 {
		return nil
	}
	out := &baselineView{Title: "A-klassningens kravbilaga", Link: "/klassning/" + b.Classification}
	if b.Publication > 0 {
		out.Title += ", version " + itoa(b.Publication)
	}
	had := map[string]engine.Row{}
	for _, row := range b.Rows {
		had[row.ID] = row
	}
	for _, l := range v.Derivation.Lines(v.Today, nil) {
		if l.Fate == engine.Sent {
			if _, ok := had[l.ID]; !ok {
				out.Added = append(out.Added, textLink{l.ID + " " + l.Title, v.Base() + "/verifiering/" + l.ID})
			}
		}
		if l.Fate != engine.NotApplies {
			delete(had, l.ID)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(had)) {
		if !engine.OwnRow(id) {
			out.Lost = append(out.Lost, textLink{id + " " + had[id].Title, v.Base() + "/krav/" + id})
		}
	}
	if len(out.Added)+len(out.Lost) == 0 {
		return nil
	}
	return out
}

// acceptPage is the preview of every change before offers are accepted in bulk.
type acceptPage struct {
	page
	Base    string
	Groups  []acceptGroup
	N       int
	Single  int // offers that have to be accepted one by one
	Token   string
	May     bool
	Problem string
}

// acceptGroup is the offers of one source and strength.
type acceptGroup struct {
	Title, Strength, Class string
	Rows                   []acceptRow
}

type acceptRow struct {
	ID, Title, Value, Answer, How, Remains, Source, Until string
	Gap, Chosen                                           bool
}

func (s *server) acceptForm(w http.ResponseWriter, r *http.Request) error {
	v, err := s.verifying(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "accept", s.acceptPage(v, nil))
}

// acceptPage lists the best offer of every row without a response. chosen is
// what was ticked; nil ticks all.
func (s *server) acceptPage(v *verified, chosen []string) acceptPage {
	p := acceptPage{page: s.classificationPage(v.open, "Godta förslag"), Base: v.Base(), Token: token(), May: v.may(engine.PartSection + "verify")}
	p.Crumbs = slices.Insert(p.Crumbs, len(p.Crumbs)-1, crumb{"Verifiering", v.Base() + "/verifiering"})
	at := map[string]int{}
	for i := range v.Assessment.Rows {
		x := &v.Assessment.Rows[i]
		if x.Outcome != engine.NoResponse {
			continue
		}
		o := x.Best(v.Today)
		if o == nil {
			if len(x.Offers) > 0 {
				p.Single++
			}
			continue
		}
		view := s.offeredView(*o)
		key := acceptTitle(v, *o) + "/" + o.Prefill.Strength
		n, ok := at[key]
		if !ok {
			n = len(p.Groups)
			at[key] = n
			p.Groups = append(p.Groups, acceptGroup{Title: acceptTitle(v, *o) + ", " + strengthWords[o.Prefill.Strength], Strength: view.Strength, Class: o.Prefill.Strength})
		}
		row := acceptRow{ID: x.Requirement.ID, Title: engine.Text(x.Title), Value: x.Requirement.ID + ":" + itoa(x.Answer.Version) + ":" + view.Hash, Answer: view.Answer, How: view.How,
			Remains: view.Remains, Source: view.Source, Until: view.Until, Gap: o.Prefill.Answer != engine.AnswerYes}
		row.Chosen = chosen == nil || slices.Contains(chosen, row.Value)
		p.Groups[n].Rows = append(p.Groups[n].Rows, row)
		p.N++
	}
	rank := map[string]int{"verified": 0, "contracted": 1, "assumed": 2}
	slices.SortStableFunc(p.Groups, func(a, b acceptGroup) int { return cmp.Compare(rank[a.Class], rank[b.Class]) })
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

// acceptOffers accepts what was ticked, all or nothing. What has changed since
// the page was shown is told, and nothing is saved.
func (s *server) acceptOffers(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	v, err := s.verifying(r)
	if err != nil {
		return err
	}
	if err := v.writable(); err != nil {
		return err
	}
	chosen := r.PostForm["forslag"]
	if chosen == nil {
		chosen = []string{}
	}
	only := r.PostFormValue("bara") // one group, by its title
	now, group := map[string]*engine.Assessed{}, map[string]string{}
	for _, g := range s.acceptPage(v, chosen).Groups {
		for _, row := range g.Rows {
			now[row.Value], group[row.Value] = v.Assessment.Row(row.ID), g.Title
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
		changes = append(changes, change(engine.ResponseKey(x.Requirement.ID), x.Accept(*x.Best(v.Today)), x.Answer.Version))
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
		p := s.acceptPage(v, chosen)
		p.Problem, p.Failed = problem, true
		return s.render(w, http.StatusConflict, "accept", p)
	}
	return seeOther(w, r, v.Base()+"/verifiering?sparat=godtagna")
}

// writable refuses to save in what is paused or locked.
func (o *open) writable() error {
	switch {
	case o.paused():
		return errPaused
	case o.Locked():
		return engine.ErrLocked
	}
	return nil
}

// verificationTitle is what a key of a B-classification is called; "" for others.
func verificationTitle(key string) string {
	kind, id, _ := strings.Cut(key, "/")
	switch kind {
	case "response":
		return "svaret på " + id
	case "deviation":
		return "avsteg " + id
	case "action":
		return "planpost " + id
	case "source":
		return "varifrån förslag tas"
	case engine.KeyDeclares:
		return "kraven som systemet svarar för åt andra"
	case engine.KeyBaseline:
		return "vad klassningen utgår från"
	}
	return ""
}

// verificationSay puts a value of a B-classification's in words.
func verificationSay(key string, v json.RawMessage) string {
	var r engine.Response
	var d engine.Deviation
	var a engine.Action
	var declares engine.Declares
	var b engine.Baseline
	switch kind, id, _ := strings.Cut(key, "/"); {
	case len(v) == 0 || string(v) == "null":
		return "inget"
	case kind == "response" && decode(v, &r):
		say := responseSay(r)
		if t := r.Taken; t != nil {
			say += " " + kindWords[t.Kind] + ": " + t.Source + "."
		}
		return say
	case kind == "deviation" && decode(v, &d):
		return strings.Join(d.Requirements, ", ") + " till och med " + d.Until + ". " + d.Reason
	case kind == "action" && decode(v, &a):
		return actionSay(a)
	case kind == "source":
		from, _, _ := strings.Cut(id, "/")
		return lowerFirst(kindWords[engine.OfferKind(from)])
	case kind == engine.KeyDeclares && decode(v, &declares):
		return strings.Join(declares.Requirements, ", ")
	case kind == engine.KeyBaseline && decode(v, &b):
		return "klassning " + b.Classification + ", revision " + itoa(b.Revision)
	}
	return ""
}
