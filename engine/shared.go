package engine

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/rule"
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

// How is how a unit meets a requirement, for all its systems. With an answer it
// is also offered to them: what an organisation does once, each system need not
// be asked about anew. (NIST SP 800-53 calls such a safeguard a common control.)
type How struct {
	Text     string    `json:"text"`
	Answer   string    `json:"answer,omitempty"`  // yes or partly; "" when the text is only there to be read
	Remains  string    `json:"remains,omitempty"` // what is left for each system to do
	Role     string    `json:"role,omitempty"`    // who stands for the answer
	Date     string    `json:"date,omitempty"`    // when that was said
	Until    string    `json:"until,omitempty"`   // the last day of the answer; "" until further notice
	Evidence *Evidence `json:"evidence,omitempty"`
}

// Strength is that of the answer as an offer. Without evidence it is assumed: that
// a unit says so does not show that a system is run so.
func (h How) Strength() string {
	if h.Evidence == nil {
		return "assumed"
	}
	return "verified"
}

// offer is what the unit's answer offers.
func (h How) offer(unit, title, requirement string) Offer {
	p := &catalog.Prefill{RequirementID: requirement, Answer: h.Answer, How: h.Text, Remains: h.Remains, ValidUntil: h.Until, Strength: h.Strength(), Source: title}
	if e := h.Evidence; e != nil {
		p.Source += ", " + strings.TrimSpace(e.Title+" "+e.Date)
	}
	if h.Role != "" {
		p.Source += fmt.Sprintf(say.confirmedBy, lowerRole(h.Role), h.Date)
	}
	return Offer{Prefill: p, Offered: rule.Yes, Kind: FromUnit, From: unit}
}

// Kept is how a unit meets one requirement, as it is stored.
type Kept struct {
	Requirement string // an id
	How         How
	Shared
}

// Hows reads what a unit itself has written about how it meets requirements, by
// requirement. What has been taken back is left out.
func Hows(list []Shared, unit string) map[string]Kept {
	out := map[string]Kept{}
	for _, x := range list {
		id, ok := strings.CutPrefix(x.Key, HowKey(unit, ""))
		var h How
		if ok && x.Given() && json.Unmarshal(x.Value, &h) == nil && h.Text != "" {
			out[id] = Kept{id, h, x}
		}
	}
	return out
}

// HowOffers gives the answers that reach a unit, by requirement, the nearest
// first: its own, or that of a unit above it.
func HowOffers(list []Shared, org *Organisation, unit string) map[string]Offer {
	out := map[string]Offer{}
	above := org.Above(unit)
	slices.Reverse(above)
	for _, u := range above {
		for id, k := range Hows(list, u.ID) {
			if k.How.Answer != "" {
				out[id] = k.How.offer(u.ID, u.Title, id)
			}
		}
	}
	return out
}

// FrozenHows names the answers of one unit that were accepted, with one hash
// over all of them as they are stored, in the order of their ids.
func FrozenHows(list []Shared, org *Organisation, unit string, requirements []string) FrozenSource {
	kept := Hows(list, unit)
	sum := sha256.New()
	for _, id := range slices.Sorted(slices.Values(requirements)) {
		fmt.Fprintf(sum, "%s\n%s\n", id, bytes.TrimSpace(kept[id].Value))
	}
	return FrozenSource{Kind: FromUnit, ID: unit, Title: cmp.Or(org.Title(unit), unit), SHA256: hex.EncodeToString(sum.Sum(nil))}
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

// HowOf gives what is written about a requirement that reaches a unit, the
// nearest first. Its version is 0 when there is nothing.
func HowOf(list []Shared, org *Organisation, unit, requirement string) Kept {
	for _, u := range org.Above(unit) {
		if k, ok := Hows(list, u.ID)[requirement]; ok {
			return k
		}
	}
	return Kept{}
}
