package tail

import (
	"os"
	"slices"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

// gzip does what the program of this name does: the archive gets the file's
// time, and the file goes when the archive is whole.
func (r *rig) gzip(from, to string) {
	r.t.Helper()
	b, err := os.ReadFile(r.file(from))
	if err != nil {
		r.t.Fatal(err)
	}
	st, err := os.Stat(r.file(from))
	if err != nil {
		r.t.Fatal(err)
	}
	z := zipped(r.t, b)
	r.write(to, string(z[:len(z)/2]))
	r.write(to, string(z[len(z)/2:]))
	if err := os.Chtimes(r.file(to), st.ModTime(), st.ModTime()); err != nil {
		r.t.Fatal(err)
	}
	r.remove(from)
}

// The rest of a file that was rotated and compressed while we were down is
// read from the archive, with the ids that the plain file would have given.
func TestArchivedWhileDown(t *testing.T) {
	t.Parallel()
	all := numbered(0, 6000)
	ids := func(path string) (of []bridge.ID) {
		r := newRig(t)
		r.write("app.log", text(all...))
		r.start()
		r.want(all...)
		r.halt()
		for _, l := range r.lines {
			of = append(of, bridge.NewID(l.Record, 0))
		}
		return of
	}
	want := ids("plain")
	for _, tc := range []struct{ name, first, second, third string }{
		{name: "numbers", first: "app.log.3.gz", second: "app.log.2.gz", third: "app.log.1"},
		{name: "dates", first: "app.log-20260129.gz", second: "app.log-20260130.gz", third: "app.log-20260131"},
		{name: "dates with times", first: "app.log-20260129-1769644800.gz", second: "app.log-20260129-1769648400.gz", third: "app.log-20260129-1769652000"},
		{name: "dates before the extension", first: "app-20260129.log.gz", second: "app-20260130.log.gz", third: "app-20260131.log"},
		{name: "all are archives", first: "app.log.3.gz", second: "app.log.2.gz", third: "app.log.1.gz"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.write("app.log", text(all[:1000]...))
			r.start()
			r.want(all[:1000]...)
			r.halt()
			r.write("app.log", text(all[1000:3000]...))
			r.gzip("app.log", tc.first)
			r.write("app.log", text(all[3000:4000]...))
			r.gzip("app.log", tc.second)
			r.write("app.log", text(all[4000:5000]...))
			if tc.third == "app.log.1.gz" {
				r.gzip("app.log", tc.third)
			} else {
				r.rename("app.log", tc.third)
			}
			r.write("app.log", text(all[5000:]...))
			r.start()
			r.want(all...)
			r.quiet()
			r.wantNoLoss()
			for i, l := range r.lines[:3000] {
				if id := bridge.NewID(l.Record, 0); id != want[i] {
					t.Fatalf("line %d has another id: offset %d, head %q", i, l.Offset, l.Head)
				}
			}
			r.restart()
			r.quiet()
		})
	}
}

// Killed in the middle of an archive, it goes on there.
func TestRestartInAnArchive(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	all := numbered(0, 9000)
	r.write("app.log", text(all[:1]...))
	r.start()
	r.want(all[:1]...)
	r.halt()
	r.write("app.log", text(all[1:8000]...))
	r.gzip("app.log", "app.log.1.gz")
	r.write("app.log", text(all[8000:]...))
	batches := 0
	r.fail = func(b bridge.Batch) error {
		if batches++; batches%3 == 0 {
			return errCrash
		}
		return nil
	}
	for range 30 {
		r.start()
		select {
		case err := <-r.done:
			if err != errCrash {
				t.Fatal(err)
			}
			r.stop = nil
			continue
		case <-r.settledOn(len(all)):
		}
		break
	}
	r.want(all...)
	r.quiet()
	r.wantNoLoss()
}

// settledOn tells when so many lines have come.
func (r *rig) settledOn(n int) <-chan struct{} {
	there := make(chan struct{})
	go func() {
		defer close(there)
		for {
			r.mu.Lock()
			step, have := r.step, len(r.lines)
			r.mu.Unlock()
			if have >= n {
				return
			}
			<-step
		}
	}()
	return there
}

