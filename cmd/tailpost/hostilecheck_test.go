package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// TestHostileConfigurationIsPrintedAsText: what check says of a configuration
// whose names, keys and values would act on a terminal doesn't.
func TestHostileConfigurationIsPrintedAsText(t *testing.T) {
	const bad = `\u001b[2J\u0007\u009b31m\u202e\nforged: no problem\u0000`
	for name, text := range map[string]string{
		"a key":             `"` + bad + `" = 1`,
		"a table":           `["` + bad + `"]`,
		"a state_dir":       `state_dir = "` + bad + `"`,
		"a recipient":       "[[recipients.http]]\nname = \"" + bad + "\"\nurl = \"" + bad + "\"\nevents = [\"" + bad + "\"]\nwhere = \"" + bad + "\"\nbody = \"" + bad + "\"",
		"a kind":            `[["recipients"."` + bad + `"]]`,
		"a header":          "[[recipients.http]]\nname = \"a\"\nurl = \"https://example.com\"\nheaders = { \"" + bad + "\" = \"" + bad + "\" }",
		"a message":         "[[recipients.email]]\nname = \"a\"\naddress = \"" + bad + "\"\n[recipients.email.message.\"" + bad + "\"]\n\"" + bad + "\" = \"%%" + bad + "%%\"",
		"a file of secrets": "[[recipients.http]]\nname = \"a\"\nurl = \"https://example.com\"\npassword_file = \"" + bad + "\"\nusername = \"u\"\nca_file = \"" + bad + "\"\nproxy_password_env = \"" + bad + "\"",
		"an include":        `include = ["` + bad + `"]`,
		"a duration":        "[shutdown]\ngrace = \"" + bad + `"`,
		"raw bytes":         "\x1b[2J = 1\n",
		"a raw value":       "[log]\nlevel = \x1b[2J\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "c.toml")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			if code := run([]string{"check", "--config", path}, strings.NewReader(""), &out, &out); code == exitClean {
				t.Error("it is no problem")
			}
			for line := range strings.Lines(out.String()) {
				if strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return !unicode.IsPrint(r) }) || strings.HasPrefix(line, "forged") {
					t.Errorf("printed: %q", line)
				}
			}
		})
	}
}
