package store

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/kravverk/kravverk/engine"
)

func TestEvents(t *testing.T) {
	s, id := fresh(t)
	create(t, s)
	mustSave(t, s, id, change("a", "true", 0))
	_, err := s.SaveAnswers(ctx, bo.ID, id, "", []engine.Change{change("a", "false", 1), change("b", "1", 0)})
	check(t, err)
	events, err := s.Events(ctx, engine.EventFilter{Classification: id}, 0)
	check(t, err)
	var got []string
	for _, e := range events {
		got = append(got, strings.Join([]string{e.Action, e.Key, string(e.Before), string(e.After), e.By.Name}, " "))
		if e.ClassificationID != id || e.SystemID == "" || !e.At.After(t0) {
			t.Errorf("event %+v", e)
		}
	}
	want := []string{
		"answer.save b  1 Bo Östman",
		"answer.save a true false Bo Östman",
		"answer.save a  true Anna Ärlig",
		`classification.create   {"type":"A","catalog_hash":"sha256:abc"} Anna Ärlig`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	if events[0].Batch == "" || events[0].Batch != events[1].Batch || events[1].Batch == events[2].Batch {
		t.Errorf("batches %s, %s, %s", events[0].Batch, events[1].Batch, events[2].Batch)
	}
	type filter = engine.EventFilter
	for _, c := range []struct {
		of    filter
		limit int
		want  []int64
	}{
		{filter{}, 0, []int64{7, 6, 5, 4, 3, 2, 1}},
		{filter{}, 2, []int64{7, 6}},
		{filter{Classification: id}, 3, []int64{7, 6, 5}},
		{filter{Classification: "none"}, 0, nil},
		{filter{Person: bo.ID}, 0, []int64{7, 6}},
		{filter{Person: anna.ID, Key: "a"}, 0, []int64{5}},
		{filter{Key: "a"}, 1, []int64{6}},
		{filter{Batch: events[0].Batch}, 0, []int64{7, 6}},
		{filter{Classification: id, Batch: events[0].Batch, Person: bo.ID, Key: "b"}, 0, []int64{7}},
		{filter{Batch: events[0].Batch, Person: anna.ID}, 0, nil},
	} {
		events, err := s.Events(ctx, c.of, c.limit)
		check(t, err)
		var got []int64
		for _, e := range events {
			got = append(got, e.Seq)
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v %d: %v", c.of, c.limit, got)
		}
	}
}

func TestJournalIsAppendOnly(t *testing.T) {
	s, _ := fresh(t)
	bare := raw(t, s.path) // recursive_triggers is off here
	const columns = `at, actor, action, system_id, classification_id, key, before_hash, after_hash, batch, previous, hash`
	for name, query := range map[string]string{
		"update":        `UPDATE event SET actor = 'x'`,
		"delete":        `DELETE FROM event`,
		"replace":       `INSERT OR REPLACE INTO event SELECT 1, ` + columns + ` FROM event WHERE seq = 2`,
		"replace last":  `REPLACE INTO event SELECT * FROM event WHERE seq = 2`,
		"upsert":        `INSERT INTO event SELECT * FROM event WHERE seq = 2 ON CONFLICT (seq) DO UPDATE SET actor = 'x'`,
		"insert before": `INSERT INTO event SELECT 0, ` + columns + ` FROM event WHERE seq = 2`,
	} {
		if _, err := s.writer.Exec(query); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s by the writer: %v", name, err)
		}
		if _, err := bare.Exec(query); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s by another program: %v", name, err)
		}
	}
	if n, err := s.VerifyJournal(ctx); n != 2 || err != nil {
		t.Errorf("%d %v", n, err)
	}
}

