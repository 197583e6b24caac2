package spool_test

import (
	"context"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// watched is a spool that nothing comes to, and that is watched.
func watched(t *testing.T, fs spool.FS) *running {
	t.Helper()
	o := options(fs)
	o.MaxBytes, o.MinFree = 64<<20, "1MiB"
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
