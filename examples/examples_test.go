package examples

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/app"
	"github.com/tailpost/tailpost/bridge/config"
)

// events is how many events the logs of these examples have.
var events = map[string]int{"local-file": 8, "local-socket": 5, "outbound-event": 5, "dropped-files": 3}

// TestExamples runs the bridge on a copy of each folder, and once more with
// the log's last line added again: that alone is new. To a socket, and by POST,
// the lines are sent, then the last one again; a dropped file is dropped again.
// (That every folder's README does what it says is shown by
// TestExamplesByTheirCommands, in cmd/tailpost.)
func TestExamples(t *testing.T) {
	for name := range events {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(name)); err != nil {
				t.Fatal(err)
			}
			c, problems := config.Load(filepath.Join(dir, "tailpost.toml"))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			out := filepath.Join(dir, "events.jsonl")
			n := events[name]
			switch {
			case len(c.Sockets) > 0:
				all := lines(t, filepath.Join(dir, "session.jsonl"))
				run(t, c, out, n, func() { send(t, c.Sockets[0].Socket.Path, all) })
				run(t, c, out, n+1, func() { send(t, c.Sockets[0].Socket.Path, all[n-1:]) })
				wantLastTwice(t, out)
			case len(c.HTTPIns) > 0:
				c.HTTPIns[0].HTTP.Listen = freeAddress(t)
				all := lines(t, filepath.Join(dir, "session.form"))
				run(t, c, out, n, func() { post(t, c.HTTPIns[0].HTTP.Listen, all) })
				run(t, c, out, n+1, func() { post(t, c.HTTPIns[0].HTTP.Listen, all[n-1:]) })
				wantLastTwice(t, out)
			case len(c.Drops) > 0:
				file := filepath.Join(dir, "session.txt")
				run(t, c, out, n, func() { drop(t, file, filepath.Join(c.Drops[0].Drop.Dir, "a.txt")) })
				run(t, c, out, 2*n, func() { drop(t, file, filepath.Join(c.Drops[0].Drop.Dir, "b.txt")) })
			default:
				run(t, c, out, n, func() {})
				repeatLastLine(t, filepath.Join(dir, "session.log"))
				run(t, c, out, n+1, func() {})
			}
		})
	}
}

func repeatLastLine(t *testing.T, log string) {
	t.Helper()
	all := lines(t, log)
	b := bytes.Join(append(all, all[len(all)-1]), nil)
	if err := os.WriteFile(log, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// lines gives a file's lines, each with its newline.
func lines(t *testing.T, name string) (all [][]byte) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		all = append(all, line)
	}
	return all
}

// wantLastTwice fails unless the last two events are one, repeated: they have
// one sender_id, or came by one body, so they have one id.
func wantLastTwice(t *testing.T, file string) {
	t.Helper()
	all := lines(t, file)
	if n := len(all); !bytes.Equal(identity(all[n-1]), identity(all[n-2])) {
		t.Errorf("two events:\n%s%s", all[n-2], all[n-1])
	}
}

// identity is what an event begins with: its id.
func identity(line []byte) []byte {
	id, _, _ := bytes.Cut(line, []byte(","))
	return id
}

// send sends lines to the socket, and returns when each is acknowledged.
func send(t *testing.T, path string, all [][]byte) {
	t.Helper()
	var c net.Conn
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); c == nil; <-tick.C {
		var err error
		if c, err = net.Dial("unix", path); err != nil && time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := c.Write(bytes.Join(all, nil)); err != nil {
		t.Fatal(err)
	}
	want := strings.Repeat("ok\n", len(all))
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Errorf("acknowledged by %q, %v", got, err)
	}
}

// freeAddress gives an address where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// post posts each line as a form.
func post(t *testing.T, address string, all [][]byte) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.Now().Add(time.Minute)
	for len(all) > 0 {
		resp, err := http.Post("http://"+address+"/", "application/x-www-form-urlencoded", bytes.NewReader(all[0]))
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Fatalf("status %d", resp.StatusCode)
			}
			all = all[1:]
			continue
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		<-tick.C
	}
}

// drop puts a copy of a file in place, whole.
func drop(t *testing.T, file, to string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to+".tmp", b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(to+".tmp", to); err != nil {
		t.Fatal(err)
	}
}

// run lets the bridge run, fed by feed, until the file has that many lines, and
// stops it.
func run(t *testing.T, c *config.Config, file string, want int, feed func()) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	c.Admin.Listen = "" // many run at once
	done := make(chan error, 1)
	go func() { done <- app.Run(ctx, c, app.Options{}) }()
	feed()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	got := 0
	for ; got < want && ctx.Err() == nil; <-tick.C {
		b, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		got = bytes.Count(b, []byte("\n"))
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(b, []byte("\n")); n != want {
		t.Errorf("%d events, want %d", n, want)
	}
}
