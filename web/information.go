package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
)

// informationPage is the kinds of information with their levels. One may be
// open for change, with what a change would do beside it.
type informationPage struct {
	page
	Open   *open
	Base   string
	Levels []level
	Items  []informationItem
	Edit   *informationForm
	New    *newInformation
	Effect *effect
	Raised *engine.Raise
	Done   doneForm
	Token  string
	Saved  string
	May    bool
}

type informationItem struct {
	N       int
	Title   string
	Text    string
	Levels  []level
	Why     string
	Worst   []string // category per aspect, in words
	Unrated bool
	Preset  bool
	Who     string // who saved it, and when
}

type newInformation struct {
	Missing fieldErrors
	Types   []*catalog.InformationType // those not there yet
	Own     string
	Chosen  string
}

type informationForm struct {
	N             int
	Title, Text   string
	Aspects       []aspectForm
	Justification string
	DecidedBy     string
	Roles         []string
	Preset        *catalog.InformationType
	Matrix        []consequenceRow
	Laws          []string
	Version       int
	Missing       fieldErrors
	Changed       bool
	Conflict      *conflictView
	Token         string
}

type aspectForm struct {
	ID, Title, Question string
	Levels              []levelChoice
	Categories          []choice
	Preset              int
	HasPreset           bool
	Raised              bool
}

// First is the id of the aspect's first choice, to which an error leads.
func (a aspectForm) First() string { return "niva-" + a.ID + "-0" }

type levelChoice struct {
	Value  int
	Name   string
	Chosen bool
	Stop   bool
}

// effect is what saving would do to the levels and the list.
type effect struct {
	Levels  []levelChange
	Before  int
	After   int
	Changes engine.Changes
	Nothing bool
	Seen    string // proves that this very effect was shown before the save
	Problem string
	Told    string // the effect in a sentence to read out, when the panel has come anew
	Rows    struct{ Added, Removed, Sharpened, Undecided []effectRow }
}

type levelChange struct {
	Now level
	Was string
}

type effectRow struct {
	ID    string
	Title []engine.Span
	Now   string // the new value, when the title does not show it
	Was   string
	Link  string // to the requirement, where following it loses nothing
}

func (s *server) informationPage(o *open) informationPage {
	p := informationPage{page: s.classificationPage(o, "Information och nivåer"), Open: o, Base: o.Base(), Levels: levels(o.Facts),
		Done: doneFormOf(o, "information", "Steget är klart"), Token: token(), May: o.may(engine.PartSection + "information")}
	for _, n := range o.Information() {
		var info engine.Information
		decode(o.Answers[engine.InformationKey(n)].Value, &info)
		item := informationItemOf(o, n, info)
		if a := o.Answers[engine.InformationKey(n)]; a.By.Name != "" {
			item.Who = a.By.Name + ", " + s.day(a.At)
		}
		p.Items = append(p.Items, item)
	}
	if a := o.Answers[engine.KeyRaise]; a.Given() {
		p.Raised = &engine.Raise{}
		decode(a.Value, p.Raised)
	}
	return p
}

func informationItemOf(o *open, n int, info engine.Information) informationItem {
	t := o.Facts.InformationType(info.Type)
	item := informationItem{N: n, Title: o.Facts.InformationTitle(info), Why: info.Justification, Preset: t != nil}
	if t != nil {
		item.Text = t.Text
		if item.Why == "" {
			item.Why = t.Justification
		}
	}
	for _, l := range o.Facts.Levels {
		v, rated := info.Level(l.Aspect.ID)
		if !rated && t != nil {
			v, rated = t.Levels[l.Aspect.ID]
		}
		x := level{Letter: l.Aspect.ID, Class: strings.ToLower(l.Aspect.ID), Title: l.Aspect.Title, Known: rated, N: v}
		if rated {
			x.Name = o.Catalog.Level(v).Title
		} else {
			item.Unrated = true
		}
		item.Levels = append(item.Levels, x)
		for _, c := range o.Catalog.Consequences {
			if worst, ok := info.Rated[c.ID][l.Aspect.ID]; ok && rated && worst == v {
				item.Worst = append(item.Worst, l.Aspect.ID+": "+lowerFirst(c.Title))
				break
			}
		}
	}
	return item
}

