package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHealthCodes: a container's check knows 0 and 1; 2 is for a wrong call.
func TestHealthCodes(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	empty := file("empty.toml", "state_dir = \""+dir+"\"\n")
	for _, c := range []struct {
		name string
		args []string
		want int
		says string
	}{
		{"no bridge runs", []string{"--config", empty}, 1, "no bridge runs"},
		{"no bridge is ready", []string{"--ready", "--config", empty}, 1, "no bridge runs"},
		{"no configuration", []string{"--config", filepath.Join(dir, "none.toml")}, 1, "none.toml"},
		{"a directory for it", []string{"--config", dir}, 1, dir},
		{"none that can be understood", []string{"--config", file("bad.toml", "state_dir = [[[\x00")}, 1, "no bridge runs"},
		{"refused", []string{"--config", file("refused.toml", "state_dir = \""+dir+"\"\nbad = 1\n")}, 1, "no bridge runs"},
		{"an unknown flag", []string{"--redy"}, 2, "--redy"},
		{"an argument", []string{"desk"}, 2, "no argument"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			got := run(append([]string{"health"}, c.args...), strings.NewReader(""), &out, &out)
			if got != c.want || !strings.Contains(out.String(), c.says) || strings.Count(out.String(), "\n") != 1 {
				t.Errorf("exit code %d, want %d:\n%s", got, c.want, out.String())
			}
		})
	}
}
