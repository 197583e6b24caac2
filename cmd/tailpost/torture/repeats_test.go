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
	ofKill := map[int]int{}
	for _, k := range slices.SortedFunc(maps.Keys(got), byPlace) {
		atKill, others := v.repeats(r, e.kills, got[k])
		// What was handed over twice may come twice; which of the repeats that
		// was can't be told, so it excuses the worst first.
		for range messages[k].sends - 1 {
			switch {
			case len(others) > 0:
				others = others[1:]
			case len(atKill) > 0:
				atKill = atKill[1:]
			default:
				continue
			}
			v.bySender++
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
	slices.SortStableFunc(qs, func(a, b request) int {
		return cmp.Or(cmp.Compare(a.run, b.run), a.arrived.Compare(b.arrived))
	})
	for i, q := range qs[:len(qs)-1] {
		switch {
		case !q.wasTaken():
		case q.fate == dropped:
			v.byDrop++
		case r.timeout > 0 && q.answered.Sub(q.arrived) > r.timeout-timeoutSlack:
			v.bySlow++
		case r.leftBy(q, kills):
			v.byLeft++
		case qs[i+1].run > q.run && nearKill(q, kills):
			atKill = append(atKill, q)
		default:
			others = append(others, q)
		}
	}
	return atKill, others
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
