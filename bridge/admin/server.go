package admin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/net/netutil"

	"github.com/tailpost/tailpost/bridge/status"
)

// Options is what a Server needs.
type Options struct {
	Dir     string // the state directory, whose lock the process has
	Actions Actions
	// Snapshot gives how the bridge fares now. It may be called by several
	// goroutines at once, and its answer is shared. nil: nobody can say.
	Snapshot func() *status.Snapshot
	Log      zerolog.Logger
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
		ErrorLog:          log.New(logged{s.o.Log}, "", 0),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	stopped := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() {
		defer close(stopped)
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWait)
		defer cancel()
		if server.Shutdown(end) != nil {
			_ = server.Close()
		}
	})
	err := server.Serve(netutil.LimitListener(l, connsMost))
	if !unhook() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
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
type logged struct{ log zerolog.Logger }

func (l logged) Write(p []byte) (int, error) {
	l.log.Debug().Str("err", string(p)).Msg("control socket")
	return len(p), nil
}

func (s *Server) routes() http.Handler {
	a := s.o.Actions
	mux := http.NewServeMux()
	handle(s, mux, pathReplayDead, a.ReplayDead)
	handle(s, mux, pathDropDead, a.DropDead)
	handle(s, mux, pathReplayLines, a.ReplayLines)
	handle(s, mux, pathPause, func(ctx context.Context, n name) (Report, error) {
		return Report{}, a.Pause(ctx, n.Recipient, true)
	})
	handle(s, mux, pathResume, func(ctx context.Context, n name) (Report, error) {
		return Report{}, a.Pause(ctx, n.Recipient, false)
	})
	handle(s, mux, pathForget, func(ctx context.Context, n name) (Report, error) {
		return a.Forget(ctx, n.Recipient)
	})
	if s.o.Snapshot != nil {
		mux.HandleFunc("GET "+pathStatus, func(w http.ResponseWriter, _ *http.Request) {
			s.write(w, http.StatusOK, s.o.Snapshot())
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.reply(w, answer{Error: Errorf(NotFound, "the running bridge knows no %s %s: is it of another version?", r.Method, r.URL.Path)})
	})
	return mux
}

// handle answers one kind of request, whose body is a T.
func handle[T any](s *Server, mux *http.ServeMux, path string, act func(context.Context, T) (Report, error)) {
	mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		var body T
		if err := s.read(w, r, &body); err != nil {
			s.reply(w, answer{Error: err})
			return
		}
		report, err := act(r.Context(), body)
		s.o.Log.Info().Str("path", path).Int("done", report.Done).Int("left", len(report.Left)+report.LeftOut).
			Err(err).Msg("done by the control socket")
		s.reply(w, answer{Report: &report, Error: errorOf(err)})
	})
}

// read takes the body in, all of it, in bounded time.
func (s *Server) read(w http.ResponseWriter, r *http.Request, to any) *Error {
	// Not http.Server's ReadTimeout: it would end the action as well.
	c := http.NewResponseController(w)
	if err := c.SetReadDeadline(time.Now().Add(s.o.Patience)); err != nil {
		return errorOf(err)
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMost))
	if err != nil {
		return Errorf(Invalid, "read the request: %v", err)
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		return errorOf(err)
	}
	if err := json.Unmarshal(b, to); err != nil {
		return Errorf(Invalid, "read the request: %v", err)
	}
	return nil
}

func (s *Server) reply(w http.ResponseWriter, a answer) {
	code := http.StatusOK
	if a.Error != nil {
		code = a.Error.status()
	}
	s.write(w, code, a)
}

// write answers with JSON.
func (s *Server) write(w http.ResponseWriter, code int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // numbers and strings can be marshalled
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.o.Patience))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(append(b, '\n')) // a client that is gone needs no answer
}
