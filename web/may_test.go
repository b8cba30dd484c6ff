package web_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/web"
)

// offered gives the forms of a page as they would be posted.
func (s *site) offered(path string) (forms []string) {
	s.t.Helper()
	got := s.get(path)
	if got.Code != 200 || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
		return nil
	}
	for _, n := range find(got.doc(), "form") {
		if attr(n, "method") == "post" {
			forms = append(forms, attr(n, "action"))
		}
	}
	return forms
}

// No page shows anybody a form that would be refused, and nobody who may
// answer is left without one.
func TestNoFormIsRefused(t *testing.T) {
	t.Parallel()
	refused := []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusLocked}
	for _, role := range web.Roles {
		for _, locked := range []bool{false, true} {
			t.Run(role.ID+map[bool]string{true: ", approved"}[locked], func(t *testing.T) {
				s := newSite(t)
				base := s.filled()
				if locked {
					s.approved(base)
					tender := s.procured(base)
					e, err := s.db.Evaluation(context.Background(), s.record(base).Classification.ID)
					check(t, err)
					check(t, s.db.Award(context.Background(), maria.ID, tender, e.State(), "Bäst."))
				}
				who := engine.Person{ID: "prov", Name: "Prov Person"}
				check(t, s.people(who, role.ID))
				s.as(who)
				var seen []string
				for _, path := range append(s.addresses(http.MethodGet, base), "/system/"+s.record(base).System.ID) {
					if !strings.HasPrefix(path, base) && !strings.HasPrefix(path, "/system") && path != "/" {
						continue
					}
					for _, action := range s.offered(path) {
						if slices.Contains(seen, action) {
							continue
						}
						seen = append(seen, action)
						if code := s.post(action, s.get(path).form(action)).Code; slices.Contains(refused, code) {
							t.Errorf("%s offers %s, which is answered with %d", path, action, code)
						}
					}
				}
				answers := slices.ContainsFunc(seen, func(a string) bool { return strings.HasPrefix(a, base+"/fragor/") })
				if want := strings.Contains(mayDo[role.ID], "answer") && !locked; answers != want {
					t.Errorf("questions can be answered: %v, want %v", answers, want)
				}
			})
		}
	}
}
