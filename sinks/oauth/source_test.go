package oauth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/oauth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const clientSecret = "s3cr3t/client+secret"

func options(url string) oauth.Options {
	return oauth.Options{TokenURL: url, ClientID: "tail:post", ClientSecret: option.NewSecret(clientSecret), Scopes: option.List{"events.write", "x"}}
}

func newSource(t *testing.T, o oauth.Options, rt http.RoundTripper) *oauth.Source {
	t.Helper()
	s, err := oauth.New(o, rt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

// What a token server gets, by RFC 6749, 4.4.2 and 2.3.1.
func TestRequest(t *testing.T) {
	for _, c := range []struct {
		name, clientAuth, wantBody, wantUser, wantPassword string
	}{
		{"basic", "", "audience=api&grant_type=client_credentials&scope=events.write+x", "tail%3Apost", "s3cr3t%2Fclient%2Bsecret"},
		{"post", "post", "audience=api&client_id=tail%3Apost&client_secret=s3cr3t%2Fclient%2Bsecret&grant_type=client_credentials&scope=events.write+x", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				user, password, _ := r.BasicAuth()
				if string(body) != c.wantBody || user != c.wantUser || password != c.wantPassword || r.Method != "POST" {
					t.Errorf("%s %s, %q:%q", r.Method, body, user, password)
				}
				if ct := r.Header.Get("Content-Type"); ct != "application/x-www-form-urlencoded" {
					t.Errorf("Content-Type %q", ct)
				}
				_, _ = io.WriteString(w, `{"access_token":"abc","token_type":"bearer","expires_in":3600}`)
			})
			o := options(srv.URL)
			o.ClientAuth, o.Params = c.clientAuth, map[string]string{"audience": "api"}
			got, err := newSource(t, o, nil).Token(t.Context())
			if err != nil || got.Reveal() != "abc" {
				t.Errorf("%q, %v", got.Reveal(), err)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	const ok = `{"access_token":"abc"}`
	for _, c := range []struct {
		name, body        string
		status            int
		want              string // in the error; empty: a token
		wantCode          string
		wantMisconfigured bool
	}{
		{name: "no type and no lifetime", body: ok},
		{name: "a lifetime as text", body: `{"access_token":"abc","expires_in":"3599","token_type":"Bearer"}`},
		{name: "wrong secret", status: 401, body: `{"error":"invalid_client","error_description":"unknown ` + clientSecret + `"}`,
			want: "answered 401 Unauthorized: invalid_client: unknown <redacted>", wantCode: "invalid_client", wantMisconfigured: true},
		{name: "wrong scope", status: 400, body: `{"error":"invalid_scope"}`, want: "400 Bad Request: invalid_scope", wantCode: "invalid_scope", wantMisconfigured: true},
		{name: "forbidden", status: 403, body: `<html>no</html>`, want: "403 Forbidden: <html>no</html>", wantMisconfigured: true},
		{name: "unavailable", status: 503, body: "later\x1b[2J", want: "503 Service Unavailable: later\uFFFD[2J"},
		{name: "a redirect is not followed", status: 302, want: "answered 302 Found"},
		{name: "no JSON", body: "s3cr3t", want: "answered 200 OK: its body is not the JSON of a token"},
		{name: "no token", body: `{"token":"s3cr3t"}`, want: "there is no access_token"},
		{name: "another type", body: `{"access_token":"s3cr3t","token_type":"mac"}`, want: `its token_type is "mac"`},
		{name: "no token at all", body: `{"access_token":"s3cr3t\r\nX: y"}`, want: "characters that no token has"},
		{name: "a token too long", body: `{"access_token":"` + strings.Repeat("x", 17<<10) + `"}`, want: "longer than 16 KiB"},
		{name: "an answer too long", body: strings.Repeat(" ", 300<<10) + ok, want: "more than 256 KiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := 0
			srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
				asked++
				w.Header()["Location"] = []string{"/again?" + clientSecret}
				if c.status != 0 {
					w.WriteHeader(c.status)
				}
				_, _ = io.WriteString(w, c.body)
			})
			got, err := newSource(t, options(srv.URL+"/token?key=s3cr3t-key"), nil).Token(t.Context())
			if asked != 1 {
				t.Errorf("asked %d times", asked)
			}
			if c.want == "" {
				if err != nil || got.Reveal() != "abc" {
					t.Errorf("%q, %v", got.Reveal(), err)
				}
				return
			}
			var e *oauth.Error
			if !errors.As(err, &e) || got.IsSet() {
				t.Fatalf("%q, %T %v", got.Reveal(), err, err)
			}
			if !strings.Contains(e.Error(), c.want) || e.Code != c.wantCode || e.Misconfigured() != c.wantMisconfigured {
				t.Errorf("%+v: %v", e, e)
			}
			if strings.Contains(fmt.Sprintf("%v %+v", err, e), "s3cr3t") {
				t.Errorf("tells a secret: %v", err)
			}
		})
	}
}

