package app

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/history"
	"github.com/tailpost/tailpost/bridge/spool"
)

// Why is all that is known of an event that was accepted: where it came from,
// and what became of it at each recipient. An event that was accepted twice,
// with one id, has two of them.
type Why struct {
	ID         bridge.ID       `json:"id"`
	Number     string          `json:"number"`          // in hex
	Event      json.RawMessage `json:"event,omitempty"` // canonical; without it, only its attempts are remembered
	From       []bridge.Place  `json:"from,omitempty"`  // its line, or the lines of its message
	Recipients []Fate          `json:"recipients"`      // by name
	Running    bool            `json:"running"`         // a bridge runs
	Notes      []string        `json:"notes,omitempty"` // what could not be looked at
}

// Fate is what became of an event at one recipient.
type Fate struct {
	Recipient  string `json:"recipient"`
	Configured bool   `json:"configured"`
	State      State  `json:"state"`
	Says       string `json:"says"`             // the state in words
	Filter     string `json:"filter,omitempty"` // as it is configured now: "asked for", or the clause that refuses it
	Next       string `json:"next,omitempty"`   // what happens next, in words

	Attempts int              `json:"attempts"` // that are known of
	First    []bridge.Attempt `json:"-"`
	Between  int              `json:"between"` // made between First and Last
	Last     []bridge.Attempt `json:"-"`
}

// State is what became of an event at one recipient.
type State string

// The states.
const (
	StateDelivered State = "delivered"
	StateWaiting   State = "waiting" // not tried yet
	StateFailing   State = "failing" // tried, and to be tried again
	StateParked    State = "parked"  // behind an earlier event of its session that fails
	StateDead      State = "dead"
	StateFiltered  State = "filtered"
	StateSkipped   State = "skipped"
	StateBefore    State = "before"  // the recipient wasn't there yet
	StateDropped   State = "dropped" // a dead letter that is gone
	StateEnded     State = "ended"   // it isn't known how
)

// Explain tells all that a state directory holds of the events whose id begins
// with the prefix: 32 hex digits are the whole id. It takes no lock: the bridge
// may be running or not. An error says what a person should know; with several
// ids it is an *AmbiguousError.
func Explain(ctx context.Context, c *config.Config, prefix string) ([]Why, error) {
	f, err := find(ctx, c.StateDir, prefix)
	if err != nil {
		return nil, err
	}
	return f.explain(ctx, c, admin.Running(ctx, c.StateDir))
}

// explain tells all of the events that were found.
func (f *finder) explain(ctx context.Context, c *config.Config, running bool) ([]Why, error) {
	numbers := slices.Sorted(maps.Keys(f.events))
	fates, err := spool.ReadFates(c.StateDir, numbers)
	if err != nil {
		return nil, err
	}
	// Behind the journal: what has died since then has its letter.
	if err := f.readLetters(ctx, c.StateDir); err != nil {
		return nil, err
	}
	trails, herr := history.Read(c.StateDir, func(id bridge.ID) bool { return id == f.id })
	var out []Why
	for _, n := range numbers {
		e := f.events[n]
		w := Why{ID: f.id, Number: fmt.Sprintf("%x", n), Event: json.RawMessage(e.head.JSON), From: e.places, Running: running}
		if herr != nil { // what could be read is there all the same
			w.Notes = strings.Split(herr.Error(), "\n")
		}
		w.fill(c, e, n, fates, trails)
		out = append(out, w)
	}
	return out, nil
}

// fill tells of each recipient.
func (w *Why) fill(c *config.Config, e *found, number uint64, fates []spool.Fate, trails []*history.Trail) {
	w.Recipients = []Fate{}
	seen := map[string]bool{}
	for _, f := range fates {
		if f.Number != number {
			continue
		}
		seen[f.Recipient] = true
		ev := evidence{fate: f, letter: e.letters[f.Recipient], running: w.Running, now: time.Now()}
		for _, t := range trails {
			if t.Number == number && t.Recipient == f.Recipient {
				ev.trail = t
			}
		}
		if ev.policy = c.Policy(f.Recipient); ev.policy != nil && len(e.head.JSON) > 0 {
			if filter, err := ev.policy.Filter(); err == nil {
				v := filter.Verdict(e.head)
				ev.verdict = &v
			}
		}
		w.Recipients = append(w.Recipients, ev.judge())
	}
	for _, name := range slices.Sorted(maps.Keys(e.letters)) {
		if !seen[name] { // the journal has forgotten it
			seen[name] = true
			ev := evidence{fate: spool.Fate{Recipient: name, Stand: spool.StandEnded}, policy: c.Policy(name), letter: e.letters[name], forgotten: true}
			w.Recipients = append(w.Recipients, ev.judge())
		}
	}
	for name := range c.Policies() {
		if !seen[name] {
			w.Recipients = append(w.Recipients, Fate{Recipient: name, Configured: true, State: StateBefore, Says: "the bridge has not run with this recipient yet"})
		}
	}
}

// evidence is what is known of an event at one recipient.
type evidence struct {
	fate    spool.Fate
	policy  *dispatch.Policy  // nil: the recipient is not configured
	verdict *dispatch.Verdict // nil: it can't be asked
	letter  *dispatch.Letter  // nil: there is none
	trail   *history.Trail    // nil: none is remembered
	running bool
	now     time.Time

	forgotten bool // the spool no longer knows the recipient
}
