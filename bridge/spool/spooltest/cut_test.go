package spooltest_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

const sector = 512

// disk drives a file system through steps that are written as text.
type disk struct {
	t  *testing.T
	fs *spooltest.FS
}

// do takes one step: "create x", "write x LETTER FROM TO" (offsets), "sync x",
// "failsync x", "grow x SIZE", "remove x", "rename x y", "syncdir".
func (d disk) do(step string) {
	d.t.Helper()
	var op, name, arg string
	var from, to int64
	_, _ = fmt.Sscan(step, &op, &name, &arg)
	path := func(n string) string { return "/d/" + n }
	var f spool.File
	var err error
	if op != "create" && op != "remove" && op != "rename" && op != "syncdir" {
		if f, err = d.fs.Open(path(name), true); err != nil {
			d.t.Fatal(err)
		}
	}
	switch op {
	case "create":
		_, err = d.fs.Create(path(name))
	case "write":
		_, _ = fmt.Sscan(step, &op, &name, &arg, &from, &to)
		_, err = f.WriteAt(bytes.Repeat([]byte(arg), int(to-from)), from)
	case "sync":
		err = f.Sync()
	case "failsync":
		d.fs.FailNth(spooltest.Sync, 1, errors.New("no"))
		if f.Sync() == nil {
			err = errors.New("the sync didn't fail")
		}
	case "grow":
		_, _ = fmt.Sscan(arg, &to)
		err = f.Allocate(to)
	case "remove":
		err = d.fs.Remove(path(name))
	case "rename":
		err = d.fs.Rename(path(name), path(arg))
	case "syncdir":
		err = d.fs.SyncDir("/d")
	}
	if err != nil {
		d.t.Fatal(step, err)
	}
}

// look gives a state as text: each file with the first and the last letter of
// each of its sectors.
func look(fs *spooltest.FS) string {
	var out []string
	for _, name := range fs.Files("/d") {
		text := strings.TrimPrefix(name, "/d/") + ":"
		b := fs.Bytes(name)
		for from := 0; from < len(b); from += sector {
			s := b[from:min(len(b), from+sector)]
			text += strings.ReplaceAll(string(s[0])+string(s[len(s)-1])+" ", "\x00", "0")
		}
		out = append(out, strings.TrimSpace(text))
	}
	return strings.Join(out, ", ")
}

func TestCuts(t *testing.T) {
	for _, test := range []struct {
		name string
		do   string
		want string // each state, parted by |
	}{
		{name: "nothing", want: ""},
		{name: "all is durable", do: "create x; write x a 0 600; sync x; syncdir", want: "x:aa aa"},
		{name: "a name", do: "create x; write x a 0 512; sync x", want: "|x:aa"},
		{
			name: "sectors and length", do: "create x; syncdir; write x a 0 1024",
			want: "x:|x:00 00|x:aa|x:00 aa|x:aa 00|x:aa aa",
		},
		{
			name: "one sector twice", do: "create x; grow x 512; sync x; syncdir; write x a 0 8; write x b 504 512",
			want: "x:00|x:a0|x:ab",
		},
		{
			name: "two sectors written over", do: "create x; write x a 0 1024; sync x; syncdir; write x b 0 1024",
			want: "x:aa aa|x:bb aa|x:aa bb|x:bb bb",
		},
		{
			name: "a failed sync", do: "create x; write x a 0 512; sync x; syncdir; write x b 0 512; failsync x; sync x",
			want: "x:aa|x:bb",
		},
		{
			name: "written again after a failed sync", do: "create x; write x a 0 512; sync x; syncdir; write x b 0 512; failsync x; write x b 0 8; sync x",
			want: "x:bb",
		},
		{
			name: "a name again", do: "create x; write x a 0 512; sync x; syncdir; remove x; create x",
			want: "x:aa||x:",
		},
		{
			name: "a rename", do: "create x; write x a 0 512; sync x; syncdir; rename x y", want: "x:aa|y:aa",
		},
		{
			name: "two files", do: "create x; create y; syncdir; remove x; remove y", want: "x:, y:|x:|y:|",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			fs := spooltest.New(0)
			if err := fs.MkdirAll("/d"); err != nil {
				t.Fatal(err)
			}
			for _, step := range strings.Split(test.do, "; ") {
				if step != "" {
					disk{t, fs}.do(step)
				}
			}
			was := look(fs)
			cuts, all := fs.Cuts(100, nil)
			var got []string
			for _, c := range cuts {
				got = append(got, look(c))
			}
			want := strings.Split(test.want, "|")
			slices.Sort(want)
			slices.Sort(got)
			if got = slices.Compact(got); !all || !slices.Equal(got, want) {
				t.Errorf("all: %v; states\n%q, want\n%q", all, got, want)
			}
			if look(fs) != was || look(fs.Kill()) != was {
				t.Errorf("the file system has changed from %q to %q", was, look(fs))
			}
		})
	}
}

// TestCutsAreBounded: of too many states it gives so many, among them the two
// ends, all of them legal.
func TestCutsAreBounded(t *testing.T) {
	fs := spooltest.New(0)
	_ = fs.MkdirAll("/d")
	for _, step := range strings.Split("create x; syncdir; write x a 0 8192; write x b 0 8192", "; ") {
		disk{t, fs}.do(step)
	}
	const most = 40
	cuts, all := fs.Cuts(most, rand.New(rand.NewPCG(1, 1)))
	if all || len(cuts) != most {
		t.Fatalf("%d states, all: %v", len(cuts), all)
	}
	seen := make(map[string]bool)
	for _, c := range cuts {
		seen[look(c)] = true
		if rest := c.Pending(); rest > 0 {
			t.Errorf("after a power cut %d changes are not durable", rest)
		}
	}
	for _, want := range []string{"x:", "x:" + strings.TrimSpace(strings.Repeat("bb ", 16))} {
		if !seen[want] {
			t.Errorf("%q is not among them", want)
		}
	}
	if len(seen) < most*3/4 {
		t.Errorf("only %d differ", len(seen))
	}
}
