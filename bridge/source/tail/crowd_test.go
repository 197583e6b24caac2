package tail

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

// openIn counts the process's descriptors of files below dir.
func openIn(dir string) int {
	n := 0
	fds, _ := os.ReadDir("/proc/self/fd")
	for _, fd := range fds {
		if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && strings.HasPrefix(to, dir+"/") {
			n++
		}
	}
	return n
}

// watchHeld fails the test where more files are open. The library opens the
// one that is read once more.
func watchHeld(r *rig, most int) {
	r.fail = func(bridge.Batch) error {
		if n := openIn(r.dir); n > most+1 {
			r.t.Errorf("%d files are open", n)
		}
		return nil
	}
}

func TestMoreLogsThanCanBeHeld(t *testing.T) {
	t.Parallel()
	var log logBuffer
	r := globRig(t, "*.log", withLog(&log), func(o *Options) { o.MaxHeld = 3 })
	watchHeld(r, 3)
	name := func(i int) string { return fmt.Sprintf("%c.log", 'a'+i) }
	want := map[string][]string{}
	put := func(i int, line string) {
		r.write(name(i), text(line))
		want[name(i)[:1]] = append(want[name(i)[:1]], line)
	}
	for i := range 12 {
		put(i, name(i)+" 1")
	}
	r.start()
	r.wantOf(want)
	for i := range 12 {
		put(i, name(i)+" 2")
	}
	r.wantOf(want)
	r.rename("c.log", "c.log.1")
	put(2, "c.log 3")
	r.wantOf(want)
	r.restart()
	r.quiet()
	put(7, "h.log 3")
	put(11, "l.log 3")
	r.wantOf(want)
	r.wantNoLoss()
	if said := log.with(t, "too many log files to hold them all open; the oldest are read first, and one that is removed before its turn is lost"); len(said) == 0 || said[0]["held"] != 3.0 {
		t.Errorf("said %v", said)
	}
}

// A long row of rotated files is read in its order, some at a time.
func TestMoreGenerationsThanCanBeHeld(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.MaxHeld = 3 })
	watchHeld(r, 3)
	all := numbered(0, 200)
	r.write("app.log", text(all[:10]...))
	r.start()
	r.want(all[:10]...)
	r.halt()
	for i := 1; i < 20; i++ {
		r.rename("app.log", fmt.Sprintf("app.log.%d", 20-i))
		r.write("app.log", text(all[i*10:i*10+10]...))
	}
	r.start()
	r.want(all...)
	r.restart()
	r.quiet()
	r.wantNoLoss()
}

// However many siblings are there at the very first start, and whether they can
// be opened or not, none is read.
func TestMoreOldSiblingsThanCanBeHeld(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.MaxHeld = 3 })
	for i := range 10 {
		r.write(fmt.Sprintf("app.log.%d", 10-i), text("old"))
	}
	r.write("app.log", text("a"))
	refuse(r, "app.log.1")
	r.start()
	r.want("a")
	r.quiet()
	r.src.open = openToRead
	r.restart()
	r.quiet()
	for i := range 10 {
		r.rename(fmt.Sprintf("app.log.%d", 10-i), fmt.Sprintf("app.log.%d", 11-i))
	}
	r.rename("app.log", "app.log.1")
	r.write("app.log", text("b"))
	r.want("a", "b")
	r.quiet()
}

// What is remembered of finished files is bounded, the oldest go first, and
// what was forgotten is not read for it.
func TestFinishedFilesAreBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Rescan = 10 * testRescan }) // a look at so many takes its time
	for i := range maxDone + 5 {
		r.write(fmt.Sprintf("app.log.%d", 2000-i), text(fmt.Sprintf("old %d", i)))
	}
	r.write("app.log", text("a"))
	r.start()
	r.want("a")
	r.until("so many are remembered", func() bool { return len(r.pos) == maxDone+2 })
	for i := range 5 {
		r.rename("app.log", fmt.Sprintf("app.log.new.%d", i))
		r.write("app.log", text(fmt.Sprint(i)))
		r.until("the line", func() bool { return len(r.lines) == i+2 })
	}
	r.wantStats("five are forgotten", func(s Stats) bool { return s.Forgotten == 5 })
	r.until("as many are remembered", func() bool { return len(r.pos) == maxDone+2 })
	r.restart()
	r.quiet()
	r.wantNoLoss()
}

// Without descriptors all is waited for, and nothing is lost.
func TestOutOfDescriptors(t *testing.T) {
	r := newRig(t)
	all := numbered(0, 40)
	r.write("app.log", text(all[:10]...))
	r.start()
	r.want(all[:10]...)
	old, err := openAppend(r.path)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	r.write("app.next", text(all[20:30]...))

	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	none := was
	none.Cur = 3
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	_, werr := old.WriteString(text(all[10:20]...))
	r.rename("app.log", "app.log.1")
	r.rename("app.next", "app.log")
	r.wantStats("what is missing", func(s Stats) bool { return s.Waiting == "no file descriptors left" })
	r.settle()
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &was); err != nil || werr != nil {
		t.Fatal(err, werr)
	}
	r.want(all[:30]...)
	r.wantStats("nothing is missing", func(s Stats) bool { return s.Waiting == "" })
	r.write("app.log", text(all[30:]...))
	r.want(all...)
	r.wantNoLoss()
}
