package notify

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/app"
	"github.com/tailpost/tailpost/bridge/status"
)

var _ app.Supervisor = (*Supervisor)(nil)

// hearer is a socket like systemd's.
type hearer struct {
	t    *testing.T
	conn *net.UnixConn
}

// newHearer gives one, and a supervisor that tells it, with a ping each 10 ms.
func newHearer(t *testing.T) (hearer, *Supervisor) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "20000")
	return hearer{t, c}, FromEnvironment(nothing)
}

func (h hearer) next() string {
	h.t.Helper()
	if err := h.conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		h.t.Fatal(err)
	}
	b := make([]byte, 64<<10)
	n, err := h.conn.Read(b)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(b[:n])
}

// await reads on until a datagram has this line.
func (h hearer) await(line string) {
	h.t.Helper()
	for !strings.Contains("\n"+h.next()+"\n", "\n"+line+"\n") {
	}
}

// bridge is one that hangs or not, as the test wants.
type bridge struct {
	hangs   atomic.Value // string
	sources atomic.Int64
	lock    chan struct{}
}

func (b *bridge) Hangs() string { s, _ := b.hangs.Load().(string); return s }

func (b *bridge) Snapshot() *status.Snapshot {
	b.lock <- struct{}{}
	<-b.lock
	return &status.Snapshot{Sources: make([]status.Source, b.sources.Load())}
}

func watch(t *testing.T, s *Supervisor) *bridge {
	t.Helper()
	b := &bridge{lock: make(chan struct{}, 1)}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Watch(ctx, b)
	}()
	t.Cleanup(func() { stop(); <-done })
	return b
}

// TestNoPingWhileALoopHangs: of a bridge that hangs systemd hears why, and no
// ping until it goes on.
func TestNoPingWhileALoopHangs(t *testing.T) {
	h, s := newHearer(t)
	b := watch(t, s)
	h.await("WATCHDOG=1")
	b.hangs.Store("the spool's writer")
	h.await("STATUS=hangs: the spool's writer") // what comes now was sent later
	b.hangs.Store("another\nWATCHDOG=1")
	if got := h.next(); got != "STATUS=hangs: another WATCHDOG=1" {
		t.Errorf("%q", got)
	}
	b.hangs.Store("")
	if got := h.next(); !strings.HasPrefix(got, "WATCHDOG=1\nSTATUS=0 sources") {
		t.Errorf("when it goes on: %q", got)
	}
	h.await("WATCHDOG=1")
}

// TestStatusWithReady: what systemd shows is how the bridge fares as it gets
// ready, and not until the next look how it was before.
func TestStatusWithReady(t *testing.T) {
	h, s := newHearer(t)
	s.watchdog = 0 // the next look is a statusEvery away
	b := watch(t, s)
	h.await("STATUS=0 sources, 0 recipients, 0 events waiting")
	for _, c := range []struct {
		sources int
		tell    func()
		want    string
	}{{1, s.Ready, "STATUS=1 source, 0 recipients, 0 events waiting"}, {2, s.Reloaded, "STATUS=2 sources, 0 recipients, 0 events waiting"}} {
		b.sources.Store(int64(c.sources))
		begun := time.Now()
		c.tell()
		if got := h.next(); got != "READY=1" {
			t.Errorf("%q", got)
		}
		if got := h.next(); got != c.want || time.Since(begun) > statusEvery-time.Second {
			t.Errorf("after %v: %q", time.Since(begun), got)
		}
	}
}

// TestNoPingWithoutSnapshot: of a bridge that can't be asked nothing comes.
func TestNoPingWithoutSnapshot(t *testing.T) {
	h, s := newHearer(t)
	b := watch(t, s)
	h.await("WATCHDOG=1")
	b.lock <- struct{}{} // somebody has the lock and doesn't give it back
	s.mu.Lock()          // a ping that is under way has been sent then
	s.sayLocked("MARK=1")
	s.mu.Unlock()
	h.await("MARK=1")
	if err := h.conn.SetReadDeadline(time.Now().Add(20 * s.watchdog)); err != nil {
		t.Fatal(err)
	}
	pings := 0
	for one := make([]byte, 100); ; pings++ {
		if _, err := h.conn.Read(one); err != nil {
			break
		}
	}
	if pings > 1 { // one whose snapshot was there already
		t.Errorf("%d pings", pings)
	}
	<-b.lock
	h.await("WATCHDOG=1")
}

