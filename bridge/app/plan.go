package app

import (
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

// plan is what a reload will do.
type plan struct {
	c       *config.Config
	restart []string // keys that need a restart
	same    bool     // nothing is to be done

	sources, recipients difference

	relay    *smtpsink.Relay
	services []*service // of added and changed recipients
	queued   []string   // recipients whose names the spool did not know
	made     []*source  // of added and changed sources
	leave    []*source  // those in whose place they come, and removed ones
}

// difference is what became of the items of one configuration in the next.
type difference struct {
	added, changed, removed []config.Item // removed: as they were
}

func (d *difference) between(was, is []config.Item) {
	old := map[string]config.Item{}
	for _, it := range was {
		old[it.Name] = it
	}
	for _, it := range is {
		before, ok := old[it.Name]
		delete(old, it.Name)
		switch {
		case !ok:
			d.added = append(d.added, it)
		case !it.Same(before):
			d.changed = append(d.changed, it)
		}
	}
	for _, it := range was {
		if _, gone := old[it.Name]; gone {
			d.removed = append(d.removed, it)
		}
	}
}

// coming are those that something must be made for.
func (d *difference) coming() []config.Item {
	return append(d.changed[:len(d.changed):len(d.changed)], d.added...)
}
