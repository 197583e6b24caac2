package main

import (
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const readyConfig = `state_dir = "state"
[admin]
listen = "127.0.0.1:0"
[log]
format = "json"
[[sources.tail]]
name   = "plain"
path   = "logs/plain.log"
format = "json"
[[sources.tail]]
name   = "away"
path   = "away/away.log"
format = "json"
[[sources.tail]]
name   = "folder"
path   = "logs/folder.log"
format = "json"
[[sources.tail]]
name   = "shut"
path   = "logs/shut.log"
format = "json"
start  = "beginning"
[[sources.tail]]
name   = "open"
path   = "logs/open.log"
format = "json"
[[recipients.http]]
name           = "down"
url            = "http://127.0.0.1:1/"
retry_interval = "100ms"
`

// TestReadiness: a recipient that is down, a log that doesn't exist yet, and one
// that was rotated away leave the bridge ready. A log that may not be read, one
// that is a folder, and one whose folder is gone make it unready, after ten
// seconds; it is ready again when they are mended. How soon is shown without
// other processes beside it: by TestReadinessOfSources to the second, and of a
// real disk by TestIdleBridgeNotices.
func TestReadiness(t *testing.T) {
	t.Parallel()
	b := newReadySite(t)
	b.wait("ready", 200)
	wait(t, "the recipient to be down", func() bool { return strings.Contains(b.get("/api/status"), `"state":"down"`) })
	b.write("logs/plain.log", 0o644)
	b.rename("logs/plain.log", "logs/plain.log.1")

	began := time.Now()
	b.rename("away", "elsewhere")
	b.rename("logs/folder.log", "logs/folder.log.1")
	if err := os.Mkdir(b.path("logs/folder.log"), 0o755); err != nil {
		t.Fatal(err)
	}
	b.rename("logs/shut.log", "logs/shut.log.1")
	b.write("logs/shut.log", 0)
	b.chmod("logs/open.log", 0)
	if b.wait("unready", 503); time.Since(began) < 10*time.Second {
		t.Errorf("unready after %v", time.Since(began))
	}
	wait(t, "all reasons", func() bool {
		why := b.get("/readyz")
		return strings.Contains(why, "source away is unreadable: the directory "+b.path("away")+" does not exist: ") &&
			strings.Contains(why, "source folder is unreadable: "+b.path("logs/folder.log")+" is a directory") &&
			strings.Contains(why, "source shut is unreadable: no permission to read "+b.path("logs/shut.log")+", which has owner ") &&
			strings.Contains(why, "source open is unreadable: no permission to read "+b.path("logs/open.log")+", which has owner ") &&
			strings.Contains(why, "; the bridge runs as ") && !strings.Contains(why, "plain")
	})

	b.rename("elsewhere", "away")
	if err := os.Remove(b.path("logs/folder.log")); err != nil {
		t.Fatal(err)
	}
	b.chmod("logs/shut.log", 0o644)
	b.chmod("logs/open.log", 0o644)
	b.wait("ready again", 200)
	b.p.stop()
}

// readySite is a bridge that is no root, which may read whatever it likes.
type readySite struct {
	t    *testing.T
	dir  string
	addr string
	p    *process
}

func newReadySite(t *testing.T) *readySite {
	t.Helper()
	b := &readySite{t: t, dir: t.TempDir()}
	if err := os.WriteFile(b.path("tailpost.toml"), []byte(readyConfig), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"logs", "away"} {
		if err := os.Mkdir(b.path(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"away/away.log", "logs/folder.log", "logs/shut.log", "logs/open.log"} {
		b.write(name, 0o644)
	}
	cmd := exec.Command("tailpost", "run", "--config", b.path("tailpost.toml"))
	if os.Geteuid() == 0 {
		b.asNobody(cmd)
	}
	b.p = begin(t, cmd).running()
	b.addr = adminAt(b.p)
	return b
}

// asNobody lets the program run as somebody who may do nothing special, from a
// place that they can reach.
func (b *readySite) asNobody(cmd *exec.Cmd) {
	b.t.Helper()
	const nobody = 65534
	program, err := os.ReadFile(cmd.Path)
	if err == nil {
		cmd.Path = b.path("tailpost")
		err = os.WriteFile(cmd.Path, program, 0o755)
	}
	if err == nil {
		err = os.Chmod(filepath.Dir(b.dir), 0o755) // the test's own
	}
	if err == nil {
		err = filepath.WalkDir(b.dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Chown(path, nobody, nobody)
		})
	}
	if err != nil {
		b.t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

func (b *readySite) path(name string) string { return filepath.Join(b.dir, name) }

// write puts a log of one line there, which has the mode from the beginning.
func (b *readySite) write(name string, mode os.FileMode) {
	b.t.Helper()
	const event = `{"event":"support_conference_end","timestamp":2,"lsid":"a"}` + "\n"
	if err := os.WriteFile(b.path("new"), []byte(event), 0o600); err != nil {
		b.t.Fatal(err)
	}
	if err := os.Chmod(b.path("new"), mode); err != nil {
		b.t.Fatal(err)
	}
	b.rename("new", name)
}

func (b *readySite) chmod(name string, mode os.FileMode) {
	b.t.Helper()
	if err := os.Chmod(b.path(name), mode); err != nil {
		b.t.Fatal(err)
	}
}

func (b *readySite) rename(from, to string) {
	b.t.Helper()
	if err := os.Rename(b.path(from), b.path(to)); err != nil {
		b.t.Fatal(err)
	}
}

// ask gives status and body.
func (b *readySite) ask(path string) (int, string) {
	b.t.Helper()
	resp, err := http.Get("http://" + b.addr + path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func (b *readySite) get(path string) string {
	_, body := b.ask(path)
	return body
}

// wait waits for that status of GET /readyz.
func (b *readySite) wait(what string, want int) {
	b.t.Helper()
	wait(b.t, what, func() bool { got, _ := b.ask("/readyz"); return got == want })
}
