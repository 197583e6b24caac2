//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// router answers with the status that stands in the file "status" and writes
// what PHP made of the request as a line of the file "seen".
const router = `<?php
$status = (int) file_get_contents(__DIR__ . '/status');
http_response_code($status);
$line = json_encode([
    'status' => $status,
    'id' => $_SERVER['HTTP_WEBHOOK_ID'] ?? '',
    'method' => $_SERVER['REQUEST_METHOD'],
    'query' => $_SERVER['QUERY_STRING'] ?? '',
    'get' => (object) $_GET,
    'post' => (object) $_POST,
    'raw' => file_get_contents('php://input'),
], JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR);
file_put_contents(__DIR__ . '/seen', $line . "\n", FILE_APPEND | LOCK_EX);
`

// formRequest is a request as a PHP receiver sees it.
type formRequest struct {
	Status int
	ID     string
	Method string
	Query  string
	Get    map[string]string
	Post   map[string]string
	Raw    string
}

// phpServer is PHP's own web server with the router.
type phpServer struct {
	t         *testing.T
	addr, dir string
}

func startPHP(t *testing.T, status int) *phpServer {
	t.Helper()
	php, err := exec.LookPath("php")
	if err != nil {
		t.Fatalf("%v; .ci/e2e-packages installs it", err)
	}
	s := &phpServer{t: t, addr: freePort(t), dir: t.TempDir()}
	s.answer(status)
	script := filepath.Join(s.dir, "router.php")
	if err := os.WriteFile(script, []byte(router), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.Command(php, "-n", "-S", s.addr, script)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, &log, &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("php:\n%s", log.Bytes()[max(0, log.Len()-4<<10):])
		}
	})
	eventually(t, 10*time.Second, "listening: php", func() bool { return answers(s.addr) })
	return s
}

// answer sets the status of all answers from now on.
func (s *phpServer) answer(status int) {
	s.t.Helper()
	name := filepath.Join(s.dir, "status")
	if err := os.WriteFile(name+".new", []byte(strconv.Itoa(status)), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		s.t.Fatal(err)
	}
}

// seen gives all requests so far.
func (s *phpServer) seen() []formRequest {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, "seen"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		s.t.Fatal(err)
	}
	var all []formRequest
	for line := range bytes.Lines(b) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // the rest is being written
		}
		var r formRequest
		if err := json.Unmarshal(line, &r); err != nil {
			s.t.Fatalf("php wrote %q: %v", line, err)
		}
		all = append(all, r)
	}
	return all
}

// await returns when so many requests have come.
func (s *phpServer) await(n int) []formRequest {
	s.t.Helper()
	var all []formRequest
	eventually(s.t, 30*time.Second, "seen by php: "+strconv.Itoa(n)+" requests", func() bool {
		all = s.seen()
		return len(all) >= n
	})
	return all
}

func (s *phpServer) url(rest string) string {
	return "http://" + net.JoinHostPort(hostPort(s.t, s.addr)) + rest
}
