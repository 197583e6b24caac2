package app

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/config"
)

// live is a bridge whose configuration changes while it runs. It reads the
// lines of in.log, unless its configuration says otherwise.
type live struct {
	t      *testing.T
	dir    string
	hangup chan os.Signal
	stop   func()       // ends it, and looks whether the sums fit
	level  atomic.Value // of the log, as the reload set it

	unaudited bool // at the end

	mu  sync.Mutex
	log strings.Builder
}

func (l *live) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log.Write(p)
}

func (l *live) logged() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log.String()
}

const inLog = "[[sources.tail]]\nname = \"in\"\npath = \"in.log\"\nformat = \"json\"\nappliance_id = \"box\"\nstart = \"beginning\"\n"

// startLive runs the bridge with inLog and these tables.
func startLive(t *testing.T, text string) *live {
	t.Helper()
	return runLive(t, t.TempDir(), text)
}

// runLive does it in that directory.
func runLive(t *testing.T, dir, text string) *live {
	t.Helper()
	l := &live{t: t, dir: dir, hangup: make(chan os.Signal, 1)}
	l.save(inLog + text)
	c, ps := config.Load(filepath.Join(l.dir, "tailpost.toml"))
	if c == nil {
		t.Fatal(ps)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- Run(ctx, c, Options{Log: zerolog.New(l), Version: "test", Reload: true, Hangup: l.hangup, Level: func(level string) { l.level.Store(level) }})
	}()
	l.stop = sync.OnceFunc(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		b, err := Audit(filepath.Join(l.dir, "state"))
		if !l.unaudited && (err != nil || len(b.Problems) > 0) {
			t.Errorf("the sums: %v, %v", b, err)
		}
		if t.Failed() {
			t.Log(l.logged())
		}
	})
	t.Cleanup(l.stop)
	l.says(`"running"`)
	return l
}

func (l *live) save(text string) {
	l.t.Helper()
	l.file("tailpost.toml", "state_dir = \"state\"\nadmin.listen = \"\"\n"+text)
}

func (l *live) file(name, text string) {
	l.t.Helper()
	path := filepath.Join(l.dir, name)
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		l.t.Fatal(err)
	}
}

// change puts inLog and these tables into force.
func (l *live) change(text string) { l.t.Helper(); l.swap(inLog + text) }

// swap puts a configuration into force.
func (l *live) swap(text string) {
	l.t.Helper()
	l.save(text)
	l.reload(`"configuration reloaded"`)
}

// refused wants a configuration refused, and that said.
func (l *live) refused(text, want string) {
	l.t.Helper()
	l.save(text)
	l.reload("stays in force")
	if last := l.last("stays in force"); !strings.Contains(last, want) {
		l.t.Errorf("refused because of %s, want %s", last, want)
	}
}

// reload asks for one, and waits until the log says so.
func (l *live) reload(want string) {
	l.t.Helper()
	n := strings.Count(l.logged(), want)
	l.hangup <- os.Interrupt // any signal
	l.until(want, func() bool { return strings.Count(l.logged(), want) > n })
}

func (l *live) says(what string) {
	l.t.Helper()
	l.until(what, func() bool { return strings.Contains(l.logged(), what) })
}

// last gives the last line of the log that holds a text.
func (l *live) last(text string) string {
	lines := strings.Split(l.logged(), "\n")
	slices.Reverse(lines)
	for _, line := range lines {
		if strings.Contains(line, text) {
			return line
		}
	}
	return ""
}

func (l *live) until(what string, done func() bool) {
	l.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(time.Minute); !done(); {
		select {
		case <-tick.C:
		case <-late:
			l.t.Fatalf("not yet: %s", what)
		}
	}
}

// events appends lines, an event each: of session s the event s.
func (l *live) events(names string) {
	l.t.Helper()
	f, err := os.OpenFile(filepath.Join(l.dir, "in.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		l.t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.WriteString(f, axisLines(names)); err != nil {
		l.t.Fatal(err)
	}
}

// inFile gives the names of the events that a file recipient has.
func (l *live) inFile(name string) string {
	b, err := os.ReadFile(filepath.Join(l.dir, name))
	if err != nil && !os.IsNotExist(err) {
		l.t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(b)) {
		_, rest, _ := strings.Cut(line, `"external_key":"`)
		key, _, _ := strings.Cut(rest, `"`)
		out = append(out, key)
	}
	return strings.Join(out, " ")
}

func (l *live) wantFile(name, want string) {
	l.t.Helper()
	l.until(name+" has "+want, func() bool { return len(l.inFile(name)) >= len(want) })
	if got := l.inFile(name); got != want {
		l.t.Errorf("%s has %q, want %q", name, got, want)
	}
}

// balance is that of a recipient, on disk.
func (l *live) balance(name string) RecipientBalance {
	l.t.Helper()
	b, err := Audit(filepath.Join(l.dir, "state"))
	if err != nil {
		l.t.Fatal(err)
	}
	for _, r := range b.Recipients {
		if r.Recipient == name {
			return r
		}
	}
	return RecipientBalance{}
}

func fileTo(name, path, more string) string {
	return fmt.Sprintf("[[recipients.file]]\nname = %q\npath = %q\n%s", name, path, more)
}

func httpTo(name, url, more string) string {
	return fmt.Sprintf("[[recipients.http]]\nname = %q\nurl = %q\nretry_interval = \"1h\"\n%s", name, url, more)
}

// judge is a receiver: it answers as answer says, and keeps what it took.
type judge struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string // keys
	taken []string
	now   int // requests under way
	most  int
}

func newJudge(t *testing.T, answer func(key string, r *http.Request) int) *judge {
	t.Helper()
	j := &judge{}
	j.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.PostFormValue("external_key")
		j.mu.Lock()
		j.asked = append(j.asked, key)
		j.now++
		j.most = max(j.most, j.now)
		j.mu.Unlock()
		status := answer(key, r)
		j.mu.Lock()
		defer j.mu.Unlock()
		j.now--
		if status/100 == 2 {
			j.taken = append(j.taken, key)
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(j.Close)
	return j
}

func (j *judge) has(want string) func() bool {
	return func() bool {
		j.mu.Lock()
		defer j.mu.Unlock()
		return strings.Join(j.taken, " ") == want
	}
}

func (j *judge) asks() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.asked)
}
