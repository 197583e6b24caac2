//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestContainer builds the Dockerfile and runs what comes of it.
func TestContainer(t *testing.T) {
	p := newPodman(t)
	image := buildImage(t, p)
	run := func(name string, check func(t *testing.T, p *podman)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, &podman{t: t, env: p.env})
		})
	}
	run("image", func(t *testing.T, p *podman) { checkImage(t, p, image) })
	run("demo", func(t *testing.T, p *podman) { checkDemo(t, p, image) })
	run("demo, hardened", func(t *testing.T, p *podman) { checkDemo(t, p, image, append(hardened, "--tmpfs=/tmp")...) })
	run("demo, with the unit's system calls", func(t *testing.T, p *podman) {
		checkDemo(t, p, image, append(hardened, "--tmpfs=/tmp", "--security-opt=seccomp="+unitSeccomp(t))...)
	})
	run("run", func(t *testing.T, p *podman) { checkRun(t, p, image) })
	run("compose", func(t *testing.T, p *podman) { checkCompose(t, p, image) })
	run("stop", func(t *testing.T, p *podman) { checkStop(t, p, image) })
}

// hardened is what examples/docker-compose asks for, too. Podman would mount
// file systems in memory on /tmp and /run by itself.
var hardened = slices.Clip([]string{"--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--security-opt=no-new-privileges"})

// toured is the tour's last line. What the kill catches between the receiver's
// answer and the journal comes once more: that is how often at the most.
var toured = regexp.MustCompile(`8 events to 2 recipients: 0 missing, [0-2] repeated`)

// checkDemo wants the tour to end well.
func checkDemo(t *testing.T, p *podman, image string, options ...string) {
	out, err := p.try(slices.Concat([]string{"run", "--rm", "--network=none"}, options, []string{image, "demo"})...)
	if err != nil {
		t.Fatal(err)
	}
	if !toured.MatchString(out) {
		t.Errorf("the demo says:\n%s", out)
	}
}

// contained is a bridge in a container: its configuration and its log are
// mounted to be read, its state is a volume.
type contained struct {
	t    *testing.T
	p    *podman
	dir  string
	name string
}

const containedConfig = `[log]
format = "json"
[admin]
listen = ""
[[sources.tail]]
name         = "sessions"
path         = "/var/log/appliance/session.log"
format       = "bg"
appliance_id = "support.example.com"
[[recipients.http]]
name = "desk"
url  = "%s"
`

// runContained starts one, hardened, and waits until it runs.
func runContained(t *testing.T, p *podman, image, name, url string) *contained {
	t.Helper()
	c := &contained{t: t, p: p, dir: t.TempDir(), name: name}
	for _, d := range []string{"config", "log"} {
		if err := os.Mkdir(filepath.Join(c.dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	letIn(t, c.dir)
	c.configure(fmt.Sprintf(containedConfig, url))
	p.must(slices.Concat([]string{"run", "--detach", "--name=" + name, "--network=host", "--volume=" + name + ":/var/lib/tailpost",
		"--volume=" + c.dir + "/config:/etc/tailpost:ro", "--volume=" + c.dir + "/log:/var/log/appliance:ro"}, hardened, []string{image})...)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("its log:\n%s", c.log())
		}
	})
	c.logs(`"message":"running"`, 1)
	return c
}

