package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/store"
	"github.com/kravverk/kravverk/web"
)

// Exempelstad and its people are made up. The first of them is who one is to
// begin with.
var demoUnits = []engine.Unit{
	{ID: store.TopUnit, Title: "Exempelstad", Kind: engine.City},
	{ID: "trafik", Parent: store.TopUnit, Title: "Trafikkontoret", Kind: engine.Administration},
	{ID: "trafikledning", Parent: "trafik", Title: "Trafikledning", Kind: engine.MaintainedUnit},
	{ID: "parkering", Parent: "trafik", Title: "Parkering", Kind: engine.MaintainedUnit},
	{ID: "social", Parent: store.TopUnit, Title: "Socialförvaltningen", Kind: engine.Administration, FourEyes: true},
	{ID: "bostad", Parent: store.TopUnit, Title: "Exempelbostäder AB", Kind: engine.Company},
}

type demoPerson struct {
	id, name, role, unit string
}

var demoPeople = []demoPerson{
	{"maria", "Maria Lindqvist", "systemagare", "trafik"},
	{"johan", "Johan Berg", "systemforvaltare", "trafik"},
	{"anna", "Anna Holm", "informationssakerhetssamordnare", store.TopUnit},
	{"sara", "Sara Ek", "anlaggningsagare", "trafikledning"},
	{"erik", "Erik Sund", "upphandlare", store.TopUnit},
	{"ulla", "Ulla Strand", "forvaltningschef", "trafik"},
	{"leila", "Leila Haddad", "dataskyddsombud", store.TopUnit},
	{"petra", "Petra Lind", "arkivansvarig", store.TopUnit},
	{"ali", "Ali Rashid", "systemagare", "social"},
	{"olof", "Olof Nyman", "granskare", store.TopUnit},
	{"karin", "Karin Ståhl", web.Administrator, store.TopUnit},
}

// demoSystem is one made-up system, half-way through something.
type demoSystem struct {
	engine.System
	role  string // who cleared the stop question
	saves []demoSave
	// A first revision was approved, and reopened later; 0 when there is none.
	approved, reopened time.Duration
	procured           bool // tenders have come in
}

// demoSave is answers that one person saved at one time.
type demoSave struct {
	by      string
	ago     time.Duration
	answers map[string]any
}

const day = 24 * time.Hour

func info(kind, why string, levels map[string]int, worst map[string]string) engine.Information {
	i := engine.Information{Type: kind, Levels: levels, Justification: why}
	for aspect, category := range worst {
		if i.Rated == nil {
			i.Rated = map[string]map[string]int{}
		}
		if i.Rated[category] == nil {
			i.Rated[category] = map[string]int{}
		}
		i.Rated[category][aspect] = levels[aspect]
	}
	return i
}

// inDays is a date so many days from now.
func inDays(n int) string { return time.Now().AddDate(0, 0, n).Format(time.DateOnly) }

func levels(k, r, t int) map[string]int { return map[string]int{"K": k, "R": r, "T": t} }

