package tail

import (
	"os"
	"strings"
	"testing"
)

// sameIdentity gives the saved positions of one file the identity of another,
// as a file system does that re-uses inodes and knows no time of birth.
func (r *rig) sameIdentity(name string, from fileID) {
	r.t.Helper()
	st, err := statPath(r.file(name))
	if err != nil {
		r.t.Fatal(err)
	}
	s, err := decodeState(r.pos[from.key()])
	if err != nil {
		r.t.Fatal(err)
	}
	delete(r.pos, from.key())
	s.id = st.id
	r.pos[s.id.key()] = s.encode()
}

// A new file that has the inode of one that is gone is not taken for it.
func TestReusedInode(t *testing.T) {
	t.Parallel()
	head := strings.Repeat("# the same beginning\n", 40) // longer than the sums' window
	for _, tc := range []struct {
		name, old, new string
		want           int // lines of the new file that come
		wantLoss       int
	}{
		{name: "other content, longer", old: text(numbered(0, 50)...), new: text(numbered(50, 150)...), want: 100, wantLoss: 1},
		{name: "other content, shorter", old: text(numbered(0, 50)...), new: text(numbered(50, 55)...), want: 5, wantLoss: 1},
		{name: "other content, as long", old: text("aaaa"), new: text("bbbb"), want: 1, wantLoss: 1},
		{name: "the same head, then another", old: head + text(numbered(0, 50)...), new: head + text(numbered(50, 150)...), want: 140, wantLoss: 1},
		{name: "nothing was read of the old one", old: "", new: text("bbbb"), want: 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.write("app.log", tc.old)
			r.start()
			n := strings.Count(tc.old, "\n")
			r.until("the old lines", func() bool { return len(r.lines) == n && len(r.pos) == 2 })
			r.halt()
			st, err := statPath(r.path)
			if err != nil {
				t.Fatal(err)
			}
			r.write("app.next", tc.new)
			r.remove("app.log")
			r.rename("app.next", "app.log")
			r.sameIdentity("app.log", st.id)
			r.start()
			r.until("the new lines", func() bool { return len(r.lines) == n+tc.want && len(r.losses) == tc.wantLoss })
			r.restart()
			r.quiet()
		})
	}
}

// Rotated files that are shorter than the sums' window, or begin alike, are
// told apart, while we run and while we don't.
func TestGenerationsThatLookAlike(t *testing.T) {
	t.Parallel()
	head := strings.Repeat("# the same beginning\n", 40)
	for _, tc := range []struct{ name, head string }{
		{name: "short"},
		{name: "a short head", head: "# log\n"},
		{name: "a long head", head: head},
	} {
		for _, down := range []bool{false, true} {
			t.Run(tc.name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				heads := strings.Split(strings.TrimSuffix(tc.head, "\n"), "\n")
				if tc.head == "" {
					heads = nil
				}
				var want []string
				gen := func(line string) {
					r.write("app.log", tc.head+line+"\n")
					want = append(append(want, heads...), line)
				}
				gen("a")
				r.start()
				r.want(want...)
				for _, line := range []string{"b", "c"} {
					if down {
						r.halt()
					}
					r.rename("app.log", "app.log."+line)
					gen(line)
					if down {
						r.rename("app.log", "app.log."+line+"2")
						gen(line + line)
						r.start()
					}
					r.want(want...)
				}
				r.quiet()
				r.wantNoLoss()
			})
		}
	}
}

// copytruncate while down of a file that is shorter than the window.
func TestShortCopyTruncateWhileDown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("a"))
	r.start()
	r.want("a")
	r.halt()
	r.write("app.log", text("b"))
	r.copy("app.log", "app.log.1")
	r.truncate("app.log")
	r.write("app.log", text("c", "d"))
	r.start()
	r.want("a", "b", "c", "d")
	r.restart()
	r.quiet()
	r.wantNoLoss()
}

// The directory goes, with the file, and comes back, over and over.
func TestDirectoryComesAndGoes(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Path = strings.Replace(o.Path, "app.log", "d/app.log", 1) })
	var want []string
	for _, line := range []string{"a", "b", "c"} {
		if err := os.Mkdir(r.file("d"), 0o755); err != nil {
			t.Fatal(err)
		}
		r.write("d/app.log", text(line, line+"2"))
		want = append(want, line, line+"2")
		if line == "a" {
			r.start()
		}
		r.want(want...)
		if err := os.RemoveAll(r.file("d")); err != nil {
			t.Fatal(err)
		}
		r.wantStats("that it is gone", func(s Stats) bool { return strings.HasSuffix(s.Waiting, "does not exist") })
	}
	r.wantNoLoss()
}

// The directory is hidden for a while, as by an unmounted file system, with
// a line half written.
func TestDirectoryHidden(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Path = strings.Replace(o.Path, "app.log", "d/app.log", 1) })
	if err := os.Mkdir(r.file("d"), 0o755); err != nil {
		t.Fatal(err)
	}
	r.write("d/app.log", text("a")+"ha")
	r.start()
	r.want("a")
	r.rename("d", "hidden")
	r.quiet()
	r.restart()
	r.quiet()
	r.rename("hidden", "d")
	r.write("d/app.log", text("lf"))
	r.want("a", "half")
	r.quiet()
	r.wantNoLoss()
}
