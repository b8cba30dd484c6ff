package engine

import (
	"encoding/json"
	"slices"
	"strings"
)

// Shared is what a unit keeps for all systems of its own and below. The keys are
//
//	agreement/<id>             an Agreement
//	how/<unit>/<requirement>   a How
type Shared struct {
	Unit string // an id
	Answer
}

const (
	keyAgreement = "agreement/"
	keyHow       = "how/"
)

// AgreementKey is the key of an agreement.
func AgreementKey(id string) string { return keyAgreement + id }

// HowKey is the key of how a unit meets a requirement.
func HowKey(unit, requirement string) string { return keyHow + unit + "/" + requirement }

// How is a unit's own text about how it meets a requirement, for all its systems.
type How struct {
	Text string `json:"text"`
}

// Agreements reads the agreements that reach a unit: its own and those of the
// units above it. An empty unit means all of them.
func Agreements(list []Shared, org *Organisation, unit string) []Agreement {
	var out []Agreement
	for _, x := range list {
		id, ok := strings.CutPrefix(x.Key, keyAgreement)
		var a Agreement
		if !ok || !x.Given() || unit != "" && !org.Within(unit, x.Unit) || json.Unmarshal(x.Value, &a) != nil {
			continue
		}
		a.ID, a.Unit, a.Version, a.At, a.By = id, x.Unit, x.Version, x.At, x.By
		out = append(out, a)
	}
	return out
}

// HowOf gives the text about a requirement that reaches a unit, the nearest
// first: its own, or that of a unit above it. The answer's version is 0 when
// there is none.
func HowOf(list []Shared, org *Organisation, unit, requirement string) (Shared, How) {
	for _, u := range org.Above(unit) {
		i := slices.IndexFunc(list, func(x Shared) bool { return x.Key == HowKey(u.ID, requirement) && x.Given() })
		var h How
		if i >= 0 && json.Unmarshal(list[i].Value, &h) == nil && h.Text != "" {
			return list[i], h
		}
	}
	return Shared{}, How{}
}
