package web_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/kravverk/kravverk/engine"
	"github.com/kravverk/kravverk/web"
)

func TestPeoplePagesAccessible(t *testing.T) {
	t.Parallel()
	s, base := delegating(t)
	s.answer(base, johan, engine.DelegateKey("fact/tradlost"), engine.Delegation{Person: maria.ID, Due: "2026-11-20", Text: strings.Repeat("Fråga leverantören. ", 10)},
		engine.DelegateKey("area/LOG"), engine.Delegation{Role: "arkivansvarig", Due: "2026-12-01"}, engine.CommentKey("requirement/LOG-01", 1), engine.Comment{Text: strings.Repeat("mycket", 40) + "\nrad två"})
	s.answer(base, maria, engine.DelegateKey("fact/ai"), engine.Delegation{Person: petra.ID, Due: "2026-11-19"}, engine.CommentKey("requirement/LOG-01", 2), engine.Comment{Text: "Mitt svar."}, "fact/ai", nil)
	batch := s.lastSave(base)
	b := newTab(t, s)
	for _, path := range []string{
		"/", "/konto", "/historik", base, base + "/fragor", base + "/fraga?visa=ai", base + "/krav", base + "/krav/LOG-01", base + "/delegera", base + "/delegera?del=requirement/LOG-01&del=fact/ai",
		base + "/kommentarer", base + "/kommentarer?om=requirement/LOG-01", base + "/kommentarer?om=fact/drift",
		base + "/historik", base + "/historik?svar=fact/drift", base + "/historik?vem=finns-inte", base + "/historik/" + batch + "/angra",
	} {
		b.open(path)
		b.accessible(path)
	}

	// Who only reads, and who is asked for a part.
	for _, who := range []engine.Person{olof, petra, bo} {
		s.config.Demo = who.ID
		s.open()
		b := newTab(t, s)
		b.excuses("status of 403")
		paths := []string{"/", base + "/fragor", base + "/fraga", base + "/information", base + "/lagrum", base + "/krav", base + "/stopp", base + "/kravbilaga", base + "/delegera"}
		if who == bo {
			paths = paths[:1]
		}
		for _, path := range paths {
			b.open(path)
			b.accessible(who.ID + " " + path)
		}
		if who == olof {
			b.open("/system/nytt")
			b.says("h1", "Du får inte göra det")
			b.accessible("403")
		}
	}
}

func TestSignInPagesAccessible(t *testing.T) {
	t.Parallel()
	s := locked(t)
	s.config.URL, s.config.Provider = nil, &web.Provider{Name: "Logga in med stadens konto", Issuer: "http://127.0.0.1:1", ClientID: "kravverk"}
	s.open()
	clear(s.cookies)
	token, err := s.db.Invite(context.Background(), "", maria.ID, s.now().Add(time.Hour))
	check(t, err)
	b := newTab(t, s)
	b.excuses("status of 4", "status of 503")
	for _, path := range []string{"/logga-in", "/logga-in?ut=1", "/inbjudan/" + token, "/inbjudan/finns-inte", "/logga-in/svar", "/logga-in/konto", "/tillganglighet"} {
		b.open(path)
		b.accessible(path)
	}
	b.open("/logga-in?vidare=/konto")
	b.fill("#namn", "maria")
	b.fill("#losenord", "något helt annat här")
	b.follow("form button")
	b.says(".note.err", "stämmer inte")
	b.accessible("a wrong password")
	b.fill("#losenord", goodPassword)
	b.follow("form button")
	b.says("h1", "Ditt konto")
	b.accessible("the account")
	b.fill("#nuvarande", "fel")
	b.fill("#losenord", "kort")
	b.fill("#igen", "kort")
	b.follow("form[action='/konto/losenord'] button")
	b.says(".note.err", "12 tecken")
	b.accessible("a bad new password")
}

// By keyboard alone, and without script: delegating, answering, saying so.
func TestDelegateInTheBrowser(t *testing.T) {
	t.Parallel()
	s, base := delegating(t)
	b := newTab(t, s)
	b.open(base + "/delegera?del=area/LOG")
	b.choose("#till", "person:petra")
	b.fill("#text", "Du vet.")
	b.follow("form[data-dirty] button.btn")
	b.says(".note.ok", "sparad")
	b.open(base + "/krav/LOG-01")
	b.fill("#text", "Säg till om du behöver listan.")
	b.follow("form[action$='/kommentarer'] button")
	b.says(".said", "Säg till om du behöver listan.")

	s.config.Demo = petra.ID
	s.open()
	p := newTab(t, s)
	p.open("/")
	p.says(".band", "Du vet.")
	p.follow(".band h3 a")
	if n := evaluate[int](p, "document.querySelectorAll(\"form[action*='/krav/']\").length"); n != 1 {
		t.Errorf("%d areas can be marked, want the one that is delegated", n)
	}
	p.open("/")
	p.follow(".band form button")
	p.waits("!document.body.innerText.includes('Mina frågor')")
}