func (s *server) information(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	p := s.informationPage(o)
	p.Saved = s.savedInformation(r, o)
	return s.render(w, http.StatusOK, "information", p)
}

func (s *server) savedInformation(r *http.Request, o *open) string {
	if r.FormValue("sparat") == "" {
		return ""
	}
	a, ok := last(o.Record, "information/", engine.KeyRaise)
	if !ok {
		return ""
	}
	return s.clock(a.At)
}

func (s *server) newInformation(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	if !o.may(engine.PartSection + "information") {
		return seeOther(w, r, o.Base()+"/information")
	}
	p := s.informationPage(o)
	p.New = s.newInformationForm(o)
	return s.render(w, http.StatusOK, "information", p)
}

func (s *server) newInformationForm(o *open) *newInformation {
	f := &newInformation{}
	var used []string
	for _, i := range o.Facts.Answers.Information {
		used = append(used, i.Type)
	}
	for _, t := range o.Catalog.InformationTypes {
		if !slices.Contains(used, t.ID) {
			f.Types = append(f.Types, t)
		}
	}
	swedish(f.Types, func(t *catalog.InformationType) string { return t.Title })
	return f
}

// addInformation adds a kind of information: a pre-classified one with its
// levels, or one of the system's own, to be rated next.
func (s *server) addInformation(w http.ResponseWriter, r *http.Request) error {
	o, err := s.writable(r)
	if err != nil {
		return err
	}
	own, chosen := strings.TrimSpace(r.PostFormValue("egen")), r.PostFormValue("typ")
	info := engine.Information{Type: own}
	if chosen != "egen" && chosen != "" {
		info.Type = chosen
	}
	f := s.newInformationForm(o)
	f.Own, f.Chosen = own, chosen
	switch {
	case chosen == "":
		f.Missing = append(f.Missing, fieldError{"typ", "Välj en informationstyp, eller skriv en egen"})
	case chosen == "egen" && own == "":
		f.Missing = append(f.Missing, fieldError{"egen", "Skriv vad informationen heter"})
	case chosen != "egen" && !slices.ContainsFunc(f.Types, func(t *catalog.InformationType) bool { return t.ID == chosen }):
		f.Missing = append(f.Missing, fieldError{"typ", "Informationstypen finns redan. Välj en annan"})
	case chosen == "egen" && slices.ContainsFunc(o.Facts.Answers.Information, func(i engine.Information) bool { return strings.EqualFold(i.Type, own) }):
		f.Missing = append(f.Missing, fieldError{"egen", "Det finns redan information med det namnet. Skriv ett annat"})
	}
	if len(f.Missing) > 0 {
		p := s.informationPage(o)
		p.New, p.Failed = f, true
		return s.render(w, http.StatusUnprocessableEntity, "information", p)
	}
	n := o.NextInformation()
	if err := s.save(r, o, change(engine.InformationKey(n), info, 0)); err != nil {
		return err
	}
	return seeOther(w, r, o.Base()+"/information/"+itoa(n))
}

func (s *server) informationAt(r *http.Request, o *open) (int, engine.Information, error) {
	n, err := strconv.Atoi(chi.URLParam(r, "n"))
	var info engine.Information
	if err != nil || !o.Has(engine.InformationKey(n)) || !decode(o.Answers[engine.InformationKey(n)].Value, &info) {
		return 0, info, errNotFound
	}
	return n, info, nil
}

func (s *server) editInformation(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	n, info, err := s.informationAt(r, o)
	if err != nil {
		return err
	}
	if !o.may(engine.PartSection + "information") {
		return seeOther(w, r, o.Base()+"/information#i"+itoa(n))
	}
	p := s.informationPage(o)
	p.Edit = s.informationForm(o, n, info, o.Answers[engine.InformationKey(n)].Version)
	p.Effect = s.effectOf(o)
	return s.render(w, http.StatusOK, "information", p)
}

