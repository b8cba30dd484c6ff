package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
)

// action is what a route needs leave for.
type action string

const (
	public     action = "public"     // everybody, signed in or not
	enter      action = "enter"      // everybody signed in
	read       action = "read"       // see a system and its classifications
	answer     action = "answer"     // change a classification
	comment    action = "comment"    // say something of a row
	delegate   action = "delegate"   // ask others to answer
	asked      action = "asked"      // say that what one was asked for is done: no role's, only hers who was
	fetch      action = "fetch"      // take files out
	begin      action = "begin"      // start a classification in the unit
	move       action = "move"       // change what a system is and who owns it
	propose    action = "propose"    // put forward for approval
	approve    action = "approve"    // approve and reopen
	administer action = "administer" // units, people and roles
	procure    action = "procure"    // tailor the list, send it out and name the buyers
	evaluate   action = "evaluate"   // open tenders and assess them: no role's, only theirs who are named
	carry      action = "carry"      // follow up a line of a plan: the role's that shall do it, and theirs who answer
	operate    action = "operate"    // sign-in, sessions, backup: the whole installation
)

// Role is what somebody is in a unit and all below it, and what she may do
// there. Those ids that a catalogue has too are the same roles.
type Role struct {
	ID, Title string
	About     string // one line for those who give roles
	may       []action
}

var (
	reads   = []action{read, comment}
	manages = []action{read, comment, answer, delegate, fetch, begin, propose, procure, carry}
	owns    = append(slices.Clone(manages), move, approve)
)

// Roles is the whole authorization table. A role that is not here, but in a
// catalogue, opens nothing by itself: its holders see what is delegated to them.
var Roles = []Role{
	{"systemagare", "Systemägare", "Startar klassningar, svarar, delegerar och godkänner.", owns},
	{"anlaggningsagare", "Anläggningsägare", "Som systemägare, för anläggningar.", owns},
	{"informationsagare", "Informationsägare", "Som systemägare, för informationen.", owns},
	{"systemforvaltare", "Systemförvaltare", "Som systemägare, men godkänner inte.", manages},
	{"verksamhetsansvarig", "Verksamhetsansvarig", "Som systemförvaltare.", manages},
	{"informationssakerhetssamordnare", "Informationssäkerhetssamordnare", "Leder klassningar och följer upp alla system i sina enheter.", append(slices.Clone(manages), move)},
	{"ciso", "Informationssäkerhetschef (CISO)", "Som samordnaren.", append(slices.Clone(manages), move)},
	{"upphandlare", "Upphandlare", "Läser, anpassar kravbilagor och skickar ut dem.", []action{read, comment, fetch, procure}},
	{"dataskyddsombud", "Dataskyddsombud", "Läser och kommenterar.", reads},
	{"forvaltningschef", "Förvaltningschef", "Läser, kommenterar och godkänner.", []action{read, comment, fetch, approve}},
	{"granskare", "Granskare", "Läser allt i enheten och ändrar inget.", []action{read, fetch}},
	{"atgardsansvarig", "Åtgärdsansvarig", "Ser det som delegeras dit, och följer upp sina planposter.", nil},
	{supplier, "Leverantör", "Ser inget av klassningarna.", nil},
	{"katalogforfattare", "Katalogförfattare", "Arbetar med kravkatalogerna.", nil},
	{"administrator", "Administratör", "Sköter enheter, personer, roller och drift. Ser inga klassningar.", []action{administer, operate}},
}

// Administrator is the role of the first person of an installation.
const Administrator = "administrator"

// supplier is outside the organisation: nothing is delegated to the role, since
// whoever is asked for a part sees the whole.
const supplier = "leverantor"

// allows is the authorization table's one question.
func allows(role string, a action) bool {
	i := slices.IndexFunc(Roles, func(r Role) bool { return r.ID == role })
	return i >= 0 && slices.Contains(Roles[i].may, a)
}

