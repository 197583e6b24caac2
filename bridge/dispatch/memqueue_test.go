package dispatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"sync"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// memQueue is a naive Queue in memory that survives its worker, as the spool
// survives the process.
type memQueue struct {
	mu      sync.Mutex
	events  map[uint64][]byte
	times   map[uint64]int64 // when they were accepted
	order   []uint64
	next    int // index in order
	settled map[uint64]bridge.Settlement
	parked  map[uint64]bridge.Parked
	tries   map[uint64]bridge.Try
	letters []Letter
	batches [][]uint64
	passed  int
	revived []bridge.Parked
	paused  bool
	asked   []uint64 // to be given up
	room    int      // for parked events; 0: no bound
	wake    chan struct{}
	readErr error
	readTo  uint64 // Next fails behind that number; 0: it doesn't
}

func newMemQueue() *memQueue {
	return &memQueue{
		events: map[uint64][]byte{}, times: map[uint64]int64{}, settled: map[uint64]bridge.Settlement{}, parked: map[uint64]bridge.Parked{},
		tries: map[uint64]bridge.Try{}, wake: make(chan struct{}, 1),
	}
}

// add accepts events named by their session and a running number, at once.
func (q *memQueue) add(sessions ...string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, s := range sessions {
		q.addLocked(bridge.Event{Name: bridge.EventBegin, Session: s, Version: "1"})
	}
	q.signal()
}

func (q *memQueue) addEvent(e bridge.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.addLocked(e)
	q.signal()
}

func (q *memQueue) addLocked(e bridge.Event) {
	n := uint64(len(q.order) + 1)
	e.Timestamp = int64(n)
	e.ID[0], e.ID[1], e.ID[15] = byte(n>>8), byte(n), 7
	q.events[n] = e.AppendWire(nil)
	q.times[n] = time.Now().UnixNano()
	q.order = append(q.order, n)
}

// reopen is what a restart does: Next begins again.
func (q *memQueue) reopen() { q.next = 0 }

func (q *memQueue) Restored() ([]bridge.Parked, map[uint64]bridge.Try) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out []bridge.Parked
	for _, p := range q.parked {
		out = append(out, p)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Number < out[j].Number })
	tries := map[uint64]bridge.Try{}
	for n, t := range q.tries {
		tries[n] = t
	}
	return out, tries
}

func (q *memQueue) Next() (bridge.Item, bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.readErr != nil {
		return bridge.Item{}, false, q.readErr
	}
	for q.next < len(q.order) {
		n := q.order[q.next]
		if q.readTo > 0 && n > q.readTo {
			return bridge.Item{}, false, errors.New("EIO")
		}
		q.next++
		_, parked := q.parked[n]
		if _, settled := q.settled[n]; parked || settled {
			continue
		}
		return bridge.Item{Number: n, Data: q.events[n], Accepted: q.times[n]}, true, nil
	}
	return bridge.Item{}, false, nil
}

func (q *memQueue) SettleAll(ctx context.Context, numbers []uint64, how bridge.Settlement) error {
	for _, n := range numbers {
		if err := q.Settle(ctx, n, how); err != nil {
			return err
		}
	}
	return nil
}

func (q *memQueue) Join(_ context.Context, numbers []uint64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.batches = append(q.batches, slices.Clone(numbers))
	return nil
}

// Batches: of each event the last one counts.
func (q *memQueue) Batches() (out [][]uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	seen := map[uint64]bool{}
	for _, b := range slices.Backward(q.batches) {
		var left []uint64
		for _, n := range b {
			if _, settled := q.settled[n]; !settled && !seen[n] {
				left = append(left, n)
			}
			seen[n] = true
		}
		if len(left) > 0 {
			out = append(out, left)
		}
	}
	return out
}

func (q *memQueue) Taken() bool { return q.count(bridge.Delivered) > 0 }

func (q *memQueue) Revived() []bridge.Parked {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := q.revived
	q.revived = nil
	return out
}

func (q *memQueue) Paused() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.paused
}

// pause does what the command of that name does.
func (q *memQueue) pause(paused bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.paused = paused
	q.signal()
}

// ask asks for these events to be given up.
func (q *memQueue) ask(numbers ...uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.asked = numbers
	q.signal()
}

func (q *memQueue) Asked() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.asked != nil
}

func (q *memQueue) GiveUp(ctx context.Context) (n int, err error) {
	q.mu.Lock()
	asked := q.asked
	q.asked, q.next = nil, 0
	q.mu.Unlock()
	for _, number := range asked {
		if _, ended := q.settled[number]; !ended {
			n++
			if err := q.Settle(ctx, number, bridge.Skipped); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// replay lets dead letters wait again; an order is the recipient's.
func (q *memQueue) replay(order string, numbers ...uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, n := range numbers {
		if q.settled[n] != bridge.Dead {
			panic("no dead letter")
		}
		delete(q.settled, n)
		head, err := bridge.ParseHead(q.events[n])
		if err != nil {
			panic(err)
		}
		p := bridge.Parked{Number: n, Session: ParkKey(order, n, head.Session), Replay: true}
		q.parked[n] = p
		q.revived = append(q.revived, p)
	}
	q.signal()
}

func (q *memQueue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *memQueue) Wake() <-chan struct{} { return q.wake }

func (q *memQueue) Get(_ context.Context, n uint64) (bridge.Item, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ok := q.parked[n]; !ok {
		return bridge.Item{}, fmt.Errorf("get %d: not parked", n)
	}
	if q.events[n] == nil {
		return bridge.Item{}, bridge.ErrDamaged
	}
	return bridge.Item{Number: n, Data: q.events[n], Accepted: q.times[n]}, nil
}

func (q *memQueue) Pass(uint64) { q.passed++ }

func (q *memQueue) Settle(_ context.Context, n uint64, how bridge.Settlement) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if was, ok := q.settled[n]; ok {
		return fmt.Errorf("settle %d twice: %v and %v", n, was, how)
	}
	q.settled[n] = how
	delete(q.parked, n)
	delete(q.tries, n)
	return nil
}

func (q *memQueue) Fail(_ context.Context, n uint64, t bridge.Try) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if p, ok := q.parked[n]; ok {
		p.Try = t
		q.parked[n] = p
		return nil
	}
	q.tries[n] = t
	return nil
}

func (q *memQueue) Park(_ context.Context, n, session uint64, t bridge.Try) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.room > 0 && len(q.parked) >= q.room {
		return false, nil
	}
	q.parked[n] = bridge.Parked{Number: n, Session: session, Try: t}
	delete(q.tries, n)
	return true, nil
}

func (q *memQueue) Bury(ctx context.Context, n uint64, letter []byte) error {
	l, err := DecodeLetter(letter)
	if err != nil {
		return err
	}
	if l.Number != n {
		return errors.New("a letter with another number")
	}
	if err := q.Settle(ctx, n, bridge.Dead); err != nil {
		return err
	}
	q.letters = append(q.letters, l)
	return nil
}

func (q *memQueue) count(how bridge.Settlement) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for _, s := range q.settled {
		if s == how {
			n++
		}
	}
	return n
}

// checkOrder fails where a session's deliveries are out of order.
func checkOrder(t *testing.T, got []attempt) {
	t.Helper()
	last := map[string]int64{}
	for _, a := range got {
		if !a.ok || a.event.Session == "" {
			continue
		}
		if a.event.Timestamp <= last[a.event.Session] {
			t.Errorf("session %s: event %d came after %d", a.event.Session, a.event.Timestamp, last[a.event.Session])
		}
		last[a.event.Session] = a.event.Timestamp
	}
}
