package web

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine"
)

// assess gathers what is offered from near and far, and tells what is met.
func (s *server) assess(ctx context.Context, o *open) (*verified, error) {
	v := &verified{open: o, Today: s.today()}
	var err error
	if v.Shared, err = s.Store.Shared(ctx); err != nil {
		return nil, err
	}
	v.Agreements = engine.Agreements(v.Shared, o.visit.org, o.System.Unit)
	more := []map[string]engine.Offer{engine.HowOffers(v.Shared, o.visit.org, o.System.Unit)}
	word := s.hearsay(ctx, v.Shared, o.visit.org, o.Classification.ID)
	if b := o.Baseline(); b != nil {
		offers, revision, err := s.baselineOffers(ctx, b, word)
		if err != nil {
			return nil, err
		}
		v.Newest = revision
		more = append(more, offers)
	}
	for _, kind := range []engine.OfferKind{engine.FromPlatform, engine.FromSibling} {
		for _, id := range o.Sources(kind) {
			snapshot, err := s.lastApproved(ctx, id)
			if err != nil && !errors.Is(err, engine.ErrNotFound) {
				return nil, err // unread is not the same as gone
			}
			if snapshot == nil {
				continue // gone, or never approved: it offers nothing
			}
			more = append(more, snapshot.Offers(engine.Relation{Kind: kind, From: id, Only: declaredIn(snapshot), Levels: o.Facts.Levels, Stands: word.stands}))
		}
	}
	if word.err != nil {
		return nil, word.err
	}
	e, err := s.Store.Evaluation(ctx, o.Classification.ID)
	if err != nil {
		return nil, err
	}
	more = append(more, e.Answers()...)
	offers := o.Derivation.Inherit(v.Today, v.Agreements, o.Sources(engine.FromAgreement), more...)
	v.Assessment = o.Derivation.Assess(o.Record, offers, v.Today)
	v.planned = map[string]bool{}
	for _, a := range v.Actions() {
		for _, id := range a.Value.Requirements {
			v.planned[id] = v.planned[id] || a.Value.Open()
		}
	}
	if o.visit.plans(&v.Record) {
		v.newAction = v.Base() + "/plan/" + itoa(v.NextAction())
	}
	return v, nil
}

// baselineOffers is what the classification that this one started from offers,
// with its newest approved revision: of an A the winning tender, of a B its
// answers.
func (s *server) baselineOffers(ctx context.Context, b *engine.Baseline, word *hearsay) (map[string]engine.Offer, int, error) {
	snapshot, approval, err := s.approvedOf(ctx, b.Classification)
	if err != nil || snapshot == nil {
		return nil, 0, err
	}
	if snapshot.Classification.Type == "B" {
		return snapshot.Offers(engine.Relation{Kind: engine.FromEarlier, From: b.Classification, Stands: word.stands}), approval.Revision, nil
	}
	e, err := s.Store.Evaluation(ctx, b.Classification)
	if err != nil || e.Award == nil {
		return nil, approval.Revision, err
	}
	published, err := s.Store.Publications(ctx, b.Classification)
	if err != nil || len(published) == 0 {
		return nil, approval.Revision, err
	}
	return e.Offers(published[len(published)-1].Rows), approval.Revision, nil
}

// lastApproved is the snapshot of a classification's newest approved revision;
// nil when none has been approved.
func (s *server) lastApproved(ctx context.Context, classification string) (*engine.Snapshot, error) {
	snapshot, _, err := s.approvedOf(ctx, classification)
	return snapshot, err
}

// hearsay looks up whether what somebody has accepted elsewhere still stands
// there, no weaker than it was taken, through whoever that was taken from in turn.
type hearsay struct {
	s          *server
	ctx        context.Context
	shared     []engine.Shared
	agreements []engine.Agreement
	self       string // the classification that is offered: its own word does not come back to it
	today      string
	snapshots  map[string]*engine.Snapshot
	units      map[string]map[string]engine.Kept
	err        error // the first that a lookup ended in: then nothing can be said
}

func (s *server) hearsay(ctx context.Context, shared []engine.Shared, org *engine.Organisation, self string) *hearsay {
	return &hearsay{s: s, ctx: ctx, shared: shared, agreements: engine.Agreements(shared, org, ""), self: self, today: s.today(), snapshots: map[string]*engine.Snapshot{}, units: map[string]map[string]engine.Kept{}}
}

