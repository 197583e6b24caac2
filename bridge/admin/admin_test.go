package admin

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tailpost/tailpost/bridge"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake does nothing but note what it is asked for.
type fake struct {
	mu      sync.Mutex
	calls   []string
	letters Letters
	lines   Lines
	report  Report
	err     error
	block   bool // an action ends with its context
	blocked chan struct{}
}

func (f *fake) did(ctx context.Context, call string) (Report, error) {
	f.mu.Lock()
	f.calls = append(f.calls, call)
	f.mu.Unlock()
	if f.block {
		close(f.blocked)
		<-ctx.Done()
		return f.report, ctx.Err()
	}
	return f.report, f.err
}

func (f *fake) ReplayDead(ctx context.Context, w Letters) (Report, error) {
	f.letters = w
	return f.did(ctx, "replay dead")
}

func (f *fake) DropDead(ctx context.Context, w Letters) (Report, error) {
	f.letters = w
	return f.did(ctx, "drop dead")
}

func (f *fake) ReplayLines(ctx context.Context, w Lines) (Report, error) {
	f.lines = w
	return f.did(ctx, "replay lines")
}

func (f *fake) Pause(ctx context.Context, recipient string, paused bool) (Report, error) {
	what := "resume "
	if paused {
		what = "pause "
	}
	return f.did(ctx, what+recipient)
}

func (f *fake) Forget(ctx context.Context, recipient string) (Report, error) {
	return f.did(ctx, "forget "+recipient)
}

// serve runs a Server in dir; stop ends it.
func serve(t *testing.T, dir string, f *fake, patience time.Duration) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	s := New(Options{Dir: dir, Actions: f, Patience: patience})
	go func() { ended <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	for _, err := os.Lstat(filepath.Join(dir, SocketName)); err != nil; _, err = os.Lstat(filepath.Join(dir, SocketName)) {
		select {
		case <-time.After(time.Millisecond):
		case <-ended:
			t.Fatal("it ended")
		}
	}
	return stop
}

func TestActionsGoThrough(t *testing.T) {
	f := &fake{report: Report{Done: 3, Says: "so it is", Outdone: true, Events: 4, Left: []Left{{"a", "b"}}, LeftOut: 5}}
	dir := t.TempDir()
	serve(t, dir, f, 0)
	c := NewClient(dir)
	letters := Letters{IDs: []bridge.ID{{1}, {2}}, Recipient: "desk", Event: "e", Since: time.Unix(5, 0).UTC()}
	lines := Lines{Numbers: []LineNumber{1<<40 + 1}, Source: "in", Since: time.Unix(6, 0).UTC()}
	for _, call := range []struct {
		want string
		do   func() (Report, error)
	}{
		{"replay dead", func() (Report, error) { return c.ReplayDead(t.Context(), letters) }},
		{"drop dead", func() (Report, error) { return c.DropDead(t.Context(), letters) }},
		{"replay lines", func() (Report, error) { return c.ReplayLines(t.Context(), lines) }},
		{"forget old", func() (Report, error) { return c.Forget(t.Context(), "old") }},
		{"pause p", func() (Report, error) { return c.Pause(t.Context(), "p", true) }},
		{"resume p", func() (Report, error) { return c.Pause(t.Context(), "p", false) }},
	} {
		r, err := call.do()
		if err != nil || r.Done != 3 || r.Says != "so it is" || !r.Outdone || r.Events != 4 || len(r.Left) != 1 || r.LeftOut != 5 {
			t.Errorf("%s: %+v, %v", call.want, r, err)
		}
		if last := f.calls[len(f.calls)-1]; last != call.want {
			t.Errorf("%s: %q was done", call.want, last)
		}
	}
	if len(f.letters.IDs) != 2 || f.letters.IDs[1] != letters.IDs[1] || f.letters.Recipient != "desk" || f.letters.Event != "e" || !f.letters.Since.Equal(letters.Since) {
		t.Errorf("letters %+v", f.letters)
	}
	if f.lines.Numbers[0] != 1<<40+1 || f.lines.Source != "in" || !f.lines.Since.Equal(lines.Since) {
		t.Errorf("lines %+v", f.lines)
	}
}

func TestErrorsKeepTheirKindAndWords(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want Kind
		text string
	}{
		"not found":  {Errorf(NotFound, "no recipient %q", "x"), NotFound, `no recipient "x"`},
		"conflict":   {Errorf(Conflict, "in use"), Conflict, "in use"},
		"any other":  {errors.New("disk on fire"), Failed, "disk on fire"},
		"is ending":  {context.Canceled, Failed, "the bridge is stopping"},
		"bad wishes": {Errorf(Invalid, "no"), Invalid, "no"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			serve(t, dir, &fake{err: c.err, report: Report{Done: 2}}, 0)
			r, err := NewClient(dir).ReplayDead(t.Context(), Letters{Recipient: "x"})
			var e *Error
			if !errors.As(err, &e) || e.Kind != c.want || e.Text != c.text {
				t.Errorf("%#v", err)
			}
			if r.Done != 2 {
				t.Errorf("what was done is not told: %+v", r)
			}
		})
	}
}

func TestActionEndsWithItsClientAndWithTheBridge(t *testing.T) {
	for name, byClient := range map[string]bool{"client": true, "bridge": false} {
		t.Run(name, func(t *testing.T) {
			f := &fake{block: true, blocked: make(chan struct{})}
			dir := t.TempDir()
			stop := serve(t, dir, f, 50*time.Millisecond)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() {
				_, err := NewClient(dir).ReplayDead(ctx, Letters{Recipient: "x"})
				ended <- err
			}()
			<-f.blocked
			// It may take longer than a request's patience.
			select {
			case err := <-ended:
				t.Fatalf("it ended by itself: %v", err)
			case <-time.After(200 * time.Millisecond):
			}
			if byClient {
				cancel()
			} else {
				stop()
			}
			if err := <-ended; err == nil {
				t.Error("no error")
			}
			stop()
		})
	}
}
