package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/store"
	"github.com/kravverk/kravverk/engine/workbook"
)

// demoAgreement is the id of the agreement that the verified system runs under.
const demoAgreement = "d0d0d0d0d0d0d0d0d0d0d0d0"

// demoOperator runs it under the agreement.
const demoOperator = "Exempeldrift AB"

// demoPortal is a system in operation that is being verified.
var demoPortal = engine.System{Title: "Felanmälan, gator och belysning", Unit: "trafik",
	Description: "Invånare anmäler hål i gatan och trasig belysning. Driften sköts av leverantören under systemtjänsteavtalet."}

// demoVerified writes a verification that is half-way: what the agreement gives
// is accepted, some is answered, there are gaps with measures, and a clause has
// fallen since.
type demoVerified struct {
	db *store.Store
	c  *catalog.Catalog
	id string // the classification's
}

// save writes answers, whatever version they have.
func (x *demoVerified) save(ctx context.Context, by string, answers map[string]any) error {
	rec, err := x.db.Classification(ctx, x.id)
	if err != nil {
		return err
	}
	var changes []engine.Change
	for _, key := range slices.Sorted(maps.Keys(answers)) {
		value, err := json.Marshal(answers[key])
		if err != nil {
			return err
		}
		changes = append(changes, engine.Change{Key: key, Value: value, Version: rec.Answers[key].Version})
	}
	_, err = x.db.SaveAnswers(ctx, by, x.id, "", changes)
	return err
}

// saveAgreement changes the agreement, from nothing the first time.
func (x *demoVerified) saveAgreement(ctx context.Context, by string, f func(a *engine.Agreement)) error {
	list, err := x.db.Shared(ctx)
	if err != nil {
		return err
	}
	org, err := x.db.Organisation(ctx)
	if err != nil {
		return err
	}
	var a engine.Agreement
	for _, kept := range engine.Agreements(list, &org, "trafik") {
		if kept.ID == demoAgreement {
			a = kept
		}
	}
	f(&a)
	value, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return x.db.SaveShared(ctx, by, "trafik", []engine.Change{{Key: engine.AgreementKey(demoAgreement), Value: value, Version: a.Version}})
}

func (x *demoVerified) agree(ctx context.Context) error {
	return x.saveAgreement(ctx, "anna", func(a *engine.Agreement) {
		for _, p := range x.c.Profiles {
			for _, from := range p.Agreements {
				if from.ID == "sta" {
					*a = engine.NewAgreement(x.c, from)
				}
			}
		}
		a.Title, a.Supplier, a.Diary = "Systemtjänsteavtal 2025–2028", demoOperator, "TK 2024/0907"
		a.From, a.Until = inDays(-400), inDays(520)
	})
}

// confirm reads clauses of the agreement, and sees evidence for one.
func (x *demoVerified) confirm(ctx context.Context) error {
	return x.saveAgreement(ctx, "anna", func(a *engine.Agreement) {
		clauses := []string{"Bilaga 10, 2.1", "Bilaga 10, 2.4", "Bilaga 10, 3.1", "Bilaga 10, 3.2", "Bilaga 10, 4.5", "Bilaga 4, 6"}
		for i := range a.Commitments {
			cm := &a.Commitments[i]
			if i%3 == 2 {
				continue // not read yet
			}
			cm.Strength, cm.Role, cm.Date, cm.Clause = "contracted", "Informationssäkerhetssamordnare", inDays(-14), clauses[i%len(clauses)]
			if cm.Requirement == "FYS-01" {
				cm.Strength, cm.Until = "verified", inDays(70)
				cm.Evidence = &engine.Evidence{Title: "Intyg enligt ISO/IEC 27001:2022 för datorhallen", Date: inDays(-290)}
			}
		}
	})
}

