//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// newBooted gives a clean Debian whose systemd runs: as process 1, in
// namespaces and control groups of its own, with no network but loopback.
func newBooted(t *testing.T) *debian {
	t.Helper()
	d := newDebian(t)
	one(t)
	args := []string{"--directory=" + d.root, "--boot", "--register=no", "--private-network", "--link-journal=no", "--console=pipe", fmt.Sprint("--machine=tailpost-e2e-", os.Getpid())}
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		args = append(args, "--keep-unit") // there is nobody here to give it one
	}
	var said bytes.Buffer
	cmd := exec.Command("systemd-nspawn", args...)
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); cmd.Wait() }()
	t.Cleanup(func() {
		if d.init != "" {
			signal(t, d.init, syscall.SIGKILL)
		}
		cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		if t.Failed() {
			t.Logf("systemd-nspawn said:\n%s", &said)
		}
	})
	children := fmt.Sprintf("/proc/%d/task/%[1]d/children", cmd.Process.Pid)
	eventually(t, timeToArrive, "systemd as process 1", func() bool {
		select {
		case <-ended:
			t.Fatalf("systemd-nspawn has ended:\n%s", &said)
		default:
		}
		child, err := os.ReadFile(children)
		pid := strings.TrimSpace(string(child))
		comm, _ := os.ReadFile("/proc/" + pid + "/comm")
		if err != nil || string(comm) != "systemd\n" {
			return false
		}
		d.init = pid
		return true
	})
	eventually(t, timeToArrive, "a system that runs", func() bool {
		out, _ := d.command("systemctl", "is-system-running").Output()
		return string(out) == "running\n"
	})
	return d
}

// one waits until no other run of these tests has a system that runs: where
// nobody gives control groups out, they would share one.
func one(t *testing.T) {
	t.Helper()
	lock, err := os.Open(debianTree)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
}

// signal sends a signal to a process by its number here.
func signal(t *testing.T, pid string, sig syscall.Signal) {
	t.Helper()
	n, err := strconv.Atoi(pid)
	if err == nil {
		err = syscall.Kill(n, sig)
	}
	if err != nil {
		t.Errorf("signal %s: %v", pid, err)
	}
}

// shows gives what systemd knows of the service.
func (d *debian) shows(property string) string {
	d.t.Helper()
	return strings.TrimSpace(d.run("systemctl", "show", "--property="+property, "--value", "tailpost.service"))
}

// awaitShown waits until systemd knows that of the service.
func (d *debian) awaitShown(property, want string) {
	d.t.Helper()
	eventually(d.t, timeToArrive, property+"="+want, func() bool { return d.shows(property) == want })
}

// journal gives what the service has said.
func (d *debian) journal() string {
	d.t.Helper()
	return d.run("journalctl", "--no-pager", "--output=cat", "--unit=tailpost.service")
}

// dropIn writes lines for [Service] as `systemctl edit` does; none takes them
// away.
func (d *debian) dropIn(lines ...string) {
	d.t.Helper()
	const name = "/etc/systemd/system/tailpost.service.d/override.conf"
	if len(lines) == 0 {
		if err := os.RemoveAll(filepath.Dir(d.path(name))); err != nil {
			d.t.Fatal(err)
		}
	} else {
		d.write(name, "[Service]\n"+strings.Join(lines, "\n")+"\n", 0o644)
	}
	d.run("systemctl", "daemon-reload")
}

// wantOwned wants a file or directory with this mode and owner.
func (d *debian) wantOwned(path string, mode fs.FileMode, owner string) {
	d.t.Helper()
	if got, want := d.run("stat", "--format=%a %U:%G", path), fmt.Sprintf("%o %s\n", mode, owner); got != want {
		d.t.Errorf("%s is %s, want %s", path, got, want)
	}
}
