package spool_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// TestModel drives a spool and a naive model of it with the same random
// actions: appends, deliveries, failures, and restarts, after a clean end, a
// kill, or a power cut that leaves any part of what was not synced.
func TestModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(bubble{t}, func(rt *rapid.T) {
			m := newModel(rt)
			defer func() { _ = m.stop() }()
			rt.Repeat(map[string]func(*rapid.T){
				"":        m.check,
				"append":  m.append,
				"burst":   m.burst,
				"next":    m.next,
				"deliver": m.deliver,
				"batch":   m.batch,
				"join":    m.join,
				"drain":   m.drain,
				"bury":    m.bury,
				"revise":  m.revise,
				"pause":   m.pause,
				"disable": m.disable,
				"giveUp":  m.giveUp,
				"look":    m.look,
				"pass":    m.pass,
				"fail":    m.fail,
				"park":    m.park,
				"get":     m.get,
				"sleep":   m.sleep,
				"fault":   m.fault,
				"restart": m.restart,
				"crash":   m.crash,
			})
		})
	})
}

// bubble hides the test's deadline, which is no time of the bubble's clock.
type bubble struct{ testing.TB }

// fate is what the model knows of one event and one recipient.
type fate struct {
	open, parked, settled, dead, passed bool
	dropped                             bool // dead, and given up
	replay                              bool // dead once, and parked again
	skipped                             bool // accepted while the recipient was disabled, or given up
	sure                                bool // of settled, parked: a power cut can't undo it
	attempts                            int
	batch                               *joined // the one that it joined last
}

// joined is a batch that events were attempted in.
type joined struct {
	numbers []uint64
	sure    bool // a power cut can't undo it
}

type recipient struct {
	name  string
	q     *spool.Queue
	fates map[uint64]*fate
	given uint64 // the highest number that Next gave

	paused bool
	off    bool // disabled
	yields bool // it was to give up events, at some time
}

type model struct {
	rt    *rapid.T
	fs    *spooltest.FS
	s     *spool.Spool
	end   context.CancelFunc
	done  chan error
	text  map[uint64]string // of every event that was acknowledged
	top   uint64            // the highest number
	at    map[string]string // each source's position
	lines map[string]bool   // quarantined
	maybe []givenUp         // while the spool was full
	rs    []*recipient
	seq   int
	fsync string
	log   logged
}

// givenUp is a record whose Append ended without an answer.
type givenUp struct {
	spool.Ingest
	replayed string // the line it replays
}

func newModel(rt *rapid.T) *model {
	m := &model{rt: rt, fs: spooltest.New(0), text: make(map[uint64]string), at: make(map[string]string), lines: make(map[string]bool)}
	m.fsync = rapid.SampledFrom([]string{"always", "interval"}).Draw(rt, "fsync")
	m.rs = []*recipient{{name: "one", fates: map[uint64]*fate{}}, {name: "two", fates: map[uint64]*fate{}}}
	m.start()
	return m
}

func (m *model) start() {
	m.fs.SetFault(nil)
	o := options(m.fs)
	o.MaxBytes, o.Keep, o.Fsync = 1<<20, 0, m.fsync
	o.Log = zerolog.New(&m.log).Level(zerolog.WarnLevel)
	s, err := spool.Open(context.Background(), o)
	if err != nil {
		m.rt.Fatalf("Open: %v", err)
	}
	ctx, end := context.WithCancel(context.Background())
	m.s, m.end, m.done = s, end, make(chan error, 1)
	go func() { m.done <- s.Run(ctx) }()
	for _, r := range m.rs {
		if r.q, err = s.Queue(r.name); err != nil {
			m.rt.Fatalf("Queue: %v", err)
		}
	}
}

func (m *model) stop() error {
	m.end()
	err := <-m.done
	if cerr := m.s.Close(); err == nil {
		err = cerr
	}
	return err
}

// burst fills a segment or more.
func (m *model) burst(rt *rapid.T) {
	for range rapid.IntRange(2, 6).Draw(rt, "times") {
		m.append(rt)
	}
}

