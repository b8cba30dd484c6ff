package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/kravverk/kravverk/engine"
)

// How long a session lasts: a working day, and less when nobody uses it. Its
// last use is noted now and then, not at each request.
const (
	sessionLength = 12 * time.Hour
	sessionIdle   = 2 * time.Hour
	sessionNote   = 5 * time.Minute
)

// What a session holds.
const (
	inSession = "id"     // names the session in lists
	inPerson  = "person" // who is signed in
	inBegun   = "begun"  // when, in nanoseconds since 1970
	inSeen    = "seen"
	inAgent   = "agent"
	inPending = "pending" // a sign-in at the provider that has not come back
	inTie     = "tie"     // an identity that waits to be tied to an account
)

// sessionStore hands scs the store; scs keeps the tokens hashed.
type sessionStore struct{ SessionStore }

func (s sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	return s.FindSession(ctx, token)
}
func (s sessionStore) CommitCtx(ctx context.Context, token string, data []byte, expires time.Time) error {
	return s.CommitSession(ctx, token, data, expires)
}
func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	return s.DeleteSession(ctx, token)
}
func (s sessionStore) AllCtx(ctx context.Context) (map[string][]byte, error) {
	return s.AllSessions(ctx)
}

// scs asks for these, and calls those above.
func (s sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindSession(context.Background(), token)
}
func (s sessionStore) Commit(token string, data []byte, expires time.Time) error {
	return s.CommitSession(context.Background(), token, data, expires)
}
func (s sessionStore) Delete(token string) error {
	return s.DeleteSession(context.Background(), token)
}

// newSessions makes the sessions. Over https the cookie's name holds it to
// this host and to encrypted connections.
func (s *server) newSessions() *scs.SessionManager {
	m := scs.New()
	m.Store, m.HashTokenInStore = sessionStore{s.Store}, true
	m.Lifetime = sessionLength
	m.Cookie.Name, m.Cookie.Persist = "kravverk", false
	if s.secure() {
		m.Cookie.Name, m.Cookie.Secure = "__Host-kravverk", true
	}
	m.ErrorFunc = s.fail
	return m
}

// secure tells whether people reach us by https.
func (s *server) secure() bool { return s.URL != nil && s.URL.Scheme == "https" }

// identify finds out who a request is from. In the demo it is from whoever the
// visitor has chosen to be.
func (s *server) identify(next http.Handler) http.Handler {
	return s.sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.recognize(r.Context()); err != nil {
			s.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	}))
}

// recognize fills in the visit with the person of the session, if any.
func (s *server) recognize(ctx context.Context) error {
	v := visitOf(ctx)
	org, err := s.Store.Organisation(ctx)
	if err != nil {
		return err
	}
	v.org, v.session = &org, s.sessions.GetString(ctx, inSession)
	person := s.sessions.GetString(ctx, inPerson)
	if s.Demo != "" {
		v.Account, err = s.Store.Account(ctx, cmp.Or(person, s.Demo))
		return err // the demo's people are never removed
	}
	if person == "" {
		return nil
	}
	now, seen, begun := s.Now(), time.Unix(0, s.sessions.GetInt64(ctx, inSeen)), time.Unix(0, s.sessions.GetInt64(ctx, inBegun))
	if now.Sub(seen) >= sessionIdle || now.Sub(begun) >= sessionLength {
		return s.sessions.Destroy(ctx)
	}
	account, err := s.Store.SignedIn(ctx, person, begun)
	switch {
	case errors.Is(err, engine.ErrNotFound):
		return s.sessions.Destroy(ctx)
	case err != nil:
		return err
	}
	v.Account = account
	if now.Sub(seen) >= sessionNote {
		s.sessions.Put(ctx, inSeen, now.UnixNano())
	}
	return nil
}

// signIn makes the session the person's, under a new token: one that somebody
// else might have planted is worth nothing.
func (s *server) signIn(r *http.Request, person string) error {
	ctx := r.Context()
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	if err := s.sessions.Clear(ctx); err != nil {
		return err
	}
	now := s.Now().UnixNano()
	agent := r.UserAgent()
	s.sessions.Put(ctx, inSession, strings.ToLower(rand.Text()[:12]))
	s.sessions.Put(ctx, inPerson, person)
	s.sessions.Put(ctx, inBegun, now)
	s.sessions.Put(ctx, inSeen, now)
	s.sessions.Put(ctx, inAgent, agent[:min(len(agent), 300)])
	v := visitOf(ctx)
	v.ID = person // so that the request's line in the log tells
	s.Log.Info("signed in", "request", v.request, "person", person, "from", s.from(r))
	return nil
}

// sessionsOf lists the sessions of a person, or of everybody when person is
// empty, the latest used first.
func (s *server) sessionsOf(ctx context.Context, person string) ([]engine.Session, error) {
	var out []engine.Session
	err := s.eachSession(ctx, func(_ string, x engine.Session) error {
		if person != "" && x.Person != person || s.Now().Sub(x.Seen) >= sessionIdle {
			return nil
		}
		_, err := s.Store.SignedIn(ctx, x.Person, x.Begun)
		if errors.Is(err, engine.ErrNotFound) { // ended with all the person's others
			return nil
		}
		out = append(out, x)
		return err
	})
	slices.SortFunc(out, func(a, b engine.Session) int { return b.Seen.Compare(a.Seen) })
	return out, err
}

// endSession ends one session of a person, or of anybody when person is empty.
func (s *server) endSession(ctx context.Context, person, id string) error {
	if v := visitOf(ctx); id != "" && id == v.session {
		return s.sessions.Destroy(ctx) // else it would be written again when the request ends
	}
	found := false
	err := s.eachSession(ctx, func(token string, x engine.Session) error {
		if id == "" || x.ID != id || person != "" && x.Person != person {
			return nil
		}
		found = true
		return s.Store.DeleteSession(ctx, token)
	})
	if err == nil && !found {
		err = engine.ErrNotFound
	}
	return err
}

// eachSession goes through the sessions of people who have signed in, with the
// token that each is kept under: a hash, which the library's own way of going
// through them would hash once more.
func (s *server) eachSession(ctx context.Context, f func(token string, x engine.Session) error) error {
	all, err := s.Store.AllSessions(ctx)
	if err != nil {
		return err
	}
	for token, data := range all {
		expires, values, err := s.sessions.Codec.Decode(data)
		if err != nil {
			return err
		}
		text := func(key string) string { t, _ := values[key].(string); return t }
		at := func(key string) time.Time { n, _ := values[key].(int64); return time.Unix(0, n) }
		x := engine.Session{ID: text(inSession), Person: text(inPerson), Agent: text(inAgent), Begun: at(inBegun), Seen: at(inSeen), Expires: expires}
		if x.Person == "" {
			continue
		}
		if err := f(token, x); err != nil {
			return err
		}
	}
	return nil
}
