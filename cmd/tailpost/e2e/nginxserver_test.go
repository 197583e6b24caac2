//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// nginxConfig wants the directory and the address. The log has what nginx made
// of the client's certificate. A POST is read, and taken.
const nginxConfig = `
daemon off;
worker_processes 1;
user root;
pid %[1]s/pid;
error_log %[1]s/error.log info;
events { worker_connections 64; }
http {
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	log_format seen escape=json '{"status":$status,"id":"$http_webhook_id","to":"$http_x_to","verify":"$ssl_client_verify","serial":"$ssl_client_serial","tls":"$ssl_protocol"}';
	access_log %[1]s/seen seen;
	server {
		listen %[2]s ssl;
		ssl_certificate %[1]s/server.pem;
		ssl_certificate_key %[1]s/server.key;
		ssl_client_certificate %[1]s/clients.pem;
		ssl_verify_client on;
		ssl_protocols TLSv1.2 TLSv1.3;
		location / { return 204; }
	}
}
`

// nginxRequest is a request as nginx logs it.
type nginxRequest struct {
	Status int
	ID, To string
	Verify string // of the client's certificate: "SUCCESS", "NONE", "FAILED:..."
	Serial string // of that certificate
	TLS    string
}

// nginxServer is nginx that takes POSTs over TLS from clients with a
// certificate.
type nginxServer struct {
	t         *testing.T
	addr, dir string
	cmd       *exec.Cmd
}

// startNginx runs nginx with a certificate of a, for clients with one of
// clients.
func startNginx(t *testing.T, a, clients *authority) *nginxServer {
	t.Helper()
	program := "/usr/sbin/nginx"
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("%v; .ci/e2e-packages installs it", err)
	}
	s := &nginxServer{t: t, addr: freePort(t), dir: t.TempDir()}
	a.server(s.dir)
	clients.trust(filepath.Join(s.dir, "clients.pem"))
	config := filepath.Join(s.dir, "nginx.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, nginxConfig, s.dir, s.addr), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s.cmd = exec.Command(program, "-p", s.dir, "-e", filepath.Join(s.dir, "error.log"), "-c", config)
	s.cmd.Stdout, s.cmd.Stderr = &log, &log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.cmd.Process.Signal(syscall.SIGTERM) // the workers go with it
		s.cmd.Wait()
		if t.Failed() {
			said, _ := os.ReadFile(filepath.Join(s.dir, "error.log"))
			t.Logf("nginx:\n%s%s", log.Bytes(), said[max(0, len(said)-4<<10):])
		}
	})
	eventually(t, 10*time.Second, "listening: nginx", func() bool { return answers(s.addr) })
	return s
}

// renew gives nginx another certificate, of a, while it runs, and returns when
// it shows it, and the worker with the old one is gone with its connections.
func (s *nginxServer) renew(a *authority) {
	s.t.Helper()
	a.server(s.dir)
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		s.t.Fatal(err)
	}
	eventually(s.t, 10*time.Second, "shown: nginx's new certificate", func() bool {
		said, err := os.ReadFile(filepath.Join(s.dir, "error.log"))
		return err == nil && bytes.Contains(said, []byte(" exited with code 0")) && servesFor(s.addr, a)
	})
}

// seen gives the requests of one recipient so far. Its header X-To names it
// with a prefix: a header's value is hidden wherever it stands.
func (s *nginxServer) seen(to string) []nginxRequest {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, "seen"))
	if err != nil {
		s.t.Fatal(err)
	}
	var all []nginxRequest
	for line := range bytes.Lines(b) {
		var r nginxRequest
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // the rest is being written
		}
		if err := json.Unmarshal(line, &r); err != nil {
			s.t.Fatalf("nginx wrote %q: %v", line, err)
		}
		if r.To == "to-"+to {
			all = append(all, r)
		}
	}
	return all
}

// taken returns when nginx has taken n requests of a recipient, and gives the
// last.
func (s *nginxServer) taken(to string, n int) nginxRequest {
	s.t.Helper()
	var last nginxRequest
	eventually(s.t, timeToArrive, fmt.Sprintf("taken by nginx: %d of %s", n, to), func() bool {
		have := 0
		for _, r := range s.seen(to) {
			if r.Status == 204 {
				have++
				last = r
			}
		}
		return have >= n
	})
	return last
}
