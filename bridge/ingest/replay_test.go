package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tailpost/tailpost/bridge"
)

// rejecting is a parser of a format that reads nothing.
type rejecting struct{}

func (rejecting) Parse(_ bridge.Record, to []bridge.Event) ([]bridge.Event, bridge.Outcome, error) {
	return to, 0, errors.New("not today")
}

// newMoody gives the toy, or what rejects everything.
func newMoody(format string) (bridge.Parser, error) {
	if format == "moody" {
		return rejecting{}, nil
	}
	return newToy(format)
}

// inQuarantine gives a store in which lines went to quarantine, behind one
// that was parsed.
func inQuarantine(t *testing.T, lines ...string) *memStore {
	t.Helper()
	m := newMemStore()
	moody := func(c *Config) { c.NewParser, c.Options.Format = newMoody, "moody" }
	if _, err := run(t, m, &script{batches: [][]string{lines}}, moody); err != nil {
		t.Fatal(err)
	}
	if len(m.quarantined) != len(lines) {
		t.Fatalf("%d lines in quarantine, want %d", len(m.quarantined), len(lines))
	}
	return m
}

// lines gives what is in quarantine and was not replayed.
func (m *memStore) lines() ([]QuarantinedLine, error) {
	var out []QuarantinedLine
	for i, l := range m.quarantined {
		if !slices.Contains(m.replayed, uint64(i)) {
			out = append(out, QuarantinedLine{uint64(i), l})
		}
	}
	return out, nil
}

func replaying(m *memStore) *Ingest {
	return New(Config{Name: "src", Options: Options{Format: "toy", ApplianceID: "box"}, NewParser: newToy, Store: m,
		Wanted: func(n string) bool { return n == "login" }})
}

func TestReplay(t *testing.T) {
	long := strings.Repeat("x", replayMost/2)
	for name, c := range map[string]struct {
		lines        []string
		wantEvents   string
		wantReplayed int
		wantLeft     []string // number: reason
		wantParsed   int64
		wantRecords  int // behind the first
	}{
		"a line that can be read now":       {lines: []string{"a"}, wantEvents: "a", wantReplayed: 1, wantParsed: 1, wantRecords: 1},
		"a line that still can't":           {lines: []string{"?", "a"}, wantEvents: "a", wantReplayed: 1, wantParsed: 1, wantLeft: []string{"0: no line of ours"}, wantRecords: 1},
		"nothing that can":                  {lines: []string{"?", "?"}, wantLeft: []string{"0: no line of ours", "1: no line of ours"}},
		"an ignored one, raw ones":          {lines: []string{"#", "raw:login", "raw:other"}, wantEvents: "login", wantReplayed: 3, wantParsed: 1, wantRecords: 1},
		"parts come together":               {lines: []string{"a+", "b", "a."}, wantEvents: "b a", wantReplayed: 3, wantParsed: 3, wantRecords: 1},
		"an open one stays":                 {lines: []string{"a+", "b+", "a."}, wantEvents: "a", wantReplayed: 2, wantParsed: 2, wantLeft: []string{"1: incomplete message"}, wantRecords: 1},
		"many bytes are several records":    {lines: []string{long, long, "a"}, wantEvents: long + " " + long + " a", wantReplayed: 3, wantParsed: 3, wantRecords: 3},
		"parts stay together in one record": {lines: []string{"a+", long, "a."}, wantEvents: long + " a", wantReplayed: 3, wantParsed: 3, wantRecords: 1},
	} {
		t.Run(name, func(t *testing.T) {
			m := inQuarantine(t, c.lines...)
			before := m.records
			in := replaying(m)
			got, err := in.Replay(t.Context(), m.lines)
			if err != nil {
				t.Fatal(err)
			}
			if events := names(m.events); events != c.wantEvents || got.Events != len(m.events) {
				t.Errorf("events %.100q, %d told; want %.100q", events, got.Events, c.wantEvents)
			}
			if got.Lines != c.wantReplayed || len(m.replayed) != c.wantReplayed {
				t.Errorf("%d lines replayed, %d told; want %d", len(m.replayed), got.Lines, c.wantReplayed)
			}
			var left []string
			for _, l := range got.Left {
				left = append(left, fmt.Sprintf("%d: %s", l.Number, l.Reason))
			}
			if !slices.Equal(left, c.wantLeft) {
				t.Errorf("left %q, want %q", left, c.wantLeft)
			}
			if n := m.records - before; n != c.wantRecords {
				t.Errorf("%d records, want %d", n, c.wantRecords)
			}
			n := int64(len(c.lines))
			want := Totals{Read: n, Parsed: c.wantParsed, Quarantined: int64(len(left)), Events: int64(len(m.events))}
			want.Ignored = n - want.Parsed - want.Quarantined
			if s, err := splitState(m.State("")); err != nil || s.totals != want || s.format != "moody" || s.positions[0].Data[0] != 1 {
				t.Errorf("state %+v, %v; want totals %+v and all else as it was", s, err, want)
			}
			if got.Ignored != int(want.Ignored) {
				t.Errorf("%d lines are said to be ignored, want %d", got.Ignored, want.Ignored)
			}
			// Once more: only what was left is looked at.
			if again, err := in.Replay(t.Context(), m.lines); err != nil || again.Lines != 0 || len(again.Left) != len(left) {
				t.Errorf("once more: %+v, %v", again, err)
			}
		})
	}
}

