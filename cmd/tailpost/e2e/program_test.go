//go:build e2e

package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// program is the real bridge on a directory of its own, over several starts.
type program struct {
	t      *testing.T
	binary string
	dir    string // the configuration's; state/ and session.log lie in it
	cmd    *exec.Cmd
	ended  chan error // gives how the running process ended, once
}

// newProgram writes the configuration to a new directory. Relative paths in
// it are relative to that directory; state_dir stands there already.
func newProgram(t *testing.T, binary, config string) *program {
	t.Helper()
	p := &program{t: t, binary: binary, dir: t.TempDir()}
	p.configure(config)
	t.Cleanup(p.finish)
	return p
}

// configure writes another configuration, for the next start.
func (p *program) configure(config string) {
	p.t.Helper()
	p.write("tailpost.toml", "state_dir = \"state\"\n[log]\nformat = \"json\"\n"+config)
}

func (p *program) path(name string) string { return filepath.Join(p.dir, name) }

func (p *program) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(p.path(name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// start runs the bridge; it returns when the process exists.
func (p *program) start() {
	p.t.Helper()
	log, err := os.OpenFile(p.path("tailpost.err"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	p.cmd = exec.Command(p.binary, "run", "--config", p.path("tailpost.toml"))
	p.cmd.Stdout, p.cmd.Stderr = log, log
	// Should the test itself die, the bridge goes with it.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	cmd, ended := p.cmd, make(chan error, 1)
	p.ended = ended
	go func() { ended <- cmd.Wait() }()
}

// kill sends SIGKILL and returns when the process is gone.
func (p *program) kill() {
	p.t.Helper()
	p.mustRun()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	<-p.ended
	p.cmd = nil
}

// stop sends SIGTERM and wants exit status 0 within the default grace and
// some.
func (p *program) stop() {
	p.t.Helper()
	p.mustRun()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case err := <-p.ended:
		p.cmd = nil
		if err != nil {
			p.t.Fatalf("after SIGTERM: %v", err)
		}
	case <-time.After(15 * time.Second):
		p.t.Fatal("still running 15 s after SIGTERM")
	}
}

// mustRun fails the test if the bridge has ended by itself.
func (p *program) mustRun() {
	p.t.Helper()
	select {
	case err := <-p.ended:
		p.cmd = nil
		p.t.Fatalf("the bridge has ended by itself: %v", err)
	default:
	}
}

// command runs another subcommand on the same configuration and gives its
// standard output. Any exit status but 0 fails the test.
func (p *program) command(args ...string) string {
	p.t.Helper()
	cmd := exec.Command(p.binary, append(args, "--config", p.path("tailpost.toml"))...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		p.t.Fatalf("tailpost %v: %v\n%s", args, err, &stderr)
	}
	return stdout.String()
}

// wipe forgets all that the bridge knows.
func (p *program) wipe() {
	p.t.Helper()
	if err := os.RemoveAll(p.path("state")); err != nil {
		p.t.Fatal(err)
	}
}

// finish ends what still runs. What the bridge logged shows in a failed test;
// a data race or a panic fails any.
func (p *program) finish() {
	if p.cmd != nil {
		p.cmd.Process.Kill()
		<-p.ended
	}
	log, err := os.ReadFile(p.path("tailpost.err"))
	if err != nil && !os.IsNotExist(err) {
		p.t.Error(err)
	}
	for _, bad := range []string{"DATA RACE", "panic:", "fatal error:"} {
		if bytes.Contains(log, []byte(bad)) {
			p.t.Errorf("the bridge's log has %q in it", bad)
		}
	}
	if p.t.Failed() {
		p.t.Logf("end of the bridge's log:\n%s", log[max(0, len(log)-16<<10):])
	}
}
