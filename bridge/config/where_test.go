package config

import (
	"path/filepath"
	"strings"
	"testing"
)

// A bridge is found whatever became of its files since.
func TestWhere(t *testing.T) {
	for name, c := range map[string]struct{ text, wantDir, wantListen, wantDoubt string }{
		"all well":            {"state_dir = '/s'\n" + rest, "/s", "127.0.0.1:9180", ""},
		"without a listener":  {"admin.listen = ''\n" + rest, "/var/lib/tailpost", "", ""},
		"problems":            {"state_dir = 's'\nnothing = 1\n[admin]\nlisten = 'localhost:1'\ntoken_file = '/none'\n[[recipients.http]]\n", "s", "localhost:1", ""},
		"no TOML any more":    {"state_dir = '/s'\n[[[", "/s", "127.0.0.1:9180", ""},
		"all keys in no TOML": {"x = = 1\r\n state_dir = 's' # here\n[smtp]\nlisten = ':2'\nstate_dir = 's'\n[admin] # it\nlisten = 'localhost:1'\n\xff", "s", "localhost:1", ""},
		"no TOML says it not": {"[[[\n", "/var/lib/tailpost", "127.0.0.1:9180", ""},
		"of an included file": {"include = ['b.toml']\nstate =\n", "/b", "127.0.0.1:9180", ""},
		"no quotes":           {"state_dir = /s\n[admin]\nlisten = ':1'\n", "/var/lib/tailpost", "127.0.0.1:9180", "main.toml: state_dir can't be understood"},
		"twice":               {"state_dir = '/s'\nstate_dir = '/t'\n", "/var/lib/tailpost", "127.0.0.1:9180", "main.toml: state_dir can't be understood"},
		"a number":            {"state_dir = 5\n", "/var/lib/tailpost", "127.0.0.1:9180", "main.toml: state_dir can't be understood"},
		"includes":            {"include = [\n'b.toml',\n]\nx\n", "/var/lib/tailpost", "127.0.0.1:9180", "main.toml: include can't be understood"},
		"empty":               {"", "/var/lib/tailpost", "127.0.0.1:9180", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string]string{"main.toml": c.text, "b.toml": "state_dir = '/b'\n[[["})
			if !filepath.IsAbs(c.wantDir) {
				c.wantDir = filepath.Join(dir, c.wantDir)
			}
			at, err := Where("main.toml")
			if want := (Place{c.wantDir, c.wantListen, c.wantDoubt}); err != nil || at != want {
				t.Errorf("%+v, %v; want %+v", at, err, want)
			}
		})
	}
	if _, err := Where("/none.toml"); err == nil || !strings.Contains(err.Error(), "name another with --config") {
		t.Errorf("no file: %v", err)
	}
}
