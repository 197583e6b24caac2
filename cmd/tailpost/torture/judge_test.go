package torture

import (
	"fmt"
	"slices"
	"time"
)

// key names a message: its source and its place there, which is the order in
// which the messages of a source were completed, from 0.
type key struct {
	source string
	n      int
}

func (k key) String() string { return fmt.Sprintf("%s.%d", k.source, k.n) }

// written is a message as the oracle wrote it.
type written struct {
	key     key
	session string
	sends   int  // how often it was handed over: files 1, a socket's sender may repeat
	exposed bool // bytes of it were taken away before it is known to have been read
}

// fate is what a receiver made of a request.
type fate uint8

const (
	refused fate = iota
	taken        // and answered so
	dropped      // taken, but the connection was cut instead of an answer
)

// request is one delivery of one event, as a receiver saw it. In a file it is
// a line, and the times are zero.
type request struct {
	key               key
	id                string
	run               int // of the bridge: 0 and up; kill n ends run n
	arrived, answered time.Time
	left              time.Time // when its sender closed the connection behind it; zero: not
	fate              fate
}

// recipient is what the judge must know of one.
type recipient struct {
	name     string
	order    string // session, strict or none
	inFlight int    // at most
	timeout  time.Duration
	requests []request
}

// evidence is all that the judge looks at.
type evidence struct {
	messages   []written
	recipients []recipient
	kills      []time.Time // when the signal was sent that ended each run
}

// verdict is the judge's.
type verdict struct {
	lost     []key // exposed, and never seen
	byKill   int   // sent again: their answer was under way at a kill
	bySlow   int   // sent again: answered after the timeout
	byLeft   int   // sent again: answered in time, but the bridge had closed the connection
	byDrop   int   // sent again: the connection was cut instead of an answer
	bySender int   // arrived again: their sender handed them over again
	most     map[string]int
	missing  []key // the first ones of what is missing
	problems []string
}

func (v *verdict) problem(format string, args ...any) {
	v.problems = append(v.problems, fmt.Sprintf(format, args...))
}

// judge finds what was lost, repeated, mixed up or put out of order.
func judge(e evidence) *verdict {
	v := &verdict{most: map[string]int{}}
	messages := map[key]*written{}
	for i := range e.messages {
		messages[e.messages[i].key] = &e.messages[i]
	}
	seen := map[key]bool{} // by anyone: it has been in the spool
	ids := identities{idOf: map[key]string{}, keyOf: map[string]key{}}
	byKey := make([]map[key][]request, len(e.recipients))
	for i, r := range e.recipients {
		byKey[i] = map[key][]request{}
		for _, q := range r.requests {
			if messages[q.key] == nil {
				v.problem("%s got %s, which was never written", r.name, q.key)
				continue
			}
			seen[q.key] = true
			ids.add(v, q)
			byKey[i][q.key] = append(byKey[i][q.key], q)
		}
	}
	for i, r := range e.recipients {
		judgeLosses(v, r, e.messages, seen, byKey[i])
		judgeRepeats(v, r, e, messages, byKey[i])
		judgeOrder(v, r, e.messages, byKey[i])
	}
	for _, m := range e.messages {
		if !seen[m.key] && m.exposed {
			v.lost = append(v.lost, m.key)
		}
	}
	return v
}

// identities holds the events' ids: one each, the same whoever gets it.
type identities struct {
	idOf  map[key]string
	keyOf map[string]key
}

func (s *identities) add(v *verdict, q request) {
	if k, ok := s.keyOf[q.id]; ok && k != q.key {
		v.problem("%s and %s have the id %s", k, q.key, q.id)
	}
	if id, ok := s.idOf[q.key]; ok && id != q.id {
		v.problem("%s came with the ids %s and %s", q.key, id, q.id)
	}
	s.keyOf[q.id], s.idOf[q.key] = q.key, q.id
}

// judgeLosses wants each message that was not exposed, and each that anyone
// saw, to have been taken. Those that were not are told in rows.
func judgeLosses(v *verdict, r recipient, messages []written, seen map[key]bool, got map[key][]request) {
	var first, last key
	count := 0
	tell := func() {
		if count > 0 {
			v.problem("%s never took %s to %d, %d events, seen by others: %v", r.name, first, last.n, count, seen[first])
			v.missing = append(v.missing, first)
		}
		count = 0
	}
	for _, m := range messages {
		if m.exposed && !seen[m.key] || slices.ContainsFunc(got[m.key], request.wasTaken) {
			continue
		}
		if count > 0 && (m.key != key{last.source, last.n + 1} || seen[m.key] != seen[first]) {
			tell()
		}
		if count == 0 {
			first = m.key
		}
		last = m.key
		count++
	}
	tell()
}

func (q request) wasTaken() bool { return q.fate != refused }

// judgeOrder wants no event to be sent before the one in front of it has been
// taken: in its session, or for a strict recipient in its source.
func judgeOrder(v *verdict, r recipient, messages []written, got map[key][]request) {
	if r.order == "none" {
		return
	}
	type row struct{ source, session string }
	type place struct {
		key   key
		taken time.Time
	}
	last := map[row]place{}
	for _, m := range messages {
		first, when, ok := firstOf(got[m.key])
		if !ok {
			continue
		}
		w := row{source: m.key.source}
		if r.order == "session" {
			w.session = m.session
		}
		if before, ok := last[w]; ok && first.Before(before.taken) {
			v.problem("%s got %s at %s, before it took %s at %s", r.name, m.key, stamp(first), before.key, stamp(before.taken))
		}
		last[w] = place{m.key, when}
	}
}

// firstOf gives when an event came first, and when it was first taken.
func firstOf(qs []request) (came, took time.Time, ok bool) {
	for _, q := range qs {
		if came.IsZero() || q.arrived.Before(came) {
			came = q.arrived
		}
		if q.wasTaken() && (took.IsZero() || q.answered.Before(took)) {
			took, ok = q.answered, true
		}
	}
	return came, took, ok
}
