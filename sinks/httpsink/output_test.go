package httpsink_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/httpsink"
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
	if n := s.SentEmpty(); n != 3 { // of the first attempts
		t.Errorf("%d tokens sent empty, want 3", n)
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

// A template and a URL that name a long value often have a bound: the event
// fails, and memory is not used up.
func TestLongExpansions(t *testing.T) {
	const often = 4000 // of a MiB each
	for name, set := range map[string]func(*httpsink.Options){
		"template": func(o *httpsink.Options) {
			o.Body, o.ContentType, o.Template = "template", "text/plain", strings.Repeat("%%external_key%%", often)
		},
		"path": func(o *httpsink.Options) { o.URL += strings.Repeat("/%%external_key%%", often) },
	} {
		t.Run(name, func(t *testing.T) {
			o := at("http://127.0.0.1:1")
			set(&o)
			s := newSink(t, o)
			e := sinktest.PlainEvent(1)
			e.ExternalKey = strings.Repeat("x", 1<<20)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := s.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{e}, Attempt: 1})
			runtime.ReadMemStats(&after)
			var de *bridge.DeliveryError
			if !errors.As(err, &de) || de.Scope != bridge.ThisEvent || !strings.Contains(err.Error(), "longer than 64 MiB") {
				t.Errorf("%v", err)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 1<<30 {
				t.Errorf("%d MiB allocated", n>>20)
			}
		})
	}
}
