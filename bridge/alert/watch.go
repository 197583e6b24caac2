package alert

import (
	"fmt"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/macro"
)

var _ bridge.Watcher = (*Alerts)(nil)

// errorMax bounds what people see of a failure, in bytes.
const errorMax = 400

// Attempted notes why a recipient fails, and its dead letters.
func (a *Alerts) Attempted(at bridge.Attempt) {
	if at.Err == "" {
		return
	}
	why := macro.OneLine(at.Err, errorMax)
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.topicLocked(failing, at.Recipient)
	f.Last = &try{At: at.At.Add(at.Took).Round(0), Wait: at.Wait, Peer: at.Peer, Err: why, Status: at.Status}
	if !at.Dead {
		return
	}
	if f.On {
		f.Died++
	}
	d, c := a.topicLocked(deadLetters, at.Recipient), a.contactLocked(key{deadLetters, at.Recipient})
	d.count(1, letter(at, why), &c)
	d.Seen++
	a.changedLocked()
}

// letter tells of a dead letter in words.
func letter(at bridge.Attempt, why string) string {
	session := ""
	if at.Session != "" {
		session = " of session " + macro.OneLine(at.Session, 64)
	}
	return fmt.Sprintf("%s %s%s, after %s: %s", macro.OneLine(at.Event, 128), at.ID, session, plural(uint64(at.Nth), "attempt"), why)
}

// Failing begins and ends the clock of a recipient.
func (a *Alerts) Failing(recipient string, events int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.topics[key{failing, recipient}]
	if t == nil && events == 0 {
		return
	}
	t = a.topicLocked(failing, recipient)
	t.Events = events
	switch {
	case events > 0 && !t.On:
		t.begin(a.clock())
		a.changedLocked()
	case events == 0 && t.On:
		a.endLocked(key{failing, recipient}, t)
	}
}
