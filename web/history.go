package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
)

// historyPage is what the journal tells of a classification, or of a person.
type historyPage struct {
	page
	Base    string // of the classification; "" for a person's
	Lead    string
	Batches []historyBatch
	All     string // the address without filters; "" when there are none
	Older   string // the address of what comes before; "" at the end
}

// historyBatch is what was done at once.
type historyBatch struct {
	id                 string
	When, Who, WhoLink string
	System, Link       string // on a person's page
	Undo               string // the address of its preview; "" when it cannot be undone
	Lines              []historyLine
}

type historyLine struct {
	Text, Link string // what it is about, and its own history
	Was, Now   string
	Erased     bool
	Plain      bool // Text is all there is
}

// tenderDeeds is what the journal tells about tenders.
var tenderDeeds = []string{"tender.receive", "tender.read", "tender.judge"}

// historyLength is how many lines of the journal a page holds.
const historyLength = 60

func (s *server) history(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	p := historyPage{page: s.classificationPage(o, "Historik"), Base: o.Base(), Lead: "Allt som har hänt i klassningen, det senaste först."}
	filter := engine.EventFilter{Classification: o.Classification.ID, Key: q.Get("svar"), Person: q.Get("vem")}
	if filter.Key != "" || filter.Person != "" {
		p.All = o.Base() + "/historik"
	}
	if filter.Key != "" {
		what, _, _ := s.eventWords(o, engine.Event{Key: filter.Key, After: o.Answers[filter.Key].Value})
		p.Lead = upperFirst(what) + ", det senaste först."
	}
	events, err := s.page60(r, filter, &p)
	if err != nil {
		return err
	}
	if filter.Person != "" && len(events) > 0 {
		p.Lead = "Det som " + actor(events[0].By) + " har gjort i klassningen, det senaste först."
	}
	undo := o.visit.on(&o.Record, answer, "") && !o.Locked() && !o.paused()
	// Until one is chosen, not even that there are tenders is for others to know.
	tenders := o.Awarded || o.Classification.Type == "B" || o.visit.on(&o.Record, evaluate, "")
	for _, e := range events {
		if !tenders && slices.Contains(tenderDeeds, e.Action) {
			continue
		}
		line := s.historyLine(o, e)
		b := s.batchOf(&p.Batches, e)
		b.WhoLink = o.Base() + "/historik?vem=" + url.QueryEscape(e.By.ID)
		if undo && undoable(e) {
			b.Undo = o.Base() + "/historik/" + e.Batch + "/angra"
		}
		b.Lines = append(b.Lines, line)
	}
	return s.render(w, http.StatusOK, "history", p)
}

// page60 reads one page of the journal and sets the way to the next. A save is
// not cut in two unless it is longer than a page.
func (s *server) page60(r *http.Request, filter engine.EventFilter, p *historyPage) ([]engine.Event, error) {
	filter.Before, _ = strconv.ParseInt(r.URL.Query().Get("fore"), 10, 64)
	events, err := s.Store.Events(r.Context(), filter, historyLength+1)
	if err != nil || len(events) <= historyLength {
		return events, err
	}
	cut := historyLength
	for cut > 1 && events[cut-1].Batch == events[cut].Batch {
		cut--
	}
	if cut == 1 {
		cut = historyLength
	}
	q := r.URL.Query()
	q.Set("fore", strconv.FormatInt(events[cut-1].Seq, 10))
	p.Older = r.URL.Path + "?" + q.Encode()
	return events[:cut], nil
}

// batchOf is the batch at the end of the list, or a new one when the event is
// of another.
func (s *server) batchOf(list *[]historyBatch, e engine.Event) *historyBatch {
	when := upperFirst(s.day(e.At))
	if s.day(e.At) != "i dag "+s.clock(e.At) {
		when += " " + s.clock(e.At)
	}
	if n := len(*list); n > 0 && (*list)[n-1].id == e.Batch {
		return &(*list)[n-1]
	}
	*list = append(*list, historyBatch{When: when, Who: upperFirst(actor(e.By)), id: e.Batch})
	return &(*list)[len(*list)-1]
}

// actor is who did something, within a sentence.
func actor(p engine.Person) string {
	switch p.ID {
	case "kommandorad":
		return "den som sköter Kravverk"
	case engine.BySupplier:
		return "leverantören"
	}
	return personName(p)
}

