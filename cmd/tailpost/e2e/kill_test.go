//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// killConfig has a recipient that takes everything and one that is dead until
// the end, and then gets all of it in strict order. It wants their addresses
// and the number of the start, which goes into each POST: only so is it known
// which of them left before a kill.
const killConfig = `
[[sources.tail]]
name = "sessions"
path = "session.log"
format = "bg"
start = "beginning"

[[recipients.http]]
name = "live"
url = "http://%[1]s/"
headers = { "X-Run" = "%[3]d" }
max_in_flight = 8
retry_interval = "100ms"

[[recipients.http]]
name = "late"
url = "http://%[2]s/"
order = "strict"
retry_interval = "1s"
`

const (
	killLines   = 20_000
	kills       = 20
	maxInFlight = 8 // as in killConfig
	killAhead   = 1500
)

// TestKilledWhileRotating: the log is written and rotated by rename without
// regard to the bridge, which is killed 20 times. Nothing is lost, little is
// repeated, ids stay, sessions stay in order, and a recipient that was dead
// all the while gets the log as it was written.
func TestKilledWhileRotating(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	live, late := reservePort(t), reservePort(t)
	p := trial.New(t, raceBinary, fmt.Sprintf(killConfig, live.addr, late.addr, 0))
	r := serve(t, live, 200)
	log := &rotatingLog{name: p.Path("session.log"), total: killLines, rng: rand.New(rand.NewPCG(seed, 1))}

	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	began := time.Now()
	// What was rotated before the very first start is not read, so the log
	// stays as it is until a line of it has arrived.
	if err := log.begin(); err != nil {
		t.Fatal(err)
	}
	p.Start()
	r.await(ctx, t, 1)
	written := make(chan error, 1)
	go func() { written <- log.fill(ctx, killAhead, distinct(r)) }()
	killOften(ctx, t, p, r, log, rng, func(run int) { p.Configure(fmt.Sprintf(killConfig, live.addr, late.addr, run)) })
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	awaitDistinct(ctx, t, r, log)
	arrivals, _ := r.seen(0)
	checkKilled(t, arrivals)
	t.Logf("%d lines, %d rotations, %d kills: %d POSTs, %d of them repeats, in %.1f s",
		killLines, log.rotations, kills, len(arrivals), len(arrivals)-killLines, time.Since(began).Seconds())

	began = time.Now()
	ids := map[string]string{}
	for _, a := range arrivals {
		ids[a.key] = a.id
	}
	checkLate(ctx, t, serve(t, late, 200), ids)
	t.Logf("the recipient that was dead had all of them %.1f s later", time.Since(began).Seconds())
	p.Stop()
}

// killOften kills the bridge and starts it again, each time after a random
// number of further POSTs. At every third kill the log is rotated twice before
// the next start. It leaves the bridge running. configure is called before
// each start, with its number.
func killOften(ctx context.Context, t *testing.T, p *trial.Program, r *receiver, log *rotatingLog, rng *rand.Rand, configure func(run int)) {
	t.Helper()
	for k := range kills {
		have, _ := r.count()
		r.await(ctx, t, have+1+rng.IntN(2*(killLines-have)/(kills-k+2)))
		p.Kill()
		if k%3 == 0 && log.written() < killLines-100 {
			if err := log.rotateTwice(); err != nil {
				t.Fatal(err)
			}
		}
		configure(k + 1)
		p.Start()
	}
}

// distinct gives how many different events the receiver has seen.
func distinct(r *receiver) func() (int, <-chan struct{}) {
	ids, from := map[string]bool{}, 0
	return func() (int, <-chan struct{}) {
		as, more := r.seen(from)
		from += len(as)
		for _, a := range as {
			ids[a.id] = true
		}
		return len(ids), more
	}
}

// awaitDistinct returns when all lines have arrived. When nothing has arrived
// for a while, it says which ones are missing.
func awaitDistinct(ctx context.Context, t *testing.T, r *receiver, log *rotatingLog) {
	t.Helper()
	quiet := time.NewTimer(patience)
	defer quiet.Stop()
	count := distinct(r)
	for {
		have, more := count()
		if have >= killLines {
			return
		}
		select {
		case <-more:
			quiet.Reset(patience)
			continue
		case <-quiet.C:
		case <-ctx.Done():
		}
		arrivals, _ := r.seen(0)
		lines := map[string]bool{}
		for _, a := range arrivals {
			lines[a.key] = true
		}
		t.Fatalf("%d of %d events have arrived, and no more come; missing:\n%s", have, killLines, log.missing(lines))
	}
}

// checkKilled wants each line with one id, in its session's order at its
// first arrival, and few repeats.
func checkKilled(t *testing.T, arrivals []arrival) {
	t.Helper()
	firstOf, keyOf, lastOf := map[string]arrival{}, map[string]string{}, map[string]int{}
	for i, a := range arrivals {
		n, err := strconv.Atoi(a.key)
		if err != nil || n < 0 || n >= killLines || a.id == "" {
			t.Fatalf("POST %d is none of ours: %+v", i, a)
		}
		if first, ok := firstOf[a.key]; ok {
			if first.id != a.id {
				t.Errorf("line %d has the ids %s and %s", n, first.id, a.id)
			}
			continue
		}
		if k, ok := keyOf[a.id]; ok {
			t.Errorf("lines %s and %d have the id %s", k, n, a.id)
		}
		firstOf[a.key], keyOf[a.id] = a, a.key
		if last, ok := lastOf[a.session]; ok && last > n {
			t.Errorf("line %d came after %d of its session", n, last)
		}
		lastOf[a.session] = n
	}
	if len(firstOf) != killLines {
		t.Errorf("%d of %d lines have arrived", len(firstOf), killLines)
	}
	checkRepeats(t, arrivals)
}

// checkRepeats wants no more repeats than were in flight at each kill. Two
// POSTs of an event are there because of the kill that ended the earlier run;
// the receiver may have read that one's later.
func checkRepeats(t *testing.T, arrivals []arrival) {
	t.Helper()
	repeats := make([]int, kills+1)
	lastRun := map[string]int{}
	for i, a := range arrivals {
		run, err := strconv.Atoi(a.run)
		if err != nil || run < 0 || run > kills {
			t.Fatalf("POST %d is of run %q", i, a.run)
		}
		before, ok := lastRun[a.id]
		lastRun[a.id] = max(run, before)
		switch {
		case !ok:
		case before == run:
			t.Errorf("line %s came twice from run %d", a.key, run)
		default:
			repeats[min(before, run)]++
		}
	}
	t.Logf("repeats because of each kill: %v", repeats[:kills])
	for k, n := range repeats {
		if n > maxInFlight {
			t.Errorf("%d repeats because of kill %d, want %d at most", n, k+1, maxInFlight)
		}
	}
}

// checkLate wants all lines once, in the order of the log, with the same ids.
func checkLate(ctx context.Context, t *testing.T, r *receiver, ids map[string]string) {
	t.Helper()
	r.await(ctx, t, killLines)
	arrivals, _ := r.seen(0)
	if len(arrivals) != killLines {
		t.Errorf("the late recipient got %d POSTs for %d lines", len(arrivals), killLines)
	}
	for i, a := range arrivals {
		if a.key != strconv.Itoa(i) || a.id != ids[a.key] {
			t.Fatalf("POST %d of the late recipient is line %s with id %s; want line %d with id %s", i, a.key, a.id, i, ids[strconv.Itoa(i)])
		}
	}
}
