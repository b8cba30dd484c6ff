package certificate

// search goes through all states of a box, one single state at a time.
//
// A variable gets a value when it is first looked at: the first that it may
// have. When a state has been tried, the variable that was looked at last and
// has values left takes the next, what was looked at after it is forgotten, and
// all is tried anew. What a try never looked at cannot have mattered to it, so
// one try stands for every state that differs only there, and when no values
// are left every state has been tried.
type search struct {
	box  func(Variable) []string // the values that a variable may have, at least one
	path []step                  // the variables looked at that may have several values
	now  map[Variable]string     // the value of each variable looked at
}

type step struct {
	Variable
	values []string
	at     int
}

func (s *search) value(v Variable) string {
	if value, ok := s.now[v]; ok {
		return value
	}
	values := s.box(v)
	if len(values) > 1 {
		s.path = append(s.path, step{v, values, 0})
	}
	s.now[v] = values[0]
	return values[0]
}

// next moves on to the next state; false when all have been tried.
func (s *search) next() bool {
	for n := len(s.path); n > 0; n-- {
		last := &s.path[n-1]
		if last.at++; last.at < len(last.values) {
			s.now[last.Variable] = last.values[last.at]
			return true
		}
		delete(s.now, last.Variable)
		s.path = s.path[:n-1]
	}
	return false
}

// every makes a try in every state of the box until one is false; a variable
// that the box does not name has the values of rest. It tells whether none was
// false, and gives the values that were chosen in the one that was. What it says
// means nothing once the checker has given up.
func (k *checker) every(box, rest map[Variable][]string, try func(value func(Variable) string) bool) (all bool, counter []Atom) {
	s := search{now: map[Variable]string{}, box: func(v Variable) []string {
		if values, ok := box[v]; ok {
			return values
		}
		return rest[v]
	}}
	for !k.gaveUp() {
		k.states--
		if !try(s.value) {
			for _, x := range s.path {
				counter = append(counter, Atom{x.Variable, []string{s.now[x.Variable]}})
			}
			return false, counter
		}
		if !s.next() {
			return true, nil
		}
	}
	return false, nil
}
