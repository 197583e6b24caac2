package admin

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

func TestNobodyListens(t *testing.T) {
	for name, prepare := range map[string]func(path string) error{
		"no socket": func(string) error { return nil },
		"a socket that a dead process left": func(path string) error {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
			if err != nil {
				return err
			}
			l.SetUnlinkOnClose(false)
			return l.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := prepare(filepath.Join(dir, SocketName)); err != nil {
				t.Fatal(err)
			}
			c := NewClient(dir)
			if _, err := c.Pause(t.Context(), "x", true); !errors.Is(err, ErrNotRunning) {
				t.Fatalf("error %v", err)
			}
			// A bridge takes its place, and leaves none behind.
			stop := serve2(t, dir)
			if _, err := c.Pause(t.Context(), "x", true); err != nil {
				t.Errorf("with a bridge: %v", err)
			}
			stop()
			if _, err := os.Lstat(filepath.Join(dir, SocketName)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("it is left behind: %v", err)
			}
		})
	}
}

// serve2 waits until somebody answers: a stale socket may be there before.
func serve2(t *testing.T, dir string) (stop func()) {
	t.Helper()
	stop = serve(t, dir, &fake{}, 0)
	for {
		c, err := dial(t.Context(), dir)
		if err == nil {
			_ = c.Close()
			return stop
		}
		<-time.After(time.Millisecond)
	}
}

func TestSocketIsOursAlone(t *testing.T) {
	was := syscall.Umask(0)
	defer syscall.Umask(was)
	dir := t.TempDir()
	// What a kill in mid-making left is no obstacle.
	if err := os.MkdirAll(filepath.Join(dir, makingName, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	stop := serve(t, dir, &fake{}, 0)
	info, err := os.Lstat(filepath.Join(dir, SocketName))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := info.Mode(), fs.ModeSocket|0o600; got != want {
		t.Errorf("mode %v, want %v", got, want)
	}
	stop()
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestWhatIsNoSocketStays(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, SocketName)
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := listen(dir); err == nil || !strings.Contains(err.Error(), "is no socket") {
		t.Errorf("error %v", err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "mine" {
		t.Errorf("the file is %q, %v", b, err)
	}
}

func TestLongPath(t *testing.T) {
	dir := t.TempDir()
	for len(dir) < 200 {
		dir = filepath.Join(dir, strings.Repeat("d", 40))
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f := &fake{}
	serve(t, dir, f, 0)
	if _, err := NewClient(dir).Pause(t.Context(), "x", true); err != nil || len(f.calls) != 1 {
		t.Errorf("calls %q, %v", f.calls, err)
	}
}

// raw sends bytes and gives the answer's status and body.
func raw(t *testing.T, dir, request string) (int, string) {
	t.Helper()
	c, err := dial(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(c, request) }() // may be cut off by the answer
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

func post(path, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
}

func TestRequests(t *testing.T) {
	f := &fake{}
	dir := t.TempDir()
	serve(t, dir, f, 0)
	for name, c := range map[string]struct {
		request    string
		wantStatus int
		wantBody   string
	}{
		"good":            {post("/pause", `{"recipient":"x"}`), 200, `{"report":{"done":0}}`},
		"unknown path":    {post("/fly", `{}`), 404, "knows no POST /fly"},
		"another method":  {"GET /pause HTTP/1.1\r\nHost: x\r\n\r\n", 404, "knows no GET /pause"},
		"no choice":       {post("/dead/drop", `{}`), 400, "say which"},
		"an empty choice": {post("/dead/drop", `{"ids":[],"recipient":""}`), 400, "say which"},
		"no lines chosen": {post("/quarantine/replay", `{}`), 400, "say which"},
		"lines by number": {post("/quarantine/replay", `{"numbers":["1869F","1"]}`), 200, `{"report":{"done":0}}`},
		"a decimal one":   {post("/quarantine/replay", `{"numbers":[99999]}`), 400, `99999 is no line's number: it is a text in hex, as quarantine ls prints it`},
		"no number":       {post("/quarantine/replay", `{"numbers":["x"]}`), 400, `is no line's number; use one that quarantine ls prints`},
		"a misspelt one":  {post("/dead/drop", `{"recipent":"x","event":"y"}`), 400, "unknown field"},
		"two objects":     {post("/pause", `{"recipient":"x"}{}`), 400, "more than one object"},
		"no JSON":         {post("/pause", `x`), 400, "invalid character"},
		"empty":           {post("/pause", ``), 400, "EOF"},
		"another type":    {post("/pause", `{"recipient":1}`), 400, "cannot unmarshal"},
		"no HTTP":         {"\x00\x01\x02\r\n\r\n", 400, ""},
		"body over limit": {post("/pause", strings.Repeat(" ", bodyMost+1)), 413, "too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := raw(t, dir, c.request)
			if status != c.wantStatus || !strings.Contains(body, c.wantBody) {
				t.Errorf("%d %s, want %d with %q", status, body, c.wantStatus, c.wantBody)
			}
		})
	}
}

func TestManyIDs(t *testing.T) {
	f := &fake{}
	dir := t.TempDir()
	serve(t, dir, f, 0)
	ids := make([]bridge.ID, 15_000) // 500 KiB and more
	for i := range ids {
		ids[i][0], ids[i][1] = byte(i), byte(i>>8)
	}
	if _, err := NewClient(dir).DropDead(t.Context(), Letters{IDs: ids}); err != nil {
		t.Fatal(err)
	}
	if len(f.letters.IDs) != len(ids) || f.letters.IDs[14_999] != ids[14_999] {
		t.Errorf("%d ids came", len(f.letters.IDs))
	}
}

// TestSlowClients: those that never finish a request are cut off, and hold
// up nobody.
func TestSlowClients(t *testing.T) {
	f := &fake{}
	dir := t.TempDir()
	serve(t, dir, f, 100*time.Millisecond)
	for name, begun := range map[string]string{
		"header": "POST /pause HT",
		"body":   "POST /pause HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
		"idle":   "",
	} {
		t.Run(name, func(t *testing.T) {
			c, err := dial(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := io.WriteString(c, begun); err != nil {
				t.Fatal(err)
			}
			if _, err := NewClient(dir).Pause(t.Context(), "x", true); err != nil {
				t.Errorf("another one: %v", err)
			}
			if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, c); err != nil && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("it is not cut off: %v", err)
			}
		})
	}
	for _, call := range f.calls {
		if call != "pause x" {
			t.Errorf("half a request was done: %q", call)
		}
	}
}

// TestEndlessHeader: it is not taken in.
func TestEndlessHeader(t *testing.T) {
	dir := t.TempDir()
	serve(t, dir, &fake{}, 0)
	c, err := dial(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(c, "POST /pause HTTP/1.1\r\nX: ")
	sent, some := 0, strings.Repeat("x", 4<<10)
	for err == nil && sent < 64<<20 {
		_, err = io.WriteString(c, some)
		sent += len(some)
	}
	if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("after %d bytes: %v", sent, err)
	}
}
