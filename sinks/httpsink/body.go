package httpsink

import (
	"errors"
	"fmt"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/macro"
)

// The bodies.
const (
	bodyForm        = "form"        // as the appliance sends it
	bodyJSON        = "json"        // canonical JSON
	bodyCloudEvents = "cloudevents" // CloudEvents 1.0
	bodyTemplate    = "template"    // a text of the configuration's
)

var bodies = []string{bodyForm, bodyJSON, bodyCloudEvents, bodyTemplate}

// How several events stand in one body.
const (
	batchArray = "array"
	batchLines = "ndjson" // a JSON value a line
)

var batchFormats = []string{batchArray, batchLines}

// How a CloudEvent stands in a request.
const (
	ceStructured = "structured" // in the body
	ceBinary     = "binary"     // its attributes are headers, its data is the body
)

var ceModes = []string{ceStructured, ceBinary}

// binary reports whether an event's attributes are headers.
func (o *Options) binary() bool { return o.Body == bodyCloudEvents && o.CloudEventsMode == ceBinary }

var (
	errOneEvent = errors.New("this body holds one event")
	errLong     = errors.New("with this event's values it is longer than 64 MiB")
)

// usualBody is what most bodies have room in, in bytes.
const usualBody = 512

// lists reports whether a body is a list of events: then it is one for a
// single event, too, so that a receiver sees one shape alone.
func (o *Options) lists() bool { return o.BatchMaxEvents > 1 || o.BatchFormat == batchLines }

// contentType gives the content type: the configured one, or that of the body.
func (o *Options) contentType() string {
	switch {
	case o.ContentType != "":
		return o.ContentType
	case o.Body == bodyForm:
		return "application/x-www-form-urlencoded"
	case o.binary():
		return "application/json" // that of the data
	case o.Body == bodyCloudEvents && o.lists():
		return "application/cloudevents-batch+json"
	case o.Body == bodyCloudEvents:
		return "application/cloudevents+json"
	case o.Body == bodyJSON && o.BatchFormat == batchLines:
		return "application/x-ndjson"
	default:
		return "application/json"
	}
}

// body gives a request's body. It calls missing, if that isn't nil, for each
// token of a template for which the event has no field.
func (s *Sink) body(events []bridge.Event, missing func(token string)) ([]byte, error) {
	b := make([]byte, 0, usualBody)
	switch s.o.Body {
	case bodyJSON:
		return s.appendAll(b, events, (*bridge.Event).AppendJSON), nil
	case bodyCloudEvents:
		if s.o.binary() {
			break
		}
		return s.appendAll(b, events, appendCloudEvent), nil
	}
	if len(events) != 1 {
		return nil, fmt.Errorf("%d events: %w", len(events), errOneEvent)
	}
	switch s.o.Body {
	case bodyCloudEvents:
		return events[0].AppendJSON(b), nil
	case bodyTemplate:
		if b = s.template.AppendNoting(b, &events[0], s.escape, missing); len(b) > macro.ExpandMax {
			return nil, fmt.Errorf("the template: %w", errLong)
		}
		return b, nil
	}
	return s.o.appendForm(b, &events[0]), nil
}

// appendAll appends events: one as it is, several, or whatever goes to a
// recipient that takes several, as an array or as lines.
func (s *Sink) appendAll(b []byte, events []bridge.Event, one func(*bridge.Event, []byte) []byte) []byte {
	if s.o.BatchFormat == batchLines {
		for i := range events {
			b = append(one(&events[i], b), '\n')
		}
		return b
	}
	if len(events) == 1 && !s.o.lists() {
		return one(&events[0], b)
	}
	b = append(b, '[')
	for i := range events {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(&events[i], b)
	}
	return append(b, ']')
}