// historyLine puts one event of a classification in words.
func (s *server) historyLine(o *open, e engine.Event) historyLine {
	if e.Action != "answer.save" {
		return historyLine{Text: approvalWords(e, o.Classification.Type), Plain: true}
	}
	what, was, now := s.eventWords(o, e)
	if e.Before == nil || string(e.Before) == "null" {
		was = "" // the first answer replaces nothing
	}
	if was == "" && now == "" && answered(e.Before) && answered(e.After) && strings.HasPrefix(e.Key, "action/") {
		return historyLine{Text: upperFirst(what) + ". Inget ändrades.", Plain: true}
	}
	return historyLine{Text: upperFirst(what), Was: was, Now: now, Erased: e.Before == nil && e.After == nil,
		Link: o.Base() + "/historik?svar=" + url.QueryEscape(e.Key)}
}

// deedSay is what an event of a classification of a type is called: a supplier's
// answers in a B are kept as tenders are, and are no tenders.
func deedSay(action, typ string) string {
	if typ == "B" && roundWords[action] != "" {
		return roundWords[action]
	}
	return cmp.Or(deedWords[action], action)
}

// approvalWords tells of what was done to a classification as a whole.
func approvalWords(e engine.Event, typ string) string {
	var told struct {
		Revision, Number, Round int
		Reason, Supplier        string
	}
	decode(e.After, &told)
	text := deedSay(e.Action, typ)
	if e.Action == "tender.publish" && typ == "B" && told.Number > 0 {
		text += ", omgång " + itoa(told.Number)
	}
	if told.Round > 0 {
		text += ": " + told.Supplier + ", omgång " + itoa(told.Round)
	}
	if told.Revision > 0 {
		text += ", revision " + itoa(told.Revision)
	}
	if told.Reason != "" {
		text += ": " + told.Reason
	}
	return text
}

// eventWords tells what a saved answer is about, within a sentence, and what
// it was and became.
func (s *server) eventWords(o *open, e engine.Event) (what, was, now string) {
	kind, id, _ := strings.Cut(e.Key, "/")
	both := func(say func(json.RawMessage) string) (string, string) { return say(e.Before), say(e.After) }
	switch {
	case e.Key == engine.FactKey("lagrum"):
		was, now = both(func(v json.RawMessage) string { return lawsSay(o, v) })
		return "lagrum", was, now
	case e.Key == engine.KeyRaise:
		was, now = both(raiseSay)
		return "höjning av nivåer", was, now
	case e.Key == engine.KeyStop:
		was, now = both(clearedSay)
		return "stoppfrågan", was, now
	case e.Key == engine.KeyPaused:
		was, now = both(func(v json.RawMessage) string { return markSay(v, "avvaktar bedömning", "avvaktar inte") })
		return "stoppfrågan", was, now
	case kind == "information":
		var info engine.Information
		if !decode(e.After, &info) || info.Type == "" {
			decode(e.Before, &info)
		}
		was, now = both(func(v json.RawMessage) string { return informationSay(o, v) })
		return "information: " + o.Facts.InformationTitle(info), was, now
	case kind == "fact":
		for _, f := range o.Catalog.Facts {
			if f.ID == id {
				q := s.question(o, f)
				was, now = both(q.say)
				return lowerFirst(f.Title), was, now
			}
		}
	case kind == "done":
		what, _ = partOf(o, engine.PartSection+id)
		was, now = both(func(v json.RawMessage) string { return markSay(v, "klart", "inte klart") })
		return what, was, now
	case kind == "reviewed":
		what, _ = partOf(o, engine.PartArea+id)
		was, now = both(func(v json.RawMessage) string { return markSay(v, "genomgånget", "inte genomgånget") })
		return what, was, now
	case kind == "tailor":
		was, now = both(tailoringSay)
		return "anpassning av " + id, was, now
	case e.Key == engine.KeyProcurement:
		was, now = both(s.procurementSay)
		return "upphandlingens uppgifter", was, now
	case kind == "delegate":
		what, _ = partOf(o, id)
		was, now = both(s.delegationSay)
		return "delegeringen av " + what, was, now
	case kind == "comment":
		what, _ = partOf(o, id[:max(strings.LastIndex(id, "/"), 0)])
		was, now = both(commentSay)
		return "kommentar om " + what, was, now
	case kind == "action" && answered(e.Before) && answered(e.After):
		var before, after engine.Action
		decode(e.Before, &before)
		decode(e.After, &after)
		was, now = s.actionChange(o.Catalog, before, after)
		return "planpost " + id + ", " + after.Title, was, now
	case verificationTitle(e.Key) != "":
		was, now = both(func(v json.RawMessage) string { return verificationSay(e.Key, v) })
		return verificationTitle(e.Key), was, now
	}
	return e.Key, "", ""
}

// answered tells whether a value in the journal is one, and not what was taken
// back or erased.
func answered(v json.RawMessage) bool { return len(v) > 0 && string(v) != "null" }

