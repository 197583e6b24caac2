package page

import (
	"net/http"
	"net/url"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/status"
)

// Options is what the page needs. Snapshot, Reader and Guard must be there.
type Options struct {
	Snapshot func() *status.Snapshot // may be called by several goroutines at once
	Reader   Reader
	Guard    Guard
	Actions  admin.Actions // nil: nothing can be changed
	Tester   Tester        // nil: no test events
	Log      zerolog.Logger
}

// Guard knows who may change something.
type Guard interface {
	// Visit says how whoever sent a request stands.
	Visit(r *http.Request) Visit
	// Allow reports whether a POST may change something. Where it may not, it
	// has answered.
	Allow(w http.ResponseWriter, r *http.Request) bool
	// SignIn answers a POST of the token with a session. An error says for
	// people why not; then nothing was answered.
	SignIn(w http.ResponseWriter, r *http.Request) error
	// SignOut ends the session of a POST that was allowed.
	SignOut(w http.ResponseWriter, r *http.Request)
}

// Visit is how a visitor stands.
type Visit struct {
	Can      bool   // there is a token: who knows it may change something
	SignedIn bool   // this visitor has told it
	Form     string // what the visitor's forms carry in the field FormField
}

// The fields of forms that a Guard reads.
const (
	FormField  = "form"  // Visit.Form
	TokenField = "token" // of the form that signs in
)

// page is the handler; its parts are safe for several goroutines.
type page struct {
	o        Options
	gate     gate
	fresh    fresh
	outcomes outcomes
	recent   recent
	streams  streams
	tests    streams // test events under way
}

// New makes the page. It starts nothing.
func New(o Options) http.Handler {
	p := &page{o: o, gate: newGate(readsMost), streams: newStreams(streamsMost), tests: newStreams(testsMost)}
	p.fresh.take = o.Snapshot
	mux := http.NewServeMux()
	p.assets(mux)
	mux.HandleFunc("GET /{$}", p.shown(p.status))
	mux.HandleFunc("GET /recipient", p.shown(p.recipient))
	mux.HandleFunc("GET /dead", p.shown(p.dead))
	mux.HandleFunc("GET /dead/confirm", p.shown(p.confirm))
	mux.HandleFunc("GET /events", p.shown(p.events))
	mux.HandleFunc("GET /event", p.shown(p.event))
	mux.HandleFunc("GET /sign-in", p.shown(p.signIn))
	mux.HandleFunc("GET /live", p.live)
	mux.HandleFunc("POST /sign-in", p.signedIn)
	mux.HandleFunc("POST /sign-out", p.changing(p.signOut))
	mux.HandleFunc("POST /dead/replay", p.changing(p.replay))
	mux.HandleFunc("POST /dead/drop", p.changing(p.drop))
	mux.HandleFunc("POST /recipient/pause", p.changing(p.pause))
	mux.HandleFunc("POST /recipient/resume", p.changing(p.resume))
	mux.HandleFunc("POST /recipient/test", p.changing(p.test))
	mux.HandleFunc("GET /", p.shown(p.missing))
	return secure(mux)
}

// policy lets the page load its own style, script and icon, ask itself for
// what is new, and send its forms to itself: nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

func secure(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Content-Security-Policy", policy)
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("X-Frame-Options", "DENY")
		// Not no-referrer: a form would then have the origin "null".
		head.Set("Referrer-Policy", "same-origin")
		head.Set("Cross-Origin-Opener-Policy", "same-origin")
		head.Set("Cross-Origin-Resource-Policy", "same-origin")
		head.Set("Cache-Control", "no-store")
		h.ServeHTTP(w, r)
	})
}

// asked is a request for something to be shown.
type asked struct {
	clock
	req   *http.Request
	snap  *status.Snapshot
	visit Visit
}

func (a asked) query(name string) string { return a.req.URL.Query().Get(name) }

// Visit is how the visitor stands.
func (a asked) Visit() Visit { return a.visit }

// Here is where a visitor who signs in or out comes back to.
func (a asked) Here() string {
	q := a.req.URL.Query()
	q.Del("done")
	if a.live { // of the page that it goes on with
		return "/"
	}
	here := url.URL{Path: a.req.URL.Path, RawQuery: q.Encode()}
	return here.String()
}

// shown is what a page shows. What is a page's own stands in its parts.
type shown struct {
	code  int    // 0: 200
	title string // "": of the whole bridge
	nav   string // which page of the navigation this is
	live  string // the query by which GET /live goes on with it; "": it doesn't
	parts []part
}

// shown answers a GET.
func (p *page) shown(show func(asked) shown) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		// A look may take as long, and then the answer must go out.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(lookFor + waitFor + writeFor))
		a := p.ask(r, false)
		p.write(w, a, show(a))
	}
}

func (p *page) ask(r *http.Request, live bool) asked {
	snap := p.fresh.snapshot(time.Now())
	return asked{req: r, clock: clock{now: snap.Taken, live: live}, snap: snap, visit: p.o.Guard.Visit(r)}
}

// write answers with a whole page.
func (p *page) write(w http.ResponseWriter, a asked, s shown) {
	f := frame{asked: a, shown: s, Outcome: p.outcomes.get(a.query("done"), time.Now())}
	b := render("page", f)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if s.code != 0 {
		w.WriteHeader(s.code)
	}
	_, _ = w.Write(b) // a visitor who is gone needs no answer
}

func (p *page) missing(asked) shown {
	return failed(http.StatusNotFound, "There is no such page", "The address may be of another version. The status page has links to all there is.")
}

// failed is a page that says why there is nothing to show.
func failed(code int, title, says string) shown {
	return shown{code: code, title: title, parts: []part{partOf("message", "message", struct{ Title, Says string }{title, says})}}
}
