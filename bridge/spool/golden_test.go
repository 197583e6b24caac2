package spool

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// golden is a spool as version 1 of the format writes it, with frames of every
// kind. It was made by makeGolden, and is never made anew: a new version gets
// a folder of its own, and this one must be read or refused in words.
const golden = "testdata/golden-1"

// goldenKinds are the kinds of frames that must stand in it.
var goldenKinds = []kind{
	kindState, kindHeadEnd, kindIngest, kindMoved,
	kindRecipient, kindSnapshotEnd, kindSettle, kindFail, kindPark, kindPlace, kindDrop, kindRevive, kindPause,
	kindLetter, kindStruck, kindLine,
}

func goldenOptions(dir string) Options {
	o := Defaults()
	o.Dir, o.MinFree, o.MaxBytes, o.Keep = dir, "0", maxBytesLeast, 0
	o.KeepDead *= 1200 // a hundred years
	return o
}

// opened is a spool whose Run is under way.
func opened(t *testing.T, o Options) (s *Spool, end func()) {
	t.Helper()
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return s, func() {
		t.Helper()
		stop()
		if err := errors.Join(<-done, s.Close()); err != nil {
			t.Error(err)
		}
	}
}

// TestMakeGolden makes it, where GOLDEN_SPOOL names a folder.
func TestMakeGolden(t *testing.T) {
	dir := os.Getenv("GOLDEN_SPOOL")
	if dir == "" {
		dir = filepath.Join(t.TempDir(), "state")
	}
	makeGolden(t, dir)
	if missing := missingKinds(t, dir, goldenKinds); len(missing) > 0 {
		t.Errorf("no frames of kinds %d", missing)
	}
}

