package web

import "net/http"

type aboutPage struct{ page }

func (s *server) accessibility(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, http.StatusOK, "accessibility", aboutPage{s.page(r, "Tillgänglighet", "", crumb{"Start", "/"}, crumb{"Tillgänglighet", ""})})
}

func (s *server) privacy(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, http.StatusOK, "privacy", aboutPage{s.page(r, "Så hanterar vi uppgifter", "", crumb{"Start", "/"}, crumb{"Så hanterar vi uppgifter", ""})})
}
