package spool_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// yield does what the worker of a recipient that yields does, until the test
// ends. It counts what is given up.
func yield(t *testing.T, q *spool.Queue) *int {
	n := new(int)
	go func() {
		for {
			select {
			case <-t.Context().Done():
				return
			case <-q.Wake():
			}
			if q.Asked() {
				k, err := q.GiveUp(t.Context())
				if err != nil && t.Context().Err() == nil {
					t.Error(err)
				}
				*n += k
			}
		}
	}()
	return n
}

// crowd appends until the spool is full, or so many are in.
func crowd(t *testing.T, s *running, most int) (n int) {
	t.Helper()
	for ; n < most; n++ {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, err := s.Append(ctx, ingest("a", big(fmt.Sprint(n))))
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// TestGiveUp: while the spool is full a recipient that yields loses its oldest
// events, a segment at a time, where that makes room; nobody else does.
func TestGiveUp(t *testing.T) {
	const most = 40 // about three times what the spool holds
	for _, test := range []struct {
		name     string
		yields   []string
		blocks   []string
		done     []string // they are done with all that is there
		wantFull bool
	}{
		{name: "nobody yields", blocks: []string{"b"}, wantFull: true},
		{name: "the only one yields", yields: []string{"y"}},
		{name: "both yield", yields: []string{"y", "z"}},
		{name: "another one blocks", yields: []string{"y"}, blocks: []string{"b"}, wantFull: true},
		{name: "another one is done", yields: []string{"y"}, done: []string{"d"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := open(t, tiny(spooltest.New(0)))
				qs, given := map[string]*spool.Queue{}, map[string]*int{}
				for _, name := range test.yields {
					qs[name] = s.serve(spool.Recipient{Name: name, Yields: true})
					given[name] = yield(t, qs[name])
				}
				for _, name := range append(test.blocks, test.done...) {
					qs[name] = s.serve(spool.Recipient{Name: name})
				}
				n := 0
				for n < most {
					k := crowd(t, s, 5)
					n += k
					for _, name := range test.done {
						_, numbers := texts(t, qs[name])
						for _, number := range numbers {
							if err := qs[name].Settle(t.Context(), number, bridge.Delivered); err != nil {
								t.Fatal(err)
							}
						}
					}
					if k < 5 {
						break
					}
				}
				equal(t, "the spool is full", n < most, test.wantFull)
				if test.wantFull { // what mends it is b, whoever else holds the same
					equal(t, "holder", s.Status().Holder, "b")
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				for name, q := range qs {
					st := q.Stats()
					fits(t, st)
					want := 0
					if p := given[name]; p != nil {
						want = *p
					}
					equal(t, name+" skipped", st.Skipped, uint64(want))
					if !test.wantFull && want > 0 {
						// No more than had to be: the spool is as full as it can be.
						if st.Waiting < 10 || st.Waiting > 16 {
							t.Errorf("%s: %d of %d events were kept", name, st.Waiting, n)
						}
					}
					if test.wantFull && want > 0 {
						t.Errorf("%s gave up %d events, and the spool is full all the same", name, want)
					}
				}
				for _, name := range test.yields {
					if !test.wantFull && *given[name] == 0 {
						t.Errorf("%s gave up nothing, and there is room", name)
					}
				}
				for _, name := range test.yields { // the rest is given, in order
					got, _ := texts(t, qs[name])
					equal(t, "waiting", uint64(len(got)), qs[name].Stats().Waiting)
					fits(t, qs[name].Stats())
					equal(t, "damaged", qs[name].Stats().Damaged, uint64(0))
				}
			})
		})
	}
}

// TestGiveUpDiskOfOthers: nothing is given up where it would not be room
// enough.
func TestGiveUpDiskOfOthers(t *testing.T) {
	for _, test := range []struct {
		name       string
		minFree    string
		wantGiveUp bool
	}{
		{"its segments are room enough", "9700KiB", true},
		{"they are not", "9MiB", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fs := spooltest.New(10 << 20)
				o := tiny(fs)
				o.MaxBytes = 4 << 20
				s := open(t, o)
				s.serve(spool.Recipient{Name: "y", Yields: true})
				n := crowd(t, s, 16)
				equal(t, "taken", n, 16)
				s.mustEnd()
				free, _, _ := fs.Space(dir)
				switch {
				case test.wantGiveUp: // a little more than there is
					o.MinFree = fmt.Sprintf("%dKiB", free/1024+100)
				default: // more than there will ever be
					o.MinFree = fmt.Sprintf("%dKiB", free/1024+2000)
				}
				s = open(t, o)
				q := s.serve(spool.Recipient{Name: "y", Yields: true})
				given := yield(t, q)
				n = crowd(t, s, 3)
				equal(t, "taken by the full disk", n > 0, test.wantGiveUp)
				synctest.Wait()
				equal(t, "given up", *given > 0, test.wantGiveUp)
				fits(t, q.Stats())
			})
		})
	}
}