// While we run, compressing what was read, or what is being read, is no news.
func TestArchivedWhileRunning(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	all := numbered(0, 500)
	r.write("app.log", text(all[:100]...))
	r.start()
	r.want(all[:100]...)
	for i := 100; i < 500; i += 100 { // at once
		r.write("app.log", text(all[i:i+50]...))
		r.rename("app.log", "app.log.1")
		r.write("app.log", text(all[i+50:i+100]...))
		r.gzip("app.log.1", "app.log."+string(rune('0'+i/100))+".gz")
		r.want(all[:i+100]...)
	}
	r.quiet()
	r.rename("app.log", "app.log.1") // later
	r.write("app.log", text("last"))
	r.want(append(slices.Clone(all), "last")...)
	r.quiet()
	r.gzip("app.log.1", "app.log.9.gz")
	r.quiet()
	r.rename("app.log.9.gz", "app.log.10.gz")
	r.quiet()
	r.restart()
	r.quiet()
	r.wantNoLoss()
}

// Archives that were there before us are not read, however often they are
// renamed, copied or unpacked.
func TestOldArchivesAreNeverRead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log.1", text("older"))
	r.gzip("app.log.1", "app.log.2.gz")
	r.write("app.log.1", text("old"))
	r.write("app.log", text("a"))
	r.start()
	r.want("a")
	r.halt()
	r.rename("app.log.2.gz", "app.log.3.gz")
	r.gzip("app.log.1", "app.log.2.gz")
	r.rename("app.log", "app.log.1")
	r.write("app.log", text("b"))
	r.start()
	r.want("a", "b")
	r.quiet()
	r.copy("app.log.2.gz", "app.log.4.gz")
	r.write("app.log.5", text("old"))
	r.quiet()
	r.restart()
	r.quiet()
	r.wantNoLoss()
}

// An archive that is not whole yet is waited for, and so is what comes after.
func TestArchiveInTheMaking(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	all := numbered(0, 3000)
	r.write("app.log", text(all[:10]...))
	r.start()
	r.want(all[:10]...)
	r.halt()
	z := zipped(t, []byte(text(all[:2000]...)))
	r.remove("app.log")
	r.write("app.log.1.gz", string(z[:len(z)/2]))
	r.write("app.log", text(all[2000:]...))
	r.start()
	r.quiet()
	r.write("app.log.1.gz", string(z[len(z)/2:]))
	r.want(all...)
	r.quiet()
	r.wantNoLoss()
}

// Nothing at all can be read of it: that is said, and the rest goes on.
func TestEmptyArchive(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("a"))
	r.start()
	r.want("a")
	r.halt()
	r.write("app.log.1.gz", "")
	r.rename("app.log", "app.log.2")
	r.write("app.log", text("b"))
	r.start()
	r.want("a", "b")
	r.until("the loss is told", func() bool { return len(r.losses) == 1 })
	r.restart()
	r.quiet()
	if len(r.losses) != 1 {
		t.Errorf("losses %+v", r.losses)
	}
}

// One that stays so is damaged: what is there is read, and it is said once.
func TestDamagedArchive(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	all := numbered(0, 3000)
	r.write("app.log", text(all[:10]...))
	r.start()
	r.want(all[:10]...)
	r.halt()
	z := zipped(t, []byte(text(all[:2000]...)))
	r.remove("app.log")
	r.write("app.log.1.gz", string(z[:len(z)/2]))
	r.write("app.log", text(all[2000:]...))
	r.start()
	r.until("the loss is told", func() bool { return len(r.losses) == 1 })
	r.until("the last line", func() bool { return r.textsLocked()[len(r.lines)-1] == all[2999] || r.lines[len(r.lines)-1].Partial })
	got := r.texts()
	n := 0
	for n < len(got) && got[n] == all[n] {
		n++
	}
	if n < 500 || n >= 2000 {
		t.Errorf("%d lines of the damaged archive", n)
	}
	r.restart()
	r.quiet()
	if len(r.losses) != 1 || r.src.Stats().Discontinuities != 1 {
		t.Errorf("losses %+v", r.losses)
	}
}
