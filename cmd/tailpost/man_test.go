package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/config"
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
		if !bytes.Contains(page, []byte("\n.SH \"EXAMPLES\"\n.nf\n  tailpost ")) {
			t.Errorf("%s has no example", name)
		}
	})
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != pages || pages < 25 {
		t.Errorf("%d commands, %d pages, %v", pages, len(files), err)
	}
}

// TestConfigurationHasManualPage: each table and each key of the reference is
// in it.
func TestConfigurationHasManualPage(t *testing.T) {
	about := aboutPages(time.Unix(1_700_000_000, 0))
	page := configPage(about)
	if !bytes.Equal(page, configPage(about)) {
		t.Error("the second is another page")
	}
	keys := 0
	for _, table := range config.Reference() {
		_, part, ok := bytes.Cut(page, []byte(".SS \""+table.Heading()+"\"\n"))
		if table.Name == "" {
			_, part, ok = bytes.Cut(page, []byte(".SS \"Before the first table\"\n"))
		}
		if !ok {
			t.Errorf("%s is not in it", table.Heading())
		}
		part, _, _ = bytes.Cut(part, []byte("\n.S"))
		for _, k := range table.Keys {
			if k.Of != "" || table.Like != "" {
				continue
			}
			keys++
			if !bytes.Contains(part, []byte("\n\\fB"+k.Name+"\\fR\n"+k.Type)) {
				t.Errorf("%s is not in it", k.Path())
			}
		}
	}
	if keys < 100 {
		t.Errorf("the reference has %d keys only", keys)
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
