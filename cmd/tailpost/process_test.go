package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds what a test waits for: only a broken program takes so long,
// also on a machine that does much else.
const patience = 4 * time.Minute

// process is the real program, running.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	exited chan error
	log    *logBuffer
}

// logBuffer is a process's standard error.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// from gives what was written from that byte on.
func (b *logBuffer) from(at int) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.buf.Bytes()[at:])
}

// start runs the program. It is killed at the test's end.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	return begin(t, exec.Command("tailpost", args...))
}

// begin does it with a command.
func begin(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd, exited: make(chan error, 1), log: &logBuffer{}}
	p.cmd.Stderr = p.log
	p.cmd.Stdout = p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.exited <- p.cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		if t.Failed() {
			text := p.log.String()
			t.Logf("process %v logged:\n%s", cmd.Args[1:], text[max(0, len(text)-4000):])
			p.dump(len(text))
		}
		p.kill()
	})
	return p
}

// dump logs what each goroutine does, of a process that hangs, perhaps: its
// log ended at that byte.
func (p *process) dump(at int) {
	if p.cmd.Process.Signal(syscall.SIGQUIT) != nil {
		return // it has ended
	}
	select {
	case <-p.exited:
	case <-time.After(10 * time.Second):
	}
	text := p.log.from(at)
	p.t.Logf("it does:\n%s", text[:min(len(text), 400_000)])
}

// kill ends it with SIGKILL and waits until it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	for range p.exited {
	}
}

// stop ends it with SIGTERM and fails the test if that isn't clean.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case err := <-p.exited:
		if err != nil {
			p.t.Errorf("after SIGTERM: %v", err)
		}
	case <-time.After(patience):
		p.t.Error("SIGTERM did not end it")
	}
}

// running waits until the bridge says that it runs.
func (p *process) running() *process {
	p.t.Helper()
	wait(p.t, "the bridge to run", func() bool {
		select {
		case err := <-p.exited:
			p.t.Fatalf("it ended: %v", err)
		default:
		}
		return strings.Contains(p.log.String(), `"message":"running"`)
	})
	return p
}

// wait looks again and again until done. Looking takes a fifth of the time at
// most: the rest is the program's, which it looks at.
func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		began := time.Now()
		if done() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for %s", patience, what)
		}
		<-time.After(max(5*time.Millisecond, 4*time.Since(began)))
	}
}

// site is a directory with a configuration and a log.
type site struct {
	t      *testing.T
	dir    string
	config string
	log    string
	lines  int
	admin  string // what the configuration says of the admin listener
}

// newSite writes a configuration: text with %s for the log's path comes
// behind a source "log" that reads JSON lines from the beginning.
func newSite(t *testing.T, recipients string) *site {
	t.Helper()
	dir := t.TempDir()
	s := &site{t: t, dir: dir, config: filepath.Join(dir, "tailpost.toml"), log: filepath.Join(dir, "session.log"), admin: noListener(recipients)}
	s.rewrite(recipients)
	return s
}

// rewrite writes the configuration anew, with other recipients.
func (s *site) rewrite(recipients string) {
	s.t.Helper()
	s.write(s.config, fmt.Sprintf(`state_dir = "state"
%s
[log]
format = "json"
%s
[[sources.tail]]
name         = "log"
path         = "session.log"
format       = "json"
max_line     = "32KiB"
start        = "beginning"
appliance_id = "support.example.com"
`, s.admin, recipients))
}

// noListener is the line that goes without one, where a text says nothing else.
func noListener(text string) string {
	if strings.Contains(text, "[admin]") {
		return ""
	}
	return "admin.listen = \"\""
}

func (s *site) write(path, text string) {
	s.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// appendLines adds session events to the log: the nth event of the log (from
// 1) has n as its timestamp, and session(n).
func (s *site) appendLines(n int, session func(n int) string) {
	s.t.Helper()
	f, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	var b bytes.Buffer
	for range n {
		s.lines++
		fmt.Fprintf(&b, `{"event":"support_conference_member_added","timestamp":%d,"lsid":"%s","external_key":"INC%d","name":"Zoë Müller","type":"customer"}`+"\n",
			s.lines, session(s.lines), s.lines)
	}
	if _, err := f.Write(b.Bytes()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) run() *process {
	s.t.Helper()
	return start(s.t, "run", "--config", s.config).running()
}
