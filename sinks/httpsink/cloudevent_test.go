package httpsink

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/sinktest"
)

func TestCloudEventText(t *testing.T) {
	e := sample()
	want := `{"specversion":"1.0","id":"ab000000000000000000000000000000","source":"tailpost:support.example.com",` +
		`"type":"io.github.tailpost.support_conference_end","subject":"e9e9","time":"2025-09-10T14:08:07Z",` +
		`"datacontenttype":"application/json","data":` + string(e.AppendJSON(nil)) + `}`
	if got := string(appendCloudEvent(&e, nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// The project's own library reads what we write, and finds nothing wrong.
func TestCloudEventIsReadBack(t *testing.T) {
	hostile := sinktest.HostileEvent()
	hostile.Session, hostile.Name = "a\x00\r\n\u0085\ufffe\U0001fffe\ufdd0b", "x\x1b[2J"
	for _, c := range []struct {
		name                              string
		event                             bridge.Event
		wantSource, wantType, wantSubject string
		wantTime                          time.Time
	}{
		{name: "a session event", event: sample(), wantSource: "tailpost:support.example.com",
			wantType: "io.github.tailpost.support_conference_end", wantSubject: "e9e9", wantTime: time.Unix(1757513287, 0)},
		{name: "without appliance, session and time", event: bridge.Event{Name: "JIT Application Access Ticket Created", Timestamp: -1, Source: bridge.Origin{Name: "in 1"}},
			wantSource: "tailpost:in%201", wantType: "io.github.tailpost.JIT Application Access Ticket Created"},
		{name: "empty", event: bridge.Event{}, wantSource: "tailpost:", wantType: "io.github.tailpost.", wantTime: time.Unix(0, 0)},
		{name: "hostile", event: hostile, wantSource: "tailpost:a%0Ab", wantType: "io.github.tailpost.x\uFFFD[2J",
			wantSubject: "a\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDb", wantTime: time.Unix(1757513287, 0)},
		{name: "the last second", event: bridge.Event{Timestamp: timeMax}, wantSource: "tailpost:", wantType: "io.github.tailpost.", wantTime: time.Unix(timeMax, 0)},
		{name: "a second later", event: bridge.Event{Timestamp: timeMax + 1}, wantSource: "tailpost:", wantType: "io.github.tailpost."},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := appendCloudEvent(&c.event, nil)
			var got cloudevents.Event
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			if err := got.Validate(); err != nil {
				t.Errorf("%v: %s", err, text)
			}
			if got.SpecVersion() != "1.0" || got.ID() != c.event.ID.String() || got.Source() != c.wantSource || got.Type() != c.wantType ||
				got.Subject() != c.wantSubject || !got.Time().Equal(c.wantTime) || got.DataContentType() != "application/json" {
				t.Errorf("read as %v", got)
			}
			if data := string(c.event.AppendJSON(nil)); string(got.Data()) != data {
				t.Errorf("data %s, want %s", got.Data(), data)
			}
			checkCloudEventSchema(t, text)
		})
	}
}

func TestCloudEventBatch(t *testing.T) {
	s := &Sink{o: Options{Body: bodyCloudEvents, BatchMaxEvents: 2}}
	if got := s.o.contentType(); got != "application/cloudevents-batch+json" {
		t.Errorf("content type %s", got)
	}
	for n := 1; n <= 2; n++ {
		b, err := s.body([]bridge.Event{sample(), sample()}[:n], nil)
		var got []cloudevents.Event
		if err != nil || json.Unmarshal(b, &got) != nil || len(got) != n {
			t.Fatalf("%v, %d events: %s", err, len(got), b)
		}
		for _, e := range got {
			if err := e.Validate(); err != nil {
				t.Error(err)
			}
		}
	}
	if got := (&Options{Body: bodyCloudEvents}).contentType(); got != "application/cloudevents+json" {
		t.Errorf("content type %s of one", got)
	}
}

var attributeName = regexp.MustCompile(`^[a-z0-9]{1,20}$`)

// checkCloudEventSchema holds a text against the rules of the specification's
// own schema (cloudevents/formats/cloudevents.json) and of its chapter on
// attributes' names.
func checkCloudEventSchema(t *testing.T, text []byte) {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"id", "source", "specversion", "type"} {
		if s, _ := all[name].(string); s == "" {
			t.Errorf("%s is missing: %s", name, text)
		}
	}
	for name, v := range all {
		s, isText := v.(string)
		switch {
		case name == "data":
		case !isText || s == "":
			t.Errorf("%s is %v", name, v)
		case !attributeName.MatchString(name):
			t.Errorf("%q is no attribute's name", name)
		case strings.ContainsFunc(s, unicode.IsControl):
			t.Errorf("%s has control characters: %q", name, s)
		}
	}
	if _, err := url.Parse(all["source"].(string)); err != nil {
		t.Errorf("source is no URI reference: %v", err)
	}
	if at, ok := all["time"].(string); ok {
		if _, err := time.Parse(time.RFC3339, at); err != nil {
			t.Errorf("time: %v", err)
		}
	}
}
