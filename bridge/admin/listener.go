package admin

import (
	"context"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// ListenerOptions is what a Listener needs.
type ListenerOptions struct {
	Address string // host:port
	Guard   *Guard
	Actions Actions
	Pulse   *Pulse
	Metrics http.Handler // at /metrics; nil: there is nothing
	// Page answers all that has no answer of its own; nil: it isn't found. It
	// protects by Guard what changes something.
	Page http.Handler
	Log  zerolog.Logger
	// Patience is how long a client may take to send a request; 0: 10 s. To
	// take an answer it has three times as long, unless the handler says
	// otherwise by http.ResponseController.
	Patience time.Duration
}

const (
	idleMost    = time.Minute // between two requests of a connection
	writeFactor = 3
)

// Listener serves health, metrics, status and the page over TCP.
type Listener struct {
	o ListenerOptions

	mu     sync.Mutex
	bound  net.Listener // until Run takes it
	absent Absence
}

// NewListener makes a Listener; Bind and Run start it.
func NewListener(o ListenerOptions) *Listener {
	if o.Patience <= 0 {
		o.Patience = patience
	}
	return &Listener{o: o}
}

func (l *Listener) serve(ctx context.Context, on net.Listener) error {
	server := http.Server{
		Handler:           l.handler(isLoopback(on.Addr())),
		ReadHeaderTimeout: l.o.Patience,
		WriteTimeout:      writeFactor * l.o.Patience,
		IdleTimeout:       idleMost,
		MaxHeaderBytes:    headerMost,
		ErrorLog:          log.New(logged{l.o.Log, "admin listener"}, "", 0),
		ConnContext:       withGuest,
	}
	return serveUntil(ctx, &server, newCrowd(on, crowdMost))
}

func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// handler is all that the listener answers.
func (l *Listener) handler(loopback bool) http.Handler {
	a := newAPI(Options{Actions: l.o.Actions, Pulse: l.o.Pulse, Patience: l.o.Patience, Log: l.o.Log}, "the admin listener")
	mux := http.NewServeMux()
	for path, h := range a.changes() {
		mux.Handle(apiPrefix+path, l.o.Guard.Protect(h, a.refuse))
	}
	mux.Handle(apiPrefix+pathStatus, reads(a.status))
	mux.HandleFunc(apiPrefix+"/", a.unknown)
	mux.Handle(pathHealth, reads(a.healthz))
	mux.Handle(pathReady, reads(a.readyz))
	if l.o.Metrics != nil {
		mux.Handle("/metrics", reads(l.o.Metrics.ServeHTTP))
	}
	if l.o.Page != nil {
		mux.Handle("/", l.o.Page)
	}
	var h http.Handler = mux
	if loopback {
		h = localHosts(h)
	}
	return l.bounds(withHeaders(h))
}

// reads lets no other requests through than those that read.
func reads(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			says(w, http.StatusMethodNotAllowed, "this can be read alone")
			return
		}
		next(w, r)
	})
}

// bounds gives each request its deadline, and its connection's place.
func (l *Listener) bounds(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer asking(r.Context())()
		if r.ContentLength != 0 { // also of a body that nobody reads
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(l.o.Patience))
		}
		next.ServeHTTP(w, r)
	})
}

// refuse answers a request that may not change anything.
func (a *api) refuse(w http.ResponseWriter, _ *http.Request, f *Refusal) {
	f.Headers(w.Header())
	a.write(w, f.Status, answer{Error: Errorf(Denied, "%s", f.Text)})
}
