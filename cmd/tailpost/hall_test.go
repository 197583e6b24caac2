package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tailpost/tailpost/bridge/app"
)

// hall has a box for each recipient, at a path of its name. What comes to the
// box "failing" is refused as long as failing says.
type hall struct {
	*httptest.Server
	failing atomic.Bool

	mu    sync.Mutex
	boxes map[string]*box
}

// box is what one recipient took.
type box struct {
	taken map[int]int // times, by the event's timestamp: the line's number
	asked int
	gen   int // the X-Gen of the last request
}

func newHall(t *testing.T) *hall {
	t.Helper()
	h := &hall{boxes: map[string]*box{}}
	h.failing.Store(true)
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *hall) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	n, _ := strconv.Atoi(form.Get("timestamp"))
	gen, _ := strconv.Atoi(r.Header.Get("X-Gen"))
	name := strings.TrimPrefix(r.URL.Path, "/")
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.boxes[name]
	if b == nil {
		b = &box{taken: map[int]int{}}
		h.boxes[name] = b
	}
	b.asked++
	b.gen = max(b.gen, gen)
	if name == "failing" && h.failing.Load() {
		w.WriteHeader([]int{500, 503, 401, 404}[b.asked%4])
		return
	}
	b.taken[n]++
}

// awaitGeneration waits until one of them, if there is one, has sent this generation.
func (h *hall) awaitGeneration(t *testing.T, gen int, names []string) {
	t.Helper()
	wait(t, fmt.Sprintf("generation %d at one of %q", gen, names), func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, name := range names {
			if b := h.boxes[name]; b != nil && b.gen == gen {
				return true
			}
		}
		return len(names) == 0
	})
}

// first is the number of the first line that it has.
func (b *box) first() int {
	first := 1 << 60
	for n := range b.taken {
		first = min(first, n)
	}
	return first
}

// judge wants every event since its first at each recipient, once, but for
// those that were skipped. Who was never disabled has skipped none.
func (h *hall) judge(t *testing.T, lines int, sums map[string]app.RecipientBalance) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, sum := range sums {
		b := h.boxes[name]
		if b == nil { // it was disabled all the time, or this shows as lost
			b = &box{}
		}
		lost, repeated := int(sum.Events)-int(sum.Skipped), 0
		for _, times := range b.taken {
			lost--
			repeated += times - 1
		}
		if lost != 0 || repeated != 0 || sum.Dead+sum.Dropped+sum.Filtered+sum.Damaged+sum.Waiting != 0 {
			t.Errorf("%s: %d lost, %d repeated; %+v", name, lost, repeated, sum)
		}
		if int(sum.Events) < lines-b.first()+1 {
			t.Errorf("%s: %d events since its first number, and it got line %d of %d", name, sum.Events, b.first(), lines)
		}
		if (name == "always" || name == "failing") && (b.first() != 1 || len(b.taken) != lines) {
			t.Errorf("%s has %d of %d lines, from line %d on", name, len(b.taken), lines, b.first())
		}
		t.Logf("%-8s %5d delivered, %4d skipped", name, sum.Delivered, sum.Skipped)
	}
	t.Logf("%d lines; failing: %d attempts", lines, h.boxes["failing"].asked)
}
