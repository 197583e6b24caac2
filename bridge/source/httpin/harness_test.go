package httpin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tailpost/tailpost/bridge"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 90 * time.Second

// rig runs a source on loopback and plays the spool.
type rig struct {
	t   *testing.T
	src *Source
	url string

	mu    sync.Mutex
	recs  []bridge.Record
	sizes []int // of batches
	gate  func(context.Context) error

	stop context.CancelFunc
	done chan error
}

func newRig(t *testing.T, change ...func(*Options)) *rig {
	t.Helper()
	o := Defaults()
	o.Name, o.Format, o.Listen = "test", "form", "127.0.0.1:0"
	for _, c := range change {
		c(&o)
	}
	if ps := o.Check(t.TempDir()); slices.ContainsFunc(ps, isError) {
		t.Fatal(ps)
	}
	return &rig{t: t, src: New(o)}
}

func (r *rig) emit(ctx context.Context, b bridge.Batch) error {
	r.mu.Lock()
	gate := r.gate
	r.mu.Unlock()
	if gate != nil {
		if err := gate(ctx); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range b.Records {
		rec.Line = slices.Clone(rec.Line)
		r.recs = append(r.recs, rec)
	}
	r.sizes = append(r.sizes, len(b.Records))
	return nil
}

func (r *rig) start() *rig {
	r.t.Helper()
	r.launch()
	r.until("listening", func() bool { return r.src.Stats().Listening != "" })
	r.url = "http://" + r.src.Stats().Listening
	return r
}

// launch is start, and waits for nothing.
func (r *rig) launch() {
	ctx, stop := context.WithCancel(context.Background())
	r.stop, r.done = stop, make(chan error, 1)
	go func() { r.done <- r.src.Run(ctx, nil, r.emit) }()
	r.t.Cleanup(func() {
		stop()
		if err := <-r.done; err != nil && !errors.Is(err, errBroken) {
			r.t.Errorf("Run: %v", err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
}

var errBroken = errors.New("broken")

func (r *rig) until(what string, ok func() bool) {
	r.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			r.t.Fatalf("waited %v for: %s", patience, what)
		case <-tick.C:
		}
	}
}

// lines are the bodies that are durable.
func (r *rig) lines() (out []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range r.recs {
		out = append(out, string(rec.Line))
	}
	return out
}

func (r *rig) records() []bridge.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.recs)
}

// post sends a body and gives the status and the header of the answer; 0 if
// there was none.
func (r *rig) post(body string, header ...string) (int, http.Header) {
	return r.send("POST", "/", strings.NewReader(body), header...)
}

func (r *rig) send(method, path string, body io.Reader, header ...string) (int, http.Header) {
	req, err := http.NewRequest(method, r.url+path, body)
	if err != nil {
		r.t.Error(err)
		return 0, nil
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Header
}

// closedGate makes emit wait until open is called.
func (r *rig) closedGate() (entered <-chan struct{}, open func()) {
	in, out := make(chan struct{}, 100), make(chan struct{})
	r.mu.Lock()
	r.gate = func(ctx context.Context) error {
		in <- struct{}{}
		select {
		case <-out:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.mu.Unlock()
	return in, sync.OnceFunc(func() { close(out) })
}
