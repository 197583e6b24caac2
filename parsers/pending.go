package parsers

import (
	"fmt"
	"slices"

	"github.com/tailpost/tailpost/bridge"
)

// pending collects what changed in a parser's state since it was last saved.
type pending struct {
	format  string // for the first entry
	changed map[string][]byte
	saved   map[string]struct{} // the keys that the durable map holds
}

// formatKey is the entry that names format and version of the others. It
// sorts before them.
const formatKey = "!"

// stateVersion changes whenever the meaning of an entry does. The entries of
// parts keep their shape in all versions, so that they can be handed out.
const stateVersion = 1

func formatValue(format string) string { return fmt.Sprintf("%s %d", format, stateVersion) }

func newPending(format string) pending {
	return pending{format: format, changed: make(map[string][]byte), saved: make(map[string]struct{})}
}

// set takes key and value over.
func (p *pending) set(key string, value []byte) { p.changed[key] = value }

func (p *pending) remove(key string) {
	if _, ok := p.saved[key]; ok {
		p.changed[key] = nil
		return
	}
	delete(p.changed, key)
}

// take gives the changes, sorted by key, and takes them as saved.
func (p *pending) take() []bridge.Entry {
	if len(p.changed) == 0 {
		return nil
	}
	if _, ok := p.saved[formatKey]; !ok {
		p.changed[formatKey] = []byte(formatValue(p.format))
	}
	out := make([]bridge.Entry, 0, len(p.changed))
	for k, v := range p.changed {
		out = append(out, bridge.Entry{Key: []byte(k), Value: v})
		if v == nil {
			delete(p.saved, k)
		} else {
			p.saved[k] = struct{}{}
		}
	}
	clear(p.changed)
	slices.SortFunc(out, func(a, b bridge.Entry) int { return slices.Compare(a.Key, b.Key) })
	return out
}

// adopt takes entries as what is saved, if they are of this format and version.
func (p *pending) adopt(entries []bridge.Entry) error {
	of := ""
	for _, e := range entries {
		p.saved[string(e.Key)] = struct{}{}
		if string(e.Key) == formatKey {
			of = string(e.Value)
		}
	}
	if want := formatValue(p.format); of != want {
		return fmt.Errorf("saved state is of %s, not of %q", clip(of), want)
	}
	return nil
}

// discard removes all saved entries and hands out the parts among them, as
// they came.
func (p *pending) discard(entries []bridge.Entry, reason error) []bridge.Rejected {
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b bridge.Entry) int { return slices.Compare(a.Key, b.Key) })
	var out []bridge.Rejected
	for _, e := range entries {
		if key := string(e.Key); key != formatKey { // which take writes anew
			p.saved[key] = struct{}{}
			p.remove(key)
		}
		if len(e.Key) == 0 || e.Key[0] != 'p' {
			continue
		}
		part, ok := readPart(e.Value)
		if !ok {
			part.rec = bridge.Record{Line: slices.Clone(e.Value)} // as it stands: better than nothing
		}
		out = append(out, bridge.Rejected{Record: part.rec, Reason: fmt.Sprintf("%v: %v", bridge.ErrIncomplete, reason)})
	}
	return out
}
