package store

import (
	"bytes"
	"errors"
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
	events, err := s.Events(ctx, id, 0)
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
	for _, c := range []struct {
		id    string
		limit int
		want  []int64
	}{{"", 0, []int64{7, 6, 5, 4, 3, 2, 1}}, {"", 2, []int64{7, 6}}, {id, 3, []int64{7, 6, 5}}, {"none", 0, nil}} {
		events, err := s.Events(ctx, c.id, c.limit)
		check(t, err)
		var got []int64
		for _, e := range events {
			got = append(got, e.Seq)
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q %d: %v", c.id, c.limit, got)
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
	check(t, s.ErasePayloads(ctx, id))
	check(t, s.ErasePayloads(ctx, id))
	check(t, s.ErasePerson(ctx, anna.ID))

	if n, err := s.VerifyJournal(ctx); n != 7 || err != nil {
		t.Errorf("%d lines: %v", n, err)
	}
	events, err := s.Events(ctx, "", 0)
	check(t, err)
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
	wantSentence(t, s.ErasePayloads(ctx, id), "gör om raderingen")
	check(t, tx.Rollback())
	check(t, s.ErasePayloads(ctx, id))
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
