package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
)

// memStore keeps what was made durable.
type memStore struct {
	state       map[string][]byte
	events      []bridge.Event
	quarantined []Line // a line's number is its place here
	replayed    []uint64
	records     int
	fail        error
	failures    int // that many appends fail
	block       chan struct{}
}

func newMemStore() *memStore { return &memStore{state: map[string][]byte{}} }

func (m *memStore) State(string) []bridge.Entry {
	var out []bridge.Entry
	for k, v := range m.state {
		out = append(out, bridge.Entry{Key: []byte(k), Value: v})
	}
	sort.Slice(out, func(i, j int) bool { return bytes.Compare(out[i].Key, out[j].Key) < 0 })
	return out
}

func (m *memStore) Append(ctx context.Context, _ string, y Yield) error {
	if m.block != nil {
		select {
		case <-m.block:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if m.failures > 0 {
		m.failures--
		return m.fail
	}
	m.records++
	for _, c := range y.Changes {
		if c.Value == nil {
			delete(m.state, string(c.Key))
			continue
		}
		m.state[string(c.Key)] = bytes.Clone(c.Value)
	}
	for _, w := range y.Events {
		h, err := bridge.ParseHead(w)
		if err != nil {
			return err
		}
		e, err := bridge.DecodeEvent(h.JSON)
		if err != nil {
			return err
		}
		if e.Places, err = h.Places(); err != nil {
			return err
		}
		m.events = append(m.events, e)
	}
	for _, q := range y.Quarantined {
		l, err := DecodeLine(q)
		if err != nil {
			return err
		}
		m.quarantined = append(m.quarantined, l)
	}
	m.replayed = append(m.replayed, y.Replayed...)
	return nil
}

// script is a source that hands out batches, from the saved position on.
type script struct {
	batches [][]string
	failAt  int // a batch before which Run fails once; 0: never
	runs    int
}

func (s *script) Run(ctx context.Context, from []bridge.Position, emit bridge.Emit) error {
	s.runs++
	at := 0
	for _, p := range from {
		at = int(p.Data[0])
	}
	for ; at < len(s.batches); at++ {
		if s.failAt > 0 && at == s.failAt {
			s.failAt = 0
			return errors.New("source broke")
		}
		b := bridge.Batch{Positions: []bridge.Position{{Stream: "f", Data: []byte{byte(at + 1)}}}}
		for i, l := range s.batches[at] {
			b.Records = append(b.Records, bridge.Record{Stream: "f", Offset: int64(at*100 + i), Head: []byte("head"), Line: []byte(l), Time: time.Unix(1000, 0)})
		}
		if err := emit(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// toy is a parser with state: "a+" is open until "a." completes it; "?" is
// rejected, "#" ignored, "raw:" raw, all else an event.
type toy struct {
	open    map[string]bridge.Record
	changed map[string]bool
	settled bridge.Settled
}

func newToy(format string) (bridge.Parser, error) {
	if format == "none" {
		return stateless{}, nil
	}
	return &toy{open: map[string]bridge.Record{}, changed: map[string]bool{}}, nil
}

func (p *toy) Parse(rec bridge.Record, to []bridge.Event) ([]bridge.Event, bridge.Outcome, error) {
	l := string(rec.Line)
	switch {
	case strings.HasPrefix(l, "?"):
		return to, 0, errors.New("no line of ours")
	case strings.HasPrefix(l, "#"):
		return to, bridge.Ignored, nil
	case strings.HasPrefix(l, "raw:"):
		return append(to, bridge.Event{Name: l[4:]}), bridge.Raw, nil
	case strings.HasSuffix(l, "+"):
		k := strings.TrimSuffix(l, "+")
		rec.Line = bytes.Clone(rec.Line)
		p.open[k], p.changed[k] = rec, true
		return to, bridge.Open, nil
	case strings.HasSuffix(l, "."):
		k := strings.TrimSuffix(l, ".")
		if _, ok := p.open[k]; ok {
			delete(p.open, k)
			p.changed[k] = true
			p.settled.Parsed++
		}
		l = k
	}
	return append(to, bridge.Event{Name: l, Session: l}), bridge.Parsed, nil
}

func (p *toy) Changes() []bridge.Entry {
	var out []bridge.Entry
	for k := range p.changed {
		e := bridge.Entry{Key: []byte(k)}
		if r, ok := p.open[k]; ok {
			e.Value = r.Line
		}
		out = append(out, e)
	}
	clear(p.changed)
	return out
}

func (p *toy) Restore(es []bridge.Entry) error {
	for _, e := range es {
		rec := bridge.Record{Line: e.Value}
		if string(e.Value) == "broken+" {
			p.settled.Rejected = append(p.settled.Rejected, bridge.Rejected{Record: rec, Reason: "state"})
			return errors.New("broken state")
		}
		p.open[string(e.Key)] = rec
	}
	return nil
}

func (p *toy) Settled() bridge.Settled {
	s := p.settled
	p.settled = bridge.Settled{}
	return s
}

func (p *toy) Held() int { return len(p.open) }

func (p *toy) GiveUp() {
	for _, r := range p.open {
		p.settled.Rejected = append(p.settled.Rejected, bridge.Rejected{Record: r, Reason: bridge.ErrIncomplete.Error()})
	}
	clear(p.open)
}

type stateless struct{}

func (stateless) Parse(rec bridge.Record, to []bridge.Event) ([]bridge.Event, bridge.Outcome, error) {
	return append(to, bridge.Event{Name: string(rec.Line)}), bridge.Parsed, nil
}

func run(t *testing.T, m *memStore, s bridge.Source, change func(*Config)) (*Ingest, error) {
	t.Helper()
	c := Config{Name: "src", Options: Options{Format: "toy", ApplianceID: "box"}, Source: s, NewParser: newToy, Store: m}
	if change != nil {
		change(&c)
	}
	in := New(c)
	return in, in.Run(context.Background())
}

func names(es []bridge.Event) string {
	var out []string
	for _, e := range es {
		out = append(out, e.Name)
	}
	return strings.Join(out, " ")
}

func TestEventsStateAndPositionAreOneRecord(t *testing.T) {
	m := newMemStore()
	in, err := run(t, m, &script{batches: [][]string{{"a", "b+", "#", "?"}, {"b.", "raw:login", "raw:other"}}},
		func(c *Config) { c.Wanted = func(n string) bool { return n == "login" } })
	if err != nil {
		t.Fatal(err)
	}
	if got := names(m.events); got != "a b login" {
		t.Errorf("events %q", got)
	}
	if m.records != 2 {
		t.Errorf("%d records, want one a batch", m.records)
	}
	want := Totals{Read: 7, Parsed: 4, Ignored: 2, Quarantined: 1, Events: 3}
	if got := in.Totals(); got != want {
		t.Errorf("totals %+v, want %+v", got, want)
	}
	s, err := splitState(m.State(""))
	if err != nil || s.totals != want || s.format != "toy" || s.positions[0].Data[0] != 2 || len(s.parser) != 0 {
		t.Errorf("state %+v, %v", s, err)
	}
	e := m.events[1]
	wantID := bridge.NewID(bridge.Record{Source: "src", Head: []byte("head"), Offset: 100, Line: []byte("b.")}, 0)
	if e.ID != wantID || e.ApplianceID != "box" || e.Version != "1" || e.Source.Name != "src" || e.Source.Offset != 100 {
		t.Errorf("stamped %+v", e)
	}
	q := m.quarantined[0]
	if string(q.Line) != "?" || q.Reason != "no line of ours" || q.Offset != 3 || q.Source != "src" || q.Format != "toy" {
		t.Errorf("quarantined %+v", q)
	}
}

func TestSourceThatBreaksGoesOnFromTheDurablePosition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemStore()
		s := &script{batches: [][]string{{"a+"}, {"x"}, {"a."}}, failAt: 2}
		in, err := run(t, m, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := names(m.events); got != "x a" || s.runs != 2 {
			t.Errorf("events %q in %d runs", got, s.runs)
		}
		if tot := in.Totals(); tot.Read != 3 || tot.Parsed != 3 || tot.Open != 0 {
			t.Errorf("totals %+v", tot)
		}
	})
}

func TestStoreThatRefusesIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemStore()
		m.fail, m.failures = errors.New("too big for the spool"), 2
		s := &script{batches: [][]string{{"a+"}, {"a."}}}
		in, err := run(t, m, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tot := in.Totals(); tot.Read != 2 || s.runs != 3 || names(m.events) != "a" {
			t.Errorf("totals %+v after %d runs, events %q", tot, s.runs, names(m.events))
		}
	})
}

func TestFinalSourceEndsWithItsError(t *testing.T) {
	m := newMemStore()
	_, err := run(t, m, &script{batches: [][]string{{"a"}, {"b"}}, failAt: 1}, func(c *Config) { c.Final = true })
	if err == nil || !strings.Contains(err.Error(), "source broke") || names(m.events) != "a" {
		t.Errorf("error %v, events %q", err, names(m.events))
	}
}

func TestCancelWhileTheStoreBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemStore()
		m.block = make(chan struct{})
		in := New(Config{Name: "src", Options: Options{Format: "toy"}, Source: &script{batches: [][]string{{"a"}}}, NewParser: newToy, Store: m})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- in.Run(ctx) }()
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if m.records != 0 {
			t.Error("a record was made durable")
		}
	})
}

