//go:build torture

package torture

import (
	"fmt"
	"net/http"
	"time"
)

// mood is what a receiver is like for a while.
type mood int

const (
	well mood = iota
	refusing
	dead
)

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
