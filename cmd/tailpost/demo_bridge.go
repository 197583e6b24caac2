package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
)

// writeConfig writes the configuration that the demo's bridge runs with.
func (d *demo) writeConfig() error {
	text := fmt.Sprintf(`state_dir = "state"
admin.listen = ""

[log]
format = "json"

[smtp]
host     = "127.0.0.1"
port     = %s
security = "none"
from     = "tailpost@localhost"

[[sources.tail]]
name         = "appliance"
path         = "session.log"
format       = "bg"
start        = "beginning"
appliance_id = "support.example.com"

[[recipients.http]]
name           = "http"
url            = "http://%s/events?action=demo"
retry_interval = "500ms"

[[recipients.email]]
name           = "mail"
address        = "helpdesk@localhost"
retry_interval = "500ms"
subject        = "[%%%%external_key%%%%] %%%%event%%%%"
body           = "%%%%event%%%% in session %%%%lsid%%%%, timestamp %%%%timestamp%%%%"
`, portOf(d.rec.SMTPAddr()), d.rec.HTTPAddr())
	return os.WriteFile(d.configPath(), []byte(text), 0o600)
}

func (d *demo) configPath() string { return filepath.Join(d.dir, "tailpost.toml") }

func portOf(addr string) string {
	for i := len(addr) - 1; i >= 0; i-- {
		if addr[i] == ':' {
			return addr[i+1:]
		}
	}
	return addr
}

// demoBridge is the real program, running.
type demoBridge struct {
	cmd    *exec.Cmd
	exited chan error // has a value once it ended by itself or by us
	once   sync.Once
}

// startBridge runs the program that we are and waits until it says that it
// runs. What it logs goes into a file.
func (d *demo) startBridge(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	logFile, err := os.OpenFile(filepath.Join(d.dir, "bridge.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "run", "--config", d.configPath())
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	b := &demoBridge{cmd: cmd, exited: make(chan error, 1)}
	running := make(chan struct{})
	go func() {
		defer logFile.Close()
		var once sync.Once
		lines := bufio.NewScanner(stderr)
		lines.Buffer(nil, 1<<20) // our own log: its lines are bounded
		for lines.Scan() {
			fmt.Fprintf(logFile, "%s\n", lines.Bytes())
			var entry struct{ Message string }
			if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.Message == "running" {
				once.Do(func() { close(running) })
			}
		}
		b.exited <- cmd.Wait()
		close(b.exited)
	}()
	d.bridge = b
	select {
	case <-running:
		d.say("the bridge runs, as process %s", strconv.Itoa(cmd.Process.Pid))
		return nil
	case err := <-b.exited:
		return fmt.Errorf("the bridge did not start: %w", err)
	case <-ctx.Done():
		b.kill()
		return ctx.Err()
	}
}

// kill ends the bridge with SIGKILL and waits until it is gone.
func (b *demoBridge) kill() {
	b.once.Do(func() {
		_ = b.cmd.Process.Kill()
		for range b.exited {
		}
	})
}

// stop ends the bridge with SIGTERM.
func (b *demoBridge) stop(ctx context.Context) error {
	if err := b.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case err := <-b.exited:
		return err
	case <-ctx.Done():
		b.kill()
		return errors.New("the bridge did not stop in time")
	}
}
