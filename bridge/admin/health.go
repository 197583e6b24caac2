package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
)

// healthz says whether the process lives.
func (a *api) healthz(w http.ResponseWriter, r *http.Request) {
	if _, err := a.pulse.feel(r.Context()); err != nil {
		says(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	says(w, http.StatusOK, "ok")
}

// readyz says whether data can flow, and why it can't.
func (a *api) readyz(w http.ResponseWriter, r *http.Request) {
	s, err := a.pulse.feel(r.Context())
	switch {
	case err != nil:
		says(w, http.StatusServiceUnavailable, err.Error())
	case !s.Ready:
		says(w, http.StatusServiceUnavailable, s.NotReady...)
	default:
		says(w, http.StatusOK, "ok")
	}
}

// says answers with lines of plain text.
func says(w http.ResponseWriter, code int, lines ...string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, strings.Join(lines, "\n")+"\n")
}

// Health asks the bridge whether it lives, and, where ready is wanted, whether
// data can flow. It gives nil, or an error whose lines say what is wrong; it
// wraps ErrNotRunning or ErrNotAllowed where that is why.
func (c *Client) Health(ctx context.Context, ready bool) error {
	return askHealth(ctx, c.http, "http://control", ready, func(err error) error {
		if errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("the control socket in %s: %w", c.dir, ErrNotAllowed)
		}
		return c.unreachable(ctx, err)
	})
}

// ErrNotAllowed says that the control socket is another user's.
var ErrNotAllowed = errors.New("permission denied; run this as the bridge's user")

// direct asks over TCP: through no proxy of the environment, whose answer would
// be another one's, and by no redirect, which a bridge never gives.
var direct = &http.Client{
	Timeout:       pulseMost,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport: &http.Transport{
		Proxy:                  nil,
		DialContext:            (&net.Dialer{Timeout: pulseMost}).DialContext,
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: 16 << 10,
	},
}

// HealthAt asks the bridge that listens at an address over TCP.
func HealthAt(ctx context.Context, address string, ready bool) error {
	return askHealth(ctx, direct, "http://"+address, ready, func(err error) error { return err })
}

func askHealth(ctx context.Context, by *http.Client, at string, ready bool, unreachable func(error) error) error {
	path := pathHealth
	if ready {
		path = pathReady
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at+path, nil)
	if err != nil {
		return err
	}
	resp, err := by.Do(r)
	if err != nil {
		return unreachable(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, answerMost))
	if err != nil {
		return unreachable(err)
	}
	switch text := strings.TrimSpace(string(b)); {
	case resp.StatusCode == http.StatusOK:
		return nil
	case resp.StatusCode == http.StatusServiceUnavailable && text != "":
		return errors.New(text)
	}
	return fmt.Errorf("the bridge answers %s", resp.Status)
}
