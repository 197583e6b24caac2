package spool_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// work is a small run of a spool through several lives: what it does is
// written down, with the file system before each operation.
type work struct {
	t       *testing.T
	h       *history
	fs      *spooltest.FS
	site    func() *sited
	sited   *sited // of this life
	fsync   string
	s       *running
	q       map[string]*spool.Queue
	asked   int
	numbers map[string]uint64 // by text
}

// recorded does the work and gives how it went. Where a kind of sync is left
// out, that is.
func recorded(t *testing.T, fsync, without string, seen func(kind string)) *history {
	t.Helper()
	h := &history{}
	synctest.Test(t, func(t *testing.T) {
		w := &work{t: t, h: h, fs: spooltest.New(0), fsync: fsync, numbers: make(map[string]uint64)}
		w.site = func() *sited { return &sited{FS: w.fs, without: without, leftOut: h.differs, seen: seen} }
		w.firstLife()
		w.secondLife()
		w.thirdLife()
		w.lastLife()
	})
	return h
}

func (w *work) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// start opens the spool on the file system in hand.
func (w *work) start(names ...string) {
	w.t.Helper()
	w.h.watch(w.fs)
	w.sited = w.site()
	o := tiny(w.sited)
	o.Fsync, o.Log = w.fsync, zerolog.New(w.h)
	w.s = open(w.t, o)
	w.q = make(map[string]*spool.Queue)
	epoch := w.s.Status().Next >> 40
	w.h.note(func(m *moment) { m.epoch = epoch })
	w.adopt()
	for _, name := range names {
		w.register(name)
	}
	w.next()
}

func (w *work) register(name string) {
	w.t.Helper()
	q := w.s.queue(name)
	w.q[name] = q
	first := q.Stats().First
	w.h.note(func(m *moment) {
		if m.first[name] == 0 {
			m.registered(name, first)
		}
	})
}

// adopt looks which of the records that nobody was told of count: those that
// don't must not turn up later.
func (w *work) adopt() {
	there := make(map[string]uint64)
	w.must(spool.ReadEventsFS(w.fs, dir, func(n uint64, e []byte) error {
		there[string(e)] = n
		return nil
	}))
	for id, in := range w.h.now().asked {
		if w.s.state(in.Source) != string(in.Changes[0].Value) {
			w.h.note(func(m *moment) { delete(m.asked, id) })
			continue
		}
		first := there[string(in.Events[0])]
		w.h.note(func(m *moment) { m.told(id, first) })
		for i, e := range in.Events {
			w.numbers[string(e)] = first + uint64(i)
		}
	}
}

// end closes the spool and lets everything be durable first.
func (w *work) end() {
	w.quiet()
	w.s.mustEnd()
}

// quiet waits until what was done is durable.
func (w *work) quiet() {
	time.Sleep(time.Second)
	synctest.Wait()
	w.h.note(func(m *moment) { m.sure() })
}

// kill goes on with what a kill leaves, and cut with what a power cut does.
func (w *work) kill() {
	fs := w.fs.Kill()
	w.fs.SetWatch(nil)
	w.fs.SetFault(nil)
	_ = w.s.end()
	w.fs = fs
}

// record is an ingest record with a position of its own.
func record(source string, events ...string) spool.Ingest {
	in := spool.Ingest{Source: source, Changes: []bridge.Entry{{Key: []byte("at"), Value: []byte(events[len(events)-1][:min(8, len(events[len(events)-1]))])}}}
	for _, e := range events {
		in.Events = append(in.Events, []byte(e))
	}
	return in
}

// append asks for a record and waits; false: it was not told in time.
func (w *work) append(in spool.Ingest) bool {
	w.t.Helper()
	return <-w.ask(in)
}

// ask is append, without waiting.
func (w *work) ask(in spool.Ingest) <-chan bool {
	id := w.asked
	w.asked++
	w.h.note(func(m *moment) { m.asked[id] = in })
	done, s := make(chan bool, 1), w.s
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		defer cancel()
		first, err := s.Append(ctx, in)
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			w.t.Error(err)
		}
		if err == nil && w.fsync == "interval" {
			time.Sleep(time.Second + time.Duration(id)*time.Millisecond) // in order
			if s.Status().Failing != "" {
				err = errors.New("not synced")
			}
		}
		if err == nil {
			w.h.note(func(m *moment) { m.told(id, first) })
		}
		done <- err == nil
	}()
	synctest.Wait()
	return done
}

