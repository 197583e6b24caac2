package ingest

// Rejected tells of the lines that went to quarantine since the start.
type Rejected struct {
	Lines  int64
	Reason string // of the first line of the last record that had one
}

// Rejected may be called by any goroutine.
func (in *Ingest) Rejected() Rejected {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.rejected
}

// Restored reports whether Totals are those of the durable state. It may be
// called by any goroutine.
func (in *Ingest) Restored() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.restored
}

// noteRejected counts what is durable.
func (in *Ingest) noteRejected(b *batch) {
	if len(b.quarantined) == 0 {
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.rejected.Lines += int64(len(b.quarantined))
	in.rejected.Reason = b.reason
}
