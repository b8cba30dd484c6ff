package main

import (
	"encoding/json"

	"github.com/diegoholiveira/jsonlogic/v3"
)

// jsonRule is the condition as JSONLogic's JSON, before it is text.
func jsonRule(facts []fact, c condition) any {
	call := func(operator string, operands ...any) any { return map[string]any{operator: operands} }
	join := func(operator string, kids []any) any {
		if len(kids) == 1 {
			return kids[0]
		}
		return call(operator, kids...)
	}
	printAtom := func(a atom) any {
		f := facts[a.fact]
		v := map[string]any{"var": f.name}
		switch f.kind {
		case level:
			return call(">=", v, lowest(a.set))
		case boolean:
			if a.set == 1 {
				return call("!", v)
			}
			return v
		}
		var names []any
		for _, m := range members(a.set) {
			names = append(names, f.values[m])
		}
		if len(names) == 1 {
			return call("==", v, names[0])
		}
		return call("in", v, names)
	}
	printRow := func(r row) any {
		var kids []any
		for _, a := range r {
			kids = append(kids, printAtom(a))
		}
		return join("and", kids)
	}
	var parts []any
	if len(c.levels) > 0 {
		var kids []any
		for _, a := range c.levels {
			kids = append(kids, printAtom(a))
		}
		parts = append(parts, join("or", kids))
	}
	if len(c.when) > 0 {
		var kids []any
		for _, r := range c.when {
			kids = append(kids, printRow(r))
		}
		parts = append(parts, join("or", kids))
	}
	for _, r := range c.unless {
		parts = append(parts, call("!", printRow(r)))
	}
	return join("and", parts)
}

// jsonLogicPeer hands over rules and data that are decoded already. The library
// would rather have text, but then it decodes both on every call, which would
// be timing encoding/json.
func jsonLogicPeer(facts []fact, conditions []condition) peer {
	// Through text and back, so that numbers and lists are what a rule read
	// from a file has.
	decode := func(v any) (out any) {
		text, err := json.Marshal(v)
		must(err)
		must(json.Unmarshal(text, &out))
		return out
	}
	rules := make([]any, len(conditions))
	for i, c := range conditions {
		rules[i] = decode(jsonRule(facts, c))
	}
	return peer{
		name: "JSONLogic", systems: 256, cores: 1,
		load: func(s systems) evaluate {
			inputs := make([]any, s.len())
			for i := range inputs {
				document := map[string]any{}
				for j, f := range facts {
					switch v := s.at(i)[j]; f.kind {
					case level:
						document[f.name] = int(v)
					case boolean:
						document[f.name] = v == 1
					default:
						document[f.name] = f.values[v]
					}
				}
				inputs[i] = decode(document)
			}
			return func(from, to int, verdicts [][]bool) error {
				for k, r := range rules {
					for i := from; i < to; i++ {
						v, err := jsonlogic.ApplyInterface(r, inputs[i])
						if err != nil {
							return err
						}
						verdicts[k][i] = v == true
					}
				}
				return nil
			}
		},
	}
}
