//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rpm has rpm work on the system that runs. It is this system's own, as Debian
// has no packages of that kind; scripts see that system's processes and files.
func (d *debian) rpm(args ...string) string {
	d.t.Helper()
	all := append([]string{"-t", d.init, "-p", "rpm", "--root=/proc/" + d.init + "/root", "--dbpath=/var/lib/rpm", "--nodeps"}, args...)
	return command(d.t, "", "nsenter", all...)
}

// TestRPMLife installs the .rpm where systemd runs, starts the service, upgrades
// it, removes it, and wants each file accounted for. The system is Debian: its
// useradd and systemctl are those of the others, its paths mostly.
func TestRPMLife(t *testing.T) {
	d := newBooted(t)
	path := filepath.Join(releaseDir(t), rpmFile(architecture))
	for _, needed := range strings.Fields(command(t, "", "rpm", "-qp", "--requires", path)) {
		if strings.HasPrefix(needed, "/") {
			d.run("test", "-x", needed)
		}
	}
	// What is the system's own where packages are of this kind.
	d.run("mkdir", "-p", "/usr/share/licenses", "/usr/share/zsh/site-functions", "/usr/share/fish/vendor_completions.d")
	before := d.files()
	out := d.rpm("-i", olderRPM(t))
	if !strings.Contains(out, "tailpost is installed and not started") {
		t.Errorf("it doesn't say what to do next:\n%s", out)
	}
	d.wantOwned("/var/lib/tailpost", 0o700, "tailpost:tailpost")
	if got := d.shows("UnitFileState"); got != "disabled" {
		t.Errorf("the unit is %s", got)
	}
	edited := d.read(configFile) + "# edited\n"
	d.write(configFile, edited, 0o644)
	d.run("systemctl", "enable", "--now", "tailpost")
	pid := d.shows("MainPID")

	d.rpm("-U", path)
	if now := d.shows("MainPID"); d.shows("ActiveState") != "active" || now == pid {
		t.Errorf("after an upgrade it is %s, process %s, which was %s", d.shows("ActiveState"), now, pid)
	}
	if got := d.run("tailpost", "version"); !strings.HasPrefix(got, "tailpost "+releaseVersion+" ") || d.read(configFile) != edited {
		t.Errorf("after an upgrade the version is %s, the configuration\n%s", got, d.read(configFile))
	}
	d.rpm("-V", "tailpost", "--nofiles")

	d.rpm("-e", "tailpost")
	if got := d.shows("ActiveState"); got != "inactive" {
		t.Errorf("after a removal it is %s", got)
	}
	left := without(differences(before, d.files()), stateFiles, "+ /var/lib/rpm", "+ /root/")
	want := []string{"+ /etc/tailpost", "+ /etc/tailpost/tailpost.toml.rpmnew", "+ /etc/tailpost/tailpost.toml.rpmsave"}
	if !slices.Equal(left, want) {
		t.Errorf("a removal leaves\n%s\nwant\n%s", strings.Join(left, "\n"), strings.Join(want, "\n"))
	}
	d.wantOwned("/var/lib/tailpost/segments", 0o700, "tailpost:tailpost")
}

// olderRPM makes a package as an older version might have been: with another
// program and configuration, and the same scripts.
func olderRPM(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	conf := filepath.Join(dir, "tailpost.toml")
	if err := os.WriteFile(conf, []byte(olderMark+"\n"+readText(t, repository+"/.ci/package/tailpost.toml")), 0o600); err != nil {
		t.Fatal(err)
	}
	about := fmt.Sprintf(`
name: tailpost
arch: %s
version: "0.1"
maintainer: The Tailpost authors <tailpost@users.noreply.github.com>
contents:
  - {src: %q, dst: /usr/bin/tailpost, file_info: {mode: 0755}}
  - {src: examples/systemd/tailpost.service, dst: /usr/lib/systemd/system/tailpost.service}
  - {src: %q, dst: /etc/tailpost/tailpost.toml, type: config|noreplace, file_info: {mode: 0644}}
  - {dst: /etc/tailpost, type: dir}
  - {dst: /etc/tailpost/conf.d, type: dir}
scripts:
  preinstall: .ci/package/rpm/pre
  postinstall: .ci/package/rpm/post
  preremove: .ci/package/rpm/preun
  postremove: .ci/package/rpm/postun
`, architecture, plainBinary, conf)
	config, out := filepath.Join(dir, "nfpm.yaml"), filepath.Join(dir, "old.rpm")
	if err := os.WriteFile(config, []byte(about), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "tool", "-modfile=.ci/package/go.mod", "nfpm", "package", "--config", config, "--packager", "rpm", "--target", out)
	cmd.Dir = repository
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return out
}
