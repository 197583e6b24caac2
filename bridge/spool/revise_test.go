package spool_test

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// deadOnes gives the texts of the dead letters, as events had them.
func deadOnes(t *testing.T, fs *spooltest.FS) (out []string) {
	t.Helper()
	err := spool.ReadDeadFS(fs, dir, func(l spool.DeadLetter) error {
		out = append(out, string(l.Letter))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// waitingOnes gives the texts of what is parked and of what Next gives.
func waitingOnes(t *testing.T, q *spool.Queue) (out []string) {
	t.Helper()
	parked, _ := q.Restored()
	for _, p := range parked {
		it, err := q.Get(t.Context(), p.Number)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(it.Data))
	}
	more, _ := texts(t, q)
	return append(out, more...)
}

// twoDead makes a spool with three events, of which r has buried the first two.
func twoDead(t *testing.T, fs *spooltest.FS) *running {
	t.Helper()
	o := options(fs)
	o.RetryEvery = time.Second
	s := open(t, o)
	q := s.queue("r")
	s.add("a", "one", "two", "three")
	_, numbers := texts(t, q)
	for i, letter := range []string{"one", "two"} {
		if err := q.Bury(t.Context(), numbers[i], []byte(letter)); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(time.Second) // of the bubble: all that is durable
	return s
}

func replayOne(l spool.DeadLetter) (spool.Verdict, error) {
	if string(l.Letter) == "one" {
		return spool.Verdict{Replay: true, Session: 7, Event: l.Letter}, nil
	}
	return spool.Verdict{Drop: true}, nil
}

func TestReviseDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := twoDead(t, fs)
		replayed, dropped, err := s.ReviseDead(t.Context(), replayOne)
		if replayed != 1 || dropped != 1 || err != nil {
			t.Fatal(replayed, dropped, err)
		}
		for _, at := range []struct {
			name string
			fs   *spooltest.FS
		}{{"a power cut", fs.Crash(0)}, {"a kill", fs.Kill()}} {
			equal(t, "dead letters after "+at.name, deadOnes(t, at.fs), nil)
			q := open(t, options(at.fs)).queue("r")
			st := q.Stats()
			fits(t, st)
			equal(t, "dropped", st.Dropped, 1)
			parked, _ := q.Restored()
			equal(t, "parked", parked, []bridge.Parked{{Number: parked[0].Number, Session: 7, Replay: true}})
			equal(t, "waiting after "+at.name, waitingOnes(t, q), []string{"one", "three"})
			// It dies once more: that letter counts.
			if err := q.Bury(t.Context(), parked[0].Number, []byte("one again")); err != nil {
				t.Fatal(err)
			}
			again := at.fs.Crash(0)
			equal(t, "dead letters when it died again", deadOnes(t, again), []string{"one again"})
			q = open(t, options(again)).queue("r")
			equal(t, "waiting when it died again", waitingOnes(t, q), []string{"three"})
			fits(t, q.Stats())
		}
	})
}

// TestReviseOnADyingDisk: from some operation on nothing can be written any
// more, then the power is cut. The event is a dead letter or waits, never both
// and never neither.
func TestReviseOnADyingDisk(t *testing.T) {
	for n, more := 0, true; more; n++ {
		synctest.Test(t, func(t *testing.T) {
			fs := spooltest.New(0)
			s := twoDead(t, fs)
			left := n
			fs.SetFault(func(op spooltest.Op, _ string) error {
				if op == spooltest.Read {
					return nil
				}
				if left--; left < 0 {
					return syscall.EIO
				}
				return nil
			})
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			_, _, err := s.ReviseDead(ctx, replayOne)
			more = err != nil
			for _, keep := range []int{0, 1 << 20} {
				cut := fs.Crash(keep)
				q := open(t, options(cut)).queue("r")
				fits(t, q.Stats())
				found := map[string]int{}
				for _, e := range append(deadOnes(t, cut), waitingOnes(t, q)...) {
					found[e]++
				}
				if found["one"] != 1 || found["three"] != 1 || found["two"] > 1 {
					t.Errorf("the disk dies after %d operations, %d bytes are kept: %v", n, keep, found)
				}
			}
		})
	}
}

func TestReviseRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := twoDead(t, fs)
		stop := errors.New("stop")
		if _, _, err := s.ReviseDead(t.Context(), func(spool.DeadLetter) (spool.Verdict, error) { return spool.Verdict{}, stop }); !errors.Is(err, stop) {
			t.Error(err)
		}
		if err := s.Pause(t.Context(), "nobody", true); !errors.Is(err, spool.ErrNoRecipient) {
			t.Error(err)
		}
		if _, err := s.Forget(t.Context(), "nobody", nil); !errors.Is(err, spool.ErrNoRecipient) {
			t.Error(err)
		}
		if _, err := s.Forget(t.Context(), "r", nil); !errors.Is(err, spool.ErrInUse) {
			t.Error(err)
		}
		equal(t, "dead letters", deadOnes(t, fs), []string{"one", "two"})
	})
}

func TestForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := twoDead(t, fs)
		s.queue("gone")
		s.add("a", "four", "five")
		s.mustEnd()

		s = open(t, options(fs))
		n, err := s.Forget(t.Context(), "gone", func(it bridge.Item) ([]byte, error) { return it.Data, nil })
		equal(t, "letters written", n, 2)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "names", s.Names(), []string{"r"})
		for _, fs := range []*spooltest.FS{fs.Crash(0), fs.Kill()} {
			equal(t, "dead letters", deadOnes(t, fs), []string{"one", "two", "four", "five"})
			s := open(t, options(fs))
			equal(t, "names after a start", s.Names(), []string{"r"})
			q := s.queue("r")
			equal(t, "waiting", waitingOnes(t, q), []string{"three", "four", "five"})
			fits(t, q.Stats())
			// The name comes back as a new recipient.
			back := s.queue("gone")
			equal(t, "waiting for it", waitingOnes(t, back), nil)
			fits(t, back.Stats())
		}
	})
}

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := twoDead(t, fs)
		q := s.queue("r")
		for _, want := range []bool{true, false, true} {
			select {
			case <-q.Wake():
			default:
			}
			if err := s.Pause(t.Context(), "r", want); err != nil {
				t.Fatal(err)
			}
			select {
			case <-q.Wake():
			default:
				t.Error("the queue isn't woken")
			}
			equal(t, "paused", q.Paused(), want)
			equal(t, "paused after a power cut", open(t, options(fs.Crash(0))).queue("r").Paused(), want)
		}
	})
}

// TestReviseFails: a letter can't be struck out. Its event isn't given, and
// after a crash it is a dead letter or waits; when the disk is well it waits.
func TestReviseFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := twoDead(t, fs)
		fs.SetFault(func(op spooltest.Op, name string) error {
			if op == spooltest.Sync && strings.Contains(name, "dead") {
				return syscall.EIO
			}
			return nil
		})
		if _, _, err := s.ReviseDead(t.Context(), replayOne); err == nil {
			t.Error("replayed")
		}
		q := s.queue("r")
		fits(t, q.Stats())
		equal(t, "waiting", waitingOnes(t, q), []string{"three"})
		equal(t, "revived", len(q.Revived()), 0)
		fs.SetFault(nil)
		time.Sleep(2 * time.Minute)
		equal(t, "revived later", len(q.Revived()), 1)
		fits(t, q.Stats())
		equal(t, "dead letters", deadOnes(t, fs), []string{"two"})
	})
}

// TestRevivedSegmentStays: while the fact of a replay can't be written, the
// segment in which its event stands again is sealed, and nobody wants it.
func TestRevivedSegmentStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		o := options(fs)
		o.RetryEvery, o.Keep, o.MaxBytes = time.Second, 0, 1<<20
		s := open(t, o)
		q := s.queue("r")
		number := s.add("a", "one")
		texts(t, q)
		if err := q.Bury(t.Context(), number, []byte("one")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		fs.SetFault(func(op spooltest.Op, name string) error {
			if op == spooltest.Write && strings.Contains(name, "journal") {
				return syscall.EIO
			}
			return nil
		})
		done := make(chan error, 1)
		go func() {
			_, _, err := s.ReviseDead(t.Context(), replayOne)
			done <- err
		}()
		synctest.Wait() // the event is written again; its fact can't be
		pass := func() {
			s.add("a", strings.Repeat("x", 60_000))
			_, numbers := texts(t, q)
			q.Pass(numbers[0])
		}
		for range 4 {
			pass()
		}
		fs.SetFault(nil)
		pass()
		synctest.Wait()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		revived := q.Revived()
		if len(revived) != 1 {
			t.Fatal(revived)
		}
		if it, err := q.Get(t.Context(), number); string(it.Data) != "one" {
			t.Errorf("%q, %v", it.Data, err)
		}
	})
}

