package app

import (
	"fmt"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/spool"
)

// Letters gives the dead letters in a state directory that are chosen, oldest
// first. It takes no lock. An error of each ends it and is given back.
func Letters(stateDir string, which admin.Letters, each func(dispatch.Letter) error) error {
	ids := make(map[bridge.ID]bool, len(which.IDs))
	for _, id := range which.IDs {
		ids[id] = true
	}
	return spool.ReadDead(stateDir, func(d spool.DeadLetter) error {
		l, err := dispatch.DecodeLetter(d.Letter)
		if err != nil {
			return fmt.Errorf("dead letter %x of %s: %w", d.Number, d.Recipient, err)
		}
		if which.Recipient != "" && l.Recipient != which.Recipient || which.Event != "" && l.Event != which.Event ||
			l.Died.Before(which.Since) || len(ids) > 0 && !ids[l.ID] {
			return nil
		}
		return each(l)
	})
}
