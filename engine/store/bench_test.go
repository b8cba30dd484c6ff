package store

import (
	"fmt"
	"testing"

	"github.com/kravverk/kravverk/engine"
)

func BenchmarkSaveAnswers(b *testing.B) {
	for _, n := range []int{1, 40} {
		b.Run(fmt.Sprintf("changes=%d", n), func(b *testing.B) {
			s, id := fresh(b)
			changes := make([]engine.Change, n)
			version := 0
			for b.Loop() {
				for i := range changes {
					changes[i] = change(fmt.Sprintf("fact/f%02d", i), fmt.Sprint(version), version)
				}
				if _, err := s.SaveAnswers(ctx, anna.ID, id, fmt.Sprint("k", version), changes); err != nil {
					b.Fatal(err)
				}
				version++
			}
		})
	}
}

// filled is a store of 500 systems with 40 answers each.
func filled(b *testing.B) (*Store, string) {
	s, id := fresh(b)
	changes := make([]engine.Change, 40)
	for i := range changes {
		changes[i] = change(fmt.Sprintf("fact/f%02d", i), `["option-a","option-b"]`, 0)
	}
	mustSave(b, s, id, changes...)
	for range 499 {
		mustSave(b, s, create(b, s).Classification.ID, changes...)
	}
	return s, id
}

func BenchmarkSystems(b *testing.B) {
	s, id := filled(b)
	b.Run("500x40", func(b *testing.B) {
		for b.Loop() {
			if list, err := s.Systems(ctx); err != nil || len(list) != 500 || len(list[499].Answers) != 40 {
				b.Fatal(len(list), err)
			}
		}
	})
	b.Run("one of 500", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Classification(ctx, id); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.VerifyJournal(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("reopen", func(b *testing.B) {
		for b.Loop() {
			again, err := Open(s.path, clock())
			if err != nil {
				b.Fatal(err)
			}
			again.Close()
		}
	})
}
