package tail

import (
	"errors"
	"sync"

	"golang.org/x/sys/unix"
)

// room bounds how many files a source holds open. Safe for concurrent use.
type room struct {
	mu        sync.Mutex
	max, used int // max 0: no bound
}

var errNoRoom = errors.New("too many files are held")

func newRoom(n int) *room { return &room{max: n} }

const (
	mostHeld  = 512
	leastHeld = 8
)

// heldByDefault is a quarter of the files that the process may have open,
// mostHeld at most.
func heldByDefault() int {
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		return leastHeld
	}
	return int(max(leastHeld, min(mostHeld, uint64(lim.Cur)/4)))
}

// take reports whether there was room for one more.
func (r *room) take() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.max > 0 && r.used >= r.max {
		return false
	}
	r.used++
	return true
}

func (r *room) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used--
}
