package alert

import (
	"fmt"
	"strings"
	"time"

	"github.com/tailpost/tailpost/sinks/macro"
)

// Facts are numbers about the whole program at one moment, as Observe takes
// them every few seconds. Totals that outlive a restart are marked "ever": what
// was added while nobody looked is told, too. The others begin at 0 with each
// start.
type Facts struct {
	Recipients []RecipientFacts
	Sources    []SourceFacts
	Spool      SpoolFacts
	Balance    []string // the sums that don't fit, in words
}

// RecipientFacts are about one recipient.
type RecipientFacts struct {
	Name    string
	Idle    bool   // nothing is sent to it for now: it is paused, or disabled
	Waiting uint64 // events
	Dead    uint64 // dead letters, ever; a replay takes them away again
	Damaged uint64 // events that can't be read, ever
	GivenUp uint64 // events, by on_full = "skip"
}

// SourceFacts are about one source.
type SourceFacts struct {
	Name        string
	Read        int64  // lines, ever
	Quarantined int64  // lines, ever; a replay takes them away again
	Rejected    int64  // lines that went to quarantine
	Reason      string // of the latest of them
	Losses      int64  // discontinuities, ever
	LostBytes   int64  // at least so many, ever
	Unreadable  string // why it can't read, once that has lasted for UnreadableAfter; empty: it can
}

// UnreadableAfter is how long a source must have been unable to read until
// people are told.
const UnreadableAfter = time.Minute

// Observe takes the facts in. It is called by one goroutine.
func (a *Alerts) Observe(f Facts) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range f.Recipients {
		a.recipientLocked(r)
	}
	for _, s := range f.Sources {
		a.sourceLocked(s, f.Spool.Stuck != "")
	}
	a.spoolLocked(f.Spool)
	words := ""
	if n := len(f.Balance); n > 0 {
		words = macro.OneLine(strings.Join(f.Balance, "; "), errorMax)
	}
	a.lastingLocked(unbalanced, "", words != "", 1, words)
}

func (a *Alerts) recipientLocked(r RecipientFacts) {
	a.waiting[r.Name] = r.Waiting
	if a.idle[r.Name] != r.Idle {
		a.idle[r.Name] = r.Idle
		a.changedLocked()
	}
	d := a.topicLocked(deadLetters, r.Name)
	if n := d.missed(r.Dead); n > 0 {
		a.countLocked(deadLetters, r.Name, n, "")
	}
	a.seeLocked(d, r.Dead)
	if n := a.topicLocked(lostEvents, r.Name).added(r.Damaged); n > 0 {
		a.countLocked(lostEvents, r.Name, n, "")
	}
	a.seeLocked(a.topicLocked(lostEvents, r.Name), r.Damaged)
	was := a.givenUp[r.Name]
	if r.GivenUp < was { // another life of the name
		was = 0
	}
	if n := r.GivenUp - was; n > 0 {
		a.countLocked(skipped, r.Name, n, "")
	}
	a.givenUp[r.Name] = r.GivenUp
}

func (a *Alerts) sourceLocked(s SourceFacts, stuck bool) {
	q := a.topicLocked(quarantined, s.Name)
	fresh := s.Rejected - a.rejected[s.Name]
	if fresh < 0 { // it has begun anew, with other settings
		fresh = s.Rejected
	}
	n := max(q.missed(uint64(s.Quarantined)), uint64(fresh))
	if n > 0 {
		a.countLocked(quarantined, s.Name, n, macro.OneLine(s.Reason, errorMax))
	}
	a.rejected[s.Name] = s.Rejected
	a.seeLocked(q, uint64(s.Quarantined))

	l := a.topicLocked(lostInput, s.Name)
	if n := l.added(uint64(s.Losses)); n > 0 {
		a.countLocked(lostInput, s.Name, n, fmt.Sprintf("at least %d bytes, since the source was first read", s.LostBytes))
	}
	a.seeLocked(l, uint64(s.Losses))
	a.lastingLocked(unreadable, s.Name, s.Unreadable != "", 1, macro.OneLine(s.Unreadable, errorMax))
	a.silenceLocked(s, stuck)
}

// silenceLocked looks whether a source is silent. While no lines are taken,
// nobody knows.
func (a *Alerts) silenceLocked(s SourceFacts, stuck bool) {
	after := a.set.Sources[s.Name]
	if after <= 0 {
		return
	}
	h, known := a.heard[s.Name]
	spoke := !known || h.Read != s.Read
	if spoke || stuck && !a.isOnLocked(silent, s.Name) {
		h = heard{Read: s.Read, At: a.clock()}
		a.heard[s.Name] = h
	}
	is := a.clock()-h.At >= after
	words := ""
	if is {
		words = "no line for " + duration(after)
	}
	if is || spoke || !stuck { // what is not known ends nothing
		a.lastingLocked(silent, s.Name, is, 1, words)
	}
}

// calm is how long what lasts must have been away to be over, where it comes
// and goes: a spool that is full makes room again and again.
const calm = 5 * time.Minute

// lastingLocked takes in whether something lasts.
func (a *Alerts) lastingLocked(k kind, name string, is bool, level int, words string) {
	t := a.topics[key{k, name}]
	if t == nil && !is {
		return
	}
	t = a.topicLocked(k, name)
	switch {
	case is:
		if !t.On {
			t.begin(a.clock())
			a.changedLocked()
		}
		t.Words, t.Calm = words, 0
		if level > t.Level {
			t.Level = level
			a.changedLocked()
		}
	case !t.On:
	case k == silent, t.Calm > 0 && a.clock()-t.Calm >= calm:
		a.endLocked(key{k, name}, t)
	case t.Calm == 0:
		t.Calm = a.clock()
		a.dirtyLocked()
	}
}

func (a *Alerts) isOnLocked(k kind, name string) bool {
	t := a.topics[key{k, name}]
	return t != nil && t.On
}

func (a *Alerts) countLocked(k kind, name string, n uint64, words string) {
	c := a.contactLocked(key{k, name})
	a.topicLocked(k, name).count(n, words, &c)
	a.changedLocked()
}

// added gives by how much a total that outlives restarts has grown since it
// was seen last. One that was never seen has grown by nothing: what was before
// is old.
func (t *topic) added(total uint64) uint64 {
	if !t.Known || total < t.Seen {
		return 0
	}
	return total - t.Seen
}

// missed is added, at the first look since the start alone: from then on
// others count.
func (t *topic) missed(total uint64) uint64 {
	if t.seen {
		return 0
	}
	return t.added(total)
}

// seeLocked notes a total.
func (a *Alerts) seeLocked(t *topic, total uint64) {
	if !t.Known || t.Seen != total {
		a.dirtyLocked()
	}
	t.Known, t.seen, t.Seen = true, true, total
}
