package trial

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds what a typed command may take.
const patience = 90 * time.Second

// Shell is bash, at which commands are typed one at a time, as somebody does
// who follows a README: the next one when the last has ended, or, if it goes on
// in the background, when it says that it is ready.
type Shell struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   shellOutput
	typed int
	runs  int // of the bridge
	ended chan error

	// Ready tells whether a bridge that runs can be sent to; nil: at once.
	Ready func() bool
}

// shellOutput is what all commands say, on either output.
type shellOutput struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *shellOutput) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

// NewShell starts bash in dir, with the directories bin before PATH. What runs
// at the test's end is killed.
func NewShell(t *testing.T, dir, bin string, env ...string) *Shell {
	t.Helper()
	s := &Shell{t: t, cmd: exec.Command("bash"), ended: make(chan error, 1)}
	s.cmd.Dir = dir
	s.cmd.Env = append(append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH")), env...)
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var err error
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.ended <- s.cmd.Wait() }() // when the last writer of out has gone
	t.Cleanup(func() {
		s.signal(syscall.SIGKILL)
		if t.Failed() {
			t.Logf("the shell's output:\n%s", s.Output())
		}
	})
	return s
}

// Output is what all commands have said so far.
func (s *Shell) Output() string {
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	return s.out.buf.String()
}

// Type types a command and returns when the next one may be typed. A command
// that fails fails the test. A bridge in the foreground takes no further ones.
func (s *Shell) Type(command string) {
	s.t.Helper()
	s.typed++
	mark := fmt.Sprintf("typed %d: ", s.typed)
	if _, err := fmt.Fprintf(s.in, "%s\necho \"%s$?\"\n", command, mark); err != nil {
		s.t.Fatalf("%s: %v", command, err)
	}
	runs := strings.Contains(command, "tailpost run ")
	if runs {
		s.runs++
	}
	background := strings.HasSuffix(command, "&")
	s.Wait(command, func(out string) bool {
		_, status, done := strings.Cut(out, mark)
		if done && !strings.HasPrefix(status, "0\n") {
			s.t.Fatalf("%s: failed", command)
		}
		if at := "\n" + out; strings.Contains(at, "\ntailpost: ") || strings.Contains(at, ": line ") {
			s.t.Fatalf("%s: an error", command)
		}
		switch {
		case runs:
			return strings.Count(out, `"message":"running"`) == s.runs && (s.Ready == nil || s.Ready())
		case background && strings.Contains(command, "tailpost receive"):
			return done && strings.Contains(out, "receiving on smtp://")
		}
		return done
	})
}

// Wait waits until done is true of the output.
func (s *Shell) Wait(what string, done func(out string) bool) {
	s.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !done(s.Output()); <-tick.C {
		if time.Now().After(deadline) {
			s.t.Fatalf("waited %v for: %s", patience, what)
		}
	}
}

// Stop ends all that runs by SIGTERM and returns when it has gone.
func (s *Shell) Stop() {
	s.t.Helper()
	s.signal(syscall.SIGTERM)
	select {
	case <-s.ended: // bash is ended by it; that is no failure
	case <-time.After(patience):
		s.t.Fatal("SIGTERM did not end it")
	}
	if strings.Contains(s.Output(), "DATA RACE") || strings.Contains(s.Output(), "panic:") {
		s.t.Error("a data race or a panic")
	}
}

func (s *Shell) signal(sig syscall.Signal) { _ = syscall.Kill(-s.cmd.Process.Pid, sig) }
