package config

import (
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/option"
)

// ignored warns of keys of a recipient's policy that were written and do nothing
// beside others. A key of the defaults that only some recipients leave without
// effect is no mistake: it counts where what sets it aside isn't the recipient's
// own.
func (l *loader) ignored(t, def *table, p *dispatch.Policy) {
	warn := func(key, text, hint string, by ...string) {
		in := t
		if t.at.key(key) == nil {
			if in = def; in == nil || in.at.key(key) == nil {
				return
			}
			for _, k := range by {
				if t.at.key(k) != nil {
					return
				}
			}
		}
		l.owned(in, nil, []option.Problem{{Key: key, Text: text, Hint: hint, Warning: true}})
	}
	usual := dispatch.Defaults("") // who writes that out means to show it
	if p.Order == dispatch.Strict && p.MaxInFlight != 1 && p.MaxInFlight != usual.MaxInFlight {
		warn("max_in_flight", `is ignored: with order = "strict" there is one attempt at once`, `leave it out, or set order = "session"`, "order", "profile")
	}
	if p.RetryBackoff == dispatch.Fixed && p.MaxRetryInterval != usual.MaxRetryInterval {
		warn("max_retry_interval", `is ignored: with retry_backoff = "fixed", as it is by default, each wait is retry_interval`, `leave it out, or set retry_backoff = "exponential"`, "retry_backoff")
	}
}