func (s *server) informationForm(o *open, n int, info engine.Information, version int) *informationForm {
	t := o.Facts.InformationType(info.Type)
	f := &informationForm{N: n, Title: o.Facts.InformationTitle(info), Justification: info.Justification, DecidedBy: info.DecidedBy,
		Roles: s.roles(), Preset: t, Version: version, Token: token()}
	if t != nil {
		f.Text = t.Text
	}
	for _, l := range o.Facts.Levels {
		a := aspectForm{ID: l.Aspect.ID, Title: l.Aspect.Title, Question: l.Aspect.Question}
		v, rated := info.Level(a.ID)
		if t != nil {
			a.Preset, a.HasPreset = t.Levels[a.ID], true
			if !rated {
				v, rated = a.Preset, true
			}
		}
		for _, x := range o.Catalog.Levels {
			a.Levels = append(a.Levels, levelChoice{x.Value, x.Title, rated && x.Value == v, x.Stop})
		}
		for _, c := range o.Catalog.Consequences {
			_, chosen := info.Rated[c.ID][a.ID]
			a.Categories = append(a.Categories, choice{ID: c.ID, Title: c.Title, Chosen: chosen})
		}
		f.Aspects = append(f.Aspects, a)
	}
	for _, c := range o.Catalog.Consequences {
		row := consequenceRow{Title: c.Title, Help: c.Help}
		for v := 1; v <= 3; v++ {
			cell := consequenceCell{Level: itoa(v) + " " + o.Catalog.Level(v).Title, Text: byAspect(o.Catalog, c.Levels[itoa(v)])}
			var hits []string
			for _, l := range o.Facts.Levels {
				if got, ok := info.Rated[c.ID][l.Aspect.ID]; ok && got == v {
					hits = append(hits, l.Aspect.ID)
				}
			}
			if len(hits) > 0 {
				cell.Hit = "Ditt val för " + list(hits, "och") + "."
			}
			row.Cells = append(row.Cells, cell)
		}
		f.Matrix = append(f.Matrix, row)
	}
	for _, l := range o.Derivation.Laws {
		if l.Applies == rule.Yes && len(l.Law.Guides) > 0 {
			var g []string
			for _, a := range o.Catalog.Aspects {
				if min, ok := l.Law.Guides[a.ID]; ok {
					g = append(g, a.ID+" minst "+itoa(min)+" "+o.Catalog.Level(min).Title)
				}
			}
			f.Laws = append(f.Laws, l.Law.Title+" ("+l.Law.Source+"): "+list(g, "och"))
		}
	}
	return f
}

// informationFrom reads the form.
func informationFrom(r *http.Request, o *open, was engine.Information) (engine.Information, fieldErrors, bool) {
	info := engine.Information{Type: was.Type, Levels: map[string]int{}, Rated: map[string]map[string]int{},
		Justification: strings.TrimSpace(r.PostFormValue("motivering")), DecidedBy: r.PostFormValue("godkand")}
	t := o.Facts.InformationType(was.Type)
	var missing fieldErrors
	stop, lowered, differs := false, false, false
	for _, l := range o.Facts.Levels {
		id := l.Aspect.ID
		v, err := strconv.Atoi(r.PostFormValue("niva-" + id))
		if err != nil {
			missing = append(missing, fieldError{"niva-" + id + "-0", "Välj nivå för " + definite(l.Aspect.Title)})
			continue
		}
		level := o.Catalog.Level(v)
		if level == nil {
			missing = append(missing, fieldError{"niva-" + id + "-0", "Välj en av nivåerna för " + definite(l.Aspect.Title)})
			continue
		}
		stop = stop || level.Stop
		info.Levels[id] = v
		if c := r.PostFormValue("kategori-" + id); c != "" && slices.ContainsFunc(o.Catalog.Consequences, func(x *catalog.Consequence) bool { return x.ID == c }) {
			if info.Rated[c] == nil {
				info.Rated[c] = map[string]int{}
			}
			info.Rated[c][id] = v
		}
		if t != nil && v < t.Levels[id] {
			lowered = true
			if !t.MayBeLowered {
				missing = append(missing, fieldError{"niva-" + id + "-0", "Nivån för " + definite(l.Aspect.Title) + " får inte sänkas under " + itoa(t.Levels[id]) + " " + o.Catalog.Level(t.Levels[id]).Title})
			}
		}
		differs = differs || t == nil || v != t.Levels[id]
	}
	if info.Justification == "" && differs {
		missing = append(missing, fieldError{"motivering", "Skriv en motivering till nivån"})
	}
	if lowered && info.DecidedBy == "" && (t == nil || t.MayBeLowered) {
		missing = append(missing, fieldError{"godkand", "Välj vilken roll som godkänner att nivån sänks"})
	}
	if !lowered {
		info.DecidedBy = ""
	}
	return info, missing, stop
}

