package torture

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// judgeRepeats wants no request for an event that the receiver took before
// and the bridge knew it.
func judgeRepeats(v *verdict, r recipient, e evidence, messages map[key]*written, got map[key][]request) {
	keys := slices.SortedFunc(maps.Keys(got), func(a, b key) int {
		// What was handed over more often is judged last: it charges the kills
		// that have the least.
		return cmp.Or(cmp.Compare(messages[a].sends, messages[b].sends), byPlace(a, b))
	})
	ofKill := map[int]int{}
	for _, k := range keys {
		var atKill, others []request
		if sends := messages[k].sends; sends == 1 {
			atKill, others = v.repeats(r, e.kills, got[k])
		} else {
			atKill, others = v.copies(r, e.kills, got[k], sends, ofKill)
		}
		for _, q := range atKill {
			ofKill[q.run]++
			v.byKill++
		}
		for _, q := range others {
			v.problem("%s got %s again, though it took it in run %d at %s, %s before the kill; all of its requests:%s",
				r.name, k, q.run, stamp(q.answered), beforeKill(q, e.kills), list(got[k]))
		}
	}
	for run, n := range ofKill {
		v.most[r.name] = max(v.most[r.name], n)
		if n > r.inFlight {
			v.problem("%s got %d events again because of kill %d, with %d in flight at most", r.name, n, run, r.inFlight)
		}
	}
}

// repeats gives the requests of one event that others followed though they
// were taken: those of which the answer was under way at a kill, and those
// that nothing excuses.
func (v *verdict) repeats(r recipient, kills []time.Time, qs []request) (atKill, others []request) {
	sortRequests(qs)
	for i, q := range qs[:len(qs)-1] {
		switch {
		case !q.wasTaken() || v.unread(r, kills, q):
		case qs[i+1].run > q.run && nearKill(q, kills):
			atKill = append(atKill, q)
		default:
			others = append(others, q)
		}
	}
	return atKill, others
}

// copies does the same for a message that was handed over so many times: each
// of its events may be taken once, and besides for each kill.
func (v *verdict) copies(r recipient, kills []time.Time, qs []request, sends int, ofKill map[int]int) (atKill, others []request) {
	sortRequests(qs)
	last := qs[len(qs)-1].run
	count := 0
	for _, q := range qs {
		switch {
		case !q.wasTaken() || v.unread(r, kills, q):
			continue
		case last > q.run && nearKill(q, kills):
			atKill = append(atKill, q)
		default:
			others = append(others, q)
		}
		count++
	}
	v.bySender += max(0, min(count, sends)-1)
	slices.SortStableFunc(atKill, func(a, b request) int { return cmp.Compare(ofKill[a.run], ofKill[b.run]) })
	excess := max(0, count-sends)
	atKill = atKill[:min(excess, len(atKill))]
	return atKill, others[:min(excess-len(atKill), len(others))]
}

func sortRequests(qs []request) {
	slices.SortStableFunc(qs, func(a, b request) int {
		return cmp.Or(cmp.Compare(a.run, b.run), a.arrived.Compare(b.arrived))
	})
}

// unread reports, and counts, that the bridge can't have read the answer.
func (v *verdict) unread(r recipient, kills []time.Time, q request) bool {
	switch {
	case q.fate == dropped:
		v.byDrop++
	case r.timeout > 0 && q.answered.Sub(q.arrived) > r.timeout-timeoutSlack:
		v.bySlow++
	case r.leftBy(q, kills):
		v.byLeft++
	default:
		return false
	}
	return true
}

const (
	// killWindow is how long before a kill an answer may have been given that
	// the bridge had not yet written down. How many there are is bounded besides.
	killWindow = time.Second
	// timeoutSlack: the bridge's clock starts before the request arrives.
	timeoutSlack = 300 * time.Millisecond
	// leaveWindow is how long after the timeout a bridge that waited no longer
	// has closed the connection at the latest.
	leaveWindow = 3 * time.Second
)

// leftBy reports whether the bridge gave the request up though it was answered
// in time: on a busy machine its clock begins long before the request arrives.
// Then it closes the connection, which it keeps where it has read the answer.
func (r recipient) leftBy(q request, kills []time.Time) bool {
	return !q.left.IsZero() && q.left.Sub(q.arrived) < r.timeout+leaveWindow && (q.run >= len(kills) || q.left.Before(kills[q.run]))
}

func byPlace(a, b key) int {
	return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.n, b.n))
}

// nearKill reports whether the answer may have been under way when the run
// was killed. Of a line in a file only the run is known.
func nearKill(q request, kills []time.Time) bool {
	return q.run < len(kills) && (q.answered.IsZero() || kills[q.run].Sub(q.answered) < killWindow)
}

func beforeKill(q request, kills []time.Time) string {
	if q.run >= len(kills) {
		return "never"
	}
	return kills[q.run].Sub(q.answered).String()
}

// list tells requests one by one.
func list(qs []request) string {
	var out strings.Builder
	for _, q := range qs {
		fmt.Fprintf(&out, "\n  run %d, %s to %s, %s", q.run, stamp(q.arrived), stamp(q.answered), [...]string{"refused", "taken", "dropped"}[q.fate])
		if !q.left.IsZero() {
			out.WriteString(", connection closed " + stamp(q.left))
		}
	}
	return out.String()
}

func stamp(t time.Time) string { return t.Format("15:04:05.000000") }
