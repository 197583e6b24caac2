//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const unitFile = "../../../examples/systemd/tailpost.service"

// TestSystemdUnit: systemd finds nothing to complain of in the unit, and gives
// it the score that the documentation states.
func TestSystemdUnit(t *testing.T) {
	unit := filepath.Join(t.TempDir(), "tailpost.service")
	text := strings.ReplaceAll(readText(t, unitFile), "/usr/bin/tailpost", plainBinary)
	if err := os.WriteFile(unit, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := analyze(t, "verify", "--man=no", unit); out != "" {
		t.Errorf("systemd complains:\n%s", out)
	}
	scores := regexp.MustCompile(`Overall exposure level for tailpost.service: (\d+\.\d) OK`)
	got := scores.FindStringSubmatch(analyze(t, "security", "--offline=true", unit))
	if got == nil {
		t.Fatal("no score")
	}
	t.Logf("exposure %s", got[1])
	if said := "exposure level " + got[1] + ","; !strings.Contains(readText(t, "../../../docs/install.md"), said) {
		t.Errorf("docs/install.md doesn't say %q", said)
	}
}

// analyze gives what systemd-analyze prints. It needs no systemd that runs.
func analyze(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("systemd-analyze", append([]string{"--no-pager"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("systemd-analyze %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func readText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
