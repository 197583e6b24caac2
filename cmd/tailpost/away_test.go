package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStateDirectoryMoved: status says what has happened, no event is lost or
// delivered twice, and once the directory is back all goes on.
func TestStateDirectoryMoved(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	s := newSite(t, "")
	s.admin = fmt.Sprintf("admin.listen = %q", address)
	s.rewrite("[[recipients.file]]\nname = \"out\"\npath = \"out.jsonl\"\n")
	p := s.run()
	adminAt(p)
	has := func(n int) func() bool {
		return func() bool {
			b, err := os.ReadFile(filepath.Join(s.dir, "out.jsonl"))
			return err == nil && strings.Count(string(b), "\n") == n
		}
	}
	s.appendLines(1, func(int) string { return "one" })
	wait(t, "the first event", has(1))
	state := filepath.Join(s.dir, "state")
	if err := os.Rename(state, state+".away"); err != nil {
		t.Fatal(err)
	}
	s.appendLines(1, func(int) string { return "two" })
	wait(t, "the trouble", func() bool { return contains(p.log, "was moved or removed under the bridge") })
	wait(t, "status to say it", func() bool {
		out, code := s.tailpost("status")
		return code == 1 && strings.Contains(out, "was moved or removed under the bridge") && strings.Contains(out, "back where it was")
	})
	if out, _ := s.tailpost("status"); strings.Contains(out, "-1 B") || !strings.Contains(strings.Join(strings.Fields(out), " "), "can't be asked what is free") {
		t.Errorf("status of a disk that can't be asked:\n%s", out)
	}
	if err := os.Rename(state+".away", state); err != nil {
		t.Fatal(err)
	}
	wait(t, "the second event", has(2))
	s.says(0, "all sums fit", "audit")
	p.stop()
}

// TestStatusOfAnother: whoever has the port of a bridge that doesn't run can't
// say in its place that all is well.
func TestStatusOfAnother(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	another := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"version": "another", "ready": true, "spool": {"dir": %q}}`, filepath.Join(s.dir, "state"))
	}))
	defer another.Close()
	s.admin = fmt.Sprintf("admin.listen = %q", another.Listener.Addr())
	s.rewrite("[[recipients.file]]\nname = \"out\"\npath = \"out.jsonl\"\n")
	if out, code := s.tailpost("status"); code != 1 || !strings.Contains(out, "no bridge runs") || strings.Contains(out, "another") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}
