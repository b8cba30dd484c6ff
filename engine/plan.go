package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const keyAction = "action/"

// Origin is what an action comes out of.
type Origin string

// The origins.
const (
	OfClassification Origin = "classification"
	OfRisk           Origin = "risk"
	OfAudit          Origin = "audit"
	OfSupervision    Origin = "supervision"
	OfIncident       Origin = "incident"
)

// Origins is all of them.
var Origins = []Origin{OfClassification, OfRisk, OfAudit, OfSupervision, OfIncident}

// Status is how far an action has come.
type Status string

// The statuses.
const (
	Planned   Status = "planned"
	Ongoing   Status = "ongoing"
	Completed Status = "completed"
	Dropped   Status = "dropped" // decided not to do: the gap stays
)

// Statuses is all of them, in the order in which work goes.
var Statuses = []Status{Planned, Ongoing, Completed, Dropped}

// Action is a measure in an action plan: what is to be done about one or more
// requirements, by which role and when.
type Action struct {
	Title        string   `json:"title"`
	Text         string   `json:"text,omitempty"`
	Origin       Origin   `json:"origin"`
	Requirements []string `json:"requirements,omitempty"` // ids; more than one when it closes several gaps
	Role         string   `json:"role"`                   // who shall do it, a role's id
	Asked        string   `json:"asked,omitempty"`        // the date when that role was asked about the wording; "" when nobody waits for it
	Suggested    string   `json:"suggested,omitempty"`    // another wording that the role would rather have
	Agreed       string   `json:"agreed,omitempty"`       // the date when that role agreed to the wording; "" until then
	AgreedBy     string   `json:"agreed_by,omitempty"`    // who did, a person's id: names can be erased
	AgreedFor    string   `json:"agreed_for,omitempty"`   // on whose word, when that person does not have the role
	Start        string   `json:"start,omitempty"`        // 2026-12-01
	Due          string   `json:"due,omitempty"`
	Status       Status   `json:"status"`
	Priority     int      `json:"priority,omitempty"` // 1 first, 3 last; 0 not set
	Effort       int      `json:"effort,omitempty"`   // 1–5, as in the catalogue; 0 not estimated
	Cost         int      `json:"cost,omitempty"`     // kronor; 0 not estimated
	Comment      string   `json:"comment,omitempty"`  // the latest follow-up; earlier ones are in the journal
}

// Open tells whether the action is still to be done.
func (a Action) Open() bool { return a.Status == Planned || a.Status == Ongoing }

// Waits tells whether the role that shall do it has been asked about the
// wording and not answered yet.
func (a Action) Waits() bool { return a.Open() && a.Asked != "" && a.Agreed == "" }

// LateAt tells whether it should have been done before a date, 2026-11-24.
func (a Action) LateAt(date string) bool { return a.Open() && a.Due != "" && a.Due < date }

// ActionKey is the key of the n:th action.
func ActionKey(n int) string { return keyAction + strconv.Itoa(n) }

// Actions gives the plan, in the order in which its lines were made.
func (r Record) Actions() []Numbered[Action] { return numberedOf[Action](r, keyAction) }

// NextAction is a number that no action has had.
func (r Record) NextAction() int { return r.nextOf(keyAction) }

// Continues tells whether what an answer's key holds goes on when the
// classification is approved and locked: a plan is followed up, and a
// procurement carried through.
func Continues(key string) bool { return OfProcurement(key) || strings.HasPrefix(key, keyAction) }

// Proposals are the measures that the gaps call for and no open action covers:
// one for each practice and role, or for the requirement where it has no
// practice. What has an active deviation is left out: it is an accepted gap. A
// title begins with a verb, for it stands in a list of what to do.
func (a *Assessment) Proposals(plan []Numbered[Action]) []Action {
	covered := map[string]bool{}
	for _, x := range plan {
		if x.Value.Open() {
			for _, id := range x.Value.Requirements {
				covered[id] = true
			}
		}
	}
	var out []Action
	at := map[[2]string]int{}
	for _, x := range a.Rows {
		if x.Outcome != Gap || covered[x.Requirement.ID] {
			continue
		}
		role := ""
		if x.Effective.Role != nil {
			role = x.Effective.Role.ID
		}
		key := [2]string{x.Requirement.ID, role}
		title, text := Text(x.Title), cmp.Or(Text(x.Is), Text(x.Shall))
		if p := x.Requirement.Practice; p != nil {
			key[0] = p.ID
		}
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			verb := say.introduce
			if x.Response.Value == AnswerPartly {
				verb = say.finish
			}
			out = append(out, Action{Title: fmt.Sprintf(verb, lowerFirst(title)), Origin: OfClassification, Role: role, Status: Planned, Priority: x.priority()})
		}
		m := &out[i]
		if m.Requirements = append(m.Requirements, x.Requirement.ID); len(m.Requirements) > 1 && x.Requirement.Practice != nil {
			m.Title = fmt.Sprintf(say.closeGaps, len(m.Requirements), x.Requirement.Practice.Title)
		}
		m.Text = strings.TrimSpace(m.Text + "\n" + text)
		if r := strings.TrimSpace(x.Response.Comment); r != "" {
			m.Text += " (" + strings.TrimSuffix(r, ".") + ".)"
		}
		m.Effort = max(m.Effort, x.Requirement.Effort)
		m.Priority = min(m.Priority, x.priority())
	}
	slices.SortStableFunc(out, func(a, b Action) int { return a.Priority - b.Priority })
	return out
}

// priority proposes an order: what law or the system's highest step calls for
// comes first, base protection that is missing second.
func (x *Assessed) priority() int {
	highest := 0
	for _, p := range x.Effective.Thresholds {
		highest = max(highest, p.Min)
	}
	switch {
	case x.Requirement.Basis == "statute" || highest == 3:
		return 1
	case x.Response.Value == AnswerNo || highest == 2:
		return 2
	}
	return 3
}
