package spool_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// watched is a spool that nothing comes to, and that is watched.
func watched(t *testing.T, fs spool.FS, change ...func(*spool.Options)) *running {
	t.Helper()
	o := options(fs)
	o.MaxBytes, o.MinFree = 64<<20, "1MiB"
	for _, c := range change {
		c(&o)
	}
	s := open(t, o)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Watch(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	synctest.Wait()
	return s
}

// TestIdleSpoolThatCantBeWritten: it shows within five seconds, though no line
// comes, and so does its end.
func TestIdleSpoolThatCantBeWritten(t *testing.T) {
	always := func(ops ...spooltest.Op) func(fs *spooltest.FS, errno error) {
		return func(fs *spooltest.FS, errno error) {
			fs.SetFault(func(op spooltest.Op, name string) error {
				for _, o := range ops {
					if o == op && strings.HasSuffix(name, "probe") {
						return errno
					}
				}
				return nil
			})
		}
	}
	for _, tc := range []struct {
		name        string
		breaks      func(fs *spooltest.FS, errno error)
		errno       error
		wantFull    string
		wantFailing string
	}{
		{name: "all is well", breaks: func(*spooltest.FS, error) {}},
		{name: "read-only", breaks: always(spooltest.Open), errno: syscall.EROFS, wantFailing: "is read-only: see the kernel's log"},
		{name: "not ours any more", breaks: always(spooltest.Open), errno: syscall.EACCES, wantFailing: "must belong to the user"},
		{name: "a bad disk", breaks: always(spooltest.Write), errno: syscall.EIO, wantFailing: "the disk fails"},
		{name: "a sync fails", breaks: always(spooltest.Sync), errno: syscall.EIO, wantFailing: "the disk fails"},
		{name: "no block left", breaks: always(spooltest.Write), errno: syscall.ENOSPC, wantFull: "free some space"},
		{name: "under min_free", breaks: func(fs *spooltest.FS, _ error) { fs.SetTotal(5 << 20) }, wantFull: "lower min_free"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fs := spooltest.New(1 << 30)
				s := watched(t, fs)
				want := func(full, failing string) {
					t.Helper()
					st := s.Status()
					if !strings.Contains(st.Full, full) || !strings.Contains(st.Failing, failing) ||
						(st.Full == "") != (full == "") || (st.Failing == "") != (failing == "") || st.NoSpace != (full != "") {
						t.Errorf("full %q (%v), failing %q; want %q, %q", st.Full, st.NoSpace, st.Failing, full, failing)
					}
				}
				want("", "")
				tc.breaks(fs, tc.errno)
				time.Sleep(5 * time.Second)
				synctest.Wait()
				want(tc.wantFull, tc.wantFailing)
				fs.SetFault(nil)
				fs.SetTotal(1 << 30)
				time.Sleep(5 * time.Second)
				synctest.Wait()
				want("", "")
			})
		})
	}
}

// hanging is a file system on which a file can't be opened, once it hangs, until
// it is let.
type hanging struct {
	spool.FS
	hangs atomic.Bool
	let   chan struct{}
}

func (h *hanging) Open(name string, write bool) (spool.File, error) {
	if h.hangs.Load() && strings.HasSuffix(name, "probe") {
		<-h.let
	}
	return h.FS.Open(name, write)
}

// TestDiskThatHangs: what doesn't come back is an answer, too.
func TestDiskThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := &hanging{FS: spooltest.New(1 << 30), let: make(chan struct{})}
		s := watched(t, fs)
		fs.hangs.Store(true)
		time.Sleep(5*time.Second + 9*time.Second)
		if f := s.Status().Failing; f != "" {
			t.Error(f)
		}
		time.Sleep(time.Second)
		if f := s.Status().Failing; !strings.Contains(f, "for 10s") {
			t.Errorf("failing %q", f)
		}
		close(fs.let)
		synctest.Wait()
		if f := s.Status().Failing; f != "" {
			t.Error(f)
		}
	})
}

