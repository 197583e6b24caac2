package ingest

import (
	"cmp"
	"strings"

	"github.com/tailpost/tailpost/bridge"
)

// Stamp fills what a parser leaves open: the id, the schema's version, the
// appliance (the event's own wins, else applianceID, else its site), the
// source's name and the offset. index is the event's in its line.
func Stamp(e *bridge.Event, rec bridge.Record, index int, applianceID string) {
	e.Version = cmp.Or(e.Version, bridge.DefaultVersion)
	e.ApplianceID = cmp.Or(e.ApplianceID, applianceID, e.Site)
	e.Source.Name, e.Source.Offset = rec.Source, rec.Offset
	if rec.Once {
		if sender := senderID(e); sender != "" {
			e.ID = bridge.SenderID(rec.Source, sender, index)
			return
		}
	}
	e.ID = bridge.NewID(rec, index)
}

// senderID is what a line's sender calls it, so that it can be repeated.
func senderID(e *bridge.Event) string {
	for _, fs := range [][]bridge.Field{e.Extra, e.Custom} {
		for _, f := range fs {
			if strings.EqualFold(f.Name, "sender_id") {
				return f.Value
			}
		}
	}
	return ""
}
