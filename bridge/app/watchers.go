package app

import (
	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/history"
	"github.com/tailpost/tailpost/bridge/spool"
)

// openWatchers makes those that are told how the recipients fare.
func (a *app) openWatchers() {
	dir := a.conf().StateDir
	a.history = history.New(history.Options{Dir: dir, Limit: historyLimit(dir), Room: a.spool.Roomy, Log: a.o.Log})
	a.alerts = a.newAlerts()
	a.watchers = watchers{a.history, a.alerts}
}

// historyLimit is 64 MiB, and less on a small file system: what is only for
// people must not take the room of events.
func historyLimit(dir string) int64 {
	const most, least, part = 64 << 20, 512 << 10, 64
	_, total, err := spool.OS().Space(dir)
	if err != nil {
		return most
	}
	return min(most, max(least, total/part))
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
