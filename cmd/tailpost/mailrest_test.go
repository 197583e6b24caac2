package main

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/tailpost/tailpost/sinks/receiver"
)

// mailbox is a mail server that can be stopped and come back at its address.
type mailbox struct {
	t    *testing.T
	addr string
	stop func()

	mu    sync.Mutex
	mails [][]string // to whom, in the order of arrival
	got   []receiver.Received
	tried int // refused addresses
}

// serve takes mail but for the addresses that refused names, until stop.
func (m *mailbox) serve(refused string) {
	m.t.Helper()
	r, err := receiver.New(receiver.Options{SMTPAddr: m.addr, NoTLS: true, OnEvent: func(got receiver.Received) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.mails, m.got = append(m.mails, got.To), append(m.got, got)
	}})
	if err != nil {
		m.t.Fatal(err)
	}
	m.addr = r.SMTPAddr()
	r.SetRefuse(func(s receiver.Step) (int, string) {
		if s.Command != "RCPT" || s.Address != refused {
			return 0, ""
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		m.tried++
		return 550, "no such user"
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	m.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			m.t.Errorf("mail server: %v", err)
		}
	})
	m.t.Cleanup(m.stop)
}

func (m *mailbox) state() (mails [][]string, tried int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.mails), m.tried
}

// TestRestOfTheAddressesOverRestarts: a mail that one of three addresses
// doesn't get is not sent to the other two again, not by later attempts, not
// after the bridge was killed and started again, not by a mail server that has
// forgotten everything; and the third gets it once it is taken.
func TestRestOfTheAddressesOverRestarts(t *testing.T) {
	t.Parallel()
	m := &mailbox{t: t, addr: "127.0.0.1:0"}
	m.serve("b@example.com")
	_, port, err := net.SplitHostPort(m.addr)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, fmt.Sprintf(`[smtp]
host = "127.0.0.1"
port = %s
security = "none"
from = "tailpost@example.com"
[[recipients.email]]
name = "desk"
address = "a@example.com, b@example.com, c@example.com"
retry_interval = "50ms"
`, port))
	s.appendLines(1, func(int) string { return "s" })
	refusedAndRestarted(t, s, m)
	m.serve("")
	p := s.run()
	wait(t, "the mail to the one address", func() bool { mails, _ := m.state(); return len(mails) == 2 })
	p.stop()
	mails, _ := m.state()
	if want := [][]string{{"a@example.com", "c@example.com"}, {"b@example.com"}}; !slices.EqualFunc(mails, want, slices.Equal[[]string]) {
		t.Errorf("mails to %v, want to %v", mails, want)
	}
}

// refusedAndRestarted lets one of the addresses be refused over a kill and a
// stop, and then closes the mailbox.
func refusedAndRestarted(t *testing.T, s *site, m *mailbox) {
	t.Helper()
	for round := range 3 {
		p := s.run()
		wait(t, "refusals of the one address", func() bool {
			_, tried := m.state()
			return tried >= 3*(round+1)
		})
		if round == 0 {
			p.kill()
		} else {
			p.stop()
		}
	}
	m.stop()
}
