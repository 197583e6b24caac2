package spool

import (
	"errors"
	"sync"
)

// spare holds blocks of the disk that nothing is written to: a file that goes
// when the disk is full and something has to be written on the way out (the
// head behind which a settled segment can go, a parked event that moves, a dead
// letter, a quarantined line). It is made anew once there is room. What it
// holds means nothing, so a crash can't hurt it.
type spare struct {
	fs   FS
	path string
	size int64 // bytes; of max_bytes as many are left out for the way out

	mu   sync.Mutex
	held bool
}

const (
	spareName  = "spare"
	spareLeast = 16 << 10
)

// spareBytes is an eighth of a segment: what may be moved out of one is less.
func spareBytes(segment int64) int64 { return max(spareLeast, segment/8) &^ (blockSize - 1) }

// find takes over the file that an earlier process has left.
func (sp *spare) find() {
	f, err := sp.fs.Open(sp.path, false)
	if err != nil {
		return
	}
	defer f.Close()
	size, err := f.Size()
	sp.held = err == nil && size == sp.size
	if !sp.held {
		_ = sp.fs.Remove(sp.path)
	}
}

// take gives the blocks back to the file system. It reports whether there were
// any.
func (sp *spare) take() bool {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	if !sp.held {
		return false
	}
	sp.held = sp.fs.Remove(sp.path) != nil
	return !sp.held
}

// make takes blocks again where there are none. An error means that there is
// no room, or that the disk fails, which shows wherever something is written.
func (sp *spare) make() error {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	if sp.held {
		return nil
	}
	f, err := sp.fs.Create(sp.path)
	if err != nil {
		return err
	}
	err = f.Allocate(sp.size)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = sp.fs.Remove(sp.path)
		return err
	}
	sp.held = true
	return nil
}

// keepSpare makes the spare blocks where there is more room than the spool
// needs to take lines.
func (s *Spool) keepSpare() {
	if free, least := s.freeSpace(); free < 0 || free-2*s.spare.size >= least {
		_ = s.spare.make()
	}
}

// wayOut does something that needs room on the disk so that events can go; if
// there is none, once more in the place of the spare blocks.
func (s *Spool) wayOut(do func() error) error {
	err := do()
	if full := (*fullError)(nil); errors.As(outOfSpace(err), &full) && full.err != nil && s.spare.take() {
		err = do()
	}
	return err
}
