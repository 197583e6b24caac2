package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unicode"
)

// TestHostileLine follows one hostile line through the program: to JSON and to
// a template it arrives as it was, a file holds it on one line, and what why
// and test print of it, and of a receiver that repeats it, is harmless.
func TestHostileLine(t *testing.T) {
	t.Parallel()
	const hostile = "a\r\nBcc: evil@example.com\r\n\r\n\x1b[2J\u202e\"'</script>%%lsid%%&x=y"
	var mu sync.Mutex
	got := map[string]string{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e struct {
			Key string `json:"external_key"`
		}
		if r.URL.Path == "/form" {
			e.Key = r.FormValue("external_key")
		} else if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
			t.Error(err)
		}
		mu.Lock()
		got[r.URL.Path] = e.Key
		mu.Unlock()
		http.Error(w, hostile, http.StatusTeapot)
	}))
	defer srv.Close()
	var config strings.Builder
	for name, rest := range map[string]string{"form": "", "json": "body = \"json\"\n", "template": "body = \"template\"\ntemplate = '{\"external_key\": \"%%external_key%%\"}'\n"} {
		fmt.Fprintf(&config, "[[recipients.http]]\nname = %q\nurl = \"%s/%s?k=%%%%external_key%%%%\"\ngive_up = [418]\n%s", name, srv.URL, name, rest)
	}
	s := newSite(t, config.String()+"[[recipients.file]]\nname = \"file\"\npath = \"out\"\n")
	line, err := json.Marshal(map[string]any{"event": "support_conference_end", "timestamp": 1, "lsid": hostile, "external_key": hostile})
	if err != nil {
		t.Fatal(err)
	}
	s.write(s.log, string(line)+"\n")
	p := s.run()
	ask := func(args ...string) string {
		var out strings.Builder
		run(append(args, "--config", s.config), strings.NewReader(""), &out, &out)
		if strings.ContainsFunc(out.String(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) || strings.Contains(out.String(), "\nBcc") {
			t.Errorf("%q prints %q", args, out.String())
		}
		return out.String()
	}
	var id string
	wait(t, "three attempts", func() bool {
		var l struct{ ID string }
		_ = json.Unmarshal([]byte(ask("spool", "cat")), &l)
		id = l.ID
		mu.Lock()
		defer mu.Unlock()
		return id != "" && len(got) == 3
	})
	for _, args := range [][]string{{"why", id}, {"why", "--json", id}, {"spool", "cat"},
		{"test", "form"}, {"check", "--connect"}} {
		if ask(args...) == "" {
			t.Errorf("%q prints nothing", args)
		}
	}
	p.stop()
	mu.Lock()
	defer mu.Unlock()
	for _, path := range []string{"/json", "/template", "/form"} {
		if k := got[path]; k != hostile && k != "TAILPOST-TEST" {
			t.Errorf("%s got %q", path, k)
		}
	}
	var e struct {
		ExternalKey string `json:"external_key"`
	}
	if err := json.Unmarshal([]byte((&markers{t: t}).read(filepath.Join(s.dir, "out"))), &e); err != nil || e.ExternalKey != hostile {
		t.Errorf("the file holds %q: %v", e.ExternalKey, err)
	}
}
