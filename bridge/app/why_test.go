package app

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/history"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/bridge/spool"
)

func TestJudge(t *testing.T) {
	now := time.Unix(1733240467, 0)
	policy := &dispatch.Policy{Enabled: true, RetryDuration: option.Duration(time.Hour)}
	paused, off := *policy, *policy
	paused.Paused, off.Enabled = true, false
	asked, refused := &dispatch.Verdict{}, &dispatch.Verdict{Refused: dispatch.ClauseKey}
	trail := func(as ...bridge.Attempt) *history.Trail { return &history.Trail{First: as} }
	good := bridge.Attempt{Nth: 1, At: now.Add(-time.Minute)}
	bad := bridge.Attempt{Nth: 1, At: now.Add(-time.Minute), Err: "503", Wait: 2 * time.Minute}
	late := bridge.Attempt{Nth: 1, At: now.Add(-time.Hour), Err: "503", Wait: 2 * time.Minute}
	dead := bridge.Attempt{Nth: 2, At: now.Add(-time.Minute), Err: "503", Dead: true}
	try := &bridge.Try{Attempts: 4, Since: now.Add(-time.Hour).Unix(), Clock: 20 * time.Minute, Wait: 30 * time.Second}
	letter := &dispatch.Letter{Died: now.Add(-time.Minute), Attempts: 9, Reason: "410 gone"}
	for _, tc := range []struct {
		name     string
		e        evidence
		want     State
		wantSays string
		wantNext string
	}{
		{"delivered", evidence{fate: spool.Fate{Stand: spool.StandEnded}, verdict: asked, trail: trail(good)}, StateDelivered, "delivered at 2024-12-03T15:40:07Z, at attempt 1", ""},
		{"delivered, and not asked for any longer", evidence{fate: spool.Fate{Stand: spool.StandEnded}, verdict: refused, trail: trail(good)}, StateDelivered, "delivered", ""},
		{"filtered", evidence{fate: spool.Fate{Stand: spool.StandEnded}, verdict: refused}, StateFiltered, "require_external_key: the session had no external key", ""},
		{"filtered after it failed", evidence{fate: spool.Fate{Stand: spool.StandEnded}, verdict: refused, trail: trail(bad)}, StateFiltered, "filtered", ""},
		{"to be filtered", evidence{fate: spool.Fate{Stand: spool.StandWaiting}, verdict: refused}, StateFiltered, "filtered", ""},
		{"ended, nobody knows how", evidence{fate: spool.Fate{Stand: spool.StandEnded}, verdict: asked}, StateEnded, "no attempt is remembered", ""},
		{"ended behind what is remembered", evidence{fate: spool.Fate{Stand: spool.StandEnded}, verdict: asked, trail: trail(bad)}, StateEnded, "isn't known", ""},
		{"dead", evidence{fate: spool.Fate{Stand: spool.StandEnded}, verdict: asked, trail: trail(dead), letter: letter}, StateDead, "a dead letter since 2024-12-03T15:40:07Z, after 9 attempts: 410 gone", "dead replay"},
		{"dead, and the journal is behind", evidence{fate: spool.Fate{Stand: spool.StandWaiting}, policy: policy, verdict: asked, letter: letter}, StateDead, "a dead letter", "dead replay"},
		{"dead, and not asked for any longer", evidence{fate: spool.Fate{Stand: spool.StandEnded}, verdict: refused, letter: letter}, StateDead, "a dead letter", "dead replay"},
		{"dead, of a recipient that is forgotten", evidence{fate: spool.Fate{Stand: spool.StandEnded}, letter: letter, forgotten: true}, StateDead, "a dead letter", "the recipient is gone; tailpost dead drop"},
		{"dropped", evidence{fate: spool.Fate{Stand: spool.StandEnded}, verdict: asked, trail: trail(dead)}, StateDropped, "which was dropped since", ""},
		{"replayed", evidence{fate: spool.Fate{Stand: spool.StandParked, Replay: true}, policy: policy, verdict: asked, trail: trail(dead), running: true}, StateWaiting, "replayed", "in its turn"},
		{"before", evidence{fate: spool.Fate{Stand: spool.StandBefore}, policy: policy, verdict: asked}, StateBefore, "before this recipient was there", ""},
		{"skipped", evidence{fate: spool.Fate{Stand: spool.StandSkipped}, policy: policy, verdict: asked}, StateSkipped, "disabled", ""},
		{"waiting", evidence{fate: spool.Fate{Stand: spool.StandWaiting}, policy: policy, verdict: asked, running: true}, StateWaiting, "its turn has not come", "in its turn"},
		{"behind another one", evidence{fate: spool.Fate{Stand: spool.StandParked}, policy: policy, verdict: asked, running: true}, StateParked, "behind an earlier event of its session", "when the one before it is settled"},
		{"failing", evidence{fate: spool.Fate{Stand: spool.StandParked, Try: try}, policy: policy, verdict: asked, trail: trail(bad), running: true}, StateFailing,
			"failing: 4 attempts since 2024-12-03T14:41:07Z", "the next attempt at about 2024-12-03T15:42:07Z; a dead letter if it still fails after 40m0s more"},
		{"failing, and due", evidence{fate: spool.Fate{Stand: spool.StandWaiting, Try: try}, policy: policy, verdict: asked, trail: trail(late), running: true}, StateFailing, "failing", "the next attempt is due;"},
		{"failing, without a history", evidence{fate: spool.Fate{Stand: spool.StandWaiting, Try: try}, policy: policy, verdict: asked, running: true}, StateFailing, "failing", "within 30s"},
		{"the last chance", evidence{fate: spool.Fate{Stand: spool.StandWaiting, Try: &bridge.Try{Attempts: 1, Clock: time.Hour}}, policy: policy, verdict: asked, running: true}, StateFailing, "failing", "if that fails, too, it is a dead letter"},
		{"paused", evidence{fate: spool.Fate{Stand: spool.StandWaiting, Paused: true}, policy: policy, verdict: asked, running: true}, StateWaiting, "waiting", "nothing until tailpost resume"},
		{"disabled", evidence{fate: spool.Fate{Stand: spool.StandWaiting, Disabled: true}, policy: policy, verdict: asked, running: true}, StateWaiting, "waiting", "nothing while the recipient is disabled"},
		{"paused by the configuration", evidence{fate: spool.Fate{Stand: spool.StandWaiting}, policy: &paused, verdict: asked, running: true}, StateWaiting, "waiting", "paused = true"},
		{"disabled since the bridge stopped", evidence{fate: spool.Fate{Stand: spool.StandWaiting}, policy: &off, verdict: asked}, StateWaiting, "waiting", "disabled"},
		{"removed", evidence{fate: spool.Fate{Stand: spool.StandWaiting}, running: true}, StateWaiting, "waiting", "not configured"},
		{"nobody runs", evidence{fate: spool.Fate{Stand: spool.StandWaiting}, policy: policy, verdict: asked}, StateWaiting, "waiting", "nothing while no bridge runs"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.e.now = now
			f := tc.e.judge()
			if f.State != tc.want || !strings.Contains(f.Says, tc.wantSays) || !strings.Contains(f.Next, tc.wantNext) || tc.wantNext == "" && f.Next != "" {
				t.Errorf("got %s: %s; next: %s", f.State, f.Says, f.Next)
			}
		})
	}
}

