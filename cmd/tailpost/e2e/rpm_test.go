//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRPM looks at the .rpm as rpm sees it: what is in it, what stays on an
// upgrade, that its digests fit, and that its scripts are read by a shell.
func TestRPM(t *testing.T) {
	for arch, theirs := range rpmArch {
		path := filepath.Join(releaseDir(t), rpmFile(arch))
		query := func(args ...string) string { return command(t, "", "rpm", append([]string{"-qp", path}, args...)...) }
		if got := query("--queryformat", "%{NAME} %{VERSION}-%{RELEASE} %{ARCH} %{LICENSE}"); got != "tailpost "+debRevision+" "+theirs+" Apache-2.0" {
			t.Errorf("it is %s", got)
		}
		command(t, "", "rpm", "-K", "--nosignature", path)
		files := strings.Fields(query("--list"))
		for _, want := range []string{
			"/usr/bin/tailpost", "/usr/lib/systemd/system/tailpost.service", "/etc/tailpost", "/etc/tailpost/conf.d",
			"/usr/share/man/man1/tailpost.1.gz", "/usr/share/man/man1/tailpost-run.1.gz", "/usr/share/man/man5/tailpost.toml.5.gz", "/usr/share/licenses/tailpost/LICENSE",
			"/usr/share/bash-completion/completions/tailpost", "/usr/share/zsh/site-functions/_tailpost",
			"/usr/share/fish/vendor_completions.d/tailpost.fish",
		} {
			if !slices.Contains(files, want) {
				t.Errorf("%s: %s is not in it", arch, want)
			}
		}
		// %config(noreplace): 16 is RPMFILE_NOREPLACE, 1 RPMFILE_CONFIG.
		if got := query("--queryformat", "[%{FILENAMES} %{FILEFLAGS}\n]"); !strings.Contains(got, "/etc/tailpost/tailpost.toml 17\n") {
			t.Errorf("%s: the configuration's flags are not 17:\n%s", arch, got)
		}
		if got := strings.Fields(query("--configfiles")); !slices.Equal(got, []string{"/etc/tailpost/tailpost.toml"}) {
			t.Errorf("%s: configuration files are %v", arch, got)
		}
		if got := query("--queryformat", "[%{FILEUSERNAME}:%{FILEGROUPNAME}\n]"); strings.Trim(strings.ReplaceAll(got, "root:root", ""), "\n") != "" {
			t.Errorf("%s: files are not all root's:\n%s", arch, got)
		}
		for _, tag := range []string{"PREIN", "POSTIN", "PREUN", "POSTUN"} {
			shell(t, tag, query("--queryformat", "%{"+tag+"}"))
		}
	}
}

// shell wants a script that a shell can read.
func shell(t *testing.T, name, script string) {
	t.Helper()
	if len(script) < 50 {
		t.Errorf("%s is %q", name, script)
		return
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("sh", "-n", path).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
}
