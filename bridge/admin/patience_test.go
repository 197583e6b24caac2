package admin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// deaf is a bridge that takes connections, and says to each path what says has;
// to the others nothing.
func deaf(t *testing.T, says map[string]http.HandlerFunc) (dir string) {
	t.Helper()
	dir = t.TempDir()
	l, err := listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if answer := says[r.URL.Path]; answer != nil {
			answer(w, r)
			return
		}
		<-over
	})}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = server.Serve(l) }()
	t.Cleanup(func() { close(over); _ = server.Close(); <-ended })
	return dir
}

// TestBridgeThatHangs: a client gives up, and says for what it has waited, where
// and what to do.
func TestBridgeThatHangs(t *testing.T) {
	hangs := func(w http.ResponseWriter, _ *http.Request) {
		says(w, http.StatusServiceUnavailable, "the bridge hangs: the disk")
	}
	for _, c := range []struct {
		name string
		says map[string]http.HandlerFunc
		do   func(context.Context, *Client) error
		want []string
	}{
		{"status", nil, func(ctx context.Context, c *Client) error { _, err := c.Status(ctx); return err }, []string{"did not say how it fares within 70ms: it hangs", "restart it"}},
		{"a status that breaks off", map[string]http.HandlerFunc{pathStatus: func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"ready":`)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}}, func(ctx context.Context, c *Client) error { _, err := c.Status(ctx); return err }, []string{"did not say how it fares within 70ms"}},
		{"pause", nil, func(ctx context.Context, c *Client) error { _, err := c.Pause(ctx, "x", true); return err }, []string{"has not done what was asked, though it may do it yet, and has not answered for 80ms: it hangs", "restart it"}},
		{"drop, and it says that it hangs", map[string]http.HandlerFunc{pathHealth: hangs}, func(ctx context.Context, c *Client) error {
			_, err := c.DropDead(ctx, Letters{Recipient: "x"})
			return err
		}, []string{"has not done what was asked, though it may do it yet", "For 90ms it has said: the bridge hangs: the disk"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := deaf(t, c.says)
			client := NewClient(dir)
			client.patience = clientPatience{status: 70 * time.Millisecond, quiet: 10 * time.Millisecond, silent: 80 * time.Millisecond, hangs: 90 * time.Millisecond}
			if c.says[pathHealth] != nil {
				client.patience.silent = 30 * time.Second
			}
			err := c.do(t.Context(), client)
			if e := (*Error)(nil); !errors.As(err, &e) || e.Kind != Failed {
				t.Fatalf("error %v", err)
			}
			for _, want := range append(c.want, dir) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in: %v", want, err)
				}
			}
		})
	}
}

// TestLongActions: what takes its time is waited for while the bridge lives.
func TestLongActions(t *testing.T) {
	looks := make(chan struct{})
	dir := deaf(t, map[string]http.HandlerFunc{
		pathHealth: func(w http.ResponseWriter, r *http.Request) {
			select {
			case looks <- struct{}{}:
			case <-r.Context().Done():
			}
			says(w, http.StatusOK, "ok")
		},
		pathReplayDead: func(w http.ResponseWriter, _ *http.Request) {
			for range 10 {
				<-looks
			}
			_, _ = io.WriteString(w, `{"report":{"done":7}}`)
		},
	})
	c := NewClient(dir)
	c.patience = clientPatience{quiet: 10 * time.Millisecond, silent: 30 * time.Second, hangs: time.Millisecond}
	if r, err := c.ReplayDead(t.Context(), Letters{Recipient: "x"}); err != nil || r.Done != 7 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestPatience: a snapshot is waited for longer than a bridge takes to say that
// it hangs, and no longer than a person waits.
func TestPatience(t *testing.T) {
	c := NewClient(t.TempDir())
	if p := c.patience; p.status <= pulseMost || p.status > 8*time.Second || p.silent < 10*time.Second || p.silent > 30*time.Second || p.silent <= pulseMost+p.quiet {
		t.Errorf("%+v", p)
	}
}
