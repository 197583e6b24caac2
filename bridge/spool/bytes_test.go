package spool_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// Every byte of a small spool is changed, and every file cut at every length:
// by make crashes. By make test it is every third of them, which meets each
// field, and under the race detector, where races alone are looked for, fewer.

func stride() int {
	switch {
	case thorough:
		return 1
	case raced:
		return 29
	}
	return 3
}

// hurt is a file system in which one file is damaged.
type hurt struct {
	what string
	name string // of the file
	at   int    // the byte, or the length
	cut  bool
}

// eachHurt gives every damage to the files of some folders.
func eachHurt(base *spooltest.FS, folders []string, look func(h hurt, fs *spooltest.FS)) (n int) {
	for _, folder := range folders {
		for _, name := range base.Files(filepath.Join(dir, folder)) {
			b := base.Bytes(name)
			used := min(len(b), len(bytes.TrimRight(b, "\x00"))+8)
			try := func(h hurt, c []byte) {
				fs := base.Crash(0)
				fs.SetBytes(name, c)
				look(h, fs)
				n++
			}
			for i := 0; i < used; i += stride() {
				c := slices.Clone(b)
				c[i] ^= 1 << (i % 8)
				try(hurt{fmt.Sprintf("%s, byte %d", filepath.Base(name), i), name, i, false}, c)
				try(hurt{fmt.Sprintf("%s, cut at %d", filepath.Base(name), i), name, i, true}, b[:i])
			}
		}
	}
	return n
}

// frames gives where the frames of a file begin and end.
func frames(b []byte) (out [][2]int) {
	for at := 1024; at+32 <= len(b); at += 8 {
		if string(b[at:at+4]) == "tpr\x01" {
			size := int(binary.LittleEndian.Uint32(b[at+8:]))
			out = append(out, [2]int{at, at + 32 + (size+7)&^7})
		}
	}
	return out
}

// touched gives what the frames hold that damage may have taken: those in
// which the changed byte is, and with a cut all that don't end before it.
func (h hurt) touched(b []byte) (text string) {
	for _, f := range frames(b) {
		if h.cut && h.at < f[1] || !h.cut && h.at >= f[0] && h.at < f[1] {
			text += string(b[f[0]:f[1]])
		}
	}
	if h.cut && h.at < 1024 {
		text += string(b)
	}
	return text
}

// TestEveryByte: a start stands it, gives nothing wrong, loses nothing but what
// the damage has met, and counts that.
func TestEveryByte(t *testing.T) {
	t.Parallel()
	base := small(t).Crash(0)
	n := eachHurt(base, []string{"segments", "journal"}, func(h hurt, fs *spooltest.FS) {
		if !t.Failed() {
			withDamage(t, fs, h, h.touched(base.Bytes(h.name)))
		}
	})
	t.Logf("%d damaged spools", n)
}

func withDamage(t *testing.T, fs *spooltest.FS, h hurt, touched string) {
	t.Helper()
	newestHurt := h.name == segment(t, fs, -1)
	got := reopen(t, fs)
	have := make(map[string]bool)
	for _, e := range strings.Fields(got.events) {
		if e != "a1" && e != "?" && !strings.Contains(" "+all+" ", " "+e+" ") {
			t.Errorf("%s: an event with other bytes: %q", h.what, e)
		}
		have[e] = true
	}
	missing := 0
	for _, e := range strings.Fields(all) {
		if !have[e] {
			missing++
			if !strings.Contains(touched, e) {
				t.Errorf("%s: %s is missing: %s", h.what, e, got.events)
			}
		}
	}
	if strings.Contains(h.name, "journal") && missing > 0 {
		t.Errorf("%s: %d events are missing: %s", h.what, missing, got.events)
	}
	// What is missing is counted. But nobody can tell the last record of all,
	// or a cut of the newest segment, from a write that was cut off.
	counted := int(got.stats.Damaged)
	if have["?"] {
		counted++
	}
	if counted != missing && have["d1"] && !(h.cut && newestHurt) {
		t.Errorf("%s: %d events are missing, %d counted", h.what, missing, counted)
	}
}

// TestEveryByteOfTheStores does the same to dead letters and quarantined
// lines: no other is lost or changed, their events don't come again, and a
// start says that something can't be read.
func TestEveryByteOfTheStores(t *testing.T) {
	t.Parallel()
	base := stores(t)
	whole := kept(t, base)
	n := eachHurt(base, []string{"dead", "quarantine"}, func(h hurt, fs *spooltest.FS) {
		if t.Failed() {
			return
		}
		touched := h.touched(base.Bytes(h.name))
		var log logged
		o := little(fs)
		o.KeepDead, o.Log = tiny(fs).KeepDead, zerolog.New(&log)
		s := open(t, o)
		got, _ := texts(t, s.queue("r"))
		if len(got) != 1 || !strings.HasPrefix(got[0], "e3") {
			t.Errorf("%s: events %.40q", h.what, got)
		}
		s.mustEnd()
		now := kept(t, fs)
		missing := 0
		for _, text := range whole {
			if !slices.Contains(now, text) {
				missing++
				if _, record, _ := strings.Cut(text, ": "); !strings.Contains(touched, record) {
					t.Errorf("%s: %q is gone", h.what, text)
				}
			}
		}
		if len(now)+missing != len(whole) {
			t.Errorf("%s: %q instead of %q", h.what, now, whole)
		}
		// A cut can't be told from a write that was cut off, nor can damage to
		// the last record.
		said := strings.Contains(log.take(), "a stretch of the dead letters can't be read")
		if gone := !strings.Contains(strings.Join(now, " "), "the letter of e1"); gone && !said && !h.cut {
			t.Errorf("%s: a letter is gone, and the start doesn't say so", h.what)
		}
	})
	t.Logf("%d damaged stores", n)
}

// stores makes a state directory with two dead letters and two quarantined
// lines in their stores.
func stores(t *testing.T) *spooltest.FS {
	fs := spooltest.New(0)
	o := little(fs)
	o.Keep = 0
	s := open(t, o)
	q := s.queue("r")
	in := ingest("a", "e0")
	in.Quarantined = [][]byte{[]byte("the first bad line"), []byte("the second bad line")}
	if _, err := s.Append(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	_, n := texts(t, q)
	s.add("a", "e1", "e2", "e3"+strings.Repeat(" ", 65_000)) // begins a segment
	settle(t, q, n[0])
	_, n = texts(t, q)
	for i, letter := range []string{"the letter of e1", "the letter of e2"} {
		if err := q.Bury(t.Context(), n[i], []byte(letter)); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(time.Minute); s.Status().Segments > 1; {
		if time.Now().After(deadline) {
			t.Fatal("the first segment doesn't go")
		}
		<-time.After(time.Millisecond)
	}
	s.mustEnd()
	return fs.Crash(0)
}

// kept gives what stands in the stores.
func kept(t *testing.T, fs *spooltest.FS) (out []string) {
	t.Helper()
	err := spool.ReadDeadFS(fs, dir, func(l spool.DeadLetter) error {
		out = append(out, fmt.Sprintf("%s %x: %s", l.Recipient, l.Number, l.Letter))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = spool.ReadQuarantineFS(fs, dir, func(l spool.QuarantinedLine) error {
		out = append(out, fmt.Sprintf("%s %x: %s", l.Source, l.Number, l.Line))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