// letIn lets the user of the image get to a directory of the test.
func letIn(t *testing.T, dir string) {
	t.Helper()
	for ; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// configure writes the configuration as an editor does: another file takes its
// place.
func (c *contained) configure(text string) {
	c.t.Helper()
	path := filepath.Join(c.dir, "config", "tailpost.toml")
	if err := os.WriteFile(path+".new", []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		c.t.Fatal(err)
	}
}

// write adds lines to the log: members from number n on.
func (c *contained) write(from, to int) {
	c.t.Helper()
	f, err := os.OpenFile(filepath.Join(c.dir, "log", "session.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		c.t.Fatal(err)
	}
	defer f.Close()
	for n := from; n < to; n++ {
		if _, err := f.WriteString(member(n)); err != nil {
			c.t.Fatal(err)
		}
	}
}

// log is what the bridge has logged, and what podman says if it can't tell.
func (c *contained) log() string {
	ctx, cancel := context.WithTimeout(context.Background(), podmanMost)
	defer cancel()
	out, err := c.p.command(ctx, "logs", c.name).CombinedOutput()
	if err != nil {
		return fmt.Sprintf("%v: %s", err, out)
	}
	return string(out)
}

// logs waits until a text was logged so often.
func (c *contained) logs(text string, times int) {
	c.t.Helper()
	eventually(c.t, timeToArrive, "logged: "+text, func() bool { return strings.Count(c.log(), text) >= times })
}

// checkRun: a log, a configuration and a volume are all it needs; it is
// healthy, reloads, and goes on after a restart.
func checkRun(t *testing.T, p *podman, image string) {
	desk := reservePort(t)
	r := serve(t, desk, 200)
	c := runContained(t, p, image, "works", "http://"+desk.addr+"/")
	c.write(0, 10)
	r.await(t.Context(), t, 10)

	for _, check := range [][]string{{"exec", c.name, "tailpost", "health"}, {"exec", c.name, "tailpost", "health", "--ready"}, {"healthcheck", "run", c.name}} {
		if out, err := p.try(check...); err != nil {
			t.Errorf("%s: %v", out, err)
		}
	}
	c.checkNobody()

	c.configure(fmt.Sprintf(containedConfig, "http://"+desk.addr+"/other"))
	c.logs(`"message":"configuration reloaded"`, 1)
	p.must("stop", "--time=10", c.name)
	c.write(10, 20)
	if out, err := p.try("healthcheck", "run", c.name); err == nil {
		t.Errorf("a bridge that was stopped is healthy: %s", out)
	}
	p.must("start", c.name)
	r.await(t.Context(), t, 20)
	p.must("stop", "--time=10", c.name)
	if n, _ := r.count(); n != 20 {
		t.Errorf("%d POSTs of 20 events", n)
	}
}

// checkNobody looks at the process from outside: no root, no capability, and
// no way to get one.
func (c *contained) checkNobody() {
	c.t.Helper()
	status := readText(c.t, "/proc/"+c.p.must("inspect", "--format={{.State.Pid}}", c.name)+"/status")
	for _, want := range []string{`Uid:\s65532\s65532\s65532\s65532`, `Gid:\s65532\s65532\s65532\s65532`, `CapPrm:\s0+$`, `CapEff:\s0+$`, `CapBnd:\s0+$`, `NoNewPrivs:\s1`, `Seccomp:\s2`} {
		if !regexp.MustCompile(`(?m)^` + want).MatchString(status) {
			c.t.Errorf("no %s in\n%s", want, status)
		}
	}
}

// checkStop: SIGTERM ends it within what docker stop waits, 10 s, whatever a
// receiver does; and it goes on with what was in flight.
func checkStop(t *testing.T, p *podman, image string) {
	held, done := make(chan struct{}, 100), make(chan struct{})
	mute := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		held <- struct{}{}
		select {
		case <-done:
		case <-r.Context().Done():
		}
	}))
	defer mute.Close()
	defer close(done)
	c := runContained(t, p, image, "stops", mute.URL)
	c.write(0, 1)
	select {
	case <-held:
	case <-time.After(timeToArrive):
		t.Fatal("no attempt")
	}
	began := time.Now()
	p.must("stop", "--time=10", c.name)
	took := time.Since(began)
	if code := p.must("inspect", "--format={{.State.ExitCode}}", c.name); code != "0" || took > 10*time.Second {
		t.Errorf("exit code %s after %v", code, took)
	}
	t.Logf("stopped in %v, with an attempt that doesn't end", took.Round(10*time.Millisecond))
}
