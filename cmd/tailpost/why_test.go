package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"unicode"
)

// TestWhy: beside a bridge that runs, of an event that fails and then is
// delivered. What receivers and lines say can't act on a terminal.
func TestWhy(t *testing.T) {
	t.Parallel()
	const hostile = "\x1b[2J\x07gone\r\nforged: delivered"
	var works atomic.Bool
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !works.Load() {
			http.Error(w, hostile, http.StatusInternalServerError)
		}
	}))
	defer srv.Close()
	s := newSite(t, fmt.Sprintf(`[[recipients.http]]
name = "desk"
url = "%s/hook?token=secret"
retry_interval = "100ms"
authorization = "Bearer secret"
`, srv.URL))
	line, err := json.Marshal(map[string]any{"event": "support_conference_end", "timestamp": 1, "lsid": "a" + hostile, "external_key": "k"})
	if err != nil {
		t.Fatal(err)
	}
	s.write(s.log, string(line)+"\n")
	p := s.run()
	var id string
	wait(t, "an attempt", func() bool {
		out, err := exec.Command("tailpost", "spool", "cat", "--config", s.config).Output()
		var e struct{ ID string }
		if err == nil && json.Unmarshal(out, &e) == nil {
			id = e.ID
		}
		return id != ""
	})
	ask := func(args ...string) string {
		out, err := exec.Command("tailpost", append([]string{"why", "--config", s.config, id[:10]}, args...)...).Output()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		text := string(out)
		if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
			t.Fatalf("%q is printed", text[i:])
		}
		if strings.Contains(text, "secret") {
			t.Fatalf("a secret is told:\n%s", text)
		}
		return text
	}
	wait(t, "the third attempt to be remembered", func() bool { return strings.Contains(ask(), "\n  #3 ") })
	for _, want := range []string{"desk: failing: ", "\n  filter   asked for\n", "  500 Internal Server Error: ", "\n  next     the next attempt ", "/session.log, bytes 0 to "} {
		if text := ask(); !strings.Contains(text, want) {
			t.Errorf("why doesn't say %q:\n%s", want, text)
		}
	}
	if text := ask(); strings.Contains(text, "\nforged") {
		t.Errorf("a line is forged:\n%s", text)
	}
	works.Store(true)
	wait(t, "the delivery to be remembered", func() bool { return strings.Contains(ask(), "desk: delivered at ") })
	var w whyJSON
	if err := json.Unmarshal([]byte(ask("--json")), &w); err != nil {
		t.Fatal(err)
	}
	if !w.Running || len(w.Recipients) != 1 || w.Recipients[0].State != "delivered" || w.Recipients[0].First[0].Error == "" || w.Recipients[0].First[0].Peer == "" {
		t.Errorf("%+v", w)
	}

	// What was written before a kill is still told.
	p.kill()
	if err := json.Unmarshal([]byte(ask("--json")), &w); err != nil {
		t.Fatal(err)
	}
	if w.Running || w.Recipients[0].State != "delivered" || len(w.Recipients[0].First) != 3 {
		t.Errorf("after a kill: %+v", w)
	}
}
