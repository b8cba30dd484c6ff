package web_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/store"
	"github.com/kravverk/kravverk/web"
)

// mayDo is who may do what, written a second time: the program's own table is
// compared with it, route by route.
var mayDo = map[string]string{
	"systemagare":                     "read comment answer delegate fetch begin propose procure carry move approve",
	"anlaggningsagare":                "read comment answer delegate fetch begin propose procure carry move approve",
	"informationsagare":               "read comment answer delegate fetch begin propose procure carry move approve",
	"systemforvaltare":                "read comment answer delegate fetch begin propose procure carry",
	"verksamhetsansvarig":             "read comment answer delegate fetch begin propose procure carry",
	"informationssakerhetssamordnare": "read comment answer delegate fetch begin propose procure carry move",
	"ciso":                            "read comment answer delegate fetch begin propose procure carry move",
	"upphandlare":                     "read comment fetch procure",
	"dataskyddsombud":                 "read comment",
	"forvaltningschef":                "read comment fetch approve",
	"granskare":                       "read fetch",
	"atgardsansvarig":                 "",
	"leverantor":                      "",
	"katalogforfattare":               "",
	"administrator":                   "administer operate",
	"arkivansvarig":                   "", // a role that only the catalogue has
	"hittepa":                         "", // and one that nobody knows
}

