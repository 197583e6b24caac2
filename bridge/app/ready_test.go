package app

import (
	"context"
	"io"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/ingest"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
	"github.com/tailpost/tailpost/bridge/status"
)

// moody is a source that fares as it is told, and gives the lines that it is
// told.
type moody struct {
	lines chan int // how many, in one batch

	mu    sync.Mutex
	state status.State
	since time.Time
}

func (m *moody) Run(ctx context.Context, _ []bridge.Position, emit bridge.Emit) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case n := <-m.lines:
			recs := make([]bridge.Record, n)
			for i := range recs {
				recs[i] = bridge.Record{Line: []byte(line), Offset: int64(i)}
			}
			if err := emit(ctx, bridge.Batch{Records: recs}); err != nil {
				return err
			}
		}
	}
}

func (m *moody) set(state status.State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state, m.since = state, time.Now()
}

func (m *moody) Tell(to *status.Source) {
	m.mu.Lock()
	defer m.mu.Unlock()
	to.State, to.Since = m.state, m.since
	if to.State != status.OK {
		to.Text = "because"
	}
}

// bubble is an app without its goroutines, in a bubble of time. Its state is in
// memory, but for what is written behind.
type bubble struct {
	t   *testing.T
	ctx context.Context
	fs  *spooltest.FS
	a   *app
}

func newBubble(t *testing.T) *bubble {
	t.Helper()
	b := &bubble{t: t, ctx: t.Context(), fs: spooltest.New(1 << 30)}
	c := load(t, t.TempDir(), toFile("out"))
	o := c.Spool
	o.Dir, o.FS, o.MaxBytes, o.MinFree = c.StateDir, b.fs, 2<<20, "1MiB"
	sp, err := spool.Open(b.ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	b.a = newApp(c, Options{Log: zerolog.Nop(), Stdin: strings.NewReader(""), Stdout: io.Discard}, sp)
	if err := b.a.open(); err != nil {
		t.Fatal(err)
	}
	b.a.sources = map[string]*source{}
	ctx, stop := context.WithCancel(b.ctx)
	var all sync.WaitGroup
	all.Go(func() { _ = sp.Run(ctx) })
	all.Go(func() { _ = sp.Watch(ctx) })
	t.Cleanup(func() {
		stop()
		all.Wait()
		b.a.closeUnbegun()
		_ = sp.Close()
	})
	return b
}

// add begins to read a source.
func (b *bubble) add(name string, state status.State) *moody {
	b.t.Helper()
	m := &moody{lines: make(chan int)}
	m.set(state)
	s := &source{name: name, item: config.Item{Name: name, Kind: "tail"}, from: m, made: time.Now(), done: make(chan struct{})}
	s.ingest = ingest.New(ingest.Config{
		Name: name, Options: ingest.Options{Format: "json"}, Source: m, NewParser: ParserFor(ingest.Options{Format: "json"}),
		Store: store{b.a.spool}, Log: zerolog.Nop(),
	})
	ctx, stop := context.WithCancel(b.ctx)
	go func() {
		defer close(s.done)
		if err := s.ingest.Run(ctx); err != nil {
			b.t.Error(err)
		}
	}()
	b.t.Cleanup(func() { stop(); <-s.done })
	b.a.mu.Lock()
	b.a.sources[name] = s
	b.a.mu.Unlock()
	synctest.Wait()
	return m
}

// want looks whether it is ready, and why not: "" if it is.
func (b *bubble) want(why string) {
	b.t.Helper()
	b.a.changed()
	s := b.a.Snapshot()
	got := strings.Join(s.NotReady, "; ")
	if s.Ready != (got == "") || (got == "") != (why == "") || !strings.Contains(got, why) {
		b.t.Errorf("ready %v: %q; want %q", s.Ready, got, why)
	}
}

// TestReadinessOfSources: one that can't read counts after ten seconds, and no
// longer as soon as it can.
func TestReadinessOfSources(t *testing.T) {
	for _, tc := range []struct {
		state status.State
		want  string
	}{
		{status.OK, ""},
		{status.Waiting, ""},
		{status.Partly, ""},
		{status.Ended, ""},
		{status.Unreadable, "the source log is unreadable: because"},
	} {
		t.Run(string(tc.state), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBubble(t)
				m := b.add("log", status.OK)
				b.want("")
				time.Sleep(time.Hour)
				m.set(tc.state)
				time.Sleep(10*time.Second - 1)
				b.want("")
				time.Sleep(time.Nanosecond)
				b.want(tc.want)
				time.Sleep(time.Hour)
				b.want(tc.want)
				m.set(status.OK)
				b.want("")
			})
		})
	}
}

// TestRotationsMomentsDontCount: what can't be read again and again, and can
// between, is ready.
func TestRotationsMomentsDontCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t)
		m := b.add("log", status.OK)
		for range 100 {
			for _, state := range []status.State{status.Unreadable, status.Waiting, status.OK} {
				m.set(state)
				time.Sleep(9 * time.Second)
				b.want("")
			}
		}
	})
}

