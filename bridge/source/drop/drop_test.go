package drop

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/tailpost/tailpost/bridge"
)

const old = time.Hour

func TestDone(t *testing.T) {
	for _, tc := range []struct {
		done string
		want []string
	}{
		{DoneKeep, []string{"a", "b"}},
		{DoneMove, []string{"done/a", "done/b"}},
		{DoneDelete, nil},
	} {
		t.Run(tc.done, func(t *testing.T) {
			r := newRig(t, mode(tc.done)).start()
			r.drop("a", "1\n2\n", old)
			r.until("a's lines", func() bool { return len(r.recs) == 2 })
			r.drop("b", "3\n", 0) // fresh: it may still be written
			r.until("b's line", func() bool { return len(r.recs) == 3 })
			r.idle()
			r.restart()
			r.drop("c.tmp2", "4", old)
			r.until("what comes after a restart", func() bool { return len(r.recs) == 4 })
			r.idle()
			r.halt()
			wantLines(t, r.lines(), "1", "2", "3", "4")
			want := slices.Clone(tc.want)
			if tc.done == DoneKeep {
				want = append(want, "c.tmp2")
			} else if tc.done == DoneMove {
				want = append(want, "done/c.tmp2")
			}
			if got := r.tree(); !slices.Equal(got, want) {
				t.Errorf("files %q, want %q", got, want)
			}
			if s := r.src.Stats(); s.Lines != 1 || s.Files != 1 || s.Bytes != 1 || s.Partial != 1 || s.Waiting != "" {
				t.Errorf("%+v", s)
			}
			if tc.done != DoneKeep && len(r.pos) != 0 {
				t.Errorf("%d positions are left", len(r.pos))
			}
		})
	}
}