func (m *model) append(rt *rapid.T) {
	source := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "source")
	m.seq++
	in := spool.Ingest{Source: source, Changes: []bridge.Entry{{Key: []byte("at"), Value: fmt.Append(nil, m.seq)}}}
	for i := range rapid.IntRange(0, 5).Draw(rt, "events") {
		e := fmt.Sprintf("%d.%d ", m.seq, i)
		in.Events = append(in.Events, []byte(e+strings.Repeat("x", rapid.SampledFrom([]int{0, 300, 20_000}).Draw(rt, "more"))))
	}
	if rapid.Bool().Draw(rt, "quarantine") {
		in.Quarantined = [][]byte{fmt.Append(nil, "line ", m.seq)}
	}
	replayed := m.replayLine(rt, &in)
	ctx, cancel := context.WithTimeout(context.Background(), 3377*time.Millisecond)
	defer cancel()
	first, err := m.s.Append(ctx, in)
	if errors.Is(err, context.DeadlineExceeded) {
		if st := m.s.Status(); st.Full == "" {
			rt.Fatalf("Append doesn't return, and the spool isn't full: %+v, %s", st, m.log.take())
		}
		m.maybe = append(m.maybe, givenUp{in, replayed})
		return
	}
	if err != nil {
		rt.Fatalf("Append: %v", err)
	}
	m.at[source] = fmt.Sprint(m.seq)
	for _, l := range in.Quarantined {
		m.lines[string(l)] = true
	}
	delete(m.lines, replayed)
	if m.fsync == "interval" {
		time.Sleep(time.Second)
	}
	for i, e := range in.Events {
		n := first + uint64(i)
		if n <= m.top {
			rt.Fatalf("number %x after %x", n, m.top)
		}
		m.top, m.text[n] = n, string(e)
		for _, r := range m.rs {
			r.fates[n] = &fate{skipped: r.off}
		}
	}
}

// replayLine lets a record replay a quarantined line, now and then, and gives
// that line.
func (m *model) replayLine(rt *rapid.T, in *spool.Ingest) (line string) {
	if rapid.IntRange(0, 4).Draw(rt, "replay a line") != 0 || len(m.maybe) > 0 {
		return ""
	}
	mustNot(rt, spool.ReadQuarantineFS(m.fs, dir, func(l spool.QuarantinedLine) error {
		if line == "" && m.lines[string(l.Line)] {
			line, in.Replayed = string(l.Line), []uint64{l.Number}
		}
		return nil
	}))
	return line
}

func (m *model) recipient(rt *rapid.T) *recipient {
	return rapid.SampledFrom(m.rs).Draw(rt, "recipient")
}

// pick draws an event of a recipient for which ok holds.
func (m *model) pick(rt *rapid.T, r *recipient, ok func(*fate) bool) uint64 {
	var ns []uint64
	for _, n := range slices.Sorted(maps.Keys(r.fates)) {
		if ok(r.fates[n]) {
			ns = append(ns, n)
		}
	}
	if len(ns) == 0 {
		return 0
	}
	return rapid.SampledFrom(ns).Draw(rt, "event")
}

func openOnes(f *fate) bool     { return f.open }
func openOrParked(f *fate) bool { return f.open || f.parked }
func (f *fate) waiting() bool   { return !f.settled && !f.dead && !f.passed && !f.dropped && !f.skipped }
func (f *fate) settle(dead bool) {
	f.batch = nil
	f.open, f.parked, f.settled, f.dead, f.sure = false, false, !dead, dead, dead
}
func mustNot(rt *rapid.T, e error) {
	if e != nil {
		rt.Fatal(e)
	}
}

