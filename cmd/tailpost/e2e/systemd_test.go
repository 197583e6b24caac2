//go:build e2e

package e2e

import (
	"encoding/json"
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

// unitSeccomp writes the unit's SystemCallFilter as containers have theirs, and
// gives the file: so the filter is tried without a systemd that runs.
func unitSeccomp(t *testing.T) string {
	t.Helper()
	allowed := map[string]bool{}
	for line := range strings.Lines(readText(t, unitFile)) {
		sets, ok := strings.CutPrefix(strings.TrimSpace(line), "SystemCallFilter=")
		if !ok {
			continue
		}
		sets, deny := strings.CutPrefix(sets, "~")
		for _, set := range strings.Fields(sets) {
			callsOf(t, set, !deny, allowed)
		}
	}
	var names []string
	for name, ok := range allowed {
		if ok {
			names = append(names, name)
		}
	}
	if len(names) < 200 {
		t.Fatalf("the unit allows %d system calls only", len(names))
	}
	const noPermission = 1 // SystemCallErrorNumber=EPERM
	b, err := json.Marshal(map[string]any{
		"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": noPermission,
		"syscalls": []any{map[string]any{"names": names, "action": "SCMP_ACT_ALLOW"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "seccomp.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// callsOf notes the system calls of a set, and of the sets in it.
func callsOf(t *testing.T, set string, allow bool, to map[string]bool) {
	t.Helper()
	for line := range strings.Lines(analyze(t, "syscall-filter", set)) {
		call, listed := strings.CutPrefix(strings.TrimRight(line, "\n"), "    ")
		switch {
		case !listed || call == "" || strings.HasPrefix(call, "#"):
		case strings.HasPrefix(call, "@"):
			callsOf(t, call, allow, to)
		default:
			to[call] = allow
		}
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
