package app

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/ingest"
	"github.com/tailpost/tailpost/bridge/status"
)

// TestNotReadyHasANeed: whatever is amiss, alone or together: what isn't ready
// (for ten seconds, of a start) has a grave need, so that nobody who looks at
// needs alone takes the bridge for well.
func TestNotReadyHasANeed(t *testing.T) {
	states := []status.State{status.OK, status.Starting, status.Waiting, status.Unreadable, status.Partly, status.Blocked, status.Ended}
	r := rand.New(rand.NewPCG(1, 2))
	often := func(text string) string {
		if r.IntN(4) > 0 {
			return ""
		}
		return text
	}
	not := 0
	for range 20_000 {
		now := time.Unix(1_000_000, 0)
		s := &status.Snapshot{Taken: now, Started: now.Add(-time.Duration(r.IntN(30)) * time.Second)}
		for i := range r.IntN(3) {
			is := status.Source{Name: fmt.Sprint("s", i), State: states[r.IntN(len(states))], Text: often("because")}
			if r.IntN(5) > 0 {
				is.Since = now.Add(-time.Duration(r.IntN(20_000)) * time.Millisecond)
			}
			s.Sources = append(s.Sources, is)
		}
		sp := &s.Spool
		sp.Failing, sp.Full, sp.NoSpace, sp.JournalFailing = often("EIO"), often("max_bytes"), r.IntN(2) == 0, often("EIO")
		if s.Balance.Fits = r.IntN(4) > 0; !s.Balance.Fits {
			s.Balance.Problems = []string{"1 is not 2"}
		}
		begun := r.IntN(3) > 0
		why, has := notReady(s, begun), needs(s, beside{starts: !begun})
		grave := len(has) > 0 && has[0].Grave
		if len(why) == 0 {
			continue
		}
		not++
		if begun || s.Taken.Sub(s.Started) >= unreadyAfter && len(s.Sources) == 0 {
			if !grave {
				t.Fatalf("not ready: %q, and no need is grave: %+v\n%+v", why, has, s)
			}
		}
	}
	if not < 5000 {
		t.Errorf("only %d were not ready", not)
	}
}

// TestSourcesThatStandStill: each is a need once it counts against readiness.
func TestSourcesThatStandStill(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	for _, c := range []struct {
		name  string
		state status.State
		since time.Duration
		spool status.Spool
		want  string // in what is to be done; "": no need
	}{
		{"blocked by a slow disk, or a line that is too big", status.Blocked, time.Hour, status.Spool{}, "raise spool.max_bytes"},
		{"blocked for a moment", status.Blocked, 9 * time.Second, status.Spool{}, ""},
		{"blocked by what the spool tells of itself", status.Blocked, time.Hour, status.Spool{Full: "max_bytes"}, ""},
		{"has not begun for an hour", status.Starting, time.Hour, status.Spool{}, "file server"},
		{"has not begun for a moment", status.Starting, 9 * time.Second, status.Spool{}, ""},
		{"ended by an error", status.Ended, time.Second, status.Spool{}, "start the bridge again"},
		{"waits for its file", status.Waiting, time.Hour, status.Spool{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &status.Snapshot{Taken: now, Spool: c.spool, Sources: []status.Source{{Name: "s", State: c.state, Text: "because", Since: now.Add(-c.since)}}}
			var got []status.Need
			for _, n := range needs(s, beside{}) {
				if n.Kind == needSource {
					got = append(got, n)
				}
			}
			switch {
			case c.want == "" && len(got) == 0:
			case c.want == "" || len(got) != 1 || !got[0].Grave || got[0].Text != "because" || !strings.Contains(got[0].To, c.want):
				t.Errorf("got %+v", got)
			}
		})
	}
}

// faulty is a source whose runs end in an error.
type faulty struct {
	emits int // bytes of a line that it gives before, if any
	err   error
}

func (f faulty) Run(ctx context.Context, _ []bridge.Position, emit bridge.Emit) error {
	if f.emits > 0 {
		return emit(ctx, bridge.Batch{Records: []bridge.Record{{Line: []byte(strings.Repeat("x", f.emits))}}})
	}
	return f.err
}

// TestSourceThatCannotGoOn: a line that the spool can never take, and an input
// that ended in an error, are needs, and are told of like what can't be read.
func TestSourceThatCannotGoOn(t *testing.T) {
	for _, c := range []struct {
		name      string
		from      faulty
		final     bool
		wantState status.State
		wantReady bool
		want      string // in the text
	}{
		{"a line that is too big", faulty{emits: 3 << 20}, false, status.Blocked, false, "too big for the spool"},
		{"an input that failed", faulty{err: errors.New("read stdin: EIO")}, true, status.Ended, true, "EIO"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBubble(t)
				b.add("other", status.OK)
				s := &source{name: "in", item: config.Item{Name: "in", Kind: "stdin"}, from: c.from, final: c.final, made: time.Now()}
				s.ingest = ingest.New(ingest.Config{
					Name: "in", Options: ingest.Options{Format: "json"}, Source: c.from, Final: c.final, NewParser: ParserFor(ingest.Options{Format: "json"}),
					Store: store{b.a.spool}, Log: zerolog.Nop(),
				})
				ctx, stop := context.WithCancel(b.ctx)
				g := newGroup(ctx, make(chan error, 1))
				b.a.start(g, s)
				defer func() { stop(); <-s.done }()
				told := func() string {
					for _, f := range b.a.facts().Sources {
						if f.Name == "in" {
							return f.Unreadable
						}
					}
					return ""
				}
				time.Sleep(50 * time.Second)
				if got := told(); got != "" {
					t.Errorf("told too early: %q", got)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				if got := told(); !strings.Contains(got, c.want) || strings.Contains(got, "again and again") {
					t.Errorf("told %q", got)
				}
				b.a.changed()
				is := b.a.Snapshot()
				if is.Ready != c.wantReady || is.Sources[0].State != c.wantState || len(is.Needs) != 1 || !is.Needs[0].Grave || !strings.Contains(is.Needs[0].Text, c.want) {
					t.Errorf("ready %v %q, needs %+v, %+v", is.Ready, is.NotReady, is.Needs, is.Sources[0])
				}
			})
		})
	}
}
