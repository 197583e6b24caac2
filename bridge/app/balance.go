package app

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tailpost/tailpost/bridge/ingest"
	"github.com/tailpost/tailpost/bridge/spool"
)

// Balance is what became of all lines and events, as a state directory has it
// at one moment. No term is a difference of others.
type Balance struct {
	Sources    []SourceBalance    `json:"sources"`    // all that were ever read, by name
	Given      uint64             `json:"given"`      // numbers given out, to events
	Recipients []RecipientBalance `json:"recipients"` // all that are known, by name
	Problems   []string           `json:"problems"`   // sums that don't fit, in words
}

// SourceBalance is what became of a source's lines.
type SourceBalance struct {
	Source string `json:"source"`
	ingest.Totals
}

// RecipientBalance is what became of the events since a recipient's first
// number.
type RecipientBalance struct {
	Recipient string `json:"recipient"`
	Paused    bool   `json:"paused"`
	First     string `json:"first"` // its first number, in hex
	Events    uint64 `json:"events"`
	Delivered uint64 `json:"delivered"`
	Waiting   uint64 `json:"waiting"`
	Dead      uint64 `json:"dead"`
	Dropped   uint64 `json:"dropped"`
	Filtered  uint64 `json:"filtered"`
	Skipped   uint64 `json:"skipped"`
	Damaged   uint64 `json:"damaged"`
}

// Audit gives the balance of a state directory. It takes no lock: the bridge
// may be running or not.
func Audit(stateDir string) (*Balance, error) {
	v, err := spool.Look(stateDir)
	if err != nil {
		return nil, err
	}
	b := &Balance{Given: v.Given, Problems: []string{}}
	if err := b.sources(v); err != nil {
		return nil, err
	}
	for _, r := range v.Recipients {
		b.recipient(r)
	}
	if v.NoJournal {
		b.wrong("no journal can be read: what the recipients have had is not known, and a start sends again all that the spool holds")
	}
	if v.NoSegments {
		b.wrong("the journal knows of events, and no segment is left: what was waiting and the sources' positions are gone")
	}
	if len(b.Problems) > 0 {
		err = b.locate(stateDir, v)
	}
	return b, err
}

func (b *Balance) wrong(format string, args ...any) {
	b.Problems = append(b.Problems, fmt.Sprintf(format, args...))
}

func (b *Balance) sources(v *spool.View) error {
	gave := int64(0)
	for _, name := range slices.Sorted(maps.Keys(v.Sources)) {
		t, err := ingest.TotalsOf(v.Sources[name])
		if err != nil {
			return fmt.Errorf("source %s: %w", name, err)
		}
		b.Sources = append(b.Sources, SourceBalance{name, t})
		gave += t.Events
		if t.Read != t.Sum() {
			b.wrong("source %s: %d lines were read, and %d are accounted for", name, t.Read, t.Sum())
		}
	}
	if uint64(gave) != v.Given {
		b.wrong("the sources gave %d events, and %d numbers were given out", gave, v.Given)
	}
	return nil
}

func (b *Balance) recipient(r spool.RecipientView) {
	s := &r.Stats
	b.Recipients = append(b.Recipients, RecipientBalance{
		Recipient: r.Name, Paused: r.Paused, First: fmt.Sprintf("%x", s.First), Events: s.Given,
		Delivered: s.Delivered, Waiting: s.Waiting, Dead: s.Dead, Dropped: s.Dropped, Filtered: s.Filtered,
		Skipped: s.Skipped, Damaged: s.Damaged,
	})
	if s.Given != s.Sum() {
		b.wrong("recipient %s: %d events were given out since its first number, %x, and %d are accounted for", r.Name, s.Given, s.First, s.Sum())
	}
}
