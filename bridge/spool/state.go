package spool

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/codec"
)

// stateMost bounds the state of one source, in bytes. Ingest keeps it far
// below.
const stateMost = 16 << 20

// states are the merged maps of all sources.
type states struct {
	sources map[string]*sourceState
	bytes   int // of all of them, as they stand at a segment's head
}

type sourceState struct {
	entries map[string][]byte
	bytes   int // of all keys and values, and what stands around them
}

func newStates() states { return states{sources: make(map[string]*sourceState)} }

// source gives the map of a source, a new one if need be.
func (st *states) source(name []byte) *sourceState {
	m := st.sources[string(name)]
	if m == nil {
		m = &sourceState{entries: make(map[string][]byte), bytes: len(name) + 2*frameHead}
		st.sources[string(name)] = m
		st.bytes += m.bytes
	}
	return m
}

// entryBytes is what an entry takes at the most.
func entryBytes(key, value int) int { return key + value + 2*binary.MaxVarintLen32 }

// merge applies the changes of one ingest record. Nothing of them is kept.
func (st *states) merge(source []byte, changes []bridge.Entry) {
	if len(changes) == 0 {
		return
	}
	m := st.source(source)
	for _, c := range changes {
		n := m.growth(c)
		m.bytes += n
		st.bytes += n
		if c.Value == nil {
			delete(m.entries, string(c.Key))
			continue
		}
		m.entries[string(c.Key)] = bytes.Clone(c.Value)
	}
}

// growth is how many bytes a change adds.
func (m *sourceState) growth(c bridge.Entry) (n int) {
	if old, ok := m.entries[string(c.Key)]; ok {
		n = -entryBytes(len(c.Key), len(old))
	}
	if c.Value != nil {
		n += entryBytes(len(c.Key), len(c.Value))
	}
	return n
}

// entries gives the map of a source, sorted by key.
func (st *states) entries(source string) []bridge.Entry {
	m := st.sources[source]
	if m == nil {
		return nil
	}
	out := make([]bridge.Entry, 0, len(m.entries))
	for _, k := range slices.Sorted(maps.Keys(m.entries)) {
		out = append(out, bridge.Entry{Key: []byte(k), Value: bytes.Clone(m.entries[k])})
	}
	return out
}

// bytesAfter is the size of a source's state once the changes are merged, and
// of the states of all sources then.
func (st *states) bytesAfter(source string, changes []bridge.Entry) (one, all int) {
	m := st.sources[source]
	all = st.bytes
	if m == nil {
		m = &sourceState{bytes: len(source) + 2*frameHead}
		all += m.bytes
	}
	one = m.bytes
	for _, c := range changes {
		one += m.growth(c)
	}
	return one, all + one - m.bytes
}

// appendStates appends the head of a segment: each source's whole map in a
// frame of its own, and the mark that it is complete.
func (st *states) appendStates(b []byte, s salt) []byte {
	var payload []byte
	for _, source := range slices.Sorted(maps.Keys(st.sources)) {
		payload = appendState(payload[:0], source, st.sources[source].entries)
		b = appendFrame(b, s, frame{kind: kindState}, payload)
	}
	return appendFrame(b, s, frame{kind: kindHeadEnd, count: uint32(len(st.sources))}, nil)
}

func appendState(b []byte, source string, m map[string][]byte) []byte {
	b = codec.AppendSized(b, source)
	b = binary.AppendUvarint(b, uint64(len(m)))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		b = codec.AppendSized(codec.AppendSized(b, k), m[k])
	}
	return b
}

// setState puts the whole map of one source, as it stands at a segment's
// head, in the place of what was known of it.
func (st *states) setState(payload []byte) error {
	r := readerOf(payload)
	source := r.Sized()
	var all []bridge.Entry
	for range r.Count(2) {
		all = append(all, bridge.Entry{Key: r.Sized(), Value: r.Sized()})
	}
	if r.Err != nil {
		return r.Err
	}
	if old := st.sources[string(source)]; old != nil {
		st.bytes -= old.bytes
		delete(st.sources, string(source))
	}
	st.source(source)
	st.merge(source, all)
	return nil
}
