package spool

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// goldenSettings is a spool whose recipients were disabled, enabled, removed,
// and gave up events, as the first version that knows that writes it: in
// checkpoints and as facts. It was made by makeSettings, and is never made
// anew.
const goldenSettings = "testdata/golden-1-settings"

// TestMakeSettings makes it, where GOLDEN_SETTINGS names a folder.
func TestMakeSettings(t *testing.T) {
	dir := os.Getenv("GOLDEN_SETTINGS")
	if dir == "" {
		dir = filepath.Join(t.TempDir(), "state")
	}
	makeSettings(t, dir)
	there := filepath.Join(t.TempDir(), "copy")
	must(t, os.CopyFS(there, os.DirFS(dir)))
	wantSettings(t, there, settingsWant)
}

var settingsKinds = []kind{kindRecipient, kindSnapshotEnd, kindStanding, kindDisable, kindSkip}

func makeSettings(t *testing.T, dir string) {
	s, end := opened(t, goldenOptions(dir))
	q := make(map[string]*Queue)
	serve := func(off bool, keep time.Duration, names ...string) {
		t.Helper()
		for _, name := range names {
			if q[name] != nil {
				q[name].Close()
			}
			var err error
			q[name], err = s.Serve(Recipient{Name: name, Kind: "http", Keep: keep, Disabled: off})
			must(t, err)
		}
	}
	add := func(event string) {
		t.Helper()
		_, err := s.Append(t.Context(), Ingest{Source: "a", Events: [][]byte{[]byte(event)}})
		must(t, err)
	}
	serve(false, time.Hour, "always", "off long", "on again", "gives up")
	add("a1")
	serve(true, time.Hour, "off long", "on again")
	add("a2")
	serve(false, time.Hour, "on again")
	add("a3")
	end()

	clear(q)
	s, end = opened(t, goldenOptions(dir))
	serve(false, time.Hour, "always", "on again", "gives up", "off now", "on now", "leaves")
	serve(true, time.Hour, "off long")
	add("b1")
	serve(true, 2*time.Hour, "off now", "on now")
	add("b2")
	serve(false, 3*time.Hour, "on now")
	add("b3" + strings.Repeat(" ", 62_000)) // begins a segment
	add("b4")
	q["leaves"].Close()
	for _, by := range []time.Duration{time.Minute, 10 * time.Minute, 20 * time.Minute} { // the first one only begins it
		must(t, s.Age(t.Context(), by))
	}
	add("b5")
	q["gives up"].asked = s.segs.all()[0].first()
	if n, err := q["gives up"].GiveUp(t.Context()); n != 3 || err != nil {
		t.Fatalf("%d events are given up: %v", n, err)
	}
	end()
}

// settingsWant is what it holds.
const settingsWant = `leaves: absent http keep 1h0m0s gone 30m0s waiting 5
always: [a1 a2 a3 b1 b2 b3 b4 b5] given 8 skipped 0 waiting 8 damaged 0
gives up: [b1 b2 b3 b4 b5] given 8 skipped 3 waiting 5 damaged 0
leaves: [b1 b2 b3 b4 b5] given 5 skipped 0 waiting 5 damaged 0
off long: [a1] given 8 skipped 7 waiting 1 damaged 0
off now: [b1] given 5 skipped 4 waiting 1 damaged 0
on again: [a1 a3 b1 b2 b3 b4 b5] given 8 skipped 1 waiting 7 damaged 0
on now: [b1 b3 b4 b5] given 5 skipped 1 waiting 4 damaged 0`

// TestGoldenSettings opens it, twice, because the first start has written it
// anew.
func TestGoldenSettings(t *testing.T) {
	if missing := missingKinds(t, goldenSettings, settingsKinds); len(missing) > 0 {
		t.Errorf("no frames of kinds %d", missing)
	}
	dir := filepath.Join(t.TempDir(), "state")
	must(t, os.CopyFS(dir, os.DirFS(goldenSettings)))
	for range 2 {
		wantSettings(t, dir, settingsWant)
	}
}

func wantSettings(t *testing.T, dir, want string) {
	t.Helper()
	s, end := opened(t, goldenOptions(dir))
	defer end()
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, a := range s.Absent() {
		if a.Gone > 0 {
			say("%s: absent %s keep %v gone %v waiting %d", a.Name, a.Kind, a.Keep, a.Gone, a.Waiting)
		}
	}
	for _, name := range s.Names() {
		q, err := s.Queue(name)
		must(t, err)
		var events []string
		for {
			var it bridge.Item
			var ok bool
			if it, ok, err = q.Next(); err != nil || !ok {
				break
			}
			events = append(events, string(bytes.TrimSpace(it.Data)))
		}
		must(t, err)
		st := q.Stats()
		say("%s: %s given %d skipped %d waiting %d damaged %d", name, events, st.Given, st.Skipped, st.Waiting, st.Damaged)
	}
	if got := strings.Join(out, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// goldenOlder is what the version before made of a copy of goldenSettings: it
// sent everything to everybody but "always", forgot "leaves", and kept the
// facts that it didn't know.
const goldenOlder = "testdata/golden-1-settings-older"

// TestSettingsOfOlder: what an older version kept of settings says nothing,
// since it did otherwise: nothing is counted twice, nothing is lost. (But what
// had been skipped of "on again" was counted in its checkpoint.)
func TestSettingsOfOlder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	must(t, os.CopyFS(dir, os.DirFS(goldenOlder)))
	s, end := opened(t, goldenOptions(dir))
	if s.lost {
		t.Error("the journal counts as lost")
	}
	end()
	for range 2 {
		wantSettings(t, dir, `always: [a1 a2 a3 b1 b2 b3 b4 b5] given 8 skipped 0 waiting 8 damaged 0
gives up: [] given 8 skipped 0 waiting 0 damaged 0
off long: [] given 8 skipped 0 waiting 0 damaged 0
off now: [] given 5 skipped 0 waiting 0 damaged 0
on again: [] given 8 skipped 1 waiting 0 damaged 0
on now: [] given 5 skipped 0 waiting 0 damaged 0`)
	}
}