func TestChangedFormatSendsOpenPartsToQuarantine(t *testing.T) {
	for _, format := range []string{"toy2", "none"} {
		m := newMemStore()
		if _, err := run(t, m, &script{batches: [][]string{{"a+", "b+"}}}, nil); err != nil {
			t.Fatal(err)
		}
		s := &script{batches: [][]string{{"a+", "b+"}, {"c"}}}
		in, err := run(t, m, s, func(c *Config) { c.Options.Format = format })
		if err != nil {
			t.Fatal(err)
		}
		if len(m.quarantined) != 2 || m.quarantined[0].Reason != "incomplete message" || m.quarantined[0].Format != "toy" {
			t.Errorf("%s: quarantined %+v", format, m.quarantined)
		}
		if got := names(m.events); got != "c" {
			t.Errorf("%s: events %q: the position must stay", format, got)
		}
		if tot := in.Totals(); tot.Open != 0 || tot.Read != tot.Parsed+tot.Ignored+tot.Quarantined {
			t.Errorf("%s: totals %+v", format, tot)
		}
		if st, err := splitState(m.State("")); err != nil || st.format != format || len(st.parser) != 0 {
			t.Errorf("%s: state %+v, %v", format, st, err)
		}
	}
}

func TestBrokenStateSendsOpenPartsToQuarantine(t *testing.T) {
	m := newMemStore()
	if _, err := run(t, m, &script{batches: [][]string{{"broken+"}}}, nil); err != nil {
		t.Fatal(err)
	}
	in, err := run(t, m, &script{batches: [][]string{{}, {"c"}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.quarantined) != 1 || names(m.events) != "c" || in.Totals().Open != 0 {
		t.Errorf("quarantined %+v, events %q, totals %+v", m.quarantined, names(m.events), in.Totals())
	}
}

func TestLayoutOfAnotherVersionIsRefused(t *testing.T) {
	m := newMemStore()
	m.state[keyLayout] = []byte("ingest/9 toy")
	if _, err := run(t, m, &script{}, nil); err == nil || !strings.Contains(err.Error(), "ingest/9") {
		t.Errorf("error %v", err)
	}
}

func TestSenderIDTakesThePlaceOfHeadAndOffset(t *testing.T) {
	e := bridge.Event{Extra: []bridge.Field{{Name: "sender_id", Value: "s-1"}}}
	a, b := e, e
	Stamp(&a, bridge.Record{Source: "x", Once: true, Head: []byte("1"), Line: []byte("l")}, 0, "")
	Stamp(&b, bridge.Record{Source: "x", Once: true, Head: []byte("2"), Offset: 7, Line: []byte("l")}, 0, "")
	if a.ID != b.ID {
		t.Error("a repeat with the same sender_id got another id")
	}
	Stamp(&b, bridge.Record{Source: "x", Head: []byte("2"), Offset: 7, Line: []byte("l")}, 0, "")
	if a.ID == b.ID {
		t.Error("a file's line took a sender_id: any line could forge an id")
	}
}

// torn is a source of one line that its sender didn't finish.
type torn struct{}

func (torn) Run(ctx context.Context, _ []bridge.Position, emit bridge.Emit) error {
	return emit(ctx, bridge.Batch{Records: []bridge.Record{{Stream: "c", Line: []byte("lsid=12"), Partial: true, Torn: "the sender went away"}}})
}

func TestTornLineIsNotParsed(t *testing.T) {
	m := newMemStore()
	in, err := run(t, m, torn{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Totals{Read: 1, Quarantined: 1, Partial: 1}
	if got := in.Totals(); got != want || len(m.events) != 0 {
		t.Errorf("totals %+v, want %+v; events %q", got, want, names(m.events))
	}
	if len(m.quarantined) != 1 || m.quarantined[0].Reason != "the sender went away" || string(m.quarantined[0].Line) != "lsid=12" {
		t.Errorf("quarantined %+v", m.quarantined)
	}
}

func TestWrongFormatIsSaidOnce(t *testing.T) {
	var log bytes.Buffer
	m := newMemStore()
	lines := make([]string, 250)
	for i := range lines {
		lines[i] = fmt.Sprint("?", i)
	}
	_, err := run(t, m, &script{batches: [][]string{lines}}, func(c *Config) {
		c.Log = zerolog.New(&log)
		c.Guess = func(rs []bridge.Record) string { return "form" }
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "format looks wrong"); n != 1 || !strings.Contains(log.String(), `"try":"form"`) {
		t.Errorf("said %d times: %s", n, log.String())
	}
	if n := strings.Count(log.String(), "line goes to quarantine"); n != 1 {
		t.Errorf("quarantine said %d times", n)
	}
}
