package httpsink

import (
	"net/http"
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
	b = append(b, `","source":"`...)
	b = appendSource(e, b)
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

// cloudEventHeaders gives the attributes of the same CloudEvent as headers, for
// a request whose body is its data. datacontenttype is the content type.
func cloudEventHeaders(e *bridge.Event) http.Header {
	h := http.Header{}
	set := func(name, value string) { h[name] = []string{headerValue(value)} }
	set("Ce-Specversion", "1.0")
	set("Ce-Id", e.ID.String())
	set("Ce-Source", string(appendSource(e, nil)))
	set("Ce-Type", clean(typePrefix+e.Name))
	if e.Session != "" {
		set("Ce-Subject", clean(e.Session))
	}
	if e.Timestamp >= 0 && e.Timestamp <= timeMax {
		set("Ce-Time", time.Unix(e.Timestamp, 0).UTC().Format(time.RFC3339))
	}
	return h
}

// cloudEventHeader reports whether a header, by its canonical name, is one of
// cloudEventHeaders.
func cloudEventHeader(name string) bool {
	switch name {
	case "Ce-Specversion", "Ce-Id", "Ce-Source", "Ce-Type", "Ce-Subject", "Ce-Time":
		return true
	}
	return false
}

// headerValue percent-encodes blanks, quotes, % and all that is not printable
// ASCII (CloudEvents 1.0, HTTP Protocol Binding, 3.1.3.2).
func headerValue(v string) string {
	const hex = "0123456789ABCDEF"
	b := make([]byte, 0, len(v))
	for i := range len(v) {
		if c := v[i]; c > ' ' && c < 0x7f && c != '"' && c != '%' {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

// appendSource appends the URI that tells appliances apart.
func appendSource(e *bridge.Event, b []byte) []byte {
	from := e.ApplianceID
	if from == "" {
		from = e.Source.Name
	}
	return macro.URL.Append(append(b, sourceScheme...), from)
}

// appendAttribute appends the value of an attribute, as JSON.
func appendAttribute(b []byte, v string) []byte { return bridge.AppendJSONString(b, clean(v)) }

// clean makes a text the value of an attribute. Control characters and
// noncharacters are none that it may have (CloudEvents 1.0, Type System).
func clean(v string) string {
	out := make([]rune, 0, len(v))
	for _, r := range v {
		if r < 0x20 || r >= 0x7f && r <= 0x9f || r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef {
			r = '\uFFFD'
		}
		out = append(out, r)
	}
	return string(out)
}
