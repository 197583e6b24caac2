package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"
)

// arrival is one request that the counter saw.
type arrival struct {
	at        time.Time
	id        string
	session   string
	timestamp int // the event's; the line's number in most tests
	status    int
}

// counter is an HTTP receiver that counts. It answers what answer says.
type counter struct {
	*httptest.Server
	answer func(a arrival) int

	mu       sync.Mutex
	arrivals []arrival
	taken    map[int]int // times taken, by timestamp
}

func newCounter(t *testing.T, answer func(arrival) int) *counter {
	t.Helper()
	c := &counter{answer: answer, taken: map[int]int{}}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
	a := arrival{at: time.Now(), id: r.Header.Get("webhook-id"), session: form.Get("lsid"), timestamp: n}
	a.status = c.answer(a)
	c.mu.Lock()
	c.arrivals = append(c.arrivals, a)
	if a.status == http.StatusOK {
		c.taken[n]++
	}
	c.mu.Unlock()
	w.WriteHeader(a.status)
}

// all gives what arrived so far.
func (c *counter) all() []arrival {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]arrival(nil), c.arrivals...)
}

// distinct is how many events were taken at least once.
func (c *counter) distinct() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.taken)
}

// repeated is how many times an event was taken once more.
func (c *counter) repeated() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, times := range c.taken {
		n += times - 1
	}
	return n
}

func always(status int) func(arrival) int { return func(arrival) int { return status } }

// checkSessionOrder fails where a session's events were first taken out of
// order.
func checkSessionOrder(t *testing.T, as []arrival) {
	t.Helper()
	last := map[string]int{}
	seen := map[int]bool{}
	for _, a := range as {
		if a.status != http.StatusOK || seen[a.timestamp] {
			continue
		}
		seen[a.timestamp] = true
		if a.timestamp < last[a.session] {
			t.Fatalf("session %s: event %d came after %d", a.session, a.timestamp, last[a.session])
		}
		last[a.session] = a.timestamp
	}
}

// checkIDs fails where an event had two ids, or two events one.
func checkIDs(t *testing.T, as []arrival) {
	t.Helper()
	idOf, eventOf := map[int]string{}, map[string]int{}
	for _, a := range as {
		if id, ok := idOf[a.timestamp]; ok && id != a.id {
			t.Fatalf("event %d came with two ids: %s and %s", a.timestamp, id, a.id)
		}
		if n, ok := eventOf[a.id]; ok && n != a.timestamp {
			t.Fatalf("events %d and %d have one id: %s", n, a.timestamp, a.id)
		}
		idOf[a.timestamp], eventOf[a.id] = a.id, a.timestamp
	}
}
