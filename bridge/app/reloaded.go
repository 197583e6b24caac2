package app

import (
	"reflect"
	"strings"

	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/spool"
)

// tell says what a reload has done. asked: also that it had nothing to do.
func (a *app) tell(p *plan, asked bool) {
	for _, r := range p.recipients.removed {
		ev := a.o.Log.Info().Str("recipient", r.Name).Uint64("waiting", a.waitingFor(r.Name))
		if to := renamed(r, p.recipients.added); to != "" {
			ev.Str("now", to).Uint64("now_waiting", a.waitingFor(to)).Str("hint", "another name is another recipient: what waits stays with the old one, until that comes back or is forgotten").Msg("recipient renamed")
			continue
		}
		ev.Str("hint", "what waits is kept in case the name comes back; tailpost spool forget ends that").Msg("recipient removed")
	}
	if said := strings.Join(p.restart, " "); said != "" && (asked || said != a.restart) {
		a.restart = said
		a.o.Log.Warn().Strs("keys", p.restart).Msg("these settings need a restart: the old ones stay in force")
	}
	if p.same && !asked {
		return
	}
	ev := a.o.Log.Info().Str("by", config.AskedBy(asked))
	for _, d := range []struct {
		what string
		difference
	}{{"sources", p.sources}, {"recipients", p.recipients}} {
		for _, part := range []struct {
			how   string
			items []config.Item
		}{{"added", d.added}, {"changed", d.changed}, {"removed", d.removed}} {
			if names := namesOf(part.items); len(names) > 0 {
				ev.Strs(d.what+"_"+part.how, names)
			}
		}
	}
	ev.Msg("configuration reloaded")
}

func namesOf(items []config.Item) (out []string) {
	for _, it := range items {
		out = append(out, it.Name)
	}
	return out
}

// waitingFor is how many events wait for a recipient that was served, or still
// is.
func (a *app) waitingFor(name string) uint64 {
	a.mu.Lock()
	var q *spool.Queue
	if r := a.recipients[name]; r != nil {
		q = r.queue
	}
	a.mu.Unlock()
	if q != nil {
		return q.Stats().Waiting
	}
	for _, ab := range a.spool.Absent() { // its worker has ended
		if ab.Name == name {
			return ab.Waiting
		}
	}
	return 0
}

// renamed gives the name of the recipient that has the settings of one that was
// removed, if there is such a one.
func renamed(was config.Item, added []config.Item) string {
	for _, it := range added {
		if it.Kind == was.Kind && reflect.DeepEqual(nameless(it.What), nameless(was.What)) {
			return it.Name
		}
	}
	return ""
}

// nameless gives a recipient without its name.
func nameless(what any) any {
	switch r := what.(type) {
	case config.HTTPRecipient:
		r.Name, r.Sink.Name = "", ""
		return r
	case config.MailRecipient:
		r.Name, r.Sink.Name = "", ""
		return r
	case config.FileRecipient:
		r.Name, r.Sink.Name = "", ""
		return r
	}
	return what
}
