package app

import (
	"time"

	"github.com/tailpost/tailpost/bridge/alert"
	"github.com/tailpost/tailpost/bridge/ingest"
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
	recentSkipped     recentKind = "events given up"   // of a recipient, by on_full
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

// sinceNow takes what the sources have counted until now for old.
func (a *app) sinceNow() (l lately) {
	for _, it := range a.conf().Sources() {
		t, err := ingest.TotalsOf(a.spool.State(it.Name))
		if err != nil {
			continue // its Run says so
		}
		l.source(it.Name, uint64(t.Quarantined), uint64(t.Losses), time.Now())
	}
	return l
}

// source takes the totals of a source in; those that are seen for the first
// time are old.
func (l *lately) source(name string, quarantined, losses uint64, now time.Time) {
	// A replay takes lines away, and so it takes away what was told of them.
	l.total(recentKey{recentQuarantined, name}, quarantined, quarantined, now)
	l.total(recentKey{recentLost, name}, losses, losses, now)
}

// observe takes the facts in and gives what has grown.
func (l *lately) observe(f alert.Facts, now time.Time) map[recentKey]uint64 {
	for _, r := range f.Recipients {
		l.total(recentKey{recentDamaged, r.Name}, r.Damaged, r.Damaged, now)
		l.total(recentKey{recentSkipped, r.Name}, r.GivenUp, 0, now)
	}
	for _, s := range f.Sources {
		l.source(s.Name, uint64(s.Quarantined), uint64(s.Losses), now)
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
