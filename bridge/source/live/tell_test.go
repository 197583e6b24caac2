package live

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/tailpost/tailpost/bridge/source/sourcetest"
	"github.com/tailpost/tailpost/bridge/status"
)

// shortListener has no descriptors left for a while.
type shortListener struct {
	net.Listener
	short *atomic.Bool
}

func (l shortListener) Accept() (net.Conn, error) {
	if l.short.Load() {
		return nil, syscall.EMFILE
	}
	return l.Listener.Accept()
}

// TestStates: an address that is taken, one that listens, and one that can let
// nobody in.
func TestStates(t *testing.T) {
	var taken, short atomic.Bool
	taken.Store(true)
	s, path, _ := streams(t, func(o *StreamOptions) {
		listen := o.Listen
		o.Listen = func(ctx context.Context) (net.Listener, error) {
			if taken.Load() {
				return nil, errors.New("address already in use")
			}
			l, err := listen(ctx)
			return shortListener{l, &short}, err
		}
	})
	want := func(state status.State, text string) {
		t.Helper()
		sourcetest.Eventually(t, string(state), func() bool {
			var is status.Source
			s.Tell(&is)
			return is.State == state && strings.Contains(is.Text, text) && (is.Text == "") == (text == "") && is.Since.IsZero() == (text == "")
		})
	}
	want(status.Starting, "")
	in, done := newInbox(t), make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { done <- s.Run(ctx, nil, in.emit) }()
	want(status.Unreadable, "address already in use")
	taken.Store(false)
	want(status.OK, "")
	short.Store(true)
	c := dial(t, path) // after it, nobody is let in
	want(status.Unreadable, "raise the limit of open files")
	short.Store(false)
	send(t, dial(t, path), "a\n")
	in.await(1)
	want(status.OK, "")
	sourcetest.Eventually(t, "both connections", func() bool {
		var is status.Source
		s.Tell(&is)
		return is.Open == 2
	})
	_ = c.Close()
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
