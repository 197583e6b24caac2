package live

import (
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
	"testing"

	"github.com/tailpost/tailpost/bridge/source/sourcetest"
)

func TestAcceptThatFailsIsTriedAgain(t *testing.T) {
	var flaky *flakyListener
	s, path, l := streams(t, func(o *StreamOptions) {
		listen := o.Listen
		o.Listen = func(ctx context.Context) (net.Listener, error) {
			if flaky == nil {
				l, err := listen(ctx)
				flaky = &flakyListener{Listener: l, fail: []error{syscall.EMFILE, syscall.EMFILE, syscall.EINVAL}}
				return flaky, err
			}
			return listen(ctx)
		}
	})
	in := newInbox(t)
	run(t, s, l, in.emit)
	l.await(t, "stopped listening")
	sourcetest.Eventually(t, "listening again", func() bool { return l.count("listening\"") == 3 })
	send(t, dial(t, path), "a\n")
	in.await(1)
	if n := l.count("raise the limit of open files"); n != 1 {
		t.Errorf("said %d times", n)
	}
}

type flakyListener struct {
	net.Listener
	fail []error
}

func (f *flakyListener) Accept() (net.Conn, error) {
	if len(f.fail) == 0 {
		return f.Listener.Accept()
	}
	err := f.fail[0]
	f.fail = f.fail[1:]
	return nil, err
}

func TestListeningThatFailsIsSaidWhenItChanges(t *testing.T) {
	why := errors.New("no such directory")
	var mu sync.Mutex
	s, path, l := streams(t, func(o *StreamOptions) {
		listen, tries := o.Listen, 0
		o.Listen = func(ctx context.Context) (net.Listener, error) {
			mu.Lock()
			defer mu.Unlock()
			if tries++; tries < 3 {
				return nil, why
			}
			return listen(ctx)
		}
	})
	in := newInbox(t)
	run(t, s, l, in.emit)
	if n := l.count("can't listen"); n != 1 {
		t.Errorf("said %d times", n)
	}
	if w := s.Stats().Waiting; w != "" {
		t.Errorf("waiting for %q", w)
	}
	send(t, dial(t, path), "a\n")
	in.await(1)
}
