package app

import (
	"time"

	"github.com/tailpost/tailpost/bridge/alert"
)

// recentFor is how long something that has happened counts as recent after
// the last time: long enough for somebody to look on the next morning.
const recentFor = 24 * time.Hour

// relayLong is how long the mail relay must have refused to need a person: as
// long as alerts wait, as a rule.
const relayLong = 10 * time.Minute

// recentKey is what happens, and to which recipient or source.
type recentKey struct {
	of   recentKind
	name string
}

type recentKind string

const (
	recentDamaged     recentKind = "damaged events"    // of a recipient
	recentQuarantined recentKind = "quarantined lines" // of a source
	recentLost        recentKind = "discontinuities"   // of a source
	recentDamage      recentKind = "damage"            // of the spool
	recentExpired     recentKind = "expired files"     // of the stores
)

// lately keeps by how much totals have grown within the last day, while the
// bridge ran. It is owned by who watches the facts; what it gives is a new map.
type lately struct {
	of map[recentKey]*growth
}

// growth is of one total.
type growth struct {
	base, seen uint64 // before the first recent step, and now
	last       time.Time
}

// observe takes the facts in and gives what has grown.
func (l *lately) observe(f alert.Facts, now time.Time) map[recentKey]uint64 {
	for _, r := range f.Recipients {
		l.total(recentKey{recentDamaged, r.Name}, r.Damaged, r.Damaged, now)
	}
	for _, s := range f.Sources {
		// Lines that went to quarantine are told since the start; a replay
		// takes them away, and so it takes away what was told.
		l.total(recentKey{recentQuarantined, s.Name}, uint64(s.Quarantined), uint64(s.Quarantined), now)
		l.total(recentKey{recentLost, s.Name}, uint64(s.Losses), uint64(s.Losses), now)
	}
	l.total(recentKey{of: recentDamage}, uint64(f.Spool.Damaged), 0, now)
	l.total(recentKey{of: recentExpired}, uint64(f.Spool.Expired), 0, now)
	out := map[recentKey]uint64{}
	for k, g := range l.of {
		if g.seen > g.base {
			out[k] = g.seen - g.base
		}
	}
	return out
}

// total takes a total in; first is what counts as old when it is seen for the
// first time.
func (l *lately) total(k recentKey, total, first uint64, now time.Time) {
	g := l.of[k]
	if g == nil {
		if l.of == nil {
			l.of = map[recentKey]*growth{}
		}
		g = &growth{base: first, seen: first}
		l.of[k] = g
	}
	switch {
	case total > g.seen:
		g.last = now
	case total < g.seen: // replayed, or a new life of the name
		g.base = min(g.base, total)
	case now.Sub(g.last) >= recentFor:
		g.base = total
	}
	g.seen = total
}
