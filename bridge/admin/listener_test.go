package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/bridge/status"
)

const token = "0123456789abcdef"

// stand is a listener that runs, on a port of its own.
type stand struct {
	t       *testing.T
	at      string // http://host:port
	address string
	actions *fake
	guard   *Guard
	stop    func()
}

func wellKnown() *status.Snapshot { return &status.Snapshot{Ready: true, Version: "test"} }

// listenAt runs one; nothing of the options but Log, Patience and the handlers counts.
func startListener(t *testing.T, o ListenerOptions, token string) *stand {
	t.Helper()
	s := &stand{t: t, actions: &fake{}, guard: NewGuard(o.Log)}
	s.guard.SetToken(option.NewSecret(token))
	o.Address, o.Guard, o.Actions = "127.0.0.1:0", s.guard, s.actions
	if o.Pulse == nil {
		o.Pulse = NewPulse(wellKnown, nil)
	}
	l := NewListener(o)
	if err := l.Bind(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.address = l.bound.Addr().String()
	s.at = "http://" + s.address
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	t.Cleanup(s.stop)
	return s
}

// ask sends a request without a body, with these headers.
func (s *stand) ask(method, path, body string, headers ...string) (int, http.Header, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.at+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

func TestListenerReads(t *testing.T) {
	said := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, text, " ", r.URL.Path) })
	}
	s := startListener(t, ListenerOptions{Metrics: said("metrics"), Page: said("page")}, "")
	for _, c := range []struct {
		name, method, path string
		headers            []string
		wantStatus         int
		wantBody           string
	}{
		{name: "health", path: "/healthz", wantStatus: 200, wantBody: "ok\n"},
		{name: "health by HEAD", method: "HEAD", path: "/healthz", wantStatus: 200},
		{name: "health isn't posted", method: "POST", path: "/healthz", wantStatus: 405},
		{name: "ready", path: "/readyz", wantStatus: 200, wantBody: "ok\n"},
		{name: "metrics", path: "/metrics", wantStatus: 200, wantBody: "metrics /metrics"},
		{name: "the page", path: "/", wantStatus: 200, wantBody: "page /"},
		{name: "under the page", path: "/recipient", wantStatus: 200, wantBody: "page /recipient"},
		{name: "nothing", path: "/api/nothing", wantStatus: 404, wantBody: "knows no GET /api/nothing"},
		{name: "localhost", path: "/healthz", headers: []string{"Host", "localhost:9180"}, wantStatus: 200},
		{name: "localhost in capitals", path: "/healthz", headers: []string{"Host", "LOCALHOST"}, wantStatus: 200},
		{name: "IPv6", path: "/healthz", headers: []string{"Host", "[::1]:9180"}, wantStatus: 200},
		{name: "IPv6 without a port", path: "/healthz", headers: []string{"Host", "[::1]"}, wantStatus: 200},
		{name: "another name that leads here", path: "/api/status", headers: []string{"Host", "evil.example"}, wantStatus: 403, wantBody: "this address is for localhost"},
		{name: "a name that looks like it", path: "/", headers: []string{"Host", "127.0.0.1.evil.example:9180"}, wantStatus: 403},
		{name: "another name's page", path: "/", headers: []string{"Host", "10.0.0.1"}, wantStatus: 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.method == "" {
				c.method = "GET"
			}
			code, _, body := s.ask(c.method, c.path, "", c.headers...)
			if code != c.wantStatus || !strings.Contains(body, c.wantBody) {
				t.Errorf("%d %q, want %d with %q", code, body, c.wantStatus, c.wantBody)
			}
		})
	}
	code, header, body := s.ask("GET", "/api/status", "")
	var is status.Snapshot
	if err := json.Unmarshal([]byte(body), &is); code != 200 || err != nil || is.Version != "test" {
		t.Errorf("status %d %s: %v", code, body, err)
	}
	for name, want := range map[string]string{
		"Content-Security-Policy": "frame-ancestors 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store", "Content-Type": "application/json",
	} {
		if !strings.Contains(header.Get(name), want) {
			t.Errorf("%s is %q", name, header.Get(name))
		}
	}
}

