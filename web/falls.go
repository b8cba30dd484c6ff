package web

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine"
)

// fallView is what would be lost if a clause, a commitment or an answer no
// longer held.
type fallView struct {
	What    string
	Rows    int // responses that would have to be gone through
	Systems []fallenView
	Hidden  int // systems that the visitor may not see
}

// fallenView is a system that would be hit.
type fallenView struct {
	Title, Link string
	Parts       []fallenPart
}

// fallenPart is requirements that share a fate.
type fallenPart struct {
	Rows []textLink
	Fate string
}

// A fallen response stands on something, or on a response that does.
type fallen struct {
	requirement string
	waits       *engine.Record // whose next approval it falls with; nil when it falls at once
}

// struck is a classification with what falls in it.
type struck struct {
	*engine.Record
	fallen []fallen
}

// follow finds what stands on a source's answers to some requirements: the
// responses taken straight from it, those taken from those systems as platform,
// sibling or earlier classification, and so on, the nearest first. Ids are
// unique across kinds, so what has been seen is told by id alone.
func follow(records []engine.Record, kind engine.OfferKind, from string, requirements []string) []*struck {
	type source struct{ id, requirement string }
	stands := map[source][]*engine.Record{}
	for i := range records {
		rec := &records[i]
		if rec.Classification.Type != "B" {
			continue
		}
		for _, q := range requirements {
			t := takenOf(rec.Answers[engine.ResponseKey(q)])
			if t == nil {
				continue
			}
			onward := t.Kind == engine.FromPlatform || t.Kind == engine.FromSibling || t.Kind == engine.FromEarlier
			if onward || t.Kind == kind && t.From == from {
				stands[source{t.From, q}] = append(stands[source{t.From, q}], rec)
			}
		}
	}
	var out []*struck
	at, seen := map[string]*struck{}, map[source]bool{}
	type step struct {
		source
		waits *engine.Record
	}
	var queue []step
	for _, q := range requirements {
		queue = append(queue, step{source{from, q}, nil})
		seen[source{from, q}] = true
	}
	for ; len(queue) > 0; queue = queue[1:] {
		x := queue[0]
		for _, rec := range stands[x.source] {
			next := source{rec.Classification.ID, x.requirement}
			if seen[next] {
				continue
			}
			seen[next] = true
			h := at[next.id]
			if h == nil {
				h = &struck{Record: rec}
				at[next.id] = h
				out = append(out, h)
			}
			h.fallen = append(h.fallen, fallen{x.requirement, x.waits})
			// What an agreement or a unit no longer says falls for all at once, however
			// many have passed it on (see hearsay). A system's own answer is offered as
			// it was approved, until it is approved anew.
			then := step{next, rec}
			if kind == engine.FromAgreement || kind == engine.FromUnit {
				then.waits = nil
			}
			queue = append(queue, then)
		}
	}
	return out
}

// takenOf is the offer that a stored response stands on, nil when it is one's own.
func takenOf(a engine.Answer) *engine.Taken {
	var r engine.Response
	if !a.Given() || !bytes.Contains(a.Value, []byte("taken")) || json.Unmarshal(a.Value, &r) != nil || r.Value == "" {
		return nil
	}
	return r.Taken
}

// takenFrom is the accepted offers of one kind that answers still stand on, by
// requirement.
func takenFrom(rec *engine.Record, kind engine.OfferKind) map[string]*engine.Taken {
	out := map[string]*engine.Taken{}
	if rec.Classification.Type != "B" {
		return out
	}
	for key, a := range rec.Answers {
		// Reading every response of thousands of systems takes long: most say
		// at a glance that they are of another kind.
		id, ok := strings.CutPrefix(key, engine.ResponseKey(""))
		if !ok || !bytes.Contains(a.Value, []byte(kind)) {
			continue
		}
		if t := takenOf(a); t != nil && t.Kind == kind {
			out[id] = t
		}
	}
	return out
}

// shown is what a visitor is told of what falls: the systems that she may read,
// and how many more there are.
func (v *visit) shown(what string, hits []*struck) *fallView {
	out := &fallView{What: what}
	for _, h := range hits {
		out.Rows += len(h.fallen)
		if !v.on(h.Record, read, "") {
			out.Hidden++
			continue
		}
		x := fallenView{Title: h.System.Title, Link: "/klassning/" + h.Classification.ID + "/verifiering"}
		for _, f := range h.fallen {
			fate := v.fate(f)
			i := slices.IndexFunc(x.Parts, func(p fallenPart) bool { return p.Fate == fate })
			if i < 0 {
				i = len(x.Parts)
				x.Parts = append(x.Parts, fallenPart{Fate: fate})
			}
			x.Parts[i].Rows = append(x.Parts[i].Rows, textLink{f.requirement, x.Link + "/" + f.requirement})
		}
		out.Systems = append(out.Systems, x)
	}
	return out
}

// fate is what a response comes to.
func (v *visit) fate(f fallen) string {
	switch {
	case f.waits == nil:
		return "blir att se över"
	case v.on(f.waits, read, ""):
		return "blir att se över när " + f.waits.System.Title + " har godkänts på nytt"
	}
	return "blir att se över när ett system som du inte kan läsa har godkänts på nytt"
}
