package admin

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/option"
)

// posted is a request of the listener's own page.
func posted(from, cookie, form string) *http.Request {
	r := &http.Request{Method: "POST", URL: &url.URL{Path: "/"}, Header: http.Header{}, Host: "localhost:9180", RemoteAddr: from, Body: http.NoBody}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	if form != "" {
		r.Header.Set(FormHeader, form)
	}
	return r
}

func signedIn(t *testing.T, g *Guard) (cookie, form string) {
	t.Helper()
	w := recorder{header: http.Header{}}
	if f := g.SignIn(w, posted("127.0.0.1:1", "", ""), token); f != nil {
		t.Fatal(f.Text)
	}
	set := w.header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"} {
		if !strings.Contains(set, want) {
			t.Errorf("the cookie %q lacks %s", set, want)
		}
	}
	cookie, _, _ = strings.Cut(set, ";")
	form, ok := g.FormToken(posted("127.0.0.1:1", cookie, ""))
	if !ok || len(form) < 40 {
		t.Errorf("form token %q, %v", form, ok)
	}
	return cookie, form
}

func newGuard() *Guard {
	g := NewGuard(zerolog.Nop())
	g.SetToken(option.NewSecret(token))
	return g
}

// TestSessions: how long they last.
func TestSessions(t *testing.T) {
	for name, c := range map[string]struct {
		then func(g *Guard, cookie, form string)
		want int // 0: it may
	}{
		"at once":             {func(*Guard, string, string) {}, 0},
		"just before the end": {func(*Guard, string, string) { time.Sleep(sessionLife - time.Second) }, 0},
		"after the end":       {func(*Guard, string, string) { time.Sleep(sessionLife) }, 401},
		"signed out": {func(g *Guard, cookie, form string) {
			g.SignOut(recorder{header: http.Header{}}, posted("127.0.0.1:1", cookie, form))
		}, 401},
		"the same token again": {func(g *Guard, _, _ string) { g.SetToken(option.NewSecret(token)) }, 0},
		"another token":        {func(g *Guard, _, _ string) { g.SetToken(option.NewSecret(token + "2")) }, 401},
		"no token any more":    {func(g *Guard, _, _ string) { g.SetToken(option.Secret{}) }, 403},
		"many others": {func(g *Guard, _, _ string) {
			for range sessionsMost - 1 {
				time.Sleep(time.Second)
				signedIn(t, g)
			}
		}, 0},
		"too many others": {func(g *Guard, _, _ string) {
			for range sessionsMost {
				time.Sleep(time.Second)
				signedIn(t, g)
			}
		}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGuard()
				cookie, form := signedIn(t, g)
				c.then(g, cookie, form)
				got := 0
				if f := g.Refuses(recorder{header: http.Header{}}, posted("127.0.0.1:1", cookie, form)); f != nil {
					got = f.Status
				}
				if got != c.want {
					t.Errorf("status %d, want %d", got, c.want)
				}
				if len(g.sessions.open) > sessionsMost {
					t.Errorf("%d sessions are kept", len(g.sessions.open))
				}
			})
		})
	}
}

// TestSignInFromElsewhere: another site's page can't sign in.
func TestSignInFromElsewhere(t *testing.T) {
	g := newGuard()
	r := posted("127.0.0.1:1", "", "")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := recorder{header: http.Header{}}
	if f := g.SignIn(w, r, token); f == nil || f.Status != 403 || w.header.Get("Set-Cookie") != "" {
		t.Errorf("%+v, %v", f, w.header)
	}
}

