package web

import (
	"maps"
	"slices"
	"strings"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/rule"
)

// approvalStops lists what has to be mended before a classification can be put
// forward.
func approvalStops(o *open, today string) []textLink {
	base := o.Base()
	if o.paused() {
		return []textLink{{"Klassningen avvaktar en bedömning utanför Kravverk", base + "/stopp"}}
	}
	var out []textLink
	add := func(text, link string) { out = append(out, textLink{text, link}) }
	if !o.Has(engine.KeyStop) {
		add("Stoppfrågan är inte besvarad", base+"/stopp")
	}
	asked := 0
	for _, q := range slices.Concat(o.Pending.Questions, o.Pending.Later) {
		if q.Fact != nil {
			asked++
		}
	}
	if asked > 0 {
		add(upperFirst(count(asked, "fråga kvar", "frågor kvar"))+" kan ändra kravlistan", base+"/fraga?hoppa=nivaer,lagrum")
	}
	if len(o.Information()) == 0 {
		add("Ingen information är beskriven, så nivåerna är inte bestämda", base+"/information")
	}
	for _, n := range o.Information() {
		var info engine.Information
		decode(o.Answers[engine.InformationKey(n)].Value, &info)
		if item := informationItemOf(o, n, info); item.Unrated {
			add(item.Title+" saknar nivå", base+"/information/"+itoa(n))
		}
	}
	if o.Facts.Handled("lagrum") == engine.Unanswered {
		add("Lagrummen är inte genomgångna", base+"/lagrum")
	}
	for _, a := range o.Catalog.Areas {
		if o.Classification.Type == "B" { // every row is answered there: going through the list first would be to do it twice
			break
		}
		some := slices.ContainsFunc(o.Derivation.Findings, func(f engine.Finding) bool { return f.Requirement.Area == a && f.Applies != rule.No })
		if some && !o.Has(engine.ReviewedKey(a.ID)) {
			add("Området "+lowerFirst(a.Title)+" är inte genomgånget", base+"/krav#"+a.ID)
		}
	}
	if o.Classification.Type == "B" {
		// What is offered decides nothing here, so nothing has to be gathered.
		a := o.Derivation.Assess(o.Record, nil, today)
		if n := a.Sum.Unanswered; n > 0 {
			add(upperFirst(count(n, "krav saknar svar", "krav saknar svar")), base+"/verifiering?visa=obesvarade")
		}
		missing := 0
		for _, x := range a.Proposals(o.Actions()) {
			missing += len(x.Requirements)
		}
		if missing > 0 {
			add(upperFirst(count(missing, "lucka saknar planpost eller avsteg", "luckor saknar planpost eller avsteg")), base+"/plan")
		}
	}
	delegations := o.Delegations()
	for _, part := range slices.Sorted(maps.Keys(delegations)) {
		if !delegations[part].Done {
			title, link := partOf(o, part)
			add("Delegeringen av "+title+" är inte klar", link)
		}
	}
	for i, x := range o.sections() {
		if x.ID != "stop" && x.ID != "approval" && !o.Has(engine.DoneKey(x.ID)) {
			add("Steg "+itoa(i+1)+", "+lowerFirst(x.Title)+", är inte markerat som klart", base+x.Path)
		}
	}
	return out
}

// partOf is what a part of a classification is called, and its page.
func partOf(o *open, part string) (title, link string) {
	list := "/krav"
	if o.Classification.Type == "B" { // there it is answered
		list = "/verifiering"
	}
	kind, id, _ := strings.Cut(part, "/")
	switch kind + "/" {
	case engine.PartFact:
		for _, f := range o.Catalog.Facts {
			if f.ID == id {
				return "frågan " + lowerFirst(f.Title), o.Base() + "/fraga?visa=" + id
			}
		}
	case engine.PartSection:
		for i, x := range o.sections() {
			if x.ID == id {
				return "steg " + itoa(i+1) + ", " + lowerFirst(x.Title), o.Base() + x.Path
			}
		}
	case engine.PartArea:
		for _, a := range o.Catalog.Areas {
			if a.ID == id {
				return "området " + lowerFirst(a.Title), o.Base() + list + "#" + id
			}
		}
	case engine.PartRequirement:
		return "kravet " + id, o.Base() + list + "/" + id
	}
	return part, o.Base()
}

