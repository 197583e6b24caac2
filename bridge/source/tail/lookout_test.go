package tail

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestCopyOverAnOlderCopyIsSeen: cp writes a new copy into the file of the
// last one. Even with the same length it is looked at again.
func TestCopyOverAnOlderCopyIsSeen(t *testing.T) {
	dir := t.TempDir()
	live, copied := filepath.Join(dir, "app.log"), filepath.Join(dir, "app.log.1")
	for _, name := range []string{live, copied} {
		if err := os.WriteFile(name, []byte("line 1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := newLookout(live, openToRead)
	defer l.close()
	look := func() (seen bool) {
		l.scan()
		fs, _ := l.take()
		for _, f := range fs {
			if f.name == "app.log.1" {
				seen = true
				l.settle(f.f, f.st.id, extent{f.st.size, f.st.mtime})
			} else {
				f.f.Close()
			}
		}
		return seen
	}
	if !look() {
		t.Fatal("the sibling was not seen")
	}
	if look() {
		t.Error("the sibling was opened again, though nothing changed")
	}
	if err := os.WriteFile(copied, []byte("line 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(copied, time.Time{}, time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if !look() {
		t.Error("the new copy was not seen")
	}
}
