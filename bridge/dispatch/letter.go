package dispatch

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/codec"
)

// Letter is a dead letter: an event that a recipient never took, and why.
type Letter struct {
	Recipient string    `json:"recipient"`
	Number    uint64    `json:"number"`
	ID        bridge.ID `json:"id"`
	Event     string    `json:"event"`
	Session   string    `json:"lsid,omitempty"`
	Since     time.Time `json:"since"` // of the first failed attempt
	Died      time.Time `json:"died"`
	Attempts  int       `json:"attempts"`
	Reason    string    `json:"reason"` // what the last attempt said; bounded
	Note      []byte    `json:"note,omitempty"`
	Data      []byte    `json:"-"` // the event as the spool has it; see bridge.ParseHead
}

// reasonMax bounds Letter.Reason, in bytes.
const reasonMax = 512

// Encode gives the letter as it stands on disk: the JSON of what is known
// about it behind its length as a uvarint, then the event.
func (l *Letter) Encode() ([]byte, error) {
	meta, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("encode dead letter %d: %w", l.Number, err)
	}
	return append(codec.AppendSized(nil, meta), l.Data...), nil
}

// DecodeLetter reads what Encode gave.
func DecodeLetter(b []byte) (Letter, error) {
	r := codec.Reader{Rest: b}
	meta := r.Sized()
	if r.Err != nil {
		return Letter{}, fmt.Errorf("dead letter: %w", r.Err)
	}
	var l Letter
	if err := json.Unmarshal(meta, &l); err != nil {
		return Letter{}, fmt.Errorf("dead letter: %w", err)
	}
	l.Data = r.Rest
	return l, nil
}

// bounded cuts a text to n bytes.
func bounded(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}