// TestWatchLeavesTheSpoolAlone: it doesn't grow, and what lines show needs no
// look.
func TestWatchLeavesTheSpoolAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(1 << 30)
		s := watched(t, fs)
		free, _, _ := fs.Space("/")
		probes := 0
		fs.SetFault(func(op spooltest.Op, name string) error {
			if op == spooltest.Write && strings.HasSuffix(name, "probe") {
				probes++
			}
			return nil
		})
		time.Sleep(time.Hour)
		synctest.Wait()
		if now, _, _ := fs.Space("/"); now != free || probes == 0 {
			t.Errorf("%d bytes were free, and %d are; %d writes", free, now, probes)
		}
		before := probes
		for range 100 {
			s.add("in", "event")
			time.Sleep(4 * time.Second)
		}
		if probes != before {
			t.Errorf("%d writes beside those of lines", probes-before)
		}
	})
}

// TestTroubleOfWhoGaveUp: a line found that the disk fails, or is full, and its
// source was taken away. Nothing is tried any more; what the looks find counts.
func TestTroubleOfWhoGaveUp(t *testing.T) {
	for _, tc := range []struct {
		name        string
		breaks      func(fs *spooltest.FS, ours func(name string) bool)
		wantFull    string
		wantFailing string
	}{
		{"failing", func(fs *spooltest.FS, ours func(string) bool) {
			fs.SetFault(func(op spooltest.Op, name string) error {
				if op == spooltest.Write && ours(name) {
					return syscall.EIO
				}
				return nil
			})
		}, "", "the disk fails"},
		{"full", func(fs *spooltest.FS, ours func(string) bool) {
			fs.SetFault(func(op spooltest.Op, name string) error {
				if (op == spooltest.Allocate || op == spooltest.Write) && ours(name) {
					return syscall.ENOSPC
				}
				return nil
			})
		}, "free some space", ""},
		{"under min_free", func(fs *spooltest.FS, _ func(string) bool) { fs.SetTotal(1 << 20) }, "lower min_free", ""},
	} {
		for _, whole := range []bool{false, true} { // else the looks find nothing
			t.Run(tc.name+map[bool]string{false: " where lines go", true: " all over"}[whole], func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					fs := spooltest.New(1 << 30)
					var log logged
					s := watched(t, fs, func(o *spool.Options) { o.Log = zerolog.New(&log) })
					tc.breaks(fs, func(name string) bool { return whole || strings.HasSuffix(name, ".seg") })
					want := func(when, full, failing string) {
						t.Helper()
						st := s.Status()
						if !strings.Contains(st.Full, full) || !strings.Contains(st.Failing, failing) || (st.Full == "") != (full == "") || (st.Failing == "") != (failing == "") {
							t.Errorf("%s: full %q, failing %q; want %q, %q", when, st.Full, st.Failing, full, failing)
						}
					}
					said := func(when string, errs, infos int) {
						t.Helper()
						got := log.take()
						if e, i := strings.Count(got, `"level":"error"`), strings.Count(got, `"level":"info"`); e != errs || i != infos {
							t.Errorf("%s: want %d errors and %d infos in\n%s", when, errs, infos, got)
						}
					}
					ctx, stop := context.WithTimeout(t.Context(), 31*time.Second)
					defer stop()
					gaveUp := make(chan error)
					go func() {
						_, err := s.Append(ctx, spool.Ingest{Source: "x"})
						gaveUp <- err
					}()
					time.Sleep(30 * time.Second)
					want("while it waits", tc.wantFull, tc.wantFailing)
					said("while it waits", 1, 0)
					if err := <-gaveUp; !errors.Is(err, context.DeadlineExceeded) {
						t.Fatal(err)
					}
					if whole || tc.name == "under min_free" {
						time.Sleep(time.Hour)
						want("an hour later", tc.wantFull, tc.wantFailing)
						said("an hour later", 0, 0)
						fs.SetFault(nil)
						fs.SetTotal(1 << 30)
					}
					time.Sleep(20 * time.Second) // the last wait between two tries, and a look
					synctest.Wait()
					want("mended", "", "")
					said("mended", 0, 1)
					if whole {
						tc.breaks(fs, func(string) bool { return true })
						ctx, stop := context.WithTimeout(t.Context(), 4*time.Second) // a look comes later
						defer stop()
						_, _ = s.Append(ctx, spool.Ingest{Source: "x"})
						want("once more", tc.wantFull, tc.wantFailing)
						said("once more", 1, 0)
					}
				})
			})
		}
	}
}

