package app

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// TestReady: a bridge is ready once all that others send to listen; a log that
// doesn't exist holds nothing up.
func TestReady(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	c := load(t, t.TempDir(), toFile("out")+fmt.Sprintf(`
[[sources.tail]]
name = "not yet"
path = "not/yet.log"
format = "json"
[[sources.http]]
name = "http"
listen = "127.0.0.1:0"
format = "json"
[[sources.syslog]]
name = "syslog"
listen = "tcp://%s"
format = "json"
`, taken.Addr()))
	var times atomic.Int32
	ready := make(chan struct{}, 1)
	in, done := newBlocked(t), make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		done <- Run(ctx, c, Options{Log: zerolog.Nop(), Stdin: in, Ready: func() {
			times.Add(1)
			ready <- struct{}{}
		}})
	}()
	select {
	case <-ready:
		t.Error("ready, and an address is taken")
	case <-time.After(300 * time.Millisecond):
	}
	taken.Close()
	select {
	case <-ready:
	case <-time.After(time.Minute):
		t.Error("never ready")
	}
	stop()
	if err := <-done; err != nil || times.Load() != 1 {
		t.Errorf("%v; told %d times", err, times.Load())
	}
}

// newBlocked gives an input that nothing comes from.
func newBlocked(t *testing.T) net.Conn {
	in, other := net.Pipe()
	t.Cleanup(func() { in.Close(); other.Close() })
	return in
}
