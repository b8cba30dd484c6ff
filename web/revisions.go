package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
)

// revisionsPage is every revision of a classification, and two of them
// compared.
type revisionsPage struct {
	page
	Base     string
	Rows     []revisionRow
	Choices  []choice // of revisions, the newest first
	From, To string   // compared; To may be "nu"
	FromSay  string   // in words
	ToSay    string
	Since    *changesView // nil when nothing is compared
	Missing  fieldErrors
}

type revisionRow struct {
	N                 int
	Status, Class     string
	Proposed, By      string
	Approved, Who     string
	Reopened, Why     string
	Diary, Hash, Link string
}

// changesView is what differs from one snapshot to another, in words.
type changesView struct {
	Releases, Answers, Levels, Laws []changeRow
	Added, Removed, Undecided       []engine.FrozenFinding
	Reworded                        []rewordRow
}

// Nothing tells whether nothing differs.
func (c changesView) Nothing() bool {
	return len(c.Releases)+len(c.Answers)+len(c.Levels)+len(c.Laws)+len(c.Added)+len(c.Removed)+len(c.Undecided)+len(c.Reworded) == 0
}

type changeRow struct{ What, Was, Now string }

type rewordRow struct{ ID, Title, Was, Now string }

func (s *server) changesOf(before, after *engine.Snapshot) *changesView {
	c := after.Since(before)
	v := &changesView{Added: c.Added, Removed: c.Removed, Undecided: c.Undecided}
	for _, p := range c.Releases {
		say := func(r *engine.FrozenRelease) string {
			if r == nil {
				return "används inte"
			}
			return r.Version
		}
		row := changeRow{cmp.Or(p.After, p.Before).Title, say(p.Before), say(p.After)}
		if row.Was == row.Now { // the same version with another content
			row.Was, row.Now = row.Was+", "+p.Before.Hash[:12], row.Now+", "+p.After.Hash[:12]
		}
		v.Releases = append(v.Releases, row)
	}
	for _, p := range c.Answers {
		row := changeRow{answerTitle(cmp.Or(p.After, p.Before)), answerSay(p.Before), answerSay(p.After)}
		var was, now engine.Action
		if p.Before != nil && p.After != nil && strings.HasPrefix(p.After.Key, "action/") && decode(p.Before.Value, &was) && decode(p.After.Value, &now) {
			row.What += ", " + now.Title
			row.Was, row.Now = s.actionChange(s.Catalogs().Catalog, was, now)
		}
		v.Answers = append(v.Answers, row)
	}
	for _, p := range c.Levels {
		v.Levels = append(v.Levels, changeRow{cmp.Or(p.After, p.Before).Title, levelSay(p.Before), levelSay(p.After)})
	}
	for _, p := range c.Laws {
		v.Laws = append(v.Laws, changeRow{cmp.Or(p.After, p.Before).Title, lawSay(p.Before), lawSay(p.After)})
	}
	for _, p := range c.Reworded {
		was, now := findingText(p.Before), findingText(p.After)
		if was == now {
			was, now = "Texten var bestämd", "Texten är inte bestämd"
			if p.Before.Unsettled {
				was, now = "Texten var inte bestämd", "Texten är bestämd"
			}
		}
		v.Reworded = append(v.Reworded, rewordRow{p.After.ID, p.After.Title, was, now})
	}
	return v
}

// findingText is what a requirement asks for, as it is put.
func findingText(f *engine.FrozenFinding) string {
	return catalog.Name("obligation", f.Obligation) + ": " + f.Title + ". " + cmp.Or(f.Shall, f.Is)
}

func answerTitle(a *engine.FrozenAnswer) string {
	switch {
	case a.Key == engine.FactKey("lagrum"):
		return "Lagrum som kryssas i"
	case a.Key == engine.KeyRaise:
		return "Höjning av systemets nivåer"
	case a.Key == engine.KeyStop:
		return "Stoppfrågan"
	case strings.HasPrefix(a.Key, "information/"):
		return "Information: " + a.About
	case verificationTitle(a.Key) != "":
		return upperFirst(verificationTitle(a.Key))
	}
	return a.About
}

// answerSay puts a frozen answer in words.
func answerSay(a *engine.FrozenAnswer) string {
	if a == nil {
		return "Inget svar"
	}
	switch value := string(a.Value); {
	case value == "true":
		return "Ja"
	case value == "false":
		return "Nej"
	case value == strconv.Quote(engine.VetEj):
		return "Vet ej"
	case value == "[]":
		return "Inget av dessa"
	case len(a.Chosen) > 0:
		return list(a.Chosen, "och")
	}
	if verificationTitle(a.Key) != "" {
		return verificationSay(a.Key, a.Value)
	}
	var info engine.Information
	var raise engine.Raise
	var cleared engine.Cleared
	switch {
	case a.Key == engine.KeyRaise && decode(a.Value, &raise):
		return levelsSay(raise.Level) + decided(raise.Reason, raise.DecidedBy)
	case a.Key == engine.KeyStop && decode(a.Value, &cleared):
		return "Omfattas inte. " + cleared.Role + ", " + cleared.Date
	case decode(a.Value, &info):
		return cmp.Or(levelsSay(info.Level), "Enligt förklassningen") + decided(info.Justification, info.DecidedBy)
	}
	return string(a.Value)
}

