package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// wanted is what arrives when the commands of an example's README have run.
type wanted struct {
	lines    int // of events.jsonl
	requests int // at the service, by `tailpost test`, too
	answer   int // the service's
	posts    int // at `tailpost receive`
	mails    int // there

	// elsewhere names, for a folder whose commands need more than the program,
	// the test that runs them: the file's path, and its name.
	elsewhere [2]string
}

var wantedOf = map[string]wanted{
	"dropped-files":     {lines: 3},
	"local-file":        {lines: 8},
	"local-socket":      {lines: 5},
	"outbound-event":    {lines: 5},
	"pipe":              {lines: 5},
	"quickstart":        {posts: 3, mails: 1},
	"rsyslog":           {lines: 2},
	"sidecar":           {lines: 4},
	"siem-export":       {lines: 7},
	"pagerduty":         {requests: 2, answer: 202},
	"sendgrid":          {requests: 3, answer: 202},
	"servicenow":        {requests: 4, answer: 200},
	"slack":             {requests: 4, answer: 200},
	"splunk":            {requests: 4, answer: 200},
	"standard-webhooks": {requests: 3, answer: 204},
	"teams":             {requests: 4, answer: 202},
}

// TestExamplesByTheirCommands runs the commands of each example's README, as
// they stand there, with the real program, and looks at what arrived. Only
// ports and services are others.
func TestExamplesByTheirCommands(t *testing.T) {
	entries, err := os.ReadDir("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		want, ok := wantedOf[name]
		if e.IsDir() && !ok {
			t.Errorf("examples/%s: no test runs its commands", name)
		}
		if !e.IsDir() || !ok {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if want.elsewhere[0] != "" {
				b, err := os.ReadFile(want.elsewhere[0])
				if err != nil || !strings.Contains(string(b), "\nfunc "+want.elsewhere[1]+"(") {
					t.Errorf("no test %q runs its commands: %v", want.elsewhere, err)
				}
				return
			}
			runExample(t, name, want)
		})
	}
}

// runExample runs an example in a copy of its folder.
func runExample(t *testing.T, name string, want wanted) {
	root, ports := t.TempDir(), trial.Ports{}
	dir := filepath.Join(root, "examples", name)
	trial.CopyExample(t, dir, filepath.Join("../../examples", name))
	var requests atomic.Int64
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			requests.Add(1)
		}
		w.WriteHeader(want.answer)
	}))
	defer service.Close()
	moveExample(t, filepath.Join(dir, "tailpost.toml"), service.URL, ports)
	readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := trial.Blocks(string(readme), "sh")
	if len(blocks) == 0 {
		t.Fatal("its README has no commands")
	}
	s := trial.NewShell(t, root, stands(t, ports))
	for _, block := range blocks {
		for _, command := range block {
			s.Type(ports.Move(t, command))
		}
	}
	s.Wait("what has to arrive", func(out string) bool {
		b, _ := os.ReadFile(filepath.Join(dir, "events.jsonl"))
		return bytes.Count(b, []byte("\n")) >= want.lines && int(requests.Load()) >= want.requests &&
			trial.Arrived(out, "200 http") >= want.posts && trial.Arrived(out, "250 smtp") >= want.mails
	})
	s.Stop()
	got := wanted{requests: int(requests.Load()), posts: trial.Arrived(s.Output(), "200 http"), mails: trial.Arrived(s.Output(), "250 smtp"), answer: want.answer}
	b, _ := os.ReadFile(filepath.Join(dir, "events.jsonl"))
	if got.lines = bytes.Count(b, []byte("\n")); got != want {
		t.Errorf("arrived %+v, want %+v", got, want)
	}
}

var (
	ofService  = regexp.MustCompile(`https://[a-z0-9.-]+(?::\d+)?/`)
	needsHTTPS = regexp.MustCompile(`(?m)^require_https .*\n`)
)

// moveExample changes a configuration so that the example can run here:
// services are the one at url, ports are free ones.
func moveExample(t *testing.T, path, url string, ports trial.Ports) {
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
}

// stands gives a directory of commands: the program, whose receiver listens
// where ports say, and stand-ins for curl and nc, so that none must be
// installed. (`make e2e` has the real ones.)
func stands(t *testing.T, ports trial.Ports) string {
	t.Helper()
	program, err := exec.LookPath("tailpost")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"tailpost": `[ "$1" = receive ] && set -- "$@" --http 127.0.0.1:` + ports.For(t, "8025") + ` --smtp 127.0.0.1:` + ports.For(t, "2525") +
			"\nexec " + program + ` "$@"`,
		"curl": `exec standin-curl "$@"`,
		"nc":   `exec standin-nc "$@"`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
