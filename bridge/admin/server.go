package admin

import (
	"context"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/net/netutil"
)

// Options is what a Server needs.
type Options struct {
	Dir     string // the state directory, whose lock the process has
	Actions Actions
	Pulse   *Pulse // nil: nobody can say how the bridge fares
	Log     zerolog.Logger
	// Patience is how long a client may take to send its request, or to take
	// the answer; 0: 10 s.
	Patience time.Duration
}

const (
	patience   = 10 * time.Second
	connsMost  = 64
	headerMost = 16 << 10
	listenWait = 10 * time.Second // between tries to make the socket
	endWait    = 2 * time.Second  // for answers under way, once the bridge stops
)

// Server listens on the control socket while Run runs.
type Server struct{ o Options }

// New makes a Server; Run starts it.
func New(o Options) *Server {
	if o.Patience <= 0 {
		o.Patience = patience
	}
	return &Server{o: o}
}

// Run serves until ctx ends; actions under way end then, too. Where the socket
// can't be made (a full disk, say) it is tried again: the bridge runs without.
func (s *Server) Run(ctx context.Context) error {
	l := s.listen(ctx)
	if l == nil {
		return nil
	}
	defer os.Remove(filepath.Join(s.o.Dir, SocketName))
	server := http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: s.o.Patience,
		IdleTimeout:       s.o.Patience,
		MaxHeaderBytes:    headerMost,
		ErrorLog:          log.New(logged{s.o.Log, "control socket"}, "", 0),
	}
	return serveUntil(ctx, &server, netutil.LimitListener(l, connsMost))
}

// listen makes the socket, as soon as that works; nil once ctx has ended.
func (s *Server) listen(ctx context.Context) net.Listener {
	said := ""
	for {
		l, err := listen(s.o.Dir)
		if err == nil {
			return l
		}
		if text := err.Error(); text != said {
			s.o.Log.Error().Err(err).Dur("retry_in", listenWait).Msg("the control socket can't be made: commands that change something don't work")
			said = text
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(listenWait):
		}
	}
}

// logged is where net/http says what goes wrong with a connection.
type logged struct {
	log zerolog.Logger
	at  string
}

func (l logged) Write(p []byte) (int, error) {
	l.log.Debug().Str("err", string(p)).Msg(l.at)
	return len(p), nil
}

func (s *Server) routes() http.Handler {
	a := newAPI(s.o, "the control socket")
	mux := http.NewServeMux()
	for path, h := range a.changes() {
		mux.Handle("POST "+path, h)
	}
	if s.o.Pulse != nil {
		mux.HandleFunc("GET "+pathStatus, a.status)
		mux.HandleFunc("GET "+pathHealth, a.healthz)
		mux.HandleFunc("GET "+pathReady, a.readyz)
	}
	mux.HandleFunc("/", a.unknown)
	return mux
}
