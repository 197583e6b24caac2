package httpsink

import (
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/macro"
)

const (
	// typePrefix is what stands before the event's own name in type: the
	// specification wants a reversed DNS name there.
	typePrefix = "io.github.tailpost."
	// sourceScheme begins source, a URI that tells appliances apart.
	sourceScheme = "tailpost:"
	// timeMax is the end of the year 9999, which RFC 3339 ends with.
	timeMax = 253402300799
)

// appendCloudEvent appends the event as a CloudEvent 1.0 in its JSON format:
// source names the appliance (or the source it was read from, where it has no
// name), subject is the session, data the canonical event. Characters that
// the specification keeps out of attributes become U+FFFD.
func appendCloudEvent(e *bridge.Event, b []byte) []byte {
	b = append(b, `{"specversion":"1.0","id":"`...)
	b = append(b, e.ID.String()...)
	b = append(b, `","source":"`+sourceScheme...)
	from := e.ApplianceID
	if from == "" {
		from = e.Source.Name
	}
	b = macro.URL.Append(b, from)
	b = append(b, `","type":`...)
	b = appendAttribute(b, typePrefix+e.Name)
	if e.Session != "" {
		b = append(b, `,"subject":`...)
		b = appendAttribute(b, e.Session)
	}
	if e.Timestamp >= 0 && e.Timestamp <= timeMax {
		b = append(b, `,"time":"`...)
		b = time.Unix(e.Timestamp, 0).UTC().AppendFormat(b, time.RFC3339)
		b = append(b, '"')
	}
	b = append(b, `,"datacontenttype":"application/json","data":`...)
	b = e.AppendJSON(b)
	return append(b, '}')
}

// appendAttribute appends the value of an attribute. Control characters and
// noncharacters are none that it may have (CloudEvents 1.0, Type System).
func appendAttribute(b []byte, v string) []byte {
	clean := make([]rune, 0, len(v))
	for _, r := range v {
		if r < 0x20 || r >= 0x7f && r <= 0x9f || r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef {
			r = '\uFFFD'
		}
		clean = append(clean, r)
	}
	return bridge.AppendJSONString(b, string(clean))
}
