package dispatch

import (
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// tellAttempt tells the watcher how an attempt ended for an event of its
// batch, once that is recorded; a has what the result doesn't say.
func (w *Worker) tellAttempt(r result, i int, a bridge.Attempt) {
	if w.o.Watcher == nil {
		return
	}
	e := &r.events[i]
	a.Recipient, a.Number = w.o.Name, r.batch.events[i].number
	a.ID, a.Event, a.Session = e.ID, e.Name, e.Session
	a.At, a.Took, a.Peer, a.Answer = r.began, r.receipt.Took, r.receipt.Peer, r.receipt.Answer
	a.Err = bounded(a.Err, reasonMax)
	w.o.Watcher.Attempted(a)
}

// fails counts an event that is held with such a try, noLonger takes it out:
// one that was attempted is failing.
func (w *Worker) fails(t bridge.Try) {
	if t.Attempts > 0 {
		w.failing++
	}
}

func (w *Worker) noLonger(t bridge.Try) {
	if t.Attempts > 0 {
		w.failing--
	}
}

// tellFailing tells the watcher how many events are failing, if that is news.
func (w *Worker) tellFailing() {
	if w.o.Watcher != nil && w.failing != w.told {
		w.o.Watcher.Failing(w.o.Name, w.failing)
	}
	w.told = w.failing
}

// untilNext is how long an event that has just failed waits at least, which is
// never 0: that says there is no next attempt. While the recipient is down it
// may be the next probe.
func (w *Worker) untilNext(e *entry, now time.Time) time.Duration {
	next := now.Add(e.try.Wait)
	if w.health.down {
		next = w.health.probeAt
	}
	return max(time.Nanosecond, later(next, w.health.holdTill).Sub(now))
}