func TestNoServer(t *testing.T) {
	srv := httptest.NewServer(nil)
	url := srv.URL
	srv.Close()
	_, err := newSource(t, options(url), nil).Token(t.Context())
	var e *oauth.Error
	if !errors.As(err, &e) || e.Misconfigured() || !strings.Contains(err.Error(), "refused") {
		t.Errorf("%v", err)
	}
}

// answering gives tokens t1, t2, … as a transport, so that the clock can be
// that of synctest.
type answering struct {
	asked atomic.Int32
	take  time.Duration // for an answer
	life  int           // expires_in
	fail  atomic.Bool
}

func (a *answering) RoundTrip(r *http.Request) (*http.Response, error) {
	n := a.asked.Add(1)
	select {
	case <-time.After(a.take):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if a.fail.Load() {
		return &http.Response{StatusCode: 500, Body: http.NoBody}, nil
	}
	body := fmt.Sprintf(`{"access_token":"t%d","expires_in":%d}`, n, a.life)
	return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func ask(t *testing.T, s *oauth.Source, want string) option.Secret {
	t.Helper()
	got, err := s.Token(t.Context())
	if err != nil || got.Reveal() != want {
		t.Errorf("%q, %v; want %q", got.Reveal(), err, want)
	}
	return got
}

func TestATokenIsKeptUntilShortlyBeforeItsEnd(t *testing.T) {
	for _, c := range []struct {
		name string
		life int
		good time.Duration
	}{{"an hour", 3600, 59 * time.Minute}, {"a minute", 60, 54 * time.Second}, {"not said", 0, 1000 * time.Hour}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSource(t, options("https://h/"), &answering{life: c.life})
				ask(t, s, "t1")
				time.Sleep(c.good - time.Second)
				ask(t, s, "t1")
				if time.Sleep(2 * time.Second); c.life > 0 {
					ask(t, s, "t2")
				}
			})
		})
	}
}

func TestARefusedTokenIsDroppedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource(t, options("https://h/"), &answering{life: 3600})
		old := ask(t, s, "t1")
		s.Drop(old)
		ask(t, s, "t2")
		s.Drop(old) // by another, who was refused with it too
		ask(t, s, "t2")
	})
}

// many asks from 50 goroutines at once and counts what comes.
func many(t *testing.T, s *oauth.Source) (tokens map[string]int, failed int) {
	tokens = map[string]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			got, err := s.Token(t.Context())
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed++
				return
			}
			tokens[got.Reveal()]++
		})
	}
	all.Wait()
	return tokens, failed
}

func TestManyAskOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &answering{life: 3600, take: time.Second}
		s := newSource(t, options("https://h/"), a)
		if tokens, _ := many(t, s); tokens["t1"] != 50 || a.asked.Load() != 1 {
			t.Errorf("asked %d times: %v", a.asked.Load(), tokens)
		}
	})
}

// A server that fails is asked once for all who wait, and again by who comes
// later.
func TestManyFailOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &answering{life: 3600, take: time.Second}
		a.fail.Store(true)
		s := newSource(t, options("https://h/"), a)
		if _, failed := many(t, s); failed != 50 || a.asked.Load() != 1 {
			t.Errorf("asked %d times, %d failed", a.asked.Load(), failed)
		}
		a.fail.Store(false)
		ask(t, s, "t2")
	})
}

// Who gives up waiting goes at once, and is no failure to the others.
func TestWhoGivesUpSpoilsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource(t, options("https://h/"), &answering{life: 3600, take: time.Second})
		for _, c := range []struct {
			name string
			goes time.Duration
		}{{"the one who fetches", 200 * time.Millisecond}, {"one who waits", 100 * time.Millisecond}} {
			ctx, cancel := context.WithTimeout(t.Context(), c.goes)
			defer cancel()
			go func() {
				if _, err := s.Token(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s: %v", c.name, err)
				}
			}()
			synctest.Wait()
		}
		start := time.Now()
		ask(t, s, "t2")
		if took := time.Since(start); took != 1200*time.Millisecond {
			t.Errorf("took %s", took)
		}
	})
}

func TestAFetchIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource(t, options("https://h/"), &answering{take: time.Hour})
		start := time.Now()
		_, err := s.Token(t.Context())
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 15*time.Second || !strings.Contains(err.Error(), "nothing within 15s") {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}
