package spool

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/tailpost/tailpost/bridge/codec"
)

// DeadLetter is an event that a recipient will not be sent again by itself,
// as dispatch wrote it.
type DeadLetter struct {
	Recipient string
	Number    uint64 // the event's
	Time      time.Time
	Letter    []byte
}

func appendLetter(b []byte, l DeadLetter) []byte {
	b = codec.AppendSized(b, l.Recipient)
	b = codec.AppendTime(b, l.Time)
	return append(b, l.Letter...)
}

func parseLetter(r stored) (DeadLetter, bool) {
	p := readerOf(r.payload)
	l := DeadLetter{Number: r.number, Recipient: string(p.Sized()), Time: p.Time()}
	l.Letter = p.Rest
	return l, r.kind == kindLetter && p.Err == nil
}

// bury makes a dead letter durable, or says why it can't.
func (s *Spool) bury(recipient string, number uint64, letter []byte) error {
	r := s.letter(recipient, number, letter)
	if len(r.payload) > payloadMost {
		return fmt.Errorf("a dead letter of %d bytes: %w", len(r.payload), ErrTooBig)
	}
	err := s.putLetters(recipient, []stored{r})
	said := ""
	if err != nil {
		said = err.Error()
	}
	s.mu.Lock()
	was := s.buryFails
	s.buryFails = said
	s.mu.Unlock()
	if said != "" && said != was {
		s.o.Log.Error().Err(err).Str("hint", advice(err)).Str("recipient", recipient).Msg("a dead letter can't be written; its event is tried on")
	}
	return err
}

// letterKey is what a letter is known by.
type letterKey struct {
	recipient string
	number    uint64
}

// putLetters makes letters durable. Those whose write fails may be read all the
// same.
func (s *Spool) putLetters(recipient string, rs []stored) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	err := s.wayOut(func() error { return s.dead.put(rs) })
	for _, r := range rs {
		if k := (letterKey{recipient, r.number}); err != nil {
			s.owed[k] = strike(recipient, r.number)
		} else {
			delete(s.owed, k)
		}
	}
	return err
}

// strikeOwed strikes out letters whose write failed, and whose events have
// ended otherwise since. While an event waits its letter does no harm: a start
// that finds it may take it for what counts.
func (s *Spool) strikeOwed() {
	s.writing.Lock()
	defer s.writing.Unlock()
	var ended []letterKey
	var strikes []stored
	for k, r := range s.owed {
		s.journal.mu.Lock()
		p := s.journal.byName[k.recipient]
		waits := p != nil && p.waits(k.number)
		s.journal.mu.Unlock()
		if !waits {
			ended, strikes = append(ended, k), append(strikes, r)
		}
	}
	if len(ended) == 0 || s.dead.put(strikes) != nil {
		return
	}
	for _, k := range ended {
		delete(s.owed, k)
	}
}

// letter gives a dead letter as it is stored.
func (s *Spool) letter(recipient string, number uint64, letter []byte) stored {
	l := DeadLetter{Recipient: recipient, Time: time.Now(), Letter: letter}
	return stored{kind: kindLetter, number: number, payload: appendLetter(nil, l)}
}

// ReadDead gives each dead letter in a state directory, oldest first, each
// once, without those that were replayed or dropped. It takes no lock: the bridge may be running or not. Letter is valid
// until each returns; an error of each ends it and is given back.
func ReadDead(dir string, each func(DeadLetter) error) error { return readDead(OS(), dir, each) }

func readDead(fsys FS, dir string, each func(DeadLetter) error) error {
	_, err := scanDead(fsys, dir, func(stored) {}, func(l DeadLetter, _ stored) error { return each(l) })
	return err
}

// scanDead gives each dead letter with its record, and damage.
func scanDead(fsys FS, dir string, damage func(stored), each func(DeadLetter, stored) error) (epoch uint64, err error) {
	out, err := readStruck(fsys, dir)
	if err != nil {
		return 0, err
	}
	return scanLetters(fsys, dir, out, damage, each)
}

func scanLetters(fsys FS, dir string, out struck, damage func(stored), each func(DeadLetter, stored) error) (epoch uint64, err error) {
	seen := make(map[string]*numberSet)
	epoch, err = readStoreKind(fsys, filepath.Join(dir, deadDir), magicDead, kindLetter, func(r stored) error {
		if r.kind == 0 {
			damage(r)
			return nil
		}
		l, ok := parseLetter(r)
		if !ok || out.covers(l.Recipient, r) {
			return nil
		}
		known := seen[l.Recipient]
		if known == nil {
			known = new(numberSet)
			seen[l.Recipient] = known
		}
		if known.has(l.Number) {
			return nil // a write that failed and was made again
		}
		known.add(l.Number)
		return each(l, r)
	})
	if err != nil {
		return epoch, fmt.Errorf("read dead letters: %w", err)
	}
	return epoch, nil
}