var demoSystems = []demoSystem{
	{
		System: engine.System{Title: "Parkeringstillstånd", Unit: "parkering",
			Description: "Invånare och företag söker tillstånd i en molntjänst, handläggare beslutar och parkeringsvakter slår upp giltiga tillstånd."},
		role: "Systemägare",
		saves: []demoSave{
			{"maria", 11 * day, map[string]any{
				"information/1": info("Läkarintyg", "Intygen beskriver sjukdom och funktionsnedsättning. Sprids de kan en enskild person skadas allvarligt, och skadan går inte att ta tillbaka.", levels(3, 2, 1), map[string]string{"K": "individ", "R": "individ", "T": "verksamhet"}),
				"information/2": info("arendehandlingar", "", levels(2, 2, 1), nil),
				"information/3": info("Giltiga tillstånd", "Parkeringsvakter slår upp fordon under hela dygnet. Är registret nere bötfälls den som har tillstånd.", levels(1, 2, 2), map[string]string{"K": "individ", "R": "individ", "T": "verksamhet"}),
				"information/4": info("kontaktuppgifter", "", levels(1, 1, 1), nil),
			}},
			{"johan", 4 * day, map[string]any{
				"fact/cyberfysiskt": false, "fact/publik_tjanst": true, "fact/integrationer": true, "fact/ai": false,
				"fact/drift": "moln", "fact/molnmodell": "saas", "fact/leverantorsintyg": []string{"iso27001", "c5-typ2"},
				"fact/atkomst_utifran": true, "fact/leverantor_fjarratkomst": true, "fact/tradlost": false, "fact/upphandling": true,
				"fact/personuppgifter": true, "fact/kansliga_personuppgifter": true, "fact/personuppgiftsbitrade": true, "fact/hog_risk_integritet": false,
				"fact/sekretess": true, "fact/allmanna_handlingar": true,
			}},
			{"maria", 3 * day, map[string]any{
				"done/information":         true,
				"delegate/fact/bevaras":    engine.Delegation{Role: "arkivansvarig", Due: inDays(5), Text: "Ansökningar och beslut. Finns de i dokumenthanteringsplanen?"},
				"delegate/fact/tredjeland": engine.Delegation{Role: "dataskyddsombud", Due: inDays(-1)},
			}},
			{"leila", day, map[string]any{"comment/fact/tredjeland/1": engine.Comment{Text: "Supporten kan sitta utanför EU. Jag har bett leverantören om listan över underbiträden."}}},
		},
	},
	{
		System: engine.System{Title: "Trafikkameror, ringleden", Unit: "trafikledning", Members: 214,
			Description: "Kameror som visar trafikläget för trafikledningen. De är av samma slag och klassas som en grupp."},
		role: "Anläggningsägare",
		saves: []demoSave{
			{"anna", 20 * day, map[string]any{
				"information/1": info("passagebilder", "", levels(2, 1, 2), nil),
				"information/2": info("systemloggar", "Loggarna visar inloggningar i kamerorna, inte enskilda trafikanter. Skadan blir begränsad om de sprids.", levels(2, 2, 1), nil),
			}},
			{"johan", 12 * day, map[string]any{
				"fact/cyberfysiskt": true, "fact/trafikstyrning": false, "fact/vagtunnel": false, "fact/kamerabevakning": true, "fact/utrustning_allman_plats": true,
				"fact/publik_tjanst": false, "fact/integrationer": true, "fact/ai": false,
				"fact/drift": "egen", "fact/atkomst_utifran": false, "fact/leverantor_fjarratkomst": true, "fact/tradlost": true,
				"fact/inbaddad_programvara": true, "fact/egen_utveckling": false, "fact/upphandling": true,
				"fact/personuppgifter": true, "fact/kansliga_personuppgifter": false, "fact/skyddad_identitet": false, "fact/personuppgiftsbitrade": true,
				"fact/tredjeland": false, "fact/hog_risk_integritet": true,
				"fact/sekretess": true, "fact/allmanna_handlingar": true, "fact/bevaras": engine.VetEj,
			}},
			{"anna", 9 * day, map[string]any{"fact/lagrum": []string{"csl", "lou", "red"}, "done/facts": true, "done/information": true, "done/laws": true}},
			{"maria", 2 * day, map[string]any{"reviewed/BEH": true, "reviewed/LOG": true, "reviewed/BKP": true, "reviewed/KON": true}},
		},
	},
	{
		System: engine.System{Title: "Tunnelstyrning, Västra tunneln", Unit: "trafikledning",
			Description: "Styr ventilation, bommar, skyltar och larm i en vägtunnel, med operatörer i trafikledningscentralen."},
		role: "Anläggningsägare",
		saves: []demoSave{
			{"johan", 6 * day, map[string]any{
				"fact/cyberfysiskt": true, "fact/trafikstyrning": true, "fact/vagtunnel": true, "fact/kamerabevakning": false, "fact/utrustning_allman_plats": false,
				"fact/publik_tjanst": false, "fact/integrationer": true, "fact/ai": false, "fact/drift": "egen", "fact/leverantor_fjarratkomst": true,
			}},
			{"johan", 5 * day, map[string]any{
				"information/1": info("Styrning av ventilation och bommar", "Fel styrning vid brand kan skada människor. Utan styrning stängs tunneln inom minuter.", levels(1, 3, 3), map[string]string{"R": "individ", "T": "individ"}),
				"information/2": engine.Information{Type: "Driftlarm"},
			}},
			{"johan", 2 * day, map[string]any{
				"delegate/section/information": engine.Delegation{Person: "maria", Due: inDays(3), Text: "Du vet hur larmen används på natten."},
				"comment/requirement/KON-01/1": engine.Comment{Text: "Trafikledningen har en reservrutin på papper. Den är från 2023."},
			}},
		},
	},
	{
		System: engine.System{Title: "Arkiv för avslutade ärenden", Unit: "trafik",
			Description: "Avslutade ärenden i väntan på leverans till stadsarkivet. Drivs av leverantören under systemtjänsteavtalet."},
		role: "Systemägare",
		saves: []demoSave{
			{"anna", 40 * day, map[string]any{
				"information/1": info("arendehandlingar", "", levels(2, 2, 1), nil),
				"information/2": info("kontaktuppgifter", "", levels(1, 1, 1), nil),
			}},
			{"anna", 33 * day, map[string]any{
				"fact/cyberfysiskt": false, "fact/publik_tjanst": false, "fact/integrationer": true, "fact/ai": false,
				"fact/drift": "sta", "fact/driftklass": "ordinarie", "fact/atkomst_utifran": false, "fact/leverantor_fjarratkomst": true,
				"fact/tradlost": false, "fact/inbaddad_programvara": false, "fact/egen_utveckling": false, "fact/upphandling": true,
				"fact/personuppgifter": true, "fact/kansliga_personuppgifter": false, "fact/skyddad_identitet": false, "fact/personuppgiftsbitrade": true,
				"fact/tredjeland": false, "fact/hog_risk_integritet": false, "fact/sekretess": true, "fact/allmanna_handlingar": true, "fact/bevaras": true,
				"fact/lagrum": []string{"csl", "lou"}, "done/facts": true, "done/information": true, "done/laws": true,
			}},
			{"maria", 8 * day, map[string]any{"reviewed/BEH": true, "reviewed/LOG": true, "reviewed/BKP": true, "reviewed/KON": true, "reviewed/INC": true, "reviewed/LEV": true,
				"reviewed/FYS": true, "reviewed/KRY": true, "reviewed/NET": true, "reviewed/SAR": true, "reviewed/UTV": true, "reviewed/PER": true, "reviewed/TIL": true,
				"reviewed/DAT": true, "reviewed/STY": true, "done/requirements": true, "done/export": true}},
			{"johan", 20 * time.Hour, map[string]any{
				"information/3": info("Sekretessmarkeringar", "Markeringarna visar vem som lever under hot. Sprids de kan en enskild person skadas allvarligt.", levels(3, 2, 1), map[string]string{"K": "individ", "R": "individ", "T": "verksamhet"}),
			}},
		},
		approved: 7 * day, reopened: day, procured: true,
	},
}