// saveInformation shows what a change would do, and saves it once that has
// been seen.
func (s *server) saveInformation(w http.ResponseWriter, r *http.Request) error {
	o, version, err := s.editing(r)
	if err != nil {
		return err
	}
	n, was, err := s.informationAt(r, o)
	if err != nil {
		return err
	}
	key := engine.InformationKey(n)
	if r.PostFormValue("gor") == "ta-bort" {
		return s.removeInformation(w, r, o, n, version)
	}
	info, missing, stop := informationFrom(r, o, was)
	if stop && r.PostFormValue("gor") != "visa" {
		return s.referLevel(w, r, o)
	}
	p := s.informationPage(o)
	p.Edit = s.informationForm(o, n, info, version)
	p.Edit.Changed = true
	p.Effect = s.effectOf(o)
	if stop {
		p.Effect.Problem = "Nivå 4 går inte att spara. Väljer du den stannar klassningen, och säkerhetsskyddschefen tar över."
	} else if after, err := s.derive(r.Context(), o.Record.With(change(key, inWords(info), 0))); err == nil {
		p.Effect = effectBetween(o, after)
	} else if len(missing) == 0 {
		return err
	}
	if r.PostFormValue("gor") == "visa" {
		if fromHTMX(r) {
			p.Effect.tell()
			return s.renderPart(w, http.StatusOK, "information", "verkan", p)
		}
		return s.render(w, http.StatusOK, "information", p)
	}
	if len(missing) > 0 {
		p.Edit.Missing, p.Failed = missing, true
		return s.render(w, http.StatusUnprocessableEntity, "information", p)
	}
	// A change of the list is saved only when this very change has been shown.
	if !p.Effect.Nothing && r.PostFormValue("sedd") != p.Effect.Seen {
		return s.render(w, http.StatusOK, "information", p)
	}
	err = s.save(r, o, change(key, info, version))
	if c := conflict(err); c != nil {
		var theirs engine.Information
		decode(c.Theirs.Value, &theirs)
		p.Edit.Conflict = &conflictView{Mine: sayLevels(o, info), Theirs: sayLevels(o, theirs), Who: c.Theirs.By.Name, When: s.day(c.Theirs.At)}
		p.Edit.Version, p.Failed = c.Theirs.Version, true
		return s.render(w, http.StatusConflict, "information", p)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, o.Base()+"/information?sparat="+itoa(n)+"#i"+itoa(n))
}

// inWords fills what is still to be written, so that levels chosen so far can
// be reckoned with.
func inWords(info engine.Information) engine.Information {
	info.Justification = cmp.Or(info.Justification, "–")
	info.DecidedBy = cmp.Or(info.DecidedBy, "–")
	return info
}

func sayLevels(o *open, info engine.Information) string {
	item := informationItemOf(o, 0, info)
	var out []string
	for _, l := range item.Levels {
		if l.Known {
			out = append(out, l.Letter+" "+itoa(l.N)+" "+l.Name)
		}
	}
	text := strings.Join(out, ", ") + "."
	if info.Justification != "" {
		text += " " + info.Justification
	}
	return text
}

func (s *server) removeInformation(w http.ResponseWriter, r *http.Request, o *open, n, version int) error {
	if err := s.save(r, o, change(engine.InformationKey(n), nil, version)); err != nil {
		if conflict(err) != nil {
			return &Problem{http.StatusConflict, "Någon annan hann före", "Informationen ändrades nyss av någon annan och togs inte bort. Titta på den nya lydelsen först.", o.Base() + "/information/" + itoa(n), "Visa den nya lydelsen"}
		}
		return err
	}
	return seeOther(w, r, o.Base()+"/information?sparat=1")
}

// referLevel is what choosing level 4 leads to: nothing is saved, and the
// classification pauses.
func (s *server) referLevel(w http.ResponseWriter, r *http.Request, o *open) error {
	if err := s.pause(r, o); err != nil {
		return err
	}
	p := s.stopFor(o)
	top := o.Catalog.Levels[len(o.Catalog.Levels)-1]
	p.Answer = itoa(top.Value) + " " + top.Title
	_, _, p.Refer, _ = s.stopQuestion()
	if p.Refer == "" {
		p.Refer = top.Text
	}
	p.ReferTo, p.Title = top.ReferTo, "Här stannar klassningen"
	return s.render(w, http.StatusOK, "stop", p)
}

