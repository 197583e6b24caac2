package spool

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
)

// journal is what the recipients have done: two files, written in turn. The
// one in use begins with a checkpoint of every recipient; facts follow, each
// in one write, until the file is full or fails. Then the other one is
// written anew, synced, and takes over.
//
// What can't be recorded doesn't happen: a fact that could not be written is
// not applied.
type journal struct {
	fs         FS
	dir        string // the state directory
	size       int64  // of each file
	maxParked  int
	retryEvery time.Duration
	log        zerolog.Logger

	mu    sync.Mutex
	files [2]File
	cur   int // which of them is in use
	head  fileHead
	off   int64 // where the next fact goes
	room  int64 // it ends here: at the file's length, or at size if that is more
	// broken says why the file in use takes no more facts: a write or a sync
	// of it failed, or its successor could not be finished. Only a new file
	// helps.
	broken  error
	closed  bool
	said    string // the failure that was logged last; empty: none since it worked
	cause   string // of that
	dirty   bool   // facts were written since the last sync
	touched chan struct{}
	passed  chan struct{} // see runPassed
	syncing sync.Mutex    // one sync at a time; taken before mu
	buf     []byte

	handles    uint32 // the next one to be given, at least
	recipients map[uint32]*progress
	byName     map[string]*progress
	unknown    []raw            // of a newer version, kept as they are
	parked     int              // over all recipients
	parkedIn   map[uint64]tally // by segment

	pulse bridge.Pulse // of run; a step is a sync
}

// tally is what recipients have parked in one segment. An event that two have
// parked counts twice.
type tally struct {
	events int
	bytes  int64
}

// record writes a fact and applies it. It tries again every retryEvery until
// the fact is written or ctx ends. apply runs with the mutex held; ask, if
// there is one, too, and before: where it says no, nothing is written.
func (j *journal) record(ctx context.Context, f frame, payload []byte, ask func() bool, apply func()) (bool, error) {
	return j.recordAll(ctx, func(b []byte, s salt) []byte { return appendFrame(b, s, f, payload) }, ask, apply)
}

// recordAll is record for several facts that count together; frames appends
// them.
func (j *journal) recordAll(ctx context.Context, frames func(b []byte, s salt) []byte, ask func() bool, apply func()) (bool, error) {
	for {
		j.mu.Lock()
		if ask != nil && !ask() {
			j.mu.Unlock()
			return false, nil
		}
		err := j.writeAllLocked(frames)
		if err == nil {
			apply()
		}
		j.mu.Unlock()
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, ErrClosed):
			return false, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(j.retryEvery):
		}
	}
}

// writeLocked is writeAllLocked for one fact.
func (j *journal) writeLocked(f frame, payload []byte) error {
	return j.writeAllLocked(func(b []byte, s salt) []byte { return appendFrame(b, s, f, payload) })
}

// writeAllLocked writes facts with one call, into a new file if the one in use
// is full or has failed. It makes one such try and one more; then it gives up
// for now.
func (j *journal) writeAllLocked(frames func(b []byte, s salt) []byte) (err error) {
	j.buf = frames(j.buf[:0], j.head.salt)
	for range 2 {
		if j.broken != nil || j.off+int64(len(j.buf)) > j.room {
			if err = j.renewLocked(); err != nil {
				continue
			}
			j.buf = frames(j.buf[:0], j.head.salt)
			if j.off+int64(len(j.buf)) > j.room {
				err = fmt.Errorf("journal: no room for %d bytes behind the checkpoints", len(j.buf))
				break
			}
		}
		if _, err = j.files[j.cur].WriteAt(j.buf, j.off); err == nil {
			j.off += int64(len(j.buf))
			if cap(j.buf) > bufferMost {
				j.buf = nil
			}
			j.touchLocked()
			j.sayLocked(nil)
			return nil
		}
		j.broken = fmt.Errorf("write journal: %w", err)
	}
	j.sayLocked(err)
	return err
}

func (j *journal) touchLocked() {
	if !j.dirty {
		j.dirty = true
		select {
		case j.touched <- struct{}{}:
		default:
		}
	}
}

// sayLocked logs a failure when it begins or changes, and its end.
func (j *journal) sayLocked(err error) {
	switch {
	case err == nil && j.said != "":
		j.log.Info().Msg("the journal can be written again")
		j.said, j.cause = "", ""
	case err != nil && j.cause != cause(err) && !j.closed:
		j.said, j.cause = withAdvice(err), cause(err)
		j.log.Error().Err(err).Str("hint", advice(err)).Dur("retry_every", j.retryEvery).Msg("the journal can't be written; deliveries wait")
	}
}

// syncDelay is how long a fact may wait for its sync. A kill costs none of
// them, a power cut those of this time: their events are sent again.
const syncDelay = 50 * time.Millisecond

// run syncs what is written, until ctx ends.
func (j *journal) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-j.touched:
		}
		wait := syncDelay
		for pending := true; pending; {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
			j.pulse.Work()
			pending = j.sync() != nil
			j.pulse.Wait()
			wait = j.retryEvery
		}
	}
}

// sync must not return nil until all facts written before it was called are
// durable. A file whose sync failed is not synced again: all that is known
// goes into the other one.
func (j *journal) sync() error {
	j.syncing.Lock()
	defer j.syncing.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken == nil {
		if !j.dirty {
			return nil
		}
		f, generation := j.files[j.cur], j.head.first
		j.dirty = false
		j.mu.Unlock()
		err := f.Sync()
		j.mu.Lock()
		if err == nil || j.head.first != generation && j.broken == nil {
			return nil
		}
		j.broken, j.dirty = fmt.Errorf("sync journal: %w", err), true
	}
	err := j.renewLocked()
	j.sayLocked(err)
	return err
}

// close closes the files.
func (j *journal) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	closeFiles(j.files[:])
	j.files, j.closed, j.broken = [2]File{}, true, ErrClosed
}
