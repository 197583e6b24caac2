package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/option"
)

// A request that changes something says the token in an Authorization header,
// or has a session's cookie and, in one of these, the session's form token.
const (
	FormField  = "form_token"
	FormHeader = "Tailpost-Form-Token"
)

// formMost bounds the body of a form, in bytes: it is read before it is known
// who sends it.
const formMost = 64 << 10

// Guard decides over TCP who may change something: who knows the token, or has
// signed in with it, and whose request no other site's page has sent. Reading
// is open. Its methods may be called by several goroutines at once.
type Guard struct {
	log      zerolog.Logger
	cross    *http.CrossOriginProtection
	brake    brake
	sessions sessions

	mu    sync.Mutex
	token *[sha256.Size]byte // its hash; nil: nothing can be changed
}

// NewGuard makes a Guard that lets nobody change anything, until SetToken.
func NewGuard(log zerolog.Logger) *Guard {
	return &Guard{log: log, cross: http.NewCrossOriginProtection()}
}

// SetToken puts a token into force; an unset one: none. Another token than
// before ends all sessions.
func (g *Guard) SetToken(token option.Secret) {
	var is *[sha256.Size]byte
	if token.IsSet() {
		sum := sha256.Sum256([]byte(token.Reveal()))
		is = &sum
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.token != nil && (is == nil || *g.token != *is) {
		g.sessions.endAll()
	}
	g.token = is
}

// HasToken reports whether anybody can sign in.
func (g *Guard) HasToken() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.token != nil
}

// isToken compares in a time that doesn't depend on the text.
func (g *Guard) isToken(text string) bool {
	sum := sha256.Sum256([]byte(text))
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.token != nil && subtle.ConstantTimeCompare(sum[:], g.token[:]) == 1
}

// Refusal is why a request may not change anything.
type Refusal struct {
	Status int           // 400, 401, 403, 405, 413, or 429
	Text   string        // for people, one line
	After  time.Duration // of 429: when to try again
}

// Refusals that need no facts.
var (
	errNoToken  = &Refusal{Status: http.StatusForbidden, Text: "no token is configured: set token_file in [admin] to change something here, or use the command line on the bridge's machine"}
	errUnsigned = &Refusal{Status: http.StatusUnauthorized, Text: "this needs the token of [admin]: sign in, or send it as Authorization: Bearer"}
	errTooLarge = &Refusal{Status: http.StatusRequestEntityTooLarge, Text: fmt.Sprintf("the form is larger than %d bytes", formMost)}
	errForm     = &Refusal{Status: http.StatusForbidden, Text: "the form is not of this session: load the page again"}
)

// Headers says in an answer's header what belongs to the refusal.
func (f *Refusal) Headers(h http.Header) {
	h.Set("Connection", "close") // what else it sends isn't waited for
	switch f.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="tailpost"`)
	case http.StatusMethodNotAllowed:
		h.Set("Allow", http.MethodPost)
	case http.StatusTooManyRequests:
		h.Set("Retry-After", strconv.Itoa(int(f.After/time.Second)+1))
	}
}

// Write answers with the refusal as plain text.
func (f *Refusal) Write(w http.ResponseWriter) {
	f.Headers(w.Header())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(f.Status)
	fmt.Fprintln(w, f.Text)
}

// Protect lets only those requests through to next that may change something.
// The others get the refusal from refuse; nil: as plain text.
func (g *Guard) Protect(next http.Handler, refuse func(http.ResponseWriter, *http.Request, *Refusal)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch f := g.Refuses(w, r); {
		case f == nil:
			hold(r.Context()) // it isn't cut off to make room for others
			next.ServeHTTP(w, r)
		case refuse != nil:
			refuse(w, r, f)
		default:
			f.Write(w)
		}
	})
}

// Refuses judges a request that changes something; nil: it may. The body of a
// form is parsed (r.PostForm), any other is left alone.
func (g *Guard) Refuses(w http.ResponseWriter, r *http.Request) *Refusal {
	if f := g.foreign(r); f != nil {
		return f
	}
	if !g.HasToken() {
		return errNoToken
	}
	if token, ok := bearer(r); ok {
		return g.try(r, token)
	}
	s := g.sessions.of(r)
	if s == nil {
		return errUnsigned
	}
	form := r.Header.Get(FormHeader)
	if form == "" {
		r.Body = http.MaxBytesReader(w, r.Body, formMost)
		err := r.ParseForm()
		if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
			return errTooLarge
		}
		if err != nil {
			return &Refusal{Status: http.StatusForbidden, Text: "the form can't be read: " + err.Error()}
		}
		form = r.PostForm.Get(FormField)
	}
	if subtle.ConstantTimeCompare([]byte(form), []byte(s.form)) != 1 {
		return errForm
	}
	return nil
}

// foreign refuses what is no POST, and what a page of another site sends.
func (g *Guard) foreign(r *http.Request) *Refusal {
	if r.Method != http.MethodPost {
		return &Refusal{Status: http.StatusMethodNotAllowed, Text: "this is changed by POST alone"}
	}
	if err := g.cross.Check(r); err != nil {
		return &Refusal{Status: http.StatusForbidden, Text: "another site's page sends this: only this address's own may (a proxy before it must keep Host)"}
	}
	return nil
}

// bearer gives the token of a request's header. Another scheme than Bearer is a
// proxy's, not ours.
func bearer(r *http.Request) (token string, ok bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), strings.EqualFold(scheme, "Bearer")
}

// try judges a token. An address that said wrong ones must wait, but never who
// is right: behind a proxy, and on one machine, all have one address.
func (g *Guard) try(r *http.Request, token string) *Refusal {
	if g.isToken(token) {
		return nil
	}
	from := addressOf(r)
	wait, fresh := g.brake.take(from)
	if wait > 0 {
		return &Refusal{Status: http.StatusTooManyRequests, Text: "too many wrong tokens came from this address: wait a little", After: wait}
	}
	if fresh {
		g.log.Warn().Str("from", from.Addr().String()).Msg("a wrong token was refused")
	}
	return &Refusal{Status: http.StatusUnauthorized, Text: "the token is wrong"}
}
