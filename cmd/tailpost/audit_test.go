package main

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/tailpost/tailpost/bridge/app"
)

// TestAuditWhileRunning: the sums fit at every moment of a bridge at work, with
// events that are delivered, filtered, parked and dead, segments that go and a
// journal that is written anew; and after a kill.
func TestAuditWhileRunning(t *testing.T) {
	t.Parallel()
	c := newCounter(t, func(a arrival) int {
		if a.timestamp%50 == 0 {
			return 500
		}
		return 200
	})
	s := newSite(t, `[spool]
max_bytes = "1MiB"
keep = "0s"
`+recipientAt("desk", c.URL, `retry_duration = "300ms"`)+recipientAt("filters", c.URL, `events = ["support_conference_end"]`)+`
[[recipients.file]]
name = "file"
path = "out.jsonl"
`)
	const lines = 1000 // segments of 64 KiB are rolled, journal files of 32 KiB written anew
	p := s.run()
	looks := 0
	look := func() {
		t.Helper()
		b, err := app.Audit(filepath.Join(s.dir, "state"))
		if err != nil {
			t.Fatal(err)
		}
		looks++
		if len(b.Problems) > 0 {
			t.Fatalf("look %d: %q\n%+v", looks, b.Problems, b)
		}
	}
	for sent := 0; sent < lines; sent += 200 {
		s.appendLines(200, func(n int) string { return fmt.Sprint("s", n%20) })
		if sent == 400 {
			p.kill()
			look()
			p = s.run()
		}
		wait(t, "the lines", func() bool { look(); return c.distinct() >= sent*9/10 })
	}
	wait(t, "all that can be delivered", func() bool { look(); return c.distinct() >= lines-lines/50 })
	p.stop()
	look()
	t.Logf("%d looks", looks)
	b, err := app.Audit(filepath.Join(s.dir, "state"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range b.Recipients { // what was filtered doesn't wait, once it has stopped
		if r.Recipient == "filters" && (r.Waiting != 0 || r.Filtered != lines) {
			t.Errorf("%+v", r)
		}
	}
}
