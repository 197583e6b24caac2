package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestIDs: what is read again has the same ids, what is new has new ones.
func TestIDs(t *testing.T) {
	t.Parallel()
	c := newCounter(t, always(200))
	recipient := func(c *counter) string {
		return fmt.Sprintf("[[recipients.http]]\nname = \"r\"\nurl = \"%s/\"\n", c.URL)
	}
	session := func(int) string { return "s" }

	s := newSite(t, recipient(c))
	s.appendLines(100, session)
	p := s.run()
	wait(t, "the first generation", func() bool { return c.distinct() == 100 })
	first := idsOf(c.all())

	// copytruncate: the file keeps its inode and begins anew.
	copyFile(t, s.log, s.log+".1")
	if err := os.Truncate(s.log, 0); err != nil {
		t.Fatal(err)
	}
	s.appendLines(100, session)
	wait(t, "the second generation", func() bool { return c.distinct() == 200 })
	p.stop()
	if n := c.repeated(); n != 0 {
		t.Errorf("%d events were sent twice", n)
	}
	checkIDs(t, c.all())
	if all := idsOf(c.all()); len(all) != 200 {
		t.Errorf("two generations have %d ids, want 200", len(all))
	}

	// The same log, copied to another site whose source has the same name.
	again := newCounter(t, always(200))
	copied := newSite(t, recipient(again))
	copyFile(t, s.log+".1", copied.log)
	p = copied.run()
	wait(t, "the copy", func() bool { return again.distinct() == 100 })
	p.stop()
	wantSameIDs(t, "a copy", first, idsOf(again.all()))

	// Read again with an empty state directory.
	if err := os.RemoveAll(filepath.Join(copied.dir, "state")); err != nil {
		t.Fatal(err)
	}
	p = copied.run()
	wait(t, "the re-read", func() bool { return again.repeated() == 100 })
	p.stop()
	wantSameIDs(t, "a re-read", first, idsOf(again.all()))
}

func idsOf(as []arrival) map[string]bool {
	out := map[string]bool{}
	for _, a := range as {
		out[a.id] = true
	}
	return out
}

func wantSameIDs(t *testing.T, what string, want, got map[string]bool) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s has %d ids, want %d", what, len(got), len(want))
	}
	for id := range got {
		if !want[id] {
			t.Fatalf("%s has an id of its own: %s", what, id)
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
