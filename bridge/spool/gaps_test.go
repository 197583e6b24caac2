package spool_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// TestSkippedSegmentsAreNotMissed: a recipient is disabled from the beginning of
// a start on, and the segments go in which there was nothing for it. Nobody had
// the numbers between the two starts: a later start must not say that it misses
// them, whether the recipient had taken all before or not.
func TestSkippedSegmentsAreNotMissed(t *testing.T) {
	for _, tc := range []struct {
		name    string
		nothing bool // was there before
		waits   bool // something of before
		enabled bool // again, before the last start
	}{
		{name: "all was taken"}, {name: "all was taken, enabled again", enabled: true},
		{name: "something waits", waits: true}, {name: "something waits, enabled again", waits: true, enabled: true},
		{name: "there was nothing", nothing: true}, {name: "there was nothing, enabled again", nothing: true, enabled: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fs := spooltest.New(0)
				var log logged
				o := options(fs)
				o.Keep, o.Log = 0, zerolog.New(&log)
				s := open(t, o)
				q := s.serve(spool.Recipient{Name: "r"})
				if !tc.nothing {
					s.add("a", "0 first")
				}
				if !tc.waits {
					deliverAll(t, q, none)
				}
				s.mustEnd()

				s = open(t, o)
				off := s.serve(spool.Recipient{Name: "r", Disabled: true})
				s.fill(1, 40)
				time.Sleep(2 * time.Minute) // retention has looked
				synctest.Wait()
				if n := len(fs.Files(dir + "/segments")); n > 2 {
					t.Fatalf("%d segments are left", n)
				}
				if tc.enabled {
					off.Close()
					s.serve(spool.Recipient{Name: "r"})
					s.add("a", "40 last")
				}
				s.mustEnd()

				log.take()
				s = open(t, o)
				if said := log.take(); strings.Contains(said, "are gone") {
					t.Error(said)
				}
				q = s.serve(spool.Recipient{Name: "r"})
				fits(t, q.Stats())
				var want []string
				if tc.waits {
					want = append(want, "0 first")
				}
				if tc.enabled {
					want = append(want, "40 last")
				}
				got, _ := texts(t, q)
				equal(t, "events", got, want)
			})
		})
	}
}

// TestSkipsThatOverlap: what reading has come past is forgotten in memory, and
// stands in the journal still when the next stretch begins behind the last
// event: within the one before, which goes to the beginning of the epoch. Who
// reads the files, and the next start, must see what the queue sees.
func TestSkipsThatOverlap(t *testing.T) {
	fs := spooltest.New(0)
	s := open(t, options(fs))
	off, on := spool.Recipient{Name: "r", Disabled: true}, spool.Recipient{Name: "r"}
	s.serve(on).Close()
	s.serve(off)
	s.add("in", "1", "2", "3")
	s.mustEnd()

	s = open(t, options(fs)) // the next epoch
	q := s.serve(on)
	if it, ok, err := q.Next(); ok || err != nil {
		t.Fatal(it, err)
	}
	q.Close()
	q = s.serve(off)
	s.add("in", "4")
	q.Close()
	q = s.serve(on)
	s.add("in", "5")
	fits(t, q.Stats())
	if st := onDisk(t, fs); st.Waiting != 1 || st.Skipped != 4 || st.Given != st.Sum() {
		t.Errorf("%+v", st)
	}
	s = open(t, options(fs.Crash(0)))
	q = s.serve(on)
	fits(t, q.Stats())
	got, _ := texts(t, q)
	equal(t, "events after a power cut", got, []string{"5"})
}
