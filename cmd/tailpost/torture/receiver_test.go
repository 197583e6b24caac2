//go:build torture

package torture

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"
)

// receiver is an HTTP recipient that fails by its mood and by the event.
type receiver struct {
	recipient
	addr  string
	board *board
	seed  uint64

	mu     sync.Mutex
	rng    *rand.Rand
	got    []delivery
	tries  map[key]int
	mood   mood
	left   int  // requests until the next mood
	calm   bool // it takes everything from now on
	closed bool
	deeds  map[string]int

	server *http.Server
	conns  *connections
	dying  chan struct{}  // closed when the server is about to die
	active sync.WaitGroup // answers under way
	deaths sync.WaitGroup
}

// delivery is a request and how it came.
type delivery struct {
	request
	conn *connection
	use  int // of the connection
}

// mood is what a receiver is like for a while.
type mood int

const (
	well mood = iota
	refusing
	dead
)

// newReceiver begins to serve on an address of the loopback network that no
// connection is made from: it stays free while the receiver is dead.
func newReceiver(t *testing.T, r recipient, host string, b *board, seed uint64) *receiver {
	t.Helper()
	v := &receiver{recipient: r, board: b, seed: seed, rng: random(seed, r.name), tries: map[key]int{}, left: 300, deeds: map[string]int{}}
	v.addr = net.JoinHostPort(host, "0")
	if err := v.serve(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.close)
	return v
}

func (v *receiver) serve() error {
	l, err := net.Listen("tcp", v.addr)
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return l.Close()
	}
	v.addr = l.Addr().String()
	v.dying = make(chan struct{})
	v.server = &http.Server{Handler: v, ReadTimeout: 30 * time.Second}
	v.conns = &connections{}
	v.conns.watch(v.server)
	v.deaths.Add(1)
	go func(s *http.Server) {
		defer v.deaths.Done()
		s.Serve(l)
	}(v.server)
	return nil
}

func (v *receiver) close() {
	v.mu.Lock()
	v.closed = true
	s := v.server
	v.mu.Unlock()
	s.Close()
	v.deaths.Wait()
}

// settle makes it take everything from now on.
func (v *receiver) settle() {
	v.mu.Lock()
	v.calm = true
	v.mood = well
	v.mu.Unlock()
}

func (v *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	arrived := time.Now()
	form, err := readForm(w, req)
	run, runErr := strconv.Atoi(req.Header.Get("X-Run"))
	if err != nil || runErr != nil {
		return // its sender was killed
	}
	k, ok := v.board.see(v.name, form)
	if !ok {
		return
	}
	q := delivery{request: request{key: k, id: req.Header.Get("Webhook-Id"), run: run, arrived: arrived}}
	q.conn = req.Context().Value(connectionKey{}).(*connection)
	q.use = q.conn.use()
	stall, status := v.decide(&q.request)
	if stall > 0 {
		select {
		case <-time.After(stall):
		case <-v.death():
		}
	}
	if !v.record(q) {
		panic(http.ErrAbortHandler)
	}
	defer v.active.Done()
	if q.fate == dropped {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(status)
	http.NewResponseController(w).Flush()
}

func (v *receiver) death() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.dying
}

// record writes the request down just before it is answered. It reports false
// where the receiver dies first: then it has taken nothing.
func (v *receiver) record(q delivery) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	q.answered = time.Now()
	select {
	case <-v.dying:
		q.fate = refused
		v.got = append(v.got, q)
		return false
	default:
	}
	v.got = append(v.got, q)
	v.active.Add(1)
	return true
}

