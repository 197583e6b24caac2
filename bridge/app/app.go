package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/alert"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/history"
	"github.com/tailpost/tailpost/bridge/spool"
)

// Options are what the program adds to the configuration.
type Options struct {
	Log     zerolog.Logger
	Stdin   io.Reader // for sources.stdin
	Stdout  io.Writer // for recipients.file with path "-"
	Version string    // for the User-Agent and the log
}

// lockWait is how long a start waits for another process to leave the state
// directory: as long as that one's grace and its last syncs may take.
const lockWait = 15 * time.Second

// Run is the bridge: it returns when ctx has ended and all is recorded, when
// all sources have ended and everything is delivered, or on an error that it
// can't go on with.
func Run(ctx context.Context, c *config.Config, o Options) error {
	if err := makeStateDir(c.StateDir); err != nil {
		return err
	}
	so := c.Spool
	so.Dir, so.Log, so.LockWait = c.StateDir, o.Log, lockWait
	warnStateDir(c.StateDir, os.Geteuid(), o.Log)
	sp, err := spool.Open(ctx, so)
	if err != nil {
		return fmt.Errorf("open the state directory %s: %w%s", c.StateDir, err, foreignHint(c.StateDir, err))
	}
	a := &app{c: c, o: o, spool: sp}
	err = a.open()
	if err == nil {
		err = a.run(ctx)
	}
	for _, r := range a.recipients {
		err = errors.Join(err, r.close())
	}
	return errors.Join(err, sp.Close())
}

type app struct {
	c          *config.Config
	o          Options
	spool      *spool.Spool
	history    *history.Ring
	watchers   watchers
	recipients []*recipient
	sources    []*source

	alerts *alert.Alerts

	mu         sync.Mutex
	inputErr   error    // of a source that can't be run again
	unbalanced []string // the sums that don't fit, in words
}

func (a *app) open() error {
	a.openWatchers()
	if err := a.openRecipients(); err != nil {
		return err
	}
	a.warnForgotten()
	return a.openSources()
}

// warnForgotten names recipients that the spool knows and the configuration
// doesn't: what waits for them keeps its segments.
func (a *app) warnForgotten() {
	configured := map[string]bool{}
	for _, r := range a.recipients {
		configured[r.name] = true
	}
	for _, name := range a.spool.Names() {
		if !configured[name] {
			a.o.Log.Warn().Str("recipient", name).Str("hint", "tailpost spool forget ends that; the name's coming back does, too").Msg("recipient is no longer configured: its events wait and keep their space")
		}
	}
}

// group is a set of goroutines that end together.
type group struct {
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	failed chan<- error
}

func newGroup(ctx context.Context, failed chan<- error) *group {
	g := &group{failed: failed}
	g.ctx, g.cancel = context.WithCancel(ctx)
	return g
}

func (g *group) run(what string, f func(context.Context) error) {
	g.wg.Go(func() {
		if err := f(g.ctx); err != nil {
			select {
			case g.failed <- fmt.Errorf("%s: %w", what, err):
			default: // the first one counts
			}
		}
	})
}

func (g *group) stop() {
	g.cancel()
	g.wg.Wait()
}

func (a *app) run(ctx context.Context) error {
	failed := make(chan error, 1)
	// The spool outlives ctx: outcomes are recorded in it until the end.
	store := newGroup(context.WithoutCancel(ctx), failed)
	store.run("spool", a.spool.Run)
	store.run("history", a.history.Run)
	workers := newGroup(ctx, failed)
	telling := newGroup(context.WithoutCancel(ctx), failed)
	telling.run("alerts", a.alerts.Run)
	for _, r := range a.recipients {
		workers.run("recipient "+r.name, r.worker.Run)
	}
	control := newGroup(ctx, failed)
	control.run("control socket", admin.New(admin.Options{Dir: a.c.StateDir, Actions: actions{a}, Log: a.o.Log}).Run)
	control.run("balance", a.watchBalance)
	control.run("facts", a.watchFacts)
	sources := newGroup(ctx, failed)
	for _, s := range a.sources {
		sources.run("source "+s.name, func(ctx context.Context) error { return a.read(ctx, s) })
	}
	ended := make(chan struct{})
	go func() { // ends with the sources, at the latest when they are stopped
		sources.wg.Wait()
		close(ended)
	}()
	a.o.Log.Info().Str("version", a.o.Version).Str("state_dir", a.c.StateDir).
		Int("sources", len(a.sources)).Int("recipients", len(a.recipients)).Msg("running")

	err := a.wait(ctx, failed, ended)
	a.o.Log.Info().Err(err).Msg("stopping")
	sources.cancel()
	control.cancel()
	workers.stop()
	sources.stop()
	control.stop()
	telling.stop()
	<-ended
	store.stop()
	select {
	case late := <-failed:
		err = errors.Join(err, late)
	default:
	}
	a.o.Log.Info().Msg("stopped")
	return err
}

// read runs a source. Where one that can't be run again fails, the others go
// on, and the program's end tells.
func (a *app) read(ctx context.Context, s *source) error {
	err := s.ingest.Run(ctx)
	if err == nil || !s.final {
		return err
	}
	a.o.Log.Error().Str("source", s.name).Err(err).Msg("source stopped")
	a.mu.Lock()
	defer a.mu.Unlock()
	a.inputErr = errors.Join(a.inputErr, fmt.Errorf("source %s: %w", s.name, err))
	return nil
}

// wait returns when there is a reason to stop.
func (a *app) wait(ctx context.Context, failed <-chan error, ended <-chan struct{}) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	case <-ended:
	}
	if ctx.Err() != nil {
		return nil
	}
	a.o.Log.Info().Msg("all input has ended: delivering what waits")
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !a.idle() {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return err
		case <-tick.C:
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.inputErr
}

// idle reports whether no recipient has anything waiting.
func (a *app) idle() bool {
	for _, r := range a.recipients {
		if r.queue.Stats().Waiting > 0 {
			return false
		}
	}
	return true
}