// needs is what each route asks for. A new route has to be entered here.
var needs = map[string]string{
	"GET /healthz": "public", "GET /static/{file}": "public", "GET /tillganglighet": "public", "GET /uppgifter": "public",
	"GET /logga-in": "public", "POST /logga-in": "public", "GET /logga-in/konto": "public", "GET /logga-in/svar": "public", "GET /logga-in/knyt": "public", "POST /logga-in/knyt": "public",
	"GET /inbjudan/{token}": "public", "POST /inbjudan/{token}": "public", "GET /inbjudan/{token}/konto": "public", "POST /logga-ut": "public",
	"GET /svar/{token}": "public", "POST /svar/{token}": "public",

	"GET /inloggad": "enter", "GET /konto": "enter", "POST /konto/losenord": "enter", "POST /konto/sessioner": "enter", "POST /konto/person": "enter",
	"GET /klassning/{id}/delegera": "read", "POST /klassning/{id}/delegera": "delegate", "POST /klassning/{id}/delegera/tillbaka": "delegate",
	"POST /klassning/{id}/delegera/{kind}/{part}/klar": "asked", // no role's
	"GET /klassning/{id}/kommentarer":                  "read", "POST /klassning/{id}/kommentarer": "comment", "POST /klassning/{id}/kommentarer/ta-bort": "comment",
	"GET /historik": "enter", "GET /klassning/{id}/historik": "read", "GET /klassning/{id}/historik/{batch}/angra": "answer", "POST /klassning/{id}/historik/{batch}/angra": "answer",
	"GET /": "enter", "GET /system": "enter",
	"GET /kataloger": "enter", "GET /kataloger/{catalog}": "enter", "GET /krav/{krav}": "enter", "GET /lagrum": "enter", "GET /lagrum/{lag}": "enter",
	"GET /kartotek": "enter", "GET /kartotek/{blad}": "enter", "GET /tackning": "enter", "GET /tackning.xlsx": "enter", "GET /tackning/{regelverk}": "enter",
	"GET /provfall": "enter", "GET /provfall/{fall}": "enter", "GET /sok": "enter",

	"GET /administration": "administer", "POST /administration": "administer", "GET /administration/roller": "administer",
	"GET /administration/enheter": "administer", "POST /administration/enheter": "administer",
	"GET /administration/enheter/{unit}": "administer", "POST /administration/enheter/{unit}": "administer", "POST /administration/enheter/{unit}/ta-bort": "administer",
	"GET /administration/personer": "administer", "POST /administration/personer": "administer", "GET /administration/personer/nya": "administer", "POST /administration/personer/nya": "administer",
	"POST /administration/personer/inbjudningar": "administer", "GET /administration/personer/{person}": "administer", "POST /administration/personer/{person}": "administer",
	"POST /administration/personer/{person}/roller": "administer", "POST /administration/personer/{person}/inbjudan": "administer",
	"POST /administration/personer/{person}/konto": "administer", "POST /administration/personer/{person}/sessioner": "administer",
	"GET /administration/inloggning": "operate", "POST /administration/inloggning": "operate", "GET /administration/sessioner": "operate", "POST /administration/sessioner": "operate",
	"GET /administration/drift": "operate", "POST /administration/drift": "operate",
	"GET /system/{system}/flytta": "move", "POST /system/{system}/flytta": "move",

	"GET /system/nytt": "begin", "POST /system/nytt": "begin", "GET /system/nytt/uppgifter": "begin", "POST /system": "begin",

	"GET /system/{system}": "read", "GET /klassning/{id}": "read", "GET /klassning/{id}/stopp": "read", "GET /klassning/{id}/fraga": "read",
	"GET /klassning/{id}/fragor": "read", "GET /klassning/{id}/fragor/alla": "read", "GET /klassning/{id}/information": "read",
	"GET /klassning/{id}/information/ny": "read", "GET /klassning/{id}/information/{n}": "read", "GET /klassning/{id}/hojning": "read",
	"GET /klassning/{id}/lagrum": "read", "GET /klassning/{id}/krav": "read", "GET /klassning/{id}/krav/{krav}": "read",
	"GET /klassning/{id}/prova": "read", "GET /klassning/{id}/kravbilaga": "read",

	"GET /klassning/{id}/godkannande": "read", "GET /klassning/{id}/revisioner": "read", "GET /klassning/{id}/revision/{revision}": "read",
	"GET /klassning/{id}/revision/{revision}.json": "fetch", "GET /klassning/{id}/revision/{revision}/intyg.json": "fetch",
	"POST /klassning/{id}/godkannande": "propose", "POST /klassning/{id}/godkannande/beslut": "approve", "POST /klassning/{id}/godkannande/oppna": "approve",

	"GET /klassning/{id}/anpassa": "read", "GET /klassning/{id}/anpassa/{rad}": "read", "POST /klassning/{id}/anpassa/{rad}": "procure",
	"POST /klassning/{id}/upphandling": "procure", "POST /klassning/{id}/kravbilaga": "procure", "GET /klassning/{id}/kravbilaga/{version}.xlsx": "fetch",
	// Tenders are no role's: only the named buyers'.
	"GET /klassning/{id}/anbud": "evaluate", "POST /klassning/{id}/anbud": "evaluate", "GET /klassning/{id}/anbud/{anbud}": "evaluate", "POST /klassning/{id}/anbud/{anbud}": "evaluate",
	"GET /klassning/{id}/anbud/{anbud}/fil/{n}": "evaluate", "POST /klassning/{id}/anbud/{anbud}/fil/{n}": "evaluate", "GET /klassning/{id}/anbud/{anbud}/fil/{n}/original": "evaluate",
	"GET /klassning/{id}/jamforelse": "evaluate", "GET /klassning/{id}/jamforelse.xlsx": "evaluate", "POST /klassning/{id}/tilldelning": "evaluate",

	"GET /system/{system}/bryt-ut": "move", "POST /system/{system}/bryt-ut": "move",
	"GET /system/{system}/b-klassning": "begin", "POST /system/{system}/b-klassning": "begin",
	"GET /klassning/{id}/verifiering": "read", "GET /klassning/{id}/verifiering/{krav}": "read", "POST /klassning/{id}/verifiering/{krav}": "answer",
	"GET /klassning/{id}/godta": "read", "POST /klassning/{id}/godta": "answer", "GET /klassning/{id}/kallor": "read", "POST /klassning/{id}/kallor": "answer",
	"GET /klassning/{id}/plan": "read", "GET /klassning/{id}/plan/{n}": "read", "POST /klassning/{id}/plan/{n}": "carry", "POST /klassning/{id}/forslag": "answer", "GET /klassning/{id}/plan.xlsx": "fetch", "GET /klassning/{id}/plan.csv": "fetch", "POST /klassning/{id}/planfil": "carry",
	"GET /klassning/{id}/leverantor": "answer", "POST /klassning/{id}/leverantor": "answer", "GET /klassning/{id}/leverantor/{version}.xlsx": "answer", "POST /klassning/{id}/leverantor/fil": "answer",
	"POST /klassning/{id}/leverantor/{version}/lank": "answer", "POST /klassning/{id}/leverantor/{version}/lank/stang": "answer",
	"GET /klassning/{id}/leverantor/{anbud}/fil/{n}": "answer", "POST /klassning/{id}/leverantor/{anbud}/fil/{n}": "answer", "GET /klassning/{id}/leverantor/{anbud}/fil/{n}/original": "answer",
	"POST /klassning/{id}/planfil/las": "carry",
	"GET /klassning/{id}/avsteg/{n}":   "read", "POST /klassning/{id}/avsteg/{n}": "answer",
	"GET /avtal": "enter", "POST /avtal": "begin", "GET /avtal/{avtal}": "enter", "POST /avtal/{avtal}": "begin", "POST /avtal/{avtal}/{krav}": "begin", "GET /avtal/{avtal}/tillagg": "begin", "POST /avtal/{avtal}/tillagg": "begin", "GET /planposter": "enter", "GET /klassning/{id}/plattform": "read", "GET /gemensamt": "enter", "GET /gemensamt/{enhet}/{krav}": "enter", "POST /gemensamt/{enhet}/{krav}": "begin", "GET /avtal/{avtal}/historik": "enter", "GET /planposter.xlsx": "enter", "GET /planposter.csv": "enter", "POST /planposterfil": "enter", "POST /planposterfil/las": "enter",

	"GET /klassning/{id}/kravbilaga.xlsx": "fetch", "GET /klassning/{id}/motivering.xlsx": "fetch",

	"POST /klassning/{id}/klart/{section}": "answer", "POST /klassning/{id}/stopp": "answer", "POST /klassning/{id}/fragor/{fact}": "answer",
	"POST /klassning/{id}/information": "answer", "POST /klassning/{id}/information/{n}": "answer", "POST /klassning/{id}/hojning": "answer",
	"POST /klassning/{id}/lagrum": "answer", "POST /klassning/{id}/krav/{area}": "answer",
}

