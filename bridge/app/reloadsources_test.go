package app

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
)

func TestSourcesComeAndGo(t *testing.T) {
	t.Parallel()
	other := strings.NewReplacer(`"in"`, `"other"`, "in.log", "other.log").Replace(inLog)
	l := startLive(t, fileTo("a", "a", ""))
	l.events("a1 a2")
	l.wantFile("a", "a1 a2")
	// One that changes goes on where it was.
	l.swap(strings.Replace(inLog, `"box"`, `"other box"`, 1) + fileTo("a", "a", ""))
	l.events("a3")
	l.wantFile("a", "a1 a2 a3")
	// One that goes reads nothing more, and knows where it was when it comes
	// back.
	l.file("other.log", axisLines("d1"))
	l.swap(other + fileTo("a", "a", ""))
	l.events("a4 a5")
	l.wantFile("a", "a1 a2 a3 d1")
	l.swap(inLog + other + fileTo("a", "a", ""))
	l.wantFile("a", "a1 a2 a3 d1 a4 a5")
	b, err := os.ReadFile(filepath.Join(l.dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(b), `"appliance_id":"other box"`); n != 1 {
		t.Errorf("%d events with the changed setting, want 1", n)
	}
}

func httpIn(name, addr, more string) string {
	return "[[sources.http]]\nname = \"" + name + "\"\nlisten = \"" + addr + "\"\nformat = \"form\"\nappliance_id = \"a\"\n" + more
}

// post sends an event, and gives the status; 0: nobody answers.
func post(addr, key string) int {
	r, err := http.PostForm("http://"+addr+"/", url.Values{
		"event": {"support_conference_end"}, "version": {"1"}, "timestamp": {"2"}, "lsid": {"s"}, "external_key": {key}})
	if err != nil {
		return 0
	}
	defer r.Body.Close()
	return r.StatusCode
}

func TestListenersMove(t *testing.T) {
	t.Parallel()
	one, two := freeAddr(t), freeAddr(t)
	l := startLive(t, httpIn("h", one, "")+fileTo("a", "a", ""))
	l.until("the first address", func() bool { return post(one, "1") == 200 })
	// To another address: that one is there at once.
	l.change(httpIn("h", two, "") + fileTo("a", "a", ""))
	if got := post(two, "2"); got != 200 {
		t.Errorf("the new address answers %d", got)
	}
	if got := post(one, "x"); got != 0 {
		t.Errorf("the old address answers %d", got)
	}
	// With another setting: at the same address.
	l.change(httpIn("h", two, "allow = [\"192.0.2.1\"]\n") + fileTo("a", "a", ""))
	l.until("the refusal", func() bool { return post(two, "x") == 403 })
	// Two change their addresses with each other.
	l.change(httpIn("h", two, "") + httpIn("g", one, "path = \"/\"\n") + fileTo("a", "a", ""))
	l.change(httpIn("h", one, "") + httpIn("g", two, "path = \"/\"\n") + fileTo("a", "a", ""))
	l.until("the one", func() bool { return post(one, "3") == 200 })
	l.until("the other", func() bool { return post(two, "4") == 200 })
	l.wantFile("a", "1 2 3 4")
}

// Lines by socket and syslog: at the new address as soon as the reload has come
// into force, and at no time nowhere.
func TestLinesMove(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		table func(l *live, n int) (table, network, address string)
	}{
		{"socket", func(l *live, n int) (string, string, string) {
			path := filepath.Join(l.dir, "s"+strconv.Itoa(n))
			return "[[sources.socket]]\nname = \"x\"\nformat = \"json\"\nappliance_id = \"a\"\npath = \"" + path + "\"\n", "unix", path
		}},
		{"datagrams", func(l *live, n int) (string, string, string) {
			path := filepath.Join(l.dir, "s"+strconv.Itoa(n))
			return "[[sources.socket]]\nname = \"x\"\nformat = \"json\"\nkind = \"datagram\"\nappliance_id = \"a\"\npath = \"" + path + "\"\n", "unixgram", path
		}},
		{"syslog", func(l *live, _ int) (string, string, string) {
			addr := freeAddr(t)
			return "[[sources.syslog]]\nname = \"x\"\nformat = \"json\"\nappliance_id = \"a\"\nlisten = \"tcp://" + addr + "\"\n", "tcp", addr
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := startLive(t, fileTo("a", "a", ""))
			want := ""
			for n := range 4 {
				table, network, address := tc.table(l, n)
				l.change(table + fileTo("a", "a", ""))
				c, err := net.Dial(network, address) // at once: it listens
				if err != nil {
					t.Fatal(err)
				}
				key := "k" + strconv.Itoa(n)
				if _, err := io.WriteString(c, axisLines(key)); err != nil {
					t.Fatal(err)
				}
				want = strings.TrimSpace(want + " " + key)
				l.wantFile("a", want)
				c.Close()
			}
		})
	}
}

// A state that this version can't read would end a start. It must not end the
// bridge that runs.
func TestSourceWhoseStateIsUnknown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := spool.Defaults()
	o.Dir = filepath.Join(dir, "state")
	if err := os.Mkdir(o.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	sp, err := spool.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- sp.Run(ctx) }()
	_, err = sp.Append(t.Context(), spool.Ingest{Source: "newer", Changes: []bridge.Entry{{Key: []byte("!"), Value: []byte("ingest/99 json")}}})
	stop()
	if err := errors.Join(err, <-done, sp.Close()); err != nil {
		t.Fatal(err)
	}
	l := runLive(t, dir, fileTo("a", "a", ""))
	l.unaudited = true // for the same reason
	newer := strings.NewReplacer(`"in"`, `"newer"`, "in.log", "newer.log").Replace(inLog)
	l.refused(inLog+newer+fileTo("a", "a", ""), "has layout")
	l.events("a1")
	l.wantFile("a", "a1")
}
