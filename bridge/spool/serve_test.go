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

// serve opens a recipient's queue.
func (r *running) serve(rec spool.Recipient) *spool.Queue {
	r.t.Helper()
	q, err := r.Serve(rec)
	if err != nil {
		r.t.Fatalf("Serve: %v", err)
	}
	return q
}

// restarted ends a spool and gives what comes after: with a kill, what that
// leaves.
func restarted(t testing.TB, s *running, fs *spooltest.FS, kill bool) (*running, *spooltest.FS) {
	t.Helper()
	if kill {
		fs = fs.Kill()
		_ = s.end()
	} else {
		s.mustEnd()
	}
	return open(t, options(fs)), fs
}

// TestDisabled: what waited before waits, what comes meanwhile is skipped, and
// counted, over restarts and for as often as it is.
func TestDisabled(t *testing.T) {
	for _, restart := range []string{"", "end", "kill"} {
		t.Run("restart: "+restart, func(t *testing.T) {
			fs := spooltest.New(0)
			s := open(t, options(fs))
			again := func() {
				if restart != "" {
					s, fs = restarted(t, s, fs, restart == "kill")
				}
			}
			var q *spool.Queue
			on := func() { q = s.serve(spool.Recipient{Name: "r"}) }
			off := func() { q = s.serve(spool.Recipient{Name: "r", Disabled: true}) }
			shut := func() {
				q.Close()
				again()
			}
			on()
			s.add("a", "1", "2", "3")
			_, n := texts(t, q)
			ok, err := q.Park(t.Context(), n[0], 1, bridge.Try{})
			equal(t, "parked", ok && err == nil, true)
			for i := range 3 {
				shut()
				off()
				s.add("a", fmt.Sprint("off", i), fmt.Sprint("more", i))
				shut()
				off()
				s.add("a", fmt.Sprint("again", i))
				got, _ := texts(t, q)
				want := []string{"2", "3"}
				for k := range i {
					want = append(want, fmt.Sprint("on", k))
				}
				equal(t, "while it is disabled", got, want)
				st := q.Stats()
				fits(t, st)
				equal(t, "skipped", st.Skipped, uint64(3*i+3))
				equal(t, "waiting", st.Waiting, uint64(3+i))
				shut()
				on()
				s.add("a", fmt.Sprint("on", i))
				fits(t, q.Stats())
				equal(t, "skipped, enabled again", q.Stats().Skipped, uint64(3*i+3))
				if restart != "kill" {
					fits(t, seen(t, fs))
				}
			}
			got, _ := texts(t, q)
			equal(t, "enabled again", got, []string{"2", "3", "on0", "on1", "on2"})
			parked, _ := q.Restored()
			equal(t, "parked", len(parked), 1)
			st := q.Stats()
			equal(t, "all", fmt.Sprint(st.Given, st.Skipped, st.Waiting, st.Damaged), "15 9 6 0")
		})
	}
}

// seen gives what Look says of the one recipient.
func seen(t testing.TB, fs *spooltest.FS) spool.QueueStats {
	t.Helper()
	v, err := spool.LookFS(fs, dir)
	if err != nil || len(v.Recipients) != 1 {
		t.Fatalf("look: %v, %+v", err, v)
	}
	return v.Recipients[0].Stats
}

// TestDisabledHoldsNothing: segments go that hold only what is skipped, and
// what waits behind them is given all the same.
func TestDisabledHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		o := tiny(fs)
		s := open(t, o)
		q := s.serve(spool.Recipient{Name: "r"})
		s.add("a", "waits", big("1"))
		q.Close()
		q = s.serve(spool.Recipient{Name: "r", Disabled: true})
		for i := range 5 {
			s.add("a", big(fmt.Sprint("off", i)))
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		equal(t, "segments, disabled", s.Status().Segments, 2) // what waits, and the newest
		q.Close()
		o.FS = fs.Kill()
		_ = s.end()
		s = open(t, o)
		q = s.serve(spool.Recipient{Name: "r"})
		s.add("a", "on", big("2"))
		got, _ := texts(t, q)
		equal(t, "given", len(got), 4)
		equal(t, "the first and the third", []string{got[0], got[2]}, []string{"waits", "on"})
		st := q.Stats()
		fits(t, st)
		equal(t, "stats", fmt.Sprint(st.Given, st.Skipped, st.Damaged), "9 5 0")
	})
}

func TestDisabledFromItsFirstDay(t *testing.T) {
	s := open(t, options(spooltest.New(0)))
	s.add("a", "before")
	q := s.serve(spool.Recipient{Name: "r", Disabled: true})
	s.add("a", "1", "2")
	got, _ := texts(t, q)
	equal(t, "given", got, []string(nil))
	q.Close()
	q = s.serve(spool.Recipient{Name: "r"})
	s.add("a", "3")
	got, _ = texts(t, q)
	equal(t, "given", got, []string{"3"})
	fits(t, q.Stats())
	equal(t, "skipped", q.Stats().Skipped, uint64(2))
}

// TestKindStays, over restarts; where it is not known it is taken on.
func TestKindStays(t *testing.T) {
	fs := spooltest.New(0)
	s := open(t, options(fs))
	s.queue("old").Close()
	for range 2 {
		for _, name := range []string{"old", "new"} {
			s.serve(spool.Recipient{Name: name, Kind: "http"}).Close()
			other := spool.Recipient{Name: name, Kind: "email"}
			if _, err := s.Serve(other); !errors.Is(err, spool.ErrKind) {
				t.Errorf("%s as another kind: %v", name, err)
			}
			if err := s.CheckKind(other); !errors.Is(err, spool.ErrKind) {
				t.Errorf("%s is checked: %v", name, err)
			}
			equal(t, "the same kind", s.CheckKind(spool.Recipient{Name: name, Kind: "http"}), nil)
		}
		s, fs = restarted(t, s, fs, true)
	}
	equal(t, "a new name", s.CheckKind(spool.Recipient{Name: "newer", Kind: "email"}), nil)
}

