package status

import (
	"encoding/json"
	"slices"
	"testing"
)

// TestHistogramHasItsBounds: a program that reads one needs no other source to
// know what was counted.
func TestHistogramHasItsBounds(t *testing.T) {
	is := Histogram{Counts: make([]uint64, len(Bounds)+1), Sum: 1.5}
	is.Counts[3] = 7
	b, err := json.Marshal(Recipient{Latency: is})
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		Latency struct {
			LE     []float64
			Counts []uint64
			Sum    float64
		}
	}
	var again Recipient
	if err := json.Unmarshal(b, &said); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatal(err)
	}
	if got := said.Latency; !slices.Equal(got.LE, Bounds[:]) || len(got.Counts) != len(got.LE)+1 || got.Counts[3] != 7 || got.Sum != 1.5 {
		t.Errorf("%s", b)
	}
	if !slices.Equal(again.Latency.Counts, is.Counts) || again.Latency.Sum != 1.5 {
		t.Errorf("read back: %+v", again.Latency)
	}
}