func TestFindByTheBeginning(t *testing.T) {
	dir := t.TempDir()
	so := spool.Defaults()
	so.Dir = dir
	sp, err := spool.Open(t.Context(), so)
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	g := newGroup(t.Context(), failed)
	g.run("spool", sp.Run)
	var events [][]byte
	for _, id := range []bridge.ID{{0xab, 0xcd, 0xef, 1}, {0xab, 0xcd, 0xef, 2}, {0xab, 0xcd, 0xef, 2}} {
		e := bridge.Event{ID: id, Name: bridge.EventEnd}
		events = append(events, e.AppendWire(nil))
	}
	for range foundMost {
		events = append(events, (&bridge.Event{ID: bridge.ID{9, 9, 9}}).AppendWire(nil))
	}
	if _, err := sp.Append(t.Context(), spool.Ingest{Source: "in", Events: events}); err != nil {
		t.Fatal(err)
	}
	g.stop()
	if err := sp.Close(); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		prefix  string
		want    int
		wantErr string
	}{
		{"ABCDEF01", 1, ""},
		{"abcdef02", 2, ""},
		{"abcdef020" + strings.Repeat("0", 23), 2, ""},
		{"abcdef0", 0, "several ids begin with abcdef0: abcdef01000000000000000000000000 abcdef0200"},
		{"090909", foundMost, ""},
		{"abcde", 0, "at least 6"},
		{strings.Repeat("a", 33), 0, "more than 32"},
		{"\x1b[2Jaaaa", 0, "other characters"},
		{"abcdee", 0, "no event whose id begins with abcdee"},
	} {
		f, err := find(t.Context(), dir, tc.prefix)
		if fmt.Sprint(err) != "<nil>" || tc.wantErr != "" {
			if err == nil || tc.wantErr == "" || !strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("%s: %v", tc.prefix, err)
			}
			continue
		}
		if len(f.events) != tc.want {
			t.Errorf("%s: %d events, want %d", tc.prefix, len(f.events), tc.want)
		}
	}
}

