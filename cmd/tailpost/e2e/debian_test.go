//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// stateFiles is where state is, in a list of differences.
const stateFiles = "+ /var/lib/tailpost"

// TestDebianLife installs the package on a clean Debian, uses it as its user,
// upgrades it, removes it, and purges it, and wants each file accounted for.
func TestDebianLife(t *testing.T) {
	d := newDebian(t)
	before, users := d.files(), d.users()
	deb := d.put(filepath.Join(releaseDir(t), debFile(architecture)))
	earlier := d.put(older(t, filepath.Join(releaseDir(t), debFile(architecture))))

	installed(d, before, d.run("dpkg", "-i", earlier))
	d.run("systemctl", "enable", "tailpost.service")
	used(d)

	// The configuration of the older version was never edited: the new one comes.
	asked := d.pretendSystemd()
	out := d.run("dpkg", "-i", deb)
	if got := d.run("tailpost", "version"); !strings.HasPrefix(got, "tailpost "+releaseVersion+" ") {
		t.Errorf("the version is %q", got)
	}
	if strings.Contains(d.read(configFile), olderMark) || strings.Contains(out, "not started") {
		t.Errorf("after an upgrade the configuration is that of the older version, or it speaks as if it were new:\n%s", out)
	}
	if got, want := asked(), "--system daemon-reload\ntry-restart tailpost.service"; got != want {
		t.Errorf("the upgrade asked systemd\n%s\nwant\n%s", got, want)
	}

	// An edited one stays, and nobody is asked.
	edited := d.read(configFile) + "# edited\n"
	d.write(configFile, edited, 0o640)
	d.run("dpkg", "-i", deb)
	if got := d.read(configFile); got != edited {
		t.Errorf("an edited configuration did not survive an upgrade:\n%s", got)
	}

	asked()
	d.run("dpkg", "-r", "tailpost")
	if got, want := asked(), "stop tailpost.service\n--system daemon-reload"; got != want {
		t.Errorf("the removal asked systemd\n%s\nwant\n%s", got, want)
	}
	left := without(differences(before, d.files()), stateFiles, "+ /var/lib/dpkg/info/tailpost.list", "+ /var/lib/dpkg/info/tailpost.postrm")
	if want := []string{
		"+ /etc/systemd/system/multi-user.target.wants/tailpost.service", // an administrator enabled it
		"+ /etc/tailpost", "+ /etc/tailpost/conf.d", "+ /etc/tailpost/conf.d/site.toml", "+ /etc/tailpost/tailpost.toml",
		"+ /var/lib/systemd/deb-systemd-helper-enabled/multi-user.target.wants/tailpost.service",
		"+ /var/lib/systemd/deb-systemd-helper-enabled/tailpost.service.dsh-also",
	}; !slices.Equal(left, want) {
		t.Errorf("a removal leaves\n%s\nwant\n%s", strings.Join(left, "\n"), strings.Join(want, "\n"))
	}

	if err := os.Remove(d.path("/etc/tailpost/conf.d/site.toml")); err != nil { // an administrator's, not the package's
		t.Fatal(err)
	}
	out = d.run("dpkg", "-P", "tailpost")
	if !strings.Contains(out, "the state stays in /var/lib/tailpost") {
		t.Errorf("the purge doesn't say where the state is:\n%s", out)
	}
	left = differences(before, d.files())
	if got := without(left, stateFiles); len(got) > 0 || !slices.Contains(left, stateFiles+"/segments") {
		t.Errorf("a purge leaves besides the state\n%s\nof\n%s", strings.Join(got, "\n"), strings.Join(left, "\n"))
	}
	if got := d.users(); slices.Equal(got, users) {
		t.Error("the state's owner is gone, and the next user gets its number")
	}
}

// TestDebianNeverUsed: what was installed and never started leaves nothing at
// all when it is purged.
func TestDebianNeverUsed(t *testing.T) {
	d := newDebian(t)
	before, users := d.files(), d.users()
	d.run("dpkg", "-i", d.put(filepath.Join(releaseDir(t), debFile(architecture))))
	d.run("dpkg", "-P", "tailpost")
	if got := differences(before, d.files()); len(got) > 0 {
		t.Errorf("left: %v", got)
	}
	if got := d.users(); !slices.Equal(got, users) {
		t.Errorf("users and groups are\n%s\nwere\n%s", strings.Join(got, ""), strings.Join(users, ""))
	}
}

const configFile = "/etc/tailpost/tailpost.toml"

