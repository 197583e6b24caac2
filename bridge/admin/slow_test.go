package admin

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/bridge/status"
)

// pipes is a listener whose connections are in memory, so that its deadlines
// pass in no time.
type pipes struct {
	in     chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.in:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func (p *pipes) dial() net.Conn {
	here, there := net.Pipe()
	p.in <- there
	return here
}

// get asks for a path on a connection of its own, and fails the test unless the
// answer is 200 within no time.
func (p *pipes) get(t *testing.T, path string) {
	t.Helper()
	c := p.dial()
	defer c.Close()
	begun := time.Now()
	_, _ = io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("another one's %s: %v, %v", path, resp, err)
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	if took := time.Since(begun); took > time.Second {
		t.Errorf("another one waited %v", took)
	}
}

// bubble runs f in a synctest bubble, with a listener that knows the token.
func bubble(t *testing.T, f func(t *testing.T, p *pipes, s *stand)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &stand{t: t, address: "pipe", actions: &fake{}, guard: NewGuard(zerolog.Nop())}
		s.guard.SetToken(option.NewSecret(token))
		o := ListenerOptions{Guard: s.guard, Actions: s.actions}
		o.Pulse = NewPulse(func() *status.Snapshot { return &status.Snapshot{Ready: true} }, nil)
		o.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for err := error(nil); err == nil; { // more than a deaf one's buffers take
				_, err = w.Write(some)
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		p := &pipes{in: make(chan net.Conn), closed: make(chan struct{})}
		ended := make(chan error, 1)
		go func() { ended <- NewListener(o).serve(ctx, p) }()
		f(t, p, s)
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
}

var some = bytes.Repeat([]byte("x"), 64<<10)

// TestSlowRequests: whoever sends or reads too slowly is cut off in time, is
// in nobody's way meanwhile, and changes nothing.
func TestSlowRequests(t *testing.T) {
	const auth = "Authorization: Bearer " + token + "\r\n"
	for _, c := range []struct {
		name string
		send string        // at once
		drip string        // then this, a byte a second, over and over
		deaf bool          // the answer isn't read
		want time.Duration // when it is over
		said string        // what the answer has in it
	}{
		{name: "says nothing", want: patience},
		{name: "header by bytes", drip: "GET / HTTP/1.1\r\nHost: x\r\n", want: patience},
		{name: "endless header", send: "GET / HTTP/1.1\r\nHost: x\r\n", drip: "A: b\r\n", want: patience},
		{name: "body with the token", send: "POST /api/pause HTTP/1.1\r\nHost: x\r\n" + auth + "Content-Length: 1000\r\n\r\n", drip: " ", want: patience, said: "400 Bad Request"},
		{name: "chunks with the token", send: "POST /api/pause HTTP/1.1\r\nHost: x\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\n", drip: "1\r\n \r\n", want: patience, said: "400 Bad Request"},
		{name: "body without it", send: "POST /api/pause HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", drip: " ", want: patience, said: "401 Unauthorized"},
		{name: "a form of a session", send: "POST /api/pause HTTP/1.1\r\nHost: x\r\nCOOKIEContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n", drip: "a", want: patience, said: "403 Forbidden"},
		{name: "body of a GET", send: "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", drip: " ", want: patience, said: "200 OK"},
		{name: "idle after an answer", send: "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", want: idleMost, said: "200 OK"},
		{name: "deaf", send: "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", deaf: true, want: writeFactor * patience},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, p *pipes, s *stand) {
				conn, begun := p.dial(), time.Now()
				defer conn.Close()
				gone := make(chan struct{})
				go func() {
					_, _ = io.WriteString(conn, strings.Replace(c.send, "COOKIE", "Cookie: "+s.signIn()+"\r\n", 1))
					for i := 0; c.drip != ""; i++ {
						select {
						case <-gone:
							return
						case <-time.After(time.Second):
						}
						if _, err := conn.Write([]byte{c.drip[i%len(c.drip)]}); err != nil {
							return
						}
					}
				}()
				time.AfterFunc(c.want/2, func() { p.get(t, "/healthz") })
				var said []byte
				if c.deaf {
					time.Sleep(c.want + time.Second)
				}
				said, _ = io.ReadAll(conn)
				took := time.Since(begun)
				close(gone)
				if took < c.want || took > c.want+2*time.Second {
					t.Errorf("it was over after %v, want %v", took, c.want)
				}
				if !strings.Contains(string(said), c.said) {
					t.Errorf("it was told %q, want %q", said, c.said)
				}
				if len(said) > len(some) {
					t.Errorf("%d bytes were sent to somebody deaf", len(said))
				}
				synctest.Wait()
				if len(s.actions.calls) > 0 {
					t.Errorf("done: %q", s.actions.calls)
				}
			})
		})
	}
}

// TestSlowCrowd: so many slow ones as there may be, of each kind, hold up
// nobody.
func TestSlowCrowd(t *testing.T) {
	for name, send := range map[string]string{
		"say nothing":  "",
		"half headers": "GET / HTTP/1.1\r\nHo",
		"half bodies":  "POST /api/pause HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer nothing\r\nContent-Length: 1000\r\n\r\nx",
		"half forms":   "POST /api/pause HTTP/1.1\r\nHost: x\r\nCOOKIEContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nx",
		"deaf ones":    "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, p *pipes, s *stand) {
				send := strings.Replace(send, "COOKIE", "Cookie: "+s.signIn()+"\r\n", 1)
				for range 2 * crowdMost {
					c := p.dial()
					defer c.Close()
					go func() { _, _ = io.WriteString(c, send) }()
					synctest.Wait()
				}
				for range 10 {
					p.get(t, "/healthz")
				}
			})
		})
	}
}

// TestCrowdKeepsWhoChangesSomething: an action under way isn't cut off to make
// room.
func TestCrowdKeepsWhoChangesSomething(t *testing.T) {
	bubble(t, func(t *testing.T, p *pipes, s *stand) {
		s.actions.block, s.actions.blocked = true, make(chan struct{})
		c := p.dial()
		defer c.Close()
		_, _ = io.WriteString(c, "POST /api/pause HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+token+"\r\nContent-Length: 17\r\n\r\n{\"recipient\":\"x\"}")
		<-s.actions.blocked
		for range 2 * crowdMost {
			deaf := p.dial()
			defer deaf.Close()
			_, _ = io.WriteString(deaf, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
			synctest.Wait()
		}
		time.Sleep(5 * time.Minute) // longer than any deadline
		p.get(t, "/healthz")
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		if n, err := c.Read(make([]byte, 1)); n != 0 || !isTimeout(err) {
			t.Errorf("it has an end: %d bytes, %v", n, err)
		}
	})
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}
