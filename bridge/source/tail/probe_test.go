package tail

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/status"
)

// The mode of a log that is open is changed: that is told at once, though what
// is written to it still comes.
func TestClosedWhileOpen(t *testing.T) {
	t.Parallel()
	var log logBuffer
	r := newRig(t, withLog(&log))
	denied := deny(r)
	denied.Store(false)
	mode := func(m os.FileMode) {
		t.Helper()
		denied.Store(m == 0o600)
		if err := os.Chmod(r.path, m); err != nil {
			t.Fatal(err)
		}
	}
	r.write("app.log", text("a"))
	mode(0o644)
	r.start()
	r.want("a")
	r.wantState(status.OK, "")
	mode(0o600)
	r.wantState(status.Unreadable, "mode 0600; it is open, and read on, but not after the next start; the bridge runs as ")
	r.write("app.log", text("b"))
	r.want("a", "b")
	r.quiet()
	r.wantState(status.Unreadable, "no permission to read "+r.path)
	mode(0o644)
	r.wantState(status.OK, "")
	r.write("app.log", text("c"))
	r.want("a", "b", "c")
	r.wantNoLoss()
	for _, want := range []string{"the log file may not be opened any more", "the log file can be read now"} {
		if n := len(log.with(t, want)); n != 1 {
			t.Errorf("%q was said %d times", want, n)
		}
	}
}

// What neither mode nor owner tell, an access list or a sandbox, is found by
// trying, now and then.
func TestProbe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "app.log")
	if err := os.WriteFile(path, []byte("a\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	opened, denied := 0, false
	l := newLookout(path, func(path string) (*os.File, error) {
		if opened++; denied {
			return nil, &os.PathError{Op: "open", Path: path, Err: syscall.EACCES}
		}
		return openToRead(path)
	})
	defer l.close()
	looks := func(wantOpened int, want string) {
		t.Helper()
		l.scan()
		if got := l.listing().reason; opened != wantOpened || (got.Why == "") != (want == "") || !strings.Contains(got.Why, want) {
			t.Errorf("opened %d times, want %d; %q, want %q", opened, wantOpened, got.Why, want)
		}
	}
	later := func() { l.probe.at = l.probe.at.Add(-probeEvery) }
	looks(1, "")
	denied = true
	looks(1, "")
	later()
	looks(2, "no permission to read "+path)
	looks(3, "it is open") // each time, until it is mended
	denied = false
	looks(4, "")
	looks(4, "")
	later()
	looks(5, "")
	denied = true
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	looks(6, "mode 0600; it is open")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	denied = false
	looks(6, "does not exist")
}

// A directory that may be listed and not entered hides the log, too: it is not
// taken for one that was rotated, and its last line stays whole.
func TestDirectoryThatMayNotBeEntered(t *testing.T) {
	t.Parallel()
	b := readByHand(t)
	b.reader.o.Linger = time.Nanosecond
	b.write("app.log", text("a")+"half")
	b.l.scan()
	b.look("a")
	b.rename("app.log", "hidden")
	b.l.mu.Lock()
	b.l.list = listing{trouble: &os.PathError{Op: "stat", Path: b.path, Err: syscall.EACCES}}
	b.l.mu.Unlock()
	b.look("a")
	b.rename("hidden", "app.log")
	b.write("app.log", text(" and half"))
	b.l.scan()
	b.look("a", "half and half")
}
