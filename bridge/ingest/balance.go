package ingest

import "github.com/tailpost/tailpost/bridge"

// Sum adds up what became of the lines: it is Read, or the balance is wrong.
func (t *Totals) Sum() int64 { return t.Parsed + t.Ignored + t.Quarantined + t.Open }

// TotalsOf gives the totals that a source's durable state holds.
func TotalsOf(state []bridge.Entry) (Totals, error) {
	s, err := splitState(state)
	return s.totals, err
}
