package spool

import (
	"cmp"
	"errors"
	"slices"

	"github.com/tailpost/tailpost/bridge"
)

// Stand is how far a recipient has come with one event.
type Stand string

// The stands, as the journal can tell them apart. Of what has ended below the
// frontier it doesn't keep how.
const (
	StandBefore  Stand = "before"  // it was accepted before the recipient was there
	StandSkipped Stand = "skipped" // it was accepted while the recipient was disabled, or was given up
	StandEnded   Stand = "ended"
	StandParked  Stand = "parked"  // it waits aside: it fails, or an earlier one of its session does
	StandWaiting Stand = "waiting" // its turn is to come, or it fails in its turn
)

// Fate is what the journal knows of one event and one recipient.
type Fate struct {
	Recipient string
	Number    uint64
	Stand     Stand
	Try       *bridge.Try // of its failed attempts, while it waits; nil: none
	Replay    bool        // it was a dead letter, and waits again
	Paused    bool        // the recipient is, by a person
	Disabled  bool        // the recipient is, by its settings
}

// ReadFates gives what each recipient that the journal knows has to do with
// these events, by number and recipient. It takes no lock: the bridge may be
// running or not.
func ReadFates(dir string, numbers []uint64) ([]Fate, error) { return readFates(OS(), dir, numbers) }

func readFates(fsys FS, dir string, numbers []uint64) ([]Fate, error) {
	r, err := lookJournal(fsys, dir)
	for tries := 1; errors.Is(err, errDeleted) && tries < lookTries; tries++ {
		r, err = lookJournal(fsys, dir)
	}
	if err != nil {
		return nil, err
	}
	var out []Fate
	for _, p := range r.recipients {
		for _, n := range numbers {
			out = append(out, p.fate(n))
		}
	}
	slices.SortFunc(out, func(a, b Fate) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Recipient, b.Recipient))
	})
	return out, nil
}

func (p *progress) fate(number uint64) Fate {
	f := Fate{Recipient: p.name, Number: number, Paused: p.paused, Disabled: p.off.on}
	e, parked := p.parked[number]
	switch {
	case parked:
		f.Stand, f.Try, f.Replay = StandParked, e.try, e.replay
	case number < p.first:
		f.Stand = StandBefore
	case p.settled.has(number):
		f.Stand = StandEnded
	case p.skipped(number):
		f.Stand = StandSkipped
	case number < p.frontier().number:
		f.Stand = StandEnded
	default:
		f.Stand = StandWaiting
		if t, ok := p.tries[number]; ok {
			f.Try = &t
		}
	}
	return f
}
