package page

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/status"
)

// follow opens a stream; next gives what it tells.
func (s *site) follow(ctx context.Context, query string) (res *http.Response, next func() (news, bool)) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/live?"+query, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	res, err = s.browser.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { res.Body.Close() })
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	return res, func() (n news, ok bool) {
		for lines.Scan() {
			if data, is := strings.CutPrefix(lines.Text(), "data: "); is {
				if err := json.Unmarshal([]byte(data), &n); err != nil {
					s.t.Fatal(err)
				}
				return n, true
			}
		}
		return n, false
	}
}

func (n news) ids() (out string) {
	for _, p := range n.Parts {
		out += p.ID + " "
	}
	return out
}

// TestLive: at first all of it, then what has changed and nothing else.
func TestLive(t *testing.T) {
	s := newSite(t, snapOf("a", "b"))
	res, next := s.follow(t.Context(), "of=status")
	if got := res.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Error(got)
	}
	n, ok := next()
	if !ok || !n.Whole || n.ids() != "summary needs recipients sources system nav " || n.Title != "All is well · Tailpost" || !n.Asof.Equal(taken) {
		t.Errorf("at first: %+v %s", n, n.ids())
	}
	later := snapOf("a", "b") // another moment changes nothing by itself
	later.Taken = taken.Add(time.Minute)
	later.Recipients[1].Waiting = 7
	s.put(later)
	n, ok = next()
	if !ok || n.Whole || n.ids() != "summary r1 " || !strings.Contains(n.Parts[1].HTML, "<strong>7</strong>") {
		t.Errorf("one row: %s", n.ids())
	}
	failing := snapOf("a", "b")
	failing.Recipients[0].State = status.Down
	failing.Recipients[0].Letters = 3
	failing.Needs = []status.Need{{Kind: "recipient", Name: "a", Text: "is down"}}
	s.put(failing)
	n, ok = next()
	if !ok || n.ids() != "summary needs recipients nav " || n.Title != "1 needs a person · Tailpost" {
		t.Errorf("a state, with the choices by state: %s, %s", n.ids(), n.Title)
	}
}

func TestLiveOfARecipient(t *testing.T) {
	s := newSite(t, snapOf("a", "b"))
	res, next := s.follow(t.Context(), "of=recipient&name=b")
	if again, _ := s.follow(t.Context(), "of=recipient&name=c"); again.StatusCode != http.StatusNoContent {
		t.Errorf("of one that isn't there: %s", again.Status)
	}
	if n, ok := next(); !ok || n.ids() != "recipient-head recipient-facts attempts nav " {
		t.Error(n.ids())
	}
	s.put(snapOf("a")) // it is gone: that is said, the stream ends, and who asks anew is told not to
	rest, err := io.ReadAll(res.Body)
	if err != nil || string(rest) != "event: gone\ndata:\n\n" {
		t.Errorf("at the end: %q, %v", rest, err)
	}
	if again, _ := s.follow(t.Context(), "of=recipient&name=b"); again.StatusCode != http.StatusNoContent {
		t.Errorf("later: %s", again.Status)
	}
}

// TestStreamsShareWhatIsDrawn: a snapshot is drawn once for all of them, for
// each choice of recipients.
func TestStreamsShareWhatIsDrawn(t *testing.T) {
	var d drawn
	n := 0
	draw := func() shown { n++; return shown{} }
	one, two := snapOf("a"), snapOf("a")
	for _, c := range []struct {
		snap *status.Snapshot
		show string
		want int
	}{{one, "", 1}, {one, "", 1}, {one, "ok", 2}, {one, "", 2}, {two, "", 3}, {one, "", 4}} {
		if d.of(c.snap, c.show, draw); n != c.want {
			t.Errorf("%q: drawn %d times, want %d", c.show, n, c.want)
		}
	}
	for i := range 10 * drawnMost {
		d.of(one, fmt.Sprint(i), draw)
	}
	if len(d.by) > drawnMost {
		t.Errorf("%d are kept", len(d.by))
	}
}

func TestStreamsAreBounded(t *testing.T) {
	s := newSite(t, snapOf("a"))
	ctx, cancel := context.WithCancel(t.Context())
	var all []func() (news, bool)
	for range streamsMost {
		_, next := s.follow(ctx, "of=status")
		if _, ok := next(); !ok {
			t.Fatal("no stream")
		}
		all = append(all, next)
	}
	res, _ := s.follow(t.Context(), "of=status")
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("one too many: %s", res.Status)
	}
	if res, _ := s.follow(t.Context(), "of=nothing"); res.StatusCode != http.StatusNotFound {
		t.Errorf("of nothing: %s", res.Status)
	}
	if res, err := s.browser.Head(s.URL + "/live?of=status"); err != nil || res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("its head alone: %v, %v", res, err)
	}
	s.get("/") // pages are there all the same
	cancel()
	for _, next := range all {
		next()
	}
	for { // those who went make room
		if res, _ := s.follow(t.Context(), "of=status"); res.StatusCode == http.StatusOK {
			break
		}
	}
}

// TestShutdownEndsStreams: the server's own shutdown waits for nobody.
func TestShutdownEndsStreams(t *testing.T) {
	s := newSite(t, snapOf("a"))
	var ended sync.WaitGroup
	for range 3 {
		_, next := s.follow(t.Context(), "of=status")
		next()
		ended.Go(func() {
			for ok := true; ok; {
				_, ok = next()
			}
		})
	}
	s.stop()
	ended.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := s.Config.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

// TestLooksAreBounded: so many at once; who waits too long is told.
func TestLooksAreBounded(t *testing.T) {
	g := newGate(1)
	held := make(chan struct{})
	let := make(chan struct{})
	go func() {
		_ = g.look(context.Background(), func(context.Context) error { close(held); <-let; return nil })
	}()
	<-held
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.look(ctx, func(context.Context) error { t.Error("one too many looks"); return nil }); err != errBusy {
		t.Error(err)
	}
	close(let)
	err := g.look(t.Context(), func(ctx context.Context) error {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("a look without an end")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
