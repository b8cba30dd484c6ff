package main

import (
	"slices"
	"testing"
)

// TestAgree is what the benchmark does before it times anything, on fewer
// systems. Their number is no multiple of a word or of a lane.
func TestAgree(t *testing.T) {
	facts := makeFacts()
	conditions := makeConditions(facts, 300)
	all := makeSystems(facts, 4_501)
	if _, _, err := agree(facts, conditions, all, all.len(), plainly, contestants(facts, conditions, all)); err != nil {
		t.Error(err)
	}
	open := forget(all)
	exactly := func(c condition, system []uint8) verdict { return c.exactly(facts, system) }
	if _, decided, err := agree(facts, conditions, open, 300, exactly, oursUnanswered(facts, conditions, open)); err != nil {
		t.Error(err)
	} else if decided == 0 || decided > 0.5 {
		t.Errorf("%.2f of the verdicts are decided with four answers of five missing", decided)
	}
}

// TestDisagree makes sure that a wrong verdict is seen.
func TestDisagree(t *testing.T) {
	facts := makeFacts()
	conditions := makeConditions(facts, 50)
	all := makeSystems(facts, 250)
	other := slices.Clone(conditions)
	other[49] = condition{when: []row{{{fact: 0, set: 0b1110}}}, unless: []row{{{fact: 0, set: 0b1110}}}}
	for _, c := range contestants(facts, other, all) {
		if _, _, err := agree(facts, conditions, all, all.len(), plainly, []*contestant{c}); err == nil {
			t.Errorf("%s answers to another condition, and nobody sees it", c.name)
		}
	}
}

// TestChange holds the counts of a catalogue change to the plain reading.
func TestChange(t *testing.T) {
	facts := makeFacts()
	conditions := makeConditions(facts, 100)
	all := makeSystems(facts, 4_501)
	next := changed(facts, conditions)
	want := make([]int, len(conditions))
	for k := range conditions {
		for i := range all.len() {
			if conditions[k].holds(all.at(i)) != next[k].holds(all.at(i)) {
				want[k]++
			}
		}
	}
	number := make([]int, len(next))
	for k := range number {
		number[k] = k
	}
	c := newChange(facts, conditions, all)
	c.apply(expressions(next), number, blocks(all.len(), len(next)))
	if !slices.Equal(c.counts, want) {
		t.Errorf("differing systems by condition: %v, want %v", c.counts, want)
	}
	if slices.Max(want) == 0 {
		t.Error("the change changes nothing")
	}
}
