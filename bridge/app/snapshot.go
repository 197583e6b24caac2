package app

import (
	"cmp"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/tailpost/tailpost/bridge/alert"
	"github.com/tailpost/tailpost/bridge/status"
	"github.com/tailpost/tailpost/sinks/macro"
)

// snapshotAge is how old a snapshot may be that is given again: whoever looks,
// and however many do, it costs no more than two a second.
const snapshotAge = 500 * time.Millisecond

// textMost bounds each text of a snapshot, in bytes.
const textMost = 512

// snapshots keeps the last one. Its mutex is held while one is gathered, and
// never while the app's is.
type snapshots struct {
	started time.Time // the process; set once

	mu   sync.Mutex
	last *status.Snapshot
	of   roster
}

// Snapshot tells how the bridge fares, as it was half a second ago at the
// most. It may be called by any goroutine, as often as one likes. It reads no
// file and asks nobody; a write that hangs may hold it up. The answer is shared:
// nobody changes it.
func (a *app) Snapshot() *status.Snapshot {
	c := &a.snapshots
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil || time.Since(c.last.Taken) >= snapshotAge {
		c.last = a.gather()
	}
	return c.last
}

// changed lets the next snapshot be a new one: somebody has just done
// something, and looks what became of it.
func (a *app) changed() {
	a.snapshots.mu.Lock()
	defer a.snapshots.mu.Unlock()
	a.snapshots.last = nil
}

// gather makes a snapshot; the caller holds the mutex of snapshots.
func (a *app) gather() *status.Snapshot {
	host, _ := os.Hostname() // it is for people; without it they see none
	s := &status.Snapshot{
		Taken: time.Now(), Started: a.snapshots.started, Version: a.o.Version, Host: oneLine(host),
		Needs: []status.Need{}, Sources: a.snapshotSources(), Recipients: a.snapshotRecipients(),
		Spool: a.snapshotSpool(), Alerts: a.snapshotAlerts(),
	}
	a.mu.Lock()
	s.Balance = status.Balance{Fits: len(a.unbalanced) == 0, Checked: a.balanced, Problems: oneLines(a.imbalanceLocked())}
	s.Configuration = status.Configuration{Applied: a.applied, Restart: oneLines(a.restarts)}
	relay, watch := a.relaying, a.watch
	a.mu.Unlock()

	a.snapshotConfiguration(&s.Configuration)
	if watch != nil {
		st := watch.State()
		s.Configuration.Refused, s.Configuration.Reasons = st.Refused, oneLines(st.Reasons)
	}
	if relay != nil {
		said := relay.Status()
		s.Relay = &status.Relay{Server: oneLine(a.mailServer()), Text: oneLine(said.Text), OK: said.OK, At: said.At}
	}
	h := a.history.Stats()
	s.Listener = a.snapshotListener()
	s.History = status.History{Kept: h.Kept, Dropped: h.Dropped, Failing: oneLine(h.Failing)}
	a.snapshotReady(s)
	a.snapshotNeeds(s)
	return s
}

func (a *app) snapshotConfiguration(to *status.Configuration) {
	c := a.conf()
	to.Path = oneLine(c.Path)
	for _, p := range c.Warnings {
		to.Warnings = append(to.Warnings, oneLine(p.String()))
	}
}

func (a *app) snapshotSpool() status.Spool {
	s := a.spool.Status()
	return status.Spool{
		Dir: oneLine(a.conf().StateDir), Bytes: s.Bytes, Wanted: s.Wanted, Held: s.Held, MaxBytes: s.MaxBytes, Free: s.Free, MinFree: s.MinFree,
		Segments: s.Segments, Oldest: s.OldestName(), Holder: s.Holder, Parked: s.Parked,
		Full: oneLine(s.Full), NoSpace: s.NoSpace, Failing: oneLine(s.Failing), JournalFailing: oneLine(s.JournalFailing),
		DamagedRanges: s.Damage.Ranges, DamagedBytes: s.Damage.Bytes,
		DeadBytes: s.Dead.Bytes, LineBytes: s.Lines.Bytes, Expired: s.Dead.Expired + s.Lines.Expired,
	}
}

func (a *app) snapshotAlerts() []status.Alert {
	out := []status.Alert{}
	for _, s := range a.alerts.State() {
		al := status.Alert{
			Alert: s.Alert, Recipient: s.Recipient, Source: s.Source, Lasts: s.Lasts, Since: s.Since, Error: oneLine(s.Error),
			Mails: s.Mail.Times, URLs: s.URL.Times,
		}
		for _, told := range []struct{ way, trouble string }{{"mail", s.Mail.NotSent}, {"alert_url", s.URL.NotSent}} {
			if told.trouble != "" {
				al.NotSent = append(al.NotSent, told.way+": "+oneLine(told.trouble))
			}
		}
		out = append(out, al)
	}
	slices.SortStableFunc(out, func(x, y status.Alert) int {
		return cmp.Or(cmp.Compare(x.Alert, y.Alert), cmp.Compare(x.Recipient, y.Recipient), cmp.Compare(x.Source, y.Source))
	})
	return out
}

// snapshotNeeds says what needs a person, and what is told to whom.
func (a *app) snapshotNeeds(s *status.Snapshot) {
	dead := map[string]uint64{}
	for _, r := range s.Recipients {
		dead[r.Name] = r.Dead
	}
	b := beside{long: map[string]bool{}, starts: !a.hasBegun()}
	a.mu.Lock()
	b.letters, b.recent = a.letters.now(dead), a.lately
	b.relay = !a.relayBad.IsZero() && time.Since(a.relayBad) >= relayLong
	a.mu.Unlock()
	standings := a.alerts.Recipients()
	for i := range s.Recipients {
		r := &s.Recipients[i]
		st := standings[r.Name]
		r.Alert, r.AlertSince, r.AlertText = cmp.Or(string(st.Word), string(alert.NoAlert)), st.Since, oneLine(st.Text)
		r.Letters = b.letters[r.Name]
		b.long[r.Name] = st.Long
		if s.Relay != nil && r.Kind == "email" {
			r.Relay = s.Relay.Text
		}
	}
	s.Forgotten = forgotten(s, b.letters)
	s.Needs = append(s.Needs, needs(s, b)...)
}

// forgotten gives whose dead letters there are besides the recipients', by name.
func forgotten(s *status.Snapshot, letters map[string]int) (out []status.Forgotten) {
	known := map[string]bool{}
	for i := range s.Recipients {
		known[s.Recipients[i].Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(letters)) {
		if !known[name] {
			out = append(out, status.Forgotten{Name: name, Letters: letters[name]})
		}
	}
	return out
}

// oneLine makes a text from outside fit for a snapshot.
func oneLine(s string) string { return macro.OneLine(s, textMost) }

// oneLines does so with several; it gives a list of its own.
func oneLines(ss []string) []string {
	out := make([]string, len(ss))
	for i, s := range ss {
		out[i] = oneLine(s)
	}
	return out
}
