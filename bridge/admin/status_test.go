package admin

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/status"
)

// TestStatus: what the bridge says arrives whole, and a bridge that can't say
// it says that.
func TestStatus(t *testing.T) {
	is := &status.Snapshot{
		Taken: time.Unix(1, 0).UTC(), Version: "v", Needs: []status.Need{{Kind: "spool", Text: "full", To: "make room", Grave: true}},
		Sources:    []status.Source{{Name: "s", State: status.OK, LagBytes: 7}},
		Recipients: []status.Recipient{{Name: strings.Repeat("r", 2<<20), Events: []string{"e"}, Took: status.Histogram{Counts: []uint64{1}, Sum: 0.5}}},
		Balance:    status.Balance{Fits: true, Problems: []string{}}, Alerts: []status.Alert{},
	}
	for _, c := range []struct {
		name  string
		pulse *Pulse
		want  string // in the error
	}{
		{"served", NewPulse(func() *status.Snapshot { return is }, nil), ""},
		{"of another version", nil, "the running bridge knows no GET /status"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- New(Options{Dir: dir, Actions: &fake{}, Pulse: c.pulse}).Run(ctx) }()
			defer func() { stop(); <-ended }()
			client := NewClient(dir)
			got, err := client.Status(ctx)
			for errors.Is(err, ErrNotRunning) {
				got, err = client.Status(ctx)
			}
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want %q", err, c.want)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got, is) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	if _, err := NewClient(t.TempDir()).Status(t.Context()); !errors.Is(err, ErrNotRunning) {
		t.Errorf("without a bridge: %v", err)
	}
}

// TestHealthOverTheSocket: as over TCP.
func TestHealthOverTheSocket(t *testing.T) {
	dir := t.TempDir()
	if err := NewClient(dir).Health(t.Context(), false); !errors.Is(err, ErrNotRunning) {
		t.Errorf("nobody runs: %v", err)
	}
	is := &status.Snapshot{NotReady: []string{"one", "two"}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- New(Options{Dir: dir, Actions: &fake{}, Pulse: NewPulse(func() *status.Snapshot { return is }, nil)}).Run(ctx)
	}()
	c := NewClient(dir)
	for !Running(t.Context(), dir) {
		<-time.After(time.Millisecond)
	}
	if err := c.Health(t.Context(), false); err != nil {
		t.Errorf("it lives: %v", err)
	}
	if err := c.Health(t.Context(), true); err == nil || err.Error() != "one\ntwo" {
		t.Errorf("not ready: %v", err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