func TestServeOnce(t *testing.T) {
	s := open(t, options(spooltest.New(0)))
	q := s.serve(spool.Recipient{Name: "r"})
	if _, err := s.Serve(spool.Recipient{Name: "r"}); !errors.Is(err, spool.ErrInUse) {
		t.Errorf("served twice: %v", err)
	}
	if _, err := s.Forget(t.Context(), "r", plainLetter); !errors.Is(err, spool.ErrInUse) {
		t.Errorf("forgotten while it is served: %v", err)
	}
	s.add("a", "1", "2", "3")
	for range 2 { // what was given and not settled is given again
		_, n := texts(t, q)
		if err := q.Settle(t.Context(), n[len(n)-1], bridge.Delivered); err != nil {
			t.Error(err)
		}
		q.Close()
		q = s.serve(spool.Recipient{Name: "r"})
	}
	equal(t, "waiting", q.Stats().Waiting, uint64(1))
	q.Close()
	n, err := s.Forget(t.Context(), "r", plainLetter)
	equal(t, "forgotten while the spool runs", fmt.Sprint(n, err), "1 <nil>")
}

// TestPassedStaysPassed: who takes over is not given what was passed, even
// where earlier events wait. A restart gives it again.
func TestPassedStaysPassed(t *testing.T) {
	fs := spooltest.New(0)
	s := open(t, options(fs))
	q := s.serve(spool.Recipient{Name: "r"})
	s.add("a", "1", "no", "2", "no", "3")
	_, n := texts(t, q)
	q.Pass(n[1])
	q.Pass(n[3])
	must(t, q.Settle(t.Context(), n[2], bridge.Delivered))
	for range 2 {
		q.Close()
		q = s.serve(spool.Recipient{Name: "r"})
		fits(t, q.Stats())
		got, _ := texts(t, q)
		equal(t, "given", got, []string{"1", "3"})
		fits(t, q.Stats())
		equal(t, "filtered", q.Stats().Filtered, uint64(2))
	}
	must(t, q.Settle(t.Context(), n[0], bridge.Delivered))
	equal(t, "filtered, in the end", q.Stats().Filtered, uint64(2))
	fits(t, q.Stats())
	s.add("a", "4", "no", "5")
	_, more := texts(t, q)
	q.Pass(more[1])
	s, _ = restarted(t, s, fs, true)
	got, _ := texts(t, s.serve(spool.Recipient{Name: "r"}))
	equal(t, "after a restart", got, []string{"no", "no", "3", "4", "no", "5"})
}

func plainLetter(it bridge.Item) ([]byte, error) { return it.Data, nil }

// TestOthersDoNotWaitForForget: only the name that is forgotten is held up.
func TestOthersDoNotWaitForForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, options(spooltest.New(0)))
		s.serve(spool.Recipient{Name: "r"}).Close()
		s.add("a", "1")
		slowly, forgotten := make(chan struct{}), make(chan error, 1)
		go func() {
			_, err := s.Forget(context.Background(), "r", func(it bridge.Item) ([]byte, error) {
				<-slowly
				return it.Data, nil
			})
			forgotten <- err
		}()
		synctest.Wait()
		s.serve(spool.Recipient{Name: "other"})
		s.queue("another")
		same := make(chan *spool.Queue, 1)
		go func() {
			q, _ := s.Serve(spool.Recipient{Name: "r"})
			same <- q
		}()
		synctest.Wait()
		equal(t, "the same name waits", len(same), 0)
		close(slowly)
		equal(t, "forgotten", <-forgotten, nil)
		if q := <-same; q == nil || q.Stats().Given != 0 {
			t.Error("the name isn't new")
		}
	})
}

// TestAbsent: the time for which nobody serves a name is kept, and ends.
func TestAbsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := open(t, options(fs))
		r := spool.Recipient{Name: "r", Kind: "http", Keep: time.Hour}
		q := s.serve(r)
		s.serve(spool.Recipient{Name: "other", Kind: "file"})
		s.add("a", "1")
		equal(t, "served", s.Absent(), []spool.Absent(nil))
		q.Close()
		for i := range 4 {
			if err := s.Age(t.Context(), time.Minute); err != nil {
				t.Fatal(err)
			}
			s.add("a", "later")
			want := spool.Absent{Name: "r", Kind: "http", Keep: time.Hour, Gone: time.Duration(i) * time.Minute, Waiting: uint64(i + 2)}
			want.Stats = spool.QueueStats{First: 1 << 40, Given: want.Waiting, Frontier: 1 << 40, Waiting: want.Waiting}
			equal(t, "absent", fmt.Sprint(s.Absent()[0]), fmt.Sprint(want))
			if i == 1 {
				s, fs = restarted(t, s, fs, true)
				s.serve(spool.Recipient{Name: "other", Kind: "file"})
			}
		}
		q = s.serve(r)
		got, _ := texts(t, q)
		equal(t, "when it comes back", got, []string{"1", "later", "later", "later", "later"})
		q.Close()
		equal(t, "its time begins anew", s.Absent()[0].Gone, 0)
		if err := s.Age(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		s.add("a", "not for it")
		n, err := s.Forget(t.Context(), "r", plainLetter)
		equal(t, "letters", fmt.Sprint(n, err), "5 <nil>")
		equal(t, "names", s.Names(), []string{"other"})
	})
}