func (m *model) next(rt *rapid.T) {
	r := m.recipient(rt)
	for range rapid.IntRange(1, 8).Draw(rt, "times") {
		it, ok, err := r.q.Next()
		mustNot(rt, err)
		if !ok {
			for n, f := range r.fates {
				if f.waiting() && !f.open && !f.parked {
					rt.Fatalf("%s: event %x is durable, and Next doesn't give it", r.name, n)
				}
			}
			return
		}
		f := r.fates[it.Number]
		switch {
		case f == nil:
			rt.Fatalf("%s: Next gives %x, which was never acknowledged", r.name, it.Number)
		case string(it.Data) != m.text[it.Number]:
			rt.Fatalf("%s: event %x has other bytes", r.name, it.Number)
		case it.Number <= r.given:
			rt.Fatalf("%s: %x after %x", r.name, it.Number, r.given)
		case f.open || f.parked || !f.waiting():
			rt.Fatalf("%s: Next gives %x again: %+v", r.name, it.Number, *f)
		}
		for n, f := range r.fates {
			if n < it.Number && f.waiting() && !f.open && !f.parked {
				rt.Fatalf("%s: Next leaves out %x", r.name, n)
			}
		}
		r.given, f.open = it.Number, true
	}
}

func (m *model) deliver(rt *rapid.T) {
	r := m.recipient(rt)
	for range rapid.IntRange(1, 8).Draw(rt, "times") {
		if n := m.pick(rt, r, openOrParked); n != 0 {
			mustNot(rt, r.q.Settle(context.Background(), n, bridge.Delivered))
			r.fates[n].settle(false)
		}
	}
}

// batch delivers several events at once.
func (m *model) batch(rt *rapid.T) {
	r := m.recipient(rt)
	var numbers []uint64
	for _, n := range slices.Sorted(maps.Keys(r.fates)) {
		if openOrParked(r.fates[n]) && rapid.Bool().Draw(rt, "this one") {
			numbers = append(numbers, n)
		}
	}
	mustNot(rt, r.q.SettleAll(context.Background(), numbers, bridge.Delivered))
	for _, n := range numbers {
		r.fates[n].settle(false)
	}
}

// join puts events into a batch: they leave the one before.
func (m *model) join(rt *rapid.T) {
	r := m.recipient(rt)
	b := &joined{}
	for range rapid.IntRange(1, 6).Draw(rt, "events") {
		if n := m.pick(rt, r, openOrParked); n != 0 && !slices.Contains(b.numbers, n) {
			b.numbers = append(b.numbers, n)
		}
	}
	mustNot(rt, r.q.Join(context.Background(), b.numbers))
	for _, n := range b.numbers {
		r.fates[n].batch = b
	}
}

