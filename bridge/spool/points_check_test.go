package spool_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// tiny are options with the smallest files, and nothing kept that is settled.
func tiny(fs spool.FS) spool.Options {
	o := little(fs)
	o.Keep, o.KeepDead = 0, option.Duration(100*365*24*time.Hour)
	return o
}

// broken is a rule that a state breaks.
type broken struct{ rule, what string }

func (b *broken) Error() string { return b.rule + ": " + b.what }

// The rules, in words of docs/reliability.md.
const (
	ruleOpens   = "a start succeeds"
	ruleLost    = "nothing acknowledged is lost"
	ruleWrong   = "no wrong payload is given"
	ruleAgain   = "what is durably settled doesn't come again"
	rulePark    = "what is durably parked stays parked, with its attempts"
	ruleWhole   = "a record counts whole, with its position, or not at all"
	ruleNumbers = "no number is given twice"
	ruleCounts  = "the sums fit, and no damage is counted"
	ruleSaid    = "what was said to be deleted or set aside is"
)

func breaks(rule, format string, args ...any) error {
	return &broken{rule, fmt.Sprintf(format, args...)}
}

// found is what a start shows.
type found struct {
	m        *moment
	s        *spool.Spool
	fs       *spooltest.FS
	read     map[uint64]string // events in the segments
	inFlight int               // events that were asked for, and are not there
}

// check opens the spool in a state in which a crash may have left it and
// compares what it shows with what was known. What it shows is known
// afterwards; twice then cuts the power once more, and nothing may be undone.
func check(m *moment, fs *spooltest.FS, twice bool) (err error) {
	f := &found{m: m, fs: fs, read: make(map[uint64]string)}
	if err := f.said(); err != nil {
		return err
	}
	s, err := spool.Open(context.Background(), tiny(fs))
	if err != nil {
		return breaks(ruleOpens, "%v", err)
	}
	f.s = s
	ctx, end := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		end()
		rerr := <-done
		if cerr := s.Close(); rerr == nil {
			rerr = cerr
		}
		if err == nil && rerr != nil {
			err = breaks(ruleOpens, "close: %v", rerr)
		}
	}()
	for _, look := range []func() error{f.records, f.lines, f.letters, f.recipients, f.numbers} {
		if err := look(); err != nil {
			return err
		}
	}
	if !twice {
		return nil
	}
	if err := check(m, fs.Crash(0), false); err != nil {
		return fmt.Errorf("cut again after the start: %w", err)
	}
	return nil
}

func (f *found) said() error {
	for name := range f.m.deleted {
		if slices.Contains(f.fs.Files(dir+"/segments"), filepath.Join(dir, "segments", name)) {
			return breaks(ruleSaid, "segment %s is there again", name)
		}
	}
	for name, content := range f.m.aside {
		if !bytes.Equal(content, f.fs.Bytes(filepath.Join(dir, "damaged", name))) {
			return breaks(ruleSaid, "%s in damaged/ is gone", name)
		}
	}
	return nil
}

// records looks at positions and events, and adopts what was asked for and is
// there.
func (f *found) records() error {
	m := f.m
	err := spool.ReadEventsFS(f.fs, dir, func(n uint64, e []byte) error {
		f.read[n] = string(e)
		return nil
	})
	if err != nil {
		return breaks(ruleOpens, "ReadEvents: %v", err)
	}
	if err := f.adoptAll(); err != nil {
		return err
	}
	for n, text := range f.read {
		if want, ok := m.events[n]; !ok {
			return breaks(ruleWhole, "event %x, %.20q, is there and was never acknowledged", n, text)
		} else if want != text {
			return breaks(ruleWrong, "event %x is %.20q, not %.20q", n, text, want)
		}
	}
	for source, want := range m.at {
		if got := f.position(source); got != want {
			return breaks(ruleLost, "source %s stands at %q, not at %q", source, got, want)
		}
	}
	return nil
}

func (f *found) position(source string) string {
	for _, e := range f.s.State(source) {
		if string(e.Key) == "at" {
			return string(e.Value)
		}
	}
	return ""
}

