package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/store"
)

// demoHow is what a unit in Exempelstad has answered once, for all its systems.
type demoHow struct {
	unit, by, requirement string
	how                   engine.How
}

// said is an answer that somebody stands for; proof and its age in days, where
// there is one.
func said(answer, text, remains, role, proof string, days int) engine.How {
	h := engine.How{Text: text, Answer: answer, Remains: remains, Role: role, Date: inDays(-50)}
	if proof != "" {
		h.Evidence = &engine.Evidence{Title: proof, Date: inDays(-days)}
	}
	return h
}

// demoHows is the city's and one office's common answers, as they would be given
// by those who know: most with a decision to show for it, some without.
func demoHows() []demoHow {
	const (
		yes, partly = engine.AnswerYes, engine.AnswerPartly
		coordinator = "Informationssäkerhetssamordnare"
		ciso        = "Informationssäkerhetschef (CISO)"
		privacy     = "Dataskyddsombud"
		owner       = "Anläggningsägare"
		incidents   = "Rutin för incidenter, KS 2026/0188"
	)
	city := func(id string, h engine.How) demoHow { return demoHow{store.TopUnit, "anna", id, h} }
	office := func(id string, h engine.How) demoHow { return demoHow{"trafik", "maria", id, h} }
	traffic := func(id string, h engine.How) demoHow { return demoHow{"trafikledning", "sara", id, h} }
	return []demoHow{
		city("INC-01", said(yes, "Stadens rutin för incidenter gäller alla system. Den finns på intranätet och ingår i introduktionen av nya medarbetare.", "Se till att systemets användare har läst den.", coordinator, incidents, 160)),
		city("INC-02", said(yes, "Tjänsteperson i beredskap lämnar upplysning. Informationssäkerhetschefen gör anmälan och slutrapport.", "", ciso, incidents, 160)),
		city("INC-03", said(yes, "Dataskyddsfunktionen anmäler, eller skriver ned varför anmälan inte behövs. Tjänsteperson i beredskap tar över utanför kontorstid.", "", privacy, incidents, 160)),
		city("INC-05", said(yes, "Rutinen för incidenter säger att loggar och avbilder säkras innan något återställs.", "Kontrollera att den som sköter driften känner till det.", ciso, incidents, 160)),
		city("INC-06", said(yes, "Efter varje incident som har stört verksamheten hålls en genomgång. Det som beslutas får ansvarig och datum.", "", ciso, incidents, 160)),
		city("INC-09", said(yes, "Informationssäkerhetschefen avgör, utanför kontorstid tjänsteperson i beredskap.", "", ciso, incidents, 160)),
		city("INC-12", said(yes, "Dataskyddsfunktionen beslutar och förvaltningens kommunikatör informerar de registrerade.", "", privacy, incidents, 160)),
		city("STY-03", said(yes, "Stadens plan för uppföljning säger vilka säkerhetsåtgärder som prövas, hur och hur ofta. Varje system går igenom sina en gång om året.", "", coordinator, "Plan för uppföljning 2026, KS 2026/0031", 300)),
		city("STY-04", said(yes, "Avsteg beslutas i Kravverk, med ansvarig, skäl och slutdatum.", "", coordinator, "Riktlinje för informationssäkerhet, KS 2025/1120", 340)),
		city("STY-08", said(yes, "Samordnaren redovisar risker, avsteg och försenade planposter för varje förvaltningschef i mars och september.", "", coordinator, "Ledningens genomgång, KS 2026/0207", 250)),
		city("PER-01", said(yes, "Alla går stadens webbutbildning när de anställs och sedan varje år. Chefen påminns när någon saknar den.", "", coordinator, "Utdrag ur utbildningssystemet", 30)),
		city("PER-02", said(yes, "Förvaltningschefer och bolagschefer har gått utbildningen om säkerhetsåtgärder.", "", ciso, "Närvarolista, KS 2026/0140", 190)),
		city("PER-03", said(partly, "Staden erbjuder utbildning för förvaltare och tekniker två gånger om året.", "Se till att systemets förvaltare och tekniker har gått den.", coordinator, "", 0)),
		city("BEH-07", said(partly, "Behörigheter som bygger på stadens katalog tas bort samma dag som anställningen upphör.", "Behörigheter som läggs upp direkt i systemet tas bort för hand.", "It-driftansvarig", "", 0)),
		city("KON-12", said(yes, "Krisledningens kontaktlistor finns på papper hos varje förvaltning och hos tjänsteperson i beredskap.", "Kontrollera att systemets kontakter står där.", coordinator, "Krisledningsplan, KS 2025/0877", 200)),
		city("UTV-01", said(yes, "Upphandling och utveckling börjar med en A-klassning. Utan den skickas ingen kravbilaga ut.", "", coordinator, "Riktlinje för informationssäkerhet, KS 2025/1120", 340)),
		city("UTV-02", said(yes, "Ändringar i drift går genom stadens ändringsråd, med risk, prov, godkännande och plan för att backa.", "Kontrollera att leverantörens ändringar också gör det.", "It-driftansvarig", "Stickprov på tjugo ändringar", 80)),
		city("KRY-05", said(yes, "Stadens plan för kvantsäker kryptering anger när varje grupp av system byter metod.", "", ciso, "Plan för kryptering, KS 2026/0302", 120)),
		city("LOG-05", said(yes, "Servrar och utrustning på stadens nät hämtar tid från stadens tidsservrar, som är spårbara till UTC.", "Kontrollera att systemet är anslutet.", "It-driftansvarig", "", 0)),
		city("FYS-05", said(yes, "Lagringsmedia lämnas till stadens mottagning, som raderar eller förstör dem och skriver intyg.", "", "It-driftansvarig", "Intyg om destruktion, tredje kvartalet", 45)),
		city("DAT-04", said(yes, "Stadens rutin ger den registrerade information, utdrag, rättelse och radering inom en månad.", "Kontrollera att uppgifterna går att ta fram, rätta och radera i systemet.", privacy, "Rutin för registrerades rättigheter, KS 2024/0655", 400)),
		city("TIL-05", said(partly, "Registratorn tar emot begäran om allmän handling och prövar sekretess.", "Förvaltningen måste kunna ta fram handlingen ur systemet.", "Arkivansvarig", "", 0)),
		office("STY-02", said(yes, "Rollerna utses i förvaltningens delegationsordning.", "Kontrollera att namnen stämmer för systemet.", "Förvaltningschef", "Delegationsordning, TK 2026/0004", 310)),
		office("STY-07", said(yes, "Trafikkontorets regler för hur system och information används gäller alla system.", "", "Förvaltningschef", "Regler för användare, TK 2025/1320", 290)),
		office("KON-06", said(yes, "Trafikkontoret har Rakel och satellittelefon i trafikledningscentralen.", "", owner, "Övning med Rakel, TK 2026/0611", 100)),
		office("PER-04", said(yes, "Identitet, referenser, examen och tidigare anställningar kontrolleras innan någon får administratörsrättigheter, även inhyrd personal.", "", "Chef", "", 0)),
		traffic("OT-20", said(yes, "Trafikledningens ändringsråd prövar varje säkerhetsåtgärd mot anläggningens funktioner innan den införs.", "", owner, "Protokoll från ändringsrådet", 40)),
		traffic("OT-39", said(yes, "Nycklar och koder lämnas ut mot kvittens av trafikledningens nyckelansvariga.", "", owner, "Kvittenslista", 20)),
		traffic("OT-40", said(yes, "Arbeten anmäls till och avanmäls hos trafikledningscentralen, som är bemannad dygnet runt.", "", owner, "Utdrag ur trafikledningens dagbok", 20)),
	}
}