func markSay(v json.RawMessage, yes, no string) string {
	var on bool
	if decode(v, &on) && on {
		return yes
	}
	return no
}

func lawsSay(o *open, v json.RawMessage) string {
	chosen, notKnown := values(v)
	if notKnown {
		return "Vet ej"
	}
	var titles []string
	for _, l := range o.Catalog.Laws {
		if slices.Contains(chosen, l.ID) {
			titles = append(titles, l.Title)
		}
	}
	if len(titles) == 0 && v != nil && string(v) != "null" {
		return "inget kryssat"
	}
	return cmp.Or(strings.Join(titles, "; "), "inget svar")
}

func raiseSay(v json.RawMessage) string {
	var told map[string]any
	if !decode(v, &told) || len(told) == 0 {
		return "ingen höjning"
	}
	var out []string
	for _, aspect := range []string{"K", "R", "T"} {
		if n, ok := told[aspect].(float64); ok {
			out = append(out, aspect+" "+strconv.Itoa(int(n)))
		}
	}
	text := strings.Join(out, ", ")
	if why, ok := told["reason"].(string); ok && why != "" {
		text += ": " + why
	}
	return text
}

func clearedSay(v json.RawMessage) string {
	var c engine.Cleared
	if !decode(v, &c) || c.Role == "" {
		return "inte besvarad"
	}
	return "omfattas inte, enligt " + lowerFirst(c.Role)
}

func informationSay(o *open, v json.RawMessage) string {
	var info engine.Information
	if !decode(v, &info) || info.Type == "" {
		return "finns inte"
	}
	var out []string
	for _, a := range o.Catalog.Aspects {
		if n, ok := info.Level(a.ID); ok {
			out = append(out, a.ID+" "+itoa(n))
		}
	}
	text := cmp.Or(strings.Join(out, ", "), "finns, utan egna nivåer")
	if info.Justification != "" {
		text += ": " + info.Justification
	}
	return text
}

func (s *server) delegationSay(v json.RawMessage) string {
	var d engine.Delegation
	if !decode(v, &d) || d.Person == "" && d.Role == "" {
		return "ingen"
	}
	text := lowerFirst(s.roleTitle(d.Role))
	if d.Person != "" {
		text = "en person"
		if a, err := s.Store.Account(context.Background(), d.Person); err == nil {
			text = personName(a.Person)
		}
	}
	if d.Due != "" {
		text += ", senast " + s.dayOf(d.Due)
	}
	if d.Done {
		text += ", klar"
	}
	return text
}

func commentSay(v json.RawMessage) string {
	var c engine.Comment
	if !decode(v, &c) || c.Text == "" {
		return "ingen"
	}
	return c.Text
}

// personHistory is what one person has done, as far as the visitor may know of
// it: one's own, and for who administers the person all about units and people.
func (s *server) personHistory(w http.ResponseWriter, r *http.Request) error {
	v := visitOf(r.Context())
	id := cmp.Or(r.URL.Query().Get("person"), v.ID)
	account := v.Account
	if id != v.ID {
		var err error
		if account, err = s.Store.Account(r.Context(), id); err != nil {
			return err
		}
		if !v.anywhere(administer) || !v.knows(account) {
			return errNotFound
		}
	}
	p := historyPage{page: s.page(r, "Historik för "+personName(account.Person), ""),
		Lead: "Det som " + personName(account.Person) + " har gjort, det senaste först. Sådant som du inte får se är inte med."}
	events, err := s.page60(r, engine.EventFilter{Person: id}, &p)
	if err != nil {
		return err
	}
	opened := map[string]*open{}
	for _, e := range events {
		line, system, base := s.deedOf(r, e, opened)
		if line.Text == "" {
			continue
		}
		b := s.batchOf(&p.Batches, e)
		b.System, b.Link = system, base
		b.Lines = append(b.Lines, line)
	}
	return s.render(w, http.StatusOK, "history", p)
}

