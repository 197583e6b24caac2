package config

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// watched is a folder whose main.toml is watched.
type watched struct {
	t       *testing.T
	dir     string
	w       *Watch
	hangup  chan os.Signal
	applied chan []string // the recipients of each configuration that came

	mu     sync.Mutex
	log    strings.Builder
	refuse error // what Apply says
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

func (w *watched) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

// load reads main.toml of a folder with these files, for run to watch it.
func load(t *testing.T, files map[string]string) *watched {
	t.Helper()
	w := &watched{t: t, dir: t.TempDir(), hangup: make(chan os.Signal, 1), applied: make(chan []string, 100)}
	for name, text := range files {
		w.write(name, text)
	}
	w.loaded()
	return w
}

func (w *watched) loaded() {
	w.t.Helper()
	c, ps := Load(w.path("main.toml"))
	if c == nil {
		w.t.Fatal(ps)
	}
	w.w = NewWatch(WatchOptions{Config: c, Hangup: w.hangup, Log: zerolog.New(w), Apply: func(_ context.Context, c *Config, _ bool) error {
		var names []string
		for _, r := range c.Recipients() {
			names = append(names, r.Name)
			if h, ok := r.What.(HTTPRecipient); ok {
				names = append(names, h.Sink.URL)
			}
		}
		w.applied <- names
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.refuse
	}})
	w.w.hints.beside = time.Hour // or it would hide that a hint is missing
}

// run watches until the test's end; what it finds at its beginning is taken.
func (w *watched) run() *watched {
	w.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.w.Run(ctx) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
		if w.t.Failed() {
			w.t.Log(w.logged())
		}
	})
	w.next()
	return w
}

// next gives the configuration that comes next.
func (w *watched) next() []string {
	w.t.Helper()
	select {
	case c := <-w.applied:
		return c
	case <-time.After(patience):
		w.t.Fatal("no configuration came")
		return nil
	}
}

func (w *watched) want(names ...string) {
	w.t.Helper()
	if got := w.next(); !slices.Equal(got, names) {
		w.t.Errorf("got the recipients %q, want %q", got, names)
	}
}

func (w *watched) until(what string, done func() bool) {
	w.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); !done(); {
		select {
		case <-tick.C:
		case <-late:
			w.t.Fatalf("not yet: %s", what)
		}
	}
}

func (w *watched) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(w.dir, name)
}

func (w *watched) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *watched) write(name, text string) {
	w.t.Helper()
	w.must(os.MkdirAll(filepath.Dir(w.path(name)), 0o700))
	w.must(os.WriteFile(w.path(name), []byte(text), 0o600))
}

// replace writes a file whole: nobody meets half of it, however busy the machine.
func (w *watched) replace(name, text string) {
	w.t.Helper()
	w.write(name+".new", text)
	w.rename(name+".new", name)
}

func (w *watched) rename(from, to string) { w.t.Helper(); w.must(os.Rename(w.path(from), w.path(to))) }
func (w *watched) remove(name string)     { w.t.Helper(); w.must(os.Remove(w.path(name))) }

// link makes a symbolic link, by a name of its own first, as who switches one.
func (w *watched) link(target, name string) {
	w.t.Helper()
	w.must(os.MkdirAll(filepath.Dir(w.path(name)), 0o700))
	w.must(os.Symlink(target, w.path(name+"_tmp")))
	w.rename(name+"_tmp", name)
}
