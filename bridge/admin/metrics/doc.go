// Package metrics gives a bridge's status.Snapshot to Prometheus, with what Go
// and the kernel know of the process.
//
// A scrape is one snapshot: what it says fits together. Names follow Prometheus'
// conventions: base units, counters that end in _total. Labels are few, and
// their values come from the configuration (names of recipients and sources) or
// from short lists; no text from outside is one. Times are seconds since 1970,
// and 0 is never. Each metric stands in docs/metrics.md, in the same words.
package metrics
