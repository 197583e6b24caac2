package app

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/admin"
)

func TestRecipientsComeAndGo(t *testing.T) {
	t.Parallel()
	failing := newJudge(t, func(string, *http.Request) int { return 500 })
	stays := httpTo("stays", failing.URL, "order = \"strict\"\n")
	l := startLive(t, fileTo("a", "a", "")+stays)
	l.events("a1 a2")
	l.wantFile("a", "a1 a2")
	l.until("an attempt of who stays", func() bool { return failing.asks() == 1 })

	// A new one begins with what comes next.
	l.change(fileTo("a", "a", "") + fileTo("b", "b", "") + stays)
	l.events("b1")
	l.wantFile("a", "a1 a2 b1")
	l.wantFile("b", "b1")

	// One that goes gets nothing more; what comes meanwhile waits for it, in
	// case the name comes back.
	l.until("the last one to be settled", func() bool { return l.balance("a").Waiting == 0 })
	l.change(fileTo("b", "b", "") + stays)
	if last := l.last(`"recipient removed"`); !strings.Contains(last, `"recipient":"a","waiting":0`) {
		t.Errorf("said %s", last)
	}
	l.events("c1")
	l.wantFile("b", "b1 c1")
	l.wantFile("a", "a1 a2 b1")
	l.until("an event to wait for who is gone", func() bool { return l.balance("a").Waiting == 1 })
	l.change(fileTo("a", "a", "") + fileTo("b", "b", "") + stays)
	l.wantFile("a", "a1 a2 b1 c1")

	// Who was not touched did not even try again.
	if n := failing.asks(); n != 1 {
		t.Errorf("who stays made %d attempts", n)
	}
}

func TestRenamedRecipient(t *testing.T) {
	t.Parallel()
	failing := newJudge(t, func(string, *http.Request) int { return 500 })
	l := startLive(t, httpTo("old", failing.URL, ""))
	l.events("a1 b1 c1")
	l.until("all to wait", func() bool { return l.balance("old").Waiting == 3 })
	l.change(httpTo("new", failing.URL, ""))
	if last := l.last(`"recipient renamed"`); !strings.Contains(last, `"recipient":"old","waiting":3,"now":"new","now_waiting":0`) {
		t.Errorf("said %s", last)
	}
	l.events("d1")
	l.until("the next one to wait for both", func() bool { return l.balance("new").Waiting == 1 && l.balance("old").Waiting == 4 })
	l.change(httpTo("old", failing.URL, ""))
	if last := l.last(`"recipient renamed"`); !strings.Contains(last, `"recipient":"new","waiting":1,"now":"old","now_waiting":4`) {
		t.Errorf("of the way back it said %s", last)
	}
}

// A changed recipient tries at once; here since its token was renewed.
func TestRenewedSecret(t *testing.T) {
	t.Parallel()
	j := newJudge(t, func(_ string, r *http.Request) int {
		if r.Header.Get("Authorization") != "Bearer 2" {
			return http.StatusUnauthorized
		}
		return http.StatusOK
	})
	l := startLive(t, fileTo("a", "a", ""))
	l.file("token", "Bearer 1\n")
	l.change(httpTo("r", j.URL, "authorization_file = \"token\"\n"))
	l.events("a1 b1")
	l.until("a refusal", func() bool { return j.asks() > 0 })
	l.file("token", "Bearer 2\n") // the watch sees it
	l.until("both", func() bool { return j.has("a1 b1")() || j.has("b1 a1")() })
}

// An attempt under way when its recipient changes ends, and is not repeated;
// the next worker begins behind it.
func TestChangeDoesNotCutAttempts(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var by []string
	j := newJudge(t, func(_ string, r *http.Request) int {
		<-release
		by = append(by, r.Header.Get("X-N")) // one at a time
		return http.StatusOK
	})
	table := func(n int) string {
		return "[shutdown]\ngrace = \"0s\"\n" + httpTo("r", j.URL, "order = \"strict\"\nheaders = { X-N = \""+strings.Repeat("n", n)+"\" }\n")
	}
	l := startLive(t, table(1))
	l.events("a1 a2 a3")
	l.until("an attempt", func() bool { return j.asks() == 1 })
	for n := 2; n < 5; n++ {
		l.change(table(n))
	}
	l.change(fileTo("other", "other", "")) // gone,
	l.change(table(6))                     // and there again, all during one attempt
	close(release)
	l.until("all", j.has("a1 a2 a3"))
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.asked) != 3 || j.most != 1 {
		t.Errorf("asked for %q, %d at once", j.asked, j.most)
	}
	if want := []string{"n", "nnnnnn", "nnnnnn"}; !slices.Equal(by, want) {
		t.Errorf("asked by %q, want %q", by, want)
	}
}