// effectOf is the state as it is, before anything is changed.
func (s *server) effectOf(o *open) *effect { return effectBetween(o, o) }

func effectBetween(before, after *open) *effect {
	e := &effect{Before: before.Derivation.Count(rule.Yes), After: after.Derivation.Count(rule.Yes), Changes: engine.Compare(before.Derivation, after.Derivation)}
	was := levels(before.Facts)
	var seen []string
	changed := false
	for i, now := range levels(after.Facts) {
		c := levelChange{Now: now}
		if was[i].N != now.N || was[i].Known != now.Known {
			changed = true
			c.Was = was[i].Say()
			if was[i].Known {
				c.Was = itoa(was[i].N) + " " + was[i].Name
			}
		}
		e.Levels = append(e.Levels, c)
		seen = append(seen, now.Letter+itoa(now.N)+now.Fill())
	}
	rows := func(fs []*engine.Finding) []effectRow {
		var out []effectRow
		for _, f := range fs {
			out = append(out, effectRow{ID: f.Requirement.ID, Title: f.Title})
		}
		return out
	}
	e.Rows.Added, e.Rows.Removed, e.Rows.Undecided = rows(e.Changes.Added), rows(e.Changes.Removed), rows(e.Changes.Undecided)
	for _, x := range e.Changes.Sharpened {
		row := effectRow{ID: x.After.Requirement.ID, Title: x.After.Title}
		var was, now []string
		for _, p := range x.Parameters {
			was, now = append(was, p.Before), append(now, p.After)
		}
		row.Was = strings.Join(was, ", ")
		if !slices.ContainsFunc(row.Title, func(s engine.Span) bool { return s.Mark }) {
			row.Now = strings.Join(now, ", ") // the value is in the wording alone
		}
		e.Rows.Sharpened = append(e.Rows.Sharpened, row)
	}
	e.Nothing = !changed && e.Changes.Empty()
	for _, rows := range [][]effectRow{e.Rows.Added, e.Rows.Removed, e.Rows.Sharpened, e.Rows.Undecided} {
		for _, row := range rows {
			seen = append(seen, row.ID, engine.Text(row.Title), row.Now)
		}
		seen = append(seen, "")
	}
	e.Seen = sha256hex([]byte(strings.Join(seen, "\n")))[:16]
	return e
}

// tell puts the effect in a sentence.
func (e *effect) tell() {
	e.Told = itoa(e.Before) + " krav blir " + itoa(e.After) + "."
	if e.Before == e.After {
		e.Told = itoa(e.After) + " krav gäller."
	}
	if e.Problem != "" {
		e.Told = e.Problem
	}
}

// link makes every row a way to its requirement.
func (e *effect) link(o *open) {
	for _, rows := range [][]effectRow{e.Rows.Added, e.Rows.Removed, e.Rows.Sharpened, e.Rows.Undecided} {
		for i := range rows {
			rows[i].Link = o.Base() + "/krav/" + rows[i].ID
		}
	}
}

// raisePage lifts the system's levels above those of its information.
type raisePage struct {
	page
	Base     string
	Levels   []level
	Aspects  []aspectForm
	Reason   string
	By       string
	Roles    []string
	Effect   *effect
	Missing  fieldErrors
	Version  int
	Token    string
	Has      bool
	Changed  bool
	Conflict *conflictView
}

func (s *server) raisePage(o *open, x engine.Raise, version int) raisePage {
	p := raisePage{page: s.classificationPage(o, "Höjning av systemets nivåer"), Base: o.Base(), Levels: levels(o.Facts), Reason: x.Reason, By: x.DecidedBy,
		Roles: s.roles(), Version: version, Token: token(), Has: o.Has(engine.KeyRaise)}
	for _, l := range o.Facts.Levels {
		to, raised := x.Level(l.Aspect.ID)
		a := aspectForm{ID: l.Aspect.ID, Title: l.Aspect.Title, Raised: raised}
		for v := 1; v <= 3; v++ {
			a.Levels = append(a.Levels, levelChoice{v, o.Catalog.Level(v).Title, raised && v == to, false})
		}
		p.Aspects = append(p.Aspects, a)
	}
	p.Effect = s.effectOf(o)
	return p
}

