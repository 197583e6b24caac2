package main

import (
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestWatchdogsSignal: what a watchdog ends, ends by a signal. An exit code of 2
// would say that the configuration is refused, and nobody would start it again.
func TestWatchdogsSignal(t *testing.T) {
	t.Parallel()
	s := newSite(t, "[[recipients.file]]\nname = \"f\"\npath = \"events.jsonl\"\n")
	p := s.run()
	if err := p.cmd.Process.Signal(syscall.SIGABRT); err != nil {
		t.Fatal(err)
	}
	var err error
	select {
	case err = <-p.exited:
	case <-time.After(patience):
		t.Fatal("SIGABRT did not end it")
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("ended with %v", err)
	}
	status := exit.Sys().(syscall.WaitStatus)
	if !status.Signaled() || status.Signal() != syscall.SIGABRT || status.CoreDump() {
		t.Errorf("ended with %v, core %v", err, status.CoreDump())
	}
	if log := p.log.String(); !strings.Contains(log, "SIGABRT") || !strings.Contains(log, "goroutine") {
		t.Errorf("it doesn't say what it was doing:\n%s", log)
	}
}
