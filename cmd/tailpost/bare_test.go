package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestForeignSecrets: with secrets that the service alone can read, a person's
// shell can ask and change a bridge that runs, and look at one that doesn't;
// what would send refuses.
func TestForeignSecrets(t *testing.T) {
	t.Parallel()
	c := newCounter(t, func(a arrival) int {
		if a.session == "poison" {
			return 422
		}
		return 200
	})
	creds := t.TempDir()
	if err := os.WriteFile(filepath.Join(creds, "desk"), []byte("Bearer x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, recipientAt("desk", c.URL, "authorization_file = \"desk\"\ngive_up = [422]\n"))
	s.appendLines(2, func(n int) string { return []string{"fine", "poison"}[n%2] })
	cmd := exec.Command("tailpost", "run", "--config", s.config)
	cmd.Env = append(os.Environ(), "CREDENTIALS_DIRECTORY="+creds)
	p := begin(t, cmd)
	wait(t, "a dead letter", func() bool { return contains(p.log, `"message":"dead letter"`) })
	id := strings.Fields(strings.Split(s.says(0, "", "dead", "ls"), "\n")[1])[0]

	same := func() {
		t.Helper()
		for _, args := range []string{"pause desk", "resume desk", "dead ls", "dead show " + id, "quarantine ls", "audit", "spool ls", "spool verify",
			"spool cat", "spool cat --recipient desk", "why " + id, "dead replay --recipient nobody", "dead drop --recipient nobody", "quarantine replay --source log"} {
			if out := s.says(0, "", strings.Fields(args)...); strings.Contains(out, "no such file") {
				t.Errorf("%s:\n%s", args, out)
			}
		}
	}
	same()
	s.says(1, "\n- recipient desk: 1 dead letter waits for a decision\n", "status")
	s.says(0, "ok", "health")
	p.stop()
	same()
	s.says(1, "no bridge runs", "status")
	s.says(1, "", "dead", "drop", id, strings.Repeat("0", 32))
	s.says(exitUsage, "no such file or directory; create it; or, where it is one of the service's credentials: $CREDENTIALS_DIRECTORY is not set here: run this with systemd-run --pipe --wait -p User=", "check")
	s.says(exitUsage, "-p LoadCredential=desk:", "run")
	s.says(0, "", "spool", "repair")
}

// TestBrokenFiles: a bridge that runs is asked whatever became of its files
// since, and says that as a need; without it they are what is told.
func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	c := newCounter(t, always(200))
	s := newSite(t, recipientAt("desk", c.URL, ""))
	p := s.run()
	wait(t, "the control socket", func() bool { _, code := s.tailpost("status"); return code == 0 })
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	s.write(s.config, string(text)+"\n[[[ = broken")
	wait(t, "the refusal", func() bool { return contains(p.log, "the new configuration is refused") })
	out := s.says(1, "\n- configuration: the configuration's files are refused, and what was before runs:\n", "status")
	if !strings.Contains(out, "\ndesk  ") {
		t.Errorf("no table:\n%s", out)
	}
	s.says(0, "", "pause", "desk")
	s.says(0, "", "resume", "desk")
	s.says(0, "all sums fit", "audit")
	p.stop()
	out = s.says(exitUsage, s.config+":", "status")
	s.says(exitUsage, s.config+":", "pause", "desk")
	s.says(0, "all sums fit", "audit")
	if strings.Contains(out, "RECIPIENT") {
		t.Errorf("a table:\n%s", out)
	}

	// What may be another bridge's directory is not changed.
	s.write(s.config, "state_dir = "+filepath.Join(s.dir, "state")+"\n")
	s.says(exitUsage, "state_dir: text without quotes", "pause", "desk")
	s.says(exitUsage, "state_dir: text without quotes", "dead", "ls")
}

// TestSecretOfRoot: a token that the bridge's user may not read refuses the
// configuration, and it is said whose it is and who we are.
func TestSecretOfRoot(t *testing.T) {
	t.Parallel()
	b := &readySite{t: t, dir: t.TempDir()}
	token, mode := filepath.Join(t.TempDir(), "admin-token"), os.FileMode(0o600)
	if os.Geteuid() != 0 {
		mode = 0 // of our own
	}
	if err := os.WriteFile(token, []byte("0123456789abcdef\n"), mode); err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(readyConfig, "[admin]\n", fmt.Sprintf("[admin]\ntoken_file = %q\n", token), 1)
	if err := os.WriteFile(b.path("tailpost.toml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("tailpost", "check", "--config", b.path("tailpost.toml"))
	if os.Geteuid() == 0 {
		b.asNobody(cmd)
	}
	out, _ := cmd.CombinedOutput()
	for _, want := range []string{": token_file: no permission to read " + token + ", which has owner ", fmt.Sprintf("mode %04o; this process runs as ", mode), ": 1 problem"} {
		if !strings.Contains(string(out), want) || cmd.ProcessState.ExitCode() != exitUsage {
			t.Errorf("exit code %d, no %q in\n%s", cmd.ProcessState.ExitCode(), want, out)
		}
	}
}
