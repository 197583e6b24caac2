package dispatch

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// TestRecipientsFailureKeepsTheBatch: the same members until it is taken, over
// restarts too, whatever came meanwhile.
func TestRecipientsFailureKeepsTheBatch(t *testing.T) {
	for _, order := range []string{Strict, Session, None} {
		for name, err := range map[string]error{"503": errBusy, "refused": errDial} {
			for _, restart := range []bool{false, true} {
				t.Run(fmt.Sprint(order, name, restart), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						r := newBatchRig(t, order, 5, nil, down(3500*time.Millisecond, err))
						r.q.add("a", "b", "a", "c")
						r.start()
						time.Sleep(1500 * time.Millisecond)
						r.q.add("a", "d")
						if restart {
							r.stop()
							r.start()
						}
						time.Sleep(time.Minute)
						r.stop()
						first := r.sink.calls[0].numbers
						if len(first) != 4 {
							t.Fatalf("the first batch: %v", first)
						}
						for _, c := range r.sink.calls {
							if slices.Contains(c.numbers, first[0]) && !slices.Equal(c.numbers, first) {
								t.Errorf("%v, and then %v", first, c.numbers)
							}
						}
						r.wantCount(bridge.Delivered, 6)
					})
				})
			}
		}
	}
}

// TestBatchCutOffIsSentAgain: what was under way at the end of a process goes
// out as the same batch, though no attempt of it has ended.
func TestBatchCutOffIsSentAgain(t *testing.T) {
	for _, c := range []struct {
		order string
		most  int
	}{{Strict, 5}, {Session, 5}, {None, 5}, {Session, 2}} {
		t.Run(fmt.Sprint(c.order, c.most), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newBatchRig(t, c.order, c.most, func(p *Policy) { p.MaxInFlight = 1 }, allTaken)
				r.grace = time.Second
				r.sink.took = time.Minute
				r.q.add("a", "b", "a")
				r.run(time.Second)
				r.q.add("a", "d", "e")
				r.sink.took = 0
				r.run(time.Minute)
				if len(r.sink.calls) < 2 || !slices.Equal(r.sink.calls[0].numbers, r.sink.calls[1].numbers) {
					t.Errorf("calls %s", r.sink.text())
				}
				r.wantCount(bridge.Delivered, 6)
			})
		})
	}
}

// TestSingleEventStaysAlone: attempted alone it has its own id for the whole
// request, and keeps it.
func TestSingleEventStaysAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newBatchRig(t, Session, 5, nil, down(2500*time.Millisecond, errBusy))
		r.q.add("a")
		r.start()
		time.Sleep(500 * time.Millisecond)
		r.q.add("a", "a")
		time.Sleep(time.Second)
		r.stop()
		r.run(time.Minute)
		r.want("1!@0 1!@1 1@2.5 2,3@2.5")
	})
}

// cutOff gives a rig whose first batches were cut off by the end of a process:
// their members are known, and nothing else.
func cutOff(t *testing.T, order string, most int, batches ...[]uint64) *batchRig {
	r := newBatchRig(t, order, most, func(p *Policy) { p.MaxInFlight = 1 }, allTaken)
	r.q.batches = batches
	return r
}

// TestMembersThatDoNotCome: what can't be had any more is not waited for.
func TestMembersThatDoNotCome(t *testing.T) {
	for _, more := range []int{0, 3} {
		t.Run(fmt.Sprint(more), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := cutOff(t, Session, 3, []uint64{1, 2, 3})
				r.addMany(3+more, 6)
				r.q.order = slices.Delete(r.q.order, 1, 2)
				r.run(time.Minute)
				r.wantCount(bridge.Delivered, 2+more)
				if got := r.sink.text(); !strings.Contains(got, "1,3@0") {
					t.Errorf("calls %s", got)
				}
			})
		})
	}
}

// TestMembersBeyondTheWindow: batches that can't be read whole, because the
// window is smaller now, must not hold it for ever.
func TestMembersBeyondTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var batches [][]uint64
		for n := range uint64(1000) {
			batches = append(batches, []uint64{n + 1, n + 1001})
		}
		r := cutOff(t, None, 2, batches...)
		r.addMany(2000, 2000)
		r.run(time.Minute)
		r.wantCount(bridge.Delivered, 2000)
	})
}

// TestMembersComeLate: the front of their lane is done before they are read.
func TestMembersComeLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := cutOff(t, Session, 3, []uint64{1}, []uint64{2, 3})
		r.addMany(3, 1)
		r.q.readTo = 2
		r.start()
		time.Sleep(1500 * time.Millisecond)
		r.want("1@0")
		r.q.mu.Lock()
		r.q.readTo = 0
		r.q.mu.Unlock()
		time.Sleep(time.Minute)
		r.stop()
		r.want("1@0 2,3@2")
	})
}

// TestBatchWaitsForAReplayUnderWay of one of its sessions.
func TestBatchWaitsForAReplayUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := cutOff(t, Session, 3, []uint64{2, 3})
		r.p.MaxInFlight = 4
		r.q.add("a", "b", "a")
		r.q.settled[1] = bridge.Dead
		r.q.replay(Session, 1)
		r.q.readTo = 1
		r.sink.took = 10 * time.Second
		r.start()
		time.Sleep(500 * time.Millisecond)
		r.q.mu.Lock()
		r.q.readTo = 0
		r.q.mu.Unlock()
		time.Sleep(time.Minute)
		r.stop()
		r.want("1@10 2,3@20")
	})
}