// TestReadinessAfterAReload: a bad source that it brings counts after ten
// seconds; one that doesn't begin, too.
func TestReadinessAfterAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t)
		b.add("log", status.OK)
		b.want("")
		time.Sleep(time.Hour)
		bad := b.add("bad", status.Unreadable)
		slow := b.add("slow", status.Starting)
		time.Sleep(10*time.Second - 1)
		b.want("")
		time.Sleep(time.Nanosecond)
		b.want("the source bad is unreadable: because; the source slow is starting: it has not begun to read")
		bad.set(status.Waiting)
		slow.set(status.OK)
		b.want("")
	})
}

// TestReadinessAtStart: nothing is ready before it has begun.
func TestReadinessAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t)
		b.a.sources["log"] = &source{name: "log", item: config.Item{Name: "log", Kind: "tail"}, from: &moody{state: status.Starting}, made: time.Now(), ingest: ingest.New(ingest.Config{})}
		b.want("the source log is starting")
		b.add("log", status.Waiting)
		b.want("")
	})
}

// TestReadinessOfTheSpool: an idle bridge notices within five seconds, and that
// it is over; so does one that has lines.
func TestReadinessOfTheSpool(t *testing.T) {
	fails := func(errno error) func(fs *spooltest.FS) {
		return func(fs *spooltest.FS) {
			fs.SetFault(func(op spooltest.Op, _ string) error {
				switch op {
				case spooltest.Write, spooltest.Sync, spooltest.Create, spooltest.Allocate:
					return errno
				}
				return nil
			})
		}
	}
	for _, tc := range []struct {
		name   string
		breaks func(fs *spooltest.FS)
		want   string
	}{
		{"read-only", fails(syscall.EROFS), "the spool can't be written: "},
		{"a bad disk", fails(syscall.EIO), "the spool can't be written: "},
		{"no block left", fails(syscall.ENOSPC), "the spool has no space: "},
		{"under min_free", func(fs *spooltest.FS) { fs.SetTotal(1 << 20) }, "the spool has no space: "},
	} {
		for _, busy := range []bool{false, true} {
			t.Run(tc.name+map[bool]string{true: ", busy"}[busy], func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBubble(t)
					m := b.add("log", status.OK)
					b.want("")
					tc.breaks(b.fs)
					if busy {
						m.lines <- 1
					}
					time.Sleep(5 * time.Second)
					synctest.Wait()
					b.want(tc.want)
					time.Sleep(time.Minute)
					b.fs.SetFault(nil)
					b.fs.SetTotal(1 << 30)
					time.Sleep(10 * time.Second) // between two tries to write
					synctest.Wait()
					b.want("")
				})
			})
		}
	}
}

// TestFullOfWhatARecipientHolds: max_bytes is reached because somebody doesn't
// take events. Lines wait, and that is a status.
func TestFullOfWhatARecipientHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t)
		m := b.add("log", status.OK)
		ctx, stop := context.WithCancel(b.ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for ctx.Err() == nil {
				select {
				case m.lines <- 1000: // nobody takes their events
				case <-ctx.Done():
				}
			}
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		b.want("")
		s := b.a.Snapshot()
		if s.Spool.Full == "" || s.Spool.NoSpace || s.Sources[0].State != status.Blocked || !strings.Contains(s.Sources[0].Text, "max_bytes") {
			t.Errorf("%+v, %+v", s.Spool, s.Sources[0])
		}
		stop()
		<-done
	})
}

// TestReadinessOfTheSums: one that doesn't fit counts, one that can't be
// checked doesn't.
func TestReadinessOfTheSums(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t)
		b.add("log", status.OK)
		b.a.noteBalance(nil, io.ErrUnexpectedEOF)
		b.want("")
		if p := b.a.Snapshot().Balance.Problems; len(p) != 1 {
			t.Errorf("problems %q", p)
		}
		b.a.noteBalance(&Balance{Problems: []string{"1 is not 2"}}, nil)
		b.want("a sum doesn't fit: 1 is not 2")
		b.a.noteBalance(&Balance{Problems: []string{}}, nil)
		b.want("")
	})
}

// TestUnreadableSourceIsToldOf: after a minute, by whoever [alerts] names.
func TestUnreadableSourceIsToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t)
		m := b.add("log", status.OK)
		time.Sleep(time.Hour)
		want := func(want string) {
			t.Helper()
			if got := b.a.facts().Sources[0].Unreadable; got != want {
				t.Errorf("unreadable: %q, want %q", got, want)
			}
		}
		m.set(status.Unreadable)
		time.Sleep(time.Minute - 1)
		want("")
		time.Sleep(time.Nanosecond)
		want("because")
		m.set(status.Waiting)
		time.Sleep(time.Hour)
		want("")
	})
}