// adoptAll looks at the records that nobody was told of. Those of one source
// count up to its position, and not beyond.
func (f *found) adoptAll() error {
	ids := slices.Sorted(maps.Keys(f.m.asked))
	counts := make(map[int]bool)
	for i, id := range ids {
		in := f.m.asked[id]
		if f.position(in.Source) != string(in.Changes[0].Value) {
			continue
		}
		for _, before := range ids[:i+1] {
			counts[before] = counts[before] || f.m.asked[before].Source == in.Source
		}
	}
	for _, id := range ids {
		if err := f.adopt(id, f.m.asked[id], counts[id]); err != nil {
			return err
		}
	}
	return nil
}

// adopt looks for one record: all of it is there, or nothing.
func (f *found) adopt(id int, in spool.Ingest, counts bool) error {
	byText := make(map[string]uint64)
	for n, text := range f.read {
		byText[text] = n
	}
	there, first := 0, uint64(0)
	for i, e := range in.Events {
		if n, ok := byText[string(e)]; ok {
			if there == 0 {
				first = n - uint64(i)
			}
			there++
		}
	}
	want := 0
	if counts {
		want = len(in.Events)
	}
	if there != want {
		return breaks(ruleWhole, "%d of %d events are there, with source %s at %q", there, len(in.Events), in.Source, f.position(in.Source))
	}
	if !counts {
		delete(f.m.asked, id)
		f.inFlight += len(in.Events)
		return nil
	}
	f.m.told(id, first)
	return nil
}

func (f *found) lines() error {
	got := make(map[string]bool)
	err := spool.ReadQuarantineFS(f.fs, dir, func(l spool.QuarantinedLine) error {
		if got[string(l.Line)] {
			return breaks(ruleCounts, "line %q stands there twice", l.Line)
		}
		got[string(l.Line)] = true
		return nil
	})
	if err == nil && !maps.Equal(got, f.m.lines) {
		return breaks(ruleLost, "quarantined lines %q, not %q", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(f.m.lines)))
	}
	return err
}

