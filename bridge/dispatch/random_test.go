package dispatch

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
)

// TestRandomBatches lets workers serve a receiver that fails at random, ends
// them in the middle of attempts and begins again, with other settings too.
// Nothing may be lost or sent twice, sessions stay in order, and a batch that
// the receiver failed, or that was cut off, comes again as it was.
func TestRandomBatches(t *testing.T) {
	for seed := range uint64(200) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newChaos(t, seed).run() })
		})
	}
}

// chaos is one random run.
type chaos struct {
	*batchRig
	rnd     *rand.Rand
	luck    *rand.Rand      // the receiver's
	poison  map[int64]error // refused for ever
	mood    string          // of the receiver
	same    bool            // the settings don't change
	last    map[int64]int   // the call in which an event was last
	checked int             // calls
	restart int             // the calls before that are of an earlier process
}

func newChaos(t *testing.T, seed uint64) *chaos {
	c := &chaos{rnd: rand.New(rand.NewPCG(seed, 1)), luck: rand.New(rand.NewPCG(seed, 2)), poison: map[int64]error{}, last: map[int64]int{}, same: seed%3 != 0, mood: "well"}
	orders := []string{Strict, Session, None}
	c.batchRig = newBatchRig(t, orders[c.rnd.IntN(3)], 1+c.rnd.IntN(12), func(p *Policy) {
		p.MaxInFlight = 1 + c.rnd.IntN(5)
		p.RetryDuration = option.Duration(time.Duration(5+c.rnd.IntN(300)) * time.Second)
		if p.BatchMaxEvents > 1 && c.rnd.IntN(3) == 0 {
			p.BatchMaxWait = option.Duration(3 * time.Second)
		}
	}, nil)
	c.sink.answer = c.answer
	c.sink.took = 300 * time.Millisecond
	c.grace = 100 * time.Millisecond
	if c.rnd.IntN(3) == 0 {
		c.q.room = 5
	}
	return c
}

// answer is asked with the sink's mutex held.
func (c *chaos) answer(events []bridge.Event, _ time.Duration) error {
	for _, e := range events {
		if err := c.poison[e.Timestamp]; err != nil {
			return err
		}
	}
	switch {
	case c.mood == "dead":
		return errDial
	case c.mood == "flaky" && c.luck.IntN(2) == 0:
		return errBusy
	case c.mood == "moody" && c.luck.IntN(3) == 0:
		return errEvent
	}
	return nil
}

func (c *chaos) run() {
	c.start()
	for range 12 {
		c.feed()
		time.Sleep(time.Duration(c.rnd.IntN(4000)) * time.Millisecond)
		c.sink.mu.Lock()
		c.mood = []string{"well", "well", "flaky", "moody", "dead"}[c.rnd.IntN(5)]
		c.sink.mu.Unlock()
		if c.rnd.IntN(4) == 0 {
			c.again()
		}
	}
	c.sink.mu.Lock()
	c.mood = "well"
	c.sink.mu.Unlock()
	time.Sleep(6 * time.Hour)
	c.stop()
	c.check()
	c.done()
}

func (c *chaos) feed() {
	for range c.rnd.IntN(20) {
		n := int64(len(c.q.order) + 1)
		c.sink.mu.Lock()
		switch c.rnd.IntN(40) {
		case 0:
			c.poison[n] = errEvent
		case 1:
			c.poison[n] = errPermanent
		}
		c.sink.mu.Unlock()
		c.q.add(fmt.Sprint("s", c.rnd.IntN(1+c.rnd.IntN(12))))
	}
}

// again ends the process, and begins another one.
func (c *chaos) again() {
	c.stop()
	c.check()
	c.restart = len(c.sink.calls)
	if !c.same {
		c.p.BatchMaxEvents = 1 + c.rnd.IntN(12)
		c.p.BatchMaxWait = 0
		c.p.Order = []string{Strict, Session, None}[c.rnd.IntN(3)]
		c.sink.order = None // what was parked under another order keeps its lanes
	}
	c.start()
}

// check looks at the calls since it did so last.
func (c *chaos) check() {
	for i, now := range c.sink.calls {
		if i < c.checked {
			continue
		}
		for _, n := range now.numbers {
			if before, ok := c.last[n]; ok && c.same {
				c.repeated(c.sink.calls[before], now, n, before < c.restart)
			}
			c.last[n] = i
		}
		if c.sink.order != None && now.err == nil && c.same {
			c.inOrder(now)
		}
	}
	c.checked = len(c.sink.calls)
}

// repeated looks at two calls of an event, one after the other.
func (c *chaos) repeated(before, now call, n int64, restarted bool) {
	var de *bridge.DeliveryError
	failed := errors.As(before.err, &de)
	expired := now.at >= c.p.RetryDuration.D() // it may be halved for that
	switch {
	case before.err == nil:
		c.t.Errorf("%d was taken and comes again: %v, %v", n, before.numbers, now.numbers)
	case failed && (de.Scope == bridge.ThisEvent || de.Permanent):
		if len(now.numbers) > max(1, len(before.numbers)-1) {
			c.t.Errorf("%d: %v failed, and then comes %v", n, before.numbers, now.numbers)
		}
	case !failed && !restarted:
		c.t.Errorf("%d: cut off without an end: %v", n, before.err)
	case !slices.Equal(before.numbers, now.numbers) && !expired:
		c.t.Errorf("%d: %v failed by the recipient's fault or was cut off, and then comes %v", n, before.numbers, now.numbers)
	}
}

func (c *chaos) inOrder(now call) {
	for _, n := range now.numbers {
		head, err := bridge.ParseHead(c.q.events[uint64(n)])
		if err != nil {
			c.t.Fatal(err)
		}
		session := string(head.Session)
		if c.sink.order == Strict {
			session = "all"
		}
		if n < c.sink.last[session] {
			c.t.Errorf("%d of session %s comes after %d", n, session, c.sink.last[session])
		}
		c.sink.last[session] = n
	}
}

// done looks how it ended: all is delivered once, but for poison, which died.
func (c *chaos) done() {
	for n, how := range c.q.settled {
		switch {
		case how == bridge.Delivered && c.sink.taken[int64(n)] != 1:
			c.t.Errorf("%d was taken %d times", n, c.sink.taken[int64(n)])
		case how == bridge.Delivered && c.poison[int64(n)] != nil:
			c.t.Errorf("%d is delivered, and is refused for ever", n)
		case how == bridge.Dead && c.sink.taken[int64(n)] != 0:
			c.t.Errorf("%d is dead, and was taken", n)
		}
	}
	if len(c.q.settled) != len(c.q.order) {
		left := maps.Clone(c.q.events)
		maps.DeleteFunc(left, func(n uint64, _ []byte) bool { _, ok := c.q.settled[n]; return ok })
		c.t.Errorf("%d of %d are not settled: %v; %+v", len(left), len(c.q.order), slices.Sorted(maps.Keys(left)), c.w.Stats())
	}
	if n := len(c.q.parked) + len(c.q.tries); n > 0 {
		c.t.Errorf("%d are still known as failed", n)
	}
}
