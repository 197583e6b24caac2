package notify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/app"
)

// Supervisor is systemd, as far as the bridge knows it: an app.Supervisor.
type Supervisor struct {
	socket   socket        // its address is nil: nobody hears
	watchdog time.Duration // a ping each; 0: none is wanted
	changed  chan struct{} // Watch looks at once
	log      zerolog.Logger

	mu       sync.Mutex
	ready    bool
	stopping bool
	failed   string // why the last datagram could not be sent; empty: it was
}

// FromEnvironment gives the supervisor that the environment names, and takes it
// out of there, so that no child speaks for us. Where there is none, or it can't
// be understood, which is logged, it is one that nobody hears.
func FromEnvironment(log zerolog.Logger) *Supervisor {
	s, err := fromEnvironment()
	if err != nil {
		log.Error().Err(err).Msg("systemd can't be told how we fare")
	}
	s.log = log
	return s
}

func fromEnvironment() (*Supervisor, error) {
	address, usec, pid := os.Getenv("NOTIFY_SOCKET"), os.Getenv("WATCHDOG_USEC"), os.Getenv("WATCHDOG_PID")
	for _, name := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} {
		if err := os.Unsetenv(name); err != nil {
			return &Supervisor{}, err
		}
	}
	if address == "" {
		return &Supervisor{}, nil
	}
	at, err := socketAt(address)
	if err != nil {
		return &Supervisor{}, err
	}
	each, err := watchdogTime(usec, pid, os.Getpid())
	return &Supervisor{socket: at, watchdog: each, changed: make(chan struct{}, 1)}, err
}

// watchdogTime gives how often to ping: half of the watchdog's time. 0: there
// is none, or it watches another process.
func watchdogTime(usec, pid string, self int) (time.Duration, error) {
	if usec == "" || pid != "" && pid != strconv.Itoa(self) {
		return 0, nil
	}
	n, err := strconv.ParseInt(usec, 10, 64)
	if err != nil || n <= 0 || n > int64(24*time.Hour/time.Microsecond) {
		return 0, fmt.Errorf("WATCHDOG_USEC is %q: not microseconds, up to a day", usec)
	}
	return time.Duration(n) * time.Microsecond / 2, nil
}

// Ready says that the start is complete.
func (s *Supervisor) Ready() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready = true
	s.sayLocked("READY=1")
	s.look()
}

// look lets Watch say at once how the bridge fares now. Nobody waits for that:
// it may hang.
func (s *Supervisor) look() {
	select {
	case s.changed <- struct{}{}:
	default: // it will, or nobody hears
	}
}

// Reloading says that a reload begins. Its time lets systemd know which of its
// signals that answers.
func (s *Supervisor) Reloading() {
	now, err := monotonic()
	if err != nil {
		s.log.Error().Err(err).Msg("the clock that systemd goes by can't be read")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ready {
		s.sayLocked(fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", now.Microseconds()))
	}
}

// Reloaded says that the reload has ended.
func (s *Supervisor) Reloaded() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ready && !s.stopping {
		s.sayLocked("READY=1")
		s.look()
	}
}

// Stopping says that the bridge begins to stop.
func (s *Supervisor) Stopping() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping = true
	s.sayLocked("STOPPING=1")
}

// sayLocked sends a datagram, and logs when that begins to fail, or works again.
func (s *Supervisor) sayLocked(text string) {
	if s.socket.address == nil {
		return
	}
	failed := ""
	if err := s.socket.send(text); err != nil {
		if failed = err.Error(); errors.Is(err, os.ErrDeadlineExceeded) {
			failed = "it takes nothing"
		}
	}
	switch {
	case failed == s.failed:
	case failed != "":
		s.log.Error().Str("socket", s.socket.address.Name).Str("err", failed).Msg("systemd can't be told how we fare")
	default:
		s.log.Info().Msg("systemd can be told again how we fare")
	}
	s.failed = failed
}

const (
	// statusEvery lies between two looks at how the bridge fares, at most.
	statusEvery = 15 * time.Second
	// hungEvery lies between two looks at a bridge that hangs: once it goes on,
	// the watchdog must hear of it in time.
	hungEvery = time.Second
)

// Watch sends pings and status until ctx ends. It has no other goroutine: where
// the bridge hangs so that it can't be asked, there is no ping.
func (s *Supervisor) Watch(ctx context.Context, b app.Supervised) {
	if s.socket.address == nil {
		return
	}
	every := statusEvery
	if s.watchdog > 0 {
		every = min(every, s.watchdog)
	}
	said, hung := "", ""
	for {
		wait := every
		text := line(b.Snapshot())
		now := b.Hangs()
		if now != "" {
			text, wait = harmless("hangs: "+now), min(every, hungEvery)
		}
		s.tell(text, said, now)
		if s.watchdog > 0 && now != "" && hung == "" {
			s.log.Error().Str("why", now).Msg("a main loop hangs: the watchdog is told nothing until it goes on")
		}
		said, hung = text, now
		select {
		case <-ctx.Done():
			return
		case <-s.changed:
		case <-time.After(wait):
		}
	}
}

// tell sends what has changed, and the ping unless something hangs.
func (s *Supervisor) tell(text, said, hangs string) {
	var out string
	if s.watchdog > 0 && hangs == "" {
		out = "WATCHDOG=1"
	}
	if text != said {
		if out != "" {
			out += "\n"
		}
		out += "STATUS=" + text
	}
	if out == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sayLocked(out)
}
