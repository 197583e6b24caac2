package httpsink

import (
	"context"
	"net"
	"net/http"
	"net/http/httptrace"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// lingers is how long a new connection is watched: with TLS 1.3 the other side
// may refuse our certificate only when we take the connection for made.
const lingers = 300 * time.Millisecond

// Connect resolves, connects, secures the connection, and gets a token where
// one is needed. It sends no request; so a plain http recipient behind a proxy
// is not reached by it.
func (s *Sink) Connect(ctx context.Context) (bridge.Receipt, error) {
	start := time.Now()
	attempt, cancel := context.WithTimeout(ctx, s.o.Timeout.D())
	defer cancel()
	t := &trace{steps: s.watch()}
	rec := bridge.Receipt{}
	err := s.connect(ctx, attempt, t)
	rec.Peer, rec.Took = t.peerNow(), time.Since(start)
	if err == nil {
		t.steps.say("it can be reached; nothing was sent")
	}
	rec.Steps = t.steps.ended(rec, err)
	return rec, err
}

func (s *Sink) connect(ctx, attempt context.Context, t *trace) error {
	u := s.target.fixed
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	h := t.hooks()
	done := h.ConnectDone
	h.ConnectDone = func(network, addr string, err error) {
		done(network, addr, err)
		if err == nil {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.peer = addr
		}
	}
	conn, err := s.transport.NewClientConn(httptrace.WithClientTrace(attempt, h), u.Scheme, net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return s.lost(ctx, attempt, t, err, s.hide)
	}
	defer conn.Close()
	if err := outlasts(attempt, conn); err != nil {
		return s.lost(ctx, attempt, t, err, s.hide)
	}
	if _, err := s.token(attempt, t.steps); err != nil {
		return s.noToken(ctx, err)
	}
	return nil
}

// outlasts watches a new connection for a moment.
func outlasts(ctx context.Context, conn *http.ClientConn) error {
	ended := make(chan struct{}, 1)
	conn.SetStateHook(func(*http.ClientConn) {
		select {
		case ended <- struct{}{}:
		default:
		}
	})
	defer conn.SetStateHook(nil)
	late := time.NewTimer(lingers)
	defer late.Stop()
	select {
	case <-ended:
	case <-late.C:
	case <-ctx.Done():
	}
	return conn.Err()
}
