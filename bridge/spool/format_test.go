package spool

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
)

// bytesFile is a file that is there to be read.
type bytesFile struct {
	File
	b    []byte
	fail map[int64]bool // blocks that can't be read
}

func (f bytesFile) ReadAt(b []byte, off int64) (int, error) {
	for at := off &^ (blockSize - 1); at < off+int64(len(b)); at += blockSize {
		if f.fail[at/blockSize] {
			return 0, errors.New("bad sector")
		}
	}
	return bytes.NewReader(f.b).ReadAt(b, off)
}

func (f bytesFile) Size() (int64, error) { return int64(len(f.b)), nil }
func (f bytesFile) Close() error         { return nil }

// oneFile is a file system in which every name is that file.
type oneFile struct {
	FS
	f bytesFile
}

func (o oneFile) Open(string, bool) (File, error) { return o.f, nil }

var testSalt = salt{1, 2, 3, 4, 5, 6, 7, 8}

// testSegment makes a segment of frames that are given as they are.
func testSegment(body []byte) (segment, []byte) {
	h := fileHead{magic: magicSegment, salt: testSalt, epoch: 1, first: 1 << epochBits, prevNext: 1 << epochBits, created: time.Unix(1, 0)}
	b := append(appendHead(nil, h), body...)
	return segment{head: h, limit: int64(len(b)), next: h.first, size: int64(len(b)), lines: -1}, b
}

func ingestFrame(b []byte, s salt, first uint64, events ...string) []byte {
	in := Ingest{Source: "a", Changes: []bridge.Entry{{Key: []byte("k"), Value: []byte("v")}, {Key: []byte("gone")}}}
	for _, e := range events {
		in.Events = append(in.Events, []byte(e))
	}
	payload := appendIngest(nil, &in, time.Unix(2, 0), 0)
	return appendFrame(b, s, frame{kind: kindIngest, count: uint32(len(events)), first: first}, payload)
}

// readAll gives what a cursor makes of a segment: the events, and how many
// are lost.
func readAll(t testing.TB, sg segment, f bytesFile) (events []string, lost uint64) {
	t.Helper()
	list := segments{}
	list.add(sg)
	c := newCursor(oneFile{f: f}, "", &list, mark{number: sg.first()}, func(segment, File, span) {})
	last := sg.first() - 1
	for range 1 << 20 {
		st, ok, err := c.next()
		if err != nil {
			continue
		}
		if !ok {
			return events, lost
		}
		if st.number <= last && st.data != nil || st.to <= st.number {
			t.Fatalf("step %+v after number %x", st, last)
		}
		if st.data == nil {
			lost += st.to - st.number
			continue
		}
		last = st.number
		events = append(events, string(st.data))
	}
	t.Fatal("the cursor doesn't end")
	return nil, 0
}

// TestUnreadableBlocks reads past a bad sector: not at once, but in the end.
func TestUnreadableBlocks(t *testing.T) {
	var body []byte
	var want []string
	first := uint64(1 << epochBits)
	for i := range 40 {
		e := fmt.Sprintf("%d %s", i, bytes.Repeat([]byte("x"), 1000))
		want = append(want, e)
		body = ingestFrame(body, testSalt, first+uint64(i), e)
	}
	sg, b := testSegment(body)
	got, lost := readAll(t, sg, bytesFile{b: b, fail: map[int64]bool{3: true, 4: true}})
	if lost < 8 || lost > 10 || len(got)+int(lost) != len(want) {
		t.Errorf("%d events, %d lost, of %d", len(got), lost, len(want))
	}
	r, err := scanSegment(bytesFile{b: b, fail: map[int64]bool{3: true}}, sg, nil)
	if err != nil || r.blind == 0 || r.end != sg.limit || len(r.bad) == 0 {
		t.Errorf("scan: %+v, %v", r, err)
	}
}

