package dispatch

// The window is what a worker holds with its bytes: room for two batches a
// slot, at most so many events and bytes. An event that begins below the bound
// is taken whole, whatever its size.
const (
	windowEvents     = 256
	windowEventsMost = 1 << 14
	windowBytes      = 256 << 10
	windowBytesMost  = 4 << 20
	windowPerEvent   = 1 << 10 // bytes an event in a batch, as a rule
)

// most is how many events a batch may hold; at least one, for who makes a
// policy without Defaults.
func (p *Policy) most() int { return max(1, p.BatchMaxEvents) }

// window gives the bounds. One event an attempt needs no more than the least.
func (p *Policy) window() (events, bytes int) {
	if p.most() == 1 {
		return windowEvents, windowBytes
	}
	events = min(max(2*p.most()*p.slots(), windowEvents), windowEventsMost)
	return events, min(max(events*windowPerEvent, windowBytes), windowBytesMost)
}

// windowFull reports whether nothing more may be read now. What is still to
// come into the batches of an earlier run was in its window: it is read, even
// where no more can be parked.
func (w *Worker) windowFull() bool {
	return w.full && len(w.members) == 0 || w.window >= w.windowMost || w.windowBytes >= w.bytesMost
}