func TestVerifyJournalFindsTampering(t *testing.T) {
	// Lines: 1 and 2 make the system, 3 to 6 save a, b, a, b.
	for name, c := range map[string]struct {
		sql   string
		words string
		n     int
	}{
		"nothing":            {`SELECT 1`, "", 6},
		"actor":              {`UPDATE event SET actor = 'p2' WHERE seq = 3`, "rad 3, som är ändrad", 2},
		"time":               {`UPDATE event SET at = '2020' WHERE seq = 1`, "rad 1, som är ändrad", 0},
		"key":                {`UPDATE event SET key = 'z' WHERE seq = 6`, "rad 6, som är ändrad", 5},
		"field moved":        {`UPDATE event SET key = key || action, action = '' WHERE seq = 4`, "rad 4, som är ändrad", 3},
		"hash":               {`UPDATE event SET hash = 'x' WHERE seq = 4`, "rad 4, som är ändrad", 3},
		"previous":           {`UPDATE event SET previous = 'x' WHERE seq = 4`, "rad 4, som inte hänger ihop", 3},
		"first removed":      {`DELETE FROM event WHERE seq = 1`, "rad 1, som saknas", 0},
		"middle removed":     {`DELETE FROM event WHERE seq = 4`, "rad 4, som saknas", 3},
		"closed up":          {`DELETE FROM event WHERE seq = 4; UPDATE event SET seq = seq - 1 WHERE seq > 4`, "rad 4, som inte hänger ihop", 3},
		"last removed":       {`DELETE FROM event WHERE seq = 6`, "Svaret b", 5},
		"payload":            {`UPDATE payload SET value_after = '7' WHERE seq = 3`, "rad 3, vars innehåll är ändrat", 2},
		"payload before":     {`UPDATE payload SET value_before = NULL WHERE seq = 5`, "rad 5, vars innehåll är ändrat", 4},
		"payload added":      {`UPDATE payload SET value_before = '0' WHERE seq = 3`, "rad 3, vars innehåll är ändrat", 2},
		"salt":               {`UPDATE payload SET salt = 'x' WHERE seq = 3`, "rad 3, vars innehåll är ändrat", 2},
		"answer":             {`UPDATE answer SET value = '7' WHERE key = 'a'`, "Svaret a", 6},
		"version":            {`UPDATE answer SET version = 3 WHERE key = 'a'`, "Svaret a", 6},
		"answer removed":     {`DELETE FROM answer WHERE key = 'a'`, "Svaret a", 6},
		"answer added":       {`INSERT INTO answer SELECT classification_id, 'c', value, 1, saved_at, saved_by FROM answer WHERE key = 'a'`, "Svaret c", 6},
		"everything removed": {`DELETE FROM payload; DELETE FROM event`, "Svaret a", 0},
		"payload erased":     {`DELETE FROM payload WHERE seq = 3`, "", 6},
	} {
		t.Run(name, func(t *testing.T) {
			s, id := fresh(t)
			mustSave(t, s, id, change("a", "1", 0), change("b", "1", 0))
			mustSave(t, s, id, change("a", "2", 1), change("b", "2", 1))
			check(t, s.Close())
			db := raw(t, s.path)
			for _, trigger := range []string{"event_no_update", "event_no_delete", "event_only_last"} {
				run(t, db, `DROP TRIGGER `+trigger)
			}
			run(t, db, c.sql)
			check(t, db.Close())
			n, err := reopen(t, s.path).VerifyJournal(ctx)
			if n != c.n {
				t.Errorf("%d lines hold, want %d", n, c.n)
			}
			if c.words == "" {
				check(t, err)
				return
			}
			if !errors.Is(err, ErrJournal) {
				t.Fatalf("not found: %v", err)
			}
			wantSentence(t, err, c.words)
		})
	}
}

