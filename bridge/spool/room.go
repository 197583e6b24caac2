package spool

import (
	"errors"
	"time"
)

// roomPoll is how often a full spool looks for room by itself. Retention
// tells it sooner.
const roomPoll = time.Second

// fullError says why nothing more can be taken for now. Nothing has failed.
type fullError struct {
	why   string
	err   error // of the file system; nil: a limit of ours is reached
	lacks int64 // so much more must be free on the file system, if that is known
}

func (e *fullError) Error() string { return e.why }
func (e *fullError) Unwrap() error { return e.err }

const (
	fullMaxBytes = "max_bytes is reached"
	fullMinFree  = "the file system's free space is under min_free"
	fullDisk     = "the file system is full"
)

// used is the size of all segments and the journal, in bytes.
func (s *Spool) used() int64 { return s.segs.bytes() + 2*s.journal.size }

// segmentRoom is how large all segments together may become by what comes in.
func (s *Spool) segmentRoom() int64 { return int64(s.o.MaxBytes) - 2*s.journal.size - s.spare.size }

// purpose is what room in the segments is wanted for.
type purpose int

const (
	forHead purpose = iota // of a new segment, and nothing else
	forOut                 // what has to be written so that events can go
	forLines
)

// haveRoom reports whether the segments may grow by so many bytes. For lines
// some room is left out: what events need on their way out must fit even when
// nothing else does; and for that, too: the head of a new segment, behind which
// a settled one can go.
func (s *Spool) haveRoom(more int64, what purpose) error {
	limit := int64(s.o.MaxBytes)
	if what == forLines {
		limit -= s.spare.size
	}
	if what != forHead {
		s.mu.Lock()
		heads := s.state.bytes
		s.mu.Unlock()
		limit -= (bodyStart + int64(heads) + blockSize) &^ (blockSize - 1)
	}
	if s.used()+more > limit {
		return &fullError{why: fullMaxBytes}
	}
	if what != forLines {
		return nil
	}
	if free, least := s.freeSpace(); free >= 0 && free-more < least {
		return noSpace(least, more-free)
	}
	return nil
}

// noSpace says that there is less than least on the file system, once over more
// than it has were taken.
func noSpace(least, over int64) error {
	why := fullMinFree
	if least == 0 {
		why = fullDisk
	}
	return &fullError{why: why, lacks: least + over}
}

// roomyMore is what must be free above min_free, in bytes.
const roomyMore = 1 << 20

// Roomy reports whether the file system has more free space than min_free, or
// that can't be known: what is not needed may be written there.
func (s *Spool) Roomy() bool {
	free, least := s.freeSpace()
	return free < 0 || free > least+roomyMore
}

// freeSpace gives what is free on the file system and min_free; free is
// negative where that can't be known.
func (s *Spool) freeSpace() (free, least int64) {
	free, total, err := s.o.FS.Space(s.o.Dir)
	if err != nil {
		return -1, 0
	}
	least, _ = s.o.minFree(total)
	s.free.Store(free)
	s.minFree.Store(least)
	return free, least
}

// tight reports whether settled segments should go before their time. That
// begins before the spool is full, so that parked events can still be moved
// out of their segments.
func (s *Spool) tight() bool {
	s.mu.Lock()
	full := s.full != ""
	s.mu.Unlock()
	if full || s.used() > int64(s.o.MaxBytes)/4*3 {
		return true
	}
	free, least := s.freeSpace()
	return free >= 0 && free < 2*least
}

