//go:build torture

package torture

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// connection is one that a receiver took. Its client closes it when it gives a
// request up; one that got its answer keeps it.
type connection struct {
	mu     sync.Mutex
	uses   int       // requests so far
	closed time.Time // zero: it is open still, or we closed it
	ours   bool      // we closed it, or are about to
}

type connectionKey struct{}

// connections are those of one server.
type connections struct{ open sync.Map } // net.Conn to *connection

// watch tells each request of the server its connection.
func (cs *connections) watch(s *http.Server) {
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		k := &connection{}
		cs.open.Store(c, k)
		return context.WithValue(ctx, connectionKey{}, k)
	}
	s.ConnState = func(c net.Conn, state http.ConnState) {
		if state != http.StateClosed {
			return
		}
		if k, ok := cs.open.LoadAndDelete(c); ok {
			k.(*connection).isClosed()
		}
	}
}

// keep says that it is us who will close what is open.
func (cs *connections) keep() {
	cs.open.Range(func(_, k any) bool {
		k.(*connection).keep()
		return true
	})
}

func (k *connection) isClosed() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.ours {
		k.closed = time.Now()
	}
}

// use counts a request and gives its number.
func (k *connection) use() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.uses++
	return k.uses
}

func (k *connection) keep() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ours = true
}

// leftAt gives when the client closed the connection after the request of that
// number, without another one; zero: it did not.
func (k *connection) leftAt(use int) time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.uses != use {
		return time.Time{}
	}
	return k.closed
}