func TestErase(t *testing.T) {
	s, id := fresh(t)
	kept := create(t, s).Classification.ID
	secret, name := "hemligheten-i-lådan", "Anna Ärlig"
	_, err := s.SaveAnswers(ctx, anna.ID, id, "k", []engine.Change{change("fact/x", `"`+secret+`"`, 0)})
	check(t, err)
	mustSave(t, s, id, change("fact/x", "null", 1))
	mustSave(t, s, kept, change("fact/x", "true", 0))
	if n, err := s.Erasable(ctx, id, ""); n != 3 || err != nil {
		t.Errorf("%d lines to erase: %v", n, err)
	}
	check(t, s.ErasePayloads(ctx, "", id))
	check(t, s.ErasePayloads(ctx, bo.ID, id))
	check(t, s.ErasePerson(ctx, bo.ID, anna.ID))
	if n, err := s.Erasable(ctx, id, ""); n != 0 || err != nil {
		t.Errorf("%d lines to erase: %v", n, err)
	}

	if n, err := s.VerifyJournal(ctx); n != 10 || err != nil {
		t.Errorf("%d lines: %v", n, err)
	}
	events, err := s.Events(ctx, engine.EventFilter{}, 0)
	check(t, err)
	var told []string
	for _, e := range events[:3] {
		told = append(told, e.Action+" "+e.ClassificationID+" "+e.Key+" "+e.By.ID)
	}
	if want := []string{"person.erase  p1 p2", "payload.erase " + id + "  p2", "payload.erase " + id + "  kommandorad"}; !reflect.DeepEqual(told, want) {
		t.Errorf("told %q", told)
	}
	events = events[3:]
	for _, e := range events {
		if erased := e.ClassificationID == id; erased != (e.After == nil) || erased && e.Before != nil {
			t.Errorf("event %+v", e)
		}
		if e.By != (engine.Person{ID: anna.ID}) {
			t.Errorf("by %+v", e.By)
		}
	}
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(s.path + suffix)
		check(t, err)
		if bytes.Contains(b, []byte(secret)) || bytes.Contains(b, []byte(name)) {
			t.Errorf("what was erased is still in %q", suffix)
		}
	}
	// The history goes on, and still tells an answer changed behind its back.
	mustSave(t, s, id, change("fact/x", "1", 2))
	_, err = s.VerifyJournal(ctx)
	check(t, err)
	run(t, s.writer, `UPDATE answer SET value = '2' WHERE classification_id = $1`, id)
	if _, err = s.VerifyJournal(ctx); !errors.Is(err, ErrJournal) {
		t.Errorf("not found: %v", err)
	}
}

func TestEraseWhileSomebodyReads(t *testing.T) {
	s, id := fresh(t)
	mustSave(t, s, id, change("fact/x", "1", 0))
	tx, err := s.reader.Begin()
	check(t, err)
	defer tx.Rollback()
	_, err = currentAnswer(ctx, tx, id, "fact/x")
	check(t, err)
	mustSave(t, s, id, change("fact/y", "1", 0))
	wantSentence(t, s.ErasePayloads(ctx, "", id), "gör om raderingen")
	check(t, tx.Rollback())
	check(t, s.ErasePayloads(ctx, "", id))
}

