package app

import (
	"encoding/json"
	"testing"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/status"
)

// TestSnapshot: of a bridge that runs.
func TestSnapshot(t *testing.T) {
	s := startSite(t, "[[sources.stdin]]\nname = \"in\"\nformat = \"json\"\n"+
		"[[recipients.http]]\nname = \"away\"\nurl = \"http://127.0.0.1:1/hook?key=secret\"\nenabled = false\n")
	first := s.a.Snapshot()
	if s.a.Snapshot() != first {
		t.Error("a second look within half a second costs as much as the first")
	}
	s.write(s.in, []byte(line))
	var is *status.Snapshot
	s.until("the event is delivered", func() bool {
		s.a.changed()
		is = s.a.Snapshot()
		return is.Recipients[1].Delivered == 1
	})
	if away := is.Recipients[0]; away.Name != "away" || away.State != status.Disabled || away.Skipped != 1 || away.Target != "http://127.0.0.1:1/hook?…" {
		t.Errorf("away: %+v", away)
	}
	if out := is.Recipients[1]; out.Name != "out" || out.Kind != "file" || out.State != status.OK || len(out.Events) != 7 || out.LastSuccess.IsZero() ||
		out.Took.Sum <= 0 || out.Latency.Sum <= 0 {
		t.Errorf("out: %+v", out)
	}
	if in := is.Sources[0]; in.Name != "in" || in.Kind != "stdin" || in.Parsed != 1 {
		t.Errorf("in: %+v", in)
	}
	if !is.Ready || !is.Balance.Fits || is.Spool.Segments == 0 || is.Configuration.Applied.IsZero() || is.Started.IsZero() {
		t.Errorf("%+v", is)
	}
	b, err := json.Marshal(is)
	if err != nil {
		t.Fatal(err)
	}
	var lists map[string]any
	if err := json.Unmarshal(b, &lists); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"needs", "sources", "recipients", "alerts"} {
		if _, ok := lists[name].([]any); !ok {
			t.Errorf("%s is no list: %v", name, lists[name])
		}
	}
}

// TestBounds: those of the snapshot are those that are counted by.
func TestBounds(t *testing.T) {
	if len(status.Bounds) != len(bridge.Bounds) {
		t.Fatalf("%d bounds and %d", len(status.Bounds), len(bridge.Bounds))
	}
	for i, b := range bridge.Bounds {
		if status.Bounds[i] != b.Seconds() {
			t.Errorf("bound %d is %v, and counted by %v", i, status.Bounds[i], b)
		}
	}
}
