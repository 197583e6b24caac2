package history

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// TestLast: over several files, the newest first, and of one recipient alone.
func TestLast(t *testing.T) {
	dir := t.TempDir()
	n := uint64(0)
	for range 3 { // each begins a file
		r := New(Options{Dir: dir})
		stop := running(t, r)
		for range 4 {
			n++
			a, other := attempt("a", n, 1, ""), attempt("b", n, 1, "")
			a.At = begun.Add(time.Duration(n) * time.Second)
			r.Attempted(a)
			r.Attempted(other)
		}
		stop()
	}
	numbers := func(as []bridge.Attempt) (out []uint64) {
		for _, a := range as {
			if a.Recipient != "a" {
				t.Errorf("an attempt of %s", a.Recipient)
			}
			out = append(out, a.Number)
		}
		return out
	}
	for _, c := range []struct {
		name       string
		recipient  string
		most, want int
	}{
		{"within a file", "a", 3, 3},
		{"of several files", "a", 7, 7},
		{"more than there are", "a", 100, 12},
		{"nobody", "c", 100, 0},
		{"none", "a", 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			as, err := Last(t.Context(), dir, c.recipient, c.most)
			got := numbers(as)
			if err != nil || len(got) != c.want {
				t.Fatalf("%d, %v", got, err)
			}
			for i, have := range got {
				if have != n-uint64(i) {
					t.Errorf("attempt %d is of event %d", i, have)
				}
			}
		})
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if as, err := Last(ended, dir, "a", 5); len(as) != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d, %v", len(as), err)
	}
	if err := os.WriteFile(filepath.Join(dir, Dir, fileName(99)), []byte("tphist of another kind"), 0o600); err != nil {
		t.Fatal(err)
	}
	if as, err := Last(t.Context(), dir, "a", 5); len(as) != 5 || err == nil {
		t.Errorf("beside a file that can't be read: %d, %v", len(as), err)
	}
}
