package app

import (
	"fmt"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
)

// locate says as well as can be said where a sum stopped fitting: the first
// number that stands in no segment although its segment is there, and for each
// recipient whose sum doesn't fit the first event that it isn't done with.
func (b *Balance) locate(stateDir string, v *spool.View) error {
	l := search{segments: v.Segments}
	for _, r := range v.Recipients {
		if r.Stats.Given != r.Stats.Sum() {
			l.frontiers = append(l.frontiers, frontier{recipient: r.Name, number: r.Stats.Frontier})
		}
	}
	if err := spool.ReadEvents(stateDir, l.event); err != nil {
		return err
	}
	l.skipTo(^uint64(0))
	if l.missing != "" {
		b.wrong("%s", l.missing)
	}
	for _, f := range l.frontiers {
		if f.found == "" {
			f.found = "none such is in the spool"
		}
		b.wrong("recipient %s is done with all events below number %x; the first one from there on: %s", f.recipient, f.number, f.found)
	}
	return nil
}

// search goes over the events of the segments in the order of their numbers.
type search struct {
	segments  []spool.SegmentView // those to come
	next      uint64              // in the first of them, the number that comes next
	missing   string              // the first number that should be there and isn't
	frontiers []frontier
}

type frontier struct {
	recipient string
	number    uint64
	found     string
}

func (l *search) event(number uint64, data []byte) error {
	l.skipTo(number)
	l.next = number + 1
	for i := range l.frontiers {
		f := &l.frontiers[i]
		if f.found == "" && number >= f.number {
			f.found = fmt.Sprintf("number %x, id %s", number, idOf(data))
		}
	}
	return nil
}

// skipTo notes what should stand below a number and was not met.
func (l *search) skipTo(number uint64) {
	for len(l.segments) > 0 {
		sg := &l.segments[0]
		at := max(l.next, sg.First)
		if at < min(number, sg.Next) && l.missing == "" {
			l.missing = fmt.Sprintf("the first number that is missing is %x: it should stand in segment %s", at, sg.File)
		}
		if number < sg.Next {
			return
		}
		l.segments = l.segments[1:]
	}
}

func idOf(data []byte) string {
	head, err := bridge.ParseHead(data)
	if err != nil {
		return "unknown"
	}
	return head.ID.String()
}
