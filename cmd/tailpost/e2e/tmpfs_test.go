//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// brimConfig has a recipient that is dead until the end. Nothing is left free
// on the disk, so that it is the disk that is full, and not one of our limits.
const brimConfig = `
[spool]
min_free = "0"

[[sources.tail]]
name = "sessions"
path = "session.log"
format = "bg"
start = "beginning"

[[recipients.http]]
name = "desk"
url = "http://%s/"
retry_interval = "200ms"
`

const (
	brimDisk  = 8 << 20 // bytes
	brimLines = 30_000  // some 20 MiB of events
)

// TestFilledToTheBrim: the state directory is a file system of 8 MiB. It fills
// up under load, and somebody else takes the last byte; there the bridge is
// killed and started. Then deliveries alone make room: all lines arrive, once,
// and nobody has exited.
func TestFilledToTheBrim(t *testing.T) {
	dir := t.TempDir()
	state := filepath.Join(dir, "state")
	mountTmpfs(t, state, brimDisk)
	desk := reservePort(t)
	p := trial.In(t, dir, raceBinary, fmt.Sprintf(brimConfig, desk.addr))
	written := 0
	write := func(n int) {
		t.Helper()
		f, err := os.OpenFile(p.Path("session.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for ; n > 0; n-- {
			if _, err := f.WriteString(member(written)); err != nil {
				t.Fatal(err)
			}
			written++
		}
	}
	write(brimLines / 2)
	p.Start()
	full := func() int {
		return bytes.Count(logOf(t, p), []byte(`"message":"the spool is full; no lines are taken"`))
	}
	eventually(t, time.Minute, "full", func() bool { return full() == 1 })
	fillUp(t, state)
	write(brimLines / 4)
	p.MustRun()
	p.Kill()
	p.Start()
	eventually(t, time.Minute, "full again", func() bool { return full() == 2 })
	fillUp(t, state) // the blocks that the bridge had taken in advance
	if free := freeBytes(t, state); free != 0 {
		t.Errorf("%d bytes are free", free)
	}
	checkReason(t, p)

	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	began := time.Now()
	r := serve(t, desk, 200)
	for written < brimLines {
		write(500)
		r.await(ctx, t, written/2)
	}
	r.await(ctx, t, brimLines)
	p.Stop()
	arrivals, _ := r.seen(0)
	checkOnce(t, arrivals)
	t.Logf("%d lines of %d bytes through a disk of %d: %d POSTs, drained in %.1f s",
		brimLines, len(member(0)), brimDisk, len(arrivals), time.Since(began).Seconds())
}

// mountTmpfs makes a file system of that size in bytes. It needs root.
func mountTmpfs(t *testing.T, dir string, size int) {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", size)); err != nil {
		t.Fatalf("mount a tmpfs (this needs root): %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// fillUp takes all that is free.
func fillUp(t *testing.T, dir string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, "of somebody else"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 4096)
	for {
		if _, err := f.Write(b); errors.Is(err, syscall.ENOSPC) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func freeBytes(t *testing.T, dir string) int64 {
	t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	return int64(st.Bavail) * st.Bsize
}

func logOf(t *testing.T, p *trial.Program) []byte {
	t.Helper()
	b, err := os.ReadFile(p.Path("tailpost.err"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// checkReason wants the log to say why lines aren't taken, whom it waits for,
// and what to do.
func checkReason(t *testing.T, p *trial.Program) {
	t.Helper()
	for line := range bytes.Lines(logOf(t, p)) {
		if !bytes.Contains(line, []byte("the spool is full")) {
			continue
		}
		for _, want := range []string{`"why":"`, `"hint":"free some space`, `"recipient":"desk"`} {
			if !bytes.Contains(line, []byte(want)) {
				t.Errorf("it doesn't say %s: %s", want, line)
			}
		}
	}
}

// checkOnce wants each line once, in the order of its session.
func checkOnce(t *testing.T, arrivals []arrival) {
	t.Helper()
	seen, last := make(map[string]bool), make(map[string]int)
	for _, a := range arrivals {
		n, err := strconv.Atoi(a.key)
		if err != nil || seen[a.key] {
			t.Errorf("line %s came twice, or is none of ours", a.key)
		}
		if before, ok := last[a.session]; ok && before > n {
			t.Errorf("line %d came after %d of its session", n, before)
		}
		seen[a.key], last[a.session] = true, n
	}
	if len(seen) != brimLines {
		t.Errorf("%d of %d lines have arrived", len(seen), brimLines)
	}
}
