package bridge

import (
	"testing"
	"time"
)

func TestHistogram(t *testing.T) {
	for _, c := range []struct {
		name       string
		d          time.Duration
		wantBucket int
		wantSum    time.Duration
	}{
		{"none", 0, 0, 0},
		{"a clock that was set back", -time.Hour, 0, 0},
		{"as long as a bound", 5 * time.Millisecond, 2, 5 * time.Millisecond},
		{"a little longer", 5*time.Millisecond + 1, 3, 5*time.Millisecond + 1},
		{"a day", 24 * time.Hour, len(Bounds) - 1, 24 * time.Hour},
		{"longer than all", 25 * time.Hour, len(Bounds), 25 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			var h, want Histogram
			h.Add(c.d)
			want.Counts[c.wantBucket], want.Sum = 1, c.wantSum
			if h != want {
				t.Errorf("got %v, want %v", h, want)
			}
		})
	}
}