// routesOf is every route of the handler, with the address filled in for one
// classification.
func (s *site) routesOf(base string) map[string]string {
	s.t.Helper()
	out := map[string]string{}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		for route, path := range s.filledRoutes(method, base) {
			out[method+" "+route] = path
		}
	}
	return out
}

func TestEveryRouteHasALeave(t *testing.T) {
	s := newSite(t)
	routes := map[string]bool{}
	check(t, chi.Walk(s.handlerRoutes(), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		routes[method+" "+route] = true
		if _, ok := needs[method+" "+route]; !ok {
			t.Errorf("%s %s is not in the test's table: who may use it?", method, route)
		}
		return nil
	}))
	for route := range needs {
		if !routes[route] {
			t.Errorf("%s is in the test's table, and no route", route)
		}
	}
	for _, role := range web.Roles {
		if _, ok := mayDo[role.ID]; !ok {
			t.Errorf("the role %s is not in the test's table", role.ID)
		}
	}
}

// Every route with every role: in the role's own unit, below it, looking after
// the system, beside it and signed out.
func TestEveryRouteWithEveryRole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := context.Background()
	for _, u := range []engine.Unit{{ID: "signal", Parent: "trafik", Title: "Signaler", Kind: engine.MaintainedUnit}, {ID: "social", Parent: store.TopUnit, Title: "Socialförvaltningen", Kind: engine.Administration}} {
		_, err := s.db.SaveUnit(ctx, "", u)
		check(t, err)
	}
	base := s.filled()
	other := s.filled()
	rec, elsewhere := s.record(base), s.record(other)
	check(t, s.db.MoveSystem(ctx, "", rec.System.ID, "signal", ""))
	check(t, s.db.MoveSystem(ctx, "", elsewhere.System.ID, "social", ""))
	routes := s.routesOf(base)

	// answered is the status of a route for whoever the site is.
	answered := func(route, base string) int {
		method, _, _ := strings.Cut(route, " ")
		path := routes[route]
		if method == http.MethodGet {
			return s.get(path).Code
		}
		// Nothing is filled in: whoever may, is told what is missing.
		return s.post(path, url.Values{"person": {"maria"}, "version": {"x"}}).Code
	}
	refused := []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound}

	for role, may := range mayDo {
		t.Run(role, func(t *testing.T) {
			for _, x := range []struct {
				name, unit string
				reach      bool // whether the role is about the system's unit
			}{{"at", "signal", true}, {"above", "trafik", true}, {"beside", "social", false}} {
				person := engine.Person{ID: role + "-" + x.name, Name: role + " " + x.name}
				_, err := s.db.AddAccount(ctx, "", engine.Account{Person: person, Grants: []engine.Grant{{Unit: x.unit, Role: role}}})
				check(t, err)
				s.config.Demo = person.ID
				s.open()
				clear(s.cookies)
				for route, need := range needs {
					if need == "public" || route == "POST /konto/person" || route == "POST /konto/losenord" { // the demo has no passwords
						continue
					}
					allowed := slices.Contains(strings.Fields(may), need)
					about := strings.Contains(route, "{id}") || strings.Contains(route, "{system}")
					if need == "operate" { // the whole installation's, not a unit's
						allowed = false
					}
					want := "through"
					switch {
					case (strings.Contains(route, "{avtal}") || strings.Contains(route, "{enhet}")) && (need == "enter" || allowed) && (!x.reach || !slices.Contains(strings.Fields(may), "read")):
						want = "404"
					case need == "enter":
					case about && (!x.reach || !slices.Contains(strings.Fields(may), "read")):
						want = "404"
					case !allowed:
						want = "403"
					case strings.Contains(route, "{unit}") && !x.reach, strings.Contains(route, "{person}"): // the person's role is at the top
						want = "404"
					case route == "POST /administration": // names the whole organisation
						want = "403"
					}
					code := answered(route, base)
					got := "through"
					if slices.Contains(refused, code) {
						got = strconv.Itoa(code)
					}
					if got != want {
						t.Errorf("%s, %s (%s): %s (%d), want %s", x.name, route, need, got, code, want)
					}
				}
			}
		})
	}

	t.Run("signed out", func(t *testing.T) {
		s.config.Demo = ""
		s.open()
		clear(s.cookies)
		for route, need := range needs {
			code := answered(route, base)
			want := []int{http.StatusUnauthorized}
			if strings.HasPrefix(route, "GET") {
				want = []int{http.StatusSeeOther}
			}
			if need == "public" {
				want = []int{200, 303, 400, 404, 422, 429}
			}
			if !slices.Contains(want, code) {
				t.Errorf("%s: %d, want %v", route, code, want)
			}
		}
	})
}

