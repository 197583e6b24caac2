package spool_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// little are options with the smallest files, because the tests copy them.
func little(fs spool.FS) spool.Options {
	o := options(fs)
	o.MaxBytes = 1 << 20
	return o
}

// small makes a state directory with four records of two segments, five
// events each but the last one, which has one; the recipient r has settled
// the first event and parked the second. It gives the file system as a clean
// end leaves it.
func small(t *testing.T) *spooltest.FS {
	fs := spooltest.New(0)
	s := open(t, little(fs))
	q := s.queue("r")
	s.add("a", "a1", "a2", "a3", "a4", "a5")
	s.add("b", "b1", "b2", "b3", "b4", "b5")
	_, numbers := texts(t, q)
	if err := q.Settle(t.Context(), numbers[0], bridge.Delivered); err != nil {
		t.Fatal(err)
	}
	if ok, err := q.Park(t.Context(), numbers[1], 7, bridge.Try{Attempts: 1, Note: []byte("note")}); !ok || err != nil {
		t.Fatal(ok, err)
	}
	s.mustEnd()
	s = open(t, little(fs))
	s.add("a", "c1", "c2", "c3", "c4", "c5")
	s.add("a", "d1")
	s.mustEnd()
	return fs
}

// all are the events of small that are not settled.
const all = "a2 a3 a4 a5 b1 b2 b3 b4 b5 c1 c2 c3 c4 c5 d1"

// reopened is what a start finds.
type reopened struct {
	events string // parked and given, in this order
	stats  spool.QueueStats
	states string // of a and b
	log    string
}

// reopen opens the spool and takes all that it has for r. It appends an event
// too, and gives that in no field: it must come out with a higher number.
func reopen(t *testing.T, fs *spooltest.FS) (r reopened) {
	t.Helper()
	var log logged
	o := little(fs)
	o.Log = zerolog.New(&log)
	s := open(t, o)
	defer s.mustEnd()
	q := s.queue("r")
	var got []string
	top := uint64(0)
	parked, _ := q.Restored()
	for _, p := range parked {
		it, err := q.Get(t.Context(), p.Number)
		if err != nil {
			got = append(got, "?")
			continue
		}
		got = append(got, string(it.Data))
	}
	given, numbers := texts(t, q)
	for _, n := range numbers {
		top = max(top, n)
	}
	r.stats = q.Stats()
	fits(t, r.stats)
	r.states = s.state("a") + " " + s.state("b")
	if n := s.add("c", "new"); n <= top {
		t.Errorf("number %x after %x", n, top)
	}
	if more, _ := texts(t, q); len(more) != 1 || more[0] != "new" {
		t.Errorf("after recovery, an appended event comes out as %q", more)
	}
	r.events = strings.Join(append(got, given...), " ")
	r.log = log.take()
	return r
}

// segment gives the name of a segment: 0 is the oldest.
func segment(t *testing.T, fs *spooltest.FS, i int) string {
	t.Helper()
	names := fs.Files(filepath.Join(dir, "segments"))
	if i < 0 {
		i += len(names)
	}
	if i < 0 || i >= len(names) {
		t.Fatalf("no segment %d among %v", i, names)
	}
	return names[i]
}

