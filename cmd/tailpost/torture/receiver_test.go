//go:build torture

package torture

import (
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
	has    map[key]bool // what it has taken
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

// newReceiver begins to serve on an address of the loopback network that no
// connection is made from: it stays free while the receiver is dead.
func newReceiver(t *testing.T, r recipient, host string, b *board, seed uint64) *receiver {
	t.Helper()
	v := &receiver{recipient: r, board: b, seed: seed, rng: random(seed, r.name), has: map[key]bool{}, tries: map[key]int{}, left: 300, deeds: map[string]int{}}
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
	v.has[q.key] = v.has[q.key] || q.wasTaken()
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