// keepHows writes the common answers.
func keepHows(ctx context.Context, db *store.Store) error {
	for _, x := range demoHows() {
		value, err := json.Marshal(x.how)
		if err != nil {
			return err
		}
		if err := db.SaveShared(ctx, x.by, x.unit, []engine.Change{{Key: engine.HowKey(x.unit, x.requirement), Value: value}}); err != nil {
			return fmt.Errorf("%s: %w", x.requirement, err)
		}
	}
	return nil
}

// demoNetwork is what the cameras and the tunnel run on, and answers for.
var demoNetwork = engine.System{Title: "Driftnätet för trafikanläggningar", Unit: "trafikledning",
	Description: "Nät, servrar och driftutrymmen som trafikens anläggningar körs på, med vägen in för leverantörer."}

// demoNetworkAnswers is what the network answers for those that run on it. All
// of it was looked at in the autumn's review.
var demoNetworkAnswers = map[string]string{
	"OT-03": "Driftnätet är skilt från kontorsnät och internet med två brandväggar. Förteckningen över tillåten trafik är beslutad.",
	"OT-04": "Leverantörer öppnas för ett tillfälle i taget av trafikledningen, genom en hoppserver.",
	"OT-21": "Hoppservern kräver personligt konto och kort.",
	"OT-22": "Hoppservern spelar in alla sessioner. De sparas ett år.",
	"OT-28": "Servicedatorer kontrolleras i en station i teknikrummet innan de ansluts.",
	"OT-30": "Trafikledningen har en knapp som bryter alla fjärrsessioner.",

	"FYS-01": "Teknikrummen är låsta. Listan över tillträde beslutas av anläggningsägaren.",
	"FYS-02": "Passersystemet loggar person och tid. Loggen gås igenom varje månad.",
	"FYS-03": "Batterier och dieselaggregat håller teknikrummen och deras kylning igång i två dygn.",
	"FYS-09": "Larm för inbrott, brand och vattenläckage går till trafikledningscentralen, som är bemannad dygnet runt.",

	"BEH-09": "Administration görs med kort och kod.",
	"BEH-10": "Rättigheterna hämtas ut för ett arbetspass och faller bort av sig själva efter åtta timmar.",
	"BKP-02": "Kopiorna ligger i stadens reservhall, elva kilometer bort.",
	"BKP-04": "En av kopiorna är låst mot ändring i trettio dagar.",
	"BKP-05": "Kopiorna är krypterade. Nycklarna finns hos två personer.",
	"KRY-01": "All trafik mellan teknikrummen är krypterad.",
	"LOG-03": "Loggarna skickas till stadens loggserver inom fem minuter. Den sköts av andra än driftnätet.",
	"LOG-04": "Stadens säkerhetsfunktion bevakar larmen dygnet runt och börjar utreda inom en kvart.",
	"NET-04": "En sensor i varje teknikrum larmar säkerhetsfunktionen.",
	"NET-08": "Hoppservern loggar person, tid och mål.",
	"SAR-02": "Nätet genomsöks varje månad, i ett fönster som trafikledningen öppnar.",
	"SAR-03": "Servrar och operatörsstationer har skydd som uppdateras varje natt från en egen server.",
}

