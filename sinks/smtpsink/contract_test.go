package smtpsink_test

import (
	"bytes"
	"io"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/receiver"
	"github.com/tailpost/tailpost/sinks/sinktest"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) {
	for _, security := range []string{"none", "starttls", "tls"} {
		t.Run(security, func(t *testing.T) {
			sinktest.Run(t, sinktest.Rig{
				Start: func(t *testing.T, b sinktest.Behaviour, d time.Duration) sinktest.Setup {
					return start(t, security, b, d)
				},
				NeverPermanent: "a mail recipient has no give_up: every refusal is tried until retry_duration",
				Hostile:        checkHostile,
			})
		})
	}
}

func start(t *testing.T, security string, b sinktest.Behaviour, timeout time.Duration) sinktest.Setup {
	if b == sinktest.Stalls || b == sinktest.Floods {
		// Before TLS begins: there is no answer to encrypt.
		addr, begun := scripted(t, b == sinktest.Floods)
		o := relayAt(t, addr)
		o.Security, o.Timeout = security, timeout
		return sinktest.Setup{Sink: newSink(t, o), Taken: func() []sinktest.Taken { return nil }, Begun: begun}
	}
	r := startReceiver(t, receiver.Options{ImplicitTLS: security == "tls", NoTLS: security == "none"})
	switch b {
	case sinktest.RefusesForNow:
		r.SetFail(503, 0)
	case sinktest.RefusesForGood:
		r.SetRefuse(func(s receiver.Step) (int, string) {
			if s.Command == "DATA" {
				return 554, "We don't want it"
			}
			return 0, ""
		})
	}
	o := r.relay(t)
	o.Security, o.Timeout = security, timeout
	return sinktest.Setup{Sink: newSink(t, o), Taken: r.taken}
}

func newSink(t *testing.T, o smtpsink.RelayOptions) *smtpsink.Sink {
	t.Helper()
	return newSinkTo(t, o, "helpdesk@example.com")
}

func newSinkTo(t *testing.T, o smtpsink.RelayOptions, addresses ...string) *smtpsink.Sink {
	t.Helper()
	return newSinkOf(t, o, smtpsink.Options{Name: "helpdesk", Address: option.List(addresses)})
}

func newSinkOf(t *testing.T, r smtpsink.RelayOptions, o smtpsink.Options) *smtpsink.Sink {
	t.Helper()
	if o.Address == nil {
		o.Address = option.List{"helpdesk@example.com"}
	}
	s, err := smtpsink.New(newRelay(t, r), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newRelay makes a relay, of settings that may be wrong on purpose.
func newRelay(t *testing.T, o smtpsink.RelayOptions) *smtpsink.Relay {
	t.Helper()
	o.Check(t.TempDir())
	r, err := smtpsink.NewRelay(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func relayAt(t *testing.T, addr string) smtpsink.RelayOptions {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	o := smtpsink.RelayDefaults()
	o.Host, o.From = host, "Tailpost <tailpost@example.com>"
	if o.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	o.Security = "none"
	return o
}

// recorder is a mail server that keeps what it got.
type recorder struct{ *sinktest.Recorder }

func startReceiver(t *testing.T, o receiver.Options) recorder {
	t.Helper()
	o.SMTPAddr = "127.0.0.1:0"
	return recorder{sinktest.Receive(t, o)}
}

// relay gives the settings to reach it, its certificate as ca_file.
func (r recorder) relay(t *testing.T) smtpsink.RelayOptions {
	t.Helper()
	o := relayAt(t, r.SMTPAddr())
	o.CAFile = writeFile(t, "ca.pem", r.CAPEM())
	return o
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

// scripted is a server that takes a connection and says nothing, or an
// endless greeting.
func scripted(t *testing.T, flood bool) (addr string, begun <-chan struct{}) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	reached := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for first := true; ; first = false {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if first {
				close(reached)
			}
			wg.Go(func() {
				defer conn.Close()
				if flood {
					line := []byte(strings.Repeat("220-flood flood flood\r\n", 1000))
					for n := 0; n < 100<<20; n += len(line) {
						if _, err := conn.Write(line); err != nil {
							return
						}
					}
				}
				_, _ = io.Copy(io.Discard, conn)
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return l.Addr().String(), reached
}

// checkHostile reads the mail as a mailbox would.
func checkHostile(t *testing.T, taken sinktest.Taken, sent bridge.Event) {
	m, err := mail.ReadMessage(bytes.NewReader([]byte(taken.Body)))
	if err != nil {
		t.Fatal(err)
	}
	if m.Header.Get("Bcc") != "" {
		t.Error("a value became a header")
	}
	got := taken.Got.(receiver.Received)
	if len(got.To) != 1 || got.From != "tailpost@example.com" {
		t.Errorf("envelope from %s to %v", got.From, got.To)
	}
	if !strings.Contains(got.Subject, "x"+sinktest.Injected) {
		t.Errorf("subject %q lacks the key", got.Subject)
	}
	for i, line := range strings.Split(got.Text, "\n") {
		if strings.HasPrefix(line, sinktest.Injected) {
			t.Errorf("line %d of the text is the value's", i)
		}
	}
	for _, want := range []string{sent.ID.String(), sent.DisplayName, "Zoë \"Müller\"", sent.Custom[0].Value[:1000]} {
		if !strings.Contains(got.Text, want) {
			t.Errorf("the text lacks %.80q", want)
		}
	}
	for i, line := range strings.Split(taken.Body, "\r\n") {
		if len(line) > 998 || strings.ContainsAny(line, "\r\n") || strings.ContainsFunc(line, func(r rune) bool { return r > 126 }) {
			t.Errorf("line %d is not fit for the wire: %.80q", i, line)
		}
	}
}
