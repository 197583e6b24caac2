package spool_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// What an error of the file system stops, as long as it lasts.
const (
	stopsIngest   = "ingest"          // position and queue stay; deliveries go on
	stopsFacts    = "deliveries"      // what can't be recorded doesn't happen; ingest goes on
	stopsLetters  = "dead letters"    // the event stays as it was
	stopsDeletion = "deletion"        // the segment stays
	stopsReading  = "reading"         // Next says so, and can be called again
	stopsNothing  = "nothing"         // what failed was not needed
	saysInLog     = "hint"            // the key of the advice in the log
	faultFor      = 90 * time.Second  // nine tries
	faultOver     = 150 * time.Second // retention has looked again
)

// TestErrors lets each operation fail in each folder with each error, for a
// while: it stops what it must and nothing else, says so, with advice, and all
// goes on by itself. Nothing is lost, and nothing comes twice.
func TestErrors(t *testing.T) {
	for _, place := range []struct {
		op     spooltest.Op
		folder string
		want   string
	}{
		{spooltest.Create, "segments", stopsIngest},
		{spooltest.Allocate, "segments", stopsIngest},
		{spooltest.Write, "segments", stopsIngest},
		{spooltest.Sync, "segments", stopsIngest},
		{spooltest.SyncDir, "segments", stopsIngest},
		{spooltest.Truncate, "segments", stopsNothing},
		{spooltest.Remove, "segments", stopsDeletion},
		{spooltest.Open, "segments", stopsReading},
		{spooltest.Read, "segments", stopsReading}, // and deletion
		{spooltest.Write, "journal", stopsFacts},
		{spooltest.Sync, "journal", stopsFacts},
		{spooltest.Create, "dead", stopsLetters},
		{spooltest.Write, "dead", stopsLetters},
		{spooltest.Sync, "dead", stopsLetters},
		{spooltest.SyncDir, "dead", stopsLetters},
		{spooltest.Create, "quarantine", stopsDeletion},
		{spooltest.Write, "quarantine", stopsDeletion},
		{spooltest.Sync, "quarantine", stopsDeletion},
		{spooltest.SyncDir, "quarantine", stopsDeletion},
	} {
		for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EIO, syscall.EMFILE} {
			t.Run(string(place.op)+" in "+place.folder+", "+errno.Error(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFaulty(t)
					f.fs.SetFault(func(op spooltest.Op, name string) error {
						if op == place.op && strings.Contains(name, place.folder) {
							return errno
						}
						return nil
					})
					f.try()
					time.Sleep(faultFor)
					synctest.Wait()
					f.stopped(place.want, errno)
					f.fs.SetFault(nil)
					time.Sleep(faultOver)
					synctest.Wait()
					f.over()
				})
			})
		}
	}
}

// faulty is a spool of two segments: of the first all is to be done, and a
// record is to come that needs a third.
type faulty struct {
	t   *testing.T
	fs  *spooltest.FS
	log logged
	s   *running
	q   *spool.Queue
	n   []uint64 // of a1, a2 and b1

	appended, settled, buried chan error
}

func newFaulty(t *testing.T) *faulty {
	f := &faulty{t: t, fs: spooltest.New(0)}
	o := tiny(f.fs)
	o.Log = zerolog.New(&f.log)
	f.s = open(t, o)
	f.q = f.s.queue("r")
	in := record("a", "a1", "a2")
	in.Quarantined = [][]byte{[]byte("a bad line" + strings.Repeat(".", 3000))}
	if _, err := f.s.Append(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	f.s.add("b", big("b1")) // begins a segment
	_, f.n = texts(t, f.q)
	f.appended, f.settled, f.buried = make(chan error, 1), make(chan error, 1), make(chan error, 1)
	time.Sleep(time.Second)
	return f
}

// try does everything at once.
func (f *faulty) try() {
	ctx := f.t.Context()
	go func() { _, err := f.s.Append(ctx, record("a", big("a3"))); f.appended <- err }()
	go func() { f.buried <- f.q.Bury(ctx, f.n[1], []byte("letter")) }()
	synctest.Wait()
	go func() { f.settled <- f.q.Settle(ctx, f.n[0], bridge.Delivered) }()
}

// done reports whether something has ended well.
func done(c chan error) bool {
	select {
	case err := <-c:
		c <- err
		return err == nil
	default:
		return false
	}
}

// stopped looks while the error lasts.
func (f *faulty) stopped(want string, errno syscall.Errno) {
	t, st := f.t, f.s.Status()
	equal(t, "the record is appended", done(f.appended), want != stopsIngest)
	if want == stopsIngest {
		equal(t, "position", f.s.state("a"), "a2")
		if why := st.Full + st.Failing; !strings.Contains(why, errno.Error()) || !strings.Contains(why, ": ") {
			t.Errorf("the status says %q", why)
		}
	}
	if want != stopsFacts {
		equal(t, "the event is settled", done(f.settled), true)
	} else if !strings.Contains(st.JournalFailing, errno.Error()) {
		t.Errorf("the status says %q", st.JournalFailing)
	}
	if want != stopsFacts {
		equal(t, "the letter is written", done(f.buried), want != stopsLetters)
	}
	if want == stopsReading {
		if _, ok, err := f.q.Next(); ok || !errors.Is(err, errno) {
			t.Errorf("Next: %v, %v", ok, err)
		}
	}
	said := f.log.take()
	if want != stopsNothing && want != stopsReading && !strings.Contains(said, `"`+saysInLog+`":"`) {
		t.Errorf("no advice: %s", said)
	}
	if n := strings.Count(said, `"level":"error"`); n > 2 {
		t.Errorf("it says so %d times: %s", n, said)
	}
}

// over looks when the error has passed.
func (f *faulty) over() {
	t := f.t
	if !done(f.buried) { // dispatch tries again
		if err := f.q.Bury(t.Context(), f.n[1], []byte("letter")); err != nil {
			t.Errorf("Bury: %v", err)
		}
		time.Sleep(faultOver)
		synctest.Wait()
	}
	equal(t, "the record is appended", done(f.appended), true)
	equal(t, "the event is settled", done(f.settled), true)
	st := f.s.Status()
	if st.Full+st.Failing+st.JournalFailing != "" {
		t.Errorf("the status still says %q", st.Full+st.Failing+st.JournalFailing)
	}
	equal(t, "segments", st.Segments, 2)
	got, _ := texts(t, f.q)
	equal(t, "events", strings.Join(got, "|"), big("a3"))

	o := tiny(f.fs.Crash(0))
	s := open(t, o)
	q := s.queue("r")
	got, _ = texts(t, q)
	equal(t, "events after a power cut", strings.Join(got, "|"), big("b1")+"|"+big("a3"))
	equal(t, "position after a power cut", s.state("a"), big("a3")[:8])
	stats := q.Stats()
	equal(t, "delivered, dead, damaged", [3]uint64{stats.Delivered, stats.Dead, stats.Damaged}, [3]uint64{1, 1, 0})
	kept := kept(t, o.FS.(*spooltest.FS))
	equal(t, "in the stores", len(kept), 2)
}
