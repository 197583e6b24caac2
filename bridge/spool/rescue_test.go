package spool_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// TestIntervalSyncsWhileItWaitsForRoom: what was told with fsync = interval is
// synced and given out, though there is no room for what comes next.
func TestIntervalSyncsWhileItWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(2 << 30)
		o := options(fs)
		o.Fsync, o.MinFree, o.MaxBytes = "interval", "2MiB", 2<<30
		s := open(t, o)
		q := s.queue("r")
		told := 0
		add := func() error {
			_, err := s.Append(t.Context(), ingest("a", fmt.Sprint(told, strings.Repeat("x", 20_000))))
			if err == nil {
				told++
			}
			return err
		}
		for range 100 { // about half of what is taken in advance
			if err := add(); err != nil {
				t.Fatal(err)
			}
		}
		fs.SetTotal((32 + 4 + 2 + 1) << 20)
		go func() {
			for add() == nil {
			}
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		if s.Status().Full == "" {
			t.Fatal("it is not full")
		}
		got, _ := texts(t, q)
		equal(t, "events given out", len(got), told)
		durable := 0
		if err := spool.ReadEventsFS(fs.Crash(0), dir, func(uint64, []byte) error { durable++; return nil }); err != nil {
			t.Fatal(err)
		}
		equal(t, "events after a power cut", durable, told)
	})
}

// TestMovedEventIsFoundWithoutItsFact damages each frame of the journal in
// turn, after a parked event has been moved into a newer segment.
func TestMovedEventIsFoundWithoutItsFact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		o := options(fs)
		o.Keep = 0
		s := open(t, o)
		q, slow := s.queue("r"), s.queue("slow")
		s.fill(0, 40)
		deliverAll(t, q, func(i int) bool { return i == 15 })
		s.fill(40, 41)
		deliverAll(t, q, none)
		s.queue("third") // the journal is renewed: r's checkpoint is past 15's segment
		deliverAll(t, slow, none)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		s.mustEnd()
		base := fs.Crash(0)
		frames := 0
		for _, name := range base.Files(filepath.Join(dir, "journal")) {
			b := base.Bytes(name)
			for at := 1024; at+32 <= len(b); at += 8 {
				if string(b[at:at+4]) != "tpr\x01" {
					continue
				}
				frames++
				hurt := base.Crash(0)
				c := append([]byte(nil), b...)
				c[at+16] ^= 1
				hurt.SetBytes(name, c)
				o.FS = hurt
				if !has(t, o, "15 ") {
					t.Errorf("%s: without the frame of kind %d at %d the parked event is lost", filepath.Base(name), b[at+4], at)
				}
			}
		}
		if frames < 5 {
			t.Errorf("%d frames only", frames)
		}
	})
}

// has reports whether a recipient can still get the event of that text, parked
// or not.
func has(t *testing.T, o spool.Options, prefix string) bool {
	t.Helper()
	s, err := spool.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	q, err := s.Queue("r")
	if err != nil {
		t.Fatal(err)
	}
	parked, _ := q.Restored()
	for _, p := range parked {
		if it, err := q.Get(t.Context(), p.Number); err == nil && strings.HasPrefix(string(it.Data), prefix) {
			return true
		}
	}
	got, _ := texts(t, q)
	for _, g := range got {
		if strings.HasPrefix(g, prefix) {
			return true
		}
	}
	return false
}
