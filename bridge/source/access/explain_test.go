package access

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestExplain(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	file := func(name string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(at(name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(at(name), mode); err != nil { // whatever the umask
			t.Fatal(err)
		}
	}
	file("app.log", 0o200)
	file("all.log", 0o644)
	file("it's.log", 0o200)
	if err := os.Mkdir(at("shut"), 0o100); err != nil {
		t.Fatal(err)
	}
	for _, link := range [][2]string{{"new.log", "link"}, {"no/dir/new.log", "nowhere"}, {"link", "twice"}} {
		if err := os.Symlink(link[0], at(link[1])); err != nil {
			t.Fatal(err)
		}
	}
	denied, absent := syscall.EACCES, error(syscall.ENOENT)
	for _, tc := range []struct {
		name       string
		of         func(string, error) Reason
		path       string
		err        error
		wantWhy    string
		wantHint   string
		wantAbsent bool
	}{
		{"fine", File, "app.log", nil, "", "", false},
		{"denied", File, "app.log", denied, "no permission to read " + at("app.log") + ", which has owner ", "chmod u+r " + at("app.log"), false},
		{"denied, a strange name", File, "it's.log", denied, "no permission", `chmod u+r '` + dir + `/it'\''s.log'`, false},
		{"denied in spite of its mode", File, "all.log", denied, "mode 0644", "SELinux", false},
		{"denied, a directory", Dir, "shut", denied, "no permission to list " + at("shut"), "chmod u+rx ", false},
		{"missing", File, "new.log", absent, at("new.log") + " does not exist", "as soon as it appears", true},
		{"missing with its directory", File, "no/dir/new.log", absent, "the directory " + at("no") + " does not exist", "create it", false},
		{"a link to what is missing", File, "link", absent, at("link") + " leads to " + at("new.log") + ", which does not exist", "as soon as it appears", true},
		{"a link to a link", File, "twice", absent, at("twice") + " leads to " + at("new.log"), "as soon as it appears", true},
		{"a link to a directory that is missing", File, "nowhere", absent, "the directory " + at("no") + " does not exist", "create it", false},
		{"a missing directory", Dir, "no/dir", absent, "the directory " + at("no") + " does not exist", "create it", false},
		{"no directory", File, "app.log/x", syscall.ENOTDIR, at("app.log") + " is no directory", "correct the path", false},
		{"no descriptors", File, "app.log", syscall.EMFILE, "no file descriptors left", "raise the limit", false},
		{"a loop", File, "app.log", syscall.ELOOP, "is a loop", "correct the link", false},
		{"other", File, "app.log", errors.New("it hurts"), "it hurts", "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := at(tc.path)
			err := tc.err
			if n, ok := err.(syscall.Errno); ok {
				err = &os.PathError{Op: "open", Path: path, Err: n}
			}
			r := tc.of(path, err)
			if !strings.Contains(r.Why, tc.wantWhy) || !strings.Contains(r.Hint, tc.wantHint) || (r.Why == "") != (tc.wantWhy == "") || r.Absent != tc.wantAbsent {
				t.Errorf("%+v", r)
			}
			if as := strings.Contains(r.Text(), "; the bridge runs as "+Whoami()); as != errors.Is(err, fs.ErrPermission) {
				t.Errorf("%q", r.Text())
			}
		})
	}
}

// TestLetsIn: the advice for a file that keeps us out is one that lets us in. An
// owner has the owner's bits alone, whatever a list or the others' bits say.
func TestLetsIn(t *testing.T) {
	for _, tc := range []struct {
		name             string
		mode, wants      fs.FileMode
		ours, rootsGroup bool
		want             int
	}{
		{"another's", 0o600, 4, false, false, byList},
		{"another's, its group may", 0o640, 4, false, false, byGroup},
		{"another's, root's group may", 0o640, 4, false, true, byList},
		{"another's, all may", 0o644, 4, false, false, byMode},
		{"another's, a directory that can be listed alone", 0o755 &^ 0o11, 5, false, false, byList},
		{"ours, nobody may", 0, 4, true, false, byOwner},
		{"ours, the others may", 0o044, 4, true, false, byOwner},
		{"ours, we may", 0o600, 4, true, false, byMode},
		{"ours, a directory without its x", 0o600, 5, true, false, byOwner},
	} {
		if got := letsIn(tc.mode, tc.wants, tc.ours, tc.rootsGroup); got != tc.want {
			t.Errorf("%s: %d, want %d", tc.name, got, tc.want)
		}
	}
}

// TestText: it shows what was found, and asks for no names, which may take long.
func TestText(t *testing.T) {
	for _, tc := range []struct {
		name string
		r    Reason
		want string
	}{
		{"all is well", Reason{}, ""},
		{"it may come", Reason{Why: "x does not exist", Hint: "it is read as soon as it appears", Absent: true}, "x does not exist: it is read as soon as it appears"},
		{"kept out", Reason{Why: "no permission to read x", Hint: "do something", as: "somebody (uid 7, gid 7)"}, "no permission to read x; the bridge runs as somebody (uid 7, gid 7): do something"},
	} {
		if got := tc.r.Text(); got != tc.want {
			t.Errorf("%s: %q", tc.name, got)
		}
	}
}

func TestListen(t *testing.T) {
	for err, want := range map[error]string{
		syscall.EADDRINUSE: "another process", syscall.EACCES: "CAP_NET_BIND_SERVICE", syscall.EADDRNOTAVAIL: "doesn't have that address",
	} {
		if got := Listen(err); !errors.Is(got, err) || !strings.Contains(got.Error(), want) {
			t.Errorf("%v: %v", err, got)
		}
	}
}
