package app

import (
	"fmt"
	"time"

	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/spool"
)

// judge puts the evidence together.
func (e *evidence) judge() Fate {
	f := Fate{Recipient: e.fate.Recipient, Configured: e.policy != nil}
	if e.verdict != nil {
		f.Filter = "asked for"
		if !e.verdict.Asked() {
			f.Filter = string(e.verdict.Refused)
		} else if e.verdict.Err != nil {
			f.Filter = "asked for: where can't judge it"
		}
	}
	if e.trail != nil {
		f.First, f.Between, f.Last = e.trail.First, e.trail.Between, e.trail.Last
		f.Attempts = len(f.First) + f.Between + len(f.Last)
	}
	switch e.fate.Stand {
	case spool.StandParked, spool.StandWaiting:
		e.waits(&f)
	case spool.StandBefore:
		f.State, f.Says = StateBefore, "accepted before this recipient was there"
	case spool.StandSkipped:
		f.State, f.Says = StateSkipped, "skipped: the recipient was disabled, or gave it up while the spool was full"
	default:
		e.ended(&f)
	}
	if e.letter != nil && f.State != StateFailing {
		f.State, f.Next = StateDead, "nothing by itself: tailpost dead replay sends it again, tailpost dead drop gives it up"
		if e.forgotten {
			f.Next = "nothing: the recipient is gone; tailpost dead drop gives it up"
		}
		f.Says = fmt.Sprintf("a dead letter since %s, after %s: %s", stamp(e.letter.Died), attempts(e.letter.Attempts), e.letter.Reason)
		f.Attempts = max(f.Attempts, e.letter.Attempts)
	}
	return f
}

// waits tells of an event that is to be sent.
func (e *evidence) waits(f *Fate) {
	tries := 0
	if e.fate.Try != nil {
		tries = e.fate.Try.Attempts
		f.Attempts = max(f.Attempts, tries)
	}
	switch {
	case e.refused():
		f.State = StateFiltered
		f.Says = "filtered: " + refusal(e.verdict.Refused)
		return
	case tries > 0:
		f.State = StateFailing
		f.Says = fmt.Sprintf("failing: %s since %s", attempts(tries), stamp(time.Unix(e.fate.Try.Since, 0)))
	case e.fate.Replay:
		f.State, f.Says = StateWaiting, "waiting: a dead letter that was replayed"
	case e.fate.Stand == spool.StandParked:
		f.State, f.Says = StateParked, "waiting behind an earlier event of its session that fails"
	default:
		f.State, f.Says = StateWaiting, "waiting: its turn has not come yet"
	}
	f.Next = e.next(f.State)
}

func (e *evidence) refused() bool { return e.verdict != nil && !e.verdict.Asked() }

// next says what happens to an event that waits.
func (e *evidence) next(s State) string {
	switch {
	case e.policy == nil:
		return "nothing: the recipient is not configured; it waits in case the name comes back"
	case e.fate.Disabled || !e.policy.Enabled:
		return "nothing while the recipient is disabled"
	case e.policy.Paused:
		return "nothing while the configuration says paused = true"
	case e.fate.Paused:
		return "nothing until tailpost resume"
	case !e.running:
		return "nothing while no bridge runs; then it is tried"
	case s == StateParked:
		return "it is sent when the one before it is settled"
	case s != StateFailing:
		return "it is sent in its turn"
	}
	return "the next attempt " + e.when() + e.deadline()
}

// when says when an event that failed is tried again.
func (e *evidence) when() string {
	wait := e.fate.Try.Wait
	if e.trail == nil {
		return fmt.Sprintf("within %v", wait.Round(time.Second))
	}
	last := e.trail.Final()
	if at := last.At.Add(last.Took + last.Wait); last.Wait > 0 && at.After(e.now) {
		return "at about " + stamp(at)
	}
	return "is due"
}

// deadline says how long it may go on failing.
func (e *evidence) deadline() string {
	left := e.policy.RetryDuration.D() - e.fate.Try.Clock
	if left <= 0 {
		return "; if that fails, too, it is a dead letter"
	}
	return fmt.Sprintf("; a dead letter if it still fails after %v more", left.Round(time.Second))
}

// ended tells of an event that the recipient is done with: the journal doesn't
// keep how, the attempts do.
func (e *evidence) ended(f *Fate) {
	if e.trail != nil {
		switch last := e.trail.Final(); {
		case last.Err == "":
			f.State, f.Says = StateDelivered, fmt.Sprintf("delivered at %s, at attempt %d", stamp(last.At.Add(last.Took)), last.Nth)
			return
		case last.Dead:
			f.State, f.Says = StateDropped, fmt.Sprintf("a dead letter at %s, which was dropped since or has been kept long enough", stamp(last.At.Add(last.Took)))
			return
		}
	}
	switch {
	case e.refused():
		f.State, f.Says = StateFiltered, "filtered: "+refusal(e.verdict.Refused)
	case e.trail != nil:
		f.State, f.Says = StateEnded, "it has ended; how, behind the last attempt that is remembered, isn't known"
	default:
		f.State, f.Says = StateEnded, "it has ended, as delivered, filtered or skipped: no attempt is remembered"
	}
}

// refusal says why a clause refuses an event.
func refusal(c dispatch.Clause) string {
	switch c {
	case dispatch.ClauseEvents:
		return "events doesn't name it"
	case dispatch.ClauseKey:
		return "require_external_key: the session had no external key at this event"
	case dispatch.ClauseWhere:
		return "where is false of it"
	}
	return string(c)
}

func attempts(n int) string {
	if n == 1 {
		return "1 attempt"
	}
	return fmt.Sprintf("%d attempts", n)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
