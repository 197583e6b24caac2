package app

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/history"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/status"
)

// serving is what the app knows of a recipient at one moment.
type serving struct {
	queue  *spool.Queue
	worker *dispatch.Worker
	sink   bridge.Sink
	stuck  string
	before history.Latest
}

// snapshotRecipients tells of those that are configured, and of removed ones
// with events; the caller holds the mutex of snapshots.
func (a *app) snapshotRecipients() []status.Recipient {
	all := maps.Clone(a.roster())
	now := map[string]serving{}
	a.mu.Lock()
	oldest := a.oldest
	for name, r := range a.recipients {
		now[name] = serving{queue: r.queue, worker: r.now, sink: r.sink, stuck: r.stuck, before: a.recalled[name]}
		if _, ok := all[name]; !ok {
			all[name] = enroll(r.item)
		}
	}
	a.mu.Unlock()
	configured, recording := a.roster(), ""
	if why := a.spool.Status().JournalFailing; why != "" {
		recording = "what becomes of its events can't be recorded: " + oneLine(why)
	}
	out := []status.Recipient{}
	for name, e := range all {
		_, known := configured[name]
		r, said := tellRecipient(name, e, now[name], !known)
		r.State, r.Text = stateOf(&r, said, cmp.Or(now[name].stuck, recording))
		out = append(out, r)
	}
	for _, ab := range a.spool.Absent() {
		if _, ok := all[ab.Name]; ok || ab.Waiting == 0 {
			continue
		}
		out = append(out, tellAbsent(ab))
	}
	for i := range out {
		if out[i].Waiting > 0 {
			out[i].Oldest = oldest[out[i].Name]
		}
	}
	slices.SortFunc(out, func(x, y status.Recipient) int { return cmp.Compare(x.Name, y.Name) })
	return out
}

// tellRecipient tells of one that is served, or was until just now.
func tellRecipient(name string, e enrolled, at serving, removed bool) (r status.Recipient, said dispatch.Stats) {
	r = status.Recipient{
		Name: name, Kind: e.kind, Target: e.target, Events: e.events,
		Removed: removed, Enabled: e.policy.Enabled, Paused: e.policy.Paused,
		Latency: tellHistogram(bridge.Histogram{}), Took: tellHistogram(bridge.Histogram{}),
	}
	if at.queue != nil {
		person := at.queue.Paused()
		r.By = pausedBy(person, r.Paused)
		r.Paused = r.Paused || person
		tellQueue(&r, at.queue.Stats())
	}
	if at.worker != nil {
		said = at.worker.Stats()
		tellWorker(&r, said, at.before)
		if s, ok := at.sink.(interface{ SentEmpty() uint64 }); ok {
			r.Empty = s.SentEmpty()
		}
	}
	return r, said
}

// pausedBy says who has paused a recipient; empty: nobody.
func pausedBy(person, configuration bool) string {
	switch {
	case person && configuration:
		return "a person, and the configuration"
	case person:
		return "a person"
	case configuration:
		return "the configuration"
	}
	return ""
}

func tellQueue(r *status.Recipient, s spool.QueueStats) {
	r.Waiting, r.Parked, r.Given = s.Waiting, s.Parked, s.Given
	r.Delivered, r.Dead, r.Dropped = s.Delivered, s.Dead, s.Dropped
	r.Filtered, r.Skipped, r.Damaged = s.Filtered, s.Skipped, s.Damaged
}

func tellWorker(r *status.Recipient, s dispatch.Stats, before history.Latest) {
	r.InFlight, r.LastSuccess, r.LastError = s.InFlight, s.LastGood, oneLine(s.LastError)
	r.LastFailure, r.NextTry = s.LastBad, s.NextTry
	if s.LastGood.IsZero() {
		r.LastSuccess = before.Good
	}
	if s.LastBad.IsZero() {
		r.LastFailure = before.Bad
		if s.Failing > 0 { // nothing of it was tried since the start
			r.LastError = oneLine(before.Err)
		}
	}
	r.GivenUp = uint64(s.Skipped)
	r.Latency, r.Took = tellHistogram(s.Latency), tellHistogram(s.Took)
	r.Attempts, r.Accepted, r.Failed, r.Undecided = uint64(s.Attempts), uint64(s.Accepted), uint64(s.Failed), uint64(s.Undecided)
}

// tellAbsent tells of one that was removed earlier.
func tellAbsent(ab spool.Absent) status.Recipient {
	r := status.Recipient{Name: ab.Name, Kind: ab.Kind, Events: []string{}, Removed: true, Paused: ab.Paused, By: pausedBy(ab.Paused, false),
		Latency: tellHistogram(bridge.Histogram{}), Took: tellHistogram(bridge.Histogram{})}
	tellQueue(&r, ab.Stats)
	r.State, r.Text = status.Removed, removedText
	return r
}

func tellHistogram(h bridge.Histogram) status.Histogram {
	return status.Histogram{Counts: h.Counts[:], Sum: h.Sum.Seconds()}
}
