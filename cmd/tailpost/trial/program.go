package trial

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Program is the real bridge on a directory of its own, over several starts.
type Program struct {
	t      *testing.T
	binary string
	Dir    string // the configuration's; state/ and session.log lie in it
	Tool   string // what Command and Try run; empty: the binary that Start runs
	Config string // what they are given, a name in Dir; empty: what the bridge has
	cmd    *exec.Cmd
	logged int64      // bytes that stood in the log when it was started
	ended  chan error // gives how the running process ended, once
}

// New writes the configuration to a new directory, see In.
func New(t *testing.T, binary, config string) *Program {
	t.Helper()
	return In(t, t.TempDir(), binary, config)
}

// In writes the configuration to dir. Relative paths in it are relative to
// dir; state_dir stands there already.
func In(t *testing.T, dir, binary, config string) *Program {
	t.Helper()
	p := &Program{t: t, binary: binary, Dir: dir}
	p.Configure(config)
	t.Cleanup(p.finish)
	return p
}

// Configure writes another configuration, for the next start.
func (p *Program) Configure(config string) {
	p.t.Helper()
	p.Write("tailpost.toml", "state_dir = \"state\"\nadmin.listen = \"\"\n[log]\nformat = \"json\"\n"+config)
}

// Path gives the path of a name relative to Dir.
func (p *Program) Path(name string) string { return filepath.Join(p.Dir, name) }

// Write puts a file into Dir.
func (p *Program) Write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(p.Path(name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// Start runs the bridge; it returns when the process exists.
func (p *Program) Start() {
	p.t.Helper()
	log, err := os.OpenFile(p.Path("tailpost.err"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	if is, err := log.Stat(); err == nil {
		p.logged = is.Size()
	}
	p.cmd = exec.Command(p.binary, "run", "--config", p.Path("tailpost.toml"))
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

// Kill sends SIGKILL and returns when the process is gone.
func (p *Program) Kill() {
	p.t.Helper()
	p.MustRun()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	<-p.ended
	p.cmd = nil
}

// Stop sends SIGTERM and wants exit status 0 within the default grace and
// some.
func (p *Program) Stop() {
	p.t.Helper()
	p.MustRun()
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

// Running reports whether the bridge has said that it runs.
func (p *Program) Running() bool {
	log, err := os.ReadFile(p.Path("tailpost.err"))
	return err == nil && bytes.Contains(log[min(p.logged, int64(len(log))):], []byte(`"message":"running"`))
}

// Signal sends a signal, which the bridge must not end by.
func (p *Program) Signal(s os.Signal) {
	p.t.Helper()
	p.MustRun()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// PID is that of the running process.
func (p *Program) PID() int { return p.cmd.Process.Pid }

// MustRun fails the test if the bridge has ended by itself.
func (p *Program) MustRun() {
	p.t.Helper()
	select {
	case err := <-p.ended:
		p.cmd = nil
		p.t.Fatalf("the bridge has ended by itself: %v", err)
	default:
	}
}

// Command runs another subcommand on the same configuration and gives its
// standard output. Any exit status but 0 fails the test.
func (p *Program) Command(args ...string) string {
	p.t.Helper()
	stdout, err := p.Try(args...)
	if err != nil {
		p.t.Fatalf("tailpost %v: %v", args, err)
	}
	return stdout
}

// Try runs another subcommand on the same configuration and gives its standard
// output. An error has its exit status and what it said on standard error.
func (p *Program) Try(args ...string) (string, error) {
	tool := p.Tool
	if tool == "" {
		tool = p.binary
	}
	config := cmp.Or(p.Config, "tailpost.toml")
	cmd := exec.Command(tool, append(args, "--config", p.Path(config))...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%w\n%s", err, &stderr)
	}
	return stdout.String(), nil
}

// Wipe forgets all that the bridge knows.
func (p *Program) Wipe() {
	p.t.Helper()
	if err := os.RemoveAll(p.Path("state")); err != nil {
		p.t.Fatal(err)
	}
}

// finish ends what still runs. What the bridge logged shows in a failed test;
// a data race or a panic fails any.
func (p *Program) finish() {
	if p.cmd != nil {
		p.cmd.Process.Kill()
		<-p.ended
	}
	log, err := os.ReadFile(p.Path("tailpost.err"))
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
