package main

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// stalling is a receiver that holds its answers until it is told to go on.
type stalling struct {
	*counter
	held    atomic.Int32
	release chan struct{}
}

func newStalling(t *testing.T) *stalling {
	t.Helper()
	s := &stalling{release: make(chan struct{})}
	s.counter = newCounter(t, func(arrival) int {
		s.held.Add(1)
		<-s.release
		return http.StatusOK
	})
	return s
}

func (s *stalling) site(t *testing.T, grace string) *site {
	t.Helper()
	site := newSite(t, fmt.Sprintf(`[shutdown]
grace = "%s"
[[recipients.http]]
name          = "r"
url           = "%s/"
max_in_flight = 4
timeout       = "1m"
`, grace, s.URL))
	site.appendLines(10, func(n int) string { return fmt.Sprint("s", n) })
	return site
}

// TestShutdownFinishesWhatIsInFlight: SIGTERM begins nothing more, waits for
// the answers, and what was taken is not sent again.
func TestShutdownFinishesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	s := newStalling(t)
	site := s.site(t, "1m")
	p := site.run()
	wait(t, "four attempts", func() bool { return s.held.Load() == 4 })
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	wait(t, "the bridge to be stopping", func() bool { return contains(p.log, `"message":"stopping"`) })
	close(s.release)
	if err := <-p.exited; err != nil {
		t.Errorf("exit: %v", err)
	}
	if n := s.distinct(); n != 4 {
		t.Errorf("%d events were taken, want the 4 in flight", n)
	}
	p = site.run()
	wait(t, "the rest", func() bool { return s.distinct() == 10 })
	p.stop()
	if n := s.repeated(); n != 0 {
		t.Errorf("%d were sent again", n)
	}
}

// TestShutdownAbandonsAfterGrace: attempts that don't end are abandoned and
// made again at the next start; nothing is lost.
func TestShutdownAbandonsAfterGrace(t *testing.T) {
	t.Parallel()
	s := newStalling(t)
	site := s.site(t, "200ms")
	p := site.run()
	wait(t, "four attempts", func() bool { return s.held.Load() == 4 })
	began := time.Now()
	p.stop()
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	close(s.release)
	p = site.run()
	wait(t, "all events", func() bool { return s.distinct() == 10 })
	p.stop()
	checkIDs(t, s.all())
}

// TestSecondSignalStopsAtOnce.
func TestSecondSignalStopsAtOnce(t *testing.T) {
	t.Parallel()
	s := newStalling(t)
	site := s.site(t, "10m")
	p := site.run()
	wait(t, "four attempts", func() bool { return s.held.Load() == 4 })
	var err error
	wait(t, "the end after a second signal", func() bool {
		_ = p.cmd.Process.Signal(syscall.SIGINT) // many times a second: those together count as one
		select {
		case err = <-p.exited:
			return true
		default:
			return false
		}
	})
	if err == nil || p.cmd.ProcessState.ExitCode() != exitFailed {
		t.Errorf("exit: %v", err)
	}
	close(s.release)
	p = site.run()
	wait(t, "all events", func() bool { return s.distinct() == 10 })
	p.stop()
}
