package dispatch

import (
	"fmt"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// Forgotten gives the dead letter of an event that still waits when its
// recipient is forgotten.
func Forgotten(recipient string, it bridge.Item, now time.Time) (Letter, error) {
	head, err := bridge.ParseHead(it.Data)
	if err != nil {
		return Letter{}, fmt.Errorf("event %x: %w", it.Number, err)
	}
	now = now.UTC().Truncate(time.Second)
	return Letter{
		Recipient: recipient, Number: it.Number, ID: head.ID, Event: string(head.Name), Session: string(head.Session),
		Since: now, Died: now, Reason: "the recipient was forgotten", Data: it.Data,
	}, nil
}