func (s *server) raise(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	if !o.may(engine.PartSection + "information") {
		return seeOther(w, r, o.Base()+"/information")
	}
	var x engine.Raise
	a := o.Answers[engine.KeyRaise]
	decode(a.Value, &x)
	return s.render(w, http.StatusOK, "raise", s.raisePage(o, x, a.Version))
}

func (s *server) saveRaise(w http.ResponseWriter, r *http.Request) error {
	o, version, err := s.editing(r)
	if err != nil {
		return err
	}
	x := engine.Raise{Reason: strings.TrimSpace(r.PostFormValue("motivering")), DecidedBy: r.PostFormValue("roll")}
	raised := false
	for id, field := range map[string]**int{"K": &x.K, "R": &x.R, "T": &x.T, "S": &x.S} {
		if v, err := strconv.Atoi(r.PostFormValue("niva-" + id)); err == nil && v >= 1 && v <= 3 {
			*field, raised = &v, true
		}
	}
	var value any = x
	if !raised {
		value = nil
	}
	p := s.raisePage(o, x, version)
	p.Changed = true
	// The levels without any raise tell whether this one lifts anything.
	plain, err := s.derive(r.Context(), o.Record.With(change(engine.KeyRaise, nil, 0)))
	if err != nil {
		return err
	}
	for _, l := range plain.Facts.Levels {
		if to, ok := x.Level(l.Aspect.ID); ok && to < l.Lowest() {
			p.Missing = append(p.Missing, fieldError{"niva-" + l.Aspect.ID, "Informationen är redan på " + itoa(l.Lowest()) + " " + o.Catalog.Level(l.Lowest()).Title + ". Välj en högre nivå för " + definite(l.Aspect.Title) + ", eller ingen höjning"})
		}
	}
	if raised && x.Reason == "" {
		p.Missing = append(p.Missing, fieldError{"motivering", "Skriv varför nivån höjs"})
	}
	if raised && !slices.Contains(p.Roles, x.DecidedBy) {
		p.Missing = append(p.Missing, fieldError{"roll", "Välj vilken roll som beslutar om höjningen"})
	}
	visa := r.PostFormValue("gor") == "visa"
	if low := slices.IndexFunc(p.Missing, func(e fieldError) bool { return strings.HasPrefix(e.Field, "niva") }); low >= 0 {
		p.Effect.Problem = p.Missing[low].Text + "."
	} else {
		trial := value
		if y := x; raised && len(p.Missing) > 0 {
			// The levels are chosen before the reason and the role are: what they
			// would do is shown all the same.
			y.Reason, y.DecidedBy = cmp.Or(y.Reason, "Inte skrivet än"), cmp.Or(y.DecidedBy, "Inte vald än")
			trial = y
		}
		after, err := s.derive(r.Context(), o.Record.With(change(engine.KeyRaise, trial, 0)))
		if err != nil {
			return err
		}
		p.Effect = effectBetween(o, after)
	}
	if visa {
		p.Missing = nil
		if fromHTMX(r) {
			p.Effect.tell()
			return s.renderPart(w, http.StatusOK, "raise", "verkan", p)
		}
		return s.render(w, http.StatusOK, "raise", p)
	}
	if len(p.Missing) > 0 {
		p.Failed = true
		return s.render(w, http.StatusUnprocessableEntity, "raise", p)
	}
	if !p.Effect.Nothing && r.PostFormValue("sedd") != p.Effect.Seen {
		return s.render(w, http.StatusOK, "raise", p)
	}
	err = s.save(r, o, change(engine.KeyRaise, value, version))
	if c := conflict(err); c != nil {
		var theirs engine.Raise
		decode(c.Theirs.Value, &theirs)
		p.Conflict = &conflictView{Mine: x.Reason, Theirs: theirs.Reason, Who: c.Theirs.By.Name, When: s.day(c.Theirs.At)}
		p.Version, p.Failed = c.Theirs.Version, true
		return s.render(w, http.StatusConflict, "raise", p)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, o.Base()+"/information?sparat=1")
}
