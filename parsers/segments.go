package parsers

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/tailpost/tailpost/bridge"
)

const (
	openMax  = 1000    // open messages
	openSize = 1 << 20 // bytes of their parts, with partCost for each
	partCost = 128     // bytes

	apart     = 10     // seconds between parts of a message, and after which a whole one is forgotten
	giveUp    = 60     // seconds after a message's last part
	giveUpFor = 10_000 // lines after a message's first part

	dueSlack = 64 // hosts that may be left in due before it is made anew
)

// segments puts messages together whose parts came on lines of their own.
//
// Parts belong together that have host, pid, site id and total in common and
// whose lines' own times are 10 s apart at most. A part that an open message
// has already, byte for byte, is a repeat, unless one that lacks it is nearer
// in time; the same part with other bytes begins another message. A message is
// given up by the lines that follow it: 10,000 of any kind, or one of the same
// host that is 60 s later.
//
// Where a part fits into several open messages it goes to the one nearest in
// time, of these to the oldest.
//
// A repeat of a message that is whole already can't be told from a part of the
// next one that begins alike. So a part that repeats one of a message completed
// within 10 s, or joins a message that holds nothing else, is only joined to
// the part right before it; and a message given up that holds only such repeats
// is ignored.
type segments struct {
	pending
	open    []*message       // in the order in which they were begun
	whole   []*whole         // in the order in which they were completed
	due     map[string]int64 // of a host: no message of it ends by a time before
	lines   uint64
	last    uint64 // the number given last
	size    int    // of all parts of open messages
	hashes  int    // of all whole messages
	held    int    // parts of open messages
	settled bridge.Settled
	joined  []part         // the parts before the one that completed a message
	places  []bridge.Place // of all parts of the message completed last, in their order
}

// origin is what the parts of a message have in common.
type origin struct {
	host, pid, siteID string
	total             int
}

type message struct {
	number   uint64
	from     origin
	begun    uint64 // segments.lines at its first part
	min, max int64  // of its parts' times, Unix seconds
	repeats  uint64 // the whole message that all its parts repeat; 0: none
	parts    []part // as they came
}

type part struct {
	number   int
	at       int64 // the line's own time, Unix seconds
	rec      bridge.Record
	from, to int // of the payload in rec.Line
}

func (p *part) payload() []byte { return p.rec.Line[p.from:p.to] }

func (p *part) size() int {
	return partCost + len(p.rec.Line) + len(p.rec.Head) + len(p.rec.Source) + len(p.rec.Stream)
}

// whole is what is remembered of a message that was completed.
type whole struct {
	number uint64
	from   origin
	at     int64       // of its latest part
	sums   map[int]sum // of a part's payload
}

type sum [16]byte

func sumOf(b []byte) sum {
	full := sha256.Sum256(b)
	return sum(full[:16])
}

func newSegments() segments {
	return segments{pending: newPending("bg"), due: make(map[string]int64)}
}

// step counts a line, and gives up what it shows to be over.
func (s *segments) step(host string, at int64) {
	s.lines++
	for len(s.open) > 0 && s.lines-s.open[0].begun > giveUpFor {
		s.abandon(s.open[0])
	}
	if len(s.due) > len(s.open)+len(s.whole)+dueSlack {
		s.setDue()
	}
	if len(s.due) == 0 || at == 0 {
		return
	}
	if due, ok := s.due[host]; ok && at > due {
		s.expire(host, at)
	}
}

// expire forgets what of that host is over at that time.
func (s *segments) expire(host string, at int64) {
	for _, m := range slices.Clone(s.open) {
		if m.from.host == host && at > m.max+giveUp {
			s.abandon(m)
		}
	}
	for _, w := range slices.Clone(s.whole) {
		if w.from.host == host && at > w.at+apart {
			s.forget(w)
		}
	}
	s.setDue()
}

// setDue makes due anew, without the hosts that nothing is left of.
func (s *segments) setDue() {
	clear(s.due)
	for _, m := range s.open {
		s.dueBy(m.from.host, m.max+giveUp)
	}
	for _, w := range s.whole {
		s.dueBy(w.from.host, w.at+apart)
	}
}

func (s *segments) dueBy(host string, at int64) {
	if due, ok := s.due[host]; !ok || at < due {
		s.due[host] = at
	}
}

