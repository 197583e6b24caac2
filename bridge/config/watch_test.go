package config

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
)

// patience bounds what a test waits for: only broken code takes so long.
const patience = 30 * time.Second

const (
	aSource = "[[sources.tail]]\nname='s'\npath='/l'\nformat='bg'\nappliance_id='a'\n"
	aFile   = "[[recipients.file]]\nname='f'\npath='-'\n"
)

const both = aSource + aFile + "[[recipients.file]]\nname='g'\npath='/g'\n"

func TestWatchSees(t *testing.T) {
	for _, tc := range []struct {
		name   string
		files  map[string]string // without main.toml: aSource and aFile
		before func(w *watched)
		change func(w *watched)
		want   []string
	}{
		{name: "a file written in place", change: func(w *watched) { w.write("main.toml", both) }, want: []string{"f", "g"}},
		{name: "a save that leaves a backup (vim)", change: func(w *watched) {
			w.write("4913", "")
			w.remove("4913")
			w.rename("main.toml", "main.toml~")
			w.write("main.toml", both)
			w.remove("main.toml~")
		}, want: []string{"f", "g"}},
		{name: "a save by rename (sed -i)", change: func(w *watched) {
			w.write("sedX8Kf2", both)
			w.rename("sedX8Kf2", "main.toml")
		}, want: []string{"f", "g"}},
		{name: "a save in many writes", change: func(w *watched) {
			f, err := os.OpenFile(w.path("main.toml"), os.O_WRONLY|os.O_TRUNC, 0)
			w.must(err)
			for _, part := range strings.SplitAfter(both, "\n") {
				_, err := f.WriteString(part)
				w.must(err)
			}
			w.must(f.Close())
		}, want: []string{"f", "g"}},
		{name: "a file included anew", files: map[string]string{"main.toml": "include=['conf.d/*.toml']\n" + aSource + aFile, "conf.d/README": ""},
			change: func(w *watched) { w.write("conf.d/g.toml", "[[recipients.file]]\nname='g'\npath='/g'\n") }, want: []string{"f", "g"}},
		{name: "the folder of an include, made later", files: map[string]string{"main.toml": "include=['conf.d/*.toml']\n" + aSource + aFile},
			change: func(w *watched) { w.write("conf.d/g.toml", "[[recipients.file]]\nname='g'\npath='/g'\n") }, want: []string{"f", "g"}},
		{name: "an included file that changes", files: map[string]string{"main.toml": "include=['conf.d/*.toml']\n" + aSource, "conf.d/g.toml": aFile},
			change: func(w *watched) { w.write("conf.d/g.toml", aFile+"[[recipients.file]]\nname='g'\npath='/g'\n") }, want: []string{"f", "g"}},
		{name: "an included file that goes", files: map[string]string{"main.toml": "include=['conf.d/*.toml']\n" + aSource + aFile, "conf.d/g.toml": "[[recipients.file]]\nname='g'\npath='/g'\n"},
			change: func(w *watched) { w.remove("conf.d/g.toml") }, want: []string{"f"}},
		{name: "a mounted map of files (Kubernetes)", files: map[string]string{"..v1/main.toml": aSource + aFile, "..v2/main.toml": both},
			before: func(w *watched) {
				w.link("..v1", "..data")
				w.link("..data/main.toml", "main.toml")
			},
			change: func(w *watched) {
				w.link("..v2", "..data")
				w.remove("..v1/main.toml")
			}, want: []string{"f", "g"}},
		{name: "a link to a file in another folder, saved there", files: map[string]string{"far/real.toml": aSource + aFile},
			before: func(w *watched) { w.link("far/real.toml", "main.toml") },
			change: func(w *watched) {
				w.write("far/new", both)
				w.rename("far/new", "far/real.toml")
			}, want: []string{"f", "g"}},
		{name: "the folder that a link leads through is another", files: map[string]string{"r1/etc/real.toml": aSource + aFile, "r2/etc/real.toml": both},
			before: func(w *watched) {
				w.link("r1", "current")
				w.link(w.path("current/etc/real.toml"), "main.toml")
			},
			change: func(w *watched) { w.link("r2", "current") }, want: []string{"f", "g"}},
		{name: "a secret renewed", files: map[string]string{"main.toml": aSource + "[[recipients.http]]\nname='h'\nurl='http://localhost/'\nauthorization_file='keys/token'\n", "keys/token": "Bearer 1\n"},
			change: func(w *watched) {
				w.write("keys/token.new", "Bearer 2\n")
				w.rename("keys/token.new", "keys/token")
			}, want: []string{"h", "http://localhost/"}},
		{name: "a defaults' secret beside the file that has the defaults", files: map[string]string{
			"main.toml":     "include=['conf.d/*.toml']\n" + aSource + "[[recipients.http]]\nname='h'\nurl='http://localhost/'\n",
			"conf.d/d.toml": "[defaults.http]\nauthorization_file='token'\n", "conf.d/token": "Bearer 1\n"},
			change: func(w *watched) { w.write("conf.d/token", "Bearer 2\n") }, want: []string{"h", "http://localhost/"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if tc.files == nil {
				tc.files = map[string]string{"main.toml": aSource + aFile}
			}
			w := &watched{t: t, dir: t.TempDir(), hangup: make(chan os.Signal, 1), applied: make(chan []string, 100)}
			for name, text := range tc.files {
				w.write(name, text)
			}
			if tc.before != nil {
				tc.before(w)
			}
			w.loaded()
			w.run()
			tc.change(w)
			w.want(tc.want...)
			if s := w.w.State(); !s.Refused.IsZero() || s.Applied.IsZero() {
				t.Errorf("state %+v", s)
			}
		})
	}
}

