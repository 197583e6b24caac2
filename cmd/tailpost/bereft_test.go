package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSegmentsTakenAway: with the segments the positions are gone. That is no
// first start, at which the log would be skipped to its end: it is read from
// its beginning, and what comes again has the ids that it had.
func TestSegmentsTakenAway(t *testing.T) {
	t.Parallel()
	c := newCounter(t, always(200))
	s := newSite(t, fmt.Sprintf("[[recipients.http]]\nname = \"r\"\nurl = \"%s/\"\n", c.URL))
	session := func(int) string { return "s" }
	s.appendLines(10, session)
	p := s.run()
	wait(t, "the first lines", func() bool { return c.distinct() == 10 })
	p.stop()

	b, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	s.write(s.config, strings.Replace(string(b), `start        = "beginning"`, `start        = "end"`, 1))
	if err := os.RemoveAll(filepath.Join(s.dir, "state", "segments")); err != nil {
		t.Fatal(err)
	}
	s.appendLines(5, session)
	p = s.run()
	wait(t, "the line that nobody had read", func() bool { return c.distinct() == 15 })
	p.stop()
	checkIDs(t, c.all())
	if !strings.Contains(p.log.String(), "no segment is left") {
		t.Error("it says nothing of it")
	}
}