// TestOrder: whatever comes when, systemd never hears that a bridge is ready
// that isn't, or that one is ready that stops.
func TestOrder(t *testing.T) {
	h, s := newHearer(t)
	s.Reloading()
	s.Reloaded()
	s.Ready()
	if got := h.next(); got != "READY=1" {
		t.Errorf("%q", got)
	}
	s.Reloading()
	if got := h.next(); !strings.HasPrefix(got, "RELOADING=1\nMONOTONIC_USEC=") {
		t.Errorf("%q", got)
	}
	s.Stopping()
	s.Reloaded()
	s.mu.Lock()
	s.sayLocked("MARK=1")
	s.mu.Unlock()
	if got := h.next() + " " + h.next(); got != "STOPPING=1 MARK=1" {
		t.Errorf("%q", got)
	}
}

func TestWatchdogTime(t *testing.T) {
	for name, c := range map[string]struct {
		usec, pid string
		want      time.Duration
		wantErr   bool
	}{
		"none":              {},
		"ours":              {usec: "60000000", pid: "7", want: 30 * time.Second},
		"anybody's":         {usec: "60000000", want: 30 * time.Second},
		"another process's": {usec: "60000000", pid: "70"},
		"no number":         {usec: "1min", wantErr: true},
		"none at all":       {usec: "0", wantErr: true},
		"negative":          {usec: "-1", wantErr: true},
		"too much":          {usec: "18446744073709551615", wantErr: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := watchdogTime(c.usec, c.pid, 7)
			if got != c.want || (err != nil) != c.wantErr {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

func TestLine(t *testing.T) {
	for name, c := range map[string]struct {
		s    status.Snapshot
		want string
	}{
		"nothing": {want: "0 sources, 0 recipients, 0 events waiting"},
		"all well": {
			s:    status.Snapshot{Sources: make([]status.Source, 1), Recipients: []status.Recipient{{Waiting: 1}, {}}},
			want: "1 source, 2 recipients, 1 event waiting",
		},
		"not ready": {
			s:    status.Snapshot{NotReady: []string{"the disk is broken", "a sum"}, Needs: []status.Need{{Kind: "spool", Text: "x"}}},
			want: "not ready: the disk is broken (and 1 more); 0 sources, 0 recipients, 0 events waiting",
		},
		"what is grave comes first": {
			s:    status.Snapshot{Needs: []status.Need{{Kind: "recipient", Name: "a", Text: "late"}, {Kind: "recipient", Name: "b", Text: "gone", Grave: true}}},
			want: "needs a person: recipient b: gone (and 1 more); 0 sources, 0 recipients, 0 events waiting",
		},
		"hostile": {
			s:    status.Snapshot{Needs: []status.Need{{Kind: "spool", Text: "a\nREADY=1\x1b[31m\xff" + strings.Repeat("é", 200)}}},
			want: "needs a person: spool: a READY=1 [31m?" + strings.Repeat("é", 131) + "…",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := line(&c.s); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// TestTrouble: what can't be sent is said once, and that it works again.
func TestTrouble(t *testing.T) {
	var said logged
	s := &Supervisor{socket: socket{&net.UnixAddr{Name: filepath.Join(t.TempDir(), "notify"), Net: "unixgram"}}, log: said.log()}
	s.Ready()
	s.Reloaded()
	c, err := net.ListenUnixgram("unixgram", s.socket.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s.Stopping()
	want := []string{"systemd can't be told how we fare", "systemd can be told again how we fare"}
	if got := said.messages(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q", got)
	}
}
