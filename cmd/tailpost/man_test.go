package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/cmd/tailpost/manpage"
)

// TestEveryCommandHasManualPage: with an example, and the same bytes each time.
func TestEveryCommandHasManualPage(t *testing.T) {
	dir, again := t.TempDir(), t.TempDir()
	about := aboutPages(time.Unix(1_700_000_000, 0))
	for _, d := range []string{dir, again} {
		if err := manpage.WriteTree(d, newRoot(), about); err != nil {
			t.Fatal(err)
		}
	}
	pages := 0
	eachCommand(newRoot(), func(c *cobra.Command) {
		pages++
		name := manpage.Name(c) + ".1"
		page, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			return
		}
		second, err := os.ReadFile(filepath.Join(again, name))
		if err != nil || !bytes.Equal(page, second) {
			t.Errorf("%s: the second is another page, %v", name, err)
		}
		if !bytes.Contains(page, []byte("\n.SH EXAMPLES\n.nf\n  tailpost ")) {
			t.Errorf("%s has no example", name)
		}
	})
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != pages || pages < 25 {
		t.Errorf("%d commands, %d pages, %v", pages, len(files), err)
	}
}

// eachCommand calls do with c and with all below it that people see.
func eachCommand(c *cobra.Command, do func(*cobra.Command)) {
	if c.Hidden {
		return
	}
	do(c)
	for _, sub := range c.Commands() {
		eachCommand(sub, do)
	}
}
