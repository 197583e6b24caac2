package syslogd

import (
	"crypto/tls"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/source/sourcetest"
)

func TestLines(t *testing.T) {
	for _, tc := range []struct {
		scheme string
		send   []string
		want   []string
	}{
		{scheme: "tcp", send: []string{"<133>a\n", "8 <133>b\n\n6 <133>c<133>d\n"}, want: []string{"<133>a", "<133>b\n", "<133>c", "<133>d"}},
		{scheme: "udp", send: []string{"<133>a", "<133>b\n", "<133>c\n<133>d"}, want: []string{"<133>a", "<133>b", "<133>c\n<133>d"}},
		{scheme: "tls", send: []string{"6 <133>a", "<133>b\n"}, want: []string{"<133>a", "<133>b"}},
	} {
		t.Run(tc.scheme, func(t *testing.T) {
			certs := newCertificates(t)
			s := start(t, func(s *source) {
				s.o.Listen = tc.scheme + "://" + freePort(t)
				if tc.scheme == "tls" {
					certs.use(s)
				}
			})
			c := s.dial()
			if tc.scheme == "tls" {
				c = certs.client(c)
			}
			for _, text := range tc.send {
				s.send(c, text)
			}
			var got []string
			for _, r := range s.Lines(len(tc.want)) {
				got = append(got, string(r.Line))
				if !r.Once || len(r.Head) != 16 || !strings.HasPrefix(r.Stream, "127.0.0.1") {
					t.Errorf("record %+v", r)
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// A syslog sender ends all its lines: half of one is not taken for one.
func TestLineWithoutItsEndIsTorn(t *testing.T) {
	certs := newCertificates(t)
	s := start(t, func(s *source) { s.o.Listen = "tls://" + freePort(t); certs.use(s) })
	for i, end := range []struct {
		name  string
		close func(raw net.Conn, c *tls.Conn)
	}{
		{"orderly", func(_ net.Conn, c *tls.Conn) { c.Close() }},
		{"cut off", func(raw net.Conn, _ *tls.Conn) { raw.Close() }},
	} {
		raw := s.dial()
		c := certs.client(raw)
		s.send(c, "<133>Dec  3 15:26:05 h BG: 1427:01:01:event=support_conference_end;lsid=12")
		sourcetest.Eventually(t, "read", func() bool { return s.Stats().Unfinished > 0 })
		end.close(raw, c)
		if r := s.Lines(i + 1)[i]; r.Torn != "the connection ended before the line's newline" {
			t.Errorf("%s: %+v", end.name, r)
		}
		sourcetest.Eventually(t, "gone", func() bool { return s.Stats().Unfinished == 0 })
	}
}

// A sender that takes session tickets, reads no more than the handshake, and
// closes as soon as it has sent: with OpenSSL, any script.
func TestWhatIsSentBeforeACloseArrives(t *testing.T) {
	certs := newCertificates(t)
	s := start(t, func(s *source) { s.o.Listen = "tls://" + freePort(t); certs.use(s) })
	const n = 20
	for range n {
		raw := s.dial()
		if err := raw.(*net.TCPConn).SetNoDelay(false); err != nil {
			t.Fatal(err)
		}
		c := tls.Client(sipping{raw}, &tls.Config{RootCAs: certs.roots, ServerName: "127.0.0.1", ClientSessionCache: tls.NewLRUClientSessionCache(1)})
		s.send(c, "<133>a\n")
		raw.Close()
	}
	s.Lines(n)
}

// sipping is a connection that gives a byte a read: nothing is read ahead.
type sipping struct{ net.Conn }

func (c sipping) Read(p []byte) (int, error) { return c.Conn.Read(p[:min(len(p), 1)]) }

func TestWhoMakesNoHandshake(t *testing.T) {
	certs := newCertificates(t)
	s := start(t, func(s *source) { s.o.Listen = "tls://" + freePort(t); certs.use(s) })
	s.dial() // says nothing
	plain := s.dial()
	s.send(plain, "<133>a\n")
	_, _ = io.ReadAll(plain) // an alert, then the end
	s.Said("connection refused", 1)
	c := certs.client(s.dial()) // others are not held up
	s.send(c, "<133>b\n")
	s.Lines(1)
	old := tls.Client(s.dial(), &tls.Config{RootCAs: certs.roots, ServerName: "127.0.0.1", MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10})
	if err := old.Handshake(); err == nil {
		t.Error("TLS 1.1 was taken")
	}
	sourcetest.Eventually(t, "counted", func() bool { return s.Stats().Refused == 2 })
}

func TestRenewedCertificateIsTaken(t *testing.T) {
	certs := newCertificates(t)
	s := start(t, func(s *source) { s.o.Listen = "tls://" + freePort(t); certs.use(s) })
	first := certs.client(s.dial())
	certs.renew()
	second := certs.client(s.dial())
	serial := func(c *tls.Conn) string { return c.ConnectionState().PeerCertificates[0].SerialNumber.String() }
	if serial(first) != "1" || serial(second) != "2" {
		t.Errorf("serial numbers %s and %s", serial(first), serial(second))
	}
	s.Said("has been renewed", 1)
	certs.spoil()
	if third := certs.client(s.dial()); serial(third) != "2" {
		t.Errorf("serial number %s", serial(third))
	}
	s.Said("the old one stays", 1)
	s.send(first, "<133>a\n")
	s.Lines(1)
}

func TestAddressInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := begin(t, func(s *source) { s.o.Listen = "tcp://" + l.Addr().String() })
	s.Said("another process listens there", 1)
	l.Close()
	s.Said("listening\"", 1)
	s.send(s.dial(), "a\n")
	s.Lines(1)
}

func (c *certificates) client(raw net.Conn) *tls.Conn {
	c.t.Helper()
	t := tls.Client(raw, &tls.Config{RootCAs: c.roots, ServerName: "127.0.0.1"})
	if err := t.Handshake(); err != nil {
		c.t.Fatal(err)
	}
	return t
}

func (c *certificates) use(s *source) { s.o.CertFile, s.o.KeyFile = c.cert, c.key }
