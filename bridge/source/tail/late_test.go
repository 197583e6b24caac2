package tail

import (
	"os"
	"testing"
)

// A program that was not told goes on writing into the renamed file.
func TestLateWriter(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("a"))
	f, err := openAppend(r.path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r.start()
	r.want("a")
	r.rename("app.log", "app.log.1")
	r.write("app.log", text("new"))
	r.want("a", "new")
	writeTo(t, f, "late\n")
	r.want("a", "new", "late")
	r.quiet() // it is let go, and known to be finished
	writeTo(t, f, "later\n")
	r.want("a", "new", "late", "later")
	r.halt()
	writeTo(t, f, "latest\n")
	r.start()
	r.want("a", "new", "late", "later", "latest")
	r.quiet()
	r.wantNoLoss()
}

func writeTo(t *testing.T, f *os.File, text string) {
	t.Helper()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}
