package admin

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"sync"
	"time"
)

const (
	cookieName   = "tailpost_session"
	sessionLife  = 12 * time.Hour
	sessionsMost = 32 // the next one ends the oldest
)

// session is a browser that has signed in.
type session struct {
	form string    // what its forms must hold
	ends time.Time // whatever it does
}

// sessions are those that last, by the hash of their cookies: a look into the
// map tells nothing about a cookie by the time it takes.
type sessions struct {
	mu   sync.Mutex
	open map[[sha256.Size]byte]*session
}

// SignIn gives whoever says the token a session, by a cookie; nil: it is done,
// and the answer may be written. The request must be a POST of this address's
// own page.
func (g *Guard) SignIn(w http.ResponseWriter, r *http.Request, token string) *Refusal {
	if f := g.foreign(r); f != nil {
		return f
	}
	if !g.HasToken() {
		return errNoToken
	}
	if f := g.try(r, token); f != nil {
		return f
	}
	cookie := random()
	g.sessions.begin(cookie)
	setCookie(w, r, cookie, sessionLife)
	g.log.Info().Str("from", addressOf(r).Addr().String()).Msg("signed in on the page")
	return nil
}

// SignOut ends the session of a request that Refuses let through.
func (g *Guard) SignOut(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(cookieName); err == nil {
		g.sessions.end(c.Value)
	}
	setCookie(w, r, "", -1)
}

// FormToken gives what the forms must hold that a request's session sends, in
// FormField or FormHeader; ok: there is a session.
func (g *Guard) FormToken(r *http.Request) (token string, ok bool) {
	s := g.sessions.of(r)
	if s == nil {
		return "", false
	}
	return s.form, true
}

func setCookie(w http.ResponseWriter, r *http.Request, value string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: value, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
		// We speak no TLS, a proxy before us may. A lie costs its teller alone.
		Secure: r.Header.Get("X-Forwarded-Proto") == "https",
	})
}

// random gives 256 bits as text.
func random() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // it never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func (s *sessions) begin(cookie string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[[sha256.Size]byte]*session{}
	}
	s.tidyLocked(sessionsMost - 1)
	s.open[sha256.Sum256([]byte(cookie))] = &session{form: random(), ends: time.Now().Add(sessionLife)}
}

// tidyLocked forgets those that are over, and the oldest above most.
func (s *sessions) tidyLocked(most int) {
	for key, o := range s.open {
		if !time.Now().Before(o.ends) {
			delete(s.open, key)
		}
	}
	for len(s.open) > most {
		var oldest [sha256.Size]byte
		for key, o := range s.open {
			if is := s.open[oldest]; is == nil || o.ends.Before(is.ends) {
				oldest = key
			}
		}
		delete(s.open, oldest)
	}
}

// of gives the session of a request, or nil.
func (s *sessions) of(r *http.Request) *session {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.open[sha256.Sum256([]byte(c.Value))]
	if o == nil || !time.Now().Before(o.ends) {
		return nil
	}
	return o
}

func (s *sessions) end(cookie string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, sha256.Sum256([]byte(cookie)))
}

func (s *sessions) endAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.open)
}
