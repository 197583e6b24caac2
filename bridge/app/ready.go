package app

import (
	"time"

	"github.com/tailpost/tailpost/bridge/status"
)

// unreadyAfter is how long a source must have been unable to read until the
// bridge isn't ready: the moments of a rotation, and a log whose mode is set
// just after it was made, are none.
const unreadyAfter = 10 * time.Second

// snapshotReady says whether data can flow: everything has begun, the spool can
// be written, each source reads or waits for what isn't there yet, and the sums
// fit. It is all in the snapshot already: what is not ready is so from the
// moment at which it counts, and ready again at once when it is mended.
//
// A recipient that takes nothing is a status, whatever follows from it: where
// its events fill the spool up to max_bytes, no lines are taken, but nothing
// here is broken, nothing is lost, and no other bridge would do better. Where
// they fill the disk, the disk is what somebody must see to.
func (a *app) snapshotReady(s *status.Snapshot) {
	s.NotReady = notReady(s, a.hasBegun())
	s.Ready = len(s.NotReady) == 0
}

func notReady(s *status.Snapshot, begun bool) (out []string) {
	not := func(why string) { out = append(out, oneLine(why)) }
	sp := &s.Spool
	if sp.Failing != "" {
		not("the spool can't be written: " + sp.Failing)
	}
	if sp.Full != "" && sp.NoSpace {
		not("the spool has no space: " + sp.Full)
	}
	if sp.JournalFailing != "" {
		not("the journal can't be written: " + sp.JournalFailing)
	}
	for i := range s.Sources {
		if src := &s.Sources[i]; hinders(src, begun, sp.Full != "" && !sp.NoSpace, s.Taken) {
			not("the source " + src.Name + " is " + string(src.State) + ": " + src.Text)
		}
	}
	if !begun && len(out) == 0 {
		not("it is starting")
	}
	if !s.Balance.Fits {
		not("a sum doesn't fit: " + s.Balance.Problems[0])
	}
	return out
}

// hinders reports whether a source keeps the bridge from being ready. held:
// recipients fill the spool, which sources wait for. Until all have begun, there
// is nothing to be patient with.
func hinders(s *status.Source, begun, held bool, now time.Time) bool {
	switch s.State {
	case status.Unreadable:
	case status.Starting:
		if !begun {
			return true
		}
	case status.Blocked:
		if held {
			return false
		}
	default:
		return false
	}
	return now.Sub(s.Since) >= unreadyAfter
}
