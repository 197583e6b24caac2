package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// systemd is what systemd is to the program: a socket for datagrams. They come
// over it one by one, without what the tests don't look at.
type systemd struct {
	t    *testing.T
	conn *net.UnixConn
}

// asSystemd listens at an address as NOTIFY_SOCKET has it.
func asSystemd(t *testing.T, address string) *systemd {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	t.Setenv("NOTIFY_SOCKET", address)
	return &systemd{t: t, conn: c}
}

// next gives the lines of the next datagram.
func (s *systemd) next() []string {
	s.t.Helper()
	if err := s.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	b := make([]byte, 64<<10)
	n, err := s.conn.Read(b)
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.Split(string(b[:n]), "\n")
}

// await reads on until a datagram has a line that begins so, and gives all of
// its lines. In between there may be pings and status alone.
func (s *systemd) await(begins string) []string {
	s.t.Helper()
	for {
		lines := s.next()
		for _, l := range lines {
			switch {
			case strings.HasPrefix(l, begins):
				return lines
			case l != "WATCHDOG=1" && !strings.HasPrefix(l, "STATUS="):
				s.t.Fatalf("%q came before %s", lines, begins)
			}
		}
	}
}

const oneFile = "[[recipients.file]]\nname = \"out\"\npath = \"out.jsonl\"\n"

// TestNotify is the whole life of a bridge as systemd hears of it. The log
// doesn't exist: that keeps nobody from being ready.
func TestNotify(t *testing.T) {
	for _, c := range []struct{ name, address string }{
		{"path", filepath.Join(t.TempDir(), "notify")},
		{"abstract", "@tailpost-test-" + strconv.Itoa(os.Getpid())},
	} {
		t.Run(c.name, func(t *testing.T) {
			sd := asSystemd(t, c.address)
			t.Setenv("WATCHDOG_USEC", "200000")
			site := newSite(t, oneFile)
			p := start(t, "run", "--config", site.config)
			sd.await("READY=1")
			for range 3 {
				sd.await("WATCHDOG=1")
			}

			reloads := []struct{ name, add string }{{"applied", "# changed\n"}, {"refused", "nonsense = 1\n"}}
			for _, r := range reloads {
				text, err := os.ReadFile(site.config)
				if err != nil {
					t.Fatal(err)
				}
				site.write(site.config, r.add+string(text))
				before := clock(t)
				if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
					t.Fatal(err)
				}
				checkReloading(t, r.name, sd.await("RELOADING=1"), before)
				sd.await("READY=1")
			}
			p.stop()
			sd.await("STOPPING=1")
		})
	}
}

// checkReloading wants the time of the reload beside it, on systemd's clock.
func checkReloading(t *testing.T, name string, lines []string, before time.Duration) {
	t.Helper()
	i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "MONOTONIC_USEC=") })
	if i < 0 {
		t.Fatalf("%s: no time in %q", name, lines)
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(lines[i], "MONOTONIC_USEC="), 10, 64)
	at := time.Duration(n) * time.Microsecond
	if err != nil || at < before.Truncate(time.Microsecond) || at > clock(t) {
		t.Errorf("%s: %s, asked for at %v", name, lines[i], before)
	}
}

// clock is the clock that systemd goes by.
func clock(t *testing.T) time.Duration {
	t.Helper()
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		t.Fatal(err)
	}
	return time.Duration(now.Nano())
}

// TestNotifyStatus: systemctl status shows what is worst.
func TestNotifyStatus(t *testing.T) {
	sd := asSystemd(t, filepath.Join(t.TempDir(), "notify"))
	site := newSite(t, oneFile)
	p := start(t, "run", "--config", site.config).running()
	for said := false; !said; {
		for _, l := range sd.next() {
			said = said || l == "STATUS=1 source, 1 recipient, 0 events waiting"
		}
	}
	p.stop()
}

// TestNotifyNobody: a watchdog that watches another process gets nothing from
// us, and a socket that nobody listens at stops nothing.
func TestNotifyNobody(t *testing.T) {
	t.Run("another process's watchdog", func(t *testing.T) {
		sd := asSystemd(t, filepath.Join(t.TempDir(), "notify"))
		t.Setenv("WATCHDOG_USEC", "20000")
		t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
		site := newSite(t, oneFile)
		p := start(t, "run", "--config", site.config).running()
		p.stop()
		for {
			lines := sd.next()
			if slices.Contains(lines, "WATCHDOG=1") {
				t.Errorf("a ping: %q", lines)
			}
			if lines[0] == "STOPPING=1" {
				return
			}
		}
	})
	for _, address := range []string{"/nonexistent/notify", "vsock:2:1234", "@"} {
		t.Run(fmt.Sprintf("%q", address), func(t *testing.T) {
			t.Setenv("NOTIFY_SOCKET", address)
			site := newSite(t, oneFile)
			p := start(t, "run", "--config", site.config).running()
			p.stop()
			if n := strings.Count(p.log.String(), "systemd can't be told how we fare"); n != 1 {
				t.Errorf("it was said %d times", n)
			}
		})
	}
}