func TestOrderAndRecords(t *testing.T) {
	r := newRig(t)
	r.drop("c", "c1\nc2", 3*old)
	r.drop("z", "z1\n", 2*old)
	at := time.Now().Add(-old)
	for _, name := range []string{"b", "a"} { // one mtime: by name
		r.write(r.path(name), name+"\r\n\n")
		if err := os.Chtimes(r.path(name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	r.start()
	r.idle()
	r.halt()
	wantLines(t, r.lines(), "c1", "c2", "z1", "a\r", "", "b\r", "")
	last := r.recs[1]
	if last.Stream != "c" || last.Offset != 3 || !last.Partial || last.Once || r.recs[0].Partial || last.Time.IsZero() {
		t.Errorf("%+v", last)
	}
	if h := string(last.Head); !strings.HasPrefix(h, "c\x005\x00") || !strings.HasSuffix(h, "\x00c1") {
		t.Errorf("head %q", h)
	}
}

func TestLeftAlone(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Match = "*.json*" })
	for _, name := range []string{".hidden.json", "a.json~", "a.json.tmp", "a.json.part", "a.txt"} {
		r.write(r.path(name), name+"\n")
	}
	if err := os.MkdirAll(r.path("d.json/sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	r.write(r.path("d.json/x.json"), "below\n")
	r.write(r.path("secret"), "secret\n")
	if err := os.Symlink(r.path("secret"), r.path("link.json")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(r.path("fifo.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := r.tree()
	r.start()
	r.drop("ok.json", "ok\n", old)
	r.until("the file that is to be read", func() bool { return len(r.recs) > 0 })
	r.idle()
	r.halt()
	wantLines(t, r.lines(), "ok")
	after := slices.DeleteFunc(r.tree(), func(s string) bool { return s == "done/ok.json" })
	if !slices.Equal(before, after) {
		t.Errorf("files were %q and are %q", before, after)
	}
}

// What is dropped again is new; what is read again, because the spool was
// lost, is not.
func TestHeads(t *testing.T) {
	r := newRig(t).start()
	r.drop("a", "1\n", 3*old)
	r.until("the first", func() bool { return len(r.recs) == 1 })
	r.idle()
	r.drop("a", "1\n", 2*old)
	r.until("the second", func() bool { return len(r.recs) == 2 })
	r.idle()
	r.drop("a", "1\n", old)
	r.until("the third", func() bool { return len(r.recs) == 3 })
	r.idle()
	r.halt()
	want := []string{"done/a", "done/a.1", "done/a.2"}
	if got := r.tree(); !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	ids := map[bridge.ID]bool{}
	for _, rec := range r.recs {
		ids[bridge.NewID(rec, 0)] = true
	}
	if len(ids) != 3 {
		t.Errorf("%d ids for one file dropped three times", len(ids))
	}
	if err := os.Rename(r.path("done/a.1"), r.path("a")); err != nil {
		t.Fatal(err)
	}
	clear(r.pos)
	r.start()
	r.until("it to be read again", func() bool { return len(r.recs) == 4 })
	r.halt()
	if a, b := r.recs[1], r.recs[3]; bridge.NewID(a, 0) != bridge.NewID(b, 0) {
		t.Errorf("read again with another id: heads %q and %q", a.Head, b.Head)
	}
}

// A file that is written in place is read on until it is quiet.
func TestWrittenInPlace(t *testing.T) {
	r := newRig(t).start()
	r.write(r.path("a"), "1\n2")
	r.until("the line that is whole", func() bool { return len(r.recs) == 1 })
	r.add(r.path("a"), "2\n3\n")
	r.until("the next ones", func() bool { return len(r.recs) == 3 })
	r.add(r.path("a"), "4")
	r.idle()
	r.halt()
	wantLines(t, r.lines(), "1", "22", "3", "4")
	if got := r.tree(); !slices.Equal(got, []string{"done/a"}) {
		t.Errorf("files %q", got)
	}
	for _, rec := range r.recs[1:] {
		if string(rec.Head) != string(r.recs[0].Head) {
			t.Errorf("heads %q and %q in one file", r.recs[0].Head, rec.Head)
		}
	}
}

// A file that gets its final name while it is in work is not read twice.
func TestRenamedWhileInWork(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Linger = patience }).start()
	r.write(r.path("a"), "1\n2")
	r.until("the line that is whole", func() bool { return len(r.recs) == 1 })
	if err := os.Rename(r.path("a"), r.path("b")); err != nil {
		t.Fatal(err)
	}
	r.until("the new name", func() bool { _, ok := r.pos[placeStream+"b"]; return ok && len(r.pos) == 1 })
	r.halt()
	r.o.Linger = testLinger
	r.start()
	r.idle()
	r.halt()
	wantLines(t, r.lines(), "1", "2")
	if len(r.losses) != 0 {
		t.Errorf("losses %+v", r.losses)
	}
}

// A kept file that changes counts as dropped again.
func TestKeptFileChanges(t *testing.T) {
	r := newRig(t, mode(DoneKeep)).start()
	r.drop("a", "1\n", old)
	r.until("its line", func() bool { return len(r.recs) == 1 })
	r.idle()
	r.restart()
	r.add(r.path("a"), "2\n")
	r.until("both lines", func() bool { return len(r.recs) == 3 })
	r.idle()
	r.halt()
	wantLines(t, r.lines(), "1", "1", "2")
	if string(r.recs[0].Head) == string(r.recs[1].Head) {
		t.Error("it has the same head")
	}
}

func TestLongLine(t *testing.T) {
	r := newRig(t, func(o *Options) { o.MaxLine = 1 << 10 })
	long := strings.Repeat("x", 200<<10)
	r.drop("a", long+"\n1\n"+long, old)
	r.start()
	r.idle()
	r.halt()
	wantLines(t, r.lines(), long[:1<<10], "1", long[:1<<10])
	if a, b := r.recs[0], r.recs[2]; a.Cut != 199<<10 || a.Partial || b.Cut != 199<<10 || !b.Partial {
		t.Errorf("cut %d, %d; partial %v, %v", a.Cut, b.Cut, a.Partial, b.Partial)
	}
	if s := r.src.Stats(); s.Cut != 2 || s.CutBytes != 398<<10 || s.Bytes != int64(2*len(long)+3) {
		t.Errorf("%+v", s)
	}
}

// The directory may come later, be none, or have no watchers.
func TestDirectoryComesLater(t *testing.T) {
	for _, tc := range []struct {
		name    string
		watcher func() (*fsnotify.Watcher, error)
	}{
		{"watched", newWatcher},
		{"without inotify", func() (*fsnotify.Watcher, error) { return nil, os.ErrPermission }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			r.prep = func(s *Source) { s.watcher = tc.watcher }
			away := r.dir + ".away"
			if err := os.Rename(r.dir, away); err != nil {
				t.Fatal(err)
			}
			r.start()
			r.until("the reason", func() bool { return strings.Contains(r.src.Stats().Waiting, "no such file") })
			r.write(r.dir, "a file")
			r.until("another reason", func() bool { return strings.Contains(r.src.Stats().Waiting, "no directory") })
			if err := os.Remove(r.dir); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(away, r.dir); err != nil {
				t.Fatal(err)
			}
			r.drop("a", "1\n", old)
			r.until("its line", func() bool { return len(r.recs) == 1 && r.src.Stats().Waiting == "" })
			r.halt()
		})
	}
}