// stands is for engine.Relation.
func (x *hearsay) stands(requirement string, t engine.Taken) bool {
	return x.follow(requirement, t, nil)
}

func (x *hearsay) follow(requirement string, t engine.Taken, seen []string) bool {
	switch t.Kind {
	case engine.FromAgreement:
		i := slices.IndexFunc(x.agreements, func(a engine.Agreement) bool { return a.ID == t.From })
		if i < 0 || x.agreements[i].ExpiredAt(x.today) {
			return false
		}
		c := x.agreements[i].Commitment(requirement)
		return c != nil && !c.Fallen && (c.Until == "" || c.Until >= x.today) && (c.Answer == "" || c.Answer == t.Answer) && engine.Weakness(c.Strength) <= engine.Weakness(t.Strength)
	case engine.FromUnit:
		h := x.hows(t.From)[requirement].How
		return h.Answer == t.Answer && (h.Until == "" || h.Until >= x.today) && engine.Weakness(h.Strength()) <= engine.Weakness(t.Strength)
	case engine.FromPlatform, engine.FromSibling, engine.FromEarlier:
		if t.From == x.self || slices.Contains(seen, t.From) {
			return false
		}
		snapshot := x.snapshot(t.From)
		if snapshot == nil {
			return false
		}
		var r engine.Response
		if a := snapshot.Answer(engine.ResponseKey(requirement)); a == nil || json.Unmarshal(a.Value, &r) != nil {
			return false
		}
		met := r.Value == engine.AnswerYes || r.Value == engine.AnswerCompensated
		if !met && (r.Value != engine.AnswerPartly || t.Answer != engine.AnswerPartly) {
			return false
		}
		strength := "assumed"
		switch {
		case r.Taken != nil:
			strength = r.Taken.Strength
		case len(r.Evidence) > 0:
			strength = "verified"
		}
		if engine.Weakness(strength) > engine.Weakness(t.Strength) {
			return false
		}
		return r.Taken == nil || x.follow(requirement, *r.Taken, append(seen, t.From))
	}
	return true // an author's, a tenderer's or a supplier's word does not fall: it expires, or is changed where it was given
}

func (x *hearsay) hows(unit string) map[string]engine.Kept {
	if x.units[unit] == nil {
		x.units[unit] = engine.Hows(x.shared, unit)
	}
	return x.units[unit]
}

func (x *hearsay) snapshot(id string) *engine.Snapshot {
	found, ok := x.snapshots[id]
	if !ok {
		var err error
		if found, err = x.s.lastApproved(x.ctx, id); err != nil && !errors.Is(err, engine.ErrNotFound) && x.err == nil {
			x.err = err
		}
		x.snapshots[id] = found
	}
	return found
}

// stand is what an answer to a requirement was taken from: as much of it as tells
// whether it holds.
type stand struct {
	requirement string
	taken       engine.Taken // its kind, where it is from, what it answers, how strongly, and its last day
}

func standsOf(rec *engine.Record) []stand {
	var out []stand
	for id, r := range rec.Responses() {
		if t := r.Taken; t != nil && r.Value != "" {
			out = append(out, stand{id, engine.Taken{Kind: t.Kind, From: t.From, Answer: t.Answer, Strength: t.Strength, ValidUntil: t.ValidUntil}})
		}
	}
	return out
}

// reviewRow is a verification with answers to take a stand on anew.
type reviewRow struct {
	Title, Link string
	N           int
}

// toReview lists the verifications that the visitor answers for, also approved
// ones, with answers whose source has expired or no longer says so: nobody looks
// there unless she is told.
func (s *server) toReview(ctx context.Context, v *visit, rows []systemRow) ([]reviewRow, error) {
	shared, err := s.Store.Shared(ctx)
	if err != nil {
		return nil, err
	}
	word := s.hearsay(ctx, shared, v.org, "")
	var out []reviewRow
	for _, row := range rows {
		if !row.May || row.Type != "B" {
			continue
		}
		word.self = strings.TrimPrefix(row.Base, "/klassning/")
		n := 0
		for _, x := range row.Stands {
			if x.taken.ExpiredAt(word.today) || !word.stands(x.requirement, x.taken) {
				n++
			}
		}
		if n > 0 {
			out = append(out, reviewRow{row.System.Title, row.Base + "/verifiering?visa=seover", n})
		}
	}
	return out, word.err
}
