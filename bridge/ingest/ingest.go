package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
)

// Store makes what one batch gave durable. It is the spool, as app adapts it.
type Store interface {
	// State gives the durable state of a source.
	State(source string) []bridge.Entry
	// Append returns once the record is durable, all of it, and keeps nothing
	// of what it was given. It blocks while
	// there is no room. An error means that ctx ended, that the store is
	// closed, or that the record can never fit.
	Append(ctx context.Context, source string, y Yield) error
}

// Yield is what lines gave: it becomes one record of the store.
type Yield struct {
	Changes     []bridge.Entry // of the source's state
	Events      [][]byte       // as AppendWire wrote them
	Quarantined [][]byte       // see DecodeLine
	Replayed    []uint64       // lines that are in quarantine no longer, by their numbers there
}

// Config is what an Ingest needs. All but Wanted, Guess and Log must be set.
type Config struct {
	Name      string // the source's
	Options   Options
	Source    bridge.Source
	NewParser func(format string) (bridge.Parser, error)
	Store     Store
	Wanted    func(event string) bool // which raw events some recipient names; nil: none
	// Turn is given to all that serve a source of this name, one after the
	// other; nil: there is one only.
	Turn Turn
	// Final says that the source can't be run again: an error of it, or of the
	// store, ends Run.
	Final bool
	Guess func(lines []bridge.Record) string // which other format reads these lines; "" none
	Log   zerolog.Logger
}

// Turn holds a value while a record of a source is made and appended: there
// must not be two under way.
type Turn chan struct{}

// NewTurn gives the turn of one source.
func NewTurn() Turn { return make(Turn, 1) }

// ErrRetired says that the source is served by another Ingest now.
var ErrRetired = errors.New("the source's settings have changed just now")

// Ingest runs one source. Totals and Replay may be called by any goroutine;
// all else is owned by Run.
type Ingest struct {
	c Config

	retired atomic.Bool

	parser bridge.Parser
	state  bridge.Stateful // parser again, if it has a state
	fresh  bool            // nothing was saved yet: the next record names the layout

	mu       sync.Mutex
	totals   Totals
	restored bool // totals are those of the durable state
	rejected Rejected
	fares    fares

	doubt  doubt
	notice notice

	// Memory of the last batch, for the next one: the store keeps nothing.
	buf     []byte
	events  [][]byte
	scratch []bridge.Event
	places  []bridge.Place
}

// New makes an Ingest; Run starts it.
func New(c Config) *Ingest {
	if c.Wanted == nil {
		c.Wanted = func(string) bool { return false }
	}
	if c.Turn == nil {
		c.Turn = NewTurn()
	}
	return &Ingest{c: c}
}

// Retire says that Run has ended for good and another Ingest with the same
// Turn follows: from now on the totals are its own.
func (in *Ingest) Retire() { in.retired.Store(true) }

// retryWait is how long a source stays away that failed by itself.
const retryWait = 10 * time.Second

// Run reads the source until ctx ends or its input does. After a failure of
// the source, or a record that the store can't take, it begins again after a
// while, from the durable position.
func (in *Ingest) Run(ctx context.Context) error {
	for {
		from, err := in.restore(ctx)
		if err != nil && ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("source %s: %w", in.c.Name, err)
		}
		err = in.runSource(ctx, from)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if in.c.Final {
			return err
		}
		in.c.Log.Error().Str("source", in.c.Name).Err(err).Dur("retry_in", retryWait).Msg("source stopped")
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retryWait):
		}
	}
}

// restore makes the parser anew from the durable state and gives the
// positions. Open parts that the parser can't go on with go to quarantine.
func (in *Ingest) restore(ctx context.Context) ([]bridge.Position, error) {
	if err := in.begins(ctx); err != nil {
		return nil, err
	}
	defer in.ends()
	s, err := splitState(in.c.Store.State(in.c.Name))
	if err != nil {
		return nil, err
	}
	if in.parser, err = in.c.NewParser(in.c.Options.Format); err != nil {
		return nil, err
	}
	in.state, _ = in.parser.(bridge.Stateful)
	in.setTotals(s.totals)
	in.fresh = s.format != in.c.Options.Format

	var given bridge.Settled
	var gone []bridge.Entry
	switch {
	case len(s.parser) == 0:
		return s.positions, nil
	case in.fresh:
		given, gone = in.giveUp(s)
	case in.state == nil:
		gone = removed(s.parser)
	default:
		if err := in.state.Restore(s.parser); err != nil {
			in.c.Log.Warn().Str("source", in.c.Name).Err(err).Msg("the parser's state is of no use: open messages go to quarantine")
			gone = removed(s.parser)
		}
		given = in.state.Settled()
	}
	if len(gone) == 0 && len(given.Rejected) == 0 {
		return s.positions, nil
	}
	b := in.begin()
	b.changes.parser(gone)
	b.settled(given, s.format)
	b.totals.Open = 0
	if in.state != nil {
		b.totals.Open = int64(in.state.Held())
	}
	return s.positions, in.append(ctx, b)
}

// giveUp lets the parser of the format that the source had before hand out
// its open parts.
func (in *Ingest) giveUp(s saved) (bridge.Settled, []bridge.Entry) {
	in.c.Log.Warn().Str("source", in.c.Name).Str("was", s.format).Str("format", in.c.Options.Format).
		Msg("the format has changed: open messages go to quarantine")
	old, err := in.c.NewParser(s.format)
	if err != nil {
		return bridge.Settled{}, removed(s.parser)
	}
	st, ok := old.(bridge.Stateful)
	if !ok {
		return bridge.Settled{}, removed(s.parser)
	}
	if err := st.Restore(s.parser); err == nil {
		st.GiveUp()
	}
	return st.Settled(), removed(s.parser)
}

func removed(entries []bridge.Entry) []bridge.Entry {
	out := make([]bridge.Entry, len(entries))
	for i, e := range entries {
		out[i] = bridge.Entry{Key: e.Key}
	}
	return out
}

// begins waits for this source's turn; ends must be called behind it.
func (in *Ingest) begins(ctx context.Context) error {
	select {
	case in.c.Turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (in *Ingest) ends() { <-in.c.Turn }

// Totals may be called by any goroutine. Before Run has looked at the durable
// state, they are empty.
func (in *Ingest) Totals() Totals {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.totals
}

func (in *Ingest) setTotals(t Totals) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.totals, in.restored = t, true
}