func TestRefusedReload(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	l := startLive(t, fileTo("a", "a", ""))
	for _, tc := range []struct{ name, text, want string }{
		{"no TOML", inLog + "x", "tailpost.toml:9:1"},
		{"two mistakes", inLog + fileTo("a", "a", "ordr = 1\nmax_in_flight = 0\n"), `tailpost.toml:12:1: ordr: unknown key; did you mean \"order\"?`},
		{"another kind", inLog + httpTo("a", "http://localhost/", ""), "tailpost.toml:10:1: recipient a: a name can't change its kind"},
		{"an address that is taken", inLog + fileTo("a", "a", "") + fileTo("b", "b", "") +
			"[[sources.http]]\nname = \"h\"\nlisten = \"" + taken.Addr().String() + "\"\nformat = \"form\"\nappliance_id = \"a\"\n", "source h: listen for events"},
	} {
		l.refused(tc.text, tc.want)
		if b := l.balance("b"); b.Recipient != "" {
			t.Errorf("%s: what was refused is known to the spool", tc.name)
		}
	}
	l.events("a1")
	l.wantFile("a", "a1")
	l.change(fileTo("a", "a", ""))
	l.events("b1")
	l.wantFile("a", "a1 b1")
}

func TestRelayChanges(t *testing.T) {
	t.Parallel()
	var tries [2]atomic.Int32
	table := func(i int) string {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ln.Close() })
		go func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				tries[i].Add(1)
				_, _ = c.Write([]byte("421 later\r\n"))
				c.Close()
			}
		}()
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		return "[smtp]\nhost = \"127.0.0.1\"\nport = " + port + "\nsecurity = \"none\"\nfrom = \"t@example.com\"\n" +
			"[[recipients.email]]\nname = \"m\"\naddress = \"a@example.com\"\nretry_interval = \"1h\"\n"
	}
	l := startLive(t, table(0))
	l.events("a1")
	l.until("the first relay", func() bool { return tries[0].Load() > 0 })
	l.change(table(1))
	l.until("the second relay, at once", func() bool { return tries[1].Load() > 0 })
}

func TestWantedRawEventsChange(t *testing.T) {
	t.Parallel()
	l := startLive(t, fileTo("a", "a", ""))
	raw := func(key string) {
		l.t.Helper()
		f, err := os.OpenFile(filepath.Join(l.dir, "in.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(`{"event":"JIT","timestamp":3,"external_key":"` + key + `"}` + "\n"); err != nil {
			t.Fatal(err)
		}
	}
	raw("r1")
	l.events("a1")
	l.wantFile("a", "a1")
	l.change(fileTo("a", "a", "") + fileTo("raw", "raw", "events = [\"JIT\"]\n"))
	raw("r2")
	l.wantFile("raw", "r2")
}

func TestSaysWhatNeedsARestart(t *testing.T) {
	t.Parallel()
	l := startLive(t, fileTo("a", "a", ""))
	l.swap("[spool]\nkeep = \"1h\"\n[shutdown]\ngrace = \"1s\"\n" + inLog + fileTo("a", "a", ""))
	if last := l.last("need a restart"); !strings.Contains(last, `"keys":["spool.keep","shutdown.grace"]`) {
		t.Errorf("said %q", last)
	}
	l.reload(`"configuration reloaded"`)
	if n := strings.Count(l.logged(), "need a restart"); n < 2 {
		t.Errorf("said %d times, want whenever a person asks", n)
	}
}

// What changes is seen without a signal, and a reload waits for nobody.
func TestWatchedAndPrompt(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	j := newJudge(t, func(string, *http.Request) int { <-hang; return 200 })
	l := startLive(t, httpTo("r", j.URL, ""))
	l.events("a1")
	l.until("an attempt", func() bool { return j.asks() == 1 })
	began := time.Now()
	l.save(inLog + httpTo("r", j.URL, "timeout = \"10s\"\n") + fileTo("b", "b", ""))
	l.says(`"configuration reloaded"`)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the reload took %v", took)
	}
	l.events("b1")
	l.wantFile("b", "b1")
	close(hang)
	l.until("the rest", func() bool { return j.has("a1 b1")() })
}

