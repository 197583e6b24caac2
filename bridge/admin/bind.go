package admin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// rebindWait is how long to wait between two tries to listen.
const rebindWait = time.Second

// Absence is why a Listener doesn't listen.
type Absence struct {
	Why   string // in words; empty: it listens, or has not tried yet
	Since time.Time
}

// Absent says why it doesn't listen. It is safe for concurrent use.
func (l *Listener) Absent() Absence {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.absent
}

// Bind listens; connections wait until Run. Where another process has the port
// there is no error: events must flow, and Run tries again. Other errors are for
// the person who wrote the configuration.
func (l *Listener) Bind(ctx context.Context) error {
	err := l.bind(ctx)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EADDRINUSE):
		l.waits(err)
		return nil
	}
	return err
}

func (l *Listener) bind(ctx context.Context) error {
	var lc net.ListenConfig
	bound, err := lc.Listen(ctx, "tcp", l.o.Address)
	if err != nil {
		return fmt.Errorf("[admin] listen = %q: %w%s", l.o.Address, err, bindHint(err))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bound, l.absent = bound, Absence{}
	return nil
}

func bindHint(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return ": another process listens there"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return ": this machine has no such address"
	case errors.Is(err, syscall.EACCES):
		return ": choose a port above 1023"
	}
	return ""
}

// waits notes why it doesn't listen, and logs that where it is news.
func (l *Listener) waits(err error) {
	l.mu.Lock()
	was := l.absent
	if l.absent.Why = err.Error(); was.Why == "" {
		l.absent.Since = time.Now()
	}
	news := l.absent.Why != was.Why
	l.mu.Unlock()
	if news {
		l.o.Log.Error().Err(err).Dur("retry_in", rebindWait).Msg("the admin listener can't listen: nobody can ask for health, metrics and the page")
	}
}

// listen gives what listens, as soon as that works; nil once ctx has ended.
func (l *Listener) listen(ctx context.Context) net.Listener {
	for {
		if bound := l.take(); bound != nil {
			return bound
		}
		err := l.bind(ctx)
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return nil
		}
		l.waits(err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(rebindWait):
		}
	}
}

// Unbind undoes Bind where no Run follows.
func (l *Listener) Unbind() {
	if bound := l.take(); bound != nil {
		_ = bound.Close()
	}
}

func (l *Listener) take() net.Listener {
	l.mu.Lock()
	defer l.mu.Unlock()
	bound := l.bound
	l.bound = nil
	return bound
}

// Run serves until ctx ends. What it can't listen on it tries again: the bridge
// does its work without a listener, and the snapshot says so.
func (l *Listener) Run(ctx context.Context) error {
	for {
		bound := l.listen(ctx)
		if bound == nil {
			return nil
		}
		l.o.Log.Info().Stringer("address", bound.Addr()).Str("page", "http://"+bound.Addr().String()+"/").Bool("changes", l.o.Guard.HasToken()).Msg("admin listener")
		err := l.serve(ctx, bound)
		if ctx.Err() != nil {
			return nil
		}
		l.waits(fmt.Errorf("[admin] listen = %q: %w", l.o.Address, err))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(rebindWait):
		}
	}
}
