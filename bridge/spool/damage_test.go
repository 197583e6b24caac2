package spool_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// TestFlippedByte flips one byte of a small spool after the other, in steps:
// nothing but the record that it stands in is missing, no payload is wrong,
// and what is missing is counted.
func TestFlippedByte(t *testing.T) {
	const records = 12
	fs := spooltest.New(0)
	s := open(t, options(fs))
	s.queue("r")
	var want []string
	for i := range records {
		want = append(want, fmt.Sprintf("event %02d", i))
		s.add("a", want[i])
	}
	s.mustEnd()
	name := newest(fs)
	whole := fs.Bytes(name)
	used := len(whole)
	for whole[used-1] == 0 {
		used--
	}
	for at := 0; at < used; at += 11 {
		hurt := fs.Kill()
		b := slices.Clone(whole)
		b[at] ^= 0x10
		hurt.SetBytes(name, b)
		s := open(t, options(hurt))
		s.add("a", "after")
		q := s.queue("r")
		got, _ := texts(t, q)
		if n := len(got); n == 0 || got[n-1] != "after" {
			t.Fatalf("byte %d: what comes after is not given: %q", at, got)
		}
		got = got[:len(got)-1]
		missing := 0
		for _, w := range want {
			if !slices.Contains(got, w) {
				missing++
			}
		}
		for _, g := range got {
			if !slices.Contains(want, g) {
				t.Fatalf("byte %d: a wrong payload %q", at, g)
			}
		}
		// The last record is taken for a torn tail: set aside, not counted.
		tail := missing > 0 && !slices.Contains(got, want[records-1])
		if counted := q.Stats().Damaged; missing > 1 || missing > 0 && !tail && counted != uint64(missing) {
			t.Errorf("byte %d of %d: %d missing, %d counted: %q", at, used, missing, counted, got)
		}
		if missing > 0 && len(hurt.Files(dir+"/damaged")) == 0 {
			t.Errorf("byte %d: nothing was set aside", at)
		}
		s.mustEnd()
	}
}

// TestOnRealFiles: one process a directory, modes, and reading without the
// lock, on the system's own files.
func TestOnRealFiles(t *testing.T) {
	o := spool.Defaults()
	o.Dir = filepath.Join(t.TempDir(), "state")
	s := open(t, o)
	q := s.queue("r")
	s.add("a", "one", "two")
	_, numbers := texts(t, q)
	if err := q.Bury(t.Context(), numbers[0], []byte("letter")); err != nil {
		t.Fatal(err)
	}

	second := o
	second.LockWait = 10 * time.Millisecond
	if _, err := spool.Open(t.Context(), second); err == nil || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("a second opener: %v; want an error that names process %d", err, os.Getpid())
	}

	files := 0
	err := filepath.WalkDir(o.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := os.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		} else {
			files++
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
		return nil
	})
	if err != nil || files < 4 {
		t.Errorf("%d files, %v", files, err)
	}

	read := func() (events, letters []string) {
		t.Helper()
		err := spool.ReadEvents(o.Dir, func(_ uint64, e []byte) error {
			events = append(events, string(e))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = spool.ReadDead(o.Dir, func(d spool.DeadLetter) error {
			letters = append(letters, fmt.Sprintf("%s %x %s", d.Recipient, d.Number, d.Letter))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return events, letters
	}
	wantLetter := []string{fmt.Sprintf("r %x letter", numbers[0])}
	events, letters := read()
	equal(t, "events of a running spool", events, []string{"one", "two"})
	equal(t, "letters of a running spool", letters, wantLetter)
	s.mustEnd()
	events, letters = read()
	equal(t, "events of a stopped spool", events, []string{"one", "two"})
	equal(t, "letters of a stopped spool", letters, wantLetter)
}

// TestLastRecordDamaged: the last record of all can't be read, and was
// delivered to one recipient, parked by another, and not given to the third.
// The sums fit all the same.
func TestLastRecordDamaged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := open(t, options(fs))
		took, parked := s.queue("took"), s.queue("parked")
		s.queue("idle")
		first := s.add("a", "one")
		second := s.add("a", "two")
		texts(t, took)
		settle(t, took, second) // above its frontier
		texts(t, parked)
		if ok, err := parked.Park(t.Context(), second, 7, bridge.Try{}); !ok || err != nil {
			t.Fatal(ok, err)
		}
		settle(t, parked, first)
		s.mustEnd()
		name := segment(t, fs, -1)
		b := fs.Bytes(name)
		at := bytes.LastIndex(b, []byte("two"))
		b[bytes.LastIndex(b[:at], []byte("tpr\x01"))] ^= 1
		fs.SetBytes(name, b)

		v, err := spool.LookFS(fs, dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range v.Recipients {
			fits(t, r.Stats)
		}
		equal(t, "given", v.Given, 2)
		s = open(t, options(fs))
		qs := []*spool.Queue{s.queue("took"), s.queue("parked"), s.queue("idle")}
		for _, q := range qs {
			fits(t, q.Stats())
		}
		s.add("a", "three")
		for i, want := range []uint64{0, 0, 1} {
			texts(t, qs[i])
			st := qs[i].Stats()
			fits(t, st)
			equal(t, "damaged", st.Damaged, want)
		}
	})
}
