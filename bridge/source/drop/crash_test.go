package drop

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// TestCrashAnywhere ends the source at each batch, before it is durable and
// right after, with every done; then it goes on. Each line is there once, and
// all files are where they belong.
func TestCrashAnywhere(t *testing.T) {
	long := func(name string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%s%d\n", name, i)
		}
		return b.String()
	}
	for _, done := range []string{DoneKeep, DoneMove, DoneDelete} {
		for _, told := range []string{"before", "after"} {
			for at := 1; ; at++ {
				r := newRig(t, mode(done))
				texts := []string{long("a", 1100), long("b", 3), "", long("d", 1010) + "last", long("e", 1005)}
				r.drop("a", texts[0], 9*old)
				r.drop("b", texts[1], 8*old)
				r.drop("c", texts[2], 7*old)
				r.drop("d", texts[3], 6*old)
				r.drop("e.gz", zip(t, texts[4]), 5*old)
				crashed := make(chan struct{})
				crash := func(n int, _ bridge.Batch) error {
					if n == at {
						close(crashed)
						return errCrash
					}
					return nil
				}
				if told == "before" {
					r.before = crash
				} else {
					r.after = crash
				}
				r.start()
				over := false
				r.until("a crash, or the end", func() bool {
					select {
					case <-crashed:
						return true
					default:
						over = r.src.Stats().Files == 5 && r.src.Stats().Known == 0 && len(r.placesLeft()) == 0
						return over
					}
				})
				r.halt()
				r.before, r.after = nil, nil
				if over {
					if at < 6 {
						t.Errorf("%s: the work took %d batches only", done, at-1)
					}
					break
				}
				r.start()
				r.until("the rest", func() bool { return len(r.recs) >= 1100+3+1011+1005 && len(r.placesLeft()) == 0 && r.scanned() })
				r.halt()
				what := fmt.Sprintf("%s, crash %s batch %d is durable", done, told, at)
				if got, want := strings.Join(r.lines(), "\n"), strings.TrimSuffix(strings.Join(texts[:4], "")+"\n"+texts[4], "\n"); got != want {
					t.Errorf("%s: %d lines; want each of %d once, in order", what, len(r.recs), strings.Count(want, "\n")+1)
				}
				want := map[string][]string{
					DoneKeep: {"a", "b", "c", "d", "e.gz"}, DoneDelete: nil,
					DoneMove: {"done/a", "done/b", "done/c", "done/d", "done/e.gz"},
				}[done]
				if got := r.tree(); !slices.Equal(got, want) {
					t.Errorf("%s: files %q, want %q", what, got, want)
				}
				if len(r.losses) > 0 {
					t.Errorf("%s: losses %+v", what, r.losses)
				}
			}
		}
	}
}

// placesLeft are the files that have a position.
func (r *rig) placesLeft() (out []string) {
	for k := range r.pos {
		if strings.HasPrefix(k, placeStream) {
			out = append(out, k)
		}
	}
	return out
}

// claimed is where the source puts files before they go.
func (r *rig) claimed(name string) string {
	return filepath.Join((&reader{o: r.o}).claimDir(), name)
}

// A crash between the renames: our directory holds a file that was read to its
// end, and one that was not.
func TestCrashWhileMoving(t *testing.T) {
	for _, done := range []string{DoneMove, DoneDelete} {
		t.Run(done, func(t *testing.T) {
			r := newRig(t, mode(done))
			r.drop("a", "1\n", old)
			r.after = func(int, bridge.Batch) error { return errCrash } // durable, and not moved yet
			r.start()
			r.until("the crash", func() bool { return len(r.recs) == 1 })
			r.halt()
			r.after = nil
			if err := os.Mkdir(filepath.Dir(r.claimed("a")), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(r.path("a"), r.claimed("a")); err != nil {
				t.Fatal(err)
			}
			r.write(r.claimed("b"), "2\n") // was in the place of a file that was read
			r.start()
			r.until("what was not read", func() bool { return len(r.recs) == 2 })
			r.idle()
			r.halt()
			wantLines(t, r.lines(), "1", "2")
			want := []string{"done/a", "done/b"}
			if done == DoneDelete {
				want = nil
			}
			if got := r.tree(); !slices.Equal(got, want) {
				t.Errorf("files %q, want %q", got, want)
			}
		})
	}
}

// What happens to a file between its last line and its move.
func TestChangedAtTheLastMoment(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(r *rig)
		want   []string
		files  []string
	}{
		{"replaced", func(r *rig) { r.drop("a", "new\n", 2*old) }, []string{"1", "new"}, []string{"done/a"}},
		{"replaced by the same content", func(r *rig) { r.drop("a", "1\n", 2*old) }, []string{"1", "1"}, []string{"done/a"}},
		{"grown", func(r *rig) { r.add(r.path("a"), "2\n") }, []string{"1", "2"}, []string{"done/a"}},
		{"removed", func(r *rig) { os.Remove(r.path("a")); r.drop("b", "3\n", old) }, []string{"1", "3"}, []string{"done/b"}},
		{"emptied", func(r *rig) { r.write(r.path("a"), "") }, []string{"1"}, []string{"done/a"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			r.drop("a", "1\n", old)
			r.after = func(n int, _ bridge.Batch) error {
				if n == 1 {
					tc.change(r)
				}
				return nil
			}
			r.start()
			r.until("the lines", func() bool { return len(r.recs) >= len(tc.want) && len(r.placesLeft()) == 0 && r.scanned() })
			r.halt()
			wantLines(t, r.lines(), tc.want...)
			if got := r.tree(); !slices.Equal(got, tc.files) {
				t.Errorf("files %q, want %q", got, tc.files)
			}
			if len(r.losses) > 0 {
				t.Errorf("losses %+v", r.losses)
			}
		})
	}
}