// fillDemo puts the made-up systems in an empty database; one that holds
// anything is left as it is. back is the store's clock: how far behind it
// stands while the past is written.
func fillDemo(ctx context.Context, db *store.Store, c *catalog.Catalog, back *time.Duration) error {
	defer func() { *back = 0 }()
	*back = 60 * day // the city was there before its systems
	existing, err := db.Systems(ctx)
	if err != nil {
		return err
	}
	accounts, err := db.Accounts(ctx)
	if err != nil {
		return err
	}
	if len(existing)+len(accounts) > 0 {
		if _, err := db.Account(ctx, demoPeople[0].id); err != nil {
			return errors.New("databasen är inte tom och har inte övningens personer: den är från en äldre version eller en riktig stad. Ange en ny fil med --db, eller ta bort den gamla övningen.")
		}
		return nil
	}
	for _, u := range demoUnits {
		if _, err := db.SaveUnit(ctx, "", u); err != nil {
			return err
		}
	}
	for _, p := range demoPeople {
		if _, err := db.AddAccount(ctx, "", engine.Account{
			Person: engine.Person{ID: p.id, Name: p.name}, Grants: []engine.Grant{{Unit: p.unit, Role: p.role}},
		}); err != nil {
			return err
		}
	}
	if err := db.PutCatalog(ctx, c.SetHash, c.Files); err != nil {
		return err
	}
	// In the order of time, as it would have happened: the journal is a chain.
	type step struct {
		ago time.Duration
		run func() error
	}
	var steps []step
	for _, x := range demoSystems {
		first := x.saves[0]
		var rec engine.Record
		save := func(s demoSave) func() error {
			return func() error {
				var changes []engine.Change
				for _, key := range slices.Sorted(maps.Keys(s.answers)) {
					value, err := json.Marshal(s.answers[key])
					if err != nil {
						return err
					}
					changes = append(changes, engine.Change{Key: key, Value: value})
				}
				_, err := db.SaveAnswers(ctx, s.by, rec.Classification.ID, "", changes)
				return err
			}
		}
		begun := first.ago + time.Hour
		cleared := engine.Cleared{Role: x.role, Date: time.Now().Add(-begun).Format(time.DateOnly)}
		steps = append(steps, step{begun, func() (err error) {
			if rec, err = db.CreateSystem(ctx, first.by, x.System, "A", c.SetHash); err != nil {
				return err
			}
			return save(demoSave{by: first.by, answers: map[string]any{engine.KeyStop: cleared}})()
		}})
		for _, s := range x.saves {
			steps = append(steps, step{s.ago, save(s)})
		}
		if x.procured {
			does := func(f func(demoProcurement, context.Context) error) func() error {
				return func() error { return f(demoProcurement{db, c, rec.Classification.ID}, ctx) }
			}
			steps = append(steps, step{7*day - time.Hour, does(demoProcurement.tailor)}, step{6 * day, does(demoProcurement.publish)}, step{2 * time.Hour, does(demoProcurement.receive)})
		}
		if x.approved > 0 {
			steps = append(steps, step{x.approved, func() error { return approveDemo(ctx, db, c, rec.Classification.ID) }},
				step{x.reopened, func() error {
					return db.Reopen(ctx, "ulla", rec.Classification.ID, 1, "Sekretessmarkerade ärenden ska också arkiveras här.")
				}})
		}
	}
	steps = append(steps, step{50 * day, func() error { return keepHows(ctx, db) }}, step{45 * day, func() error { return network(ctx, db, c) }})
	v := &demoVerified{db: db, c: c}
	for _, x := range []struct {
		ago time.Duration
		run func(context.Context) error
	}{{30 * day, v.agree}, {15 * day, v.begin}, {14 * day, v.confirm}, {13 * day, v.accept}, {12 * day, func(ctx context.Context) error { return v.ask(ctx, 1, 0, 14, "Svara för den drift som ni har i dag.") }}, {5 * day, v.reply},
		{3 * day, v.answer}, {2 * day, func(ctx context.Context) error {
			return v.ask(ctx, 2, 12, 18, "Två frågor från förra omgången och fyra nya.")
		}}, {5 * time.Hour, v.fall}} {
		steps = append(steps, step{x.ago, func() error { return x.run(ctx) }})
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(b.ago, a.ago) })
	for _, s := range steps {
		*back = s.ago
		if err := s.run(); err != nil {
			return fmt.Errorf("exemplen gick inte att skriva: %w", err)
		}
	}
	return nil
}