func TestDisabledAndPausedByReload(t *testing.T) {
	t.Parallel()
	j := newJudge(t, func(string, *http.Request) int { return 500 })
	table := func(more string) string {
		return fileTo("a", "a", more) + httpTo("failing", j.URL, more) + fileTo("all", "all", "")
	}
	l := startLive(t, table(""))
	l.events("a1")
	l.wantFile("a", "a1")
	l.until("an attempt", func() bool { return j.asks() == 1 })
	// Paused: all waits.
	l.change(table("paused = true\n"))
	l.events("a2")
	l.wantFile("all", "a1 a2")
	l.until("it to wait", func() bool { return l.balance("a").Waiting == 1 })
	l.change(table(""))
	l.wantFile("a", "a1 a2")
	// Disabled: what comes is skipped, what waited stays.
	l.until("all to be settled", func() bool { return l.balance("a").Waiting == 0 })
	l.change(table("enabled = false\n"))
	// What is accepted while the workers before end is still waited for.
	l.until("both to be disabled", func() bool { return strings.Count(l.logged(), `"enabled":false`) == 2 })
	asked := j.asks()
	l.events("a3")
	l.wantFile("all", "a1 a2 a3")
	l.until("it to be skipped", func() bool { return l.balance("a").Skipped == 1 && l.balance("failing").Skipped == 1 })
	if n := j.asks(); n != asked || l.balance("failing").Waiting != 2 {
		t.Errorf("%d attempts while it was disabled; %+v", n-asked, l.balance("failing"))
	}
	l.change(table(""))
	l.events("a4")
	l.wantFile("a", "a1 a2 a4")
}

// A name that was taken out can be forgotten while the bridge runs, and then
// stand for another kind.
func TestForgottenWhileItRuns(t *testing.T) {
	t.Parallel()
	j := newJudge(t, func(string, *http.Request) int { return 500 })
	l := startLive(t, httpTo("r", j.URL, "")+fileTo("all", "all", ""))
	l.events("a1 b1")
	l.until("both to wait", func() bool { return l.balance("r").Waiting == 2 })
	l.change(fileTo("all", "all", ""))
	l.refused(inLog+fileTo("all", "all", "")+fileTo("r", "r", ""), "a name can't change its kind")
	client := admin.NewClient(filepath.Join(l.dir, "state"))
	var report admin.Report
	l.until("its worker to have ended", func() (ok bool) {
		var err error
		report, err = client.Forget(t.Context(), "r")
		return err == nil
	})
	if report.Done != 2 {
		t.Errorf("forgotten: %+v", report)
	}
	l.change(fileTo("all", "all", "") + fileTo("r", "r", ""))
	l.events("c1")
	l.wantFile("r", "c1")
}

// Who is told, and the log's level, change without anybody noticing.
func TestAlertsAndLevelChangeAlone(t *testing.T) {
	t.Parallel()
	j := newJudge(t, func(string, *http.Request) int { return 500 })
	l := startLive(t, httpTo("r", j.URL, "order = \"strict\"\n"))
	l.events("a1")
	l.until("an attempt", func() bool { return j.asks() == 1 })
	l.change("[log]\nlevel = \"debug\"\n" + httpTo("r", j.URL, "order = \"strict\"\nalert_url = \"http://localhost:1/\"\nsend_email_alert_after = \"2h\"\n"))
	if last := l.last("configuration reloaded"); strings.Contains(last, "recipients_") || strings.Contains(last, "sources_") {
		t.Errorf("said %s", last)
	}
	if got := l.level.Load(); got != "debug" {
		t.Errorf("the level is %v", got)
	}
	if n := j.asks(); n != 1 {
		t.Errorf("%d attempts", n)
	}
}
