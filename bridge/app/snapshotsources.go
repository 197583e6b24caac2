package app

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/tailpost/tailpost/bridge/alert"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/status"
	"github.com/tailpost/tailpost/sinks/macro"
)

// teller is a source that knows more of how it fares than its lines tell.
type teller interface{ Tell(*status.Source) }

// blockedAfter is how long a record must wait for the spool until the source
// counts as blocked: one sync takes less.
const blockedAfter = time.Second

// pathMost bounds each path in a snapshot, in bytes.
const pathMost = 4096

// snapshotSources tells of the sources.
func (a *app) snapshotSources() []status.Source {
	a.mu.Lock()
	all := make([]*source, 0, len(a.sources))
	ended := map[string]bool{}
	for name, s := range a.sources {
		all = append(all, s)
		ended[name] = s.ended
	}
	a.mu.Unlock()
	silent := map[string]bool{}
	for _, st := range a.alerts.State() {
		if st.Lasts && st.Alert == alert.Silent {
			silent[st.Source] = true
		}
	}
	sp := a.spool.Status()
	out := make([]status.Source, 0, len(all))
	for _, s := range all {
		is := s.tell(ended[s.name], cmp.Or(sp.Failing, sp.Full))
		is.Silent = silent[s.name]
		out = append(out, is)
	}
	slices.SortFunc(out, func(x, y status.Source) int { return cmp.Compare(x.Name, y.Name) })
	return out
}

// tell tells how a source fares. stuck says why the spool takes nothing; empty:
// it does.
func (s *source) tell(ended bool, stuck string) status.Source {
	t := s.ingest.Totals()
	is := status.Source{
		Name: s.name, Kind: s.item.Kind, State: status.OK, Rejected: oneLine(s.ingest.Rejected().Reason),
		Read: t.Read, Parsed: t.Parsed, Ignored: t.Ignored, Quarantined: t.Quarantined, Incomplete: t.Open, Events: t.Events,
		Cut: t.Cut, Losses: t.Losses, LostBytes: t.LostBytes,
	}
	is.Target, is.Format = readsFrom(s.item)
	if from, ok := s.from.(teller); ok {
		from.Tell(&is)
	}
	s.judge(&is, ended, stuck)
	is.Text = oneLine(is.Text)
	for i := range is.Files {
		is.Files[i].Path = macro.OneLine(is.Files[i].Path, pathMost)
	}
	return is
}

// unreadable says why the source can't read, or not go on, once people should
// be told. That the spool takes nothing at all is told of the spool. The caller
// holds the app's mutex.
func (s *source) unreadable() string {
	is := s.tell(s.ended, "")
	tooBig := is.State == status.Blocked && errors.Is(s.ingest.Fares().Failed, spool.ErrTooBig)
	if is.State != status.Unreadable && !tooBig && !endedBadly(&is) || time.Since(is.Since) < alert.UnreadableAfter {
		return ""
	}
	return is.Text
}

// judge takes in what is known of a source besides what it tells itself.
func (s *source) judge(is *status.Source, ended bool, stuck string) {
	f := s.ingest.Fares()
	is.LastLine = f.Last
	set := func(st status.State, since time.Time, text string) { is.State, is.Since, is.Text = st, since, text }
	switch well := is.State != status.Unreadable; {
	case ended && f.Failed != nil:
		set(status.Ended, f.Since, f.Failed.Error())
	case ended:
		set(status.Ended, time.Time{}, "all of it was read")
	case errors.Is(f.Failed, spool.ErrTooBig):
		set(status.Blocked, f.Since, f.Failed.Error())
	case f.Failed != nil:
		set(status.Unreadable, f.Since, f.Failed.Error()+"; it is tried again and again")
	case !s.ingest.Restored(), is.State == status.Starting:
		set(status.Starting, s.made, "it has not begun to read")
	case well && !f.Waits.IsZero() && time.Since(f.Waits) >= blockedAfter:
		set(status.Blocked, f.Waits, "the spool takes nothing: "+cmp.Or(stuck, "the disk is slow"))
	}
}

// readsFrom is where a source reads, and in which format.
func readsFrom(it config.Item) (target, format string) {
	switch s := it.What.(type) {
	case config.TailSource:
		target, format = s.Tail.Path, s.Ingest.Format
	case config.DropSource:
		target, format = s.Drop.Dir, s.Ingest.Format
	case config.HTTPSource:
		target, format = s.HTTP.Listen+s.HTTP.Path, s.Ingest.Format
	case config.SocketSource:
		target, format = s.Socket.Path, s.Ingest.Format
	case config.SyslogSource:
		target, format = s.Syslog.Listen, s.Ingest.Format
	case config.StdinSource:
		target, format = "standard input", s.Ingest.Format
	}
	return oneLine(target), format
}
