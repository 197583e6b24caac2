package alert

import (
	"fmt"
	"strings"

	"github.com/tailpost/tailpost/sinks/macro"
)

// SpoolFacts are about the spool.
type SpoolFacts struct {
	Wanted   int64   // bytes that can't be deleted yet
	MaxBytes int64   // what they may become
	Holder   string  // the recipient that wants the oldest of them
	Stuck    string  // why no lines are taken, or nothing is recorded; empty: all is well
	Trouble  Trouble // whose doing that is; Held: nobody's
	Damaged  int     // stretches of bytes that can't be read
	Bytes    int64   // in them
	Expired  int     // files of dead letters and quarantined lines that went: too old, or too many
}

// Trouble is what stands behind a spool that takes nothing.
type Trouble string

// The troubles.
const (
	Held    Trouble = ""         // recipients fill it: max_bytes
	NoSpace Trouble = "no_space" // the disk, or a quota, is full
	Fails   Trouble = "fails"    // what is written is refused
)

// The levels of spoolFills.
const (
	spoolHalf = 1 + iota
	spoolMost
	spoolStuck
)

func (a *Alerts) spoolLocked(s SpoolFacts) {
	level, words := 0, ""
	percent := int64(0)
	if s.MaxBytes > 0 {
		percent = s.Wanted / max(1, s.MaxBytes/100)
	}
	held := fmt.Sprintf("%d %% of max_bytes are in use", percent)
	if s.Holder != "" {
		held += "; the recipient " + s.Holder + " holds the oldest part"
	}
	switch {
	case s.Stuck != "" && s.Trouble != Held: // no limit of ours
		level, words = spoolStuck, macro.OneLine(s.Stuck, errorMax)
	case s.Stuck != "":
		level, words = spoolStuck, macro.OneLine(s.Stuck, errorMax)+"; "+held
	case percent >= 80:
		level, words = spoolMost, held
	case percent >= 50:
		level, words = spoolHalf, held
	}
	a.lastingLocked(spoolFills, "", level > 0, level, words)
	if level > 0 { // what is over is called as it was
		a.topicLocked(spoolFills, "").Trouble = s.Trouble
	}

	if n := s.Damaged - a.damaged; n > 0 {
		a.countLocked(damage, "", uint64(n), fmt.Sprintf("%d bytes, since the start", s.Bytes))
	}
	a.damaged = s.Damaged
	if n := s.Expired - a.expired; n > 0 {
		a.countLocked(expired, "", uint64(n), "")
	}
	a.expired = s.Expired
}

// spoolSubject is of a spool that fills up, or takes nothing.
func (m *message) spoolSubject(t *topic, still string) string {
	switch over := m.State == "over"; {
	case over && t.Trouble == Fails:
		return "the spool can be written again"
	case over:
		return "the spool has room again"
	case t.Trouble == Fails:
		return "the spool " + strings.TrimPrefix(still+" ", "is ") + "can't be written"
	case t.Trouble == NoSpace:
		return "the disk of the spool " + still + " full"
	}
	return "the spool " + still + " filling up"
}

func (m *message) spoolSentence(t *topic) string {
	const wait = " Lines wait where they come from, if they can."
	switch over := m.State == "over"; {
	case over && t.Trouble == Fails:
		return "The spool can be written again."
	case over:
		return "The spool has room again."
	case t.Trouble == Fails:
		return "The spool or its journal can't be written: no lines are taken, or nothing is delivered." + wait
	case t.Trouble == NoSpace:
		return "The disk that the state directory is on has no room: no lines are taken, or nothing is delivered, until there is." + wait
	}
	return "The spool fills up. When it is full no lines are taken until there is room: they wait where they come from, if they can."
}

// spoolAdvice is that of the cause: where the disk is full, a larger max_bytes
// gives no room.
func spoolAdvice(t *topic) string {
	const goesOn = " It goes on by itself; nothing must be restarted. A log that rotates meanwhile must keep its old files."
	switch t.Trouble {
	case Fails:
		return "What would help stands above, behind the reason, or in the kernel's log." + goesOn
	case NoSpace:
		return "Make room on that disk, or raise the quota: max_bytes is no help there." + goesOn
	}
	return "A recipient that takes nothing keeps its events here: mend it, or take it out of the configuration and use tailpost spool forget. Or give the spool more room: max_bytes."
}
