package config

import (
	"path/filepath"
	"strings"
	"testing"
)

// A bridge is found whatever became of its files since.
func TestWhere(t *testing.T) {
	for name, c := range map[string]struct{ text, wantDir, wantListen string }{
		"all well":           {"state_dir = '/s'\n" + rest, "/s", "127.0.0.1:9180"},
		"without a listener": {"admin.listen = ''\n" + rest, "/var/lib/tailpost", ""},
		"problems":           {"state_dir = 's'\nnothing = 1\n[admin]\nlisten = 'localhost:1'\ntoken_file = '/none'\n[[recipients.http]]\n", "s", "localhost:1"},
		"no TOML any more":   {"state_dir = '/s'\n[[[", "/var/lib/tailpost", "127.0.0.1:9180"},
		"empty":              {"", "/var/lib/tailpost", "127.0.0.1:9180"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string]string{"main.toml": c.text})
			if !filepath.IsAbs(c.wantDir) {
				c.wantDir = filepath.Join(dir, c.wantDir)
			}
			stateDir, listen, err := Where("main.toml")
			if err != nil || stateDir != c.wantDir || listen != c.wantListen {
				t.Errorf("%q, %q, %v; want %q, %q", stateDir, listen, err, c.wantDir, c.wantListen)
			}
		})
	}
	if _, _, err := Where("/none.toml"); err == nil || !strings.Contains(err.Error(), "name another with --config") {
		t.Errorf("no file: %v", err)
	}
}
