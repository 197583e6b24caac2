package spool_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// furnished makes a state directory that has something in every file.
func furnished(t *testing.T) *spooltest.FS {
	fs := small(t)
	s := open(t, little(fs))
	q := s.queue("r")
	_, err := s.Append(t.Context(), spool.Ingest{Source: "a", Events: [][]byte{[]byte("e1")}, Quarantined: [][]byte{[]byte("line")}})
	if err != nil {
		t.Fatal(err)
	}
	_, numbers := texts(t, q)
	for _, n := range numbers[:2] {
		if err := q.Bury(t.Context(), n, []byte("letter")); err != nil {
			t.Fatal(err)
		}
	}
	s.mustEnd()
	return fs
}

func findings(t *testing.T, fs *spooltest.FS) (out []string) {
	t.Helper()
	_, err := spool.VerifyFS(fs, dir, func(f spool.Finding) error {
		if f.Damage {
			out = append(out, f.File)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func allFiles(fs *spooltest.FS) (out []string) {
	for _, d := range []string{"segments", "journal", "dead", "quarantine"} {
		out = append(out, fs.Files(filepath.Join(dir, d))...)
	}
	return out
}

// TestVerifyAndRepair: a byte is damaged in each file in turn. Verify finds it,
// in that file; Repair sets it aside, and then there is nothing to find and
// nothing else is missing.
func TestVerifyAndRepair(t *testing.T) {
	fs := furnished(t)
	if got := findings(t, fs); len(got) != 0 {
		t.Fatalf("a sound directory: %v", got)
	}
	for _, name := range allFiles(fs) {
		for _, at := range []int{0, 1024 + 4, 1024 + 40} {
			hurt := fs.Kill()
			b := hurt.Bytes(name)
			if len(b) <= at || string(b[1024:1027]) != "tpr" {
				continue
			}
			b[at] ^= 1
			if at == 0 {
				b[512] ^= 1
			}
			hurt.SetBytes(name, b)
			short := strings.TrimPrefix(name, dir+"/")
			alone := len(findings(t, hurt)) > 0
			if !alone && hasFrameBehind(b, at) {
				t.Errorf("%s, byte %d: not found", short, at)
			}
			for _, f := range findings(t, hurt) {
				if f != short {
					t.Errorf("%s, byte %d: found in %s", short, at, f)
				}
			}
			if _, err := spool.Repair(t.Context(), little(hurt)); err != nil {
				t.Errorf("%s, byte %d: repair: %v", short, at, err)
			}
			if got := findings(t, hurt); len(got) != 0 {
				t.Errorf("%s, byte %d: after the repair: %v", short, at, got)
			}
			s := open(t, little(hurt))
			q := s.queue("r")
			texts(t, q)
			fits(t, q.Stats())
			s.mustEnd()
		}
	}
}

// hasFrameBehind reports whether a frame begins behind the one at the front: a
// last frame that is damaged is taken for a write that was cut off.
func hasFrameBehind(b []byte, at int) bool {
	return at == 0 || strings.Count(string(b), "tpr\x01") > 1
}

// TestRepairKeeps: what is set aside is kept whole, and what is good is still
// there.
func TestRepairKeeps(t *testing.T) {
	fs := furnished(t)
	name := segment(t, fs, 0)
	b := fs.Bytes(name)
	i := strings.Index(string(b), "a3")
	b[i] = '!'
	fs.SetBytes(name, b)
	found, err := spool.Repair(t.Context(), little(fs))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	kept := ""
	for _, f := range fs.Files(filepath.Join(dir, "damaged")) {
		kept += string(fs.Bytes(f))
	}
	if !strings.Contains(kept, "a4") || !strings.Contains(kept, "!3") {
		t.Errorf("kept: %q", kept)
	}
	q := open(t, little(fs)).queue("r")
	_, numbers := texts(t, q)
	for _, n := range numbers { // but for a1 to a4: delivered, parked, dead
		it, err := q.Get(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		kept += " " + string(it.Data)
	}
	if !strings.HasSuffix(kept, " a5 b1 b2 b3 b4 b5 c1 c2 c3 c4 c5 d1 e1") {
		t.Errorf("events: %q", kept)
	}
	fits(t, q.Stats())
}

// TestNothingLeft: the journal, or all segments, were taken away.
func TestNothingLeft(t *testing.T) {
	remove := func(t *testing.T, folder string) *spooltest.FS {
		fs := furnished(t)
		for _, name := range fs.Files(filepath.Join(dir, folder)) {
			if err := fs.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
		return fs
	}
	t.Run("journal", func(t *testing.T) {
		fs := remove(t, "journal")
		v, err := spool.LookFS(fs, dir)
		if err != nil || !v.NoJournal || v.NoSegments {
			t.Errorf("%+v, %v", v, err)
		}
		if got := findings(t, fs); !slices.Contains(got, "journal") {
			t.Errorf("found %v", got)
		}
	})
	t.Run("segments", func(t *testing.T) {
		fs := remove(t, "segments")
		v, err := spool.LookFS(fs, dir)
		if err != nil || v.NoJournal || !v.NoSegments {
			t.Errorf("%+v, %v", v, err)
		}
		if !open(t, little(fs)).Bereft() {
			t.Error("it opens as if it were new")
		}
	})
	t.Run("new", func(t *testing.T) {
		fs := spooltest.New(0)
		s := open(t, little(fs))
		s.queue("r")
		s.mustEnd()
		v, err := spool.LookFS(fs, dir)
		if err != nil || v.NoJournal || v.NoSegments || open(t, little(fs)).Bereft() {
			t.Errorf("%+v, %v", v, err)
		}
	})
}