// While the bridge runs, too, and when only the history knows of an event.
func TestExplain(t *testing.T) {
	dir := t.TempDir()
	c := load(t, dir, toFile("out")+"[[recipients.http]]\nname = \"desk\"\nurl = \"http://127.0.0.1:1/\"\nretry_interval = \"50ms\"\nretry_duration = \"100ms\"\n")
	if _, log, err := runOnce(t, c, line); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	trails, err := history.Read(c.StateDir, func(bridge.ID) bool { return true })
	if err != nil || len(trails) == 0 {
		t.Fatal(trails, err)
	}
	id := trails[0].ID.String()
	ws, err := Explain(t.Context(), c, id[:12])
	if err != nil || len(ws) != 1 {
		t.Fatal(ws, err)
	}
	w := ws[0]
	if w.Running || w.ID.String() != id || len(w.From) != 1 || w.From[0] != (bridge.Place{Stream: "stdin", Bytes: int64(len(line)) - 1}) {
		t.Errorf("%+v", w)
	}
	states := ""
	for _, f := range w.Recipients {
		states += fmt.Sprintf("%s %s; ", f.Recipient, f.State)
	}
	if states != "desk dead; out delivered; " {
		t.Error(states)
	}
	// A file of a later version is passed over, and that is said.
	if err := os.WriteFile(c.StateDir+"/history/0000000000000000.his", []byte("tphist\x09\x00saltsalt"), 0o600); err != nil {
		t.Fatal(err)
	}
	if ws, err := Explain(t.Context(), c, id); err != nil || len(ws) != 1 || len(ws[0].Notes) != 1 || !strings.Contains(ws[0].Notes[0], "0000000000000000.his: of another version") {
		t.Fatal(ws, err)
	}
	// Only the attempts are left.
	for _, d := range []string{"segments", "dead"} {
		if err := os.RemoveAll(c.StateDir + "/" + d); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(c.StateDir+"/"+d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	ws, err = Explain(t.Context(), c, id)
	if err != nil || len(ws) != 1 || len(ws[0].Event) != 0 || len(ws[0].Recipients) != 2 {
		t.Fatal(ws, err)
	}
	if f := ws[0].Recipients[0]; f.State != StateDropped || f.Attempts < 2 {
		t.Errorf("%+v", f)
	}
	var none *AmbiguousError
	if _, err := Explain(t.Context(), c, "00000000"); err == nil || errors.As(err, &none) {
		t.Error(err)
	}
}