// next takes what every recipient has.
func (w *work) next() {
	w.t.Helper()
	for _, q := range w.q {
		got, numbers := texts(w.t, q)
		for i, text := range got {
			w.numbers[text] = numbers[i]
		}
	}
}

func (w *work) settle(name string, events ...string) {
	w.t.Helper()
	for _, e := range events {
		n := w.numbers[e]
		w.h.note(func(m *moment) { m.may(name, n, isSettled) })
		w.must(w.q[name].Settle(w.t.Context(), n, bridge.Delivered))
	}
}

// settleAll is settle in one write.
func (w *work) settleAll(name string, events ...string) {
	w.t.Helper()
	var numbers []uint64
	for _, e := range events {
		n := w.numbers[e]
		w.h.note(func(m *moment) { m.may(name, n, isSettled) })
		numbers = append(numbers, n)
	}
	w.must(w.q[name].SettleAll(w.t.Context(), numbers, bridge.Delivered))
}

// join lets events be attempted together. Whether a batch is known is in no
// rule: without it they are attempted in others.
func (w *work) join(name string, events ...string) {
	w.t.Helper()
	var numbers []uint64
	for _, e := range events {
		numbers = append(numbers, w.numbers[e])
	}
	w.must(w.q[name].Join(w.t.Context(), numbers))
}

func (w *work) pass(name, event string) {
	n := w.numbers[event]
	w.h.note(func(m *moment) {
		m.may(name, n, isSettled)
		m.unsure[name][n] = true
	})
	w.q[name].Pass(n)
}

func (w *work) fail(name, event string, attempts, note int) {
	w.t.Helper()
	n := w.numbers[event]
	try := bridge.Try{Attempts: attempts, Note: make([]byte, note)}
	w.must(w.q[name].Fail(w.t.Context(), n, try))
	w.h.note(func(m *moment) {
		if tries := m.attempts[name][n]; tries == nil {
			m.attempts[name][n] = []int{0}
		}
		m.attempts[name][n] = append(m.attempts[name][n], attempts)
	})
}

func (w *work) park(name string, events ...string) {
	w.t.Helper()
	for _, e := range events {
		n := w.numbers[e]
		w.h.note(func(m *moment) { m.may(name, n, isParked) })
		ok, err := w.q[name].Park(w.t.Context(), n, n%7, bridge.Try{})
		if w.must(err); !ok {
			w.t.Fatal("not parked")
		}
	}
}

// bury makes a dead letter; false: it could not be written.
func (w *work) bury(name, event string) bool {
	n := w.numbers[event]
	w.h.note(func(m *moment) { m.may(name, n, isDead) })
	err := w.q[name].Bury(w.t.Context(), n, []byte(event))
	w.h.note(func(m *moment) {
		if m.unsure[name][n] = err != nil; err == nil {
			m.is(name, n, isDead)
		}
	})
	return err == nil
}

// revise replays one dead letter and drops another.
func (w *work) revise(name, replay, drop string) {
	w.t.Helper()
	r, d := w.numbers[replay], w.numbers[drop]
	w.h.note(func(m *moment) {
		m.may(name, r, isParked)
		m.may(name, d, isSettled)
		m.loose[name]++
	})
	replayed, dropped, err := w.s.ReviseDead(w.t.Context(), func(l spool.DeadLetter) (spool.Verdict, error) {
		mine := l.Recipient == name
		return spool.Verdict{Replay: mine && l.Number == r, Drop: mine && l.Number == d, Session: r % 7, Event: []byte(replay)}, nil
	})
	if w.must(err); replayed != 1 || dropped != 1 {
		w.t.Errorf("%d letters replayed, %d dropped", replayed, dropped)
	}
	w.h.note(func(m *moment) {
		m.is(name, r, isParked)
		m.is(name, d, isSettled)
		// A crash from here on doesn't bring the letter back, but the journal
		// is synced only 50 ms later: until then it may count as dead.
	})
	w.quiet()
	w.h.note(func(m *moment) { m.loose[name]-- })
}

// serve disables a recipient, or enables it.
func (w *work) serve(name string, off bool) {
	w.t.Helper()
	w.h.note(func(m *moment) { m.offOrOn[name] = true })
	w.q[name].Close()
	w.q[name] = w.s.serve(spool.Recipient{Name: name, Disabled: off})
	w.h.note(func(m *moment) { m.off[name], m.offOrOn[name] = off, off })
}

// big is an event that fills a segment, nearly.
func big(name string) string { return name + strings.Repeat(" big", 15_500) }