func TestRecover(t *testing.T) {
	cut := func(i, n int) func(*testing.T, *spooltest.FS) {
		return func(t *testing.T, fs *spooltest.FS) {
			name := segment(t, fs, i)
			b := bytes.TrimRight(fs.Bytes(name), "\x00")
			fs.SetBytes(name, b[:len(b)-n])
		}
	}
	change := func(i int, f func([]byte) []byte) func(*testing.T, *spooltest.FS) {
		return func(t *testing.T, fs *spooltest.FS) {
			name := segment(t, fs, i)
			fs.SetBytes(name, f(fs.Bytes(name)))
		}
	}
	journal := func(i int) string { return filepath.Join(dir, "journal", fmt.Sprintf("journal.%d", i)) }
	for _, test := range []struct {
		name       string
		damage     func(*testing.T, *spooltest.FS)
		wantEvents string // empty: all
		wantStates string // empty: d1 b5
		wantLost   uint64
		wantLog    string
		wantAside  int // files in damaged/
	}{
		{name: "nothing is wrong", damage: func(*testing.T, *spooltest.FS) {}},
		{
			name: "the last write is cut off", damage: cut(-1, 3),
			wantEvents: "a2 a3 a4 a5 b1 b2 b3 b4 b5 c1 c2 c3 c4 c5", wantStates: "c5 b5",
			wantLog: "was cut off", wantAside: 1,
		},
		{
			name: "a tail of zeros", damage: change(-1, func(b []byte) []byte { return append(b, make([]byte, 100_000)...) }),
		},
		{
			name: "a tail of other bytes", damage: change(-1, func(b []byte) []byte {
				return append(b, bytes.Repeat([]byte("tpr\x01 a log line "), 5000)...)
			}),
			wantLog: "was cut off", wantAside: 1,
		},
		{
			name: "the first record of the last segment", damage: change(-1, flipAt("c1c2")),
			wantEvents: "a2 a3 a4 a5 b1 b2 b3 b4 b5 c2 c3 c4 c5 d1", wantLost: 1,
			wantLog: "can't be read", wantAside: 1,
		},
		{
			name: "a record of an older segment", damage: change(0, flipAt("b1b2")),
			wantEvents: "a2 a3 a4 a5 b2 b3 b4 b5 c1 c2 c3 c4 c5 d1", wantLost: 1,
			wantLog: "can't be read", wantAside: 1,
		},
		{
			name: "one copy of the head", damage: change(-1, func(b []byte) []byte { clear(b[:512]); return b }),
		},
		{
			name: "the last segment's head", damage: change(-1, func(b []byte) []byte { copy(b, make([]byte, 1024)); return b }),
			wantEvents: "a2 a3 a4 a5 b1 b2 b3 b4 b5", wantStates: "a5 b5",
			wantLog: "nothing of a segment can be read", wantAside: 1,
		},
		{
			name: "the states at the last segment's head", damage: change(-1, flipAt("b5")),
			wantLog: "can't be read", wantAside: 1,
		},
		{
			name: "an older segment is gone", damage: func(t *testing.T, fs *spooltest.FS) {
				if err := fs.Remove(segment(t, fs, 0)); err != nil {
					t.Fatal(err)
				}
			},
			wantEvents: "? c1 c2 c3 c4 c5 d1", wantLost: 8, wantLog: "are gone",
		},
		{
			name: "an empty segment was made", damage: func(t *testing.T, fs *spooltest.FS) {
				fs.SetBytes(filepath.Join(dir, "segments", "0000090000000000.seg"), make([]byte, 65536))
			},
		},
		{
			name: "the newer journal is gone", damage: func(t *testing.T, fs *spooltest.FS) {
				fs.SetBytes(journal(newer(t, fs)), nil)
			},
			wantLog: "the journal is damaged or missing",
		},
		{
			name: "the newer journal was being written", damage: func(t *testing.T, fs *spooltest.FS) {
				name := journal(newer(t, fs))
				fs.SetBytes(name, append(fs.Bytes(name)[:1024+40], make([]byte, 60_000)...))
			},
		},
		{
			name: "both journals are gone", damage: func(t *testing.T, fs *spooltest.FS) {
				fs.SetBytes(journal(0), nil)
				fs.SetBytes(journal(1), nil)
			},
			wantEvents: "a1 " + all, wantLog: "the journal was lost",
		},
		{
			name: "both journals' heads", damage: func(t *testing.T, fs *spooltest.FS) {
				for i := range 2 {
					b := fs.Bytes(journal(i))
					b[20] ^= 1
					b[532] ^= 1
					fs.SetBytes(journal(i), b)
				}
			},
			wantEvents: "a1 " + all, wantLog: "the journal was lost",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			fs := small(t).Crash(0)
			test.damage(t, fs)
			got := reopen(t, fs)
			if test.wantEvents == "" {
				test.wantEvents = all
			}
			if test.wantStates == "" {
				test.wantStates = "d1 b5"
			}
			equal(t, "events", got.events, test.wantEvents)
			equal(t, "states", got.states, test.wantStates)
			equal(t, "lost", got.stats.Damaged, test.wantLost)
			equal(t, "set aside", len(fs.Files(filepath.Join(dir, "damaged"))), test.wantAside)
			if !strings.Contains(got.log, test.wantLog) || test.wantLog == "" && strings.Contains(got.log, `"error"`) {
				t.Errorf("log doesn't say %q: %s", test.wantLog, got.log)
			}
			// A second start finds nothing new.
			again := reopen(t, fs)
			equal(t, "set aside after a second start", len(fs.Files(filepath.Join(dir, "damaged"))), test.wantAside)
			equal(t, "events after a second start", again.events, test.wantEvents+" new")
		})
	}
}

// flipAt changes the byte at which a text stands.
func flipAt(text string) func([]byte) []byte {
	return func(b []byte) []byte {
		b[bytes.Index(b, []byte(text))] ^= 1
		return b
	}
}

// newer tells which of the journal's files has the higher generation.
func newer(t *testing.T, fs *spooltest.FS) int {
	t.Helper()
	g := [2]byte{}
	for i := range g {
		g[i] = fs.Bytes(filepath.Join(dir, "journal", fmt.Sprintf("journal.%d", i)))[32]
	}
	if g[1] > g[0] {
		return 1
	}
	return 0
}

// TestRepeatedStarts gives no number twice, whatever becomes of what each
// start has written.
func TestRepeatedStarts(t *testing.T) {
	fs, top := spooltest.New(0), uint64(0)
	for i := range 40 {
		s := open(t, little(fs))
		for range i % 4 {
			if n := s.add("a", "x", "y"); n <= top {
				t.Fatalf("start %d: number %x after %x", i, n, top)
			} else {
				top = n + 1
			}
		}
		next := fs.Crash(i * 13 % 200)
		_ = s.end()
		fs = next
	}
}

// TestUnwrittenFolder opens a directory that nobody has made.
func TestUnwrittenFolder(t *testing.T) {
	o := options(spool.OS())
	o.Dir = filepath.Join(t.TempDir(), "a", "b")
	s, err := spool.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