// add puts a part in its place. Parsed: it completed a message, whose payload
// is given; settle must be called with what became of it.
func (s *segments) add(rec bridge.Record, h header, seg segment) (payload string, o bridge.Outcome, err error) {
	p := part{number: seg.number, at: h.at, rec: rec}
	if p.size() > openSize {
		return "", 0, fmt.Errorf("part %d of %d has %d bytes, too many to be held", seg.number, seg.total, len(rec.Line))
	}
	p.rec.Line = bytes.Clone(rec.Line)
	p.rec.Head = bytes.Clone(rec.Head)
	p.to = len(bytes.TrimRight(p.rec.Line, "\r\x00"))
	p.from = p.to - len(seg.payload)
	from := origin{h.host, h.pid, seg.siteID, seg.total}
	repeats := s.repeated(from, &p)
	m, isRepeat := s.find(from, &p, repeats)
	if isRepeat {
		return "", bridge.Ignored, nil
	}
	if m == nil {
		m = s.begin(from, &p, repeats)
	}
	s.join(m, p, repeats)
	if len(m.parts) == m.from.total {
		return s.complete(m), bridge.Parsed, nil
	}
	for len(s.open) > openMax || s.size > openSize {
		s.abandon(s.open[0])
		s.settled.Evicted++
	}
	return "", bridge.Open, nil
}

func (s *segments) begin(from origin, p *part, repeats uint64) *message {
	s.last++
	from.host, from.pid, from.siteID = strings.Clone(from.host), strings.Clone(from.pid), strings.Clone(from.siteID)
	m := &message{number: s.last, from: from, begun: s.lines, min: p.at, max: p.at, repeats: repeats}
	s.open = append(s.open, m)
	return m
}

func (s *segments) join(m *message, p part, repeats uint64) {
	if m.repeats != repeats {
		m.repeats = 0
	}
	m.min, m.max = min(m.min, p.at), max(m.max, p.at)
	m.parts = append(m.parts, p)
	s.size += p.size()
	s.held++
	s.dueBy(m.from.host, m.max+giveUp)
	s.saveMessage(m)
	s.savePart(m, len(m.parts)-1)
}

// complete takes a message out that has all its parts.
func (s *segments) complete(m *message) string {
	s.remove(m)
	s.joined = slices.Clone(m.parts[:len(m.parts)-1])
	s.last++
	w := &whole{number: s.last, from: m.from, at: m.max, sums: make(map[int]sum, m.from.total)}
	size := 0
	for i := range m.parts {
		w.sums[m.parts[i].number] = sumOf(m.parts[i].payload())
		size += len(m.parts[i].payload())
	}
	s.remember(w)
	slices.SortFunc(m.parts, func(a, b part) int { return a.number - b.number })
	b := make([]byte, 0, size)
	s.places = nil
	for i := range m.parts {
		b = append(b, m.parts[i].payload()...)
		s.places = append(s.places, m.parts[i].rec.Place())
	}
	return string(b)
}

// settle says what became of the message that was completed last, and so of
// the parts that were held for it.
func (s *segments) settle(o bridge.Outcome, err error) {
	switch {
	case err != nil:
		s.reject(s.joined, err.Error())
	case o == bridge.Ignored:
		s.settled.Ignored += len(s.joined)
	default:
		s.settled.Parsed += len(s.joined)
	}
	s.joined = nil
}

// abandon gives a message up.
func (s *segments) abandon(m *message) {
	s.remove(m)
	if m.repeats != 0 {
		s.settled.Ignored += len(m.parts)
		return
	}
	s.reject(m.parts, fmt.Sprintf("%v: %d of %d parts came", bridge.ErrIncomplete, len(m.parts), m.from.total))
}

// GiveUp is bridge.Stateful's.
func (s *segments) GiveUp() {
	for len(s.open) > 0 {
		s.abandon(s.open[0])
	}
}

func (s *segments) reject(parts []part, reason string) {
	for i := range parts {
		s.settled.Rejected = append(s.settled.Rejected, bridge.Rejected{Record: parts[i].rec, Reason: reason})
	}
}

func (s *segments) remove(m *message) {
	i := slices.Index(s.open, m)
	s.open = slices.Delete(s.open, i, i+1)
	s.pending.remove(messageKey(m.number))
	for i := range m.parts {
		s.size -= m.parts[i].size()
		s.held--
		s.pending.remove(partKey(m.number, i))
	}
}

// remember keeps a whole message's sums. Their bound is that of open messages.
func (s *segments) remember(w *whole) {
	s.whole = append(s.whole, w)
	s.hashes += len(w.sums)
	s.dueBy(w.from.host, w.at+apart)
	s.saveWhole(w)
	for len(s.whole) > openMax || s.hashes > openSize/(2*len(sum{})) {
		s.forget(s.whole[0])
		s.settled.Evicted++
	}
}

func (s *segments) forget(w *whole) {
	i := slices.Index(s.whole, w)
	s.whole = slices.Delete(s.whole, i, i+1)
	s.hashes -= len(w.sums)
	s.pending.remove(wholeKey(w.number))
}