func levelsSay(level func(aspect string) (int, bool)) string {
	var out []string
	for _, aspect := range []string{"K", "R", "T", "S"} {
		if n, ok := level(aspect); ok {
			out = append(out, aspect+" "+itoa(n))
		}
	}
	return strings.Join(out, ", ")
}

func decided(why, by string) string {
	out := "."
	if why != "" {
		out += " " + why
	}
	if by != "" {
		out += " Beslutat av " + lowerFirst(by) + "."
	}
	return out
}

func levelSay(l *engine.FrozenLevel) string {
	if l == nil {
		return "nivåsätts inte"
	}
	text := itoa(l.Level) + " " + l.Name
	switch {
	case !l.Known && l.Level == 0:
		return "inte bestämd"
	case !l.Known:
		return "minst " + text
	case l.Raised:
		return text + ", höjd"
	}
	return text
}

func lawSay(l *engine.FrozenLaw) string {
	switch {
	case l == nil:
		return "gäller inte"
	case l.Applies == "unknown":
		return "inte avgjort"
	}
	return "gäller"
}

func (s *server) revisions(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	all, err := s.Store.Approvals(r.Context(), o.Classification.ID)
	if err != nil {
		return err
	}
	p := revisionsPage{page: s.classificationPage(o, "Revisioner"), Base: o.Base(), From: r.FormValue("a"), To: r.FormValue("b")}
	for _, a := range all {
		p.Rows = append(p.Rows, s.revisionRow(o.Base(), a, a.Revision == all[0].Revision))
		p.Choices = append(p.Choices, choice{ID: itoa(a.Revision), Title: "Revision " + itoa(a.Revision)})
	}
	status := http.StatusOK
	if p.From != "" || p.To != "" {
		from, fromSay := s.chosenRevision(r.Context(), o, all, p.From)
		to, toSay := s.chosenRevision(r.Context(), o, all, p.To)
		if from == nil {
			p.Missing = append(p.Missing, fieldError{"a", "Välj vilken revision du vill jämföra från"})
		}
		if to == nil {
			p.Missing = append(p.Missing, fieldError{"b", "Välj vad du vill jämföra med"})
		}
		if p.Failed = len(p.Missing) > 0; p.Failed {
			status = http.StatusUnprocessableEntity
		} else {
			p.Since, p.FromSay, p.ToSay = s.changesOf(from, to), fromSay, toSay
		}
	} else if len(all) > 0 { // what one most likely wants to see
		p.From, p.To = itoa(all[len(all)-1].Revision), "nu"
		if len(all) > 1 {
			p.From, p.To = itoa(all[1].Revision), itoa(all[0].Revision)
		}
	}
	return s.render(w, status, "revisions", p)
}

// chosenRevision is the snapshot of a revision by its number, or of the present
// for "nu"; nil when there is none.
func (s *server) chosenRevision(ctx context.Context, o *open, all []engine.Approval, which string) (*engine.Snapshot, string) {
	if which == "nu" {
		snapshot, err := s.freeze(ctx, o, engine.Decision{})
		if err != nil {
			s.Log.Error("freeze", "classification", o.Classification.ID, "err", err)
			return nil, ""
		}
		return snapshot, "nuläget"
	}
	i := slices.IndexFunc(all, func(a engine.Approval) bool { return itoa(a.Revision) == which })
	if i < 0 {
		return nil, ""
	}
	snapshot, err := engine.ReadSnapshot(all[i].Snapshot)
	if err != nil {
		s.Log.Error("snapshot", "classification", o.Classification.ID, "revision", which, "err", err)
		return nil, ""
	}
	return snapshot, "revision " + which
}

func (s *server) revisionRow(base string, a engine.Approval, newest bool) revisionRow {
	row := revisionRow{N: a.Revision, Proposed: s.date(a.ProposedAt), By: personName(a.ProposedBy), Diary: a.Decision.Diary, Hash: a.Hash,
		Link: base + "/revision/" + itoa(a.Revision)}
	switch {
	case a.Waits():
		row.Status, row.Class = "Väntar på godkännande", "wait"
		return row
	case a.Stands():
		row.Status, row.Class = "Gäller", "done"
	default:
		row.Status, row.Class = "Ersatt", "lock"
		if newest {
			row.Status, row.Class = "Öppnad igen", "now"
		}
		row.Reopened, row.Why = s.date(a.ReopenedAt)+", "+personName(a.ReopenedBy), a.Reason
	}
	row.Approved, row.Who = s.date(a.ApprovedAt), personName(a.ApprovedBy)
	return row
}
