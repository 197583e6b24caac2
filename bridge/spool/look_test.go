package spool_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// during is a file system in which something happens before the nth read of a
// file.
type during struct {
	*spooltest.FS
	of string
	n  *int
	do func()
}

func (d during) Open(name string, write bool) (spool.File, error) {
	f, err := d.FS.Open(name, write)
	if err != nil || !strings.Contains(name, d.of) {
		return f, err
	}
	return duringFile{f, d}, nil
}

type duringFile struct {
	spool.File
	d during
}

func (f duringFile) ReadAt(b []byte, off int64) (int, error) {
	if *f.d.n--; *f.d.n == 0 {
		f.d.do()
	}
	return f.File.ReadAt(b, off)
}

// TestLookingWhileWriting: a group is written between two reads of one who
// looks without the lock. It finds no damage, and no event is left out.
func TestLookingWhileWriting(t *testing.T) {
	for n := 1; n < 30; n++ {
		fs := spooltest.New(0)
		s := open(t, options(fs))
		s.queue("r")
		s.add("a", "one")
		left := n
		d := during{fs, "segments", &left, func() {
			s.add("a", "two "+strings.Repeat("x", 70_000))
			s.add("a", "three")
		}}
		_, err := spool.VerifyFS(d, dir, func(f spool.Finding) error {
			t.Errorf("read %d: %+v", n, f)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		left = n
		var got []string
		err = spool.ReadEventsFS(d, dir, func(_ uint64, e []byte) error {
			got = append(got, string(e[:3]))
			return nil
		})
		all := strings.Join(got, " ")
		if err != nil || strings.Contains(all, "thr") && !strings.Contains(all, "two") {
			t.Errorf("read %d: events %s, %v", n, all, err)
		}
		left = n
		v, err := spool.LookFS(d, dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range v.Recipients {
			fits(t, r.Stats)
		}
		s.mustEnd()
	}
}

// TestVerifyWhileRenewing: a file of the journal is written anew between two
// reads of it. That is no damage.
func TestVerifyWhileRenewing(t *testing.T) {
	for n := 1; n < 30; n++ {
		fs := spooltest.New(0)
		s := open(t, options(fs))
		for i := range 8 {
			s.queue(fmt.Sprint("r", i))
		}
		q := s.queue("r0")
		for _, e := range strings.Fields(strings.Repeat("e ", 60)) {
			s.add("a", e)
		}
		_, numbers := texts(t, q)
		for _, n := range numbers {
			settle(t, q, n)
		}
		left := n
		d := during{fs, "journal", &left, func() { s.queue("another"); s.queue("one more") }}
		if _, err := spool.VerifyFS(d, dir, func(f spool.Finding) error {
			t.Errorf("read %d: %+v", n, f)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		s.mustEnd()
	}
}

// opening is a file system in which something happens once, before the first
// opening of a file.
type opening struct {
	*spooltest.FS
	name string
	do   func()
}

func (o *opening) Open(name string, write bool) (spool.File, error) {
	if do := o.do; do != nil && name == o.name {
		o.do = nil
		do()
	}
	return o.FS.Open(name, write)
}

// TestLookingWhileASegmentGoes: a segment is in the list, and gone when it is
// to be opened. What settled its events was not read yet, then: all is read
// again.
func TestLookingWhileASegmentGoes(t *testing.T) {
	fs := spooltest.New(0)
	settings := options(fs)
	settings.Keep = 0
	s := open(t, settings)
	q := s.queue("r")
	for range 40 {
		s.add("a", strings.Repeat("x", 20_000))
	}
	_, numbers := texts(t, q)
	segs := fs.Files(dir + "/segments")
	if len(segs) < 2 {
		t.Fatalf("segments: %q", segs)
	}
	v, err := spool.LookFS(fs, dir)
	if err != nil {
		t.Fatal(err)
	}
	o := &opening{FS: fs, name: segs[0]}
	o.do = func() {
		for _, n := range numbers {
			if n < v.Segments[1].First {
				settle(t, q, n)
			}
		}
		for slices.Contains(fs.Files(dir+"/segments"), o.name) {
			runtime.Gosched() // retention is at it
		}
	}
	if v, err = spool.LookFS(o, dir); err != nil || o.do != nil {
		t.Fatal(err, "or it was not opened")
	}
	for _, r := range v.Recipients {
		fits(t, r.Stats)
	}
	s.mustEnd()
}
