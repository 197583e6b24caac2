package spool

import (
	"fmt"
	"path/filepath"

	"github.com/tailpost/tailpost/bridge/codec"
)

// struck is where the letters end that count no longer: by recipient and
// number, the place of the newest frame that strikes one out.
type struck map[string]map[uint64]struckAt

// struckAt is the place of a strike: its file, by its place in the row, and
// the file's epoch.
type struckAt struct {
	file, epoch uint64
	at          span
}

// covers reports whether a letter stands before the frame that strikes it out.
func (st struck) covers(recipient string, r stored) bool {
	by, ok := st[recipient][r.number]
	return ok && (r.file < by.file || r.file == by.file && r.at.from < by.at.from)
}

func (st struck) add(r stored) {
	p := readerOf(r.payload)
	name := string(p.Sized())
	if p.Err != nil {
		return
	}
	if st[name] == nil {
		st[name] = make(map[uint64]struckAt)
	}
	st[name][r.number] = struckAt{file: r.file, epoch: r.epoch, at: r.at}
}

// unsure gives the strikes of the last life in which there were any, by the
// file's place in the row: they may stand in the page cache alone.
func (st struck) unsure() map[uint64][]span {
	spans, epoch := make(map[uint64][]span), uint64(0)
	for _, of := range st {
		for _, r := range of {
			if r.epoch > epoch {
				epoch = r.epoch
				clear(spans)
			}
			if r.epoch == epoch {
				spans[r.file] = append(spans[r.file], r.at)
			}
		}
	}
	return spans
}

// readStruck gives what is struck out among the dead letters.
func readStruck(fsys FS, dir string) (struck, error) {
	out := make(struck)
	_, err := readStoreKind(fsys, filepath.Join(dir, deadDir), magicDead, kindStruck, func(r stored) error { out.add(r); return nil })
	if err != nil {
		return nil, fmt.Errorf("read dead letters: %w", err)
	}
	return out, nil
}

func strike(recipient string, number uint64) stored {
	return stored{kind: kindStruck, number: number, payload: codec.AppendSized(nil, recipient)}
}

// strikeOut makes durable that letters count no longer. It makes one such try
// and one more, into another file.
func (s *Spool) strikeOut(rs []revival) error {
	out := make([]stored, len(rs))
	for i, r := range rs {
		out[i] = strike(r.p.name, r.event.number)
	}
	put := func() error { return s.wayOut(func() error { return s.dead.put(out) }) }
	if put() == nil {
		return nil
	}
	return put()
}

// strikeLeft strikes out the letters of what is parked already, and only then
// gives it to the queues. Where that fails nobody can tell which of the two a
// start would find, letter or strike, and either will do: the event is held
// until a strike is durable. The caller holds revising.
func (s *Spool) strikeLeft() error {
	if len(s.unstruck) == 0 {
		return nil
	}
	if err := s.strikeOut(s.unstruck); err != nil {
		return err
	}
	s.tellRevived(s.unstruck)
	s.unstruck = nil
	return nil
}

// strikeAgain is strikeLeft for retention, which waits for nobody.
func (s *Spool) strikeAgain() {
	if !s.revising.TryLock() {
		return
	}
	defer s.revising.Unlock()
	_ = s.strikeLeft() // who asked for it was told
	s.strikeOwed()
}
