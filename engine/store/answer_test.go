package store

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/kravverk/kravverk/engine"
)

func TestSaveAnswers(t *testing.T) {
	// Before every case: a=1 at version 2 (by Anna), b taken back at version 2.
	for name, c := range map[string]struct {
		changes  []engine.Change
		want     []string // key=value@version by whom
		conflict string   // theirs, when there is one
		events   int
	}{
		"nothing":               {nil, nil, "", 0},
		"new":                   {[]engine.Change{change("c", "true", 0)}, []string{"c=true@1 p2"}, "", 1},
		"next":                  {[]engine.Change{change("a", "2", 2)}, []string{"a=2@3 p2"}, "", 1},
		"several in order":      {[]engine.Change{change("c", "1", 0), change("a", "2", 2)}, []string{"c=1@1 p2", "a=2@3 p2"}, "", 2},
		"same value":            {[]engine.Change{change("a", "1", 2)}, []string{"a=1@2 p1"}, "", 0},
		"same value, spaced":    {[]engine.Change{change("a", " 1\n", 2)}, []string{"a=1@2 p1"}, "", 0},
		"same value, stale":     {[]engine.Change{change("a", "1", 1)}, []string{"a=1@2 p1"}, "", 0},
		"same value, unseen":    {[]engine.Change{change("a", "1", 0)}, []string{"a=1@2 p1"}, "", 0},
		"taken back":            {[]engine.Change{change("a", "null", 2)}, []string{"a=null@3 p2"}, "", 1},
		"taken back by nil":     {[]engine.Change{{Key: "a", Version: 2}}, []string{"a=null@3 p2"}, "", 1},
		"taken back again":      {[]engine.Change{change("b", "null", 2)}, []string{"b=null@2 p1"}, "", 0},
		"given anew":            {[]engine.Change{change("b", "1", 2)}, []string{"b=1@3 p2"}, "", 1},
		"null of nothing":       {[]engine.Change{change("c", "null", 0)}, []string{"c=@0 "}, "", 0},
		"stale":                 {[]engine.Change{change("a", "2", 1)}, nil, "a=1@2 p1", 0},
		"unseen":                {[]engine.Change{change("a", "2", 0)}, nil, "a=1@2 p1", 0},
		"from the future":       {[]engine.Change{change("a", "2", 3)}, nil, "a=1@2 p1", 0},
		"version of nothing":    {[]engine.Change{change("c", "2", 1)}, nil, "c=@0 ", 0},
		"good before stale":     {[]engine.Change{change("c", "1", 0), change("a", "2", 1)}, nil, "a=1@2 p1", 0},
		"stale before good":     {[]engine.Change{change("a", "2", 1), change("c", "1", 0)}, nil, "a=1@2 p1", 0},
		"unseen but taken back": {[]engine.Change{change("b", "1", 0)}, nil, "b=null@2 p1", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, id := fresh(t)
			mustSave(t, s, id, change("a", "0", 0), change("b", "0", 0))
			mustSave(t, s, id, change("a", "1", 1), change("b", "null", 1))
			before, err := s.Classification(ctx, id)
			check(t, err)
			lines, err := s.VerifyJournal(ctx)
			check(t, err)

			answers, err := s.SaveAnswers(ctx, bo.ID, id, "key", c.changes)
			after, e := s.Classification(ctx, id)
			check(t, e)
			n, e := s.VerifyJournal(ctx)
			check(t, e)
			if n-lines != c.events {
				t.Errorf("%d events, want %d", n-lines, c.events)
			}
			if c.conflict != "" {
				var conflict *engine.Conflict
				if !errors.As(err, &conflict) {
					t.Fatalf("no conflict: %v", err)
				}
				if got := show(conflict.Theirs); got != c.conflict {
					t.Errorf("theirs %s, want %s", got, c.conflict)
				}
				if conflict.Theirs.Version > 0 && (conflict.Theirs.By != anna || !conflict.Theirs.At.After(t0)) {
					t.Errorf("theirs without who or when: %+v", conflict.Theirs)
				}
				if string(conflict.Mine.Value) == "" || conflict.Mine.Key != conflict.Theirs.Key {
					t.Errorf("mine %+v", conflict.Mine)
				}
				if answers != nil || !reflect.DeepEqual(after, before) {
					t.Errorf("something was saved: %+v", after)
				}
				return
			}
			check(t, err)
			for i, a := range answers {
				if show(a) != c.want[i] {
					t.Errorf("got %s, want %s", show(a), c.want[i])
				}
				if stored, ok := after.Answers[a.Key]; ok && !reflect.DeepEqual(stored, a) {
					t.Errorf("stored %+v, given %+v", stored, a)
				}
			}
			if len(answers) != len(c.want) {
				t.Errorf("%d answers", len(answers))
			}
			again, err := s.SaveAnswers(ctx, bo.ID, id, "key", c.changes)
			if err != nil || !reflect.DeepEqual(again, answers) {
				t.Errorf("sent twice: %+v %v, first %+v", again, err, answers)
			}
		})
	}
}

func show(a engine.Answer) string {
	return fmt.Sprintf("%s=%s@%d %s", a.Key, a.Value, a.Version, a.By.ID)
}

