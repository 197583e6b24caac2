package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
)

// Each kill falls anywhere, and each run draws other places: fewer of them take
// no kind of place away. make crashes takes 20 and 20,000.
var (
	killTimes = flag.Int("kill.times", 8, "how often TestKill kills the bridge")
	killLines = flag.Int("kill.lines", 4000, "how many lines TestKill writes in all")
)

// TestKill kills the bridge again and again with SIGKILL. Every line's event
// arrives; what is repeated was in flight at a kill; a second recipient that
// is down keeps every event, in order.
func TestKill(t *testing.T) {
	t.Parallel()
	const inFlight = 8
	kills, lines := *killTimes, *killLines
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))

	c := newCounter(t, always(200))
	s := newSite(t, fmt.Sprintf(`[spool]
keep = "0s"
[[recipients.http]]
name           = "up"
url            = "%s/"
max_in_flight  = %d
retry_interval = "100ms"
[[recipients.http]]
name           = "down"
url            = "http://%s/"
retry_interval = "1h"
`, c.URL, inFlight, closedPort(t)))
	session := func(n int) string { return fmt.Sprint("s", n%500) }

	for range kills {
		p := s.run()
		s.appendLines(lines/kills, session)
		more := c.distinct() + 1 + rnd.IntN(lines/kills)
		wait(t, "some lines to arrive", func() bool { return c.distinct() >= min(more, s.lines) })
		p.kill()
	}
	p := s.run()
	wait(t, "all lines to arrive", func() bool { return c.distinct() == lines })
	p.stop()

	if n := c.repeated(); n > kills*inFlight {
		t.Errorf("%d repeated after %d kills with %d in flight", n, kills, inFlight)
	} else {
		t.Logf("%d lines, %d kills: 0 lost, %d repeated", lines, kills, n)
	}
	checkIDs(t, c.all())
	checkSessionOrder(t, c.all())

	want := parsedIDs(t, s)
	got := spooledIDs(t, s)
	if len(got) != len(want) {
		t.Fatalf("the spool holds %d events, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("event %d in the spool is %s, want %s", i, got[i], want[i])
		}
	}
}

// closedPort gives an address where nobody listens, and nobody comes to listen
// while the test is running: a socket that never does has it.
func closedPort(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	syscall.CloseOnExec(fd)
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", at.(*syscall.SockaddrInet4).Port)
}

// parsedIDs are the ids that the log's events should have, by parse.
func parsedIDs(t *testing.T, s *site) []string {
	t.Helper()
	cmd := exec.Command("tailpost", "parse", "--config", s.config, "--source", "log", s.log)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var e struct{ ID string }
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, e.ID)
	}
	return ids
}

// spooledIDs reads the segments, as a tool would.
func spooledIDs(t *testing.T, s *site) []string {
	t.Helper()
	var ids []string
	err := spool.ReadEvents(filepath.Join(s.dir, "state"), func(_ uint64, data []byte) error {
		h, err := bridge.ParseHead(data)
		ids = append(ids, h.ID.String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}
