package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// TestFirstCommandsOfREADME runs README.md's way from a clone to a POST and a
// mail: five commands, as they stand there. What git and make give stands
// there already; TestFirstCommands of e2e runs all five.
func TestFirstCommandsOfREADME(t *testing.T) {
	t.Parallel()
	commands := trial.FirstCommands(t, "../..")
	root, ports := t.TempDir(), trial.Ports{}
	folder := filepath.Join(root, "tailpost", "examples", "quickstart")
	trial.CopyExample(t, folder, "../../examples/quickstart")
	trial.MoveExample(t, filepath.Join(folder, "tailpost.toml"), "", ports)
	if err := os.Rename(stands(t, ports), filepath.Join(root, "tailpost", "dist")); err != nil {
		t.Fatal(err)
	}
	s := trial.NewShell(t, filepath.Join(root, "tailpost"), "/nowhere")
	for _, command := range commands[2:] {
		s.Type(command)
	}
	trial.WantPostsAndMail(t, s, 3, 1)
}

// TestTenLinesOfREADME runs README.md's configuration with the commands that
// follow it.
func TestTenLinesOfREADME(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(b), "## Ten lines that run")
	config, commands := trial.Blocks(text, "toml"), trial.Blocks(text, "sh")
	if !ok || len(config) != 1 || len(commands) == 0 {
		t.Fatalf("README.md: no configuration with commands: %q, %q", config, commands)
	}
	dir, ports := t.TempDir(), trial.Ports{}
	path := filepath.Join(dir, "tailpost.toml")
	if err := os.WriteFile(path, []byte(strings.Join(config[0], "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	trial.MoveExample(t, path, "", ports)
	s := trial.NewShell(t, dir, stands(t, ports))
	for _, command := range commands[0] {
		s.Type(command)
	}
	trial.WantPostsAndMail(t, s, 1, 0)
}

// TestREADMENamesTheCommands keeps README.md's list of commands whole.
func TestREADMENamesTheCommands(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range newRoot().Commands() {
		if !c.Hidden && c.Name() != "help" && !strings.Contains(string(b), "`tailpost "+c.Name()) && !strings.Contains(string(b), "\\| "+c.Name()) {
			t.Errorf("README.md doesn't name tailpost %s", c.Name())
		}
	}
}