// TestStrikeFails: syncs of what strikes letters out fail, and then the bridge
// dies. The event is a dead letter or waits, never neither.
func TestStrikeFails(t *testing.T) {
	for _, times := range []int{1, 2, 3, 1000} {
		synctest.Test(t, func(t *testing.T) {
			fs := spooltest.New(0)
			s := twoDead(t, fs)
			left := times
			fs.SetFault(func(op spooltest.Op, name string) error {
				if op == spooltest.Sync && strings.Contains(name, "dead") {
					if left--; left >= 0 {
						return syscall.EIO
					}
				}
				return nil
			})
			_, _, err := s.ReviseDead(t.Context(), replayOne)
			if (err == nil) != (times == 1) {
				t.Errorf("%d failures: %v", times, err)
			}
			time.Sleep(time.Second)
			for what, fs := range map[string]*spooltest.FS{"a power cut": fs.Crash(0), "one that keeps all": fs.Crash(1 << 20), "a kill": fs.Kill()} {
				q := open(t, options(fs)).queue("r")
				found := map[string]int{}
				for _, e := range append(deadOnes(t, fs), waitingOnes(t, q)...) {
					found[e]++
				}
				if found["one"] != 1 || found["three"] != 1 {
					t.Errorf("%d failures, then %s: %v", times, what, found)
				}
				fits(t, q.Stats())
			}
		})
	}
}

// TestForgetMeanwhile: a name is forgotten while it is being paused. The
// journal holds no word of it afterwards: a start would take the journal for
// damaged, and send a new name all that there is.
func TestForgetMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := twoDead(t, fs)
		s.mustEnd()
		s = open(t, options(fs))
		fs.SetFault(func(op spooltest.Op, name string) error {
			if op == spooltest.Write && strings.Contains(name, "journal") {
				return syscall.EIO
			}
			return nil
		})
		paused := make(chan error, 1)
		go func() { paused <- s.Pause(t.Context(), "r", true) }()
		synctest.Wait()
		fs.SetFault(nil)
		if n, err := s.Forget(t.Context(), "r", func(it bridge.Item) ([]byte, error) { return it.Data, nil }); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if err := <-paused; !errors.Is(err, spool.ErrNoRecipient) {
			t.Error(err)
		}
		s.mustEnd()
		equal(t, "waiting for a new name", waitingOnes(t, open(t, options(fs)).queue("new")), nil)
	})
}

// TestLettersOfAnEarlierLife: a name is forgotten, comes back, and its letters
// of before are replayed and dropped.
func TestLettersOfAnEarlierLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := twoDead(t, fs)
		s.mustEnd()
		s = open(t, options(fs))
		if _, err := s.Forget(t.Context(), "r", func(it bridge.Item) ([]byte, error) { return it.Data, nil }); err != nil {
			t.Fatal(err)
		}
		q := s.queue("r")
		if r, d, err := s.ReviseDead(t.Context(), replayOne); r != 1 || d != 2 || err != nil {
			t.Fatal(r, d, err)
		}
		fits(t, q.Stats())
		for _, cut := range []*spooltest.FS{fs.Crash(0), fs.Kill()} {
			again := open(t, options(cut)).queue("r")
			fits(t, again.Stats())
			equal(t, "waiting", waitingOnes(t, again), []string{"one"})
		}
		for _, p := range q.Revived() {
			settle(t, q, p.Number)
		}
		fits(t, q.Stats())
		equal(t, "delivered", q.Stats().Delivered, 1)
	})
}

