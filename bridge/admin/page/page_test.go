package page

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/bridge/status"
)

var taken = time.Date(2026, 11, 22, 7, 12, 51, 0, time.UTC)

// snapOf is a bridge that is well, with one recipient of each name.
func snapOf(names ...string) *status.Snapshot {
	s := &status.Snapshot{
		Taken: taken, Started: taken.Add(-50 * time.Hour), Version: "1.2.3", Host: "relay-1", Ready: true,
		Needs:         []status.Need{},
		Configuration: status.Configuration{Path: "/etc/tailpost/tailpost.toml", Applied: taken.Add(-50 * time.Hour)},
		Sources: []status.Source{{
			Name: "appliance", Kind: "tail", Target: "/var/log/appliance/session.log", Format: "bg", State: status.OK,
			Files:    []status.File{{Path: "/var/log/appliance/session.log", Position: 1234567, Size: 1234999}},
			LagBytes: 432, LagSeconds: 0.4, LastLine: taken.Add(-time.Second), Read: 12345, Parsed: 12000, Ignored: 345, Events: 9876,
		}},
		Spool:   status.Spool{Dir: "/var/lib/tailpost", Bytes: 5 << 20, Wanted: 1 << 20, Held: 3 << 10, MaxBytes: 10 << 30, Free: 100 << 30, MinFree: 512 << 20, Segments: 3},
		Balance: status.Balance{Fits: true, Checked: taken.Add(-time.Minute), Problems: []string{}},
		Alerts:  []status.Alert{},
		Relay:   &status.Relay{Server: "smtp.example.com:587", Text: "OK", OK: true, At: taken.Add(-time.Hour)},
		History: status.History{Kept: 12345},
	}
	for i, n := range names {
		s.Recipients = append(s.Recipients, status.Recipient{
			Name: n, Kind: "http", Target: fmt.Sprintf("https://example-%d.service-now.com/bomgar_event.do?…", i), Events: bridge.SessionEvents(),
			State: status.OK, Text: "OK", Enabled: true, LastSuccess: taken.Add(-3 * time.Second), Alert: "none",
			Given: 9876, Delivered: 9876, Attempts: 1234,
		})
	}
	return s
}

// theToken is what signs in.
const theToken = "correct horse"

// site is a page with a snapshot that a test changes, and a browser that may be
// signed in.
type site struct {
	*httptest.Server
	t       *testing.T
	guard   *admin.Guard
	reader  fakeReader
	actions fakeActions
	stop    context.CancelFunc
	browser http.Client // it keeps cookies, and goes where it is led

	mu   sync.Mutex
	snap *status.Snapshot
}

func newSite(t *testing.T, snap *status.Snapshot) *site {
	s := &site{t: t, snap: snap, guard: admin.NewGuard(zerolog.Nop())}
	s.guard.SetToken(option.NewSecret(theToken))
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.browser.Jar, _ = cookiejar.New(nil)
	h := New(Options{Snapshot: s.take, Reader: &s.reader, Guard: s.guard, Actions: &s.actions, Tester: &s.reader})
	s.Server = httptest.NewUnstartedServer(h)
	s.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	s.Start()
	t.Cleanup(func() { stop(); s.Close() })
	return s
}

func (s *site) take(context.Context) (*status.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.snap == nil {
		return nil, errors.New("the bridge hangs")
	}
	return s.snap, nil
}

func (s *site) put(snap *status.Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.snap = snap
}

// fakeReader gives what a test puts into it.
type fakeReader struct {
	letters  Letters
	events   Events
	why      []Why
	attempts []bridge.Attempt
	tested   Tested
	err      error
	asked    any // the last choice
	tests    []string
	hold     chan struct{}
}

func (f *fakeReader) wait(ctx context.Context) error {
	if f.hold == nil {
		return f.err
	}
	select {
	case <-f.hold:
	case <-ctx.Done():
		return ctx.Err()
	}
	return f.err
}

func (f *fakeReader) Letters(ctx context.Context, which LetterChoice, skip, most int) (Letters, error) {
	f.asked = which
	l := f.letters
	if len(l.Letters) > 0 {
		l.Letters = l.Letters[min(skip, len(l.Letters)):min(skip+most, len(l.Letters))]
	}
	return l, f.wait(ctx)
}

func (f *fakeReader) Events(ctx context.Context, which EventChoice, _ int) (Events, error) {
	f.asked = which
	return f.events, f.wait(ctx)
}

func (f *fakeReader) Why(ctx context.Context, _ bridge.ID, number uint64) ([]Why, error) {
	f.asked = number
	return f.why, f.wait(ctx)
}

func (f *fakeReader) Attempts(ctx context.Context, recipient string, _ int) ([]bridge.Attempt, error) {
	f.asked = recipient
	return f.attempts, f.wait(ctx)
}

func (f *fakeReader) Test(_ context.Context, recipient, event string) (Tested, error) {
	f.tests = append(f.tests, "test "+recipient+" "+event)
	return f.tested, f.err
}

// fakeActions notes what was done.
type fakeActions struct {
	mu     sync.Mutex
	done   []string
	report admin.Report
	err    error
}

func (f *fakeActions) note(format string, args ...any) (admin.Report, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done = append(f.done, fmt.Sprintf(format, args...))
	return f.report, f.err
}

func (f *fakeActions) ReplayDead(_ context.Context, which admin.Letters) (admin.Report, error) {
	return f.note("replay %v %s %s %v", which.IDs, which.Recipient, which.Event, which.Since)
}

func (f *fakeActions) DropDead(_ context.Context, which admin.Letters) (admin.Report, error) {
	return f.note("drop %v %s %s %v", which.IDs, which.Recipient, which.Event, which.Since)
}

func (f *fakeActions) ReplayLines(context.Context, admin.Lines) (admin.Report, error) {
	return f.note("lines")
}

func (f *fakeActions) Pause(_ context.Context, recipient string, paused bool) (admin.Report, error) {
	return f.note("pause %s %v", recipient, paused)
}

func (f *fakeActions) Forget(context.Context, string) (admin.Report, error) { return f.note("forget") }