// batches compares the members of batches, but for those events of which
// nothing can be known.
func (m *model) batches(rt *rapid.T, r *recipient) {
	var got, want []string
	in := make(map[uint64]bool)
	for _, b := range r.q.Batches() {
		var known []uint64
		for _, n := range b {
			if in[n] {
				rt.Fatalf("%s: %x is in two batches", r.name, n)
			}
			in[n] = true
			if f := r.fates[n]; f != nil && f.batch != nil && f.batch.sure && f.waiting() {
				known = append(known, n)
			}
		}
		if len(known) > 0 {
			got = append(got, fmt.Sprint(known))
		}
	}
	seen := make(map[*joined]bool)
	for _, f := range r.fates {
		if f.batch == nil || seen[f.batch] || !f.batch.sure {
			continue
		}
		seen[f.batch] = true
		left := slices.DeleteFunc(slices.Clone(f.batch.numbers), func(n uint64) bool { return r.fates[n].batch != f.batch || !r.fates[n].waiting() })
		if len(left) > 0 {
			want = append(want, fmt.Sprint(left))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		rt.Fatalf("%s: batches %v, want %v", r.name, got, want)
	}
}

// drain settles all but a few events, which are parked: so that segments go,
// and what is parked in them moves.
func (m *model) drain(rt *rapid.T) {
	for _, r := range m.rs {
		_, numbers := texts(rt, r.q)
		for _, n := range numbers {
			r.fates[n].open = true
		}
		for _, n := range slices.Sorted(maps.Keys(r.fates)) {
			f := r.fates[n]
			if f.open && rapid.IntRange(0, 9).Draw(rt, "park") == 0 {
				ok, err := r.q.Park(context.Background(), n, n%7, bridge.Try{})
				mustNot(rt, err)
				f.open, f.parked, f.sure = !ok, ok, false
			} else if f.open {
				mustNot(rt, r.q.Settle(context.Background(), n, bridge.Delivered))
				f.settle(false)
			}
		}
		r.given = m.top
	}
}

func (m *model) bury(rt *rapid.T) {
	r := m.recipient(rt)
	if n := m.pick(rt, r, openOrParked); n != 0 {
		err := r.q.Bury(context.Background(), n, []byte(m.text[n]))
		if errors.Is(err, syscall.EIO) { // a fault: once only
			err = r.q.Bury(context.Background(), n, []byte(m.text[n]))
		}
		mustNot(rt, err)
		r.fates[n].settle(true)
	}
}

// revise replays some dead letters, drops some, and leaves the rest.
func (m *model) revise(rt *rapid.T) {
	m.fs.SetFault(nil)
	by := map[string]*recipient{"one": m.rs[0], "two": m.rs[1]}
	chosen := make(map[*fate]string)
	replayed, dropped, err := m.s.ReviseDead(context.Background(), func(l spool.DeadLetter) (v spool.Verdict, err error) {
		f := by[l.Recipient].fates[l.Number]
		if !f.dead {
			rt.Fatalf("%s: %x is shown as a dead letter: %+v", l.Recipient, l.Number, *f)
		}
		switch chosen[f] = rapid.SampledFrom([]string{"leave", "drop", "replay"}).Draw(rt, "verdict"); chosen[f] {
		case "drop":
			v.Drop = true
		case "replay":
			v = spool.Verdict{Replay: true, Session: l.Number % 7, Event: []byte(m.text[l.Number])}
		}
		return v, nil
	})
	if err != nil {
		if m.s.Status().Full == "" || replayed+dropped > 0 {
			rt.Fatal(replayed, dropped, err)
		}
		return // no room: all stays as it was
	}
	for f, what := range chosen {
		switch what {
		case "drop":
			f.dead, f.dropped, dropped = false, true, dropped-1
		case "replay":
			f.dead, f.parked, f.replay, f.sure, replayed = false, true, true, true, replayed-1
		}
	}
	if replayed != 0 || dropped != 0 {
		rt.Fatalf("%d replayed and %d dropped more than was asked for", replayed, dropped)
	}
	for _, r := range m.rs {
		for _, p := range r.q.Revived() {
			if f := r.fates[p.Number]; !f.parked || !f.replay || !p.Replay {
				rt.Fatalf("%s: %x is revived: %+v", r.name, p.Number, *f)
			}
		}
	}
}

// look reads without the lock what the queues say.
func (m *model) look(rt *rapid.T) {
	v, err := spool.LookFS(m.fs, dir)
	mustNot(rt, err)
	if len(v.Recipients) != len(m.rs) {
		rt.Fatalf("recipients: %+v", v.Recipients)
	}
	for i, r := range m.rs {
		got, want := v.Recipients[i], r.q.Stats()
		st := got.Stats
		if got.Name != r.name || got.Paused != r.paused || st.Given != st.Sum() || st.Given != want.Given ||
			st.Delivered != want.Delivered || st.Dead != want.Dead || st.Dropped != want.Dropped || st.Parked != want.Parked {
			rt.Fatalf("%s: seen without the lock: %+v, by its queue %+v", r.name, got, want)
		}
	}
	for source, at := range m.at {
		for _, e := range v.Sources[source] {
			if string(e.Value) != at {
				rt.Fatalf("state of %s is seen as %s, want %s", source, e.Value, at)
			}
		}
	}
}

func (m *model) pause(rt *rapid.T) {
	m.fs.SetFault(nil)
	r := m.recipient(rt)
	r.paused = !r.paused
	mustNot(rt, m.s.Pause(context.Background(), r.name, r.paused))
}

// disable does what a change of settings does: another queue, that begins at
// the frontier.
func (m *model) disable(rt *rapid.T) {
	m.fs.SetFault(nil)
	if len(m.maybe) > 0 {
		return // it would not be known what is skipped of them
	}
	r := m.recipient(rt)
	r.off = rapid.Bool().Draw(rt, "off")
	yields := rapid.Bool().Draw(rt, "yields")
	r.q.Close()
	q, err := m.s.Serve(spool.Recipient{Name: r.name, Disabled: r.off, Yields: yields})
	mustNot(rt, err)
	r.q, r.yields = q, r.yields || yields
	r.rewound()
}

// rewound says that Next begins again.
func (r *recipient) rewound() {
	r.given = 0
	for _, f := range r.fates {
		f.open = false
	}
}

// giveUp does what is asked of recipients that yield.
func (m *model) giveUp(rt *rapid.T) {
	m.fs.SetFault(nil)
	for _, r := range m.rs {
		if !r.q.Asked() {
			continue
		}
		n, err := r.q.GiveUp(context.Background())
		mustNot(rt, err)
		r.rewound()
		left := make(map[uint64]bool)
		parked, _ := r.q.Restored()
		for _, p := range parked {
			left[p.Number] = true
		}
		_, numbers := texts(rt, r.q)
		for _, number := range numbers {
			left[number], r.fates[number].open, r.given = true, true, number
		}
		gone := 0
		for number, f := range r.fates {
			if f.waiting() && !left[number] {
				gone++
				*f = fate{skipped: true, sure: true}
			} else if !f.waiting() && left[number] {
				rt.Fatalf("%s: %x waits after others were given up: %+v", r.name, number, *f)
			}
		}
		if gone > n || gone < n && !slices.ContainsFunc(slices.Collect(maps.Values(r.fates)), func(f *fate) bool { return f.passed }) {
			rt.Fatalf("%s: %d events are gone, and %d were given up", r.name, gone, n)
		}
	}
}

func (m *model) pass(rt *rapid.T) {
	r := m.recipient(rt)
	if n := m.pick(rt, r, openOnes); n != 0 {
		r.q.Pass(n)
		r.fates[n].open, r.fates[n].passed = false, true
	}
}

func (m *model) fail(rt *rapid.T) {
	r := m.recipient(rt)
	if n := m.pick(rt, r, openOrParked); n != 0 {
		f := r.fates[n]
		f.attempts++
		mustNot(rt, r.q.Fail(context.Background(), n, bridge.Try{Attempts: f.attempts, Note: []byte("note")}))
	}
}

func (m *model) park(rt *rapid.T) {
	r := m.recipient(rt)
	if n := m.pick(rt, r, openOnes); n != 0 {
		f := r.fates[n]
		ok, err := r.q.Park(context.Background(), n, n%7, bridge.Try{Attempts: f.attempts})
		mustNot(rt, err)
		if ok {
			f.open, f.parked, f.sure = false, true, false
		}
	}
}

func (m *model) get(rt *rapid.T) {
	r := m.recipient(rt)
	if n := m.pick(rt, r, openOrParked); n != 0 {
		it, err := r.q.Get(context.Background(), n)
		mustNot(rt, err)
		if string(it.Data) != m.text[n] {
			rt.Fatalf("%s: Get(%x) has other bytes", r.name, n)
		}
	}
}

// fault lets one of the next operations fail.
func (m *model) fault(rt *rapid.T) {
	if m.fsync == "interval" {
		return // the numbers that Append gave might change
	}
	op := rapid.SampledFrom([]spooltest.Op{
		spooltest.Write, spooltest.Sync, spooltest.SyncDir, spooltest.Create,
		spooltest.Allocate, spooltest.Truncate, spooltest.Remove,
	}).Draw(rt, "op")
	m.fs.FailNth(op, rapid.IntRange(1, 5).Draw(rt, "nth"), syscall.EIO)
}

// sleep lets the journal be synced, and retention look.
func (m *model) sleep(rt *rapid.T) {
	time.Sleep(rapid.SampledFrom([]time.Duration{100 * time.Millisecond, 2 * time.Minute}).Draw(rt, "time"))
	m.settleDown()
}

func (m *model) settleDown() {
	for _, r := range m.rs {
		for _, f := range r.fates {
			f.sure = true
			if f.batch != nil {
				f.batch.sure = true
			}
		}
	}
}

func (m *model) restart(rt *rapid.T) {
	if rapid.Bool().Draw(rt, "kill") {
		fs := m.fs.Kill()
		_ = m.stop()
		m.fs = fs
	} else {
		mustNot(rt, m.stop())
		if rapid.Bool().Draw(rt, "power") {
			m.fs = m.fs.Crash(0)
		}
	}
	m.settleDown()
	m.recover(rt)
}

func (m *model) crash(rt *rapid.T) {
	var fs *spooltest.FS
	if rapid.Bool().Draw(rt, "in order") {
		fs = m.fs.Crash(rapid.OneOf(rapid.IntRange(0, 200), rapid.IntRange(0, 100_000)).Draw(rt, "keep"))
	} else {
		fs = m.fs.Cut(rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0)))
	}
	_ = m.stop()
	m.fs = fs
	m.recover(rt)
}