// firstLife has a bit of everything: groups, all kinds of facts, a segment
// that is full, segments that go after what is parked in one has moved, and a
// journal that is full twice before it is synced.
func (w *work) firstLife() {
	w.start("one", "two")
	w.append(record("a", "a1", "a2", "a3"))
	w.sited.slow.Store(true)
	first, second, third := w.ask(record("b", "b1")), w.ask(record("a", "a4")), w.ask(record("c", "c1", "c2"))
	_, _, _ = <-first, <-second, <-third
	w.sited.slow.Store(false)
	d1, d2 := "d1"+strings.Repeat(" d", 400), "d2"+strings.Repeat(" d", 400)
	third, fourth := w.ask(record("d", d1)), w.ask(record("d", d2))
	_, _ = <-third, <-fourth // fsync = interval: one sync for both
	w.next()
	w.settle("one", "a1")
	w.fail("one", "a2", 1, 10)
	w.park("one", "b1")
	w.bury("one", "a4")
	w.pass("one", "c1")
	w.join("two", "a1", "a2", "a3")
	w.settleAll("two", "a1", "a2", "a3")
	w.join("two", "b1", "c1")
	w.quiet()
	w.settle("one", "c2", "a3", d1, d2)
	w.fail("one", "b1", 2, 10)
	w.bury("two", "a4")
	w.settle("two", "b1", "c1", "c2", d1, d2)

	lines := record("b", big("b2")) // begins a segment
	lines.Quarantined = [][]byte{[]byte("a bad line"), []byte("another")}
	w.append(lines)
	w.append(record("a", "a5", "a6"+strings.Repeat(" a", 2000))) // begins another one
	w.register("three")
	w.next()
	w.settle("one", "a2")
	w.settle("two", big("b2"))
	w.settle("one", big("b2")) // b1 moves, and both segments go
	w.quiet()
	if n := w.s.Status().Segments; n != 1 {
		w.t.Errorf("%d segments", n)
	}
	w.bury("one", "a5")
	for i := range 15 {
		w.fail("two", "a5", i+1, 12_000)
	}
	w.quiet()
	w.settle("two", "a5")
	w.end()
}

// secondLife: the syncs of segments and of dead letters fail, and it is
// killed.
func (w *work) secondLife() {
	w.start("one", "two", "three")
	w.append(record("a", "a7", "a8"))
	w.next()
	w.settle("three", "a7")
	w.quiet()
	w.sited.faulty.Store(true)
	w.fs.SetFault(func(op spooltest.Op, name string) error {
		if (op == spooltest.Sync || op == spooltest.Remove) && (strings.Contains(name, "segments") || strings.Contains(name, "dead")) {
			return syscall.EIO
		}
		return nil
	})
	if w.bury("one", "a7") || w.append(record("b", "b3", "b4")) {
		w.t.Error("done without a sync")
	}
	w.settle("two", "a7")
	w.quiet()
	w.kill()
}

// thirdLife: what a kill left counts, and stays. A segment that nobody can
// read is set aside. At the end the power goes in the middle of a write.
func (w *work) thirdLife() {
	w.fs.SetBytes(filepath.Join(dir, "segments", "0000030000000000.seg"), []byte(strings.Repeat("what is this? ", 100)))
	w.start("one", "two", "three")
	if w.h.now().at["b"] != "b4" {
		w.t.Error("a record that a kill left doesn't count")
	}
	w.h.note(func(m *moment) { m.is("one", w.numbers["a7"], isDead) }) // its letter was found
	w.settle("one", "b3")
	w.append(record("c", "c3"))
	w.next()
	w.settle("one", "c3")
	w.quiet()
	w.h.stopAt("sync ")
	w.ask(record("c", "c4"+strings.Repeat(" c", 1000)))
	_ = w.s.end()
	w.fs = w.h.resume().Kill()
	b := w.fs.Bytes(newest(w.fs))
	clear(b[bytes.Index(b, []byte("c4"))+700:])
	w.fs.SetBytes(newest(w.fs), b)
}

// lastLife finds a torn tail, disables a recipient for a while, delivers, looks
// through the dead letters, and ends.
func (w *work) lastLife() {
	w.start("one", "two", "three")
	w.append(record("c", "c5"))
	w.serve("three", true)
	w.append(record("c", "c6"))
	w.serve("three", false)
	w.append(record("c", "c7"))
	w.next()
	w.settle("three", "c7")
	w.settle("one", "c5", "b4")
	w.revise("one", "a7", "a5")
	w.settle("one", "a7")
	w.end()
	w.h.snap("the end", w.fs.Kill())
}
