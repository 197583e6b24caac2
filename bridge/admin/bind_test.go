package admin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// TestPortThatIsTaken: it is no error, it is said once, and the port is taken
// once it is free.
func TestPortThatIsTaken(t *testing.T) {
	first, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	var said bytes.Buffer
	guard := NewGuard(zerolog.Nop())
	l := NewListener(ListenerOptions{Address: first.Addr().String(), Guard: guard, Actions: &fake{}, Pulse: NewPulse(wellKnown, nil), Log: zerolog.New(zerolog.SyncWriter(&said))})
	if err := l.Bind(t.Context()); err != nil {
		t.Fatal(err)
	}
	is := l.Absent()
	if want := fmt.Sprintf("[admin] listen = %q: ", first.Addr()); !strings.HasPrefix(is.Why, want) || !strings.HasSuffix(is.Why, "another process listens there") || is.Since.IsZero() {
		t.Errorf("%+v", is)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	time.AfterFunc(rebindWait/2, func() { first.Close() }) // there was a try, and there is one more
	for l.Absent().Why != "" {
		select {
		case err := <-ended:
			t.Fatalf("Run: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	resp, err := http.Get("http://" + l.o.Address + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	cancel()
	if err := <-ended; err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%v, %d", err, resp.StatusCode)
	}
	if n := strings.Count(said.String(), "can't listen"); n != 1 {
		t.Errorf("said %d times:\n%s", n, said.String())
	}
}

// TestStopsWhileThePortIsTaken: a wait for it holds no stop up.
func TestStopsWhileThePortIsTaken(t *testing.T) {
	first, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	l := NewListener(ListenerOptions{Address: first.Addr().String()})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	for l.Absent().Why == "" {
		<-time.After(time.Millisecond)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestAddressThatIsNotOurs: what no waiting mends is an error.
func TestAddressThatIsNotOurs(t *testing.T) {
	l := NewListener(ListenerOptions{Address: "192.0.2.1:9180"})
	err := l.Bind(t.Context())
	if want := `[admin] listen = "192.0.2.1:9180": `; !errors.Is(err, syscall.EADDRNOTAVAIL) || !strings.Contains(err.Error(), want) || !strings.HasSuffix(err.Error(), "this machine has no such address") {
		t.Errorf("%v", err)
	}
}