// recover opens the spool again and compares all that it says with what the
// model knows.
func (m *model) recover(rt *rapid.T) {
	m.start()
	m.readers(rt)
	for _, r := range m.rs {
		if r.q.Paused() != r.paused {
			rt.Fatalf("%s: paused is %v", r.name, !r.paused)
		}
		r.given = 0
		m.batches(rt, r)
		parked, _ := r.q.Restored()
		has := make(map[uint64]bool)
		for _, p := range parked {
			has[p.Number] = true
			if f := r.fates[p.Number]; f != nil && f.sure && f.parked && p.Replay != f.replay {
				rt.Fatalf("%s: %x is parked, replay is %v", r.name, p.Number, p.Replay)
			}
			if p.Session != p.Number%7 {
				rt.Fatalf("%s: %x is parked under session %d", r.name, p.Number, p.Session)
			}
		}
		given := make(map[uint64]bool)
		got, numbers := texts(rt, r.q)
		for i, n := range numbers {
			given[n] = true
			if m.text[n] != got[i] {
				rt.Fatalf("%s: event %x has other bytes", r.name, n)
			}
		}
		for n, f := range r.fates {
			m.recovered(rt, r, n, f, given[n], has[n])
		}
		var err error
		if r.q, err = m.s.Queue(r.name); err != nil { // begins at the frontier again
			rt.Fatal(err)
		}
	}
}

