package history

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// TestReadLatest: the last success and the last failure of each recipient, of
// the newest files alone.
func TestReadLatest(t *testing.T) {
	at := func(recipient string, n uint64, err string) bridge.Attempt {
		a := attempt(recipient, n, 1, err)
		a.At, a.Took = begun.Add(time.Duration(n)*time.Second), time.Millisecond
		return a
	}
	for _, c := range []struct {
		name  string
		files [][]bridge.Attempt
		want  string // recipient: good, bad, error; in seconds
	}{
		{"nothing is remembered", nil, ""},
		{"both, whatever their order", [][]bridge.Attempt{{at("a", 3, ""), at("a", 9, "late"), at("a", 5, "early"), at("a", 1, "")}}, "a 3 9 late"},
		{"over two files", [][]bridge.Attempt{{at("a", 1, ""), at("b", 2, "x")}, {at("a", 3, "y")}}, "a 1 3 y, b - 2 x"},
		{"no further back", [][]bridge.Attempt{{at("old", 1, "")}, {at("a", 2, "")}, {at("a", 3, "")}}, "a 3 - "},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, as := range c.files {
				r := New(Options{Dir: dir})
				stop := running(t, r)
				for _, a := range as {
					r.Attempted(a)
				}
				stop()
			}
			got, err := ReadLatest(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			text := ""
			for _, name := range []string{"a", "b", "old"} {
				l, ok := got[name]
				if !ok {
					continue
				}
				since := func(when time.Time) string {
					if when.IsZero() {
						return "-"
					}
					return fmt.Sprint(int(when.Sub(begun).Seconds()))
				}
				if text != "" {
					text += ", "
				}
				text += fmt.Sprintf("%s %s %s %s", name, since(l.Good), since(l.Bad), l.Err)
			}
			if text != c.want {
				t.Errorf("got %q, want %q", text, c.want)
			}
		})
	}
}

// TestReadLatestOfDamage: what can be read is given all the same.
func TestReadLatestOfDamage(t *testing.T) {
	dir := t.TempDir()
	r := New(Options{Dir: dir})
	stop := running(t, r)
	r.Attempted(attempt("a", 1, 1, ""))
	stop()
	if err := os.WriteFile(filepath.Join(dir, Dir, fileName(99)), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := ReadLatest(t.Context(), dir)
	if err == nil || got["a"].Good.IsZero() {
		t.Errorf("%v, %v", got, err)
	}
}
