//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestService does what docs/install.md says, under a systemd that runs: the
// package is installed, set up, started, looked at, reloaded, hung, refused,
// upgraded and removed.
func TestService(t *testing.T) {
	d := newBooted(t)
	deb := filepath.Join(releaseDir(t), debFile(architecture))
	d.run("apt-get", "install", "--yes", d.put(older(t, deb)))
	d.run("install", "-d", "-m", "0750", "-g", "adm", "/var/log/appliance")
	d.run("install", "-m", "0640", "-g", "adm", "/dev/null", "/var/log/appliance/session.log")
	edited := regexp.MustCompile(`format +=.*`).ReplaceAllString(d.read(configFile), `format = "json"`)
	d.write(configFile, edited, 0o644)
	d.run("tailpost", "check", "--connect")
	d.run("systemctl", "enable", "--now", "tailpost")
	d.runs()
	d.credentials()
	d.hangs()
	d.refuses(edited)

	before := d.shows("MainPID")
	d.run("apt-get", "install", "--yes", "--option=Dpkg::Options::=--force-confold", d.put(deb)) // there is nobody to ask
	if after := d.shows("MainPID"); d.shows("ActiveState") != "active" || after == before {
		t.Errorf("after an upgrade it is %s, process %s, which was %s", d.shows("ActiveState"), after, before)
	}
	if got := d.read(configFile); got != edited {
		t.Errorf("the configuration after an upgrade:\n%s", got)
	}
	began := time.Now()
	d.run("systemctl", "stop", "tailpost")
	if took := time.Since(began); took > 15*time.Second || d.shows("Result") != "success" {
		t.Errorf("a stop took %v: %s", took, d.shows("Result"))
	}
	d.run("systemctl", "start", "tailpost")
	d.run("apt-get", "remove", "--yes", "tailpost")
	if got := d.shows("ActiveState"); got != "inactive" {
		t.Errorf("after a removal it is %s", got)
	}
	d.run("apt-get", "purge", "--yes", "tailpost")
	d.wantOwned("/var/lib/tailpost", 0o700, "tailpost:tailpost")
}

// runs looks at a service that was just started: it is ready, has its
// directories, reads what a group may, and reloads when it is told to.
func (d *debian) runs() {
	t := d.t
	t.Helper()
	d.awaitShown("StatusText", "1 source, 1 recipient, 0 events waiting")
	d.wantOwned("/var/lib/tailpost", 0o700, "tailpost:tailpost")
	d.wantOwned("/run/tailpost", 0o755, "tailpost:tailpost")
	d.wantOwned("/var/lib/tailpost/control.sock", 0o600, "tailpost:tailpost")
	d.run("sh", "-c", `echo '{"event":"support_conference_end","timestamp":2,"lsid":"read"}' >>/var/log/appliance/session.log`)
	eventually(t, timeToArrive, "an event in the journal", func() bool { return strings.Contains(d.journal(), `"lsid":"read"`) })
	d.run("tailpost", "status")
	d.run("runuser", "-u", "tailpost", "--", "tailpost", "pause", "journal")
	d.run("runuser", "-u", "tailpost", "--", "tailpost", "resume", "journal")
	d.run("systemctl", "reload", "tailpost")
	eventually(t, timeToArrive, "a reload", func() bool { return strings.Contains(d.journal(), `"by":"signal"`) })
	score := regexp.MustCompile(`Overall exposure level for tailpost.service: (\d+\.\d) OK`).FindStringSubmatch(d.run("systemd-analyze", "--no-pager", "security", "tailpost.service"))
	if score == nil || !strings.Contains(readText(t, "../../../docs/install.md"), "exposure level "+score[1]+",") {
		t.Errorf("docs/install.md doesn't state the score %v", score)
	}
}

// credentials has the service, and a check beside it, read a secret that is
// root's alone.
func (d *debian) credentials() {
	d.t.Helper()
	d.write("/etc/tailpost/secrets/desk", "Bearer sesame\n", 0o600)
	d.write("/etc/tailpost/conf.d/desk.toml", "[[recipients.http]]\nname = \"desk\"\nurl = \"http://127.0.0.1:1/\"\nauthorization_file = \"desk\"\n", 0o644)
	d.dropIn("LoadCredential=desk:/etc/tailpost/secrets/desk")
	d.run("systemctl", "restart", "tailpost")
	d.awaitShown("StatusText", "1 source, 2 recipients, 0 events waiting")
	d.run("systemd-run", "--pipe", "--wait", "-p", "User=tailpost", "-p", "SupplementaryGroups=adm",
		"-p", "LoadCredential=desk:/etc/tailpost/secrets/desk", "tailpost", "check")
	if err := os.Remove(d.path("/etc/tailpost/conf.d/desk.toml")); err != nil {
		d.t.Fatal(err)
	}
}

// hangs stops the process: the watchdog ends it, and it is started again. The
// signal ends it, for an exit with 2, as Go's runtime would make of it, looks like
// a configuration that is refused.
func (d *debian) hangs() {
	t := d.t
	t.Helper()
	d.dropIn("WatchdogSec=3s", "RestartSec=100ms")
	d.run("systemctl", "restart", "tailpost")
	pid := d.shows("MainPID")
	d.run("kill", "-STOP", pid)
	eventually(t, timeToArrive, "another process", func() bool {
		now := d.shows("MainPID")
		return now != "0" && now != pid && d.shows("ActiveState") == "active"
	})
	if !strings.Contains(d.journal(), "SIGABRT") || d.shows("NRestarts") == "0" {
		t.Errorf("it was not the watchdog: %s restarts\n%s", d.shows("NRestarts"), d.journal())
	}
	d.run("kill", "-KILL", d.shows("MainPID"))
	d.awaitShown("ActiveState", "active")
}

// refuses gives the service a configuration that is none: it ends, and waits
// for a person.
func (d *debian) refuses(good string) {
	t := d.t
	t.Helper()
	d.write(configFile, good+"nonsense = 1\n", 0o644)
	if out, err := d.command("systemctl", "restart", "tailpost").CombinedOutput(); err == nil {
		t.Errorf("it started with a configuration that is none: %s", out)
	}
	if got := d.shows("SubState") + " " + d.shows("ExecMainStatus"); got != "failed 2" || !strings.Contains(d.journal(), "nonsense: unknown key") {
		t.Errorf("it is %s\n%s", got, d.journal())
	}
	d.write(configFile, good, 0o644)
	d.dropIn()
	d.run("systemctl", "start", "tailpost")
}
