package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/store"
	"github.com/kravverk/kravverk/engine/workbook"
)

// demoTailoring is what the buyer has changed, by the row's place in the list.
var demoTailoring = map[int]engine.Tailoring{
	1: {Obligation: "should", Weight: 6, Reason: "Få leverantörer klarar det i dag. Poäng i stället för krav håller uppe konkurrensen."},
	4: {Obligation: "should", Weight: 4, Reason: "Det är bra att ha, men inte avgörande för ett arkiv."},
	6: {LeftOut: true, Reason: "Stadsarkivet ställer samma krav i sitt eget avtal."},
}

// demoTenderers is who answers, and which rows they do not answer yes to.
var demoTenderers = []struct {
	name    string
	answers map[int]string // by the row's place in the kravbilaga
}{
	{"Nordarkiv AB", map[int]string{1: "Delvis"}},
	{"Kommunmoln HB", map[int]string{3: "Nej", 4: "Nej"}},
	{"Tryggdrift Sverige AB", map[int]string{2: "Ja, från hösten 2027", 1: "Nej"}},
}

// demoProcurement is a procurement from tailoring to tenders that wait to be
// assessed: Maria and Erik are to open them.
type demoProcurement struct {
	db      *store.Store
	catalog *catalog.Catalog
	id      string // the classification's
}

var demoBuyers = []string{"maria", "erik"}

// settled is the procurement with its deadline, a day ago.
func (p demoProcurement) settled() engine.Procurement {
	return engine.Procurement{Diary: "TK 2026/0498", Deadline: time.Now().Add(-day).Format(time.DateOnly) + "T12:00", Buyers: demoBuyers}
}

func (p demoProcurement) state(ctx context.Context) (workbook.State, error) {
	rec, err := p.db.Classification(ctx, p.id)
	if err != nil {
		return workbook.State{}, err
	}
	input, err := rec.Input(p.catalog)
	if err != nil {
		return workbook.State{}, err
	}
	facts, err := engine.NewFacts(p.catalog, input)
	if err != nil {
		return workbook.State{}, err
	}
	return workbook.State{Derivation: engine.Derive(facts), System: rec.System.Title, Unit: "Trafikkontoret, Exempelstad", ClassificationID: p.id, Tailored: rec.Tailorings(),
		Date: time.Now().Add(-5 * day).Format(time.DateOnly), Deadline: p.settled().Deadline}, nil
}

// tailor changes some rows, as the buyer would.
func (p demoProcurement) tailor(ctx context.Context) error {
	s, err := p.state(ctx)
	if err != nil {
		return err
	}
	changes := []engine.Change{{Key: engine.KeyProcurement, Value: encoded(p.settled())}}
	n := 0
	for _, l := range s.Derivation.Lines(s.Date, nil) {
		if l.Fate != engine.Sent {
			continue
		}
		if t, ok := demoTailoring[n]; ok && l.Type == engine.Shall {
			found := l.Found
			t.Base = &found
			if t.Weight > 0 {
				t.Text = strings.Replace(found.Text, " ska ", " bör ", 1)
				half := t.Weight / 2
				t.Partly = &half
			}
			changes = append(changes, engine.Change{Key: engine.TailorKey(l.ID), Value: encoded(t)})
		}
		n++
	}
	changes = append(changes, engine.Change{Key: engine.TailorKey("EGEN-1"), Value: encoded(engine.Tailoring{Area: "LEV", Title: "Support på svenska", Obligation: "shall",
		Text: "Leverantören ska ge support på svenska, vardagar klockan 8 till 17.", Reason: "Handläggarna arbetar på svenska."})})
	_, err = p.db.SaveAnswers(ctx, "maria", p.id, "", changes)
	return err
}

// publish sends the first version out.
func (p demoProcurement) publish(ctx context.Context) error {
	s, err := p.state(ctx)
	if err != nil {
		return err
	}
	s.Version = 1
	var b bytes.Buffer
	id, err := workbook.WriteRequirements(&b, s)
	if err != nil {
		return err
	}
	_, err = p.db.Publish(ctx, "maria", engine.Publication{Classification: p.id, Number: 1, Procurement: p.settled(), Rows: engine.Rows(s.Derivation.Lines(s.Date, s.Tailored)), ExportID: id.ExportID, File: b.Bytes()})
	return err
}

// receive takes the tenders in. The first two are read; the third waits.
func (p demoProcurement) receive(ctx context.Context) error {
	versions, err := p.db.Publications(ctx, p.id)
	if err != nil {
		return err
	}
	sent, err := p.db.Publication(ctx, p.id, 1)
	if err != nil {
		return err
	}
	for i, x := range demoTenderers {
		data, err := answered(sent.File, x.answers)
		if err != nil {
			return err
		}
		t, err := p.db.ReceiveTender(ctx, "erik", p.id, x.name, engine.TenderFile{Name: fmt.Sprintf("anbud-%d.xlsx", i+1), Content: data})
		if err != nil {
			return err
		}
		if i == len(demoTenderers)-1 {
			break
		}
		r, err := workbook.ReadTender(data, versions)
		if err != nil {
			return err
		}
		claims := map[string]engine.Claim{}
		for _, row := range r.Rows {
			claims[row.ID] = row.Claim
		}
		if err := p.db.ReadTender(ctx, "erik", t.ID, 0, 1, t.Files[0].N, claims); err != nil {
			return err
		}
	}
	return nil
}

func encoded(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // only plain values come here
	}
	return data
}

// answered fills a kravbilaga in.
func answered(file []byte, answers map[int]string) ([]byte, error) {
	f, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const sheet = "Krav"
	rows, err := f.GetRows(sheet)
	if err != nil {
		return nil, err
	}
	for i, r := range rows[1:] {
		answer, given := answers[i]
		switch {
		case given:
		case len(r) > 3 && r[3] == "Villkor":
			answer = "Accepteras"
		default:
			answer = "Ja"
		}
		for column, text := range map[int]string{9: answer, 10: "Leverantör", 11: "Beskrivs i vår säkerhetsbilaga.", 12: fmt.Sprintf("Bilaga 2, avsnitt %d", i+1)} {
			at, err := excelize.CoordinatesToCellName(column, i+2)
			if err == nil {
				err = f.SetCellStr(sheet, at, text)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	var b bytes.Buffer
	_, err = f.WriteTo(&b)
	return b.Bytes(), err
}
