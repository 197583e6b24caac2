package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/alert"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/history"
	"github.com/tailpost/tailpost/bridge/ingest"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

// Options are what the program adds to the configuration.
type Options struct {
	Log     zerolog.Logger
	Stdin   io.Reader // for sources.stdin
	Stdout  io.Writer // for recipients.file with path "-"
	Version string    // for the User-Agent and the log

	// Reload lets the configuration's files be followed while it runs.
	Reload bool
	Hangup <-chan os.Signal   // each value asks for a reload at once; nil: nobody does
	Level  func(level string) // sets the log's level; nil: it stays

	// Ready is called once, when the bridge can do its work: the spool is open,
	// the workers run, every source has its position, and those that others
	// send to listen. A log that doesn't exist holds nothing up; an address that
	// is taken does for 10 s. It must not block. nil: nobody wants to know.
	Ready func()

	Supervisor Supervisor // nil: nobody
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
	a := newApp(c, o, sp)
	err = a.openListener(ctx)
	if err == nil {
		err = a.open()
	}
	if err == nil {
		err = a.run(ctx)
	}
	a.closeListener()
	a.closeUnbegun()
	closeRelay(a.relay)
	return errors.Join(err, sp.Close())
}

type app struct {
	o     Options
	spool *spool.Spool
	runs  atomic.Pointer[config.Config] // what runs
	ended chan struct{}                 // has a value when a source may have ended
	begun atomic.Bool                   // all sources have, for the first time
	turns map[string]ingest.Turn        // by source; owned by open, then by reload

	guard    *admin.Guard
	pulse    *admin.Pulse
	listener *admin.Listener // nil without one

	history  *history.Ring
	alerts   *alert.Alerts
	watchers watchers
	removed  removed
	relay    *smtpsink.Relay // nil without [smtp]; owned as turns
	restart  string          // the keys that need one, as they were said last; owned as turns

	snapshots snapshots

	mu         sync.Mutex
	recipients map[string]*recipient // that are served, or were until just now
	sources    map[string]*source
	reloading  bool
	inputErr   error                // of a source that can't be run again
	unbalanced []string             // the sums that don't fit, in words
	unchecked  string               // why the sums can't be checked
	balanced   time.Time            // when the sums were looked at last; zero: not yet
	relaying   *smtpsink.Relay      // is relay, for who doesn't own that
	oldest     map[string]time.Time // when each recipient's oldest waiting event was accepted; never changed
	letters    letterWatch
	recalled   map[string]history.Latest // what was last before the start; never changed
	lately     map[recentKey]uint64      // what has happened within the last day; never changed
	relayBad   time.Time                 // since when the mail relay refuses; zero: it doesn't
	applied    time.Time                 // when what runs came into force
	restarts   []string                  // the keys that need one
	watch      *config.Watch             // nil: the configuration's files are not followed
}

func newApp(c *config.Config, o Options, sp *spool.Spool) *app {
	if o.Supervisor == nil {
		o.Supervisor = nobody{}
	}
	a := &app{
		o: o, guard: admin.NewGuard(o.Log), spool: sp, ended: make(chan struct{}, 1), turns: map[string]ingest.Turn{},
		recipients: map[string]*recipient{}, sources: map[string]*source{},
	}
	a.pulse = admin.NewPulse(a.Snapshot, a.Hangs)
	a.removed = removed{a: a, look: make(chan struct{}, 1)}
	a.snapshots.started = time.Now()
	a.applied = a.snapshots.started
	a.runs.Store(c)
	return a
}

// conf is the configuration that runs.
func (a *app) conf() *config.Config { return a.runs.Load() }

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
	for _, name := range a.spool.Names() {
		if a.policyOf(name) == nil {
			a.o.Log.Warn().Str("recipient", name).Str("hint", "tailpost spool forget ends that; the name's coming back does, too").Msg("recipient is no longer configured: its events wait for its retry_duration, and keep their space")
		}
	}
}

func (a *app) run(ctx context.Context) error {
	failed := make(chan error, 1)
	// The spool outlives ctx: outcomes are recorded in it until the end.
	store := newGroup(context.WithoutCancel(ctx), failed)
	store.run("spool", a.spool.Run)
	store.run("history", a.history.Run)
	store.run("spool's watch", a.spool.Watch)
	workers := newGroup(ctx, failed)
	telling := newGroup(context.WithoutCancel(ctx), failed)
	a.alerts.Observe(a.facts()) // before it tells of what was: somebody may be paused
	telling.run("alerts", a.alerts.Run)
	for _, r := range a.recipients {
		workers.run("recipient "+r.name, func(ctx context.Context) error { return a.serve(ctx, r) })
	}
	control := newGroup(ctx, failed)
	control.run("control socket", admin.New(admin.Options{Dir: a.conf().StateDir, Actions: actions{a}, Pulse: a.pulse, Log: a.o.Log}).Run)
	if a.listener != nil {
		control.run("admin listener", a.listener.Run)
	}
	control.run("balance", a.watchBalance)
	control.run("removed recipients", a.removed.Run)
	before := a.sinceNow() // a source has given nothing yet
	control.run("facts", func(ctx context.Context) error { return a.watchFacts(ctx, before) })
	control.run("oldest waiting events", a.watchOldest)
	control.run("dead letters", a.watchLetters)
	control.run("what was last", a.recall)
	sources := newGroup(ctx, failed)
	for _, s := range slices.Collect(maps.Values(a.sources)) {
		a.start(sources, s)
	}
	control.run("ready", a.tellReady)
	reload := newGroup(ctx, failed)
	if a.o.Reload {
		watch := a.newWatch(workers, sources)
		a.mu.Lock()
		a.watch = watch
		a.mu.Unlock()
		reload.run("reload", watch.Run)
	}
	watched := newGroup(context.WithoutCancel(ctx), failed)
	watched.run("supervisor", a.watched)
	a.o.Log.Info().Str("version", a.o.Version).Str("state_dir", a.conf().StateDir).
		Int("sources", len(a.conf().Sources())).Int("recipients", len(a.conf().Recipients())).Msg("running")

	err := a.wait(ctx, failed)
	a.o.Log.Info().Err(err).Msg("stopping")
	a.o.Supervisor.Stopping()
	reload.stop() // nobody begins anything more
	sources.cancel()
	control.cancel()
	workers.stop()
	sources.stop()
	control.stop()
	telling.stop()
	store.stop()
	watched.stop()
	select {
	case late := <-failed:
		err = errors.Join(err, late)
	default:
	}
	a.o.Log.Info().Msg("stopped")
	return err
}

// wait returns when there is a reason to stop.
func (a *app) wait(ctx context.Context, failed <-chan error) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for said := false; ; {
		all := a.allEnded()
		if ctx.Err() != nil {
			return nil
		}
		if all && !said {
			a.o.Log.Info().Msg("all input has ended: delivering what waits")
		}
		said = all
		if all && a.idle() {
			a.mu.Lock()
			defer a.mu.Unlock()
			return a.inputErr
		}
		var look <-chan time.Time
		if all {
			look = tick.C
		}
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return err
		case <-a.ended:
		case <-look:
		}
	}
}

// idle reports whether nothing waits for a recipient that the configuration
// lets be served.
func (a *app) idle() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range a.recipients {
		p := a.policyOf(r.name)
		held := p != nil && (p.Paused || !p.Enabled)
		if !r.gone && !held && r.queue != nil && r.queue.Stats().Waiting > 0 {
			return false
		}
	}
	return true
}
