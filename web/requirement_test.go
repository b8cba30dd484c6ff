package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/engine/catalog"
	"github.com/kravverk/kravverk/web"
)

// Every requirement has a page in every classification, and every link on it
// leads somewhere.
func TestEveryRequirementHasAPage(t *testing.T) {
	s := newSite(t)
	ids := map[string]map[string]bool{} // of the pages that are linked to
	seen := map[string]bool{}
	leads := func(from, link string) {
		path, anchor, ok := strings.Cut(link, "#")
		path, _, _ = strings.Cut(path, "?") // which row is unfolded does not matter
		if !ok || path == "" {
			return
		}
		if ids[path] == nil {
			ids[path] = map[string]bool{}
			for n := range s.get(path).wants(200).doc().Descendants() {
				ids[path][attr(n, "id")] = true
			}
		}
		if !ids[path][anchor] {
			t.Errorf("%s: %s leads nowhere", from, link)
		}
	}
	for _, base := range []string{
		s.system("Tomt"),
		s.filled(),
		s.system("Tunneln", engine.InformationKey(1), engine.Information{Type: "kartdata"}, engine.FactKey("cyberfysiskt"), true, engine.FactKey("vagtunnel"), engine.VetEj,
			engine.FactKey("drift"), "sta", engine.FactKey("lagrum"), []string{}, engine.KeyRaise, map[string]any{"T": 3, "reason": "Mängden.", "decided_by": "Systemägare"}),
	} {
		for n, r := range shipped().Requirements {
			path := base + "/krav/" + r.ID
			got := s.get(path)
			doc := got.doc()
			text := textOf(doc)
			verdict := textOf(find(doc, "h2")[0])
			seen[verdict] = true
			for _, want := range []string{r.ID, "Kravtext", "Så har författaren skrivit", ".toml, rad ", map[bool]string{true: "Det är inte avgjort", false: "Vad skulle ändra det?"}[verdict == "Vad avgör?"]} {
				if got.Code != 200 || !strings.Contains(text, want) {
					t.Fatalf("%s: %d, no %q in:\n%s", path, got.Code, want, text)
				}
			}
			for _, a := range find(doc, "a") {
				leads(path, attr(a, "href"))
			}
			if n%10 == 0 { // to parse every page twice takes long
				wellFormed(t, path, got)
			}
		}
	}
	if len(seen) != 3 {
		t.Errorf("only %v", seen)
	}
}

// From the first in the list one comes to the last, and past nothing.
func TestNextInTheList(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	var inList []string
	for _, li := range find(s.get(base+"/krav").doc(), "li") {
		if attr(li, "class") == "req" && attr(li, "id") != "" {
			inList = append(inList, attr(li, "id"))
		}
	}
	at := base + "/krav/" + inList[0]
	for i, id := range inList {
		got := s.get(at).wants(200, id)
		next := ""
		for _, a := range find(got.doc(), "a") {
			if attr(a, "rel") == "next" {
				next = attr(a, "href")
			}
		}
		if i+1 < len(inList) && next != base+"/krav/"+inList[i+1] || i+1 == len(inList) && next != "" {
			t.Fatalf("after %s comes %q", id, next)
		}
		at = next
	}
}

func TestUnknownRequirement(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	got := s.get(base+"/krav/BEH-044").wants(404, "Kravet finns inte", "Närmast är BEH-04")
	wellFormed(t, "404", got)
	if !strings.Contains(got.Body, `href="`+base+`/krav/BEH-04"`) {
		t.Error("no way to the nearest")
	}
	s.get(base+"/krav/nagot-helt-annat").wants(404, "Till kravlistan").lacks("Närmast")
	s.get(base + "/krav/%3Cimg%3E").wants(404)
	if to := s.get(base + "/krav/beh-04").wants(303).Header.Get("Location"); to != base+"/krav/BEH-04" {
		t.Errorf("goes to %s", to)
	}
	s.get("/klassning/finnsinte/krav/BEH-04").wants(404, "Sidan finns inte")
}

// What is not in the list is found all the same, with why not.
func TestSearchOutsideTheList(t *testing.T) {
	s := newSite(t)
	base := s.filled() // nothing cyber-physical
	var out *catalog.Requirement
	for _, r := range shipped().Requirements {
		if r.Profile != nil && r.Profile.ID == "cyberfysiskt" {
			out = r
		}
	}
	s.get(base + "/krav").wants(200).lacks("Inte i listan")
	for _, query := range []string{out.ID, strings.ToLower(out.ID), out.Title, out.ID + "&typ=ska&av=K"} {
		got := s.get(base+"/krav?q="+strings.ReplaceAll(url.QueryEscape(query), "%26", "&")).wants(200, "Inte i listan", out.ID, "Kravet gäller inte för att")
		wellFormed(t, query, got)
		if !strings.Contains(got.Body, `href="`+base+"/krav/"+out.ID+`"`) {
			t.Errorf("%s: no link to its page", query)
		}
	}
	s.get(base+"/krav?q=BEH-044").wants(200, "Inga krav passar filtret", "Det finns ett krav som heter BEH-04.")
	s.get(base+"/krav?q=BEH-04").wants(200, "Hela förklaringen av BEH-04")
}

// A page tells what profiles do: those that count, those that would, and one
// that takes the requirement out.
func TestRequirementUnderProfiles(t *testing.T) {
	s := newSite(t)
	base := s.system("Molnet", engine.InformationKey(1), engine.Information{Type: "kartdata"}, engine.FactKey("drift"), "moln")
	got := s.get(base+"/krav/LEV-05").wants(200, "Kravet gäller inte.", "Borttaget av profilen", "Ersätts av MOL-10", "Tar bort kravet", "moln/profile.toml, rad ", "Avgör")
	wellFormed(t, "LEV-05", got)
	if !strings.Contains(got.Body, "/kataloger/moln#anp-LEV-05") || !strings.Contains(s.get("/kataloger/moln").Body, `id="anp-LEV-05"`) {
		t.Error("no way to the profile's row")
	}
	s.answer(base, maria, engine.FactKey("drift"), "egen")
	s.get(base+"/krav/LEV-05").wants(200, "Tar bort kravet", "Används inte")
	s.answer(base, maria, engine.FactKey("drift"), nil)
	s.get(base+"/krav/LEV-05").wants(200, "Inte avgjort")
	s.get(base+"/krav/MOL-01").wants(200, "Lägger till kravet", "Kravet kan tillkomma.")
}

func TestRequirementPageAtRest(t *testing.T) {
	s := newSite(t)
	base := s.filled()
	s.answer(base, maria, engine.KeyPaused, true)
	s.get(base+"/krav/BEH-04").wants(200, "Kravet gäller.")
	s.get(base+"/krav/FYS-01").wants(200, "Sänk ", "Pröva utan att spara")
	// A catalogue that cannot be loaded leaves the pages as they were.
	s.loaded.Store(&web.Loaded{Catalog: shipped(), At: start, Problems: brokenList(t), TriedAt: start, Source: func(string) []byte { return nil }, Cases: noCases})
	for _, path := range []string{base + "/krav/BEH-04", base + "/fraga", base + "/prova"} {
		wellFormed(t, path, s.get(path).wants(200, "har fel och är inte inlästa"))
	}
	r := request(http.MethodPost, base+"/krav/BEH-04", nil)
	if got := s.do(r); got.Code == 200 {
		t.Error("a page takes posts")
	}
}

func BenchmarkRequirement(b *testing.B) {
	s := newSite(b)
	base := s.filled()
	for b.Loop() {
		s.get(base + "/krav/BEH-04")
	}
}
