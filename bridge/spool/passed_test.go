package spool_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// onDisk gives what the files say of the one recipient.
func onDisk(t *testing.T, fs spool.FS) spool.QueueStats {
	t.Helper()
	v, err := spool.LookFS(fs, dir)
	if err != nil {
		t.Fatal(err)
	}
	return v.Recipients[0].Stats
}

// TestPassedIsOnDisk: what a recipient has passed is filtered to who reads the
// files, a second later, and after a stop; and durably so. What stands behind
// an event that waits may be looked at again.
func TestPassedIsOnDisk(t *testing.T) {
	for _, tc := range []struct {
		name         string
		stop         bool // in place of a second's wait
		waits        int  // this one is not passed, from 1; 0: all are
		wantFiltered uint64
	}{
		{"all", false, 0, 5},
		{"all, and a stop", true, 0, 5},
		{"but the last", false, 5, 4},
		{"but one in the middle", false, 3, 2},
		{"but one in the middle, and a stop", true, 3, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fs := spooltest.New(0)
				s := open(t, options(fs))
				q := s.queue("r")
				s.add("in", "1", "2", "3", "4", "5")
				_, numbers := texts(t, q)
				for i, n := range numbers {
					if i+1 != tc.waits {
						q.Pass(n)
					}
				}
				if tc.stop {
					s.mustEnd()
				} else {
					time.Sleep(1100 * time.Millisecond)
					synctest.Wait()
				}
				for what, fs := range map[string]*spooltest.FS{"read": fs, "after a power cut": fs.Crash(0)} {
					st := onDisk(t, fs)
					if st.Filtered != tc.wantFiltered || st.Waiting != 5-tc.wantFiltered {
						t.Errorf("%s: %d filtered, %d waiting; want %d, %d", what, st.Filtered, st.Waiting, tc.wantFiltered, 5-tc.wantFiltered)
					}
					fits(t, st)
				}
			})
		})
	}
}

// TestPassedBehindOneThatEnds: events that were passed behind one that waited
// are filtered on disk a second after that one has ended, or was set aside: no
// other need be passed for that.
func TestPassedBehindOneThatEnds(t *testing.T) {
	for _, tc := range []struct {
		name       string
		park       bool
		wantParked uint64
	}{{"delivered", false, 0}, {"parked", true, 1}} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fs := spooltest.New(0)
				s := open(t, options(fs))
				q := s.queue("r")
				s.add("in", "1", "2", "3")
				_, numbers := texts(t, q)
				q.Pass(numbers[1])
				q.Pass(numbers[2])
				time.Sleep(10 * time.Second)
				if tc.park {
					if ok, err := q.Park(t.Context(), numbers[0], 1, bridge.Try{Attempts: 1}); !ok || err != nil {
						t.Fatal(ok, err)
					}
				} else if err := q.Settle(t.Context(), numbers[0], bridge.Delivered); err != nil {
					t.Fatal(err)
				}
				time.Sleep(1100 * time.Millisecond)
				synctest.Wait()
				st := onDisk(t, fs)
				if st.Filtered != 2 || st.Waiting != tc.wantParked {
					t.Errorf("%d filtered, %d waiting; want 2, %d", st.Filtered, st.Waiting, tc.wantParked)
				}
				fits(t, st)
			})
		})
	}
}

// TestPassedCostsLittle: nothing is written where nothing is passed, one
// checkpoint a second at most else, and a large one a minute.
func TestPassedCostsLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		o := options(fs)
		o.MaxBytes = 64 << 20
		s := open(t, o)
		q := s.queue("r")
		var writes atomic.Int64
		fs.SetFault(func(op spooltest.Op, name string) error {
			if op == spooltest.Write && len(name) > len(dir)+8 && name[len(dir)+1:len(dir)+8] == "journal" {
				writes.Add(1)
			}
			return nil
		})
		during := func(d time.Duration) int64 {
			synctest.Wait()
			before := writes.Load()
			time.Sleep(d)
			synctest.Wait()
			return writes.Load() - before
		}
		time.Sleep(2 * time.Second)
		if n := during(time.Hour); n != 0 {
			t.Errorf("%d writes, and nothing happened", n)
		}
		passing := func(n int) {
			for range n {
				s.add("in", "x")
				for _, number := range func() []uint64 { _, numbers := texts(t, q); return numbers }() {
					q.Pass(number)
				}
				time.Sleep(100 * time.Millisecond)
			}
		}
		before := writes.Load()
		passing(100)
		if n := writes.Load() - before; n < 5 || n > 11 {
			t.Errorf("%d writes in ten seconds", n)
		}
		for range 1000 {
			s.add("in", "parked")
		}
		_, numbers := texts(t, q)
		for _, n := range numbers {
			if ok, err := q.Park(t.Context(), n, n, bridge.Try{Attempts: 1}); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		time.Sleep(2 * time.Second)
		before = writes.Load()
		passing(1200) // two minutes
		if n := writes.Load() - before; n < 1 || n > 3 {
			t.Errorf("%d large writes in two minutes", n)
		}
		fits(t, q.Stats())
	})
}
