//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// podman runs containers out of a directory of its own. What it does with
// images and cgroups is what Docker does, but that the limits of files and
// processes are small enough for machines that are containers themselves.
type podman struct {
	t   *testing.T
	env []string
}

const (
	engineConf = `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
tmp_dir = "DIR/tmp"
`
	storageConf = `[storage]
driver = "DRIVER"
graphroot = "DIR/images"
runroot = "DIR/run"
`
)

func newPodman(t *testing.T) *podman {
	t.Helper()
	dir, err := os.MkdirTemp("", "tailpost-podman-") // short: sockets lie in it
	if err != nil {
		t.Fatal(err)
	}
	driver := "vfs"
	if overlayWorks(t) {
		driver = "overlay"
	}
	p := &podman{t: t, env: append(os.Environ(), "DISABLE_HC_SYSTEMD=true")}
	fill := strings.NewReplacer("DIR", dir, "DRIVER", driver)
	for name, conf := range map[string]string{"CONTAINERS_CONF": engineConf, "CONTAINERS_STORAGE_CONF": storageConf} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(fill.Replace(conf)), 0o600); err != nil {
			t.Fatal(err)
		}
		p.env = append(p.env, name+"="+path)
	}
	t.Cleanup(func() {
		p.must("rm", "--all", "--force", "--time=0")
		_ = syscall.Unmount(filepath.Join(dir, "images", "overlay"), syscall.MNT_DETACH) // podman's own
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return p
}

// overlayWorks tells whether images can be put together of layers: not where
// this machine's own files are of that kind. Then they are copied.
func overlayWorks(t *testing.T) bool {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"lower", "upper", "work", "merged"} {
		if err := os.Mkdir(at(name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	err := syscall.Mount("overlay", at("merged"), "overlay", 0, "lowerdir="+at("lower")+",upperdir="+at("upper")+",workdir="+at("work"))
	if err != nil {
		return false
	}
	if err := syscall.Unmount(at("merged"), 0); err != nil {
		t.Fatal(err)
	}
	return true
}

// podmanMost bounds one command of podman; a build is the longest.
const podmanMost = 5 * time.Minute

// try runs podman and gives its standard output, without blanks around it. An
// error has what it said besides.
func (p *podman) try(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), podmanMost)
	defer cancel()
	cmd := p.command(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("podman %v: %w\n%s%s", args, err, &stdout, &stderr)
	}
	return strings.TrimSpace(stdout.String()), err
}

func (p *podman) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "podman", args...)
	cmd.Env = p.env
	return cmd
}

func (p *podman) must(args ...string) string {
	p.t.Helper()
	out, err := p.try(args...)
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}