// visit is one request's visitor and what has been looked up for it.
type visit struct {
	engine.Account // of nobody when the ID is empty
	org            *engine.Organisation
	record         *engine.Record // the classification of the address
	session        string         // the session's id, for the list of them
	request        string         // the request's number, to quote when something fails
}

type visitKey struct{}

// visitOf gives the visit of a request's context; one of nobody outside requests.
func visitOf(ctx context.Context) *visit {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok {
		return v
	}
	return &visit{org: &engine.Organisation{}}
}

// in tells whether the visitor may do something in a unit.
func (v *visit) in(unit string, a action) bool {
	return slices.ContainsFunc(v.Grants, func(g engine.Grant) bool { return allows(g.Role, a) && v.org.Within(unit, g.Unit) })
}

// anywhere tells whether there is a unit where the visitor may do it.
func (v *visit) anywhere(a action) bool {
	return slices.ContainsFunc(v.Grants, func(g engine.Grant) bool { return allows(g.Role, a) })
}

// units lists those where the visitor may do something.
func (v *visit) units(a action) []engine.Unit {
	var out []engine.Unit
	for _, u := range v.org.Units {
		if v.in(u.ID, a) {
			out = append(out, u)
		}
	}
	return out
}

// on tells whether the visitor may do something to a system's classification,
// or to a part of it. A unit that looks after the system may do what the owner
// may, except to approve. What is delegated may be seen, and answered: the part
// itself, or a larger one that it is within. Tenders are for the named buyers
// and nobody else.
func (v *visit) on(rec *engine.Record, a action, part string, within ...string) bool {
	if v.ID != "" && slices.Contains(rec.Procurement().Buyers, v.ID) && slices.Contains([]action{evaluate, read, comment, fetch}, a) {
		return true
	}
	if v.in(rec.System.Unit, a) || rec.System.ManagedBy != "" && a != approve && v.in(rec.System.ManagedBy, a) {
		return true
	}
	if (a == carry || a == read || a == comment) && slices.ContainsFunc(rec.Actions(), func(x engine.Numbered[engine.Action]) bool { return v.carries(rec, x.Value) }) {
		return true
	}
	for delegated, d := range rec.Delegations() {
		if !v.asked(rec, d) {
			continue
		}
		switch {
		case a == read, a == comment, a == asked && delegated == part, a == answer && !d.Done && part != "" && (delegated == part || slices.Contains(within, delegated)):
			return true
		}
	}
	return false
}

// asked tells whether a delegation is to the visitor.
func (v *visit) asked(rec *engine.Record, d engine.Delegation) bool {
	if d.Person != "" {
		return d.Person == v.ID
	}
	return slices.ContainsFunc(v.Grants, func(g engine.Grant) bool {
		return d.Role != supplier && g.Role == d.Role && (v.org.Within(rec.System.Unit, g.Unit) || v.org.Within(rec.System.ManagedBy, g.Unit))
	})
}

// carries tells whether a line of a plan is for a role that the visitor has where
// the system is.
func (v *visit) carries(rec *engine.Record, x engine.Action) bool {
	return slices.ContainsFunc(v.Grants, func(g engine.Grant) bool {
		return g.Role != supplier && g.Role == x.Role && (v.org.Within(rec.System.Unit, g.Unit) || v.org.Within(rec.System.ManagedBy, g.Unit))
	})
}

// plans tells whether the visitor may change a classification's whole plan.
func (v *visit) plans(rec *engine.Record) bool {
	return v.in(rec.System.Unit, carry) || rec.System.ManagedBy != "" && v.in(rec.System.ManagedBy, carry)
}

// follows tells whether the visitor may say how a line of a plan goes.
func (v *visit) follows(rec *engine.Record, x engine.Action) bool {
	return !rec.Has(engine.KeyPaused) && (v.plans(rec) || v.carries(rec, x))
}

