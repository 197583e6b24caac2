package app

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/tailpost/tailpost/bridge/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// load gives the configuration of a pipe from standard input to a file.
func load(t *testing.T, dir, more string) *config.Config {
	t.Helper()
	path := filepath.Join(dir, "tailpost.toml")
	text := `state_dir = "state"
admin.listen = ""
[[sources.stdin]]
name = "in"
format = "json"
appliance_id = "box"
` + more
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, ps := config.Load(path)
	if c == nil {
		t.Fatal(ps)
	}
	return c
}

func toFile(name string) string {
	return "[[recipients.file]]\nname = \"" + name + "\"\npath = \"-\"\n"
}

const line = `{"event":"support_conference_end","timestamp":2,"lsid":"a"}` + "\n"

func runOnce(t *testing.T, c *config.Config, input string) (out, log string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	err = Run(ctx, c, Options{Log: zerolog.New(zerolog.SyncWriter(&stderr)), Stdin: strings.NewReader(input), Stdout: &stdout, Version: "test"})
	if ctx.Err() != nil {
		t.Fatalf("it did not end by itself:\n%s", stderr.String())
	}
	return stdout.String(), stderr.String(), err
}

func TestEndsOnceAllInputIsDelivered(t *testing.T) {
	c := load(t, t.TempDir(), toFile("out"))
	out, log, err := runOnce(t, c, line+line)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out, `"event":"support_conference_end"`); n != 2 {
		t.Errorf("%d events, want 2:\n%s\n%s", n, out, log)
	}
}

func TestNewRecipientBeginsWithWhatComesNext(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := runOnce(t, load(t, dir, toFile("out")), line); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "new.jsonl")
	both := toFile("out") + "[[recipients.file]]\nname = \"new\"\npath = \"new.jsonl\"\n"
	out, _, err := runOnce(t, load(t, dir, both), line)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out, "\n"); n != 1 {
		t.Errorf("the old recipient got %d events, want the new one alone", n)
	}
	if n := bytes.Count(b, []byte("\n")); n != 1 {
		t.Errorf("the new recipient got %d events, want the new one alone", n)
	}
}

func TestForgottenRecipientIsNamed(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := runOnce(t, load(t, dir, toFile("gone")), line); err != nil {
		t.Fatal(err)
	}
	_, log, err := runOnce(t, load(t, dir, toFile("out")), line)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log, `"recipient":"gone"`) || !strings.Contains(log, "no longer configured") {
		t.Errorf("it is not said:\n%s", log)
	}
}

func TestStateDirThatCantBeMade(t *testing.T) {
	dir := t.TempDir()
	c := load(t, dir, toFile("out"))
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c.StateDir = filepath.Join(dir, "file", "state")
	c.Spool.Dir = c.StateDir
	_, _, err := runOnce(t, c, line)
	if err == nil || !strings.Contains(err.Error(), "this process runs as") || !strings.Contains(err.Error(), "state_dir") {
		t.Errorf("error %v", err)
	}
}

func TestRawEventsAreKeptForWhoNamesThem(t *testing.T) {
	raw := `{"event":"JIT Application Access Ticket Created","timestamp":3}` + "\n" + `{"event":"other","timestamp":3}` + "\n"
	for name, c := range map[string]struct {
		events string
		want   int
	}{
		"nobody":      {"", 1},
		"one by name": {"events = [\"JIT Application Access Ticket Created\"]\n", 1},
		"all":         {"events = [\"*\"]\n", 3},
	} {
		t.Run(name, func(t *testing.T) {
			out, _, err := runOnce(t, load(t, t.TempDir(), toFile("out")+c.events), line+raw)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(out, "\n"); n != c.want {
				t.Errorf("%d events, want %d:\n%s", n, c.want, out)
			}
		})
	}
}
