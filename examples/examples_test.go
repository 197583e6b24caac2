package examples

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/app"
	"github.com/tailpost/tailpost/bridge/config"
)

// events is how many events each example's log has.
var events = map[string]int{"local-file": 8}

// TestExamples runs the bridge on a copy of each folder, and once more with
// the log's last line added again: that alone is new.
func TestExamples(t *testing.T) {
	folders, err := filepath.Glob("*/tailpost.toml")
	if err != nil || len(folders) != len(events) {
		t.Fatalf("examples %q, %v; want %d", folders, err, len(events))
	}
	for _, path := range folders {
		name := filepath.Dir(path)
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(name)); err != nil {
				t.Fatal(err)
			}
			c, problems := config.Load(filepath.Join(dir, "tailpost.toml"))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			out := filepath.Join(dir, "events.jsonl")
			run(t, c, out, events[name])
			repeatLastLine(t, filepath.Join(dir, "session.log"))
			run(t, c, out, events[name]+1)
		})
	}
}

func repeatLastLine(t *testing.T, log string) {
	t.Helper()
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(b, []byte("\n"))
	b = append(b, lines[len(lines)-2]...)
	if err := os.WriteFile(log, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// run lets the bridge run until the file has that many lines, and stops it.
func run(t *testing.T, c *config.Config, file string, want int) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- app.Run(ctx, c, app.Options{}) }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	got := 0
	for ; got < want && ctx.Err() == nil; <-tick.C {
		b, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		got = bytes.Count(b, []byte("\n"))
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(b, []byte("\n")); n != want {
		t.Errorf("%d events, want %d", n, want)
	}
}
