package parsers

import (
	"cmp"
	"container/heap"
	"container/list"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/codec"
)

const (
	keysMax  = 10_000      // sessions whose keys are remembered
	keysSize = 3 << 20     // bytes of them all, with keyCost for each
	keyCost  = 64          // bytes
	keyMax   = 4 * 1024    // bytes of one key: 1,024 characters
	keyAfter = 24 * 3600   // seconds that a key is kept after its session's end: surveys come later
	useStep  = keysMax / 8 // how many newer uses make a use worth saving
)

// keys remembers the ticket keys of sessions, which an External Key event
// sets for the events that follow it. Of too many the least recently used go
// first. All time in it is the log's.
type keys struct {
	pending
	sessions map[string]*sessionKey
	order    *list.List // of *sessionKey, the least recently used first
	ends     ends
	size     int
	uses     uint64 // counts what sessionKey.used is drawn from
	settled  bridge.Settled
}

type sessionKey struct {
	lsid, key string
	used      uint64 // place in order
	ended     int64  // Unix seconds; 0: it is running
	inOrder   *list.Element
	inEnds    int // index, -1: not there
}

func newKeys(format string) keys {
	return keys{pending: newPending(format), sessions: make(map[string]*sessionKey), order: list.New()}
}

// set gives a session its key at that time; an empty one takes it away.
func (k *keys) set(lsid, key string, at int64) error {
	switch {
	case lsid == "":
		return errors.New("an External Key line without a session")
	case len(lsid) > sessionMax:
		return fmt.Errorf("an External Key line with an lsid of %d bytes; %d are allowed", len(lsid), sessionMax)
	case len(key) > keyMax:
		return fmt.Errorf("an External Key of %d bytes; %d are allowed", len(key), keyMax)
	}
	k.forgetEnded(at)
	s := k.sessions[lsid]
	if key == "" {
		if s != nil {
			k.forget(s)
		}
		return nil
	}
	if s == nil {
		s = &sessionKey{lsid: strings.Clone(lsid), inEnds: -1}
		k.insert(s)
	}
	k.size += len(key) - len(s.key)
	s.key = strings.Clone(key) // it must not keep its line alive
	k.touch(s)
	for len(k.sessions) > keysMax || k.size > keysSize {
		k.forget(k.order.Front().Value.(*sessionKey))
		k.settled.Evicted++
	}
	return nil
}

// apply gives the event its session's key if it lacks one. at is the line's
// own time, 0 if it has none.
func (k *keys) apply(e *bridge.Event, at int64) {
	if len(k.sessions) == 0 {
		return
	}
	if at != 0 {
		k.forgetEnded(at)
	}
	s := k.sessions[e.Session]
	if s == nil {
		return
	}
	if e.ExternalKey == "" {
		e.ExternalKey = s.key
	}
	if e.Name == bridge.EventEnd && s.inEnds < 0 {
		s.ended = e.Timestamp
		heap.Push(&k.ends, s)
		k.touch(s)
	} else if k.uses-s.used > useStep {
		k.touch(s)
	}
}

func (k *keys) insert(s *sessionKey) {
	k.sessions[s.lsid] = s
	s.inOrder = k.order.PushBack(s)
	k.size += len(s.lsid) + len(s.key) + keyCost
}

// touch makes s the most recently used, and saves it.
func (k *keys) touch(s *sessionKey) {
	k.uses++
	s.used = k.uses
	k.order.MoveToBack(s.inOrder)
	v := binary.AppendUvarint(nil, s.used)
	v = binary.AppendVarint(v, s.ended)
	k.pending.set("k"+s.lsid, codec.AppendSized(v, s.key))
	k.pending.set("n", binary.AppendUvarint(nil, k.uses))
}

func (k *keys) forget(s *sessionKey) {
	delete(k.sessions, s.lsid)
	k.order.Remove(s.inOrder)
	k.size -= len(s.lsid) + len(s.key) + keyCost
	if s.inEnds >= 0 {
		heap.Remove(&k.ends, s.inEnds)
	}
	k.pending.remove("k" + s.lsid)
}

func (k *keys) forgetEnded(at int64) {
	for len(k.ends) > 0 && k.ends[0].ended+keyAfter < at {
		k.forget(k.ends[0])
	}
}

// Changes is bridge.Stateful's.
func (k *keys) Changes() []bridge.Entry { return k.pending.take() }

// Settled is bridge.Stateful's.
func (k *keys) Settled() bridge.Settled {
	s := k.settled
	k.settled = bridge.Settled{}
	return s
}

// Held is bridge.Stateful's: these parsers hold no lines.
func (k *keys) Held() int { return 0 }

// GiveUp is bridge.Stateful's: there is nothing to give up.
func (k *keys) GiveUp() {}

// Restore is bridge.Stateful's.
func (k *keys) Restore(entries []bridge.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	err := k.pending.adopt(entries)
	if err == nil {
		err = k.restore(entries)
	}
	if err != nil {
		format := k.format
		*k = newKeys(format)
		k.settled.Rejected = k.pending.discard(entries, err)
	}
	return err
}

func (k *keys) restore(entries []bridge.Entry) error {
	var all []*sessionKey
	for _, e := range entries {
		r := codec.Reader{Rest: e.Value}
		switch lsid, isKey := strings.CutPrefix(string(e.Key), "k"); {
		case isKey:
			s := &sessionKey{lsid: lsid, inEnds: -1, used: r.Uvarint(), ended: r.Varint(), key: r.Text()}
			all = append(all, s)
		case string(e.Key) == "n":
			k.uses = r.Uvarint()
		default:
			continue
		}
		if !r.Done() {
			return fmt.Errorf("saved state: entry %s is damaged", clip(string(e.Key)))
		}
	}
	slices.SortFunc(all, func(a, b *sessionKey) int { return cmp.Compare(a.used, b.used) })
	for _, s := range all {
		k.insert(s)
		if s.ended != 0 {
			heap.Push(&k.ends, s)
		}
	}
	return nil
}

// ends is a heap of sessions that are over, the longest over first.
type ends []*sessionKey

func (h ends) Len() int           { return len(h) }
func (h ends) Less(i, j int) bool { return h[i].ended < h[j].ended }
func (h ends) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].inEnds, h[j].inEnds = i, j
}

// Push is heap.Interface's.
func (h *ends) Push(x any) {
	s := x.(*sessionKey)
	s.inEnds = len(*h)
	*h = append(*h, s)
}

// Pop is heap.Interface's.
func (h *ends) Pop() any {
	old := *h
	s := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	s.inEnds = -1
	return s
}