// approvalNotes lists what does not hinder an approval, but is decided with it
// and stands in the protocol.
func approvalNotes(s *engine.Snapshot, base string) []textLink {
	var out []textLink
	add := func(text, link string) { out = append(out, textLink{text, link}) }
	for _, q := range s.Result.NotKnown {
		link := base + "/fragor#f-" + q.ID
		if q.ID == "lagrum" {
			link = base + "/lagrum"
		}
		add("Svaret är Vet ej: "+q.Title, link)
	}
	if n := s.Result.Unknown + s.Result.Unsettled; n > 0 {
		add(upperFirst(count(n, "krav är inte avgjort", "krav är inte avgjorda")), base+"/krav?typ=osakert")
	}
	if v := s.Verified; v != nil {
		for _, x := range []struct {
			n         int
			one, many string
			show      string
		}{
			{v.Stale, "svar vilar på något som har ändrats eller gått ut", "svar vilar på något som har ändrats eller gått ut", "seover"},
			{v.Assumed, "svar är antaget. Ingen har kontrollerat det, och det räknas inte som uppfyllt", "svar är antagna. Ingen har kontrollerat dem, och de räknas inte som uppfyllda", "antagna"},
			{v.NotKnown, "krav har svaret Vet ej", "krav har svaret Vet ej", ""},
			{v.Excepted, "lucka har ett avsteg", "luckor har ett avsteg", ""},
			{v.NotApplicable, "krav är ej tillämpligt enligt svaret", "krav är ej tillämpliga enligt svaren", ""},
		} {
			if x.n > 0 {
				add(upperFirst(count(x.n, x.one, x.many))+".", base+"/verifiering?visa="+x.show)
			}
		}
	}
	if s.Verified != nil {
		plan := planOf(s)
		if plan.planned > 0 {
			add(upperFirst(count(plan.planned, "lucka har en öppen planpost", "luckor har en öppen planpost"))+".", base+"/plan")
		}
		if plan.undated > 0 {
			add(upperFirst(count(plan.undated, "öppen planpost saknar datum", "öppna planposter saknar datum"))+".", base+"/plan#poster")
		}
		if plan.unagreed > 0 {
			add(upperFirst(count(plan.unagreed, "öppen planpost har en lydelse som rollen inte har godtagit", "öppna planposter har en lydelse som rollen inte har godtagit"))+".", base+"/plan#poster")
		}
	}
	var assumed, releases []string
	for _, w := range wordsOf(s) {
		if s.Verified != nil {
			break // what was accepted counts, and not what was offered
		}
		if w.Strength == "assumed" {
			assumed, releases = append(assumed, w.IDs...), append(releases, w.Release)
		}
	}
	if slices.Sort(assumed); len(assumed) > 0 {
		slices.Sort(releases)
		n := len(slices.Compact(assumed))
		add(upperFirst(count(n, "krav har ett antaget förslag till svar", "krav har antagna förslag till svar"))+" ur "+list(slices.Compact(releases), "och")+". Ingen har kontrollerat dem.", base+"/krav")
	}
	for _, l := range s.Lowered {
		add(loweredText(l), base+"/information")
	}
	for _, l := range s.Levels {
		if l.Raised {
			add(l.Title+" är höjd till "+itoa(l.Level)+" "+l.Name+byRole(l.DecidedBy)+".", base+"/hojning")
		}
	}
	return out
}

// frozenPlan counts the gaps by what is to become of them, and what the open
// lines of the plan lack.
type frozenPlan struct {
	planned, bare           int // gaps with an open line, and with neither line nor deviation
	open, undated, unagreed int
}

func planOf(s *engine.Snapshot) (p frozenPlan) {
	covered := map[string]bool{}
	for _, a := range s.Answers {
		var x engine.Action
		if !strings.HasPrefix(a.Key, "action/") || !decode(a.Value, &x) || !x.Open() {
			continue
		}
		p.open++
		if x.Due == "" {
			p.undated++
		}
		if x.Agreed == "" {
			p.unagreed++
		}
		for _, id := range x.Requirements {
			covered[id] = true
		}
	}
	for _, f := range s.Findings {
		switch {
		case f.Outcome != string(engine.Gap):
		case covered[f.ID]:
			p.planned++
		default:
			p.bare++
		}
	}
	return p
}

// outcomeFigures is what a B comes to, for who decides: the six that say how
// good it is always, a nought too.
func outcomeFigures(s *engine.Snapshot) []figure {
	v, plan := s.Verified, planOf(s)
	out := []figure{{"Uppfyllda", v.Met + v.Compensated}, {"Luckor", v.Gap}}
	if v.Gap > 0 {
		out = append(out, figure{"– med öppen planpost", plan.planned}, figure{"– utan planpost", plan.bare})
	}
	out = append(out, figure{"Avsteg", v.Excepted}, figure{"Antagna", v.Assumed}, figure{"Se över", v.Stale}, figure{"Utan svar", v.Unanswered})
	for _, f := range []figure{{"Vet ej", v.NotKnown}, {"Ej tillämpliga", v.NotApplicable}} {
		if f.N > 0 {
			out = append(out, f)
		}
	}
	out = append(out, figure{"Öppna planposter", plan.open})
	if plan.open > 0 {
		out = append(out, figure{"– utan datum", plan.undated}, figure{"– lydelsen inte godtagen", plan.unagreed})
	}
	return out
}

func loweredText(l engine.FrozenLowering) string {
	return l.Aspect + " för " + l.Information + " är sänkt från " + itoa(l.From) + " till " + itoa(l.To) + byRole(l.DecidedBy) + "."
}

func byRole(role string) string {
	if role == "" {
		return ""
	}
	return ", beslutat av " + lowerFirst(role)
}
