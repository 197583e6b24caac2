package httpsink_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/httpsink"
	"github.com/tailpost/tailpost/sinks/receiver"
	"github.com/tailpost/tailpost/sinks/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) {
	for _, body := range []string{"form", "json"} {
		t.Run(body, func(t *testing.T) {
			sinktest.Run(t, sinktest.Rig{
				Start:   func(t *testing.T, b sinktest.Behaviour, d time.Duration) sinktest.Setup { return start(t, body, b, d) },
				Hostile: checkHostile,
			})
		})
	}
}

func start(t *testing.T, body string, b sinktest.Behaviour, timeout time.Duration) sinktest.Setup {
	o := httpsink.Defaults("")
	o.Body, o.Timeout, o.SendCustomFields = body, option.Duration(timeout), true
	o.GiveUp = option.List{"400"}
	switch b {
	case sinktest.Stalls:
		url, begun := stallingServer(t)
		o.URL = url
		return sinktest.Setup{Sink: newSink(t, o), Taken: func() []sinktest.Taken { return nil }, Begun: begun}
	case sinktest.Floods:
		o.URL = floodingServer(t)
		return sinktest.Setup{Sink: newSink(t, o), Taken: func() []sinktest.Taken { return nil }}
	}
	status := map[sinktest.Behaviour]int{sinktest.RefusesForNow: 503, sinktest.RefusesForGood: 400}[b]
	r := startReceiver(t, receiver.Options{Fail: status})
	o.URL = "http://" + r.HTTPAddr() + "/events?action=x"
	return sinktest.Setup{Sink: newSink(t, o), Taken: r.taken}
}

func newSink(t *testing.T, o httpsink.Options) *httpsink.Sink {
	t.Helper()
	s, err := httpsink.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// recorder is a receiver that keeps what it got.
type recorder struct{ *sinktest.Recorder }

func startReceiver(t *testing.T, o receiver.Options) recorder {
	t.Helper()
	o.HTTPAddr = "127.0.0.1:0"
	return recorder{sinktest.Receive(t, o)}
}

func (r recorder) taken() []sinktest.Taken {
	var out []sinktest.Taken
	for _, g := range r.All() {
		if g.OK() {
			out = append(out, sinktest.Taken{ID: g.ID, Body: string(g.Body), Got: g})
		}
	}
	return out
}

// stallingServer reads a request and never answers.
func stallingServer(t *testing.T) (url string, begun <-chan struct{}) {
	reached := make(chan struct{})
	var once sync.Once
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not see the sender go
		once.Do(func() { close(reached) })
		<-r.Context().Done()
	}))
	t.Cleanup(srv.Close)
	return srv.URL, reached
}

// floodingServer answers 200 and then 100 MiB, as long as anybody reads.
func floodingServer(t *testing.T) string {
	chunk := []byte(strings.Repeat("flood ", 64<<10/6))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for n := 0; n < 100<<20; n += len(chunk) {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// checkHostile looks at each value on the other side: whole, and under no
// name but its own.
func checkHostile(t *testing.T, taken sinktest.Taken, sent bridge.Event) {
	got := taken.Got.(receiver.Received)
	valid := func(s string) string {
		return strings.Map(func(r rune) rune { return r }, s)
	}
	for name, want := range map[string]string{
		"event": sent.Name, "external_key": sent.ExternalKey, "appliance_id": sent.ApplianceID,
		"name": valid(sent.MemberName), "type": sent.MemberType, "display_name": sent.DisplayName,
	} {
		values := 0
		for _, f := range got.Fields {
			if f.Name == name {
				values++
				if f.Value != want {
					t.Errorf("%s = %.80q, want %.80q", name, f.Value, want)
				}
			}
		}
		if values != 1 {
			t.Errorf("%s is there %d times", name, values)
		}
	}
	if len(got.Header["Bcc"]) > 0 {
		t.Error("a value became a header")
	}
	if !strings.Contains(taken.Body, sent.Custom[0].Value) {
		t.Error("the long value did not arrive whole")
	}
}

// listener that counts connections.
type countingListener struct {
	net.Listener
	mu sync.Mutex
	n  int
}

func (l *countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.mu.Lock()
		l.n++
		l.mu.Unlock()
	}
	return c, err
}

func (l *countingListener) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.n
}
