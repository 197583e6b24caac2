//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

const idleConfig = `state_dir = "state"
admin.listen = "%s"
[spool]
min_free = "0"
[[sources.tail]]
name = "sessions"
path = "session.log"
format = "bg"
[[recipients.file]]
name = "out"
path = "out.jsonl"
`

// soon is the longest that readiness may lag behind the disk.
const soon = 15 * time.Second

// TestIdleBridgeNotices: no line comes, and its log doesn't exist yet. A disk
// that fills up, and one that can't be written any more, make it unready all the
// same, and it is ready again once that is mended.
func TestIdleBridgeNotices(t *testing.T) {
	dir := t.TempDir()
	state := filepath.Join(dir, "state")
	mountTmpfs(t, state, 16<<20)
	addr := freePort(t)
	p := trial.In(t, dir, raceBinary, "")
	p.Write("tailpost.toml", fmt.Sprintf(idleConfig, addr))
	p.Start()
	ready := func() (bool, string) {
		resp, err := http.Get("http://" + addr + "/readyz")
		if err != nil {
			return false, err.Error()
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode == http.StatusOK, string(b)
	}
	becomes := func(what string, in time.Duration, want bool, why string) {
		t.Helper()
		eventually(t, in, what, func() bool {
			is, body := ready()
			return is == want && strings.Contains(body, why)
		})
	}
	becomes("ready", time.Minute, true, "ok")

	fillUp(t, state)
	becomes("full", soon, false, "the spool has no space: ")
	if err := os.Remove(filepath.Join(state, "of somebody else")); err != nil {
		t.Fatal(err)
	}
	becomes("with room again", soon, true, "ok")

	if err := syscall.Mount(state, state, "", syscall.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("", state, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	becomes("read-only", soon, false, "the file system of state_dir is read-only")
	if err := syscall.Unmount(state, syscall.MNT_DETACH); err != nil {
		t.Fatal(err)
	}
	becomes("writable again", soon, true, "ok")
	p.Stop()
}
