package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

func regoAtom(facts []fact, a atom) string {
	f := facts[a.fact]
	var values []string
	for _, v := range members(a.set) {
		switch f.kind {
		case level:
			values = append(values, strconv.Itoa(v))
		case boolean:
			values = append(values, strconv.FormatBool(v == 1))
		default:
			values = append(values, strconv.Quote(f.values[v]))
		}
	}
	if len(values) == 1 {
		return fmt.Sprintf("input.%s == %s", f.name, values[0])
	}
	return fmt.Sprintf("input.%s in {%s}", f.name, strings.Join(values, ", "))
}

// regoModule writes all conditions as one set of the numbers of those that
// hold, a rule for each pair of a level and a row. OPA's rule index then looks
// up the rules whose equalities and memberships can hold in the input and
// leaves the rest alone, which is why a level is put as "in {2, 3}" and not as
// ">= 2": without the index the same module takes three times as long. An
// object of verdicts, or a document of rules, took five times as long; a helper
// rule for the levels and partial evaluation gained nothing.
func regoModule(facts []fact, conditions []condition) string {
	var b strings.Builder
	b.WriteString("package bench\n\n")
	body := func(r row) []string {
		var out []string
		for _, a := range r {
			out = append(out, regoAtom(facts, a))
		}
		return out
	}
	for i, c := range conditions {
		levels, when := []row{nil}, []row{nil}
		if len(c.levels) > 0 {
			levels = nil
			for _, a := range c.levels {
				levels = append(levels, row{a})
			}
		}
		if len(c.when) > 0 {
			when = c.when
		}
		for _, r := range c.unless {
			fmt.Fprintf(&b, "unless_%d if {\n\t%s\n}\n\n", i, strings.Join(body(r), "\n\t"))
		}
		for _, l := range levels {
			for _, r := range when {
				lines := append(body(l), body(r)...)
				if len(c.unless) > 0 {
					lines = append(lines, fmt.Sprintf("not unless_%d", i))
				}
				fmt.Fprintf(&b, "applies contains %d if {\n\t%s\n}\n\n", i, strings.Join(lines, "\n\t"))
			}
		}
	}
	return b.String()
}

// opaPeer has one prepared query for all conditions of a system. The input is
// parsed beforehand, and the answer is read as OPA's own set: it is not turned
// into JSON first.
func opaPeer(facts []fact, conditions []condition) peer {
	ctx := context.Background()
	query, err := rego.New(
		rego.Query("data.bench.applies"),
		rego.Module("bench.rego", regoModule(facts, conditions)),
		rego.GenerateJSON(func(t *ast.Term, _ *rego.EvalContext) (any, error) { return t.Value, nil }),
	).PrepareForEval(ctx)
	must(err)
	return peer{
		name: "OPA, prepared query", systems: 256, cores: 1,
		load: func(s systems) evaluate {
			inputs := make([]ast.Value, s.len())
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
				var err error
				inputs[i], err = ast.InterfaceToValue(document)
				must(err)
			}
			return func(from, to int, verdicts [][]bool) error {
				for k := range verdicts {
					clear(verdicts[k][from:to])
				}
				for i := from; i < to; i++ {
					results, err := query.Eval(ctx, rego.EvalParsedInput(inputs[i]))
					if err != nil {
						return err
					}
					err = results[0].Expressions[0].Value.(ast.Set).Iter(func(t *ast.Term) error {
						k, ok := t.Value.(ast.Number).Int()
						if !ok {
							return fmt.Errorf("%v is no condition", t)
						}
						verdicts[k][i] = true
						return nil
					})
					if err != nil {
						return err
					}
				}
				return nil
			}
		},
	}
}