// begin makes the system with what decides its requirements.
func (x *demoVerified) begin(ctx context.Context) error {
	rec, err := x.db.CreateSystem(ctx, "maria", demoPortal, "B", x.c.SetHash)
	if err != nil {
		return err
	}
	x.id = rec.Classification.ID
	return x.save(ctx, "maria", map[string]any{
		engine.KeyStop:  engine.Cleared{Role: "Systemägare", Date: inDays(-15)},
		"information/1": info("arendehandlingar", "", levels(2, 2, 1), nil), "information/2": info("kontaktuppgifter", "", levels(1, 1, 1), nil),
		"fact/cyberfysiskt": false, "fact/publik_tjanst": true, "fact/integrationer": true, "fact/ai": false,
		"fact/drift": "sta", "fact/driftklass": "ordinarie", "fact/atkomst_utifran": true, "fact/leverantor_fjarratkomst": true,
		"fact/tradlost": false, "fact/inbaddad_programvara": false, "fact/egen_utveckling": false, "fact/upphandling": false,
		"fact/personuppgifter": true, "fact/kansliga_personuppgifter": false, "fact/skyddad_identitet": false, "fact/personuppgiftsbitrade": true,
		"fact/tredjeland": false, "fact/hog_risk_integritet": false, "fact/sekretess": false, "fact/allmanna_handlingar": true, "fact/bevaras": false,
		"fact/lagrum": []string{"csl"}, "done/facts": true, "done/information": true, "done/laws": true, "done/requirements": true,
	})
}

// accept takes what the agreement offers, as one does after a preview.
func (x *demoVerified) accept(ctx context.Context) error {
	rec, d, err := deriveDemo(ctx, x.db, x.c, x.id)
	if err != nil {
		return err
	}
	list, err := x.db.Shared(ctx)
	if err != nil {
		return err
	}
	org, err := x.db.Organisation(ctx)
	if err != nil {
		return err
	}
	today := time.Now().Format(time.DateOnly)
	rows := d.Assess(rec, d.Inherit(today, engine.Agreements(list, &org, rec.System.Unit), nil), today).Rows
	answers := map[string]any{}
	for i := range rows {
		row := &rows[i]
		if o := row.Best(today); o != nil && o.Kind == engine.FromAgreement {
			answers[engine.ResponseKey(row.Requirement.ID)] = row.Accept(*o)
		}
	}
	if len(answers) == 0 {
		return fmt.Errorf("avtalet ger inget i %s", rec.System.Title)
	}
	return x.save(ctx, "maria", answers)
}

func (x *demoVerified) answer(ctx context.Context) error {
	return x.save(ctx, "johan", map[string]any{
		engine.ResponseKey("BEH-01"):               engine.Response{Value: engine.AnswerYes, How: "Behörighet beställs av enhetschefen i ärendesystemet och tas bort när anställningen upphör.", Evidence: []engine.Evidence{{Title: "Genomgång av behörigheter", Date: inDays(-40)}}},
		engine.ResponseKey("BEH-04"):               engine.Response{Value: engine.AnswerNo, Comment: "Handläggare loggar in med bara lösenord när de arbetar hemifrån."},
		engine.ResponseKey("LOG-01"):               engine.Response{Value: engine.AnswerPartly, How: "Inloggningar loggas.", Comment: "Ändringar av ärenden syns inte i loggen."},
		engine.ResponseKey("LOG-02"):               engine.Response{Value: engine.AnswerUnknown, Comment: "Vi har frågat leverantören hur länge loggarna sparas."},
		engine.ResponseKey("INC-01"):               engine.Response{Value: engine.AnswerYes, How: "Stadens rutin för incidenter används. Jour finns dygnet runt."},
		engine.ResponseKey("DAT-01"):               engine.Response{Value: engine.AnswerNo, Comment: "Gamla anmälningar rensas inte."},
		engine.DelegateKey("area/LOG"):             engine.Delegation{Person: "sara", Due: inDays(4), Text: "Du vet vad driften loggar."},
		engine.DeviationKey(1):                     engine.Deviation{Requirements: []string{"DAT-01"}, Reason: "Rensningen kräver en ny version, som leverantören levererar i vår.", Protection: "Förvaltaren rensar för hand varje kvartal.", Until: inDays(140), DecidedBy: "Systemägare", Date: inDays(-3)},
		engine.ActionKey(1):                        engine.Action{Title: "Inför inloggning med två faktorer", Text: "Stadens inloggningstjänst används för handläggarna.", Origin: engine.OfClassification, Requirements: []string{"BEH-04"}, Role: "systemforvaltare", Agreed: inDays(-2), Start: inDays(7), Due: inDays(60), Status: engine.Planned, Priority: 1, Effort: 3, Cost: 45000},
		engine.ActionKey(2):                        engine.Action{Title: "Logga ändringar av ärenden", Origin: engine.OfClassification, Requirements: []string{"LOG-01"}, Role: "systemforvaltare", Agreed: inDays(-12), Start: inDays(-12), Due: inDays(-1), Status: engine.Ongoing, Priority: 2, Effort: 2, Comment: "Beställt. Leverantören testar."},
		engine.ActionKey(3):                        engine.Action{Title: "Öva återläsning av hela systemet", Origin: engine.OfAudit, Role: "systemagare", Start: inDays(-30), Due: inDays(-6), Status: engine.Completed, Priority: 2, Comment: "Övat. Det tog tre timmar."},
		engine.CommentKey("requirement/LOG-02", 1): engine.Comment{Text: "Svaret kommer på måndagens driftmöte."},
	})
}

