package app

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/admin/page"
	"github.com/tailpost/tailpost/bridge/spool"
)

// Events is page.Reader's.
func (p pages) Events(ctx context.Context, which page.EventChoice, most int) (page.Events, error) {
	s := newEventSearch(which, most)
	stopped := spool.ReadBack(p.dir(), which.Before, s.segment, func(number uint64, data []byte) error {
		if s.looked%64 == 0 && ctx.Err() != nil {
			return errStopped
		}
		s.look(number, data)
		return nil
	})
	out := page.Events{Looked: s.looked, Stopped: errors.Is(stopped, errStopped)}
	found := s.end(out.Stopped)
	out.More = len(found) > most || s.done
	for _, f := range found[:min(len(found), most)] {
		if e, ok := pageEvent(f); ok {
			out.Events = append(out.Events, e)
		}
	}
	return out, ignore(stopped, errStopped)
}

// eventSearch looks for the last events that fit, a segment after the other.
type eventSearch struct {
	text   string
	needle []byte // text as it stands within canonical JSON
	prefix *finder
	most   int

	first  uint64 // of the segment that is read
	here   newest[foundEvent]
	found  []foundEvent // newest first
	moved  []foundEvent // older than their segments
	looked int
	done   bool
}

// foundEvent is an event as the spool has it.
type foundEvent struct {
	number uint64
	data   []byte
}

func newEventSearch(which page.EventChoice, most int) *eventSearch {
	s := &eventSearch{text: which.Text, most: most}
	if s.text != "" {
		quoted := bridge.AppendJSONString(nil, s.text)
		s.needle = quoted[1 : len(quoted)-1]
	}
	if id := strings.ToLower(s.text); len(id) >= prefixLeast && len(id) <= 2*len(bridge.ID{}) && strings.Trim(id, "0123456789abcdef") == "" {
		s.prefix = newFinder(id)
	}
	s.here.most = most + 1 // one more tells whether there are older ones
	return s
}

// segment begins a segment, if there is not enough yet.
func (s *eventSearch) segment(first uint64) (done bool) {
	s.turn()
	s.first = first
	s.done = len(s.found) > s.most
	return s.done
}

// turn takes what the segment before has given.
func (s *eventSearch) turn() {
	s.found = append(s.found, s.here.all()...)
	s.here = newest[foundEvent]{most: s.most + 1}
}

func (s *eventSearch) look(number uint64, data []byte) {
	s.looked++
	head, err := bridge.ParseHead(data)
	if err != nil || !s.fits(&head) {
		return
	}
	switch {
	case number >= s.first: // most of them are overwritten soon: their room is used again
		to := s.here.slot()
		to.number, to.data = number, append(to.data[:0], data...)
	case s.text != "" && len(s.moved) < s.most:
		s.moved = append(s.moved, foundEvent{number, bytes.Clone(data)})
	}
}

// fits says whether an event is looked for.
func (s *eventSearch) fits(h *bridge.Head) bool {
	switch {
	case s.text == "", string(h.Session) == s.text:
		return true
	case s.prefix != nil && s.prefix.matches(h.ID):
		return true
	case len(s.text) >= prefixLeast && bytes.HasPrefix(h.Session, []byte(s.text)):
		return true
	case !h.HasKey || !bytes.Contains(h.JSON, s.needle):
		return false
	}
	e, err := bridge.DecodeEvent(h.JSON)
	return err == nil && strings.Contains(e.ExternalKey, s.text)
}

// end gives what was found, the newest first. What was moved is older than what
// wasn't looked at, if the search has not come to its end.
func (s *eventSearch) end(stopped bool) []foundEvent {
	s.turn()
	all := s.found
	if !s.done || stopped {
		all = append(all, s.moved...)
	}
	slices.SortStableFunc(all, func(a, b foundEvent) int { return cmp.Compare(b.number, a.number) })
	return slices.CompactFunc(all, func(a, b foundEvent) bool { return a.number == b.number })
}

func pageEvent(f foundEvent) (out page.Event, ok bool) {
	h, err := bridge.ParseHead(f.data)
	if err != nil {
		return out, false
	}
	e, err := bridge.DecodeEvent(h.JSON)
	if err != nil {
		return out, false
	}
	return page.Event{
		ID: h.ID, Number: f.number, Name: e.Name, Session: e.Session, Key: e.ExternalKey,
		Source: e.Source.Name, Time: time.Unix(e.Timestamp, 0),
	}, true
}