// FuzzSegment reads a segment in which anything stands between two good
// records: bytes, and a frame that is whole but says what it likes. Nothing
// is misread, and what follows is found.
func FuzzSegment(f *testing.F) {
	f.Add([]byte("junk"), byte(kindIngest), byte(0), uint32(1), uint64(1<<epochBits+1), []byte("payload"))
	f.Add([]byte{}, byte(kindState), byte(0), uint32(0), uint64(0), []byte{1, 'a', 1, 1, 'k', 1, 'v'})
	f.Add([]byte("tpr\x01\x03"), byte(kindMoved), byte(1), uint32(1<<31), uint64(1<<63), []byte{})
	f.Add(make([]byte, 64), byte(kindIngest), detailLines, uint32(1<<29), uint64(0), bytes.Repeat([]byte{0xff}, 300))
	f.Fuzz(func(t *testing.T, junk []byte, k, detail byte, count uint32, number uint64, payload []byte) {
		first := uint64(1 << epochBits)
		body := ingestFrame(nil, testSalt, first, "before")
		body = append(body, junk...)
		for len(body)%frameAlign != 0 {
			body = append(body, 0)
		}
		any := frame{kind: kind(k), detail: detail, count: count, first: number}
		body = appendFrame(body, testSalt, any, payload)
		const after = 1 << 62
		body = ingestFrame(body, testSalt, after, "after")
		sg, b := testSegment(body)
		file := bytesFile{b: b}
		got, _ := readAll(t, sg, file)
		if len(got) == 0 || got[0] != "before" {
			t.Fatalf("events %q", got)
		}
		if k != byte(kindIngest) && (len(got) != 2 || got[1] != "after") {
			t.Fatalf("events %q", got)
		}
		st := newStates()
		r, err := scanSegment(file, sg, &st)
		if err != nil || r.end != sg.limit {
			t.Fatalf("scan: %+v, %v", r, err)
		}
		fsys := oneFile{f: file}
		_ = movedEvents(fsys, "", []segment{sg}, func(segment, place, movedEvent) error { return nil })
		_ = readLines(fsys, "", sg, func(QuarantinedLine) error { return nil })
		for i := range min(count, 3) {
			_, _, _ = readEventAt(fsys, "", sg, place{seg: first, off: int64(bodyStart), index: i}, number)
		}
		// And all of it as bytes of a file that nobody knows.
		_, _, _ = readHead(bytesFile{b: append(junk, payload...)}, magicSegment)
	})
}

// lastFact is the number in the last fact of FuzzJournal.
const lastFact = 1 << 61

// FuzzJournal replays a journal in which anything stands between a sound
// front and a last fact, which must count.
func FuzzJournal(f *testing.F) {
	f.Add([]byte("junk"), byte(kindSettle), byte(1), uint32(1), uint64(12), []byte{})
	f.Add([]byte{}, byte(kindPark), byte(0), uint32(1), uint64(13), bytes.Repeat([]byte{1}, 60))
	f.Add([]byte{}, byte(kindRecipient), byte(0), uint32(2), uint64(0), newProgress("x", 2, mark{number: 5}).appendCheckpoint(nil))
	f.Add([]byte{}, byte(kindFail), byte(0), uint32(9), uint64(1), []byte{0xff, 0xff, 0xff})
	f.Add([]byte{}, byte(kindDisable), byte(0), uint32(1), uint64(13), bytes.Repeat([]byte{1}, 60))
	f.Add([]byte("\x00000X"), byte(kindSkip), byte(0x80), uint32(1), uint64(48), []byte("\x00000X\x83\t\x9bo\x1a\x1a\x1a0000000000000\xa1\xd2\xd2\xd2\xd2\xd2\xd2\xd2\xd20\x00\x00000\x010"))
	f.Fuzz(func(t *testing.T, junk []byte, k, detail byte, count uint32, number uint64, payload []byte) {
		h := fileHead{magic: magicJournal, salt: testSalt, epoch: 3, first: 2, created: time.Unix(1, 0)}
		b := appendHead(nil, h)
		sound := newProgress("sound", 1, mark{number: 10})
		b = appendFrame(b, testSalt, frame{kind: kindRecipient, count: 1}, sound.appendCheckpoint(nil))
		b = appendFrame(b, testSalt, frame{kind: kindSnapshotEnd, count: 1}, nil)
		b = append(b, junk...)
		for len(b)%frameAlign != 0 {
			b = append(b, 0)
		}
		b = appendFrame(b, testSalt, frame{kind: kind(k), detail: detail, count: count, first: number}, payload)
		b = appendFrame(b, testSalt, frame{kind: kindSettle, detail: byte(bridge.Delivered), count: 1, first: lastFact}, nil)
		r, err := replayJournal("", [2]File{bytesFile{b: b}, nil})
		if err != nil {
			t.Fatal(err)
		}
		p := r.recipients[1]
		if p == nil {
			t.Fatal("the recipient is gone")
		}
		// What was skipped before stays so.
		skipped := (kind(k) == kindSkip || kind(k) == kindDisable) && (p.skipped(lastFact) || p.frontier().number > lastFact)
		if k != byte(kindRecipient) && p.counts[bridge.Delivered] == 0 && !skipped {
			t.Fatalf("the last fact doesn't count: %+v", p.counts)
		}
		for _, p := range r.recipients {
			again, err := parseCheckpoint(p.appendCheckpoint(nil), p.handle)
			if err != nil {
				t.Fatal(err)
			}
			if !same(again, p) {
				t.Fatalf("a checkpoint doesn't give back what it was made of:\n%+v\n%+v", p, again)
			}
		}
	})
}

