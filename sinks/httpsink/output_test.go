package httpsink_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/sinktest"
)

// A token without a field is sent empty, logged the first time, counted once
// an event, and said to whoever watches.
func TestMissingTokens(t *testing.T) {
	srv := serve(t, func(http.ResponseWriter, *http.Request) {})
	var log bytes.Buffer
	o := at(srv.URL + "/%%nope%%")
	o.Body, o.Template = "template", `["%%nope%%", "%%os%%", "%%data.x%%", "%%lsid%%"]`
	o.Log = zerolog.New(&log).Level(zerolog.InfoLevel)
	s := newSink(t, o)
	for i, attempt := range []int{1, 2, 1} {
		e := sinktest.PlainEvent(byte(i))
		if i == 2 {
			e.Extra = []bridge.Field{{Name: "data", Value: `{"x":1}`, JSON: true}}
		}
		rec, err := s.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{e}, Attempt: attempt, Explain: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(rec.Steps, "the event has no field for %%data.x%%: it is sent empty"); got != (i < 2) {
			t.Errorf("delivery %d: steps %q", i, rec.Steps)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(log.String()) {
		var l struct {
			Message, Token, Recipient string
			Times                     int
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil || l.Recipient != "r" {
			t.Fatalf("%v: %s", err, line)
		}
		got = append(got, strings.Repeat("+", l.Times)+l.Token)
	}
	if want := []string{"nope", "data.x", "+data.x", "++nope"}; !slices.Equal(got, want) {
		t.Errorf("logged %q, want %q", got, want)
	}
}
