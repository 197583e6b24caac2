//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// TestFirstCommands runs README.md's five commands, from the clone to a POST
// and a mail: with git, make and Go. What is cloned are the files as they stand
// here.
func TestFirstCommands(t *testing.T) {
	checkout, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	root, ports := t.TempDir(), trial.Ports{}
	gitconfig := origin(t, checkout, root)
	commands := trial.FirstCommands(t, checkout)
	s := trial.NewShell(t, root, "/nowhere", "GIT_CONFIG_GLOBAL="+gitconfig)
	s.Type(commands[0])
	s.Type(commands[1])
	// What it has built, with ports that are free.
	clone := filepath.Join(root, "tailpost")
	built := filepath.Join(root, "built")
	if err := os.Rename(filepath.Join(clone, "dist", "tailpost"), built); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(trial.Bin(t, built, ports), "tailpost"), filepath.Join(clone, "dist", "tailpost")); err != nil {
		t.Fatal(err)
	}
	trial.MoveExample(t, filepath.Join(clone, "examples", "quickstart", "tailpost.toml"), "", ports)
	for _, command := range commands[2:] {
		s.Type(command)
	}
	trial.WantPostsAndMail(t, s, 3, 1)
}

// origin makes a repository of the files as they stand in the checkout, and
// gives a configuration with which git takes it for the project's.
func origin(t *testing.T, checkout, root string) (gitconfig string) {
	t.Helper()
	gitconfig = filepath.Join(root, "gitconfig")
	text := fmt.Sprintf("[safe]\n\tdirectory = *\n[user]\n\tname = e2e\n\temail = e2e@example.com\n[url %q]\n\tinsteadOf = https://github.com/tailpost/tailpost\n",
		"file://"+filepath.Join(root, "origin"))
	if err := os.WriteFile(gitconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "-q", "--bare"}, {"add", "-A"}, {"commit", "-q", "-m", "as it stands"}} {
		git := exec.Command("git", args...)
		git.Dir = checkout
		git.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+gitconfig, "GIT_DIR="+filepath.Join(root, "origin"))
		if args[0] != "init" {
			git.Env = append(git.Env, "GIT_WORK_TREE="+checkout)
		}
		if out, err := git.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return gitconfig
}

// TestExamplesWithCurlAndNC runs those examples whose commands call curl and
// nc: elsewhere the two have stand-ins.
func TestExamplesWithCurlAndNC(t *testing.T) {
	for name, want := range map[string]trial.Wanted{
		"local-socket": {Lines: 5}, "outbound-event": {Lines: 5}, "sendgrid": {Requests: 3, Answer: 202},
	} {
		t.Run(name, func(t *testing.T) {
			trial.RunExample(t, filepath.Join("../../../examples", name), want,
				func(p trial.Ports) string { return trial.Bin(t, raceBinary, p) })
		})
	}
}