// letters looks at the dead letters. One that was asked for, and is there,
// counts.
func (f *found) letters() error {
	got := make(map[string]map[uint64]bool)
	err := spool.ReadDeadFS(f.fs, dir, func(l spool.DeadLetter) error {
		if got[l.Recipient] == nil {
			got[l.Recipient] = make(map[uint64]bool)
		}
		got[l.Recipient][l.Number] = true
		if string(l.Letter) != f.m.events[l.Number] {
			return breaks(ruleWrong, "the letter of %x is %.20q", l.Number, l.Letter)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for name, fates := range f.m.fates {
		for n, may := range fates {
			switch {
			case got[name][n] && !slices.Contains(may, isDead):
				return breaks(ruleCounts, "%s: there is a letter of %x, which is %s", name, n, may)
			case got[name][n]:
				f.m.is(name, n, isDead)
			case len(may) == 1 && may[0] == isDead:
				return breaks(ruleLost, "%s: the letter of %x is gone", name, n)
			default:
				fates[n] = slices.DeleteFunc(slices.Clone(may), func(o string) bool { return o == isDead })
			}
		}
	}
	return nil
}

func (f *found) recipients() error {
	for _, name := range slices.Sorted(maps.Keys(f.m.first)) {
		q, err := f.s.Queue(name)
		if err != nil {
			return breaks(ruleOpens, "queue %s: %v", name, err)
		}
		if err := f.recipient(name, q); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (f *found) recipient(name string, q *spool.Queue) error {
	m := f.m
	now := make(map[uint64]string)
	parked, tries := q.Restored()
	attempts := make(map[uint64]int)
	for n, t := range tries {
		attempts[n] = t.Attempts
	}
	for _, p := range parked {
		now[p.Number], attempts[p.Number] = isParked, p.Try.Attempts
		it, err := q.Get(context.Background(), p.Number)
		if err != nil {
			return breaks(ruleLost, "parked event %x: %v", p.Number, err)
		}
		if text := m.events[p.Number]; string(it.Data) != text || p.Session != p.Number%7 {
			return breaks(ruleWrong, "parked event %x is %.20q of session %d", p.Number, it.Data, p.Session)
		}
	}
	waiting, err := f.given(q, now)
	if err != nil {
		return err
	}
	settled := uint64(0)
	for _, n := range sortedNumbers(m.fates[name]) {
		may, is := m.fates[name][n], now[n]
		if is == "" {
			is = isSettled
			if may[0] == isDead {
				is = isDead
			} else {
				settled++
			}
		}
		if !slices.Contains(may, is) {
			return unexpected(n, is, may)
		}
		if least := m.attempts[name][n]; len(least) > 0 && is != isSettled && attempts[n] < least[0] {
			return breaks(rulePark, "event %x has %d attempts, not %d", n, attempts[n], least[0])
		}
		m.is(name, n, is)
		if is == isSettled {
			delete(m.attempts[name], n)
		} else {
			m.attempts[name][n] = []int{attempts[n]}
		}
	}
	for _, b := range q.Batches() {
		for _, n := range b {
			if now[n] == "" {
				return breaks(ruleAgain, "event %x is in a batch, and doesn't wait", n)
			}
		}
	}
	for n := range now {
		if m.fates[name][n] == nil {
			return breaks(ruleWhole, "event %x is given and was never acknowledged", n)
		}
	}
	return f.sums(name, q.Stats(), settled, waiting+uint64(len(parked)))
}

// given takes all that Next has.
func (f *found) given(q *spool.Queue, now map[uint64]string) (count uint64, err error) {
	last := uint64(0)
	for {
		it, ok, err := q.Next()
		if err != nil {
			return 0, breaks(ruleOpens, "next: %v", err)
		}
		if !ok {
			return count, nil
		}
		if it.Number <= last || now[it.Number] != "" {
			return 0, breaks(ruleAgain, "%x is given after %x, and is %s", it.Number, last, now[it.Number])
		}
		if text := f.m.events[it.Number]; string(it.Data) != text {
			return 0, breaks(ruleWrong, "event %x is %.20q, not %.20q", it.Number, it.Data, text)
		}
		last, now[it.Number] = it.Number, isWaiting
		count++
	}
}

func unexpected(n uint64, is string, may []string) error {
	switch {
	case is == isSettled:
		return breaks(ruleLost, "event %x is gone; it may be %s", n, may)
	case may[0] == isParked:
		return breaks(rulePark, "event %x is %s", n, is)
	default:
		return breaks(ruleAgain, "event %x is %s; it may be %s", n, is, may)
	}
}

func (f *found) sums(name string, st spool.QueueStats, settled, waiting uint64) error {
	done := st.Delivered + st.Dropped + st.Filtered + st.Skipped
	all := uint64(len(f.m.fates[name]))
	if sum := done + st.Dead + st.Damaged + st.Waiting; sum != all+st.Damaged || done > settled || done+f.m.loose[name] < settled || st.Waiting != waiting {
		return breaks(ruleCounts, "%+v of %d events, %d settled, %d waiting", st, all, settled, waiting)
	}
	if st.Damaged > uint64(f.inFlight) {
		return breaks(ruleCounts, "%d events count as damaged", st.Damaged)
	}
	if st.First != f.m.first[name] {
		return breaks(ruleLost, "it begins at %x, not at %x", st.First, f.m.first[name])
	}
	return nil
}

// numbers appends a record: its number is new, and it comes out.
func (f *found) numbers() error {
	m := f.m
	text := fmt.Sprintf("new after %x", m.top())
	n, err := f.s.Append(context.Background(), ingest("new", text))
	if err != nil {
		return breaks(ruleOpens, "append: %v", err)
	}
	if n <= m.top() || n>>40 <= m.epoch {
		return breaks(ruleNumbers, "%x is given after %x, in epoch %d", n, m.top(), m.epoch)
	}
	m.asked[-1] = ingest("new", text)
	m.told(-1, n)
	m.epoch = n >> 40
	for _, name := range slices.Sorted(maps.Keys(m.first)) {
		if m.offOrOn[name] {
			m.fates[name][n] = []string{isWaiting, isSettled}
			continue
		}
		q, err := f.s.Queue(name)
		if err != nil {
			return breaks(ruleOpens, "queue %s: %v", name, err)
		}
		last := ""
		for {
			it, ok, err := q.Next()
			if err != nil || !ok {
				break
			}
			last = string(it.Data)
		}
		if last != text {
			return breaks(ruleLost, "%s: what is appended after the start doesn't come out: %.20q", name, last)
		}
	}
	return nil
}

// cutsOf gives the states that a crash at a snapshot may leave.
func cutsOf(s snapshot, most int, seed uint64) (states []*spooltest.FS, all bool) {
	return s.fs.Cuts(most, rand.New(rand.NewPCG(seed, uint64(len(s.before)))))
}
