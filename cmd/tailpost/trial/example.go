package trial

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
)

// Wanted is what arrives when the commands of an example's README have run.
type Wanted struct {
	Lines    int // of events.jsonl
	Requests int // at the service, by `tailpost test`, too
	Answer   int // the service's
	Posts    int // at `tailpost receive`
	Mails    int // there
}

// RunExample runs the commands of the README in folder, as they stand there, in
// a copy of it, and looks at what arrived. Only ports and services are others.
// bin gives the directory that comes before PATH, see Bin.
func RunExample(t *testing.T, folder string, want Wanted, bin func(Ports) string) {
	t.Helper()
	root, ports := t.TempDir(), Ports{}
	dir := filepath.Join(root, "examples", filepath.Base(folder))
	CopyExample(t, dir, folder)
	var requests atomic.Int64
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			requests.Add(1)
		}
		w.WriteHeader(want.Answer)
	}))
	defer service.Close()
	MoveExample(t, filepath.Join(dir, "tailpost.toml"), service.URL, ports)
	readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := Blocks(string(readme), "sh")
	if len(blocks) == 0 {
		t.Fatal("its README has no commands")
	}
	s := NewShell(t, root, bin(ports))
	s.Ready = func() bool { return listens(t, dir) && waits(t, dir, s.Output()) }
	for _, block := range blocks {
		for _, command := range block {
			s.Type(ports.Move(t, command))
		}
	}
	got := func() Wanted {
		b, _ := os.ReadFile(filepath.Join(dir, "events.jsonl"))
		return Wanted{
			Lines: bytes.Count(b, []byte("\n")), Requests: int(requests.Load()), Answer: want.Answer,
			Posts: Arrived(s.Output(), "200 http"), Mails: Arrived(s.Output(), "250 smtp"),
		}
	}
	s.Wait("what has to arrive", func(string) bool {
		g := got()
		return g.Lines >= want.Lines && g.Requests >= want.Requests && g.Posts >= want.Posts && g.Mails >= want.Mails
	})
	s.Stop()
	if got := got(); got != want {
		t.Errorf("arrived %+v, want %+v", got, want)
	}
}

var (
	ofService  = regexp.MustCompile(`https://[a-z0-9.-]+(?::\d+)?/`)
	needsHTTPS = regexp.MustCompile(`(?m)^require_https .*\n`)
)

var listening = regexp.MustCompile(`(?m)^(?:listen|path) += "(?:tcp://)?(127\.0\.0\.1:\d+|[^"]+\.sock)"`)

var awaited = regexp.MustCompile(`(?m)^path += "([^"*]+\.log)"`)

// waits tells whether a log that isn't there yet is waited for: one that comes
// and is rotated away before that is nobody's.
func waits(t *testing.T, dir, said string) bool {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "tailpost.toml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range awaited.FindAllStringSubmatch(string(b), -1) {
		if _, err := os.Stat(filepath.Join(dir, m[1])); err != nil && !strings.Contains(said, "waiting for the log file") {
			return false
		}
	}
	return true
}

// listens tells whether the sources of an example answer.
func listens(t *testing.T, dir string) bool {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "tailpost.toml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range listening.FindAllStringSubmatch(string(b), -1) {
		network, address := "tcp", m[1]
		if strings.HasSuffix(address, ".sock") {
			network, address = "unix", filepath.Join(dir, address)
		}
		c, err := net.Dial(network, address)
		if err != nil {
			return false
		}
		_ = c.Close()
	}
	return true
}

// MoveExample changes a configuration so that it can run in a test: services
// are the one at url, ports are free ones, and the bridge itself has none.
func MoveExample(t *testing.T, path, url string, ports Ports) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := ofService.ReplaceAllString(ports.Move(t, string(b)), url+"/")
	text = needsHTTPS.ReplaceAllString(text, "")
	if !strings.Contains(text, "[admin]") {
		text += "\n[admin]\nlisten = \"\"\n"
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(filepath.Dir(path), "url") // what url_file names, where there is one
	if b, err = os.ReadFile(kept); err == nil {
		err = os.WriteFile(kept, ofService.ReplaceAll(b, []byte(url+"/")), 0o600)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}

// Bin gives a directory with a command tailpost that is the program, whose
// `receive` listens where ports say.
func Bin(t *testing.T, program string, ports Ports) string {
	t.Helper()
	dir := t.TempDir()
	receive := `[ "$1" = receive ] && set -- "$@" --http 127.0.0.1:` + ports.For(t, "8025") + ` --smtp 127.0.0.1:` + ports.For(t, "2525")
	Script(t, filepath.Join(dir, "tailpost"), receive+"\nexec "+program+` "$@"`)
	return dir
}

// Script writes a program for sh.
func Script(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}
