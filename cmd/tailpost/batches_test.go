package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// batchCounter is an HTTP receiver of batches. It answers what answer says,
// asked with the events' lines.
type batchCounter struct {
	*httptest.Server
	answer func(lines []int) int

	mu       sync.Mutex
	taken    map[int]int    // times, by line
	batches  map[string]int // times taken, by webhook-id
	contents map[string]string
	largest  int
	wrong    []string
	last     map[string]int // the last line of a session
}

func newBatchCounter(t *testing.T, answer func([]int) int) *batchCounter {
	t.Helper()
	c := &batchCounter{answer: answer, taken: map[int]int{}, batches: map[string]int{}, contents: map[string]string{}, last: map[string]int{}}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *batchCounter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // cut off by a kill
	}
	var events []struct {
		ID        string `json:"id"`
		Session   string `json:"lsid"`
		Timestamp int    `json:"timestamp"`
	}
	if err := json.Unmarshal(body, &events); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var lines []int
	for _, e := range events {
		lines = append(lines, e.Timestamp)
	}
	id, members := r.Header.Get("webhook-id"), fmt.Sprint(lines)
	if was, ok := c.contents[id]; ok && was != members {
		c.wrong = append(c.wrong, fmt.Sprintf("%s is %s, and was %s", id, members, was))
	}
	c.contents[id] = members
	status := http.StatusOK
	if c.batches[id] == 0 { // else it knows the batch, as receivers should
		status = c.answer(lines)
	}
	if status == http.StatusOK {
		c.batches[id]++
		c.largest = max(c.largest, len(lines))
		for _, e := range events {
			if c.taken[e.Timestamp]++; c.taken[e.Timestamp] > c.batches[id] {
				c.wrong = append(c.wrong, fmt.Sprintf("%d is taken again, in %s, under another id", e.Timestamp, members))
			}
			if c.taken[e.Timestamp] == 1 && e.Timestamp < c.last[e.Session] {
				c.wrong = append(c.wrong, fmt.Sprintf("%d of session %s comes after %d", e.Timestamp, e.Session, c.last[e.Session]))
			}
			c.last[e.Session] = max(c.last[e.Session], e.Timestamp)
		}
	}
	w.WriteHeader(status)
}

func (c *batchCounter) distinct() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.taken)
}

// TestKillWithBatches kills the bridge again and again while batches are under
// way, to a receiver that fails now and then and refuses some events for ever.
// Nothing is lost, sessions are in order, and what comes twice comes in the
// same batch under the same id, so that a receiver can tell.
func TestKillWithBatches(t *testing.T) {
	t.Parallel()
	for _, order := range []string{"session", "strict"} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			const kills, lines, most, inFlight = 5, 4000, 50, 4
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			rnd := rand.New(rand.NewPCG(seed, 1))
			refused := func(line int) bool { return line%1000 == 777 && order == "session" }

			luck := rand.New(rand.NewPCG(seed, 2)) // asked with the counter's mutex
			c := newBatchCounter(t, func(got []int) int {
				switch n := luck.IntN(20); {
				case slices.ContainsFunc(got, refused):
					return http.StatusUnprocessableEntity
				case n == 0:
					return http.StatusServiceUnavailable
				case n == 1:
					return http.StatusInternalServerError
				}
				return http.StatusOK
			})
			s := newSite(t, fmt.Sprintf(`[[recipients.http]]
name             = "batches"
url              = "%s/"
body             = "json"
order            = "%s"
batch_max_events = %d
max_in_flight    = %d
retry_interval   = "50ms"
give_up          = [422]
`, c.URL, order, most, inFlight))
			session := func(n int) string { return fmt.Sprint("s", n%300) }
			for range kills {
				p := s.run()
				s.appendLines(lines/kills, session)
				more := c.distinct() + 1 + rnd.IntN(lines/kills-10)
				wait(t, "some lines to arrive", func() bool { return c.distinct() >= min(more, s.lines-5) })
				p.kill()
			}
			poison := 0
			for n := range lines + 1 {
				if refused(n) {
					poison++
				}
			}
			p := s.run()
			wait(t, "all lines to arrive", func() bool { return c.distinct() == lines-poison })
			p.stop()

			c.mu.Lock()
			defer c.mu.Unlock()
			repeated := 0
			for _, times := range c.batches {
				repeated += times - 1
			}
			if repeated > kills*inFlight || c.largest < most/2 {
				t.Errorf("%d batches repeated after %d kills with %d in flight; the largest holds %d", repeated, kills, inFlight, c.largest)
			}
			t.Logf("%d lines in %d batches, %d kills: 0 lost, %d batches repeated", lines, len(c.batches), kills, repeated)
			if len(c.wrong) > 0 {
				t.Error(strings.Join(c.wrong[:min(5, len(c.wrong))], "\n"))
			}
		})
	}
}
