package app

import (
	"cmp"
	"slices"

	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/status"
)

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
	out := make([]status.Source, 0, len(all))
	for _, s := range all {
		t := s.ingest.Totals()
		is := status.Source{
			Name: s.name, Kind: s.item.Kind, State: status.OK, Rejected: oneLine(s.ingest.Rejected().Reason),
			Read: t.Read, Parsed: t.Parsed, Ignored: t.Ignored, Quarantined: t.Quarantined, Incomplete: t.Open, Events: t.Events,
			Cut: t.Cut, Losses: t.Losses, LostBytes: t.LostBytes,
		}
		is.Target, is.Format = readsFrom(s.item)
		if ended[s.name] {
			is.State = status.Ended
		}
		out = append(out, is)
	}
	slices.SortFunc(out, func(x, y status.Source) int { return cmp.Compare(x.Name, y.Name) })
	return out
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
