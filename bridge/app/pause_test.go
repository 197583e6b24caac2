package app

import (
	"path/filepath"
	"testing"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/status"
)

// TestPauseSays: how it is now, whatever the configuration says.
func TestPauseSays(t *testing.T) {
	policy := func(enabled, paused bool) *dispatch.Policy { return &dispatch.Policy{Enabled: enabled, Paused: paused} }
	for _, c := range []struct {
		was, paused bool
		p           *dispatch.Policy
		want        string
		wantOutdone bool
	}{
		{false, true, policy(true, false), "desk is paused: what is accepted for it waits until it is resumed", false},
		{true, true, policy(true, false), "desk was paused already: what is accepted for it waits until it is resumed", false},
		{true, false, policy(true, false), "desk is resumed: while the bridge runs, what waits for it is sent, the oldest first", false},
		{false, false, policy(true, false), "desk was not paused", false},
		{false, true, policy(true, true), "desk is paused; it is paused in the configuration, too (paused = true): it must be resumed there as well", false},
		{true, false, policy(true, true), "desk is paused in the configuration (paused = true): resume it there, nothing is sent to it until then", true},
		{false, true, policy(false, true), "desk is paused; it is disabled in the configuration, too (enabled = false): what is accepted is skipped", false},
		{true, false, policy(false, false), "desk is disabled in the configuration (enabled = false): enable it there, nothing is sent to it until then", true},
		{true, false, nil, "desk is configured no longer: nothing is sent to it, whether it is paused or not", true},
		{false, true, nil, "desk is configured no longer: nothing is sent to it, whether it is paused or not", false},
	} {
		if got, outdone := pauseSays("desk", c.was, c.paused, c.p); got != c.want || outdone != c.wantOutdone {
			t.Errorf("%+v: %q, %v", c, got, outdone)
		}
	}
}

// TestPauseReports: what has changed, and what the configuration in force says.
func TestPauseReports(t *testing.T) {
	t.Parallel()
	l := startLive(t, fileTo("a", "a", "")+fileTo("b", "b", "paused = true\n"))
	l.shows("both", func(s *status.Snapshot) bool { return len(s.Recipients) == 2 })
	c := admin.NewClient(filepath.Join(l.dir, "state"))
	for _, step := range []struct {
		name        string
		paused      bool
		wantDone    int
		wantOutdone bool
	}{
		{"a", true, 1, false}, {"a", true, 0, false}, {"a", false, 1, false}, {"a", false, 0, false},
		{"b", false, 0, true}, {"b", true, 1, false}, {"b", false, 1, true},
	} {
		r, err := c.Pause(t.Context(), step.name, step.paused)
		if err != nil || r.Done != step.wantDone || r.Outdone != step.wantOutdone || r.Says == "" {
			t.Errorf("%+v: %+v, %v", step, r, err)
		}
	}
}
