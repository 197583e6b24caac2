// Package alert tells people that something needs them, and when it is over:
// by mail, by a POST to an alert_url, and in the log.
//
// What it speaks of are topics. One lasts: a recipient has failing events, a
// source is silent, the spool fills up, a sum doesn't fit. The other is
// counted: dead letters, quarantined lines, damage. What lasts is told once it
// has lasted for a while, again and again until it is over, and then once
// more; not at all if it was over in time. What is counted is told at once,
// with the number since it was told last, and at most once in a while.
//
// Facts come in by two ways: as a bridge.Watcher, from the workers, who must
// not wait; and by Observe, plain numbers that somebody else has gathered. Both
// only note them. Run sends: one notice after another, each channel (mail, URL)
// by itself, so that a mail relay that is down holds up no POST. What can't be
// sent is tried again until it is sent, or over; State says why.
//
// All times are those of one clock, which runs while the bridge runs and is
// saved: a wall clock that jumps neither floods nor mutes, and a restart
// neither repeats nor forgets. Wall times are for people alone.
package alert
