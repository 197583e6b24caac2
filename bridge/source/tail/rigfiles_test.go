package tail

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func (r *rig) file(name string) string { return filepath.Join(r.dir, name) }

func (r *rig) write(name, text string) {
	r.t.Helper()
	r.put(name, text, os.O_CREATE|os.O_APPEND|os.O_WRONLY)
}

func (r *rig) put(name, text string, flags int) {
	r.t.Helper()
	f, err := os.OpenFile(r.file(name), flags, 0o644)
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) rename(from, to string) {
	r.t.Helper()
	if err := os.Rename(r.file(from), r.file(to)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) remove(name string) {
	r.t.Helper()
	if err := os.Remove(r.file(name)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) truncate(name string) {
	r.t.Helper()
	if err := os.Truncate(r.file(name), 0); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) copy(from, to string) {
	r.t.Helper()
	b, err := os.ReadFile(r.file(from))
	if err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(r.file(to), b, 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// numbered gives the lines from to to-1, in the oracle's form.
func numbered(from, to int) []string {
	ls := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		ls = append(ls, fmt.Sprintf("line %06d %s", i, strings.Repeat("x", i%37)))
	}
	return ls
}

func text(lines ...string) string { return strings.Join(lines, "\n") + "\n" }

func brief(ls []string) string {
	short := make([]string, len(ls))
	for i, l := range ls {
		short[i] = fmt.Sprintf("%.30q", l)
	}
	if len(short) > 12 {
		short = append(append(short[:6:6], "…"), short[len(short)-6:]...)
	}
	return strings.Join(short, " ")
}