// fall marks one commitment that was accepted: the supplier has changed its part.
func (x *demoVerified) fall(ctx context.Context) error {
	rec, err := x.db.Classification(ctx, x.id)
	if err != nil {
		return err
	}
	responses := rec.Responses()
	return x.saveAgreement(ctx, "anna", func(a *engine.Agreement) {
		for i := range a.Commitments {
			cm := &a.Commitments[i]
			if t := responses[cm.Requirement].Taken; t != nil && t.Answer == engine.AnswerYes {
				cm.Fallen, cm.FallenWhy = true, "Leverantören har sagt upp den delen från årsskiftet."
				return
			}
		}
	})
}

// open is what is left to answer in the verification, of what a supplier can be
// asked about.
func (x *demoVerified) open(ctx context.Context) (engine.Record, []engine.Row, error) {
	rec, d, err := deriveDemo(ctx, x.db, x.c, x.id)
	if err != nil {
		return rec, nil, err
	}
	today := time.Now().Format(time.DateOnly)
	return rec, d.Assess(rec, nil, today).ToVerify(d.Lines(today, nil), true), nil
}

// ask makes a round of questions to the supplier, about some of the rows.
func (x *demoVerified) ask(ctx context.Context, number, from, to int, note string) error {
	rec, rows, err := x.open(ctx)
	if err != nil {
		return err
	}
	rows = rows[from:min(to, len(rows))]
	var file bytes.Buffer
	id, err := workbook.WriteRound(&file, workbook.Round{Supplier: demoOperator, System: rec.System.Title, Unit: "Trafikkontoret, Exempelstad", ClassificationID: x.id, CatalogHash: rec.Classification.CatalogHash,
		Date: time.Now().Format(time.DateOnly), Number: number, Note: note, Rows: rows})
	if err != nil {
		return err
	}
	_, err = x.db.Publish(ctx, "johan", engine.Publication{Classification: x.id, Number: number, Procurement: engine.Procurement{To: demoOperator}, Note: note, Rows: rows, ExportID: id.ExportID, File: file.Bytes()})
	return err
}

// reply takes the supplier's file of the first round in, and reads it.
func (x *demoVerified) reply(ctx context.Context) error {
	round, err := x.db.Publication(ctx, x.id, 1)
	if err != nil {
		return err
	}
	data, err := answered(round.File, map[int]string{3: "Delvis", 6: "Nej"})
	if err != nil {
		return err
	}
	t, err := x.db.ReceiveTender(ctx, "johan", x.id, demoOperator, engine.TenderFile{Name: "svar från Exempeldrift.xlsx", Content: data})
	if err != nil {
		return err
	}
	read, err := workbook.ReadRound(data, []engine.Publication{round})
	if err != nil {
		return err
	}
	claims := map[string]engine.Claim{}
	for _, row := range read.Rows {
		claims[row.ID] = row.Claim
	}
	return x.db.ReadTender(ctx, "johan", t.ID, 0, 1, 1, claims)
}
