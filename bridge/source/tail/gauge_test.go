package tail

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge/source/access"
	"github.com/tailpost/tailpost/bridge/status"
)

// TestGaugeKnowsForHowLong: the oldest byte that nobody took counts, not the
// time since nothing was unread.
func TestGaugeKnowsForHowLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		id := fileID{ino: 1}
		g := &gauge{}
		began := time.Now()
		look := func(size int64) {
			g.looks()
			g.looked(access.Reason{}, []sighting{{"app.log", fileStat{id: id, size: size, mtime: time.Now().UnixNano()}}})
		}
		look(10)
		if f := g.fares(); f.bytes != 0 {
			t.Errorf("it isn't known where to begin: %+v", f)
		}
		g.read(known{decided: true, files: []held{{id: id, path: "app.log"}}}, nil)
		want := func(bytes int64, since time.Duration) {
			t.Helper()
			f := g.fares()
			if f.bytes != bytes || bytes > 0 && f.first.Sub(began) != since || (bytes == 0) != f.first.IsZero() {
				t.Errorf("%d bytes since %v, want %d since %v", f.bytes, f.first.Sub(began), bytes, since)
			}
		}
		want(10, 0)
		for range 100 { // more than are kept one by one
			time.Sleep(time.Second)
			size := 10 + int64(time.Since(began)/time.Second)
			look(size)
		}
		want(110, 0)
		g.moved(id, 60)
		if f := g.fares(); f.bytes != 50 || f.first.Sub(began) > 50*time.Second || f.first.Sub(began) < 20*time.Second {
			t.Errorf("%+v", f.first.Sub(began))
		}
		g.moved(id, 109)
		want(1, 100*time.Second)
		g.moved(id, 110)
		want(0, 0)
		time.Sleep(time.Minute)
		look(111)
		want(1, 160*time.Second)
		if n := len(g.arrived[id]); n > arrivalsMost {
			t.Errorf("%d are kept", n)
		}
		look(0) // truncated
		g.read(known{decided: true, files: []held{{id: id, path: "app.log"}}}, nil)
		want(0, 0)
	})
}

// TestGaugeOfALookThatHangs: a file server that is gone answers nothing.
func TestGaugeOfALookThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gauge{}
		g.looks()
		g.looked(access.Reason{}, nil)
		g.looks()
		time.Sleep(lookMost - 1)
		if f := g.fares(); f.state != status.OK {
			t.Errorf("%+v", f)
		}
		time.Sleep(time.Nanosecond)
		if f := g.fares(); f.state != status.Unreadable || f.text == "" || time.Since(f.since) != lookMost {
			t.Errorf("%+v", f)
		}
		g.looked(access.Reason{}, nil)
		if f := g.fares(); f.state != status.OK {
			t.Errorf("%+v", f)
		}
	})
}
