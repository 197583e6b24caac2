package spool_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// thorough makes the tests of crashes and damage look at much more: minutes
// instead of seconds.
var thorough = os.Getenv("SPOOL_TORTURE") != ""

// crashStates bounds the states that are looked at for each crash point: where
// there are more, they are chosen with the seed 1.
func crashStates() int {
	if thorough {
		return 600
	}
	return 10
}

// oneIn gives one in how many crash points, and kinds of sync, are looked at.
// Under the race detector, which makes it ten times as long, these tests look
// for races alone: make test runs them without it, too, and takes all.
func oneIn() int {
	if raced && !thorough {
		return 5
	}
	return 1
}

// enumerated counts what an enumeration has looked at.
type enumerated struct {
	points, states, whole atomic.Int64 // whole: points of which every state was looked at
}

// violation is the first state, in the order of the points, that breaks a
// rule.
type violation struct {
	point int
	err   error
}

// enumerate looks at each point of a history: at what a kill leaves, with a
// power cut after the next start, and at what a power cut leaves, most states
// of it, of one point in step. It ends when each says so.
func enumerate(h *history, step, most int, seed uint64, each func(violation) bool) *enumerated {
	var n enumerated
	var mu sync.Mutex
	var stop atomic.Bool
	next := atomic.Int64{}
	next.Store(int64(h.from))
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for !stop.Load() {
				i := int(next.Add(int64(step))) - step
				if i >= len(h.snaps) {
					return
				}
				if err := lookAt(h, i, most, seed, &n); err != nil {
					mu.Lock()
					if !each(violation{i, err}) {
						stop.Store(true)
					}
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return &n
}

func lookAt(h *history, i, most int, seed uint64, n *enumerated) error {
	s := h.snaps[i]
	n.points.Add(1)
	n.states.Add(2)
	if err := check(h.known(s.steps), s.fs.Kill(), true); err != nil {
		return fmt.Errorf("killed before %q: %w", s.before, err)
	}
	states, whole := cutsOf(s, most, seed)
	if whole {
		n.whole.Add(1)
	}
	for k, fs := range states {
		n.states.Add(1)
		if err := check(h.known(s.steps), fs, false); err != nil {
			return fmt.Errorf("power cut before %q, state %d of %d: %w", s.before, k, len(states), err)
		}
	}
	return nil
}

// TestEveryCrash does a small work once and tries a crash at every operation
// that it makes on the file system.
func TestEveryCrash(t *testing.T) {
	for _, fsync := range []string{"always", "interval"} {
		t.Run(fsync, func(t *testing.T) {
			begun := time.Now()
			h := recorded(t, fsync, "", nil)
			bad := 0
			most := crashStates()
			if !thorough { // of each point; TestEverySyncCounts, which has more to show, takes them all
				most = 5
			}
			n := enumerate(h, oneIn(), most, 1, func(v violation) bool {
				t.Errorf("point %d: %v", v.point, v.err)
				bad++
				return bad < 10
			})
			t.Logf("fsync = %s: %d crash points, %d states; at %d points every state there is, at the others %d (%v)",
				fsync, n.points.Load(), n.states.Load(), n.whole.Load(), most, time.Since(begun).Round(time.Second))
		})
	}
}

// TestEverySyncCounts leaves out one kind of sync after the other, and claims
// that it was made: a crash must break a rule then. A sync for which that
// can't be shown is either not needed, or not tested.
func TestEverySyncCounts(t *testing.T) {
	var mu sync.Mutex
	seen := make(map[string]bool)
	see := func(kind string) {
		mu.Lock()
		defer mu.Unlock()
		seen[kind] = true
	}
	recorded(t, "always", "", see)
	doc, err := os.ReadFile("../../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range syncKinds {
		if !seen[k.kind] {
			t.Errorf("the work makes no such sync: %s", k.kind)
		}
		delete(seen, k.kind)
		if i%oneIn() != 0 {
			continue
		}
		t.Run(k.kind, func(t *testing.T) {
			if !strings.Contains(string(doc), "\n| "+k.kind+" | ") {
				t.Error("docs/reliability.md has no row for it")
			}
			h := recorded(t, "always", k.kind, nil)
			var first *violation
			n := enumerate(h, 1, crashStates(), 1, func(v violation) bool {
				if first == nil || v.point < first.point {
					first = &v
				}
				return false
			})
			if first == nil {
				t.Errorf("nothing breaks without it, at %d points, in %d states", n.points.Load(), n.states.Load())
				return
			}
			t.Logf("%v", first.err)
		})
	}
	for kind := range seen {
		t.Errorf("a sync that this test doesn't know: %s", kind)
	}
}
