package web

import (
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
	Newest     int // the newest approved revision of what it started from; 0 when from nothing
	Today      string

	planned   map[string]bool // requirements that an open action is about
	newAction string          // where the visitor makes a new one; "" when she may not
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

// amending is verifying for a posted form that changes the classification.
func (s *server) amending(r *http.Request) (*verified, error) {
	if err := parseForm(r); err != nil {
		return nil, err
	}
	v, err := s.verifying(r)
	if err == nil {
		err = v.writable()
	}
	return v, err
}

// verifyPage is the requirements of a B-classification, area by area, with
// offers and responses apart.
type verifyPage struct {
	page
	verifyCounts
	Base   string
	Areas  []verifyArea // those with rows to show
	All    []verifyArea // for the navigation, whatever the filter
	Every  string       // link to all areas, and else as it is
	Filter verifyFilter
	Whole  bool // every requirement is shown
	Shown  int
	Bulk   int    // offers that can be accepted together
	Here   int    // those of them in the area that is shown
	First  string // the first shown row without an answer
	May    bool
	Done   doneForm
	Saved  string
	Kinds  []choice
	Since  *baselineView
	Newer  *textLink // a newer revision of what the classification started from
	Token  string
}

// verifyCounts is what is counted of a verification, whatever is shown of it.
type verifyCounts struct {
	Sum     engine.Sum
	Figures []figureLink // at most five
	Others  []figureLink // the rest, where there are any
}

// verifyFilter is which rows to show. Area is an id, everyArea, or "" where
// something else narrows.
type verifyFilter struct{ Show, Area, Query string }

const everyArea = "alla"

// filterOf reads the filter of an address.
func filterOf(q url.Values) verifyFilter {
	return verifyFilter{q.Get("visa"), q.Get("omrade"), strings.TrimSpace(q.Get("q"))}
}

// or is the filter, or where there is none one area: the first with something
// left. The rest is a press away, and a page of a hundred rows is no place to
// work in.
func (f verifyFilter) or(a *engine.Assessment) verifyFilter {
	if f != (verifyFilter{}) || len(a.Rows) == 0 {
		return f
	}
	f.Area = a.Rows[0].Requirement.Area.ID
	for _, x := range a.Rows {
		if x.Outcome == engine.NoResponse {
			f.Area = x.Requirement.Area.ID
			break
		}
	}
	return f
}

// in is the address of the list in another area.
func (f verifyFilter) in(base, area string) string {
	f.Area = area
	return base + "/verifiering?" + f.encode()
}

// encode is the filter as it stands in an address.
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
	Link      string // the list narrowed to it, and else as it is
	Rows      []verifyRow
	Answered  int
	Total     int
}

// Percent is how long the area's bar is; its words stand beside it.
func (a verifyArea) Percent() int { return a.Answered * 100 / max(a.Total, 1) }

// verifyRow is one requirement with its response and what is offered.
type verifyRow struct {
	calledFor
	Base, ID   string
	Title, Is  []engine.Span
	Sign       sign
	Link       string // with the filter, so that the way on stays within it
	Action     string // what a form posts to
	Response   *responseView
	Offers     []offeredView
	Deviation  *deviationView
	Lapsed     string // until when a deviation held that holds no more
	Version    int
	May        bool
	Filter     string
	Gap        bool
	HasAction  bool
	Plan       string // where to plan a measure for it; "" when that is for others
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
	verifyCounts
	Row  verifyRow
	Area verifyArea // with its counts only
	Told string
}

// showSaved swaps the row that was answered, and what is counted.
func (s *server) showSaved(w http.ResponseWriter, r *http.Request, told string) error {
	v, x, err := s.responding(r)
	if err != nil {
		return err
	}
	q, _ := url.ParseQuery(r.PostFormValue("filter"))
	p := rowSaved{Row: s.verifyRow(v, x, filterOf(q)), verifyCounts: countsOf(v), Area: verifyArea{ID: x.Requirement.Area.ID}, Told: told}
	p.Row.Token, p.Row.Focus = token(), true
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
	Change     string // link to the answer's form, filled in from the offer
	May        bool   // it can be accepted as it is
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
	engine.OfferChanged: "Ändrat sedan det godtogs.", engine.OfferExpired: "Har gått ut sedan det godtogs.", engine.OfferGone: "Finns inte längre. Källan har tagit tillbaka det.",
}

// kindWords is where an offer comes from.
var kindWords = map[engine.OfferKind]string{
	engine.FromPrefill: "Kravkatalogen", engine.FromAgreement: "Avtal", engine.FromPlatform: "Plattform", engine.FromTender: "Vinnande anbud", engine.FromEarlier: "Tidigare klassning", engine.FromSibling: "Liknande system", engine.FromSupplier: "Leverantören", engine.FromUnit: "Gemensamt svar",
}

