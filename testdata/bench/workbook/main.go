// Command workbook times the export of a kravbilaga beside ExcelJS, in one run.
//
// The peer gets the finished cells of the sheet Krav and writes that sheet alone,
// with the same widths, fonts, borders, locks, filter and drop-downs. Ours
// starts from the derivation and writes the whole file: instructions, formulas,
// lists, the sheet of marks that verify needs, bytes that are the same every
// time, and their SHA-256.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/kravverk/kravverk/catalogs"
	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/engine/workbook"
)

const rounds = 15

func main() {
	if err := bench(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func bench() error {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("INTE JÄMFÖRT MED EXCELJS: %s saknas. Installera paketen nodejs och npm (apt-get install nodejs npm)", program)
		}
	}
	if _, err := os.Stat("node_modules/exceljs"); errors.Is(err, os.ErrNotExist) {
		if out, err := exec.Command("npm", "ci", "--no-audit", "--no-fund").CombinedOutput(); err != nil {
			return fmt.Errorf("INTE JÄMFÖRT MED EXCELJS: npm ci: %v\n%s", err, out)
		}
	}
	peer := exec.Command("node", "peer.js")
	in, err := peer.StdinPipe()
	if err != nil {
		return err
	}
	out, err := peer.StdoutPipe()
	if err != nil {
		return err
	}
	peer.Stderr = os.Stderr
	if err := peer.Start(); err != nil {
		return err
	}
	defer peer.Wait()
	defer in.Close()
	answers := bufio.NewReader(out)

	fmt.Printf("rows  ours ms (kB)  ExcelJS ms (kB)  ExcelJS/ours, medians of %d\n", rounds)
	for _, n := range []int{100, 500, 1500} {
		state, err := stateOf(n)
		if err != nil {
			return err
		}
		var file bytes.Buffer
		if _, err := workbook.WriteRequirements(&file, state); err != nil {
			return err
		}
		table, err := cellsOf(file.Bytes(), n)
		if err != nil {
			return err
		}
		var ours, theirs []time.Duration
		var size int
		for i := range rounds + 3 {
			from := time.Now()
			if _, err := workbook.WriteRequirements(io.Discard, state); err != nil {
				return err
			}
			mine := time.Since(from)
			if _, err := in.Write(append(table, '\n')); err != nil {
				return err
			}
			line, err := answers.ReadBytes('\n')
			if err != nil {
				return fmt.Errorf("the peer: %w", err)
			}
			var did struct {
				NS    int64 `json:"ns"`
				Bytes int   `json:"bytes"`
			}
			if err := json.Unmarshal(line, &did); err != nil {
				return err
			}
			if i >= 3 { // both are warm
				ours, theirs, size = append(ours, mine), append(theirs, time.Duration(did.NS)), did.Bytes
			}
		}
		a, b := median(ours), median(theirs)
		fmt.Printf("%4d  %7.1f (%d)  %10.1f (%d)  %.1f\n", n, ms(a), file.Len()/1024, ms(b), size/1024, float64(b)/float64(a))
	}
	return nil
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// stateOf is a list of n rows: those of the shipped catalogue that apply to
// every system, and the rest the buyer's own.
func stateOf(n int) (workbook.State, error) {
	c, list := catalog.Load(catalogs.Files, catalog.Options{})
	if c == nil {
		return workbook.State{}, list.Err()
	}
	var a engine.Answers
	a.Classification.Type, a.Classification.Title, a.Classification.Catalog = "A", "Jämförelse", c.ID
	facts, err := engine.NewFacts(c, a)
	if err != nil {
		return workbook.State{}, err
	}
	s := workbook.State{Derivation: engine.Derive(facts), System: "Jämförelse", Unit: "Enheten", ClassificationID: "bench", Date: "2026-11-24", Tailored: map[string]engine.Tailoring{}}
	for i, l := range s.Derivation.Lines(s.Date, nil) {
		if l.Fate == engine.Sent && i >= 40 {
			s.Tailored[l.ID] = engine.Tailoring{LeftOut: true, Reason: "Storlek."}
		}
	}
	for i := 1; len(engine.Rows(s.Derivation.Lines(s.Date, s.Tailored))) < n; i++ {
		s.Tailored[fmt.Sprintf("EGEN-%d", i)] = engine.Tailoring{Area: c.Areas[i%len(c.Areas)].ID, Title: fmt.Sprintf("Krav nummer %d", i), Obligation: "shall", Reason: "Storlek.",
			Text: "Leverantören ska inom den tid som beställaren anger göra det som kravet säger, och skriftligt visa beställaren att det är gjort."}
	}
	return s, nil
}

// cellsOf is the sheet's table as the peer gets it.
func cellsOf(file []byte, n int) ([]byte, error) {
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
	if len(rows) != n+1 {
		return nil, fmt.Errorf("%d rows, want %d", len(rows)-1, n)
	}
	type column struct {
		Title  string  `json:"title"`
		Width  float64 `json:"width"`
		Open   bool    `json:"open"`
		Hidden bool    `json:"hidden"`
	}
	var table struct {
		Columns []column   `json:"columns"`
		Rows    [][]string `json:"rows"`
	}
	for i, title := range rows[0] {
		name, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return nil, err
		}
		width, err := f.GetColWidth(sheet, name)
		if err != nil {
			return nil, err
		}
		table.Columns = append(table.Columns, column{title, width, i >= 8 && i < 12, i == 12})
	}
	for _, r := range rows[1:] {
		table.Rows = append(table.Rows, append(r, make([]string, len(table.Columns)-len(r))...))
	}
	return json.Marshal(table)
}
