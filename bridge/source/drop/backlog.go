package drop

import "time"

// backlog is what is there and not accepted yet.
type backlog struct {
	files int
	bytes int64     // as they are stored
	first time.Time // when the oldest of them was seen first
}

// arrivedMost bounds of how many files is kept when they were seen first.
const arrivedMost = 10_000

// arrive notes when files were seen first.
func (r *reader) arrive(list *listing) {
	now := time.Now()
	next := make(map[string]time.Time, min(len(list.files), arrivedMost))
	for _, e := range list.files {
		if len(next) == arrivedMost {
			break
		}
		at, ok := r.arrived[e.name]
		if !ok {
			at = now
		}
		next[e.name] = at
	}
	r.arrived = next
}

// count counts what is left of a listing. before: nothing of it was taken yet.
func (r *reader) count(list *listing, before bool, skipped map[string]bool) {
	var b backlog
	for _, e := range list.files {
		n := e.size
		switch f := r.files[e.name]; {
		case f != nil && f.finished && f.look == e.look:
			continue
		case f != nil && !packed(e.name):
			n = max(0, n-f.off)
		case f == nil && !before && !skipped[e.name] && r.said[e.name] == "":
			continue // it was read, and is out of the way
		}
		b.files++
		b.bytes += n
		if at, ok := r.arrived[e.name]; ok && (b.first.IsZero() || at.Before(b.first)) {
			b.first = at
		}
	}
	r.counts.mu.Lock()
	defer r.counts.mu.Unlock()
	r.counts.begun, r.counts.back = true, b
}
