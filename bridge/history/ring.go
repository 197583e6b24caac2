package history

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
)

// Dir is the folder in the state directory.
const Dir = "history"

const (
	limitDefault = 64 << 20
	fileParts    = 8       // a file is at most so large a part of the limit
	filesMax     = 256     // however small they are
	queueMax     = 1 << 20 // bytes that wait to be written
	queueSoon    = 64 << 10
	spareMost    = 128 << 10 // bytes that are kept from one writing to the next
	writeEvery   = 250 * time.Millisecond
)

var errNoRoom = errors.New("the disk is nearly full")

// Options is what a Ring needs. All but Dir may be left out.
type Options struct {
	Dir   string      // of the state
	Limit int64       // bytes of all files; 0: 64 MiB
	Room  func() bool // whether there is disk space for such as this; nil: there is
	Log   zerolog.Logger
}

// Stats counts since the start.
type Stats struct {
	Kept    int // attempts that were taken to be written
	Dropped int // attempts that found no room, on disk or in the queue
	Failing string
}

// Ring writes attempts down. It is a bridge.Watcher: its methods may be called
// by several goroutines and don't block. What they give is written while Run
// runs.
type Ring struct {
	o    Options
	wake chan struct{} // something is there to be written
	soon chan struct{} // much of it

	mu       sync.Mutex // guards what follows
	tails    tails
	enc      *encoder // nil: a file begins with the next record
	fileSize int64    // of the file that enc writes
	queue    []chunk
	queued   int    // bytes in it
	spare    []byte // room for a chunk
	stats    Stats
}

// chunk is bytes for one file.
type chunk struct {
	begins   bool // a new file
	b        []byte
	attempts int
}

var _ bridge.Watcher = (*Ring)(nil)

// New makes a ring; it opens no file.
func New(o Options) *Ring {
	if o.Limit <= 0 {
		o.Limit = limitDefault
	}
	return &Ring{o: o, wake: make(chan struct{}, 1), soon: make(chan struct{}, 1), tails: tails{budget: tailBurst, at: time.Now()}}
}

// Attempted is bridge.Watcher's.
func (r *Ring) Attempted(a bridge.Attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, write := r.tails.take(&a)
	if !write {
		return
	}
	for i := range before {
		r.putLocked(&before[i])
	}
	r.putLocked(&a)
}

// Failing is bridge.Watcher's.
func (r *Ring) Failing(string, int) {}

// Stats may be called by any goroutine.
func (r *Ring) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats
}

func (r *Ring) putLocked(a *bridge.Attempt) {
	if r.queued > queueMax-recordMost {
		r.stats.Dropped++
		return
	}
	if r.enc == nil || r.fileSize > r.o.Limit/fileParts-recordMost {
		c := chunk{begins: true}
		r.enc, c.b = newEncoder(r.spare[:0])
		r.spare = nil
		r.fileSize = 0
		r.queue = append(r.queue, c)
		r.queued += len(c.b)
	} else if len(r.queue) == 0 {
		r.queue = append(r.queue, chunk{b: r.spare[:0]})
		r.spare = nil
	}
	c := &r.queue[len(r.queue)-1]
	was := len(c.b)
	c.b = r.enc.attempt(c.b, a)
	c.attempts++
	r.fileSize += int64(len(c.b) - was)
	r.queued += len(c.b) - was
	r.stats.Kept++
	signal(r.wake)
	if r.queued >= queueSoon {
		signal(r.soon)
	}
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run writes until ctx ends, and then what is left. It returns nil: what can't
// be written is counted, and nothing waits for it.
func (r *Ring) Run(ctx context.Context) error {
	f := files{dir: r.o.Dir, limit: r.o.Limit}
	defer f.close()
	for {
		select {
		case <-ctx.Done():
			r.mu.Lock()
			for _, a := range r.tails.rest() {
				r.putLocked(&a)
			}
			r.mu.Unlock()
			r.write(&f)
			return nil
		case <-r.wake:
		}
		timer := time.NewTimer(writeEvery)
		select {
		case <-ctx.Done():
		case <-r.soon:
		case <-timer.C:
		}
		timer.Stop()
		r.write(&f)
	}
}

// write writes what waits. What can't be written is dropped, and with it the
// file: the texts of later records may stand in what is lost.
func (r *Ring) write(f *files) {
	r.mu.Lock()
	queue := r.queue
	r.queue, r.queued = nil, 0
	r.mu.Unlock()
	if len(queue) == 0 {
		return
	}
	room := r.o.Room == nil || r.o.Room()
	dropped, failing := 0, ""
	for _, c := range queue {
		err := errNoRoom
		if room {
			err = f.put(c)
		}
		if err != nil {
			f.leave()
			dropped += c.attempts
			failing = err.Error()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if dropped > 0 && f.left() {
		r.leaveLocked()
	}
	r.stats.Dropped += dropped
	r.stats.Kept -= dropped
	if b := queue[0].b; cap(b) <= spareMost {
		r.spare = b
	}
	r.sayLocked(failing)
}

// leaveLocked makes the next record begin a file, and drops what waits for
// the one that was left.
func (r *Ring) leaveLocked() {
	r.enc = nil
	for len(r.queue) > 0 && !r.queue[0].begins {
		r.stats.Dropped += r.queue[0].attempts
		r.stats.Kept -= r.queue[0].attempts
		r.queued -= len(r.queue[0].b)
		r.queue = r.queue[1:]
	}
}

// sayLocked notes why writing fails, "" if it doesn't, and logs a change.
func (r *Ring) sayLocked(failing string) {
	if failing == r.stats.Failing {
		return
	}
	r.stats.Failing = failing
	if failing != "" {
		r.o.Log.Warn().Str("why", failing).Msg("attempts can't be written down for tailpost why; deliveries go on")
		return
	}
	r.o.Log.Info().Msg("attempts are written down again")
}