// Where the spool syncs at intervals, a file stays until its lines are synced.
func TestSettle(t *testing.T) {
	r := newRig(t, mode(DoneDelete), func(o *Options) { o.Settle = 300 * time.Millisecond })
	r.drop("a", "1\n", old)
	var taken time.Time
	r.after = func(int, bridge.Batch) error {
		if taken.IsZero() {
			taken = time.Now()
		}
		return nil
	}
	r.start()
	r.until("the file to go", r.scanned)
	if gone := time.Since(taken); gone < r.o.Settle {
		t.Errorf("it went after %v", gone)
	}
	r.idle()
	r.halt()
	wantLines(t, r.lines(), "1")
}

// Bytes that were seen and could not be read are reported.
func TestLostUnread(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(r *rig)
		want   []string
		bytes  int64
	}{
		{"removed", func(r *rig) { os.Remove(r.path("a")) }, []string{"1"}, 4},
		{"replaced", func(r *rig) { r.drop("a", "new\n", old) }, []string{"1", "new"}, 4},
		{"emptied", func(r *rig) { r.write(r.path("a"), "x\n") }, []string{"1", "x"}, 4},
		{"removed before its first line", func(r *rig) { os.Remove(r.path("a")) }, nil, 4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, func(o *Options) { o.Linger = patience }).start()
			text := "1\nrest"
			if tc.want == nil {
				text = "rest"
			}
			r.drop("a", text, 0)
			r.until("its first look", func() bool { return r.src.Stats().Known == 1 && (tc.want == nil || len(r.recs) == 1) })
			tc.change(r)
			r.until("the loss", func() bool { return len(r.losses) == 1 && len(r.recs) == len(tc.want) })
			r.halt()
			wantLines(t, r.lines(), tc.want...)
			if l := r.losses[0]; l.Bytes != tc.bytes || l.Stream != "a" {
				t.Errorf("%+v", l)
			}
			if s := r.src.Stats(); s.Discontinuities != 1 || s.LostBytes != tc.bytes {
				t.Errorf("%+v", s)
			}
		})
	}
}

// A done directory that can't be made holds files where they are; they are not
// read twice, and go once they can.
func TestCannotMove(t *testing.T) {
	r := newRig(t)
	r.prep = func(s *Source) { s.tight = func(r *reader) { r.knownMost = 2 } }
	r.write(r.path("done"), "in the way")
	r.o.Match = "*.log"
	for _, name := range []string{"a.log", "b.log"} {
		r.drop(name, name+"\n", old)
	}
	r.start()
	r.until("the first two", func() bool { return r.src.Stats().Known == 2 && r.src.Stats().Waiting != "" })
	r.drop("c.log", "c.log\n", old)
	r.until("the bound", func() bool { return strings.Contains(r.src.Stats().Waiting, "2 files can't be got out of the way") })
	r.restart()
	r.until("the bound again", func() bool { return strings.Contains(r.src.Stats().Waiting, "2 files can't be got out of the way") })
	if n := len(r.lines()); n != 2 {
		t.Errorf("%d lines", n)
	}
	if err := os.Remove(r.path("done")); err != nil {
		t.Fatal(err)
	}
	r.until("all of them", func() bool { return len(r.recs) == 3 && r.src.Stats().Waiting == "" })
	r.idle()
	r.halt()
	if got := r.tree(); !slices.Equal(got, []string{"done/a.log", "done/b.log", "done/c.log"}) {
		t.Errorf("files %q", got)
	}
}
