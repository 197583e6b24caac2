//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// debianTree is where .ci/e2e-packages puts a Debian of its own: the minimal
// one, with systemd, as a new server has it.
const debianTree = "/var/cache/tailpost-e2e/debian"

// debianMost bounds the tree with what is installed in it, in bytes.
const debianMost = 512 << 20

// debian is a clean Debian system that a test may change. Nothing runs in it
// but what the test starts.
type debian struct {
	t    *testing.T
	root string
	init string // the process id of its systemd; empty: none runs
}

func newDebian(t *testing.T) *debian {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("packages are installed by root alone")
	}
	d := &debian{t: t, root: filepath.Join(t.TempDir(), "debian")}
	// In memory: dpkg syncs each step, and none of it is to last.
	mountTmpfs(t, d.root, debianMost)
	command(t, "", "cp", "-a", debianTree+"/.", d.root)
	return d
}

func (d *debian) path(name string) string { return filepath.Join(d.root, name) }

// put copies a file into the root directory and gives its name there.
func (d *debian) put(path string) string {
	d.t.Helper()
	name := "/" + filepath.Base(path)
	command(d.t, "", "cp", path, d.path(name))
	return name
}

// write makes a file, and what leads to it.
func (d *debian) write(name, text string, mode fs.FileMode) {
	d.t.Helper()
	if err := os.MkdirAll(filepath.Dir(d.path(name)), 0o755); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(d.path(name), []byte(text), mode); err != nil {
		d.t.Fatal(err)
	}
}

func (d *debian) read(name string) string {
	d.t.Helper()
	text, err := os.ReadFile(d.path(name))
	if err != nil {
		d.t.Fatal(err)
	}
	return string(text)
}

// command is a program in the tree, whose standard input is empty: there is
// nobody to ask.
func (d *debian) command(name string, args ...string) *exec.Cmd {
	into := []string{"chroot", d.root}
	if d.init != "" {
		into = []string{"nsenter", "-a", "-t", d.init}
	}
	cmd := exec.Command(into[0], slices.Concat(into[1:], []string{name}, args)...)
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"}
	return cmd
}

// run runs a program in the tree and gives all that it said.
func (d *debian) run(name string, args ...string) string {
	d.t.Helper()
	out, err := d.command(name, args...).CombinedOutput()
	if err != nil {
		d.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// users gives the lines of the lists of users and groups.
func (d *debian) users() (out []string) {
	for _, name := range []string{"passwd", "group", "shadow", "gshadow"} {
		for line := range strings.Lines(d.read("/etc/" + name)) {
			out = append(out, name+" "+line)
		}
	}
	slices.Sort(out)
	return out
}

// notOurs are the places that change by themselves as packages come and go:
// dpkg's own lists, logs, what is gone after a start, the lists of users.
var notOurs = []string{
	"/run/", "/tmp/", "/var/lib/dpkg/", "/var/log/", "/var/cache/", "/usr/local/", "/tailpost_", "/old.deb",
	"/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/subuid", "/etc/subgid",
}

// files lists the tree: each path with what kind of file it is, its mode, and
// who owns it. What is ours of dpkg's is in it.
func (d *debian) files() map[string]string {
	d.t.Helper()
	out := map[string]string{}
	list := command(d.t, d.root, "find", ".", "-xdev", "-printf", `/%P\t%y %m %u:%g %l\n`)
	for line := range strings.Lines(list) {
		path, is, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if slices.ContainsFunc(notOurs, func(p string) bool { return strings.HasPrefix(path, p) }) && !strings.HasPrefix(path, "/var/lib/dpkg/info/tailpost.") {
			continue
		}
		out[path] = is
	}
	if len(out) < 3000 {
		d.t.Fatalf("the tree has %d files only", len(out))
	}
	return out
}

// differences gives what was added to, taken from and changed in a list of
// files, sorted.
func differences(before, after map[string]string) (out []string) {
	for path, is := range after {
		switch was, ok := before[path]; {
		case !ok:
			out = append(out, "+ "+path)
		case was != is:
			out = append(out, fmt.Sprintf("! %s: %s, was %s", path, is, was))
		}
	}
	for path := range before {
		if _, ok := after[path]; !ok {
			out = append(out, "- "+path)
		}
	}
	slices.Sort(out)
	return out
}

// without leaves out what begins with one of these.
func without(lines []string, begins ...string) (out []string) {
	for _, line := range lines {
		if !slices.ContainsFunc(begins, func(b string) bool { return strings.HasPrefix(line, b) }) {
			out = append(out, line)
		}
	}
	return out
}

// pretendSystemd makes the tree look as if systemd ran in it, with a systemctl
// that writes down what it is asked to do; the answer is a function that gives
// that, once.
func (d *debian) pretendSystemd() func() string {
	d.t.Helper()
	d.write("/usr/local/sbin/systemctl", "#!/bin/sh\necho \"$@\" >>/run/asked\n", 0o755)
	if err := os.MkdirAll(d.path("/run/systemd/system"), 0o755); err != nil {
		d.t.Fatal(err)
	}
	return func() string {
		asked, err := os.ReadFile(d.path("/run/asked"))
		if err != nil && !os.IsNotExist(err) {
			d.t.Fatal(err)
		}
		if err := os.RemoveAll(d.path("/run/asked")); err != nil {
			d.t.Fatal(err)
		}
		return string(bytes.TrimSpace(asked))
	}
}