// FuzzStore reads a store in which anything stands between two good letters:
// nothing is misread, and what follows is found.
func FuzzStore(f *testing.F) {
	f.Add([]byte("junk"), byte(kindLetter), uint64(1), []byte{3, 'o', 'n', 'e'})
	f.Add([]byte{}, byte(kindStruck), uint64(5), []byte{1, 'r'})
	f.Add([]byte("tpr\x01\x1e"), byte(kindLine), uint64(1<<63), bytes.Repeat([]byte{0xff}, 30))
	f.Fuzz(func(t *testing.T, junk []byte, k byte, number uint64, payload []byte) {
		letter := func(b []byte, n uint64) []byte {
			l := DeadLetter{Recipient: "sound", Time: time.Unix(1, 0), Letter: []byte("a letter")}
			return appendFrame(b, testSalt, frame{kind: kindLetter, first: n}, appendLetter(nil, l))
		}
		b := letter(appendHead(nil, fileHead{magic: magicDead, salt: testSalt, first: 1, created: time.Unix(1, 0)}), 1)
		b = append(b, junk...)
		for len(b)%frameAlign != 0 {
			b = append(b, 0)
		}
		b = letter(appendFrame(b, testSalt, frame{kind: kind(k), first: number}, payload), 2)
		found := make(map[uint64]int)
		_, err := readStoreFile(bytesFile{b: b}, "", magicDead, kindLetter, func(r stored) error {
			if l, ok := parseLetter(r); ok && l.Recipient == "sound" && string(l.Letter) == "a letter" {
				found[l.Number]++
			}
			return nil
		})
		if err != nil || found[1] == 0 || found[2] == 0 {
			t.Fatalf("found %v, %v", found, err)
		}
		out := make(struck)
		_, _ = readStoreFile(bytesFile{b: b}, "", magicDead, kindStruck, func(r stored) error { out.add(r); return nil })
		_, _ = readStoreFile(bytesFile{b: b}, "", magicDead, kindLine, func(r stored) error { parseLine(r); return nil })
	})
}

// FuzzCheckpoint reads one of any bytes: it is refused, or gives back what was
// read.
func FuzzCheckpoint(f *testing.F) {
	p := newProgress("x", 2, mark{number: 5})
	p.park(7, parkedEvent{session: 1, try: &bridge.Try{Attempts: 1, Note: []byte("n")}})
	p.fail(8, bridge.Try{Attempts: 2})
	p.settle(9, bridge.Delivered)
	f.Add(p.appendCheckpoint(nil))
	f.Fuzz(func(t *testing.T, payload []byte) {
		p, err := parseCheckpoint(payload, 1)
		if err != nil {
			return
		}
		again, err := parseCheckpoint(p.appendCheckpoint(nil), 1)
		if err != nil || !same(again, p) {
			t.Fatalf("%v:\n%+v\n%+v", err, p, again)
		}
	})
}

// same compares two recipients as far as the journal tells of them.
func same(a, b *progress) bool {
	return a.name == b.name && a.first == b.first && a.frontier() == b.frontier() && a.counts == b.counts &&
		slices.Equal(slices.Collect(a.settled.runs()), slices.Collect(b.settled.runs())) &&
		len(a.parked) == len(b.parked) && len(a.tries) == len(b.tries) && a.notes == b.notes
}

// TestCheckpoint writes one with something of everything, and reads it.
func TestCheckpoint(t *testing.T) {
	p := newProgress("a name", 7, mark{number: 1000, place: place{seg: 900, off: 4096}, passed: 3, lost: 2})
	p.first = 500
	p.counts[bridge.Delivered], p.counts[bridge.Damaged] = 12, 1
	try := bridge.Try{Attempts: 2, Clock: time.Hour, Wait: time.Second, Since: 77, Fault: bridge.ThisRecipient, Note: []byte("n")}
	p.fail(1001, try)
	p.settle(1003, bridge.Delivered)
	p.settle(1004, bridge.Dead)
	p.settle(5000, bridge.Delivered)
	p.park(1002, parkedEvent{session: 5, place: place{seg: 900, off: 5000, index: 3, size: 70}, try: &try})
	p.park(1006, parkedEvent{session: 6, place: place{seg: 900, off: 5001, index: 4, size: 71}})
	got, err := parseCheckpoint(p.appendCheckpoint(nil), 7)
	if err != nil {
		t.Fatal(err)
	}
	p.facts = 0
	if !reflect.DeepEqual(got, p) {
		t.Errorf("got\n%+v, want\n%+v", got, p)
	}
	b := p.appendCheckpoint(nil)
	for i := range b {
		_, _ = parseCheckpoint(b[:i], 7) // must not panic
	}
}

