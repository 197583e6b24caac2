//go:build e2e

package e2e

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"
)

// arrival is one POST of one event, as the receiver saw it.
type arrival struct {
	id      string // webhook-id
	session string
	key     string // external_key
	run     string // X-Run, of a test that tells starts of the bridge apart
	at      time.Time
}

// receiver is an HTTP recipient that writes down what arrives.
type receiver struct {
	status int

	mu       sync.Mutex
	arrivals []arrival
	more     chan struct{} // closed and replaced when something arrives
}

// serve begins to answer each POST on that port with the status.
func serve(t *testing.T, p *port, status int) *receiver {
	t.Helper()
	l, err := p.listen()
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{status: status, more: make(chan struct{})}
	s := &http.Server{Handler: r, ReadTimeout: 30 * time.Second}
	served := make(chan struct{})
	go func() { defer close(served); s.Serve(l) }()
	t.Cleanup(func() { s.Close(); <-served })
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	req.Body = http.MaxBytesReader(w, req.Body, 1<<20)
	if err := req.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a := arrival{
		id:      req.Header.Get("Webhook-Id"),
		session: req.PostForm.Get("lsid"),
		key:     req.PostForm.Get("external_key"),
		run:     req.Header.Get("X-Run"),
		at:      time.Now(),
	}
	r.mu.Lock()
	r.arrivals = append(r.arrivals, a)
	close(r.more)
	r.more = make(chan struct{})
	r.mu.Unlock()
	w.WriteHeader(r.status)
}

// seen gives a copy of all arrivals from number from on, and a channel that
// closes at the next one.
func (r *receiver) seen(from int) ([]arrival, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]arrival(nil), r.arrivals[from:]...), r.more
}

// count gives how many POSTs have arrived, and a channel that closes at the
// next one.
func (r *receiver) count() (int, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.arrivals), r.more
}

// patience is how long nothing may arrive while something is due. No attempt
// of these tests waits so long.
const patience = 30 * time.Second

// await returns when n POSTs have arrived, repeats counted. It fails the test
// when ctx ends, or its patience.
func (r *receiver) await(ctx context.Context, t *testing.T, n int) {
	t.Helper()
	quiet := time.NewTimer(patience)
	defer quiet.Stop()
	for {
		have, more := r.count()
		if have >= n {
			return
		}
		select {
		case <-more:
			quiet.Reset(patience)
		case <-quiet.C:
			t.Fatalf("%d of %d events have arrived, and no more come", have, n)
		case <-ctx.Done():
			t.Fatalf("%d of %d events have arrived: %v", have, n, ctx.Err())
		}
	}
}