// What changes between the first load and the watch must be seen, too.
func TestWatchSeesWhatChangedBefore(t *testing.T) {
	t.Parallel()
	w := load(t, map[string]string{"main.toml": aSource + aFile})
	w.write("main.toml", both)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.w.Run(ctx) }()
	w.want("f", "g")
	stop()
	w.must(<-done)
}

// TestWatchReadsWhatIsWrittenMeanwhile: files that change each time they are
// read, and then no more, come into force as they are in the end.
func TestWatchReadsWhatIsWrittenMeanwhile(t *testing.T) {
	t.Parallel()
	for _, asked := range []bool{false, true} {
		w := load(t, map[string]string{"main.toml": aSource + aFile})
		reads := 0
		w.w.load = func(name string) (*Config, []Problem, Depends) {
			defer func() {
				if reads++; asked && reads == 1 {
					w.hangup <- os.Interrupt // the first look is over by then
				} else if reads <= 2*readMost {
					w.write("main.toml", strings.Repeat("# \n", reads)+both)
				}
			}()
			return Read(name)
		}
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- w.w.Run(ctx) }()
		for !slices.Equal(w.next(), []string{"f", "g"}) { // asked: what was read before, too
		}
		stop()
		w.must(<-done)
	}
}

func TestWatchHasRest(t *testing.T) {
	t.Parallel()
	w := load(t, map[string]string{"main.toml": aSource + aFile, "other": ""}).run()
	later := time.Now().Add(time.Hour)
	w.must(os.Chtimes(w.path("main.toml"), later, later))
	w.write("other", "x")
	w.write("another", "x")
	w.write("main.toml", aSource+aFile)
	w.hangup <- os.Interrupt // anything: the next one to come is its
	w.want("f")
	select {
	case <-w.applied:
		t.Error("the same was loaded once more")
	case <-time.After(4 * quiet): // nothing must happen: no channel tells that
	}
}

func TestWatchRefuses(t *testing.T) {
	t.Parallel()
	w := load(t, map[string]string{"main.toml": aSource + aFile}).run()
	w.replace("main.toml", aSource+aFile+"nmae='x'\n")
	w.until("the refusal", func() bool { return !w.w.State().Refused.IsZero() })
	s := w.w.State()
	want := []string{w.path("main.toml") + `:9:1: nmae: unknown key; did you mean "name"?`}
	if !slices.Equal(s.Reasons, want) {
		t.Errorf("reasons %q, want %q", s.Reasons, want)
	}
	if log := w.logged(); !strings.Contains(log, "stays in force") || !strings.Contains(log, ":9:1: nmae") {
		t.Errorf("log %s", log)
	}
	w.replace("main.toml", aSource+aFile+"nmae='y'\n") // refused for the same reason: not said again
	w.replace("main.toml", both)
	w.want("f", "g")
	w.until("the refusal's end", func() bool { return w.w.State().Refused.IsZero() })
	if n := strings.Count(w.logged(), "stays in force"); n != 1 {
		t.Errorf("said %d times:\n%s", n, w.logged())
	}
	w.mu.Lock()
	w.refuse = errors.New("an address is taken")
	w.mu.Unlock()
	w.replace("main.toml", aSource+aFile)
	w.want("f")
	w.until("the refusal", func() bool { return slices.Equal(w.w.State().Reasons, []string{"an address is taken"}) })
}

// An editor that writes slowly: half a file is no reason to complain.
func TestWatchDoubtsHalfAFile(t *testing.T) {
	t.Parallel()
	w := load(t, map[string]string{"main.toml": aSource + aFile}).run()
	w.remove("main.toml")
	w.until("its doubt", func() bool { return strings.Contains(w.logged(), "once more") })
	w.write("main.toml", both)
	w.want("f", "g")
	if strings.Contains(w.logged(), "in force") {
		t.Error(w.logged())
	}
}

func TestHangupLoadsAtOnce(t *testing.T) {
	t.Parallel()
	w := load(t, map[string]string{"main.toml": aSource + aFile}).run()
	began := time.Now()
	w.write("main.toml", both)
	w.hangup <- os.Interrupt
	w.want("f", "g")
	if took := time.Since(began); took > quiet && took > time.Second {
		t.Errorf("it took %v", took)
	}
	for range 2 { // a person hears each time
		n := strings.Count(w.logged(), "stays in force")
		w.write("main.toml", "x")
		w.hangup <- os.Interrupt
		w.until("the refusal", func() bool { return strings.Count(w.logged(), "stays in force") > n })
	}
}

// Where the system has no notifications left, the files are looked at.
func TestWatchWithoutNotifications(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &watched{t: t, dir: dir, applied: make(chan []string, 100)}
		w.write("main.toml", aSource+aFile)
		w.loaded()
		w.w.hints.make = func() (*fsnotify.Watcher, error) { return nil, errors.New("no instances left") }
		w.run()
		for i := range 3 {
			w.write("main.toml", []string{both, aSource + aFile}[i%2])
			began := time.Now()
			w.next()
			if took := time.Since(began); took > pollAlone {
				t.Errorf("it took %v", took)
			}
		}
		if n := strings.Count(w.logged(), "no notifications"); n != 1 {
			t.Errorf("said %d times:\n%s", n, w.logged())
		}
	})
}