func TestNumberSet(t *testing.T) {
	var s numberSet
	naive := make(map[uint64]bool)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		n := rnd.Uint64N(20_000) + 1<<epochBits
		s.add(n)
		naive[n] = true
	}
	compare := func(what string) {
		t.Helper()
		got := slices.Collect(s.each())
		if len(got) != len(naive) || !slices.IsSorted(got) {
			t.Errorf("%s: %d numbers, want %d", what, len(got), len(naive))
		}
		for n := range naive {
			if !s.has(n) {
				t.Errorf("%s: %d is missing", what, n)
			}
		}
	}
	compare("added")
	for _, below := range []uint64{1<<epochBits + 63, 1<<epochBits + 64, 1<<epochBits + 4095, 1<<epochBits + 4096, 1<<epochBits + 10_001} {
		s.dropBelow(below)
		for n := range naive {
			if n < below {
				delete(naive, n)
			}
		}
		compare(fmt.Sprint("dropped below ", below))
	}
	n := 0
	for k := range naive {
		if k >= 1<<epochBits+12_000 && k < 1<<epochBits+13_000 {
			n++
		}
	}
	if got := s.within(1<<epochBits+12_000, 1<<epochBits+13_000); got != n {
		t.Errorf("within: %d, want %d", got, n)
	}
	var nobody *numberSet
	for range nobody.each() {
		t.Error("nothing holds a number")
	}
}

// TestNumbersBetween counts within an epoch, and in the later one of two.
func TestNumbersBetween(t *testing.T) {
	for _, test := range []struct{ from, to, want uint64 }{
		{5, 9, 4},
		{1<<epochBits + 5, 1<<epochBits + 5, 0},
		{1<<epochBits + 5, 3<<epochBits + 7, 7},
		{1<<epochBits + 5, 3 << epochBits, 0},
	} {
		if got := numbersBetween(test.from, test.to); got != test.want {
			t.Errorf("from %x to %x: %d, want %d", test.from, test.to, got, test.want)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(*Options)
		wantKey string
	}{
		{name: "defaults", change: func(*Options) {}},
		{name: "fsync", change: func(o *Options) { o.Fsync = "never" }, wantKey: "fsync"},
		{name: "interval", change: func(o *Options) { o.Fsync = "interval" }, wantKey: "fsync"},
		{name: "max_bytes", change: func(o *Options) { o.MaxBytes = 1000 }, wantKey: "max_bytes"},
		{name: "min_free", change: func(o *Options) { o.MinFree = "much" }, wantKey: "min_free"},
		{name: "no min_free", change: func(o *Options) { o.MinFree = "0" }},
		{name: "keep_dead", change: func(o *Options) { o.KeepDead = 0 }, wantKey: "keep_dead"},
		{name: "max_parked", change: func(o *Options) { o.MaxParked = 0 }, wantKey: "max_parked"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := Defaults()
			test.change(&o)
			ps := o.Check("")
			if test.wantKey == "" && len(ps) > 0 || test.wantKey != "" && (len(ps) != 1 || ps[0].Key != test.wantKey) {
				t.Errorf("problems %v, want one with %q", ps, test.wantKey)
			}
		})
	}
}

func TestSizes(t *testing.T) {
	for _, test := range []struct {
		maxBytes, total          int64
		wantSegment, wantJournal int64
		wantFree                 int64
	}{
		{10 << 30, 1 << 40, 64 << 20, 16 << 20, 512 << 20},
		{10 << 30, 256 << 20, 16 << 20, 8 << 20, 256 << 20 / 20},
		{1 << 20, 1 << 40, 64 << 10, 64 << 10, 512 << 20},
		{100 << 20, 0, 6553600, 100 << 20 / 32, 0},
	} {
		o := Defaults()
		o.MaxBytes = option.Size(test.maxBytes)
		free, _ := o.minFree(test.total)
		if s, j := o.segmentBytes(test.total), o.journalBytes(test.total); s != test.wantSegment || j != test.wantJournal || free != test.wantFree {
			t.Errorf("%d of %d: segments of %d, journal of %d, min_free %d", test.maxBytes, test.total, s, j, free)
		}
	}
}