// TestWrongTokensAreSlow: an address may say few of them; who is right isn't
// held up, at the same address either, nor is a session.
func TestWrongTokensAreSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		g := NewGuard(zerolog.New(&log))
		g.SetToken(option.NewSecret(token))
		cookie, form := signedIn(t, g)
		try := func(from, said string) int {
			r := posted(from, "", "")
			r.Header.Set("Authorization", "Bearer "+said)
			if f := g.Refuses(recorder{header: http.Header{}}, r); f != nil {
				return f.Status
			}
			return 0
		}
		tried := map[int]int{}
		for range 600 { // ten a second, for a minute
			tried[try("192.0.2.1:1", "wrong")]++
			time.Sleep(100 * time.Millisecond)
		}
		if tried[401] < 60 || tried[401] > 60+brakeFree || tried[0] != 0 || tried[401]+tried[429] != 600 {
			t.Errorf("answered %v", tried)
		}
		try("192.0.2.1:1", "wrong") // the one that was free again
		for _, c := range []struct {
			from, said string
			want       int
		}{
			{"192.0.2.1:9", "wrong", 429},
			{"192.0.2.1:9", token, 0},
			{"192.0.2.1:9", "wrong", 429}, // it has brought nothing
			{"192.0.2.2:1", token, 0},
		} {
			if got := try(c.from, c.said); got != c.want {
				t.Errorf("%q from %s: %d, want %d", c.said, c.from, got, c.want)
			}
		}
		if f := g.SignIn(recorder{header: http.Header{}}, posted("192.0.2.1:1", "", ""), token); f != nil {
			t.Errorf("signing in: %v", f)
		}
		if f := g.Refuses(recorder{header: http.Header{}}, posted("192.0.2.1:1", cookie, form)); f != nil {
			t.Errorf("a session: %v", f)
		}
		time.Sleep(time.Minute)
		for range 100 { // who is right pays nothing
			if got := try("192.0.2.1:1", token); got != 0 {
				t.Fatalf("the token later: %d", got)
			}
		}
		if n := strings.Count(log.String(), "a wrong token was refused"); n != 1 {
			t.Errorf("it is said %d times:\n%s", n, &log)
		}
		if strings.Contains(log.String(), "wrong\"") || strings.Contains(log.String(), token) {
			t.Errorf("the log has a token:\n%s", &log)
		}
	})
}

// TestManyAddresses: those of one IPv6 network count as one, and what is known
// of addresses is bounded.
func TestManyAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b brake
		late := 0
		for i := range 100 {
			if wait, _ := b.take(addressOf(&http.Request{RemoteAddr: fmt.Sprintf("[2001:db8::%x]:1", i)})); wait > 0 {
				late++
			}
		}
		if late != 100-brakeFree {
			t.Errorf("%d of 100 of one network were held up", late)
		}
		for i := range 2 * brakeMost {
			b.take(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 32))
		}
		if len(b.owes) > brakeMost+1 {
			t.Errorf("%d addresses are known", len(b.owes))
		}
		time.Sleep(time.Hour)
		if wait, fresh := b.take(netip.MustParsePrefix("10.9.9.9/32")); wait > 0 || !fresh {
			t.Errorf("later: %v, %v", wait, fresh)
		}
	})
}

// TestFormInTheBody: as a browser without JavaScript sends it.
func TestFormInTheBody(t *testing.T) {
	const kind = "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		kind, body string // OWN: the session's form token
		want       int
	}{
		"its own":          {kind, "recipient=x&" + FormField + "=OWN", 0},
		"none":             {kind, "recipient=x", 403},
		"empty":            {kind, FormField + "=", 403},
		"another":          {kind, FormField + "=x", 403},
		"in the URL alone": {kind, "", 403},
		"of another kind":  {"text/plain", FormField + "=OWN", 403},
		"in parts":         {"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"" + FormField + "\"\r\n\r\nOWN\r\n--b--\r\n", 403},
		"too long":         {kind, FormField + "=OWN&x=" + strings.Repeat("x", formMost), 413},
		"no form":          {kind, "%zz=OWN", 403},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuard()
			cookie, form := signedIn(t, g)
			r := posted("127.0.0.1:1", cookie, "")
			r.URL.RawQuery = FormField + "=" + form
			r.Header.Set("Content-Type", c.kind)
			r.Body = io.NopCloser(strings.NewReader(strings.ReplaceAll(c.body, "OWN", form)))
			got := 0
			if f := g.Refuses(recorder{header: http.Header{}}, r); f != nil {
				got = f.Status
			} else if r.PostForm.Get("recipient") != "x" {
				t.Errorf("the form is %v", r.PostForm)
			}
			if got != c.want {
				t.Errorf("status %d, want %d", got, c.want)
			}
		})
	}
}
