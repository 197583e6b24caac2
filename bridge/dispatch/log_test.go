package dispatch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
)

// TestLogSaysTheState: a line about a recipient that fails has the word that
// tailpost status has for it.
func TestLogSaysTheState(t *testing.T) {
	fails := func(de bridge.DeliveryError) func(bridge.Event, time.Duration) error {
		de.Err = errors.New("because")
		return until(time.Hour, &de)
	}
	for _, c := range []struct {
		name   string
		answer func(bridge.Event, time.Duration) error
		want   string
	}{
		{"down", fails(bridge.DeliveryError{Scope: bridge.ThisRecipient, Down: true}), "recipient is down: down"},
		{"it refuses us", fails(bridge.DeliveryError{Scope: bridge.ThisRecipient, Down: true, Status: "misconfigured"}), "recipient is down: misconfigured"},
		{"one event fails", fails(bridge.DeliveryError{Scope: bridge.ThisEvent}), "attempt failed: failing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer // what is written before Wait is read after it
				r := newRig(t, nil, c.answer)
				r.log = zerolog.New(&out)
				r.q.add("a")
				r.run(100 * time.Millisecond)
				var said struct{ Message, State, Status string }
				line, _, _ := strings.Cut(out.String(), "\n")
				if err := json.Unmarshal([]byte(line), &said); err != nil {
					t.Fatal(err)
				}
				if got := fmt.Sprintf("%s: %s", said.Message, said.State); got != c.want || said.Status != "" {
					t.Errorf("got %q, want %q: %s", got, c.want, line)
				}
			})
		})
	}
}