// network writes the platform with its approved verification.
func network(ctx context.Context, db *store.Store, c *catalog.Catalog) error {
	rec, err := db.CreateSystem(ctx, "sara", demoNetwork, "B", c.SetHash)
	if err != nil {
		return err
	}
	x := &demoVerified{db: db, c: c, id: rec.Classification.ID}
	if err := x.save(ctx, "sara", map[string]any{
		engine.KeyStop:      engine.Cleared{Role: "Anläggningsägare", Date: inDays(-46)},
		"information/1":     info("Styrdata till anläggningarna", "Fel styrning kan skada människor. Utan nätet stannar tunnlarna inom minuter.", levels(2, 3, 3), map[string]string{"K": "verksamhet", "R": "individ", "T": "individ"}),
		"fact/cyberfysiskt": true, "fact/trafikstyrning": true, "fact/vagtunnel": false, "fact/kamerabevakning": false, "fact/utrustning_allman_plats": false,
		"fact/publik_tjanst": false, "fact/integrationer": true, "fact/ai": false, "fact/drift": "egen", "fact/atkomst_utifran": true, "fact/leverantor_fjarratkomst": true,
		"fact/tradlost": false, "fact/inbaddad_programvara": true, "fact/egen_utveckling": false, "fact/upphandling": false,
		"fact/personuppgifter": false, "fact/sekretess": true, "fact/allmanna_handlingar": true, "fact/bevaras": false,
		"fact/lagrum": []string{"csl"}, "done/facts": true, "done/information": true, "done/laws": true, "done/requirements": true,
	}); err != nil {
		return err
	}
	rec, d, err := deriveDemo(ctx, db, c, x.id)
	if err != nil {
		return err
	}
	shared, err := db.Shared(ctx)
	if err != nil {
		return err
	}
	org, err := db.Organisation(ctx)
	if err != nil {
		return err
	}
	today := time.Now().Format(time.DateOnly)
	offers := d.Inherit(today, nil, nil, engine.HowOffers(shared, &org, rec.System.Unit))
	answers := map[string]any{"done/verify": true, "done/plan": true}
	var declares engine.Declares
	taken := map[string][]string{} // common answers, by the unit that gives them
	assessed := d.Assess(rec, offers, today)
	for i := range assessed.Rows {
		row := &assessed.Rows[i]
		id := row.Requirement.ID
		if how, ok := demoNetworkAnswers[id]; ok {
			declares.Requirements = append(declares.Requirements, id)
			answers[engine.ResponseKey(id)] = engine.Response{Value: engine.AnswerYes, How: how, Evidence: []engine.Evidence{{Title: "Höstens genomgång av driftnätet, TK 2026/0790", Date: inDays(-48)}}}
		} else if o := row.Best(today); o != nil && o.Kind == engine.FromUnit {
			answers[engine.ResponseKey(id)] = row.Accept(*o)
			taken[o.From] = append(taken[o.From], id)
		} else {
			answers[engine.ResponseKey(id)] = engine.Response{Value: engine.AnswerUnknown, Comment: "Gås igenom under våren."}
		}
	}
	if len(declares.Requirements) != len(demoNetworkAnswers) {
		return fmt.Errorf("%s svarar för %d av %d krav", demoNetwork.Title, len(declares.Requirements), len(demoNetworkAnswers))
	}
	slices.Sort(declares.Requirements)
	answers[engine.KeyDeclares] = declares
	if err := x.save(ctx, "sara", answers); err != nil {
		return err
	}
	if rec, d, err = deriveDemo(ctx, db, c, x.id); err != nil {
		return err
	}
	decision := engine.Decision{Diary: "TK 2026/0790", Text: "Verifieringen av driftnätet godkänns. Det som är Vet ej gås igenom under våren.", NextReview: time.Now().AddDate(1, 0, -45).Format(time.DateOnly),
		Participants: []engine.Participant{{Role: "Anläggningsägare", Person: "sara"}, {Role: "Informationssäkerhetssamordnare", Person: "anna"}}}
	snapshot := engine.Freeze(rec, d, "Trafikledning, Exempelstad", decision)
	var sources []engine.FrozenSource
	for _, unit := range slices.Sorted(maps.Keys(taken)) {
		sources = append(sources, engine.FrozenHows(shared, &org, unit, taken[unit]))
	}
	snapshot.Assessed(d.Assess(rec, offers, today), sources)
	_, err = db.Propose(ctx, "sara", x.id, rec.State(), decision, snapshot.Encode(), true)
	return err
}