// TestLetterOfAWaitingEvent: the sync of a letter failed, so that its event
// waits; the letter can be read all the same. Nobody can revise it.
func TestLetterOfAWaitingEvent(t *testing.T) {
	for _, v := range []spool.Verdict{{Drop: true}, {Replay: true, Event: []byte("three")}} {
		synctest.Test(t, func(t *testing.T) {
			fs := spooltest.New(0)
			s := twoDead(t, fs)
			q := s.queue("r")
			_, numbers := texts(t, q)
			fs.FailNth(spooltest.Sync, 1, syscall.EIO)
			if err := q.Bury(t.Context(), numbers[0], []byte("three")); err == nil {
				t.Fatal("no error")
			}
			replayed, dropped, err := s.ReviseDead(t.Context(), func(l spool.DeadLetter) (spool.Verdict, error) {
				if string(l.Letter) == "three" {
					return v, nil
				}
				return spool.Verdict{Drop: true}, nil
			})
			if replayed != 0 || dropped != 2 || err != nil {
				t.Error(replayed, dropped, err)
			}
			fits(t, q.Stats())
			if err := q.Settle(t.Context(), numbers[0], bridge.Delivered); err != nil {
				t.Fatal(err)
			}
			fits(t, q.Stats())
			time.Sleep(2 * time.Minute)
			equal(t, "dead letters of what was delivered", deadOnes(t, fs), nil)
		})
	}
}

// TestLetterWrittenAgain: the second try of a letter counts, also behind what
// strikes the first one out.
func TestLetterWrittenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := twoDead(t, fs)
		q := s.queue("r")
		_, numbers := texts(t, q)
		fs.FailNth(spooltest.Sync, 1, syscall.EIO)
		if err := q.Bury(t.Context(), numbers[0], []byte("three")); err == nil {
			t.Fatal("no error")
		}
		if err := q.Bury(t.Context(), numbers[0], []byte("three")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		for _, fs := range []*spooltest.FS{fs, fs.Crash(0), fs.Crash(1 << 20), fs.Kill()} {
			equal(t, "dead letters", deadOnes(t, fs), []string{"one", "two", "three"})
		}
	})
}

// TestDropAtOnce: the power is cut while a letter is dropped that was written a
// moment ago. Its event doesn't wait again.
func TestDropAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := open(t, options(fs))
		q := s.queue("r")
		number := s.add("a", "one")
		texts(t, q)
		time.Sleep(time.Second)
		if err := q.Bury(t.Context(), number, []byte("one")); err != nil {
			t.Fatal(err)
		}
		var cut *spooltest.FS
		struck := false
		fs.SetWatch(func(op spooltest.Op, name string, before *spooltest.FS) {
			dead := strings.Contains(name, "dead")
			if struck && !dead && cut == nil {
				cut = before.Crash(0)
			}
			struck = struck || dead && op == spooltest.Sync
		})
		if _, n, err := s.ReviseDead(t.Context(), func(spool.DeadLetter) (spool.Verdict, error) { return spool.Verdict{Drop: true}, nil }); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		fs.SetWatch(nil)
		q = open(t, options(cut)).queue("r")
		equal(t, "waiting", waitingOnes(t, q), nil)
		fits(t, q.Stats())
	})
}

// TestForgetBadSector: what a bad sector holds can't become a letter. The name
// goes all the same.
func TestForgetBadSector(t *testing.T) {
	for _, park := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			fs := spooltest.New(0)
			s := open(t, options(fs))
			q := s.queue("gone")
			number := s.add("a", "one")
			s.add("a", "two")
			if park {
				texts(t, q)
				if ok, err := q.Park(t.Context(), number, 1, bridge.Try{Attempts: 1}); !ok || err != nil {
					t.Fatal(ok, err)
				}
			}
			s.mustEnd()
			s = open(t, options(fs))
			fs.SetFault(func(op spooltest.Op, name string) error {
				if op == spooltest.Read && strings.Contains(name, "segments") {
					return syscall.EIO
				}
				return nil
			})
			if n, err := s.Forget(t.Context(), "gone", func(it bridge.Item) ([]byte, error) { return it.Data, nil }); n != 0 || err != nil {
				t.Errorf("parked %v: %d letters, %v", park, n, err)
			}
			equal(t, "names", s.Names(), nil)
		})
	}
}
