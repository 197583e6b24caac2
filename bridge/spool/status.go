package spool

// QueueStats is how far one recipient has come. All but Window, Parked and
// Waiting are totals since its first number; they outlive restarts.
type QueueStats struct {
	First    uint64 // its first number
	Given    uint64 // events given out since: what the terms below must add up to
	Frontier uint64 // every event below it is settled or parked

	Delivered, Dead, Dropped, Filtered, Skipped, Damaged uint64

	Parked  uint64
	Window  uint64 // given out by Next, and not done
	Waiting uint64 // Parked, Window, and what Next has not given yet
}

// Sum adds up what became of the events: it is Given, or the balance is wrong.
func (s *QueueStats) Sum() uint64 {
	return s.Delivered + s.Dead + s.Dropped + s.Filtered + s.Skipped + s.Damaged + s.Waiting
}

// Status is what there is to tell about the spool at one moment.
type Status struct {
	Bytes    int64 // of segments and journal
	Wanted   int64 // of them, what can't be deleted yet
	Held     int64 // of those, what is written in segments that somebody wants
	MaxBytes int64
	Free     int64 // on the file system, as last looked at
	MinFree  int64
	Segments int
	Oldest   uint64 // the oldest segment, by its first number; 0: none
	Holder   string // the recipient that wants the oldest segment
	Next     uint64 // the number that comes next; all lower ones are durable
	Parked   int    // over all recipients

	// Why ingest waits, or would (see Watch), and why deliveries do; empty: they
	// don't.
	Full, Failing, JournalFailing string
	NoSpace                       bool // Full because of the file system, not of max_bytes

	Damage Damage
	Dead   StoreStatus
	Lines  StoreStatus // quarantined lines whose segments are gone
}

// OldestName is the oldest segment's file; empty: there is none.
func (s *Status) OldestName() string {
	if s.Oldest == 0 {
		return ""
	}
	return segmentName(s.Oldest)
}

// Damage counts what could not be read since the start.
type Damage struct {
	Ranges  int   // stretches of bytes
	Bytes   int64 // in them
	Torn    int   // writes that were cut off: not damage, nobody was told that they count
	Kept    int64 // bytes in damaged/, from earlier starts too
	NotKept int64 // bytes that were not copied there: no room, or over its limit
}

// StoreStatus is the size of a store of dead letters or quarantined lines.
type StoreStatus struct {
	Files   int
	Bytes   int64
	Expired int // files deleted since the start: too old, or over the limit
}
