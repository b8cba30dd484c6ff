package main

// The plain peers are what one would write in Go without a library, to tell how
// much of a library's time is the language it offers.

// closurePeer turns each condition into nested closures.
func closurePeer(_ []fact, conditions []condition) peer {
	type test func([]uint8) bool
	is := func(a atom) test {
		return func(system []uint8) bool { return a.set>>system[a.fact]&1 == 1 }
	}
	not := func(t test) test { return func(system []uint8) bool { return !t(system) } }
	// A list of two is by far the most common, and needs no loop.
	and := func(kids []test) test {
		switch len(kids) {
		case 1:
			return kids[0]
		case 2:
			a, b := kids[0], kids[1]
			return func(system []uint8) bool { return a(system) && b(system) }
		}
		return func(system []uint8) bool {
			for _, k := range kids {
				if !k(system) {
					return false
				}
			}
			return true
		}
	}
	or := func(kids []test) test {
		switch len(kids) {
		case 1:
			return kids[0]
		case 2:
			a, b := kids[0], kids[1]
			return func(system []uint8) bool { return a(system) || b(system) }
		}
		return func(system []uint8) bool {
			for _, k := range kids {
				if k(system) {
					return true
				}
			}
			return false
		}
	}
	all := func(r row) []test {
		var out []test
		for _, a := range r {
			out = append(out, is(a))
		}
		return out
	}
	tests := make([]test, len(conditions))
	for i, c := range conditions {
		var parts []test
		if len(c.levels) > 0 {
			parts = append(parts, or(all(c.levels)))
		}
		if len(c.when) > 0 {
			var rows []test
			for _, r := range c.when {
				rows = append(rows, and(all(r)))
			}
			parts = append(parts, or(rows))
		}
		for _, r := range c.unless {
			parts = append(parts, not(and(all(r))))
		}
		tests[i] = and(parts)
	}
	return peer{
		name: "closures in Go", systems: 100_000, cores: 1,
		load: func(s systems) evaluate {
			return func(from, to int, verdicts [][]bool) error {
				for k, t := range tests {
					for i := from; i < to; i++ {
						verdicts[k][i] = t(s.at(i))
					}
				}
				return nil
			}
		},
	}
}

// jumpPeer turns each condition into tests that say where to go on. The places
// below zero are the verdicts.
func jumpPeer(_ []fact, conditions []condition) peer {
	const holds, fails = -1, -2
	type jump struct {
		set     uint64
		fact    int32
		yes, no int32
	}
	var code []jump
	// Written from the last test to the first: where to go on is then known.
	emit := func(r row, then, otherwise int32) int32 {
		for i := len(r) - 1; i >= 0; i-- {
			code = append(code, jump{r[i].set, int32(r[i].fact), then, otherwise})
			then = int32(len(code) - 1)
		}
		return then
	}
	anyOf := func(rows []row, then int32) int32 {
		otherwise := int32(fails)
		for i := len(rows) - 1; i >= 0; i-- {
			otherwise = emit(rows[i], then, otherwise)
		}
		return otherwise
	}
	starts := make([]int32, len(conditions))
	for i, c := range conditions {
		at := int32(holds)
		for _, r := range c.unless {
			at = emit(r, fails, at)
		}
		if len(c.when) > 0 {
			at = anyOf(c.when, at)
		}
		if len(c.levels) > 0 {
			var levels []row
			for _, a := range c.levels {
				levels = append(levels, row{a})
			}
			at = anyOf(levels, at)
		}
		starts[i] = at
	}
	return peer{
		name: "jump code in Go", systems: 100_000, cores: 1,
		load: func(s systems) evaluate {
			return func(from, to int, verdicts [][]bool) error {
				for k, start := range starts {
					for i := from; i < to; i++ {
						values := s.at(i)
						at := start
						for at >= 0 {
							j := &code[at]
							if j.set>>values[j.fact]&1 == 1 {
								at = j.yes
							} else {
								at = j.no
							}
						}
						verdicts[k][i] = at == holds
					}
				}
				return nil
			}
		},
	}
}

// maskWords holds a bit for every value of every fact.
const maskWords = 3

type mask [maskWords]uint64

func (m mask) without(o mask) (out mask) {
	for i := range m {
		out[i] = m[i] &^ o[i]
	}
	return out
}

func (m mask) or(o mask) (out mask) {
	for i := range m {
		out[i] = m[i] | o[i]
	}
	return out
}

// maskPeer multiplies each condition out to rows of "none of these values", one
// mask a row; a system is a mask with one bit a fact.
func maskPeer(facts []fact, conditions []condition) peer {
	first := make([]int, len(facts))
	bit := 0
	for i, f := range facts {
		first[i] = bit
		bit += f.size()
	}
	if bit > 64*maskWords {
		panic("maskWords is too small")
	}
	put := func(m *mask, fact int, values uint64) {
		for _, v := range members(values) {
			m[(first[fact]+v)/64] |= 1 << ((first[fact] + v) % 64)
		}
	}
	excluded := func(r row) (out mask) {
		for _, a := range r {
			put(&out, a.fact, (1<<facts[a.fact].size()-1)&^a.set)
		}
		return out
	}
	// possible tells whether every fact has a value left.
	possible := func(m mask) bool {
		for i, f := range facts {
			var full mask
			put(&full, i, 1<<f.size()-1)
			if full.without(m) == (mask{}) {
				return false
			}
		}
		return true
	}
	multiply := func(a, b []mask) []mask {
		var products []mask
		for _, x := range a {
			for _, y := range b {
				if both := x.or(y); possible(both) {
					products = append(products, both)
				}
			}
		}
		var out []mask
		for i, x := range products {
			covered := false
			for j, y := range products {
				covered = covered || i != j && y.without(x) == (mask{}) && (x != y || j < i)
			}
			if !covered {
				out = append(out, x)
			}
		}
		return out
	}
	var rows []mask
	ends := make([]int, len(conditions))
	for i, c := range conditions {
		sum := []mask{{}}
		if len(c.levels) > 0 {
			var levels []mask
			for _, a := range c.levels {
				levels = append(levels, excluded(row{a}))
			}
			sum = multiply(sum, levels)
		}
		if len(c.when) > 0 {
			var when []mask
			for _, r := range c.when {
				when = append(when, excluded(r))
			}
			sum = multiply(sum, when)
		}
		for _, r := range c.unless {
			var broken []mask
			for _, a := range r {
				var m mask
				put(&m, a.fact, a.set)
				broken = append(broken, m)
			}
			sum = multiply(sum, broken)
		}
		rows = append(rows, sum...)
		ends[i] = len(rows)
	}
	return peer{
		name: "mask DNF in Go", systems: 100_000, cores: 1,
		load: func(s systems) evaluate {
			inputs := make([]mask, s.len())
			for i := range inputs {
				for j, v := range s.at(i) {
					put(&inputs[i], j, 1<<v)
				}
			}
			return func(from, to int, verdicts [][]bool) error {
				start := 0
				for k, end := range ends {
					list := rows[start:end]
					for i := from; i < to; i++ {
						m := &inputs[i]
						found := false
						for j := range list {
							r := &list[j]
							if m[0]&r[0]|m[1]&r[1]|m[2]&r[2] == 0 {
								found = true
								break
							}
						}
						verdicts[k][i] = found
					}
					start = end
				}
				return nil
			}
		},
	}
}
