package page

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/status"
)

// Options is what the page needs. Snapshot, Reader and Guard must be there.
type Options struct {
	// Snapshot gives how the bridge fares now, or an error in bounded time; it
	// may be called by several goroutines at once.
	Snapshot func(context.Context) (*status.Snapshot, error)
	Reader   Reader
	Guard    *admin.Guard
	Actions  admin.Actions // nil: nothing can be changed
	Tester   Tester        // nil: no test events
	Log      zerolog.Logger
}

// visit is how a visitor stands.
type visit struct {
	Can      bool   // there is a token: who knows it may change something
	SignedIn bool   // this visitor has told it
	Form     string // what the visitor's forms carry
}

func (p *page) visit(r *http.Request) (v visit) {
	v.Can = p.o.Guard.HasToken()
	v.Form, v.SignedIn = p.o.Guard.FormToken(r)
	return v
}

// page is the handler; its parts are safe for several goroutines.
type page struct {
	o        Options
	gate     gate
	outcomes outcomes
	recent   recent
	drawn    drawn
	streams  streams
	tests    streams // test events under way
}

// New makes the page. It starts nothing.
func New(o Options) http.Handler {
	p := &page{o: o, gate: newGate(readsMost), streams: newStreams(streamsMost), tests: newStreams(testsMost)}
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
	for path, do := range map[string]change{
		"/sign-out": p.signOut, "/dead/replay": p.replay, "/dead/drop": p.drop,
		"/recipient/pause": p.pause, "/recipient/resume": p.resume, "/recipient/test": p.test,
	} {
		mux.Handle("POST "+path, p.changing(do))
	}
	mux.HandleFunc("GET /", p.shown(p.missing))
	return mux
}

// asked is a request for something to be shown.
type asked struct {
	clock
	req   *http.Request
	snap  *status.Snapshot
	visit visit
}

func (a asked) query(name string) string { return a.req.URL.Query().Get(name) }

// Visit is how the visitor stands.
func (a asked) Visit() visit { return a.visit }

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
		a, ok := p.ask(w, r)
		if !ok {
			return
		}
		// A look may take as long, and then the answer must go out.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(lookFor + waitFor + writeFor))
		p.write(w, a, show(a))
	}
}

// ask looks how the bridge fares. Not ok: it can't be said, and the answer is
// written.
func (p *page) ask(w http.ResponseWriter, r *http.Request) (a asked, ok bool) {
	snap, err := p.o.Snapshot(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return a, false
	}
	return asked{req: r, clock: clock{now: snap.Taken}, snap: snap, visit: p.visit(r)}, true
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
