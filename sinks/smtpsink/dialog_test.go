package smtpsink_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/sinktest"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

// play answers each command by its first word, from a map; "" hangs up,
// "mute" never answers. "greeting" and "." (the mail's end) are commands too.
func play(t *testing.T, answers map[string]string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				playTo(conn, answers)
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return l.Addr().String()
}

var politely = map[string]string{
	"greeting": "220 hello", "EHLO": "250 hello", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on", ".": "250 queued", "QUIT": "221 bye",
}

func playTo(conn net.Conn, answers map[string]string) {
	in := bufio.NewScanner(conn)
	data := false
	for word := "greeting"; ; {
		answer, ok := answers[word]
		if !ok {
			answer = politely[word]
		}
		switch answer {
		case "":
			return
		case "mute":
			_, _ = io.Copy(io.Discard, conn)
			return
		}
		_, _ = io.WriteString(conn, answer+"\r\n")
		data = word == "DATA" && strings.HasPrefix(answer, "354")
		for {
			if !in.Scan() {
				return
			}
			if !data {
				word, _, _ = strings.Cut(in.Text(), " ")
				break
			}
			if in.Text() == "." {
				word = "."
				break
			}
		}
	}
}

// The whole mail is bounded too, even if each step is within its time.
func TestWholeTimeout(t *testing.T) {
	o := relayAt(t, play(t, map[string]string{".": "mute"}))
	o.Step, o.Timeout = time.Minute, 300*time.Millisecond
	start := time.Now()
	_, de := deliver(t, newSink(t, o), nil)
	if de == nil || !errors.Is(de, context.DeadlineExceeded) {
		t.Errorf("%v", de)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("held up for %s", took)
	}
}

func TestCancelledAtTheEnd(t *testing.T) {
	o := relayAt(t, play(t, map[string]string{".": "mute"}))
	ctx, cancel := context.WithCancel(t.Context())
	o.Dial = func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(dialing, network, address)
		time.AfterFunc(200*time.Millisecond, cancel)
		return conn, err
	}
	start := time.Now()
	_, err := newSink(t, o).Deliver(ctx, bridge.Delivery{Events: []bridge.Event{sinktest.PlainEvent(1)}})
	if !errors.Is(err, context.Canceled) || time.Since(start) > 20*time.Second {
		t.Errorf("after %s: %v", time.Since(start), err)
	}
}

// What the server says is shown on one line, bounded and without the login.
func TestServersWords(t *testing.T) {
	long := strings.Repeat("blah ", 1000)
	o := relayAt(t, play(t, map[string]string{"MAIL": "550-\x1b[2J s3cr3t\r\n550 " + long}))
	o.Host = "127.0.0.1"
	_, de := deliver(t, newSink(t, o), nil)
	if text := de.Error(); strings.ContainsAny(text, "\x1b\r\n") || len(text) > 512 {
		t.Errorf("%q", text)
	}
}

// A password goes to no other machine in the clear, whatever the server says.
func TestPasswordIsNotSentInTheClear(t *testing.T) {
	for _, auth := range []string{"auto", "plain", "login"} {
		t.Run(auth, func(t *testing.T) {
			var said strings.Builder
			addr := play(t, map[string]string{"EHLO": "250-hello\r\n250 AUTH PLAIN LOGIN"})
			o := relayAt(t, addr)
			o.Host, o.Auth = "mail.example.com", auth
			o.Username = "u"
			if err := o.Password.UnmarshalText([]byte("s3cr3t")); err != nil {
				t.Fatal(err)
			}
			o.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
				conn, err := new(net.Dialer).DialContext(ctx, network, addr)
				return &tapped{Conn: conn, out: &said}, err
			}
			_, de := deliver(t, newSink(t, o), nil)
			if de == nil || de.Status != "misconfigured" {
				t.Errorf("%+v", de)
			}
			if s := said.String(); strings.Contains(s, "AUTH") {
				t.Errorf("sent %q", s)
			}
		})
	}
}

// tapped notes what is sent.
type tapped struct {
	net.Conn
	out *strings.Builder
}

func (c *tapped) Write(p []byte) (int, error) {
	c.out.Write(p)
	return c.Conn.Write(p)
}

var _ bridge.Sink = (*smtpsink.Sink)(nil)