func (m *model) recovered(rt *rapid.T, r *recipient, n uint64, f *fate, given, parked bool) {
	switch {
	case (f.dead || f.dropped) && (given || parked):
		rt.Fatalf("%s: %x is a dead letter, or was dropped, and comes again", r.name, n)
	case f.settled && f.sure && (given || parked):
		rt.Fatalf("%s: %x is settled for sure and comes again", r.name, n)
	case f.waiting() && !given && !parked:
		rt.Fatalf("%s: %x is lost: %+v", r.name, n, *f)
	case f.parked && f.sure && !parked:
		rt.Fatalf("%s: %x is parked for sure and isn't any more", r.name, n)
	}
	f.open = false
	f.parked = parked
	f.batch = nil // what is known of it has been compared
	if given || parked {
		f.settled, f.passed = false, false
	}
	f.sure = true
}

func (m *model) check(rt *rapid.T) {
	for _, line := range strings.Split(m.log.take(), "\n") {
		if line != "" && !slices.ContainsFunc(expected, func(e string) bool { return strings.Contains(line, e) }) {
			rt.Fatalf("it complains: %s", line)
		}
	}
	for source, at := range m.at {
		for _, e := range m.s.State(source) {
			if string(e.Value) != at {
				rt.Fatalf("state of %s is %s, want %s", source, e.Value, at)
			}
		}
	}
	for _, r := range m.rs {
		m.balance(rt, r)
	}
}