func readForm(w http.ResponseWriter, req *http.Request) (map[string]string, error) {
	b, err := io.ReadAll(http.MaxBytesReader(w, req.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if req.Header.Get("Content-Type") == "application/json" {
		id, form, err := formOfJSON(b)
		if err == nil && id != req.Header.Get("Webhook-Id") {
			err = fmt.Errorf("the id is %s in the body, %s in the header", id, req.Header.Get("Webhook-Id"))
		}
		return form, err
	}
	values, err := url.ParseQuery(string(b))
	form := map[string]string{}
	for name := range values {
		form[name] = values.Get(name)
	}
	return form, err
}

// decide gives what becomes of a request. It depends on the seed, the event
// and how often it came, and on the mood.
func (v *receiver) decide(q *request) (stall time.Duration, status int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.tries[q.key]++
	rng := random(v.seed, fmt.Sprint(v.name, q.key))
	often := 1
	if v.order == "strict" {
		often = 8 // all wait for one
	}
	switch bad := rng.IntN(1000 * often); {
	case v.mood == refusing:
		v.deeds["503"]++
		status = http.StatusServiceUnavailable
	case v.calm && v.tries[q.key] > 3:
		q.fate, status = taken, http.StatusOK
	case bad < 10 && v.tries[q.key] <= 1+bad%3:
		v.deeds["500"]++
		status = http.StatusInternalServerError
	case bad == 1000*often-1 && v.tries[q.key] == 1:
		v.deeds["stall, then take"]++
		q.fate, status, stall = taken, http.StatusOK, v.timeout*3/2
	case bad == 1000*often-2 && v.tries[q.key] == 1:
		v.deeds["stall, then 503"]++
		status, stall = http.StatusServiceUnavailable, v.timeout*3/2
	case bad >= 1000*often-5 && v.tries[q.key] == 1:
		v.deeds["take, then cut the connection"]++
		q.fate = dropped
	default:
		q.fate, status = taken, [...]int{200, 202, 204}[rng.IntN(3)]
	}
	v.change()
	return stall, status
}

// change turns to another mood when it is time.
func (v *receiver) change() {
	if v.left--; v.left > 0 || v.calm || v.mood == dead {
		return
	}
	if v.mood == refusing {
		v.mood, v.left = well, 100+v.rng.IntN(1500)
		return
	}
	if v.rng.IntN(3) > 0 {
		v.mood, v.left = refusing, 2+v.rng.IntN(12)
		return
	}
	v.mood, v.left = dead, 100+v.rng.IntN(1500)
	v.deeds["death"]++
	long := time.Duration(20+v.rng.IntN(400)) * time.Millisecond
	v.deaths.Add(1)
	go func() {
		defer v.deaths.Done()
		v.die(long)
	}()
}

// die ends all connections and refuses new ones for a while. What has been
// answered by then has been sent.
func (v *receiver) die(long time.Duration) {
	v.mu.Lock()
	close(v.dying)
	s, cs := v.server, v.conns
	v.mu.Unlock()
	v.active.Wait()
	cs.keep()
	s.Close()
	<-time.After(long)
	if err := v.serve(); err != nil {
		v.board.problem("%s could not come back: %v", v.name, err)
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.mood = well
}

// seen gives what came so far.
func (v *receiver) seen() recipient {
	v.mu.Lock()
	defer v.mu.Unlock()
	r := v.recipient
	for _, q := range v.got {
		q.left = q.conn.leftAt(q.use)
		r.requests = append(r.requests, q.request)
	}
	return r
}

// awaitTaken returns when it has taken all of these, ctx ends, or nothing more
// has come for a while: then it gives how many are missing.
func (v *receiver) awaitTaken(ctx context.Context, ms []*message) int {
	quiet := time.NewTimer(patience)
	defer quiet.Stop()
	for from := 0; ; {
		_, _, more := v.board.counts()
		missing := v.missing(ms)
		if missing == 0 {
			return 0
		}
		if missing != from {
			quiet.Reset(patience)
		}
		from = missing
		select {
		case <-more:
			select { // many come at once
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
		case <-quiet.C:
			return missing
		case <-ctx.Done():
			return missing
		}
	}
}

// patience is how long nothing may come while something is due.
const patience = 30 * time.Second

func (v *receiver) missing(ms []*message) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	got := map[key]bool{}
	for _, q := range v.got {
		if q.wasTaken() {
			got[q.key] = true
		}
	}
	n := 0
	for _, m := range ms {
		if !got[m.key] && (!m.exposed || v.board.wasSeen(m.key)) {
			n++
		}
	}
	return n
}
