package config

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/rs/zerolog"
)

// WatchOptions are what a Watch needs. All but Hangup, Asked and Log must be set.
type WatchOptions struct {
	Config *Config // that runs, as Load gave it
	// Apply puts a configuration into force, all of it or, on an error, nothing.
	// It is not called again before it has returned. asked: a person waits for
	// a word, also where nothing has changed.
	Apply func(ctx context.Context, c *Config, asked bool) error
	// Hangup asks with each value for a reload at once, changed or not.
	Hangup <-chan os.Signal
	// Asked is called when Hangup asks; what it gives is called when that reload
	// has been applied or refused. nil: nobody wants to know.
	Asked func() (answered func())
	Log   zerolog.Logger
}

// Watch follows the files of a configuration, and loads them again when one of
// them changes. Run does that; State may be called by any goroutine.
//
// What counts is what the files hold, not what the file system says of them.
// Files that are refused leave the configuration in force that is.
type Watch struct {
	o     WatchOptions
	name  string
	load  func(name string) (*Config, []Problem, Depends) // Read
	hints hints

	depends Depends
	seen    contents // of depends, at the last load; zero: not known
	doubted bool     // the last load was refused, and nobody was told yet
	said    string   // why the last one was refused, as it was logged
	warned  []Problem

	mu    sync.Mutex
	state State
}

// State is where reloading stands.
type State struct {
	Applied time.Time // when what the files say was found to be in force, last; zero: not since the start
	Refused time.Time // since when what the files say is not in force; zero: it is
	Reasons []string  // why it isn't, a line each
}

// NewWatch gives a Watch that does nothing until Run.
func NewWatch(o WatchOptions) *Watch {
	return &Watch{o: o, name: o.Config.Path, load: Read, depends: o.Config.Depends, warned: o.Config.Warnings, hints: hints{log: o.Log, make: fsnotify.NewWatcher, beside: pollBeside}}
}

// State tells whether what the files say is what runs.
func (w *Watch) State() State {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

const (
	quiet     = 300 * time.Millisecond // after an event; the next one begins it anew
	quietMost = 2 * time.Second        // after the first event
	doubt     = time.Second            // before a refused file is read once more, and then believed
)

// Run follows the files until ctx ends. It returns nil.
func (w *Watch) Run(ctx context.Context) error {
	defer w.hints.close()
	w.hints.follow(w.depends)
	wait := newAlarm()
	defer wait.stop()
	w.look(ctx, wait) // what has changed since the first was loaded
	poll := time.NewTimer(w.hints.every())
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.o.Hangup:
			w.asked(ctx, wait)
		case ev, ok := <-w.hints.events():
			if !ok {
				w.hints.close()
			} else if !w.hints.counts(ev) {
				continue
			}
			wait.ring(quiet, quietMost)
			continue
		case _, ok := <-w.hints.errs(): // most likely too many events: any may have been lost
			if !ok {
				w.hints.close()
			}
			wait.ring(quiet, quietMost)
			continue
		case <-wait.c():
			wait.rung()
			w.look(ctx, wait)
		case <-poll.C:
			w.look(ctx, wait)
		}
		if w.hints.follow(w.depends) {
			wait.ring(quiet, quietMost)
		}
		poll.Reset(w.hints.every())
	}
}

// look loads the files if they hold something else than at the last load, or
// if they were refused then, and nobody was told yet.
func (w *Watch) look(ctx context.Context, wait *alarm) {
	if w.doubted || w.depends.contents() != w.seen {
		w.reload(ctx, wait, false)
	}
}

// asked loads the files for somebody who waits for that.
func (w *Watch) asked(ctx context.Context, wait *alarm) {
	if w.o.Asked != nil {
		defer w.o.Asked()()
	}
	w.reload(ctx, wait, true)
}

// reload loads the files. asked: a person waits for a word.
func (w *Watch) reload(ctx context.Context, wait *alarm, asked bool) {
	c, ps, settled := w.read()
	if !settled { // somebody is still writing
		wait.ring(quiet, quietMost)
	}
	switch {
	case !settled && !asked:
	case c != nil:
		w.doubted = false
		w.apply(ctx, c, asked)
	case asked || w.doubted:
		w.doubted = false
		w.refused(errorsOf(ps), asked)
	default: // it may be half written
		w.doubted = true
		w.o.Log.Debug().Strs("problems", errorsOf(ps)).Msg("the configuration is refused at first sight: it is read once more")
		wait.ring(doubt, doubt)
	}
}

// readMost bounds how often the files are read while they change.
const readMost = 3

// read loads the files, and notes what they held. settled: they did not change
// meanwhile. Else what they hold may not be what was read: the next look reads
// them again.
func (w *Watch) read() (c *Config, ps []Problem, settled bool) {
	for range readMost {
		before := w.depends.contents()
		next := Depends{}
		c, ps, next = w.load(w.name)
		settled = next.same(w.depends)
		w.depends = next
		w.seen = w.depends.contents()
		if settled = settled && before == w.seen; settled {
			return c, ps, true
		}
	}
	w.seen = contents{}
	return c, ps, false
}

func (w *Watch) apply(ctx context.Context, c *Config, asked bool) {
	if !slices.Equal(c.Warnings, w.warned) {
		for _, p := range c.Warnings {
			w.o.Log.Warn().Stringer("problem", p).Msg("the configuration has a warning")
		}
		w.warned = c.Warnings
	}
	if err := w.o.Apply(ctx, c, asked); err != nil {
		if ctx.Err() == nil {
			w.refused([]string{err.Error()}, asked)
		}
		return
	}
	if w.said != "" {
		w.o.Log.Info().Msg("the configuration is accepted again")
	}
	w.said = ""
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = State{Applied: time.Now()}
}

// refused says why the files are not in force, unless that was said already.
func (w *Watch) refused(why []string, asked bool) {
	w.mu.Lock()
	if w.state.Refused.IsZero() {
		w.state.Refused = time.Now()
	}
	w.state.Reasons = why
	w.mu.Unlock()
	if said := strings.Join(why, "\n"); asked || said != w.said {
		w.said = said
		w.o.Log.Error().Str("by", AskedBy(asked)).Strs("problems", why).Msg("the new configuration is refused: the one before stays in force")
	}
}

// AskedBy says in the log what made a reload happen.
func AskedBy(asked bool) string {
	if asked {
		return "signal"
	}
	return "files"
}

// errorsOf gives what refuses a file, a line each, within bounds.
func errorsOf(ps []Problem) (out []string) {
	left := 0
	for _, p := range ps {
		switch {
		case p.Warning:
		case len(out) < reasonsMost:
			out = append(out, p.String())
		default:
			left++
		}
	}
	if left > 0 {
		out = append(out, fmt.Sprintf("and %d more", left))
	}
	return out
}

// reasonsMost bounds how many problems are kept and logged.
const reasonsMost = 50
