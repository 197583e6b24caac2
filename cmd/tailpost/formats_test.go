package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// formats gives a section of docs/formats.md.
func formats(t *testing.T, heading string) string {
	t.Helper()
	b, err := os.ReadFile("../../docs/formats.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(b), "\n### "+heading+"\n")
	if !ok {
		t.Fatalf("docs/formats.md has no section %s", heading)
	}
	text, _, _ = strings.Cut(text, "\n### ")
	return text
}

// called runs the program in this process and gives its standard output.
func called(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(args, strings.NewReader(""), &stdout, &stderr); code != exitClean {
		t.Fatalf("tailpost %v: exit code %d\n%s", args, code, &stderr)
	}
	return stdout.String()
}

// TestFormatsThatGoIn parses the samples of docs/formats.md: each line is an
// event.
func TestFormatsThatGoIn(t *testing.T) {
	t.Parallel()
	for format, language := range map[string]string{"bg": "text", "siem": "text", "json": "json"} {
		blocks := trial.Blocks(formats(t, "`"+format+"`"), language)
		if len(blocks) != 1 {
			t.Fatalf("%s: %d samples", format, len(blocks))
		}
		path := filepath.Join(t.TempDir(), "sample")
		if err := os.WriteFile(path, []byte(strings.Join(blocks[0], "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if out := called(t, "parse", "--format", format, path); strings.Count(out, "\n") != len(blocks[0]) {
			t.Errorf("%s: %d lines become\n%s", format, len(blocks[0]), out)
		}
	}
}

// TestFormatsThatComeOut sends the canonical event of docs/formats.md in each
// body: they are what stands there.
func TestFormatsThatComeOut(t *testing.T) {
	t.Parallel()
	canonical := trial.Blocks(formats(t, "The canonical event"), "json")[0][0]
	form := trial.Blocks(formats(t, "The form body"), "text")[0][0]
	cloud, _, _ := strings.Cut(trial.Blocks(formats(t, "CloudEvents"), "json")[0][0], `"data":{`)
	dir := t.TempDir()
	event, config := filepath.Join(dir, "event.json"), filepath.Join(dir, "tailpost.toml")
	text := `state_dir = "state"
sources.tail = [{ name = "in", path = "in", format = "json", appliance_id = "a" }]
`
	for _, body := range []string{"json", "form", "cloudevents"} {
		text += "[[recipients.http]]\nname = \"" + body + "\"\nurl = \"http://127.0.0.1:1/\"\nbody = \"" + body + "\"\n"
	}
	for path, text := range map[string]string{event: canonical, config: text} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for body, want := range map[string]string{"json": canonical, "form": form, "cloudevents": cloud} {
		out := strings.TrimSpace(called(t, "test", body, "--dry-run", "--config", config, "--event-file", event))
		got := out[strings.LastIndex(out, "\n")+1:]                 // the body is one line
		got = strings.Replace(got, `"extra":{"test":true},`, "", 1) // the sample's mark
		if body == "cloudevents" {
			got, _, _ = strings.Cut(got, `"data":{`)
		}
		if got != want {
			t.Errorf("docs/formats.md, %s:\n%s\nis sent as\n%s", body, want, got)
		}
	}
}
