package main

import (
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"testing"
)

// TestRotatedWhileDown: killed, the log rotated and compressed twice, started
// again: every line arrives, in order, and none twice but what was in flight.
func TestRotatedWhileDown(t *testing.T) {
	t.Parallel()
	c := newCounter(t, always(200))
	s := newSite(t, fmt.Sprintf("[[recipients.http]]\nname = \"r\"\nurl = \"%s/\"\norder = \"strict\"\n", c.URL))
	session := func(int) string { return "s" }
	s.appendLines(400, session)
	p := s.run()
	wait(t, "some lines", func() bool { return c.distinct() >= 120 })
	p.kill()
	for _, to := range []string{".3.gz", ".2.gz", ".1"} {
		s.appendLines(200, session)
		if to == ".1" {
			if err := os.Rename(s.log, s.log+to); err != nil {
				t.Fatal(err)
			}
		} else {
			compressFile(t, s.log, s.log+to)
		}
	}
	s.appendLines(200, session)
	p = s.run()
	wait(t, "all lines", func() bool { return c.distinct() == s.lines })
	p.stop()
	if n := c.repeated(); n > 1 {
		t.Errorf("%d repeated, with one in flight", n)
	}
	checkIDs(t, c.all())
	checkSessionOrder(t, c.all())
}

// compressFile does what gzip does: the archive has the file's time, and takes
// its place.
func compressFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(out)
	_, err = z.Write(b)
	if err := errors.Join(err, z.Close(), out.Close(), os.Chtimes(to, st.ModTime(), st.ModTime()), os.Remove(from)); err != nil {
		t.Fatal(err)
	}
}
