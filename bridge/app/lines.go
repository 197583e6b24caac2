package app

import (
	"fmt"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/ingest"
	"github.com/tailpost/tailpost/bridge/spool"
)

// Lines gives the quarantined lines in a state directory that are chosen,
// those whose segments are gone first. It takes no lock. An error of each ends
// it and is given back.
func Lines(stateDir string, which admin.Lines, each func(ingest.QuarantinedLine) error) error {
	numbers := make(map[uint64]bool, len(which.Numbers))
	for _, n := range which.Numbers {
		numbers[uint64(n)] = true
	}
	return spool.ReadQuarantine(stateDir, func(q spool.QuarantinedLine) error {
		if which.Source != "" && q.Source != which.Source || len(numbers) > 0 && !numbers[q.Number] {
			return nil
		}
		l, err := ingest.DecodeLine(q.Line)
		if err != nil {
			return fmt.Errorf("quarantined line %s of %s: %w", LineName(q.Number), q.Source, err)
		}
		if l.Time.Before(which.Since) {
			return nil
		}
		return each(ingest.QuarantinedLine{Number: q.Number, Line: l})
	})
}

// LineName is how a quarantined line is called: its number in hex.
func LineName(number uint64) string { return admin.LineNumber(number).String() }
