package dispatch

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
)

// notebook writes down what it is told: "session number nth: outcome", and
// "=n" for so many failing events. It knows how far the queue was then.
type notebook struct {
	q     *memQueue
	notes []string
	all   []bridge.Attempt
	wrong []string
}

func (n *notebook) Attempted(a bridge.Attempt) {
	n.all = append(n.all, a)
	out := "ok"
	switch {
	case a.Dead:
		out = "dead"
	case a.Err != "":
		out = fmt.Sprintf("%s, again in %v", a.Err, a.Wait)
	}
	n.notes = append(n.notes, fmt.Sprintf("%s #%d: %s", a.Session, a.Nth, out))
	n.q.mu.Lock()
	defer n.q.mu.Unlock()
	how, settled := n.q.settled[a.Number]
	_, failed := n.q.tries[a.Number]
	if p := n.q.parked[a.Number]; p.Try.Attempts == a.Nth {
		failed = true
	}
	if a.Err == "" && how != bridge.Delivered || a.Dead && how != bridge.Dead || a.Err != "" && !settled && !failed {
		n.wrong = append(n.wrong, fmt.Sprintf("told before it was recorded: %+v", a))
	}
}

func (n *notebook) Failing(recipient string, events int) {
	n.notes = append(n.notes, fmt.Sprintf("=%d", events))
}

func (n *notebook) text() string { return strings.Join(n.notes, "; ") }

func watched(t *testing.T, change func(*Policy), answer func(bridge.Event, time.Duration) error) (*rig, *notebook) {
	r := newRig(t, change, answer)
	n := &notebook{q: r.q}
	r.watcher = n
	return r, n
}

func until(d time.Duration, err error) func(bridge.Event, time.Duration) error {
	return func(_ bridge.Event, at time.Duration) error {
		if at < d {
			return err
		}
		return nil
	}
}

func TestWatcher(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Policy)
		answer func(bridge.Event, time.Duration) error
		add    []string
		run    []time.Duration // restarts between them
		want   string
	}{
		{"taken", nil, taken, []string{"a"}, []time.Duration{time.Second}, "=0; a #1: ok"},
		{"fails, then taken", nil, until(1500*time.Millisecond, errEvent), []string{"a"}, []time.Duration{time.Minute},
			"=0; a #1: 500, again in 1s; =1; a #2: 500, again in 1s; a #3: ok; =0"},
		{"dies", func(p *Policy) { p.RetryDuration = option.Duration(time.Second) }, failing("a"), []string{"a"}, []time.Duration{time.Minute},
			"=0; a #1: 500, again in 1s; =1; a #2: dead; =0"},
		{"strict", func(p *Policy) { p.Order = Strict }, until(500*time.Millisecond, errBusy), []string{"a", "b"}, []time.Duration{time.Minute},
			"=0; a #1: 503, again in 1s; =1; a #2: ok; =0; b #1: ok"},
		{"counted once a start, in the window", nil, until(3*time.Second, errDial), []string{"a"}, []time.Duration{500 * time.Millisecond, time.Minute},
			"=0; a #1: connection refused, again in 1s; =1; =1; a #2: connection refused, again in 1s; a #3: connection refused, again in 1s; " +
				"a #4: connection refused, again in 1s; a #5: ok; =0"},
		{"counted once a start, parked", func(p *Policy) { p.MaxInFlight = 2 }, until(time.Second, errEvent), []string{"a"}, []time.Duration{500 * time.Millisecond, time.Minute},
			"=0; a #1: 500, again in 1s; =1; =1; a #2: ok; =0"},
		{"waits for the next probe", nil, until(500*time.Millisecond, &bridge.DeliveryError{Scope: bridge.ThisRecipient, Down: true, AtLeast: time.Minute, Status: "gone", Err: errDial.Err}),
			[]string{"a"}, []time.Duration{2 * time.Minute}, "=0; a #1: connection refused, again in 1m0s; =1; a #2: ok; =0"},
		{"waits as told", nil, until(500*time.Millisecond, &bridge.DeliveryError{Scope: bridge.ThisRecipient, After: time.Minute, Err: errDial.Err}),
			[]string{"a"}, []time.Duration{2 * time.Minute}, "=0; a #1: connection refused, again in 1m0s; =1; a #2: ok; =0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, n := watched(t, c.change, c.answer)
				r.q.add(c.add...)
				for _, d := range c.run {
					r.run(d)
				}
				if got := n.text(); got != c.want {
					t.Errorf("told\n got %s\nwant %s", got, c.want)
				}
				for _, wrong := range n.wrong {
					t.Error(wrong)
				}
			})
		})
	}
}

func TestWatcherIsToldAllOfAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, n := watched(t, nil, until(time.Second, &bridge.DeliveryError{Down: true, Status: "gone", Err: fmt.Errorf("%1000d", 410)}))
		r.q.add("a")
		start := time.Now()
		r.run(500 * time.Millisecond)
		a := n.all[0]
		if len(a.Err) > reasonMax+len("…") || a.Err == "" {
			t.Errorf("an error of %d bytes", len(a.Err))
		}
		a.Err = ""
		want := bridge.Attempt{
			Recipient: "r", Number: 1, ID: a.ID, Event: bridge.EventBegin, Session: "a", Nth: 1, At: start,
			Peer: "peer", Answer: "answer", Took: 3, Status: "gone", Wait: time.Second,
		}
		if a != want || a.ID == (bridge.ID{}) {
			t.Errorf("told\n got %+v\nwant %+v", a, want)
		}
	})
}

// TestFailingEventsLeave however they end, over restarts too.
func TestFailingEventsLeave(t *testing.T) {
	for _, c := range []struct {
		name   string
		err    error
		change func(*rig)
	}{
		{"filtered, in the window", errDial, func(r *rig) { r.p.Events = option.List{bridge.EventEnd} }},
		{"filtered, parked", errEvent, func(r *rig) { r.p.Events = option.List{bridge.EventEnd} }},
		{"damaged, in the window", errDial, func(r *rig) { r.q.events[1], r.q.events[2] = []byte{1}, []byte{2} }},
		{"damaged, parked", errEvent, func(r *rig) { r.q.events[1], r.q.events[2] = nil, nil }},
		{"not to be had any more", errDial, func(r *rig) { r.q.order = nil }},
		{"not to be had any more, others are", errDial, func(r *rig) { r.q.order = r.q.order[2:] }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, n := watched(t, nil, until(1500*time.Millisecond, c.err))
				r.q.add("a", "b")
				r.run(1100 * time.Millisecond)
				if n.notes[len(n.notes)-1] == "=0" {
					t.Fatalf("nothing fails: %s", n.text())
				}
				r.q.add("c")
				n.notes = nil
				c.change(r)
				r.run(time.Minute)
				if !strings.Contains(n.text(), "=0") || strings.Contains(n.text(), "=-") {
					t.Errorf("told %s, want that none fails", n.text())
				}
			})
		})
	}
}

// TestReplayCountsOnceItFailsAgain: not while it only waits.
func TestReplayCountsOnceItFailsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, dead := died(t, nil, until(1500*time.Millisecond, errEvent), "a")
		n := &notebook{q: r.q}
		r.watcher = n
		r.start()
		time.Sleep(time.Second)
		r.q.replay(Session, dead...)
		time.Sleep(time.Minute)
		r.stop()
		if got, want := n.text(), "=0; a #1: 500, again in 1s; =1; a #2: ok; =0"; got != want {
			t.Errorf("told\n got %s\nwant %s", got, want)
		}
	})
}
