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

// awaitAll waits until each of them has the last line, and nothing between it
// and its first is missing.
func (h *hall) awaitAll(t *testing.T, lines int, names []string) {
	t.Helper()
	wait(t, "all events at all recipients", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, name := range names {
			b := h.boxes[name]
			if b == nil || len(b.taken) == 0 || len(b.taken) != lines-b.first()+1 {
				return false
			}
		}
		return true
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

// judge wants every event since its first at each recipient, once.
func (h *hall) judge(t *testing.T, lines int) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, b := range h.boxes {
		lost, repeated := 0, 0
		for n := b.first(); n <= lines; n++ {
			switch times := b.taken[n]; {
			case times == 0:
				lost++
			case times > 1:
				repeated += times - 1
			}
		}
		if lost > 0 || repeated > 0 {
			t.Errorf("%s: of the lines from %d to %d, %d lost, %d repeated", name, b.first(), lines, lost, repeated)
		}
	}
	if b := h.boxes["always"]; b.first() != 1 {
		t.Errorf("who was always there begins with line %d", b.first())
	}
	t.Logf("%d lines; failing: %d attempts", lines, h.boxes["failing"].asked)
}
