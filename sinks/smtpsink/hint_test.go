package smtpsink_test

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tailpost/tailpost/sinks/smtpsink"
)

// The commonest mistakes about a mail server's port and certificate are said
// with what would help.
func TestHints(t *testing.T) {
	for _, c := range []struct {
		name     string
		security string
		says     string // at once
		script   map[string]string
		want     string
	}{
		{name: "TLS to a port without", security: "tls", says: "220 hello\r\n", want: `use security = "starttls", or the server's port for TLS, mostly 465 (tls: first record`},
		{name: "a port that waits for TLS", security: "starttls", want: `and needs security = "tls" (`},
		{name: "the same, without TLS", security: "none", want: `and needs security = "tls" (`},
		{name: "a certificate that isn't trusted", script: map[string]string{"TLS": "certificate"}, want: "name that of who signed it in ca_file (tls: failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newMisbehaving(t, c.script)
			synctest.Test(t, func(t *testing.T) {
				relay := s.relay()
				if c.security != "" {
					relay = smtpsink.RelayDefaults()
					relay.Host, relay.From, relay.Security = "mail.example.com", "t@example.com", c.security
					relay.Dial = saying(c.says)
				}
				_, err := newSinkTo(t, relay, "a@example.com").Connect(t.Context())
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// saying connects to a server that says that, whatever it hears.
func saying(what string) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() { _, _ = io.WriteString(theirs, what) }()
		go func() { _, _ = io.Copy(io.Discard, theirs) }()
		return ours, nil
	}
}