// deedOf puts anything that somebody has done in words; without text when the
// visitor may not know of it. What is about a classification comes with the
// system's name and address.
func (s *server) deedOf(r *http.Request, e engine.Event, opened map[string]*open) (line historyLine, system, base string) {
	v := visitOf(r.Context())
	if e.ClassificationID != "" {
		o, ok := opened[e.ClassificationID]
		if !ok {
			if rec, err := s.Store.Classification(r.Context(), e.ClassificationID); err == nil && v.on(&rec, read, "") {
				o, _ = s.derive(r.Context(), rec) // one that cannot be read has no words
			}
			opened[e.ClassificationID] = o
		}
		if o == nil {
			return line, "", ""
		}
		return s.historyLine(o, e), o.System.Title, o.Base()
	}
	if e.SystemID != "" { // the classification's own line tells of the system
		return line, "", ""
	}
	line = historyLine{Text: cmp.Or(deedWords[e.Action], e.Action), Plain: true}
	var g struct{ Unit, Role, Title string }
	if !decode(e.After, &g) {
		decode(e.Before, &g)
	}
	if g.Title != "" {
		line.Text += ": " + g.Title
	}
	if g.Role != "" {
		line.Text += ": " + lowerFirst(s.roleTitle(g.Role)) + " i " + cmp.Or(v.org.Title(g.Unit), "en enhet som inte finns längre")
	}
	if a, err := s.Store.Account(r.Context(), e.Key); err == nil && a.ID != e.By.ID && v.knows(a) {
		line.Text += ", " + personName(a.Person)
	}
	return line, "", ""
}

// undoable tells whether an event is an answer that can be set back. The stop
// question is decided, and a comment is its writer's.
func undoable(e engine.Event) bool {
	return e.Action == "answer.save" && (e.Before != nil || e.After != nil) &&
		e.Key != engine.KeyStop && e.Key != engine.KeyPaused && !strings.HasPrefix(e.Key, "comment/")
}

// undoPage shows what undoing one save would do.
type undoPage struct {
	page
	Base, Action string
	When, Who    string
	Rows         []undoRow
	Kept         []undoRow // changed again since, or not to be undone here
	Seen         string    // proves that these very changes were shown before they are made
	Token        string
	Changed      bool // somebody has saved since it was shown
	done         bool // every answer is back already: a double click
}

type undoRow struct{ Text, Now, Becomes, Why string }

// undoing works out what undoing the batch of the address does now.
func (s *server) undoing(r *http.Request, o *open) (undoPage, []engine.Change, error) {
	batch := chi.URLParam(r, "batch")
	p := undoPage{page: s.classificationPage(o, "Ångra"), Base: o.Base(), Action: o.Base() + "/historik/" + batch + "/angra", Token: token()}
	events, err := s.Store.Events(r.Context(), engine.EventFilter{Classification: o.Classification.ID, Batch: batch}, 0)
	if err == nil && len(events) == 0 {
		err = errNotFound
	}
	if err != nil {
		return p, nil, err
	}
	p.Who, p.When = actor(events[0].By), s.day(events[0].At)
	var changes []engine.Change
	p.done = true
	for _, e := range events {
		if e.Action != "answer.save" {
			continue
		}
		current := o.Answers[e.Key]
		p.done = p.done && string(current.Value) == cmp.Or(string(e.Before), "null")
		what, was, now := s.eventWords(o, engine.Event{Key: e.Key, Before: e.Before, After: current.Value})
		row := undoRow{Text: upperFirst(what), Now: now, Becomes: was}
		switch {
		case !undoable(e):
			row.Why = "Det går inte att ångra härifrån."
		case string(current.Value) != string(e.After):
			row.Why = upperFirst(personName(current.By)) + " har ändrat det sedan dess, " + s.day(current.At) + "."
		default:
			value := e.Before
			if value == nil {
				value = json.RawMessage("null")
			}
			changes = append(changes, engine.Change{Key: e.Key, Value: value, Version: current.Version})
			p.Rows = append(p.Rows, row)
			continue
		}
		p.Kept = append(p.Kept, row)
	}
	p.Seen = sha256hex([]byte(stateOfForm(changes)))
	return p, changes, nil
}

func (s *server) undoForm(w http.ResponseWriter, r *http.Request) error {
	o, err := s.writable(r)
	if err != nil {
		return err
	}
	p, _, err := s.undoing(r, o)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "undo", p)
}

// undo sets back what the preview showed, in one save of its own.
func (s *server) undo(w http.ResponseWriter, r *http.Request) error {
	o, err := s.writable(r)
	if err != nil {
		return err
	}
	p, changes, err := s.undoing(r, o)
	if err != nil {
		return err
	}
	if r.PostFormValue("sedd") == p.Seen && len(changes) > 0 {
		err := s.save(r, o, changes...)
		if err == nil {
			return seeOther(w, r, o.Base()+"/historik")
		}
		if conflict(err) == nil {
			return err
		}
		if o, err = s.open(r); err != nil {
			return err
		}
		if p, _, err = s.undoing(r, o); err != nil && !errors.Is(err, errNotFound) {
			return err
		}
	}
	if p.done {
		return seeOther(w, r, o.Base()+"/historik")
	}
	p.Changed, p.Failed = true, true
	return s.render(w, http.StatusConflict, "undo", p)
}
