package dispatch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/bridge/where"
)

// Policy is how one recipient is served: the part of a recipient's table that
// doesn't depend on its kind.
type Policy struct {
	Events             option.List     `toml:"events" doc:"which it gets, by name; none: all seven session events; \"*\": raw events too; a name that is none of the seven is a raw event's"`
	RequireExternalKey bool            `toml:"require_external_key" doc:"only events of sessions that have a ticket key by then"`
	Where              string          `toml:"where" doc:"only events for which this expression over their fields is true; empty: all"`
	Enabled            bool            `toml:"enabled" doc:"false: what comes in meanwhile is skipped and counted, what waits stays"`
	Paused             bool            `toml:"paused" doc:"true: all that comes in waits"`
	Order              string          `toml:"order" doc:"what a failing event holds up: strict all behind it, session the later ones of its session, none nothing"`
	MaxInFlight        int             `toml:"max_in_flight" doc:"attempts at once; one with order = \"strict\""`
	RateLimit          option.Rate     `toml:"rate_limit" doc:"attempts begin no faster; empty: no limit"`
	OnFull             string          `toml:"on_full" doc:"block: sources wait while the spool is full; skip: this recipient's oldest events are given up then"`
	BatchMaxEvents     int             `toml:"batch_max_events" doc:"events an attempt; more than one needs the body json or cloudevents"`
	BatchMaxWait       option.Duration `toml:"batch_max_wait" doc:"how long new events wait for a full batch"`
	RetryInterval      option.Duration `toml:"retry_interval" doc:"between two attempts"`
	RetryBackoff       string          `toml:"retry_backoff" doc:"fixed: always retry_interval; exponential: twice as long each time, with jitter, up to max_retry_interval"`
	MaxRetryInterval   option.Duration `toml:"max_retry_interval" doc:"the longest wait with retry_backoff = \"exponential\""`
	RetryDuration      option.Duration `toml:"retry_duration" doc:"how long an event is tried from its first failed attempt on; then it is a dead letter; retry_interval at least"`
}

// The values of Policy.Order, Policy.RetryBackoff and Policy.OnFull.
const (
	Strict  = "strict"  // one in flight; a failing event holds up all behind it
	Session = "session" // a failing event holds up its session
	None    = "none"    // a failing event holds up nothing

	Fixed       = "fixed"
	Exponential = "exponential"

	Block = "block" // a full spool waits for this recipient
	Skip  = "skip"
)

const (
	minRetryInterval = 50 * time.Millisecond
	maxInFlightMost  = 256
	batchEventsMost  = 1000
	batchWaitMost    = time.Hour
)

var (
	orders   = []string{Strict, Session, None}
	backoffs = []string{Fixed, Exponential}
	fulls    = []string{Block, Skip}
)

// Limits gives what the keys take.
func (*Policy) Limits() option.Limits {
	return option.Limits{
		"events":           {Kind: "events"},
		"order":            option.OneOf(orders...),
		"max_in_flight":    option.Between(1, maxInFlightMost),
		"on_full":          option.OneOf(fulls...),
		"batch_max_events": option.Between(1, batchEventsMost),
		"batch_max_wait":   option.Between(0, batchWaitMost),
		"retry_interval":   option.AtLeast(minRetryInterval),
		"retry_backoff":    option.OneOf(backoffs...),
	}
}

// Defaults gives the policy of a recipient whose table says nothing. The
// profile "appliance" does as the appliance does: one event at a time.
func Defaults(profile string) Policy {
	p := Policy{
		Enabled:          true,
		OnFull:           Block,
		Order:            Session,
		MaxInFlight:      8,
		BatchMaxEvents:   1,
		RetryInterval:    option.Duration(30 * time.Second),
		RetryBackoff:     Fixed,
		MaxRetryInterval: option.Duration(time.Hour),
		RetryDuration:    option.Duration(24 * time.Hour),
	}
	if profile == "appliance" {
		p.Order = Strict
	}
	return p
}

