package app

import (
	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/history"
)

// openWatchers makes those that are told how the recipients fare.
func (a *app) openWatchers() {
	a.history = history.New(history.Options{Dir: a.conf().StateDir, Room: a.spool.Roomy, Log: a.o.Log})
	a.alerts = a.newAlerts()
	a.watchers = watchers{a.history, a.alerts}
}

// watchers tells each of several.
type watchers []bridge.Watcher

// Attempted is bridge.Watcher's.
func (ws watchers) Attempted(a bridge.Attempt) {
	for _, w := range ws {
		w.Attempted(a)
	}
}

// Failing is bridge.Watcher's.
func (ws watchers) Failing(recipient string, events int) {
	for _, w := range ws {
		w.Failing(recipient, events)
	}
}
