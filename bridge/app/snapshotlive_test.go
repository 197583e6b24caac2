package app

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/status"
)

// snapshot asks the bridge that runs.
func (l *live) snapshot() *status.Snapshot {
	l.t.Helper()
	var s *status.Snapshot
	l.until("the control socket", func() bool {
		var err error
		s, err = admin.NewClient(filepath.Join(l.dir, "state")).Status(l.t.Context())
		if err != nil && !errors.Is(err, admin.ErrNotRunning) {
			l.t.Fatal(err)
		}
		return err == nil
	})
	return s
}

// shows waits until the snapshot is so.
func (l *live) shows(what string, is func(*status.Snapshot) bool) *status.Snapshot {
	l.t.Helper()
	var s *status.Snapshot
	l.until(what, func() bool { s = l.snapshot(); return is(s) })
	return s
}

func need(s *status.Snapshot, kind, text string) bool {
	for _, n := range s.Needs {
		if n.Kind == kind && strings.Contains(n.Text, text) {
			return true
		}
	}
	return false
}

// TestSnapshotFollowsReloads: what is refused, what needs a restart, who was
// removed with events, and how long those have waited; over a restart, too.
func TestSnapshotFollowsReloads(t *testing.T) {
	t.Parallel()
	j := newJudge(t, func(string, *http.Request) int { return 503 })
	a, desk := fileTo("a", "a", ""), httpTo("desk", j.URL, "max_in_flight = 1\n")
	l := startLive(t, a+desk)
	before := time.Now()
	l.events("a1 b1")
	s := l.shows("the oldest event that waits", func(s *status.Snapshot) bool {
		r := s.Recipients[1]
		return r.State == status.Down && r.Waiting == 2 && !r.Oldest.IsZero()
	})
	oldest := s.Recipients[1].Oldest
	if oldest.Before(before.Add(-time.Minute)) || oldest.After(time.Now()) || !s.Recipients[0].Oldest.IsZero() {
		t.Errorf("%+v", s.Recipients)
	}
	applied := s.Configuration.Applied
	if len(s.Configuration.Restart) > 0 || !s.Configuration.Refused.IsZero() || applied.IsZero() {
		t.Errorf("%+v", s.Configuration)
	}

	l.refused("bad = 1\n"+inLog+a+desk, "bad")
	s = l.shows("the refusal", func(s *status.Snapshot) bool { return !s.Configuration.Refused.IsZero() })
	if !need(s, "configuration", "bad") || !s.Configuration.Applied.Equal(applied) {
		t.Errorf("%+v", s)
	}
	l.swap("spool.keep = \"1h\"\n" + inLog + a + fileTo("new", "new", "paused = true\n"))
	s = l.shows("what the reload did", func(s *status.Snapshot) bool { return len(s.Configuration.Restart) > 0 && len(s.Recipients) == 3 })
	if !need(s, "configuration", "need a restart, and the old ones are in force: spool.keep") || !s.Configuration.Refused.IsZero() || !s.Configuration.Applied.After(applied) {
		t.Errorf("%+v", s)
	}
	s = l.shows("who was removed", func(s *status.Snapshot) bool { return s.Recipients[1].Kind == "http" && s.Recipients[1].Target == "" })
	if r := s.Recipients[1]; r.Name != "desk" || !r.Removed || r.State != status.Removed || r.Waiting != 2 || !r.Oldest.Equal(oldest) || r.Given != 2 {
		t.Errorf("removed: %+v", r)
	}
	if r := s.Recipients[2]; r.Name != "new" || r.State != status.Paused || r.By != "the configuration" {
		t.Errorf("new: %+v", r)
	}
	// It comes back, and what it has counted goes on.
	l.swap(inLog + a + desk)
	s = l.shows("it again", func(s *status.Snapshot) bool { return len(s.Recipients) > 1 && s.Recipients[1].State == status.Down })
	if r := s.Recipients[1]; !r.Oldest.Equal(oldest) {
		t.Errorf("came back: %+v", r)
	}
	attempts := s.Recipients[1].Attempts
	l.swap(inLog + a + httpTo("desk", j.URL, "max_in_flight = 1\ntimeout = \"9s\"\n"))
	l.shows("counts that go on", func(s *status.Snapshot) bool { return s.Recipients[1].Attempts > attempts })
}

// TestSnapshotOfMany: of 150 recipients it costs little, and nobody minds that
// many look while all is reloaded.
func TestSnapshotOfMany(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 150 {
		text.WriteString(fileTo(fmt.Sprintf("r%03d", i), fmt.Sprintf("out%03d", i), "paused = true\n"))
	}
	l := startLive(t, text.String())
	l.events("a1 b1 c1")
	s := l.shows("what waits", func(s *status.Snapshot) bool {
		return len(s.Recipients) == 150 && s.Recipients[149].Waiting == 3 && !s.Recipients[149].Oldest.IsZero()
	})
	if s.Recipients[0].Name != "r000" || len(s.Needs) != 0 {
		t.Errorf("%+v", s.Needs)
	}
	stop := make(chan struct{})
	for range 4 {
		go func() {
			for {
				select {
				case <-stop:
					return
				default:
					_, _ = admin.NewClient(filepath.Join(l.dir, "state")).Status(l.t.Context())
				}
			}
		}()
	}
	l.change(fileTo("r000", "out000", "") + fileTo("r001", "out001", ""))
	l.change(text.String())
	close(stop)
}

// TestSnapshotRecalls: what was last before the start is told, and what was
// sent empty is counted.
func TestSnapshotRecalls(t *testing.T) {
	t.Parallel()
	j := newJudge(t, func(key string, _ *http.Request) int {
		if strings.HasPrefix(key, "b") {
			return 500
		}
		return 200
	})
	desk := httpTo("desk", j.URL+"/%%nope%%", "max_in_flight = 2\n")
	dir := t.TempDir()
	first := runLive(t, dir, desk)
	first.events("a1 b1")
	s := first.shows("one that is taken and one that fails", func(s *status.Snapshot) bool {
		r := s.Recipients[0]
		return r.State == status.Failing && r.Delivered == 1 && r.Failed > 0
	})
	if r := s.Recipients[0]; r.Empty < 2 {
		t.Errorf("%+v", r)
	}
	good := s.Recipients[0].LastSuccess
	first.stop()
	paused := runLive(t, dir, httpTo("desk", j.URL, "paused = true\n"))
	s = paused.shows("what was last", func(s *status.Snapshot) bool { return !s.Recipients[0].LastFailure.IsZero() })
	r := s.Recipients[0]
	if d := r.LastSuccess.Sub(good); d < -time.Second || d > time.Second || r.Attempts != 0 || !strings.Contains(r.LastError, "500") || r.State != status.Paused {
		t.Errorf("%+v; the last success was at %v", r, good)
	}
}