// Check reports what is wrong with the policy. dir is not used.
func (p *Policy) Check(string) []option.Problem {
	var out []option.Problem
	add := func(key, hint, format string, args ...any) {
		out = append(out, option.Problem{Key: key, Text: fmt.Sprintf(format, args...), Hint: hint})
	}
	for i, e := range p.Events {
		if hint, bad := badEvent(e); bad {
			out = append(out, option.Problem{Key: "events", Item: i + 1, Text: fmt.Sprintf("%q is no session event", e), Hint: hint})
		}
	}
	if p.Where != "" {
		if _, err := where.Compile(p.Where); err != nil {
			add("where", "", "%v", err)
		}
	}
	if !slices.Contains(orders, p.Order) {
		add("order", "use strict, session or none", "%q is no order", p.Order)
	}
	if p.MaxInFlight < 1 || p.MaxInFlight > maxInFlightMost {
		add("max_in_flight", fmt.Sprintf("use 1 to %d", maxInFlightMost), "%d is out of range", p.MaxInFlight)
	}
	if p.BatchMaxEvents < 1 || p.BatchMaxEvents > batchEventsMost {
		add("batch_max_events", fmt.Sprintf("use 1 to %d", batchEventsMost), "%d is out of range", p.BatchMaxEvents)
	}
	switch {
	case p.BatchMaxWait < 0 || p.BatchMaxWait.D() > batchWaitMost:
		add("batch_max_wait", "use 0s to 1h", "%v is out of range", p.BatchMaxWait)
	case p.BatchMaxWait > 0 && p.BatchMaxEvents == 1:
		add("batch_max_wait", "set batch_max_events, too", "there are no batches to wait for")
	}
	if p.RetryInterval.D() < minRetryInterval {
		add("retry_interval", "use at least 50ms", "%v is too short", p.RetryInterval)
	}
	usual := Defaults("")
	switch { // what was written is at fault, not what wasn't
	case p.RetryDuration >= p.RetryInterval:
	case p.RetryDuration == usual.RetryDuration:
		add("retry_interval", "set retry_duration, too, to several times as much", "%v is longer than retry_duration, which is %v unless it is set", p.RetryInterval, p.RetryDuration)
	default:
		add("retry_duration", "use at least retry_interval, such as 24h", "%v leaves no time for a second attempt", p.RetryDuration)
	}
	if !slices.Contains(backoffs, p.RetryBackoff) {
		add("retry_backoff", "use fixed or exponential", "%q is no backoff", p.RetryBackoff)
	}
	if !slices.Contains(fulls, p.OnFull) {
		add("on_full", "use block or skip", "%q is neither", p.OnFull)
	}
	switch {
	case p.RetryBackoff != Exponential || p.MaxRetryInterval >= p.RetryInterval:
	case p.MaxRetryInterval == usual.MaxRetryInterval:
		add("retry_interval", fmt.Sprintf("set max_retry_interval, too, to %v at least", p.RetryInterval), "%v is longer than max_retry_interval, which is %v unless it is set", p.RetryInterval, p.MaxRetryInterval)
	default:
		add("max_retry_interval", "", "%v is shorter than retry_interval, %v", p.MaxRetryInterval, p.RetryInterval)
	}
	return out
}

func badEvent(name string) (hint string, bad bool) {
	if name == "" {
		return "leave events out for all seven", true
	}
	if !strings.HasPrefix(name, bridge.SessionPrefix) || bridge.IsSessionEvent(name) {
		return "", false
	}
	if near := option.Nearest(name, bridge.SessionEvents()); near != "" {
		return fmt.Sprintf("did you mean %q?", near), true
	}
	return "use one of " + strings.Join(bridge.SessionEvents(), ", "), true
}

// Wants reports whether a recipient with this policy asked for an event of
// that name, session keys left aside.
func (p *Policy) Wants(name string) bool {
	if len(p.Events) == 0 {
		return bridge.IsSessionEvent(name)
	}
	for _, e := range p.Events {
		if e == name || e == "*" {
			return true
		}
	}
	return false
}

// slots is how many attempts may be under way at once.
func (p *Policy) slots() int {
	if p.Order == Strict {
		return 1
	}
	return p.MaxInFlight
}