// approveDemo freezes a classification as it stands, as the system's owner would.
func approveDemo(ctx context.Context, db *store.Store, c *catalog.Catalog, id string) error {
	rec, derived, err := deriveDemo(ctx, db, c, id)
	if err != nil {
		return err
	}
	d := engine.Decision{
		Diary: "TK 2026/0412", Text: "Klassningen och kravlistan godkänns som underlag för upphandlingen.",
		NextReview:   time.Now().AddDate(1, 0, -7).Format(time.DateOnly),
		Participants: []engine.Participant{{Role: "Systemägare", Person: "maria"}, {Role: "Informationssäkerhetssamordnare", Person: "anna"}, {Role: "Arkivansvarig"}},
	}
	snapshot := engine.Freeze(rec, derived, "Trafikkontoret, Exempelstad", d).Encode()
	_, err = db.Propose(ctx, "maria", id, rec.State(), d, snapshot, true)
	return err
}

// deriveDemo is a classification as it stands, with what follows from it.
func deriveDemo(ctx context.Context, db *store.Store, c *catalog.Catalog, id string) (engine.Record, *engine.Derivation, error) {
	rec, err := db.Classification(ctx, id)
	if err != nil {
		return rec, nil, err
	}
	input, err := rec.Input(c)
	if err != nil {
		return rec, nil, err
	}
	facts, err := engine.NewFacts(c, input)
	if err != nil {
		return rec, nil, err
	}
	return rec, engine.Derive(facts), nil
}
