package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// tailpost runs a command on the site and gives what it printed, on standard
// error too, and its exit code.
func (s *site) tailpost(args ...string) (string, int) {
	s.t.Helper()
	out, err := exec.Command("tailpost", append(args, "--config", s.config)...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	if exit != nil {
		return string(out), exit.ExitCode()
	}
	return string(out), 0
}

// says runs a command and fails the test unless it ends so.
func (s *site) says(wantCode int, want string, args ...string) string {
	s.t.Helper()
	out, code := s.tailpost(args...)
	if code != wantCode || !strings.Contains(out, want) {
		s.t.Errorf("%s: exit code %d, want %d with %q:\n%s", strings.Join(args, " "), code, wantCode, want, out)
	}
	return out
}

func recipientAt(name, url, more string) string {
	return fmt.Sprintf("[[recipients.http]]\nname = %q\nurl = %q\nretry_interval = \"100ms\"\n%s\n", name, url, more)
}

// TestControlSocket: commands that change something say the same whether the
// bridge runs or not.
func TestControlSocket(t *testing.T) {
	t.Parallel()
	c := newCounter(t, always(500))
	dies := recipientAt("desk", c.URL, `retry_duration = "200ms"`)
	s := newSite(t, dies+recipientAt("old", c.URL, `retry_duration = "1h"`))
	s.appendLines(1, func(int) string { return "one" })
	p := s.run()
	wait(t, "a dead letter", func() bool { return contains(p.log, `"message":"dead letter"`) })
	socket := filepath.Join(s.dir, "state", "control.sock")

	rounds := func() {
		t.Helper()
		s.says(2, "say which dead letters", "dead", "drop")
		s.says(0, "0 dead letters are dropped", "dead", "drop", "--recipient", "nobody")
		s.says(1, "no dead letter has this id", "dead", "replay", strings.Repeat("0", 32))
		s.says(1, "recipient desk is configured: take it out", "spool", "forget", "desk")
		s.says(1, "recipient nobody: no such recipient", "spool", "forget", "nobody")
	}
	rounds()
	s.says(0, "all sums fit", "audit")
	s.says(0, ".seg  1 ", "spool", "ls")
	s.says(0, ": 0 places are damaged", "spool", "verify")
	s.says(1, "is locked by process", "spool", "repair")
	info, err := os.Lstat(socket)
	if err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("socket %v, %v", info, err)
	}

	// A bridge that waits for the state directory leaves the socket alone.
	second := start(t, "run", "--config", s.config)
	s.says(0, "0 dead letters are dropped", "dead", "drop", "--recipient", "nobody")
	if err := second.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-second.exited
	if again, err := os.Lstat(socket); err != nil || !os.SameFile(info, again) {
		t.Errorf("the socket is another one: %v, %v", again, err)
	}
	p.stop()
	if _, err := os.Lstat(socket); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	rounds()

	// What a kill leaves is in nobody's way.
	p = s.run()
	wait(t, "the socket", func() bool { _, err := os.Lstat(socket); return err == nil })
	p.kill()
	if _, err := os.Lstat(socket); err != nil {
		t.Error(err)
	}
	rounds()

	// A recipient is taken out, and forgotten while the bridge runs.
	s.rewrite(dies)
	p = s.run()
	s.says(0, "1 event that waited is a dead letter now", "spool", "forget", "old")
	if out := s.says(0, "", "dead", "ls", "--recipient", "old"); !strings.Contains(out, "the recipient was forgotten") {
		t.Errorf("dead ls:\n%s", out)
	}
	s.says(0, "1 dead letter is dropped", "dead", "drop", "--recipient", "desk")
	if out := s.says(0, "", "dead", "ls", "--recipient", "desk"); strings.Contains(out, "one") {
		t.Errorf("a dropped letter is listed:\n%s", out)
	}
	p.stop()
}
