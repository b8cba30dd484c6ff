package rule

import "slices"

// Prime is a prime implicant: atoms, at most one for each variable and in the
// order of the variables, that together force a verdict. No atom of it can be
// left out and none widened.
type Prime []Atom

// maxPrimes is how many primes of a verdict a condition may have before it is
// answered by its nodes instead. On the way more are allowed, since most fall
// away.
const (
	maxPrimes      = 64
	maxPrimesInter = 4 * maxPrimes
)

// primes is what has been worked out for a node and a verdict; no list at all
// means that they are too many.
type primes struct {
	known bool
	list  []Prime
}

// inside tells whether all of the box lies within the prime.
func (p Prime) inside(b Box) bool {
	for _, a := range p {
		if b[a.Var]&^a.Set != 0 {
			return false
		}
	}
	return true
}

// meets tells whether some state of the box lies within the prime.
func (p Prime) meets(b Box) bool {
	for _, a := range p {
		if b[a.Var]&a.Set == 0 {
			return false
		}
	}
	return true
}

// within tells whether p forces all that q does: q's atoms are then no narrower
// than p's.
func (p Prime) within(q Prime) bool {
	i := 0
	for _, a := range q {
		for i < len(p) && p[i].Var < a.Var {
			i++
		}
		if i == len(p) || p[i].Var != a.Var || p[i].Set&^a.Set != 0 {
			return false
		}
	}
	return true
}

// both is what two primes say together; false when nothing does.
func (d *Diagram) both(p, q Prime) (Prime, bool) {
	out := d.room(len(p) + len(q))
	for len(p) > 0 && len(q) > 0 {
		switch a, b := p[0], q[0]; {
		case a.Var < b.Var:
			out, p = append(out, a), p[1:]
		case b.Var < a.Var:
			out, q = append(out, b), q[1:]
		default:
			if a.Set&b.Set == 0 {
				return nil, false
			}
			out, p, q = append(out, Atom{a.Var, a.Set & b.Set}), p[1:], q[1:]
		}
	}
	return d.fill(append(append(out, p...), q...)), true
}

// room is where a prime of at most n atoms can be put together; fill keeps it.
// Together they take many from one allocation.
func (d *Diagram) room(n int) Prime {
	if cap(d.atoms)-len(d.atoms) < n {
		d.atoms = make([]Atom, 0, max(n, 512))
	}
	return Prime(d.atoms[len(d.atoms) : len(d.atoms) : len(d.atoms)+n])
}

func (d *Diagram) fill(p Prime) Prime {
	d.atoms = d.atoms[:len(d.atoms)+len(p)]
	return p[:len(p):len(p)]
}

// primesOf gives all prime implicants of a node's verdict, or nil and false
// when they are too many, or take more work than the condition at hand has left.
//
// A prime of a node holds for some set of its values; what it says of the rest
// is a prime of what the kids of those values have in common. So the kids are
// taken in one by one, each alone and together with all that came before, and
// what lies within something else is dropped.
func (d *Diagram) primesOf(r ref, want ref) ([]Prime, bool) {
	if r <= refYes {
		if r == want {
			return []Prime{{}}, true
		}
		return nil, true
	}
	if n := len(d.nodes) - len(d.primes[want]); n > 0 {
		d.primes[want] = append(d.primes[want], make([]primes, n)...)
	}
	memo := &d.primes[want][r]
	if memo.known {
		return memo.list, memo.list != nil
	}
	memo.known = true // and until the list is there: too many
	type part struct {
		set  Set
		rest Prime
	}
	n := d.nodes[r]
	var one, two [24]part // most nodes need no more
	all, joined := one[:0], two[:0]
	for i, kid := range n.kids {
		if slices.Contains(n.kids[:i], kid) {
			continue
		}
		var set Set
		for j, other := range n.kids {
			if other == kid {
				set |= Of(j)
			}
		}
		own, ok := d.primesOf(kid, want)
		if !ok {
			return nil, false
		}
		joined = append(joined[:0], all...)
		for _, p := range own {
			joined = append(joined, part{set, p})
			for _, q := range all {
				if both, ok := d.both(p, q.rest); ok {
					joined = append(joined, part{set | q.set, both})
				}
			}
		}
		if d.steps += len(joined) * len(joined); d.steps > maxSteps {
			return nil, false
		}
		all = all[:0]
		for i, p := range joined {
			covered := slices.ContainsFunc(joined[:i], func(q part) bool { return p.set&^q.set == 0 && p.rest.within(q.rest) }) ||
				slices.ContainsFunc(joined[i+1:], func(q part) bool {
					return p.set&^q.set == 0 && p.rest.within(q.rest) && (p.set != q.set || !q.rest.within(p.rest))
				})
			if !covered {
				all = append(all, p)
			}
		}
		if len(all) > maxPrimesInter {
			return nil, false
		}
	}
	full := d.space.Full(n.v)
	out := make([]Prime, len(all))
	for i, p := range all {
		if p.set == full {
			out[i] = p.rest
		} else {
			out[i] = d.fill(append(append(d.room(len(p.rest)+1), Atom{n.v, p.set}), p.rest...))
		}
	}
	d.primes[want][r].list = out
	return out, true
}
