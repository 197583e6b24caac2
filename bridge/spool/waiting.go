package spool

import (
	"errors"
	"fmt"
)

// ReadWaiting gives the events that wait for a recipient, in the order of
// their numbers, whether it asked for them or not: filters are dispatch's. Like
// ReadEvents it takes no lock; what is settled while it reads may be among
// them. A name that is not known is ErrNoRecipient.
func ReadWaiting(dir, recipient string, each func(number uint64, event []byte) error) error {
	return readWaiting(OS(), dir, recipient, each)
}

func readWaiting(fsys FS, dir, recipient string, each func(number uint64, event []byte) error) error {
	r, err := lookJournal(fsys, dir)
	for tries := 1; errors.Is(err, errDeleted) && tries < lookTries; tries++ {
		r, err = lookJournal(fsys, dir)
	}
	if err != nil {
		return err
	}
	for _, p := range r.recipients {
		if p.name == recipient {
			return readEvents(fsys, dir, func(number uint64, event []byte) error {
				if !p.waits(number) {
					return nil
				}
				return each(number, event)
			})
		}
	}
	return fmt.Errorf("recipient %s: %w", recipient, ErrNoRecipient)
}

// waits reports whether an event that stands in the spool waits for the
// recipient, as far as it is known.
func (p *progress) waits(number uint64) bool {
	if _, ok := p.parked[number]; ok {
		return true
	}
	return number >= p.frontier().number && !p.settled.has(number) && !p.skipped(number)
}
