package app

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/admin"
)

// TestHeldByTheConfiguration: the bridge ends with its input though events wait
// for a recipient that the configuration pauses or disables, keeps what waits
// or counts it as skipped, and a resume says what it doesn't undo.
func TestHeldByTheConfiguration(t *testing.T) {
	for _, test := range []struct {
		key, wantSums, wantErr string
	}{
		{"paused = true", "waiting 2 skipped 0", "the configuration pauses it"},
		{"enabled = false", "waiting 0 skipped 2", "the configuration disables it"},
		{"enabled = true", "waiting 0 skipped 0", ""},
	} {
		t.Run(test.key, func(t *testing.T) {
			c := load(t, t.TempDir(), toFile("out")+test.key+"\n")
			for range 2 {
				if _, _, err := runOnce(t, c, line); err != nil {
					t.Fatal(err)
				}
			}
			b, err := Audit(c.StateDir)
			if err != nil || len(b.Problems) > 0 {
				t.Fatal(err, b)
			}
			r := b.Recipients[0]
			if got := fmt.Sprintf("waiting %d skipped %d", r.Waiting, r.Skipped); got != test.wantSums {
				t.Errorf("audit: %s, want %s", got, test.wantSums)
			}
			if err := Offline(t.Context(), c, Options{}, func(ctx context.Context, a admin.Actions) error {
				if err := a.Pause(ctx, r.Recipient, true); err != nil {
					t.Errorf("pause: %v", err)
				}
				err := a.Pause(ctx, r.Recipient, false)
				if (err == nil) != (test.wantErr == "") || err != nil && !strings.Contains(err.Error(), test.wantErr) {
					t.Errorf("resume: %v, want %q", err, test.wantErr)
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
}