func makeGolden(t *testing.T, dir string) {
	s, end := opened(t, goldenOptions(dir))
	add := func(source string, lines []string, events ...string) uint64 {
		t.Helper()
		in := Ingest{Source: source, Changes: []bridge.Entry{{Key: []byte("at"), Value: []byte(events[len(events)-1][:2])}}}
		for _, e := range events {
			in.Events = append(in.Events, []byte(e))
		}
		for _, l := range lines {
			in.Quarantined = append(in.Quarantined, []byte(l))
		}
		n, err := s.Append(t.Context(), in)
		must(t, err)
		return n
	}
	q := map[string]*Queue{}
	for _, name := range []string{"one", "two"} {
		var err error
		q[name], err = s.Queue(name)
		must(t, err)
	}
	ctx := t.Context()
	a := add("a", []string{"a bad line"}, "a1", "a2", "a3", "a4"+strings.Repeat(" ", 3000))
	big := add("b", nil, "b1"+strings.Repeat(" ", 62_000)) // begins a segment
	for _, q := range q {
		for range 5 {
			_, _, err := q.Next()
			must(t, err)
		}
	}
	parked, err := q["one"].Park(ctx, a, 7, bridge.Try{Attempts: 1, Note: []byte("note")})
	if must(t, err); !parked {
		t.Fatal("not parked")
	}
	must(t, q["one"].Bury(ctx, a+1, []byte("the letter of a2")))
	must(t, q["one"].Bury(ctx, a+2, []byte("the letter of a3")))
	for n := a; n < a+4; n++ {
		must(t, q["two"].Settle(ctx, n, bridge.Delivered))
	}
	must(t, q["one"].Settle(ctx, a+3, bridge.Delivered)) // a1 moves, its segment goes
	for begun := time.Now(); s.Status().Segments > 1 && time.Since(begun) < time.Minute; {
		<-time.After(time.Millisecond)
	}
	_, _, err = s.ReviseDead(ctx, func(l DeadLetter) (Verdict, error) {
		return Verdict{Replay: l.Number == a+1, Session: 8, Event: []byte("a2")}, nil
	})
	must(t, err)
	must(t, q["two"].Fail(ctx, big, bridge.Try{Attempts: 3, Clock: time.Hour, Wait: time.Minute, Since: 1_700_000_000, Fault: bridge.ThisRecipient}))
	must(t, s.Pause(ctx, "two", true))
	end()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// missingKinds tells which kinds of frames don't stand in a state directory.
func missingKinds(t *testing.T, dir string, kinds []kind) []kind {
	found := make(map[kind]bool)
	for folder, m := range map[string]magic{segmentDir: magicSegment, journalDir: magicJournal, deadDir: magicDead, quarantineDir: magicQuarantine} {
		infos, err := OS().List(filepath.Join(dir, folder))
		if !errors.Is(err, fs.ErrNotExist) {
			must(t, err)
		}
		for _, info := range infos {
			f, err := OS().Open(filepath.Join(dir, folder, info.Name), false)
			must(t, err)
			h, ok, _ := readHead(f, m)
			if !ok {
				t.Errorf("%s has no head", info.Name)
			}
			w := newWalker(f, h.salt, bodyStart, info.Size)
			for {
				f, _, _, ok, err := w.next()
				if must(t, err); !ok {
					break
				}
				found[f.kind] = true
			}
			_ = f.Close()
		}
	}
	return slices.DeleteFunc(slices.Clone(kinds), func(k kind) bool { return found[k] })
}

// goldenCopy copies the golden spool to where it may be written to.
func goldenCopy(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	must(t, os.CopyFS(dir, os.DirFS(golden)))
	return dir
}

// TestGolden opens the spool that version 1 wrote, and finds all of it; twice,
// because the first start has written it anew.
func TestGolden(t *testing.T) {
	if missing := missingKinds(t, golden, goldenKinds); len(missing) > 0 {
		t.Errorf("no frames of kinds %d", missing)
	}
	dir := goldenCopy(t)
	const want = `one: parked a1 session 7 attempts 1 note "note"
one: parked a2 session 8 attempts 0 note ""
one: next b1
one: first 10000000000 delivered 1 dead 1 waiting 3 paused false
two: next b1 attempts 3 clock 1h0m0s wait 1m0s since 1700000000 fault 1
two: first 10000000000 delivered 4 dead 0 waiting 1 paused true
dead: one 10000000002 the letter of a3
line: a a bad line
state: a4 b1`
	for range 2 {
		if got := describe(t, dir); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

// goldenBatches is a spool with batches, as the first version that knows them
// writes it. It was made by makeBatches, and is never made anew.
const goldenBatches = "testdata/golden-1-batches"

// TestMakeBatches makes it, where GOLDEN_BATCHES names a folder.
func TestMakeBatches(t *testing.T) {
	dir := os.Getenv("GOLDEN_BATCHES")
	if dir == "" {
		dir = filepath.Join(t.TempDir(), "state")
	}
	makeBatches(t, dir)
	there := filepath.Join(t.TempDir(), "copy")
	must(t, os.CopyFS(there, os.DirFS(dir)))
	wantBatches(t, there)
}

func makeBatches(t *testing.T, dir string) {
	s, end := opened(t, goldenOptions(dir))
	q, err := s.Queue("one")
	must(t, err)
	var events [][]byte
	for i := range 8 {
		events = append(events, fmt.Append(nil, "e", i+1))
	}
	first, err := s.Append(t.Context(), Ingest{Source: "a", Events: events})
	must(t, err)
	for range 8 {
		_, _, err := q.Next()
		must(t, err)
	}
	join := func(places ...uint64) {
		for i := range places {
			places[i] += first - 1
		}
		must(t, q.Join(t.Context(), places))
	}
	join(1, 2, 3, 4)
	join(7, 5, 6)
	join(3)
	must(t, q.SettleAll(t.Context(), []uint64{first, first + 5}, bridge.Delivered))
	end()
}

// TestGoldenBatches opens it, twice, because the first start has written it
// anew.
func TestGoldenBatches(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	must(t, os.CopyFS(dir, os.DirFS(goldenBatches)))
	for range 2 {
		wantBatches(t, dir)
	}
}

func wantBatches(t *testing.T, dir string) {
	t.Helper()
	s, end := opened(t, goldenOptions(dir))
	defer end()
	q, err := s.Queue("one")
	must(t, err)
	const first = 1 << epochBits
	var got []string
	for _, b := range q.Batches() {
		for i := range b {
			b[i] -= first - 1
		}
		got = append(got, fmt.Sprint(b))
	}
	slices.Sort(got)
	if st := q.Stats(); fmt.Sprint(got) != "[[2 4] [3] [7 5]]" || st.Delivered != 2 || st.Waiting != 6 {
		t.Errorf("batches %v, %+v", got, st)
	}
}

// describe tells all that a spool holds.
func describe(t *testing.T, dir string) string {
	t.Helper()
	s, end := opened(t, goldenOptions(dir))
	defer end()
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, name := range s.Names() {
		q, err := s.Queue(name)
		must(t, err)
		parked, tries := q.Restored()
		for _, p := range parked {
			it, err := q.Get(t.Context(), p.Number)
			must(t, err)
			say("%s: parked %s session %d attempts %d note %q", name, it.Data, p.Session, p.Try.Attempts, p.Try.Note)
		}
		for {
			it, ok, err := q.Next()
			if must(t, err); !ok {
				break
			}
			text := ""
			if try, ok := tries[it.Number]; ok {
				text = fmt.Sprintf(" attempts %d clock %v wait %v since %d fault %d", try.Attempts, try.Clock, try.Wait, try.Since, try.Fault)
			}
			say("%s: next %s%s", name, bytes.TrimSpace(it.Data), text)
		}
		st := q.Stats()
		say("%s: first %x delivered %d dead %d waiting %d paused %v", name, st.First, st.Delivered, st.Dead, st.Waiting, q.Paused())
	}
	must(t, ReadDead(dir, func(l DeadLetter) error {
		say("dead: %s %x %s", l.Recipient, l.Number, l.Letter)
		return nil
	}))
	must(t, ReadQuarantine(dir, func(l QuarantinedLine) error {
		say("line: %s %s", l.Source, l.Line)
		return nil
	}))
	say("state: %s %s", s.State("a")[0].Value, s.State("b")[0].Value)
	return strings.Join(out, "\n")
}

// TestAnotherVersion refuses a file of a format version that isn't known, in
// words, and changes nothing.
func TestAnotherVersion(t *testing.T) {
	for _, folder := range []string{segmentDir, journalDir, deadDir, quarantineDir} {
		t.Run(folder, func(t *testing.T) {
			dir := goldenCopy(t)
			infos, err := OS().List(filepath.Join(dir, folder))
			must(t, err)
			name := filepath.Join(dir, folder, infos[len(infos)-1].Name)
			b, err := os.ReadFile(name)
			must(t, err)
			for _, at := range []int{0, headCopy} {
				binary.LittleEndian.PutUint32(b[at+8:], 7)
				binary.LittleEndian.PutUint32(b[at+headBytes-4:], checksum(b[at:at+headBytes-4]))
			}
			must(t, os.WriteFile(name, b, fileMode))
			_, err = Open(t.Context(), goldenOptions(dir))
			version := (*VersionError)(nil)
			if !errors.As(err, &version) || version.Found != 7 || version.Known != formatVersion || version.File != name {
				t.Errorf("%v", err)
			}
			if now, err := os.ReadFile(name); err != nil || !bytes.Equal(now, b) {
				t.Errorf("the file has changed, %v", err)
			}
		})
	}
}

// TestUnknownKinds puts frames of kinds that nobody knows between those that
// are: in a segment and in a store they are passed over, in the journal they
// are kept when it is written anew, and not twice.
func TestUnknownKinds(t *testing.T) {
	dir := goldenCopy(t)
	before := describe(t, dir)
	payload := []byte("of a newer version")
	for folder, m := range map[string]magic{segmentDir: magicSegment, journalDir: magicJournal, deadDir: magicDead, quarantineDir: magicQuarantine} {
		infos, err := OS().List(filepath.Join(dir, folder))
		must(t, err)
		name, newest := "", uint64(0)
		for _, info := range infos {
			f, err := OS().Open(filepath.Join(dir, folder, info.Name), false)
			must(t, err)
			if h, ok, _ := readHead(f, m); ok && h.first >= newest {
				name, newest = filepath.Join(dir, folder, info.Name), h.first
			}
			_ = f.Close()
		}
		appendUnknown(t, name, m, payload)
	}
	for i := range 3 {
		if now := describe(t, dir); now != before {
			t.Errorf("start %d: got\n%s\nwant\n%s", i, now, before)
		}
		files, err := openJournal(OS(), dir, false)
		must(t, err)
		r, err := replayJournal(dir, files)
		must(t, err)
		closeFiles(files[:])
		if len(r.unknown) != 1 || !bytes.Equal(r.unknown[0].payload, payload) || r.unknown[0].frame.count != 3 {
			t.Errorf("start %d: unknown frames in the journal: %+v", i, r.unknown)
		}
	}
}

// appendUnknown writes a frame of an unknown kind behind the last good one.
func appendUnknown(t *testing.T, name string, m magic, payload []byte) {
	t.Helper()
	f, err := OS().Open(name, true)
	must(t, err)
	defer f.Close()
	h, _, _ := readHead(f, m)
	size, err := f.Size()
	must(t, err)
	w := newWalker(f, h.salt, bodyStart, size)
	end := int64(bodyStart)
	for {
		f, at, _, ok, err := w.next()
		if must(t, err); !ok {
			break
		}
		end = at + f.bytes()
	}
	b := appendFrame(nil, h.salt, frame{kind: 200, detail: 9, count: 3, first: 1 << 60}, payload)
	_, err = f.WriteAt(b, end)
	must(t, err)
}
