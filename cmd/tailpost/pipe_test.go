package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// TestOutputThatNobodyReads: whoever reads standard output or the log goes
// away; the other recipients get their events, and SIGTERM ends it cleanly.
func TestOutputThatNobodyReads(t *testing.T) {
	t.Parallel()
	c := newCounter(t, always(200))
	s := newSite(t, fmt.Sprintf(`[[recipients.file]]
name           = "out"
path           = "-"
retry_interval = "100ms"
[[recipients.http]]
name = "desk"
url  = "%s/"
`, c.URL))
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("tailpost", "run", "--config", s.config)
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	for n := 1; n <= 5; n++ {
		s.appendLines(1, func(int) string { return "s" })
		wait(t, "the event", func() bool { return c.distinct() == n })
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("exit: %v", err)
	}
}
