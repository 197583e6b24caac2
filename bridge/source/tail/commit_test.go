package tail

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
)

// A batch goes out only if the file still holds what the batch was read from,
// and what stood before it.
func TestCommitOfWhatHasChanged(t *testing.T) {
	const before, read = "one\ntwo\n", "three\nfour\n"
	for _, tc := range []struct {
		name, now string
		off       int64
		wantErr   error
	}{
		{name: "whole", now: before + read, off: 8},
		{name: "grown", now: before + read + "five\n", off: 8},
		{name: "cut", now: before + "three\n", off: 8, wantErr: errChanged},
		{name: "begun anew", now: "xxx\nyyy\n" + read, off: 8, wantErr: errChanged},
		{name: "other lines", now: before + "THREE\nfour\n", off: 8, wantErr: errChanged},
		{name: "from 0", now: read, off: 0},
		{name: "begun anew from 0", now: "THREE\nfour\n", off: 0, wantErr: errChanged},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "app.log")
			if err := os.WriteFile(path, []byte((before + read)[8-tc.off:]), 0o644); err != nil {
				t.Fatal(err)
			}
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			emitted := 0
			r := newReader(Options{Name: "test", Path: path, MaxLine: 1024}, newLookout(path, openToRead), &counters{}, nil, false,
				func(context.Context, bridge.Batch) error { emitted++; return nil })
			g := &file{f: plain{f}, at: state{off: tc.off}}
			if g.marks, err = readMarks(f, tc.off); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(tc.now), 0o644); err != nil {
				t.Fatal(err)
			}
			to := g.at
			to.off += int64(len(read))
			err = r.commit(t.Context(), g, step{to: to, peek: []byte(read), recs: []bridge.Record{{Offset: tc.off, Line: []byte("three")}}})
			if !errors.Is(err, tc.wantErr) || (emitted == 1) != (err == nil) || (g.at.off == to.off) != (err == nil) {
				t.Errorf("err %v, %d emitted, offset %d", err, emitted, g.at.off)
			}
		})
	}
}

// The copy's position and that of the file that begins anew are durable
// together.
func TestCrashAfterCopyTruncate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text(numbered(0, 50)...)+"half")
	r.start()
	r.want(numbered(0, 50)...)
	r.quiet()
	r.copy("app.log", "app.log.1")
	r.quiet()
	crashed := false
	r.mu.Lock()
	r.fail = func(b bridge.Batch) error {
		if len(b.Records) > 0 && !crashed {
			crashed = true
			return errCrash
		}
		return nil
	}
	r.truncate("app.log")
	r.write("app.log", text("new"))
	r.mu.Unlock()
	if err := <-r.done; err != errCrash {
		t.Fatalf("Run: %v", err)
	}
	r.stop()
	r.start()
	r.until("all lines", func() bool { return len(r.lines) == 52 })
	for i, want := range append(numbered(0, 50), "new", "half") {
		if r.lines[i].text != want {
			t.Errorf("line %d is %q, want %q", i, r.lines[i].text, want)
		}
	}
	r.wantNoLoss()
}

// The directory that has the name now is watched, not the one that had it.
func TestWatchFollowsTheName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	mkdir := func() {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	mkdir()
	w := &watch{f: newField(filepath.Join(dir, "app.log"), openToRead, newRoom(0)), rescan: time.Hour, make: newWatcher, log: zerolog.Nop()}
	w.refresh(make(chan struct{}, 1))
	defer func() { w.w.Close() }()
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	mkdir()
	w.refresh(make(chan struct{}, 1))
	path := filepath.Join(dir, "other")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(patience)
	for {
		select {
		case ev := <-w.w.Events:
			if ev.Name == path {
				return
			}
		case <-deadline:
			t.Fatal("no event in the new directory")
		}
	}
}