// writable notes whether entries can be written, and logs when that changes.
func (s *Spool) writable(err error) {
	full, failing, lacks, crammed := "", "", int64(0), false
	if e := (*fullError)(nil); errors.As(err, &e) {
		full, lacks, crammed = withAdvice(err), e.lacks, e.why != fullMaxBytes
	} else if err != nil {
		failing = withAdvice(err)
	}
	s.mu.Lock()
	wasFull, wasFailing, news := s.full, s.failing, cause(err) != s.cause
	s.full, s.failing, s.cause = full, failing, cause(err)
	s.refused, s.lacks, s.crammed = full != "", lacks, crammed
	if err == nil {
		s.wrote = time.Now()
	}
	s.mu.Unlock()
	switch {
	case failing != "" && news:
		s.o.Log.Error().Err(err).Str("hint", advice(err)).Dur("retry_every", s.o.RetryEvery).Msg("the spool can't be written; no lines are taken")
	case full != "" && news:
		oldest, holder := s.oldest()
		s.o.Log.Error().Str("why", err.Error()).Str("hint", advice(err)).Str("oldest", oldest).Str("recipient", holder).Msg("the spool is full; no lines are taken")
	case err == nil && (wasFull != "" || wasFailing != ""):
		s.o.Log.Info().Msg("the spool takes lines again")
	}
	if news && (full != "" || wasFull != "") {
		s.kick()
	}
}

// cause gives the text of the error at the bottom, without the names of files
// that are new at each try.
func cause(err error) string {
	if err == nil {
		return ""
	}
	for next := err; next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err.Error()
}

// kick asks retention to look now.
func (s *Spool) kick() { notify(s.kicked) }

// wanted tells why a segment can't go.
type wanted struct {
	unread string // a recipient that has not come past it
	parked tally
}

func (w wanted) any() bool { return w.unread != "" || w.parked.events > 0 }

// wantedBy looks who wants events of a segment: of those that have not come
// past it the one that is furthest behind. Recipients without a queue count
// like all others.
func (s *Spool) wantedBy(sg segment) wanted {
	j := &s.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	w := wanted{parked: j.parkedIn[sg.first()]}
	if sg.next <= sg.first() {
		return w // no events in it
	}
	least := sg.next
	for _, p := range j.recipients {
		if at := p.frontier().number; at < least && p.wantsUnread(sg) {
			least, w.unread = at, p.name
		}
	}
	return w
}

// oldest gives the name of the oldest segment and the recipient that wants it.
func (s *Spool) oldest() (name, holder string) {
	all := s.segs.all()
	if len(all) == 0 {
		return "", ""
	}
	return segmentName(all[0].first()), s.holderOf(all[0])
}

// holderOf gives the recipient that is in the way of a segment. One that gives
// up its events when the spool is full is named only where nobody else wants
// it: mending that one would make no room. Of several it is the one that is
// furthest behind, those that have come past it and parked some of it last.
func (s *Spool) holderOf(sg segment) (name string) {
	j := &s.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	least, kept := uint64(0), false
	for _, p := range j.recipients {
		if !p.wants(sg) {
			continue
		}
		at := sg.next
		if p.wantsUnread(sg) {
			at = p.frontier().number
		}
		if keeps := !s.yields(p.name); name == "" || keeps && !kept || keeps == kept && at < least {
			name, least, kept = p.name, at, keeps
		}
	}
	return name
}

// yields reports whether that recipient gives up events when the spool is full.
func (s *Spool) yields(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[name]
	return q != nil && q.yields
}

// wantedBytes is the size of what can't be deleted. held is how much of it is
// written in segments that somebody wants: the rest is the journal's, and blocks
// that the newest segment took in advance.
func (s *Spool) wantedBytes() (n, held int64) {
	n = 2 * s.journal.size
	all := s.segs.all()
	for i, sg := range all {
		wanted := s.wantedBy(sg).any()
		if wanted {
			held += sg.limit - bodyStart
		}
		if wanted || i == len(all)-1 {
			n += sg.size
		}
	}
	return n, held
}

// warn logs once when wanted bytes come over 50 % and 80 % of max_bytes.
func (s *Spool) warn() {
	level := 0
	bytes, _ := s.wantedBytes()
	switch most := int64(s.o.MaxBytes); {
	case bytes >= most/10*8:
		level = 80
	case bytes >= most/10*5:
		level = 50
	}
	if was := s.warned.Swap(int32(level)); int32(level) > was {
		oldest, holder := s.oldest()
		s.o.Log.Warn().Int("percent", level).Int64("bytes", bytes).Str("oldest", oldest).Str("recipient", holder).Msg("the spool fills up")
	}
}