// showWords is what the list can be narrowed to.
var showWords = []choice{{ID: "obesvarade", Title: "Utan svar"}, {ID: "forslag", Title: "Förslag att ta ställning till"}, {ID: "luckor", Title: "Luckor"}, {ID: "seover", Title: "Se över: källan har ändrats"},
	{ID: "krockar", Title: "Leverantören svarar annat"}, {ID: "antagna", Title: "Antagna"}, {ID: "uppfyllda", Title: "Uppfyllda"}, {ID: "avsteg", Title: "Avsteg"}, {ID: "vetej", Title: "Vet ej"}, {ID: "ejtillampliga", Title: "Ej tillämpliga"},
	{ID: "mina", Title: "Mina: min roll eller delegerat till mig"}, {ID: "delegerade", Title: "Delegerat till mig"}, {ID: "andrade", Title: "Ändrat sedan godkännandet"}}

func (s *server) verify(w http.ResponseWriter, r *http.Request) error {
	v, err := s.verifying(r)
	if err != nil {
		return err
	}
	f := filterOf(r.URL.Query()).or(v.Assessment)
	p := verifyPage{Token: token(), page: s.classificationPage(v.open, "Verifiering"), verifyCounts: countsOf(v), Base: v.Base(), Filter: f, Kinds: slices.Clone(showWords), Whole: f.Area == everyArea && f.Show+f.Query == "",
		May: v.may(engine.PartSection + "verify"), Done: doneFormOf(v.open, "verify", "Verifieringen är genomgången"), Saved: verifySaved[r.FormValue("sparat")]}
	p.Every = f.in(v.Base(), everyArea)
	choose(p.Kinds, f.Show)
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
			p.All = append(p.All, verifyArea{ID: area.ID, Title: area.Title, Link: f.in(v.Base(), area.ID)})
		}
		a := &p.All[n]
		a.Total++
		if x.Outcome != engine.NoResponse {
			a.Answered++
		}
		if x.Best(v.Today) != nil {
			p.Bulk++
			if area.ID == f.Area {
				p.Here++
			}
		}
		if keep(x) {
			row := s.verifyRow(v, x, f)
			row.Token = p.Token + "-" + row.ID
			a.Rows = append(a.Rows, row)
			p.Shown++
			if p.First == "" && row.Unanswered && p.Shown > 1 {
				p.First = row.ID
			}
		}
	}
	for _, a := range p.All {
		if len(a.Rows) > 0 {
			p.Areas = append(p.Areas, a)
		}
	}
	p.Since = s.since(v)
	if b := v.Baseline(); b != nil && v.Newest > b.Revision {
		p.Newer = &textLink{"Revision " + itoa(v.Newest), "/klassning/" + b.Classification + "/revisioner"}
	}
	return s.render(w, http.StatusOK, "verify", p)
}

// verifySaved says what has been done.
var verifySaved = map[string]string{"svar": "Svaret är sparat.", "godtagna": "Förslagen du valde är godtagna.", "nej": "Förslaget är avböjt. Det kommer tillbaka om källan ändrar det.", "avbojda": "Förslagen du valde är avböjda. De kommer tillbaka om källan ändrar dem.", "tillbaka": "Svaret är tillbakataget.", "barahar": "Svaret är sparat här. Någon annan skrev ett gemensamt svar samtidigt, och det gäller för de andra systemen."}

// sumFigures is a sum in words, what is most wanted first.
func sumFigures(x engine.Sum) []figure {
	var out []figure
	for _, f := range figureLinks(x, "") {
		if f.N > 0 || len(out) < 5 {
			out = append(out, f.figure)
		}
	}
	return out
}

// figureLinks is the parts of a sum, each with the list of what it counts. The
// first five are always told.
func figureLinks(x engine.Sum, base string) []figureLink {
	var out []figureLink
	for _, f := range []struct {
		title string
		n     int
		show  string
	}{{"Uppfyllda", x.Met + x.Compensated, "uppfyllda"}, {"Antagna", x.Assumed, "antagna"}, {"Luckor", x.Gap, "luckor"}, {"Se över", max(x.Changed, x.Stale), "seover"}, {"Utan svar", x.Unanswered, "obesvarade"},
		{"Avsteg", x.Excepted, "avsteg"}, {"Vet ej", x.NotKnown, "vetej"}, {"Ej tillämpliga", x.NotApplicable, "ejtillampliga"}} {
		out = append(out, figureLink{figure: figure{f.title, f.n}, Link: base + "/verifiering?visa=" + f.show})
	}
	return out
}