// within lists the larger parts that a part of a classification belongs to:
// who is asked for one of those may answer it too.
func within(c *catalog.Catalog, part string) []string {
	if strings.HasPrefix(part, engine.PartFact) {
		return []string{engine.PartSection + "facts"}
	}
	if id, ok := strings.CutPrefix(part, engine.PartRequirement); ok {
		if q := c.Requirement(id); q != nil {
			return []string{engine.PartArea + q.Area.ID, engine.PartSection + "verify"}
		}
	}
	return nil
}

// permit is what a route asks of its visitor. The address says what it is about:
// {id} a classification, {system} a system; without them any unit will do.
// part names what the route changes, with the address's own words in it.
type permit struct {
	need action
	part string
}

// partOf fills the address's words in.
func (x permit) partOf(r *http.Request) string {
	part := x.part
	if ctx := chi.RouteContext(r.Context()); ctx != nil {
		for i, key := range ctx.URLParams.Keys {
			part = strings.ReplaceAll(part, "{"+key+"}", ctx.URLParams.Values[i])
		}
	}
	return part
}

// admit lets a request through to its handler, or tells why not: 404 for what
// the visitor may not know of, else 403 with whom to ask. All checks of who may
// do what are here.
func (s *server) admit(r *http.Request, x permit) error {
	v := visitOf(r.Context())
	if x.need == public {
		return nil
	}
	if v.ID == "" {
		return errSignedOut
	}
	if x.need == enter {
		return nil
	}
	rec, err := s.subject(r)
	if err != nil {
		return err
	}
	if rec == nil {
		if v.anywhere(x.need) && (x.need != operate || v.in(top(v.org), operate)) {
			return nil
		}
		return s.refusal(r, x.need, nil)
	}
	v.record = rec
	part := x.partOf(r)
	var larger []string
	if part != "" {
		c, err := s.library.byHash(r.Context(), rec.Classification.CatalogHash)
		if err != nil {
			return err
		}
		larger = within(c, part)
	}
	switch {
	case v.on(rec, x.need, part, larger...):
		return nil
	case !v.on(rec, read, ""):
		return engine.ErrNotFound
	}
	return s.refusal(r, x.need, rec)
}

// top is the id of the unit that all others are part of.
func top(o *engine.Organisation) string {
	if len(o.Units) == 0 {
		return ""
	}
	return o.Units[0].ID
}

// subject is the classification that the address is about, or any of the
// system's; nil when it is about none.
func (s *server) subject(r *http.Request) (*engine.Record, error) {
	if id := chi.URLParam(r, "id"); id != "" {
		rec, err := s.Store.Classification(r.Context(), id)
		return &rec, err
	}
	id := chi.URLParam(r, "system")
	if id == "" {
		return nil, nil
	}
	records, err := s.Store.Systems(r.Context())
	if err != nil {
		return nil, err
	}
	for i := range records {
		if records[i].System.ID == id {
			return &records[i], nil
		}
	}
	return nil, engine.ErrNotFound
}

// refusal says who may do what the visitor may not.
func (s *server) refusal(r *http.Request, a action, rec *engine.Record) error {
	accounts, err := s.Store.Accounts(r.Context())
	if err != nil {
		return err
	}
	org := visitOf(r.Context()).org
	who := func(a action, rec *engine.Record) (names []string) {
		for _, x := range accounts {
			other := visit{Account: x, org: org}
			if x.Disabled.IsZero() && x.Name != "" && (rec == nil && other.anywhere(a) || rec != nil && other.on(rec, a, "")) {
				names = append(names, x.Name)
			}
		}
		return names
	}
	p := *errRefused
	names := who(a, rec)
	if len(names) == 0 { // nobody may: somebody can be given the role
		a, names = administer, who(administer, nil)
	}
	p.Text = refusalText(refusalTexts[a], names)
	if rec != nil {
		p.Title = "Du får inte göra det i " + rec.System.Title
		p.Link, p.Label = "/klassning/"+rec.Classification.ID, "Till klassningen"
	}
	return &p
}
