package sinktest

import (
	"strings"

	"github.com/tailpost/tailpost/bridge"
)

// PlainEvent is an ordinary session event with an id of its own.
func PlainEvent(n byte) bridge.Event {
	return bridge.Event{
		ID: bridge.ID{0: 0xe7, 15: n}, Name: bridge.EventEnd, Version: "1", Timestamp: 1757513287,
		ApplianceID: "support.example.com", Session: "e9e9c0ffee00000000000000000000ff", ExternalKey: "INC0010023",
		Source: bridge.Origin{Name: "appliance", Format: "bg", Host: "example_host", Offset: 4711},
	}
}

// Injected is what a hostile value tries to become a line of.
const Injected = "Bcc: evil@example.com"

// HostileEvent has values that break out wherever they are not escaped: line
// ends, quotes, zero bytes, escapes of terminals, bytes that are no UTF-8,
// names of the fixed variables, and a value of 200 KiB.
func HostileEvent() bridge.Event {
	e := PlainEvent(0xff)
	e.Name = bridge.EventMemberAdded
	e.ExternalKey = "x\r\n" + Injected + "\r\n\r\n%%lsid%%&event=evil"
	e.ApplianceID = "a\nb"
	e.MemberName = "Zoë \"Müller\" </script> \u202egnol\u2028 \x00\x1b[2J\xff\xfe +&=%41"
	e.MemberType = "customer\r\n.\r\nMAIL FROM:<evil@example.com>"
	e.DisplayName = `back\slash`
	e.Survey = []bridge.Answer{{ID: "1", Name: "q\r\n" + Injected, Label: "How?\n" + Injected, Answer: "fine\n.\n" + Injected}}
	e.Custom = []bridge.Field{
		{Name: "big", Value: strings.Repeat("0123456789abcdef", 200<<10/16)},
		{Name: "event", Value: "support_conference_begin"},
		{Name: "external.key", Value: "PHP reads a dot as _"},
		{Name: "n", Value: "17", JSON: true},
		{Name: "type", Value: "customer"},
	}
	return e
}