// installed looks at a system on which the package was just installed for the
// first time, and what it said there.
func installed(d *debian, before map[string]string, said string) {
	t := d.t
	t.Helper()
	if !strings.Contains(said, "tailpost is installed and not started") || !strings.Contains(said, configFile) {
		t.Errorf("it doesn't say what to do next:\n%s", said)
	}
	if got := d.run("dpkg-query", "-W", "-f", "${db:Status-Abbrev}${Depends}", "tailpost"); got != "ii adduser, procps" {
		t.Errorf("its status and what it depends on are %q", got)
	}
	ours := map[string]bool{"/var/lib/tailpost": true, "/var/lib/systemd/deb-systemd-helper-enabled/tailpost.service.dsh-also": true}
	for _, path := range strings.Fields(d.run("dpkg", "-L", "tailpost")) {
		ours[path] = true
	}
	for _, line := range differences(before, d.files()) {
		path, added := strings.CutPrefix(line, "+ ")
		if !added || !ours[path] && !strings.HasPrefix(path, "/var/lib/dpkg/info/") {
			t.Errorf("installing it does this besides: %s", line)
		}
	}
	for _, want := range []string{
		"/usr/lib/systemd/system/tailpost.service", "/etc/tailpost/conf.d", "/usr/share/man/man1/tailpost-run.1.gz", "/usr/share/man/man5/tailpost.toml.5.gz", "/usr/share/doc/tailpost/copyright",
		"/usr/share/doc/tailpost/changelog.Debian.gz", "/usr/share/doc/tailpost/changelog.gz", "/usr/share/doc/tailpost/third-party.txt.gz", "/usr/share/doc/tailpost/config.example.toml",
		"/usr/share/bash-completion/completions/tailpost", "/usr/share/zsh/vendor-completions/_tailpost", "/usr/share/fish/vendor_completions.d/tailpost.fish",
	} {
		if !ours[want] {
			t.Errorf("%s is not in the package", want)
		}
	}
	if got := d.files()["/var/lib/tailpost"]; got == "" || !strings.HasPrefix(got, "d 700 ") {
		t.Errorf("the directory for the state is %q", got)
	}
	if got := d.run("id", "tailpost"); !strings.Contains(got, "(tailpost)") || strings.Contains(got, "uid=0") {
		t.Errorf("its user is %s", got)
	}
	if out, err := d.command("systemctl", "is-enabled", "tailpost.service").CombinedOutput(); err == nil || strings.TrimSpace(string(out)) != "disabled" {
		t.Errorf("the unit is %s, %v; a new one is not enabled", out, err)
	}
	// Manual pages are looked at on their own; there is no man in the tree.
	if out := d.run("systemd-analyze", "verify", "--man=no", "tailpost.service"); out != "" {
		t.Errorf("systemd finds about the unit:\n%s", out)
	}
	d.run("tailpost", "check")
	d.run("bash", "-n", "/usr/share/bash-completion/completions/tailpost")
}

// used runs the bridge for a moment, as its user and with the configuration
// that the package has, until it says that it runs.
func used(d *debian) {
	t := d.t
	t.Helper()
	d.write("/etc/tailpost/conf.d/site.toml", "[admin]\nlisten = \"\"\n[log]\nformat = \"json\"\n", 0o644)
	cmd := exec.Command("chroot", "--userspec=tailpost:tailpost", d.root, "/usr/bin/tailpost", "run")
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = []string{"PATH=/usr/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	said := func() string {
		text, err := os.ReadFile(log.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	eventually(t, timeToArrive, "running", func() bool { return strings.Contains(said(), `"message":"running"`) })
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, said())
	}
}

// olderMark tells the configuration that an older version came with.
const olderMark = "# of an older version"

// older makes a package as an older version might have been: with a lower
// number, and another configuration.
func older(t *testing.T, deb string) string {
	t.Helper()
	dir := t.TempDir()
	tree, out := filepath.Join(dir, "tree"), filepath.Join(dir, "old.deb")
	command(t, "", "dpkg-deb", "-R", deb, tree)
	command(t, tree, "sed", "-i", "s/^Version: .*/Version: 0.1-1/", "DEBIAN/control")
	command(t, tree, "sed", "-i", `1i \`+olderMark, "etc/tailpost/tailpost.toml")
	command(t, tree, "sed", "-i", `\, etc/tailpost/,d`, "DEBIAN/md5sums")
	command(t, "", "dpkg-deb", "-Znone", "-b", tree, out)
	return out
}

// TestLintian has Debian's own checks find nothing. What is overridden stands
// with its reason in .ci/package/deb/overrides.
func TestLintian(t *testing.T) {
	args := []string{"--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0"}
	for arch := range rpmArch {
		args = append(args, filepath.Join(releaseDir(t), debFile(arch)))
	}
	if out, err := exec.Command("lintian", args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