func TestReplayGivesTheOriginalID(t *testing.T) {
	m := inQuarantine(t, "x", "a")
	if _, err := replaying(m).Replay(t.Context(), m.lines); err != nil {
		t.Fatal(err)
	}
	want := bridge.NewID(bridge.Record{Source: "src", Head: []byte("head"), Offset: 1, Line: []byte("a")}, 0)
	if e := m.events[1]; e.ID != want || e.ApplianceID != "box" || e.Source.Name != "src" || e.Source.Offset != 1 {
		t.Errorf("event %+v, want id %v", e, want)
	}
}

func TestTornLineStaysInQuarantine(t *testing.T) {
	m := newMemStore()
	if _, err := run(t, m, torn{}, nil); err != nil {
		t.Fatal(err)
	}
	got, err := replaying(m).Replay(t.Context(), m.lines)
	if err != nil || got.Lines != 0 || len(m.events) != 0 || len(got.Left) != 1 || got.Left[0].Reason != "the sender went away" {
		t.Errorf("%+v, %v; events %q", got, err, names(m.events))
	}
}

// TestReplayTakesTurns: it waits for the batch that is under way, and the next
// batch for it; the totals of both hold.
func TestReplayTakesTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := inQuarantine(t, "a")
		m.block = make(chan struct{})
		in := New(Config{Name: "src", Options: Options{Format: "toy"}, NewParser: newToy, Store: m,
			Source: &script{batches: [][]string{{"a"}, {"b"}, {"c"}}}})
		ran, replayed := make(chan error, 1), make(chan error, 1)
		go func() { ran <- in.Run(t.Context()) }()
		synctest.Wait() // b's record is under way
		go func() {
			r, err := in.Replay(t.Context(), m.lines)
			if err == nil && r.Lines != 1 {
				err = fmt.Errorf("replayed %+v", r)
			}
			replayed <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := in.Replay(ctx, m.lines); !errors.Is(err, context.Canceled) {
			t.Errorf("one that nobody waits for: %v", err)
		}
		close(m.block)
		if err := errors.Join(<-replayed, <-ran); err != nil {
			t.Fatal(err)
		}
		want := Totals{Read: 3, Parsed: 3, Events: 3}
		if s, err := splitState(m.State("")); err != nil || s.totals != want || in.Totals() != want {
			t.Errorf("saved %+v, %v; told %+v; want %+v", s.totals, err, in.Totals(), want)
		}
	})
}

func TestReplayThatIsRefusedChangesNothing(t *testing.T) {
	m := inQuarantine(t, "a")
	m.fail, m.failures = errors.New("too big"), 1
	in := replaying(m)
	got, err := in.Replay(t.Context(), m.lines)
	if err == nil || got.Lines != 0 || len(m.replayed) != 0 || len(m.events) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err = in.Replay(t.Context(), m.lines); err != nil || got.Lines != 1 {
		t.Errorf("later: %+v, %v", got, err)
	}
}