func countsOf(v *verified) verifyCounts {
	all := figureLinks(v.Assessment.Sum, v.Base())
	c := verifyCounts{Sum: v.Assessment.Sum, Figures: all[:5]}
	for _, f := range all[5:] {
		if f.N > 0 {
			c.Others = append(c.Others, f)
		}
	}
	return c
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
	asked := func(x *engine.Assessed) bool {
		return mine[engine.PartRequirement+x.Requirement.ID] || mine[engine.PartArea+x.Requirement.Area.ID] || mine[engine.PartSection+"verify"]
	}
	query := strings.ToLower(f.Query)
	return func(x *engine.Assessed) bool {
		id := x.Requirement.ID
		if f.Area != "" && f.Area != everyArea && x.Requirement.Area.ID != f.Area {
			return false
		}
		if query != "" && !strings.Contains(strings.ToLower(id+" "+engine.Text(x.Title)+" "+engine.Text(x.Is)), query) {
			return false
		}
		switch f.Show {
		case "obesvarade":
			return x.Outcome == engine.NoResponse
		case "forslag":
			return x.Outcome == engine.NoResponse && len(x.Offers) > 0 || x.Best(v.Today) != nil
		case "luckor":
			return x.Outcome == engine.Gap
		case "seover":
			return x.Staleness != ""
		case "krockar":
			return contradicted(x)
		case "antagna":
			return x.Outcome == engine.Assumed
		case "uppfyllda":
			return x.Outcome == engine.Met || x.Outcome == engine.Compensated
		case "avsteg":
			return x.Outcome == engine.Excepted
		case "vetej":
			return x.Outcome == engine.Unsure
		case "ejtillampliga":
			return x.Outcome == engine.NotApplicable
		case "delegerade":
			return asked(x)
		case "mina":
			role := x.Effective.Role
			return asked(x) ||
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

func (s *server) verifyRow(v *verified, x *engine.Assessed, f verifyFilter) verifyRow {
	id := x.Requirement.ID
	row := verifyRow{calledFor: thresholds(v.open, x.Effective), Base: v.Base(), ID: id, Title: x.Title, Is: x.Is, Sign: outcomeSigns[x.Outcome], Link: rowLink(v, id, f), Action: v.Base() + "/verifiering/" + id, Filter: f.encode(), Version: x.Answer.Version,
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
		if best := x.Best(v.Today); row.Unanswered || x.Staleness != "" || best == &x.Offers[i] || differs(x, x.Offers[i]) {
			row.Offers = append(row.Offers, s.offeredView(v, id, f, x.Offers[i]))
		}
	}
	if d := x.Deviation; d != nil {
		row.Deviation = &deviationView{Reason: d.Reason, Until: s.dayOf(d.Until), DecidedBy: lowerFirst(d.DecidedBy), Protection: d.Protection}
	}
	if x.Lapsed != nil {
		row.Lapsed = s.dayOf(x.Lapsed.Until)
	}
	if row.HasAction = v.planned[id]; v.newAction != "" {
		row.Plan = v.newAction + "?krav=" + id
	}
	if row.Gap {
		row.Sign.Word = "Lucka, planpost saknas"
		if row.HasAction {
			row.Sign.Word = "Lucka, i planen"
		}
	}
	if row.Unanswered && len(row.Offers) > 0 {
		row.Sign = sign{"", "Förslag att ta ställning till"}
	}
	return row
}

// rowLink leads to one requirement, and on from there within the same filter.
func rowLink(v *verified, id string, f verifyFilter) string {
	link := v.Base() + "/verifiering/" + id
	if q := f.encode(); q != "" {
		link += "?" + q
	}
	return link
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

func (s *server) offeredView(v *verified, id string, f verifyFilter, o engine.Offer) offeredView {
	x := offeredView{offerView: offerOf(o), Hash: o.Taken().Hash(), Kind: kindWords[o.Kind], May: o.Offered == rule.Yes && !o.Prefill.ExpiredAt(v.Today)}
	x.Until = s.dayOf(x.Until)
	q, _ := url.ParseQuery(f.encode())
	q.Set("forslag", x.Hash)
	x.Change = v.Base() + "/verifiering/" + id + "?" + q.Encode() + "#eget"
	if o.Kind == engine.FromSupplier {
		x.Strength = map[string]string{"contracted": "Leverantörens ord, med angivet underlag.", "assumed": "Leverantörens ord, utan underlag. Räknas som antaget."}[o.Prefill.Strength]
	}
	if x.Source = upperFirst(x.Source); o.Prefill.ExpiredAt(v.Today) {
		x.Strength += " Har gått ut."
	}
	return x
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