func TestNotReady(t *testing.T) {
	var mu sync.Mutex
	is := &status.Snapshot{NotReady: []string{"the spool can't be written: full", "source log: permission denied"}}
	s := startListener(t, ListenerOptions{Pulse: NewPulse(func() *status.Snapshot { mu.Lock(); defer mu.Unlock(); return is }, nil)}, "")
	if code, _, body := s.ask("GET", "/readyz", ""); code != 503 || body != "the spool can't be written: full\nsource log: permission denied\n" {
		t.Errorf("%d %q", code, body)
	}
	if code, _, _ := s.ask("GET", "/healthz", ""); code != 200 {
		t.Errorf("health: %d", code)
	}
	mu.Lock()
	is = &status.Snapshot{Ready: true}
	mu.Unlock()
	if code, _, _ := s.ask("GET", "/readyz", ""); code != 200 {
		t.Errorf("mended: %d", code)
	}
}

// TestWhoMayChange: an action is done for the right token alone; for nobody
// else anything changes.
func TestWhoMayChange(t *testing.T) {
	for _, c := range []struct {
		name          string
		without       bool // no token is configured
		method        string
		headers       []string
		signedIn      bool   // the session's cookie is sent
		form          string // in the header: "own", "other"
		want          int
		wantText      string
		wantChallenge bool
	}{
		{name: "the token", headers: []string{"Authorization", "Bearer " + token}, want: 200},
		{name: "the scheme in capitals", headers: []string{"Authorization", "BEARER " + token}, want: 200},
		{name: "no token", want: 401, wantText: "needs the token", wantChallenge: true},
		{name: "a wrong token", headers: []string{"Authorization", "Bearer 0123456789abcdeF"}, want: 401, wantText: "the token is wrong", wantChallenge: true},
		{name: "an empty token", headers: []string{"Authorization", "Bearer "}, want: 401, wantText: "wrong", wantChallenge: true},
		{name: "a part of it", headers: []string{"Authorization", "Bearer 0123456789"}, want: 401, wantText: "wrong", wantChallenge: true},
		{name: "another scheme", headers: []string{"Authorization", "Basic " + token}, want: 401, wantText: "needs the token", wantChallenge: true},
		{name: "the token in the URL", headers: []string{"X-Nothing", ""}, want: 401, wantText: "needs the token", wantChallenge: true},
		{name: "none is configured", without: true, headers: []string{"Authorization", "Bearer " + token}, want: 403, wantText: "set token_file in [admin]"},
		{name: "none is configured, and none said", without: true, headers: []string{"Authorization", "Bearer "}, want: 403, wantText: "set token_file in [admin]"},
		{name: "by GET", method: "GET", headers: []string{"Authorization", "Bearer " + token}, want: 405},
		{name: "by PUT", method: "PUT", headers: []string{"Authorization", "Bearer " + token}, want: 405},
		{name: "by DELETE", method: "DELETE", headers: []string{"Authorization", "Bearer " + token}, want: 405},
		{name: "a session and its form", signedIn: true, form: "own", want: 200},
		{name: "a session from this page", signedIn: true, form: "own", headers: []string{"Origin", "SELF", "Sec-Fetch-Site", "same-origin"}, want: 200},
		{name: "a session without a form", signedIn: true, want: 403, wantText: "load the page again"},
		{name: "a session with another's form", signedIn: true, form: "other", want: 403, wantText: "load the page again"},
		{name: "from another origin", signedIn: true, form: "own", headers: []string{"Origin", "http://evil.example"}, want: 403, wantText: "another site"},
		{name: "from another port", signedIn: true, form: "own", headers: []string{"Origin", "http://127.0.0.1:1"}, want: 403, wantText: "another site"},
		{name: "from nowhere", signedIn: true, form: "own", headers: []string{"Origin", "null"}, want: 403, wantText: "another site"},
		{name: "from another site", signedIn: true, form: "own", headers: []string{"Sec-Fetch-Site", "cross-site"}, want: 403, wantText: "another site"},
		{name: "from the same site", signedIn: true, form: "own", headers: []string{"Sec-Fetch-Site", "same-site"}, want: 403, wantText: "another site"},
		{name: "from another origin with the token", headers: []string{"Authorization", "Bearer " + token, "Origin", "http://evil.example"}, want: 403, wantText: "another site"},
		{name: "by another host name", headers: []string{"Authorization", "Bearer " + token, "Host", "evil.example"}, want: 403, wantText: "localhost"},
		{name: "a cookie that is none", headers: []string{"Cookie", cookieName + "=x"}, form: "own", want: 401, wantText: "needs the token", wantChallenge: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			configured := token
			if c.without {
				configured = ""
			}
			s := startListener(t, ListenerOptions{Log: zerolog.Nop()}, configured)
			headers := c.headers
			if c.signedIn {
				headers = append(headers[:len(headers):len(headers)], "Cookie", s.signIn())
			}
			switch c.form {
			case "own":
				headers = append(headers, FormHeader, s.form(headers))
			case "other":
				headers = append(headers, FormHeader, s.form([]string{"Cookie", s.signIn()}))
			}
			for i := range headers {
				headers[i] = strings.Replace(headers[i], "SELF", s.at, 1)
			}
			method := c.method
			if method == "" {
				method = "POST"
			}
			for _, path := range []string{"/pause", "/resume", "/dead/replay", "/dead/drop", "/quarantine/replay", "/spool/forget"} {
				good := `{"recipient":"x"}`
				if path == "/quarantine/replay" {
					good = `{"source":"x"}`
				}
				code, header, body := s.ask(method, "/api"+path+"?token="+token, good, headers...)
				if code == 429 && c.want == 401 { // so many wrong tokens
					continue
				}
				if code != c.want || !strings.Contains(body, c.wantText) {
					t.Errorf("%s: %d %s, want %d with %q", path, code, body, c.want, c.wantText)
				}
				if got := header.Get("WWW-Authenticate") != ""; got != c.wantChallenge {
					t.Errorf("%s: challenged: %v", path, got)
				}
			}
			wantCalls := 0
			if c.want == 200 {
				wantCalls = 6
			}
			if len(s.actions.calls) != wantCalls {
				t.Errorf("done: %q", s.actions.calls)
			}
		})
	}
}