// expected are the complaints that full disks, faults and power cuts explain.
var expected = []string{
	"the spool is full", "the spool fills up", "was cut off", "input/output error",
	"can't be deleted", "can't be moved", "parts of the journal can't be read",
}

// balance counts: every event is in one term, and the terms are right.
func (m *model) balance(rt *rapid.T, r *recipient) {
	want := spool.QueueStats{Given: uint64(len(r.fates))}
	for _, f := range r.fates {
		switch {
		case f.dead:
			want.Dead++
		case f.dropped:
			want.Dropped++
		case f.settled:
			want.Delivered++
		case f.passed:
			want.Filtered++
		case f.skipped:
			want.Skipped++
		default:
			want.Waiting++
			if f.parked {
				want.Parked++
			}
			if f.open {
				want.Window++
			}
		}
	}
	got := r.q.Stats()
	got.First, got.Frontier = 0, 0
	if r.yields { // what was passed may be given up, too
		got.Skipped, want.Skipped, got.Filtered, want.Filtered = got.Skipped+got.Filtered, want.Skipped+want.Filtered, 0, 0
	}
	if got != want {
		rt.Fatalf("%s: stats %+v, want %+v", r.name, got, want)
	}
}

// adopt finds records that were given up, and count all the same: after a
// failed write, with no room for another one. Position, events and lines of
// them count together, and the source would go on behind them.
func (m *model) adopt(rt *rapid.T) {
	for _, in := range m.maybe {
		at := string(in.Changes[0].Value)
		for _, e := range m.s.State(in.Source) {
			if string(e.Value) != at {
				continue
			}
			m.at[in.Source] = at
			for _, l := range in.Quarantined {
				m.lines[string(l)] = true
			}
			delete(m.lines, in.replayed)
			mustNot(rt, spool.ReadEventsFS(m.fs, dir, func(n uint64, data []byte) error {
				for _, e := range in.Events {
					if string(e) == string(data) {
						m.top, m.text[n] = n, string(e)
						for _, r := range m.rs {
							r.fates[n] = &fate{skipped: r.off}
						}
					}
				}
				return nil
			}))
		}
	}
	m.maybe = nil
}

// readers checks what those see who read the files without the lock: every
// event that somebody waits for, in order, and every quarantined line once.
func (m *model) readers(rt *rapid.T) {
	m.adopt(rt)
	seen, last := make(map[uint64]bool), uint64(0)
	mustNot(rt, spool.ReadEventsFS(m.fs, dir, func(n uint64, e []byte) error {
		if n <= last || m.text[n] != string(e) {
			rt.Fatalf("ReadEvents gives %x after %x: %.20q", n, last, e)
		}
		seen[n], last = true, n
		return nil
	}))
	for _, r := range m.rs {
		for n, f := range r.fates {
			if f.waiting() && !seen[n] {
				rt.Fatalf("ReadEvents leaves out %x, for which %s waits", n, r.name)
			}
		}
	}
	lines := make(map[string]bool)
	mustNot(rt, spool.ReadQuarantineFS(m.fs, dir, func(l spool.QuarantinedLine) error {
		if lines[string(l.Line)] || !m.lines[string(l.Line)] {
			rt.Fatalf("ReadQuarantine gives %q, again or from nowhere", l.Line)
		}
		lines[string(l.Line)] = true
		return nil
	}))
	if len(lines) != len(m.lines) {
		rt.Fatalf("ReadQuarantine gives %d lines of %d", len(lines), len(m.lines))
	}
	dead := make(map[string]bool)
	mustNot(rt, spool.ReadDeadFS(m.fs, dir, func(l spool.DeadLetter) error {
		dead[fmt.Sprint(l.Recipient, l.Number)] = true
		return nil
	}))
	for _, r := range m.rs {
		for n, f := range r.fates {
			if f.dead != dead[fmt.Sprint(r.name, n)] {
				rt.Fatalf("%s: %x is dead: %v, ReadDead says the contrary", r.name, n, f.dead)
			}
		}
	}
}