// Who looks after a system may do what its owner may, but not approve.
func TestManagingUnit(t *testing.T) {
	s := newSite(t)
	ctx := context.Background()
	_, err := s.db.SaveUnit(ctx, "", engine.Unit{ID: "it", Parent: store.TopUnit, Title: "It-avdelningen", Kind: engine.Administration})
	check(t, err)
	base := s.system("Kartan")
	bo := engine.Person{ID: "bo", Name: "Bo Ek"}
	_, err = s.db.AddAccount(ctx, "", engine.Account{Person: bo, Grants: []engine.Grant{{Unit: "it", Role: "systemagare"}}})
	check(t, err)
	s.as(bo)
	s.get(base).wants(404)
	check(t, s.db.MoveSystem(ctx, "", s.record(base).System.ID, "trafik", "it"))
	s.get(base).wants(200)
	s.post(base+"/fragor/drift", url.Values{"svar": {"egen"}, "version": {"0"}, "nyckel": {"n"}}).wants(303)
	s.get("/system").wants(200, "Kartan")
}

// A refusal names who may, and never what one may not know of.
func TestRefusalTellsWhomToAsk(t *testing.T) {
	s := newSite(t)
	base := s.system("Hemliga registret")
	olof := engine.Person{ID: "olof", Name: "Olof Nyman"}
	check(t, s.people(olof, "granskare"))
	check(t, s.people(engine.Person{ID: "ingen", Name: "Ingen Alls"}))
	s.as(olof)
	s.post(base+"/fragor/drift", url.Values{"svar": {"egen"}}).wants(403, "Hemliga registret", "Johan Berg", "Maria Lindqvist")
	if v := s.value(base, "fact/drift"); v != "" && v != "null" {
		t.Errorf("saved %s", v)
	}
	s.as(engine.Person{ID: "ingen"})
	s.get(base).wants(404).lacks("Hemliga registret", "Maria")
	s.get("/").wants(200).lacks("Hemliga registret")
	s.get("/system").wants(200).lacks("Hemliga registret")
	s.get("/system/" + s.record(base).System.ID).wants(404).lacks("Hemliga registret")
}
