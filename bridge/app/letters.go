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
	f := newLetterFilter(which)
	return spool.ReadDead(stateDir, func(d spool.DeadLetter) error {
		l, ok, err := f.take(d)
		if err != nil || !ok {
			return err
		}
		return each(l)
	})
}

// letterFilter takes the letters that are chosen, and notes the ids it has
// seen.
type letterFilter struct {
	which admin.Letters
	ids   map[bridge.ID]bool // whether it was seen
}

func newLetterFilter(which admin.Letters) *letterFilter {
	f := &letterFilter{which: which, ids: make(map[bridge.ID]bool, len(which.IDs))}
	for _, id := range which.IDs {
		f.ids[id] = false
	}
	return f
}

func (f *letterFilter) take(d spool.DeadLetter) (l dispatch.Letter, ok bool, err error) {
	if l, err = dispatch.DecodeLetter(d.Letter); err != nil {
		return l, false, fmt.Errorf("dead letter %x of %s: %w", d.Number, d.Recipient, err)
	}
	w := &f.which
	if w.Recipient != "" && l.Recipient != w.Recipient || w.Event != "" && l.Event != w.Event || l.Died.Before(w.Since) {
		return l, false, nil
	}
	if _, named := f.ids[l.ID]; named {
		f.ids[l.ID] = true
	} else if len(f.ids) > 0 {
		return l, false, nil
	}
	return l, true, nil
}

// missing gives the ids that were named and not seen.
func (f *letterFilter) missing() (out []bridge.ID) {
	for _, id := range f.which.IDs {
		if !f.ids[id] {
			out = append(out, id)
		}
	}
	return out
}