// TestMaxBytesOfWhoGaveUp: no look asks for that room, so it stays said, until
// there is some.
func TestMaxBytesOfWhoGaveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := watched(t, spooltest.New(1<<30), func(o *spool.Options) { o.MaxBytes = 2 << 20 })
		q := s.queue("r")
		fill := func(bytes int) error {
			ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
			defer stop()
			var err error
			for err == nil {
				_, err = s.Append(ctx, ingest("x", strings.Repeat("x", bytes)))
			}
			return err
		}
		for _, bytes := range []int{30 << 10, 100} {
			if err := fill(bytes); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Hour)
		if st := s.Status(); !strings.Contains(st.Full, "max_bytes") || st.NoSpace {
			t.Errorf("full %q (%v)", st.Full, st.NoSpace)
		}
		_, numbers := texts(t, q)
		for _, n := range numbers {
			if err := q.Settle(t.Context(), n, bridge.Delivered); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Hour)
		if st := s.Status(); st.Full != "" {
			t.Errorf("there is room: %q", st.Full)
		}
	})
}

// A disk that is full to the brim is told of, also while the next lines fit into
// what the segment has taken.
func TestBrimfulDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(1 << 30)
		s := watched(t, fs)
		if _, err := s.Append(t.Context(), ingest("x", "x")); err != nil {
			t.Fatal(err)
		}
		free, total, _ := fs.Space("/")
		for _, c := range []struct {
			left int64
			want bool
		}{{left: 0, want: true}, {left: 4 << 10}, {left: 0, want: true}} {
			fs.SetTotal(total - free + c.left)
			time.Sleep(time.Minute)
			synctest.Wait()
			if st := s.Status(); st.NoSpace != c.want || (st.Full != "") != c.want {
				t.Errorf("with %d bytes left: full %q (%v)", c.left, st.Full, st.NoSpace)
			}
		}
	})
}

// TestSpaceThatIsTakenAlready: lines go on into blocks that the spool has, so
// it isn't full, whatever min_free says; once these are used it is.
func TestSpaceThatIsTakenAlready(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(1 << 30)
		s := watched(t, fs)
		s.queue("r") // wants all of it
		add := func(bytes int) error {
			ctx, stop := context.WithTimeout(t.Context(), 4*time.Second)
			defer stop()
			_, err := s.Append(ctx, ingest("x", strings.Repeat("x", bytes)))
			return err
		}
		if err := add(1); err != nil {
			t.Fatal(err)
		}
		free, total, _ := fs.Space("/")
		fs.SetTotal(total - free + 2<<20) // 1 MiB above min_free
		taken := 0
		for add(50<<10) == nil {
			time.Sleep(time.Minute)
			synctest.Wait()
			if st := s.Status(); st.Full != "" && add(1) == nil {
				t.Fatalf("after %d lines that were taken: full %q (%v)", taken, st.Full, st.NoSpace)
			}
			taken++
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		for add(100) == nil {
			taken++
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if st := s.Status(); taken < 20 || st.Full == "" || !st.NoSpace {
			t.Errorf("after %d lines: full %q (%v)", taken, st.Full, st.NoSpace)
		}
	})
}
