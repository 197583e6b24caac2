package app

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// tarpit is a file system whose syncs hang, or fail, while they are told to.
type tarpit struct {
	*spooltest.FS
	hang atomic.Pointer[chan struct{}] // until that is closed; nil: they don't
}

type tarpitFile struct {
	spool.File
	of *tarpit
}

func (p *tarpit) Create(name string) (spool.File, error) {
	f, err := p.FS.Create(name)
	return tarpitFile{f, p}, err
}

func (p *tarpit) Open(name string, write bool) (spool.File, error) {
	f, err := p.FS.Open(name, write)
	return tarpitFile{f, p}, err
}

func (f tarpitFile) Sync() error {
	if until := f.of.hang.Load(); until != nil {
		<-*until
	}
	return f.File.Sync()
}

// hungSite is a bridge without sources, on a file system of the test's.
type hungSite struct {
	t  *testing.T
	fs *tarpit
	sp *spool.Spool
	a  *app
}

// startHung starts it in a bubble. It has ended when the bubble does.
func startHung(t *testing.T) *hungSite {
	fs := &tarpit{FS: spooltest.New(1 << 30)}
	if err := fs.MkdirAll("/state"); err != nil {
		t.Fatal(err)
	}
	o := spool.Defaults()
	o.Dir, o.FS = "/state", fs
	sp, err := spool.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := &hungSite{t: t, fs: fs, sp: sp, a: newApp(&config.Config{}, Options{}, sp)}
	t.Cleanup(func() {
		if err := sp.Close(); err != nil {
			t.Error(err)
		}
	})
	s.background(sp.Run)
	return s
}

// background runs f until the test ends.
func (s *hungSite) background(f func(context.Context) error) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	s.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			s.t.Error(err)
		}
	})
}

// append appends an event; it ends when that is durable.
func (s *hungSite) append() {
	e := bridge.Event{Name: "support_conference_end"}
	in := spool.Ingest{Source: "in", Events: [][]byte{e.AppendWire(nil)}}
	if _, err := s.sp.Append(context.Background(), in); err != nil {
		s.t.Error(err)
	}
}

// want looks 29 s after the step began, and at 31 s.
func (s *hungSite) want(says string) {
	s.t.Helper()
	time.Sleep(29 * time.Second)
	if got := s.a.Hangs(); got != "" {
		s.t.Errorf("after 29 s: %q", got)
	}
	time.Sleep(2 * time.Second)
	if got := s.a.Hangs(); (got == "") != (says == "") || !strings.Contains(got, says) {
		s.t.Errorf("after 31 s: %q, want %q", got, says)
	}
}

func TestHangsInASync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startHung(t)
		s.append()
		s.want("")
		until := make(chan struct{})
		s.fs.hang.Store(&until)
		go s.append()
		s.want("the spool's writer has been at one write for 31s")
		s.fs.hang.Store(nil)
		close(until)
		synctest.Wait()
		if got := s.a.Hangs(); got != "" {
			t.Errorf("when it goes on: %q", got)
		}
	})
}

// TestHangsNotWhileTheDiskRefuses: a restart doesn't help there, and the loops
// are busy trying.
func TestHangsNotWhileTheDiskRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startHung(t)
		s.serve(nil)
		broken := func(where string) {
			s.fs.SetFault(func(op spooltest.Op, name string) error {
				if (op == spooltest.Sync || op == spooltest.Write) && strings.Contains(name, where) {
					return errors.New("the disk is broken")
				}
				return nil
			})
		}
		broken("journal")
		s.append()
		s.want("")
		if s.sp.Status().JournalFailing == "" {
			t.Error("the journal can be written")
		}
		broken("")
		appended := make(chan struct{})
		go func() {
			defer close(appended)
			s.append()
		}()
		s.want("")
		if s.sp.Status().Failing == "" {
			t.Error("the spool can be written")
		}
		s.fs.SetFault(nil)
		<-appended
		s.want("")
	})
}

func TestHangsInAWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startHung(t)
		until := make(chan struct{})
		s.serve(until)
		time.Sleep(time.Hour)
		if got := s.a.Hangs(); got != "" {
			t.Errorf("while there is nothing to do: %q", got)
		}
		s.append()
		s.want("the worker of recipient desk has been at one step for 31s")
		close(until)
		synctest.Wait()
		if got := s.a.Hangs(); got != "" {
			t.Errorf("when it goes on: %q", got)
		}
	})
}

// hangingQueue records nothing until it is told to.
type hangingQueue struct {
	*spool.Queue
	until chan struct{} // nil: at once
}

func (q hangingQueue) SettleAll(ctx context.Context, numbers []uint64, how bridge.Settlement) error {
	if q.until != nil {
		<-q.until
	}
	return q.Queue.SettleAll(ctx, numbers, how)
}

// serve lets a worker serve the recipient desk, whose outcomes are recorded
// once until is closed.
func (s *hungSite) serve(until chan struct{}) {
	s.t.Helper()
	q, err := s.sp.Queue("desk")
	if err != nil {
		s.t.Fatal(err)
	}
	w := dispatch.New(dispatch.Options{Name: "desk", Policy: dispatch.Defaults(""), Queue: hangingQueue{q, until}, Sink: taker{}})
	s.a.recipients["desk"] = &recipient{name: "desk", now: w}
	s.background(w.Run)
}

// taker is a sink that takes all.
type taker struct{}

func (taker) Deliver(context.Context, bridge.Delivery) (bridge.Receipt, error) {
	return bridge.Receipt{}, nil
}