// signIn gives the cookie of a new session.
func (s *stand) signIn() string {
	s.t.Helper()
	w := recorder{header: http.Header{}}
	r := &http.Request{Method: "POST", URL: &url.URL{Path: "/"}, Header: http.Header{}, Host: s.address, RemoteAddr: "127.0.0.1:1"}
	if f := s.guard.SignIn(w, r, token); f != nil {
		s.t.Fatal(f.Text)
	}
	cookie, _, _ := strings.Cut(w.header.Get("Set-Cookie"), ";")
	return cookie
}

// form gives the form token of a session; without one, some text.
func (s *stand) form(headers []string) string {
	s.t.Helper()
	h := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	if form, ok := s.guard.FormToken(&http.Request{Header: h}); ok {
		return form
	}
	return "x"
}

// recorder takes headers alone.
type recorder struct{ header http.Header }

func (r recorder) Header() http.Header         { return r.header }
func (r recorder) Write(b []byte) (int, error) { return len(b), nil }
func (r recorder) WriteHeader(int)             {}

func TestLoopHangs(t *testing.T) {
	s := startListener(t, ListenerOptions{Pulse: NewPulse(wellKnown, func() string { return "the spool's writer has been at one write for 31s" })}, "")
	for _, path := range []string{"/healthz", "/readyz"} {
		if code, _, body := s.ask("GET", path, ""); code != 503 || body != "the bridge hangs: the spool's writer has been at one write for 31s\n" {
			t.Errorf("%s: %d %q", path, code, body)
		}
	}
	if code, _, _ := s.ask("GET", "/api/status", ""); code != 200 {
		t.Errorf("status: %d", code)
	}
}

func TestHealthHangs(t *testing.T) {
	release := make(chan struct{})
	p := NewPulse(func() *status.Snapshot { <-release; return &status.Snapshot{} }, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	for range 3 { // one goroutine looks for all
		if _, err := p.feel(ctx); !errors.Is(err, errHangs) {
			t.Errorf("error %v", err)
		}
	}
	close(release)
	if _, err := p.feel(t.Context()); err != nil {
		t.Errorf("it lives again: %v", err)
	}
}
