package ingest

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tailpost/tailpost/bridge"
)

// A source's durable state is a map of bytes to bytes. Its first entry names
// the layout and the format of the parser whose state it holds; the others
// begin with a letter for whose they are.
const (
	keyLayout   = "!"  // layout's version and parser's format
	keyTotals   = "c"  // Totals as JSON
	keyPosition = "p:" // + stream: the source's position
	keyParser   = "s:" // + key: the parser's entry

	layoutVersion = "ingest/1"
)

// Totals counts what became of a source's lines since it was first seen. They
// are saved in each record. Read = Parsed + Ignored + Quarantined + Open.
type Totals struct {
	Read        int64 `json:"read"` // counted by what the source handed over
	Parsed      int64 `json:"parsed"`
	Ignored     int64 `json:"ignored"`
	Quarantined int64 `json:"quarantined"`
	Open        int64 `json:"open"`
	Events      int64 `json:"events"`
	Cut         int64 `json:"cut,omitempty"`        // lines over max_line
	Partial     int64 `json:"partial,omitempty"`    // lines without an end
	Evicted     int64 `json:"evicted,omitempty"`    // see bridge.Settled
	Losses      int64 `json:"losses,omitempty"`     // discontinuities
	LostBytes   int64 `json:"lost_bytes,omitempty"` // at least so many, unread
}

// saved is a source's state, taken apart.
type saved struct {
	format    string // "" at the very first start
	totals    Totals
	positions []bridge.Position
	parser    []bridge.Entry
}

func splitState(entries []bridge.Entry) (saved, error) {
	var s saved
	for _, e := range entries {
		key := string(e.Key)
		switch {
		case key == keyLayout:
			version, format, _ := strings.Cut(string(e.Value), " ")
			if version != layoutVersion {
				return saved{}, fmt.Errorf("the state of this source has layout %q; this version knows %q", version, layoutVersion)
			}
			s.format = format
		case key == keyTotals:
			if err := json.Unmarshal(e.Value, &s.totals); err != nil {
				return saved{}, fmt.Errorf("the counters of this source: %w", err)
			}
		case strings.HasPrefix(key, keyPosition):
			s.positions = append(s.positions, bridge.Position{Stream: key[len(keyPosition):], Data: e.Value})
		case strings.HasPrefix(key, keyParser):
			s.parser = append(s.parser, bridge.Entry{Key: e.Key[len(keyParser):], Value: e.Value})
		}
	}
	return s, nil
}

// changes gathers the entries that a record carries.
type changes []bridge.Entry

func (c *changes) layout(format string) {
	*c = append(*c, bridge.Entry{Key: []byte(keyLayout), Value: []byte(layoutVersion + " " + format)})
}

func (c *changes) totals(t Totals) {
	b, err := json.Marshal(t)
	if err != nil {
		panic(err) // integers can be marshalled
	}
	*c = append(*c, bridge.Entry{Key: []byte(keyTotals), Value: b})
}

func (c *changes) positions(ps []bridge.Position) {
	for _, p := range ps {
		e := bridge.Entry{Key: []byte(keyPosition + p.Stream)}
		if !p.Gone {
			e.Value = append([]byte{}, p.Data...)
		}
		*c = append(*c, e)
	}
}

func (c *changes) parser(entries []bridge.Entry) {
	for _, e := range entries {
		*c = append(*c, bridge.Entry{Key: append([]byte(keyParser), e.Key...), Value: e.Value})
	}
}
