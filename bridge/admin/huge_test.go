package admin

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// dial opens a connection that ends with the test.
func (s *stand) dial() net.Conn {
	s.t.Helper()
	c, err := net.Dial("tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	return c
}

// pour sends a beginning and then more of some until it is refused, or most
// bytes are out. It gives how many went, and what was answered.
func (s *stand) pour(begin, some string, most int) (sent int, answer string) {
	s.t.Helper()
	c := s.dial()
	got := make(chan string, 1)
	go func() {
		b, _ := io.ReadAll(io.LimitReader(c, 1<<20))
		got <- string(b)
	}()
	_, err := io.WriteString(c, begin)
	for err == nil && sent < most {
		var n int
		n, err = io.WriteString(c, some)
		sent += n
	}
	return sent, <-got
}

// TestHugeRequests: what is too long isn't taken in, and nothing is changed.
func TestHugeRequests(t *testing.T) {
	s := startListener(t, ListenerOptions{}, token)
	const most, kernel = 256 << 20, 64 << 20 // kernel: what the buffers of two sockets may hold, and some
	cookie := s.signIn()
	some := strings.Repeat("x", 64<<10)
	t.Cleanup(func() { // behind all of them
		if len(s.actions.calls) > 0 {
			t.Errorf("done: %q", s.actions.calls)
		}
	})
	for _, c := range []struct{ name, begin, some, want string }{
		{"header", "GET / HTTP/1.1\r\nHost: x\r\nX: ", some, "431 Request Header Fields Too Large"},
		{"headers", "GET / HTTP/1.1\r\nHost: x\r\n", strings.Repeat("X: x\r\n", 10_000), "431 Request Header Fields Too Large"},
		{"path", "GET /", some, "431 Request Header Fields Too Large"},
		{"body without a token", "POST /api/dead/drop HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999999999\r\n\r\n", some, "401 Unauthorized"},
		{"body with the token", "POST /api/dead/drop HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + token + "\r\nContent-Length: 9999999999\r\n\r\n", some, "413 Request Entity Too Large"},
		{"chunks with the token", "POST /api/dead/drop HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + token + "\r\nTransfer-Encoding: chunked\r\n\r\n", "10000\r\n" + some + "\r\n", "413 Request Entity Too Large"},
		{"form of a session", "POST /api/dead/drop HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: " + cookie + "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9999999999\r\n\r\n", some, "413 Request Entity Too Large"},
		{"body of what is unknown", "POST /api/nothing HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999999999\r\n\r\n", some, "404 Not Found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // net/http takes half a second to close each
			sent, answer := s.pour(c.begin, c.some, most)
			if sent > kernel {
				t.Errorf("%d bytes were taken in", sent)
			}
			if answer != "" && !strings.Contains(answer, c.want) { // a reset may overtake it
				t.Errorf("answered %.200q, want %q", answer, c.want)
			}
			s.lives()
		})
	}
}

// TestTooLarge: who sends more than is taken hears why, to the end of it: an
// answer that a reset takes away says nothing.
func TestTooLarge(t *testing.T) {
	s := startListener(t, ListenerOptions{}, token)
	cookie := s.signIn()
	more := strings.Repeat("x", 2<<20)
	large := func(head string, n int) string {
		return fmt.Sprintf("POST /api/dead/drop HTTP/1.1\r\nHost: 127.0.0.1\r\n%sContent-Length: %d\r\n\r\n", head, n) + strings.Repeat("x", n)
	}
	bearer, form := "Authorization: Bearer "+token+"\r\n", "Cookie: "+cookie+"\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	for _, c := range []struct{ name, send, want string }{
		{"query", "GET /api/status?" + more + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "431 Request Header Fields Too Large"},
		{"header", "GET /api/status HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + more + "\r\n\r\n", "431 Request Header Fields Too Large"},
		{"body with the token", large(bearer, bodyMost+(2<<20)), `"kind":"too_large"`},
		{"body without it", large("", 2<<20), "401 Unauthorized"},
		{"form", large(form, 2<<20), "413 Request Entity Too Large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conn := s.dial()
			if _, err := io.WriteString(conn, c.send); err != nil {
				t.Fatalf("it was cut off as it sent: %v", err)
			}
			answer, err := io.ReadAll(conn)
			if err != nil || !strings.Contains(string(answer), c.want) {
				t.Errorf("%.300q, %v, want %q", answer, err, c.want)
			}
		})
	}
}

// lives fails the test unless a good request is answered.
func (s *stand) lives() {
	s.t.Helper()
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(s.at + "/healthz")
	if err != nil {
		s.t.Errorf("a good request: %v", err)
		return
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		s.t.Errorf("a good request: %s", resp.Status)
	}
}

// TestGarbage: what a port scanner sends ends nothing.
func TestGarbage(t *testing.T) {
	s := startListener(t, ListenerOptions{}, token)
	noise := make([]byte, 4096)
	for i, r := 0, rand.New(rand.NewPCG(1, 2)); i < len(noise); i++ {
		noise[i] = byte(r.Uint32())
	}
	for name, text := range map[string]string{
		"nothing":            "",
		"noise":              string(noise),
		"line ends":          strings.Repeat("\r\n", 1000),
		"zeros":              strings.Repeat("\x00", 1000),
		"TLS":                "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + string(noise[:500]),
		"HTTP/2":             "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
		"HTTP/9":             "GET / HTTP/9.9\r\n\r\n",
		"SSH":                "SSH-2.0-OpenSSH_9.2\r\n",
		"SMTP":               "EHLO x\r\nMAIL FROM:<a@example.com>\r\n",
		"a proxy's CONNECT":  "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
		"a proxy's GET":      "GET http://example.com/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		"two lengths":        "POST /api/pause HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\n{}x",
		"length and chunks":  "POST /api/pause HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"negative length":    "POST /api/pause HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
		"a path upwards":     "GET /../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		"an encoded path":    "POST /api/%70ause HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 17\r\n\r\n{\"recipient\":\"x\"}",
		"a method of theirs": "TRACE /api/pause HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		"an overridden one":  "GET /api/pause HTTP/1.1\r\nHost: 127.0.0.1\r\nX-HTTP-Method-Override: POST\r\n\r\n",
		"an upgrade":         "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := s.dial()
			_, _ = io.WriteString(c, text)
			_ = c.(*net.TCPConn).CloseWrite()
			b, err := io.ReadAll(c)
			if err != nil && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("it has no end: %v", err)
			}
			if strings.HasPrefix(string(b), "HTTP/1.1 200") {
				t.Errorf("answered %q", b)
			}
			s.lives()
		})
	}
	if len(s.actions.calls) > 0 {
		t.Errorf("done: %q", s.actions.calls)
	}
}

// TestThousandConnections: idle ones make room for each other, and for those
// that ask.
func TestThousandConnections(t *testing.T) {
	s := startListener(t, ListenerOptions{}, token)
	before := runtime.NumGoroutine()
	var all []net.Conn
	for i := range 1000 {
		c := s.dial()
		all = append(all, c)
		if i%2 == 0 {
			_, _ = fmt.Fprint(c, "GET / HTTP/1.1\r\nX") // may have made room already
		}
		if i%250 == 0 {
			s.lives()
		}
	}
	s.lives()
	ended := 0
	for _, c := range all[:1000-crowdMost] { // the older ones
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, err := c.Read(make([]byte, 1)); err != nil && !isTimeout(err) {
			ended++
		}
	}
	if ended != 1000-crowdMost {
		t.Errorf("%d of %d have ended", ended, 1000-crowdMost)
	}
	if now := runtime.NumGoroutine(); now > before+2*crowdMost {
		t.Errorf("%d goroutines, %d before", now, before)
	}
}
