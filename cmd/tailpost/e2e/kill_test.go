//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

// killConfig has a recipient that takes everything and one that is dead until
// the end, and then gets all of it in strict order.
const killConfig = `
[[sources.tail]]
name = "sessions"
path = "session.log"
format = "bg"
start = "beginning"

[[recipients.http]]
name = "live"
url = "http://%s/"
max_in_flight = 8
retry_interval = "100ms"

[[recipients.http]]
name = "late"
url = "http://%s/"
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
	p := newProgram(t, raceBinary, fmt.Sprintf(killConfig, live.addr, late.addr))
	r := serve(t, live, 200)
	log := &rotatingLog{name: p.path("session.log"), rng: rand.New(rand.NewPCG(seed, 1))}

	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	began := time.Now()
	written := make(chan error, 1)
	go func() { written <- log.fill(ctx, killLines, killAhead, distinct(r)) }()
	bounds := killOften(ctx, t, p, r, rng)
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	awaitDistinct(ctx, t, r, killLines)
	arrivals, _ := r.seen(0)
	checkKilled(t, arrivals, bounds)
	t.Logf("%d lines, %d rotations, %d kills: %d POSTs, %d of them repeats, in %.1f s",
		killLines, log.rotations, kills, len(arrivals), len(arrivals)-killLines, time.Since(began).Seconds())

	began = time.Now()
	ids := map[string]string{}
	for _, a := range arrivals {
		ids[a.key] = a.id
	}
	checkLate(ctx, t, serve(t, late, 200), ids)
	t.Logf("the recipient that was dead had all of them %.1f s later", time.Since(began).Seconds())
	p.stop()
}

// killOften starts the bridge and kills it again and again, each time after
// a random number of further POSTs. It leaves it running, and gives the
// number of POSTs that had arrived at each kill.
func killOften(ctx context.Context, t *testing.T, p *program, r *receiver, rng *rand.Rand) (bounds []int) {
	t.Helper()
	p.start()
	for k := range kills {
		have, _ := r.count()
		r.await(ctx, t, have+1+rng.IntN(2*(killLines-have)/(kills-k+2)))
		p.kill()
		have, _ = r.count()
		bounds = append(bounds, have)
		p.start()
	}
	return bounds
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

func awaitDistinct(ctx context.Context, t *testing.T, r *receiver, n int) {
	t.Helper()
	count := distinct(r)
	for {
		have, more := count()
		if have >= n {
			return
		}
		select {
		case <-more:
		case <-ctx.Done():
			t.Fatalf("%d of %d events have arrived: %v", have, n, ctx.Err())
		}
	}
}

// checkKilled wants each line with one id, in its session's order at its
// first arrival, and few repeats: bounds are the arrivals at each kill.
func checkKilled(t *testing.T, arrivals []arrival, bounds []int) {
	t.Helper()
	idOf, keyOf, lastOf := map[string]string{}, map[string]string{}, map[string]int{}
	repeats := make([]int, len(bounds)+1)
	killed := 0
	for i, a := range arrivals {
		for killed < len(bounds) && i >= bounds[killed] {
			killed++
		}
		n, err := strconv.Atoi(a.key)
		if err != nil || n < 0 || n >= killLines || a.id == "" {
			t.Fatalf("POST %d is none of ours: %+v", i, a)
		}
		if idOf[a.key] != "" {
			repeats[killed]++
			if idOf[a.key] != a.id {
				t.Errorf("line %d has the ids %s and %s", n, idOf[a.key], a.id)
			}
			continue
		}
		if k, ok := keyOf[a.id]; ok {
			t.Errorf("lines %s and %d have the id %s", k, n, a.id)
		}
		idOf[a.key], keyOf[a.id] = a.id, a.key
		if last, ok := lastOf[a.session]; ok && last > n {
			t.Errorf("line %d came after %d of its session", n, last)
		}
		lastOf[a.session] = n
	}
	if len(idOf) != killLines {
		t.Errorf("%d of %d lines have arrived", len(idOf), killLines)
	}
	t.Logf("repeats before the first kill, then after each: %v", repeats)
	for k, n := range repeats {
		if most := min(k, 1) * maxInFlight; n > most {
			t.Errorf("%d repeats after kill %d, want %d at most", n, k, most)
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
