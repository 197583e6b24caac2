package bridge

import "time"

// Bounds are the upper bounds of a Histogram's buckets, rising.
var Bounds = [...]time.Duration{
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second,
	2500 * time.Millisecond, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute,
	5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour, 24 * time.Hour,
}

// Histogram counts durations. Its zero value is empty. It is plain data: a
// copy is another one.
type Histogram struct {
	Counts [len(Bounds) + 1]uint64 // by the first of Bounds that is not below; the last one: above all
	Sum    time.Duration
}

// Add counts a duration; one below zero, which a clock that was set back
// gives, as none.
func (h *Histogram) Add(d time.Duration) {
	d = max(0, d)
	i := 0
	for i < len(Bounds) && d > Bounds[i] {
		i++
	}
	h.Counts[i]++
	h.Sum += d
}
