package tail

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

func TestCopyTruncate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	all := numbered(0, 400)
	r.write("app.log", text(all[:100]...))
	r.start()
	r.want(all[:100]...)
	r.mu.Lock() // the reader is held up in emit, with lines unread
	r.write("app.log", text(all[100:150]...))
	r.write("app.log", text(all[150:200]...))
	r.copy("app.log", "app.log.1")
	r.truncate("app.log")
	r.mu.Unlock()
	r.want(all[:200]...)
	r.write("app.log", text(all[200:300]...))
	r.want(all[:300]...)
	r.restart()
	r.quiet()
	r.write("app.log", text(all[300:]...))
	r.want(all...)
	r.quiet()
	r.wantNoLoss()
	if s := r.src.Stats(); s.Truncations != 1 {
		t.Errorf("stats %+v", s)
	}
}

// A copy that is only made, of a file that goes on, is not read.
func TestCopyAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	all := numbered(0, 200)
	r.write("app.log", text(all[:100]...))
	r.start()
	r.want(all[:100]...)
	r.copy("app.log", "app.log.bak")
	r.quiet()
	r.write("app.log", text(all[100:150]...))
	r.want(all[:150]...)
	r.rename("app.log", "app.log.1")
	r.write("app.log", text(all[150:]...))
	r.want(all...)
	r.quiet()
	r.restart()
	r.quiet()
	r.wantNoLoss()
}

func TestCopyTruncateWhileDown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	all := numbered(0, 300)
	r.write("app.log", text(all[:100]...))
	r.start()
	r.want(all[:100]...)
	r.halt()
	r.write("app.log", text(all[100:200]...))
	r.copy("app.log", "app.log.1")
	r.truncate("app.log")
	r.write("app.log", text(all[200:]...))
	r.start()
	r.want(all...)
	r.wantNoLoss()
	r.restart()
	r.quiet()
}

// The copy was made before the last lines, which have been read, were written.
func TestCopyShorterThanWhatWasRead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	all := numbered(0, 200)
	r.write("app.log", text(all[:100]...))
	r.start()
	r.want(all[:100]...)
	r.mu.Lock()
	r.write("app.log.1", text(all[:90]...))
	r.truncate("app.log")
	r.write("app.log", text(all[100:]...))
	r.mu.Unlock()
	r.want(all...)
	r.quiet()
	r.wantNoLoss()
}

// More lines than are remembered were written and taken between the copy and
// the cut: the copy is known all the same, by the reader that was there and by
// the next one.
func TestCopyFarShorterThanWhatWasRead(t *testing.T) {
	t.Parallel()
	for _, down := range []bool{false, true} {
		for _, more := range []int{40, 400, 4000} {
			t.Run(fmt.Sprintf("%d lines, down %v", more, down), func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				all := numbered(0, 10_000)
				r.write("app.log", text(all[:5000]...))
				r.start()
				r.want(all[:5000]...)
				r.copy("app.log", "copying")
				for n := 0; n < more; n += 40 {
					r.write("app.log", text(all[5000+n:5040+n]...))
					r.until("these lines", func() bool { return len(r.lines) == 5040+n })
				}
				if down {
					r.halt()
				}
				r.mu.Lock()
				r.rename("copying", "app.log.1")
				r.truncate("app.log")
				r.write("app.log", text(all[5000+more:]...))
				r.mu.Unlock()
				if down {
					r.start()
				}
				r.want(all...)
				r.quiet()
				r.wantNoLoss()
			})
		}
	}
}

// Two generations of one file whose first lines differ share no ids, though
// inode, offsets and later lines are the same.
func TestGenerationsShareNoIDs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("one", "same", "same again"))
	r.start()
	r.want("one", "same", "same again")
	r.copy("app.log", "app.log.1")
	r.truncate("app.log")
	r.write("app.log", text("two", "same", "same again"))
	r.want("one", "same", "same again", "two", "same", "same again")
	ids := map[bridge.ID]bool{}
	for _, l := range r.lines {
		ids[bridge.NewID(l.Record, 0)] = true
	}
	if len(ids) != 6 {
		t.Errorf("%d ids of 6 lines", len(ids))
	}
	if a, b := r.lines[1], r.lines[4]; a.Offset != b.Offset || slices.Equal(a.Head, b.Head) {
		t.Errorf("offsets %d %d, heads %q %q", a.Offset, b.Offset, a.Head, b.Head)
	}
}

// The same log read anew, or a copy of it, gives the same ids.
func TestSameBytesSameIDs(t *testing.T) {
	t.Parallel()
	var ids [2][]bridge.ID
	for i := range ids {
		r := newRig(t)
		r.write("app.log", text(numbered(0, 1500)...))
		r.start()
		r.want(numbered(0, 1500)...)
		r.halt()
		for _, l := range r.lines {
			ids[i] = append(ids[i], bridge.NewID(l.Record, 0))
		}
	}
	if !slices.Equal(ids[0], ids[1]) {
		t.Error("ids differ")
	}
}
