package app

import (
	"fmt"
	"testing"
)

// TestHeldByTheConfiguration: the bridge ends with its input though events wait
// for a recipient that the configuration pauses or disables, and keeps what
// waits or counts it as skipped.
func TestHeldByTheConfiguration(t *testing.T) {
	for _, test := range []struct {
		key, wantSums string
	}{
		{"paused = true", "waiting 2 skipped 0"},
		{"enabled = false", "waiting 0 skipped 2"},
		{"enabled = true", "waiting 0 skipped 0"},
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
		})
	}
}
