package httpsink

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/sinktest"
)

// What a server gets in binary mode is, put together by the HTTP binding's
// rules, the event that structured mode sends, and the project's own library
// finds nothing wrong with it.
func TestCloudEventBinaryIsReadBack(t *testing.T) {
	hostile := sinktest.HostileEvent()
	hostile.Session, hostile.Name = "a\x00\r\nCe-Id: x\u0085\ufffe\U0001fffe Zoë \"100%41\" \x7f\ufdd0b", "x\x1b[2J"
	for _, c := range []struct {
		name, session string
		event         bridge.Event
		wantTime      time.Time
	}{
		{name: "a session event", event: sample(), session: "e9e9", wantTime: time.Unix(1757513287, 0)},
		{name: "without appliance, session and time", event: bridge.Event{Name: "JIT Application Access Ticket Created", Timestamp: -1, Source: bridge.Origin{Name: "in 1"}}},
		{name: "hostile", event: hostile, session: "a\uFFFD\uFFFD\uFFFDCe-Id: x\uFFFD\uFFFD\uFFFD Zoë \"100%41\" \uFFFD\uFFFDb", wantTime: time.Unix(1757513287, 0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got cloudevents.Event
			srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = readBinary(t, r) }))
			t.Cleanup(srv.Close)
			s, preview := newBinary(t, srv.URL, c.event)
			if _, err := s.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{c.event}, Attempt: 1}); err != nil {
				t.Fatal(err)
			}
			if err := got.Validate(); err != nil {
				t.Error(err)
			}
			var structured cloudevents.Event
			if err := structured.UnmarshalJSON(appendCloudEvent(&c.event, nil)); err != nil {
				t.Fatal(err)
			}
			if got.String() != structured.String() || got.Subject() != c.session || !got.Time().Equal(c.wantTime) {
				t.Errorf("binary:\n%s\nstructured:\n%s", got, structured)
			}
			if !bytes.Contains(preview, []byte("\r\nCe-Id: "+c.event.ID.String()+"\r\n")) {
				t.Errorf("the preview hides the event's own headers: %s", preview)
			}
		})
	}
}

func newBinary(t *testing.T, url string, e bridge.Event) (s *Sink, preview []byte) {
	t.Helper()
	o := Defaults("")
	o.URL, o.Body, o.CloudEventsMode = url, bodyCloudEvents, ceBinary
	if ps := o.Check(""); len(ps) > 0 {
		t.Fatal(ps)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	d := bridge.Delivery{Events: []bridge.Event{e}, Attempt: 1}
	if preview, err = s.Preview(d); err != nil {
		t.Fatal(err)
	}
	d.Events = append(d.Events, e)
	if _, err := s.Deliver(t.Context(), d); err == nil {
		t.Error("two events in one request")
	}
	return s, preview
}

// readBinary makes an event of a request as the HTTP binding says: attributes
// are the ce- headers, percent-decoded; datacontenttype is Content-Type.
func readBinary(t *testing.T, r *http.Request) cloudevents.Event {
	e := cloudevents.New()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	for name, values := range r.Header {
		attribute, ok := strings.CutPrefix(strings.ToLower(name), "ce-")
		if !ok {
			continue
		}
		v, err := url.PathUnescape(values[0])
		if err != nil || len(values) != 1 {
			t.Errorf("%s: %q, %v", name, values, err)
		}
		switch attribute {
		case "specversion":
			e.SetSpecVersion(v)
		case "id":
			e.SetID(v)
		case "source":
			e.SetSource(v)
		case "type":
			e.SetType(v)
		case "subject":
			e.SetSubject(v)
		case "time":
			at, err := time.Parse(time.RFC3339, v)
			if err != nil {
				t.Error(err)
			}
			e.SetTime(at)
		default:
			t.Errorf("%s is no attribute of ours", name)
		}
	}
	if err := e.SetData(r.Header.Get("Content-Type"), body); err != nil {
		t.Error(err)
	}
	e.DataBase64 = false
	return e
}

func TestCheckCloudEventsMode(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*Options)
		want string // its key; empty: nothing is wrong
	}{
		{name: "binary", set: func(o *Options) { o.CloudEventsMode = ceBinary }},
		{name: "structured", set: func(o *Options) { o.BatchMaxEvents = 9 }},
		{name: "unknown", set: func(o *Options) { o.CloudEventsMode = "bin" }, want: "cloudevents_mode"},
		{name: "another body", set: func(o *Options) { o.Body, o.CloudEventsMode = bodyJSON, ceBinary }, want: "cloudevents_mode"},
		{name: "a batch", set: func(o *Options) { o.CloudEventsMode, o.BatchMaxEvents = ceBinary, 2 }, want: "batch_max_events"},
		{name: "the event's own header", set: func(o *Options) { o.CloudEventsMode, o.Headers = ceBinary, map[string]string{"ce-id": "x"} }, want: "headers"},
		{name: "an extension attribute", set: func(o *Options) { o.CloudEventsMode, o.Headers = ceBinary, map[string]string{"ce-tenant": "x"} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Defaults("")
			o.URL, o.Body = "https://example.com/", bodyCloudEvents
			c.set(&o)
			var got []option.Problem
			if got = o.Check(""); c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || got[0].Key != c.want) {
				t.Errorf("got %v", got)
			}
		})
	}
}
