package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/config"
)

// TestPackagedConfiguration: what the packages start with is valid as it
// stands, and what is commented out in it is valid, too.
func TestPackagedConfiguration(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../.ci/package/tailpost.toml")
	if err != nil {
		t.Fatal(err)
	}
	_, body, ok := strings.Cut(string(text), "\n\n") // the first lines are words
	if !ok {
		t.Fatal("it has no paragraphs")
	}
	var all strings.Builder
	for line := range strings.Lines(body) {
		if setting, ok := strings.CutPrefix(line, "# "); ok && (strings.HasPrefix(setting, "[") || strings.Contains(setting, " = ")) {
			line = setting
		}
		all.WriteString(line)
	}
	rows := []struct {
		name, text     string
		wantRecipients int
	}{
		{"as it stands", string(text), 1},
		{"with what is commented out", all.String(), 3},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "tailpost.toml")
			if err := os.WriteFile(path, []byte(r.text), 0o600); err != nil {
				t.Fatal(err)
			}
			conf, problems := config.Load(path)
			for _, p := range problems {
				t.Error(p)
			}
			if conf != nil && len(conf.Recipients()) != r.wantRecipients {
				t.Errorf("it has %d recipients, want %d", len(conf.Recipients()), r.wantRecipients)
			}
		})
	}
}