func TestEraseOfPerson(t *testing.T) {
	s, id := fresh(t)
	mustSave(t, s, id, change("a", `"annas"`, 0))
	for range 2 { // the second repeats the first
		_, err := s.SaveAnswers(ctx, bo.ID, id, "k", []engine.Change{change("b", `"hemligt"`, 0)})
		check(t, err)
	}
	if n, err := s.Erasable(ctx, "", bo.ID); n != 1 || err != nil {
		t.Errorf("%d lines to erase: %v", n, err)
	}
	check(t, s.ErasePayloadsOf(ctx, anna.ID, bo.ID))
	events, err := s.Events(ctx, engine.EventFilter{}, 3)
	check(t, err)
	if e := events[0]; e.Action != "payload.erase" || e.Key != bo.ID || e.By != anna || e.ClassificationID != "" || e.Before != nil || e.After != nil {
		t.Errorf("told %+v", e)
	}
	if e := events[1]; e.By != bo || e.After != nil {
		t.Errorf("not erased: %+v", e)
	}
	if e := events[2]; string(e.After) != `"annas"` {
		t.Errorf("erased too: %+v", e)
	}
	var batches int
	check(t, s.reader.QueryRow(`SELECT count(*) FROM batch`).Scan(&batches))
	if batches != 0 {
		t.Error("a digest of what was sent is left")
	}
	_, err = s.VerifyJournal(ctx)
	check(t, err)
	for name, call := range map[string]func() error{
		"erase":                  func() error { return s.ErasePayloadsOf(ctx, "", "none") },
		"count":                  func() error { _, err := s.Erasable(ctx, "", "none"); return err },
		"count a classification": func() error { _, err := s.Erasable(ctx, "none", ""); return err },
	} {
		if err := call(); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnchors(t *testing.T) {
	s, id := fresh(t)
	two, err := s.JournalHead(ctx)
	check(t, err)
	mustSave(t, s, id, change("a", "1", 0), change("b", "1", 0))
	four, err := s.JournalHead(ctx)
	check(t, err)
	if two.Seq != 2 || four.Seq != 4 || two.Hash == four.Hash {
		t.Fatalf("heads %v and %v", two, four)
	}
	if n, err := s.VerifyJournal(ctx, engine.Head{}, two, four); n != 4 || err != nil {
		t.Errorf("%d lines: %v", n, err)
	}
	for name, c := range map[string]struct {
		anchor engine.Head
		words  string
		n      int
	}{
		"another hash":  {engine.Head{Seq: 2, Hash: four.Hash}, "rad 2 är inte den som kontrollvärdet togs från", 1},
		"after the end": {engine.Head{Seq: 5, Hash: four.Hash}, "slutar vid rad 4, men kontrollvärdet togs vid rad 5", 4},
	} {
		n, err := s.VerifyJournal(ctx, two, c.anchor)
		if n != c.n || !errors.Is(err, ErrJournal) {
			t.Errorf("%s: %d lines, %v", name, n, err)
		}
		wantSentence(t, err, c.words)
	}
	// Lines that nothing else tells of are cut off.
	check(t, s.ErasePerson(ctx, "", anna.ID))
	five, err := s.JournalHead(ctx)
	check(t, err)
	run(t, s.writer, `DROP TRIGGER event_no_delete`)
	run(t, s.writer, `DELETE FROM payload WHERE seq = 5`)
	run(t, s.writer, `DELETE FROM event WHERE seq = 5`)
	if n, err := s.VerifyJournal(ctx); n != 4 || err != nil {
		t.Errorf("%d lines: %v", n, err)
	}
	_, err = s.VerifyJournal(ctx, five)
	wantSentence(t, err, "rader är borttagna")

	for _, h := range []engine.Head{two, four} {
		if got, ok := engine.ParseHead(h.String()); !ok || got != h {
			t.Errorf("%v was read as %v, %v", h, got, ok)
		}
	}
	for _, text := range []string{"", "4", ":", "4:", "4:abc", "x:" + four.Hash, "0:" + four.Hash, "-1:" + four.Hash, four.Hash, "4:" + four.Hash + "00", "4:" + strings.Repeat("g", 64)} {
		if h, ok := engine.ParseHead(text); ok {
			t.Errorf("%q was read as %v", text, h)
		}
	}
}

// TestExport recomputes the chain as somebody without our program would, from
// what the comment on ExportJournal says.
func TestExport(t *testing.T) {
	s, id := fresh(t)
	mustSave(t, s, id, change("fact/å", `{"text": "<b>&\u2028\n"}`, 0))
	mustSave(t, s, id, change("fact/å", "null", 1), change("erased", "1", 0))
	run(t, s.writer, `DELETE FROM payload WHERE seq = 5`)
	want, err := s.JournalHead(ctx)
	check(t, err)
	for _, values := range []bool{true, false} {
		var file bytes.Buffer
		head, err := s.ExportJournal(ctx, &file, values)
		check(t, err)
		if head != want {
			t.Errorf("head %v", head)
		}
		lines := strings.Split(strings.TrimSuffix(file.String(), "\n"), "\n")
		previous, told := "", 0
		for i, text := range lines {
			var x map[string]any
			check(t, json.Unmarshal([]byte(text), &x))
			sum := sha256.New()
			put := func(field string) { fmt.Fprintf(sum, "%d:%s,", len(field), field) }
			put("kravverk journal 1")
			put(fmt.Sprint(x["seq"]))
			for _, name := range []string{"at", "actor", "action", "system", "classification", "key", "before_hash", "after_hash", "batch", "previous"} {
				put(x[name].(string))
			}
			if x["hash"] != hex.EncodeToString(sum.Sum(nil)) || x["previous"] != previous || x["seq"] != float64(i+1) {
				t.Errorf("line %d: %s", i+1, text)
			}
			previous = x["hash"].(string)
			for _, name := range []string{"before", "after"} {
				if value, ok := x[name]; ok {
					told++
					mac := hmac.New(sha256.New, []byte(x["salt"].(string)))
					mac.Write([]byte(name + ":" + value.(string)))
					if x[name+"_hash"] != hex.EncodeToString(mac.Sum(nil)) {
						t.Errorf("line %d: %s", i+1, text)
					}
				}
			}
			if _, salted := x["salt"]; salted != (values && i != 4) {
				t.Errorf("line %d: %s", i+1, text)
			}
		}
		// One in each line, two in the change, none in the erased.
		if len(lines) != 5 || values && told != 5 || !values && told != 0 {
			t.Errorf("%d lines with %d values", len(lines), told)
		}
		got, err := VerifyExport(&file, want)
		check(t, err)
		if got != want {
			t.Errorf("verified to %v", got)
		}
	}
}

func TestVerifyExportFindsTampering(t *testing.T) {
	s, id := fresh(t)
	mustSave(t, s, id, change("a", "1", 0))
	mustSave(t, s, id, change("a", "2", 1))
	head, err := s.JournalHead(ctx)
	check(t, err)
	var file bytes.Buffer
	_, err = s.ExportJournal(ctx, &file, true)
	check(t, err)
	whole := file.String()
	lines := strings.SplitAfter(whole, "\n")
	for name, c := range map[string]struct {
		text  string
		words string
		holds int64
	}{
		"actor":          {strings.Replace(whole, `"actor":"p1"`, `"actor":"p2"`, 1), "rad 1, som är ändrad", 0},
		"value":          {strings.Replace(whole, `"after":"2"`, `"after":"3"`, 1), "rad 4, vars innehåll är ändrat", 3},
		"value left out": {strings.Replace(whole, `,"after":"2"`, ``, 1), "rad 4, vars innehåll är ändrat", 3},
		"middle removed": {lines[0] + lines[2] + lines[3], "rad 2, som saknas", 1},
		"last removed":   {lines[0] + lines[1] + lines[2], "slutar vid rad 3", 3},
		"half a line":    {whole[:len(whole)-20], "rad 4 är inte en rad ur Kravverks journal", 3},
		"something else": {"<html>", "rad 1 är inte en rad ur", 0},
		"unknown field":  {`{"seq":1,"extra":2}`, "rad 1 är inte en rad ur", 0},
		"nothing":        {"", "slutar vid rad 0", 0},
	} {
		got, err := VerifyExport(strings.NewReader(c.text), head)
		if !errors.Is(err, ErrJournal) || got.Seq != c.holds {
			t.Errorf("%s: holds to %v, %v", name, got, err)
			continue
		}
		wantSentence(t, err, c.words)
	}
}

// TestHashesAreSalted checks that the same answer leaves no recognizable trace.
func TestHashesAreSalted(t *testing.T) {
	s, id := fresh(t)
	mustSave(t, s, id, change("a", "true", 0), change("b", "true", 0))
	var distinct int
	check(t, s.reader.QueryRow(`SELECT count(DISTINCT after_hash) FROM event WHERE action = $1`, answerSave).Scan(&distinct))
	if distinct != 2 {
		t.Error("equal answers have equal hashes")
	}
}