// TestGiveUpIsKept: what was given up stays so, with what was parked, passed
// and settled in between, after a kill, and after a power cut either way.
func TestGiveUpIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := open(t, tiny(fs))
		q := s.serve(spool.Recipient{Name: "y", Yields: true})
		other := s.serve(spool.Recipient{Name: "o", Yields: true})
		s.add("a", "settled", "parked", "tried", "passed", "open", big("1"))
		_, n := texts(t, q)
		ok, err := q.Park(t.Context(), n[1], n[1]%7, bridge.Try{})
		equal(t, "park", ok && err == nil, true)
		q.Pass(n[3])
		if err := errors.Join(q.Settle(t.Context(), n[0], bridge.Delivered), q.Fail(t.Context(), n[2], bridge.Try{Attempts: 1, Note: []byte("note")})); err != nil {
			t.Fatal(err)
		}
		for i := 0; !q.Asked(); i++ {
			if i > 20 {
				t.Fatal("nobody asks")
			}
			crowd(t, s, 1)
		}
		time.Sleep(time.Second)
		before := q.Stats()
		given, err := q.GiveUp(t.Context())
		equal(t, "given up", fmt.Sprint(given, err), "5 <nil>") // all but what is settled
		cut := fs.Crash(0)
		parked, tries := q.Restored()
		equal(t, "left", len(parked)+len(tries), 0)
		st := q.Stats()
		fits(t, st)
		equal(t, "delivered and skipped", fmt.Sprint(st.Delivered, st.Skipped, st.Filtered), "1 5 0")
		got, _ := texts(t, q)
		equal(t, "waiting", uint64(len(got)), st.Waiting)
		equal(t, "as before but for those", st.Waiting, before.Waiting-4)
		if n, err := other.GiveUp(t.Context()); n != 6 || err != nil {
			t.Errorf("the other one gives up %d, %v", n, err)
		}
		time.Sleep(time.Minute) // the segment goes
		synctest.Wait()
		for name, fs := range map[string]*spooltest.FS{"kill": fs.Kill(), "cut later": fs.Crash(0), "cut before": cut} {
			o := tiny(fs)
			o.MaxBytes = 4 << 20
			s := open(t, o)
			q := s.serve(spool.Recipient{Name: "y"})
			now := q.Stats()
			fits(t, now)
			got, _ := texts(t, q)
			parked, _ := q.Restored()
			equal(t, name+": waiting", uint64(len(got)+len(parked)), now.Waiting)
			if name == "cut before" { // as it was, but that what was passed is looked at again
				equal(t, name, fmt.Sprint(now.Skipped, now.Waiting), fmt.Sprint(0, before.Waiting+1))
			} else {
				equal(t, name, fmt.Sprint(now.Delivered, now.Skipped, now.Waiting, now.Damaged), fmt.Sprint(1, 5, st.Waiting, 0))
			}
			s.mustEnd()
		}
	})
}