func TestSaveAnswersRefuses(t *testing.T) {
	s, id := fresh(t)
	for name, changes := range map[string][]engine.Change{
		"no key":           {change("", "1", 0)},
		"key twice":        {change("a", "1", 0), change("a", "2", 0)},
		"negative version": {change("a", "1", -1)},
		"not JSON":         {change("a", "{", 0)},
		"two values":       {change("a", "1 2", 0)},
		"empty":            {change("a", " ", 0)},
		"not UTF-8":        {change("a", "\"\xff\"", 0)},
	} {
		if _, err := s.SaveAnswers(ctx, anna.ID, id, "", changes); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := s.SaveAnswers(ctx, "nobody", id, "", []engine.Change{change("a", "1", 0)}); err == nil {
		t.Error("an unknown person was taken")
	}
	if r, err := s.Classification(ctx, id); err != nil || len(r.Answers) != 0 {
		t.Errorf("%+v %v", r, err)
	}
}

func TestIdempotency(t *testing.T) {
	s, id := fresh(t)
	other := create(t, s).Classification.ID
	first := []engine.Change{change("a", "1", 0), change("b", "2", 0)}
	want, err := s.SaveAnswers(ctx, anna.ID, id, "k", first)
	check(t, err)
	// Somebody else goes on; the repeated form still gets its first outcome.
	_, err = s.SaveAnswers(ctx, bo.ID, id, "k2", []engine.Change{change("a", "9", 1)})
	check(t, err)
	lines, err := s.VerifyJournal(ctx)
	check(t, err)
	got, err := s.SaveAnswers(ctx, anna.ID, id, "k", first)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("again: %+v %v", got, err)
	}
	got, err = s.SaveAnswers(ctx, anna.ID, id, "k", []engine.Change{first[1], first[0]})
	if err != nil || !reflect.DeepEqual(got, []engine.Answer{want[1], want[0]}) {
		t.Errorf("in another order: %+v %v", got, err)
	}
	for name, c := range map[string]struct {
		by      string
		changes []engine.Change
	}{
		"value":   {anna.ID, []engine.Change{change("a", "7", 0), first[1]}},
		"version": {anna.ID, []engine.Change{change("a", "1", 1), first[1]}},
		"fewer":   {anna.ID, first[:1]},
		"person":  {bo.ID, first},
	} {
		_, err := s.SaveAnswers(ctx, c.by, id, "k", c.changes)
		if !errors.Is(err, ErrKeyReused) {
			t.Errorf("other %s: %v", name, err)
			continue
		}
		wantSentence(t, err, "redan skickats")
	}
	n, err := s.VerifyJournal(ctx)
	if err != nil || n != lines {
		t.Errorf("%d lines, want %d: %v", n, lines, err)
	}
	// Keys belong to a classification, and a failed save does not use one up.
	if _, err := s.SaveAnswers(ctx, anna.ID, other, "k", []engine.Change{change("a", "7", 1)}); err == nil {
		t.Fatal("no conflict")
	}
	if _, err := s.SaveAnswers(ctx, anna.ID, other, "k", []engine.Change{change("a", "7", 0)}); err != nil {
		t.Error(err)
	}
}

func TestTwoWritersOneWins(t *testing.T) {
	s, id := fresh(t)
	second := reopen(t, s.path) // as another process would be
	second.writer.Exec(`PRAGMA busy_timeout(5000)`)
	s.writer.Exec(`PRAGMA busy_timeout(5000)`)
	for version := range 20 {
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i, w := range []*Store{s, second} {
			wg.Go(func() {
				_, errs[i] = w.SaveAnswers(ctx, anna.ID, id, "", []engine.Change{change("a", fmt.Sprintf("%d", 2*version+i), version)})
			})
		}
		wg.Wait()
		conflicts := 0
		for _, err := range errs {
			var c *engine.Conflict
			if errors.As(err, &c) {
				conflicts++
				if c.Theirs.Version != version+1 || string(c.Theirs.Value) == string(c.Mine.Value) {
					t.Errorf("conflict %+v", c)
				}
			} else if err != nil {
				t.Error(err)
			}
		}
		if conflicts != 1 {
			t.Fatalf("round %d: %d conflicts, want 1", version, conflicts)
		}
	}
	if _, err := s.VerifyJournal(ctx); err != nil {
		t.Error(err)
	}
}

// TestManyGoroutines has fifty people change the same answer, each retrying on
// conflict with what it was told. No step may be lost, and who lost a race has
// saved nothing.
func TestManyGoroutines(t *testing.T) {
	s, id := fresh(t)
	const people, rounds = 50, 4
	var wg sync.WaitGroup
	for i := range people {
		wg.Go(func() {
			version := 0
			for round := range rounds {
				for {
					a, err := s.SaveAnswers(ctx, bo.ID, id, fmt.Sprintf("%d/%d/%d", i, round, version), []engine.Change{
						change(fmt.Sprintf("own/%d", i), fmt.Sprint(round), round),
						change("shared", fmt.Sprintf(`"%d/%d"`, i, round), version),
					})
					if err == nil {
						version = a[1].Version
						break
					}
					var c *engine.Conflict
					if !errors.As(err, &c) || c.Mine.Key != "shared" {
						t.Error(err)
						return
					}
					version = c.Theirs.Version
				}
				if _, err := s.Systems(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	r, err := s.Classification(ctx, id)
	check(t, err)
	if v := r.Answers["shared"].Version; v != people*rounds || len(r.Answers) != people+1 {
		t.Errorf("shared at version %d, %d answers", v, len(r.Answers))
	}
	if n, err := s.VerifyJournal(ctx); err != nil || n != 2+2*people*rounds {
		t.Errorf("%d lines: %v", n, err)
	}
}
