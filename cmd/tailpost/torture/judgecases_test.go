package torture

import (
	"strings"
	"testing"
	"time"
)

// TestJudge: the oracle's judge finds each kind of mistake, and excuses what
// is none.
func TestJudge(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return begin.Add(time.Duration(ms) * time.Millisecond) }
	// Run 0 is killed after 10 s, run 1 after 20 s.
	kills := []time.Time{at(10_000), at(20_000)}
	took := func(n, run, from, to int) request {
		return request{key: key{"log", n}, id: string(rune('a' + n)), run: run, arrived: at(from), answered: at(to), fate: taken}
	}
	with := func(q request, f fate) request { q.fate = f; return q }
	leftAt := func(q request, at time.Time) request { q.left = at; return q }
	other := func(q request, id string) request { q.id = id; return q }
	both := []request{took(0, 0, 100, 101), took(1, 0, 200, 201)}
	for _, c := range []struct {
		name        string
		order       string
		exposed     bool // message 1
		sends       int
		inFlight    int
		requests    []request
		want        string // a part of the one problem
		wantLost    int
		wantExcused int
	}{
		{name: "all is well", requests: both},
		{name: "one is missing", requests: both[:1], want: "never took log.1"},
		{name: "one was only refused", requests: []request{both[0], with(both[1], refused)}, want: "never took log.1"},
		{name: "the missing one was exposed", exposed: true, requests: both[:1], wantLost: 1},
		{name: "exposed, but it had been seen", exposed: true, requests: []request{both[0], with(both[1], refused)}, want: "never took log.1"},
		{name: "refused, then taken", requests: []request{with(took(0, 0, 50, 51), refused), both[0], both[1]}},
		{name: "again in the same run", requests: append(both, took(0, 0, 300, 301)), want: "took it in run 0"},
		{name: "again in the next run, long before the kill", requests: append(both, took(0, 1, 11_000, 11_001)), want: "took it in run 0"},
		{name: "again, but refused", requests: append(both, with(took(0, 1, 11_000, 11_001), refused)), want: "took it in run 0"},
		{name: "in flight at the kill", requests: []request{both[0], took(1, 0, 9_990, 9_995), took(1, 1, 11_000, 11_001)}, wantExcused: 1},
		{name: "answered after the kill", requests: []request{both[0], took(1, 0, 9_990, 10_005), took(1, 1, 11_000, 11_001)}, wantExcused: 1},
		{name: "near the kill, but again before it", requests: []request{both[0], took(1, 0, 9_980, 9_981), took(1, 0, 9_990, 9_991)}, want: "took it in run 0"},
		{name: "near the kill, again in a run after the next", requests: []request{both[0], took(1, 0, 9_990, 9_995), took(1, 2, 21_000, 21_001)}, wantExcused: 1},
		{name: "more than were in flight at the kill", requests: []request{
			took(0, 0, 9_980, 9_981), took(1, 0, 9_990, 9_991), took(0, 1, 11_000, 11_001), took(1, 1, 11_002, 11_003),
		}, want: "2 events again because of kill 0", wantExcused: 2},
		{name: "timed out", requests: []request{took(0, 0, 100, 1_250), took(0, 0, 1_150, 1_151), took(1, 0, 1_200, 1_201)}, wantExcused: 1},
		{name: "given up just before the answer", requests: append(both[1:], leftAt(took(0, 0, 100, 101), at(102)), took(0, 0, 150, 151)), wantExcused: 1},
		{name: "connection closed much later", requests: append(both[1:], leftAt(took(0, 0, 100, 101), at(5_100)), took(0, 0, 150, 151)), want: "took it in run 0"},
		{name: "connection closed by the kill", requests: []request{both[0], leftAt(took(1, 0, 8_500, 8_501), at(10_001)), took(1, 1, 11_000, 11_001)}, want: "took it in run 0"},
		{name: "answer dropped", requests: append(both[1:], with(took(0, 0, 100, 101), dropped), took(0, 0, 150, 151)), wantExcused: 1},
		{name: "handed over again", sends: 2, requests: append(both, took(0, 0, 300, 301)), wantExcused: 1},
		{name: "handed over again, and in flight at the kill", sends: 2, requests: []request{
			both[0], took(1, 0, 9_990, 9_995), took(1, 1, 11_000, 11_001), took(1, 1, 12_000, 12_001),
		}, wantExcused: 2},
		{name: "handed over again, both in flight at two kills", sends: 2, inFlight: 2, requests: []request{
			both[0], took(1, 0, 9_980, 9_985), took(1, 0, 9_990, 9_995), took(1, 1, 19_980, 19_985), took(1, 1, 19_990, 19_995),
			took(1, 2, 21_000, 21_001), took(1, 2, 21_010, 21_011),
		}, wantExcused: 5},
		{name: "handed over once more than it was", sends: 2, requests: append(both, took(0, 0, 300, 301), took(0, 0, 400, 401)), want: "took it in run 0", wantExcused: 1},
		{name: "two ids", requests: []request{with(took(0, 0, 50, 51), refused), other(both[0], "z"), both[1]}, want: "the ids a and z"},
		{name: "one id for two", requests: []request{both[0], other(both[1], both[0].id)}, want: "have the id a"},
		{name: "never written", requests: append(both, took(7, 0, 300, 301)), want: "log.7, which was never written"},
		{name: "out of order", requests: []request{took(0, 0, 300, 301), took(1, 0, 200, 201)}, want: "got log.1 at 00:00:00.200000, before it took log.0"},
		{name: "begun too early", requests: []request{took(0, 0, 100, 250), took(1, 0, 200, 260)}, want: "got log.1"},
		{name: "out of order, in no order", order: "none", requests: []request{took(0, 0, 300, 301), took(1, 0, 200, 201)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			sends, order := max(1, c.sends), c.order
			if order == "" {
				order = "session"
			}
			v := judge(evidence{
				messages:   []written{{key: key{"log", 0}, session: "s", sends: sends}, {key: key{"log", 1}, session: "s", sends: sends, exposed: c.exposed}},
				recipients: []recipient{{name: "r", order: order, inFlight: max(1, c.inFlight), timeout: time.Second, requests: c.requests}},
				kills:      kills,
			})
			got := strings.Join(v.problems, "\n")
			if c.want == "" && got != "" || c.want != "" && (len(v.problems) != 1 || !strings.Contains(got, c.want)) {
				t.Errorf("problems %q, want one with %q", v.problems, c.want)
			}
			if excused := v.byKill + v.bySlow + v.byLeft + v.byDrop + v.bySender; len(v.lost) != c.wantLost || excused != c.wantExcused {
				t.Errorf("%d lost, %d excused; want %d and %d", len(v.lost), excused, c.wantLost, c.wantExcused)
			}
		})
	}
}

// TestJudgeStrict: a strict recipient gets a source's events in their order,
// whatever their sessions.
func TestJudgeStrict(t *testing.T) {
	at := time.Now()
	qs := []request{
		{key: key{"log", 1}, id: "b", arrived: at, answered: at, fate: taken},
		{key: key{"log", 0}, id: "a", arrived: at.Add(1), answered: at.Add(1), fate: taken},
	}
	messages := []written{{key: key{"log", 0}, session: "x", sends: 1}, {key: key{"log", 1}, session: "y", sends: 1}}
	for order, want := range map[string]int{"strict": 1, "session": 0} {
		v := judge(evidence{messages: messages, recipients: []recipient{{name: "r", order: order, inFlight: 1, requests: qs}}})
		if len(v.problems) != want {
			t.Errorf("%s: problems %q, want %d", order, v.problems, want)
		}
	}
}
